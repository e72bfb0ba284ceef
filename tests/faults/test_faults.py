"""Every single fault at every storage operation, and pairs of faults: the run ends exactly once, nothing is lost or doubled."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from functions.sweep import sweep
from functions.work import start, work
from shared.settings import lease_s
from shared.state import run, runs
from shared.state.driver import StoreUnavailable
from shared.state.keys import DUE, Key
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults import SEED, SOAK, functions
from tests.faults.functions import Job
from tests.faults.story import KINDS, STORIES, Told, play

PAIRS = 6000 if SOAK else 150
AT_A_TIME = 150

pytestmark = pytest.mark.usefixtures("no_pulse")


def operations(name: str) -> int:
    return len(play(STORIES[name], {}).seen)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", STORIES)
def test_any_single_fault(name: str, kind: str) -> None:
    places = range(operations(name))
    if name == "parent" and not SOAK:
        places = range(SEED % 5, len(places), 5)
    for place in places:
        play_noted(name, {place: kind})


@pytest.mark.parametrize("batch", range(PAIRS // AT_A_TIME))
def test_pairs_of_faults(batch: int) -> None:
    seed = SEED * 1_000_000 + batch
    chance = random.Random(seed)
    lengths = {name: operations(name) for name in STORIES}
    for _ in range(AT_A_TIME):
        name = chance.choice(list(STORIES))
        first = chance.randrange(lengths[name])
        second = first + 1 + int(chance.expovariate(1 / 12))  # often while the first is being dealt with
        play_noted(name, {first: chance.choice(KINDS), second: chance.choice(KINDS)})


def test_a_client_so_slow_that_the_sweep_has_forgotten_its_run() -> None:
    """It wrote the due entry, slept, and wrote the run's first entry after the due entry was deleted again; then it died."""
    slept = False

    @contextmanager
    def sleepy(operation: str, key: Key) -> Iterator[None]:
        nonlocal slept
        if key.endswith("/log/0000000000.json") and operation == "put" and not slept:
            slept = True
            for _ in range(30):
                driver.pass_time(60)
                sweep(Store(driver), Told(), "sweep")
            assert not [key for key in driver.objects if key.startswith(DUE)], "the sweep has forgotten the run"
        yield

    driver, backend = MemoryDriver(sleepy), Told()
    log = start(Store(driver), "test-step", Job())
    for _ in range(3):
        driver.pass_time(60)
        sweep(Store(driver), backend, "sweep")
    assert {ref.id for ref in backend.refs} == {log.id}


@pytest.mark.parametrize("function", ["test-question", "test-parent"])
def test_a_cancel_that_comes_just_before_the_run_waits(function: str) -> None:
    driver, backend = MemoryDriver(), Told()
    store = Store(driver)
    log = start(store, function, Job())
    child_or_question = "/requests/" if function == "test-parent" else "/log/0000000002.json"

    @contextmanager
    def cancelling(operation: str, key: Key) -> Iterator[None]:
        yield
        if child_or_question in key and operation == "put":
            driver.fault = lambda operation, key: nullcontext()
            assert runs.cancel(store, log.id).state == "running"

    driver.fault = cancelling
    assert work(store, log.ref, backend).state == "cancelled"
    assert runs.status(store, log.id).state == "cancelled" and verify_workspace(store) == {}


def test_a_sweeper_that_dies_keeps_others_waiting_for_half_a_lease_at_most() -> None:
    """With it, silence of two leases, and a look every third of one, another worker goes on within three."""
    driver, backend = MemoryDriver(), Told()
    store = Store(driver)
    sweep(store, backend, "one that dies now")
    driver.pass_time(lease_s() * 0.4)
    assert sweep(store, backend, "another")["leased_by_another"] == 1
    driver.pass_time(lease_s() * 0.2)
    assert not sweep(store, backend, "another")["leased_by_another"]


def test_an_end_that_was_written_but_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store falls silent when the last entry is written; the pulse, which it hears again first, does not mistake that entry."""
    monkeypatch.undo()
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.3")
    silent, ended = 0, False

    @contextmanager
    def silence(operation: str, key: Key) -> Iterator[None]:
        nonlocal silent, ended
        if silent and threading.current_thread() is threading.main_thread():
            silent -= 1
            raise StoreUnavailable("planned")
        yield
        if not ended and operation == "put" and b'"finished"' in driver.objects[key].body:
            silent, ended = 5, True
            raise StoreUnavailable("planned: the answer is lost")

    driver = MemoryDriver(silence)
    store = Store(driver)
    log = start(store, "test-step", Job())
    assert work(store, log.ref, Told()).state == "succeeded" and ended
    assert any("/ledger/" in key for key in driver.objects), "its books are closed"
    assert verify_workspace(store) == {}


@pytest.mark.parametrize("seed", range(20 if SOAK else 2))
def test_threads_that_tell_while_the_pulse_writes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of one thread stay in order, and none is lost or doubled, though most answers to the pulse are."""
    monkeypatch.setattr(run, "FLUSH_S", 0.001)
    monkeypatch.setattr(run, "LAST_FLUSH_S", 0.002)
    chance = random.Random(SEED * 1_000_000 + seed)

    @contextmanager
    def lossy(operation: str, key: Key) -> Iterator[None]:
        fate = chance.random()
        if fate < 0.1:
            raise StoreUnavailable("planned")
        yield
        if fate < 0.7:
            raise StoreUnavailable("planned: the answer is lost")

    def tell(of: run.Run, who: int) -> None:
        for number in range(150):
            of.emit("said", who=who, number=number)
            time.sleep(chance.random() / 1000)

    def between(of: run.Run, seconds: float) -> None:
        threads = [threading.Thread(target=tell, args=(of, who)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    monkeypatch.setattr(functions, "between", between)
    driver = MemoryDriver()
    store = Store(driver, sleep=lambda seconds: None)
    log = start(store, functions.LONGEST, Job(intervals=1))
    driver.fault = lambda operation, key: lossy(operation, key) if threading.current_thread().name == "pulse" else nullcontext()
    assert work(store, log.ref, Told()).state == "succeeded"
    reader = runs.Reader(store, "local", log.id)
    reader.read_on()
    entries = reader.take()
    said = [event.data for entry in entries for event in entry.events if event.kind == "said"]
    assert len(entries) > 10 and len(said) == 4 * 150
    for who in range(4):
        assert [data["number"] for data in said if data["who"] == who] == list(range(150))
    assert verify_workspace(store) == {}


def play_noted(name: str, plan: dict[int, str]) -> None:
    try:
        play(STORIES[name], plan)
    except BaseException as error:
        error.add_note(f"to repeat: play(STORIES[{name!r}], {plan!r})")
        raise
