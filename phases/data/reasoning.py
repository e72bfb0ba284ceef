"""Questions whose answers take steps, made here: a model that may think before it answers has something to gain on them.

    chain        a=3;b=a*2+1;c=b+a mod 7;c?          one value after the other; `difficulty` steps
    pointer      d>f;a>c;f>a;b>d;c>b;d 3?            where one gets to from d in 3 hops; `difficulty` hops
    arithmetic   47+385=                             `difficulty` digits, or a product with a single digit
    recall       k3=8;q7=1;…;q7?                     for memory, no steps: the value under a key; 4 · `difficulty` keys

`thought` is the work written out, for supervised use. An instance's split is that of its question's hash, so those held out were never
trained on, in whatever order they are drawn.
"""

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from phases.data.text import Split, split_of
from phases.models import ANSWER, END_THOUGHT, EOS, QUESTION, THOUGHT

Kind = Literal["chain", "pointer", "arithmetic", "recall"]
KINDS: tuple[Kind, ...] = get_args(Kind)
THINKING: tuple[Kind, ...] = ("chain", "pointer", "arithmetic")
HARDEST = 4  # of what is drawn for training and packs, unless told otherwise
MODULUS = 7
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Example(NamedTuple):
    kind: str
    difficulty: int
    prompt: str
    answer: str
    thought: str

    @property
    def question(self) -> str:
        """What a model is given; `target` is what it should say then."""
        return f"{QUESTION}{self.prompt}{ANSWER}"

    @property
    def target(self) -> str:
        return f"{self.answer}{EOS}"

    @property
    def text(self) -> str:
        return self.question + self.target

    @property
    def worked(self) -> tuple[str, str]:
        """Question and target with the work written out before the answer."""
        return f"{QUESTION}{self.prompt}", f"{THOUGHT}{self.thought}{END_THOUGHT}{ANSWER}{self.target}"


def example(kind: Kind, rng: random.Random, difficulty: int) -> Example:
    """One instance; difficulty ≥ 1."""
    prompt, answer, thought = _MAKERS[kind](rng, difficulty)
    return Example(kind, difficulty, prompt, answer, thought)


def examples(
    rng: random.Random, count: int, split: Split = "train", kinds: tuple[Kind, ...] = THINKING, hardest: int = HARDEST
) -> Iterable[Example]:
    """`count` instances of a split, kinds in turn, difficulties 1 … `hardest` evenly."""
    for i in range(count):
        while True:
            made = example(kinds[i % len(kinds)], rng, 1 + rng.randrange(hardest))
            if split_of(made.prompt) == split:
                yield made
                break


def sample(seed: int, index: int, split: Split = "train", kinds: tuple[Kind, ...] = KINDS) -> Example:
    """One instance by (seed, index)."""
    rng = random.Random(f"{seed} {index}")
    return next(iter(examples(rng, 1, split, (kinds[index % len(kinds)],))))


def _chain(rng: random.Random, steps: int) -> tuple[str, str, str]:
    names = rng.sample(LETTERS, steps + 1)
    value = rng.randrange(MODULUS)
    told, work = [f"{names[0]}={value}"], [f"{names[0]}={value}"]
    for before, name in pairwise(names):
        if rng.random() < 0.5:
            by = rng.randrange(1, MODULUS)
            told.append(f"{name}={before}+{by}")
            value = (value + by) % MODULUS
        else:
            by = rng.randrange(2, MODULUS)
            told.append(f"{name}={before}*{by}")
            value = value * by % MODULUS
        work.append(f"{name}={value}")
    return f"{';'.join(told)} mod {MODULUS};{names[-1]}?", str(value), ";".join(work)


def _pointer(rng: random.Random, hops: int) -> tuple[str, str, str]:
    size = hops + 3
    nodes = rng.sample(LETTERS, size)
    arrows = list(zip(nodes, nodes[1:] + nodes[:1], strict=True))  # one cycle, longer than the walk: no node comes twice
    rng.shuffle(arrows)
    start = rng.randrange(size)
    way = [nodes[(start + i) % size] for i in range(hops + 1)]
    return ";".join(f"{a}>{b}" for a, b in arrows) + f";{way[0]} {hops}?", way[-1], ">".join(way)


def _arithmetic(rng: random.Random, digits: int) -> tuple[str, str, str]:
    a, b = (rng.randrange(10 ** (digits - 1), 10**digits) for _ in range(2))
    kind = rng.random()
    if kind < 0.5:
        work, carry = [], 0
        for place in range(digits):
            x, y = a // 10**place % 10, b // 10**place % 10
            work.append(f"{x}+{y}+{carry}={x + y + carry}")
            carry = (x + y + carry) // 10
        return f"{a}+{b}=", str(a + b), ";".join(work)
    if kind < 0.8:
        a, b = max(a, b), min(a, b)
        work, carry = [], 0
        for place in range(digits):
            x, y = a // 10**place % 10, b // 10**place % 10
            work.append(f"{x}-{y}-{carry}={x - y - carry}")
            carry = int(x - y - carry < 0)
        return f"{a}-{b}=", str(a - b), ";".join(work)
    b = rng.randrange(2, 10)
    work, carry = [], 0
    for place in range(digits):
        x = a // 10**place % 10
        work.append(f"{x}*{b}+{carry}={x * b + carry}")
        carry = (x * b + carry) // 10
    return f"{a}*{b}=", str(a * b), ";".join(work)


def _recall(rng: random.Random, difficulty: int) -> tuple[str, str, str]:
    keys = rng.sample([letter + digit for letter in LETTERS for digit in "0123456789"], 4 * difficulty)
    pairs = [(key, rng.choice(LETTERS)) for key in keys]
    key, value = rng.choice(pairs)
    return ";".join(f"{k}={v}" for k, v in pairs) + f";{key}?", value, f"{key}={value}"


_MAKERS = {"chain": _chain, "pointer": _pointer, "arithmetic": _arithmetic, "recall": _recall}
