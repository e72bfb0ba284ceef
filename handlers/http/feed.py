"""The entries of runs as they are written: one reader for each run in this process, however many watch it.

A folder is asked often, as that costs nothing; a bucket twice a second while a run is new to us or something happens, and less
often the longer it is silent. Any process may watch any run: there is nothing here that the log does not say.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from shared.errors import AgentForgeError, NotFound
from shared.state.driver import StoreUnavailable
from shared.state.machine import RunState
from shared.state.record import Entry
from shared.state.runs import Reader
from shared.state.store import Store

SOONEST_S = {"file": 0.03, "memory": 0.03}  # by the kind of store; a bucket:
BUCKET_S = 0.5
LATEST_S = 1.0  # of a bucket's run that has long been silent
SILENT_S = 10  # after which we look whether the run is still there
AT_ONCE = 16  # requests of a bucket

log = logging.getLogger(__name__)


class Watched:
    """A run that somebody watches. `entries` are all there are, from the first."""

    def __init__(self, store: Store, workspace: str, id: str, soonest_s: float) -> None:
        self.reader = Reader(store, workspace, id)
        self.entries: list[Entry] = []
        self.watchers: set[asyncio.Event] = set()
        self.soonest_s = soonest_s
        self.asked = self.heard = self.seen = time.monotonic()
        self.busy = self.gone = False
        self.unavailable: StoreUnavailable | None = None

    @property
    def over(self) -> bool:
        return self.gone or (self.reader.length > 0 and self.reader.state.over)

    def pause(self, now: float) -> float:
        if self.unavailable:
            return 5.0
        if self.soonest_s < BUCKET_S:
            return self.soonest_s
        return min(LATEST_S, max(self.soonest_s, (now - self.heard) / 20))

    def read(self) -> bool:
        """Look for more once; whether there was any, or the run is gone."""
        now = time.monotonic()
        try:
            if not self.entries:
                self.reader.read_on()
            found = len(self.entries) > 0 and self.reader.read_next() is not None
            while found and self.reader.read_next() is not None:
                pass
            self.unavailable = None
        except StoreUnavailable as error:
            self.unavailable, self.asked = error, now
            return False
        except AgentForgeError as error:
            log.warning("run %s: %s", self.reader.id, error)
            self.gone = True
            return True
        new = self.reader.take()
        self.entries += new
        self.asked = now
        if new:
            self.heard = self.seen = now
        elif now - self.seen > SILENT_S:
            self.seen = now
            try:
                self.gone = self.reader.store.get(self.reader.prefix.number(0)) is None
            except StoreUnavailable as error:
                self.unavailable = error
        return bool(new) or self.gone


class Feed:
    """Reads for all who watch. `start` and `close` with the app's event loop."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.soonest_s = SOONEST_S.get(store.url.partition(":")[0], BUCKET_S)
        self.runs: dict[tuple[str, str], Watched] = {}
        self._lock, self._work = threading.Lock(), threading.Event()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        self._closed = True
        self._work.set()
        if self._thread:
            self._thread.join()

    async def entries(self, workspace: str, id: str, after: int = -1) -> AsyncIterator[Entry]:
        """The entries after number `after`, and those to come, until the run is over. NotFound for a run that never was."""
        async for run in self._watching(workspace, id):
            while after + 1 < len(run.entries):
                after += 1
                yield run.entries[after]
            if run.over:
                return

    async def wait(self, workspace: str, id: str, seconds: float) -> RunState:
        """The state of a run once it is over or waits for a person, or after so many seconds. NotFound, StoreUnavailable."""
        state: RunState | None = None
        try:
            async with asyncio.timeout(seconds):
                async for run in self._watching(workspace, id):
                    if run.gone and not run.entries:
                        break
                    state = run.reader.state
                    if run.over or "person" in state.waiting:
                        break
        except TimeoutError:
            pass
        if state is None:
            raise NotFound(f"There is no run {id!r}.")
        return state

    async def _watching(self, workspace: str, id: str) -> AsyncIterator[Watched]:
        """The run, at once if something of it is known and then whenever there is more."""
        changed = asyncio.Event()
        run = self._enter(workspace, id, changed)
        try:
            while True:
                changed.clear()
                if run.entries or run.gone:
                    yield run
                await changed.wait()
        finally:
            with self._lock:
                run.watchers.discard(changed)
                if not run.watchers and self.runs.get((workspace, id)) is run:
                    del self.runs[workspace, id]

    def _enter(self, workspace: str, id: str, changed: asyncio.Event) -> Watched:
        with self._lock:
            self._loop = asyncio.get_running_loop()
            run = self.runs.get((workspace, id))
            if run is None:
                run = self.runs[workspace, id] = Watched(self.store, workspace, id, self.soonest_s)
                run.asked = float("-inf")  # at once
            run.watchers.add(changed)
            if self._thread is None:
                self._thread = threading.Thread(target=self._read_all, name="feed", daemon=True)
                self._thread.start()
        self._work.set()
        return run

    def _read_all(self) -> None:
        """The thread that asks the store. A bucket is asked for several runs at a time."""
        with ThreadPoolExecutor(AT_ONCE, "feed") as pool:
            while not self._closed:
                now = time.monotonic()
                with self._lock:
                    runs = list(self.runs.values())
                due = [run for run in runs if not run.busy and not run.over and now - run.asked >= run.pause(now)]
                for run in due:
                    if self.soonest_s < BUCKET_S:
                        self._read(run)
                    else:
                        run.busy = True
                        pool.submit(self._read, run)
                self._work.wait(self.soonest_s / 3 if runs else None)
                self._work.clear()

    def _read(self, run: Watched) -> None:
        try:
            changed = run.read()
        except Exception:
            log.exception("run %s", run.reader.id)
            run.gone = changed = True
        finally:
            run.busy = False
        if changed and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, run)

    def _wake(self, run: Watched) -> None:
        for watcher in run.watchers:
            watcher.set()
