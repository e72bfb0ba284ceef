"""What a run's events mean, without any storage: `after` folds one entry into the state; the other functions are the
commands, each from a state to the events that carry it out. A command that no longer fits raises.

    opened → queued → running → succeeded | failed | cancelled
               ↑         │
               └─────────┤ a lost worker, a retry, the next function of a chain
               └─ waiting┘ for a person or a child

Only the worker whose `claim` is the newest may write what a worker writes, so claiming again fences the one before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from shared.errors import AgentForgeError, BadInput, RecordDamaged
from shared.state.record import Entry, Event

State = Literal["opened", "queued", "running", "waiting", "succeeded", "failed", "cancelled"]
TERMINAL = ("succeeded", "failed", "cancelled")
OWN_KINDS = (  # written by commands only; a function's events have other kinds
    "opened", "held", "queued", "claimed", "waiting", "artifacts", "checkpoint", "cancel", "finished", "requests", "expired",
)  # fmt: skip


class RunOver(AgentForgeError):
    """The run has finished; only its retention may still be recorded."""

    code = "run_over"
    status = 409


class RunBusy(AgentForgeError):
    """The run cannot be claimed now: somebody works on it, or it waits."""

    code = "run_busy"
    status = 409


class ClaimLost(AgentForgeError):
    """Another worker has taken the run over; what this one does no longer counts."""

    code = "claim_lost"
    status = 409


class Artifact(BaseModel):
    sha256: str
    bytes: int
    path: str  # under the run's folder in the store


class Hold(BaseModel):
    """What is set aside for a run: micro-dollars, and by which rates (shared/money) it is charged: tier → rates."""

    amount: int
    rates: dict[str, Any]
    quote: str = ""
    by: str = ""  # the API key that it was opened with
    id: str = ""  # as on the account: a hold that was taken when this one had ended is another


class Work(BaseModel):
    """What a run used of one tier, in attempts that did not end by the platform's fault. `tokens`: route → in, out."""

    microseconds: int = 0
    tokens: dict[str, tuple[int, int]] = {}


class Checkpoint(BaseModel):
    value: Any = None
    files: dict[str, Artifact] = {}


class RunState(BaseModel):
    """What a run's entries add up to. With factories, as pydantic copies any other default deeply, for every run."""

    id: str
    workspace: str
    function: str  # the one that is to work now; a chain hands the run from one to the next
    tier: str = ""  # of machine, that it works on
    state: State = "queued"
    created: str
    updated: str
    deadline_s: float | None = None  # seconds after `created`
    input: dict[str, Any]
    goal: str | None = None
    due: str = ""  # the name of the entry that makes sweep look at this run
    key: str = ""  # SHA-256 of its idempotency key
    paid: bool = False  # whether money must be held for it before it can be claimed
    hold: Hold | None = None
    used: dict[str, Work] = Field(default_factory=dict)  # by tier
    tokens: dict[str, tuple[int, int]] = Field(default_factory=dict)  # of the attempt that goes on: route → in, out
    slot: int | None = None  # where runs at once are limited: the one it holds
    parent: str | None = None
    retry_of: str | None = None
    attempts: int = 1  # how often the function may be tried
    attempt: int = 0
    claim: int = 0  # counts all claims; the newest one's holder is the only worker
    worker: str = ""
    claimed: str = ""  # when
    lease_s: float = 0  # its worker is dead when it gave no sign of life for two of these
    waiting: dict[str, str] = Field(default_factory=dict)  # {"child": run} or {"person": question}
    answers: dict[str, Any] = Field(default_factory=dict)
    steps: list[dict[str, Any]] = Field(default_factory=list)  # each step's latest data, by its "id", in the order in which they first appeared
    progress: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)  # name → its newest point; the log has the series
    checkpoints: dict[str, Checkpoint] = Field(default_factory=dict)
    artifacts: dict[str, Artifact] = Field(default_factory=dict)
    expired: list[str] = Field(default_factory=list)  # paths of artifacts and checkpoints that retention has deleted
    cancelling: bool = False
    output: Any = None
    # to the store: plane → operation → how many
    requests: dict[str, dict[str, int]] = Field(default_factory=lambda: dict[str, dict[str, int]](control={}, data={}))
    error: dict[str, Any] | None = None
    entries: int = 0
    damaged: str = ""  # what is wrong with the record, where a listing met a damaged one

    @property
    def over(self) -> bool:
        return self.state in TERMINAL


def after(state: RunState | None, entry: Entry) -> RunState:
    """The state with one more entry folded in (in place); RecordDamaged where it does not say what its kind must."""
    for event in entry.events:
        try:
            state = _after_event(state, event, entry.at)
        except (KeyError, TypeError, AttributeError, ValidationError) as error:
            raise RecordDamaged(f"Entry {entry.seq} lacks what one of its kind ({event.kind}) must say.") from error
    if state is None:
        raise RecordDamaged("The record does not begin with an opened run.")
    state.updated, state.entries = entry.at, entry.seq + 1
    return state


def fold(entries: Sequence[Entry]) -> RunState:
    """The state after `entries`; RecordDamaged if they do not begin with `opened`."""
    state: RunState | None = None
    for entry in entries:
        state = after(state, entry)
    if state is None:
        raise RecordDamaged("The record is empty.")
    return state


def _after_event(state: RunState | None, event: Event, at: str) -> RunState:
    data = event.data
    if state is None:
        if event.kind != "opened":
            raise RecordDamaged("The record does not begin with an opened run.")
        return RunState(created=at, updated=at, goal=data["input"].get("goal"), state="opened" if data.get("paid") else "queued", **data)
    if state.over and event.kind != "expired":
        raise RecordDamaged(f"An event of kind {event.kind} was added after the run had finished.")
    if event.kind in ("queued", "waiting", "finished") and state.state == "running" and not platform_fault(data.get("error")):
        state.used = with_attempt(state, at)
    match event.kind:
        case "held":
            state.state, state.hold = "queued", Hold(**data)
        case "tokens":
            route, before = str(data["route"]), state.tokens.get(str(data["route"]), (0, 0))
            state.tokens = {**state.tokens, route: (before[0] + int(data["in"]), before[1] + int(data["out"]))}
        case "claimed":
            state.tokens = {}
            state.state, state.claim, state.worker, state.lease_s = "running", data["claim"], data["worker"], data["lease_s"]
            state.claimed, state.attempt = at, state.attempt + 1
        case "queued":
            state.state, state.waiting = "queued", {}
            state.tier = data.get("tier", state.tier)
            if "function" in data:
                state.function, state.input, state.attempts, state.attempt = data["function"], data["input"], data["attempts"], 0
            if "answer" in data:
                state.answers |= data["answer"]
            if data.get("free"):  # waiting, and going on after it, is no failed attempt
                state.attempt -= 1
        case "waiting":
            state.state, state.waiting = "waiting", data["on"]
        case "cancel":
            state.cancelling = True
        case "finished":
            state.state, state.output, state.error, state.waiting = data["state"], data.get("output"), data.get("error"), {}
        case "artifacts":
            state.artifacts |= {name: Artifact.model_validate(artifact) for name, artifact in data.items()}
        case "checkpoint":
            state.checkpoints[data["name"]] = Checkpoint(value=data["value"], files=data["files"])
        case "expired":
            state.expired += data["paths"]
        case "step":
            known = next((step for step in state.steps if step.get("id") == data.get("id")), None)
            if known is None:
                state.steps.append(known := {})
            known.update(data)
        case "requests":
            for plane, counts in data.items():
                kept = state.requests[plane]
                state.requests = {**state.requests, plane: {op: kept.get(op, 0) + counts.get(op, 0) for op in {*kept, *counts}}}
        case "progress":
            state.progress = data
        case "metric":
            state.metrics[str(data.get("name"))] = data
    return state


def platform_fault(error: Mapping[str, Any] | None) -> bool:
    """Whether an error, as it stands in a record, is the platform's: a lost worker, a store or sandbox that is away, a mistake inside."""
    return error is not None and (error.get("code") in ("worker_lost", "worker_stopped") or int(error.get("status", 500)) >= 500)


def with_attempt(state: RunState, at: str) -> dict[str, Work]:
    """What was used so far, with the attempt that ends now."""
    time = datetime.fromisoformat(at) - datetime.fromisoformat(state.claimed)
    before = state.used.get(state.tier, Work())
    tokens = dict(before.tokens)
    for route, (read, written) in state.tokens.items():
        known = tokens.get(route, (0, 0))
        tokens[route] = (known[0] + read, known[1] + written)
    return {**state.used, state.tier: Work(microseconds=before.microseconds + time // timedelta(microseconds=1), tokens=tokens)}


def hold(state: RunState, amount: int, rates: Mapping[str, Any], quote: str, by: str, id: str) -> list[Event]:
    """Money was set aside for the run: it may be claimed. Nothing if that was told before. RunOver if it was given up."""
    _not_over(state)
    if state.state != "opened":
        return []
    return [Event(kind="held", data={"amount": amount, "rates": dict(rates), "quote": quote, "by": by, "id": id})]


def abandon(state: RunState, error: Mapping[str, Any]) -> list[Event]:
    """End a run that was never held: whoever opened it is dead, or was refused. Nothing if it was held or ended since."""
    return [Event(kind="finished", data={"state": "failed", "error": dict(error)})] if state.state == "opened" else []


def claim(state: RunState, worker: str, lease_s: float) -> list[Event]:
    """Take a queued run. RunOver, RunBusy."""
    _not_over(state)
    if state.state != "queued":
        raise RunBusy(f"The run {state.id} is {state.state}.", "A lost worker is noticed by the sweep.")
    return [Event(kind="claimed", data={"worker": worker, "claim": state.claim + 1, "lease_s": lease_s})]


def write(state: RunState, claim: int, events: Sequence[Event]) -> list[Event]:
    """What the holder of `claim` writes while it works. RunOver, ClaimLost."""
    _not_over(state)
    if state.state != "running" or state.claim != claim:
        raise ClaimLost(f"The run {state.id} was taken over by another worker.")
    return list(events)


def finish(state: RunState, claim: int, outcome: str, events: Sequence[Event], **data: Any) -> list[Event]:
    """End the run with its worker's last events. `data`: `output` and `error`, as the outcome has them."""
    if outcome not in TERMINAL:
        raise BadInput(f"A run cannot finish as {outcome!r}.", f"Use one of {', '.join(TERMINAL)}.")
    return [*write(state, claim, events), Event(kind="finished", data={**data, "state": outcome})]


def hand_over(
    state: RunState, claim: int, events: Sequence[Event], function: str, input: Mapping[str, Any], attempts: int, tier: str
) -> list[Event]:
    """Queue the run for the next function of its chain; end it there if a cancel came first."""
    data = {"function": function, "input": dict(input), "attempts": attempts, "tier": tier}
    return [*write(state, claim, events), _unless_cancelling(state, Event(kind="queued", data=data))]


def wait(state: RunState, claim: int, events: Sequence[Event], on: Mapping[str, str]) -> list[Event]:
    """Leave the run until something happened; end it if a cancel came first."""
    return [*write(state, claim, events), _unless_cancelling(state, Event(kind="waiting", data={"on": dict(on)}))]


def resume(state: RunState, on: Mapping[str, str], answer: Mapping[str, Any] | None = None) -> list[Event]:
    """Queue a waiting run again; nothing if it does not wait on that (any more)."""
    if state.state != "waiting" or state.waiting != dict(on):
        return []
    return [Event(kind="queued", data={"free": True, **({"answer": dict(answer)} if answer else {})})]


def give_back(state: RunState, claim: int, events: Sequence[Event], error: Mapping[str, Any]) -> list[Event]:
    """The attempt ended without a result: queue it again, or fail the run if it was the last."""
    return [*write(state, claim, events), *_next_attempt(state, error)]


def leave(state: RunState, claim: int, events: Sequence[Event], why: Mapping[str, Any]) -> list[Event]:
    """The worker must go, which is nobody's failed attempt: queue the run for another one."""
    queued = Event(kind="queued", data={"free": True, "error": dict(why)})
    return [*write(state, claim, events), _unless_cancelling(state, queued)]


def lapse(state: RunState, claim: int, error: Mapping[str, Any]) -> list[Event]:
    """The holder of `claim` is dead: fence it, and queue or end the run. Nothing if it is not its run any more."""
    return _next_attempt(state, error) if state.state == "running" and state.claim == claim else []


def cancel(state: RunState, reason: str, by: str) -> list[Event]:
    """Ask for the run to stop; one that nobody works on ends at once. Asking twice is asking once. RunOver."""
    _not_over(state)
    asked = [] if state.cancelling else [Event(kind="cancel", data={"reason": reason, "by": by})]
    return asked if state.state == "running" else [*asked, Event(kind="finished", data={"state": "cancelled"})]


def stop(state: RunState, claim: int, error: Mapping[str, Any]) -> list[Event]:
    """End a run whose time is over, whoever works on it; nothing if it was claimed anew or ended since."""
    if state.over or state.claim != claim:
        return []
    return [Event(kind="finished", data={"state": "failed", "error": dict(error)})]


def expire(state: RunState, paths: Sequence[str]) -> list[Event]:
    """Record that retention deletes these files."""
    gone = [path for path in paths if path not in state.expired]
    return [Event(kind="expired", data={"paths": gone})] if gone else []


def _next_attempt(state: RunState, error: Mapping[str, Any]) -> list[Event]:
    if state.cancelling:
        return [Event(kind="finished", data={"state": "cancelled"})]
    if state.attempt >= state.attempts:
        return [Event(kind="finished", data={"state": "failed", "error": dict(error)})]
    return [Event(kind="queued", data={"error": dict(error)})]


def _unless_cancelling(state: RunState, event: Event) -> Event:
    return Event(kind="finished", data={"state": "cancelled"}) if state.cancelling else event


def _not_over(state: RunState) -> None:
    if state.over:
        raise RunOver(f"The run {state.id} has finished; nothing can be added to it.")
