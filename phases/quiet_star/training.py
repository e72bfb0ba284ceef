"""Learning to think (Quiet-STaR, arXiv 2403.09629): the loss, and its control with filler tokens (arXiv 2310.02226).

Covered: several thoughts per position, the mixed prediction of the next `ahead` tokens under teacher forcing, REINFORCE with the mean
over a position's thoughts as the baseline and only rewards above it counted (as the paper has it), the plain loss beside it (half, as in
the authors' code). Ours, for the cost: only a share of the positions gets thoughts in a step, those whose next token is asked for first.
Left out: the paper's hundredfold gradient on the embeddings of the thought tokens, as AdamW, which has them here, ignores scale.
"""

from typing import cast

import torch
from torch import Tensor, nn

from phases.quiet_star.thoughts import Thinker, think
from phases.training import Batch


def thinking_loss(module: nn.Module, batch: Batch, step: int = 0) -> Tensor:
    """What a Thinker is trained with. With pauses nothing is sampled: as many other positions take the samples' places."""
    thinker = cast(Thinker, module)
    config = thinker.thinking
    samples = config.samples if config.kind == "thought" else 1
    columns = choose(batch.labels, round(batch.labels.shape[1] * config.positions) * (config.samples // samples))
    columns = columns.repeat_interleave(samples, 1)
    following, labels = windows(batch, columns, config.ahead)
    made = think(thinker.model, batch.tokens, columns, following, thinker.marks, config)
    talk = log_likelihood(thinker, thinker.mix(gather(made.base, columns, config.ahead), made.after), labels)
    told = batch.labels != -100
    plain = nn.functional.cross_entropy(thinker.logits(made.base[told]).float(), batch.labels[told])
    total = config.plain_weight * plain - talk.sum() / (labels != -100).sum()
    if samples > 1:
        reward = talk.detach().sum(-1).view(len(columns), -1, samples)  # [batch, positions, samples]
        reward = (reward - reward.mean(-1, keepdim=True)).clamp(min=0).flatten(1)
        counted = (labels != -100).any(-1).sum()
        total = total - config.policy_weight * (reward * made.log_prob).sum() / counted
    return total


def choose(labels: Tensor, count: int) -> Tensor:
    """`count` positions per row [batch, count], ascending: at random, those whose label is asked for before the others."""
    count = max(1, min(count, labels.shape[1]))
    order = torch.rand(labels.shape, device=labels.device) + (labels != -100)
    return order.topk(count, dim=1).indices.sort(1).values


def windows(batch: Batch, columns: Tensor, ahead: int) -> tuple[Tensor, Tensor]:
    """The true tokens after each column [batch, columns, ahead - 1]; the labels from it on [batch, columns, ahead], -100 past the end."""
    at = columns[..., None] + torch.arange(ahead, device=columns.device)
    inside = at < batch.tokens.shape[1]
    at = at.clamp(max=batch.tokens.shape[1] - 1)
    rows = torch.arange(len(columns), device=columns.device)[:, None, None]
    return batch.tokens[rows, at[..., 1:]], batch.labels[rows, at].masked_fill(~inside, -100)


def gather(base: Tensor, columns: Tensor, ahead: int) -> Tensor:
    """base [batch, length, hidden] → [batch, columns, ahead, hidden]: what is known there without the thought."""
    at = (columns[..., None] + torch.arange(ahead, device=columns.device)).clamp(max=base.shape[1] - 1)
    return base[torch.arange(len(columns), device=columns.device)[:, None, None], at]


def log_likelihood(thinker: Thinker, hidden: Tensor, labels: Tensor) -> Tensor:
    """Log-probabilities of the labels in nats, shaped as they are; 0 where nobody asks, and nothing is computed there."""
    asked = labels != -100
    log_p = thinker.logits(hidden[asked]).float().log_softmax(-1).gather(-1, labels[asked][:, None])[:, 0]
    return torch.zeros(labels.shape, dtype=log_p.dtype, device=log_p.device).masked_scatter(asked, log_p)
