"""Where generated and supplied code runs: cells in a session, files in, JSON out. The kernel, or a cloud, is the boundary.

`open_session` opens the one that AGENTFORGE_SANDBOX names and says in `Session.level` what holds the code;
`SandboxUnavailable` where nothing safe can be built. `child.py` runs cells, wherever that is, and
`values.py` makes plain data of what they leave. `local.py` has the sessions here and a pool of those that wait: `process.py`
forks them from `zygote.py`, where `namespaces.py` gives each a root of its own and `confine.py` takes all rights from it, and
`channel.py` talks to them; `cgroups.py` bounds them once more where this user may. `remote.py` talks to a child in a cloud
sandbox, which `modal.py` and `e2b.py` make. Nothing here reads plans or runs.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import AfterValidator, BaseModel, Field

from shared import settings
from shared.errors import BadInput, SandboxUnavailable

# What every child finds in its environment. One thread for BLAS and OpenMP: sums do not depend on the machine, and no thread
# may be running when a child confines itself (hence Arrow's setting too).
ENVIRONMENT = {
    "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "JOBLIB_MULTIPROCESSING": "0", "MPLBACKEND": "Agg", "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # fmt: skip


class Limits(BaseModel, frozen=True):
    """What one session may use."""

    wall_s: float = 60  # of one cell
    cpu_s: int = 120  # of the whole session
    memory_mb: int = 4096  # private memory, as RLIMIT_DATA counts it; resident memory is watched as well
    output_bytes: int = 1_000_000  # of each of a cell's stdout and stderr; what is beyond is dropped and said
    result_bytes: int = 10_000_000  # of a cell's result and charts as JSON; beyond it, the cell fails
    file_bytes: int = 1 << 30  # of any one file the session writes
    tmp_mb: int = 512  # of all files the session writes together, where it has a root of its own
    processes: int = 256  # the one process and its threads; starting a second process is always refused


class CellError(BaseModel):
    """An exception of the cell's own, or what stopped it: TimeLimit, MemoryLimit, OutputLimit, ProcessLimit,
    SandboxDied, ResultNotJSON."""

    name: str
    value: str
    traceback: str = ""  # only frames of cells


class Usage(BaseModel):
    """What the kernel counted. In a cloud sandbox the process that runs the cells tells it, so a cell may lie there."""

    cpu_ms: float = Field(ge=0, allow_inf_nan=False)  # of the cell
    memory_mb: float = Field(ge=0, allow_inf_nan=False)  # the most that was resident since the session began, libraries included


def _png(text: str) -> str:
    if not base64.b64decode(text, validate=True).startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        raise ValueError("not a PNG")
    return text


class Execution(BaseModel):
    """What one cell did.

    `result`: the last expression as JSON; a table is {"columns", "rows" (at most 1,000), "n" (all of them)}, NaN
    and infinities are null, integers beyond 2**53 are strings. `charts`: Vega-Lite specifications, from `display`
    or the last expression. `pngs`, in base64: matplotlib's figures, those that pyplot has open at the cell's end too, and
    what draws itself by `_repr_png_`. `usage`, as last seen, is None where nobody saw it. After TimeLimit, SandboxDied and
    the like the session is over.
    """

    stdout: str = ""
    stderr: str = ""
    result: Any = None
    charts: list[dict[str, Any]] = []
    pngs: list[Annotated[str, AfterValidator(_png)]] = []
    error: CellError | None = None
    ms: float = 0.0
    usage: Usage | None = None
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
    for name, path in files.items():
        if not _plain(name):
            raise BadInput(f"{name[:300]!r} cannot be the name of a file in a session.", "Use a plain file name of at most 255 bytes.")
        if not path.is_file():
            raise BadInput(f"There is no file {path}.")
    if tools is not None and not tools.is_dir():
        raise BadInput(f"There is no folder {tools}.")
    match settings.sandbox():
        case "modal":
            from shared.sandbox.modal import open_modal

            return open_modal(files, limits, tools)
        case "e2b":
            from shared.sandbox.e2b import open_e2b

            return open_e2b(files, limits, tools)
    if settings.in_runpod():
        raise SandboxUnavailable("Code is not run in a RunPod container: secrets are there.", "Set AGENTFORGE_SANDBOX to e2b or modal.")
    from shared.sandbox.local import open_local

    return open_local(files, limits, tools)


def _plain(name: str) -> bool:
    try:
        return 0 < len(os.fsencode(name)) <= 255 and name not in (".", "..") and not {"/", "\0"} & {*name}
    except UnicodeEncodeError:
        return False


def prewarm(sessions: int = 1) -> None:
    """Have the libraries imported and so many sessions wait for the next `open_session`; returns at once."""
    match settings.sandbox():
        case "modal":
            from shared.sandbox.modal import prewarm_modal

            prewarm_modal()
        case "local" if not settings.in_runpod():
            from shared.sandbox.local import prewarm_local

            prewarm_local(sessions)
