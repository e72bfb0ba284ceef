"""Reading and profiling a CSV: 10 MB in a warm process, and 1 GB against pandas.

    python -m bench.ingest [--small]

The peer is `pandas.read_csv(f).describe(include="all")`. For 1 GB every run is a process of its own; its peak memory is
the largest resident set the kernel counted. Medians of 3. The files are made with DuckDB in the system's temporary folder
(2.5 GB are needed) and removed. `--small` leaves the 1 GB out.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from shared.analysis.profile import profile
from shared.analysis.snapshot import take_snapshot

RUNS = 3
TARGET_MS, TARGET_RATIO, TARGET_GB = 150, 5, 2
SMALL_ROWS, LARGE_ROWS = 200_000, 20_000_000
PEAK = "import resource; peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6"
OURS = f"""
import json, sys, time
from pathlib import Path
start = time.perf_counter()
from shared.analysis.profile import profile
from shared.analysis.snapshot import take_snapshot
snapshot = take_snapshot([Path(sys.argv[1])], Path(sys.argv[2]))
read = time.perf_counter()
profile(snapshot, Path(sys.argv[2]))
{PEAK}
print(json.dumps([read - start, time.perf_counter() - read, peak]))
"""
PEER = f"""
import json, sys, time
start = time.perf_counter()
import pandas
frame = pandas.read_csv(sys.argv[1])
read = time.perf_counter()
frame.describe(include="all")
{PEAK}
print(json.dumps([read - start, time.perf_counter() - read, peak]))
"""


def write_sales(path: Path, rows: int) -> None:
    """Two categories, a date and three numbers, the same bytes every time."""
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    con.execute(
        f"""COPY (
            SELECT ['North', 'South', 'East', 'West', 'Centre'][1 + (hash(i) % 5)::INT] AS region,
                ['alpha widget', 'beta gadget', 'gamma gizmo', 'delta thing'][1 + (hash(i * 7) % 4)::INT] AS product,
                DATE '2020-01-01' + (hash(i * 3) % 1200)::INT AS day,
                hash(i * 11) % 1000 AS units,
                round((hash(i * 13) % 1000000) / 971.0, 2) AS price,
                round((hash(i * 17) % 1000000) / 37.0, 4) AS weight
            FROM range({rows}) AS rows(i)
        ) TO '{path}' (HEADER)"""
    )


def small(folder: Path) -> None:
    table = folder / "small.csv"
    write_sales(table, SMALL_ROWS)
    times = []
    for _ in range(RUNS + 1):  # the first one warms up
        start = time.perf_counter()
        snapshot = take_snapshot([table], folder / "small")
        read = time.perf_counter()
        profile(snapshot, folder / "small")
        times.append((1000 * (read - start), 1000 * (time.perf_counter() - read)))
    read_ms, profile_ms = (statistics.median(column) for column in zip(*times[1:], strict=True))
    print(f"{table.stat().st_size / 1e6:.0f} MB CSV, {SMALL_ROWS:,} rows × 6 columns, warm process, medians of {RUNS}:")
    print(f"  snapshot {read_ms:.0f} ms + profile {profile_ms:.0f} ms = {read_ms + profile_ms:.0f} ms   (target: {TARGET_MS})")


def large(folder: Path) -> None:
    table = folder / "large.csv"
    write_sales(table, LARGE_ROWS)
    runs: dict[str, list[list[float]]] = {"ours": [], "peer": []}
    for _ in range(RUNS):
        for who, script in (("peer", PEER), ("ours", OURS)):
            command = [sys.executable, "-c", script, str(table), str(folder / "large")]
            runs[who].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    read, described, peak = (statistics.median(column) for column in zip(*runs["peer"], strict=True))
    ours_read, ours_profile, ours_peak = (statistics.median(column) for column in zip(*runs["ours"], strict=True))
    total, ours = read + described, ours_read + ours_profile
    print(f"{table.stat().st_size / 1e9:.2f} GB CSV, {LARGE_ROWS:,} rows × 6 columns, fresh processes, medians of {RUNS}:")
    print(f"  pandas   read {read:.1f} s + describe {described:.1f} s = {total:.1f} s, peak {peak:.2f} GB")
    print(f"  ours     snapshot {ours_read:.1f} s + profile {ours_profile:.1f} s = {ours:.1f} s, peak {ours_peak:.2f} GB")
    print(f"  pandas / (snapshot + profile)  {total / ours:.1f}   (target: {TARGET_RATIO})")
    print(f"  pandas / profile alone         {total / ours_profile:.1f}")
    print(f"  peak memory                    {ours_peak:.2f} GB   (target: below {TARGET_GB})")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        small(Path(name))
        if "--small" not in sys.argv:
            large(Path(name))


if __name__ == "__main__":
    main()
