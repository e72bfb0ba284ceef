"""From a file of any kind to one SQL relation with columns c0, c1, … and the names they had.

The content decides what a file is; the extension only where the content leaves it open.
"""

import csv
import gzip
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
from pydantic import BaseModel

from shared.analysis import delimited, json_table
from shared.analysis.delimited import plural, was
from shared.analysis.duck import literal, quoted, reason
from shared.errors import UnreadableTable

MOST_UNPACKED, MOST_STRINGS = 8 << 30, 256 << 20  # bytes: of a packed file on disk; of a workbook's texts, which are read into memory


class Note(BaseModel):
    """What was cast, repaired or lost on the way in, in one plain sentence; `count` is of values or rows."""

    kind: Literal["cast", "repaired", "lost"]
    column: str | None
    count: int
    text: str


class Raw(NamedTuple):
    """A table not yet typed. `relation(doubles)` is SQL with the columns c0, c1, …; where `casts`, it reads those in
    `doubles` as numbers, which is quicker than to read text and cast it."""

    relation: Callable[[frozenset[str]], str]
    names: list[str]  # as in the source
    types: list[str]  # SQL types; text (VARCHAR) is still to be read
    sample: list[list[str]] | None  # rows from the top of a delimited file
    notes: list[Note]
    delimiter: str = ""
    casts: bool = False
    mendable: bool = False  # what DuckDB cannot read in it, `read(…, mend=True)` may


def read(path: Path, name: str, work: Path, con: duckdb.DuckDBPyConnection, mend: bool = False) -> Raw:
    """Recognise `path` (shown as `name`) and say how to read it. Temporary files go to `work`.

    Raises:
        UnreadableTable: it is not a table, or a damaged one.
    """
    with path.open("rb") as file:
        head = file.read(delimited.HEAD)
        whole = not file.read(1)
    if head.startswith(b"\x1f\x8b"):
        return read(_unzipped(path, name, work), name.removesuffix(".gz"), work, con, mend)
    _refuse(head, name, path)
    if head.startswith(b"PAR1"):
        return _parquet(path, name, con)
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(path, name, work)
    text = delimited.decode(head, whole)
    if not text.strip("\ufeff \t\r\n"):
        raise UnreadableTable(f"{name} is empty.", "Give a file with a header line and rows.")
    if json_table.looks_like_json(text, name):
        source, lost = json_table.relation(path, name, work, con, _plain_path, mend)
        raw = _typed(source, name, con)._replace(mendable=not mend)
        if lost:
            text = f"{plural(lost, 'line')} of {name} {was(lost)} not JSON and left out."
            raw.notes.append(Note(kind="lost", column=None, count=lost, text=text))
        return raw
    return _delimited(path, name, work, text, whole, mend)


def scratch(work: Path) -> Path:
    """A new path in `work`."""
    return work / str(len(list(work.iterdir())))


_BINARY = {
    b"%PDF": "a PDF",
    b"SQLite format 3": "a SQLite database",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"7z\xbc\xaf": "an archive",
    b"BZh": "an archive",
    b"\xfd7zXZ": "an archive",
    b"\x28\xb5\x2f\xfd": "an archive",
}


def _refuse(head: bytes, name: str, path: Path) -> None:
    """Name what is no table, by its first bytes."""
    if not head:
        raise UnreadableTable(f"{name} is empty.", "Give a file with a header line and rows.")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise UnreadableTable(f"{name} is protected by a password.", "Save a copy without one and try again.")
        raise UnreadableTable(f"{name} is an old Excel file (.xls).", "Save it as .xlsx or .csv and try again.")
    kind = next((kind for magic, kind in _BINARY.items() if head.startswith(magic)), None)
    start = head[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<table", b"<?xml")):
        kind = "an XML file" if start.startswith(b"<?xml") else "a web page"
    if kind:
        raise UnreadableTable(f"{name} is {kind}, not a table.", "Export or download the table itself, as CSV or JSON.")
    text = delimited.encoding_of(head) == "utf-8-sig" and not head.startswith((b"PAR1", b"PK\x03\x04"))
    if text and sum(byte < 9 or 13 < byte < 32 for byte in head[:4096]) > max(3, 0.02 * len(head[:4096])):
        raise UnreadableTable(f"{name} is a binary file, not text.", "Export the table as CSV and try again.")


def _unzipped(path: Path, name: str, work: Path) -> Path:
    out, left = scratch(work), MOST_UNPACKED
    try:
        with gzip.open(path) as source, out.open("wb") as target:
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise _too_large(name)
                target.write(block)
    except (OSError, EOFError) as error:
        raise UnreadableTable(f"{name} is a damaged gzip file ({error}).", "Compress or download it again.") from None
    return out


def _too_large(name: str) -> UnreadableTable:
    return UnreadableTable(f"{name} is too large when it is unpacked.", "Save the table as Parquet, or as several files.")


def _plain_path(path: Path, work: Path) -> str:
    """DuckDB expands `*`, `?` and `[` in a path: give such a file another name."""
    if not re.search(r"[*?\[\]{}]", str(path)):
        return str(path)
    link = scratch(work)
    link.symlink_to(path)
    return str(link)


# --- CSV and its cousins ------------------------------------------------------------------------------------------


def _delimited(path: Path, name: str, work: Path, text: str, whole: bool, mend: bool) -> Raw:
    layout = delimited.sniff(text)
    notes: list[Note] = []

    def note(kind: Literal["repaired", "lost"], count: int, said: str) -> None:
        notes.append(Note(kind=kind, column=None, count=count, text=said))

    if layout.header is None:
        note("repaired", layout.width, f"{name} has no header line. Its columns were named column_1, column_2, …")
    if layout.junk:
        note("lost", layout.junk, f"{plural(layout.junk, 'line')} above the header of {name} {was(layout.junk)} left out.")
    if total := delimited.total_row(path, layout, whole):
        note("repaired", 1, f"The last row of {name} ({total!r}) looks like a total. It was kept and counts as a row.")
    with path.open("rb") as file:
        encoding = delimited.encoding_of(file.read(4096))
    clean = layout.clean and encoding == "utf-8-sig" and not mend
    delimiter, skip, longest, sample = layout.delimiter, layout.skip, 0, layout.sample
    newline = "\\r\\n" if text.split("\n", 1)[0].endswith("\r") else "\\n"
    if not clean:
        mended = scratch(work)
        done = delimited.rewrite(path, mended, layout, encoding)
        for kind, count, said in done.notes(name):
            note(kind, count, said)
        path, delimiter, skip, longest, sample, newline = mended, ",", 0, done.longest, done.sample, "\\r\\n"

    # Small buffers let both cores work on a file of a few megabytes.
    sizes = f"max_line_size = {8 * longest}" if longest > 200_000 else "buffer_size = 4194304"
    options = f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', new_line = '{newline}', skip = {skip}, {sizes}"
    source = literal(_plain_path(path, work))

    def relation(doubles: frozenset[str]) -> str:
        names = (f"c{i}" for i in range(layout.width))
        columns = ", ".join(f"{c}: '{'DOUBLE' if c in doubles else 'VARCHAR'}'" for c in names)
        return f"read_csv({source}, auto_detect = false, header = false, {options}, columns = {{{columns}}})"

    header = [*(layout.header or []), *[""] * layout.width][: layout.width]
    return Raw(relation, header, ["VARCHAR"] * layout.width, sample, notes, layout.delimiter, True, clean)


def _xlsx(path: Path, name: str, work: Path) -> Raw:
    """The first sheet that is not empty, written as CSV and read like one."""
    import openpyxl

    try:
        with zipfile.ZipFile(path) as parts:  # no part can be read beyond the size that is told here
            sizes = {info.filename: info.file_size for info in parts.infolist()}
        if sum(sizes.values()) > MOST_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > MOST_STRINGS:
            raise _too_large(name)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        out = scratch(work)
        sheet = next((sheet.title for sheet in book.worksheets if _write_sheet(sheet, out)), None)
        others = [repr(other.title) for other in book.worksheets if other.title != sheet]
        book.close()
    except UnreadableTable:
        raise
    except Exception as error:
        raise UnreadableTable(f"{name} is not a readable Excel file ({reason(error)}).", "Save it as .xlsx or .csv.") from None
    if sheet is None:
        raise UnreadableTable(f"{name} has no sheet with data.", "Put the table on a sheet of its own.")
    with out.open("rb") as file:
        head = file.read(delimited.HEAD)
        whole = not file.read(1)
    raw = _delimited(out, name, work, delimited.decode(head, whole), whole, False)
    if others:
        text = f"The sheet {sheet!r} of {name} was read; not read: {', '.join(others[:5])}."
        raw.notes.append(Note(kind="lost", column=None, count=len(others), text=text))
    return raw


def _write_sheet(sheet: Any, out: Path) -> bool:
    """Whether the sheet had any value."""
    found = False
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in sheet.iter_rows(values_only=True):
            if any(value not in (None, "") for value in row):
                writer.writerow([_cell(value) for value in row])
                found = True
    return found


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return "" if value is None else str(value)


# --- sources with types of their own ------------------------------------------------------------------------------


def _parquet(path: Path, name: str, con: duckdb.DuckDBPyConnection) -> Raw:
    with path.open("rb") as file:
        file.seek(-4, 2)
        if file.read() != b"PAR1":
            raise UnreadableTable(f"{name} is a Parquet file that was cut short.", "Copy or download it again.")
    return _typed(f"read_parquet({literal(str(path))})", name, con)


def _typed(source: str, name: str, con: duckdb.DuckDBPyConnection) -> Raw:
    """Structs become columns with dotted names, lists and maps JSON text."""
    try:
        shape = con.sql(f"FROM {source}")
    except duckdb.Error as error:
        raise UnreadableTable(f"{name} could not be read: {reason(error)}.", "Save it again and retry.") from None
    leaves = [
        leaf for column, type in zip(shape.columns, shape.types, strict=True) for leaf in _leaves(column, quoted(column), type)
    ]
    if not leaves:
        raise UnreadableTable(f"{name} has no columns.", "Give a table with at least one.")
    relation = f"(SELECT {', '.join(f'{sql} AS c{i}' for i, (_, sql, _) in enumerate(leaves))} FROM {source})"
    return Raw(lambda _: relation, [name for name, _, _ in leaves], [type for _, _, type in leaves], None, [])


_TYPES = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"), "BIGINT"),
    **dict.fromkeys(("float", "double", "decimal"), "DOUBLE"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "TIMESTAMP"),
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
}


def _leaves(name: str, sql: str, type: Any) -> Iterator[tuple[str, str, str]]:
    """(name, SQL, SQL type) of the columns in a column."""
    if type.id == "struct":
        for field, inner in type.children:
            yield from _leaves(f"{name}.{field}", f"struct_extract({sql}, {literal(field)})", inner)
    elif type.id in ("list", "array", "map", "union"):
        yield name, f"CAST(to_json({sql}) AS VARCHAR)", "VARCHAR"
    elif str(type) == "JSON":
        yield name, f"({sql} ->> '$')", "VARCHAR"
    elif type.id == "timestamp with time zone":
        yield name, f"({sql} AT TIME ZONE 'UTC')", "TIMESTAMP"
    else:  # huge integers, UUIDs, enums, blobs, intervals as text, which is then read like any text
        known = _TYPES.get(type.id, "VARCHAR")
        yield name, f"CAST({sql} AS {known})", known
