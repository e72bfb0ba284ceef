"""Calls that fail or whose answer is lost, and stores that do not keep their word (store.py)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import InvalidSetting
from shared.state import store as stores
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key, workspace_prefix
from shared.state.memory import MemoryDriver
from shared.state.store import ATTEMPTS, Store
from tests.state.places import RUNS, A, Place, Wrapped


def test_a_download_goes_on_where_it_broke(place: Place, tmp_path: Path) -> None:
    body = bytes(range(256)) * 2000
    place.store().put_new(A, body)
    asked: list[int] = []

    class Breaking(Wrapped):
        def blocks(self, key: Key, start: int = 0, end: int | None = None) -> Iterator[bytes]:
            asked.append(start)
            for number, at in enumerate(range(start, len(body), 50_000)):
                if number == 3:
                    raise StoreUnavailable("The line broke.")
                yield from self.driver.blocks(key, at, min(at + 50_000, len(body)))

    Store(Breaking(place.driver()), lambda seconds: None).download(A, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == body and asked == [0, 150_000, 300_000, 450_000]


class Flaky(Wrapped):
    """Fails as `script` says, one letter a call: b(efore it is done), l(ost answer), anything else goes well."""

    def __init__(self, driver: Any, script: str) -> None:
        super().__init__(driver)
        self.script = list(script)

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)
        if name not in ("get", "put_new", "put_if", "put_file", "delete_if", "list_after"):
            return method

        def call(*words: Any) -> Any:
            fate = self.script.pop(0) if self.script else "."
            if fate == "b":
                raise StoreUnavailable("It did not happen.")
            answer = method(*words)
            if fate == "l":
                raise StoreUnavailable("The answer was lost.")
            return answer

        return call


def flaky(place: Place, script: str) -> Store:
    return Store(Flaky(place.driver(), script), lambda seconds: None)


@pytest.mark.parametrize("script", ["l", "ll", "bl", "lb", "blbl", "lllll", "bbbbb", "l.l", "lbl"])
def test_our_own_write_is_recognised(place: Place, script: str) -> None:
    """In "l.l" the read that was to recognise it is lost too."""
    store = place.store()
    version = flaky(place, script).put_new(A, b"ours")
    assert version is not None
    second = flaky(place, script).put_if(A, b"ours again", version)
    there = store.get(A)
    assert there is not None and (there.body, there.version) == (b"ours again", second)
    assert flaky(place, script).delete_if(A, second) and store.get(A) is None


@pytest.mark.parametrize("script", ["l", "bl", "lb", "bbbb"])
def test_anothers_write_is_not_taken_for_ours(place: Place, script: str) -> None:
    store = place.store()
    version = store.put_new(A, b"another's")
    assert version and flaky(place, script).put_new(A, b"ours") is None
    newer = store.put_if(A, b"newer", version)
    assert newer and flaky(place, script).put_if(A, b"ours", version) is None
    assert flaky(place, script).delete_if(A, version) is False
    assert store.read(A) == b"newer"


def test_after_the_last_attempt_it_is_said_plainly(place: Place) -> None:
    waited: list[float] = []
    broken = Store(Flaky(place.driver(), "b" * ATTEMPTS * 4), waited.append)
    operations: list[Callable[[], Any]] = [
        lambda: broken.put_new(A, b""), lambda: broken.get(A), lambda: broken.list_after(RUNS), lambda: broken.delete(A),
    ]  # fmt: skip
    for operation in operations:
        with pytest.raises(StoreUnavailable) as raised:
            operation()
        assert raised.value.retryable
    assert dict(broken.requests.control) == {"put": ATTEMPTS, "get": ATTEMPTS, "list": ATTEMPTS, "delete": ATTEMPTS}
    for start in range(0, len(waited), ATTEMPTS - 1):
        pauses = waited[start : start + ATTEMPTS - 1]
        assert len(pauses) == ATTEMPTS - 1 and pauses == sorted(pauses) and 0.02 < pauses[0] < pauses[-1] < 2


def test_requests_are_counted_apart_for_control_and_data(place: Place) -> None:
    store = flaky(place, "l")
    store.put_new(A, b"")  # lost, tried again, and read to see whose it is
    store.get(RUNS / "a-run/artifacts/1/x")
    store.put_new(workspace_prefix("w").folder("datasets") / "x", b"")
    assert dict(store.requests.control) == {"put": 2, "get": 1} and dict(store.requests.data) == {"get": 1, "put": 1}
    assert stores.list_price_usd({"control": store.requests.control, "data": {}}) == pytest.approx(1.04e-5)


def test_a_sound_store_passes_and_nothing_is_left(store: Store) -> None:
    store.probe()
    assert list(store.list_all(Key("sys/"))) == []


class NeverNew(MemoryDriver):
    def put_new(self, key: Key, body: bytes) -> str | None:
        return self._write(key, body)


class AnyVersion(MemoryDriver):
    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        return self._write(key, body)


class NoVersion(MemoryDriver):
    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        return None


class DeletesAll(MemoryDriver):
    def delete_if(self, key: Key, version: str | None) -> bool:
        return super().delete_if(key, None)


class Forgets(MemoryDriver):
    def get(self, key: Key) -> None:
        return None


@pytest.mark.parametrize("driver", [NeverNew, AnyVersion, NoVersion, DeletesAll, Forgets])
def test_a_store_that_breaks_one_promise_is_refused(driver: type[MemoryDriver]) -> None:
    with pytest.raises(InvalidSetting, match="conditional writes"):
        Store(driver()).probe()


def test_the_probe_bears_a_bad_moment(place: Place) -> None:
    for script in ("b", "l", ".b", ".l", "..l", "...l", "....l", ".....l"):
        flaky(place, script).probe()
