"""The pure machine: whatever commands come in whatever order, its invariants hold. And the bytes of its entries."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.errors import AgentForgeError, BadInput, RecordDamaged
from shared.state import machine
from shared.state.machine import ClaimLost, RunBusy, RunOver, RunState
from shared.state.record import Entry, Event, canonical_json, read_entry, seal, sha256, unseal, write_entry

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
TOLD = st.lists(
    st.builds(lambda kind, data: Event(kind=kind, data=data), st.sampled_from(["note", "step", "metric", "progress"]),
              st.dictionaries(st.sampled_from(["id", "name", "value", "state"]), JSON, max_size=3)), max_size=2,
)  # fmt: skip
ERROR = {"code": "x", "message": "é"}
WAITS = st.sampled_from([{"person": "colour?"}, {"person": "size?"}, {"child": "abc"}])
OPENED = {"id": "abc", "workspace": "local", "function": "f", "input": {"goal": "g"}, "due": "", "key": ""}
CLAIMS = st.sampled_from([0, 0, 0, 1])  # how many claims ago
SELDOM = st.integers(0, 4).map(lambda number: number == 0)


class Story(RuleBasedStateMachine):
    """One run. Commands come from anybody: workers that hold the newest claim or an older one, the sweep, users."""

    @initialize(attempts=st.integers(1, 3), claimed=st.booleans())
    def open(self, attempts: int, claimed: bool) -> None:
        self.entries: list[Entry] = []
        self.tip, self.state = "", None  # type: str, RunState | None
        self.ended: tuple[Any, ...] | None = None
        self.add([Event(kind="opened", data={**OPENED, "attempts": attempts})])
        if claimed:  # else most stories would end before they began
            self.add(machine.claim(self.now, "a", 30.0))

    @property
    def now(self) -> RunState:
        assert self.state is not None
        return self.state

    def add(self, events: Sequence[Event]) -> None:
        if events:
            raw = write_entry(len(self.entries), f"2026-01-01T00:00:{len(self.entries) % 60:02}", events, self.tip, "n")
            entry = read_entry(raw, len(self.entries), self.tip)
            self.entries.append(entry)
            self.tip, self.state = sha256(raw), machine.after(self.state, entry)

    def command(self, name: str, *words: Any, **data: Any) -> list[Event] | AgentForgeError:
        """Decide and, if anything is decided, write it. A decision changes nothing by itself."""
        before = self.now.model_copy(deep=True)
        try:
            decided = getattr(machine, name)(self.now, *words, **data)
        except (RunOver, RunBusy, ClaimLost) as error:
            decided = error
        assert self.now == before
        if not isinstance(decided, AgentForgeError):
            self.add(decided)
        if before.over:
            assert isinstance(decided, RunOver) or decided == [] or name == "expire"
        return decided  # type: ignore[no-any-return]

    def as_worker(self, name: str, ago: int, *words: Any, **data: Any) -> None:
        """A worker's command: it counts exactly if the worker holds the newest claim of a running run."""
        holds = self.now.state == "running" and ago == 0
        decided = self.command(name, self.now.claim - ago, *words, **data)
        assert isinstance(decided, (ClaimLost, RunOver)) != holds

    @rule(worker=st.sampled_from(["a", "b"]))
    def claim(self, worker: str = "a") -> None:
        state, claim = self.now.state, self.now.claim
        decided = self.command("claim", worker, 30.0)
        assert isinstance(decided, AgentForgeError) == (state != "queued")
        assert self.now.claim == claim + (state == "queued")

    @rule(ago=CLAIMS, told=TOLD)
    def write(self, ago: int, told: list[Event]) -> None:
        self.as_worker("write", ago, told)

    @rule(ago=CLAIMS, told=TOLD, outcome=st.sampled_from(machine.TERMINAL))
    def finish(self, ago: int, told: list[Event], outcome: str) -> None:
        self.as_worker("finish", ago, outcome, told, output=1)

    @rule(ago=CLAIMS, told=TOLD, attempts=st.integers(1, 3))
    def hand_over(self, ago: int, told: list[Event], attempts: int) -> None:
        self.as_worker("hand_over", ago, told, "g", {"x": 1}, attempts, "cpu")

    @rule(ago=CLAIMS, told=TOLD, on=WAITS)
    def wait(self, ago: int, told: list[Event], on: dict[str, str]) -> None:
        self.as_worker("wait", ago, told, on)

    @rule(ago=CLAIMS, told=TOLD)
    def give_back(self, ago: int, told: list[Event]) -> None:
        self.as_worker("give_back", ago, told, ERROR)

    @rule(on=WAITS)
    def resume(self, on: dict[str, str]) -> None:
        waits, attempt = self.now.state == "waiting" and self.now.waiting == on, self.now.attempt
        decided = self.command("resume", on, {"colour?": "red"})
        assert bool(decided) == waits
        assert not waits or (self.now.state, self.now.attempt) == ("queued", attempt - 1)

    @rule(ago=CLAIMS)
    def lapse(self, ago: int) -> None:
        holds = self.now.state == "running" and ago == 0
        assert bool(self.command("lapse", self.now.claim - ago, ERROR)) == holds
        assert not holds or self.now.state != "running"

    @rule(unless_running=SELDOM)
    def cancel(self, unless_running: bool = True) -> None:
        was = self.now.state
        if was != "running" and not unless_running:
            return
        decided = self.command("cancel", "", "me")
        if was not in machine.TERMINAL:
            assert not isinstance(decided, AgentForgeError) and self.now.cancelling
            assert self.now.state == ("running" if was == "running" else "cancelled")

    @rule(ago=CLAIMS, now=SELDOM)
    def stop(self, ago: int, now: bool) -> None:
        if not now:
            return
        hits = not self.now.over and ago == 0
        assert bool(self.command("stop", self.now.claim - ago, ERROR)) == hits and (not hits or self.now.state == "failed")

    @rule(paths=st.lists(st.sampled_from(["artifacts/1/a", "checkpoints/1/b"]), max_size=2, unique=True))
    def expire(self, paths: list[str]) -> None:
        if self.now.over:  # retention looks at no others
            self.command("expire", paths)
            assert set(paths) <= set(self.now.expired) and len(self.now.expired) == len(set(self.now.expired))

    @invariant()
    def folding_again_gives_the_same(self) -> None:
        assert machine.fold(self.entries) == self.now
        kept = RunState.model_validate_json(machine.fold(self.entries[:-1]).model_dump_json()) if len(self.entries) > 1 else None
        assert machine.after(kept, self.entries[-1]) == self.now  # also from a fold that was kept as JSON

    @invariant()
    def claims_only_grow_and_one_holds_the_run(self) -> None:
        claims = [event.data["claim"] for entry in self.entries for event in entry.events if event.kind == "claimed"]
        assert claims == list(range(1, self.now.claim + 1))
        assert self.now.state != "running" or self.now.worker

    @invariant()
    def attempts_have_a_bound(self) -> None:
        assert 0 <= self.now.attempt <= self.now.attempts
        assert self.now.state != "queued" or self.now.attempt < self.now.attempts

    @invariant()
    def who_is_to_be_cancelled_goes_nowhere_else(self) -> None:
        assert not self.now.cancelling or self.now.state in ("running", *machine.TERMINAL)
        assert bool(self.now.waiting) == (self.now.state == "waiting")

    @invariant()
    def the_end_is_final(self) -> None:
        end = (self.now.state, self.now.output, self.now.error, self.now.claim, self.now.steps) if self.now.over else None
        assert self.ended is None or end == self.ended
        self.ended = json.loads(json.dumps(end)) and end
        finished = [event for entry in self.entries for event in entry.events if event.kind == "finished"]
        assert len(finished) == self.now.over


Story.TestCase.settings = settings(max_examples=settings.default.max_examples, stateful_step_count=20, deadline=None)
TestStory = Story.TestCase


def every_command() -> list[Callable[[Story], None]]:
    """Each command in each way that makes a difference."""
    on, told = {"person": "colour?"}, [Event(kind="note")]
    mine: list[Callable[[Story], None]] = [Story.claim, lambda s: s.cancel(True), lambda s: s.resume(on), lambda s: s.resume({"child": "x"})]
    for ago in (0, 1):
        mine += [
            partial(Story.write, ago=ago, told=told), partial(Story.wait, ago=ago, told=[], on=on), partial(Story.lapse, ago=ago),
            partial(Story.hand_over, ago=ago, told=told, attempts=1), partial(Story.give_back, ago=ago, told=[]),
            partial(Story.stop, ago=ago, now=True), partial(Story.finish, ago=ago, told=told, outcome="succeeded"),
            partial(Story.finish, ago=ago, told=[], outcome="cancelled"),
        ]  # fmt: skip
    return [*mine, partial(Story.expire, paths=["artifacts/1/a"])]


def test_every_command_in_every_state_that_can_be_reached() -> None:
    """Not a sample: all states with up to four claims, told apart by all that they hold but times and lengths."""
    invariants = [getattr(Story, name) for name in dir(Story) if hasattr(getattr(Story, name), "hypothesis_stateful_invariant")]
    assert len(invariants) == 5
    commands, seen, waiting = every_command(), set[str](), list[Story]()
    for attempts in (1, 2):
        waiting.append(Story())
        waiting[-1].open(attempts, False)
    while waiting:
        story = waiting.pop()
        for command in commands:
            after = Story()
            after.entries, after.tip, after.ended = list(story.entries), story.tip, story.ended
            after.state = story.now.model_copy(deep=True)
            command(after)
            for check in invariants:
                check(after)
            told = after.now.model_dump_json(exclude={"created", "updated", "claimed", "entries"})
            if after.now.claim <= 4 and told not in seen:
                seen.add(told)
                waiting.append(after)
    assert len(seen) > 100


# What a log cannot say


def entries_of(*events: tuple[str, dict[str, Any]]) -> list[Entry]:
    tip, entries = "", []
    for seq, (kind, data) in enumerate(events):
        raw = write_entry(seq, "2026-01-01", [Event(kind=kind, data=data)], tip, "n")
        entries.append(read_entry(raw, seq, tip))
        tip = sha256(raw)
    return entries


GOOD = ("opened", {**OPENED, "attempts": 1})


@pytest.mark.parametrize(
    "events",
    [
        [],
        [("claimed", {"claim": 1, "worker": "a", "lease_s": 30})],
        [("opened", {})],
        [("opened", {"id": "abc"})],
        [("opened", {**OPENED, "input": 3})],
        [GOOD, ("claimed", {})],
        [GOOD, ("queued", {"function": "g"})],
        [GOOD, ("waiting", {})],
        [GOOD, ("finished", {})],
        [GOOD, ("artifacts", {"a": {}})],
        [GOOD, ("artifacts", {"a": 3})],
        [GOOD, ("checkpoint", {"name": "c"})],
        [GOOD, ("checkpoint", {"name": "c", "value": 1, "files": {"f": {"sha256": 3}}})],
        [GOOD, ("expired", {})],
        [GOOD, ("requests", {"else": {"put": 1}})],
        [GOOD, ("finished", {"state": "succeeded"}), ("note", {})],
        [GOOD, ("finished", {"state": "succeeded"}), ("finished", {"state": "failed"})],
    ],
)
def test_what_does_not_add_up_is_damaged(events: list[tuple[str, dict[str, Any]]]) -> None:
    with pytest.raises(RecordDamaged):
        machine.fold(entries_of(*events))


def test_a_function_may_tell_anything() -> None:
    for kind in ("step", "metric", "progress", "note", "", "Opened"):
        for data in ({}, {"name": None}, {"id": [1]}, {"name": {"a": 1}}):
            assert machine.fold(entries_of(GOOD, (kind, data))).state == "queued"


# Bytes


@given(JSON)
def test_canonical_json_is_the_same_for_the_same_value(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value and canonical_json(json.loads(written)) == written


@given(st.dictionaries(st.text(st.characters(codec="utf-8")).filter(lambda name: name != "hash"), JSON, max_size=4), st.data())
def test_a_sealed_object_tells_when_a_byte_was_changed(fields: dict[str, Any], data: st.DataObject) -> None:
    raw = seal(fields)
    assert unseal(raw) == fields
    position = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[position]))
    assert unseal(raw[:position] + bytes([byte]) + raw[position + 1 :]) is None
    assert unseal(raw[:position]) is None and unseal(raw + b" ") is None


def test_an_entry_is_only_read_in_its_place() -> None:
    first = write_entry(0, "2026-01-01", [Event(kind="note")], "", "n")
    second = write_entry(1, "2026-01-01", [Event(kind="note")], sha256(first), "n")
    assert read_entry(second, 1, sha256(first)).seq == 1
    for raw, seq, prev in ((second, 2, sha256(first)), (second, 1, ""), (first, 1, sha256(first)), (b"", 0, ""), (b"{}", 0, "")):
        with pytest.raises(RecordDamaged):
            read_entry(raw, seq, prev)
    odd = seal({"seq": 0, "at": "", "events": [{"kind": 3}], "prev": "", "nonce": ""})
    with pytest.raises(RecordDamaged):
        read_entry(odd, 0, "")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", "\ud800", object()])
def test_what_is_not_json_cannot_be_written(value: object) -> None:
    with pytest.raises(BadInput):
        canonical_json({"value": value})
