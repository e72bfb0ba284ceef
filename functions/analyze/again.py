"""Replay: the recorded code on the recorded data. No brain is asked and no code is generated."""

import json
import tempfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from functions.analyze import judge
from functions.analyze.cells import is_empty, names, session_files
from functions.analyze.files import load_analysis
from shared import sandbox
from shared.analysis.outcome import Analysis
from shared.analysis.snapshot import Snapshot
from shared.errors import BadInput, RecordDamaged
from shared.state.record import canonical_json
from shared.state.run import artifact_key, read_artifact
from shared.state.runs import load
from shared.state.store import Store
from shared.state.verify import verify_run


class Replay(BaseModel):
    """`same`: every result, finding and chart came out byte for byte as recorded. `differences` says what did not."""

    run_id: str
    same: bool
    cells: int
    findings: int
    charts: int
    differences: list[str] = []


def replay(store: Store, run_id: str, workspace: str = "local") -> Replay:
    """Run a finished analysis again. BadInput if it left none, RecordDamaged if its record does not verify."""
    if problems := verify_run(store, run_id, workspace):
        raise RecordDamaged(f"The record of {run_id} was changed: {problems[0]}", "A changed record cannot be replayed.")
    log = load(store, run_id, workspace)
    recorded = load_analysis(log)
    if recorded is None:
        raise BadInput(f"The run {run_id} left no analysis to replay (it is {log.state.state}).")
    snapshot = Snapshot.model_validate_json(read_artifact(log, "snapshot.json"))
    with tempfile.TemporaryDirectory(prefix="agentforge-") as folder:
        for table in snapshot.tables:
            store.download(artifact_key(log, table.file), Path(folder) / table.file)
        results, charts, differences = _run_again(recorded, snapshot, Path(folder))
    missing = _missing(recorded, results)
    told = judge.tell(recorded.plan, results, recorded.verification, missing, names(snapshot))
    if canonical_json([f.model_dump() for f in told]) != canonical_json([f.model_dump() for f in recorded.findings]):
        differences.append("The findings read differently.")
    was = [canonical_json(chart.spec) for chart in recorded.charts]
    if [canonical_json(charts[c.id]) for c in recorded.cells if c.id in charts and c.id not in missing] != was:
        differences.append("The charts came out differently.")
    return Replay(
        run_id=run_id,
        same=not differences,
        cells=len(recorded.cells),
        findings=len(told),
        charts=len(was),
        differences=differences,
    )


def _run_again(recorded: Analysis, snapshot: Snapshot, folder: Path) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Results and charts by cell, and which differ from the recorded ones."""
    results: dict[str, Any] = {}
    charts: dict[str, Any] = {}
    differences: list[str] = []
    if not recorded.cells:
        return results, charts, differences
    with sandbox.open_session(session_files(snapshot, folder)) as session:
        for cell in recorded.cells:
            execution = session.run(cell.code)
            if (execution.error is None) != (cell.error is None):
                differences.append(f"{cell.id} {'failed' if execution.error else 'did not fail'} this time.")
            elif json.dumps(execution.result, sort_keys=True) != json.dumps(cell.result, sort_keys=True):
                differences.append(f"{cell.id} gave another result.")
            if execution.error is None and execution.result is not None:
                results[cell.id] = execution.result
            if execution.charts:
                charts[cell.id] = execution.charts[-1]
    return results, charts, differences


def _missing(recorded: Analysis, results: dict[str, Any]) -> dict[str, str]:
    """The steps whose numbers were not told then."""
    withheld = judge.withheld(recorded.plan, recorded.verification)
    charts = {cell.id for cell in recorded.cells if cell.chart is not None}
    gone = {
        s.id: ""
        for s in recorded.plan.steps
        if s.op != "report" and s.id not in charts and (s.id not in results or is_empty(s, results[s.id]))
    }
    return {**gone, **withheld}
