"""Short questions about statecrime: crime rates and social figures of the 50 US states and DC."""

from bench.questions.bank import Bank

ask = Bank("statecrime", part="b")


def of(t, state, column):
    return float(t.set_index("state").loc[state, column])


@ask("How many rows have poverty above 17?")
def _(t):
    return int((t.poverty > 17).sum())


@ask("avg murder rate where urban >= 80")
def _(t):
    return float(t[t.urban >= 80].murder.mean())


@ask("Name the three least urban states, starting with the least urban one.")
def _(t):
    return t.nsmallest(3, "urban").state.tolist()


@ask("Where is violent crime second highest, with District of Columbia counted like any state?")
def _(t):
    return str(t.nlargest(2, "violent").state.iloc[1])


@ask("What percent of the 51 entries show a high school graduation figure over 90?")
def _(t):
    return float((t.hs_grad > 90).mean() * 100)


@ask("Correlate poverty with hs_grad.")
def _(t):
    return float(t.poverty.corr(t.hs_grad))


@ask("Is Louisiana's murder rate more than twice Alabama's?")
def _(t):
    return bool(of(t, "Louisiana", "murder") > 2 * of(t, "Alabama", "murder"))


@ask("By how many points is poverty in Texas higher than poverty in California?")
def _(t):
    return of(t, "Texas", "poverty") - of(t, "California", "poverty")


@ask("90th percentile of violent?")
def _(t):
    return float(t.violent.quantile(0.9))


@ask("Hello, for my homework I need to know how skewed the murder column is, could you give me its skewness?")
def _(t):
    return float(t.murder.skew())


@ask("how many times the violent crime rate of Maine is the one of New York?")
def _(t):
    return of(t, "New York", "violent") / of(t, "Maine", "violent")


@ask("Show me every state where murder exceeds 8 (DC counts as a state here).")
def _(t):
    return set(t[t.murder > 8].state.tolist())


@ask("Divide murder by violent for each state. Which state has the largest result?")
def _(t):
    return str(t.loc[(t.murder / t.violent).idxmax(), "state"])


@ask("Difference in mean violent crime rate: rows with urban of 70 or more minus rows with urban below 70.")
def _(t):
    return float(t[t.urban >= 70].violent.mean() - t[t.urban < 70].violent.mean())


@ask("Looking just at the ten rows with the highest violent crime rates, what's the median of white?")
def _(t):
    return float(t.nlargest(10, "violent").white.median())


@ask("Among the entries whose poverty is over 15, what percentage have a murder rate above 6?")
def _(t):
    return float((t[t.poverty > 15].murder > 6).mean() * 100)


@ask("Count the rows that have a larger urban value than the average of the urban column.")
def _(t):
    return int((t.urban > t.urban.mean()).sum())


@ask("Call a row 'low' if poverty is below 12, 'mid' from 12 to below 16, and 'high' from 16 up. How many rows in each?")
def _(t):
    low, high = int((t.poverty < 12).sum()), int((t.poverty >= 16).sum())
    return {"low": low, "mid": len(t) - low - high, "high": high}


ask.unanswerable("average burglary rate for states with poverty over 15", why="the table has no burglary figures")
ask.unanswerable("What is the murder rate in Puerto Rico?", why="Puerto Rico is not in the table")
ask.unanswerable(
    "By what percent did violent crime in Ohio drop between 2000 and 2009?", why="the table has one figure per state and no years"
)
ask.unanswerable("Which state has the highest unemployment rate?", why="the table has poverty but no unemployment")
