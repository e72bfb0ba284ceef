"""BitNet b1.58: the packed linear beside its peers, the archive, tokens per second, and the gap to a float model.

    python -m bench.forge.bitnet            packed, archive, generation
    python -m bench.forge.bitnet gap        trains; --base, --steps, --batch say how long

The rounds of peers are interleaved, so that a busy machine is busy for all; medians are shown. transformers' BitLinear is measured as it is
shipped (it compiles its steps, before the measurement) and without that.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from phases.bitnet.archive import ARCHIVE, read_archive, write_archive
from phases.bitnet.layers import linears, quantised, ternary
from phases.bitnet.packed import LEVELS, PackedLinear, how, kernel
from phases.models import new_model

ROUNDS = 25


def times(ways: dict[str, Callable[[], object]], calls: dict[str, int]) -> dict[str, float]:
    """Median seconds of a call, by name."""
    told: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            way()
            started = time.perf_counter()
            for _ in range(calls.get(name, 50)):
                way()
            told[name].append((time.perf_counter() - started) / calls.get(name, 50))
    return {name: statistics.median(found) for name, found in told.items()}


def packed() -> None:
    print(f"One token, float32 in and out; packed by {how()}")
    for threads in sorted({torch.get_num_threads(), 1}, reverse=True):
        torch.set_num_threads(threads)
        for into, out in ((512, 1408), (1408, 512)):
            print(f"  {into} × {out}, {threads} thread(s)")
            told = compare(into, out)
            for name, seconds in told.items():
                print(f"    {name:32} {seconds * 1e6:10.1f} µs {seconds / told['packed']:9.1f} ×")


@torch.no_grad()
def compare(into: int, out: int) -> dict[str, float]:
    from transformers.integrations.bitnet import BitLinear, pack_weights

    torch.manual_seed(0)
    plain, x = nn.Linear(into, out, bias=False), torch.randn(1, into)
    trits, scale = ternary(plain.weight)
    theirs = BitLinear(into, out, bias=False, dtype=torch.float32)
    theirs.weight, theirs.weight_scale = pack_weights(trits.clone()), scale.reshape(1)
    ours = PackedLinear(trits, scale)
    assert torch.equal(ours(x), theirs(x)), "both are exact"

    def eager() -> None:
        with torch.compiler.set_stance("force_eager"):
            theirs(x)

    ways: dict[str, Callable[[], object]] = {
        "packed": lambda: ours(x), "float32 Linear": lambda: plain(x), "transformers BitLinear": lambda: theirs(x), "transformers BitLinear, eager": eager,
    }  # fmt: skip
    for level in range(kernel().level() if kernel() else 0):
        lower = PackedLinear(trits, scale, level=level)
        ways[f"packed, {LEVELS[level]}"] = lambda lower=lower: lower(x)  # type: ignore[misc]
    return times(ways, {name: 3 for name in ways if "transformers" in name})


def archive() -> None:
    model = new_model("cognate-25m", 0)
    weights = {name: ternary(module.weight.detach()) for name, module in linears(model)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ARCHIVE
        started = time.perf_counter()
        bits = write_archive(path, weights)
        wrote = time.perf_counter() - started
        back = read_archive(path)
        read = time.perf_counter() - started - wrote
        exact = all(torch.equal(back[name][0], trits) and torch.equal(back[name][1], scale) for name, (trits, scale) in weights.items())
        count = sum(trits.numel() for trits, _ in weights.values())
        print(f"The layers of cognate-25m, {count:,} weights: {bits:.5f} bits each, {8 * path.stat().st_size / count:.5f} with the header; "
              f"exact: {exact}; written in {wrote:.2f} s, read in {read:.2f} s")  # fmt: skip


@torch.no_grad()
def generation(tokens: int = 48) -> None:
    print("Greedy tokens per second, one sequence")
    for preset in ("cognate-1m", "cognate-25m"):
        model, packed = new_model(preset, 0).eval(), new_model(preset, 0).eval()
        for name, module in linears(packed):
            packed.set_submodule(name, PackedLinear(*ternary(module.weight.detach())))
        prompt = torch.arange(3, 19)[None]
        limit: dict[str, Any] = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}
        told: dict[str, list[float]] = {"float32": [], "fake-quantised": [], "packed": []}
        for _ in range(6):  # the first is to warm up
            for name in told:
                started = time.perf_counter()
                if name == "fake-quantised":
                    with quantised(model):
                        model.generate(prompt, **limit)
                else:
                    (packed if name == "packed" else model).generate(prompt, **limit)
                told[name].append(time.perf_counter() - started)
        print(f"  {preset:12} " + ", ".join(f"{name} {tokens / statistics.median(found[1:]):.0f}" for name, found in told.items()))


def gap(base_steps: int, steps: int, **more: Any) -> None:
    """cognate-1m from scratch in float, then the phase: ternary and float trained on, side by side."""
    from phases import checkpoint
    from phases.bitnet import PHASE
    from phases.configs import BitNetConfig
    from phases.contract import Budget
    from phases.data.packing import mixture
    from phases.data.tokenizer import sample_texts, train_tokenizer
    from phases.models import PRESETS
    from phases.training import TrainingConfig, train

    with tempfile.TemporaryDirectory() as name:
        context: Any = _Silent(Path(name))
        config = BitNetConfig.model_validate({**more, "training": {"steps": steps, **more.get("training", {})}})
        tokenizer = train_tokenizer(sample_texts(config.text, config.field), PRESETS["cognate-1m"]["vocab_size"])
        model = new_model("cognate-1m", 0)
        batches = mixture(tokenizer, dict(config.mixture), seed=1, length=config.length, batch_size=config.batch_size, cache=config.cache(), steps=base_steps)
        train(context, "base", model, batches, TrainingConfig(steps=base_steps))
        given = checkpoint.write(Path(name) / "base", model, tokenizer, phase="cognate")
        result = PHASE.run(context, (given,), config, Budget())
        per_step = config.batch_size * config.length
        print(f"cognate-1m, {base_steps * per_step:,} tokens in float, then {steps * per_step:,} as ternary or in float")
        print(f"  loss while training: ternary {result.metrics['loss']:.4f}, float {result.metrics['control_loss']:.4f} "
              f"({result.metrics['loss'] / result.metrics['control_loss'] - 1:+.2%})")  # fmt: skip
        for measure in result.gate.measures:
            print(f"  {measure.name:28} input {measure.input:8.4f}  ternary {measure.output:8.4f}  float {measure.control:8.4f}")
        print(f"  {result.gate.decision}: {result.gate.reason} {result.metrics['bits_per_weight']:.4f} bits/weight, {result.metrics['zeros']:.0%} zeros; "
              f"{result.metrics['seconds']:.0f} s, float {result.metrics['control_seconds']:.0f} s")  # fmt: skip


class _Silent:
    """A context that keeps nothing."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["gap"])
    parser.add_argument("--base", type=int, default=600)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=16)
    asked = parser.parse_args()
    if asked.what == "gap":
        gap(asked.base, asked.steps, batch_size=asked.batch)
    else:
        packed()
        archive()
        generation()


if __name__ == "__main__":
    main()
