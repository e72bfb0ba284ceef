"""What a snapshot holds, column by column: counts, ranges, moments, the most frequent values.

Distinct values and duplicate rows are counted exactly up to `EXACT` rows; above, the distinct count of a column with many
different values is an estimate (`distinct_exact` says which) and duplicates are not counted. All else is exact.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shared.analysis.duck import connect, fit_width, literal, quoted
from shared.analysis.profile_large import Ask, Measured, measure
from shared.analysis.profiled import ColumnProfile, Kind, Profile, TableProfile, Value
from shared.analysis.snapshot import Snapshot, SnapshotColumn, Table
from shared.errors import NotFound, UnknownColumn

EXACT = 1_000_000  # rows
CELLS = 5_000_000  # values one statement may keep
SMALL = 20_000  # rows up to which lists and Python count values quicker than SQL groups, of which each must be planned
NARROW = 100  # columns up to which a larger table is measured column by column
CHUNK = 400  # columns per statement: planning time grows faster than their number
TOP, FEW = 20, 1000  # values listed; distinct integers up to which they are
PROSE = 40  # characters: text longer than this on average, and mostly distinct, is prose
_KEY_NAME = re.compile(r"(?i:(?:^|[\W_])(?:id|key|code|index|uuid|guid|no|nr))$|[a-z](?:Id|ID|Key|Code|Index)$")
_ROW_NUMBER_NAME = re.compile(r"column_1|Unnamed: 0|rownames|row|#")

def profile(snapshot: Snapshot, folder: Path) -> Profile:
    """Profile every table of `snapshot`, whose Parquet files lie in `folder`."""
    return Profile(tables=[_table(table, folder.resolve()) for table in snapshot.tables])


def distinct_values(snapshot: Snapshot, folder: Path, table: str, column: str, limit: int = 20_000) -> list[str] | None:
    """The distinct values of a column as sorted text, or None when there are more than `limit`.

    Raises:
        NotFound: no such table.
        UnknownColumn: no such column.
    """
    found = next((t for t in snapshot.tables if t.name == table), None)
    if found is None:
        raise NotFound(f"There is no table {table!r}.", f"There are: {', '.join(t.name for t in snapshot.tables)}.")
    if column not in [c.name for c in found.columns]:
        raise UnknownColumn(f"There is no column {column!r}.", f"There are: {', '.join(c.name for c in found.columns)}.")
    name, source = quoted(column), _source(found, folder.resolve())
    query = f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {source} WHERE {name} IS NOT NULL LIMIT {limit + 1}"
    with connect(folder) as con:
        values = [row[0] for row in con.execute(query).fetchall()]
    return sorted(values) if len(values) <= limit else None


def _source(table: Table, folder: Path) -> str:
    return f"read_parquet({literal(str(folder / table.file))})"


def _table(table: Table, folder: Path) -> TableProfile:
    source = _source(table, folder)

    def ask(query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with connect(folder) as con:
            return con.execute(query, parameters).fetchall()

    with connect(folder) as con:  # opens the folder's database, once
        fit_width(con, len(table.columns))
    row = f"hash({', '.join(quoted(column.name) for column in table.columns)})"
    with ThreadPoolExecutor(1) as pool:
        repeated = pool.submit(ask, f"SELECT count(*) - count(DISTINCT {row}) FROM {source}") if table.rows <= EXACT else None
        if table.rows > (SMALL if len(table.columns) <= NARROW else EXACT):
            measured = measure(table, folder / table.file, ask, exact=table.rows <= EXACT)
        else:
            measured = _measure_together(table, source, ask)
        duplicates = repeated.result()[0][0] if repeated else None
    columns = [_column(column, one, table.rows) for column, one in zip(table.columns, measured, strict=True)]
    listed = [column for column in columns if _is_listed(column) and not column.top]
    (_count_here if table.rows <= SMALL else _count_there)(listed, source, ask)
    return TableProfile(name=table.name, rows=table.rows, columns=columns, duplicate_rows=duplicates)


def _measure_together(table: Table, source: str, ask: Ask) -> list[Measured]:
    """Many columns a statement, two statements at a time: one alone seldom keeps two cores busy."""
    # Exact counts and quartiles keep the values in memory: few columns at once where there are many rows.
    size = max(1, min(CHUNK, CELLS // max(1, table.rows)))
    chunks = [table.columns[start : start + size] for start in range(0, len(table.columns), size)]
    with ThreadPoolExecutor(2) as pool:

        def ask_all(sums: Callable[[SnapshotColumn, int], str]) -> list[Future[list[tuple[Any, ...]]]]:
            selects = (", ".join(sums(column, table.rows) for column in chunk) for chunk in chunks)
            return [pool.submit(ask, f"SELECT {select} FROM {source}") for select in selects]

        sums, distinct = ask_all(_sums), ask_all(_distinct)
        cells = iter([cell for future in sums for cell in future.result()[0]])
        counts = [cell or 0 for future in distinct for cell in future.result()[0]]
        return [_measured(column, count, cells) for column, count in zip(table.columns, counts, strict=True)]


def _distinct(column: SnapshotColumn, rows: int) -> str:
    name = quoted(column.name)
    return f"list_unique(list({name}))" if rows <= SMALL else f"count(DISTINCT {name})"


def _sums(column: SnapshotColumn, rows: int) -> str:
    name = quoted(column.name)
    sums = f"count({name})"
    if column.type in ("BIGINT", "DOUBLE"):
        quartiles = f"quantile_cont({name}, [0.25, 0.5, 0.75])"
        sums += f", min({name}), max({name}), avg({name}), stddev_samp({name}), {quartiles}"
    elif column.type != "BOOLEAN":
        sums += f", CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR)"
    return sums + (f", avg(length({name}))" if column.type == "VARCHAR" else "")


def _measured(column: SnapshotColumn, distinct: int, cells: Iterator[Any]) -> Measured:
    """Takes from `cells` what `_sums` asked for."""
    one = Measured(next(cells), distinct=distinct)
    if column.type != "BOOLEAN":
        one.low, one.high = next(cells), next(cells)
    if column.type in ("BIGINT", "DOUBLE"):
        one.mean, one.std, one.quartiles = next(cells), next(cells), next(cells)
    if column.type == "VARCHAR":
        one.length = next(cells) or 0.0
    return one


def _column(column: SnapshotColumn, one: Measured, rows: int) -> ColumnProfile:
    distinct = min(one.distinct, one.count)
    low, high = (None, None) if column.type == "BOOLEAN" else (one.low, one.high)
    q25, median, q75 = one.quartiles or (None, None, None)
    profile = ColumnProfile(
        name=column.name,
        type=column.type,
        unit=column.unit,
        kind=_kind(column, one.count, distinct, one.length, low, high),
        count=one.count,
        nulls=rows - one.count,
        distinct=distinct,
        distinct_exact=one.distinct_exact,
        min=low,
        max=high,
        mean=one.mean,
        std=one.std,
        q25=q25,
        median=median,
        q75=q75,
    )
    if one.counts and _is_listed(profile):
        profile.top = _most_frequent((_plain(value), n) for value, n in one.counts)
    return profile


def _kind(column: SnapshotColumn, count: int, distinct: int, length: float, low: Any, high: Any) -> Kind:
    if count == 0:
        return "empty"
    if distinct == 1 and count > 1:
        return "constant"
    if column.type == "BOOLEAN":
        return "boolean"
    if column.type in ("DATE", "TIMESTAMP", "TIME"):
        return "date"
    unique = distinct >= 0.95 * count and count >= 10
    if column.type == "VARCHAR":
        if length > PROSE and distinct > 0.5 * count:
            return "text"
        return "id" if unique else "category"
    if column.type == "BIGINT" and unique:
        in_turn = high - low + 1 == count and _ROW_NUMBER_NAME.fullmatch(column.name)
        return "id" if in_turn or _KEY_NAME.search(column.name) else "number"
    return "number"


def _is_listed(column: ColumnProfile) -> bool:
    """Whether the most frequent values of a column say something."""
    few = column.type in ("VARCHAR", "BIGINT") and column.distinct <= FEW
    return column.kind in ("category", "boolean", "constant", "text") or (column.kind == "number" and few)


def _count_here(columns: list[ColumnProfile], source: str, ask: Ask) -> None:
    for start in range(0, len(columns), CHUNK):
        part = columns[start : start + CHUNK]
        table = ask(f"SELECT {', '.join(quoted(column.name) for column in part)} FROM {source}")
        for column, values in zip(part, zip(*table, strict=True), strict=True):
            counted = Counter(value for value in values if value is not None)
            column.top = _most_frequent((_plain(v), n) for v, n in counted.items())


def _most_frequent(counts: Iterable[tuple[Value, int]]) -> list[tuple[Value, int]]:
    return sorted(counts, key=lambda item: (-item[1], item[0]))[:TOP]


def _count_there(columns: list[ColumnProfile], source: str, ask: Ask) -> None:
    def top(i: int, name: str) -> str:
        groups = f"SELECT {name} AS v, count(*) AS n FROM {source} WHERE {name} IS NOT NULL GROUP BY 1"
        return f"(SELECT {i}, CAST(v AS VARCHAR), n FROM ({groups}) ORDER BY n DESC, v LIMIT {TOP})"

    for start in range(0, len(columns), CHUNK):
        part = columns[start : start + CHUNK]
        for i, text, n in ask(" UNION ALL ".join(top(i, quoted(column.name)) for i, column in enumerate(part))):
            part[i].top.append((_typed(text, part[i].type), n))


def _typed(text: str, type: str) -> Value:
    if type == "BOOLEAN":
        return text == "true"
    return int(text) if type == "BIGINT" else float(text) if type == "DOUBLE" else text


def _plain(value: Any) -> Value:
    return value if isinstance(value, (str, int, float, bool)) else str(value)
