"""How much, how many, which: aggregates, and ranks of them."""

from typing import Any

from phases.data.draw import FUNCTIONS, Draw, measure, ref
from phases.data.intents.registry import intent


@intent(
    "What is the {f} {x}?", "[Give|Tell] me the {f} {x}.", "{f} {x}?", "How [high|large] is the {f} {x}?", "Compute the {f} {x}.",
    "I [need|want] the {f} {x}.", "[Find|Show] the {f} {x}.", "Could you work out the {f} {x}?", "The {f} {x}, please.", weight=2,
)  # fmt: skip
def overall(d: Draw) -> dict[str, Any]:
    x, (f, said) = d.number(), d.function()
    lead = d.step("aggregate", measures=[measure(f, x.name)])
    d.report(ref(lead, f"{f}_{x.name}"))
    return {"f": said, "x": d.say(x)}


@intent(
    "What is the {f} {x} [by|per|for each] {c}?", "Show the {f} {x} [by|per|for each] {c}.", "{f} {x} [by|per] {c}",
    "How does the {f} {x} differ [by|between] {c}?", "For each {c}, what is the {f} {x}?", "Break the {f} {x} down by {c}.",
    "Group by {c} and give the {f} {x}.", "List every {c} with its {f} {x}.", weight=3,
)  # fmt: skip
def by_group(d: Draw) -> dict[str, Any]:
    x, c, (f, said) = d.number(), d.category(), d.function()
    lead = d.then("aggregate", measures=[measure(f, x.name)], by=[c.name])
    if d.rng.random() < 0.2:
        d.step("chart", kind="bar", x=c.name, y=f"{f}_{x.name}", title=f"{f} of {x.name} by {c.name}")
    d.report(ref(lead, "groups", "*", f"{f}_{x.name}"))
    return {"f": said, "x": d.say(x), "c": d.say(c) + (" with a bar chart" if d.steps[-2]["op"] == "chart" else "")}


@intent(
    "What are the {f} and the {g} {x}?", "Give me both the {f} and the {g} {x}.", "{f} and {g} {x}", "Compute the {f} {x} and the {g} {x}.",
    "Tell me the {f} and {g} {x}.", "I need two numbers: the {f} {x} and the {g} {x}.", "The {f} as well as the {g} {x}, please.",
)  # fmt: skip
def two_functions(d: Draw) -> dict[str, Any]:
    x = d.number()
    f, g = d.rng.sample(("mean", "sum", "median", "max", "min"), 2)
    names = (f"{f}_{x.name}", f"{g}_{x.name}")
    by = d.category() if d.rng.random() < 0.4 else None
    lead = d.step("aggregate", measures=[measure(f, x.name), measure(g, x.name)], **({"by": [by.name]} if by else {}))
    inside = ("groups", "*") if by else ()
    d.report(*(ref(lead, *inside, name) for name in names), names=(f, g))
    return {"f": d.rng.choice(FUNCTIONS[f]), "g": d.rng.choice(FUNCTIONS[g]), "x": d.say(x) + (f" by {d.say(by)}" if by else "")}


@intent(
    "How many {rows} are there where {when}?", "Count the {rows} where {when}.", "Number of {rows} where {when}?", "How many {rows} have {when}?",
    "In how many {rows} is it so that {when}?", "Tell me how many {rows} there are where {when}.", "{rows} where {when}: how many?", weight=2,
)  # fmt: skip
def count_where(d: Draw) -> dict[str, Any]:
    when, where = d.condition()
    d.then("filter", where=where)
    lead = d.step("aggregate", measures=[measure("count")])
    d.report(ref(lead, "count"))
    return {"when": when}


@intent(
    "How many {rows} are there [by|per|for each] {c}?", "Count the {rows} [by|per] {c}.", "How are the {rows} distributed over {c}?",
    "Number of {rows} [by|per] {c}?", "How often does each {c} occur?", "Give the count of {rows} in every {c}.",
)  # fmt: skip
def count_by(d: Draw) -> dict[str, Any]:
    c = d.category()
    lead = d.step("aggregate", measures=[measure("count")], by=[c.name])
    d.report(ref(lead, "groups", "*", "count"))
    return {"c": d.say(c)}


@intent(
    "What [percent|percentage] of {rows} have {when}?", "In what percent of the {rows} is it so that {when}?", "How many percent of {rows} have {when}?",
    "Percentage of {rows} where {when}?", "Of all {rows}, what percent have {when}?", "As a percentage, how common is it that {when}?",
)  # fmt: skip
def percent(d: Draw) -> dict[str, Any]:
    when, where = d.condition()
    by = d.category() if d.rng.random() < 0.25 else None
    lead = d.step("aggregate", measures=[measure("percent", where=where)], **({"by": [by.name]} if by else {}))
    d.report(ref(lead, *(("groups", "*") if by else ()), "percent"))
    return {"when": f"{when}, by {d.say(by)}" if by else when}


@intent(
    "How many different {c} are there?", "How many distinct values does {c} have?", "Count the different {c}.", "Number of unique {c}?",
    "How many kinds of {c} occur?", "Tell me the number of distinct {c}.",
)  # fmt: skip
def distinct(d: Draw) -> dict[str, Any]:
    c = d.column("category", "id", "number")
    lead = d.step("aggregate", measures=[measure("distinct", c.name)])
    d.report(ref(lead, f"distinct_{c.name}"))
    return {"c": d.say(c)}


@intent(
    "How many values of {x} are missing?", "How many {rows} have no {x}?", "Count the missing {x}.", "How often is {x} missing?",
    "Number of gaps in {x}?", "How many {rows} lack a value for {x}?",
)  # fmt: skip
def missing(d: Draw) -> dict[str, Any]:
    x = d.column("number", "category", "date")
    lead = d.step("aggregate", measures=[measure("null_count", x.name)])
    d.report(ref(lead, f"null_count_{x.name}"))
    return {"x": d.say(x)}


@intent(
    "What is the {q}th percentile of {x}?", "Give the {q}th percentile of {x}.", "{q}th percentile of {x}?", "Below which {x} are {q} percent of the {rows}?",
    "Tell me the {q}th percentile of {x}.", "Which value of {x} has {q} percent below it?",
)  # fmt: skip
def quantile(d: Draw) -> dict[str, Any]:
    x, q = d.number(), d.rng.choice((5, 10, 20, 25, 75, 80, 90, 95, 99))
    lead = d.step("aggregate", measures=[measure("quantile", x.name, q=q / 100)])
    d.report(ref(lead, f"quantile_{x.name}"))
    return {"x": d.say(x), "q": q}


@intent(
    "Which {k} {rows} have the {best} {x}?", "List the {k} {rows} with the {best} {x}.", "Top {k} {rows} by {best} {x}", "Name the {k} {rows} with the {best} {x}.",
    "Show {k} {rows} whose {x} is {best}.", "Find the {k} {rows} of {best} {x}.", "What are the {k} {rows} with {best} {x}?", weight=2,
)  # fmt: skip
def top_rows(d: Draw) -> dict[str, Any]:
    x, label, k, down = d.number(), d.column("id", "category"), d.rng.randint(2, 10), d.rng.random() < 0.65
    lead = d.step("rank", by=x.name, label=[label.name], k=k, **({} if down else {"order": "asc"}))
    d.report(ref(lead, "names"))
    return {
        "x": d.say(x),
        "k": k,
        "best": d.rng.choice(("highest", "largest") if down else ("lowest", "smallest")),
        "rows": d.say(label),
    }


@intent(
    "Which {c} has the {best} {f} {x}?", "Find the {c} with the {best} {f} {x}.", "What {c} has the {best} {f} {x}?", "Name the {c} whose {f} {x} is {best}.",
    "In which {c} is the {f} {x} {best}?", "Where is the {f} {x} {best}, going by {c}?", "The {c} of {best} {f} {x}?", weight=2,
)  # fmt: skip
def top_group(d: Draw) -> dict[str, Any]:
    x, c, down = d.number(), d.category(), d.rng.random() < 0.65
    f = d.rng.choice(("mean", "sum", "median"))
    d.then("aggregate", measures=[measure(f, x.name)], by=[c.name])
    lead = d.step("rank", by=f"{f}_{x.name}", label=[c.name], **({} if down else {"order": "asc"}))
    d.report(ref(lead, "name"))
    return {
        "x": d.say(x),
        "c": d.say(c),
        "f": d.rng.choice(FUNCTIONS[f]),
        "best": d.rng.choice(("highest", "largest") if down else ("lowest", "smallest")),
    }


@intent(
    "What is the {how} between the mean {x} of {a} and {b} by {c}?", "By {c}, what is the {how} of mean {x} between {a} and {b}?", "{how} of the mean {x}, {a} to {b} ({c})?", "Compare the mean {x} of {c} {a} and {b} by their {how}.",
    "Mean {x} of {c} {a} against {b}: what {how}?", "Give the {how} of the average {x} for {c} {a} and for {b}.", weight=1.5,
)  # fmt: skip
def calculated(d: Draw) -> dict[str, Any]:
    x, c = d.number(), d.category()
    a, b = d.rng.sample(c.values, 2)
    how, sign = d.rng.choice((("difference", "-"), ("ratio", "/")))
    sides = [("first", a), ("second", b)]
    measures = [
        {"name": name, "function": "mean", "column": x.name, "where": {"column": c.name, "op": "==", "value": v}}
        for name, v in sides
    ]
    means = d.step("aggregate", measures=measures)
    lead = d.step(
        "calculate", values={"first": ref(means, "first"), "second": ref(means, "second")}, expression=f"first {sign} second"
    )
    d.report(ref(lead, "value"))
    return {"x": d.say(x), "c": d.say(c), "a": a, "b": b, "how": how}


@intent(
    "Which {c} have more than {k} {rows}?", "List the {c} with more than {k} {rows}.", "What {c} occur more than {k} times?", "Show each {c} that has over {k} {rows}.",
    "Name all {c} of more than {k} {rows}.", "Only {c} with above {k} {rows}: which are they?",
)  # fmt: skip
def having(d: Draw) -> dict[str, Any]:
    c, k = d.category(), d.rng.choice((5, 10, 20, 25, 50, 100, 200))
    having = {"column": "count", "op": ">", "value": k}
    lead = d.step("aggregate", measures=[measure("count")], by=[c.name], having=having)
    d.report(ref(lead, "groups", "*", "count"))
    return {"c": d.say(c), "k": k}


@intent(
    "Write a sentence about the {f} {x}.", "Report the {f} {x} in a sentence.", "Tell me in words what the {f} {x} is.", "State the {f} {x} as a finding.",
    "Put the {f} {x} into a sentence.", "One sentence on the {f} {x}, please.",
)  # fmt: skip
def sentence(d: Draw) -> dict[str, Any]:
    x, (f, said) = d.number(), d.function()
    lead = d.step("aggregate", measures=[measure(f, x.name)])
    place = ref(lead, f"{f}_{x.name}")
    d.report(place, findings=[f"The {f} of {x.name} is {{{{{place}}}}}."])
    return {"f": said, "x": d.say(x)}


@intent(
    "Describe the {rows}.", "Give me an overview of the {rows}.", "Summarize the table of {rows}.", "What is in this table?", "What do the {rows} look like?",
    "Tell me about the {rows}.", weight=0.3,
)  # fmt: skip
def overview(d: Draw) -> dict[str, Any]:
    lead = d.step("summarize")
    d.report(ref(lead, "rows"))
    return {}
