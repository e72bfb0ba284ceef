"""Questions about macrodata: quarterly US macroeconomic indicators from 1959 Q1 to 2009 Q3."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("macrodata")


# --- simple numbers -----------------------------------------------------------------------------------------
@ask("average unemployment rate in 1982?")
def _(t):
    return float(t[t.year == 1982].unemp.mean())


@ask("What was the CPI in the third quarter of 1979?")
def _(t):
    return float(t[(t.year == 1979) & (t.quarter == 3)].cpi.iloc[0])


@ask("How many quarters had negative inflation?")
def _(t):
    return int((t.infl < 0).sum())


@ask("Was real GDP lower in the fourth quarter of 2008 than in the fourth quarter of 2007? yes or no")
def _(t):
    q4 = t[t.quarter == 4].set_index("year").realgdp
    return bool(q4[2008] < q4[2007])


@ask("median real interest rate since the start of 2000 (2000 included)")
def _(t):
    return float(t[t.year >= 2000].realint.median())


# --- by group -----------------------------------------------------------------------------------------------
@ask("Mean inflation per year, but only for 1973 to 1976 inclusive.")
def _(t):
    return t[t.year.between(1973, 1976)].groupby("year").infl.mean().to_dict()


@ask("avg real investment by quarter (1-4), all years pooled")
def _(t):
    return t.groupby("quarter").realinv.mean().to_dict()


@ask(
    "Could you bucket the rows by decade (1959 goes into the 1950s, 2009 into the 2000s) and tell me the average "
    "unemployment in each decade?"
)
def _(t):
    return t.groupby(t.year // 10 * 10).unemp.mean().to_dict()


# --- which one ----------------------------------------------------------------------------------------------
@ask("In which year was the average unemployment rate the highest?")
def _(t):
    return int(t.groupby("year").unemp.mean().idxmax())


@ask("List the five years with the highest average inflation, starting with the worst.")
def _(t):
    return [int(y) for y in t.groupby("year").infl.mean().nlargest(5).index]


@ask("which year had the lowest mean tbilrate")
def _(t):
    return int(t.groupby("year").tbilrate.mean().idxmin())


# --- shares -------------------------------------------------------------------------------------------------
@ask("In what percentage of quarters was the unemployment rate above 6?")
def _(t):
    return float((t.unemp > 6).mean() * 100)


@ask("For a story I'm writing: what percent of real GDP was real consumption in the first quarter of 2009?")
def _(t):
    r = t[(t.year == 2009) & (t.quarter == 1)].iloc[0]
    return float(r.realcons / r.realgdp * 100)


# --- relations, shape, growth -------------------------------------------------------------------------------
@ask("Is unemployment correlated with inflation? Just give the Pearson coefficient.")
def _(t):
    return float(t.unemp.corr(t.infl))


@ask("By what percentage did the population grow between 1959 Q1 and 2009 Q3?")
def _(t):
    return float((t["pop"].iloc[-1] / t["pop"].iloc[0] - 1) * 100)


@ask(
    "Compute real GDP per head for each quarter by dividing realgdp by pop. Report the mean of this ratio over the four "
    "quarters of 1960 and over the four quarters of 2008, and the percentage change from the first mean to the second. "
    "Round all three to 2 decimals.",
    outputs={
        "gdp_per_head_1960": "mean of realgdp / pop over the 1960 quarters",
        "gdp_per_head_2008": "mean of realgdp / pop over the 2008 quarters",
        "pct_change": "percentage change from the 1960 mean to the 2008 mean",
    },
    decimals=2,
)
def _(t):
    m = (t.realgdp / t["pop"]).groupby(t.year).mean()
    return {
        "gdp_per_head_1960": round(float(m[1960]), 2),
        "gdp_per_head_2008": round(float(m[2008]), 2),
        "pct_change": round(float((m[2008] / m[1960] - 1) * 100), 2),
    }


@ask(
    "Calculate the quarter-on-quarter growth rate of real GDP in percent, i.e. 100 * (this quarter / previous quarter - 1), "
    "with the quarters in chronological order; the first quarter has no growth rate and is left out. Report the mean growth, "
    "its sample standard deviation, and the number of quarters in which real GDP shrank. Round to three decimals.",
    outputs={
        "mean_growth": "mean quarterly growth of real GDP, percent",
        "std_growth": "sample standard deviation of the growth, percentage points",
        "n_negative": "number of quarters with negative growth",
    },
    decimals=3,
)
def _(t):
    g = t.sort_values(["year", "quarter"]).realgdp.pct_change().dropna() * 100
    return {
        "mean_growth": round(float(g.mean()), 3),
        "std_growth": round(float(g.std()), 3),
        "n_negative": int((g < 0).sum()),
    }


@ask(
    "Test whether mean inflation was different before and after 1984. Split the quarters into those with year < 1984 and those "
    "with year >= 1984 and run a two-sided Welch t-test on infl. Use alpha = 0.05. Report the mean inflation of each period and "
    "'significant' or 'not significant'. Round the means to two decimals.",
    outputs={
        "mean_before": "mean infl, years before 1984",
        "mean_after": "mean infl, 1984 and later",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    a, b = t[t.year < 1984].infl, t[t.year >= 1984].infl
    p = stats.ttest_ind(a, b, equal_var=False).pvalue
    return {
        "mean_before": round(float(a.mean()), 2),
        "mean_after": round(float(b.mean()), 2),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Assess the normality of the unemployment rate with the Shapiro-Wilk test at a 5% significance level. Report the W "
    "statistic rounded to 4 decimals, and the label 'normal' if the null hypothesis of normality is not rejected or "
    "'not normal' if it is rejected.",
    outputs={"w_statistic": "Shapiro-Wilk W of unemp", "label": "'normal' or 'not normal'"},
    decimals=4,
)
def _(t):
    r = stats.shapiro(t.unemp)
    return {"w_statistic": round(float(r.statistic), 4), "label": "not normal" if r.pvalue < 0.05 else "normal"}


@ask(
    "Look for outliers in infl using z-scores: subtract the mean, divide by the sample standard deviation (ddof = 1) and flag "
    "every quarter with |z| > 3. How many quarters are flagged? Drop them and give the mean and the sample standard deviation "
    "of infl for the rest, to 3 decimals.",
    outputs={
        "n_outliers": "number of flagged quarters",
        "mean_infl": "mean infl without the outliers",
        "std_infl": "sample standard deviation of infl without the outliers",
    },
    decimals=3,
)
def _(t):
    out = ((t.infl - t.infl.mean()) / t.infl.std()).abs() > 3
    return {
        "n_outliers": int(out.sum()),
        "mean_infl": round(float(t[~out].infl.mean()), 3),
        "std_infl": round(float(t[~out].infl.std()), 3),
    }


@ask(
    "Label each quarter by its unemployment rate: 'low' when unemp is under 5, 'medium' when it is at least 5 but under 7, and "
    "'high' when it is 7 or more. Count the quarters in each class, and compute the average T-bill rate in the 'high' class, "
    "rounded to 2 decimals.",
    outputs={
        "n_low": "quarters labelled low",
        "n_medium": "quarters labelled medium",
        "n_high": "quarters labelled high",
        "mean_tbilrate_high": "mean tbilrate of the high quarters",
    },
    decimals=2,
)
def _(t):
    label = np.where(t.unemp < 5, "low", np.where(t.unemp < 7, "medium", "high"))
    return {
        "n_low": int((label == "low").sum()),
        "n_medium": int((label == "medium").sum()),
        "n_high": int((label == "high").sum()),
        "mean_tbilrate_high": round(float(t[label == "high"].tbilrate.mean()), 2),
    }


@ask(
    "Fit an ordinary least squares regression (scikit-learn LinearRegression) with realcons as the target and realdpi and "
    "tbilrate as the only features. Hold out 20% of the rows with train_test_split, random_state=0, rows in file order before "
    "the split. Report the R-squared on the held-out rows, rounded to 4 decimals.",
    outputs={"r_squared": "R-squared on the test rows"},
    decimals=4,
)
def _(t):
    a, b, y, z = train_test_split(t[["realdpi", "tbilrate"]], t.realcons, test_size=0.2, random_state=0)
    return {"r_squared": round(float(r2_score(z, LinearRegression().fit(a, y).predict(b))), 4)}


# --- not in the table ---------------------------------------------------------------------------------------
ask.unanswerable("What was the average unemployment rate in 2012?", why="the table ends in the third quarter of 2009")
ask.unanswerable(
    "Show me mean unemployment by state for the 1990s.", why="the figures are national, there is no state column"
)
ask.unanswerable(
    "How much did real exports grow from 1990 Q1 to 2000 Q1?", why="the table has no exports or other trade figures"
)
ask.unanswerable(
    "Why did real investment collapse in 2008?", why="asks for a cause; the table holds only the indicators themselves"
)
