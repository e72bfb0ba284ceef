"""Questions about modechoice: 210 travellers, four rows each (mode 1 air, 2 train, 3 bus, 4 car), choice = 1 on the one taken."""

from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("modechoice")


@ask("avg gc by mode")
def _(t):
    return {int(k): float(v) for k, v in t.groupby("mode").gc.mean().items()}


@ask("How many different individuals are there in this survey?")
def _(t):
    return int(t.individual.nunique())


@ask(
    "Hi, I'm new to this data! Could you tell me the average terminal waiting time (ttme) "
    "on the rows for air travel? Air is mode 1."
)
def _(t):
    return float(t[t["mode"] == 1].ttme.mean())


@ask("number of rows with invc over 100")
def _(t):
    return int((t.invc > 100).sum())


@ask("Mode 4 is the car. What's the median in-vehicle time (invt) of the car rows that were really chosen, so choice = 1?")
def _(t):
    return float(t[(t["mode"] == 4) & (t.choice == 1)].invt.median())


@ask("Which mode was chosen most often? A choice of 1 marks the option that was taken. Just give me the mode code.")
def _(t):
    return int(t[t.choice == 1]["mode"].value_counts().idxmax())


@ask("Median household income (hinc) for each mode, counting only rows with choice = 1, please.")
def _(t):
    return {int(k): float(v) for k, v in t[t.choice == 1].groupby("mode").hinc.median().items()}


@ask("Please list the 3 individuals with the highest invc value in the table, from the highest to the third highest.")
def _(t):
    return [int(i) for i in t.sort_values("invc", ascending=False).individual.head(3)]


@ask("Of all the rows with choice equal to 1, what percentage are bus trips (mode 3)?")
def _(t):
    return float((t[t.choice == 1]["mode"] == 3).mean() * 100)


@ask(
    "For an article: how many times as long is the average in-vehicle time by bus (mode 3) as by air (mode 1)? "
    "Use every row of those two modes, chosen or not, and divide the bus mean by the air mean."
)
def _(t):
    m = t.groupby("mode").invt.mean()
    return float(m[3] / m[1])


@ask("pearson correlation between generalized cost (gc) and in-vehicle time (invt)?")
def _(t):
    return float(t.gc.corr(t.invt))


@ask("What value of gc is exceeded by only the top 10% of rows, i.e. its 90th percentile?")
def _(t):
    return float(t.gc.quantile(0.9))


@ask(
    "If I divide invc by invt on every row I get a cost per minute. "
    "Which mode code has the highest average cost per minute?"
)
def _(t):
    return int((t.invc / t.invt).groupby(t["mode"]).mean().idxmax())


@ask(
    "Look for outliers in the in-vehicle cost column (invc). Compute z-scores over all rows with the sample standard deviation and "
    "treat |z| > 3 as an outlier. Report how many outliers there are, then remove those rows and report the mean "
    "invc of what remains. Also give the skewness of invc (bias-adjusted, as pandas computes it) after the removal. "
    "Round the mean and the skewness to three decimals.",
    outputs={
        "n_outliers": "number of rows with |z| > 3 in invc",
        "mean_invc": "mean of invc without the outliers",
        "skewness": "bias-adjusted skewness of invc without the outliers",
    },
    decimals=3,
)
def _(t):
    out = ((t.invc - t.invc.mean()) / t.invc.std()).abs() > 3
    kept = t.invc[~out]
    return {
        "n_outliers": int(out.sum()),
        "mean_invc": round(float(kept.mean()), 3),
        "skewness": round(float(kept.skew()), 3),
    }


@ask(
    "Is in-vehicle time (invt) different between the alternatives people took (choice = 1) and those they did not take "
    "(choice = 0)? Run a two-sided Welch t-test, which does not assume equal variances, with the chosen rows as the first sample. "
    "Use alpha 0.05 and report 'significant' or 'not significant' together with the t statistic and the p-value. "
    "Round the two numbers to four decimals.",
    outputs={
        "t_statistic": "Welch t statistic, chosen minus not chosen",
        "p_value": "two-sided p-value",
        "label": "'significant' if p < 0.05, otherwise 'not significant'",
    },
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.choice == 1].invt, t[t.choice == 0].invt, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Homework: test with a one-way ANOVA whether mean household income (hinc) is the same for people who took air, train, bus and car "
    "(modes 1 to 4). Keep only the rows with choice = 1, so every traveller counts once. "
    "The significance level is 0.05; report 'reject' if the p-value is below it and 'fail to reject' otherwise. "
    "Give the F statistic rounded to two decimals.",
    outputs={
        "f_statistic": "F statistic of the one-way ANOVA",
        "decision": "'reject' or 'fail to reject'",
    },
    decimals=2,
)
def _(t):
    r = stats.f_oneway(*[g.hinc for _, g in t[t.choice == 1].groupby("mode")])
    return {
        "f_statistic": round(float(r.statistic), 2),
        "decision": "reject" if r.pvalue < 0.05 else "fail to reject",
    }


@ask(
    "Rescale generalized cost (gc) to the range 0 to 1 with min-max normalisation over the whole table. Using the "
    "scaled values, report the mean for the train rows (mode 2), the sample standard deviation for the same rows, and the number of rows "
    "in the whole table whose scaled cost is greater than 0.7. Three decimals for the mean and the standard deviation.",
    outputs={
        "mean_scaled_gc": "mean scaled gc of mode 2",
        "std_scaled_gc": "sample standard deviation of scaled gc of mode 2",
        "n_above": "rows of the whole table with scaled gc > 0.7",
    },
    decimals=3,
)
def _(t):
    s = (t.gc - t.gc.min()) / (t.gc.max() - t.gc.min())
    train = s[t["mode"] == 2]
    return {
        "mean_scaled_gc": round(float(train.mean()), 3),
        "std_scaled_gc": round(float(train.std()), 3),
        "n_above": int((s > 0.7).sum()),
    }


@ask(
    "Keep the rows with choice = 1. Label each traveller by household income (hinc): 'low' below 20, 'middle' from 20 up to but not "
    "including 50, and 'high' at 50 or more. For each label, work out the percentage (0-100) of its travellers who took "
    "the car, which is mode 4. Round to one decimal.",
    outputs={
        "low": "percentage of low-income travellers who took the car",
        "middle": "percentage of middle-income travellers who took the car",
        "high": "percentage of high-income travellers who took the car",
    },
    decimals=1,
)
def _(t):
    c = t[t.choice == 1]
    car = c["mode"] == 4
    return {
        "low": round(float(car[c.hinc < 20].mean() * 100), 1),
        "middle": round(float(car[(c.hinc >= 20) & (c.hinc < 50)].mean() * 100), 1),
        "high": round(float(car[c.hinc >= 50].mean() * 100), 1),
    }


@ask(
    "Household income (hinc) and party size (psize) are repeated on all four rows of an individual. First keep one row per "
    "individual, then compute the Spearman rank correlation between the two columns and its two-sided p-value. "
    "Call the relation 'significant' if p < 0.05 and 'not significant' otherwise. Round the correlation to three decimals.",
    outputs={
        "correlation": "Spearman rank correlation of hinc and psize over individuals",
        "label": "'significant' or 'not significant'",
    },
    decimals=3,
)
def _(t):
    p = t.drop_duplicates("individual")
    r = stats.spearmanr(p.hinc, p.psize)
    return {
        "correlation": round(float(r.statistic), 3),
        "label": "significant" if r.pvalue < 0.05 else "not significant",
    }


@ask(
    "Fit a logistic regression that predicts choice from ttme, invc, invt and gc, unscaled. Split the rows with scikit-learn's "
    "train_test_split, test_size=0.3 and random_state=42, no stratification. Use LogisticRegression with max_iter=1000 and "
    "otherwise default settings. Report the accuracy on the test set, rounded to three decimals.",
    outputs={"accuracy": "share of test rows predicted correctly, between 0 and 1"},
    decimals=3,
)
def _(t):
    x, y = t[["ttme", "invc", "invt", "gc"]], t.choice
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=42)
    model = LogisticRegression(max_iter=1000).fit(x_train, y_train)
    return {"accuracy": round(float(accuracy_score(y_test, model.predict(x_test))), 3)}


ask.unanswerable(
    "What is the average age of the travellers who took the train (mode 2, choice = 1)?",
    why="the table has no age; of the travellers it knows only household income and party size",
)
ask.unanswerable(
    "mean distance travelled in km per mode",
    why="the table holds times and costs of each mode but no distances",
)
ask.unanswerable(
    "Modes 1 to 4 are air, train, bus and car. How many individuals went by ferry instead?",
    why="there is no ferry among the modes; every individual chose one of the four",
)
ask.unanswerable(
    "Were the people who chose air with choice = 1 more satisfied with their trip than those who went by car?",
    why="nothing in the table measures satisfaction",
)
