"""What things are called in sentences: plain data. `{}` is where a column stands."""

NOUNS = {
    "sum": "total of {}", "mean": "mean of {}", "median": "median of {}", "mode": "most common value of {}",
    "min": "minimum of {}", "max": "maximum of {}", "range": "range of {} (largest less smallest)",
    "sem": "standard error of the mean of {}", "cv": "coefficient of variation of {} (standard deviation over mean)",
    "iqr": "interquartile range of {}", "first": "first value of {}", "last": "last value of {}",
    "geometric_mean": "geometric mean of {}", "distinct": "number of different values of {}",
    "null_count": "number of missing values of {}", "count": "number of values of {}", "skew": "skewness of {}",
    "kurtosis": "excess kurtosis of {}", "std": "standard deviation of {}", "var": "variance of {}",
}  # fmt: skip
QUARTILES = {
    0.0: "minimum of {}", 0.25: "lower quartile of {}", 0.5: "median of {}", 0.75: "upper quartile of {}", 1.0: "maximum of {}",
}  # fmt: skip
PARTS = {"day_name": "weekday", "month_name": "month", "year_month": "month", "day": "day of the month"}
WINDOWS = {
    "lag": "the value of {} one step before", "difference": "the change in {}", "percent_change": "the percent change in {}",
    "cumulative_sum": "the running total of {}", "rolling_mean": "the rolling mean of {}", "rank": "the rank by {}",
    "zscore": "the z-score of {}", "share": "the share of the total {}", "group_mean": "the group mean of {}",
}  # fmt: skip
ORDINALS = ["", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]

VERBS = {
    "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least",
    "in": "is", "not in": "is not", "contains": "contains", "starts with": "starts with", "ends with": "ends with",
    "is null": "is missing", "not null": "is not missing",
}  # fmt: skip
DATED = {"<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after"}
DENIED = {
    "==": "is not", "!=": "is", "<": "is not below", "<=": "is above", ">": "is not above", ">=": "is below",
    "in": "is not", "not in": "is", "contains": "does not contain", "starts with": "does not start with",
    "ends with": "does not end with", "is null": "is not missing", "not null": "is missing",
}  # fmt: skip
DENIED_DATED = {"<": "is on or after", "<=": "is after", ">": "is on or before", ">=": "is before"}

OUTLIERS = {"remove": "removing", "clip": "moving to the bound", "null": "emptying"}
FILLED = {"mean": "mean", "median": "median", "mode": "most common value", "constant": "value", "ffill": "last value before"}
SCALED = {
    "zscore": "standardising", "minmax": "scaling to the unit interval", "robust": "scaling by median and interquartile range",
}  # fmt: skip

RESULTS = {  # the keys of results, where a sentence needs a word for one
    "p_value": "the p-value", "r": "the correlation", "statistic": "the test statistic", "value": "the value",
    "rows": "the number of rows", "n": "the number of rows", "slope": "the slope", "percent_change": "the percent change",
    "outliers": "the number of outliers", "duplicates": "the number of duplicates", "strength": "the strength",
    "effect": "the effect", "skew": "the skewness", "df": "the degrees of freedom",
}  # fmt: skip

COEFFICIENTS = {"pearson": "Pearson's r", "spearman": "Spearman's rho", "kendall": "Kendall's tau"}
STRENGTHS = [(0.1, "hardly"), (0.3, "weakly"), (0.5, "moderately"), (0.8, "strongly"), (2.0, "very strongly")]  # |r| below
TESTS = {  # what it is called, and the letter of its statistic
    "t_test": ("Welch's t-test", "t"), "t_test_1sample": ("one-sample t-test", "t"),
    "t_test_paired": ("paired t-test", "t"), "mann_whitney": ("Mann-Whitney U test", "U"),
    "wilcoxon": ("Wilcoxon signed-rank test", "W"), "anova": ("one-way ANOVA", "F"),
    "kruskal": ("Kruskal-Wallis test", "H"), "chi_square": ("chi-square test", "chi-square"),
    "fisher_exact": ("Fisher's exact test", "odds ratio"), "shapiro": ("Shapiro-Wilk test", "W"),
    "normaltest": ("D'Agostino-Pearson test", "K"), "jarque_bera": ("Jarque-Bera test", "JB"),
    "ks_normal": ("Kolmogorov-Smirnov test", "D"), "levene": ("Levene's test", "W"), "bartlett": ("Bartlett's test", "T"),
    "ks_2sample": ("two-sample Kolmogorov-Smirnov test", "D"), "proportion_z": ("two-proportion z-test", "z"),
    "adf": ("augmented Dickey-Fuller test", "ADF statistic"),
}  # fmt: skip
COMPARED = {  # what a test between groups compares, and the number of each group that shows it
    "t_test": ("the mean", "mean", ""), "anova": ("the mean", "mean", ""),
    "levene": ("the spread", "std", "standard deviation "), "bartlett": ("the spread", "std", "standard deviation "),
    "mann_whitney": ("the distribution", "median", "median "), "kruskal": ("the distribution", "median", "median "),
    "ks_2sample": ("the distribution", "median", "median "),
}  # fmt: skip
TRENDS = {"rising": "a rising trend", "falling": "a falling trend", "flat": "but no clear trend"}

MODELS = {
    "linear": "linear regression", "ridge": "ridge regression", "lasso": "lasso regression", "logistic": "logistic regression",
    "decision_tree": "decision tree", "random_forest": "random forest", "knn": "nearest-neighbours model",
    "svm": "support vector machine", "naive_bayes": "naive Bayes classifier",
}  # fmt: skip
METRICS = {
    "mse": "a mean squared error of", "rmse": "a root mean squared error of", "mae": "a mean absolute error of",
    "r2": "an R squared of", "accuracy": "an accuracy of", "precision": "a precision of", "recall": "a recall of",
    "f1": "an F-score of", "auc": "an area under the ROC curve of",
}  # fmt: skip
