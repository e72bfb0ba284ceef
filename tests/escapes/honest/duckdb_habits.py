"""DuckDB as different people use it: SQL on the file, on frames, relations, windows, nested types, small databases."""

PROGRAMS: list[str] = [
    r"""
import duckdb

print(duckdb.sql("SELECT count(*) FROM 'data.csv'").fetchall()[0][0])
duckdb.sql("SELECT * FROM 'data.csv' LIMIT 5").df()
""",
    r'''
import duckdb
duckdb.sql("""
    SELECT region, SUM(units) AS units
    FROM read_csv_auto('data.csv')
    GROUP BY region ORDER BY units DESC
""").show()
''',
    r"""
import duckdb

con = duckdb.connect()
con.sql("CREATE VIEW orders AS SELECT * FROM read_csv('data.csv', header = true, dateformat = '%Y-%m-%d')")
print(con.sql("DESCRIBE orders").fetchall())
con.execute("SELECT min(date), max(date), count(DISTINCT city) FROM orders").fetchone()
""",
    r'''
import duckdb

con = duckdb.connect(database=":memory:")
con.execute("""
    CREATE OR REPLACE TABLE orders AS
    SELECT order_id, date::DATE AS date, region, city, units::INTEGER AS units, unit_price::DECIMAL(10, 2) AS price
    FROM read_csv('data.csv')
""")
total, = con.execute("SELECT sum(units * price) FROM orders").fetchone()
print(f"total sales: {total:,.2f}")
con.execute("SHOW TABLES").fetchall()
''',
    r"""
import duckdb

orders = duckdb.read_csv("data.csv")
print(orders.columns)
print(orders.types)
print(orders.shape)
orders.limit(3).df()
""",
    r"""
import duckdb

rel = duckdb.read_csv("data.csv")
by_city = (
    rel.filter("channel = 'web'")
    .aggregate("city, sum(units) AS units, avg(unit_price) AS price")
    .order("units DESC")
    .limit(5)
)
for city, units, price in by_city.fetchall():
    print(f"{city:<10}{units:>6}{price:>8.2f}")
""",
    r"""
import duckdb
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])

duckdb.register("df", df)

def q(sql: str) -> pd.DataFrame:
    return duckdb.query(sql).df()

print(q("SELECT channel, count(*) n FROM df GROUP BY 1"))
print(q("SELECT returned, avg(delivery_days) d FROM df GROUP BY 1"))
q("SELECT * FROM df USING SAMPLE 5 ROWS (reservoir, 42)").shape
""",
    r'''
import duckdb

SQL = """
WITH monthly AS (
    SELECT date_trunc('month', date) AS month, sum(units * unit_price) AS revenue
    FROM 'data.csv' GROUP BY 1
), growth AS (
    SELECT month, revenue, lag(revenue) OVER (ORDER BY month) AS previous FROM monthly
)
SELECT strftime(month, '%b %Y') AS month, round(revenue, 2) AS revenue,
       round(100 * (revenue - previous) / previous, 1) AS "growth %"
FROM growth ORDER BY growth.month
"""
res = duckdb.sql(SQL).df()
print(res.to_string(index=False))
''',
    r'''
import duckdb

duckdb.sql("""
    SELECT order_id, city, units,
           row_number() OVER w AS nth,
           sum(units) OVER w AS running,
           avg(units) OVER (PARTITION BY city ORDER BY date ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS moving
    FROM 'data.csv'
    WINDOW w AS (PARTITION BY city ORDER BY date)
    QUALIFY nth <= 3
    ORDER BY city, nth
""").df().round(1)
''',
    r'''
import duckdb
import pandas as pd

orders = pd.read_csv("data.csv")
targets = pd.DataFrame([("North", 900), ("South", 800), ("East", 700), ("West", 650)], columns=["region", "target"])
for name, frame in {"orders": orders, "targets": targets}.items():
    duckdb.register(name, frame)
out = duckdb.sql("""
    SELECT region, sum(units) AS units, any_value(target) AS target,
           CASE WHEN sum(units) >= any_value(target) THEN 'met' ELSE 'missed' END AS status
    FROM orders JOIN targets USING (region)
    GROUP BY region ORDER BY region
""").df()
print(out)
assert len(out) == 4
''',
    r'''
import duckdb

con = duckdb.connect()
con.execute("CREATE TABLE managers (region VARCHAR PRIMARY KEY, name VARCHAR NOT NULL)")
con.executemany("INSERT INTO managers VALUES (?, ?)", [("North", "Ann"), ("South", "Bob"), ("West", "Cleo")])
rows = con.execute("""
    SELECT coalesce(m.name, '(nobody)') AS manager, count(*) AS orders
    FROM 'data.csv' o LEFT JOIN managers m ON m.region = o.region
    GROUP BY ALL ORDER BY orders DESC
""").fetchall()
print(rows)
con.close()
''',
    r"""
import duckdb

with duckdb.connect() as con:
    con.execute("CREATE TABLE t AS FROM 'data.csv'")
    for column, kind, *_ in con.execute("DESCRIBE t").fetchall():
        distinct, nulls = con.execute(f'SELECT count(DISTINCT "{column}"), count(*) - count("{column}") FROM t').fetchone()
        print(f"{column:<15}{kind:<10}{distinct:>5}{nulls:>5}")
""",
    r"""
import duckdb

duckdb.sql("SUMMARIZE FROM 'data.csv'").df()[["column_name", "column_type", "min", "max", "approx_unique", "null_percentage"]]
""",
    r"""
import duckdb

con = duckdb.connect()
con.execute("CREATE TABLE o AS SELECT * FROM 'data.csv'")
stmt = "SELECT count(*) FROM o WHERE region = $region AND units >= $least"
for region in ("North", "South", "East", "West"):
    n = con.execute(stmt, {"region": region, "least": 20}).fetchone()[0]
    print(region, n)
""",
    r"""
import duckdb

con = duckdb.connect()
con.execute("CREATE MACRO net(units, price, discount) AS round(units * price * (1 - discount), 2)")
con.execute("CREATE MACRO biggest(n) AS TABLE SELECT order_id, net(units, unit_price, discount) AS net FROM 'data.csv' ORDER BY net DESC LIMIT n")
print(con.sql("FROM biggest(3)").fetchall())
con.sql("SELECT category, sum(net(units, unit_price, discount)) AS net FROM 'data.csv' GROUP BY category").df()
""",
    r'''
import duckdb

rollup = duckdb.sql("""
    SELECT coalesce(region, 'ALL') AS region, coalesce(channel, 'ALL') AS channel, count(*) AS n, sum(units) AS units,
           grouping(region) + grouping(channel) AS level
    FROM 'data.csv'
    GROUP BY ROLLUP (region, channel)
    ORDER BY level DESC, region, channel
""").df()
print(rollup.drop(columns="level").to_string(index=False))
''',
    r"""
import duckdb

cube = duckdb.sql("SELECT category, returned, count(*) AS n FROM 'data.csv' GROUP BY CUBE (category, returned) ORDER BY ALL")
sets = duckdb.sql("SELECT region, city, avg(rating) AS r FROM 'data.csv' GROUP BY GROUPING SETS ((region), (city), ())")
print(len(cube.fetchall()), len(sets.fetchall()))
""",
    r"""
import duckdb

t = duckdb.sql("PIVOT 'data.csv' ON category USING sum(units) AS u, count(*) AS n GROUP BY region")
print(t.columns)
long = t.query("t", "UNPIVOT (SELECT region, tea_u, coffee_u FROM t) ON tea_u, coffee_u INTO NAME kind VALUE units")
long.order("region, kind").df()
""",
    r'''
import duckdb

duckdb.sql("""
    SELECT city,
           list(sku ORDER BY date)[1:3] AS first_three,
           list_distinct(list(category)) AS kinds,
           len(list_distinct(list(sku))) AS products
    FROM 'data.csv' GROUP BY city ORDER BY products DESC
""").df()
''',
    r'''
import duckdb

rows = duckdb.sql("""
    SELECT region, {'n': count(*), 'avg': round(avg(units), 2)} AS stats, map([channel_name], [count(*)]) AS m
    FROM (SELECT *, channel AS channel_name FROM 'data.csv')
    GROUP BY region, channel_name ORDER BY region, channel_name LIMIT 6
""").fetchall()
for region, stats, m in rows:
    print(region, stats["n"], stats["avg"], m)
''',
    r'''
import duckdb

duckdb.sql("""
    WITH words AS (
        SELECT unnest(string_split(lower(regexp_replace(note, '[^A-Za-z ]', '', 'g')), ' ')) AS word
        FROM 'data.csv' WHERE note IS NOT NULL
    )
    SELECT word, count(*) AS n FROM words WHERE length(word) > 3 GROUP BY word ORDER BY n DESC, word LIMIT 10
""").df()
''',
    r'''
import duckdb

sql = r"""
SELECT regexp_extract(note, 'refund (\d+\.\d+)', 1)::DOUBLE AS refund, count(*) AS n
FROM 'data.csv'
WHERE regexp_matches(note, 'refund \d')
GROUP BY 1
"""
print(duckdb.sql(sql).fetchall())
print(duckdb.execute("SELECT count(*) FROM 'data.csv' WHERE note ILIKE '%LATE%' OR note SIMILAR TO 'Paid.*'").fetchone())
''',
    r"""
import duckdb

duckdb.sql("SELECT split_part(sku, '-', 1) AS grp, split_part(sku, '-', 3) AS grade, count(*) AS n, "
           "min(unit_price) AS low, max(unit_price) AS high FROM 'data.csv' GROUP BY ALL HAVING n > 5 ORDER BY ALL").show()
rel = duckdb.sql("SELECT upper(left(city, 3)) AS code, printf('%05d', order_id) AS id, reverse(sku) AS rev FROM 'data.csv' LIMIT 4")
print(rel)
""",
    r'''
import duckdb

calendar = duckdb.sql("""
    SELECT m::DATE AS month, coalesce(sum(units), 0) AS units
    FROM generate_series(DATE '2023-01-01', DATE '2023-12-01', INTERVAL 1 MONTH) AS g(m)
    LEFT JOIN 'data.csv' o ON date_trunc('month', o.date) = g.m
    GROUP BY 1 ORDER BY 1
""").df()
calendar["share"] = (calendar["units"] / calendar["units"].sum()).round(3)
calendar
''',
    r'''
import duckdb

res = duckdb.sql("""
    SELECT dayname(date) AS day, isodow(date) AS n, count(*) AS orders, avg(units) AS units
    FROM 'data.csv' GROUP BY 1, 2 ORDER BY 2
""").fetchall()
for day, _, orders, units in res:
    print(f"{day:<10} {'■' * orders} {orders} ({units:.1f})")
''',
    r'''
import duckdb

gaps = duckdb.sql("""
    SELECT city, max(date - prev) AS longest, median(date - prev) AS typical
    FROM (SELECT city, date, lag(date) OVER (PARTITION BY city ORDER BY date) AS prev FROM 'data.csv')
    WHERE prev IS NOT NULL
    GROUP BY city ORDER BY longest DESC
""").df()
print(f"{gaps.loc[0, 'city']} once went {gaps.loc[0, 'longest']} days without an order")
''',
    r'''
import duckdb

duckdb.sql("""
    SELECT category, quantile_cont(unit_price, [0.25, 0.5, 0.75]) AS q, mad(unit_price) AS mad,
           stddev_samp(unit_price) / avg(unit_price) AS cv, skewness(unit_price) AS skew, mode(units) AS mode
    FROM 'data.csv' GROUP BY category
""").df()
''',
    r'''
import duckdb

slope, intercept, r2, n = duckdb.execute("""
    SELECT regr_slope(cost, unit_price), regr_intercept(cost, unit_price), regr_r2(cost, unit_price), regr_count(cost, unit_price)
    FROM 'data.csv'
""").fetchone()
print(f"cost = {intercept:.2f} + {slope:.3f} x price (R² = {r2:.3f}, n = {n})")
print(duckdb.execute("SELECT corr(rating, delivery_days) AS r, covar_pop(units, unit_price) AS c FROM 'data.csv'").fetchone())
''',
    r'''
import duckdb

duckdb.sql("""
    SELECT ntile(4) OVER (ORDER BY unit_price) AS quarter, unit_price, units
    FROM 'data.csv'
""").aggregate("quarter, min(unit_price) AS low, max(unit_price) AS high, sum(units) AS units", "quarter").order("quarter").df()
''',
    r'''
import duckdb

pareto = duckdb.sql("""
    WITH s AS (SELECT sku, sum(units * unit_price) AS v FROM 'data.csv' GROUP BY sku),
         c AS (SELECT sku, v, sum(v) OVER (ORDER BY v DESC ROWS UNBOUNDED PRECEDING) / sum(v) OVER () AS cum FROM s)
    SELECT CASE WHEN cum <= 0.8 THEN 'A' WHEN cum <= 0.95 THEN 'B' ELSE 'C' END AS class, count(*) AS products, round(sum(v)) AS value
    FROM c GROUP BY class ORDER BY class
""")
print(pareto)
''',
    r'''
import duckdb

outliers = duckdb.sql("""
    WITH stats AS (
        SELECT category, quantile_cont(unit_price, 0.25) AS q1, quantile_cont(unit_price, 0.75) AS q3
        FROM 'data.csv' GROUP BY category
    )
    SELECT o.order_id, o.category, o.unit_price
    FROM 'data.csv' o JOIN stats s USING (category)
    WHERE o.unit_price NOT BETWEEN q1 - 1.5 * (q3 - q1) AND q3 + 1.5 * (q3 - q1)
    ORDER BY o.unit_price DESC
""").fetchall()
print(len(outliers), "outliers:", *outliers[:5], sep="\n  ")
''',
    r'''
import duckdb
import pandas as pd

orders = pd.read_csv("data.csv", parse_dates=["date"])
promos = pd.DataFrame({"since": pd.to_datetime(["2023-01-01", "2023-05-01", "2023-10-01"]), "promo": ["none", "spring", "autumn"]})
con = duckdb.connect()
con.register("orders", orders).register("promos", promos)
con.sql("""
    SELECT promo, count(*) AS orders, avg(discount) AS discount
    FROM orders ASOF JOIN promos ON orders.date >= promos.since
    GROUP BY promo ORDER BY orders DESC
""").df()
''',
    r'''
import duckdb

con = duckdb.connect()
con.execute("CREATE TABLE o AS FROM 'data.csv'")
never = con.execute("""
    SELECT DISTINCT sku FROM o WHERE channel = 'shop'
    EXCEPT SELECT DISTINCT sku FROM o WHERE channel = 'web'
    ORDER BY sku
""").fetchall()
both = con.execute("SELECT sku FROM o WHERE channel = 'shop' INTERSECT SELECT sku FROM o WHERE channel = 'web'").fetchall()
print(len(never), "only in the shop;", len(both), "in both:", [s for s, in both][:4])
''',
    r'''
import duckdb

duckdb.sql("""
    SELECT a.sku AS sku, a.city AS one, b.city AS other, a.unit_price - b.unit_price AS gap
    FROM 'data.csv' a JOIN 'data.csv' b ON a.sku = b.sku AND a.city < b.city
    WHERE abs(a.unit_price - b.unit_price) > 0.5
    ORDER BY abs(gap) DESC LIMIT 10
""").df()
''',
    r'''
import duckdb

duckdb.sql("""
    WITH RECURSIVE years(n, value) AS (
        SELECT 0, (SELECT sum(units * unit_price) FROM 'data.csv')
        UNION ALL
        SELECT n + 1, value * 1.04 FROM years WHERE n < 5
    )
    SELECT n AS "in years", round(value) AS "sales at 4% growth" FROM years
""").df()
''',
    r"""
import duckdb

con = duckdb.connect()
con.execute("CREATE TABLE orders AS FROM 'data.csv'")
con.begin()
con.execute("DELETE FROM orders WHERE returned = 'yes'")
print("inside:", con.execute("SELECT count(*) FROM orders").fetchone()[0])
con.rollback()
print("after rollback:", con.execute("SELECT count(*) FROM orders").fetchone()[0])
""",
    r"""
import duckdb

db = duckdb.connect()
db.execute("CREATE SEQUENCE ids START 1")
db.execute("CREATE TABLE log (id INTEGER DEFAULT nextval('ids'), what VARCHAR, n BIGINT, CHECK (n >= 0))")
for what, condition in {"late": "delivery_days > 5", "bulk": "units > 25", "returned": "returned = 'yes'"}.items():
    db.execute(f"INSERT INTO log (what, n) SELECT ?, count(*) FROM 'data.csv' WHERE {condition}", [what])
try:
    db.execute("INSERT INTO log (what, n) VALUES ('wrong', -1)")
except duckdb.ConstraintException as error:
    print("refused:", str(error).split("\n")[0][:40])
db.table("log").df()
""",
    r"""
import duckdb

try:
    duckdb.sql("SELECT colour FROM 'data.csv'").fetchall()
except duckdb.BinderException as e:
    print("no such column:", type(e).__name__)
try:
    duckdb.sql("SELEC 1")
except duckdb.Error as e:
    print(type(e).__name__)
print(duckdb.execute("SELECT try_cast(split_part(sku, '-', 1) AS INTEGER) AS x FROM 'data.csv' LIMIT 1").fetchone())
""",
    r"""
import duckdb

con = duckdb.connect()
con.execute("CREATE TABLE stock (sku VARCHAR PRIMARY KEY, n INTEGER)")
con.execute("INSERT INTO stock SELECT sku, 100 FROM 'data.csv' GROUP BY sku")
con.execute("UPDATE stock SET n = n - s.units FROM (SELECT sku, sum(units)::INT AS units FROM 'data.csv' GROUP BY sku) s WHERE s.sku = stock.sku")
con.execute("INSERT INTO stock VALUES ('TEA-112-C', 500) ON CONFLICT (sku) DO UPDATE SET n = excluded.n")
print(con.execute("SELECT * FROM stock WHERE n < 20 ORDER BY n LIMIT 5").fetchall())
con.execute("SELECT n FROM stock WHERE sku = 'TEA-112-C'").fetchone()
""",
    r"""
import duckdb
from duckdb import ColumnExpression as col, ConstantExpression as lit, FunctionExpression as fn

rel = duckdb.read_csv("data.csv")
dear = rel.filter(col("unit_price") > lit(20)).select(col("sku"), col("unit_price"), (col("units") * col("unit_price")).alias("value"))
print(dear.count("*").fetchall())
dear.aggregate([fn("max", col("value")).alias("top"), fn("avg", col("value")).alias("mean")]).fetchall()
""",
    r"""
import duckdb

def stars(rating: float) -> str:
    return "*" * int(rating)

con = duckdb.connect()
con.create_function("stars", stars, ["DOUBLE"], "VARCHAR")
print(con.sql("SELECT city, stars(round(avg(rating))) AS s FROM 'data.csv' GROUP BY city ORDER BY city"))
con.remove_function("stars")
""",
    r"""
import duckdb

arrow = duckdb.sql("SELECT region, units, unit_price FROM 'data.csv'").to_arrow_table()
print(arrow.schema.names, arrow.num_rows)
print(duckdb.from_arrow(arrow).aggregate("region, max(units) AS most", "region").order("region").fetchall())
""",
    r"""
import duckdb
import numpy as np

arrays = duckdb.sql("SELECT units, unit_price, cost FROM 'data.csv'").fetchnumpy()
margin = (arrays["unit_price"] - arrays["cost"]) * arrays["units"]
print({k: v.dtype.name for k, v in arrays.items()})
print("margin per order:", np.percentile(margin, [5, 50, 95]).round(2))
""",
    r"""
import duckdb

cursor = duckdb.connect().cursor()
cursor.execute("SELECT order_id, note FROM 'data.csv' WHERE note IS NOT NULL ORDER BY order_id")
names = [d[0] for d in cursor.description]
while batch := cursor.fetchmany(40):
    print(names, batch[0], "...", len(batch))
cursor.close()
""",
    r"""
import duckdb
import os
import tempfile

folder = tempfile.mkdtemp()
target = os.path.join(folder, "by_region.parquet")
duckdb.sql(f"COPY (SELECT region, sum(units) AS units FROM 'data.csv' GROUP BY region) TO '{target}' (FORMAT parquet)")
print(os.path.getsize(target) > 0, duckdb.sql(f"SELECT * FROM '{target}' ORDER BY units").fetchall())
""",
    r"""
import duckdb
import pathlib
import tempfile

path = pathlib.Path(tempfile.gettempdir()) / "shop.duckdb"
with duckdb.connect(str(path)) as con:
    con.execute("CREATE TABLE IF NOT EXISTS orders AS FROM 'data.csv'")
with duckdb.connect(str(path), read_only=True) as con:
    print(con.execute("SELECT table_name, estimated_size FROM duckdb_tables()").fetchall())
path.unlink()
""",
    r"""
import duckdb

con = duckdb.connect(config={"threads": 1, "memory_limit": "500MB"})
print(con.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchone())
con.execute("SELECT category, count(*) FROM 'data.csv' GROUP BY 1 ORDER BY 2 DESC").fetchall()
""",
    r"""
import duckdb
import time

queries = {
    "scan": "SELECT count(*) FROM o WHERE units > 10",
    "group": "SELECT city, avg(rating) FROM o GROUP BY city",
    "join": "SELECT count(*) FROM o a JOIN o b USING (sku)",
}
con = duckdb.connect()
con.execute("CREATE TEMP TABLE o AS SELECT * FROM 'data.csv'")
for name, sql in queries.items():
    start = time.monotonic()
    rows = con.execute(sql).fetchall()
    print(f"{name:<6} {len(rows):>3} rows in {time.monotonic() - start:.3f} s")
""",
    r"""
import duckdb

plan = duckdb.sql("EXPLAIN SELECT region, sum(units) FROM 'data.csv' WHERE units > 5 GROUP BY region").fetchall()
text = plan[0][1]
print(len(text.splitlines()), "lines of plan;", "group by" if "GROUP" in text.upper() else "no grouping")
print(duckdb.execute("SELECT version() AS v").fetchone()[0])
""",
    r"""
import duckdb
import pandas as pd

class Analyst:
    def __init__(self, frame: pd.DataFrame):
        self.con = duckdb.connect()
        self.con.register("orders", frame)

    def ask(self, select: str, where: str = "true", by: str | None = None) -> pd.DataFrame:
        sql = f"SELECT {by + ', ' if by else ''}{select} FROM orders WHERE {where}"
        if by:
            sql += f" GROUP BY {by} ORDER BY {by}"
        return self.con.execute(sql).df()

a = Analyst(pd.read_csv("data.csv"))
print(a.ask("count(*) AS n"))
print(a.ask("avg(rating) AS rating", by="channel"))
print(a.ask("sum(units) AS units", where="returned = 'no'", by="region"))
""",
    r"""
import duckdb
from string import Template

template = Template("SELECT $dim AS value, $agg AS result FROM 'data.csv' GROUP BY 1 ORDER BY 2 DESC LIMIT $n")
for dim in ["region", "city", "category"]:
    sql = template.substitute(dim=dim, agg="round(avg(units * unit_price), 2)", n=2)
    print(dim.ljust(10), duckdb.sql(sql).fetchall())
""",
    r"""
import duckdb

metrics = ["sum(units)", "avg(unit_price)", "count(DISTINCT sku)", "max(discount)"]
select = ",\n  ".join(f"{m} AS m{i}" for i, m in enumerate(metrics))
row = duckdb.execute(f"SELECT {select} FROM 'data.csv'").fetchone()
dict(zip(metrics, row))
""",
    r"""
import duckdb

print(duckdb.sql("SELECT COLUMNS('unit.*') FROM 'data.csv' LIMIT 2").fetchall())
print(duckdb.sql("SELECT max(COLUMNS(* EXCLUDE (note, sku))) FROM 'data.csv'").df().iloc[0].to_dict())
duckdb.sql("SELECT * EXCLUDE (note, cost) REPLACE (round(unit_price) AS unit_price) FROM 'data.csv' LIMIT 3").df()
""",
    r'''
import duckdb

quality = duckdb.sql("""
    SELECT 'duplicate ids' AS problem, count(*) - count(DISTINCT order_id) AS n FROM 'data.csv'
    UNION ALL SELECT 'below cost', count(*) FILTER (WHERE unit_price * (1 - discount) < cost) FROM 'data.csv'
    UNION ALL SELECT 'no rating', count_if(rating IS NULL) FROM 'data.csv'
    UNION ALL SELECT 'future dates', count_if(date > DATE '2030-01-01') FROM 'data.csv'
    UNION ALL SELECT 'rating out of range', count_if(rating NOT BETWEEN 1 AND 5) FROM 'data.csv'
""").fetchall()
for problem, n in quality:
    print(f"[{'ok' if n == 0 else '!!'}] {problem}: {n}")
''',
    r'''
import duckdb
import altair as alt

df = duckdb.sql("""
    SELECT date_trunc('quarter', date)::VARCHAR AS quarter, category, sum(units) AS units
    FROM 'data.csv' GROUP BY ALL ORDER BY ALL
""").df()
alt.Chart(df).mark_bar().encode(x="quarter:O", y="units:Q", color="category:N").properties(title="Units by quarter")
''',
    r"""
import duckdb
from scipy import stats

web, shop = (
    [r for r, in duckdb.execute("SELECT units FROM 'data.csv' WHERE channel = ?", [c]).fetchall()] for c in ("web", "shop")
)
t, p = stats.ttest_ind(web, shop, equal_var=False)
print(f"web {sum(web) / len(web):.2f}, shop {sum(shop) / len(shop):.2f}, t = {t:.2f}, p = {p:.3f}")
print("significant at 5%" if p < 0.05 else "not significant")
""",
    r'''
import duckdb

rfm = duckdb.sql("""
    WITH c AS (
        SELECT city, (SELECT max(date) FROM 'data.csv') - max(date) AS recency, count(*) AS frequency, sum(units * unit_price) AS money
        FROM 'data.csv' GROUP BY city
    )
    SELECT city, ntile(3) OVER (ORDER BY recency DESC) AS r, ntile(3) OVER (ORDER BY frequency) AS f, ntile(3) OVER (ORDER BY money) AS m
    FROM c
""").df()
rfm["rfm"] = rfm[["r", "f", "m"]].astype(str).agg("".join, axis=1)
rfm.sort_values("rfm", ascending=False)[["city", "rfm"]]
''',
    r'''
import duckdb

cohort = duckdb.sql("""
    WITH born AS (SELECT sku, min(date_trunc('month', date)) AS cohort FROM 'data.csv' GROUP BY sku)
    SELECT strftime(cohort, '%Y-%m') AS cohort,
           date_diff('month', cohort, date_trunc('month', date)) AS age,
           count(DISTINCT sku) AS products
    FROM 'data.csv' JOIN born USING (sku)
    GROUP BY ALL
""").df().pivot(index="cohort", columns="age", values="products").fillna(0).astype(int)
cohort.iloc[:5, :5]
''',
    r'''
import duckdb

duckdb.sql("""
    FROM 'data.csv'
    SELECT city, first(sku ORDER BY date) AS first_sku, last(sku ORDER BY date) AS last_sku,
           arg_max(sku, unit_price) AS dearest, arg_min(order_id, date) AS first_order
    GROUP BY city
    ORDER BY city
""").df()
''',
    r'''
import duckdb

hist = duckdb.sql("""
    SELECT floor(customer_age / 10) * 10 AS decade, count(*) AS n, bar(count(*), 0, 60, 20) AS chart
    FROM 'data.csv' WHERE customer_age IS NOT NULL GROUP BY 1 ORDER BY 1
""").fetchall()
for decade, n, chart in hist:
    print(f"{int(decade)}s {n:>3} {chart}")
''',
    r"""
import duckdb

print(duckdb.execute("SELECT histogram(rating) FROM 'data.csv'").fetchone()[0])
print(duckdb.execute("SELECT approx_count_distinct(sku), approx_quantile(unit_price, 0.5), entropy(channel) FROM 'data.csv'").fetchone())
print(duckdb.execute("SELECT max(unit_price, 3), min_by(sku, unit_price, 2) FROM 'data.csv'").fetchone())
""",
    r'''
import duckdb

print(duckdb.execute("""
    SELECT list_transform([1, 2, 3], lambda x: x * 10) AS tens,
           list_filter(list(units ORDER BY units DESC), lambda u: u > 28) AS large,
           list_aggregate(list(unit_price), 'median') AS med,
           array_to_string(list_sort(list(DISTINCT region)), ' | ') AS regions
    FROM 'data.csv'
""").fetchone())
''',
    r"""
import json
import duckdb

raw = duckdb.execute("SELECT to_json(o) FROM (SELECT order_id, city, units FROM 'data.csv' LIMIT 3) o").fetchall()
docs = [json.loads(text) for text, in raw]
print(docs)
doc = json.dumps({"shop": {"name": "Corner", "cities": ["York", "Leeds"]}})
duckdb.execute("SELECT json_extract_string($1, '$.shop.name'), json_array_length($1, '$.shop.cities')", [doc]).fetchone()
""",
    r"""
import duckdb
import pandas as pd

df = pd.read_csv("data.csv")
via_sql = duckdb.query_df(df, "d", "SELECT region, round(avg(rating), 6) AS rating FROM d GROUP BY region ORDER BY region").df().set_index("region")["rating"]
via_pandas = df.groupby("region")["rating"].mean().round(6)
difference = (via_sql - via_pandas).abs().max()
print("the largest difference is", difference)
assert difference < 1e-5
""",
    r'''
import duckdb
import pandas as pd

holidays = pd.DataFrame({"day": pd.to_datetime(["2023-04-07", "2023-05-01", "2023-08-28", "2023-12-25"]), "name": ["Good Friday", "May Day", "August", "Christmas"]})
duckdb.register("holidays", holidays)
near = duckdb.sql("""
    SELECT h.name, count(o.order_id) AS orders
    FROM holidays h LEFT JOIN 'data.csv' o ON o.date BETWEEN h.day - INTERVAL 7 DAY AND h.day + INTERVAL 7 DAY
    GROUP BY h.name, h.day ORDER BY h.day
""").df()
duckdb.unregister("holidays")
near
''',
    r'''
import duckdb

con = duckdb.connect()
con.execute("CREATE SCHEMA staging")
con.execute("CREATE TABLE staging.raw AS SELECT * FROM read_csv('data.csv', all_varchar = true)")
con.execute("""
    CREATE TABLE clean AS
    SELECT order_id::INT AS id, date::DATE AS day, nullif(trim(note), '') AS note, coalesce(try_cast(rating AS TINYINT), 0) AS rating
    FROM staging.raw
""")
con.execute("DROP TABLE staging.raw")
print(con.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall())
con.execute("SELECT rating, count(*), count(note) FROM clean GROUP BY rating ORDER BY rating").fetchall()
''',
    r'''
import duckdb

con = duckdb.connect()
con.execute("CREATE TYPE size AS ENUM ('small', 'medium', 'large')")
con.execute("""
    CREATE TABLE sized AS
    SELECT order_id, (CASE WHEN units < 10 THEN 'small' WHEN units < 20 THEN 'medium' ELSE 'large' END)::size AS size, units
    FROM 'data.csv'
""")
con.sql("SELECT size, count(*) AS n, sum(units) AS units FROM sized GROUP BY size ORDER BY size").df()
''',
    r'''
import duckdb

# does a return depend on late delivery?
a, b, c, d = duckdb.execute("""
    SELECT count_if(late AND ret), count_if(late AND NOT ret), count_if(NOT late AND ret), count_if(NOT late AND NOT ret)
    FROM (SELECT delivery_days > 4 AS late, returned::VARCHAR IN ('yes', 'true') AS ret FROM 'data.csv' WHERE delivery_days IS NOT NULL)
""").fetchone()
odds = ((a + 0.5) * (d + 0.5)) / ((b + 0.5) * (c + 0.5))
print(f"late: {a}/{a + b} returned, on time: {c}/{c + d}; odds ratio {odds:.2f}")
''',
    r'''
import duckdb

basket = duckdb.sql("""
    WITH months AS (SELECT DISTINCT city, date_trunc('month', date) AS m, category FROM 'data.csv')
    SELECT x.category AS a, y.category AS b, count(*) AS together
    FROM months x JOIN months y ON x.city = y.city AND x.m = y.m AND x.category < y.category
    GROUP BY ALL ORDER BY together DESC, a, b
""").df()
print(basket.head(5).to_string(index=False))
''',
    r"""
import duckdb

TABLE = "data.csv"
checks = {
    "rows": f"SELECT count(*) FROM '{TABLE}'",
    "revenue": f"SELECT round(sum(units * unit_price * (1 - discount)), 2) FROM '{TABLE}'",
    "best sku": f"SELECT sku FROM '{TABLE}' GROUP BY sku ORDER BY sum(units) DESC, sku LIMIT 1",
    "median age": f"SELECT median(customer_age) FROM '{TABLE}'",
}
{name: duckdb.execute(sql).fetchone()[0] for name, sql in checks.items()}
""",
    r'''
import duckdb

streaks = duckdb.sql("""
    WITH marked AS (
        SELECT order_id, units, units > 16 AS big, row_number() OVER (ORDER BY order_id)
               - row_number() OVER (PARTITION BY units > 16 ORDER BY order_id) AS island
        FROM 'data.csv'
    )
    SELECT min(order_id) AS first, max(order_id) AS last, count(*) AS length
    FROM marked WHERE big GROUP BY island ORDER BY length DESC, first LIMIT 3
""")
print(streaks)
''',
    r"""
import duckdb

rel = duckdb.read_csv("data.csv")
print(rel.describe().df().iloc[:3, :4])
print(rel.project("units, unit_price").max("unit_price").fetchall(), rel.sum("units").fetchall())
print(rel.value_counts("channel").fetchall())
print(rel.distinct().count("*").fetchall(), rel.project("region").distinct().order("region").fetchall())
""",
    r"""
import duckdb

sales = duckdb.sql("SELECT region, category, units * unit_price AS v FROM 'data.csv'").create_view("sales")
print(len(sales.columns), "columns")
ranked = duckdb.sql("SELECT *, dense_rank() OVER (PARTITION BY region ORDER BY v DESC) AS place, percent_rank() OVER (ORDER BY v) AS pr FROM sales")
top = ranked.filter("place = 1").project("region, category, v, round(pr, 3) AS pr").order("v DESC")
top.df()
""",
    r"""
import duckdb
import pandas as pd

con = duckdb.connect()
df = pd.read_csv("data.csv")
con.from_df(df.head(0)).create("orders")
for start in range(0, len(df), 64):
    part = df.iloc[start:start + 64]
    con.append("orders", part)
    print(start, con.execute("SELECT count(*) FROM orders").fetchall()[0][0])
con.execute("CREATE INDEX by_city ON orders (city)")
con.execute("SELECT count(*) FROM orders WHERE city = 'Exeter'").fetchone()
""",
    r'''
import duckdb

def explore(dimension, measure="units", top=3):
    """The first few values of a dimension by a measure, with their shares."""
    return duckdb.sql(f"""
        SELECT {dimension}, sum({measure}) AS total, round(100.0 * total / sum(total) OVER (), 1) AS pct
        FROM 'data.csv' GROUP BY {dimension} ORDER BY total DESC LIMIT {top}
    """).df()

for d in ("city", "channel"):
    print(f"Top {d}:")
    print(explore(d).to_string(index=False, header=False))
explore("category", measure="units * cost", top=5)
''',
]
