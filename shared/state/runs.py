"""Runs over a local folder: `<store>/t/<workspace>/runs/<run id>/log/<%010d>.json` and `…/artifacts/<name>`.

Entries are put if absent at the next sequence number, so writers need no lock: whoever finds a number taken reads
what is there and tries the next. Everything is whole and on disk before it has its name, so a writer killed at any
moment leaves a record that verifies. Run ids begin with the time they were opened: their order is the list's order.
"""

import hashlib
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from shared.errors import AgentForgeError, BadInput, InvalidSetting, LimitExceeded, NotFound, RecordDamaged
from shared.state.record import (
    TERMINAL,
    Artifact,
    Entry,
    RunState,
    canonical_json,
    fold,
    is_over,
    read_entry,
    sha256,
    write_entry,
)

OWN_KINDS = ("opened", "artifacts", "checkpoint", "cancel", "finished")  # written by this module only


class Cancelled(AgentForgeError):
    """Somebody asked for the run to be cancelled; the function should end, and the run is finished as cancelled."""

    code = "cancelled"
    status = 409


class RunOver(AgentForgeError):
    """Nothing can be added to a run that has finished."""

    code = "run_over"
    status = 409


class Run:
    """One run, as the function that does its work sees it. Threads may share it; processes each load their own."""

    def __init__(self, folder: Path, workspace: str, on_event: Callable[[Entry], None] | None = None) -> None:
        self.folder, self.id, self.workspace, self.on_event = folder, folder.name, workspace, on_event
        self._entries: list[Entry] = []
        self._tip = ""  # hash of the last object read
        self._lock = threading.RLock()

    @property
    def input(self) -> dict[str, Any]:
        value: dict[str, Any] = self._entries[0].data["input"]
        return value

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    @property
    def state(self) -> RunState:
        """What the entries read or written so far add up to."""
        return fold(self.entries)

    def emit(self, kind: str, /, **data: Any) -> Entry:
        """Append an entry. BadInput for data that is not JSON or a kind we keep to ourselves; RunOver at the end."""
        if kind in OWN_KINDS:
            raise BadInput(f"An entry of kind {kind!r} is not written by emit.")
        return self._append(kind, data)

    def save(self, name: str, data: bytes | Path) -> str:
        """Keep `data` (or a copy of a file) as the artifact `name`, such as "charts/c1.png"; returns its SHA-256.

        A name is written once: the same content again changes nothing, other content is BadInput.
        """
        return self.save_all({name: data})[name]

    def save_all(self, files: Mapping[str, bytes | Path]) -> dict[str, str]:
        """`save` for several artifacts, recorded by one entry: names → SHA-256."""
        for name in files:
            if not re.fullmatch(r"[A-Za-z0-9_-][\w.-]*(/[A-Za-z0-9_-][\w.-]*)*", name, re.ASCII) or len(name) > 200:
                raise BadInput(f"{name!r} cannot be an artifact's name.", "Use letters, digits, dots, dashes and slashes.")
        with self._lock:
            self._may_write()
            saved = {name: self._store(name, data) for name, data in files.items()}
            for folder in {(self.folder / "artifacts" / name).parent for name in files}:
                _sync(folder)
            known = self.state.artifacts
            if new := {name: artifact for name, artifact in saved.items() if name not in known}:
                self._append("artifacts", {name: artifact.model_dump() for name, artifact in new.items()})
        return {name: artifact.sha256 for name, artifact in saved.items()}

    def _store(self, name: str, data: bytes | Path) -> Artifact:
        """Write an artifact's file, whole and on disk."""
        target = self.folder / "artifacts" / name
        with _storing(target) as (temporary, file):
            digest, size = hashlib.sha256(), 0
            for block in [data] if isinstance(data, bytes) else _blocks(data):
                file.write(block)
                digest.update(block)
                size += len(block)
            file.flush()
            os.fsync(file.fileno())
            self._read_on()
            known = self.state.artifacts.get(name)
            if known is not None and known.sha256 != digest.hexdigest():
                raise BadInput(f"The run already has another artifact {name!r}.", "Save it under a name of its own.")
            os.replace(temporary, target)  # what is there is the same, or was never recorded
        return Artifact(sha256=digest.hexdigest(), bytes=size)

    def checkpoint(self, name: str, value: Any) -> None:
        """Record a JSON value that a later attempt at the same run finds in `state.checkpoints[name]`."""
        self._append("checkpoint", {"name": name, "value": value})

    def check(self) -> None:
        """To be called between pieces of work: Cancelled if that was asked for, LimitExceeded after the deadline."""
        with self._lock:
            self._read_on()
            state = self.state
        if state.cancelling:
            raise Cancelled("The run was cancelled.")
        running_s = (datetime.now(UTC) - datetime.fromisoformat(state.created)).total_seconds()
        if state.deadline_s is not None and running_s > state.deadline_s:
            raise LimitExceeded(f"The run passed its deadline of {state.deadline_s:g} s.")

    def _append(self, kind: str, data: dict[str, Any]) -> Entry:
        nonce = secrets.token_hex(8)
        with self._lock:
            while True:
                self._read_on()
                self._may_write()
                seq, now = len(self._entries), datetime.now(UTC).isoformat(timespec="microseconds")
                at = max(now, self._entries[-1].at) if self._entries else now
                raw = write_entry(seq, at, kind, data, self._tip, nonce)
                if _put_if_absent(self._path(seq), raw):
                    self._read_on()
                    return self._entries[seq]

    def _read_on(self) -> None:
        """Take in the entries that were written since, by whomever."""
        while True:
            seq = len(self._entries)
            try:
                raw = self._path(seq).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return
            entry = read_entry(raw, seq, self._tip)
            self._entries.append(entry)
            self._tip = sha256(raw)
            if self.on_event:
                self.on_event(entry)

    def _may_write(self) -> None:
        if is_over(self._entries):
            raise RunOver(f"The run {self.id} has finished; nothing can be added to it.")

    def _path(self, seq: int) -> Path:
        return self.folder / "log" / f"{seq:010d}.json"


def open_run(
    store: Path,
    function: str,
    input: dict[str, Any],
    workspace: str = "local",
    *,
    deadline_s: float | None = None,
    on_event: Callable[[Entry], None] | None = None,
) -> Run:
    """A new run of `function` with its first entry written. `on_event` is called for every entry, also others'."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}{secrets.token_hex(4)}"
    run = Run(_runs(store, workspace) / run_id, workspace, on_event)
    opened = {"id": run_id, "workspace": workspace, "function": function, "input": input, "deadline_s": deadline_s}
    canonical_json(opened)  # bad input leaves no folder behind
    run._append("opened", opened)
    return run


def load_run(store: Path, id: str, workspace: str = "local", *, on_event: Callable[[Entry], None] | None = None) -> Run:
    """An existing run with all its entries read. NotFound, or RecordDamaged where its record does not add up."""
    folder = _folder(store, id, workspace)
    run, there = Run(folder, workspace, on_event), len(_sequence(folder))
    run._read_on()
    if len(run.entries) < there:  # more is no gap: somebody is writing
        raise RecordDamaged(f"The run {id} lacks entry {len(run.entries)}.")
    if run.state.id != id or run.state.workspace != workspace:
        raise RecordDamaged(f"The record in {id} is that of another run.")
    return run


def list_runs(store: Path, limit: int = 50, before: str | None = None, workspace: str = "local") -> list[RunState]:
    """The newest runs first, only those older than the run `before`; damaged ones are listed, and say so."""
    runs, listed = _runs(store, workspace), list[RunState]()
    for id in sorted(os.listdir(runs), reverse=True) if runs.is_dir() else []:
        if len(listed) == limit:
            break
        if before is not None and id >= before:
            continue
        try:
            listed.append(load_run(store, id, workspace).state)
        except RecordDamaged as error:
            blank = RunState(id=id, workspace=workspace, function="", created="", updated="", input={})
            listed.append(blank.model_copy(update={"damaged": error.message}))
        except NotFound:  # opened, and killed before the first entry was there
            continue
    return listed


def verify(store: Path, id: str, workspace: str = "local") -> list[str]:
    """Hash every entry and artifact of a run again; returns what is wrong, in words, so [] is good."""
    folder = _folder(store, id, workspace)
    problems: list[str] = []
    entries: list[Entry] = []
    tip = ""
    for seq in range(_sequence(folder)[-1] + 1):
        try:
            raw = (folder / "log" / f"{seq:010d}.json").read_bytes()
        except FileNotFoundError:
            problems.append(f"Entry {seq} is missing.")
            break
        try:
            entry = read_entry(raw, seq, tip)
            if is_over(entries):
                problems.append(f"Entry {seq} was added after the run had finished.")
            entries.append(entry)
        except RecordDamaged as error:
            problems.append(error.message)
        tip = sha256(raw)
    try:
        state = fold(entries)
    except RecordDamaged as error:
        return problems or [error.message]
    if (state.id, state.workspace) != (id, workspace):
        problems.append("The record is that of another run.")
    for name, artifact in state.artifacts.items():
        digest = hashlib.sha256()
        try:
            for block in _blocks(folder / "artifacts" / name):
                digest.update(block)
        except BadInput:
            problems.append(f"The artifact {name!r} is missing.")
            continue
        if digest.hexdigest() != artifact.sha256:
            problems.append(f"The artifact {name!r} was changed after it was saved.")
    return problems


def cancel(store: Path, id: str, workspace: str = "local", reason: str = "") -> None:
    """Ask whoever works on a run to stop: its next `check` raises Cancelled. RunOver if it has finished."""
    load_run(store, id, workspace)._append("cancel", {"reason": reason})


def finish(run: Run, state: str, **data: Any) -> None:
    """Write a run's last entry. `state`: succeeded, failed or cancelled; `data`: such as `output` or `error`."""
    if state not in TERMINAL:
        raise BadInput(f"A run cannot finish as {state!r}.", f"Use one of {', '.join(TERMINAL)}.")
    run._append("finished", {**data, "state": state})


def _runs(store: Path, workspace: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", workspace):
        raise BadInput(f"{workspace!r} is not a workspace's name.")
    return store / "t" / workspace / "runs"


def _folder(store: Path, id: str, workspace: str) -> Path:
    folder = _runs(store, workspace) / id
    if not re.fullmatch(r"[a-z0-9-]{1,64}", id) or not _sequence(folder):
        raise NotFound(f"There is no run {id!r}.", "`agentforge runs list` shows those there are.")
    return folder


def _sequence(folder: Path) -> list[int]:
    """The numbers of the entries in a run's folder, in order; what a killed writer left behind is not among them."""
    try:
        names = os.listdir(folder / "log")
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(name[:10]) for name in names if re.fullmatch(r"\d{10}\.json", name, re.ASCII))


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadInput(f"There is no file {path.name!r}.") from error


@contextmanager
def _storing(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A temporary file beside `target`, gone afterwards; InvalidSetting where the store cannot be written."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield temporary, file
    except OSError as error:
        raise InvalidSetting(f"The store cannot be written: {error}.", "See AGENTFORGE_STORE.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _put_if_absent(target: Path, raw: bytes) -> bool:
    """Give `raw` the name `target`, whole and on disk; False if the name is taken."""
    with _storing(target) as (temporary, file):
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
    _sync(target.parent)
    return True


def _sync(folder: Path) -> None:
    """Make a new name in `folder` last; a system that cannot open folders does so by itself."""
    try:
        fd = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
