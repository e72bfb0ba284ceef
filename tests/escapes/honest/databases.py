"""SQL over frames by DuckDB."""

PROGRAMS: list[str] = [
    r'''
import duckdb
import pandas as pd

orders = pd.read_csv("data.csv", parse_dates=["date"])
duckdb.sql("""
    SELECT region, count(*) AS n, round(sum(units * unit_price * (1 - discount)), 2) AS revenue
    FROM orders
    GROUP BY region
    ORDER BY revenue DESC
""").df()
''',
    r'''
import duckdb
import pandas as pd

df = pd.read_csv("data.csv")
con = duckdb.connect()
con.register("orders", df)
result = con.execute(
    "SELECT city, avg(rating) AS stars, count(rating) AS ratings FROM orders WHERE channel = ? "
    "GROUP BY city HAVING count(rating) >= ?",
    ["web", 3],
).fetchall()
for city, stars, ratings in sorted(result, key=lambda row: -row[1]):
    print(f"{city:10s} {stars:.2f} ({ratings})")
con.close()
''',
    r'''
import duckdb, pandas as pd
t = pd.read_csv("data.csv", parse_dates=["date"])
q = """
with m as (
  select date_trunc('month', date) as month, category, sum(units) as units
  from t group by all
)
select *, units - lag(units) over (partition by category order by month) as change,
       rank() over (partition by month order by units desc) as place
from m qualify place = 1 order by month
"""
winners = duckdb.query(q).to_df()
print(winners["category"].value_counts())
winners.tail(6)
''',
    r'''
import duckdb
import pandas as pd

df = pd.read_csv("data.csv")
con = duckdb.connect(":memory:")
con.execute("CREATE TABLE sales AS SELECT * FROM df")
con.execute("ALTER TABLE sales ADD COLUMN margin DOUBLE")
con.execute("UPDATE sales SET margin = units * (unit_price * (1 - discount) - cost)")
print(con.execute("SUMMARIZE SELECT margin, units, unit_price FROM sales").df()[["column_name", "min", "max", "avg"]])
con.execute("SELECT category, median(margin), quantile_cont(margin, 0.9) FROM sales GROUP BY 1 ORDER BY 2 DESC").fetchdf()
''',
    r'''
import duckdb
import pandas as pd

data = pd.read_csv("data.csv")
pivot = duckdb.sql("PIVOT data ON channel USING sum(units) GROUP BY region ORDER BY region").df()
numbers = pivot.drop(columns="region").fillna(0)
pivot["total"] = numbers.sum(axis=1)
pivot["web share"] = (pivot["web"] / pivot["total"]).map("{:.0%}".format)
print(pivot.to_string(index=False))
''',
    r'''
import duckdb
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
rel = duckdb.from_df(df).set_alias("o")
late = rel.filter("delivery_days > 4").aggregate("region, count(*) AS late, avg(rating) AS stars",
                                                 "region").order("late DESC").set_alias("l")
all_orders = rel.aggregate("region, count(*) AS orders", "region").set_alias("a")
joined = late.join(all_orders,
                   "region").project("region, late, orders, round(100.0 * late / orders, 1) AS pct, round(stars, 2) AS stars")
print(joined)
joined.df()
''',
    r'''
import duckdb
import pandas as pd

df = pd.read_csv("data.csv")
sql = """
SELECT
    CASE WHEN customer_age < 30 THEN 'young' WHEN customer_age < 55 THEN 'middle'
         WHEN customer_age IS NULL THEN 'unknown' ELSE 'older' END AS grp,
    count(*) FILTER (WHERE returned = 'yes') AS returned,
    count(*) AS n,
    regexp_extract(any_value(sku), '^[A-Z]+') AS example,
    string_agg(DISTINCT category, ', ' ORDER BY category) AS bought
FROM df GROUP BY grp ORDER BY n DESC
"""
out = duckdb.sql(sql).df()
out["rate"] = out["returned"] / out["n"]
out
''',
    r'''
import duckdb
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
cohorts = duckdb.sql("""
    WITH first AS (SELECT city, min(date) AS start FROM df GROUP BY city),
         spans AS (SELECT d.city, date_diff('month', f.start, d.date) AS age, d.units FROM df d JOIN first f USING (city))
    SELECT age, count(DISTINCT city) AS cities, sum(units) AS units FROM spans WHERE age <= 12 GROUP BY age ORDER BY age
""")
frame = cohorts.df().set_index("age")
frame["per city"] = frame["units"] / frame["cities"]
frame.round(1)
''',
    r'''
import duckdb, pandas as pd

df = pd.read_csv("data.csv")
for column in ("region", "channel", "category"):
    rel = duckdb.sql(f'SELECT "{column}" AS value, count(*) AS n, avg(units) AS mean FROM df GROUP BY 1 ORDER BY 2 DESC')
    print(column.upper())
    print(rel.df().round(2).to_string(index=False), end="\n\n")
''',
]
