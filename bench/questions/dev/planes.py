"""Questions about planes: 3,322 aircraft on the US register (tail number, build year, maker, model, engines, seats, speed)."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("planes")


@ask("how many boeings are in this list?")
def _(t):
    return int((t.manufacturer == "BOEING").sum())


@ask("What's the average number of seats on a plane with a turbo-jet engine?")
def _(t):
    return float(t[t.engine == "Turbo-jet"].seats.mean())


@ask("Hi, I just joined the fleet team! Could you tell me how many of these planes were built in 2005 or later?")
def _(t):
    return int((t.year >= 2005).sum())


@ask(
    "Is it true that planes whose manufacturer is BOMBARDIER INC were built later, on average, "
    "than the ones from EMBRAER? yes or no"
)
def _(t):
    by = t.groupby("manufacturer").year.mean()
    return bool(by["BOMBARDIER INC"] > by["EMBRAER"])


@ask("Give me the tail number of the oldest aircraft in the register.")
def _(t):
    return str(t.loc[t.year.idxmin(), "tailnum"])


@ask("avg seats by engine")
def _(t):
    return t.groupby("engine").seats.mean().to_dict()


@ask("For every manufacturer that has at least 100 planes in the table, please to count how many different models it has.")
def _(t):
    big = t.groupby("manufacturer").filter(lambda g: len(g) >= 100)
    return {k: int(v) for k, v in big.groupby("manufacturer").model.nunique().items()}


@ask("Planes per decade of manufacture: put the years into decades (1990 stands for 1990-1999) and count the planes in each.")
def _(t):
    decade = (t.year.dropna() // 10 * 10).astype(int)
    return {int(k): int(v) for k, v in decade.value_counts().sort_index().items()}


@ask("Who are the top 5 manufacturers by number of planes, biggest first? Take the names exactly as they are spelled.")
def _(t):
    return t.manufacturer.value_counts().head(5).index.tolist()


@ask("Which model turns up most often among the Embraer planes?")
def _(t):
    return str(t[t.manufacturer == "EMBRAER"].model.value_counts().idxmax())


@ask("For a story on the ageing US fleet: in which year were the most of these aircraft made?")
def _(t):
    return int(t.year.value_counts().idxmax())


@ask("what percentage of the planes have no speed recorded")
def _(t):
    return float(t.speed.isna().mean() * 100)


@ask("Of all the seats in the table added up, what percent are on Boeing aircraft?")
def _(t):
    return float(t[t.manufacturer == "BOEING"].seats.sum() / t.seats.sum() * 100)


@ask("Pearson r between build year and seat count, fixed wing multi engine only")
def _(t):
    multi = t[t.type == "Fixed wing multi engine"]
    return float(multi.year.corr(multi.seats))


@ask("90th percentile of seating capacity among the turbo-fans?")
def _(t):
    return float(t[t.engine == "Turbo-fan"].seats.quantile(0.9))


@ask(
    "Test whether Boeing planes and planes from the manufacturer spelled 'AIRBUS INDUSTRIE' differ in their mean number of "
    "seats. Use a two-sided Welch t-test (unequal variances) and compute the t statistic as Boeing minus Airbus Industrie. "
    "With alpha = 0.05, report 'significant' if the p-value is below alpha and 'not significant' otherwise. "
    "Round the t statistic to two decimals.",
    outputs={
        "t_statistic": "Welch t statistic, Boeing minus Airbus Industrie, two decimals",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    r = stats.ttest_ind(t[t.manufacturer == "BOEING"].seats, t[t.manufacturer == "AIRBUS INDUSTRIE"].seats, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 2),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Find outliers in the seats column with the IQR rule: a plane is an outlier if its seats lie below Q1 - 1.5*IQR or above "
    "Q3 + 1.5*IQR, quartiles by linear interpolation. Report how many outliers there are, then remove them and "
    "give the mean and the sample standard deviation of seats for the planes that are left. Round to two decimals.",
    outputs={
        "n_outliers": "number of planes that are outliers",
        "mean_seats": "mean seats after removing outliers",
        "std_seats": "sample standard deviation of seats after removing outliers",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.seats.quantile([0.25, 0.75])
    inside = t.seats.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    kept = t.seats[inside]
    return {
        "n_outliers": int((~inside).sum()),
        "mean_seats": round(float(kept.mean()), 2),
        "std_seats": round(float(kept.std()), 2),
    }


@ask(
    "Some planes lack the year of manufacture. Fill the missing years with the median of the known years. "
    "Then define age as 2013 minus year and calculate the mean age and the sample standard deviation of age over all planes, "
    "rounded to three decimals. Also say how many values were filled in.",
    outputs={
        "n_imputed": "number of missing years filled",
        "mean_age": "mean age in years",
        "std_age": "sample standard deviation of age",
    },
    decimals=3,
)
def _(t):
    age = 2013 - t.year.fillna(t.year.median())
    return {
        "n_imputed": int(t.year.isna().sum()),
        "mean_age": round(float(age.mean()), 3),
        "std_age": round(float(age.std()), 3),
    }


@ask(
    "Only a few aircraft have a speed recorded. Drop the rows with a missing speed and, on what remains, compute "
    "Spearman's rank correlation between seats and speed. Label the relationship 'strong' if the absolute "
    "correlation is 0.7 or more, 'moderate' if it is at least 0.4 but below 0.7, and 'weak' otherwise. "
    "Round the correlation to three decimals.",
    outputs={
        "n_planes": "number of planes with a known speed",
        "correlation": "Spearman correlation of seats and speed",
        "label": "'strong', 'moderate' or 'weak'",
    },
    decimals=3,
)
def _(t):
    d = t.dropna(subset=["speed"])
    rho = float(d.seats.corr(d.speed, method="spearman"))
    label = "strong" if abs(rho) >= 0.7 else "moderate" if abs(rho) >= 0.4 else "weak"
    return {"n_planes": len(d), "correlation": round(rho, 3), "label": label}


@ask(
    "Spec: derive a column size_class from seats. Fewer than 100 seats is 'small', 100 to 200 seats (both ends included) is "
    "'medium', more than 200 seats is 'large'. Output the number of aircraft in each class.",
    outputs={
        "n_small": "aircraft with fewer than 100 seats",
        "n_medium": "aircraft with 100 to 200 seats",
        "n_large": "aircraft with more than 200 seats",
    },
)
def _(t):
    return {
        "n_small": int((t.seats < 100).sum()),
        "n_medium": int(t.seats.between(100, 200).sum()),
        "n_large": int((t.seats > 200).sum()),
    }


@ask(
    "Did aircraft get bigger over time? For each year of manufacture from 1985 to 2013 inclusive, take the mean number of "
    "seats of the planes built in that year. Then fit a straight line by ordinary least squares to these yearly means with "
    "year as x (one point per year, unweighted). Report the slope in seats per year and the R-squared, to three decimals.",
    outputs={"slope": "seats per year", "r_squared": "R-squared of the fitted line"},
    decimals=3,
)
def _(t):
    yearly = t[t.year.between(1985, 2013)].groupby("year").seats.mean()
    fit = stats.linregress(yearly.index.to_numpy(float), yearly.to_numpy())
    return {"slope": round(float(fit.slope), 3), "r_squared": round(float(fit.rvalue**2), 3)}


@ask(
    "Drop the planes with a missing year. Then train a linear regression (scikit-learn LinearRegression, default settings) that "
    "predicts seats from year and engines. Hold out 20% of the rows as test set using train_test_split with "
    "random_state=42 and keep the rows in their original order before splitting. "
    "Report R-squared and RMSE on the test set, rounded to three decimals.",
    outputs={"r_squared": "R-squared on the test set", "rmse": "root mean squared error on the test set"},
    decimals=3,
)
def _(t):
    d = t.dropna(subset=["year"])
    x_train, x_test, y_train, y_test = train_test_split(d[["year", "engines"]], d.seats, test_size=0.2, random_state=42)
    guess = LinearRegression().fit(x_train, y_train).predict(x_test)
    return {
        "r_squared": round(float(r2_score(y_test, guess)), 3),
        "rmse": round(float(np.sqrt(mean_squared_error(y_test, guess))), 3),
    }


ask.unanswerable("Which airline operates the most Boeing planes?", why="the table has no airline or operator column")
ask.unanswerable("average purchase price by manufacturer", why="the table holds no prices")
ask.unanswerable(
    "What is the mean speed of the planes made by Embraer?",
    why="no Embraer plane has a speed recorded; the column is empty for all of them",
)
ask.unanswerable(
    "Why were so many fewer planes built in 2003 than in 2001?",
    why="asks for a cause; the table only lists the planes and their build years",
)
