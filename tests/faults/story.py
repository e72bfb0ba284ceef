"""One run from opening to settling while the store misbehaves as planned, and what must be true in the end.

A plan says what happens at which storage operation, counted over the whole story. Whoever crashes is gone: nothing it would
have done afterwards happens, and what it was told is forgotten. Then others come: the client asks again, workers, the sweep.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from functions.sweep import sweep
from functions.work import start, work
from shared.errors import AgentForgeError
from shared.settings import lease_s
from shared.state import runs
from shared.state.driver import StoreUnavailable
from shared.state.keys import DUE, Key
from shared.state.memory import MemoryDriver
from shared.state.record import Entry, unseal
from shared.state.runs import RunRef
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults.functions import LINKS, Job

KINDS = ("crash before", "crash after", "lost answer", "409", "503", "outage", "outage after")
LONG = {"503": 2, "outage": 9, "outage after": 9}  # how many operations more are not answered: few are tried again, many not
TURNS = 60  # of client, workers and sweep, half a lease time each; a story that is not over by then never will be


class Crash(BaseException):
    """The process is no more."""


class Faults:
    """What surrounds the operations of a MemoryDriver."""

    def __init__(self, plan: Mapping[int, str]) -> None:
        self.plan, self.seen, self.active = plan, list[tuple[str, Key]](), True
        self.dead, self._storm, self._lock = False, 0, Lock()

    @contextmanager
    def __call__(self, operation: str, key: Key) -> Iterator[None]:
        kind = self._next(operation, key)
        if kind == "crash before":
            self.dead = True
        if self.dead:
            raise Crash
        if kind in ("409", "503", "outage"):
            raise StoreUnavailable(f"planned: {kind}")
        yield
        if kind == "crash after":
            self.dead = True
        if self.dead:  # also where another thread of the process crashed meanwhile
            raise Crash
        if kind in ("lost answer", "outage after"):
            raise StoreUnavailable("planned: the answer is lost")

    def _next(self, operation: str, key: Key) -> str:
        with self._lock:
            if self.dead or not self.active:
                return ""
            kind = self.plan.get(len(self.seen), "")
            self.seen.append((operation, key))
            if self._storm and not kind:
                self._storm -= 1
                return "503"
            if kind == "409" and operation not in ("put", "delete"):  # only conditional writes are answered so
                return ""
            self._storm = LONG.get(kind, 0)
            return kind


class Told:
    """A backend that keeps what it is told until a worker asks."""

    name = "told"

    def __init__(self) -> None:
        self.refs = deque[RunRef]()

    def submit(self, ref: RunRef, tier: str) -> None:
        self.refs.append(ref)


class Story(NamedTuple):
    function: str
    notes: dict[int, int]  # link → how many notes its last attempt tells
    artifacts: dict[str, bytes]
    output: dict[str, Any]
    runs: int = 1  # with its children


STORIES = {
    "step": Story(
        "test-step", {0: 3}, {"made/first.txt": b"first", "made/second.txt": b"second", "made/third.txt": b"third"}, {"total": 21}
    ),
    "chain": Story(
        "test-chain",
        {link: 2 for link in range(LINKS)},
        {f"links/{n}.txt": f"link {n}".encode() for n in range(LINKS)},
        {"total": 28},
    ),
    "parent": Story("test-parent", {0: 3}, {"made/sum.txt": b"21"}, {"total": 34}, runs=3),
}


def play(story: Story, plan: Mapping[int, str]) -> Faults:
    """Play a story, and check its end. What was asked of the store, in order."""
    faults, backend = Faults(plan), Told()
    driver = MemoryDriver(faults)

    def process(body: Callable[[Store], object]) -> Any:
        """What a process of its own comes to; None if it died or gave up."""
        try:
            return body(Store(driver, sleep=driver.pass_time))
        except Crash:
            faults.dead = False
            backend.refs.clear()
        except AgentForgeError:
            pass
        return None

    def client(store: Store) -> None:
        log = start(store, story.function, Job(), idempotency_key="the client's")
        backend.submit(log.ref, "cpu")

    for turn in range(TURNS):
        faults.active = turn < TURNS // 2
        process(client)
        while backend.refs:
            ref = backend.refs.popleft()
            process(lambda store, ref=ref, turn=turn: work(store, ref, backend, worker=f"worker-{turn}"))  # type: ignore[misc]
        if _quiet(driver, story):
            break
        process(lambda store: sweep(store, backend, f"sweep-{turn}"))  # noqa: B023 - called at once
        driver.pass_time(lease_s() / 2)
    seen = list(faults.seen)
    faults.active = False
    check_end(Store(driver), story)
    faults.seen = seen
    return faults


def _quiet(driver: MemoryDriver, story: Story) -> bool:
    """Whether nothing is left to do, seen from outside."""
    return sum("/ledger/" in key for key in driver.objects) >= story.runs and not any(
        key.startswith(DUE) for key in driver.objects
    )


def check_end(store: Store, story: Story) -> None:
    """Everything that must be true of a story's end, whatever went wrong on the way."""
    driver = store.driver
    assert isinstance(driver, MemoryDriver)
    assert not [key for key in driver.objects if key.startswith(DUE)], "no due entry is left"
    assert verify_workspace(store) == {}
    listed = runs.list_runs(store)
    assert len(listed) == story.runs, "nothing was opened twice"
    ledger = [unseal(stored.body) for key, stored in driver.objects.items() if "/ledger/" in key]
    assert Counter(entry and entry["run"] for entry in ledger) == Counter(state.id for state in listed)
    [state] = [state for state in listed if state.parent is None]
    assert (state.state, state.output) == ("succeeded", story.output), state
    reader = runs.Reader(store, "local", state.id)
    reader.read_on()
    entries = reader.take()
    assert state == reader.state == runs.status(store, state.id) == runs.status(store, state.id, cached=True), "all readers agree"
    assert [event.kind for entry in entries for event in entry.events].count("finished") == 1
    assert notes_by_attempt(entries, story.notes).keys() == story.notes.keys()
    for name, body in story.artifacts.items():
        assert store.read(reader.folder / state.artifacts[name].path) == body
    assert state.artifacts.keys() == story.artifacts.keys()


def notes_by_attempt(entries: list[Entry], whole: Mapping[int, int] | None) -> dict[int, list[list[int]]]:
    """Link → the numbers that each of its attempts told, in order. Each must be a beginning of all there are to tell; the
    last, if the run succeeded, all of it."""
    told: dict[tuple[int, int], list[int]] = {}
    claim = 0
    for entry in entries:
        for event in entry.events:
            if event.kind == "claimed":
                claim = event.data["claim"]
            if event.kind == "note":
                assert event.data["claim"] == claim, "only the newest claim's worker writes"
                told.setdefault((event.data["link"], claim), []).append(event.data["number"])
    attempts: dict[int, list[list[int]]] = {}
    for (link, _), numbers in sorted(told.items()):
        attempts.setdefault(link, []).append(numbers)
    for link, all_numbers in attempts.items():
        for numbers in all_numbers:
            assert numbers == list(range(len(numbers))), "nothing is lost or doubled"
        if whole is not None:
            assert len(all_numbers[-1]) == whole[link], "the attempt that counts told everything"
    return attempts
