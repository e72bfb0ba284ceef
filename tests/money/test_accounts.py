"""The account in the store: many who want something at once, lost answers, writers that die, bodies edited by hand."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import RecordDamaged
from shared.money import account as commands
from shared.money.account import NotEnough
from shared.money.accounts import Accounts, account_key, ledger_of
from shared.state.driver import StoreUnavailable
from shared.state.folder import FolderDriver
from shared.state.memory import MemoryDriver
from shared.state.store import Store

AT = "2026-11-01T12:00:00+00:00"


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield Store(MemoryDriver() if request.param == "memory" else FolderDriver(tmp_path), lambda seconds: None)


def test_four_processes_with_many_callers_hold_what_there_is_and_no_more(store: Store) -> None:
    Accounts(store).credit("w", "p1", 1_000)
    processes = [Accounts(store) for _ in range(4)]
    refused = []

    def hold(number: int) -> None:
        try:
            processes[number % 4].apply("w", lambda there: commands.hold(there, f"r{number}", 10, AT))
        except NotEnough:
            refused.append(number)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(hold, range(150)))
    account = Accounts(store).read("w")
    assert len(account.holds) == 100 and account.free == 0 and len(refused) == 50
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda run: processes[0].apply("w", lambda there: commands.release(there, run)), list(account.holds)))
    assert Accounts(store).read("w").free == 1_000


def test_a_payment_counts_once_however_often_it_is_told(store: Store) -> None:
    accounts = Accounts(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: Accounts(store).credit("w", f"p{number % 3}", 100, payment="stripe"), range(24)))
    accounts.flush("w")
    assert accounts.read("w").pending == {} and accounts.read("w").balance == 300
    accounts.credit("w", "p1", 100)  # long after: it is in the ledger only
    assert accounts.read("w").balance == 300 == sum(change.amount for change in ledger_of(store, "w"))
    accounts.credit("w", "p1-reversed", 100, "reversal")
    accounts.flush("w")
    assert accounts.read("w").balance == 200 == sum(change.amount for change in ledger_of(store, "w"))


def test_what_a_dead_writer_committed_is_written_by_the_next(store: Store) -> None:
    accounts = Accounts(store)
    accounts.apply("w", lambda there: commands.credit(there, "p1", 70, AT, {}))  # and dies before it wrote the ledger
    assert ledger_of(store, "w") == []
    Accounts(store).flush("w")
    assert [change.amount for change in ledger_of(store, "w")] == [70] and Accounts(store).read("w").pending == {}


def test_an_account_edited_by_hand_is_refused(store: Store) -> None:
    accounts = Accounts(store)
    accounts.credit("w", "p1", 100)
    stored = store.get(account_key("w"))
    assert stored is not None
    store.put_if(account_key("w"), stored.body.replace(b'"balance":100', b'"balance":999'), stored.version)
    for act in (
        lambda: Accounts(store).read("w"),
        lambda: Accounts(store).credit("w", "p2", 1),
        lambda: accounts.apply("w", lambda there: commands.hold(there, "r", 1, AT)),
    ):
        with pytest.raises(RecordDamaged):
            act()


def test_a_store_that_falls_silent_refuses_all_who_wait_and_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = Accounts(store)
    accounts.credit("w", "p1", 100)
    real, silent = store.driver.put_if, threading.Event()

    def put_if(key: object, body: bytes, version: str) -> str | None:
        if silent.is_set():
            raise StoreUnavailable("The store does not answer.")
        return real(key, body, version)  # type: ignore[arg-type]

    monkeypatch.setattr(store.driver, "put_if", put_if)
    silent.set()

    def hold(number: int) -> str:
        try:
            accounts.apply("w", lambda there: commands.hold(there, f"r{number}", 10, AT))
            return "held"
        except StoreUnavailable:
            return "silent"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(hold, range(8))) == {"silent"}
    silent.clear()
    assert hold(99) == "held" and Accounts(store).read("w").held == 10
