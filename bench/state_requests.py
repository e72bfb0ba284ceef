"""How many requests a run makes of its store, what they cost, and whether the run says so itself."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.moto import moto
from bench.state_functions import PHASES, Phase
from bench.watched import Watched, watch
from shared.state.driver import Driver
from shared.state.machine import RunState
from shared.state.runs import RunRef
from shared.state.store import Store, list_price_usd

ROOT = Path(__file__).parent.parent
CSV, GOAL = ROOT / "examples/cars.csv", "average Miles_per_Gallon by Origin"
FIXED, PER_PHASE, PER_10_S = 14, 6, 1  # the targets
PHASE_S = (20.0, 2.5)  # seconds of work in each of the eight phases: a long chain and a short one


@contextmanager
def both() -> Iterator[dict[str, Driver]]:
    """An S3 and a folder."""
    from shared.state.folder import FolderDriver
    from shared.state.s3 import S3Driver

    with moto() as bucket, TemporaryDirectory() as folder:
        yield {"moto": S3Driver(bucket), "folder": FolderDriver(Path(folder))}


def requests() -> None:
    """One analysis, and an eight-phase run with an event every second: the control plane's requests, from opening to settled."""
    chain = partial(_whole_run, function="bench_phase")
    with both() as drivers:
        for name, driver in drivers.items():
            input = {"sources": [str(CSV)], "goal": GOAL}
            _report(f"one analysis, {name}", _whole_run(driver, "analyze", input, idempotency_key="bench"), lambda _: FIXED)
        with ThreadPoolExecutor(4) as pool:
            chains = {
                f"{PHASES} phases of {seconds:g} s, {name}": pool.submit(
                    chain, driver, input=Phase(seconds=seconds).model_dump(), idempotency_key=f"chain of {seconds} s"
                )
                for seconds in PHASE_S
                for name, driver in drivers.items()
            }
        for what, found in chains.items():
            _report(what, found.result(), lambda took: FIXED + PER_PHASE * PHASES + PER_10_S * took / 10)
        for name, driver in drivers.items():
            first, next = _sweep(driver), _sweep(driver)
            print(f"a sweep with nothing due, {name}: {next} requests, the first of a day {first}, however many runs there are")


def _whole_run(driver: Driver, function: str, input: Mapping[str, object], **options: str) -> tuple[RunState, Watched, float]:
    """Opener and workers with stores of their own, every call seen where it reaches the store."""
    from functions.work import start, work

    queue: list[RunRef] = []

    class Queue:
        name = "bench"

        def submit(self, ref: RunRef, tier: str) -> None:
            queue.append(ref)

    store, watched = watch(driver)
    started = time.monotonic()
    queue.append(start(store, function, input, **options).ref)
    while queue:
        state = work(Store(store.driver), queue.pop(0), Queue())
    assert state.state == "succeeded", state.error
    return state, watched, time.monotonic() - started


def _sweep(driver: Driver) -> int:
    from functions.sweep import sweep
    from shared.backends import Here

    store, watched = watch(driver)
    sweep(store, Here(), "bench")
    return len(watched.calls)


def _report(what: str, found: tuple[RunState, Watched, float], most: Callable[[float], float]) -> None:
    state, watched, took = found
    seen = watched.counts()
    control, data = seen["control"].total(), seen["data"].total()
    same = all({k: v for k, v in state.requests[plane].items() if v} == dict(seen[plane]) for plane in ("control", "data"))
    print(f"{what} ({took:.1f} s): {control} requests of the control plane   (target: at most {most(took):.0f})")
    print(f"    {dict(seen['control'])}; data {data} {dict(seen['data'])}; list price ${list_price_usd(seen):.6f}")
    print(f"    its own record says {'the same' if same else state.requests}")
