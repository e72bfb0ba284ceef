"""Runs from outside, over every kind of store: open, status, list, cancel, answer, delete, and what is wrong said plainly."""

import time
from functools import partial
from typing import Any

import pytest

from shared.errors import AgentForgeError, BadInput, Conflict, NotFound, RecordDamaged
from shared.state import audit, runs
from shared.state.idempotency import KeyReused
from shared.state.keys import DUE, workspace_prefix
from shared.state.log import Log
from shared.state.machine import RunBusy, RunOver
from shared.state.memory import MemoryDriver
from shared.state.retention import delete_run
from shared.state.run import Cancelled, Run
from shared.state.runs import Reader, RunLog, RunRef
from shared.state.store import Store
from shared.state.verify import verify_run, verify_workspace
from tests.state.places import Place, at_once

INPUT = {"goal": "mean fare", "é": [1, 2.5, None]}


def opened(store: Store, workspace: str = "local", **options: Any) -> RunLog:
    return runs.open_run(store, "f", INPUT, workspace, **options)


def finished(store: Store, outcome: str = "succeeded", workspace: str = "local") -> RunLog:
    """A run that was worked on and settled."""
    run = Run.take(store, opened(store, workspace).ref, "tests")
    run.save("made/a.txt", b"a")
    run.emit("step", id="s1", state="done")
    run.finish(outcome, output={"mean": 1.5})
    runs.settle(run.log)
    return run.log


def due(store: Store) -> list[str]:
    return [listed.key.rpartition(".")[2] for listed in store.list_all(DUE)]


# Opening


def test_an_opened_run_is_queued_and_due(store: Store) -> None:
    log = opened(store, deadline_s=60, attempts=3)
    state = runs.load(store, log.id).state
    assert state == log.state and state.state == "queued"
    assert (state.goal, state.input, state.deadline_s, state.attempts, state.attempt) == ("mean fare", INPUT, 60, 3, 0)
    assert due(store) == [log.id] and verify_workspace(store) == {}
    assert [ref for _, ref in runs.due_runs(store, early=True)] == [RunRef("local", log.id)]
    assert list(runs.due_runs(store)) == []  # not yet
    assert RunRef.parse(str(log.ref)) == log.ref


def test_the_same_key_and_request_is_the_same_run(place: Place) -> None:
    first = opened(place.store(), idempotency_key="ours")
    second = opened(place.store(), idempotency_key="ours")
    assert second.id == first.id and second.length == 1 and due(place.store()) == [first.id]
    run = Run.take(place.store(), first.ref, "tests")
    run.finish("succeeded")
    runs.settle(run.log)
    third = opened(place.store(), idempotency_key="ours")
    assert third.id == first.id and third.state.state == "succeeded" and due(place.store()) == []
    assert opened(place.store(), idempotency_key="another").id != first.id
    assert opened(place.store(), "elsewhere", idempotency_key="ours").id != first.id
    assert verify_workspace(place.store()) == {}


def test_the_same_key_with_another_request_is_refused(store: Store) -> None:
    log = opened(store, idempotency_key="ours")
    for other in (
        partial(runs.open_run, store, "f", {"goal": "another"}), partial(runs.open_run, store, "g", INPUT),
        partial(opened, store, parent=log.id), partial(opened, store, retry_of=log.id),
    ):  # fmt: skip
        with pytest.raises(KeyReused):
            other(idempotency_key="ours")
    assert [state.id for state in runs.list_runs(store)] == [log.id]


def test_of_many_who_open_under_one_key_all_get_one_run(place: Place) -> None:
    logs = at_once([partial(opened, place.store(), idempotency_key="ours") for _ in range(6)])
    store = place.store()
    assert len({log.id for log in logs}) == 1 and len(runs.list_runs(store)) == 1
    assert runs.load(store, logs[0].id).length == 1 and due(store) == [logs[0].id]


def test_who_died_while_opening_is_completed_by_the_next(store: Store) -> None:
    """The key was kept and nothing more, or the run is due and has no entry."""
    log = opened(store, idempotency_key="ours")
    for gone in ([log.prefix.number(0)], [log.prefix.number(0), runs.due_key(log.state.due, log)]):
        for key in gone:
            store.delete(key)
        assert runs.list_runs(store) == []
        with pytest.raises(NotFound):
            runs.status(store, log.id)
        again = opened(store, idempotency_key="ours")
        assert again.id == log.id and again.state.due == log.state.due and due(store) == [log.id]
    assert verify_workspace(store) == {}


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(store: Store, key: str) -> None:
    with pytest.raises(BadInput):
        opened(store, idempotency_key=key)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", "\ud800", object()])
def test_only_json_is_recorded(store: Store, value: object) -> None:
    with pytest.raises(BadInput):
        runs.open_run(store, "f", {"value": value})
    run = Run.take(store, opened(store).ref, "tests")
    for tell in (
        partial(run.emit, "note", value=value), partial(run.checkpoint, "name", value), partial(run.finish, "succeeded", output=value)
    ):  # fmt: skip
        with pytest.raises(BadInput):
            tell()
    run.finish("succeeded", output=1)
    assert verify_workspace(store) == {} and len(runs.list_runs(store)) == 1


# Looking


def test_status_is_exact_or_cached(place: Place) -> None:
    store = place.store()
    run = Run.take(store, opened(store).ref, "tests")
    for number in range(60 if place.kind == "memory" else 20):
        run.emit("step", id=f"s{number % 3}", number=number)
        run.flush()
        if number % 13 == 0:
            exact = runs.status(place.store(), run.id)
            assert exact == run.state == runs.load(store, run.id).state
            cached = runs.status(place.store(), run.id, cached=True)
            assert cached.entries <= exact.entries and cached.id == run.id
    assert runs.status(store, run.id, cached=True).entries > run.state.entries - runs.HEAD_EVERY - 2  # the kept fold follows
    run.finish("succeeded", output=1)
    runs.settle(run.log)
    assert runs.status(store, run.id, cached=True) == runs.status(store, run.id) == run.state
    assert verify_run(store, run.id) == []


def test_losing_the_kept_fold_costs_nothing(store: Store) -> None:
    log = finished(store)
    for damage in (b"", b"{}", b"[1]", b'{"state":{"id":"x"},"tip":""}', b'{"state":3}'):
        there = store.get(log.folder / "head.json")
        if there is None:
            store.put_new(log.folder / "head.json", damage)
        else:
            store.put_if(log.folder / "head.json", damage, there.version)
        assert runs.status(store, log.id) == log.state
        assert runs.status(store, log.id, cached=True).entries <= log.length  # not exact, but no error
        assert verify_run(store, log.id)
    again = runs.load(store, log.id)
    runs.settle(again)
    assert verify_run(store, log.id) == []


def test_an_older_fold_does_not_replace_a_newer(place: Place) -> None:
    store = place.store()
    run = Run.take(store, opened(store).ref, "tests")
    slow = runs.load(place.store(), run.id)
    run.finish("succeeded")
    run.log.write_head()
    slow.write_head()
    assert runs.status(store, run.id, cached=True).state == "succeeded"


def test_runs_are_listed_newest_first_and_in_pages(store: Store) -> None:
    assert runs.list_runs(store) == []
    ids = []
    for _ in range(7):
        ids.append(opened(store).id)
        later(store)
    opened(store, "other")
    newest = ids[::-1]
    assert [state.id for state in runs.list_runs(store)] == newest
    assert [state.id for state in runs.list_runs(store, limit=3)] == newest[:3]
    paged: list[str] = []
    while page := runs.list_runs(store, limit=2, before=paged[-1] if paged else ""):
        paged += [state.id for state in page]
    assert paged == newest
    assert [state.id for state in runs.list_runs(store, workspace="other")] != newest


def later(store: Store) -> None:
    if isinstance(store.driver, MemoryDriver):
        store.driver.pass_time(0.01)
    else:
        time.sleep(0.003)


def test_damaged_runs_are_listed_and_say_so(store: Store) -> None:
    good, bad = opened(store), opened(store)
    first = store.get(bad.prefix.number(0))
    assert first is not None
    store.put_if(bad.prefix.number(0), first.body[:-5], first.version)
    store.put_new(good.folder.folder("artifacts") / "of-nobody", b"")
    listed = {state.id: state for state in runs.list_runs(store)}
    assert "Entry 0" in listed[bad.id].damaged and not listed[good.id].damaged
    with pytest.raises(RecordDamaged):
        runs.load(store, bad.id)


def test_a_reader_follows_from_where_it_was(place: Place) -> None:
    run = Run.take(place.store(), opened(place.store()).ref, "tests")
    reader = Reader(place.store(), "local", run.id)
    seen: list[tuple[int, str]] = []
    for number in range(5):
        run.emit("note", number=number)
        run.flush()
        reader.read_on()
        seen += [(entry.seq, event.kind) for entry in reader.take() for event in entry.events]
    assert seen == [(0, "opened"), (1, "claimed"), *((2 + number, "note") for number in range(5))]
    reader.read_on()
    assert reader.take() == [] and reader.state == run.state


# Changing


def test_a_run_that_nobody_works_on_is_cancelled_at_once(store: Store) -> None:
    log = opened(store)
    state = runs.cancel(store, log.id, reason="changed my mind", by="me")
    assert state.state == "cancelled" and due(store) == []
    assert runs.status(store, log.id, cached=True).state == "cancelled"
    with pytest.raises(RunOver):
        runs.cancel(store, log.id)
    with pytest.raises(RunOver):
        Run.take(store, log.ref, "too late")
    assert verify_workspace(store) == {}


def test_a_cancel_reaches_the_worker_with_its_next_entry(place: Place) -> None:
    run = Run.take(place.store(), opened(place.store()).ref, "tests")
    run.check()
    for _ in range(2):  # asking twice is asking once
        assert runs.cancel(place.store(), run.id).cancelling
    run.check()  # it costs no request, so it knows nothing yet
    run.emit("note")
    run.flush()
    with pytest.raises(Cancelled):
        run.check()
    run.finish("cancelled")
    assert run.state.state == "cancelled"
    events = [event.kind for entry in entries(place.store(), run.id) for event in entry.events]
    assert events == ["opened", "claimed", "cancel", "note", "requests", "finished"]


def test_a_cancel_reaches_a_silent_worker_with_its_heartbeat(place: Place) -> None:
    run = Run.take(place.store(), opened(place.store()).ref, "tests")
    runs.cancel(place.store(), run.id)
    run.beat()
    with pytest.raises(Cancelled):
        run.check()


def entries(store: Store, id: str) -> list[Any]:
    reader = Reader(store, "local", id)
    reader.read_on()
    return reader.take()


def test_a_run_is_claimed_by_one(place: Place) -> None:
    log = opened(place.store())

    def take() -> Run | AgentForgeError:
        try:
            return Run.take(place.store(), log.ref, "tests")
        except RunBusy as error:
            return error

    won = [run for run in at_once([take] * 6) if isinstance(run, Run)]
    assert len(won) == 1 and won[0].claim == 1
    assert [entry.events[0].kind for entry in entries(place.store(), log.id)] == ["opened", "claimed"]


def test_settling_is_the_same_however_often(store: Store) -> None:
    log = finished(store)
    before = {listed.key: store.read(listed.key) for listed in store.list_all(workspace_prefix("local"))}
    runs.settle(runs.load(store, log.id))
    runs.settle(log)
    assert {listed.key: store.read(listed.key) for listed in store.list_all(workspace_prefix("local"))} == before
    assert due(store) == [] and len(list(store.list_all(workspace_prefix("local").folder("ledger")))) == 1


def test_nothing_follows_the_end(store: Store) -> None:
    log = finished(store)
    for act in (partial(runs.cancel, store, log.id), partial(Run.take, store, log.ref, "tests")):
        with pytest.raises(RunOver):
            act()
    with pytest.raises(Conflict):
        runs.answer(store, log.id, "what?", 1)
    assert verify_run(store, log.id) == []


# Deleting, and who did it


def test_a_deleted_run_leaves_a_tombstone(store: Store) -> None:
    log, other = finished(store), finished(store)
    delete_run(store, log.id, "local", by="me", reason="asked to")
    assert list(store.list_all(log.folder)) == [] and [state.id for state in runs.list_runs(store)] == [other.id]
    with pytest.raises(NotFound):
        runs.load(store, log.id)
    assert verify_workspace(store) == {}
    (entry,) = audit.trail(store, "local")
    (event,) = entry.events
    assert event.kind == "delete_run" and event.data == {"by": "me", "run": log.id, "reason": "asked to"}
    store.put_new(log.folder / "head.json", b"left behind by one who was killed")
    delete_run(store, log.id, "local", by="me")
    assert list(store.list_all(log.folder)) == [] and len(audit.trail(store, "local")) == 1


def test_only_a_run_that_is_over_is_deleted(store: Store) -> None:
    log = opened(store)
    with pytest.raises(BadInput, match="Cancel it first"):
        delete_run(store, log.id, "local", by="me")
    with pytest.raises(NotFound):
        delete_run(store, "no-such-run", "local", by="me")
    assert runs.status(store, log.id).state == "queued" and audit.trail(store, "local") == []


def test_a_deleted_run_does_not_come_back_under_its_key(store: Store) -> None:
    log = opened(store, idempotency_key="ours")
    runs.cancel(store, log.id)
    delete_run(store, log.id, "local", by="me")
    with pytest.raises(KeyReused, match="deleted"):
        opened(store, idempotency_key="ours")
    assert due(store) == [] and verify_workspace(store) == {}


def test_administrative_actions_are_chained(place: Place) -> None:
    at_once([partial(audit.note, place.store(), "local", "act", f"{n}", number=n) for n in range(4)])
    store = place.store()
    trail = audit.trail(store, "local")
    assert sorted(entry.events[0].data["number"] for entry in trail) == [0, 1, 2, 3]
    assert verify_workspace(store) == {}
    second = store.get(Log(store, workspace_prefix("local").folder("audit")).prefix.number(1))
    assert second is not None
    store.put_if(workspace_prefix("local").folder("audit").number(1), second.body.replace(b'"act"', b'"ate"'), second.version)
    assert "audit" in verify_workspace(store)
    with pytest.raises(RecordDamaged):
        audit.trail(store, "local")


# What is not there, or is another's


def test_names_of_runs_and_workspaces_are_checked(store: Store) -> None:
    for id in ("missing", "../x", "", "a/b", "\0", "A"):
        for look in (runs.load, runs.status, verify_run, runs.cancel):
            with pytest.raises(NotFound):
                look(store, id)
    for workspace in ("", "../x", "A", "a/b", "x" * 64):
        with pytest.raises(BadInput):
            opened(store, workspace)
    for text in ("", "x", "local/../x", "local/x/y", "local/x/-1", "LOCAL/x"):
        with pytest.raises((BadInput, NotFound)):
            RunRef.parse(text)


def test_foreign_objects_are_passed_over(store: Store) -> None:
    log = opened(store)
    for name in ("readme", "20260101T000000-000000.local", f"x.LOCAL.{log.id}", "20260101T000000-000000.local.A"):
        store.put_new(DUE / name, b"?")
    assert [ref.id for _, ref in runs.due_runs(store, early=True)] == [log.id]
    store.put_new(workspace_prefix("local").folder("runs") / "Foreign/object", b"?")
    store.put_new(workspace_prefix("local").folder("runs") / "file", b"?")
    assert [state.id for state in runs.list_runs(store)] == [log.id]


def test_a_log_with_a_gap_or_a_stranger_is_damaged(store: Store) -> None:
    log, other = finished(store), finished(store)
    store.delete(log.prefix.number(1))
    store.delete(log.folder / "head.json")
    with pytest.raises(RecordDamaged, match="lacks"):
        runs.load(store, log.id)
    with pytest.raises((RecordDamaged, NotFound)):
        runs.status(store, "renamed")
    for number in range(other.length):
        store.put_new(RunLog(store, "local", "renamed").prefix.number(number), store.read(other.prefix.number(number)))
    with pytest.raises(RecordDamaged, match="another run"):
        runs.load(store, "renamed")
