"""Questions about wheat: the price of wheat and weekly wages, in shillings, every five years from 1565 to 1820."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression

from bench.questions.bank import Bank

ask = Bank("wheat")


@ask("avg wheat price before 1600")
def _(t):
    return float(t[t.year < 1600].wheat.mean())


@ask("In how many of the years listed did wheat cost more than 50 shillings?")
def _(t):
    return int((t.wheat > 50).sum())


@ask("What did a worker earn per week in 1750?")
def _(t):
    return float(t[t.year == 1750].wages.iloc[0])


@ask("Please tell me the median of the wages from 1700 to 1800, both years included.")
def _(t):
    return float(t[t.year.between(1700, 1800)].wages.median())


@ask("for how many years is the wage missing?")
def _(t):
    return int(t.wages.isna().sum())


@ask("Mean wheat price per century, where the century is the first two digits of the year (15, 16, 17, 18).")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(t.year // 100).wheat.mean().items()}


@ask("Within 1780-1800, give the maximum wheat price by decade (1780s = 1780 and 1785, and so on; label decades 1780, 1790, 1800).")
def _(t):
    s = t[t.year.between(1780, 1800)]
    return {int(k): float(v) for k, v in s.groupby(s.year // 10 * 10).wheat.max().items()}


@ask("Which year had the cheapest wheat?")
def _(t):
    return int(t.loc[t.wheat.idxmin(), "year"])


@ask("top 3 years by wheat price, dearest first")
def _(t):
    return [int(y) for y in t.nlargest(3, "wheat").year]


@ask("In which years was the price of wheat under 28 shillings?")
def _(t):
    return {int(y) for y in t[t.wheat < 28].year}


@ask("What percentage of the recorded years after 1700 had a wheat price under 40?")
def _(t):
    return float(100 * (t[t.year > 1700].wheat < 40).mean())


@ask("ratio of the 1810 wage to the 1565 wage?")
def _(t):
    w = t.set_index("year").wages
    return float(w[1810] / w[1565])


@ask("Is there a correlation between what wheat cost and what people were paid? I just need Pearson's r, skip years with no wage.")
def _(t):
    return float(t.wheat.corr(t.wages))


@ask(
    "Compare wheat prices of the years before 1700 with those of the years from 1700 on. Use a two-sided Mann-Whitney U test "
    "with scipy's default settings, giving the earlier years as the first sample. The significance level is 0.05: answer "
    "'significant' when the p-value is smaller than that, and 'not significant' when it is not. Round the p-value to 3 decimals.",
    outputs={
        "u_statistic": "Mann-Whitney U of the years before 1700",
        "p_value": "two-sided p-value, 3 decimals",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.mannwhitneyu(t[t.year < 1700].wheat, t[t.year >= 1700].wheat, alternative="two-sided")
    return {
        "u_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Find outliers in the wheat price with the IQR rule. Use linearly interpolated quartiles and call a price an outlier when "
    "it is below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Report how many there are, the upper limit, and the mean price once the "
    "outliers are removed. Round to two decimals.",
    outputs={
        "n_outliers": "number of outlying prices",
        "upper_limit": "Q3 + 1.5*IQR",
        "mean_without": "mean wheat price without the outliers",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.wheat.quantile([0.25, 0.75])
    hi, lo = q3 + 1.5 * (q3 - q1), q1 - 1.5 * (q3 - q1)
    out = (t.wheat > hi) | (t.wheat < lo)
    return {
        "n_outliers": int(out.sum()),
        "upper_limit": round(float(hi), 2),
        "mean_without": round(float(t.wheat[~out].mean()), 2),
    }


@ask(
    "Some wages are missing. Fill the gaps with the median of the wages that are known. Afterwards calculate the mean and the "
    "sample standard deviation of the completed wage column. Round both to three decimals.",
    outputs={"mean_wages": "mean wage after imputation", "std_wages": "sample standard deviation after imputation"},
    decimals=3,
)
def _(t):
    w = t.wages.fillna(t.wages.median())
    return {"mean_wages": round(float(w.mean()), 3), "std_wages": round(float(w.std()), 3)}


@ask(
    "Work out how many weeks of wages it took to buy wheat, that is the wheat price divided by the weekly wage. Leave out "
    "the years where the wage is unknown. In which year was this ratio highest, in which year lowest, and what was its mean? "
    "Round the mean to two decimals.",
    outputs={
        "year_highest": "year with the highest ratio",
        "year_lowest": "year with the lowest ratio",
        "mean_ratio": "mean ratio, two decimals",
    },
    decimals=2,
)
def _(t):
    t = t.dropna()
    r = t.wheat / t.wages
    return {
        "year_highest": int(t.loc[r.idxmax(), "year"]),
        "year_lowest": int(t.loc[r.idxmin(), "year"]),
        "mean_ratio": round(float(r.mean()), 2),
    }


@ask(
    "Compute the percentage change in the wheat price from each recorded year to the next. Say in which year the biggest rise "
    "arrived (the later year of the pair) and how large it was in percent. Also give the number of times the price went down. "
    "Round the percentage to one decimal.",
    outputs={
        "year": "later year of the pair with the largest percentage rise",
        "rise_pct": "that rise in percent, one decimal",
        "n_falls": "number of changes that are negative",
    },
    decimals=1,
)
def _(t):
    c = t.sort_values("year").set_index("year").wheat.pct_change() * 100
    return {"year": int(c.idxmax()), "rise_pct": round(float(c.max()), 1), "n_falls": int((c < 0).sum())}


@ask(
    "Label each year by its wheat price: 'cheap' under 35 shillings, 'normal' from 35 up to and including 45, 'dear' above 45. "
    "Ignore the years without a wage. What is the average wage in each of the three classes? Round to two decimals.",
    outputs={"cheap": "mean wage of cheap years", "normal": "mean wage of normal years", "dear": "mean wage of dear years"},
    decimals=2,
)
def _(t):
    t = t.dropna()
    k = pd.Series(np.select([t.wheat < 35, t.wheat <= 45], ["cheap", "normal"], "dear"), index=t.index)
    return {str(g): round(float(v), 2) for g, v in t.wages.groupby(k).mean().items()}


@ask(
    "Fit a straight line by ordinary least squares to the wages against the year, using only the years 1565 to 1810 where a wage "
    "is recorded. Report the slope in shillings per year and the R squared of the fit. Round both to four decimals.",
    outputs={"slope": "shillings per year", "r_squared": "R squared of the fit"},
    decimals=4,
)
def _(t):
    t = t[t.year.between(1565, 1810)].dropna()
    m = LinearRegression().fit(t[["year"]], t.wages)
    return {"slope": round(float(m.coef_[0]), 4), "r_squared": round(float(m.score(t[["year"]], t.wages)), 4)}


ask.unanswerable("What was the weekly wage in 1820?", why="the wage is missing for 1820")
ask.unanswerable("Which monarch reigned when wheat was most expensive?", why="the table names no monarchs")
ask.unanswerable("average price of barley between 1700 and 1750", why="the table has wheat prices only, not barley")
ask.unanswerable(
    "How did the weekly wages of masons compare with those of farm labourers in 1800?", why="wages are not split by trade"
)
