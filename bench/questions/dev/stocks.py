"""Questions about stocks: monthly prices of five technology stocks, January 2000 to March 2010 (one row per stock and month)."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("stocks")


def dated(t, symbol=None):
    """The rows (of one stock), in time order, with a real date beside the written one."""
    t = t.assign(day=pd.to_datetime(t.date, format="%b %d %Y"))
    t = t if symbol is None else t[t.symbol == symbol]
    return t.sort_values("day", kind="stable").reset_index(drop=True)


def wide(t):
    return dated(t).pivot(index="day", columns="symbol", values="price")


# --- short ones


@ask("avg price IBM")
def _(t):
    return float(t[t.symbol == "IBM"].price.mean())


@ask("Hi! I'm new here, could you tell me how many monthly prices we hold for GOOG?")
def _(t):
    return int((t.symbol == "GOOG").sum())


@ask("What's the highest price AAPL ever reached in this data?")
def _(t):
    return float(t[t.symbol == "AAPL"].price.max())


@ask("What did a share of AMZN cost on Jan 1 2005?")
def _(t):
    return float(t[(t.symbol == "AMZN") & (t.date == "Jan 1 2005")].price.iloc[0])


@ask("Count the rows with a price above 100, but leave GOOG out of it.")
def _(t):
    return int(((t.price > 100) & (t.symbol != "GOOG")).sum())


@ask("median price for each ticker")
def _(t):
    return {k: float(v) for k, v in t.groupby("symbol").price.median().items()}


@ask("I need the mean price per symbol, only for the year 2008.")
def _(t):
    d = dated(t)
    return {k: float(v) for k, v in d[d.day.dt.year == 2008].groupby("symbol").price.mean().items()}


@ask("Show Microsoft's (MSFT) average price year by year.")
def _(t):
    d = dated(t, "MSFT")
    return {int(k): float(v) for k, v in d.groupby(d.day.dt.year).price.mean().items()}


@ask("Which stock swings the most, I mean has the largest standard deviation of price?")
def _(t):
    return str(t.groupby("symbol").price.std().idxmax())


@ask("Top 3 stocks by average price, from highest to lowest")
def _(t):
    return [str(s) for s in t.groupby("symbol").price.mean().sort_values(ascending=False).index[:3]]


@ask("In what year did AMZN have its lowest average price?")
def _(t):
    d = dated(t, "AMZN")
    return int(d.groupby(d.day.dt.year).price.mean().idxmin())


@ask("what percentage of the IBM prices are over 90 dollars?")
def _(t):
    return float((t[t.symbol == "IBM"].price > 90).mean() * 100)


@ask("Ratio please, 2 decimals: mean price of GOOG divided by the mean price of AAPL.", decimals=2)
def _(t):
    m = t.groupby("symbol").price.mean()
    return round(float(m["GOOG"] / m["AAPL"]), 2)


@ask("How skewed is the distribution of Amazon's (AMZN) prices? Give me the skewness.")
def _(t):
    return float(t[t.symbol == "AMZN"].price.skew())


@ask("By how many percent did the price of MSFT change from Jan 1 2000 to Mar 1 2010? A fall should come out negative.")
def _(t):
    p = t[t.symbol == "MSFT"].set_index("date").price
    return float((p["Mar 1 2010"] / p["Jan 1 2000"] - 1) * 100)


# --- long ones, with stated constraints


@ask(
    "Measure how closely AAPL and IBM move together. Line the two stocks up by date, so that each month gives one pair of "
    "prices, and calculate the Pearson correlation of the paired prices. Call the "
    "relationship 'strong' if the absolute correlation is at least 0.7, 'moderate' if it is at least 0.4 but below 0.7, and "
    "'weak' otherwise. Round the correlation to two decimals.",
    outputs={"correlation": "Pearson correlation, two decimals", "label": "'strong', 'moderate' or 'weak'"},
    decimals=2,
)
def _(t):
    w = wide(t)[["AAPL", "IBM"]].dropna()
    r = float(stats.pearsonr(w.AAPL, w.IBM)[0])
    return {"correlation": round(r, 2), "label": "strong" if abs(r) >= 0.7 else "moderate" if abs(r) >= 0.4 else "weak"}


@ask(
    "Test whether IBM traded at a different average price before 2005 and from 2005 on. Split IBM's rows into those dated up "
    "to the end of 2004 and those dated 1 January 2005 or later, and run a two-sided Welch t-test (unequal variances) on "
    "the prices of the two periods. Use alpha = 0.05: report 'significant' if p < 0.05 and 'not significant' otherwise. "
    "Give the absolute value of the t statistic and round numbers to four decimals.",
    outputs={
        "t_statistic": "absolute t statistic, four decimals",
        "p_value": "two-sided p-value, four decimals",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    d = dated(t, "IBM")
    r = stats.ttest_ind(d[d.day < "2005-01-01"].price, d[d.day >= "2005-01-01"].price, equal_var=False)
    return {
        "t_statistic": round(abs(float(r.statistic)), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Look for outliers in the price column over all stocks together, using the IQR rule. Take the first and third quartile "
    "with linear interpolation; a price is an outlier when it lies more than 1.5 times the interquartile range below "
    "the first quartile or above the third. Report how many outliers there are, and the highest price and the mean price "
    "among the rows that are left once the outliers have been removed. Round to two decimals.",
    outputs={
        "n_outliers": "number of outlying rows",
        "max_without": "highest price without the outliers, two decimals",
        "mean_without": "mean price without the outliers, two decimals",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.price.quantile(0.25), t.price.quantile(0.75)
    lo, hi = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    out = (t.price < lo) | (t.price > hi)
    return {
        "n_outliers": int(out.sum()),
        "max_without": round(float(t[~out].price.max()), 2),
        "mean_without": round(float(t[~out].price.mean()), 2),
    }


@ask(
    "Work on AAPL only, in date order. For every month after the first, compute the monthly return: the price divided by "
    "the previous month's price, minus one. Report the mean monthly return and its sample standard deviation, both as a "
    "percentage rounded to two decimals, and the date of the month with the best return, written as in the table.",
    outputs={
        "mean_return": "mean monthly return in percent, two decimals",
        "std_return": "sample standard deviation of the monthly return in percent, two decimals",
        "best_month": "date of the best monthly return, as written in the table",
    },
    decimals=2,
)
def _(t):
    d = dated(t, "AAPL")
    r = d.price.pct_change()
    return {
        "mean_return": round(float(r.mean() * 100), 2),
        "std_return": round(float(r.std() * 100), 2),
        "best_month": str(d.date[r.idxmax()]),
    }


@ask(
    "This is for my homework about transformations. Take the natural logarithm of every AAPL price. Calculate the mean and "
    "the sample standard deviation of these logarithms. Also calculate the skewness of the AAPL prices before and after "
    "taking the logarithm (bias-corrected skewness, as pandas does). Round all four results to three decimals.",
    outputs={
        "mean_log": "mean of the log price, three decimals",
        "std_log": "sample standard deviation of the log price, three decimals",
        "skew_raw": "skewness of the price, three decimals",
        "skew_log": "skewness of the log price, three decimals",
    },
    decimals=3,
)
def _(t):
    p = t[t.symbol == "AAPL"].price
    g = np.log(p)
    return {
        "mean_log": round(float(g.mean()), 3),
        "std_log": round(float(g.std()), 3),
        "skew_raw": round(float(p.skew()), 3),
        "skew_log": round(float(g.skew()), 3),
    }


@ask(
    "Fit a straight-line trend to the GOOG price. Sort the GOOG rows by date and number the months 0, 1, 2 and so on; "
    "then regress the price on that month number by ordinary least squares with an intercept. Give the slope (dollars per "
    "month) and the R-squared, both to three decimals, and say 'upward' if the slope is positive and 'downward' if not.",
    outputs={
        "slope": "slope in dollars per month, three decimals",
        "r_squared": "coefficient of determination, three decimals",
        "direction": "'upward' or 'downward'",
    },
    decimals=3,
)
def _(t):
    p = dated(t, "GOOG").price
    f = stats.linregress(np.arange(len(p)), p)
    return {
        "slope": round(float(f.slope), 3),
        "r_squared": round(float(f.rvalue**2), 3),
        "direction": "upward" if f.slope > 0 else "downward",
    }


@ask(
    "Put every row into a price band: 'low' for a price below 30, 'mid' for 30 up to but not including 100, and 'high' for "
    "100 and more. Count the rows in each band over the whole table. Then name the stock that has the most rows in the "
    "'low' band.",
    outputs={
        "n_low": "rows in the low band",
        "n_mid": "rows in the mid band",
        "n_high": "rows in the high band",
        "lowest_stock": "symbol with the most rows in the low band",
    },
)
def _(t):
    low = t[t.price < 30]
    return {
        "n_low": len(low),
        "n_mid": int(((t.price >= 30) & (t.price < 100)).sum()),
        "n_high": int((t.price >= 100).sum()),
        "lowest_stock": str(low.symbol.value_counts().idxmax()),
    }


# --- not in the table

ask.unanswerable("What was the average daily trading volume of AAPL in 2007?", why="the table has prices only, no volumes")
ask.unanswerable("avg price of ORCL in 2005", why="ORCL is not among the five symbols")
ask.unanswerable("Why did the price of AMZN fall so sharply during 2001?", why="asks for a cause; the table has prices only")
ask.unanswerable("What was IBM's closing price in June 2012?", why="the data stop at March 2010")
