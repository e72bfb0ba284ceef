"""Functions that only measurements run. Importing this enters them into the registry."""

import time

from pydantic import BaseModel

from functions.registry import Next, function
from shared.errors import BadInput
from shared.state.run import Run

PHASES = 8
EVENT_EVERY_S = 1.0
BYTES = bytes(1_000_000)


class Phase(BaseModel):
    number: int = 1
    seconds: float = 20.0  # of work in every phase


class Files(BaseModel):
    sizes: list[int]  # bytes of the files to save, one after the other
    fail: bool = False


class Done(BaseModel):
    count: int


@function("bench_phase", Phase, Done, tier="gpu-large", timeout_s=3600)
def phase(input: Phase, run: Run) -> Done | Next:
    """One of eight: an event every second, and a file at the end, as a phase of the forge would."""
    until, step = time.monotonic() + input.seconds, 0
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(EVENT_EVERY_S, left))
        step += 1
        run.metric(f"loss_{input.number}", 1 / step, step)
        run.check()
    run.save(f"phase-{input.number}.bin", BYTES[:100_000])
    if input.number == PHASES:
        return Done(count=PHASES)
    return Next("bench_phase", Phase(number=input.number + 1, seconds=input.seconds))


@function("bench_files", Files, Done)
def files(input: Files, run: Run) -> Done:
    """As little work as a run can do: some events and files."""
    for number, size in enumerate(input.sizes):
        run.emit("step", id=f"s{number}", state="done")
        run.save(f"file-{number}.bin", BYTES[:size])
    if input.fail:
        raise BadInput("Failed, as was asked.")
    return Done(count=len(input.sizes))
