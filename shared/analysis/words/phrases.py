"""A plan's own parts in words, as pieces of templates: columns, conditions, measures, and how a table came to be.

Names stand in double quotes; every value of a condition and every count is a reference. Nothing here looks at data
other than to choose between words (one row, several rows).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.analysis.expression import quote
from shared.analysis.plan import (
    Aggregate,
    All,
    AnyOf,
    Bin,
    ColumnValue,
    Compare,
    Condition,
    DatePart,
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
    Rank,
    RefValue,
    Scale,
    StepBase,
    Test,
    Trend,
    Unpivot,
    Window,
)  # fmt: skip
from shared.analysis.references import last_key, pointer


@dataclass(frozen=True)
class Tale:
    """What is told about: a plan and the results of its cells."""

    plan: Plan
    results: Mapping[str, Any]

    @cached_property
    def steps(self) -> dict[str, StepBase]:
        return {step.id: step for step in self.plan.steps}

    def stated(self, step: StepBase, *keys: object, style: str = "name") -> str:
        """A reference to what the plan states in a step."""
        return ref("plan", "steps", list(self.steps).index(step.id), *keys, style=style)


def ref(step: str, *keys: object, style: str = "") -> str:
    return "{{" + pointer(step, *keys) + (f"|{style}" if style else "") + "}}"


def quoted_key(step: str, *keys: object) -> str:
    """A name that is a key of a result, in quotes."""
    return f'"{ref(step, *keys, style="key")}"'


def listed(parts: Sequence[str], word: str = "and") -> str:
    """a, b and c."""
    return ", ".join(parts[:-1]) + f" {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def sentence(*parts: str) -> str:
    """Non-empty parts joined by commas, with a capital and a full stop."""
    text = ", ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] + "."


def rows(tale: Tale, step: str, *keys: object, noun: str = "row") -> str:
    """`{{c1:/rows}} rows`, in the number that fits."""
    value: Any = tale.results[step]
    for key in keys:
        value = value[key]
    return f"{ref(step, *keys)} {noun}{'' if value == 1 else 's'}"


def is_year(name: str) -> bool:
    return (
        re.search(r"(?:^|[^a-z])(?:year|yr|decade)s?(?:[^a-z]|$)", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
        is not None
    )


def row_noun(tale: Tale, table: str) -> str:
    """What a row of a table is: a row, or a group or period of an earlier step."""
    made = [step for step in chain(tale, table) if isinstance(step, (Aggregate, Trend))]
    return "row" if not made else "group" if isinstance(made[-1], Aggregate) else "period"


# --- how a table came to be -------------------------------------------------------------------------------------


def chain(tale: Tale, table: str) -> list[StepBase]:
    """The steps from the source to `table`, first to last."""
    made: list[StepBase] = []
    while table in tale.steps:
        made.append(tale.steps[table])
        table = made[-1].table
    return made[::-1]


def lead_in(tale: Tale, table: str) -> str:
    """Which rows are looked at: `after removing … rows with outliers in "x", among rows where …`; empty for a whole table."""
    made = chain(tale, table)
    loaded = {step.table for step in tale.plan.steps} - set(tale.steps)
    source = made[0].table if made else table
    clauses = [f"in the table {quote(source)}"] if len(loaded) > 1 else []
    kept: list[str] = []
    noun = "rows"

    def close() -> None:
        if kept:
            clauses.append(
                f"among {noun} where {' and '.join(f'({k})' if ' or ' in k and len(kept) > 1 else k for k in kept)}"
            )
            kept.clear()

    for step in made:
        if isinstance(step, Filter):
            kept.append(condition(tale, step, step.where, ("where",)))
        elif isinstance(step, (Aggregate, Trend, Rank)):
            clauses, noun = (
                [],
                "groups" if isinstance(step, Aggregate) else "periods" if isinstance(step, Trend) else "rows",
            )
            kept.clear()
            if isinstance(step, Rank):
                clauses.append(f"among the {rows(tale, step.id, 'rows')} with the {extreme(tale, step)}")
        elif words := clause(tale, step):
            close()
            clauses.append(words)
    close()
    return ", ".join(clauses)


def clause(tale: Tale, step: StepBase) -> str:
    result = tale.results.get(step.id) or {}
    if isinstance(step, Outliers) and step.action != "count":
        verb = {
            "remove": "removing",
            "clip": "moving to the bound the outliers of",
            "null": "emptying the outliers of",
        }[step.action]
        found = rows(tale, step.id, "outliers")
        what = f"{verb} {found} with outliers in" if step.action == "remove" else f"{verb} {found} in"
        return f"after {what} {listed([quote(c) for c in step.columns])} ({outlier_rule(tale, step)})"
    if isinstance(step, DropMissing):
        which = "with a missing value" if step.how == "any" else "that are empty"
        if step.columns:
            names = listed([quote(c) for c in step.columns], "or" if step.how == "any" else "and")
            which = f"where {names} {'is' if len(step.columns) == 1 or step.how == 'any' else 'are'} missing"
        return f"after leaving out rows {which} ({ref(step.id, 'rows')} of {rows(tale, step.id, 'rows_before')} stay)"
    if isinstance(step, DropDuplicates):
        same = f" with the same {listed([quote(c) for c in step.columns])}" if step.columns else ""
        return f"after dropping {rows(tale, step.id, 'duplicates', noun='duplicate row')}{same}"
    if isinstance(step, Impute):
        return (
            f"after filling {listed([_filled(tale, step, c) for c in step.columns if c in result.get('filled', {})])}"
        )
    if isinstance(step, Scale):
        how = {
            "zscore": "standardising",
            "minmax": "scaling to the unit interval",
            "robust": "scaling by median and interquartile range",
        }
        return "" if step.suffix else f"after {how[step.method]} {listed([quote(c) for c in step.columns])}"
    if isinstance(step, Join):
        rest = f", {rows(tale, step.id, 'unmatched')} without a match" if result.get("unmatched") else ""
        return f"with {quote(step.right)} joined on {listed([quote(c) for c in step.on])}{rest}"
    if isinstance(step, Unpivot):
        return f"with {len_words(step.columns)} turned into rows"
    return f"on the table made by {quote(step.id)}" if step.op == "python" else ""  # type: ignore[attr-defined]


def len_words(columns: Sequence[str]) -> str:
    return (
        listed([quote(c) for c in columns])
        if len(columns) <= 4
        else f"{listed([quote(c) for c in columns[:3]])} and the other columns"
    )


def _filled(tale: Tale, step: Impute, name: str) -> str:
    how = {
        "mean": "mean",
        "median": "median",
        "mode": "most common value",
        "constant": "value",
        "ffill": "last value before",
    }[step.method]
    value = tale.results[step.id].get("values", {}).get(name)
    by = f" of its {listed([quote(b) for b in step.by])} group" if step.by else ""
    used = f" ({ref(step.id, 'values', name)})" if value is not None and not isinstance(value, (dict, list)) else ""
    return f"{rows(tale, step.id, 'filled', name, noun='missing value')} of {quote(name)} with the {how}{by}{used}"


def outlier_rule(tale: Tale, step: Outliers) -> str:
    k = tale.stated(step, "k")
    side = {"both": "", "upper": ", above only", "lower": ", below only"}[step.side]
    if step.method == "iqr":
        return f"further than {k} interquartile ranges from the quartiles{side}"
    return f"further than {k} {'' if step.ddof else 'population '}standard deviations from the mean{side}"


# --- columns ----------------------------------------------------------------------------------------------------

PARTS = {
    "day_name": "weekday",
    "month_name": "month",
    "year_month": "month",
    "weekday": "weekday",
    "day": "day of the month",
}
WINDOWS = {
    "lag": "the value of {} one step before", "difference": "the change in {}", "percent_change": "the percent change in {}",
    "cumulative_sum": "the running total of {}", "rolling_mean": "the rolling mean of {}", "rank": "the rank by {}",
    "zscore": "the z-score of {}", "share": "the share of the total {}", "group_mean": "the group mean of {}",
}  # fmt: skip


def column(tale: Tale, table: str, name: str) -> str:
    """A column in words; one that the plan made is explained: `month of "date"`, `mean of "fare" per "class"`."""
    for step in reversed(chain(tale, table)):
        if isinstance(step, Derive) and step.name == name:
            return _derived(tale, step)
        if isinstance(step, Aggregate):
            for i, made in enumerate(step.measures):
                if made.name == name:
                    return f"{measure(tale, step, i)} per {groups(tale, step)}" if step.by else measure(tale, step, i)
        if isinstance(step, Trend) and name == "value":
            return trend_measure(tale, step)
    return quote(name)


def the(tale: Tale, table: str, name: str) -> str:
    """A column in words, with an article where it is not a bare name."""
    words = column(tale, table, name)
    return words if words.startswith(('"', "the ")) else f"the {words}"


def _derived(tale: Tale, step: Derive) -> str:
    name = quote(step.name)
    if step.expression is not None:
        return f"{name} ({tale.stated(step, 'expression')})"
    if isinstance(part := step.date_part, DatePart):
        return f"{PARTS.get(part.part, part.part)} of {column(tale, step.table, part.column)}"
    if isinstance(bins := step.bin, Bin):
        return f"{'quantile groups' if bins.quantiles else 'intervals'} of {column(tale, step.table, bins.column)}"
    if isinstance(window := step.window, Window):
        words = WINDOWS[window.function].format(column(tale, step.table, window.column))
        if window.size > 1:
            words += f" over {tale.stated(step, 'window', 'size')} rows"
        return words + (f" within {listed([quote(b) for b in window.by])}" if window.by else "")
    return name


def groups(tale: Tale, step: Aggregate) -> str:
    return listed([column(tale, step.table, name) for name in step.by])


# --- measures ---------------------------------------------------------------------------------------------------

NOUNS = {
    "sum": "total of {}", "mean": "mean of {}", "median": "median of {}", "mode": "most common value of {}", "min": "minimum of {}",
    "max": "maximum of {}", "range": "range of {} (largest less smallest)", "sem": "standard error of the mean of {}",
    "cv": "coefficient of variation of {} (standard deviation over mean)", "iqr": "interquartile range of {}", "first": "first value of {}",
    "last": "last value of {}", "geometric_mean": "geometric mean of {}", "distinct": "number of different values of {}",
    "null_count": "number of missing values of {}", "count": "number of values of {}", "skew": "skewness of {}", "kurtosis": "excess kurtosis of {}",
    "std": "standard deviation of {}", "var": "variance of {}",
}  # fmt: skip
QUARTILES = {
    0.0: "minimum of {}",
    0.25: "lower quartile of {}",
    0.5: "median of {}",
    0.75: "upper quartile of {}",
    1.0: "maximum of {}",
}


def measure(tale: Tale, step: Aggregate, i: int) -> str:
    """What a measure is, without an article: `mean of "fare" where "sex" is male`."""
    m = step.measures[i]
    words = noun(tale, step, i)
    if m.column:
        words = words.replace("{}", the(tale, step.table, m.column), 1)
    if m.where is not None and m.function not in ("share", "percent"):
        words += f" where {condition(tale, step, m.where, ('measures', i, 'where'))}"
    return words


def noun(tale: Tale, step: Aggregate, i: int) -> str:
    """A measure with `{}` where its column stands."""
    m: Measure = step.measures[i]
    if m.function in ("share", "percent"):
        whole = "the total of {}" if m.column else "rows"
        if m.where is None:
            return f"share of all {whole.removeprefix('the ')}" if not m.column else f"share of {whole}"
        where = condition(tale, step, m.where, ("measures", i, "where"))
        return (
            f"share of {whole} where {where}" if not m.column else f"share of {whole} that falls on rows where {where}"
        )
    if m.function == "count" and m.column is None:
        return "number of rows"
    if m.function == "quantile":
        return QUARTILES.get(m.q or 0.0, f"{tale.stated(step, 'measures', i, 'q', style='%')} quantile of {{}}")
    kind = ""
    if m.function in ("std", "var"):
        kind = "sample " if m.ddof else "population "
    elif m.function in ("skew", "kurtosis") and m.bias:
        kind = "population "
    return kind + NOUNS[m.function]


def measured(step: Aggregate, i: int, *keys: object) -> str:
    """The reference to a measure's value, written the way such a measure is read. `keys`: the group, if any."""
    style, unit = way(step.measures[i])
    return ref(step.id, *keys, step.measures[i].name, style=style) + unit


def way(m: Measure) -> tuple[str, str]:
    """How a measure's value is written: the style of its reference, and what stands after it."""
    if m.function in ("share", "percent"):
        return ("%", "") if m.function == "share" else ("", "%")
    dated = m.column is not None and is_year(m.column)
    return (
        "name" if dated and m.function in ("min", "max", "median", "mode", "first", "last", "quantile", "mean") else ""
    ), ""


def extreme(tale: Tale, step: Rank) -> str:
    """What a rank is by: `highest mean of "fare"`, `second lowest "price"`."""
    what = column(tale, step.table, step.by).split(" per ")[0].removeprefix("the ")
    amount = what.startswith(("number", "total", "share"))
    words = {"desc": "largest" if amount else "highest", "asc": "smallest" if amount else "lowest"}[step.order]
    ordinals = ["", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
    if step.position > 10:
        return f"{words} {what} from place {tale.stated(step, 'position')} on"
    return f"{ordinals[step.position]} {words} {what}".strip()


def trend_measure(tale: Tale, step: Trend) -> str:
    every = f" per {step.every}" if step.every else ""
    if step.value is None or step.function == "count":
        return (
            f"number of {'rows' if step.value is None else 'values of ' + column(tale, step.table, step.value)}{every}"
        )
    if step.function == "last":
        return f"last {column(tale, step.table, step.value)}" + (f" of each {step.every}" if step.every else "")
    return NOUNS[step.function].replace("{}", column(tale, step.table, step.value)) + every


# --- conditions -------------------------------------------------------------------------------------------------

VERBS = {
    "==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least", "in": "is", "not in": "is not",
    "contains": "contains", "starts with": "starts with", "ends with": "ends with", "is null": "is missing", "not null": "is not missing",
}  # fmt: skip
DATED = {"<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after"}
OPPOSITE: dict[str, Any] = {
    "==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<", "in": "not in", "not in": "in", "is null": "not null", "not null": "is null",
}  # fmt: skip


def condition(tale: Tale, step: StepBase, where: Condition, place: tuple[object, ...], table: str | None = None) -> str:
    """A condition in words. `place` are the keys to it within the step; `table` is what its columns belong to (default: the step's)."""
    table = table or step.table
    if isinstance(where, Compare):
        return f"{the(tale, table, where.column)} {_predicate(tale, step, where, place, where.op)}"
    if isinstance(where, Not):
        inner = where.no
        if isinstance(inner, Compare) and inner.op in OPPOSITE:  # nulls match neither way, so the opposite is exact
            return (
                f"{the(tale, table, inner.column)} {_predicate(tale, step, inner, (*place, 'no'), OPPOSITE[inner.op])}"
            )
        if isinstance(inner, Compare):
            verb = {"contains": "contain", "starts with": "start with", "ends with": "end with"}[inner.op]
            return f'{the(tale, table, inner.column)} does not {verb} "{tale.stated(step, *place, "no", "value")}"'
        return f"it is not so that {condition(tale, step, inner, (*place, 'no'), table)}"
    key, parts, word = ("all", where.all, "and") if isinstance(where, All) else ("any", where.any, "or")
    words: list[str] = []
    for i, part in enumerate(parts):
        before = parts[i - 1] if i else None
        text = condition(tale, step, part, (*place, key, i), table)
        if isinstance(part, Compare) and isinstance(before, Compare) and part.column == before.column and words:
            text = _predicate(tale, step, part, (*place, key, i), part.op).removeprefix("is ")
        elif isinstance(part, (All, AnyOf)) and type(part) is not type(where) and len(parts) > 1:
            text = f"({text})"
        words.append(text)
    return f" {word} ".join(words)


def _predicate(tale: Tale, step: StepBase, where: Compare, place: tuple[object, ...], op: str) -> str:
    verb, value = VERBS[op], where.value
    if value is None:
        return verb
    if isinstance(value, ColumnValue):
        return f"{verb} {column(tale, step.table, value.column)}"
    if isinstance(value, RefValue):
        return f"{verb} {meaning(tale, value.ref)}"
    if isinstance(value, list):
        shown = [tale.stated(step, *place, "value", i) for i in range(min(len(value), 12))]
        return f"{verb} {listed(shown, 'or' if op == 'in' else 'nor')}{' or another value of the plan' if len(value) > 12 else ''}"
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value):
        verb = DATED.get(op, verb)
    stated = tale.stated(step, *place, "value")
    return f'{verb} "{stated}"' if op in ("contains", "starts with", "ends with") else f"{verb} {stated}"


TESTS = {  # what it is called, and the letter of its statistic
    "t_test": ("Welch's t-test", "t"), "t_test_1sample": ("one-sample t-test", "t"), "t_test_paired": ("paired t-test", "t"),
    "mann_whitney": ("Mann-Whitney U test", "U"), "wilcoxon": ("Wilcoxon signed-rank test", "W"), "anova": ("one-way ANOVA", "F"),
    "kruskal": ("Kruskal-Wallis test", "H"), "chi_square": ("chi-square test", "chi-square"), "fisher_exact": ("Fisher's exact test", "odds ratio"),
    "shapiro": ("Shapiro-Wilk test", "W"), "normaltest": ("D'Agostino-Pearson test", "K"), "jarque_bera": ("Jarque-Bera test", "JB"),
    "ks_normal": ("Kolmogorov-Smirnov test", "D"), "levene": ("Levene's test", "W"), "bartlett": ("Bartlett's test", "T"),
    "ks_2sample": ("two-sample Kolmogorov-Smirnov test", "D"), "proportion_z": ("two-proportion z-test", "z"),
    "adf": ("augmented Dickey-Fuller test", "ADF statistic"),
}  # fmt: skip

# --- what a reference means -------------------------------------------------------------------------------------


def meaning(tale: Tale, reference: str, value: bool = True) -> str:
    """A reference in words with its value: `the mean of "fare" for male (25.5)`."""
    step_id, _, place = reference.partition(":")
    step, keys = tale.steps.get(step_id), place.split("/")[1:]
    shown = "{{" + reference + "}}"
    words = ""
    if isinstance(step, Aggregate) and keys:
        by_name = {m.name: i for i, m in enumerate(step.measures)}
        name = last_key(reference)
        where = lead_in(tale, step.table)
        words = (
            f"the {measure(tale, step, by_name[name])}"
            if name in by_name
            else "the number of rows"
            if name == "rows"
            else ""
        )
        if words and name in by_name:
            grouped = ("groups", last_key("/" + keys[1])) if keys[0] == "groups" else ()
            shown = measured(step, by_name[name], *grouped)
        if words and keys[0] == "groups":
            words += " for {{" + f"{step_id}:/groups/{keys[1]}|key" + "}}"
        if words and where:
            words += f" {where}"
    else:
        test = f" of the {TESTS[step.kind][0]}" if isinstance(step, Test) else ""
        if last_key(reference) == "p_value":
            shown = "{{" + reference + "|p}}"
        words = {
            "p_value": f"the p-value{test}", "r": "the correlation", "statistic": "the test statistic", "value": "the value", "rows": "the number of rows",
            "n": "the number of rows", "slope": "the slope", "percent_change": "the percent change", "outliers": "the number of outliers",
            "duplicates": "the number of duplicates", "strength": "the strength", "effect": "the effect", "skew": "the skewness",
        }.get(last_key(reference), "")  # fmt: skip
        if isinstance(step, Rank) and last_key(reference) == "value":
            words = f"the {extreme(tale, step)}"
    if not words:
        return shown
    return f"{words} ({shown})" if value else words
