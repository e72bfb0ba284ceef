"""/v1/secrets: write-only."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, SecretStr

from handlers.http.callers import allowed
from handlers.http.models import Body, Page
from handlers.http.platform import At
from handlers.http.problems import answers
from shared.identity import secrets
from shared.identity.caller import Caller

router = APIRouter(prefix="/secrets", tags=["secrets"])
Reader = Annotated[Caller, allowed("secrets:read")]
Writer = Annotated[Caller, allowed("secrets:write")]
Name = Annotated[str, Path(pattern=f"^{secrets.NAME.pattern}$", examples=["OPENAI_API_KEY"])]


class NewSecret(Body):
    value: SecretStr = Field(min_length=1, max_length=secrets.MOST_BYTES)


class SecretOut(BaseModel):
    """What is known of a secret; its value is never shown."""

    name: str
    created: str
    created_by: str


@router.get("", summary="List secrets", responses=answers(409))
def list_secrets(caller: Reader, at: At) -> Page[SecretOut]:
    return Page(data=[_out(secret) for secret in secrets.list_secrets(at.store, caller.workspace)])


@router.put("/{name}", summary="Store a secret", responses=answers(409))
def put_secret(name: Name, body: NewSecret, caller: Writer, at: At) -> SecretOut:
    """Replaces one of that name."""
    return _out(secrets.put_secret(at.store, caller.workspace, name, body.value.get_secret_value(), caller.name))


@router.delete("/{name}", status_code=204, summary="Delete a secret", responses=answers(404))
def delete_secret(name: Name, caller: Writer, at: At) -> None:
    secrets.delete_secret(at.store, caller.workspace, name, caller.name)


def _out(secret: secrets.Secret) -> SecretOut:
    return SecretOut(name=secret.name, created=secret.created, created_by=secret.created_by)
