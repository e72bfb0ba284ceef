"""Correlations from their definitions: sums of deviations, ranks, pairs; p-values by `scipy.special`."""

import math
from itertools import combinations
from typing import Any

import numpy as np

from shared.analysis.plan import Correlate
from shared.analysis.recompute import HANGS, Alike, Inexact, near
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table, chunks
from shared.analysis.recompute.conditions import Refs
from shared.analysis.recompute.grouping import Groups, combine, counts, everything, group, hangs_on_rounding, ranks
from shared.analysis.recompute.measures import Sample

Result = dict[str, Any]
MOST_PAIRS = 400
MOST_RANKED = 5_000_000  # rows


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
    both = a.valid & b.valid
    g, k = groups.of_row if both.all() else np.where(both, groups.of_row, np.int32(-1)), groups.count
    if method != "pearson" and any(hangs_on_rounding(c, both) for c in (a, b)):
        raise CannotRecompute(HANGS)
    if method == "kendall":
        return [_kendall(a.floats()[rows], b.floats()[rows]) for rows in Groups(g, k, []).members()]
    if method == "spearman" and len(g) > MOST_RANKED:
        raise CannotRecompute("too large to rank")
    x, y = (_places(c, g, k) if method == "spearman" else c.floats() for c in (a, b))
    sx, sy = Sample(x, g, k), Sample(y, g, k)
    mx, my = np.append(sx.mean, np.nan), np.append(sy.mean, np.nan)
    sxy = np.zeros(k)
    for part in chunks(len(g), k):
        away = (x[part] - mx[g[part]]) * (y[part] - my[g[part]])
        sxy += np.bincount(g[part] + 1, away, k + 1)[1:]
    enough = sx.n > (1 if method == "pearson" else 2)
    with np.errstate(all="ignore"):
        found = np.where(enough, sxy / np.sqrt(sx.moment(2)) / np.sqrt(sy.moment(2)), np.nan)
    told = []
    for r, n in zip(found.tolist(), sx.n.tolist(), strict=True):
        known = max(-1.0, min(1.0, r)) if math.isfinite(r) else None
        told.append({"r": known, "p_value": correlation_p(known, n), "n": n})
    return told


def _places(c: Column, g: Array, k: int) -> Array:
    """Ranks (n,) of the values, counted on from group to group (a correlation does not see the shift); ties share the mean."""
    codes, count = combine([(g, k), ranks(c)])
    each = counts(codes, count)
    return np.append(np.cumsum(each) - (each - 1) / 2, np.nan)[codes]


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
