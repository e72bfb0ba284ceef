"""What is done to a table first: made columns, gaps, outliers, shapes; and pictures."""

from typing import Any

from phases.data.draw import FUNCTIONS, VERDICTS, Draw, measure, ref
from phases.data.intents.registry import intent


@intent(
    "How many outliers are there in {x}{how}?", "Count the outliers of {x}{how}.", "Does {x} have outliers{how}?", "How many {rows} have an unusual {x}{how}?",
    "Number of extreme values of {x}{how}?", "How often is {x} far from the rest{how}?", weight=1.5,
)  # fmt: skip
def outliers(d: Draw) -> dict[str, Any]:
    x = d.number()
    more, how = d.rng.choice(_FAR)
    lead = d.step("outliers", columns=[x.name], **more)
    d.report(ref(lead, "outliers"))
    return {"x": d.say(x), "how": how}


_FAR: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, ""), ({}, ""), ({"k": 3.0}, " beyond 3 times the IQR"), ({"method": "zscore", "k": 3.0}, " beyond 3 standard deviations"),
    ({"method": "zscore", "k": 2.0}, " beyond 2 standard deviations"), ({"side": "upper"}, " on the high side"), ({"side": "lower"}, " on the low side"),
)  # fmt: skip


@intent(
    "What is the {f} of {x} {sign} {y}?", "Compute {x} {sign} {y}; what is its {f}?", "Give the {f} of {x} {sign} {y}.", "For {x} {sign} {y}, what is the {f}?",
    "Take {x} {sign} {y} and find the {f}.", "The {f} of {x} {sign} {y}, please.", weight=1.5,
)  # fmt: skip
def expression(d: Draw) -> dict[str, Any]:
    x, y = d.number(), d.number()
    sign, words = d.rng.choice((("*", "times"), ("/", "divided by"), ("+", "plus"), ("-", "minus")))
    f = d.rng.choice(("mean", "median", "sum", "max", "min"))
    d.new("made")
    d.then("derive", name="made", expression=f'"{x.name}" {sign} "{y.name}"')  # names hold no quotes here
    lead = d.step("aggregate", measures=[measure(f, "made")])
    d.report(ref(lead, f"{f}_made"))
    return {"x": d.say(x), "y": d.say(y), "sign": words, "f": d.rng.choice([w for w in FUNCTIONS[f] if " " not in w])}


@intent(
    "What is the {f} {x} by {part} of {t}?", "Show the {f} {x} for each {part} of {t}.", "{f} {x} per {part} of {t}", "How does the {f} {x} vary with the {part} of {t}?",
    "Split {t} by {part} and give the {f} {x}.", "For every {part} of {t}, give me the {f} {x}.", weight=1.5,
)  # fmt: skip
def date_part(d: Draw) -> dict[str, Any]:
    t, x, (f, said) = d.column("date"), d.number(), d.function()
    part, word = d.rng.choice(
        (("year", "year"), ("month", "month"), ("quarter", "quarter"), ("day_name", "weekday"), ("decade", "decade"))
    )
    d.new(part)
    d.then("derive", name=part, date_part={"column": t.name, "part": part})
    lead = d.step("aggregate", measures=[measure(f, x.name)], by=[part])
    d.report(ref(lead, "groups", "*", f"{f}_{x.name}"))
    return {"t": d.say(t), "x": d.say(x), "f": said, "part": word}


@intent(
    "Cut {x} into {how}: how many {rows} are in each?", "Put {x} into {how} and count the {rows}.", "How many {rows} fall into each of {how} of {x}?",
    "Bin {x} into {how} and count.", "Count {rows} per bin, with {x} in {how}.", "With {x} split into {how}, how full is each?",
)  # fmt: skip
def binned(d: Draw) -> dict[str, Any]:
    x, n = d.number(), d.rng.randint(3, 10)
    d.new("band")
    how, words = d.rng.choice((
        ({"count": n}, f"{n} equal intervals"), ({"quantiles": n}, f"{n} groups of equal size"), ({"width": float(n * 10)}, f"intervals of {n * 10}")
    ))  # fmt: skip
    d.then("derive", name="band", bin={"column": x.name, **how})
    lead = d.step("aggregate", measures=[measure("count")], by=["band"])
    d.report(ref(lead, "groups", "*", "count"))
    return {"x": d.say(x), "how": words}


@intent(
    'Call {rows} "{yes}" where {when} and "{no}" otherwise; how many of each?', "Label {rows} {yes} if {when}, else {no}, and count both.", "How many {rows} are {yes} ({when}) and how many {no}?",
    "Mark {rows} as {yes} when {when}, the rest as {no}; count them.", "Two labels, {yes} where {when} and {no} elsewhere: how many {rows} in each?", "Count {rows} by label: {yes} if {when}, {no} if not.",
)  # fmt: skip
def cases(d: Draw) -> dict[str, Any]:
    when, where = d.condition()
    yes, no = d.rng.choice(VERDICTS)
    d.new("label")
    d.then("derive", name="label", cases=[{"when": where, "then": yes}], otherwise=no)
    lead = d.step("aggregate", measures=[measure("count")], by=["label"])
    d.report(ref(lead, "groups", "*", "count"))
    return {"when": when, "yes": yes, "no": no}


@intent(
    "What is the largest {what} of {x} in order of {t}?", "Ordered by {t}, what is the largest {what} of {x}?", "Find the largest {what} of {x} by {t}.", "How large does the {what} of {x} get along {t}?",
    "Along {t}, give the maximum {what} of {x}.", "The top {what} of {x} when sorted by {t}?",
)  # fmt: skip
def windowed(d: Draw) -> dict[str, Any]:
    t, x = d.column("date"), d.number()
    d.new("made")
    size = d.rng.randint(3, 30)
    function, words, more = d.rng.choice((
        ("difference", "change", {}), ("cumulative_sum", "running total", {}), ("percent_change", "percent change", {}),
        ("rolling_mean", f"moving average over {size} rows", {"size": size}),
    ))  # fmt: skip
    d.then("derive", name="made", window={"function": function, "column": x.name, "order_by": t.name, **more})
    lead = d.step("aggregate", measures=[measure("max", "made")])
    d.report(ref(lead, "max_made"))
    return {"t": d.say(t), "x": d.say(x), "what": words}


@intent(
    "Fill missing {x} with the {fill}, then give the {f} {x}.", "What is the {f} {x} after filling its gaps with the {fill}?", "Impute {x} by the {fill}; {f} {x}?",
    "Replace missing {x} by the {fill} and compute the {f} {x}.", "With gaps in {x} set to the {fill}, what is the {f} {x}?", "{f} {x}, once missing values are the {fill}?",
)  # fmt: skip
def imputed(d: Draw) -> dict[str, Any]:
    x, (f, said), fill = d.number(), d.function(), d.rng.choice(("mean", "median", "mode"))
    d.then("impute", columns=[x.name], **({} if fill == "mean" else {"method": fill}))
    lead = d.step("aggregate", measures=[measure(f, x.name)])
    d.report(ref(lead, f"{f}_{x.name}"))
    return {"x": d.say(x), "f": said, "fill": fill}


@intent(
    "[Standardize|Scale] {x} {how}; what is the {f} then?", "Scale {x} {how} and give the {f}.", "After scaling {x} {how}, what is the {f}?", "{f} of {x} scaled {how}?",
    "Bring {x} {how} and tell me the {f}.", "What {f} does {x} have once scaled {how}?", weight=0.6,
)  # fmt: skip
def scaled(d: Draw) -> dict[str, Any]:
    x, f = d.number(), d.rng.choice(("max", "min", "median"))
    method, how = d.rng.choice((("zscore", "to z-scores"), ("minmax", "to 0 to 1"), ("robust", "by median and IQR")))
    d.then("scale", columns=[x.name], **({} if method == "zscore" else {"method": method}))
    lead = d.step("aggregate", measures=[measure(f, x.name)])
    d.report(ref(lead, f"{f}_{x.name}"))
    return {"x": d.say(x), "how": how, "f": d.rng.choice(FUNCTIONS[f])}


@intent(
    "How many duplicate {rows} are there?", "Are there duplicate {rows}?", "Count the repeated {rows}.", "How many {rows} occur more than once{on}?", "Number of duplicate {rows}{on}?",
    "How many {rows} are copies of others{on}?", weight=0.5,
)  # fmt: skip
def duplicates(d: Draw) -> dict[str, Any]:
    lead = d.step("drop_duplicates")
    d.report(ref(lead, "duplicates"))
    return {"on": ""}


@intent(
    "Read {x} as {to}; how many values are lost?", "Turn {x} into {to} and count what is lost.", "Convert {x} to {to}: how many values fail?", "How many {x} cannot be read as {to}?",
    "If {x} becomes {to}, how many values are lost?", "Cast {x} to {to} and tell me the losses.", weight=0.4,
)  # fmt: skip
def cast(d: Draw) -> dict[str, Any]:
    x = d.column("category", "id")
    to, words = d.rng.choice(
        (("number", "a number"), ("date", "a date"), ("boolean", "true or false"), ("integer", "whole numbers"))
    )
    lead = d.step("cast", column=x.name, to=to)
    d.report(ref(lead, "lost"))
    return {"x": d.say(x), "to": words}


@intent(
    "Encode {c} as {how} and correlate it with {x}.", "Turn {c} into {how}; how does it correlate with {x}?", "With {c} as {how}, what is its correlation with {x}?", "How does {c}, as {how}, go with {x}?",
    "Correlation of {x} with {c} once {c} is {how}?", "Make {c} into {how} and tell how {x} correlates with it.", weight=0.4,
)  # fmt: skip
def encoded(d: Draw) -> dict[str, Any]:
    c, x = d.category(), d.number()
    d.then("encode", column=c.name, method="label")
    lead = d.step("correlate", x=c.name, y=x.name)
    d.report(ref(lead, "r"))
    return {"c": d.say(c), "x": d.say(x), "how": "number codes"}


@intent(
    "Stack {x} and {y} into one column; what is the {f} of each?", "Unpivot {x} and {y} and give the {f} by name.", "Melt {x} and {y}: {f} of each?", "Put {x} and {y} below each other and compare the {f}.",
    "With {x} and {y} as rows, what is the {f} of each?", "Make {x} and {y} long and show the {f} per name.", weight=0.5,
)  # fmt: skip
def unpivoted(d: Draw) -> dict[str, Any]:
    x, y, f = d.number(), d.number(), d.rng.choice(("mean", "max", "min", "median"))
    d.new("name", "value")
    d.then("unpivot", columns=[x.name, y.name])
    lead = d.step("aggregate", measures=[measure(f, "value")], by=["name"])
    d.report(ref(lead, "groups", "*", f"{f}_value"))
    return {"x": d.say(x), "y": d.say(y), "f": d.rng.choice(FUNCTIONS[f])}


@intent(
    "[Plot|Draw] {what}.", "Show me {what}.", "Make {what}.", "I want to see {what}.", "Chart: {what}.", "Let me look at {what}.", "Picture {what}, please.",
    weight=2,
)  # fmt: skip
def chart(d: Draw) -> dict[str, Any]:
    kind = d.rng.choice(("histogram", "scatter", "box", "bar", "heatmap"))
    match kind:
        case "histogram":
            x = d.number()
            made, what = {"x": x.name, "title": f"Distribution of {x.name}"}, f"a histogram of {d.say(x)}"
        case "scatter":
            x, y = d.number(), d.number()
            color = d.category() if d.rng.random() < 0.3 else None
            made = {"x": x.name, "y": y.name, **({"color": color.name} if color else {}), "title": f"{y.name} against {x.name}"}
            what = f"a scatter plot of {d.say(y)} against {d.say(x)}" + (f" coloured by {d.say(color)}" if color else "")
        case "box":
            c, y = d.category(), d.number()
            made, what = {"x": c.name, "y": y.name, "title": f"{y.name} by {c.name}"}, f"a box plot of {d.say(y)} by {d.say(c)}"
        case "heatmap":
            a, b, x = d.category(), d.category(), d.number()
            d.then("aggregate", measures=[measure("mean", x.name)], by=[a.name, b.name])
            made = {"x": a.name, "y": b.name, "color": f"mean_{x.name}", "title": f"mean of {x.name} by {a.name} and {b.name}"}
            what = f"a heatmap of mean {d.say(x)} by {d.say(a)} and {d.say(b)}"
        case _:
            c, x, (f, said) = d.category(), d.number(), d.function()
            d.then("aggregate", measures=[measure(f, x.name)], by=[c.name])
            made = {"x": c.name, "y": f"{f}_{x.name}", "title": f"{f} of {x.name} by {c.name}"}
            what = f"a bar chart of {said} {d.say(x)} by {d.say(c)}"
    lead = d.step("chart", kind=kind, **made)
    d.report(lead=lead, names=())
    return {"what": what}
