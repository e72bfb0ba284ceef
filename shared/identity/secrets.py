"""What a workspace stores and nobody reads: its own keys of LLM providers and the like. Encrypted, write-only in the API.

Only workers that need one read it, by `reveal`; it never goes into a run's input, events, artifacts or a sandbox.
"""

import base64
import hmac
import re
from secrets import token_hex
from typing import TYPE_CHECKING

from shared import settings
from shared.errors import BadInput, InvalidSetting, NotFound, RecordDamaged
from shared.state import audit, documents
from shared.state.documents import Document
from shared.state.keys import SYSTEM, Key, workspace_prefix
from shared.state.store import Store

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
MOST_BYTES = 4096


class Secret(Document):
    """`sealed_by` names the key that encrypted it, so that several may be in use while one is replaced."""

    name: str
    ciphertext: str
    sealed_by: str
    created: str
    created_by: str


def put_secret(store: Store, workspace: str, name: str, value: str, by: str) -> Secret:
    """Store or replace a secret. BadInput, InvalidSetting without a key to encrypt it."""
    if not 0 < len(value.encode("utf-8", "replace")) <= MOST_BYTES:
        raise BadInput(f"A secret has 1 to {MOST_BYTES:,} bytes.")
    try:
        sealed_by, ciphertext = _encrypt(value.encode(), f"{workspace}/{name}")
    except UnicodeEncodeError:
        raise BadInput("A secret is text that UTF-8 can write.") from None
    secret = Secret(name=name, ciphertext=ciphertext, sealed_by=sealed_by, created=store.now().isoformat(), created_by=by)
    key = _key(workspace, name)
    audit.note(store, workspace, "put_secret", by, name=name)
    if documents.create(store, key, secret):
        return secret
    return documents.change(store, key, Secret, lambda there: secret)


def list_secrets(store: Store, workspace: str) -> list[Secret]:
    return documents.read_all(store, _folder(workspace), Secret)


def delete_secret(store: Store, workspace: str, name: str, by: str) -> None:
    """NotFound."""
    if store.get(_key(workspace, name)) is None:
        raise NotFound(f"There is no secret {name!r}.")
    audit.note(store, workspace, "delete_secret", by, name=name)
    store.delete(_key(workspace, name))


def reveal(store: Store, workspace: str, name: str) -> str:
    """For workers only. NotFound, InvalidSetting where the key is another now."""
    secret = documents.read(store, _key(workspace, name), Secret)
    if secret is None:
        raise NotFound(f"There is no secret {name!r}.", "Store it with PUT /v1/secrets/{name}.")
    return _decrypt(secret, f"{workspace}/{name}").decode()


def cookie_key(store: Store) -> str:
    """Signs the cookies of people who signed in: never the bytes that encrypt. InvalidSetting without AGENTFORGE_SECRET_KEY.

    It follows from that setting; where that names a key of KMS, which gives no bytes, a random one is kept, encrypted by KMS.
    """
    if not settings.kms_key():
        return hmac.digest(base64.urlsafe_b64decode(settings.secret_key()), b"agentforge: cookies of people who signed in", "sha256").hex()
    key = SYSTEM / "cookie-key.json"
    kept = documents.read(store, key, Secret)
    if kept is None:
        sealed_by, ciphertext = _encrypt(token_hex(32).encode(), "cookies")
        new = Secret(name="cookies", ciphertext=ciphertext, sealed_by=sealed_by, created=store.now().isoformat(), created_by="server")
        kept = new if documents.create(store, key, new) else documents.read(store, key, Secret)
        assert kept is not None
    return _decrypt(kept, "cookies").decode()


def _encrypt(value: bytes, about: str) -> tuple[str, str]:
    """Who encrypted it, and the ciphertext. `about` is bound to it, so that it cannot be moved to another name."""
    bound = about.encode() + b"\0" + value
    if key := settings.kms_key():
        import boto3

        answer = boto3.client("kms").encrypt(KeyId=key, Plaintext=value, EncryptionContext={"agentforge": about})
        return f"aws:kms:{key}", base64.b64encode(answer["CiphertextBlob"]).decode()
    return "fernet", _fernet().encrypt(bound).decode()


def _decrypt(secret: Secret, about: str) -> bytes:
    if secret.sealed_by.startswith("aws:kms:"):
        import boto3

        blob = base64.b64decode(secret.ciphertext)
        plain: bytes = boto3.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext={"agentforge": about})["Plaintext"]
        return plain
    from cryptography.fernet import InvalidToken

    try:
        told, _, value = _fernet().decrypt(secret.ciphertext.encode()).partition(b"\0")
    except InvalidToken:
        raise InvalidSetting(f"The secret {secret.name} was encrypted with another key.", "Set AGENTFORGE_SECRET_KEY to that one.") from None
    if told != about.encode():
        raise RecordDamaged(f"The secret {secret.name} is not the one that was stored under this name.", "Store it again.")
    return value


def _fernet() -> "Fernet":
    from cryptography.fernet import Fernet  # late: a server that stores no secrets starts without

    return Fernet(settings.secret_key())


def _key(workspace: str, name: str) -> Key:
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot be a secret's name.", "Use A-Z, 0-9 and _, such as OPENAI_API_KEY.")
    return _folder(workspace) / f"{name}.json"


def _folder(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("secrets")
