"""Pictures of a table, in Altair. The data are condensed in SQL first, under names that mean nothing to Vega-Lite.

Whatever a picture leaves out (rows beyond the points it can show, categories beyond the bars) it says under its title.
"""

import textwrap

from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Parameters,
    Tables,
    as_double,
    fetch,
    keep,
    kind,
    py,
    query,
    table,
    type_of,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Chart

POINTS = 2_000  # marks in a scatter or line
BARS = 30
OUTLIERS = 500
COLORS = 8
# Okabe and Ito's palette, which people with any colour vision can tell apart; yellow last, for white paper.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442"]


def chart(step: Chart, tables: Tables, titles: dict[str, str]) -> str:
    columns, source = tables[step.table], table(step.table)
    draw = {"bar": _bar, "line": _line, "scatter": _scatter, "histogram": _histogram, "box": _box, "heatmap": _heatmap}[step.kind]
    code = "import altair as alt\n\nnotes = []\n" + draw(step, columns, source, titles)
    lines = [py(line) for line in textwrap.wrap(step.title, 75)] or ['""']
    title = f"[{', '.join(lines)}]" if len(lines) < 2 else "[\n    " + ",\n    ".join(lines) + ",\n]"
    return (
        code
        + f"""\
title = {title}
chart = (
    chart.properties(
        width=640,
        height=360,
        title=alt.TitleParams(title, subtitle=notes or [""], anchor="start", fontSize=17, subtitleFontSize=12, subtitleColor="#555"),
    )
    .configure_axis(labelFontSize=12, titleFontSize=13, labelLimit=400)
    .configure_axisQuantitative(labelOverlap="greedy", labelSeparation=8)
    .configure_legend(labelFontSize=12, titleFontSize=13, labelLimit=300, titleLimit=300)
    .configure_view(strokeOpacity=0)
)
{keep(step.id, points="len(df)").rstrip()}
chart
"""
    )


def label(name: str, titles: dict[str, str]) -> str:
    return py(titles.get(name, name))


def _axis(columns: Columns, name: str, values: str) -> str:
    """Whole numbers have no ticks between them, and where they may be years no separators either."""
    if type_of(columns, name) not in INTEGERS:
        return ""
    return f', axis=alt.Axis(tickMinStep=1, format="d" if {values} < 3000 else ",d")'


def _scale_type(columns: Columns, name: str) -> str:
    """Vega-Lite's kind of a column on an axis that has an order."""
    return {"date": "T", "number": "Q", "unknown": "Q"}.get(kind(columns, name), "N")


def _measured(step: Chart, columns: Columns, titles: dict[str, str]) -> tuple[str, str]:
    """SQL of the height of a mark, and Python of its title: a mean where several rows share one mark."""
    if step.y is None:
        return "count(*)", py("rows")
    name = label(step.y, titles)
    return f"avg({as_double(columns, step.y)})", f'{name} if df["n"].max() <= 1 else "mean of " + {name}'


def _color(step: Chart, titles: dict[str, str], source: str) -> tuple[str, str, str]:
    """(Python that picks the most frequent values, SQL that keeps them, Altair's encoding), all empty without a color."""
    if step.color is None:
        return "", "", ""
    c = f"{quote(step.color)}::VARCHAR"
    code = "shown = " + query(
        f"SELECT {c}, count(*) FROM {source}", f"WHERE {quote(step.color)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    ) + ".fetchall()\n"  # fmt: skip
    code += f"if len(shown) > {COLORS}:\n"
    code += f'    notes.append(f"Only the {COLORS} most frequent of the {{len(shown)}} values of " + {py(step.color)} + " are shown.")\n'
    code += f"shown = sorted(value for value, _ in shown[:{COLORS}])\n"
    encoding = f'color=alt.Color("c:N", title={label(step.color, titles)}, scale=alt.Scale(range={py(PALETTE)})), '
    return code, f" AND {c} IN $shown", encoding


def _mark(step: Chart, **options: str) -> str:
    """Arguments of a mark: the first color of the palette unless the marks are split by color."""
    color = [] if step.color else [f'color="{PALETTE[0]}"']
    return ", ".join([*color, *(f"{name}={value}" for name, value in options.items())])


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _in_order(columns: Columns, name: str, column: str = "") -> str:
    """SQL that sorts a category as people do: months and weekdays by the calendar, intervals by their bounds."""
    column = column or quote(name)
    if kind(columns, name) not in ("text", "unknown"):
        return column
    calendar = _MONTHS if "month" in name.lower() else _DAYS if "day" in name.lower() else None
    if calendar:
        return f"list_position({calendar!r}, {column}::VARCHAR), {column}"
    return f"TRY_CAST(regexp_extract({column}::VARCHAR, '^[\\[(<>= ]+(-?[0-9.]+)', 1) AS DOUBLE) NULLS FIRST, {column}"


def _present(*names: str | None) -> str:
    return " AND ".join(f"{quote(name)} IS NOT NULL" for name in names if name is not None)


def _params(step: Chart) -> Parameters | None:
    return Parameters(shown="shown") if step.color else None


def _bar(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    height, y_title = _measured(step, columns, titles)
    code, only, color = _color(step, titles, source)
    c = f"{quote(step.color)}::VARCHAR AS c, " if step.color else ""
    group = ", ".join(map(quote, dict.fromkeys([step.x, *([step.color] if step.color else [])])))
    code += "df = " + query(
        f"SELECT {quote(step.x)}::VARCHAR AS x, {c}{height} AS y, count(*) AS n FROM {source}",
        f"WHERE {_present(step.x, step.y)}{only}",
        f"GROUP BY {group}",
        f"ORDER BY {_in_order(columns, step.x) if step.sort == 'x' else quote(step.x)}",
        parameters=_params(step),
    ) + ".df()\n"  # fmt: skip
    most = f"max(1, {BARS} // max(1, len(shown)))" if step.color else str(BARS)
    code += f"""\
most = {most}
bars = df.groupby("x", sort=False)["y"].max().sort_values(ascending=False, kind="stable").index
if len(bars) > most:
    notes.append(f"Only the {{most}} largest of the {{len(bars)}} are shown.")
df = df[df["x"].isin(bars[:most])]
"""
    x, c_tip = label(step.x, titles), ', alt.Tooltip("c:N")' if step.color else ""
    tooltip = f'tooltip=[alt.Tooltip("x:N", title={x}){c_tip}, alt.Tooltip("y:Q")]'
    if step.sort == "y":
        offset = 'yOffset="c:N", ' if step.color else ""
        code += f"""\
chart = alt.Chart(df).mark_bar({_mark(step)}).encode(
    y=alt.Y("x:N", sort=list(bars), title={x}, scale=alt.Scale(paddingInner=0.25)),
    x=alt.X("y:Q", title={y_title}),
    {color}{offset}{tooltip},
)
"""
    else:
        offset = 'xOffset="c:N", ' if step.color else ""
        code += f"""\
tilt = 0 if df["x"].str.len().max() * df["x"].nunique() < 75 else -40
chart = alt.Chart(df).mark_bar({_mark(step)}).encode(
    x=alt.X("x:N", sort=None, title={x}, axis=alt.Axis(labelAngle=tilt), scale=alt.Scale(paddingInner=0.25)),
    y=alt.Y("y:Q", title={y_title}),
    {color}{offset}{tooltip},
)
"""
    return code


def _line(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    height, y_title = _measured(step, columns, titles)
    code, only, color = _color(step, titles, source)
    c = f", {quote(step.color)}::VARCHAR AS c" if step.color else ""
    type = _scale_type(columns, step.x)
    x = f"{quote(step.x)}::VARCHAR" if type == "N" else quote(step.x)
    group = ", ".join(map(quote, dict.fromkeys([step.x, *([step.color] if step.color else [])])))
    code += "df = " + query(
        f"SELECT {x} AS x, {height} AS y, count(*) AS n{c} FROM {source}",
        f"WHERE {_present(step.x, step.y)}{only}",
        f"GROUP BY {group}",
        f"ORDER BY {_in_order(columns, step.x)}{', c' if step.color else ''}",
        parameters=_params(step),
    ) + ".df()\n"  # fmt: skip
    code += f"""\
step = -(-len(df) // {POINTS})
if step > 1:
    notes.append(f"One in {{step}} of the {{len(df):,}} points is drawn.")
"""
    thin = 'df[df.groupby("c").cumcount() % step == 0]' if step.color else "df[::step]"
    code += f"    df = {thin}\n"
    x_type = f'"x:{type}"'
    options = {
        "T": "axis=alt.Axis(tickCount=8)",
        "N": "sort=None, axis=alt.Axis(labelOverlap=True, labelAngle=-40)",
        "Q": "scale=alt.Scale(zero=False, nice=False)",
    }[type]
    if kind(columns, step.x) == "unknown":
        code += 'x_type = "x:T" if df["x"].dtype.kind == "M" else "x:Q" if df["x"].dtype.kind in "iuf" else "x:N"\n'
        x_type, options = "x_type", 'scale=alt.Scale(zero=False, nice=False) if x_type == "x:Q" else alt.Undefined'
    elif type_of(columns, step.x) in INTEGERS:
        code += 'ticks = df["x"].unique().tolist() if df["x"].nunique() <= 12 else alt.Undefined\n'
        code += 'axis = alt.Axis(values=ticks, tickMinStep=1, format="d" if df["x"].max() < 3000 else ",d")\n'
        options += ", axis=axis"
    point = "len(df) <= 60" if step.color else f'{{"color": "{PALETTE[0]}"}} if len(df) <= 60 else False'
    return (
        code
        + f"""\
chart = alt.Chart(df).mark_line({_mark(step, strokeWidth="2", point=point)}).encode(
    x=alt.X({x_type}, title={label(step.x, titles)}, {options}),
    y=alt.Y("y:Q", title={y_title}, scale=alt.Scale(zero=False)),
    {color}tooltip=[{x_type}, {'"c:N", ' if step.color else ""}"y:Q"],
)
"""
    )


def _scatter(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    y_name = step.y or step.x
    x, y = as_double(columns, step.x), as_double(columns, y_name)
    code, only, color = _color(step, titles, source)
    c = f", {quote(step.color)}::VARCHAR AS c" if step.color else ""
    where = f"WHERE {_present(step.x, y_name)}{only}"
    code += fetch(
        "(n, slope, intercept, low, high)",
        f"SELECT count(*), regr_slope({y}, {x}), regr_intercept({y}, {x}), min({x}), max({x})",
        f"FROM {source}",
        where,
        parameters=_params(step),
    )
    parameters = Parameters({**(_params(step) or {}), "step": "step"})
    code += f"step = max(1, -(-n // {POINTS}))\ndf = " + query(
        f"SELECT {x} AS x, {y} AS y{c} FROM {source}",
        where,
        "QUALIFY (row_number() OVER () - 1) % $step = 0",
        parameters=parameters,
    ) + ".df()\n"  # fmt: skip
    fit = PALETTE[3] if not step.color else "#444"
    return (
        code
        + f"""\
if step > 1:
    notes.append(f"One in {{step}} of {{n:,}} points is drawn; the line is fitted to all.")
chart = alt.Chart(df).mark_circle({_mark(step, size="40", opacity="0.6")}).encode(
    x=alt.X("x:Q", title={label(step.x, titles)}, scale=alt.Scale(zero=False){_axis(columns, step.x, "(high or 0)")}),
    y=alt.Y("y:Q", title={label(y_name, titles)}, scale=alt.Scale(zero=False)),
    {color}tooltip=["x:Q", "y:Q"{', "c:N"' if step.color else ""}],
)
if slope is not None and math.isfinite(slope):
    fit = pd.DataFrame({{"x": [low, high], "y": [intercept + slope * low, intercept + slope * high]}})
    chart += alt.Chart(fit).mark_line(color="{fit}", strokeWidth=2).encode(x="x:Q", y="y:Q")
"""
    )


def _histogram(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    x = as_double(columns, step.x)
    code, only, color = _color(step, titles, source)
    where = f"WHERE {_present(step.x)}{only}"
    code += fetch(
        "(n, low, q25, q75, high)",
        f"SELECT count(*), min({x}), quantile_cont({x}, 0.25), quantile_cont({x}, 0.75), max({x})",
        f"FROM {source}",
        where,
        parameters=_params(step),
    )
    code += """\
spread = high - low if n else 0
width = 2 * (q75 - q25) / n ** (1 / 3) if n else 1  # Freedman and Diaconis, but 10 to 40 bins, of a round width
width = min(max(width, spread / 40), spread / 10) or 1
power = 10.0 ** math.floor(math.log10(width))
width = min((m * power for m in (1, 2, 5, 10)), key=lambda w: abs(math.log(w / width)))
"""
    if type_of(columns, step.x) in INTEGERS:
        code += "width = max(width, 1)\nstart = math.floor((low or 0) / width) * width - (0.5 if width == 1 else 0)\n"
    else:
        code += "start = math.floor((low or 0) / width) * width\n"
    c = f", {quote(step.color)}::VARCHAR AS c" if step.color else ""
    parameters = Parameters({**(_params(step) or {}), "start": "start", "width": "width"})
    code += "df = " + query(
        f"SELECT floor(({x} - $start) / $width) AS bin, count(*) AS n{c} FROM {source}",
        where,
        "GROUP BY ALL ORDER BY ALL",
        parameters=parameters,
    ) + ".df()\n"  # fmt: skip
    return (
        code
        + f"""\
df["low"], df["high"] = start + df["bin"] * width, start + (df["bin"] + 1) * width
chart = alt.Chart(df).mark_bar({_mark(step)}).encode(
    x=alt.X("low:Q", bin="binned", title={label(step.x, titles)}{_axis(columns, step.x, "(high or 0)")}),
    x2="high:Q",
    y=alt.Y("n:Q", title="rows"),
    {color}tooltip=["low:Q", "high:Q", {'"c:N", ' if step.color else ""}"n:Q"],
)
"""
    )


def _box(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    y_name = step.y or step.x
    code, only, color = _color(step, titles, source)
    keys, c = ("k, c", f", {quote(step.color)}::VARCHAR AS c") if step.color else ("k", "")
    boxes = [
        "WITH points AS (",
        f"    SELECT {quote(step.x)} AS k, {as_double(columns, y_name)} AS y{c} FROM {source}",
        f"    WHERE {_present(step.x, y_name)}{only}",
        "), quartiles AS (",
        f"    SELECT {keys}, count(*) AS n, quantile_cont(y, [0.25, 0.5, 0.75]) AS q FROM points GROUP BY {keys}",
        "), boxes AS (",
        f"    SELECT {keys}, n, q[1] AS q25, q[2] AS median, q[3] AS q75, q25 - 1.5 * (q75 - q25) AS lower,",
        "           q75 + 1.5 * (q75 - q25) AS upper FROM quartiles",
        ")",
    ]
    order = _in_order(columns, step.x, "k") if step.sort == "x" else "median DESC, k"
    code += "df = " + query(
        *boxes,
        "SELECT k::VARCHAR AS x, * EXCLUDE (k, lower, upper) FROM (",
        "    SELECT boxes.*, min(y) FILTER (WHERE y >= lower) AS low, max(y) FILTER (WHERE y <= upper) AS high",
        f"    FROM points JOIN boxes USING ({keys}) GROUP BY ALL",
        ")",
        f"ORDER BY {order}{', c' if step.color else ''}",
        parameters=_params(step),
    ) + ".df()\n"  # fmt: skip
    code += "outliers = " + query(
        *boxes,
        f"SELECT k::VARCHAR AS x, {'c, ' if step.color else ''}y FROM points JOIN boxes USING ({keys})",
        "WHERE y < lower OR y > upper",
        "ORDER BY ALL",
        parameters=_params(step),
    ) + ".df()\n"  # fmt: skip
    offset, tip = ('yOffset="c:N", ', '"c:N", ') if step.color else ("", "")
    fill = f", {color.rstrip(', ')}" if step.color else ""
    what = "first" if step.sort == "x" else "highest"
    return (
        code
        + f"""\
order = df["x"].unique().tolist()
if len(order) > {BARS}:
    notes.append(f"Only the {BARS} {what} of {{len(order)}} are shown.")
df, outliers = df[df["x"].isin(order[:{BARS}])], outliers[outliers["x"].isin(order[:{BARS}])]
step = max(1, -(-len(outliers) // {OUTLIERS}))
if step > 1:
    notes.append(f"One in {{step}} of the {{len(outliers):,}} points beyond the whiskers is drawn.")
category = alt.Y("x:N", sort=order, title={label(step.x, titles)}, scale=alt.Scale(paddingInner=0.4, paddingOuter=0.2))
number = {{"title": {label(y_name, titles)}, "scale": alt.Scale(zero=False)}}
boxes = alt.Chart(df).encode(y=category, {offset}tooltip=["x:N", {tip}"n:Q", "low:Q", "q25:Q", "median:Q", "q75:Q", "high:Q"])
chart = alt.layer(
    boxes.mark_rule(color="#555").encode(x=alt.X("low:Q", **number), x2="high:Q"),
    boxes.mark_bar({_mark(step)}).encode(x=alt.X("q25:Q", **number), x2="q75:Q"{fill}),
    boxes.mark_tick(color="black", thickness=2).encode(x=alt.X("median:Q", **number)),
    alt.Chart(outliers[::step]).mark_circle(color="#555", size=14, opacity=0.5).encode(
        y=category, {offset}x=alt.X("y:Q", **number)
    ),
)
"""
    )


def _heatmap(step: Chart, columns: Columns, source: str, titles: dict[str, str]) -> str:
    x, y = quote(step.x), quote(step.y or step.x)
    value = f"avg({as_double(columns, step.color)})" if step.color else "count(*)"
    title = label(step.color, titles) if step.color else py("rows")
    present = _present(step.x, step.y, step.color)
    code = ""
    for axis, name in (("x", step.x), ("y", step.y or step.x)):
        code += f"{axis}s = " + query(
            f"SELECT {quote(name)}::VARCHAR, count(*) FROM {source} WHERE {present}",
            f"GROUP BY {quote(name)} ORDER BY {_in_order(columns, name)}",
        ) + ".fetchall()\n"  # fmt: skip
        code += f"""\
if len({axis}s) > {BARS}:
    notes.append(f"Only the {BARS} most frequent of {{len({axis}s)}} values of " + {py(name)} + " are shown.")
    {axis}s = [item for item in {axis}s if item in sorted({axis}s, key=lambda item: -item[1])[:{BARS}]]
{axis}s = [value for value, _ in {axis}s]
"""
    code += (
        "df = "
        + query(
            f"SELECT {x}::VARCHAR AS x, {y}::VARCHAR AS y, {value} AS value, count(*) AS n FROM {source}",
            f"WHERE {present} AND {x}::VARCHAR IN $xs AND {y}::VARCHAR IN $ys",
            "GROUP BY 1, 2 ORDER BY 1, 2",
            parameters=Parameters(xs="xs", ys="ys"),
        )
        + ".df()\n"
    )
    mean = f'{title} if df["n"].max() <= 1 else "mean of " + {title}' if step.color else title
    return (
        code
        + f"""\
tilt = 0 if max(map(len, xs), default=0) * len(xs) < 75 else -40
middle = (df["value"].min() + df["value"].max()) / 2
chart = alt.Chart(df).encode(
    x=alt.X("x:N", sort=xs, title={label(step.x, titles)}, axis=alt.Axis(labelAngle=tilt)),
    y=alt.Y("y:N", sort=ys, title={label(step.y or step.x, titles)}),
    tooltip=["x:N", "y:N", "value:Q"],
)
color = alt.Color("value:Q", title={mean}, scale=alt.Scale(scheme="viridis"))
numbers = chart.mark_text(fontSize=11).encode(
    text=alt.Text("value:Q", format=".3~s"),
    color=alt.condition(f"datum.value > {{middle}}", alt.value("black"), alt.value("white")),
)
chart = chart.mark_rect().encode(color=color)
if len(xs) <= 12 and len(ys) <= 15:
    chart += numbers
"""
    )
