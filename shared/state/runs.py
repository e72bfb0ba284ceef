"""Runs as those outside see them: open, status, list, events, cancel, answer, settle. What a worker does is in run.py.

Opening is: idempotency key → due entry → entry 0. Whoever dies in between leaves something that sweep finds or that
opening again completes. Settling is: ledger → head → no longer due; all of it may be done again without effect.
"""

import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Self

from pydantic import ValidationError
from pydantic_core import from_json

from shared.errors import AgentForgeError, BadInput, Conflict, NotFound, RecordDamaged
from shared.settings import lease_s
from shared.state import idempotency, machine
from shared.state.driver import Stored
from shared.state.idempotency import KeyReused, request_key
from shared.state.keys import DUE, Key, run_prefix, workspace_prefix
from shared.state.log import Log
from shared.state.machine import RunState
from shared.state.record import Entry, Event, canonical_json, seal, sha256
from shared.state.slots import free_slot, take_slot
from shared.state.store import AT_ONCE, Store

DUE_AFTER_S = 60  # sweep looks at a run that is not settled this long after it was opened, or after two lease times
FIRST_HEAD, HEAD_EVERY = 8, AT_ONCE - 1  # entries before a fold is kept, and between later ones: readers get the rest at once
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in the order of their characters


class RunRef(NamedTuple):
    """What a backend is given to work on. `entries`: how many its log had, so that a worker need not ask."""

    workspace: str
    id: str
    entries: int = 1

    def __str__(self) -> str:
        return f"{self.workspace}/{self.id}/{self.entries}"

    @classmethod
    def parse(cls, text: str) -> Self:
        workspace, slash, rest = text.partition("/")
        id, _, entries = rest.partition("/")
        if not slash or entries and not (entries.isdecimal() and int(entries[:10]) > 0 and len(entries) <= 10):
            raise BadInput(f"{text[:100]!r} does not refer to a run.", "Write workspace/run.")
        run_prefix(workspace, id)
        return cls(workspace, id, int(entries or 1))


class RunLog(Log):
    """A run's log and what it adds up to."""

    def __init__(self, store: Store, workspace: str, id: str) -> None:
        self.folder = run_prefix(workspace, id)
        super().__init__(store, self.folder.folder("log"))
        self.workspace, self.id = workspace, id
        self._state: RunState | None = None
        self._head = ""  # the version of head.json, as far as we know of one
        self.kept = 0  # how many entries it covers

    @property
    def state(self) -> RunState:
        if self._state is None:
            raise NotFound(f"There is no run {self.id!r}.", "`agentforge runs list` shows those there are.")
        return self._state

    @property
    def ref(self) -> RunRef:
        return RunRef(self.workspace, self.id, self.length)

    def took(self, entry: Entry) -> None:
        self._state = machine.after(self._state, entry)
        if (self._state.id, self._state.workspace) != (self.id, self.workspace):
            raise RecordDamaged(f"The record in {self.id} is that of another run.")

    def read_head(self) -> None:
        """Start from the fold that is kept for readers; without a good one, from the beginning."""
        self._take_head(self.store.get(self.folder / "head.json"))

    def read_kept(self) -> None:
        """The same in one round trip whatever there is: as long as no fold is kept, the first two entries stand for it."""
        head, *first = self.store.get_all([self.folder / "head.json", self.prefix.number(0), self.prefix.number(1)])
        self._take_head(head)
        for stored in first:
            if stored is not None and not self.kept:
                self._take(stored.body)

    def _take_head(self, stored: Stored | None) -> None:
        self._head = stored.version if stored else ""
        try:
            head = from_json(stored.body) if stored else None
            state = RunState.model_validate(head["state"]) if head else None
            tip = str(head["tip"]) if head else ""
        except (ValueError, KeyError, TypeError, ValidationError):
            state, tip = None, ""
        if state and (state.id, state.workspace) == (self.id, self.workspace) and state.entries > self.length:
            self._state, self.length, self.tip, self.at = state, state.entries, tip, state.updated
            self.kept = self.length

    def write_head(self) -> None:
        """Keep the fold for readers. A newer one is left as it is."""
        if self.kept >= self.length:
            return
        key, body = self.folder / "head.json", head_bytes(self.state, self.tip)
        while (
            written := self.store.put_if(key, body, self._head) if self._head else self.store.put_new(key, body)
        ) is None:
            there = self.store.get(key)
            self._head = there.version if there else ""
            if there is not None and entries_of(there.body) >= self.length:
                return
        self._head, self.kept = written, self.length

    @property
    def head_is_old(self) -> bool:
        return self.length - self.kept >= (HEAD_EVERY if self.kept else FIRST_HEAD)


class Reader(RunLog):
    """A run's log that keeps its entries until they are taken: for whoever follows a run."""

    def __init__(self, store: Store, workspace: str, id: str) -> None:
        super().__init__(store, workspace, id)
        self._entries: list[Entry] = []

    def took(self, entry: Entry) -> None:
        super().took(entry)
        self._entries.append(entry)

    def take(self) -> list[Entry]:
        """The entries that were read since the last time."""
        taken, self._entries = self._entries, []
        return taken


def head_bytes(state: RunState, tip: str) -> bytes:
    return canonical_json({"state": state.model_dump(mode="json"), "tip": tip})


def open_run(
    store: Store,
    function: str,
    input: Mapping[str, Any],
    workspace: str = "local",
    *,
    attempts: int = 1,
    tier: str = "",
    paid: bool = False,
    deadline_s: float | None = None,
    idempotency_key: str | None = None,
    parent: str | None = None,
    retry_of: str | None = None,
    most_at_once: int | None = None,
) -> RunLog:
    """A new run of `function`, or the one that was opened under the same key. BadInput, KeyReused.

    `paid`: it can be claimed only once money is held for it. `most_at_once`: TooManyRuns if so many runs that were opened with such a limit go on in the workspace.
    """
    asked = canonical_json({"function": function, "input": dict(input), "parent": parent, "retry_of": retry_of})
    now = store.now()
    id, due = new_id(now), _time_name(now + timedelta(seconds=min(DUE_AFTER_S, 2 * lease_s())))
    log = RunLog(store, workspace, id)
    if idempotency_key is not None:
        kept = idempotency.kept(store, request_key(workspace, idempotency_key), asked, id, due)
        if kept["run"] != id:
            log, due = _opened_before(store, workspace, kept["run"]), kept["due"]
            if log.length:
                return log
            id = log.id
    opened = {
        "id": id, "workspace": workspace, "function": function, "tier": tier, "input": dict(input), "attempts": attempts,
        "deadline_s": deadline_s, "due": due, "parent": parent, "retry_of": retry_of,
        "key": sha256(idempotency_key.encode()) if idempotency_key else "",
    }  # fmt: skip
    if paid:
        opened["paid"] = True
    slot = None
    if most_at_once is not None:
        slot = opened["slot"] = take_slot(store, workspace, most_at_once, id, partial(_needs_no_slot, store, workspace))
    store.put_new(due_key(due, log), b"")
    log.append(lambda: [] if log.length else [Event(kind="opened", data=opened)])
    if slot is not None and log.state.slot != slot:  # another was quicker to open the same run
        free_slot(store, workspace, slot, id)
    if (store.now() - now).total_seconds() > DUE_AFTER_S:  # so slow that the sweep may have forgotten the run
        store.put_new(due_key(due, log), b"")
    return log


def new_id(at: datetime) -> str:
    """A run's id: names in reverse order of time, so that a bucket lists the newest run first; then 50 random bits."""
    left = (1 << 45) - 1 - int(at.timestamp() * 1000)
    return f"{_base32(left, 9)}-{_base32(secrets.randbits(50), 10)}"


def load(store: Store, id: str, workspace: str = "local") -> RunLog:
    """A run with all of its entries read. NotFound, or RecordDamaged where its record does not add up."""
    log = RunLog(store, workspace, id)
    log.read_on()
    log.state  # noqa: B018 - NotFound without one
    return log


def status(store: Store, id: str, workspace: str = "local", *, cached: bool = False) -> RunState:
    """A run's state: exact, in two round trips; with `cached`, as the kept fold has it, in one.

    A run that is over cannot change, so its kept fold is exact.
    """
    log = RunLog(store, workspace, id)
    if cached:
        log.read_kept()
        return log.state
    log.read_head()
    if not (log.length and log.state.over):
        log.read_ahead((HEAD_EVERY if log.kept else FIRST_HEAD) + 1)
    return log.state


def list_runs(store: Store, limit: int = 50, before: str = "", workspace: str = "local") -> list[RunState]:
    """The newest runs first; only those older than the run `before`. Damaged ones are listed, and say so."""
    runs = workspace_prefix(workspace).folder("runs")
    after = str(runs.folder(before)) if before else ""

    def one(id: str) -> RunState | None:
        try:
            log = RunLog(store, workspace, id)
            log.read_head()
            if not (log.length and log.state.over):
                log.read_on()
            return log.state
        except RecordDamaged as error:
            return RunState(id=id, workspace=workspace, function="", created="", updated="", input={}, damaged=error.message)
        except NotFound:  # opened, and killed before the first entry was there, or deleted
            return None

    found: list[RunState] = []
    while len(found) < limit:
        page = [listed.key for listed in store.list_after(runs, after, min(limit, 1000), folders=True)]
        if not page:
            break
        with ThreadPoolExecutor(min(len(page), 8), "runs") as pool:
            found += [state for state in pool.map(one, (k.removeprefix(runs).rstrip("/") for k in page)) if state is not None]
        after = page[-1]
    return found[:limit]


def cancel(store: Store, id: str, workspace: str = "local", *, reason: str = "", by: str = "") -> RunState:
    """Ask for a run to stop; its worker finds out at its next entry or heartbeat. RunOver if it has finished."""
    log = load(store, id, workspace)
    child = log.state.waiting.get("child")
    log.append(lambda: machine.cancel(log.state, reason, by))
    if log.state.over:
        settle(log)
    if child:
        with suppress(machine.RunOver):
            cancel(store, child, workspace, reason=reason, by=by)
    return log.state


def answer(store: Store, id: str, question: str, answer: Any, workspace: str = "local") -> RunLog:
    """Give a waiting run what it asked a person for. Conflict if it does not wait for that."""
    log = load(store, id, workspace)
    if not log.append(lambda: machine.resume(log.state, {"person": question}, {question: answer})):
        raise Conflict(f"The run {id} does not wait for an answer to {question!r}.", f"It is {log.state.state}.")
    return log


def settle(log: RunLog, charge: Mapping[str, Any] | None = None) -> None:
    """Close the books of a run that is over. May be done again, by anyone, at any time.

    One that is paid for is left as it is without its `charge`: shared/money/holds.py settles it, with the account.
    """
    state = log.state
    if state.paid and charge is None:
        return
    paid = {"charge": dict(charge), "by": state.hold.by if state.hold else ""} if charge is not None else {}
    log.store.put_new(ledger_key(log), seal(ledger_fields(log) | paid))
    log.write_head()
    if state.slot is not None:
        free_slot(log.store, log.workspace, state.slot, log.id)
    if state.due:
        log.store.delete(due_key(state.due, log))


def _needs_no_slot(store: Store, workspace: str, id: str, slot: int) -> bool | None:
    """Whether a run is over, or has another slot: whoever opened it a second time took one more.

    None for a run that there is not, or whose record is damaged: nobody will settle that.
    """
    try:
        state = status(store, id, workspace)
    except (NotFound, RecordDamaged):
        return None
    return state.over or state.slot != slot


def ledger_key(log: RunLog) -> Key:
    return workspace_prefix(log.workspace).folder("ledger") / f"{log.id}.json"


def ledger_fields(log: RunLog) -> dict[str, Any]:
    """What the ledger keeps of a run: enough to notice that its log was cut short or is gone."""
    state = log.state
    return {"run": log.id, "function": state.function, "state": state.state, "entries": log.length, "tip": log.tip, "at": log.at}


def due_runs(store: Store, early: bool = False) -> Iterator[tuple[Key, RunRef]]:
    """The runs that are not settled, oldest first, with their due entries: those opened a while ago, or, if `early`, all."""
    now = _time_name(store.now())
    for listed in store.list_all(DUE):
        at, _, rest = listed.key.removeprefix(DUE).partition(".")
        if at > now and not early:
            return
        workspace, _, id = rest.partition(".")
        try:
            run_prefix(workspace, id)
        except AgentForgeError:
            continue  # a foreign object
        yield listed.key, RunRef(workspace, id)


def _opened_before(store: Store, workspace: str, id: str) -> RunLog:
    """The run that a repeated request means; without entries if whoever opened it died before the first."""
    log = RunLog(store, workspace, id)
    log.read_on()
    if not log.length and store.get(tombstone_key(workspace, id)) is not None:
        raise KeyReused(f"The run {id} of this idempotency key was deleted.", "Use a new key for a new request.")
    return log


def tombstone_key(workspace: str, id: str) -> Key:
    return workspace_prefix(workspace).folder("tombstones") / f"{id}.json"


def _time_name(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}-{at.microsecond:06d}"


def due_key(due: str, log: RunLog) -> Key:
    return DUE / f"{due}.{log.workspace}.{log.id}"


def entries_of(head: bytes) -> int:
    """How many entries a kept fold covers; -1 if it cannot be read."""
    try:
        return int(from_json(head)["state"]["entries"])
    except (ValueError, KeyError, TypeError):
        return -1


def _base32(value: int, length: int) -> str:
    return "".join(DIGITS[value >> (5 * place) & 31] for place in reversed(range(length)))
