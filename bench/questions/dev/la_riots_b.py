"""Short questions about la_riots: the 63 people who died around the 1992 Los Angeles riots."""

from bench.questions.bank import Bank

ask = Bank("la_riots", part="b")


@ask("How many women are among the dead?")
def _(t):
    return int((t.gender == "Female").sum())


@ask("number of Black men killed in officer-involved shootings")
def _(t):
    return int(((t.race == "Black") & (t.gender == "Male") & (t.type == "Officer-involved shooting")).sum())


@ask("What was the average age of the homicide victims?")
def _(t):
    return float(t[t.type == "Homicide"].age.mean())


@ask("Show median age per type of death.")
def _(t):
    return {str(k): float(v) for k, v in t.groupby("type").age.median().items()}


@ask("On what date did the most people die?")
def _(t):
    return str(t.death_date.value_counts().idxmax())


@ask("I'm writing a caption and need the last name of the oldest person on the list.")
def _(t):
    return str(t.loc[t.age.idxmax(), "last_name"])


@ask("Which race comes second by number of deaths?")
def _(t):
    return str(t.race.value_counts().index[1])


@ask("what % of all the deaths were homicides")
def _(t):
    return float((t.type == "Homicide").mean() * 100)


@ask("Among Latino victims, what percentage died on April 30, 1992?")
def _(t):
    return float((t[t.race == "Latino"].death_date == "1992-04-30").mean() * 100)


@ask("Percent male within each race, please.")
def _(t):
    return {str(k): float(v) for k, v in ((t.gender == "Male").groupby(t.race).mean() * 100).items()}


@ask("How many years older were the white victims than the Latino victims, going by mean age?")
def _(t):
    age = t.groupby("race").age.mean()
    return float(age["White"] - age["Latino"])


@ask("Did more people die on 1 May 1992 than on 29 April and 2 May 1992 put together?")
def _(t):
    n = t.death_date.value_counts()
    return bool(n["1992-05-01"] > n["1992-04-29"] + n["1992-05-02"])


@ask("Men-to-women ratio in the table?")
def _(t):
    return float((t.gender == "Male").sum() / (t.gender == "Female").sum())


@ask("For the people killed in officer-involved shootings, compute the age range, i.e. oldest minus youngest.")
def _(t):
    age = t[t.type == "Officer-involved shooting"].age
    return float(age.max() - age.min())


@ask("In how many distinct neighborhoods was there at least one homicide?")
def _(t):
    return int(t[t.type == "Homicide"].neighborhood.nunique())


@ask("Which neighborhoods had more than three deaths?")
def _(t):
    n = t.neighborhood.value_counts()
    return set(n[n > 3].index.tolist())


@ask("std dev of age, males only")
def _(t):
    return float(t[t.gender == "Male"].age.std())


@ask("Some died well after it was over. How many deaths are dated later than May 3, 1992?")
def _(t):
    return int((t.death_date > "1992-05-03").sum())


ask.unanswerable("How many of the homicide victims were married?", why="the table has no marital status")
ask.unanswerable("average age of the Native American victims", why="no such race in the table")
ask.unanswerable("Which officer was behind the most officer-involved shootings?", why="victims are named, officers are not")
ask.unanswerable("How many people were injured in Koreatown?", why="the table lists deaths only, not the injured")
