"""Run code somebody else wrote: cells in one sandbox session, files in, results out."""

import base64
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from functions.registry import function
from shared.analysis.extent import Extent
from shared.errors import BadInput
from shared.money.quotes import Seconds
from shared.sandbox import CellError, Limits, Usage, open_session
from shared.state.datasets import fetch_source
from shared.state.run import Run

MOST_CHARACTERS = 1_000_000  # of one cell


class ExecuteInput(BaseModel):
    """`cells` run one after the other and share their names. `sources` are paths or references to datasets: each is in the
    working folder under its own name, read-only."""

    model_config = ConfigDict(extra="forbid")

    cells: list[Annotated[str, Field(max_length=MOST_CHARACTERS)]] = Field(min_length=1, max_length=200)
    sources: list[str] = []
    lint: bool = True  # refuse what has no place in an analysis, with advice; the sandbox holds either way
    wall_s: float = Field(default=60, gt=0, le=600)  # of one cell


class Advice(BaseModel):
    """What the linter says of a cell: `cell`, `line` and `col` count from 1."""

    cell: int
    line: int
    col: int
    rule: str
    message: str
    level: str
    instead: str = ""  # what to do


class CellResult(BaseModel):
    """What one cell did; see `shared.sandbox.Execution`. Charts are Vega-Lite specifications; `pngs` name artifacts."""

    stdout: str
    stderr: str
    result: Any
    charts: list[dict[str, Any]]
    pngs: list[str] = []
    error: CellError | None
    ms: float
    usage: Usage | None = None
    truncated: bool


class ExecuteOutput(BaseModel):
    """`cells` ends with the first that failed; those after it were not run. `sandbox`: the level of confinement."""

    cells: list[CellResult]
    advice: list[Advice]
    sandbox: str


def estimate(input: ExecuteInput, data: Sequence[Extent]) -> Seconds:
    """Nobody knows what code does: every cell may take the time that it is given."""
    return Seconds(len(input.cells), 5 + len(input.cells) * input.wall_s)


@function("execute", ExecuteInput, ExecuteOutput, tier="cpu", timeout_s=3600, retries=1, estimate=estimate)
def execute(input: ExecuteInput, run: Run) -> ExecuteOutput:
    """Run the cells. Code that raises is no error of ours: its cell says so. BadInput for code the linter refuses."""
    advice = _advice(input)
    if input.lint and (refused := [a for a in advice if a.level == "refuse"]):
        first = refused[0]
        raise BadInput(f"Cell {first.cell}, line {first.line}: {first.message}", f"{first.instead} Or run without the linter.")
    files = _files(input, run)
    done: list[CellResult] = []
    with open_session(files, Limits(wall_s=input.wall_s)) as session:
        for number, code in enumerate(input.cells, 1):
            run.check()
            execution = session.run(code)
            pngs = {f"cell{number}-{count}.png": base64.b64decode(png) for count, png in enumerate(execution.pngs, 1)}
            if pngs:
                run.save_all(pngs)
            done.append(CellResult.model_validate({**execution.model_dump(), "pngs": [*pngs]}))
            failed = execution.error is not None
            run.emit("step", id=f"cell{number}", op="cell", state="failed" if failed else "done", ms=round(execution.ms, 1),
                     why=execution.error.name if execution.error else "")  # fmt: skip
            if failed:
                break
        output = ExecuteOutput(cells=done, advice=advice, sandbox=session.level)
    run.save("execution.json", output.model_dump_json(indent=1).encode())
    return output


def _advice(input: ExecuteInput) -> list[Advice]:
    from shared.analysis.lint import lint_cells

    names = [PurePath(source).name for source in input.sources]
    return [
        Advice(cell=number, line=f.line, col=f.col, rule=f.rule, message=f.message, level=f.level, instead=f.instead)
        for number, findings in enumerate(lint_cells(input.cells, names), 1)
        for f in findings
    ]


def _files(input: ExecuteInput, run: Run) -> dict[str, Path]:
    """The sources by the names they have in the session. BadInput where two have the same."""
    files: dict[str, Path] = {}
    for source in input.sources:
        path = fetch_source(run.store, source, run.workspace, run.scratch / "sources")
        if path.name in files:
            raise BadInput(f"Two files are called {path.name!r}.", "Give them names of their own.")
        files[path.name] = path
    return files
