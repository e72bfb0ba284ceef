"""altair charts, and what is put around them."""

PROGRAMS: list[str] = [
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
df["revenue"] = df["units"] * df["unit_price"] * (1 - df["discount"])
alt.Chart(df).mark_bar().encode(x=alt.X("region:N", sort="-y"), y="sum(revenue):Q", color="channel:N")
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
monthly = df.groupby([pd.Grouper(key="date", freq="MS"), "category"])["units"].sum().reset_index()
line = alt.Chart(monthly).mark_line(point=True).encode(
    x=alt.X("date:T", title=None),
    y=alt.Y("units:Q", title="Units sold"),
    color=alt.Color("category:N", legend=alt.Legend(orient="bottom")),
    tooltip=[alt.Tooltip("date:T", format="%b %Y"), "category", "units"],
)
line.properties(width=600, height=300, title="Units a month")
""",
    r"""
import altair as alt
import pandas as pd

source = pd.read_csv("data.csv").dropna(subset=["rating", "delivery_days"])
points = alt.Chart(source).mark_circle(opacity=0.4).encode(x="delivery_days:Q", y=alt.Y("rating:Q").scale(domain=(0, 5)))
trend = points.transform_regression("delivery_days", "rating").mark_line(color="firebrick")
text = alt.Chart(pd.DataFrame({"x": [6], "y": [0.5], "t": [f"n = {len(source)}"]})).mark_text().encode(x="x", y="y", text="t")
chart = (points + trend + text).resolve_scale(color="independent")
print(source[["delivery_days", "rating"]].corr().iloc[0, 1])
chart
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
heat = alt.Chart(df).mark_rect().encode(x="category:N", y="city:N", color=alt.Color("mean(rating):Q").scale(scheme="viridis"))
labels = heat.mark_text(baseline="middle").encode(text=alt.Text("mean(rating):Q", format=".1f"), color=alt.value("white"))
(heat + labels).properties(title={"text": "Ratings", "subtitle": "mean by city and category"})
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv")
brush = alt.selection_interval(encodings=["x"])
base = alt.Chart(df).properties(width=300)
hist = base.mark_bar().encode(alt.X("unit_price:Q", bin=alt.Bin(maxbins=30)), y="count()").add_params(brush)
bars = base.mark_bar().encode(y="region:N", x="count()", color="returned:N").transform_filter(brush)
hist | bars
""",
    r"""
import altair as alt
import pandas as pd
import json

df = pd.read_csv("data.csv")
chart = alt.Chart(df).mark_boxplot(extent=1.5).encode(x="category:N", y="unit_price:Q",
                                                      color="category:N").facet(column="channel:N")
spec = chart.to_dict()
print(sorted(spec), len(json.dumps(spec)))
chart
""",
    r"""
import pandas as pd
import altair as alt

df = pd.read_csv("data.csv", parse_dates=["date"])
df["revenue"] = df.units * df.unit_price
charts = []
for region, part in df.groupby("region"):
    cumulative = part.sort_values("date").assign(total=lambda d: d["revenue"].cumsum())
    charts.append(alt.Chart(cumulative, title=str(region)).mark_area(interpolate="step").encode(x="date:T", y="total:Q"))
alt.vconcat(*charts).configure_axis(grid=False).configure_view(strokeWidth=0)
""",
    r"""
import altair as alt
import pandas as pd

orders = pd.read_csv("data.csv")
share = orders["channel"].value_counts(normalize=True).rename_axis("channel").reset_index(name="share")
pie = alt.Chart(share).mark_arc(innerRadius=50).encode(theta="share:Q", color="channel:N",
                                                       order=alt.Order("share:Q", sort="descending"))
labels = pie.mark_text(radius=110).encode(text=alt.Text("share:Q", format=".0%"))
pie + labels
""",
    r"""
import altair as alt
import numpy as np
import pandas as pd

df = pd.read_csv("data.csv")
summary = df.groupby("category")["units"].agg(["mean", "sem"]).reset_index()
summary["low"], summary["high"] = summary["mean"] - 1.96 * summary["sem"], summary["mean"] + 1.96 * summary["sem"]
bars = alt.Chart(summary).mark_errorbar().encode(x="low:Q", x2="high:Q", y="category:N")
dots = alt.Chart(summary).mark_point(filled=True, size=80).encode(x=alt.X("mean:Q", title="units (95% interval)"), y="category:N")
rule = alt.Chart(pd.DataFrame({"m": [np.mean(df["units"])]})).mark_rule(strokeDash=[4, 2]).encode(x="m:Q")
bars + dots + rule
""",
    r"""
import altair as alt
import pandas as pd

df = pd.read_csv("data.csv", parse_dates=["date"])
alt.Chart(df).transform_calculate(
    revenue="datum.units * datum.unit_price * (1 - datum.discount)",
    half="month(datum.date) < 6 ? 'first half' : 'second half'",
).transform_aggregate(total="sum(revenue)", groupby=["half", "category"]).mark_bar().encode(
    x="total:Q", y="category:N", row="half:N", tooltip=[alt.Tooltip("total:Q", format=",.0f")]
)
""",
]
