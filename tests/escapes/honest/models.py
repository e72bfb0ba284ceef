"""scikit-learn and statsmodels."""

PROGRAMS: list[str] = [
    r"""
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("data.csv").dropna(subset=["delivery_days"])
X = pd.get_dummies(df[["unit_price", "discount", "category", "channel"]], drop_first=True)
y = df["units"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
model = LinearRegression().fit(X_train, y_train)
predicted = model.predict(X_test)
print("MAE", round(mean_absolute_error(y_test, predicted), 2), "R2", round(r2_score(y_test, predicted), 3))
pd.Series(model.coef_, index=X.columns).sort_values(key=abs, ascending=False).round(3)
""",
    r"""
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

df = pd.read_csv("data.csv")
target = (df["returned"] == "yes").astype(int)
numeric = ["units", "unit_price", "discount", "customer_age", "rating", "delivery_days"]
categorical = ["region", "category", "channel"]
prepare = ColumnTransformer([
    ("num", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
    ("cat", OneHotEncoder(handle_unknown="ignore"), categorical),
])
pipe = make_pipeline(prepare, RandomForestClassifier(n_estimators=50, random_state=1, class_weight="balanced"))
scores = cross_val_score(pipe, df[numeric + categorical], target, cv=StratifiedKFold(4, shuffle=True, random_state=1),
                         scoring="roc_auc")
print(f"AUC {scores.mean():.3f} ± {scores.std():.3f}; base rate {target.mean():.1%}")
""",
    r"""
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

df = pd.read_csv("data.csv")
features = df[["units", "unit_price", "cost", "discount"]]
scaled = StandardScaler().fit_transform(features)
scores = {k: silhouette_score(scaled, KMeans(n_clusters=k, n_init=5, random_state=0).fit_predict(scaled)) for k in range(2, 7)}
k = max(scores, key=scores.get)
df["cluster"] = KMeans(n_clusters=k, n_init=5, random_state=0).fit_predict(scaled)
print("best k:", k, {key: round(value, 3) for key, value in scores.items()})
pca = PCA(2).fit(scaled)
print("explained:", pca.explained_variance_ratio_.round(3))
df.groupby("cluster")[features.columns.tolist()].mean().round(2)
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
model = smf.ols("units ~ unit_price + discount + C(region) + C(channel)", data=df).fit(cov_type="HC3")
print(model.summary().tables[1])
print("R² =", round(model.rsquared, 3), "n =", int(model.nobs))
effect = model.params["discount"] * 0.1
print(f"Ten points of discount go with {effect:+.2f} units")
""",
    r"""
import pandas as pd
import statsmodels.api as sm

df = pd.read_csv("data.csv").dropna(subset=["rating", "delivery_days"])
y = (df["rating"] >= 4).astype(float)
X = sm.add_constant(df[["delivery_days", "unit_price"]].astype(float))
fit = sm.Logit(y, X).fit(disp=0)
odds = pd.DataFrame({"odds ratio": fit.params, "p": fit.pvalues}).apply(lambda c: c.round(4))
odds["odds ratio"] = fit.params.apply(lambda b: 2.718281828 ** b).round(3)
print(fit.prsquared)
odds
""",
    r"""
import pandas as pd
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import adfuller, acf

df = pd.read_csv("data.csv", parse_dates=["date"])
series = df.set_index("date")["units"].resample("MS").sum()
stat, p, *_ = adfuller(series, maxlag=2)
print(f"ADF {stat:.2f}, p {p:.3f}; autocorrelation {acf(series, nlags=3).round(2)}")
parts = seasonal_decompose(series, period=12, model="additive", extrapolate_trend="freq")
pd.DataFrame({"trend": parts.trend, "season": parts.seasonal, "rest": parts.resid}).round(1).tail(8)
""",
    r"""
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.multicomp import pairwise_tukeyhsd

df = pd.read_csv("data.csv").dropna(subset=["rating"])
anova = sm.stats.anova_lm(smf.ols("rating ~ C(category) * C(channel)", df).fit(), typ=2)
print(anova.round(4))
tukey = pairwise_tukeyhsd(df["rating"], df["category"])
print(tukey.summary())
""",
    r"""
import numpy as np
import pandas as pd
import statsmodels.api as sm

df = pd.read_csv("data.csv")
X = sm.add_constant(pd.get_dummies(df[["category", "region"]], drop_first=True).astype(float))
poisson = sm.GLM(df["units"], X, family=sm.families.Poisson()).fit()
dispersion = poisson.pearson_chi2 / poisson.df_resid
print("dispersion", round(dispersion, 2))
if dispersion > 1.2:
    poisson = sm.GLM(df["units"], X, family=sm.families.NegativeBinomial()).fit()
np.exp(poisson.params).rename("rate ratio").round(3).to_frame()
""",
    r"""
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

df = pd.read_csv("data.csv").dropna(subset=["note"])
vectorizer = CountVectorizer(min_df=2, stop_words="english")
counts = vectorizer.fit_transform(df["note"])
words = pd.Series(counts.toarray().sum(axis=0), index=vectorizer.get_feature_names_out())
print(words.sort_values(ascending=False).head(10))
bayes = MultinomialNB().fit(counts, df["channel"])
pd.Series(bayes.predict(counts)).value_counts()
""",
    r"""
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
df["month"] = df["date"].dt.month
X, y = df[["month", "unit_price", "discount", "cost"]], df["units"]
search = GridSearchCV(GradientBoostingRegressor(random_state=0), {"max_depth": [1, 2], "n_estimators": [30, 60]},
                      cv=TimeSeriesSplit(3), scoring="neg_mean_absolute_error")
search.fit(X, y)
print(search.best_params_, "MAE", -search.best_score_)
importance = permutation_importance(search.best_estimator_, X, y, n_repeats=5, random_state=0)
pd.Series(importance.importances_mean, index=X.columns).sort_values(ascending=False)
""",
    r"""
import pandas as pd
from statsmodels.tsa.holtwinters import ExponentialSmoothing

df = pd.read_csv("data.csv", parse_dates=["date"])
weekly = df.set_index("date")["units"].resample("W").sum().astype(float)
train, test = weekly[:-8], weekly[-8:]
model = ExponentialSmoothing(train, trend="add", damped_trend=True, initialization_method="estimated").fit()
forecast = model.forecast(8)
mape = ((forecast - test).abs() / test.clip(lower=1)).mean()
print(f"MAPE over eight weeks {mape:.0%}; naive {((train.iloc[-1] - test).abs() / test.clip(lower=1)).mean():.0%}")
pd.DataFrame({"actual": test, "forecast": forecast.round(1)})
""",
    r"""
import pandas as pd
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, export_text

df = pd.read_csv("data.csv")
X = df[["units", "unit_price", "discount", "cost"]]
tree = DecisionTreeClassifier(max_depth=3, random_state=0)
guess = cross_val_predict(tree, X, df["category"], cv=5)
print(confusion_matrix(df["category"], guess, labels=sorted(df["category"].unique())))
print(classification_report(df["category"], guess, zero_division=0))
print(export_text(tree.fit(X, df["category"]), feature_names=list(X.columns)))
""",
    r"""
import pandas as pd
from scipy import stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

df = pd.read_csv("data.csv")
rates = df.assign(ret=df["returned"].eq("yes")).groupby("channel")["ret"].agg(["sum", "count"])
rates["rate"] = rates["sum"] / rates["count"]
rates["low"], rates["high"] = proportion_confint(rates["sum"], rates["count"], method="wilson")
z, p = proportions_ztest(rates.loc[["web", "shop"], "sum"], rates.loc[["web", "shop"], "count"])
need = TTestIndPower().solve_power(effect_size=0.3, power=0.8, alpha=0.05)
print(f"z = {z:.2f}, p = {p:.3f}; two-sided check {2 * stats.norm.sf(abs(z)):.3f}; n per group for d=0.3: {need:.0f}")
rates.round(3)
""",
]
