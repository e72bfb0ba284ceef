"""Merge operators: several tensors of one name and their common ancestor → one tensor.

Covered, with the field's names and parameters, computed in float32:
    linear                         weighted mean (model soups, arXiv 2203.05482)
    slerp                          along the great circle between two (Shoemake 1985)
    task_arithmetic                weighted sum of task vectors, that is of differences from the base (arXiv 2212.04089)
    ties                           trimmed by magnitude, signs elected (arXiv 2306.01708)
    dare_linear, dare_ties         dropped at random, rescaled (arXiv 2311.03099)
    della, della_linear            dropped at random, the small ones of each row more often (arXiv 2406.11617)
    breadcrumbs, breadcrumbs_ties  without the largest and the smallest (arXiv 2312.06795)
    sce                            where they vary most; weights from energy; signs elected (FuseChat, arXiv 2408.07990)
    model_stock                    between base and mean, by the angle between task vectors (arXiv 2403.19522)
    passthrough                    one tensor, scaled
Not covered: other methods of mergekit's (nuslerp, karcher, …), and its `int8_mask`, which only saves it memory.

Written from the papers and from what mergekit documents; where they leave something open, its results decided, seen from outside:
rescaling keeps the sum of magnitudes (the papers of DARE and DELLA divide by the share that is kept: the same in expectation).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

COLLINEAR = 0.9995  # slerp: from this cosine on a straight line is as good, and stable


@dataclass(frozen=True)
class Inputs:
    """The tensors of one name, and what of them no parameter changes, so that trying many parameters costs it once.

    tensors: models × [*shape], without the base's; base: [*shape], None for methods that need none; seed: of what random methods draw.
    """

    tensors: Sequence[Tensor]
    base: Tensor | None = None
    seed: int = 0

    @property
    def ancestor(self) -> Tensor:
        """[*shape]"""
        assert self.base is not None
        return self.base.float()

    @cached_property
    def deltas(self) -> Tensor:
        """Task vectors, [models, *shape]."""
        return torch.stack([tensor.float() - self.ancestor for tensor in self.tensors])

    @cached_property
    def from_largest(self) -> Tensor:
        """The place of each element by magnitude in its own task vector, 0 the largest: int32 [models, *shape]."""
        return torch.stack([_places(delta.abs().flatten(), descending=True).view_as(delta) for delta in self.deltas])

    @cached_property
    def from_smallest(self) -> Tensor:
        """The same from the other end; elements of one magnitude need not stand in the opposite order."""
        return torch.stack([_places(delta.abs().flatten(), descending=False).view_as(delta) for delta in self.deltas])

    @cached_property
    def in_row(self) -> Tensor:
        """The place within its row (last dimension), 0 the smallest: int32 [models, *shape]."""
        return torch.stack([_places(delta.abs(), descending=False) for delta in self.deltas])

    @cached_property
    def chance(self) -> Tensor:
        """Uniform in [0, 1): an element with the probability p of being kept is kept where this is below p. [models, *shape]"""
        generator = torch.Generator(self.deltas.device).manual_seed(self.seed)
        return torch.stack([torch.rand(delta.shape, generator=generator, device=delta.device) for delta in self.deltas])

    @cached_property
    def by_variance(self) -> Tensor:
        """The place of each position by how much models differ there, 0 where most: int32 [*shape]."""
        return _places(self.deltas.var(0, unbiased=False).flatten(), descending=True).view_as(self.ancestor)

    @cached_property
    def magnitudes(self) -> Tensor:
        """Sum of |task vector|, [models]."""
        return torch.stack([delta.abs().sum() for delta in self.deltas])


def linear(inputs: Inputs, *, weight: Sequence[float], normalize: bool = True) -> Tensor:
    total = torch.zeros_like(inputs.tensors[0], dtype=torch.float32)
    for tensor, share in zip(inputs.tensors, weight, strict=True):
        total.add_(tensor.float(), alpha=share)
    return total / torch.tensor(weight, dtype=torch.float32).sum().to(total.device) if normalize else total


def slerp(inputs: Inputs, *, t: float) -> Tensor:
    """From the base (t = 0) to the one other tensor (t = 1). Lengths are interpolated too, in that the two are not made unit."""
    a, b = inputs.ancestor, inputs.tensors[0].float()
    lengths = torch.linalg.vector_norm(a, dtype=torch.float64) * torch.linalg.vector_norm(b, dtype=torch.float64)
    cosine = (a.double() * b.double()).sum() / torch.where(lengths > 1e-16, lengths, 1.0)  # float32 loses the angle over millions of elements
    if bool(cosine.abs() > COLLINEAR):
        return a * (1 - t) + b * t
    angle = torch.arccos(cosine)
    return torch.sin((1 - t) * angle) / torch.sin(angle) * a + torch.sin(t * angle) / torch.sin(angle) * b


def task_arithmetic(inputs: Inputs, *, weight: Sequence[float], normalize: bool = False, lambda_: float = 1.0) -> Tensor:
    return _joined(inputs, inputs.deltas, weight, elect=False, normalize=normalize, lambda_=lambda_)


def ties(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], normalize: bool = True, lambda_: float = 1.0, rescale: bool = False
) -> Tensor:
    """Each task vector keeps the `density` of it that is largest."""
    kept = inputs.deltas
    if min(density) < 1:
        counts = [_count(share, delta.numel()) for share, delta in zip(density, inputs.deltas, strict=True)]
        kept = _rescaled(inputs, kept * (inputs.from_largest < _column(counts, kept)), density, rescale)
    return _joined(inputs, kept, weight, elect=True, normalize=normalize, lambda_=lambda_)


def dare_linear(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], normalize: bool = False,
    lambda_: float = 1.0, rescale: bool = True, elect: bool = False,
) -> Tensor:  # fmt: skip
    """Each element is kept with the probability `density`."""
    kept = inputs.deltas * (inputs.chance < _column(density, inputs.deltas)) if min(density) < 1 else inputs.deltas
    return _joined(inputs, _rescaled(inputs, kept, density, rescale), weight, elect, normalize, lambda_)


def dare_ties(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], normalize: bool = False,
    lambda_: float = 1.0, rescale: bool = True,
) -> Tensor:  # fmt: skip
    return dare_linear(
        inputs, weight=weight, density=density, normalize=normalize, lambda_=lambda_, rescale=rescale, elect=True
    )


def della(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], epsilon: Sequence[float],
    normalize: bool = True, lambda_: float = 1.0, rescale: bool = True, elect: bool = True,
) -> Tensor:  # fmt: skip
    """Kept with a probability that rises from density - epsilon for the smallest of a row to density + epsilon for its largest."""
    kept, last = inputs.deltas, inputs.deltas.shape[-1] - 1
    if min(density) < 1:
        halves = [half if share < 1 and last else 0.0 for share, half in zip(density, epsilon, strict=True)]
        rising = 2 * _column(halves, kept) / max(last, 1)
        kept = kept * (inputs.chance < _column(density, kept) - _column(halves, kept) + rising * inputs.in_row)
    return _joined(inputs, _rescaled(inputs, kept, density, rescale), weight, elect, normalize, lambda_)


def della_linear(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], epsilon: Sequence[float],
    normalize: bool = False, lambda_: float = 1.0, rescale: bool = True,
) -> Tensor:  # fmt: skip
    return della(
        inputs, weight=weight, density=density, epsilon=epsilon, normalize=normalize, lambda_=lambda_,
        rescale=rescale, elect=False,
    )  # fmt: skip


def breadcrumbs(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], gamma: Sequence[float], normalize: bool = False,
    lambda_: float = 1.0, rescale: bool = False, elect: bool = False,
) -> Tensor:  # fmt: skip
    """The `gamma` largest go (fewer, where `density` would not be left), then the smallest until `density` is left."""
    kept, total = inputs.deltas, inputs.deltas[0].numel()
    if min(density) < 1:
        counts = [int(share * total) if share < 1 else total for share in density]
        starts = [total - count - min(int(top * total), total - count) for top, count in zip(gamma, counts, strict=True)]
        ends = [start + count for start, count in zip(starts, counts, strict=True)]
        mask = (inputs.from_smallest >= _column(starts, kept)) & (inputs.from_smallest < _column(ends, kept))
        kept = _rescaled(inputs, kept * mask, density, rescale)
    return _joined(inputs, kept, weight, elect, normalize, lambda_)


def breadcrumbs_ties(
    inputs: Inputs, *, weight: Sequence[float], density: Sequence[float], gamma: Sequence[float], normalize: bool = False,
    lambda_: float = 1.0, rescale: bool = False,
) -> Tensor:  # fmt: skip
    return breadcrumbs(inputs, weight=weight, density=density, gamma=gamma, normalize=normalize, lambda_=lambda_, rescale=rescale, elect=True)


def sce(inputs: Inputs, *, select_topk: float = 1.0) -> Tensor:
    """Select the positions that vary most between models, calculate weights from energy, erase minority signs."""
    kept = inputs.deltas
    if select_topk < 1:
        kept = kept * (inputs.by_variance < int(select_topk * inputs.by_variance.numel()))
    energy = kept.flatten(1).square().mean(1)
    weight = _column(energy / energy.sum().clamp(min=torch.finfo(torch.float32).tiny), kept)
    agreed = _agreed(kept)
    shares = (weight * agreed).sum(0)
    return inputs.ancestor + (kept * weight * agreed).sum(0) / shares.masked_fill_(shares == 0, 1)


def model_stock(inputs: Inputs, *, filter_wise: bool = False) -> Tensor:
    """t · mean + (1 - t) · base, t = N cos θ / (1 + (N - 1) cos θ); θ is the mean angle's, of the tensor or of each row."""
    deltas, count = inputs.deltas, len(inputs.tensors)
    rows = deltas if filter_wise and deltas.ndim > 1 else deltas.flatten(1)
    products = torch.einsum("i...c,j...c->...ij", rows, rows)  # [(rows,) models, models]
    squares = products.diagonal(dim1=-2, dim2=-1)
    lengths = (squares.unsqueeze(-1) * squares.unsqueeze(-2)).sqrt().clamp(min=1e-16)
    among = torch.ones(count, count, dtype=torch.bool, device=rows.device).tril(-1)
    cosine = (products / lengths)[..., among].mean(-1)  # [], or [rows] filter-wise
    below = 1 + (count - 1) * cosine
    t = torch.where(below.abs() > 1e-8, count * cosine / below, 0)
    t = t.unsqueeze(-1) if t.ndim else t
    return t * torch.stack([tensor.float() for tensor in inputs.tensors]).mean(0) + (1 - t) * inputs.ancestor


def passthrough(inputs: Inputs, *, scale: Sequence[float] = (1.0,)) -> Tensor:
    return inputs.tensors[0].float() * scale[0]


@dataclass(frozen=True)
class Method:
    """What a method takes. `per_model` and `shared`: names as in YAML → default (None: it must be given); `models`: besides the base."""

    function: Callable[..., Tensor]
    per_model: dict[str, float | None]
    shared: dict[str, float | bool | None]
    models: tuple[int, int] = (1, 64)
    base: bool = True
    random: bool = False


_SUM: dict[str, float | bool | None] = {"normalize": False, "lambda": 1.0}
_PRUNED: dict[str, float | None] = {"weight": None, "density": 1.0}

METHODS: dict[str, Method] = {
    "linear": Method(linear, {"weight": None}, {"normalize": True}, base=False),
    "slerp": Method(slerp, {}, {"t": None}, models=(1, 1)),
    "task_arithmetic": Method(task_arithmetic, {"weight": None}, _SUM),
    "ties": Method(ties, _PRUNED, {**_SUM, "normalize": True, "rescale": False}),
    "dare_linear": Method(dare_linear, _PRUNED, {**_SUM, "rescale": True}, random=True),
    "dare_ties": Method(dare_ties, _PRUNED, {**_SUM, "rescale": True}, random=True),
    "della": Method(della, {**_PRUNED, "epsilon": 0.15}, {**_SUM, "normalize": True, "rescale": True}, random=True),
    "della_linear": Method(della_linear, {**_PRUNED, "epsilon": 0.15}, {**_SUM, "rescale": True}, random=True),
    "breadcrumbs": Method(breadcrumbs, {**_PRUNED, "gamma": 0.01}, {**_SUM, "rescale": False}),
    "breadcrumbs_ties": Method(breadcrumbs_ties, {**_PRUNED, "gamma": 0.01}, {**_SUM, "rescale": False}),
    "sce": Method(sce, {}, {"select_topk": 1.0}, models=(2, 64)),
    "model_stock": Method(model_stock, {}, {"filter_wise": False}, models=(2, 64)),
    "passthrough": Method(passthrough, {"scale": 1.0}, {}, models=(1, 1), base=False),
}


def _places(values: Tensor, descending: bool) -> Tensor:
    """int32, as `values`: where each would stand if the last dimension were sorted. Equals stand as torch's (unstable) sort leaves them."""
    order = values.sort(dim=-1, descending=descending).indices
    places = torch.arange(values.shape[-1], dtype=torch.int32, device=values.device).expand_as(order)
    return torch.empty_like(places, memory_format=torch.contiguous_format).scatter_(-1, order, places)


def _count(share: float, total: int) -> int:
    """How many of `total` are kept: one at least, unless nothing is."""
    return max(1, int(share * total)) if 0 < share < 1 else total if share >= 1 else 0


def _column(values: Sequence[float] | Tensor, like: Tensor) -> Tensor:
    """[models] → [models, 1, …], to go with `like`: [models, *shape]."""
    kind = torch.int32 if not isinstance(values, Tensor) and isinstance(values[0], int) else torch.float32
    column = values if isinstance(values, Tensor) else torch.tensor(values, dtype=kind, device=like.device)
    return column.view(-1, *[1] * (like.ndim - 1))


def _rescaled(inputs: Inputs, kept: Tensor, density: Sequence[float], rescale: bool) -> Tensor:
    """So that what is left of a pruned task vector has the sum of magnitudes that the whole had."""
    if not rescale:
        return kept
    factors = []
    for delta, total, share in zip(kept, inputs.magnitudes, density, strict=True):
        left = delta.abs().sum()
        factors.append(torch.where((left > 0) & (share < 1), total / left, 1.0))
    return kept * _column(torch.stack(factors), kept)


def _agreed(deltas: Tensor) -> Tensor:
    """Bool, whether an element has the sign of the sum over models: [models, *shape]."""
    return ((deltas > 0) == (deltas.sum(0) >= 0)) & (deltas != 0)


def _joined(inputs: Inputs, deltas: Tensor, weight: Sequence[float], elect: bool, normalize: bool, lambda_: float) -> Tensor:
    weights = _column(torch.tensor(weight, dtype=torch.float32, device=deltas.device), deltas)
    weighted = deltas * weights
    agreed = _agreed(weighted) if elect else None
    total = (weighted if agreed is None else weighted * agreed).sum(0)
    if normalize:
        shares = weights.sum(0) if agreed is None else (weights * agreed).sum(0)
        total = total / torch.where(shares.abs() < 1e-8, 1.0, shares)
    return inputs.ancestor + total * lambda_
