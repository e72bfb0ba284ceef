"""What the loader costs of a training step: tokens a second of processor time, made fresh and from the cache, against cognate-1m's step.

python -m bench.forge.data          interleaved rounds on one core; medians
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch

from phases.data.packing import SOURCES, mixture
from phases.data.tokenizer import sample_texts, train_tokenizer
from phases.models import PRESETS, new_model
from phases.training import Batch, next_token_loss
from phases.training.optimizers import optimizers_for

ROUNDS, LENGTH, ROWS = 3, 256, 16
MIXTURE = {"text": 0.2, "reasoning": 0.4, "analyst": 0.4}
STEPS = 64  # of the loader in a round: 1024 rows, so that every source makes at least a block


def seconds(work: Callable[[], object]) -> float:
    """Processor time of all threads."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> None:
    torch.set_num_threads(1)
    before = time.process_time()
    tokenizer = train_tokenizer(sample_texts(), PRESETS["cognate-1m"]["vocab_size"])
    print(f"tokenizer of {tokenizer.get_vocab_size():,}: {time.process_time() - before:.1f} s")
    model = new_model("cognate-1m", 0)
    optimizers = optimizers_for(model, 0.02, 0.006, 0.05)

    def step(batch: Batch) -> None:
        next_token_loss(model, batch).backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()

    found: dict[str, list[float]] = {}
    asked: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(ROUNDS + 1):
            for name, weights in [*((name, {name: 1.0}) for name in SOURCES), ("mixture", MIXTURE)]:
                other = seed + 1000 * (name == "mixture")  # whose blocks were not made yet
                batches = mixture(tokenizer, weights, seed=other, length=LENGTH, batch_size=ROWS, cache=Path(folder))
                for state in ("fresh", "cached"):
                    steps = count()
                    spent = seconds(lambda batches=batches, steps=steps: [batches(next(steps)) for _ in range(STEPS)])  # type: ignore[misc]
                    if seed:  # the first round reads the text, once and for all
                        found.setdefault(f"{name}, {state}", []).append(STEPS * LENGTH * ROWS / spent)
                asked[name] = torch.cat([batches(i).labels for i in range(8)]).ne(-100).float().mean().item()
            batch = batches(0)
            spent = seconds(lambda batch=batch: [step(batch) for _ in range(3)])  # type: ignore[misc]
            if seed:
                found.setdefault("a step of cognate-1m", []).append(3 * LENGTH * ROWS / spent)
    of_step = statistics.median(found["a step of cognate-1m"])
    for what, rates in found.items():
        rate = statistics.median(rates)
        print(f"{what:24} {rate:12,.0f} tokens/s   {of_step / rate:7.2%} of a step")
    print("labels asked for: " + ", ".join(f"{name} {share:.0%}" for name, share in asked.items()))


if __name__ == "__main__":
    main()
