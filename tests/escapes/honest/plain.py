"""The standard library, small classes, text reports."""

PROGRAMS: list[str] = [
    r"""
import csv
from collections import Counter, defaultdict

totals = defaultdict(float)
orders = Counter()
with open("data.csv", newline="") as handle:
    for row in csv.DictReader(handle):
        revenue = int(row["units"]) * float(row["unit_price"]) * (1 - float(row["discount"]))
        totals[row["region"]] += revenue
        orders[row["region"]] += 1
for region, total in sorted(totals.items(), key=lambda item: item[1], reverse=True):
    print("%-6s %10.2f  %3d orders" % (region, total, orders[region]))
""",
    r"""
from dataclasses import dataclass, field, asdict
import pandas as pd

@dataclass
class Region:
    name: str
    revenue: float = 0.0
    cities: set = field(default_factory=set)

    def __post_init__(self):
        self.name = self.name.title()

    def add(self, city: str, amount: float) -> None:
        self.cities.add(city)
        self.revenue += amount

regions: dict[str, Region] = {}
for row in pd.read_csv("data.csv").itertuples(index=False):
    regions.setdefault(row.region, Region(row.region)).add(row.city, row.units * row.unit_price)
[asdict(r) | {"cities": sorted(r.cities)} for r in sorted(regions.values(), key=lambda r: -r.revenue)]
""",
    r"""
import re
import pandas as pd

df = pd.read_csv("data.csv")
invoice = re.compile(r"invoice\s+#(?P<number>[A-Z]-\d+)", re.IGNORECASE)
found = []
for order, note in df[["order_id", "note"]].dropna().itertuples(index=False):
    match = invoice.search(note)
    if match:
        found.append((order, match.group("number"), match.span()))
print(len(found), "invoices")
for order, number, (start, end) in found[:5]:
    print(f"{order}: {number} at {start}-{end}")
cleaned = df["note"].fillna("").map(lambda text: re.sub(r"[^\w\s]+", " ", text).strip())
cleaned[cleaned != ""].head()
""",
    r"""
import datetime as dt
import pandas as pd

df = pd.read_csv("data.csv")
dates = [dt.date.fromisoformat(text) for text in df["date"]]
gaps = [(b - a).days for a, b in zip(sorted(dates), sorted(dates)[1:])]
weekend = sum(day.weekday() >= 5 for day in dates)
print("from", min(dates), "to", max(dates), "=", (max(dates) - min(dates)).days, "days")
print("longest gap", max(gaps), "days; weekend orders", f"{weekend / len(dates):.0%}")
quarter_ends = [d for d in dates if d.month % 3 == 0 and d.day > 25]
print(len(quarter_ends), "orders in the last days of a quarter")
""",
    r"""
import json
import pandas as pd

df = pd.read_csv("data.csv")
report = {
    "rows": len(df),
    "columns": list(df.columns),
    "missing": {k: int(v) for k, v in df.isna().sum().items() if v},
    "ranges": {c: [float(df[c].min()), float(df[c].max())] for c in df.select_dtypes("number")},
    "levels": {c: sorted(df[c].dropna().unique().tolist())[:10] for c in ("region", "category", "channel", "returned")},
}
text = json.dumps(report, indent=2, ensure_ascii=False)
assert json.loads(text)["rows"] == len(df)
print(text)
""",
    r"""
from itertools import accumulate, combinations, groupby, pairwise
from operator import itemgetter
import pandas as pd

records = pd.read_csv("data.csv").sort_values(["city", "date"]).to_dict("records")
for city, group in groupby(records, key=itemgetter("city")):
    units = [row["units"] for row in group]
    running = list(accumulate(units))
    jumps = [b - a for a, b in pairwise(units)]
    print(f"{city:<10} total {running[-1]:>4}  largest jump {max(jumps, key=abs):+d}")
cities = sorted({row["city"] for row in records})
print(len(list(combinations(cities, 2))), "pairs of cities")
""",
    r"""
import math
import statistics as st
from fractions import Fraction
import pandas as pd

prices = pd.read_csv("data.csv")["unit_price"].tolist()
print("mean", st.fmean(prices), "median", st.median(prices), "mode", st.mode(round(p) for p in prices))
print("quartiles", [round(q, 2) for q in st.quantiles(prices, n=4)], "stdev", round(st.stdev(prices), 3))
geometric = math.exp(math.fsum(map(math.log, prices)) / len(prices))
print("geometric mean", round(geometric, 3), math.isclose(geometric, st.geometric_mean(prices)))
share = Fraction(sum(p > 10 for p in prices), len(prices))
print("above ten:", share, "=", float(share))
""",
    r"""
from functools import reduce, partial
import pandas as pd

def clean(df): return df.rename(columns=str.lower).drop_duplicates()
def enrich(df, rate): return df.assign(euros=df["units"] * df["unit_price"] * rate)
def keep(df, **conditions):
    for column, value in conditions.items():
        df = df[df[column] == value]
    return df

steps = [clean, partial(enrich, rate=1.17), partial(keep, channel="web", returned="no")]
result = reduce(lambda frame, step: step(frame), steps, pd.read_csv("data.csv"))
print(len(result), "rows,", round(result["euros"].sum(), 2), "euros")
getattr(result.groupby("region")["euros"], "mean")().round(2)
""",
    r"""
import pandas as pd
from enum import Enum
from typing import NamedTuple

class Level(Enum):
    LOW = "low"
    HIGH = "high"

class Check(NamedTuple):
    name: str
    passed: bool
    level: Level = Level.LOW

df = pd.read_csv("data.csv", parse_dates=["date"])
checks = [
    Check("order ids are unique", df["order_id"].is_unique, Level.HIGH),
    Check("dates in order", df["date"].is_monotonic_increasing),
    Check("no negative prices", bool((df["unit_price"] > 0).all()), Level.HIGH),
    Check("discounts below 50%", bool(df["discount"].lt(0.5).all())),
    Check("ratings from 1 to 5", bool(df["rating"].dropna().between(1, 5).all())),
]
for check in checks:
    print("ok  " if check.passed else "FAIL", check.level.value.ljust(5), check.name)
""",
    r'''
import textwrap
import pandas as pd

df = pd.read_csv("data.csv")
df["revenue"] = df["units"] * df["unit_price"]
best = df.groupby("category")["revenue"].sum().idxmax()
template = """
Between {start} and {end} the shop took {n} orders worth {total:,.0f} pounds.
{best} sold best with {share:.1%} of all revenue; {missing} orders carry no rating.
"""
text = template.format(start=df["date"].min(), end=df["date"].max(), n=len(df), total=df["revenue"].sum(), best=best.capitalize(),
                       share=df.loc[df["category"] == best, "revenue"].sum() / df["revenue"].sum(),
                       missing=df["rating"].isna().sum())
print(textwrap.fill(" ".join(text.split()), width=72))
''',
    r"""
import pandas as pd

class Summary:
    def __init__(self, frame: pd.DataFrame, by: str):
        self.frame = frame
        self.by = by

    def __repr__(self) -> str:
        return f"Summary of {len(self.frame)} rows by {self.by}"

    def __getitem__(self, column: str) -> pd.DataFrame:
        return self.frame.groupby(self.by)[column].agg(["mean", "median", "std"]).round(2)

    @property
    def sizes(self) -> pd.Series:
        return self.frame[self.by].value_counts()

summary = Summary(pd.read_csv("data.csv"), by="region")
print(summary)
print(summary["unit_price"])
summary.sizes
""",
    r"""
import io
import pandas as pd
from contextlib import redirect_stdout

df = pd.read_csv("data.csv")
buffer = io.StringIO()
df.info(buf=buffer)
lines = buffer.getvalue().splitlines()
print("\n".join(line for line in lines if "null" in line.lower()))
with redirect_stdout(io.StringIO()) as captured:
    print(df.head(3).to_csv(index=False))
print(len(captured.getvalue()), "characters of CSV")
""",
    r"""
import string
from collections import Counter
import pandas as pd

notes = pd.read_csv("data.csv")["note"].dropna()
table = str.maketrans("", "", string.punctuation + string.digits)
words = Counter(word for note in notes for word in note.lower().translate(table).split() if len(word) > 2)
width = max(len(word) for word, _ in words.most_common(12))
for word, count in words.most_common(12):
    print(word.rjust(width), "█" * count, count)
""",
    r"""
import random
import time
import pandas as pd

random.seed(11)
start = time.perf_counter()
df = pd.read_csv("data.csv")
sample = df.sample(n=50, random_state=random.randrange(1000))
estimate = sample["units"].mean()
try:
    ratio = estimate / df["units"].mean()
except ZeroDivisionError:
    ratio = float("nan")
else:
    print(f"a sample of 50 gives {ratio:.1%} of the true mean")
finally:
    print(f"took {time.perf_counter() - start:.2f} s")
""",
    r"""
import pandas as pd
import warnings
from decimal import Decimal, ROUND_HALF_UP

warnings.filterwarnings("ignore", category=FutureWarning)
df = pd.read_csv("data.csv", dtype={"unit_price": str, "discount": str})
cent = Decimal("0.01")
total = Decimal(0)
for price, discount, units in zip(df["unit_price"], df["discount"], df["units"]):
    line = (Decimal(price) * (1 - Decimal(discount)) * int(units)).quantize(cent, rounding=ROUND_HALF_UP)
    total += line
vat = (total * Decimal("0.20")).quantize(cent)
print(f"net {total}, VAT {vat}, gross {total + vat}")
""",
]
