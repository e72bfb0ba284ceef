"""A function that costs what it is told to, opens children that are paid for, and fails as it is told."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from functions.registry import function
from functions.work import start
from shared.errors import BackendUnavailable, BadInput
from shared.money import holds
from shared.money.accounts import Accounts
from shared.money.quotes import Seconds
from shared.state import runs
from shared.state.run import Run, Waiting

WORK = "money-work"


class Work(BaseModel):
    loops: int = 1
    seconds: float = 1  # of each loop
    tokens: int = 0  # of each loop
    most_s: float = 60  # as it is quoted: it may work for longer than that
    fault: str = ""  # "own", "ours", or "once": ours, the first time
    children: list["Work"] = []
    amount: int = 0  # for a child: what it asks for


class Nothing(BaseModel):
    pass


def _pass_time(run: Run, seconds: float) -> None:
    run.store.sleep(seconds)


between: Callable[[Run, float], None] = _pass_time  # a scheduler of tests puts its own here


@function(WORK, Work, Nothing, retries=2, estimate=lambda work, bytes: Seconds(work.most_s / 2, work.most_s))
def work(job: Work, run: Run) -> Nothing:
    opened = [_child(run, number, child) for number, child in enumerate(job.children)]
    for id in opened:
        if not runs.status(run.store, id, run.workspace).over:
            raise Waiting({"child": id})
    for loop in range(run.restore("loops") or 0, job.loops):
        run.check()
        between(run, job.seconds)
        run.emit("tokens", route="gpt", **{"in": job.tokens, "out": job.tokens // 2})
        run.checkpoint("loops", loop + 1)
    if job.fault == "own":
        raise BadInput("The caller's own fault.")
    if job.fault == "ours" or job.fault == "once" and run.state.attempt == 1:
        raise BackendUnavailable("The platform is at fault.")
    return Nothing()


def _child(run: Run, number: int, child: Work) -> str:
    """Open a child that is paid for by its parent, or find it."""
    hold: Any = run.state.hold
    opened = start(
        run.store, WORK, child, run.workspace, paid=True, parent=run.id, idempotency_key=f"{run.id}/{number}"
    )
    holds.take_hold(Accounts(run.store), opened, child.amount, hold.rates)
    return opened.id
