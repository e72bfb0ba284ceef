"""A function that costs what it is told to, opens children that are paid for, and fails as it is told."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from pydantic import BaseModel

from functions.registry import function
from functions.work import open_child
from shared.errors import BackendUnavailable, BadInput
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
    amount: int | None = 0  # for a child: what it asks for; None is all that there is
    late: bool = False  # the children are opened after the loops
    beside: bool = False  # they are not waited for before the loops


class Nothing(BaseModel):
    pass


def _pass_time(run: Run, seconds: float) -> None:
    run.store.sleep(seconds)


between: Callable[[Run, float], None] = _pass_time  # a scheduler of tests puts its own here


def _open(run: Run) -> AbstractContextManager[None]:
    return nullcontext()


opening: Callable[[Run], AbstractContextManager[None]] = _open  # around every child's being opened or found


@function(WORK, Work, Nothing, retries=2, estimate=lambda work, bytes: Seconds(work.most_s / 2, work.most_s))
def work(job: Work, run: Run) -> Nothing:
    ids = [] if job.late else _children(job, run)
    if not job.beside:
        _wait(run, ids)
    for loop in range(run.restore("loops") or 0, job.loops):
        run.check()
        between(run, job.seconds)
        run.emit("tokens", route="gpt", **{"in": job.tokens, "out": job.tokens // 2})
        run.checkpoint("loops", loop + 1)
    _wait(run, _children(job, run) if job.late else ids)
    if job.fault == "own":
        raise BadInput("The caller's own fault.")
    if job.fault == "ours" or job.fault == "once" and run.state.attempt == 1:
        raise BackendUnavailable("The platform is at fault.")
    return Nothing()


def _children(job: Work, run: Run) -> list[str]:
    """Opened or found; they are paid for out of its hold."""
    ids = []
    for number, child in enumerate(job.children):
        with opening(run):
            ids.append(open_child(run, str(number), WORK, child, child.amount).id)
    return ids


def _wait(run: Run, ids: list[str]) -> None:
    for id in ids:
        if not runs.status(run.store, id, run.workspace).over:
            raise Waiting({"child": id})
