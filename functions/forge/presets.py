"""Pipelines to start from. `tiny` is for two cores and a few minutes; `cognate-25m` wants a GPU."""

from typing import NamedTuple

from functions.forge.stages import Stage

SLOWLY = {"learning_rate": 0.01, "adam_learning_rate": 0.003, "compile": False}  # so that thinking does not forget


class Preset(NamedTuple):
    about: str
    stages: list[Stage]


PRESETS: dict[str, Preset] = {
    "tiny": Preset("a model of one million parameters on two cores, in minutes", [
        Stage(phase="cognate", config={"preset": "cognate-1m", "steps": 300, "sibling_steps": 50, "batch_size": 8, "pack_size": 100}, seconds=900),
        Stage(phase="evomerge", config={"generations": 6, "population": 6, "pack_size": 32, "methods": ["task_arithmetic", "ties"]}, seconds=600),
        Stage(phase="quiet_star", config={"batch_size": 8, "training": {**SLOWLY, "steps": 60}, "distill": {**SLOWLY, "steps": 20}, "pack_size": 100}, seconds=600),
        Stage(phase="bitnet", config={"batch_size": 8, "training": {"steps": 150}, "pack_size": 100}, seconds=600),
    ]),
    "cognate-25m": Preset("a model of 25 million parameters on one GPU, in half an hour", [
        Stage(phase="cognate", config={"preset": "cognate-25m", "steps": 6000, "sibling_steps": 800, "batch_size": 128, "length": 512}, tier="gpu-large", seconds=1800),
        Stage(phase="evomerge", config={"generations": 50, "population": 8}, tier="gpu-large", seconds=1800),
        Stage(phase="quiet_star", config={}, tier="gpu-large", seconds=3600),
        Stage(phase="bitnet", config={}, tier="gpu-large", seconds=1800),
    ]),
}  # fmt: skip
