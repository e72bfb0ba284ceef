"""Hypothesis tests the other way round: SQL gives counts, moments and ranks, `scipy.special` the p-values."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shared.analysis.plan import Compare, Test
from shared.analysis.recompute import Inexact
from shared.analysis.recompute.columns import Array, CannotRecompute, Table, as_text, group
from shared.analysis.recompute.conditions import Refs, matches
from shared.analysis.recompute.correlations import finite, sql

Result = dict[str, Any]


def test(step: Test, table: Table, refs: Refs) -> Result:
    if step.kind in _CATEGORIES:
        result = _CATEGORIES[step.kind](step, table)
    elif step.kind in _SAMPLES:
        names, samples = _samples(step, table)
        result = {"n": sum(len(x) for x in samples), **_SAMPLES[step.kind](step, samples)}
        if len(names) > 1 and step.kind != "t_test_paired":
            result["groups"] = _described(names, samples, step.groups is not None or step.columns is not None)
    else:
        raise CannotRecompute(f"the second engine has no {step.kind.replace('_', ' ')} test")
    p = result.get("p_value")
    if result["statistic"] is None:
        result.pop("df", None)
    return {**result, "alpha": step.alpha, "significant": p is not None and bool(p < step.alpha)}


def _samples(step: Test, table: Table) -> tuple[list[str], list[Array]]:
    """The samples compared, as numbers, each with its name."""
    if step.columns:
        columns = [table[name] for name in step.columns]
        together = step.kind == "t_test_paired"
        there = np.logical_and.reduce([c.valid for c in columns])
        return step.columns, [c.floats()[there if together else c.valid] for c in columns]
    assert step.column is not None
    c = table[step.column]
    if step.by is None:
        return [step.column], [c.floats()[c.valid]]
    names, rows = _chosen(step, table)
    return names, [c.floats()[which & c.valid] for which in rows]


def _chosen(step: Test, table: Table) -> tuple[list[str], list[Array]]:
    """The groups of `by` (all, or those picked, in the order they were picked) and the rows (n,) bool of each."""
    assert step.by is not None
    if step.groups is None:
        groups = group(table, [step.by])
        return groups.names(), [groups.of_row == k for k in range(groups.count)]
    rows = [matches(Compare(column=step.by, op="==", value=value), table, lambda ref: None) for value in step.groups]
    texts = [table[step.by].take(np.flatnonzero(which)[:1]).texts() for which in rows]
    return [str((text or [as_text(v)])[0]) for text, v in zip(texts, step.groups, strict=True)], rows


def _stacked(samples: Sequence[Array]) -> dict[str, Array]:
    return {"g": np.repeat(np.arange(len(samples)), [len(x) for x in samples]), "x": np.concatenate(samples)}


Moments = tuple[int, float, float]  # n, mean, sample variance


def _moments(samples: Sequence[Array]) -> list[Moments]:
    rows = sql("SELECT g, count(*), avg(x), var_samp(x), min(x) = max(x) FROM t GROUP BY g", **_stacked(samples))
    by_group = {
        g: (n, mean, 0.0 if flat and n > 1 else math.nan if var is None else var) for g, n, mean, var, flat in rows
    }
    return [by_group.get(k, (0, math.nan, math.nan)) for k in range(len(samples))]


def _described(names: Sequence[str], samples: Sequence[Array], picked: bool) -> Result:
    rows = sql("SELECT g, count(*), avg(x), median(x), stddev_samp(x) FROM t GROUP BY g", **_stacked(samples))
    by_group = {g: {"n": n, "mean": mean, "median": median, "std": std} for g, n, mean, median, std in rows}
    nothing = {"n": 0, "mean": None, "median": None, "std": None}
    return {name: by_group.get(k, nothing) for k, name in enumerate(names) if k in by_group or picked}


def _t_p(t: float, df: float, alternative: str) -> float | None:
    from scipy.special import stdtr

    tails: dict[str, Callable[[], Any]] = {
        "two-sided": lambda: 2 * stdtr(df, -abs(t)), "less": lambda: stdtr(df, t), "greater": lambda: stdtr(df, -t),
    }  # fmt: skip
    return finite(tails[alternative]())


def _ratio(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    return a / b


def _two(samples: Sequence[Any]) -> None:
    if len(samples) != 2:
        raise CannotRecompute(f"the test takes two groups, there are {len(samples)}")


def _t_test(step: Test, samples: list[Array]) -> Result:
    _two(samples)
    (n1, m1, v1), (n2, m2, v2) = _moments(samples)
    pooled = _ratio(sum((n - 1) * v for n, v in ((n1, v1), (n2, v2)) if n > 1), n1 + n2 - 2)
    if step.equal_var:
        df, error = float(n1 + n2 - 2), pooled * (1 / max(n1, 1) + 1 / max(n2, 1))
    else:
        e1, e2 = _ratio(v1, n1), _ratio(v2, n2)
        error = e1 + e2
        df = _ratio(error**2, _ratio(e1**2, n1 - 1) + _ratio(e2**2, n2 - 1))
    t = _ratio(m1 - m2, math.sqrt(error))
    effect = _ratio(m1 - m2, math.sqrt(pooled))
    return {"statistic": _noisy(t, samples, error), "p_value": _t_p(t, df, step.alternative), "df": finite(df),
            "effect": _noisy(effect, samples, pooled)}  # fmt: skip


def _noisy(value: float, samples: Sequence[Array], variance: float) -> float | None:
    """A difference of means over its error: as exact as the means are."""
    size = max((float(np.abs(x).max()) for x in samples if len(x)), default=0.0)
    known = finite(value)
    return known if known is None or variance == 0 else Inexact(known, max(1.0, size / math.sqrt(variance)))


def _t_one(step: Test, samples: list[Array]) -> Result:
    x = samples[0]
    if step.kind == "t_test_paired":
        _two(samples)
        x = samples[0] - samples[1]
    n, mean, var = _moments([x])[0]
    mu = step.mu if step.kind == "t_test_1sample" else 0.0
    t, error = _ratio(mean - mu, math.sqrt(_ratio(var, n))), _ratio(var, n)
    return {"n": n, "statistic": _noisy(t, samples, error), "p_value": _t_p(t, n - 1, step.alternative), "df": float(n - 1),
            "effect": _noisy(_ratio(mean - mu, math.sqrt(var)), samples, var)}  # fmt: skip


def _variance_ratio(samples: list[Array]) -> tuple[float | None, float | None, float | None]:
    """F, its p-value and eta² of a one-way analysis of variance."""
    from scipy.special import fdtrc

    moments = [m for m in _moments(samples) if m[0] > 0]
    k, n = len(moments), sum(m[0] for m in moments)
    if k < 2:
        return None, None, None
    grand = sum(m[0] * m[1] for m in moments) / n
    between = sum(m[0] * (m[1] - grand) ** 2 for m in moments)
    within = sum((m[0] - 1) * m[2] for m in moments if m[0] > 1)
    f = _ratio(between / (k - 1), within / (n - k)) if n > k else math.nan
    return finite(f), finite(fdtrc(k - 1, n - k, f)), finite(_ratio(between, between + within))


def _anova(step: Test, samples: list[Array]) -> Result:
    f, p, eta = _variance_ratio(samples)
    return {"statistic": f, "p_value": p, "effect": eta}


def _levene(step: Test, samples: list[Array]) -> Result:
    f, p, _ = _variance_ratio([np.abs(x - np.median(x)) for x in samples if len(x)])
    return {"statistic": f, "p_value": p}


def _bartlett(step: Test, samples: list[Array]) -> Result:
    from scipy.special import chdtrc

    moments = _moments(samples)
    k, n = len(moments), sum(m[0] for m in moments)
    if k < 2 or any(m[0] < 2 or m[2] <= 0 for m in moments):
        return {"statistic": None, "p_value": None}
    pooled = sum((m[0] - 1) * m[2] for m in moments) / (n - k)
    top = (n - k) * math.log(pooled) - sum((m[0] - 1) * math.log(m[2]) for m in moments)
    statistic = top / (1 + (sum(1 / (m[0] - 1) for m in moments) - 1 / (n - k)) / (3 * (k - 1)))
    return {"statistic": statistic, "p_value": finite(chdtrc(k - 1, statistic))}


def _rank_sums(samples: list[Array]) -> tuple[list[float], float]:
    """Each sample's sum of ranks among all values (ties share the mean), and the sum of t³ - t over the ties."""
    rows = sql(
        """
        SELECT g, sum(r), (SELECT sum(c ** 3 - c) FROM (SELECT count(*)::DOUBLE AS c FROM t GROUP BY x))
        FROM (SELECT g, rank() OVER (ORDER BY x) + (count(*) OVER (PARTITION BY x) - 1) / 2.0::DOUBLE AS r FROM t) GROUP BY g
        """,
        **_stacked(samples),
    )
    by_group = {g: float(total) for g, total, _ in rows}
    return [by_group.get(k, 0.0) for k in range(len(samples))], float(rows[0][2]) if rows else 0.0


def _kruskal(step: Test, samples: list[Array]) -> Result:
    from scipy.special import chdtrc

    samples = [x for x in samples if len(x)]
    sums, ties = _rank_sums(samples)
    n = sum(len(x) for x in samples)
    if len(samples) < 2 or ties >= n**3 - n:
        return {"statistic": None, "p_value": None}
    h = 12 / (n * (n + 1)) * sum(r * r / len(x) for r, x in zip(sums, samples, strict=True)) - 3 * (n + 1)
    h /= 1 - ties / (n**3 - n)
    df = len(samples) - 1
    return {"statistic": Inexact(h, 3.0 * (n + 1)), "p_value": finite(chdtrc(df, h)), "df": df}


def _mann_whitney(step: Test, samples: list[Array]) -> Result:
    from scipy.special import ndtr

    _two(samples)
    n1, n2 = len(samples[0]), len(samples[1])
    if not n1 or not n2:
        return {"statistic": None, "p_value": None}
    sums, ties = _rank_sums(samples)
    u = sums[0] - n1 * (n1 + 1) / 2
    tested = {"two-sided": max(u, n1 * n2 - u), "greater": u, "less": n1 * n2 - u}[step.alternative]
    sides = 2 if step.alternative == "two-sided" else 1
    if min(n1, n2) <= 8 and ties == 0:
        return {"statistic": u, "p_value": min(1.0, sides * _u_tail(n1, n2, round(tested)))}
    n = n1 + n2
    std = math.sqrt(n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1))))
    z = _ratio(tested - n1 * n2 / 2 - 0.5, std)
    return {"statistic": u, "p_value": finite(min(1.0, sides * float(ndtr(-z))))}


def _u_tail(n1: int, n2: int, u: int) -> float:
    """The share of the orders of n1 + n2 values in which U is at least u (by symmetry: at most n1·n2 - u)."""
    small, large, most = min(n1, n2), max(n1, n2), n1 * n2 - u
    if small * large > 4_000:
        raise CannotRecompute("the exact distribution of U is too large")
    ways = [[1] + [0] * most] + [[0] * (most + 1) for _ in range(small)]  # by how many were taken, and their U
    for value in range(n1 + n2):
        for taken in range(min(small, value + 1), 0, -1):
            shift = value - taken + 1
            if shift <= most:
                row = ways[taken - 1]
                ways[taken] = [w + (row[at - shift] if at >= shift else 0) for at, w in enumerate(ways[taken])]
    return sum(ways[small]) / math.comb(n1 + n2, small)


def _jarque_bera(step: Test, samples: list[Array]) -> Result:
    from scipy.special import chdtrc

    x = samples[0]
    if len(x) < 2 or x.min() == x.max():
        return {"statistic": None, "p_value": None}
    query = "SELECT avg((x - m) ** 2), avg((x - m) ** 3), avg((x - m) ** 4) FROM t, (SELECT avg(x) AS m FROM t)"
    m2, m3, m4 = sql(query, x=x)[0]
    statistic = len(x) / 6 * (m3**2 / m2**3 + (m4 / m2**2 - 3) ** 2 / 4)
    return {"statistic": Inexact(statistic, float(len(x))), "p_value": finite(chdtrc(2, statistic))}


_SAMPLES: dict[str, Callable[[Test, list[Array]], Result]] = {
    "t_test": _t_test, "t_test_1sample": _t_one, "t_test_paired": _t_one, "anova": _anova, "levene": _levene,
    "bartlett": _bartlett, "kruskal": _kruskal, "mann_whitney": _mann_whitney, "jarque_bera": _jarque_bera,
}  # fmt: skip


# --- tests of counts --------------------------------------------------------------------------------------------


def _counts(step: Test, table: Table) -> Array:
    """How often each value of `column` meets each group of `by` (rows, groups); empty rows and columns left out."""
    assert step.column is not None and step.by is not None
    values = group(table, [step.column])
    _, rows = _chosen(step, table)
    rows_of = [values.of_row[which & (values.of_row >= 0)] for which in rows]
    counts = np.zeros((values.count, len(rows)))
    for g, x, count in sql("SELECT g, x::BIGINT, count(*) FROM t GROUP BY 1, 2", **_stacked(rows_of)):
        counts[x, g] = count
    there: Array = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    return there


def _chi_square(step: Test, table: Table) -> Result:
    from scipy.special import chdtrc

    counts = _counts(step, table)
    n, df = int(counts.sum()), (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if df <= 0:
        return {"n": n, "df": max(df, 0), "statistic": 0.0, "p_value": 1.0}
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    away = np.abs(counts - expected)
    away = np.maximum(away - 0.5, 0) if df == 1 else away  # Yates
    statistic = float((away**2 / expected).sum())
    return {"n": n, "df": df, "statistic": statistic, "p_value": finite(chdtrc(df, statistic))}


def _fisher(step: Test, table: Table) -> Result:
    from scipy.special import gammaln

    counts = _counts(step, table)
    if counts.shape != (2, 2):
        raise CannotRecompute("Fisher's exact test takes a 2 by 2 table here")
    (a, b), (c, d) = counts.tolist()
    first, second, left = a + b, c + d, a + c
    x = np.arange(max(0.0, left - second), min(first, left) + 1)  # every table with these margins, by its first cell

    def log_choose(n: Any, k: Any) -> Any:
        return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)

    chance = np.exp(log_choose(first, x) + log_choose(second, left - x) - log_choose(first + second, left))
    here = chance[x == a][0]
    within = {"two-sided": chance <= here * (1 + 1e-9), "less": x <= a, "greater": x >= a}[step.alternative]
    odds = _ratio(a * d, b * c)
    return {"n": int(counts.sum()), "statistic": finite(odds), "p_value": min(1.0, float(chance[within].sum()))}


def _proportion(step: Test, table: Table) -> Result:
    from scipy.special import ndtr

    assert step.column is not None and step.success is not None
    _, rows = _chosen(step, table)
    _two(rows)
    hit = matches(Compare(column=step.column, op="==", value=step.success), table, lambda ref: None)
    n = [int((which & table[step.column].valid).sum()) for which in rows]
    hits = [int((which & hit).sum()) for which in rows]
    if not all(n):
        return {"n": sum(n), "statistic": None, "p_value": None}
    p = sum(hits) / sum(n)
    z = _ratio(hits[0] / n[0] - hits[1] / n[1], math.sqrt(p * (1 - p) * (1 / n[0] + 1 / n[1])))
    tail = {"two-sided": 2 * ndtr(-abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[step.alternative]
    return {"n": sum(n), "statistic": finite(z), "p_value": finite(tail)}


_CATEGORIES: dict[str, Callable[[Test, Table], Result]] = {
    "chi_square": _chi_square, "fisher_exact": _fisher, "proportion_z": _proportion,
}  # fmt: skip
