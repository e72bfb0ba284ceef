"""/v1/quotes, /v1/account, /v1/usage: what runs cost. Without AGENTFORGE_BILLING=on nothing is held or charged."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, model_validator

from functions.analyze import AnalyzeInput
from functions.execute import ExecuteInput
from functions.paying import quote_for
from handlers.http.callers import allowed
from handlers.http.manners import IdempotencyKey
from handlers.http.models import Body, QuoteOut
from handlers.http.platform import At
from handlers.http.problems import answers
from handlers.http.routes.analyze import AnalyzeRequest, input_of
from handlers.http.routes.execute import ExecuteRequest
from handlers.http.routes.execute import input_of as execute_input_of
from shared.identity.caller import Caller
from shared.money import usage
from shared.money.account import Account
from shared.state import audit

router = APIRouter(tags=["money"])
Reader = Annotated[Caller, allowed("usage:read")]
Writer = Annotated[Caller, allowed("runs:write")]
Owner = Annotated[Caller, allowed("workspace:write")]
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="YYYY-MM-DD, included.", examples=["2026-11-01"])]


class QuoteRequest(Body):
    """The body of the call that is to be quoted: either of POST /v1/analyze or of POST /v1/execute."""

    analyze: AnalyzeRequest | None = None
    execute: ExecuteRequest | None = None

    @model_validator(mode="after")
    def _one(self) -> "QuoteRequest":
        if (self.analyze is None) == (self.execute is None):
            raise ValueError("give either analyze or execute")
        return self


class AccountOut(BaseModel):
    """In micro-dollars. `free` is what may still be held; `low` says that the balance is below `low_below`."""

    balance: int
    held: int
    free: int
    spent_today: int
    low: bool
    low_below: int


class LowBelow(Body):
    low_below: int | None = Field(ge=0, le=10**15, strict=True, description="Micro-dollars. Null is the server's own setting.")


class TotalOut(BaseModel):
    of: str
    runs: int
    microdollars: int
    seconds: float


class UsageOut(BaseModel):
    microdollars: int
    runs: int
    by: list[TotalOut] = Field(description="One for each day, run, key or function.")


@router.post("/quotes", status_code=201, summary="Ask for a quote", responses=answers(404, 409))
def create_quote(body: QuoteRequest, caller: Writer, at: At, key: IdempotencyKey = None) -> QuoteOut:
    """What a call would cost, and what it cannot exceed. Good for an hour, for this very request, once."""
    input: AnalyzeInput | ExecuteInput
    if body.analyze is not None:
        function, input = "analyze", input_of(body.analyze, at.store, caller)
    else:
        assert body.execute is not None
        function, input = "execute", execute_input_of(body.execute, at.store, caller)
    quote = quote_for(at.store, caller.workspace, function, input, at.backend, key)
    return QuoteOut.of(quote)


@router.get("/account", summary="Get the balance", responses=answers(409))
def get_account(caller: Reader, at: At) -> AccountOut:
    return _told(at.accounts.read(caller.workspace), at)


@router.put("/account", summary="Say when credit is low", responses=answers(409))
def set_low(body: LowBelow, caller: Owner, at: At) -> AccountOut:
    """Where a charge takes the balance below that, the audit trail says so, once; runs that are opened then carry a `notice`."""
    audit.note(at.store, caller.workspace, "set_low_balance", caller.name, low_below=body.low_below)
    return _told(at.accounts.apply(caller.workspace, lambda there: there.model_copy(update={"low_below": body.low_below})), at)


@router.get(
    "/usage", summary="What was spent", response_model=UsageOut,
    responses={200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}}, **answers(409)},
)  # fmt: skip
def get_usage(
    caller: Reader, at: At, since: Day = "", until: Day = "",
    by: Annotated[Literal["day", "run", "key", "function"], Query(description="What the totals are of.")] = "day",
    format: Annotated[Literal["json", "csv", "parquet"], Query(description="csv and parquet have a row for each run.")] = "json",
) -> UsageOut | Response:  # fmt: skip
    rows = usage.usage_rows(at.store, caller.workspace, since, until)
    if format == "json":
        found = [TotalOut(**total._asdict()) for total in usage.totals(rows, by)]
        return UsageOut(microdollars=sum(row.microdollars for row in rows), runs=len(rows), by=found)
    headers = {"Content-Disposition": f'attachment; filename="usage.{format}"'}
    if format == "csv":
        return Response(usage.as_csv(rows), media_type="text/csv", headers=headers)
    return Response(usage.as_parquet(rows), media_type="application/vnd.apache.parquet", headers=headers)


def _told(account: Account, at: At) -> AccountOut:
    spent = account.spent.get("", 0) if account.day == at.store.now().isoformat()[:10] else 0
    return AccountOut(
        balance=account.balance, held=account.held, free=account.free, spent_today=spent, low=account.low, low_below=account.little
    )
