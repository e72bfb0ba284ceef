"""/v1/keys: API keys of the caller's workspace."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from handlers.http.callers import allowed
from handlers.http.manners import IdempotencyKey
from handlers.http.models import Body, KeyOut, Page
from handlers.http.platform import At
from handlers.http.problems import answers
from shared.identity import keys
from shared.identity.caller import Caller
from shared.identity.permissions import Permission
from shared.state import idempotency

router = APIRouter(prefix="/keys", tags=["keys"])
Reader = Annotated[Caller, allowed("keys:read")]
Writer = Annotated[Caller, allowed("keys:write")]
KeyId = Annotated[str, Path(pattern="^[0-9A-Za-z]{12}$", description="A key's id: the part after af_live_.")]
DAY = 86_400


class NewKey(Body):
    name: str = Field(min_length=1, max_length=100, examples=["nightly report"])
    scopes: list[Permission] = Field(min_length=1, max_length=50, examples=[["runs:read", "runs:write"]])
    expires_s: float | None = Field(None, gt=0, le=10 * 365 * DAY, description="Seconds from now; never by default.")
    per_run: int | None = Field(None, ge=0, le=10**15, strict=True, description="Micro-dollars that a run may cost.")
    per_day: int | None = Field(None, ge=0, le=10**15, strict=True, description="Micro-dollars that may be spent in a day (UTC).")
    per_minute: int | None = Field(None, ge=1, le=1_000_000, description="Requests in a minute, if fewer than any caller may make.")


class Rotation(Body):
    overlap_s: float = Field(default=DAY, ge=0, le=30 * DAY, description="Seconds for which the old key still works.")


@router.get("", summary="List keys", responses=answers())
def list_keys(caller: Reader, at: At) -> Page[KeyOut]:
    return Page(data=[KeyOut.of(key) for key in keys.list_keys(at.store, caller.workspace)])


@router.post("", status_code=201, summary="Make a key", responses=answers(409))
def create_key(body: NewKey, caller: Writer, at: At, key: IdempotencyKey = None) -> KeyOut:
    """A key has at most the permissions of whoever makes it."""
    id = idempotency.id_of(at.store, caller.workspace, key, ["create_key", body.model_dump(mode="json")], keys.new_id())
    return KeyOut.of(*keys.create_key(at.store, caller.workspace, by=caller, id=id, **body.model_dump()))


@router.get("/{id}", summary="Get a key", responses=answers(404))
def get_key(id: KeyId, caller: Reader, at: At) -> KeyOut:
    return KeyOut.of(keys.read_key(at.store, caller.workspace, id))


@router.post("/{id}/rotate", status_code=201, summary="Rotate a key", responses=answers(404, 409))
def rotate_key(id: KeyId, caller: Writer, at: At, body: Rotation | None = None, key: IdempotencyKey = None) -> KeyOut:
    """A new key with the same rights; the old one goes on for a while, so that nothing that uses it breaks."""
    body = body or Rotation()
    new = idempotency.id_of(at.store, caller.workspace, key, ["rotate_key", id, body.overlap_s], keys.new_id())
    made = keys.rotate_key(at.store, caller.workspace, id, caller, overlap_s=body.overlap_s, new=new)
    at.callers.forget()
    return KeyOut.of(*made)


@router.delete("/{id}", summary="Revoke a key", responses=answers(404))
def revoke_key(id: KeyId, caller: Writer, at: At) -> KeyOut:
    """It is refused at once here, and within five seconds by other web processes. It stays in the list."""
    revoked = keys.revoke_key(at.store, caller.workspace, id, caller.name)
    at.callers.forget()
    return KeyOut.of(revoked)
