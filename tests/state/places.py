"""The three kinds of store that the contract tests run over, and what those tests share."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from shared.state.driver import Driver
from shared.state.folder import FolderDriver
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.s3 import S3Driver
from shared.state.store import Store
from tests.moto_server import Moto

ROOT = Path(__file__).parents[2]
A = Key("t/w/runs/a")
RUNS = Key("t/w/runs/")
KINDS = ("memory", "folder", "s3")


class Place(NamedTuple):
    """Somewhere empty for objects. `driver` makes a driver of it as another process would have."""

    kind: str
    driver: Callable[[], Driver]

    def store(self) -> Store:
        """A store that does not wait between its attempts."""
        return Store(self.driver(), lambda seconds: None)


def make_place(kind: str, folder: Path, moto: Callable[[], Moto]) -> Place:
    if kind == "folder":
        return Place(kind, lambda: FolderDriver(folder / "store"))
    if kind == "memory":
        memory = MemoryDriver()
        return Place(kind, lambda: memory)
    bucket = moto().bucket(f"tests/{secrets.token_hex(6)}")
    return Place(kind, lambda: S3Driver(bucket))


class Wrapped:
    """A driver around another."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)


def at_once(actions: list[Callable[[], Any]]) -> list[Any]:
    """Call all of them in threads of their own that start together."""
    gate = threading.Barrier(len(actions))

    def one(action: Callable[[], Any]) -> Any:
        gate.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(one, actions))


def count_up(store: Store, key: Key, times: int) -> None:
    """Add one to a number in the store, by compare-and-swap."""
    while times:
        there = store.get(key)
        assert there is not None
        times -= store.put_if(key, b"%d" % (int(there.body) + 1), there.version) is not None
