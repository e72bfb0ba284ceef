"""Questions about election: votes per district for three candidates in the 2013 Montreal mayoral election."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("election")


@ask("How many districts did Coderre win?")
def _(t):
    return int((t.winner == "Coderre").sum())


@ask("total votes Joly got across all districts")
def _(t):
    return int(t.Joly.sum())


@ask(
    "hi! I'm new to this data, could you tell me in how many of the districts the winner only had a plurality and not a majority?"
)
def _(t):
    return int((t.result == "plurality").sum())


@ask("On average, how many votes did Bergeron pick up in the districts he won?")
def _(t):
    return float(t.loc[t.winner == "Bergeron", "Bergeron"].mean())


@ask("Median number of votes cast in total, only districts decided by a majority please")
def _(t):
    return float(t.loc[t.result == "majority", "total"].median())


@ask("avg total by winner")
def _(t):
    return {k: float(v) for k, v in t.groupby("winner").total.mean().items()}


@ask("For each candidate, count the districts that they won with an outright majority.")
def _(t):
    return {k: int(v) for k, v in t[t.result == "majority"].winner.value_counts().items()}


@ask("Break down the mean Joly vote by type of result (majority vs plurality).")
def _(t):
    return {k: float(v) for k, v in t.groupby("result").Joly.mean().items()}


@ask("which district gave Bergeron the most votes?")
def _(t):
    return str(t.loc[t.Bergeron.idxmax(), "district"])


@ask("List the 5 districts with the fewest total votes, starting with the smallest.")
def _(t):
    return t.nsmallest(5, "total").district.tolist()


@ask("Which district that Joly carried had the biggest turnout in terms of total votes? Give the district name.")
def _(t):
    j = t[t.winner == "Joly"]
    return str(j.loc[j.total.idxmax(), "district"])


@ask(
    "For a newspaper piece: city-wide, what percentage of all the votes (sum of the total column) went to Coderre?"
)
def _(t):
    return float(t.Coderre.sum() / t.total.sum() * 100)


@ask("What percent of the districts won by Bergeron were won with a majority?")
def _(t):
    return float((t[t.winner == "Bergeron"].result == "majority").mean() * 100)


@ask("Are the votes for Bergeron and the votes for Joly correlated? please give me Pearson coefficient")
def _(t):
    return float(t.Bergeron.corr(t.Joly))


@ask("In which district was Coderre's share of the total votes the highest?")
def _(t):
    return str(t.loc[(t.Coderre / t.total).idxmax(), "district"])


@ask(
    "Describe the shape of the distribution of Bergeron's votes over the districts. Calculate the bias-adjusted sample "
    "skewness and the excess kurtosis (Fisher, normal = 0, bias-adjusted), as pandas computes them. Label the shape "
    "'right-skewed' if the skewness is above 0.5, 'left-skewed' if it is below -0.5, otherwise 'roughly symmetric'. "
    "Use two decimal places.",
    outputs={
        "skewness": "skewness of Bergeron",
        "kurtosis": "excess kurtosis of Bergeron",
        "shape": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=2,
)
def _(t):
    s = float(t.Bergeron.skew())
    return {
        "skewness": round(s, 2),
        "kurtosis": round(float(t.Bergeron.kurt()), 2),
        "shape": "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric",
    }


@ask(
    "Determine whether the candidate who wins a district is associated with the way it is won. Build the contingency table of "
    "winner by result and run a chi-square test of independence on it without continuity correction. Use a significance level "
    "of 0.05: if the p-value is below it, the conclusion is 'significant', otherwise 'not significant'. Round the statistic and "
    "the p-value to three decimals.",
    outputs={
        "chi2": "the chi-square statistic",
        "p_value": "the p-value of the test",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r = stats.chi2_contingency(pd.crosstab(t.winner, t.result), correction=False)
    return {
        "chi2": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Compare the total number of votes in districts won by Coderre with that in districts won by Joly. Use Welch's two-sided "
    "t-test (unequal variances), taking the Coderre districts as the first sample. Alpha is 0.05: report 'significant' when "
    "p < 0.05 and 'not significant' otherwise. Give the t statistic and the p-value rounded to 4 decimal places.",
    outputs={
        "t_statistic": "Welch t statistic, Coderre districts minus Joly districts",
        "p_value": "two-sided p-value",
        "decision": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.winner == "Coderre"].total, t[t.winner == "Joly"].total, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "decision": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Find the outliers in the Bergeron vote column with the IQR method. Compute Q1 and Q3 with linear interpolation, and treat a "
    "district as an outlier when its value lies below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Then drop the outlier districts and "
    "calculate the mean and the sample standard deviation of Bergeron's votes over the districts that remain. Round to two "
    "decimals.",
    outputs={
        "n_outliers": "number of outlier districts",
        "mean_votes": "mean of Bergeron after the outliers are dropped",
        "std_votes": "sample standard deviation of Bergeron after the outliers are dropped",
    },
    decimals=2,
)
def _(t):
    b = t.Bergeron
    q1, q3 = b.quantile([0.25, 0.75])
    i = q3 - q1
    out = (b < q1 - 1.5 * i) | (b > q3 + 1.5 * i)
    return {
        "n_outliers": int(out.sum()),
        "mean_votes": round(float(b[~out].mean()), 2),
        "std_votes": round(float(b[~out].std()), 2),
    }


@ask(
    "Create a new feature called margin, which is the number of votes of the top candidate in a district minus the number of "
    "votes of the runner-up, using the Coderre, Bergeron and Joly columns. Then label every district: 'tight' if the "
    "margin is less than 5% of the district's total votes, 'safe' if it is more than 25% of it, and 'normal' otherwise. "
    "Report the mean margin rounded to 2 decimals, the number of tight districts and the number of safe districts.",
    outputs={
        "mean_margin": "mean of the margin in votes over all districts",
        "n_tight": "number of districts labelled tight",
        "n_safe": "number of districts labelled safe",
    },
    decimals=2,
)
def _(t):
    v = np.sort(t[["Coderre", "Bergeron", "Joly"]].to_numpy(), axis=1)
    margin = pd.Series(v[:, 2] - v[:, 1])
    part = margin / t.total
    return {
        "mean_margin": round(float(margin.mean()), 2),
        "n_tight": int((part < 0.05).sum()),
        "n_safe": int((part > 0.25).sum()),
    }


@ask(
    "Normalize the total column with min-max scaling to the range 0 to 1. Recode the scaled value into three bins: 'low' if "
    "below 0.33, 'high' if 0.67 or more, 'medium' for everything in between. How many districts fall in each bin, and "
    "what is the mean of the scaled column (three decimals)?",
    outputs={
        "n_low": "districts in the low bin",
        "n_medium": "districts in the medium bin",
        "n_high": "districts in the high bin",
        "mean_scaled": "mean of the min-max scaled total",
    },
    decimals=3,
)
def _(t):
    s = (t.total - t.total.min()) / (t.total.max() - t.total.min())
    return {
        "n_low": int((s < 0.33).sum()),
        "n_medium": int(((s >= 0.33) & (s < 0.67)).sum()),
        "n_high": int((s >= 0.67).sum()),
        "mean_scaled": round(float(s.mean()), 3),
    }


@ask(
    "Train an ordinary least squares linear regression that predicts the total number of votes in a district from the "
    "Coderre votes and the Bergeron votes only. Split the data with scikit-learn's train_test_split, 30% for testing "
    "and random_state 42, keeping the rows in their order in the file before the split. Use LinearRegression with "
    "default settings and report the R-squared on the test set, rounded to 3 decimals.",
    outputs={"r2": "R-squared on the test set"},
    decimals=3,
)
def _(t):
    a, b, c, d = train_test_split(t[["Coderre", "Bergeron"]], t.total, test_size=0.3, random_state=42)
    return {"r2": round(float(r2_score(d, LinearRegression().fit(a, c).predict(b))), 3)}


ask.unanswerable(
    "What was the turnout rate by district, i.e. votes as a share of registered voters?",
    why="the table has votes only, no number of registered voters",
)
ask.unanswerable("How many votes did Mélanie Joly gain compared with the previous election?", why="the table holds one election")
ask.unanswerable("average age of voters in districts won by Bergeron", why="the table has nothing about voters' age")
ask.unanswerable(
    "Why did people in Saint-Michel prefer Coderre to Joly?", why="asks for a cause; the table only has vote counts"
)
