"""`agentforge exec`: code of one's own in the sandbox."""

import io
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli import remote
from handlers.cli.app import INTERNAL, OK, AsJson, app, raise_for, work_through
from handlers.cli.remote import Accept, AskQuote
from shared.errors import BadInput, NotFound

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
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Copy figures (PNG) and the whole outcome (JSON) to this folder.")] = None,
    quote: AskQuote = False,
    accept: Accept = "",
) -> None:
    """Run Python code in the sandbox, and print what it printed and its last expression.

    Exit codes: 0, 1 a cell failed, 2 the input cannot be used or the linter refuses the code.
    """
    from functions.analyze.files import copy_to
    from functions.execute import ExecuteOutput
    from functions.paying import open_run
    from handlers.http.models import RunOut
    from shared.backends import Here
    from shared.state.opening import open_store
    from shared.state.runs import load

    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is not a folder.", "Choose another name after --out.")
    remote.only_there(quote, accept)
    cells = _cells(_read(file))
    if client := remote.server():
        if quote:
            remote.print_quote(client.quote_execute(cells, data or [], lint=not no_lint), json)
            return
        run = remote.followed(client, client.execute(cells, data or [], lint=not no_lint, wait=False, quote=accept))
    else:
        store = open_store()
        input = {"cells": cells, "sources": [str(path.absolute()) for path in data or []], "lint": not no_lint}
        opened = open_run(store, Here(), "execute", input)
        run = RunOut.of(work_through(store, opened.ref))
    if run.state != "succeeded":
        raise_for(run)
    output = ExecuteOutput.model_validate(run.output)
    if out is not None and client:
        remote.copy_to(client, run, out)
    elif out is not None:
        copy_to(load(store, opened.id), out)
    if json:
        sys.stdout.write(output.model_dump_json(indent=2) + "\n")
    else:
        _print(output, out)
    raise typer.Exit(INTERNAL if output.cells[-1].error else OK)


def _read(file: Path) -> str:
    """The code, in the encoding that it names itself or UTF-8 (PEP 263)."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} cannot be read ({error.strerror}).") from None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        raise BadInput(f"{file} is not text in UTF-8, or in the encoding it names.", "Save it as UTF-8.") from None


def _cells(code: str) -> list[str]:
    cells: list[list[str]] = [[]]
    for line in code.encode("utf-8", "replace").decode().splitlines(keepends=True):
        if line.startswith("# %%"):
            cells.append([])
        cells[-1].append(line)
    return ["".join(cell) for cell in cells if "".join(cell).strip()] or [""]


def _print(output: "ExecuteOutput", out: Path | None) -> None:
    import json as jsons

    for advice in output.advice:
        print(f"cell {advice.cell}, line {advice.line}: {advice.message} {advice.instead}", file=sys.stderr)
    for cell in output.cells:
        sys.stdout.write(cell.stdout)
        sys.stderr.write(cell.stderr)
        if cell.result is not None:
            print(jsons.dumps(cell.result, ensure_ascii=False, indent=2))
        if cell.charts:
            print(f"{len(cell.charts)} chart(s): --json has their Vega-Lite")
        for name in cell.pngs:
            print(out / name if out else f"figure {name}: --out DIR copies it")
        if cell.error:
            sys.stderr.write(cell.error.traceback or f"{cell.error.name}: {cell.error.value}\n")
