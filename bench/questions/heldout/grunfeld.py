"""Questions about grunfeld: yearly investment, market value and capital stock of 11 US firms, 1935 to 1954."""

import numpy as np
import statsmodels.api as sm
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("grunfeld")


@ask("average investment per firm")
def _(t):
    return t.groupby("firm").invest.mean().to_dict()


@ask("What did General Motors invest in total over all the years?")
def _(t):
    return float(t[t.firm == "General Motors"].invest.sum())


@ask("count the rows where investment is above 500")
def _(t):
    return int((t.invest > 500).sum())


@ask("Which company has the largest average capital stock?")
def _(t):
    return str(t.groupby("firm").capital.mean().idxmax())


@ask("Top 3 companies by market value in 1954, biggest first.")
def _(t):
    return t[t.year == 1954].nlargest(3, "value").firm.tolist()


@ask("in which year Chrysler has made its biggest investment?")
def _(t):
    d = t[t.firm == "Chrysler"]
    return int(d.loc[d.invest.idxmax(), "year"])


@ask("How closely do investment and market value move together for General Electric? I need the correlation coefficient (Pearson).")
def _(t):
    d = t[t.firm == "General Electric"]
    return float(d.invest.corr(d.value))


@ask("What percentage of the 1940 investment of all firms together was made by US Steel?")
def _(t):
    d = t[t.year == 1940]
    return float(d[d.firm == "US Steel"].invest.sum() / d.invest.sum() * 100)


@ask("total invest by year")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("year").invest.sum().items()}


@ask("Median market value of Chrysler in the years 1940 to 1949, both ends included?")
def _(t):
    return float(t[(t.firm == "Chrysler") & t.year.between(1940, 1949)].value.median())


@ask("By what percent did the capital stock of General Motors grow between 1945 and 1954?")
def _(t):
    k = t[t.firm == "General Motors"].set_index("year").capital
    return float((k[1954] / k[1945] - 1) * 100)


@ask(
    "For every row take investment divided by market value. Averaging that ratio over the years for each firm, which firm "
    "comes out highest?"
)
def _(t):
    return str((t.invest / t.value).groupby(t.firm).mean().idxmax())


@ask("Did Goodyear invest more in total than Westinghouse did?")
def _(t):
    s = t.groupby("firm").invest.sum()
    return bool(s["Goodyear"] > s["Westinghouse"])


@ask("std deviation of yearly investment for IBM, Goodyear and Union Oil, each (sample sd)")
def _(t):
    return t[t.firm.isin(["IBM", "Goodyear", "Union Oil"])].groupby("firm").invest.std().to_dict()


@ask("What is the skewness of the natural log of investment, over all firm-years?")
def _(t):
    return float(np.log(t.invest).skew())


@ask(
    "Screen the capital variable for outliers over all 220 observations. Compute z-scores with the sample standard deviation "
    "and regard |z| > 3 as an outlier. State how many observations are outliers, how many different firms they belong to, and "
    "the mean capital once they are excluded (two decimals).",
    outputs={
        "n_outliers": "observations with |z| > 3 in capital",
        "n_firms": "distinct firms among the outliers",
        "mean_capital": "mean capital without the outliers, two decimals",
    },
    decimals=2,
)
def _(t):
    out = ((t.capital - t.capital.mean()) / t.capital.std()).abs() > 3
    return {
        "n_outliers": int(out.sum()),
        "n_firms": int(t[out].firm.nunique()),
        "mean_capital": round(float(t[~out].capital.mean()), 2),
    }


@ask(
    "Estimate the classical investment equation by pooled OLS: investment on market value and capital stock, with an intercept, "
    "over all 220 observations and no firm or year effects. Report the coefficient of value, the coefficient of capital and "
    "R squared (not adjusted), each rounded to four decimals.",
    outputs={
        "coef_value": "OLS coefficient of value, four decimals",
        "coef_capital": "OLS coefficient of capital, four decimals",
        "r_squared": "unadjusted R squared, four decimals",
    },
    decimals=4,
)
def _(t):
    fit = sm.OLS(t.invest, sm.add_constant(t[["value", "capital"]])).fit()
    return {
        "coef_value": round(float(fit.params["value"]), 4),
        "coef_capital": round(float(fit.params["capital"]), 4),
        "r_squared": round(float(fit.rsquared), 4),
    }


@ask(
    "Compare the investment of the years 1935-1939 with that of the years 1950-1954 (bounds included, all firms pooled, each "
    "firm-year one observation). Use a two-sided Welch t-test. Report the two means rounded to 4 decimals, the p-value rounded "
    "to 4 decimals, and the decision at alpha 0.05: 'significant' or 'not significant'.",
    outputs={
        "mean_early": "mean investment 1935-1939, four decimals",
        "mean_late": "mean investment 1950-1954, four decimals",
        "p_value": "two-sided Welch p-value, four decimals",
        "decision": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    early, late = t[t.year.between(1935, 1939)].invest, t[t.year.between(1950, 1954)].invest
    p = stats.ttest_ind(early, late, equal_var=False).pvalue
    return {
        "mean_early": round(float(early.mean()), 4),
        "mean_late": round(float(late.mean()), 4),
        "p_value": round(float(p), 4),
        "decision": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "IBM and Westinghouse report in the same years, so the observations can be paired by year. Do a two-sided paired t-test of "
    "IBM's investment against Westinghouse's. Report the mean difference (IBM minus Westinghouse), the t statistic and the "
    "p-value, all to three decimals, and 'reject' if p < 0.05 or 'fail to reject' otherwise.",
    outputs={
        "mean_difference": "mean of IBM minus Westinghouse investment, three decimals",
        "t_statistic": "paired t statistic, three decimals",
        "p_value": "two-sided p-value, three decimals",
        "decision": "'reject' or 'fail to reject'",
    },
    decimals=3,
)
def _(t):
    w = t.pivot(index="year", columns="firm", values="invest")
    r = stats.ttest_rel(w["IBM"], w["Westinghouse"])
    return {
        "mean_difference": round(float((w["IBM"] - w["Westinghouse"]).mean()), 3),
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "decision": "reject" if r.pvalue < 0.05 else "fail to reject",
    }


@ask(
    "Classify the firms by size: a firm is 'large' when its market value averaged over all years exceeds 500, otherwise it is "
    "'small'. Attach the label to every row of the firm. How many firms are large and how many small, and what is the mean "
    "investment over the rows of each class? Round the means to two decimals.",
    outputs={
        "n_large": "number of large firms",
        "n_small": "number of small firms",
        "mean_invest_large": "mean investment over rows of large firms, two decimals",
        "mean_invest_small": "mean investment over rows of small firms, two decimals",
    },
    decimals=2,
)
def _(t):
    size = t.groupby("firm").value.mean()
    large = t.firm.map(size) > 500
    return {
        "n_large": int((size > 500).sum()),
        "n_small": int((size <= 500).sum()),
        "mean_invest_large": round(float(t[large].invest.mean()), 2),
        "mean_invest_small": round(float(t[~large].invest.mean()), 2),
    }


@ask(
    "How fast did IBM grow? Compute the compound annual growth rate of its market value from 1935 to 1954, that is over 19 "
    "yearly steps, in percent. Then fit a straight line of its market value on the calendar year by least squares and give "
    "the slope. Both rounded to two decimals.",
    outputs={
        "cagr_percent": "compound annual growth rate of value in percent, two decimals",
        "slope": "least-squares change in value per year, two decimals",
    },
    decimals=2,
)
def _(t):
    v = t[t.firm == "IBM"].set_index("year").value
    return {
        "cagr_percent": round(float(((v[1954] / v[1935]) ** (1 / 19) - 1) * 100), 2),
        "slope": round(float(stats.linregress(v.index.to_numpy(), v.to_numpy()).slope), 2),
    }


@ask(
    "Within each firm, rescale investment to the range from 0 to 1 by min-max scaling over that firm's own years. Average the "
    "scaled investment over the firms for each year. Report the year with the highest average and that average, rounded to "
    "three decimals.",
    outputs={
        "year": "year with the highest average scaled investment",
        "mean_scaled": "that average, three decimals",
    },
    decimals=3,
)
def _(t):
    g = t.groupby("firm").invest
    scaled = (t.invest - g.transform("min")) / (g.transform("max") - g.transform("min"))
    mean = scaled.groupby(t.year).mean()
    return {"year": int(mean.idxmax()), "mean_scaled": round(float(mean.max()), 3)}


ask.unanswerable(
    "How much did Ford invest in 1940?",
    why="Ford is not among the firms in the table",
)
ask.unanswerable(
    "average profit margin by firm, 1935-1954",
    why="the table has investment, market value and capital but neither profit nor sales",
)
ask.unanswerable(
    "Which company had the highest market value in 1960?",
    why="the table ends in 1954",
)
ask.unanswerable(
    "What made General Motors raise its investment so sharply in 1953?",
    why="the table shows the rise but holds no reasons for it",
)
