"""What EvoMerge gains on held-out data: over the best parent, over the uniform soup, over as many candidates drawn at random.

    .venv/bin/python -m bench.forge.evolution                                   5 seeds; makes a base and three siblings of each
    .venv/bin/python -m bench.forge.evolution --checkpoints BASE A B C          5 searches over checkpoints that are there

Without checkpoints each seed has its own: cognate-1m, `--steps` for the base and `--sibling-steps` for each sibling (phases/cognate.py). All
siblings are merged, those too that Cognate's gate would hold back. The figures are of the split `report`, which neither the search
nor the gate has seen; the best parent is the one with the lowest loss on `gate`. Gains are differences of the loss (mean nats of a target
token over packs); ± is the 95 % confidence interval of the mean over seeds (Student's t). Fixed before the first run: what counts is the
gain over the best parent and over the soup, and an interval that holds 0 is no gain.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from phases import checkpoint, cognate, evomerge
from phases.configs import CognateConfig, EvoMergeConfig
from phases.contract import Budget, CheckpointRef


class FolderContext:
    """A phase's context without a run: nothing is kept."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.scratch.mkdir(parents=True, exist_ok=True)

    def check(self) -> None: ...

    def emit(self, kind: str, /, **data: Any) -> None: ...

    def progress(self, done: float, total: float | None = None, unit: str = "") -> None: ...

    def metric(self, name: str, value: float, step: int) -> None: ...

    def checkpoint(self, name: str, value: Any = None, files: Mapping[str, bytes | Path] | None = None) -> None: ...

    def restore(self, name: str, folder: Path | None = None) -> Any | None: ...


def interval(values: Sequence[float]) -> str:
    """Mean ± half of the 95 % confidence interval."""
    from scipy import stats

    if len(values) < 2:
        return f"{values[0]:+.4f}"
    half = float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.mean(values):+.4f} ± {half:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=Path, nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--preset", default="cognate-1m")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--sibling-steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--generations", type=int, default=50)
    parser.add_argument("--population", type=int, default=8)
    parser.add_argument("--pack-size", type=int, default=40)
    asked = parser.parse_args()
    gains: dict[str, list[float]] = {"best parent": [], "soup": [], "random search": []}
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        with tempfile.TemporaryDirectory() as name:
            start = time.monotonic()
            refs: tuple[CheckpointRef, ...]
            if asked.checkpoints:
                refs = tuple(checkpoint.open_checkpoint(folder) for folder in asked.checkpoints)
            else:
                made = cognate.run(
                    FolderContext(Path(name) / "cognate"), (),
                    CognateConfig(seed=seed, preset=asked.preset, steps=asked.steps, sibling_steps=asked.sibling_steps, batch_size=asked.batch_size,
                                  length=asked.length, pack_size=40, gate_batches=4),
                    Budget(),
                )  # fmt: skip
                refs = made.outputs + made.rejected
            trained = time.monotonic() - start
            config = EvoMergeConfig(seed=seed, generations=asked.generations, population=asked.population, pack_size=asked.pack_size)
            result = evomerge.run(FolderContext(Path(name) / "evomerge"), refs, config, Budget())
            told = result.metrics
            report = {who: told[f"report/{who}/loss"] for who in ("champion", "soup", "random search", *(f"parent {i}" for i in range(len(refs))))}
            best = min(range(len(refs)), key=lambda i: told[f"gate/parent {i}/loss"])
            report["best parent"] = report[f"parent {best}"]
            for other in gains:
                gains[other].append(report[other] - report["champion"])
            shown = "  ".join(f"{who} {loss:.4f}" for who, loss in report.items())
            print(f"seed {seed}: {result.gate.decision}  {result.gate.reason}\n    report: {shown}  (best parent is {best})", flush=True)
            packs = "  ".join(
                f"{pack} {told[f'report/parent {best}/{pack}']:.3f} → {told[f'report/champion/{pack}']:.3f} (soup {told[f'report/soup/{pack}']:.3f})"
                for pack in config.packs
            )
            print(f"    {packs}\n    trained {trained:.0f} s; {told['candidates']:.0f} candidates of {told['seconds_a_candidate']:.3f} s", flush=True)
    for other, values in gains.items():
        print(f"gain over {other:14} {interval(values)}   {' '.join(f'{value:+.4f}' for value in values)}")


if __name__ == "__main__":
    main()
