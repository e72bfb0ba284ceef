"""Muon (K. Jordan et al. 2024): momentum whose update is made orthogonal, for 2-D hidden weights; AdamW for embeddings, norms and heads.

An update is scaled by 0.2·√max(rows, columns), so that its RMS is that of AdamW's and rates carry over (Moonlight, arXiv 2502.16982).
Matrices of one shape are orthogonalised together, in one batched product.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic, as published: singular values end in about 0.7 … 1.2


def orthogonalize(matrices: Tensor, iterations: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly, by Newton–Schulz. `matrices` and result: [n, rows, columns]."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """For 2-D parameters only; ValueError for others."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        for group in self.param_groups:
            if any(p.ndim != 2 for p in group["params"]):
                raise ValueError("Muon is for matrices.")

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    shapes[p.shape].append(p)
            for shape, params in shapes.items():
                for p in params:
                    if "momentum" not in self.state[p]:
                        self.state[p]["momentum"] = torch.zeros_like(p)
                grads = [p.grad for p in params if p.grad is not None]
                buffers = [self.state[p]["momentum"] for p in params]
                torch._foreach_lerp_(buffers, grads, 1 - group["momentum"])
                ahead = torch._foreach_lerp(grads, buffers, group["momentum"])  # Nesterov
                updates = orthogonalize(torch.stack(tuple(ahead)))
                torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(params, list(updates.unbind()), alpha=-group["lr"] * 0.2 * max(shape) ** 0.5)


def optimizers_for(
    module: nn.Module, muon_lr: float, adam_lr: float, weight_decay: float, muon: bool = True
) -> list[torch.optim.Optimizer]:
    """Muon on the matrices of the layers, AdamW on all else that is trained (all of it without `muon`)."""
    hidden: list[Tensor] = []
    matrices: list[Tensor] = []
    rest: list[Tensor] = []
    for name, p in module.named_parameters():
        if not p.requires_grad:
            continue
        if p.ndim == 2 and "layers." in name:
            (hidden if muon else matrices).append(p)
        elif p.ndim >= 2:
            matrices.append(p)
        else:
            rest.append(p)
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
    made: list[torch.optim.Optimizer] = []
    if any(group["params"] for group in groups):
        made.append(torch.optim.AdamW([g for g in groups if g["params"]], lr=adam_lr, betas=(0.9, 0.95), eps=1e-10, fused=True))
    if hidden:
        made.append(Muon(hidden, muon_lr, weight_decay=weight_decay))
    return made
