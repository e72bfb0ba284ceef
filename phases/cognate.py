"""Phase 1, Cognate: a base model from scratch, and siblings that start from its weights and specialise.

Merging (phase 2) averages weights, which works for models that lie in one basin: those that share an ancestor and were not taken far from
it (Wortsman et al., arXiv 2203.05482). So the siblings are the base trained on, each on a mixture of its own: reasoning (answers that take
steps), memory (recall of what stands in the context), adaptive (the same questions with the work written out, as long as each needs).

The gate: each sibling against the base, and against the base trained on for as many tokens of the base's own mixture, by the loss on held-out
batches of what the sibling has most of. A sibling that does not beat that control does not go on.

Covered: Muon and AdamW, warm-up–stable–decay, bf16 on a GPU, resume. Not covered: more than one GPU, sequences longer than the config's.
"""

import copy

import torch
from torch import nn

from phases import checkpoint
from phases.configs import CognateConfig, TrainingConfig, Weights
from phases.contract import Budget, CheckpointRef, Context, Gate, Measure, Phase, PhaseResult
from phases.data.packing import mixture
from phases.data.packs import pack
from phases.data.text import Split
from phases.data.tokenizer import sample_texts, train_tokenizer
from phases.evaluation import evaluate, judging
from phases.models import PRESETS, new_model
from phases.training import Batches, device, next_token_loss, train


def run(context: Context, inputs: tuple[CheckpointRef, ...], config: CognateConfig, budget: Budget) -> PhaseResult:
    """Outputs: the base, then the siblings that passed. Metrics: losses, tokens per second, the base on the gate's packs."""
    tokenizer = train_tokenizer(sample_texts(config.corpus, config.field), PRESETS[config.preset]["vocab_size"])
    context.check()

    def batches(weights: Weights, steps: int, seed: int, split: Split = "train") -> Batches:
        return mixture(
            tokenizer, weights, seed=seed, length=config.length, batch_size=config.batch_size, cache=config.cache(), split=split,
            source=config.corpus, field=config.field, steps=steps,
        )  # fmt: skip

    def settings(steps: int, share: float = 1.0) -> TrainingConfig:
        return TrainingConfig(steps=steps, learning_rate=config.learning_rate * share, adam_learning_rate=config.adam_learning_rate * share)

    base = new_model(config.preset, config.seed).to(device())
    told = train(context, "base", base, batches(config.mixture, config.steps, config.seed), settings(config.steps), seed=config.seed, budget=budget)
    metrics = {"base/loss": told.loss, "base/tokens": float(told.tokens), "base/tokens_per_second": round(told.tokens_per_second, 1)}
    packs = [pack(name, tokenizer, "gate", config.pack_size, source=config.corpus, field=config.field) for name in ("text", "reasoning", "memory")]
    metrics |= {f"base/{name}": value for name, value in evaluate(base, tokenizer, packs).items()}

    def trained_on(name: str, weights: Weights, seed: int) -> nn.Module:
        model: nn.Module = copy.deepcopy(base)
        steps = config.sibling_steps
        told = train(context, name, model, batches(weights, steps, seed), settings(steps, config.sibling_rate), seed=seed, budget=budget)
        metrics[f"{name}/loss"] = told.loss
        return model

    def kept(label: str, model: nn.Module, parents: tuple[CheckpointRef, ...] = ()) -> CheckpointRef:
        return checkpoint.write(
            context.scratch / "outputs" / label, model, tokenizer, phase="cognate", parents=parents, config=config.model_dump(mode="json"), label=label
        )

    control = trained_on("control", config.mixture, config.seed + 1)
    first = kept("base", base)
    outputs, measures = [first], list[Measure]()
    rejected: list[CheckpointRef] = []
    for i, (name, weights) in enumerate(config.siblings.items()):
        sibling = trained_on(name, weights, config.seed + 2 + i)
        held_out = batches({max(weights, key=lambda source: weights[source]): 1.0}, config.gate_batches, config.seed, "gate")
        measure = Measure(
            name=f"{name} loss", input=mean_loss(base, held_out, config.gate_batches), output=mean_loss(sibling, held_out, config.gate_batches),
            control=mean_loss(control, held_out, config.gate_batches),
        )  # fmt: skip
        measures.append(measure)
        ref = kept(name, sibling, (first,))
        (outputs if measure.output < min(measure.control or 0.0, measure.input or 0.0) else rejected).append(ref)
        context.check()
    return PhaseResult(tuple(outputs), metrics, _gate(measures, len(rejected)), tuple(rejected))


def _gate(measures: list[Measure], rejected: int) -> Gate:
    if not measures:
        return Gate(decision="skip", reason="a base without siblings has nothing to be compared with")
    told = f"{len(measures) - rejected} of {len(measures)} siblings beat the base trained on for as long"
    return Gate(decision="fail" if rejected else "pass", reason=told, measures=measures)


def mean_loss(model: nn.Module, batches: Batches, count: int) -> float:
    """Mean cross-entropy in nats over the labels of `count` batches."""
    total, asked = torch.zeros((), dtype=torch.float64), 0
    with judging(model) as where:
        for step in range(count):
            batch = batches(step)
            n = int((batch.labels != -100).sum())
            total += float(next_token_loss(model, type(batch)(batch.tokens.to(where), batch.labels.to(where)))) * n
            asked += n
    return float(total) / asked


PHASE = Phase("cognate", CognateConfig, run, (0, 0))
