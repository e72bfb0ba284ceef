"""From a run reference to a settled run: claim → the function it names → how that ended. Every backend calls `work`."""

import logging
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from functions.registry import Function, Next, find
from shared import settings
from shared.backends import Backend
from shared.errors import AgentForgeError, BackendUnavailable, BadInput, Conflict, InvalidSetting, NotFound, RecordDamaged
from shared.money import holds
from shared.money.accounts import Accounts
from shared.money.charges import used
from shared.state import machine, runs
from shared.state.driver import StoreUnavailable
from shared.state.machine import ClaimLost, RunOver, RunState
from shared.state.record import Event
from shared.state.run import Cancelled, Run, Waiting
from shared.state.runs import RunLog, RunRef
from shared.state.store import Store

logger = logging.getLogger(__name__)


class Stopped(BaseException):
    """The worker is told to stop; what it works on goes to another."""


def start(
    store: Store, function: str, input: Mapping[str, Any] | BaseModel, workspace: str = "local", *, free: bool = False, **options: Any
) -> RunLog:
    """Open a run of a function. `options` as of `runs.open_run`; BadInput where the input is not the function's.

    Where AGENTFORGE_BILLING is on, runs are opened by paying.py: here only those that are `free` on purpose.
    """
    found = find(function)
    if settings.billing() and not free and not options.get("paid"):
        raise AgentForgeError(f"A run of {function} was to be opened, and nobody pays for it.")
    checked = validated(found, input)
    return runs.open_run(store, function, checked, workspace, attempts=found.retries + 1, tier=found.tier_for(checked), **options)


def first_request(store: Store, id: str, workspace: str = "local") -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Function, input and options with which to open a run again that did not succeed. Conflict for one that did, or is not over."""
    log = runs.Reader(store, workspace, id)
    log.read_on()
    if log.state.state not in ("failed", "cancelled"):
        raise Conflict(f"The run {id} is {log.state.state}.", "Only a run that failed or was cancelled can be tried again.")
    opened = log.take()[0].events[0].data
    return opened["function"], opened["input"], {"deadline_s": opened["deadline_s"], "retry_of": id}


def validated(function: Function, input: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    try:
        model = input if isinstance(input, function.input) else function.input.model_validate(input)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise BadInput(f"The input of {function.name} is not valid: {place}: {first['msg']}.") from None
    return model.model_dump(mode="json", exclude_defaults=True)


def work(
    store: Store,
    ref: RunRef,
    backend: Backend,
    *,
    worker: str = "",
    on_event: Callable[[Event], None] | None = None,
) -> RunState:
    """Do the work of a queued run, and return the state in which it leaves the run.

    RunBusy and RunOver where there is nothing to do (a reference may be delivered twice), ClaimLost where another worker has
    taken over, StoreUnavailable. What the function raises is recorded, not raised; KeyboardInterrupt cancels and is raised again.
    """
    run = Run.take(store, ref, worker or f"{socket.gethostname()}:{os.getpid()}", on_event)
    try:
        with run.working():
            _attempt(run)
    except (KeyboardInterrupt, Stopped):
        _pass_on(run.log, backend)
        raise
    _pass_on(run.log, backend)
    return run.log.state


def _pass_on(log: RunLog, backend: Backend) -> None:
    """What follows from the state in which a worker leaves a run."""
    if log.state.over:
        close(log, backend)
        return
    log.write_head()  # the next worker need not read the whole log
    if log.state.state == "queued":
        submit(log, backend)
    elif child := log.state.waiting.get("child"):
        _submit_child(log, child, backend)


def submit(log: RunLog, backend: Backend) -> None:
    """Tell the backend of a queued run. Where it cannot be told, the sweep tells it later: the run is safe in the store."""
    try:
        backend.submit(log.ref, log.state.tier)
    except BackendUnavailable as error:
        logger.warning("run %s: %s", log.id, error)


def _attempt(run: Run) -> None:
    """Call the function, and write how that ended."""
    try:
        function = find(run.state.function)
        run.timeout_s = function.timeout_s
        _limit_to_hold(run, shared=run.state.claim > 1)
        result = function.body(function.input.model_validate(run.input), run)
        run.check()
        if isinstance(result, Next):
            following = find(result.function)
            checked = validated(following, result.input)
            tier = following.tier_for(checked)
            _require_quoted(run, tier)
            run.hand_over(result.function, checked, following.retries + 1, tier)
        else:
            run.finish("succeeded", output=result.model_dump(mode="json"))
    except Waiting as waiting:
        run.wait(waiting.on)
    except Cancelled:
        run.finish("cancelled")
    except KeyboardInterrupt:
        run.finish("cancelled")
        raise
    except Stopped:
        run.leave({"code": "worker_stopped", "message": "The worker was told to stop.", "hint": ""})
        raise
    except (ClaimLost, RunOver):
        raise
    except AgentForgeError as error:
        if isinstance(error, StoreUnavailable):
            raise
        told = error_of(error)
        if error.retryable:
            run.give_back(told)
        else:
            run.finish("failed", error=told)
    except (Exception, SystemExit) as error:  # nobody's input is to blame: another attempt, if one is left
        logger.warning("run %s:", run.id, exc_info=True)
        run.give_back(error_of(error))


def error_of(error: BaseException) -> dict[str, Any]:
    """How an error stands in the record: never with a traceback, which may tell paths and values."""
    if isinstance(error, AgentForgeError):
        return {"code": error.code, "message": error.message, "hint": error.hint, "status": error.status}
    return {"code": "internal", "message": f"Something went wrong inside ({type(error).__name__}).", "hint": "", "status": 500}


def close(log: RunLog, backend: Backend) -> None:
    """Settle a run that is over, and wake its parent."""
    holds.settle(Accounts(log.store), log)
    if log.state.parent:
        try:
            wake(runs.load(log.store, log.state.parent, log.workspace), log.id, backend)
        except (NotFound, RecordDamaged, InvalidSetting) as error:  # the last: our credentials may reach this run only
            logger.warning("parent of run %s: %s", log.id, error)


def wake(parent: RunLog, child: str, backend: Backend) -> None:
    """Queue a run that waits for a child that is over."""
    if parent.append(lambda: machine.resume(parent.state, {"child": child})):
        submit(parent, backend)


def _submit_child(parent: RunLog, child: str, backend: Backend) -> None:
    """Have the child of a waiting run worked on, or go on if it is over already."""
    log = runs.load(parent.store, child, parent.workspace)
    if log.state.over:
        wake(parent, child, backend)
    elif log.state.state == "queued":
        submit(log, backend)


def open_child(run: Run, key: str, function: str, input: BaseModel, amount: int | None = None) -> RunLog:
    """Open a child run under the parent's id and `key`, or find it.

    A parent that is paid for pays for it: by its rates, out of what it has not used of its hold, all of that or `amount`
    micro-dollars. NotEnough.
    """
    run.flush()
    found, hold = find(function), run.state.hold
    _require_quoted(run, found.tier_for(validated(found, input)))
    child = start(
        run.store, function, input, run.workspace, paid=hold is not None, free=hold is None, idempotency_key=f"{run.id}/{key}", parent=run.id
    )
    if hold is not None:
        holds.take_hold(Accounts(run.store), child, amount, hold.rates, keep=used(run.state, run.store.now()))
        _limit_to_hold(run, shared=True)
    return child


def _limit_to_hold(run: Run, shared: bool) -> None:
    """Have a run stop at its next `check` after it has used up its hold; if `shared`, what its children have left of it."""
    hold = run.state.hold
    if hold is None:
        return
    most = hold.amount
    if shared:
        with suppress(RecordDamaged, InvalidSetting):  # the account was changed by hand, or is none of ours to read: no fault of the caller's
            there = Accounts(run.store).read(run.workspace).holds.get(run.id)
            most = there.amount if there else most  # there is one, but for whom the store's answer is that there is no account
    run.affords = lambda: used(run.state, run.store.now()) <= most


def _require_quoted(run: Run, tier: str) -> None:
    """A run goes on, and has children, on tiers only that it was quoted for: work on others would be free. The mistake is not the caller's."""
    hold = run.state.hold
    if hold is not None and tier not in hold.rates:
        raise AgentForgeError(f"The run {run.id} was not quoted for work on {tier}.")


def child_output(run: Run, key: str, function: str, input: BaseModel) -> Any:
    """The output of a child run, opened under the parent's id and `key` when first asked for. Raises Waiting until it is over."""
    child = open_child(run, key, function, input)
    state = runs.status(run.store, child.id, run.workspace)
    if not state.over:
        raise Waiting({"child": child.id})
    if state.state != "succeeded":
        error = state.error or {"message": f"It was {state.state}."}
        raise BadInput(f"The child run {child.id} ({function}) did not succeed: {error['message']}", str(error.get("hint", "")))
    return find(function).output.model_validate(state.output)
