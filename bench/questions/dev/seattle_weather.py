"""Questions about seattle_weather: one row per day in Seattle, 2012-2015 (rain, temperatures, wind, weather label)."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("seattle_weather")


def year(t):
    return pd.to_datetime(t.date).dt.year


def month(t):
    return pd.to_datetime(t.date).dt.month


@ask("How many days in the table have the weather marked as fog?")
def _(t):
    return int((t.weather == "fog").sum())


@ask("avg wind by weather")
def _(t):
    return t.groupby("weather").wind.mean().to_dict()


@ask("Hi! Just moved here :) on days labelled snow, what's the average low temperature?")
def _(t):
    return float(t[t.weather == "snow"].temp_min.mean())


@ask("On which date did the most precipitation fall?")
def _(t):
    return t.loc[t.precipitation.idxmax(), "date"]


@ask("total precipitation for each year please")
def _(t):
    return t.groupby(year(t)).precipitation.sum().to_dict()


@ask("Number of days when the minimum temperature dropped below zero")
def _(t):
    return int((t.temp_min < 0).sum())


@ask("What percentage of the days in 2014 were sunny, i.e. had sun as their weather? One decimal is enough.", decimals=1)
def _(t):
    return round(float((t[year(t) == 2014].weather == "sun").mean() * 100), 1)


@ask("Do warm days also have warm nights? Give me the correlation of the daily high with the daily low.")
def _(t):
    return float(t.temp_max.corr(t.temp_min))


@ask("Compute the skewness of precipitation, only over the days on which precipitation is greater than 0.")
def _(t):
    return float(t[t.precipitation > 0].precipitation.skew())


@ask("what was the hottest temperature ever reached in december")
def _(t):
    return float(t[month(t) == 12].temp_max.max())


@ask(
    "If I add up the rain (precipitation) over all four years, which three calendar months are the wettest? "
    "List them as month numbers 1-12, wettest first."
)
def _(t):
    return [int(m) for m in t.groupby(month(t)).precipitation.sum().nlargest(3).index]


@ask("Which kind of weather is the least frequent one?")
def _(t):
    return t.weather.value_counts().idxmin()


@ask("Was the mean temp_max in 2015 higher than in 2014?")
def _(t):
    m = t.groupby(year(t)).temp_max.mean()
    return bool(m[2015] > m[2014])


@ask(
    "For my report I need the average difference between the day's max and min temperature, "
    "for every month of the year (1 to 12)."
)
def _(t):
    return (t.temp_max - t.temp_min).groupby(month(t)).mean().to_dict()


@ask("What percentage of all the precipitation in the data came down in the months of November, December and January?")
def _(t):
    return float(t[month(t).isin([11, 12, 1])].precipitation.sum() / t.precipitation.sum() * 100)


@ask(
    "Investigate whether wind speed differs between rainy and sunny days. Compare the wind on days whose weather is "
    "'rain' with the wind on days whose weather is 'sun', using Welch's two-sample t-test (unequal variances, two-sided). "
    "Use a significance level of 0.05 and report 'significant' if p is below it and 'not significant' otherwise. "
    "Take the rainy group first, and round the means and the t statistic to two decimals.",
    outputs={
        "mean_wind_rain": "mean wind on rain days",
        "mean_wind_sun": "mean wind on sun days",
        "t_statistic": "Welch t statistic, rain first",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    a, b = t[t.weather == "rain"].wind, t[t.weather == "sun"].wind
    r = stats.ttest_ind(a, b, equal_var=False)
    return {
        "mean_wind_rain": round(float(a.mean()), 2),
        "mean_wind_sun": round(float(b.mean()), 2),
        "t_statistic": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Look only at the days with precipitation greater than zero. Identify outliers in their precipitation with the "
    "interquartile-range rule: a day is an outlier if its precipitation is below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. Compute the "
    "quartiles over these wet days by linear interpolation. Report how many of them are outliers, then remove those and report "
    "the mean precipitation of the wet days that remain, rounded to 3 decimals.",
    outputs={
        "n_outliers": "number of outlier days among the wet days",
        "mean_clean": "mean precipitation of the wet days without the outliers",
    },
    decimals=3,
)
def _(t):
    w = t[t.precipitation > 0].precipitation
    q1, q3 = w.quantile(0.25), w.quantile(0.75)
    out = (w < q1 - 1.5 * (q3 - q1)) | (w > q3 + 1.5 * (q3 - q1))
    return {"n_outliers": int(out.sum()), "mean_clean": round(float(w[~out].mean()), 3)}


@ask(
    "Make a new feature called temp_class out of temp_max: 'cold' when temp_max is below 10, 'mild' when it is at least 10 "
    "but below 20, and 'warm' when it is 20 or more. Then calculate the mean precipitation within each class. "
    "Round every mean to two decimals.",
    outputs={
        "mean_precip_cold": "mean precipitation of cold days",
        "mean_precip_mild": "mean precipitation of mild days",
        "mean_precip_warm": "mean precipitation of warm days",
    },
    decimals=2,
)
def _(t):
    c = pd.cut(t.temp_max, [-100, 10, 20, 100], right=False, labels=["cold", "mild", "warm"])
    m = t.groupby(c, observed=True).precipitation.mean()
    return {f"mean_precip_{k}": round(float(m[k]), 2) for k in ("cold", "mild", "warm")}


@ask(
    "Train a linear regression that predicts temp_max from precipitation, temp_min and wind. Use scikit-learn's "
    "LinearRegression with default settings. Split the rows into 80% training and 20% test data with train_test_split and "
    "random_state=42. Report the R-squared score on the test set, rounded to three decimals.",
    outputs={"r2": "R-squared on the test set"},
    decimals=3,
)
def _(t):
    x = t[["precipitation", "temp_min", "wind"]]
    a, b, c, d = train_test_split(x, t.temp_max, test_size=0.2, random_state=42)
    return {"r2": round(float(r2_score(d, LinearRegression().fit(a, c).predict(b))), 3)}


@ask(
    "Calculate the mean of temp_max for each year. From these annual means, give the value for 2012, the value for 2015 and "
    "the percentage change from 2012 to 2015 relative to 2012. Compute the change from the unrounded means. "
    "Round all results to two decimal places.",
    outputs={
        "mean_2012": "mean temp_max in 2012",
        "mean_2015": "mean temp_max in 2015",
        "pct_change": "percentage change from 2012 to 2015",
    },
    decimals=2,
)
def _(t):
    m = t.groupby(year(t)).temp_max.mean()
    return {
        "mean_2012": round(float(m[2012]), 2),
        "mean_2015": round(float(m[2015]), 2),
        "pct_change": round(float((m[2015] / m[2012] - 1) * 100), 2),
    }


@ask(
    "Keep only the days with precipitation above zero. On those days take the natural logarithm of precipitation. Then "
    "calculate the Pearson correlation coefficient between this log precipitation and wind, and test it with a two-sided test. "
    "If the p-value is below 0.05 call the relationship 'significant', otherwise 'not significant'. "
    "Round the correlation to 2 decimals.",
    outputs={
        "n_days": "number of days kept",
        "correlation": "Pearson r of log precipitation and wind",
        "label": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    w = t[t.precipitation > 0]
    r = stats.pearsonr(np.log(w.precipitation), w.wind)
    return {
        "n_days": len(w),
        "correlation": round(float(r.statistic), 2),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Standardise temp_min to z-scores with the sample standard deviation (n-1). Count the days with a z-score below -2 and, "
    "separately, the days with a z-score above 2. What is the lowest z-score of all? Round it to two decimals.",
    outputs={
        "n_below": "days with z below -2",
        "n_above": "days with z above 2",
        "min_z": "the lowest z-score",
    },
    decimals=2,
)
def _(t):
    z = (t.temp_min - t.temp_min.mean()) / t.temp_min.std()
    return {"n_below": int((z < -2).sum()), "n_above": int((z > 2).sum()), "min_z": round(float(z.min()), 2)}


ask.unanswerable("What was the average humidity on foggy days?", why="the table has no humidity")
ask.unanswerable("how much rain fell in march 2017?", why="the table covers 2012 to 2015 only")
ask.unanswerable("Which neighbourhood of Seattle got the most precipitation in 2013?", why="the table names no places")
ask.unanswerable("Why was 2014 so much wetter than 2013?", why="asks for a cause; the table only records what was measured")
