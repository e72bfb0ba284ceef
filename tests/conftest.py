"""Shared by all tests: how many random examples hypothesis tries, a store of their own for runs, an S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from shared.state.opening import open_store
from shared.state.store import Store
from tests.moto_server import KEYS, Moto, moto_server

settings.register_profile("soak", max_examples=2000, deadline=None)
settings.register_profile("suite", derandomize=True, deadline=None)  # the same examples every time; `make soak` looks for more
settings.load_profile("suite")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store in a folder, which the command line uses too."""
    monkeypatch.setenv("AGENTFORGE_STORE", str(tmp_path / "store"))
    return open_store()


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """An S3 server for all tests of a process; each takes a prefix of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        with moto_server() as server:
            yield server
