"""Importing the function registry with everything in it, and the web app, against the libraries that any such service imports."""

import resource
import statistics
import subprocess
import sys
import time

ROUNDS, TARGET = 15, 1.6
OURS = {"the function registry": "from functions.registry import all_functions; all_functions()", "the web app": "import web.app"}
PEER = "import fastapi, boto3, pydantic"
LATE = ("torch", "pandas", "runpod", "modal", "duckdb", "scipy", "boto3")  # imported where they are used


def cold() -> None:
    times: dict[str, list[tuple[float, float]]] = {code: [] for code in (*OURS.values(), PEER)}
    for _ in range(ROUNDS):
        for code, taken in times.items():
            taken.append(_seconds(code))
    print(f"medians of {ROUNDS} processes in turn with `{PEER}`:")
    for what, code in OURS.items():
        wall, processor = ([statistics.median(each[i] for each in times[who]) for who in (code, PEER)] for i in (0, 1))
        loaded = subprocess.check_output([sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], text=True)
        early = sorted(set(LATE) & set(loaded.split()))
        print(f"  importing {what}: {wall[0]:.2f} s / {wall[1]:.2f} s = {wall[0] / wall[1]:.2f}   (target: at most {TARGET})")
        print(f"    processor time {processor[0]:.2f} s / {processor[1]:.2f} s = {processor[0] / processor[1]:.2f}")
        print(f"    of {', '.join(LATE)} it loads {', '.join(early) or 'none'}")


def _seconds(code: str) -> tuple[float, float]:
    """Wall and processor time of a process that runs `code`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
