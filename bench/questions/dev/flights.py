"""Questions about flights: a sample of flights that left the three New York airports in 2013, with delays."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("flights")


@ask("avg arrival delay for JetBlue code B6")
def _(t):
    return float(t[t.carrier == "B6"].arr_delay.mean())


@ask("How many flights went from JFK to LAX?")
def _(t):
    return int(((t.origin == "JFK") & (t.dest == "LAX")).sum())


@ask("hi! could you tell me how many of the flights have no departure time recorded? i guess those are the cancelled ones")
def _(t):
    return int(t.dep_time.isna().sum())


@ask("What was the longest departure delay, in minutes, among planes leaving LGA?")
def _(t):
    return float(t[t.origin == "LGA"].dep_delay.max())


@ask("How many different destinations can you fly to from EWR?")
def _(t):
    return int(t[t.origin == "EWR"].dest.nunique())


@ask("Break down the number of flights by origin airport.")
def _(t):
    return {k: int(v) for k, v in t.origin.value_counts().items()}


@ask("median dep delay per month pls, only for flights from JFK")
def _(t):
    return {int(k): float(v) for k, v in t[t.origin == "JFK"].groupby("month").dep_delay.median().items()}


@ask("For each airline, what is the average distance flown? Only airlines with more than 300 flights please.")
def _(t):
    g = t.groupby("carrier").distance.agg(["mean", "size"])
    return {k: float(v) for k, v in g[g["size"] > 300]["mean"].items()}


@ask("Which carrier has the worst average arrival delay, looking only at carriers with at least 100 flights in the table?")
def _(t):
    g = t.groupby("carrier").arr_delay.mean()[t.carrier.value_counts() >= 100]
    return str(g.idxmax())


@ask("List the 5 most popular destinations by number of flights, busiest first.")
def _(t):
    return t.dest.value_counts().head(5).index.tolist()


@ask("in which month did planes leave with the least delay on average? give the month number")
def _(t):
    return int(t.groupby("month").dep_delay.mean().idxmin())


@ask("What percentage of the flights with a known arrival delay arrived more than 15 minutes late?")
def _(t):
    return float((t.arr_delay.dropna() > 15).mean() * 100)


@ask("I write about Newark airport. Of all the flights out of EWR, what percent were operated by UA?")
def _(t):
    return float((t[t.origin == "EWR"].carrier == "UA").mean() * 100)


@ask("Pearson's r between departure delay and arrival delay, please")
def _(t):
    return float(t.dep_delay.corr(t.arr_delay))


@ask("skewness of the departure delays in the summer (June, July and August)")
def _(t):
    return float(t[t.month.isin([6, 7, 8])].dep_delay.skew())


@ask(
    "Calculate the average speed of each flight in miles per hour, as the distance (in miles) divided by the air time "
    "(in minutes) times 60. Leave out the flights whose air time is missing. Then compute the mean and the sample standard "
    "deviation of the speed, and name the carrier whose flights have the highest mean speed. Round numbers to two decimals.",
    outputs={
        "mean_speed": "mean speed in miles per hour",
        "std_speed": "sample standard deviation of the speed",
        "fastest_carrier": "code of the carrier with the highest mean speed",
    },
    decimals=2,
)
def _(t):
    t = t.dropna(subset=["air_time"])
    t["speed"] = t.distance / t.air_time * 60
    return {
        "mean_speed": round(float(t.speed.mean()), 2),
        "std_speed": round(float(t.speed.std()), 2),
        "fastest_carrier": str(t.groupby("carrier").speed.mean().idxmax()),
    }


@ask(
    "Compare the departure delays of flights from JFK with those of flights from LGA. Drop the rows where the departure delay "
    "is missing and run a two-sided Welch t-test (unequal variances). Use a significance level of 0.05: report 'significant' "
    "if the p-value is below it and 'not significant' otherwise. Round the t statistic (JFK minus LGA) and the p-value to "
    "four decimals.",
    outputs={
        "t_statistic": "Welch t statistic, JFK minus LGA",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(
        t[t.origin == "JFK"].dep_delay.dropna(), t[t.origin == "LGA"].dep_delay.dropna(), equal_var=False
    )
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Find outliers in arrival delay with the IQR rule. Ignore missing arrival delays, take the quartiles by linear "
    "interpolation, and count as an outlier anything below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Report the number of outliers, "
    "the upper fence, and the mean arrival delay once the outliers are removed. Round to two decimals.",
    outputs={
        "n_outliers": "number of outliers in arrival delay",
        "upper_fence": "Q3 + 1.5*IQR",
        "mean_without_outliers": "mean arrival delay after removing the outliers",
    },
    decimals=2,
)
def _(t):
    x = t.arr_delay.dropna()
    q1, q3 = x.quantile(0.25), x.quantile(0.75)
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    inside = x[(x >= low) & (x <= high)]
    return {
        "n_outliers": int(len(x) - len(inside)),
        "upper_fence": round(float(high), 2),
        "mean_without_outliers": round(float(inside.mean()), 2),
    }


@ask(
    "Fill the missing values of air_time with the median air_time of the whole column. After that, scale air_time to the "
    "range 0 to 1 with min-max normalisation. Report the mean of the scaled column and how many values were filled in. Round "
    "the mean to 4 decimals.",
    outputs={"mean_scaled": "mean of the scaled air time", "n_filled": "number of missing values that were filled"},
    decimals=4,
)
def _(t):
    x = t.air_time.fillna(t.air_time.median())
    x = (x - x.min()) / (x.max() - x.min())
    return {"mean_scaled": round(float(x.mean()), 4), "n_filled": int(t.air_time.isna().sum())}


@ask(
    "Put every flight into a distance band: 'short' when the distance is under 500 miles, 'medium' from 500 up to but not "
    "including 1500, and 'long' for 1500 and more. Ignoring flights without an arrival delay, compute the mean arrival delay "
    "in each band, rounded to three decimals.",
    outputs={
        "short": "mean arrival delay of short flights",
        "medium": "mean arrival delay of medium flights",
        "long": "mean arrival delay of long flights",
    },
    decimals=3,
)
def _(t):
    band = pd.Series(np.where(t.distance < 500, "short", np.where(t.distance < 1500, "medium", "long")), index=t.index)
    return {k: round(float(v), 3) for k, v in t.arr_delay.groupby(band).mean().items()}


@ask(
    "Define the time made up in the air as the departure delay minus the arrival delay, for flights where both are known. Look "
    "only at flights that left more than 30 minutes late. What is the mean time made up, and what percentage of these flights "
    "made up some time (a value above zero)? Round both to 2 decimals.",
    outputs={
        "mean_made_up": "mean of departure delay minus arrival delay, in minutes",
        "percent_made_up": "percentage (0-100) of these flights with a value above zero",
    },
    decimals=2,
)
def _(t):
    t = t.dropna(subset=["dep_delay", "arr_delay"])
    t = t[t.dep_delay > 30]
    gain = t.dep_delay - t.arr_delay
    return {"mean_made_up": round(float(gain.mean()), 2), "percent_made_up": round(float((gain > 0).mean() * 100), 2)}


@ask(
    "Look at how the monthly traffic moved during 2013. Count the flights in each month, then compute the percentage change of "
    "each month's count from the month before it (January has none). Report the change in March, and the number of the month "
    "with the largest drop. Round the percentage to one decimal.",
    outputs={
        "march_change": "percentage change of the number of flights from February to March",
        "largest_drop_month": "number of the month with the most negative change",
    },
    decimals=1,
)
def _(t):
    change = t.month.value_counts().sort_index().pct_change() * 100
    return {"march_change": round(float(change[3]), 1), "largest_drop_month": int(change.idxmin())}


ask.unanswerable(
    "What was the average ticket price per carrier on the flights to LAX?", why="the table has no ticket prices"
)
ask.unanswerable(
    "How many flights from JFK were delayed in December 2014?", why="the table covers 2013 only"
)
ask.unanswerable(
    "how many passengers flew from EWR to ORD in July", why="the table has flights but no passenger counts"
)
ask.unanswerable(
    "Which share of the departure delays at LGA was caused by bad weather?", why="the table has no delay causes and no weather"
)
