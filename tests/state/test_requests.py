"""What runs ask of their store: how often, how many answers are waited for in turn, and that a run's own count is right."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from pydantic import BaseModel

from functions.registry import Next, function
from functions.work import start, work
from functions.worker import Refs
from shared.errors import RecordDamaged
from shared.state import runs
from shared.state.keys import SYSTEM, Key
from shared.state.memory import MemoryDriver
from shared.state.run import Run, Waiting
from shared.state.runs import FIRST_HEAD, HEAD_EVERY
from shared.state.store import DATA, Store
from tests.state.places import Place

PHASES = 8
DELAY_S = 0.04


class Told(BaseModel):
    phase: int = 1
    seconds: float = 0
    then: str = "chain"


@function("requests-phase", Told, Told, retries=1)
def phase(input: Told, run: Run) -> Told | Next:
    """Tell something all the time, keep a file, and end as `then` says."""
    until, told = time.monotonic() + input.seconds, 0
    while time.monotonic() < until:
        run.metric(f"m{input.phase}", told, told)
        told += 1
        time.sleep(0.02)
    run.save(f"f{input.phase}", b"x")
    if input.then == "wait" and "well?" not in run.state.answers:
        raise Waiting({"person": "well?"})
    if input.then == "raise":
        raise ZeroDivisionError
    if input.then != "chain" or input.phase == PHASES:
        return input
    return Next("requests-phase", Told(phase=input.phase + 1, seconds=input.seconds))


class Watch:
    """Every operation that reaches a memory store, each of which takes a while."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Key, float, float]] = []  # operation, key, began, ended
        self.delay_s, self.driver = 0.0, MemoryDriver(self)

    @contextmanager
    def __call__(self, operation: str, key: Key) -> Iterator[None]:
        began = time.monotonic()
        time.sleep(self.delay_s)
        yield
        self.calls.append((operation, key, began, time.monotonic()))

    def counts(self) -> dict[str, dict[str, int]]:
        planes: dict[str, Counter[str]] = {"control": Counter(), "data": Counter()}
        for operation, key, _, _ in self.calls:
            planes["data" if any(part in key for part in DATA) else "control"][operation] += 1
        return {plane: dict(counts) for plane, counts in planes.items()}

    def trips(self, call: Callable[[], object]) -> int:
        """How many answers `call` waits for in turn: the least of three, as a busy machine may start late what is asked at once."""
        return min(self._trips(call) for _ in range(3))

    def _trips(self, call: Callable[[], object]) -> int:
        """The longest chain of calls of which each began after the one before had ended."""
        self.calls, self.delay_s = [], DELAY_S
        call()
        self.delay_s = 0
        trips, last = 0, float("-inf")
        for _, _, began, ended in sorted(self.calls, key=lambda call: call[3]):
            if began >= last:
                trips, last = trips + 1, ended
        return trips


def worked(watch: Watch, told: Told, **options: Any) -> runs.RunState:
    """Open a run and work on it to its end, as a backend does, a person answering if asked."""
    refs, store = Refs(), Store(watch.driver)
    refs.put(start(store, "requests-phase", told, **options).ref)
    while not refs.empty():
        state = work(Store(watch.driver), refs.get(), refs)
        if state.state == "waiting":
            seen = list(watch.calls)
            refs.put(runs.answer(store, state.id, "well?", "yes").ref)
            watch.calls = seen  # what a person asks is not the run's
    return state


@pytest.mark.parametrize(
    ("told", "options", "state"),
    [
        (Told(then="end"), {}, "succeeded"),
        (Told(then="end"), {"idempotency_key": "k"}, "succeeded"),
        (Told(then="raise"), {}, "failed"),
        (Told(then="wait"), {}, "succeeded"),
        (Told(), {}, "succeeded"),
    ],
    ids=["short", "with a key", "tried twice", "waiting", "chain"],
)
def test_a_run_tells_how_often_it_asked(told: Told, options: dict[str, str], state: str) -> None:
    watch = Watch()
    run = worked(watch, told, **options)
    assert run.state == state and run.requests == watch.counts()


def test_a_short_run_asks_little() -> None:
    watch = Watch()
    worked(watch, Told(then="end"), idempotency_key="k")
    assert watch.counts() == {"control": {"put": 7, "get": 1, "delete": 1}, "data": {"put": 1}}


def test_a_phase_of_a_chain_asks_four_times() -> None:
    """The fold, the claim, handing over, the fold: what was written before need not be read."""
    watch = Watch()
    worked(watch, Told())
    assert sum(watch.counts()["control"].values()) <= 7 + 4 * PHASES and watch.counts()["data"] == {"put": PHASES}


def test_events_are_written_ever_less_often_and_none_is_lost() -> None:
    """A later function of a chain does not begin anew with many entries."""
    watch = Watch()
    state = worked(watch, Told(phase=PHASES - 2, seconds=0.7))
    assert state.entries <= 10 and all(f"m{phase}" in state.metrics for phase in range(PHASES - 2, PHASES + 1))
    reader = runs.Reader(Store(watch.driver), "local", state.id)
    reader.read_on()
    told = [event.data["step"] for entry in reader.take() for event in entry.events if event.kind == "metric"]
    assert sum(step == 0 for step in told) == 3 and all(b in (a + 1, 0) for a, b in pairwise(told))


def at_work(store: Store, entries: int) -> Run:
    run = Run.take(store, runs.open_run(store, "requests-phase", {}, attempts=9).ref, "w")
    while run.state.entries < entries:
        run.progress(run.state.entries)
        run.flush()
    return run


@pytest.mark.parametrize(
    "entries", [2, FIRST_HEAD - 1, FIRST_HEAD, FIRST_HEAD + 1, FIRST_HEAD + HEAD_EVERY - 1, FIRST_HEAD + HEAD_EVERY, 300]
)
def test_a_state_is_exact_in_two_trips_and_cached_in_one(entries: int) -> None:
    watch = Watch()
    run, store = at_work(Store(watch.driver), entries), Store(watch.driver)
    assert runs.status(store, run.id) == run.state
    assert watch.trips(lambda: runs.status(store, run.id)) <= 2 and "list" not in watch.counts()["control"]
    cached = runs.status(store, run.id, cached=True)
    assert watch.trips(lambda: runs.status(store, run.id, cached=True)) == 1
    assert (cached.id, cached.state) == (run.id, "running")
    assert entries - cached.entries < (HEAD_EVERY if cached.entries > 2 else FIRST_HEAD)


def test_opening_takes_three_trips_at_most() -> None:
    watch = Watch()
    keys = iter("abc")
    assert watch.trips(lambda: runs.open_run(Store(watch.driver), "requests-phase", {}, idempotency_key=next(keys))) == 3


def test_more_entries_than_expected_are_read_all_the_same(memory: MemoryDriver) -> None:
    """Whatever became of the kept fold."""
    store = Store(memory)
    run = at_work(store, 3 * HEAD_EVERY)
    store.delete(run.log.folder / "head.json")
    assert runs.status(store, run.id) == run.state


def test_an_entry_that_is_missing_between_others_is_no_end(memory: MemoryDriver) -> None:
    store = Store(memory)
    run = at_work(store, 6)
    store.delete(run.log.prefix.number(3))
    with pytest.raises(RecordDamaged):
        runs.status(store, run.id)


def test_a_worker_that_takes_a_long_run_over_reads_it_in_few_trips() -> None:
    """The fold, a listing, the entries, the claim."""
    watch = Watch()
    store = Store(watch.driver)
    given = []
    for _ in range(3):
        run = at_work(store, FIRST_HEAD + HEAD_EVERY - 1)
        run.give_back({"code": "test", "message": "", "hint": ""})
        given.append(run.log.ref)
    assert watch.trips(lambda: Run.take(store, given.pop(), "another")) <= 4


def test_the_last_run_that_is_due_leaves_no_folder_in_a_listing(place: Place) -> None:
    store = place.store()
    store.put_new(SYSTEM / "due/x", b"")
    assert [entry.key for entry in store.list_after(SYSTEM, folders=True)] == ["sys/due/"]
    store.delete(SYSTEM / "due/x")
    assert store.list_after(SYSTEM, folders=True) == []
