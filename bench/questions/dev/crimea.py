"""Questions about crimea: monthly deaths in the British army in the Crimean War by cause (wounds, disease, other)."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("crimea")

CAUSES = ["wounds", "other", "disease"]


@ask("How many deaths from disease are recorded altogether?")
def _(t):
    return int(t.disease.sum())


@ask("in how many months did nobody at all die of wounds?")
def _(t):
    return int((t.wounds == 0).sum())


@ask("avg disease deaths per month in 1855")
def _(t):
    return float(t[pd.to_datetime(t.date).dt.year == 1855].disease.mean())


@ask("Ignoring the months with zero wound deaths, what's the median monthly number of deaths by wounds?")
def _(t):
    return float(t[t.wounds > 0].wounds.median())


@ask("How many died in November 1854, all three causes (wounds, other, disease) taken together?")
def _(t):
    return int(t[t.date == "1854-11-01"][CAUSES].sum(axis=1).iloc[0])


@ask("total wounds by year")
def _(t):
    return {int(k): int(v) for k, v in t.groupby(pd.to_datetime(t.date).dt.year).wounds.sum().items()}


@ask("For 1855 only, please give me the average monthly disease toll in each calendar quarter (quarter 1, 2, 3 and 4).")
def _(t):
    d = pd.to_datetime(t.date)
    year = d.dt.year == 1855
    return {int(k): float(v) for k, v in t[year].groupby(d[year].dt.quarter).disease.mean().items()}


@ask(
    "Add up wounds, other and disease to get the total for every month. Call a month 'calm' if the total is below 400, 'bad' if "
    "it is from 400 up to but not including 1000, and 'terrible' if it is 1000 or higher. How many months fall under each label?",
    outputs={"n_calm": "calm months", "n_bad": "bad months", "n_terrible": "terrible months"},
)
def _(t):
    total = t[CAUSES].sum(axis=1)
    label = pd.Series(np.select([total < 400, total < 1000], ["calm", "bad"], "terrible"))
    return {f"n_{k}": int(v) for k, v in label.value_counts().items()}


@ask("Which date has the highest number of disease deaths?")
def _(t):
    return str(t.loc[t.disease.idxmax(), "date"])


@ask("Give me the 3 deadliest months counting wounds + other + disease, deadliest first. Dates as they appear in the file pls")
def _(t):
    return t.loc[t[CAUSES].sum(axis=1).nlargest(3).index, "date"].tolist()


@ask("There is one month in which wounds killed more soldiers than disease did. Which one (date as in the table)?")
def _(t):
    (date,) = t[t.wounds > t.disease].date
    return str(date)


@ask("What percentage of all recorded deaths (wounds, other and disease combined) was due to disease?")
def _(t):
    return float(100 * t.disease.sum() / t[CAUSES].sum().sum())


@ask("Over the whole period, how many disease deaths were there for every death from wounds?")
def _(t):
    return float(t.disease.sum() / t.wounds.sum())


@ask("By what percent did the disease deaths grow from December 1854 to January 1855?")
def _(t):
    d = t.set_index("date").disease
    return float(100 * (d["1855-01-01"] / d["1854-12-01"] - 1))


@ask(
    "Calculate the month-to-month difference in disease deaths (this month minus the month before). Which date shows the largest "
    "increase, and how big is it?",
    outputs={"date": "date of the month with the largest increase", "increase": "size of that increase in deaths"},
)
def _(t):
    change = t.sort_values("date").disease.diff()
    return {"date": str(t.loc[change.idxmax(), "date"]), "increase": int(change.max())}


@ask(
    "Measure the relation between the deaths from other causes and the deaths from disease with Spearman's rank correlation "
    "coefficient, over all months. Report the coefficient and decide: if its two-sided p-value is below 0.01 write "
    "'significant', otherwise 'not significant'. Round the coefficient to three decimals.",
    outputs={"correlation": "Spearman coefficient", "conclusion": "'significant' or 'not significant'"},
    decimals=3,
)
def _(t):
    r, p = stats.spearmanr(t.other, t.disease)
    return {"correlation": round(float(r), 3), "conclusion": "significant" if p < 0.01 else "not significant"}


@ask(
    "Every month gives a pair of numbers, disease deaths and wounds deaths. Run a two-sided paired t-test of disease against "
    "wounds (differences are disease minus wounds). Use alpha 0.05 and report 'significant' or 'not significant'. "
    "Round the t statistic to two decimals and state also the mean of the differences, to two decimals.",
    outputs={
        "mean_difference": "mean of disease minus wounds",
        "t_statistic": "paired t statistic",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    s, p = stats.ttest_rel(t.disease, t.wounds)
    return {
        "mean_difference": round(float((t.disease - t.wounds).mean()), 2),
        "t_statistic": round(float(s), 2),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Detect outliers in the column other with the 1.5 x IQR rule (quartiles by linear interpolation). Count them. Then drop the "
    "rows of those outliers and calculate the Pearson correlation between other and disease on the remaining rows. Round the "
    "correlation to three decimals.",
    outputs={"n_outliers": "number of outliers in other", "correlation": "Pearson correlation after dropping them"},
    decimals=3,
)
def _(t):
    q1, q3 = t.other.quantile([0.25, 0.75])
    kept = t[t.other.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))]
    return {"n_outliers": len(t) - len(kept), "correlation": round(float(kept.other.corr(kept.disease)), 3)}


@ask(
    "Describe the shape of the wounds distribution before and after a transformation. First compute the sample skewness "
    "(bias-corrected) of wounds. Next replace each value by log(1 + wounds), natural logarithm, and compute the skewness "
    "again the same way. Round to two decimals.",
    outputs={"skew_before": "skewness of wounds", "skew_after": "skewness of log(1 + wounds)"},
    decimals=2,
)
def _(t):
    return {
        "skew_before": round(float(t.wounds.skew()), 2),
        "skew_after": round(float(np.log1p(t.wounds).skew()), 2),
    }


@ask(
    "Standardize the disease column to z-scores: subtract the mean and divide by the sample standard deviation. How many months "
    "have a z-score above 1? And what is the greatest z-score in the column, rounded to two decimals?",
    outputs={"n_above_1": "number of months with z above 1", "max_z": "largest z-score"},
    decimals=2,
)
def _(t):
    z = (t.disease - t.disease.mean()) / t.disease.std()
    return {"n_above_1": int((z > 1).sum()), "max_z": round(float(z.max()), 2)}


ask.unanswerable(
    "What was the monthly mortality rate per 1000 soldiers from disease in 1855?",
    why="deaths only; the size of the army is not in the table",
)
ask.unanswerable(
    "How many of the disease deaths in January 1855 were from cholera?",
    why="disease is a single total, not split by illness",
)
ask.unanswerable("deaths from wounds in June 1856?", why="the table ends in March 1856")
ask.unanswerable(
    "Which hospital lost the most men to disease?",
    why="no hospital or place in the table, only months and causes",
)
