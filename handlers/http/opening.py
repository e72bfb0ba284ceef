"""From a request to a run: open it, tell the backend, wait as long as the caller wants, answer."""

from collections.abc import Callable
from typing import Any

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from functions.work import submit
from handlers.http.models import RunOut
from handlers.http.platform import Platform
from shared import settings
from shared.state.runs import RunLog


def opening_options(idempotency_key: str | None) -> dict[str, Any]:
    """What every run is opened with that comes in here."""
    return {"idempotency_key": idempotency_key, "most_at_once": settings.max_runs()}


async def opened(platform: Platform, response: Response, open_run: Callable[[], RunLog], wait_s: float) -> RunOut:
    """202 and the run that `open_run` opens; 200 if it is over within `wait_s`."""

    def open_and_submit() -> RunLog:
        log = open_run()
        if log.state.state == "queued":
            submit(log, platform.backend)
        return log

    log = await run_in_threadpool(open_and_submit)
    state = log.state
    if wait_s and not state.over:
        state = await platform.feed.wait(log.workspace, log.id, wait_s)
    if wait_s:
        response.headers["Preference-Applied"] = f"wait={wait_s:g}"
    response.headers["Location"] = f"/v1/runs/{state.id}"
    response.status_code = 200 if state.over else 202
    return RunOut.of(state)
