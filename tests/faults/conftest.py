"""Functions of these tests in the registry, and a worker's pulse that does not tick."""

from contextlib import suppress

import pytest

from functions.registry import find
from shared.state import run
from shared.state.driver import StoreUnavailable
from tests.faults import functions


@pytest.fixture(autouse=True)
def registered() -> None:
    """AGENTFORGE_FUNCTIONS does this in a process of its own; here, importing them was enough."""
    assert find(functions.LONGEST).body is functions.intervals


@pytest.fixture
def no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs write when their functions do, never because real time has passed: what happens depends on nothing but the plan.

    Between pieces of work a function does what its pulse would do.
    """

    def flush(of: run.Run, seconds: float) -> None:
        with suppress(StoreUnavailable):  # as the pulse does
            of.flush()

    monkeypatch.setattr(functions, "between", flush)
    monkeypatch.setattr(run, "FLUSH_S", 1e6)
    monkeypatch.setattr(run, "LAST_FLUSH_S", 1e6)
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "90")  # two fifths of it, in real time, and the pulse would tick
