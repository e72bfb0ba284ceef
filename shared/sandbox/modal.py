"""Cells in a Modal Sandbox: a gVisor container of its own, without network, secrets or volumes.

Needs the extra `modal`, credentials for Modal where this process runs, and the image that `agentforge deploy modal` publishes.
A sandbox ends with its session; if the host dies, its child ends when nothing was asked of it for a while, and the sandbox
soon after.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shared.errors import AgentForgeError, SandboxUnavailable
from shared.sandbox import ENVIRONMENT, Limits
from shared.sandbox.remote import Child, RemoteSession, SandboxLost, child_source, placed
from shared.settings import MODAL_APP

IMAGE = "agentforge-cells"  # the name under which the image of the cells is published
FOLDER = "/agentforge"  # in the sandbox
CPU = (1.0, 2.0)  # cores: asked for, and at most
MEMORY_MB = 1024  # asked for; and what a sandbox may use beyond the session's own limit
SESSION_S = 3600  # no sandbox outlives this
IDLE_S = 60  # nor, by so much, its child


class _Wire:
    """The child's process in its sandbox."""

    def __init__(self, box: Any, process: Any = None) -> None:
        self.box, self._process, self._ended = box, process, False

    def send(self, data: bytes) -> None:
        self._process.stdin.write(data)
        self._process.stdin.drain()

    def received(self) -> Iterator[bytes]:
        yield from self._process.stdout

    def exit_status(self) -> int | None:
        status: int | None = None if self._ended else self._process.poll()
        return status

    def end(self) -> None:
        self._ended = True
        with contextlib.suppress(Exception):
            self.box.terminate()
            self.box.detach()


_spare: "Future[tuple[_Wire, Child]] | None" = None
_spare_lock = threading.Lock()


def prewarm_modal() -> None:
    global _spare
    with _spare_lock:
        if _spare is None or not _waits(_spare):
            _spare = Future()
            threading.Thread(target=_start_spare, args=(_spare,), name="sandbox-starter", daemon=True).start()


def open_modal(files: Mapping[str, Path], limits: Limits, tools: Path | None) -> RemoteSession:
    """A session in a Modal Sandbox; see `shared.sandbox.open_session`. SandboxLost where another try may help."""
    wire, child = _take(limits)
    try:
        with ThreadPoolExecutor(8, "upload") as pool:  # while the child imports its libraries
            for done in [pool.submit(wire.box.filesystem.copy_from_local, path, f"{FOLDER}/{name}")
                         for name, path in placed(files, tools).items()]:  # fmt: skip
                done.result()
    except Exception as error:
        wire.end()
        raise _unavailable(error) from error
    return RemoteSession(child, limits, "modal-sandbox", tools is not None)


def _take(limits: Limits) -> tuple[_Wire, Child]:
    """The spare one if it suits and still lives, or a new one."""
    global _spare
    if limits == Limits():
        with _spare_lock:
            spare, _spare = _spare, None
        with contextlib.suppress(AgentForgeError):  # a new one tells what is wrong
            if spare is not None and spare.result()[1].quiet:
                return spare.result()
    return _start(limits)


def _start_spare(spare: "Future[tuple[_Wire, Child]]") -> None:
    try:
        spare.set_result(_start(Limits()))
    except BaseException as error:
        spare.set_exception(error)


def _waits(spare: "Future[tuple[_Wire, Child]]") -> bool:
    return not spare.done() or (spare.exception() is None and spare.result()[1].quiet)


def _start(limits: Limits) -> tuple[_Wire, Child]:
    """A sandbox with a child in it. SandboxUnavailable, SandboxLost."""
    try:
        import modal
    except ImportError:
        raise SandboxUnavailable("The package modal is not installed here.", "pip install 'agentforge[modal]'") from None
    box = None
    try:
        box = modal.Sandbox.create(
            app=modal.App.lookup(MODAL_APP, create_if_missing=True),
            image=modal.Image.from_name(IMAGE),
            block_network=True,
            cpu=CPU,
            memory=(MEMORY_MB, limits.memory_mb + MEMORY_MB),
            timeout=SESSION_S,
            idle_timeout=IDLE_S,
        )
        program = ("python", "-sP", "-Xutf8", "-c", child_source(), FOLDER)
        wire = _Wire(box, box.exec(*program, env=dict(ENVIRONMENT), text=False))
    except Exception as error:
        if box is not None:
            _Wire(box).end()
        raise _unavailable(error) from error
    return wire, Child(wire, limits)


def _unavailable(error: Exception) -> SandboxUnavailable:
    """What an error of Modal's library means to us."""
    from modal import exception as of

    told = f"{type(error).__name__}: {error}"[:300]
    match error:
        case of.AuthError() | of.PermissionDeniedError():
            return SandboxUnavailable(f"Modal refused us ({told}).", "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.")
        case of.NotFoundError():
            return SandboxUnavailable(f"Modal lacks what the cells need ({told}).", "Deploy it first: agentforge deploy modal.")
        case of.InvalidError():
            return SandboxUnavailable(f"Modal cannot make such a sandbox ({told}).")
    return SandboxLost(f"Modal made no sandbox ({told}).", "Try again.")
