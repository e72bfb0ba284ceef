"""Administrative actions on a workspace: who did what to it, in a log chained like a run's.

An anchor beside the log keeps the tip of a moment, so that an end that was cut off is noticed.
"""

from typing import Any

from shared.errors import RecordDamaged
from shared.state.keys import workspace_prefix
from shared.state.log import Log
from shared.state.record import Entry, Event, seal, unseal
from shared.state.store import Store


class Audit(Log):
    def __init__(self, store: Store, workspace: str) -> None:
        super().__init__(store, workspace_prefix(workspace).folder("audit"))
        self.entries: list[Entry] = []
        self.anchor = workspace_prefix(workspace) / "audit.json"

    def took(self, entry: Entry) -> None:
        self.entries.append(entry)

    def keep_anchor(self) -> None:
        """Write down how far the log reaches, unless another wrote more."""
        body = seal({"entries": self.length, "tip": self.tip})
        while True:
            there = self.store.get(self.anchor)
            if there is None:
                written = self.store.put_new(self.anchor, body)
            elif (kept := unseal(there.body, entries=int)) and kept["entries"] >= self.length:
                return
            else:
                written = self.store.put_if(self.anchor, body, there.version)
            if written is not None:
                return


def note(store: Store, workspace: str, action: str, by: str, *, once: bool = False, **about: Any) -> None:
    """Record an action, such as "delete_run", before it is done; with `once`, unless the very same was recorded before."""
    audit = Audit(store, workspace)
    audit.read_on()
    if not audit.length:
        audit.keep_anchor()  # before there is an entry: one without an anchor has lost it
    event = Event(kind=action, data={"by": by, **about})
    audit.append(lambda: [] if once and any(event in entry.events for entry in audit.entries) else [event])
    audit.keep_anchor()


def trail(store: Store, workspace: str) -> list[Entry]:
    """All of it, oldest first. RecordDamaged where it does not add up."""
    audit = Audit(store, workspace)
    audit.read_on()
    return audit.entries


def problems(store: Store, workspace: str) -> list[str]:
    """What is wrong with the trail, in words."""
    audit = Audit(store, workspace)
    stored = store.get(audit.anchor)
    try:
        audit.read_on()
    except RecordDamaged as error:
        return [error.message]
    if stored is None:
        return ["The audit trail's anchor (audit.json) is missing."] if audit.length else []
    kept = unseal(stored.body, entries=int, tip=str)
    if kept is None:
        return ["The audit trail's anchor (audit.json) was changed."]
    tips = [*(entry.prev for entry in audit.entries), audit.tip]
    return [] if tips[kept["entries"] :][:1] == [kept["tip"]] else ["The audit trail's end was cut off or replaced."]
