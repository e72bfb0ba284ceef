"""JSON in the shapes tables come in, as a relation DuckDB reads.

Covered: a list of objects, one object per line, an object holding such a list, an object of columns, a list of lists
with or without a header, pandas' `split`, `columns` and `index` orientations, NaN.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from shared.analysis import delimited
from shared.analysis.duck import literal, reason
from shared.errors import UnreadableTable


def looks_like_json(text: str, name: str) -> bool:
    """Whether the head of a file is JSON: by its first line where that is complete, else by its first character."""
    start = text.lstrip("\ufeff \t\r\n")
    if not start.startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(start.split("\n", 1)[0]), (dict, list))
    except (ValueError, RecursionError):
        return not name.lower().endswith((".csv", ".tsv", ".txt")) or re.match(r'[\[{]\s*[\[{"\]}]', start) is not None


def relation(
    path: Path,
    name: str,
    work: Path,
    con: duckdb.DuckDBPyConnection,
    plain_path: Callable[[Path, Path], str],
    mend: bool,
) -> tuple[str, int]:
    """SQL over the records of a JSON file, and how many lines were left out because they are not JSON.

    With `mend`, and where DuckDB refuses the file, Python reads it, more leniently.
    """
    with path.open("rb") as file:
        head = file.read(delimited.HEAD)
    text = delimited.decode(head, False).lstrip("\ufeff \t\r\n")
    first = text.split("\n", 1)[0]
    lines = text.startswith("{") and _is_object(first) and "\n" in text.rstrip()
    if not mend and delimited.encoding_of(head) == "utf-8-sig" and (lines or re.match(r"\[\s*\{", text)):
        try:
            kind = "newline_delimited" if lines else "array"
            return _as_text(f"{literal(plain_path(path, work))}, format = '{kind}'", con), 0
        except duckdb.Error:
            pass
    out = work / f"{len(list(work.iterdir()))}.jsonl"
    lost = found = 0
    with out.open("w", encoding="utf-8", errors="replace") as target:
        for record in _lines(path, head) if lines else _records(path, head, name):
            if record is None:
                lost += 1
            else:
                found += 1
                target.write(json.dumps(record, ensure_ascii=False) + "\n")
    if not found or lost > found:
        raise UnreadableTable(f"{name} holds no records.", "Give a list of objects, or one object per line.")
    try:
        return _as_text(f"{literal(str(out))}, format = 'newline_delimited'", con), lost
    except duckdb.Error as error:
        raise UnreadableTable(f"{name} could not be read: {reason(error)}.", "Give a list of flat objects.") from None


def _as_text(source: str, con: duckdb.DuckDBPyConnection) -> str:
    """SQL that types records by all of them. Dates stay text, so that they are read as in any other file."""
    source = (
        f"read_json({source}, sample_size = -1, maximum_depth = -1, map_inference_threshold = -1, "
        "convert_strings_to_integers = false, maximum_object_size = 67108864, "
        "dateformat = '%Y is no date', timestampformat = '%Y is no date')"
    )
    if con.sql(f"FROM {source}").columns == ["json"]:
        raise duckdb.InvalidInputException("There are no objects.")
    return source


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _no_constant(text: str) -> None:
    """NaN and Infinity are no values."""


def _lines(path: Path, head: bytes) -> Iterator[dict[str, Any] | None]:
    with path.open(encoding=delimited.encoding_of(head), errors="replace") as file:
        for line in file:
            if line.strip():
                try:
                    record = json.loads(line, parse_constant=_no_constant)
                except (ValueError, RecursionError):
                    record = None
                yield record if isinstance(record, dict) else None


def _records(path: Path, head: bytes, name: str) -> Iterator[dict[str, Any]]:
    text = path.read_text(encoding=delimited.encoding_of(head), errors="replace").strip()
    decoder, values, end = json.JSONDecoder(parse_constant=_no_constant), [], 0
    try:
        while end < len(text):  # one document, or several on end
            value, end = decoder.raw_decode(text, end)
            values.append(value)
            end += len(text[end:]) - len(text[end:].lstrip())
    except (ValueError, RecursionError) as error:
        raise UnreadableTable(f"{name} is not valid JSON: {error}.", "Give a list of objects, or one per line.") from None
    found = values[0] if len(values) == 1 else values
    try:
        yield from _rows(found)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UnreadableTable(f"{name} is JSON, but not a table.", "Give a list of objects, one per row.") from None


def _rows(found: Any) -> Iterator[dict[str, Any]]:
    """The rows in a JSON document; raises ValueError or the like where there are none."""
    if isinstance(found, dict):
        values = list(found.values())
        if {"columns", "data"} <= set(found):
            found = [found["columns"], *found["data"]]
        elif values and all(isinstance(value, dict) and not _nested(value) for value in values):
            # pandas' "columns" has the same row keys under every column; its "index" the same columns in every row.
            if len({tuple(value) for value in values}) == 1 and all(key.isdigit() for key in values[0]):
                found = [{name: column[key] for name, column in found.items()} for key in values[0]]
            else:
                found = [{"key": key, **row} for key, row in found.items()]
        elif values and all(isinstance(value, list) and not _nested(value) for value in values):
            found = [dict(zip(found, row, strict=True)) for row in zip(*values, strict=True)]
        else:
            found = max(_lists_of_rows(found), key=len, default=[found])
    if not isinstance(found, list):
        raise ValueError
    if found and all(isinstance(row, list) for row in found):
        named = all(isinstance(cell, str) for cell in found[0])
        names = found[0] if named else [f"column_{i + 1}" for i in range(len(found[0]))]
        found = [dict(zip(names, row, strict=True)) for row in found[named:]]
    for row in found:
        yield row if isinstance(row, dict) else {"value": row}


def _lists_of_rows(value: dict[str, Any], depth: int = 4) -> Iterator[list[Any]]:
    """The lists of objects or of lists anywhere in an object."""
    for inner in value.values():
        if isinstance(inner, list) and inner and isinstance(inner[0], (dict, list)):
            yield inner
        elif isinstance(inner, dict) and depth:
            yield from _lists_of_rows(inner, depth - 1)


def _nested(value: Any) -> bool:
    return any(isinstance(item, (dict, list)) for item in (value.values() if isinstance(value, dict) else value))
