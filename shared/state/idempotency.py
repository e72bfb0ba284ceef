"""Idempotency keys: what the first request with a key made is what every later one gets.

The first writes down the id of what it is about to make. Whoever dies after that leaves an id under which the next completes it.
"""

from typing import Any

from shared.errors import AgentForgeError, BadInput, RecordDamaged
from shared.state.keys import Key, workspace_prefix
from shared.state.record import canonical_json, seal, sha256, unseal
from shared.state.store import Store


class KeyReused(AgentForgeError):
    """An idempotency key came again with another request."""

    code = "idempotency_key_reused"
    status = 409


def request_key(workspace: str, idempotency_key: str) -> Key:
    if not 0 < len(idempotency_key) <= 255:
        raise BadInput("An idempotency key has 1 to 255 characters.")
    return workspace_prefix(workspace).folder("requests") / f"{sha256(idempotency_key.encode('utf-8', 'replace'))}.json"


def id_of(store: Store, workspace: str, idempotency_key: str | None, request: Any, id: str) -> str:
    """The id to make something under: that of the first request with this key, else `id`. KeyReused for another request."""
    if idempotency_key is None:
        return id
    return kept(store, request_key(workspace, idempotency_key), canonical_json(request), id, "")["run"]


def finish(store: Store, workspace: str, idempotency_key: str | None) -> None:
    """What the request asked for was done, so that it is not done again after others have changed it."""
    if idempotency_key is not None:
        store.put_new(_finished(workspace, idempotency_key), b"")


def finished(store: Store, workspace: str, idempotency_key: str | None) -> bool:
    return idempotency_key is not None and store.get(_finished(workspace, idempotency_key)) is not None


def _finished(workspace: str, idempotency_key: str) -> Key:
    name = request_key(workspace, idempotency_key).rpartition("/")[2]
    return workspace_prefix(workspace).folder("finished") / name


def kept(store: Store, name: Key, request: bytes, id: str, due: str) -> dict[str, str]:
    """What the first to use a key wrote down: the id it stands for (`run`), and its due entry. KeyReused, RecordDamaged."""
    ours = {"run": id, "due": due, "request": sha256(request)}
    while store.put_new(name, seal(ours)) is None:
        there = store.get(name)
        if there is None:
            continue
        kept = unseal(there.body, run=str, due=str, request=str)
        if kept is None:
            raise RecordDamaged("What is kept for this idempotency key was changed.", "Use another key.")
        if kept["request"] != ours["request"]:
            raise KeyReused("This idempotency key was used for another request.", "Use a new key for a new request.")
        return kept
    return ours
