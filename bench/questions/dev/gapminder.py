"""Questions about gapminder: life expectancy, population and GDP per capita of 142 countries, every 5 years 1952-2007."""
import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("gapminder")


@ask("what was the life expectancy in Japan in 2007?")
def _(t):
    return float(t[(t.country == "Japan") & (t.year == 2007)].lifeExp.iloc[0])


@ask("How many different African countries do we have?")
def _(t):
    return int(t[t.continent == "Africa"].country.nunique())


@ask("mean gdp per capita, Europe, 1972")
def _(t):
    return float(t[(t.continent == "Europe") & (t.year == 1972)].gdpPercap.mean())


@ask("In 2007, how many countries had people living less than 50 years on average?")
def _(t):
    return int(((t.year == 2007) & (t.lifeExp < 50)).sum())


@ask("Total population of all the Asian countries in 1952")
def _(t):
    return int(t[(t.continent == "Asia") & (t.year == 1952)]["pop"].sum())


@ask("Give me the median life expectancy for each continent in 2002.")
def _(t):
    return {k: float(v) for k, v in t[t.year == 2002].groupby("continent").lifeExp.median().items()}


@ask("total population by year, all countries added up")
def _(t):
    return {int(k): int(v) for k, v in t.groupby("year")["pop"].sum().items()}


@ask("number of countries per continent")
def _(t):
    return {k: int(v) for k, v in t.groupby("continent").country.nunique().items()}


@ask("Which country was the richest per head in 1952?")
def _(t):
    return t[t.year == 1952].set_index("country").gdpPercap.idxmax()


@ask("top 5 most populous countries in 2007, biggest first")
def _(t):
    return t[t.year == 2007].set_index("country")["pop"].nlargest(5).index.tolist()


@ask("For a story: which country in the Americas had the shortest life expectancy in 2007?")
def _(t):
    return t[(t.continent == "Americas") & (t.year == 2007)].set_index("country").lifeExp.idxmin()


@ask("What percentage of the 2007 population (all countries in the file together) lived in China?")
def _(t):
    u = t[t.year == 2007].set_index("country")["pop"]
    return float(u["China"] / u.sum() * 100)


@ask("Please, by how many years did the life expectancy of Vietnam grow from 1952 until 2007?")
def _(t):
    v = t[t.country == "Vietnam"].set_index("year").lifeExp
    return float(v[2007] - v[1952])


@ask("Spearman rank correlation of gdpPercap and lifeExp, restricted to year == 2007")
def _(t):
    u = t[t.year == 2007]
    return float(u.gdpPercap.corr(u.lifeExp, method="spearman"))


@ask(
    "Hi! I'm curious about total GDP, not per person. If you multiply population by GDP per capita, which African country "
    "comes out on top in 2007?"
)
def _(t):
    u = t[(t.continent == "Africa") & (t.year == 2007)].set_index("country")
    return (u["pop"] * u.gdpPercap).idxmax()


@ask(
    "Using only the rows for 2007, take the natural logarithm of gdpPercap. Calculate the Pearson correlation between log GDP per "
    "capita and life expectancy, and its two-sided p-value. Report 'significant' if the p-value is below 0.05, otherwise "
    "'not significant'. Round the correlation to two decimals.",
    outputs={
        "correlation": "Pearson correlation of log gdpPercap and lifeExp",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    u = t[t.year == 2007]
    r = stats.pearsonr(np.log(u.gdpPercap), u.lifeExp)
    return {
        "correlation": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Compare life expectancy in Asia and in the Americas in the year 2007 with Welch's t-test (two-sided, unequal variances), Asia "
    "as the first group. The significance level is 0.05. Report the t statistic and the p-value, both rounded to three decimals, "
    "and say 'significant' or 'not significant'.",
    outputs={
        "t_statistic": "t statistic, Asia minus Americas",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    u = t[t.year == 2007]
    r = stats.ttest_ind(u[u.continent == "Asia"].lifeExp, u[u.continent == "Americas"].lifeExp, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Look for outliers in GDP per capita over the whole table, all years. Use the IQR rule: compute Q1 and Q3 with linear "
    "interpolation, and call a value an outlier if it is below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Then drop the outlier rows and "
    "calculate the mean GDP per capita of the remaining rows. Round the mean to two decimals.",
    outputs={
        "n_outliers": "number of outlier rows",
        "mean_gdp": "mean gdpPercap of the remaining rows",
    },
    decimals=2,
)
def _(t):
    g = t.gdpPercap
    a, b = g.quantile(0.25), g.quantile(0.75)
    keep = g.between(a - 1.5 * (b - a), b + 1.5 * (b - a))
    return {"n_outliers": int((~keep).sum()), "mean_gdp": round(float(g[keep].mean()), 2)}


@ask(
    "Assign each country an income label from its gdpPercap in 2007: 'low' if it is under 2000, 'middle' if it is at least 2000 but "
    "under 15000, 'high' if it is 15000 or more. Use only the 2007 rows. Calculate the mean life expectancy of each of the three "
    "labels. Round to two decimals.",
    outputs={
        "mean_low": "mean life expectancy of the low-income countries",
        "mean_middle": "mean life expectancy of the middle-income countries",
        "mean_high": "mean life expectancy of the high-income countries",
    },
    decimals=2,
)
def _(t):
    u = t[t.year == 2007]
    m = u.groupby(pd.cut(u.gdpPercap, [0, 2000, 15000, np.inf], right=False, labels=["low", "middle", "high"]),
                  observed=True).lifeExp.mean()
    return {f"mean_{k}": round(float(m[k]), 2) for k in ("low", "middle", "high")}


@ask(
    "Estimate the linear trend of life expectancy in India. Take the rows for India only and fit an ordinary least squares line "
    "with lifeExp as the dependent variable and year as the only predictor, with an intercept. Report the slope in years "
    "of life per calendar year and the R-squared. Round both to three decimals.",
    outputs={"slope": "slope of lifeExp on year", "r_squared": "R-squared of the fit"},
    decimals=3,
)
def _(t):
    u = t[t.country == "India"]
    r = stats.linregress(u.year, u.lifeExp)
    return {"slope": round(float(r.slope), 3), "r_squared": round(float(r.rvalue**2), 3)}


@ask(
    "Calculate the compound annual growth rate of the population of Nigeria between 1952 and 2007, that is "
    "(pop in 2007 / pop in 1952) ** (1/55) - 1, and express it in percent. Do the same for Germany. "
    "Round both to two decimals.",
    outputs={
        "growth_nigeria": "annual population growth of Nigeria in percent",
        "growth_germany": "annual population growth of Germany in percent",
    },
    decimals=2,
)
def _(t):
    def cagr(c):
        p = t[t.country == c].set_index("year")["pop"]
        return round(float(((p[2007] / p[1952]) ** (1 / 55) - 1) * 100), 2)

    return {"growth_nigeria": cagr("Nigeria"), "growth_germany": cagr("Germany")}


@ask(
    "Describe how population sizes are distributed in 2007. Calculate the sample skewness of pop across the 2007 rows, then "
    "replace pop by its base-10 logarithm and calculate the sample skewness again. Use the bias-corrected formula (the pandas "
    "default). Round to 2 decimals.",
    outputs={
        "skewness_raw": "skewness of pop in 2007",
        "skewness_log": "skewness of log10 of pop in 2007",
    },
    decimals=2,
)
def _(t):
    p = t[t.year == 2007]["pop"]
    return {"skewness_raw": round(float(p.skew()), 2), "skewness_log": round(float(np.log10(p).skew()), 2)}


ask.unanswerable("What was the life expectancy in Russia in 2007?", why="Russia is not among the countries in the table")

ask.unanswerable(
    "Which continent had the highest unemployment rate in 2002?", why="there is no unemployment column, only life expectancy, "
    "population and GDP per capita"
)

ask.unanswerable("How many people lived in Brazil in 2015?", why="the table ends in 2007")

ask.unanswerable(
    "Do women live longer than men in Sweden, and by how many years?", why="life expectancy is not split by sex"
)
