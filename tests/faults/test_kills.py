"""Real worker processes are killed (`kill -9`) at random moments, over a local folder and over S3.

What is checked: every run ends exactly once, another worker goes on within three lease times, and at most one interval
between checkpoints is worked on again.
"""

import itertools
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from functions.work import start
from shared.settings import lease_s
from shared.state import runs
from shared.state.keys import DUE, workspace_prefix
from shared.state.machine import RunState
from shared.state.opening import open_store
from shared.state.record import unseal
from shared.state.runs import Reader, RunLog
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults import SEED, SOAK, functions
from tests.faults.functions import Job
from tests.faults.story import notes_by_attempt
from tests.moto_server import Moto

ROOT = Path(__file__).parents[2]
LEASE_S = {"folder": 1.5, "s3": 3.0}  # the S3 server of tests answers some seventy requests a second, not more
INTERVALS, INTERVAL_S = 8, 0.12  # of one run: it takes about a second
WORKERS = 4  # of which two are always spared, and two are busy
ROUNDS, KILLS = (5, 22) if SOAK else (1, 4)  # each round over each store: so many kills


@contextmanager
def workers(environment: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes; one that was killed is replaced by `hire`."""
    hired: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(WORKERS):
            hire(hired, environment)
        yield hired
    finally:
        for worker in hired:
            worker.kill()
        for worker in hired:
            worker.wait()


def hire(hired: list[subprocess.Popen[bytes]], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "handlers.cli", "worker"]
    hired.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))


@pytest.fixture(params=["folder", "s3"])
def environment(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a process needs to use the store; this one has it too."""
    told = {
        "AGENTFORGE_FUNCTIONS": "tests.faults.functions",
        "AGENTFORGE_LEASE_S": str(LEASE_S[request.param]),
        "PYTHONPATH": str(ROOT),
    }
    if request.param == "s3":
        moto: Moto = request.getfixturevalue("moto")
        told |= moto.environment | {"AGENTFORGE_STORE": moto.url(tmp_path.name)}
    else:
        told["AGENTFORGE_STORE"] = str(tmp_path / "store")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_killed_workers_lose_nothing(round: int, environment: dict[str, str]) -> None:
    print(f"SEED={SEED} round {round}")
    kill_workers(random.Random(SEED * 1_000_000 + round), KILLS, environment)


@pytest.mark.skipif(not SOAK, reason="takes minutes, and a busy machine is late: in `make soak`")
def test_another_worker_goes_on_within_three_lease_times(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "10")
    taken = kill_workers(random.Random(SEED), 10, environment | {"AGENTFORGE_LEASE_S": "10"})
    assert taken[-1] < 3 * lease_s()


def kill_workers(chance: random.Random, kills: int, environment: dict[str, str]) -> list[float]:
    """Kill workers at random moments until `kills` have met a run; seconds until another worker went on, ascending."""
    store = open_store()
    job = Job(intervals=INTERVALS, pause_s=INTERVAL_S)
    logs: list[RunLog] = []
    at_work: set[str] = set()  # the workers that have ever claimed a run
    killed: list[tuple[str, int, float]] = []  # run, claim, when
    with workers(environment) as hired:
        while len(killed) < kills:
            states = [now(log) for log in logs]
            names = {f"{socket.gethostname()}:{worker.pid}": worker for worker in hired}
            at_work |= {state.worker for state in states}
            busy = [state.worker for state in states if state.state == "running" and state.worker in names]
            if sum(not state.over for state in states) < WORKERS - 2:
                logs.append(start(store, functions.LONGEST, job, idempotency_key=f"{len(logs)}"))
            time.sleep(chance.uniform(0, INTERVALS * INTERVAL_S / 4))
            if busy and len(at_work & names.keys()) > 2:
                name = chance.choice(busy)
                names[name].send_signal(signal.SIGKILL)
                at = time.time()
                names[name].wait()
                hired.remove(names[name])
                hire(hired, environment)
                killed += [(s.id, s.claim, at) for s in map(now, logs) if s.state == "running" and s.worker == name]
        settled_by = time.monotonic() + 30 * lease_s()
        while any(store.list_all(DUE)) and time.monotonic() < settled_by:
            time.sleep(0.1)
    assert not list(store.list_all(DUE)), "every run was settled"
    check_end(store, [log.id for log in logs])
    taken = sorted(again - at for id, claim, at in killed if (again := claimed(store, id, claim + 1)))
    assert len(taken) == len(killed), "another worker went on"
    print(
        f"{len(killed)} kills: another worker went on after {statistics.median(taken):.2f} s (median), {taken[-1]:.2f} s at most"
    )
    return taken


def now(log: RunLog) -> RunState:
    while not log.state.over and log.read_next():
        pass
    return log.state


def check_end(store: Store, opened: list[str]) -> None:
    assert verify_workspace(store) == {}
    states = runs.list_runs(store, 1000)
    assert sorted(state.id for state in states) == sorted(opened)
    ledger = workspace_prefix("local").folder("ledger")
    books = [unseal(stored.body) for listed in store.list_all(ledger) if (stored := store.get(listed.key))]
    assert Counter(entry["run"] for entry in books if entry) == Counter(opened), "settled exactly once"
    for state in states:
        assert (state.state, state.output) == ("succeeded", {"total": INTERVALS})
        reader = Reader(store, "local", state.id)
        reader.read_on()
        entries = reader.take()
        assert [event.kind for entry in entries for event in entry.events].count("finished") == 1
        notes_by_attempt(entries, {number: 2 for number in range(INTERVALS)})
        check_repeated(store, reader, state.claim)


def check_repeated(store: Store, reader: Reader, claims: int) -> None:
    """Every interval leaves an object for each claim that began it: each claim goes on where the one before was, or one further."""
    begun: dict[int, list[int]] = {}
    for listed in store.list_all(reader.folder.folder("artifacts")):
        _, claim, _, number = listed.key.removeprefix(reader.folder).split("/")
        begun.setdefault(int(claim), []).append(int(number))
    order = [sorted(begun[claim]) for claim in sorted(begun)]
    assert order[0][0] == 0 and order[-1][-1] == INTERVALS - 1
    for numbers, after in itertools.pairwise(order):
        assert after[0] in (numbers[-1], numbers[-1] + 1), order
    assert sum(map(len, order)) <= INTERVALS + claims - 1


def claimed(store: Store, id: str, claim: int) -> float | None:
    """When a run was claimed for the n-th time."""
    reader = Reader(store, "local", id)
    reader.read_on()
    for entry in reader.take():
        for event in entry.events:
            if event.kind == "claimed" and event.data["claim"] == claim:
                return datetime.fromisoformat(entry.at).timestamp()
    return None
