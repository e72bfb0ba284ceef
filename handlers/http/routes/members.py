"""/v1/members: who belongs to the caller's workspace."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from handlers.http.callers import allowed
from handlers.http.manners import IdempotencyKey
from handlers.http.models import Body, Page
from handlers.http.platform import At
from handlers.http.problems import answers
from shared.errors import Conflict
from shared.identity import members
from shared.identity.caller import Caller
from shared.identity.permissions import Role
from shared.state import idempotency

router = APIRouter(prefix="/members", tags=["members"])
Reader = Annotated[Caller, allowed("members:read")]
Writer = Annotated[Caller, allowed("members:write")]
MemberId = Annotated[str, Path(pattern="^[0-9a-f]{20}$")]


class NewMember(Body):
    """A person by their `email`, or a service by the `subject` of its tokens."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("email", "subject")]}
    )

    email: str | None = Field(None, max_length=254, examples=["ada@example.org"])
    subject: str | None = Field(None, min_length=1, max_length=300)
    role: Role = "member"

    @model_validator(mode="after")
    def _one(self) -> "NewMember":
        if (self.email is None) == (self.subject is None):
            raise ValueError("give either email or subject")
        return self

    @property
    def identity(self) -> str:
        return members.identity_of("email", self.email) if self.email is not None else members.identity_of("subject", self.subject or "")


class MemberOut(BaseModel):
    id: str
    email: str | None
    subject: str | None
    role: Role
    added: str
    added_by: str

    @classmethod
    def of(cls, member: members.Member) -> "MemberOut":
        kind, _, value = member.identity.partition(":")
        return cls(
            id=member.id, role=member.role, added=member.added, added_by=member.added_by,
            email=value if kind == "email" else None, subject=value if kind == "subject" else None,
        )  # fmt: skip


@router.get("", summary="List members", responses=answers())
def list_members(caller: Reader, at: At) -> Page[MemberOut]:
    return Page(data=[MemberOut.of(member) for member in members.list_members(at.store, caller.workspace)])


@router.post("", summary="Add a member, or change their role", responses=answers(409))
def put_member(body: NewMember, caller: Writer, at: At, key: IdempotencyKey = None) -> MemberOut:
    """Whoever signs in with this address belongs to the workspace from then on. Only owners make owners."""
    id = members.member_id(body.identity)
    idempotency.id_of(at.store, caller.workspace, key, ["put_member", body.model_dump(mode="json")], id)
    if idempotency.finished(at.store, caller.workspace, key):
        there = [member for member in members.list_members(at.store, caller.workspace) if member.id == id]
        if not there:
            raise Conflict("This was done, and the member has been removed since.", "Use a new key for a new request.")
        return MemberOut.of(there[0])
    member = members.put_member(at.store, caller.workspace, body.identity, body.role, caller)
    idempotency.finish(at.store, caller.workspace, key)
    at.callers.forget()
    return MemberOut.of(member)


@router.delete("/{id}", status_code=204, summary="Remove a member", responses=answers(404, 409))
def remove_member(id: MemberId, caller: Writer, at: At) -> None:
    members.remove_member(at.store, caller.workspace, id, caller)
    at.callers.forget()
