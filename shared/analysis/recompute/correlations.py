"""Correlations the other way round: SQL gives sums of deviations and ranks, `scipy.special` the p-values."""

import math
from functools import cache
from itertools import combinations
from typing import Any

import duckdb
import numpy as np

from shared.analysis.plan import Correlate
from shared.analysis.recompute import Alike, Inexact, near
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table
from shared.analysis.recompute.conditions import Refs
from shared.analysis.recompute.grouping import Groups, everything, group

Result = dict[str, Any]
MOST_PAIRS = 400
MOST_RANKED = 5_000_000


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


def correlate(step: Correlate, table: Table, refs: Refs) -> Result:
    if step.x is not None and step.y is not None:
        groups = group(table, step.by)
        found = correlations(table[step.x], table[step.y], groups, step.method)
        if not step.by:
            return found[0]
        return {"groups": {name: one for name, one in zip(groups.names(), found, strict=True) if one["n"]}}
    columns = [name for name in step.columns or [] if name != step.target]
    pairs = [(name, step.target) for name in columns] if step.target else list(combinations(columns, 2))
    if len(pairs) > MOST_PAIRS:
        raise CannotRecompute(f"{len(pairs):,} pairs are too many")
    one = everything(table.rows)
    told = [{"x": x, "y": y, **correlations(table[x], table[y], one, step.method)[0]} for x, y in pairs]
    told.sort(key=lambda pair: -abs(pair["r"]) if pair["r"] is not None else 1.0)
    result: Result = {"pairs": told}
    if step.target:
        result["by_column"] = {pair["x"]: pair["r"] for pair in told}
    names = [pair["x"] if step.target else f"{pair['x']} ~ {pair['y']}" for pair in told if pair["r"] is not None]
    r = [pair["r"] for pair in told if pair["r"] is not None]
    for which, order in (("strongest", np.abs(r)), ("highest", np.array(r)), ("lowest", -np.array(r))):
        at = int(np.argmax(order)) if r else None
        result[which] = (
            None if at is None else Alike(names[at], [n for n, v in zip(names, order, strict=True) if near(v, order[at])])
        )
        result[f"{which}_r"] = None if at is None else r[at]
    return result


def correlations(a: Column, b: Column, groups: Groups, method: str) -> list[Result]:
    """{r, p_value, n} for each group. A correlation of ranks takes three rows, a p-value too."""
    used = a.valid & b.valid & (groups.of_row >= 0)
    x, y, g = a.floats()[used], b.floats()[used], groups.of_row[used]
    if method == "kendall":
        return [_kendall(x[rows], y[rows]) for rows in Groups(g, groups.count, []).members()]
    if method == "spearman" and len(x) > MOST_RANKED:
        raise CannotRecompute(f"ranking {len(x):,} rows takes too long")
    place = "rank() OVER (PARTITION BY g ORDER BY {0}) + (count(*) OVER (PARTITION BY g, {0}) - 1) / 2.0::DOUBLE AS {0}"
    values = f"(SELECT g, {place.format('x')}, {place.format('y')} FROM t)" if method == "spearman" else "t"
    rows = sql(
        f"""
        WITH m AS (
            SELECT g, count(*) AS n, avg(x) AS mx, avg(y) AS my, min(x) < max(x) AND min(y) < max(y) AS vary
            FROM {values} GROUP BY g
        )
        SELECT g, any_value(n), any_value(vary), sum((x - mx) * (y - my)), sum((x - mx) ** 2), sum((y - my) ** 2)
        FROM {values} JOIN m USING (g) GROUP BY g
        """,
        g=g, x=x, y=y,
    )  # fmt: skip
    told: list[Result] = [{"r": None, "p_value": None, "n": 0} for _ in range(groups.count)]
    for k, n, vary, sxy, sxx, syy in rows:
        r = (
            max(-1.0, min(1.0, sxy / math.sqrt(sxx) / math.sqrt(syy)))
            if vary and sxx > 0 and syy > 0 and (n > 2 or method == "pearson")
            else None
        )
        told[k] = {"r": r, "p_value": correlation_p(r, n), "n": n}
    return told


def correlation_p(r: float | None, n: int) -> float | None:
    """Two-sided, by Student's t. Near |r| = 1 p hangs on the last digits of r, which its scale says."""
    from scipy.special import stdtr

    if r is None or n < 3:
        return None

    def p(size: float) -> float:
        t = math.inf if size >= 1 else size * math.sqrt((n - 2) / ((1 - size) * (1 + size)))
        return float(2 * stdtr(n - 2, -t))

    size = min(abs(r), 1.0)
    return Inexact(p(size), max(1.0, (p(size - 1e-14) - p(size)) * 1e12))


def _kendall(x: Array, y: Array) -> Result:
    """Tau-b over all pairs; p exact for small samples without ties, else normal."""
    from scipy.special import ndtr

    n = len(x)
    if n > 5_000:
        raise CannotRecompute(f"Kendall's tau of {n:,} rows takes too long")
    if n < 3:
        return {"r": None, "p_value": None, "n": n}
    balance = sum(int((np.sign(x[i + 1 :] - x[i]) * np.sign(y[i + 1 :] - y[i])).sum()) for i in range(n - 1))
    pairs = n * (n - 1) // 2
    ties = [np.unique(v, return_counts=True)[1].astype("float64") for v in (x, y)]
    tied_x, tied_y = (float((t * (t - 1) / 2).sum()) for t in ties)
    if tied_x == pairs or tied_y == pairs:
        return {"r": None, "p_value": None, "n": n}
    r = balance / math.sqrt(pairs - tied_x) / math.sqrt(pairs - tied_y)
    discordant = (pairs - balance) // 2
    if tied_x == tied_y == 0 and (n <= 33 or min(discordant, pairs - discordant) <= 1):
        return {"r": r, "p_value": _kendall_exact(n, min(discordant, pairs - discordant)), "n": n}
    (x0, x1), (y0, y1) = ((float((t * (t - 1) * (t - 2)).sum()), float((t * (t - 1) * (2 * t + 5)).sum())) for t in ties)
    m = n * (n - 1.0)
    var = (m * (2 * n + 5) - x1 - y1) / 18 + 2 * tied_x * tied_y / m + (x0 * y0 / (9 * m * (n - 2)) if n > 2 else 0)
    return {"r": r, "p_value": float(2 * ndtr(-abs(balance) / math.sqrt(var))), "n": n}


def _kendall_exact(n: int, discordant: int) -> float:
    """Twice the share of the n! orders with at most so many inversions."""
    if 4 * discordant >= n * (n - 1):
        return 1.0
    ways = [1] + [0] * discordant
    for size in range(2, n + 1):  # a further item can add 0 .. size - 1 inversions
        ways = [sum(ways[max(0, at - size + 1) : at + 1]) for at in range(discordant + 1)]
    return min(1.0, 2 * sum(ways) / math.factorial(n))
