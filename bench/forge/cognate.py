"""Cognate's training, on cognate-1m: Muon against AdamW, and our loop against a bare one.

    python -m bench.forge.cognate muon [--steps 240]     the loss of AdamW at several rates after N steps, and of Muon after 0.67 N
    python -m bench.forge.cognate loop [--rounds 15]     tokens per second of `train` and of a bare PyTorch loop, in turns
    python -m bench.forge.cognate gpu                    cognate-25m on a GPU: tokens per second and share of bf16 peak

`muon` holds everything equal but the optimizer of the layers' matrices: data, seeds, schedule, the batches of 8 x 256 tokens. AdamW is tuned: it
takes the best of its rates on the held-out loss; Muon's rate is the default's. Both are judged by the mean loss on 32 held-out batches.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from phases.cognate import mean_loss
from phases.configs import BASE_MIXTURE, TrainingConfig
from phases.data.packing import mixture
from phases.data.tokenizer import sample_texts, train_tokenizer
from phases.models import PRESETS, new_model
from phases.training import Batches, device, next_token_loss, train
from phases.training.optimizers import optimizers_for
from phases.training.schedule import warmup_stable_decay

ADAMW_RATES = (0.0005, 0.001, 0.002, 0.004)
SHARE = 0.67
LENGTH = 256


class Alone:
    """A context for a training that nobody follows or resumes."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def restore(self, name: str, folder: Path | None = None) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None


def data(tokenizer: Tokenizer, cache: Path, steps: int, batch: int, split: Any = "train") -> Batches:
    return mixture(tokenizer, BASE_MIXTURE, seed=0, length=LENGTH, batch_size=batch, cache=cache, split=split, steps=steps)


def muon(steps: int, batch: int, cache: Path) -> None:
    tokenizer = train_tokenizer(sample_texts(), PRESETS["cognate-1m"]["vocab_size"])
    batches, held_out = data(tokenizer, cache, steps, batch), data(tokenizer, cache, 32, batch, "gate")

    def loss_of(config: TrainingConfig) -> float:
        model = new_model("cognate-1m", 0)
        train(Alone(cache), "t", model, batches, config)  # type: ignore[arg-type]
        return mean_loss(model, held_out, 32)

    print(f"cognate-1m, {steps} steps of {batch} x {LENGTH} tokens, held-out loss in nats")
    adamw = {}
    for rate in ADAMW_RATES:
        adamw[rate] = loss_of(TrainingConfig(steps=steps, learning_rate=rate, muon=False))
        print(f"  AdamW {rate:<6} {steps:>4} steps  {adamw[rate]:.4f}", flush=True)
    best = min(adamw.values())
    for share in (SHARE, 1.0):
        found = loss_of(TrainingConfig(steps=round(steps * share)))
        print(f"  Muon  default {round(steps * share):>4} steps  {found:.4f}  ({found - best:+.4f} beside the best AdamW, {share:.2f} x the tokens)", flush=True)


def loop(rounds: int, batch: int, cache: Path, steps: int = 4) -> None:
    """Rounds of a few steps by either, on two models of the same weights; both with the same optimizers, clipping and schedule."""
    tokenizer = train_tokenizer(sample_texts(), PRESETS["cognate-1m"]["vocab_size"])
    batches = data(tokenizer, cache, steps * rounds, batch)
    kept = [batches(step) for step in range(steps)]
    config = TrainingConfig(steps=steps)
    ours, theirs = new_model("cognate-1m", 0), new_model("cognate-1m", 0)
    tokens = steps * batch * LENGTH
    ratios, speeds = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        train(Alone(cache), "t", ours, kept.__getitem__, config)  # type: ignore[arg-type]
        ours_s = time.perf_counter() - started
        started = time.perf_counter()
        _bare(theirs, kept, config)
        theirs_s = time.perf_counter() - started
        ratios.append(theirs_s / ours_s)
        speeds.append(tokens / ours_s)
    print(f"train {statistics.median(speeds):,.0f} tokens/s, {statistics.median(ratios):.3f} x a bare loop (median of {rounds} rounds in turns)")


def _bare(model: nn.Module, batches: list[Any], config: TrainingConfig) -> None:
    optimizers = optimizers_for(model, config.learning_rate, config.adam_learning_rate, config.weight_decay)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    model.train()
    for step, batch in enumerate(batches):
        factor = warmup_stable_decay(step, config.steps, config.warmup, config.decay)
        next_token_loss(model, batch).backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip, foreach=True)
        for optimizer, rates in zip(optimizers, peaks, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def gpu(cache: Path, steps: int = 200, batch: int = 128, peak: float = 989e12) -> None:
    """6 N floating-point operations a token and those of attention (PaLM, arXiv 2204.02311, appendix B); the H100 and H200's dense bf16 peak."""
    if device() != "cuda":
        raise SystemExit("There is no GPU here.")
    tokenizer = train_tokenizer(sample_texts(), PRESETS["cognate-25m"]["vocab_size"])
    batches = data(tokenizer, cache, steps, batch)
    model = new_model("cognate-25m", 0).to("cuda")
    train(Alone(cache), "warm", model, batches, TrainingConfig(steps=20))  # type: ignore[arg-type]
    told = train(Alone(cache), "t", model, batches, TrainingConfig(steps=steps))  # type: ignore[arg-type]
    sizes = PRESETS["cognate-25m"]
    work = 6 * 25_041_408 + 12 * sizes["num_hidden_layers"] * sizes["hidden_size"] * LENGTH
    print(f"{torch.cuda.get_device_name()}: {told.tokens_per_second:,.0f} tokens/s, {told.tokens_per_second * work / peak:.1%} of bf16 peak, loss {told.loss:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["muon", "loop", "gpu"])
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "muon":
            muon(asked.steps, asked.batch, Path(folder))
        elif asked.what == "loop":
            loop(asked.rounds, asked.batch, Path(folder))
        else:
            gpu(Path(folder))
