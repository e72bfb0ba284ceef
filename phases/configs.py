"""Every phase's settings, in one place and without torch: the web app and the command line check them before a GPU is started."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from phases.contract import Config
from phases.models import Preset

Source = Literal["text", "reasoning", "memory", "thoughts", "analyst"]
Weights = Mapping[Source, Annotated[float, Field(ge=0)]]
MergeMethod = Literal["linear", "slerp", "task_arithmetic", "ties", "dare_linear", "dare_ties", "della", "breadcrumbs", "sce"]
BASE_MIXTURE: Weights = {"text": 0.15, "reasoning": 0.3, "memory": 0.15, "thoughts": 0.1, "analyst": 0.3}
"""Shares of rows. Of a row of text every token is asked for, of one of questions a twentieth to a half: so this is about two fifths text."""


class TrainingConfig(BaseModel):
    """`learning_rate` is Muon's, of the hidden matrices (AdamW's too without `muon`); `adam_learning_rate` of all else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(ge=1)
    learning_rate: float = Field(default=0.02, gt=0)
    adam_learning_rate: float = Field(default=0.006, gt=0)
    muon: bool = True
    weight_decay: float = Field(default=0.05, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    decay: float = Field(default=0.4, ge=0, le=1)
    clip: float = Field(default=1.0, gt=0)
    compile: bool = True  # on a GPU; a CPU gains too little from it
    save_every: int | None = Field(default=None, ge=1)  # steps; by time without it


class TextConfig(Config):
    """`text`: "python" (the standard library's sources and documentation), or a dataset of one's own (JSONL, Parquet, text);
    `field`: where the text is in it."""

    text: str = "python"
    field: str = "text"
    _files: dict[str, Path] = PrivateAttr(default_factory=dict)

    def sources(self) -> list[str]:
        """The datasets that are to be fetched first."""
        return [self.text] if self.text != "python" else []

    def with_sources(self, files: Mapping[str, Path]) -> Self:
        """The same, knowing where on this machine the datasets are; what is recorded of it still names the datasets."""
        known = self.model_copy()
        known._files = dict(files)
        return known

    @property
    def corpus(self) -> str:
        """What phases/data/text.py reads: "python", or a file's path."""
        return str(self._files.get(self.text, self.text))


class DataConfig(TextConfig):
    """`mixture`: the shares of what is learnt from. `length`: tokens of a sequence."""

    mixture: Weights = Field(default=BASE_MIXTURE, min_length=1)
    batch_size: int = Field(default=16, ge=1, le=4096)
    length: int = Field(default=256, ge=16, le=8192)

    def cache(self) -> Path:
        """Where tokens are kept between phases, on this machine; losing it costs the time to make them."""
        return Path(os.environ.get("AGENTFORGE_CACHE") or Path.home() / ".cache" / "agentforge") / "forge"


class ThinkingConfig(BaseModel):
    """Thoughts of `length` tokens, `samples` at each of a share `positions` of the positions (our addition, for the cost: the paper thinks at
    all of them), judged by the next `ahead` tokens. `kind` "pause" is the control: filler tokens in their place. `start_weight`: how much
    thoughts count at first; `policy_weight`, `plain_weight`: of REINFORCE and of the plain loss beside the mixed prediction's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["thought", "pause"] = "thought"
    length: int = Field(default=4, ge=1, le=64)
    samples: int = Field(default=2, ge=1, le=16)
    ahead: int = Field(default=2, ge=1, le=16)
    positions: float = Field(default=0.0625, gt=0, le=1)
    temperature: float = Field(default=1.0, ge=0)
    policy_weight: float = Field(default=1.0, ge=0)
    plain_weight: float = Field(default=0.5, ge=0)
    start_weight: float = Field(default=0.1, gt=0, lt=1)


class QuietStarConfig(DataConfig):
    """`distill_weight`: how much the thinking model's distribution counts beside the data. `control`: train a plain model as long, for the
    gate. `text_tolerance`: by what share bits per byte may rise for the gate to pass."""

    thinking: ThinkingConfig = ThinkingConfig()
    training: TrainingConfig = TrainingConfig(steps=300, learning_rate=0.01, adam_learning_rate=0.003, compile=False)
    distill: TrainingConfig = TrainingConfig(steps=100, learning_rate=0.005, adam_learning_rate=0.0015, compile=False)
    distill_weight: float = Field(default=0.5, ge=0, le=1)
    control: bool = True
    text_tolerance: float = Field(default=0.02, ge=0)
    pack_size: int = Field(default=300, ge=1)


class CognateConfig(DataConfig):
    """`steps` of the base, then `sibling_steps` for each of `siblings` (name → what it learns from). Rates: see TrainingConfig.
    `gate_batches`: held-out batches that a sibling is measured on."""

    preset: Preset = "cognate-1m"
    steps: int = Field(default=400, ge=1)
    sibling_steps: int = Field(default=100, ge=1)
    siblings: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,30}$")], Weights] = Field(
        default={
            "reasoning": {"reasoning": 0.85, "text": 0.05, "analyst": 0.1},
            "memory": {"memory": 0.9, "text": 0.04, "analyst": 0.06},
            "adaptive": {"thoughts": 0.6, "text": 0.2, "analyst": 0.2},
        },
        max_length=7,
    )
    learning_rate: float = Field(default=0.02, gt=0)
    adam_learning_rate: float = Field(default=0.006, gt=0)
    sibling_rate: float = Field(default=0.3, gt=0)  # of the base's peak rates
    gate_batches: int = Field(default=16, ge=1)
    pack_size: int = Field(default=200, ge=1)


class EvoMergeConfig(TextConfig):
    """`generations` of `population` candidates, shared out among `methods`; parameters for each of `layer_groups` and for what is in no layer.
    `packs`: what a candidate is scored on → weight of its loss; `pack_size`: items of each. `control`: search at random as long, for the gate."""

    generations: int = Field(default=50, ge=1)
    population: int = Field(default=8, ge=4)
    methods: tuple[MergeMethod, ...] = Field(default=("task_arithmetic", "ties", "dare_ties", "sce"), min_length=1)
    layer_groups: int = Field(default=3, ge=1)
    packs: Mapping[Literal["text", "reasoning", "memory", "plans"], Annotated[float, Field(gt=0)]] = Field(
        default={"text": 1.0, "reasoning": 1.0, "memory": 1.0, "plans": 1.0}, min_length=1
    )
    pack_size: int = Field(default=200, ge=1)
    control: bool = True


class BitNetConfig(DataConfig):
    """`lambda_warmup`: over which share of the steps the layers go from float to ternary. `max_gap`: by what share bits per byte may be above
    those of a float model trained on as long, for the gate to pass."""

    training: TrainingConfig = TrainingConfig(steps=300, learning_rate=0.01)  # a trained model; 0.02 undoes more of it
    lambda_warmup: float = Field(default=0.2, ge=0, le=1)
    max_gap: float = Field(default=0.03, ge=0)
    pack_size: int = Field(default=300, ge=1)
