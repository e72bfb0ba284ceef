"""The only scheduler: looks at every run that is not settled, and finishes what the dead left behind. Runs from time to time.

Everything here may be done twice and by two at once: each step is a decision on the run's log. The lease only saves work.
"""

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from functions.registry import find
from functions.work import close, submit, wake
from shared import settings
from shared.backends import Backend
from shared.errors import AgentForgeError, NotFound, RecordDamaged
from shared.money import holds, payments
from shared.money.accounts import Accounts
from shared.money.stripe import chosen_stripe
from shared.state import machine, retention, runs
from shared.state.driver import StoreUnavailable
from shared.state.keys import SYSTEM, WORKSPACE, Key
from shared.state.record import seal, unseal
from shared.state.runs import RunLog, RunRef
from shared.state.store import Store

NEVER_OPENED_S = 600  # a due entry without a run is forgotten after this long
NEVER_HELD_S = 120  # a run that must be paid for and has no hold after this long is given up
SUBMIT_AGAIN_S = 60  # doubles with every time
LAST_SUBMIT_AGAIN_S = 3600

ABANDONED = {"code": "abandoned", "message": "Whoever opened the run did not finish opening it.", "hint": "Try again.", "status": 503}
LOST = {"code": "worker_lost", "message": "The worker died, or could not be reached any more.", "hint": "Try again."}

log = logging.getLogger(__name__)


def sweep(store: Store, backend: Backend, holder: str) -> Counter[str]:
    """One look at all that is due. Counts what was done; nothing if somebody else sweeps. StoreUnavailable."""
    done: Counter[str] = Counter()
    turn = _leased(store, holder)
    if turn is None:
        return Counter(leased_by_another=1)
    for key, ref in runs.due_runs(store):
        try:
            if what := _look_at(store, key, ref, backend):
                done[what] += 1
        except StoreUnavailable:
            raise
        except AgentForgeError as error:  # one bad run must not stop the others
            log.warning("sweep: %s: %s", ref, error.message)
            done[error.code] += 1
    done.update(retention.expire_old(store))
    if turn["hour"] != turn["hour_before"]:
        done.update(_look_at_accounts(store))
        if stripe := chosen_stripe(Accounts(store)):
            done.update(stripe.mirror())
        if turn["hour"][:8] != (turn["hour_before"] or "")[:8]:
            done["old_webhooks"] += payments.forget_old(store)
    return +done


def _look_at_accounts(store: Store) -> Counter[str]:
    """End the holds that nobody else will, and write what is pending to the ledgers. Reads one object of each workspace."""
    done, accounts = Counter[str](), Accounts(store)
    names = [listed.key.split("/")[1] for listed in store.list_all(Key("t/"), folders=True)]
    for workspace in filter(WORKSPACE.fullmatch, names):
        try:
            done["released"] += holds.release_orphans(accounts, workspace)
            accounts.flush(workspace)
        except StoreUnavailable:
            raise
        except AgentForgeError as error:  # such as an account that was edited by hand
            log.warning("sweep: account of %s: %s", workspace, error.message)
            done[error.code] += 1
    return done


def _look_at(store: Store, key: Key, ref: RunRef, backend: Backend) -> str:
    """Do what is due for one run; what that was, in a word."""
    run = RunLog(store, ref.workspace, ref.id)
    run.read_head()
    run.read_on()
    if not run.length:
        return _forget(run, key)
    claim, length = run.state.claim, run.length
    if run.state.state == "opened" and _never_held(run):
        run.append(lambda: machine.abandon(run.state, ABANDONED))
    elif late := _late(run):
        run.append(lambda: machine.stop(run.state, claim, late))
    elif run.state.state == "running" and _is_dead(run):
        run.append(lambda: machine.lapse(run.state, claim, LOST) if run.length == length else [])  # else it came back to life
    match run.state:
        case state if state.over:
            close(run, backend)
            if key != runs.due_key(state.due, run):  # opened twice under one idempotency key
                store.delete(key)
            return "settled"
        case state if state.state == "queued":
            return _submit(run, backend)
        case state if child := state.waiting.get("child"):
            if runs.status(store, child, ref.workspace).over:
                wake(run, child, backend)
                return "woken"
    return ""


def _never_held(run: RunLog) -> bool:
    """Whether whoever opened the run is gone. A child is opened by its parent's worker, and if that dies, by the next one."""
    if _seconds_since(run, run.state.created) <= NEVER_HELD_S:
        return False
    try:
        return run.state.parent is None or runs.status(run.store, run.state.parent, run.workspace).over
    except (NotFound, RecordDamaged):
        return True


def _forget(run: RunLog, key: Key) -> str:
    """Whoever was to open this run never wrote its first entry."""
    store = run.store
    stored = store.get(key)
    if stored is None or (store.now() - stored.at).total_seconds() < NEVER_OPENED_S:
        return ""
    store.delete_if(key, stored.version)
    if run.read_next():  # just now, after all
        store.put_new(key, b"")
    return "forgotten"


def _submit(run: RunLog, backend: Backend) -> str:
    """Tell the backend of a queued run again, ever less often: it may well be waiting there."""
    key = run.folder / "submitted.json"
    stored = run.store.get(key)
    known = unseal(stored.body, times=int, entries=int) if stored else None
    times = known["times"] + 1 if known and known["entries"] == run.length else 0
    if stored and times and _seconds_since(run, stored.at) < min(SUBMIT_AGAIN_S * 2**times, LAST_SUBMIT_AGAIN_S):
        return ""
    body = seal({"times": times, "entries": run.length})
    if (run.store.put_if(key, body, stored.version) if stored else run.store.put_new(key, body)) is None:
        return ""
    submit(run, backend)
    return "submitted"


def _late(run: RunLog) -> dict[str, Any] | None:
    """Why the run must end now although its worker has not ended it: a time it had, and twice its lease, are over."""
    state, grace = run.state, 2 * (run.state.lease_s or settings.lease_s())
    if state.over:
        return None
    if state.deadline_s is not None and _seconds_since(run, state.created) > state.deadline_s + grace:
        what = f"The run passed its deadline of {state.deadline_s:g} s."
    elif state.state == "running" and _seconds_since(run, state.claimed) > find(state.function).timeout_s + grace:
        what = f"{state.function} may run for {find(state.function).timeout_s} s at most."
    else:
        return None
    return {"code": "limit_exceeded", "message": what, "hint": "Ask for less, or allow more time.", "status": 422}


def _is_dead(run: RunLog) -> bool:
    """Whether nothing was heard of a run's worker for two lease times, by the store's own clock throughout."""
    beat = run.store.get(run.folder / "lease.json")
    silent = min(_seconds_since(run, run.at), _seconds_since(run, beat.at) if beat else float("inf"))
    return silent > 2 * run.state.lease_s


def _leased(store: Store, holder: str) -> dict[str, Any] | None:
    """Take or renew the sweep's lease: what it says then; None while another's is fresh. What is done once an hour goes by it, too."""
    key = SYSTEM / "sweep.json"
    stored = store.get(key)
    known = unseal(stored.body, holder=str, turn=int) if stored else None
    turn = {
        "holder": holder, "turn": known["turn"] + 1 if known else 0,
        "hour": f"{store.now():%Y%m%dT%H}", "hour_before": known.get("hour") if known else None,
    }  # fmt: skip
    if stored is None:
        return turn if store.put_new(key, seal(turn)) is not None else None
    fresh = (store.now() - stored.at).total_seconds() < settings.lease_s() / 2  # whoever swept may have died or be busy by now
    if fresh and known and known["holder"] != holder:
        return None
    return turn if store.put_if(key, seal(turn), stored.version) is not None else None


def _seconds_since(run: RunLog, at: str | datetime) -> float:
    return (run.store.now() - (datetime.fromisoformat(at) if isinstance(at, str) else at)).total_seconds()
