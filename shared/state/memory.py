"""Objects in this process, for tests: the same promises as a bucket, a clock that is set by hand, and faults on demand.

`fault(operation, key)` gives a context manager that surrounds every call: what it raises before the call means that nothing
happened, what it raises after it that the answer was lost.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock

from shared.errors import NotFound
from shared.state.driver import Listed, Stored
from shared.state.keys import Key

Fault = Callable[[str, Key], AbstractContextManager[object]]


class MemoryDriver:
    at_once = 32

    def __init__(self, fault: Fault = lambda operation, key: nullcontext()) -> None:
        self.url = "memory://"
        self.objects: dict[Key, Stored] = {}
        self.fault = fault
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._lock = RLock()

    def now(self) -> datetime:
        return self._now

    def pass_time(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def location(self, key: Key) -> str:
        return f"{self.url}/{key}"

    def may_have(self, key: Key) -> bool:
        return True

    def get(self, key: Key) -> Stored | None:
        with self.fault("get", key), self._lock:
            return self.objects.get(key)

    def blocks(self, key: Key, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        stored = self.get(key)
        if stored is None:
            raise NotFound(f"There is nothing under {key!r}.")
        yield stored.body[start:end]

    def put_new(self, key: Key, body: bytes) -> str | None:
        with self.fault("put", key), self._lock:
            return None if key in self.objects else self._write(key, body)

    def put_file(self, key: Key, path: Path) -> bool:
        return self.put_new(key, path.read_bytes()) is not None

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        with self.fault("put", key), self._lock:
            there = self.objects.get(key)
            return self._write(key, body) if there is not None and there.version == version else None

    def delete_if(self, key: Key, version: str | None) -> bool:
        with self.fault("delete", key), self._lock:
            there = self.objects.get(key)
            if there is not None and version not in (None, there.version):
                return False
            self.objects.pop(key, None)
            return True

    def list_after(self, prefix: Key, after: str, limit: int, folders: bool) -> list[Listed]:
        found: dict[Key, Listed] = {}
        with self.fault("list", prefix), self._lock:
            for key in sorted(self.objects):
                if not key.startswith(prefix) or key <= after:
                    continue
                name, slash, _ = key[len(prefix) :].partition("/")
                if folders and slash:
                    folder = Key(f"{prefix}{name}/")
                    if not after.startswith(folder):
                        found.setdefault(folder, Listed(folder, 0, "", self._now))
                else:
                    stored = self.objects[key]
                    found[key] = Listed(key, len(stored.body), stored.version, stored.at)
                if len(found) > limit:
                    break
        return list(found.values())[:limit]

    def signed_url(self, method: str, key: Key, seconds: int) -> str:
        return f"memory:///{key}?method={method}&seconds={seconds}"

    def signed_upload(self, key: Key, seconds: int, sha256: str, bytes: int) -> tuple[str, dict[str, str]]:
        return self.signed_url("PUT", key, seconds), {}

    def signed_post(self, key: Key, seconds: int, most_bytes: int) -> dict[str, object]:
        return {"url": self.signed_url("POST", key, seconds), "fields": {"key": str(key)}}

    def _write(self, key: Key, body: bytes) -> str:
        version = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'  # an ETag, with an ETag's weakness
        self.objects[key] = Stored(body, version, self._now)
        return version
