"""Questions about scotland: the 32 Scottish councils in the 1997 vote on taxing powers, with tax, health, work and age."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("scotland")


@ask("Hi! Just getting started with this file - what's the plain average of the yes vote over all the councils?")
def _(t):
    return float(t.YES.mean())


@ask("how many councils had a yes vote above 65?")
def _(t):
    return int((t.YES > 65).sum())


@ask("median mortality (MOR) where council tax is over 750")
def _(t):
    return float(t[t.COUTAX > 750].MOR.median())


@ask("By how many percentage points was the Yes vote in Glasgow City higher than in Edinburgh City?")
def _(t):
    yes = t.set_index("COUNCILDIST").YES
    return float(yes["Glasgow_City"] - yes["Edinburgh_City"])


@ask("Did every single council vote more than 50 per cent Yes?")
def _(t):
    return bool((t.YES > 50).all())


@ask("avg council tax by gdp")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("GDP").COUTAX.mean().items()}


@ask("Several councils have exactly the same GDP figure. For each GDP value please tell me how many councils have it.")
def _(t):
    return {int(k): int(v) for k, v in t.GDP.value_counts().items()}


@ask("Which council district collects the steepest council tax?")
def _(t):
    return str(t.loc[t.COUTAX.idxmax(), "COUNCILDIST"])


@ask("I am writing a story on health. Name the three councils with the worst (highest) mortality, worst first.")
def _(t):
    return t.nlargest(3, "MOR").COUNCILDIST.tolist()


@ask("list the 4 least enthusiastic councils, i.e. lowest YES, starting from the lowest")
def _(t):
    return t.nsmallest(4, "YES").COUNCILDIST.tolist()


@ask("What percentage of the councils have a mortality rate over 110 and at the same time council tax over 700?")
def _(t):
    return float(100 * ((t.MOR > 110) & (t.COUTAX > 700)).mean())


@ask("pearson correlation between the yes vote and female unemployment (UNEMPF)?")
def _(t):
    return float(t.YES.corr(t.UNEMPF))


@ask("If I divide council tax by GDP for each council, which one comes out with the largest ratio?")
def _(t):
    return str(t.loc[(t.COUTAX / t.GDP).idxmax(), "COUNCILDIST"])


@ask(
    "Compute the skewness of ACT and its 90th percentile. Use the bias-corrected (adjusted Fisher-Pearson) sample skewness "
    "and linear interpolation for the percentile. Round both to three decimals.",
    outputs={"skewness": "skewness of ACT", "percentile_90": "90th percentile of ACT"},
    decimals=3,
)
def _(t):
    return {"skewness": round(float(t.ACT.skew()), 3), "percentile_90": round(float(t.ACT.quantile(0.9)), 3)}


@ask(
    "Find the outliers in the council tax column with the interquartile range rule: a value is an outlier if it is below "
    "Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Report how many there are. Then remove those councils and give the mean and the "
    "sample standard deviation of council tax for the rest, rounded to two decimals.",
    outputs={
        "n_outliers": "number of council tax outliers",
        "mean_coutax": "mean council tax without the outliers",
        "std_coutax": "sample standard deviation of council tax without the outliers",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.COUTAX.quantile([0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    keep = t[t.COUTAX.between(low, high)].COUTAX
    return {
        "n_outliers": len(t) - len(keep),
        "mean_coutax": round(float(keep.mean()), 2),
        "std_coutax": round(float(keep.std()), 2),
    }


@ask(
    "Split the councils in two groups: those whose council tax is above the median council tax of all councils and those at or "
    "below it. Test whether the mean yes vote differs between the two groups with a two-sided Welch t-test (unequal "
    "variances), above-median group first. With alpha = 0.05 conclude 'significant' or 'not significant'. Round the t "
    "statistic and the p-value to four decimals.",
    outputs={
        "t_statistic": "t statistic, above-median minus the others",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    middle = t.COUTAX.median()
    above = t.COUTAX.gt(middle)
    s, p = stats.ttest_ind(t[above].YES, t[~above].YES, equal_var=False)
    return {
        "t_statistic": round(float(s), 4),
        "p_value": round(float(p), 4),
        "conclusion": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Check if the GDP column follows a normal distribution using the Shapiro-Wilk test. If the p-value is below 0.05 the label "
    "is 'not normal', otherwise 'normal'. Please report the W statistic (rounded to three decimals) and the label.",
    outputs={"w_statistic": "Shapiro-Wilk W", "label": "'normal' or 'not normal'"},
    decimals=3,
)
def _(t):
    w, p = stats.shapiro(t.GDP)
    return {"w_statistic": round(float(w), 3), "label": "not normal" if p < 0.05 else "normal"}


@ask(
    "Recode the yes vote into a new column called support: 'strong' when YES is 65 or more, 'moderate' when it is at least 55 "
    "but under 65, 'weak' when it is under 55. What is the mean mortality for each support level? Round to two decimals.",
    outputs={
        "mean_mor_strong": "mean mortality where support is strong",
        "mean_mor_moderate": "mean mortality where support is moderate",
        "mean_mor_weak": "mean mortality where support is weak",
    },
    decimals=2,
)
def _(t):
    t["support"] = np.select([t.YES >= 65, t.YES >= 55], ["strong", "moderate"], "weak")
    return {f"mean_mor_{k}": round(float(v), 2) for k, v in t.groupby("support").MOR.mean().items()}


@ask(
    "Rescale COUTAX and AGE to the 0-1 range with min-max scaling. Add the two scaled columns together to get a score for "
    "each council. Give the mean score over all councils, rounded to three decimals, and the council with the highest score.",
    outputs={"mean_score": "mean of the summed min-max scores", "top_council": "council with the highest score"},
    decimals=3,
)
def _(t):
    part = t[["COUTAX", "AGE"]]
    score = ((part - part.min()) / (part.max() - part.min())).sum(axis=1)
    return {"mean_score": round(float(score.mean()), 3), "top_council": str(t.loc[score.idxmax(), "COUNCILDIST"])}


@ask(
    "Train a linear regression (scikit-learn LinearRegression, default settings) that predicts YES from COUTAX, UNEMPF, MOR, "
    "ACT, GDP and AGE, features in that order and unscaled. Hold out 25% of the rows as a test set with train_test_split and "
    "random_state=42. Report R squared and the root mean squared error on the test set, both rounded to three decimals.",
    outputs={"r2": "R squared on the test set", "rmse": "root mean squared error on the test set"},
    decimals=3,
)
def _(t):
    x = t[["COUTAX", "UNEMPF", "MOR", "ACT", "GDP", "AGE"]]
    x_train, x_test, y_train, y_test = train_test_split(x, t.YES, test_size=0.25, random_state=42)
    guess = LinearRegression().fit(x_train, y_train).predict(x_test)
    return {
        "r2": round(float(r2_score(y_test, guess)), 3),
        "rmse": round(float(np.sqrt(((y_test - guess) ** 2).mean())), 3),
    }


ask.unanswerable(
    "What was the turnout in Glasgow City compared with Edinburgh City?",
    why="the table has the yes percentage but no turnout, electorate or vote counts",
)
ask.unanswerable("average household income by council", why="no income column; council tax and GDP are not household income")
ask.unanswerable(
    "Why were voters in the Orkney Islands so cool on the proposal?",
    why="asks for a cause; the table only shows that the yes vote was low",
)
ask.unanswerable(
    "How much has council tax gone up in Fife since 1990?",
    why="one council tax figure per council and no years, so no change over time",
)
