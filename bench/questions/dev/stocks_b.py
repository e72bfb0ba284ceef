"""Short questions about stocks: monthly prices of five tech shares, January 2000 to March 2010."""

import pandas as pd

from bench.questions.bank import Bank

ask = Bank("stocks", part="b")


def of(t: pd.DataFrame, symbol: str, year: int | None = None) -> pd.Series:
    rows = t[t.symbol == symbol]
    return rows.price if year is None else rows[years(rows) == year].price


def years(t: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(t.date, format="%b %d %Y").dt.year


def on(t: pd.DataFrame, symbol: str, date: str) -> float:
    return float(t[(t.symbol == symbol) & (t.date == date)].price.iloc[0])


@ask("median price ibm")
def _(t):
    return float(of(t, "IBM").median())


@ask("In how many months was AMZN priced under $20?")
def _(t):
    return int((of(t, "AMZN") < 20).sum())


@ask("I'm putting together a piece on the dot-com bust. What did AMZN cost on average during 2001?")
def _(t):
    return float(of(t, "AMZN", 2001).mean())


@ask("Count the rows we hold for each ticker.")
def _(t):
    return {k: int(v) for k, v in t.symbol.value_counts().items()}


@ask("Which symbol swings the most, going by the standard deviation of its price?")
def _(t):
    return str(t.groupby("symbol").price.std().idxmax())


@ask("what stock has second highest average price in whole table?")
def _(t):
    return str(t.groupby("symbol").price.mean().nlargest(2).index[1])


@ask("By what percent did AAPL rise between Jan 1 2005 and Jan 1 2010?")
def _(t):
    start, end = on(t, "AAPL", "Jan 1 2005"), on(t, "AAPL", "Jan 1 2010")
    return (end - start) / start * 100


@ask("For every symbol, give me its highest price minus its lowest price.")
def _(t):
    prices = t.groupby("symbol").price
    return {k: float(v) for k, v in (prices.max() - prices.min()).items()}


@ask("Was MSFT more expensive on average in 2009 than it was in 2000?")
def _(t):
    return bool(of(t, "MSFT", 2009).mean() > of(t, "MSFT", 2000).mean())


@ask("What percentage of the GOOG prices are above 400?")
def _(t):
    return float((of(t, "GOOG") > 400).mean() * 100)


@ask("Correlation of the MSFT price with the IBM price, matching the two on date.")
def _(t):
    wide = t.pivot(index="date", columns="symbol", values="price")
    return float(wide.MSFT.corr(wide.IBM))


@ask("Interquartile range of Microsoft's price (MSFT), please.")
def _(t):
    return float(of(t, "MSFT").quantile(0.75) - of(t, "MSFT").quantile(0.25))


@ask("In which calendar year did IBM have its lowest average price?")
def _(t):
    rows = t[t.symbol == "IBM"]
    return int(rows.groupby(years(rows)).price.mean().idxmin())


@ask("List the symbols that were ever priced at more than 150.")
def _(t):
    return set(t[t.price > 150].symbol.unique().tolist())


@ask("Taking only 2007, GOOG's mean price was how many times AAPL's mean price?")
def _(t):
    return float(of(t, "GOOG", 2007).mean() / of(t, "AAPL", 2007).mean())


@ask("number of different dates in this file")
def _(t):
    return int(t.date.nunique())


@ask("On what date did AMZN reach its peak price?")
def _(t):
    return str(t.loc[of(t, "AMZN").idxmax(), "date"])


@ask("avg price per year, AAPL only")
def _(t):
    rows = t[t.symbol == "AAPL"]
    return {int(k): float(v) for k, v in rows.groupby(years(rows)).price.mean().items()}


ask.unanswerable("What was the average trading volume of AAPL in 2007?", why="the table has prices only, no volume")
ask.unanswerable("mean price of GOOG in 2002", why="GOOG has no rows before August 2004")
ask.unanswerable("Which symbol paid the highest dividend in 2008?", why="the table has no dividends")
ask.unanswerable("How much did ORCL go up from 2003 to 2006, in percent?", why="ORCL is not among the five symbols")
