"""What can be allowed, and what each role is allowed. A key's scopes are permissions, too."""

from typing import Literal, get_args

from shared.errors import AgentForgeError

Permission = Literal[
    "runs:read", "runs:write", "datasets:read", "datasets:write", "tools:read", "tools:write", "usage:read", "workspace:read",
    "members:read", "keys:read", "keys:write", "members:write", "secrets:read", "secrets:write", "audit:read", "billing:write",
    "workspace:write",
]  # fmt: skip
Role = Literal["owner", "admin", "member", "viewer"]

ALL: frozenset[Permission] = frozenset(get_args(Permission))
_VIEWER: frozenset[Permission] = frozenset(
    ("runs:read", "datasets:read", "tools:read", "usage:read", "workspace:read", "members:read")
)
_MEMBER: frozenset[Permission] = _VIEWER | frozenset(("runs:write", "datasets:write", "tools:write"))
ROLES: dict[Role, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "member": _MEMBER,
    "admin": ALL - {"workspace:write"},  # billing:write among them: buy credit
    "owner": ALL,  # workspace:write: rename, export and erase the workspace, and name owners
}


class NotAllowed(AgentForgeError):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403


class NotSignedIn(AgentForgeError):
    """No key, session or token, or one that is not good (any more)."""

    code = "not_signed_in"
    status = 401
