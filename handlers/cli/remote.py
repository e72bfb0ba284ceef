"""The command line through a server: where AGENTFORGE_API_URL is set, it is asked for what is done here otherwise."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handlers.cli.app import raise_for
from shared import settings
from shared.errors import AgentForgeError, BadInput, InvalidSetting

if TYPE_CHECKING:
    from functions.analyze import AnalyzeInput
    from handlers.client import AgentForge, Quote, Run
    from shared.analysis.outcome import Analysis

AskQuote = Annotated[bool, typer.Option("--quote", help="Ask the server what it would cost, and run nothing.")]
Accept = Annotated[str, typer.Option("--accept", metavar="QUOTE", help="Accept a quote of the server's: the run costs no more.")]


def server(workspace: str = "") -> "AgentForge | None":
    """A client of the server that AGENTFORGE_API_URL names; None where it is not set."""
    if not settings.api_url():
        return None
    from handlers.client import AgentForge

    return AgentForge(workspace=workspace)


def only_there(quote: bool, accept: str) -> None:
    """BadInput where there is to be a quote and AGENTFORGE_API_URL is not set."""
    if (quote or accept) and not settings.api_url():
        raise BadInput("--quote and --accept are for runs that a server does.", "Set AGENTFORGE_API_URL to its address.")


def print_quote(quote: "Quote", json: bool) -> None:
    from shared.money.prices import dollars

    if json:
        print(quote.model_dump_json(indent=2))
    else:
        print(f"About {dollars(quote.expected)}, and {dollars(quote.upper)} at most. Until {quote.expires[:16]}Z: --accept {quote.id}")


def only_here(what: str) -> None:
    """BadInput where AGENTFORGE_API_URL is set."""
    if settings.api_url():
        raise BadInput(f"{what} is not done through a server.", "Unset AGENTFORGE_API_URL where AGENTFORGE_STORE can be reached.")


def quoted(client: "AgentForge", request: "AnalyzeInput") -> "Quote":
    """What that would cost there. The files are uploaded: the price goes by them."""
    with _files(request.sources) as sources:
        return client.quote_analyze(sources, request.goal, outputs=request.outputs, brain=request.brain, plan=_plan(request))


def analysed(client: "AgentForge", request: "AnalyzeInput", shown: bool, quote: str = "") -> "tuple[Analysis, Run]":
    """What a server makes of files of this machine, or of datasets it has. NotFound, and what the run failed with."""
    from handlers.cli import progress

    with _files(request.sources) as sources, progress.progress(shown) as on_event:
        run = client.analyze(sources, request.goal, outputs=request.outputs, brain=request.brain, plan=_plan(request), wait=False, quote=quote)
        run = followed(client, run, on_event)
    found = analysis_of(client, run)
    if found is None:
        raise_for(run)
    return found, run


def analysis_of(client: "AgentForge", run: "Run") -> "Analysis | None":
    """What an analysis came to; None where it did not come that far."""
    if not any(artifact.name == "analysis.json" for artifact in run.artifacts):
        return None
    from functions.analyze.files import read_analysis

    return read_analysis(client.artifact(run, "analysis.json"), run.requests)


def followed(client: "AgentForge", run: "Run", on_event: Callable[[Any], None] | None = None) -> "Run":
    """The run once it is over, or waits for a person; what its opening has to tell goes to stderr at once. Ctrl-C cancels it."""
    if run.notice:
        print(f"note: {run.notice}", file=sys.stderr)
    try:
        for event in client.events(run):
            if on_event:
                on_event(event)
            if event.kind == "waiting" and "person" in event.data["on"]:
                break
    except KeyboardInterrupt:
        client.cancel(run, "Ctrl-C")
        raise
    return client.run(run)


def located(client: "AgentForge", run: "Run") -> Callable[[str], str | Path]:
    """Where the files of a run are."""
    return lambda name: f"{client.url}/v1/runs/{run.id}/artifacts/{name}"


def copy_to(client: "AgentForge", run: "Run", out: Path) -> None:
    """Copy what the run made into a folder, over files of the same name. InvalidSetting if that cannot be written."""
    try:
        for artifact in run.artifacts:
            path = out / artifact.name
            if not path.resolve().is_relative_to(out.resolve()):
                raise AgentForgeError(f"The server names a file {artifact.name!r}, which would lie outside {out}.", "Do not trust it.")
            path.parent.mkdir(parents=True, exist_ok=True)
            client.artifact(run, artifact.name, path)
    except OSError as error:
        raise InvalidSetting(f"{out} cannot be written: {error.strerror or error}.", "Choose another folder.") from error


def _plan(request: "AnalyzeInput") -> dict[str, Any] | None:
    return request.plan.model_dump(mode="json") if request.plan else None


@contextmanager
def _files(sources: Sequence[str]) -> Iterator[list[str]]:
    """The same; standard input as a file."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="agentforge-") as folder:
        spooled = Path(folder) / "stdin"
        if "-" in sources:
            with spooled.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        yield [str(spooled) if source == "-" else source for source in sources]
