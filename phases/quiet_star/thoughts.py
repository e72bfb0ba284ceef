"""Thoughts at every position, in parallel (Quiet-STaR, arXiv 2403.09629): the diagonal mask, sampling, the mixing head.

A thought after position j is [start, t_1 … t_n, end]. It sees x_0 … x_j and itself, and nothing sees it. All positions (columns) take
a step together, so a sequence of L costs L + C·(n + 2) tokens for C columns, in place of C sequences; keys and values of what was read
stay in the cache. What follows the thought (x_{j+1} …, the true tokens: teacher forcing) is read in its column as well, for predictions
further ahead.

    keys     x_0 … x_{L-1}      start     t_1       …   [t_n end x_{j+1} …]
    query    up to j            itself    itself        its own column up to itself: the diagonals

Works on any stock Llama, Qwen2 or Qwen3 through its public forward: an additive float mask [batch, 1, queries, keys] and position ids.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache
from transformers.modeling_outputs import CausalLMOutput

from phases.configs import ThinkingConfig
from phases.models import END_THOUGHT, PAUSE, SPECIAL_TOKENS, THOUGHT
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

GROUP = 32  # columns that share a row; the keys of the others are masked out, but cost, so few are faster


@dataclass(frozen=True)
class Marks:
    """Token ids. `never`: what a thought may not hold (special tokens)."""

    start: int
    end: int
    pause: int
    never: tuple[int, ...]


def marks_of(tokenizer: "Tokenizer") -> Marks:
    """BadInput where the tokenizer lacks the tokens of thoughts."""
    start, end, pause = (tokenizer.token_to_id(name) for name in (THOUGHT, END_THOUGHT, PAUSE))
    if start is None or end is None or pause is None:
        raise BadInput(
            f"The tokenizer has no {THOUGHT}, {END_THOUGHT} and {PAUSE}, which thoughts begin, end and are controlled with.",
            "Add them to the tokenizer and to the embeddings of the model, or skip this phase.",
        )
    never = tuple(i for name in SPECIAL_TOKENS if (i := tokenizer.token_to_id(name)) is not None)
    return Marks(start, end, pause, never)


class Thinker(nn.Module):
    """A stock causal model that thinks before every token, and the head that says how much a thought counts."""

    def __init__(self, model: "PreTrainedModel", marks: Marks, thinking: ThinkingConfig, seed: int = 0) -> None:
        super().__init__()
        if getattr(model.config, "use_sliding_window", False):
            raise BadInput("The model attends in sliding windows; thoughts are made for full attention.")
        hidden = model.config.hidden_size
        self.model, self.marks, self.thinking = model, marks, thinking
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            last = nn.Linear(hidden, 1)
            self.mixing = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), last)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, math.log(thinking.start_weight / (1 - thinking.start_weight)))
        self.mixing.to(model.device)

    def forward(self, input_ids: Tensor, use_cache: bool = False) -> Any:
        """[batch, length] → an object with `logits` [batch, length, vocabulary]: of the next token, after the likeliest thought."""
        columns = torch.arange(input_ids.shape[1], device=input_ids.device).expand(len(input_ids), -1)
        nothing = input_ids.new_empty(*columns.shape, 0)
        made = think(self.model, input_ids, columns, nothing, self.marks, self.thinking, temperature=0)
        return CausalLMOutput(logits=self.logits(self.mix(made.base, made.after[:, :, 0])))

    def mix(self, base: Tensor, thought: Tensor) -> Tensor:
        """Hidden states without and with a thought [..., hidden] → those to predict from.

        The paper mixes log-probabilities, w · with + (1 - w) · without, 0 < w < 1. The output layer is linear, so mixing what goes
        into it is the same up to the normalisation, which the paper leaves out and we do not: what comes out is a distribution.
        """
        weight = torch.sigmoid(self.mixing(torch.cat([base, thought], -1)))
        return torch.lerp(base, thought, weight.to(base.dtype))

    def logits(self, hidden: Tensor) -> Tensor:
        return self.model.get_output_embeddings()(hidden)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Thoughts:
    """`base` [batch, length, hidden]: the final hidden states without thoughts. `tokens` [batch, columns, n].

    `log_prob` [batch, columns]: of the sampled tokens, with gradient; 0 where nothing was left to chance. `after`
    [batch, columns, 1 + ahead, hidden]: final hidden states at the thought's end and at the true tokens read after it.
    """

    base: Tensor
    tokens: Tensor
    log_prob: Tensor
    after: Tensor


def think(
    model: "PreTrainedModel",
    tokens: Tensor,
    columns: Tensor,
    following: Tensor,
    marks: Marks,
    thinking: ThinkingConfig,
    temperature: float | None = None,
) -> Thoughts:
    """A thought after each position of `columns`, drawn from torch's generator (temperature 0: the likeliest tokens).

    tokens [batch, length]; columns [batch, columns]: positions, repeated for several thoughts at one; following
    [batch, columns, ahead]: the true tokens after each. Of `thinking` it takes kind, length and, unless another is given, temperature.
    """
    length, temperature = thinking.length, thinking.temperature if temperature is None else temperature
    (batch, read), wanted = tokens.shape, columns.shape[1]
    groups = -(-wanted // GROUP)
    width = -(-wanted // groups)

    def grouped(x: Tensor) -> Tensor:
        """[batch, columns, m] → [batch · groups, width, m]; what is missing in the last group repeats the last column."""
        return torch.cat([x, x[:, -1:].expand(-1, groups * width - wanted, -1)], 1).reshape(batch * groups, width, -1)

    def whole(x: Tensor) -> Tensor:
        return x.view(batch, groups * width, *x.shape[2:])[:, :wanted]

    cache = DynamicCache()
    body = model.base_model
    base = body(input_ids=tokens, past_key_values=cache, use_cache=True).last_hidden_state
    if groups > 1:
        cache.batch_repeat_interleave(groups)
    at = grouped(columns[..., None])
    reach = torch.arange(read, device=tokens.device) <= at  # [batch · groups, width, read]: a column's own prefix
    diagonal = torch.eye(width, device=tokens.device)
    done: list[int] = []  # tokens per column and earlier step

    def step(ids: Tensor) -> Tensor:
        """ids [batch · groups, width, m] → hidden states [batch · groups, width, m, hidden]."""
        m = ids.shape[2]
        own = [torch.kron(diagonal, torch.ones(m, w, device=ids.device)) for w in done]
        own.append(torch.kron(diagonal, torch.ones(m, m, device=ids.device).tril()))
        sees = torch.cat([reach.repeat_interleave(m, 1), torch.cat(own, 1).bool().expand(len(reach), -1, -1)], 2)
        mask = torch.zeros(sees.shape, dtype=base.dtype, device=ids.device).masked_fill_(~sees, torch.finfo(base.dtype).min)
        position_ids = (at + 1 + sum(done) + torch.arange(m, device=ids.device)).flatten(1)
        out = body(
            input_ids=ids.flatten(1),
            attention_mask=mask[:, None],
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        )
        done.append(m)
        return out.last_hidden_state.unflatten(1, (width, m))  # type: ignore[no-any-return]

    start, end = (torch.full_like(at, mark) for mark in (marks.start, marks.end))
    if thinking.kind == "pause":  # all is known: one step
        pauses = torch.full_like(start, marks.pause).expand(-1, -1, length)
        hidden = step(torch.cat([start, pauses, end, grouped(following)], 2))
        return Thoughts(base, whole(pauses), base.new_zeros(batch, wanted), whole(hidden[:, :, length + 1 :]))

    thought = [start]
    log_prob = base.new_zeros(at.shape[:2])
    for _ in range(length):
        hidden = step(thought[-1])[:, :, 0]
        chosen, log_p = draw(model.get_output_embeddings()(hidden), marks, temperature)
        thought.append(chosen[..., None])
        log_prob = log_prob + log_p
    hidden = step(torch.cat([thought[-1], end, grouped(following)], 2))
    return Thoughts(base, whole(torch.cat(thought[1:], 2)), whole(log_prob), whole(hidden[:, :, 1:]))


def draw(logits: Tensor, marks: Marks, temperature: float) -> tuple[Tensor, Tensor]:
    """logits [batch, columns, vocabulary] → ids of drawn tokens, none of them special, and their log-probabilities [batch, columns]."""
    barred = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device)
    barred[list(marks.never)] = True
    logits = logits.float().masked_fill(barred, float("-inf"))
    if temperature == 0:
        chosen = logits.argmax(-1)
        return chosen, torch.zeros_like(chosen, dtype=logits.dtype)
    log_p = (logits / temperature).log_softmax(-1)
    # by the inverse of the distribution function: one random number per column, where torch.multinomial draws one per token
    mass = log_p.detach().exp().cumsum(-1)
    at = torch.rand(mass.shape[:-1], device=mass.device)[..., None] * mass[..., -1:]
    chosen = torch.searchsorted(mass, at, right=True).clamp(max=logits.shape[-1] - 1)
    return chosen[..., 0], log_p.gather(-1, chosen)[..., 0]
