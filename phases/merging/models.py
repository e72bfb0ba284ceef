"""Whole models in and out of merges."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from phases.merging.recipe import Recipe, Weights, layers_of, merge

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def merged(recipe: Recipe, models: Mapping[str, "PreTrainedModel"], seed: int = 0) -> "PreTrainedModel":
    """A new model, in float32, of as many layers as the recipe stacks. ModelsDiffer, BadInput."""
    weights = merge(recipe, {name: weights_of(model) for name, model in models.items()}, seed)
    first = models[recipe.names[0]]
    config = copy.deepcopy(first.config)
    config.num_hidden_layers = layers_of(weights)
    if recipe.slices and getattr(config, "layer_types", None):  # Qwen's tell for each layer how it attends
        lowest = [(slice_.sources[0].model, slice_.sources[0].layer_range or (0, 0)) for slice_ in recipe.slices]
        config.layer_types = [models[name].config.layer_types[i] for name, (low, high) in lowest for i in range(low, high)]
    with torch.random.fork_rng(devices=[]):
        model: PreTrainedModel = type(first)(config)
    take(model.to(first.device), weights)
    return model.eval()


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """The parameters by name, tied ones once, without gradients."""
    return {name: p.detach() for name, p in model.named_parameters()}


def take(model: nn.Module, weights: Weights) -> None:
    """Overwrite a model's parameters in place."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(weights[name])
