"""Runs that somebody pays for: quote → open → hold. Where billing is off, `start` of work.py is all there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from functions.registry import Function, find
from functions.work import close, start, validated
from shared import settings
from shared.analysis.extent import Extent, extent
from shared.backends import Backend
from shared.errors import NotFound
from shared.identity.members import read_workspace
from shared.money import holds, quotes
from shared.money.account import CapReached
from shared.money.accounts import Accounts
from shared.money.precedents import LEAST_S, precedents, sharpened
from shared.money.prices import dollars
from shared.money.quotes import Quote, Seconds
from shared.state import machine
from shared.state.datasets import REFERENCE, key_of
from shared.state.keys import workspace_prefix
from shared.state.record import canonical_json, sha256
from shared.state.runs import RunLog
from shared.state.store import Store

_extents: dict[str, Extent] = {}  # by SHA-256 of the content


@dataclass(frozen=True)
class Terms:
    """What a caller accepts. `quote`: an id, or "" for whatever it is now; `most`: micro-dollars for the run. `by`: the API key;
    `per_day`, `per_day_of_key`: caps of the workspace and of the key."""

    quote: str = ""
    most: int | None = None
    by: str = ""
    per_day: int | None = None
    per_day_of_key: int | None = None


def quote_for(store: Store, workspace: str, function: str, input: Mapping[str, Any] | BaseModel, backend: Backend, key: str | None = None, run: str = "") -> Quote:
    """What a run of a function would cost; the quote that was made before with the same idempotency key. BadInput for an input that is not the function's, NotFound for data that is not there. `run`: which accepts it."""
    found = find(function)
    checked = validated(found, input)
    told, guess_s, about = _estimated(store, workspace, found, checked), 0.0, ""
    if isinstance(told, float | int):
        guess_s, about = told, sha256(canonical_json(checked.get("sources", [])))
        told = sharpened(guess_s, about, precedents(store, workspace, function) if guess_s >= LEAST_S else [])
    if isinstance(told, Seconds):
        told = {found.tier_for(checked): Seconds(min(told.expected, found.timeout_s), min(told.most, found.timeout_s))}
    return quotes.make_quote(store, workspace, function, checked, backend.name, told, key, about=about, guess_s=guess_s, accepted_by=run)


def open_run(store: Store, backend: Backend, function: str, input: Mapping[str, Any] | BaseModel, workspace: str = "local", **options: Any) -> RunLog:
    """For whoever opens runs over the store itself: as of `start`, and where AGENTFORGE_BILLING is on, paid for by the workspace."""
    if not settings.billing():
        return start(store, function, input, workspace, **options)
    caps = read_workspace(store, workspace)
    return start_paid(Accounts(store), backend, function, input, workspace, Terms(most=caps.per_run, per_day=caps.per_day), **options)


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
            quote = quote_for(store, workspace, function, log.state.input, backend, run=log.id)
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


def _estimated(store: Store, workspace: str, function: Function, input: Mapping[str, Any]) -> Seconds | float | Mapping[str, Seconds]:
    """By the function itself."""
    if function.estimate is None:
        return Seconds(function.timeout_s / 10, function.timeout_s)
    return function.estimate(function.input.model_validate(input), [_extent(store, workspace, source) for source in input.get("sources", [])])


def _extent(store: Store, workspace: str, source: str) -> Extent:
    """Of a dataset's content, whose ends are read once by a process if it is large. NotFound."""
    match = REFERENCE.fullmatch(source)
    if match is None:
        return Extent("text", 0, 0)
    listed = store.list_after(workspace_prefix(workspace).folder("datasets").folder(match[1]), limit=1)
    if not listed:
        raise NotFound(f"There is no dataset {source!r}.")
    if match[1] not in _extents:
        if len(_extents) > 10_000:
            _extents.clear()
        _extents[match[1]] = extent(listed[0].bytes, lambda start, end: store.read(key_of(workspace, source), start, end))
    return _extents[match[1]]
