"""The forge: one phase of it, and the pipeline as a run that is handed on from phase to phase.

stages.py    what a pipeline is: its stages, and what came of them
storage.py   checkpoints and results in the store
presets.py   pipelines to start from

A phase that was run before with the same inputs, config and code is not run again: its result is found under its key. So resuming from a
phase, and branching off it with another config, is a new run with the same stages before it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.forge.stages import ForgeInput, ForgeOutput, Outcome, estimate
from functions.registry import Next, function
from shared.errors import LimitExceeded
from shared.state.run import Run

__all__ = ["ForgeInput", "ForgeOutput", "forge"]


@function(
    "forge", ForgeInput, ForgeOutput, timeout_s=82_800, retries=3, estimate=estimate, tier_of=lambda input: input.stage.tier
)
def forge(input: ForgeInput, run: Run) -> ForgeOutput | Next:
    """Do the stage at `input.at`, and hand the run on to the next one.

    Raises BadInput for a config, checkpoint or dataset that cannot be used. A gate that fails is no error: it is recorded, and the input goes on.
    """
    stage = input.stage
    if stage.skip:
        outcome = Outcome(phase=stage.phase, inputs=input.inputs, outputs=input.inputs, skipped=True)
        run.emit("phase", name=stage.phase, state="skipped")
    else:
        if stage.pause and run.ask(f"Go on with {stage.phase} (stage {input.at + 1})?") is False:
            return ForgeOutput(stages=input.done, outputs=input.inputs)
        outcome = _phase(input, run)
    done = [*input.done, outcome]
    if input.at + 1 == len(input.steps):
        return ForgeOutput(stages=done, outputs=outcome.outputs)
    return Next("forge", input.model_copy(update={"at": input.at + 1, "done": done, "inputs": outcome.outputs}))


class StageContext:
    """The run as a phase sees it: what it keeps is kept under the key of its result, so that no stage takes up another's progress."""

    def __init__(self, run: Run, key: str) -> None:
        self.run, self.key = run, key
        self.scratch = run.scratch
        self.check, self.emit, self.progress, self.metric = run.check, run.emit, run.progress, run.metric

    def checkpoint(self, name: str, value: Any = None, files: Mapping[str, bytes | Path] | None = None) -> None:
        self.run.checkpoint(f"{self.key}-{name}", value, files)

    def restore(self, name: str, folder: Path | None = None) -> Any | None:
        return self.run.restore(f"{self.key}-{name}", folder)


def _phase(input: ForgeInput, run: Run) -> Outcome:
    """Fetch the checkpoints, run the phase, keep what it made; or find what was kept before."""
    import time

    from functions.forge import storage
    from phases.contract import Budget, key_of
    from phases.registry import find
    from shared.state.datasets import fetch_source

    stage, phase = input.stage, find(input.stage.phase)
    config = stage.checked_config(input.round)
    digests = input.inputs[: phase.inputs[1]]
    phase.check_inputs(len(digests))
    key = key_of(phase, tuple(digests), config)
    run.emit("phase", name=stage.phase, state="running", key=key, stage=input.at)
    found = storage.find_result(run.store, run.workspace, key)
    if found is not None:
        outcome = Outcome.model_validate(found).model_copy(update={"reused": True})
    else:
        started = time.monotonic()
        refs = tuple(storage.fetch(run.store, run.workspace, digest, run.scratch / "inputs" / str(i)) for i, digest in enumerate(digests))
        sources = {source: fetch_source(run.store, source, run.workspace, run.scratch / "sources") for source in config.sources()}
        run.check()
        try:
            result = phase.run(StageContext(run, key), refs, config.with_sources(sources), Budget(seconds=stage.seconds))
        except Exception as error:  # the libraries that write files raise errors of their own
            if "No space left on device" in str(error):
                raise LimitExceeded("The worker's disk is full, so nothing more was written.", "Free some of it, or use a machine with more.") from None
            raise
        for ref in (*result.outputs, *result.rejected):
            storage.keep(run.store, run.workspace, ref)
        told = Outcome(
            phase=stage.phase, key=key, inputs=digests, outputs=[ref.digest for ref in result.outputs], gate=result.gate,
            rejected=[ref.digest for ref in result.rejected], metrics=dict(result.metrics), seconds=round(time.monotonic() - started, 1),
        )  # fmt: skip
        outcome = Outcome.model_validate(storage.keep_result(run.store, run.workspace, key, told.model_dump(mode="json")))
    gate = outcome.gate.model_dump(mode="json") if outcome.gate else None
    run.emit("phase", name=stage.phase, state="done", gate=gate, outputs=outcome.outputs, reused=outcome.reused, seconds=outcome.seconds)
    return outcome
