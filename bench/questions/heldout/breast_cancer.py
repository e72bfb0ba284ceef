"""Questions about breast_cancer: the Wisconsin table of 569 breast tumours, 30 cell measurements and a diagnosis."""
import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("breast_cancer")


@ask("How many malignant cases have a mean radius over 15?")
def _(t):
    return int(((t.diagnosis == "malignant") & (t["mean radius"] > 15)).sum())


@ask("average worst area of benign tumours")
def _(t):
    return float(t[t.diagnosis == "benign"]["worst area"].mean())


@ask("Give the sample standard deviation of the mean texture column, whole table.")
def _(t):
    return float(t["mean texture"].std())


@ask("what is the smallest mean perimeter that you find among the malignant ones?")
def _(t):
    return float(t[t.diagnosis == "malignant"]["mean perimeter"].min())


@ask(
    "Hello, I noticed some samples have a mean concavity of exactly zero and I wonder whether that is common. How many are "
    "there?"
)
def _(t):
    return int((t["mean concavity"] == 0).sum())


@ask("Break down the average of mean smoothness by diagnosis.")
def _(t):
    return t.groupby("diagnosis")["mean smoothness"].mean().to_dict()


@ask("diagnosis wise number of samples with worst texture greater than 30")
def _(t):
    return t[t["worst texture"] > 30].groupby("diagnosis").size().to_dict()


@ask("median area error per diagnosis")
def _(t):
    return t.groupby("diagnosis")["area error"].median().to_dict()


@ask("Which diagnosis has the larger standard deviation of mean symmetry?")
def _(t):
    return str(t.groupby("diagnosis")["mean symmetry"].std().idxmax())


@ask("What are the five largest values of worst area? Sort them from largest to smallest.")
def _(t):
    return t["worst area"].nlargest(5).tolist()


@ask("Apart from mean radius itself, which numeric column has the highest Pearson correlation with mean radius?")
def _(t):
    return str(t.drop(columns=["diagnosis", "mean radius"]).corrwith(t["mean radius"]).idxmax())


@ask("what % of the tumours in this data are malignant")
def _(t):
    return float((t.diagnosis == "malignant").mean() * 100)


@ask("Take only the tumours whose worst radius is between 15 and 18, both included. What percentage of them is benign?")
def _(t):
    return float((t[t["worst radius"].between(15, 18)].diagnosis == "benign").mean() * 100)


@ask("How strongly do mean compactness and mean concavity correlate? I want Pearson's r.")
def _(t):
    return float(t["mean compactness"].corr(t["mean concavity"]))


@ask("Add a column worst area divided by mean area. What's its median for malignant tumors?")
def _(t):
    return float((t["worst area"] / t["mean area"])[t.diagnosis == "malignant"].median())


@ask(
    "Assess whether mean fractal dimension differs between malignant and benign tumours. Use Welch's t-test (do not assume "
    "equal variances), two-sided, at a significance level of 0.05. Provide the p-value rounded to three decimals, and state "
    "'significant' or 'not significant'.",
    outputs={"p_value": "two-sided p-value of Welch's t-test", "conclusion": "'significant' or 'not significant'"},
    decimals=3,
)
def _(t):
    malignant = t.diagnosis == "malignant"
    column = t["mean fractal dimension"]
    p = float(stats.ttest_ind(column[malignant], column[~malignant], equal_var=False).pvalue)
    return {"p_value": round(p, 3), "conclusion": "significant" if p < 0.05 else "not significant"}


@ask(
    "Detect extreme tumours by their area error. Standardise area error with its mean and sample standard deviation, and "
    "treat every row with |z| > 3 as an outlier. Report the number of outliers, how many of the outliers are malignant, and "
    "the mean area error once the outliers are removed, rounded to two decimals.",
    outputs={
        "n_outliers": "number of outliers",
        "n_malignant_outliers": "number of outliers that are malignant",
        "mean_area_error": "mean area error without the outliers",
    },
    decimals=2,
)
def _(t):
    column = t["area error"]
    out = ((column - column.mean()) / column.std()).abs() > 3
    return {
        "n_outliers": int(out.sum()),
        "n_malignant_outliers": int((out & (t.diagnosis == "malignant")).sum()),
        "mean_area_error": round(float(column[~out].mean()), 2),
    }


@ask(
    "Predict the diagnosis with a logistic regression. Features are mean texture and mean concavity only, unscaled; the "
    "target is 1 for malignant and 0 for benign. Make the split with train_test_split from scikit-learn (test_size=0.25, "
    "random_state=0, no stratify). Fit LogisticRegression with its default settings on the training part. What accuracy does "
    "it reach on the test part? Three decimals please.",
    outputs={"accuracy": "share of test rows predicted correctly, rounded to three decimals"},
    decimals=3,
)
def _(t):
    x, y = t[["mean texture", "mean concavity"]], (t.diagnosis == "malignant").astype(int)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=0)
    model = LogisticRegression().fit(x_train, y_train)
    return {"accuracy": round(float(accuracy_score(y_test, model.predict(x_test))), 3)}


@ask(
    "Put every tumour in a size class from its mean radius: 'small' if it is below 12, 'medium' from 12 to 16 (both "
    "included), 'large' if it is above 16. For each class give the percentage of malignant tumours, from 0 to 100, rounded "
    "to one decimal.",
    outputs={
        "pct_small": "percentage malignant among small tumours",
        "pct_medium": "percentage malignant among medium tumours",
        "pct_large": "percentage malignant among large tumours",
    },
    decimals=1,
)
def _(t):
    size = np.select([t["mean radius"] < 12, t["mean radius"] <= 16], ["small", "medium"], "large")
    share = (t.diagnosis == "malignant").groupby(size).mean() * 100
    return {f"pct_{name}": round(float(share[name]), 1) for name in ("small", "medium", "large")}


@ask(
    "Min-max scale mean area to the interval from 0 to 1, using the minimum and the maximum of all 569 tumours. Then give "
    "me the mean scaled value separately for malignant and benign tumours. Round to three decimals.",
    outputs={
        "mean_malignant": "mean scaled mean area of malignant tumours",
        "mean_benign": "mean scaled mean area of benign tumours",
    },
    decimals=3,
)
def _(t):
    column = t["mean area"]
    means = ((column - column.min()) / (column.max() - column.min())).groupby(t.diagnosis).mean()
    return {
        "mean_malignant": round(float(means["malignant"]), 3),
        "mean_benign": round(float(means["benign"]), 3),
    }


@ask(
    "Is there a linear relationship between mean texture and mean symmetry? Compute the Pearson correlation coefficient and "
    "its two-sided p-value, both rounded to three decimals. If the p-value is below 0.05 answer 'significant', else 'not "
    "significant'.",
    outputs={
        "correlation": "Pearson's r",
        "p_value": "two-sided p-value",
        "decision": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r, p = stats.pearsonr(t["mean texture"], t["mean symmetry"])
    return {
        "correlation": round(float(r), 3),
        "p_value": round(float(p), 3),
        "decision": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "The distribution of worst area has a long tail. Calculate its skewness (pandas' bias-corrected version), then take the "
    "natural logarithm of the column and calculate the skewness once more. Round both to two decimals.",
    outputs={"skew_raw": "skewness of worst area", "skew_log": "skewness of the natural log of worst area"},
    decimals=2,
)
def _(t):
    return {
        "skew_raw": round(float(t["worst area"].skew()), 2),
        "skew_log": round(float(np.log(t["worst area"]).skew()), 2),
    }


ask.unanswerable(
    "What is the average age of the patients with a malignant diagnosis?",
    why="the table has the diagnosis but no ages",
)
ask.unanswerable(
    "Which treatment had the best survival among women with a large worst radius?",
    why="neither treatment nor survival is recorded",
)
ask.unanswerable(
    "How many tumours of each diagnosis were seen per year?",
    why="the table has no dates",
)
ask.unanswerable(
    "How many of the tumours were found in the left breast and how many in the right?",
    why="the table does not say where a tumour was found",
)
