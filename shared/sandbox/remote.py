"""The host's side of a child in a cloud sandbox: feed it cells, believe nothing it says.

A `Wire` is all that a cloud's module (modal.py, e2b.py) provides: it starts `python -sP -X utf8 -c <child_source()> <folder>`,
which makes <folder>/work and <folder>/tmp if they are not there, and puts the session's files into <folder>/work (those of
`tools` into <folder>/tools). Lines in both directions are base64, so that a cloud which carries only text will do.
What a cell that had to be stopped had printed is lost, and a cell may write over its own copy of the files.
"""

import base64
import json
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol, Self

from pydantic import ValidationError
from pydantic_core import from_json

from shared.errors import SandboxUnavailable
from shared.sandbox import CellError, Execution, Limits

START_S = 120.0  # what a child may take from its start until it answers; clouds are slow sometimes
SLACK = 10_000  # bytes of an answer beside its result


class SandboxLost(SandboxUnavailable):
    """The cloud sandbox, or the way to it, broke: nobody's code is to blame, and another try may do."""

    code = "sandbox_lost"
    retryable = True


class Wire(Protocol):
    """A child's standard input and output, somewhere else."""

    def send(self, data: bytes) -> None:
        """Write to its input. Raises whatever the cloud's library raises if that cannot be done."""

    def received(self) -> Iterator[bytes]:
        """What it writes to its output, in parts of any size, until it ends. Raises as `send` does."""

    def exit_status(self) -> int | None:
        """Its exit status, 128 + the signal that ended it; None if that is not known."""

    def end(self) -> None:
        """End it and the sandbox it is in; twice is as good as once. Raises nothing."""


class _Ended(Exception):
    """The child can run no more cells: `name` and text of the CellError that says why."""


@cache
def child_source() -> str:
    """child.py, with values.py in the place where it imports that."""
    child, values = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("child.py", "values.py"))
    return re.sub("^from values import .*$", lambda _: values, child, flags=re.MULTILINE)


def placed(files: Mapping[str, Path], tools: Path | None) -> dict[str, Path]:
    """Paths in a session's folder, such as work/a.parquet → files here."""
    modules = {path.relative_to(tools): path for path in tools.rglob("*.py")} if tools else {}
    return {f"work/{name}": path for name, path in files.items()} | {f"tools/{name}": path for name, path in modules.items()}


class Child:
    """A child elsewhere, listened to by a thread of its own. It has been given no limits and no files yet."""

    def __init__(self, wire: Wire, limits: Limits) -> None:
        self.wire = wire
        self.heard: queue.SimpleQueue[bytes | _Ended | SandboxLost] = queue.SimpleQueue()
        self._most = (limits.result_bytes + 2 * limits.output_bytes + SLACK) * 4 // 3 + SLACK
        threading.Thread(target=self._listen, name="sandbox", daemon=True).start()

    @property
    def quiet(self) -> bool:
        """Whether it has said nothing that was not asked for; neither has one that lives and waits."""
        return self.heard.empty()

    def _listen(self) -> None:
        """Take in line after line, until the child ends or says more than it was asked."""
        said = bytearray()
        try:
            for part in self.wire.received():
                said += part
                while (end := said.find(b"\n")) >= 0:
                    self.heard.put(bytes(said[:end]))
                    del said[: end + 1]
                if len(said) > self._most or self.heard.qsize() > 1:
                    self.heard.put(_Ended("SandboxDied", "the cell wrote to the channel its results come by"))
                    return
            self.heard.put(self._death())
        except Exception as error:
            self.heard.put(lost(error))

    def _death(self) -> _Ended:
        status = self.wire.exit_status()
        if status == 128 + 24:  # SIGXCPU
            return _Ended("TimeLimit", "the session used up its processor time")
        if status == 128 + 9:
            return _Ended("SandboxDied", "the process was killed, as happens when a sandbox is out of memory")
        return _Ended("SandboxDied", "the process ended by itself" + ("" if status is None else f" (exit status {status})"))


class RemoteSession:
    """Cells in a child elsewhere. Not for two threads at once: a second `run` waits for the first."""

    def __init__(self, child: Child, limits: Limits, level: str, tools: bool) -> None:
        """Raises SandboxUnavailable if the child does not answer."""
        self._child, self._limits, self.level = child, limits, level
        self._cell, self._ended, self._lock = 0, "", threading.Lock()
        order = {
            "tools": tools, "memory_mb": limits.memory_mb, "result_bytes": limits.result_bytes, "output_bytes": limits.output_bytes,
            "limits": {"RLIMIT_DATA": limits.memory_mb << 20, "RLIMIT_CPU": limits.cpu_s, "RLIMIT_FSIZE": limits.file_bytes},
        }  # fmt: skip
        try:
            answer = from_json(self._exchange(order, START_S)[0])
            if refused := answer["refused"]:
                raise _Ended("SandboxDied", refused)
        except BaseException as error:
            self.close()
            if isinstance(error, _Ended) and error.args[0] == "TimeLimit":
                raise SandboxLost(f"The sandbox did not start within {START_S:g} s.", "Try again.") from None
            if isinstance(error, (_Ended, ValueError, KeyError, TypeError)):
                raise SandboxUnavailable(f"The sandbox did not start: {error.args[-1]}.") from None
            raise

    def run(self, code: str, timeout: float | None = None) -> Execution:
        """Raises SandboxLost when the cloud breaks down under it."""
        with self._lock:
            return self._run(code, min(self._limits.wall_s, timeout if timeout is not None else self._limits.wall_s))

    def _run(self, code: str, timeout: float) -> Execution:
        if self._ended:
            return Execution(error=CellError(name="SandboxDied", value=self._ended))
        self._cell += 1
        started = time.monotonic()
        try:
            execution = self._execution({"cell": self._cell, "code": code.encode("utf-8", "replace").decode()}, timeout)
        except _Ended as why:
            name, text = why.args
            execution = Execution(error=CellError(name=name, value=text))
            self._stop(f"The session ended in cell {self._cell}: {name}: {text}.")
        except BaseException:  # the cloud, or such as Ctrl-C: what the child is doing no longer belongs to any cell
            self._stop(f"The session was interrupted in cell {self._cell}.")
            raise
        execution.ms = (time.monotonic() - started) * 1000
        return execution

    def close(self) -> None:
        self._ended = self._ended or "The session was closed."
        self._child.wire.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop(self, why: str) -> None:
        self._ended = why
        self._child.wire.end()

    def _execution(self, request: dict[str, Any], timeout: float) -> Execution:
        answer, *printed = self._exchange(request, timeout)
        limit = self._limits.output_bytes
        try:  # strict: no NaN, no half surrogates, no nesting deeper than what pydantic writes again
            told = from_json(answer, allow_inf_nan=False)
            out, err = printed
            if told.pop("cell") != self._cell:
                _forged()
            execution = Execution.model_validate({key: told[key] for key in ("result", "charts", "pngs", "error", "usage")})
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
            _forged()
        execution.stdout, execution.stderr = (text[:limit].decode("utf-8", "replace") for text in (out, err))
        execution.truncated = max(len(out), len(err)) > limit
        return execution

    def _exchange(self, message: dict[str, Any], timeout: float) -> list[bytes]:
        """Send one line and return the fields of the one that answers it. Raises _Ended, SandboxLost."""
        child, until = self._child, time.monotonic() + timeout
        if not child.quiet:
            heard = child.heard.get()
            raise heard if isinstance(heard, Exception) else _Ended(
                "SandboxDied", "something was written to the result channel between cells"
            )
        try:
            child.wire.send(base64.b64encode(json.dumps(message).encode()) + b"\n")
        except Exception as error:
            raise lost(error) from error
        try:
            heard = child.heard.get(timeout=max(until - time.monotonic(), 0.01))
        except queue.Empty:
            raise _Ended("TimeLimit", f"the cell ran longer than {timeout:g} s") from None
        if isinstance(heard, Exception):
            raise heard
        try:
            return [base64.b64decode(field, validate=True) for field in heard.split(b" ")]
        except ValueError:
            _forged()


def lost(error: Exception) -> SandboxLost:
    return SandboxLost(f"The cloud sandbox cannot be reached any more ({type(error).__name__}).", "Try again.")


def _forged() -> NoReturn:
    raise _Ended("SandboxDied", "the cell wrote to the channel its results come by")
