"""The application that the commands belong to, its exit codes, and how errors are told."""

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from shared.errors import AgentForgeError, BadInput, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.http.models import RunOut
    from shared.state.machine import RunState
    from shared.state.record import Event
    from shared.state.runs import RunRef
    from shared.state.store import Store

OK, INTERNAL, BAD_INPUT, UNANSWERED, INTERRUPTED = 0, 1, 2, 3, 130

app = typer.Typer(
    name="agentforge", help="Ask a table a question.", rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False,
    no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def main() -> NoReturn:
    """Run the command line; errors become a line on stderr and an exit code, never a stack trace."""
    from handlers.cli import analyze, credits, deploy, execute, forge, operate, runs, serve  # noqa: F401 - they enter their commands

    if os.environ.get("AGENTFORGE_DEBUG") != "1":
        logging.getLogger().addHandler(logging.NullHandler())  # else Python writes warnings to stderr, tracebacks too

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
        _fail(error.message, error.hint, BAD_INPUT if isinstance(error, (BadInput, Conflict, NotFound)) else INTERNAL)
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
        from shared import VERSION

        print(VERSION)
        raise typer.Exit(OK)


def work_through(store: "Store", ref: "RunRef", on_event: "Callable[[Event], None] | None" = None) -> "RunState":
    """Work on a run in this process; where a worker of the same store was quicker to claim it, wait for that one."""
    import time

    from functions import worker
    from shared.state import runs

    state = worker.work_through(store, ref, on_event)
    while state.state == "running":
        time.sleep(0.1)
        state = runs.status(store, ref.id, ref.workspace)
        if state.state == "queued":
            state = worker.work_through(store, ref, on_event)
    return state


def raise_for(run: "RunOut") -> NoReturn:
    """The error that a run without a result ended with."""
    if run.state == "cancelled":
        raise KeyboardInterrupt
    if run.error is None:
        raise AgentForgeError(f"The run is {run.state}.", "`agentforge runs show` tells more.")
    raise (BadInput if run.error.status in (404, 422) else AgentForgeError)(run.error.message, run.error.hint)
