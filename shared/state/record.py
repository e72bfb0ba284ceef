"""The record of a run, without any storage: entries, how they are written and hashed, and what they add up to.

An entry is an object of its own, written once at the next free sequence number. It carries the hash of the object
before it (`prev`, so none can be changed or dropped between others) and of itself (`hash`, so the last one cannot be
changed unseen either). The state of a run is a fold over its entries and nothing else.
Not covered here: a tail that was cut off leaves a shorter, valid record; the ledger's tip hash will anchor it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from shared.errors import BadInput, RecordDamaged

State = Literal["opened", "queued", "running", "waiting", "succeeded", "failed", "cancelled"]
TERMINAL = ("succeeded", "failed", "cancelled")


class Entry(BaseModel, frozen=True, extra="forbid", strict=True):
    """One line of a run's log. Everything else than `kind` and `data` is the record's own bookkeeping."""

    seq: int
    at: str  # UTC, ISO 8601 with microseconds; never before the entry before
    kind: str  # opened, queued, claimed, step, artifacts, checkpoint, waiting, cancel, finished, or the function's own
    data: dict[str, Any]
    prev: str  # SHA-256 of the bytes of the object before; "" for the first
    nonce: str  # the writer's, so that it knows its own entry when an answer was lost
    hash: str  # SHA-256 of this entry's canonical JSON without `hash`


class Artifact(BaseModel):
    sha256: str
    bytes: int


class RunState(BaseModel):
    """What a run's entries add up to."""

    id: str
    workspace: str
    function: str
    state: State = "opened"
    created: str
    updated: str
    deadline_s: float | None = None  # seconds after `created`
    input: dict[str, Any]
    goal: str | None = None
    steps: dict[str, dict[str, Any]] = {}  # step id → its latest data, in the order in which they first appeared
    checkpoints: dict[str, Any] = {}
    artifacts: dict[str, Artifact] = {}
    cancelling: bool = False  # a cancel was asked for
    output: Any = None
    error: dict[str, Any] | None = None
    entries: int = 0
    damaged: str = ""  # what is wrong with the record, where a listing met a damaged one


def canonical_json(value: Any) -> bytes:
    """The one way we write JSON: sorted keys, no spaces, UTF-8. BadInput for NaN, infinities and non-JSON values."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"A value cannot be recorded as JSON: {error}.") from error


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_entry(seq: int, at: str, kind: str, data: dict[str, Any], prev: str, nonce: str) -> bytes:
    """The bytes of an entry's object."""
    body = {"seq": seq, "at": at, "kind": kind, "data": data, "prev": prev, "nonce": nonce}
    return canonical_json({**body, "hash": sha256(canonical_json(body))})


def read_entry(raw: bytes, seq: int, prev: str) -> Entry:
    """The entry in `raw`, which must be number `seq` and follow the object hashing to `prev`; else RecordDamaged."""
    try:
        entry = Entry.model_validate(from_json(raw, allow_inf_nan=False))
        fields = entry.model_dump()
        sound = canonical_json(fields) == raw and fields.pop("hash") == sha256(canonical_json(fields))
    except (ValueError, ValidationError, BadInput):
        sound = False
    if not sound:
        raise RecordDamaged(f"Entry {seq} was changed after it was written.")
    if entry.seq != seq:
        raise RecordDamaged(f"Entry {seq} says that it is number {entry.seq}.")
    if entry.prev != prev:
        raise RecordDamaged(f"Entry {seq} does not follow the entry before it.")
    return entry


def is_over(entries: Sequence[Entry]) -> bool:
    return bool(entries) and entries[-1].kind == "finished"


def fold(entries: Iterable[Entry]) -> RunState:
    """The state after `entries`, which start with `opened`; RecordDamaged if they do not."""
    state: RunState | None = None
    for entry in entries:
        try:
            state = _after(state, entry)
        except (KeyError, TypeError, AttributeError, ValidationError) as error:
            raise RecordDamaged(f"Entry {entry.seq} lacks what one of its kind ({entry.kind}) must say.") from error
    if state is None:
        raise RecordDamaged("The record is empty.")
    return state


def _after(state: RunState | None, entry: Entry) -> RunState:
    data = entry.data
    if state is None:
        state = RunState(created=entry.at, updated=entry.at, goal=data["input"].get("goal"), **data)
    elif entry.kind == "finished":
        state.state, state.output, state.error = data["state"], data.get("output"), data.get("error")
    elif entry.kind == "cancel":
        state.cancelling = True
    elif entry.kind in ("queued", "waiting"):
        state.state = "queued" if entry.kind == "queued" else "waiting"
    else:  # whatever else is written, the function writes while it works
        state.state = "running"
        if entry.kind == "step":
            id = str(data.get("id"))
            state.steps[id] = {**state.steps.get(id, {}), **data}
        elif entry.kind == "artifacts":
            state.artifacts |= {name: Artifact.model_validate(artifact) for name, artifact in data.items()}
        elif entry.kind == "checkpoint":
            state.checkpoints[data["name"]] = data["value"]
    state.updated, state.entries = entry.at, entry.seq + 1
    return state
