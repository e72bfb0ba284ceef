"""What a phase is: checkpoints in, checkpoints, metrics and a gate out.

A phase is one function `run(context, inputs, config, budget) → PhaseResult`, deterministic by the digests of its inputs, its config
(which holds the seed), the code's version and the data it draws on. The hash of these, `key_of`, names its outputs in the store and makes
running it twice harmless.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import BadInput, LimitExceeded


class Context(Protocol):
    """What a phase sees of the run that it is part of; `shared.state.run.Run` is one."""

    @property
    def scratch(self) -> Path: ...

    def check(self) -> None: ...

    def emit(self, kind: str, /, **data: Any) -> None: ...

    def progress(self, done: float, total: float | None = None, unit: str = "") -> None: ...

    def metric(self, name: str, value: float, step: int) -> None: ...

    def checkpoint(self, name: str, value: Any = None, files: Mapping[str, bytes | Path] | None = None) -> None: ...

    def restore(self, name: str, folder: Path | None = None) -> Any | None: ...


@dataclass(frozen=True)
class CheckpointRef:
    """A checkpoint's folder on this machine, and the digest of what is in it (see phases/checkpoint.py)."""

    path: Path
    digest: str


class Config(BaseModel):
    """What every phase's config has. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0)

    def sources(self) -> list[str]:
        """The datasets that it names."""
        return []

    def with_sources(self, files: Mapping[str, Path]) -> Self:
        """The same, knowing where on this machine the datasets are."""
        return self


@dataclass(frozen=True)
class Budget:
    """What a phase may use. It never shapes a result: what does not fit ends the phase."""

    seconds: float | None = None


class Measure(BaseModel):
    """One number of a gate, on what came in, on what came out, and on the control that was given as much compute."""

    name: str
    input: float | None = None
    output: float
    control: float | None = None
    better: Literal["lower", "higher"] = "lower"


class Gate(BaseModel):
    """`fail` means that an input goes on in place of what was made; `skip`, that there was nothing to compare."""

    decision: Literal["pass", "fail", "skip"]
    reason: str
    measures: list[Measure] = []


@dataclass(frozen=True)
class PhaseResult:
    """`outputs`: what the next phase starts from, so after a failed gate the input that the phase falls back on; `rejected`: what was
    made and does not go on."""

    outputs: tuple[CheckpointRef, ...]
    metrics: Mapping[str, float] = field(default_factory=dict)
    gate: Gate = field(default_factory=lambda: Gate(decision="skip", reason="not measured"))
    rejected: tuple[CheckpointRef, ...] = ()


@dataclass(frozen=True)
class Phase:
    """`inputs`: how many checkpoints it takes, at least and at most."""

    name: str
    config: type[Config]
    run: Callable[[Context, tuple[CheckpointRef, ...], Any, Budget], PhaseResult]
    inputs: tuple[int, int]

    def check_inputs(self, count: int) -> None:
        least, most = self.inputs
        if not least <= count <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise BadInput(f"The phase {self.name} takes {wanted} checkpoints; it was given {count}.")


class BudgetSpent(LimitExceeded):
    """A phase has used up its budget before it was done. What it had reached is kept, and it can go on from there."""

    code = "budget_spent"


class TrainingDiverged(BadInput):
    """The loss is no number any more."""

    code = "training_diverged"


class CheckpointDamaged(BadInput):
    """A checkpoint that cannot be used: shards missing, NaN inside, pickle, not what its digest says."""

    code = "checkpoint_damaged"


class ModelsDiffer(BadInput):
    """Checkpoints that should go together differ in architecture, vocabulary or tokenizer."""

    code = "models_differ"


@cache
def code_version() -> str:
    """A digest of the forge's own source, and the versions of Python (whose library is text to learn from) and of the libraries."""
    from importlib.metadata import version

    digest = hashlib.sha256()
    for path in sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".cpp")):
        digest.update(path.relative_to(Path(__file__).parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    versions = [platform.python_version(), *(version(name) for name in ("torch", "transformers", "tokenizers"))]
    digest.update(json.dumps(versions).encode())
    return digest.hexdigest()[:16]


def key_of(phase: Phase, inputs: tuple[str, ...], config: Config) -> str:
    """The name of a phase's result: phase, input digests, config (with its seed) and code version, hashed."""
    told = [phase.name, list(inputs), config.model_dump(mode="json"), code_version()]
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
