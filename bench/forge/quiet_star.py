"""Thoughts at every position: in parallel under the diagonal mask, and one position at a time.

    python -m bench.forge.quiet_star [--repeats 5] [--length 256]

The twin cognate-1m, float32, one thread, processor time; both sides interleaved, the median of each. The naive side is a fair
generator: it keeps its keys and values, so every prefix is read once. Tokens are those thought: length × (thought + end). Then the
largest difference of any logit after a thought from what the prefix and the thought give alone, without cache or mask.
"""

import argparse
import statistics
import time

import torch

from phases.configs import ThinkingConfig
from phases.models import PRESETS, SPECIAL_TOKENS, new_model
from phases.quiet_star import naive
from phases.quiet_star.thoughts import Marks, think

MARKS = Marks(3, 4, 5, tuple(range(len(SPECIAL_TOKENS))))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--length", type=int, default=256)
    told = parser.parse_args()
    torch.set_num_threads(1)
    model = new_model("cognate-1m", 0).eval()
    length = told.length
    tokens = torch.randint(
        len(SPECIAL_TOKENS), PRESETS["cognate-1m"]["vocab_size"], (1, length), generator=torch.Generator().manual_seed(0)
    )
    columns, nothing = torch.arange(length)[None], torch.empty(1, length, 0, dtype=torch.long)
    print(f"{'thought':>8} {'parallel tok/s':>15} {'naive tok/s':>12} {'ratio':>7} {'largest difference':>19}")
    for thought in (2, 4, 8):
        thinking = ThinkingConfig(length=thought)
        seconds: dict[str, list[float]] = {"parallel": [], "naive": []}
        with torch.inference_mode():
            made = think(model, tokens, columns, nothing, MARKS, thinking)
            logits = model.lm_head(made.after[0, :, 0])
            apart = max(
                float(
                    (naive.logits_after(model, tokens[0], p, made.tokens[0, p], nothing[0, p], MARKS)[0] - logits[p]).abs().max()
                )
                for p in range(0, length, 5)
            )
            for _ in range(told.repeats):
                started = time.process_time()
                model.lm_head(think(model, tokens, columns, nothing, MARKS, thinking).after)
                seconds["parallel"].append(time.process_time() - started)
                started = time.process_time()
                naive.generate(model, tokens[0], MARKS, thought)
                seconds["naive"].append(time.process_time() - started)
        ratio = statistics.median(n / p for n, p in zip(seconds["naive"], seconds["parallel"], strict=True))
        rates = [length * (thought + 1) / statistics.median(seconds[side]) for side in ("parallel", "naive")]
        print(f"{thought:>8} {rates[0]:>15,.0f} {rates[1]:>12,.0f} {ratio:>6.1f}x {apart:>19.1e}")


if __name__ == "__main__":
    main()
