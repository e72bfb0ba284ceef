"""Confined sessions against a Jupyter kernel brought to the same imports, in one run on one machine.

    python -m bench.sandbox

A session is ready when a first cell has answered that pandas, DuckDB and Altair are imported. The kernel is `jupyter_client`'s, unconfined.
Then: a CSV read, grouped and drawn as a chart's JSON in a session from the pool; and 100 sessions at once.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

IMPORTS = "import pandas, duckdb, altair"
IMPORTED = "import sys\nall(name in sys.modules for name in ('pandas', 'duck' 'db', 'altair'))"  # DuckDB unnamed: no database is made
KERNELS, SESSIONS, POOL, AT_ONCE = 3, 40, 20, 100
WORK = """
import altair as alt, pandas as pd
means = pd.read_csv('shops.csv').groupby('city').sales.mean().sort_values(ascending=False).reset_index()
alt.Chart(means).mark_bar().encode(x='sales:Q', y=alt.Y('city:N', sort='-x'))
"""


def main() -> None:
    from shared.sandbox import Limits, open_session, prewarm

    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "shops.csv"
        table.write_text("city,sales\n" + "".join(f"city {n % 12},{n % 97}\n" for n in range(2000)))
        kernel = statistics.median(_kernel_ms() for _ in range(KERNELS))
        print(f"Jupyter kernel ready with {IMPORTS!r}, median of {KERNELS}: {kernel:.0f} ms")

        def session(code: str = IMPORTED) -> Callable[[], float]:
            def once() -> float:
                started = time.perf_counter()
                opened = open_session({"shops.csv": table})
                ready = (time.perf_counter() - started) * 1000
                with opened:
                    began = time.perf_counter()
                    execution = opened.run(code)
                    assert execution.error is None and (execution.result is True or code == WORK), execution
                    worked = (time.perf_counter() - began) * 1000
                return worked if code == WORK else ready + worked

            return once

        with open_session({}) as first:
            print(f"level {first.level}")
        time.sleep(5)  # the zygote finishes its imports
        _tell("on demand", [session()() for _ in range(SESSIONS)], kernel, 20, 45)
        ready: list[float] = []
        for _ in range(SESSIONS // POOL):
            prewarm(POOL)
            time.sleep(3)
            ready += [session()() for _ in range(POOL)]
        _tell("from the pool", ready, kernel, 2, 400)
        prewarm(POOL)
        time.sleep(3)
        work = [session(WORK)() for _ in range(POOL)]
        print(f"CSV → group-by → chart JSON: p50 {statistics.median(work):.0f} ms, worst {max(work):.0f} ms (target p50 ≤ 60)")

        small = Limits(memory_mb=512)
        before, started = _resident_mb(), time.perf_counter()

        def one(number: int) -> int:
            with open_session({"shops.csv": table}, small) as opened:
                return opened.run(f"import pandas as pd\nint(pd.read_csv('shops.csv').sales.sum()) + {number}").result

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(one, range(AT_ONCE)))
        assert len({answer - number for number, answer in enumerate(answers)}) == 1
        print(
            f"{AT_ONCE} sessions at once on {os.cpu_count()} cores: all answered in {time.perf_counter() - started:.1f} s; "
            f"the host grew by {_resident_mb() - before:.0f} MB"
        )


def _kernel_ms() -> float:
    from jupyter_client.manager import start_new_kernel

    started = time.perf_counter()
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(IMPORTS, timeout=60)
        return (time.perf_counter() - started) * 1000
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _tell(how: str, ms: list[float], kernel: float, target: int, ratio: int) -> None:
    median, p95 = statistics.median(ms), sorted(ms)[int(len(ms) * 0.95)]
    print(
        f"session {how}: p50 {median:.1f} ms, p95 {p95:.1f} ms of {len(ms)} (target p50 ≤ {target}); "
        f"{kernel / median:.0f} × faster than the kernel (target ≥ {ratio})"
    )


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
