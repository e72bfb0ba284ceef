"""What a run leaves behind: for people a page, Markdown and a notebook; for programs the plan, the receipt, everything as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path

from shared.analysis import notebook, report
from shared.analysis.outcome import Analysis
from shared.analysis.snapshot import Snapshot
from shared.errors import InvalidSetting
from shared.state.runs import Run

FOR_PEOPLE = ("report.html", "report.md", "notebook.ipynb")


def save_snapshot(run: Run, snapshot: Snapshot, folder: Path) -> None:
    """The Parquet files, beside where the notebook will lie, and what they are."""
    for table in snapshot.tables:
        run.save(table.file, folder / table.file)
    run.save("snapshot.json", snapshot.model_dump_json(indent=1).encode())


def save_pictures(run: Run, analysis: Analysis, pngs: dict[str, bytes]) -> None:
    for chart in analysis.charts:
        run.save(chart.png, pngs[chart.png])
        run.save(chart.png.removesuffix("png") + "vl.json", json.dumps(chart.spec, ensure_ascii=False, indent=1).encode())


def save_texts(run: Run, analysis: Analysis, snapshot: Snapshot) -> None:
    run.save("plan.json", analysis.plan.model_dump_json(indent=2, exclude_defaults=True).encode())
    run.save("receipt.json", analysis.receipt.model_dump_json(indent=2).encode())
    run.save("analysis.json", analysis.model_dump_json().encode())
    run.save("report.html", report.html(analysis).encode())
    run.save("report.md", report.markdown(analysis).encode())
    run.save("notebook.ipynb", notebook.notebook(analysis, [table.file for table in snapshot.tables]))


def copy_to(run: Run, out: Path) -> None:
    """Copy what the run made into a folder, over files of the same name. InvalidSetting if that cannot be written."""
    import shutil

    made = run.folder / "artifacts"
    try:
        for path in _files(made):
            target = out / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    except OSError as error:
        raise InvalidSetting(f"{out} cannot be written: {error.strerror or error}.", "Choose another folder.") from error


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
