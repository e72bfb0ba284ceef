"""The store: one of the drivers, made steady. Retries are here and nowhere else; every attempt is counted.

A conditional write whose answer was lost is tried again. If it then loses, the object is read: our own bytes mean that
the first try had won. So bodies are either unique (log entries carry a nonce, leases a holder) or the same whoever writes them.
"""

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TypeVar

from shared.errors import InvalidSetting
from shared.state.driver import Driver, Listed, Stored, StoreRefused, StoreUnavailable
from shared.state.keys import SYSTEM, Key

T = TypeVar("T")
DATA = ("/artifacts/", "/checkpoints/", "/datasets/")  # objects of the caller's; all others are the control plane's
ATTEMPTS = 6
PAGE = 1000  # keys of one listing
AT_ONCE = 32  # requests that one call has under way at the same time
FIRST_PAUSE_S = 0.05  # doubles with every attempt; a random part of it is waited


PRICE_USD = {"put": 5e-6, "list": 5e-6, "get": 4e-7, "delete": 0.0}  # of a request: Amazon S3 Standard, us-east-1


class Requests:
    """How often each operation was asked for, control plane and data apart. Threads share it."""

    def __init__(self) -> None:
        self.control: Counter[str] = Counter()
        self.data: Counter[str] = Counter()
        self._lock = Lock()

    def count(self, operation: str, key: str) -> None:
        with self._lock:
            (self.data if any(part in key for part in DATA) else self.control)[operation] += 1


def list_price_usd(requests: Mapping[str, Mapping[str, int]]) -> float:
    """What storage requests cost (plane → operation → how many) where they have a price."""
    return sum(PRICE_USD[operation] * n for counts in requests.values() for operation, n in counts.items())


class Store:
    """Objects under keys, with conditional writes. Raises StoreUnavailable after the last attempt."""

    def __init__(self, driver: Driver, sleep: Callable[[float], None] = time.sleep) -> None:
        self.driver, self.requests, self.sleep = driver, Requests(), sleep

    @property
    def url(self) -> str:
        return self.driver.url

    def now(self) -> datetime:
        return self.driver.now()

    def location(self, key: Key) -> str:
        """Where a person finds an object: a path of this machine, or an address such as s3://bucket/key."""
        return self.driver.location(key)

    def may_have(self, key: Key) -> bool:
        """A look before a `get`, where that is cheaper: False only if there is surely nothing."""
        return self.driver.may_have(key)

    def get(self, key: Key) -> Stored | None:
        return self._steady("get", key, lambda: self.driver.get(key))

    def get_all(self, keys: Sequence[Key]) -> Iterator[Stored | None]:
        """`get` for several keys at the same time, in their order."""
        if len(keys) < 2 or self.driver.at_once < 2:
            return map(self.get, keys)
        with ThreadPoolExecutor(min(len(keys), self.driver.at_once), "store") as pool:
            return iter(list(pool.map(self.get, keys)))

    def read(self, key: Key, start: int = 0, end: int | None = None) -> bytes:
        """The object, or the bytes from `start` to before `end`. NotFound where there is none."""
        return self._steady("get", key, lambda: b"".join(self.driver.blocks(key, start, end)))

    def download(self, key: Key, path: Path) -> None:
        """Write the object to a file, continuing where a broken answer ended. NotFound where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)

        def once() -> None:
            with path.open("ab") as file:
                for block in self.driver.blocks(key, file.tell()):
                    file.write(block)

        self._steady("get", key, once)

    def put_new(self, key: Key, body: bytes) -> str | None:
        """Write an object if its key is free: its version, or None. Bytes that came there by an attempt whose answer was
        lost are ours."""
        return self._conditional(key, body, lambda: self.driver.put_new(key, body))

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        """Replace an object that still has `version`: its new version, or None if another was quicker."""
        return self._conditional(key, body, lambda: self.driver.put_if(key, body, version))

    def put_file(self, key: Key, path: Path) -> bool:
        """`put_new` for a file of any size."""
        return self._steady("put", key, lambda: self.driver.put_file(key, path))

    def delete_if(self, key: Key, version: str | None) -> bool:
        return self._steady("delete", key, lambda: self.driver.delete_if(key, version))

    def delete(self, key: Key) -> None:
        """Delete an object, whatever it is by now."""
        self.delete_if(key, None)

    def list_after(self, prefix: Key, after: str = "", limit: int = PAGE, folders: bool = False) -> list[Listed]:
        return self._steady("list", prefix, lambda: self.driver.list_after(prefix, after, limit, folders))

    def list_all(self, prefix: Key, after: str = "", folders: bool = False) -> Iterator[Listed]:
        while page := self.list_after(prefix, after, PAGE, folders):
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].key

    def probe(self) -> None:
        """InvalidSetting unless the store keeps its word on conditional writes: everything rests on them."""
        key = SYSTEM / f"probe/{secrets.token_hex(8)}"
        first = self.put_new(key, b"1")
        there = self.get(key)
        sound = first is not None and there is not None and self.put_new(key, b"2") is None
        sound = sound and self.put_if(key, b"3", '"another"') is None
        second = self.put_if(key, b"4", there.version) if sound and there else None
        sound = second is not None and not self.delete_if(key, there.version if there else "")
        if not (sound and self.delete_if(key, second or "")):
            self.delete(key)
            raise InvalidSetting(
                f"{self.url} does not honour conditional writes (If-None-Match, If-Match).",
                "Use a store that does: Amazon S3, Cloudflare R2, MinIO, Tigris, or a local folder.",
            )

    def _conditional(self, key: Key, body: bytes, write: Callable[[], str | None]) -> str | None:
        unsure = False

        def once() -> str | None:
            nonlocal unsure
            try:
                version = write()
                if version is None and unsure:
                    self.requests.count("get", key)
                    there = self.driver.get(key)
                    return there.version if there is not None and there.body == body else None
                return version
            except StoreUnavailable:
                unsure = True
                raise

        return self._steady("put", key, once)

    def _steady(self, operation: str, key: str, once: Callable[[], T]) -> T:
        pause = FIRST_PAUSE_S
        for attempt in range(1, ATTEMPTS + 1):
            self.requests.count(operation, key)
            try:
                return once()
            except StoreUnavailable as error:
                if attempt == ATTEMPTS or isinstance(error, StoreRefused):
                    raise
                self.sleep(pause * (0.5 + random.random() / 2))
                pause *= 2
        raise AssertionError("unreachable")
