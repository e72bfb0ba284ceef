"""Short questions about barley: yields of ten varieties at six Minnesota sites in 1931 and 1932."""

from bench.questions.bank import Bank

ask = Bank("barley", part="b")


def numbers(series, kind=float):
    return {k: kind(v) for k, v in series.items()}


@ask("total yield, Waseca, 1931")
def _(t):
    return float(t[(t.site == "Waseca") & (t.year == 1931)]["yield"].sum())


@ask("How many records show a yield over 50?")
def _(t):
    return int((t["yield"] > 50).sum())


@ask("Please give the mean 1932 yield of each variety.")
def _(t):
    return numbers(t[t.year == 1932].groupby("variety")["yield"].mean())


@ask("What percentage of the 1932 yields fell below 25?")
def _(t):
    return float((t[t.year == 1932]["yield"] < 25).mean() * 100)


@ask("which site is having the lowest median yield")
def _(t):
    return str(t.groupby("site")["yield"].median().idxmin())


@ask("I was wondering, which variety did best at Morris in 1932?")
def _(t):
    rows = t[(t.site == "Morris") & (t.year == 1932)]
    return str(rows.loc[rows["yield"].idxmax(), "variety"])


@ask("Percent change in average yield from 1931 to 1932?")
def _(t):
    mean = t.groupby("year")["yield"].mean()
    return float((mean[1932] - mean[1931]) / mean[1931] * 100)


@ask("Did University Farm yield more on average in 1932 than in 1931?")
def _(t):
    mean = t[t.site == "University Farm"].groupby("year")["yield"].mean()
    return bool(mean[1932] > mean[1931])


@ask("How much more does Trebi yield than Peatland, on average?")
def _(t):
    mean = t.groupby("variety")["yield"].mean()
    return float(mean["Trebi"] - mean["Peatland"])


@ask("Which varieties average more than 35?")
def _(t):
    mean = t.groupby("variety")["yield"].mean()
    return set(mean[mean > 35].index.tolist())


@ask("number of distinct varieties grown at Duluth")
def _(t):
    return int(t[t.site == "Duluth"].variety.nunique())


@ask("Compute the IQR of yield for Crookston.")
def _(t):
    rows = t[t.site == "Crookston"]["yield"]
    return float(rows.quantile(0.75) - rows.quantile(0.25))


@ask("Waseca accounts for what percent of all the barley yield added up over both years?")
def _(t):
    return float(t[t.site == "Waseca"]["yield"].sum() / t["yield"].sum() * 100)


@ask("Pair up the 1931 and 1932 yields of the same variety at the same site. What is the correlation between the two years?")
def _(t):
    wide = t.pivot(index=["variety", "site"], columns="year", values="yield")
    return float(wide[1931].corr(wide[1932]))


@ask("Between 1931 and 1932, at which site did the average yield drop by the largest amount?")
def _(t):
    wide = t.groupby(["site", "year"])["yield"].mean().unstack()
    return str((wide[1932] - wide[1931]).idxmin())


@ask("range of yields (max - min) by site")
def _(t):
    yields = t.groupby("site")["yield"]
    return numbers(yields.max() - yields.min())


@ask("Ratio of the mean yield in Waseca to the mean yield in Grand Rapids")
def _(t):
    mean = t.groupby("site")["yield"].mean()
    return float(mean["Waseca"] / mean["Grand Rapids"])


@ask("For each year, how many of the yields are 40 or greater?")
def _(t):
    return numbers(t[t["yield"] >= 40].groupby("year").size(), int)


ask.unanswerable("How much rain fell at Duluth in 1931?", why="the table has no rainfall")
ask.unanswerable("average yield at Morris in 1933", why="the table covers 1931 and 1932 only")
ask.unanswerable("What was the mean yield of the Hannchen variety?", why="Hannchen is not among the ten varieties")
ask.unanswerable("Which site used the most fertilizer per acre in 1932?", why="the table has no fertilizer figures")
