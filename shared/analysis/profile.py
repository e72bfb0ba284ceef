"""What a snapshot holds, column by column: counts, ranges, moments, the most frequent values.

Distinct values and duplicate rows are counted exactly up to `EXACT` rows; above, distinct counts are approximate
(`distinct_exact` says which) and duplicates are not counted. Above `SORTABLE` rows, the quartiles of a column with many
different values are approximate too (`quartiles_exact`). All else is exact.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from shared.analysis.duck import connect, fit_width, literal, quoted
from shared.analysis.snapshot import Snapshot, SnapshotColumn, Table
from shared.errors import NotFound, UnknownColumn

EXACT = 1_000_000  # rows
SORTABLE = 40_000_000  # rows of which quartiles fit in memory
CELLS = 5_000_000  # values one statement may keep
FEWER, COUNTABLE = 10_000, 1_000_000  # distinct values that are quicker counted than sorted, or at least fit in memory
SMALL = 20_000  # rows up to which lists and Python count values quicker than SQL groups, of which each must be planned
CHUNK = 400  # columns per statement: planning time grows faster than their number
TOP, FEW = 20, 1000  # values listed; distinct integers up to which they are
PROSE = 40  # characters: text longer than this on average, and mostly distinct, is prose
_KEY_NAME = re.compile(r"(?i:(?:^|[\W_])(?:id|key|code|index|uuid|guid|no|nr))$|[a-z](?:Id|ID|Key|Code|Index)$")
_ROW_NUMBER_NAME = re.compile(r"column_1|Unnamed: 0|rownames|row|#")

Ask = Callable[[str], list[tuple[Any, ...]]]
Value = str | int | float | bool
Kind = Literal["number", "category", "boolean", "date", "text", "id", "constant", "empty"]


class ColumnProfile(BaseModel):
    """One column. `count` values and `nulls` make the rows.

    `kind`: `id` is (nearly) all distinct text or an integer key by name, `text` long free text, `constant` one value in
    several rows, `empty` no value at all. `min` and `max` of dates are ISO text. `mean` to `q75` are for numbers only:
    `std` has ddof 1, quantiles are linear.
    """

    name: str
    type: str
    unit: str | None
    kind: Kind
    count: int
    nulls: int
    distinct: int
    distinct_exact: bool
    min: float | int | str | None = None
    max: float | int | str | None = None
    mean: float | None = None
    std: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    quartiles_exact: bool = True
    top: list[tuple[Value, int]] = []  # at most 20, most frequent first, ties by value


class TableProfile(BaseModel):
    name: str
    rows: int
    columns: list[ColumnProfile]
    duplicate_rows: int | None  # None above `EXACT` rows


class Profile(BaseModel):
    tables: list[TableProfile]


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
    """The statements run two at a time: one alone seldom keeps two cores busy."""
    source = _source(table, folder)

    def ask(query: str) -> list[tuple[Any, ...]]:
        with connect(folder) as con:
            return con.execute(query).fetchall()

    with connect(folder) as con:  # opens the folder's database, once
        fit_width(con, len(table.columns))
    # Exact counts and quartiles keep the values in memory: few columns at once where there are many rows.
    size = max(1, min(CHUNK, CELLS // max(1, table.rows))) if table.rows <= EXACT else CHUNK
    chunks = [table.columns[start : start + size] for start in range(0, len(table.columns), size)]
    row = f"hash({', '.join(quoted(column.name) for column in table.columns)})"
    with ThreadPoolExecutor(2) as pool:

        def ask_all(sums: Callable[[SnapshotColumn, int], str]) -> list[Future[list[tuple[Any, ...]]]]:
            selects = (", ".join(sums(column, table.rows) for column in chunk) for chunk in chunks)
            return [pool.submit(ask, f"SELECT {select} FROM {source}") for select in selects]

        sums, distinct = ask_all(_sums), ask_all(_distinct)
        rows = pool.submit(ask, f"SELECT count(DISTINCT {row}) FROM {source}") if table.rows <= EXACT else None
        cells = iter([cell for future in sums for cell in future.result()[0]])
        counts = [cell or 0 for future in distinct for cell in future.result()[0]]
        columns = [_column(column, count, cells, table.rows) for column, count in zip(table.columns, counts, strict=True)]
        quartiles = [column for column in columns if table.rows > EXACT and column.mean is not None]
        list(pool.map(lambda column: _add_quartiles(column, source, ask), quartiles))
        listed = [column for column in columns if _is_listed(column)]
        (_count_here if table.rows <= SMALL else _count_there)(listed, source, ask)
        duplicates = table.rows - rows.result()[0][0] if rows else None
    return TableProfile(name=table.name, rows=table.rows, columns=columns, duplicate_rows=duplicates)


def _distinct(column: SnapshotColumn, rows: int) -> str:
    name = quoted(column.name)
    if rows <= SMALL:
        return f"list_unique(list({name}))"
    return f"count(DISTINCT {name})" if rows <= EXACT else f"approx_count_distinct({name})"


def _sums(column: SnapshotColumn, rows: int) -> str:
    name = quoted(column.name)
    sums = f"count({name})"
    if column.type in ("BIGINT", "DOUBLE"):
        quartiles = f"quantile_cont({name}, [0.25, 0.5, 0.75])" if rows <= EXACT else "NULL"
        sums += f", min({name}), max({name}), avg({name}), stddev_samp({name}), {quartiles}"
    elif column.type != "BOOLEAN":
        sums += f", CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR)"
    return sums + (f", avg(length({name}))" if column.type == "VARCHAR" else "")


def _column(column: SnapshotColumn, distinct: int, cells: Iterator[Any], rows: int) -> ColumnProfile:
    """Takes from `cells` what `_sums` asked for."""
    count, number = next(cells), column.type in ("BIGINT", "DOUBLE")
    low, high = (next(cells), next(cells)) if column.type != "BOOLEAN" else (None, None)
    mean, std, quartiles = (next(cells), next(cells), next(cells)) if number else (None, None, None)
    length = next(cells) or 0.0 if column.type == "VARCHAR" else 0.0
    q25, median, q75 = quartiles or (None, None, None)
    distinct = min(distinct, count)
    return ColumnProfile(
        name=column.name,
        type=column.type,
        unit=column.unit,
        kind=_kind(column, count, distinct, length, low, high),
        count=count,
        nulls=rows - count,
        distinct=distinct,
        distinct_exact=rows <= EXACT,
        min=low,
        max=high,
        mean=mean,
        std=std,
        q25=q25,
        median=median,
        q75=q75,
    )


def _add_quartiles(column: ColumnProfile, source: str, ask: Ask) -> None:
    """The quartiles of a number column in a large table, each a statement of its own so that they run side by side."""
    name = quoted(column.name)
    if column.distinct > (FEWER if column.count <= SORTABLE else COUNTABLE):
        column.quartiles_exact = column.count <= SORTABLE
        function = "quantile_cont" if column.quartiles_exact else "approx_quantile"
        column.q25, column.median, column.q75 = ask(f"SELECT {function}({name}, [0.25, 0.5, 0.75]) FROM {source}")[0][0]
        return
    places = [(column.count - 1) * q for q in (0.25, 0.5, 0.75)]
    values = ", ".join(f"min(v) FILTER (upto > {int(place) + step})" for place in places for step in (0, 1))
    groups = f"SELECT {name} AS v, count(*) AS n FROM {source} WHERE {name} IS NOT NULL GROUP BY 1"
    found = ask(f"SELECT {values} FROM (SELECT v, sum(n) OVER (ORDER BY v) AS upto FROM ({groups}))")[0]
    pairs = zip(places, found[::2], found[1::2], strict=True)
    column.q25, column.median, column.q75 = (
        low + ((low if high is None else high) - low) * (place % 1) for place, low, high in pairs
    )


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
            column.top = sorted(((_plain(v), n) for v, n in counted.items()), key=lambda item: (-item[1], item[0]))[:TOP]


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
