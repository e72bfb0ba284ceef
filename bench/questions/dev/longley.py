"""Questions about longley: yearly US employment, prices, output, unemployed, armed forces and population, 1947-1962."""

import numpy as np
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("longley")


@ask("avg unemp 1950s")
def _(t):
    return float(t[t.YEAR.between(1950, 1959)].UNEMP.mean())


@ask("In how many of the years was ARMED above 3000?")
def _(t):
    return int((t.ARMED > 3000).sum())


@ask("Hi! I'm new to this data set, could you tell me what the population was back in 1955, as it stands in the table?")
def _(t):
    return int(t.loc[t.YEAR == 1955, "POP"].iloc[0])


@ask("Median total employment for the years before 1955, please.")
def _(t):
    return float(t[t.YEAR < 1955].TOTEMP.median())


@ask("was there any year when the armed forces were larger than the number of unemployed? yes or no")
def _(t):
    return bool((t.ARMED > t.UNEMP).any())


@ask("Please to show me the average number of unemployed for each decade. Call the decades '1940s', '1950s' and '1960s'.")
def _(t):
    decade = (t.YEAR // 10 * 10).astype(str) + "s"
    return {str(k): float(v) for k, v in t.groupby(decade).UNEMP.mean().items()}


@ask("For each year from 1958 on, how many unemployed were there per 100 people employed?")
def _(t):
    late = t[t.YEAR >= 1958]
    return {int(y): float(v) for y, v in zip(late.YEAR, late.UNEMP / late.TOTEMP * 100, strict=True)}


@ask(
    "Spec: add column period = 'Korea' if 1950 <= YEAR <= 1953, otherwise 'other'. Return the mean of ARMED per period."
)
def _(t):
    period = np.where(t.YEAR.between(1950, 1953), "Korea", "other")
    return {str(k): float(v) for k, v in t.groupby(period).ARMED.mean().items()}


@ask("Which year had the largest number of people out of work?")
def _(t):
    return int(t.loc[t.UNEMP.idxmax(), "YEAR"])


@ask("Top 3 years by size of the military, biggest first")
def _(t):
    return [int(y) for y in t.nlargest(3, "ARMED").YEAR]


@ask("I'm writing a piece on postwar slumps: in which years was GNP lower than in the year before?")
def _(t):
    t = t.sort_values("YEAR")
    return {int(y) for y in t[t.GNP.diff() < 0].YEAR}


@ask("What were the armed forces in 1952 as a percentage of the population that year?")
def _(t):
    row = t[t.YEAR == 1952].iloc[0]
    return float(row.ARMED / row.POP * 100)


@ask("Pearson correlation between the unemployed and the armed forces?")
def _(t):
    return float(t.UNEMP.corr(t.ARMED))


@ask(
    "Calculate the Spearman rank correlation between total employment and the number of unemployed over all the years, "
    "together with its two-sided p-value. Take alpha = 0.05: if the p-value is below alpha report 'significant', "
    "otherwise 'not significant'. Round the coefficient and the p-value to three decimals.",
    outputs={
        "correlation": "Spearman's rho, rounded to 3 decimals",
        "p_value": "two-sided p-value, rounded to 3 decimals",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.spearmanr(t.TOTEMP, t.UNEMP)
    label = "significant" if r.pvalue < 0.05 else "not significant"
    return {"correlation": round(float(r.statistic), 3), "p_value": round(float(r.pvalue), 3), "label": label}


@ask(
    "Divide the data into an early half (years 1947 to 1954) and a late half (years 1955 to 1962). Test whether the mean "
    "number of unemployed differs between the two halves with a two-sided Welch t-test, i.e. without assuming equal "
    "variances. Use a significance level of 0.05 and report 'significant' or 'not significant'. Give the mean of each "
    "half and the p-value as well, all numbers rounded to four decimals.",
    outputs={
        "mean_early": "mean UNEMP in 1947-1954",
        "mean_late": "mean UNEMP in 1955-1962",
        "p_value": "two-sided p-value of Welch's t-test",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    early = t[t.YEAR <= 1954].UNEMP
    late = t[t.YEAR >= 1955].UNEMP
    p = float(stats.ttest_ind(early, late, equal_var=False).pvalue)
    return {
        "mean_early": round(float(early.mean()), 4),
        "mean_late": round(float(late.mean()), 4),
        "p_value": round(p, 4),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Look at the shape of the distribution of the armed forces column. Compute its sample skewness and excess kurtosis "
    "(the bias-corrected versions that pandas gives), and its 90th percentile with linear interpolation. If the skewness "
    "is below zero the label is 'left-skewed', otherwise it is 'right-skewed'. Round to two decimals.",
    outputs={
        "skewness": "bias-corrected skewness of ARMED",
        "kurtosis": "bias-corrected excess kurtosis of ARMED",
        "p90": "90th percentile of ARMED",
        "label": "'left-skewed' or 'right-skewed'",
    },
    decimals=2,
)
def _(t):
    skew = float(t.ARMED.skew())
    return {
        "skewness": round(skew, 2),
        "kurtosis": round(float(t.ARMED.kurt()), 2),
        "p90": round(float(t.ARMED.quantile(0.9)), 2),
        "label": "left-skewed" if skew < 0 else "right-skewed",
    }


@ask(
    "Scale the GNP column and the UNEMP column each to the range 0 to 1 with min-max scaling over all 16 years. Then report "
    "the mean of the scaled GNP, the mean of the scaled UNEMP, and the number of years in which the scaled UNEMP is strictly "
    "greater than the scaled GNP. Round the means to 4 decimals.",
    outputs={
        "mean_gnp_scaled": "mean of min-max scaled GNP",
        "mean_unemp_scaled": "mean of min-max scaled UNEMP",
        "n_years": "years with scaled UNEMP above scaled GNP",
    },
    decimals=4,
)
def _(t):
    gnp = (t.GNP - t.GNP.min()) / (t.GNP.max() - t.GNP.min())
    unemp = (t.UNEMP - t.UNEMP.min()) / (t.UNEMP.max() - t.UNEMP.min())
    return {
        "mean_gnp_scaled": round(float(gnp.mean()), 4),
        "mean_unemp_scaled": round(float(unemp.mean()), 4),
        "n_years": int((unemp > gnp).sum()),
    }


@ask(
    "Create a new column real_gnp, which is GNP divided by the GNP deflator and multiplied by 100. What was real_gnp in 1947 "
    "and in 1962, and by what percentage did it grow from 1947 to 1962? Round all three numbers to one decimal.",
    outputs={
        "real_gnp_1947": "deflated GNP in 1947",
        "real_gnp_1962": "deflated GNP in 1962",
        "growth_pct": "percent change of real_gnp from 1947 to 1962",
    },
    decimals=1,
)
def _(t):
    real = (t.GNP / t.GNPDEFL * 100).set_axis(t.YEAR)
    first, last = float(real[1947]), float(real[1962])
    return {
        "real_gnp_1947": round(first, 1),
        "real_gnp_1962": round(last, 1),
        "growth_pct": round((last / first - 1) * 100, 1),
    }


@ask(
    "For total employment, compute the year-over-year growth in percent; 1947 has no previous year, so leave it out. "
    "Report the mean of the yearly growth rates, the year with the highest growth, and the number of years in which "
    "employment fell. Round the mean growth to two decimals.",
    outputs={
        "mean_growth": "mean year-over-year growth of TOTEMP in percent",
        "best_year": "year with the highest growth",
        "n_falls": "number of years with negative growth",
    },
    decimals=2,
)
def _(t):
    growth = t.sort_values("YEAR").set_index("YEAR").TOTEMP.pct_change().dropna() * 100
    return {
        "mean_growth": round(float(growth.mean()), 2),
        "best_year": int(growth.idxmax()),
        "n_falls": int((growth < 0).sum()),
    }


@ask(
    "Homework 4: fit an ordinary least squares line with an intercept, with total employment (TOTEMP) as the response and "
    "GNP as the only predictor, using all rows. State the slope and the R-squared, both to four decimals.",
    outputs={"slope": "coefficient of GNP", "r_squared": "R-squared of the fit"},
    decimals=4,
)
def _(t):
    fit = stats.linregress(t.GNP, t.TOTEMP)
    return {"slope": round(float(fit.slope), 4), "r_squared": round(float(fit.rvalue**2), 4)}


ask.unanswerable(
    "How many of the unemployed in 1958 were women?",
    why="the table counts the unemployed in total and does not split them by sex",
)
ask.unanswerable("what was the GNP deflator in 1965?", why="the table ends in 1962 and no way to extrapolate is given")
ask.unanswerable(
    "Why did the number of unemployed jump between 1957 and 1958?",
    why="asks for a cause; the table only holds the yearly figures",
)
ask.unanswerable("average hourly wage per year next to total employment", why="the table has no wages")
