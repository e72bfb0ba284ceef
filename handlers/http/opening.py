"""From a request to a run: open it, hold what it may cost, tell the backend, wait as long as the caller wants, answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from functions.paying import Terms, start_paid
from functions.work import start, submit
from handlers.http.manners import IdempotencyKey
from handlers.http.models import RunOut
from handlers.http.platform import At, Platform
from shared import settings
from shared.identity.caller import Caller
from shared.identity.members import read_workspace
from shared.state.runs import RunLog

QUOTE, MOST = "AgentForge-Quote", "AgentForge-Max-Cost"


@dataclass(frozen=True)
class Opening:
    """How a request wants its run opened. Where billing is off, what it says of money is of no account."""

    platform: Platform
    idempotency_key: str | None
    quote: str
    most: int | None

    def open(self, caller: Caller, function: str, input: Mapping[str, Any] | BaseModel, **options: Any) -> RunLog:
        """BadInput, KeyReused, TooManyRuns, NotEnough, CapReached, QuoteRefused."""
        platform, options = self.platform, {**options, "idempotency_key": self.idempotency_key, "most_at_once": settings.max_runs()}
        if not platform.paid:
            return start(platform.store, function, input, caller.workspace, **options)
        workspace = read_workspace(platform.store, caller.workspace)
        caps = [cap for cap in (self.most, caller.per_run, workspace.per_run) if cap is not None]
        terms = Terms(self.quote, min(caps, default=None), caller.key, workspace.per_day, caller.per_day)
        return start_paid(platform.accounts, platform.backend, function, input, caller.workspace, terms, **options)


async def _opening(
    at: At, key: IdempotencyKey = None,
    quote: Annotated[str, Header(alias=QUOTE, max_length=64, description="The id of a quote that is accepted with this.")] = "",
    most: Annotated[int | None, Header(alias=MOST, ge=0, le=10**15, description="Micro-dollars that the run may cost at most.")] = None,
) -> Opening:  # fmt: skip
    return Opening(at, key, quote, most)


AsAsked = Annotated[Opening, Depends(_opening)]


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
