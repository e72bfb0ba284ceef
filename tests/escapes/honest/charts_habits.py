"""altair by habit: themes, layers, selections, transforms, facets, specs taken apart, charts drawn in text."""

PROGRAMS: list[str] = [
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
alt.Chart(df).mark_point().encode(x="unit_price", y="units", color="category", tooltip=list(df.columns)).interactive()
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["revenue"] = df["units"] * df["unit_price"] * (1 - df["discount"])
monthly = df.resample("MS", on="date")["revenue"].sum().reset_index()
monthly["rolling"] = monthly["revenue"].rolling(3, center=True).mean()
base = alt.Chart(monthly).encode(x=alt.X("date:T", axis=alt.Axis(format="%b %y", labelAngle=-45, title="")))
bars = base.mark_bar(color="#c6dbef").encode(y=alt.Y("revenue:Q", title="Revenue (£)"))
line = base.mark_line(color="#08519c", strokeWidth=3).encode(y="rolling:Q")
chart = (bars + line).properties(width=640, height=280, title="Revenue a month, with a three-month average")
chart
""",
    r"""
import altair as alt
import pandas as pd

alt.data_transformers.disable_max_rows()
df = pd.read_csv("data.csv")
alt.Chart(df).mark_bar().encode(
    alt.X("delivery_days:O", title="Delivery days"),
    alt.Y("count():Q", title="Orders"),
    alt.Color("returned:N", scale=alt.Scale(domain=["no", "yes"], range=["#4c78a8", "#e45756"])),
    alt.Order("returned:N"),
).transform_filter("isValid(datum.delivery_days)")
""",
    r"""
import pandas as pd
import altair as alt

df = pd.read_csv("data.csv")
PALETTE = {"tea": "#2ca02c", "coffee": "#8c564b", "biscuits": "#ff7f0e", "cups": "#1f77b4", "kettles": "#7f7f7f"}

def hbar(data, field, value, title):
    return (
        alt.Chart(data, title=title)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y(f"{field}:N", sort="-x", title=None),
            x=alt.X(f"{value}:Q", title=None),
            color=alt.Color(f"{field}:N", scale=alt.Scale(domain=list(PALETTE), range=list(PALETTE.values())), legend=None),
        )
        .properties(height=alt.Step(24))
    )

agg = df.groupby("category", as_index=False).agg(units=("units", "sum"), price=("unit_price", "mean"))
hbar(agg, "category", "units", "Units sold") & hbar(agg, "category", "price", "Mean price")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
dropdown = alt.binding_select(options=[None, *sorted(df["region"].unique())], labels=["All", *sorted(df["region"].unique())], name="Region ")
pick = alt.selection_point(fields=["region"], bind=dropdown)
alt.Chart(df).mark_circle(size=60).encode(
    x=alt.X("cost:Q").scale(zero=False),
    y=alt.Y("unit_price:Q").scale(zero=False),
    color=alt.condition(pick, alt.Color("region:N"), alt.value("lightgray")),
    opacity=alt.when(pick).then(alt.value(0.9)).otherwise(alt.value(0.1)),
    tooltip=["sku", "city", alt.Tooltip("unit_price", format="$.2f")],
).add_params(pick)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
nearest = alt.selection_point(nearest=True, on="pointerover", fields=["date"], empty=False)
weekly = df.groupby([pd.Grouper(key="date", freq="2W"), "channel"], as_index=False)["units"].sum()
line = alt.Chart(weekly).mark_line(interpolate="monotone").encode(x="date:T", y="units:Q", color="channel:N")
selectors = alt.Chart(weekly).mark_point().encode(x="date:T", opacity=alt.value(0)).add_params(nearest)
points = line.mark_point().encode(opacity=alt.condition(nearest, alt.value(1), alt.value(0)))
rules = alt.Chart(weekly).mark_rule(color="gray").encode(x="date:T").transform_filter(nearest)
alt.layer(line, selectors, points, rules, data=weekly).properties(width=600)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
corr = df.select_dtypes("number").drop(columns="order_id").corr().stack().rename("r").rename_axis(["a", "b"]).reset_index()
base = alt.Chart(corr).encode(x=alt.X("a:N", title=None), y=alt.Y("b:N", title=None))
rect = base.mark_rect().encode(color=alt.Color("r:Q", scale=alt.Scale(scheme="redblue", domain=[-1, 1], reverse=True)))
text = base.mark_text(size=10).encode(
    text=alt.Text("r:Q", format=".2f"),
    color=alt.condition("abs(datum.r) > 0.5", alt.value("white"), alt.value("black")),
)
(rect + text).properties(width=300, height=300, title="Correlations")
""",
    r"""
import altair as alt
import pandas as pd
from pprint import pprint

df = pd.read_csv("data.csv")
chart = alt.Chart(df.head(30)).mark_tick().encode(x="unit_price:Q", y="category:N")
spec = chart.to_dict()
pprint({k: v for k, v in spec.items() if k not in ("datasets", "data")}, width=100)
data_name = spec["data"]["name"]
rows = spec["datasets"][data_name]
print(len(rows), "rows in the spec, first:", rows[0]["sku"])
assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite")
""",
    r"""
import json
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
chart = alt.Chart(df[["region", "units"]]).mark_boxplot(size=30).encode(x="region:N", y="units:Q")
again = alt.Chart.from_json(chart.to_json())
print(type(again).__name__, again.mark.type, json.loads(chart.to_json(indent=None))["encoding"]["x"])
again
""",
    r"""
import altair as alt
import pandas as pd

@alt.theme.register("shop", enable=True)
def shop_theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig({
        "config": {
            "view": {"continuousWidth": 420, "continuousHeight": 260, "stroke": None},
            "axis": {"labelFont": "Helvetica", "grid": False},
            "range": {"category": ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"]},
        }
    })

df = pd.read_csv("data.csv")
print("theme:", alt.theme.active)
alt.Chart(df).mark_bar().encode(x="count()", y=alt.Y("city:N").sort("-x"), color="category:N")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv").dropna(subset=["customer_age"])
alt.Chart(df).transform_density(
    "customer_age", as_=["age", "density"], groupby=["channel"], extent=[15, 85], bandwidth=5
).mark_area(opacity=0.5).encode(
    x=alt.X("age:Q", title="Age of the customer"),
    y=alt.Y("density:Q", stack=None, axis=None),
    color="channel:N",
)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
alt.Chart(df, title="Orders by weekday and month").mark_rect().encode(
    x=alt.X("yearmonth(date):O", title=None, axis=alt.Axis(format="%b %Y")),
    y=alt.Y("day(date):O", title=None),
    color=alt.Color("sum(units):Q", title="Units", legend=alt.Legend(gradientLength=120)),
    tooltip=[alt.Tooltip("yearmonth(date):T", title="Month"), alt.Tooltip("sum(units):Q")],
).configure_scale(bandPaddingInner=0.05).configure_title(anchor="start")
""",
    r"""
import altair as alt
import pandas as pd

orders = pd.read_csv("data.csv")
orders = orders.eval("margin = units * (unit_price * (1 - discount) - cost)")
ranked = orders.groupby("sku")["margin"].sum().sort_values(ascending=False).reset_index()
ranked["rank"] = ranked.index + 1
ranked["cumulative"] = ranked["margin"].cumsum() / ranked["margin"].sum()
left = alt.Chart(ranked).mark_bar().encode(x="rank:Q", y=alt.Y("margin:Q", title="Margin (£)"))
right = alt.Chart(ranked).mark_line(color="crimson").encode(x="rank:Q", y=alt.Y("cumulative:Q", axis=alt.Axis(format="%", title="Cumulative")))
rule = alt.Chart().mark_rule(strokeDash=[6, 3]).encode(y=alt.datum(0.8))
print("SKUs for 80% of the margin:", int((ranked["cumulative"] < 0.8).sum()) + 1)
alt.layer(left, right).resolve_scale(y="independent").properties(width=500)
""",
    r"""
import altair as alt
import numpy as np
import pandas as pd

# A QQ plot by hand
from scipy import stats

x = pd.read_csv("data.csv")["unit_price"].apply(np.log)
(osm, osr), (slope, intercept, r) = stats.probplot(x, dist="norm")
qq = pd.DataFrame({"theory": osm, "sample": osr, "line": slope * osm + intercept})
print(f"r = {r:.4f}")
dots = alt.Chart(qq).mark_point(filled=True, size=15).encode(x="theory", y=alt.Y("sample").scale(zero=False))
dots + alt.Chart(qq).mark_line(color="black").encode(x="theory", y="line")
""",
    r"""
import altair as alt
import pandas as pd
import statsmodels.formula.api as smf

df = pd.read_csv("data.csv")
res = smf.ols("units ~ C(category) + discount + unit_price", df).fit()
coef = res.conf_int().set_axis(["low", "high"], axis=1).assign(estimate=res.params, p=res.pvalues).drop("Intercept")
coef = coef.reset_index(names="term")
coef["term"] = coef["term"].str.replace(r"C\((\w+)\)\[T\.(\w+)\]", r"\1: \2", regex=True)
base = alt.Chart(coef).encode(y=alt.Y("term:N", title=None, sort="x"))
bars = base.mark_rule().encode(x=alt.X("low:Q", title="Effect on units"), x2="high:Q")
dots = base.mark_circle(size=70).encode(x="estimate:Q", color=alt.condition(alt.datum.p < 0.05, alt.value("firebrick"), alt.value("gray")))
zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(strokeDash=[3, 3]).encode(x="x:Q")
zero + bars + dots
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
wide = df.pivot_table(index="city", columns="channel", values="units", aggfunc="sum", fill_value=0).reset_index()
alt.Chart(wide).transform_fold(["web", "shop", "phone"], as_=["channel", "units"]).mark_bar().encode(
    x=alt.X("units:Q", stack="normalize", axis=alt.Axis(format="%")),
    y="city:N",
    color="channel:N",
    order=alt.Order("channel:N"),
)
""",
    r"""
import altair as alt
import duckdb

data = duckdb.sql('''
    SELECT date_trunc('month', CAST(date AS DATE)) AS month, region,
           sum(units * unit_price * (1 - discount)) AS revenue
    FROM 'data.csv' GROUP BY ALL ORDER BY month
''').df()
alt.Chart(data).mark_area(line=True, opacity=0.6).encode(
    x=alt.X("month:T", title=None),
    y=alt.Y("revenue:Q", stack="zero"),
    color="region:N",
    row=alt.Row("region:N", header=alt.Header(labelAngle=0, title=None)),
).properties(height=60, width=500).configure_facet(spacing=4)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
cols = ["units", "unit_price", "discount", "cost"]
brush = alt.selection_interval(resolve="global")
alt.Chart(df).mark_point(size=12).encode(
    alt.X(alt.repeat("column"), type="quantitative"),
    alt.Y(alt.repeat("row"), type="quantitative"),
    color=alt.condition(brush, "category:N", alt.ColorValue("lightgrey")),
).add_params(brush).properties(width=90, height=90).repeat(row=cols, column=cols[::-1])
""",
    r"""
import altair as alt
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import scale

df = pd.read_csv("data.csv")
pca = PCA(n_components=2, random_state=0)
xy = pca.fit_transform(scale(df[["units", "unit_price", "cost", "discount"]]))
plot = df.assign(pc1=xy[:, 0], pc2=xy[:, 1])
arrows = pd.DataFrame(pca.components_.T * 3, columns=["x2", "y2"]).assign(x=0, y=0, name=["units", "price", "cost", "discount"])
scatter = alt.Chart(plot).mark_circle(opacity=0.5).encode(x=alt.X("pc1:Q", title=f"PC1 ({pca.explained_variance_ratio_[0]:.0%})"),
                                                          y=alt.Y("pc2:Q", title=f"PC2 ({pca.explained_variance_ratio_[1]:.0%})"), color="category")
lines = alt.Chart(arrows).mark_rule().encode(x="x:Q", y="y:Q", x2="x2", y2="y2")
names = alt.Chart(arrows).mark_text(dy=-8, fontWeight="bold").encode(x="x2:Q", y="y2:Q", text="name")
scatter + lines + names
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
top = df["city"].value_counts().index[:4]
charts = {
    city: alt.Chart(df[df["city"] == city]).mark_line(point=True).encode(
        x="yearquarter(date):T", y=alt.Y("sum(units):Q", title=None)
    ).properties(title=city, width=220, height=120)
    for city in top
}
it = iter(charts.values())
rows = [alt.hconcat(a, b) for a, b in zip(it, it)]
dashboard = alt.vconcat(*rows).resolve_scale(y="shared")
print(f"{len(charts)} panels: {', '.join(charts)}")
dashboard
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
slider = alt.binding_range(min=0, max=40, step=1, name="at least units: ")
cutoff = alt.param(name="cutoff", value=10, bind=slider)
alt.Chart(df).mark_bar().encode(
    x="region:N",
    y="count()",
    color=alt.when(alt.datum.units >= cutoff).then(alt.value("steelblue")).otherwise(alt.value("silver")),
    detail="order_id",
).add_params(cutoff)
""",
    r"""
import altair as alt
import pandas as pd

src = pd.read_csv("data.csv")
box = alt.Chart().mark_boxplot(extent="min-max", color="black", size=8).encode(y=alt.Y("units:Q"))
jit = alt.Chart().mark_circle(size=10, opacity=0.4).transform_calculate(
    jitter="sqrt(-2*log(random()))*cos(2*PI*random())"
).encode(x=alt.X("jitter:Q", axis=None), y="units:Q", color=alt.Color("category:N", legend=None))
alt.layer(jit, data=src).properties(width=80).facet(column=alt.Column("category:N", header=alt.Header(titleOrient="bottom")))
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
stats = df.groupby("discount")["units"].agg(["mean", "std", "count"]).reset_index()
stats["sem"] = stats["std"] / stats["count"] ** 0.5
error = alt.Chart(stats).mark_errorbar(ticks=True).encode(
    x="discount:O", y=alt.Y("mean:Q", title="Units (mean ± 1 SE)"), yError="sem:Q"
)
point = alt.Chart(stats).mark_point(filled=True, color="black").encode(x=alt.X("discount:O", axis=alt.Axis(format=".0%")), y="mean:Q", size="count:Q")
print(stats.round(2).to_string(index=False))
error + point
""",
    r"""
import altair as alt
import pandas as pd

# Slope chart: first half against second half
df = pd.read_csv("data.csv", parse_dates=["date"])
mid = df["date"].quantile(0.5)
df["half"] = df["date"].gt(mid).map({False: "first", True: "second"})
s = df.groupby(["category", "half"])["unit_price"].mean().reset_index()
lines = alt.Chart(s).mark_line(point={"filled": False, "fill": "white"}).encode(
    x=alt.X("half:O", axis=alt.Axis(labelAngle=0), title=None), y=alt.Y("unit_price:Q", title="Mean price"), color=alt.Color("category:N", legend=None)
)
labels = alt.Chart(s.query("half == 'second'")).mark_text(align="left", dx=8).encode(x="half:O", y="unit_price:Q", text="category:N", color="category:N")
(lines + labels).properties(width=250, title=f"Prices before and after {mid:%d %b %Y}")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
alt.Chart(df).transform_window(
    sort=[{"field": "date"}], frame=[None, 0], cumulative="sum(units)", groupby=["channel"]
).transform_window(
    sort=[{"field": "date"}], frame=[-9, 0], moving="mean(units)", groupby=["channel"]
).mark_line(interpolate="step-after").encode(x="date:T", y="cumulative:Q", color="channel:N", strokeDash="channel:N")
""",
    r"""
import altair as alt
import pandas as pd

lookup = pd.DataFrame({"city": ["Leeds", "York", "Dover", "Bristol", "Brighton"], "population": [536, 142, 32, 472, 277]})
df = pd.read_csv("data.csv")
counts = df.groupby("city", as_index=False).agg(orders=("order_id", "count"))
alt.Chart(counts).transform_lookup(lookup="city", from_=alt.LookupData(lookup, "city", ["population"])).transform_filter(
    alt.FieldValidPredicate(field="population", valid=True)
).transform_calculate(rate="datum.orders / datum.population * 1000").mark_bar().encode(
    x=alt.X("rate:Q", title="Orders per million people"), y=alt.Y("city:N", sort="-x")
)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
hist = alt.Chart(df).mark_bar(opacity=0.7, binSpacing=0).encode(
    alt.X("units:Q").bin(maxbins=20), alt.Y("count()").stack(None), alt.Color("channel:N")
)
mean = alt.Chart(df).mark_rule(size=2).encode(x="mean(units):Q", color="channel:N")
chart = (hist + mean).properties(width=350)
print(df.groupby("channel")["units"].mean().round(1).to_dict())
chart
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
g = df.groupby("category")["units"].sum().sort_values().reset_index()
g["label"] = g["units"].map("{:,}".format) + " units"
lollipop = alt.layer(
    alt.Chart(g).mark_rule(color="lightgray", size=3).encode(x=alt.value(0), x2="units:Q", y=alt.Y("category:N", sort=g["category"].tolist())),
    alt.Chart(g).mark_circle(size=180).encode(x="units:Q", y=alt.Y("category:N", sort=g["category"].tolist())),
    alt.Chart(g).mark_text(align="left", dx=12).encode(x="units:Q", y=alt.Y("category:N", sort=g["category"].tolist()), text="label:N"),
)
lollipop.configure_axis(domain=False, ticks=False).configure_view(stroke="transparent")
""",
    r"""
import altair as alt
import pandas as pd

class Dashboard:
    def __init__(self, data, width=300):
        self.data, self.width, self._charts = data, width, []

    def __iadd__(self, chart):
        self._charts.append(chart.properties(width=self.width))
        return self

    def __len__(self):
        return len(self._charts)

    def bar(self, field):
        return alt.Chart(self.data).mark_bar().encode(x=f"{field}:N", y="count()")

    def render(self, columns=2):
        return alt.concat(*self._charts, columns=columns)

board = Dashboard(pd.read_csv("data.csv"))
for name in ("region", "category", "channel"):
    board += board.bar(name)
print(len(board), "charts")
board.render()
""",
    r"""
import altair as alt
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
df = pd.read_csv("data.csv")
boot = pd.DataFrame({
    r: [rng.choice(g, len(g)).mean() for _ in range(400)] for r, g in ((k, v["units"].to_numpy()) for k, v in df.groupby("region"))
}).melt(var_name="region", value_name="mean")
interval = boot.groupby("region")["mean"].quantile([0.05, 0.95]).unstack().reset_index()
interval.columns = ["region", "low", "high"]
violin = alt.Chart(boot).transform_density("mean", as_=["mean", "density"], groupby=["region"]).mark_area(orient="horizontal").encode(
    y="mean:Q", x=alt.X("density:Q", stack="center", axis=None), color=alt.Color("region:N", legend=None))
print(interval.round(2))
violin.properties(width=90).facet("region:N", columns=4)
""",
    r"""
# What would the chart look like? Print it as text first.
import pandas as pd
import altair as alt

df = pd.read_csv("data.csv")
counts = df["category"].value_counts()
scale = 40 / counts.max()
for name, n in counts.items():
    print(f"{name:>9} │{'█' * round(n * scale)} {n}")
alt.Chart(counts.reset_index()).mark_bar().encode(x="count:Q", y=alt.Y("category:N", sort=None))
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
m = df.set_index("date").resample("ME")["units"].sum().to_frame("units").reset_index()
m["change"] = m["units"].diff()
m["direction"] = m["change"].apply(lambda v: "up" if v > 0 else "down")
alt.Chart(m.dropna()).mark_bar().encode(
    x=alt.X("yearmonth(date):T", title=""),
    y=alt.Y("change:Q", title="Change on the month before"),
    color=alt.Color("direction:N", scale=alt.Scale(domain=["up", "down"], range=["seagreen", "indianred"]), legend=None),
)
""",
    r"""
import altair as alt
import pandas as pd

# waterfall of revenue -> discount -> cost -> margin
df = pd.read_csv("data.csv")
gross = (df.units * df.unit_price).sum()
disc = -(df.units * df.unit_price * df.discount).sum()
cost = -(df.units * df.cost).sum()
steps = pd.DataFrame({"step": ["gross", "discounts", "cost", "margin"], "amount": [gross, disc, cost, 0.0]})
steps["end"] = steps["amount"].cumsum()
steps["start"] = steps["end"].shift(fill_value=0)
steps.loc[steps.step == "margin", "start"] = 0
steps["kind"] = ["total", "minus", "minus", "total"]
bars = alt.Chart(steps).mark_bar(size=45).encode(x=alt.X("step:O", sort=None), y="start:Q", y2="end:Q", color="kind:N")
text = alt.Chart(steps).mark_text(dy=-6).encode(x=alt.X("step:O", sort=None), y="end:Q", text=alt.Text("end:Q", format=",.0f"))
(bars + text).properties(width=320)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
kind = "bar"   # try: bar, line, area, point
mark = getattr(alt.Chart(df), f"mark_{kind}")
chart = mark(tooltip=True).encode(x="discount:O", y="mean(units):Q")
available = [name.removeprefix("mark_") for name in dir(alt.Chart) if name.startswith("mark_")]
print(len(available), "marks:", ", ".join(available[:8]), "…")
chart
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
try:
    chart = alt.Chart(df).mark_bar().encode(x="units", y=alt.Y("count()", stak="zero"))
    chart.to_dict()
except Exception as err:
    print("altair says:", str(err).splitlines()[0][:80])
    chart = alt.Chart(df).mark_bar().encode(x=alt.X("units", bin=True), y=alt.Y("count()", stack="zero"))
chart
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
chart = (
    alt.Chart(df)
    .mark_bar()
    .encode(x="region:N", y="sum(units):Q")
    .properties(title=alt.TitleParams("Units by region", subtitle=["All channels", f"n = {len(df)} orders"], anchor="start", fontSize=18))
)
html = chart.to_html()
print(len(html) > 500, "<div" in html)
chart
""",
    r"""
import io
import json
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
c = alt.Chart(df).mark_bar().encode(x="channel", y="average(rating)")
out = io.StringIO()
c.save(out, format="json")
spec = json.loads(out.getvalue())
print(spec["mark"], spec["encoding"]["y"]["aggregate"], spec["encoding"]["y"]["field"])
""",
    r"""
import altair as alt, pandas as pd
d = pd.read_csv("data.csv")
(alt.Chart(d).mark_bar().encode(y="city", x="sum(units)", color="returned")
 | alt.Chart(d).mark_bar().encode(y=alt.Y("city", axis=None), x="mean(rating)"))
""",
    r"""
import altair as alt
import pandas as pd
from datetime import datetime

df = pd.read_csv("data.csv", parse_dates=["date"])
events = pd.DataFrame([
    {"date": datetime(2023, 6, 1), "event": "new site"},
    {"date": datetime(2023, 11, 24), "event": "Black Friday"},
])
line = alt.Chart(df).mark_line().encode(x="yearmonth(date):T", y="sum(units):Q")
rule = alt.Chart(events).mark_rule(color="orange", strokeDash=[4, 4]).encode(x="date:T")
name = alt.Chart(events).mark_text(align="left", dx=4, y=10).encode(x="date:T", text="event:N")
span = alt.Chart(pd.DataFrame({"a": ["2023-11-15"], "b": ["2023-12-31"]})).mark_rect(opacity=0.15).encode(x="a:T", x2="b:T")
alt.layer(span, line, rule, name).properties(width=550)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
legend = alt.selection_point(fields=["category"], bind="legend")
zoom = alt.selection_interval(bind="scales")
chart = alt.Chart(df).mark_circle().encode(
    x=alt.X("unit_price:Q", scale=alt.Scale(type="log")),
    y=alt.Y("units:Q", scale=alt.Scale(type="sqrt")),
    size=alt.Size("discount:Q", scale=alt.Scale(range=[10, 200]), legend=alt.Legend(format="%")),
    color="category:N",
    shape="channel:N",
    opacity=alt.condition(legend, alt.value(0.8), alt.value(0.08)),
).add_params(legend, zoom)
display(chart)
print("shown", chart.to_dict()["mark"]["type"])
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
for region, part in df.groupby("region"):
    total = part["units"].sum()
    display(alt.Chart(part, title=f"{region}: {total} units").mark_bar().encode(x="month(date):O", y="sum(units):Q").properties(height=120))
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
rates = df.groupby(["region", "channel"]).agg(n=("order_id", "size"), back=("returned", lambda s: (s == "yes").sum())).reset_index()
rates["rate"] = rates["back"] / rates["n"]
overall = rates["back"].sum() / rates["n"].sum()
funnel = pd.DataFrame({"n": range(2, int(rates["n"].max()) + 2)})
funnel["high"] = overall + 1.96 * (overall * (1 - overall) / funnel["n"]) ** 0.5
dots = alt.Chart(rates).mark_point().encode(x="n:Q", y=alt.Y("rate:Q", axis=alt.Axis(format="%")), color="region", shape="channel")
limit = alt.Chart(funnel).mark_line(strokeDash=[5, 5], color="gray").encode(x="n:Q", y=alt.Y("high:Q", scale=alt.Scale(domain=[0, 1], clamp=True)))
mean = alt.Chart().mark_rule().encode(y=alt.datum(overall))
dots + limit + mean
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv").fillna({"note": ""})
words = df["note"].str.lower().str.findall(r"[a-z]{4,}").explode().value_counts().head(12).rename_axis("word").reset_index(name="n")
alt.Chart(words).mark_bar().encode(
    x="n:Q", y=alt.Y("word:N", sort="-x"), color=alt.Color("n:Q", scale=alt.Scale(scheme="goldorange"), legend=None)
).properties(title="Words in the notes")
""",
    r"""
import altair as alt
import pandas as pd
from sklearn.metrics import roc_curve, auc
from sklearn.linear_model import LogisticRegression

df = pd.read_csv("data.csv")
y = df["discount"].gt(0).astype(int)
p = LogisticRegression(max_iter=1000).fit(df[["units", "unit_price"]], y).predict_proba(df[["units", "unit_price"]])[:, 1]
fpr, tpr, thr = roc_curve(y, p)
roc = pd.DataFrame(dict(fpr=fpr, tpr=tpr, threshold=thr)).replace(float("inf"), 1)
diag = alt.Chart(pd.DataFrame({"v": [0, 1]})).mark_line(strokeDash=[2, 2], color="gray").encode(x="v", y="v")
curve = alt.Chart(roc).mark_line(interpolate="step-after").encode(x=alt.X("fpr", title="False positives"), y=alt.Y("tpr", title="True positives"), tooltip="threshold")
(diag + curve).properties(width=260, height=260, title=f"AUC = {auc(fpr, tpr):.3f} (in sample)")
""",
    r"""
import altair as alt
import pandas as pd
import numpy as np

df = pd.read_csv("data.csv", parse_dates=["date"])
m = df.resample("MS", on="date")["units"].sum().rename("units").reset_index()
b, a = np.polyfit(m.index, m["units"], 1)
ahead = pd.DataFrame({"date": pd.date_range(m["date"].iloc[-1], periods=7, freq="MS")[1:]})
ahead["units"] = a + b * (len(m) + np.arange(6))
sd = np.std(m["units"] - (a + b * m.index), ddof=2)
ahead = ahead.assign(low=ahead["units"] - 1.28 * sd, high=ahead["units"] + 1.28 * sd)
past = alt.Chart(m).mark_line().encode(x="date:T", y="units:Q")
fan = alt.Chart(ahead).mark_area(opacity=0.25).encode(x="date:T", y="low:Q", y2="high:Q")
mid = alt.Chart(ahead).mark_line(strokeDash=[6, 2]).encode(x="date:T", y="units:Q")
(past + fan + mid).properties(width=500, title="Six months ahead, straight line with an 80% band")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
ranks = (
    df.assign(q=df["date"].dt.to_period("Q").astype(str))
    .pivot_table(index="q", columns="category", values="units", aggfunc="sum", fill_value=0)
    .rank(axis=1, ascending=False, method="first")
    .stack()
    .rename("rank")
    .reset_index()
)
alt.Chart(ranks).mark_line(point=alt.OverlayMarkDef(size=120, filled=True), strokeWidth=3).encode(
    x=alt.X("q:O", title="Quarter"), y=alt.Y("rank:O", title="Rank"), color="category:N"
).properties(title="Bump chart")
""",
    r"""
import altair as alt
import pandas as pd

NUMERIC = ("units", "unit_price", "cost")
df = pd.read_csv("data.csv")

def small_hist(column: str, bins: int = 15) -> alt.Chart:
    return alt.Chart(df, width=150, height=100).mark_bar().encode(
        x=alt.X(column, bin=alt.Bin(maxbins=bins), title=column.replace("_", " ")), y=alt.Y("count()", title=None)
    )

alt.hconcat(*map(small_hist, NUMERIC), spacing=10, title="Distributions").configure_concat(spacing=5)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
row_selection = alt.selection_point(encodings=["y"], name="pick")
bars = alt.Chart(df).mark_bar().encode(
    y="category:N", x="count()", opacity=alt.condition(row_selection, alt.value(1), alt.value(0.3))
).add_params(row_selection)
detail = alt.Chart(df).mark_text(align="left", fontSize=11).transform_filter(row_selection).transform_window(
    row_number="row_number()"
).transform_filter("datum.row_number <= 8").encode(y=alt.Y("row_number:O", axis=None), text="sku:N")
(bars | detail).resolve_legend(color="independent")
""",
    r"""
import altair as alt
import pandas as pd

# Same chart, two encodings: which one reads better?
df = pd.read_csv("data.csv")
share = pd.crosstab(df["region"], df["channel"], normalize="index").stack().rename("share").reset_index()
stacked = alt.Chart(share, title="Stacked").mark_bar().encode(x="region", y=alt.Y("share", axis=alt.Axis(format="%")), color="channel")
grouped = alt.Chart(share, title="Grouped").mark_bar().encode(x="channel", y=alt.Y("share", axis=alt.Axis(format="%")), color="channel", column="region", xOffset="channel")
alt.vconcat(stacked, grouped).resolve_scale(color="shared")
""",
    r"""
import altair as alt
import pandas as pd
from statsmodels.tsa.stattools import acf

w = pd.read_csv("data.csv", parse_dates=["date"]).resample("W", on="date")["units"].sum()
values, band = acf(w, nlags=20, alpha=0.05)
t = pd.DataFrame({"lag": range(21), "acf": values, "low": band[:, 0] - values, "high": band[:, 1] - values}).iloc[1:]
area = alt.Chart(t).mark_area(opacity=0.2).encode(x="lag:Q", y=alt.Y("low:Q", title="Autocorrelation"), y2="high:Q")
stem = alt.Chart(t).mark_bar(width=2).encode(x="lag:Q", y="acf:Q")
outside = t[(t["acf"] > t["high"]) | (t["acf"] < t["low"])]
print("lags outside the band:", outside["lag"].tolist() or "none")
area + stem
""",
    r"""
import altair as alt
import pandas as pd
from scipy.cluster.hierarchy import dendrogram, linkage

df = pd.read_csv("data.csv")
prof = pd.crosstab(df["city"], df["category"], normalize="index")
d = dendrogram(linkage(prof, "ward"), labels=prof.index.tolist(), no_plot=True)
segs = pd.DataFrame(
    [{"link": i, "order": j, "x": x, "y": y} for i, (xs, ys) in enumerate(zip(d["icoord"], d["dcoord"])) for j, (x, y) in enumerate(zip(xs, ys))]
)
leaves = pd.DataFrame({"x": [5 + 10 * i for i in range(len(d["ivl"]))], "city": d["ivl"]})
lines = alt.Chart(segs).mark_line(color="black").encode(x=alt.X("x", axis=None), y=alt.Y("y", title="distance"), detail="link", order="order")
names = alt.Chart(leaves).mark_text(angle=270, align="right", dx=-4).encode(x="x", y=alt.datum(0), text="city")
(lines + names).properties(width=380)
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
hi = df.groupby("city")["rating"].mean().idxmax()
df["highlight"] = df["city"].eq(hi)
caption = f"{hi} has the happiest customers"
chart = alt.Chart(df.dropna(subset=["rating"])).mark_bar().encode(
    x=alt.X("city:N", sort=alt.EncodingSortField(field="rating", op="mean", order="descending")),
    y=alt.Y("mean(rating):Q", scale=alt.Scale(domain=[3, 5], clamp=True)),
    color=alt.Color("highlight:N", scale=alt.Scale(domain=[True, False], range=["#d62728", "#cccccc"]), legend=None),
    tooltip=["city", alt.Tooltip("mean(rating):Q", format=".2f"), "count()"],
)
chart = chart.properties(title={"text": caption, "fontSize": 16, "anchor": "start"}, width={"step": 45})
chart
""",
    r"""
from collections.abc import Iterable
import altair as alt
import pandas as pd

def facets(df: pd.DataFrame, columns: Iterable[str]):
    for c in columns:
        top = df[c].value_counts().nlargest(5).rename_axis("value").reset_index(name="orders").assign(column=c)
        yield top

long = pd.concat(facets(pd.read_csv("data.csv"), ("region", "city", "category", "channel")), ignore_index=True)
base = alt.Chart(long).mark_bar().encode(x="orders:Q", y=alt.Y("value:N", sort="-x", title=None))
base.properties(width=150).facet(facet=alt.Facet("column:N", title=None), columns=2).resolve_scale(y="independent")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
alt.Chart.from_dict({
    "data": {"values": df[["category", "units", "unit_price"]].to_dict(orient="records")},
    "mark": {"type": "point", "filled": True},
    "encoding": {
        "x": {"field": "unit_price", "type": "quantitative"},
        "y": {"field": "units", "type": "quantitative"},
        "color": {"field": "category", "type": "nominal"},
    },
    "width": 300,
})
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
spec = {"region": "Region", "category": "Category", "channel": "Channel"}
encodings = dict(
    x=alt.X("value:N", title=None, axis=alt.Axis(labelAngle=-30)),
    y=alt.Y("revenue:Q", axis=alt.Axis(format="~s", titlePadding=10)),
)
parts = []
for key, title in spec.items():
    g = df.assign(revenue=df.units * df.unit_price).groupby(key)["revenue"].sum().rename_axis("value").reset_index()
    parts.append(alt.Chart(g).mark_bar(width=18).encode(**encodings).properties(title=title, width=40 * len(g)))
final = alt.HConcatChart(hconcat=parts)
assert isinstance(final, alt.TopLevelMixin), type(final)
final
""",
]
