"""Questions about driving: miles driven and gas price per year, 1956-2010, with the side of each chart label."""

import numpy as np
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("driving")


# --- simple numbers -----------------------------------------------------------------------------------------
@ask("what did gas cost on average in the seventies (1970-1979)?")
def _(t):
    return float(t[t.year.between(1970, 1979)].gas.mean())


@ask("How many miles were driven in 1985?")
def _(t):
    return int(t[t.year == 1985].miles.iloc[0])


@ask("number of years w/ gas above 2.50")
def _(t):
    return int((t.gas > 2.5).sum())


@ask("Hello, can you please say me the median of miles for the years 1990 and after?")
def _(t):
    return float(t[t.year >= 1990].miles.median())


@ask("Was gas more expensive in 1981 than in 2008?")
def _(t):
    g = t.set_index("year").gas
    return bool(g[1981] > g[2008])


# --- by group -----------------------------------------------------------------------------------------------
@ask("How many data points have their label on each side?")
def _(t):
    return {k: int(v) for k, v in t.side.value_counts().items()}


@ask("avg miles per decade pls - so 1960 to 1969 is one decade, 1970 to 1979 the next, etc. (1950s and 2010s are partial, fine)")
def _(t):
    return t.groupby(t.year // 10 * 10).miles.mean().to_dict()


@ask("Mean gas price grouped by side.")
def _(t):
    return t.groupby("side").gas.mean().to_dict()


# --- which one ----------------------------------------------------------------------------------------------
@ask("Which year had the cheapest gas?")
def _(t):
    return int(t.loc[t.gas.idxmin(), "year"])


@ask("Top 3 years by miles driven, from most to least.")
def _(t):
    return [int(y) for y in t.nlargest(3, "miles").year]


@ask("Compared with the year before, in which year did the miles fall the most (absolute number of miles)?")
def _(t):
    t = t.sort_values("year")
    return int(t.loc[t.miles.diff().idxmin(), "year"])


# --- shares -------------------------------------------------------------------------------------------------
@ask("What percentage of the rows are labelled right?")
def _(t):
    return float((t.side == "right").mean() * 100)


@ask("How many percent higher was the gas price in 2008 than in 1998?")
def _(t):
    g = t.set_index("year").gas
    return float((g[2008] / g[1998] - 1) * 100)


# --- relations and growth -----------------------------------------------------------------------------------
@ask("Pearson correlation, gas price vs miles, 1980 onwards (1980 included)")
def _(t):
    t = t[t.year >= 1980]
    return float(t.gas.corr(t.miles))


@ask("By what factor did annual miles grow from 1956 to 2010, i.e. 2010 divided by 1956?")
def _(t):
    m = t.set_index("year").miles
    return float(m[2010] / m[1956])


@ask(
    "We want to know if a change in the gas price goes together with a change in driving. Sort the table by year and take the "
    "difference to the previous year for both gas and miles; drop the first year, which has no difference. Compute the Pearson "
    "correlation of the two series of differences and its two-sided p-value. With alpha = 0.05, answer 'significant' or "
    "'not significant'. Round the correlation to 3 decimals.",
    outputs={
        "correlation": "Pearson correlation of the yearly changes in gas and miles",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    d = t.sort_values("year")[["gas", "miles"]].diff().dropna()
    r = stats.pearsonr(d.gas, d.miles)
    return {
        "correlation": round(float(r.statistic), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Detect unusual gas prices. Compute the z-score of gas with the sample standard deviation and treat a year as an outlier if "
    "|z| > 2. Report the number of outliers. Then remove them and report the mean and the median gas price of the remaining "
    "years. Round to three decimals.",
    outputs={
        "n_outliers": "number of years with |z| > 2",
        "mean_gas": "mean gas price without the outliers",
        "median_gas": "median gas price without the outliers",
    },
    decimals=3,
)
def _(t):
    out = ((t.gas - t.gas.mean()) / t.gas.std()).abs() > 2
    return {
        "n_outliers": int(out.sum()),
        "mean_gas": round(float(t[~out].gas.mean()), 3),
        "median_gas": round(float(t[~out].gas.median()), 3),
    }


@ask(
    "Classify every year by its gas price: 'cheap' if gas is below 1.80, 'expensive' if it is above 2.45, and 'normal' in all "
    "other cases. Then calculate the mean miles of each of the three classes, rounded to 1 decimal.",
    outputs={
        "cheap": "mean miles of the cheap years",
        "normal": "mean miles of the normal years",
        "expensive": "mean miles of the expensive years",
    },
    decimals=1,
)
def _(t):
    label = np.where(t.gas < 1.80, "cheap", np.where(t.gas > 2.45, "expensive", "normal"))
    return {k: round(float(v), 1) for k, v in t.groupby(label).miles.mean().items()}


@ask(
    "Were gas prices different in the first half of the period? Compare gas for the years up to and including 1982 with gas for "
    "1983 and later, using a two-sample t-test that does not assume equal variances (Welch, two-sided). Give the t statistic as "
    "earlier minus later, rounded to 3 decimals, and the p-value rounded to 3 decimals. The conclusion is 'significant' if "
    "p < 0.05 and 'not significant' otherwise.",
    outputs={
        "t_statistic": "Welch t statistic, earlier minus later",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(t[t.year <= 1982].gas, t[t.year >= 1983].gas, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Fit a straight line by ordinary least squares with miles as the response and year as the only predictor (plus an "
    "intercept), using all rows. What is the slope in miles per year, and what is the R-squared of the fit? Round the slope to "
    "2 decimals and R-squared to 4 decimals.",
    outputs={"slope": "miles per year", "r_squared": "R-squared of the fit"},
)
def _(t):
    r = stats.linregress(t.year, t.miles)
    return {"slope": round(float(r.slope), 2), "r_squared": round(float(r.rvalue**2), 4)}


@ask(
    "Describe the shape of the gas price distribution. Calculate the bias-corrected sample skewness and the bias-corrected "
    "excess kurtosis (as pandas does). Next, take the natural log of gas and compute the skewness of the logged values in the "
    "same way. Round everything to 3 decimals.",
    outputs={
        "skewness": "sample skewness of gas",
        "kurtosis": "sample excess kurtosis of gas",
        "skewness_log": "sample skewness of ln(gas)",
    },
    decimals=3,
)
def _(t):
    return {
        "skewness": round(float(t.gas.skew()), 3),
        "kurtosis": round(float(t.gas.kurt()), 3),
        "skewness_log": round(float(np.log(t.gas).skew()), 3),
    }


@ask(
    "Suppose a car that goes 20 miles on one gallon, and take gas as the price in dollars per gallon. Add a column fuel_cost = "
    "miles / 20 * gas to the table. Report the mean fuel_cost over all years, the highest fuel_cost, and the year in which that "
    "highest value occurred. Round the costs to 2 decimals.",
    outputs={
        "mean_fuel_cost": "mean of fuel_cost",
        "max_fuel_cost": "highest fuel_cost",
        "year": "year of the highest fuel_cost",
    },
    decimals=2,
)
def _(t):
    cost = t.miles / 20 * t.gas
    return {
        "mean_fuel_cost": round(float(cost.mean()), 2),
        "max_fuel_cost": round(float(cost.max()), 2),
        "year": int(t.loc[cost.idxmax(), "year"]),
    }


# --- not in the table ---------------------------------------------------------------------------------------
ask.unanswerable("How many miles did people drive in 1950?", why="the table starts in 1956")
ask.unanswerable(
    "How much more expensive was diesel than gas in 1980?", why="only one gas price is given, there is no diesel price"
)
ask.unanswerable("Average miles by state, 2000 to 2010", why="there is one row per year and no state or region column")
ask.unanswerable(
    "What made people drive fewer miles in 2009?", why="asks for a cause; the table has only yearly miles and gas prices"
)
