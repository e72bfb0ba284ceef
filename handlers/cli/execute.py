"""`agentforge exec`: code of one's own in the sandbox."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli.app import INTERNAL, OK, AsJson, app, raise_for
from shared.errors import NotFound

if TYPE_CHECKING:
    from functions.execute import ExecuteOutput


@app.command("exec")
def exec_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="Python code; lines `# %%` part it into cells. - for standard input.")],
    data: Annotated[list[Path] | None, typer.Option("--data", metavar="FILE", help="A file it may read; may be repeated.")] = None,
    no_lint: Annotated[
        bool, typer.Option("--no-lint", help="Run it whatever the linter says; the sandbox holds it either way.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Run Python code in the sandbox, and print what it printed and its last expression.

    Exit codes: 0, 1 a cell failed, 2 the input cannot be used or the linter refuses the code.
    """
    from functions.execute import ExecuteInput, ExecuteOutput
    from functions.work import start
    from functions.worker import work_through
    from shared.state.opening import open_store

    try:
        code = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise NotFound(f"{file} cannot be read ({error.strerror}).") from None
    request = ExecuteInput(cells=_cells(code), sources=[str(path.absolute()) for path in data or []], lint=not no_lint)
    store = open_store()
    state = work_through(store, start(store, "execute", request).ref)
    if state.state != "succeeded":
        raise_for(state)
    output = ExecuteOutput.model_validate(state.output)
    if json:
        sys.stdout.write(output.model_dump_json(indent=2) + "\n")
    else:
        _print(output)
    raise typer.Exit(INTERNAL if output.cells[-1].error else OK)


def _cells(code: str) -> list[str]:
    cells: list[list[str]] = [[]]
    for line in code.encode("utf-8", "replace").decode().splitlines(keepends=True):
        if line.startswith("# %%"):
            cells.append([])
        cells[-1].append(line)
    return ["".join(cell) for cell in cells if "".join(cell).strip()] or [""]


def _print(output: "ExecuteOutput") -> None:
    import json as jsons

    for advice in output.advice:
        print(f"cell {advice.cell}, line {advice.line}: {advice.message}", file=sys.stderr)
    for cell in output.cells:
        sys.stdout.write(cell.stdout)
        sys.stderr.write(cell.stderr)
        if cell.result is not None:
            print(jsons.dumps(cell.result, ensure_ascii=False, indent=2))
        if cell.charts:
            print(f"{len(cell.charts)} chart(s): --json has their Vega-Lite")
        if cell.error:
            sys.stderr.write(cell.error.traceback or f"{cell.error.name}: {cell.error.value}\n")
