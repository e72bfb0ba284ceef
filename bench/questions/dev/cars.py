"""Questions about cars: 406 car models from 1970 to 1982 with fuel economy, engine, weight, model year and region of origin."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("cars")


@ask("avg hp by origin")
def _(t):
    return t.groupby("Origin").Horsepower.mean().to_dict()


@ask("hi! just starting with this data - how many Japanese cars are in here?")
def _(t):
    return int((t.Origin == "Japan").sum())


@ask("What's the mean mpg of the American cars with four cylinders?")
def _(t):
    return float(t[(t.Origin == "USA") & (t.Cylinders == 4)].Miles_per_Gallon.mean())


@ask("How many of the cars weigh more than 4000 pounds and yet manage at least 14 miles to the gallon?")
def _(t):
    return int(((t.Weight_in_lbs > 4000) & (t.Miles_per_Gallon >= 14)).sum())


@ask("median weight of the european models")
def _(t):
    return float(t[t.Origin == "Europe"].Weight_in_lbs.median())


@ask("Which car is the heaviest of them all? Name it please.")
def _(t):
    return str(t.loc[t.Weight_in_lbs.idxmax(), "Name"])


@ask("List the five cars with the best gas mileage, best one first.")
def _(t):
    return t.nlargest(5, "Miles_per_Gallon").Name.tolist()


@ask("In which model year was the average horsepower highest?")
def _(t):
    return int(t.groupby(t.Year.str[:4].astype(int)).Horsepower.mean().idxmax())


@ask("What percentage of all the cars in the table come from the USA?")
def _(t):
    return float((t.Origin == "USA").mean() * 100)


@ask("Is there a relation of the weight with the fuel economy (mpg)? Please give me the Pearson correlation coefficient.")
def _(t):
    return float(t.Weight_in_lbs.corr(t.Miles_per_Gallon))


@ask("number of cars for each cylinder count")
def _(t):
    return {int(k): int(v) for k, v in t.groupby("Cylinders").size().items()}


@ask(
    "Run a one-way ANOVA of acceleration across the three origins and, with alpha = 0.05, "
    "tell me whether the result is 'significant' or 'not significant'."
)
def _(t):
    p = stats.f_oneway(*[g.Acceleration for _, g in t.groupby("Origin")]).pvalue
    return "significant" if p < 0.05 else "not significant"


@ask("Do Japanese cars get more miles per gallon on average than European ones?")
def _(t):
    mpg = t.groupby("Origin").Miles_per_Gallon.mean()
    return bool(mpg["Japan"] > mpg["Europe"])


@ask("By how many pounds did the average car weight drop from 1970 to 1982 (1970 average minus 1982 average)?")
def _(t):
    weight = t.groupby(t.Year.str[:4]).Weight_in_lbs.mean()
    return float(weight["1970"] - weight["1982"])


@ask(
    "For each car divide horsepower by weight in lbs to get a power-to-weight ratio. "
    "What is the average ratio per country of origin?"
)
def _(t):
    return (t.Horsepower / t.Weight_in_lbs).groupby(t.Origin).mean().to_dict()


@ask(
    "Look for extreme values in the horsepower column. First drop the rows where horsepower is missing. Then compute z-scores "
    "with the sample standard deviation (n - 1) and treat a car as an outlier when |z| > 3. Report how many outliers there "
    "are, and the mean horsepower after removing them. Round the mean to two decimals.",
    outputs={
        "n_outliers": "number of cars with |z| > 3 in horsepower",
        "mean_hp": "mean horsepower without the outliers, two decimals",
    },
    decimals=2,
)
def _(t):
    hp = t.Horsepower.dropna()
    out = ((hp - hp.mean()) / hp.std()).abs() > 3
    return {"n_outliers": int(out.sum()), "mean_hp": round(float(hp[~out].mean()), 2)}


@ask(
    "Some horsepower values are missing. Fill every missing horsepower with the median of the known horsepower values (median "
    "over all cars, not per group). After the imputation, calculate the Pearson correlation between horsepower and "
    "displacement over all 406 cars. Report the number of values you filled in and the correlation, rounded to 3 decimals.",
    outputs={
        "n_imputed": "number of missing horsepower values that were filled",
        "correlation": "Pearson correlation of imputed horsepower with displacement, three decimals",
    },
    decimals=3,
)
def _(t):
    hp = t.Horsepower.fillna(t.Horsepower.median())
    return {"n_imputed": int(t.Horsepower.isna().sum()), "correlation": round(float(hp.corr(t.Displacement)), 3)}


@ask(
    "Homework: test whether European and Japanese cars differ in mean fuel economy (miles per gallon). Use Welch's two-sided "
    "t-test (unequal variances), ignoring cars whose mpg is missing. Take Europe as the first group and Japan as the second. "
    "Give the t statistic and the p-value rounded to four decimals, and a conclusion at alpha 0.05: write 'significant' if "
    "p < 0.05, otherwise 'not significant'.",
    outputs={
        "t_statistic": "Welch t statistic, Europe minus Japan, four decimals",
        "p_value": "two-sided p-value, four decimals",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    mpg = t.dropna(subset="Miles_per_Gallon").groupby("Origin").Miles_per_Gallon
    r = stats.ttest_ind(mpg.get_group("Europe"), mpg.get_group("Japan"), equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Describe the shape of the acceleration column. Report its skewness and excess kurtosis as pandas computes them (skew and "
    "kurt, bias corrected), both to two decimals. Also apply the 1.5 x IQR rule (quartiles by linear interpolation) and report "
    "how many cars lie strictly below Q1 - 1.5 IQR or strictly above Q3 + 1.5 IQR.",
    outputs={
        "skewness": "sample skewness of acceleration, two decimals",
        "kurtosis": "sample excess kurtosis of acceleration, two decimals",
        "n_outliers": "cars outside the 1.5 IQR fences",
    },
    decimals=2,
)
def _(t):
    a = t.Acceleration
    q1, q3 = a.quantile([0.25, 0.75])
    out = (a < q1 - 1.5 * (q3 - q1)) | (a > q3 + 1.5 * (q3 - q1))
    return {"skewness": round(float(a.skew()), 2), "kurtosis": round(float(a.kurt()), 2), "n_outliers": int(out.sum())}


@ask(
    "Create a size label from the weight: 'light' if a car weighs less than 2500 lbs, 'medium' from 2500 up to and including "
    "3500 lbs, 'heavy' above 3500 lbs. Then compute the mean miles per gallon of each size class, leaving out cars whose mpg "
    "is not recorded. Round each mean to one decimal.",
    outputs={
        "mean_mpg_light": "mean mpg of light cars, one decimal",
        "mean_mpg_medium": "mean mpg of medium cars, one decimal",
        "mean_mpg_heavy": "mean mpg of heavy cars, one decimal",
    },
    decimals=1,
)
def _(t):
    label = np.select([t.Weight_in_lbs < 2500, t.Weight_in_lbs <= 3500], ["light", "medium"], "heavy")
    mean = t.groupby(label).Miles_per_Gallon.mean()
    return {f"mean_mpg_{k}": round(float(mean[k]), 1) for k in ("light", "medium", "heavy")}


@ask(
    "Predict Miles_per_Gallon with a linear regression on Weight_in_lbs, Horsepower and Displacement (features in that order, "
    "with an intercept). Drop every row that has a missing value in any of these four columns. Split the remaining rows with "
    "scikit-learn's train_test_split, test_size=0.2 and random_state=42, fit on the training part with default settings and "
    "evaluate on the test part. Report R squared and the mean absolute error on the test set, both rounded to 3 decimals.",
    outputs={
        "r2": "R squared on the test set, three decimals",
        "mae": "mean absolute error on the test set, three decimals",
    },
    decimals=3,
)
def _(t):
    features = ["Weight_in_lbs", "Horsepower", "Displacement"]
    d = t.dropna(subset=[*features, "Miles_per_Gallon"])
    x1, x2, y1, y2 = train_test_split(d[features], d.Miles_per_Gallon, test_size=0.2, random_state=42)
    p = LinearRegression().fit(x1, y1).predict(x2)
    return {"r2": round(float(r2_score(y2, p)), 3), "mae": round(float(mean_absolute_error(y2, p)), 3)}


@ask(
    "Scale the displacement column to the range 0 to 1 with min-max scaling, where the minimum and the maximum are taken over "
    "all cars in the table. Then give the mean of the scaled displacement for eight-cylinder cars and for four-cylinder cars, "
    "and the difference between the two (eight minus four). Round to three decimals at the end, not in between.",
    outputs={
        "mean_scaled_8": "mean scaled displacement of 8-cylinder cars, three decimals",
        "mean_scaled_4": "mean scaled displacement of 4-cylinder cars, three decimals",
        "difference": "8-cylinder mean minus 4-cylinder mean, three decimals",
    },
    decimals=3,
)
def _(t):
    d = t.Displacement
    mean = ((d - d.min()) / (d.max() - d.min())).groupby(t.Cylinders).mean()
    return {
        "mean_scaled_8": round(float(mean[8]), 3),
        "mean_scaled_4": round(float(mean[4]), 3),
        "difference": round(float(mean[8] - mean[4]), 3),
    }


ask.unanswerable(
    "What is the average price per horsepower, by origin?",
    why="the table has horsepower and origin but no price",
)
ask.unanswerable(
    "mean mpg of the 1981 models?",
    why="no car in the table has model year 1981 (the years go from 1980 to 1982)",
)
ask.unanswerable(
    "Which Japanese car has the highest top speed?",
    why="the table holds no top speed; acceleration and horsepower do not give it",
)
ask.unanswerable(
    "Why did the manufacturers cut engine power so much after 1973?",
    why="the table shows horsepower by year but says nothing about the manufacturers' reasons",
)
