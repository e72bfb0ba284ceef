"""API keys. Shown once, kept as a SHA-256; the checksum at the end refuses typing errors and cut-off copies offline.

    af_live_<id: 12>_<secret: 32><checksum: 6>      base 62; the checksum is the CRC-32 of all before it
"""

import re
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.errors import BadInput, Conflict, NotFound
from shared.identity.caller import Caller
from shared.identity.permissions import ALL, NotAllowed, NotSignedIn, Permission
from shared.state import audit, documents
from shared.state.documents import Document
from shared.state.keys import SYSTEM, Key, workspace_prefix
from shared.state.record import sha256
from shared.state.store import Store

PREFIX = "af_live_"
FORM = re.compile(r"af_live_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.ASCII)
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
USED_EVERY_S = 600  # `last_used` is no more exact than this
MOST = 1000  # keys of a workspace


class ApiKey(Document):
    """What is kept of a key. Times are UTC, ISO 8601."""

    id: str
    workspace: str
    name: str
    sha256: str  # of the whole key
    scopes: list[Permission]
    created: str
    created_by: str
    expires: str | None = None
    revoked: str | None = None
    last_used: str | None = None
    per_minute: int | None = None  # requests
    per_run: int | None = None  # micro-dollars
    per_day: int | None = None
    replaces: str | None = None  # the key it was rotated from


def parse(text: str) -> str | None:
    """The id of a key; None if the text is no key at all. NotSignedIn for one that was mistyped or cut off."""
    if not text.startswith("af_"):
        return None
    match = FORM.fullmatch(text)
    if match is None or _checksum(text[:-6]) != match[3]:
        raise NotSignedIn("The API key is mistyped: its checksum does not fit.", "Copy it again, whole.")
    return match[1]


def create_key(
    store: Store, workspace: str, name: str, scopes: Sequence[Permission], by: Caller, *,
    id: str | None = None, expires_s: float | None = None, per_minute: int | None = None, replaces: str | None = None,
    per_run: int | None = None, per_day: int | None = None,
) -> tuple[ApiKey, str | None]:  # fmt: skip
    """A new key and its text; with an `id` that is there already, that key and None: its text is shown only once.

    NotAllowed for a scope its creator lacks.
    """
    if lacking := [scope for scope in scopes if scope not in by.permissions]:
        raise NotAllowed(f"A key cannot have more permissions than whoever makes it: {', '.join(lacking)}.")
    if len(store.list_after(_folder(workspace), limit=MOST)) >= MOST:
        raise BadInput(f"A workspace has at most {MOST:,} keys.", "Delete some that are revoked.")
    now, id = store.now(), id or new_id()
    text = f"{PREFIX}{id}_{''.join(secrets.choice(DIGITS) for _ in range(32))}"
    text += _checksum(text)
    key = ApiKey(
        id=id, workspace=workspace, name=name, sha256=sha256(text.encode()), scopes=sorted(set(scopes)), created=now.isoformat(),
        created_by=by.name, per_minute=per_minute, per_run=per_run, per_day=per_day, replaces=replaces,
        expires=(now + timedelta(seconds=expires_s)).isoformat() if expires_s is not None else None,
    )  # fmt: skip
    if not documents.create(store, _key(id), key):
        return read_key(store, workspace, id), None
    store.put_new(_folder(workspace) / id, b"")  # after the key: a name without one is passed over
    audit.note(store, workspace, "create_key", by.name, key=id, name=name, scopes=key.scopes)
    return key, text


def new_id() -> str:
    return "".join(secrets.choice(DIGITS) for _ in range(12))


def authenticate(store: Store, text: str) -> Caller | None:
    """Whose key this is; None if it is no key. NotSignedIn for one that is unknown, revoked or expired."""
    id = parse(text)
    if id is None:
        return None
    key = documents.read(store, _key(id), ApiKey)
    if key is None or not secrets.compare_digest(key.sha256, sha256(text.encode())):
        raise NotSignedIn("There is no such API key.", "It may have been deleted.")
    now = store.now()
    if key.revoked:
        raise NotSignedIn("This API key was revoked.", "Make another one.")
    if key.expires and now >= datetime.fromisoformat(key.expires):
        raise NotSignedIn("This API key has expired.", "Make another one.")
    if not key.last_used or (now - datetime.fromisoformat(key.last_used)).total_seconds() > USED_EVERY_S:
        documents.change(store, _key(id), ApiKey, lambda key: key.model_copy(update={"last_used": now.isoformat()}))
    return Caller(key.workspace, f"key {PREFIX}{id}", frozenset(key.scopes) & ALL, key=id, per_minute=key.per_minute, per_run=key.per_run, per_day=key.per_day)


def list_keys(store: Store, workspace: str) -> list[ApiKey]:
    names = [listed.key.rpartition("/")[2] for listed in store.list_all(_folder(workspace))]
    found = store.get_all([_key(name) for name in names])
    return [ApiKey.unsealed(stored.body, _key(name)) for name, stored in zip(names, found, strict=True) if stored]


def read_key(store: Store, workspace: str, id: str) -> ApiKey:
    """NotFound for a key of another workspace, too."""
    key = documents.read(store, _key(id), ApiKey) if re.fullmatch(r"[0-9A-Za-z]{12}", id) else None
    if key is None or key.workspace != workspace:
        raise NotFound(f"There is no key {id!r}.")
    return key


def revoke_key(store: Store, workspace: str, id: str, by: str) -> ApiKey:
    """It is refused from now on; by processes that used it in the last seconds, after those. Twice is as good as once."""
    if read_key(store, workspace, id).revoked is None:
        audit.note(store, workspace, "revoke_key", by, key=id)
    now = store.now().isoformat()
    return documents.change(store, _key(id), ApiKey, lambda key: None if key.revoked else key.model_copy(update={"revoked": now}))


def rotate_key(store: Store, workspace: str, id: str, by: Caller, *, overlap_s: float, new: str | None = None) -> tuple[ApiKey, str | None]:
    """A key with another text and the same rights; the old one goes on for `overlap_s`."""
    old = read_key(store, workspace, id)
    if old.revoked:
        raise Conflict("A key that was revoked cannot be rotated.", "Make a new one.")
    made, text = create_key(store, workspace, old.name, old.scopes, by, id=new, per_minute=old.per_minute, replaces=id, per_run=old.per_run, per_day=old.per_day)
    until = (datetime.fromisoformat(made.created) + timedelta(seconds=overlap_s)).isoformat()
    documents.change(
        store, _key(id), ApiKey,
        lambda key: None if key.expires and key.expires <= until else key.model_copy(update={"expires": until}),
    )  # fmt: skip
    return made, text


def erase_keys(store: Store, workspace: str) -> None:
    """All keys of a workspace, for good."""
    for listed in list(store.list_all(_folder(workspace))):
        store.delete(_key(listed.key.rpartition("/")[2]))
        store.delete(listed.key)


def _key(id: str) -> Key:
    return SYSTEM.folder("keys") / f"{id}.json"


def _folder(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("keys")


def _checksum(text: str) -> str:
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = DIGITS[digit] + digits
    return digits
