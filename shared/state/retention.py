"""What is deleted, and how the record says so: files of old runs by rule, whole runs on purpose.

Before files go, the run's log says `expired`, and before a run goes, a tombstone keeps its tip: whoever dies in between
leaves a record that verifies, and doing it again completes it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from shared import settings
from shared.errors import AgentForgeError, BadInput, RecordDamaged
from shared.state import audit, machine, runs
from shared.state.keys import SYSTEM, WORKSPACE, Key, workspace_prefix
from shared.state.record import seal, unseal
from shared.state.runs import RunLog
from shared.state.store import Store

EVERY_S = 86_400


def expire_old(store: Store) -> Counter[str]:
    """Once a day, delete files of runs that are over and older than the rules say, and what lost workers left of them."""
    key, done = SYSTEM / "retention.json", Counter[str]()
    stored = store.get(key)
    if stored is not None and (store.now() - stored.at).total_seconds() < EVERY_S:
        return done
    names = [listed.key.split("/")[1] for listed in store.list_all(Key("t/"), folders=True)]
    for workspace in filter(WORKSPACE.fullmatch, names):  # what else is there is not ours
        for kind, days in ("checkpoints", settings.keep_checkpoints_days()), ("artifacts", settings.keep_days()):
            for log in _older(store, workspace, days) if days is not None else ():
                with suppress(RecordDamaged):
                    done[kind] += _expire(log, kind)
    known = unseal(stored.body, turn=int) if stored else None
    body = seal({"turn": known["turn"] + 1 if known else 0})
    _ = store.put_if(key, body, stored.version) if stored else store.put_new(key, body)
    return +done


def delete_run(store: Store, id: str, workspace: str, *, by: str, reason: str = "") -> None:
    """Delete a run that is over, leaving a tombstone. BadInput while it is not over; again to complete what was broken off."""
    grave = runs.tombstone_key(workspace, id)
    if store.get(grave) is None:
        log = runs.load(store, id, workspace)
        if not log.state.over:
            raise BadInput(f"The run {id} is {log.state.state}.", "Cancel it first.")
        runs.settle(log)
        if log.state.paid and store.get(runs.ledger_key(log)) is None:
            raise BadInput(f"The run {id} has not been charged yet.", "The sweep does that within a minute or so; try again then.")
        audit.note(store, workspace, "delete_run", by, run=id, reason=reason)
        told = {"run": id, "tip": log.tip, "key": log.state.key, "at": store.now().isoformat(), "by": by, "reason": reason}
        store.put_new(grave, seal(told))
    for listed in list(store.list_all(RunLog(store, workspace, id).folder)):
        store.delete(listed.key)


def _older(store: Store, workspace: str, days: float) -> Iterator[RunLog]:
    """The runs opened longer ago than that. Ids tell the time, newest first, so the others are not even listed."""
    folder = workspace_prefix(workspace).folder("runs")
    youngest = runs.new_id(store.now() - timedelta(days=days))[:9]
    for listed in store.list_all(folder, f"{folder}{youngest}", folders=True):
        try:
            log = RunLog(store, workspace, listed.key.removeprefix(folder).rstrip("/"))
            log.read_head()
            log.read_on()
        except AgentForgeError:
            continue  # damaged: `verify` says so; nothing of it is deleted
        if log.length and log.state.over:
            yield log


def _expire(log: RunLog, kind: str) -> int:
    """Delete a run's files of one kind; how many there were. Files that no entry names are a lost worker's."""
    if _has_none(log, kind):
        return 0  # without asking the store: most old runs are looked at every day
    found = list(log.store.list_all(log.folder.folder(kind)))
    if found:
        paths = [listed.key.removeprefix(log.folder) for listed in found]
        if log.append(lambda: machine.expire(log.state, paths)):
            log.write_head()
        for listed in found:
            log.store.delete(listed.key)
    return len(found)


def _has_none(log: RunLog, kind: str) -> bool:
    """Whether a run certainly has no files of a kind: its only worker made none, or they were deleted long ago."""
    state = log.state
    made = list(state.artifacts.values()) if kind == "artifacts" else [file for each in state.checkpoints.values() for file in each.files.values()]
    gone = set(state.expired)
    if any(path.startswith(f"{kind}/") for path in gone) and all(file.path in gone for file in made):
        # a while ago, else the deleting may have been broken off
        return (log.store.now() - datetime.fromisoformat(state.updated)).total_seconds() > 2 * EVERY_S
    return not made and state.state == "succeeded" and state.claim == 1
