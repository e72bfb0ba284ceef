"""Hypothesis tests: DuckDB fetches the samples, scipy judges them."""

from shared.analysis.codegen.sql import (
    INTEGERS,
    Columns,
    Tables,
    as_double,
    group_label,
    keep,
    kind,
    literal,
    py,
    query,
    table,
    text,
    type_of,
)
from shared.analysis.expression import quote
from shared.analysis.plan import Scalar, Test

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
            code += 'if len(samples) != 2:\n    raise ValueError(f"Two groups are compared here, not {len(samples)}.")\n'
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
        chosen = (
            f" AND {b}::VARCHAR IN ({', '.join(text(str(g).lower() if isinstance(g, bool) else str(g)) for g in step.groups)})"
        )
    code = "from scipy import stats\n\ndf = " + query(
        f"SELECT {a} AS value, {b} AS name FROM {source}",
        f"WHERE {quote(column)} IS NOT NULL AND {quote(by)} IS NOT NULL{chosen}",
    ) + ".df()\ncounts = pd.crosstab(df.value, df.name)\n"  # fmt: skip
    if step.kind == "fisher_exact":
        code += "if counts.shape != (2, 2):\n"
        code += (
            '    raise ValueError(f"Fisher\'s exact test needs 2 x 2 categories, not {counts.shape[0]} x {counts.shape[1]}.")\n'
        )
        if step.groups:  # the odds are those of the first group named
            code += f"counts = counts[sorted(counts, key=lambda name: {_names(step.groups, columns, by)}.index(key(name)))]\n"
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
