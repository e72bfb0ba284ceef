"""Seeded random histories of an account: what is charged is what was used, never more than was accepted, and every cent adds up.

Clients open runs that loop, fan out, fail by whoever's fault and outlast their quote; workers, settlers and sweepers of clocks that
are ten minutes off die anywhere and lose answers; prices change, people cancel, and pay twice.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from functions.paying import Terms, quote_for, start_paid
from functions.sweep import sweep
from functions.work import work
from shared.errors import AgentForgeError
from shared.money import holds, prices
from shared.money.account import Account
from shared.money.accounts import Accounts, account_key
from shared.money.charges import used
from shared.money.prices import Rates
from shared.settings import lease_s
from shared.state import runs
from shared.state.driver import StoreUnavailable
from shared.state.keys import DUE
from shared.state.memory import MemoryDriver
from shared.state.run import Run
from shared.state.store import Store
from tests.faults import SEED, SOAK
from tests.faults.schedule import Schedule
from tests.faults.story import Crash, Told
from tests.money import functions
from tests.money.books import checked_books, runs_there
from tests.money.functions import WORK, Work

RUNS = 10_000 if SOAK else 200
AT_A_TIME = 100
DOLLAR = 10**6
PAYMENT = 2 * DOLLAR
OFF_S = (-600, 0, 600)  # how far the clocks of processes are off

pytestmark = pytest.mark.usefixtures("no_pulse")


class Off:
    """A store whose clock is wrong, as one process sees it."""

    def __init__(self, driver: MemoryDriver, seconds: float) -> None:
        self.driver, self.off = driver, timedelta(seconds=seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)

    def now(self) -> datetime:
        return self.driver.now() + self.off


def some_work(chance: random.Random, depth: int = 0) -> Work:
    job = Work(
        loops=chance.choice([1, 1, 2, 5]), seconds=chance.choice([0.0, 0.3, 2.0, 30.0]), tokens=chance.choice([0, 0, 1000, 100_000]),
        most_s=chance.choice([0.01, 5, 60]), fault=chance.choice(["", "", "", "", "own", "ours", "once"]),
        amount=chance.choice([1, 2_000, 5_000, 100_000, 100_000, 20 * DOLLAR, None]), late=chance.random() < 0.3,
        beside=chance.random() < 0.3,
    )  # fmt: skip
    if depth < 2 and chance.random() < 0.3:
        job.children = [some_work(chance, depth + 1) for _ in range(chance.choice([1, 2, 4]))]
    return job


class History:
    """One schedule on one account, and what was asked of it."""

    def __init__(self, seed: int, patch: pytest.MonkeyPatch) -> None:
        random.seed(seed)
        self.schedule = Schedule(seed)
        self.driver, self.chance, self.backend = self.schedule.driver, self.schedule.chance, Told()
        self.paid: set[str] = set()  # payments that were told at least once
        self.happened = Counter[str]()
        self.price = 10**9  # pico-dollars a second
        self.per_day = self.chance.choice([None, None, DOLLAR])
        self.off_s = [0] if self.per_day else OFF_S  # whose day it is, clocks must agree on
        self.driver.pass_time(86_400 - self.chance.choice([60, 600, 40_000]))
        self.clients = self.chance.randint(2, 6)
        self.working: dict[str, tuple[str, int]] = {}  # worker → the run and claim that it is about
        self.newest: dict[str, int] = {}  # run → claim
        for key in [f"p{number}" for number in range(self.chance.choice([0, 1, 3, 12]))]:
            Accounts(Store(self.driver)).credit("w", key, PAYMENT)
            self.paid.add(key)
        patch.setattr(functions, "between", self.between)
        patch.setattr(functions, "opening", self.opening)
        patch.setattr(prices, "rates", self.rates)
        for number in range(self.clients):
            self.schedule.add(f"client-{number}", self.client(number), mortal=True, pausable=True)
        for number in range(self.chance.randint(1, 4)):
            self.schedule.add(f"worker-{number}", self.again(self.work), mortal=True, pausable=True)
        self.schedule.add("sweeper", self.again(self.sweep, lambda: self.schedule.alone and self.quiet()), mortal=True)
        for name, turn in ("second", self.sweep), ("settler", self.settle), ("canceller", self.cancel), ("payer", self.pay):
            if self.chance.random() < (0.3 if name == "canceller" else 0.6):
                self.schedule.add(name, self.again(turn), mortal=True, pausable=True)
        self.to_open = self.clients
        self.schedule.play()

    def rates(self, backend: str, tier: str, on: date) -> Rates:
        """Those of this moment: the next quote may well be another."""
        if self.chance.random() < 0.5:
            self.price = self.chance.choice([0, 10**6, 10**9, 7 * 10**9 + 1, 10**10])
        tokens = {"gpt": (10**4, self.price // 10**4)}
        return Rates(of=on.isoformat(), second=self.price, tokens=tokens, minimum=self.chance.choice([0, 1_000]))

    def store(self) -> Store:
        return Store(Off(self.driver, self.chance.choice(self.off_s)), self.schedule.sleep)  # type: ignore[arg-type]

    def quiet(self) -> bool:
        """Whether nothing is left to do but to wait for what nobody will settle."""
        return not self.to_open and not any(key.startswith(DUE) for key in self.driver.objects)

    def again(self, turn: Callable[[Store, Accounts], object], done: Callable[[], bool] | None = None) -> Callable[[], None]:
        """A process that takes its turns, with an account that it remembers, until it dies; then comes another one."""

        done = done or self.quiet

        def body() -> None:
            patience = lease_s() / 2
            while not done():
                with suppress(Crash):
                    store = self.store()
                    accounts = Accounts(store)
                    while not done():
                        with suppress(AgentForgeError):
                            turn(store, accounts)
                        self.schedule.sleep(self.chance.uniform(0, patience))
                        if not self.to_open and turn != self.work:
                            patience = min(patience * 1.3, 10 * lease_s())
                        if patience > lease_s():
                            self.schedule.crash = self.schedule.outage = self.schedule.pause = 0.0  # all is opened: now it must come to its end

        return body

    def client(self, number: int) -> Callable[[], None]:
        """Opens runs, one after the other; not knowing how it ended, it asks again, perhaps for something else."""

        def body() -> None:
            for turn in range(self.chance.randint(1, 8)):
                job, key = some_work(self.chance), f"{number}-{turn}"
                asked, left = self.chance.random() < 0.4, 4
                while left:
                    left -= 1
                    try:
                        self.open(job, key, asked)
                        break
                    except (Crash, StoreUnavailable):
                        self.schedule.sleep(self.chance.uniform(0, 3 * lease_s()))
                    except AgentForgeError as refused:
                        self.happened[refused.code] += 1
                        break
                if self.chance.random() < 0.3:
                    self.schedule.sleep(self.chance.uniform(0, lease_s()))
            self.to_open -= 1

        return body

    def open(self, job: Work, key: str, asked: bool) -> None:
        store = self.store()
        terms = Terms(
            quote=quote_for(store, "w", WORK, job, self.backend).id if asked else "",
            most=self.chance.choice([None, None, DOLLAR]), per_day=self.per_day, by=self.chance.choice(["", "k1"]),
        )  # fmt: skip
        log = start_paid(Accounts(store), self.backend, WORK, job, "w", terms, idempotency_key=key)
        self.backend.submit(log.ref, "cpu")
        self.happened["opened"] += 1

    def work(self, store: Store, accounts: Accounts) -> None:
        ref = self.backend.refs.popleft() if self.backend.refs and self.chance.random() < 0.8 else None
        if ref is None:
            due = [ref for _, ref in runs.due_runs(store, early=True)]
            ref = self.chance.choice(due) if due else None
        if ref is not None:
            try:
                work(store, ref, self.backend, worker=f"{self.schedule.name}-{self.schedule.step}")
            finally:
                self.working.pop(self.schedule.name, None)

    def sweep(self, store: Store, accounts: Accounts) -> None:
        sweep(store, self.backend, self.schedule.name)

    def settle(self, store: Store, accounts: Accounts) -> None:
        """Somebody who settles what is over, and what is settled already, with an account that may be long out of date."""
        for id in self.chance.sample(there := runs_there(self.driver), min(3, len(there))):
            holds.settle(accounts, runs.load(store, id, "w"))
        if self.chance.random() < 0.2:
            accounts.flush("w")

    def cancel(self, store: Store, accounts: Accounts) -> None:
        if there := runs_there(self.driver):
            runs.cancel(store, self.chance.choice(there), "w")
            self.happened["cancels"] += 1

    def pay(self, store: Store, accounts: Accounts) -> None:
        key = f"p{self.chance.randrange(12)}"
        self.paid.add(key)
        accounts.credit("w", key, PAYMENT)

    def held(self, run: Run) -> int | None:
        """What there is on the account for a run; None where a worker was taken for dead and works still: that is the platform's loss."""
        self.working[self.schedule.name] = run.id, run.claim
        self.newest[run.id] = max(run.claim, self.newest.get(run.id, 0))
        account = Account.unsealed(self.driver.objects[account_key("w")].body, "account")
        alone = [claim for id, claim in self.working.values() if id == run.id] == [run.claim] == [self.newest[run.id]]
        return account.holds[run.id].amount if alone and run.id in account.holds else None

    @contextmanager
    def opening(self, run: Run) -> Iterator[None]:
        """A child takes nothing that its parent has used."""
        spent, before = used(run.state, run.store.now()), self.held(run)
        yield
        if before is not None and (after := self.held(run)) is not None:
            self.happened["shared" if after >= min(spent, before) else "unpaid"] += 1

    def between(self, run: Run, seconds: float) -> None:
        if (held := self.held(run)) is not None:
            self.happened["paid" if used(run.state, run.store.now()) <= held else "unpaid"] += 1
        self.schedule.sleep(seconds * self.chance.random())
        with suppress(StoreUnavailable):  # as a pulse does
            if self.chance.random() < 0.3:
                run.flush()
            if self.chance.random() < 0.3:
                run.beat()


def check(history: History) -> Counter[str]:
    """Everything that must be true of an account, whatever happened to it. Counts what did."""
    for key in history.paid:
        Accounts(Store(history.driver)).credit("w", key, PAYMENT)  # whoever paid tells it until it is heard
    found, happened = checked_books(history.driver, dict.fromkeys(history.paid, PAYMENT)), history.happened
    by_day = Counter[str]()
    for state, charge in found.values():
        happened.update([state.state, f"error: {(state.error or {}).get('code')}", *(["children"] if state.parent else [])])
        happened["held"] += state.hold is not None
        happened["charged"] += charge["amount"] > 0
        happened["capped"] += charge["why"] == "No more than was held."
        by_day[state.updated[:10]] += charge["amount"]
    assert not happened["unpaid"], "nobody works on when their hold, less what children have of it, is used up"
    assert history.per_day is None or max(by_day.values(), default=0) <= history.per_day, "no more than a day's cap"
    return happened


@pytest.mark.parametrize("batch", range(RUNS // AT_A_TIME))
def test_histories(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    happened, number = Counter[str](), 0
    while happened["held"] < AT_A_TIME:
        seed = SEED * 10_000_000 + batch * 1000 + number
        number += 1
        try:
            with monkeypatch.context() as patch:
                happened.update(check(History(seed, patch)))
        except BaseException as error:
            error.add_note(f"to repeat: check(History({seed}, monkeypatch))")
            raise
    print(dict(happened))
    for what in "succeeded", "failed", "children", "charged", "capped", "paid", "shared", "error: cap_reached":
        assert happened[what], happened  # or the histories are too tame
