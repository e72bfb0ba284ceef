"""A run that a cloud's workers do, followed from here: what `modal run modal_app.py::analyze` and its like call."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from functions.paying import open_run
from functions.registry import all_functions
from handlers.cli.app import raise_for
from handlers.http.models import RunOut
from shared import settings
from shared.backends import Backend
from shared.errors import AgentForgeError, BadInput, InvalidSetting, NotFound
from shared.state import runs
from shared.state.machine import RunState
from shared.state.opening import open_store
from shared.state.record import Event
from shared.state.store import Store

if TYPE_CHECKING:
    from functions.analyze import AnalyzeInput
    from shared.analysis.outcome import Analysis
    from shared.state.runs import RunLog

FOLLOW_S = 1.0


@contextmanager
def errors_told() -> Iterator[None]:
    """Our errors as one line and an exit code instead of a stack trace."""
    try:
        yield
    except AgentForgeError as error:
        sys.exit(f"error: {error.message}" + (f" hint: {error.hint}" if error.hint else ""))


def analyze(backend: Backend, data: Sequence[Path], goal: str, out: Path | None = None) -> None:
    """Put tables into the bucket, have a question about them answered elsewhere, and print the answer."""
    from functions.analyze import AnalyzeInput
    from functions.analyze.files import copy_to
    from handlers.cli.analyze import located, print_analysis

    request = AnalyzeInput(sources=[str(path) for path in data], goal=goal)
    found, log = analysed(backend, request, sys.stderr.isatty())
    if out is not None:
        copy_to(log, out)
    print_analysis(found, out.joinpath if out else located(log))


def analysed(backend: Backend, request: "AnalyzeInput", shown: bool) -> "tuple[Analysis, RunLog]":
    """What workers elsewhere make of files of this machine. NotFound, InvalidSetting, and what the run failed with."""
    from functions.analyze.files import load_analysis
    from handlers.cli import progress
    from shared.state.datasets import save_dataset

    store = _bucket()
    for source in request.sources:
        if not Path(source).is_file():
            raise NotFound(f"There is no file {source}.", "Workers elsewhere read files, not standard input." if source == "-" else "")
    sources = [save_dataset(store, Path(source)) for source in request.sources]
    with progress.progress(shown) as on_event:
        state = _done(store, backend, "analyze", request.model_copy(update={"sources": sources}), on_event)
    log = runs.load(store, state.id)
    found = load_analysis(log)
    if found is None:
        raise_for(RunOut.of(state))
    return found, log


def run(backend: Backend, function: str, input: str) -> None:
    """Have any function of the registry work elsewhere on an input, given as JSON; prints its events and its output."""
    if function not in all_functions():
        has = ", ".join(sorted(all_functions()))
        raise BadInput(f"This version of AgentForge has no function {function!r}.", f"It has: {has}.")
    try:
        given = json.loads(input)
    except ValueError as error:
        raise BadInput(f"The input is not JSON ({error}).") from None
    state = _done(_bucket(), backend, function, given, lambda event: print(event.kind, json.dumps(event.data), file=sys.stderr))
    if state.state != "succeeded":
        raise_for(RunOut.of(state))
    print(json.dumps(state.output, ensure_ascii=False, indent=2))


def _done(
    store: Store,
    backend: Backend,
    function: str,
    input: Mapping[str, Any] | BaseModel,
    on_event: Callable[[Event], None] | None,
) -> RunState:
    """Open a run, have it worked on, and follow it until it is over. Ctrl-C cancels it."""
    opened = open_run(store, backend, function, input)
    reader = runs.Reader(store, opened.workspace, opened.id)
    try:
        backend.submit(opened.ref, opened.state.tier)
        while True:
            reader.read_on()
            for event in (event for entry in reader.take() for event in entry.events if on_event):
                on_event(event)  # type: ignore[misc]
            if reader.state.over:
                return reader.state
            time.sleep(FOLLOW_S)
    except KeyboardInterrupt:
        runs.cancel(store, opened.id, reason="Ctrl-C", by="command line")
        raise


def _bucket() -> Store:
    if isinstance(settings.store(), Path):
        raise InvalidSetting(
            "Workers elsewhere cannot reach a folder of this machine.", "Set AGENTFORGE_STORE to the bucket they use: s3://bucket/prefix."
        )
    return open_store()
