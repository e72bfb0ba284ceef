"""Questions about canadian_senators: one row per appointment to the Senate of Canada, 1867 to 2013, and how it ended."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("canadian_senators")

PARTY = "Political Affiliation at Appointment"
PROVINCE = "Province / Territory"
ADVICE = "Appointed on the advice of"
LIBERAL = "Liberal Party of Canada"


def start(t):
    return pd.to_datetime(t.start_date)


@ask("How many of the appointments ended in death?")
def _(t):
    return int((t.reason == "Death").sum())


@ask("avg days in the senate, nova scotia rows only (diff_days)")
def _(t):
    return float(t[t[PROVINCE] == "Nova Scotia"].diff_days.mean())


@ask("Number of rows for Alberta where the senator resigned?")
def _(t):
    return int(((t[PROVINCE] == "Alberta") & (t.reason == "Resignation")).sum())


@ask("What's the median number of days served (diff_days) by those who left through retirement?")
def _(t):
    return float(t[t.reason == "Retirement"].diff_days.median())


@ask("How many distinct names are there? Some senators were appointed more than once, so don't count a name twice.")
def _(t):
    return int(t.Name.nunique())


@ask("appointments by province/territory, count")
def _(t):
    return {k: int(v) for k, v in t[PROVINCE].value_counts().items()}


@ask("For each reason for leaving, how many days did a term last on average?")
def _(t):
    return {k: float(v) for k, v in t.groupby("reason").diff_days.mean().items()}


@ask("Of the appointments made on Stephen Harper's advice (Harper, Stephen), how many came from each province or territory?")
def _(t):
    return {k: int(v) for k, v in t[t[ADVICE] == "Harper, Stephen"][PROVINCE].value_counts().items()}


@ask("Quick one: on whose advice were the most senators appointed?")
def _(t):
    return str(t[ADVICE].value_counts().idxmax())


@ask("I'm writing a piece on long careers. Which three senators had the longest single terms, in days? Longest first.")
def _(t):
    return t.sort_values("diff_days", ascending=False).Name.head(3).tolist()


@ask("top 4 political affiliations at appointment by number of appointments")
def _(t):
    return t[PARTY].value_counts().head(4).index.tolist()


@ask("What percentage of all rows have Liberal Party of Canada as the affiliation?")
def _(t):
    return float((t[PARTY] == LIBERAL).mean() * 100)


@ask(
    "Where province is exactly Ontario (not the Ontario division), what per cent of rows have observed = False? One decimal is fine.",
    decimals=1,
)
def _(t):
    return round(float((~t[t[PROVINCE] == "Ontario"].observed).mean() * 100), 1)


@ask("In which calendar year did the most terms start?")
def _(t):
    return int(start(t).dt.year.value_counts().idxmax())


@ask("Please how many senators have start date between 1 January 1980 and 31 December 1989, both included?")
def _(t):
    return int(start(t).dt.year.between(1980, 1989).sum())


@ask(
    "Compare how long Ontario and Quebec senators stayed. Keep only rows where observed is True. Compare mean diff_days with Welch's "
    "t-test (two-sided, unequal variances) between the province values Ontario and Quebec. At alpha 0.05 report 'significant' or "
    "'not significant'. Round the numbers to three decimals.",
    outputs={
        "t_statistic": "t statistic, Ontario minus Quebec",
        "p_value": "two-sided p-value",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    d = t[t.observed]
    r = stats.ttest_ind(d[d[PROVINCE] == "Ontario"].diff_days, d[d[PROVINCE] == "Quebec"].diff_days, equal_var=False)
    p = float(r.pvalue)
    return {
        "t_statistic": round(float(r.statistic), 3),
        "p_value": round(p, 3),
        "label": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Take only the rows whose reason is Death, Resignation or Retirement. Use the Kruskal-Wallis test to see whether diff_days has "
    "the same distribution for the three reasons. Report the H statistic rounded to two decimals. If the p-value is below 0.01 the "
    "conclusion is 'different', else it is 'same'.",
    outputs={"h_statistic": "Kruskal-Wallis H", "conclusion": "'different' or 'same'"},
    decimals=2,
)
def _(t):
    h, p = stats.kruskal(*(t[t.reason == r].diff_days for r in ("Death", "Resignation", "Retirement")))
    return {"h_statistic": round(float(h), 2), "conclusion": "different" if p < 0.01 else "same"}


@ask(
    "Look at the shape of diff_days over all rows. Compute the sample skewness (bias-corrected, as in pandas) and the 90th percentile "
    "with linear interpolation. Call the distribution 'right-skewed' if the skewness is above 0.5, 'left-skewed' if it is below "
    "-0.5, and 'roughly symmetric' otherwise. Round the numbers to two decimals.",
    outputs={"skewness": "skewness of diff_days", "p90": "90th percentile of diff_days", "shape": "one of the three labels"},
    decimals=2,
)
def _(t):
    s = float(t.diff_days.skew())
    shape = "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric"
    return {"skewness": round(s, 2), "p90": round(float(t.diff_days.quantile(0.9)), 2), "shape": shape}


@ask(
    "Find the unusually long terms. Standardise diff_days over all rows with the mean and the sample standard deviation, and treat "
    "|z| > 3 as an outlier. How many outliers are there, and what is the mean diff_days after they are removed? Round the mean to "
    "one decimal.",
    outputs={"n_outliers": "rows with |z| > 3", "mean_after": "mean diff_days without them"},
    decimals=1,
)
def _(t):
    z = (t.diff_days - t.diff_days.mean()) / t.diff_days.std()
    return {"n_outliers": int((z.abs() > 3).sum()), "mean_after": round(float(t.diff_days[z.abs() <= 3].mean()), 1)}


@ask(
    "Drop the rows where the reason is missing and the rows where it is 'Appointment declined'. Convert diff_days to years by "
    "dividing by 365.25. Bin the result: 'short' for less than 5 years, 'medium' for at least 5 but less than 15, and 'long' for "
    "15 years or more. How many rows fall in each bin?",
    outputs={"short": "rows under 5 years", "medium": "rows from 5 to under 15 years", "long": "rows of 15 years or more"},
)
def _(t):
    d = t[t.reason.notna() & (t.reason != "Appointment declined")]
    y = d.diff_days / 365.25
    return {"short": int((y < 5).sum()), "medium": int(((y >= 5) & (y < 15)).sum()), "long": int((y >= 15).sum())}


@ask(
    "Extract the year from start_date and keep only the rows with observed equal to True. Compute the Pearson and the Spearman "
    "correlation between the start year and diff_days. Then add a column log_days = ln(1 + diff_days) and give the Pearson "
    "correlation of the start year with it. Round to 3 decimals.",
    outputs={
        "pearson": "Pearson correlation of start year and diff_days",
        "spearman": "Spearman correlation of start year and diff_days",
        "pearson_log": "Pearson correlation of start year and log_days",
    },
    decimals=3,
)
def _(t):
    d = t[t.observed]
    year = start(d).dt.year
    return {
        "pearson": round(float(year.corr(d.diff_days)), 3),
        "spearman": round(float(year.corr(d.diff_days, method="spearman")), 3),
        "pearson_log": round(float(year.corr(np.log1p(d.diff_days))), 3),
    }


@ask(
    "I want to see whether appointments sped up. Take the decade of each start_date (1950 to 1959 is the 1950s, and so on) and count "
    "the rows per decade. Report the count for the 1950s and the count for the 1990s, and the growth from the first to the second "
    "in percent of the first, rounded to one decimal.",
    outputs={
        "count_1950s": "terms that started in the 1950s",
        "count_1990s": "terms that started in the 1990s",
        "growth_pct": "percent growth from the 1950s to the 1990s",
    },
    decimals=1,
)
def _(t):
    year = start(t).dt.year
    a, b = int(year.between(1950, 1959).sum()), int(year.between(1990, 1999).sum())
    return {"count_1950s": a, "count_1990s": b, "growth_pct": round((b / a - 1) * 100, 1)}


ask.unanswerable("What is the average age at appointment of senators from Quebec?", why="the table has no birth dates or ages")
ask.unanswerable("How many women were appointed on the advice of Pierre Trudeau?", why="the table has no gender column")
ask.unanswerable("number of Green Party senators per province", why="no row has the Green Party as its affiliation")
ask.unanswerable(
    "Why did so many senators resign instead of retiring?", why="asks for motives; the table only records how the term ended"
)
