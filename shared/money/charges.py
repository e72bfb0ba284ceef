"""What a run cost: a pure function of its log. Anybody can compute it again.

Charged is the time from each claim to its end, by the rates of the quote, and what was told in `tokens` events. Not charged: waiting,
queueing, and any attempt that ended by the platform's fault. A run that failed by the platform's fault costs nothing; one whose own
code or input was at fault, one that was cancelled, and one that was stopped at its cap pay for what they used. Never more than the hold.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from shared.errors import BadInput
from shared.money import prices
from shared.money.prices import Rates
from shared.state.record import Entry


class Charge(BaseModel):
    """`amount` in micro-dollars, of which `seconds_amount` for `microseconds` of work and `tokens_amount` for tokens."""

    amount: int
    microseconds: int = 0
    seconds_amount: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_amount: int = 0
    why: str = ""  # where it is not simply what was used


def charge(entries: Iterable[Entry]) -> Charge:
    """The charge of a run that is over, or of one that goes on, if it were to end with its last entry."""
    total, attempt = Charge(amount=0), Charge(amount=0)
    rates: dict[str, Rates] = {}
    amount, tier, since, ended = 0, "", "", None
    for entry in entries:
        for event in entry.events:
            data = event.data
            match event.kind:
                case "opened":
                    tier = data.get("tier", "")
                case "held":
                    amount, rates = data["amount"], {name: Rates.model_validate(rate) for name, rate in data["rates"].items()}
                case "claimed":
                    since, attempt = entry.at, Charge(amount=0)
                case "tokens" if since and tier in rates:
                    attempt = _with_tokens(attempt, rates[tier], data)
                case "queued" | "waiting" | "finished":
                    if since and tier in rates and not by_platform(data.get("error")):
                        total = _sum(total, attempt, rates[tier], _microseconds(since, entry.at))
                    since, tier, ended = "", data.get("tier", tier), data if event.kind == "finished" else ended
    if ended is not None and ended.get("state") == "failed" and by_platform(ended.get("error")):
        return Charge(amount=0, why="It failed by the platform's fault.")
    used = total.seconds_amount + total.tokens_amount
    minimum = max((rate.minimum for rate in rates.values()), default=0) if total.microseconds else 0
    why = "The least that a run costs." if used < minimum <= amount else "No more than the hold." if used > amount else ""
    return total.model_copy(update={"amount": min(amount, max(used, minimum)), "why": why})


def by_platform(error: dict[str, Any] | None) -> bool:
    """Whether an error, as it stands in a record, is ours: a lost worker, a store or sandbox that is away, a mistake inside."""
    if error is None:
        return False
    return error.get("code") in ("worker_lost", "worker_stopped") or int(error.get("status", 500)) >= 500


def _with_tokens(attempt: Charge, rates: Rates, data: dict[str, Any]) -> Charge:
    tokens_in, tokens_out = int(data["in"]), int(data["out"])
    if min(tokens_in, tokens_out) < 0:
        raise BadInput("Tokens are counted from 0.")
    return attempt.model_copy(
        update={
            "tokens_in": attempt.tokens_in + tokens_in, "tokens_out": attempt.tokens_out + tokens_out,
            "tokens_amount": attempt.tokens_amount + prices.of_tokens(rates, data["route"], tokens_in, tokens_out),
        }
    )  # fmt: skip


def _sum(total: Charge, attempt: Charge, rates: Rates, microseconds: int) -> Charge:
    return Charge(
        amount=0, microseconds=total.microseconds + microseconds,
        seconds_amount=total.seconds_amount + prices.of_seconds(rates, microseconds),
        tokens_in=total.tokens_in + attempt.tokens_in, tokens_out=total.tokens_out + attempt.tokens_out,
        tokens_amount=total.tokens_amount + attempt.tokens_amount,
    )  # fmt: skip


def _microseconds(since: str, until: str) -> int:
    return max(0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)) // timedelta(microseconds=1))
