"""The run record through its public interface, on a real folder, with real processes that are killed and that race."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import AgentForgeError, BadInput, InvalidSetting, LimitExceeded, NotFound, RecordDamaged
from shared.settings import store_folder
from shared.state.record import canonical_json, fold
from shared.state.runs import Cancelled, Run, RunOver, cancel, finish, list_runs, load_run, open_run, verify

ROOT = Path(__file__).parents[3]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def full_run(store: Path) -> Run:
    run = open_run(store, "analyze", {"goal": "mean fare", "é": [1, 2.5, None]})
    run.emit("claimed")
    run.emit("step", id="s1", state="running")
    run.save("charts/c1.json", b'{"a": 1}')
    run.checkpoint("after-s1", {"rows": 3})
    run.emit("step", id="s1", state="done", ms=4.5)
    finish(run, "succeeded", output={"mean": 1.5})
    return run


def test_a_run_from_opening_to_its_end(tmp_path: Path) -> None:
    seen: list[str] = []
    run = open_run(tmp_path, "analyze", {"goal": "mean fare"}, on_event=lambda entry: seen.append(entry.kind))
    assert (run.state.goal, run.input) == ("mean fare", {"goal": "mean fare"})
    passed: list[str] = [run.state.state]
    run.emit("queued")
    passed.append(run.state.state)
    run.emit("step", id="s1", title="group", state="running")
    run.emit("step", id="s1", state="done")
    run.emit("waiting", on="person")
    passed.append(run.state.state)
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    digest = run.save("report.html", source)
    run.checkpoint("p", [1])
    passed.append(run.state.state)
    finish(run, "succeeded", output=3)
    assert passed == ["opened", "queued", "waiting", "running"]
    loaded = load_run(tmp_path, run.id)
    state = loaded.state
    assert state == run.state and loaded.entries == run.entries
    assert state.steps == {"s1": {"id": "s1", "title": "group", "state": "done"}}
    assert (state.state, state.output, state.checkpoints) == ("succeeded", 3, {"p": [1]})
    assert state.artifacts["report.html"].model_dump() == {"sha256": digest, "bytes": 3_000_000}
    assert (run.folder / "artifacts/report.html").read_bytes() == source.read_bytes()
    assert seen == ["opened", "queued", "step", "step", "waiting", "artifacts", "checkpoint", "finished"]
    assert run.folder == tmp_path / "t" / "local" / "runs" / run.id
    assert verify(tmp_path, run.id) == []


def test_nothing_follows_the_end(tmp_path: Path) -> None:
    run = full_run(tmp_path)
    other = load_run(tmp_path, run.id)
    for attempt in (
        lambda: run.emit("note"), lambda: other.emit("note"), lambda: finish(other, "failed"),
        lambda: run.save("a", b""), lambda: run.checkpoint("a", 1), lambda: cancel(tmp_path, run.id),
    ):  # fmt: skip
        with pytest.raises(RunOver):
            attempt()
    assert verify(tmp_path, run.id) == []


def test_failed_runs_say_why(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    with pytest.raises(BadInput):
        finish(run, "done")
    finish(run, "failed", error={"code": "cell_failed", "message": "é"})
    assert load_run(tmp_path, run.id).state.error == {"code": "cell_failed", "message": "é"}


def test_cancel_and_deadline_reach_the_worker(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    run.check()
    cancel(tmp_path, run.id, reason="changed my mind")
    with pytest.raises(Cancelled):
        run.check()
    finish(run, "cancelled")
    assert load_run(tmp_path, run.id).state.state == "cancelled"
    late = open_run(tmp_path, "f", {}, deadline_s=0.05)
    late.check()
    time.sleep(0.06)
    with pytest.raises(LimitExceeded):
        late.check()


def test_artifacts_stay_in_their_folder_and_as_they_are(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    for name in ("", "..", "../x", "/x", "a/../b", "a//b", "a/", ".hidden", "a\\b", "a\0", "x" * 201, "a\n", "é"):
        with pytest.raises(BadInput):
            run.save(name, b"")
    with pytest.raises(BadInput):
        run.save("a", tmp_path / "missing")
    run.save("a", b"1")
    entries = len(run.entries)
    assert run.save("a", b"1") == run.state.artifacts["a"].sha256 and len(run.entries) == entries
    with pytest.raises(BadInput):
        run.save("a", b"2")
    (run.folder / "artifacts" / "b").write_bytes(b"left by a writer killed before it recorded this")
    run.save("b", b"3")
    assert verify(tmp_path, run.id) == [] and not list(run.folder.rglob("*.tmp"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", "\ud800", object()])
def test_only_json_is_recorded(tmp_path: Path, value: object) -> None:
    run = open_run(tmp_path, "f", {})
    with pytest.raises(BadInput):
        run.emit("note", value=value)
    with pytest.raises(BadInput):
        open_run(tmp_path, "f", {"value": value})
    assert len(list_runs(tmp_path)) == 1 and verify(tmp_path, run.id) == []


def test_a_functions_entries_cannot_pass_for_ours(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    for kind in ("opened", "finished", "artifacts", "checkpoint", "cancel"):
        with pytest.raises(BadInput):
            run.emit(kind)


def test_runs_are_listed_newest_first_and_in_pages(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []
    ids = []
    for number in range(5):
        ids.append(open_run(tmp_path, "f", {"goal": str(number)}).id)
        time.sleep(0.002)
    open_run(tmp_path, "f", {}, workspace="other")
    assert [state.id for state in list_runs(tmp_path)] == ids[::-1]
    assert [state.id for state in list_runs(tmp_path, limit=2, before=ids[3])] == [ids[2], ids[1]]
    first = tmp_path / "t/local/runs" / ids[0] / "log" / "0000000000.json"
    first.write_bytes(first.read_bytes()[:-5])
    (tmp_path / "t/local/runs/empty/log").mkdir(parents=True)
    listed = list_runs(tmp_path)
    assert [state.id for state in listed] == ids[::-1] and "Entry 0" in listed[-1].damaged


def test_names_of_runs_and_workspaces_are_checked(tmp_path: Path) -> None:
    for id in ("missing", "../x", "", "a/b", "\0"):
        with pytest.raises(NotFound):
            load_run(tmp_path, id)
        with pytest.raises(NotFound):
            verify(tmp_path, id)
    for workspace in ("", "../x", "A", "a/b"):
        with pytest.raises(BadInput):
            open_run(tmp_path, "f", {}, workspace)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    store = tmp_path_factory.getbasetemp() / "edited"
    run = load_run(store, list_runs(store)[0].id) if store.exists() else full_run(store)
    files = sorted(path for path in run.folder.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    good = path.read_bytes()
    position = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[position]))
    path.write_bytes(good[:position] + bytes([byte]) + good[position + 1 :])
    try:
        assert verify(store, run.id) != []
        if path.parent.name == "log":
            with pytest.raises(RecordDamaged):
                load_run(store, run.id)
    finally:
        path.write_bytes(good)
    assert verify(store, run.id) == []


def test_missing_swapped_and_foreign_entries_are_found(tmp_path: Path) -> None:
    run, other = full_run(tmp_path), full_run(tmp_path)
    log = run.folder / "log"
    third, fourth = log / "0000000002.json", log / "0000000003.json"
    kept = third.read_bytes(), fourth.read_bytes()
    third.write_bytes(kept[1])
    fourth.write_bytes(kept[0])
    assert verify(tmp_path, run.id)
    fourth.write_bytes(kept[1])
    third.write_bytes((other.folder / "log" / third.name).read_bytes())
    assert verify(tmp_path, run.id)
    third.unlink()
    assert verify(tmp_path, run.id) == ["Entry 2 is missing."]
    with pytest.raises(RecordDamaged):
        load_run(tmp_path, run.id)
    third.write_bytes(kept[0])
    (run.folder / "artifacts/charts/c1.json").unlink()
    assert verify(tmp_path, run.id) == ["The artifact 'charts/c1.json' is missing."]
    other.folder.rename(other.folder.with_name("renamed"))
    assert verify(tmp_path, "renamed") == ["The record is that of another run."]


@given(JSON)
def test_canonical_json_is_the_same_for_the_same_value(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value and canonical_json(json.loads(written)) == written


def test_an_empty_record_is_damaged_not_a_stack_trace() -> None:
    with pytest.raises(RecordDamaged):
        fold([])


APPENDER = """
import sys; from pathlib import Path; from shared.state.runs import load_run
run = load_run(Path(sys.argv[1]), sys.argv[2])
for number in range(60): run.emit("note", writer=sys.argv[3], number=number)
"""


def test_two_processes_appending_lose_and_double_nothing(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    started = [
        subprocess.Popen([sys.executable, "-c", APPENDER, str(tmp_path), run.id, writer], cwd=ROOT) for writer in "ab"
    ]
    assert [process.wait(30) for process in started] == [0, 0]
    entries = load_run(tmp_path, run.id).entries
    notes = [(entry.data["writer"], entry.data["number"]) for entry in entries[1:]]
    assert len(notes) == 120
    for writer in "ab":
        assert [number for who, number in notes if who == writer] == list(range(60))
    assert verify(tmp_path, run.id) == [] and [e.at for e in entries] == sorted(e.at for e in entries)


WRITER = """
import sys; from pathlib import Path; from shared.state.runs import load_run
run = load_run(Path(sys.argv[1]), sys.argv[2])
print("up", flush=True)
for number in range(10**6): run.emit("note", text="x" * 2000); run.save(f"a{run.entries[-1].seq}", b"y" * 9999)
"""


def test_a_killed_writer_leaves_a_readable_record(tmp_path: Path) -> None:
    run = open_run(tmp_path, "f", {})
    for attempt in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), run.id], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout and process.stdout.readline()
        time.sleep(0.01 + 0.013 * attempt)
        process.kill()
        process.wait()
        process.stdout.close()
        assert verify(tmp_path, run.id) == []
    assert len(load_run(tmp_path, run.id).entries) > 6


def test_the_store_is_where_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTFORGE_STORE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_folder() == tmp_path / ".agentforge"
    for value in (f"file://{tmp_path}/a%20b", f"{tmp_path}/a b", "~/a b"):
        monkeypatch.setenv("AGENTFORGE_STORE", value)
        assert store_folder() == tmp_path / "a b"
    (tmp_path / "file").write_text("")
    for value in ("s3://bucket", "file://host/x", "file:///", f"{tmp_path}/file", "file:///x?y=1", "~nobody-here/x"):
        monkeypatch.setenv("AGENTFORGE_STORE", value)
        with pytest.raises(InvalidSetting):
            store_folder()


def test_a_store_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AgentForgeError):
        open_run(tmp_path / "file", "f", {})
