"""Entries: how they are written and hashed. Pure; what they mean is in machine.py.

An entry is an object of its own, written once at the next free sequence number, and holds one or more events. It carries
the hash of the object before it (`prev`, so none can be changed or dropped between others) and of itself (`hash`, so the
last one cannot be changed unseen either). A tail that was cut off is found by the ledger, which keeps the tip's hash.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from shared.errors import BadInput, RecordDamaged

DEEPEST = 200  # levels of JSON that pydantic reads
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Event(BaseModel, frozen=True, extra="forbid", strict=True):
    kind: str
    data: dict[str, Any] = {}


class Entry(BaseModel, frozen=True, extra="forbid", strict=True):
    """One object of a log."""

    seq: int
    at: str  # UTC by the store's clock, ISO 8601 with microseconds; never before the entry before
    events: tuple[Event, ...]
    prev: str  # SHA-256 of the bytes of the object before; "" for the first
    nonce: str  # the writer's, so that it knows its own entry when an answer was lost
    hash: str  # SHA-256 of this entry's canonical JSON without `hash`


def canonical_json(value: Any) -> bytes:
    """The one way we write JSON: sorted keys, no spaces, UTF-8. BadInput for NaN, infinities and non-JSON values."""
    try:
        return _ENCODER.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"A value cannot be recorded as JSON: {error}.") from error


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def seal(fields: dict[str, Any]) -> bytes:
    """An object that tells when it was changed: its canonical JSON with `hash`, the SHA-256 of the rest."""
    return canonical_json({**fields, "hash": sha256(canonical_json(fields))})


def unseal(raw: bytes, **wanted: type) -> dict[str, Any] | None:
    """What was sealed; None if it was changed since, or is another object, without the fields that are wanted of these types."""
    try:
        fields = from_json(raw, allow_inf_nan=False)
        if isinstance(fields, dict) and canonical_json(fields) == raw and fields.pop("hash") == sha256(canonical_json(fields)):
            return fields if all(isinstance(fields[name], kind) for name, kind in wanted.items()) else None
    except (ValueError, KeyError, BadInput):
        pass
    return None


def write_entry(seq: int, at: str, events: Sequence[Event], prev: str, nonce: str) -> bytes:
    """The bytes of an entry's object. BadInput for what could not be read again."""
    told = [{"kind": event.kind, "data": event.data} for event in events]
    raw = seal({"seq": seq, "at": at, "events": told, "prev": prev, "nonce": nonce})
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:  # else it cannot be too deep
        try:
            from_json(raw)
        except ValueError:
            raise BadInput("A value cannot be recorded as JSON: it nests too deep.", f"Use less than {DEEPEST - 50} levels.") from None
    return raw


def read_entry(raw: bytes, seq: int, prev: str) -> Entry:
    """The entry in `raw`, which must be number `seq` and follow the object hashing to `prev`; else RecordDamaged."""
    fields = unseal(raw)
    try:
        entry = None if fields is None else Entry.model_validate_json(raw)
    except ValidationError:
        entry = None
    if entry is None:
        raise RecordDamaged(f"Entry {seq} was changed after it was written.")
    if entry.seq != seq:
        raise RecordDamaged(f"Entry {seq} says that it is number {entry.seq}.")
    if entry.prev != prev:
        raise RecordDamaged(f"Entry {seq} does not follow the entry before it.")
    return entry
