"""Questions about dd: how long political leaders and their regimes stayed in power, by country, 1946-2008."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("dd")


@ask("How many leader spells fall under a military dictatorship?")
def _(t):
    return int((t.regime == "Military Dict").sum())


@ask("avg duration by regime")
def _(t):
    return t.groupby("regime").duration.mean().to_dict()


@ask("Hi! I'm new to this file. How many years does a leader's spell in Africa last on average?")
def _(t):
    return float(t[t.un_continent_name == "Africa"].duration.mean())


@ask("For how many years did Margaret Thatcher govern?")
def _(t):
    return int(t[t.ehead == "Margaret Thatcher"].duration.iloc[0])


@ask("How many different countries from Asia are in the data?")
def _(t):
    return int(t[t.un_continent_name == "Asia"].ctryname.nunique())


@ask("median duration, monarchies only")
def _(t):
    return float(t[t.regime == "Monarchy"].duration.median())


@ask("Which country has had the most leader spells?")
def _(t):
    return str(t.ctryname.value_counts().idxmax())


@ask("List the four countries with the most rows, starting from the biggest.")
def _(t):
    return t.ctryname.value_counts().head(4).index.tolist()


@ask("Which UN region has the longest leader spells on average?")
def _(t):
    return str(t.groupby("un_region_name").duration.mean().idxmax())


@ask("Which leader had the longest single spell among the presidential democracies?")
def _(t):
    d = t[t.regime == "Presidential Dem"]
    return str(d.loc[d.duration.idxmax(), "ehead"])


@ask("I need, per continent, what percentage of the spells were non-democratic.")
def _(t):
    return (t.democracy.eq("Non-democracy").groupby(t.un_continent_name).mean() * 100).to_dict()


@ask("number of distinct countries in each continent please")
def _(t):
    return t.groupby("un_continent_name").ctryname.nunique().to_dict()


@ask("What percent of the spells in the Americas lasted just one year?")
def _(t):
    return float((t[t.un_continent_name == "Americas"].duration == 1).mean() * 100)


@ask("How many times as long is the mean duration of a non-democracy spell compared with a democracy spell?")
def _(t):
    m = t.groupby("democracy").duration.mean()
    return float(m["Non-democracy"] / m["Democracy"])


@ask(
    "For my homework I have to describe the distribution of duration. Use only the spells of monarchies and dictatorships, i.e. "
    "the rows marked Non-democracy. Compute the bias-corrected sample skewness and the bias-corrected excess kurtosis (a normal "
    "distribution has 0), as pandas does. If the skewness is above 1 call the shape 'strongly right-skewed', otherwise 'not "
    "strongly right-skewed'. Round the numbers to two decimals.",
    outputs={
        "skewness": "sample skewness of duration",
        "kurtosis": "sample excess kurtosis of duration",
        "label": "'strongly right-skewed' or 'not strongly right-skewed'",
    },
    decimals=2,
)
def _(t):
    d = t[t.democracy == "Non-democracy"].duration
    s = float(d.skew())
    return {
        "skewness": round(s, 2),
        "kurtosis": round(float(d.kurt()), 2),
        "label": "strongly right-skewed" if s > 1 else "not strongly right-skewed",
    }


@ask(
    "Leaving out 1946, because spells already running are dated to that year, in which start year did the most spells "
    "begin?"
)
def _(t):
    return int(t[t.start_year != 1946].start_year.value_counts().idxmax())


@ask(
    "Some rows have no politycode. Drop those rows. Then count the rows in which the politycode is not equal to the COW code "
    "(cowcode2), and say how many distinct countries they belong to.",
    outputs={"n_rows": "rows where the two codes differ", "n_countries": "distinct countries among those rows"},
)
def _(t):
    d = t.dropna(subset=["politycode"])
    d = d[d.politycode != d.cowcode2]
    return {"n_rows": len(d), "n_countries": int(d.ctryname.nunique())}


@ask(
    "Do democratic and non-democratic leaders differ in how long they last? Compare the duration of the spells in the two groups "
    "of the democracy column with a two-sided Welch t-test (unequal variances), democracies first. Use a significance level of "
    "0.05 and report 'significant' if the p-value is below it, otherwise 'not significant'. Round the t statistic and the "
    "means to two decimals.",
    outputs={
        "mean_democracy": "mean duration of the democracies",
        "mean_non_democracy": "mean duration of the non-democracies",
        "t_statistic": "Welch t statistic",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    a = t[t.democracy == "Democracy"].duration
    b = t[t.democracy == "Non-democracy"].duration
    r = stats.ttest_ind(a, b, equal_var=False)
    return {
        "mean_democracy": round(float(a.mean()), 2),
        "mean_non_democracy": round(float(b.mean()), 2),
        "t_statistic": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Look for spells with an unusual duration using the 1.5 × IQR rule. Compute the first and third quartile with linear "
    "interpolation; a spell is an outlier if its duration is below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Report the upper bound, the "
    "number of outliers, and the mean duration once the outliers have been removed. Round the mean to two decimals.",
    outputs={
        "upper_bound": "Q3 + 1.5*IQR",
        "n_outliers": "number of outlier spells",
        "mean_without_outliers": "mean duration after removing outliers",
    },
    decimals=2,
)
def _(t):
    q1, q3 = t.duration.quantile([0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    out = (t.duration < low) | (t.duration > high)
    return {
        "upper_bound": float(high),
        "n_outliers": int(out.sum()),
        "mean_without_outliers": round(float(t[~out].duration.mean()), 2),
    }


@ask(
    "Put each spell into a class by its duration in years: 'short' for 2 years or less, 'medium' for 3 to 8 years, 'long' for "
    "more than 8 years. Consider only European spells. Give the percentage (0-100) of European spells in each class, rounded to "
    "one decimal.",
    outputs={
        "pct_short": "percentage of short spells",
        "pct_medium": "percentage of medium spells",
        "pct_long": "percentage of long spells",
    },
    decimals=1,
)
def _(t):
    d = t[t.un_continent_name == "Europe"].duration
    c = pd.cut(d, [0, 2, 8, np.inf], labels=["short", "medium", "long"]).value_counts(normalize=True) * 100
    return {f"pct_{k}": round(float(c[k]), 1) for k in ("short", "medium", "long")}


@ask(
    "We want to know if spells got shorter over time. Take the logarithm (natural log) of duration and calculate the Pearson "
    "correlation between it and the start year. Only use spells whose end was observed (observed equal to 1). Label the "
    "relationship 'negative' if the p-value is below 0.05 and the coefficient is below zero, 'positive' if the p-value is below "
    "0.05 and the coefficient is above zero, and 'none' otherwise. Round the coefficient to three decimals.",
    outputs={"correlation": "Pearson correlation", "label": "'negative', 'positive' or 'none'"},
    decimals=3,
)
def _(t):
    d = t[t.observed == 1]
    r, p = stats.pearsonr(np.log(d.duration), d.start_year)
    label = "none" if p >= 0.05 else ("negative" if r < 0 else "positive")
    return {"correlation": round(float(r), 3), "label": label}


@ask(
    "Group the spells into decades by start year (1980-1989 is the 1980s and so on). How many spells started in the 1980s, how many "
    "in the 1990s, and by what percentage did the number rise or fall from the one decade to the next? A fall is negative. Round "
    "the percentage to one decimal.",
    outputs={
        "n_1980s": "spells that started in the 1980s",
        "n_1990s": "spells that started in the 1990s",
        "pct_change": "percentage change from the 1980s to the 1990s",
    },
    decimals=1,
)
def _(t):
    n = (t.start_year // 10 * 10).value_counts()
    return {"n_1980s": int(n[1980]), "n_1990s": int(n[1990]), "pct_change": round(float((n[1990] / n[1980] - 1) * 100), 1)}


ask.unanswerable(
    "What is the average age at which leaders took office, by regime?",
    why="the table holds no age or birth date of a leader",
)
ask.unanswerable(
    "Which party did the longest-lasting parliamentary leaders belong to?",
    why="there is no political party in the table",
)
ask.unanswerable(
    "How many spells began in 2015 in Europe?",
    why="the table's start years end in 2008, so 2015 is not covered",
)
ask.unanswerable(
    "How does GDP per capita differ between the military dictatorships and the civilian ones?",
    why="the table has no GDP or other economic figure",
)
