"""The command line. `agentforge --help` must be quick: whatever is heavy is imported by the command that needs it."""

import json as jsons
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from shared.errors import AgentForgeError, BadInput, NotFound

if TYPE_CHECKING:
    from functions.analyze import AnalyzeInput
    from shared.analysis.outcome import Analysis
    from shared.analysis.plan import Plan

OK, INTERNAL, BAD_INPUT, UNANSWERED, INTERRUPTED = 0, 1, 2, 3, 130

app = typer.Typer(
    name="agentforge", help="Ask a table a question.", rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False,
    no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
runs_app = typer.Typer(help="Past runs: list, show, replay, verify.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(runs_app, name="runs")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or `last`.")]


def main() -> NoReturn:
    """Run the command line; errors become a line on stderr and an exit code, never a stack trace."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # how typer reports Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else OK)
    except typer.exceptions.TyperException as error:
        _fail(error.format_message(), "See agentforge --help.", BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        _fail("Cancelled.", "", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    except AgentForgeError as error:
        if os.environ.get("AGENTFORGE_DEBUG") == "1":
            raise
        _fail(error.message, error.hint, BAD_INPUT if isinstance(error, (BadInput, NotFound)) else INTERNAL)
    except Exception as error:
        if os.environ.get("AGENTFORGE_DEBUG") == "1":
            raise
        _fail(
            f"Something went wrong inside ({type(error).__name__}: {str(error)[:500]}).",
            "AGENTFORGE_DEBUG=1 shows where.",
            INTERNAL,
        )


def _fail(message: str, hint: str, code: int) -> NoReturn:
    text = f"error: {message}" + (f" hint: {hint}" if hint else "")
    sys.stderr.write("".join(c if c.isprintable() else " " for c in text) + "\n")
    sys.exit(code)


@app.callback(invoke_without_command=True)
def top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("agentforge"))
        raise typer.Exit(OK)


@app.command()
def analyze(
    words: Annotated[
        list[str], typer.Argument(metavar="DATA... GOAL", help="Files (or - for standard input), and last the question.")
    ],
    brain: Annotated[str, typer.Option(metavar="NAME", help="What plans: `builtin` needs no key and no network.")] = "builtin",
    output: Annotated[
        list[str] | None, typer.Option(metavar="NAME=DESCRIPTION", help="A value you want under a name; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Copy what is made to this folder.")] = None,
    json: AsJson = False,
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Run this plan instead of making one; GOAL may then be left out.")
    ] = None,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Print the plan as JSON and run nothing.")] = False,
) -> None:
    """Answer a question about one or more tables (CSV, TSV, JSON, JSON lines, Parquet, XLSX).

    Exit codes: 0 answered, 1 failed, 2 the input cannot be used, 3 nothing could be answered.
    """
    sources, goal = _split(words, plan is not None)
    wanted = dict(_named(text) for text in output or [])

    from shared import sandbox  # first of all: the sandbox imports its libraries while we do

    if not plan_only:
        sandbox.prewarm()
    from functions.analyze import AnalyzeInput

    request = AnalyzeInput(sources=sources, goal=goal, brain=brain, outputs=wanted, plan=_read_plan(plan) if plan else None)
    if plan_only:
        _print_plan(request)
        return
    analysis, made = _analyze(request, progress=sys.stderr.isatty() and not json, out=out)
    if json:
        sys.stdout.write(analysis.model_dump_json(indent=2) + "\n")
    else:
        _print(analysis, made)
    raise typer.Exit({"unanswered": UNANSWERED, "failed": INTERNAL}.get(analysis.status, OK))


def _split(words: list[str], planned: bool) -> tuple[list[str], str]:
    """The files and the question. With a plan the question may be missing: then every word is a file."""
    if planned and (len(words) == 1 or _is_source(words[-1])):
        return words, ""
    *sources, goal = words
    if _is_source(goal):
        raise BadInput(
            f"{goal} is a file, and there is no question.", 'Put the question last, in quotes: "average price by city".'
        )
    if not sources:
        raise BadInput("There is a question and no data.", "Name a file before it, or - for standard input.")
    if sources.count("-") > 1:
        raise BadInput("Standard input can be read only once.", "Give - once.")
    return sources, goal


def _is_source(word: str) -> bool:
    try:
        return word == "-" or Path(word).is_file()
    except (OSError, ValueError):  # too long for a name, or with characters no name has
        return False


def _named(text: str) -> tuple[str, str]:
    name, equals, description = text.partition("=")
    if not equals or not name.strip():
        raise BadInput(f"--output {text!r} has no name.", 'Write --output mean_price="average price of all rows".')
    return name.strip(), description.strip()


def _read_plan(path: Path) -> "Plan":
    from pydantic import ValidationError

    from shared.analysis.plan import Plan
    from shared.errors import InvalidPlan

    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NotFound(f"The plan {path} cannot be read ({error.strerror}).", "Make one with --plan-only.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise InvalidPlan(f"{path} is not a plan: {place}: {first['msg']}.", "--plan-only prints one to start from.") from None


def _print_plan(request: "AnalyzeInput") -> None:
    import tempfile

    from functions.analyze.analysis import plan_only

    with tempfile.TemporaryDirectory(prefix="agentforge-") as folder:
        made = plan_only(request, Path(folder))
    print(made.model_dump_json(indent=2, exclude_defaults=True))


def _analyze(request: "AnalyzeInput", progress: bool, out: Path | None) -> tuple["Analysis", Path]:
    """The analysis, and the folder that holds what it made."""
    from functions.analyze import files
    from functions.work import work
    from handlers import progress as bar
    from shared.settings import store_folder
    from shared.state.runs import open_run

    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is not a folder.", "Choose another name after --out.")
    with bar.progress(progress) as on_event:
        run = open_run(store_folder(), "analyze", request.model_dump(mode="json", exclude_defaults=True), on_event=on_event)
        analysis = work(run)
    if out is not None:
        files.copy_to(run, out)
    return analysis, out or run.folder / "artifacts"


def _print(analysis: "Analysis", made: Path) -> None:
    from rich.console import Console

    from functions.analyze.files import FOR_PEOPLE
    from shared.analysis.report import terminal

    terminal(analysis, Console(highlight=False))
    print("\nMade")  # by print: a path stays on one line, whatever the terminal's width
    for name in [*FOR_PEOPLE, *(chart.png for chart in analysis.charts)]:
        print(f"  {made / name}")
    print(f"  run {analysis.run_id} (agentforge runs show, replay or verify)")


# --- runs ---------------------------------------------------------------------------------------------------------


@runs_app.command("list")
def list_command(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, json: AsJson = False) -> None:
    """The newest runs first."""
    from shared.settings import store_folder
    from shared.state.runs import list_runs

    found = list_runs(store_folder(), limit)
    if json:
        print(jsons.dumps([_brief(state) for state in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print("There are no runs yet.")
    for state in found:
        goal = " ".join((state.goal or "").split())
        print(
            f"{state.id}  {(state.damaged and 'damaged') or state.state:<10} {state.created[:19].replace('T', ' ')}  {goal[:80]}"
        )


def _brief(state: Any) -> dict[str, Any]:
    return {
        "run_id": state.id,
        **state.model_dump(mode="json", include={"state", "function", "created", "goal", "output", "error", "damaged"}),
    }


@runs_app.command("show")
def show_command(run: RunId, json: AsJson = False) -> None:
    """What a run answered, and where its files are."""
    from shared.analysis.outcome import Analysis

    loaded = _load(run)
    path = loaded.folder / "artifacts" / "analysis.json"
    if not path.is_file():
        print(jsons.dumps(_brief(loaded.state), ensure_ascii=False, indent=2))
        return
    if json:
        sys.stdout.write(path.read_text(encoding="utf-8") + "\n")
        return
    _print(Analysis.model_validate_json(path.read_bytes()), path.parent)


@runs_app.command("replay")
def replay_command(run: RunId, json: AsJson = False) -> None:
    """Run a run's code again on its data, and compare findings and charts byte for byte. Exit code 1 if they differ."""
    from functions.analyze import replay
    from shared.settings import store_folder

    found = replay(store_folder(), _load(run).id)
    if json:
        print(found.model_dump_json(indent=2))
    elif found.same:
        print(
            f"The same: {found.cells} cells, {found.findings} findings and {found.charts} charts came out byte for byte as recorded."
        )
    else:
        print("Not the same:\n" + "\n".join(f"  {line}" for line in found.differences))
    raise typer.Exit(OK if found.same else INTERNAL)


@runs_app.command("verify")
def verify_command(run: RunId, json: AsJson = False) -> None:
    """Hash every entry and file of a run again. Exit code 1 if the record was changed."""
    from shared.settings import store_folder
    from shared.state.runs import verify

    id = _id(run)
    problems = verify(store_folder(), id)
    if json:
        print(jsons.dumps({"run_id": id, "sound": not problems, "problems": problems}, ensure_ascii=False, indent=2))
    elif problems:
        print("\n".join(problems))
    else:
        print("Sound: every entry and every file hashes to what the record says.")
    raise typer.Exit(INTERNAL if problems else OK)


def _id(run: str) -> str:
    """A run's id; `last` is the newest."""
    from shared.settings import store_folder
    from shared.state.runs import list_runs

    if run != "last":
        return run
    newest = list_runs(store_folder(), 1)
    if not newest:
        raise NotFound("There are no runs yet.")
    return newest[0].id


def _load(run: str) -> Any:
    from shared.settings import store_folder
    from shared.state.runs import load_run

    return load_run(store_folder(), _id(run))
