"""Questions about us_employment: monthly US jobs (thousands) by industry, 2006-2015, and the monthly nonfarm change."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("us_employment")


def year(t):
    return pd.to_datetime(t.month).dt.year


@ask("average construction employment in 2010")
def _(t):
    return float(t[year(t) == 2010].construction.mean())


@ask("In how many months did nonfarm employment shrink (a negative nonfarm change)?")
def _(t):
    return int((t.nonfarm_change < 0).sum())


@ask("What was the highest number that manufacturing ever reached?")
def _(t):
    return int(t.manufacturing.max())


@ask("Which month shows the worst nonfarm change? Give the date the way it is written in the table.")
def _(t):
    return t.loc[t.nonfarm_change.idxmin(), "month"]


@ask("mean gov jobs per year")
def _(t):
    return t.groupby(year(t)).government.mean().to_dict()


@ask("For each year, sum up the monthly nonfarm changes. I want to see every year's total.")
def _(t):
    return t.groupby(year(t)).nonfarm_change.sum().to_dict()


@ask("Lowest retail trade figure during 2009?")
def _(t):
    return float(t[year(t) == 2009].retail_trade.min())


@ask("hey, quick one: by what percent did leisure and hospitality grow between 2006-01-01 and 2015-12-01?")
def _(t):
    s = t.set_index("month").leisure_and_hospitality
    return float((s["2015-12-01"] / s["2006-01-01"] - 1) * 100)


@ask("How strongly are construction and manufacturing jobs correlated?")
def _(t):
    return float(t.construction.corr(t.manufacturing))


@ask("List the three years with the lowest average number of construction workers, lowest first.")
def _(t):
    return [int(y) for y in t.groupby(year(t)).construction.mean().nsmallest(3).index]


@ask("Government jobs as a percentage of total nonfarm employment in December 2015 (round to 1 decimal)", decimals=1)
def _(t):
    r = t[t.month == "2015-12-01"].iloc[0]
    return round(float(r.government / r.nonfarm * 100), 1)


@ask("Were there more people in the information sector in January 2006 than in December 2015?")
def _(t):
    s = t.set_index("month").information
    return bool(s["2006-01-01"] > s["2015-12-01"])


@ask("What is the 90th percentile of the monthly nonfarm change?")
def _(t):
    return float(t.nonfarm_change.quantile(0.9))


@ask(
    "Of the columns mining_and_logging, construction, utilities, information and other_services, which one varies the most "
    "over the ten years relative to its own level, measured by the standard deviation divided by the mean?"
)
def _(t):
    c = t[["mining_and_logging", "construction", "utilities", "information", "other_services"]]
    return (c.std() / c.mean()).idxmax()


@ask(
    "Label a year 'crisis' if it is 2008 or 2009 and 'other' if not. "
    "What is the average of nonfarm_change in the crisis months and in the other months?"
)
def _(t):
    g = np.where(year(t).isin([2008, 2009]), "crisis", "other")
    return t.groupby(g).nonfarm_change.mean().to_dict()


@ask(
    "Consider the ratio of durable goods jobs to nondurable goods jobs, computed month by month. Report the mean of this ratio "
    "over all months, its sample standard deviation and its smallest value. Do not aggregate by year first. "
    "Round to four decimal places.",
    outputs={
        "mean_ratio": "mean of durable / nondurable",
        "std_ratio": "sample standard deviation of the ratio",
        "min_ratio": "smallest monthly ratio",
    },
    decimals=4,
)
def _(t):
    r = t.durable_goods / t.nondurable_goods
    return {
        "mean_ratio": round(float(r.mean()), 4),
        "std_ratio": round(float(r.std()), 4),
        "min_ratio": round(float(r.min()), 4),
    }


@ask(
    "Find the outliers in nonfarm_change. Calculate z-scores using the sample standard deviation and treat |z| > 3 as an "
    "outlier. Report the number of outliers. Then drop them and give the mean and the median of nonfarm_change for the "
    "remaining months, both rounded to two decimals.",
    outputs={
        "n_outliers": "number of outlier months",
        "mean_clean": "mean without the outliers",
        "median_clean": "median without the outliers",
    },
    decimals=2,
)
def _(t):
    z = (t.nonfarm_change - t.nonfarm_change.mean()) / t.nonfarm_change.std()
    c = t[z.abs() <= 3].nonfarm_change
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_clean": round(float(c.mean()), 2),
        "median_clean": round(float(c.median()), 2),
    }


@ask(
    "Test whether the average monthly nonfarm_change in 2014 differs from that in 2012. Apply a two-sided two-sample t-test "
    "that does not assume equal variances (Welch). The twelve monthly values of each year are the samples. Use alpha = 0.05 "
    "and report 'significant' or 'not significant'. Round the p-value to four decimals and the means to four decimals as well.",
    outputs={
        "mean_2012": "mean nonfarm_change in 2012",
        "mean_2014": "mean nonfarm_change in 2014",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    a, b = t[year(t) == 2012].nonfarm_change, t[year(t) == 2014].nonfarm_change
    p = float(stats.ttest_ind(a, b, equal_var=False).pvalue)
    return {
        "mean_2012": round(float(a.mean()), 4),
        "mean_2014": round(float(b.mean()), 4),
        "p_value": round(p, 4),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Build a linear regression to predict private employment from manufacturing, construction and retail_trade. Use "
    "scikit-learn's LinearRegression with default parameters. Split the data with train_test_split, keeping 30% of the rows for "
    "testing and setting random_state to 0. Evaluate on the test rows with the mean absolute error, rounded to two decimals.",
    outputs={"mae": "mean absolute error on the test rows"},
    decimals=2,
)
def _(t):
    x = t[["manufacturing", "construction", "retail_trade"]]
    a, b, c, d = train_test_split(x, t.private, test_size=0.3, random_state=0)
    return {"mae": round(float(mean_absolute_error(d, LinearRegression().fit(a, c).predict(b))), 2)}


@ask(
    "Rescale mining_and_logging with min-max normalisation so that it lies between 0 and 1. Next assign each month a level: "
    "'low' if the scaled value is below 0.33, 'medium' if it is at least 0.33 but below 0.66, and 'high' if it is 0.66 or more. "
    "Count the months in each level and give the mean of the scaled column, rounded to three decimals.",
    outputs={
        "n_low": "months in the low level",
        "n_medium": "months in the medium level",
        "n_high": "months in the high level",
        "mean_scaled": "mean of the scaled column",
    },
    decimals=3,
)
def _(t):
    m = t.mining_and_logging
    s = (m - m.min()) / (m.max() - m.min())
    return {
        "n_low": int((s < 0.33).sum()),
        "n_medium": int(((s >= 0.33) & (s < 0.66)).sum()),
        "n_high": int((s >= 0.66).sum()),
        "mean_scaled": round(float(s.mean()), 3),
    }


@ask(
    "Calculate the Pearson correlation between the private column and the government column, and the two-sided p-value of that "
    "correlation. Use only the months from January 2010 to December 2015. If the p-value is below 0.05 and the coefficient is "
    "positive the label is 'positive'; if the p-value is below 0.05 and it is negative the label is 'negative'; otherwise the "
    "label is 'none'. Round the coefficient to 3 decimals.",
    outputs={"correlation": "Pearson r", "label": "'positive', 'negative' or 'none'"},
    decimals=3,
)
def _(t):
    s = t[year(t) >= 2010]
    r = stats.pearsonr(s.private, s.government)
    label = "none" if r.pvalue >= 0.05 else "positive" if r.statistic > 0 else "negative"
    return {"correlation": round(float(r.statistic), 3), "label": label}


@ask(
    "Describe the shape of the nonfarm_change distribution. Compute its skewness and excess kurtosis with the bias-corrected "
    "estimators that pandas uses. Call it 'left-skewed' if the skewness is below -0.5, 'right-skewed' if it is above 0.5 and "
    "'roughly symmetric' otherwise. Round the two numbers to two decimals.",
    outputs={
        "skewness": "bias-corrected skewness",
        "kurtosis": "bias-corrected excess kurtosis",
        "label": "'left-skewed', 'right-skewed' or 'roughly symmetric'",
    },
    decimals=2,
)
def _(t):
    k = float(t.nonfarm_change.skew())
    return {
        "skewness": round(k, 2),
        "kurtosis": round(float(t.nonfarm_change.kurt()), 2),
        "label": "left-skewed" if k < -0.5 else "right-skewed" if k > 0.5 else "roughly symmetric",
    }


ask.unanswerable("What was the unemployment rate in October 2009?", why="the table counts jobs; it has no unemployment rate")
ask.unanswerable("average hourly wage in manufacturing by year", why="the table has no wages")
ask.unanswerable("Which state lost the most construction jobs in 2009?", why="the table is national; it names no states")
ask.unanswerable("How many people worked in retail trade in June 2018?", why="the table ends in December 2015")
