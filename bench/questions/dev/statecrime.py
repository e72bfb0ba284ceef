"""Questions about statecrime: 50 US states and DC, crime rates and percentages of the population (2009)."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("statecrime")


@ask("What is the murder rate in Louisiana?")
def _(t):
    return float(t[t.state == "Louisiana"].murder.iloc[0])


@ask("number of rows with poverty over 17")
def _(t):
    return int((t.poverty > 17).sum())


@ask("What's the mean violent crime rate among the places that are more than 80 percent urban?")
def _(t):
    return float(t[t.urban > 80].violent.mean())


@ask("Top 3 states by share of high school graduates, best first")
def _(t):
    return t.nlargest(3, "hs_grad").state.tolist()


@ask("which state has the lowest murder rate?")
def _(t):
    return t.loc[t.murder.idxmin(), "state"]


@ask("Pearson correlation between poverty and murder, all rows included")
def _(t):
    return float(t.poverty.corr(t.murder))


@ask(
    "I'm writing a piece on the South: is the murder rate of Texas above the simple average "
    "over all the states listed (DC included)?"
)
def _(t):
    return bool(t[t.state == "Texas"].murder.iloc[0] > t.murder.mean())


@ask("How skewed are the violent crime rates? I want the skewness coefficient.")
def _(t):
    return float(t.violent.skew())


@ask("Divide murder by violent for every state. Where is this ratio the biggest?")
def _(t):
    return t.loc[(t.murder / t.violent).idxmax(), "state"]


@ask("What percentage of the rows have a high-school graduation figure of 90 or higher?")
def _(t):
    return float((t.hs_grad >= 90).mean() * 100)


@ask("District of Columbia's violent crime rate divided by Vermont's, please, to 2 decimals.", decimals=2)
def _(t):
    v = t.set_index("state").violent
    return round(float(v["District of Columbia"] / v["Vermont"]), 2)


@ask(
    "Group the states by how urban they are: 'low' is urban under 50, 'medium' is 50 up to but not including 75, "
    "'high' is 75 and over. Average violent crime rate in each group?"
)
def _(t):
    g = pd.cut(t.urban, [0, 50, 75, 101], right=False, labels=["low", "medium", "high"])
    return {str(k): float(v) for k, v in t.groupby(g, observed=True).violent.mean().items()}


@ask("median murder rate for states with poverty 'above' 15 and for the rest ('not above')")
def _(t):
    g = np.where(t.poverty > 15, "above", "not above")
    return t.groupby(g).murder.median().to_dict()


@ask(
    "Please to count how many states fall in each band of white population percentage: 'A' = less than 70, "
    "'B' = from 70 to less than 85, 'C' = 85 or more."
)
def _(t):
    g = pd.cut(t.white, [0, 70, 85, 101], right=False, labels=["A", "B", "C"])
    return {str(k): int(v) for k, v in g.value_counts().items()}


@ask("After min-max scaling poverty to the 0-1 range, what value does Texas get?")
def _(t):
    s = (t.poverty - t.poverty.min()) / (t.poverty.max() - t.poverty.min())
    return float(s[t.state == "Texas"].iloc[0])


@ask(
    "Detect outliers in the murder column by the z-score method. Compute the z-scores with the sample standard deviation and "
    "treat |z| > 3 as an outlier. Report how many outliers there are and the mean murder rate with and without them. "
    "Round the means to two decimals.",
    outputs={
        "n_outliers": "number of outliers",
        "mean_with": "mean murder rate of all rows",
        "mean_without": "mean murder rate once outliers are removed",
    },
    decimals=2,
)
def _(t):
    z = (t.murder - t.murder.mean()) / t.murder.std()
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_with": round(float(t.murder.mean()), 2),
        "mean_without": round(float(t[z.abs() <= 3].murder.mean()), 2),
    }


@ask(
    "One row dominates this table. Calculate the Pearson correlation of single with violent over all rows. "
    "Then drop the District of Columbia and calculate it again. Finally give the drop in the coefficient, that is the first "
    "minus the second, computed before rounding. Round all three to three decimals.",
    outputs={
        "corr_all": "correlation over all rows",
        "corr_without_dc": "correlation without the District of Columbia",
        "difference": "corr_all minus corr_without_dc",
    },
    decimals=3,
)
def _(t):
    a = t.single.corr(t.violent)
    s = t[t.state != "District of Columbia"]
    b = s.single.corr(s.violent)
    return {
        "corr_all": round(float(a), 3),
        "corr_without_dc": round(float(b), 3),
        "difference": round(float(a - b), 3),
    }


@ask(
    "Split the states into two groups by hs_grad: those above the median of hs_grad and those at or below it. Compare the mean "
    "violent crime rate of the two groups with Student's t-test assuming equal variances, two-sided. "
    "At alpha 0.05, report 'significant' or 'not significant', along with the p-value rounded to six decimals.",
    outputs={"p_value": "two-sided p-value", "label": "'significant' or 'not significant'"},
    decimals=6,
)
def _(t):
    high = t.hs_grad > t.hs_grad.median()
    p = float(stats.ttest_ind(t[high].violent, t[~high].violent, equal_var=True).pvalue)
    return {"p_value": round(p, 6), "label": "significant" if p < 0.05 else "not significant"}


@ask(
    "Run a Shapiro-Wilk test for normality on poverty. The null hypothesis is that the values are normally distributed. "
    "With alpha = 0.05, answer 'normal' if the null hypothesis is not rejected and 'not normal' if it is. "
    "Give the test statistic W too, to 3 decimals.",
    outputs={"w_statistic": "Shapiro-Wilk W", "label": "'normal' or 'not normal'"},
    decimals=3,
)
def _(t):
    r = stats.shapiro(t.poverty)
    return {
        "w_statistic": round(float(r.statistic), 3),
        "label": "normal" if r.pvalue >= 0.05 else "not normal",
    }


@ask(
    "Fit an ordinary least squares line with murder as the response and single as the only predictor, including an intercept. "
    "Use all 51 rows and no scaling. Report the slope, the intercept and R-squared, each rounded to three decimals.",
    outputs={"slope": "slope of single", "intercept": "intercept", "r_squared": "R-squared"},
    decimals=3,
)
def _(t):
    r = stats.linregress(t.single, t.murder)
    return {
        "slope": round(float(r.slope), 3),
        "intercept": round(float(r.intercept), 3),
        "r_squared": round(float(r.rvalue**2), 3),
    }


@ask(
    "Use the IQR rule on violent: anything beyond 1.5 times the interquartile range below the first or above the third quartile "
    "is an outlier, with linearly interpolated quartiles. Remove the outliers. On the remaining rows calculate the standard "
    "deviation (sample) and the excess kurtosis of violent. Use the bias-corrected kurtosis, as pandas does. Round both to two "
    "decimals.",
    outputs={
        "n_removed": "rows removed as outliers",
        "std_violent": "sample standard deviation of the rest",
        "kurtosis": "bias-corrected excess kurtosis of the rest",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.violent.quantile(0.25), t.violent.quantile(0.75)
    keep = t.violent.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    v = t[keep].violent
    return {
        "n_removed": int((~keep).sum()),
        "std_violent": round(float(v.std()), 2),
        "kurtosis": round(float(v.kurt()), 2),
    }


@ask(
    "Create the variable log_murder as the natural logarithm of murder. Calculate the Spearman rank correlation between poverty "
    "and murder, and the Pearson correlation between poverty and log_murder. Use every row. Round to two decimals.",
    outputs={
        "spearman": "Spearman correlation of poverty and murder",
        "pearson_log": "Pearson correlation of poverty and log_murder",
    },
    decimals=2,
)
def _(t):
    return {
        "spearman": round(float(t.poverty.corr(t.murder, method="spearman")), 2),
        "pearson_log": round(float(t.poverty.corr(np.log(t.murder))), 2),
    }


ask.unanswerable("What is the unemployment rate in the states with the highest poverty?", why="the table has no unemployment")
ask.unanswerable("What was the violent crime rate in Puerto Rico?", why="Puerto Rico is not in the table")
ask.unanswerable("By how much has the murder rate fallen in New York since 1990?", why="the table holds a single point in time")
ask.unanswerable("how many people live in urban areas in Ohio", why="only percentages are given, no population counts")
