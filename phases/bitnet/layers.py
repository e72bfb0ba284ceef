"""Linear layers that compute with ternary weights and 8-bit activations, and learn float32 ones (BitNet b1.58, arXiv 2402.17764).

    weights      scale = 1 / mean|W|           trits = clip(round(W · scale), -1, 1)          one scale for a matrix
    activations  scale = 127 / max|x|          values = clip(round(x · scale), -128, 127)     one scale for a token
    y = (values @ tritsᵀ) / (activation scale · weight scale) + bias

While training, what a layer computes with is mixed from latent and quantised, λ from 0 to 1, and gradients go straight through to the
latents (arXiv 1308.3432). At λ = 1 the outputs are bit-equal to transformers' AutoBitLinear, `online_quant`.

Covered: every Linear in the layers of a Llama, Qwen2 or Qwen3 model, biases kept float. Embeddings, norms and the head stay float.
Not covered: the extra norms before the output and down projections (SubLN) that BitNet models from scratch may have: a checkpoint with
them is no stock Llama any more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

LEAST = 1e-5  # of a mean or maximum that is divided by


def ternary(weight: Tensor) -> tuple[Tensor, Tensor]:
    """[out, in] → trits [out, in] of -1, 0, 1 (float32) and their scale []: weight ≈ trits / scale."""
    weight = weight.float()
    scale = 1.0 / weight.abs().mean().clamp(min=LEAST)
    return (weight * scale).round_().clamp_(-1, 1), scale


def eight_bits(x: Tensor) -> tuple[Tensor, Tensor]:
    """[..., in] → values [..., in] of -128 … 127 (float32) and their scales [..., 1]: x ≈ values / scales."""
    x = x.float()
    scale = 127 / x.abs().amax(dim=-1, keepdim=True).clamp(min=LEAST)
    return (x * scale).round_().clamp_(-128, 127), scale


class _Ternary(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, strength: Tensor) -> Tensor:
        trits, scale = ternary(weight)
        return torch.lerp(weight, trits.div_(scale).to(weight.dtype), strength.to(weight.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


class _EightBits(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: Tensor) -> Tensor:
        values, scale = eight_bits(x)
        return torch.lerp(x, values.div_(scale).to(x.dtype), strength.to(x.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


class BitLinear(nn.Linear):
    """Takes the place of a Linear and shares its parameters. `strength`: λ, 0 (float) … 1 (ternary); a tensor, so nothing recompiles."""

    strength: Tensor

    def __init__(self, linear: nn.Linear, strength: float = 1.0) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=linear.bias is not None, device="meta")
        self.weight, self.bias = linear.weight, linear.bias
        self.register_buffer("strength", torch.tensor(strength, device=linear.weight.device), persistent=False)
        self.train(linear.training)

    def forward(self, x: Tensor) -> Tensor:
        weight: Tensor = _Ternary.apply(self.weight, self.strength)  # type: ignore[no-untyped-call]
        x = _EightBits.apply(x, self.strength)  # type: ignore[no-untyped-call]
        return nn.functional.linear(x, weight, self.bias)


def linears(model: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """The Linear modules in a model's layers, float or ternary, by name, in order."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and "layers." in name:
            yield name, module


def quantise(model: nn.Module, strength: float = 1.0) -> None:
    """Let a model compute as ternary from now on; its parameters and their names stay."""
    for name, module in linears(model):
        if isinstance(module, BitLinear):
            module.strength.fill_(strength)
        else:
            model.set_submodule(name, BitLinear(module, strength))


def dequantise(model: nn.Module) -> None:
    """Let a model compute with its latent weights again."""
    for name, module in linears(model):
        if isinstance(module, BitLinear):
            plain = nn.Linear(module.in_features, module.out_features, bias=module.bias is not None, device="meta")
            plain.weight, plain.bias = module.weight, module.bias
            model.set_submodule(name, plain.train(module.training))


@contextmanager
def quantised(model: nn.Module) -> Iterator[nn.Module]:
    """Within it, the model computes as ternary."""
    quantise(model)
    try:
        yield model
    finally:
        dequantise(model)
