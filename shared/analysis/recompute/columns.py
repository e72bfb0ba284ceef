"""Columns and tables as numpy arrays, each column with its own mask of what is there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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

    def ordered(self) -> Array:
        """The values (n,) as numbers that sort as they do."""
        if self.values.dtype.kind in "mM":
            return self.values.view("int64")
        return self.values.view("int8") if self.type == "BOOLEAN" else self.values

    def floats(self) -> Array:
        """The values as float64 (n,); dates as days since 1970, timestamps as seconds."""
        if self.type == "VARCHAR":
            raise CannotRecompute("a number is needed where there is text")
        if self.type == "TIMESTAMP":
            return self.values.view("int64") / 1e6
        return self.ordered().astype("float64", copy=False)

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


CHUNK = 1 << 18  # rows worked on at a time where whole-column temporaries would cost memory


def chunks(rows: int, least: int = 0) -> Iterator[slice]:
    """Slices of CHUNK rows (or of `least`, if that is more), in order."""
    step = max(CHUNK, least)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


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
