"""A workspace's money: a pure state and its commands. accounts.py keeps it in the store.

    balance = credits − charges        free = balance − holds

A hold belongs to a run. A child's is carved out of its parent's, so the family never has more than the root was given; what a
child leaves goes back to its parent, if that is still going on. `pending` are changes of the balance that are committed and may
not be in the ledger yet.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared import settings
from shared.errors import AgentForgeError, BadInput
from shared.money.prices import Micro, dollars
from shared.state.documents import Document

Kind = Literal["charge", "credit", "reversal"]


class NotEnough(AgentForgeError):
    """The balance, or a cap, does not allow the hold."""

    code = "not_enough_credit"
    status = 402


class CapReached(NotEnough):
    code = "cap_reached"


class HoldGone(AgentForgeError):
    """The run has no hold (any more)."""

    code = "hold_gone"
    status = 409


class Hold(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: Micro
    parent: str | None = None
    at: str
    by: str = ""  # the API key, if it was one
    id: str = ""  # the run's log names it: another hold for the same run was taken too late, and is nobody's


class Change(BaseModel):
    """One entry of the ledger: `amount` is added to the balance. `about`: the run and its log's tip, or the payment; and
    `low_balance`, what it left, if that was the first to be little."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    amount: int = Field(strict=True, ge=-(10**15), le=10**15)
    at: str
    about: dict[str, Any] = {}


class Account(Document):
    balance: int = Field(default=0, strict=True)
    holds: dict[str, Hold] = Field(default_factory=dict)
    pending: dict[str, Change] = Field(default_factory=dict)  # by the key of their ledger entry
    day: str = ""  # for which `spent` counts
    spent: dict[str, Micro] = Field(default_factory=dict)  # charged that day: by API key, and "" for all together
    low_below: Micro | None = None  # of a balance; the server's setting by default

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds.values())

    @property
    def free(self) -> int:
        return self.balance - self.held

    @property
    def little(self) -> int:
        """Micro-dollars; a balance below that is low. What is held counts as there: most of it comes back."""
        return settings.low_balance() if self.low_below is None else self.low_below

    @property
    def low(self) -> bool:
        return self.balance < self.little


def hold(
    account: Account, run: str, amount: int, at: str, *, id: str = "", by: str = "", per_day: int | None = None, per_day_of_key: int | None = None
) -> Account:
    """Set an amount aside for a run; as it is, if that was done. NotEnough; CapReached where what was charged today and what is held
    would pass what may be spent in a day, altogether or by this key."""
    if run in account.holds:
        return account
    _require_amount(amount)
    if amount > account.free:
        raise NotEnough(
            f"The run may cost up to {dollars(amount)}, and {dollars(max(0, account.free))} are free.", "Add credit, or wait until other runs have ended."
        )
    held_by = sum(one.amount for one in account.holds.values() if one.by == by)
    for cap, held, who in (per_day, account.held, ""), (per_day_of_key, held_by, by):
        if cap is not None and _spent_on(account, at).get(who, 0) + held + amount > cap:
            whose = "by this key " if who else ""
            raise CapReached(f"At most {dollars(cap)} may be spent {whose}in a day.", "Ask an admin for a higher cap, or wait until tomorrow.")
    return _with(account, holds={**account.holds, run: Hold(amount=amount, at=at, by=by, id=id)})


def carve(account: Account, parent: str, child: str, amount: int | None, at: str, *, keep: int = 0, id: str = "") -> Account:
    """Set a part of a parent's hold aside for its child, or None for all of it, but for what the parent is to `keep`: what it
    has used. HoldGone, NotEnough."""
    if child in account.holds:
        return account
    there = account.holds.get(parent)
    if there is None:
        raise HoldGone(f"The parent run {parent} has no hold.")
    most = max(0, there.amount - max(0, keep))
    amount = most if amount is None else amount
    _require_amount(amount)
    if amount > most:
        raise NotEnough(f"The child may cost up to {dollars(amount)}, and its parent has {dollars(most)} left.", "Quote the parent higher.")
    left = there.model_copy(update={"amount": there.amount - amount})
    mine = Hold(amount=amount, parent=parent, at=at, by=there.by, id=id)
    return _with(account, holds={**account.holds, parent: left, child: mine})


def settle(account: Account, run: str, charge: int, key: str, at: str, about: dict[str, Any]) -> Account:
    """Charge a run and end its hold. HoldGone if there is none: it was settled, or released."""
    there = account.holds.get(run)
    if there is None:
        raise HoldGone(f"The run {run} has no hold.")
    if not 0 <= charge <= there.amount:
        raise BadInput(f"A charge of {charge} is not between 0 and the hold of {there.amount} micro-dollars.")
    before = _spent_on(account, at)
    spent = {**before, **{who: before.get(who, 0) + charge for who in {"", there.by}}}
    freed = _freed(account, run, there.amount - charge)
    return _with(_booked(freed, key, Change(kind="charge", amount=-charge, at=at, about=about)), day=max(account.day, at[:10]), spent=spent)


def release(account: Account, run: str, id: str | None = None) -> Account:
    """End the hold of a run that never began, or only if it is this one; as it is, if there is none."""
    there = account.holds.get(run)
    return _freed(account, run, there.amount) if there and id in (None, there.id) else account


def trim(account: Account, run: str, amount: int) -> Account:
    """Let a hold be for this much at most; as it is, if it is, or if there is none."""
    there = account.holds.get(run)
    if there is None or there.amount <= amount:
        return account
    freed = _freed(account, run, there.amount - amount)
    return _with(freed, holds={**freed.holds, run: there.model_copy(update={"amount": amount})})


def credit(account: Account, key: str, amount: int, at: str, about: dict[str, Any], kind: Kind = "credit") -> Account:
    """Add to the balance, or with kind "reversal" take from it (which may leave it below zero: what was spent is spent).

    `key` is the payment's: the same again changes nothing while it is pending; accounts.py looks in the ledger for older ones.
    """
    if key in account.pending:
        return account
    _require_amount(amount)
    return _booked(account, key, Change(kind=kind, amount=-amount if kind == "reversal" else amount, at=at, about=about))


def flushed(account: Account, keys: set[str]) -> Account:
    """These are in the ledger now."""
    left = {key: change for key, change in account.pending.items() if key not in keys}
    return account if len(left) == len(account.pending) else _with(account, pending=left)


def _booked(account: Account, key: str, change: Change) -> Account:
    """With a change of the balance, which tells if it is what makes it low."""
    after = _with(account, balance=account.balance + change.amount)
    if after.low and not account.low:
        change = change.model_copy(update={"about": {**change.about, "low_balance": after.balance}})
    return _with(after, pending={**account.pending, key: change})


def _freed(account: Account, run: str, left: int) -> Account:
    """Without the run's hold; what is left of it goes back to its parent, if that has one still. Its children's stay."""
    holds = {name: one for name, one in account.holds.items() if name != run}
    parent = account.holds[run].parent
    if parent in holds:
        holds[parent] = holds[parent].model_copy(update={"amount": holds[parent].amount + left})
    return _with(account, holds=holds)


def _with(account: Account, **changes: Any) -> Account:
    return account.model_copy(update=changes)


def _spent_on(account: Account, at: str) -> dict[str, int]:
    """What counts for a day's caps. What is settled late, or told by a clock that is behind, counts for the newest day there was."""
    return account.spent if at[:10] <= account.day else {}


def _require_amount(amount: int) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= 10**15:
        raise BadInput(f"{amount!r} is no amount.", "Amounts are whole micro-dollars, from 0 to 10^15.")
