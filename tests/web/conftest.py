"""An app over a store, two workspaces with keys, and a backend that works in this process when a test says so."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.forge import storage
from functions.work import start
from functions.worker import work_through
from phases import checkpoint
from shared.identity import keys, members
from shared.identity.caller import Caller
from shared.identity.permissions import ALL, NotSignedIn, Permission
from shared.state import catalog, datasets
from shared.state.machine import RunBusy, RunOver
from shared.state.memory import MemoryDriver
from shared.state.opening import open_store
from shared.state.runs import RunLog, RunRef
from shared.state.store import Store
from tests.money.stripe_fake import fake_stripe
from tests.web import functions
from web.app import create_app

CSV = b"city,price\nRome,10\nOslo,20\nRome,30\n"


class OnDemand:
    """A backend that remembers what it is told, and works on it, in this process, when asked to."""

    name = "here"

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told: queue.SimpleQueue[RunRef] = queue.SimpleQueue()

    def submit(self, ref: RunRef, tier: str) -> None:
        self.told.put(ref)

    def work(self) -> None:
        """On everything that was submitted."""
        while not self.told.empty():
            with suppress(RunBusy, RunOver):
                work_through(self.store, self.told.get())

    @contextmanager
    def working(self) -> Iterator[None]:
        """A thread works meanwhile."""
        over = threading.Event()

        def on() -> None:
            while not over.is_set():
                self.work()
                time.sleep(0.005)

        thread = threading.Thread(target=on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class Tenant:
    """A workspace and its key, which may do everything."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.workspace = store, name
        self.owner = f"email:owner@{name}.example"
        members.create_workspace(store, f"{name} and friends", self.owner, id=name)
        self.caller = Caller(name, f"the owner of {name}", ALL)
        self.key = self.new_key()

    def new_key(self, scopes: frozenset[Permission] = ALL, **options: Any) -> str:
        _, text = keys.create_key(self.store, self.workspace, f"key of {self.workspace}", sorted(scopes), self.caller, **options)
        assert text is not None
        return text

    def open_run(self, **job: Any) -> RunLog:
        """Queued; nobody works on it."""
        return start(self.store, "web-job", functions.Job(text=f"of {self.workspace}", **job), self.workspace)

    def finished_run(self, **job: Any) -> str:
        """The id of a run that is over, or waits."""
        log = self.open_run(**job)
        work_through(self.store, log.ref)
        return log.id

    def dataset(self, folder: Path, content: bytes = CSV) -> catalog.Dataset:
        path = folder / f"{self.workspace}.csv"
        path.write_bytes(content)
        reference = datasets.save_dataset(self.store, path, self.workspace)
        id = catalog.new_dataset_id(self.store)
        return catalog.add_version(self.store, self.workspace, id, path.name, reference, len(content), self.caller.name)

    def checkpoint(self, folder: Path, name: str = "") -> str:
        """The digest of one that is kept and looks like one from outside; nobody could load it."""
        place = folder / f"{self.workspace}-{name or 'checkpoint'}"
        if not place.exists():
            place.mkdir()
            (place / "config.json").write_text('{"model_type": "llama"}')
            (place / "tokenizer.json").write_text("{}")
            (place / "model.safetensors").write_bytes(f"weights of {self.workspace} {name}".encode())
            checkpoint.mark(place, phase="cognate", label=name or "base", metrics={"loss": 2.5})
        return storage.keep(self.store, self.workspace, checkpoint.open_checkpoint(place))


class Site:
    """An app and what is behind it. People sign in with tokens that are their identity: "token email:ada@example.org"."""

    def __init__(self, store: Store) -> None:
        self.store, self.backend = store, OnDemand(store)
        self.app: FastAPI = create_app(store, self.backend, identity_of_token, fake_stripe(store))
        self.a, self.b = Tenant(store, "anna"), Tenant(store, "bert")
        self.http: TestClient  # of nobody

    def call(self, method: str, path: str, key: str | None = None, **more: Any) -> Any:
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, follow_redirects=False, **more)


class FromAnywhere:
    """Every request comes from an address of its own: too many without a good key are refused from one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.count = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1
        await self.app({**scope, "client": (str(self.count), 1)} if "client" in scope else scope, receive, send)


def identity_of_token(text: str) -> str:
    """Stands for an issuer: its tokens name who they are of."""
    kind, _, identity = text.partition(" ")
    if kind != "token":
        raise NotSignedIn("This is no token of our issuer.", "Sign in again.")
    return identity


def make_store(kind: str, folder: Path) -> Store:
    return Store(MemoryDriver(), lambda seconds: None) if kind == "memory" else open_store()


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's settings; a store of its own."""
    for name in ("AGENTFORGE_MAX_RUNS", "AGENTFORGE_RATE", "AGENTFORGE_CORS", "AGENTFORGE_OIDC_ISSUER", "AGENTFORGE_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGENTFORGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("AGENTFORGE_SECRET_KEY", Fernet.generate_key().decode())


@pytest.fixture(params=["folder", "memory"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """One of each kind in turn."""
    return make_store(request.param, tmp_path)


@pytest.fixture
def open_site() -> Iterator[Callable[[Store], Site]]:
    """Makes a site over a store; closed after the test."""
    entered: list[TestClient] = []

    def open_it(store: Store) -> Site:
        site = Site(store)
        site.http = TestClient(FromAnywhere(site.app), raise_server_exceptions=False)
        site.http.__enter__()
        entered.append(site.http)
        return site

    yield open_it
    for client in entered:
        client.__exit__(None, None, None)


@pytest.fixture
def site(open_site: Callable[[Store], Site], store: Store) -> Site:
    """Over a folder."""
    return open_site(store)


@contextmanager
def served(app: FastAPI) -> Iterator[httpx2.URL]:
    """The app on a port of this machine, in a thread; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
            assert thread.is_alive()
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield httpx2.URL(f"http://{host}:{port}")
    finally:
        server.should_exit = True
        thread.join()


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something to hold; an error if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.01)
