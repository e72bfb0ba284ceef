"""AGENTFORGE_MAX_RUNS: never more at once, whoever opens and however they die; and never fewer for long."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest

from functions.work import start
from functions.worker import work_through
from shared.state import runs, slots
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.slots import TooManyRuns
from shared.state.store import Store
from tests.faults.story import Crash
from tests.state.places import at_once
from tests.web.conftest import Site
from tests.web.functions import Job
from tests.web.test_manners import is_problem

MOST = 3


def begin(store: Store, **options: Any) -> runs.RunLog:
    return start(store, "web-job", Job(events=0), "anna", most_at_once=MOST, **options)


def going_on(store: Store) -> int:
    return sum(not state.over for state in runs.list_runs(store, 200, workspace="anna"))


def test_never_more_than_so_many_at_once(any_store: Store) -> None:
    """Many open, and cancel what they opened, all the time."""
    lock, here, most, opened, refused = Lock(), 0, 0, 0, 0

    def one(number: int) -> None:
        nonlocal here, most, opened, refused
        for _ in range(5):
            try:
                log = begin(any_store)
            except TooManyRuns:
                refused += 1
                continue
            with lock:
                here, opened = here + 1, opened + 1
                most = max(most, here)
            time.sleep(0.01)
            with lock:
                here -= 1  # before it is over in the store, so that we never count one too many
            runs.cancel(any_store, log.id, "anna")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(12)))
    assert 1 <= most <= MOST and refused and opened > MOST
    assert going_on(any_store) == 0
    assert [begin(any_store).length for _ in range(MOST)] == [1] * MOST  # all slots are free again


def test_all_slots_can_be_had_and_no_more(any_store: Store) -> None:
    def attempt() -> bool:
        try:
            return bool(begin(any_store))
        except TooManyRuns:
            return False

    for _ in range(5):
        assert sum(at_once([attempt] * 8)) == MOST == going_on(any_store)
        for state in runs.list_runs(any_store, 200, workspace="anna"):
            if not state.over:
                runs.cancel(any_store, state.id, "anna")


def test_a_run_opened_twice_at_once_holds_one_slot(any_store: Store) -> None:
    for number in range(6):
        logs = at_once([lambda number=number: begin(any_store, idempotency_key=f"k{number}")] * MOST)
        assert len({log.id for log in logs}) == 1
        others = [begin(any_store) for _ in range(MOST - 1)]
        with pytest.raises(TooManyRuns):
            begin(any_store)
        for log in (logs[0], *others):
            runs.cancel(any_store, log.id, "anna")


@pytest.mark.parametrize("step", range(12))
def test_whoever_dies_while_opening_takes_no_slot_away(step: int) -> None:
    """Before and after every storage request of opening: the same key opens it, and after ten minutes the slot is free anyway."""
    for answered in (False, True):
        plan = Fault()
        driver = MemoryDriver(plan)
        store = Store(driver, lambda seconds: None)
        plan.at, plan.answered = step, answered
        try:
            begin(store, idempotency_key="k")
        except Crash:
            pass
        plan.at = None
        others = [begin(store) for _ in range(MOST - 1)]
        assert begin(store, idempotency_key="k").state.slot is not None  # completed by whoever asks again
        assert going_on(store) == MOST
        with pytest.raises(TooManyRuns):
            begin(store)
        for log in others:
            runs.cancel(store, log.id, "anna")
        assert len([begin(store) for _ in range(MOST - 1)]) == MOST - 1


def test_a_slot_of_a_run_that_was_never_opened_is_free_after_a_while() -> None:
    driver = MemoryDriver()
    store = Store(driver, lambda seconds: None)
    for number in range(MOST):
        slots.take_slot(store, "anna", MOST, f"dead-{number}", lambda run, slot: None)
    with pytest.raises(TooManyRuns):
        begin(store)
    driver.pass_time(slots.NEVER_OPENED_S + 1)
    assert [begin(store).state.slot for _ in range(MOST)] == [0, 1, 2]


@pytest.mark.parametrize("step", range(12))
def test_whoever_dies_while_settling_takes_no_slot_away(step: int) -> None:
    plan = Fault()
    store = Store(MemoryDriver(plan), lambda seconds: None)
    logs = [begin(store) for _ in range(MOST)]
    plan.at = step
    try:
        runs.cancel(store, logs[0].id, "anna")
    except Crash:
        pass
    plan.at = None
    if runs.status(store, logs[0].id, "anna").over:
        assert begin(store).state.slot == logs[0].state.slot
    with pytest.raises(TooManyRuns):
        begin(store)


def test_over_https(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_MAX_RUNS", str(MOST))

    def execute(**headers: str) -> Any:
        return site.call("POST", "/v1/execute", site.a.key, json={"cells": ["1"]}, headers=headers)

    answers = at_once([execute] * 8)
    assert sorted(answer.status_code for answer in answers) == [202] * MOST + [429] * 5
    refused = execute(**{"Idempotency-Key": "later"})
    assert is_problem(refused, 429) and refused.json()["code"] == "too_many_runs" and int(refused.headers["retry-after"]) > 0
    assert site.call("POST", "/v1/execute", site.b.key, json={"cells": ["1"]}).status_code == 202  # another workspace's are its own
    id = next(answer.json()["id"] for answer in answers if answer.status_code == 202)
    assert site.call("POST", f"/v1/runs/{id}/cancel", site.a.key).status_code == 200
    assert execute(**{"Idempotency-Key": "later"}).status_code == 202
    assert execute(**{"Idempotency-Key": "later"}).status_code == 202  # it is there already
    assert execute().status_code == 429


def test_a_run_that_ends_by_itself_frees_its_slot(any_store: Store) -> None:
    for _ in range(2):
        logs = [begin(any_store) for _ in range(MOST)]
        for log in logs:
            work_through(any_store, log.ref)
    assert going_on(any_store) == 0


class Fault:
    """Whoever asks the store dies at its request number `at`: before it, or, if `answered`, after it."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.answered = False

    @contextmanager
    def __call__(self, operation: str, key: Key) -> Iterator[None]:
        dies = self.at == 0
        if self.at is not None:
            self.at -= 1
        if dies and not self.answered:
            raise Crash
        yield
        if dies:
            raise Crash


