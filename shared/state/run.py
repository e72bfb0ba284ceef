"""A run as the function that does its work sees it: emit, save, checkpoint, check. Threads may share it.

Events are gathered and written together: soon at first, later at most every ten seconds; what ends the run takes what is
left with it, in one object. Between entries a heartbeat tells that the worker lives, and looks for a cancel or another claim.
"""

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from shared.errors import AgentForgeError, BadInput, LimitExceeded, NotFound
from shared.settings import lease_s
from shared.state import machine
from shared.state.artifacts import put
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key
from shared.state.machine import OWN_KINDS, Artifact, ClaimLost, RunBusy, RunOver, RunState
from shared.state.record import Event, canonical_json, seal, unseal
from shared.state.runs import RunLog, RunRef
from shared.state.store import AT_ONCE, Store
from shared.state.timer import call_later

FLUSH_S, SLOWER = 0.2, 1.6  # the pause before events are written, and by how much it grows with every entry
LAST_FLUSH_S = 10.5  # the longest; with the fold kept now and then, one request in ten seconds
PATIENCE_S = 120  # how long a finished worker tries to tell so while the store does not answer

log = logging.getLogger(__name__)


class Cancelled(AgentForgeError):
    """Somebody asked for the run to be cancelled; the function should end."""

    code = "cancelled"
    status = 409


class CapReached(LimitExceeded):
    """What may be spent on the run is spent."""

    code = "cap_reached"
    status = 402


class Waiting(AgentForgeError):
    """The function cannot go on before something happened: it is left, and called again then."""

    code = "waiting"
    status = 409

    def __init__(self, on: Mapping[str, str]) -> None:
        super().__init__("The run waits.")
        self.on = dict(on)


_Decide = Callable[[list[Event]], list[Event]]


class _Write(NamedTuple):
    decide: _Decide
    told: list[Event]
    nonce: str


class Run:
    """One claim of one run."""

    def __init__(self, runlog: RunLog, claim: int, on_event: Callable[[Event], None] | None = None) -> None:
        self.log, self.claim, self.on_event = runlog, claim, on_event
        self.id, self.workspace, self.input = runlog.id, runlog.workspace, runlog.state.input
        self.lease_s = runlog.state.lease_s
        self.timeout_s: float | None = None  # of this attempt
        self.affords: Callable[[], bool] | None = None  # whether there is money left for it, where it is paid for
        self._pending: list[Event] = []
        self._unsure: _Write | None = None  # what may or may not have been written when the store fell silent
        self._lock = threading.RLock()  # of the log: one writes at a time
        self._lost: AgentForgeError | None = None
        self._ended = False
        self._beats, self._lease = 0, ""
        self._sign = time.monotonic()  # when the store last had a sign of life from us
        self._scratch: Path | None = None

    @classmethod
    def take(
        cls, store: Store, ref: RunRef, worker: str, on_event: Callable[[Event], None] | None = None
    ) -> Self:
        """Claim a run. RunBusy and RunOver if there is nothing to claim, NotFound."""
        runlog = RunLog(Store(store.driver, store.sleep), ref.workspace, ref.id)  # a store of its own counts its own requests
        if ref.entries > 1:
            runlog.read_head()
        if ref.entries - runlog.length > 3:
            runlog.read_on()  # at once instead of one after the other
        while runlog.length < ref.entries and runlog.read_next():
            pass
        lease, claimed = lease_s(), False
        while not claimed:
            try:
                claimed = runlog.append(lambda: machine.claim(runlog.state, worker, lease))
            except RunBusy:
                if runlog.read_next() is None:  # else it was so when the reference was made, and need not be so now
                    raise
        return cls(runlog, runlog.state.claim, on_event)

    @property
    def store(self) -> Store:
        return self.log.store

    @property
    def state(self) -> RunState:
        """What was written so far adds up to this."""
        return self.log.state

    @property
    def scratch(self) -> Path:
        """A folder of this machine for as long as the function works; nothing in it is kept."""
        with self._lock:
            if self._scratch is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="agentforge-"))
            return self._scratch

    def emit(self, kind: str, /, **data: Any) -> None:
        """Tell what happened. BadInput for data that is not JSON or a kind we keep to ourselves."""
        if kind in OWN_KINDS:
            raise BadInput(f"An event of kind {kind!r} is not told by emit.")
        canonical_json([kind, data])
        self._tell(Event(kind=kind, data=data))

    def progress(self, done: float, total: float | None = None, unit: str = "") -> None:
        self.emit("progress", done=done, total=total, unit=unit)

    def metric(self, name: str, value: float, step: int) -> None:
        """One point of a series."""
        self.emit("metric", name=name, value=value, step=step)

    def save(self, name: str, data: bytes | Path) -> Artifact:
        """Keep `data` (or a copy of a file) as the artifact `name`, such as "charts/c1.png".

        A name is written once by one attempt: the same content again changes nothing, other content is BadInput.
        """
        return self.save_all({name: data})[name]

    def save_all(self, files: Mapping[str, bytes | Path]) -> dict[str, Artifact]:
        """`save` for several artifacts, at the same time."""
        saved = self._upload("artifacts", files)
        new = {name: artifact for name, artifact in saved.items() if self.state.artifacts.get(name) != artifact}
        if new:
            self._tell(Event(kind="artifacts", data={name: artifact.model_dump() for name, artifact in new.items()}))
        return saved

    def read(self, name: str) -> bytes:
        """An artifact of this run. NotFound."""
        if name not in self.state.artifacts:  # perhaps it was saved only now
            self.flush()
        return read_artifact(self.log, name)

    def checkpoint(self, name: str, value: Any = None, files: Mapping[str, bytes | Path] | None = None) -> None:
        """Record where a later attempt can go on: it finds `value`, and the files by `restore`. Written when this returns.

        The files of the one before, of the same name, are deleted then.
        """
        canonical_json([name, value])
        stored = self._upload(f"checkpoints/{name}-{secrets.token_hex(4)}", files or {})
        told = {"name": name, "value": value, "files": {file: artifact.model_dump() for file, artifact in stored.items()}}
        before = self.state.checkpoints.get(name)
        old = [artifact.path for artifact in before.files.values()] if before else []
        self._tell(Event(kind="checkpoint", data=told))
        if old:
            self._tell(Event(kind="expired", data={"paths": old}))
        self.flush()
        for path in old:
            self.store.delete(self.log.folder / path)

    def restore(self, name: str, folder: Path | None = None) -> Any | None:
        """The value of the newest checkpoint called `name`, its files written to `folder`; None if there is none."""
        found = self.state.checkpoints.get(name)
        if found is None:
            return None
        for file, artifact in found.files.items() if folder else ():
            self.store.download(self.log.folder / artifact.path, folder / file)  # type: ignore[operator]
        return found.value

    def ask(self, question: str) -> Any:
        """What a person answered. Raises Waiting until somebody did."""
        self.flush()
        if question not in self.state.answers:
            raise Waiting({"person": question})
        return self.state.answers[question]

    def check(self) -> None:
        """To be called between pieces of work; costs no request. Cancelled, LimitExceeded after the deadline, ClaimLost."""
        if self._lost:
            raise self._lost
        state = self.state
        if state.cancelling:
            raise Cancelled("The run was cancelled.")
        if state.deadline_s is not None and _since(self.store, state.created) > state.deadline_s:
            raise LimitExceeded(f"The run passed its deadline of {state.deadline_s:g} s.")
        if self.affords is not None and not self.affords():
            raise CapReached("The run has used up what was held for it; what it saved so far is kept.", "Allow it to cost more.")
        if self.timeout_s is not None and _since(self.store, state.claimed) > self.timeout_s:
            raise LimitExceeded(f"{state.function} may run for {self.timeout_s:g} s at most.")

    def flush(self) -> None:
        """Write what was told so far. ClaimLost, RunOver."""
        self._append(lambda told: machine.write(self.state, self.claim, told))

    def finish(self, outcome: str, **data: Any) -> None:
        """Write the run's last entry. `outcome`: succeeded, failed or cancelled; `data`: such as `output` or `error`."""
        canonical_json(data)
        self._end(lambda told: machine.finish(self.state, self.claim, outcome, told, **data))

    def hand_over(self, function: str, input: Mapping[str, Any], attempts: int, tier: str) -> None:
        self._end(lambda told: machine.hand_over(self.state, self.claim, told, function, input, attempts, tier))

    def wait(self, on: Mapping[str, str]) -> None:
        self._end(lambda told: machine.wait(self.state, self.claim, told, on))

    def give_back(self, error: Mapping[str, Any]) -> None:
        """The attempt ended without a result; the run is queued again or, after the last attempt, failed."""
        self._end(lambda told: machine.give_back(self.state, self.claim, told, error))

    def leave(self, why: Mapping[str, Any]) -> None:
        """The worker is told to stop: the run goes to another one, and no attempt is used up."""
        self._end(lambda told: machine.leave(self.state, self.claim, told, why))

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the function works: events are written, and the store hears from us. What ends before that is due has no thread."""
        stop = threading.Event()
        pulse = threading.Thread(target=self._pulse, args=(stop,), name="pulse", daemon=True)
        call_off = call_later(self._pause(), pulse.start)
        try:
            yield
        finally:
            stop.set()
            call_off()
            if pulse.is_alive() and not self._ended:  # else it does nothing any more, and need not be waited for
                pulse.join()
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)

    def _tell(self, event: Event) -> None:
        self._pending.append(event)
        if self.on_event:
            self.on_event(event)

    def _append(self, decide: _Decide) -> None:
        """Write what `decide` makes of the pending events."""
        with self._lock:
            if self._unsure:
                self._write(self._unsure)
            self._write(_Write(decide, list(self._pending), secrets.token_hex(8)))

    def _write(self, write: _Write) -> None:
        try:
            wrote = self.log.append(lambda: write.decide(write.told), write.nonce)
        except (ClaimLost, RunOver) as error:
            self._lost = error
            raise
        except BadInput:  # nothing was asked of the store
            raise
        except BaseException:  # the store fell silent, or a signal interrupted us
            self._unsure = write
            raise
        self._unsure = None
        del self._pending[: len(write.told)]
        if wrote:
            self._sign = time.monotonic()
            if self.log.head_is_old and self.state.state == "running":
                self.log.write_head()

    def _end(self, decide: _Decide) -> None:
        """Write a last entry; while the store does not answer, try for a while: the work is done and should count."""

        def ending(told: list[Event]) -> list[Event]:
            *before, last = decide(told)
            return [*before, Event(kind="requests", data=self._requests(over=last.kind == "finished")), last]

        with self._lock:
            self._ended = True  # the pulse would take an entry that was written, but not answered, for another's
        until, pause = time.monotonic() + PATIENCE_S, 1.0
        while True:
            try:
                with self._lock:
                    if self._unsure and self._unsure.decide is ending:
                        self._write(self._unsure)
                    else:
                        self._append(ending)
                return
            except StoreUnavailable:
                if time.monotonic() > until:
                    raise
                self.store.sleep(pause)
                pause = min(pause * 2, 15)

    def _requests(self, over: bool) -> dict[str, dict[str, int]]:
        """What this claim asked of the store, with the entry that says so and what passing the run on takes, and, told once, what
        opening took. A worker that dies tells nothing, and what parents, children and the sweep ask is not here."""
        control = self.store.requests.control + Counter(put=1)
        if not self.state.requests["control"]:
            control += Counter(put=3 if self.state.key else 2)
        control += Counter(put=2, delete=1) if over else Counter(put=1)
        return {"control": dict(control), "data": dict(self.store.requests.data)}

    def _pulse(self, stop: threading.Event) -> None:
        """Begun after the first pause."""
        while not stop.is_set() and not self._lost:
            try:
                with self._lock:
                    if self._ended:
                        return
                    if self._pending:
                        self.flush()
                    elif time.monotonic() - self._sign >= self.lease_s * 2 / 3:
                        self.beat()
            except AgentForgeError as error:
                log.warning("run %s: %s", self.id, error.message)
                if not isinstance(error, StoreUnavailable) or time.monotonic() - self._sign > 4 * self.lease_s:
                    self._lost = error
            stop.wait(self._pause())

    def _pause(self) -> float:
        """Seconds until events are written again: the more was written for this run, by whichever claim, the longer."""
        return min(FLUSH_S * SLOWER ** min(self.log.length, 20), LAST_FLUSH_S, self.lease_s * 0.4)

    def beat(self) -> None:
        """Say that we live, and look whether something was written by others; while `working`, this happens by itself.

        ClaimLost if another claimed the run, RunOver if it was ended.
        """
        with self._lock:
            key = self.log.folder / "lease.json"
            self._beats += 1
            body = seal({"claim": self.claim, "worker": self.state.worker, "beat": self._beats})
            self._lease = (self._lease and self.store.put_if(key, body, self._lease)) or self._first_beat(key, body)
            while self.log.read_next():
                pass
            machine.write(self.state, self.claim, [])
            self._sign = time.monotonic()

    def _first_beat(self, key: Key, body: bytes) -> str:
        there = self.store.get(key)
        if there is None:
            return self.store.put_new(key, body) or ""
        if (unseal(there.body, claim=int) or {"claim": 0})["claim"] > self.claim:
            return ""
        return self.store.put_if(key, body, there.version) or ""

    def _upload(self, folder: str, files: Mapping[str, bytes | Path]) -> dict[str, Artifact]:
        """Put files under this claim's own folder, so that a worker that lost its claim cannot touch another's."""
        keys = {name: self.log.folder.folder(folder).folder(str(self.claim)) / name for name in files}

        def kept(name: str) -> Artifact:
            return Artifact(**put(self.store, keys[name], files[name]), path=keys[name].removeprefix(self.log.folder))

        if len(files) < 2:
            return {name: kept(name) for name in files}
        with ThreadPoolExecutor(min(len(files), AT_ONCE), "save") as pool:
            return dict(zip(files, pool.map(kept, files), strict=True))


def read_artifact(runlog: RunLog, name: str) -> bytes:
    """An artifact's bytes. NotFound."""
    return runlog.store.read(artifact_key(runlog, name))


def artifact_key(runlog: RunLog, name: str) -> Key:
    artifact = runlog.state.artifacts.get(name)
    if artifact is None or artifact.path in runlog.state.expired:
        raise NotFound(f"The run {runlog.id} has no artifact {name!r}" + (" any more." if artifact else "."))
    return runlog.folder / artifact.path


def _since(store: Store, at: str) -> float:
    """Seconds from `at` to now, both by the store's clock."""
    return (store.now() - datetime.fromisoformat(at)).total_seconds()
