"""Parquet into columns, row group by row group, so that a column costs little more memory than its arrays."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from shared.analysis.recompute.columns import DTYPES, CannotRecompute, Column, Table

MOST_WORDS = 2_000_000  # distinct texts of one column kept as Python strings


def read(path: Path, charge: Callable[[int], None]) -> Table:
    """A Parquet file as a table whose columns are read one by one; `charge` is told the values before each."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)

    def make(name: str) -> Column:
        charge(file.metadata.num_rows)
        text = str(file.schema_arrow.field(name).type) in ("string", "large_string")
        source = parquet.ParquetFile(path, read_dictionary=[name]) if text else file
        sizes = [source.metadata.row_group(at).num_rows for at in range(source.num_row_groups)]
        starts = np.cumsum([0, *sizes]).tolist()
        parts = (source.read_row_group(at, columns=[name]).column(name) for at in range(len(sizes)))
        return (_text if text else _plain)(source.schema_arrow.field(name).type, starts, parts)

    return Table(file.metadata.num_rows, file.schema_arrow.names, make)


def _plain(kind: Any, starts: list[int], parts: Any) -> Column:
    import pyarrow as pa

    if pa.types.is_integer(kind):
        name, storage = "BIGINT", pa.int64()
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        name, storage = "DOUBLE", pa.float64()
    elif pa.types.is_boolean(kind):
        name, storage = "BOOLEAN", pa.bool_()
    elif pa.types.is_date(kind):
        name, storage = "DATE", pa.date32()
    elif pa.types.is_timestamp(kind):
        name, storage = "TIMESTAMP", pa.timestamp("us", kind.tz)
    elif pa.types.is_time(kind):
        name, storage = "TIME", pa.time64("us")
    else:
        raise CannotRecompute(f"a column of type {kind} cannot be read here")
    whole = {"DATE": pa.int32(), "TIMESTAMP": pa.int64(), "TIME": pa.int64()}.get(name, storage)
    values, valid = np.zeros(starts[-1], DTYPES[name]), np.ones(starts[-1], bool)
    for (start, end), part in zip(pairwise(starts), parts, strict=True):
        numbers = part.cast(storage).cast(whole)
        if part.null_count:
            valid[start:end] = part.is_valid().to_numpy()
            numbers = numbers.fill_null(False if name == "BOOLEAN" else 0)
        plain = numbers.to_numpy()
        values[start:end] = (
            plain.astype("int64").view(DTYPES[name]) if name in ("TIMESTAMP", "TIME") else plain.astype(DTYPES[name])
        )
        if name == "DOUBLE":
            valid[start:end] &= np.isfinite(plain)
    return Column(name, values, valid)


def _text(_: Any, starts: list[int], parts: Any) -> Column:
    """Every row group has its own dictionary; the codes are moved to one of all words, sorted at the end."""
    import pyarrow as pa

    place: dict[str, int] = {}
    codes, valid = np.zeros(starts[-1], "int32"), np.ones(starts[-1], bool)
    for (start, end), part in zip(pairwise(starts), parts, strict=True):
        array = (part if pa.types.is_dictionary(part.type) else part.dictionary_encode()).unify_dictionaries().combine_chunks()
        array = array if isinstance(array, pa.DictionaryArray) else array.chunk(0)
        to_place = np.array([place.setdefault(word, len(place)) for word in array.dictionary.to_pylist()] + [0], "int32")
        if len(place) > MOST_WORDS:
            raise CannotRecompute("too large")
        indices = array.indices
        if indices.null_count:
            valid[start:end] = indices.is_valid().to_numpy(zero_copy_only=False)
            indices = indices.fill_null(len(to_place) - 1)
        codes[start:end] = to_place[indices.to_numpy(zero_copy_only=False)]
    words = sorted(place)
    to_rank = np.zeros(len(words) + 1, "int32")
    to_rank[[place[word] for word in words]] = np.arange(len(words), dtype="int32")
    for start in range(0, len(codes), 1 << 18):
        codes[start : start + (1 << 18)] = to_rank[codes[start : start + (1 << 18)]]
    return Column("VARCHAR", codes, valid, np.array(words, object))
