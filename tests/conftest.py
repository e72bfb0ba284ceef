"""Shared by all tests: how many random examples hypothesis tries, and a store of their own for runs."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("soak", max_examples=2000, deadline=None)
settings.register_profile("suite", derandomize=True, deadline=None)  # the same examples every time; `make soak` looks for more
settings.load_profile("suite")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store, which the command line uses too."""
    folder = tmp_path / "store"
    monkeypatch.setenv("AGENTFORGE_STORE", str(folder))
    return folder
