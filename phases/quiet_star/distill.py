"""A plain model that says at once what a thinking one says after its thoughts.

Fast Quiet-STaR (arXiv 2505.17746) takes the thought tokens away step by step, down to none, each stage trained with Quiet-STaR's own
loss. Here the last stage is taken directly, with the thinking model as a teacher (logit distillation, arXiv 1503.02531): the student
begins as the thinker's own model, and its next-token distribution is pulled to the teacher's, the mean over several thoughts. What comes
out has stock names, no mixing head, and no cost at inference.
"""

import math

import torch
from torch import Tensor, nn

from phases.quiet_star.thoughts import Thinker, think
from phases.quiet_star.training import choose, gather
from phases.training import Batch
from phases.training.loop import Loss


@torch.no_grad()
def talk(thinker: Thinker, tokens: Tensor, columns: Tensor, samples: int) -> Tensor:
    """Log-probabilities [batch, columns, vocabulary] of the next token after a thought; of `samples` thoughts the mean."""
    repeated = columns.repeat_interleave(samples, 1)
    made = think(thinker.model, tokens, repeated, tokens.new_empty(*repeated.shape, 0), thinker.marks, thinker.thinking)
    log_p = thinker.logits(thinker.mix(gather(made.base, repeated, 1), made.after)[:, :, 0]).float().log_softmax(-1)
    return torch.logsumexp(log_p.view(len(tokens), -1, samples, log_p.shape[-1]), 2) - math.log(samples)


def loss_of(teacher: Thinker, weight: float) -> Loss:
    """`weight` · KL(teacher ‖ student) where the teacher thinks + (1 - weight) · cross-entropy wherever labels are."""
    config = teacher.thinking
    samples = config.samples if config.kind == "thought" and config.temperature > 0 else 1

    def loss(student: nn.Module, batch: Batch, step: int) -> Tensor:
        columns = choose(batch.labels, round(batch.labels.shape[1] * config.positions))
        taught = talk(teacher, batch.tokens, columns, samples)
        logits = student(input_ids=batch.tokens, use_cache=False).logits.float()
        plain = nn.functional.cross_entropy(logits.flatten(0, 1), batch.labels.flatten(), ignore_index=-100)
        said = logits.gather(1, columns[..., None].expand(-1, -1, logits.shape[-1])).log_softmax(-1)
        asked = batch.labels.gather(1, columns) != -100
        apart = nn.functional.kl_div(said[asked], taught[asked], log_target=True, reduction="batchmean")
        return weight * apart + (1 - weight) * plain

    return loss
