"""Questions about airports: 3376 airports (nearly all in the USA) with code, name, city, state, country and coordinates."""

import numpy as np
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("airports")


@ask("how many airports are there in California (CA)")
def _(t):
    return int((t.state == "CA").sum())


@ask("airports per country, just the counts")
def _(t):
    return {k: int(v) for k, v in t.groupby("country").size().items()}


@ask("Which four states have the most airports? Give the state codes, most first.")
def _(t):
    return t.groupby("state").size().nlargest(4).index.tolist()


@ask("Name the northernmost airport in this list.")
def _(t):
    return str(t.loc[t.latitude.idxmax(), "name"])


@ask("I would like to know the mean latitude of the airports in TX, CA and FL, each one separate.")
def _(t):
    return t[t.state.isin(["TX", "CA", "FL"])].groupby("state").latitude.mean().to_dict()


@ask("For how many airports is the state missing?")
def _(t):
    return int(t.state.isna().sum())


@ask("What percentage of all airports in the file are in Alaska (state AK)?")
def _(t):
    return float((t.state == "AK").mean() * 100)


@ask("How many different cities in Florida (FL) appear in the table?")
def _(t):
    return int(t[t.state == "FL"].city.nunique())


@ask("Going by the city name alone, whatever the state, which city name turns up most often?")
def _(t):
    return str(t.city.value_counts().idxmax())


@ask("what's the Pearson correlation of latitude and longitude, over all the rows?")
def _(t):
    return float(t.latitude.corr(t.longitude))


@ask("How many airports have the word 'International' in their name?")
def _(t):
    return int(t.name.str.contains("International").sum())


@ask(
    "Quick one for a story: leave Alaska (AK) out. In which of the remaining states do the airports lie furthest north on "
    "average, i.e. which state has the highest mean latitude?"
)
def _(t):
    return str(t[t.state != "AK"].groupby("state").latitude.mean().idxmax())


@ask("How many degrees of latitude separate the northernmost airport in Texas (TX) from the southernmost one there?")
def _(t):
    lat = t[t.state == "TX"].latitude
    return float(lat.max() - lat.min())


@ask("median longitude by state, only for NY, NJ and CT")
def _(t):
    return t[t.state.isin(["NY", "NJ", "CT"])].groupby("state").longitude.median().to_dict()


@ask("Are there more airports in Ohio (OH) than in Georgia (GA)?")
def _(t):
    return bool((t.state == "OH").sum() > (t.state == "GA").sum())


@ask(
    "Find the airports whose longitude is unusual. Standardise longitude over all rows with the mean and the sample standard "
    "deviation, and call an airport an outlier if its absolute z-score is greater than 3. Report the number of outliers, and "
    "the mean longitude of the airports that remain once the outliers are removed, rounded to 2 decimals.",
    outputs={
        "n_outliers": "number of airports with |z| > 3 in longitude",
        "mean_longitude": "mean longitude without the outliers, two decimals",
    },
    decimals=2,
)
def _(t):
    out = ((t.longitude - t.longitude.mean()) / t.longitude.std()).abs() > 3
    return {"n_outliers": int(out.sum()), "mean_longitude": round(float(t.longitude[~out].mean()), 2)}


@ask(
    "Label an airport 'west' if its longitude is less than -100 and 'east' otherwise. Drop the airports that have no state "
    "before doing so. How many airports get each label, and what percentage of the labelled airports is 'west'? Give the "
    "percentage with one decimal.",
    outputs={
        "n_west": "number of airports labelled west",
        "n_east": "number of airports labelled east",
        "pct_west": "percentage of labelled airports that are west, one decimal",
    },
    decimals=1,
)
def _(t):
    west = t.dropna(subset="state").longitude < -100
    return {"n_west": int(west.sum()), "n_east": int((~west).sum()), "pct_west": round(float(west.mean() * 100), 1)}


@ask(
    "Is having 'Municipal' in the name related to lying in the north? Make two yes/no variables: the name contains "
    "'Municipal', and the latitude is above 40. Cross-tabulate them over all airports and run a chi-square test of "
    "independence without the continuity correction. Report the statistic and the p-value to four decimals, and state "
    "'dependent' if p < 0.05, else 'independent'.",
    outputs={
        "chi2": "chi-square statistic, four decimals",
        "p_value": "p-value, four decimals",
        "conclusion": "'dependent' or 'independent'",
    },
    decimals=4,
)
def _(t):
    table = pd.crosstab(t.name.str.contains("Municipal"), t.latitude > 40)
    chi2, p, _, _ = stats.chi2_contingency(table, correction=False)
    return {
        "chi2": round(float(chi2), 4),
        "p_value": round(float(p), 4),
        "conclusion": "dependent" if p < 0.05 else "independent",
    }


@ask(
    "Check the latitude column for outliers with the interquartile range rule. Use linearly interpolated quartiles and fences "
    "at 1.5 times the IQR below the first and above the third quartile. Report both fences rounded to 3 decimals, the number "
    "of airports outside them, and how many of those outside are in Alaska (AK).",
    outputs={
        "lower_fence": "Q1 - 1.5 IQR of latitude, three decimals",
        "upper_fence": "Q3 + 1.5 IQR of latitude, three decimals",
        "n_outliers": "airports strictly outside the fences",
        "n_alaska": "those outliers whose state is AK",
    },
    decimals=3,
)
def _(t):
    q1, q3 = t.latitude.quantile([0.25, 0.75])
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    out = (t.latitude < low) | (t.latitude > high)
    return {
        "lower_fence": round(float(low), 3),
        "upper_fence": round(float(high), 3),
        "n_outliers": int(out.sum()),
        "n_alaska": int((out & (t.state == "AK")).sum()),
    }


@ask(
    "Spec: keep only the rows with state 'CO'. Compute their centre as the mean latitude and the mean longitude. For every "
    "kept airport derive distance = sqrt((latitude - mean latitude)^2 + (longitude - mean longitude)^2), in plain degrees. "
    "Output the mean distance and the largest distance, rounded to 3 decimals, and the IATA code of the airport with the "
    "largest distance.",
    outputs={
        "mean_distance": "mean distance from the centre in degrees, three decimals",
        "max_distance": "largest distance from the centre in degrees, three decimals",
        "farthest": "iata code of the farthest airport",
    },
    decimals=3,
)
def _(t):
    c = t[t.state == "CO"]
    d = np.sqrt((c.latitude - c.latitude.mean()) ** 2 + (c.longitude - c.longitude.mean()) ** 2)
    return {
        "mean_distance": round(float(d.mean()), 3),
        "max_distance": round(float(d.max()), 3),
        "farthest": str(c.loc[d.idxmax(), "iata"]),
    }


@ask(
    "For the airports in Alaska (AK) only, fit a simple least-squares line with longitude as the dependent variable and "
    "latitude as the predictor, using all of them (no train/test split). Report the slope, the intercept and R squared, each "
    "rounded to three decimals.",
    outputs={
        "slope": "slope of longitude on latitude, three decimals",
        "intercept": "intercept, three decimals",
        "r2": "R squared, three decimals",
    },
    decimals=3,
)
def _(t):
    a = t[t.state == "AK"]
    r = stats.linregress(a.latitude, a.longitude)
    return {
        "slope": round(float(r.slope), 3),
        "intercept": round(float(r.intercept), 3),
        "r2": round(float(r.rvalue**2), 3),
    }


@ask(
    "Remove every airport without a state and the airports in AK and HI. On what is left, compare the latitude of airports "
    "with 'Memorial' in the name with the latitude of all the others by Welch's two-sided t-test. Report the number of "
    "Memorial airports, the p-value rounded to 4 decimals and, at alpha 0.05, 'significant' or 'not significant'.",
    outputs={
        "n_memorial": "airports with Memorial in the name after the removal",
        "p_value": "two-sided Welch p-value, four decimals",
        "decision": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    d = t[t.state.notna() & ~t.state.isin(["AK", "HI"])]
    m = d.name.str.contains("Memorial")
    p = stats.ttest_ind(d.latitude[m], d.latitude[~m], equal_var=False).pvalue
    return {
        "n_memorial": int(m.sum()),
        "p_value": round(float(p), 4),
        "decision": "significant" if p < 0.05 else "not significant",
    }


ask.unanswerable(
    "What is the average number of passengers per airport in each state?",
    why="the table has no passenger numbers",
)
ask.unanswerable(
    "mean latitude of the Canadian airports",
    why="no airport in the table is in Canada",
)
ask.unanswerable(
    "Which airport in Texas has the longest runway?",
    why="the table says nothing about runways",
)
ask.unanswerable(
    "In what year did the northernmost airport open?",
    why="the table holds no dates of opening",
)
