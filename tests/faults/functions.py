"""Small functions that tell exactly what they did. Every event names the claim under which it was told, and its number."""

import time
from collections.abc import Callable

from pydantic import BaseModel

from functions.registry import Next, function
from functions.work import child_output
from shared.state.run import Run

LINKS = 8
LONGEST = "test-intervals"


class Job(BaseModel):
    link: int = 0
    intervals: int = 3
    pause_s: float = 0


class Done(BaseModel):
    total: int


def _pause(run: Run, seconds: float) -> None:
    time.sleep(seconds)


between: Callable[[Run, float], None] = _pause  # between pieces of work; a scheduler of tests puts its own here


def _note(run: Run, link: int, number: int) -> None:
    run.emit("note", claim=run.claim, link=link, number=number)


@function("test-step", Job, Done, retries=99)
def step(job: Job, run: Run) -> Done:
    """Emits, saves, checkpoints, and goes on where an attempt before got to."""
    _note(run, 0, 0)
    run.save("made/first.txt", b"first")
    between(run, job.pause_s)
    half = run.restore("half")
    _note(run, 0, 1)
    if half is None:
        half = {"total": 20}
        run.checkpoint("half", half, {"half.txt": b"half"})
    run.progress(1, 2)
    between(run, job.pause_s)
    run.save_all({"made/second.txt": b"second", "made/third.txt": b"third"})
    _note(run, 0, 2)
    return Done(total=half["total"] + 1)


@function("test-chain", Job, Done, retries=99)
def chain(job: Job, run: Run) -> Done | Next:
    """One link of eight."""
    _note(run, job.link, 0)
    run.save(f"links/{job.link}.txt", f"link {job.link}".encode())
    between(run, job.pause_s)
    run.checkpoint(f"link-{job.link}", job.link)
    _note(run, job.link, 1)
    if job.link + 1 < LINKS:
        return Next("test-chain", Job(link=job.link + 1, pause_s=job.pause_s))
    return Done(total=sum(run.restore(f"link-{link}") or 0 for link in range(LINKS)))


@function("test-parent", Job, Done, retries=99)
def parent(job: Job, run: Run) -> Done:
    """Waits for one child after the other."""
    _note(run, 0, 0)
    first: Done = child_output(run, "first", "test-step", Job(pause_s=job.pause_s))
    _note(run, 0, 1)
    between(run, job.pause_s)
    second: Done = child_output(run, "second", "test-chain", Job(link=LINKS - 2, pause_s=job.pause_s))
    _note(run, 0, 2)
    run.save("made/sum.txt", str(first.total).encode())
    return Done(total=first.total + second.total)


@function(LONGEST, Job, Done, retries=99)
def intervals(job: Job, run: Run) -> Done:
    """Works in intervals, each of which leaves an object before it is known to be done."""
    first = run.restore("done") or 0
    for number in range(first, job.intervals):
        run.check()
        _note(run, number, 0)
        run.save(f"did/{number}", f"{number} by {run.claim}".encode())
        between(run, job.pause_s)
        _note(run, number, 1)
        run.checkpoint("done", number + 1)
    return Done(total=job.intervals)


@function("test-question", Job, Done, retries=99)
def question(job: Job, run: Run) -> Done:
    """Asks a person in the middle."""
    _note(run, 0, 0)
    between(run, job.pause_s)
    answer = run.ask("how many?")
    _note(run, 0, 1)
    between(run, job.pause_s)
    return Done(total=answer)
