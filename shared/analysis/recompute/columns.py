"""Columns and tables as numpy arrays, each column with its own mask of what is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DTYPES = {
    "BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool", "DATE": "datetime64[D]", "TIMESTAMP": "datetime64[us]",
    "TIME": "timedelta64[us]", "VARCHAR": "int32",
}  # fmt: skip


class CannotRecompute(Exception):
    """This engine has no answer for a step; the message says why."""


@dataclass(frozen=True, eq=False)
class Column:
    """`values` (n,) of the type's dtype and `valid` (n,): a value that is not valid is null and means nothing.

    VARCHAR holds codes into `words`, which are distinct and sorted, so that codes compare as the text does.
    """

    type: str
    values: Array
    valid: Array
    words: Array | None = None
    computed: bool = False  # floats that carry the rounding of a computation

    def take(self, rows: Array) -> "Column":
        return self.with_values(self.values[rows], self.valid[rows])

    def with_values(self, values: Array, valid: Array) -> "Column":
        return Column(self.type, values, valid, self.words, self.computed)

    @property
    def is_number(self) -> bool:
        return self.type in ("BIGINT", "DOUBLE", "BOOLEAN")

    def floats(self) -> Array:
        """The values as float64 (n,); dates as days since 1970, timestamps as seconds."""
        if self.type == "VARCHAR":
            raise CannotRecompute("a number is needed where there is text")
        if self.type == "TIMESTAMP":
            return self.values.astype("int64") / 1e6
        return self.values.astype("int64" if self.type == "DATE" else "float64").astype("float64")

    def scalar(self, row: int) -> Any:
        """One value as JSON holds it: dates are ISO text."""
        if not self.valid[row]:
            return None
        if self.words is not None:
            return self.words[self.values[row]]
        if self.type in ("DATE", "TIMESTAMP"):
            return self.values[row].item().isoformat()
        if self.type == "TIME":
            return str((np.datetime64(0, "us") + self.values[row]).item().time())
        return self.values[row].item()

    def text(self, row: int) -> str | None:
        value = self.scalar(row)
        return value if value is None else as_text(value)

    def texts(self) -> list[str | None]:
        return [self.text(row) for row in range(len(self.values))]


def as_text(value: Any) -> str:
    """A value as group keys write it: ints "1", floats in their shortest form, booleans "true" and "false"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def column(kind: str, values: Any, valid: Array | None = None) -> Column:
    """A column of a type other than VARCHAR, computed if it holds floats. What is not finite is null."""
    array = np.asarray(values).astype(DTYPES[kind], copy=False)
    known = np.ones(len(array), bool) if valid is None else valid
    if kind == "DOUBLE":
        known = known & np.isfinite(array)
    return Column(kind, array, known, computed=kind == "DOUBLE")


def text_column(words: Sequence[str | None] | Array, codes: Array | None = None) -> Column:
    """A VARCHAR column of these words, or of the words these codes pick (negative: null)."""
    known = np.array([word is not None for word in words], bool)
    distinct = sorted({word for word in words if word is not None})
    place = {word: code for code, word in enumerate(distinct)}
    to_code = np.array([place[word] if word is not None else -1 for word in words] + [-1], "int32")
    values = to_code[:-1] if codes is None else to_code[codes]
    valid = known if codes is None else values >= 0
    return Column("VARCHAR", np.where(valid, values, 0).astype("int32"), valid, np.array(distinct, object))


def of_scalars(values: Sequence[Any], rows: Array | None = None) -> Column:
    """A column of plain values (None is null), or of the values at `rows` (negative: null)."""
    given = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in given):
        return text_column([None if value is None else as_text(value) for value in values], rows)
    kinds = {type(value) for value in given}
    kind = "BOOLEAN" if kinds == {bool} else "BIGINT" if kinds <= {int, bool} else "DOUBLE"
    array = np.array([0 if value is None else value for value in values] + [0]).astype(DTYPES[kind])
    known = np.array([value is not None for value in values] + [False])
    chosen = np.arange(len(values)) if rows is None else rows
    return Column(kind, array[chosen], known[chosen] & np.isfinite(array[chosen]))


def nulls(kind: str, rows: int) -> Column:
    words = np.array([], object) if kind == "VARCHAR" else None
    return Column(kind, np.zeros(rows, DTYPES[kind]), np.zeros(rows, bool), words)


def share_words(columns: Sequence[Column]) -> list[Column]:
    """The same VARCHAR columns over one list of words, so that their codes compare."""
    words = np.array(sorted(set().union(*(set(c.words) for c in columns if c.words is not None))), object)
    place = {word: code for code, word in enumerate(words)}
    recoded = []
    for c in columns:
        assert c.words is not None
        to_code = np.array([place[word] for word in c.words] + [0], "int32")
        recoded.append(Column("VARCHAR", to_code[np.where(c.valid, c.values, -1)], c.valid, words))
    return recoded


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


def as_varchar(c: Column) -> Column:
    codes, count = ranks(c)
    first = _first_rows(codes, count)
    return text_column(c.take(first).texts(), codes)


class Table:
    """Named columns of equal length, each made when it is first asked for."""

    def __init__(self, rows: int, names: Sequence[str], make: Callable[[str], Column]) -> None:
        self.rows = rows
        self.names = list(names)
        self._make = make
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._made:
            if name not in self.names:
                raise CannotRecompute(f"there is no column {name!r}")
            self._made[name] = self._make(name)
        return self._made[name]

    def take(self, rows: Array) -> "Table":
        """The rows with these numbers, or where this mask is true."""
        count = int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
        return Table(count, self.names, lambda name: self[name].take(rows))

    def with_columns(self, new: Mapping[str, Column]) -> "Table":
        names = [*self.names, *(name for name in new if name not in self.names)]
        return Table(self.rows, names, lambda name: new[name] if name in new else self[name])

    def without(self, *gone: str) -> "Table":
        return Table(self.rows, [name for name in self.names if name not in gone], self.__getitem__)


def table_of(columns: Mapping[str, Column]) -> Table:
    return Table(len(next(iter(columns.values())).values), list(columns), columns.__getitem__)


def read(path: Path, charge: Callable[[int], None]) -> Table:
    """A Parquet file as a table whose columns are read one by one; `charge` is told the values before each."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    schema, rows = file.schema_arrow, file.metadata.num_rows

    def make(name: str) -> Column:
        charge(rows)
        text = str(schema.field(name).type) in ("string", "large_string")
        source = parquet.ParquetFile(path, read_dictionary=[name]) if text else file
        return from_arrow(source.read(columns=[name]).column(name))

    return Table(rows, schema.names, make)


def from_arrow(chunks: Any) -> Column:
    import pyarrow as pa
    from pyarrow import compute

    kind = chunks.type
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        array = chunks if pa.types.is_dictionary(kind) else chunks.dictionary_encode()
        array = array.unify_dictionaries().combine_chunks()
        array = array if isinstance(array, pa.DictionaryArray) else array.chunk(0)
        order = compute.array_sort_indices(array.dictionary).to_numpy()
        to_rank = np.zeros(len(order) + 1, "int32")
        to_rank[order] = np.arange(len(order), dtype="int32")
        valid = array.indices.is_valid().to_numpy(zero_copy_only=False)
        codes = array.indices.fill_null(0).to_numpy(zero_copy_only=False)
        words = array.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False).astype(object)
        return Column("VARCHAR", to_rank[codes] if len(codes) else codes.astype("int32"), valid, words)
    empty: Any
    if pa.types.is_integer(kind):
        name, storage, empty = "BIGINT", pa.int64(), 0
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        name, storage, empty = "DOUBLE", pa.float64(), 0.0
    elif pa.types.is_boolean(kind):
        name, storage, empty = "BOOLEAN", pa.bool_(), False
    elif pa.types.is_date(kind):
        name, storage, empty = "DATE", pa.int32(), 0
    elif pa.types.is_timestamp(kind):
        chunks = chunks.cast(pa.timestamp("us", kind.tz))
        name, storage, empty = "TIMESTAMP", pa.int64(), 0
    elif pa.types.is_time(kind):
        chunks = chunks.cast(pa.time64("us"))
        name, storage, empty = "TIME", pa.int64(), 0
    else:
        raise CannotRecompute(f"a column of type {kind} cannot be read here")
    valid = chunks.is_valid().to_numpy()
    plain = chunks.cast(storage).fill_null(empty).to_numpy()
    if name in ("DATE", "TIMESTAMP", "TIME"):
        plain = plain.astype("int64").view("int64").astype(DTYPES[name])
    return Column(name, plain, valid & np.isfinite(plain) if name == "DOUBLE" else valid)


# --- groups -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Groups:
    """`of_row` (n,) is each row's group, -1 where a key is null; groups are numbered in the order of their keys."""

    of_row: Array
    count: int
    keys: list[Column]  # (count,) each

    def names(self) -> list[str]:
        return [" | ".join(str(part) for part in parts) for parts in zip(*(key.texts() for key in self.keys), strict=True)]


def everything(rows: int) -> Groups:
    return Groups(np.zeros(rows, "int64"), 1, [])


def group(table: Table, by: Sequence[str]) -> Groups:
    if not by:
        return everything(table.rows)
    columns = [table[name] for name in by]
    of_row, count = combine([ranks(c) for c in columns])
    first = _first_rows(of_row, count)
    return Groups(of_row, count, [c.take(first) for c in columns])


def ranks(c: Column, with_nulls: bool = False) -> tuple[Array, int]:
    """Each value's place (n,) among the distinct ones in order, -1 for null; and how many places there are.

    With `with_nulls` null is a value too, the last one.
    """
    if c.words is not None:
        raw, count = c.values.astype("int64"), len(c.words)
    else:
        values = c.values if c.type == "DOUBLE" else c.values.astype("int64")
        known = values[c.valid]
        low, high = (int(known.min()), int(known.max())) if len(known) and c.type != "DOUBLE" else (0, 2**62)
        if high - low <= 4 * len(known) + 1024:
            raw, count = values - low, high - low + 1
        else:
            distinct, places = np.unique(known, return_inverse=True)
            raw, count = np.zeros(len(values), "int64"), len(distinct)
            raw[c.valid] = places
    return combine([(np.where(c.valid, raw, count if with_nulls else -1), count + with_nulls)])


def combine(parts: Sequence[tuple[Array, int]]) -> tuple[Array, int]:
    """Several keys as one: dense numbers (n,) in the order of the keys, -1 where any is -1; and how many."""
    total, count = parts[0]
    for codes, size in parts[1:]:
        if count * size >= 2**62:
            total, count = _dense(total, count)
        total, count = np.where((total < 0) | (codes < 0), -1, total * size + codes), count * size
    return _dense(total, count)


def _dense(codes: Array, count: int) -> tuple[Array, int]:
    known = codes >= 0
    if count <= 4 * len(codes) + 1024:
        there = np.bincount(codes[known], minlength=count) > 0
        place = np.append(np.cumsum(there) - 1, -1)
        return place[codes], int(there.sum())
    distinct, places = np.unique(codes[known], return_inverse=True)
    dense = np.full(len(codes), -1, "int64")
    dense[known] = places
    return dense, len(distinct)


def _first_rows(codes: Array, count: int) -> Array:
    """The first row (count,) of each group."""
    first = np.zeros(count, "int64")
    backwards = np.flatnonzero(codes >= 0)[::-1]
    first[codes[backwards]] = backwards  # the last one written is the first row
    return first
