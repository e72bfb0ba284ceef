"""Questions about burtin: Burtin's table of how much of three antibiotics it takes to stop 16 bacteria."""
import numpy as np
from scipy import stats

from bench.questions.bank import Bank

ask = Bank("burtin")
DRUGS = ["Penicillin", "Streptomycin", "Neomycin"]


@ask("How many of the bacteria are gram negative?")
def _(t):
    return int((t.Gram_Staining == "negative").sum())


@ask("avg streptomycin, gram positives only")
def _(t):
    return float(t[t.Gram_Staining == "positive"].Streptomycin.mean())


@ask("What is the penicillin value for Escherichia coli?")
def _(t):
    return float(t[t.Bacteria == "Escherichia coli"].Penicillin.iloc[0])


@ask("number of bacteria with a neomycin value under 0.1")
def _(t):
    return int((t.Neomycin < 0.1).sum())


@ask("hey, quick one: what's the median Neomycin concentration for the streptococcus group?")
def _(t):
    return float(t[t.Genus == "Streptococcus"].Neomycin.median())


@ask("Could you compare the two Gram staining types by their mean penicillin?")
def _(t):
    return t.groupby("Gram_Staining").Penicillin.mean().to_dict()


@ask("how many bacteria in each genus")
def _(t):
    return t.groupby("Genus").size().to_dict()


@ask("For each genus I want the highest Streptomycin value found.")
def _(t):
    return t.groupby("Genus").Streptomycin.max().to_dict()


@ask("Which bacterium needs the most penicillin?")
def _(t):
    return str(t.loc[t.Penicillin.idxmax(), "Bacteria"])


@ask("List the three bacteria with the highest streptomycin values, starting with the highest.")
def _(t):
    return t.nlargest(3, "Streptomycin").Bacteria.tolist()


@ask("Between penicillin, streptomycin and neomycin, which one has the lowest mean over all the bacteria in the table?")
def _(t):
    return str(t[DRUGS].mean().idxmin())


@ask("what percent of gram-positive bacteria have Penicillin below 0.01?")
def _(t):
    return float((t[t.Gram_Staining == "positive"].Penicillin < 0.01).mean() * 100)


@ask(
    "For my homework I must find in what fraction of the bacteria (as a number between 0 and 1) the Neomycin value is "
    "strictly lower than the Streptomycin value."
)
def _(t):
    return float((t.Neomycin < t.Streptomycin).mean())


@ask("Spearman rank correlation of Streptomycin and Neomycin?")
def _(t):
    return float(stats.spearmanr(t.Streptomycin, t.Neomycin).statistic)


@ask("Is there any gram-negative bacterium whose penicillin value is less than 0.5?")
def _(t):
    return bool((t[t.Gram_Staining == "negative"].Penicillin < 0.5).any())


@ask(
    "Penicillin values span six orders of magnitude, so work on the log scale. Take the base-10 logarithm of Penicillin "
    "and compare gram-positive with gram-negative bacteria using Welch's t-test (unequal variances, two-sided). Compute "
    "the mean log10 value of each group. With alpha = 0.05, answer 'significant' or 'not significant'. Round the means to "
    "two decimals.",
    outputs={
        "mean_log_positive": "mean log10 Penicillin of gram-positive bacteria",
        "mean_log_negative": "mean log10 Penicillin of gram-negative bacteria",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    log = np.log10(t.Penicillin)
    positive, negative = log[t.Gram_Staining == "positive"], log[t.Gram_Staining == "negative"]
    p = stats.ttest_ind(positive, negative, equal_var=False).pvalue
    return {
        "mean_log_positive": round(float(positive.mean()), 2),
        "mean_log_negative": round(float(negative.mean()), 2),
        "conclusion": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "A lower value means that the antibiotic works better. For every bacterium, decide which of the three antibiotics has "
    "the lowest value; on a tie take the one that comes first in the order Penicillin, Streptomycin, Neomycin. Then count "
    "for how many bacteria each antibiotic is the best.",
    outputs={
        "n_penicillin": "bacteria for which Penicillin is best",
        "n_streptomycin": "bacteria for which Streptomycin is best",
        "n_neomycin": "bacteria for which Neomycin is best",
    },
)
def _(t):
    best = t[DRUGS].idxmin(axis=1)
    return {f"n_{drug.lower()}": int((best == drug).sum()) for drug in DRUGS}


@ask(
    "Look for outliers in Neomycin with the IQR rule: an outlier lies below Q1 - 1.5 * IQR or above Q3 + 1.5 * IQR, with "
    "linearly interpolated quartiles. How many outliers are there? Drop them and give the mean Neomycin of the bacteria "
    "that are left, rounded to three decimals.",
    outputs={"n_outliers": "number of outliers", "mean_neomycin": "mean Neomycin without the outliers"},
    decimals=3,
)
def _(t):
    q1, q3 = t.Neomycin.quantile([0.25, 0.75])
    keep = t.Neomycin.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    return {"n_outliers": int((~keep).sum()), "mean_neomycin": round(float(t.Neomycin[keep].mean()), 3)}


@ask(
    "Fit a simple linear regression (ordinary least squares with an intercept, all 16 rows, no split) of log10(Neomycin) "
    "on log10(Streptomycin). Report the slope, the intercept and the R squared, all rounded to 3 decimals.",
    outputs={"slope": "slope of the line", "intercept": "intercept of the line", "r_squared": "R squared"},
    decimals=3,
)
def _(t):
    fit = stats.linregress(np.log10(t.Streptomycin), np.log10(t.Neomycin))
    return {
        "slope": round(float(fit.slope), 3),
        "intercept": round(float(fit.intercept), 3),
        "r_squared": round(float(fit.rvalue**2), 3),
    }


@ask(
    "How skewed is Streptomycin? Compute the sample skewness (bias-corrected, as pandas does it). If it is above 1 the "
    "label is 'right-skewed', if it is below -1 the label is 'left-skewed', and otherwise 'roughly symmetric'. Round the "
    "skewness to 2 decimals.",
    outputs={"skewness": "sample skewness of Streptomycin", "label": "one of the three labels"},
    decimals=2,
)
def _(t):
    skew = float(t.Streptomycin.skew())
    label = "right-skewed" if skew > 1 else "left-skewed" if skew < -1 else "roughly symmetric"
    return {"skewness": round(skew, 2), "label": label}


@ask(
    "Classify each bacterium as 'sensitive' if its Penicillin value is at most 1 and as 'resistant' if it is above 1. "
    "Cross this label with the Gram staining and apply Fisher's exact test (two-sided) to the 2x2 table. Report the number "
    "of sensitive bacteria, the p-value rounded to four decimals, and, for a significance level of 0.05, 'significant' or "
    "'not significant'.",
    outputs={
        "n_sensitive": "number of sensitive bacteria",
        "p_value": "p-value of Fisher's exact test",
        "decision": "'significant' or 'not significant'",
    },
    decimals=4,
)
def _(t):
    sensitive, positive = t.Penicillin <= 1, t.Gram_Staining == "positive"
    counts = [[(s & p).sum() for p in (positive, ~positive)] for s in (sensitive, ~sensitive)]
    p = float(stats.fisher_exact(counts).pvalue)
    return {
        "n_sensitive": int(sensitive.sum()),
        "p_value": round(p, 4),
        "decision": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Rescale Streptomycin with min-max scaling so that the lowest value becomes 0 and the highest 1. What is the mean of "
    "the scaled column, rounded to three decimals, and how many bacteria have a scaled value above 0.5?",
    outputs={"mean_scaled": "mean of the scaled Streptomycin", "n_above_half": "number of scaled values above 0.5"},
    decimals=3,
)
def _(t):
    low, high = t.Streptomycin.min(), t.Streptomycin.max()
    scaled = (t.Streptomycin - low) / (high - low)
    return {"mean_scaled": round(float(scaled.mean()), 3), "n_above_half": int((scaled > 0.5).sum())}


ask.unanswerable(
    "Which bacteria need the highest concentration of tetracycline?",
    why="the table holds penicillin, streptomycin and neomycin; tetracycline is not in it",
)
ask.unanswerable(
    "What is the average number of deaths caused by gram-negative bacteria?",
    why="the table has the Gram staining but no deaths",
)
ask.unanswerable(
    "Why does penicillin work so poorly on gram-negative bacteria?",
    why="it asks for a biological mechanism, which the table does not hold",
)
ask.unanswerable(
    "What is the penicillin value of Vibrio cholerae?",
    why="Vibrio cholerae is not among the 16 bacteria",
)
