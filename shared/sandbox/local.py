"""The host's side of the local sandbox: a zygote per process, sessions forked from it, a pool of confined ones that wait.

Replies are length-prefixed JSON of bounded size, never pickle. A session may close, flood or forge its channel: that ends
the cell with an error that has a name, and the session with it.
"""

import array
import json
import logging
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import from_json

from shared import settings
from shared.errors import SandboxUnavailable
from shared.sandbox import ENVIRONMENT, CellError, Execution, Limits, confine

_START_S = 30.0  # what a zygote may take for an import in progress and a child to confine itself, on a busy machine
_ELSEWHERE = "Run on Linux 5.13 or later, or set AGENTFORGE_SANDBOX to e2b or modal: E2B or a Modal Sandbox then runs the cells."
_WATCH_S = 0.1

log = logging.getLogger(__name__)


class _Ended(Exception):
    """The session can run no more cells: `name` and text of the CellError that says why."""


class _Zygote:
    """The process that sessions are forked from, and the socket it is asked by. Threads may share it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = Path(__file__).with_name("zygote.py")
        with tempfile.TemporaryFile() as said:
            self.process = subprocess.Popen(
                [sys.executable, "-sP", "-Xutf8", str(script), str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),), env=_environment(), cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            )  # fmt: skip
            self._said = os.dup(said.fileno())
        theirs.close()
        self._socket, self._lock = ours, threading.Lock()
        ours.settimeout(_START_S)
        weakref.finalize(self, _end_process, self.process, ours, self._said, os.getpid())

    def ask(self, request: dict[str, Any], fds: tuple[int, ...] = ()) -> dict[str, Any]:
        """SandboxUnavailable if the zygote is gone."""
        with self._lock:
            try:
                self._socket.sendmsg(
                    [json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
                )
                message = self._socket.recv(1 << 12)
            except OSError:
                message = b""
        if not message:
            said = os.pread(self._said, 500, 0).decode(errors="replace")
            raise SandboxUnavailable(f"The sandbox did not start: its zygote ended. {said}", _ELSEWHERE)
        answer: dict[str, Any] = json.loads(message)
        return answer


def _environment() -> dict[str, str]:
    libraries = {"LD_LIBRARY_PATH": os.environ["LD_LIBRARY_PATH"]} if "LD_LIBRARY_PATH" in os.environ else {}
    return {**ENVIRONMENT, **libraries}


def _end_process(process: subprocess.Popen[bytes], ours: socket.socket, said: int, owner: int) -> None:
    if os.getpid() == owner:  # a fork of the host has the object, not the process
        process.kill()
        process.wait()
        ours.close()
        os.close(said)


class _Child:
    """A forked session before it has an order: its pipes, and its folder with work/ and tools/ (and tmp/)."""

    def __init__(self, isolated: bool, tmp_mb: int) -> None:
        self.level = ""
        self.folder, self.tmp_mb = Path(tempfile.mkdtemp(prefix="agentforge-")).resolve(), tmp_mb
        for name in ("work", "tools", "root", "tmp"):
            (self.folder / name).mkdir()
        pipes = [os.pipe() for _ in range(4)]
        theirs = (pipes[0][0], *(write for _, write in pipes[1:]))
        self.commands, self.replies, out, err = (pipes[0][1], *(read for read, _ in pipes[1:]))
        self.output = {out: bytearray(), err: bytearray()}
        try:
            self.zygote = _zygote()
            asked = {"folder": str(self.folder), "isolated": isolated, "tmp_mb": tmp_mb}
            self.pid: int = self.zygote.ask({"fork": asked}, theirs)["pid"]
            self.handle = os.pidfd_open(self.pid)
        except BaseException:
            for fd in (self.commands, self.replies, out, err):
                os.close(fd)
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        for fd in (self.commands, self.replies, *self.output):
            os.set_blocking(fd, False)
        fds = (self.commands, self.replies, *self.output, self.handle)
        self.end = weakref.finalize(self, _end, self.zygote, self.pid, self.handle, self.folder, fds, os.getpid())

    def kill(self) -> None:
        _kill(self.handle)

    def alive(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.handle, selectors.EVENT_READ)
            return not selector.select(0)


def _kill(handle: int) -> None:
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:  # it has ended
        pass


def _end(zygote: _Zygote, pid: int, handle: int, folder: Path, fds: tuple[int, ...], owner: int) -> None:
    if os.getpid() != owner:
        return
    _kill(handle)
    try:
        zygote.ask({"wait": pid})
    except SandboxUnavailable:
        pass
    for fd in fds:
        os.close(fd)
    shutil.rmtree(folder, ignore_errors=True)


# The kernel kills a zygote when the thread that started it ends: one thread, as long-lived as the host, starts all.
_starter = ThreadPoolExecutor(1, "sandbox-starter")
_lock = threading.Lock()
_the_zygote: _Zygote | None = None
_waiting: deque[_Child] = deque()  # confined, each for the one session that takes it
_namespaces: bool | None = None  # whether they can be had here; None before the first try


def _forget() -> None:
    global _starter, _lock, _the_zygote, _namespaces
    _starter, _lock, _the_zygote = ThreadPoolExecutor(1, "sandbox-starter"), threading.Lock(), None
    _waiting.clear()


os.register_at_fork(after_in_child=_forget)


def _zygote() -> _Zygote:
    global _the_zygote
    with _lock:
        if _the_zygote is None or _the_zygote.process.poll() is not None:
            _the_zygote = _starter.submit(_Zygote).result()
        return _the_zygote


def prewarm_local(sessions: int) -> None:
    """Have a zygote, and so many confined sessions that wait for whoever opens one."""
    if not confine.missing():
        _zygote()
        _starter.submit(_fill, sessions)


def _fill(sessions: int) -> None:
    while len(_waiting) < sessions:
        try:
            child, _ = _confined(Limits().tmp_mb)
        except SandboxUnavailable as error:  # whoever opens a session is told
            log.warning("%s", error)
            return
        _waiting.append(child)


def _confined(tmp_mb: int) -> tuple[_Child, str]:
    """A child that has confined itself as far as this machine lets it, and the level it reached."""
    global _namespaces
    if _namespaces is not False:
        child = _Child(True, tmp_mb)
        level, why = _level_of(child)
        if level:
            _namespaces = True
            return child, level
        child.end()
        if _namespaces is None:
            log.warning("sandbox: no namespaces here (%s)", why)
            _namespaces = False
        else:
            raise SandboxUnavailable(f"Code cannot be confined here: {why}.", _ELSEWHERE)
    weakest = settings.weakest_sandbox()
    if not confine.landlock_abi() and weakest != "process+seccomp":
        raise SandboxUnavailable(
            "Code cannot be confined here: this machine has neither user namespaces nor Landlock.",
            _ELSEWHERE + " AGENTFORGE_SANDBOX_WEAKEST=process+seccomp lets cells read what you can read.",
        )
    child = _Child(False, tmp_mb)
    level, why = _level_of(child)
    if not level:
        child.end()
        raise SandboxUnavailable(f"Code cannot be confined here: {why}.", _ELSEWHERE)
    if level == "process+seccomp":
        log.warning("sandbox: cells can read files of this user (AGENTFORGE_SANDBOX_WEAKEST)")
    return child, level


def _level_of(child: _Child) -> tuple[str, str]:
    """The level a child reports, or why it has none."""
    try:
        answer = _exchange(child, None, _START_S, Limits())
    except _Ended as ended:
        out = [bytes(buffer).decode(errors="replace") for buffer in child.output.values()]
        return "", f"{ended.args[1]} {out[-1][-500:]}".strip()
    child.level = str(answer.get("level", ""))
    return child.level, str(answer.get("refused", "it does not answer"))


def _take(tmp_mb: int) -> _Child:
    while _waiting and tmp_mb == _waiting[0].tmp_mb:
        try:
            child = _waiting.popleft()
        except IndexError:
            break
        if child.alive():
            return child
        child.end()
    return _confined(tmp_mb)[0]


def open_local(files: Mapping[str, Path], limits: Limits, tools: Path | None) -> "LocalSession":
    """A session in a confined child; see `shared.sandbox.open_session`."""
    lacking = confine.missing()
    if lacking:
        raise SandboxUnavailable(f"Code cannot be confined here: this machine lacks {lacking}.", _ELSEWHERE)
    real = {name: Path(path).resolve() for name, path in files.items()}
    return LocalSession(_take(limits.tmp_mb), real, limits, tools)


class LocalSession:
    """One confined child. Not for two threads at once: a second `run` waits for the first."""

    def __init__(self, child: _Child, files: Mapping[str, Path], limits: Limits, tools: Path | None) -> None:
        self._child, self._limits, self._cell, self._ended, self._lock = child, limits, 0, "", threading.Lock()
        self.level = child.level
        try:
            for name, path in files.items():
                _place(path, child.folder / "work" / name)
            if tools is not None:
                shutil.copytree(tools, child.folder / "tools", dirs_exist_ok=True)
            order = {
                "memory_mb": limits.memory_mb, "result_bytes": limits.result_bytes,
                "limits": {"data": limits.memory_mb << 20, "cpu": limits.cpu_s, "file": limits.file_bytes},
            }  # fmt: skip
            os.write(child.commands, _framed(order))
        except BaseException:
            self.close()
            raise

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
            answer = _exchange(self._child, request, timeout, self._limits)
            if answer.pop("cell", None) != self._cell:
                raise _Ended("SandboxDied", "the cell wrote to the channel its results come by")
            execution = Execution.model_validate({key: answer[key] for key in ("result", "charts", "error")})
        except (_Ended, KeyError, ValidationError) as why:
            name, text = why.args if isinstance(why, _Ended) else ("SandboxDied", "the cell's answer makes no sense")
            execution = Execution(error=CellError(name=name, value=text))
            self._ended = f"The session ended in cell {self._cell}: {name}: {text}."
            self._child.kill()
        except BaseException:  # such as Ctrl-C: what the child is doing no longer belongs to any cell
            self._ended = f"The session was interrupted in cell {self._cell}."
            self._child.kill()
            raise
        limit = self._limits.output_bytes
        out, err = (bytes(buffer) for buffer in self._child.output.values())
        execution.stdout, execution.stderr = (text[:limit].decode("utf-8", "replace") for text in (out, err))
        execution.truncated = max(len(out), len(err)) > limit
        execution.ms = (time.monotonic() - started) * 1000
        return execution

    def close(self) -> None:
        self._ended = self._ended or "The session was closed."
        self._child.kill()
        with self._lock:  # a cell that runs in another thread ends now
            self._child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _exchange(child: _Child, message: dict[str, Any] | None, timeout: float, limits: Limits) -> dict[str, Any]:
    """Send a frame, if any, and return the next one that comes, keeping what is printed meanwhile. Raises _Ended."""
    deadline, watched = time.monotonic() + timeout, time.monotonic() + _WATCH_S
    outgoing, incoming = memoryview(_framed(message) if message is not None else b""), bytearray()
    if message is not None and _readable(child):
        raise _Ended("SandboxDied", "something was written to the result channel between cells")
    with selectors.DefaultSelector() as selector:
        for fd in (child.replies, *child.output):
            selector.register(fd, selectors.EVENT_READ)
        if outgoing:
            selector.register(child.commands, selectors.EVENT_WRITE)
        while (answer := _frame(incoming, limits)) is None:
            now = time.monotonic()
            if now >= deadline:
                raise _Ended("TimeLimit", f"the cell ran longer than {timeout:g} s")
            if now >= watched:
                _watch(child, limits)
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
                    if not _collect(child, key.fd, limits):
                        selector.unregister(key.fd)
                else:
                    part = os.read(key.fd, 1 << 16)
                    if not part:
                        raise _death(child, limits)
                    incoming += part
    for fd in child.output:  # printed before the answer was sent, so it is in the pipe by now
        for _ in range(64):
            if not _collect(child, fd, limits):
                break
    return answer

def _readable(child: _Child) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(child.replies, selectors.EVENT_READ)
        return bool(selector.select(0)) and child.alive()

def _frame(data: bytearray, limits: Limits) -> dict[str, Any] | None:
    """The frame in `data`; None while it is not complete."""
    if len(data) < 4:
        return None
    (size,) = struct.unpack(">I", data[:4])
    if size > limits.result_bytes + 10_000:
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

def _collect(child: _Child, fd: int, limits: Limits) -> bool:
    """Read what is printed, keep up to one byte more than the limit; False if nothing is left."""
    try:
        part = os.read(fd, 1 << 16)
    except BlockingIOError:
        return False
    buffer = child.output[fd]
    buffer += part[: limits.output_bytes + 1 - len(buffer)]
    return bool(part)

def _watch(child: _Child, limits: Limits) -> None:
    """Stop a session that uses more than a limit the kernel does not hold it to by itself."""
    try:
        inside = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()  # the first process of its namespace
        status = Path(f"/proc/{inside[0] if inside else child.pid}/status").read_text()
    except OSError:
        return
    field = dict(line.split(":", 1) for line in status.splitlines())
    resident = sum(int(field.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))
    if resident > limits.memory_mb << 10:
        raise _Ended("MemoryLimit", f"the session used more than {limits.memory_mb} MB")
    if int(field.get("Threads", "0")) > limits.processes:
        raise _Ended("ProcessLimit", f"the session had more than {limits.processes} threads")


def _death(child: _Child, limits: Limits) -> _Ended:
    for _ in range(100):
        if not child.alive():
            break
        time.sleep(0.01)
    else:
        return _Ended("SandboxDied", "the cell closed the channel its results come by")
    code = child.zygote.ask({"wait": child.pid})["status"]
    if code == -signal.SIGXCPU:
        return _Ended("TimeLimit", f"the session used its {limits.cpu_s} s of processor time")
    if code is None:
        return _Ended("SandboxDied", "the process ended")
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return _Ended("SandboxDied", f"the process ended by itself ({how})")


def _framed(message: dict[str, Any]) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


def _place(path: Path, target: Path) -> None:
    """Have a file show up in a session's folder: as another name of the same file, or a copy on another file system."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
