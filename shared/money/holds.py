"""From a quote to a hold to a charge: what ties a run's log to its workspace's account.

Opening: the run's first entry → hold on the account → entry `held`. Only then can it be claimed. A run that was never held is
abandoned by the sweep, first in its log and then on the account, so an opener that was only slow finds out and gives its hold back.
Settling: one swap of the account ends the hold and charges; then the ledger. All of it may be done again.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from shared.errors import AgentForgeError, NotFound
from shared.money import account as commands
from shared.money.account import Account, HoldGone
from shared.money.accounts import Accounts
from shared.money.charges import Charge, charge
from shared.state import machine, runs
from shared.state.machine import RunOver
from shared.state.record import unseal
from shared.state.runs import RunLog, due_key, ledger_key
from shared.state.store import Store

logger = logging.getLogger(__name__)
ORPHAN_S = 3600  # a hold this old whose run is over is nobody's


def take_hold(accounts: Accounts, log: RunLog, amount: int | None, rates: Mapping[str, Any], *, quote: str = "", keep: int = 0, **caps: Any) -> None:
    """Set money aside for a run that was opened for it, so that it can be claimed. NotEnough, CapReached: the run is ended, too.

    RunOver where the sweep has given it up meanwhile. A child's money comes out of its parent's hold, `amount` and `keep` as of
    `account.carve`: HoldGone where that has ended. `caps`: as of `account.hold`.
    """
    if log.state.state != "opened":
        return
    at, id, parent = accounts.store.now().isoformat(), secrets.token_hex(6), log.state.parent

    def command(there: Account) -> Account:
        if parent is not None:
            return commands.carve(there, parent, log.id, amount, at, keep=keep, id=id)
        assert amount is not None
        return commands.hold(there, log.id, amount, at, id=id, **caps)

    try:
        held = accounts.apply(log.workspace, command).holds[log.id]
        if amount is not None and held.amount > amount and not log.read_next():  # it is of one who opened the run before us, for more, and died
            held = accounts.apply(log.workspace, partial(commands.trim, run=log.id, amount=amount)).holds.get(log.id, held)
    except (commands.NotEnough, HoldGone) as error:
        told = {"code": error.code, "message": error.message, "hint": error.hint, "status": error.status}
        if not log.append(lambda: machine.abandon(log.state, told)) and not log.state.over:
            return  # another opener was quicker, and was not refused
        settle(accounts, log)
        raise
    try:
        log.append(lambda: machine.hold(log.state, held.amount if amount is None else min(amount, held.amount), rates, quote, held.by, held.id))
    except RunOver:
        _end_hold(accounts, log)
        raise
    if log.state.hold and log.state.hold.id != held.id:  # it was held before, and charged since: ours is nobody's
        accounts.apply(log.workspace, lambda there: commands.release(there, log.id, held.id))


def settle(accounts: Accounts, log: RunLog) -> Charge | None:
    """Close the books of a run that is over, its money first. May be done again, by anyone, at any time; None where that is not done."""
    if not log.state.paid:
        runs.settle(log)
        return None
    if not log.state.over:
        return None
    due = _recorded(log) or _end_hold(accounts, log) or _recorded(log)
    if due is None and log.state.hold is not None:  # a worker whose credentials reach its run only reads the account as if it were none
        logger.info("run %s: its hold is out of our reach; the sweep settles it", log.id)
        return None
    due = due or Charge(amount=0, why="Nothing was held for it.")
    runs.settle(log, charge=due.model_dump())
    accounts.written(log.workspace, log.id)
    return due


def _recorded(log: RunLog) -> Charge | None:
    """What the ledger has: then the money is settled, and only the rest of it may be missing."""
    stored = log.store.get(ledger_key(log))
    fields = unseal(stored.body, charge=dict) if stored else None
    return Charge.model_validate(fields["charge"]) if fields else None


def _end_hold(accounts: Accounts, log: RunLog) -> Charge | None:
    """Charge for a run that is over, once, whoever asks; None if it was not held. A hold that its log does not name is released."""
    named = log.state.hold.id if log.state.hold else None

    def command(there: Account) -> Account:
        held = there.holds.get(log.id)
        if held is None:
            return there
        if held.id != named:
            return commands.release(there, log.id)
        about = {"run": log.id, "tip": log.tip, "held": held.amount}
        return commands.settle(there, log.id, charge(log.state, held.amount).amount, log.id, log.at, about)

    change = accounts.apply(log.workspace, command).pending.get(log.id)
    if change is None:
        return None
    accounts.note_low(log.workspace, change)
    return charge(log.state, change.about["held"])


def release_orphans(accounts: Accounts, workspace: str) -> int:
    """End the holds of runs that ended without them, and of runs that never were; how many. What their openers left behind.

    Every other run that has had its hold for so long is made due, should its opener have been so slow that the sweep has forgotten it.
    """
    old = (accounts.store.now() - timedelta(seconds=ORPHAN_S)).isoformat()
    gone = 0
    for run, hold in accounts.read(workspace).holds.items():
        if datetime.fromisoformat(hold.at) < datetime.fromisoformat(old) and _is_nobodys(accounts.store, workspace, run):
            accounts.apply(workspace, partial(commands.release, run=run, id=hold.id))
            gone += 1
    return gone


def _is_nobodys(store: Store, workspace: str, run: str) -> bool:
    """Whether a run is over and settled without its hold, or was never opened; else the sweep is to see to it."""
    try:
        log = RunLog(store, workspace, run)
        log.read_on()
        if not log.length or log.state.over and store.get(ledger_key(log)) is not None:
            return True
        store.put_new(due_key(log.state.due, log), b"")
        return False
    except NotFound:
        return True
    except AgentForgeError:
        return False
