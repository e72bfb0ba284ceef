"""A workspace of 200 runs, verified: how long it takes, and whether every kept fold is what its log adds up to, byte for byte."""

import time

from bench.state_functions import Files, Phase
from bench.state_requests import both
from bench.watched import watch
from shared.state.driver import Driver
from shared.state.runs import RunRef
from shared.state.store import Store

RUNS = 200


def verify() -> None:
    from shared.state.verify import verify_workspace

    with both() as drivers:
        for name, driver in drivers.items():
            _make_runs(driver)
            same, heads, entries = _rebuilt(Store(driver))
            store, watched = watch(driver)
            started = time.perf_counter()
            problems = verify_workspace(store)
            took = time.perf_counter() - started
            print(
                f"{name}: {same} of {heads} kept folds rebuilt byte for byte from {entries} entries of {RUNS} runs (target: all)\n"
                f"  the workspace verifies in {took:.1f} s, {len(watched.calls)} requests; problems: {problems or 'none'}"
            )


def _rebuilt(store: Store) -> tuple[int, int, int]:
    """Kept folds that come out again, of how many, from how many entries."""
    from shared.state import machine, runs

    same = heads = entries = 0
    for state in runs.list_runs(store, limit=10_000):
        log = runs.Reader(store, state.workspace, state.id)
        log.read_on()
        told = log.take()
        entries += len(told)
        kept = store.get(log.folder / "head.json")
        if kept is not None:
            heads += 1
            same += runs.head_bytes(machine.fold(told), log.tip) == kept.body
    return same, heads, entries


def _make_runs(driver: Driver) -> None:
    """Runs with files, chains, failed and cancelled ones, in turn."""
    from functions.work import start, work
    from shared.state import runs

    queue: list[RunRef] = []

    class Queue:
        name = "bench"

        def submit(self, ref: RunRef, tier: str) -> None:
            queue.append(ref)

    store = Store(driver)
    for number in range(RUNS):
        match number % 8:
            case 0:
                runs.cancel(store, start(store, "bench_files", Files(sizes=[])).id, reason="not wanted")
            case 1:
                queue.append(start(store, "bench_files", Files(sizes=[1_000], fail=True)).ref)
            case 2:
                queue.append(start(store, "bench_phase", Phase(seconds=0)).ref)
            case _:
                queue.append(start(store, "bench_files", Files(sizes=[1_000, 50_000]), idempotency_key=f"run {number}").ref)
        while queue:
            work(store, queue.pop(0), Queue())
