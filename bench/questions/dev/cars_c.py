"""Long-form questions about cars: 406 car models of 1970-1982 with their measures and origin."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("cars", part="c")


@ask(
    "Identify the outliers in the Horsepower column using the Z-score method. Ignore rows where Horsepower is missing. "
    "Use the sample standard deviation (ddof = 1) and treat every value with an absolute Z-score greater than 3 as an outlier. "
    "Report the number of outliers, the mean Horsepower before removing them and the mean Horsepower after removing them. "
    "Round the means to two decimal places.",
    outputs={
        "n_outliers": "number of outliers in Horsepower",
        "mean_before": "mean Horsepower with the outliers",
        "mean_after": "mean Horsepower without the outliers",
    },
    decimals=2,
)
def _(t):
    h = t.Horsepower.dropna()
    z = (h - h.mean()) / h.std()
    out = z.abs() > 3
    return {
        "n_outliers": int(out.sum()),
        "mean_before": round(float(h.mean()), 2),
        "mean_after": round(float(h[~out].mean()), 2),
    }


@ask(
    "Problem 2. Some cars have no recorded fuel economy (Miles_per_Gallon). (a) State how many values are missing. (b) Fill each "
    "missing value with the median of the Miles_per_Gallon values that are present, taken over the whole table. (c) Find the mean "
    "and the sample standard deviation of the completed column. Give the answers to (c) to three decimals.",
    outputs={
        "n_missing": "how many Miles_per_Gallon values are missing",
        "mean_mpg": "mean of the column after filling",
        "std_mpg": "sample standard deviation of the column after filling",
    },
    decimals=3,
)
def _(t):
    m = t.Miles_per_Gallon
    f = m.fillna(m.median())
    return {"n_missing": int(m.isna().sum()), "mean_mpg": round(float(f.mean()), 3), "std_mpg": round(float(f.std()), 3)}


@ask(
    "Spec: 1) Keep only the rows with Origin equal to Japan or Europe. 2) Min-max scale Weight_in_lbs to the range 0 to 1, using "
    "the minimum and maximum of the rows kept in step 1. 3) On the scaled column compute the mean for Japan and the mean for "
    "Europe. 4) Also output the number of kept rows whose scaled weight is strictly above 0.5. 5) Round the means to 4 decimals.",
    outputs={
        "mean_japan": "mean scaled weight of the Japanese cars",
        "mean_europe": "mean scaled weight of the European cars",
        "n_above_half": "kept rows with scaled weight above 0.5",
    },
    decimals=4,
)
def _(t):
    d = t[t.Origin.isin(["Japan", "Europe"])]
    w = d.Weight_in_lbs
    s = (w - w.min()) / (w.max() - w.min())
    return {
        "mean_japan": round(float(s[d.Origin == "Japan"].mean()), 4),
        "mean_europe": round(float(s[d.Origin == "Europe"].mean()), 4),
        "n_above_half": int((s > 0.5).sum()),
    }


@ask(
    "Hi, for Thursday's board slides I need to show how American cars changed. Please look at US-built cars only and compare the "
    "1982 models with the 1970 models: by what percent did the average miles per gallon go up or down, and the same for the "
    "average weight and the average horsepower? Take 1970 as the base, show decreases as negative numbers, and just skip blanks "
    "in whichever column you are averaging. One decimal is plenty. Thanks!",
    outputs={
        "mpg_change_pct": "percent change of average miles per gallon, 1970 to 1982",
        "weight_change_pct": "percent change of average weight, 1970 to 1982",
        "hp_change_pct": "percent change of average horsepower, 1970 to 1982",
    },
    decimals=1,
)
def _(t):
    d = t[t.Origin == "USA"]
    y = pd.to_datetime(d.Year).dt.year
    cols = ["Miles_per_Gallon", "Weight_in_lbs", "Horsepower"]
    a, b = d[y == 1970][cols].mean(), d[y == 1982][cols].mean()
    c = (b - a) / a * 100
    return {
        "mpg_change_pct": round(float(c.iloc[0]), 1),
        "weight_change_pct": round(float(c.iloc[1]), 1),
        "hp_change_pct": round(float(c.iloc[2]), 1),
    }


@ask(
    "We wish to test whether mean Acceleration is equal across the three levels of Origin. Restrict the sample to cars with exactly "
    "four cylinders and perform a one-way analysis of variance (ordinary F test, equal variances assumed). Report the F "
    "statistic and the p-value, both rounded to four decimals, and the conclusion at the 5% level: 'reject' if p < 0.05, otherwise "
    "'fail to reject'.",
    outputs={
        "f_statistic": "F statistic of the one-way ANOVA",
        "p_value": "its p-value",
        "conclusion": "'reject' or 'fail to reject'",
    },
    decimals=4,
)
def _(t):
    d = t[t.Cylinders == 4]
    f, p = stats.f_oneway(*[g.Acceleration for _, g in d.groupby("Origin")])
    return {
        "f_statistic": round(float(f), 4),
        "p_value": round(float(p), 4),
        "conclusion": "reject" if p < 0.05 else "fail to reject",
    }


@ask(
    "Please to make three classes of car by the weight in lbs: it is 'light' when weight is less than 2500, it is 'heavy' when weight "
    "is more than 3500, and all the others (2500 and 3500 included) are 'medium'. Then tell me how many cars are in each class, "
    "and what is the mean miles per gallon of the heavy class (cars without mpg value don't use for this mean). Mean with 2 decimals.",
    outputs={
        "n_light": "number of light cars",
        "n_medium": "number of medium cars",
        "n_heavy": "number of heavy cars",
        "mean_mpg_heavy": "mean miles per gallon of the heavy cars",
    },
    decimals=2,
)
def _(t):
    w = t.Weight_in_lbs
    c = pd.Series(np.select([w < 2500, w > 3500], ["light", "heavy"], "medium"), index=t.index)
    n = c.value_counts()
    return {
        "n_light": int(n["light"]),
        "n_medium": int(n["medium"]),
        "n_heavy": int(n["heavy"]),
        "mean_mpg_heavy": round(float(t.Miles_per_Gallon[c == "heavy"].mean()), 2),
    }


@ask(
    "I'm writing a piece on the muscle car. A fair yardstick is punch for bulk, so for every car with a known horsepower, work out "
    "horsepower per 1,000 pounds of weight (horsepower divided by weight in pounds, times 1,000). Which car has the highest "
    "figure, by name, and what is it? And what is the average of that figure among the American cars and among the Japanese ones? "
    "Two decimals for the numbers.",
    outputs={
        "top_car": "name of the car with the most horsepower per 1,000 lbs",
        "top_value": "its horsepower per 1,000 lbs",
        "mean_usa": "average horsepower per 1,000 lbs of American cars",
        "mean_japan": "average horsepower per 1,000 lbs of Japanese cars",
    },
    decimals=2,
)
def _(t):
    r = (t.Horsepower / t.Weight_in_lbs * 1000).dropna()
    g = r.groupby(t.Origin).mean()
    return {
        "top_car": str(t.Name[r.idxmax()]),
        "top_value": round(float(r.max()), 2),
        "mean_usa": round(float(g["USA"]), 2),
        "mean_japan": round(float(g["Japan"]), 2),
    }


@ask(
    "Shape of Displacement, all cars: - sample skewness (bias-corrected, as pandas skew() gives) - excess kurtosis (bias-corrected, "
    "as pandas kurt() gives) - 90th percentile, linear interpolation - label: 'right-skewed' if skewness > 0.5, 'left-skewed' if "
    "skewness < -0.5, else 'roughly symmetric' - round numbers to 3 decimals",
    outputs={
        "skewness": "sample skewness of Displacement",
        "kurtosis": "excess kurtosis of Displacement",
        "p90": "90th percentile of Displacement",
        "shape": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=3,
)
def _(t):
    d = t.Displacement
    s = d.skew()
    return {
        "skewness": round(float(s), 3),
        "kurtosis": round(float(d.kurt()), 3),
        "p90": round(float(d.quantile(0.9)), 3),
        "shape": "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric",
    }


@ask(
    "Is the number of cylinders independent of where the car was built? Exclude the cars with 3 or 5 cylinders, cross-tabulate Origin "
    "against Cylinders (4, 6, 8) and run Pearson's chi-square test of independence without continuity correction. Give the "
    "chi-square statistic rounded to 2 decimals and the degrees of freedom, and answer 'dependent' when the p-value is "
    "below 0.01 and 'independent' otherwise.",
    outputs={
        "chi2": "chi-square statistic",
        "dof": "degrees of freedom",
        "decision": "'dependent' or 'independent'",
    },
    decimals=2,
)
def _(t):
    d = t[t.Cylinders.isin([4, 6, 8])]
    c, p, k, _e = stats.chi2_contingency(pd.crosstab(d.Origin, d.Cylinders), correction=False)
    return {"chi2": round(float(c), 2), "dof": int(k), "decision": "dependent" if p < 0.01 else "independent"}


@ask(
    "Fit a simple linear regression by ordinary least squares with Miles_per_Gallon as the response and Weight_in_lbs as the only "
    "explanatory variable, with an intercept. Leave out cars whose mpg is missing. Report the slope, the intercept, the coefficient "
    "of determination R^2, and the mpg which the fitted line predicts for a car of 3000 lbs (from the unrounded coefficients). "
    "Everything to four decimal places.",
    outputs={
        "slope": "slope on Weight_in_lbs",
        "intercept": "intercept",
        "r_squared": "coefficient of determination",
        "predicted_mpg": "prediction at 3000 lbs",
    },
    decimals=4,
)
def _(t):
    d = t.dropna(subset=["Miles_per_Gallon"])
    r = stats.linregress(d.Weight_in_lbs, d.Miles_per_Gallon)
    return {
        "slope": round(float(r.slope), 4),
        "intercept": round(float(r.intercept), 4),
        "r_squared": round(float(r.rvalue**2), 4),
        "predicted_mpg": round(float(r.intercept + r.slope * 3000), 4),
    }


@ask(
    "Train a linear regression model that predicts Miles_per_Gallon from Horsepower, Weight_in_lbs and Displacement (features in this "
    "order, not scaled). First drop every row in which any of these four columns is missing. Split the remaining rows with "
    "scikit-learn's train_test_split, test_size=0.25 and random_state=42, fit LinearRegression with default settings on the training "
    "part, and evaluate it on the test part. Report the R-squared and the mean absolute error on the test set, rounded to 3 decimals.",
    outputs={"r2_test": "R-squared on the test set", "mae_test": "mean absolute error on the test set"},
    decimals=3,
)
def _(t):
    x = ["Horsepower", "Weight_in_lbs", "Displacement"]
    d = t.dropna(subset=[*x, "Miles_per_Gallon"])
    a, b, ya, yb = train_test_split(d[x], d.Miles_per_Gallon, test_size=0.25, random_state=42)
    p = LinearRegression().fit(a, ya).predict(b)
    return {"r2_test": round(float(r2_score(yb, p)), 3), "mae_test": round(float(mean_absolute_error(yb, p)), 3)}


@ask(
    "For the whole of this task consider only cars from Europe and Japan that have both mpg and horsepower recorded. Within that "
    "subset, drop the cars whose Miles_per_Gallon lies outside [Q1 - 1.5*IQR, Q3 + 1.5*IQR], with quartiles computed by linear "
    "interpolation over the two origins taken together. On what is left, run Welch's two-sided t-test of Miles_per_Gallon, Japan "
    "minus Europe, and compute Spearman's rank correlation between Miles_per_Gallon and Horsepower. State how many cars were dropped, "
    "the t statistic, whether the means differ at alpha = 0.05 ('yes' if p < 0.05, 'no' otherwise) and Spearman's rho. "
    "Round t and rho to three decimals.",
    outputs={
        "n_dropped": "cars dropped as outliers",
        "t_statistic": "Welch t statistic, Japan minus Europe",
        "means_differ": "'yes' or 'no'",
        "spearman_rho": "Spearman correlation of mpg and horsepower",
    },
    decimals=3,
)
def _(t):
    d = t[t.Origin.isin(["Europe", "Japan"])].dropna(subset=["Miles_per_Gallon", "Horsepower"])
    m = d.Miles_per_Gallon
    q1, q3 = m.quantile(0.25), m.quantile(0.75)
    k = d[m.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))]
    g = k.Miles_per_Gallon
    s, p = stats.ttest_ind(g[k.Origin == "Japan"], g[k.Origin == "Europe"], equal_var=False)
    return {
        "n_dropped": len(d) - len(k),
        "t_statistic": round(float(s), 3),
        "means_differ": "yes" if p < 0.05 else "no",
        "spearman_rho": round(float(stats.spearmanr(g, k.Horsepower)[0]), 3),
    }
