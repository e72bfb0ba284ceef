"""Questions about copper: the world copper market, one row per year 1951-1975 (consumption, prices and indices)."""

import numpy as np
import statsmodels.api as sm
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("copper")


@ask("What was the average copper price over the whole period?")
def _(t):
    return float(t.COPPERPRICE.mean())


@ask("how much copper did the world consume in 1960?")
def _(t):
    return float(t.loc[t.YEAR == 1960, "WORLDCONSUMPTION"].iloc[0])


@ask("In how many years was the price of aluminium above 25?")
def _(t):
    return int((t.ALUMPRICE > 25).sum())


@ask("mean world consumption in years when the inventory index was below 1")
def _(t):
    return float(t[t.INVENTORYINDEX < 1].WORLDCONSUMPTION.mean())


@ask("Quick one - did world consumption go down in 1975 compared with 1974?")
def _(t):
    c = t.set_index("YEAR").WORLDCONSUMPTION
    return bool(c[1975] < c[1974])


@ask("Average copper price per decade, please (1950 for the years 1951-59, 1960 for 1960-69, 1970 for 1970-75).")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(t.YEAR // 10 * 10).COPPERPRICE.mean().items()}


@ask("peak (highest single-year) world consumption in each decade, decades written 1950, 1960, 1970")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(t.YEAR // 10 * 10).WORLDCONSUMPTION.max().items()}


@ask("When was copper at its most expensive? Just the year.")
def _(t):
    return int(t.loc[t.COPPERPRICE.idxmax(), "YEAR"])


@ask("I need the three years with the biggest world consumption, largest first.")
def _(t):
    return [int(y) for y in t.nlargest(3, "WORLDCONSUMPTION").YEAR]


@ask("In which year the copper price has risen the most compared to the year before, in absolute terms?")
def _(t):
    return int(t.loc[t.COPPERPRICE.diff().idxmax(), "YEAR"])


@ask("What percentage of the years had a copper price over 40?")
def _(t):
    return float((t.COPPERPRICE > 40).mean() * 100)


@ask("How many times as expensive as aluminium was copper in 1970? Divide the one price by the other.")
def _(t):
    row = t[t.YEAR == 1970].iloc[0]
    return float(row.COPPERPRICE / row.ALUMPRICE)


@ask("correlation of aluminium price with copper price")
def _(t):
    return float(t.ALUMPRICE.corr(t.COPPERPRICE))


@ask("My homework asks for the skewness of the aluminium prices. What is it?")
def _(t):
    return float(t.ALUMPRICE.skew())


@ask("By how many percent did annual world copper consumption grow between 1951 and 1975?")
def _(t):
    c = t.set_index("YEAR").WORLDCONSUMPTION
    return float((c[1975] / c[1951] - 1) * 100)


@ask(
    "Compute the compound annual growth rate of world consumption from 1951 to 1973, that is over 22 yearly steps, as a "
    "percentage. Do the same for the copper price over the same years. Round both to two decimals.",
    outputs={
        "cagr_consumption": "compound annual growth of world consumption, percent",
        "cagr_price": "compound annual growth of the copper price, percent",
    },
    decimals=2,
)
def _(t):
    s = t.set_index("YEAR")
    g = ((s.loc[1973] / s.loc[1951]) ** (1 / 22) - 1) * 100
    return {"cagr_consumption": round(float(g.WORLDCONSUMPTION), 2), "cagr_price": round(float(g.COPPERPRICE), 2)}


@ask(
    "Estimate a demand equation for copper. Take natural logarithms of world consumption, the copper price and the "
    "income index, and regress log consumption on log copper price and log income index by ordinary least squares with an "
    "intercept, using all 25 years. The two slopes are the price elasticity and the income elasticity. "
    "Report them together with the R-squared, rounded to three decimals.",
    outputs={
        "price_elasticity": "coefficient of log copper price",
        "income_elasticity": "coefficient of log income index",
        "r_squared": "R-squared of the regression",
    },
    decimals=3,
)
def _(t):
    logs = np.log(t[["WORLDCONSUMPTION", "COPPERPRICE", "INCOMEINDEX"]])
    fit = sm.OLS(logs.WORLDCONSUMPTION, sm.add_constant(logs[["COPPERPRICE", "INCOMEINDEX"]])).fit()
    return {
        "price_elasticity": round(float(fit.params["COPPERPRICE"]), 3),
        "income_elasticity": round(float(fit.params["INCOMEINDEX"]), 3),
        "r_squared": round(float(fit.rsquared), 3),
    }


@ask(
    "Compare copper prices before and after: the early years are 1951 to 1962, the late years 1963 to 1975. Run a two-sided "
    "Welch t-test (do not assume equal variances) of the mean copper price, late minus early. Use alpha 0.05 and report "
    "'significant' if p is below alpha, otherwise 'not significant'. Round the statistic and the p-value to four decimals.",
    outputs={
        "t_statistic": "Welch t statistic, late minus early",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.YEAR >= 1963].COPPERPRICE, t[t.YEAR <= 1962].COPPERPRICE, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Turn the aluminium prices into z-scores with the sample standard deviation. Treat any year with |z| > 2 as an outlier. "
    "Tell me how many outliers there are, then drop these years and give the mean and the sample standard deviation of the "
    "aluminium price over the rest. Round to two decimals.",
    outputs={
        "n_outliers": "number of years with |z| > 2",
        "mean_price": "mean aluminium price without the outliers",
        "std_price": "sample standard deviation of the aluminium price without the outliers",
    },
    decimals=2,
)
def _(t):
    a = t.ALUMPRICE
    out = ((a - a.mean()) / a.std()).abs() > 2
    kept = a[~out]
    return {
        "n_outliers": int(out.sum()),
        "mean_price": round(float(kept.mean()), 2),
        "std_price": round(float(kept.std()), 2),
    }


@ask(
    "Rescale the copper price and the aluminium price to the range 0 to 1 with min-max scaling, each on its own. Then subtract "
    "the scaled aluminium price from the scaled copper price. Report the mean of each scaled price, rounded to three "
    "decimals, and the year in which the difference (copper minus aluminium) is largest.",
    outputs={
        "mean_copper_scaled": "mean of the min-max scaled copper price",
        "mean_aluminium_scaled": "mean of the min-max scaled aluminium price",
        "year_max_difference": "year with the largest scaled copper minus scaled aluminium price",
    },
    decimals=3,
)
def _(t):
    p = t[["COPPERPRICE", "ALUMPRICE"]]
    p = (p - p.min()) / (p.max() - p.min())
    return {
        "mean_copper_scaled": round(float(p.COPPERPRICE.mean()), 3),
        "mean_aluminium_scaled": round(float(p.ALUMPRICE.mean()), 3),
        "year_max_difference": int(t.loc[(p.COPPERPRICE - p.ALUMPRICE).idxmax(), "YEAR"]),
    }


@ask(
    "Label every year from 1952 on as 'up' if the copper price is higher than in the previous year and 'down' if it is lower "
    "(1951 has no previous year, so leave it out). Count the two labels. Also compute, over the 'up' years only, the mean "
    "year-on-year percentage change of world consumption, rounded to two decimals.",
    outputs={
        "n_up": "number of years labelled up",
        "n_down": "number of years labelled down",
        "mean_growth_up": "mean percentage change of world consumption in the up years",
    },
    decimals=2,
)
def _(t):
    d = t.COPPERPRICE.diff()
    growth = t.WORLDCONSUMPTION.pct_change() * 100
    return {"n_up": int((d > 0).sum()), "n_down": int((d < 0).sum()), "mean_growth_up": round(float(growth[d > 0].mean()), 2)}


@ask(
    "Check whether the copper prices look normally distributed: apply the Shapiro-Wilk test to the 25 yearly prices. With "
    "alpha 0.05, answer 'normal' if the p-value is 0.05 or more and 'not normal' if it is below. Give the W statistic "
    "to three decimals.",
    outputs={"w_statistic": "Shapiro-Wilk W", "label": "'normal' or 'not normal'"},
    decimals=3,
)
def _(t):
    r = stats.shapiro(t.COPPERPRICE)
    return {"w_statistic": round(float(r.statistic), 3), "label": "normal" if r.pvalue >= 0.05 else "not normal"}


ask.unanswerable(
    "Which country had the highest copper consumption in 1970?", why="consumption is a world total; the table has no countries"
)
ask.unanswerable("What was the copper price in 1980?", why="the table ends in 1975")
ask.unanswerable(
    "average mine production of copper by decade", why="the table holds consumption, prices and indices but no production"
)
ask.unanswerable("Why did the copper price drop so sharply in 1957?", why="asks for a cause; the table only records the prices")
