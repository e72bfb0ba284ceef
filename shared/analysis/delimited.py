"""CSV and its cousins: find the dialect and the header, and rewrite a file that is not clean.

A clean file is left for DuckDB to read where it lies. One with another encoding, ragged lines or stray quotes is
rewritten once as plain CSV by Python's csv module; what that padded, cut or dropped is counted.
"""

import codecs
import csv
import io
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from shared.analysis.infer import readings

HEAD = 1 << 18  # bytes looked at to find the dialect
SAMPLE = 400  # rows looked at to find the types
_DELIMITERS = ",;\t|"


class Layout(NamedTuple):
    """How a delimited file is laid out. `skip` counts the physical lines above the first data row."""

    delimiter: str
    quote: str  # empty: quotes are ordinary characters
    escape: str  # how a quote is written inside quotes: doubled, or behind a backslash
    header: list[str] | None
    width: int
    skip: int
    junk: int  # lines above the header that hold no data
    sample: list[list[str]]
    clean: bool  # nothing in the head asks for a rewrite


class _Mended(threading.local):
    count = 0  # bytes `_mend` has decoded in this thread


_mended = _Mended()


def _mend(error: UnicodeError) -> tuple[str, int]:
    """Decode a byte that is not UTF-8 as Windows-1252, and one undefined there as Latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    _mended.count += 1
    byte = error.object[error.start : error.start + 1]
    return byte.decode("cp1252", "ignore") or byte.decode("latin-1"), error.start + 1


codecs.register_error("agentforge_mixed", _mend)


def encoding_of(head: bytes) -> str:
    """`utf-8-sig`, `utf-16`, `utf-16-le` or `utf-16-be`; anything else is read as UTF-8 with Windows-1252 mixed in."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    if odd > 0.3 * len(head[1:4096:2]) and even < 0.05 * odd:
        return "utf-16-le"
    if even > 0.3 * len(head[0:4096:2]) and odd < 0.05 * even:
        return "utf-16-be"
    return "utf-8-sig"


def decode(head: bytes, whole: bool) -> str:
    """The text of a file's head; without `whole`, only its complete lines."""
    decoder = codecs.getincrementaldecoder(encoding_of(head))("agentforge_mixed")
    text = decoder.decode(head, final=whole)
    cut = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text if whole or not cut else text[:cut]


def has_type(text: str) -> bool:
    """Whether a value is a number, a date or the like, rather than words."""
    return bool(readings([text.strip()])) if text.strip() else False


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def was(count: int) -> str:
    return "was" if count == 1 else "were"


def _reader(lines: Iterable[str], delimiter: str, quote: str, escape: str = '"') -> Any:
    if not quote:
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if escape == "\\":
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=False, escapechar="\\", skipinitialspace=True)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=True)


def _is_blank(row: list[str]) -> bool:
    """A line of nothing but blanks, or the \\x1a that ended files in DOS."""
    return not row or (len(row) == 1 and not row[0].strip(" \t\x1a\u00a0"))


def _rows(text: str, delimiter: str, escape: str, limit: int) -> list[tuple[int, list[str]]]:
    """(physical line after the row, its fields) of the rows that are not blank."""
    reader = _reader(io.StringIO(text, newline=""), delimiter, '"', escape)
    rows: list[tuple[int, list[str]]] = []
    for row in reader:
        if not _is_blank(row):
            rows.append((reader.line_num, row))
        if len(rows) >= limit:
            break
    return rows


def sniff(text: str) -> Layout:
    """Find delimiter, quote, junk lines and header in the head of a file."""
    csv.field_size_limit(sys.maxsize)
    # `\"` before an ordinary character can only be a quote within quotes.
    escape = "\\" if re.search(r'\\"[^,;|\t\r\n"]', text) else '"'
    stated = re.match(r"\ufeff?sep=(.)\r?\n", text)
    found: list[tuple[float, bool, int, str]] = []
    for delimiter in stated[1] if stated else _DELIMITERS:
        rows = [row for _, row in _rows(text, delimiter, escape, 200)] if delimiter in text else []
        widths = Counter(map(len, rows))
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(0, 0))
        if width > 1:
            score = count / len(rows) - 0.02 * (len(rows[0]) != width)
            found.append((score, not _mixed(rows[:20], delimiter), width, delimiter))
    best = max(found, key=lambda item: item[:3], default=None)
    lines = text.splitlines()
    if best and best[3] == "," and "," not in lines[0] and all(has_type(line) for line in lines[1:] if line):
        best = None  # one column of numbers written 1,234 or 3,14
    if best is None or (best[0] < 0.3 and not stated):
        delimiter = next((char for char in ",\t;|" if char not in text), "\x1f")
    else:
        delimiter = best[3]
    return _layout(text, delimiter, escape, _rows(text, delimiter, escape, SAMPLE + 50))


def _mixed(rows: list[list[str]], delimiter: str) -> bool:
    """Whether values hold another delimiter, other than in numbers such as 3,14: then another one may split them."""
    others = [char for char in _DELIMITERS if char != delimiter]
    return any(any(char in cell for char in others) and not has_type(cell) for row in rows for cell in row)


def _layout(text: str, delimiter: str, escape: str, rows: list[tuple[int, list[str]]]) -> Layout:
    rows = rows or [(1, [""])]
    counts = Counter(len(row) for _, row in rows)
    width = max(counts, key=lambda n: (n > 1, counts[n], n)) if len(rows) > 1 else len(rows[0][1])
    start = next((i for i, (_, row) in enumerate(rows) if _heads(row, width)), 0)
    above, under = rows[start - 1][1] if start else [], [row for _, row in rows[start:] if len(row) == width]
    if len(above) == width - 1 > 0 and all(cell.strip() for cell in above):  # a header one name short
        if not any(row[-1] for row in under):  # every line ends with a delimiter
            start, above = start - 1, [*above, ""]
        elif _headless(under[0], under[1:]):  # R writes row names without a name of their own
            start, above = start - 1, ["", *above]
        rows[start] = (rows[start][0], above if len(above) == width else rows[start][1])
    first, body = rows[start][1], [row for _, row in rows[start + 1 :]]
    header = None if _headless(first, body) else first
    skip = rows[start][0] if header else rows[start - 1][0] if start else 0
    if header is None:
        body = [first, *body]
    # DuckDB counts what it skips in rows, not lines, and takes a blank line in a single column for a missing value.
    tall = any("\n" in cell for _, row in rows[: start + 1] for cell in row)
    odd = (
        tall
        or (width == 1 and "\n\n" in text.replace("\r", ""))
        or escape != '"'
        or "\0" in text
        or re.search(r'\r(?!\n)|[,;|\t] +"', text) is not None
    )
    clean = not odd and all(len(row) == width for row in body)
    return Layout(delimiter, '"', escape, header, width, skip, start, body[:SAMPLE], clean)


def _heads(row: list[str], width: int) -> bool:
    """Whether `row` can be the first of the table: full width, mostly filled, not a comment."""
    if len(row) != width:
        return False
    filled = sum(bool(cell.strip()) for cell in row)
    return filled * 2 > width if width > 1 else not row[0].startswith("# ")


def _headless(first: list[str], body: list[list[str]]) -> bool:
    """No header: every cell of the first row is a number, or each fits its column as typed by the rows below."""
    cells = [cell.strip() for cell in first]
    if all(has_type(cell) for cell in cells):
        return True
    if any(not cell for cell in cells) or not body:
        return False
    typed = 0
    for index, cell in enumerate(cells):
        values = [value for row in body[:50] if index < len(row) and (value := row[index].strip())]
        if readings(values) and readings(values)[0].type != "BOOLEAN":
            if not readings([*values, cell]) or not has_type(cell):
                return False
            typed += not re.fullmatch(r"(?:1[89]|20)\d\d", cell)  # years make headers too
    return typed > 0


class Rewritten(NamedTuple):
    padded: list[int]  # line numbers
    dropped: list[int]
    remarks: int
    not_utf8: int
    longest: int  # characters in the longest row
    sample: list[list[str]]  # the first rows

    def notes(self, name: str) -> Iterator[tuple[Literal["repaired", "lost"], int, str]]:
        """(kind, count, text) of what was done to the file shown as `name`."""
        if n := len(self.padded):
            text = f"{plural(n, 'row')} of {name} had too few values and {was(n)} filled up with missing ones"
            yield "repaired", n, f"{text} ({_lines(self.padded)})."
        if n := len(self.dropped):
            text = f"{plural(n, 'row')} of {name} had too many values and {was(n)} left out ({_lines(self.dropped)})."
            yield "lost", n, text
        if n := self.remarks:
            yield "lost", n, f"{plural(n, 'line')} of remarks below the table in {name} {was(n)} left out."
        if n := self.not_utf8:
            yield "repaired", n, f"{plural(n, 'character')} of {name} {was(n)} not UTF-8 and read as Windows-1252."


def _lines(numbers: list[int]) -> str:
    more = ", …" if len(numbers) > 3 else ""
    return f"line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:3]))}{more}"


class _Unclosed(Exception):
    """A quote that never closes took many lines into one value."""


def rewrite(source: Path, out: Path, layout: Layout, encoding: str) -> Rewritten:
    """Write `source`'s data rows as clean CSV. Short rows are padded, rows with too many values dropped.

    Where a quote never closes, quotes are taken as ordinary characters.
    """
    try:
        return _rewrite(source, out, layout, encoding)
    except _Unclosed:
        return _rewrite(source, out, layout._replace(quote=""), encoding)


def _rewrite(source: Path, out: Path, layout: Layout, encoding: str) -> Rewritten:
    padded: list[int] = []
    dropped: list[int] = []
    below: list[tuple[int, list[str]]] = []  # rows of one value: remarks, if nothing but such rows follows
    sample: list[list[str]] = []
    longest = _mended.count = 0
    with (
        source.open(encoding=encoding, errors="agentforge_mixed", newline="") as text,
        out.open("w", encoding="utf-8", newline="") as target,
    ):
        for _ in range(layout.skip):
            text.readline()
        reader = _reader((line.replace("\0", "") for line in text), layout.delimiter, layout.quote, layout.escape)
        writer = csv.writer(target, lineterminator="\r\n")  # quotes both characters
        end = layout.skip
        for row in reader:
            line, end = end + 1, reader.line_num + layout.skip
            if layout.quote and end - line > 200:
                raise _Unclosed
            longest = max(longest, sum(map(len, row)))
            if len(row) > layout.width and not any(row[layout.width :]):
                row = row[: layout.width]
            if not row or (layout.width > 1 and _is_blank(row)):
                continue
            if len(row) > layout.width:
                dropped.append(line)
            elif len(row) < layout.width and layout.width > 2 and sum(map(bool, row)) == 1:
                below.append((line, row))
            else:
                for at, short in [*below, (line, row)]:
                    if len(short) < layout.width:
                        padded.append(at)
                    whole = [*short, *[""] * (layout.width - len(short))]
                    writer.writerow(whole)
                    if len(sample) < SAMPLE:
                        sample.append(whole)
                below.clear()
    return Rewritten(padded, dropped, len(below), _mended.count, longest, sample)


def total_row(path: Path, layout: Layout, whole: bool) -> str:
    """The first value of the last row if it says "Total", else nothing."""
    if whole:
        row = layout.sample[-1] if layout.sample else []
    else:
        with path.open("rb") as file:
            file.seek(-4096, 2)
            row = file.read().decode("utf-8", "replace").rstrip().rsplit("\n", 1)[-1].split(layout.delimiter)
    cell = next((stripped for cell in row if (stripped := cell.strip(' "'))), "")
    return cell[:30] if re.match(r"(?i)(?:grand |sub)?totals?\b|sum\b", cell) else ""
