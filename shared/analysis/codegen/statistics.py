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
    return f"finite(corr({x}, {y})), regr_count({x}, {y})"


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

_ETA_SQUARED = '''\
def eta_squared(names, values):
    """The part of the values' variance that lies between the groups, and the p-value of its F-test."""
    if len(values) < 2 or values.min() == values.max():
        return None, None
    groups = pd.Series(values).groupby(pd.Series(names)).agg(["size", "mean"])
    total = ((values - values.mean()) ** 2).sum()
    between = (groups["size"] * (groups["mean"] - values.mean()) ** 2).sum()
    k, n = len(groups), len(values)
    if k < 2:
        return None, None
    strength = min(1.0, between / total)
    if k >= n:
        return strength, None
    return strength, fdtrc(k - 1, n - k, strength / (1 - strength) * (n - k) / (k - 1)) if strength < 1 else 0.0


'''
_CRAMER = '''\
def cramers_v_squared(a, b):
    """Chi-square (uncorrected) over its largest possible value, and its p-value."""
    counts = pd.crosstab(pd.Series(a), pd.Series(b)).to_numpy()
    n, smaller = counts.sum(), min(counts.shape) - 1
    if smaller < 1:
        return None, None
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
    chi2 = ((counts - expected) ** 2 / expected).sum()
    return min(1.0, chi2 / (n * smaller)), chdtrc((counts.shape[0] - 1) * (counts.shape[1] - 1), chi2)


'''


def associate(step: Associate, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    names = [name for name in step.columns or known(columns) if name != step.target]
    numbers = [name for name in names if kind(columns, name) in ("number", "unknown")]
    categories = [name for name in names if kind(columns, name) in ("text", "boolean")]
    number_target = kind(columns, step.target) in ("number", "unknown")
    target = as_double(columns, step.target) if number_target else f"{quote(step.target)}::VARCHAR"
    needed = ["fdtrc"] + (["stdtr"] if number_target else ["chdtrc"])
    code = P_VALUE if number_target else ""
    code = code.replace("import stdtr", "import fdtrc, stdtr") or f"from scipy.special import {', '.join(sorted(needed))}\n\n\n"
    code += _ETA_SQUARED + ("" if number_target else _CRAMER)
    code += f"numbers = {py(numbers)}\ncategories = {py(categories)}\nfound = []\n"
    if number_target:
        code += "for name in numbers:\n"
        code += (
            f"    [(r, n)] = db.execute({sql_line('SELECT finite(corr(y, x)), regr_count(y, x) FROM (SELECT ')} + quoted(name)\n"
        )
        code += f"                          + {sql_line(f'::DOUBLE AS x, {target} AS y FROM {source})')}).fetchall()\n"
        code += "    strength = None if r is None else r * r\n"
        code += '    found.append({"column": name, "measure": "r²", "strength": strength, "r": r, "p_value": p_value(r, n), "n": n})\n'
    code += "for name in categories:\n" if number_target else "for name in numbers + categories:\n"
    dtype = '"::VARCHAR"' if number_target else '("::DOUBLE" if name in numbers else "::VARCHAR")'
    code += f"""\
    df = db.execute(
        "SELECT " + quoted(name) + {dtype} + {sql_line(f" AS x, {target} AS y FROM {source} WHERE ")}
        + quoted(name) + {sql_line(f" IS NOT NULL AND {quote(step.target)} IS NOT NULL")}
    ).df()
    x, y = df["x"].to_numpy(), df["y"].to_numpy()
    if name in categories and len(set(x)) > max(2, min(100, len(x) / 2)):
        continue  # names rather than categories: almost every row its own
"""
    if number_target:
        code += '    measure, (strength, p) = "eta²", eta_squared(x, y)\n'
    else:
        code += '    if name in numbers:\n        measure, (strength, p) = "eta²", eta_squared(y, x)\n'
        code += '    else:\n        measure, (strength, p) = "Cramér\'s V²", cramers_v_squared(x, y)\n'
    code += """\
    found.append({"column": name, "measure": measure, "strength": strength, "r": None, "p_value": p, "n": len(x)})
found = plain(found)
found.sort(key=lambda item: -item["strength"] if item["strength"] is not None else 1)
best = found[0] if found and found[0]["strength"] is not None else {"column": None, "strength": None}
"""
    return code + keep(
        step.id, target=py(step.target), associations="found", strongest='best["column"]', strongest_strength='best["strength"]'
    )


def sql_line(text: str) -> str:
    return repr(text) if '"' in text else py(text)
