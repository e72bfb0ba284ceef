"""A run as its worker sees it, over every kind of store: attempts, waiting, chains, children, files, time, and losing a claim."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from functions.registry import Next, function
from functions.work import child_output, first_request, start, work
from functions.worker import Refs, work_through
from shared.errors import AgentForgeError, BadInput, Conflict, LimitExceeded, NotFound
from shared.state import artifacts, machine, runs
from shared.state.keys import DUE
from shared.state.machine import ClaimLost, RunBusy, RunOver, RunState
from shared.state.memory import MemoryDriver
from shared.state.record import Event
from shared.state.run import Cancelled, Run, read_artifact
from shared.state.runs import Reader, RunLog
from shared.state.store import Store
from shared.state.verify import verify_run, verify_workspace
from tests.state.places import Place
from tests.state.test_runs import opened


class Words(BaseModel):
    words: list[str] = []


bodies: dict[str, Callable[[Words, Run], Any]] = {}


@function("state-scripted", Words, Words, retries=2)
def scripted(input: Words, run: Run) -> Words | Next:
    """What the test wants to be done."""
    done: Words | Next = bodies[input.words[0]](input, run)
    return done


@function("state-once", Words, Words, retries=0)
def once(input: Words, run: Run) -> Words | Next:
    done: Words | Next = bodies[input.words[0]](input, run)
    return done


@pytest.fixture(autouse=True)
def no_bodies() -> Iterator[None]:
    bodies.clear()
    yield


def do(store: Store, body: Callable[[Words, Run], Any], function: str = "state-scripted", **options: Any) -> RunState:
    """Open a run that calls `body`, and work on it until nothing is left to do here."""
    bodies["it"] = body
    return work_through(store, start(store, function, Words(words=["it"]), **options).ref)


def kinds(store: Store, id: str) -> list[str]:
    reader = Reader(store, "local", id)
    reader.read_on()
    return [event.kind for entry in reader.take() for event in entry.events]


# How an attempt ends


def test_what_a_function_returns_is_the_runs_output(store: Store) -> None:
    seen: list[str] = []

    def body(input: Words, run: Run) -> Words:
        run.emit("step", id="z", state="done")
        run.emit("step", id="s1", title="group", state="running")
        run.emit("step", id="s1", state="done")
        run.progress(1, 2, "rows")
        run.metric("loss", 0.5, 1)
        run.metric("loss", 0.25, 2)
        run.save("a.txt", b"1")
        assert run.scratch.is_dir()
        (run.scratch / "x").write_text("gone afterwards")
        seen.append(str(run.scratch))
        return Words(words=["done"])

    state = do(store, body)
    assert (state.state, state.output, state.attempt, state.claim) == ("succeeded", {"words": ["done"]}, 1, 1)
    assert state.steps == [{"id": "z", "state": "done"}, {"id": "s1", "title": "group", "state": "done"}]
    assert runs.status(store, state.id).steps == state.steps  # in their order from the kept fold, too
    assert state.progress == {"done": 1, "total": 2, "unit": "rows"} and state.metrics["loss"]["value"] == 0.25
    assert kinds(store, state.id).count("metric") == 2  # the log has the series
    assert state.requests["control"]["put"] >= 5 and state.requests["data"] == {"put": 1}
    assert not Path(seen[0]).exists() and list(store.list_all(DUE)) == []
    assert verify_workspace(store) == {}


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (BadInput("é is wrong.", "Mend it."), "bad_input", 1),
        (NotFound("It is not there."), "not_found", 1),
        (RuntimeError("on fire /secret/path"), "internal", 3),
        (SystemExit(3), "internal", 3),
        (MemoryError(), "internal", 3),
    ],
)
def test_what_a_function_raises_is_recorded_not_raised(store: Store, error: BaseException, code: str, attempts: int) -> None:
    def body(input: Words, run: Run) -> Words:
        raise error

    state = do(store, body)
    assert (state.state, state.attempt) == ("failed", attempts)
    assert state.error and state.error["code"] == code
    assert "secret" not in str(state.error) and (code == "internal" or state.error["message"] == error.message)  # type: ignore[attr-defined]
    assert kinds(store, state.id).count("claimed") == attempts and verify_workspace(store) == {}


def test_output_that_is_not_json_fails_the_run(store: Store) -> None:
    class Odd(BaseModel):
        value: Any = None

    for value, attempts in (("\ud800", 1), (object(), 3)):
        state = do(store, partial(lambda value, input, run: Odd(value=value), value))
        assert (state.state, state.attempt) == ("failed", attempts) and verify_workspace(store) == {}
        assert kinds(store, state.id).count("requests") == attempts


def test_a_later_attempt_may_succeed(store: Store) -> None:
    def body(input: Words, run: Run) -> Words:
        run.emit("note", attempt=run.state.attempt)
        if run.state.attempt < 3:
            raise RuntimeError
        return Words()

    state = do(store, body)
    assert (state.state, state.attempt, state.claim, state.error) == ("succeeded", 3, 3, None)
    assert kinds(store, state.id).count("note") == 3


def retry(store: Store, id: str) -> RunLog:
    function, input, options = first_request(store, id)
    return start(store, function, input, **options)


def test_a_run_that_failed_can_be_tried_again(store: Store) -> None:
    first = do(store, lambda input, run: Next("state-once", Words(words=["two"])), deadline_s=600)
    assert first.state == "failed" and first.error and "KeyError" in first.error["message"]  # there is no body called two
    bodies["two"] = lambda input, run: Words(words=["fine"])
    again = retry(store, first.id)
    assert again.id != first.id and again.state.retry_of == first.id and again.state.deadline_s == 600
    assert again.state.input == {"words": ["it"]} and again.state.function == "state-scripted"  # as at first, not as handed on
    assert work_through(store, again.ref).state == "succeeded"
    for id in (again.id, opened(store).id):
        with pytest.raises(Conflict, match="Only a run"):
            retry(store, id)
    assert runs.status(store, first.id).state == "failed"


def test_an_interrupt_cancels_and_goes_on_up(store: Store) -> None:
    def body(input: Words, run: Run) -> Words:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(store, body)
    (state,) = runs.list_runs(store)
    assert state.state == "cancelled" and list(store.list_all(DUE)) == []


def test_input_is_the_functions_or_no_run_is_opened(store: Store) -> None:
    for name, input in (("state-scripted", {"words": 3}), ("no-such-function", {})):
        with pytest.raises(BadInput):
            start(store, name, input)  # type: ignore[arg-type]
    assert runs.list_runs(store) == [] and list(store.list_all(DUE)) == []


# Waiting, chains, children


def test_a_person_is_asked_and_answers(store: Store) -> None:
    calls: list[int] = []

    def body(input: Words, run: Run) -> Words:
        calls.append(run.state.attempt)
        run.emit("note", before="asking")
        if run.restore("half") is None:
            run.checkpoint("half", [1])
        return Words(words=[run.ask("colour?"), run.ask("size?")])

    state = do(store, body)
    assert state.state == "waiting" and state.waiting == {"person": "colour?"}
    with pytest.raises(Conflict, match="does not wait"):
        runs.answer(store, state.id, "size?", "L")
    with pytest.raises(RunBusy):
        Run.take(store, runs.load(store, state.id).ref, "tests")
    log = runs.answer(store, state.id, "colour?", "é")
    state = work_through(store, log.ref)
    assert state.state == "waiting" and state.waiting == {"person": "size?"}
    with pytest.raises(Conflict):
        runs.answer(store, state.id, "colour?", "again")
    state = work_through(store, runs.answer(store, state.id, "size?", "L").ref)
    assert state.output == {"words": ["é", "L"]} and state.answers == {"colour?": "é", "size?": "L"}
    assert calls == [1, 1, 1] and state.claim == 3  # to wait is no failed attempt
    assert verify_workspace(store) == {}


def test_a_chain_goes_from_function_to_function(store: Store) -> None:
    bodies["two"] = lambda input, run: Next("state-once", Words(words=["three", run.read("one.txt").decode()]))

    def one(input: Words, run: Run) -> Next:
        if run.state.attempt == 1:
            raise RuntimeError
        run.save("one.txt", b"from one")
        return Next("state-scripted", Words(words=["two"]))

    def three(input: Words, run: Run) -> Words:
        assert (run.state.function, run.state.attempt, run.state.attempts) == ("state-once", 1, 1)
        run.save("three.txt", b"3")
        return Words(words=input.words)

    bodies["three"] = three
    state = do(store, one)
    assert state.state == "succeeded" and state.output == {"words": ["three", "from one"]}
    assert list(state.artifacts) == ["one.txt", "three.txt"] and state.claim == 4
    assert verify_workspace(store) == {} and list(store.list_all(DUE)) == []


def test_a_chain_to_nowhere_fails(store: Store) -> None:
    state = do(store, lambda input, run: Next("no-such-function", Words()))
    assert state.state == "failed" and state.error and "no-such-function" in state.error["message"]


def test_a_child_is_opened_once_and_its_output_taken(store: Store) -> None:
    bodies["child"] = lambda input, run: Words(words=[run.state.parent or ""])

    def body(input: Words, run: Run) -> Words:
        run.emit("note")
        first = child_output(run, "first", "state-once", Words(words=["child"]))
        second = child_output(run, "second", "state-once", Words(words=["child", "x"]))
        assert child_output(run, "first", "state-once", Words(words=["child"])) == first
        return Words(words=first.words + second.words)

    state = do(store, body)
    assert state.state == "succeeded" and state.output == {"words": [state.id] * 2} and state.attempt == 1
    assert len(runs.list_runs(store)) == 3 and verify_workspace(store) == {} and list(store.list_all(DUE)) == []


def test_a_child_that_fails_says_why_in_its_parent(store: Store) -> None:
    def child(input: Words, run: Run) -> Words:
        raise BadInput("é is wrong.", "Mend it.")

    bodies["child"] = child
    state = do(store, lambda input, run: child_output(run, "it", "state-once", Words(words=["child"])))
    assert state.state == "failed" and state.error and "é is wrong." in state.error["message"] and state.error["hint"] == "Mend it."


def test_cancelling_a_parent_cancels_the_child_it_waits_for(store: Store) -> None:
    bodies["child"] = lambda input, run: Words(words=[run.ask("what?")])
    state = do(store, lambda input, run: child_output(run, "it", "state-once", Words(words=["child"])))
    assert state.state == "waiting"
    assert runs.cancel(store, state.id).state == "cancelled"
    assert [each.state for each in runs.list_runs(store)] == ["cancelled", "cancelled"] and list(store.list_all(DUE)) == []


@pytest.mark.parametrize("ending", ["wait", "hand over", "fail"])
def test_a_cancelled_run_does_not_go_on_to_wait_or_to_another_function(place: Place, ending: str) -> None:
    """The cancel came after the worker looked last, and is met by its last entry."""

    def body(input: Words, run: Run) -> Any:
        runs.cancel(place.store(), run.id)
        if ending == "wait":
            return run.ask("what?")
        if ending == "fail":
            raise RuntimeError
        return Next("state-once", Words(words=["never"]))

    state = do(place.store(), body)
    assert state.state == "cancelled" and state.claim == 1 and list(place.store().list_all(DUE)) == []


# Files


def test_artifacts_are_written_once(store: Store, tmp_path: Path) -> None:
    run = Run.take(store, opened(store).ref, "tests")
    for name in ("", "..", "../x", "/x", "a/../b", "a//b", "a/", ".hidden", "a\\b", "a\0", "x" * 201, "a\n", "é"):
        with pytest.raises(BadInput):
            run.save(name, b"")
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(BadInput):
            run.save("a", missing)
    artifact = run.save("a", b"1")
    assert run.save("a", b"1") == artifact and run.read("a") == b"1"
    with pytest.raises(BadInput, match="another file"):
        run.save("a", b"2")
    (tmp_path / "file").write_bytes(b"1")
    assert run.save("a", tmp_path / "file") == artifact
    with pytest.raises(NotFound):
        run.read("b")
    run.flush()
    assert set(kinds(store, run.id)) == {"opened", "claimed", "artifacts"} and verify_run(store, run.id) == []


def test_large_files_are_not_held_in_memory(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "SMALL", 1000)
    (tmp_path / "file").write_bytes(bytes(range(256)) * 20)
    run = Run.take(store, opened(store).ref, "tests")
    assert run.save("a", tmp_path / "file").bytes == 5120
    assert run.save("a", tmp_path / "file").sha256 == artifacts.sha256_of_file(tmp_path / "file")
    (tmp_path / "file").write_bytes(bytes(range(255)) * 20)
    with pytest.raises(BadInput):
        run.save("a", tmp_path / "file")
    run.flush()
    assert verify_run(store, run.id) == []


def test_many_files_are_saved_at_once(store: Store) -> None:
    run = Run.take(store, opened(store).ref, "tests")
    files = {f"many/{number}": f"{number}".encode() for number in range(40)}
    saved = run.save_all(files)
    run.flush()
    assert list(saved) == list(files) and all(run.read(name) == data for name, data in files.items())
    assert run.log.length == 3 and verify_run(store, run.id) == []


def test_a_later_attempt_goes_on_from_the_newest_checkpoint(store: Store, tmp_path: Path) -> None:
    def body(input: Words, run: Run) -> Words:
        attempt = run.state.attempt
        before = run.restore("model", tmp_path / f"restored-{attempt}")
        run.save("made.txt", f"by {attempt}".encode())  # another attempt's file of this name is another file
        run.checkpoint("model", {"epoch": attempt}, {"weights.bin": b"w" * attempt, "deep/opt.bin": b"o"})
        run.checkpoint("model", {"epoch": attempt + 0.5}, {"weights.bin": b"W" * attempt})
        if attempt < 3:
            raise RuntimeError
        assert run.restore("nothing") is None
        return Words(words=[str(before)])

    state = do(store, body)
    assert state.output == {"words": ["{'epoch': 2.5}"]}
    assert not (tmp_path / "restored-1").exists() and (tmp_path / "restored-3/weights.bin").read_bytes() == b"WW"
    log = runs.load(store, state.id)
    assert read_artifact(log, "made.txt") == b"by 3"
    kept = [listed.key.removeprefix(log.folder) for listed in store.list_all(log.folder.folder("checkpoints"))]
    assert kept == [log.state.checkpoints["model"].files["weights.bin"].path], "those that a newer one took the place of are gone"
    assert verify_workspace(store) == {}


def test_what_a_function_tells_cannot_damage_its_record(store: Store) -> None:
    run = Run.take(store, opened(store).ref, "tests")
    for kind in machine.OWN_KINDS:
        with pytest.raises(BadInput):
            run.emit(kind)
    with pytest.raises(BadInput):
        run.emit("\ud800")
    with pytest.raises(BadInput):
        run.checkpoint("\ud800")
    odd: list[dict[str, Any]] = [{}, {"name": 3}, {"id": None}, {"kind": "finished"}, {"state": ["x"]}, {"data": {"paths": 3}}]
    for kind in ("metric", "step", "progress", "note", "", "é"):
        for data in odd:
            if "kind" not in data:
                run.emit(kind, **data)
    run.finish("succeeded", output=1)
    runs.settle(run.log)
    assert runs.load(store, run.id).state.state == "succeeded" and verify_workspace(store) == {}


# Time


def by_hand(memory: MemoryDriver) -> Store:
    return Store(memory, lambda seconds: memory.pass_time(seconds))


def test_a_deadline_and_a_time_limit_end_the_work(memory: MemoryDriver) -> None:
    store = by_hand(memory)

    def slow(input: Words, run: Run) -> Words:
        for _ in range(30):
            memory.pass_time(60)
            run.check()
        return Words()

    state = do(store, slow, deadline_s=120)
    assert state.state == "failed" and state.error
    assert state.error["code"] == "limit_exceeded" and "deadline of 120 s" in state.error["message"] and state.attempt == 1
    state = do(store, slow)
    assert state.error and "may run for 900 s" in state.error["message"]
    run = Run.take(store, opened(store, deadline_s=10).ref, "tests")
    memory.pass_time(9)
    run.check()
    memory.pass_time(2)
    with pytest.raises(LimitExceeded):
        run.check()


def test_events_are_gathered_and_written_while_the_function_works(store: Store) -> None:
    run = Run.take(store, opened(store).ref, "tests")
    with run.working():
        for number in range(20):
            run.emit("note", number=number)
        until = time.monotonic() + 20
        while (length := runs.load(store, run.id).length) == 2 and time.monotonic() < until:
            time.sleep(0.05)
    assert length == 3  # in one object
    assert [event for event in kinds(store, run.id) if event == "note"] == ["note"] * 20


# Losing the claim


def taken_over(place: Place) -> tuple[Run, Run]:
    """A worker that was taken for dead, and the one that works on its run now."""
    zombie = Run.take(place.store(), opened(place.store(), attempts=9).ref, "zombie")
    log = runs.load(place.store(), zombie.id)
    assert log.append(lambda: machine.lapse(log.state, zombie.claim, {"code": "worker_lost"}))
    return zombie, Run.take(place.store(), log.ref, "new")


ENDINGS: list[Callable[[Run], None]] = [
    lambda run: run.flush(),
    lambda run: run.checkpoint("c", 1, {"f": b"zombie's"}),
    lambda run: run.finish("succeeded", output="zombie's"),
    lambda run: run.hand_over("state-once", {}, 1, "cpu"),
    lambda run: run.wait({"person": "what?"}),
    lambda run: run.give_back({"code": "x"}),
    lambda run: run.beat(),
]


@pytest.mark.parametrize("number", range(len(ENDINGS)))
def test_a_zombie_changes_nothing(place: Place, number: int) -> None:
    zombie, new = taken_over(place)
    zombie.emit("note", of="zombie")
    zombie.save("a.txt", b"zombie's")
    new.save("a.txt", b"new")
    with pytest.raises(ClaimLost):
        ENDINGS[number](zombie)
    with pytest.raises(ClaimLost):
        zombie.check() if number < 6 else zombie.flush()
    new.finish("succeeded", output="new")
    with pytest.raises((ClaimLost, RunOver)):
        zombie.finish("succeeded", output="zombie's")
    state = runs.load(place.store(), new.id).state
    assert (state.output, state.claim, state.worker) == ("new", 2, "new") and "c" not in state.checkpoints
    assert read_artifact(runs.load(place.store(), new.id), "a.txt") == b"new" and "note" not in kinds(place.store(), new.id)
    assert verify_run(place.store(), new.id) == []


def test_a_run_that_was_ended_from_outside_lets_nothing_in(place: Place) -> None:
    run = Run.take(place.store(), opened(place.store()).ref, "tests")
    log = runs.load(place.store(), run.id)
    log.append(lambda: machine.stop(log.state, 1, {"code": "limit_exceeded"}))
    run.emit("note")
    for act in (run.flush, partial(run.finish, "succeeded")):
        with pytest.raises(RunOver):
            act()
    with pytest.raises(RunOver):
        run.check()
    assert "note" not in kinds(place.store(), run.id)


def test_a_reference_delivered_twice_is_worked_on_once(store: Store) -> None:
    calls: list[int] = []

    def body(input: Words, run: Run) -> Words:
        calls.append(1)
        with pytest.raises(RunBusy):
            work(store, log.ref, Refs())
        return Words()

    bodies["it"] = body
    log = start(store, "state-scripted", Words(words=["it"]))
    assert work(store, log.ref, Refs()).state == "succeeded"
    with pytest.raises(RunOver):
        work(store, log.ref, Refs())
    assert calls == [1]


def test_finishing_needs_a_word_that_ends_a_run(store: Store) -> None:
    run = Run.take(store, opened(store).ref, "tests")
    with pytest.raises(BadInput):
        run.finish("done")
    run.finish("failed", error={"code": "é"})
    assert runs.status(store, run.id).error == {"code": "é"}


def test_events_are_told_as_they_happen(store: Store) -> None:
    seen: list[Event] = []
    bodies["it"] = lambda input, run: run.emit("note", n=1) or Words()
    work_through(store, start(store, "state-scripted", Words(words=["it"])).ref, seen.append)
    assert [event.kind for event in seen] == ["note"]


def test_cancelled_by_its_own_check(store: Store) -> None:
    def body(input: Words, run: Run) -> Words:
        runs.cancel(store, run.id)
        run.flush()
        run.emit("note")
        run.flush()
        run.check()
        raise AgentForgeError("not reached")

    state = do(store, body)
    assert state.state == "cancelled" and state.error is None
    assert Cancelled.status == 409
