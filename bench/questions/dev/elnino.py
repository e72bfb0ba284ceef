"""Questions about elnino: monthly mean sea surface temperature (°C), one row per year 1950-2010, one column per month."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

ask = Bank("elnino")


@ask("How warm was the sea in August 1997?")
def _(t):
    return float(t.loc[t.YEAR == 1997, "AUG"].iloc[0])


@ask("avg december temp from 1980 onwards (1980 included)")
def _(t):
    return float(t[t.YEAR >= 1980].DEC.mean())


@ask("Count the years in which January was warmer than 25 degrees.")
def _(t):
    return int((t.JAN > 25).sum())


@ask("I am new here, sorry for the basic question! In the nineties (1990 to 1999), what was the lowest value we saw in September?")
def _(t):
    return float(t[t.YEAR.between(1990, 1999)].SEP.min())


@ask("As a fraction between 0 and 1: years with July below 21 degrees / all years")
def _(t):
    return float((t.JUL < 21).mean())


@ask("Please show the average sea temperature of every calendar month, over all years.")
def _(t):
    return {m: float(t[m].mean()) for m in MONTHS}


@ask("mean january temp per decade, name each decade by its first year (1950 = 1950-1959 and so on, 2010 alone at the end)")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(t.YEAR // 10 * 10).JAN.mean().items()}


@ask("How far apart are the hottest and the coldest value ever measured in each month? I need max minus min for all twelve.")
def _(t):
    return {m: float(t[m].max() - t[m].min()) for m in MONTHS}


@ask("For a headline: in which year was the February water the hottest?")
def _(t):
    return int(t.loc[t.FEB.idxmax(), "YEAR"])


@ask("top 5 years by May temperature, warmest first")
def _(t):
    return [int(y) for y in t.nlargest(5, "MAY").YEAR]


@ask("Do warm Marches go with warm Aprils? Pearson correlation coefficient of the two please")
def _(t):
    return float(t.MAR.corr(t.APR))


@ask("What percentage of years had a December above 23 °C?")
def _(t):
    return float((t.DEC > 23).mean() * 100)


@ask(
    "Does the warmth of a December carry over to the next January? Pair the December value of each year with the January value "
    "of the following year and ignore a value that has no partner. Calculate the Pearson correlation coefficient of these "
    "pairs. Round it to three decimals and also say how many pairs there were.",
    outputs={"correlation": "Pearson r of December and the next January, 3 decimals", "n_pairs": "number of pairs"},
    decimals=3,
)
def _(t):
    t = t.sort_values("YEAR")
    pairs = t.assign(NEXT=t.JAN.shift(-1))[["DEC", "NEXT"]].dropna()
    return {"correlation": round(float(pairs.DEC.corr(pairs.NEXT)), 3), "n_pairs": len(pairs)}


@ask(
    "Take the March minus September difference of each year as the seasonal swing. What year had the biggest swing?"
)
def _(t):
    return int(t.loc[(t.MAR - t.SEP).idxmax(), "YEAR"])


@ask(
    "Find out whether the ocean was warmer in the later part of the record. First compute the annual mean of each year as "
    "the plain average of its twelve monthly values. Then split the years into an early group (before 1977) and a late group "
    "(1977 and later), and compare the annual means of the two groups with a two-sided Welch t-test, not assuming equal "
    "variances. Use a significance level of 0.05 and conclude 'significant' or 'not significant'. "
    "Round numbers to four decimals.",
    outputs={
        "mean_early": "mean of the annual means before 1977",
        "mean_late": "mean of the annual means from 1977 on",
        "p_value": "two-sided p-value of Welch's t-test",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    annual = t[MONTHS].mean(axis=1)
    early, late = annual[t.YEAR < 1977], annual[t.YEAR >= 1977]
    p = float(stats.ttest_ind(early, late, equal_var=False).pvalue)
    return {
        "mean_early": round(float(early.mean()), 4),
        "mean_late": round(float(late.mean()), 4),
        "p_value": round(p, 4),
        "conclusion": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Check the distribution of the October temperatures. Calculate the skewness (bias-corrected, as pandas does) and run a "
    "Shapiro-Wilk normality test. If the p-value is below 0.05 the label is 'not normal', otherwise it is 'normal'. "
    "Round the skewness to 2 decimals.",
    outputs={"skewness": "skewness of October, 2 decimals", "label": "'normal' or 'not normal' at alpha 0.05"},
    decimals=2,
)
def _(t):
    p = stats.shapiro(t.OCT).pvalue
    return {"skewness": round(float(t.OCT.skew()), 2), "label": "not normal" if p < 0.05 else "normal"}


@ask(
    "Identify outliers in the January column with the z-score method. Use the sample standard deviation and treat every year "
    "with |z| > 3 as an outlier. Remove those years and calculate the mean January temperature of the remaining ones. "
    "Report how many years were removed and the mean before and after, rounded to three decimals.",
    outputs={
        "n_outliers": "number of years with |z| > 3",
        "mean_before": "mean of January before the removal",
        "mean_after": "mean of January after the removal",
    },
    decimals=3,
)
def _(t):
    z = (t.JAN - t.JAN.mean()) / t.JAN.std()
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_before": round(float(t.JAN.mean()), 3),
        "mean_after": round(float(t.JAN[z.abs() <= 3].mean()), 3),
    }


@ask(
    "Is there a long-term warming? Calculate the annual mean for each year (average over the twelve months) and fit a "
    "straight line of annual mean on year by ordinary least squares. Report the slope in degrees per decade, that is ten "
    "times the yearly slope, and the two-sided p-value of the slope, both rounded to three decimals.",
    outputs={"slope_per_decade": "degrees C per decade", "p_value": "p-value of the slope"},
    decimals=3,
)
def _(t):
    fit = stats.linregress(t.YEAR, t[MONTHS].mean(axis=1))
    return {"slope_per_decade": round(float(fit.slope * 10), 3), "p_value": round(float(fit.pvalue), 3)}


@ask(
    "Add a new column ANNUAL with the average of the twelve months for each year. Label a year 'warm' if its ANNUAL is more than "
    "one sample standard deviation above the overall mean of ANNUAL, 'cold' if it is more than one sample standard deviation "
    "below that mean, and 'neutral' in all other cases. How many years fall in each class?",
    outputs={"n_warm": "years labelled warm", "n_cold": "years labelled cold", "n_neutral": "years labelled neutral"},
)
def _(t):
    annual = t[MONTHS].mean(axis=1)
    z = (annual - annual.mean()) / annual.std()
    label = np.select([z > 1, z < -1], ["warm", "cold"], "neutral")
    return {f"n_{k}": int((label == k).sum()) for k in ("warm", "cold", "neutral")}


@ask(
    "Predict the June temperature from January, February, March and April with a linear regression (scikit-learn, default "
    "settings). Split the data with train_test_split, test_size=0.3 and random_state=42, fit on the training part "
    "and evaluate on the test part. Report R squared on the test set, rounded to 3 decimals.",
    outputs={"r2": "R squared on the test set"},
    decimals=3,
)
def _(t):
    x, x_test, y, y_test = train_test_split(t[["JAN", "FEB", "MAR", "APR"]], t.JUN, test_size=0.3, random_state=42)
    return {"r2": round(float(r2_score(y_test, LinearRegression().fit(x, y).predict(x_test))), 3)}


ask.unanswerable("What was the average March temperature from 2012 to 2016?", why="the record ends in 2010")
ask.unanswerable(
    "Which measuring station recorded the hottest June?", why="the table holds one series and names no stations"
)
ask.unanswerable(
    "How strongly is the January sea temperature correlated with the anchovy catch of the same year?",
    why="the table has no fishing data",
)
ask.unanswerable("On which day in April 1983 was the water warmest?", why="there are only monthly values, no days")
