"""The same thoughts one position at a time, each as a sequence of its own: what the parallel ones are held against."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from transformers import DynamicCache

from phases.quiet_star.thoughts import Marks, draw

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def logits_after(
    model: "PreTrainedModel", tokens: Tensor, position: int, thought: Tensor, following: Tensor, marks: Marks
) -> Tensor:
    """Logits [1 + ahead, vocabulary] of [x_0 … x_position, start, thought, end, following] from `end` on; no mask, no cache.

    tokens [length], thought [n], following [ahead].
    """
    start, end = tokens.new_tensor([marks.start]), tokens.new_tensor([marks.end])
    whole = torch.cat([tokens[: position + 1], start, thought, end, following])
    return model(input_ids=whole[None], use_cache=False).logits[0, -1 - len(following) :]  # type: ignore[no-any-return]


@torch.no_grad()
def generate(
    model: "PreTrainedModel", tokens: Tensor, marks: Marks, length: int, temperature: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Thoughts [length of the sequence, n] after each position of `tokens` [length], and logits [length, vocabulary] at their ends.

    Each position keeps its keys and values, as any generator would: its prefix is read once.
    """
    thoughts, logits = [], []
    for position in range(len(tokens)):
        cache = DynamicCache()
        ids = torch.cat([tokens[: position + 1], tokens.new_tensor([marks.start])])
        thought: list[Tensor] = []
        for _ in range(length):
            told = model(input_ids=ids[None], past_key_values=cache, use_cache=True, logits_to_keep=1).logits
            ids = draw(told, marks, temperature)[0][0]
            thought.append(ids)
        ids = torch.cat([ids, tokens.new_tensor([marks.end])])
        logits.append(model(input_ids=ids[None], past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1])
        thoughts.append(torch.cat(thought))
    return torch.stack(thoughts), torch.stack(logits)
