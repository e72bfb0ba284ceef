"""Questions about fair: 6366 married women's answers to a 1970s magazine survey on marriage and affairs."""
import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

from bench.questions.bank import Bank

ask = Bank("fair")


@ask("What's the average age of the women who have no children?")
def _(t):
    return float(t[t.children == 0].age.mean())


@ask("how many respondents have been married for more than 10 years")
def _(t):
    return int((t.yrs_married > 10).sum())


@ask(
    "Hi! I'm quite new to this data, sorry if it is a silly question. Among the people who gave their marriage the "
    "lowest rating, a 1, what is the median of the affairs column?"
)
def _(t):
    return float(t[t.rate_marriage == 1].affairs.median())


@ask("count of 32 year olds with at least one child")
def _(t):
    return int(((t.age == 32) & (t.children >= 1)).sum())


@ask("Please give me the largest value of affairs for persons which have religious equal to 4.")
def _(t):
    return float(t[t.religious == 4].affairs.max())


@ask("avg affairs by marriage rating")
def _(t):
    return t.groupby("rate_marriage").affairs.mean().to_dict()


@ask("Show me the mean number of children at each level of religiousness.")
def _(t):
    return t.groupby("religious").children.mean().to_dict()


@ask("For every education level, how many respondents have a value of affairs above zero?")
def _(t):
    return t[t.affairs > 0].groupby("educ").size().to_dict()


@ask("Which occupation code (the respondent's own, not the husband's) goes with the highest mean affairs?")
def _(t):
    return int(t.groupby("occupation").affairs.mean().idxmax())


@ask("top 3 husband occupation codes by number of respondents, biggest first")
def _(t):
    return [int(code) for code in t.occupation_husb.value_counts().head(3).index]


@ask("At which age do we see the lowest average marriage rating?")
def _(t):
    return float(t.groupby("age").rate_marriage.mean().idxmin())


@ask("For my article: what percentage of the women surveyed rate their marriage a 5?")
def _(t):
    return float((t.rate_marriage == 5).mean() * 100)


@ask("Of the respondents with 20 years of education, what fraction (between 0 and 1) has affairs greater than 0?")
def _(t):
    return float((t[t.educ == 20].affairs > 0).mean())


@ask("pearson correlation age vs years married")
def _(t):
    return float(t.age.corr(t.yrs_married))


@ask(
    "If you subtract the years married from the age you get roughly how old each woman was at her wedding. What is the "
    "mean of that?"
)
def _(t):
    return float((t.age - t.yrs_married).mean())


@ask(
    "Test whether having affairs is related to religiousness. First make a yes/no variable that is yes when affairs is "
    "above 0. Then cross it with the four levels of religious and run a chi-square test of independence on the counts. "
    "Use a significance level of 0.05 and report 'significant' or 'not significant'. Round the statistic to two decimals.",
    outputs={
        "chi2": "chi-square statistic, rounded to two decimals",
        "dof": "degrees of freedom",
        "conclusion": "'significant' or 'not significant'",
    },
    decimals=2,
)
def _(t):
    had = (t.affairs > 0).astype(int)
    counts = had.groupby([t.religious, had]).size().unstack()
    chi2, p, dof, _ = stats.chi2_contingency(counts.to_numpy())
    return {
        "chi2": round(float(chi2), 2),
        "dof": int(dof),
        "conclusion": "significant" if p < 0.05 else "not significant",
    }


@ask(
    "Compare the marriage rating of women without children (children equal to 0) with that of women who have children "
    "(children above 0). Use Welch's two-sample t-test, two-sided, and take the difference as childless minus with "
    "children. Alpha is 0.05. Give the t statistic to three decimals, and say 'significant' or 'not significant'.",
    outputs={
        "t_statistic": "Welch t statistic, childless minus with children, three decimals",
        "decision": "'significant' or 'not significant' at 0.05",
    },
    decimals=3,
)
def _(t):
    without, having = t[t.children == 0].rate_marriage, t[t.children > 0].rate_marriage
    test = stats.ttest_ind(without, having, equal_var=False)
    return {
        "t_statistic": round(float(test.statistic), 3),
        "decision": "significant" if test.pvalue < 0.05 else "not significant",
    }


@ask(
    "Find the outliers in the affairs column with the z-score method: compute z-scores with the sample mean and the "
    "sample standard deviation (ddof = 1) and call a row an outlier when |z| > 3. Report how many outliers there are, and "
    "the mean of affairs before and after removing them. Round the means to 4 decimal places.",
    outputs={
        "n_outliers": "number of rows with |z| > 3",
        "mean_before": "mean of affairs over all the rows",
        "mean_after": "mean of affairs without the outliers",
    },
    decimals=4,
)
def _(t):
    z = (t.affairs - t.affairs.mean()) / t.affairs.std()
    return {
        "n_outliers": int((z.abs() > 3).sum()),
        "mean_before": round(float(t.affairs.mean()), 4),
        "mean_after": round(float(t.affairs[z.abs() <= 3].mean()), 4),
    }


@ask(
    "Create a new label for the length of the marriage: 'short' when yrs_married is below 3, 'medium' from 3 up to and "
    "including 9, and 'long' above 9. For each label compute the mean of affairs, rounded to 3 decimals. Also tell me "
    "which label has the highest mean.",
    outputs={
        "mean_short": "mean affairs of 'short' marriages",
        "mean_medium": "mean affairs of 'medium' marriages",
        "mean_long": "mean affairs of 'long' marriages",
        "highest": "the label with the highest mean affairs",
    },
    decimals=3,
)
def _(t):
    label = np.select([t.yrs_married < 3, t.yrs_married <= 9], ["short", "medium"], "long")
    means = t.groupby(label).affairs.mean()
    return {
        "mean_short": round(float(means["short"]), 3),
        "mean_medium": round(float(means["medium"]), 3),
        "mean_long": round(float(means["long"]), 3),
        "highest": str(means.idxmax()),
    }


@ask(
    "Describe the shape of the distribution of affairs. Calculate the skewness and the excess kurtosis (bias-corrected "
    "sample versions, as pandas does). Then apply log(1 + x) to the column and calculate the skewness again. Round "
    "everything to two decimals.",
    outputs={
        "skewness": "skewness of affairs",
        "kurtosis": "excess kurtosis of affairs",
        "skewness_log": "skewness of log(1 + affairs)",
    },
    decimals=2,
)
def _(t):
    return {
        "skewness": round(float(t.affairs.skew()), 2),
        "kurtosis": round(float(t.affairs.kurt()), 2),
        "skewness_log": round(float(np.log1p(t.affairs).skew()), 2),
    }


@ask(
    "Scale age and yrs_married to the range 0 to 1 with min-max scaling, each over the whole table. Then calculate the "
    "mean of each scaled column, rounded to three decimals.",
    outputs={"mean_age_scaled": "mean of the scaled age", "mean_yrs_married_scaled": "mean of the scaled yrs_married"},
    decimals=3,
)
def _(t):
    scaled = (t - t.min()) / (t.max() - t.min())
    return {
        "mean_age_scaled": round(float(scaled.age.mean()), 3),
        "mean_yrs_married_scaled": round(float(scaled.yrs_married.mean()), 3),
    }


@ask(
    "Build a logistic regression that predicts whether a respondent has any affairs (target is 1 when affairs > 0, else "
    "0). Features: rate_marriage, age, yrs_married and religious, as they are. Split with scikit-learn's train_test_split, "
    "test_size 0.3 and random_state 42, no stratification. Use LogisticRegression with default settings and give the "
    "accuracy on the test set, rounded to 3 decimals.",
    outputs={"accuracy": "accuracy on the test set, rounded to three decimals"},
    decimals=3,
)
def _(t):
    x, y = t[["rate_marriage", "age", "yrs_married", "religious"]], (t.affairs > 0).astype(int)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=42)
    model = LogisticRegression().fit(x_train, y_train)
    return {"accuracy": round(float(accuracy_score(y_test, model.predict(x_test))), 3)}


ask.unanswerable(
    "What is the average household income by occupation?",
    why="the table has occupation codes but no income",
)
ask.unanswerable(
    "Why do women with a low marriage rating have more affairs?",
    why="it asks for a cause; the table only holds associations",
)
ask.unanswerable(
    "How many affairs do the husbands report, by husband's occupation?",
    why="only the respondent's own affairs are recorded; of the husband there is only an occupation code",
)
ask.unanswerable(
    "What share of these marriages ended in divorce within five years of the survey?",
    why="nothing in the table says what became of a marriage",
)
