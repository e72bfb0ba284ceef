"""The one way this package opens DuckDB and writes names and text into SQL."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

WIDE = 500  # columns

_latest: dict[tuple[int, Path], duckdb.DuckDBPyConnection] = {}  # by process: a fork must not touch its parent's threads


def connect(folder: Path, reads: Sequence[Path] = ()) -> duckdb.DuckDBPyConnection:
    """A connection that may touch only `folder` and, from when the folder was first opened, `reads`; never the network.

    The database of the folder opened last stays open (opening takes 13 ms), so a profile right after a snapshot is
    quick. What does not fit in memory goes to `folder/.duckdb`. Times are UTC whatever the machine's zone.
    """
    key = os.getpid(), folder.resolve()
    database = None if reads else _latest.get(key)
    if database is None:
        database = _open(key[1], reads)
        for other in [other for other in _latest if other[0] == key[0]]:
            _latest.pop(other, None)
        _latest[key] = database
    con = database.cursor()
    con.execute("SET enable_progress_bar = false")  # DuckDB prints one where it takes Python to be interactive
    return con


def _open(folder: Path, reads: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": "1GB",
            "temp_directory": str(folder / ".duckdb"),
        },
    )
    paths = ", ".join(literal(str(path)) for path in reads)
    database.execute(
        f"SET GLOBAL TimeZone = 'UTC'; SET allowed_directories = [{literal(str(folder))}]; SET allowed_paths = [{paths}];"
        "SET enable_external_access = false"
    )
    return database


def fit_width(con: duckdb.DuckDBPyConnection, columns: int) -> None:
    """Settings of the folder's database for statements over this many columns.

    Every thread holds buffers for every column, and some passes of the optimizer take time that grows with the square
    of the number of expressions: 5,000 columns need one thread and none of those passes.
    """
    wide = columns > WIDE
    passes = "common_subexpressions,join_order,projection_placement,statistics_propagation" if wide else ""
    con.execute(f"SET GLOBAL disabled_optimizers = '{passes}'; {'SET threads = 1' if wide else 'RESET threads'}")


def reason(error: Exception) -> str:
    """The first line of a library's message, without the paths of this machine."""
    return re.sub(r"[\"'][^\"']*/([^\"'/]*)[\"']", r"\1", str(error).strip().split("\n", 1)[0])[:200].rstrip(".")


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"
