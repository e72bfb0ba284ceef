"""Questions about wine: chemical measurements of 178 wines from three cultivars (long-form, third part)."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from bench.questions.bank import Bank

ask = Bank("wine", part="c")


@ask(
    "Detect outliers in the magnesium column with the z-score method: compute z = (value - mean) / sample standard "
    "deviation (ddof = 1) over all rows, and treat a row as an outlier when |z| > 3. Report the mean magnesium before any "
    "removal, then remove the outliers and report the mean again. Remove only once; do not recompute z-scores afterwards. "
    "Round the means to 3 decimal places.",
    outputs={
        "n_outliers": "number of rows flagged as outliers",
        "mean_before": "mean magnesium of all rows",
        "mean_after": "mean magnesium after removing the outliers",
    },
    decimals=3,
)
def _(t):
    m = t.magnesium
    out = ((m - m.mean()) / m.std()).abs() > 3
    return {"n_outliers": int(out.sum()), "mean_before": round(float(m.mean()), 3), "mean_after": round(float(m[~out].mean()), 3)}


@ask(
    "SPEC. 1) Input: malic_acid, all rows. 2) Compute Q1 and Q3 with linear interpolation; IQR = Q3 - Q1. 3) Drop every "
    "row whose malic_acid is below Q1 - 1.5*IQR or above Q3 + 1.5*IQR. 4) On the remaining rows compute the Pearson "
    "correlation between malic_acid and hue; also compute it on the full table. 5) Output the number of dropped rows and "
    "both coefficients, rounded to 4 decimals.",
    outputs={
        "rows_dropped": "rows dropped in step 3",
        "r_full": "correlation on the full table",
        "r_clean": "correlation after dropping the rows",
    },
    decimals=4,
)
def _(t):
    m = t.malic_acid
    q1, q3 = m.quantile(0.25), m.quantile(0.75)
    kept = t[m.between(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))]
    return {
        "rows_dropped": len(t) - len(kept),
        "r_full": round(float(m.corr(t.hue)), 4),
        "r_clean": round(float(kept.malic_acid.corr(kept.hue)), 4),
    }


@ask(
    "Homework 4, problem 2. Fit a simple linear regression by ordinary least squares with proline as the dependent variable "
    "and alcohol as the only explanatory variable (include an intercept, use all wines). State the estimated slope, the "
    "intercept and the coefficient of determination R². Give each to three decimals.",
    outputs={"slope": "estimated slope of alcohol", "intercept": "estimated intercept", "r_squared": "R squared"},
    decimals=3,
)
def _(t):
    f = stats.linregress(t.alcohol, t.proline)
    return {
        "slope": round(float(f.slope), 3),
        "intercept": round(float(f.intercept), 3),
        "r_squared": round(float(f.rvalue**2), 3),
    }


@ask(
    "Hi, for Thursday's tasting I only care about the stronger wines, so please leave out everything under 13 % alcohol "
    "(exactly 13 stays in) for all of this. I need to know how many wines that leaves, the average color intensity of "
    "class_0 and the average color intensity of class_2 among them, and by how many percent class_2 is above class_0 "
    "(class_0 is the base, so difference divided by the class_0 average, times 100). Two decimals are plenty. Thanks!",
    outputs={
        "n_wines": "number of wines with at least 13 alcohol, all classes",
        "mean_class_0": "average color intensity of class_0 among them",
        "mean_class_2": "average color intensity of class_2 among them",
        "percent_difference": "percent by which class_2 is above class_0",
    },
    decimals=2,
)
def _(t):
    s = t[t.alcohol >= 13]
    a = s[s.cultivar == "class_0"].color_intensity.mean()
    b = s[s.cultivar == "class_2"].color_intensity.mean()
    return {
        "n_wines": len(s),
        "mean_class_0": round(float(a), 2),
        "mean_class_2": round(float(b), 2),
        "percent_difference": round(float((b - a) / a * 100), 2),
    }


@ask(
    "Test the null hypothesis that cultivars class_1 and class_2 have equal mean magnesium, by a two-sided Welch t-test "
    "(variances not assumed equal), taking class_1 as the first sample. Significance level 0.05: conclude 'reject' if the "
    "p-value is below 0.05, otherwise 'fail to reject'. Quote t and p to four decimal places.",
    outputs={"t_statistic": "Welch t statistic", "p_value": "two-sided p-value", "decision": "'reject' or 'fail to reject'"},
    decimals=4,
)
def _(t):
    r = stats.ttest_ind(t[t.cultivar == "class_1"].magnesium, t[t.cultivar == "class_2"].magnesium, equal_var=False)
    return {
        "t_statistic": round(float(r.statistic), 4),
        "p_value": round(float(r.pvalue), 4),
        "decision": "reject" if r.pvalue < 0.05 else "fail to reject",
    }


@ask(
    "Please to make a new label from the hue of each wine: if hue is smaller than 0.8 the label is 'low', if hue is from 0.8 "
    "until 1.1 (both included) the label is 'medium', if hue is bigger than 1.1 the label is 'high'. After this I want to "
    "know how many wines has each label, and what is the mean alcohol of the wines with label 'high'. The mean must be "
    "rounded with 2 decimals.",
    outputs={
        "n_low": "how many wines are low",
        "n_medium": "how many wines are medium",
        "n_high": "how many wines are high",
        "mean_alcohol_high": "mean alcohol of the high wines",
    },
    decimals=2,
)
def _(t):
    high = t.hue > 1.1
    return {
        "n_low": int((t.hue < 0.8).sum()),
        "n_medium": int(t.hue.between(0.8, 1.1).sum()),
        "n_high": int(high.sum()),
        "mean_alcohol_high": round(float(t[high].alcohol.mean()), 2),
    }


@ask(
    "I'm writing a piece on what gives wine its bite. For every wine, divide the flavanoids by the total phenols to get its "
    "flavanoid ratio. Then average that ratio over the wines of each cultivar: which cultivar comes out highest, and with "
    "what average? And across all 178 wines, how strongly does the ratio go along with alcohol, measured by the Pearson "
    "correlation? Please round the numbers to three decimals.",
    outputs={
        "top_cultivar": "cultivar with the highest average ratio",
        "top_mean_ratio": "its average ratio",
        "correlation": "Pearson correlation of the ratio with alcohol over all wines",
    },
    decimals=3,
)
def _(t):
    ratio = t.flavanoids / t.total_phenols
    by = ratio.groupby(t.cultivar).mean()
    return {
        "top_cultivar": str(by.idxmax()),
        "top_mean_ratio": round(float(by.max()), 3),
        "correlation": round(float(ratio.corr(t.alcohol)), 3),
    }


@ask(
    "proline, all rows: - skewness (pandas skew(), bias-corrected) - excess kurtosis (pandas kurt()) - 90th percentile, "
    "linear interpolation - label: 'right-skewed' if skewness > 0.5, 'left-skewed' if skewness < -0.5, else 'roughly "
    "symmetric' - round numbers to 2 decimals",
    outputs={
        "skewness": "skewness of proline",
        "kurtosis": "excess kurtosis of proline",
        "p90": "90th percentile of proline",
        "label": "'right-skewed', 'left-skewed' or 'roughly symmetric'",
    },
    decimals=2,
)
def _(t):
    s = t.proline.skew()
    return {
        "skewness": round(float(s), 2),
        "kurtosis": round(float(t.proline.kurt()), 2),
        "p90": round(float(t.proline.quantile(0.9)), 2),
        "label": "right-skewed" if s > 0.5 else "left-skewed" if s < -0.5 else "roughly symmetric",
    }


@ask(
    "Apply min-max scaling to the columns color_intensity and proline separately, so that each ranges from 0 to 1 over the "
    "whole table. Create a new column, richness, as the mean of the two scaled columns in each row. Calculate the median of "
    "richness and its sample standard deviation (ddof=1), and the mean richness of the wines labelled class_1. Round all "
    "results to four decimal places.",
    outputs={
        "median_richness": "median of richness over all wines",
        "std_richness": "sample standard deviation of richness over all wines",
        "mean_richness_class_1": "mean richness of the class_1 wines",
    },
    decimals=4,
)
def _(t):
    n = t[["color_intensity", "proline"]]
    rich = ((n - n.min()) / (n.max() - n.min())).mean(axis=1)
    return {
        "median_richness": round(float(rich.median()), 4),
        "std_richness": round(float(rich.std()), 4),
        "mean_richness_class_1": round(float(rich[t.cultivar == "class_1"].mean()), 4),
    }


@ask(
    "Our lab says any magnesium reading above 130 is an instrument error. Set those readings to missing, keeping the rows, "
    "and then fill each missing value with the median of the readings that are left (the median of all cultivars together). "
    "How many readings were replaced, what value were they replaced with, and what is the sample standard deviation of "
    "magnesium after the replacement? Two decimals for the standard deviation.",
    outputs={
        "n_replaced": "number of magnesium readings replaced",
        "fill_value": "median used to fill them",
        "std_after": "sample standard deviation of magnesium after filling",
    },
    decimals=2,
)
def _(t):
    m = t.magnesium.mask(t.magnesium > 130)
    return {
        "n_replaced": int(m.isna().sum()),
        "fill_value": round(float(m.median()), 2),
        "std_after": round(float(m.fillna(m.median()).std()), 2),
    }


@ask(
    "Using scikit-learn, predict alcohol from color_intensity, proline and ash (features in that order) with LinearRegression "
    "and default settings. Split the rows with train_test_split, test_size=0.25 and random_state=7, with no stratification "
    "and no scaling. Train on the training part and evaluate on the test part only: report the R² score and the root mean "
    "squared error, both rounded to 3 decimals. Then, on exactly the same split and features, train a default GaussianNB to "
    "predict the cultivar and report its accuracy on the test part, again to 3 decimals.",
    outputs={
        "r2_test": "R squared of the linear regression on the test part",
        "rmse_test": "root mean squared error of the linear regression on the test part",
        "nb_accuracy": "test accuracy of GaussianNB for the cultivar, as a fraction from 0 to 1",
    },
    decimals=3,
)
def _(t):
    train, test = train_test_split(t, test_size=0.25, random_state=7)
    cols = ["color_intensity", "proline", "ash"]
    model = LinearRegression().fit(train[cols], train.alcohol)
    nb = GaussianNB().fit(train[cols], train.cultivar)
    return {
        "r2_test": round(float(model.score(test[cols], test.alcohol)), 3),
        "rmse_test": round(float(np.sqrt(mean_squared_error(test.alcohol, model.predict(test[cols])))), 3),
        "nb_accuracy": round(float(nb.score(test[cols], test.cultivar)), 3),
    }


@ask(
    "Restrict the data to class_1 throughout. First take the natural logarithm of color_intensity. Run a Shapiro-Wilk test on "
    "the logged values and call the distribution 'normal' if p >= 0.05 and 'not normal' if p < 0.05. Next compute the "
    "Spearman rank correlation between color_intensity (not logged) and alcohol. Give the W statistic, the Shapiro-Wilk "
    "p-value and the Spearman coefficient to 3 decimals.",
    outputs={
        "w_statistic": "Shapiro-Wilk W of the logged color intensity, class_1 only",
        "p_value": "Shapiro-Wilk p-value",
        "verdict": "'normal' or 'not normal'",
        "spearman": "Spearman correlation of color_intensity and alcohol, class_1 only",
    },
    decimals=3,
)
def _(t):
    s = t[t.cultivar == "class_1"]
    r = stats.shapiro(np.log(s.color_intensity))
    return {
        "w_statistic": round(float(r.statistic), 3),
        "p_value": round(float(r.pvalue), 3),
        "verdict": "normal" if r.pvalue >= 0.05 else "not normal",
        "spearman": round(float(s.color_intensity.corr(s.alcohol, method="spearman")), 3),
    }
