"""numpy and scipy by habit: reading by hand, strides, masks, solvers, signals, sparse tables."""

PROGRAMS: list[str] = [
    r"""
import numpy as np

data = np.genfromtxt("data.csv", delimiter=",", names=True, dtype=None, encoding="utf-8", usecols=(0, 2, 6, 7), comments=None)
print(data.dtype.names)
for region in np.unique(data["region"]):
    part = data[data["region"] == region]
    print(f"{region:<6} {len(part):4d} {np.average(part['unit_price'], weights=part['units']):8.3f}")
""",
    r"""
import numpy as np

units, price, discount, cost = np.loadtxt("data.csv", delimiter=",", skiprows=1, usecols=(6, 7, 8, 9), unpack=True, quotechar='"')
margin = units * (price * (1 - discount) - cost)
order = np.argsort(margin)[::-1]
top = order[:5]
print("Five best margins:", np.round(margin[top], 2))
print("Share of the best fifth: {:.1%}".format(margin[order[: len(order) // 5]].sum() / margin.sum()))
""",
    r"""
import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

df = pd.read_csv("data.csv").sort_values("date")
x = df["units"].to_numpy(dtype=np.float64)
windows = sliding_window_view(x, 12)
med = np.median(windows, axis=-1)
mad = np.median(np.abs(windows - med[:, None]), axis=-1)
z = (x[11:] - med) / np.where(mad == 0, np.nan, 1.4826 * mad)
flag = np.flatnonzero(np.abs(z) > 3)
print(windows.shape, windows.strides, windows.flags["OWNDATA"])
df.iloc[flag + 11][["order_id", "date", "units"]]
""",
    r"""
import numpy as np
import pandas as pd

np.random.seed(1234)
np.set_printoptions(precision=3, suppress=True, linewidth=120)
df = pd.read_csv("data.csv")
returned = (df.returned == "yes").values
channel = df.channel.values
observed = returned[channel == "web"].mean() - returned[channel != "web"].mean()
perm = np.empty(3000)
for i in range(perm.shape[0]):
    shuffled = np.random.permutation(channel)
    perm[i] = returned[shuffled == "web"].mean() - returned[shuffled != "web"].mean()
p = (np.sum(np.abs(perm) >= abs(observed)) + 1) / (perm.size + 1)
print("difference = %.4f, permutation p = %.4f" % (observed, p))
print(np.quantile(perm, [0.025, 0.5, 0.975]))
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
cats, code = np.unique(df["category"].to_numpy(dtype=str), return_inverse=True)
chans, col = np.unique(df["channel"].to_numpy(dtype=str), return_inverse=True)
table = np.zeros((cats.size, chans.size))
np.add.at(table, (code, col), df["units"].to_numpy())
share = table / table.sum(axis=1, keepdims=True)
print(" " * 10, *[f"{c:>8}" for c in chans])
for name, row in zip(cats, share):
    print(f"{name:<10}", *[f"{v:8.1%}" for v in row])
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
rating = np.ma.masked_invalid(df["rating"].to_numpy(dtype=float))
print("valid:", rating.count(), "missing:", np.ma.count_masked(rating))
print("mean %.3f, median %.1f" % (rating.mean(), np.ma.median(rating)))
days = np.ma.masked_invalid(df["delivery_days"].to_numpy(dtype=float))
print(np.ma.corrcoef(rating, days).data.round(3))
rating.filled(-1)[:20].astype(int).tolist()
""",
    r"""
import numpy as np, pandas as pd
d = pd.read_csv("data.csv")
with np.errstate(divide="ignore", invalid="ignore"):
    ratio = np.true_divide(d.cost.values, d.unit_price.values * (1 - d.discount.values))
    log_ratio = np.log(ratio)
print(np.isfinite(log_ratio).all(), np.nanmin(ratio), np.nanmax(ratio))
conditions = [ratio < 0.45, ratio < 0.55, ratio < 0.7]
d["class"] = np.select(conditions, ["fat", "normal", "thin"], default="poor")
d["class"].value_counts()
""",
    r"""
import numpy as np
import pandas as pd

orders = pd.read_csv("data.csv", parse_dates=["date"])
days = orders["date"].to_numpy().astype("datetime64[D]")
gaps = np.diff(np.sort(days)).astype(int)
business = np.busday_count(days[:-1], days[1:])
weekend = ~np.is_busday(days)
print(f"{gaps.mean():.2f} calendar days, {business.mean():.2f} business days between orders")
print("weekend orders:", np.count_nonzero(weekend), "of", weekend.size)
ship_by = np.busday_offset(days, 3, roll="forward", holidays=["2023-12-25", "2023-12-26", "2024-01-01"])
list(map(str, ship_by[:5]))
""",
    r"""
import numpy as np
import pandas as pd

def weighted_quantile(values, quantiles, weights=None):
    values = np.asarray(values)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    if not np.all((0 <= np.asarray(quantiles)) & (np.asarray(quantiles) <= 1)):
        raise ValueError("quantiles should be in [0, 1]")
    sorter = np.argsort(values)
    values, weights = values[sorter], weights[sorter]
    cumulative = np.cumsum(weights) - 0.5 * weights
    cumulative /= weights.sum()
    return np.interp(quantiles, cumulative, values)

df = pd.read_csv("data.csv")
assert np.isclose(weighted_quantile([1.0, 2.0, 3.0], 0.5), 2.0)
for cat, g in df.groupby("category"):
    print(cat, weighted_quantile(g.unit_price, [0.25, 0.5, 0.75], g.units).round(2))
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
m = df.groupby(df["date"].dt.to_period("M"))["units"].sum()
y = m.to_numpy(dtype=float)
t = np.arange(y.size)
trend = np.polynomial.Polynomial.fit(t, y, deg=1)
resid = y - trend(t)
spectrum = np.abs(np.fft.rfft(resid * np.hanning(resid.size))) ** 2
freq = np.fft.rfftfreq(resid.size, d=1.0)
k = spectrum[1:].argmax() + 1
print(trend.convert())
print(f"strongest period: {1 / freq[k]:.1f} months ({spectrum[k] / spectrum[1:].sum():.0%} of the power)")
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv").dropna(subset=["rating", "delivery_days", "customer_age"])
X = np.column_stack([np.ones(len(df)), df[["delivery_days", "customer_age", "discount"]].to_numpy()])
y = df["rating"].to_numpy()
beta, rss, rank, sv = np.linalg.lstsq(X, y, rcond=None)
n, k = X.shape
sigma2 = rss[0] / (n - k)
se = np.sqrt(np.diag(sigma2 * np.linalg.inv(X.T @ X)))
for name, b, s in zip(("const", "delivery_days", "customer_age", "discount"), beta, se, strict=True):
    stars = "*" * sum(abs(b / s) > c for c in (1.64, 1.96, 2.58))
    print(f"{name:15s}{b:+9.4f}{s:9.4f}{b / s:8.2f} {stars}")
print(f"condition number {sv[0] / sv[-1]:.1f}, rank {rank}")
""",
    r"""
import numpy as np
import pandas as pd
# Monte Carlo: next quarter's revenue by resampling monthly growth rates
rng = np.random.default_rng(seed=20240101)
df = pd.read_csv("data.csv", parse_dates=["date"], index_col="date")
df["revenue"] = df.eval("units * unit_price * (1 - discount)")
monthly = df["revenue"].resample("ME").sum()
growth = monthly.pct_change().dropna().clip(-0.9, 3).to_numpy()
n_sims, horizon = 5_000, 3
paths = monthly.iloc[-1] * np.cumprod(1 + rng.choice(growth, size=(n_sims, horizon)), axis=1)
total = paths.sum(axis=1)
lo, mid, hi = np.percentile(total, [10, 50, 90])
print(f"P10={lo:,.0f}  P50={mid:,.0f}  P90={hi:,.0f}")
print(f"P(quarter > last quarter) = {(total > monthly.iloc[-3:].sum()).mean():.1%}")
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
counts, edges = np.histogram(df["unit_price"], bins="fd")
peak = counts.max()
for c, left, right in zip(counts, edges[:-1], edges[1:]):
    bar = "█" * int(round(40 * c / peak))
    print(f"{left:6.2f}–{right:6.2f} |{bar:<40}| {c}")
print(np.digitize([5, 12.5, 30], edges))
""",
    r"""
import numpy as np
import pandas as pd

pairs = pd.read_csv("data.csv")[["units", "unit_price", "discount", "cost"]]
Z = (pairs - pairs.mean()) / pairs.std(ddof=0)
U, S, Vt = np.linalg.svd(Z.values, full_matrices=False)
explained = S**2 / np.sum(S**2)
print("explained variance:", np.array2string(explained, formatter={"float_kind": lambda v: f"{v:.1%}"}))
loadings = pd.DataFrame(Vt.T, index=pairs.columns, columns=[f"PC{i}" for i in range(1, len(S) + 1)])
recon = (U[:, :2] * S[:2]) @ Vt[:2]
print("rank-2 error:", np.linalg.norm(Z.values - recon) / np.linalg.norm(Z.values))
loadings.round(3)
""",
    r"""
import time
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
u, p = df["units"].to_numpy(), df["unit_price"].to_numpy()

def timed(label, fn, repeat=50):
    start = time.perf_counter()
    for _ in range(repeat):
        out = fn()
    elapsed = (time.perf_counter() - start) / repeat
    print(f"{label:<12} {elapsed * 1e6:8.1f} µs -> {out:.2f}")
    return out

loop = timed("loop", lambda: sum(a * b for a, b in zip(u, p)))
vec = timed("dot", lambda: np.dot(u, p))
ein = timed("einsum", lambda: np.einsum("i,i->", u, p))
np.testing.assert_allclose([loop, ein], vec, rtol=1e-9)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
cheap_or_dear = np.vectorize(lambda price, mid: "dear" if price > mid else "cheap", otypes=[object])
medians = df.groupby("category")["unit_price"].transform("median")
df["level"] = cheap_or_dear(df["unit_price"], medians)
outer = np.subtract.outer(df["unit_price"].to_numpy()[:6], df["cost"].to_numpy()[:6])
print(np.tril(outer).round(1))
print(np.apply_along_axis(lambda r: np.ptp(r), 1, df[["unit_price", "cost"]].to_numpy())[:5])
df.groupby(["category", "level"])["units"].mean().unstack()
""",
    r"""
import numpy as np
import pandas as pd

# structured array, the old school way
df = pd.read_csv("data.csv")
rec = df[["category", "units", "unit_price"]].astype({"category": object}).to_records(index=False)
dt = np.dtype([("category", "U10"), ("units", "i4"), ("unit_price", "f8")])
arr = np.array([tuple(r) for r in rec], dtype=dt)
arr.sort(order=["category", "unit_price"])
starts = np.r_[0, np.flatnonzero(arr["category"][1:] != arr["category"][:-1]) + 1]
sums = np.add.reduceat(arr["units"], starts)
for s, total in zip(starts, sums):
    print(arr["category"][s], total)
print(arr.itemsize, arr.nbytes, arr.dtype.fields["units"])
""",
    r"""
import numpy as np
import pandas as pd

sku = pd.read_csv("data.csv")["sku"].to_numpy(dtype="U")
parts = np.char.partition(sku, "-")
prefix = parts[:, 0]
print(dict(zip(*np.unique(prefix, return_counts=True))))
grade = np.array([s[-1] for s in sku])
print(np.char.startswith(sku, "TEA").sum(), "tea SKUs;", np.char.upper(grade)[:8])
lengths = np.char.str_len(sku)
assert lengths.min() == lengths.max(), "SKU lengths vary"
np.char.add(np.char.add(prefix[:3], "/"), grade[:3]).tolist()
""",
    r"""
import numpy as np
import pandas as pd

class RunningStats:
    '''Welford's online mean and variance.'''
    def __init__(self):
        self.n, self.mean, self._m2 = 0, 0.0, 0.0

    def push(self, x: float) -> "RunningStats":
        self.n += 1
        delta = x - self.mean
        self.mean += delta / self.n
        self._m2 += delta * (x - self.mean)
        return self
    @property
    def std(self) -> float:
        return np.sqrt(self._m2 / (self.n - 1)) if self.n > 1 else float("nan")
    def __repr__(self):
        return f"{self.__class__.__name__}(n={self.n}, mean={self.mean:.3f}, std={self.std:.3f})"

rs = RunningStats()
for chunk in pd.read_csv("data.csv", chunksize=50, usecols=["unit_price"]):
    for v in chunk["unit_price"]:
        rs.push(v)
print(rs, RunningStats.__doc__)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
state = {"web": 0, "shop": 1, "phone": 2}
seq = df.sort_values("date")["channel"].map(state).to_numpy()
P = np.zeros((3, 3))
np.add.at(P, (seq[:-1], seq[1:]), 1)
P /= P.sum(1, keepdims=True)
w, v = np.linalg.eig(P.T)
stationary = np.real(v[:, np.argmin(np.abs(w - 1))])
stationary /= stationary.sum()
print("transition matrix\n", P.round(3))
print("long run:", dict(zip(state, stationary.round(3))))
print("after 10 orders from web:", (np.linalg.matrix_power(P, 10)[0]).round(3))
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import linprog

# how many pieces of each category to stock under a budget and shelf space?
df = pd.read_csv("data.csv")
g = df.groupby("category").agg(price=("unit_price", "mean"), cost=("cost", "mean"), sold=("units", "sum"))
space = pd.Series({"tea": 1, "coffee": 1.2, "biscuits": 1.5, "cups": 3, "kettles": 9}).reindex(g.index)
res = linprog(c=-(g.price - g.cost), A_ub=np.vstack([g.cost, space]), b_ub=[2500, 900],
              bounds=[(0, s * 0.5) for s in g.sold], method="highs")
print(res.message, "| profit", round(-res.fun, 2))
g.assign(stock=res.x.round(1), marginal=res.upper.marginals.round(2))
""",
    r"""
from scipy.optimize import minimize
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
k = df["units"].to_numpy()

def neg_loglik(theta, data=k):
    from scipy.special import gammaln
    mu, alpha = np.exp(theta)
    r = 1 / alpha
    ll = gammaln(data + r) - gammaln(r) - gammaln(data + 1) + r * np.log(r / (r + mu)) + data * np.log(mu / (r + mu))
    return -ll.sum()

fit = minimize(neg_loglik, x0=[np.log(k.mean()), -1.0], method="Nelder-Mead", options={"xatol": 1e-6, "maxiter": 2000})
mu, alpha = np.exp(fit.x)
print(f"negative binomial: mu={mu:.3f} alpha={alpha:.4f} converged={fit.success} in {fit.nit} iterations")
print("variance seen %.1f, implied %.1f, Poisson %.1f" % (k.var(ddof=1), mu + alpha * mu**2, mu))
""",
    r"""
import numpy as np
import pandas as pd
from scipy import signal

df = pd.read_csv("data.csv", parse_dates=["date"])
weekly = df.set_index("date")["units"].resample("W").sum().to_numpy(dtype=float)
smooth = signal.savgol_filter(weekly, window_length=9, polyorder=2)
b, a = signal.butter(3, 0.2)
low = signal.filtfilt(b, a, weekly)
peaks, props = signal.find_peaks(smooth, prominence=10, distance=4)
print(f"{len(peaks)} peaks in {len(weekly)} weeks; mean spacing {np.diff(peaks).mean():.1f} weeks")
print(props["prominences"].round(1))
f, pxx = signal.periodogram(signal.detrend(weekly), fs=52)
print("dominant cycles a year:", f[np.argmax(pxx)].round(2), "| rms difference", np.sqrt(np.mean((low - smooth) ** 2)).round(2))
""",
    r"""
import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator, UnivariateSpline, interp1d

df = pd.read_csv("data.csv", parse_dates=["date"])
m = df.set_index("date")["unit_price"].resample("MS").mean().dropna()
x = (m.index - m.index[0]).days.to_numpy()
pchip = PchipInterpolator(x, m.values)
spline = UnivariateSpline(x, m.values, s=len(x) * m.var() * 0.5)
linear = interp1d(x, m.values, kind="linear", fill_value="extrapolate")
grid = np.linspace(x[0], x[-1], 7)
pd.DataFrame({"day": grid, "pchip": pchip(grid), "spline": spline(grid), "linear": linear(grid)}).round(2)
""",
    r"""
import pandas as pd
import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.cluster.hierarchy import linkage, fcluster, leaves_list

df = pd.read_csv("data.csv")
profile = pd.crosstab(df["city"], df["category"], normalize="index")
D = pdist(profile.values, metric="cosine")
Z = linkage(D, method="average")
labels = fcluster(Z, t=3, criterion="maxclust")
order = leaves_list(Z)
print(pd.DataFrame(squareform(D), index=profile.index, columns=profile.index).iloc[order, order].round(3))
for lab in np.unique(labels):
    print(f"cluster {lab}: {', '.join(profile.index[labels == lab])}")
""",
    r"""
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import svds

df = pd.read_csv("data.csv")
rows, cities = pd.factorize(df["city"])
cols, skus = pd.factorize(df["sku"])
M = sparse.coo_matrix((df["units"].astype(float), (rows, cols)), shape=(len(cities), len(skus))).tocsr()
print(f"{M.nnz} of {np.prod(M.shape)} filled ({M.nnz / np.prod(M.shape):.1%})")
u, s, vt = svds(M, k=3, random_state=0)
print("singular values", s[::-1].round(1))
cos = (M @ M.T).toarray()
norm = np.sqrt(cos.diagonal())
sim = cos / np.outer(norm, norm)
np.fill_diagonal(sim, 0)
{c: str(cities[j]) for c, j in zip(cities, sim.argmax(1))}
""",
    r"""
import pandas as pd
import numpy as np
from scipy.integrate import quad, trapezoid, cumulative_trapezoid
from scipy.stats import gaussian_kde

price = pd.read_csv("data.csv")["unit_price"]
kde = gaussian_kde(price, bw_method="silverman")
grid = np.linspace(0, price.max() * 1.2, 400)
dens = kde(grid)
print("area ≈", round(trapezoid(dens, grid), 4), "exact", round(kde.integrate_box_1d(0, grid[-1]), 4))
cdf = cumulative_trapezoid(dens, grid, initial=0)
median = grid[np.searchsorted(cdf, 0.5)]
tail, err = quad(lambda v: kde(v)[0], 15, 60, limit=200)
print(f"mode {grid[dens.argmax()]:.2f}, median {median:.2f}, P(price > 15) = {tail:.3f} (±{err:.1e})")
""",
    r"""
from scipy.optimize import brentq, root_scalar
import pandas as pd

df = pd.read_csv("data.csv")
base = df.eval("units * (unit_price * (1 - discount) - cost)").sum()

def profit_with(extra: float) -> float:
    "Total margin if every order were given `extra` more discount."
    return df.eval("units * (unit_price * (1 - discount - @extra) - cost)").sum()

breakeven = brentq(profit_with, 0, 1)
half = root_scalar(lambda e: profit_with(e) - base / 2, bracket=[0, 1], method="brenth")
print(f"margin now {base:,.0f}; gone at {breakeven:.1%} more discount, halved at {half.root:.1%}")
assert half.converged
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

df = pd.read_csv("data.csv")
couriers = ["Ann", "Ben", "Cho", "Dev"]
rng = np.random.RandomState(7)
demand = df.groupby("region")["units"].sum()
cost = np.outer(demand.values, rng.uniform(0.8, 1.2, len(couriers)))
cost += rng.normal(0, 20, cost.shape)
r, c = linear_sum_assignment(cost)
print(pd.DataFrame(cost, index=demand.index, columns=couriers).round(0))
for i, j in zip(r, c):
    print(f"{demand.index[i]:>6} -> {couriers[j]} ({cost[i, j]:.0f})")
print("total", cost[r, c].sum().round(1), "greedy", cost.min(axis=1).sum().round(1))
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import curve_fit

def logistic(t, K, r, t0):
    return K / (1 + np.exp(-r * (t - t0)))

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
df["t"] = (df["date"] - df["date"].iloc[0]).dt.days
df["cum"] = df["units"].cumsum()
try:
    popt, pcov = curve_fit(logistic, df["t"], df["cum"], p0=[df["cum"].max(), 0.01, df["t"].median()], maxfev=20000)
except RuntimeError as exc:
    print("no fit:", exc)
else:
    K, r, t0 = popt
    rmse = np.sqrt(np.mean((logistic(df["t"], *popt) - df["cum"]) ** 2))
    print(f"{K=:.0f} {r=:.4f} {t0=:.0f} {rmse=:.1f}")
    print("std errors:", np.sqrt(np.diag(pcov)).round(4))
""",
    r"""
import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve, toeplitz

s = pd.read_csv("data.csv", parse_dates=["date"]).set_index("date")["units"].resample("ME").sum()
x = s - s.mean()
def acf(v, lags):
    v = np.asarray(v, float)
    denom = v @ v
    return np.array([v[: len(v) - k] @ v[k:] / denom for k in range(lags + 1)])
rho = acf(x, 4)
R = toeplitz(rho[:-1])
phi = cho_solve(cho_factor(R), rho[1:])   # Yule-Walker
print("acf ", rho.round(3))
print("AR(4)", phi.round(3))
forecast = s.mean() + phi @ x.to_numpy()[-1:-5:-1]
print(f"next month ≈ {forecast:.1f} units")
""",
    r"""
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

daily = pd.read_csv("data.csv", parse_dates=["date"]).set_index("date")["units"].resample("D").sum()
v = daily.to_numpy(float)
out = pd.DataFrame({
    "raw": v,
    "gauss": gaussian_filter1d(v, sigma=14),
    "median": median_filter(v, size=29),
    "uniform": uniform_filter1d(v, size=28, mode="nearest"),
}, index=daily.index)
out.resample("QE").mean().round(2)
""",
    r"""
from scipy.special import expit, logit, comb, betainc
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
k, n = (df["returned"] == "yes").sum(), len(df)
p = k / n
se = np.sqrt(1 / k + 1 / (n - k))
low, high = expit(logit(p) + np.array([-1.96, 1.96]) * se)
print(f"{k}/{n} returned: {p:.2%} [{low:.2%}, {high:.2%}] on the logit scale")
prob = 1 - betainc(1 + k, 1 + n - k, 0.05)
print(f"P(rate > 5%) = {prob:.3f} with a flat prior")
print("P(no return in 20 orders) =", round(float(comb(20, 0) * (1 - p) ** 20), 3))
""",
    r"""
import numpy as np
import pandas as pd

SEED = 99
rng = np.random.default_rng(SEED)

def bootstrap_ci(x, stat=np.mean, n_boot=1000, alpha=0.05, rng=rng):
    x = np.asarray(x)
    idx = rng.integers(0, len(x), size=(n_boot, len(x)))
    dist = stat(x[idx], axis=1)
    return stat(x, axis=0), *np.quantile(dist, [alpha / 2, 1 - alpha / 2])

df = pd.read_csv("data.csv")
rows = []
for name, fn in {"mean": np.mean, "median": np.median, "std": np.std}.items():
    for region, grp in df.groupby("region"):
        est, lo, hi = bootstrap_ci(grp["units"].to_numpy(), stat=fn)
        rows.append(dict(stat=name, region=region, estimate=est, lo=lo, hi=hi))
pd.DataFrame(rows).pivot(index="region", columns="stat", values="estimate").round(2)
""",
    r"""
import io
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
buffer = io.BytesIO()
np.savez_compressed(buffer, units=df["units"].to_numpy(), price=df["unit_price"].to_numpy())
size = buffer.tell()
buffer.seek(0)
with np.load(buffer) as archive:
    names = archive.files
    units = archive["units"]
print(f"{names} in {size} bytes against {df[['units', 'unit_price']].memory_usage(index=False).sum()}")
print(units.dtype, units.sum() == df["units"].sum())
""",
    r"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]

def gini(values: FloatArray) -> float:
    "Gini coefficient: 0 all equal, 1 all in one hand."
    v = np.sort(np.asarray(values, dtype=np.float64))
    n = v.size
    if n == 0 or v.sum() == 0:
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ v / (n * v.sum()))

df = pd.read_csv("data.csv")
by_sku = df.groupby("sku")["units"].sum().to_numpy(float)
by_city = df.groupby("city")["units"].sum().to_numpy(float)
print(f"Gini by SKU {gini(by_sku):.3f}, by city {gini(by_city):.3f}, of equal shares {gini(np.ones(10)):.3f}")
""",
    r"""
import csv
import numpy as np

with open("data.csv", encoding="utf-8", newline="") as fh:
    reader = csv.reader(fh)
    header = next(reader)
    rows = [r for r in reader]
col = {name: i for i, name in enumerate(header)}
age = np.array([float(r[col["customer_age"]] or "nan") for r in rows])
units = np.array([int(r[col["units"]]) for r in rows])
ok = ~np.isnan(age)
print(f"{ok.sum()} of {ok.size} have an age")
print(f"r = {np.corrcoef(age[ok], units[ok])[0, 1]:.3f}")
bins = np.arange(15, 86, 10)
which = np.digitize(age[ok], bins)
for b in np.unique(which):
    print(f"{bins[b - 1]}-{bins[b - 1] + 9}: {units[ok][which == b].mean():.1f}")
""",
    r"""
import numpy as np
import pandas as pd

def ecdf(x):
    x = np.sort(np.asarray(x))
    return x, np.arange(1, x.size + 1) / x.size

df = pd.read_csv("data.csv")
a, Fa = ecdf(df.loc[df.channel.eq("web"), "unit_price"])
b, Fb = ecdf(df.loc[df.channel.eq("shop"), "unit_price"])
both = np.union1d(a, b)
gap = np.searchsorted(a, both, side="right") / a.size - np.searchsorted(b, both, side="right") / b.size
at = np.abs(gap).argmax()
print(f"largest gap between the curves: {gap[at]:+.3f} at {both[at]:.2f}")
print(pd.Series(Fa, index=a).iloc[::20].round(2).to_dict())
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
price_grid = np.linspace(0.8, 1.2, 9)
elasticity = np.array([-0.5, -1.0, -1.5, -2.0])
P, E = np.meshgrid(price_grid, elasticity)
units = df["units"].to_numpy()
unit_margin = lambda f: df["unit_price"].to_numpy() * (1 - df["discount"].to_numpy()) * f - df["cost"].to_numpy()
profit = np.fromfunction(
    np.vectorize(lambda i, j: (units * P[int(i), int(j)] ** E[int(i), int(j)] * unit_margin(P[int(i), int(j)])).sum()),
    P.shape,
)
best = price_grid[profit.argmax(axis=1)]
for e, f in zip(elasticity, best):
    print(f"elasticity {e:+.1f}: best price factor {f:.2f}")
pd.DataFrame(profit.round(0), index=elasticity, columns=price_grid.round(2))
""",
    r"""
import warnings
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore", category=RuntimeWarning)
df = pd.read_csv("data.csv")
wide = df.pivot_table(index="city", columns="category", values="rating", aggfunc="mean")
A = wide.to_numpy()
print("column means", np.nanmean(A, axis=0).round(2))
print("row means   ", np.nanmean(A, axis=1).round(2))
filled = np.where(np.isnan(A), np.nanmean(A, axis=0, keepdims=True), A)
centered = filled - filled.mean(0)
print("best city:", wide.index[np.nanargmax(np.nanmean(A, axis=1))])
np.round(np.cov(centered, rowvar=False), 3)
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import nnls, lsq_linear

df = pd.read_csv("data.csv")
A = pd.get_dummies(df["category"]).to_numpy(dtype=float) * df[["units"]].to_numpy()
b = (df["units"] * df["cost"]).to_numpy()
x, rnorm = nnls(A, b)
box = lsq_linear(A, b, bounds=(0, 10))
names = sorted(df["category"].unique())
print(f"residual norm {rnorm:.2f}")
print({n: (round(float(u), 2), round(float(v), 2)) for n, u, v in zip(names, x, box.x)})
""",
    r"""
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.sparse import csr_matrix

df = pd.read_csv("data.csv", parse_dates=["date"])
mx = pd.crosstab(df["city"], df["sku"]).clip(upper=1)
common = mx @ mx.T
dist = 1 / (1 + common.to_numpy(dtype=float))
np.fill_diagonal(dist, 0)
tree = minimum_spanning_tree(csr_matrix(dist)).tocoo()
for i, j, w in sorted(zip(tree.row, tree.col, tree.data), key=lambda e: e[2]):
    print(f"{mx.index[i]} -- {mx.index[j]}: {int(round(1 / w - 1))} SKUs in common")
n, lab = connected_components(csr_matrix(common.to_numpy() > 5), directed=False)
print(n, "group(s)", lab.tolist())
""",
    r"""
# Value at risk of a month's gross margin, three ways
import numpy as np
import pandas as pd
from scipy.stats import norm, t as student_t

df = pd.read_csv("data.csv", parse_dates=["date"])
margin = df["units"] * (df["unit_price"] * (1 - df["discount"]) - df["cost"])
monthly = margin.groupby(df["date"].dt.to_period("M")).sum()
mu, sd, q = monthly.mean(), monthly.std(), 0.05
hist = np.quantile(monthly, q)
param = norm.ppf(q, mu, sd)
nu, loc, scale = student_t.fit(monthly)
print(f"{'historical':<12}{hist:10.2f}\n{'normal':<12}{param:10.2f}\n{'student t':<12}{student_t.ppf(q, nu, loc, scale):10.2f}")
print(f"expected shortfall {monthly[monthly <= hist].mean():.2f}")
""",
    r"""
import numpy as np
import pandas as pd

def cusum(x, target=None, k=0.5, h=5.0):
    x = np.asarray(x, dtype=float)
    target = np.mean(x[:30]) if target is None else target
    z = (x - target) / np.std(x[:30], ddof=1)
    hi = lo = 0.0
    for i, zi in enumerate(z):
        hi, lo = max(0.0, hi + zi - k), max(0.0, lo - zi - k)
        if hi > h or lo > h:
            yield i, ("up" if hi > h else "down")
            hi = lo = 0.0

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date", ignore_index=True)
alarms = list(cusum(df["units"]))
print(f"{len(alarms)} alarms")
for i, direction in alarms:
    print(df.at[i, "date"].strftime("%d %b %Y"), direction)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
X = df[["units", "unit_price", "cost"]].to_numpy()
mean, cov = X.mean(axis=0), np.cov(X.T)
L = np.linalg.cholesky(cov)
diff = X - mean
maha = np.sqrt(np.einsum("ij,jk,ik->i", diff, np.linalg.inv(cov), diff))
far = np.argpartition(maha, -5)[-5:]
print("log det", np.linalg.slogdet(cov)[1].round(3), "cond", np.linalg.cond(cov).round(1))
white = np.linalg.solve(L, diff.T)
assert np.allclose(np.cov(white), np.eye(3), atol=1e-8)
df.loc[far[np.argsort(-maha[far])], ["order_id", "category", "units", "unit_price", "cost"]].assign(d=np.sort(maha[far])[::-1].round(2))
""",
    r"""
import itertools
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
groups = {name: g["delivery_days"].dropna().to_numpy() for name, g in df.groupby("region")}

def cliffs_delta(a, b):
    d = np.sign(a[:, None] - b[None, :])
    return d.mean()

size = lambda d: next(word for cut, word in [(0.147, "negligible"), (0.33, "small"), (0.474, "medium"), (9, "large")] if abs(d) < cut)
for (na, a), (nb, b) in itertools.combinations(groups.items(), 2):
    d = cliffs_delta(a, b)
    print(f"{na:>5} vs {nb:<5} delta = {d:+.3f} ({size(d)})")
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import differential_evolution, dual_annealing

df = pd.read_csv("data.csv")
w = df.pivot_table(index="date", columns="category", values="units", aggfunc="sum").fillna(0)
w.index = pd.to_datetime(w.index)
R = w.resample("ME").sum().pct_change().replace([np.inf, -np.inf], np.nan).fillna(0).clip(-1, 2)
mu, C = R.mean().values, R.cov().values

def objective(x):
    x = np.abs(x) / np.abs(x).sum()
    return -(x @ mu) / np.sqrt(x @ C @ x)

de = differential_evolution(objective, bounds=[(0.01, 1)] * len(mu), seed=3, maxiter=60, tol=1e-6)
da = dual_annealing(objective, bounds=[(0.01, 1)] * len(mu), seed=3, maxiter=50)
for label, r in (("DE", de), ("DA", da)):
    print(label, round(-r.fun, 4), dict(zip(R.columns, (r.x / r.x.sum()).round(2))))
""",
    r"""
import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp

# Bass diffusion against cumulative customers
df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
cum = df.groupby(df["date"].dt.to_period("Q")).size().cumsum().to_numpy(float)
M = cum[-1] * 1.3

def bass(t, y, p, q):
    return (p + q * y / M) * (M - y)

best = (np.inf, None)
for p in np.linspace(0.02, 0.2, 7):
    for q in np.linspace(0.05, 0.6, 7):
        sol = solve_ivp(bass, (0, len(cum)), [0], args=(p, q), t_eval=np.arange(1, len(cum) + 1))
        sse = float(((sol.y[0] - cum) ** 2).sum())
        best = min(best, (sse, (round(p, 3), round(q, 3))), key=lambda pair: pair[0])
print("SSE %.1f with (p, q) = %s" % best)
""",
    r"""
import sys
import numpy as np
import scipy
import pandas as pd

print("python", sys.version.split()[0], "| numpy", np.__version__, "| scipy", scipy.__version__, "| pandas", pd.__version__)
arr = pd.read_csv("data.csv")["units"].to_numpy()
for dtype in (np.int64, np.int32, np.int16, np.uint8, np.float32):
    a = arr.astype(dtype)
    info = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
    print(f"{dtype.__name__:>8} {a.nbytes:6d} bytes, max {info.max:.4g}, lossless: {np.array_equal(a, arr)}")
print(sys.getsizeof(arr.tolist()), "bytes as a list")
""",
    r"""
import numpy as np
import pandas as pd
from functools import partial, reduce

df = pd.read_csv("data.csv")
steps = [
    partial(np.clip, a_min=0, a_max=np.percentile(df["unit_price"], 99)),
    np.log1p,
    lambda v: (v - v.mean()) / v.std(),
]
scaled = reduce(lambda acc, f: f(acc), steps, df["unit_price"].to_numpy())
names = [getattr(s, "__name__", type(s).__name__) for s in steps]
print(" -> ".join(names))
print(f"mean {scaled.mean():.2e}, sd {scaled.std():.3f}, skew {np.mean(scaled**3):.3f}")
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
mask = np.logical_and.reduce([
    df["units"].between(5, 30),
    df["discount"].gt(0),
    np.isin(df["region"], ["North", "West"]),
    ~df["note"].fillna("").str.contains("broken|late", case=False),
])
print(mask.sum(), "orders kept;", np.packbits(mask).size, "bytes packed")
i, = np.nonzero(mask)
rng = np.random.Generator(np.random.PCG64(5))
sample = rng.choice(i, size=min(8, i.size), replace=False)
df.iloc[np.sort(sample), :8]
""",
    r"""
import math
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
coords = {"Leeds": (53.80, -1.55), "York": (53.96, -1.08), "Dover": (51.13, 1.31), "Bristol": (51.45, -2.59), "Brighton": (50.82, -0.14)}
known = df[df["city"].isin(coords)].copy()
known[["lat", "lon"]] = known["city"].map(coords).tolist()

def haversine(lat1, lon1, lat2, lon2, R=6371.0):
    lat1, lon1, lat2, lon2 = map(np.radians, (lat1, lon1, lat2, lon2))
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * R * np.arcsin(np.sqrt(a))

known["km"] = haversine(known["lat"], known["lon"], *coords["Leeds"])
assert math.isclose(known.loc[known.city == "Leeds", "km"].max(), 0, abs_tol=1e-9)
known.groupby("city")[["km", "delivery_days"]].mean().sort_values("km").round(1)
""",
    r"""
import numpy as np
import pandas as pd
from scipy.signal import correlate, correlation_lags

df = pd.read_csv("data.csv", parse_dates=["date"])
piv = df.pivot_table(index=pd.Grouper(key="date", freq="ME"), columns="category", values="units", aggfunc="sum").fillna(0)
tea = ((piv["tea"] - piv["tea"].mean()) / piv["tea"].std()).to_numpy()
cof = ((piv["coffee"] - piv["coffee"].mean()) / piv["coffee"].std()).to_numpy()
cc = correlate(tea, cof, mode="full") / len(tea)
lags = correlation_lags(len(tea), len(cof), mode="full")
keep = np.abs(lags) <= 6
for lag, value in zip(lags[keep], cc[keep]):
    print(f"{lag:+d} months  {value:+.3f} " + ("+" if value > 0 else "-") * int(abs(value) * 30))
""",
    r"""
import numpy as np
import pandas as pd

orders = pd.read_csv("data.csv")
n = len(orders)
idx = np.arange(n)
np.random.default_rng(0).shuffle(idx)
folds = np.array_split(idx, 5)
X = np.c_[np.ones(n), orders[["unit_price", "discount"]]]
y = np.log1p(orders["units"].to_numpy())
errors = []
for k, test in enumerate(folds):
    train = np.setdiff1d(idx, test, assume_unique=True)
    lam = 0.1 * np.eye(X.shape[1])
    lam[0, 0] = 0
    w = np.linalg.solve(X[train].T @ X[train] + lam, X[train].T @ y[train])
    errors.append(np.sqrt(np.mean((X[test] @ w - y[test]) ** 2)))
    print(f"fold {k}: rmse {errors[-1]:.3f}  weights {w.round(3)}")
print(f"{np.mean(errors):.3f} ± {np.std(errors):.3f}")
""",
    r"""
import numpy as np
import pandas as pd
from scipy.optimize import LinearConstraint, milp, Bounds

# pick the SKUs for a window display: at most 12, at most 4 of one category, best margin
df = pd.read_csv("data.csv")
sku = df.assign(margin=df.units * (df.unit_price - df.cost)).groupby(["sku", "category"], as_index=False)["margin"].sum()
cats = pd.get_dummies(sku["category"]).T.to_numpy(float)
A = np.vstack([np.ones(len(sku)), cats])
limits = LinearConstraint(A, ub=np.r_[12, np.full(len(cats), 4)])
res = milp(-sku["margin"].to_numpy(), constraints=limits, integrality=np.ones(len(sku)), bounds=Bounds(0, 1))
chosen = sku[res.x > 0.5]
print(res.status, f"{chosen['margin'].sum():.2f} of {sku['margin'].sum():.2f}")
chosen.sort_values(["category", "margin"], ascending=[True, False]).reset_index(drop=True)
""",
]
