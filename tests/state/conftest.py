"""`store`: an empty store of each kind in turn; `place`, where it is."""

from pathlib import Path

import pytest

from shared.state.memory import MemoryDriver
from shared.state.store import Store
from tests.state.places import KINDS, Place, make_place


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request.param, tmp_path, lambda: request.getfixturevalue("moto"))


@pytest.fixture
def store(place: Place) -> Store:
    return place.store()


@pytest.fixture
def memory() -> MemoryDriver:
    """One whose clock is set by hand."""
    return MemoryDriver()
