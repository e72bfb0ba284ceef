"""Questions about penguins: body measurements of 344 penguins of three species near Palmer Station, 2007 to 2009."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("penguins")


@ask("avg body mass of gentoo penguins")
def _(t):
    return float(t[t.species == "Gentoo"].body_mass_g.mean())


@ask("How many Adelies were recorded on Dream island in 2008?")
def _(t):
    return int(((t.species == "Adelie") & (t.island == "Dream") & (t.year == 2008)).sum())


@ask("whats the longest flipper any female has, in mm?")
def _(t):
    return float(t[t.sex == "female"].flipper_length_mm.max())


@ask("Hi! I'm new here. Could you tell me the median bill length for the male Chinstraps, please?")
def _(t):
    return float(t[(t.species == "Chinstrap") & (t.sex == "male")].bill_length_mm.median())


@ask("How many birds weigh more than 5 kg? (the weights in the file are in grams)")
def _(t):
    return int((t.body_mass_g > 5000).sum())


@ask("mean flipper length per species")
def _(t):
    return {k: float(v) for k, v in t.groupby("species").flipper_length_mm.mean().items()}


@ask("Give me the number of penguins observed on each island.")
def _(t):
    return {k: int(v) for k, v in t.island.value_counts().items()}


@ask("For homework I must report the standard deviation of bill depth separately for males and females. What are they?")
def _(t):
    return {k: float(v) for k, v in t.groupby("sex").bill_depth_mm.std().items()}


@ask("Which species is the lightest on average, by body mass?")
def _(t):
    return str(t.groupby("species").body_mass_g.mean().idxmin())


@ask("Rank the three islands from heaviest to lightest by the average weight of their penguins.")
def _(t):
    return [str(k) for k in t.groupby("island").body_mass_g.mean().sort_values(ascending=False).index]


@ask("On which islands can Adelie penguins be found?")
def _(t):
    return set(t[t.species == "Adelie"].island.unique().tolist())


@ask("What percentage of the penguins living on Biscoe are Gentoos?")
def _(t):
    return float((t[t.island == "Biscoe"].species == "Gentoo").mean() * 100)


@ask("ratio of the average weight of male gentoos to the average weight of female gentoos (male divided by female)")
def _(t):
    mass = t[t.species == "Gentoo"].groupby("sex").body_mass_g.mean()
    return float(mass["male"] / mass["female"])


@ask("Is there correlation between the flipper length and the body mass? Please give Pearson coefficient.")
def _(t):
    return float(t.flipper_length_mm.corr(t.body_mass_g))


@ask("By how many grams did the mean body mass of Adelie penguins change from 2007 to 2009? Negative means they got lighter.")
def _(t):
    mass = t[t.species == "Adelie"].groupby("year").body_mass_g.mean()
    return float(mass[2009] - mass[2007])


@ask(
    "People say bill length and bill depth go together. Check this twice: compute the Pearson correlation of the two over all "
    "penguins, and then again within the Gentoo species only. Drop rows where either measurement is missing. Round both to three "
    "decimals, and label the outcome 'reversed' if the two coefficients have opposite signs and 'same sign' otherwise.",
    outputs={
        "correlation_all": "Pearson correlation over all penguins",
        "correlation_gentoo": "Pearson correlation within Gentoo",
        "label": "'reversed' or 'same sign'",
    },
    decimals=3,
)
def _(t):
    g = t[t.species == "Gentoo"]
    a, b = float(t.bill_length_mm.corr(t.bill_depth_mm)), float(g.bill_length_mm.corr(g.bill_depth_mm))
    return {
        "correlation_all": round(a, 3),
        "correlation_gentoo": round(b, 3),
        "label": "reversed" if a * b < 0 else "same sign",
    }


@ask(
    "Test whether Adelie and Chinstrap penguins differ in mean body mass. Use Welch's two-sample t-test (unequal variances), "
    "two-sided, and leave out birds without a weight. Take alpha = 0.05 and report 'significant' if the p-value is below alpha and "
    "'not significant' otherwise. Round the p-value to four decimals.",
    outputs={"p_value": "two-sided p-value of Welch's t-test", "label": "'significant' or 'not significant'"},
    decimals=4,
)
def _(t):
    mass = t.dropna(subset=["body_mass_g"])
    a, b = (mass[mass.species == s].body_mass_g for s in ("Adelie", "Chinstrap"))
    p = float(stats.ttest_ind(a, b, equal_var=False).pvalue)
    return {"p_value": round(p, 4), "label": "significant" if p < 0.05 else "not significant"}


@ask(
    "Run a chi-square test of independence between species and sex, without continuity correction. First drop the penguins whose "
    "sex is not known. Give the test statistic and the p-value, both rounded to 4 decimals, and the degrees of freedom. The "
    "verdict is 'dependent' if p < 0.05 and 'independent' otherwise.",
    outputs={
        "chi2": "the chi-square statistic",
        "p_value": "its p-value",
        "dof": "degrees of freedom",
        "verdict": "'dependent' or 'independent'",
    },
    decimals=4,
)
def _(t):
    known = t.dropna(subset=["sex"])
    counts = known.groupby(["species", "sex"]).size().unstack()
    r = stats.chi2_contingency(counts, correction=False)
    p = float(r.pvalue)
    return {
        "chi2": round(float(r.statistic), 4),
        "p_value": round(p, 4),
        "dof": int(r.dof),
        "verdict": "dependent" if p < 0.05 else "independent",
    }


@ask(
    "Describe the distribution of body mass over all penguins. Ignore missing weights. Report the skewness and the excess kurtosis, "
    "both in their bias-corrected sample form (as pandas computes them), rounded to two decimals. Then count the outliers by the "
    "IQR rule: values more than 1.5 times the interquartile range below the first or above the third quartile.",
    outputs={
        "skewness": "sample skewness of body mass",
        "kurtosis": "sample excess kurtosis of body mass",
        "n_outliers": "number of outliers by the IQR rule",
    },
    decimals=2,
)
def _(t):
    x = t.body_mass_g.dropna()
    q1, q3 = x.quantile(0.25), x.quantile(0.75)
    out = (x < q1 - 1.5 * (q3 - q1)) | (x > q3 + 1.5 * (q3 - q1))
    return {"skewness": round(float(x.skew()), 2), "kurtosis": round(float(x.kurt()), 2), "n_outliers": int(out.sum())}


@ask(
    "Remove every row that has a missing value in any column. With what is left, scale flipper length with min-max scaling so that "
    "it runs from 0 to 1. Report how many rows are left, and the mean and the sample standard deviation of the scaled flipper "
    "length, rounded to 3 decimals.",
    outputs={
        "n_rows": "rows left after removing missing values",
        "mean_scaled": "mean of the scaled flipper length",
        "std_scaled": "sample standard deviation of the scaled flipper length",
    },
    decimals=3,
)
def _(t):
    d = t.dropna()
    x = d.flipper_length_mm
    s = (x - x.min()) / (x.max() - x.min())
    return {"n_rows": len(d), "mean_scaled": round(float(s.mean()), 3), "std_scaled": round(float(s.std()), 3)}


@ask(
    "Create a new feature, bill_ratio = bill length divided by bill depth. Call a bird 'slender' if its ratio is above 2.8 and "
    "'stout' otherwise, after discarding birds whose bill was not measured. Report the mean bill_ratio of all the remaining birds "
    "rounded to two decimals, the number of slender birds, and the species to which most of the slender birds belong.",
    outputs={
        "mean_ratio": "mean bill_ratio",
        "n_slender": "number of slender birds",
        "top_species": "most common species among the slender birds",
    },
    decimals=2,
)
def _(t):
    d = t.dropna(subset=["bill_length_mm", "bill_depth_mm"])
    ratio = d.bill_length_mm / d.bill_depth_mm
    slender = d[ratio > 2.8]
    return {
        "mean_ratio": round(float(ratio.mean()), 2),
        "n_slender": len(slender),
        "top_species": str(slender.species.value_counts().idxmax()),
    }


@ask(
    "Train a linear regression that predicts body mass from flipper length, bill length and bill depth. Drop the rows where any of "
    "these four is missing, keep the rows in file order, and split with scikit-learn's train_test_split using test_size=0.3 and "
    "random_state=42. Use LinearRegression with default settings. Report, on the test set, R squared and the root mean squared "
    "error in grams, each rounded to 2 decimals.",
    outputs={"r2": "R squared on the test set", "rmse": "root mean squared error on the test set"},
    decimals=2,
)
def _(t):
    features = ["flipper_length_mm", "bill_length_mm", "bill_depth_mm"]
    d = t.dropna(subset=[*features, "body_mass_g"])
    x0, x1, y0, y1 = train_test_split(d[features], d.body_mass_g, test_size=0.3, random_state=42)
    p = LinearRegression().fit(x0, y0).predict(x1)
    return {"r2": round(float(r2_score(y1, p)), 2), "rmse": round(float(np.sqrt(((y1 - p) ** 2).mean())), 2)}


ask.unanswerable("What is the average age of the penguins on Torgersen?", why="the table has no ages")
ask.unanswerable(
    "How many Emperor penguins were measured in 2009?", why="Emperor penguins are not among the species in the table"
)
ask.unanswerable("Why are Gentoo penguins heavier than Adelies?", why="asks for a cause; the table only holds measurements")
ask.unanswerable("mean wingspan by species and sex", why="wingspan was not measured")
