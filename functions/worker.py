"""A process that works on whatever is queued in the store: the local backend's workers, and `agentforge worker`.

The store is the queue. References that come by another way (standard input, a run that was handed on) only save the wait.
"""

import logging
import os
import queue
import random
import socket
import time
from collections.abc import Callable

from functions.sweep import sweep
from functions.work import work
from shared import settings
from shared.errors import AgentForgeError
from shared.state import runs
from shared.state.driver import StoreUnavailable
from shared.state.machine import ClaimLost, RunBusy, RunOver, RunState
from shared.state.record import Event
from shared.state.runs import RunLog, RunRef
from shared.state.store import Store

POLL_S = {"file": 0.5, "s3": 5.0}  # by the kind of store: a bucket's listings cost money
LONGEST_PAUSE_S = 60
Known = dict[tuple[str, str], RunLog | None]  # what a worker has read of runs that are not settled; None: there is no use in trying

log = logging.getLogger(__name__)


class Refs(queue.SimpleQueue[RunRef]):
    """The backend of a worker itself: what it submits, it works on next."""

    name = "local"

    def submit(self, ref: RunRef, tier: str) -> None:
        self.put(ref)


def work_through(store: Store, ref: RunRef, on_event: Callable[[Event], None] | None = None) -> RunState:
    """Work in this process on a run and on everything it hands on, until nothing is left to do here; the state of the run then."""
    refs = Refs()
    refs.put(ref)
    while not refs.empty():
        work(store, refs.get(), refs, on_event=on_event)
    return runs.status(store, ref.id, ref.workspace)


def serve(store: Store, refs: Refs, *, until: Callable[[], bool] = lambda: False, poll_s: float | None = None) -> None:
    """Work on runs as they are queued, and sweep, until told to stop. A store that does not answer is waited for."""
    poll_s = poll_s or min(POLL_S.get(store.url.partition(":")[0], 1.0), settings.lease_s() / 6)
    holder = f"{socket.gethostname()}:{os.getpid()}"
    pause, swept = poll_s, float("-inf")
    known: Known = {}
    while not until():
        try:
            ref = _next(store, refs, pause, known)
            if ref is not None and not _work(store, ref, refs):
                known[ref.workspace, ref.id] = None
            if time.monotonic() - swept > settings.lease_s() / 3:
                sweep(store, refs, holder)
                swept = time.monotonic()
            pause = 0 if ref is not None else poll_s
        except StoreUnavailable as error:
            log.warning("%s", error)
            pause = min(max(pause, poll_s) * 2, LONGEST_PAUSE_S)
            time.sleep(pause)


def _next(store: Store, refs: Refs, pause: float, known: Known) -> RunRef | None:
    """A run to try next: one we were told of, or else one that the store has queued, not always the oldest."""
    try:
        return refs.get(timeout=pause) if pause else refs.get_nowait()
    except queue.Empty:
        due = [(ref.workspace, ref.id) for _, ref in runs.due_runs(store, early=True)]
        for settled in known.keys() - set(due):
            del known[settled]
        queued = [run.ref for name in due if (run := _read(store, *name, known)) and run.length and run.state.state == "queued"]
        return random.choice(queued[:8]) if queued else None


def _read(store: Store, workspace: str, id: str, known: Known) -> RunLog | None:
    """A run as it is now; None if its record is damaged. One request if nothing happened since the last time."""
    run = known.setdefault((workspace, id), RunLog(store, workspace, id))
    try:
        if run is not None and not run.length:
            run.read_head()
            run.read_on()
        while run is not None and run.read_next():
            pass
    except StoreUnavailable:
        raise
    except AgentForgeError as error:
        log.warning("run %s: %s", id, error)
        known[workspace, id] = None
    return known[workspace, id]


def _work(store: Store, ref: RunRef, refs: Refs) -> bool:
    """Work on a run; False if that cannot be done."""
    try:
        work(store, ref, refs)
    except (RunBusy, RunOver, ClaimLost):
        pass  # another worker was quicker
    except StoreUnavailable:
        raise
    except AgentForgeError as error:
        log.warning("run %s: %s", ref.id, error)
        return False
    return True
