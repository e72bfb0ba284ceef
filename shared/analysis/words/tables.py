"""Sentences for measures, ranks, arithmetic, decisions, and changes of a table that nothing later tells."""

from functools import partial

from shared.analysis.expression import quote
from shared.analysis.plan import (
    Aggregate,
    Calculate,
    Cast,
    Decide,
    Derive,
    DropDuplicates,
    DropMissing,
    Encode,
    Filter,
    Impute,
    Join,
    Outliers,
    Python,
    Rank,
    RefValue,
    Scale,
    StepBase,
    Unpivot,
)  # fmt: skip
from shared.analysis.references import is_year
from shared.analysis.words import vocabulary as v
from shared.analysis.words.phrases import (
    Tale,
    chain,
    change,
    column,
    columns,
    condition,
    counted,
    extreme,
    lead_in,
    listed,
    meaning,
    measure,
    measure_noun,
    measured,
    outlier_rule,
    quoted_key,
    ref,
    row_noun,
    sentence,
    stated,
    way,
)  # fmt: skip

MOST_MEASURES = 4  # sentences of one grouped aggregate
MOST_GROUPS = 4  # groups named one by one
MOST_NAMES = 10  # names of a rank

# --- aggregates -------------------------------------------------------------------------------------------------


def aggregate(tale: Tale, step: Aggregate) -> list[str]:
    where = lead_in(tale, step.table)
    if not tale.results[step.id].get("rows"):
        return [sentence(where, f"there is not a single {row_noun(tale, step.table)} to measure")]
    if step.by:
        return [_grouped(tale, step, i, where) for i in range(min(len(step.measures), MOST_MEASURES))]
    if len(step.measures) == 1:
        return [_single(tale, step, where)]
    plain = len({m.column for m in step.measures}) == 1 and all(m.where is None for m in step.measures)
    same = step.measures[0].column if plain else None
    said: list[str] = []
    for i in range(len(step.measures)):
        name = measure_noun(tale, step, i).replace(" of {}", "") if same else measure(tale, step, i)
        said.append(f"the {name} {'' if said else 'is '}{measured(step, i)}")
    used = tale.results[step.id].get("n", {})
    missing = any(used.get(m.name, n) != n for m in step.measures for n in [tale.results[step.id]["rows"]])
    basis = f"{_rows(tale, step)}{'; missing values left out' if missing else ''}"
    return [sentence(where, f"for {column(tale, step.table, same)}" if same else "", f"{listed(said)} ({basis})")]


def _rows(tale: Tale, step: Aggregate) -> str:
    return counted(tale, step.id, "rows", noun=row_noun(tale, step.table))


def _single(tale: Tale, step: Aggregate, where: str) -> str:
    m, result = step.measures[0], tale.results[step.id]
    value, every, found = measured(step, 0), _rows(tale, step), result[m.name]
    used = result.get("n", {}).get(m.name, result["rows"])
    words = condition(tale, step, m.where, ("measures", 0, "where")) if m.where else ""
    name = column(tale, step.table, m.column) if m.column else ""
    if found is None:
        none = f": none of the {every} has a {quote(m.column)}" if m.column and not used else ""
        return sentence(where, f"the {measure(tale, step, 0)} cannot be computed{none}")
    if m.function in ("count", "share", "percent") and m.where is not None and m.column is None:
        return sentence(where, f"in {value} of the {every}", words)
    if m.function == "count" and m.column is None:
        there = f"there {'is' if found == 1 else 'are'} {counted(tale, step.id, m.name, noun=row_noun(tale, step.table))}"
        only_filters = all(isinstance(s, Filter) for s in chain(tale, step.table))
        if only_filters and where.startswith("among rows where "):
            return sentence(f"{there} {where.removeprefix('among rows ')}")
        return sentence(where, there)
    if m.function == "null_count" and m.where is None:
        return sentence(where, f"{name} is missing in {value} of {every}")
    if m.function == "distinct" and m.where is None:
        different = counted(tale, step.id, m.name, noun="different value")
        return sentence(where, f"{name} has {different} ({every})")
    if m.function in ("share", "percent") and m.where is not None:
        return sentence(where, f"rows where {words} make up {value} of the total {name} ({every})")
    basis = every
    if m.column is not None and used != result["rows"]:
        others = "" if m.where else f"; the others have no {quote(m.column)}"
        basis = f"{ref(step.id, 'n', m.name)} of {every}{others}"
    return sentence(where, f"the {measure(tale, step, 0)} is {value} ({basis})")


def _grouped(tale: Tale, step: Aggregate, i: int, where: str) -> str:
    """A measure by group: all of a few groups, else the largest and the smallest."""
    m, result = step.measures[i], tale.results[step.id]
    by, every = columns(tale, step.table, step.by), _rows(tale, step)
    having = ""
    if step.having:
        having = condition(tale, step, step.having, ("having",), step.id).replace(f" per {by}", "")
        having = f"keeping groups where {having}"
    what = f"the {measure(tale, step, i)}"
    if m.where:  # "… where x is above 3 by y" would read as a part of the condition
        where = ", ".join(part for part in (where, f"by {by}", having) if part)
    else:
        where, what = ", ".join(part for part in (where, having) if part), f"{what} by {by}"
    found = {key: group[m.name] for key, group in result["groups"].items() if group.get(m.name) is not None}
    if not found:
        return sentence(where, f"{what} cannot be computed for any group")
    numbers = all(isinstance(value, (int, float)) for value in found.values())
    order = sorted(found, key=lambda key: -found[key]) if numbers else list(found)
    value, name = partial(measured, step, i, "groups"), partial(ref, step.id, "groups", style="key")
    n_groups = counted(tale, step.id, "n_groups", noun="group")
    if len(found) > 1 and len(set(map(str, found.values()))) == 1:
        return sentence(where, f"{what} is the same for all {n_groups}: {value(order[0])} ({every})")
    if len(order) <= MOST_GROUPS:
        return sentence(where, f"{what} is {listed([f'{value(key)} for {name(key)}' for key in order])} ({every})")
    if not numbers or result["n_groups"] > len(result["groups"]):  # the largest may not be among those that are listed
        first = listed([f"{value(key)} for {name(key)}" for key in list(found)[:3]])
        return sentence(where, f"{what} is {first}, to name only the first of {n_groups} ({every})")
    top, bottom = order[0], order[-1]
    high = f"{name(top)}{' (and others)' if found[order[1]] == found[top] else ''} with {value(top)}"
    low = f"{name(bottom)}{' (and others)' if found[order[-2]] == found[bottom] else ''} with {value(bottom)}"
    return sentence(where, f"{what} is largest for {high} and smallest for {low}, of {n_groups} ({every})")


# --- ranks ------------------------------------------------------------------------------------------------------


def rank(tale: Tale, step: Rank) -> list[str]:
    result, source = tale.results[step.id], tale.steps.get(step.table)
    what, found = extreme(tale, step), result.get("names") or []
    if not found:
        return [sentence(lead_in(tale, step.table), f"nothing has a {what}")]
    grouped = next((s for s in reversed(chain(tale, step.table)) if isinstance(s, Aggregate)), None)
    where = lead_in(tale, grouped.table if grouped and grouped is source else step.table)
    style, unit = ("name" if is_year(step.by) else ""), ""
    for m in grouped.measures if grouped else []:
        if m.name == step.by:
            style, unit = way(m)
    of = ""
    if grouped and grouped.by:
        n_groups = counted(tale, grouped.id, "n_groups", noun="group")
        of = f", of {n_groups} by {columns(tale, grouped.table, grouped.by)} ({_rows(tale, grouped)})"

    def name(k: int) -> str:
        return ("" if step.label else "row ") + ref(step.id, "names", k, style="name")

    def value(k: int) -> str:
        return ref(step.id, "values", k, style=style) + unit

    tied = result.get("tied") or 0
    if len(found) == 1:
        others = f"; {ref(step.id, 'tied')} {'other has' if tied == 1 else 'others have'} the same value" if tied else ""
        return [sentence(where, f"{name(0)} has the {what}: {value(0)}{of}{others}")]
    others = f"; {ref(step.id, 'tied')} more {'has' if tied == 1 else 'have'} the same value as the last of them"
    said = [f"{name(k)} ({value(k)})" for k in range(min(len(found), MOST_NAMES))]
    more = f", and so on to {name(len(found) - 1)}" if len(found) > MOST_NAMES else ""
    short = " (there are no more)" if len(found) < step.k else ""
    first = f"the {ref(step.id, 'rows')} with the {what} are {listed(said)}"
    return [sentence(where, f"{first}{more}{short}{of}{others if tied else ''}")]


# --- arithmetic and decisions -----------------------------------------------------------------------------------


def calculate(tale: Tale, step: Calculate) -> list[str]:
    found = tale.results[step.id].get("value")
    if found is None:
        return [sentence(f"{stated(tale, step, 'expression')} has no value (a part is missing, or it divides by zero)")]
    value, expression = ref(step.id, "value"), step.expression.replace(" ", "")
    means = {name: meaning(tale, reference) for name, reference in step.values.items()}
    for a, b in [(a, b) for a in means for b in means if len(means) == 2 and a != b]:
        if expression in (f"{a}-{b}", f"abs({a}-{b})"):
            kind = "absolute difference" if expression.startswith("abs") else "difference"
            return [sentence(f"the {kind} between {means[a]} and {means[b]} is {value}")]
        if expression == f"{a}/{b}":
            return [sentence(f"{means[a]} is {value} times {means[b]}")]
        if expression in (f"{a}/{b}*100", f"100*{a}/{b}"):
            return [sentence(f"{means[a]} is {value}% of {means[b]}")]
        if expression in (f"({a}-{b})/{b}*100", f"({a}/{b}-1)*100", f"100*({a}-{b})/{b}"):
            size = f"{ref(step.id, 'value', style='abs')}% {'below' if found < 0 else 'above'}"
            return [sentence(f"{means[a]} is {size} {means[b]}")]
    parts = listed([f"{quote(name)} is {words}" for name, words in means.items()])
    return [sentence(f"{stated(tale, step, 'expression')} is {value}, where {parts}")]


def decide(tale: Tale, step: Decide) -> list[str]:
    answer = f'the answer is "{ref(step.id, "label", style="name")}"'
    rule = tale.results[step.id].get("rule")
    if isinstance(rule, int):
        return [sentence(answer, f"because {listed([_holds(tale, step, rule, i) for i in range(len(step.rules[rule].when))])}")]
    if len(step.rules) == 1 and len(step.rules[0].when) == 1:
        return [sentence(answer, f"because {_holds(tale, step, 0, 0, denied=True)}")]
    about = dict.fromkeys(predicate.ref for each in step.rules for predicate in each.when)
    return [sentence(answer, f"because none of the stated rules holds for {listed([meaning(tale, r) for r in about][:3])}")]


def _holds(tale: Tale, step: Decide, rule: int, i: int, denied: bool = False) -> str:
    predicate = step.rules[rule].when[i]
    against = stated(tale, step, "rules", rule, "when", i, "value")
    if isinstance(predicate.value, RefValue):
        against = meaning(tale, predicate.value.ref)
    verb = (v.DENIED if denied else v.VERBS)[predicate.op]
    return f"{'the size of ' if predicate.absolute else ''}{meaning(tale, predicate.ref)} {verb} {against}"


# --- changes of a table -----------------------------------------------------------------------------------------

CHANGING: set[type[StepBase]] = {
    Filter, Cast, Derive, Encode, Impute, Scale, DropMissing, DropDuplicates, Join, Unpivot,
}  # fmt: skip


def changed(tale: Tale, step: StepBase) -> list[str]:
    result, before = tale.results[step.id], lead_in(tale, step.table)
    if isinstance(step, Filter):
        kept = f"in {ref(step.id, 'rows')} of {counted(tale, step.id, 'rows_before')}"
        return [sentence(before, kept, condition(tale, step, step.where, ("where",)))]
    if isinstance(step, Cast):
        text = "every value could be read"
        if lost := result.get("lost"):
            values = counted(tale, step.id, "lost", noun="value")
            text = f"{values} could not be read and {'was' if lost == 1 else 'were'} left empty"
        return [sentence(f"in turning {quote(step.column)} into a {step.to}", text)]
    if isinstance(step, Derive):
        empty = f"; {ref(step.id, 'nulls')} of them have no value" if result.get("nulls") else ""
        return [sentence(f"the column {column(tale, step.id, step.name)} was added to {counted(tale, step.id, 'rows')}{empty}")]
    if isinstance(step, Encode):
        how = "one column" if step.method == "onehot" else "one code"
        return [sentence(f"{quote(step.column)} was written as numbers ({how} for each value)")]
    there = "" if isinstance(step, DropMissing) else f"there are {counted(tale, step.id, 'rows')}"
    return [sentence(before, change(tale, step), there)]


def outliers(tale: Tale, step: Outliers) -> list[str]:
    if step.action != "count":
        return changed(tale, step)
    where, rule = lead_in(tale, step.table), outlier_rule(tale, step)
    told = []
    for name in step.columns:
        subject = column(tale, step.table, name)
        if not tale.results[step.id]["columns"][name]["outliers"]:
            told.append(sentence(where, f"{subject} has no outliers: nothing lies {rule}"))
            continue
        low, high = (ref(step.id, "columns", name, bound) for bound in ("lower", "upper"))
        outside = {"both": f"below {low} or above {high}", "upper": f"above {high}", "lower": f"below {low}"}[step.side]
        found = counted(tale, step.id, "columns", name, "outliers", noun="outlier")
        told.append(sentence(where, f"{subject} has {found} in {counted(tale, step.id, 'rows_before')}: {outside}", rule))
    return told


def python(tale: Tale, step: Python) -> list[str]:
    result = tale.results[step.id]
    if isinstance(result, list):
        return []
    if not isinstance(result, dict):
        return [sentence(f"the code of {quote(step.id)} gives {ref(step.id)}")]
    scalars = [key for key, value in result.items() if not isinstance(value, (dict, list))][:6]
    said = [f"{quoted_key(step.id, key)} is {ref(step.id, key)}" for key in scalars]
    return [sentence(listed(said))] if said else []
