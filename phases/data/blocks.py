"""Rows of tokens of one length, kept on disk: text as one stream, what is made here in blocks. No torch, so that workers start quickly.

A row is [length + 1]: its first `length` tokens are what a model sees, its last `length` what it should say. Made examples are whole in
their row (best-fit packing; the tail is padded) and only their targets are asked for.
"""

import hashlib
import os
import random
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from phases.contract import code_version
from phases.data import analyst, reasoning, text
from phases.data.text import Split
from phases.data.tokenizer import encode_plain
from phases.models import EOS, PAD
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ROWS = 512  # of a block
OPEN = 64  # examples held back until they fit
MADE = ("reasoning", "memory", "thoughts", "analyst")
T = TypeVar("T")
Tokens = NDArray[Any]  # uint16, or uint32 where the vocabulary is large


def kind_of(tokenizer: "Tokenizer") -> type[np.generic]:
    return np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32


def text_stream(tokenizer: "Tokenizer", source: str | Path, field: str, split: Split, cache: Path) -> Tokens:
    """All tokens of a split's documents, each followed by EOS: [n], mapped from disk."""
    key = _key(tokenizer.to_str(), text.digest(source, field), split)

    def make() -> Tokens:
        end = encode(tokenizer, [EOS])[0]
        found = [np.zeros(0, kind_of(tokenizer))]
        for some in _chunks(text.of_split(text.documents(source, field), split), 256):
            found += [np.array(ids + end, dtype=kind_of(tokenizer)) for ids in encode_plain(tokenizer, some)]
        return np.concatenate(found)

    return _kept(cache / f"text-{key}.npy", make, mapped=True)


def block(tokenizer: "Tokenizer", name: str, split: Split, seed: int, number: int, length: int, cache: Path) -> Tokens:
    """Block `number` of a made source: [2, ROWS, length + 1], tokens and whether each is asked for."""
    key = _key(tokenizer.to_str(), name, split, seed, number, length)
    return _kept(cache / f"{name}-{key}.npy", lambda: _packed(tokenizer, name, split, seed, number, length))


def make_ahead(wanted: list[tuple["Tokenizer", str, Split, int, int, int, Path]]) -> None:
    """Blocks (the arguments of `block`) by several processes, where there are enough of both; others are made when first needed."""
    workers = min((os.cpu_count() or 1) - 1, len(wanted) // 4)
    if workers > 1:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
            for _ in processes.map(_make, wanted, chunksize=4):
                pass


def _make(wanted: tuple["Tokenizer", str, Split, int, int, int, Path]) -> None:
    block(*wanted)


def pairs(name: str, split: Split, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Questions and targets of a made source, without end."""
    if name == "analyst":
        while True:
            made = analyst.draw(rng)
            if text.split_of(made.prompt) == split:
                yield made.prompt, made.target
    kinds: tuple[reasoning.Kind, ...] = ("recall",) if name == "memory" else reasoning.THINKING
    for example in reasoning.examples(rng, 2**62, split, kinds):
        yield example.worked if name == "thoughts" else (example.question, example.target)


def encode(tokenizer: "Tokenizer", texts: list[str]) -> list[list[int]]:
    """Ids of texts made here, in which special tokens are what they are (plain text for a tokenizer that lacks them)."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _packed(tokenizer: "Tokenizer", name: str, split: Split, seed: int, number: int, length: int) -> Tokens:
    pad = tokenizer.token_to_id(PAD) or 0
    rows = np.full((2, ROWS, length + 1), pad, dtype=kind_of(tokenizer))
    rows[1] = 0
    waiting: list[tuple[int, int, list[int], int]] = []  # (tokens, order, ids, where the target starts), shortest first
    rng = random.Random(f"{seed} {name} {split} {number}")
    coming = _encoded(tokenizer, pairs(name, split, rng), length)
    order = 0
    for row in range(ROWS):
        at = 0
        while True:
            while len(waiting) < OPEN:
                ids, start = next(coming)
                insort(waiting, (len(ids), order, ids, start))
                order += 1
            fits = bisect_right(waiting, length + 1 - at, key=lambda item: item[0])
            if not fits:
                break
            size, _, ids, start = waiting.pop(fits - 1 if at else rng.randrange(fits))
            rows[0, row, at : at + size] = ids
            rows[1, row, at + start : at + size] = 1
            at += size
    return rows


def _encoded(tokenizer: "Tokenizer", found: Iterator[tuple[str, str]], length: int) -> Iterator[tuple[list[int], int]]:
    seen = kept = 0
    for some in _chunks(found, 256):
        questions, targets = encode(tokenizer, [pair[0] for pair in some]), encode(tokenizer, [pair[1] for pair in some])
        for question, target in zip(questions, targets, strict=True):
            seen += 1
            if len(question) + len(target) <= length + 1:
                kept += 1
                yield question + target, len(question)
        if kept * 2 < seen:
            raise BadInput(f"Sequences of {length} tokens are too short: most examples are longer.", "Use 256 or more.")


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    some: list[T] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _key(*parts: object) -> str:
    """The name of what is kept: other code may make other tokens."""
    return hashlib.sha256("\0".join(map(str, (code_version(), *parts))).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _kept(path: Path, make: Callable[[], Tokens], mapped: bool = False) -> Tokens:
    """What a file holds, made first where it is missing or damaged. Written whole or not at all; without disk, it is made again."""
    with suppress(OSError, ValueError, EOFError):
        found: Tokens = np.load(path, mmap_mode="r" if mapped else None)
        return found
    rows = make()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.save(file, rows)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
    return rows
