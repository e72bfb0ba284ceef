"""numpy and scipy: simulation, tests, fits."""

PROGRAMS: list[str] = [
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
rng = np.random.default_rng(42)
values = df["unit_price"].to_numpy()
means = np.array([rng.choice(values, size=values.size).mean() for _ in range(2000)])
low, high = np.percentile(means, [2.5, 97.5])
print(f"mean price {values.mean():.2f}, 95% bootstrap interval [{low:.2f}, {high:.2f}]")
""",
    r"""
import pandas as pd
from scipy import stats

df = pd.read_csv("data.csv")
web = df.loc[df["channel"] == "web", "units"]
shop = df.loc[df["channel"] == "shop", "units"]
t, p = stats.ttest_ind(web, shop, equal_var=False)
u = stats.mannwhitneyu(web, shop, alternative="two-sided")
print(f"Welch t = {t:.3f} (p = {p:.3f}); Mann-Whitney U = {u.statistic:.0f} (p = {u.pvalue:.3f})")
verdict = "differ" if p < 0.05 else "do not clearly differ"
print("Orders on the web and in shops", verdict)
""",
    r"""
import pandas as pd
from scipy.stats import chi2_contingency

df = pd.read_csv("data.csv")
observed = pd.crosstab(df["region"], df["returned"])
chi2, p, dof, expected = chi2_contingency(observed)
cramers_v = (chi2 / (observed.to_numpy().sum() * (min(observed.shape) - 1))) ** 0.5
print(observed)
print({"chi2": round(chi2, 3), "p": round(p, 4), "dof": dof, "V": round(cramers_v, 3)})
if (expected < 5).any():
    print("Some expected counts are below five: read this with care.")
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import curve_fit

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
days = (df["date"] - df["date"].min()).dt.days.to_numpy(float)
units = df["units"].to_numpy(float)

def season(t, level, slope, height, phase):
    return level + slope * t + height * np.sin(2 * np.pi * t / 365.25 + phase)

params, cov = curve_fit(season, days, units, p0=[units.mean(), 0, 1, 0])
errors = np.sqrt(np.diag(cov))
for name, value, error in zip(["level", "slope", "height", "phase"], params, errors):
    print(f"{name:>7} = {value:9.4f} ± {error:.4f}")
residual = units - season(days, *params)
1 - residual.var() / units.var()
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
X = df[["units", "unit_price", "discount", "cost"]].to_numpy(dtype=float)
Z = (X - X.mean(axis=0)) / X.std(axis=0)
U, s, Vt = np.linalg.svd(Z, full_matrices=False)
share = s**2 / np.sum(s**2)
print("variance by component:", np.round(share, 3))
loadings = pd.DataFrame(Vt.T, index=["units", "unit_price", "discount", "cost"]).round(2)
loadings
""",
    r"""
import pandas as pd
from scipy import stats

df = pd.read_csv("data.csv").dropna(subset=["rating"])
groups = {name: part["rating"].to_numpy() for name, part in df.groupby("region")}
f = stats.f_oneway(*groups.values())
k = stats.kruskal(*groups.values())
levene = stats.levene(*groups.values())
print(f"ANOVA F={f.statistic:.2f} p={f.pvalue:.4f}; Kruskal H={k.statistic:.2f} p={k.pvalue:.4f}; Levene p={levene.pvalue:.3f}")
pairs = [(a, b) for i, a in enumerate(groups) for b in list(groups)[i + 1:]]
for a, b in pairs:
    p = stats.mannwhitneyu(groups[a], groups[b]).pvalue * len(pairs)
    print(a, b, "p (Bonferroni) =", round(min(p, 1.0), 4))
""",
    r"""
import numpy as np
import pandas as pd
from scipy import stats

x = pd.read_csv("data.csv")["unit_price"].values
logx = np.log(x)
print("skew", stats.skew(x), "->", stats.skew(logx))
print("Shapiro", stats.shapiro(x).pvalue, "->", stats.shapiro(logx).pvalue)
shape, loc, scale = stats.gamma.fit(x, floc=0)
ks = stats.kstest(x, "gamma", args=(shape, loc, scale))
print(f"gamma fit: shape {shape:.2f}, scale {scale:.2f}, KS p {ks.pvalue:.3g}")
hist, edges = np.histogram(x, bins="auto")
for count, left, right in zip(hist, edges[:-1], edges[1:]):
    print(f"{left:6.1f} - {right:6.1f} | " + "#" * count)
""",
    r"""
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from scipy.cluster.hierarchy import fcluster, linkage

df = pd.read_csv("data.csv")
profile = pd.crosstab(df["city"], df["category"], values=df["units"], aggfunc="sum").fillna(0)
share = profile.div(profile.sum(axis=1), axis=0)
tree = linkage(pdist(share, metric="cityblock"), method="average")
share["cluster"] = fcluster(tree, t=3, criterion="maxclust")
distances = pd.DataFrame(squareform(pdist(share.drop(columns="cluster"))), index=share.index, columns=share.index)
print(distances.round(3))
share.sort_values("cluster").round(2)
""",
    r"""
import numpy as np
import pandas as pd
from scipy.signal import detrend, find_peaks
from scipy.interpolate import interp1d

df = pd.read_csv("data.csv", parse_dates=["date"])
weekly = df.set_index("date")["units"].resample("W").sum().astype(float)
y = detrend(weekly.to_numpy())
peaks, info = find_peaks(y, prominence=np.std(y))
print("peaks in weeks:", [weekly.index[i].strftime("%Y-%W") for i in peaks])
smooth = interp1d(np.arange(len(y)), y, kind="cubic")(np.linspace(0, len(y) - 1, 300))
spectrum = np.abs(np.fft.rfft(y))
frequency = np.fft.rfftfreq(len(y), d=7)
strongest = frequency[1:][spectrum[1:].argmax()]
print("period in days:", round(1 / strongest, 1), "smooth range:", np.ptp(smooth).round(2))
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
rng = np.random.default_rng(7)
a = df.query("discount > 0")["units"].to_numpy()
b = df.query("discount == 0")["units"].to_numpy()
observed = a.mean() - b.mean()
pooled = np.concatenate([a, b])
count = 0
for _ in range(5000):
    rng.shuffle(pooled)
    count += abs(pooled[: a.size].mean() - pooled[a.size:].mean()) >= abs(observed)
print(f"difference {observed:.2f} units, permutation p = {(count + 1) / 5001:.4f}")
""",
]
