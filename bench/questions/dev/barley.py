"""Questions about barley: yields of ten barley varieties at six Minnesota sites in 1931 and 1932, one row per trial."""
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("barley")


def _mean_by(t, column):
    return {k: float(v) for k, v in t.groupby(column)["yield"].mean().items()}


@ask("avg yield by site")
def _(t):
    return _mean_by(t, "site")


@ask(
    "Hi, I just joined the team and am still finding my way around :) Could you tell me what the barley at Duluth "
    "yielded on average?",
)
def _(t):
    return float(t[t.site == "Duluth"]["yield"].mean())


@ask("How many trials at Waseca gave a yield above 50?")
def _(t):
    return int(((t.site == "Waseca") & (t["yield"] > 50)).sum())


@ask("best yield Trebi ever got")
def _(t):
    return float(t[t.variety == "Trebi"]["yield"].max())


@ask("Pool the Glabron and Velvet rows together. What is their median yield?")
def _(t):
    return float(t[t.variety.isin(["Glabron", "Velvet"])]["yield"].median())


@ask("what is the standard deviation of the yields in Morris in 1931? (sample one please, n-1)")
def _(t):
    return float(t[(t.site == "Morris") & (t.year == 1931)]["yield"].std())


@ask("For every variety, I need the lowest yield that was recorded.")
def _(t):
    return {k: float(v) for k, v in t.groupby("variety")["yield"].min().items()}


@ask("Considering only the 1932 season, give the median yield at each location.")
def _(t):
    return {k: float(v) for k, v in t[t.year == 1932].groupby("site")["yield"].median().items()}


@ask("Which were the three best varieties in 1931, going by average yield? Best one first.")
def _(t):
    return t[t.year == 1931].groupby("variety")["yield"].mean().nlargest(3).index.tolist()


@ask("Every place but one did worse in 1932 than in 1931. Which site is the exception, i.e. had a higher mean yield in 1932?")
def _(t):
    p = t.pivot_table(index="site", columns="year", values="yield", aggfunc="mean")
    (site,) = p.index[p[1932] > p[1931]]
    return str(site)


@ask("which kind of barley is the least predictable, I mean has the largest standard deviation of yield?")
def _(t):
    return str(t.groupby("variety")["yield"].std().idxmax())


@ask("What percentage of all the trials in the table yielded less than 25?")
def _(t):
    return float((t["yield"] < 25).mean() * 100)


@ask(
    "Check if a log transform makes the yields more symmetric. Calculate the skewness of yield as it is (the "
    "bias-corrected sample skewness, as pandas gives it). Then take the natural logarithm of yield and calculate the "
    "skewness again in the same way. Round both to three decimals. Answer 'log' if the logged values have the smaller"
    " absolute skewness, otherwise 'raw'.",
    outputs={
        "skew_raw": "skewness of yield",
        "skew_log": "skewness of the natural log of yield",
        "more_symmetric": "'log' or 'raw'",
    },
    decimals=3,
)
def _(t):
    raw, log = float(t["yield"].skew()), float(np.log(t["yield"]).skew())
    return {
        "skew_raw": round(raw, 3),
        "skew_log": round(log, 3),
        "more_symmetric": "log" if abs(log) < abs(raw) else "raw",
    }


@ask(
    "By what percent did the average yield drop from 1931 to 1932? Give the drop as a positive number, rounded to 1 "
    "decimal.",
    decimals=1,
)
def _(t):
    m = t.groupby("year")["yield"].mean()
    return round(float((m[1931] - m[1932]) / m[1931] * 100), 1)


@ask("What's the 90th percentile of yield?")
def _(t):
    return float(t["yield"].quantile(0.9))


@ask(
    "Rescale yield to the 0-1 range with min-max scaling over the whole table, then tell me the average scaled yield "
    "at Crookston.",
)
def _(t):
    y = t["yield"]
    return float(((y - y.min()) / (y.max() - y.min()))[t.site == "Crookston"].mean())


@ask(
    "We want to know whether the two seasons differ. Compare the yields of 1931 with the yields of 1932 using Welch's"
    " two-sample t-test (unequal variances, two-sided). Use a significance level of 0.05. Report the p-value rounded "
    "to four decimals and state 'significant' if p is below 0.05, otherwise 'not significant'.",
    outputs={"p_value": "two-sided p-value of Welch's t-test", "decision": "'significant' or 'not significant'"},
    decimals=4,
)
def _(t):
    p = float(stats.ttest_ind(t[t.year == 1931]["yield"], t[t.year == 1932]["yield"], equal_var=False).pvalue)
    return {"p_value": round(p, 4), "decision": "significant" if p < 0.05 else "not significant"}


@ask(
    "Screen the yield column for outliers with the z-score method. Compute z-scores with the mean and the sample "
    "standard deviation of all rows, and treat any row with |z| > 3 as an outlier. Report how many outliers there "
    "are. Then drop them and give the mean and the sample standard deviation of yield in the rows that remain. Round "
    "to two decimals.",
    outputs={
        "n_outliers": "number of rows with |z| > 3",
        "mean_yield": "mean yield after removing the outliers",
        "std_yield": "sample standard deviation of yield after removing the outliers",
    },
    decimals=2,
)
def _(t):
    y = t["yield"]
    out = ((y - y.mean()) / y.std()).abs() > 3
    rest = y[~out]
    return {"n_outliers": int(out.sum()), "mean_yield": round(float(rest.mean()), 2), "std_yield": round(float(rest.std()), 2)}


@ask(
    "Put each trial into a class by its yield: below 30 is 'low', from 30 up to but not including 45 is 'medium', and"
    " 45 or more is 'high'. Report how many trials fall into each of the three classes, and name the site which has "
    "the most trials in class 'high'.",
    outputs={
        "n_low": "number of trials classed low",
        "n_medium": "number of trials classed medium",
        "n_high": "number of trials classed high",
        "top_site": "site with the most high trials",
    },
)
def _(t):
    label = pd.cut(t["yield"], [-np.inf, 30, 45, np.inf], right=False, labels=["low", "medium", "high"])
    n = label.value_counts()
    return {
        "n_low": int(n["low"]),
        "n_medium": int(n["medium"]),
        "n_high": int(n["high"]),
        "top_site": str(t[label == "high"].site.value_counts().idxmax()),
    }


@ask(
    "Each variety was grown once at each site in each of the two years. Pair the 1931 yield with the 1932 yield of "
    "the same variety at the same site, which gives 60 pairs. Calculate the Pearson correlation between the two years"
    " over these pairs, and the mean of the differences (1932 minus 1931). Round both to three decimals.",
    outputs={
        "correlation": "Pearson correlation of 1931 and 1932 yields over the 60 pairs",
        "mean_difference": "mean of yield in 1932 minus yield in 1931",
    },
    decimals=3,
)
def _(t):
    p = t.pivot(index=["variety", "site"], columns="year", values="yield")
    return {
        "correlation": round(float(p[1931].corr(p[1932])), 3),
        "mean_difference": round(float((p[1932] - p[1931]).mean()), 3),
    }


@ask(
    "Homework 3b: test if the variety matters. Run a one-way ANOVA of yield with variety as the only factor (ten "
    "groups, all rows). Give the F statistic and the p-value, both to 3 decimal places. With alpha = 0.05, conclude "
    "'reject' if the hypothesis of equal means is rejected and 'do not reject' if it is not.",
    outputs={
        "f_statistic": "F statistic of the one-way ANOVA",
        "p_value": "p-value of the one-way ANOVA",
        "conclusion": "'reject' or 'do not reject'",
    },
    decimals=3,
)
def _(t):
    f, p = stats.f_oneway(*[g["yield"] for _, g in t.groupby("variety")])
    return {
        "f_statistic": round(float(f), 3),
        "p_value": round(float(p), 3),
        "conclusion": "reject" if p < 0.05 else "do not reject",
    }


@ask(
    "Train an ordinary linear regression that predicts yield from site and year. One-hot encode site (one 0/1 column "
    "per site, in alphabetical order, dropping the first) and keep year as a number. Split the rows with "
    "scikit-learn's train_test_split, test_size=0.3 and random_state=42. Report the R squared on the test set, "
    "rounded to 3 decimals.",
    outputs={"r2_test": "R squared on the held-out 30%"},
    decimals=3,
)
def _(t):
    x = pd.get_dummies(t[["year", "site"]], columns=["site"], drop_first=True, dtype=float)
    x_train, x_test, y_train, y_test = train_test_split(x, t["yield"], test_size=0.3, random_state=42)
    return {"r2_test": round(float(r2_score(y_test, LinearRegression().fit(x_train, y_train).predict(x_test))), 3)}


ask.unanswerable(
    "What was the average rainfall at each site in 1931, and did the wetter sites yield more?",
    why="the table has sites and yields but no rainfall or other weather",
)
ask.unanswerable("mean yield of Trebi in 1933", why="the table only covers 1931 and 1932")
ask.unanswerable(
    "Which variety made the most profit per acre at Waseca?",
    why="there are yields but no prices, costs or profits",
)
ask.unanswerable(
    "How much fertilizer was applied to the Manchuria plots?",
    why="the table records no fertilizer or any other treatment",
)
