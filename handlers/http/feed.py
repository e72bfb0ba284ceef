"""The entries of runs as they are written: one reader for each run in this process, however many watch it.

A folder is asked often, as a look for the next file costs little; a bucket at most twice a second, on the average, and less while a
run is silent. Any process may watch any run: there is nothing here that the log does not say.
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

BUCKET_S = (0.25, 0.75)  # until the next look at a run after one that found something, and after one that did not
NEARBY_S = (0.02, 0.05)  # the same where asking costs little
SILENT_S = 10  # after which we look whether the run is still there
REFUSED_S = 5.0  # how long a store that does not answer is left alone
SHORTEST_S = 0.005  # between two rounds, so that each looks at several runs
AT_ONCE = 16  # requests of a bucket
NEVER = float("inf")

log = logging.getLogger(__name__)


class Watched:
    """A run that somebody watches. `entries` are all there are, from the first."""

    def __init__(self, store: Store, workspace: str, id: str, pause_s: tuple[float, float]) -> None:
        self.reader = Reader(store, workspace, id)
        self.entries: list[Entry] = []
        self.watchers: set[asyncio.Event] = set()
        self.pause_s = pause_s
        self.seen = self.due = time.monotonic()  # due: when to look again; never while somebody does
        self.over = False  # or was never there, or cannot be read; nothing comes after `entries` any more
        self.unavailable: StoreUnavailable | None = None

    def read(self) -> bool:
        """Look for more once; whether there is something to tell. Says when to look again."""
        now = time.monotonic()
        try:
            if not self.entries:
                self.reader.read_on()
                there = self.reader.length > 0
            elif self.reader.read_next() is None and now - self.seen > SILENT_S:
                self.seen = now
                there = self.reader.store.get(self.reader.prefix.number(0)) is not None
            else:
                there = True
        except StoreUnavailable as error:
            self.unavailable, self.due = error, now + REFUSED_S
            return True
        new = self.reader.take()
        self.entries += new
        self.unavailable = None
        if new:
            self.seen = now
        self.over = not there or self.reader.state.over  # after `entries`: who sees this has all of them
        if not self.over:
            self.due = now + self.pause_s[0 if new else 1]
        return bool(new) or self.over


class Feed:
    """Reads for all who watch. `start` and `close` with the app's event loop."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.pause_s = BUCKET_S if store.url.startswith("s3:") else NEARBY_S
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
            over = run.over
            while after + 1 < len(run.entries):
                after += 1
                yield run.entries[after]
            if over:
                return

    async def wait(self, workspace: str, id: str, seconds: float) -> RunState:
        """The state of a run once it is over or waits for a person, or after so many seconds. NotFound, StoreUnavailable."""
        state: RunState | None = None
        try:
            async with asyncio.timeout(seconds):
                async for run in self._watching(workspace, id):
                    if not run.entries:
                        if run.unavailable:
                            raise run.unavailable
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
                if run.entries or run.over or run.unavailable:
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
                run = self.runs[workspace, id] = Watched(self.store, workspace, id, self.pause_s)
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
                for run in [run for run in runs if run.due <= now]:
                    run.due = NEVER
                    if self.pause_s == NEARBY_S:
                        self._read(run)
                    else:
                        pool.submit(self._read, run)
                due = min((run.due for run in runs), default=NEVER)
                self._work.wait(None if due == NEVER else max(SHORTEST_S, due - time.monotonic()))
                self._work.clear()

    def _read(self, run: Watched) -> None:
        try:
            changed = run.read()
        except AgentForgeError as error:
            log.warning("run %s: %s", run.reader.id, error)
            run.over = changed = True
        except Exception:
            log.exception("run %s", run.reader.id)
            run.over = changed = True
        if self.pause_s != NEARBY_S:
            self._work.set()  # it is due again
        if changed and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, run)

    def _wake(self, run: Watched) -> None:
        for watcher in run.watchers:
            watcher.set()
