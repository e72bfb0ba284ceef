"""A workspace as a whole: out of one store and into another, and what is deleted by rule."""

import json
import tarfile
from pathlib import Path

import pytest

from functions.worker import work_through
from shared.errors import BadInput, NotFound
from shared.state import audit, runs, transfer
from shared.state.datasets import fetch_dataset, save_dataset
from shared.state.keys import DUE, SYSTEM, Key, workspace_prefix
from shared.state.memory import MemoryDriver
from shared.state.retention import delete_run, expire_old
from shared.state.run import Run, read_artifact
from shared.state.runs import RunLog
from shared.state.store import Store
from shared.state.transfer import export_workspace, import_workspace
from shared.state.verify import verify_run, verify_workspace
from tests.moto_server import Moto
from tests.state import test_run
from tests.state.places import make_place
from tests.state.test_runs import finished, opened


def objects(store: Store, workspace: str = "local") -> dict[Key, bytes]:
    """All but the audit trail, which tells of the transfer itself."""
    prefix = workspace_prefix(workspace)
    return {entry.key: store.read(entry.key) for entry in store.list_all(prefix) if not entry.key.startswith(f"{prefix}audit")}


def lived_in(store: Store, folder: Path) -> list[RunLog]:
    """A workspace with something of every kind in it: runs that are over, waiting, queued and deleted; datasets; large files."""
    (folder / "data.csv").write_text("a\n1\n")
    reference = save_dataset(store, folder / "data.csv")
    made = [finished(store), finished(store, "failed"), opened(store, idempotency_key="ours")]
    run = Run.take(store, runs.open_run(store, "f", {"sources": [reference]}).ref, "tests")
    run.save("x" * 200, b"long name")
    run.save("deep/er/large.bin", b"0123456789" * 1000)
    run.checkpoint("c", 1, {"weights.bin": b"w"})
    run.finish("succeeded")
    runs.settle(run.log)
    waiting = Run.take(store, opened(store).ref, "tests")
    waiting.wait({"person": "what?"})
    gone = finished(store)
    delete_run(store, gone.id, "local", by="me")
    assert verify_workspace(store) == {}
    return [*made, run.log, waiting.log]


@pytest.mark.parametrize(("kind", "to"), [("memory", "s3"), ("s3", "folder"), ("folder", "memory")])
def test_a_workspace_moves_to_another_store(
    kind: str, to: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SMALL", 5000)  # what is larger goes by way of a file
    source = make_place(kind, tmp_path, lambda: request.getfixturevalue("moto")).store()
    made = lived_in(source, tmp_path)
    count = export_workspace(source, "local", tmp_path / "export.tar", by="me")
    target = make_place(to, tmp_path / "elsewhere", lambda: request.getfixturevalue("moto")).store()
    assert import_workspace(target, tmp_path / "export.tar", by="me") == ("local", count)
    assert objects(target) == objects(source) and verify_workspace(target) == {}
    assert [state.id for state in runs.list_runs(target)] == [state.id for state in runs.list_runs(source)]
    assert [entry.events[0].kind for entry in audit.trail(target, "local")] == ["delete_run", "export", "import"]
    queued, waiting = made[2], made[-1]
    assert {ref.id for _, ref in runs.due_runs(target, early=True)} == {queued.id, waiting.id}
    assert import_workspace(target, tmp_path / "export.tar", by="me") == ("local", count)  # again: nothing is changed
    assert objects(target) == objects(source) and verify_workspace(target) == {}
    Run.take(target, queued.ref, "tests").finish("succeeded")  # and life goes on there
    assert runs.answer(target, waiting.id, "what?", 1).state.state == "queued"
    assert runs.status(target, queued.id).state == "succeeded" and verify_workspace(target) == {}


def test_an_export_is_whole_and_not_overwritten(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="empty"):
        export_workspace(store, "local", tmp_path / "x.tar")
    finished(store)
    finished(store, workspace="other")
    count = export_workspace(store, "local", tmp_path / "x.tar")
    with pytest.raises(BadInput, match="already"):
        export_workspace(store, "local", tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as tar:
        names = tar.getnames()
    assert names.pop() == "end.json" and len(names) == count == len(set(names)) and all(name.startswith("t/local/") for name in names)
    assert not list(tmp_path.glob(".export-*"))


def test_an_export_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    source = Store(MemoryDriver())
    finished(source)
    export_workspace(source, "local", tmp_path / "whole.tar")
    whole = (tmp_path / "whole.tar").read_bytes()
    refused = 0
    for cut in range(0, len(whole), 256):
        (tmp_path / "part.tar").write_bytes(whole[:cut])
        target = Store(MemoryDriver())
        try:
            import_workspace(target, tmp_path / "part.tar")
        except BadInput:
            refused += 1
            assert objects(target).items() <= objects(source).items()
        else:
            assert objects(target) == objects(source)  # only the padding is missing
    assert refused > 20


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with tarfile.open(tmp_path / "empty", "w"):
        pass
    for name, members in {
        "other": ["t/a/x", "t/b/x"], "escape": ["t/a/../../etc/x"], "absolute": ["/t/a/x"], "system": ["sys/due/x"], "bad": ["t/A/x"],
        "outside": ["t/a"],
    }.items():  # fmt: skip
        with tarfile.open(tmp_path / name, "w") as tar:
            for member in members:
                tar.add(tmp_path / "text", member)
    with tarfile.open(tmp_path / "link", "w") as tar:
        info = tarfile.TarInfo("t/a/x")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    empty = Store(MemoryDriver())
    for name in ("missing", "text", "empty", "other", "escape", "absolute", "system", "bad", "outside", "link"):
        with pytest.raises(BadInput):
            import_workspace(empty, tmp_path / name)
    assert not any("etc" in key or b"root" in stored.body for key, stored in empty.driver.objects.items())  # type: ignore[attr-defined]


def test_an_import_does_not_overwrite(store: Store, tmp_path: Path) -> None:
    log = finished(store)
    export_workspace(store, "local", tmp_path / "x.tar")
    other = Store(MemoryDriver())
    other.put_new(log.prefix.number(0), b"another's")
    with pytest.raises(BadInput, match="another"):
        import_workspace(other, tmp_path / "x.tar")
    assert other.read(log.prefix.number(0)) == b"another's"


def test_an_import_that_broke_off_is_completed_by_the_next(moto: Moto, tmp_path: Path) -> None:
    source = Store(MemoryDriver())
    lived_in(source, tmp_path)
    count = export_workspace(source, "local", tmp_path / "x.tar")
    target = make_place("folder", tmp_path, lambda: moto).store()
    for key, body in list(objects(source).items())[::2]:
        target.put_new(key, body)
    assert import_workspace(target, tmp_path / "x.tar") == ("local", count)
    assert objects(target) == objects(source) and verify_workspace(target) == {}


def test_datasets_are_kept_once_under_what_they_hold(store: Store, tmp_path: Path) -> None:
    (tmp_path / "ä b.csv").write_text("a\n1\n")
    reference = save_dataset(store, tmp_path / "ä b.csv")
    assert save_dataset(store, tmp_path / "ä b.csv") == reference and reference.endswith("/__b.csv")
    fetched = fetch_dataset(store, reference, "local", tmp_path / "fetched")
    assert fetched.read_text() == "a\n1\n" and len(objects(store)) == 1
    for bad in ("dataset:x/y", reference.replace("/", "/../"), reference[:40], f"{reference[:72]}/../../x"):
        with pytest.raises(BadInput):
            fetch_dataset(store, bad, "local", tmp_path)
    with pytest.raises(NotFound):
        fetch_dataset(store, reference, "other", tmp_path / "fetched")
    with pytest.raises(BadInput):
        save_dataset(store, tmp_path / "missing")


# Retention

DAY = 86_400.0


@pytest.fixture
def old(memory: MemoryDriver, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, RunLog, RunLog]:
    """A run that is over and one that is not, both with an artifact and a checkpoint's file; days pass by hand."""
    monkeypatch.setenv("AGENTFORGE_KEEP_CHECKPOINTS_DAYS", "7")
    monkeypatch.setenv("AGENTFORGE_KEEP_DAYS", "30")
    store = Store(memory)
    made = []
    for _ in range(2):
        run = Run.take(store, opened(store).ref, "tests")
        run.save("a.txt", b"a")
        run.checkpoint("d", {"at": 1}, {"weights.bin": b"w"})
        run.checkpoint("c", {"at": 2}, {"weights.bin": b"w2"})
        made.append(run)
    made[0].finish("succeeded")
    runs.settle(made[0].log)
    store.put_new(made[0].log.folder / "artifacts/7/left-by-a-lost-worker", b"x")
    return store, made[0].log, made[1].log


def test_files_are_deleted_by_rule_and_the_record_says_so(
    memory: MemoryDriver, old: tuple[Store, RunLog, RunLog]
) -> None:
    store, over, running = old
    assert dict(expire_old(store)) == {}
    memory.pass_time(8 * DAY)
    assert dict(expire_old(store)) == {"checkpoints": 2}
    assert verify_workspace(store) == {} and read_artifact(runs.load(store, over.id), "a.txt") == b"a"
    memory.pass_time(23 * DAY)
    assert dict(expire_old(store)) == {"artifacts": 2}
    log = runs.load(store, over.id)
    with pytest.raises(NotFound, match="any more"):
        read_artifact(log, "a.txt")
    assert [entry.key for entry in store.list_all(over.folder) if "/artifacts/" in entry.key or "/checkpoints/" in entry.key] == []
    assert log.state.state == "succeeded" and log.state.checkpoints["c"].value == {"at": 2}
    assert runs.status(store, over.id, cached=True) == log.state
    assert verify_workspace(store) == {} and len(runs.load(store, running.id).state.expired) == 0
    assert read_artifact(runs.load(store, running.id), "a.txt") == b"a"
    entries = log.length
    memory.pass_time(30 * DAY)
    assert dict(expire_old(store)) == {} and runs.load(store, over.id).length == entries


def test_rules_are_looked_at_once_a_day(memory: MemoryDriver, old: tuple[Store, RunLog, RunLog]) -> None:
    store = old[0]
    expire_old(store)
    memory.pass_time(DAY * 6.9)
    expire_old(store)
    store.requests.control.clear()
    memory.pass_time(DAY / 2)
    assert dict(expire_old(store)) == {} and dict(store.requests.control) == {"get": 1}
    memory.pass_time(DAY)
    assert dict(expire_old(store)) == {"checkpoints": 2}


def test_artifacts_are_kept_for_ever_unless_a_rule_says_otherwise(
    memory: MemoryDriver, old: tuple[Store, RunLog, RunLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENTFORGE_KEEP_DAYS")
    memory.pass_time(9999 * DAY)
    assert dict(expire_old(old[0])) == {"checkpoints": 2}


def test_a_crash_between_saying_and_deleting_is_made_good(memory: MemoryDriver, old: tuple[Store, RunLog, RunLog]) -> None:
    store, over, _ = old
    memory.pass_time(8 * DAY)
    files = {entry.key: store.read(entry.key) for entry in store.list_all(over.folder.folder("checkpoints"))}
    expire_old(store)
    store.put_new(next(iter(files)), next(iter(files.values())))  # the first was not deleted
    assert verify_workspace(store) == {}
    entries = runs.load(store, over.id).length
    memory.pass_time(DAY)
    assert dict(expire_old(store)) == {"checkpoints": 1} and runs.load(store, over.id).length == entries


def test_nothing_of_a_damaged_run_is_deleted_and_the_others_go_on(
    memory: MemoryDriver, old: tuple[Store, RunLog, RunLog]
) -> None:
    store, over, _ = old
    bad = finished(store)
    for name in ("Foreign/thing", "file"):
        store.put_new(workspace_prefix("local").folder("runs") / name, b"?")
    first = store.get(bad.prefix.number(0))
    assert first is not None
    store.put_if(bad.prefix.number(0), first.body[:-1] + b" ", first.version)
    store.delete(bad.folder / "head.json")
    store.put_new(bad.folder / "checkpoints/x", b"")
    memory.pass_time(8 * DAY)
    assert dict(expire_old(store)) == {"checkpoints": 2}
    assert store.get(bad.folder / "checkpoints/x") is not None and verify_run(store, over.id) == []


def test_other_workspaces_have_the_same_rules(memory: MemoryDriver, old: tuple[Store, RunLog, RunLog]) -> None:
    store = old[0]
    run = Run.take(store, opened(store, "other").ref, "tests")
    run.checkpoint("c", 1, {"f": b"1"})
    run.finish("failed")
    runs.settle(run.log)
    memory.pass_time(8 * DAY)
    assert dict(expire_old(store)) == {"checkpoints": 3} and verify_workspace(store, "other") == {}
    assert store.get(SYSTEM / "retention.json") is not None


def test_an_imported_run_is_worked_on(memory: MemoryDriver, tmp_path: Path) -> None:
    test_run.bodies["it"] = lambda input, run: test_run.Words(words=["fine"])
    source, target = Store(memory), Store(MemoryDriver())
    log = runs.open_run(source, "state-scripted", {"words": ["it"]})
    export_workspace(source, "local", tmp_path / "x.tar")
    import_workspace(target, tmp_path / "x.tar")
    (ref,) = (ref for _, ref in runs.due_runs(target, early=True))
    assert work_through(target, ref).output == {"words": ["fine"]} and list(target.list_all(DUE)) == []
    assert runs.status(source, log.id).state == "queued" and json.loads(source.read(log.prefix.number(0)))["seq"] == 0
