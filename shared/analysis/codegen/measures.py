"""Steps that measure with SQL alone: aggregate, rank, summarize. (Trend also needs a p-value: statistics.py.)"""

from shared.analysis.codegen.sql import (
    Columns,
    Parameters,
    Tables,
    as_number,
    condition,
    execute,
    fetch,
    fresh,
    keep,
    keep_items,
    kind,
    make,
    py,
    query,
    rows,
    table,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Aggregate, Measure, Rank, Summarize


def aggregate(step: Aggregate, tables: Tables) -> str:
    columns, by = tables[step.table], [quote(name) for name in step.by]
    parameters = Parameters()
    row, source = fresh(columns, "_row"), table(step.table)
    if any(m.function in ("first", "last") for m in step.measures):
        source = f"(SELECT *, row_number() OVER () AS {row} FROM {source})"
    selected = [*by, *(f"{measure(m, columns, step, parameters, row)} AS {quote(m.name)}" for m in step.measures),
                "count(*) AS rows"]  # fmt: skip
    grouped = [f"FROM {source}"]
    present = " AND ".join(f"{name} IS NOT NULL" for name in by)
    if by:
        grouped += [f"WHERE {present}", f"GROUP BY {', '.join(by)}"]
    lines = ["SELECT " + ",\n           ".join(selected), *grouped]
    if step.having:
        made = {**{name: columns.get(name, "") for name in step.by}, **{m.name: "" for m in step.measures}, "rows": "BIGINT"}
        head = "SELECT " + ",\n               ".join(selected)
        lines = ["SELECT * FROM (", *(f"    {line}" for line in [head, *grouped]), ")",
                 f"WHERE {condition(step.having, made, parameters)}"]  # fmt: skip
    if by:
        lines.append(f"ORDER BY {', '.join(by)}")
    code = make(step.id, *lines, parameters=parameters)
    if by:
        code += fetch("(total,)", f"SELECT count(*) FROM {table(step.table)} WHERE {present}")
        code += f"groups = {query(f'SELECT * FROM {table(step.id)} LIMIT 1_000')}.fetchall()\n"
        names = py([*(m.name for m in step.measures), "rows"])
        each = f"{{key(*row[:{len(by)}]): dict(zip(names, row[{len(by)}:])) for row in groups}}"
        code += f"names = {names}\n"
        return code + keep_items(step.id, [("rows", "total"), ("n_groups", rows(step.id)), ("groups", each)])
    parameters = Parameters()
    used = [f"{_used(m, columns, parameters)}" for m in step.measures]
    if step.having:
        nothing = f" or [({'None, ' * (len(used) + 1)})]"
        code += fetch("values", f"SELECT * FROM {table(step.id)}").rstrip() + f"{nothing}\n"
    else:
        code += fetch("values", f"SELECT * FROM {table(step.id)}")
    code += fetch("n", "SELECT " + ", ".join(used), f"FROM {table(step.table)}", parameters=parameters)
    n = "{" + ", ".join(f"{py(m.name)}: n[{i}]" for i, m in enumerate(step.measures)) + "}"
    found = [(m.name, f"values[{i}]") for i, m in enumerate(step.measures)]
    return code + keep_items(step.id, [("rows", rows(step.table)), ("n", n), *found])


def _where(m: Measure, columns: Columns, parameters: Parameters, also: str = "") -> str:
    parts = [also] if also else []
    if m.where is not None:
        parts.append(condition(m.where, columns, parameters, inner=True))
    return f" FILTER (WHERE {' AND '.join(parts)})" if parts else ""


def _used(m: Measure, columns: Columns, parameters: Parameters) -> str:
    """How many rows, or values of the column, the measure is made of."""
    counted = "*" if m.column is None else quote(m.column)
    if m.function in ("share", "percent"):
        return f"count({counted})"
    return f"count({counted}){_where(m, columns, parameters)}"


def measure(m: Measure, columns: Columns, step: Aggregate, parameters: Parameters, row: str) -> str:
    """SQL of one measure. Nothing of it is left to the order of rows or to chance: ties of mode go to the smallest."""
    filtered, function = _where(m, columns, parameters), m.function
    if function in ("share", "percent"):
        part, whole = _share(m, columns, filtered, grouped=bool(step.by))
        return f"{'100 * ' if function == 'percent' else ''}{part} / nullif({whole}, 0)"
    if m.column is None:
        return f"count(*){filtered}"
    plain, x = quote(m.column), as_number(columns, m.column)
    if function == "null_count":
        return f"count(*){_where(m, columns, parameters, f'{plain} IS NULL')}"
    samp = "samp" if m.ddof else "pop"
    if function in ("skew", "kurtosis"):
        # Their sums of powers lose digits far from zero, so the column is moved there first.
        centred = f"{x} - (SELECT avg({x}) FROM {table(step.table)})"
        n = f"(count({plain}){filtered})" if filtered else f"count({plain})"
        if function == "kurtosis":
            return f"kurtosis{'_pop' if m.bias else ''}({centred}){filtered}"
        skew = f"skewness({centred}){filtered}"
        return f"{skew} * ({n} - 2) / sqrt({n} * ({n} - 1))" if m.bias else skew
    if function == "range" and kind(columns, m.column) == "date":
        return f"date_sub('day', min({plain}){filtered}, max({plain}){filtered})"
    return {
        "count": f"count({plain}){filtered}",
        "distinct": f"count(DISTINCT {plain}){filtered}",
        "sum": f"sum({x}){filtered}",
        "mean": f"avg({x}){filtered}",
        "median": f"median({x}){filtered}",
        "mode": f"mode({plain} ORDER BY {plain}){filtered}",
        "min": f"min({plain}){filtered}",
        "max": f"max({plain}){filtered}",
        "range": f"max({x}){filtered} - min({x}){filtered}",
        "std": f"stddev_{samp}({x}){filtered}",
        "var": f"var_{samp}({x}){filtered}",
        "sem": f"stddev_{samp}({x}){filtered} / sqrt(count({plain}){filtered})",
        "cv": f"stddev_{samp}({x}){filtered} / nullif(avg({x}){filtered}, 0)",
        "quantile": f"quantile_cont({x}, {m.q}){filtered}",
        "iqr": f"quantile_cont({x}, 0.75){filtered} - quantile_cont({x}, 0.25){filtered}",
        "first": f"arg_min({plain}, {row}){filtered}",
        "last": f"arg_max({plain}, {row}){filtered}",
        "geometric_mean": f"CASE WHEN min({x}){filtered} > 0 THEN exp(avg(ln({x})){filtered}) END",
    }[function]


def _share(m: Measure, columns: Columns, filtered: str, grouped: bool) -> tuple[str, str]:
    """The part and the whole: the matching rows of the group, or the group's rows of all rows of all groups."""
    all_ = "count(*)" if m.column is None else f"sum({as_number(columns, m.column)})"
    if m.where is not None:
        part = f"{all_}{filtered}" if m.column is None else f"coalesce({all_}{filtered}, 0)"
        return part, all_
    return all_, f"sum({all_}) OVER ()" if grouped else all_


def rank(step: Rank, tables: Tables) -> str:
    columns, source, by = tables[step.table], table(step.table), quote(step.by)
    row, end = fresh(columns, "_row"), step.position + step.k - 1
    numbered = f"FROM (SELECT *, row_number() OVER () - 1 AS {row} FROM {source})"
    order = ", ".join([f"{by} {step.order.upper()}", *map(quote, step.label), row])
    head = f"SELECT * EXCLUDE ({row})" if step.label else "SELECT *"
    lines = [head, numbered, f"WHERE {by} IS NOT NULL"]
    if step.ties == "first":
        lines += [f"ORDER BY {order}", f"LIMIT {step.k}" + (f" OFFSET {step.position - 1}" if step.position > 1 else "")]
    else:  # by places, so that those equal to the last one stay
        place = fresh(columns, "_place")
        first = f" AND {place} >= {step.position}" if step.position > 1 else ""
        lines = [head.replace(row, f"{row}, {place}") if step.label else f"SELECT * EXCLUDE ({place})",
                 f"FROM (SELECT *, row_number() OVER (ORDER BY {order}) AS {place}", f"      {numbered}",
                 f"      WHERE {by} IS NOT NULL)",
                 f"QUALIFY min({place}) OVER (PARTITION BY {by}) <= {end}{first}", f"ORDER BY {place}"]  # fmt: skip
    code = make(step.id, *lines)
    labels = [quote(name) for name in step.label] or [row]
    selected = ", ".join([*labels, by])
    code += f"found = {query(f'SELECT {selected} FROM {table(step.id)}')}.fetchall()\n"
    if not step.label:
        code += execute(f"ALTER TABLE {table(step.id)} DROP COLUMN {row}")
    name = "name" if len(labels) == 1 else "key(*name)"
    code += f"names, values = [{name} for *name, _ in found], [value for *_, value in found]\n".replace(
        "[name for *name, _ in found]", "[name for name, _ in found]"
    )
    last = Parameters(last="values[-1] if values else None")
    code += fetch("(equal,)", f"SELECT count(*) FROM {source} WHERE {by} = $last", parameters=last)
    return code + keep(
        step.id,
        rows="len(found)",
        names="names",
        values="values",
        name="names[0] if names else None",
        value="values[0] if values else None",
        tied="equal - values.count(values[-1]) if values else 0",
        items="{key(name): value for name, value in zip(names, values)}",
    )


_SUMMARY = """\
kinds = {{"VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "date", "TIME": "time"}}
table, source = db.table({table}), quoted({table})
types = {{name: str(dtype) for name, dtype in zip(table.columns, table.types){chosen}}}
nothing = {{"mean": None, "std": None, "min": None, "q25": None, "median": None, "q75": None, "max": None, "skew": None, "outliers": 0}}
columns = {{}}
for name, dtype in types.items():
    columns[name] = {{"kind": kinds.get(dtype, "number"), "nulls": rows, "null_percent": None, "distinct": 0}}
    columns[name] |= nothing if dtype not in kinds else {{"top": None, "top_count": 0, "top_percent": None}}


def batches(names, dtype):
    \"\"\"SELECT statements that put columns below each other, as many at a time as leave memory for the rest.\"\"\"
    step = max(1, 5_000_000 // max(1, rows))
    for batch in (names[i : i + step] for i in range(0, len(names), step)):
        cast = ", ".join(f"{{quoted(name)}}::{{dtype}} AS {{quoted(name)}}" for name in batch)
        listed = ", ".join(map(quoted, batch))
        yield f"SELECT name, value FROM (SELECT {{cast}} FROM {{source}}) UNPIVOT (value FOR name IN ({{listed}}))"


for long in batches([name for name in columns if columns[name]["kind"] == "number"], "DOUBLE"):
    found = db.execute(f\"\"\"
        WITH long AS ({{long}}), middle AS (
            SELECT name, count(*) AS n, count(DISTINCT value) AS distinct_, avg(value) AS mean, stddev_samp(value) AS std,
                   min(value) AS low, max(value) AS high, quantile_cont(value, [0.25, 0.5, 0.75]) AS q
            FROM long GROUP BY name
        )
        SELECT middle.*, skewness(value - mean),
               count(*) FILTER (WHERE value < q[1] - 1.5 * (q[3] - q[1]) OR value > q[3] + 1.5 * (q[3] - q[1]))
        FROM long JOIN middle USING (name) GROUP BY ALL
    \"\"\").fetchall()
    for name, n, distinct, mean, std, low, high, (q25, median, q75), skew, outliers in found:
        low, high = (low, high) if types[name] in ("DOUBLE", "FLOAT") else (int(low), int(high))
        columns[name] |= {{"nulls": rows - n, "distinct": distinct, "mean": mean, "std": std, "min": low, "q25": q25,
                          "median": median, "q75": q75, "max": high, "skew": skew, "outliers": outliers}}
for long in batches([name for name in columns if columns[name]["kind"] != "number"], "VARCHAR"):
    found = db.execute(f\"\"\"
        SELECT name, sum(n)::BIGINT, count(*), first(value ORDER BY n DESC, value), max(n)
        FROM (SELECT name, value, count(*) AS n FROM ({{long}}) GROUP BY ALL) GROUP BY name
    \"\"\").fetchall()
    for name, n, distinct, top, count in found:
        top = top == "true" if types[name] == "BOOLEAN" else top.replace(" ", "T") if types[name] == "TIMESTAMP" else top
        columns[name] |= {{"nulls": rows - n, "distinct": distinct, "top": top, "top_count": count, "top_percent": 100 * count / n}}
for column in columns.values():
    column["null_percent"] = 100 * column["nulls"] / rows if rows else None
"""


def summarize(step: Summarize, tables: Tables) -> str:
    chosen = f" if name in {py(step.columns)}" if step.columns else ""
    code = f"rows = {rows(step.table)}\n"
    code += fetch("(distinct_rows,)", f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table(step.table)})")
    code += _SUMMARY.format(table=py(step.table), chosen=chosen)
    return code + keep(
        step.id,
        rows="rows",
        n_columns="len(columns)",
        duplicates="rows - distinct_rows",
        missing='sum(column["nulls"] for column in columns.values())',
        columns="columns",
    )
