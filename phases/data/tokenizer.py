"""A byte-level BPE tokenizer (as GPT-2's), trained here: any text goes in and comes out as it was.

Digits are tokens of their own, so that a number's place values line up. The special tokens have the first ids.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from phases.models import SPECIAL_TOKENS
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BYTES = 256


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> "Tokenizer":
    """Exactly `vocab_size` entries, the same for the same texts in the same order. BadInput when the text does not yield that many."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    if vocab_size < len(SPECIAL_TOKENS) + BYTES:
        raise BadInput(
            f"A vocabulary of {vocab_size} has no room for {BYTES} bytes and {len(SPECIAL_TOKENS)} special tokens.",
            "Ask for more.",
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    found = tokenizer.get_vocab_size()
    if found != vocab_size:
        raise BadInput(
            f"The text yields only {found:,} of the {vocab_size:,} tokens asked for.",
            "Bring more text, or ask for a smaller vocabulary.",
        )
    return tokenizer


def sample_texts(
    source: str | Path = "python", field: str = "text", documents: int = 4000, examples: int = 4000
) -> Iterator[str]:
    """What a tokenizer is best trained on: the training split of the text, and of what is made here (fixed, whatever the run's seed)."""
    from phases.data import analyst, reasoning, text

    yield from islice(text.of_split(text.documents(source, field), "train"), documents)
    for index in range(examples):
        yield analyst.example(0, index).text
        yield reasoning.sample(0, index).text


def encode_plain(tokenizer: "Tokenizer", texts: list[str]) -> list[list[int]]:
    """Ids of text that others wrote: what looks like a special token in it stays plain text."""
    before = tokenizer.encode_special_tokens
    tokenizer.encode_special_tokens = True
    try:
        return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    finally:
        tokenizer.encode_special_tokens = before
