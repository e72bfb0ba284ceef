"""Questions about iris: sepal and petal measurements of 150 flowers of three iris species."""

import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("iris")


def named(series):
    return {str(k): float(v) for k, v in series.items()}


# --- short ones


@ask("What's the average petal length of the setosa flowers?")
def _(t):
    return float(t[t.species == "setosa"].petalLength.mean())


@ask("how many irises have sepals longer than 7 cm")
def _(t):
    return int((t.sepalLength > 7).sum())


@ask("Among the versicolor plants, what is the widest petal anyone measured?")
def _(t):
    return float(t[t.species == "versicolor"].petalWidth.max())


@ask("median sepal width, virginica only pls")
def _(t):
    return float(t[t.species == "virginica"].sepalWidth.median())


@ask("Please count how many flowers have petal width of at least 1.5 and are from species versicolor.")
def _(t):
    return int(((t.petalWidth >= 1.5) & (t.species == "versicolor")).sum())


@ask("mean petal width by species")
def _(t):
    return named(t.groupby("species").petalWidth.mean())


@ask("Give the sample standard deviation of sepal length for each of the three species.")
def _(t):
    return named(t.groupby("species").sepalLength.std())


@ask("If I multiply petal length by petal width I get a rough petal area. What is the average of that area per species?")
def _(t):
    return named((t.petalLength * t.petalWidth).groupby(t.species).mean())


@ask("Which species has the widest sepals on average?")
def _(t):
    return str(t.groupby("species").sepalWidth.mean().idxmax())


@ask("Rank the species by their median sepal length, longest first.")
def _(t):
    return [str(s) for s in t.groupby("species").sepalLength.median().sort_values(ascending=False).index]


@ask("For which species do the petal lengths vary the least (smallest variance)?")
def _(t):
    return str(t.groupby("species").petalLength.var().idxmin())


@ask("Of all flowers whose sepal length is above 6, what percentage are virginica?")
def _(t):
    return float((t[t.sepalLength > 6].species == "virginica").mean() * 100)


@ask("correlation petal length vs petal width?")
def _(t):
    return float(t.petalLength.corr(t.petalWidth))


@ask("Leaving the setosa flowers out, what is Spearman's rank correlation between sepal length and petal length?")
def _(t):
    d = t[t.species != "setosa"]
    return float(stats.spearmanr(d.sepalLength, d.petalLength).statistic)


@ask("What's the 90th percentile of sepal width over the whole dataset?")
def _(t):
    return float(t.sepalWidth.quantile(0.9))


# --- long ones, with stated constraints


@ask(
    "Use a one-way ANOVA to find out whether the mean sepal width is the same in all three species. Report the F statistic "
    "rounded to two decimals. Use a significance level of 0.05: if the p-value is below it, the label is 'significant', "
    "otherwise it is 'not significant'.",
    outputs={"f_statistic": "F statistic, two decimals", "label": "'significant' or 'not significant'"},
    decimals=2,
)
def _(t):
    r = stats.f_oneway(*[g for _, g in t.groupby("species").sepalWidth])
    return {
        "f_statistic": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "For each flower, divide the sepal length by the sepal width to get a sepal ratio. Then compare versicolor and virginica: "
    "give the mean sepal ratio of each of the two species, and run a two-sided Welch t-test (unequal variances) on their "
    "ratios. Give its p-value, and the label 'significant' if p < 0.05, else 'not significant'. Round to three decimals.",
    outputs={
        "mean_versicolor": "mean sepal ratio of versicolor, three decimals",
        "mean_virginica": "mean sepal ratio of virginica, three decimals",
        "p_value": "two-sided p-value, three decimals",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    ratio = t.sepalLength / t.sepalWidth
    a, b = ratio[t.species == "versicolor"], ratio[t.species == "virginica"]
    p = float(stats.ttest_ind(a, b, equal_var=False).pvalue)
    return {
        "mean_versicolor": round(float(a.mean()), 3),
        "mean_virginica": round(float(b.mean()), 3),
        "p_value": round(p, 3),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Check the normality of two columns with the Shapiro-Wilk test: sepal width and petal length, each taken over all 150 "
    "flowers. Use alpha = 0.05. For each column report the p-value of the test rounded to four decimals, and a label that is "
    "'normal' if the p-value is 0.05 or more and 'not normal' if it is smaller.",
    outputs={
        "p_sepal_width": "Shapiro-Wilk p-value for sepal width, four decimals",
        "label_sepal_width": "'normal' or 'not normal'",
        "p_petal_length": "Shapiro-Wilk p-value for petal length, four decimals",
        "label_petal_length": "'normal' or 'not normal'",
    },
    decimals=4,
)
def _(t):
    a, b = (float(stats.shapiro(t[c]).pvalue) for c in ("sepalWidth", "petalLength"))
    return {
        "p_sepal_width": round(a, 4),
        "label_sepal_width": "normal" if a >= 0.05 else "not normal",
        "p_petal_length": round(b, 4),
        "label_petal_length": "normal" if b >= 0.05 else "not normal",
    }


@ask(
    "Find the outliers of the sepal width column with the interquartile range method. Values below Q1 - 1.5 * IQR or above "
    "Q3 + 1.5 * IQR are outliers; compute the quartiles with linear interpolation. Give the number of outliers. Then remove "
    "those rows and give the mean and the sample standard deviation of the remaining sepal widths, rounded to three decimals.",
    outputs={
        "n_outliers": "number of outliers",
        "mean_clean": "mean sepal width after removal, three decimals",
        "std_clean": "sample standard deviation after removal, three decimals",
    },
    decimals=3,
)
def _(t):
    w = t.sepalWidth
    q1, q3 = w.quantile(0.25), w.quantile(0.75)
    keep = w[(w >= q1 - 1.5 * (q3 - q1)) & (w <= q3 + 1.5 * (q3 - q1))]
    return {
        "n_outliers": len(w) - len(keep),
        "mean_clean": round(float(keep.mean()), 3),
        "std_clean": round(float(keep.std()), 3),
    }


@ask(
    "Rescale petal length to the range 0 to 1 with min-max scaling, using the smallest and the largest value of the full "
    "column. Afterwards calculate the average scaled petal length of versicolor and of virginica, and the difference between "
    "the two (virginica minus versicolor). Round everything to three decimals, and round the difference only at the end.",
    outputs={
        "mean_versicolor": "mean scaled petal length of versicolor, three decimals",
        "mean_virginica": "mean scaled petal length of virginica, three decimals",
        "difference": "virginica minus versicolor, three decimals",
    },
    decimals=3,
)
def _(t):
    p = t.petalLength
    m = ((p - p.min()) / (p.max() - p.min())).groupby(t.species).mean()
    return {
        "mean_versicolor": round(float(m["versicolor"]), 3),
        "mean_virginica": round(float(m["virginica"]), 3),
        "difference": round(float(m["virginica"] - m["versicolor"]), 3),
    }


@ask(
    "Add a size class to each flower from its petal length: 'short' when it is under 2, 'medium' when it is from 2 up to but "
    "not including 5, and 'long' when it is 5 or more. Count the flowers in each class. Also state which "
    "species makes up most of the 'long' class.",
    outputs={
        "n_short": "number of short flowers",
        "n_medium": "number of medium flowers",
        "n_long": "number of long flowers",
        "main_species": "most frequent species in the long class",
    },
)
def _(t):
    size = pd.cut(t.petalLength, [-1, 2, 5, 100], right=False, labels=["short", "medium", "long"])
    n = size.value_counts()
    return {
        "n_short": int(n["short"]),
        "n_medium": int(n["medium"]),
        "n_long": int(n["long"]),
        "main_species": str(t[size == "long"].species.value_counts().idxmax()),
    }


@ask(
    "Train a classifier that predicts the species from sepal length and sepal width only. Split the rows with scikit-learn's "
    "train_test_split, with test_size=0.3 and random_state=42 and no stratification. Fit a LogisticRegression with "
    "default settings on the unscaled training features. Report the accuracy on the test set, rounded to two decimals.",
    outputs={"accuracy": "accuracy on the test set, two decimals"},
    decimals=2,
)
def _(t):
    a, b, ya, yb = train_test_split(t[["sepalLength", "sepalWidth"]], t.species, test_size=0.3, random_state=42)
    return {"accuracy": round(float(LogisticRegression().fit(a, ya).score(b, yb)), 2)}


# --- not in the table

ask.unanswerable("What is the mean stem height for each species?", why="no stem height was recorded")
ask.unanswerable("average petal length of iris pseudacorus", why="only setosa, versicolor and virginica are in the table")
ask.unanswerable("In which month were the virginica flowers with the longest petals picked?", why="the table has no dates")
ask.unanswerable("Why do setosa flowers have such short petals?", why="asks for a cause; the table has measurements only")
