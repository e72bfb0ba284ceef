"""Steps that mend values: types, outliers, missing values, scales, codes. Each makes the table of its step's id."""

from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Parameters,
    Tables,
    as_number,
    compared,
    fetch,
    fresh,
    keep,
    kind,
    literal,
    make,
    py,
    query,
    rows,
    table,
    text,
    type_of,
    with_column,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Cast, Encode, Impute, Outliers, Scale


def cast(step: Cast, tables: Tables) -> str:
    columns = tables[step.table]
    column, lines = quote(step.column), []
    lines = with_column(step.column, _cast(step, columns), columns, table(step.table))
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
        lines = with_column(step.column, f"(list_position($values, {column}) - 1)::BIGINT", columns, source)
        code += make(step.id, *lines, parameters=Parameters(values="values"))
        mapping = "{key(value): code for code, value in enumerate(values)}"
        return code + keep(step.id, rows=rows(step.id), columns=f"[{py(step.column)}]", mapping=mapping)
    code += "if len(values) > 500:\n"
    code += '    raise ValueError(f"{len(values)} values are too many for a column each (at most 500).")\n'
    code += f"names = [{py(step.column + '_')} + key(value) for value in values]\n"
    code += "columns = [\n"
    code += f'    {sql_text(f"coalesce({column} = $")} + str(i) + ", FALSE)::BIGINT AS " + quoted(name)\n'
    code += "    for i, name in enumerate(names, 1)\n]\n"
    head = sql_text(f"CREATE OR REPLACE TEMP TABLE {table(step.id)} AS SELECT * EXCLUDE ({column}), ")
    code += f'db.execute({head} + ", ".join(columns) + {sql_text(f" FROM {source}")}, values)\n'
    return code + keep(step.id, rows=rows(step.id), columns="names")


def sql_text(text: str) -> str:
    return repr(text) if '"' in text else py(text)
