"""What is asked of a store while runs are watched, and what watchers get."""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from handlers.http.feed import Feed
from shared.errors import NotFound
from shared.state import runs
from shared.state.driver import StoreUnavailable
from shared.state.folder import FolderDriver
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.record import Entry
from shared.state.run import Run
from shared.state.s3 import S3Driver
from shared.state.store import Store
from tests.moto_server import Moto


def at_work(store: Store) -> Run:
    return Run.take(store, runs.open_run(store, "bench", {}).ref, "test")


@asynccontextmanager
async def feeding(store: Store) -> AsyncIterator[Feed]:
    feed = Feed(store)
    try:
        yield feed
    finally:
        await asyncio.to_thread(feed.close)


async def read_to_end(feed: Feed, id: str) -> list[Entry]:
    return [entry async for entry in feed.entries("local", id)]


def test_silent_runs_of_a_folder_are_looked_at_and_not_read(tmp_path: Path) -> None:
    writer, store = Store(FolderDriver(tmp_path)), Store(FolderDriver(tmp_path))
    taken = [at_work(writer) for _ in range(100)]

    async def watch() -> int:
        async with feeding(store) as feed:
            watching = [asyncio.create_task(read_to_end(feed, run.id)) for run in taken]
            await asyncio.gather(*(feed.wait("local", run.id, 0.2) for run in taken))
            before = store.requests.control.total()
            await asyncio.sleep(1)
            asked = store.requests.control.total() - before
            for run in taken:
                await asyncio.to_thread(run.finish, "succeeded", output=None)
            assert all(entries[-1].events[-1].kind == "finished" for entries in await asyncio.gather(*watching))
            return asked

    assert asyncio.run(watch()) <= 5


def test_a_bucket_is_asked_at_most_twice_a_second_of_a_run(moto: Moto) -> None:
    bucket = moto.bucket(f"feed/{secrets.token_hex(6)}")
    writer, store = Store(S3Driver(bucket)), Store(S3Driver(bucket))
    run = at_work(writer)

    async def watch() -> None:
        async with feeding(store) as feed:
            watching = [asyncio.create_task(read_to_end(feed, run.id)) for _ in range(5)]  # one reader for all of them
            await feed.wait("local", run.id, 0.5)
            before, began = store.requests.control.total(), time.monotonic()
            for number in range(4):
                await asyncio.sleep(0.8)
                run.emit("step", id=f"s{number}", state="done")
                await asyncio.to_thread(run.flush)
            assert store.requests.control.total() - before <= 2 * (time.monotonic() - began) + 1
            await asyncio.to_thread(run.finish, "succeeded", output=None)
            assert {len(entries) for entries in await asyncio.gather(*watching)} == {run.log.length}

    asyncio.run(watch())


def test_a_run_that_never_was_is_told_at_once(store: Store) -> None:
    async def ask() -> None:
        async with feeding(store) as feed:
            began = time.monotonic()
            with pytest.raises(NotFound):
                await feed.wait("local", "zzzzzzzzz-zzzzzzzzzz", 30)
            assert await read_to_end(feed, "zzzzzzzzz-zzzzzzzzzz") == []
            assert time.monotonic() - began < 5

    asyncio.run(ask())


def test_a_store_that_does_not_answer_is_no_missing_run() -> None:
    down = threading.Event()

    @contextmanager
    def fault(operation: str, key: Key) -> Any:
        if down.is_set():
            raise StoreUnavailable("The store does not answer.")
        yield

    store = Store(MemoryDriver(fault), lambda seconds: None)
    run = at_work(store)
    down.set()

    async def ask() -> None:
        async with feeding(store) as feed:
            with pytest.raises(StoreUnavailable):
                await feed.wait("local", run.id, 30)

    asyncio.run(ask())


def test_nobody_misses_the_last_entry(store: Store) -> None:
    """A watcher that looks just as the run ends."""
    for _ in range(30):
        run = at_work(store)

        async def watch(run: Run = run) -> list[Entry]:
            async with feeding(store) as feed:
                watching = asyncio.create_task(read_to_end(feed, run.id))
                await asyncio.to_thread(run.finish, "succeeded", output=None)
                return await watching

        assert [entry.seq for entry in asyncio.run(watch())] == list(range(run.log.length))


def test_a_look_says_no_only_where_there_is_nothing(tmp_path: Path) -> None:
    driver, key = FolderDriver(tmp_path / "store"), Key("t/w/runs/a")
    assert not driver.may_have(key)
    driver.put_new(key, b"")
    assert driver.may_have(key) and not driver.may_have(Key("t/w/runs/a/b")) and not driver.may_have(Key("t/w/runs/b"))
