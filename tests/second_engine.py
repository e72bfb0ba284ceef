"""Small tables through the second engine, for its tests."""

import math
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from shared.analysis.plan import Plan
from shared.analysis.recompute import recompute
from shared.analysis.snapshot import Snapshot, Table

Rows = list[dict[str, Any]]
quick = settings(max_examples=60, deadline=None)

TYPES = {"g": "VARCHAR", "h": "BOOLEAN", "i": "BIGINT", "x": "DOUBLE", "d": "DATE"}
FLOATS = st.one_of(st.integers(-20, 20).map(lambda i: i / 4), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
ROW = st.fixed_dictionaries({
    "g": st.sampled_from(["a", "b", "B", "é", "", None]),
    "h": st.sampled_from([True, False, None]),
    "i": st.one_of(st.none(), st.integers(-9, 9), st.integers(-(2**58), 2**58)),
    "x": st.one_of(st.none(), FLOATS),
    "d": st.one_of(st.none(), st.dates(date(1890, 1, 1), date(2100, 1, 1))),
})  # fmt: skip
TABLE = st.lists(ROW, max_size=25)


def write(folder: Path, rows: Rows, types: dict[str, str], name: str = "data") -> Table:
    """Rows of plain values as a snapshot table."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"), "TIME": pa.time64("us"),
    }  # fmt: skip
    columns = {column: pa.array([row[column] for row in rows], kinds[kind]) for column, kind in types.items()}
    parquet.write_table(pa.table(columns), folder / f"{name}.parquet", row_group_size=7)  # several, even of small tables
    return Table(name=name, file=f"{name}.parquet", rows=len(rows), columns=[], source="", source_bytes=0, source_sha256="",
                 sha256="")  # fmt: skip


def run(folder: Path, rows: Rows, types: dict[str, str], *steps: dict[str, Any], **more: Any) -> Any:
    """The last step's result; the steps are called s0, s1, … and read `data` unless they name a table."""
    named = [{"id": f"s{number}", **step} for number, step in enumerate(steps)]
    tables = [write(folder, rows, types), *more.pop("tables", [])]
    plan = Plan.model_validate({"steps": named})
    return recompute(plan, Snapshot(tables=tables, notes=[]), folder, **{"results": {}, **more})[named[-1]["id"]]


def close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    if a is None or b is None or isinstance(b, str):
        return bool(a == b)
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


def column_of(folder: Path, rows: Rows, types: dict[str, str], name: str, *steps: dict[str, Any], **more: Any) -> list[Any]:
    """A column of the table the steps make, read back through `rank` without labels (row order)."""
    numbered = [{**row, "row_number": number} for number, row in enumerate(rows)]
    kinds = {**types, "row_number": "BIGINT"}
    ranked = {
        "op": "rank",
        "by": "row_number",
        "order": "asc",
        "k": 1000,
        "label": [name],
        "table": f"s{len(steps) - 1}",
    }
    return list(run(folder, numbered, kinds, *steps, ranked, **more)["names"])
