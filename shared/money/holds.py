"""From a quote to a hold to a charge: what ties a run's log to its workspace's account.

Opening: the run's first entry → hold on the account → entry `held`. Only then can it be claimed. A run that was never held is
abandoned by the sweep, first in its log and then on the account, so an opener that was only slow finds out and gives its hold back.
Settling: one swap of the account ends the hold and charges; then the ledger. All of it may be done again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.errors import AgentForgeError, NotFound
from shared.money import account as commands
from shared.money.account import Account, HoldGone
from shared.money.accounts import Accounts
from shared.money.charges import Charge, charge
from shared.state import machine, runs
from shared.state.machine import RunOver
from shared.state.runs import RunLog, ledger_key
from shared.state.store import Store

ORPHAN_S = 3600  # a hold this old whose run is over is nobody's


def take_hold(accounts: Accounts, log: RunLog, amount: int, rates: Mapping[str, Any], *, quote: str = "", per_day: int | None = None) -> None:
    """Set money aside for a run that was opened for it, so that it can be claimed. NotEnough, CapReached: the run is ended, too.

    RunOver where the sweep has given it up meanwhile. For a child the money comes out of its parent's hold.
    """
    if log.state.state != "opened":
        return
    at, parent = accounts.store.now().isoformat(), log.state.parent

    def command(there: Account) -> Account:
        if parent is not None and parent in there.holds:
            return commands.carve(there, parent, log.id, amount, at)
        return commands.hold(there, log.id, amount, at, per_day=per_day)

    try:
        accounts.apply(log.workspace, command)
    except (commands.NotEnough, HoldGone) as error:
        told = {"code": error.code, "message": error.message, "hint": error.hint, "status": error.status}
        log.append(lambda: machine.abandon(log.state, told))
        settle(accounts, log)
        raise
    try:
        log.append(lambda: machine.hold(log.state, amount, rates, quote))
    except RunOver:
        accounts.apply(log.workspace, lambda there: commands.release(there, log.id))
        raise


def settle(accounts: Accounts, log: RunLog) -> Charge | None:
    """Close the books of a run that is over, its money first. May be done again, by anyone, at any time."""
    if not log.state.paid:
        runs.settle(log)
        return None
    due = charge(log.state)
    about = {"run": log.id, "tip": log.tip}

    def command(there: Account) -> Account:
        return commands.settle(there, log.id, due.amount, log.id, log.at, about) if log.id in there.holds else there

    if log.store.get(ledger_key(log)) is None:  # else the money is settled, and only the rest of it may be missing
        accounts.apply(log.workspace, command)
    runs.settle(log, charge=due.model_dump())
    return due


def release_orphans(accounts: Accounts, workspace: str) -> int:
    """End the holds of runs that ended without them, and of runs that never were; how many. What their openers left behind."""
    old = (accounts.store.now() - timedelta(seconds=ORPHAN_S)).isoformat()
    gone = 0
    for run, hold in accounts.read(workspace).holds.items():
        if datetime.fromisoformat(hold.at) < datetime.fromisoformat(old) and _is_nobodys(accounts.store, workspace, run):
            accounts.apply(workspace, lambda there, run=run: commands.release(there, run))  # type: ignore[misc]
            gone += 1
    return gone


def _is_nobodys(store: Store, workspace: str, run: str) -> bool:
    """Whether a run is over and settled without its hold, or was never opened."""
    try:
        log = RunLog(store, workspace, run)
        log.read_on()
        return not log.length or (log.state.over and store.get(ledger_key(log)) is not None)
    except NotFound:
        return True
    except AgentForgeError:
        return False
