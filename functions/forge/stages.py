"""What a pipeline is, and what came of its stages. Nothing here needs torch."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from functions.registry import Tier
from phases.contract import Config, Gate
from phases.registry import CONFIGS
from shared.analysis.extent import Extent
from shared.errors import BadInput
from shared.money.quotes import Seconds

OVERHEAD_S = 120  # of a stage: a start, checkpoints fetched and kept


class Stage(BaseModel):
    """One phase with its settings. `repeat`: so often, each time on what came out before, with the next seed. `pause`: ask a person
    before it. `seconds`: what one round may take, data and gate included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phase: str
    config: dict[str, Any] = {}
    skip: bool = False
    repeat: int = Field(default=1, ge=1, le=10)
    pause: bool = False
    tier: Tier = "cpu"
    seconds: float = Field(default=3600, gt=0, le=80_000)

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.checked_config(0)
        json.dumps(self.config, allow_nan=False)  # ValueError: a record cannot hold infinity
        return self

    def checked_config(self, round: int) -> Config:
        """The phase's config in this round; ValueError names an unknown phase or key."""
        if self.phase not in CONFIGS:
            raise ValueError(f"there is no phase {self.phase!r}; there are {', '.join(CONFIGS)}")
        try:
            config = CONFIGS[self.phase].model_validate(self.config)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{self.phase}: {'/'.join(map(str, first['loc']))}: {first['msg']}") from None
        return config.model_copy(update={"seed": config.seed + round})


class Outcome(BaseModel):
    """`outputs`: digests of what goes on, `rejected` of what does not. `reused`: it was made by an earlier run."""

    phase: str
    key: str = ""
    inputs: list[str] = []
    outputs: list[str] = []
    rejected: list[str] = []
    gate: Gate | None = None
    metrics: dict[str, float] = {}
    seconds: float = 0
    skipped: bool = False
    reused: bool = False


class ForgeInput(BaseModel):
    """`inputs`: digests of checkpoints to start from. `at` and `done` are the pipeline's own: where it is, and what came before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stages: list[Stage] = Field(min_length=1, max_length=32)
    inputs: list[str] = Field(default=[], max_length=16)
    at: int = Field(default=0, ge=0)
    done: list[Outcome] = []

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.at >= len(self.steps):
            raise ValueError("`at` is past the last stage")
        return self

    @property
    def steps(self) -> list[tuple[Stage, int]]:
        """Stages with their rounds, one after the other."""
        return [(stage, round) for stage in self.stages for round in range(stage.repeat)]

    @property
    def stage(self) -> Stage:
        return self.steps[self.at][0]

    @property
    def round(self) -> int:
        return self.steps[self.at][1]


class ForgeOutput(BaseModel):
    """`outputs`: digests of the last checkpoints."""

    stages: list[Outcome]
    outputs: list[str]


def estimate(input: ForgeInput, _: Sequence[Extent]) -> dict[str, Seconds]:
    """On each tier, what its stages are given, with what fetching and keeping their checkpoints takes; half of it is expected."""
    most: Counter[str] = Counter()
    for stage, _round in input.steps[input.at :]:
        most[stage.tier] += math.ceil(stage.seconds) * (not stage.skip) + OVERHEAD_S
    return {tier: Seconds(seconds / 2, seconds) for tier, seconds in most.items()}


def stages_up_to(stages: list[Stage], first: str | None, last: str | None) -> list[Stage]:
    """The part of a pipeline between two phases, both with it. BadInput for a phase that is not in it."""
    names = [stage.phase for stage in stages]
    for name in (first, last):
        if name is not None and name not in names:
            raise BadInput(f"The pipeline has no phase {name!r}.", f"It has: {', '.join(names)}.")
    start = names.index(first) if first else 0
    end = len(names) - names[::-1].index(last) if last else len(names)
    if start >= end:
        raise BadInput(f"{first} comes after {last}.")
    return stages[start:end]
