"""By whom a call is made."""

from dataclasses import dataclass

from shared.identity.permissions import NotAllowed, Permission


@dataclass(frozen=True)
class Caller:
    """`name` goes into records: "key af_live_…", an address, or a token's subject."""

    workspace: str
    name: str
    permissions: frozenset[Permission]
    key: str = ""  # the id of the API key, if it is one
    identity: str = ""  # of the person or service, if it is one
    per_run: int | None = None  # micro-dollars that the key may spend on a run, and in a day
    per_day: int | None = None
    per_minute: int | None = None  # requests, where the key has a limit of its own

    def require(self, permission: Permission) -> None:
        if permission not in self.permissions:
            raise NotAllowed(f"This needs the permission {permission}.", "Ask an admin of the workspace for it, or use another key.")
