"""A plan's own parts in words, as pieces of templates: columns, measures, conditions, and how a table came to be.

Names stand in double quotes; every value of a condition and every count is a reference. Nothing here looks at data
other than to choose between words (one row, several rows).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.analysis.expression import quote
from shared.analysis.plan import (
    Aggregate,
    All,
    AnyOf,
    ColumnValue,
    Compare,
    Condition,
    Derive,
    DropDuplicates,
    DropMissing,
    Filter,
    Impute,
    Join,
    Measure,
    Not,
    Outliers,
    Plan,
    Python,
    Rank,
    RefValue,
    Scale,
    StepBase,
    Test,
    Trend,
    Unpivot,
)  # fmt: skip
from shared.analysis.references import is_year, last_key, pointer
from shared.analysis.words import vocabulary as v

# --- building sentences -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tale:
    """What is told about: a plan and the results of its cells."""

    plan: Plan
    results: Mapping[str, Any]

    @cached_property
    def steps(self) -> dict[str, StepBase]:
        return {step.id: step for step in self.plan.steps}


def ref(step: str, *keys: object, style: str = "") -> str:
    """`{{c1:/groups/male/mean}}`."""
    return "{{" + pointer(step, *keys) + (f"|{style}" if style else "") + "}}"


def stated(tale: Tale, step: StepBase, *keys: object, style: str = "name") -> str:
    """A reference to what the plan states in a step."""
    return ref("plan", "steps", list(tale.steps).index(step.id), *keys, style=style)


def quoted_key(step: str, *keys: object) -> str:
    """A name that is a key of a result, in quotes."""
    return f'"{ref(step, *keys, style="key")}"'


def counted(tale: Tale, step: str, *keys: object, noun: str = "row") -> str:
    """`{{c1:/rows}} rows`, in the number that fits."""
    value: Any = tale.results[step]
    for key in keys:
        value = value[key]
    return f"{ref(step, *keys)} {noun}{'' if value == 1 else 's'}"


def listed(parts: Sequence[str], word: str = "and") -> str:
    """a, b and c."""
    return ", ".join(parts[:-1]) + f" {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def names(columns: Iterable[str], word: str = "and") -> str:
    """Columns by their bare names, no more than a person reads."""
    quoted = [quote(name) for name in columns]
    return listed(quoted if len(quoted) <= 4 else [*quoted[:3], "other columns"], word)


def sentence(*parts: str) -> str:
    """Non-empty parts joined by commas, with a capital and a full stop."""
    text = ", ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] + "."


# --- how a table came to be -------------------------------------------------------------------------------------


def chain(tale: Tale, table: str) -> list[StepBase]:
    """The steps from the source to `table`, first to last."""
    made: list[StepBase] = []
    while table in tale.steps:
        made.append(tale.steps[table])
        table = made[-1].table
    return made[::-1]


def row_noun(tale: Tale, table: str) -> str:
    """What a row of a table is: a row, or a group or period of an earlier step."""
    made = [step for step in chain(tale, table) if isinstance(step, (Aggregate, Trend))]
    return "row" if not made else "group" if isinstance(made[-1], Aggregate) else "period"


def lead_in(tale: Tale, table: str) -> str:
    """Which rows are looked at: `after removing … rows with …, among rows where …`; empty for a whole table."""
    made = chain(tale, table)
    source = made[0].table if made else table
    several = len({step.table for step in tale.plan.steps} - set(tale.steps)) > 1
    clauses = [f"in the table {quote(source)}"] if several else []
    kept: list[str] = []

    def close(noun: str) -> None:
        if kept:
            said = [f"({words})" if " or " in words and len(kept) > 1 else words for words in kept]
            clauses.append(f"among {noun}s where {' and '.join(said)}")
            kept.clear()

    for step in made:
        if isinstance(step, Filter):
            kept.append(condition(tale, step, step.where, ("where",)))
        elif isinstance(step, (Aggregate, Trend, Rank)):  # a new table: how its rows were chosen is told by its measures
            clauses.clear()
            kept.clear()
            if isinstance(step, Rank):
                clauses.append(f"among the {counted(tale, step.id, 'rows')} with the {extreme(tale, step)}")
        elif words := change(tale, step):
            close(row_noun(tale, step.table))
            clauses.append(words)
    close(row_noun(tale, table))
    return ", ".join(clauses)


def change(tale: Tale, step: StepBase) -> str:
    """What a step did to its table; empty where a sentence need not say it."""
    match step:
        case Outliers() if step.action != "count":
            found = counted(tale, step.id, "outliers") + (" with outliers" if step.action == "remove" else "")
            return f"after {v.OUTLIERS[step.action]} {found} in {names(step.columns)} ({outlier_rule(tale, step)})"
        case DropMissing():
            which = "with a missing value" if step.how == "any" else "that are empty"
            if step.columns:
                one = len(step.columns) == 1 or step.how == "any"
                which = f"where {names(step.columns, 'or' if one else 'and')} {'is' if one else 'are'} missing"
            stay = f"{ref(step.id, 'rows')} of {counted(tale, step.id, 'rows_before')} stay"
            return f"after leaving out rows {which} ({stay})"
        case DropDuplicates():
            same = f" with the same {names(step.columns)}" if step.columns else ""
            return f"after dropping {counted(tale, step.id, 'duplicates', noun='duplicate row')}{same}"
        case Impute():
            return f"after filling {listed([_filled(tale, step, name) for name in step.columns])}"
        case Scale():
            return "" if step.suffix else f"after {v.SCALED[step.method]} {names(step.columns)}"
        case Join():
            unmatched = tale.results[step.id].get("unmatched")
            rest = f", {counted(tale, step.id, 'unmatched')} without a match" if unmatched else ""
            return f"with {quote(step.right)} joined on {names(step.on)}{rest}"
        case Unpivot():
            return f"with {names(step.columns)} turned into rows"
        case Python():
            return f"on the table made by {quote(step.id)}"
    return ""


def _filled(tale: Tale, step: Impute, name: str) -> str:
    value = tale.results[step.id]["values"].get(name)
    by = f" of its {names(step.by)} group" if step.by else ""
    used = "" if value is None or isinstance(value, (dict, list)) else f" ({ref(step.id, 'values', name)})"
    filled = counted(tale, step.id, "filled", name, noun="missing value")
    return f"{filled} of {quote(name)} with the {v.FILLED[step.method]}{by}{used}"


def outlier_rule(tale: Tale, step: Outliers) -> str:
    k = stated(tale, step, "k")
    side = {"both": "", "upper": ", above only", "lower": ", below only"}[step.side]
    if step.method == "iqr":
        return f"further than {k} interquartile ranges from the quartiles{side}"
    return f"further than {k} {'' if step.ddof else 'population '}standard deviations from the mean{side}"


# --- columns ----------------------------------------------------------------------------------------------------


def column(tale: Tale, table: str, name: str) -> str:
    """A column in words; one that the plan made is explained: `month of "date"`, `mean of "fare" per "class"`."""
    for step in reversed(chain(tale, table)):
        if isinstance(step, Derive) and step.name == name:
            return _derived(tale, step)
        if isinstance(step, Aggregate):
            for i, made in enumerate(step.measures):
                if made.name == name:
                    return measure(tale, step, i) + (f" per {columns(tale, step.table, step.by)}" if step.by else "")
        if isinstance(step, Trend) and name == "value":
            return trend_measure(tale, step)
    return quote(name)


def columns(tale: Tale, table: str, several: Iterable[str]) -> str:
    return listed([column(tale, table, name) for name in several])


def the(tale: Tale, table: str, name: str) -> str:
    """A column in words, with an article where it is not a bare name."""
    words = column(tale, table, name)
    return words if words.startswith(('"', "the ")) else f"the {words}"


def _derived(tale: Tale, step: Derive) -> str:
    if step.expression is not None:
        return f"{quote(step.name)} ({stated(tale, step, 'expression')})"
    if step.date_part:
        part = v.PARTS.get(step.date_part.part, step.date_part.part)
        return f"{part} of {column(tale, step.table, step.date_part.column)}"
    if step.bin:
        return f"{'quantile groups' if step.bin.quantiles else 'intervals'} of {column(tale, step.table, step.bin.column)}"
    if window := step.window:
        words = v.WINDOWS[window.function].replace("{}", column(tale, step.table, window.column))
        size = f" over {stated(tale, step, 'window', 'size')} rows" if window.size > 1 else ""
        return words + size + (f" within {names(window.by)}" if window.by else "")
    return quote(step.name)


# --- measures ---------------------------------------------------------------------------------------------------


def measure(tale: Tale, step: Aggregate, i: int) -> str:
    """What a measure is, without an article: `mean of "fare" where "sex" is male`."""
    m = step.measures[i]
    words = measure_noun(tale, step, i)
    if m.column:
        words = words.replace("{}", the(tale, step.table, m.column), 1)
    if m.where is not None and m.function not in ("share", "percent"):
        words += f" where {condition(tale, step, m.where, ('measures', i, 'where'))}"
    return words


def measure_noun(tale: Tale, step: Aggregate, i: int) -> str:
    """A measure with `{}` where its column stands."""
    m = step.measures[i]
    if m.function in ("share", "percent"):
        if m.where is None:
            return "share of the total of {}" if m.column else "share of all rows"
        where = condition(tale, step, m.where, ("measures", i, "where"))
        return f"share of the total of {{}} that falls on rows where {where}" if m.column else f"share of rows where {where}"
    if m.function == "count" and m.column is None:
        return f"number of {row_noun(tale, step.table)}s"
    if m.function == "quantile":
        other = f"{stated(tale, step, 'measures', i, 'q', style='%')} quantile of {{}}"
        return v.QUARTILES.get(m.q if m.q is not None else -1, other)
    kind = ""
    if m.function in ("std", "var"):
        kind = "sample " if m.ddof else "population "
    elif m.function in ("skew", "kurtosis") and m.bias:
        kind = "population "
    return kind + v.NOUNS[m.function]


def measured(step: Aggregate, i: int, *keys: object) -> str:
    """The reference to a measure's value, written as such a measure is read. `keys`: where its group is, if any."""
    style, unit = way(step.measures[i])
    return ref(step.id, *keys, step.measures[i].name, style=style) + unit


def way(m: Measure) -> tuple[str, str]:
    """How a measure's value is written: the style of its reference, and what stands after it."""
    if m.function in ("share", "percent"):
        return ("%", "") if m.function == "share" else ("", "%")
    one_of_them = m.function in ("min", "max", "median", "mode", "first", "last", "quantile", "mean")
    return ("name" if one_of_them and m.column and is_year(m.column) else ""), ""


def extreme(tale: Tale, step: Rank) -> str:
    """What a rank is by: `highest mean of "fare"`, `second lowest "price"`."""
    what = column(tale, step.table, step.by).split(" per ")[0].removeprefix("the ")
    amount = what.startswith(("number", "total", "share"))
    high, low = ("largest", "smallest") if amount else ("highest", "lowest")
    words = f"{high if step.order == 'desc' else low} {what}"
    if step.position >= len(v.ORDINALS):
        return f"{words} from place {stated(tale, step, 'position')} on"
    return f"{v.ORDINALS[step.position]} {words}".strip()


def trend_measure(tale: Tale, step: Trend) -> str:
    name = column(tale, step.table, step.value) if step.value else ""
    if step.function == "last" and name:
        return f"last {name}" + (f" of each {step.every}" if step.every else "")
    words = v.NOUNS[step.function].replace("{}", name) if name else "number of rows"
    return words + (f" per {step.every}" if step.every else "")


# --- conditions -------------------------------------------------------------------------------------------------


def condition(tale: Tale, step: StepBase, where: Condition, place: tuple[object, ...], table: str = "") -> str:
    """A condition in words. `place` are the keys to it within the step; its columns belong to `table` (default: the step's)."""
    table = table or step.table
    if isinstance(where, Compare):
        return f"{the(tale, table, where.column)} {_predicate(tale, step, where, place)}"
    if isinstance(where, Not):
        if isinstance(where.no, Compare):  # nulls match neither way, so the opposite is exact
            return f"{the(tale, table, where.no.column)} {_predicate(tale, step, where.no, (*place, 'no'), denied=True)}"
        return f"it is not so that {condition(tale, step, where.no, (*place, 'no'), table)}"
    key, parts, word = ("all", where.all, "and") if isinstance(where, All) else ("any", where.any, "or")
    said: list[str] = []
    for i, part in enumerate(parts):
        before = parts[i - 1] if i else None
        words = condition(tale, step, part, (*place, key, i), table)
        if isinstance(part, Compare) and isinstance(before, Compare) and part.column == before.column:
            words = _predicate(tale, step, part, (*place, key, i)).removeprefix("is ")  # "is above 3 and below 5"
        elif isinstance(part, (All, AnyOf)) and type(part) is not type(where) and len(parts) > 1:
            words = f"({words})"
        said.append(words)
    return f" {word} ".join(said)


def _predicate(tale: Tale, step: StepBase, where: Compare, place: tuple[object, ...], denied: bool = False) -> str:
    value = where.value
    verb = (v.DENIED if denied else v.VERBS)[where.op]
    if value is None:
        return verb
    if isinstance(value, ColumnValue):
        return f"{verb} {column(tale, step.table, value.column)}"
    if isinstance(value, RefValue):
        return f"{verb} {meaning(tale, value.ref)}"
    if isinstance(value, list):
        said = [stated(tale, step, *place, "value", i) for i in range(min(len(value), 12))]
        more = ["another value of the plan"] if len(value) > len(said) else []
        return f"{verb} {listed(said + more, 'nor' if verb == 'is not' else 'or')}"
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value):
        verb = (v.DENIED_DATED if denied else v.DATED).get(where.op, verb)
    one = stated(tale, step, *place, "value")
    return f'{verb} "{one}"' if where.op in ("contains", "starts with", "ends with") else f"{verb} {one}"


# --- what a reference means -------------------------------------------------------------------------------------


def meaning(tale: Tale, reference: str, value: bool = True) -> str:
    """A reference in words with its value: `the mean of "fare" for male (25.5)`. Without words for it, the value alone."""
    step_id, _, place = reference.partition(":")
    step, name = tale.steps.get(step_id), last_key(reference)
    words, shown = v.RESULTS.get(name, ""), "{{" + reference + ("|p}}" if name == "p_value" else "}}")
    if isinstance(step, Aggregate):
        group = tuple(last_key("/" + key) for key in place.split("/")[1:3]) if place.startswith("/groups/") else ()
        made = {m.name: i for i, m in enumerate(step.measures)}
        if name in made:
            words, shown = f"the {measure(tale, step, made[name])}", measured(step, made[name], *group)
        if words:
            words += f" for {ref(step_id, *group, style='key')}" if group else ""
            words = f"{words} {lead_in(tale, step.table)}".strip()
    elif isinstance(step, Test) and words and value:
        article = "" if "'s" in test_name(step) else "the "
        words += f" of {article}{test_name(step)}"
    elif isinstance(step, Rank) and name == "value":
        words = f"the {extreme(tale, step)}"
    return f"{words} ({shown})" if words and value else words or shown


def test_name(step: Test) -> str:
    return "Student's t-test" if step.kind == "t_test" and step.equal_var else v.TESTS[step.kind][0]
