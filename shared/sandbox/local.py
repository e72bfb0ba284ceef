"""Sessions on this machine, and a pool of confined ones that wait for whoever opens the next."""

import logging
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from shared import settings
from shared.errors import BadInput, SandboxUnavailable
from shared.sandbox import CellError, Execution, Limits, Usage, cgroups, confine, process
from shared.sandbox.channel import Ended, exchange, framed
from shared.sandbox.process import ELSEWHERE, START_S, Child

log = logging.getLogger(__name__)

_waiting: deque[Child] = deque()  # confined, each for the one session that takes it
_namespaces: bool | None = None  # whether they can be had here; None before the first try


def _forget() -> None:
    global _namespaces
    _namespaces = None
    _waiting.clear()


os.register_at_fork(after_in_child=_forget)


def prewarm_local(sessions: int) -> None:
    """Have a zygote, and so many confined sessions that wait for whoever opens one."""
    if not confine.missing():
        process.zygote()
        process.starter.submit(_fill, sessions)


def _fill(sessions: int) -> None:
    while len(_waiting) < sessions:
        try:
            child, _ = _confined(Limits().tmp_mb)
        except SandboxUnavailable as error:  # whoever opens a session is told
            log.warning("%s", error)
            return
        _waiting.append(child)


def _confined(tmp_mb: int) -> tuple[Child, str]:
    """A child that has confined itself as far as this machine lets it, and the level it reached."""
    global _namespaces
    if _namespaces is not False:
        child = Child(True, tmp_mb)
        level, why = _level_of(child)
        if level:
            _namespaces = True
            return child, level
        child.end()
        if _namespaces is None:
            log.warning("sandbox: no namespaces here (%s)", why)
            _namespaces = False
        else:
            raise SandboxUnavailable(f"Code cannot be confined here: {why}.", ELSEWHERE)
    weakest = settings.weakest_sandbox()
    if not confine.landlock_abi() and weakest != "process+seccomp":
        raise SandboxUnavailable(
            "Code cannot be confined here: this machine has neither user namespaces nor Landlock.",
            ELSEWHERE + " AGENTFORGE_SANDBOX_WEAKEST=process+seccomp lets cells read what you can read.",
        )
    child = Child(False, tmp_mb)
    level, why = _level_of(child)
    if not level:
        child.end()
        raise SandboxUnavailable(f"Code cannot be confined here: {why}.", ELSEWHERE)
    if level == "process+seccomp":
        log.warning("sandbox: cells can read files of this user (AGENTFORGE_SANDBOX_WEAKEST)")
    return child, level


def _level_of(child: Child) -> tuple[str, str]:
    """The level a child reports, or why it has none."""
    try:
        answer = exchange(child, None, START_S, Limits())
    except Ended as ended:
        out = [bytes(buffer).decode(errors="replace") for buffer in child.output.values()]
        return "", f"{ended.args[1]} {out[-1][-500:]}".strip()
    child.level = str(answer.get("level", ""))
    if child.level:
        child.bound()
    return child.level, str(answer.get("refused", "it does not answer"))


def _take(tmp_mb: int) -> Child:
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
        raise SandboxUnavailable(f"Code cannot be confined here: this machine lacks {lacking}.", ELSEWHERE)
    real = {name: Path(path).resolve() for name, path in files.items()}
    return LocalSession(_take(limits.tmp_mb), real, limits, tools)


class LocalSession:
    """One confined child. Not for two threads at once: a second `run` waits for the first."""

    def __init__(self, child: Child, files: Mapping[str, Path], limits: Limits, tools: Path | None) -> None:
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
            for group in child.groups:
                cgroups.limit(group, limits.memory_mb + limits.tmp_mb, limits.processes + 2)  # init, and one for what is not yet counted
            os.write(child.commands, framed(order))
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
        started, before = time.monotonic(), self._child.cpu_ms()
        try:
            request = {"cell": self._cell, "code": code.encode("utf-8", "replace").decode()}
            answer = exchange(self._child, request, timeout, self._limits)
            if answer.pop("cell", None) != self._cell:
                raise Ended("SandboxDied", "the cell wrote to the channel its results come by")
            execution = Execution.model_validate({key: answer[key] for key in ("result", "charts", "pngs", "error")})
        except (Ended, KeyError, ValidationError) as why:
            name, text = why.args if isinstance(why, Ended) else ("SandboxDied", "the cell's answer makes no sense")
            execution = Execution(error=CellError(name=name, value=text))
            self._ended = f"The session ended in cell {self._cell}: {name}: {text}."
        except BaseException:  # such as Ctrl-C: what the child is doing no longer belongs to any cell
            self._ended = f"The session was interrupted in cell {self._cell}."
            self._child.kill()
            raise
        account = self._child.account()
        if self._ended:
            self._child.kill()
        if account.peak_mb:  # else it ended before anybody looked
            execution.usage = Usage(cpu_ms=max(account.cpu_ms - before, 0), memory_mb=account.peak_mb)
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


def _place(path: Path, target: Path) -> None:
    """Have a file show up in a session's folder: as another name of the same file, or a copy on another file system."""
    try:
        os.link(path, target)
    except OSError:
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            raise BadInput(f"{path} cannot be read ({error.strerror}).") from None
