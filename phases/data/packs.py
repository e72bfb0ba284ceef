"""What evaluation measures on: fixed questions and texts, never trained on, none in two splits.

text        pieces of held-out documents, cut at about 1,000 characters whatever the tokenizer, so that bits per byte compare
reasoning   chains, pointers, arithmetic in turn; groups by kind
memory      recall
plans       analyst examples of which the instance, the schema's domain or the phrasing was never seen, in turn; groups by that
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from phases.data import analyst, reasoning, text
from phases.data.blocks import encode
from phases.data.text import Split
from phases.data.tokenizer import encode_plain
from phases.models import EOS
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PackName = Literal["text", "reasoning", "memory", "plans"]
NAMES: tuple[PackName, ...] = get_args(PackName)
PIECE = 1000  # characters
HELD: tuple[analyst.Held, ...] = get_args(analyst.Held)


@dataclass(frozen=True)
class Item:
    """`prompt` and `target` as token ids; `size`: the target's UTF-8 bytes. `example`: what a plan is compared with."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]
    group: str
    size: int
    example: analyst.Example | None = None


@dataclass(frozen=True)
class Pack:
    name: PackName
    split: Split
    items: tuple[Item, ...]


def pack(
    name: PackName,
    tokenizer: "Tokenizer",
    split: Split,
    size: int,
    *,
    source: str | Path = "python",
    field: str = "text",
    hardest: int = reasoning.HARDEST,
) -> Pack:
    """`size` items, the same for the same arguments; a longer pack starts with a shorter one's. BadInput when the text is too little."""
    if name not in NAMES:
        raise BadInput(f"There is no pack {name!r}.", f"There are: {', '.join(NAMES)}.")
    if split == "train" or size < 1:
        raise BadInput("A pack has one item or more, and is of a held-out split.", "Use search, gate or report.")
    if name == "text":
        return Pack(name, split, tuple(_texts(tokenizer, split, size, source, field)))
    asked: list[tuple[str, str, str, analyst.Example | None]]
    if name == "plans":
        made = [(analyst.example(0, i, split, HELD[i % len(HELD)]), HELD[i % len(HELD)]) for i in range(size)]
        asked = [(e.prompt, e.target, held, e) for e, held in made]
    else:
        kinds: tuple[reasoning.Kind, ...] = ("recall",) if name == "memory" else reasoning.THINKING
        found = reasoning.examples(random.Random(f"pack {name} {split}"), size, split, kinds, hardest)
        asked = [(e.question, e.target, e.kind, None) for e in found]
    prompts, targets = encode(tokenizer, [a[0] for a in asked]), encode(tokenizer, [a[1] for a in asked])
    return Pack(
        name, split, tuple(
            Item(tuple(prompt), tuple(target), group, len(told.encode()), example)
            for prompt, target, (_, told, group, example) in zip(prompts, targets, asked, strict=True)
        ),
    )  # fmt: skip


def _texts(tokenizer: "Tokenizer", split: Split, size: int, source: str | Path, field: str) -> Iterator[Item]:
    """Pieces in an order shuffled once, so that few of them still come from many documents. The first token follows EOS."""
    pieces = [piece for document in text.of_split(text.documents(source, field), split) for piece in _pieces(document)]
    if len(pieces) < size:
        raise BadInput(
            f"The text has {len(pieces)} pieces held out as {split}; {size} are needed.",
            "Bring more text, or ask for a smaller pack.",
        )
    random.Random(0).shuffle(pieces)
    start = tuple(encode(tokenizer, [EOS])[0])
    for piece, ids in zip(pieces[:size], encode_plain(tokenizer, pieces[:size]), strict=True):
        yield Item(start, tuple(ids), "text", len(piece.encode("utf-8", "surrogatepass")))


def _pieces(document: str) -> Iterator[str]:
    """Cut after the first line that ends beyond PIECE characters; longer lines are cut in the middle."""
    at = 0
    while at < len(document):
        end = document.find("\n", at + PIECE)
        end = len(document) if end < 0 else end + 1
        end = min(end, at + 2 * PIECE)
        yield document[at:end]
        at = end
