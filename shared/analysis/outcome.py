"""An analysis as one object: what was asked, run, found and checked, and the receipt for it."""

import ast
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from shared import VERSION
from shared.analysis.findings import Finding
from shared.analysis.plan import Cell, Plan, Unanswered
from shared.analysis.readers import Note
from shared.analysis.verify import Check, Verification

if TYPE_CHECKING:
    from shared.analysis.snapshot import Snapshot

LIBRARIES = {
    "duckdb": "duckdb", "pandas": "pandas", "numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn",
    "statsmodels": "statsmodels", "altair": "altair",
}  # fmt: skip


class ChartOut(BaseModel):
    title: str
    spec: dict[str, Any]  # Vega-Lite
    png: str  # file name


class Source(BaseModel):
    source: str  # file name only
    sha256: str
    bytes: int
    rows: int


class Receipt(BaseModel):
    """What was run on what: enough to tell whether a second run is the same one."""

    data: list[Source]
    snapshot_sha256s: list[str]
    code_sha256: str  # of every cell's code, in order
    plan_sha256: str
    libraries: dict[str, str]  # those the cells import → version
    python: str
    sandbox: str  # the level of confinement that was built
    ms: dict[str, float]  # snapshot, profile, plan, cells, verify, report, total
    version: str
    requests: dict[str, dict[str, int]] = {}  # to the store: control plane or data → operation → how many
    requests_usd: float = 0  # their list price on Amazon S3


class Cost(BaseModel):
    amount: float = 0
    currency: str = "usd"


class Analysis(BaseModel):
    run_id: str
    status: Literal["succeeded", "partial", "unanswered", "failed"]
    brain: str
    goal: str
    plan: Plan
    notes: list[Note] = []
    cells: list[Cell] = []
    findings: list[Finding] = []
    outputs: dict[str, Any] = {}
    unanswered: list[Unanswered] = []
    charts: list[ChartOut] = []
    verification: Verification = Verification(checks=[], sensitivities=[])
    receipt: Receipt
    cost: Cost = Cost()

    def check(self, cell: str) -> Check | None:
        """What the second engine says about a cell."""
        return next((check for check in self.verification.checks if check.step == cell), None)


def receipt(snapshot: "Snapshot", plan: Plan, cells: Sequence[Cell], sandbox: str, ms: Mapping[str, float]) -> Receipt:
    """The receipt of a run. Equal data, plan and code give equal hashes."""
    code = "\n\n".join(cell.code for cell in cells)
    return Receipt(
        data=[Source(source=t.source, sha256=t.source_sha256, bytes=t.source_bytes, rows=t.rows) for t in snapshot.tables],
        snapshot_sha256s=[table.sha256 for table in snapshot.tables],
        code_sha256=hashlib.sha256(code.encode()).hexdigest(),
        plan_sha256=hashlib.sha256(json.dumps(plan.model_dump(mode="json"), sort_keys=True).encode()).hexdigest(),
        libraries=_libraries(cells),
        python=".".join(map(str, sys.version_info[:3])),
        sandbox=sandbox,
        ms={name: round(value, 1) for name, value in ms.items()},
        version=VERSION,
    )


def _libraries(cells: Sequence[Cell]) -> dict[str, str]:
    imported: set[str] = set()
    for cell in cells:
        try:
            tree = ast.parse(cell.code)
        except SyntaxError:  # a `python` step's own mistake; its cell says so
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    return {name: _version(name) for module, name in LIBRARIES.items() if module in imported}


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
