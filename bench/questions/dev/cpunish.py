"""Questions about cpunish: executions in 17 US states in 1997, with each state's income, poverty, crime and education."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression

from bench.questions.bank import Bank

ask = Bank("cpunish")


@ask("how many executions in total outside the south?")
def _(t):
    return int(t[t.SOUTH == 0].EXECUTIONS.sum())


@ask("Average poverty rate for the southern states please")
def _(t):
    return float(t[t.SOUTH == 1].PERPOVERTY.mean())


@ask("How many states put exactly one person to death?")
def _(t):
    return int((t.EXECUTIONS == 1).sum())


@ask("median income, states with more than 1 execution")
def _(t):
    return float(t[t.EXECUTIONS > 1].INCOME.median())


@ask("What was the violent crime rate in Florida?")
def _(t):
    return int(t[t.STATE == "Florida"].VC100k96.iloc[0])


@ask("Compare the average violent crime rate of southern and non-southern states.")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("SOUTH").VC100k96.mean().items()}


@ask("number of states for each value of executions")
def _(t):
    return {int(k): int(v) for k, v in t.EXECUTIONS.value_counts().items()}


@ask("I'm new to this data... for south = 0 and south = 1, what is the highest income you see among the states?")
def _(t):
    return {int(k): int(v) for k, v in t.groupby("SOUTH").INCOME.max().items()}


@ask("Which state has the lowest share of people with a degree among those where the violent crime rate is above 600?")
def _(t):
    s = t[t.VC100k96 > 600]
    return str(s.loc[s.DEGREE.idxmin(), "STATE"])


@ask("Give me the five poorest states by income, poorest first.")
def _(t):
    return [str(s) for s in t.nsmallest(5, "INCOME").STATE]


@ask("Which states have a black population of more than 25 percent?")
def _(t):
    return {str(s) for s in t[t.PERBLACK > 25].STATE}


@ask("For my article: what percentage of all the executions took place in Texas?")
def _(t):
    return float(100 * t[t.STATE == "Texas"].EXECUTIONS.sum() / t.EXECUTIONS.sum())


@ask("how strongly income is correlated with the poverty percentage? give the pearson coefficient")
def _(t):
    return float(t.INCOME.corr(t.PERPOVERTY))


@ask(
    "Calculate Spearman's rank correlation between the percentage of black residents and the violent crime rate over all "
    "states. Test it against zero with a two-sided test at a significance level of 0.05. Report 'significant' if the "
    "p-value is below 0.05 and 'not significant' otherwise. Round the coefficient and the p-value to three decimals.",
    outputs={
        "correlation": "Spearman's rank correlation coefficient",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    r, p = stats.spearmanr(t.PERBLACK, t.VC100k96)
    return {
        "correlation": round(float(r), 3),
        "p_value": round(float(p), 3),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Do southern and other states differ in their poverty percentage? Run a Welch t-test (unequal variances, two-sided) "
    "with the southern states (SOUTH = 1) as the first group and the rest as the second. Use alpha = 0.05. If p < alpha "
    "the conclusion is 'significant', else 'not significant'. Round numbers to 4 decimals.",
    outputs={
        "t_statistic": "Welch's t, south minus non-south",
        "p_value": "two-sided p-value",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.SOUTH == 1].PERPOVERTY, t[t.SOUTH == 0].PERPOVERTY, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "conclusion": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Look for unusual states in the number of executions. Convert the column to z-scores with the sample standard "
    "deviation (n - 1) and treat every state with |z| > 3 as an outlier. Tell me how many outliers there are. Then drop "
    "them and compute the mean and the sample standard deviation of the executions that remain. Round to two decimals.",
    outputs={
        "n_outliers": "number of states with |z| > 3",
        "mean_after": "mean executions without the outliers",
        "std_after": "sample standard deviation of executions without the outliers",
    },
    decimals=2,
)
def _(t):
    x = t.EXECUTIONS
    out = ((x - x.mean()) / x.std()).abs() > 3
    return {"n_outliers": int(out.sum()), "mean_after": round(float(x[~out].mean()), 2), "std_after": round(float(x[~out].std()), 2)}


@ask(
    "Describe the shape of the distribution of executions before and after a transformation. First compute the skewness of "
    "EXECUTIONS with the bias-adjusted sample formula (what pandas' skew() gives). Then take the natural logarithm of the "
    "column and compute the skewness of that in the same way. Round both to two decimals.",
    outputs={"skew_raw": "skewness of EXECUTIONS", "skew_log": "skewness of the natural log of EXECUTIONS"},
    decimals=2,
)
def _(t):
    return {"skew_raw": round(float(t.EXECUTIONS.skew()), 2), "skew_log": round(float(np.log(t.EXECUTIONS).skew()), 2)}


@ask(
    "Put the states into poverty bands: 'low' when the poverty percentage is below 11, 'medium' when it is at least 11 but "
    "below 16, and 'high' when it is 16 or more. Count the states in every band.",
    outputs={
        "n_low": "number of states in the low band",
        "n_medium": "number of states in the medium band",
        "n_high": "number of states in the high band",
    },
)
def _(t):
    p = t.PERPOVERTY
    return {"n_low": int((p < 11).sum()), "n_medium": int(((p >= 11) & (p < 16)).sum()), "n_high": int((p >= 16).sum())}


@ask(
    "Rescale income to the range 0 to 1 with min-max scaling over all the states, and do the same for the violent crime "
    "rate. Create a score for each state equal to scaled crime minus scaled income. Which state gets the highest score, "
    "and what is that score? Round the score to three decimals.",
    outputs={"state": "state with the highest score", "score": "its score"},
    decimals=3,
)
def _(t):
    def scale(x):
        return (x - x.min()) / (x.max() - x.min())

    s = scale(t.VC100k96) - scale(t.INCOME)
    return {"state": str(t.loc[s.idxmax(), "STATE"]), "score": round(float(s.max()), 3)}


@ask(
    "Fit an ordinary least squares line, with intercept, predicting income from the degree share, on all 17 states "
    "(no train/test split). Report the slope rounded to 1 decimal and R squared rounded to 3 decimals.",
    outputs={"slope": "coefficient of DEGREE, rounded to 1 decimal", "r_squared": "R squared on the same 17 states, 3 decimals"},
)
def _(t):
    x, y = t[["DEGREE"]], t.INCOME
    m = LinearRegression().fit(x, y)
    return {"slope": round(float(m.coef_[0]), 1), "r_squared": round(float(m.score(x, y)), 3)}


ask.unanswerable(
    "How many of the executions in Texas were by lethal injection?", why="the table does not record the method of execution"
)
ask.unanswerable(
    "What was the average unemployment rate in the southern states?", why="there is no unemployment column, only poverty and income"
)
ask.unanswerable("how many executions did Georgia have?", why="Georgia is not among the 17 states")
ask.unanswerable(
    "By how much did the violent crime rate of Louisiana change between 1996 and 1997?",
    why="the violent crime rate is given for 1996 only",
)
