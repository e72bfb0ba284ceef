"""Questions about tips: 244 restaurant bills with the tip, who paid, smoking, day, meal and party size."""
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("tips")


@ask("avg tip at dinner")
def _(t):
    return float(t[t.time == "Dinner"].tip.mean())


@ask("How many bills came in on Saturday?")
def _(t):
    return int((t.day == "Sat").sum())


@ask("What's the biggest bill a woman paid?")
def _(t):
    return float(t[t.sex == "Female"].total_bill.max())


@ask("i just started here, sorry if it's obvious :) could you tell me how much money we took in tips in total on sundays?")
def _(t):
    return float(t[t.day == "Sun"].tip.sum())


@ask("number of tables with 5 or more guests")
def _(t):
    return int((t["size"] >= 5).sum())


@ask("Median bill per day of the week, please.")
def _(t):
    return {k: float(v) for k, v in t.groupby("day").total_bill.median().items()}


@ask("compare how much smokers and non-smokers tip on average")
def _(t):
    return {k: float(v) for k, v in t.groupby("smoker").tip.mean().items()}


@ask("Lunches only: standard deviation of the tip, broken down by sex")
def _(t):
    return {k: float(v) for k, v in t[t.time == "Lunch"].groupby("sex").tip.std().items()}


@ask("Which day brings in the most money overall in total bills?")
def _(t):
    return t.groupby("day").total_bill.sum().idxmax()


@ask("Which party size leaves the highest tip on average?")
def _(t):
    return int(t.groupby("size").tip.mean().idxmax())


@ask("rank the days by average number of people at the table, largest first")
def _(t):
    return t.groupby("day")["size"].mean().sort_values(ascending=False).index.tolist()


@ask("What percentage of the Friday bills were paid by smokers?")
def _(t):
    return float((t[t.day == "Fri"].smoker == "Yes").mean() * 100)


@ask("Do the tip amounts correlate with the size of the party? give me Pearson's r")
def _(t):
    return float(t.tip.corr(t["size"]))


@ask("If I compute tip divided by total bill for each row, what is the highest value of that ratio?")
def _(t):
    return float((t.tip / t.total_bill).max())


@ask("Is the median tip of men higher than the median tip of women?")
def _(t):
    m = t.groupby("sex").tip.median()
    return bool(m["Male"] > m["Female"])


@ask(
    "Test whether male and female customers leave different tips. Run a two-sided Welch t-test (unequal variances) on the tip "
    "column, with men as the first group and women as the second. Use alpha = 0.05: if the p-value is below 0.05 report "
    "'significant', otherwise 'not significant'. Round the statistic and the p-value to three decimals.",
    outputs={
        "t_statistic": "t statistic, men minus women",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.ttest_ind(t[t.sex == "Male"].tip, t[t.sex == "Female"].tip, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Is smoking related to the day of the visit? Build the contingency table of smoker by day and run a chi-square test of "
    "independence without continuity correction. Decide at the 5% level: report 'dependent' if p < 0.05, else 'independent'. "
    "Round the chi-square statistic to two decimals.",
    outputs={
        "chi2": "chi-square statistic",
        "dof": "degrees of freedom",
        "label": "'dependent' or 'independent'",
    },
    decimals=2,
)
def _(t):
    r = stats.chi2_contingency(pd.crosstab(t.smoker, t.day), correction=False)
    return {
        "chi2": round(float(r.statistic), 2),
        "dof": int(r.dof),
        "label": "dependent" if r.pvalue < 0.05 else "independent",
    }


@ask(
    "Find the outliers in the total_bill column using z-scores. Compute the z-score of each bill with the column mean and the "
    "sample standard deviation (ddof = 1). Treat every row whose |z| is greater than 3 as an outlier. Then remove these rows and "
    "calculate the mean total bill of what remains. Round the mean to two decimals.",
    outputs={
        "n_outliers": "number of rows treated as outliers",
        "mean_total_bill": "mean total bill after removing them",
    },
    decimals=2,
)
def _(t):
    z = (t.total_bill - t.total_bill.mean()) / t.total_bill.std()
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_total_bill": round(float(t[z.abs() <= 3].total_bill.mean()), 2),
    }


@ask(
    "Describe the shape of the distribution of tips. Calculate the skewness and the excess kurtosis of the tip column, both with "
    "the bias-corrected (sample) formulas, as pandas does. Label the distribution 'right-skewed' if the skewness is above 0.5, "
    "'left-skewed' if it is below -0.5, and 'roughly symmetric' otherwise. Round the numbers to 2 decimals.",
    outputs={
        "skewness": "sample skewness of tip",
        "kurtosis": "sample excess kurtosis of tip",
        "label": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=2,
)
def _(t):
    s, k = t.tip.skew(), t.tip.kurt()
    label = "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric"
    return {"skewness": round(float(s), 2), "kurtosis": round(float(k), 2), "label": label}


@ask(
    "Create a new column tip_pct equal to 100 * tip / total_bill. Recode it into a generosity label: 'low' when tip_pct is below "
    "10, 'normal' when it is from 10 up to and including 20, and 'high' when it is above 20. Report the number of rows "
    "with each label.",
    outputs={
        "n_low": "rows labelled low",
        "n_normal": "rows labelled normal",
        "n_high": "rows labelled high",
    },
)
def _(t):
    p = 100 * t.tip / t.total_bill
    return {"n_low": int((p < 10).sum()), "n_normal": int(p.between(10, 20).sum()), "n_high": int((p > 20).sum())}


@ask(
    "Rescale total_bill to the range 0 to 1 with min-max scaling over all rows. Using the scaled column, calculate its mean for "
    "lunch and its mean for dinner. Round both to three decimals.",
    outputs={
        "mean_scaled_lunch": "mean of the min-max scaled bill at lunch",
        "mean_scaled_dinner": "mean of the min-max scaled bill at dinner",
    },
    decimals=3,
)
def _(t):
    s = (t.total_bill - t.total_bill.min()) / (t.total_bill.max() - t.total_bill.min())
    return {
        "mean_scaled_lunch": round(float(s[t.time == "Lunch"].mean()), 3),
        "mean_scaled_dinner": round(float(s[t.time == "Dinner"].mean()), 3),
    }


@ask(
    "Train a linear regression that predicts tip from total_bill and size. Split the rows with scikit-learn's train_test_split, "
    "test_size=0.2 and random_state=42, and use LinearRegression with default settings. Evaluate on the test set and report the "
    "root mean squared error, rounded to three decimals.",
    outputs={"rmse": "root mean squared error on the test set"},
    decimals=3,
)
def _(t):
    xa, xb, ya, yb = train_test_split(t[["total_bill", "size"]], t.tip, test_size=0.2, random_state=42)
    return {"rmse": round(float(np.sqrt(mean_squared_error(yb, LinearRegression().fit(xa, ya).predict(xb)))), 3)}


ask.unanswerable("Which waiter collected the most in tips?", why="the table does not identify waiters")

ask.unanswerable("Average tip on Mondays?", why="only Thursday to Sunday are in the table")

ask.unanswerable(
    "what is the mean age of the smokers who came for dinner", why="there is smoking status and meal, but no age column"
)

ask.unanswerable(
    "Did people tip more when they paid by card than when they paid cash?", why="the table does not record how a bill was paid"
)
