"""Steps that reshape a table or add a column, as DuckDB SQL. Each makes the table of its step's id.

A table that only filters or computes row by row is a view, computed when it is read. One that needs other rows
(windows, ranks, joins) is a temporary table, in row order: row numbers are taken first and sorted by last.
"""

from itertools import pairwise

from shared.analysis.codegen.arithmetic import arithmetic
from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Parameters,
    Tables,
    as_number,
    compared,
    condition,
    fetch,
    fresh,
    keep,
    kind,
    known,
    literal,
    make,
    number,
    py,
    rows,
    table,
    text,
    type_of,
    with_column,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Bin, DatePart, Derive, DropDuplicates, DropMissing, Filter, Join, Unpivot, Window


def filter_rows(step: Filter, tables: Tables) -> str:
    parameters = Parameters()
    where = condition(step.where, tables[step.table], parameters)
    return make(step.id, f"SELECT * FROM {table(step.table)}", f"WHERE {where}", what="VIEW", parameters=parameters) + keep(
        step.id, rows_before=rows(step.table), rows=rows(step.id)
    )


def drop_missing(step: DropMissing, tables: Tables) -> str:
    if step.columns is None and step.how == "any":
        where = "COLUMNS(*) IS NOT NULL"
    else:
        columns = step.columns or known(tables[step.table])
        where = (" AND " if step.how == "any" else " OR ").join(f"{quote(c)} IS NOT NULL" for c in columns)
    return make(step.id, f"SELECT * FROM {table(step.table)}", f"WHERE {where}", what="VIEW") + keep(
        step.id, rows_before=rows(step.table), rows=rows(step.id)
    )


def drop_duplicates(step: DropDuplicates, tables: Tables) -> str:
    row = fresh(tables[step.table], "_row")
    numbered = f"(SELECT *, row_number() OVER () AS {row} FROM {table(step.table)})"
    if step.columns is None:
        lines = [f"SELECT * EXCLUDE ({row}) FROM {numbered}", "GROUP BY ALL", f"ORDER BY min({row})"]
    else:
        same = ", ".join(map(quote, step.columns))
        lines = [f"SELECT * EXCLUDE ({row}) FROM {numbered}",
                 f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY {row}) = 1",
                 f"ORDER BY {row}"]  # fmt: skip
    code = make(step.id, *lines) + f"rows_before, rows = {rows(step.table)}, {rows(step.id)}\n"
    return code + keep(step.id, rows_before="rows_before", rows="rows", duplicates="rows_before - rows")


def unpivot(step: Unpivot, tables: Tables) -> str:
    columns = ", ".join(map(quote, step.columns))
    source = table(step.table)
    types = {type_of(tables[step.table], c) for c in step.columns}
    if len(types) > 1 and not types <= {*INTEGERS, "DOUBLE"}:  # text and numbers together become text
        casts = ", ".join(f"{quote(c)}::VARCHAR AS {quote(c)}" for c in step.columns)
        source = f"(SELECT * REPLACE ({casts}) FROM {source})"
    lines = [f"SELECT * FROM {source}",
             f"UNPIVOT INCLUDE NULLS ({quote(step.values_to)} FOR {quote(step.names_to)} IN ({columns}))"]  # fmt: skip
    return make(step.id, *lines, what="VIEW") + keep(step.id, rows=rows(step.id))


def join(step: Join, tables: Tables) -> str:
    left, right = tables[step.table], tables[step.right]
    here = {name.lower() for name in left}
    added = [name for name in known(right) if name.lower() not in here]
    row, match = fresh({**left, **right}, "_row"), fresh({**left, **right}, "_match")
    keys = ", ".join(map(quote, step.on))
    chosen = ", ".join([keys, *map(quote, added)])
    using = f"JOIN (SELECT {chosen}, row_number() OVER () AS {match} FROM {table(step.right)}) USING ({keys})"
    code = make(
        step.id,
        f"SELECT * EXCLUDE ({row}, {match})",
        f"FROM (SELECT *, row_number() OVER () AS {row} FROM {table(step.table)})",
        using if step.how == "inner" else f"LEFT {using}",
        f"ORDER BY {row}, {match}",
    )
    without = f"SELECT count(*) FROM {table(step.table)} ANTI JOIN {table(step.right)} USING ({keys})"
    code += fetch("(unmatched,)", without)
    return code + keep(step.id, rows_before=rows(step.table), rows=rows(step.id), unmatched="unmatched")


# --- new columns ------------------------------------------------------------------------------------------------


def derive(step: Derive, tables: Tables) -> str:
    columns = tables[step.table]
    if step.window:
        code = _window(step, step.window, columns)
    elif step.bin and (step.bin.count or step.bin.quantiles):
        code = _bin_by_data(step, step.bin, columns)
    else:
        parameters = Parameters()
        if step.expression is not None:
            value = arithmetic(step.expression, columns)
        elif step.date_part:
            value = _date_part(step.date_part, columns)
        elif step.bin:
            value = _bin(step.bin, columns)
        else:
            whens = [f"WHEN {condition(case.when, columns, parameters)} THEN {literal(case.then)}"
                     for case in step.cases or []]  # fmt: skip
            otherwise = [] if step.otherwise is None else [f"ELSE {literal(step.otherwise)}"]
            value = "\n        ".join(["CASE", *whens, *otherwise]) + "\n    END"
        code = make(step.id, *with_column(step.name, value, columns, table(step.table)), what="VIEW", parameters=parameters)
    code += fetch("(nulls,)", f"SELECT count(*) FROM {table(step.id)} WHERE {quote(step.name)} IS NULL")
    return code + keep(step.id, rows=rows(step.id), nulls="nulls")


def _date_part(part: DatePart, columns: Columns) -> str:
    column = quote(part.column)
    if part.part == "decade":
        year = column if kind(columns, part.column) == "number" else f"year({column})"
        return f"(floor({year} / 10) * 10)::BIGINT"
    return {"weekday": f"isodow({column}) - 1", "day_name": f"dayname({column})", "month_name": f"monthname({column})",
            "year_month": f"strftime({column}, '%Y-%m')"}.get(part.part, f"{part.part}({column})")  # fmt: skip


def interval_labels(bin: Bin) -> list[str]:
    """The names of the intervals of `edges`, in order, with the open ends where they are asked for."""
    edges = [f"{edge:.10g}" for edge in bin.edges or []]
    low, high = ("(", "]") if bin.right else ("[", ")")
    labels = [f"{low}{a}, {b}{high}" for a, b in pairwise(edges)]
    if bin.open_ended:
        labels = [f"<{'=' * bin.right} {edges[0]}", *labels, f">{'=' * (not bin.right)} {edges[-1]}"]
    return labels if bin.labels is None else bin.labels


def _bin(bin: Bin, columns: Columns) -> str:
    column = quote(bin.column)
    if bin.width:
        low = f"floor({column} / {number(bin.width)})" if not bin.right else f"(ceil({column} / {number(bin.width)}) - 1)"
        return (f"format('{'(' if bin.right else '['}{{:.10g}}, {{:.10g}}{']' if bin.right else ')'}', "
                f"{low} * {number(bin.width)}, ({low} + 1) * {number(bin.width)})")  # fmt: skip
    edges, labels = list(bin.edges or []), interval_labels(bin)
    below = "<=" if bin.right else "<"
    whens = []
    if not bin.open_ended:
        whens.append(f"WHEN {column} {below} {compared(edges[0])} THEN NULL")
        edges = edges[1:]
    whens += [f"WHEN {column} {below} {compared(edge)} THEN {text(label)}" for edge, label in zip(edges, labels, strict=False)]
    if bin.open_ended:
        whens.append(f"WHEN {column} IS NOT NULL THEN {text(labels[-1])}")
    return "\n        ".join(["CASE", *whens]) + "\n    END"


def _bin_by_data(step: Derive, bin: Bin, columns: Columns) -> str:
    """Intervals between the smallest and the largest value, which are known only when the cell runs."""
    column, parts = quote(bin.column), bin.count or bin.quantiles or 0
    if bin.count:
        code = fetch("(low, high)", f"SELECT min({column}), max({column}) FROM {table(step.table)}")
        code += f"edges = [] if low is None else sorted(set(np.linspace(low, high, {parts + 1}).tolist()))\n"
    else:
        shares = f"[{', '.join(f'{i} / {parts}' for i in range(parts + 1))}]"
        code = fetch("(edges,)", f"SELECT quantile_cont({column}::DOUBLE, {shares}) FROM {table(step.table)}")
        code += "edges = sorted(set(edges or []))  # equal bounds make one interval fewer\n"
    code += "edges = edges * 2 if len(edges) == 1 else edges\n"
    open_, shut = ("(", "]") if bin.right else ("[", ")")
    if bin.labels is None:
        code += f'labels = [f"{open_}{{a:.10g}}, {{b:.10g}}{shut}" for a, b in zip(edges, edges[1:])]\n'
        code += ('labels[:1] = ["[" + label[1:] for label in labels[:1]]  # the smallest value is inside\n' if bin.right
                 else 'labels[-1:] = [label[:-1] + "]" for label in labels[-1:]]  # the largest value is inside\n')  # fmt: skip
    else:
        code += f"labels = {py(bin.labels)}\n"
        code += "if edges and len(labels) != len(edges) - 1:\n"
        code += '    raise ValueError(f"There are {len(labels)} labels for {len(edges) - 1} intervals.")\n'
    inside = "<" if bin.right else "<="
    below = f"len(list_filter($edges, lambda edge: edge {inside} {column}))"  # how many edges lie below
    value = f"$labels[greatest({below}, 1)]" if bin.right else f"$labels[least({below}, len($edges) - 1)]"
    value = f"CASE WHEN {column} IS NOT NULL\n            THEN {value} END"
    parameters = Parameters(edges="edges", labels="labels")
    return code + make(step.id, *with_column(step.name, value, columns, table(step.table)), parameters=parameters)


def _window(step: Derive, window: Window, columns: Columns) -> str:
    row, x, size = fresh(columns, "_row"), as_number(columns, window.column), window.size
    group = f"PARTITION BY {', '.join(map(quote, window.by))}" if window.by else ""
    order = f"ORDER BY {quote(window.order_by)}, {row}" if window.order_by else f"ORDER BY {row}"
    lag = f"lag({quote(window.column) if window.function == 'lag' else x}{f', {size}' if size > 1 else ''}) OVER w"
    frame, value = {
        "lag": (order, lag),
        "difference": (order, f"{x} - {lag}"),
        "percent_change": (order, f"100 * ({x} - {lag}) / nullif({lag}, 0)"),
        "cumulative_sum": (f"{order} ROWS UNBOUNDED PRECEDING", f"CASE WHEN {x} IS NOT NULL THEN sum({x}) OVER w END"),
        "rolling_mean": (f"{order} ROWS {size - 1} PRECEDING", f"CASE WHEN count({x}) OVER w = {size} THEN avg({x}) OVER w END"),
        "rank": (f"ORDER BY {x} DESC NULLS LAST", f"CASE WHEN {x} IS NOT NULL THEN rank() OVER w END"),
        "zscore": ("", f"({x} - avg({x}) OVER w) / nullif(stddev_samp({x}) OVER w, 0)"),
        "share": ("", f"{x} / nullif(sum({x}) OVER w, 0)"),
        "group_mean": ("", f"avg({x}) OVER w"),
    }[window.function]  # fmt: skip
    if window.by:  # rows of no group get no value
        present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in window.by)
        value = f"CASE WHEN {present} THEN {value} END"
    numbered = f"(SELECT *, row_number() OVER () AS {row} FROM {table(step.table)})"
    lines = with_column(step.name, value, columns, numbered, but=row)
    return make(step.id, *lines, f"WINDOW w AS ({f'{group} {frame}'.strip()})", f"ORDER BY {row}")
