"""Every single fault at every storage operation of a payment and of runs that are paid for, and pairs of faults: the books add up."""

import random
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from functions.paying import Terms, start_paid
from functions.sweep import sweep
from functions.work import work
from shared.errors import AgentForgeError
from shared.money import prices
from shared.money.accounts import Accounts
from shared.money.prices import Rates
from shared.settings import lease_s
from shared.state.keys import DUE
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from tests.faults import SEED, SOAK
from tests.faults.story import KINDS, TURNS, Crash, Faults, Told
from tests.money.books import checked_books
from tests.money.functions import WORK, Work

DOLLAR = 10**6
PAIRS = 3000 if SOAK else 100
AT_A_TIME = 100
JOBS = {
    "run": Work(loops=2, seconds=0.5, tokens=1000),
    "family": Work(loops=1, seconds=0.5, children=[Work(seconds=0.25, tokens=10, amount=400_000)]),
}

pytestmark = pytest.mark.usefixtures("no_pulse")


@pytest.fixture(autouse=True)
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every quote is another one, so that two who open the same run do not ask for the same."""
    second = 10**10

    def rates(backend: str, tier: str, on: date) -> Rates:
        nonlocal second
        second += 10**9
        return Rates(of=on.isoformat(), second=second, tokens={"gpt": (10**6, 10**7)}, minimum=1_000)

    monkeypatch.setattr(prices, "rates", rates)


def play(name: str, plan: Mapping[int, str]) -> Faults:
    """Pay, open, work, settle, whatever goes wrong; and check the books."""
    faults, backend, job = Faults(plan), Told(), JOBS[name]
    driver = MemoryDriver(faults)

    def process(body: Callable[[Store], object]) -> Any:
        try:
            return body(Store(driver, sleep=driver.pass_time))
        except Crash:
            faults.dead = False
            backend.refs.clear()
        except AgentForgeError:
            pass
        return None

    def client(store: Store) -> None:
        accounts = Accounts(store)
        accounts.credit("w", "p1", 10 * DOLLAR)
        log = start_paid(accounts, backend, WORK, job, "w", Terms(), idempotency_key="the client's")
        backend.submit(log.ref, "cpu")

    for turn in range(TURNS):
        faults.active = turn < TURNS // 2
        process(client)
        while backend.refs:
            ref = backend.refs.popleft()
            process(lambda store, ref=ref, turn=turn: work(store, ref, backend, worker=f"worker-{turn}"))  # type: ignore[misc]
        if any("/ledger/" in key for key in driver.objects) and not any(key.startswith(DUE) for key in driver.objects):
            break
        process(lambda store: sweep(store, backend, f"sweep-{turn}"))  # noqa: B023 - called at once
        driver.pass_time(lease_s() / 2)
    seen, faults.active = list(faults.seen), False
    process(client)
    found = list(checked_books(driver, {"p1": 10 * DOLLAR}).values())
    [root] = [run for run in found if not run.state.parent]
    assert root.state.state == "succeeded" and root.charge["amount"] > 0, root
    assert len(found) == 1 + len(job.children) and all(run.state.state == "succeeded" and run.charge["amount"] for run in found)
    faults.seen = seen
    return faults


def play_noted(name: str, plan: dict[int, str]) -> None:
    try:
        play(name, plan)
    except BaseException as error:
        error.add_note(f"to repeat: play({name!r}, {plan!r})")
        raise


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", JOBS)
def test_any_single_fault(name: str, kind: str) -> None:
    for place in range(len(play(name, {}).seen)):
        play_noted(name, {place: kind})


@pytest.mark.parametrize("batch", range(PAIRS // AT_A_TIME))
def test_pairs_of_faults(batch: int) -> None:
    chance = random.Random(SEED * 1_000_000 + batch)
    lengths = {name: len(play(name, {}).seen) for name in JOBS}
    for _ in range(AT_A_TIME):
        name = chance.choice(list(JOBS))
        first = chance.randrange(lengths[name])
        second = first + 1 + int(chance.expovariate(1 / 12))  # often while the first is being dealt with
        play_noted(name, {first: chance.choice(KINDS), second: chance.choice(KINDS)})
