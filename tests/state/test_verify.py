"""Every change of a settled workspace is found: a byte, a missing object, a tail, a whole run."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.registry import Next
from functions.work import child_output, start
from functions.worker import work_through
from shared.errors import NotFound
from shared.state import audit, runs
from shared.state.datasets import save_dataset
from shared.state.keys import DUE, Key, workspace_prefix
from shared.state.memory import MemoryDriver
from shared.state.record import Event, read_entry, unseal, write_entry
from shared.state.retention import delete_run, expire_old
from shared.state.run import Run
from shared.state.runs import RunLog, head_bytes
from shared.state.store import Store
from shared.state.verify import verify_run, verify_workspace
from tests.state.places import Place
from tests.state.test_run import Words, bodies
from tests.state.test_runs import finished, later, opened

LOCAL = workspace_prefix("local")
SIGNS_OF_LIFE = ("lease.json", "submitted.json")  # no part of the record


def settled_workspace(store: Store, folder: Path, full: bool = True) -> None:
    """Runs of every kind, all over and settled; a deleted one; datasets, idempotency keys, administrative actions."""

    def one(input: Words, run: Run) -> Any:
        if run.restore("c") is None:
            run.save("made/é.txt".replace("é", "e"), b"by the first attempt")
            run.checkpoint("c", {"at": 1}, {"weights.bin": b"first"})
            run.checkpoint("c", {"at": 2}, {"weights.bin": b"second"})
            raise RuntimeError
        run.save("made/e.txt", b"by the second attempt")
        run.progress(1, 2)
        child_output(run, "child", "state-once", Words(words=["child"]))
        return Next("state-once", Words(words=["two", *input.words[1:]]))

    bodies.update(
        one=one,
        two=lambda input, run: run.save_all({"charts/c1.png": b"\x89PNG", "report.md": b"# Report"}) and Words(words=input.words),
        child=lambda input, run: run.metric("loss", 0.5, 1) or Words(),
        fails=lambda input, run: run.read("nothing"),
    )
    (folder / "data.csv").write_text("a\n1\n")
    reference = save_dataset(store, folder / "data.csv")
    work_through(store, start(store, "state-scripted", Words(words=["one", reference]), idempotency_key="é").ref)
    if full:
        for words in (["fails"], ["child"], ["child", reference]):
            later(store)
            work_through(store, start(store, "state-once", Words(words=words)).ref)
        runs.cancel(store, opened(store).id)
    gone = opened(store, idempotency_key="deleted")
    runs.cancel(store, gone.id)
    delete_run(store, gone.id, "local", by="me", reason="asked to")
    audit.note(store, "local", "export", "me")
    assert list(store.list_all(DUE)) == [] and verify_workspace(store) == {}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryDriver]:
    memory = MemoryDriver()
    settled_workspace(Store(memory), tmp_path_factory.mktemp("data"))
    old = Run.take(Store(memory), opened(Store(memory)).ref, "tests")
    old.checkpoint("c", 1, {"f": b"expired"})
    old.finish("failed", error={"code": "x"})
    runs.settle(old.log)
    memory.pass_time(86_400 * 8)
    assert expire_old(Store(memory))["checkpoints"] >= 1 and verify_workspace(Store(memory)) == {}
    yield memory
    assert verify_workspace(Store(memory)) == {}  # all that was changed was put back


def record(store: Store) -> list[Key]:
    return [entry.key for entry in store.list_all(LOCAL) if not entry.key.endswith(SIGNS_OF_LIFE)]


def edit(store: Store, key: Key, body: bytes | None) -> bytes:
    """Put other bytes (None: nothing) under a key; what was there."""
    was = store.get(key)
    store.delete(key)
    if body is not None:
        store.put_new(key, body)
    return was.body if was else b""


@settings(max_examples=5 * settings.default.max_examples, deadline=None)
@given(data=st.data())
def test_any_change_of_any_object_is_found(workspace: MemoryDriver, data: st.DataObject) -> None:
    store = Store(workspace)
    objects = record(store)
    kinds = sorted({key.removeprefix(LOCAL).split("/")[0 if "/runs/" not in key else 2] for key in objects})
    kind = data.draw(st.sampled_from(kinds))  # first the kind, so that each is changed as often
    key = data.draw(st.sampled_from([key for key in objects if kind in key.removeprefix(LOCAL).split("/")]))
    good = store.read(key)
    how = data.draw(st.sampled_from(["byte", "byte", "byte", "delete", "cut", "add"]))
    if how == "byte" and good:
        position = data.draw(st.integers(0, len(good) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[position]))
        bad: bytes | None = good[:position] + bytes([byte]) + good[position + 1 :]
    elif how == "cut" and good:
        bad = good[: data.draw(st.integers(0, len(good) - 1))]
    elif how == "add":
        bad = good + data.draw(st.binary(min_size=1, max_size=3))
    else:
        bad = None
    before = workspace.objects[key]
    edit(store, key, bad)
    try:
        found = verify_workspace(store)
        assert found, f"{how} of {key} was not found"
        if "/runs/" in key:
            assert list(found) == [key.removeprefix(LOCAL).split("/")[1]]
    finally:
        workspace.objects[key] = before


def test_changes_are_found_in_every_store(place: Place, tmp_path: Path) -> None:
    store = place.store()
    settled_workspace(store, tmp_path, full=False)
    for number, key in enumerate(record(store)[:: 5 if place.kind == "s3" else 1]):
        good = store.read(key)
        at = number * 7 % len(good)
        for bad in (None, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]):
            edit(store, key, bad)
            assert verify_workspace(store), key
        edit(store, key, good)
    assert verify_workspace(store) == {}


def test_kept_folds_are_rebuilt_byte_for_byte(place: Place, tmp_path: Path) -> None:
    store = place.store()
    settled_workspace(store, tmp_path, full=place.kind == "memory")
    kept = {key: store.read(key) for key in record(store) if key.endswith("head.json")}
    assert len(kept) >= 2
    for state in runs.list_runs(store):
        log = runs.load(place.store(), state.id)
        assert head_bytes(log.state, log.tip) == kept.pop(log.folder / "head.json")
        before = edit(store, log.folder / "head.json", None)
        runs.settle(runs.load(place.store(), state.id))
        assert store.read(log.folder / "head.json") == before
    assert not kept and verify_workspace(store) == {}


def test_a_fold_made_from_a_kept_fold_is_the_same(place: Place) -> None:
    """Readers start from what is kept; what they keep in turn must not drift."""
    run = Run.take(place.store(), opened(place.store()).ref, "tests")
    for number in range(40 if place.kind == "memory" else 8):
        run.emit("step", id=f"s{40 - number}", value=[number, number / 3, -0.0, 10**20, "é", None])
        run.metric("loss", 1 / (number + 1), number)
        run.flush()
        if number % 6 == 0:
            reader = RunLog(place.store(), "local", run.id)
            reader.read_head()
            reader.read_on()
            reader.write_head()
            assert verify_run(place.store(), run.id) == []
    run.finish("succeeded")
    runs.settle(run.log)
    whole = runs.load(place.store(), run.id)
    assert place.store().read(whole.folder / "head.json") == head_bytes(whole.state, whole.tip)


# What more than one byte can do


@pytest.fixture
def two() -> tuple[Store, RunLog, RunLog]:
    store = Store(MemoryDriver())
    return store, finished(store), finished(store)


def test_entries_that_were_swapped_or_are_anothers_are_found(two: tuple[Store, RunLog, RunLog]) -> None:
    store, log, other = two
    second, third = (store.read(log.prefix.number(number)) for number in (1, 2))
    edit(store, log.prefix.number(1), third)
    edit(store, log.prefix.number(2), second)
    assert verify_run(store, log.id)
    edit(store, log.prefix.number(1), second)
    edit(store, log.prefix.number(2), store.read(other.prefix.number(2)))
    assert verify_run(store, log.id) and not verify_run(store, other.id)
    edit(store, log.prefix.number(2), third)
    assert verify_run(store, log.id) == []


def test_a_tail_that_was_cut_off_or_written_anew_is_found(two: tuple[Store, RunLog, RunLog]) -> None:
    store, log, _ = two
    last = log.prefix.number(log.length - 1)
    good, before = store.read(last), store.read(log.prefix.number(log.length - 2))
    entry = read_entry(good, log.length - 1, unseal(good)["prev"])  # type: ignore[index]
    other = [Event(kind="finished", data={"state": "succeeded", "output": {"mean": 9.5}})]
    for tail in (None, write_entry(entry.seq, entry.at, other, entry.prev, entry.nonce)):
        edit(store, last, tail)
        rebuilt = RunLog(store, "local", log.id)
        rebuilt.read_on()
        head = edit(store, log.folder / "head.json", head_bytes(rebuilt.state, rebuilt.tip))  # and the kept fold with it
        assert any("end was cut off" in problem for problem in verify_run(store, log.id))
        edit(store, last, good)
        edit(store, log.folder / "head.json", head)
    assert verify_run(store, log.id) == [] and before


def test_a_run_that_is_gone_is_missed(two: tuple[Store, RunLog, RunLog]) -> None:
    store, log, other = two
    for listed in list(store.list_all(log.folder)):
        store.delete(listed.key)
    assert list(verify_workspace(store)) == [log.id] and "gone" in verify_run(store, log.id)[0]
    for listed in list(store.list_all(other.prefix)):
        store.delete(listed.key)
    assert set(verify_workspace(store)) == {log.id, other.id}


def test_a_run_under_another_name_is_found(two: tuple[Store, RunLog, RunLog]) -> None:
    store, log, _ = two
    for listed in list(store.list_all(log.folder)):
        store.put_new(Key(listed.key.replace(log.id, "renamed")), store.read(listed.key))
    assert list(verify_workspace(store)) == ["renamed"] and "another run" in verify_run(store, "renamed")[0]


def test_an_audit_trail_that_was_cut_short_is_found(place: Place) -> None:
    store = place.store()
    for number in range(3):
        audit.note(store, "local", "act", f"{number}")
    assert verify_workspace(store) == {}
    good = edit(store, LOCAL.folder("audit").number(2), None)
    assert "cut off" in verify_workspace(store)["audit"][0]
    edit(store, LOCAL.folder("audit").number(2), good)
    edit(store, LOCAL / "audit.json", None)
    assert "missing" in verify_workspace(store)["audit"][0]
    audit.note(store, "local", "act", "again")
    assert verify_workspace(store) == {} and len(audit.trail(store, "local")) == 4


def test_runs_that_go_on_are_sound(store: Store, tmp_path: Path) -> None:
    """Nothing settled, and every stage between opening and settling."""
    assert verify_workspace(store) == {}
    opened(store, idempotency_key="x")
    running = Run.take(store, opened(store).ref, "tests")
    running.save("not/told.txt", b"1")
    running.beat()
    waiting = Run.take(store, opened(store).ref, "tests")
    waiting.wait({"person": "what?"})
    over = Run.take(store, opened(store).ref, "tests")
    over.finish("succeeded")
    assert verify_workspace(store) == {}
    for step in (partial(store.put_new, runs.ledger_key(over.log), b""), over.log.write_head):
        step()
    assert set(verify_workspace(store)) == {over.id}  # a ledger entry that says nothing


def test_a_dataset_that_is_gone_is_missed_where_it_was_used(store: Store, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    reference = save_dataset(store, tmp_path / "data.csv")
    bodies.update(fine=lambda input, run: Words(), fails=lambda input, run: run.read("nothing"))
    used = work_through(store, start(store, "state-once", Words(words=["fine", reference])).ref)
    never_there = f"dataset:{'0' * 64}/never-there.csv"
    work_through(store, start(store, "state-once", Words(words=["fails", never_there])).ref)
    assert verify_workspace(store) == {}
    (listed,) = store.list_all(LOCAL.folder("datasets"))
    store.delete(listed.key)
    assert verify_workspace(store) == {used.id: ["The dataset data.csv is missing."]}


def test_what_never_was_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        verify_run(store, "never")
    foreign = LOCAL.folder("runs") / "Foreign/thing"
    store.put_new(foreign, b"")
    assert list(verify_workspace(store)) == ["Foreign"]
