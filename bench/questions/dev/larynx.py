"""Questions about larynx: 90 men with cancer of the larynx, follow-up time, age, death and stage indicators."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("larynx")


@ask("How many patients died?")
def _(t):
    return int((t.death == 1).sum())


@ask("mean age of stage IV patients")
def _(t):
    return float(t[t.Stage_IV == 1].age.mean())


@ask("What is the median follow-up time for those who were still alive (death = 0)?")
def _(t):
    return float(t[t.death == 0].time.median())


@ask("Number of patients over 70 years old who are in stage III")
def _(t):
    return int(((t.age > 70) & (t.Stage_III == 1)).sum())


@ask("Please, what is age of the oldest person which has died?")
def _(t):
    return int(t[t.death == 1].age.max())


@ask("average time by death status")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("death").time.mean().items()}


@ask("For the patients in stage II versus the ones not in stage II, give me the median age of each group.")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("Stage_II").age.median().items()}


@ask("Count the deaths in each decade of age (40s, 50s, 60s, 70s, 80s).")
def _(t):
    d = t[t.death == 1]
    return {f"{k}s": int(v) for k, v in (d.age // 10 * 10).value_counts().sort_index().items()}


@ask("Which of the columns Stage_II, Stage_III and Stage_IV flags the most patients?")
def _(t):
    return str(t[["Stage_II", "Stage_III", "Stage_IV"]].sum().idxmax())


@ask("top 3 longest times among the people that died, from high to low")
def _(t):
    return [float(x) for x in t[t.death == 1].time.nlargest(3)]


@ask("How old was the patient with the longest follow-up time of all?")
def _(t):
    return int(t.loc[t.time.idxmax(), "age"])


@ask("What percentage of stage IV patients died?")
def _(t):
    return float(t[t.Stage_IV == 1].death.mean() * 100)


@ask("percent of all patients who have 0 in all three stage columns (that is, stage I)")
def _(t):
    return float((t[["Stage_II", "Stage_III", "Stage_IV"]].sum(axis=1) == 0).mean() * 100)


@ask("Spearman rank correlation of age and time?")
def _(t):
    return float(stats.spearmanr(t.age, t.time).statistic)


@ask("Did the patients who died have a shorter mean time than the patients who did not? Yes or no.")
def _(t):
    m = t.groupby("death").time.mean()
    return bool(m[1] < m[0])


@ask(
    "Before anything else, throw away all patients with a time below 1. For the patients that are left, I need the mean age and "
    "the standard deviation of age. Use the sample standard deviation (n - 1). Round both to two decimals, and also say how "
    "many patients were left.",
    outputs={
        "n_patients": "number of patients left",
        "mean_age": "mean age of the patients left",
        "std_age": "sample standard deviation of their age",
    },
    decimals=2,
)
def _(t):
    age = t[t.time >= 1].age
    return {"n_patients": len(age), "mean_age": round(float(age.mean()), 2), "std_age": round(float(age.std()), 2)}


@ask(
    "Recode the three stage indicators into one stage label: 'II', 'III' or 'IV' where the matching column is 1, and 'I' where "
    "all three are 0. For each stage calculate the death rate, that is the number of deaths divided by the number of patients "
    "in the stage, as a fraction between 0 and 1. Round to three decimals.",
    outputs={
        "rate_I": "death rate in stage I",
        "rate_II": "death rate in stage II",
        "rate_III": "death rate in stage III",
        "rate_IV": "death rate in stage IV",
    },
    decimals=3,
)
def _(t):
    stage = np.select([t.Stage_II == 1, t.Stage_III == 1, t.Stage_IV == 1], ["II", "III", "IV"], "I")
    return {f"rate_{k}": round(float(v), 3) for k, v in t.groupby(stage).death.mean().items()}


@ask(
    "Test whether age differs between patients who died and patients who did not. Use Student's two-sample t-test with equal "
    "variances assumed, two-sided, alpha 0.05. Give the p-value rounded to four decimals and the conclusion: 'significant' if "
    "p is less than 0.05, otherwise 'not significant'.",
    outputs={"p_value": "two-sided p-value", "label": "'significant' or 'not significant'"},
    decimals=4,
)
def _(t):
    p = stats.ttest_ind(t[t.death == 1].age, t[t.death == 0].age, equal_var=True).pvalue
    return {"p_value": round(float(p), 4), "label": "significant" if p < 0.05 else "not significant"}


@ask(
    "Is there an association between being in stage IV and death? Build the 2x2 table of Stage_IV against death and run a "
    "chi-square test of independence without Yates' continuity correction. Report the statistic and the p-value, both rounded "
    "to 4 decimals, and say 'dependent' if p < 0.05 or 'independent' otherwise.",
    outputs={
        "chi2": "chi-square statistic without continuity correction",
        "p_value": "p-value of the test",
        "label": "'dependent' or 'independent'",
    },
    decimals=4,
)
def _(t):
    table = t.groupby(["Stage_IV", "death"]).size().unstack(fill_value=0)
    chi2, p = stats.chi2_contingency(table, correction=False)[:2]
    return {
        "chi2": round(float(chi2), 4),
        "p_value": round(float(p), 4),
        "label": "dependent" if p < 0.05 else "independent",
    }


@ask(
    "Describe the shape of the distribution of the time column. Compute the skewness and the excess kurtosis with the "
    "bias-corrected sample formulas (as in pandas), and the 90th percentile with linear interpolation. Round every number to "
    "three decimals. Call the shape 'right-skewed' if the skewness is above 0.5, 'left-skewed' if it is below -0.5, and "
    "'roughly symmetric' otherwise.",
    outputs={
        "skewness": "bias-corrected skewness of time",
        "kurtosis": "bias-corrected excess kurtosis of time",
        "p90": "90th percentile of time",
        "label": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=3,
)
def _(t):
    s = t.time.skew()
    return {
        "skewness": round(float(s), 3),
        "kurtosis": round(float(t.time.kurt()), 3),
        "p90": round(float(t.time.quantile(0.9)), 3),
        "label": "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric",
    }


@ask(
    "Create a new column with the natural logarithm of time. Standardise it to z-scores using its mean and sample standard "
    "deviation. Treat a row as an outlier when the absolute z-score is greater than 2, and remove those rows. Report how many "
    "rows were removed, and the Pearson correlation of age with the log time in the rows that remain, rounded to 3 decimals.",
    outputs={
        "n_outliers": "number of rows removed",
        "correlation": "Pearson correlation of age and log time after removal",
    },
    decimals=3,
)
def _(t):
    t["log_time"] = np.log(t.time)
    z = (t.log_time - t.log_time.mean()) / t.log_time.std()
    kept = t[z.abs() <= 2]
    return {"n_outliers": int(len(t) - len(kept)), "correlation": round(float(kept.age.corr(kept.log_time)), 3)}


@ask(
    "Train a logistic regression (scikit-learn, default settings) that predicts death from age, Stage_II, Stage_III and "
    "Stage_IV, in that order. Do not include time. Split the data with train_test_split, 30% for testing and random_state 42, "
    "without stratification and without scaling. Report the accuracy on the test set, rounded to 3 decimals.",
    outputs={"accuracy": "accuracy on the test set"},
    decimals=3,
)
def _(t):
    x_train, x_test, y_train, y_test = train_test_split(
        t[["age", "Stage_II", "Stage_III", "Stage_IV"]], t.death, test_size=0.3, random_state=42
    )
    model = LogisticRegression().fit(x_train, y_train)
    return {"accuracy": round(float(accuracy_score(y_test, model.predict(x_test))), 3)}


ask.unanswerable(
    "What percentage of the patients in stage III were smokers?", why="the table does not record smoking"
)
ask.unanswerable(
    "Did patients treated with radiotherapy live longer than those who had surgery?", why="the table records no treatment"
)
ask.unanswerable(
    "average tumour size by stage, in mm", why="the table has stage indicators but no tumour size"
)
ask.unanswerable(
    "Which hospital had the highest death rate among its patients over 60?", why="the table names no hospitals"
)
