"""The measures of `aggregate`: one number for each group, all groups at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shared.analysis.plan import Measure
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table, chunks, column
from shared.analysis.recompute.conditions import Refs, matches
from shared.analysis.recompute.grouping import Groups, by_group, counts, ranks


@dataclass(frozen=True, eq=False)
class Sample:
    """Values `x` (n,) and the group `g` (n,) int32 of each, of `k` groups; x where g is -1 is not in the sample."""

    x: Array
    g: Array
    k: int

    @cached_property
    def n(self) -> Array:
        return counts(self.g, self.k)

    def sums(self, of: Callable[[Array, Array], Array] = lambda x, g: x) -> Array:
        """Sums (k,) of what `of` makes of x and g, chunk by chunk: one long running sum loses digits, and takes memory."""
        total = np.zeros(self.k)
        with np.errstate(all="ignore"):
            for part in chunks(len(self.g), self.k):
                g = self.g[part]
                total += np.bincount(g + 1, of(self.x[part], g), self.k + 1)[1:]
        return total

    @cached_property
    def mean(self) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.sums() / self.n)

    def moment(self, power: int) -> Array:
        """Sums (k,) of the deviations from the mean to a power; exactly 0 where all values are equal."""
        mean = np.append(self.mean, np.nan)
        low, high = self.extremes
        return np.where(low == high, 0.0, self.sums(lambda x, g: (x - mean[g]) ** power))

    @cached_property
    def extremes(self) -> tuple[Array, Array]:
        """The smallest and largest (k,), in the values' own type; groups without values have 0."""
        limit = np.finfo(self.x.dtype) if self.x.dtype.kind == "f" else np.iinfo(self.x.dtype)
        low, high = np.full(self.k, limit.max, self.x.dtype), np.full(self.k, limit.min, self.x.dtype)
        for part in chunks(len(self.g)):
            inside = self.g[part] >= 0
            np.minimum.at(low, self.g[part][inside], self.x[part][inside])
            np.maximum.at(high, self.g[part][inside], self.x[part][inside])
        low[self.n == 0] = high[self.n == 0] = 0
        return low, high

    @cached_property
    def kept(self) -> tuple[Array, Array]:
        """x and g of the sample alone, in row order."""
        inside = self.g >= 0
        return (self.x, self.g) if inside.all() else (self.x[inside], self.g[inside])

    @cached_property
    def in_order(self) -> tuple[Array, Array, Array]:
        """x and g sorted by group and value, and where each group starts (k,)."""
        x, g = self.kept
        start = np.cumsum(self.n) - self.n
        if self.k == 1:
            return np.sort(x), g, start
        x = x[by_group(g, self.k)]
        for low, high in zip(start.tolist(), (start + self.n).tolist(), strict=True):
            x[low:high].sort()
        return x, np.repeat(np.arange(self.k, dtype="int32"), self.n), start

    def runs(self) -> tuple[Array, Array, Array]:
        """The distinct values: each one's group, value and count, in order."""
        x, g, _ = self.in_order
        if len(x) == 0:
            return g, x, g
        starts = np.flatnonzero(np.append(True, (x[1:] != x[:-1]) | (g[1:] != g[:-1])))
        return g[starts], x[starts], np.diff(np.append(starts, len(x)))

    def quantiles(self, *qs: float) -> list[Array]:
        """Linear interpolation between the sorted values' positions 0 .. n - 1."""
        x, _, start = self.in_order
        if len(x) == 0:
            return [np.full(self.k, np.nan) for _ in qs]
        found = []
        for q in qs:
            place = np.maximum(self.n - 1, 0) * q
            below = np.floor(place).astype("int64")
            above = np.minimum(below + 1, np.maximum(self.n - 1, 0))
            low, high = x[np.minimum(start + below, len(x) - 1)], x[np.minimum(start + above, len(x) - 1)]
            found.append(np.where(self.n > 0, low * (1 - place + below) + high * (place - below), np.nan))
        return found


def sample(c: Column, groups: Groups, rows: Array | None = None) -> Sample:
    """A column's non-null values in their own type (dates and text as whole numbers), of the `rows` (n,) bool if given."""
    inside = c.valid if rows is None else c.valid & rows
    g = groups.of_row if inside.all() else np.where(inside, groups.of_row, np.int32(-1))
    return Sample(c.ordered(), g, groups.count)


def measure(m: Measure, table: Table, groups: Groups, refs: Refs) -> tuple[Column, Array, Array | None]:
    """The measure (k,), the number of values it used (k,) and, for sums that may cancel, what was added up (k,)."""
    where = None if m.where is None else matches(m.where, table, refs)
    if m.function in ("share", "percent"):
        return _share(m, table, groups, where)
    if m.column is None:
        n = groups.sizes() if where is None else counts(np.where(where, groups.of_row, -1), groups.count)
        return column("BIGINT", n), n, None
    c = table[m.column]
    s = sample(c, groups, where)
    if m.function == "count":
        return column("BIGINT", s.n), s.n, None
    if m.function == "null_count":
        there = ~c.valid if where is None else ~c.valid & where
        return column("BIGINT", counts(np.where(there, groups.of_row, -1), groups.count)), s.n, None
    if m.function == "distinct":
        return column("BIGINT", counts(s.runs()[0], groups.count)), s.n, None
    if m.function in ("min", "max", "mode", "first", "last"):
        return c.with_values(_pick(m.function, s).astype(c.values.dtype), s.n > 0), s.n, None
    if m.function == "range" and c.type == "DATE":
        return column("BIGINT", np.subtract(*s.extremes[::-1]), s.n > 0), s.n, None
    if not c.is_number:
        raise CannotRecompute(f"`{m.function}` of {m.column!r}, which is not a number")
    if m.function == "sum" and c.type != "DOUBLE":
        return _whole_sum(s), s.n, None
    if m.function == "range" and c.type != "DOUBLE":
        low, high = s.extremes
        return column("BIGINT", high - low, s.n > 0), s.n, None
    s = Sample(s.x.astype("float64", copy=False), s.g, s.k)
    with np.errstate(all="ignore"):
        values = _NUMBERS[m.function](s, m) if m.function in _NUMBERS else _spread(s, m)
        scale = _scale(s, m)
    return column("DOUBLE", values, s.n > 0), s.n, scale


def _pick(function: str, s: Sample) -> Array:
    """One of the values themselves (k,)."""
    if function in ("min", "max"):
        return s.extremes[function == "max"]
    picked = np.zeros(s.k, s.x.dtype)
    if function == "mode":
        g, x, count = s.runs()
        order = np.lexsort((np.arange(len(g)), -count, g))[::-1]
        g, x = g[order], x[order]  # the smallest of the most frequent is written last and stays
    else:
        x, g = (part[::-1] for part in s.kept) if function == "first" else s.kept
    picked[g] = x
    return picked


def _whole_sum(s: Sample) -> Column:
    """Exact: the high and low halves of whole numbers are summed apart, each within a float's 53 bits."""
    size = s.sums(lambda x, g: np.abs(x.astype("float64")))
    if len(size) and size.max() >= 2.0**62:
        raise CannotRecompute("a sum of whole numbers passes 64 bits")
    high, low = s.sums(lambda x, g: x.astype("int64") >> 26), s.sums(lambda x, g: x.astype("int64") & (2**26 - 1))
    return column("BIGINT", high.astype("int64") * 2**26 + low.astype("int64"), s.n > 0)


def _spread(s: Sample, m: Measure) -> Array:
    """Measures of spread and shape; null where there are too few values."""
    n = s.n.astype("float64")
    m2 = s.moment(2)
    if m.function in ("std", "var", "sem", "cv"):
        variance = np.where(n > m.ddof, m2 / (n - m.ddof), np.nan)
        std = np.sqrt(variance)
        return np.asarray({"var": variance, "std": std, "sem": std / np.sqrt(n), "cv": std / s.mean}[m.function])
    if m.function == "skew":
        biased = s.moment(3) / n / (m2 / n) ** 1.5
        return np.where(n > 2, biased if m.bias else biased * np.sqrt(n * (n - 1)) / (n - 2), np.nan)
    if m.function == "kurtosis":
        biased = s.moment(4) / n / (m2 / n) ** 2
        unbiased = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased - 3 * (n - 1))
        return np.asarray(biased - 3 if m.bias else np.where(n > 3, unbiased, np.nan))
    raise CannotRecompute(f"`{m.function}` is not known here")


def _geometric(s: Sample, _: Measure) -> Array:
    return np.where(s.extremes[0] > 0, np.exp(s.sums(lambda x, g: np.log(x)) / s.n), np.nan)


_NUMBERS: dict[str, Callable[[Sample, Measure], Array]] = {
    "sum": lambda s, m: s.sums(),
    "mean": lambda s, m: s.mean,
    "median": lambda s, m: s.quantiles(0.5)[0],
    "quantile": lambda s, m: s.quantiles(m.q or 0.0)[0],
    "iqr": lambda s, m: np.subtract(*s.quantiles(0.75, 0.25)),
    "range": lambda s, m: np.subtract(*s.extremes[::-1]),
    "geometric_mean": _geometric,
}


def _scale(s: Sample, m: Measure) -> Array | None:
    """What sums add up, where what comes out may be much smaller."""
    if m.function not in ("sum", "mean", "std", "sem", "var"):
        return None
    size = s.sums(lambda x, g: np.abs(x))
    mean = size / np.maximum(s.n, 1)
    return {"sum": size, "var": mean**2}.get(m.function, mean)


def _share(m: Measure, table: Table, groups: Groups, where: Array | None) -> tuple[Column, Array, Array | None]:
    """The matching part of each group, or the group's part of everything."""
    if m.column is None:
        rows = np.broadcast_to(1.0, table.rows)
        whole = Sample(rows, groups.of_row, groups.count)
    else:
        whole = sample(table[m.column], groups)
        whole = Sample(table[m.column].floats(), whole.g, whole.k)
    part = whole if where is None else Sample(whole.x, np.where(where, whole.g, np.int32(-1)), whole.k)
    bottom = whole.sums() if where is not None else np.full(groups.count, whole.sums().sum())
    with np.errstate(all="ignore"):
        values = part.sums() / bottom * (100.0 if m.function == "percent" else 1.0)
    return column("DOUBLE", values, (bottom != 0) & (whole.n > 0)), whole.n, None


def ordered_values(c: Column) -> Array:
    """Values (n,) that sort as the column does, nulls last."""
    return ranks(c, with_nulls=True)[0]
