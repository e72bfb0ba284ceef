"""Questions about wind: how frequent each strength band of wind is from each of 16 compass directions."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("wind")


@ask("whats the total frequency of winds from the WNW")
def _(t):
    return float(t[t.direction == "WNW"].frequency.sum())


@ask("How frequent is wind of strength 2-3 from the SW?")
def _(t):
    return float(t[(t.direction == "SW") & (t.strength == "2-3")].frequency.item())


@ask("average frequency in the 6+ strength class")
def _(t):
    return float(t[t.strength == "6+"].frequency.mean())


@ask("In how many rows is the frequency under 0.2?")
def _(t):
    return int((t.frequency < 0.2).sum())


@ask("How many different wind directions are in here?")
def _(t):
    return int(t.direction.nunique())


@ask("Sum of frequency per strength band")
def _(t):
    return t.groupby("strength").frequency.sum().to_dict()


@ask("I am student and I need the mean frequency for every direction, please.")
def _(t):
    return t.groupby("direction").frequency.mean().to_dict()


@ask("max frequency by strength")
def _(t):
    return t.groupby("strength").frequency.max().to_dict()


@ask("Which direction does the wind blow from most often, adding up all strengths?")
def _(t):
    return t.groupby("direction").frequency.sum().idxmax()


@ask("Name the top 5 directions by total frequency, biggest first")
def _(t):
    return t.groupby("direction").frequency.sum().nlargest(5).index.tolist()


@ask("Which strength band has the lowest total frequency?")
def _(t):
    return t.groupby("strength").frequency.sum().idxmin()


@ask("For the strongest winds (6+), which direction is the most frequent?")
def _(t):
    s = t[t.strength == "6+"]
    return s.loc[s.frequency.idxmax(), "direction"]


@ask("What percentage of the total frequency comes from winds of strength 1-2?")
def _(t):
    return float(t[t.strength == "1-2"].frequency.sum() / t.frequency.sum() * 100)


@ask("Ratio of the total frequency of west winds (W) to the total frequency of east winds (E)? Just those two directions.")
def _(t):
    s = t.groupby("direction").frequency.sum()
    return float(s["W"] / s["E"])


@ask("Skewness of the frequency column (sample, bias-corrected)? Two decimals please", decimals=2)
def _(t):
    return float(round(t.frequency.skew(), 2))


@ask(
    (
        "Look only at the 6+ strength band. Find the outliers in its frequency with the IQR rule: a value is an outlier if it lies more than 1.5 times the interquartile "
        "range below the first quartile or above the third quartile. Use linearly interpolated quartiles. "
        "Report the number of outliers and the upper bound. Round the bound to three decimals."
    ),
    outputs={"n_outliers": "number of outliers in the 6+ band", "upper_bound": "third quartile plus 1.5 IQR"},
    decimals=3,
)
def _(t):
    f = t[t.strength == "6+"].frequency
    q1, q3 = f.quantile(0.25), f.quantile(0.75)
    lo, hi = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    return {"n_outliers": int(((f < lo) | (f > hi)).sum()), "upper_bound": round(float(hi), 3)}


@ask(
    (
        "Compare the frequencies of the 1-2 band with those of the 2-3 band. Use Welch's two-sample t-test, two-sided, with each "
        "direction as one observation in each band (do not pair them). If the p-value is below 0.05 the result is 'significant', "
        "otherwise 'not significant'. Report the t statistic (1-2 minus 2-3) to three decimals and the decision."
    ),
    outputs={"t_statistic": "t, 1-2 minus 2-3", "decision": "'significant' or 'not significant'"},
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(
        t[t.strength == "1-2"].frequency, t[t.strength == "2-3"].frequency, equal_var=False
    )
    return {
        "t_statistic": round(float(r.statistic), 3),
        "decision": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    (
        "Reshape the table so that every direction is one row and every strength band is one column holding the frequency. "
        "Then calculate the Pearson correlation between the 1-2 column and the 2-3 column, and the Pearson correlation between "
        "the 1-2 column and the 6+ column. Round both to three decimals."
    ),
    outputs={"corr_12_23": "correlation of 1-2 with 2-3", "corr_12_6plus": "correlation of 1-2 with 6+"},
    decimals=3,
)
def _(t):
    p = t.pivot(index="direction", columns="strength", values="frequency")
    return {
        "corr_12_23": round(float(p["1-2"].corr(p["2-3"])), 3),
        "corr_12_6plus": round(float(p["1-2"].corr(p["6+"])), 3),
    }


@ask(
    (
        "Recode the strength into two classes: 'light' for the bands 0-1, 1-2 and 2-3, and 'strong' for all the other bands. "
        "Then report the total frequency of each class, and the proportion (0 to 1) of the overall frequency that is strong. "
        "Round to three decimals."
    ),
    outputs={
        "light_total": "total frequency of the light class",
        "strong_total": "total frequency of the strong class",
        "strong_proportion": "strong total divided by the overall total",
    },
    decimals=3,
)
def _(t):
    c = pd.Series(np.where(t.strength.isin(["0-1", "1-2", "2-3"]), "light", "strong"))
    s = t.frequency.groupby(c).sum()
    return {
        "light_total": round(float(s["light"]), 3),
        "strong_total": round(float(s["strong"]), 3),
        "strong_proportion": round(float(s["strong"] / s.sum()), 3),
    }


@ask(
    (
        "Apply min-max scaling to the frequency column so that it runs from 0 to 1 over the whole table. After scaling, what are "
        "the mean and the sample standard deviation of the scaled values? Give both to four decimals."
    ),
    outputs={"mean_scaled": "mean of the scaled column", "std_scaled": "sample standard deviation of the scaled column"},
    decimals=4,
)
def _(t):
    f = t.frequency
    s = (f - f.min()) / (f.max() - f.min())
    return {"mean_scaled": round(float(s.mean()), 4), "std_scaled": round(float(s.std()), 4)}


@ask(
    (
        "Is the frequency normally distributed? Run a Shapiro-Wilk test on the frequency column, all rows. Use a significance "
        "level of 0.05: if p is below it the label is 'not normal', otherwise 'normal'. Give the W statistic rounded to three "
        "decimals."
    ),
    outputs={"w_statistic": "the Shapiro-Wilk W", "label": "'normal' or 'not normal'"},
    decimals=3,
)
def _(t):
    r = stats.shapiro(t.frequency)
    return {"w_statistic": round(float(r.statistic), 3), "label": "not normal" if r.pvalue < 0.05 else "normal"}


@ask(
    (
        "Take the natural logarithm of the frequency in a new column. Calculate the mean of the log frequency for the directions "
        "N and S separately, over all strength bands, and the difference N minus S. Round each to three decimals."
    ),
    outputs={"mean_log_n": "mean log frequency, N", "mean_log_s": "mean log frequency, S", "difference": "N minus S"},
    decimals=3,
)
def _(t):
    m = np.log(t.frequency).groupby(t.direction).mean()
    return {
        "mean_log_n": round(float(m["N"]), 3),
        "mean_log_s": round(float(m["S"]), 3),
        "difference": round(float(m["N"] - m["S"]), 3),
    }


ask.unanswerable(
    "Which month has the most frequent strong winds from the NW?",
    why="the table has no months or dates",
)
ask.unanswerable(
    "avg temperature by wind direction",
    why="there is no temperature column",
)
ask.unanswerable(
    "At which weather station were these WNW frequencies measured?",
    why="the table does not name a place or station",
)
ask.unanswerable(
    "Why do the 6+ winds mostly come from the WNW and NW?",
    why="asks for a cause, which frequencies do not give",
)
