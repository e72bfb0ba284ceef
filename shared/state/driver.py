"""What a place to keep objects must be able to do. `Store` (store.py) drives it; nothing else calls a driver.

A driver tries once. `Unavailable` means that nobody knows whether the call took effect: the store retries, and recognises
its own write by its bytes.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from shared.errors import AgentForgeError, InvalidSetting
from shared.state.keys import Key


class StoreUnavailable(AgentForgeError):
    """The store does not answer, or is full; what was asked may or may not have happened."""

    code = "store_unavailable"
    status = 503
    retryable = True


class StoreRefused(StoreUnavailable, InvalidSetting):
    """The store does not let us in, or is not there. Trying at once does not help; what has begun goes on when it is mended."""

    code = "store_refused"


class Stored(NamedTuple):
    body: bytes
    version: str  # changes with the content (an ETag); bodies that are swapped carry a number of their own
    at: datetime  # when it was written, by the store's clock


class Listed(NamedTuple):
    key: Key  # ends with a slash where it stands for a folder
    bytes: int
    version: str
    at: datetime


class Driver(Protocol):
    url: str
    at_once: int  # how many requests under way at the same time are quicker than one after the other

    def now(self) -> datetime:
        """The store's clock, as its last answers tell it; UTC."""

    def location(self, key: Key) -> str: ...

    def may_have(self, key: Key) -> bool:
        """A look before a `get`: False only where there is surely nothing. True wherever a look would cost a request."""

    def get(self, key: Key) -> Stored | None: ...

    def blocks(self, key: Key, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`. NotFound where there is no such object."""

    def put_new(self, key: Key, body: bytes) -> str | None:
        """Write if the key is free: the version, or None (412) if it is not."""

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        """Replace the object if it still has `version`; the new version, or None (412) if it has another or is gone."""

    def put_file(self, key: Key, path: Path) -> bool:
        """`put_new` for a file of any size. What an earlier try has sent already need not be sent again."""

    def delete_if(self, key: Key, version: str | None) -> bool:
        """Delete the object if it still has `version` (None: whatever it is); True also if it is gone already."""

    def list_after(self, prefix: Key, after: str, limit: int, folders: bool) -> list[Listed]:
        """At most `limit` (≤ 1,000) keys under `prefix` that come after `after`, in order; with `folders`, only what lies
        directly under it, everything below a folder as one."""

    def signed_url(self, method: str, key: Key, seconds: int) -> str:
        """An address that lets its holder GET or PUT this one object for a while. BadInput where the store has none."""

    def signed_upload(self, key: Key, seconds: int, sha256: str, bytes: int) -> tuple[str, dict[str, str]]:
        """An address that takes this very content by PUT, and the headers to send with it. BadInput where the store has none."""

    def signed_post(self, key: Key, seconds: int, most_bytes: int) -> dict[str, object]:
        """`url` and `fields` for a form that uploads one object of at most `most_bytes`."""
