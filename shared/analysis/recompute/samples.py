"""Tests that compare samples of numbers: SQL gives moments and ranks, `scipy.special` the p-values."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import duckdb
import numpy as np

from shared.analysis.plan import Compare, Test
from shared.analysis.recompute import HANGS, Inexact
from shared.analysis.recompute.columns import Array, CannotRecompute, Table, as_text
from shared.analysis.recompute.conditions import matches
from shared.analysis.recompute.grouping import group, hangs_on_rounding

Result = dict[str, Any]


def sql(query: str, **columns: Array) -> list[tuple[Any, ...]]:
    """The rows a query over these columns (the table `t`) gives."""
    with _database().cursor() as db:
        db.register("t", columns)
        return db.execute(query).fetchall()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"enable_external_access": False, "memory_limit": "1GB"})


def finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def chosen(step: Test, table: Table) -> tuple[list[str], list[Array]]:
    """The groups of `by` (all, or those picked, in the order they were picked) and the row numbers of each."""
    assert step.by is not None
    if step.groups is None:
        groups = group(table, [step.by])
        return groups.names(), groups.members()
    found = [matches(Compare(column=step.by, op="==", value=value), table, lambda ref: None) for value in step.groups]
    rows = [np.flatnonzero(which) for which in found]
    texts = [table[step.by].take(which[:1]).texts() for which in rows]
    return [str((text or [as_text(v)])[0]) for text, v in zip(texts, step.groups, strict=True)], rows


def stacked(samples: Sequence[Array]) -> dict[str, Array]:
    return {"g": np.repeat(np.arange(len(samples)), [len(x) for x in samples]), "x": np.concatenate(samples)}


def ratio(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    return a / b


def two(samples: Sequence[Any]) -> None:
    if len(samples) != 2:
        raise CannotRecompute(f"the test takes two groups, there are {len(samples)}")


def samples_of(step: Test, table: Table) -> tuple[list[str], list[Array]]:
    """The samples compared, as numbers, each with its name."""
    ranked = step.kind in ("mann_whitney", "kruskal")
    if ranked and any(hangs_on_rounding(table[name]) for name in step.columns or [str(step.column)]):
        raise CannotRecompute(HANGS)
    if step.columns:
        columns = [table[name] for name in step.columns]
        together = step.kind == "t_test_paired"
        there = np.logical_and.reduce([c.valid for c in columns])
        return step.columns, [c.floats()[there if together else c.valid] for c in columns]
    assert step.column is not None
    c = table[step.column]
    if step.by is None:
        return [step.column], [c.floats()[c.valid]]
    names, rows = chosen(step, table)
    return names, [c.floats()[which[c.valid[which]]] for which in rows]


Moments = tuple[int, float, float]  # n, mean, sample variance


def _moments(samples: Sequence[Array]) -> list[Moments]:
    rows = sql("SELECT g, count(*), avg(x), var_samp(x), min(x) = max(x) FROM t GROUP BY g", **stacked(samples))
    by_group = {g: (n, mean, 0.0 if flat and n > 1 else math.nan if var is None else var) for g, n, mean, var, flat in rows}
    return [by_group.get(k, (0, math.nan, math.nan)) for k in range(len(samples))]


def described(names: Sequence[str], samples: Sequence[Array], picked: bool) -> Result:
    rows = sql("SELECT g, count(*), avg(x), median(x), stddev_samp(x) FROM t GROUP BY g", **stacked(samples))
    by_group = {g: {"n": n, "mean": mean, "median": median, "std": std} for g, n, mean, median, std in rows}
    nothing = {"n": 0, "mean": None, "median": None, "std": None}
    return {name: by_group.get(k, nothing) for k, name in enumerate(names) if k in by_group or picked}


def _t_p(t: float, df: float, alternative: str) -> float | None:
    from scipy.special import stdtr

    tails: dict[str, Callable[[], Any]] = {
        "two-sided": lambda: 2 * stdtr(df, -abs(t)), "less": lambda: stdtr(df, t), "greater": lambda: stdtr(df, -t),
    }  # fmt: skip
    return finite(tails[alternative]()) if math.isfinite(t) else None


def _t_test(step: Test, samples: list[Array]) -> Result:
    two(samples)
    (n1, m1, v1), (n2, m2, v2) = _moments(samples)
    pooled = ratio(sum((n - 1) * v for n, v in ((n1, v1), (n2, v2)) if n > 1), n1 + n2 - 2)
    if step.equal_var:
        df, error = float(n1 + n2 - 2), pooled * (1 / max(n1, 1) + 1 / max(n2, 1))
    else:
        e1, e2 = ratio(v1, n1), ratio(v2, n2)
        error = e1 + e2
        df = ratio(error**2, ratio(e1**2, n1 - 1) + ratio(e2**2, n2 - 1))
    t = ratio(m1 - m2, math.sqrt(error))
    effect = ratio(m1 - m2, math.sqrt(pooled)) if min(n1, n2) > 1 else math.nan
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
        two(samples)
        x = samples[0] - samples[1]
    n, mean, var = _moments([x])[0]
    mu = step.mu if step.kind == "t_test_1sample" else 0.0
    t, error = ratio(mean - mu, math.sqrt(ratio(var, n))), ratio(var, n)
    return {"n": n, "statistic": _noisy(t, samples, error), "p_value": _t_p(t, n - 1, step.alternative), "df": float(n - 1),
            "effect": _noisy(ratio(mean - mu, math.sqrt(var)), samples, var)}  # fmt: skip


def variance_ratio(samples: list[Array]) -> tuple[float | None, float | None, float | None]:
    """F, its p-value and eta² of a one-way analysis of variance."""
    from scipy.special import fdtrc

    samples = [x for x in samples if len(x)]
    moments = _moments(samples) if samples else []
    k, n = len(moments), sum(m[0] for m in moments)
    if k < 2:
        return None, None, None
    grand = sum(m[0] * m[1] for m in moments) / n
    between = sum(m[0] * (m[1] - grand) ** 2 for m in moments)
    within = sum((m[0] - 1) * m[2] for m in moments if m[0] > 1)
    f = ratio(between / (k - 1), within / (n - k)) if n > k else math.nan
    return finite(f), finite(fdtrc(k - 1, n - k, f)), finite(ratio(between, between + within))


def _anova(step: Test, samples: list[Array]) -> Result:
    f, p, eta = variance_ratio(samples)
    return {"statistic": f, "p_value": p, "df": _degrees(samples), "effect": eta}


def _levene(step: Test, samples: list[Array]) -> Result:
    f, p, _ = variance_ratio([np.abs(x - np.median(x)) for x in samples if len(x)])
    return {"statistic": f, "p_value": p, "df": _degrees(samples)}


def _degrees(samples: list[Array]) -> list[int]:
    """Between and within groups."""
    sizes = [len(x) for x in samples if len(x)]
    return [len(sizes) - 1, sum(sizes) - len(sizes)]


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
        **stacked(samples),
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
    return {"statistic": Inexact(h, 3.0 * (n + 1)), "p_value": finite(chdtrc(df, h)), "df": df,
            "effect": None if n <= df + 1 else max(0.0, (h - df) / (n - df - 1))}  # fmt: skip


def _mann_whitney(step: Test, samples: list[Array]) -> Result:
    from scipy.special import ndtr

    two(samples)
    n1, n2 = len(samples[0]), len(samples[1])
    if not n1 or not n2:
        return {"statistic": None, "p_value": None}
    sums, ties = _rank_sums(samples)
    u = sums[0] - n1 * (n1 + 1) / 2
    tested = {"two-sided": max(u, n1 * n2 - u), "greater": u, "less": n1 * n2 - u}[step.alternative]
    sides = 2 if step.alternative == "two-sided" else 1
    told = {"statistic": u, "effect": Inexact(2 * u / (n1 * n2) - 1, 1.0)}
    if min(n1, n2) <= 8 and ties == 0:
        return {**told, "p_value": min(1.0, sides * _u_tail(n1, n2, round(tested)))}
    n = n1 + n2
    std = math.sqrt(n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1))))
    z = ratio(tested - n1 * n2 / 2 - 0.5, std)
    return {**told, "p_value": finite(min(1.0, sides * float(ndtr(-z))))}


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


OF_SAMPLES: dict[str, Callable[[Test, list[Array]], Result]] = {
    "t_test": _t_test, "t_test_1sample": _t_one, "t_test_paired": _t_one, "anova": _anova, "levene": _levene,
    "bartlett": _bartlett, "kruskal": _kruskal, "mann_whitney": _mann_whitney, "jarque_bera": _jarque_bera,
}  # fmt: skip
