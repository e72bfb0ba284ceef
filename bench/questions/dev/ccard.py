"""Questions about ccard: average monthly credit card spending, age, income and home ownership of 72 card holders."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("ccard")


@ask("What's the average card expenditure overall?")
def _(t):
    return float(t.AVGEXP.mean())


@ask("how many people under 25 do we have here")
def _(t):
    return int((t.AGE < 25).sum())


@ask("Median income of the home owners (OWNRENT = 1)?")
def _(t):
    return float(t[t.OWNRENT == 1].INCOME.median())


@ask("What is the highest AVGEXP of anybody aged 30 or younger?")
def _(t):
    return float(t[t.AGE <= 30].AVGEXP.max())


@ask("Yes or no: are home owners (OWNRENT 1) older on average than the renters (OWNRENT 0)?")
def _(t):
    m = t.groupby("OWNRENT").AGE.mean()
    return bool(m[1] > m[0])


@ask("mean avgexp by ownrent")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("OWNRENT").AVGEXP.mean().items()}


@ask("Please give the standard deviation of incomes for every value of OWNRENT.")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("OWNRENT").INCOME.std().items()}


@ask("Bucket the ages as 20-29, 30-39 and 40 or more. How many card holders are there in each bucket?")
def _(t):
    c = pd.cut(t.AGE, [19, 29, 39, 200], labels=["20-29", "30-39", "40 or more"]).value_counts()
    return {str(k): int(v) for k, v in c.items()}


@ask("Which age occurs most often among the card holders?")
def _(t):
    return int(t.AGE.value_counts().idxmax())


@ask("How old is the person who spends the most?")
def _(t):
    return int(t.loc[t.AVGEXP.idxmax(), "AGE"])


@ask("Show me the five largest incomes, from largest to smallest, counting repeated values only once.")
def _(t):
    return [float(x) for x in sorted(t.INCOME.unique(), reverse=True)[:5]]


@ask("What percentage of the people in the sample rent, that is, have OWNRENT equal to 0?")
def _(t):
    return float((t.OWNRENT == 0).mean() * 100)


@ask("Of all the money spent (sum of AVGEXP), what percentage comes from people over 35?")
def _(t):
    return float(t[t.AGE > 35].AVGEXP.sum() / t.AVGEXP.sum() * 100)


@ask("Is there a correlation of income and spending? give me the Pearson coefficient")
def _(t):
    return float(t.INCOME.corr(t.AVGEXP))


@ask("Add a column with spending divided by income for every row. What is the median of that ratio?")
def _(t):
    return float((t.AVGEXP / t.INCOME).median())


@ask(
    "Detect outliers in AVGEXP with z-scores. Use the mean and the sample standard deviation of the column and call a row an "
    "outlier when its absolute z-score is greater than 3. How many outliers are there, and what are the mean and the median "
    "of AVGEXP after dropping them? Round the mean and median to two decimals.",
    outputs={
        "n_outliers": "number of rows with |z| > 3",
        "mean_avgexp": "mean AVGEXP after dropping outliers",
        "median_avgexp": "median AVGEXP after dropping outliers",
    },
    decimals=2,
)
def _(t):
    z = (t.AVGEXP - t.AVGEXP.mean()) / t.AVGEXP.std()
    d = t[z.abs() <= 3].AVGEXP
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_avgexp": round(float(d.mean()), 2),
        "median_avgexp": round(float(d.median()), 2),
    }


@ask(
    "Test whether owners (OWNRENT 1) and renters (OWNRENT 0) have different mean expenditure. Run a two-sided independent t-test "
    "that does not assume equal variances, owners first. With alpha 0.05, report 'significant' if p < 0.05, otherwise 'not "
    "significant'. Round the t statistic and the p-value to three decimals.",
    outputs={
        "t_statistic": "Welch t statistic",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(t[t.OWNRENT == 1].AVGEXP, t[t.OWNRENT == 0].AVGEXP, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Check the shape of the expenditure column. First compute the skewness of AVGEXP. Then take the natural logarithm of AVGEXP "
    "and compute the skewness again. Use the bias-corrected sample skewness (the pandas default). If the absolute skewness "
    "after the transformation is below 0.5, the label is 'roughly symmetric', otherwise 'still skewed'. Round to two "
    "decimals.",
    outputs={
        "skew_raw": "skewness of AVGEXP",
        "skew_log": "skewness of log AVGEXP",
        "label": "'roughly symmetric' or 'still skewed'",
    },
    decimals=2,
)
def _(t):
    s = float(np.log(t.AVGEXP).skew())
    return {
        "skew_raw": round(float(t.AVGEXP.skew()), 2),
        "skew_log": round(s, 2),
        "label": "roughly symmetric" if abs(s) < 0.5 else "still skewed",
    }


@ask(
    "Rescale INCOME and AGE to the range 0 to 1 with min-max normalisation. Define a score for each card holder as the simple "
    "average of the two rescaled values. What are the mean score of the owners (OWNRENT = 1) and the mean score of the "
    "renters (OWNRENT = 0)? Round to three decimals.",
    outputs={"mean_score_owners": "mean score where OWNRENT is 1", "mean_score_renters": "mean score where OWNRENT is 0"},
    decimals=3,
)
def _(t):
    d = t[["INCOME", "AGE"]]
    score = ((d - d.min()) / (d.max() - d.min())).mean(axis=1)
    m = score.groupby(t.OWNRENT).mean()
    return {"mean_score_owners": round(float(m[1]), 3), "mean_score_renters": round(float(m[0]), 3)}


@ask(
    "Fit a linear regression that predicts AVGEXP from AGE, INCOME and OWNRENT. Split the data with scikit-learn's "
    "train_test_split, using 25% for testing and random_state=42. Train on the training part with default settings and evaluate "
    "on the test part. Report the R-squared rounded to three decimals and the root mean squared error rounded to three "
    "decimals.",
    outputs={"r2": "R-squared on the test part", "rmse": "root mean squared error on the test part"},
    decimals=3,
)
def _(t):
    x_train, x_test, y_train, y_test = train_test_split(
        t[["AGE", "INCOME", "OWNRENT"]], t.AVGEXP, test_size=0.25, random_state=42
    )
    p = LinearRegression().fit(x_train, y_train).predict(x_test)
    return {
        "r2": round(float(r2_score(y_test, p)), 3),
        "rmse": round(float(np.sqrt(mean_squared_error(y_test, p))), 3),
    }


@ask(
    "Sort the card holders into three income groups: 'low' for an income below 2.5, 'middle' from 2.5 up to but not including 4, "
    "and 'high' for 4 and above. Then compute the mean expenditure of each group, rounded to two decimals. Finally say which "
    "group is the largest by number of people.",
    outputs={
        "mean_low": "mean AVGEXP of the low group",
        "mean_middle": "mean AVGEXP of the middle group",
        "mean_high": "mean AVGEXP of the high group",
        "largest_group": "'low', 'middle' or 'high'",
    },
    decimals=2,
)
def _(t):
    g = pd.cut(t.INCOME, [-np.inf, 2.5, 4, np.inf], right=False, labels=["low", "middle", "high"])
    m = t.AVGEXP.groupby(g, observed=True).mean()
    return {
        "mean_low": round(float(m["low"]), 2),
        "mean_middle": round(float(m["middle"]), 2),
        "mean_high": round(float(m["high"]), 2),
        "largest_group": str(g.value_counts().idxmax()),
    }


@ask(
    "Is age monotonically related to expenditure? Compute the Spearman rank correlation between AGE and AVGEXP and its two-sided "
    "p-value. Answer with a label: 'related' if p < 0.05, else 'not related'. Round the coefficient and p-value to "
    "three decimals.",
    outputs={"rho": "Spearman coefficient", "p_value": "two-sided p-value", "label": "'related' or 'not related'"},
    decimals=3,
)
def _(t):
    r = stats.spearmanr(t.AGE, t.AVGEXP)
    return {
        "rho": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "label": "related" if r.pvalue < 0.05 else "not related",
    }


ask.unanswerable(
    "What is the mean expenditure for men compared with women?",
    why="the table has no gender column",
)
ask.unanswerable(
    "Which card holders missed a payment, and what was their average income?",
    why="payments and defaults are not recorded",
)
ask.unanswerable(
    "How did average spending change from one year to the next?",
    why="there is no date or year; each card holder appears once",
)
ask.unanswerable(
    "What is the average monthly rent of the people who rent their home?",
    why="OWNRENT only tells owners from renters; no rent amount is in the table",
)
