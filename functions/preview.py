"""Look at a file: its tables' first rows, types and profile."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from functions.registry import function
from shared.analysis.profiled import ColumnProfile
from shared.state.datasets import fetch_source
from shared.state.run import Run

ROWS, VALUES, LONGEST = 1000, 100_000, 1000  # of a table, at most; and characters of a text


class PreviewInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str


class TablePreview(BaseModel):
    """`rows`: at most 1,000 and 100,000 values, as lists in the order of `columns`, long texts cut; `n` counts all rows."""

    name: str
    n: int
    columns: list[ColumnProfile]
    rows: list[list[Any]]


class PreviewOutput(BaseModel):
    """`notes`: what was cast, repaired or lost when the file was read."""

    tables: list[TablePreview]
    notes: list[str]


@function("preview", PreviewInput, PreviewOutput, tier="cpu", timeout_s=600, retries=1)
def preview(input: PreviewInput, run: Run) -> PreviewOutput:
    """BadInput and NotFound where the file cannot be read as a table."""
    from shared.analysis.duck import connect
    from shared.analysis.profile import profile
    from shared.analysis.snapshot import take_snapshot

    source = fetch_source(run.store, input.source, run.workspace, run.scratch / "sources")
    folder = run.scratch / "snapshot"
    snapshot = take_snapshot([source], folder)
    run.check()
    tables = []
    for table, told in zip(snapshot.tables, profile(snapshot, folder).tables, strict=True):
        with connect(folder) as con:
            rows = con.execute("SELECT * FROM read_parquet(?) LIMIT ?", [str(folder.resolve() / table.file), min(ROWS, VALUES // max(1, len(told.columns)))]).fetchall()
        tables.append(TablePreview(name=table.name, n=told.rows, columns=told.columns, rows=[[_plain(v) for v in row] for row in rows]))
    return PreviewOutput(tables=tables, notes=[note.text for note in snapshot.notes])


def _plain(value: Any) -> Any:
    """As JSON: what is neither number, text nor boolean is written as text; NaN and infinities are null."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else _plain(str(value))
