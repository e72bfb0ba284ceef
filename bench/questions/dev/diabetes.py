"""Questions about diabetes: 442 patients, their baseline measurements and how far the disease had progressed a year later."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("diabetes")


@ask("How many patients have a BMI above 30?")
def _(t):
    return int((t.bmi > 30).sum())


@ask("avg progression by sex")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("sex").progression.mean().items()}


@ask("hi! could you tell me the average glucose of the patients who are 60 or older? thanks")
def _(t):
    return float(t[t.age >= 60].glucose.mean())


@ask("Median blood pressure for people under 40")
def _(t):
    return float(t[t.age < 40].bp.median())


@ask("What percentage of the patients are coded 2 for sex?")
def _(t):
    return float((t.sex == 2).mean() * 100)


@ask("I need the age of the patient with the highest body mass index.")
def _(t):
    return float(t.loc[t.bmi.idxmax(), "age"])


@ask(
    "Which of these five, bmi, bp, ldl, hdl and glucose, have a Pearson correlation with progression above 0.35 in absolute "
    "value? "
    "Order doesn't matter."
)
def _(t):
    c = t[["bmi", "bp", "ldl", "hdl", "glucose"]].corrwith(t.progression).abs()
    return set(c[c > 0.35].index)


@ask("Among all the other columns, which one has the strongest (absolute) Pearson correlation with progression?")
def _(t):
    return str(t.drop(columns="progression").corrwith(t.progression).abs().idxmax())


@ask(
    "Of the columns bmi, bp, ldl, hdl and glucose, rank the three with the largest coefficient of variation (sample "
    "std / mean), biggest first."
)
def _(t):
    c = t[["bmi", "bp", "ldl", "hdl", "glucose"]]
    return list((c.std() / c.mean()).nlargest(3).index)


@ask("Give me mean bp per age decade (20s means 20 to 29 and so on, use the decade's first year like 20, 30, 40 as label)")
def _(t):
    return {int(k): float(v) for k, v in t.groupby((t.age // 10 * 10).astype(int)).bp.mean().items()}


@ask(
    "Put each person in a weight class: 'normal' when the bmi is below 25, 'overweight' from 25 up to but not including 30, "
    "'obese' at 30 or more. How many people fall in each class?"
)
def _(t):
    w = np.select([t.bmi < 25, t.bmi < 30], ["normal", "overweight"], "obese")
    return {str(k): int(v) for k, v in pd.Series(w).value_counts().items()}


@ask("what is the mean of the ldl to hdl ratio, computed patient by patient")
def _(t):
    return float((t.ldl / t.hdl).mean())


@ask("How skewed is the BMI distribution? Please report the skewness.")
def _(t):
    return float(t.bmi.skew())


@ask(
    "Look for outliers in the HDL readings. A reading is an outlier when it lies more than 1.5 times the interquartile range "
    "below the first quartile or above the third quartile. Count them, then drop those patients and compute the mean "
    "HDL of the ones that remain. Round the mean to two decimals.",
    outputs={"n_outliers": "number of HDL outliers", "mean_hdl": "mean HDL after the outliers are dropped"},
    decimals=2,
)
def _(t):
    a, b = t.hdl.quantile([0.25, 0.75])
    out = (t.hdl < a - 1.5 * (b - a)) | (t.hdl > b + 1.5 * (b - a))
    return {"n_outliers": int(out.sum()), "mean_hdl": round(float(t[~out].hdl.mean()), 2)}


@ask(
    "Test whether disease progression differs between the two sexes. Use Welch's two-sample t-test (unequal variances), "
    "two-sided, "
    "with a significance level of 0.05. Give the p-value rounded to four decimals and the label 'significant' if p is below "
    "0.05, "
    "otherwise 'not significant'.",
    outputs={"p_value": "two-sided p-value", "label": "'significant' or 'not significant'"},
    decimals=4,
)
def _(t):
    p = stats.ttest_ind(t[t.sex == 1].progression, t[t.sex == 2].progression, equal_var=False).pvalue
    return {"p_value": round(float(p), 4), "label": "significant" if p < 0.05 else "not significant"}


@ask(
    "Calculate the Pearson correlation between body mass index and mean blood pressure over all patients. Call the "
    "relationship 'strong' if the absolute correlation is at least 0.7, 'moderate' if it is at least 0.3 but below 0.7, and "
    "'weak' "
    "otherwise. Round the coefficient to three decimals.",
    outputs={"correlation": "Pearson coefficient", "label": "'strong', 'moderate' or 'weak'"},
    decimals=3,
)
def _(t):
    r = float(t.bmi.corr(t.bp))
    return {"correlation": round(r, 3), "label": "strong" if abs(r) >= 0.7 else "moderate" if abs(r) >= 0.3 else "weak"}


@ask(
    "Standardise the total cholesterol column to z-scores, using the sample mean and the sample standard deviation (n - 1). "
    "Patients with "
    "|z| > 3 count as outliers. Remove them and report how many patients are left and the sample standard deviation of total "
    "cholesterol among those. Round to two decimals.",
    outputs={"n_remaining": "patients left after removal", "std_cholesterol": "sample standard deviation of what remains"},
    decimals=2,
)
def _(t):
    c = t.total_cholesterol
    keep = c[((c - c.mean()) / c.std()).abs() <= 3]
    return {"n_remaining": len(keep), "std_cholesterol": round(float(keep.std()), 2)}


@ask(
    "Fit an ordinary linear regression that predicts progression from bmi, bp and log_triglycerides. Split the rows with "
    "scikit-learn's "
    "train_test_split, 20% for testing and random_state 42, and fit LinearRegression with default settings on the training part. "
    "What R-squared does it reach on the test part? Round to three decimals.",
    outputs={"r2": "R-squared on the test set"},
    decimals=3,
)
def _(t):
    a, b, y, z = train_test_split(t[["bmi", "bp", "log_triglycerides"]], t.progression, test_size=0.2, random_state=42)
    return {"r2": round(float(r2_score(z, LinearRegression().fit(a, y).predict(b))), 3)}


@ask(
    "Rescale glucose to the 0-1 range with min-max scaling over all patients. Then, with the scaled values, compute the mean "
    "for patients "
    "whose progression is above the overall median progression, and the mean for everybody else. Give both to three decimals.",
    outputs={
        "mean_high": "mean scaled glucose, progression above the median",
        "mean_rest": "mean scaled glucose of the other patients",
    },
    decimals=3,
)
def _(t):
    g = (t.glucose - t.glucose.min()) / (t.glucose.max() - t.glucose.min())
    high = t.progression > t.progression.median()
    return {"mean_high": round(float(g[high].mean()), 3), "mean_rest": round(float(g[~high].mean()), 3)}


@ask(
    "Sort the patients into four age groups: 'under 35', '35-49' (35 up to and including 49), '50-64' (50 up to and including "
    "64) and "
    "'65 and over'. Ages are whole years. For each group compute the mean progression. Which group has the highest mean, and "
    "what "
    "is that mean? Round the mean to one decimal.",
    outputs={"group": "name of the age group with the highest mean", "mean_progression": "its mean progression"},
    decimals=1,
)
def _(t):
    g = np.select([t.age < 35, t.age < 50, t.age < 65], ["under 35", "35-49", "50-64"], "65 and over")
    m = t.progression.groupby(g).mean()
    return {"group": str(m.idxmax()), "mean_progression": round(float(m.max()), 1)}


ask.unanswerable("What is the average insulin dose by sex?", why="the table holds no insulin doses")
ask.unanswerable("How many of the patients with a bmi over 30 are smokers?", why="bmi is in the table, smoking is not")
ask.unanswerable("Which hospital's patients had the lowest glucose?", why="the table names no hospitals")
ask.unanswerable(
    "How did the mean blood pressure of these patients change between the first visit and the one a year later?",
    why="blood pressure was recorded once, only progression is from a year later",
)
