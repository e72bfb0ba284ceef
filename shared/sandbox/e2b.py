"""Cells in an E2B sandbox: a virtual machine of its own, without network and secrets.

Needs the extra `e2b`, a key of E2B, and the template that infra/e2b/template.py builds. A sandbox ends with its session; if the
host dies, E2B ends it when the time that was last asked for is over. How much memory it has is the template's to say.
"""

import contextlib
import os
import shlex
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shared import settings
from shared.errors import SandboxUnavailable
from shared.sandbox import ENVIRONMENT, Limits
from shared.sandbox.remote import Child, RemoteSession, SandboxLost, child_source, placed

FOLDER = "/tmp/agentforge"  # in the sandbox
KEPT_S = 600  # a sandbox that was not asked anything for this long ends


class _Wire:
    """The child's process in its sandbox."""

    def __init__(self, box: Any, process: Any, kept_s: int) -> None:
        self.box, self._process, self._kept_s = box, process, kept_s
        self._ends = time.monotonic() + kept_s

    def send(self, data: bytes) -> None:
        if self._ends - time.monotonic() < self._kept_s * 0.9:
            self.box.set_timeout(self._kept_s)
            self._ends = time.monotonic() + self._kept_s
        self._process.send_stdin(data)

    def received(self) -> Iterator[bytes]:
        for out, _, _ in self._process:
            if out:
                yield out.encode()

    def exit_status(self) -> int | None:
        try:
            status: int = self._process.wait().exit_code
        except Exception as ended:  # what a command that failed raises tells it too
            return getattr(ended, "exit_code", None)
        return status

    def end(self) -> None:
        with contextlib.suppress(Exception):
            self.box.kill()


def open_e2b(files: Mapping[str, Path], limits: Limits, tools: Path | None) -> RemoteSession:
    """A session in an E2B sandbox; see `shared.sandbox.open_session`. SandboxLost where another try may help."""
    wire, child = _start(limits)
    try:
        with ThreadPoolExecutor(8, "upload") as pool:  # while the child imports its libraries
            for done in [pool.submit(_upload, wire.box, name, path) for name, path in placed(files, tools).items()]:
                done.result()
    except Exception as error:
        wire.end()
        raise _unavailable(error) from error
    return RemoteSession(child, limits, "e2b", tools is not None)


def _upload(box: Any, name: str, path: Path) -> None:
    with path.open("rb") as file:
        box.files.write(f"{FOLDER}/{name}", file)


def _start(limits: Limits) -> tuple[_Wire, Child]:
    """A sandbox with a child in it. SandboxUnavailable, SandboxLost."""
    try:
        from e2b import Sandbox
    except ImportError:
        raise SandboxUnavailable("The package e2b is not installed here.", "pip install 'agentforge[e2b]'") from None
    if not os.environ.get("E2B_API_KEY", "").strip():
        raise SandboxUnavailable("Cells are to run on E2B, and E2B_API_KEY is not set.", "Set it to a key of your E2B account.")
    box, kept_s = None, max(KEPT_S, int(2 * limits.wall_s))
    try:
        # HTTP/1.1, as the library itself takes for downloads: over HTTP/2, E2B's proxy breaks long answers off
        box = Sandbox.create(settings.e2b_template(), kept_s, allow_internet_access=False, http_version="1.1")
        program = shlex.join(["python", "-sP", "-Xutf8", "-c", child_source(), FOLDER])
        command = f"{program}; exit $?"  # by way of the shell: it says which signal ended the child
        process = box.commands.run(command, background=True, stdin=True, envs=dict(ENVIRONMENT), timeout=0, retain_output=False)
    except Exception as error:
        if box is not None:
            _Wire(box, None, kept_s).end()
        raise _unavailable(error) from error
    wire = _Wire(box, process, kept_s)
    return wire, Child(wire, limits)


def _unavailable(error: Exception) -> SandboxUnavailable:
    """What an error of E2B's library means to us."""
    import e2b

    told = f"{type(error).__name__}: {error}"[:300]
    match error:
        case e2b.AuthenticationException() | e2b.SandboxException(status_code=403):
            return SandboxUnavailable("E2B refused us.", "Set E2B_API_KEY to a key of your E2B account.")
        case e2b.SandboxException(status_code=404) | e2b.TemplateException():
            hint = "Build it (python infra/e2b/template.py), or set AGENTFORGE_E2B_TEMPLATE to one that has the same libraries."
            return SandboxUnavailable(f"E2B lacks the template {settings.e2b_template()!r} ({told}).", hint)
        case e2b.SandboxException(status_code=400) | e2b.InvalidArgumentException():
            return SandboxUnavailable(f"E2B cannot make such a sandbox ({told}).")
    return SandboxLost(f"E2B made no sandbox ({told}).", "Try again.")
