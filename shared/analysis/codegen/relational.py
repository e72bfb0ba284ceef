"""Steps that reshape or clean a table, as DuckDB SQL. Each makes the table of its step's id.

A table that only filters or computes row by row is a view, computed when it is read. One that needs other rows
(windows, ranks, joins) is a temporary table, in row order: row numbers are taken first and sorted by last.
"""

from itertools import pairwise

from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Parameters,
    Tables,
    arithmetic,
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
    query,
    rows,
    table,
    text,
    type_of,
)
from shared.analysis.expression import quote
from shared.analysis.plan import (
    Bin,
    Cast,
    DatePart,
    Derive,
    DropDuplicates,
    DropMissing,
    Encode,
    Filter,
    Impute,
    Join,
    Outliers,
    Scale,
    Unpivot,
    Window,
)


def filter_rows(step: Filter, tables: Tables) -> str:
    parameters = Parameters()
    where = condition(step.where, tables[step.table], parameters)
    return make(
        step.id, f"SELECT * FROM {table(step.table)}", f"WHERE {where}", what="VIEW", parameters=parameters
    ) + keep(step.id, rows_before=rows(step.table), rows=rows(step.id))


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
        code = make(step.id, *_with_column(step.name, value, columns, table(step.table)), what="VIEW", parameters=parameters)
    code += fetch("(nulls,)", f"SELECT count(*) FROM {table(step.id)} WHERE {quote(step.name)} IS NULL")
    return code + keep(step.id, rows=rows(step.id), nulls="nulls")


def _with_column(name: str, value: str, columns: Columns, source: str, but: str = "") -> list[str]:
    """SELECT lines for a table with a column added, or replaced if there is one of that name."""
    exclude = f" EXCLUDE ({but})" if but else ""
    if name in columns:
        return [f"SELECT *{exclude} REPLACE ({value} AS {quote(name)})", f"FROM {source}"]
    return [f"SELECT *{exclude},", f"       {value} AS {quote(name)}", f"FROM {source}"]


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
    return code + make(step.id, *_with_column(step.name, value, columns, table(step.table)), parameters=parameters)


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
    lines = _with_column(step.name, value, columns, numbered, but=row)
    return make(step.id, *lines, f"WINDOW w AS ({f'{group} {frame}'.strip()})", f"ORDER BY {row}")


# --- cleaning ---------------------------------------------------------------------------------------------------


def cast(step: Cast, tables: Tables) -> str:
    columns = tables[step.table]
    column, lines = quote(step.column), []
    lines = _with_column(step.column, _cast(step, columns), columns, table(step.table))
    plain = kind(columns, step.column) not in ("text", "unknown")
    code = make(step.id, *lines, what="VIEW" if plain else "TEMP TABLE")
    before, after = (f"(SELECT count({column}) FROM {table(name)})" for name in (step.table, step.id))
    code += fetch("(lost,)", f"SELECT {before} - {after}")
    if step.on_error == "fail":
        code += f'if lost:\n    raise ValueError(f"{{lost}} values cannot be read as {step.to}.")\n'
    return code + keep(step.id, rows=rows(step.id), lost="lost")


def _cast(step: Cast, columns: Columns) -> str:
    column, was, to = quote(step.column), kind(columns, step.column), step.to
    if to == "text":
        return f"{column}::VARCHAR"
    if to in ("number", "integer"):
        if was in ("text", "unknown"):
            digits = f"regexp_replace({column}::VARCHAR, '[\\s,%$€£¥₹]', '', 'g')"
            value = f"finite(TRY_CAST({digits} AS DOUBLE))"
        else:
            value = f"{column}::DOUBLE"
        if to == "integer":
            return f"{column}::BIGINT" if type_of(columns, step.column) in INTEGERS else f"TRY_CAST(trunc({value}) AS BIGINT)"
        return column if type_of(columns, step.column) == "BIGINT" else value
    if to in ("date", "timestamp"):
        type = to.upper()
        if was == "date":
            return f"{column}::{type}"
        if step.parse:
            return f"try_strptime({column}::VARCHAR, {text(step.parse)})::{type}"
        return f"TRY_CAST({column}::VARCHAR AS TIMESTAMP)" + ("::DATE" if step.to == "date" else "")
    if was == "number":
        return f"{column} <> 0"
    if was == "boolean":
        return column
    word = f"lower(trim({column}::VARCHAR))"
    return (f"CASE WHEN {word} IN ('true', 't', 'yes', 'y', '1') THEN TRUE "
            f"WHEN {word} IN ('false', 'f', 'no', 'n', '0') THEN FALSE END")  # fmt: skip


def outliers(step: Outliers, tables: Tables) -> str:
    columns, k = tables[step.table], compared(step.k)
    bounds = []
    for name in step.columns:
        x = as_number(columns, name)
        if step.method == "zscore":
            std = f"nullif(stddev_{'samp' if step.ddof else 'pop'}({x}), 0)"  # no spread, no bounds
            bounds += [f"avg({x}) - {k} * {std}", f"avg({x}) + {k} * {std}"]
        else:
            q25, q75 = f"quantile_cont({x}, 0.25)", f"quantile_cont({x}, 0.75)"
            bounds += [f"{q25} - {k} * ({q75} - {q25})", f"{q75} + {k} * ({q75} - {q25})"]
    parameters = Parameters()
    for i in range(len(step.columns)):
        parameters.update({f"low{i + 1}": f"bounds[{2 * i}]", f"high{i + 1}": f"bounds[{2 * i + 1}]"})
    outside, sides = [], []
    for i, name in enumerate(step.columns, 1):
        x = as_number(columns, name)
        sides = [f"{x} < $low{i}"] * (step.side != "upper") + [f"{x} > $high{i}"] * (step.side != "lower")
        outside.append(" OR ".join(sides))
    if step.side != "both":  # only the bounds a statement uses
        used = Parameters({name: code for name, code in parameters.items() if (name[0] == "l") == (step.side == "lower")})
    else:
        used = parameters
    counts = [f"count(*) FILTER ({f'WHERE {o}'})" for o in [" OR ".join(outside), *outside]]
    code = fetch("bounds", "SELECT " + ",\n           ".join(bounds), f"FROM {table(step.table)}")
    code += fetch("found", "SELECT " + ",\n           ".join(counts), f"FROM {table(step.table)}", parameters=used)
    if step.action == "remove":
        code += make(
            step.id,
            f"SELECT * FROM {table(step.table)}",
            f"WHERE NOT coalesce({outside[0]}, FALSE)",
            *(f"  AND NOT coalesce({o}, FALSE)" for o in outside[1:]),
            parameters=used,
        )
    elif step.action in ("clip", "null"):
        new = []
        for i, name in enumerate(step.columns, 1):
            x, low, high = as_number(columns, name), f"$low{i}", f"$high{i}"
            if step.action == "null":
                low = high = "NULL"
            whens = [f"WHEN {x} < $low{i} THEN {low}"] * (step.side != "upper")
            whens += [f"WHEN {x} > $high{i} THEN {high}"] * (step.side != "lower")
            new.append(f"CASE {' '.join(whens)} ELSE {x} END AS {quote(name)}")
        code += make(step.id, *_replaced(new), f"FROM {table(step.table)}", parameters=used)
    each = "".join(
        f'    {py(name)}: {{"outliers": found[{i + 1}], "lower": bounds[{2 * i}], "upper": bounds[{2 * i + 1}]}},\n'
        for i, name in enumerate(step.columns)
    )
    code += f"columns = {{\n{each}}}\n"
    after = rows(step.table if step.action == "count" else step.id)
    return code + keep(step.id, rows_before=rows(step.table), rows=after, outliers="found[0]", columns="columns")


def _replaced(new: list[str], but: str = "", of: str = "*") -> list[str]:
    """SELECT lines for a table with some columns replaced."""
    head = f"SELECT {of}{f' EXCLUDE ({but})' if but else ''} REPLACE ("
    return [head + new[0] + ")"] if len(new) == 1 else [head, *(f"    {item}," for item in new[:-1]), f"    {new[-1]}", ")"]


def impute(step: Impute, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    counts = f"SELECT {', '.join(f'count({quote(c)})' for c in step.columns)} FROM"
    names, row = py(step.columns), fresh(columns, "_row")
    values = "dict.fromkeys(columns)"
    if step.method == "constant":
        value = 0 if step.value is None else step.value
        new = [f"coalesce({quote(c)}, {literal(value, type_of(columns, c))}) AS {quote(c)}" for c in step.columns]
        code = make(step.id, *_replaced(new), f"FROM {source}", what="VIEW")
        values = f"dict.fromkeys(columns, {py(step.value)})"
    elif step.method == "ffill":
        group = f"PARTITION BY {', '.join(map(quote, step.by))} " if step.by else ""
        new = [f"coalesce({quote(c)}, last_value({quote(c)} IGNORE NULLS) OVER w) AS {quote(c)}" for c in step.columns]
        code = make(
            step.id,
            *_replaced(new, but=row),
            f"FROM (SELECT *, row_number() OVER () AS {row} FROM {source})",
            f"WINDOW w AS ({group}ORDER BY {row} ROWS UNBOUNDED PRECEDING)",
            f"ORDER BY {row}",
        )
    else:
        fills = [f"{_middle(step.method, c, columns)} AS {quote(c)}" for c in step.columns]
        if step.by:
            keys = ", ".join(map(quote, step.by))
            present = " AND ".join(f"{quote(c)} IS NOT NULL" for c in step.by)
            code = "fill = " + query(
                f"SELECT {keys}, {', '.join(fills)}", f"FROM {source} WHERE {present}", f"GROUP BY {keys} ORDER BY {keys}"
            ) + ".fetchall()\n"  # fmt: skip
            new = [f"coalesce(here.{quote(c)}, fill.{quote(c)}) AS {quote(c)}" for c in step.columns]
            code += make(
                step.id,
                *_replaced(new, but=row, of="here.*"),
                f"FROM (SELECT *, row_number() OVER () AS {row} FROM {source}) AS here",
                f"LEFT JOIN (SELECT {keys}, {', '.join(fills)} FROM {source} GROUP BY {keys}) AS fill USING ({keys})",
                f"ORDER BY {row}",
            )
            g = len(step.by)
            values = f"{{c: {{key(*row[:{g}]): row[{g} + i] for row in fill}} for i, c in enumerate(columns)}}"
        else:
            code = fetch("fill", f"SELECT {', '.join(fills)}", f"FROM {source}")
            new = [f"coalesce({quote(c)}, $fill{i}) AS {quote(c)}" for i, c in enumerate(step.columns, 1)]
            parameters = Parameters({f"fill{i + 1}": f"fill[{i}]" for i in range(len(step.columns))})
            code += make(step.id, *_replaced(new), f"FROM {source}", parameters=parameters)
            values = "dict(zip(columns, fill))"
    code += fetch("before", f"{counts} {source}") + fetch("after", f"{counts} {table(step.id)}") + f"columns = {names}\n"
    filled = "{c: n - m for c, m, n in zip(columns, before, after)}"
    return code + keep(step.id, rows=rows(step.id), filled=filled, values=values)


def _middle(method: str, name: str, columns: Columns) -> str:
    if method == "mode":
        return f"mode({quote(name)} ORDER BY {quote(name)})"
    return f"{'avg' if method == 'mean' else 'median'}({as_number(columns, name)})"


def scale(step: Scale, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    new, made = [], [name + step.suffix for name in step.columns]
    for name, target in zip(step.columns, made, strict=True):
        x = as_number(columns, name)
        center, spread = {
            "zscore": (f"avg({x})", f"stddev_{'samp' if step.ddof else 'pop'}({x})"),
            "minmax": (f"min({x})", f"max({x}) - min({x})"),
            "robust": (f"median({x})", f"quantile_cont({x}, 0.75) - quantile_cont({x}, 0.25)"),
        }[step.method]
        new.append(f"({x} - (SELECT {center} FROM {source})) / nullif((SELECT {spread} FROM {source}), 0) AS {quote(target)}")
    added = ["SELECT *,", "       " + ",\n           ".join(new)]
    code = make(step.id, *(added if step.suffix else _replaced(new)), f"FROM {source}")
    measures = ",\n           ".join(f"avg({x}), stddev_samp({x}), min({x}), max({x})" for x in map(quote, made))
    code += fetch("found", f"SELECT {measures}", f"FROM {table(step.id)}")
    code += f"columns = {py(made)}\n"
    each = '{c: dict(zip(["mean", "std", "min", "max"], found[4 * i :])) for i, c in enumerate(columns)}'
    return code + keep(step.id, rows=rows(step.id), columns=each)


def encode(step: Encode, tables: Tables) -> str:
    columns, source, column = tables[step.table], table(step.table), quote(step.column)
    if step.order:
        code = f"values = {py(step.order)}\n"
    else:
        code = "values = " + query(
            f"SELECT DISTINCT {column} FROM {source} WHERE {column} IS NOT NULL ORDER BY 1"
        ) + ".fetchall()\n"  # fmt: skip
        code += "values = [value for (value,) in values]\n"
    if step.method == "label":
        lines = _with_column(step.column, f"(list_position($values, {column}) - 1)::BIGINT", columns, source)
        code += make(step.id, *lines, parameters=Parameters(values="values"))
        mapping = "{key(value): code for code, value in enumerate(values)}"
        return code + keep(step.id, rows=rows(step.id), columns=f"[{py(step.column)}]", mapping=mapping)
    code += "if len(values) > 500:\n"
    code += '    raise ValueError(f"{len(values)} values are too many for a column each (at most 500).")\n'
    code += f'names = [{py(step.column + "_")} + key(value) for value in values]\n'
    code += "columns = [\n"
    code += f'    {sql_text(f"coalesce({column} = $")} + str(i) + ", FALSE)::BIGINT AS " + quoted(name)\n'
    code += "    for i, name in enumerate(names, 1)\n]\n"
    head = sql_text(f"CREATE OR REPLACE TEMP TABLE {table(step.id)} AS SELECT * EXCLUDE ({column}), ")
    code += f'db.execute({head} + ", ".join(columns) + {sql_text(f" FROM {source}")}, values)\n'
    return code + keep(step.id, rows=rows(step.id), columns="names")


def sql_text(text: str) -> str:
    return repr(text) if '"' in text else py(text)
