"""Short questions about cars: 406 car models of 1970 to 1982 with mileage, engine, weight, year and origin."""

from bench.questions.bank import Bank

ask = Bank("cars", part="b")


@ask("how many american cars get under 15 mpg")
def _(t):
    return int(((t.Origin == "USA") & (t.Miles_per_Gallon < 15)).sum())


@ask("Median weight of the European ones, please.")
def _(t):
    return float(t[t.Origin == "Europe"].Weight_in_lbs.median())


@ask("avg acceleration by nr of cylinders")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("Cylinders").Acceleration.mean().items()}


@ask("What's the name of the car with the biggest horsepower figure in here?")
def _(t):
    return str(t.loc[t.Horsepower.idxmax(), "Name"])


@ask("List the three heaviest cars by name, heaviest first.")
def _(t):
    return t.nlargest(3, "Weight_in_lbs").Name.tolist()


@ask("Just to get a feel for the data: what percentage of all the cars are four-cylinder?")
def _(t):
    return float((t.Cylinders == 4).mean() * 100)


@ask("Of the cars from Japan, what percent weigh less than 2,200 pounds?")
def _(t):
    return float((t[t.Origin == "Japan"].Weight_in_lbs < 2200).mean() * 100)


@ask("For each origin, tell me what percent of its cars are 6-cylinder.")
def _(t):
    return {str(k): float(v) for k, v in ((t.Cylinders == 6).groupby(t.Origin).mean() * 100).items()}


@ask("On average, how many more miles per gallon do Japanese cars do than American ones?")
def _(t):
    mpg = t.groupby("Origin").Miles_per_Gallon.mean()
    return float(mpg["Japan"] - mpg["USA"])


@ask("By what percent did mean fuel economy (mpg) rise from the 1970 cars to the 1982 cars?")
def _(t):
    mpg = t.groupby("Year").Miles_per_Gallon.mean()
    return float((mpg["1982-01-01"] / mpg["1970-01-01"] - 1) * 100)


@ask("Is it true that European cars are heavier on average than Japanese cars?")
def _(t):
    weight = t.groupby("Origin").Weight_in_lbs.mean()
    return bool(weight["Europe"] > weight["Japan"])


@ask("ratio of mean engine displacement, USA to Japan")
def _(t):
    displacement = t.groupby("Origin").Displacement.mean()
    return float(displacement["USA"] / displacement["Japan"])


@ask("Looking only at the V8s (everything with 8 cylinders), what is the Pearson correlation of horsepower and acceleration?")
def _(t):
    eight = t[t.Cylinders == 8]
    return float(eight.Horsepower.corr(eight.Acceleration))


@ask("90th percentile of horsepower?")
def _(t):
    return float(t.Horsepower.quantile(0.9))


@ask("How many different car names there are with origin Europe?")
def _(t):
    return int(t[t.Origin == "Europe"].Name.nunique())


@ask("Which cylinder counts have more than 50 cars?")
def _(t):
    n = t.Cylinders.value_counts()
    return set(int(k) for k in n[n > 50].index)


@ask("Divide horsepower by weight for every car and give me the name of the one that comes out highest.")
def _(t):
    return str(t.loc[(t.Horsepower / t.Weight_in_lbs).idxmax(), "Name"])


@ask("Interquartile range of mpg among cars from 1975 or later.")
def _(t):
    mpg = t[t.Year >= "1975-01-01"].Miles_per_Gallon
    return float(mpg.quantile(0.75) - mpg.quantile(0.25))


ask.unanswerable("What did the Japanese cars cost on average when new?", why="the table has no price")
ask.unanswerable("mean horsepower of the 1985 cars", why="the years end at 1982")
ask.unanswerable("Which European car has the highest top speed?", why="acceleration is there, top speed is not")
ask.unanswerable("How many units of the ford pinto were sold in 1974?", why="rows are car models, the table has no sales figures")
