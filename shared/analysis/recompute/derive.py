"""The ways `derive` makes a column."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from shared.analysis.expression import parse
from shared.analysis.plan import Bin, DatePart, Derive, Window
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table, column, of_scalars, text_column
from shared.analysis.recompute.conditions import Refs, evaluate, matches
from shared.analysis.recompute.grouping import Groups, everything, group, ranks
from shared.analysis.recompute.measures import ordered_values, sample

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]  # fmt: skip
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def derived(step: Derive, table: Table, refs: Refs) -> Column:
    if step.expression is not None:
        return evaluate(parse(step.expression), table)
    if step.date_part is not None:
        return date_part(table[step.date_part.column], step.date_part)
    if step.bin is not None:
        return binned(table[step.bin.column], step.bin)
    if step.window is not None:
        return windowed(table, step.window)
    assert step.cases is not None
    choice = np.full(table.rows, len(step.cases), "int64")
    for number, case in reversed(list(enumerate(step.cases))):  # the first case that matches is written last
        choice[matches(case.when, table, refs)] = number
    return of_scalars([*(case.then for case in step.cases), step.otherwise], choice)


# --- date parts -------------------------------------------------------------------------------------------------


def date_part(c: Column, part: DatePart) -> Column:
    if part.part == "decade" and c.type in ("BIGINT", "DOUBLE"):
        return column("BIGINT", np.floor(c.floats() / 10).astype("int64") * 10, c.valid)
    if c.type not in ("DATE", "TIMESTAMP"):
        raise CannotRecompute(f"the {part.part} of {part.column!r}, which is not a date")
    days = c.values.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    year, month = months.astype("datetime64[Y]").astype("int64") + 1970, months.astype("int64") % 12 + 1
    weekday = (days.astype("int64") + 3) % 7  # 1970-01-01 was a Thursday
    if part.part in ("day_name", "month_name"):
        words, codes = (DAYS, weekday) if part.part == "day_name" else (MONTHS, month - 1)
        return text_column(words, np.where(c.valid, codes, -1))
    if part.part == "year_month":
        codes, count = ranks(column("BIGINT", months.astype("int64"), c.valid))
        if count == 0:
            return text_column([], codes)
        distinct = np.unique(months[c.valid])
        return text_column([str(one) for one in distinct], codes)
    numbers: dict[str, Callable[[], Array]] = {
        "year": lambda: year,
        "quarter": lambda: (month + 2) // 3,
        "month": lambda: month,
        "week": lambda: _iso_week(days, weekday),
        "day": lambda: (days - months.astype("datetime64[D]")).astype("int64") + 1,
        "weekday": lambda: weekday,
        "hour": lambda: (c.values - days).astype("timedelta64[h]").astype("int64"),
        "decade": lambda: year // 10 * 10,
    }
    return column("BIGINT", numbers[part.part](), c.valid)


def _iso_week(days: Array, weekday: Array) -> Array:
    """A week belongs to the year of its Thursday."""
    thursday = days + (3 - weekday)
    first = thursday.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((thursday - first).astype("int64") // 7 + 1)


# --- bins -------------------------------------------------------------------------------------------------------


def _edge(value: float) -> str:
    return f"{value:.10g}"


def binned(c: Column, how: Bin) -> Column:
    """The label of each value's interval, as text."""
    x = c.floats()
    known = x[c.valid]
    if len(known) == 0:
        return text_column([], np.full(len(x), -1))
    if how.width is not None:
        return _by_width(x, c.valid, how)
    closed = how.edges is None  # the outer bounds are the smallest and largest value, which are inside
    if how.edges is not None:
        edges = np.array(how.edges, "float64")
    elif how.count is not None:
        edges = np.linspace(known.min(), known.max(), how.count + 1)
    else:
        assert how.quantiles is not None
        groups = everything(len(x))
        edges = np.unique(sample(column("DOUBLE", x, c.valid), groups).quantiles(
            *(i / how.quantiles for i in range(how.quantiles + 1))))  # fmt: skip
    inner = np.searchsorted(edges, x, side="left" if how.right else "right") - 1  # -1 below, len - 1 above
    intervals = len(edges) - 1
    if closed:
        inner = np.clip(inner, 0, max(intervals - 1, 0))
    labels = [f"({_edge(a)}, {_edge(b)}]" if how.right else f"[{_edge(a)}, {_edge(b)})" for a, b in pairwise(edges)]
    if closed and labels:
        at = 0 if how.right else -1
        labels[at] = f"[{labels[at][1:-1]}]"
    if closed and not labels:
        labels = [f"[{_edge(edges[0])}, {_edge(edges[0])}]"]
    if how.open_ended:
        below, above = ("<=", ">") if how.right else ("<", ">=")
        labels = [f"{below} {_edge(edges[0])}", *labels, f"{above} {_edge(edges[-1])}"]
        inner = inner + 1
    if how.labels is not None:
        if len(how.labels) != len(labels):
            raise CannotRecompute(f"{len(how.labels)} labels for {len(labels)} intervals")
        labels = how.labels
    outside = ~c.valid | (inner < 0) | (inner >= len(labels))
    return text_column(labels, np.where(outside, -1, inner))


def _by_width(x: Array, valid: Array, how: Bin) -> Column:
    assert how.width is not None
    number = np.ceil(x / how.width) - 1 if how.right else np.floor(x / how.width)
    distinct, codes = np.unique(np.where(valid, number, 0), return_inverse=True)
    bounds = [(_edge(n * how.width), _edge((n + 1) * how.width)) for n in distinct.tolist()]
    labels = [f"({a}, {b}]" if how.right else f"[{a}, {b})" for a, b in bounds]
    return text_column(labels, np.where(valid, codes, -1))


# --- windows ----------------------------------------------------------------------------------------------------


def windowed(table: Table, window: Window) -> Column:
    c = table[window.column]
    groups = group(table, window.by)
    if window.function in ("rank", "zscore", "share", "group_mean"):
        return _whole_group(c, groups, window)
    keys = [np.arange(table.rows)]
    if window.order_by is not None:
        keys.append(ordered_values(table[window.order_by]))
    order = np.lexsort((*keys, groups.of_row))
    order = order[groups.of_row[order] >= 0]
    g = groups.of_row[order]
    there, x = c.valid[order], c.values[order]
    place = np.arange(len(order)) - np.searchsorted(g, np.arange(groups.count))[g]  # 0.. within the group
    if window.function == "lag":
        before = np.maximum(np.arange(len(order)) - window.size, 0)
        return _back(c.with_values(x[before], there[before] & (place >= window.size)), order, table.rows)
    if not c.is_number and (window.function != "difference" or c.type != "DATE"):
        raise CannotRecompute(f"`{window.function}` of {window.column!r}, which is not a number")
    kind = "BIGINT" if c.type != "DOUBLE" and window.function in ("difference", "cumulative_sum") else "DOUBLE"
    x = np.where(there, c.floats()[order] if kind == "DOUBLE" else x.astype("int64"), 0)
    if window.function in ("difference", "percent_change"):
        before = np.maximum(np.arange(len(order)) - window.size, 0)
        both = there & there[before] & (place >= window.size)
        with np.errstate(all="ignore"):
            change = x - x[before] if window.function == "difference" else (x - x[before]) / x[before] * 100
        return _back(column(kind, change, both), order, table.rows)
    size = window.size if window.function == "rolling_mean" else None
    return _back(_running(x, there, g, place, size, kind), order, table.rows)


def _running(x: Array, there: Array, g: Array, place: Array, size: int | None, kind: str) -> Column:
    """Cumulative sums (nulls are passed over), or means over the last `size` rows, none of them null."""
    if size is None:
        total = np.zeros(len(x), x.dtype)
        for first, last in pairwise([*np.flatnonzero(place == 0).tolist(), len(x)]):
            total[first:last] = np.cumsum(x[first:last])
        return column(kind, total, there)
    if size * len(x) > 2**31:
        raise CannotRecompute("too large")
    mean = np.zeros(len(x))
    for back in range(size):  # a running difference of cumulative sums would lose digits
        mean += np.where(place >= size - 1, x[np.maximum(np.arange(len(x)) - back, 0)], 0)
    full = np.cumsum(np.append(0, there))
    count = full[1:] - full[np.maximum(np.arange(len(x)) - size + 1, 0)]
    return column("DOUBLE", mean / size, (place >= size - 1) & (count == size))


def _whole_group(c: Column, groups: Groups, window: Window) -> Column:
    if window.function == "rank":
        codes = ranks(c)[0]
        rows = np.flatnonzero(c.valid & (groups.of_row >= 0))
        g, x = groups.of_row[rows], codes[rows]
        order = np.lexsort((-x, g))
        g, x = g[order], x[order]
        new = np.append(True, (x[1:] != x[:-1]) | (g[1:] != g[:-1]))[: len(x)]
        leader = np.maximum.accumulate(np.where(new, np.arange(len(x)), 0))  # ties share the best place
        place = leader - np.searchsorted(g, np.arange(groups.count))[g] + 1
        return _back(column("BIGINT", place), rows[order], len(c.values))
    x = c.floats()
    s = sample(column("DOUBLE", x, c.valid), groups)
    of_row = np.maximum(groups.of_row, 0)
    inside = (groups.of_row >= 0) & (s.n[of_row] > 0 if groups.count else False)
    with np.errstate(all="ignore"):
        mean = s.mean[of_row] if groups.count else x
        if window.function == "group_mean":
            return column("DOUBLE", mean, inside)
        if window.function == "share":
            return column("DOUBLE", x / s.sums()[of_row], inside & c.valid)
        std = np.sqrt(s.moment(2) / (s.n - 1))[of_row]
        return column("DOUBLE", (x - mean) / std, inside & c.valid)


def _back(c: Column, order: Array, rows: int) -> Column:
    """A column computed in another order, put back into row order (null where nothing was computed)."""
    values, valid = np.zeros(rows, c.values.dtype), np.zeros(rows, bool)
    values[order], valid[order] = c.values, c.valid
    return c.with_values(values, valid)
