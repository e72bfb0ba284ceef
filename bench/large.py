"""A group-by over a 1 GB CSV, question to report, on the cores there are: time and peak memory.

    python -m bench.large

One run of `agentforge analyze` as a user starts it. The peak is that of the two processes of ours together (the host and the
sandbox's child), sampled from /proc every 50 ms: the sum of their resident sets. The file is made with DuckDB in the system's
temporary folder (3 GB are needed) and removed.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.ingest import LARGE_ROWS, write_sales

GOAL = "average price by region"
TARGET_GB = 2.0


def resident(root: int) -> float:
    """Resident GB of a process and its descendants."""
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
    family, found = {root}, True
    while found:
        found = bool(new := {pid for pid, parent in parents.items() if parent in family and pid not in family})
        family |= new
    return sum(pages.get(pid, 0) for pid in family) * os.sysconf("SC_PAGE_SIZE") / 1e9


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "orders.csv"
        write_sales(table, LARGE_ROWS)
        environment = {**os.environ, "AGENTFORGE_STORE": str(folder / "store")}
        command = [sys.executable, "-c", "from handlers.cli import main; main()", "analyze", str(table), GOAL]
        started, peak = time.perf_counter(), 0.0
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.05)
        elapsed = time.perf_counter() - started
        said = process.stdout.read().splitlines() if process.stdout else []
        print(f"{table.stat().st_size / 1e9:.2f} GB CSV, {GOAL!r}, exit code {process.returncode}:")
        print("  " + " ".join(said[1:4]))
        print(f"  {elapsed:.1f} s, peak {peak:.2f} GB resident, host and sandbox together   (target: at most {TARGET_GB:.0f} GB)")


if __name__ == "__main__":
    main()
