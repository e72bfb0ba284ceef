"""What must be true of an account when all is over, computed from the logs alone."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from functions.sweep import sweep
from functions.work import work
from shared.errors import AgentForgeError
from shared.money.accounts import Accounts, ledger_of
from shared.money.charges import charge
from shared.state import runs
from shared.state.keys import DUE, workspace_prefix
from shared.state.machine import RunState, platform_fault
from shared.state.memory import MemoryDriver
from shared.state.record import unseal
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults.story import Told


class Settled(NamedTuple):
    state: RunState
    charge: dict[str, Any]


def runs_there(driver: MemoryDriver) -> list[str]:
    return sorted({key.split("/")[3] for key in driver.objects if key.startswith("t/w/runs/") and "/log/" in key})


def checked_books(driver: MemoryDriver, paid: Mapping[str, int]) -> dict[str, Settled]:
    """The runs of the workspace "w" and their charges, after hours in which all went well. `paid`: payment → amount."""
    store = Store(driver)
    accounts, backend = Accounts(store), Told()
    for _ in range(16):
        if not accounts.read("w").holds and not any(key.startswith(DUE) for key in driver.objects):
            break
        driver.pass_time(1000)
        sweep(store, backend, "the last")
        while backend.refs:
            with suppress(AgentForgeError):
                work(store, backend.refs.popleft(), backend)
    accounts.flush("w")
    account, ledger = accounts.read("w"), ledger_of(store, "w")
    assert account.holds == {} == account.pending, (driver.now(), account)  # no hold is left, and nothing to be written
    assert account.balance == sum(change.amount for change in ledger) >= 0
    assert sum(change.amount for change in ledger if change.kind == "credit") == sum(paid.values()), "each payment once"
    assert verify_workspace(store, "w") == {}
    found = {id: _checked(store, id) for id in runs_there(driver)}
    assert account.balance == sum(paid.values()) - sum(run.charge["amount"] for run in found.values())
    assert Counter(change.about["run"] for change in ledger if change.kind == "charge") == Counter(found.keys()), "each run once"
    for id, (state, _) in found.items():
        if state.parent is None and state.hold:
            spent = sum(found[one].charge["amount"] for one in _family(found, id))
            assert spent <= state.hold.amount, "a family costs no more than its root's quote"
    return found


def _checked(store: Store, id: str) -> Settled:
    reader = runs.Reader(store, "w", id)
    reader.read_on()
    state = reader.state
    entry = store.get(runs.ledger_key(reader))
    told = (unseal(entry.body if entry else b"") or {})["charge"]
    assert told["amount"] == expected(reader, told["held"]), "it is what was used"
    if state.hold:
        assert told == charge(state, told["held"]).model_dump(), "anybody can compute it again"
        assert told["amount"] <= told["held"] <= state.hold.amount, "no more than was held"
    if state.hold and not state.parent:
        stored = store.get(workspace_prefix("w").folder("quotes") / f"{state.hold.quote}.json")
        quote = unseal(stored.body if stored else b"") or {}
        assert state.hold.amount <= quote["upper"] and state.hold.rates == quote["rates"], "a quote binds"
    return Settled(state, told)


def _family(found: Mapping[str, Settled], root: str) -> list[str]:
    return [root, *(one for id, (state, _) in found.items() if state.parent == root for one in _family(found, id))]


def expected(reader: runs.Reader, held: int) -> int:
    """What a run must be charged, in micro-dollars, computed in another way: from its entries."""
    used, claimed, tokens, told, hold, worked = timedelta(), "", [0, 0], [0, 0], None, False
    for entry in reader.take():
        for event in entry.events:
            match event.kind:
                case "held":
                    hold = event.data
                case "claimed":
                    claimed, tokens = entry.at, [0, 0]
                case "tokens":
                    tokens = [tokens[0] + event.data["in"], tokens[1] + event.data["out"]]
                case "queued" | "waiting" | "finished" if claimed:
                    if not platform_fault(event.data.get("error")):
                        used += datetime.fromisoformat(entry.at) - datetime.fromisoformat(claimed)
                        told, worked = [told[0] + tokens[0], told[1] + tokens[1]], True
                    claimed = ""
    if hold is None or not worked or reader.state.state == "failed" and platform_fault(reader.state.error):
        return 0
    [rate] = hold["rates"].values()
    a, b = rate["tokens"]["gpt"]
    cost = -(-rate["second"] * (used // timedelta(microseconds=1)) // 10**12) - (-(a * told[0] + b * told[1]) // 10**6)
    return int(min(max(cost, rate["minimum"]), hold["amount"], held))
