"""Races that random histories found, one by one: openers that come too late, refusals that are out of date, days that have passed."""

from collections.abc import Iterator

import pytest

from functions.sweep import NEVER_HELD_S, sweep
from functions.work import start, work
from shared.backends import Here
from shared.errors import BadInput
from shared.money import account as commands
from shared.money import holds
from shared.money.account import Account, CapReached, HoldGone
from shared.money.accounts import Accounts, ledger_of
from shared.money.prices import Rates
from shared.state import runs
from shared.state.driver import StoreUnavailable
from shared.state.memory import MemoryDriver
from shared.state.retention import delete_run
from shared.state.runs import RunLog
from shared.state.store import Store
from tests.faults.story import Told
from tests.money.functions import WORK, Work

DOLLAR = 10**6
RATES = {"cpu": Rates(of="2026-11-01", second=DOLLAR * 10**6, tokens={"gpt": (0, 0)}, minimum=1_000).model_dump(mode="json")}


@pytest.fixture
def store() -> Iterator[Store]:
    driver = MemoryDriver()
    store = Store(driver, driver.pass_time)
    Accounts(store).credit("w", "p1", 10 * DOLLAR)
    yield store


def opened(store: Store, seconds: float = 0.25, **options: str) -> RunLog:
    return start(store, WORK, Work(seconds=seconds), "w", paid=True, **options)


def hold(store: Store, log: RunLog, amount: int = DOLLAR) -> None:
    holds.take_hold(Accounts(store), log, amount, RATES)


def over_but_not_settled(store: Store, log: RunLog, patch: pytest.MonkeyPatch) -> None:
    with patch.context() as dying:
        dying.setattr("functions.work.close", lambda log, backend: None)
        work(store, log.ref, Here())


def settled(store: Store, log: RunLog) -> int:
    """Settle a run, by one who knows nothing of it: what the account has been charged so far. It and the ledger agree."""
    holds.settle(Accounts(store), runs.load(store, log.id, "w"))
    Accounts(store).flush("w")
    account = Accounts(store).read("w")
    assert account.balance == sum(change.amount for change in ledger_of(store, "w")) and not account.pending
    return 10 * DOLLAR - account.balance


def test_nothing_to_do_is_no_answer_from_memory(store: Store) -> None:
    ours = Accounts(store)
    ours.apply("w", lambda there: commands.hold(there, "r1", 5, "2026"))
    Accounts(store).apply("w", lambda there: commands.hold(there, "r2", 5, "2026"))
    ours.apply("w", lambda there: commands.release(there, "r2"))
    assert list(Accounts(store).read("w").holds) == ["r1"]


def test_a_hold_taken_when_the_run_was_charged_is_not_charged_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(store)
    late = runs.load(store, log.id, "w")
    hold(store, log)
    over_but_not_settled(store, log, monkeypatch)
    with monkeypatch.context() as dying:

        def dies(log: RunLog, charge: object) -> None:
            raise StoreUnavailable("planned: the account is charged, the ledger has nothing yet")

        dying.setattr("shared.state.runs.settle", dies)
        with pytest.raises(StoreUnavailable):
            holds.settle(Accounts(store), runs.load(store, log.id, "w"))
    with monkeypatch.context() as dying:
        dying.setattr(late, "append", lambda decide: dies(late, None))
        with pytest.raises(StoreUnavailable):
            hold(store, late)
    assert log.id in Accounts(store).read("w").holds
    assert settled(store, log) == 250_000 and Accounts(store).read("w").held == 0


def test_a_late_opener_leaves_a_run_its_hold(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(store)
    late, stale = (runs.load(store, log.id, "w") for _ in range(2))
    hold(store, log)
    over_but_not_settled(store, log, monkeypatch)
    hold(store, late)
    assert settled(store, log) == 250_000
    hold(store, stale)
    assert Accounts(store).read("w").held == 0


@pytest.mark.parametrize("second", [100_000, 400_000])
def test_the_hold_of_an_opener_that_died_is_taken_over(store: Store, second: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(store, seconds=5)
    with monkeypatch.context() as dying:
        dying.setattr(log, "append", lambda decide: (_ for _ in ()).throw(StoreUnavailable("planned")))
        with pytest.raises(StoreUnavailable):
            hold(store, log, 200_000)
    again = runs.load(store, log.id, "w")
    hold(store, again, second)
    assert again.state.hold and again.state.hold.amount == min(200_000, second), "neither more than was held nor than was accepted"
    assert Accounts(store).read("w").held == again.state.hold.amount, "so that its children cannot have more, either"
    over_but_not_settled(store, again, monkeypatch)
    assert settled(store, log) == min(200_000, second)


def test_a_refusal_does_not_end_a_run_that_another_has_held(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(store)
    late = runs.load(store, log.id, "w")
    accounts = Accounts(store)
    real = accounts.apply

    def apply(workspace: str, command: object) -> Account:
        try:
            return real(workspace, command)  # type: ignore[arg-type]
        finally:
            hold(store, log)  # by another, in the moment after we are refused

    monkeypatch.setattr(accounts, "apply", apply)
    holds.take_hold(accounts, late, 20 * DOLLAR, RATES)
    assert late.state.state == "queued" and Accounts(store).read("w").held == DOLLAR
    assert holds.settle(Accounts(store), late) is None, "it is not over"
    over_but_not_settled(store, late, monkeypatch)
    assert settled(store, log) == 250_000


def test_a_parent_is_charged_no_more_than_its_children_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = opened(store, seconds=0.5)
    hold(store, parent)
    child = opened(store, parent=parent.id)
    hold(store, child, 700_000)
    over_but_not_settled(store, parent, monkeypatch)
    assert settled(store, parent) == 300_000
    orphan = opened(store, parent=parent.id)
    with pytest.raises(HoldGone):
        hold(store, orphan, 100_000)
    over_but_not_settled(store, child, monkeypatch)
    assert settled(store, child) == 300_000 + 250_000 and Accounts(store).read("w").held == 0


def test_a_child_whose_opener_died_waits_for_the_next_one(store: Store) -> None:
    parent = opened(store)
    hold(store, parent)
    child = opened(store, parent=parent.id)
    for _ in range(3):
        store.sleep(NEVER_HELD_S)
        sweep(store, Told(), "tests")
    assert runs.status(store, child.id, "w").state == "opened"
    runs.cancel(store, parent.id, "w")
    sweep(store, Told(), "tests")
    assert runs.status(store, child.id, "w").state == "failed"


def test_a_run_settled_late_does_not_bring_back_the_day_before(store: Store) -> None:
    account = Accounts(store).read("w")
    yesterday, today = "2026-11-01T23:59:00+00:00", "2026-11-02T00:01:00+00:00"
    for run, at in ("late", yesterday), ("prompt", today):
        account = commands.hold(account, run, 100, at)
    for run, at in ("prompt", today), ("late", yesterday):
        account = commands.settle(account, run, 80, run, at, {"run": run})
    for at in today, yesterday:
        with pytest.raises(CapReached):
            commands.hold(account, "next", 50, at, per_day=200)
    assert commands.hold(account, "next", 40, today, per_day=200).held == 40
    assert commands.hold(account, "next", 200, "2026-11-03T00:00:00+00:00", per_day=200).held == 200


def test_what_others_left_pending_is_cleared_when_there_is_much_of_it(store: Store) -> None:
    for number in range(250):
        Accounts(store).credit("w", f"more-{number}", 1)
    assert len(Accounts(store).read("w").pending) <= 100 and Accounts(store).read("w").balance == 10 * DOLLAR + 250


def test_holds_of_dead_openers_are_released_and_forgotten_runs_found_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, forgotten = opened(store), opened(store)
    hold(store, forgotten)
    store.delete(runs.due_key(forgotten.state.due, forgotten))
    late = runs.load(store, gone.id, "w")
    store.sleep(2 * NEVER_HELD_S)
    sweep(store, Told(), "tests")
    with monkeypatch.context() as dying:
        dying.setattr(late, "append", lambda decide: (_ for _ in ()).throw(StoreUnavailable("planned")))
        with pytest.raises(StoreUnavailable):
            hold(store, late)
    assert len(Accounts(store).read("w").holds) == 2
    backend, asked = Told(), store.requests.control
    for _ in range(4):
        store.sleep(1800)
        sweep(store, backend, "tests")
    assert list(Accounts(store).read("w").holds) == [forgotten.id] == list({ref.id for ref in backend.refs})
    before = asked.total()
    store.sleep(60)
    sweep(store, backend, "tests")
    assert asked.total() - before < 12, "which is done once an hour"


def test_a_run_is_not_deleted_before_it_is_charged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(store)
    hold(store, log)
    over_but_not_settled(store, log, monkeypatch)
    with pytest.raises(BadInput, match="charged"):
        delete_run(store, log.id, "w", by="tests")
    assert settled(store, log) == 250_000
    delete_run(store, log.id, "w", by="tests")
    assert Accounts(store).read("w").balance == sum(change.amount for change in ledger_of(store, "w"))
