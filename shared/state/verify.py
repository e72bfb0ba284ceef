"""Whether a record is what was written: everything hashed again, every fold made again.

Covered: entries and artifacts that were changed, swapped, cut off or deleted; kept folds, ledger entries, tombstones and
idempotency keys that do not fit; runs that are gone without a tombstone; datasets (a missing one where a run that succeeded
was given it and nobody deleted it) and the audit trail.
Not covered: signs of life (lease.json, submitted.json) and due entries, which are no part of the record; files that a worker
left without telling; a run that was not settled and is gone whole; one that is gone together with its ledger entry.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.errors import AgentForgeError, BadInput, NotFound, RecordDamaged
from shared.state import audit
from shared.state.artifacts import sha256_of_object
from shared.state.datasets import REFERENCE, grave_key
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key, workspace_prefix
from shared.state.machine import Artifact
from shared.state.record import Entry, canonical_json, unseal
from shared.state.runs import RunLog, due_key, entries_of, head_bytes, ledger_key, tombstone_key
from shared.state.store import Store


def verify_run(store: Store, id: str, workspace: str = "local") -> list[str]:
    """What is wrong with a run's record, in words; [] is good. NotFound for a run that never was."""
    there = RunLog(store, workspace, id)
    grave = store.get(tombstone_key(workspace, id))
    if grave is not None:
        return list(_buried(store, there, unseal(grave.body, run=str, key=str)))
    if not store.list_after(there.prefix, limit=1):
        if store.get(ledger_key(there)) is None and not store.list_after(there.folder, limit=1):
            raise NotFound(f"There is no run {id!r}.", "`agentforge runs list` shows those there are.")
        return ["The run's log is gone, and no tombstone says why."]
    return list(_problems(store, there))


def verify_workspace(store: Store, workspace: str = "local") -> dict[str, list[str]]:
    """What is wrong with a whole workspace: run, dataset or "audit" → problems; {} is good."""
    prefix = workspace_prefix(workspace)
    ids = {listed.key.rstrip("/").rpartition("/")[2] for listed in store.list_all(prefix.folder("runs"), folders=True)}
    for kept in ("ledger", "tombstones"):
        ids |= {_name(listed.key) for listed in store.list_all(prefix.folder(kept))}
    with ThreadPoolExecutor(8, "verify") as pool:
        each = pool.map(lambda id: _run_or_foreign(store, id, workspace), sorted(ids))
        found = {id: problems for id, problems in zip(sorted(ids), each, strict=True) if problems}
    for listed in store.list_all(prefix.folder("requests")):
        stored = store.get(listed.key)
        if stored is None or unseal(stored.body, run=str, due=str, request=str) is None:
            found[_name(listed.key)] = ["What is kept for an idempotency key was changed."]
    for listed in store.list_all(prefix.folder("datasets")):
        if sha256_of_object(store, listed.key) != listed.key.removeprefix(prefix.folder("datasets")).partition("/")[0]:
            found[listed.key.removeprefix(prefix)] = ["The dataset was changed after it was saved."]
    if problems := audit.problems(store, workspace):
        found["audit"] = problems
    return found


def _run_or_foreign(store: Store, id: str, workspace: str) -> list[str]:
    try:
        return verify_run(store, id, workspace)
    except StoreUnavailable:
        raise
    except AgentForgeError as error:
        return [error.message]


def _problems(store: Store, log: RunLog) -> Iterator[str]:
    kept = store.get(log.folder / "head.json")
    covers = entries_of(kept.body) if kept else None
    tips: dict[int, str] = {}  # number of entries → the hash of the last of them
    head: bytes | None = None
    files: dict[str, tuple[str, Artifact]] = {}  # path → what to call it, what it must be
    inputs: list[Any] = []

    class Refolding(RunLog):
        def took(self, entry: Entry) -> None:
            nonlocal head
            super().took(entry)
            for event in entry.events:
                files.update(_files(event.kind, event.data))
                inputs.append(event.data.get("input"))
            tips[self.length] = self.tip
            if self.length == covers:
                head = head_bytes(self.state, self.tip)

    log = Refolding(store, log.workspace, log.id)
    try:
        log.read_on()
    except RecordDamaged as error:
        yield error.message
        return
    yield from _ledger(store, log, tips)
    if kept is not None and head != kept.body:
        yield "The kept fold (head.json) is not what the log adds up to."
    for path, (name, artifact) in files.items():
        if path in log.state.expired:  # deleted by retention, as the log says
            continue
        try:
            if sha256_of_object(store, log.folder / artifact.path) != artifact.sha256:
                yield f"{name} was changed after it was saved."
        except NotFound:
            yield f"{name} is missing."
    if log.state.state == "succeeded":
        yield from _datasets(store, log, inputs)


def _ledger(store: Store, log: RunLog, tips: dict[int, str]) -> Iterator[str]:
    """Whether the ledger's anchor holds. A run that is over and no longer due has been settled, so it has one."""
    stored = store.get(ledger_key(log))
    if stored is not None:
        anchor = unseal(stored.body, run=str, entries=int, tip=str)
        if anchor is None or anchor["run"] != log.id:
            yield "The ledger entry was changed after it was written."
        elif tips.get(anchor["entries"]) != anchor["tip"]:
            yield "The log does not reach the tip that the ledger keeps: its end was cut off or replaced."
    elif log.state.over and store.get(due_key(log.state.due, log)) is None:
        yield "The ledger has no entry for this run."
    if log.state.over and stored is not None and store.get(log.folder / "head.json") is None:
        yield "The kept fold (head.json) is missing."
    yield from _request(store, log, log.state.key)


def _buried(store: Store, log: RunLog, grave: dict[str, Any] | None) -> Iterator[str]:
    """What is wrong with what is left of a run that was deleted on purpose."""
    if grave is None or grave["run"] != log.id:
        yield "The tombstone was changed after it was written."
        return
    stored = store.get(ledger_key(log))
    anchor = unseal(stored.body, run=str) if stored else None
    if stored is None:
        yield "The ledger has no entry for this run."
    elif anchor is None or anchor["run"] != log.id:
        yield "The ledger entry was changed after it was written."
    yield from _request(store, log, grave["key"])


def _request(store: Store, log: RunLog, key: str) -> Iterator[str]:
    if key and store.get(workspace_prefix(log.workspace).folder("requests") / f"{key}.json") is None:
        yield "Its idempotency key is missing."


def _files(kind: str, data: dict[str, Any]) -> Iterator[tuple[str, tuple[str, Artifact]]]:
    """The files that an event tells of, by path."""
    if kind == "artifacts":
        for name, artifact in data.items():
            yield artifact["path"], (f"The artifact {name!r}", Artifact(**artifact))
    elif kind == "checkpoint":
        for file, artifact in data["files"].items():
            yield artifact["path"], (f"The file {file!r} of checkpoint {data['name']!r}", Artifact(**artifact))


def _datasets(store: Store, log: RunLog, inputs: list[Any]) -> Iterator[str]:
    """The datasets that a run was given and that are gone."""
    folder = workspace_prefix(log.workspace).folder("datasets")
    for reference in set(re.findall(r'"(dataset:[^"\\]*)"', canonical_json(inputs).decode())):
        if match := REFERENCE.fullmatch(reference):
            try:
                key = folder.folder(match[1]) / match[2]
            except BadInput:  # no name a dataset can have
                continue
            there = {listed.key for listed in store.list_after(folder.folder(match[1]))}
            if key not in there and store.get(grave_key(log.workspace, match[1])) is None:
                yield f"The dataset {match[2]} is missing."


def _name(key: Key) -> str:
    return key.rpartition("/")[2].removesuffix(".json")
