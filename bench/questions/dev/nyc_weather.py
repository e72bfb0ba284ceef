"""Questions about nyc_weather: six-hourly weather readings at New York's three airports in 2013."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("nyc_weather")


@ask("avg temp at JFK in July?")
def _(t):
    return float(t[(t.origin == "JFK") & (t.month == 7)].temp.mean())


@ask("how many readings do we have from LaGuardia (LGA) with visibility below 2 miles")
def _(t):
    return int(((t.origin == "LGA") & (t.visib < 2)).sum())


@ask("What was the strongest gust recorded at Newark (EWR)?")
def _(t):
    return float(t[t.origin == "EWR"].wind_gust.max())


@ask("Hi! I'm new here. Could you tell me how many of the observations had any rain at all, so precip above zero?")
def _(t):
    return int((t.precip > 0).sum())


@ask("Please give median of humidity for the readings of 6 o'clock in the morning (hour 6).")
def _(t):
    return float(t[t.hour == 6].humid.median())


@ask("mean wind speed by airport")
def _(t):
    return t.groupby("origin").wind_speed.mean().to_dict()


@ask("Total precipitation for each month, all airports added together")
def _(t):
    return t.groupby("month").precip.sum().to_dict()


@ask("For each hour of the day in the data, what's the typical (mean) dew point?")
def _(t):
    return t.groupby("hour").dewp.mean().to_dict()


@ask("Which month was the windiest on average?")
def _(t):
    return int(t.groupby("month").wind_speed.mean().idxmax())


@ask("List the three hottest months by average temperature, hottest first.")
def _(t):
    return [int(m) for m in t.groupby("month").temp.mean().nlargest(3).index]


@ask("Which airport is the least humid on average?")
def _(t):
    return t.groupby("origin").humid.mean().idxmin()


@ask("what percentage of the records are missing a wind gust value")
def _(t):
    return float(t.wind_gust.isna().mean() * 100)


@ask("Of the readings taken below freezing (temp under 32), what percent came from EWR? One decimal is enough.", decimals=1)
def _(t):
    return float(round((t[t.temp < 32].origin == "EWR").mean() * 100, 1))


@ask("How strongly are temperature and dew point correlated at LGA?")
def _(t):
    s = t[t.origin == "LGA"]
    return float(s.temp.corr(s.dewp))


@ask("By how many degrees did the average temperature go up from January to July?")
def _(t):
    m = t.groupby("month").temp.mean()
    return float(m[7] - m[1])


@ask(
    (
        "Does humidity go along with visibility? Calculate the Pearson correlation coefficient between the relative humidity and "
        "the visibility over all observations. Label the relationship 'strong' if the "
        "absolute value of the coefficient is at least 0.5, 'moderate' if it is at least 0.3 but below 0.5, and 'weak' otherwise. "
        "Round the coefficient to three decimals."
    ),
    outputs={"correlation": "Pearson's r, rounded to three decimals", "label": "'strong', 'moderate' or 'weak'"},
    decimals=3,
)
def _(t):
    r = stats.pearsonr(t.humid, t.visib)[0]
    label = "strong" if abs(r) >= 0.5 else "moderate" if abs(r) >= 0.3 else "weak"
    return {"correlation": round(float(r), 3), "label": label}


@ask(
    (
        "Test whether the mean wind speed differs between JFK and LGA. Use Welch's t-test (unequal variances, two-sided) and drop "
        "the rows where wind speed is missing. Use alpha = 0.05 and report 'significant' or 'not significant'. Round the t "
        "statistic to two decimals, taking JFK minus LGA."
    ),
    outputs={"t_statistic": "Welch's t, JFK minus LGA, two decimals", "decision": "'significant' or 'not significant'"},
    decimals=2,
)
def _(t):
    w = t.dropna(subset=["wind_speed"])
    r = stats.ttest_ind(w[w.origin == "JFK"].wind_speed, w[w.origin == "LGA"].wind_speed, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 2),
        "decision": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    (
        "Run a one-way ANOVA of temperature across the three airports. The significance level is 0.05. Report the F statistic "
        "and the p-value, both rounded to four decimals, and a conclusion that is either 'significant' or 'not significant'."
    ),
    outputs={
        "f_statistic": "the F statistic",
        "p_value": "the p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.f_oneway(*[g.temp for _, g in t.groupby("origin")])
    return {
        "f_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    (
        "Look for outliers in the wind speed column. First drop the rows with no wind speed. Then compute z-scores with the "
        "column's mean and sample standard deviation and treat any reading with |z| > 3 as an outlier. Report how many outliers "
        "there are, and the mean wind speed before and after they are removed. Round the means to two decimals."
    ),
    outputs={
        "n_outliers": "number of readings with |z| > 3",
        "mean_before": "mean wind speed with the outliers",
        "mean_after": "mean wind speed without the outliers",
    },
    decimals=2,
)
def _(t):
    w = t.wind_speed.dropna()
    z = (w - w.mean()) / w.std()
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_before": round(float(w.mean()), 2),
        "mean_after": round(float(w[z.abs() <= 3].mean()), 2),
    }


@ask(
    (
        "The pressure column has gaps. Fill each missing pressure with the median of the non-missing pressures of the same "
        "airport (origin). Afterwards, give the overall mean and the sample standard deviation of the filled column, and say how "
        "many values you filled in. Round to three decimals."
    ),
    outputs={
        "n_filled": "number of missing pressures filled",
        "mean_pressure": "mean after filling",
        "std_pressure": "sample standard deviation after filling",
    },
    decimals=3,
)
def _(t):
    f = t.pressure.fillna(t.groupby("origin").pressure.transform("median"))
    return {
        "n_filled": int(t.pressure.isna().sum()),
        "mean_pressure": round(float(f.mean()), 3),
        "std_pressure": round(float(f.std()), 3),
    }


@ask(
    (
        "Create a new feature, the dew point spread, defined as temperature minus dew point. Classify each reading as 'dry' if "
        "the spread is above 20, 'moist' if it is below 5, and 'normal' otherwise. How many readings fall in each of the three "
        "classes?"
    ),
    outputs={
        "n_dry": "readings with a spread above 20",
        "n_moist": "readings with a spread below 5",
        "n_normal": "all the others",
    },
)
def _(t):
    # rounded to the two decimals of the data, so no float noise at the edges
    s = (t.temp - t.dewp).round(2)
    label = pd.Series(np.where(s > 20, "dry", np.where(s < 5, "moist", "normal")))
    return {f"n_{k}": int((label == k).sum()) for k in ("dry", "moist", "normal")}


@ask(
    (
        "Fit a linear regression that predicts humid from temp and dewp. Split the data with scikit-learn's train_test_split, "
        "test_size 0.2 and random_state 42, rows in file order. Train LinearRegression with default settings on the training part "
        "and report the R-squared on the test part, rounded to three decimals."
    ),
    outputs={"r_squared": "R-squared on the test part"},
    decimals=3,
)
def _(t):
    a, b, c, d = train_test_split(t[["temp", "dewp"]], t.humid, test_size=0.2, random_state=42)
    return {"r_squared": round(float(r2_score(d, LinearRegression().fit(a, c).predict(b))), 3)}


ask.unanswerable(
    "How many flights were delayed at each airport when the visibility was under 1 mile?",
    why="the table holds weather readings; it has no flights and no delays",
)
ask.unanswerable(
    "Was July 2013 at JFK hotter on average than July 2012?",
    why="all readings are from 2013",
)
ask.unanswerable(
    "average snowfall by month at EWR, in inches",
    why="there is a precipitation column, but nothing that tells snow from rain",
)
ask.unanswerable(
    "Why is LGA drier than JFK?",
    why="asks for a cause, which the readings do not give",
)
