"""`agentforge analyze`: the main job on this machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli import remote
from handlers.cli.app import INTERNAL, OK, UNANSWERED, AsJson, app, raise_for, work_through
from handlers.cli.remote import Accept, AskQuote
from shared.errors import BadInput, NotFound

if TYPE_CHECKING:
    from functions.analyze import AnalyzeInput
    from shared.analysis.outcome import Analysis
    from shared.analysis.plan import Plan
    from shared.state.runs import RunLog

Located = Callable[[str], str | Path]  # a file of a run → where it is


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
    quote: AskQuote = False,
    accept: Accept = "",
) -> None:
    """Answer a question about one or more tables (CSV, TSV, JSON, JSON lines, Parquet, XLSX).

    With AGENTFORGE_API_URL set, that server does it, and DATA may be ids of its datasets, too.

    Exit codes: 0 answered, 1 failed, 2 the input cannot be used, 3 nothing could be answered.
    """
    remote.only_there(quote, accept)
    sources, goal = _split(words, plan is not None)
    wanted = dict(_named(text) for text in output or [])

    from shared import sandbox, settings  # first of all: the sandbox imports its libraries while we do

    if not plan_only and not settings.api_url() and settings.backend() == "local":
        sandbox.prewarm()
    from functions.analyze import AnalyzeInput

    request = AnalyzeInput(sources=sources, goal=goal, brain=brain, outputs=wanted, plan=_read_plan(plan) if plan else None)
    if plan_only:
        remote.only_here("--plan-only")
        _print_plan(request)
        return
    if quote and (client := remote.server()):
        remote.print_quote(remote.quoted(client, request), json)
        return
    analysis, where = _analyze(request, progress=sys.stderr.isatty() and not json, out=out, quote=accept)
    if json:
        sys.stdout.write(analysis.model_dump_json(indent=2) + "\n")
    else:
        print_analysis(analysis, where)
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


def _analyze(request: "AnalyzeInput", progress: bool, out: Path | None, quote: str) -> "tuple[Analysis, Located]":
    """Here, by the workers of the cloud that AGENTFORGE_BACKEND names, or by the server that AGENTFORGE_API_URL names."""
    from functions.analyze.files import copy_to
    from shared import settings

    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is not a folder.", "Choose another name after --out.")
    if client := remote.server():
        analysis, run = remote.analysed(client, request, progress, quote)
        if out is not None:
            remote.copy_to(client, run, out)
        return analysis, out.joinpath if out else remote.located(client, run)
    if settings.backend() == "local":
        analysis, log = _analyze_here(request, progress)
    else:
        from handlers.cli.elsewhere import analysed
        from shared.backends import chosen_backend

        analysis, log = analysed(chosen_backend(), request, progress)
    if out is not None:
        copy_to(log, out)
    return analysis, out.joinpath if out else located(log)


def _analyze_here(request: "AnalyzeInput", progress: bool) -> "tuple[Analysis, RunLog]":
    from functions.analyze.files import load_analysis
    from functions.paying import open_run
    from handlers.cli import progress as bar
    from handlers.http.models import RunOut
    from shared.backends import Here
    from shared.state.opening import open_store
    from shared.state.runs import load

    store = open_store()
    with bar.progress(progress) as on_event:
        opened = open_run(store, Here(), "analyze", request)
        state = work_through(store, opened.ref, on_event)
    log = load(store, opened.id)
    analysis = load_analysis(log)
    if analysis is None:
        raise_for(RunOut.of(state))
    return analysis, log


def located(log: "RunLog") -> Located:
    """Where the files of a run are."""
    from shared.state.run import artifact_key

    return lambda name: log.store.location(artifact_key(log, name))


def print_analysis(analysis: "Analysis", where: Located) -> None:
    from rich.console import Console

    from functions.analyze.files import FOR_PEOPLE
    from shared.analysis.report import terminal

    terminal(analysis, Console(highlight=False))
    print("\nMade")  # by print: a path stays on one line, whatever the terminal's width
    for name in [*FOR_PEOPLE, *(chart.png for chart in analysis.charts)]:
        print(f"  {where(name)}")
    control, data = (sum(analysis.receipt.requests.get(plane, {}).values()) for plane in ("control", "data"))
    print(f"  {control} storage requests for the run and {data} for its files: ${analysis.receipt.requests_usd:.6f} at Amazon's list price")
    print(f"  run {analysis.run_id} (agentforge runs show, replay or verify)")
