"""Questions about rossi: 432 men followed for a year after release from prison (arrest, week, financial aid, age, priors)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("rossi")


@ask("Do the parolees (paro = 1) have more prior convictions on average than the people not on parole? yes or no is enough")
def _(t):
    return bool(t[t.paro == 1].prio.mean() > t[t.paro == 0].prio.mean())


@ask("avg age, married only (1 = married)")
def _(t):
    return float(t[t.mar == 1].age.mean())


@ask("hi! new here :) could you tell me the median number of prior convictions for people under 20 years old?")
def _(t):
    return float(t[t.age < 20].prio.median())


@ask("How many of the men who received financial aid (fin=1) and were on parole got arrested? In paro and arrest 1 also means yes.")
def _(t):
    return int(((t.fin == 1) & (t.paro == 1) & (t.arrest == 1)).sum())


@ask("Which race code, 0 or 1, has the higher arrest rate?")
def _(t):
    return int(t.groupby("race").arrest.mean().idxmax())


@ask("mean prio by wexp")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("wexp").prio.mean().items()}


@ask("For each value of fin, give me the percentage of people who were arrested.")
def _(t):
    return {int(k): float(v) * 100 for k, v in t.groupby("fin").arrest.mean().items()}


@ask("I need count of persons for each paro value, but only persons which have more than 5 prior convictions please")
def _(t):
    return {int(k): int(v) for k, v in t[t.prio > 5].groupby("paro").size().items()}


@ask("At what age do we see the largest number of arrests (arrest = 1)?")
def _(t):
    return int(t[t.arrest == 1].age.value_counts().idxmax())


@ask("List the 3 most common values of prio, the most frequent first.")
def _(t):
    return [int(v) for v in t.prio.value_counts().index[:3]]


@ask("What percentage of the people without work experience (wexp = 0) were arrested?")
def _(t):
    return float(t[t.wexp == 0].arrest.mean() * 100)


@ask(
    (
        "For my article: how many times as high was the arrest rate of unmarried people (mar 0) as that of married people (mar 1)? "
        "Two decimals will do."
    ),
    decimals=2,
)
def _(t):
    rate = t.groupby("mar").arrest.mean()
    return round(float(rate[0] / rate[1]), 2)


@ask("correlation between age and number of priors")
def _(t):
    return float(t.age.corr(t.prio))


@ask("How skewed is the distribution of prio?")
def _(t):
    return float(t.prio.skew())


@ask("Compute the 90th percentile of age for subjects with race equal to 0.")
def _(t):
    return float(t[t.race == 0].age.quantile(0.9))


@ask(
    (
        "Investigate whether the financial aid programme is associated with re-arrest. Build the 2x2 contingency table of fin and "
        "arrest and run a chi-square test of independence without Yates' continuity correction. Use a significance level of 0.05: "
        "if the p-value is below 0.05 report 'significant', otherwise report 'not significant'. Round the statistic and the "
        "p-value to four decimals."
    ),
    outputs={
        "chi2": "the chi-square statistic",
        "p_value": "p-value of the test",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.chi2_contingency(pd.crosstab(t.fin, t.arrest), correction=False)
    p = float(r.pvalue)
    return {
        "chi2": round(float(r.statistic), 4),
        "p_value": round(p, 4),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    (
        "Is the mean age of arrested people (arrest = 1) different from the mean age of those who were not arrested (arrest = 0)? "
        "Perform a two-sided Welch's t-test, which does not assume equal variances, taking the arrested group first so that a "
        "negative statistic means the arrested are younger. Use alpha = 0.05 and answer 'significant' or 'not significant'. "
        "Round the t statistic to three decimals."
    ),
    outputs={"t_statistic": "Welch's t statistic, arrested minus not arrested", "label": "'significant' or 'not significant'"},
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(t[t.arrest == 1].age, t[t.arrest == 0].age, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    (
        "Find the outliers in the number of prior convictions (prio) using the z-score method. Compute z-scores with the sample "
        "standard deviation and treat every row with |z| > 3 as an outlier. Report how many outliers there are, then remove them "
        "and calculate the mean and the sample standard deviation of prio on the remaining rows. Round to two decimals."
    ),
    outputs={
        "n_outliers": "number of rows with |z| > 3",
        "mean_prio": "mean of prio after removal",
        "std_prio": "sample standard deviation of prio after removal",
    },
    decimals=2,
)
def _(t):
    z = (t.prio - t.prio.mean()) / t.prio.std()
    kept = t[z.abs() <= 3].prio
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_prio": round(float(kept.mean()), 2),
        "std_prio": round(float(kept.std()), 2),
    }


@ask(
    (
        "Bin the subjects by age into three groups: 'young' for ages below 21, 'middle' for ages from 21 to 29 inclusive, and "
        "'older' for ages 30 and above. For each group calculate the arrest rate as the mean of the arrest column, a fraction "
        "between 0 and 1. Round to three decimals."
    ),
    outputs={
        "rate_young": "arrest rate of the young group",
        "rate_middle": "arrest rate of the middle group",
        "rate_older": "arrest rate of the older group",
    },
    decimals=3,
)
def _(t):
    group = np.select([t.age < 21, t.age < 30], ["young", "middle"], "older")
    rate = t.groupby(group).arrest.mean()
    return {f"rate_{g}": round(float(rate[g]), 3) for g in ["young", "middle", "older"]}


@ask(
    (
        "Create a new column called prior_rate, defined as the number of prior convictions (prio) divided by the number of years "
        "since the subject's 16th birthday (age minus 16). Compute the mean of prior_rate over all subjects, and the Pearson "
        "correlation coefficient between prior_rate and arrest. Round both to three decimals."
    ),
    outputs={"mean_prior_rate": "mean of prior_rate", "correlation": "Pearson correlation of prior_rate with arrest"},
    decimals=3,
)
def _(t):
    rate = t.prio / (t.age - 16)
    return {"mean_prior_rate": round(float(rate.mean()), 3), "correlation": round(float(rate.corr(t.arrest)), 3)}


@ask(
    (
        "Scale age and prio separately to the range 0 to 1 with min-max scaling over the whole table. Define a score for every "
        "subject as scaled prio minus scaled age. Report the mean score of the arrested subjects (arrest = 1) and the mean score "
        "of the subjects who were not arrested (arrest = 0), rounded to three decimals."
    ),
    outputs={"mean_score_arrested": "mean score where arrest = 1", "mean_score_not_arrested": "mean score where arrest = 0"},
    decimals=3,
)
def _(t):
    scaled = (t[["age", "prio"]] - t[["age", "prio"]].min()) / (t[["age", "prio"]].max() - t[["age", "prio"]].min())
    score = (scaled.prio - scaled.age).groupby(t.arrest).mean()
    return {"mean_score_arrested": round(float(score[1]), 3), "mean_score_not_arrested": round(float(score[0]), 3)}


@ask(
    (
        "Train a logistic regression (scikit-learn, default settings) that predicts arrest from fin, age, wexp, mar and prio, in "
        "that order and without scaling. Split the data with train_test_split, 30% for testing, random_state=42, no "
        "stratification. Report the accuracy on the test set, rounded to three decimals."
    ),
    outputs={"accuracy": "accuracy on the test set"},
    decimals=3,
)
def _(t):
    x_train, x_test, y_train, y_test = train_test_split(
        t[["fin", "age", "wexp", "mar", "prio"]], t.arrest, test_size=0.3, random_state=42
    )
    model = LogisticRegression().fit(x_train, y_train)
    return {"accuracy": round(float(accuracy_score(y_test, model.predict(x_test))), 3)}


ask.unanswerable("What was the average sentence length of the men on parole?", why="no column holds the length of a sentence")
ask.unanswerable(
    "Which crime were the arrested people with more than 10 priors most often charged with?",
    why="the table records that an arrest happened, not the offence",
)
ask.unanswerable("arrest rate by education level pls", why="the table has no education column")
ask.unanswerable(
    "How many dollars per week did those who received financial aid get on average?",
    why="fin only says whether aid was received, not how much",
)
