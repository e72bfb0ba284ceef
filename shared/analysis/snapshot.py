"""Read any table once into typed Parquet: the one source for every cell and every engine.

`take_snapshot` recognises a file by its content, types every column on all its values, and says what it cast,
repaired or lost. Equal input gives byte-identical Parquet, whatever the machine's number of cores.

Covered: CSV and TSV in their dialects and encodings, gzip, JSON, JSON lines, Parquet, XLSX, several files, streams.
Not covered: more than one table in a file, headers of several lines, dates in more than one format.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import duckdb
from pydantic import BaseModel

from shared.analysis import infer, typed
from shared.analysis.duck import connect, literal, reason
from shared.analysis.readers import Note, Raw, read, scratch
from shared.errors import BadInput, NotFound, UnreadableTable

__all__ = ["Note", "Snapshot", "SnapshotColumn", "Table", "take_snapshot"]


class SnapshotColumn(BaseModel):
    name: str
    source_name: str
    type: str  # BIGINT, DOUBLE, BOOLEAN, VARCHAR, DATE, TIMESTAMP (UTC), TIME
    unit: str | None = None  # "$", "%", "kg": stripped from the values or stated in the header


class Table(BaseModel):
    name: str
    file: str  # the Parquet file's name in the folder
    rows: int
    columns: list[SnapshotColumn]
    source: str  # file name only
    source_bytes: int
    source_sha256: str  # of several stacked files: of their hashes in turn
    sha256: str  # of the Parquet file


class Snapshot(BaseModel):
    tables: list[Table]
    notes: list[Note]


class _Source(NamedTuple):
    path: Path
    name: str
    raw: Raw


def take_snapshot(sources: Sequence[Path | BinaryIO], folder: Path) -> Snapshot:
    """Type `sources` into Parquet files in `folder` (made if absent).

    One source, or several with the same columns (stacked, with a column `source_file`), become the table `data`;
    other files become a table each, named after the file.

    Raises:
        NotFound: a file is not there.
        UnreadableTable: a source is not a table, or a damaged one.
    """
    if not sources:
        raise BadInput("No data was given.", "Name at least one file, or - for standard input.")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".reading-", dir=folder))
    try:
        paths = [_local(source, work) for source in sources]
        with ThreadPoolExecutor(1) as hasher:
            hashes = [hasher.submit(_sha256, path) for path, _ in paths]
            with connect(folder, [path for path, _ in paths]) as con:
                tables, notes = _tables(
                    [_Source(path, name, read(path, name, work, con)) for path, name in paths], folder, work, con
                )
            digests = [future.result() for future in hashes]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for table, members in tables:
        each = [digests[i] for i in members]
        table.source_sha256 = each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()
    return Snapshot(tables=[table for table, _ in tables], notes=notes)


def _local(source: Path | BinaryIO, work: Path) -> tuple[Path, str]:
    """Where the bytes lie, and the name to show."""
    if isinstance(source, Path):
        if source.is_dir():
            raise UnreadableTable(f"{source.name or source} is a folder.", "Name the files in it.")
        try:
            with source.open("rb") as file:
                return (source.resolve(), source.name) if source.is_file() else (_spooled(file, work), source.name)
        except FileNotFoundError:
            raise NotFound(f"There is no file {source}.", "Check the path.") from None
        except (OSError, ValueError) as error:
            raise UnreadableTable(f"{source.name} cannot be opened ({reason(error)}).", "Check its permissions.") from None
    name = getattr(source, "name", "")
    return _spooled(source, work), Path(name).name if isinstance(name, str) and name and "<" not in name else "stdin"


def _spooled(stream: BinaryIO, work: Path) -> Path:
    spool = scratch(work)
    with spool.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return spool


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tables(
    sources: list[_Source], folder: Path, work: Path, con: duckdb.DuckDBPyConnection
) -> tuple[list[tuple[Table, list[int]]], list[Note]]:
    """Each table with the positions of its sources, and all notes."""
    if len({frozenset(_names(source.raw.names)) for source in sources}) == 1:
        table, notes = _table("data", sources, folder, work, con)
        return [(table, list(range(len(sources))))], notes
    taken: set[str] = set()
    tables, notes = [], []
    for index, source in enumerate(sources):
        stem = re.sub(r"[^a-z0-9]+", "_", source.name.split(".")[0].lower()).strip("_")[:40] or "table"
        name = _unique(stem if stem[0].isalpha() else f"t_{stem}", taken)
        table, said = _table(name, [source], folder, work, con)
        tables.append((table, [index]))
        notes += said
    return tables, notes


def _unique(name: str, taken: set[str]) -> str:
    """`name`, or `name_2`, … ; DuckDB does not tell `x` from `X`, so neither do we."""
    number, result = 1, name
    while result.lower() in taken:
        number += 1
        result = f"{name}_{number}"
    taken.add(result.lower())
    return result


def _names(source_names: Sequence[str]) -> list[str]:
    """Trimmed, single spaces, never empty, unique."""
    taken: set[str] = set()
    names = []
    for index, source_name in enumerate(source_names):
        printable = "".join(char if char.isprintable() else " " for char in source_name.replace("\ufeff", ""))
        names.append(_unique(" ".join(printable.split())[:180] or f"column_{index + 1}", taken))
    return names


def _table(
    name: str, sources: list[_Source], folder: Path, work: Path, con: duckdb.DuckDBPyConnection
) -> tuple[Table, list[Note]]:
    """Write one table. A file with lines that DuckDB cannot split is mended and tried once more."""
    try:
        return _write(name, sources, folder, con)
    except duckdb.OutOfMemoryException:
        raise UnreadableTable("The data does not fit in memory.", "Split it into smaller files.") from None
    except duckdb.Error as error:
        if any(source.raw.mendable for source in sources):
            mended = [s._replace(raw=read(s.path, s.name, work, con, s.raw.mendable)) for s in sources]
            return _table(name, mended, folder, work, con)
        names = ", ".join(source.name for source in sources)
        raise UnreadableTable(f"{names} could not be read: {reason(error)}.", "Save it again and retry.") from None


def _write(name: str, sources: list[_Source], folder: Path, con: duckdb.DuckDBPyConnection) -> tuple[Table, list[Note]]:
    raw = sources[0].raw if len(sources) == 1 else _stacked(sources)
    stacked = len(sources) > 1
    names = _names(raw.names)
    size = sum(source.path.stat().st_size for source in sources)
    samples = list(zip(*raw.sample, strict=True)) if raw.sample else _samples(raw, con)
    columns = [
        typed.Column(column, f"c{i}", type, samples[i], fixed=stacked and i == len(names) - 1)
        for i, (column, type) in enumerate(zip(names, raw.types, strict=True))
    ]
    decimal = infer.decimal_mark((column.sample for column in columns if column.type == "VARCHAR"), raw.delimiter)
    file = folder / f"{name}.parquet"
    written = typed.write(raw.relation, raw.casts, columns, decimal, file, con)
    described = [
        SnapshotColumn(name=column, source_name=source_name, type=type, unit=unit or infer.unit_in_name(column))
        for column, source_name, type, unit in zip(names, raw.names, written.types, written.units, strict=True)
    ]
    table = Table(
        name=name,
        file=file.name,
        rows=written.rows,
        columns=described,
        source=", ".join(source.name for source in sources),
        source_bytes=size,
        source_sha256="",
        sha256=_sha256(file),
    )
    return table, [*(note for source in sources for note in source.raw.notes), *written.notes]


def _stacked(sources: list[_Source]) -> Raw:
    """All sources as one, in the column order of the first, and a last column saying where a row came from."""
    names = _names(sources[0].raw.names)
    places = [{name: i for i, name in enumerate(_names(source.raw.names))} for source in sources]
    types = [
        found.pop()
        if len(found := {s.raw.types[where[name]] for s, where in zip(sources, places, strict=True)}) == 1
        else "VARCHAR"
        for name in names
    ]
    parts = []
    for source, where in zip(sources, places, strict=True):
        values = [f"CAST(c{where[name]} AS {type}) AS c{i}" for i, (name, type) in enumerate(zip(names, types, strict=True))]
        values.append(f"{literal(source.name)} AS c{len(names)}")
        parts.append(f"SELECT {', '.join(values)} FROM {source.raw.relation(frozenset())}")
    relation = f"({' UNION ALL '.join(parts)})"
    raw = sources[0].raw
    delimiter = raw.delimiter if all(source.raw.delimiter == raw.delimiter for source in sources) else ""
    return Raw(lambda _: relation, [*raw.names, "source_file"], [*types, "VARCHAR"], None, [], delimiter)


def _samples(raw: Raw, con: duckdb.DuckDBPyConnection) -> list[Sequence[str]]:
    """Values from the top of each text column, nothing for the others."""
    texts = [i for i, type in enumerate(raw.types) if type == "VARCHAR"]
    samples: list[Sequence[str]] = [() for _ in raw.types]
    if texts and raw.sample is None:
        query = f"SELECT {', '.join(f'c{i}' for i in texts)} FROM {raw.relation(frozenset())} LIMIT 400"
        for i, values in zip(texts, zip(*con.execute(query).fetchall(), strict=True), strict=False):
            samples[i] = [value or "" for value in values]
    return samples
