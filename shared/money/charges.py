"""What a run cost: a pure function of what its log adds up to. Anybody can compute it again.

Charged is the time from each claim to its end, by the rates of its hold, and the tokens it told of. Not charged: waiting, queueing,
and any attempt that ended by the platform's fault. A run that failed by the platform's fault costs nothing; one whose own code or
input was at fault, one that was cancelled, and one that was stopped at its cap pay for what they used. Never more than the hold,
nor than what a run's children have left of it.
"""

from datetime import datetime

from pydantic import BaseModel

from shared.money import prices
from shared.money.prices import Micro, Rates
from shared.state.machine import RunState, Work, platform_fault, with_attempt


class Charge(BaseModel):
    """`amount` in micro-dollars; `why` where that is not simply `seconds_amount` and `tokens_amount` together."""

    amount: Micro
    held: int = 0  # on the account when it ended: less than the run's hold by what its children had of it
    microseconds: int = 0
    seconds_amount: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_amount: int = 0
    why: str = ""


def charge(state: RunState, held: int | None = None) -> Charge:
    """Of a run that is over; or of one that goes on, without the attempt that does. `held`: what is left of its hold, if not all."""
    if state.hold is None:
        return Charge(amount=0, why="Nothing was held for it.")
    if state.state == "failed" and platform_fault(state.error):
        return Charge(amount=0, why="It failed by the platform's fault.")
    rates = {tier: Rates.model_validate(rate) for tier, rate in state.hold.rates.items()}
    known = [(rates[tier], work) for tier, work in state.used.items() if tier in rates]
    told = Charge(
        amount=0, held=state.hold.amount if held is None else min(held, state.hold.amount), microseconds=sum(work.microseconds for _, work in known),
        seconds_amount=sum(prices.of_seconds(rate, work.microseconds) for rate, work in known),
        tokens_in=sum(read for _, work in known for read, _ in work.tokens.values()),
        tokens_out=sum(written for _, work in known for _, written in work.tokens.values()),
        tokens_amount=sum(_tokens(rate, work) for rate, work in known),
    )  # fmt: skip
    used, least = told.seconds_amount + told.tokens_amount, max((rate.minimum for rate, _ in known), default=0)
    due = min(max(used, least), told.held)
    why = "No more than was held." if due < used else "The least that a run costs." if due > used else ""
    return told.model_copy(update={"amount": due, "why": why})


def used(state: RunState, at: datetime) -> int:
    """Micro-dollars that a running run has used at a moment, with the attempt that goes on: what it would be charged, but for its hold."""
    told = charge(state.model_copy(update={"used": with_attempt(state, at.isoformat()), "state": "running", "error": None}))
    return max(0, told.seconds_amount + told.tokens_amount)  # the clock may have been set back since it was claimed


def _tokens(rates: Rates, work: Work) -> int:
    return sum(prices.of_tokens(rates, route, *counts) for route, counts in work.tokens.items() if route in rates.tokens)
