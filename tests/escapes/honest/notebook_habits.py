"""Whole notebook cells, as assistants and students write them: banners, checks, reports, main functions, much defence."""

PROGRAMS: list[str] = [
    r"""
# Step 1: Load the data
import pandas as pd
import numpy as np
import warnings
warnings.filterwarnings('ignore')

pd.set_option('display.max_columns', None)
pd.set_option('display.width', 200)

df = pd.read_csv('data.csv')

# Step 2: Quick overview
print("=" * 60)
print("DATASET OVERVIEW")
print("=" * 60)
print(f"Shape: {df.shape[0]:,} rows × {df.shape[1]} columns")
print(f"\nColumns: {df.columns.tolist()}")
print(f"\nMissing values:\n{df.isnull().sum()[df.isnull().sum() > 0]}")
print(f"\nDuplicates: {df.duplicated().sum()}")
df.head()
""",
    r"""
import pandas as pd

def main():
    df = pd.read_csv("data.csv", parse_dates=["date"])
    df["revenue"] = df["units"] * df["unit_price"] * (1 - df["discount"])
    result = (
        df.groupby("category")["revenue"]
        .sum()
        .sort_values(ascending=False)
    )
    for i, (cat, rev) in enumerate(result.items(), start=1):
        print(f"{i}. {cat}: £{rev:,.2f}")
    return result

if __name__ == "__main__":
    main()
""",
    r"""
import io
import pandas as pd

df = pd.read_csv("data.csv")
buf = io.StringIO()
df.info(buf=buf, memory_usage="deep")
info = buf.getvalue()
memory = [line for line in info.splitlines() if line.startswith("memory")][0]
print(memory)
obj_cols = df.select_dtypes(include=["object", "string"]).columns
before = df.memory_usage(deep=True).sum()
for col in obj_cols:
    if df[col].nunique() / len(df) < 0.5:
        df[col] = df[col].astype("category")
after = df.memory_usage(deep=True).sum()
print(f"Memory: {before / 1024:.1f} KB -> {after / 1024:.1f} KB ({1 - after / before:.0%} saved)")
""",
    r"""
import os
import pandas as pd

FILE = 'data.csv'
if not os.path.exists(FILE):
    raise FileNotFoundError(f"{FILE} not found in {os.getcwd()}")
print("File size:", os.path.getsize(FILE), "bytes")
try:
    df = pd.read_csv(FILE, encoding='utf-8')
except UnicodeDecodeError:
    df = pd.read_csv(FILE, encoding='latin-1')
print("✅ Loaded", len(df), "rows")
missing = df.isna().mean().mul(100).round(2)
print(missing[missing > 0].to_frame('% missing').to_string())
""",
    r"""
import pandas as pd
from datetime import datetime

print(f"Report generated on {datetime.now():%Y-%m-%d}")
df = pd.read_csv('data.csv')
df['date'] = pd.to_datetime(df['date'], format='%Y-%m-%d', errors='coerce')
assert df['date'].notna().all(), "some dates could not be parsed"
df['year'] = df['date'].dt.year
df['quarter'] = df['date'].dt.quarter
df['total'] = df['units'] * df['unit_price']
report = df.groupby(['year', 'quarter']).agg({'total': ['sum', 'mean'], 'order_id': 'count'})
report.columns = ['_'.join(c).strip('_') for c in report.columns.values]
report['growth_%'] = report['total_sum'].pct_change().mul(100)
report.round(1)
""",
    r"""
import pandas as pd
import numpy as np

# Let me first check the distribution of the ratings, then see which channel does best.
df = pd.read_csv("data.csv")

rating_counts = df["rating"].value_counts(dropna=False).sort_index()
print("Rating distribution:")
for rating, count in rating_counts.items():
    label = "missing" if pd.isna(rating) else f"{int(rating)} star{'s' if rating != 1 else ''}"
    print(f"  {label:>8}: {'#' * (count // 2)} ({count})")

best_channel = df.groupby("channel")["rating"].mean().idxmax()
best_score = df.groupby("channel")["rating"].mean().max()
print(f"\n**Answer:** {best_channel} has the highest mean rating ({best_score:.2f}).")
answer = {"channel": best_channel, "rating": round(float(best_score), 2), "n": int(df[df.channel == best_channel].rating.count())}
answer
""",
    r"""
import logging
import sys
import pandas as pd

logging.basicConfig(level=logging.INFO, format="%(levelname)s | %(message)s", stream=sys.stdout, force=True)
log = logging.getLogger("cleaning")

df = pd.read_csv("data.csv")
log.info("read %d rows", len(df))
n = len(df)
df = df.drop_duplicates(subset="order_id")
log.info("dropped %d duplicates", n - len(df))
for col in ("rating", "delivery_days", "customer_age"):
    gaps = int(df[col].isna().sum())
    if gaps:
        log.warning("%s: %d gaps filled with the median %.1f", col, gaps, df[col].median())
        df[col] = df[col].fillna(df[col].median())
log.info("done: %s", df.shape)
""",
    r"""
from collections import defaultdict, Counter, namedtuple
import csv

Order = namedtuple('Order', 'id region category units price')
orders = []
with open('data.csv', 'r', encoding='utf-8') as f:
    reader = csv.DictReader(f)
    for row in reader:
        orders.append(Order(int(row['order_id']), row['region'], row['category'], int(row['units']), float(row['unit_price'])))

by_region = defaultdict(list)
for o in orders:
    by_region[o.region].append(o.units * o.price)
favourite = {r: Counter(o.category for o in orders if o.region == r).most_common(1)[0] for r in by_region}
for r in sorted(by_region, key=lambda k: sum(by_region[k]), reverse=True):
    total = sum(by_region[r])
    print(f'{r:<8}{total:>12,.2f}{len(by_region[r]):>6}   favourite: {favourite[r][0]} ({favourite[r][1]})')
""",
    r"""
# Question 3. Which city has the largest average order value?
# Student solution
import pandas as pd

data = pd.read_csv('data.csv')
cities = list(set(data['city']))
avgs = []
for c in cities:
    temp = data[data['city'] == c]
    s = 0
    n = 0
    for i in range(len(temp)):
        s = s + temp.iloc[i]['units'] * temp.iloc[i]['unit_price']
        n = n + 1
    avgs.append(s / n)
m = max(avgs)
print("The answer is", cities[avgs.index(m)], "with", round(m, 2))
# check with groupby
chk = data.assign(v=data['units'] * data['unit_price']).groupby('city')['v'].mean()
print(chk.idxmax() == cities[avgs.index(m)])
""",
    r"""
import pandas as pd
from typing import Any

def profile_column(s: pd.Series) -> dict[str, Any]:
    # One line of the data profile.
    out: dict[str, Any] = {
        "column": s.name,
        "dtype": str(s.dtype),
        "missing": int(s.isna().sum()),
        "unique": int(s.nunique()),
    }
    if pd.api.types.is_numeric_dtype(s):
        out |= {"min": s.min(), "max": s.max(), "mean": round(s.mean(), 2)}
    else:
        mode = s.mode(dropna=True)
        out["top"] = mode.iat[0] if len(mode) else None
    return out

df = pd.read_csv("data.csv")
profile = pd.DataFrame([profile_column(df[c]) for c in df])
profile.set_index("column").fillna("")
""",
    r"""
import pandas as pd
import time
from contextlib import contextmanager

@contextmanager
def timer(name):
    t0 = time.time()
    yield
    print(f"[{name}] done in {time.time() - t0:.3f} s")

with timer("load"):
    df = pd.read_csv("data.csv", parse_dates=["date"])
with timer("features"):
    df = df.assign(
        month=df["date"].dt.month_name().str[:3],
        is_weekend=df["date"].dt.dayofweek >= 5,
        revenue=lambda x: x["units"] * x["unit_price"] * (1 - x["discount"]),
    )
with timer("aggregate"):
    agg = df.groupby("is_weekend").agg(orders=("order_id", "size"), revenue=("revenue", "sum"))
agg
""",
    r"""
import pandas as pd
from functools import wraps

def log_step(func):
    @wraps(func)
    def wrapper(df, *args, **kwargs):
        result = func(df, *args, **kwargs)
        print(f"{func.__name__:<18} {df.shape} -> {result.shape}")
        return result
    return wrapper

@log_step
def drop_incomplete(df, cols):
    return df.dropna(subset=cols)

@log_step
def add_margin(df):
    return df.assign(margin=df.unit_price * (1 - df.discount) - df.cost)

@log_step
def keep_channels(df, *channels):
    return df[df["channel"].isin(channels)]

clean = pd.read_csv("data.csv").pipe(drop_incomplete, ["rating"]).pipe(add_margin).pipe(keep_channels, "web", "shop")
clean.groupby("channel")["margin"].describe().round(2)
""",
    r"""
import pandas as pd

class SalesAnalyzer:
    def __init__(self, filepath: str):
        self.filepath, self.df, self.results = filepath, None, {}

    def load(self):
        self.df = pd.read_csv(self.filepath)
        self.df["revenue"] = self.df.units * self.df.unit_price
        return self
    def by(self, column: str):
        self.results[column] = self.df.groupby(column)["revenue"].agg(["sum", "mean", "count"]).round(2)
        return self

    def report(self):
        for name, table in self.results.items():
            print(f"\n--- Revenue by {name} ---")
            print(table.sort_values("sum", ascending=False))

    def __len__(self):
        return 0 if self.df is None else len(self.df)

analyzer = SalesAnalyzer("data.csv").load().by("region").by("channel")
analyzer.report()
len(analyzer)
""",
    r"""
import pandas as pd, json

df = pd.read_csv("data.csv")
summary = {
    "rows": len(df),
    "period": {"from": df["date"].min(), "to": df["date"].max()},
    "revenue": round(float((df["units"] * df["unit_price"]).sum()), 2),
    "by_region": df.groupby("region")["units"].sum().astype(int).to_dict(),
    "returns": {k: int(v) for k, v in df["returned"].value_counts().items()},
}
print(json.dumps(summary, indent=2, ensure_ascii=False, default=str))
parsed = json.loads(json.dumps(summary))
assert parsed == summary
""",
    r"""
# !! small helper to avoid KeyError when a column has another name in the export
import pandas as pd

def find_col(df, *names):
    lowered = {c.lower().replace(" ", "_"): c for c in df.columns}
    for n in names:
        if n in lowered:
            return lowered[n]
    raise KeyError(f"none of {names} in {list(df.columns)}")

df = pd.read_csv("data.csv")
qty = find_col(df, "quantity", "qty", "units")
price = find_col(df, "price", "unit_price")
place = find_col(df, "store", "town", "city")
df.eval(f"amount = {qty} * {price}", inplace=True)
df.groupby(place)["amount"].sum().nlargest(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])

# --- RFM-style segmentation by city ---
now = df["date"].max() + pd.Timedelta(days=1)
df["amount"] = df["units"] * df["unit_price"]
rfm = df.groupby("city").agg(
    recency=("date", lambda s: (now - s.max()).days),
    frequency=("order_id", "count"),
    monetary=("amount", "sum"),
)
for col, asc in [("recency", False), ("frequency", True), ("monetary", True)]:
    rfm[col[0].upper()] = pd.qcut(rfm[col].rank(method="first", ascending=asc), 4, labels=[1, 2, 3, 4]).astype(int)
rfm["score"] = rfm[["R", "F", "M"]].astype(str).agg("".join, axis=1)
segments = {r"^4[34]": "champions", r"^[12][34]": "at risk"}
rfm["segment"] = rfm["score"].replace(segments, regex=True).where(lambda s: s.isin(segments.values()), "others")
rfm.sort_values("score", ascending=False)
""",
    r"""
import pandas as pd
from tempfile import TemporaryDirectory
from pathlib import Path

df = pd.read_csv("data.csv")
with TemporaryDirectory() as folder:
    target = Path(folder) / "summary.csv"
    df.groupby("category")["units"].sum().reset_index().to_csv(target, index=False)
    print(target.name, target.stat().st_size, "bytes")
    back = pd.read_csv(target)
back
""",
    r"""
import pandas as pd
from pathlib import Path

here = Path(".")
csvs = sorted(here.glob("*.csv"))
print("Available files:", [p.name for p in csvs])
frames = {p.stem: pd.read_csv(p) for p in csvs}
for stem, frame in frames.items():
    print(f"{stem}: {frame.shape}")
text = Path("data.csv").read_text(encoding="utf-8")
print(text.count("\n"), "lines;", text.splitlines()[0].split(",")[:4])
""",
    r"""
from io import StringIO
import pandas as pd

targets = pd.read_csv(StringIO('''region,target,manager
North,9000,Aisha
South,7000,Tom
East,5000,Priya
West,6000,"O'Neil, Jack"
'''))
df = pd.read_csv("data.csv")
actual = df.assign(actual=df.units * df.unit_price * (1 - df.discount)).groupby("region", as_index=False)["actual"].sum()
joined = targets.merge(actual, on="region", how="left", validate="one_to_one", indicator=True)
joined["vs_target"] = (joined["actual"] / joined["target"] - 1).map("{:+.1%}".format)
joined.drop(columns="_merge").round(2)
""",
    r"""
import random
import statistics as st
import pandas as pd

random.seed(2024)
df = pd.read_csv("data.csv")
values = df["units"].tolist()

# Central limit theorem demo for the course
for n in (2, 5, 30):
    means = [st.fmean(random.sample(values, n)) for _ in range(1000)]
    print(f"n={n:>2}  mean of means={st.mean(means):6.2f}  sd={st.stdev(means):5.2f}  theory={st.pstdev(values) / n ** 0.5:5.2f}")
print("quartiles", st.quantiles(values, n=4), "mode", st.multimode(values))
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
errors = []

def check(condition, message):
    status = "OK  " if condition else "FAIL"
    print(f"[{status}] {message}")
    if not condition:
        errors.append(message)

check(df["order_id"].is_unique, "order ids are unique")
check((df["units"] > 0).all(), "units are positive")
check(df["discount"].between(0, 1).all(), "discounts are shares")
check((df["unit_price"] > df["cost"]).all(), "price above cost")
check(df["rating"].dropna().isin(range(1, 6)).all(), "ratings run from 1 to 5")
check(set(df["returned"]) <= {"yes", "no"}, "returned is yes or no")
check(df["sku"].str.fullmatch(r"[A-Z]{3}-\d{3}-[A-Z]").all(), "SKUs are well formed")
print(f"\n{len(errors)} problem(s) found" if errors else "\nAll checks passed")
""",
    r"""
import pandas as pd
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class Insight:
    title: str
    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"• {self.title}: {self.value:,.2f}{self.unit}"

    def __lt__(self, other: "Insight") -> bool:
        return self.title < other.title

df = pd.read_csv("data.csv")
insights = [
    Insight("Total units", df["units"].sum()),
    Insight("Average discount", df["discount"].mean() * 100, "%"),
    Insight("Return rate", df["returned"].eq("yes").mean() * 100, "%"),
    Insight("Median delivery", df["delivery_days"].median(), " days"),
]
print("Key insights", *sorted(insights), sep="\n")
""",
    r"""
import re
from collections import Counter
import pandas as pd

STOP = set("the a an and or to of by for with at it is was".split())
df = pd.read_csv("data.csv")
notes = df["note"].dropna().str.lower()
words = Counter(w for note in notes for w in re.findall(r"[a-z']+", note) if w not in STOP and len(w) > 2)
print(words.most_common(10))
money = notes.str.extract(r"(\d+\.\d{2})")[0].astype(float)
print(f"refunds mentioned: {money.notna().sum()}, worth {money.sum():.2f}")
topics = {"late": r"\blate\b", "damage": r"broken|crack|lid", "gift": r"gift", "invoice": r"invoice"}
pd.Series({t: int(notes.str.contains(p, regex=True).sum()) for t, p in topics.items()}, name="notes")
""",
    r"""
import pandas as pd
import numpy as np

# Run this cell again safely: reuse df if it is already there
if "df" not in globals():
    df = pd.read_csv("data.csv")
else:
    print("df is already loaded")
if "margin" not in df.columns:
    df["margin"] = np.round(df["unit_price"] * (1 - df["discount"]) - df["cost"], 2)
loss = df[df["margin"] < 0]
print(f"{len(loss)} order(s) sold at a loss" if len(loss) else "No order was sold at a loss")
df.nsmallest(5, "margin")[["order_id", "sku", "margin"]]
""",
    r"""
import pandas as pd
try:
    from IPython.display import display, Markdown
except ImportError:
    def Markdown(text):
        return text
    def display(*items):
        for item in items:
            print(item)

df = pd.read_csv("data.csv")
display(Markdown("## Orders a channel"))
display(df["channel"].value_counts().to_frame())
""",
    r"""
try:
    import matplotlib.pyplot as plt
    HAS_MPL = True
except ImportError:
    HAS_MPL = False
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
monthly = df.groupby(df["date"].dt.to_period("M"))["units"].sum()
if HAS_MPL:
    fig, ax = plt.subplots(figsize=(10, 4))
    monthly.plot(ax=ax, marker="o")
    ax.set_title("Units a month")
    plt.tight_layout()
else:
    width = monthly.max() / 50
    for month, total in monthly.items():
        print(f"{month} {'▇' * int(total / width)} {total}")
""",
    r"""
import duckdb

# SQL is easier here
query = '''
SELECT
    category,
    COUNT(*)                                        AS orders,
    SUM(units)                                      AS units,
    ROUND(AVG(unit_price), 2)                       AS avg_price,
    ROUND(100.0 * SUM(CASE WHEN returned = 'yes' THEN 1 ELSE 0 END) / COUNT(*), 1) AS return_pct
FROM 'data.csv'
GROUP BY category
ORDER BY units DESC
'''
result = duckdb.sql(query).df()
print(result.to_string(index=False))
print("\nHighest return rate:", result.loc[result["return_pct"].idxmax(), "category"])
""",
    r"""
import pandas as pd
import sqlite3

conn = sqlite3.connect(":memory:")
df = pd.read_csv("data.csv")
df.to_sql("orders", conn, index=False, if_exists="replace")
cur = conn.cursor()
cur.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
print("tables:", cur.fetchall())
sql = '''SELECT strftime('%Y-%m', date) AS month, ROUND(SUM(units * unit_price), 2) AS revenue
         FROM orders WHERE region = ? GROUP BY month ORDER BY revenue DESC LIMIT ?'''
for month, revenue in cur.execute(sql, ("North", 5)):
    print(month, revenue)
conn.close()
""",
    r"""
import pandas as pd

# Thought: the question asks about "late" orders. I define late as more than 4 days.
LATE_AFTER = 4
df = pd.read_csv("data.csv")
delivered = df[df["delivery_days"].notna()].copy()
delivered["late"] = delivered["delivery_days"] > LATE_AFTER

late_rate = delivered["late"].mean()
late_by_region = delivered.groupby("region")["late"].mean().sort_values(ascending=False)

print(f"Overall late rate: {late_rate:.1%} of {len(delivered)} delivered orders "
      f"({len(df) - len(delivered)} without a delivery time were left out)")
print("\nBy region:")
print(late_by_region.apply(lambda x: f"{x:.1%}").to_string())
final_answer = f"{late_by_region.index[0]} has the highest late rate at {late_by_region.iloc[0]:.1%}"
print("\n" + final_answer)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")

def describe_group(g):
    return pd.Series({
        "n": len(g),
        "units": g["units"].sum(),
        "wavg_price": (g["unit_price"] * g["units"]).sum() / g["units"].sum(),
        "top_sku": g["sku"].value_counts().index[0],
        "share_web": (g["channel"] == "web").mean(),
    })

out = df.groupby("city").apply(describe_group)
out["share_web"] = out["share_web"].astype(float).map(lambda v: f"{v:.0%}")
out["wavg_price"] = out["wavg_price"].astype(float).round(2)
print(out.to_string())
""",
    r"""
# Homework 2 - Linear regression with gradient descent from scratch
import numpy as np
import pandas as pd

data = pd.read_csv('data.csv')
X = data[['cost']].values
y = data['unit_price'].values.reshape(-1, 1)
X = (X - X.mean()) / X.std()
X = np.hstack([np.ones((X.shape[0], 1)), X])
theta = np.zeros((2, 1))
alpha = 0.1
losses = []
for epoch in range(200):
    pred = X.dot(theta)
    grad = X.T.dot(pred - y) / len(y)
    theta -= alpha * grad
    loss = float(np.mean((pred - y) ** 2) / 2)
    losses.append(loss)
    if epoch % 50 == 0:
        print('epoch %3d loss %.4f' % (epoch, loss))
print('theta =', theta.ravel())
print('r2 =', 1 - np.sum((y - X @ theta) ** 2) / np.sum((y - y.mean()) ** 2))
""",
    r"""
import pandas as pd
import textwrap

df = pd.read_csv("data.csv", parse_dates=["date"])
rev = (df.units * df.unit_price * (1 - df.discount)).rename("revenue")
first, last = df.date.min(), df.date.max()
top = rev.groupby(df.category).sum().idxmax()
weak = rev.groupby(df.region).sum().idxmin()
story = f'''
    Between {first:%d %B %Y} and {last:%d %B %Y} the shop took {len(df)} orders worth £{rev.sum():,.0f}.
    {top.capitalize()} brought in the most, while {weak} was the weakest region with
    £{rev.groupby(df.region).sum().min():,.0f}. The average order was £{rev.mean():.2f}.
'''
print(textwrap.fill(" ".join(story.split()), width=80))
""",
    r"""
import pandas as pd
from enum import Enum, auto

class Size(Enum):
    SMALL = auto()
    MEDIUM = auto()
    LARGE = auto()

    @classmethod
    def of(cls, units: int) -> "Size":
        if units < 8:
            return cls.SMALL
        return cls.MEDIUM if units < 18 else cls.LARGE

df = pd.read_csv("data.csv")
df["size"] = [Size.of(u).name.lower() for u in df["units"]]
order = [s.name.lower() for s in Size]
df["size"] = pd.Categorical(df["size"], categories=order, ordered=True)
df.groupby("size", observed=True)["discount"].agg(["mean", "count"]).round(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")

match df.shape:
    case (0, _):
        print("empty")
    case (rows, cols) if rows < 1000:
        print(f"small table: {rows} x {cols}")
    case (rows, cols):
        print(f"large table: {rows} x {cols}")

def bucket(row) -> str:
    match (row.channel, row.discount):
        case ("phone", _):
            return "by phone"
        case (_, 0):
            return "full price"
        case (c, d) if d >= 0.15:
            return f"deep discount ({c})"
        case _:
            return "light discount"

pd.Series([bucket(r) for r in df.itertuples()]).value_counts()
""",
    r"""
import pandas as pd
import numpy as np

np.random.seed(42)

# 1. Load and split
df = pd.read_csv('data.csv')
df = df.sample(frac=1).reset_index(drop=True)
split = int(0.8 * len(df))
train, test = df[:split], df[split:]

# 2. A simple baseline: the mean of the category
means = train.groupby('category')['units'].mean()
baseline = test['category'].map(means).fillna(train['units'].mean())

# 3. Evaluate
mae = np.abs(test['units'] - baseline).mean()
rmse = np.sqrt(((test['units'] - baseline) ** 2).mean())
naive = np.abs(test['units'] - train['units'].mean()).mean()
print(f"MAE:  {mae:.3f}\nRMSE: {rmse:.3f}\nNaive MAE: {naive:.3f}")
print("🎉 Baseline beats the naive model!" if mae < naive else "🤔 Baseline does not beat the naive model.")
""",
    r"""
from datetime import date, timedelta
import calendar
import pandas as pd

df = pd.read_csv("data.csv")
df["date"] = [date.fromisoformat(d) for d in df["date"]]
df["dow"] = [calendar.day_name[d.weekday()] for d in df["date"]]
df["month_end"] = [d + timedelta(days=calendar.monthrange(d.year, d.month)[1] - d.day) for d in df["date"]]
df["days_left"] = [(e - d).days for d, e in zip(df["date"], df["month_end"])]
busiest = df["dow"].value_counts().reindex(list(calendar.day_name)).fillna(0).astype(int)
print(busiest.to_string())
print("orders in the last week of a month:", int((df["days_left"] < 7).sum()))
""",
    r"""
import pandas as pd
import numpy as np

df = pd.read_csv("data.csv")

# Detect outliers using the IQR method
def detect_outliers_iqr(data, column, factor=1.5):
    Q1 = data[column].quantile(0.25)
    Q3 = data[column].quantile(0.75)
    IQR = Q3 - Q1
    lower_bound = Q1 - factor * IQR
    upper_bound = Q3 + factor * IQR
    outliers = data[(data[column] < lower_bound) | (data[column] > upper_bound)]
    return outliers, lower_bound, upper_bound

numeric_cols = df.select_dtypes(include=[np.number]).columns.drop("order_id")
for col in numeric_cols:
    outliers, lo, hi = detect_outliers_iqr(df, col)
    pct = len(outliers) / len(df) * 100
    print(f"{col:15s} | bounds [{lo:8.2f}, {hi:8.2f}] | {len(outliers):3d} outliers ({pct:.1f}%)")
""",
    r"""
import base64, hashlib, io
import pandas as pd

raw = open("data.csv", "rb").read()
print("sha256:", hashlib.sha256(raw).hexdigest()[:16], "| md5:", hashlib.md5(raw).hexdigest()[:8])
df = pd.read_csv(io.BytesIO(raw))
# pseudonymise the order ids before sharing the table
df["key"] = df["order_id"].astype(str).map(lambda s: hashlib.blake2b(s.encode(), digest_size=6).hexdigest())
assert df["key"].is_unique
print(base64.b64encode(df["key"].iloc[0].encode()).decode())
df[["key", "region", "units"]].head()
""",
    r"""
import pandas as pd
import itertools as it

df = pd.read_csv("data.csv")
baskets = df.groupby(["city", df["date"].str[:7]])["category"].agg(lambda s: frozenset(s))
n = len(baskets)
items = sorted(set().union(*baskets))
support = lambda *xs: sum(set(xs) <= b for b in baskets) / n
rules = []
for a, b in it.permutations(items, 2):
    both = support(a, b)
    if both >= 0.05:
        conf = both / support(a)
        rules.append((f"{a} → {b}", round(both, 3), round(conf, 3), round(conf / support(b), 2)))
print(f"{n} baskets, {len(rules)} rules")
pd.DataFrame(rules, columns=["rule", "support", "confidence", "lift"]).sort_values("lift", ascending=False).head(6)
""",
    r"""
import pandas as pd
from decimal import Decimal, ROUND_HALF_UP
from fractions import Fraction

df = pd.read_csv("data.csv", dtype={"unit_price": str, "discount": str, "cost": str})
cent = Decimal("0.01")
total = Decimal(0)
for u, p, d in zip(df["units"], df["unit_price"], df["discount"]):
    total += (int(u) * Decimal(p) * (1 - Decimal(d))).quantize(cent, rounding=ROUND_HALF_UP)
floats = (df["units"] * df["unit_price"].astype(float) * (1 - df["discount"].astype(float))).round(2).sum()
print(f"exact {total}, floats {floats:.2f}, difference {float(total) - floats:+.2f}")
print("returned:", Fraction(int((df["returned"] == "yes").sum()), len(df)))
vat = (total / Decimal("1.2") * Decimal("0.2")).quantize(cent)
print("of it VAT:", vat)
""",
    r"""
import pandas as pd

def tqdm(iterable, desc=""):
    # a poor man's progress bar
    items = list(iterable)
    for i, item in enumerate(items, 1):
        yield item
        if i % max(1, len(items) // 4) == 0:
            print(f"\r{desc} {i}/{len(items)}", end="")
    print()

df = pd.read_csv("data.csv")
results = {}
for sku in tqdm(df["sku"].unique(), desc="SKUs"):
    part = df[df["sku"] == sku]
    if len(part) >= 3:
        results[sku] = part["unit_price"].std() / part["unit_price"].mean()
sorted(results.items(), key=lambda kv: kv[1], reverse=True)[:5]
""",
    r"""
import pandas as pd

# Cohorts: the quarter of a SKU's first order, and what was sold of it later
df = pd.read_csv("data.csv", parse_dates=["date"])
df["q"] = df["date"].dt.to_period("Q")
df["cohort"] = df.groupby("sku")["q"].transform("min")
df["age"] = (df["q"] - df["cohort"]).apply(lambda x: x.n)
table = df.pivot_table(index="cohort", columns="age", values="sku", aggfunc="nunique")
retention = table.div(table[0], axis=0)
styled = retention.map(lambda v: "" if pd.isna(v) else f"{v:.0%}")
print(styled.to_string())
""",
    r"""
import sys, platform
import pandas as pd, numpy as np
print("Python:", sys.version.split()[0], "on", platform.python_implementation())
print("pandas:", pd.__version__, "numpy:", np.__version__)
for mod in ("scipy", "sklearn", "statsmodels", "altair", "seaborn", "plotly"):
    try:
        m = __import__(mod)
        print(f"{mod}: {m.__version__}")
    except ImportError:
        print(f"{mod}: not installed")
df = pd.read_csv("data.csv")
df.tail(3)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
corr = df.drop(columns=["order_id"]).corr(numeric_only=True)

# Print a readable correlation report
strong = []
cols = corr.columns
for i in range(len(cols)):
    for j in range(i + 1, len(cols)):
        value = corr.iloc[i, j]
        if abs(value) >= 0.2:
            strong.append((cols[i], cols[j], value))
strong.sort(key=lambda t: abs(t[2]), reverse=True)
print("Notable correlations:" if strong else "No notable correlations.")
for a, b, value in strong:
    direction = "positively" if value > 0 else "negatively"
    print(f"  - {a} and {b} are {direction} correlated (r = {value:.2f})")
corr.style.format("{:.2f}").to_html()[:60]
""",
    r"""
import pandas as pd
from abc import ABC, abstractmethod

class Metric(ABC):
    @property
    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    def __call__(self, df: pd.DataFrame) -> float: ...

class Revenue(Metric):
    name = "revenue"
    def __call__(self, df):
        return float((df.units * df.unit_price * (1 - df.discount)).sum())

class ReturnRate(Metric):
    name = "return rate"
    def __call__(self, df):
        return float(df.returned.eq("yes").mean())

df = pd.read_csv("data.csv")
metrics = [cls() for cls in Metric.__subclasses__()]
{m.name: {r: round(m(g), 3) for r, g in df.groupby("region")} for m in metrics}
""",
    r"""
import pandas as pd

CONFIG = {
    "input": "data.csv",
    "group_by": ["region", "category"],
    "metrics": {"units": ["sum", "mean"], "rating": ["mean"], "delivery_days": ["median"]},
    "filters": ["units > 2", "channel != 'phone'"],
    "sort": ("units_sum", False),
}

df = pd.read_csv(CONFIG["input"])
for rule in CONFIG["filters"]:
    before = len(df)
    df = df.query(rule)
    print(f"filter {rule!r}: {before} -> {len(df)}")
out = df.groupby(CONFIG["group_by"]).agg(CONFIG["metrics"])
out.columns = out.columns.map("_".join)
column, ascending = CONFIG["sort"]
out.sort_values(column, ascending=ascending).head(8).round(2)
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
methods = ["sum", "mean", "median", "std", "nunique"]
result = {}
for m in methods:
    fn = getattr(df.groupby("channel")["units"], m)
    result[m] = fn()
    print(m.ljust(8), "|", (getattr(fn, "__doc__", "") or "").strip().split("\n")[0][:50])
pd.DataFrame(result).round(2)
""",
    r"""
from string import Template
import locale
import pandas as pd

tpl = Template("$region: $orders orders, £$revenue (best: $best)")
df = pd.read_csv("data.csv")
df["revenue"] = df["units"] * df["unit_price"]
lines = []
for region, g in df.groupby("region"):
    lines.append(tpl.substitute(region=region, orders=len(g), revenue=f"{g['revenue'].sum():,.2f}",
                                best=g.loc[g["revenue"].idxmax(), "sku"]))
print("\n".join(lines))
print("decimal point:", locale.localeconv()["decimal_point"])
""",
    r"""
import pandas as pd
import traceback

df = pd.read_csv("data.csv")

def safe(fn, *args, default=None):
    try:
        return fn(*args)
    except (ValueError, ZeroDivisionError, KeyError) as exc:
        print("skipped:", traceback.format_exception_only(type(exc), exc)[-1].strip())
        return default

parsed = [safe(float, v) for v in ["12.5", "n/a", "7"]]
ratios = {c: safe(lambda: df[c].max() / df[c].min()) for c in ["units", "unit_price", "profit"]}
print(parsed, ratios)
try:
    df.merge(df, on="category", validate="one_to_one")
except pd.errors.MergeError as e:
    print("As expected:", str(e).split(";")[0])
finally:
    print("done")
""",
    r"""
import pandas as pd
from concurrent.futures import ThreadPoolExecutor

df = pd.read_csv("data.csv")

def summarise(item):
    name, part = item
    return name, part["units"].mean(), part["unit_price"].median()

with ThreadPoolExecutor(max_workers=2) as pool:
    rows = list(pool.map(summarise, df.groupby("city")))
for name, mean, med in sorted(rows):
    print(f"{name:<12}{mean:7.2f}{med:8.2f}")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df = df.sort_values("date").reset_index(drop=True)

# Pareto: what share of SKUs makes 80% of revenue?
sku_rev = df.assign(rev=df.units * df.unit_price).groupby("sku")["rev"].sum().sort_values(ascending=False)
cum = sku_rev.cumsum() / sku_rev.sum()
n80 = int((cum < 0.8).sum()) + 1
print(f"{n80} of {len(sku_rev)} SKUs ({n80 / len(sku_rev):.0%}) make 80% of the revenue")
abc = pd.cut(cum, [0, 0.8, 0.95, 1.0001], labels=list("ABC"))
print(abc.value_counts().sort_index().to_dict())
del cum
sku_rev.to_frame().assign(cls=abc).groupby("cls", observed=True)["rev"].agg(["sum", "size"]).round(2)
""",
    r"""
import pandas as pd
import operator as op
from functools import lru_cache, reduce

@lru_cache(maxsize=None)
def load(path: str) -> pd.DataFrame:
    print("reading", path)
    return pd.read_csv(path)

OPS = {">": op.gt, ">=": op.ge, "<": op.lt, "==": op.eq}

def where(df, *conditions):
    masks = (OPS[o](df[c], v) for c, o, v in conditions)
    return df[reduce(op.and_, masks)]

big = where(load("data.csv"), ("units", ">=", 15), ("channel", "==", "web"), ("discount", "<", 0.1))
other = where(load("data.csv"), ("category", "==", "tea"))
print(len(big), len(other), load.cache_info().hits, "hit")
first = big.iloc[0].to_dict()
op.itemgetter("order_id", "city", "units")(first)
""",
    r"""
import pandas as pd
import uuid, copy

df = pd.read_csv("data.csv")
original = copy.deepcopy(df)
df.loc[df["note"].isna(), "note"] = "(none)"
df["batch"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, "orders"))[:8]
changed = (original["note"].fillna("") != df["note"]).sum()
print("notes changed:", changed, "| ids differ:", id(original) != id(df))
diff = original.drop(columns="note").compare(df[original.columns.drop("note")])
print("other differences:", len(diff))
pd.testing.assert_frame_equal(original[["units", "cost"]], df[["units", "cost"]])
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")

html = ["<table>", "<tr><th>Region</th><th>Units</th></tr>"]
for region, units in df.groupby("region")["units"].sum().items():
    html.append(f"<tr><td>{region}</td><td>{units}</td></tr>")
html.append("</table>")
page = "\n".join(html)

md = ["| region | units |", "|:--|--:|"]
md += [f"| {r} | {u:,} |" for r, u in df.groupby("region")["units"].sum().items()]
print("\n".join(md))
len(page)
""",
    r"""
# Final answer helper, as in the exercises
import pandas as pd

def solve(path="data.csv"):
    df = pd.read_csv(path, usecols=lambda c: c not in {"note", "sku"})
    q1 = df.loc[df["returned"].eq("yes"), "units"].sum()
    q2 = df.groupby("region")["customer_age"].mean().round(1).to_dict()
    q3 = df["date"].str.slice(0, 7).value_counts().head(1).index.item()
    q4 = df.nlargest(1, "unit_price").squeeze()["category"]
    return {f"Q{i}": a for i, a in enumerate((q1, q2, q3, q4), 1)}

answers = solve()
for k, v in answers.items():
    print(k, "=>", v)
locals().get("answers") is answers
""",
]
