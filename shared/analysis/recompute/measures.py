"""The measures of `aggregate`: one number for each group, all groups at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.analysis.plan import Measure
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Groups, Table, column, ranks
from shared.analysis.recompute.conditions import Refs, matches


@dataclass(frozen=True, eq=False)
class Sample:
    """The non-null values `x` (n,) of a column and the group `g` (n,) of each, of `k` groups; `n` (k,) values each."""

    x: Array
    g: Array
    k: int

    @property
    def n(self) -> Array:
        return np.bincount(self.g, minlength=self.k)

    def sums(self, x: Array) -> Array:
        """Sums (k,) of x, block by block: one long running sum loses digits."""
        blocks = int(np.clip(len(x) // (64 * max(self.k, 1)), 1, 512))
        block = np.arange(len(x)) * blocks // max(len(x), 1)
        return np.asarray(np.bincount(self.g + self.k * block, x, self.k * blocks).reshape(blocks, self.k).sum(axis=0))

    def means(self) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.sums(self.x) / self.n)

    def moment(self, power: int) -> Array:
        """Sums (k,) of the deviations from the mean to a power; exactly 0 where all values are equal."""
        low, high = self.extremes()
        away = self.x - self.means()[self.g]
        return np.where(low == high, 0.0, self.sums(away**power))

    def extremes(self) -> tuple[Array, Array]:
        """The smallest and largest (k,), in the values' own type."""
        low, high = np.zeros(self.k, self.x.dtype), np.zeros(self.k, self.x.dtype)
        low[self.g], high[self.g] = self.x, self.x  # any value of the group, to begin with
        np.minimum.at(low, self.g, self.x)
        np.maximum.at(high, self.g, self.x)
        return low, high

    def in_order(self) -> tuple["Sample", Array]:
        """Sorted by group and value, and where each group starts (k,)."""
        order = np.argsort(self.x, kind="stable")
        if self.k > 1:
            order = order[np.argsort(self.g[order], kind="stable")]
        return Sample(self.x[order], self.g[order], self.k), np.cumsum(self.n) - self.n

    def runs(self) -> tuple[Array, Array, Array]:
        """The distinct values: each one's group, value and count, in order."""
        s, _ = self.in_order()
        if len(s.x) == 0:
            return s.g, s.x, s.g
        starts = np.flatnonzero(np.append(True, (s.x[1:] != s.x[:-1]) | (s.g[1:] != s.g[:-1])))
        return s.g[starts], s.x[starts], np.diff(np.append(starts, len(s.x)))

    def quantiles(self, *qs: float) -> list[Array]:
        """Linear interpolation between the sorted values' positions 0 .. n - 1."""
        s, start = self.in_order()
        if len(s.x) == 0:
            return [np.full(self.k, np.nan) for _ in qs]
        found = []
        for q in qs:
            place = np.maximum(self.n - 1, 0) * q
            below = np.floor(place).astype("int64")
            above = np.minimum(below + 1, np.maximum(self.n - 1, 0))
            last = len(s.x) - 1
            low, high = s.x[np.minimum(start + below, last)], s.x[np.minimum(start + above, last)]
            found.append(np.where(self.n > 0, low * (1 - place + below) + high * (place - below), np.nan))
        return found


def sample(c: Column, groups: Groups, rows: Array | None = None) -> tuple[Sample, Array]:
    """A column's values in their own type (dates and text as ordered integers), and the rows (n,) they come from."""
    used = c.valid & (groups.of_row >= 0)
    index = np.flatnonzero(used if rows is None else used & rows)
    values = c.values[index]
    values = values if c.type == "DOUBLE" else values.astype("int64")
    return Sample(values, groups.of_row[index], groups.count), index


def measure(m: Measure, table: Table, groups: Groups, refs: Refs) -> tuple[Column, Array, Array | None]:
    """The measure (k,), the number of values it used (k,) and, for sums that may cancel, what was added up (k,)."""
    where = None if m.where is None else matches(m.where, table, refs)
    if m.function in ("share", "percent"):
        return _share(m, table, groups, where)
    if m.column is None:
        n = np.bincount(groups.of_row[(groups.of_row >= 0) & (True if where is None else where)], minlength=groups.count)
        return column("BIGINT", n), n, None
    c = table[m.column]
    if c.computed and m.function in ("distinct", "mode"):
        raise CannotRecompute(f"which values of the computed column {m.column!r} are equal hangs on rounding")
    s, _ = sample(c, groups, where)
    if m.function == "count":
        return column("BIGINT", s.n), s.n, None
    if m.function == "null_count":
        there = (groups.of_row >= 0) & ~c.valid & (True if where is None else where)
        return column("BIGINT", np.bincount(groups.of_row[there], minlength=groups.count)), s.n, None
    if m.function == "distinct":
        return column("BIGINT", np.bincount(s.runs()[0], minlength=groups.count)), s.n, None
    if m.function in ("min", "max", "mode", "first", "last"):
        return c.with_values(_pick(m.function, s).astype(c.values.dtype), s.n > 0), s.n, None
    if not c.is_number:
        raise CannotRecompute(f"`{m.function}` of {m.column!r}, which is not a number")
    if m.function == "sum" and c.type != "DOUBLE":
        return _whole_sum(s), s.n, None
    if m.function == "range" and c.type != "DOUBLE":
        low, high = s.extremes()
        return column("BIGINT", high - low, s.n > 0), s.n, None
    s = Sample(s.x.astype("float64"), s.g, s.k)
    with np.errstate(all="ignore"):
        values = _NUMBERS[m.function](s, m) if m.function in _NUMBERS else _spread(s, m)
        scale = _scale(s, m)
    return column("DOUBLE", values, s.n > 0), s.n, scale


def _pick(function: str, s: Sample) -> Array:
    """One of the values themselves (k,)."""
    if function in ("min", "max"):
        return s.extremes()[function == "max"]
    picked = np.zeros(s.k, s.x.dtype)
    if function == "mode":
        g, x, count = s.runs()
        order = np.lexsort((np.arange(len(g)), -count, g))[::-1]
        g, x = g[order], x[order]  # the smallest of the most frequent is written last and stays
    else:
        g, x = (s.g[::-1], s.x[::-1]) if function == "first" else (s.g, s.x)
    picked[g] = x
    return picked


def _whole_sum(s: Sample) -> Column:
    """Exact: the high and low halves of the integers are summed apart, each within a float's 53 bits."""
    if float(np.abs(s.x.astype("float64")).sum()) >= 2.0**62 or len(s.x) >= 2**27:
        raise CannotRecompute("a sum of whole numbers passes 64 bits")
    high, low = s.x >> 26, s.x & (2**26 - 1)
    parts = [np.bincount(s.g, part.astype("float64"), s.k).astype("int64") for part in (high, low)]
    return column("BIGINT", parts[0] * 2**26 + parts[1], s.n > 0)


def _spread(s: Sample, m: Measure) -> Array:
    """Measures of spread and shape; null where there are too few values."""
    n = s.n.astype("float64")
    m2 = s.moment(2)
    if m.function in ("std", "var", "sem", "cv"):
        variance = np.where(n > m.ddof, m2 / (n - m.ddof), np.nan)
        std = np.sqrt(variance)
        return np.asarray({"var": variance, "std": std, "sem": std / np.sqrt(n), "cv": std / s.means()}[m.function])
    if m.function == "skew":
        biased = s.moment(3) / n / (m2 / n) ** 1.5
        return np.asarray(biased if m.bias else np.where(n > 2, biased * np.sqrt(n * (n - 1)) / (n - 2), np.nan))
    if m.function == "kurtosis":
        biased = s.moment(4) / n / (m2 / n) ** 2
        unbiased = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased - 3 * (n - 1))
        return np.asarray(biased - 3 if m.bias else np.where(n > 3, unbiased, np.nan))
    raise CannotRecompute(f"`{m.function}` is not known here")


def _geometric(s: Sample, _: Measure) -> Array:
    low, _high = s.extremes()
    return np.where(low > 0, np.exp(Sample(np.log(s.x), s.g, s.k).means()), np.nan)


_NUMBERS: dict[str, Callable[[Sample, Measure], Array]] = {
    "sum": lambda s, m: s.sums(s.x),
    "mean": lambda s, m: s.means(),
    "median": lambda s, m: s.quantiles(0.5)[0],
    "quantile": lambda s, m: s.quantiles(m.q or 0.0)[0],
    "iqr": lambda s, m: np.subtract(*s.quantiles(0.75, 0.25)),
    "range": lambda s, m: np.subtract(*s.extremes()[::-1]),
    "geometric_mean": _geometric,
}


def _scale(s: Sample, m: Measure) -> Array | None:
    """What sums add up, where what comes out may be much smaller."""
    size = s.sums(np.abs(s.x))
    if m.function == "sum":
        return size
    mean = size / np.maximum(s.n, 1)
    return {"mean": mean, "std": mean, "sem": mean, "var": mean**2}.get(m.function)


def _share(m: Measure, table: Table, groups: Groups, where: Array | None) -> tuple[Column, Array, Array | None]:
    """The matching part of each group, or the group's part of everything."""
    weights, used = np.ones(table.rows), groups.of_row >= 0
    if m.column is not None:
        weights, used = table[m.column].floats(), used & table[m.column].valid
    whole = Sample(weights[used], groups.of_row[used], groups.count)
    part = whole
    if where is not None:
        part = Sample(weights[used & where], groups.of_row[used & where], groups.count)
    top = part.sums(part.x)
    bottom = whole.sums(whole.x) if where is not None else np.full(groups.count, float(whole.x.sum()))
    with np.errstate(all="ignore"):
        values = np.where(part.n > 0, top, 0.0) / bottom * (100.0 if m.function == "percent" else 1.0)
    return column("DOUBLE", values, (bottom != 0) & (whole.n > 0)), whole.n, None


def ordered_values(c: Column) -> Array:
    """Values (n,) that sort as the column does, nulls last."""
    return ranks(c, with_nulls=True)[0]
