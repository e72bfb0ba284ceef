"""Seeded random schedules of clients, workers, sweepers, cancellers, people who answer, readers and zombies, on the memory store.

What is checked: the record looks as if every call had happened at one moment between its beginning and its end (linearizability;
the log gives the order), a worker that lost its claim changes nothing, and every run ends exactly once.
"""

import random
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from functions.sweep import sweep
from functions.work import start, work
from shared.errors import AgentForgeError, BadInput
from shared.settings import lease_s
from shared.state import machine, runs
from shared.state.driver import StoreUnavailable
from shared.state.keys import DUE, Key
from shared.state.log import Log
from shared.state.machine import ClaimLost, RunBusy, RunOver, RunState
from shared.state.record import Entry, Event, unseal
from shared.state.run import Run
from shared.state.runs import Reader
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults import SEED, SOAK, functions
from tests.faults.functions import Job
from tests.faults.schedule import Call, Schedule
from tests.faults.story import Crash, Told, notes_by_attempt

SCHEDULES = 1200 if SOAK else 60
AT_A_TIME = 20
FUNCTIONS = ("test-step", "test-chain", "test-parent", "test-intervals", "test-question")

pytestmark = pytest.mark.usefixtures("no_pulse")


class History:
    """A schedule's calls, as those who made them saw them."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule, self.calls, self.appends = schedule, list[Call](), dict[str, list[Call]]()

    def call(self, what: str, about: Any, body: Callable[[], Any]) -> Any:
        """Call `body`, and remember. Raises what it raises."""
        call = Call(self.schedule.name, what, about, self.schedule.step)
        self.calls.append(call)
        try:
            call.outcome = body()
        except AgentForgeError as error:
            call.outcome = error
            raise
        finally:
            call.returned = self.schedule.step
        return call.outcome

    def append(self, real: Callable[..., bool]) -> Callable[..., bool]:
        """`Log.append`, watched."""

        def watched(log: Log, decide: Callable[[], Sequence[Event]], nonce: str = "") -> bool:
            nonce = nonce or secrets.token_hex(8)
            call = Call(self.schedule.name, str(log.prefix), [], self.schedule.step)
            self.appends.setdefault(nonce, []).append(call)

            def deciding() -> list[Event]:
                call.about = events = list(decide())
                return events

            try:
                call.outcome = wrote = real(log, deciding, nonce)
            except AgentForgeError as error:
                call.outcome = None if isinstance(error, StoreUnavailable) else error
                raise
            finally:
                call.returned = self.schedule.step
            return wrote

        return watched


def act(seed: int, patch: pytest.MonkeyPatch) -> tuple[Schedule, History]:
    """Play one schedule to its end."""
    random.seed(seed)
    schedule = Schedule(seed)
    history, driver, chance, backend = History(schedule), schedule.driver, schedule.chance, Told()
    opened: dict[str, str] = {}  # name → run
    opening = chance.randint(1, 4)
    cancelled: set[str] = set()
    cancels = chance.choice([0.0, 0.3, 0.8])

    def quiet() -> bool:
        """Whether nothing is left to do, seen from outside."""
        there = {key.split("/")[3] for key in driver.objects if "/log/" in key}
        done = {key.rpartition("/")[2].removesuffix(".json") for key in driver.objects if "/ledger/" in key}
        return len(opened) == opening and there <= done and not any(key.startswith(DUE) for key in driver.objects)

    def again(turn: Callable[[Store], object], done: Callable[[], bool]) -> Callable[[], None]:
        """An actor that takes its turn until all is done; a new one comes when it dies."""

        def body() -> None:
            while not done():
                try:
                    while not done():
                        turn(Store(driver, schedule.sleep))
                        schedule.sleep(chance.uniform(0, lease_s() / 2))
                except Crash:
                    schedule.sleep(chance.uniform(0, lease_s()))

        return body

    def client(name: str) -> Callable[[], None]:
        function, pause_s = chance.choice(FUNCTIONS), chance.choice([0.0, 5.0, lease_s()])
        key = name if chance.random() < 0.8 else None

        def body() -> None:
            schedule.sleep(chance.uniform(0, lease_s()))
            job = Job(pause_s=pause_s)
            while True:
                try:
                    log = history.call(
                        "open", name, lambda: start(Store(driver, schedule.sleep), function, job, idempotency_key=key)
                    )
                    opened[name] = log.id
                    backend.submit(log.ref, "cpu")
                    if key is None or chance.random() < 0.7:  # else it never learns, and asks again
                        return
                except (Crash, StoreUnavailable):
                    schedule.sleep(chance.uniform(0, lease_s()))

        return body

    def worker(store: Store) -> None:
        ref = backend.refs.popleft() if backend.refs and chance.random() < 0.7 else None
        try:
            if ref is None:
                queued = [ref for _, ref in runs.due_runs(store, early=True)]
                ref = chance.choice(queued) if queued else None
            if ref is not None:
                name = f"{schedule.name}-{schedule.step}"
                history.call("work", (ref, name), lambda: work(store, ref, backend, worker=name))
        except AgentForgeError:
            pass

    def sweeper(store: Store) -> None:
        try:
            sweep(store, backend, schedule.name)
        except StoreUnavailable:
            pass

    def canceller(store: Store) -> None:
        schedule.sleep(chance.uniform(0, lease_s()))
        id = chance.choice([*opened.values(), ""])
        try:
            if id and id not in cancelled and chance.random() < cancels:  # asking once must be enough
                history.call("cancel", id, lambda: runs.cancel(store, id))
                cancelled.add(id)
        except AgentForgeError:
            pass

    def person(store: Store) -> None:
        for id in sorted(
            {key.split("/")[3] for key in driver.objects if "/log/" in key}
        ):  # also one whose client never learned of it
            try:
                if id not in cancelled and runs.status(store, id).waiting == {"person": "how many?"}:
                    history.call("answer", id, partial(runs.answer, store, id, "how many?", 7))
            except AgentForgeError:
                pass

    def reader(store: Store) -> None:
        for id in list(opened.values()):
            try:
                history.call("status", id, partial(runs.status, store, id))
            except AgentForgeError:
                pass

    def between(run: Run, seconds: float) -> None:
        schedule.sleep(seconds * chance.random())
        with suppress(StoreUnavailable):  # as a pulse does
            if chance.random() < 0.3:
                run.flush()
            if chance.random() < 0.3:
                run.beat()

    patch.setattr(functions, "between", between)
    patch.setattr(Log, "append", history.append(Log.append))
    for number in range(opening):
        schedule.add(f"client-{number}", client(f"client-{number}"), mortal=True, pausable=True)
    for number in range(chance.randint(2, 8)):
        schedule.add(f"worker-{number}", again(worker, quiet), mortal=True, pausable=True)
    schedule.add("sweeper", again(sweeper, lambda: schedule.alone and quiet()), mortal=True)
    if chance.random() < 0.5:
        schedule.add("second-sweeper", again(sweeper, quiet), mortal=True, pausable=True)
    for other in (canceller, person, reader):
        schedule.add(other.__name__, again(other, quiet))
    schedule.play()
    return schedule, history


def check_history(schedule: Schedule, history: History) -> Counter[str]:
    """What the record must be after any schedule. Counts what happened in it."""
    store, happened = Store(schedule.driver), Counter[str]()
    objects = schedule.driver.objects
    assert verify_workspace(store) == {}
    ledger = Counter(entry["run"] for key, stored in objects.items() if "/ledger/" in key and (entry := unseal(stored.body)))
    listed = runs.list_runs(store)
    assert ledger == Counter(state.id for state in listed), "every run is settled once"
    logs: dict[str, tuple[list[Entry], list[RunState]]] = {}
    for state in listed:
        reader = Reader(store, "local", state.id)
        reader.read_on()
        entries = reader.take()
        logs[state.id] = entries, [machine.fold(entries[: n + 1]) for n in range(len(entries))]
        assert state == runs.status(store, state.id, cached=True) == reader.state, "all readers agree"
        happened.update(check_run(state, entries, logs[state.id][1]))
        check_appends(schedule, history, str(reader.prefix), entries)
    for call in history.calls:
        if call.outcome is not None:
            check_call(call, logs, schedule.written, happened)
    opened = [call.outcome.id for call in history.calls if call.what == "open" and isinstance(call.outcome, runs.RunLog)]
    assert set(opened) <= logs.keys(), "what was opened is there"
    return happened


def check_run(state: RunState, entries: list[Entry], states: list[RunState]) -> Counter[str]:
    """One run's record by itself."""
    kinds = Counter(event.kind for entry in entries for event in entry.events)
    assert state.over and kinds["finished"] == 1
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    links = {"test-step": 3, "test-parent": 3}.get(state.function, 2)
    notes_by_attempt(entries, {n: links for n in range(functions.LINKS)} if state.state == "succeeded" else None)
    if state.state == "succeeded":
        assert state.output["total"] in {
            "test-step": [21],
            "test-chain": [28, 13],
            "test-parent": [34],
            "test-intervals": [3],
        }.get(state.function, [7])
    else:
        assert state.state == "cancelled" and state.cancelling or state.parent or "child" in str(state.error), state
    for entry, before in zip(entries[1:], states, strict=False):
        for event in entry.events:
            if event.kind == "artifacts":
                assert {artifact["path"].split("/")[1] for artifact in event.data.values()} == {str(before.claim)}, (
                    "its own folder"
                )
            if event.data.get("error", {}).get("code") == "worker_lost":
                assert seconds(before.updated, entry.at) > 2 * lease_s(), "only who was silent is taken for dead"
    happened = Counter({state.state: 1, "claims": kinds["claimed"], "cancels": kinds["cancel"]})
    happened["lapses"] = sum(
        event.data.get("error", {}).get("code") == "worker_lost" for entry in entries for event in entry.events
    )
    return happened


def uncounted(events: Sequence[Event]) -> list[Event]:
    """Without the count of requests, which goes on while an entry is tried again."""
    return [event for event in events if event.kind != "requests"]


def seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


def check_appends(schedule: Schedule, history: History, prefix: str, entries: list[Entry]) -> None:
    """Every entry was written once, at a moment between the beginning and the end of the call that is told so."""
    written = [schedule.written[Key(f"{prefix}{entry.seq:010d}.json")] for entry in entries]
    assert written == sorted(set(written)), "the log's order is the order in which it was written"
    at = {entry.nonce: step for entry, step in zip(entries, written, strict=True)}
    assert len(at) == len(entries), "no entry is there twice"
    events = {entry.nonce: list(entry.events) for entry in entries}
    for nonce, calls in history.appends.items():
        if calls[0].what != prefix:
            continue
        if any(call.outcome is True for call in calls):
            assert calls[-1].outcome is True and calls[0].called <= at[nonce] <= calls[-1].returned, (nonce, calls)
            assert uncounted(events[nonce]) == uncounted(calls[-1].about)
        elif all(call.outcome is not None for call in calls):
            assert nonce not in at, "what was refused was not written"
    assert at.keys() <= history.appends.keys()


def check_call(
    call: Call, logs: dict[str, tuple[list[Entry], list[RunState]]], written: dict[Key, int], happened: Counter[str]
) -> None:
    """A refusal or an answer was true at some moment of the call."""
    id = call.about if isinstance(call.about, str) else call.about[0].id
    if call.what == "open" or id not in logs:
        return
    entries, states = logs[id]
    steps = [written[Key(f"t/local/runs/{id}/log/{entry.seq:010d}.json")] for entry in entries]
    first = max((n for n, step in enumerate(steps) if step <= call.called), default=0)
    during = [states[n] for n, step in enumerate(steps) if n >= first and step <= call.returned]
    happened[f"{call.what}: {type(call.outcome).__name__}"] += 1
    match call.outcome:
        case RunOver():
            assert during[-1].over
        case RunBusy():
            assert any(state.state != "queued" for state in during), "it was busy"
        case ClaimLost():
            mine = [state.claim for state in states if state.worker == call.about[1]]
            assert not mine or any(state.claim != mine[0] or state.state != "running" for state in during), "it was taken over"
        case BadInput() if call.what == "answer":
            assert any(state.waiting != {"person": "how many?"} for state in during)
        case RunState() if call.what == "status":
            assert call.outcome in during, "a reader saw a state that was there while it looked"
        case RunState() if call.what == "cancel":
            assert during[-1].over or during[-1].cancelling


@pytest.mark.parametrize("batch", range(SCHEDULES // AT_A_TIME))
def test_schedules(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = Counter[str]()
    for number in range(AT_A_TIME):
        seed = SEED * 1_000_000 + batch * AT_A_TIME + number
        try:
            with monkeypatch.context() as patch:
                schedule, history = act(seed, patch)
            happened.update(check_history(schedule, history))
        except BaseException as error:
            error.add_note(f"to repeat: act({seed}, monkeypatch)")
            raise
    print(dict(happened))
    often = ("work: ClaimLost",) if happened["lapses"] > 10 else ()
    for what in ("lapses", "work: RunBusy", "cancelled", "succeeded", *often):  # or the schedules are too tame
        assert happened[what] > 0, happened


def test_a_seed_gives_the_same_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    def trace(seed: int) -> list[tuple[str, str]]:
        with monkeypatch.context() as patch:
            return act(seed, patch)[0].trace

    for seed in range(6):
        assert trace(seed) == trace(seed)
