"""Which picture goes with an answer, when the plan asks for none. The choice follows the data and what was computed:

groups → sorted bars, over time a line; trend → line; two numbers → scatter with a fit; one number → histogram; a ranking → its
bars; groups of a test → boxes; two categories → heatmap. A title says what is seen, by references into results.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.analysis import plan as p
from shared.analysis.codegen.sql import INTEGERS, kind
from shared.analysis.expression import quote
from shared.analysis.references import is_year, last_key
from shared.analysis.words import phrases
from shared.analysis.words.phrases import Tale, column, measured, quoted_key, ref

Tables = Mapping[str, Mapping[str, str]]
FEW_KEYS = 8  # groups that colors can tell apart
BARS = 40  # groups that fit one under the other
SUMMARY_CHARTS = 3
KEEPS_UNIT = frozenset(["sum", "mean", "median", "min", "max", "range", "std", "quantile", "iqr", "first", "last", "mode", "sem"])
ORDERED_NAMES = ("month", "weekday", "day", "quarter", "hour", "bin", "band", "decade")


def lead_charts(plan: p.Plan, tables: Tables, results: Mapping[str, Any]) -> list[p.Chart]:
    """Charts for the step that holds the answer; none where no picture says more than the sentence. Ids are new ones."""
    step = _lead(plan, results)
    tale = Tale(plan, results)
    specs = _draw(step, tale, tables) if step is not None else []
    ids = _fresh_ids(plan)
    return [p.Chart(id=next(ids), **spec) for spec in specs]


def axis_labels(
    plan: p.Plan, chart: p.Chart, results: Mapping[str, Any], units: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What to write on axes instead of the names of columns that steps made, as templates, and the units of those."""
    tale, labels, made_of = Tale(plan, results), dict[str, str](), dict[str, str]()
    for step in phrases.chain(tale, chart.table):
        if isinstance(step, p.Aggregate):
            for i, m in enumerate(step.measures):
                labels[m.name] = phrases.measure(tale, step, i)
                if m.column and m.column in units and m.function in KEEPS_UNIT:
                    made_of[m.name] = units[m.column]
        elif isinstance(step, p.Trend):
            labels["value"], labels["period"] = phrases.trend_measure(tale, step), quote(step.time)
            if step.value and step.value in units and step.function != "count":
                made_of["value"] = units[step.value]
        elif isinstance(step, p.Derive) and step.date_part:
            labels[step.name] = column(tale, step.id, step.name)
    return labels, {name: unit for name, unit in units.items() if name not in labels} | made_of


def _fresh_ids(plan: p.Plan) -> Any:
    taken, number = {step.id for step in plan.steps}, 0
    while True:
        number += 1
        if f"chart{number}" not in taken:
            yield f"chart{number}"


def _lead(plan: p.Plan, results: Mapping[str, Any]) -> p.Step | None:
    """The measuring step the answer comes from: a decision or calculation points at it."""
    by_id = {step.id: step for step in plan.steps}
    report = plan.report
    wanted = [report.lead] if report and report.lead else []
    wanted += [output.ref.partition(":")[0] for output in report.outputs] if report else []
    wanted += [step.id for step in reversed(plan.steps) if step.op not in ("chart", "report")]
    seen: set[str] = set()
    while wanted:
        id = wanted.pop(0)
        step = by_id.get(id or "")
        if step is None or id in seen or results.get(step.id) is None:
            continue
        seen.add(step.id)
        if isinstance(step, p.Calculate):
            wanted[:0] = [r.partition(":")[0] for r in step.values.values()]
        elif isinstance(step, p.Decide):
            wanted[:0] = [r.partition(":")[0] for rule in step.rules for when in rule.when for r in _refs(when)]
        else:
            return step
    return None


def _refs(predicate: p.Predicate) -> list[str]:
    return [predicate.ref] + ([predicate.value.ref] if isinstance(predicate.value, p.RefValue) else [])


def _draw(step: p.Step, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    match step:
        case p.Aggregate(by=[_, *_]):
            return _groups(step, tale, tables)
        case p.Aggregate():
            return _single(step, tale, tables)
        case p.Trend():
            return _trend(step, tale)
        case p.Rank():
            return _rank(step, tale, tables)
        case p.Correlate():
            return _correlation(step, tale)
        case p.Associate():
            return _association(step, tale, tables)
        case p.Test():
            return _test(step, tale, tables)
        case p.Outliers():
            name = step.columns[0]
            title = f"Distribution of {quote(name)}: {ref(step.id, 'columns', name, 'outliers')} outliers"
            return [{"table": step.table, "kind": "histogram", "x": name, "title": title}]
        case p.Summarize():
            return _summary(step, tale, tables)
        case p.Filter():
            return _condition(step.table, step.where, tale, tables)
        case p.Derive() | p.FitModel():
            table, name = (step.id, step.name) if isinstance(step, p.Derive) else (step.table, step.target)
            return _one_column(table, name, tables, f"Distribution of {quote(name)}")
    return []


def _is_time(columns: Mapping[str, str], name: str, tale: Tale, table: str) -> bool:
    """A date, a year, or a text that stands for a month of a year: what a line may connect."""
    part = next(
        (s.date_part.part for s in phrases.chain(tale, table) if isinstance(s, p.Derive) and s.name == name and s.date_part), ""
    )
    if part:
        return part in ("year", "year_month", "decade")
    return kind(columns, name) == "date" or (columns.get(name, "") in INTEGERS and is_year(name))


def _keeps_order(name: str, tale: Tale, table: str) -> bool:
    """Months, weekdays and intervals stand in their own order, not by height."""
    made = next((s for s in phrases.chain(tale, table) if isinstance(s, p.Derive) and s.name == name), None)
    return bool(made and (made.date_part or made.bin)) or any(re.search(rf"\b{word}", name.lower()) for word in ORDERED_NAMES)


# --- aggregates -------------------------------------------------------------------------------------------------


def _groups(step: p.Aggregate, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    result, columns = tale.results[step.id], tables.get(step.id, {})
    groups = result.get("groups") or {}
    i = _told_measure(step, tale)
    y = step.measures[i].name
    if len(groups) < 2 or kind(columns, y) not in ("number", "unknown"):
        return []
    spec: dict[str, Any] = {"table": step.id, "y": y, "title": _groups_title(step, i, tale, tables)}
    times = [name for name in step.by if _is_time(columns, name, tale, step.table)]
    others = [name for name in step.by if name not in times[:1]]
    if len(step.by) > 2:
        return []
    if times and len(others) <= 1:
        return [{**spec, "kind": "line" if len(groups) > 2 else "bar", "x": times[0], "color": others[0] if others else None}]
    if len(step.by) == 1:
        return [{**spec, "kind": "bar", "x": step.by[0], "sort": "x" if _keeps_order(step.by[0], tale, step.table) else "y"}]
    sizes = {name: len({key.split(" | ")[at] for key in groups if key.count(" | ") == 1}) for at, name in enumerate(step.by)}
    wide, narrow = sorted(step.by, key=lambda name: (-sizes[name], step.by.index(name)))
    if sizes[narrow] <= FEW_KEYS and sizes[wide] * sizes[narrow] <= 30:
        return [{**spec, "kind": "bar", "x": wide, "color": narrow, "sort": "x" if _keeps_order(wide, tale, step.table) else "y"}]
    return [{"table": step.id, "kind": "heatmap", "x": narrow, "y": wide, "color": y, "title": spec["title"]}]


def _told_measure(step: p.Aggregate, tale: Tale) -> int:
    """The measure an output asks for, else the first."""
    wanted = [o.ref for o in tale.plan.report.outputs] if tale.plan.report else []
    names = [m.name for m in step.measures]
    return next((names.index(last) for r in wanted if (last := last_key(r)) in names and r.startswith(f"{step.id}:")), 0)


def _groups_title(step: p.Aggregate, i: int, tale: Tale, tables: Tables) -> str:
    found = {key: g[step.measures[i].name] for key, g in tale.results[step.id]["groups"].items()}
    found = {key: value for key, value in found.items() if isinstance(value, (int, float))}
    words = phrases.measure(tale, step, i)
    if not found or list(found.values()).count(max(found.values())) > 1:
        return phrases.sentence(f"{words} by {phrases.columns(tale, step.table, step.by)}")[:-1]
    most = max(found, key=lambda key: found[key])
    where = quoted_key(step.id, "groups", most)
    if len(step.by) == 1 and kind(tables.get(step.id, {}), step.by[0]) != "text":
        where = f"{_capital(column(tale, step.table, step.by[0]))} {ref(step.id, 'groups', most, style='key')}"
    return f"{where} has the highest {words}: {measured(step, i, 'groups', most)}"


def _single(step: p.Aggregate, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    """One number: the column it comes from, or what its condition is about."""
    m = step.measures[_told_measure(step, tale)]
    where = m.where
    if m.column is None and where is not None:
        return _condition(step.table, where, tale, tables)
    if m.column is None:
        made = next((s for s in reversed(phrases.chain(tale, step.table)) if isinstance(s, p.Filter)), None)
        return _condition(made.table, made.where, tale, tables) if made else []
    return _one_column(step.table, m.column, tables, _single_title(step, m, tale))


def _single_title(step: p.Aggregate, m: p.Measure, tale: Tale) -> str:
    name = column(tale, step.table, m.column or "")
    if tale.results[step.id].get(m.name) is None:
        return f"Distribution of {name}"
    i = [other.name for other in step.measures].index(m.name)
    noun = phrases.measure_noun(tale, step, i).replace(" of {}", "").replace("{}", "").strip()
    return f"Distribution of {name}: the {noun} is {measured(step, i)}"


def _one_column(table: str, name: str, tables: Tables, title: str) -> list[dict[str, Any]]:
    columns = tables.get(table, {})
    if kind(columns, name) == "number":
        return [{"table": table, "kind": "histogram", "x": name, "title": title}]
    if kind(columns, name) in ("text", "boolean"):
        return [{"table": table, "kind": "bar", "x": name, "title": title}]
    return []


def _condition(table: str, where: p.Condition, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    """The column a condition is about, over the rows it was asked of."""
    name = _first_column(where)
    return _one_column(table, name, tables, f"How many rows have which {quote(name)}") if name else []


def _first_column(where: p.Condition) -> str:
    if isinstance(where, p.Compare):
        return where.column
    inner = getattr(where, "all", None) or getattr(where, "any", None) or [getattr(where, "no", None)]
    return _first_column(inner[0]) if inner[0] is not None else ""


# --- the others -------------------------------------------------------------------------------------------------


def _trend(step: p.Trend, tale: Tale) -> list[dict[str, Any]]:
    result = tale.results[step.id]
    words = phrases.trend_measure(tale, step)
    if step.by:
        title = f"{words} over time, by {phrases.names(step.by)}"
        return [{"table": step.id, "kind": "line", "x": "period", "y": "value", "color": step.by[0], "title": _capital(title)}]
    if (result.get("periods") or 0) < 2:
        return []
    direction = result.get("direction")
    style = _period_style(step, str(result["first_period"]), str(result["last_period"]))
    span = f"from {ref(step.id, 'first_period', style=style)} to {ref(step.id, 'last_period', style=style)}"
    seen = {"rising": "rises", "falling": "falls"}.get(str(direction), "shows no clear direction")
    title = f"The {words} {seen} {span}"
    return [{"table": step.id, "kind": "line", "x": "period", "y": "value", "title": title}]


def _period_style(step: p.Trend, first: str, last: str) -> str:
    """A year alone where periods are years, a month where they are months."""
    if step.every == "year" or (first.endswith("-01-01") and last.endswith("-01-01")):
        return "year"
    return "month" if step.every in ("quarter", "month") else "name"


def _rank(step: p.Rank, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    names = tale.results[step.id].get("names") or []
    source = next((s for s in tale.plan.steps if s.id == step.table), None)
    if len(step.label) != 1 or not names or kind(tables.get(step.table, {}), step.label[0]) == "date":
        return _one_column(step.table, step.by, tables, f"Distribution of {quote(step.by)}")
    extreme = phrases.extreme(tale, step)
    which = (
        ""
        if kind(tables.get(step.table, {}), step.label[0]) == "text"
        else _capital(column(tale, step.table, step.label[0])) + " "
    )
    first = f"{which}{ref(step.id, 'name', style='name')} has the {extreme}: {ref(step.id, 'value')}"
    if len(names) == 1 and isinstance(source, p.Aggregate) and len(source.by) == 1:
        charts = _groups(source, tale, tables)
        return [{**chart, "y": step.by, "title": first} for chart in charts if chart["kind"] != "heatmap"]
    if len(names) == 1 and _is_made_of_groups(source, step.label[0], tale):
        return [{"table": step.table, "kind": "bar", "x": step.label[0], "y": step.by, "title": first}]
    if len(names) == 1:
        return _one_column(step.table, step.by, tables, f"Distribution of {quote(step.by)}: {first}")
    return [{"table": step.id, "kind": "bar", "x": step.label[0], "y": step.by, "title": first}]


def _is_made_of_groups(source: p.Step | None, label: str, tale: Tale) -> bool:
    """Whether a column was made from the figures of not too many groups: what changed most between two years."""
    groups = next((s for s in tale.plan.steps if isinstance(source, p.Derive) and s.id == source.table), None)
    return isinstance(groups, p.Aggregate) and groups.by == [label] and tale.results[groups.id].get("n_groups", 0) <= BARS


def _correlation(step: p.Correlate, tale: Tale) -> list[dict[str, Any]]:
    result = tale.results[step.id]
    if step.x is not None and step.y is not None:
        if step.by:
            title = f"{quote(step.y)} against {quote(step.x)}, by {phrases.names(step.by)}"
            return [{"table": step.table, "kind": "scatter", "x": step.x, "y": step.y, "color": step.by[0], "title": title}]
        title = _together(step.x, step.y, result, step.id)
        return [{"table": step.table, "kind": "scatter", "x": step.x, "y": step.y, "title": title}]
    pairs = [pair for pair in result.get("pairs") or [] if pair.get("r") is not None]
    if not pairs:
        return []
    title = _together(pairs[0]["x"], pairs[0]["y"], pairs[0], step.id, "pairs", "0")
    return [{"table": step.table, "kind": "scatter", "x": pairs[0]["x"], "y": pairs[0]["y"], "title": title}]


def _together(x: str, y: str, found: Mapping[str, Any], id: str, *place: str) -> str:
    r, p_value = found.get("r"), found.get("p_value")
    if r is None:
        return f"{quote(y)} against {quote(x)}"
    told = f"(r = {ref(id, *place, 'r')})"
    if p_value is not None and p_value >= 0.05:
        return f"{quote(y)} and {quote(x)} show no clear relation {told}"
    return f"{quote(y)} {'rises' if r > 0 else 'falls'} as {quote(x)} rises {told}"


def _association(step: p.Associate, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    found = [a for a in tale.results[step.id].get("associations") or [] if a.get("strength") is not None]
    if not found:
        return []
    other, target, columns = found[0]["column"], step.target, tables.get(step.table, {})
    told = f"{ref(step.id, 'associations', 0, 'measure')} = {ref(step.id, 'associations', 0, 'strength')}"
    title = f"{quote(target)} goes together most with {quote(other)} ({told})"
    numbers = [kind(columns, name) == "number" for name in (other, target)]
    spec = {"table": step.table, "title": title}
    if all(numbers):
        return [{**spec, "kind": "scatter", "x": other, "y": target}]
    if any(numbers):
        category, number = (target, other) if numbers[0] else (other, target)
        return [{**spec, "kind": "box", "x": category, "y": number}]
    return [{**spec, "kind": "heatmap", "x": other, "y": target}]


def _test(step: p.Test, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    result, columns = tale.results[step.id], tables.get(step.table, {})
    if step.by and step.column and kind(columns, step.column) == "number":
        return [{"table": step.table, "kind": "box", "x": step.by, "y": step.column, "title": _test_title(step, result)}]
    if step.by and step.column:
        title = f"{quote(step.column)} by {quote(step.by)} ({ref(step.id, 'p_value', style='p')})"
        return [{"table": step.table, "kind": "heatmap", "x": step.by, "y": step.column, "title": title}]
    if step.columns and len(step.columns) == 2 and step.kind in ("t_test_paired", "wilcoxon"):
        title = f"{quote(step.columns[1])} against {quote(step.columns[0])}, pair by pair"
        return [{"table": step.table, "kind": "scatter", "x": step.columns[0], "y": step.columns[1], "title": title}]
    name = step.column or (step.columns or [""])[0]
    return _one_column(step.table, name, tables, f"Distribution of {quote(name)}")


def _test_title(step: p.Test, result: Mapping[str, Any]) -> str:
    groups = {key: g.get("median") for key, g in (result.get("groups") or {}).items()}
    known = {key: value for key, value in groups.items() if value is not None}
    words = f"{quote(step.column or '')} by {quote(step.by or '')}"
    if len(known) < 2 or list(known.values()).count(max(known.values())) > 1:
        return words
    most = max(known, key=lambda key: known[key])
    return f"{words}: {quoted_key(step.id, 'groups', most)} has the highest median, {ref(step.id, 'groups', most, 'median')}"


def _summary(step: p.Summarize, tale: Tale, tables: Tables) -> list[dict[str, Any]]:
    """A few columns that vary: those with outliers first where odd things were asked for."""
    found: dict[str, Any] = tale.results[step.id].get("columns") or {}
    told = [name for name, c in found.items() if c.get("kind") in ("number", "category")]
    if step.focus == "oddities":
        told = sorted((n for n in told if found[n].get("outliers")), key=lambda n: -found[n]["outliers"])
    charts = []
    for name in told[:SUMMARY_CHARTS]:
        middle = found[name].get("median")
        said = (
            f"the median is {ref(step.id, 'columns', name, 'median')}"
            if middle is not None
            else _commonest(step, name, found[name])
        )
        charts += _one_column(step.table, name, tables, f"Distribution of {quote(name)}" + (f": {said}" if said else ""))
    return charts


def _commonest(step: p.Summarize, name: str, column: Mapping[str, Any]) -> str:
    return f"most often {ref(step.id, 'columns', name, 'top', style='name')}" if column.get("top") is not None else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
