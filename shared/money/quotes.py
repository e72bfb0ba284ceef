"""Before a run: what it is expected to cost, and what it cannot exceed. A quote that was accepted binds, whatever prices do meanwhile."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from shared.errors import AgentForgeError, NotFound
from shared.money import prices
from shared.money.prices import Micro, Rates
from shared.state import documents, idempotency, runs
from shared.state.documents import Document
from shared.state.keys import RUN, Key, workspace_prefix
from shared.state.record import canonical_json, sha256
from shared.state.store import Store

GOOD_FOR_S = 3600


class QuoteRefused(AgentForgeError):
    """The quote has expired, or is for something else."""

    code = "quote_refused"
    status = 409


class Seconds(NamedTuple):
    """Of work on one tier."""

    expected: float
    most: float


class Line(BaseModel):
    """A part of a quote. `unit_price` in pico-dollars (a millionth of a micro-dollar). `most_s` is what `upper` pays for: at least
    as much as the minimum charge does, and the run may work for all of it."""

    what: str
    tier: str
    expected_s: float
    most_s: float
    unit_price: int
    expected: Micro
    upper: Micro


class Quote(Document):
    """`expected` and `upper` in micro-dollars: the charge is never above `upper`, which is what is held."""

    id: str
    function: str
    request: str  # SHA-256 of the function's input
    expected: Micro
    upper: Micro
    lines: list[Line]
    rates: dict[str, Rates]  # by tier
    created: str
    expires: str
    accepted_by: str = Field(default="", description="The run that this quote was accepted for.")
    about: str = ""  # SHA-256 of what it works on
    guess_s: float = 0  # what the function itself expected, before shared/money/precedents.py


def make_quote(store: Store, workspace: str, function: str, input: Mapping[str, Any], backend: str, tiers: Mapping[str, Seconds], key: str | None = None, **precedent: Any) -> Quote:
    """For so many seconds on each tier; kept for an hour. BadInput for a tier without a price. `precedent`: `about`, `guess_s`
    and, if it is accepted at once, `accepted_by`."""
    now = store.now()
    lines, rates = [], {}
    for tier, seconds in tiers.items():
        rate = rates[tier] = prices.rates(backend, tier, date.fromisoformat(now.isoformat()[:10]))
        lines.append(
            Line(
                what="work", tier=tier, expected_s=round(seconds.expected, 3), most_s=round(max(seconds.most, _least(rate)), 3), unit_price=rate.second,
                expected=_cost(rate, seconds.expected), upper=_cost(rate, seconds.most),
            )
        )  # fmt: skip
    quote = Quote(
        id=idempotency.id_of(store, workspace, key, ["quote", function, dict(input)], runs.new_id(now)), function=function, request=request_hash(function, input), lines=lines, rates=rates,
        expected=sum(line.expected for line in lines), upper=sum(line.upper for line in lines),
        created=now.isoformat(), expires=(now + timedelta(seconds=GOOD_FOR_S)).isoformat(), **precedent,
    )  # fmt: skip
    if documents.create(store, _key(workspace, quote.id), quote):
        return quote
    return documents.read(store, _key(workspace, quote.id), Quote) or quote


def accept_quote(store: Store, workspace: str, id: str, function: str, input: Mapping[str, Any], run: str) -> Quote:
    """The quote, for this run from now on. NotFound, QuoteRefused where it has expired, is for another request, or was used."""
    if not RUN.fullmatch(id):
        raise NotFound(f"There is no quote {id!r}.")

    def accepted(there: Quote) -> Quote | None:
        if there.accepted_by == run:
            return None
        if there.accepted_by:
            raise QuoteRefused(f"This quote was accepted for the run {there.accepted_by}.", "Ask for a new one.")
        if store.now() >= datetime.fromisoformat(there.expires):
            raise QuoteRefused("This quote has expired.", "Ask for a new one.")
        if there.request != request_hash(function, input):
            raise QuoteRefused("This quote is for another request.", "Ask for a quote of this one.")
        return there.model_copy(update={"accepted_by": run})

    return documents.change(store, _key(workspace, id), Quote, accepted)


def request_hash(function: str, input: Mapping[str, Any]) -> str:
    return sha256(canonical_json([function, dict(input)]))


def _cost(rate: Rates, seconds: float) -> int:
    return max(prices.of_seconds(rate, round(seconds * 10**6)), rate.minimum)


def _least(rate: Rates) -> float:
    """The seconds that the minimum charge pays for."""
    return rate.minimum * 10**6 / rate.second if rate.second else 0.0


def _key(workspace: str, id: str) -> Key:
    return workspace_prefix(workspace).folder("quotes") / f"{id}.json"
