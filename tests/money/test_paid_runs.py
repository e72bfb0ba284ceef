"""Runs that are paid for: what is held, what is charged, and that both add up, whoever dies or is at fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from functions.paying import open_run
from functions.registry import Next, function
from functions.sweep import ABANDONED, sweep
from functions.work import Stopped, child_output, open_child, start, work
from functions.worker import Refs, work_through
from shared.backends import Here
from shared.errors import AgentForgeError, BadInput, RecordDamaged
from shared.money import holds
from shared.money.account import NotEnough
from shared.money.accounts import Accounts, account_key, ledger_of
from shared.money.charges import charge
from shared.money.prices import Rates, of_seconds
from shared.state import audit, machine, runs
from shared.state.driver import StoreRefused, StoreUnavailable
from shared.state.keys import Key
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


class Named(BaseModel):
    body: str = "now"


bodies: dict[str, Callable[[Run], Any]] = {}


@function("money-scripted", Named, Nothing, retries=2)
def scripted(input: Named, run: Run) -> Nothing | Next:
    done = bodies[input.body](run)
    return done if isinstance(done, Next) else Nothing()


@function("money-elsewhere", Nothing, Nothing, tier="gpu-large")
def elsewhere(input: Nothing, run: Run) -> Nothing:
    raise AssertionError("nobody is to work here unpaid")


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


# children


def test_what_children_have_is_not_worked_for(store: Store) -> None:
    """A parent whose child has taken all stops as at its cap: at once, and when it is resumed. What comes back is worth time again."""
    credit, times = credited(store), []

    def child(run: Run) -> None:
        run.store.sleep(0.6)

    def parent(run: Run) -> None:
        times.append(run.claim)
        run.store.sleep(0.1)
        run.check()
        child_output(run, "child", "money-scripted", Named(body="child"))
        run.store.sleep(0.1)
        run.check()  # of the dollar 0.6 are gone, and 0.2 used
        run.store.sleep(0.15)
        run.check()
        run.store.sleep(0.15)
        run.check()
        raise AssertionError("not reached")

    bodies["child"] = child
    state = done(store, parent)
    assert times == [1, 2] and state.state == "failed" and state.error and state.error["code"] == "cap_reached"
    assert charge(state, 400_000).why == "No more than was held." and adds_up(store, credit) == DOLLAR


def test_a_parent_that_goes_on_beside_its_child_has_what_is_left(store: Store) -> None:
    credited(store)
    bodies["child"] = lambda run: None

    def parent(run: Run) -> None:
        run.store.sleep(0.1)
        child = open_child(run, "child", "money-scripted", Named(body="child"), 850_000)
        assert child.state.hold and child.state.hold.amount == 850_000
        with pytest.raises(NotEnough):
            open_child(run, "another", "money-scripted", Named(body="child"), 60_000)
        run.store.sleep(0.04)
        run.check()
        run.store.sleep(0.02)
        run.check()

    state = done(store, parent)
    assert state.error and state.error["code"] == "cap_reached"


def test_a_child_of_a_paid_run_is_paid_for_and_one_of_a_free_run_is_free(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_BILLING", "on")
    credit, seen = credited(store), []
    bodies["child"] = lambda run: (seen.append(run.state.hold), run.store.sleep(0.05))
    bodies["now"] = lambda run: child_output(run, "child", "money-scripted", Named(body="child"))
    assert work_through(store, paid(store).ref).state == "succeeded"
    assert seen[0] and seen[0].rates == RATES and adds_up(store, credit) >= 51_000
    assert work_through(store, start(store, "money-scripted", {}, "w", free=True).ref).state == "succeeded"
    assert seen[1] is None


@pytest.mark.parametrize(
    "body", [lambda run: Next("money-elsewhere", Nothing()), lambda run: child_output(run, "child", "money-elsewhere", Nothing())], ids=["next", "child"]
)
def test_nobody_works_on_a_tier_that_was_not_quoted(store: Store, body: Callable[[Run], Any]) -> None:
    credit = credited(store)
    state = done(store, body)
    assert state.state == "failed" and state.error and "not quoted for work on gpu-large" in state.error["message"]
    assert adds_up(store, credit) == 0 and len(runs.list_runs(store, workspace="w")) == 1


# no free runs


def test_where_runs_are_paid_for_none_is_opened_unpaid_by_mistake(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies["now"] = lambda run: None
    assert open_run(store, Here(), "money-scripted", {}).state.state == "queued"
    monkeypatch.setenv("AGENTFORGE_BILLING", "on")
    with pytest.raises(AgentForgeError, match="nobody pays for it"):
        start(store, "money-scripted", {})
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=3600")
    with pytest.raises(NotEnough):
        open_run(store, Here(), "money-scripted", {})
    Accounts(store).credit("local", "p1", 10_000 * DOLLAR)
    log = open_run(store, Here(), "money-scripted", {})
    assert log.state.hold and log.state.hold.amount == 1_080 * DOLLAR and log.state.hold.quote


# what people are told


def told(store: Store, action: str) -> list[dict[str, Any]]:
    assert audit.problems(store, "w") == []
    return [event.data for entry in audit.trail(store, "w") for event in entry.events if event.kind == action]


def test_a_low_balance_is_told_once_each_time_it_comes_to_be(store: Store) -> None:
    Accounts(store).credit("w", "p1", DOLLAR + 150_000)
    ids = [done(store, lambda run: run.store.sleep(0.1), 200_000).id for _ in range(4)]
    assert told(store, "low_balance") == [{"by": "platform", "balance": 950_000, "run": ids[1]}]
    Accounts(store).credit("w", "p2", 350_000)
    last = done(store, lambda run: run.store.sleep(0.15), 200_000)
    for _ in range(2):
        holds.settle(Accounts(store), runs.load(store, last.id, "w"))
    assert [note["run"] for note in told(store, "low_balance")] == [ids[1], last.id]
    Accounts(store).apply("w", lambda there: there.model_copy(update={"low_below": 850_000}))
    done(store, lambda run: run.store.sleep(0.04), 200_000)
    assert len(told(store, "low_balance")) == 2, "little is now what the workspace says"
    Accounts(store).credit("w", "d1", 100_000, "reversal", stripe="du_1")
    assert told(store, "low_balance")[2]["stripe"] == "du_1"


def test_a_low_balance_is_told_whoever_dies(store: Store) -> None:
    """At any operation of settling; the sweep does it then."""
    step, died = 0, True
    while died:
        driver = MemoryDriver()
        there, died, left = Store(driver, driver.pass_time), False, step
        Accounts(there).credit("w", "p1", DOLLAR)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("functions.work.close", lambda log, backend: None)
            state = done(there, lambda run: run.store.sleep(0.1))

        @contextmanager
        def fault(operation: str, key: Key) -> Iterator[None]:
            nonlocal left
            left -= 1
            if left < 0:
                raise StoreUnavailable("planned")
            yield

        driver.fault = fault
        try:
            holds.settle(Accounts(there), runs.load(there, state.id, "w"))
        except StoreUnavailable:
            died = True
        driver.fault = MemoryDriver().fault
        driver.pass_time(3600)
        sweep(there, Refs(), "tests")
        assert told(there, "low_balance") == [{"by": "platform", "balance": 900_000, "run": state.id}], step
        step += 1
    assert step > 8


def test_an_account_edited_by_hand_is_told_once_for_each_edit(store: Store) -> None:
    credited(store)
    key, good = account_key("w"), store.read(account_key("w"))
    for edit in (b'"balance":99000000', b'"balance":"x"', b'"balance":-5'):
        there = store.get(key)
        assert there is not None
        store.put_if(key, good.replace(b'"balance":10000000', edit), there.version)
        for _ in range(3):
            with pytest.raises(RecordDamaged):
                Accounts(store).credit("w", "p2", DOLLAR)
            with pytest.raises(RecordDamaged):
                Accounts(store).read("w")
            with pytest.raises(RecordDamaged):
                paid(store)
        there = store.get(key)
        assert there is not None and edit in there.body, "it is left as it is"
    notes = told(store, "account_refused")
    assert len(notes) == 3 == len({note["sha256"] for note in notes}) and all("changed by hand" in note["why"] for note in notes)
    there = store.get(key)
    assert there is not None
    store.put_if(key, good, there.version)
    Accounts(store).credit("w", "p2", DOLLAR)
    assert Accounts(store).read("w").balance == 11 * DOLLAR


def test_a_run_at_work_while_the_account_is_edited_is_charged_when_that_is_mended(store: Store) -> None:
    credited(store)
    key = account_key("w")

    def body(run: Run) -> None:
        run.store.sleep(0.05)
        there = store.get(key)
        assert there is not None
        store.put_if(key, b"{}", there.version)

    bodies["now"] = body
    log = paid(store)
    good = store.read(key)
    with pytest.raises(RecordDamaged):
        work_through(store, log.ref)
    store.sleep(600)
    assert sweep(store, Refs(), "tests")["record_damaged"]
    there = store.get(key)
    assert there is not None
    store.put_if(key, good, there.version)
    sweep(store, Refs(), "tests")
    assert runs.status(store, log.id, "w").state == "succeeded" and adds_up(store, 10 * DOLLAR) == 50_000


def test_money_goes_on_where_the_audit_trail_was_changed(store: Store) -> None:
    Accounts(store).credit("w", "p1", DOLLAR)
    audit.note(store, "w", "something", "tests")
    key = audit.Audit(store, "w").prefix.number(0)
    there = store.get(key)
    assert there is not None
    store.put_if(key, b"{}", there.version)
    done(store, lambda run: run.store.sleep(0.1))
    assert Accounts(store).read("w").balance == 900_000


class OwnRunOnly:
    """The store for a worker with credentials for its run: S3 says of the account that there is none, or that it may not be written."""

    def __init__(self, driver: MemoryDriver) -> None:
        self.driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)

    def get(self, key: Key) -> Any:
        return None if "/money/" in key else self.driver.get(key)

    def put_new(self, key: Key, body: bytes) -> str | None:
        if "/money/" in key:
            raise StoreRefused("The store refuses us (403).")
        return self.driver.put_new(key, body)


def test_a_worker_that_may_not_read_the_account_makes_no_run_free(store: Store) -> None:
    credit, times = credited(store), []

    def body(run: Run) -> None:
        times.append(1)
        run.store.sleep(0.05)
        run.check()
        if len(times) == 1:
            raise RuntimeError("tried again")

    bodies["now"] = body
    log, mine = paid(store), Store(OwnRunOnly(store.driver), store.sleep)  # type: ignore[arg-type]
    assert work_through(mine, log.ref).state == "succeeded" and len(times) == 2
    assert Accounts(store).read("w").held == DOLLAR, "nobody has settled it"
    store.sleep(600)
    sweep(store, Refs(), "tests")
    assert adds_up(store, credit) == 50_000
