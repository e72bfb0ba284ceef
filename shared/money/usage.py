"""What was spent, out of the ledger: a row for each run that was charged."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from shared.errors import BadInput, RecordDamaged
from shared.state.keys import workspace_prefix
from shared.state.record import unseal
from shared.state.store import AT_ONCE, Store

By = Literal["day", "run", "key", "function"]
COLUMNS = ("day", "at", "run", "function", "state", "key", "microdollars", "seconds", "tokens_in", "tokens_out")


class Row(NamedTuple):
    """`microdollars` is what was charged."""

    day: str
    at: str
    run: str
    function: str
    state: str
    key: str
    microdollars: int
    seconds: float
    tokens_in: int
    tokens_out: int


class Total(NamedTuple):
    of: str
    runs: int
    microdollars: int
    seconds: float


def usage_rows(store: Store, workspace: str, since: str = "", until: str = "") -> list[Row]:
    """Charged runs that ended between two days, both included (YYYY-MM-DD), in the order of their ends. BadInput, RecordDamaged."""
    for day in filter(None, (since, until)):
        if not _is_day(day):
            raise BadInput(f"{day!r} is no day.", "Write YYYY-MM-DD, such as 2026-11-01.")
    keys = [listed.key for listed in store.list_all(workspace_prefix(workspace).folder("ledger"))]
    rows = []
    for start in range(0, len(keys), AT_ONCE):
        batch = keys[start : start + AT_ONCE]
        for key, stored in zip(batch, store.get_all(batch), strict=True):
            fields = unseal(stored.body, run=str, at=str, function=str, state=str) if stored else None
            if fields is None:
                raise RecordDamaged(f"The ledger entry {key} was changed.")
            day = fields["at"][:10]
            if "charge" in fields and (not since or day >= since) and (not until or day <= until):
                rows.append(_row(day, fields))
    return sorted(rows, key=lambda row: (row.at, row.run))


def totals(rows: Sequence[Row], by: By) -> list[Total]:
    found: dict[str, Total] = {}
    for row in rows:
        of = getattr(row, by)
        before = found.get(of, Total(of, 0, 0, 0.0))
        found[of] = Total(of, before.runs + 1, before.microdollars + row.microdollars, before.seconds + row.seconds)
    return sorted(found.values())


def as_csv(rows: Sequence[Row]) -> str:
    import csv

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()


def as_parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    out = pyarrow.BufferOutputStream()
    parquet.write_table(_table(rows), out)
    return bytes(out.getvalue().to_pybytes())


def query(rows: Sequence[Row], sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and rows of a query over the table `usage`. For operators: DuckDB without access to files. BadInput for what it refuses."""
    import duckdb

    with duckdb.connect(config={"enable_external_access": "false"}) as con:
        con.register("usage", _table(rows))
        con.execute("SET lock_configuration = true")
        try:
            done = con.execute(sql)
            return [name for name, *_ in done.description or []], done.fetchall()
        except duckdb.Error as error:
            raise BadInput(f"DuckDB refuses this: {str(error).splitlines()[0]}.", f"The table `usage` has {', '.join(COLUMNS)}.") from None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _row(day: str, fields: dict[str, Any]) -> Row:
    told = fields["charge"]
    return Row(
        day, fields["at"], fields["run"], fields["function"], fields["state"], str(fields.get("by", "")), told["amount"],
        told["microseconds"] / 10**6, told["tokens_in"], told["tokens_out"],
    )  # fmt: skip


def _table(rows: Sequence[Row]) -> Any:
    import pyarrow

    kinds = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, kinds[Row.__annotations__[name]]) for name in COLUMNS])
    return pyarrow.Table.from_pylist([row._asdict() for row in rows], schema=schema)
