"""The standard library as different people use it: readers, classes, generators, decorators, parsing, small reports."""

PROGRAMS: list[str] = [
    r"""
import csv

with open("data.csv", encoding="utf-8", newline="") as f:
    reader = csv.reader(f)
    header = next(reader)
    rows = [row for row in reader if row]
units = header.index("units")
print("columns:", ", ".join(header))
print("total units:", sum(int(row[units]) for row in rows))
""",
    r"""
lines = open("data.csv").read().splitlines()
names = lines[0].split(",")
print(len(lines) - 1, "records,", len(names), "fields")
for i, name in enumerate(names, start=1):
    print(f"{i:2d}. {name}")
""",
    r"""
from pathlib import Path

path = Path("data.csv")
text = path.read_text(encoding="utf-8")
print(f"{path.name}: {len(text):,} characters, {text.count(chr(10))} line ends, {path.stat().st_size / 1024:.1f} KiB")
print("extension:", path.suffix, "| stem:", path.stem, "| exists:", path.exists())
""",
    r"""
import csv
from collections import namedtuple

with open("data.csv", newline="") as fh:
    reader = csv.reader(fh)
    Order = namedtuple("Order", next(reader))
    orders = [Order(*line) for line in reader]

print(Order._fields)
first = orders[0]
print(first._replace(note="(hidden)"))
print(first._asdict()["city"], max(orders, key=lambda o: float(o.unit_price)).sku)
""",
    r"""
import csv

def read_orders(path):
    with open(path, newline="") as handle:
        for record in csv.DictReader(handle):
            yield {**record, "units": int(record["units"]), "unit_price": float(record["unit_price"])}

def only(records, **wanted):
    for record in records:
        if all(record[k] == v for k, v in wanted.items()):
            yield record

def revenue(records):
    return sum(r["units"] * r["unit_price"] for r in records)

for channel in ("web", "shop", "phone"):
    print(channel, round(revenue(only(read_orders("data.csv"), channel=channel)), 2))
""",
    r"""
import functools
import time
import pandas as pd

def timed(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        t0 = time.perf_counter()
        result = func(*args, **kwargs)
        print(f"{func.__name__} finished in {(time.perf_counter() - t0) * 1000:.1f} ms")
        return result
    return wrapper

@timed
def load(path: str) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=["date"])

@timed
def summarise(df: pd.DataFrame) -> pd.DataFrame:
    return df.groupby("category")[["units", "unit_price"]].mean().round(2)

summarise(load("data.csv"))
""",
    r"""
from contextlib import contextmanager
from time import perf_counter
import pandas as pd

@contextmanager
def step(title):
    print(f"--- {title}")
    began = perf_counter()
    try:
        yield
    finally:
        print(f"--- {title}: {perf_counter() - began:.3f} s")

with step("load"):
    df = pd.read_csv("data.csv")
with step("describe"):
    print(df[["units", "rating"]].describe().loc[["mean", "std"]])
""",
    r"""
import logging
import sys
import pandas as pd

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", force=True)
log = logging.getLogger("orders")

df = pd.read_csv("data.csv")
log.info("read %d rows and %d columns", *df.shape)
missing = df.isna().sum()
for column, n in missing[missing > 0].items():
    log.warning("%s lacks %d values", column, n)
log.debug("this is not shown")
df = df.dropna(subset=["rating"])
log.info("%d rows remain", len(df))
""",
    r"""
import random
import statistics
import pandas as pd

rng = random.Random(42)
units = pd.read_csv("data.csv")["units"].tolist()
means = sorted(statistics.fmean(rng.choices(units, k=len(units))) for _ in range(1000))
low, high = means[25], means[974]
print(f"mean {statistics.fmean(units):.2f}, 95% bootstrap interval [{low:.2f}, {high:.2f}]")
""",
    r"""
import random
import pandas as pd

random.seed(2024)
df = pd.read_csv("data.csv").dropna(subset=["rating"])
web = df.loc[df.channel == "web", "rating"].tolist()
shop = df.loc[df.channel == "shop", "rating"].tolist()
observed = sum(web) / len(web) - sum(shop) / len(shop)
pool = web + shop
extreme = 0
n = 2000
for _ in range(n):
    random.shuffle(pool)
    a, b = pool[:len(web)], pool[len(web):]
    if abs(sum(a) / len(a) - sum(b) / len(b)) >= abs(observed):
        extreme += 1
print(f"difference {observed:+.3f}, permutation p = {extreme / n:.3f}")
""",
    r"""
from dataclasses import dataclass
from datetime import date
import csv

@dataclass(frozen=True, slots=True, order=True)
class Order:
    day: date
    id: int
    units: int
    price: float
    discount: float = 0.0

    @property
    def net(self) -> float:
        return self.units * self.price * (1 - self.discount)

    @classmethod
    def from_row(cls, row: dict[str, str]) -> "Order":
        return cls(date.fromisoformat(row["date"]), int(row["order_id"]), int(row["units"]), float(row["unit_price"]), float(row["discount"]))

with open("data.csv") as f:
    orders = sorted(map(Order.from_row, csv.DictReader(f)))
print(orders[0], orders[-1].day, sep="\n")
print("best:", max(orders, key=lambda o: o.net))
""",
    r"""
import heapq
import csv

with open("data.csv", newline="") as f:
    rows = list(csv.DictReader(f))

top = heapq.nlargest(5, rows, key=lambda r: int(r["units"]) * float(r["unit_price"]))
bottom = heapq.nsmallest(3, rows, key=lambda r: float(r["cost"]))
for place, r in enumerate(top, 1):
    print(place, r["sku"], r["city"], r["units"], r["unit_price"], sep="\t")
print("cheapest to make:", [r["sku"] for r in bottom])
""",
    r"""
from bisect import bisect_right
import pandas as pd

BREAKS = [5, 10, 20, 40]
LABELS = ["<5", "5-10", "10-20", "20-40", "40+"]

def band(price: float) -> str:
    return LABELS[bisect_right(BREAKS, price)]

df = pd.read_csv("data.csv")
counts = df["unit_price"].map(band).value_counts().reindex(LABELS, fill_value=0)
for label, n in counts.items():
    print(f"{label:>6} | {'#' * (n // 3)} {n}")
""",
    r"""
from collections import ChainMap, Counter, OrderedDict, deque
import pandas as pd

df = pd.read_csv("data.csv")
defaults = {"by": "region", "value": "units", "window": 5}
options = ChainMap({"window": 7}, defaults)
window = deque(maxlen=options["window"])
smoothed = []
for value in df[options["value"]]:
    window.append(value)
    smoothed.append(sum(window) / len(window))
counts = Counter(df[options["by"]])
ordered = OrderedDict(counts.most_common())
print(dict(options), list(ordered.items()))
print("last smoothed:", [round(s, 1) for s in smoothed[-5:]])
""",
    r"""
from collections import Counter
import pandas as pd

df = pd.read_csv("data.csv")
web = Counter(df.loc[df["channel"].eq("web"), "category"])
shop = Counter(df.loc[df["channel"].eq("shop"), "category"])
print("both   ", web & shop)
print("either ", web | shop)
print("surplus", web - shop)
web.subtract(shop)
print({k: f"{v:+d}" for k, v in sorted(web.items())}, web.total())
""",
    r"""
import re
from datetime import datetime, timedelta

text = open("data.csv").read()
repeats = re.findall(r"repeat order of (\d{4})-(\d{2})-(\d{2})", text)
days = [datetime(int(y), int(m), int(d)) for y, m, d in repeats]
print(len(days), "repeat orders, the earliest of", min(days).strftime("%d %b %Y"))
recent = [d for d in days if d > max(days) - timedelta(days=90)]
print(len(recent), "within ninety days of the last")
""",
    r"""
import re
import csv

SKU = re.compile(r'''
    ^(?P<group>[A-Z]{3})   # product group
    -(?P<number>\d{3})     # number in the group
    -(?P<grade>[A-C])$     # grade
''', re.VERBOSE)

bad, by_grade = [], {}
with open("data.csv") as f:
    for row in csv.DictReader(f):
        if (m := SKU.match(row["sku"])) is None:
            bad.append(row["sku"])
            continue
        by_grade.setdefault(m["grade"], set()).add(f"{m['group']}{m['number']}")
print({grade: len(skus) for grade, skus in sorted(by_grade.items())}, "bad:", bad)
""",
    r"""
import re
import pandas as pd

notes = pd.read_csv("data.csv")["note"].dropna()
refunds = [float(amount) for note in notes for amount in re.findall(r"refund (\d+\.\d{2})", note)]
doors = sorted({int(n) for n in re.findall(r"\(no\. (\d+)\)", " ".join(notes))})
masked = notes.map(lambda s: re.sub(r"#([A-Z])-(\d+)", lambda m: f"#{m.group(1)}-{'*' * len(m.group(2))}", s))
print("refunded in all:", sum(refunds))
print("neighbours:", doors)
print(masked.head(4).to_list())
""",
    r"""
import json
from datetime import date, datetime
import numpy as np
import pandas as pd

class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (np.integer, np.floating)):
            return o.item()
        if isinstance(o, (date, datetime, pd.Timestamp)):
            return o.isoformat()
        if isinstance(o, np.ndarray):
            return o.tolist()
        return super().default(o)

df = pd.read_csv("data.csv", parse_dates=["date"])
payload = {"n": df["units"].sum(), "last": df["date"].max(), "prices": df["unit_price"].nlargest(3).to_numpy()}
print(json.dumps(payload, cls=Encoder, indent=4, sort_keys=True))
""",
    r"""
import json
import csv

with open("data.csv", newline="") as f:
    tree: dict = {}
    for r in csv.DictReader(f):
        tree.setdefault(r["region"], {}).setdefault(r["city"], {}).setdefault(r["category"], 0)
        tree[r["region"]][r["city"]][r["category"]] += int(r["units"])

def depth(node):
    return 1 + max(map(depth, node.values())) if isinstance(node, dict) and node else 0

def leaves(node):
    if not isinstance(node, dict):
        yield node
        return
    for child in node.values():
        yield from leaves(child)

print("depth", depth(tree), "sum", sum(leaves(tree)))
print(json.dumps(tree["North"], indent=1))
""",
    r"""
import io
import csv
import pandas as pd

rates = '''region,rate,manager
North,0.02,Ann
South,0.025,Bob
West,0.018,Cleo
East,0.03,Dev
'''
lookup = {row["region"]: float(row["rate"]) for row in csv.DictReader(io.StringIO(rates))}
df = pd.read_csv("data.csv")
df["commission"] = df["units"] * df["unit_price"] * df["region"].map(lookup)
print(df.groupby("region")["commission"].sum().round(2).to_dict())
""",
    r"""
import io
import csv
import pandas as pd

df = pd.read_csv("data.csv")
out = io.StringIO()
writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
writer.writerow(["city", "orders", "mean units"])
for city, part in df.groupby("city"):
    writer.writerow([city, len(part), round(part["units"].mean(), 1)])
print(out.getvalue())
print(f"{out.tell()} characters written")
""",
    r"""
import gzip
import io
import zlib

with open("data.csv", "rb") as f:
    raw = f.read()
buffer = io.BytesIO()
with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as z:
    z.write(raw)
packed = buffer.getvalue()
print(f"{len(raw)} bytes -> {len(packed)} bytes ({len(packed) / len(raw):.0%})")
print("crc", hex(zlib.crc32(raw)), "round trip", gzip.decompress(packed) == raw)
""",
    r"""
import hashlib
import csv

digest = hashlib.sha256(open("data.csv", "rb").read()).hexdigest()
print("sha256", digest[:16], "...")
# stable 80/20 split by a hash of the order number
train, test = [], []
with open("data.csv") as f:
    for row in csv.DictReader(f):
        bucket = int(hashlib.md5(row["order_id"].encode()).hexdigest(), 16) % 100
        (train if bucket < 80 else test).append(row["order_id"])
print(len(train), "train,", len(test), "test")
""",
    r"""
import base64
import struct
import pandas as pd

prices = pd.read_csv("data.csv")["unit_price"].head(8).tolist()
packed = struct.pack(f"<{len(prices)}d", *prices)
text = base64.b64encode(packed).decode("ascii")
back = list(struct.unpack(f"<{len(prices)}d", base64.b64decode(text)))
print(text)
print("identical:", back == prices)
""",
    r"""
from itertools import chain, count, cycle, islice, product, repeat, starmap, takewhile, zip_longest
import pandas as pd

df = pd.read_csv("data.csv")
regions, channels = df.region.unique(), df.channel.unique()
cells = {pair: 0 for pair in product(regions, channels)}
for pair in zip(df.region, df.channel):
    cells[pair] += 1
print(cells)
print(list(islice(cycle("ABC"), 7)), list(zip_longest("ab", "xyz", fillvalue="-")))
print(list(starmap(pow, zip(count(1), repeat(2, 5)))))
print(len(list(takewhile(lambda u: u < 25, df["units"]))), "orders before the first of 25 pieces or more")
print(len(set(chain.from_iterable(df[["region", "city"]].to_numpy().tolist()))))
""",
    r"""
from itertools import islice
import csv

def batched(iterable, n):
    it = iter(iterable)
    while batch := list(islice(it, n)):
        yield batch

with open("data.csv") as f:
    for number, batch in enumerate(batched(csv.DictReader(f), 50), start=1):
        total = sum(int(r["units"]) for r in batch)
        print(f"batch {number}: {len(batch):3d} rows, {total:5d} units")
""",
    r"""
from functools import lru_cache, singledispatch
from datetime import date
import pandas as pd

@singledispatch
def show(value) -> str:
    return str(value)

@show.register
def _(value: float) -> str:
    return f"{value:.2f}"

@show.register(list)
def _(value) -> str:
    return " / ".join(show(v) for v in value)

@lru_cache(maxsize=None)
def quarter(day: str) -> str:
    d = date.fromisoformat(day)
    return f"{d.year}Q{(d.month - 1) // 3 + 1}"

df = pd.read_csv("data.csv")
df["quarter"] = [quarter(d) for d in df["date"]]
print(show(df.groupby("quarter")["units"].mean().tolist()))
print(quarter.cache_info())
""",
    r"""
from abc import ABC, abstractmethod
import pandas as pd

class Metric(ABC):
    name: str = "metric"

    @abstractmethod
    def compute(self, df: pd.DataFrame) -> float: ...

    def __call__(self, df: pd.DataFrame) -> str:
        return f"{self.name:<16}{self.compute(df):>10.3f}"

class Revenue(Metric):
    name = "revenue"
    def compute(self, df):
        return (df["units"] * df["unit_price"]).sum()

class ReturnRate(Metric):
    name = "return rate"
    def compute(self, df):
        return (df["returned"] == "yes").mean()

data = pd.read_csv("data.csv")
for cls in Metric.__subclasses__():
    print(cls()(data))
""",
    r"""
from typing import Protocol, TypedDict, Callable, Iterable
import pandas as pd

class Row(TypedDict):
    city: str
    units: int

class Reducer(Protocol):
    def __call__(self, values: Iterable[float], /) -> float: ...

def apply(reducers: dict[str, Reducer], values: list[float]) -> dict[str, float]:
    return {name: f(values) for name, f in reducers.items()}

spread: Callable[[list[float]], float] = lambda v: max(v) - min(v)
rows: list[Row] = pd.read_csv("data.csv")[["city", "units"]].to_dict(orient="records")
apply({"min": min, "max": max, "sum": sum, "spread": spread}, [r["units"] for r in rows if r["city"] == "York"])
""",
    r"""
from typing import Generic, TypeVar
import csv

T = TypeVar("T")

class Stack(Generic[T]):
    def __init__(self) -> None:
        self._items: list[T] = []
    def push(self, item: T) -> "Stack[T]":
        self._items.append(item)
        return self
    def pop(self) -> T:
        return self._items.pop()
    def __len__(self) -> int:
        return len(self._items)
    def __bool__(self) -> bool:
        return bool(self._items)

late: Stack[str] = Stack()
for row in csv.DictReader(open("data.csv")):
    if row["delivery_days"] and float(row["delivery_days"]) >= 7:
        late.push(row["order_id"])
print(len(late), "late orders")
while late and len(late) > 3:
    print(late.pop(), end=" ")
""",
    r"""
import enum
import pandas as pd

class Segment(enum.IntEnum):
    SMALL = 1
    MEDIUM = 2
    LARGE = 3

    @classmethod
    def of(cls, units: int) -> "Segment":
        return cls.SMALL if units < 10 else cls.MEDIUM if units < 20 else cls.LARGE

class Flags(enum.Flag):
    NONE = 0
    LATE = enum.auto()
    RETURNED = enum.auto()

df = pd.read_csv("data.csv")
df["segment"] = df["units"].map(lambda u: Segment.of(u).name)
flags = [(Flags.LATE if d > 5 else Flags.NONE) | (Flags.RETURNED if r == "yes" else Flags.NONE) for d, r in zip(df.delivery_days, df.returned)]
print(df["segment"].value_counts())
print(sum(bool(f) for f in flags), "flagged;", sum(f == Flags.LATE | Flags.RETURNED for f in flags), "both")
""",
    r"""
import pandas as pd

def classify(row):
    match row:
        case {"returned": "yes"}:
            return "returned"
        case {"channel": "web", "units": n} if n >= 20:
            return "big web"
        case {"channel": "phone" | "shop", "category": str(kind)}:
            return f"offline {kind}"
        case _:
            return "other"

df = pd.read_csv("data.csv")
labels = [classify(r) for r in df.to_dict("records")]
pd.Series(labels).value_counts()
""",
    r"""
import calendar
from collections import defaultdict
import csv
from datetime import datetime

per_month = defaultdict(lambda: [0] * 12)
with open("data.csv") as f:
    for row in csv.DictReader(f):
        when = datetime.strptime(row["date"], "%Y-%m-%d")
        per_month[when.year][when.month - 1] += 1
print("year  " + " ".join(calendar.month_abbr[1:]))
for year, counts in sorted(per_month.items()):
    print(year, "", " ".join(f"{n:3d}" for n in counts))
print("leap years:", [y for y in per_month if calendar.isleap(y)])
""",
    r"""
from datetime import date, timedelta
import pandas as pd

df = pd.read_csv("data.csv")
ordered = {date.fromisoformat(d) for d in df["date"]}
day, end = min(ordered), max(ordered)
streak = best = 0
while day <= end:
    streak = streak + 1 if day in ordered else 0
    best = max(best, streak)
    day += timedelta(days=1)
print(f"longest run of days with an order: {best}")
print("ISO weeks:", sorted({d.isocalendar().week for d in ordered})[-3:])
""",
    r"""
from zoneinfo import ZoneInfo
from datetime import datetime, time, timezone
import pandas as pd

df = pd.read_csv("data.csv").head(5)
london = ZoneInfo("Europe/London")
for text in df["date"]:
    noon = datetime.combine(datetime.fromisoformat(text).date(), time(12, 0), tzinfo=london)
    print(text, noon.astimezone(timezone.utc).isoformat(), noon.dst())
""",
    r"""
from decimal import Decimal, getcontext, localcontext
import csv

getcontext().prec = 28
with open("data.csv") as f:
    lines = [(Decimal(r["unit_price"]), Decimal(r["cost"]), int(r["units"])) for r in csv.DictReader(f)]
profit = sum(((p - c) * n for p, c, n in lines), Decimal("0"))
sales = sum((p * n for p, c, n in lines), Decimal("0"))
with localcontext() as ctx:
    ctx.prec = 6
    print("margin:", profit / sales)
print("profit:", profit.normalize())
""",
    r"""
from fractions import Fraction
from math import comb, gcd, lcm, perm
import pandas as pd

df = pd.read_csv("data.csv")
shares = {c: Fraction(int(n), len(df)) for c, n in df["category"].value_counts().items()}
assert sum(shares.values()) == 1
for name, share in shares.items():
    print(f"{name:10} {share!s:>7} = {float(share):.3f}")
same = 1 - sum(s * s for s in shares.values())
print("Gini-Simpson index", round(float(same), 4), "| pairs", comb(len(df), 2), perm(5, 2), gcd(204, 60), lcm(4, 6))
""",
    r"""
import statistics
from statistics import NormalDist, correlation, linear_regression
import pandas as pd

df = pd.read_csv("data.csv").dropna(subset=["customer_age", "rating"])
age, rating = df["customer_age"].tolist(), df["rating"].tolist()
slope, intercept = linear_regression(age, rating)
print(f"rating = {intercept:.2f} {slope:+.4f} * age, r = {correlation(age, rating):.3f}")
dist = NormalDist.from_samples(age)
print(f"age ~ N({dist.mean:.1f}, {dist.stdev:.1f}); P(age > 65) = {1 - dist.cdf(65):.1%}")
print("z for 95%:", round(NormalDist().inv_cdf(0.975), 3), "pvariance", round(statistics.pvariance(age), 1))
""",
    r"""
import textwrap
import pandas as pd

df = pd.read_csv("data.csv")
paragraph = ("The table holds " + str(len(df)) + " orders from " + str(df["city"].nunique()) + " cities. "
             "The median order has " + str(df["units"].median()) + " pieces at a median price of £"
             + str(df["unit_price"].median()) + ".")
print("=" * 60)
print(textwrap.fill(paragraph, 60, initial_indent="  ", subsequent_indent="  "))
print("=" * 60)
print(textwrap.shorten(paragraph, width=50, placeholder=" ..."))
""",
    r"""
from string import Template
import pandas as pd

df = pd.read_csv("data.csv")
line = Template("$city: $n orders, £$value in all, rated $stars")
for city, part in df.groupby("city"):
    print(line.substitute(city=city, n=len(part), value=format((part.units * part.unit_price).sum(), ",.0f"),
                          stars=format(part.rating.mean(), ".2f")))
print(line.safe_substitute(city="All"))
""",
    r"""
import difflib
import pandas as pd

known = pd.read_csv("data.csv")["city"].unique().tolist()
typed = ["leads", "Nowich", "Brighten", "Yorke", "Paris"]
for name in typed:
    guess = difflib.get_close_matches(name.title(), known, n=1, cutoff=0.6)
    print(f"{name:10} -> {guess[0] if guess else '(none)'}")
print(round(difflib.SequenceMatcher(None, "Ipswich", "Norwich").ratio(), 3))
""",
    r"""
import unicodedata
import pandas as pd

def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch)).casefold().strip()

notes = pd.read_csv("data.csv")["note"].dropna()
odd = {ch: unicodedata.name(ch, "?") for note in notes for ch in note if ord(ch) > 127}
print("non-ASCII characters:", odd or "none")
print(plain("  Crème Brûlée "), "|", plain("STRASSE"), "|", notes.map(plain).nunique())
""",
    r"""
import pprint
import pandas as pd

df = pd.read_csv("data.csv")
config = {
    "inputs": {"path": "data.csv", "rows": df.shape[0]},
    "columns": {c: str(t) for c, t in df.dtypes.items()},
    "numeric": df.select_dtypes(include="number").columns.tolist(),
}
pprint.pprint(config, width=100, compact=True, sort_dicts=False)
""",
    r"""
import operator
import pandas as pd

OPS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "==": operator.eq, "!=": operator.ne}
rules = [("units", ">=", 25), ("rating", "<", 3), ("returned", "==", "yes"), ("channel", "!=", "web")]
df = pd.read_csv("data.csv")
for column, op, value in rules:
    hits = OPS[op](df[column], value)
    print(f"{column} {op} {value!r:<6} {hits.sum():4d} orders")
""",
    r"""
import pandas as pd

df = pd.read_csv("data.csv")
for how in ["mean", "median", "std", "min", "max", "skew"]:
    value = getattr(df["unit_price"], how)()
    print("{:<8}{:>8.2f}".format(how, value))
for part in ("year", "month", "quarter", "day_of_week"):
    counts = getattr(pd.to_datetime(df["date"]).dt, part).value_counts().sort_index()
    print(part, counts.to_dict())
""",
    r"""
import sys
import platform
import numpy as np
import pandas as pd

print("python", sys.version.split()[0], platform.python_implementation())
for module in (np, pd):
    print(module.__name__, module.__version__)
df = pd.read_csv("data.csv")
print("frame takes", sys.getsizeof(df) // 1024, "KiB")
print("float max", sys.float_info.max, "epsilon", np.finfo(float).eps)
""",
    r"""
import os
import pandas as pd

PATH = os.path.join(".", "data.csv")
if not os.path.exists(PATH):
    raise FileNotFoundError(f"{PATH} is missing")
print(os.path.basename(PATH), os.path.splitext(PATH)[1], os.path.getsize(PATH), "bytes")
df = pd.read_csv(PATH)
print(df.columns.tolist())
""",
    r"""
import tempfile
from pathlib import Path
import pandas as pd

df = pd.read_csv("data.csv")
with tempfile.TemporaryDirectory() as folder:
    target = Path(folder) / "web.csv"
    df[df["channel"] == "web"].to_csv(target, index=False)
    again = pd.read_csv(target)
    print(target.name, target.stat().st_size, "bytes,", len(again), "rows")
""",
    r"""
import warnings
import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
df = pd.read_csv("data.csv")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ratio = np.log(df["discount"].to_numpy())
    print([str(w.message) for w in caught])
print("finite:", int(np.isfinite(ratio).sum()), "of", ratio.size)
""",
    r"""
import copy
import pandas as pd

settings = {"filters": {"channel": ["web"]}, "top": 3}
wide = copy.deepcopy(settings)
wide["filters"]["channel"].append("shop")
wide.update(top=5)

def run(options):
    df = pd.read_csv("data.csv")
    for column, allowed in options["filters"].items():
        df = df[df[column].isin(allowed)]
    return df["city"].value_counts().head(options["top"])

for name, options in {"narrow": settings, "wide": wide}.items():
    print(name, run(options).to_dict())
""",
    r"""
import csv
from types import SimpleNamespace

def parse(value):
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return value or None

with open("data.csv") as f:
    rows = [SimpleNamespace(**{k: parse(v) for k, v in r.items()}) for r in csv.DictReader(f)]
print(vars(rows[0]))
ages = [r.customer_age for r in rows if r.customer_age is not None]
print(min(ages), max(ages), sum(ages) / len(ages))
""",
    r"""
class Welford:
    '''Mean and variance in one pass.'''

    __slots__ = ("n", "mean", "m2")

    def __init__(self):
        self.n, self.mean, self.m2 = 0, 0.0, 0.0

    def push(self, x):
        self.n += 1
        delta = x - self.mean
        self.mean += delta / self.n
        self.m2 += delta * (x - self.mean)

    @property
    def std(self):
        return (self.m2 / (self.n - 1)) ** 0.5 if self.n > 1 else float("nan")

w = Welford()
with open("data.csv") as f:
    next(f)
    for line in f:
        w.push(float(line.split(",")[7]))
print(f"n={w.n} mean={w.mean:.4f} std={w.std:.4f}")
""",
    r"""
class Money:
    def __init__(self, pounds):
        self.pence = round(pounds * 100)
    def __add__(self, other):
        return Money((self.pence + other.pence) / 100)
    __radd__ = lambda self, other: self if other == 0 else self + other
    def __mul__(self, n):
        return Money(self.pence * n / 100)
    def __lt__(self, other):
        return self.pence < other.pence
    def __format__(self, spec):
        return format(f"£{self.pence / 100:,.2f}", spec)

import pandas as pd
df = pd.read_csv("data.csv")
amounts = [Money(p) * n for p, n in zip(df.unit_price.tolist(), df.units.tolist())]
print(f"sum {sum(amounts):>14}")
print(f"max {max(amounts):>14}")
""",
    r"""
import csv

class Reader:
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.handle = open(self.path, newline="")
        return self

    def __exit__(self, exc_type, exc, tb):
        self.handle.close()
        return False

    def __iter__(self):
        return csv.DictReader(self.handle)

with Reader("data.csv") as reader:
    notes = sum(1 for row in reader if row["note"])
print(notes, "orders carry a note; closed:", reader.handle.closed)
""",
    r"""
import csv

class MissingColumn(KeyError):
    def __str__(self):
        return f"no column {self.args[0]!r}"

def column(rows, name, kind=float):
    if name not in rows[0]:
        raise MissingColumn(name)
    return [kind(r[name]) for r in rows if r[name] != ""]

rows = list(csv.DictReader(open("data.csv")))
for name in ("rating", "weight", "cost"):
    try:
        values = column(rows, name)
    except MissingColumn as error:
        print("skipped:", error)
    else:
        print(name, len(values), round(sum(values) / len(values), 2))
""",
    r"""
rows = [line.rstrip("\n").split(",") for line in open("data.csv")]
head, body = rows[0], rows[1:]
columns = {name: values for name, values in zip(head, zip(*[r[:15] for r in body]))}

def to_number(xs):
    return [float(x) for x in xs if x.strip()]

price = to_number(columns["unit_price"])
cost = to_number(columns["cost"])
markup = [(p - c) / c for p, c in zip(price, cost)]
markup.sort()
print("median mark-up: {:.0%}".format(markup[len(markup) // 2]))
print("range: {:.0%} to {:.0%}".format(markup[0], markup[-1]))
""",
    r"""
import csv
from operator import attrgetter, itemgetter, methodcaller

with open("data.csv") as f:
    data = list(csv.DictReader(f))
data.sort(key=itemgetter("region", "city", "date"))
print([*map(itemgetter("city"), data[:3])])
print(sorted(set(map(methodcaller("upper"), map(itemgetter("channel"), data)))))
spans = [slice(0, 50), slice(50, 100)]
print([attrgetter("start", "stop")(s) for s in spans])
""",
    r"""
import math
import csv
from collections import Counter

def entropy(values):
    counts = Counter(values)
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values())

table = list(csv.DictReader(open("data.csv", newline="")))
base = entropy(r["channel"] for r in table)
for feature in ["region", "category", "returned"]:
    groups = {}
    for r in table:
        groups.setdefault(r[feature], []).append(r["channel"])
    gain = base - sum(len(g) / len(table) * entropy(g) for g in groups.values())
    print(f"information gain of {feature:<9} = {gain:.4f} bits")
""",
    r"""
import csv
import math

def pearson(x, y):
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    cov = sum((a - mx) * (b - my) for a, b in zip(x, y))
    return cov / math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))

cols = ("units", "unit_price", "discount", "cost")
rows = [[float(r[c]) for c in cols] for r in csv.DictReader(open("data.csv"))]
series = dict(zip(cols, map(list, zip(*rows))))
print(" " * 11 + "".join(f"{c:>11}" for c in cols))
for a in cols:
    print(f"{a:<11}" + "".join(f"{pearson(series[a], series[b]):>11.2f}" for b in cols))
""",
    r"""
import csv
from collections import defaultdict

points = defaultdict(list)
for r in csv.DictReader(open("data.csv")):
    points[r["category"]].append((float(r["unit_price"]), float(r["cost"])))

def least_squares(pairs):
    n = len(pairs)
    sx = sum(x for x, _ in pairs)
    sy = sum(y for _, y in pairs)
    sxx = sum(x * x for x, _ in pairs)
    sxy = sum(x * y for x, y in pairs)
    b = (n * sxy - sx * sy) / (n * sxx - sx ** 2)
    return (sy - b * sx) / n, b

for name, pairs in sorted(points.items()):
    a, b = least_squares(pairs)
    print("%-9s cost = %.2f + %.2f * price (n=%d)" % (name, a, b, len(pairs)))
""",
    r"""
import random
from collections import defaultdict
import pandas as pd

df = pd.read_csv("data.csv")[["units", "unit_price"]]
points = list(df.itertuples(index=False, name=None))
rnd = random.Random(0)
centres = rnd.sample(points, 3)
for _ in range(20):
    clusters = defaultdict(list)
    for p in points:
        nearest = min(range(3), key=lambda i: (p[0] - centres[i][0]) ** 2 + (p[1] - centres[i][1]) ** 2)
        clusters[nearest].append(p)
    new = [tuple(sum(v) / len(v) for v in zip(*clusters[i])) if clusters[i] else centres[i] for i in range(3)]
    if new == centres:
        break
    centres = new
for i, c in enumerate(centres):
    print(f"cluster {i}: {len(clusters[i])} orders around {c[0]:.1f} pieces at £{c[1]:.2f}")
""",
    r"""
from collections import defaultdict
import csv

graph = defaultdict(set)
with open("data.csv") as f:
    for r in csv.DictReader(f):
        graph[r["city"]].add(r["sku"])
        graph[r["sku"]].add(r["city"])

def distance(a, b):
    frontier, seen, steps = {a}, {a}, 0
    while frontier:
        if b in frontier:
            return steps
        frontier = {n for node in frontier for n in graph[node]} - seen
        seen |= frontier
        steps += 1
    return None

print("Leeds to York:", distance("Leeds", "York"), "steps; shared products:", sorted(graph["Leeds"] & graph["York"])[:5])
""",
    r"""
import csv

def jaccard(a: set, b: set) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0

baskets: dict[str, set[str]] = {}
for r in csv.DictReader(open("data.csv")):
    baskets.setdefault(r["city"], set()).add(r["sku"])
cities = sorted(baskets)
pairs = sorted(((jaccard(baskets[a], baskets[b]), a, b) for i, a in enumerate(cities) for b in cities[i + 1:]), reverse=True)
for score, a, b in pairs[:5]:
    print(f"{a} & {b}: {score:.3f}")
""",
    r"""
import array
import csv
import sys

with open("data.csv") as f:
    units = array.array("I", (int(r["units"]) for r in csv.DictReader(f)))
print(units.typecode, units.itemsize, len(units), sys.getsizeof(units))
view = memoryview(units)
print("every tenth:", view[::10].tolist())
print("bytes:", len(units.tobytes()))
""",
    r"""
import timeit
import pandas as pd

df = pd.read_csv("data.csv")
def loop():
    total = 0.0
    for u, p in zip(df["units"], df["unit_price"]):
        total += u * p
    return total
def vectorised():
    return (df["units"] * df["unit_price"]).sum()

assert abs(loop() - vectorised()) < 1e-6
for f in (loop, vectorised):
    best = min(timeit.repeat(f, number=20, repeat=3)) / 20
    print(f"{f.__name__:<12}{best * 1e6:>10.0f} µs")
""",
    r"""
import sqlite3
import csv

con = sqlite3.connect(":memory:")
con.row_factory = sqlite3.Row
con.execute("create table orders (id integer primary key, city text, units integer, price real)")
with open("data.csv") as f:
    con.executemany("insert into orders values (:order_id, :city, :units, :unit_price)", csv.DictReader(f))
con.commit()
for row in con.execute("select city, count(*) as n, round(sum(units * price), 2) as total from orders group by city order by total desc limit ?", (4,)):
    print(dict(row))
con.close()
""",
    r"""
from concurrent.futures import ThreadPoolExecutor
import pandas as pd

df = pd.read_csv("data.csv")

def profile(column: str) -> tuple[str, int, float]:
    s = df[column]
    return column, s.nunique(), float(s.isna().mean())

with ThreadPoolExecutor(max_workers=4) as pool:
    results = list(pool.map(profile, df.columns))
for name, distinct, missing in sorted(results, key=lambda r: r[1]):
    print(f"{name:<14} {distinct:>4} distinct  {missing:>6.1%} missing")
""",
    r"""
from queue import PriorityQueue
from threading import Lock, Thread
import pandas as pd

df = pd.read_csv("data.csv")
queue, lock, totals = PriorityQueue(), Lock(), {}
for city, n in df["city"].value_counts().items():
    queue.put((-n, city))

def work():
    while not queue.empty():
        _, city = queue.get()
        part = df.loc[df["city"] == city, "units"].sum()
        with lock:
            totals[city] = int(part)

thread = Thread(target=work, daemon=True)
thread.start()
thread.join()
print(totals)
""",
    r"""
# quick sanity check before the real analysis
n_bad = 0
with open("data.csv") as f:
    expected = f.readline().count(",")
    for lineno, line in enumerate(f, start=2):
        if line.count(",") != expected and '"' not in line:
            n_bad += 1
            print("line", lineno, "has", line.count(",") + 1, "fields")
print("all good!" if not n_bad else f"{n_bad} bad lines")
""",
    r"""
import pickle
import pandas as pd

model = {"intercept": 1.5, "weights": {"tea": 0.2, "coffee": 0.6}}
blob = pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL)
df = pd.read_csv("data.csv")
df["score"] = model["intercept"] + df["category"].map(model["weights"]).fillna(0) * df["units"]
print(len(blob), "bytes for the model")
print(df["score"].describe().round(2).to_dict())
""",
    r"""
import argparse
import shlex
import pandas as pd

parser = argparse.ArgumentParser(prog="report")
parser.add_argument("--by", choices=["region", "channel"], default="region")
parser.add_argument("--top", type=int, default=3)
parser.add_argument("--verbose", action="store_true")
args = parser.parse_args(shlex.split("--by channel --top 2 --verbose"))

df = pd.read_csv("data.csv")
if args.verbose:
    print(vars(args))
df[args.by].value_counts().head(args.top)
""",
    r"""
import configparser
import pandas as pd

ini = '''
[thresholds]
late = 5
bulk = 20

[labels]
late = slow delivery
bulk = large order
'''
parser = configparser.ConfigParser()
parser.read_string(ini)
df = pd.read_csv("data.csv")
late = df["delivery_days"] > parser.getint("thresholds", "late")
bulk = df["units"] >= parser.getint("thresholds", "bulk")
for key, mask in {"late": late, "bulk": bulk}.items():
    print(parser["labels"][key], int(mask.sum()))
""",
    r"""
import inspect
import pandas as pd

def price_index(frame: pd.DataFrame, base: float = 100.0, *, by: str = "category") -> pd.Series:
    '''Mean price of each group, the overall mean being `base`.'''
    return frame.groupby(by)["unit_price"].mean() / frame["unit_price"].mean() * base

print(inspect.signature(price_index))
print(inspect.getdoc(price_index))
df = pd.read_csv("data.csv")
print(price_index(df, by="region").round(1))
help(price_index)
""",
    r"""
import uuid
import secrets
import pandas as pd

NAMESPACE = uuid.UUID("12345678-1234-5678-1234-567812345678")
df = pd.read_csv("data.csv")
df["key"] = [str(uuid.uuid5(NAMESPACE, str(i))) for i in df["order_id"]]
assert df["key"].is_unique
print(df[["order_id", "key"]].head(3).to_string(index=False))
print("token length", len(secrets.token_hex(8)))
""",
]
