"""pandas and numpy as different people use them: cleaning, reshaping, joins, dates, text, windows, reports."""

PROGRAMS: list[str] = [
    r"""
import pandas as pd
df = pd.read_csv("data.csv")
df.head()
""",
    r"""
import pandas as pd
df = pd.read_csv("data.csv")
df["sales"] = df["units"] * df["unit_price"]
df.groupby("region")["sales"].sum().sort_values(ascending=False)
""",
    r"""
# Which city has the lowest average rating?
import pandas as pd

df = pd.read_csv("data.csv")
avg = df.groupby("city")["rating"].mean()
answer = avg.idxmin()
print(f"The city with the lowest average rating is {answer} ({avg.min():.2f}).")
""",
    r"""
import numpy as np
import pandas as pd

pd.set_option("display.max_columns", None)
pd.set_option("display.width", 160)
pd.options.display.float_format = "{:,.2f}".format

df = pd.read_csv("data.csv")
numeric_cols = df.select_dtypes(include=[np.number]).columns
categorical_cols = df.select_dtypes(include=["object", "string"]).columns
print("Numeric columns:", list(numeric_cols))
print("Categorical columns:", list(categorical_cols))
print(df[numeric_cols].describe())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
# Step 1: impute the gaps
df["rating"] = df["rating"].fillna(df["rating"].median())
df["delivery_days"] = df.groupby("region")["delivery_days"].transform(lambda s: s.fillna(s.mean()))
df["customer_age"] = df["customer_age"].interpolate()
# Step 2: check that nothing is missing
remaining = df.drop(columns="note").isnull().sum().sum()
print("Remaining missing values:", remaining)
assert remaining == 0, "there are gaps left"
""",
    r"""
import pandas as pd

prices = pd.DataFrame({
    "region": ["North", "South", "West", "East"],
    "population": [3_400_000, 5_100_000, 2_800_000, 1_900_000],
    "target": [5000, 6000, 4500, 4000],
})
df = pd.read_csv("data.csv")
sales = df.assign(sales=df.units * df.unit_price).groupby("region", as_index=False)["sales"].sum()
out = sales.merge(prices, on="region", how="left", indicator=True)
out["per 1000"] = out["sales"] / out["population"] * 1000
out["met"] = out["sales"] >= out["target"]
out.sort_values("per 1000", ascending=False).round(3)
""",
    r"""
import io
import pandas as pd

vat = pd.read_csv(io.StringIO("category;vat\ntea;0\ncoffee;0\nbiscuits;0.2\ncups;0.2\nkettles;0.2"), sep=";", index_col="category")["vat"]
df = pd.read_csv("data.csv", usecols=["category", "units", "unit_price"])
df["tax"] = df["units"] * df["unit_price"] * df["category"].map(vat)
df.groupby("category").agg(tax=("tax", "sum"), n=("tax", "size")).round(2)
""",
    r"""
import pandas as pd

def wavg(g):
    return pd.Series({"wavg": (g["unit_price"] * g["units"]).sum() / g["units"].sum(), "avg": g["unit_price"].mean(), "n": len(g)})

df = pd.read_csv("data.csv")
res = df.groupby("category")[["unit_price", "units"]].apply(wavg)
res["diff"] = res["wavg"] - res["avg"]
print(res.round(3).to_string())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
top = df.groupby("region", group_keys=False)[df.columns.tolist()].apply(lambda g: g.nlargest(2, "units"))
print(top[["region", "order_id", "units"]].to_string(index=False))
first_last = df.sort_values("date").groupby("city")["date"].agg(["first", "last"])
first_last["days"] = (first_last["last"] - first_last["first"]).dt.days
first_last
""",
    r"""
import pandas as pd

orders = pd.read_csv("data.csv")
cutoff, channel = 15, "web"
picked = orders.query("units > @cutoff and channel == @channel and city in ['York', 'Leeds']")
print(len(picked))
orders.eval("margin = units * (unit_price * (1 - discount) - cost)\nmargin_pct = margin / (units * unit_price)", inplace=True)
print(orders[["margin", "margin_pct"]].agg(["min", "mean", "max"]).round(3))
orders.query("margin < 0 or `margin_pct` > 0.6").shape
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"], index_col="date").sort_index()
print(df.loc["2023-03", ["city", "units"]].head())
print(df.loc["2023-06-01":"2023-08-31"].shape)
weekly = df["units"].resample("W-MON").agg(["count", "sum"])
weekly["4w"] = weekly["sum"].rolling(4).mean()
weekly["yoy"] = weekly["sum"].pct_change(52)
weekly.tail(5).round(2)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
idx = pd.date_range(df["date"].min(), df["date"].max(), freq="D")
daily = df.groupby("date")["units"].sum().reindex(idx, fill_value=0).rename_axis("day")
print("days without orders:", int((daily == 0).sum()), "of", len(daily))
ewm = daily.ewm(span=14, adjust=False).mean()
print(ewm.tail(3).round(2))
daily.groupby(daily.index.month_name()).mean().sort_values(ascending=False).round(2)
""",
    r"""
import pandas as pd
import numpy as np

df = pd.read_csv("data.csv", parse_dates=["date"])
df["year"], df["month"] = df["date"].dt.year, df["date"].dt.month
grid = df.pivot_table(index="year", columns="month", values="order_id", aggfunc="count", fill_value=0, margins=True, margins_name="all")
grid.columns = [pd.Timestamp(2000, m, 1).strftime("%b") if isinstance(m, (int, np.integer)) else m for m in grid.columns]
grid
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
stacked = df.set_index(["region", "city", "order_id"])[["units", "unit_price"]].stack()
print(stacked.head(4))
multi = df.groupby(["region", "city"])[["units", "rating"]].mean()
print(multi.loc["North"].round(2))
print(multi.xs("Dover", level="city").round(2))
multi.unstack("region")["rating"].round(2)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
conditions = [df["units"] >= 25, df["units"].between(15, 24), df["units"] < 15]
df["size"] = np.select(conditions, ["bulk", "normal", "small"], default="?")
df["fast"] = np.where(df["delivery_days"].le(2), "fast", "slow")
df.loc[df["delivery_days"].isna(), "fast"] = "unknown"
pd.crosstab(df["size"], df["fast"], margins=True)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
num = df.select_dtypes("number").drop(columns="order_id")
z = (num - num.mean()) / num.std(ddof=0)
outlying = z.abs().gt(3)
print(outlying.sum())
rows = df[outlying.any(axis=1)]
print(f"{len(rows)} rows with |z| > 3 in some column")
rows[["order_id", "sku", "units", "unit_price"]].head(8)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
low, high = df["unit_price"].quantile([0.05, 0.95])
df["winsorised"] = df["unit_price"].clip(lower=low, upper=high)
changed = df["winsorised"].ne(df["unit_price"])
print(f"{changed.sum()} values moved to [{low:.2f}, {high:.2f}]")
print(df[["unit_price", "winsorised"]].std())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
df["quartile"] = pd.qcut(df["unit_price"], 4, labels=["Q1", "Q2", "Q3", "Q4"])
summary = df.groupby("quartile", observed=True).agg(
    lowest=("unit_price", "min"),
    highest=("unit_price", "max"),
    mean_units=("units", "mean"),
    return_rate=("returned", lambda s: (s == "yes").mean()),
)
summary.style.format("{:.2f}").to_html()[:80]
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
df.columns = df.columns.str.strip().str.lower().str.replace(" ", "_").str.replace("[^a-z_]", "", regex=True)
for c in df.select_dtypes(include="str").columns:
    df[c] = df[c].str.strip()
df["city_code"] = df["city"].str.upper().str[:3] + "/" + df["region"].str.get(0)
df["sku_group"] = df["sku"].str.split("-").str[0]
print(df["city_code"].unique())
df["sku_group"].value_counts(normalize=True).round(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
words = df["note"].dropna().str.lower().str.findall(r"[a-z]{4,}").explode()
freq = words.value_counts()
print(freq.head(10))
print("distinct words:", freq.size, "| hapaxes:", (freq == 1).sum())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
dummies = pd.get_dummies(df[["channel", "region"]], prefix=["ch", "rg"], dtype=int)
full = pd.concat([df[["units", "unit_price"]], dummies], axis=1)
corr = full.corr()["units"].drop("units").sort_values(key=abs, ascending=False)
print(corr.round(3))
codes, levels = pd.factorize(df["city"], sort=True)
print(dict(zip(levels, range(len(levels)))), codes[:10])
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
corr = df[["units", "unit_price", "cost", "discount", "customer_age", "rating"]].corr()
mask = np.triu(np.ones_like(corr, dtype=bool), k=1)
pairs = corr.where(mask).stack().rename("r").reset_index()
pairs.columns = ["a", "b", "r"]
pairs.iloc[pairs["r"].abs().argsort()[::-1]].head(5)
""",
    r"""
import numpy as np
import pandas as pd

rng = np.random.default_rng(seed=7)
df = pd.read_csv("data.csv")
x = df["unit_price"].to_numpy()
boot = rng.choice(x, size=(2000, x.size), replace=True).mean(axis=1)
lo, hi = np.percentile(boot, [2.5, 97.5])
print(f"mean price {x.mean():.2f}, 95% CI ({lo:.2f}, {hi:.2f}), SE {boot.std(ddof=1):.3f}")
""",
    r"""
import numpy as np
import pandas as pd

np.random.seed(0)
df = pd.read_csv("data.csv").sample(frac=1).reset_index(drop=True)
split = int(0.8 * len(df))
train, test = df.iloc[:split], df.iloc[split:]
X = np.c_[np.ones(len(train)), train[["unit_price", "discount"]].to_numpy()]
beta, *_ = np.linalg.lstsq(X, train["units"].to_numpy(), rcond=None)
pred = np.c_[np.ones(len(test)), test[["unit_price", "discount"]].to_numpy()] @ beta
rmse = np.sqrt(np.mean((pred - test["units"]) ** 2))
print("beta", beta.round(3), "RMSE", round(float(rmse), 3), "baseline", round(float(test["units"].std()), 3))
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
hist, edges = np.histogram(df["customer_age"].dropna(), bins=range(15, 90, 10))
for n, left, right in zip(hist, edges[:-1], edges[1:]):
    print(f"{left:3d}-{right:<3d} {'*' * n}")
x, y = df["cost"], df["unit_price"]
print(np.polyfit(x, y, deg=1).round(3), np.corrcoef(x, y)[0, 1].round(4))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["month"] = df["date"].dt.to_period("M")
df["cohort"] = df.groupby("sku")["month"].transform("min")
df["age"] = (df["month"] - df["cohort"]).map(lambda d: d.n)
table = df.pivot_table(index="cohort", columns="age", values="sku", aggfunc="nunique")
retention = table.div(table[0], axis=0)
retention.iloc[:6, :6].round(2)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
today = df["date"].max() + pd.Timedelta(days=1)
rfm = df.assign(value=df.units * df.unit_price).groupby("city").agg(
    recency=("date", lambda d: (today - d.max()).days), frequency=("order_id", "count"), monetary=("value", "sum"))
for col, ascending in [("recency", False), ("frequency", True), ("monetary", True)]:
    rfm[col[0].upper()] = rfm[col].rank(ascending=ascending, method="first").astype(int)
rfm["score"] = rfm[["R", "F", "M"]].sum(axis=1)
rfm.sort_values("score", ascending=False)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values(["city", "date"])
df["gap"] = df.groupby("city")["date"].diff().dt.days
df["prev_units"] = df.groupby("city")["units"].shift()
df["delta"] = df["units"] - df["prev_units"]
df["nth"] = df.groupby("city").cumcount() + 1
print(df.groupby("city")["gap"].describe()[["mean", "50%", "max"]].round(1))
df.loc[df["delta"].abs().nlargest(3).index, ["city", "date", "nth", "prev_units", "units"]]
""",
    r"""
import pandas as pd

orders = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
campaigns = pd.DataFrame({
    "date": pd.to_datetime(["2023-01-01", "2023-04-01", "2023-07-15", "2024-01-01"]),
    "campaign": ["new year", "spring", "summer", "winter"],
})
tagged = pd.merge_asof(orders, campaigns, on="date", direction="backward")
tagged.groupby("campaign", sort=False)["units"].agg(["count", "mean"]).round(1)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
a = df[df["channel"] == "web"][["sku"]].drop_duplicates()
b = df[df["channel"] == "shop"][["sku"]].drop_duplicates()
both = a.merge(b, on="sku", how="outer", indicator="where")
print(both["where"].value_counts())
only_web = both.query("where == 'left_only'")["sku"].tolist()
print(len(only_web), only_web[:5])
""",
    r"""
import pandas as pd

frames = []
for chunk in pd.read_csv("data.csv", chunksize=60):
    frames.append(chunk.groupby("category")["units"].agg(["sum", "count"]))
total = pd.concat(frames).groupby(level=0).sum()
total["mean"] = total["sum"] / total["count"]
print(len(frames), "chunks")
total
""",
    r"""
import pandas as pd

df = pd.read_csv(
    "data.csv",
    dtype={"region": "category", "city": "category", "units": "Int16", "rating": "Int8", "note": "string"},
    parse_dates=["date"],
    true_values=["yes"],
    false_values=["no"],
    na_values=["", "n/a"],
    engine="c",
)
print(df.dtypes)
print(df["returned"].mean(), df["rating"].mean(), df["region"].cat.categories.tolist())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", engine="pyarrow")
df = df.convert_dtypes()
print(df.dtypes.value_counts())
print(pd.api.types.is_numeric_dtype(df["units"]), pd.api.types.is_string_dtype(df["city"]))
small = df.astype({"units": "int32", "unit_price": "float32"})
print(small.memory_usage(index=False).sum() < df.memory_usage(index=False).sum())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
for i, row in df.iterrows():
    if row["returned"] == "yes":
        print(row["order_id"], row["city"], row["note"])
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
def label(row):
    if pd.isna(row["rating"]):
        return "unrated"
    elif row["rating"] >= 4:
        return "happy"
    else:
        return "unhappy"
df["mood"] = df.apply(label, axis=1)
print(df["mood"].value_counts(dropna=False))
df.groupby("mood")["delivery_days"].mean()
""",
    r"""
import pandas as pd

(
    pd.read_csv("data.csv")
    .rename(columns=lambda c: c.replace("_", " "))
    .pipe(lambda d: d[d["discount"] > 0])
    .assign(**{"list value": lambda d: d["units"] * d["unit price"], "given away": lambda d: d["list value"] * d["discount"]})
    .groupby("discount")
    .agg({"list value": "sum", "given away": "sum", "order id": "count"})
    .rename(columns={"order id": "orders"})
    .round(0)
    .astype(int)
)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
df["rev"] = df.units * df.unit_price
tot = df.rev.sum()
g = df.groupby("category").rev.sum().sort_values(ascending=False)
hhi = ((g / tot) ** 2).sum()
abc = pd.cut(g.cumsum() / tot, [0, 0.7, 0.9, 1.0001], labels=list("ABC"))
print(f"HHI = {hhi:.3f}")
pd.DataFrame({"revenue": g, "class": abc})
""",
    r"""
import numpy as np
import pandas as pd

def gini(x):
    x = np.sort(np.asarray(x, dtype=float))
    n = x.size
    return (2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum())

df = pd.read_csv("data.csv")
value = df["units"].mul(df["unit_price"])
print("all orders:", round(gini(value), 3))
print(value.groupby(df["category"]).apply(gini).round(3).sort_values())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
report = pd.DataFrame({
    "dtype": df.dtypes.astype(str),
    "non_null": df.notna().sum(),
    "pct_null": df.isna().mean().mul(100).round(1),
    "n_unique": df.nunique(),
    "example": df.apply(lambda s: s.dropna().iloc[0]),
})
report.loc[:, "unique?"] = report["n_unique"].eq(len(df))
print(report.to_string())
""",
    r"""
import pandas as pd

REQUIRED = {"order_id": "int", "date": "date", "units": "int", "unit_price": "float"}

def validate(df: pd.DataFrame) -> list[str]:
    problems = [f"missing column {c}" for c in REQUIRED if c not in df.columns]
    if df["order_id"].duplicated().any():
        problems.append("duplicate order ids")
    if (df["units"] <= 0).any():
        problems.append("units must be positive")
    if pd.to_datetime(df["date"], errors="coerce").isna().any():
        problems.append("unreadable dates")
    below = df[df["unit_price"] < df["cost"]]
    if not below.empty:
        problems.append(f"{len(below)} orders priced below cost")
    return problems

for problem in validate(pd.read_csv("data.csv")) or ["no problems found"]:
    print("-", problem)
""",
    r"""
import pandas as pd
from pandas.testing import assert_frame_equal

df = pd.read_csv("data.csv")
one = df.groupby("region", as_index=False)["units"].sum()
two = df.pivot_table(index="region", values="units", aggfunc="sum").reset_index()
assert_frame_equal(one, two)
print("both ways agree")
print(one.equals(two), one.compare(two.assign(units=two["units"] + (two.index == 0))))
""",
    r"""
import pandas as pd

class OrderBook:
    '''Thin wrapper with the figures we look at each week.'''

    def __init__(self, path: str) -> None:
        self._df = pd.read_csv(path, parse_dates=["date"])
        self._df["net"] = self._df.eval("units * unit_price * (1 - discount)")

    def __len__(self) -> int:
        return len(self._df)

    def between(self, start: str, end: str) -> pd.DataFrame:
        return self._df.set_index("date").loc[start:end]

    def kpis(self) -> dict[str, float]:
        d = self._df
        return {"orders": len(self), "net": round(d["net"].sum(), 2), "aov": round(d["net"].mean(), 2)}

book = OrderBook("data.csv")
print(book.kpis())
print(book.between("2023-02-01", "2023-02-28")["net"].sum().round(2))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
try:
    print(df.head(3).to_markdown(index=False))
except ImportError:  # needs tabulate
    print(df.head(3).to_string(index=False))
lines = ["| region | orders |", "|---|---:|"]
lines += [f"| {r} | {n} |" for r, n in df["region"].value_counts().items()]
print("\n".join(lines))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
html = df["channel"].value_counts().to_frame("orders").to_html(classes="table", border=0)
latex_like = " \\\\\n".join(" & ".join(map(str, r)) for r in df[["city", "units"]].head(3).itertuples(index=False))
print(html.count("<tr>"), "rows of HTML")
print(latex_like)
print(df.head(2).to_json(orient="records", lines=True))
""",
    r"""
import json
import pandas as pd

df = pd.read_csv("data.csv")
nested = [
    {"city": city, "stats": {"orders": len(g), "units": {"mean": round(g["units"].mean(), 2), "max": int(g["units"].max())}}}
    for city, g in df.groupby("city")
]
flat = pd.json_normalize(json.loads(json.dumps(nested)), sep=".")
print(flat.columns.tolist())
flat.sort_values("stats.orders", ascending=False).head(3)
""",
    r"""
import io
import pandas as pd

df = pd.read_csv("data.csv")
buf = io.BytesIO()
df.to_parquet(buf, index=False)
print("parquet:", len(buf.getvalue()), "bytes")
buf.seek(0)
back = pd.read_parquet(buf, columns=["city", "units"])
print(back.shape, back["units"].sum() == df["units"].sum())
""",
    r"""
import io
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
book = io.BytesIO()
with pd.ExcelWriter(book, engine="openpyxl") as writer:
    for region, part in df.groupby("region"):
        part.drop(columns="region").to_excel(writer, sheet_name=region, index=False)
sheets = pd.read_excel(book, sheet_name=None)
{name: len(sheet) for name, sheet in sheets.items()}
""",
    r"""
import os
import tempfile
import pandas as pd

df = pd.read_csv("data.csv")
out = os.path.join(tempfile.gettempdir(), "summary.csv")
df.groupby("category")[["units"]].sum().to_csv(out)
with open(out) as f:
    print(f.read())
os.remove(out)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
print(df.iloc[0])
print(df.iloc[-3:, :4])
print(df.loc[df["city"] == "York", ["date", "units"]].head(3))
print(df.at[10, "city"], df.iat[10, 6])
print(df.set_index("order_id").loc[[1001, 1005], "sku"])
df.take([1, 3, 5])[["order_id"]].squeeze().tolist()
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
mask = (df["region"].isin(["North", "West"])) & ~(df["channel"] == "phone") & (df["rating"].notna() | df["note"].isna())
subset = df[mask].copy()
subset["ratio"] = subset["unit_price"] / subset["cost"]
print("kept", mask.sum(), "dropped", (~mask).sum())
subset.sort_values(by=["ratio", "order_id"], ascending=[False, True]).iloc[:5][["order_id", "sku", "ratio"]]
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
df["channel"] = df["channel"].replace({"web": "online", "shop": "offline", "phone": "offline"})
df["returned"] = df["returned"].map({"yes": True, "no": False}).astype(bool)
rates = df.groupby("channel")["returned"].agg(["sum", "count", "mean"])
lift = rates.loc["online", "mean"] / rates.loc["offline", "mean"] if rates.loc["offline", "mean"] else float("inf")
print(f"online orders come back {lift:.2f} times as often")
rates
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
d = df["date"].dt
df["is_weekend"] = d.dayofweek >= 5 if hasattr(d, "dayofweek") else d.weekday >= 5
df["month_end"] = d.is_month_end
df["iso_week"] = d.isocalendar().week.astype(int)
df["label"] = d.strftime("%a %d %b")
df["fiscal"] = df["date"].dt.to_period("Q-MAR").astype(str)
print(df[["label", "is_weekend", "month_end", "iso_week", "fiscal"]].sample(4, random_state=1))
df.groupby("fiscal")["units"].sum()
""",
    r"""
import pandas as pd
from pandas.tseries.offsets import BDay, MonthEnd

df = pd.read_csv("data.csv", parse_dates=["date"]).dropna(subset=["delivery_days"])
df["due"] = df["date"] + BDay(3)
df["arrived"] = df["date"] + pd.to_timedelta(df["delivery_days"], unit="D")
df["billed"] = df["date"] + MonthEnd(0)
df["late"] = df["arrived"] > df["due"]
print(f"{df['late'].mean():.1%} of deliveries came late")
df[["date", "due", "arrived", "billed", "late"]].tail(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
before = df[df["date"] < "2023-07-01"]
after = df[df["date"] >= "2023-07-01"]
comparison = pd.concat([x.groupby("category")["units"].mean() for x in (before, after)], axis=1, keys=["before", "after"])
comparison["change %"] = (comparison["after"] / comparison["before"] - 1).mul(100)
up = comparison["change %"].gt(0)
print("rising:", ", ".join(comparison.index[up]) or "none")
comparison.round(1)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
elasticities = {}
for name, g in df.groupby("category"):
    if len(g) < 15:
        continue
    x, y = np.log(g["unit_price"]), np.log(g["units"])
    elasticities[name] = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
pd.Series(elasticities, name="elasticity").sort_values().round(3)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
X = df[["units", "unit_price", "discount", "cost"]].to_numpy(dtype=float)
X = (X - X.mean(axis=0)) / X.std(axis=0)
U, S, Vt = np.linalg.svd(X, full_matrices=False)
explained = S**2 / np.sum(S**2)
scores = U[:, :2] * S[:2]
print("explained:", np.round(explained, 3))
print("loadings:\n", np.round(Vt[:2], 2))
np.einsum("ij,ij->i", scores, scores).max().round(2)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
regions, inverse = np.unique(df["region"].to_numpy(dtype=str), return_inverse=True)
totals = np.bincount(inverse, weights=df["units"])
order = np.argsort(-totals)
for i in order:
    print(f"{regions[i]:<6}{int(totals[i]):>6}{totals[i] / totals.sum():>8.1%}")
print(np.searchsorted(np.sort(df["unit_price"]), [5, 10, 20]))
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
units = df["units"].to_numpy()
win = np.lib.stride_tricks.sliding_window_view(units, 12)
print("rolling max of means:", win.mean(axis=1).max().round(2), "shape", win.shape)
kernel = np.ones(5) / 5
smooth = np.convolve(units, kernel, mode="valid")
lags = [float(np.corrcoef(units[:-k], units[k:])[0, 1]) for k in range(1, 6)]
print(smooth[:4].round(1), np.round(lags, 3))
""",
    r"""
import numpy as np
import pandas as pd

orders = pd.read_csv("data.csv").to_records(index=False)
print(orders.dtype.names[:5], orders.shape)
web = orders[orders["channel"] == "web"]
print(web["units"].mean(), np.median(web["unit_price"]), np.ptp(web["units"]))
with np.printoptions(precision=2, suppress=True):
    print(np.vstack([web["unit_price"][:5], web["cost"][:5]]).astype(float))
""",
    r"""
import numpy as np

data = np.genfromtxt("data.csv", delimiter=",", skip_header=1, usecols=(6, 7, 8, 9), invalid_raise=False, encoding="utf-8")
units, price, discount, cost = data.T
margin = units * (price * (1 - discount) - cost)
print("rows", data.shape[0], "total margin", np.nansum(margin).round(2))
print("losses at", np.flatnonzero(margin < 0))
print(np.quantile(margin, [0.1, 0.5, 0.9]).round(1))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
lists = df.groupby("city")["sku"].agg(list)
sets = df.groupby("city")["sku"].agg(lambda s: sorted(set(s)))
print(lists.map(len).to_dict())
exploded = sets.explode().to_frame().reset_index()
shared = exploded.groupby("sku")["city"].agg(["count", ", ".join])
shared[shared["count"] >= 4].sort_values("count", ascending=False)
""",
    r"""
import pandas as pd
from itertools import combinations

df = pd.read_csv("data.csv")
rows = []
for a, b in combinations(sorted(df["category"].unique()), 2):
    x, y = df.loc[df.category == a, "units"], df.loc[df.category == b, "units"]
    pooled = ((x.var() * (len(x) - 1) + y.var() * (len(y) - 1)) / (len(x) + len(y) - 2)) ** 0.5
    rows.append({"pair": f"{a} vs {b}", "d": (x.mean() - y.mean()) / pooled, "n": len(x) + len(y)})
pd.DataFrame(rows).set_index("pair").sort_values("d", key=abs, ascending=False).round(2)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
observed = pd.crosstab(df["region"], df["channel"])
expected = pd.DataFrame(
    observed.sum(axis=1).to_numpy()[:, None] * observed.sum(axis=0).to_numpy()[None, :] / observed.to_numpy().sum(),
    index=observed.index, columns=observed.columns,
)
chi2 = ((observed - expected) ** 2 / expected).to_numpy().sum()
dof = (observed.shape[0] - 1) * (observed.shape[1] - 1)
print(f"chi2 = {chi2:.2f} with {dof} degrees of freedom")
((observed - expected) / expected**0.5).round(2)
""",
    r"""
import pandas as pd

results = {}
df = pd.read_csv("data.csv")
for agg in ("sum", "mean", "median"):
    results[agg] = df.groupby("channel")["unit_price"].agg(agg)
table = pd.concat(results, axis="columns")
table.loc["ALL"] = [getattr(df["unit_price"], agg)() for agg in results]
print(table.map(lambda v: f"£{v:,.2f}"))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
best = df.loc[df.groupby("category")["unit_price"].idxmax(), ["category", "sku", "unit_price"]]
print(best.to_string(index=False, float_format="%.2f", col_space=10, justify="left"))
share = df["category"].value_counts(normalize=True)
for k, v in share.items():
    bar = "▇" * round(v * 40)
    print(f"{k:<9} {bar} {v:.0%}")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
q = {}
q["orders"] = len(df)
q["period"] = f"{df.date.min():%Y-%m-%d} to {df.date.max():%Y-%m-%d}"
q["busiest month"] = str(df.date.dt.to_period("M").mode()[0])
q["mean age of returners"] = df.loc[df.returned.eq("yes"), "customer_age"].mean().round(1)
q["most expensive"] = df.nlargest(1, "unit_price").sku.item()
q["five-star share"] = f"{(df.rating == 5).sum() / df.rating.count():.1%}"
for k, v in q.items():
    print(f"{k.capitalize():<22}: {v}")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
trimmed = df.groupby("city")["unit_price"].agg(
    mean="mean",
    trimmed=lambda s: s.sort_values().iloc[int(len(s) * 0.1): len(s) - int(len(s) * 0.1)].mean(),
    mad=lambda s: (s - s.median()).abs().median(),
    cv=lambda s: s.std() / s.mean(),
)
trimmed.add_suffix(" price").round(2).T
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"]).set_index("date")
bh = df.groupby([pd.Grouper(freq="QS"), "region"])["units"].sum().unstack(fill_value=0)
share = bh.div(bh.sum(axis=1), axis=0).mul(100).round(1)
share.index = share.index.to_period("Q")
print(share)
print("leader changes:", int((share.idxmax(axis=1) != share.idxmax(axis=1).shift()).sum()) - 1)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
dup = df[df.duplicated(subset=["sku", "city"], keep=False)].sort_values(["sku", "city"])
print(len(dup), "orders repeat a product in a city")
spread = dup.groupby(["sku", "city"])["unit_price"].agg(lambda s: s.max() - s.min())
print("price never moved" if spread.eq(0).all() else f"largest price move £{spread.max():.2f} at {spread.idxmax()}")
""",
    r"""
import pandas as pd

def load(path="data.csv", **kw):
    defaults = dict(parse_dates=["date"], index_col="order_id")
    return pd.read_csv(path, **{**defaults, **kw})

def add_features(df):
    df = df.copy()
    df["net_price"] = df["unit_price"] * (1 - df["discount"])
    df["margin_rate"] = 1 - df["cost"] / df["net_price"]
    return df

def main():
    df = load().pipe(add_features)
    worst = df.nsmallest(5, "margin_rate")
    print(worst[["sku", "net_price", "cost", "margin_rate"]].round(3))

if __name__ == "__main__":
    main()
""",
    r"""
import pandas as pd

try:
    import matplotlib.pyplot as plt
except ImportError:
    plt = None

df = pd.read_csv("data.csv")
counts = df["rating"].value_counts().sort_index()
if plt is not None:
    counts.plot.bar()
    plt.show()
else:
    for stars, n in counts.items():
        print("★" * int(stars), n)
""",
    r"""
import pandas as pd
from IPython.display import display

df = pd.read_csv("data.csv")
display(df.groupby("region")[["units", "unit_price"]].mean().round(2))
display(df["channel"].value_counts())
print("done")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
del df["note"]
df = df.drop(["order_id", "sku"], axis=1)
df.insert(0, "row", range(1, len(df) + 1))
popped = df.pop("returned")
df["returned"] = (popped == "yes").astype(int)
print(df.filter(regex="_").columns.tolist(), df.filter(like="unit").shape)
df = df.reindex(columns=sorted(df.columns))
df.sample(3, random_state=3)
""",
    r"""
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
monthly = df.set_index("date")["units"].resample("MS").sum()
t = np.arange(len(monthly))
slope, level = np.polyfit(t, monthly, 1)
season = (monthly - (level + slope * t)).groupby(monthly.index.month).mean()
future = pd.date_range(monthly.index[-1], periods=4, freq="MS")[1:]
forecast = pd.Series([level + slope * (len(t) + i) + season.get(d.month, 0) for i, d in enumerate(future)], index=future)
forecast.round(1)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
step = 1
def log(msg):
    global step
    print(f"[{step}] {msg}")
    step += 1

log(f"loaded {df.shape[0]} rows")
df = df[df["rating"].notnull()]
log(f"kept {df.shape[0]} rated rows")
r = df["rating"].corr(df["delivery_days"])
log(f"correlation of rating and delivery time: {r:.3f}")
conclusion = "slower deliveries are rated worse" if r < -0.2 else "no clear link"
log("conclusion: " + conclusion)
""",
]
