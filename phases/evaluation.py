"""What a model is worth, on fixed packs (phases/data/packs.py): bits per byte, reasoning, plans. All of it measured, nothing sampled.

Works for any causal module with `module(input_ids=…, use_cache=False).logits`; a tokenizer without our special tokens reads their names
as plain text. Greedy decoding gives exactly the target when each target token is the likeliest after the prompt and the target's tokens
before it, and only then, so one pass tells; only plans are also decoded, as another text can say the same plan.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from phases.data import analyst
from phases.data.packs import Item, Pack
from phases.models import EOS
from shared.analysis.check import check
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENS = 16_384  # of a batch, padding counted


class Judged(NamedTuple):
    """Of one item: the sum of its target's log-likelihood in nats, its tokens, how many of them were the likeliest."""

    log_likelihood: float
    tokens: int
    right: int

    @property
    def exact(self) -> bool:
        return self.right == self.tokens


@contextmanager
def judging(model: nn.Module) -> Iterator[torch.device]:
    """No gradients, no dropout; the model is left as it was."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield next(model.parameters()).device
    finally:
        model.train(training)


def judge(model: nn.Module, items: Sequence[Item]) -> list[Judged]:
    """Every item under teacher forcing, batched by length."""
    found: dict[int, Judged] = {}
    with judging(model) as device:
        for batch, tokens, labels in batches(items):
            likelihood, right = _scores(model, tokens.to(device), labels.to(device))
            for row, i in enumerate(batch):
                found[i] = Judged(float(likelihood[row]), len(items[i].target), int(right[row]))
    return [found[i] for i in range(len(items))]


def _scores(model: nn.Module, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Log-likelihood and right tokens of each row [batch]; padding is on the right, where a causal model does not look."""
    logits = model(input_ids=tokens, use_cache=False).logits.float()  # [batch, length, vocabulary]
    losses = nn.functional.cross_entropy(logits.mT, labels, ignore_index=-100, reduction="none")
    return -losses.double().sum(-1), ((logits.argmax(-1) == labels) & (labels != -100)).sum(-1)


def batches(items: Sequence[Item]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Places of items of similar length, with their tokens and labels, int64 [rows, longest]; labels are shifted, -100 where nobody asks."""
    for batch in _batches(items):
        longest = max(len(items[i].prompt) + len(items[i].target) for i in batch)
        tokens = torch.zeros((len(batch), longest), dtype=torch.long)
        labels = torch.full((len(batch), longest), -100)
        for row, i in enumerate(batch):
            ids, start = torch.tensor(items[i].prompt + items[i].target), len(items[i].prompt)
            tokens[row, : len(ids)] = ids
            labels[row, start - 1 : len(ids) - 1] = ids[start:]  # shifted: what follows each token
        yield batch, tokens, labels


def _batches(items: Sequence[Item]) -> Iterator[list[int]]:
    """Places of items of similar length, as many as TOKENS allow."""
    size = [len(item.prompt) + len(item.target) for item in items]
    some: list[int] = []
    for i in sorted(range(len(items)), key=lambda i: (-size[i], i)):
        if some and (len(some) + 1) * size[some[0]] > TOKENS:
            yield some
            some = []
        some.append(i)
    if some:
        yield some


def bits_per_byte(model: nn.Module, pack: Pack) -> float:
    """Bits that the model needs for a UTF-8 byte of the pack's targets; comparable between tokenizers for text."""
    judged = judge(model, pack.items)
    return -sum(one.log_likelihood for one in judged) / math.log(2) / sum(item.size for item in pack.items)


def reasoning_accuracy(model: nn.Module, pack: Pack) -> dict[str, float]:
    """{accuracy, log_likelihood (mean nats of an answer with its EOS), <kind>: its accuracy}: greedy exact match."""
    judged = judge(model, pack.items)
    found = {
        "accuracy": sum(one.exact for one in judged) / len(judged),
        "log_likelihood": sum(one.log_likelihood for one in judged) / len(judged),
    }
    return found | _by_group(pack, [one.exact for one in judged])


def plan_accuracy(model: nn.Module, tokenizer: "Tokenizer", pack: Pack, decode: int | None = None) -> dict[str, float]:
    """Greedy decoding read as a Plan.

    {accuracy: it equals the plan asked for, valid: it is a plan that type-checks against the schema (of those decoded),
    <seen | schemas | phrasings>: accuracy where that was held out, teacher_forced: part of the target's tokens that are likeliest after
    the right ones before, log_likelihood: mean nats of a plan}. `decode`: how many of those that are not word for word right are
    decoded (all by default; none of a module that cannot generate); the rest count as wrong, so fewer give a lower bound that is
    seldom lower.
    """
    judged = judge(model, pack.items)
    wrong = [i for i, one in enumerate(judged) if not one.exact][: decode if hasattr(model, "generate") else 0]
    equal, valid = [one.exact for one in judged], [one.exact for one in judged]
    for i, written in zip(wrong, _decoded(model, tokenizer, [pack.items[i] for i in wrong]), strict=True):
        equal[i], valid[i] = _compare(written, pack.items[i].example)
    told = len(wrong) + sum(one.exact for one in judged)
    return {
        "accuracy": sum(equal) / len(equal),
        "valid": sum(valid) / max(told, 1),
        "teacher_forced": sum(one.right for one in judged) / sum(one.tokens for one in judged),
        "log_likelihood": sum(one.log_likelihood for one in judged) / len(judged),
        **_by_group(pack, equal),
    }


def _compare(written: str, example: analyst.Example | None) -> tuple[bool, bool]:
    """Whether a text says the example's plan, and whether it is a plan for the example's schema at all."""
    if example is None:
        raise BadInput("The pack holds no plans.", "Use the pack `plans`.")
    try:
        plan = analyst.parse(written, example.question)
        check(plan, {"data": example.schema.types})
    except BadInput:
        return False, False
    return plan.steps == example.plan.steps and plan.unanswered == example.plan.unanswered, bool(plan.steps or plan.unanswered)


def _decoded(model: nn.Module, tokenizer: "Tokenizer", items: Sequence[Item]) -> list[str]:
    """Greedy text after each prompt, until EOS or a little beyond the longest target; padded on the left, with a cache."""
    found: dict[int, str] = {}
    end = tokenizer.token_to_id(EOS)
    with judging(model) as device:
        for batch in _batches(items):
            longest = max(len(items[i].prompt) for i in batch)
            tokens = torch.zeros((len(batch), longest), dtype=torch.long)
            mask = torch.zeros_like(tokens)
            for row, i in enumerate(batch):
                tokens[row, longest - len(items[i].prompt) :] = torch.tensor(items[i].prompt)
                mask[row, longest - len(items[i].prompt) :] = 1
            said = _greedy(model, tokens.to(device), mask.to(device), max(len(items[i].target) for i in batch) + 8, end)
            for i, ids in zip(batch, said.tolist(), strict=True):
                found[i] = tokenizer.decode(ids, skip_special_tokens=False)
    return [found[i] for i in range(len(items))]


def _greedy(model: nn.Module, tokens: Tensor, mask: Tensor, most: int, end: int | None) -> Tensor:
    """The likeliest continuations [batch, ≤ most] of tokens [batch, length]; what follows `end` means nothing."""
    cache, said = None, []
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    done = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
    for _ in range(most):
        out = model(input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        cache, tokens = out.past_key_values, out.logits[:, -1:].argmax(-1)
        mask, positions = torch.cat([mask, mask.new_ones(len(mask), 1)], 1), positions[:, -1:] + 1
        said.append(tokens)
        done |= tokens[:, 0] == (-1 if end is None else end)
        if bool(done.all()):
            break
    return torch.cat(said, 1)


def _by_group(pack: Pack, right: Sequence[bool]) -> dict[str, float]:
    """The part that is right, by group, where there are several."""
    groups = sorted({item.group for item in pack.items})
    if len(groups) < 2:
        return {}
    found: dict[str, float] = {}
    for group in groups:
        some = [ok for item, ok in zip(pack.items, right, strict=True) if item.group == group]
        found[group] = sum(some) / len(some)
    return found


def evaluate(model: nn.Module, tokenizer: "Tokenizer", packs: Sequence[Pack], decode: int | None = None) -> dict[str, float]:
    """All packs: {text/bits_per_byte, reasoning/accuracy, reasoning/chain, …, plans/accuracy, plans/valid, …}."""
    found: dict[str, float] = {}
    for pack in packs:
        if pack.name == "text":
            told = {"bits_per_byte": bits_per_byte(model, pack)}
        elif pack.name == "plans":
            told = plan_accuracy(model, tokenizer, pack, decode)
        else:
            told = reasoning_accuracy(model, pack)
        found |= {f"{pack.name}/{name}": value for name, value in told.items()}
    return found
