"""A merge as YAML, in the words of mergekit's, applied to state dicts.

    merge_method: ties                        one of operators.METHODS
    base_model: base                          where the method needs one
    models:                                   whole models …
      - model: reasoning
        parameters: {weight: [0.2, 0.8], density: 0.5}
    slices:                                   … or layers of models; their outputs stand one above the other
      - sources: [{model: reasoning, layer_range: [0, 4]}]
    parameters: {normalize: true}             for all of them
    dtype: float32                            of the inputs; out_dtype: of the result, where it differs

Of a parameter's values the narrowest counts: a source's, a slice's, a model's, everybody's. A value is a number or a bool; a list of numbers,
which is a gradient over the layers (one layer alone takes its last, tensors of no layer its first); or a list of {filter, value}, of which the first counts
whose filter is part of the tensor's name (one without filter fits all). Embeddings are merged as the first slice says, what comes
after the layers as the last does.

Covered: the above, `tokenizer_source` where it changes nothing (all tokenizers are one), `int8_mask` (it changes no result).
Not covered, and refused: `tokenizer` and other tokenizer sources, `chat_template`, gradients of bools, methods that operators.py lacks.
What a random method draws is a function of the seed and the tensor's name, and not what mergekit draws.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, ValidationError, model_validator
from torch import Tensor

from phases.contract import ModelsDiffer
from phases.merging.operators import METHODS, Inputs, Method
from shared.errors import BadInput

Weights = Mapping[str, Tensor]
Value = bool | int | float
Gradient = Annotated[list[StrictInt | StrictFloat], Field(min_length=1)]
IGNORED = ("int8_mask",)
LAYER = re.compile(r"^(.*\blayers\.)(\d+)(\..+)$")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filtered(_Part):
    value: Value | Gradient
    filter: str | None = None


Setting = Value | Gradient | Annotated[list[Filtered], Field(min_length=1)]


class Source(_Part):
    model: str
    layer_range: tuple[int, int] | None = None
    parameters: dict[str, Setting] = {}


class Slice(_Part):
    sources: list[Source] = Field(min_length=1)
    parameters: dict[str, Setting] = {}


class Recipe(_Part):
    merge_method: str
    base_model: str | None = None
    models: list[Source] | None = Field(default=None, min_length=1)
    slices: list[Slice] | None = Field(default=None, min_length=1)
    parameters: dict[str, Setting] = {}
    dtype: Literal["float32", "float16", "bfloat16"] | None = None
    out_dtype: Literal["float32", "float16", "bfloat16"] | None = None
    tokenizer_source: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.models is None) == (self.slices is None):
            raise ValueError("give either models or slices")
        if self.merge_method not in METHODS:
            raise ValueError(f"there is no merge_method {self.merge_method!r}; there are {', '.join(METHODS)}")
        method = self.method
        if method.base and self.base_model is None:
            raise ValueError(f"{self.merge_method} needs a base_model")
        known = {*method.per_model, *method.shared, *IGNORED}
        for slice_ in self.outputs:
            for settings in (self.parameters, slice_.parameters, *(source.parameters for source in slice_.sources)):
                for name in settings:
                    if name not in known:
                        raise ValueError(f"{self.merge_method} has no parameter {name!r}; it has {', '.join(sorted(known - {*IGNORED})) or 'none'}")
            self._check_sources(slice_)
        if self.tokenizer_source not in (None, "base", "union", *self.names):
            raise ValueError(f"tokenizer_source {self.tokenizer_source!r} is none of the models")
        return self

    def _check_sources(self, slice_: Slice) -> None:
        names = [source.model for source in slice_.sources]
        if self.slices is not None:
            ranges = [source.layer_range or (0, 0) for source in slice_.sources]
            if len({high - low for low, high in ranges}) > 1 or any(not 0 <= low < high for low, high in ranges):
                raise ValueError("the sources of a slice each need a layer_range [from, to), all of one length")
            if self.method.base and self.base_model not in names:
                raise ValueError("base_model must be among the sources of each slice")
        elif any(source.layer_range for source in slice_.sources):
            raise ValueError("layer_range belongs into slices")
        if len(set(names)) < len(names) and self.method.base:
            raise ValueError("a model is named twice")
        count, (least, most) = len(names) - (self.base_model in names if self.method.base else 0), self.method.models
        if not least <= count <= most:
            wanted = str(least) if least == most else f"at least {least}"
            raise ValueError(f"{self.merge_method} merges {wanted} model{'s' * (wanted != '1')}{' besides the base' * self.method.base}, not {count}")

    @property
    def method(self) -> Method:
        return METHODS[self.merge_method]

    @property
    def outputs(self) -> list[Slice]:
        return self.slices or [Slice(sources=self.models or [])]

    @property
    def names(self) -> tuple[str, ...]:
        """The models it needs, the base first."""
        found = [source.model for slice_ in self.outputs for source in slice_.sources]
        return tuple(dict.fromkeys(([self.base_model] if self.base_model else []) + found))


def read(text: str) -> Recipe:
    """BadInput names the key that is wrong."""
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"The recipe is not YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(told, dict):
        raise BadInput("The recipe is no mapping.", "It starts with merge_method: …")
    try:
        return Recipe.model_validate(told)
    except ValidationError as error:
        first = min(error.errors(), key=lambda told: len(told["loc"]))  # the outermost is what a person wrote wrong
        place = [str(part) for part in first["loc"]]
        if "parameters" in place[:-1]:
            where = ".".join(place[: place.index("parameters") + 2])
            raise BadInput(f"The recipe's {where} is no value.", "Give a number, a list of numbers, or a list of {filter, value}.") from None
        where = ".".join(place)
        if first["type"] == "extra_forbidden":
            raise BadInput(f"The recipe's key {where!r} is unknown or not covered.", f"Known are: {', '.join(_keys(first['loc']))}.") from None
        raise BadInput(f"The recipe does not fit{f' at {where}' if where else ''}: {first['msg'].removeprefix('Value error, ')}.") from None


def write(recipe: Recipe) -> str:
    """YAML that mergekit reads too."""
    return str(yaml.safe_dump(recipe.model_dump(mode="json", exclude_defaults=True), sort_keys=False))


def layers_of(weights: Weights) -> int:
    return 1 + max((int(match[2]) for name in weights if (match := LAYER.match(name))), default=-1)


@dataclass(frozen=True)
class Step:
    """One tensor of the result: its name, what it is merged from ((model, name) each), and the operator's parameters."""

    name: str
    sources: tuple[tuple[str, str], ...]
    base: tuple[str, str] | None
    parameters: dict[str, Any]


Prepared = dict[tuple[Any, ...], Inputs]
"""What merges of the same models share: kept between calls of `merge`, a candidate costs only what its parameters change."""


def merge(recipe: Recipe, models: Mapping[str, Weights], seed: int = 0, prepared: Prepared | None = None) -> dict[str, Tensor]:
    """The merged state dict; it may have more or fewer layers (`layers_of`). ModelsDiffer, BadInput."""
    result = {}
    for step in steps(recipe, models):
        key = (step.sources, step.base, recipe.dtype, seed)
        inputs = (prepared or {}).get(key) or _inputs(step, recipe, models, seed)
        if prepared is not None:
            prepared[key] = inputs
        dtype = recipe.out_dtype or recipe.dtype
        merged = recipe.method.function(inputs, **step.parameters)
        result[step.name] = merged.to(getattr(torch, dtype) if dtype else inputs.tensors[0].dtype)
    return result


def _inputs(step: Step, recipe: Recipe, models: Mapping[str, Weights], seed: int) -> Inputs:
    tensors = [_taken(models, recipe, where) for where in step.sources]
    base = _taken(models, recipe, step.base) if step.base else None
    if len({tensor.shape for tensor in (*tensors, *([] if base is None else [base]))}) > 1:
        raise ModelsDiffer(f"{step.name} does not have the same shape in all models.")
    own = hashlib.sha256(f"{seed} {step.name}".encode()).digest()
    return Inputs(tensors, base, int.from_bytes(own[:8]) >> 1)


def steps(recipe: Recipe, models: Mapping[str, Weights]) -> Iterator[Step]:
    for name in recipe.names:
        if name not in models:
            raise BadInput(f"The recipe names {name!r}, which was not given.", f"Given are: {', '.join(models)}.")
    first, lowest, highest = models[recipe.names[0]], recipe.outputs[0], recipe.outputs[-1]
    outer = [name for name in sorted(first) if not LAYER.match(name)]
    inner = [(match[1], match[3]) for name in sorted(first) if (match := LAYER.match(name)) and match[2] == "0"]
    yield from (_step(recipe, lowest, name, [name] * len(lowest.sources), 0.0) for name in outer if "embed" in name)
    out = 0
    for slice_ in recipe.outputs:
        ranges = [source.layer_range or (0, layers_of(models[source.model])) for source in slice_.sources]
        for source, (_, high) in zip(slice_.sources, ranges, strict=True):
            if high > layers_of(models[source.model]):
                raise BadInput(f"{source.model!r} has {layers_of(models[source.model])} layers, not {high}.")
        length = ranges[0][1] - ranges[0][0]
        if any(high - low != length for low, high in ranges):
            raise ModelsDiffer("The models have different numbers of layers.")
        for i in range(length):
            for before, after in inner:
                names = [f"{before}{low + i}{after}" for low, _ in ranges]
                yield _step(recipe, slice_, f"{before}{out}{after}", names, i / (length - 1) if length > 1 else 1.0)
            out += 1
    yield from (_step(recipe, highest, name, [name] * len(highest.sources), 0.0) for name in outer if "embed" not in name)


def _step(recipe: Recipe, slice_: Slice, name: str, names: Sequence[str], t: float) -> Step:
    """`t`: how far up the slice, 0 … 1. `names`: of the tensor in each source."""
    method, base, sources = recipe.method, None, []
    if method.base and recipe.slices is None:
        base = (str(recipe.base_model), name)
    for source, theirs in zip(slice_.sources, names, strict=True):
        if method.base and source.model == recipe.base_model:
            base = (source.model, theirs)
        else:
            sources.append((source, theirs))
    given: dict[str, Any] = {
        parameter: [_value(parameter, default, theirs, t, source.parameters, slice_.parameters, recipe.parameters) for source, theirs in sources]
        for parameter, default in method.per_model.items()
    }
    for parameter, default in method.shared.items():
        key = "lambda_" if parameter == "lambda" else parameter
        given[key] = _value(parameter, default, name, t, slice_.parameters, recipe.parameters)
    for epsilon, density in zip(given.get("epsilon", []), given.get("density", []), strict=False):
        if density < 1 and not epsilon < density < 1 - epsilon:
            raise BadInput(f"density {density:g} ± epsilon {epsilon:g} leaves 0 … 1, at {name}.", "Choose a smaller epsilon.")
    return Step(name, tuple((source.model, theirs) for source, theirs in sources), base, given)


def _value(parameter: str, default: Value | None, name: str, t: float, *levels: Mapping[str, Setting]) -> Value:
    for settings in levels:
        setting = settings.get(parameter)
        if isinstance(setting, list) and isinstance(setting[0], Filtered):
            fitting = (one.value for one in setting if isinstance(one, Filtered) and (one.filter in (None, "*") or str(one.filter) in name))
            setting = next(fitting, None)
        if setting is None:
            continue
        value = _along(setting, t) if isinstance(setting, list) else setting
        low, high = (0.0, 1.0) if parameter in ("density", "epsilon", "gamma", "select_topk") else (float("-inf"), float("inf"))
        if not low <= value <= high:
            raise BadInput(f"{parameter} {value:g} is not in 0 … 1, at {name}.")
        return value
    if default is None:
        raise BadInput(f"The recipe gives no {parameter} for {name}.", f"Put one under parameters: {{{parameter}: …}}.")
    return default


def _along(gradient: Sequence[Any], t: float) -> float:
    """Linear between the values, which stand evenly over 0 … 1."""
    place = t * (len(gradient) - 1)
    i = min(int(place), len(gradient) - 2)
    return float(gradient[0]) if len(gradient) == 1 else float(gradient[i] + (gradient[i + 1] - gradient[i]) * (place - i))


def _taken(models: Mapping[str, Weights], recipe: Recipe, where: tuple[str, str]) -> Tensor:
    model, name = where
    if name not in models[model]:
        raise ModelsDiffer(f"{model!r} has no {name}.")
    tensor = models[model][name]
    return tensor.to(getattr(torch, recipe.dtype)) if recipe.dtype else tensor


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """What would be known where an unknown key stands."""
    within = [part for part in place[:-1] if isinstance(part, str)]
    part: type[BaseModel] = Recipe if not within else Slice if within == ["slices"] else Source
    return list(part.model_fields)
