"""What a run leaves behind: for people a page, Markdown and a notebook; for programs the plan, the receipt, everything as JSON."""

import json
from pathlib import Path

from shared.analysis import notebook, report
from shared.analysis.outcome import Analysis
from shared.analysis.snapshot import Snapshot
from shared.errors import InvalidSetting
from shared.state.run import Run, artifact_key, read_artifact
from shared.state.runs import RunLog
from shared.state.store import list_price_usd

FOR_PEOPLE = ("report.html", "report.md", "notebook.ipynb")


def save_snapshot(run: Run, snapshot: Snapshot, folder: Path) -> None:
    """The Parquet files, beside where the notebook will lie, and what they are."""
    tables = {table.file: folder / table.file for table in snapshot.tables}
    run.save_all({**tables, "snapshot.json": snapshot.model_dump_json(indent=1).encode()})


def save_results(run: Run, analysis: Analysis, pngs: dict[str, bytes], snapshot: Snapshot) -> None:
    files: dict[str, bytes | Path] = {}
    for chart in analysis.charts:
        files[chart.png] = pngs[chart.png]
        files[chart.png.removesuffix("png") + "vl.json"] = json.dumps(chart.spec, ensure_ascii=False, indent=1).encode()
    files["plan.json"] = analysis.plan.model_dump_json(indent=2, exclude_defaults=True).encode()
    files["receipt.json"] = analysis.receipt.model_dump_json(indent=2).encode()
    files["analysis.json"] = analysis.model_dump_json().encode()
    files["report.html"] = report.html(analysis).encode()
    files["report.md"] = report.markdown(analysis).encode()
    files["notebook.ipynb"] = notebook.notebook(analysis, [table.file for table in snapshot.tables])
    run.save_all(files)


def load_analysis(log: RunLog) -> Analysis | None:
    """What an analysis came to, as it was recorded; None where it did not come that far."""
    if "analysis.json" not in log.state.artifacts:
        return None
    return read_analysis(read_artifact(log, "analysis.json"), log.state.requests)


def read_analysis(json: bytes, requests: dict[str, dict[str, int]]) -> Analysis:
    """The artifact analysis.json, and what the run says of its requests to the store: those were counted later."""
    analysis = Analysis.model_validate_json(json)
    analysis.receipt.requests = requests
    analysis.receipt.requests_usd = list_price_usd(requests)
    return analysis


def copy_to(log: RunLog, out: Path) -> None:
    """Copy what the run made into a folder, over files of the same name. InvalidSetting if that cannot be written."""
    try:
        for name in log.state.artifacts:
            log.store.download(artifact_key(log, name), out / name)
    except OSError as error:
        raise InvalidSetting(f"{out} cannot be written: {error.strerror or error}.", "Choose another folder.") from error
