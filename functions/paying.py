"""Runs that somebody pays for: quote → open → hold. Where billing is off, `start` of work.py is all there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from functions.registry import Function, find
from functions.work import close, start, validated
from shared.backends import Backend
from shared.errors import NotFound
from shared.money import holds, quotes
from shared.money.account import CapReached
from shared.money.accounts import Accounts
from shared.money.prices import dollars
from shared.money.quotes import Quote, Seconds
from shared.state import machine
from shared.state.datasets import REFERENCE
from shared.state.keys import workspace_prefix
from shared.state.runs import RunLog
from shared.state.store import Store


@dataclass(frozen=True)
class Terms:
    """What a caller accepts. `quote`: an id, or "" for whatever it is now; `most`: micro-dollars for the run. `by`: the API key;
    `per_day`, `per_day_of_key`: caps of the workspace and of the key."""

    quote: str = ""
    most: int | None = None
    by: str = ""
    per_day: int | None = None
    per_day_of_key: int | None = None


def quote_for(store: Store, workspace: str, function: str, input: Mapping[str, Any] | BaseModel, backend: Backend, key: str | None = None) -> Quote:
    """What a run of a function would cost; the quote that was made before with the same idempotency key. BadInput for an input that is not the function's, NotFound for data that is not there."""
    found = find(function)
    checked = validated(found, input)
    return quotes.make_quote(store, workspace, function, checked, backend.name, {found.tier: _seconds(store, workspace, found, checked)}, key)


def start_paid(
    accounts: Accounts, backend: Backend, function: str, input: Mapping[str, Any] | BaseModel, workspace: str, terms: Terms, **options: Any
) -> RunLog:
    """Open a run and hold what it may cost. NotEnough, CapReached, QuoteRefused: then the run is ended, and cost nothing.

    A run that was opened before under the same idempotency key is given as it is, whatever the terms are now.
    """
    store = accounts.store
    log = start(store, function, input, workspace, paid=True, **options)
    if log.state.state != "opened":
        return log
    try:
        if terms.quote:
            quote = quotes.accept_quote(store, workspace, terms.quote, function, log.state.input, log.id)
        else:
            quote = quote_for(store, workspace, function, log.state.input, backend)
        if terms.most is not None and quote.upper > terms.most:
            raise CapReached(f"The run may cost up to {dollars(quote.upper)}, and at most {dollars(terms.most)} are allowed for one.", "Raise the cap.")
        rates = {tier: rate.model_dump(mode="json") for tier, rate in quote.rates.items()}
        holds.take_hold(accounts, log, quote.upper, rates, quote=quote.id, by=terms.by, per_day=terms.per_day, per_day_of_key=terms.per_day_of_key)
    except (CapReached, NotFound, quotes.QuoteRefused) as refused:
        told = {"code": refused.code, "message": refused.message, "hint": refused.hint, "status": refused.status}
        log.append(lambda: machine.abandon(log.state, told))
        if not log.state.over:  # another call with the same idempotency key had it held meanwhile
            return log
        close(log, backend)
        raise
    return log


def _seconds(store: Store, workspace: str, function: Function, input: Mapping[str, Any]) -> Seconds:
    """What the function itself estimates, within what it may take at all."""
    if function.estimate is None:
        return Seconds(function.timeout_s / 10, function.timeout_s)
    sizes = [_bytes(store, workspace, source) for source in input.get("sources", [])]
    seconds = function.estimate(function.input.model_validate(input), sum(sizes))
    return Seconds(min(seconds.expected, function.timeout_s), min(seconds.most, function.timeout_s))


def _bytes(store: Store, workspace: str, source: str) -> int:
    """Of a dataset's content. NotFound."""
    match = REFERENCE.fullmatch(source)
    if match is None:
        return 0
    listed = store.list_after(workspace_prefix(workspace).folder("datasets").folder(match[1]), limit=1)
    if not listed:
        raise NotFound(f"There is no dataset {source!r}.")
    return listed[0].bytes
