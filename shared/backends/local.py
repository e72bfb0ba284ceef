"""Worker processes on this machine, kept alive: what the command line and a server on one machine use."""

import itertools
import os
import subprocess
import sys
import threading

from shared.state.runs import RunRef

COMMAND = (sys.executable, "-m", "handlers.cli", "worker", "--told")  # --told: references come on its standard input


class LocalBackend:
    """`processes` workers, started with the first run. They end with this process: their standard input closes."""

    name = "local"

    def __init__(self, processes: int | None = None) -> None:
        self._workers: list[subprocess.Popen[str] | None] = [None] * (processes or max(1, (os.cpu_count() or 2) // 2))
        self._turn = itertools.cycle(range(len(self._workers)))
        self._lock = threading.Lock()

    def submit(self, ref: RunRef, tier: str) -> None:
        """Tell the next worker; if it dies before it reads this, another one finds the run in the store."""
        with self._lock:
            worker = self._alive(next(self._turn))
            assert worker.stdin is not None
            try:
                worker.stdin.write(f"{ref}\n")
                worker.stdin.flush()
            except BrokenPipeError:
                pass

    def close(self) -> None:
        """Let the workers finish what they work on, and end."""
        for worker in filter(None, self._workers):
            if worker.stdin is not None:
                worker.stdin.close()
        for worker in filter(None, self._workers):
            worker.wait()

    def _alive(self, number: int) -> "subprocess.Popen[str]":
        worker = self._workers[number]
        if worker is None or worker.poll() is not None:
            worker = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, text=True)
            self._workers[number] = worker
        return worker
