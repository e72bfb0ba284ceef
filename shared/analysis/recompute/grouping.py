"""Rows with equal keys, and columns put together. Group numbers are int32, to save memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shared.analysis.recompute.columns import Array, Column, Table, chunks, share_words, text_column


@dataclass(frozen=True, eq=False)
class Groups:
    """`of_row` (n,) is each row's group, -1 where a key is null; groups are numbered in the order of their keys."""

    of_row: Array
    count: int
    keys: list[Column]  # (count,) each

    def names(self) -> list[str]:
        return [" | ".join(str(part) for part in parts) for parts in zip(*(key.texts() for key in self.keys), strict=True)]

    def sizes(self) -> Array:
        return counts(self.of_row, self.count)

    def members(self) -> list[Array]:
        """The row numbers of each group, in row order."""
        order = by_group(self.of_row, self.count)
        starts = np.cumsum(np.append((self.of_row < 0).sum(), self.sizes()))
        return [order[start:end] for start, end in pairwise(starts.tolist())]


def counts(codes: Array, count: int) -> Array:
    """How often each of 0 .. count - 1 occurs (-1 is left out)."""
    total = np.zeros(count, "int64")
    for part in chunks(len(codes), count):
        total += np.bincount(codes[part] + 1, minlength=count + 1)[1:]
    return total


def by_group(codes: Array, count: int) -> Array:
    """The row numbers by group, within a group in row order; those of -1 first."""
    return np.argsort(codes.astype("int16") if count < 2**15 else codes, kind="stable")  # short ones sort by radix


def everything(rows: int) -> Groups:
    return Groups(np.zeros(rows, "int32"), 1, [])


def group(table: Table, by: Sequence[str]) -> Groups:
    if not by:
        return everything(table.rows)
    columns = [table[name] for name in by]
    of_row, count = combine([ranks(c) for c in columns])
    first = first_rows(of_row, count)
    return Groups(of_row, count, [c.take(first) for c in columns])


def ranks(c: Column, with_nulls: bool = False) -> tuple[Array, int]:
    """Each value's place (n,) among the distinct ones in order, -1 for null; and how many places there are.

    With `with_nulls` null is a value too, the last one.
    """
    values = c.ordered()
    codes = np.empty(len(values), "int32")
    low, high = (0, len(c.words)) if c.words is not None else _bounds(c)
    if high - low <= 4 * len(values) + 1024:
        count = high - low + 1
        for part in chunks(len(values)):
            codes[part] = np.where(c.valid[part], values[part] - low, 0)
    else:
        distinct, codes[c.valid] = np.unique(values[c.valid], return_inverse=True)
        count = len(distinct)
    codes[~c.valid] = count if with_nulls else -1
    return _dense(codes, count + with_nulls)


def _bounds(c: Column) -> tuple[int, int]:
    """The smallest and largest of whole numbers; far apart for floats."""
    if c.type == "DOUBLE" or not c.valid.any():
        return 0, (2**62 if c.valid.any() else 0)
    values, worst = c.ordered(), np.iinfo(c.ordered().dtype)
    return (int(values.min(where=c.valid, initial=worst.max)), int(values.max(where=c.valid, initial=worst.min)))


def hangs_on_rounding(c: Column, rows: Array | None = None) -> bool:
    """Whether a computed column has (nearly) equal values: which of them are equal differs between engines, in the last bit."""
    if not c.computed:
        return False
    mantissa, exponent = np.frexp(c.values[c.valid if rows is None else c.valid & rows])
    rounded = np.ldexp(np.rint(np.ldexp(mantissa, 33)), exponent - 33)  # to 10 digits
    return len(np.unique(rounded)) < len(rounded)


def combine(parts: Sequence[tuple[Array, int]]) -> tuple[Array, int]:
    """Several keys as one: dense numbers (n,) in the order of the keys, -1 where any is -1; and how many."""
    total, count = parts[0]
    for codes, size in parts[1:]:
        wide = total.astype("int64") * size + codes
        wide[(total < 0) | (codes < 0)] = -1
        total, count = _dense(wide, count * size)
    return total, count


def _dense(codes: Array, count: int) -> tuple[Array, int]:
    """Codes of 0 .. count - 1 (or -1) without those that do not occur."""
    if count > 4 * len(codes) + 1024:
        dense = np.full(len(codes), -1, "int32")
        distinct, dense[codes >= 0] = np.unique(codes[codes >= 0], return_inverse=True)
        return dense, len(distinct)
    there = np.zeros(count + 1, bool)
    for part in chunks(len(codes)):
        there[codes[part]] = True  # -1 is the last
    place = np.append(np.cumsum(there[:count]) - 1, -1).astype("int32")
    if there[:count].all() and codes.dtype == "int32":
        return codes, count
    dense = np.empty(len(codes), "int32")
    for part in chunks(len(codes)):
        dense[part] = place[codes[part]]
    return dense, int(there[:count].sum())


def first_rows(codes: Array, count: int) -> Array:
    """The first row (count,) of each group."""
    first = np.zeros(count, "int64")
    for part in reversed(list(chunks(len(codes)))):
        backwards = part.start + np.flatnonzero(codes[part] >= 0)[::-1]
        first[codes[backwards]] = backwards  # the last one written is the first row
    return first


# --- columns put together ---------------------------------------------------------------------------------------


def as_varchar(c: Column) -> Column:
    codes, count = ranks(c)
    first = first_rows(codes, count)
    return text_column(c.take(first).texts(), codes)


def concatenate(columns: Sequence[Column]) -> Column:
    """Columns under each other. Integers and floats become floats; other mixtures become text."""
    kinds = {c.type for c in columns}
    if len(kinds) > 1 and kinds <= {"BIGINT", "DOUBLE"}:
        columns = [Column("DOUBLE", c.floats(), c.valid, computed=c.computed) for c in columns]
    elif len(kinds) > 1:
        columns = [c if c.type == "VARCHAR" else as_varchar(c) for c in columns]
    if columns[0].type == "VARCHAR":
        columns = share_words(columns)
    values, valid = np.concatenate([c.values for c in columns]), np.concatenate([c.valid for c in columns])
    computed = any(c.computed for c in columns)
    return Column(columns[0].type, values, valid, columns[0].words, computed)
