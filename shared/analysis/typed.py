"""Type a relation's columns and write them as Parquet.

The first pass believes the sample: columns that look plain are read as numbers or dates at once, the rest stays text.
A second one, only where there is something to repair, counts what every reading does to every value of a column,
takes the one that loses least, and says what it did.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

from shared.analysis import infer
from shared.analysis.delimited import plural, was
from shared.analysis.duck import fit_width, literal, quoted
from shared.analysis.infer import Decimal, Reading
from shared.analysis.readers import Note

CHUNK = 200  # columns per counting statement: planning time grows faster than their number
TOLERATED, ENOUGH = 0.02, 20  # a column may lose this share of its values, if it has at least so many
_BLANKS, _EDGE = literal(infer.BLANKS), literal(f"^[{infer.BLANKS}]|[{infer.BLANKS}]$")
# Not `IN`: DuckDB makes a join of each, and one per column takes gigabytes.
_TEXT_NULL = f"regexp_full_match(v, {literal('|'.join(map(re.escape, infer.TEXT_NULLS)))})"
_VALUE_NULL = f"regexp_full_match(v, {literal('(?i)' + '|'.join(map(re.escape, infer.VALUE_NULLS)))})"


class Column(NamedTuple):
    """`raw` is its name in the relation; the sample holds values from the top, as they are."""

    name: str
    raw: str
    type: str
    sample: Sequence[str]
    fixed: bool = False  # text that is not to be read as anything else


class Written(NamedTuple):
    rows: int
    types: list[str]
    units: list[str | None]
    notes: list[Note]


def write(
    relation: Callable[[frozenset[str]], str],
    casts: bool,
    columns: list[Column],
    decimal: Decimal,
    file: Path,
    con: duckdb.DuckDBPyConnection,
) -> Written:
    """Write the relation's columns, typed, to `file`; see `Raw` for `relation` and `casts`."""
    fit_width(con, len(columns))
    samples = {column.raw: [v for value in column.sample if (v := value.strip(infer.BLANKS))] for column in columns}
    choices = {c.raw: infer.readings(samples[c.raw], (), decimal, c.name) for c in columns if _open(c)}
    rows, done = _believe(relation, casts, columns, samples, choices, decimal, file, con)
    rest = [column for column in columns if _open(column) and column.raw not in done]
    infinite = [column for column in columns if column.type == "DOUBLE"]
    if any(choices[c.raw] or not samples[c.raw] for c in rest) or not _is_clean(rest, infinite, file, con):
        first = file.with_suffix(".first")
        file.rename(first)
        try:
            chosen, notes = _repair(columns, samples, choices, done, decimal, first, file, con)
        finally:
            first.unlink()
    else:
        chosen, notes = done, []
    for column in columns:
        if (reading := chosen.get(column.raw)) and reading.says:
            notes.append(_note("cast", column, rows, reading.says))
    readings = [chosen.get(column.raw) for column in columns]
    types = [reading.type if reading else column.type for reading, column in zip(readings, columns, strict=True)]
    return Written(rows, types, [reading.unit if reading else None for reading in readings], notes)


def _note(kind: Literal["cast", "repaired", "lost"], column: Column, count: int, text: str) -> Note:
    return Note(kind=kind, column=column.name, count=count, text=f"{column.name}: {text}")


def _open(column: Column) -> bool:
    """Whether the column is text whose values are still to be read."""
    return column.type == "VARCHAR" and not column.fixed


def _over(sql: str, value: str) -> str:
    """A reading's SQL with its `v` replaced; string literals are left alone."""
    return re.sub(r"'(?:[^']|'')*'|\bv\b", lambda match: value if match[0] == "v" else match[0], sql)


def _copy(values: Iterable[tuple[str, str]], source: str, file: Path, con: duckdb.DuckDBPyConnection) -> int:
    """Write (SQL, name) of each column; returns the rows. Order and bytes do not depend on the number of threads."""
    selected = ", ".join(f"{sql} AS {quoted(name)}" for sql, name in values)
    options = "FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880"
    row = con.execute(f"COPY (SELECT {selected} FROM {source}) TO {literal(str(file))} ({options})").fetchone()
    return int(row[0]) if row else 0


# --- the first pass -----------------------------------------------------------------------------------------------

_STOP = "needs another reading: "


def _believe(
    relation: Callable[[frozenset[str]], str],
    casts: bool,
    columns: list[Column],
    samples: dict[str, list[str]],
    choices: dict[str, list[Reading]],
    decimal: Decimal,
    file: Path,
    con: duckdb.DuckDBPyConnection,
) -> tuple[int, dict[str, Reading]]:
    """Write the table as the sample promises it. Returns the rows, and how the columns that are no longer text were read.

    A value that breaks the promise stops the pass, and it starts again: with another reading if one fits plainly (the
    first 1.5 among integers), else with that column as text. The fourth time, all columns stay text.
    """
    plain = {raw: found[0] for raw, found in choices.items() if len(found) == 1}
    for column in columns:
        if column.raw in plain and not all(infer.is_plain(value, plain[column.raw]) for value in column.sample):
            del plain[column.raw]
    for _ in range(3):
        doubles = frozenset(raw for raw, reading in plain.items() if casts and reading.type == "DOUBLE")
        values = [(_believed_sql(i, c, plain.get(c.raw), c.raw in doubles), c.name) for i, c in enumerate(columns)]
        try:
            return _copy(values, relation(doubles), file, con), plain
        except duckdb.Error as error:
            stop = re.search(_STOP + r"(\d+) (.*)|converting column \"c(\d+)\"", str(error), re.DOTALL)
            if stop is None:
                raise
        column = columns[int(stop[1] or stop[3])]
        raw = column.raw
        value = (stop[2] or "").split("\n\n", 1)[0]
        better = infer.readings(samples[raw], [value], decimal, column.name) if value.strip(infer.BLANKS) else []
        if len(better) == 1 and better[0] != plain.pop(raw) and infer.is_plain(value, better[0]):
            plain[raw] = better[0]
            samples[raw].append(value)
    values = [(_believed_sql(i, column, None, False), column.name) for i, column in enumerate(columns)]
    return _copy(values, relation(frozenset()), file, con), {}


def _believed_sql(index: int, column: Column, reading: Reading | None, cast: bool) -> str:
    raw = column.raw
    stop = f"error(concat('{_STOP}{index} ', {raw}))"
    if column.type == "DOUBLE":
        return f"nullif({raw}, 'nan')"
    if reading is None:
        return raw
    if cast:
        return f"CASE WHEN isfinite({raw}) THEN {raw} WHEN {raw} IS NOT NULL THEN {stop} END"
    return f"coalesce({_over(reading.plain, raw)}, CASE WHEN {raw} <> '' THEN {stop} END)"


def _is_clean(texts: list[Column], doubles: list[Column], file: Path, con: duckdb.DuckDBPyConnection) -> bool:
    """Whether no text in the written file has blanks around it or means missing, and no number is infinite."""
    odd = [
        " OR ".join((f"{name} <> trim({name}, {_BLANKS})", *(f"{name} = {literal(null)}" for null in ("", *infer.TEXT_NULLS))))
        for name in (quoted(column.name) for column in texts)
    ]
    odd += [f"isinf({quoted(column.name)})" for column in doubles]
    for start in range(0, len(odd), CHUNK):
        where = " OR ".join(odd[start : start + CHUNK])
        if con.execute(f"SELECT 1 FROM read_parquet({literal(str(file))}) WHERE {where} LIMIT 1").fetchone():
            return False
    return True


# --- the second pass ----------------------------------------------------------------------------------------------


class _Tally(NamedTuple):
    """What one reading does to a column: values it reads, of them without repair, and some it cannot read."""

    fits: int
    plain: int
    failing: list[str]


class _Count(NamedTuple):
    values: int  # not empty
    text_nulls: int  # of them, NA and the like
    value_nulls: int  # of them, also - and the like, where numbers or dates are tried
    trimmed: int
    codes: int  # 007 and the like
    nulls: list[str]  # examples of those that mean missing
    tallies: list[_Tally]

    def lost(self, tally: _Tally) -> int:
        return self.values - self.value_nulls - tally.fits


def _repair(
    columns: list[Column],
    samples: dict[str, list[str]],
    choices: dict[str, list[Reading]],
    done: dict[str, Reading],
    decimal: Decimal,
    first: Path,
    file: Path,
    con: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, Reading], list[Note]]:
    """Read what the first pass left as text. Returns the reading of every column that is not text, and notes."""
    source = f"read_parquet({literal(str(first))})"
    rest = [column for column in columns if column.raw not in done and (_open(column) or column.type == "DOUBLE")]
    tried = {c.raw: choices[c.raw] if samples[c.raw] else [infer.UNSEEN] for c in rest if _open(c)}
    counts = _count(source, rest, tried, con)
    for _ in range(3):  # what fails shows what else the values are
        again = []
        for column in rest:
            count = counts[column.raw]
            if min((count.lost(tally) for tally in count.tallies), default=0) > 0:
                failing = [value for tally in count.tallies for value in tally.failing]
                better = infer.readings(samples[column.raw], failing, decimal, column.name)
                if better != tried[column.raw]:
                    tried[column.raw] = better
                    samples[column.raw] = samples[column.raw] or failing
                    again.append(column)
        if not again:
            break
        counts |= _count(source, again, tried, con)
    chosen = dict(done)
    notes: list[Note] = []
    values = []
    for column in columns:
        sql = column.raw
        if column.raw in counts:
            reading, said = _choose(column, tried.get(column.raw, []), counts[column.raw])
            notes += said
            if reading:
                chosen[column.raw] = reading
            if column.type == "DOUBLE":
                sql = f"CASE WHEN isfinite({sql}) THEN {sql} END"
            else:
                sql = _over(reading.sql if reading else f"CASE WHEN NOT {_TEXT_NULL} THEN v END", sql)
        values.append((sql, column.name))
    names = ((quoted(c.name), c) for c in columns)
    trimmed = ", ".join(f"{_trimmed(name) if c.raw in tried else name} AS {c.raw}" for name, c in names)
    _copy(values, f"(SELECT {trimmed} FROM {source})", file, con)
    return chosen, notes


def _trimmed(raw: str) -> str:
    """A value without blanks around it, NULL when nothing is left. `trim` is slow: only where there are any."""
    return f"nullif(CASE WHEN regexp_matches({raw}, {_EDGE}) THEN trim({raw}, {_BLANKS}) ELSE {raw} END, '')"


def _count(
    source: str, columns: list[Column], choices: dict[str, list[Reading]], con: duckdb.DuckDBPyConnection
) -> dict[str, _Count]:
    """One pass per `CHUNK` columns."""
    # Levels, so that each expression is computed once; no FILTER, which copies all columns for each aggregate.
    counts: dict[str, _Count] = {}
    for start in range(0, len(columns), CHUNK):
        part = columns[start : start + CHUNK]
        raws, values, cases, sums = [], [], [], []
        for i, column in enumerate(part):
            if column.type == "DOUBLE":
                raws.append(f"{quoted(column.name)} AS v{i}")
                values.append(f"v{i}")
                cases.append(f"v{i}")
                sums += [f"count(v{i})", f"count_if(isinf(v{i}))", "0", "0", "0", "NULL", "NULL"]
                continue
            found = choices[column.raw]
            null, code = (_VALUE_NULL, infer.CODE_SQL) if found else (_TEXT_NULL, "false")
            raws.append(f"{_trimmed(quoted(column.name))} AS v{i}, {quoted(column.name)} AS r{i}")
            values.append(f"v{i}, v{i} <> r{i} AS t{i}, {_over(null, f'v{i}')} AS n{i}, {_over(code, f'v{i}')} AS c{i}")
            cases.append(f"v{i}, t{i}, n{i}, c{i}, CASE WHEN n{i} THEN v{i} END AS e{i}")
            text_nulls = f"count_if({_over(_TEXT_NULL, f'e{i}')})"
            sums += [
                f"count(v{i})",
                text_nulls,
                f"count(e{i})",
                f"count_if(t{i})",
                f"count_if(c{i})",
                f"min(e{i})",
                f"max(e{i})",
            ]
            for k, reading in enumerate(found):
                values.append(f"{_over(reading.sql, f'v{i}')} AS x{i}_{k}, {_over(reading.plain, f'v{i}')} AS p{i}_{k}")
                cases.append(f"x{i}_{k}, p{i}_{k}, CASE WHEN x{i}_{k} IS NULL AND NOT n{i} THEN v{i} END AS f{i}_{k}")
                sums += [f"count(x{i}_{k})", f"count(p{i}_{k})", f"min(f{i}_{k}, 20)", f"max(f{i}_{k}, 20)"]
        query = source
        for level in (raws, values, cases):
            query = f"(SELECT {', '.join(level)} FROM {query})"
        row = con.execute(f"SELECT {', '.join(sums)} FROM {query}").fetchone()
        cells = iter(row or ())
        for column in part:
            total, text_nulls, value_nulls, trimmed, codes, *nulls = (next(cells) for _ in range(7))
            tallies = []
            for _ in choices.get(column.raw, ()):
                fits, plain, low, high = (next(cells) for _ in range(4))
                tallies.append(_Tally(fits, plain, list(dict.fromkeys([*(low or ()), *(high or ())]))))
            counts[column.raw] = _Count(
                total, text_nulls, value_nulls, trimmed, codes, list(dict.fromkeys(filter(None, nulls))), tallies
            )
    return counts


_KINDS = {"BIGINT": "numbers", "DOUBLE": "numbers", "BOOLEAN": "true or false", "TIME": "times"}


def _said_missing(count: int, examples: list[str]) -> str:
    such = f", such as {' and '.join(map(repr, examples))}," if examples else ""
    return f"{plural(count, 'value')} that {'stands' if count == 1 else 'stand'} for nothing{such} became missing."


def _choose(column: Column, found: list[Reading], count: _Count) -> tuple[Reading | None, list[Note]]:
    """The reading that loses least, or None to leave the column as it is; and what it does."""
    notes: list[Note] = []

    def note(kind: Literal["cast", "repaired", "lost"], number: int, text: str) -> None:
        if number:
            notes.append(_note(kind, column, number, text))

    if column.type == "DOUBLE":
        note("lost", count.text_nulls, f"{plural(count.text_nulls, 'infinite value')} became missing.")
        return None, notes
    if found:
        best = min(range(len(found)), key=lambda i: count.lost(count.tallies[i]))
        reading, tally = found[best], count.tallies[best]
        lost, values, kind = count.lost(tally), count.values - count.value_nulls, _KINDS.get(reading.type, "dates")
        such = ", ".join(repr(value[:30]) for value in tally.failing[:3])
        tolerated = not lost or (lost <= TOLERATED * values and values >= ENOUGH)
        if tally.fits and tolerated and not (count.codes and reading.type == "BIGINT"):
            repaired = tally.fits - tally.plain
            note(
                "lost",
                lost,
                f"{lost} of {values} values could not be read as {kind} and became missing, such as {such}.",
            )
            note("cast", count.value_nulls, _said_missing(count.value_nulls, count.nulls))
            note(
                "repaired",
                repaired,
                f"{plural(repaired, 'value')} with units, separators or signs {was(repaired)} read as plain numbers.",
            )
            if len(found) > 1 and count.lost(count.tallies[1 - best]) == lost:
                note("cast", tally.fits, "day and month could be swapped in every date; the month was taken first.")
            return reading, notes
        if tally.fits > values / 2:
            note(
                "cast",
                lost,
                f"kept as text, as {lost} of {values} values could not be read as {kind}, such as {such}.",
            )
    note("cast", count.text_nulls, _said_missing(count.text_nulls, [v for v in count.nulls if v in infer.TEXT_NULLS]))
    note("repaired", count.trimmed, f"blanks around {plural(count.trimmed, 'value')} were removed.")
    return None, notes
