"""From one of RunPod's jobs to a run that was worked on. A job may come twice or never: workers claim runs in the bucket, and
sweep tells of a run again."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any

from functions.registry import all_functions
from functions.work import Stopped, error_of, work
from shared import settings
from shared.backends.runpod import RunPodBackend
from shared.errors import AgentForgeError, BadInput, InvalidSetting
from shared.state import runs
from shared.state.machine import ClaimLost, RunBusy, RunOver
from shared.state.opening import open_store, open_store_for
from shared.state.record import Event
from shared.state.runs import RunRef
from shared.state.store import Store

HINT_EVERY_S = 10.0
HINTS = {"stage": ("name",), "step": ("id", "op", "state"), "progress": ("done", "total", "unit")}  # kind → what may be told

log = logging.getLogger(__name__)


def handler(job: dict[str, Any]) -> dict[str, Any]:
    """What RunPod's library calls for each job. Its result holds no more than the run's state, or a text of ours under `error`."""
    try:
        match job.get("input"):
            case {"run": str(text)}:
                ref = RunRef.parse(text)
                return {"run": f"{ref.workspace}/{ref.id}", "state": _work(job, ref)}
            case {"check": True}:
                _probe()
                return {"check": "passed", "functions": sorted(all_functions())}
        raise BadInput("A job's input names a run.", 'Send {"run": "workspace/id"}, or {"check": true} to try a worker.')
    except AgentForgeError as error:
        return {"error": str(error)}
    except Exception as error:  # told in the container's log only
        log.exception("job %s", job.get("id"))
        return {"error": error_of(error)["message"]}


def register_checks(tier: str) -> None:
    """What must hold before a worker takes its first job; else RunPod starts another one."""
    from runpod.serverless import register_fitness_check

    register_fitness_check(_probe)
    if tier.startswith("gpu"):
        register_fitness_check(_find_gpu)


def _probe() -> None:
    if settings.in_runpod() and not os.environ.get("AGENTFORGE_STORE"):  # by default it is a folder, which ends with the container
        raise InvalidSetting("AGENTFORGE_STORE is not set.", settings.STORE_HINT)
    _store().probe()


def _find_gpu() -> None:
    from runpod.serverless.utils.rp_cuda import is_available

    if not is_available():
        raise SystemError("This tier's workers need a GPU, and there is none: choose GPUs in the endpoint's settings.")


@cache
def _store() -> Store:
    return open_store()


def _work(job: dict[str, Any], ref: RunRef) -> str:
    """Work on the run; the state in which that leaves it. One that somebody else has, or that is over, is no error."""
    store, worker = open_store_for(ref), f"runpod:{os.environ.get('RUNPOD_POD_ID', os.getpid())}"
    try:
        with _stoppable():
            return work(store, ref, RunPodBackend(), worker=worker, on_event=_hints(job)).state
    except (RunBusy, RunOver, ClaimLost, Stopped):
        return runs.status(store, ref.id, ref.workspace).state


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM gives the run back. The library hears of it as well, and takes no further job."""
    before = signal.getsignal(signal.SIGTERM)

    def stop(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, before)
        if callable(before):
            before(signum, frame)
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _hints(job: dict[str, Any]) -> Callable[[Event], None]:
    """Tells RunPod now and then how far the run is, for whoever looks at its console. They may be lost."""
    last = float("-inf")

    def told(event: Event) -> None:
        nonlocal last
        if event.kind not in HINTS or time.monotonic() - last < HINT_EVERY_S or "RUNPOD_WEBHOOK_POST_OUTPUT" not in os.environ:
            return
        from runpod.serverless import progress_update

        last = time.monotonic()
        progress_update(job, {"kind": event.kind, **{name: event.data.get(name) for name in HINTS[event.kind]}})

    return told
