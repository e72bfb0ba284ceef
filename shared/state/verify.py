"""Whether a record is what was written: everything hashed again, every fold made again.

Covered: entries and artifacts that were changed, swapped, cut off or deleted; kept folds, ledger entries, tombstones and
idempotency keys that do not fit; runs that are gone without a tombstone; datasets and the audit trail.
Not covered: signs of life (lease.json, submitted.json) and due entries, which are no part of the record; a run that was not
settled and is gone whole; one that is gone together with its ledger entry.
"""

from collections.abc import Iterator

from shared.errors import AgentForgeError, NotFound, RecordDamaged
from shared.state.artifacts import sha256_of_object
from shared.state.keys import Key, workspace_prefix
from shared.state.log import Log
from shared.state.machine import Artifact, RunState
from shared.state.record import Entry, unseal
from shared.state.runs import RunLog, due_key, entries_of, head_bytes, ledger_key, tombstone_key
from shared.state.store import Store


def verify_run(store: Store, id: str, workspace: str = "local") -> list[str]:
    """What is wrong with a run's record, in words; [] is good. NotFound for a run that never was."""
    there = RunLog(store, workspace, id)
    grave = store.get(tombstone_key(workspace, id))
    if grave is not None:
        buried = unseal(grave.body)
        return [] if buried and buried["run"] == id else ["The tombstone was changed after it was written."]
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
    found = {id: problems for id in sorted(ids) if (problems := _run_or_foreign(store, id, workspace))}
    for listed in store.list_all(prefix.folder("requests")):
        stored = store.get(listed.key)
        if stored is None or unseal(stored.body) is None:
            found[_name(listed.key)] = ["What is kept for an idempotency key was changed."]
    for listed in store.list_all(prefix.folder("datasets")):
        if sha256_of_object(store, listed.key) != listed.key.removeprefix(prefix.folder("datasets")).partition("/")[0]:
            found[listed.key.removeprefix(prefix)] = ["The dataset was changed after it was saved."]
    try:
        Log(store, prefix.folder("audit")).read_on()
    except RecordDamaged as error:
        found["audit"] = [error.message]
    return found


def _run_or_foreign(store: Store, id: str, workspace: str) -> list[str]:
    try:
        return verify_run(store, id, workspace)
    except AgentForgeError as error:
        return [error.message]


def _problems(store: Store, log: RunLog) -> Iterator[str]:
    kept = store.get(log.folder / "head.json")
    covers = entries_of(kept.body) if kept else None
    tips: dict[int, str] = {}  # number of entries → the hash of the last of them
    head = b""

    class Refolding(RunLog):
        def took(self, entry: Entry) -> None:
            nonlocal head
            super().took(entry)
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
    for name, artifact in _files(log.state):
        try:
            if sha256_of_object(store, log.folder / artifact.path) != artifact.sha256:
                yield f"{name} was changed after it was saved."
        except NotFound:
            yield f"{name} is missing."


def _ledger(store: Store, log: RunLog, tips: dict[int, str]) -> Iterator[str]:
    """Whether the ledger's anchor holds. A run that is over and no longer due has been settled, so it has one."""
    stored = store.get(ledger_key(log))
    if stored is not None:
        anchor = unseal(stored.body)
        if anchor is None or anchor["run"] != log.id:
            yield "The ledger entry was changed after it was written."
        elif tips.get(anchor["entries"]) != anchor["tip"]:
            yield "The log does not reach the tip that the ledger keeps: its end was cut off or replaced."
    elif log.state.over and store.get(due_key(log.state.due, log)) is None:
        yield "The ledger has no entry for this run."
    if log.state.over and stored is not None and store.get(log.folder / "head.json") is None:
        yield "The kept fold (head.json) is missing."
    if log.state.key:
        key = workspace_prefix(log.workspace).folder("requests") / f"{log.state.key}.json"
        if store.get(key) is None:
            yield "Its idempotency key is missing."


def _files(state: RunState) -> Iterator[tuple[str, Artifact]]:
    """What must be there: artifacts and checkpoints' files that retention has not deleted."""
    for name, artifact in state.artifacts.items():
        if artifact.path not in state.expired:
            yield f"The artifact {name!r}", artifact
    for name, checkpoint in state.checkpoints.items():
        for file, artifact in checkpoint.files.items():
            if artifact.path not in state.expired:
                yield f"The file {file!r} of checkpoint {name!r}", artifact


def _name(key: Key) -> str:
    return key.rpartition("/")[2].removesuffix(".json")
