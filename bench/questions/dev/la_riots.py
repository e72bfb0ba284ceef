"""Questions about la_riots: people whose deaths are listed in connection with the 1992 Los Angeles riots, one row per person."""
import pandas as pd
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("la_riots")


@ask("How many women are on the list?")
def _(t):
    return int((t.gender == "Female").sum())


@ask("mean age of the Latino victims")
def _(t):
    return float(t[t.race == "Latino"].age.mean())


@ask(
    "Were Black victims more often killed in officer-involved shootings than the others? Make a 2x2 table: rows Black"
    " versus every other race, columns type 'Officer-involved shooting' versus every other type. Apply Fisher's exact"
    " test, two-sided. Report the sample odds ratio (the cross-product ratio ad/bc) and the p-value, rounded to three"
    " decimals. With alpha 0.05 say 'significant' or 'not significant'.",
    outputs={
        "odds_ratio": "sample odds ratio of officer-involved shooting, Black versus others",
        "p_value": "two-sided p-value of Fisher's exact test",
        "decision": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    black, shot = t.race == "Black", t.type == "Officer-involved shooting"
    a, b = int((black & shot).sum()), int((black & ~shot).sum())
    c, d = int((~black & shot).sum()), int((~black & ~shot).sum())
    odds, p = stats.fisher_exact([[a, b], [c, d]])
    return {
        "odds_ratio": round(float(odds), 3),
        "p_value": round(float(p), 3),
        "decision": "significant" if p < 0.05 else "not significant",
    }


@ask("For the people killed in officer-involved shootings, what's the median age?")
def _(t):
    return float(t[t.type == "Officer-involved shooting"].age.median())


@ask("deaths in april 1992, how many?")
def _(t):
    d = pd.to_datetime(t.death_date)
    return int(((d.dt.year == 1992) & (d.dt.month == 4)).sum())


@ask("Please count the Black men whose death was ruled a homicide.")
def _(t):
    return int(((t.race == "Black") & (t.gender == "Male") & (t.type == "Homicide")).sum())


@ask("Break the deaths down by race, just the number of people in each group.")
def _(t):
    return {k: int(v) for k, v in t.race.value_counts().items()}


@ask("average age for each type of death")
def _(t):
    return {k: float(v) for k, v in t.groupby("type").age.mean().items()}


@ask("What was the deadliest day? I need the date for my article.")
def _(t):
    return str(t.death_date.value_counts().idxmax())


@ask("List the last names of the three oldest people, oldest first.")
def _(t):
    return t.nlargest(3, "age").last_name.tolist()


@ask("which neighbourhoods have four deaths or more")
def _(t):
    n = t.neighborhood.value_counts()
    return set(n.index[n >= 4])


@ask(
    "I would like to see whether older people died in other parts of the region than younger ones. Drop the row without an age. "
    "Compute the Pearson correlation of age with latitude, and of age with longitude, each rounded to three decimals. Answer "
    "'related' if at least one of the two is above 0.3 in absolute value, otherwise answer 'unrelated'.",
    outputs={
        "corr_latitude": "Pearson correlation of age and latitude",
        "corr_longitude": "Pearson correlation of age and longitude",
        "label": "'related' or 'unrelated'",
    },
    decimals=3,
)
def _(t):
    a = t.dropna(subset=["age"])
    lat, lon = float(a.age.corr(a.latitude)), float(a.age.corr(a.longitude))
    return {
        "corr_latitude": round(lat, 3),
        "corr_longitude": round(lon, 3),
        "label": "related" if max(abs(lat), abs(lon)) > 0.3 else "unrelated",
    }


@ask("What percentage of the people shot by officers (officer-involved shooting) were Black?")
def _(t):
    return float((t[t.type == "Officer-involved shooting"].race == "Black").mean() * 100)


@ask("Men to women ratio among the deaths?")
def _(t):
    n = t.gender.value_counts()
    return float(n["Male"] / n["Female"])


@ask("Did anybody in the file die after the year 1992? yes or no is enough")
def _(t):
    return bool((pd.to_datetime(t.death_date).dt.year > 1992).any())


@ask(
    "I'm a bit lost with the maps... can you check if latitude and longitude of the incidents are correlated? Pearson"
    " coefficient please.",
)
def _(t):
    return float(t.latitude.corr(t.longitude))


@ask("How skewed is the distribution of ages?")
def _(t):
    return float(t.age.skew())


@ask(
    "One age is missing. First fill it with the median of the known ages. Then compute the mean and the sample "
    "standard deviation of age over all 63 people. Round both to two decimals.",
    outputs={"mean_age": "mean age after imputation", "std_age": "sample standard deviation of age after imputation"},
    decimals=2,
)
def _(t):
    a = t.age.fillna(t.age.median())
    return {"mean_age": round(float(a.mean()), 2), "std_age": round(float(a.std()), 2)}


@ask(
    "Is there a difference in age between the male and the female victims? Leave out the person with no age. Run an "
    "independent two-sample t-test without assuming equal variances (Welch's test), two-sided, and use alpha = 0.05. "
    "Give the mean age of each gender and the p-value, rounded to three decimals, and report 'significant' or 'not "
    "significant'.",
    outputs={
        "mean_age_male": "mean age of males",
        "mean_age_female": "mean age of females",
        "p_value": "two-sided p-value of Welch's t-test",
        "decision": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    a = t.dropna(subset=["age"])
    male, female = a[a.gender == "Male"].age, a[a.gender == "Female"].age
    p = float(stats.ttest_ind(male, female, equal_var=False).pvalue)
    return {
        "mean_age_male": round(float(male.mean()), 3),
        "mean_age_female": round(float(female.mean()), 3),
        "p_value": round(p, 3),
        "decision": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Find the age outliers with the interquartile range rule: anything below Q1 - 1.5*IQR or above Q3 + 1.5*IQR is an"
    " outlier, with quartiles by linear interpolation and the missing age ignored. State the upper limit, the number "
    "of outliers, and the mean age once the outliers are excluded. Round to three decimals.",
    outputs={
        "upper_limit": "Q3 + 1.5*IQR of age",
        "n_outliers": "number of people outside the limits",
        "mean_age_without_outliers": "mean age of the people within the limits",
    },
    decimals=3,
)
def _(t):
    a = t.age.dropna()
    q1, q3 = a.quantile(0.25), a.quantile(0.75)
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    keep = a.between(low, high)
    return {
        "upper_limit": round(float(high), 3),
        "n_outliers": int((~keep).sum()),
        "mean_age_without_outliers": round(float(a[keep].mean()), 3),
    }


@ask(
    "Create an age group from age: under 25 is 'young', 25 to 44 (both included) is 'adult', and 45 or over is "
    "'older'. Drop the row where age is missing. Report the number of people in each group, and the percentage of the"
    " 'young' group that is Latino, rounded to one decimal.",
    outputs={
        "n_young": "number of people under 25",
        "n_adult": "number of people aged 25 to 44",
        "n_older": "number of people aged 45 or over",
        "pct_latino_young": "percentage of the young group whose race is Latino",
    },
    decimals=1,
)
def _(t):
    a = t.dropna(subset=["age"])
    young = a[a.age < 25]
    return {
        "n_young": len(young),
        "n_adult": int(a.age.between(25, 44).sum()),
        "n_older": int((a.age >= 45).sum()),
        "pct_latino_young": round(float((young.race == "Latino").mean() * 100), 1),
    }


@ask(
    "The unrest started on 29 April 1992. For every person calculate the number of days from 1992-04-29 to the date "
    "of death, so a death on 29 April itself is 0 days. What is the median number of days, how many people died more "
    "than 7 days after the start, and what is the largest number of days?",
    outputs={
        "median_days": "median days from 1992-04-29 to death",
        "n_over_7_days": "number of people who died more than 7 days after 1992-04-29",
        "max_days": "largest number of days",
    },
)
def _(t):
    d = (pd.to_datetime(t.death_date) - pd.Timestamp("1992-04-29")).dt.days
    return {"median_days": float(d.median()), "n_over_7_days": int((d > 7).sum()), "max_days": int(d.max())}


ask.unanswerable(
    "How many of the homicide victims had a suspect arrested or convicted?",
    why="the table gives the type of death but nothing on arrests or convictions",
)
ask.unanswerable("number of injured people by neighborhood", why="only deaths are listed, there are no injuries")
ask.unanswerable(
    "What did the victims over 50 do for a living?",
    why="ages are given but no occupations",
)
ask.unanswerable(
    "Which police officers were involved in the shootings in Watts?",
    why="officer-involved shootings are listed but the officers are not named",
)
