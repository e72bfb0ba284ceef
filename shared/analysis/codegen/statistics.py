"""How columns go together: correlate, trend, associate. DuckDB condenses, scipy gives the probability."""

from itertools import combinations

from shared.analysis.codegen.sql import (
    Columns,
    Tables,
    as_double,
    as_number,
    fetch,
    fresh,
    group_label,
    keep,
    kind,
    known,
    make,
    py,
    query,
    table,
    text,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Associate, Correlate, Trend

# scipy.special loads in a quarter of the time of scipy.stats.
P_VALUE = '''\
from scipy.special import stdtr


def p_value(r, n):
    """Of a correlation, two-sided, from Student's t with n - 2 degrees of freedom."""
    if r is None or n < 3 or not abs(r) <= 1:
        return None
    return 2 * stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))) if abs(r) < 1 else 0.0


'''


# --- correlate --------------------------------------------------------------------------------------------------


def correlate(step: Correlate, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    if step.x is not None and step.y is not None:
        return _correlate_two(step, step.x, step.y, columns, source)
    names = [name for name in step.columns or [] if name != step.target]
    pairs = [(name, step.target) for name in names] if step.target else list(combinations(names, 2))
    if step.method == "pearson":
        code = P_VALUE + f"columns = {py(names)}\n"
        terms = [f"{_corr(a, b, columns)}" for a, b in pairs]
        code += fetch("found", "SELECT " + ",\n           ".join(terms), f"FROM {source}")
        paired = f"[(x, {py(step.target)}) for x in columns]" if step.target else "combinations(columns, 2)"
        code = code if step.target else "from itertools import combinations\n\n" + code
        code += 'pairs = [\n    {"x": x, "y": y, "r": r, "p_value": p_value(r, n), "n": n}\n'
        code += f"    for (x, y), r, n in zip({paired}, found[::2], found[1::2])\n]\n"
    else:
        every = [*names, *([step.target] if step.target else [])]
        selected = ", ".join(f"{as_double(columns, name)} AS x{i}" for i, name in enumerate(every))
        paired = f"[(x, {py(step.target)}) for x in columns[:-1]]" if step.target else "combinations(columns, 2)"
        code = "" if step.target else "from itertools import combinations\n\n"
        code += f"from scipy import stats\n\ncolumns = {py(every)}\ndf = {query(f'SELECT {selected} FROM {source}')}.df()\n"
        code += "df.columns, pairs = columns, []\n"
        code += f"for x, y in {paired}:\n    both = df[[x, y]].dropna().to_numpy()\n"
        code += f"    r, p = {_scipy(step.method)}(both[:, 0], both[:, 1]) if len(both) > 2 else (None, None)\n"
        code += '    pairs.append({"x": x, "y": y, "r": r, "p_value": p, "n": len(both)})\n'
    code += 'pairs = plain(pairs)\npairs.sort(key=lambda pair: -abs(pair["r"]) if pair["r"] is not None else 1)\n'
    code += 'known = [pair for pair in pairs if pair["r"] is not None]\n'
    name = 'pair["x"]' if step.target else 'pair["x"] + " ~ " + pair["y"]'
    code += f'names = [{name} for pair in known]\nr = [pair["r"] for pair in known]\n'
    code += "high, low = (r.index(max(r)), r.index(min(r))) if r else (None, None)\n"
    items = {"pairs": "pairs"}
    if step.target:
        items["by_column"] = '{pair["x"]: pair["r"] for pair in pairs}'
    for word, at in (("strongest", "0"), ("highest", "high"), ("lowest", "low")):
        items |= {word: f"names[{at}] if r else None", f"{word}_r": f"r[{at}] if r else None"}
    return code + keep(step.id, **items)


def _corr(a: str, b: str, columns: Columns) -> str:
    x, y = as_number(columns, a), as_number(columns, b)
    return f"coefficient(corr({x}, {y})), regr_count({x}, {y})"


def _scipy(method: str) -> str:
    return {"pearson": "stats.pearsonr", "spearman": "stats.spearmanr", "kendall": "stats.kendalltau"}[method]


def _correlate_two(step: Correlate, x: str, y: str, columns: Columns, source: str) -> str:
    by = ", ".join(map(quote, step.by))
    present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in step.by)
    if step.method == "pearson":
        if not by:
            code = P_VALUE + fetch("(r, n)", f"SELECT {_corr(x, y, columns)}", f"FROM {source}")
            return code + keep(step.id, r="r", p_value="p_value(r, n)", n="n")
        code = P_VALUE + "groups = " + query(
            f"SELECT {by}, {_corr(x, y, columns)}", f"FROM {source} WHERE {present}", f"GROUP BY {by} ORDER BY {by}"
        ) + ".fetchall()\n"  # fmt: skip
        each = '{key(*group): {"r": r, "p_value": p_value(r, n), "n": n} for *group, r, n in groups}'
        return code + keep(step.id, groups=each)
    selected = [f"{as_double(columns, x)} AS x", f"{as_double(columns, y)} AS y"]
    where = f"{quote(x)} IS NOT NULL AND {quote(y)} IS NOT NULL"
    groups = [f"{group_label(columns, name)} AS g{i}" for i, name in enumerate(step.by)]
    code = "from scipy import stats\n\n\ndef correlation(df):\n"
    code += f"    r, p = {_scipy(step.method)}(df.x, df.y) if len(df) > 2 else (None, None)\n"
    code += '    return {"r": r, "p_value": p, "n": len(df)}\n\n\n'
    code += "df = " + query(
        f"SELECT {', '.join(groups + selected)}", f"FROM {source}", f"WHERE {f'{present} AND ' if by else ''}{where}"
    ) + ".df()\n"  # fmt: skip
    if not by:
        return code + f"keep({py(step.id)}, correlation(df))\n"
    names = py([f"g{i}" for i in range(len(groups))])
    return code + keep(step.id, groups=f"{{key(*group): correlation(part) for group, part in df.groupby({names})}}")


# --- trend ------------------------------------------------------------------------------------------------------

_COURSE = '''\
def course(points):
    """How the values go from the first period to the last."""
    periods, values = [point[0] for point in points], [point[1] for point in points]
    first, last, n = values[0], values[-1], len(values)
    high, low = values.index(max(values)), values.index(min(values))
    steps, level = np.arange(n) - (n - 1) / 2, np.array(values, dtype=float) - np.mean(values)
    slope = (steps @ level) / (steps @ steps) if n > 1 else None
    spread = math.sqrt((steps @ steps) * (level @ level)) if max(values) > min(values) else 0
    r = max(-1.0, min(1.0, (steps @ level) / spread)) if spread else None
    p = p_value(r, n)
    return {
        "periods": n, "first_period": periods[0], "first": first, "last_period": periods[-1], "last": last,
        "change": last - first, "percent_change": 100 * (last - first) / first if first else None,
        "slope": slope, "r": r, "p_value": p,
        "growth": 100 * ((last / first) ** (1 / (n - 1)) - 1) if n > 1 and first > 0 and last >= 0 else None,
        "direction": "flat" if p is None or p >= 0.05 else "rising" if slope > 0 else "falling",
        "highest_period": periods[high], "highest": values[high], "lowest_period": periods[low], "lowest": values[low],
    }


'''
_NOTHING = """\
nothing = dict.fromkeys([
    "first_period", "first", "last_period", "last", "change", "percent_change", "slope", "r", "p_value", "growth", "direction",
    "highest_period", "highest", "lowest_period", "lowest",
])
"""


def trend(step: Trend, tables: Tables) -> str:
    columns, time = tables[step.table], quote(step.time)
    period = f"date_trunc({text(step.every)}, {time})::DATE" if step.every else time
    source, row = table(step.table), fresh(columns, "_row")
    where = [f"{name} IS NOT NULL" for name in [time, *map(quote, step.by)]]
    if step.value is None:
        value = "count(*)"
    else:
        where.append(f"{quote(step.value)} IS NOT NULL")
        x = as_number(columns, step.value)
        value = {"mean": f"avg({x})", "count": f"count({x})", "last": f"last({x} ORDER BY {time}, {row})"}.get(
            step.function, f"{step.function}({x})"
        )
        if step.function == "last":
            source = f"(SELECT *, row_number() OVER () AS {row} FROM {source})"
    by = "".join(f"{quote(name)}, " for name in step.by)
    groups = ", ".join(str(i + 1) for i in range(len(step.by) + 1))
    code = P_VALUE + _COURSE + make(
        step.id,
        f"SELECT {by}{period} AS period, {value} AS value, count(*) AS rows",
        f"FROM {source}",
        f"WHERE {' AND '.join(where)}",
        f"GROUP BY {groups} ORDER BY {groups}",
    )  # fmt: skip
    code += f"points = {query(f'SELECT {by}period, value FROM {table(step.id)}')}.fetchall()\n"
    if not step.by:
        return code + _NOTHING + f'keep({py(step.id)}, course(points) if points else {{"periods": 0, **nothing}})\n'
    code += "groups = {}\nfor *group, period, value in points:\n    groups.setdefault(key(*group), []).append((period, value))\n"
    return code + keep(step.id, groups="{name: course(part) for name, part in groups.items()}")


# --- associate --------------------------------------------------------------------------------------------------


def associate(step: Associate, tables: Tables) -> str:
    """All columns of one kind lie below each other in one query, so that thousands of them are no trouble."""
    columns = tables[step.table]
    names = [name for name in step.columns or known(columns) if name != step.target]
    numbers = [name for name in names if kind(columns, name) in ("number", "unknown")]
    categories = [name for name in names if kind(columns, name) in ("text", "boolean")]
    number_target = kind(columns, step.target) in ("number", "unknown")
    code = P_VALUE.replace("stdtr\n", "fdtrc, stdtr\n", 1) if number_target else "from scipy.special import chdtrc, fdtrc\n\n"
    code += "found = []\n"
    for chosen, type in ((numbers, "DOUBLE"), (categories, "VARCHAR")):
        if not chosen:
            continue
        below = _below(step, columns, chosen, type, "DOUBLE" if number_target else "VARCHAR")
        if number_target and type == "DOUBLE":
            code += _squared_correlations(below)
        elif number_target or type == "DOUBLE":
            code += _eta_squared(below, value="y" if number_target else "x", label="x" if number_target else "y")
        else:
            code += _cramers_v_squared(below)
    code += """\
found = plain(found)
found.sort(key=lambda item: (-item["strength"] if item["strength"] is not None else 1, item["column"]))
best = found[0] if found and found[0]["strength"] is not None else {"column": None, "strength": None}
"""
    return code + keep(
        step.id,
        target=py(step.target),
        associations="found",
        strongest='best["column"]',
        strongest_strength='best["strength"]',
    )


def _below(step: Associate, columns: Columns, names: list[str], type: str, target_type: str) -> list[str]:
    """SQL for rows (name, x: a value of the column of that name, y: the target's), without nulls."""
    y, name, x = fresh(columns, "_y"), fresh(columns, "_name"), fresh(columns, "_x")
    cast = [f"{quote(n)}::{type} AS {quote(n)}" for n in names]
    return [
        f"SELECT {name} AS name, {x} AS x, {y} AS y FROM (",
        f"        SELECT {quote(step.target)}::{target_type} AS {y},",
        *(f"               {item}," for item in cast[:-1]),
        f"               {cast[-1]}",
        f"        FROM {table(step.table)}",
        f"    ) UNPIVOT ({x} FOR {name} IN ({', '.join(map(quote, names))}))",
        f"    WHERE {y} IS NOT NULL",
    ]


def _squared_correlations(below: list[str]) -> str:
    rows = query(
        "WITH pairs AS (",
        f"    {below[0]}",
        *below[1:],
        ")",
        "SELECT name, coefficient(corr(y, x)), count(*) FROM pairs GROUP BY name",
    )
    return f"""\
for name, r, n in {rows}.fetchall():
    strength = None if r is None else r * r
    found.append({{"column": name, "measure": "r²", "strength": strength, "r": r, "p_value": p_value(r, n), "n": n}})
"""


_NAMES = "k > max(2, min(100, n / 2)):  # names rather than categories: almost every row its own"


def _eta_squared(below: list[str], value: str, label: str) -> str:
    """The part of the variance that lies between the groups."""
    rows = query(
        "WITH pairs AS (",
        f"    {below[0]}",
        *below[1:],
        "), parts AS (",
        f"    SELECT name, {label}, count(*) AS n, avg({value}) AS mean FROM pairs GROUP BY ALL",
        "), whole AS (",
        f"    SELECT name, count(*) AS n, avg({value}) AS mean, var_pop({value}) AS variance FROM pairs GROUP BY name",
        ")",
        "SELECT name, whole.n, count(*) AS k,",
        "       sum(parts.n * (parts.mean - whole.mean) ** 2) / nullif(whole.n * variance, 0)",
        "FROM parts JOIN whole USING (name)",
        "GROUP BY name, whole.n, variance",
    )
    skip = f"    if {_NAMES}\n        continue\n" if label == "x" else ""
    return f"""\
for name, n, k, strength in {rows}.fetchall():
{skip}    strength, p = None if strength is None or k < 2 else min(1.0, strength), None
    if strength is not None and k < n:  # and the p-value of its F-test
        p = fdtrc(k - 1, n - k, strength / (1 - strength) * (n - k) / (k - 1)) if strength < 1 else 0.0
    found.append({{"column": name, "measure": "eta²", "strength": strength, "r": None, "p_value": p, "n": n}})
"""


def _cramers_v_squared(below: list[str]) -> str:
    """Chi-square over its largest possible value."""
    rows = query(
        "WITH pairs AS (",
        f"    {below[0]}",
        *below[1:],
        "), cells AS (",
        "    SELECT name, x, y, count(*) AS n FROM pairs GROUP BY ALL",
        "), margins AS (",
        "    SELECT *, sum(n) OVER (PARTITION BY name, x) AS of_x, sum(n) OVER (PARTITION BY name, y) AS of_y FROM cells",
        ")",
        "SELECT name, sum(n)::BIGINT, count(DISTINCT x), count(DISTINCT y), sum(n * n / (of_x * of_y)) - 1",
        "FROM margins GROUP BY name",
    )
    return f"""\
for name, n, k, m, phi_squared in {rows}.fetchall():
    if {_NAMES}
        continue
    strength = p = None
    if min(k, m) > 1:  # and the p-value of the chi-square test
        strength = max(0.0, min(1.0, phi_squared / (min(k, m) - 1)))
        p = chdtrc((k - 1) * (m - 1), max(0.0, n * phi_squared))
    found.append({{"column": name, "measure": "Cramér's V²", "strength": strength, "r": None, "p_value": p, "n": n}})
"""
