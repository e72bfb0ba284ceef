"""The phase: think, distil, and compare with a plain model that was given as much compute.

    checkpoint ─ thinking_loss → thinker ─ distillation → plain checkpoint ─┐
         └────── next-token loss on the same data, as many tokens ──────────┴→ gate

The output is the distilled model, stock names and sizes; its side-car `thinking.safetensors` is the thinker it was distilled from,
mixing head included. Each training is kept when it is done, so a killed phase repeats none of them.
"""

import copy
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from phases import checkpoint
from phases.configs import QuietStarConfig, ThinkingConfig, TrainingConfig
from phases.contract import Budget, CheckpointDamaged, CheckpointRef, Context, Gate, Measure, Phase, PhaseResult
from phases.data.packing import mixture
from phases.data.packs import PackName, pack
from phases.evaluation import evaluate
from phases.quiet_star import distill
from phases.quiet_star.thoughts import Thinker, marks_of
from phases.quiet_star.training import thinking_loss
from phases.training import device, next_token_loss, train
from phases.training.loop import Loss
from shared.errors import NotFound

SIDECAR = "thinking.safetensors"
LIKELIHOOD, ACCURACY, BITS = "reasoning/log_likelihood", "reasoning/accuracy", "text/bits_per_byte"


def run(context: Context, inputs: tuple[CheckpointRef, ...], config: QuietStarConfig, budget: Budget) -> PhaseResult:
    """Metrics: output, input, control on the gate's packs, the thinker on the reasoning pack, losses."""
    (ref,) = inputs
    tokenizer, where = checkpoint.load_tokenizer(ref), device()
    names: tuple[PackName, ...] = ("reasoning", "text")
    packs = [pack(name, tokenizer, "gate", config.pack_size, source=config.corpus, field=config.field) for name in names]
    thinker = Thinker(checkpoint.load_model(ref, where), marks_of(tokenizer), config.thinking, config.seed)
    metrics: dict[str, float] = {}
    spent = 0.0

    def trained(name: str, module: nn.Module, settings: TrainingConfig, loss: Loss, after: int = 0) -> None:
        """On the mixture from batch `after` on."""
        nonlocal spent
        batches = mixture(
            tokenizer, config.mixture, seed=config.seed, length=config.length, batch_size=config.batch_size, cache=config.cache(),
            source=config.corpus, field=config.field, steps=after + settings.steps,
        )  # fmt: skip
        left = Budget(budget.seconds - spent) if budget.seconds is not None else budget
        told = train(context, name, module, lambda step: batches(after + step), settings, loss=loss, seed=config.seed, budget=left)
        spent += told.seconds
        metrics.update({f"{name}/loss": told.loss, f"{name}/tokens": float(told.tokens)})

    trained("think", thinker, config.training, thinking_loss)
    student = copy.deepcopy(thinker.model)
    thinker.requires_grad_(False)
    trained("distill", student, config.distill, distill.loss_of(thinker, config.distill_weight), config.training.steps)
    told = {"input": evaluate(checkpoint.load_model(ref, where), tokenizer, packs), "output": evaluate(student, tokenizer, packs)}
    if config.control:
        control = checkpoint.load_model(ref, where)
        trained("control", control, config.training.model_copy(update={"steps": equal_steps(config)}), next_token_loss)
        told["control"] = evaluate(control, tokenizer, packs)
    told["thinking"] = evaluate(thinker, tokenizer, packs[:1])
    metrics |= {f"{who}/{name}": value for who, found in told.items() for name, value in found.items()}

    sidecar = context.scratch / SIDECAR
    save_thinker(thinker, sidecar)
    out = checkpoint.write(
        context.scratch / "outputs" / "quiet_star", student, tokenizer, phase="quiet_star", parents=inputs,
        config=config.model_dump(mode="json"), metrics=metrics, sidecars={SIDECAR: sidecar},
    )  # fmt: skip
    gate = gate_of(told, config)
    return PhaseResult((out,), metrics, gate) if gate.decision == "pass" else PhaseResult(inputs, metrics, gate, (out,))


def equal_steps(config: QuietStarConfig) -> int:
    """Plain steps that put as many tokens through the model as thinking and distilling; without gradient a token counts a third."""
    thinking, length = config.thinking, config.length
    columns = max(1, round(length * thinking.positions))
    thought = columns * thinking.samples * (thinking.length + 1 + thinking.ahead)
    taught = columns * thinking.samples * (thinking.length + 2)
    whole = config.training.steps * (length + thought) + config.distill.steps * (length + (length + taught) / 3)
    return round(whole / length)


def gate_of(told: dict[str, dict[str, float]], config: QuietStarConfig) -> Gate:
    """Pass: answers are likelier than the input's and the control's, and the text's bits per byte rise by less than the tolerance."""
    out, before, control = told["output"], told["input"], told.get("control", {})
    measures = [
        Measure(name=name, input=before[name], output=out[name], control=control.get(name), better="lower" if name == BITS else "higher")
        for name in (LIKELIHOOD, ACCURACY, BITS)
    ]  # fmt: skip
    against = {"the input": before} | ({"a plain model trained as long": control} if control else {})
    lost = [name for name, other in against.items() if out[LIKELIHOOD] <= other[LIKELIHOOD]]
    if lost:
        reason = f"Answers are no likelier than those of {' and of '.join(lost)}."
    elif out[BITS] > before[BITS] * (1 + config.text_tolerance):
        reason = f"Bits per byte of text rose by {out[BITS] / before[BITS] - 1:.1%}."
    else:
        return Gate(decision="pass", reason=f"Answers are likelier than those of {' and of '.join(against)}.", measures=measures)
    return Gate(decision="fail", reason=reason, measures=measures)


def save_thinker(thinker: Thinker, path: Path) -> None:
    """All its weights, tied ones once, and how it thinks."""
    weights = {name: p.detach().cpu().contiguous() for name, p in thinker.named_parameters()}
    save_file(weights, path, metadata={"thinking": thinker.thinking.model_dump_json()})


def load_thinker(ref: CheckpointRef) -> Thinker:
    """The thinking model beside a checkpoint of this phase. NotFound; CheckpointDamaged."""
    path = ref.path / SIDECAR
    if not path.exists():
        raise NotFound(f"The checkpoint {ref.path.name!r} has no {SIDECAR}.", "Only what the phase quiet_star wrote has one.")
    try:
        with safe_open(path, framework="pt") as file:
            thinking = ThinkingConfig.model_validate(json.loads(file.metadata()["thinking"]))
        thinker = Thinker(checkpoint.load_model(ref), marks_of(checkpoint.load_tokenizer(ref)), thinking)
        missing, unexpected = thinker.load_state_dict(load_file(path), strict=False)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise CheckpointDamaged(f"{SIDECAR} of {ref.path.name!r} cannot be read: {str(error)[:100]}") from None
    if wrong := [*unexpected, *(name for name, _ in thinker.named_parameters() if name in missing)]:
        raise CheckpointDamaged(f"{SIDECAR} of {ref.path.name!r} does not fit the model: {wrong[0]}.")
    return thinker.eval()


PHASE = Phase("quiet_star", QuietStarConfig, run, (1, 1))
