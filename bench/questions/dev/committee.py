"""Questions about committee: 20 U.S. House committees with members, subcommittees, staff, prestige and bills referred."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("committee")


@ask("How many people work as staff for the Judiciary committee?")
def _(t):
    return int(t.loc[t.COMMITTEE == "Judiciary", "STAFF"].iloc[0])


@ask("average staff of committees without prestige (prestige = 0)")
def _(t):
    return float(t[t.PRESTIGE == 0].STAFF.mean())


@ask("By what percent did the total number of bills change from the 103rd to the 104th Congress? Negative if it fell.")
def _(t):
    return float((t.BILLS104.sum() / t.BILLS103.sum() - 1) * 100)


@ask("Count committees having more than 100 bills in the 104th and at least 5 subcommittees.")
def _(t):
    return int(((t.BILLS104 > 100) & (t.SUBS >= 5)).sum())


@ask("Did the committees together get more bills in the 104th Congress than in the 103rd? yes or no")
def _(t):
    return bool(t.BILLS104.sum() > t.BILLS103.sum())


@ask("mean bills104 by prestige")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("PRESTIGE").BILLS104.mean().items()}


@ask("For each number of subcommittees, how many committees are there?")
def _(t):
    return {int(k): int(v) for k, v in t.SUBS.value_counts().items()}


@ask(
    "Build a capacity score. Standardise size and staff to z-scores (subtract the mean, divide by the sample standard "
    "deviation, over all 20 committees) and add the two z-scores. Report the committee with the highest score, the committee "
    "with the lowest score, and the highest score itself, rounded to two decimals.",
    outputs={
        "top_committee": "committee with the highest score",
        "bottom_committee": "committee with the lowest score",
        "top_score": "the highest score, 2 decimals",
    },
    decimals=2,
)
def _(t):
    score = sum((t[c] - t[c].mean()) / t[c].std() for c in ("SIZE", "STAFF"))
    return {
        "top_committee": str(t.COMMITTEE[score.idxmax()]),
        "bottom_committee": str(t.COMMITTEE[score.idxmin()]),
        "top_score": round(float(score.max()), 2),
    }


@ask("Which committee has the most members?")
def _(t):
    return str(t.loc[t.SIZE.idxmax(), "COMMITTEE"])


@ask("list the 3 committees with the most bills in the 103rd congress, in descending order")
def _(t):
    return list(t.nlargest(3, "BILLS103").COMMITTEE)


@ask(
    "I write about the change of power in the House. Which committee lost the most bills, in absolute number, between the "
    "103rd and the 104th Congress?"
)
def _(t):
    return str(t.loc[(t.BILLS103 - t.BILLS104).idxmax(), "COMMITTEE"])


@ask("What percentage of all the 104th Congress bills ended up with Ways and Means?")
def _(t):
    return float(t.loc[t.COMMITTEE == "Ways_and_Means", "BILLS104"].sum() / t.BILLS104.sum() * 100)


@ask("correlation between committee size and number of staff pls")
def _(t):
    return float(t.SIZE.corr(t.STAFF))


@ask("Which committee has the highest number of staff per member?")
def _(t):
    return str(t.loc[(t.STAFF / t.SIZE).idxmax(), "COMMITTEE"])


@ask(
    "Detect outliers in the bills of the 103rd Congress by the IQR rule: a committee is an outlier if its value is below "
    "Q1 - 1.5*IQR or above Q3 + 1.5*IQR, with linearly interpolated quartiles. Drop the outliers and compute the mean of the "
    "remaining values. Round the mean to two decimals.",
    outputs={"n_outliers": "number of outlying committees", "mean_without_outliers": "mean BILLS103 of the rest, 2 decimals"},
    decimals=2,
)
def _(t):
    q1, q3 = t.BILLS103.quantile([0.25, 0.75])
    inside = t.BILLS103.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    return {"n_outliers": int((~inside).sum()), "mean_without_outliers": round(float(t.BILLS103[inside].mean()), 2)}


@ask(
    "Test whether the workload of the committees changed between the two Congresses. The same 20 committees are observed twice, "
    "so use a two-sided paired t-test on bills in the 104th versus bills in the 103rd. Calculate the t statistic for the "
    "104th minus the 103rd and the p-value, both rounded to three decimals. At alpha 0.05, report 'significant' or "
    "'not significant'.",
    outputs={
        "t_statistic": "paired t statistic, 104th minus 103rd",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.ttest_rel(t.BILLS104, t.BILLS103)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Bin the committees by their number of members: 'small' for fewer than 35 members, 'medium' for 35 to 49, 'large' for 50 or "
    "more. Then calculate the average staff in each bin. Round the averages to 2 decimals.",
    outputs={
        "mean_staff_small": "average staff of small committees",
        "mean_staff_medium": "average staff of medium committees",
        "mean_staff_large": "average staff of large committees",
    },
    decimals=2,
)
def _(t):
    size = np.select([t.SIZE < 35, t.SIZE < 50], ["small", "medium"], "large")
    mean = t.STAFF.groupby(pd.Series(size)).mean()
    return {f"mean_staff_{k}": round(float(mean[k]), 2) for k in ("small", "medium", "large")}


@ask(
    "The bill counts are skewed, so transform them. Make a new column with the natural logarithm of (1 + bills in the 103rd "
    "Congress). Report the skewness of the original column and of the transformed column, using the bias-corrected sample "
    "skewness (pandas skew). Round both to three decimals.",
    outputs={"skew_original": "skewness of BILLS103", "skew_log": "skewness of log(1 + BILLS103)"},
    decimals=3,
)
def _(t):
    return {
        "skew_original": round(float(t.BILLS103.skew()), 3),
        "skew_log": round(float(np.log1p(t.BILLS103).skew()), 3),
    }


@ask(
    "Compute the Spearman rank correlation between the number of bills in the 103rd and in the 104th Congress across the "
    "committees. Exclude first the committees with no subcommittees (zero). Call the relationship 'strong' if the absolute "
    "coefficient is 0.7 or higher, 'moderate' if it is from 0.4 up to but below 0.7, else 'weak'. Round the coefficient "
    "to two decimals.",
    outputs={"correlation": "Spearman coefficient, 2 decimals", "strength": "'strong', 'moderate' or 'weak'"},
    decimals=2,
)
def _(t):
    t = t[t.SUBS > 0]
    r = float(stats.spearmanr(t.BILLS103, t.BILLS104).statistic)
    strength = "strong" if abs(r) >= 0.7 else "moderate" if abs(r) >= 0.4 else "weak"
    return {"correlation": round(r, 2), "strength": strength}


@ask(
    "Fit an ordinary least squares regression, with an intercept, that explains the bills of the 104th Congress by size, number "
    "of subcommittees, staff and the prestige dummy. Use all 20 committees and no scaling. Report R squared and the coefficient "
    "of staff, rounded to three decimals.",
    outputs={"r_squared": "R squared of the fit", "coef_staff": "coefficient of STAFF"},
    decimals=3,
)
def _(t):
    fit = sm.OLS(t.BILLS104, sm.add_constant(t[["SIZE", "SUBS", "STAFF", "PRESTIGE"]])).fit()
    return {"r_squared": round(float(fit.rsquared), 3), "coef_staff": round(float(fit.params["STAFF"]), 3)}


ask.unanswerable("What is the average yearly budget in dollars of the prestige committees?", why="the table holds no money")
ask.unanswerable(
    "How many of the bills sent to the Judiciary committee in the 104th became law?",
    why="bills are only counted, nothing says what became of them",
)
ask.unanswerable("bills per committee in the 105th congress", why="only the 103rd and the 104th are in the table")
ask.unanswerable(
    "Compare the mean staff of committees chaired by Republicans and by Democrats.",
    why="the table does not name the chair or the chair's party",
)
