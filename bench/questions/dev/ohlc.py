"""Questions about ohlc: 44 trading days of June and July 2009 with open, high, low, close, a signal and its return (ret)."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("ohlc")


@ask("highest close in July")
def _(t):
    return float(t[pd.to_datetime(t.date).dt.month == 7].close.max())


@ask("How many trading days carried a short signal?")
def _(t):
    return int((t.signal == "short").sum())


@ask("hi there, on how many days did the price finish above where it opened?")
def _(t):
    return int((t.close > t.open).sum())


@ask("What was the average opening price on the days with a long signal?")
def _(t):
    return float(t[t.signal == "long"].open.mean())


@ask(
    "Some days have a ret of exactly 0; leave those out first. Then turn ret into z-scores with the mean and the sample standard "
    "deviation of the remaining days. Report how many days remain, their mean ret, and the largest z-score. "
    "Round to three decimals.",
    outputs={
        "n_days": "number of days left after dropping ret = 0",
        "mean_ret": "mean ret of the remaining days",
        "max_z": "largest z-score of ret among the remaining days",
    },
    decimals=3,
)
def _(t):
    r = t[t.ret != 0].ret
    return {
        "n_days": len(r),
        "mean_ret": round(float(r.mean()), 3),
        "max_z": round(float(((r - r.mean()) / r.std()).max()), 3),
    }


@ask("mean closing price by signal")
def _(t):
    return {k: float(v) for k, v in t.groupby("signal").close.mean().items()}


@ask("For every signal I would like to know the worst return it ever had (the minimum of ret).")
def _(t):
    return {k: float(v) for k, v in t.groupby("signal").ret.min().items()}


@ask("Which date had the widest spread between high and low?")
def _(t):
    return str(t.date[(t.high - t.low).idxmax()])


@ask("Top five dates by ret, best first.")
def _(t):
    return [str(d) for d in t.sort_values("ret", ascending=False).date.head(5)]


@ask(
    "Compare each day's close with the close of the trading day before it. On which date was the fall in percent "
    "the largest?"
)
def _(t):
    return str(t.date[t.close.pct_change().idxmin()])


@ask("What percentage of the days with a short signal had a positive ret?")
def _(t):
    return float((t[t.signal == "short"].ret > 0).mean() * 100)


@ask("By what percent did the closing price change from the first day in the table to the last one? Negative if it fell.")
def _(t):
    c = t.sort_values("date").close
    return float((c.iloc[-1] / c.iloc[0] - 1) * 100)


@ask("Correlation between the daily high and the daily low (Pearson), please")
def _(t):
    return float(t.high.corr(t.low))


@ask(
    "Typical price = (high + low + close) / 3. Compute it per day and tell me whether its mean was higher in June than in July. "
    "A yes or no is enough."
)
def _(t):
    typical = (t.high + t.low + t.close) / 3
    m = typical.groupby(pd.to_datetime(t.date).dt.month).mean()
    return bool(m[6] > m[7])


@ask(
    "Define the daily range as high minus low. Find the outliers in the daily range with the IQR rule: anything below Q1 - 1.5 * IQR "
    "or above Q3 + 1.5 * IQR, with quartiles by linear interpolation. Report the number of outliers, then "
    "remove those days and report the mean daily range of the days that are left, rounded to three decimals.",
    outputs={
        "n_outliers": "number of days whose range is an outlier",
        "mean_range": "mean daily range without the outliers",
    },
    decimals=3,
)
def _(t):
    r = t.high - t.low
    q1, q3 = r.quantile(0.25), r.quantile(0.75)
    out = (r < q1 - 1.5 * (q3 - q1)) | (r > q3 + 1.5 * (q3 - q1))
    return {"n_outliers": int(out.sum()), "mean_range": round(float(r[~out].mean()), 3)}


@ask(
    "Do long and short days differ in their return? Compare the column ret between rows with signal 'long' and rows with signal "
    "'short' with a two-sided t-test that does not assume equal variances (Welch). Take long as the first sample, ignore the "
    "neutral day, and use alpha = 0.05. Answer 'significant' or 'not significant', and round the statistic and "
    "the p-value to four decimals.",
    outputs={
        "t_statistic": "Welch t statistic, long minus short",
        "p_value": "two-sided p-value",
        "label": "'significant' if p_value < 0.05, otherwise 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.signal == "long"].ret, t[t.signal == "short"].ret, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Check the shape of ret. Give its skewness and its excess kurtosis, both with the bias correction pandas applies, and run a "
    "Shapiro-Wilk test of normality. If the p-value is below 0.05 report 'not normal', otherwise 'normal'. "
    "Skewness and kurtosis to three decimals.",
    outputs={
        "skewness": "bias-corrected skewness of ret",
        "kurtosis": "bias-corrected excess kurtosis of ret",
        "label": "'normal' or 'not normal'",
    },
    decimals=3,
)
def _(t):
    return {
        "skewness": round(float(t.ret.skew()), 3),
        "kurtosis": round(float(t.ret.kurt()), 3),
        "label": "not normal" if stats.shapiro(t.ret).pvalue < 0.05 else "normal",
    }


@ask(
    "Sort the rows by date. Compute the daily log return of the close, i.e. the natural log of close divided by the previous day's close; "
    "the first day has none and is dropped. Report the mean and the sample standard deviation (n - 1) of the log returns, "
    "rounded to 5 decimals, and the number of days on which the log return is negative.",
    outputs={
        "mean_log_return": "mean of the daily log returns",
        "std_log_return": "sample standard deviation of the daily log returns",
        "n_negative": "number of days with a negative log return",
    },
    decimals=5,
)
def _(t):
    c = t.sort_values("date").close
    r = np.log(c / c.shift()).dropna()
    return {
        "mean_log_return": round(float(r.mean()), 5),
        "std_log_return": round(float(r.std()), 5),
        "n_negative": int((r < 0).sum()),
    }


@ask(
    "Label every day by how it traded: 'calm' if (high - low) / open is less than 5%, 'normal' from 5% up to but not including "
    "8%, and 'wild' at 8% or more. Count the days with each label.",
    outputs={
        "calm": "number of calm days",
        "normal": "number of normal days",
        "wild": "number of wild days",
    },
)
def _(t):
    r = (t.high - t.low) / t.open
    return {"calm": int((r < 0.05).sum()), "normal": int(((r >= 0.05) & (r < 0.08)).sum()), "wild": int((r >= 0.08).sum())}


@ask(
    "Is there a linear trend in the closing price? Number the trading days 0, 1, 2, ... in date order and fit an ordinary least "
    "squares line of close on that number, with an intercept. Report the slope (price change per trading day) and R squared, "
    "both rounded to four decimals. If the two-sided p-value of the slope is at or above 0.05 label the trend 'no trend'; "
    "otherwise label it 'rising' or 'falling' by the sign of the slope.",
    outputs={
        "slope": "OLS slope of close per trading day",
        "r_squared": "coefficient of determination of the line",
        "trend": "'rising', 'falling' or 'no trend'",
    },
    decimals=4,
)
def _(t):
    r = stats.linregress(np.arange(len(t)), t.sort_values("date").close)
    return {
        "slope": round(float(r.slope), 4),
        "r_squared": round(float(r.rvalue**2), 4),
        "trend": "no trend" if r.pvalue >= 0.05 else "rising" if r.slope > 0 else "falling",
    }


ask.unanswerable(
    "On which day was the trading volume the highest?",
    why="the table has prices, a signal and a return but no volume",
)
ask.unanswerable(
    "average close in August 2009",
    why="the table covers only June and July 2009",
)
ask.unanswerable(
    "Why did the close drop so sharply on 13 July 2009?",
    why="the table shows the drop but nothing about its cause",
)
ask.unanswerable(
    "What is the mean ret after commission for the days with a long signal?",
    why="commissions or other trading costs are not in the table",
)
