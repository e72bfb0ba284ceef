"""Processes of the local sandbox: the zygote, and the sessions it forks, each with its pipes and its folder."""

import array
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from shared.errors import SandboxUnavailable
from shared.sandbox import ENVIRONMENT, cgroups

START_S = 30.0  # what a zygote may take for an import in progress and a child to confine itself, on a busy machine
ELSEWHERE = "Run on Linux 5.13 or later, or set AGENTFORGE_SANDBOX to e2b or modal: E2B or a Modal Sandbox then runs the cells."


class Zygote:
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
        ours.settimeout(START_S)
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
            raise SandboxUnavailable(f"The sandbox did not start: its zygote ended. {said}", ELSEWHERE)
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


class Account(NamedTuple):
    """What the kernel counts of a session: since it began, at most since it began, and now."""

    cpu_ms: float = 0.0
    peak_mb: float = 0.0
    private_mb: float = 0.0
    threads: int = 0


class Child:
    """A forked session before it has an order: its pipes, and its folder with work/ and tools/ (and tmp/)."""

    def __init__(self, isolated: bool, tmp_mb: int) -> None:
        self.level, self.groups, self.seen = "", list[Path](), Account()
        self._inside: int | None = None
        self.folder, self.tmp_mb = Path(tempfile.mkdtemp(prefix="agentforge-")).resolve(), tmp_mb
        for name in ("work", "tools", "root", "tmp"):
            (self.folder / name).mkdir()
        pipes = [os.pipe() for _ in range(4)]
        theirs = (pipes[0][0], *(write for _, write in pipes[1:]))
        self.commands, self.replies, out, err = (pipes[0][1], *(read for read, _ in pipes[1:]))
        self.output = {out: bytearray(), err: bytearray()}
        try:
            self.zygote = zygote()
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
        self.end = weakref.finalize(self, _end, self.zygote, self.pid, self.handle, self.folder, self.groups, fds, os.getpid())

    def bound(self) -> None:
        """Give it a cgroup of its own where that can be had. It must have confined itself."""
        pids = {self.pid, self.inside}
        if (parent := cgroups.place()) and (group := cgroups.hold(parent, pids)):
            self.groups.append(group)

    @property
    def inside(self) -> int:
        """The process that runs the cells: the only child of its namespace's init, once that has it, or this very one."""
        if self._inside is None:
            try:
                children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            except OSError:  # it has ended
                children = []
            self._inside = int(children[0]) if children else None
        return self._inside or self.pid

    def cpu_ms(self) -> float:
        """Processor time that all its threads have used; what was last seen if it has ended."""
        try:
            return time.clock_gettime_ns(~self.inside << 3 | 2) / 1e6  # that process's clock: clock_getcpuclockid(3)
        except OSError:
            return self.seen.cpu_ms

    def account(self) -> Account:
        """The kernel's account of it; what was last seen if it has ended."""
        try:
            field = dict(line.split(":", 1) for line in Path(f"/proc/{self.inside}/status").read_text().splitlines())
            peak, *private = (int(field[name].split()[0]) / 1024 for name in ("VmHWM", "RssAnon", "RssShmem"))
            self.seen = Account(self.cpu_ms(), peak, sum(private), int(field["Threads"]))
        except (OSError, KeyError):
            pass
        return self.seen

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


def _end(zygote: Zygote, pid: int, handle: int, folder: Path, groups: list[Path], fds: tuple[int, ...], owner: int) -> None:
    if os.getpid() != owner:
        return
    _kill(handle)
    try:
        zygote.ask({"wait": pid})
    except SandboxUnavailable:
        pass
    for fd in fds:
        os.close(fd)
    for group in groups:
        cgroups.remove(group)
    shutil.rmtree(folder, ignore_errors=True)


# The kernel kills a zygote when the thread that started it ends: one thread, as long-lived as the host, starts all.
starter = ThreadPoolExecutor(1, "sandbox-starter")
_lock = threading.Lock()
_the_zygote: Zygote | None = None


def _forget() -> None:
    global starter, _lock, _the_zygote
    starter, _lock, _the_zygote = ThreadPoolExecutor(1, "sandbox-starter"), threading.Lock(), None


os.register_at_fork(after_in_child=_forget)


def zygote() -> Zygote:
    global _the_zygote
    with _lock:
        if _the_zygote is None or _the_zygote.process.poll() is not None:
            _the_zygote = starter.submit(Zygote).result()
        return _the_zygote
