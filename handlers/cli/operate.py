"""`agentforge worker` and `sweep`: keeping the platform going."""

import json as jsons
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli.app import app
from shared.errors import BadInput

if TYPE_CHECKING:
    from functions.worker import Refs


@app.command()
def worker(
    told: Annotated[bool, typer.Option("--told", help="Read references to runs from standard input; end when it closes.")] = False,
) -> None:
    """Work on queued runs, and sweep, until stopped. Any number of workers may share a store."""
    from functions.work import Stopped
    from functions.worker import Refs, serve
    from shared.state.opening import open_store

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    store, refs, closed = open_store(), Refs(), threading.Event()
    store.probe()

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    if told:
        threading.Thread(target=_listen, args=(refs, closed), daemon=True).start()
    try:
        serve(store, refs, until=closed.is_set)
    except Stopped:
        raise typer.Exit(0) from None


def _listen(refs: "Refs", closed: threading.Event) -> None:
    from shared.state.runs import RunRef

    for line in sys.stdin:
        try:
            refs.put(RunRef.parse(line.strip()))
        except BadInput as error:
            logging.warning("%s", error)
    closed.set()


@app.command()
def sweep() -> None:
    """Look once at every run that is not settled, and finish what the dead left behind. Prints what was done."""
    from functions.sweep import sweep
    from shared.backends import chosen_backend
    from shared.state.opening import open_store

    done = sweep(open_store(), chosen_backend(), f"{socket.gethostname()}:{os.getpid()}")
    print(jsons.dumps(dict(done)))
