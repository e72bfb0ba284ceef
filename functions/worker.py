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
from shared.state.runs import RunRef
from shared.state.store import Store

POLL_S = {"file": 0.5, "s3": 5.0}  # by the kind of store: a bucket's listings cost money
LONGEST_PAUSE_S = 60

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
    poll_s = poll_s or POLL_S.get(store.url.partition(":")[0], 1.0)
    holder = f"{socket.gethostname()}:{os.getpid()}"
    pause, swept = poll_s, float("-inf")
    while not until():
        try:
            ref = _next(store, refs, pause)
            if ref is not None:
                _work(store, ref, refs)
            if time.monotonic() - swept > settings.lease_s():
                sweep(store, refs, holder)
                swept = time.monotonic()
            pause = 0 if ref is not None else poll_s
        except StoreUnavailable as error:
            log.warning("%s", error)
            pause = min(max(pause, poll_s) * 2, LONGEST_PAUSE_S)
            time.sleep(pause)


def _next(store: Store, refs: Refs, pause: float) -> RunRef | None:
    """A run to try next: one we were told of, or else one that the store has queued, not always the oldest."""
    try:
        return refs.get(timeout=pause) if pause else refs.get_nowait()
    except queue.Empty:
        queued = [ref for _, ref in runs.due_runs(store, early=True) if _is_queued(store, ref)]
        return random.choice(queued[:8]) if queued else None


def _is_queued(store: Store, ref: RunRef) -> bool:
    try:
        return runs.status(store, ref.id, ref.workspace).state == "queued"
    except StoreUnavailable:
        raise
    except AgentForgeError:  # not opened yet, or damaged
        return False


def _work(store: Store, ref: RunRef, refs: Refs) -> None:
    try:
        work(store, ref, refs)
    except (RunBusy, RunOver, ClaimLost):
        pass  # another worker was quicker
    except StoreUnavailable:
        raise
    except AgentForgeError as error:
        log.warning("run %s: %s", ref.id, error)
