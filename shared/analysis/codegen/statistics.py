"""Steps that end in a probability: correlate, test, trend, associate. DuckDB fetches or condenses, scipy judges."""

from itertools import combinations

from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Tables,
    as_double,
    as_number,
    fetch,
    fresh,
    keep,
    kind,
    known,
    literal,
    make,
    py,
    query,
    table,
    text,
    type_of,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Associate, Correlate, Scalar, Test, Trend

# scipy.special loads in a quarter of the time of scipy.stats.
P_VALUE = '''\
from scipy.special import stdtr


def p_value(r, n):
    """Of a correlation, two-sided, from Student's t with n - 2 degrees of freedom."""
    if r is None or n < 3 or not abs(r) <= 1:
        return None
    return 2 * stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))) if abs(r) < 1 else 0.0


'''


def group_label(columns: Columns, name: str) -> str:
    """A group key to fetch into pandas, where a date alone would come back as a timestamp."""
    return f"{quote(name)}::VARCHAR" if type_of(columns, name) == "DATE" else quote(name)


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
        paired = f'[(x, {py(step.target)}) for x in columns]' if step.target else "combinations(columns, 2)"
        code = code if step.target else "from itertools import combinations\n\n" + code
        code += "pairs = [\n    {\"x\": x, \"y\": y, \"r\": r, \"p_value\": p_value(r, n), \"n\": n}\n"
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
    code += f"names = [{name} for pair in known]\nr = [pair[\"r\"] for pair in known]\n"
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


# --- test -------------------------------------------------------------------------------------------------------

_TWO = frozenset(["t_test", "mann_whitney", "ks_2sample", "proportion_z"])
_MANY = frozenset(["anova", "kruskal", "levene", "bartlett"])
_PAIRED = frozenset(["t_test_paired", "wilcoxon"])

# Rounding gives equal values a tiny spread, on which a t-test would build a certainty.
_COHEN = """\
varies = (a != a[:1]).any() or (b != b[:1]).any()  # without any spread there is nothing to test against
pooled = math.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2))
effect = (a.mean() - b.mean()) / pooled if varies else None
"""
_ETA = """\
everything = np.concatenate(list(samples.values()))
total = ((everything - everything.mean()) ** 2).sum()
between = sum(len(x) * (x.mean() - everything.mean()) ** 2 for x in samples.values())
effect = between / total if (everything != everything[:1]).any() else None
"""
_SIGNED = """\
moved = (a - b)[a != b]
ranks = stats.rankdata(abs(moved))
effect = ranks[moved > 0].sum() / ranks.sum() - ranks[moved < 0].sum() / ranks.sum() if len(moved) else None
"""


def test(step: Test, tables: Tables) -> str:
    columns, source = tables[step.table], table(step.table)
    alternative = f"alternative={py(step.alternative)}"
    if step.kind in ("chi_square", "fisher_exact"):
        return _contingency(step, columns, source, alternative)
    if step.kind == "proportion_z":
        return _proportions(step, columns, source)
    code = "from scipy import stats\n\n"
    if step.kind == "adf":
        code = "from statsmodels.tsa.stattools import adfuller\n\n"
    groups, effect, effect_name, n = "{}", "None", "None", "len(x)"
    df = "None"
    if step.kind in _PAIRED:
        first, second = step.columns or ["", ""]
        a, b = as_double(columns, first), as_double(columns, second)
        code += "df = " + query(
            f"SELECT {a} AS a, {b} AS b FROM {source}", f"WHERE {quote(first)} IS NOT NULL AND {quote(second)} IS NOT NULL"
        ) + f".df()\na, b = df.a.to_numpy(), df.b.to_numpy()\nsamples = {{{py(first)}: a, {py(second)}: b}}\n"  # fmt: skip
        n = "len(df)"
    elif step.kind in _TWO | _MANY:
        code += _samples(step, columns, source)
        if step.kind in _TWO:
            code += "if len(samples) != 2:\n    raise ValueError(f\"Two groups are compared here, not {len(samples)}.\")\n"
            code += "a, b = samples.values()\n"
        else:
            code += 'if len(samples) < 2:\n    raise ValueError(f"Two or more groups are compared here, not {len(samples)}.")\n'
        n = "sum(map(len, samples.values()))"
    else:
        name = step.column or ""
        code += f"x = {query(f'SELECT {as_double(columns, name)} AS x FROM {source} WHERE {quote(name)} IS NOT NULL')}.df().x.to_numpy()\n"
    match step.kind:
        case "t_test":
            code += f"test = stats.ttest_ind(a, b, equal_var={step.equal_var}, {alternative})\n" + _COHEN
            df, effect, effect_name = "test.df", "effect", "Cohen's d"
        case "t_test_paired":
            code += f"test, moved = stats.ttest_rel(a, b, {alternative}), a - b\n"
            code += "varies = (moved != moved[:1]).any()  # without any spread there is nothing to test against\n"
            code += "effect = moved.mean() / moved.std(ddof=1) if varies else None\n"
            df, effect, effect_name = "test.df", "effect", "Cohen's d"
        case "t_test_1sample":
            code += f"test = stats.ttest_1samp(x, {step.mu!r}, {alternative})\n"
            code += "varies = (x != x[:1]).any()  # without any spread there is nothing to test against\n"
            code += f"effect = (x.mean() - {step.mu!r}) / x.std(ddof=1) if varies else None\n"
            df, effect, effect_name = "test.df", "effect", "Cohen's d"
        case "mann_whitney":
            code += f"test = stats.mannwhitneyu(a, b, {alternative})\n"
            code += "effect = 2 * test.statistic / (len(a) * len(b)) - 1\n"
            effect, effect_name = "effect", "rank-biserial r"
        case "wilcoxon":
            code += f"test = stats.wilcoxon(a, b, {alternative})\n" + _SIGNED
            effect, effect_name = "effect", "rank-biserial r"
        case "ks_2sample":
            code += f"test = stats.ks_2samp(a, b, {alternative})\n"
        case "anova":
            code += "test = stats.f_oneway(*samples.values())\n" + _ETA
            df, effect, effect_name = f"[len(samples) - 1, {n} - len(samples)]", "effect", "eta²"
        case "kruskal":
            code += "test = stats.kruskal(*samples.values())\nk, n = len(samples), sum(map(len, samples.values()))\n"
            code += "effect = max(0.0, (test.statistic - k + 1) / (n - k))\n"
            df, effect, effect_name = "k - 1", "effect", "eta²"
        case "levene":
            code += 'test = stats.levene(*samples.values(), center="median")\n'
            df = f"[len(samples) - 1, {n} - len(samples)]"
        case "bartlett":
            code += "test = stats.bartlett(*samples.values())\n"
            df = "len(samples) - 1"
        case "shapiro" | "normaltest" | "jarque_bera":
            code += f"test = stats.{step.kind}(x)\n"
        case "ks_normal":
            code += 'test = stats.kstest(x, "norm", args=(x.mean(), x.std(ddof=1)))\n'
        case "adf":
            code += "test = adfuller(x, result_object=True)\n"
    statistic, p = "test.statistic", "test.pvalue"
    if step.kind.startswith("t_test"):
        statistic, p = f"{statistic} if varies else None", f"{p} if varies else None"
    if step.kind in _TWO | _MANY | _PAIRED:
        code += 'groups = {\n    name: {"n": len(x), "mean": x.mean(), "median": np.median(x), "std": x.std(ddof=1)}\n'
        code += "    for name, x in samples.items()\n}\n"
        groups = "groups"
    return code + _verdict(step, statistic, p, n, df, groups, effect, effect_name)


def _verdict(step: Test, statistic: str, p: str, n: str, df: str, groups: str, effect: str, effect_name: str) -> str:
    return keep(
        step.id,
        statistic=statistic,
        p_value=p,
        alpha=repr(step.alpha),
        significant=f"bool({p.removesuffix(' if varies else None')} < {step.alpha!r})" + " and bool(varies)" * ("varies" in p),
        n=n,
        df=df,
        groups=groups,
        effect=effect,
        effect_name=effect_name if effect_name == "None" else py(effect_name),
    )


def _samples(step: Test, columns: Columns, source: str) -> str:
    """Python that makes `samples`: group → its values."""
    if step.columns:
        selected = ", ".join(f"{as_double(columns, name)} AS x{i}" for i, name in enumerate(step.columns))
        code = f"df = {query(f'SELECT {selected} FROM {source}')}.df()\ndf.columns = {py(step.columns)}\n"
        return code + "samples = {name: df[name].dropna().to_numpy() for name in df.columns}\n"
    by, column = step.by or "", step.column or ""
    code = "df = " + query(
        f"SELECT {group_label(columns, by)} AS name, {as_double(columns, column)} AS value FROM {source}",
        f"WHERE {quote(by)} IS NOT NULL AND {quote(column)} IS NOT NULL",
    ) + '.df()\n'  # fmt: skip
    code += 'samples = {key(name): part.to_numpy() for name, part in df.groupby("name")["value"]}\n'
    if step.groups:
        code += f"samples = {{name: samples.get(name, np.array([])) for name in {_names(step.groups, columns, by)}}}\n"
    return code


def _names(groups: list[Scalar], columns: Columns, by: str) -> str:
    """Values of a column as the keys their groups have."""
    def name(value: Scalar) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float) and kind(columns, by) == "number":
            return str(int(value)) if type_of(columns, by) in INTEGERS else str(float(value))
        return str(value)

    return py([name(value) for value in groups])


def _contingency(step: Test, columns: Columns, source: str, alternative: str) -> str:
    by, column = step.by or "", step.column or ""
    a, b = group_label(columns, column), group_label(columns, by)
    chosen = ""
    if step.groups:
        chosen = f" AND {b}::VARCHAR IN ({', '.join(text(str(g).lower() if isinstance(g, bool) else str(g)) for g in step.groups)})"
    code = "from scipy import stats\n\ndf = " + query(
        f"SELECT {a} AS value, {b} AS name FROM {source}",
        f"WHERE {quote(column)} IS NOT NULL AND {quote(by)} IS NOT NULL{chosen}",
    ) + ".df()\ncounts = pd.crosstab(df.value, df.name)\n"  # fmt: skip
    if step.kind == "fisher_exact":
        code += "if counts.shape != (2, 2):\n"
        code += '    raise ValueError(f"Fisher\'s exact test needs 2 x 2 categories, not {counts.shape[0]} x {counts.shape[1]}.")\n'
        code += f"test = stats.fisher_exact(counts.to_numpy(), {alternative})\n"
        return code + _verdict(step, "test.statistic", "test.pvalue", "len(df)", "None", "{}", "None", "None")
    code += "if min(counts.shape) < 2:\n"
    code += '    raise ValueError("A chi-square test needs at least two categories on each side.")\n'
    code += "test = stats.chi2_contingency(counts.to_numpy())\n"
    code += "uncorrected = stats.chi2_contingency(counts.to_numpy(), correction=False)\n"
    code += "effect = math.sqrt(uncorrected.statistic / (len(df) * (min(counts.shape) - 1)))\n"
    return code + _verdict(step, "test.statistic", "test.pvalue", "len(df)", "test.dof", "{}", "effect", "Cramér's V")


def _proportions(step: Test, columns: Columns, source: str) -> str:
    by, column = step.by or "", step.column or ""
    hit = f"({quote(column)} = {literal(step.success if step.success is not None else True, type_of(columns, column))})::INTEGER"
    code = "from scipy.special import ndtr\n\nfound = " + query(
        f"SELECT {quote(by)}, count(*), sum({hit}) FROM {source}",
        f"WHERE {quote(by)} IS NOT NULL AND {quote(column)} IS NOT NULL",
        f"GROUP BY {quote(by)} ORDER BY {quote(by)}",
    ) + ".fetchall()\ncounts = {key(name): (n, hits) for name, n, hits in found}\n"  # fmt: skip
    if step.groups:
        code += f"counts = {{name: counts.get(name, (0, 0)) for name in {_names(step.groups, columns, by)}}}\n"
    code += 'if len(counts) != 2:\n    raise ValueError(f"Two groups are compared here, not {len(counts)}.")\n'
    tail = {"two-sided": "2 * ndtr(-abs(z))", "less": "ndtr(z)", "greater": "ndtr(-z)"}[step.alternative]
    code += f"""\
(n1, hits1), (n2, hits2) = counts.values()
z = p = None
if n1 and n2 and 0 < hits1 + hits2 < n1 + n2:
    both = (hits1 + hits2) / (n1 + n2)
    z = (hits1 / n1 - hits2 / n2) / math.sqrt(both * (1 - both) * (1 / n1 + 1 / n2))
    p = {tail}
groups = {{name: {{"n": n, "mean": hits / n if n else None, "median": None, "std": None}} for name, (n, hits) in counts.items()}}
"""
    return code + keep(step.id, statistic="z", p_value="p", alpha=repr(step.alpha), significant=f"p is not None and bool(p < {step.alpha!r})",
                       n="n1 + n2", df="None", groups="groups", effect="None", effect_name="None")  # fmt: skip


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
        code += f"    [(r, n)] = db.execute({sql_line('SELECT finite(corr(y, x)), regr_count(y, x) FROM (SELECT ')} + quoted(name)\n"
        code += f"                          + {sql_line(f'::DOUBLE AS x, {target} AS y FROM {source})')}).fetchall()\n"
        code += '    strength = None if r is None else r * r\n'
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
    return code + keep(step.id, target=py(step.target), associations="found", strongest='best["column"]', strongest_strength='best["strength"]')


def sql_line(text: str) -> str:
    return repr(text) if '"' in text else py(text)
