"""Workspaces and who belongs to them.

A person is known by the address that the issuer has verified, a service by its subject. The member's document in the workspace
decides; the identity's own list of workspaces is only how they are found.
"""

import re
import secrets
from typing import Literal

from pydantic import Field

from shared.errors import BadInput, Conflict, NotFound
from shared.identity import keys
from shared.identity.caller import Caller
from shared.identity.permissions import ROLES, NotAllowed, Role
from shared.state import audit, documents
from shared.state.documents import Document
from shared.state.keys import DUE, SYSTEM, WORKSPACE, Key, workspace_prefix
from shared.state.record import seal, sha256
from shared.state.store import Store

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class Workspace(Document):
    id: str
    name: str
    created: str
    created_by: str
    per_run: int | None = None  # micro-dollars that a run may cost, and that may be spent in a day
    per_day: int | None = None


class Member(Document):
    id: str
    identity: str  # "email:…" or "subject:…"
    role: Role
    added: str
    added_by: str


class Identity(Document):
    identity: str
    workspaces: list[str] = Field(default_factory=list)


def identity_of(kind: Literal["email", "subject"], value: str) -> str:
    """BadInput for what is no address."""
    if kind == "email":
        value = value.strip()
        if not ADDRESS.fullmatch(value):
            raise BadInput(f"{value!r} is no e-mail address.")
    if not value or len(value) > 300 or not value.isprintable():
        raise BadInput("A subject has 1 to 300 printable characters.")
    if kind == "email":
        value = value.encode().lower().decode()  # of ASCII only: lower() makes another's address of some (K, the sign of kelvin → k)
    return f"{kind}:{value}"


def create_workspace(store: Store, name: str, owner: str, *, id: str | None = None) -> Workspace:
    """A workspace with one owner (an identity); the one that is there, if it has this `id` and owner. Conflict if another has the id."""
    id = id or f"w{secrets.token_hex(8)}"
    prefix = workspace_prefix(id)
    if store.get(_grave(id)) is not None:
        raise Conflict(f"The workspace {id!r} was erased.", "Choose another id.")
    role: Role = "owner"
    workspace = Workspace(id=id, name=name, created=store.now().isoformat(), created_by=owner)
    if not documents.create(store, prefix / "workspace.json", workspace):
        workspace = read_workspace(store, id)
        if workspace.created_by != owner:
            raise Conflict(f"The workspace {id!r} is taken.", "Choose another id.")
        mine = documents.read(store, _member_key(id, member_id(owner)), Member)
        if mine is None and list_members(store, id):
            return workspace  # whoever made it was removed since, and does not come back by asking for it again
        role = mine.role if mine else "owner"
    _put_member(store, id, owner, role, owner)
    return workspace


def read_workspace(store: Store, id: str) -> Workspace:
    """NotFound. The workspace of a single machine needs no document."""
    found = documents.read(store, workspace_prefix(id) / "workspace.json", Workspace)
    if found is None:
        if id == "local":
            return Workspace(id="local", name="local", created="", created_by="")
        raise NotFound(f"There is no workspace {id!r}.")
    return found


def set_caps(store: Store, id: str, per_run: int | None, per_day: int | None, by: str) -> Workspace:
    """What a run may cost, and what may be spent in a day, in micro-dollars; None for no limit."""
    key, there = workspace_prefix(id) / "workspace.json", read_workspace(store, id)
    audit.note(store, id, "set_caps", by, per_run=per_run, per_day=per_day)
    documents.create(store, key, there)  # the workspace of a single machine has none yet
    return documents.change(store, key, Workspace, lambda w: w.model_copy(update={"per_run": per_run, "per_day": per_day}))


def workspaces_of(store: Store, identity: str) -> list[str]:
    found = documents.read(store, _identity_key(identity), Identity)
    return found.workspaces if found else []


def caller_of(store: Store, workspace: str, identity: str) -> Caller:
    """Somebody who signed in, in one of their workspaces. NotAllowed where they do not belong."""
    member = documents.read(store, _member_key(workspace, member_id(identity)), Member) if WORKSPACE.fullmatch(workspace) else None
    if member is None:
        raise NotAllowed(f"You are not a member of the workspace {workspace[:63]!r}.", "Ask one of its admins.")
    return Caller(workspace, identity.partition(":")[2], ROLES[member.role], identity=identity)


def list_members(store: Store, workspace: str) -> list[Member]:
    return documents.read_all(store, _members(workspace), Member)


def put_member(store: Store, workspace: str, identity: str, role: Role, by: Caller) -> Member:
    """Add somebody, or change their role. NotAllowed: only owners make and unmake owners; Conflict for the last one."""
    there = documents.read(store, _member_key(workspace, member_id(identity)), Member)
    if "owner" in (role, there and there.role):
        by.require("workspace:write")
    if there is not None and there.role == "owner" != role:
        _require_another_owner(store, workspace, there.id)
    if there is None or there.role != role:
        audit.note(store, workspace, "put_member", by.name, member=identity, role=role)
    return _put_member(store, workspace, identity, role, by.name)


def remove_member(store: Store, workspace: str, id: str, by: Caller) -> None:
    """NotFound, NotAllowed, Conflict for the last owner."""
    member = documents.read(store, _member_key(workspace, id), Member) if re.fullmatch(r"[0-9a-f]{20}", id) else None
    if member is None:
        raise NotFound(f"There is no member {id!r}.")
    if member.role == "owner":
        by.require("workspace:write")
        _require_another_owner(store, workspace, id)
    audit.note(store, workspace, "remove_member", by.name, member=member.identity)
    store.delete(_member_key(workspace, id))
    _forget(store, member.identity, workspace)


def erase_identity(store: Store, identity: str) -> None:
    """Forget somebody: their memberships, and that they were ever here. Conflict where a workspace would be left without an owner.

    What they made stays with its workspace, under the name they had.
    """
    mine = workspaces_of(store, identity)
    for workspace in mine:
        member = documents.read(store, _member_key(workspace, member_id(identity)), Member)
        if member is not None and member.role == "owner":
            _require_another_owner(store, workspace, member.id)
    for workspace in mine:
        audit.note(store, workspace, "leave", identity.partition(":")[2])
        store.delete(_member_key(workspace, member_id(identity)))
    store.delete(_identity_key(identity))


def erase_workspace(store: Store, workspace: str, by: str) -> None:
    """Delete all that a workspace has, for good; a tombstone stays, so that its id is never used again. Conflict while runs go on.

    May be done again, to complete what was broken off.
    """
    if any(listed.key.removeprefix(DUE).split(".")[1:2] == [workspace] for listed in store.list_all(DUE)):
        raise Conflict("Runs of this workspace are still going on.", "Cancel them, or wait until they have ended.")
    store.put_new(_grave(workspace), seal({"workspace": workspace, "at": store.now().isoformat(), "by": sha256(by.encode())}))
    keys.erase_keys(store, workspace)
    for member in list_members(store, workspace):
        _forget(store, member.identity, workspace)
    for listed in list(store.list_all(workspace_prefix(workspace))):
        store.delete(listed.key)


def is_erased(store: Store, workspace: str) -> bool:
    return store.get(_grave(workspace)) is not None


def member_id(identity: str) -> str:
    return sha256(identity.encode())[:20]


def _put_member(store: Store, workspace: str, identity: str, role: Role, by: str) -> Member:
    id = member_id(identity)
    member = Member(id=id, identity=identity, role=role, added=store.now().isoformat(), added_by=by)
    key = _member_key(workspace, id)
    if not documents.create(store, key, member):
        member = documents.change(store, key, Member, lambda m: None if m.role == role else m.model_copy(update={"role": role}))
    listed = Identity(identity=identity, workspaces=[workspace])
    if not documents.create(store, _identity_key(identity), listed):
        documents.change(
            store, _identity_key(identity), Identity,
            lambda i: None if workspace in i.workspaces else i.model_copy(update={"workspaces": [*i.workspaces, workspace]}),
        )  # fmt: skip
    return member


def _forget(store: Store, identity: str, workspace: str) -> None:
    if documents.read(store, _identity_key(identity), Identity) is not None:
        documents.change(
            store, _identity_key(identity), Identity,
            lambda i: i.model_copy(update={"workspaces": [w for w in i.workspaces if w != workspace]}) if workspace in i.workspaces else None,
        )  # fmt: skip


def _require_another_owner(store: Store, workspace: str, id: str) -> None:
    if not any(member.role == "owner" and member.id != id for member in list_members(store, workspace)):
        raise Conflict("A workspace has at least one owner.", "Name another owner first.")


def _members(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("members")


def _member_key(workspace: str, id: str) -> Key:
    return _members(workspace) / f"{id}.json"


def _identity_key(identity: str) -> Key:
    return SYSTEM.folder("identities") / f"{sha256(identity.encode())}.json"


def _grave(workspace: str) -> Key:
    return SYSTEM.folder("tombstones") / f"{workspace}.json"
