"""Questions about la_riots: the 63 people who died around the 1992 Los Angeles riots (long-form, third part)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.questions.bank import Bank

ask = Bank("la_riots", part="c")


@ask(
    "Identify outliers in the age column using the interquartile range. Ignore rows where age is missing. Use quartiles with "
    "linear interpolation and mark an age as an outlier if it lies more than 1.5 × IQR below the first quartile or above the "
    "third quartile. Give the number of outliers, the mean age with the outliers included and the mean age once they have "
    "been removed. Round the means to two decimal places.",
    outputs={
        "n_outliers": "number of outlying ages",
        "mean_with_outliers": "mean age before removal",
        "mean_without_outliers": "mean age after removal",
    },
    decimals=2,
)
def _(t):
    a = t.age.dropna()
    q1, q3 = a.quantile(0.25), a.quantile(0.75)
    kept = a[a.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))]
    return {
        "n_outliers": len(a) - len(kept),
        "mean_with_outliers": round(float(a.mean()), 2),
        "mean_without_outliers": round(float(kept.mean()), 2),
    }


@ask(
    "Requirements: (1) count the rows with no age; (2) fill each of them with the median of the known ages; (3) report the "
    "mean age after filling; (4) report the sample standard deviation (ddof=1) of age after filling. Nothing else in the "
    "table may be changed and no row may be dropped. Precision: 3 decimals for (3) and (4).",
    outputs={
        "n_missing": "rows with no age before filling",
        "mean_age": "mean age after filling",
        "std_age": "sample standard deviation of age after filling",
    },
    decimals=3,
)
def _(t):
    a = t.age.fillna(t.age.median())
    return {"n_missing": int(t.age.isna().sum()), "mean_age": round(float(a.mean()), 3), "std_age": round(float(a.std()), 3)}


@ask(
    "We'd like to show readers how young the dead were. Leave out anyone whose age is not known. Call people under 20 "
    "'young', people from 20 through 39 'adult', and those aged 40 or more 'older'. How many victims are in each of the "
    "three groups, and what percentage of the 'young' ones died in an officer-involved shooting (0 to 100, one decimal)?",
    outputs={
        "n_young": "victims under 20",
        "n_adult": "victims aged 20 through 39",
        "n_older": "victims aged 40 or more",
        "pct_young_officer": "percentage of the young victims whose type is Officer-involved shooting",
    },
    decimals=1,
)
def _(t):
    a = t.age
    young = t[a < 20]
    return {
        "n_young": len(young),
        "n_adult": int(((a >= 20) & (a < 40)).sum()),
        "n_older": int((a >= 40).sum()),
        "pct_young_officer": round(float((young.type == "Officer-involved shooting").mean() * 100), 1),
    }


@ask(
    "Compare the ages of Black and White victims (race column), discarding records with missing age. Carry out a two-sided "
    "two-sample t-test that does not assume equal variances (Welch), with Black as the first group. At the 5% level, write "
    "'significant' when p < 0.05 and 'not significant' otherwise. Report the difference in mean age, Black minus White, as "
    "well as t and p, each rounded to 4 decimals.",
    outputs={
        "mean_difference": "mean age of Black victims minus mean age of White victims",
        "t_statistic": "Welch t statistic",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    b, w = (t[t.race == r].age.dropna() for r in ("Black", "White"))
    r = stats.ttest_ind(b, w, equal_var=False)
    return {
        "mean_difference": round(float(b.mean() - w.mean()), 4),
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Keep only the victims whose race is Black, Latino or White. Build the 3 × 2 contingency table of race against whether "
    "the type of death is 'Homicide' (yes/no), and run Pearson's chi-square test of independence without continuity "
    "correction. Report the statistic (3 decimals), the degrees of freedom and the p-value (3 decimals). If p is smaller than "
    "0.05 the answer is 'dependent', else 'independent'.",
    outputs={
        "chi2": "chi-square statistic",
        "dof": "degrees of freedom",
        "p_value": "p-value",
        "verdict": "'dependent' or 'independent'",
    },
    decimals=3,
)
def _(t):
    s = t[t.race.isin(["Black", "Latino", "White"])]
    r = stats.chi2_contingency(pd.crosstab(s.race, s.type == "Homicide"), correction=False)
    return {
        "chi2": round(float(r.statistic), 3),
        "dof": int(r.dof),
        "p_value": round(float(r.pvalue), 3),
        "verdict": "dependent" if r.pvalue < 0.05 else "independent",
    }


@ask(
    "First remove all the deaths that have the type 'Not riot-related'. With the deaths which stay, calculate the correlation "
    "of Pearson between longitude and latitude, and also the correlation of Spearman between the same two. For the label look "
    "only the absolute value of the Pearson one: 0.5 or more is 'strong', from 0.3 to less than 0.5 is 'moderate', less than "
    "0.3 is 'weak'. Coefficients with 3 decimals please.",
    outputs={
        "pearson": "Pearson correlation of longitude and latitude",
        "spearman": "Spearman correlation of longitude and latitude",
        "label": "'strong', 'moderate' or 'weak'",
    },
    decimals=3,
)
def _(t):
    s = t[t.type != "Not riot-related"]
    p = s.longitude.corr(s.latitude)
    return {
        "pearson": round(float(p), 3),
        "spearman": round(float(s.longitude.corr(s.latitude, method="spearman")), 3),
        "label": "strong" if abs(p) >= 0.5 else "moderate" if abs(p) >= 0.3 else "weak",
    }


@ask(
    "Standardize latitude and longitude over all 63 records to z-scores, using the sample standard deviation. Define a new "
    "column remoteness = sqrt(z_latitude² + z_longitude²) for each record. Find the mean and the maximum of remoteness, and "
    "name the neighborhood of the record with the largest remoteness. Round the two numbers to 3 decimals.",
    outputs={
        "mean_remoteness": "mean of remoteness",
        "max_remoteness": "largest remoteness",
        "neighborhood": "neighborhood of the record with the largest remoteness",
    },
    decimals=3,
)
def _(t):
    n = t[["latitude", "longitude"]]
    far = np.sqrt((((n - n.mean()) / n.std()) ** 2).sum(axis=1))
    return {
        "mean_remoteness": round(float(far.mean()), 3),
        "max_remoteness": round(float(far.max()), 3),
        "neighborhood": str(t.neighborhood[far.idxmax()]),
    }


@ask(
    "Team, I need this for the timeline slide: counting only homicides (type = Homicide, ignore the rest completely), how "
    "many were there on April 30, 1992 and how many on May 1, 1992, by date of death? And what is the percent change from the "
    "first day to the second? A drop should be a negative number. One decimal, please.",
    outputs={
        "april_30": "homicides with death date 1992-04-30",
        "may_1": "homicides with death date 1992-05-01",
        "percent_change": "percent change from April 30 to May 1, negative for a drop",
    },
    decimals=1,
)
def _(t):
    d = t[t.type == "Homicide"].death_date
    a, b = int((d == "1992-04-30").sum()), int((d == "1992-05-01").sum())
    return {"april_30": a, "may_1": b, "percent_change": round(float((b - a) / a * 100), 1)}


@ask(
    "male victims only; drop missing age; age: skewness (pandas skew), excess kurtosis (pandas kurt), 25th and 75th percentile "
    "(linear interpolation); everything to 2 decimals",
    outputs={
        "skewness": "skewness of age, males",
        "kurtosis": "excess kurtosis of age, males",
        "p25": "25th percentile of age, males",
        "p75": "75th percentile of age, males",
    },
    decimals=2,
)
def _(t):
    a = t[t.gender == "Male"].age.dropna()
    return {
        "skewness": round(float(a.skew()), 2),
        "kurtosis": round(float(a.kurt()), 2),
        "p25": round(float(a.quantile(0.25)), 2),
        "p75": round(float(a.quantile(0.75)), 2),
    }


@ask(
    "Exercise: we suspect that people killed in officer-involved shootings differ in age from homicide victims. Exclude "
    "missing ages. Since age is skewed, do not use a t-test; apply the two-sided Mann-Whitney U test with the "
    "officer-involved shootings as first sample and the homicides as second (asymptotic p-value with tie and continuity "
    "correction, method='asymptotic' in scipy). State U of the first sample, p rounded to 4 decimals, and the decision at "
    "alpha = 0.10: 'different' if p < 0.10, otherwise 'no evidence'. Also state the median age of the homicide victims minus "
    "the median age of those killed in officer-involved shootings.",
    outputs={
        "u_statistic": "Mann-Whitney U of the officer-involved shootings",
        "p_value": "two-sided p-value",
        "decision": "'different' or 'no evidence'",
        "median_difference": "median age, homicides minus officer-involved shootings",
    },
    decimals=4,
)
def _(t):
    o, h = (t[t.type == k].age.dropna() for k in ("Officer-involved shooting", "Homicide"))
    r = stats.mannwhitneyu(o, h, alternative="two-sided", method="asymptotic")
    return {
        "u_statistic": float(r.statistic),
        "p_value": round(float(r.pvalue), 4),
        "decision": "different" if r.pvalue < 0.10 else "no evidence",
        "median_difference": float(h.median() - o.median()),
    }


@ask(
    "Consider only deaths dated from 1992-04-29 to 1992-05-03, both days included, whose age is recorded. Let x be the number "
    "of days since 1992-04-29 (so that day has x = 0) and y the age. Estimate y = a + b·x by ordinary least squares. Report "
    "the number of observations used, the intercept a, the slope b and R², the last three rounded to four decimals.",
    outputs={
        "n_obs": "number of observations used",
        "intercept": "estimated intercept a",
        "slope": "estimated slope b",
        "r_squared": "R squared",
    },
    decimals=4,
)
def _(t):
    s = t.dropna(subset=["age"]).assign(day=(pd.to_datetime(t.death_date) - pd.Timestamp("1992-04-29")).dt.days)
    s = s[s.day.between(0, 4)]
    f = stats.linregress(s.day, s.age)
    return {
        "n_obs": len(s),
        "intercept": round(float(f.intercept), 4),
        "slope": round(float(f.slope), 4),
        "r_squared": round(float(f.rvalue**2), 4),
    }


@ask(
    "Train a classifier for whether a victim was Black (target 1 if race is 'Black', else 0) from age, longitude and "
    "latitude, in that order. Drop rows with a missing age first. Split with scikit-learn's train_test_split using "
    "test_size=0.3 and random_state=42, without stratifying. Scale the three features with a StandardScaler fitted on the "
    "training rows only, then fit LogisticRegression with default settings. Report how many rows are in the test set and the "
    "accuracy on it as a fraction from 0 to 1, rounded to 4 decimals.",
    outputs={"n_test": "rows in the test set", "accuracy": "accuracy on the test set, between 0 and 1"},
    decimals=4,
)
def _(t):
    s = t.dropna(subset=["age"])
    x, y = s[["age", "longitude", "latitude"]], (s.race == "Black").astype(int)
    xa, xb, ya, yb = train_test_split(x, y, test_size=0.3, random_state=42)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(xa, ya)
    return {"n_test": len(xb), "accuracy": round(float(model.score(xb, yb)), 4)}
