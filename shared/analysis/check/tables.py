"""Steps that make a table: each function checks one and returns the columns (name → DuckDB type) it makes."""

import ast

from shared.analysis import expression
from shared.analysis import plan as p
from shared.analysis.check.columns import WORDS, Columns, Tables, added, check_condition, column, columns_of, comparable
from shared.analysis.check.references import Results
from shared.analysis.check.telling import close, wrong
from shared.analysis.codegen.relational import interval_labels
from shared.analysis.codegen.sql import INTEGERS, RESERVED, Kind, kind, type_of

_NEEDS_ORDER = ("lag", "difference", "percent_change", "cumulative_sum", "rolling_mean")


def derived(step: p.Derive, columns: Columns, results: Results) -> str:
    if step.name == "*":
        raise wrong(step, "A column cannot be called `*`.", "Give it a name.")
    if step.expression is not None:
        tree = expression.parse(step.expression)
        for name in expression.variables(tree):
            column(step, columns, name)
        return expression_type(step, tree, columns)
    if step.date_part is not None:
        part = step.date_part
        if part.part == "decade":
            column(step, columns, part.column, "date", "number", use="`decade`")
        else:
            column(step, columns, part.column, "date", *(["time"] if part.part == "hour" else []), use=f"`{part.part}`")  # type: ignore[arg-type]
        return "VARCHAR" if part.part in ("day_name", "month_name", "year_month") else "BIGINT"
    if step.bin is not None:
        _check_bin(step, step.bin, columns)
        return "VARCHAR"
    if step.window is not None:
        window = step.window
        if window.order_by is None and window.function in _NEEDS_ORDER:
            raise wrong(step, f"`{window.function}` needs an order.", "Say `order_by` which column the rows follow each other.")
        if window.order_by is not None:
            column(step, columns, window.order_by)
        columns_of(step, columns, window.by)
        found = column(
            step, columns, window.column, *(() if window.function == "lag" else ("number", "boolean")), use=f"`{window.function}`"
        )
        if window.function == "lag":
            return type_of(columns, window.column)
        whole = type_of(columns, window.column) in INTEGERS or found == "boolean"
        if window.function == "rank" or (window.function in ("difference", "cumulative_sum") and whole):
            return "BIGINT" if window.function != "cumulative_sum" else "HUGEINT"
        return "DOUBLE"
    values = [case.then for case in step.cases or []] + ([] if step.otherwise is None else [step.otherwise])
    if not values:
        raise wrong(step, "There are no cases.", "Add at least one.")
    for case in step.cases or []:
        check_condition(step, case.when, columns, results)
    kinds = {"boolean" if isinstance(v, bool) else "text" if isinstance(v, str) else "number" for v in values}
    if len(kinds) > 1:
        raise wrong(step, "The cases give different kinds of values.", "Make all of them text, or all numbers.")
    whole = all(isinstance(v, int) for v in values)
    return {"boolean": "BOOLEAN", "text": "VARCHAR", "number": "BIGINT" if whole else "DOUBLE"}[kinds.pop()]


def expression_type(step: p.Step, node: expression.Node, columns: Columns) -> str:
    """BIGINT or DOUBLE; raises where a part does not suit its function."""
    if isinstance(node, expression.Number):
        return "BIGINT" if isinstance(node.value, int) else "DOUBLE"
    if isinstance(node, expression.Variable):
        column(step, columns, node.name, "number", "boolean", use="Arithmetic")
        return "BIGINT" if type_of(columns, node.name) in INTEGERS | {"BOOLEAN"} else "DOUBLE"
    if node.function in ("length", "days_between"):
        for argument in node.arguments:
            if not isinstance(argument, expression.Variable):
                raise wrong(step, f"`{node.function}` takes columns.", "Derive the inner part in a step of its own first.")
            column(step, columns, argument.name, "text" if node.function == "length" else "date", use=f"`{node.function}`")
        return "BIGINT"
    if node.function == "round" and not isinstance(node.arguments[1], expression.Number):
        raise wrong(step, "`round` takes a plain number of decimals.", 'Write it like round("price", 2).')
    types = {expression_type(step, argument, columns) for argument in node.arguments}
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
    column(step, columns, bin.column, "number", use="A bin")
    if bin.edges is not None and len(bin.edges) == 1 and not bin.open_ended:
        raise wrong(step, "One edge bounds no interval.", "Give more edges, or set open_ended.")
    if bin.width is not None and bin.labels is not None:
        raise wrong(step, "Intervals of a width have no labels of their own.", "Use edges with labels.")
    if bin.open_ended and bin.edges is None:
        raise wrong(step, "`open_ended` goes with edges.", "Leave it out: all values are inside.")
    if bin.labels is not None:
        parts = bin.count or bin.quantiles or len(interval_labels(bin.model_copy(update={"labels": None})))
        if len(bin.labels) != parts:
            raise wrong(step, f"There are {len(bin.labels)} labels for {parts} intervals.", "Give one label to each interval.")


def cast(step: p.Cast, columns: Columns) -> str:
    found = column(step, columns, step.column)
    fits: dict[str, tuple[Kind, ...]] = {"number": ("number", "text", "boolean"), "integer": ("number", "text", "boolean"), "boolean": ("boolean", "text", "number"),
            "date": ("date", "text"), "timestamp": ("date", "text")}  # fmt: skip
    if found == "number" and step.to in ("date", "timestamp"):
        if step.parse is None:
            raise wrong(
                step, f"`{step.column}` is a number: how it is a date is not said.", "Give `parse`, e.g. %Y for years or %Y%m%d."
            )
    elif step.to in fits and found != "unknown" and found not in fits[step.to]:
        raise wrong(step, f"`{step.column}` is {WORDS[found]}, which cannot become a {step.to}.")
    if step.parse is not None and step.to not in ("date", "timestamp"):
        raise wrong(step, "`parse` is for dates and timestamps.", "Leave it out.")
    if step.to == "number":
        return "BIGINT" if type_of(columns, step.column) == "BIGINT" else "DOUBLE"
    return {"integer": "BIGINT", "text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}[step.to]


def imputed(step: p.Impute, columns: Columns) -> Columns:
    numbers: tuple[Kind, ...] = ("number", "boolean") if step.method in ("mean", "median") else ()
    columns_of(step, columns, step.columns, *numbers)
    columns_of(step, columns, step.by)
    if both := sorted(set(step.by) & set(step.columns)):
        raise wrong(step, f"`{both[0]}` is both filled and grouped by.", "Group by another column.")
    if (step.method == "constant") != (step.value is not None):
        raise wrong(step, "`value` goes with the method `constant`, and only with it.", "Give the value to fill in.")
    if step.value is not None:
        if step.by:
            raise wrong(step, "A constant is the same in every group.", "Leave `by` out.")
        for name in step.columns:
            if not comparable(kind(columns, name), step.value):
                raise wrong(
                    step,
                    f"{step.value!r} does not fit the column `{name}`, which is {WORDS[kind(columns, name)]}.",
                    "Use a value of its kind.",
                )
    if step.method in ("mean", "median") or isinstance(step.value, float):
        return dict.fromkeys(step.columns, "DOUBLE")
    return {}


def encoded(step: p.Encode, columns: Columns) -> Columns:
    found = column(step, columns, step.column)
    for value in step.order or []:
        if not comparable(found, value):
            raise wrong(step, f"{value!r} cannot be in `{step.column}`, which is {WORDS[found]}.", "List values of the column.")
    if step.order is not None and len(set(step.order)) != len(step.order):
        raise wrong(step, "The order lists a value twice.", "List each once.")
    if step.method == "label":
        return {**columns, step.column: "BIGINT"}
    if step.order is not None:
        raise wrong(step, "`order` goes with the method `label`.", "Leave it out.")
    return {**{name: type for name, type in columns.items() if name != step.column}, "*": columns.get("*", "BIGINT")}


def unpivoted(step: p.Unpivot, columns: Columns) -> Columns:
    columns_of(step, columns, step.columns)
    types = {type_of(columns, name) for name in step.columns}
    kinds = {kind(columns, name) for name in step.columns}
    value = types.pop() if len(types) == 1 else "DOUBLE" if kinds == {"number"} else "VARCHAR"
    kept = {name: type for name, type in columns.items() if name not in step.columns}
    added(step, [*kept, step.names_to, step.values_to])
    return {**kept, step.names_to: "VARCHAR", step.values_to: value}


def joined(step: p.Join, columns: Columns, tables: Tables) -> Columns:
    if step.right not in tables:
        raise wrong(step, f"There is no table `{step.right}` at this point.", close(step.right, tables))
    right = tables[step.right]
    for name in step.on:
        here, there = column(step, columns, name), column(step, right, name)
        if "unknown" not in (here, there) and here != there:
            raise wrong(
                step, f"`{name}` is {WORDS[here]} in one table and {WORDS[there]} in the other.", "Cast one of them first."
            )
    columns_of(step, columns, step.on)
    taken = {name.lower() for name in columns}
    if "*" in right:
        raise wrong(
            step,
            f"The columns of `{step.right}` are not known yet.",
            "Join it the other way round, with the unknown table on the left.",
        )
    return {**columns, **{name: type for name, type in right.items() if name.lower() not in taken}}


_ANY = ("count", "null_count", "distinct", "mode", "min", "max", "first", "last")


def aggregated(step: p.Aggregate, columns: Columns, results: Results) -> Columns:
    columns_of(step, columns, step.by)
    for m in step.measures:
        if m.column is not None:
            wanted: tuple[Kind, ...] = () if m.function in _ANY else ("number", "boolean")
            wanted = (*wanted, "date") if m.function == "range" else wanted
            column(step, columns, m.column, *wanted, use=f"`{m.function}`")
        if m.where is not None:
            check_condition(step, m.where, columns, results)
    made = added(step, [*step.by, *(m.name for m in step.measures), "rows"])
    made |= {name: type_of(columns, name) for name in step.by} | {m.name: _measured_type(m, columns) for m in step.measures}
    made["rows"] = "BIGINT"
    if step.having is not None:
        check_condition(step, step.having, made, results)
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


def trend(step: p.Trend, columns: Columns) -> Columns:
    found = column(step, columns, step.time, "date", "number", "text", use="The time of a trend")
    if step.every is not None and found not in ("date", "unknown"):
        raise wrong(
            step,
            f"`every` needs dates, and `{step.time}` is {WORDS[found]}.",
            "Leave `every` out, or cast the column to a date.",
        )
    columns_of(step, columns, step.by)
    if step.value is not None and step.function != "count":
        column(step, columns, step.value, "number", "boolean", use=f"`{step.function}`")
    elif step.value is not None:
        column(step, columns, step.value)
    if step.time in step.by:
        raise wrong(step, f"`{step.time}` is both the time and a group.", "Group by another column.")
    added(step, [*step.by, "period", "value", "rows"])
    source = type_of(columns, step.value) if step.value is not None else "BIGINT"
    counted = step.value is None or step.function == "count"
    whole = source in INTEGERS | {"BOOLEAN"} and step.function in ("sum", "min", "max", "last")
    value = "BIGINT" if counted else ("HUGEINT" if step.function == "sum" else "BIGINT") if whole else "DOUBLE"
    period = "DATE" if step.every else type_of(columns, step.time)
    return {**{name: type_of(columns, name) for name in step.by}, "period": period, "value": value, "rows": "BIGINT"}


def python(step: p.Python) -> Columns | None:
    """An open table if the code assigns to the step's id."""
    try:
        tree = ast.parse(step.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise wrong(step, f"This is not Python: {error}.", "Mend the code.") from None
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if taken := sorted(assigned & RESERVED):
        raise wrong(step, f"`{taken[0]}` is a name later cells rely on.", "Assign to another one.")
    return {"*": ""} if step.id in assigned else None
