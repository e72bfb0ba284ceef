"""Questions about wine: chemical measurements of 178 Italian wines from three cultivars."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("wine")

OD = "od280/od315_of_diluted_wines"


# --- simple numbers -----------------------------------------------------------------------------------------
@ask("avg alcohol for class_1 wines")
def _(t):
    return float(t[t.cultivar == "class_1"].alcohol.mean())


@ask("How many of the wines have a proline above 1000?")
def _(t):
    return int((t.proline > 1000).sum())


@ask("Hi! I'm new to this data set. Could you tell me how many different cultivars we have in there?")
def _(t):
    return int(t.cultivar.nunique())


@ask("Please what is median of the malic acid when wine has alcohol less than 12.5?")
def _(t):
    return float(t[t.alcohol < 12.5].malic_acid.median())


@ask("What's the darkest colour intensity we measured in class_2?")
def _(t):
    return float(t[t.cultivar == "class_2"].color_intensity.max())


# --- by group -----------------------------------------------------------------------------------------------
@ask("mean flavanoids per cultivar")
def _(t):
    return t.groupby("cultivar").flavanoids.mean().to_dict()


@ask("For each cultivar, count the wines whose alcohol level is 13 or higher.")
def _(t):
    return {k: int(v) for k, v in (t.alcohol >= 13).groupby(t.cultivar).sum().items()}


@ask("Give me the standard deviation of magnesium broken down by cultivar, please.")
def _(t):
    return t.groupby("cultivar").magnesium.std().to_dict()


# --- which one ----------------------------------------------------------------------------------------------
@ask("Which cultivar is the strongest on average, in terms of alcohol?")
def _(t):
    return str(t.groupby("cultivar").alcohol.mean().idxmax())


@ask("Rank the three cultivars by their median hue, highest first.")
def _(t):
    return [str(k) for k in t.groupby("cultivar").hue.median().sort_values(ascending=False).index]


@ask("Of all the numeric measurements, which one has the strongest positive Pearson correlation with alcohol?")
def _(t):
    return str(t.drop(columns="cultivar").corr()["alcohol"].drop("alcohol").idxmax())


# --- shares -------------------------------------------------------------------------------------------------
@ask("What percentage of the wines belong to class_0?")
def _(t):
    return float((t.cultivar == "class_0").mean() * 100)


@ask("Among wines with a hue below 0.8, what percent are class_2?")
def _(t):
    return float((t[t.hue < 0.8].cultivar == "class_2").mean() * 100)


# --- relations, tests, shapes -------------------------------------------------------------------------------
@ask("how strongly are total phenols and flavanoids correlated? (pearson r)")
def _(t):
    return float(t.total_phenols.corr(t.flavanoids))


@ask("Homework 3b: determine the interquartile range of the alcalinity of ash.")
def _(t):
    return float(t.alcalinity_of_ash.quantile(0.75) - t.alcalinity_of_ash.quantile(0.25))


@ask(
    "Do class_0 and class_2 differ in average ash content? Run Welch's t-test (unequal variances, two-sided). Report the "
    "t statistic for class_0 minus class_2 and the p-value, each rounded to 4 decimal places, and a conclusion: "
    "'significant' if p is below 0.05, otherwise 'not significant'.",
    outputs={
        "t_statistic": "Welch t statistic, class_0 minus class_2",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.cultivar == "class_0"].ash, t[t.cultivar == "class_2"].ash, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Run a one-way ANOVA to see whether mean magnesium is the same in the three cultivars. Give the F statistic rounded to "
    "two decimals. Use a significance level of 0.01 and say 'significant' when the p-value is below it and "
    "'not significant' when it is not.",
    outputs={"f_statistic": "ANOVA F statistic", "label": "'significant' or 'not significant'"},
    decimals=2,
)
def _(t):
    r = stats.f_oneway(*[g.magnesium for _, g in t.groupby("cultivar")])
    return {
        "f_statistic": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.01 else "not significant",
    }


@ask(
    "Check the distribution of malic acid over all wines. Compute the mean, the median and the skewness (the bias-corrected "
    "sample skewness that pandas gives). Call the shape 'right-skewed' if the skewness is greater than 0.5, 'left-skewed' if "
    "it is less than -0.5, and 'roughly symmetric' otherwise. Round the numbers to 3 decimals.",
    outputs={
        "mean_malic_acid": "mean malic acid",
        "median_malic_acid": "median malic acid",
        "skewness": "bias-corrected sample skewness",
        "shape": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=3,
)
def _(t):
    s = float(t.malic_acid.skew())
    return {
        "mean_malic_acid": round(float(t.malic_acid.mean()), 3),
        "median_malic_acid": round(float(t.malic_acid.median()), 3),
        "skewness": round(s, 3),
        "shape": "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric",
    }


@ask(
    "Find outliers in the magnesium column with the IQR rule: a wine is an outlier if its value lies below Q1 - 1.5*IQR or "
    "above Q3 + 1.5*IQR, with quartiles by linear interpolation. Report how many outliers there are. Then remove those wines "
    "and calculate the mean magnesium of the remaining ones, rounded to 2 decimals.",
    outputs={"n_outliers": "number of outlying wines", "mean_magnesium": "mean magnesium without the outliers"},
    decimals=2,
)
def _(t):
    q1, q3 = t.magnesium.quantile([0.25, 0.75])
    out = (t.magnesium < q1 - 1.5 * (q3 - q1)) | (t.magnesium > q3 + 1.5 * (q3 - q1))
    return {"n_outliers": int(out.sum()), "mean_magnesium": round(float(t[~out].magnesium.mean()), 2)}


@ask(
    "Rescale proline with min-max normalisation to the range 0 to 1, using the minimum and maximum of the whole table. "
    "Afterwards, report the mean normalised proline of each cultivar, rounded to 3 decimals.",
    outputs={
        "class_0": "mean normalised proline of class_0",
        "class_1": "mean normalised proline of class_1",
        "class_2": "mean normalised proline of class_2",
    },
    decimals=3,
)
def _(t):
    z = (t.proline - t.proline.min()) / (t.proline.max() - t.proline.min())
    return {k: round(float(v), 3) for k, v in z.groupby(t.cultivar).mean().items()}


@ask(
    "Create a new feature called phenol_ratio, equal to flavanoids divided by nonflavanoid phenols, for every wine. Also take "
    "the natural logarithm of proline. Compute the Pearson correlation between phenol_ratio and log proline, and the mean "
    "phenol_ratio over all wines. Round both to two decimals.",
    outputs={
        "correlation": "Pearson correlation of phenol_ratio with ln(proline)",
        "mean_phenol_ratio": "mean of phenol_ratio",
    },
    decimals=2,
)
def _(t):
    ratio = t.flavanoids / t.nonflavanoid_phenols
    return {
        "correlation": round(float(ratio.corr(np.log(t.proline))), 2),
        "mean_phenol_ratio": round(float(ratio.mean()), 2),
    }


@ask(
    "Keep only class_0 and class_1. Train a logistic regression (scikit-learn, default settings) that predicts the cultivar "
    "from alcohol and color_intensity, without scaling. Use train_test_split with a test size of 0.3 and "
    "random_state 42, not stratified, on the rows in their original order. Report the accuracy on the test set, rounded to "
    "3 decimals.",
    outputs={"accuracy": "test-set accuracy"},
    decimals=3,
)
def _(t):
    t = t[t.cultivar.isin(["class_0", "class_1"])]
    a, b, y, z = train_test_split(t[["alcohol", "color_intensity"]], t.cultivar, test_size=0.3, random_state=42)
    return {"accuracy": round(float(accuracy_score(z, LogisticRegression().fit(a, y).predict(b))), 3)}


# --- not in the table ---------------------------------------------------------------------------------------
ask.unanswerable("What is the average price per bottle for each cultivar?", why="the table has no prices")
ask.unanswerable("How many class_3 wines have more than 13% alcohol?", why="there is no class_3, only class_0 to class_2")
ask.unanswerable(
    "Which vintage year had the highest mean color intensity?", why="the table has no vintage or any other date"
)
ask.unanswerable(
    "Do tasters give a better quality score to wines with high flavanoids?",
    why="the table holds chemistry only, no quality or taste scores",
)
