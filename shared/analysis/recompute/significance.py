"""Hypothesis tests the other way round: what they share, and the tests of counts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from shared.analysis.plan import Compare, Test
from shared.analysis.recompute.columns import Array, CannotRecompute, Table
from shared.analysis.recompute.conditions import Refs, matches
from shared.analysis.recompute.grouping import group
from shared.analysis.recompute.samples import OF_SAMPLES, chosen, described, finite, ratio, samples_of, sql, stacked, two

Result = dict[str, Any]


def test(step: Test, table: Table, refs: Refs) -> Result:
    if step.kind in OF_COUNTS:
        result = OF_COUNTS[step.kind](step, table)
    elif step.kind in OF_SAMPLES:
        names, samples = samples_of(step, table)
        result = {"n": sum(len(x) for x in samples), **OF_SAMPLES[step.kind](step, samples)}
        if len(names) > 1 and step.kind != "t_test_paired":
            result["groups"] = described(names, samples, step.groups is not None or step.columns is not None)
    else:
        raise CannotRecompute(f"the second engine has no {step.kind.replace('_', ' ')} test")
    if result["statistic"] is None and step.kind in OF_SAMPLES:
        result.pop("df", None)
    p = result["p_value"]
    return {**result, "alpha": step.alpha, "significant": p is not None and bool(p < step.alpha)}


def _counts(step: Test, table: Table) -> Array:
    """How often each value of `column` meets each group of `by` (rows, groups); empty rows and columns left out."""
    assert step.column is not None and step.by is not None
    values = group(table, [step.column])
    _, rows = chosen(step, table)
    rows_of = [of_row[of_row >= 0] for of_row in (values.of_row[which] for which in rows)]
    counts = np.zeros((values.count, len(rows)))
    for g, x, count in sql("SELECT g, x::BIGINT, count(*) FROM t GROUP BY 1, 2", **stacked(rows_of)):
        counts[x, g] = count
    there: Array = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    return there


def _chi_square(step: Test, table: Table) -> Result:
    counts = _counts(step, table)
    n, df = int(counts.sum()), (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if df <= 0:
        return {"n": n, "df": max(df, 0), "statistic": 0.0, "p_value": 1.0}
    statistic, p = chi_square_of(counts, df == 1)
    effect = math.sqrt(chi_square_of(counts, False)[0] / n / (min(counts.shape) - 1))
    return {"n": n, "df": df, "statistic": statistic, "p_value": p, "effect": effect}


def chi_square_of(counts: Array, yates: bool) -> tuple[float, float | None]:
    """The statistic and p-value of a table of counts (rows, columns), none of them empty."""
    from scipy.special import chdtrc

    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    away = np.abs(counts - expected)
    away = np.maximum(away - 0.5, 0) if yates else away
    statistic = float((away**2 / expected).sum())
    return statistic, finite(chdtrc((counts.shape[0] - 1) * (counts.shape[1] - 1), statistic))


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
    odds = ratio(a * d, b * c)
    return {"n": int(counts.sum()), "statistic": finite(odds), "p_value": min(1.0, float(chance[within].sum()))}


def _proportion(step: Test, table: Table) -> Result:
    from scipy.special import ndtr

    assert step.column is not None and step.success is not None
    _, rows = chosen(step, table)
    two(rows)
    hit = matches(Compare(column=step.column, op="==", value=step.success), table, lambda ref: None)
    n = [int(table[step.column].valid[which].sum()) for which in rows]
    hits = [int(hit[which].sum()) for which in rows]
    if not all(n):
        return {"n": sum(n), "statistic": None, "p_value": None}
    p = sum(hits) / sum(n)
    z = ratio(hits[0] / n[0] - hits[1] / n[1], math.sqrt(p * (1 - p) * (1 / n[0] + 1 / n[1])))
    tail = {"two-sided": 2 * ndtr(-abs(z)), "less": ndtr(z), "greater": ndtr(-z)}[step.alternative]
    return {"n": sum(n), "statistic": finite(z), "p_value": finite(tail)}


OF_COUNTS: dict[str, Callable[[Test, Table], Result]] = {
    "chi_square": _chi_square, "fisher_exact": _fisher, "proportion_z": _proportion,
}  # fmt: skip
