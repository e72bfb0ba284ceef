"""Questions about gbsg2: 686 breast cancer patients of the German Breast Cancer Study Group, with recurrence-free time."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from bench.questions.bank import Bank

ask = Bank("gbsg2")


@ask("mean age of the postmenopausal patients?")
def _(t):
    return float(t[t.menostat == "Post"].age.mean())


@ask("How many women received hormonal therapy (horTh = yes)?")
def _(t):
    return int((t.horTh == "yes").sum())


@ask("What's the biggest tumor size among patients with grade I tumours?")
def _(t):
    return int(t[t.tgrade == "I"].tsize.max())


@ask("Count patients having more than 10 positive nodes")
def _(t):
    return int((t.pnodes > 10).sum())


@ask(
    "Hello, I would like to know please the median of the follow-up time for the patients who are premenopausal and did not "
    "get the hormone therapy"
)
def _(t):
    return float(t[(t.menostat == "Pre") & (t.horTh == "no")].time.median())


@ask("average tumor size per tumor grade")
def _(t):
    return {k: float(v) for k, v in t.groupby("tgrade").tsize.mean().items()}


@ask("median progrec by menostat")
def _(t):
    return {k: float(v) for k, v in t.groupby("menostat").progrec.median().items()}


@ask("Among patients with cens = 1, how many are there in each tumour grade?")
def _(t):
    return {k: int(v) for k, v in t[t.cens == 1].tgrade.value_counts().items()}


@ask("Which tumour grade has the highest average number of positive nodes?")
def _(t):
    return str(t.groupby("tgrade").pnodes.mean().idxmax())


@ask("What are the three highest estrogen receptor values in the study, from highest down?")
def _(t):
    return [int(v) for v in t.estrec.nlargest(3)]


@ask("how old was the patient with the most positive lymph nodes")
def _(t):
    return int(t.loc[t.pnodes.idxmax(), "age"])


@ask("What percentage of grade III patients got hormone therapy?")
def _(t):
    return float((t[t.tgrade == "III"].horTh == "yes").mean() * 100)


@ask("Need the ratio of patients without hormonal therapy to patients with it.")
def _(t):
    return float((t.horTh == "no").sum() / (t.horTh == "yes").sum())


@ask(
    "Do progesterone and oestrogen receptor levels go together? Keep only the patients for whom both progrec and estrec are "
    "greater than zero. On these, calculate the Spearman rank correlation between the two columns. Classify the relationship as "
    "'strong' if the coefficient is 0.7 or higher, 'moderate' if it is at least 0.3 but below 0.7, and 'weak' "
    "otherwise. Round the coefficient to three decimals.",
    outputs={
        "n_patients": "number of patients kept",
        "correlation": "Spearman correlation of progrec and estrec among them",
        "strength": "'strong', 'moderate' or 'weak'",
    },
    decimals=3,
)
def _(t):
    k = t[(t.progrec > 0) & (t.estrec > 0)]
    r = float(stats.spearmanr(k.progrec, k.estrec).statistic)
    return {
        "n_patients": len(k),
        "correlation": round(r, 3),
        "strength": "strong" if r >= 0.7 else "moderate" if r >= 0.3 else "weak",
    }


@ask("Is the linear correlation between tumor size and number of positive nodes stronger than 0.5? Yes or no.")
def _(t):
    return bool(t.tsize.corr(t.pnodes) > 0.5)


@ask("What is the 90th percentile of tsize?")
def _(t):
    return float(t.tsize.quantile(0.9))


@ask(
    "Is hormonal therapy related to whether the patient had an event? Cross-tabulate horTh and cens, and perform a "
    "chi-square test of independence with no Yates continuity correction. State 'significant' if the p-value is less "
    "than 0.05, else 'not significant'. Please round numbers to 4 decimals.",
    outputs={
        "chi2": "chi-square statistic",
        "p_value": "p-value of the test",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.chi2_contingency(t.groupby(["horTh", "cens"]).size().unstack(), correction=False)
    return {
        "chi2": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Test if the number of positive nodes differs between the three tumour grades. Since pnodes is heavily skewed, use the "
    "Kruskal-Wallis H test. At alpha = 0.01, answer 'reject' if the p-value is below alpha and 'fail to reject' if it is not. "
    "Give the H statistic to two decimals.",
    outputs={
        "h_statistic": "Kruskal-Wallis H (corrected for ties)",
        "decision": "'reject' or 'fail to reject'",
    },
    decimals=2,
)
def _(t):
    r = stats.kruskal(*[g.pnodes for _, g in t.groupby("tgrade")])
    return {"h_statistic": round(float(r.statistic), 2), "decision": "reject" if r.pvalue < 0.01 else "fail to reject"}


@ask(
    "Compute z-scores for tumour size using the sample mean and the sample standard deviation. Treat |z| > 3 as an outlier. "
    "Report how many outliers there are. Then remove those patients and compute the Pearson correlation of tumour size with the "
    "number of positive nodes among the rest, rounded to three decimals.",
    outputs={
        "n_outliers": "number of patients with |z| > 3 on tsize",
        "correlation": "Pearson correlation of tsize and pnodes after removal",
    },
    decimals=3,
)
def _(t):
    z = (t.tsize - t.tsize.mean()) / t.tsize.std()
    kept = t[z.abs() <= 3]
    return {"n_outliers": int((z.abs() > 3).sum()), "correlation": round(float(kept.tsize.corr(kept.pnodes)), 3)}


@ask(
    "Because progesterone receptor values are extremely right skewed, apply the transformation log(progrec + 1) with the natural "
    "logarithm. What is the skewness of the column before and after the transformation? Use the bias-adjusted sample "
    "skewness, as pandas does. Label the transformed column 'symmetric' if the absolute skewness is below 0.5 and "
    "'skewed' otherwise. Two decimals are enough.",
    outputs={
        "skew_before": "skewness of progrec",
        "skew_after": "skewness of log(progrec + 1)",
        "label": "'symmetric' or 'skewed'",
    },
    decimals=2,
)
def _(t):
    after = float(np.log1p(t.progrec).skew())
    return {
        "skew_before": round(float(t.progrec.skew()), 2),
        "skew_after": round(after, 2),
        "label": "symmetric" if abs(after) < 0.5 else "skewed",
    }


@ask(
    "Group the patients by age: 'young' means younger than 45, 'middle' means 45 to 59 inclusive, 'older' means 60 and above. "
    "For every group calculate the percentage of patients with cens equal to 1. Round to 1 decimal.",
    outputs={
        "young": "percentage (0-100) with cens = 1 among patients younger than 45",
        "middle": "percentage (0-100) with cens = 1 among patients aged 45 to 59",
        "older": "percentage (0-100) with cens = 1 among patients aged 60 and above",
    },
    decimals=1,
)
def _(t):
    e = t.cens == 1
    return {
        "young": round(float(e[t.age < 45].mean() * 100), 1),
        "middle": round(float(e[(t.age >= 45) & (t.age <= 59)].mean() * 100), 1),
        "older": round(float(e[t.age >= 60].mean() * 100), 1),
    }


@ask(
    "Build a logistic regression classifier for cens (1 = event) with the features age, tsize, pnodes, progrec and estrec. Split "
    "the rows with scikit-learn's train_test_split using test_size=0.25 and random_state=123, no stratification. Fit a "
    "StandardScaler on the training features and apply it to both parts. Use LogisticRegression with its default settings. "
    "What accuracy does it reach on the test set? Three decimals.",
    outputs={"accuracy": "share of test rows (0-1) classified correctly"},
    decimals=3,
)
def _(t):
    x = t[["age", "tsize", "pnodes", "progrec", "estrec"]]
    a, b, c, d = train_test_split(x, t.cens, test_size=0.25, random_state=123)
    s = StandardScaler().fit(a)
    m = LogisticRegression().fit(s.transform(a), c)
    return {"accuracy": round(float(accuracy_score(d, m.predict(s.transform(b)))), 3)}


ask.unanswerable(
    "Which hospital treated the most patients with grade III tumours?", why="the table has no hospital or study centre"
)
ask.unanswerable("average BMI by menopausal status", why="the table has no BMI, weight or height")
ask.unanswerable(
    "How many of the patients who got chemotherapy were premenopausal?",
    why="the only treatment in the table is hormonal therapy; chemotherapy is not recorded",
)
ask.unanswerable("What is the mean tumor size for grade IV patients?", why="tumour grade is only I, II or III in the table")
