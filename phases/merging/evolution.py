"""Which method merges best, and with which parameters: CMA-ES, and random search as its control.

A genome holds a method's parameters for each group of tensors: one for all that is in no layer (embeddings, last norm, head), then groups of
layers from the lowest up. Every method has its own CMA-ES (Hansen, arXiv 1604.00772), as parameters of two methods have nothing in
common that one covariance could learn. They share the generations by successive halving (Karnin et al. 2013): all methods in turn at first,
then the better half of them, until one is left. Methods without parameters need no search; linear is task_arithmetic with less freedom.

Resume: the values of all past generations are kept. Asked again with the same seed, CMA-ES gives the same candidates, and told the
same values it comes to the same state, bit for bit; so nothing else is saved, and nothing is pickled.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from phases.merging.operators import METHODS
from phases.merging.recipe import LAYER, Filtered, Recipe, Setting, Source
from shared.errors import BadInput

Genome = list[float]
WORST = 1e9  # the value of a candidate whose loss is no number


@dataclass(frozen=True)
class Gene:
    """One number of a genome: `parameter` of `model` (its place; None: of all) in `group`, searched from `start`, about `spread` far."""

    parameter: str
    model: int | None
    group: int
    start: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True)
class Candidate:
    method: str
    genome: Genome
    value: float = math.inf


def genes(method: str, models: int, groups: int) -> list[Gene]:
    """`models`: those merged, without the base where there is one."""
    spans: dict[str, tuple[float, float, float, float]] = {
        "weight": (1 / models, 0.3, -0.5, 1.5) if METHODS[method].base else (1 / models, 0.3, 0.0, 1.0),
        "t": (0.5, 0.3, 0.0, 1.0),
        "density": (0.6, 0.2, 0.2, 0.8) if method == "della" else (0.6, 0.3, 0.05, 1.0),
        "gamma": (0.01, 0.02, 0.0, 0.2),
        "select_topk": (0.6, 0.3, 0.05, 1.0),
    }
    owned = METHODS[method].per_model
    return [
        Gene(parameter, model, group, *spans[parameter])
        for group in range(groups)
        for parameter in (*owned, *METHODS[method].shared)
        if parameter in spans
        for model in (range(models) if parameter == "weight" else [None])
    ]


def recipe_of(candidate: Candidate, names: Sequence[str], groups: Sequence[Sequence[str]]) -> Recipe:
    """As a recipe that others can run. `names`: of the models, the base first; `groups`: for each, what its tensors' names contain."""
    method = METHODS[candidate.method]
    merged = names[1:] if method.base else names
    found = genes(candidate.method, len(merged), len(groups))
    told: dict[tuple[str, int | None], list[Filtered]] = {}
    for gene, value in zip(found, candidate.genome, strict=True):
        told.setdefault((gene.parameter, gene.model), []).extend(Filtered(filter=part, value=float(value)) for part in groups[gene.group])
    shared: dict[str, Setting] = {parameter: settings for (parameter, model), settings in told.items() if model is None}
    if method.base and "normalize" in method.shared:
        shared["normalize"] = False  # the weights' sum is searched too
    sources = [
        Source(model=name, parameters={parameter: settings for (parameter, model), settings in told.items() if model == i})
        for i, name in enumerate(merged)
    ]
    return Recipe(
        merge_method=candidate.method, base_model=names[0] if method.base else None, models=sources, parameters=shared, dtype="float32"
    )


def groups_of(names: Sequence[str], layer_groups: int) -> list[list[str]]:
    """Parts of tensor names by group: what is in no layer, then layers from the lowest up, evenly."""
    outside = [name for name in names if not LAYER.match(name)]
    layers = sorted({f"{match[1]}{match[2]}." for name in names if (match := LAYER.match(name))}, key=lambda part: int(part.split(".")[-2]))
    count = min(layer_groups, len(layers))
    return [outside, *(layers[i * len(layers) // count : (i + 1) * len(layers) // count] for i in range(count))]


def turns(generations: int, methods: Sequence[str], best: Callable[[str], float]) -> Iterator[str]:
    """Whose generation it is: the methods share each rung evenly, and the better half of them goes on to the next."""
    alive = list(methods)
    rungs = math.ceil(math.log2(len(alive))) + 1
    for rung in range(rungs):
        for i in range(generations * (rung + 1) // rungs - generations * rung // rungs):
            yield alive[i % len(alive)]
        alive = sorted(alive, key=best)[: math.ceil(len(alive) / 2)]


class Asked(Protocol):
    """Candidates of one method, asked for and told about in turn."""

    def ask(self) -> list[Any]: ...

    def tell(self, genomes: list[Any], values: list[float]) -> None: ...


Score = Callable[[Sequence[Candidate]], list[float]]
"""The losses of a generation."""


def evolve(
    searched: Mapping[str, Sequence[Gene]], score: Score, *, generations: int, population: int, seed: int,
    told: list[list[float]], after: Callable[[Candidate], None], at_random: bool = False,
) -> Candidate:  # fmt: skip
    """The best candidate of all. `told`: the values of past generations, appended to; `after` is called with the best after each new one."""
    make = _Random if at_random else _Evolution
    searches: dict[str, Asked] = {name: make(found, population, (seed, i)) for i, (name, found) in enumerate(searched.items())}
    best = {name: Candidate(name, []) for name in searched}
    order = turns(generations, list(searched), lambda name: best[name].value)
    for generation, method in enumerate(order):
        genomes = searches[method].ask()
        candidates = [Candidate(method, [float(number) for number in genome]) for genome in genomes]
        is_new = generation >= len(told)
        if is_new:
            told.append([value if math.isfinite(value) else WORST for value in score(candidates)])
        if len(told[generation]) != len(candidates):
            raise BadInput("The saved progress is of another population.", "Start the search anew.")
        searches[method].tell(genomes, told[generation])
        for candidate, value in zip(candidates, told[generation], strict=True):
            if value < best[method].value:
                best[method] = Candidate(method, candidate.genome, value)
        if is_new:
            after(min(best.values(), key=lambda one: one.value))
    return min(best.values(), key=lambda one: one.value)


class _Evolution:
    def __init__(self, found: Sequence[Gene], population: int, seed: tuple[int, ...]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it misses matplotlib, which we do not want
            import cma

        generator = np.random.default_rng([*seed, 1])
        self.search = cma.CMAEvolutionStrategy(
            [gene.start for gene in found],
            1.0,
            {
                "popsize": population, "CMA_stds": [gene.spread for gene in found], "bounds": [[gene.low for gene in found], [gene.high for gene in found]],
                "randn": lambda *shape: generator.standard_normal(shape), "seed": math.nan,  # numpy's global generator is left alone
                "verbose": -9, "verb_log": 0,
            },
        )  # fmt: skip

    def ask(self) -> list[Any]:
        return list(self.search.ask())

    def tell(self, genomes: list[Any], values: list[float]) -> None:
        self.search.tell(genomes, values)


class _Random:
    """Normal about the start, as CMA-ES begins, and never anything else."""

    def __init__(self, found: Sequence[Gene], population: int, seed: tuple[int, ...]) -> None:
        self.genes, self.population, self.generator = found, population, np.random.default_rng([*seed, 2])

    def ask(self) -> list[Any]:
        drawn = self.generator.standard_normal((self.population, len(self.genes)))
        return [
            [min(max(gene.start + gene.spread * number, gene.low), gene.high) for gene, number in zip(self.genes, row, strict=True)]
            for row in drawn
        ]

    def tell(self, genomes: list[Any], values: list[float]) -> None:
        pass
