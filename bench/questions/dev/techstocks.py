"""Questions about techstocks: weekly prices of six technology stocks, 2018-2019, each relative to its first week (= 1)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression

from bench.questions.bank import Bank

ask = Bank("techstocks")
TICKERS = ["GOOG", "AAPL", "AMZN", "FB", "NFLX", "MSFT"]


@ask("What was Netflix's average value in 2019?")
def _(t):
    return float(t[t.date.str.startswith("2019")].NFLX.mean())


@ask("highest AMZN ever got")
def _(t):
    return float(t.AMZN.max())


@ask("For how many weeks was the Facebook index (FB) under 1?")
def _(t):
    return int((t.FB < 1).sum())


@ask("Hello, I'm just learning this. How many weeks are there where Microsoft was higher than Amazon?")
def _(t):
    return int((t.MSFT > t.AMZN).sum())


@ask("Was Apple's median in 2019 higher than Google's median in that same year?")
def _(t):
    t = t[t.date.str.startswith("2019")]
    return bool(t.AAPL.median() > t.GOOG.median())


@ask("Give me mean GOOG per year.")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(pd.to_datetime(t.date).dt.year).GOOG.mean().items()}


@ask("For 2019 only, what was the maximum MSFT in each calendar month (1 to 12)?")
def _(t):
    d = pd.to_datetime(t.date)
    t = t[d.dt.year == 2019]
    return {int(k): float(v) for k, v in t.groupby(d.dt.month).MSFT.max().items()}


@ask("standard deviation of FB by year")
def _(t):
    return {int(k): float(v) for k, v in t.groupby(pd.to_datetime(t.date).dt.year).FB.std().items()}


@ask("when was Apple at its lowest? give me the date")
def _(t):
    return str(t.loc[t.AAPL.idxmin(), "date"])


@ask("Which ticker was the most volatile, i.e. has the largest standard deviation over the whole period?")
def _(t):
    return str(t[TICKERS].std().idxmax())


@ask("Dates of the five highest NFLX values, from highest down")
def _(t):
    return [str(d) for d in t.sort_values("NFLX", ascending=False).date.head(5)]


@ask("What percentage of the weeks in 2018 had Google above 1.05?")
def _(t):
    return float((t[t.date.str.startswith("2018")].GOOG > 1.05).mean() * 100)


@ask("How strongly do Apple and Microsoft correlate? Please use Spearman's rank correlation, 3 decimals", decimals=3)
def _(t):
    return round(float(t.AAPL.corr(t.MSFT, method="spearman")), 3)


@ask("Excess kurtosis of the AMZN column, please.")
def _(t):
    return float(t.AMZN.kurt())


@ask("By what percentage did Microsoft grow between the first week and the last week in the table?")
def _(t):
    t = t.sort_values("date")
    return float((t.MSFT.iloc[-1] / t.MSFT.iloc[0] - 1) * 100)


@ask(
    (
        "Compute the week-over-week percentage change of NFLX, with the rows ordered by date and the first week dropped because it "
        "has no predecessor. Report the mean weekly change and the sample standard deviation of the weekly changes, both in percent, "
        "and the date of the week with the largest drop. Round the numbers to two decimals."
    ),
    outputs={
        "mean_change": "mean weekly change in percent",
        "std_change": "sample standard deviation of the weekly changes in percent",
        "worst_date": "date of the week with the most negative change",
    },
    decimals=2,
)
def _(t):
    t = t.sort_values("date")
    change = t.NFLX.pct_change() * 100
    return {
        "mean_change": round(float(change.mean()), 2),
        "std_change": round(float(change.std()), 2),
        "worst_date": str(t.loc[change.idxmin(), "date"]),
    }


@ask(
    (
        "Test whether the mean of GOOG in 2018 differs from its mean in 2019. Use a two-sided Welch t-test (unequal variances), with "
        "the weeks of 2018 as the first group and the weeks of 2019 as the second. With alpha 0.05, report 'significant' if the "
        "p-value is below alpha and 'not significant' otherwise. Round the t statistic to two decimals."
    ),
    outputs={"t_statistic": "Welch t statistic, 2018 minus 2019", "label": "'significant' or 'not significant'"},
    decimals=2,
)
def _(t):
    year = t.date.str[:4]
    r = stats.ttest_ind(t[year == "2018"].GOOG, t[year == "2019"].GOOG, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    (
        "Check the FB column for normality with the Shapiro-Wilk test. If the p-value is less than 0.05 the label is 'not normal', "
        "otherwise it is 'normal'. Round the test statistic and the p-value to four decimals."
    ),
    outputs={"statistic": "Shapiro-Wilk W", "p_value": "p-value", "label": "'normal' or 'not normal'"},
    decimals=4,
)
def _(t):
    r = stats.shapiro(t.FB)
    return {
        "statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "not normal" if r.pvalue < 0.05 else "normal",
    }


@ask(
    (
        "Identify outliers in the AMZN column with the IQR rule: a value is an outlier if it lies below Q1 - 1.5 * IQR or above "
        "Q3 + 1.5 * IQR, with quartiles by linear interpolation. Count them, remove those rows, and then calculate the mean of AMZN "
        "on the rows that are left. Round the mean to three decimals."
    ),
    outputs={"n_outliers": "number of outliers in AMZN", "mean_amzn": "mean of AMZN without the outliers"},
    decimals=3,
)
def _(t):
    q1, q3 = t.AMZN.quantile([0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    inside = t.AMZN.between(low, high)
    return {"n_outliers": int((~inside).sum()), "mean_amzn": round(float(t[inside].AMZN.mean()), 3)}


@ask(
    (
        "Standardise AAPL and FB to z-scores, each with its own mean and sample standard deviation over all weeks. Label a week "
        "'apple ahead' if the z-score of AAPL is greater than the z-score of FB, and 'facebook ahead' otherwise. How many weeks "
        "carry each label?"
    ),
    outputs={"n_apple_ahead": "weeks labelled 'apple ahead'", "n_facebook_ahead": "weeks labelled 'facebook ahead'"},
)
def _(t):
    z = (t[["AAPL", "FB"]] - t[["AAPL", "FB"]].mean()) / t[["AAPL", "FB"]].std()
    ahead = z.AAPL > z.FB
    return {"n_apple_ahead": int(ahead.sum()), "n_facebook_ahead": int((~ahead).sum())}


@ask(
    (
        "Create a column ratio = NFLX / AMZN and a column log_ratio, its natural logarithm. Report the mean of log_ratio and the "
        "Pearson correlation between log_ratio and GOOG. Round both to three decimals."
    ),
    outputs={"mean_log_ratio": "mean of ln(NFLX / AMZN)", "correlation": "Pearson correlation of log_ratio with GOOG"},
    decimals=3,
)
def _(t):
    log_ratio = np.log(t.NFLX / t.AMZN)
    return {"mean_log_ratio": round(float(log_ratio.mean()), 3), "correlation": round(float(log_ratio.corr(t.GOOG)), 3)}


@ask(
    (
        "Fit an ordinary least squares linear regression with MSFT as the target and AAPL and GOOG as the two features, with an "
        "intercept, on all rows and with no train/test split. Report the R-squared on the same rows and the coefficient of AAPL. "
        "Round both to three decimals."
    ),
    outputs={"r_squared": "R-squared of the fit", "coef_aapl": "coefficient of AAPL"},
    decimals=3,
)
def _(t):
    x = t[["AAPL", "GOOG"]]
    model = LinearRegression().fit(x, t.MSFT)
    return {"r_squared": round(float(model.score(x, t.MSFT)), 3), "coef_aapl": round(float(model.coef_[0]), 3)}


ask.unanswerable("What was the average trading volume of AAPL in 2019?", why="the table has no trading volumes")
ask.unanswerable("Mean TSLA value per year", why="TSLA is not among the six stocks")
ask.unanswerable("why did FB fall so much in July 2018?", why="asks for a cause; the table only holds values")
ask.unanswerable("What was the highest GOOG in March 2020?", why="the table ends in December 2019")
