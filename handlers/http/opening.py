"""From a request to a run: open it, hold what it may cost, tell the backend, wait as long as the caller wants, answer; or to its quote."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Header, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from functions.paying import Terms, quote_for, start_paid
from functions.work import start, submit
from handlers.http.manners import IdempotencyKey
from handlers.http.models import QuoteOut, RunOut
from handlers.http.platform import At, Platform
from handlers.http.problems import answers
from shared import settings
from shared.identity.caller import Caller
from shared.identity.members import read_workspace
from shared.money.prices import dollars
from shared.state.runs import RunLog

QUOTE, MOST = "AgentForge-Quote", "AgentForge-Max-Cost"
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": RunOut | QuoteOut}, **answers(402, 404, 409)}  # of a route that opens a run


class Wanted(NamedTuple):
    """What a request wants to be done. `options`: as of `start`."""

    function: str
    input: Mapping[str, Any] | BaseModel
    options: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Opening:
    """How a request wants its run opened. Where billing is off, what it says of money is of no account."""

    platform: Platform
    idempotency_key: str | None
    quote: str
    most: int | None

    def open(self, caller: Caller, wanted: Wanted) -> RunLog:
        """BadInput, KeyReused, TooManyRuns, NotEnough, CapReached, QuoteRefused."""
        platform, function, input = self.platform, wanted.function, wanted.input
        options = {**wanted.options, "idempotency_key": self.idempotency_key, "most_at_once": settings.max_runs()}
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


async def opened(
    asked: Opening, caller: Caller, response: Response, want: Callable[[], Wanted], wait_s: float, quote: bool | str | None = None
) -> RunOut:
    """202 and the run that is wanted; 200 if it is over within `wait_s`. 200 and what it would cost if `quote` is true; else the quote to accept."""
    platform = asked.platform
    if quote is True:
        return JSONResponse((await run_in_threadpool(_quoted, asked, caller, want)).model_dump(mode="json"))  # type: ignore[return-value]
    if quote:
        asked = replace(asked, quote=quote)

    def open_and_submit() -> tuple[RunLog, str]:
        log = asked.open(caller, want())
        if log.state.state == "queued":
            submit(log, platform.backend)
        return log, _notice(platform, caller.workspace)

    log, notice = await run_in_threadpool(open_and_submit)
    state = log.state
    if wait_s and not state.over:
        state = await platform.feed.wait(log.workspace, log.id, wait_s)
    if wait_s:
        response.headers["Preference-Applied"] = f"wait={wait_s:g}"
    response.headers["Location"] = f"/v1/runs/{state.id}"
    response.status_code = 200 if state.over else 202
    return RunOut.of(state, notice)


def _quoted(asked: Opening, caller: Caller, want: Callable[[], Wanted]) -> QuoteOut:
    wanted = want()
    quote = quote_for(asked.platform.store, caller.workspace, wanted.function, wanted.input, asked.platform.backend, asked.idempotency_key)
    return QuoteOut.of(quote)


def _notice(platform: Platform, workspace: str) -> str:
    account = platform.accounts.read(workspace) if platform.paid else None
    if account is None or not account.low:
        return ""
    return f"Little credit is left: {dollars(account.balance)}, below {dollars(account.little)}. Runs are refused once it is used up."
