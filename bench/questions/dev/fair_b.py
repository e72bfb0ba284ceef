"""Questions about fair, second part: a survey of 6366 married women (their marriage, age, schooling, work and affairs)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("fair", part="b")


@ask("How many women have no children?")
def _(t):
    return int((t.children == 0).sum())


@ask("mean affairs per marriage rating pls")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("rate_marriage").affairs.mean().items()}


@ask("What's the average number of years married for women aged 42?")
def _(t):
    return float(t[t.age == 42].yrs_married.mean())


@ask("What percent of respondents reported any affairs at all (affairs greater than zero)?")
def _(t):
    return float((t.affairs > 0).mean() * 100)


@ask("Do women with 20 years of education rate their marriage higher on average than women with 12 years? yes/no")
def _(t):
    m = t.groupby("educ").rate_marriage.mean()
    return bool(m[20] > m[12])


@ask("Which husband's occupation code occurs most often in the survey?")
def _(t):
    return int(t.occupation_husb.value_counts().idxmax())


@ask("I am looking for the median age of the women with 16 or more years of education, what is it?")
def _(t):
    return float(t[t.educ >= 16].age.median())


@ask("top 3 education levels by number of women, most common first")
def _(t):
    return [int(v) for v in t.educ.value_counts().index[:3]]


@ask("For my story: break down the percentage of women with affairs above 0, for each level of religiousness.")
def _(t):
    return {int(k): float(v * 100) for k, v in (t.affairs > 0).groupby(t.religious).mean().items()}


@ask("Number of wives by age, only those married for less than 3 years")
def _(t):
    return {float(k): int(v) for k, v in t[t.yrs_married < 3].groupby("age").size().items()}


@ask("Are years married and number of children correlated? Give me Pearson's r.")
def _(t):
    return float(t.yrs_married.corr(t.children))


@ask("In how many couples do the wife and the husband have the same occupation code?")
def _(t):
    return int((t.occupation == t.occupation_husb).sum())


@ask("Subtract years married from age to get the age at marriage; what's the mean age at marriage?")
def _(t):
    return float((t.age - t.yrs_married).mean())


@ask(
    "The affairs column looks very lopsided. Compute its skewness over all respondents. Then take log(1 + affairs), natural "
    "log, and "
    "compute the skewness again. Use the bias-adjusted sample skewness both times, and round to two decimals.",
    outputs={"skew_raw": "skewness of affairs", "skew_log": "skewness of log(1 + affairs)"},
    decimals=2,
)
def _(t):
    return {"skew_raw": round(float(t.affairs.skew()), 2), "skew_log": round(float(np.log1p(t.affairs).skew()), 2)}


@ask(
    "Compare the marriage rating of women with children and women without. Run a two-sided Welch t-test (do not assume equal "
    "variances) on "
    "rate_marriage, where 'with children' means children above 0. Take alpha = 0.05. Report the t statistic, with children minus "
    "without, rounded to two decimals, and 'significant' or 'not significant'.",
    outputs={"t_statistic": "Welch t, with children minus without", "label": "'significant' or 'not significant'"},
    decimals=2,
)
def _(t):
    r = stats.ttest_ind(t[t.children > 0].rate_marriage, t[t.children == 0].rate_marriage, equal_var=False)
    return {"t_statistic": round(float(r.statistic), 2), "label": "significant" if r.pvalue < 0.05 else "not significant"}


@ask(
    "Is having an affair independent of religiousness? Recode affairs as yes when it is above 0 and no otherwise, "
    "cross-tabulate that "
    "with the four levels of religious, and run a chi-square test of independence on the table. State the chi-square statistic "
    "rounded to two decimals and the degrees of freedom, and conclude 'dependent' if p < 0.01, else 'independent'.",
    outputs={"chi2": "chi-square statistic", "dof": "degrees of freedom", "label": "'dependent' or 'independent'"},
    decimals=2,
)
def _(t):
    r = stats.chi2_contingency(pd.crosstab(t.affairs > 0, t.religious))
    return {
        "chi2": round(float(r.statistic), 2),
        "dof": int(r.dof),
        "label": "dependent" if r.pvalue < 0.01 else "independent",
    }


@ask(
    "Remove extreme values from affairs before averaging. Compute z-scores with the sample mean and the sample standard "
    "deviation; any woman "
    "with |z| > 3 is an outlier. How many outliers are there, and what is the mean of affairs before and after they are removed? "
    "Round the means to three decimals.",
    outputs={
        "n_outliers": "number of outliers",
        "mean_before": "mean of affairs over everyone",
        "mean_after": "mean of affairs without the outliers",
    },
    decimals=3,
)
def _(t):
    a = t.affairs
    out = ((a - a.mean()) / a.std()).abs() > 3
    return {
        "n_outliers": int(out.sum()),
        "mean_before": round(float(a.mean()), 3),
        "mean_after": round(float(a[~out].mean()), 3),
    }


@ask(
    "Label every marriage by its length: 'short' when yrs_married is under 5, 'medium' from 5 to under 15, 'long' from 15 on. "
    "Calculate the mean marriage rating for each of the three labels, rounded to two decimals.",
    outputs={
        "mean_short": "mean rating of the short marriages",
        "mean_medium": "mean rating of the medium marriages",
        "mean_long": "mean rating of the long marriages",
    },
    decimals=2,
)
def _(t):
    g = np.select([t.yrs_married < 5, t.yrs_married < 15], ["mean_short", "mean_medium"], "mean_long")
    return {str(k): round(float(v), 2) for k, v in t.rate_marriage.groupby(g).mean().items()}


@ask(
    "Measure how age goes together with religiousness. Both columns have few distinct values, so use Spearman's rank "
    "correlation rather than "
    "Pearson's. Give the coefficient rounded to three decimals and say 'positive' or 'negative' according to its sign.",
    outputs={"correlation": "Spearman coefficient", "label": "'positive' or 'negative'"},
    decimals=3,
)
def _(t):
    r = float(stats.spearmanr(t.age, t.religious).statistic)
    return {"correlation": round(r, 3), "label": "positive" if r > 0 else "negative"}


@ask(
    "Build a classifier for whether a woman had an affair (affairs > 0). The features are rate_marriage, age, yrs_married and "
    "religious. "
    "Use scikit-learn: train_test_split with test_size 0.3 and random_state 0, no stratification, then LogisticRegression with "
    "default "
    "settings on the unscaled features. Report the accuracy on the test set, rounded to three decimals.",
    outputs={"accuracy": "share of test rows classified correctly, 0 to 1"},
    decimals=3,
)
def _(t):
    x = t[["rate_marriage", "age", "yrs_married", "religious"]]
    a, b, y, z = train_test_split(x, (t.affairs > 0).astype(int), test_size=0.3, random_state=0)
    return {"accuracy": round(float(accuracy_score(z, LogisticRegression().fit(a, y).predict(b))), 3)}


ask.unanswerable("What is the average household income by education level?", why="the table holds no income")
ask.unanswerable("How old are the husbands on average, for each husband occupation?", why="only the wife's age is in the table")
ask.unanswerable("What share of these marriages ended in divorce?", why="divorce is not recorded")
ask.unanswerable("How did the average marriage rating change from 1974 to 1980?", why="the survey is a single one, with no dates")
