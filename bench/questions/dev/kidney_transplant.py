"""Questions about kidney_transplant: transplant patients with follow-up time, death flag, age and race/sex flags."""
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from statsmodels.duration.survfunc import SurvfuncRight

from bench.questions.bank import Bank

ask = Bank("kidney_transplant")


@ask("How many of the patients died?")
def _(t):
    return int((t.death == 1).sum())


@ask("avg age of black men")
def _(t):
    return float(t[t.black_male == 1].age.mean())


@ask("hi, I'm new to this data :) could you tell me the median follow-up time for the people who did not die?")
def _(t):
    return float(t[t.death == 0].time.median())


@ask("Count the transplant recipients older than 60.")
def _(t):
    return int((t.age > 60).sum())


@ask("Are the black women in this data older on average than the white men? yes or no")
def _(t):
    return bool(t[t.black_female == 1].age.mean() > t[t.white_male == 1].age.mean())


@ask("mean age by death")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("death").age.mean().items()}


@ask("Compare white men with everyone else: for each value of white_male, what is the standard deviation of time?")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("white_male").time.std().items()}


@ask(
    "I need the number of deaths per age band please. Use the bands 'under 30' (age below 30), '30-44', '45-59' "
    "and '60 and over'."
)
def _(t):
    band = pd.cut(t.age, [0, 30, 45, 60, 200], right=False, labels=["under 30", "30-44", "45-59", "60 and over"])
    return {str(k): int(v) for k, v in t.death.groupby(band, observed=True).sum().items()}


@ask("Which age is the most common among the patients who died?")
def _(t):
    return int(t[t.death == 1].age.value_counts().index[0])


@ask(
    "Within each of the groups black_male, white_male and black_female, work out the percentage of that group's own "
    "patients who died. Which group comes out highest?"
)
def _(t):
    return max(["black_male", "white_male", "black_female"], key=lambda c: t[t[c] == 1].death.mean())


@ask(
    "Give me the follow-up times of the three longest-surviving patients among those who eventually died, "
    "longest first."
)
def _(t):
    return [int(x) for x in t[t.death == 1].time.nlargest(3)]


@ask("what percentage of the black female patients died")
def _(t):
    return float(100 * t[t.black_female == 1].death.mean())


@ask("How many white male patients are there for every black male patient? I want the ratio.")
def _(t):
    return float(t.white_male.sum() / t.black_male.sum())


@ask("Is there any linear relation between age and follow-up time? Please to give me the Pearson coefficient.")
def _(t):
    return float(t.age.corr(t.time))


@ask("For my homework: how skewed is the distribution of time?")
def _(t):
    return float(t.time.skew())


@ask(
    "Estimate the Kaplan-Meier survival function for all patients, taking time as the duration and death = 1 as the "
    "event (death = 0 is censored). Report the estimated probability of surviving beyond time 1000, and the number of "
    "patients still at risk at that point, i.e. those whose time is at least 1000. Round the probability to four "
    "decimals.",
    outputs={
        "survival_probability": "Kaplan-Meier estimate of S(1000)",
        "n_at_risk": "number of patients with time >= 1000",
    },
    decimals=4,
)
def _(t):
    s = SurvfuncRight(t.time, t.death)
    prob = s.surv_prob[np.asarray(s.surv_times) <= 1000][-1]
    return {"survival_probability": round(float(prob), 4), "n_at_risk": int((t.time >= 1000).sum())}


@ask(
    "Were the patients who died older than those who did not? Compare the age of the two death groups with a two-sided "
    "Welch t-test (unequal variances). Compute the t statistic as died (death = 1) minus not died (death = 0). Use alpha = 0.05 and report "
    "'significant' if the p-value is below alpha, otherwise 'not significant'. Round the t statistic to three decimals.",
    outputs={
        "t_statistic": "Welch t statistic, died minus not died",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(t[t.death == 1].age, t[t.death == 0].age, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Test whether death is independent of being a white male. Build the 2x2 contingency table of white_male against "
    "death and run a chi-square test of independence without continuity correction. The significance level is 0.05: "
    "conclude 'dependent' when p < 0.05 and 'independent' otherwise. Round the numbers to three decimals.",
    outputs={
        "chi2": "chi-square statistic",
        "p_value": "p-value of the test",
        "conclusion": "'dependent' or 'independent'",
    },
    decimals=3,
)
def _(t):
    chi2, p, _dof, _exp = stats.chi2_contingency(pd.crosstab(t.white_male, t.death), correction=False)
    return {
        "chi2": round(float(chi2), 3),
        "p_value": round(float(p), 3),
        "conclusion": "dependent" if p < 0.05 else "independent",
    }


@ask(
    "Clean the age column first: an age counts as an outlier if it lies below Q1 - 1.5*IQR or above Q3 + 1.5*IQR, with "
    "quartiles by linear interpolation. Remove the rows with outlying ages. Then report how many rows were removed, and "
    "the mean and sample standard deviation of age in what remains. Round to two decimals.",
    outputs={
        "n_outliers": "number of rows removed",
        "mean_age": "mean age after removal",
        "std_age": "sample standard deviation of age after removal",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.age.quantile([0.25, 0.75])
    out = (t.age < q1 - 1.5 * (q3 - q1)) | (t.age > q3 + 1.5 * (q3 - q1))
    kept = t[~out].age
    return {"n_outliers": int(out.sum()), "mean_age": round(float(kept.mean()), 2), "std_age": round(float(kept.std()), 2)}


@ask(
    "Apply min-max scaling to the time column over the whole table so that it runs from 0 to 1. Afterwards compute the "
    "mean scaled time of the patients who died and of the patients who did not die. Round both to three decimals.",
    outputs={
        "mean_scaled_died": "mean scaled time where death = 1",
        "mean_scaled_alive": "mean scaled time where death = 0",
    },
    decimals=3,
)
def _(t):
    z = (t.time - t.time.min()) / (t.time.max() - t.time.min())
    return {
        "mean_scaled_died": round(float(z[t.death == 1].mean()), 3),
        "mean_scaled_alive": round(float(z[t.death == 0].mean()), 3),
    }


@ask(
    "Create a new column called outcome using the following rule: 'early death' if the patient died and time is less "
    "than 365; 'late death' if the patient died and time is 365 or more; 'censored' if the patient did not die. Report "
    "the number of early deaths, the number of late deaths, and the mean age of the early deaths rounded to 1 decimal.",
    outputs={
        "n_early": "number of rows labelled 'early death'",
        "n_late": "number of rows labelled 'late death'",
        "mean_age_early": "mean age of the 'early death' rows",
    },
    decimals=1,
)
def _(t):
    early = t[(t.death == 1) & (t.time < 365)]
    late = t[(t.death == 1) & (t.time >= 365)]
    return {"n_early": len(early), "n_late": len(late), "mean_age_early": round(float(early.age.mean()), 1)}


@ask(
    "Fit a logistic regression that predicts death from age, black_male, white_male and black_female, in that order. "
    "Split with scikit-learn's train_test_split, test_size=0.3 and random_state=42, no stratification. Use "
    "LogisticRegression with default settings, unscaled features. Evaluate ROC AUC on the test set from the predicted "
    "probability of death = 1, rounded to two decimals.",
    outputs={"auc": "ROC AUC on the test set"},
    decimals=2,
)
def _(t):
    x = t[["age", "black_male", "white_male", "black_female"]]
    xa, xb, ya, yb = train_test_split(x, t.death, test_size=0.3, random_state=42)
    m = LogisticRegression().fit(xa, ya)
    return {"auc": round(float(roc_auc_score(yb, m.predict_proba(xb)[:, 1])), 2)}


ask.unanswerable(
    "What share of the deaths came after the transplanted kidney was rejected?",
    why="the table does not record rejection or graft failure",
)
ask.unanswerable("average age of the hispanic patients", why="the flags only cover black and white patients")
ask.unanswerable(
    "Did patients who got a kidney from a living donor have longer follow-up times than those with a deceased donor?",
    why="the table has no donor type",
)
ask.unanswerable(
    "How long did black women wait for their transplant compared with white men?",
    why="time is follow-up after transplant; no waiting time is recorded",
)
