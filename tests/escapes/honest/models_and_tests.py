"""statsmodels, scikit-learn and scipy.stats: from a t test in three lines to a pipeline with its own transformer."""

PROGRAMS: list[str] = [
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
model = smf.ols("units ~ unit_price + discount + C(category) + C(channel)", data=df).fit(cov_type="HC3")
print(model.summary())
""",
    r"""
import pandas as pd
import statsmodels.api as sm
from statsmodels.formula.api import ols

df = pd.read_csv("data.csv")
lm = ols("rating ~ C(region) * C(channel)", data=df).fit()
table = sm.stats.anova_lm(lm, typ=2)
table["eta_sq"] = table["sum_sq"] / table["sum_sq"].sum()
print(table.round(4).to_string(na_rep=""))
""",
    r"""
import pandas as pd
from statsmodels.stats.multicomp import pairwise_tukeyhsd

df = pd.read_csv("data.csv").dropna(subset=["delivery_days"])
tukey = pairwise_tukeyhsd(endog=df["delivery_days"], groups=df["region"], alpha=0.05)
print(tukey)
significant = [f"{a}-{b}" for (a, b, *_), r in zip(tukey.summary().data[1:], tukey.reject) if r]
print("significant:", significant or "none")
""",
    r"""
import numpy as np
import pandas as pd
import statsmodels.api as sm

df = pd.read_csv("data.csv")
df["log_price"] = np.log(df["unit_price"])
X = sm.add_constant(pd.get_dummies(df[["log_price", "discount", "channel"]], columns=["channel"], drop_first=True, dtype=float))
poisson = sm.GLM(df["units"], X, family=sm.families.Poisson()).fit()
dispersion = poisson.pearson_chi2 / poisson.df_resid
print(f"dispersion {dispersion:.2f}")
if dispersion > 1.5:
    nb = sm.GLM(df["units"], X, family=sm.families.NegativeBinomial(alpha=0.3)).fit()
    print(f"AIC: Poisson {poisson.aic:.1f}, negative binomial {nb.aic:.1f}")
    print(np.exp(nb.params).round(3).rename("rate ratio"))
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf
import numpy as np

df = pd.read_csv("data.csv")
df["is_returned"] = (df["returned"] == "yes").astype(int)
logit = smf.logit("is_returned ~ delivery_days + discount", data=df).fit(disp=False)
odds = pd.DataFrame({"OR": np.exp(logit.params), "p": logit.pvalues}).join(np.exp(logit.conf_int()).set_axis(["2.5%", "97.5%"], axis=1))
print(f"pseudo R² = {logit.prsquared:.3f}, LLR p = {logit.llr_pvalue:.3f}, n = {int(logit.nobs)}")
odds.round(3)
""",
    r"""
import warnings
import pandas as pd
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tools.sm_exceptions import ConvergenceWarning

df = pd.read_csv("data.csv", parse_dates=["date"])
y = df.set_index("date")["units"].resample("MS").sum()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    fit = ExponentialSmoothing(y, trend="add", damped_trend=True, initialization_method="estimated").fit()
forecast = fit.forecast(3)
print("alpha", round(fit.params["smoothing_level"], 3), "| SSE", round(fit.sse, 1))
for when, value in forecast.items():
    print(f"{when:%b %Y}: {value:.0f} units")
""",
    r"""
import warnings
import pandas as pd
from statsmodels.tsa.arima.model import ARIMA

warnings.filterwarnings("ignore")
sales = pd.read_csv("data.csv", parse_dates=["date"]).set_index("date")["units"].resample("ME").sum()
train, test = sales[:-4], sales[-4:]
results = {}
for order in [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)]:
    try:
        results[order] = ARIMA(train, order=order).fit()
    except Exception as e:
        print(order, "failed:", type(e).__name__)
best = min(results, key=lambda o: results[o].aic)
pred = results[best].get_forecast(len(test))
ci = pred.conf_int()
mape = ((pred.predicted_mean - test).abs() / test).mean()
print(f"ARIMA{best}: AIC {results[best].aic:.1f}, MAPE {mape:.1%}")
pd.concat([test, pred.predicted_mean, ci], axis=1).round(1)
""",
    r"""
import pandas as pd
from statsmodels.tsa.stattools import adfuller, kpss, acf
import warnings
warnings.simplefilter("ignore")

weekly = pd.read_csv("data.csv", parse_dates=["date"]).resample("W", on="date")["units"].sum()
adf_stat, adf_p, lags, nobs, crit, _ = adfuller(weekly)
kpss_stat, kpss_p, *_ = kpss(weekly, regression="c", nlags="auto")
print(f"ADF  {adf_stat:7.3f}  p={adf_p:.4f}  lags={lags}")
print(f"KPSS {kpss_stat:7.3f}  p={kpss_p:.4f}")
print("Stationary" if adf_p < 0.05 and kpss_p > 0.05 else "Unclear or not stationary")
acf(weekly, nlags=6).round(3).tolist()
""",
    r"""
import pandas as pd
from statsmodels.tsa.seasonal import STL

s = pd.read_csv("data.csv", parse_dates=["date"]).set_index("date")["units"].resample("MS").sum()
stl = STL(s, period=6, robust=True).fit()
strength = 1 - stl.resid.var() / (stl.resid + stl.seasonal).var()
print("strength of the season: %.2f" % max(0, strength))
pd.concat([stl.trend, stl.seasonal, stl.resid], axis=1).round(1).tail(6)
""",
    r"""
import pandas as pd
from statsmodels.stats.proportion import proportions_ztest, proportion_confint

df = pd.read_csv("data.csv")
happy = df[df["rating"].notna()].assign(happy=lambda d: d["rating"] >= 4)
tab = happy.groupby("channel")["happy"].agg(["sum", "count"])
z, p = proportions_ztest(tab.loc[["web", "shop"], "sum"], tab.loc[["web", "shop"], "count"])
print(f"z = {z:.2f}, p = {p:.3f}")
low, high = proportion_confint(tab["sum"], tab["count"], method="wilson")
tab.assign(rate=tab["sum"] / tab["count"], low=low, high=high).round(3)
""",
    r"""
from statsmodels.stats.power import TTestIndPower, NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize
import pandas as pd

df = pd.read_csv("data.csv")
a, b = (df.loc[df["channel"] == c, "units"] for c in ("web", "shop"))
pooled = (((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / (len(a) + len(b) - 2)) ** 0.5
d = (a.mean() - b.mean()) / pooled
analysis = TTestIndPower()
print(f"Cohen's d = {d:.3f}; power now = {analysis.power(abs(d), len(a), 0.05, ratio=len(b) / len(a)):.2f}")
print("n a group for d = 0.3:", round(analysis.solve_power(effect_size=0.3, alpha=0.05, power=0.8)))
rate = (df["returned"] == "yes").mean()
n = NormalIndPower().solve_power(proportion_effectsize(rate, rate / 2), alpha=0.05, power=0.8)
print(f"n a group to see returns halve from {rate:.1%}: {n:,.0f}")
""",
    r"""
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

df = pd.read_csv("data.csv")
numeric = df.select_dtypes("number").drop(columns="order_id")
tests = []
for i, a in enumerate(numeric.columns):
    for b in numeric.columns[i + 1:]:
        pair = numeric[[a, b]].dropna()
        rho, p = stats.spearmanr(pair[a], pair[b])
        tests.append((a, b, rho, p, len(pair)))
out = pd.DataFrame(tests, columns=["a", "b", "rho", "p", "n"])
out["reject"], out["p_adj"], *_ = multipletests(out["p"], method="fdr_bh")
out.sort_values("p_adj").head(8).round(4)
""",
    r"""
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.stattools import durbin_watson, jarque_bera

d = pd.read_csv("data.csv")
X = sm.add_constant(d[["unit_price", "cost", "discount"]])
res = sm.OLS(d["units"], X).fit()
vif = {c: round(variance_inflation_factor(X.values, i), 1) for i, c in enumerate(X.columns) if c != "const"}
print("VIF", vif)
print("Breusch-Pagan p = %.4f" % het_breuschpagan(res.resid, X)[1])
print("Durbin-Watson %.2f, Jarque-Bera p = %.3g" % (durbin_watson(res.resid), jarque_bera(res.resid)[1]))
cook = OLSInfluence(res).cooks_distance[0]
d.loc[cook[cook > 4 / len(d)].index, ["order_id", "units", "unit_price"]].head(10)
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
mixed = smf.mixedlm("units ~ unit_price + discount", df, groups=df["city"]).fit(reml=True)
print(mixed.summary().tables[1])
icc = mixed.cov_re.iloc[0, 0] / (mixed.cov_re.iloc[0, 0] + mixed.scale)
print(f"ICC {icc:.3f}")
pd.Series({k: v.iloc[0] for k, v in mixed.random_effects.items()}, name="city effect").sort_values().round(2)
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
qs = [0.1, 0.25, 0.5, 0.75, 0.9]
mod = smf.quantreg("units ~ unit_price + discount", df)
rows = []
for q in qs:
    r = mod.fit(q=q)
    rows.append([q, *r.params.tolist(), *r.conf_int().loc["unit_price"].tolist()])
pd.DataFrame(rows, columns=["q", "Intercept", "unit_price", "discount", "price_low", "price_high"]).set_index("q").round(2)
""",
    r"""
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess
import numpy as np

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
t = df["date"].map(pd.Timestamp.toordinal).to_numpy()
smooth = lowess(df["unit_price"], t, frac=0.3, it=2, return_sorted=False)
df["smooth"] = smooth
change = smooth[-1] / smooth[0] - 1
print(f"smoothed price went from {smooth[0]:.2f} to {smooth[-1]:.2f} ({change:+.1%})")
print("turning points:", int((np.diff(np.sign(np.diff(smooth))) != 0).sum()))
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
formulas = {
    "price": "units ~ unit_price",
    "+ discount": "units ~ unit_price + discount",
    "+ category": "units ~ unit_price + discount + C(category)",
    "interaction": "units ~ unit_price * C(category) + discount",
}
fits = {name: smf.ols(f, data=df).fit() for name, f in formulas.items()}
compare = pd.DataFrame({n: {k: getattr(m, k) for k in ("rsquared_adj", "aic", "bic", "df_model")} for n, m in fits.items()}).T
print(compare.round(3))
f, p, dfd = fits["interaction"].compare_f_test(fits["+ category"])
print(f"interaction: F = {f:.2f}, p = {p:.3f}, df = {dfd:.0f}")
""",
    r"""
import pandas as pd
from scipy import stats

df = pd.read_csv("data.csv")
samples = [g["units"].values for _, g in df.groupby("category")]
print("Levene  ", stats.levene(*samples, center="median"))
print("ANOVA   ", stats.f_oneway(*samples))
print("Kruskal ", stats.kruskal(*samples))
""",
    r"""
from scipy import stats
import pandas as pd

df = pd.read_csv("data.csv")
candidates = ["norm", "lognorm", "gamma", "expon", "weibull_min"]
price = df["unit_price"]
scores = []
for name in candidates:
    dist = getattr(stats, name)
    params = dist.fit(price, floc=0) if name not in ("norm",) else dist.fit(price)
    ks = stats.kstest(price, name, args=params)
    loglik = dist.logpdf(price, *params).sum()
    scores.append({"dist": name, "KS": ks.statistic, "p": ks.pvalue, "AIC": 2 * len(params) - 2 * loglik})
pd.DataFrame(scores).sort_values("AIC").round(3).reset_index(drop=True)
""",
    r"""
import pandas as pd
from scipy.stats import shapiro, anderson, normaltest, boxcox, skew, kurtosis
import warnings

warnings.filterwarnings("ignore", category=FutureWarning)
x = pd.read_csv("data.csv")["unit_price"]
transformed, lam = boxcox(x)
for label, v in (("raw", x), ("box-cox", transformed)):
    w, p = shapiro(v)
    k2, pk = normaltest(v)
    print(f"{label:8} skew {skew(v):+.2f} kurt {kurtosis(v):+.2f}  Shapiro p={p:.2g}  K2 p={pk:.2g}")
print(f"lambda = {lam:.3f}; Anderson statistic {anderson(transformed, dist='norm').statistic:.2f}")
""",
    r"""
import pandas as pd
from scipy.stats import bootstrap
import numpy as np

df = pd.read_csv("data.csv")
web = df.query("channel == 'web'")["units"].to_numpy()
shop = df.query("channel == 'shop'")["units"].to_numpy()
res = bootstrap((web, shop), lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis), n_resamples=2000,
                vectorized=True, method="percentile", random_state=np.random.default_rng(1))
ci = res.confidence_interval
print(f"difference of the means: {web.mean() - shop.mean():.2f} [{ci.low:.2f}, {ci.high:.2f}], SE {res.standard_error:.2f}")
""",
    r"""
from scipy.stats import fisher_exact, permutation_test, barnard_exact
import pandas as pd, numpy as np

df = pd.read_csv("data.csv")
late = df["delivery_days"].ge(5) & df["delivery_days"].notna()
tab = pd.crosstab(late, df["returned"]).to_numpy()
odds, p = fisher_exact(tab)
print(tab, f"\nodds ratio {odds:.2f}, Fisher p = {p:.3f}")
known = df.dropna(subset=["rating"])
r = permutation_test((known["rating"][late[known.index]].to_numpy(), known["rating"][~late[known.index]].to_numpy()),
                     lambda x, y: x.mean() - y.mean(), n_resamples=999, random_state=0)
print("late orders are rated %+.3f (p = %.3f)" % (r.statistic, r.pvalue))
""",
    r"""
import pandas as pd
from scipy.stats import pearsonr, spearmanr, kendalltau, pointbiserialr

df = pd.read_csv("data.csv").dropna(subset=["rating", "delivery_days"])
print(f"{'method':<14}{'r':>8}{'p':>10}")
for func in (pearsonr, spearmanr, kendalltau):
    result = func(df["rating"], df["delivery_days"])
    print(f"{func.__name__:<14}{result.statistic:8.3f}{result.pvalue:10.2e}")
pb = pointbiserialr(df["returned"].eq("yes"), df["rating"])
print(f"{'pointbiserial':<14}{pb[0]:8.3f}{pb[1]:10.2e}")
""",
    r"""
import pandas as pd
from scipy.stats import linregress, theilslopes, siegelslopes, t as tdist

df = pd.read_csv("data.csv", parse_dates=["date"])
m = df.groupby(df["date"].dt.to_period("M"))["units"].sum()
x = range(len(m))
lr = linregress(x, m)
tcrit = tdist.ppf(0.975, len(m) - 2)
ts = theilslopes(m, x)
print(f"OLS    {lr.slope:+.3f} ± {tcrit * lr.stderr:.3f} a month (r² = {lr.rvalue ** 2:.3f}, p = {lr.pvalue:.3f})")
print(f"Theil  {ts.slope:+.3f} [{ts.low_slope:+.3f}, {ts.high_slope:+.3f}]")
print(f"Siegel {siegelslopes(m, x).slope:+.3f}")
""",
    r"""
# A/B test the Bayesian way
import pandas as pd
from scipy.stats import beta

df = pd.read_csv("data.csv")
arms = df.assign(top=df["rating"].eq(5)).groupby("channel")["top"].agg(wins="sum", n="size")
posterior = {arm: beta(1 + row.wins, 1 + row.n - row.wins) for arm, row in arms.iterrows()}
draws = pd.DataFrame({arm: d.rvs(20_000, random_state=i) for i, (arm, d) in enumerate(posterior.items())})
print("P(best):", draws.idxmax(axis=1).value_counts(normalize=True).round(3).to_dict())
for arm, d in posterior.items():
    lo, hi = d.interval(0.9)
    print(f"{arm:>6}: {d.mean():.3f}  90% credible [{lo:.3f}, {hi:.3f}]")
""",
    r"""
import pandas as pd
from scipy.stats import poisson, chisquare
import numpy as np

df = pd.read_csv("data.csv", parse_dates=["date"])
per_week = df.set_index("date").resample("W").size()
lam = per_week.mean()
top = 4
observed = np.array([(per_week == k).sum() for k in range(top)] + [(per_week >= top).sum()])
expected = np.append(poisson.pmf(range(top), lam), poisson.sf(top - 1, lam)) * len(per_week)
stat, p = chisquare(observed, expected * observed.sum() / expected.sum(), ddof=1)
print(f"λ = {lam:.3f} orders a week, variance {per_week.var():.3f}; χ² = {stat:.2f}, p = {p:.2g}")
pd.DataFrame({"observed": observed, "expected": expected.round(1)}, index=[*map(str, range(top)), f"{top}+"])
""",
    r"""
import pandas as pd
from scipy.stats import ttest_1samp, wilcoxon, ttest_rel, sem, t

df = pd.read_csv("data.csv")
wide = df.pivot_table(index="city", columns="channel", values="units", aggfunc="mean").dropna()
print(wide.round(1))
print("paired t:", ttest_rel(wide["web"], wide["shop"]))
print("wilcoxon:", wilcoxon(wide["web"] - wide["shop"]))
x = df["delivery_days"].dropna()
lo, hi = t.interval(0.95, len(x) - 1, loc=x.mean(), scale=sem(x))
print(f"promise of 3 days: mean {x.mean():.2f} [{lo:.2f}, {hi:.2f}], p = {ttest_1samp(x, 3, alternative='greater').pvalue:.3g}")
""",
    r"""
import pandas as pd
from scipy.stats import zscore, iqr, trim_mean, median_abs_deviation, mstats
df = pd.read_csv("data.csv")
for col in ["units", "unit_price", "cost"]:
    v = df[col]
    w = mstats.winsorize(v.to_numpy(), limits=[0.05, 0.05])
    print("{:<11} mean={:.2f} trimmed={:.2f} winsorized={:.2f} MAD={:.2f} IQR={:.2f} |z|>3: {}".format(
        col, v.mean(), trim_mean(v, 0.1), w.mean(), median_abs_deviation(v), iqr(v), (abs(zscore(v)) > 3).sum()))
""",
    r"""
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

class DateParts(BaseEstimator, TransformerMixin):
    def __init__(self, column="date", weekday=True):
        self.column = column
        self.weekday = weekday

    def fit(self, X, y=None):
        self.start_ = X[self.column].min()
        return self

    def transform(self, X):
        d = X[self.column]
        out = pd.DataFrame({"t": (d - self.start_).dt.days, "month": d.dt.month}, index=X.index)
        if self.weekday:
            out["weekday"] = d.dt.dayofweek
        return out

df = pd.read_csv("data.csv", parse_dates=["date"])
pipe = Pipeline([("dates", DateParts()), ("ridge", Ridge(alpha=1.0))])
print(pipe.get_params()["dates__weekday"], cross_val_score(pipe, df[["date"]], df["units"], cv=4, scoring="neg_mean_absolute_error").round(2))
""",
    r"""
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

df = pd.read_csv("data.csv")
features = ["unit_price", "discount", "cost", "customer_age", "delivery_days"]
X = df[features].fillna(df[features].median())
X_tr, X_te, y_tr, y_te = train_test_split(X, df["units"], random_state=42)
gbr = GradientBoostingRegressor(n_estimators=80, max_depth=2, learning_rate=0.05, random_state=42).fit(X_tr, y_tr)
imp = permutation_importance(gbr, X_te, y_te, n_repeats=10, random_state=42)
for i in imp.importances_mean.argsort()[::-1]:
    print(f"{features[i]:<15}{imp.importances_mean[i]:8.4f} ± {imp.importances_std[i]:.4f}")
print("train R2: %.3f, test R2: %.3f" % (gbr.score(X_tr, y_tr), gbr.score(X_te, y_te)))
""",
    r"""
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import pandas as pd

df = pd.read_csv("data.csv")
X, y = df[["unit_price", "cost", "discount"]], df["units"]
grid = GridSearchCV(
    make_pipeline(StandardScaler(), KNeighborsRegressor()),
    param_grid={"kneighborsregressor__n_neighbors": [3, 7, 15, 31], "kneighborsregressor__weights": ["uniform", "distance"]},
    cv=5,
    scoring="neg_root_mean_squared_error",
)
grid.fit(X, y)
print(grid.best_params_, f"RMSE {-grid.best_score_:.2f}")
pd.DataFrame(grid.cv_results_).filter(regex="^param_|mean_test|rank").sort_values("rank_test_score").head()
""",
    r"""
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.model_selection import cross_val_predict
from sklearn.metrics import classification_report, confusion_matrix

df = pd.read_csv("data.csv").dropna(subset=["note"])
y = df["rating"].fillna(0).ge(5).map({True: "five", False: "less"})
vec = TfidfVectorizer(lowercase=True, ngram_range=(1, 2), token_pattern=r"[a-z]{3,}", min_df=2)
X = vec.fit_transform(df["note"])
print(X.shape, vec.get_feature_names_out()[:8])
pred = cross_val_predict(MultinomialNB(alpha=0.5), X, y, cv=3)
print(confusion_matrix(y, pred))
print(classification_report(y, pred, zero_division=0))
""",
    r"""
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, export_text

df = pd.read_csv("data.csv")
X = df[["units", "unit_price", "discount", "cost"]]
y = df["category"]
tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=5, random_state=0).fit(X, y)
print(export_text(tree, feature_names=list(X.columns), decimals=1))
print(f"depth {tree.get_depth()}, leaves {tree.get_n_leaves()}, accuracy {tree.score(X, y):.2%}")
""",
    r"""
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

df = pd.read_csv("data.csv")
cols = ["units", "unit_price", "cost", "discount"]
iso = IsolationForest(contamination=0.04, random_state=11).fit(df[cols])
lof = LocalOutlierFactor(n_neighbors=15, contamination=0.04)
df["iso"] = iso.predict(df[cols]) == -1
df["lof"] = lof.fit_predict(df[cols]) == -1
df["score"] = -iso.score_samples(df[cols])
print(pd.crosstab(df["iso"], df["lof"]))
df[df["iso"] | df["lof"]].nlargest(6, "score")[["order_id", *cols, "score"]].round(3)
""",
    r"""
import pandas as pd
import numpy as np
from sklearn.linear_model import LassoCV, ElasticNetCV
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.pipeline import Pipeline

df = pd.read_csv("data.csv")
X, y = df[["unit_price", "discount", "cost"]], np.log(df["units"])
for Model in (LassoCV, ElasticNetCV):
    pipe = Pipeline(steps=[
        ("poly", PolynomialFeatures(degree=2, include_bias=False)),
        ("scale", StandardScaler()),
        ("reg", Model(cv=5, random_state=0, max_iter=20_000)),
    ]).fit(X, y)
    coef = pd.Series(pipe.named_steps["reg"].coef_, index=pipe[:-1].get_feature_names_out(X.columns))
    kept = coef[coef.abs() > 1e-6]
    print(f"{Model.__name__}: alpha={pipe['reg'].alpha_:.4f}, {len(kept)} of {len(coef)} kept")
    print(kept.sort_values(key=np.abs, ascending=False).head(4).round(3).to_dict())
""",
    r"""
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("data.csv")
X = df[["discount", "unit_price", "delivery_days", "rating"]].fillna(df[["delivery_days", "rating"]].mean()).fillna(0)
y = df["returned"].eq("yes").astype(int)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.4, stratify=y, random_state=8)
models = {"prior": DummyClassifier(strategy="prior"), "logistic": LogisticRegression(class_weight="balanced", max_iter=500)}
print(f"{'model':10}{'AUC':>8}{'AP':>8}{'Brier':>8}")
for name, model in models.items():
    proba = model.fit(Xtr, ytr).predict_proba(Xte)[:, 1]
    print(f"{name:10}{roc_auc_score(yte, proba):8.3f}{average_precision_score(yte, proba):8.3f}{brier_score_loss(yte, proba):8.3f}")
""",
    r"""
import pandas as pd
from sklearn.cluster import AgglomerativeClustering, DBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import RobustScaler

df = pd.read_csv("data.csv")
Z = RobustScaler().fit_transform(df[["unit_price", "cost", "units"]])
agg = AgglomerativeClustering(n_clusters=5, linkage="ward").fit_predict(Z)
db = DBSCAN(eps=0.5, min_samples=5).fit(Z)
n_db = len(set(db.labels_) - {-1})
print(f"DBSCAN: {n_db} clusters, {(db.labels_ == -1).sum()} noise points")
print("agreement with the categories (ARI): ward %.3f, DBSCAN %.3f" % (
    adjusted_rand_score(df["category"], agg), adjusted_rand_score(df["category"], db.labels_)))
pd.crosstab(df["category"], agg, colnames=["ward"])
""",
    r"""
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
import numpy as np

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
y = df["units"] * df["unit_price"] * (1 - df["discount"])
X = df[["region", "category", "channel", "discount", "customer_age"]]
ct = make_column_transformer((OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), make_column_selector(dtype_exclude="number")),
                             remainder="passthrough")
model = TransformedTargetRegressor(make_pipeline(ct, HistGradientBoostingRegressor(max_iter=40, random_state=0)), func=np.log1p, inverse_func=np.expm1)
cv = cross_validate(model, X, y, cv=TimeSeriesSplit(3), scoring=("r2", "neg_median_absolute_error"), return_train_score=True)
for k, v in sorted(cv.items()):
    if not k.endswith("_time"):
        print(f"{k:<38}", np.round(v, 2))
""",
    r"""
import pandas as pd
from sklearn.feature_selection import SelectKBest, f_regression, mutual_info_regression

df = pd.read_csv("data.csv")
X = pd.get_dummies(df.drop(columns=["order_id", "date", "sku", "note", "units"]), dtype=int).fillna(-1)
y = df["units"]
f = SelectKBest(f_regression, k=6).fit(X, y)
mi = mutual_info_regression(X, y, random_state=0)
ranking = pd.DataFrame({"F": f.scores_, "p": f.pvalues_, "MI": mi}, index=X.columns).round(4)
print("picked:", list(X.columns[f.get_support()]))
ranking.nlargest(10, "F")
""",
    r"""
import json
import pandas as pd
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import mean_squared_error

scaler, model = StandardScaler(), SGDRegressor(random_state=0, eta0=0.01)
history = []
for number, chunk in enumerate(pd.read_csv("data.csv", chunksize=40)):
    X, y = chunk[["unit_price", "discount"]], chunk["units"]
    scaler.partial_fit(X)
    if number:
        history.append({"chunk": number, "rmse": round(mean_squared_error(y, model.predict(scaler.transform(X))) ** 0.5, 2)})
    model.partial_fit(scaler.transform(X), y)
print(json.dumps(history, indent=2))
""",
    r"""
import numpy as np
import pandas as pd
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel as C, WhiteKernel

m = pd.read_csv("data.csv", parse_dates=["date"]).resample("MS", on="date")["units"].sum()
t = np.arange(len(m)).reshape(-1, 1)
kernel = C(1.0) * RBF(length_scale=3.0, length_scale_bounds=(0.5, 50)) + WhiteKernel(0.5)
gp = GaussianProcessRegressor(kernel=kernel, normalize_y=True, n_restarts_optimizer=2, random_state=0).fit(t, m)
mean, std = gp.predict(np.array([[len(m)], [len(m) + 1]]), return_std=True)
print(gp.kernel_)
print([f"{a:.0f} ± {1.96 * s:.0f}" for a, s in zip(mean, std)])
""",
    r"""
import pandas as pd
from sklearn.decomposition import NMF, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer

notes = pd.read_csv("data.csv")["note"].dropna()
cv = CountVectorizer(stop_words="english", max_features=40)
counts = cv.fit_transform(notes)
terms = cv.get_feature_names_out()
nmf = NMF(n_components=3, init="nndsvda", random_state=0, max_iter=500).fit(counts)
for k, comp in enumerate(nmf.components_):
    print(f"topic {k}: " + ", ".join(terms[i] for i in comp.argsort()[:-6:-1]))
svd = TruncatedSVD(5, random_state=0).fit(counts)
print("variance in 5 dimensions: {:.0%}".format(svd.explained_variance_ratio_.sum()))
""",
    r"""
import pandas as pd
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
import numpy as np

df = pd.read_csv("data.csv")
cols = ["customer_age", "rating", "delivery_days", "units", "discount"]
full = df[cols].dropna().reset_index(drop=True)
rng = np.random.default_rng(0)
hidden = rng.random(len(full)) < 0.2
holed = full.copy()
holed.loc[hidden, "rating"] = np.nan
for imputer in (SimpleImputer(), KNNImputer(n_neighbors=7), IterativeImputer(random_state=0, max_iter=5)):
    filled = imputer.fit_transform(holed)[:, cols.index("rating")]
    print(f"{type(imputer).__name__:<18} MAE {np.abs(filled - full['rating'])[hidden].mean():.3f}")
""",
    r"""
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.model_selection import cross_val_predict
from sklearn.svm import SVC
from sklearn.preprocessing import StandardScaler, LabelEncoder

df = pd.read_csv("data.csv")
le = LabelEncoder()
y = le.fit_transform(df["discount"] > 0)
X = StandardScaler().fit_transform(df[["units", "unit_price", "cost"]])
for name, clf in [("logit", LogisticRegression()), ("svm", CalibratedClassifierCV(SVC(gamma="scale"), cv=3))]:
    p = cross_val_predict(clf, X, y, cv=5, method="predict_proba")[:, 1]
    true, pred = calibration_curve(y, p, n_bins=4, strategy="quantile")
    print(name, "classes", le.classes_.tolist(), [f"{a:.2f}/{b:.2f}" for a, b in zip(true, pred)])
""",
    r"""
# k-fold with a plain loop, so each fold's errors can be looked at
from sklearn.model_selection import GroupKFold
from sklearn.ensemble import ExtraTreesRegressor
import pandas as pd

df = pd.read_csv("data.csv")
X = df[["unit_price", "cost", "discount"]].join(pd.get_dummies(df["channel"]))
oof = pd.Series(index=df.index, dtype=float)
for fold, (tr, te) in enumerate(GroupKFold(n_splits=4).split(X, df["units"], groups=df["city"])):
    model = ExtraTreesRegressor(n_estimators=30, random_state=fold, n_jobs=1).fit(X.iloc[tr], df["units"].iloc[tr])
    oof.iloc[te] = model.predict(X.iloc[te])
    print(f"fold {fold}: tested on {sorted(df['city'].iloc[te].unique())}")
df["error"] = oof - df["units"]
df.groupby("city")["error"].agg(bias="mean", mae=lambda e: e.abs().mean()).round(2)
""",
    r"""
import numpy as np
import pandas as pd
import statsmodels.api as sm

# Propensity score weighting: do discounts raise the size of an order?
df = pd.read_csv("data.csv")
treated = (df["discount"] > 0).astype(int)
covariates = sm.add_constant(pd.get_dummies(df[["category", "region", "unit_price"]], drop_first=True, dtype=float))
ps = sm.Logit(treated, covariates).fit(disp=0).predict()
w = np.where(treated == 1, 1 / ps, 1 / (1 - ps)).clip(max=20)
naive = df["units"][treated == 1].mean() - df["units"][treated == 0].mean()
wls = sm.WLS(df["units"], sm.add_constant(treated.rename("discounted")), weights=w).fit(cov_type="HC1")
print(f"naive {naive:+.2f}; weighted {wls.params['discounted']:+.2f} (p = {wls.pvalues['discounted']:.3f})")
print(f"overlap: {ps.min():.2f} to {ps.max():.2f}; effective n {w.sum() ** 2 / (w ** 2).sum():.0f}")
""",
    r"""
import pandas as pd
from statsmodels.stats.weightstats import DescrStatsW, CompareMeans, ttost_ind

df = pd.read_csv("data.csv")
north, south = (DescrStatsW(df.loc[df.region == r, "unit_price"], weights=df.loc[df.region == r, "units"]) for r in ("North", "South"))
print(f"weighted price: North {north.mean:.2f} (sd {north.std:.2f}), South {south.mean:.2f} (sd {south.std:.2f})")
cm = CompareMeans(north, south)
print("95% interval of the difference:", tuple(round(v, 2) for v in cm.tconfint_diff(usevar="unequal")))
p, lower, upper = ttost_ind(df.loc[df.region == "North", "units"], df.loc[df.region == "South", "units"], -3, 3)
print(f"equivalent within 3 units? p = {p:.3f}")
""",
    r"""
import pandas as pd
import statsmodels.api as sm
from statsmodels.tsa.api import VAR

df = pd.read_csv("data.csv", parse_dates=["date"])
wide = df.pivot_table(index=pd.Grouper(key="date", freq="MS"), columns="category", values="units", aggfunc="sum").fillna(0)
data = wide[["tea", "coffee"]]
fit = VAR(data).fit(maxlags=2)
print(fit.params.round(2))
causality = fit.test_causality("tea", ["coffee"], kind="f")
print(f"coffee Granger-causes tea? p = {causality.pvalue:.3f}")
print(fit.forecast(data.values[-fit.k_ar:], steps=2).round(1) if fit.k_ar else data.mean())
""",
    r"""
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.duration.hazard_regression import PHReg

df = pd.read_csv("data.csv")
d = df.dropna(subset=["customer_age"]).copy()
d["days"] = d["delivery_days"].fillna(8)
d["arrived"] = d["delivery_days"].notna().astype(int)
sf = SurvfuncRight(d["days"], d["arrived"])
print(sf.summary().round(3))
print("median delivery:", sf.quantile(0.5), "days; CI", sf.quantile_ci(0.5))
cox = PHReg.from_formula("days ~ C(channel) + discount", data=d, status=d["arrived"].to_numpy()).fit()
print(cox.summary().tables[1])
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf
from statsmodels.iolib.summary2 import summary_col

df = pd.read_csv("data.csv").assign(revenue=lambda d: d.units * d.unit_price)
regs = [smf.ols(f"{dep} ~ discount + C(channel, Treatment('shop'))", df).fit() for dep in ("units", "revenue", "unit_price")]
table = summary_col(regs, stars=True, float_format="%.2f", info_dict={"N": lambda r: f"{int(r.nobs)}", "R2": lambda r: f"{r.rsquared:.2f}"})
print(table.as_text())
latex = table.as_latex()
print(len(latex), "characters of LaTeX")
""",
    r"""
from typing import NamedTuple
import math
import pandas as pd
from scipy import stats

class TestResult(NamedTuple):
    name: str
    statistic: float
    p: float
    effect: float

    @property
    def verdict(self) -> str:
        return "significant" if self.p < 0.05 else "not significant"

def welch(a, b) -> TestResult:
    t, p = stats.ttest_ind(a, b, equal_var=False)
    d = (a.mean() - b.mean()) / math.sqrt((a.var() + b.var()) / 2)
    return TestResult("welch", t, p, d)

df = pd.read_csv("data.csv")
yes, no = df[df.discount > 0].units, df[df.discount == 0].units
res = welch(yes, no)
print(res, res.verdict, res._asdict(), sep="\n")
""",
    r"""
import pandas as pd
from sklearn.model_selection import RandomizedSearchCV
from sklearn.ensemble import RandomForestRegressor
from scipy.stats import randint, uniform

data = pd.read_csv("data.csv")
X = data[["unit_price", "discount", "cost", "customer_age"]].fillna(data["customer_age"].median())
y = data["units"]
search = RandomizedSearchCV(
    RandomForestRegressor(random_state=0), n_iter=4, cv=3, random_state=0, verbose=0,
    param_distributions={"n_estimators": randint(10, 40), "max_depth": [2, 4, None], "max_features": uniform(0.3, 0.7)},
).fit(X, y)
print("Best params:")
for key, value in search.best_params_.items():
    print(f"  {key}: {value:.3f}" if isinstance(value, float) else f"  {key}: {value}")
dict(zip(X.columns, search.best_estimator_.feature_importances_.round(3)))
""",
    r"""
import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import cosine_similarity

df = pd.read_csv("data.csv")
matrix = df.pivot_table(index="sku", columns="city", values="units", aggfunc="sum", fill_value=0)
matrix = matrix[matrix.gt(0).sum(axis=1) >= 2]
sim = pd.DataFrame(cosine_similarity(matrix), index=matrix.index, columns=matrix.index)

def recommend(sku: str, n: int = 3) -> list[tuple[str, float]]:
    scores = sim[sku].drop(sku).nlargest(n)
    return [(other, round(float(s), 3)) for other, s in scores.items()]

seed = matrix.sum(axis=1).idxmax()
print("Bought like", seed)
for other, score in recommend(seed):
    print(f"  {other:<12} {score:.3f} {'*' * int(np.ceil(score * 10))}")
""",
    r"""
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv", parse_dates=["date"])
df["after"] = (df["date"] >= df["date"].median()).astype(int)
df["web"] = (df["channel"] == "web").astype(int)
did = smf.ols("units ~ after * web + C(category)", df).fit(cov_type="cluster", cov_kwds={"groups": df["city"].astype("category").cat.codes})
effect = did.params["after:web"]
low, high = did.conf_int().loc["after:web"]
print(f"difference in differences: {effect:+.2f} units [{low:+.2f}, {high:+.2f}], p = {did.pvalues['after:web']:.3f}")
df.pivot_table(index="web", columns="after", values="units", aggfunc=["mean", "count"]).round(2)
""",
    r"""
import pandas as pd
from sklearn import metrics, set_config
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neural_network import MLPClassifier
from sklearn.utils import resample

set_config(transform_output="pandas")
df = pd.read_csv("data.csv").query("category != 'kettles'")
X, y = df[["unit_price", "cost"]], df["category"]
lda = LinearDiscriminantAnalysis().fit(X, y)
print(lda.transform(X).head(3).round(2))
for seed in range(3):
    Xb, yb = resample(X, y, random_state=seed, stratify=y)
    mlp = MLPClassifier((8,), max_iter=300, early_stopping=True, random_state=seed).fit(Xb, yb)
    acc = [metrics.balanced_accuracy_score(y, m.predict(X)) for m in (lda, mlp)]
    print(seed, "LDA {:.3f} | MLP {:.3f}".format(*acc))
""",
]
