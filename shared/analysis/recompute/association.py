"""How strongly columns go with a target: r², eta² or Cramér's V², from the same sums as the tests."""

from typing import Any

import numpy as np

from shared.analysis.plan import Associate
from shared.analysis.recompute import Alike
from shared.analysis.recompute.columns import Column, Table
from shared.analysis.recompute.conditions import Refs
from shared.analysis.recompute.correlations import correlations
from shared.analysis.recompute.grouping import Groups, everything, ranks
from shared.analysis.recompute.samples import variance_ratio
from shared.analysis.recompute.significance import chi_square_of

Result = dict[str, Any]
MOST_CATEGORIES = 100


def associate(step: Associate, table: Table, refs: Refs) -> Result:
    target = table[step.target]
    names = [name for name in step.columns or table.names if name != step.target and _says_something(table[name])]
    told = [{"column": name, **_strength(table[name], target, table.rows)} for name in names]
    told.sort(key=lambda one: -one["strength"] if one["strength"] is not None else 1.0)
    return {"target": step.target, "associations": told, **strongest(told)}


def strongest(told: list[Result]) -> Result:
    """The first of the associations, and which others are as strong up to rounding."""
    best = told[0]["strength"] if told else None
    if best is None:
        return {"strongest": None, "strongest_strength": None}
    alike = [one["column"] for one in told if one["strength"] is not None and best - one["strength"] <= 1e-9 * best + 1e-12]
    return {"strongest": Alike(told[0]["column"], alike), "strongest_strength": best}


def _says_something(c: Column) -> bool:
    """Numbers do, and categories neither too many nor too fine."""
    if c.type in ("BIGINT", "DOUBLE", "BOOLEAN"):
        return True
    distinct = ranks(c)[1] if c.type == "VARCHAR" else len(c.values)
    return distinct <= MOST_CATEGORIES and 2 * distinct <= len(c.values)


def _strength(x: Column, y: Column, rows: int) -> Result:
    numbers = [c.type in ("BIGINT", "DOUBLE") for c in (x, y)]
    if all(numbers):
        found = correlations(x, y, everything(rows), "pearson")[0]
        return {**found, "strength": None if found["r"] is None else found["r"] ** 2}
    both = x.valid & y.valid
    if any(numbers):
        number, category = (x, y) if numbers[0] else (y, x)
        codes, count = ranks(category)
        samples = [number.floats()[rows] for rows in Groups(np.where(both, codes, -1), count, []).members()]
        _, p, eta = variance_ratio(samples)
        return {"strength": eta, "r": None, "p_value": p, "n": int(both.sum())}
    counts = np.zeros((ranks(x)[1], ranks(y)[1]))
    np.add.at(counts, (ranks(x)[0][both], ranks(y)[0][both]), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n, smaller = int(both.sum()), min(counts.shape) - 1
    if smaller < 1:
        return {"strength": None, "r": None, "n": n}
    return {"strength": chi_square_of(counts, False)[0] / n / smaller, "r": None, "n": n}
