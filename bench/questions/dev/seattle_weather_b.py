"""Short questions about seattle_weather: daily weather in Seattle from 2012 to 2015."""

import pandas as pd

from bench.questions.bank import Bank

ask = Bank("seattle_weather", part="b")


def year(t):
    return pd.to_datetime(t.date).dt.year


def month(t):
    return pd.to_datetime(t.date).dt.month


@ask("How many days in 2014 had a high above 30 degrees?")
def _(t):
    return int(((year(t) == 2014) & (t.temp_max > 30)).sum())


@ask("total precipitation 2013")
def _(t):
    return float(t[year(t) == 2013].precipitation.sum())


@ask("How windy is it on average when the weather is fog?")
def _(t):
    return float(t[t.weather == "fog"].wind.mean())


@ask("Break down the mean minimum temperature by weather type.")
def _(t):
    return {str(k): float(v) for k, v in t.groupby("weather").temp_min.mean().items()}


@ask("What is the date of the hottest day, by maximum temperature?")
def _(t):
    return str(t.loc[t.temp_max.idxmax(), "date"])


@ask("Adding up all four years, which calendar month (as a number, 1 to 12) got the least precipitation?")
def _(t):
    return int(t.precipitation.groupby(month(t)).sum().idxmin())


@ask("percentage of days with zero precipitation")
def _(t):
    return float((t.precipitation == 0).mean() * 100)


@ask("Of all the July days, what percent are labelled sun?")
def _(t):
    return float((t[month(t) == 7].weather == "sun").mean() * 100)


@ask("Could you give me, year by year, the percent of days that were foggy?")
def _(t):
    return {int(k): float(v) for k, v in ((t.weather == "fog").groupby(year(t)).mean() * 100).items()}


@ask("How much warmer was 2015 than 2012, comparing average temp_max?")
def _(t):
    high = t.temp_max.groupby(year(t)).mean()
    return float(high[2015] - high[2012])


@ask("% change of the total precipitation from 2012 to 2013")
def _(t):
    total = t.precipitation.groupby(year(t)).sum()
    return float((total[2013] / total[2012] - 1) * 100)


@ask("Is June windier than December, on average? Yes or no.")
def _(t):
    wind = t.wind.groupby(month(t)).mean()
    return bool(wind[6] > wind[12])


@ask("Correlation between the daily high and the daily low?")
def _(t):
    return float(t.temp_max.corr(t.temp_min))


@ask("Considering only days when there was some precipitation, what's the 95th percentile of the amount?")
def _(t):
    return float(t[t.precipitation > 0].precipitation.quantile(0.95))


@ask("skewness of wind")
def _(t):
    return float(t.wind.skew())


@ask("What is the largest difference between the maximum and the minimum temperature on one and the same day?")
def _(t):
    return float((t.temp_max - t.temp_min).max())


@ask("Which kinds of weather were recorded on more than 250 days?")
def _(t):
    n = t.weather.value_counts()
    return set(n[n > 250].index.tolist())


@ask("How many sun days per snow day do we have in total?")
def _(t):
    return float((t.weather == "sun").sum() / (t.weather == "snow").sum())


ask.unanswerable("What's the mean humidity on rain days?", why="the table has no humidity")
ask.unanswerable("total precipitation in 2017", why="the years end at 2015")
ask.unanswerable("At what hour of the day is the wind usually strongest?", why="one row per day, no hours")
ask.unanswerable("Was the average maximum temperature in Portland higher than in Seattle?", why="the table covers Seattle only")
