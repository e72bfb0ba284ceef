"""The standard words for what each step found, as templates: what was computed, on which rows, how many, under which choices.

A careful colleague speaks: the answer first, no cause where there is only company, no certainty where there are few rows.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.analysis import phrases
from shared.analysis.expression import quote
from shared.analysis.phrases import (
    Tale,
    chain,
    column,
    condition,
    lead_in,
    listed,
    measured,
    quoted_key,
    ref,
    rows,
    sentence,
)
from shared.analysis.plan import (
    Aggregate,
    Associate,
    Calculate,
    Cast,
    Correlate,
    Decide,
    Derive,
    DropDuplicates,
    DropMissing,
    Encode,
    Filter,
    FitModel,
    Impute,
    Join,
    Outliers,
    Plan,
    Python,
    Rank,
    RefValue,
    Scale,
    StepBase,
    Summarize,
    Test,
    Trend,
    Unpivot,
)  # fmt: skip
from shared.analysis.references import pointer
from shared.analysis.stories import associate, correlate, model, summarize, test, trend

if TYPE_CHECKING:
    from shared.analysis.verify import Verification

FEW, FEW_FOR_A_TEST = 10, 30


def standard_findings(plan: Plan, results: Mapping[str, Any]) -> list[str]:
    """Templates for every step that has something to tell; the report's lead first. Steps without a result are passed over."""
    tale = Tale(plan, results)
    told: list[tuple[str, list[str]]] = []
    for step in plan.steps:
        if results.get(step.id) is not None and _speaks(tale, step):
            told.append((step.id, [t for t in TELLERS[type(step)](tale, step) if t]))
    lead = plan.report.lead if plan.report else None
    told.sort(key=lambda told_by: told_by[0] != lead)  # stable: the others stay in the plan's order
    return [template for _, templates in told for template in templates]


def _speaks(tale: Tale, step: StepBase) -> bool:
    """A step is told unless a later step's words tell it already."""
    if type(step) not in TELLERS or any(tale.results.get(s.id) is None for s in chain(tale, step.table)):
        return False
    report = tale.plan.report
    if report and report.lead == step.id:
        return True
    later = [s for s in tale.plan.steps if type(s) in TELLERS and s.table != s.id and step in chain(tale, s.table)]
    if isinstance(step, Cast):
        return bool(tale.results[step.id].get("lost")) or not later
    changing = type(step) in CHANGING or (isinstance(step, Outliers) and step.action != "count")
    if changing or (isinstance(step, (Aggregate, Trend)) and later):
        return not later
    if isinstance(step, Aggregate):
        names = [m.name for m in step.measures]
        places = (
            [("groups", g, n) for g in tale.results[step.id].get("groups", {}) for n in names]
            if step.by
            else [(n,) for n in names]
        )
        return not {pointer(step.id, *place) for place in places} <= _told_elsewhere(tale)
    return True


def _told_elsewhere(tale: Tale) -> set[str]:
    """References whose value a calculation, a decision or a condition already states."""
    told: set[str] = set()
    for step in tale.plan.steps:
        if isinstance(step, Filter):
            told |= set(re.findall(r'"ref": "([^"]*)"', step.model_dump_json(indent=1)))
        if isinstance(step, Calculate):
            told |= set(step.values.values())
        if isinstance(step, Decide):
            rule = (tale.results.get(step.id) or {}).get("rule")
            for predicate in step.rules[rule].when if isinstance(rule, int) else []:
                told |= {predicate.ref} | ({predicate.value.ref} if isinstance(predicate.value, RefValue) else set())
    return told


# --- aggregates and ranks ---------------------------------------------------------------------------------------


def _aggregate(tale: Tale, step: Aggregate) -> list[str]:
    result = tale.results[step.id]
    where = lead_in(tale, step.table)
    if not result.get("rows"):
        return [sentence(where, "there is not a single row to measure")]
    if step.by:
        return [_grouped(tale, step, i, where) for i in range(min(len(step.measures), 4))]
    if len(step.measures) == 1:
        return [_single(tale, step, where)]
    parts: list[str] = []
    columns = {m.column for m in step.measures}
    same = columns.pop() if len(columns) == 1 else None
    for i in range(len(step.measures)):
        m = step.measures[i]
        name = (
            phrases.noun(tale, step, i).replace(" of {}", "")
            if same and m.where is None
            else phrases.measure(tale, step, i)
        )
        parts.append(f"the {name} is {measured(step, i)}" if not parts else f"the {name} {measured(step, i)}")
    about = f"for {column(tale, step.table, same)}" if same and all(m.where is None for m in step.measures) else ""
    return [sentence(where, about, listed(parts) + _used(tale, step, 0, len(step.measures)))]


def _rows(tale: Tale, step: Aggregate) -> str:
    return rows(tale, step.id, "rows", noun=phrases.row_noun(tale, step.table))


def _used(tale: Tale, step: Aggregate, i: int, together: int = 1) -> str:
    """How many rows a measure stands on."""
    m, result = step.measures[i], tale.results[step.id]
    all_rows = _rows(tale, step)
    if together > 1 and any(result.get("n", {}).get(other.name) != result["rows"] for other in step.measures):
        return f" ({all_rows}; missing values left out)"
    used = result.get("n", {}).get(m.name, result["rows"])
    if m.column is None or used == result["rows"]:
        return f" ({all_rows})"
    return f" ({ref(step.id, 'n', m.name)} of {all_rows}{'' if m.where else f'; the others have no {quote(m.column)}'})"


def _single(tale: Tale, step: Aggregate, where: str) -> str:
    m, result = step.measures[0], tale.results[step.id]
    value, every = measured(step, 0), _rows(tale, step)
    words = condition(tale, step, m.where, ("measures", 0, "where")) if m.where else ""
    name = column(tale, step.table, m.column) if m.column else ""
    if result[m.name] is None:
        none = (
            f": none of the {every} has a {quote(m.column)}"
            if m.column and not result.get("n", {}).get(m.name, 1)
            else ""
        )
        return sentence(where, f"the {phrases.measure(tale, step, 0)} cannot be computed{none}")
    if m.function in ("count", "share", "percent") and m.where is not None and m.column is None:
        return sentence(where, f"in {value} of the {every}", words)
    if m.function == "count" and m.column is None:
        counted = f"{value} {phrases.row_noun(tale, step.table)}{'' if result[m.name] == 1 else 's'}"
        if where.startswith("among rows where ") and all(isinstance(s, Filter) for s in chain(tale, step.table)):
            return sentence(
                f"there {'is' if result[m.name] == 1 else 'are'} {counted} where {where.removeprefix('among rows where ')}"
            )
        return sentence(where, f"there {'is' if result[m.name] == 1 else 'are'} {counted}")
    if m.function == "null_count" and m.where is None:
        return sentence(where, f"{name} is missing in {value} of {every}")
    if m.function == "distinct" and m.where is None:
        return sentence(where, f"{name} has {value} different value{'' if result[m.name] == 1 else 's'} ({every})")
    if m.function in ("share", "percent") and m.where is not None:
        return sentence(where, f"rows where {words} make up {value} of the total {name} ({every})")
    return sentence(where, f"the {phrases.measure(tale, step, 0)} is {value}{_used(tale, step, 0)}")


def _grouped(tale: Tale, step: Aggregate, i: int, where: str) -> str:
    result, name = tale.results[step.id], step.measures[i].name
    what, by, every = f"the {phrases.measure(tale, step, i)}", phrases.groups(tale, step), _rows(tale, step)
    having = condition(tale, step, step.having, ("having",), step.id).replace(f" per {by}", "") if step.having else ""
    having = f"keeping groups where {having}" if having else ""
    found = {key: group[name] for key, group in result["groups"].items() if group.get(name) is not None}
    if not found:
        return sentence(where, having, f"no group by {by} has a {phrases.measure(tale, step, i)}")
    numbers = all(isinstance(v, (int, float)) for v in found.values())
    order = sorted(found, key=lambda key: -found[key]) if numbers else list(found)

    def told(key: str) -> str:
        return f"{measured(step, i, 'groups', key)} for {ref(step.id, 'groups', key, style='key')}"

    n_groups = rows(tale, step.id, "n_groups", noun="group")
    where = ", ".join(part for part in (where, f"by {by}" if step.measures[i].where else "", having) if part)
    if not step.measures[i].where:
        what += f" by {by}"
    if len(found) > 1 and numbers and len(set(found.values())) == 1:
        return sentence(
            where, f"{what} is the same for all {n_groups}: {measured(step, i, 'groups', order[0])} ({every})"
        )
    if len(order) <= 4:
        return sentence(where, f"{what} is {listed([told(key) for key in order])} ({every})")
    if not numbers or result["n_groups"] > len(result["groups"]):
        first = listed([told(key) for key in order[:3]])
        return sentence(where, f"{what} is {first}, to name only the first of {n_groups} ({every})")
    top, bottom = order[0], order[-1]
    also = " (and others)" if found[order[1]] == found[top] else ""
    low = " (and others)" if found[order[-2]] == found[bottom] else ""
    return sentence(
        where,
        f"{what} is largest for {ref(step.id, 'groups', top, style='key')}{also} with {measured(step, i, 'groups', top)} and smallest for "
        f"{ref(step.id, 'groups', bottom, style='key')}{low} with {measured(step, i, 'groups', bottom)}, of {n_groups} ({every})",
    )  # fmt: skip


def _rank(tale: Tale, step: Rank) -> list[str]:
    result, source = tale.results[step.id], tale.steps.get(step.table)
    names = result.get("names") or []
    what = phrases.extreme(tale, step)
    if not names:
        return [sentence(lead_in(tale, step.table), f"nothing has a {what}")]
    made = chain(tale, step.table)
    grouped = next((s for s in reversed(made) if isinstance(s, Aggregate)), None)
    where = lead_in(tale, grouped.table if grouped and grouped is source else step.table)
    if grouped and step.by in {m.name for m in grouped.measures}:
        i = [m.name for m in grouped.measures].index(step.by)
        style, unit = phrases.way(grouped.measures[i])
    else:
        style, unit = ("name" if phrases.is_year(step.by) else ""), ""
    every = ""
    if grouped and grouped.by:
        every = f", of {rows(tale, grouped.id, 'n_groups', noun='group')} by {phrases.groups(tale, grouped)} ({rows(tale, grouped.id, 'rows')})"
    row = "" if step.label else "row "
    said = [
        f"{row}{ref(step.id, 'names', k, style='name')} ({ref(step.id, 'values', k, style=style)}{unit})"
        for k in range(min(len(names), 10))
    ]
    tied = result.get("tied") or 0
    ties = (
        f"; {ref(step.id, 'tied')} more {'has' if tied == 1 else 'have'} the same value as the last of them"
        if tied
        else ""
    )
    if len(names) == 1:
        ties = f"; {ref(step.id, 'tied')} {'other has' if tied == 1 else 'others have'} the same value" if tied else ""
        value = ref(step.id, "values", 0, style=style) + unit
        return [sentence(where, f"{row}{ref(step.id, 'names', 0, style='name')} has the {what}: {value}{every}{ties}")]
    more = "" if len(names) <= 10 else f", and so on to {ref(step.id, 'names', len(names) - 1, style='name')}"
    shortage = " (there are no more)" if len(names) < step.k else ""
    return [
        sentence(where, f"the {ref(step.id, 'rows')} with the {what} are {listed(said)}{more}{shortage}{every}{ties}")
    ]


# --- arithmetic and decisions -----------------------------------------------------------------------------------


def _calculate(tale: Tale, step: Calculate) -> list[str]:
    result = tale.results[step.id]
    if result.get("value") is None:
        return [sentence(f"{tale.stated(step, 'expression')} has no value (a part is missing, or it divides by zero)")]
    expression = step.expression.replace(" ", "")
    names = list(step.values)
    if len(names) == 2:
        first, second = (phrases.meaning(tale, step.values[name]) for name in names)
        for a, b, x, y in ((names[0], names[1], first, second), (names[1], names[0], second, first)):
            if expression in (f"{a}-{b}", f"abs({a}-{b})"):
                kind = "the absolute difference between" if expression.startswith("abs") else "the difference between"
                return [sentence(f"{kind} {x} and {y} is {ref(step.id, 'value')}")]
            if expression == f"{a}/{b}":
                return [sentence(f"{x} is {ref(step.id, 'value')} times {y}")]
            if expression in (f"{a}/{b}*100", f"100*{a}/{b}"):
                return [sentence(f"{x} is {ref(step.id, 'value')}% of {y}")]
            if expression in (f"({a}-{b})/{b}*100", f"({a}/{b}-1)*100", f"100*({a}-{b})/{b}"):
                more = "below" if result["value"] < 0 else "above"
                return [sentence(f"{x} is {ref(step.id, 'value', style='abs')}% {more} {y}")]
    parts = listed([f"{quote(name)} is {phrases.meaning(tale, reference)}" for name, reference in step.values.items()])
    return [sentence(f"{tale.stated(step, 'expression')} is {ref(step.id, 'value')}, where {parts}")]


SIGNS = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
OPPOSITE_SIGNS = {
    "==": "is not",
    "!=": "is",
    "<": "is not below",
    "<=": "is above",
    ">": "is not above",
    ">=": "is below",
}


def _decide(tale: Tale, step: Decide) -> list[str]:
    rule = tale.results[step.id].get("rule")
    label = f'"{ref(step.id, "label", style="name")}"'
    if isinstance(rule, int):
        reasons = [_holds(tale, step, rule, i) for i in range(len(step.rules[rule].when))]
        return [sentence(f"the answer is {label}, because {listed(reasons)}")]
    if len(step.rules) == 1 and len(step.rules[0].when) == 1:
        return [sentence(f"the answer is {label}, because {_holds(tale, step, 0, 0, holds=False)}")]
    about = dict.fromkeys(predicate.ref for each in step.rules for predicate in each.when)
    values = listed([phrases.meaning(tale, reference) for reference in about][:3])
    return [sentence(f"the answer is {label}, because none of the stated rules holds for {values}")]


def _holds(tale: Tale, step: Decide, rule: int, i: int, holds: bool = True) -> str:
    predicate = step.rules[rule].when[i]
    against = tale.stated(step, "rules", rule, "when", i, "value")
    if isinstance(predicate.value, RefValue):
        against = phrases.meaning(tale, predicate.value.ref)
    sign = SIGNS[predicate.op] if holds else OPPOSITE_SIGNS[predicate.op]
    return f"{'the size of ' if predicate.absolute else ''}{phrases.meaning(tale, predicate.ref)} {sign} {against}"


# --- steps that change a table, where nothing later tells them --------------------------------------------------


def _changed(tale: Tale, step: StepBase) -> list[str]:
    result = tale.results[step.id]
    before = lead_in(tale, step.table)
    if isinstance(step, Filter):
        kept = rows(tale, step.id, "rows_before")
        return [sentence(before, f"in {ref(step.id, 'rows')} of {kept}", condition(tale, step, step.where, ("where",)))]
    if isinstance(step, Cast):
        lost = result.get("lost")
        text = (
            f"{rows(tale, step.id, 'lost', noun='value')} could not be read and {'was' if lost == 1 else 'were'} left empty"
            if lost
            else "every value could be read"
        )
        return [sentence(f"in turning {quote(step.column)} into a {step.to}, {text}")]
    if isinstance(step, Derive):
        empty = f"; {ref(step.id, 'nulls')} of them have no value" if result.get("nulls") else ""
        return [
            sentence(f"the column {column(tale, step.id, step.name)} was added to {rows(tale, step.id, 'rows')}{empty}")
        ]
    if isinstance(step, Encode):
        return [
            sentence(
                f"{quote(step.column)} was written as numbers ({'one column for each value' if step.method == 'onehot' else 'one code for each value'})"
            )
        ]
    if isinstance(step, (Impute, Scale, Outliers, DropMissing, DropDuplicates, Join, Unpivot)):
        there = "" if isinstance(step, DropMissing) else f"there are {rows(tale, step.id, 'rows')}"
        return [sentence(before, phrases.clause(tale, step), there)]
    return []


def _outliers(tale: Tale, step: Outliers) -> list[str]:
    if step.action != "count":
        return _changed(tale, step)
    result, where, rule = tale.results[step.id], lead_in(tale, step.table), phrases.outlier_rule(tale, step)
    told = []
    for name in step.columns:
        found = result["columns"][name]
        if not found["outliers"]:
            told.append(sentence(where, f"{column(tale, step.table, name)} has no outliers: nothing lies {rule}"))
            continue
        low, high = (ref(step.id, "columns", name, bound) for bound in ("lower", "upper"))
        outside = {"both": f"below {low} or above {high}", "upper": f"above {high}", "lower": f"below {low}"}[step.side]
        count = rows(tale, step.id, "columns", name, "outliers", noun="outlier")
        told.append(
            sentence(
                where,
                f"{column(tale, step.table, name)} has {count} in {rows(tale, step.id, 'rows_before')}: {outside}, {rule}",
            )
        )
    return told


def _python(tale: Tale, step: Python) -> list[str]:
    result = tale.results[step.id]
    if not isinstance(result, dict):
        return [] if isinstance(result, list) else [sentence(f"the code of {quote(step.id)} gives {ref(step.id)}")]
    scalars = [key for key, value in result.items() if not isinstance(value, (dict, list))][:6]
    return (
        [sentence(listed([f"{quoted_key(step.id, key)} is {ref(step.id, key)}" for key in scalars]))] if scalars else []
    )


CHANGING: set[type[StepBase]] = {
    Filter,
    Cast,
    Derive,
    Encode,
    Impute,
    Scale,
    DropMissing,
    DropDuplicates,
    Join,
    Unpivot,
}
TELLERS: dict[type[StepBase], Callable[[Tale, Any], list[str]]] = {
    **dict.fromkeys(CHANGING, _changed), Aggregate: _aggregate, Rank: _rank, Calculate: _calculate, Decide: _decide, Outliers: _outliers,
    Python: _python, Correlate: correlate, Test: test, Trend: trend, Associate: associate, Summarize: summarize, FitModel: model,
}  # fmt: skip


# --- caveats ----------------------------------------------------------------------------------------------------


def caveats(plan: Plan, results: Mapping[str, Any], step_id: str) -> list[str]:
    """What weakens a step's finding: few rows, values lost on the way, a filter that keeps nothing or everything."""
    tale = Tale(plan, results)
    step, result = tale.steps[step_id], results[step_id]
    told = []
    if isinstance(result, dict) and not isinstance(step, (Calculate, Decide, Python)):
        keys: tuple[object, ...] = ("n",) if isinstance(result.get("n"), int) else ("rows",)
        if isinstance(step, Aggregate) and isinstance(result.get("n"), dict) and len(step.measures) == 1:
            keys = ("n", step.measures[0].name)
        n: Any = result
        for key in keys:
            n = n.get(key) if isinstance(n, dict) else None
        few = FEW_FOR_A_TEST if isinstance(step, (Test, Correlate)) else FEW
        counting = isinstance(step, Aggregate) and all(
            m.function in ("count", "distinct", "null_count", "sum") for m in step.measures
        )
        if isinstance(n, int) and 0 < n < few and not counting and not isinstance(step, (Rank, Filter, Summarize)):
            some = rows(tale, step_id, *keys, noun=phrases.row_noun(tale, step.table))
            told.append(f"This rests on only {some}: take it as a hint, not as proof.")
        small = (
            [key for key, group in result.get("groups", {}).items() if isinstance(group, dict) and _size(group) < few]
            if n
            else []
        )
        if small and not counting and len(told) == 0 and len(small) <= 3:
            some = listed(
                [
                    f"{ref(step_id, 'groups', k, style='key')} ({rows(tale, step_id, 'groups', k, _size_key(result['groups'][k]))})"
                    for k in small
                ]
            )
            told.append(f"Some groups are small: {some}.")
        elif small and not counting and not told:
            told.append("Some groups are small; their sizes are in the cell.")
    for before in chain(tale, step.table):
        lost = (results.get(before.id) or {}).get("lost") if isinstance(before, Cast) else None
        if isinstance(before, Cast) and lost:
            told.append(f"{rows(tale, before.id, 'lost', noun='value')} of {quote(before.column)} could not be read as a {before.to} and "
                        f"{'is' if lost == 1 else 'are'} left out.")  # fmt: skip
        kept = results.get(before.id) if isinstance(before, Filter) else None
        if isinstance(kept, dict) and kept.get("rows") == kept.get("rows_before") != 0:
            told.append("The condition holds for every row, so it leaves nothing out.")
    return told


def _size_key(group: dict[str, Any]) -> str:
    return "n" if isinstance(group.get("n"), int) else "rows"


def _size(group: dict[str, Any]) -> float:
    size = group.get(_size_key(group))
    return size if isinstance(size, int) else float("inf")


def sensitivities(plan: Plan, results: Mapping[str, Any], verification: "Verification", step_id: str) -> list[str]:
    """What another common choice would have given; the numbers come from the second engine (cell `verify`)."""
    told = []
    for i, other in enumerate(verification.sensitivities):
        if other.step == step_id:
            place = f"{step_id}:{other.path}"
            what = phrases.meaning(Tale(plan, results), place, value=False)
            value = ref("verify", "sensitivities", i, "value", style="p" if other.path.endswith("/p_value") else "")
            what = "it" if what.startswith("{{") else what
            told.append(f"With {ref('verify', 'sensitivities', i, 'choice', style='name')}, {what} would be {value}.")
    return told
