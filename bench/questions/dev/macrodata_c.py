"""Long-form questions about macrodata: quarterly US macroeconomic series, 1959 Q1 to 2009 Q3."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from bench.questions.bank import Bank

ask = Bank("macrodata", part="c")


@ask(
    "Create a new feature called 'cons_share' by dividing realcons by realgdp and multiplying by 100. Calculate the mean of "
    "cons_share for the years 1960 to 1969 inclusive and for the years 2000 to 2009 inclusive (use whatever quarters the data has). "
    "Then calculate the Pearson correlation between cons_share and year over the whole dataset. Round all results to 2 decimal places.",
    outputs={
        "mean_1960s": "mean cons_share for 1960-1969",
        "mean_2000s": "mean cons_share for 2000-2009",
        "correlation": "Pearson correlation between cons_share and year",
    },
    decimals=2,
)
def _(t):
    s = t.realcons / t.realgdp * 100
    return {
        "mean_1960s": round(float(s[t.year.between(1960, 1969)].mean()), 2),
        "mean_2000s": round(float(s[t.year.between(2000, 2009)].mean()), 2),
        "correlation": round(float(s.corr(t.year)), 2),
    }


@ask(
    "Assess the normality of the inflation series (infl), using all 203 quarters. Apply the Shapiro-Wilk test and report the W "
    "statistic to four decimals; declare the series 'not normal' if the p-value is smaller than 0.05 and 'normal' otherwise. "
    "Supplement this with the adjusted sample skewness and adjusted excess kurtosis (the pandas definitions), also to four decimals.",
    outputs={
        "w_statistic": "Shapiro-Wilk W",
        "normality": "'normal' or 'not normal'",
        "skewness": "sample skewness of infl",
        "kurtosis": "excess kurtosis of infl",
    },
    decimals=4,
)
def _(t):
    w, p = stats.shapiro(t.infl)
    return {
        "w_statistic": round(float(w), 4),
        "normality": "not normal" if p < 0.05 else "normal",
        "skewness": round(float(t.infl.skew()), 4),
        "kurtosis": round(float(t.infl.kurt()), 4),
    }


@ask(
    "Morning - quick one for the investor deck. How much bigger, in percent, was real GDP in the second quarter of 2008 than in the "
    "second quarter of 1998? Same question for real investment, please. And over the year after that, from Q2 2008 to Q2 2009, what "
    "was the percentage change in each of the two? Minus sign if it fell. One decimal everywhere.",
    outputs={
        "gdp_10y_pct": "percent change of real GDP, 1998 Q2 to 2008 Q2",
        "inv_10y_pct": "percent change of real investment, 1998 Q2 to 2008 Q2",
        "gdp_1y_pct": "percent change of real GDP, 2008 Q2 to 2009 Q2",
        "inv_1y_pct": "percent change of real investment, 2008 Q2 to 2009 Q2",
    },
    decimals=1,
)
def _(t):
    d = t[t.quarter == 2].set_index("year")

    def change(c, a, b):
        return round(float((d.loc[b, c] / d.loc[a, c] - 1) * 100), 1)

    return {
        "gdp_10y_pct": change("realgdp", 1998, 2008),
        "inv_10y_pct": change("realinv", 1998, 2008),
        "gdp_1y_pct": change("realgdp", 2008, 2009),
        "inv_1y_pct": change("realinv", 2008, 2009),
    }


@ask(
    "Requirements: (1) input column is tbilrate; (2) compute Q1 and Q3 by linear interpolation, IQR = Q3 - Q1; (3) flag a row when its "
    "value is below Q1 - 1.5 x IQR or above Q3 + 1.5 x IQR; (4) return the flagged row count; (5) return the sample standard "
    "deviation of tbilrate over all rows; (6) return the sample standard deviation over the unflagged rows. Precision: 3 decimals "
    "for (5) and (6).",
    outputs={
        "n_flagged": "number of flagged rows",
        "std_all": "sample standard deviation, all rows",
        "std_unflagged": "sample standard deviation, unflagged rows",
    },
    decimals=3,
)
def _(t):
    x = t.tbilrate
    q1, q3 = x.quantile(0.25), x.quantile(0.75)
    bad = (x < q1 - 1.5 * (q3 - q1)) | (x > q3 + 1.5 * (q3 - q1))
    return {"n_flagged": int(bad.sum()), "std_all": round(float(x.std()), 3), "std_unflagged": round(float(x[~bad].std()), 3)}


@ask(
    "Exercise 5. Standardise unemp and infl to z-scores, each with its own mean and sample standard deviation over the full data. "
    "Define the discomfort score of a quarter as the average of its two z-scores. In which year and quarter was the discomfort "
    "score highest, what was it there, and in how many quarters does it exceed 1? Round the score to three decimals.",
    outputs={
        "peak_year": "year of the highest score",
        "peak_quarter": "quarter of the highest score",
        "peak_score": "the highest score",
        "n_above_1": "number of quarters with score above 1",
    },
    decimals=3,
)
def _(t):
    d = t[["unemp", "infl"]]
    s = ((d - d.mean()) / d.std()).mean(axis=1)
    i = s.idxmax()
    return {
        "peak_year": int(t.year[i]),
        "peak_quarter": int(t.quarter[i]),
        "peak_score": round(float(s.max()), 3),
        "n_above_1": int((s > 1).sum()),
    }


@ask(
    "Does the Phillips curve show up in the seventies and eighties? Keep only 1970 through 1989, both years included. Compute "
    "Pearson's r and Spearman's rho between unemployment (unemp) and inflation (infl), and the two-sided p-value of Pearson's r. "
    "Call the relationship 'none' if that p-value is 0.05 or more; otherwise 'negative' if r is below zero and 'positive' if above. "
    "Round the figures to three decimals.",
    outputs={
        "pearson_r": "Pearson correlation of unemp and infl",
        "p_value": "p-value of Pearson's r",
        "spearman_rho": "Spearman correlation of unemp and infl",
        "relationship": "'none', 'negative' or 'positive'",
    },
    decimals=3,
)
def _(t):
    d = t[t.year.between(1970, 1989)]
    r, p = stats.pearsonr(d.unemp, d.infl)
    return {
        "pearson_r": round(float(r), 3),
        "p_value": round(float(p), 3),
        "spearman_rho": round(float(stats.spearmanr(d.unemp, d.infl)[0]), 3),
        "relationship": "none" if p >= 0.05 else "negative" if r < 0 else "positive",
    }


@ask(
    "I want to know if unemployment was different in two periods: first period is from 1960 to 1979, second period is from 1990 to "
    "2008 (the border years are inside). Please use the Mann-Whitney U test, two-sided, with usual normal approximation and continuity "
    "correction. Give me the median of unemp for first and for second period, the p-value with 4 decimals, and write "
    "'different' if p-value is under 0.05, if not write 'same'.",
    outputs={
        "median_first": "median unemp 1960-1979",
        "median_second": "median unemp 1990-2008",
        "p_value": "Mann-Whitney p-value",
        "verdict": "'different' or 'same'",
    },
    decimals=4,
)
def _(t):
    a, b = t.unemp[t.year.between(1960, 1979)], t.unemp[t.year.between(1990, 2008)]
    p = stats.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic").pvalue
    return {
        "median_first": round(float(a.median()), 4),
        "median_second": round(float(b.median()), 4),
        "p_value": round(float(p), 4),
        "verdict": "different" if p < 0.05 else "same",
    }


@ask(
    "Job market labels from unemp: below 5 = tight; 5 up to but not including 7 = normal; 7 and over = slack - number of quarters that "
    "are slack - mean T-bill rate (tbilrate) for tight, for normal and for slack quarters - all years - means to 2 decimals",
    outputs={
        "n_slack": "number of slack quarters",
        "tbill_tight": "mean tbilrate in tight quarters",
        "tbill_normal": "mean tbilrate in normal quarters",
        "tbill_slack": "mean tbilrate in slack quarters",
    },
    decimals=2,
)
def _(t):
    c = pd.cut(t.unemp, [-np.inf, 5, 7, np.inf], right=False, labels=["tight", "normal", "slack"])
    g = t.tbilrate.groupby(c, observed=True).mean()
    return {
        "n_slack": int((c == "slack").sum()),
        "tbill_tight": round(float(g["tight"]), 2),
        "tbill_normal": round(float(g["normal"]), 2),
        "tbill_slack": round(float(g["slack"]), 2),
    }


@ask(
    "Estimate the income elasticity of consumption. Take natural logarithms of realcons and realdpi and regress log(realcons) on "
    "log(realdpi) by OLS with a constant, on all observations. Report the slope (the elasticity), the constant and R-squared, each to "
    "four decimals, and label the elasticity 'elastic' if the slope is greater than 1 or 'inelastic' if it is not.",
    outputs={
        "slope": "slope on log(realdpi)",
        "constant": "intercept",
        "r_squared": "R-squared",
        "elasticity": "'elastic' or 'inelastic'",
    },
    decimals=4,
)
def _(t):
    r = stats.linregress(np.log(t.realdpi), np.log(t.realcons))
    return {
        "slope": round(float(r.slope), 4),
        "constant": round(float(r.intercept), 4),
        "r_squared": round(float(r.rvalue**2), 4),
        "elasticity": "elastic" if r.slope > 1 else "inelastic",
    }


@ask(
    "Build a classifier that tells quarters of high unemployment from the rest. The target is 1 if unemp is strictly greater than 6 and "
    "0 otherwise; the features are tbilrate, infl and realint. Split with scikit-learn's train_test_split using test_size=0.3 and "
    "random_state=0, without stratification. Standardise the features with StandardScaler fitted on the training set only, then "
    "train LogisticRegression with default parameters. Report the accuracy on the test set rounded to 3 decimals, the number of "
    "rows in the test set and how many of them are predicted as 1.",
    outputs={
        "accuracy": "accuracy on the test set",
        "n_test": "rows in the test set",
        "n_predicted_high": "test rows predicted as 1",
    },
    decimals=3,
)
def _(t):
    y = (t.unemp > 6).astype(int)
    a, b, ya, yb = train_test_split(t[["tbilrate", "infl", "realint"]], y, test_size=0.3, random_state=0)
    s = StandardScaler().fit(a)
    p = LogisticRegression().fit(s.transform(a), ya).predict(s.transform(b))
    return {"accuracy": round(float((p == yb).mean()), 3), "n_test": len(yb), "n_predicted_high": int(p.sum())}


@ask(
    "The zero in realint for the first quarter of 1959 is only a filler, not a real observation, so remove that one row before "
    "anything else. Then describe the real interest rate (realint) over the remaining quarters: give its 10th and 90th percentiles "
    "(linear interpolation) and the percentage of quarters in which it was negative. Finally, label the series 'mostly positive' if "
    "fewer than 25 percent of the quarters are negative, else 'mixed'. Two decimals for all numbers.",
    outputs={
        "p10": "10th percentile of realint",
        "p90": "90th percentile of realint",
        "pct_negative": "percentage of quarters with negative realint, 0-100",
        "label": "'mostly positive' or 'mixed'",
    },
    decimals=2,
)
def _(t):
    x = t.realint[~((t.year == 1959) & (t.quarter == 1))]
    n = float((x < 0).mean() * 100)
    return {
        "p10": round(float(x.quantile(0.1)), 2),
        "p90": round(float(x.quantile(0.9)), 2),
        "pct_negative": round(n, 2),
        "label": "mostly positive" if n < 25 else "mixed",
    }


@ask(
    "Economists talk of a 'Great Moderation', and my readers deserve the numbers. Work out the growth of real GDP in each quarter as "
    "the percent change from the quarter before (the very first quarter has none, so leave it out). Then set the quarters up to and "
    "including 1983 against those from 1984 on. How large was the sample standard deviation of growth in each era? And was average "
    "growth any different: run a Student's t-test with equal variances, two-sided, and tell me the p-value, with 'slower' "
    "if the later average is lower and p is below 0.05, 'faster' if it is higher and p is below 0.05, and 'no clear change' otherwise. "
    "Three decimals, please.",
    outputs={
        "std_early": "standard deviation of growth through 1983",
        "std_late": "standard deviation of growth from 1984",
        "p_value": "p-value of the t-test",
        "finding": "'slower', 'faster' or 'no clear change'",
    },
    decimals=3,
)
def _(t):
    d = t.sort_values(["year", "quarter"])
    g = d.realgdp.pct_change() * 100
    a, b = g[d.year <= 1983].dropna(), g[d.year >= 1984]
    p = stats.ttest_ind(a, b, equal_var=True).pvalue
    clear = "slower" if b.mean() < a.mean() else "faster"
    return {
        "std_early": round(float(a.std()), 3),
        "std_late": round(float(b.std()), 3),
        "p_value": round(float(p), 3),
        "finding": clear if p < 0.05 else "no clear change",
    }
