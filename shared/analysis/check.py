"""Type-checks a Plan against the tables it is about, before anything runs.

Covered: tables, columns and steps that do not exist (with the names that come close), references that point forward or at
nothing, functions and comparisons that do not suit a column's type, steps with parts missing or at odds, the columns and types
each step makes. Not covered: what only the data can tell (two groups where there are three, a text that is no number).

Columns that are only known once a cell ran (one-hot columns, a Python step's table) are written as the column "*", whose
type is theirs ("" if unknown); tables made from such a table have it too, and names are not checked there.
"""

import ast
import difflib
import keyword
import math
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time
from typing import Any

from shared.analysis import expression
from shared.analysis import plan as p
from shared.analysis.codegen import learning
from shared.analysis.codegen.relational import interval_labels
from shared.analysis.codegen.sql import INTEGERS, RESERVED, Kind, kind, type_of
from shared.analysis.references import last_key
from shared.errors import InvalidPlan, UnknownColumn

Columns = dict[str, str]
Tables = dict[str, Columns]
_REF = re.compile(r"([a-z][a-z0-9_]*):(/[^{}|]*)?")
_TEMPLATE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*:(?:~.|[^{}|~])*)", re.DOTALL)


def check(plan: p.Plan, snapshot_tables: Mapping[str, Mapping[str, str]]) -> dict[str, Tables]:
    """The tables (name → column → DuckDB type) each step can see, by step id.

    Raises UnknownColumn or InvalidPlan, which name the step, what is wrong with it and what was probably meant.
    """
    tables: Tables = {name: dict(columns) for name, columns in snapshot_tables.items()}
    results: dict[str, set[str] | None] = {"c0": {"tables"}, "plan": None}
    before: dict[str, Tables] = {}
    for i, step in enumerate(plan.steps):
        if step.id in tables or step.id in RESERVED:
            raise _wrong(step, f"`{step.id}` is already the name of something else.", "Give the step another id.")
        _check_text(step, step.model_dump(exclude={"code"}))
        before[step.id] = dict(tables)
        if isinstance(step, p.Report):
            if i != len(plan.steps) - 1:
                raise _wrong(step, "The report is not the last step.", "Move it to the end.")
            _check_report(step, results)
            break
        if step.table not in tables:
            raise _wrong(step, f"There is no table `{step.table}` at this point.", _close(step.table, tables))
        made = _check_step(step, tables, results)
        results[step.id] = _result_keys(step)
        if made is not None:
            _check_made(step, made)
            tables[step.id] = made
    return before


# --- telling what is wrong ----------------------------------------------------------------------------------------


def _wrong(step: p.Step, message: str, hint: str = "") -> InvalidPlan:
    return InvalidPlan(f"Step {step.id} ({step.op}): {message}", hint)


def _close(wrong: str, names: Iterable[str]) -> str:
    names = [name for name in names if name != "*"]
    lowered = {name.lower(): name for name in names}
    close = [lowered[name] for name in difflib.get_close_matches(wrong.lower(), lowered, 3, 0.6)]
    if close:
        return f"Did you mean {' or '.join(f'`{name}`' for name in close)}?"
    return f"There are: {', '.join(f'`{name}`' for name in names[:12])}{', …' if len(names) > 12 else ''}." if names else ""


def _check_text(step: p.Step, value: Any) -> None:
    """Neither names nor values may hold what no file and no database can."""
    if isinstance(value, Mapping):
        _check_text(step, [*value.keys(), *value.values()])
    elif isinstance(value, list):
        for item in value:
            _check_text(step, item)
    elif isinstance(value, str) and "\0" in value:
        raise _wrong(step, "A text holds a NUL character.", "Take it out.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise _wrong(step, f"{value} is not a number to calculate with.", "Use a finite number.")
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise _wrong(step, f"{value} is too large a number.", "Whole numbers go up to 2^63 - 1.")


_WORDS: dict[Kind, str] = {"number": "a number", "text": "text", "date": "a date", "boolean": "true or false", "time": "a time of day",
                           "unknown": "of unknown type"}  # fmt: skip
_MEND = {"number": "Cast it to a number first.", "date": "Cast it to a date first."}


def _column(step: p.Step, columns: Columns, name: str, *kinds: Kind, use: str = "") -> Kind:
    """The kind of a column, which exists and, if `kinds` are given, is one of them."""
    if name not in columns and "*" not in columns or name == "*":
        raise UnknownColumn(f"Step {step.id} ({step.op}): there is no column `{name}`.", _close(name, columns))
    found = kind(columns, name)
    if kinds and found != "unknown" and found not in kinds:
        use = use or f"`{step.op}`"
        wanted = " or ".join(_WORDS[k] for k in kinds if k != "boolean" or len(kinds) == 1)
        raise _wrong(step, f"{use} needs {wanted}, and the column `{name}` is {_WORDS[found]}.", _MEND.get(kinds[0], ""))
    return found


def _columns(step: p.Step, columns: Columns, names: Iterable[str], *kinds: Kind) -> None:
    names = list(names)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _wrong(step, f"The column `{twice[0]}` is listed twice.", "List it once.")
    for name in names:
        _column(step, columns, name, *kinds)


def _check_made(step: p.Step, made: Columns) -> None:
    """DuckDB does not tell `Age` and `age` apart."""
    seen: dict[str, str] = {}
    for name in made:
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise _wrong(
                step,
                f"The columns `{other}` and `{name}` differ in case alone.",
                f"Call the new one something else, or `{other}`.",
            )


def _added(step: p.Step, made: Iterable[str]) -> Columns:
    """New columns which must all have different names."""
    names: Columns = {}
    for name in made:
        if name.lower() in {other.lower() for other in names}:
            raise _wrong(
                step,
                f"Two columns of its table would be called `{name}`.",
                "Rename one of them first, or call a measure differently.",
            )
        names[name] = ""
    return names


# --- references ---------------------------------------------------------------------------------------------------


def _check_ref(step: p.Step, ref: str, results: Mapping[str, set[str] | None], star: bool = False) -> None:
    source, _, rest = ref.partition(":")
    if source not in results:
        raise _wrong(step, f"`{ref}` refers to a step that does not come before it.", _close(source, results))
    segments = rest.split("/")[1:]
    if not star and "*" in segments:
        raise _wrong(step, f"`{ref}` is many values, and one is needed.", "Name one of them instead of `*`.")
    keys = results[source]
    if keys is None or not segments or segments[0] == "*":
        return
    key = last_key("/" + segments[0])
    if key not in keys:
        raise _wrong(step, f"`{ref}` points at nothing: the result of {source} has no `{key}`.", _close(key, keys))


def _result_keys(step: p.Step) -> set[str] | None:
    """The keys of a step's result, None if they are known only when it ran."""
    match step:
        case p.Filter() | p.DropMissing():
            return {"rows_before", "rows"}
        case p.Derive():
            return {"rows", "nulls"}
        case p.Cast():
            return {"rows", "lost"}
        case p.Outliers():
            return {"rows_before", "rows", "outliers", "columns"}
        case p.Impute():
            return {"rows", "filled", "values"}
        case p.Scale():
            return {"rows", "columns"}
        case p.Encode():
            return {"rows", "columns", "mapping"}
        case p.DropDuplicates():
            return {"rows_before", "rows", "duplicates"}
        case p.Unpivot():
            return {"rows"}
        case p.Join():
            return {"rows_before", "rows", "unmatched"}
        case p.Aggregate():
            return {"rows", "n_groups", "groups"} if step.by else {"rows", "n", *(m.name for m in step.measures)}
        case p.Rank():
            return {"rows", "names", "values", "name", "value", "tied", "items"}
        case p.Correlate(x=None):
            words = ("strongest", "highest", "lowest")
            return {"pairs", "by_column", *words, *(f"{word}_r" for word in words)}
        case p.Correlate():
            return {"groups"} if step.by else {"r", "p_value", "n"}
        case p.Test():
            return {"statistic", "p_value", "alpha", "significant", "n", "df", "groups", "effect", "effect_name"}
        case p.Trend():
            return {"groups"} if step.by else {
                "periods", "first_period", "first", "last_period", "last", "change", "percent_change", "slope", "r", "p_value", "growth",
                "direction", "highest_period", "highest", "lowest_period", "lowest",
            }  # fmt: skip
        case p.Associate():
            return {"target", "associations", "strongest", "strongest_strength"}
        case p.Summarize():
            return {"rows", "n_columns", "duplicates", "missing", "columns"}
        case p.FitModel():
            return {
                "metrics",
                "n",
                "n_train",
                "n_test",
                "features",
                "coefficients",
                "intercept",
                "importances",
                "p_values",
                "predictions",
            }
        case p.Calculate():
            return {"value", *step.values}
        case p.Decide():
            return {"label", "rule"}
        case p.Chart():
            return {"points"}
    return None


def _check_report(step: p.Report, results: Mapping[str, set[str] | None]) -> None:
    for output in step.outputs:
        _check_ref(step, output.ref, results, star=True)
    names = [output.name for output in step.outputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _wrong(step, f"Two outputs are called `{twice[0]}`.", "Give each its own name.")
    for finding in step.findings or []:
        for ref in _TEMPLATE.findall(finding):
            _check_ref(step, ref.strip(), results, star=True)
    if step.lead is not None and step.lead not in results:
        raise _wrong(step, f"Its lead `{step.lead}` is no step before it.", _close(step.lead, results))


# --- conditions ---------------------------------------------------------------------------------------------------


def _check_condition(step: p.Step, where: p.Condition, columns: Columns, results: Mapping[str, set[str] | None]) -> None:
    if isinstance(where, p.All | p.AnyOf):
        for part in where.all if isinstance(where, p.All) else where.any:
            _check_condition(step, part, columns, results)
    elif isinstance(where, p.Not):
        _check_condition(step, where.no, columns, results)
    else:
        _check_compare(step, where, columns, results)


def _check_compare(step: p.Step, where: p.Compare, columns: Columns, results: Mapping[str, set[str] | None]) -> None:
    if where.op in ("contains", "starts with", "ends with"):
        _column(step, columns, where.column, "text", use=f"`{where.op}`")
        return
    found, value = _column(step, columns, where.column), where.value
    if isinstance(value, p.RefValue):
        _check_ref(step, value.ref, results)
    elif isinstance(value, p.ColumnValue):
        other = _column(step, columns, value.column)
        if "unknown" not in (found, other) and found != other:
            raise _wrong(step, f"`{where.column}` is {_WORDS[found]} and `{value.column}` is {_WORDS[other]}.",
                         "Compare columns of the same kind.")  # fmt: skip
    else:
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            if not _comparable(found, item):
                hint = (
                    "Write dates like 2024-01-31." if found == "date" else "Compare it with a value of its own kind, or cast it."
                )
                raise _wrong(step, f"The column `{where.column}` is {_WORDS[found]} and cannot be compared with {item!r}.", hint)
    if found == "boolean" and where.op in ("<", "<=", ">", ">="):
        raise _wrong(step, f"`{where.column}` is true or false, which has no order.", "Use == or !=.")


def _comparable(found: Kind, value: p.Scalar) -> bool:
    if found == "unknown":
        return True
    if isinstance(value, bool):
        return found == "boolean"
    if isinstance(value, int | float):
        return found == "number"
    if found == "date":
        try:
            return datetime.fromisoformat(value).tzinfo is None
        except ValueError:
            return False
    if found == "time":
        try:
            return time.fromisoformat(value).tzinfo is None
        except ValueError:
            return False
    return found == "text"


# --- steps: each returns the columns of the table it makes, or None ---------------------------------------------


def _check_step(step: p.Step, tables: Tables, results: Mapping[str, set[str] | None]) -> Columns | None:
    columns = tables[step.table]
    match step:
        case p.Filter():
            _check_condition(step, step.where, columns, results)
            return columns
        case p.Derive():
            return {**columns, step.name: _derived(step, columns, results)}
        case p.Cast():
            return {**columns, step.column: _cast(step, columns)}
        case p.Outliers():
            _columns(step, columns, step.columns, "number", "boolean")
            new = dict.fromkeys(step.columns, "DOUBLE") if step.action == "clip" else {}
            return None if step.action == "count" else {**columns, **new}
        case p.DropMissing() | p.DropDuplicates():
            _columns(step, columns, step.columns or [])
            if step.columns == []:
                raise _wrong(step, "The list of columns is empty.", "Leave it out to mean all columns.")
            if isinstance(step, p.DropMissing) and step.columns is None and step.how == "all" and "*" in columns:
                raise _wrong(step, "The columns of this table are not known yet.", "List the columns.")
            return columns
        case p.Impute():
            return {**columns, **_imputed(step, columns)}
        case p.Scale():
            _columns(step, columns, step.columns, "number", "boolean")
            made = [name + step.suffix for name in step.columns]
            if step.suffix and (clash := sorted({n.lower() for n in made} & {n.lower() for n in columns})):
                raise _wrong(step, f"There already is a column `{clash[0]}`.", "Choose another suffix.")
            return {**columns, **_added(step, made), **dict.fromkeys(made, "DOUBLE")}
        case p.Encode():
            return _encoded(step, columns)
        case p.Unpivot():
            return _unpivoted(step, columns)
        case p.Join():
            return _joined(step, columns, tables)
        case p.Aggregate():
            return _aggregated(step, columns, results)
        case p.Rank():
            _column(step, columns, step.by)
            _columns(step, columns, step.label)
            return columns
        case p.Correlate():
            _check_correlate(step, columns)
        case p.Test():
            _check_test(step, columns)
        case p.Trend():
            return _trend(step, columns)
        case p.Associate():
            _column(step, columns, step.target, "number", "text", "boolean")
            _columns(step, columns, step.columns or [], "number", "text", "boolean")
            if step.columns is not None and not set(step.columns) - {step.target}:
                raise _wrong(
                    step, "There is no column beside the target.", "List the columns to compare with it, or none for all."
                )
        case p.Summarize():
            _columns(step, columns, step.columns or [])
        case p.FitModel():
            _check_model(step, columns)
        case p.Calculate():
            _check_calculate(step, results)
        case p.Decide():
            for rule in step.rules:
                for predicate in rule.when:
                    _check_ref(step, predicate.ref, results)
                    if isinstance(predicate.value, p.RefValue):
                        _check_ref(step, predicate.value.ref, results)
                    elif predicate.absolute and isinstance(predicate.value, str):
                        raise _wrong(step, "`absolute` compares numbers, not text.", "Leave it out.")
        case p.Chart():
            _check_chart(step, columns, results)
        case p.Python():
            return _python(step)
    return None


_NEEDS_ORDER = ("lag", "difference", "percent_change", "cumulative_sum", "rolling_mean")


def _derived(step: p.Derive, columns: Columns, results: Mapping[str, set[str] | None]) -> str:
    if step.name == "*":
        raise _wrong(step, "A column cannot be called `*`.", "Give it a name.")
    if step.expression is not None:
        tree = expression.parse(step.expression)
        for name in expression.variables(tree):
            _column(step, columns, name)
        return _expression_type(step, tree, columns)
    if step.date_part is not None:
        part = step.date_part
        if part.part == "decade":
            _column(step, columns, part.column, "date", "number", use="`decade`")
        else:
            _column(step, columns, part.column, "date", *(["time"] if part.part == "hour" else []), use=f"`{part.part}`")  # type: ignore[arg-type]
        return "VARCHAR" if part.part in ("day_name", "month_name", "year_month") else "BIGINT"
    if step.bin is not None:
        _check_bin(step, step.bin, columns)
        return "VARCHAR"
    if step.window is not None:
        window = step.window
        if window.order_by is None and window.function in _NEEDS_ORDER:
            raise _wrong(step, f"`{window.function}` needs an order.", "Say `order_by` which column the rows follow each other.")
        if window.order_by is not None:
            _column(step, columns, window.order_by)
        _columns(step, columns, window.by)
        found = _column(
            step, columns, window.column, *(() if window.function == "lag" else ("number", "boolean")), use=f"`{window.function}`"
        )
        if window.function == "lag":
            return type_of(columns, window.column)
        whole = type_of(columns, window.column) in INTEGERS or found == "boolean"
        if window.function == "rank" or window.function in ("difference", "cumulative_sum") and whole:
            return "BIGINT" if window.function != "cumulative_sum" else "HUGEINT"
        return "DOUBLE"
    values = [case.then for case in step.cases or []] + ([] if step.otherwise is None else [step.otherwise])
    if not values:
        raise _wrong(step, "There are no cases.", "Add at least one.")
    for case in step.cases or []:
        _check_condition(step, case.when, columns, results)
    kinds = {"boolean" if isinstance(v, bool) else "text" if isinstance(v, str) else "number" for v in values}
    if len(kinds) > 1:
        raise _wrong(step, "The cases give different kinds of values.", "Make all of them text, or all numbers.")
    whole = all(isinstance(v, int) for v in values)
    return {"boolean": "BOOLEAN", "text": "VARCHAR", "number": "BIGINT" if whole else "DOUBLE"}[kinds.pop()]


def _expression_type(step: p.Step, node: expression.Node, columns: Columns) -> str:
    """BIGINT or DOUBLE; raises where a part does not suit its function."""
    if isinstance(node, expression.Number):
        return "BIGINT" if isinstance(node.value, int) else "DOUBLE"
    if isinstance(node, expression.Variable):
        _column(step, columns, node.name, "number", "boolean", use="Arithmetic")
        return "BIGINT" if type_of(columns, node.name) in INTEGERS | {"BOOLEAN"} else "DOUBLE"
    if node.function in ("length", "days_between"):
        for argument in node.arguments:
            if not isinstance(argument, expression.Variable):
                raise _wrong(step, f"`{node.function}` takes columns.", "Derive the inner part in a step of its own first.")
            _column(step, columns, argument.name, "text" if node.function == "length" else "date", use=f"`{node.function}`")
        return "BIGINT"
    if node.function == "round" and not isinstance(node.arguments[1], expression.Number):
        raise _wrong(step, "`round` takes a plain number of decimals.", 'Write it like round("price", 2).')
    types = {_expression_type(step, argument, columns) for argument in node.arguments}
    whole = types == {"BIGINT"} and node.function in (
        "+",
        "-",
        "*",
        "%",
        "neg",
        "abs",
        "least",
        "greatest",
        "round",
        "floor",
        "ceil",
    )
    return "BIGINT" if whole else "DOUBLE"


def _check_bin(step: p.Step, bin: p.Bin, columns: Columns) -> None:
    _column(step, columns, bin.column, "number", use="A bin")
    if bin.edges is not None and len(bin.edges) == 1 and not bin.open_ended:
        raise _wrong(step, "One edge bounds no interval.", "Give more edges, or set open_ended.")
    if bin.width is not None and bin.labels is not None:
        raise _wrong(step, "Intervals of a width have no labels of their own.", "Use edges with labels.")
    if bin.open_ended and bin.edges is None:
        raise _wrong(step, "`open_ended` goes with edges.", "Leave it out: all values are inside.")
    if bin.labels is not None:
        parts = bin.count or bin.quantiles or len(interval_labels(bin.model_copy(update={"labels": None})))
        if len(bin.labels) != parts:
            raise _wrong(step, f"There are {len(bin.labels)} labels for {parts} intervals.", "Give one label to each interval.")


def _cast(step: p.Cast, columns: Columns) -> str:
    found = _column(step, columns, step.column)
    fits: dict[str, tuple[Kind, ...]] = {"number": ("number", "text", "boolean"), "integer": ("number", "text", "boolean"), "boolean": ("boolean", "text", "number"),
            "date": ("date", "text"), "timestamp": ("date", "text")}  # fmt: skip
    if found == "number" and step.to in ("date", "timestamp"):
        if step.parse is None:
            raise _wrong(
                step, f"`{step.column}` is a number: how it is a date is not said.", "Give `parse`, e.g. %Y for years or %Y%m%d."
            )
    elif step.to in fits and found != "unknown" and found not in fits[step.to]:
        raise _wrong(step, f"`{step.column}` is {_WORDS[found]}, which cannot become a {step.to}.")
    if step.parse is not None and step.to not in ("date", "timestamp"):
        raise _wrong(step, "`parse` is for dates and timestamps.", "Leave it out.")
    if step.to == "number":
        return "BIGINT" if type_of(columns, step.column) == "BIGINT" else "DOUBLE"
    return {"integer": "BIGINT", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}[step.to]


def _imputed(step: p.Impute, columns: Columns) -> Columns:
    numbers: tuple[Kind, ...] = ("number", "boolean") if step.method in ("mean", "median") else ()
    _columns(step, columns, step.columns, *numbers)
    _columns(step, columns, step.by)
    if both := sorted(set(step.by) & set(step.columns)):
        raise _wrong(step, f"`{both[0]}` is both filled and grouped by.", "Group by another column.")
    if (step.method == "constant") != (step.value is not None):
        raise _wrong(step, "`value` goes with the method `constant`, and only with it.", "Give the value to fill in.")
    if step.value is not None:
        if step.by:
            raise _wrong(step, "A constant is the same in every group.", "Leave `by` out.")
        for name in step.columns:
            if not _comparable(kind(columns, name), step.value):
                raise _wrong(
                    step,
                    f"{step.value!r} does not fit the column `{name}`, which is {_WORDS[kind(columns, name)]}.",
                    "Use a value of its kind.",
                )
    if step.method in ("mean", "median") or isinstance(step.value, float):
        return dict.fromkeys(step.columns, "DOUBLE")
    return {}


def _encoded(step: p.Encode, columns: Columns) -> Columns:
    found = _column(step, columns, step.column)
    for value in step.order or []:
        if not _comparable(found, value):
            raise _wrong(step, f"{value!r} cannot be in `{step.column}`, which is {_WORDS[found]}.", "List values of the column.")
    if step.order is not None and len(set(step.order)) != len(step.order):
        raise _wrong(step, "The order lists a value twice.", "List each once.")
    if step.method == "label":
        return {**columns, step.column: "BIGINT"}
    if step.order is not None:
        raise _wrong(step, "`order` goes with the method `label`.", "Leave it out.")
    return {**{name: type for name, type in columns.items() if name != step.column}, "*": columns.get("*", "BIGINT")}


def _unpivoted(step: p.Unpivot, columns: Columns) -> Columns:
    _columns(step, columns, step.columns)
    types = {type_of(columns, name) for name in step.columns}
    kinds = {kind(columns, name) for name in step.columns}
    value = types.pop() if len(types) == 1 else "DOUBLE" if kinds == {"number"} else "VARCHAR"
    kept = {name: type for name, type in columns.items() if name not in step.columns}
    _added(step, [*kept, step.names_to, step.values_to])
    return {**kept, step.names_to: "VARCHAR", step.values_to: value}


def _joined(step: p.Join, columns: Columns, tables: Tables) -> Columns:
    if step.right not in tables:
        raise _wrong(step, f"There is no table `{step.right}` at this point.", _close(step.right, tables))
    right = tables[step.right]
    for name in step.on:
        here, there = _column(step, columns, name), _column(step, right, name)
        if "unknown" not in (here, there) and here != there:
            raise _wrong(
                step, f"`{name}` is {_WORDS[here]} in one table and {_WORDS[there]} in the other.", "Cast one of them first."
            )
    _columns(step, columns, step.on)
    taken = {name.lower() for name in columns}
    if "*" in right:
        raise _wrong(
            step,
            f"The columns of `{step.right}` are not known yet.",
            "Join it the other way round, with the unknown table on the left.",
        )
    return {**columns, **{name: type for name, type in right.items() if name.lower() not in taken}}


_ANY = ("count", "null_count", "distinct", "mode", "min", "max", "first", "last")


def _aggregated(step: p.Aggregate, columns: Columns, results: Mapping[str, set[str] | None]) -> Columns:
    _columns(step, columns, step.by)
    for m in step.measures:
        if m.column is not None:
            wanted: tuple[Kind, ...] = () if m.function in _ANY else ("number", "boolean")
            wanted = (*wanted, "date") if m.function == "range" else wanted
            _column(step, columns, m.column, *wanted, use=f"`{m.function}`")
        if m.where is not None:
            _check_condition(step, m.where, columns, results)
    made = _added(step, [*step.by, *(m.name for m in step.measures), "rows"])
    made |= {name: type_of(columns, name) for name in step.by} | {m.name: _measured_type(m, columns) for m in step.measures}
    made["rows"] = "BIGINT"
    if step.having is not None:
        _check_condition(step, step.having, made, results)
    return made


def _measured_type(m: p.Measure, columns: Columns) -> str:
    if m.column is None or m.function in ("count", "null_count", "distinct"):
        return "DOUBLE" if m.function in ("share", "percent") else "BIGINT"
    source = type_of(columns, m.column)
    if m.function in ("mode", "min", "max", "first", "last"):
        return source
    if source == "BOOLEAN" or source in INTEGERS:
        return {"sum": "HUGEINT", "range": "BIGINT"}.get(m.function, "DOUBLE")
    return "BIGINT" if source in ("DATE", "TIMESTAMP") else "DOUBLE"


def _check_correlate(step: p.Correlate, columns: Columns) -> None:
    names = step.columns if step.columns is not None else [step.x or "", step.y or ""]
    if step.x is not None and step.x == step.y:
        raise _wrong(step, f"`{step.x}` is correlated with itself.", "Give two columns.")
    _columns(step, columns, [*dict.fromkeys([*names, *([step.target] if step.target else [])])], "number", "boolean")
    if step.columns is None:
        if step.target is not None:
            raise _wrong(step, "`target` goes with `columns`.", "Give x and y alone, or columns and a target.")
        _columns(step, columns, step.by)
        return
    if step.by:
        raise _wrong(step, "`by` goes with x and y.", "Correlate one pair by groups, or several pairs without.")
    others = [name for name in step.columns if name != step.target]
    if len(others) < (1 if step.target else 2) or len(set(others)) != len(others):
        raise _wrong(step, "There are not enough different columns to correlate.", "List each once.")
    if not step.target and len(others) > 200:
        raise _wrong(
            step,
            f"{len(others)} columns make {len(others) * (len(others) - 1) // 2:,} pairs.",
            "Choose at most 200, or a target.",
        )


_BY_GROUP = ("t_test", "mann_whitney", "ks_2sample", "anova", "kruskal", "levene", "bartlett")
_SIDED = ("t_test", "t_test_1sample", "t_test_paired", "mann_whitney", "wilcoxon", "ks_2sample", "fisher_exact", "proportion_z")


def _check_test(step: p.Test, columns: Columns) -> None:
    two = step.kind in ("t_test", "mann_whitney", "ks_2sample", "proportion_z")
    if step.kind in _BY_GROUP:
        if step.columns is not None:
            if step.column is not None or step.by is not None or step.groups is not None:
                raise _wrong(step, "Samples are either `columns`, or `column` split by `by`.", "Give one of the two.")
            if len(step.columns) < 2 or two and len(step.columns) != 2:
                raise _wrong(
                    step, f"`{step.kind}` compares {'two' if two else 'two or more'} samples.", "List that many columns."
                )
            _columns(step, columns, step.columns, "number", "boolean")
        elif step.column is None or step.by is None:
            raise _wrong(
                step,
                f"`{step.kind}` needs `column` and `by`, or `columns`.",
                "Say which values are compared between which groups.",
            )
        else:
            _column(step, columns, step.column, "number", "boolean")
    elif step.kind in ("t_test_paired", "wilcoxon"):
        if step.columns is None or len(step.columns) != 2 or step.column or step.by:
            raise _wrong(step, f"`{step.kind}` needs two `columns`.", "List the two measurements of each row.")
        _columns(step, columns, step.columns, "number", "boolean")
    elif step.kind in ("chi_square", "fisher_exact", "proportion_z"):
        if step.column is None or step.by is None or step.columns is not None:
            raise _wrong(step, f"`{step.kind}` needs `column` and `by`.", "Name the two columns of categories.")
        found = _column(step, columns, step.column)
        if step.kind == "proportion_z":
            if step.success is None and found != "boolean":
                raise _wrong(step, "`proportion_z` needs `success`: the value that is counted.", "Give a value of the column.")
            if step.success is not None and not _comparable(found, step.success):
                raise _wrong(
                    step,
                    f"{step.success!r} cannot be in `{step.column}`, which is {_WORDS[found]}.",
                    "Give a value of the column.",
                )
    else:
        if step.column is None or step.by is not None or step.columns is not None:
            raise _wrong(step, f"`{step.kind}` needs one `column`, and no other.", "Give the column alone.")
        _column(step, columns, step.column, "number", "boolean")
    if step.by is not None:
        found = _column(step, columns, step.by)
        if step.by == step.column:
            raise _wrong(step, f"`{step.by}` is compared between groups of itself.", "Group by another column.")
        for value in step.groups or []:
            if not _comparable(found, value):
                raise _wrong(step, f"{value!r} cannot be in `{step.by}`, which is {_WORDS[found]}.", "Pick values of the column.")
    if step.groups is not None:
        if step.by is None:
            raise _wrong(step, "`groups` picks values of `by`, which is missing.", "Say `by` which column.")
        if len(step.groups) < 2 or two and len(step.groups) != 2 or len(set(map(str, step.groups))) != len(step.groups):
            raise _wrong(step, f"`{step.kind}` compares {'two' if two else 'two or more'} different groups.", "Pick that many.")
    if step.alternative != "two-sided" and step.kind not in _SIDED:
        raise _wrong(step, f"`{step.kind}` has no one-sided form.", "Leave `alternative` out.")
    if step.success is not None and step.kind != "proportion_z":
        raise _wrong(step, "`success` goes with `proportion_z`.", "Leave it out.")


def _trend(step: p.Trend, columns: Columns) -> Columns:
    found = _column(step, columns, step.time, "date", "number", "text", use="The time of a trend")
    if step.every is not None and found not in ("date", "unknown"):
        raise _wrong(
            step,
            f"`every` needs dates, and `{step.time}` is {_WORDS[found]}.",
            "Leave `every` out, or cast the column to a date.",
        )
    _columns(step, columns, step.by)
    if step.value is not None and step.function != "count":
        _column(step, columns, step.value, "number", "boolean", use=f"`{step.function}`")
    elif step.value is not None:
        _column(step, columns, step.value)
    if step.time in step.by:
        raise _wrong(step, f"`{step.time}` is both the time and a group.", "Group by another column.")
    _added(step, [*step.by, "period", "value", "rows"])
    source = type_of(columns, step.value) if step.value is not None else "BIGINT"
    counted = step.value is None or step.function == "count"
    whole = source in INTEGERS | {"BOOLEAN"} and step.function in ("sum", "min", "max", "last")
    value = "BIGINT" if counted else ("HUGEINT" if step.function == "sum" else "BIGINT") if whole else "DOUBLE"
    period = "DATE" if step.every else type_of(columns, step.time)
    return {**{name: type_of(columns, name) for name in step.by}, "period": period, "value": value, "rows": "BIGINT"}


def _check_model(step: p.FitModel, columns: Columns) -> None:
    if step.task not in learning.tasks(step.kind):
        raise _wrong(step, f"`{step.kind}` does no {step.task}.", f"It does {learning.tasks(step.kind)[0]}.")
    if step.target in step.features:
        raise _wrong(
            step,
            f"The target `{step.target}` is among the features.",
            "A model that sees the answer learns nothing: take it out.",
        )
    _columns(step, columns, step.features, "number", "text", "boolean")
    if step.task == "regression":
        _column(step, columns, step.target, "number", "boolean", use="Regression")
    else:
        _column(step, columns, step.target, "number", "text", "boolean", use="Classification")
    for metric in step.metrics:
        if metric not in learning.metrics_of(step.task):
            raise _wrong(
                step, f"`{metric}` does not measure a {step.task}.", f"There are: {', '.join(learning.metrics_of(step.task))}."
            )
    for name in step.params:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise _wrong(step, f"{name!r} cannot be a parameter.", "Use the names scikit-learn has.")
    if step.split and step.split.stratify and (not step.split.shuffle or step.task == "regression"):
        raise _wrong(step, "`stratify` needs shuffling and classes.", "Leave it out.")


def _check_calculate(step: p.Calculate, results: Mapping[str, set[str] | None]) -> None:
    if "value" in step.values:
        raise _wrong(step, "`value` is the name of the result.", "Call the part something else.")
    tree = expression.parse(step.expression)
    for name in expression.variables(tree):
        if name not in step.values:
            raise _wrong(step, f"The expression uses `{name}`, which has no value.", _close(name, step.values))
    for ref in step.values.values():
        _check_ref(step, ref, results)


def _check_chart(step: p.Chart, columns: Columns, results: Mapping[str, set[str] | None]) -> None:
    kinds: dict[str, Collection[Kind]] = {
        "scatter": ("number", "boolean"),
        "histogram": ("number", "boolean"),
        "line": ("date", "number", "text"),
    }
    _column(step, columns, step.x, *kinds.get(step.kind, ()), use=f"The x of a {step.kind}")
    if step.y is None and step.kind in ("scatter", "box", "heatmap"):
        raise _wrong(step, f"A {step.kind} needs `y`.", "Name the other column.")
    if step.y is not None and step.kind == "histogram":
        raise _wrong(step, "A histogram counts rows and takes no `y`.", "Leave it out.")
    if step.y is not None:
        _column(step, columns, step.y, *(() if step.kind == "heatmap" else ("number", "boolean")), use=f"The y of a {step.kind}")
        if step.y == step.x:
            raise _wrong(step, f"x and y are both `{step.x}`.", "Choose two columns.")
    if step.color is not None:
        _column(
            step, columns, step.color, *(("number", "boolean") if step.kind == "heatmap" else ()), use="The color of a heatmap"
        )
    for ref in _TEMPLATE.findall(step.title):
        _check_ref(step, ref.strip(), results)


def _python(step: p.Python) -> Columns | None:
    """An open table if the code assigns to the step's id."""
    try:
        tree = ast.parse(step.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _wrong(step, f"This is not Python: {error}.", "Mend the code.") from None
    assigned = any(isinstance(n, ast.Name) and n.id == step.id and isinstance(n.ctx, ast.Store) for n in ast.walk(tree))
    return {"*": ""} if assigned else None
