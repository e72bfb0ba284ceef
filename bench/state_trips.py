"""How many answers of a distant store opening a run and asking for its state wait for, one after the other."""

import statistics
import time
from collections.abc import Callable
from functools import partial

from bench.watched import Watched, watch
from shared.state import runs
from shared.state.memory import MemoryDriver
from shared.state.run import Run
from shared.state.store import Store

PUT_S, GET_S = 0.1, 0.063  # S3 from a serverless worker, as the design plans for
ROUNDS = 7


def trips() -> None:
    """Trips: the longest chain of calls of which each waited for the one before. The times have our own work in them."""
    print(f"{PUT_S * 1000:.0f} ms to put or delete, {GET_S * 1000:.0f} ms to get or list; medians of {ROUNDS}")
    driver = MemoryDriver()
    distant, watched = watch(driver, PUT_S, GET_S)
    show = partial(_show, watched)
    show("opening a run", PUT_S, 6, lambda: runs.open_run(distant, "bench", {}))
    keys = iter(f"key {number}" for number in range(ROUNDS))
    keyed = partial(runs.open_run, distant, "bench", {})
    show("opening a run under an idempotency key", PUT_S, 6, lambda: keyed(idempotency_key=next(keys)))
    show("the same again", PUT_S, 6, lambda: keyed(idempotency_key="key 0"))
    for what, id in _examples(Store(driver)).items():
        show(f"exact state of {what}", GET_S, 2, lambda id=id: runs.status(distant, id))
        show(f"cached state of {what}", GET_S, 1, lambda id=id: runs.status(distant, id, cached=True))


def _examples(store: Store) -> dict[str, str]:
    """A run of every kind that is asked for."""

    def run(entries: int, over: bool = False) -> str:
        """A claimed run with that many entries, written as a worker writes them."""
        ref = runs.open_run(store, "bench", {}).ref
        taken = Run.take(store, ref, "bench")
        while taken.state.entries < entries:
            taken.progress(taken.state.entries)
            taken.flush()
        if over:
            taken.finish("succeeded", output=None)
            runs.settle(taken.log)
        return ref.id

    return {
        "a run that has just begun (2 entries, no fold kept)": run(2),
        "a run at work (40 entries)": run(40),
        "a run at work for hours (900 entries)": run(900),
        "a run at work for longer (1,100 entries)": run(1100),
        "a run that is over": run(10, over=True),
    }


def _show(watched: Watched, what: str, delay_s: float, most: int, call: Callable[[], object]) -> None:
    taken, trips = list[float](), list[int]()
    for _ in range(ROUNDS):
        watched.calls.clear()
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
        trips.append(watched.trips())
    median = statistics.median(taken)
    print(
        f"  {what}: {statistics.median(trips)} trips, {len(watched.calls)} requests   (target: at most {most})"
        f"   {median * 1000:.0f} ms = {median / delay_s:.2f} × {delay_s * 1000:.0f} ms"
    )
