"""Mixtures: the batch of a step is a function of (seed, step), so that a resume needs only the step.

Every 64 rows hold each source in its share. Text goes round in epochs, each cut and shuffled anew: up to `EPOCHS`, as what a repeated
token adds has fallen to 1/e by then (Muennighoff et al., arXiv 2305.16264). What is made here never runs out; to feed a GPU, `pool`
blocks are made and then repeated.

Shares are of rows. Of a row's tokens a text asks for all, the others for few (a tenth of reasoning, two fifths of the analyst's), so that
under a loss that is the mean over what is asked for, text weighs more than its share.

    text        Python's own, or the user's: all tokens are asked for
    reasoning   chains, pointers, arithmetic: the answer is asked for        memory   recall: the value
    thoughts    reasoning with the work written out, asked for too           analyst  the plan
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from phases.data.blocks import MADE, ROWS, Tokens, block, make_ahead, text_stream
from phases.data.text import Split, enough
from phases.training import Batch, Batches
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SOURCES = ("text", *MADE)
CYCLE = 64  # rows in which every source has its share
EPOCHS = 16  # of text
POOL = 256  # blocks of a made source that differ


def mixture(
    tokenizer: "Tokenizer", weights: Mapping[Any, float], *, seed: int, length: int, batch_size: int, cache: Path, split: Split = "train",
    source: str | Path = "python", field: str = "text", steps: int | None = None, pool: int = POOL,
) -> Batches:  # fmt: skip
    """step → Batch [batch_size, length]. `weights`: shares of rows by source. `cache`: a folder for tokens, which runs may share.

    With `steps` it is known how much is needed: too little text is refused at once, and many blocks are made by all cores beforehand.
    BadInput: unknown sources, too little text, sequences too short for the examples.
    """
    order, ranks, counts = _shares(weights)
    rows = (steps or 0) * batch_size
    needed = {name: -(-rows // CYCLE) * n for name, n in counts.items()}
    blocks = {name: -(-needed[name] // ROWS) for name in counts if name != "text"}
    make_ahead(
        [(tokenizer, name, split, seed, number, length, cache) for name, n in blocks.items() for number in range(min(n, pool))]
    )
    made = lru_cache(maxsize=2 * len(MADE))(lambda name, number: block(tokenizer, name, split, seed, number, length, cache))
    shuffled = lru_cache(maxsize=4 * len(SOURCES))(
        lambda what, epoch, n: np.random.default_rng([seed, SOURCES.index(what), epoch]).permutation(n)
    )
    stream = text_stream(tokenizer, source, field, split, cache) if "text" in counts else np.zeros(0, np.uint16)
    in_epoch = (len(stream) - 1) // length - 1  # one is lost to where an epoch starts
    if "text" in counts:
        enough(len(stream), max(3 * length, -(-needed["text"] // EPOCHS) * length), "text")

    def text_row(n: int) -> tuple[Tokens, Tokens | None]:
        epoch, place = divmod(n, in_epoch)
        if epoch >= EPOCHS:
            enough(len(stream), (n // EPOCHS + 1) * length, "text")
        start = (
            int(np.random.default_rng([seed, epoch]).integers(length)) + int(shuffled("text", epoch, in_epoch)[place]) * length
        )
        return stream[start : start + length + 1], None

    def made_row(name: str, n: int) -> tuple[Tokens, Tokens | None]:
        epoch, place = divmod(n, pool * ROWS)
        number, row = divmod(place, ROWS)
        if epoch:
            number = int(shuffled(name, epoch, pool)[number])
        found = made(name, number)
        return found[0, row], found[1, row]

    def batches(step: int) -> Batch:
        tokens, labels = np.empty((batch_size, length), np.int64), np.empty((batch_size, length), np.int64)
        for i in range(batch_size):
            cycle, place = divmod(step * batch_size + i, CYCLE)
            name = order[place]
            n = cycle * counts[name] + ranks[place]
            row, asked = text_row(n) if name == "text" else made_row(name, n)
            tokens[i], labels[i] = row[:-1], row[1:]
            if asked is not None:
                labels[i][asked[1:] == 0] = -100
        return Batch(torch.from_numpy(tokens), torch.from_numpy(labels))

    return batches


def _shares(weights: Mapping[str, float]) -> tuple[list[str], list[int], dict[str, int]]:
    """The source of each row of a cycle, which of its source's rows it is, and how many rows each source has (largest remainder)."""
    if unknown := sorted(set(weights) - set(SOURCES)):
        raise BadInput(f"There is no data called {unknown[0]!r}.", f"There are: {', '.join(SOURCES)}.")
    names = [name for name in SOURCES if weights.get(name, 0) != 0]
    total = sum(weights[name] for name in names)
    if not names or min(weights[name] for name in names) < 0 or not np.isfinite(total):
        raise BadInput("A mixture needs weights that are not negative, and one above 0.")
    exact = {name: weights[name] / total * CYCLE for name in names}
    counts = {name: max(1, int(exact[name])) for name in names}
    while sum(counts.values()) != CYCLE:
        by = 1 if sum(counts.values()) < CYCLE else -1
        name = max((n for n in names if by > 0 or counts[n] > 1), key=lambda n: by * (exact[n] - counts[n]))
        counts[name] += by
    # spread evenly: the j-th of n rows wants the place (j + 1/2) / n of the cycle
    wanted = sorted(((j + 0.5) / n, name, j) for name, n in counts.items() for j in range(n))
    return [name for _, name, _ in wanted], [j for _, _, j in wanted], counts
