"""A question in a process that has answered before: `analyze` called again and again, as a server would.

    python -m bench.warm

Every call takes its sandbox from a spare that waits with its libraries imported. Like a server, we start the next spare
after an answer, and a pause between calls lets it get ready. The whole call is from opening the run to its answer read back
from the store, a local folder. Medians of five calls after two that are not counted.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.orders import GOAL, write_orders

RUNS, UNCOUNTED, PAUSE_S = 5, 2, 2.5
TARGET_MS = 300


def main() -> None:
    from functions.analyze import AnalyzeInput
    from functions.analyze.files import load_analysis
    from functions.work import start
    from functions.worker import work_through
    from shared import sandbox
    from shared.state.opening import open_store
    from shared.state.runs import load

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = write_orders(folder / "orders.csv")
        request, store = AnalyzeInput(sources=[str(table)], goal=GOAL), open_store(folder / "store")
        taken: list[float] = []
        stages: list[dict[str, float]] = []
        cells: list[dict[str, float]] = []
        for turn in range(RUNS + UNCOUNTED):
            sandbox.prewarm()
            time.sleep(PAUSE_S)
            started = time.perf_counter()
            opened = start(store, "analyze", request)
            work_through(store, opened.ref)
            analysis = load_analysis(load(store, opened.id))
            elapsed = (time.perf_counter() - started) * 1000
            assert analysis is not None and analysis.status == "succeeded" and analysis.charts and analysis.verification.checks[0].status == "agrees"
            if turn >= UNCOUNTED:
                taken.append(elapsed)
                stages.append(analysis.receipt.ms)
                cells.append({cell.id: cell.ms for cell in analysis.cells})
        median = statistics.median(taken)
        print(f"{table.stat().st_size / 1e6:.1f} MB CSV, {GOAL!r}, verified and with PNG, in a warm process, medians of {RUNS}:")
        print(f"  whole call   {median:.0f} ms   {sorted(round(t) for t in taken)}   (target: at most {TARGET_MS})")
        print(f"  stages       {_medians(stages)}")
        print(f"  cells        {_medians(cells)}")


def _medians(all: list[dict[str, Any]]) -> str:
    return ", ".join(f"{name} {statistics.median(each[name] for each in all):.0f}" for name in all[0])


if __name__ == "__main__":
    main()
