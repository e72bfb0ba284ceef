"""Questions about spector: 32 students, their GPA, economics test score, whether taught by the PSI method, and improvement."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("spector")


@ask("avg gpa where psi = 1")
def _(t):
    return float(t[t.PSI == 1].GPA.mean())


@ask("How many students have GRADE equal to 1?")
def _(t):
    return int((t.GRADE == 1).sum())


@ask("PSI is the new teaching method (1 = got it). How many of the kids who did not get it still improved, i.e. GRADE 1?")
def _(t):
    return int(((t.PSI == 0) & (t.GRADE == 1)).sum())


@ask("What's the median TUCE score among students with a GPA of at least 3.0?")
def _(t):
    return float(t[t.GPA >= 3].TUCE.median())


@ask("Quick one: the highest test score (TUCE) anybody with GRADE 0 got?")
def _(t):
    return int(t[t.GRADE == 0].TUCE.max())


@ask("mean tuce by psi")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("PSI").TUCE.mean().items()}


@ask("I would like to know the standard deviation of the grade point average, separately for each value of GRADE.")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("GRADE").GPA.std().items()}


@ask(
    "Put the students into GPA bands: 'low' for a GPA below 2.75, 'middle' for 2.75 up to but not including 3.25, "
    "'high' for 3.25 and above. How many students are in each band?"
)
def _(t):
    band = pd.cut(t.GPA, [-np.inf, 2.75, 3.25, np.inf], right=False, labels=["low", "middle", "high"])
    return {str(k): int(v) for k, v in band.value_counts().items()}


@ask("Which student (give the OBS number) has the worst GPA?")
def _(t):
    return int(t.loc[t.GPA.idxmin(), "OBS"])


@ask("List the OBS numbers of the three best TUCE scorers, best one first.")
def _(t):
    return [int(o) for o in t.nlargest(3, "TUCE").OBS]


@ask("which students have a perfect 4.0 gpa? the obs numbers are enough")
def _(t):
    return {int(o) for o in t[t.GPA == 4.0].OBS}


@ask("Of the students taught with PSI, what percentage improved their grade (GRADE = 1)?")
def _(t):
    return float((t[t.PSI == 1].GRADE == 1).mean() * 100)


@ask(
    "Let the improvement rate of a group be the fraction (0 to 1) of its students with GRADE 1. Compute the improvement rate "
    "of the PSI = 1 students and that of the PSI = 0 students. Then divide the first by the second. "
    "Round everything to three decimals.",
    outputs={
        "rate_psi": "improvement rate of the PSI = 1 students, as a fraction",
        "rate_no_psi": "improvement rate of the PSI = 0 students, as a fraction",
        "rate_ratio": "rate_psi divided by rate_no_psi, computed before rounding",
    },
    decimals=3,
)
def _(t):
    rate = t.groupby("PSI").GRADE.mean()
    return {
        "rate_psi": round(float(rate[1]), 3),
        "rate_no_psi": round(float(rate[0]), 3),
        "rate_ratio": round(float(rate[1] / rate[0]), 3),
    }


@ask("Is there a relationship of GPA with TUCE? Give the Pearson correlation coefficient, please.")
def _(t):
    return float(t.GPA.corr(t.TUCE))


@ask(
    "Compare the GPA of the students who improved (GRADE = 1) with the GPA of those who did not (GRADE = 0). Run a two-sided "
    "Welch's t-test, not assuming equal variances. At alpha 0.05, report 'significant' if the p-value is below alpha and "
    "'not significant' otherwise. Also report the difference in mean GPA, improved minus not improved. "
    "Round the numbers to four decimals.",
    outputs={
        "mean_difference": "mean GPA of GRADE 1 minus mean GPA of GRADE 0",
        "p_value": "two-sided p-value of Welch's t-test",
        "label": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    yes, no = t[t.GRADE == 1].GPA, t[t.GRADE == 0].GPA
    p = float(stats.ttest_ind(yes, no, equal_var=False).pvalue)
    return {
        "mean_difference": round(float(yes.mean() - no.mean()), 4),
        "p_value": round(p, 4),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Build the 2x2 table of PSI against GRADE and run a chi-square test of independence on it, without Yates' continuity "
    "correction. Report the chi-square statistic and the p-value rounded to 3 decimals. If p < 0.05 the label is "
    "'dependent', else it is 'independent'.",
    outputs={
        "chi2": "chi-square statistic, no continuity correction",
        "p_value": "p-value of the test",
        "label": "'dependent' or 'independent'",
    },
    decimals=3,
)
def _(t):
    r = stats.chi2_contingency(pd.crosstab(t.PSI, t.GRADE), correction=False)
    label = "dependent" if r.pvalue < 0.05 else "independent"
    return {"chi2": round(float(r.statistic), 3), "p_value": round(float(r.pvalue), 3), "label": label}


@ask(
    "Describe the distribution of the TUCE scores. Compute the skewness and the excess kurtosis, both with the "
    "bias-corrected formulas used by pandas, and the interquartile range using linear interpolation for the quartiles. "
    "Round each to two decimals.",
    outputs={
        "skewness": "bias-corrected skewness of TUCE",
        "kurtosis": "bias-corrected excess kurtosis of TUCE",
        "iqr": "third quartile minus first quartile of TUCE",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.TUCE.quantile([0.25, 0.75])
    return {
        "skewness": round(float(t.TUCE.skew()), 2),
        "kurtosis": round(float(t.TUCE.kurt()), 2),
        "iqr": round(float(q3 - q1), 2),
    }


@ask(
    "Compute z-scores of TUCE with the mean and the sample standard deviation of all 32 students. Treat every student with "
    "|z| > 2 as an outlier and remove those rows. How many outliers are there, and what are the mean TUCE and the Pearson "
    "correlation of GPA and TUCE after they are removed? Round to three decimals.",
    outputs={
        "n_outliers": "number of students removed",
        "mean_tuce": "mean TUCE of the remaining students",
        "correlation": "Pearson correlation of GPA and TUCE among the remaining students",
    },
    decimals=3,
)
def _(t):
    out = ((t.TUCE - t.TUCE.mean()) / t.TUCE.std()).abs() > 2
    kept = t[~out]
    return {
        "n_outliers": int(out.sum()),
        "mean_tuce": round(float(kept.TUCE.mean()), 3),
        "correlation": round(float(kept.GPA.corr(kept.TUCE)), 3),
    }


@ask(
    "Derive a column ratio = TUCE / GPA for every student. Report the mean and the sample standard deviation of the ratio, "
    "and the OBS number of the student with the largest ratio. Give the mean and the standard deviation to two decimals.",
    outputs={
        "mean_ratio": "mean of TUCE / GPA",
        "std_ratio": "sample standard deviation of TUCE / GPA",
        "top_student": "OBS of the student with the largest ratio",
    },
    decimals=2,
)
def _(t):
    ratio = t.TUCE / t.GPA
    return {
        "mean_ratio": round(float(ratio.mean()), 2),
        "std_ratio": round(float(ratio.std()), 2),
        "top_student": int(t.loc[ratio.idxmax(), "OBS"]),
    }


@ask(
    "Train a logistic regression (scikit-learn, default settings) that predicts GRADE from GPA, TUCE and PSI, in that order. "
    "Hold out 25% of the rows as the test set using train_test_split with random_state=42 and no stratification. "
    "Report the accuracy on the test set, rounded to two decimals, and the number of test rows.",
    outputs={"accuracy": "accuracy on the test set", "n_test": "rows in the test set"},
    decimals=2,
)
def _(t):
    x_train, x_test, y_train, y_test = train_test_split(
        t[["GPA", "TUCE", "PSI"]], t.GRADE, test_size=0.25, random_state=42
    )
    model = LogisticRegression().fit(x_train, y_train)
    return {"accuracy": round(float(model.score(x_test, y_test)), 2), "n_test": len(y_test)}


ask.unanswerable("Average GPA of the female students?", why="the table does not record the students' sex")
ask.unanswerable("Which teacher's PSI class had the best mean TUCE?", why="the table names no teachers or classes")
ask.unanswerable(
    "How many points did each student's TUCE score go up between the start and the end of the course?",
    why="the table holds a single TUCE score per student, not a before and an after",
)
ask.unanswerable("did the students enjoy the PSI method more than the old one?", why="nothing on satisfaction is recorded")
