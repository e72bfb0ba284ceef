"""Where generated and supplied code runs: cells in a session, files in, JSON out. The kernel is the boundary.

`open_session` picks what this machine can build and says so in `Session.level`; `SandboxUnavailable` where
nothing safe can be built. `local.py` is the host's side of a confined child process, `child.py` runs in that child,
`confine.py` takes the child's rights away. Nothing here reads plans, runs or settings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self

from pydantic import BaseModel


class Limits(BaseModel, frozen=True):
    """What one session may use."""

    wall_s: float = 60  # of one cell
    cpu_s: int = 120  # of the whole session
    memory_mb: int = 4096  # private memory, as RLIMIT_DATA counts it; resident memory is watched as well
    output_bytes: int = 1_000_000  # of each of a cell's stdout and stderr; what is beyond is dropped and said
    result_bytes: int = 10_000_000  # of a cell's result and charts as JSON; beyond it, the cell fails
    file_bytes: int = 1 << 30  # of any one file the session writes
    processes: int = 256  # the one process and its threads; starting a second process is always refused


class CellError(BaseModel):
    """An exception of the cell's own, or what stopped it: TimeLimit, MemoryLimit, OutputLimit, ProcessLimit,
    SandboxDied, ResultNotJSON."""

    name: str
    value: str
    traceback: str = ""  # only frames of cells


class Execution(BaseModel):
    """What one cell did.

    `result`: the last expression as JSON; a table is {"columns", "rows" (at most 1,000), "n" (all of them)}, NaN
    and infinities are null, integers beyond 2**53 are strings. `charts`: Vega-Lite specifications, from `display`
    or the last expression. After TimeLimit, SandboxDied and the like the session is over.
    """

    stdout: str = ""
    stderr: str = ""
    result: Any = None
    charts: list[dict[str, Any]] = []
    error: CellError | None = None
    ms: float = 0.0
    truncated: bool = False  # stdout or stderr was longer than what is here


class Session(Protocol):
    """Cells that share one namespace, run one after the other."""

    level: str

    def run(self, code: str, timeout: float | None = None) -> Execution:
        """Run one cell for at most `timeout` seconds, or `Limits.wall_s` if that is less. Never raises for its code."""

    def close(self) -> None:
        """End the session and delete its folder; twice is as good as once."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_session(files: Mapping[str, Path], limits: Limits = Limits(), tools: Path | None = None) -> Session:
    """A confined session whose read-only working folder holds `files` (name there → path here).

    `tools`: a folder its code may import from. Cells may write to the folder in $TMPDIR, and nowhere else.
    SandboxUnavailable if no confinement can be built; BadInput for a bad name or missing file.
    """
    from shared.sandbox.local import open_local

    return open_local(files, limits, tools)


def prewarm() -> None:
    """Start one spare child with the libraries imported, for the next `open_session`; does nothing if one waits."""
    from shared.sandbox.local import prewarm_local

    prewarm_local()
