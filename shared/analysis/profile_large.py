"""The figures of a column with many values, in few passes over its Parquet file and without sorting or keeping them.

Counts, minimum and maximum come from the file's own statistics. A column that repeats few values is counted value by value,
and all else follows from the counts. Other numbers are first counted in bins of equal width, which gives mean and deviation;
only the bins that hold a wanted rank are read again, and cut finer where one holds too much. Ranks are exact; only distinct
counts of columns with many values are estimated (HyperLogLog).
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from shared.analysis.duck import literal, quoted
from shared.analysis.snapshot import SnapshotColumn, Table

FEW = 10_000  # distinct values up to which they are counted one by one
BINS = 4096
KEEP = 100_000  # values read back at once
QUARTILES = (0.25, 0.5, 0.75)

Ask = Callable[..., list[tuple[Any, ...]]]  # (query, parameters) → rows


@dataclass
class Measured:
    count: int
    low: Any = None
    high: Any = None
    length: float = 0.0  # mean characters of text
    distinct: int = 0
    distinct_exact: bool = True
    mean: float | None = None
    std: float | None = None
    quartiles: list[float] | None = None
    counts: list[tuple[Any, int]] = field(default_factory=list)  # (value, rows) where the values are few


def measure(table: Table, file: Path, ask: Ask, exact: bool) -> list[Measured]:
    """One entry a column of `table`, whose rows lie in `file`; `exact`: count distinct values, however many."""
    source = f"read_parquet({literal(str(file))})"
    names = [quoted(column.name) for column in table.columns]
    ends = ", ".join(f"count({name}), {_end('min', c)}, {_end('max', c)}" for c, name in zip(table.columns, names, strict=True))
    found = ask(f"SELECT {ends} FROM {source}")[0]
    ends_of = zip(found[::3], found[1::3], found[2::3], strict=True)
    all = [Measured(count, low, high, distinct_exact=exact) for count, low, high in ends_of]
    of_group = (
        f"SELECT max(stats_distinct_count) FROM parquet_metadata({literal(str(file))}) GROUP BY column_id ORDER BY column_id"
    )
    few = [values is not None and values <= FEW for (values,) in ask(of_group)]  # a hint: the values of one row group

    for column, one, hint in zip(table.columns, all, few, strict=True):
        if one.count and not (hint and _count_values(column, one, source, ask)):
            _read(column, one, source, ask)
    return all


def _end(function: str, column: SnapshotColumn) -> str:
    end = f"{function}({quoted(column.name)})"
    return end if _is_number(column) else f"CAST({end} AS VARCHAR)"


def _is_number(column: SnapshotColumn) -> bool:
    return column.type in ("BIGINT", "DOUBLE")


def _count_values(column: SnapshotColumn, one: Measured, source: str, ask: Ask) -> bool:
    """Fill `one` from the counts of the column's values, unless they are too many."""
    name = quoted(column.name)
    groups = f"SELECT {name} AS v, count(*) AS n FROM {source} WHERE {name} IS NOT NULL GROUP BY 1"
    counts = ask(f"SELECT v, n FROM ({groups}) ORDER BY v LIMIT {FEW + 1}")
    if len(counts) > FEW:
        return False
    one.distinct, one.distinct_exact, one.counts = len(counts), True, [(value, n) for value, n in counts]
    if column.type == "VARCHAR":
        one.length = sum(len(value) * n for value, n in counts) / one.count
    if _is_number(column):
        _add_moments(one, [(n, float(value), 0.0) for value, n in counts])
        upto = list(accumulate(n for _, n in counts))
        one.quartiles = _quartiles(one.count, {rank: counts[bisect_right(upto, rank)][0] for rank in _ranks(one.count)})
    return True


def _read(column: SnapshotColumn, one: Measured, source: str, ask: Ask) -> None:
    name = quoted(column.name)
    if _is_number(column):
        values = _at_ranks(name, _ranks(one.count), (one.low, one.high), source, ask, one)
        one.quartiles = _quartiles(one.count, values)
    else:
        length = f"avg(length({name}))" if column.type == "VARCHAR" else "0.0"
        one.distinct, one.length = ask(f"SELECT {_distinct(name, one)}, {length} FROM {source}")[0]


def _distinct(name: str, one: Measured) -> str:
    return f"count(DISTINCT {name})" if one.distinct_exact else f"approx_count_distinct({name})"


def _at_ranks(
    name: str, ranks: Sequence[int], span: tuple[Any, Any], source: str, ask: Ask, whole: Measured | None = None
) -> dict[int, Any]:
    """The value at each of `ranks` (from 0, ascending) among a column's values within `span`, its ends included.

    Where that is the `whole` column, its moments and distinct count come out of the same passes.
    """
    low, high = span
    part = "/ 2" if math.isinf(high - low) else ""  # halves where the whole span is beyond the largest double
    width = high / 2 - low / 2 if part else high - low
    place = f"(CAST({name} AS DOUBLE) {part} - CAST(? AS DOUBLE) {part}) * CAST(? AS DOUBLE)"
    moments = f", avg({name}), var_pop({name})" if whole else ""
    within = "" if whole else f" WHERE {name} BETWEEN ? AND ?"
    bins = ask(
        f"SELECT CAST({place} AS INTEGER) AS bin, count({name}), min({name}), max({name}){moments} "
        f"FROM {source}{within} GROUP BY bin HAVING bin IS NOT NULL ORDER BY bin",
        [low, min(BINS / width, 1e300) if width else 0.0, *(() if whole else span)],
    )
    values: dict[int, Any] = {}
    wanted: list[tuple[int, Any, list[int]]] = []  # rows before a bin, its smallest value, ranks within it
    between: list[Any] = []
    before = 0
    for _, n, least, most, *_ in bins:
        inside = [rank - before for rank in ranks if before <= rank < before + n]
        if inside and least == most:
            values |= {before + rank: least for rank in inside}
        elif inside and n > KEEP:
            values |= {before + rank: value for rank, value in _at_ranks(name, inside, (least, most), source, ask).items()}
        elif inside:
            wanted.append((before, least, inside))
            between += (least, most)
        before += n
    if not wanted and whole is None:
        return values
    either = " OR ".join([f"{name} BETWEEN ? AND ?"] * len(wanted)) or "false"
    distinct = _distinct(name, whole) if whole else "0"
    counted, read = ask(f"SELECT {distinct}, list_sort(list({name}) FILTER ({either})) FROM {source}", between)[0]
    for start, least, inside in wanted:
        first = read.index(least)
        values |= {start + rank: read[first + rank] for rank in inside}
    if whole:
        whole.distinct = counted
        _add_moments(whole, [(n, mean, variance) for _, n, _, _, mean, variance in bins])
    return values


def _ranks(count: int) -> list[int]:
    """The ranks that quartiles lie between."""
    places = [(count - 1) * q for q in QUARTILES]
    return sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})


def _quartiles(count: int, values: dict[int, Any]) -> list[float]:
    """Linear between neighbours: `quantile_cont`, numpy's default."""
    places = [(count - 1) * q for q in QUARTILES]
    pairs = [(values[math.floor(place)], values[math.ceil(place)], place % 1) for place in places]
    return [low + (high - low) * part for low, high, part in pairs]


def _add_moments(one: Measured, parts: list[tuple[int, float, float]]) -> None:
    """Mean and deviation (ddof 1) of parts given as (count, mean, population variance)."""
    mean = math.fsum(n * m for n, m, _ in parts) / one.count
    squares = math.fsum(n * (variance + (m - mean) * (m - mean)) for n, m, variance in parts)
    one.mean, one.std = mean, math.sqrt(squares / (one.count - 1)) if one.count > 1 else None
