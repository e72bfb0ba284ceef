"""/v1/workspaces: the caller's own; and, for people who sign in, all of theirs."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from handlers.http.callers import allowed, signed_in
from handlers.http.manners import IdempotencyKey, Limit, cursor_like
from handlers.http.models import Body, Page
from handlers.http.platform import At
from handlers.http.problems import answers
from shared.errors import NotFound
from shared.identity import members
from shared.identity.caller import Caller
from shared.identity.permissions import Permission
from shared.state import audit, idempotency
from shared.state.keys import WORKSPACE

router = APIRouter(tags=["workspaces"])
Reader = Annotated[Caller, allowed("workspace:read")]
Owner = Annotated[Caller, allowed("workspace:write")]
WorkspaceId = Annotated[str, Path(pattern=f"^{WORKSPACE.pattern}$")]


class NewWorkspace(Body):
    name: str = Field(min_length=1, max_length=100, examples=["Ada's lab"])


class Caps(Body):
    """In micro-dollars."""

    per_run: int | None = Field(None, ge=0, le=10**15, strict=True, description="That a run may cost.")
    per_day: int | None = Field(None, ge=0, le=10**15, strict=True, description="That may be spent in a day (UTC).")


class WorkspaceOut(BaseModel):
    id: str
    name: str
    created: str
    per_run: int | None = Field(None, description="Micro-dollars that a run may cost.")
    per_day: int | None = Field(None, description="Micro-dollars that may be spent in a day.")


class Me(BaseModel):
    """Who calls, where, and what they may do there."""

    name: str
    workspace: str
    permissions: list[Permission]
    key: str | None = Field(description="The id of the API key, if the call was made with one.")


class AuditEntry(BaseModel):
    seq: int
    at: str
    action: str
    by: str
    about: dict[str, object]


@router.get("/me", summary="Who am I", responses=answers())
def me(caller: Reader) -> Me:
    return Me(name=caller.name, workspace=caller.workspace, permissions=sorted(caller.permissions), key=caller.key or None)


@router.delete("/me", status_code=204, summary="Leave for good", responses=answers(409))
def erase_me(identity: Annotated[str, signed_in()], at: At) -> None:
    """For people and services that sign in: forget them. A workspace of which they are the only owner must be erased, or given another, first."""
    members.erase_identity(at.store, identity)
    at.callers.forget()


@router.get("/workspaces", summary="List workspaces", responses=answers())
def list_workspaces(caller: Reader, at: At) -> Page[WorkspaceOut]:
    """With an API key, its own only."""
    ids = members.workspaces_of(at.store, caller.identity) if caller.identity else [caller.workspace]
    return Page(data=[_out(members.read_workspace(at.store, id)) for id in ids])


@router.post("/workspaces", status_code=201, summary="Make a workspace", responses=answers(409))
def create_workspace(body: NewWorkspace, identity: Annotated[str, signed_in()], at: At, key: IdempotencyKey = None) -> WorkspaceOut:
    """For people and services that sign in; whoever makes it is its owner. An API key belongs to one workspace and makes no others."""
    id = f"w{members.member_id(f'{identity} {key}')}" if key else None
    if id:
        idempotency.id_of(at.store, id, key, ["create_workspace", body.name], id)
    made = members.create_workspace(at.store, body.name, identity, id=id)
    at.callers.forget()
    return _out(made)


@router.get("/workspaces/{id}", summary="Get a workspace", responses=answers(404))
def get_workspace(id: WorkspaceId, caller: Reader, at: At) -> WorkspaceOut:
    return _out(members.read_workspace(at.store, _own(id, caller)))


@router.put("/workspaces/{id}/caps", summary="Limit what is spent", responses=answers(404, 409))
def set_caps(id: WorkspaceId, body: Caps, caller: Owner, at: At) -> WorkspaceOut:
    """For runs that are opened from now on. Null is no limit."""
    return _out(members.set_caps(at.store, _own(id, caller), body.per_run, body.per_day, caller.name))


@router.delete("/workspaces/{id}", status_code=204, summary="Erase a workspace", responses=answers(404, 409))
def erase_workspace(id: WorkspaceId, caller: Owner, at: At) -> None:
    """All of its data, keys and members, for good. A tombstone stays: the id is never used again. Only when no run goes on."""
    members.erase_workspace(at.store, _own(id, caller), caller.name)
    at.callers.forget()


@router.get("/audit", summary="List administrative actions", responses=answers(409))
def list_audit(
    caller: Annotated[Caller, allowed("audit:read")], at: At, limit: Limit = 100, cursor: Annotated[str, cursor_like("[0-9]{1,10}")] = "",
) -> Page[AuditEntry]:  # fmt: skip
    """Oldest first."""
    after = int(cursor or -1)
    entries = [entry for entry in audit.trail(at.store, caller.workspace) if entry.seq > after]
    found = [
        AuditEntry(seq=entry.seq, at=entry.at, action=event.kind, by=str(event.data.get("by", "")),
                   about={name: value for name, value in event.data.items() if name != "by"})
        for entry in entries[:limit] for event in entry.events
    ]  # fmt: skip
    return Page(data=found, next_cursor=str(entries[limit - 1].seq) if len(entries) > limit else None)


def _own(id: str, caller: Caller) -> str:
    """Another's workspace is as good as none: nothing tells that it is there."""
    if id != caller.workspace:
        raise NotFound(f"There is no workspace {id!r}.", "The header AgentForge-Workspace says which of yours you mean.")
    return id


def _out(workspace: members.Workspace) -> WorkspaceOut:
    return WorkspaceOut(**workspace.model_dump(include=set(WorkspaceOut.model_fields)))
