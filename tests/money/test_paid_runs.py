"""Runs that are paid for: what is held, what is charged, and that both add up, whoever dies or is at fault."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from functions.registry import function
from functions.sweep import ABANDONED, sweep
from functions.work import Stopped, start, work
from functions.worker import Refs, work_through
from shared.backends import Here
from shared.errors import BadInput
from shared.money import holds
from shared.money.account import NotEnough
from shared.money.accounts import Accounts, ledger_of
from shared.money.charges import charge
from shared.money.prices import Rates, of_seconds
from shared.state import machine, runs
from shared.state.machine import RunBusy, RunOver, RunState
from shared.state.memory import MemoryDriver
from shared.state.run import Run
from shared.state.runs import RunLog
from shared.state.store import Store
from shared.state.verify import verify_workspace

DOLLAR = 10**6
RATES = {"cpu": Rates(of="2026-11-01", second=1_000_000 * 10**6, minimum=1_000).model_dump(mode="json")}  # a dollar a second


class Nothing(BaseModel):
    pass


bodies: dict[str, Callable[[Run], None]] = {}


@function("money-scripted", Nothing, Nothing, retries=2)
def scripted(input: Nothing, run: Run) -> Nothing:
    bodies["now"](run)
    return Nothing()


@pytest.fixture
def store() -> Iterator[Store]:
    driver = MemoryDriver()
    yield Store(driver, driver.pass_time)  # whoever sleeps, its clock goes on


def paid(store: Store, amount: int = DOLLAR, **options: Any) -> RunLog:
    log = start(store, "money-scripted", {}, "w", paid=True, **options)
    holds.take_hold(Accounts(store), log, amount, RATES)
    return log


def adds_up(store: Store, credit: int) -> int:
    """What was charged; the account, the ledger and the credits agree."""
    account = Accounts(store).read("w")
    Accounts(store).flush("w")
    assert account.balance == sum(change.amount for change in ledger_of(store, "w")) and account.held == 0
    assert verify_workspace(store, "w") == {}
    return credit - account.balance


def credited(store: Store, amount: int = 10 * DOLLAR) -> int:
    Accounts(store).credit("w", "p1", amount)
    return amount


def done(store: Store, body: Callable[[Run], None], amount: int = DOLLAR) -> RunState:
    bodies["now"] = body
    return work_through(store, paid(store, amount).ref)


def test_a_run_pays_for_its_time(store: Store) -> None:
    credit = credited(store)
    state = done(store, lambda run: run.store.sleep(0.05))
    assert state.state == "succeeded" and state.hold and state.hold.amount == DOLLAR
    due = charge(state)
    assert due.amount == of_seconds(Rates.model_validate(RATES["cpu"]), state.used["cpu"].microseconds) == 50_000
    assert adds_up(store, credit) == due.amount


def test_it_cannot_be_claimed_before_money_is_held(store: Store) -> None:
    credited(store)
    log = start(store, "money-scripted", {}, "w", paid=True)
    assert log.state.state == "opened"
    with pytest.raises(RunBusy):
        Run.take(store, log.ref, "tests")
    holds.take_hold(Accounts(store), log, 5, RATES)
    holds.take_hold(Accounts(store), log, 5, RATES)
    assert log.state.state == "queued" and Accounts(store).read("w").held == 5


def test_without_credit_it_ends_and_costs_nothing(store: Store) -> None:
    log = start(store, "money-scripted", {}, "w", paid=True)
    with pytest.raises(NotEnough):
        holds.take_hold(Accounts(store), log, 5, RATES)
    state = runs.status(store, log.id, "w")
    assert state.state == "failed" and state.error and state.error["code"] == "not_enough_credit" and adds_up(store, 0) == 0


def fail(error: BaseException) -> Callable[[Run], None]:
    def body(run: Run) -> None:
        run.store.sleep(0.02)
        raise error

    return body


def test_whose_fault_it_was(store: Store) -> None:
    credit = credited(store)
    assert done(store, fail(BadInput("Your own."))).state == "failed"
    assert (own := adds_up(store, credit)) == 20_000
    assert done(store, fail(RuntimeError("ours"))).attempt == 3
    assert adds_up(store, credit) == own, "nothing for a failure of ours, three attempts of it"

    def cancelled(run: Run) -> None:
        runs.cancel(store, run.id, "w")
        run.beat()
        run.store.sleep(0.02)
        run.check()

    assert done(store, cancelled).state == "cancelled"
    assert adds_up(store, credit) == own + 20_000


def test_only_the_attempt_counts_that_was_nobodys_fault(store: Store) -> None:
    credit, times = credited(store), []

    def body(run: Run) -> None:
        times.append(1)
        if len(times) == 1:
            run.store.sleep(0.2)
            raise Stopped

    bodies["now"] = body
    log = paid(store)
    with pytest.raises(Stopped):
        work(store, log.ref, Here())
    assert work_through(store, log.ref).state == "succeeded"
    assert adds_up(store, credit) == 1_000, "the least that a run costs: the attempt that was interrupted is free"


def test_never_above_the_hold(store: Store) -> None:
    credit = credited(store)
    state = done(store, lambda run: run.store.sleep(0.05), amount=20_000)
    assert charge(state).amount == 20_000 and adds_up(store, credit) == 20_000


def test_a_cancel_before_the_work_costs_nothing(store: Store) -> None:
    credit = credited(store)
    log = paid(store)
    runs.cancel(store, log.id, "w")
    assert Accounts(store).read("w").held == DOLLAR, "until somebody settles it"
    holds.settle(Accounts(store), runs.load(store, log.id, "w"))
    assert adds_up(store, credit) == 0
    assert holds.settle(Accounts(store), runs.load(store, log.id, "w")) and adds_up(store, credit) == 0


def test_an_opener_that_was_slow_finds_out(store: Store) -> None:
    credit = credited(store)
    log = start(store, "money-scripted", {}, "w", paid=True)
    mine = runs.load(store, log.id, "w")
    assert log.append(lambda: machine.abandon(log.state, ABANDONED))
    holds.settle(Accounts(store), log)
    with pytest.raises(RunOver):
        holds.take_hold(Accounts(store), mine, DOLLAR, RATES)
    assert adds_up(store, credit) == 0


def test_the_sweep_gives_up_what_was_never_held_and_settles_what_was_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    credit = credited(store)
    abandoned = start(store, "money-scripted", {}, "w", paid=True)
    bodies["now"] = lambda run: None
    left = paid(store)
    monkeypatch.setattr("functions.work.close", lambda log, backend: None)  # the worker dies before it settles
    assert work(store, left.ref, Here()).state == "succeeded"
    monkeypatch.undo()
    store.sleep(3600)
    sweep(store, Refs(), "tests")
    store.sleep(60)
    sweep(store, Refs(), "tests")
    state = runs.status(store, abandoned.id, "w")
    assert state.state == "failed" and state.error and state.error["code"] == "abandoned"
    assert adds_up(store, credit) == charge(runs.status(store, left.id, "w")).amount


def test_a_child_is_paid_out_of_its_parents_hold(store: Store) -> None:
    credit = credited(store)
    parent = paid(store)
    child = start(store, "money-scripted", {}, "w", paid=True, parent=parent.id, idempotency_key="child")
    holds.take_hold(Accounts(store), child, 300_000, RATES)
    account = Accounts(store).read("w")
    assert account.held == DOLLAR and account.holds[parent.id].amount == 700_000
    bodies["now"] = lambda run: run.store.sleep(0.02)
    work_through(store, child.ref)
    work_through(store, parent.ref)
    assert adds_up(store, credit) == 40_000


def test_tokens_are_charged_by_their_route(store: Store) -> None:
    credited(store)
    rates = {"cpu": Rates(of="2026-11-01", second=0, tokens={"gpt": (2 * 10**6, 8 * 10**6)}, minimum=0).model_dump(mode="json")}
    log = start(store, "money-scripted", {}, "w", paid=True)
    holds.take_hold(Accounts(store), log, DOLLAR, rates)
    bodies["now"] = lambda run: run.emit("tokens", route="gpt", **{"in": 1000, "out": 100})
    due = charge(work_through(store, log.ref))
    assert (due.tokens_in, due.tokens_out, due.amount) == (1000, 100, 2800)
