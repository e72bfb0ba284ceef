"""Questions about anes96: 944 respondents of the 1996 American election study (age, education, income, views, vote)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("anes96")


def keyed(series):
    return {int(k): float(v) for k, v in series.items()}


# --- short ones


@ask("What is the average age of respondents with vote equal to 1?")
def _(t):
    return float(t[t.vote == 1].age.mean())


@ask("how many people are younger than 30")
def _(t):
    return int((t.age < 30).sum())


@ask("Number of respondents who watch TV news 7 days a week and have PID 6?")
def _(t):
    return int(((t.TVnews == 7) & (t.PID == 6)).sum())


@ask("How old is the oldest person whose education level is 7?")
def _(t):
    return int(t[t.educ == 7].age.max())


@ask("median income code for people over 65, please")
def _(t):
    return float(t[t.age > 65].income.median())


@ask("avg age by party id (PID)")
def _(t):
    return keyed(t.groupby("PID").age.mean())


@ask("Break down the mean income by education level.")
def _(t):
    return keyed(t.groupby("educ").income.mean())


@ask("I am preparing a story: for each of the two vote groups, how many days of TV news do people watch on average?")
def _(t):
    return keyed(t.groupby("vote").TVnews.mean())


@ask("Which PID group has the highest average income?")
def _(t):
    return int(t.groupby("PID").income.mean().idxmax())


@ask("What education level is the most common one among the respondents?")
def _(t):
    return int(t.educ.value_counts().idxmax())


@ask("list the 3 most frequent income codes, most frequent first")
def _(t):
    return [int(k) for k in t.income.value_counts().index[:3]]


@ask("Of the people aged 60 or more, what percentage voted 1?")
def _(t):
    return float((t[t.age >= 60].vote == 1).mean() * 100)


@ask("Do views and party go together? Give me the Pearson correlation between selfLR and PID.")
def _(t):
    return float(t.selfLR.corr(t.PID))


@ask("I want to know the skewness of popul.")
def _(t):
    return float(t.popul.skew())


@ask("On average, how many points further right is Dole placed than Clinton (DoleLR minus ClinLR)? 2 decimals", decimals=2)
def _(t):
    return round(float((t.DoleLR - t.ClinLR).mean()), 2)


# --- long ones, with stated constraints


@ask(
    "Compare the incomes of the two vote groups. Run a two-sided Welch t-test (do not assume equal variances) on the income "
    "code of respondents with vote 0 against those with vote 1. Report the mean income code of each group rounded to two "
    "decimals. With alpha 0.05, report the label 'significant' if the p-value is below alpha, otherwise 'not significant'.",
    outputs={
        "mean_vote_0": "mean income code where vote is 0, two decimals",
        "mean_vote_1": "mean income code where vote is 1, two decimals",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    a, b = t[t.vote == 0].income, t[t.vote == 1].income
    p = stats.ttest_ind(a, b, equal_var=False).pvalue
    return {
        "mean_vote_0": round(float(a.mean()), 2),
        "mean_vote_1": round(float(b.mean()), 2),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Is the vote independent of the education level? Build the contingency table of educ (all seven levels) by vote and run "
    "Pearson's chi-square test of independence on it. Report the chi-square statistic rounded to two decimals, the degrees "
    "of freedom, and a decision: 'reject' if the p-value is less than 0.05, or 'fail to reject' if it is not.",
    outputs={
        "chi2": "chi-square statistic, two decimals",
        "dof": "degrees of freedom",
        "decision": "'reject' or 'fail to reject'",
    },
    decimals=2,
)
def _(t):
    chi2, p, dof, _ = stats.chi2_contingency(pd.crosstab(t.educ, t.vote))
    return {"chi2": round(float(chi2), 2), "dof": int(dof), "decision": "reject" if p < 0.05 else "fail to reject"}


@ask(
    "The popul column has a few very large values. Compute z-scores for it with the column mean and the sample standard "
    "deviation, and treat every row with an absolute z-score greater than 3 as an outlier. State how many outliers there "
    "are. Then drop them and report the mean and the median of popul in the remaining rows. Round to two decimals.",
    outputs={
        "n_outliers": "number of outliers",
        "mean_popul": "mean of popul without the outliers, two decimals",
        "median_popul": "median of popul without the outliers, two decimals",
    },
    decimals=2,
)
def _(t):
    z = (t.popul - t.popul.mean()) / t.popul.std()
    keep = t[z.abs() <= 3].popul
    return {
        "n_outliers": len(t) - len(keep),
        "mean_popul": round(float(keep.mean()), 2),
        "median_popul": round(float(keep.median()), 2),
    }


@ask(
    "Create a new variable log_popul = ln(popul + 0.1), the 0.1 being added first so that zeros stay defined. "
    "Give the mean and the sample standard deviation of log_popul, and its Pearson correlation with selfLR. "
    "All three numbers should be rounded to three decimals.",
    outputs={
        "mean_log_popul": "mean of log_popul, three decimals",
        "std_log_popul": "sample standard deviation of log_popul, three decimals",
        "correlation": "Pearson correlation of log_popul and selfLR, three decimals",
    },
    decimals=3,
)
def _(t):
    g = np.log(t.popul + 0.1)
    return {
        "mean_log_popul": round(float(g.mean()), 3),
        "std_log_popul": round(float(g.std()), 3),
        "correlation": round(float(g.corr(t.selfLR)), 3),
    }


@ask(
    "Recode PID into a party label: values 0, 1 and 2 become 'Democrat', 3 becomes 'Independent', and 4, 5 and 6 become "
    "'Republican'. Count the respondents under each label. In addition, calculate what percentage of the 'Independent' "
    "respondents has vote equal to 1, rounded to one decimal.",
    outputs={
        "n_democrat": "respondents labelled Democrat",
        "n_independent": "respondents labelled Independent",
        "n_republican": "respondents labelled Republican",
        "pct_independent_vote_1": "percentage of Independents with vote 1, one decimal",
    },
    decimals=1,
)
def _(t):
    return {
        "n_democrat": int((t.PID <= 2).sum()),
        "n_independent": int((t.PID == 3).sum()),
        "n_republican": int((t.PID >= 4).sum()),
        "pct_independent_vote_1": round(float((t[t.PID == 3].vote == 1).mean() * 100), 1),
    }


@ask(
    "Divide the respondents into three age groups: 'young' for ages under 35, 'middle' for ages 35 to 59 inclusive, and "
    "'senior' for ages 60 and above. For the young and for the senior group, report the mean number of days they watch TV "
    "news (TVnews), rounded to two decimals. Finally name the age group with the largest number of respondents.",
    outputs={
        "tvnews_young": "mean of TVnews in the young group, two decimals",
        "tvnews_senior": "mean of TVnews in the senior group, two decimals",
        "largest_group": "'young', 'middle' or 'senior'",
    },
    decimals=2,
)
def _(t):
    group = pd.cut(t.age, [0, 34, 59, 200], labels=["young", "middle", "senior"])
    return {
        "tvnews_young": round(float(t[group == "young"].TVnews.mean()), 2),
        "tvnews_senior": round(float(t[group == "senior"].TVnews.mean()), 2),
        "largest_group": str(group.value_counts().idxmax()),
    }


@ask(
    "Predict the vote column with a logistic regression from the features age, educ, income and selfLR. Standardise nothing. "
    "Split the data with scikit-learn's train_test_split using test_size=0.2 and random_state=42, fit LogisticRegression "
    "with max_iter=1000 and otherwise default settings on the training part, and report the accuracy on the test part, "
    "rounded to three decimals.",
    outputs={"accuracy": "share of test rows predicted correctly (0 to 1), three decimals"},
    decimals=3,
)
def _(t):
    a, b, ya, yb = train_test_split(t[["age", "educ", "income", "selfLR"]], t.vote, test_size=0.2, random_state=42)
    return {"accuracy": round(float(LogisticRegression(max_iter=1000).fit(a, ya).score(b, yb)), 3)}


# --- not in the table

ask.unanswerable("Did women vote differently from men? Show the mean of vote by gender.", why="the table has no gender")
ask.unanswerable("Which state has the highest average age of respondents?", why="no state or region is recorded")
ask.unanswerable("How did these respondents vote in the 1992 election?", why="only one vote, of 1996, is recorded")
ask.unanswerable("Why do people with higher income favour Dole?", why="asks for a cause; the table holds codes only")
