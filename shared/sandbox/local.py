"""The host's side of a confined child process: start it, feed it cells, believe nothing it says.

Replies are length-prefixed JSON of bounded size, never pickle. The child may close, flood or forge its channel: that
ends the cell with an error that has a name, and the session with it.
"""

import json
import os
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import from_json

from shared.errors import SandboxUnavailable
from shared.sandbox import ENVIRONMENT, CellError, Execution, Limits, confine

_START_S = 30.0  # what a child may take to import and confine itself, on a busy machine
_ELSEWHERE = "Run on Linux 5.13 or later, or set AGENTFORGE_SANDBOX to e2b or modal: E2B or a Modal Sandbox then runs the cells."
_WATCH_S = 0.1


class _Ended(Exception):
    """The child can run no more cells: `name` and text of the CellError that says why."""


class _Child:
    """A child process, its pipes and its folder: work/ (read-only, the cells' working folder) and tmp/."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="agentforge-")).resolve()
        self.work, self.tmp = self.folder / "work", self.folder / "tmp"
        self.work.mkdir()
        self.tmp.mkdir()
        theirs, self.commands = os.pipe()
        self.replies, replies = os.pipe()
        script = Path(__file__).with_name("child.py")
        arguments = [str(script), str(theirs), str(replies), str(os.getpid())]
        self.process = subprocess.Popen(
            [sys.executable, "-sP", "-Xutf8", *arguments], cwd=self.work, pass_fds=(theirs, replies),
            env=_environment(self.tmp), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(theirs)
        os.close(replies)
        assert self.process.stdout and self.process.stderr
        self.output = {self.process.stdout.fileno(): bytearray(), self.process.stderr.fileno(): bytearray()}
        for fd in (self.commands, self.replies, *self.output):
            os.set_blocking(fd, False)
        self.end = weakref.finalize(self, _end, self.process, self.folder, (self.commands, self.replies), os.getpid())


def _environment(tmp: Path) -> dict[str, str]:
    """All the child gets."""
    libraries = {"LD_LIBRARY_PATH": os.environ["LD_LIBRARY_PATH"]} if "LD_LIBRARY_PATH" in os.environ else {}
    return {**ENVIRONMENT, **libraries, "HOME": str(tmp), "TMPDIR": str(tmp)}


def _end(process: subprocess.Popen[bytes], folder: Path, fds: tuple[int, ...], owner: int) -> None:
    if os.getpid() != owner:  # a fork of the host has the object, not the child
        return
    process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    for fd in fds:
        os.close(fd)
    shutil.rmtree(folder, ignore_errors=True)


# The kernel kills a child when the thread that started it ends: one thread, as long-lived as the host, starts all.
_starter = ThreadPoolExecutor(1, "sandbox-starter")
_spare: _Child | None = None
_spare_lock = threading.Lock()


def _forget() -> None:
    global _starter, _spare, _spare_lock
    _starter, _spare, _spare_lock = ThreadPoolExecutor(1, "sandbox-starter"), None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def prewarm_local() -> None:
    global _spare
    if confine.missing():
        return
    with _spare_lock:
        if _spare is None or _spare.process.poll() is not None:
            _spare = _starter.submit(_Child).result()


def _take() -> _Child:
    global _spare
    with _spare_lock:
        child, _spare = _spare, None
    if child is not None and child.process.poll() is None:
        return child
    return _starter.submit(_Child).result()


def open_local(files: Mapping[str, Path], limits: Limits, tools: Path | None) -> "LocalSession":
    """A session in a confined child; see `shared.sandbox.open_session`."""
    lacking = confine.missing()
    if lacking:
        raise SandboxUnavailable(f"Code cannot be confined here: this machine lacks {lacking}.", _ELSEWHERE)
    real = {name: Path(path).resolve() for name, path in files.items()}
    try:
        return LocalSession(_take(), real, limits, tools)
    except SandboxUnavailable:  # a spare may have died, or run threads that a library started: a fresh child has none
        return LocalSession(_starter.submit(_Child).result(), real, limits, tools)


class LocalSession:
    """One confined child. Not for two threads at once: a second `run` waits for the first."""

    def __init__(self, child: _Child, files: Mapping[str, Path], limits: Limits, tools: Path | None) -> None:
        self._child, self._limits, self._cell, self._ended, self._lock = child, limits, 0, "", threading.Lock()
        for name, path in files.items():
            (child.work / name).symlink_to(path)
        order = {
            "read": [str(child.work), *map(str, files.values())], "write": str(child.tmp),
            "tools": [str(tools.resolve())] if tools else [],
            "memory_mb": limits.memory_mb, "result_bytes": limits.result_bytes,
            "limits": {"data": limits.memory_mb << 20, "cpu": limits.cpu_s, "file": limits.file_bytes},
        }  # fmt: skip
        try:
            answer = self._exchange(order, _START_S)
        except _Ended as ended:
            said = child.output[child.process.stderr.fileno()].decode(errors="replace") if child.process.stderr else ""
            self.close()
            raise SandboxUnavailable(f"The sandbox did not start: {ended.args[1]}. {said[-500:]}", _ELSEWHERE) from None
        if not isinstance(answer.get("level"), str):
            self.close()
            raise SandboxUnavailable(f"Code cannot be confined here: {answer.get('refused')}.", _ELSEWHERE)
        self.level: str = answer["level"]

    def run(self, code: str, timeout: float | None = None) -> Execution:
        with self._lock:
            return self._run(code, min(self._limits.wall_s, timeout if timeout is not None else self._limits.wall_s))

    def _run(self, code: str, timeout: float) -> Execution:
        if self._ended:
            return Execution(error=CellError(name="SandboxDied", value=self._ended))
        self._cell += 1
        for buffer in self._child.output.values():
            buffer.clear()
        started = time.monotonic()
        try:
            request = {"cell": self._cell, "code": code.encode("utf-8", "replace").decode()}
            answer = self._exchange(request, timeout)
            if answer.pop("cell", None) != self._cell:
                raise _Ended("SandboxDied", "the cell wrote to the channel its results come by")
            execution = Execution.model_validate({key: answer[key] for key in ("result", "charts", "error")})
        except (_Ended, KeyError, ValidationError) as why:
            name, text = why.args if isinstance(why, _Ended) else ("SandboxDied", "the cell's answer makes no sense")
            execution = Execution(error=CellError(name=name, value=text))
            self._ended = f"The session ended in cell {self._cell}: {name}: {text}."
            self._child.process.kill()
        except BaseException:  # such as Ctrl-C: what the child is doing no longer belongs to any cell
            self._ended = f"The session was interrupted in cell {self._cell}."
            self._child.process.kill()
            raise
        limit = self._limits.output_bytes
        out, err = (bytes(buffer) for buffer in self._child.output.values())
        execution.stdout, execution.stderr = (text[:limit].decode("utf-8", "replace") for text in (out, err))
        execution.truncated = max(len(out), len(err)) > limit
        execution.ms = (time.monotonic() - started) * 1000
        return execution

    def close(self) -> None:
        self._ended = self._ended or "The session was closed."
        self._child.process.kill()
        with self._lock:  # a cell that runs in another thread ends now
            self._child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send one frame and return the one that answers it, keeping what is printed meanwhile. Raises _Ended."""
        child, deadline, watched = self._child, time.monotonic() + timeout, 0.0
        data = json.dumps(message).encode()
        outgoing, incoming = memoryview(struct.pack(">I", len(data)) + data), bytearray()
        if self._readable():
            raise _Ended("SandboxDied", "something was written to the result channel between cells")
        with selectors.DefaultSelector() as selector:
            for fd in (child.replies, *child.output):
                selector.register(fd, selectors.EVENT_READ)
            selector.register(child.commands, selectors.EVENT_WRITE)
            while (answer := self._frame(incoming)) is None:
                now = time.monotonic()
                if now >= deadline:
                    raise _Ended("TimeLimit", f"the cell ran longer than {timeout:g} s")
                if now >= watched:
                    self._watch()
                    watched = now + _WATCH_S
                for key, _ in selector.select(min(_WATCH_S, deadline - now)):
                    if key.fd == child.commands:
                        try:
                            outgoing = outgoing[os.write(key.fd, outgoing) :]
                        except BrokenPipeError:
                            outgoing = outgoing[:0]  # it has died or will never listen: the reply channel tells which
                        if not outgoing:
                            selector.unregister(key.fd)
                    elif key.fd in child.output:
                        if not self._collect(key.fd):
                            selector.unregister(key.fd)
                    else:
                        part = os.read(key.fd, 1 << 16)
                        if not part:
                            raise self._death()
                        incoming += part
        for fd in child.output:  # printed before the answer was sent, so it is in the pipe by now
            for _ in range(64):
                if not self._collect(fd):
                    break
        return answer

    def _readable(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.replies, selectors.EVENT_READ)
            return bool(selector.select(0)) and self._child.process.poll() is None

    def _frame(self, data: bytearray) -> dict[str, Any] | None:
        """The frame in `data`; None while it is not complete."""
        if len(data) < 4:
            return None
        (size,) = struct.unpack(">I", data[:4])
        if size > self._limits.result_bytes + 10_000:
            raise _Ended("SandboxDied", "the cell wrote to the channel its results come by")
        if len(data) < 4 + size:
            return None
        try:  # strict: no NaN, no half surrogates, no nesting deeper than what pydantic writes again
            value = from_json(bytes(data[4:]), allow_inf_nan=False)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise _Ended("SandboxDied", "the cell wrote to the channel its results come by")
        return value

    def _collect(self, fd: int) -> bool:
        """Read what is printed, keep up to one byte more than the limit; False if nothing is left."""
        try:
            part = os.read(fd, 1 << 16)
        except BlockingIOError:
            return False
        buffer = self._child.output[fd]
        buffer += part[: self._limits.output_bytes + 1 - len(buffer)]
        return bool(part)

    def _watch(self) -> None:
        """Stop a child that uses more than a limit the kernel does not hold it to by itself."""
        try:
            status = Path(f"/proc/{self._child.process.pid}/status").read_text()
        except OSError:
            return
        field = dict(line.split(":", 1) for line in status.splitlines())
        resident = sum(int(field.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))
        if resident > self._limits.memory_mb << 10:
            raise _Ended("MemoryLimit", f"the session used more than {self._limits.memory_mb} MB")
        if int(field.get("Threads", "0")) > self._limits.processes:
            raise _Ended("ProcessLimit", f"the session had more than {self._limits.processes} threads")

    def _death(self) -> _Ended:
        try:
            code = self._child.process.wait(1)
        except subprocess.TimeoutExpired:
            return _Ended("SandboxDied", "the cell closed the channel its results come by")
        if code == -signal.SIGXCPU:
            return _Ended("TimeLimit", f"the session used its {self._limits.cpu_s} s of processor time")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return _Ended("SandboxDied", f"the process ended by itself ({how})")
