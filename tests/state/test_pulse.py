"""The thread by which a run that lasts shows that it lives, and the timer that begins it: none for a run that is over before."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from shared.state import runs, timer
from shared.state.folder import FolderDriver
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.run import Cancelled, Run
from shared.state.store import Store
from shared.state.timer import call_later
from tests.state.places import at_once
from tests.state.test_runs import opened

PATIENCE_S = 20


def until(so: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if so():
            return True
        time.sleep(0.01)
    return False


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def taken(store: Store) -> Run:
    return Run.take(store, opened(store).ref, "tests")


def beats(run: Run) -> str:
    there = run.store.get(run.log.folder / "lease.json")
    return there.version if there else ""


def test_a_run_that_is_over_before_its_first_pause_begins_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "90")
    monkeypatch.setattr("shared.state.run.FLUSH_S", 1e6)
    store, before = Store(MemoryDriver()), threads("pulse")
    for _ in range(5):
        run = taken(store)
        with run.working():
            run.emit("note")
            assert threads("pulse") == before
            run.finish("succeeded")
        assert threads("pulse") == before and threads("timer") == 1
    run = taken(store)
    with pytest.raises(ZeroDivisionError), run.working():  # it has not ended, and is not waited for
        raise ZeroDivisionError
    assert threads("pulse") == before


@pytest.mark.parametrize("pause_s", [0.001, 0.01])
def test_runs_that_end_as_their_thread_is_begun(monkeypatch: pytest.MonkeyPatch, pause_s: float) -> None:
    """Whoever is quicker: what was told is written once, and no thread stays."""
    monkeypatch.setattr("shared.state.run.FLUSH_S", pause_s)
    monkeypatch.setattr("shared.state.run.LAST_FLUSH_S", pause_s)
    store, before = Store(MemoryDriver()), threads("pulse")
    for turn in range(30):
        run = taken(store)
        with run.working():
            run.emit("note")
            time.sleep(pause_s * turn / 15)
            if turn % 2:
                run.finish("succeeded")
        if not turn % 2:
            assert threads("pulse") == before  # it was waited for
            run.finish("succeeded")
        reader = runs.Reader(store, "local", run.id)
        reader.read_on()
        assert [event.kind for entry in reader.take() for event in entry.events].count("note") == 1
    assert until(lambda: threads("pulse") == before)


def test_a_long_run_shows_that_it_lives_and_notices_a_cancel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.3")
    run = taken(Store(FolderDriver(tmp_path)))
    with run.working():
        assert until(lambda: beats(run)), "though the function says nothing"
        first = beats(run)
        assert until(lambda: beats(run) != first)
        runs.cancel(Store(FolderDriver(tmp_path)), run.id)
        assert until(lambda: run.state.cancelling)
        with pytest.raises(Cancelled):
            run.check()
    assert not any(thread.name == "pulse" for thread in threading.enumerate())


def test_a_store_that_hangs_for_one_run_does_not_silence_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.3")
    hung, go_on = threading.Event(), threading.Event()

    @contextmanager
    def hang(operation: str, key: Key) -> Iterator[None]:
        if threading.current_thread().name == "pulse":
            hung.set()
            assert go_on.wait(PATIENCE_S)
        yield

    silent, other = taken(Store(MemoryDriver(hang))), taken(Store(MemoryDriver()))
    with silent.working():
        assert hung.wait(PATIENCE_S)
        with other.working():
            assert until(lambda: beats(other))
        go_on.set()


def test_calls_are_made_when_they_are_due() -> None:
    made: list[tuple[str, float]] = []
    done = threading.Event()

    def make(name: str, at: float) -> None:
        made.append((name, time.monotonic() - at))
        if name == "last":
            done.set()

    start = time.monotonic()
    for name, seconds in (("last", 0.3), ("second", 0.2), ("never", 0.1), ("first", 0.05)):
        call_off = call_later(seconds, partial(make, name, start + seconds))
        if name == "never":
            call_off()
            call_off()  # does nothing more
    assert done.wait(PATIENCE_S)
    assert [name for name, _ in made] == ["first", "second", "last"] and all(late >= 0 for _, late in made)
    call_off()  # nor after it was made


def test_calls_from_many_threads_have_one_thread_between_them() -> None:
    made: list[int] = []
    at_once([partial(call_later, 0.05 * (number % 3), partial(made.append, number)) for number in range(12)])
    assert until(lambda: len(made) == 12) and sorted(made) == list(range(12)) and threads("timer") == 1


def test_a_call_that_finds_no_thread_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "AGAIN_S", 0.02)
    tries: list[float] = []

    def call() -> None:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise RuntimeError("can't start new thread")

    call_later(0, call)
    later = threading.Event()
    call_later(0.3, later.set)
    assert later.wait(PATIENCE_S) and len(tries) == 3


def test_a_fork_makes_its_own_calls_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.3")
    of_the_parent = threading.Event()
    call_later(0.3, of_the_parent.set)
    child = os.fork()
    if not child:  # asserts nothing: pytest is the parent's
        good = False
        try:
            run = taken(Store(FolderDriver(tmp_path)))
            with run.working():
                good = until(lambda: beats(run)) and not of_the_parent.wait(0.5)
        finally:
            os._exit(0 if good else 1)
    assert of_the_parent.wait(PATIENCE_S)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
