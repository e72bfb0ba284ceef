"""Steps until the tokens are used up, saved so that another worker goes on exactly where this one stopped."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from phases.configs import TrainingConfig
from phases.contract import Budget, BudgetSpent, CheckpointDamaged, Context, TrainingDiverged
from phases.training.optimizers import optimizers_for
from phases.training.schedule import warmup_stable_decay
from shared.errors import BadInput

SAVE_EVERY_S = 60.0
TELL_EVERY = 10  # steps


class Batch(NamedTuple):
    """tokens and labels: int64 [batch, length]; labels[b, t] is what should follow tokens[b, : t + 1], -100 where nobody asks."""

    tokens: Tensor
    labels: Tensor


Batches = Callable[[int], Batch]
"""The batch of a step: the same for the same step, whenever it is asked for, so a data cursor is the step alone."""

Loss = Callable[[nn.Module, Batch, int], Tensor]
"""(module, batch, step) → the mean loss over the labels that are asked for, a scalar with gradient."""


@dataclass(frozen=True)
class Trained:
    """`loss`: the mean over the last tenth of the steps. `seconds` and `tokens` of all attempts together."""

    loss: float
    tokens: int
    seconds: float
    micro_batches: int

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def next_token_loss(module: nn.Module, batch: Batch, step: int = 0) -> Tensor:
    """Mean cross-entropy in nats."""
    logits = module(input_ids=batch.tokens, use_cache=False).logits
    return nn.functional.cross_entropy(logits.flatten(0, 1).float(), batch.labels.flatten(), ignore_index=-100)


def train(
    context: Context, name: str, module: nn.Module, batches: Batches, config: TrainingConfig, *,
    loss: Loss = next_token_loss, seed: int = 0, budget: Budget = Budget(), on_step: Callable[[int], None] | None = None,  # noqa: B008
) -> Trained:  # fmt: skip
    """Train `module` in place, on the device where it is. `name`: under which its progress is kept, one of its own per training.

    What the loss draws from torch's generator is a function of `seed` and resumed exactly; the generator is left as it was.
    Raises TrainingDiverged, BudgetSpent, and what `context.check` raises.
    """
    state = _State(module, config)
    where = next(module.parameters()).device
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        torch.manual_seed(seed)
        state.resume(context, name)
        forward = cast(nn.Module, torch.compile(module)) if where.type == "cuda" and config.compile else module
        started, saved, before = time.monotonic(), time.monotonic(), state.seconds
        module.train()
        while state.step < config.steps:
            context.check()
            state.seconds = before + time.monotonic() - started
            if budget.seconds is not None and state.seconds > budget.seconds:
                state.save(context, name)
                raise BudgetSpent(f"{name} used up its {budget.seconds:g} s after step {state.step} of {config.steps}.", "Give it more time, or fewer steps.")
            if on_step:
                on_step(state.step)
            told = _step(context, name, forward, batches(state.step), state, config, loss)
            if state.step >= config.steps * 0.9 - 1:
                state.last.append(told)
            state.step += 1
            due = state.step % config.save_every == 0 if config.save_every else time.monotonic() - saved > SAVE_EVERY_S
            if due or state.step == config.steps:  # what is finished is kept as well: a phase trains several times
                state.seconds = before + time.monotonic() - started
                state.save(context, name)
                saved = time.monotonic()
            if state.step % TELL_EVERY == 0 or state.step == config.steps:
                loss_now = _finite(name, state.step, told)
                context.metric(f"{name}/loss", loss_now, state.step)
                context.progress(state.step, config.steps, "steps")
        module.eval()
        state.seconds = before + time.monotonic() - started
        if time.monotonic() - saved > SAVE_EVERY_S / 4:  # what comes after it may be killed as well
            state.save(context, name)
    last = [_finite(name, state.step, value) for value in state.last]
    return Trained(sum(last) / len(last), state.tokens, state.seconds, state.micro_batches)


def _step(
    context: Context, name: str, forward: nn.Module, batch: Batch, state: "_State", config: TrainingConfig, loss: Loss
) -> Tensor:
    """One update; the batch is split further, once and for all, when the GPU's memory does not suffice."""
    factor = warmup_stable_decay(state.step, config.steps, config.warmup, config.decay)
    while True:
        try:
            total = _backward(forward, batch, state, loss)
            break
        except torch.OutOfMemoryError:
            state.zero()
            torch.cuda.empty_cache()
            if state.micro_batches * 2 > len(batch.tokens):
                raise BadInput(f"One sequence of {batch.tokens.shape[1]} tokens does not fit into the GPU's memory.", "Use shorter sequences or a larger GPU.") from None
            state.micro_batches *= 2
            context.emit("out_of_memory", training=name, step=state.step, micro_batches=state.micro_batches)
    nn.utils.clip_grad_norm_(state.trained, config.clip, foreach=True)
    for optimizer, peaks in zip(state.optimizers, state.peaks, strict=True):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * factor
        optimizer.step()
    state.zero()
    state.tokens += batch.tokens.numel()
    return total


def _backward(forward: nn.Module, batch: Batch, state: "_State", loss: Loss) -> Tensor:
    """Gradients of the whole batch's mean loss, a micro-batch at a time."""
    where = state.trained[0].device
    asked = (batch.labels != -100).sum()
    total = torch.zeros((), device=where)
    for tokens, labels in zip(batch.tokens.chunk(state.micro_batches), batch.labels.chunk(state.micro_batches), strict=True):
        with torch.autocast("cuda", torch.bfloat16, enabled=where.type == "cuda"):
            share = (labels != -100).sum() / asked
            value = loss(forward, Batch(tokens.to(where, non_blocking=True), labels.to(where, non_blocking=True)), state.step)
            part = value * share.to(where)
        part.backward()  # type: ignore[no-untyped-call]
        total += part.detach()
    return total


def _finite(name: str, step: int, value: Tensor) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise TrainingDiverged(f"The loss of {name} is {number} at step {step}.", "Use a lower learning rate, or look at the data.")
    return number


class _State:
    """All that a later attempt needs: weights, the optimizers' moments, the generators, the step."""

    def __init__(self, module: nn.Module, config: TrainingConfig) -> None:
        self.module = module
        self.trained = [p for p in module.parameters() if p.requires_grad]
        self.optimizers = optimizers_for(module, config.learning_rate, config.adam_learning_rate if config.muon else config.learning_rate,
                                         config.weight_decay, config.muon)  # fmt: skip
        self.peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers]
        self.step, self.tokens, self.seconds, self.micro_batches = 0, 0, 0.0, 1
        self.last: list[Tensor] = []  # losses of the last tenth

    def zero(self) -> None:
        for p in self.trained:
            p.grad = None

    def save(self, context: Context, name: str) -> None:
        folder = context.scratch / "training" / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file({key: value.contiguous() for key, value in self._weights().items()}, folder / "module.safetensors")
        save_file(self._moments(), folder / "optimizer.safetensors")
        value = {"step": self.step, "tokens": self.tokens, "seconds": round(self.seconds, 3), "micro_batches": self.micro_batches}
        context.checkpoint(name, value, {path.name: path for path in sorted(folder.iterdir())})

    def resume(self, context: Context, name: str) -> None:
        folder = context.scratch / "resume" / name
        folder.mkdir(parents=True, exist_ok=True)
        found = context.restore(name, folder)
        if found is None:
            return
        with torch.no_grad():
            kept = _read(folder / "module.safetensors")
            for key, weights in self._weights().items():
                weights.copy_(kept[key])
        self._take(_read(folder / "optimizer.safetensors"))
        self.step, self.tokens = int(found["step"]), int(found["tokens"])
        self.seconds, self.micro_batches = float(found["seconds"]), int(found["micro_batches"])

    def _weights(self) -> dict[str, Tensor]:
        """Parameters and buffers, those that share storage (tied embeddings) once."""
        seen: dict[int, str] = {}
        found = {}
        for key, value in self.module.state_dict().items():
            if value.data_ptr() not in seen or value.numel() == 0:
                seen[value.data_ptr()] = key
                found[key] = value
        return found

    def _moments(self) -> dict[str, Tensor]:
        told: dict[str, Tensor] = {"rng": torch.get_rng_state()}
        if self.trained[0].is_cuda:
            told["rng.cuda"] = torch.cuda.get_rng_state(self.trained[0].device)
        if self.last:
            told["last"] = torch.stack([value.cpu() for value in self.last])
        for i, optimizer in enumerate(self.optimizers):
            for j, group in enumerate(optimizer.param_groups):
                for k, p in enumerate(group["params"]):
                    for key, value in optimizer.state[p].items():
                        told[f"{i}.{j}.{k}.{key}"] = value.contiguous()
        return told

    def _take(self, told: dict[str, Tensor]) -> None:
        torch.set_rng_state(told.pop("rng"))
        if (rng := told.pop("rng.cuda", None)) is not None and self.trained[0].is_cuda:
            torch.cuda.set_rng_state(rng, self.trained[0].device)
        last = told.pop("last", None)
        self.last = list(last.to(self.trained[0].device).unbind()) if last is not None else []
        for name, value in told.items():
            i, j, k, key = name.split(".", 3)
            p = self.optimizers[int(i)].param_groups[int(j)]["params"][int(k)]
            self.optimizers[int(i)].state[p][key] = value if key == "step" else value.to(p.device)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no mapping
    except Exception as error:
        raise CheckpointDamaged(f"{path.name} of the saved progress cannot be read: {str(error)[:100]}") from None


