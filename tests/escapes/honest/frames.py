"""pandas, from one-liners to method chains."""

PROGRAMS: list[str] = [
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
print(df.shape)
print(df.dtypes)
print(df.isna().sum().sort_values(ascending=False))
df.describe(include="all").T
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["revenue"] = df["units"] * df["unit_price"] * (1 - df["discount"])
monthly = df.set_index("date")["revenue"].resample("MS").sum().round(2)
best = monthly.idxmax()
print(f"Best month: {best:%B %Y} with {monthly.max():,.2f}")
monthly
""",
    r"""
import pandas as pd

top = (
    pd.read_csv("data.csv")
    .assign(revenue=lambda d: d.units * d.unit_price * (1 - d.discount), margin=lambda d: d.units * (d.unit_price - d.cost))
    .groupby(["region", "category"], as_index=False)
    .agg(revenue=("revenue", "sum"), margin=("margin", "sum"), orders=("order_id", "nunique"))
    .sort_values("revenue", ascending=False)
    .head(10)
    .round(2)
)
top
""",
    r"""
import pandas as pd
import numpy as np

orders = pd.read_csv("data.csv")
bins = [0, 25, 35, 50, 65, np.inf]
labels = ["under 25", "25-34", "35-49", "50-64", "65+"]
orders["age group"] = pd.cut(orders["customer_age"], bins=bins, labels=labels, right=False)
table = pd.pivot_table(orders, index="age group", columns="channel", values="units", aggfunc="mean", observed=False)
print(table.round(1).fillna("-").to_string())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
ct = pd.crosstab(df["category"], df["returned"], normalize="index").mul(100).round(1)
ct.columns = [f"returned: {c} (%)" for c in ct.columns]
overall = df["returned"].eq("yes").mean()
print("overall return rate", round(overall * 100, 1), "%")
ct.sort_values(by=ct.columns[-1], ascending=False)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
before = len(df)
df = df.drop_duplicates(subset="order_id").dropna(subset=["rating", "delivery_days"])
print(f"{before - len(df)} of {before} rows dropped")
corr = df[["units", "unit_price", "discount", "delivery_days", "rating"]].corr(method="spearman")
worst = corr["rating"].drop("rating").abs().idxmax()
print("strongest link with the rating:", worst, round(corr.loc[worst, "rating"], 3))
corr.round(2)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"]).sort_values("date")
df["revenue"] = df.eval("units * unit_price * (1 - discount)")
df["rolling"] = df["revenue"].rolling(window=20, min_periods=5).mean()
df["share"] = df["revenue"] / df.groupby("region")["revenue"].transform("sum")
df["rank"] = df.groupby("region")["revenue"].rank(method="dense", ascending=False).astype(int)
leaders = df.query("rank <= 3 and units > 5")[["region", "city", "date", "revenue", "share"]]
leaders.sort_values(["region", "revenue"], ascending=[True, False])
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
pattern = r"(?P<kind>[A-Z]{3})-(?P<number>\d{3})-(?P<variant>[ABC])"
parts = df["sku"].str.extract(pattern)
df = df.join(parts)
df["number"] = df["number"].astype(int)
summary = df.groupby("variant").agg(orders=("sku", "size"), products=("sku", "nunique"), price=("unit_price", "median"))
print(summary)
print("bad codes:", parts.isna().any(axis=1).sum())
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", dtype={"region": "category", "channel": "category"})
print("memory", df.memory_usage(deep=True).sum() // 1024, "KiB")
long = df.melt(id_vars=["order_id", "region"], value_vars=["unit_price", "cost"], var_name="what", value_name="pounds")
wide = long.pivot_table(index="region", columns="what", values="pounds", aggfunc=["mean", "std"], observed=True)
wide.columns = ["_".join(pair) for pair in wide.columns.to_flat_index()]
wide["gap"] = wide["mean_unit_price"] - wide["mean_cost"]
wide.round(2)
""",
    r"""
import pandas as pd

raw = pd.read_csv("data.csv")

def interquartile(group: pd.Series) -> float:
    return group.quantile(0.75) - group.quantile(0.25)

stats = raw.groupby("category")["unit_price"].agg(["count", "mean", "median", "std", interquartile])
low = stats["median"] - 1.5 * stats["interquartile"]
high = stats["median"] + 1.5 * stats["interquartile"]
merged = raw.merge(pd.concat({"low": low, "high": high}, axis=1), left_on="category", right_index=True, validate="many_to_one")
outliers = merged[(merged.unit_price < merged.low) | (merged.unit_price > merged.high)]
print(len(outliers), "prices look odd")
outliers[["order_id", "category", "unit_price", "low", "high"]].head()
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", index_col="order_id")
for column in df.select_dtypes("number"):
    series = df[column]
    print(f"{column:>15}: mean {series.mean():8.2f}  median {series.median():8.2f}  missing {series.isna().mean():5.1%}")
for column in df.select_dtypes(exclude="number"):
    counts = df[column].value_counts()
    print(f"{column:>15}: {len(counts)} values, most often {counts.index[0]!r} ({counts.iloc[0]})")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["revenue"] = df["units"] * df["unit_price"]
df["quarter"] = df["date"].dt.to_period("Q").astype(str)
q = df.groupby("quarter")["revenue"].sum()
change = q.pct_change().mul(100)
out = pd.DataFrame({"revenue": q.round(0), "change %": change.round(1), "cumulative": q.cumsum().round(0)})
out.loc["total"] = [q.sum().round(0), float("nan"), float("nan")]
out
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
notes = df["note"].fillna("").str.lower()
flags = pd.DataFrame({
    "late": notes.str.contains("late"),
    "refund": notes.str.contains(r"refund\s+\d"),
    "invoice": notes.str.contains("invoice #", regex=False),
    "quoted": notes.str.count('"') > 0,
})
print(flags.sum())
df.assign(**flags).groupby("channel")[list(flags)].mean().round(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["weekday"] = pd.Categorical(df["date"].dt.day_name(), ordered=True,
                               categories=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
by_day = df.groupby("weekday", observed=False).agg({"units": ["sum", "mean"], "rating": "mean"})
by_day.columns = by_day.columns.map(lambda pair: f"{pair[0]} {pair[1]}")
busiest = by_day["units sum"].nlargest(2)
print("busiest:", ", ".join(busiest.index.astype(str)))
by_day.round(2).reset_index()
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
df["gross"] = df.units * df.unit_price
pareto = df.groupby("sku").gross.sum().sort_values(ascending=False).to_frame()
pareto["cum"] = pareto.gross.cumsum() / pareto.gross.sum()
n80 = int((pareto["cum"] < 0.8).sum()) + 1
print(f"{n80} of {len(pareto)} products bring 80% of sales ({n80 / len(pareto):.0%})")
{"products": len(pareto), "for_80_percent": n80, "top": pareto.head(3).index.tolist()}
""",
]
