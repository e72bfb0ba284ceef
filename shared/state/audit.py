"""Administrative actions on a workspace: who did what to it, in a log chained like a run's."""

from typing import Any

from shared.state.keys import workspace_prefix
from shared.state.log import Log
from shared.state.record import Entry, Event
from shared.state.store import Store


class Audit(Log):
    def __init__(self, store: Store, workspace: str) -> None:
        super().__init__(store, workspace_prefix(workspace).folder("audit"))
        self.entries: list[Entry] = []

    def took(self, entry: Entry) -> None:
        self.entries.append(entry)


def note(store: Store, workspace: str, action: str, by: str, **about: Any) -> None:
    """Record an action, such as "delete_run", before it is done."""
    audit = Audit(store, workspace)
    audit.read_on()
    audit.append(lambda: [Event(kind=action, data={"by": by, **about})])


def trail(store: Store, workspace: str) -> list[Entry]:
    """All of it, oldest first. RecordDamaged where it does not add up."""
    audit = Audit(store, workspace)
    audit.read_on()
    return audit.entries
