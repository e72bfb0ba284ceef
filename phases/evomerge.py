"""Phase 2, EvoMerge: merge a base and its siblings, and let evolution find how (after Akiba et al., arXiv 2403.13187).

The first input is the base, the ancestor of the others. Candidates are built and scored in memory, in one model whose weights are
overwritten. A score is the mean loss (nats of a target token) over packs. Three splits: evolution sees only `search`; `gate` decides; `report`
is told and decides nothing. The champion must be below the best of the parents on `gate`, or that parent goes on.

Controls on the same splits: the uniform soup (mean of the siblings), and as many candidates drawn at random.
Covered: parameters by groups of layers and the method (merging/evolution.py); resume after any generation. Not covered: other orders of layers
(arXiv 2403.13187's data-flow space; recipes can do it), several objectives.
"""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from phases import checkpoint
from phases.configs import EvoMergeConfig
from phases.contract import Budget, BudgetSpent, CheckpointRef, Context, Gate, Measure, Phase, PhaseResult
from phases.data.packs import PackName, pack
from phases.evaluation import batches, judging
from phases.merging import recipe as recipes
from phases.merging.evolution import Candidate, Gene, evolve, genes, groups_of, recipe_of
from phases.merging.models import take, weights_of
from phases.merging.operators import METHODS
from phases.training import device
from shared.errors import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

Split = Literal["search", "gate", "report"]
Score = Callable[[nn.Module, Split], dict[str, float]]
"""(model, split) → the loss of each pack, and of all as `loss`."""


def run(context: Context, inputs: tuple[CheckpointRef, ...], config: EvoMergeConfig, budget: Budget) -> PhaseResult:
    """ModelsDiffer, CheckpointDamaged, BudgetSpent."""
    PHASE.check_inputs(len(inputs))
    checkpoint.check_same_kind(inputs)
    tokenizer = checkpoint.load_tokenizer(inputs[0])
    models = [checkpoint.load_model(ref, device()) for ref in inputs]
    found = search(context, models, scorer(tokenizer, config), config, budget)

    losses = found.losses
    best = min(range(len(inputs)), key=lambda i: losses[f"parent {i}"]["gate"]["loss"])
    measures = [
        Measure(
            name=f"gate/{name}", input=losses[f"parent {best}"]["gate"][name], output=losses["champion"]["gate"][name],
            control=losses["random search" if config.control else "soup"]["gate"][name],
        )
        for name in ("loss", *config.packs)
    ]  # fmt: skip
    metrics = {f"{split}/{who}/{name}": value for who, told in losses.items() for split, by in told.items() for name, value in by.items()}
    metrics |= {"candidates": found.candidates, "seconds_a_candidate": found.seconds / max(1, found.candidates)}
    better = measures[0].output < (measures[0].input or 0)
    gate = Gate(
        decision="pass" if better else "fail",
        reason=f"The champion ({found.champion.method}) has a loss of {measures[0].output:.4f} on held-out data, the best parent {measures[0].input:.4f}.",
        measures=measures,
    )
    folder = context.scratch / "outputs" / "champion"
    yml = context.scratch / "recipe.yml"
    yml.write_text(recipes.write(found.recipe))
    champion = checkpoint.write(
        folder, found.model.cpu(), tokenizer, phase="evomerge", parents=inputs, config=config.model_dump(mode="json"),
        metrics={name: value for name, value in metrics.items() if "champion" in name}, sidecars={"recipe.yml": yml},
        parent_names={name: ref.digest for name, ref in zip(names_of(len(inputs)), inputs, strict=True)},
    )  # fmt: skip
    return PhaseResult((champion,), metrics, gate) if better else PhaseResult((inputs[best],), metrics, gate, (champion,))


@dataclass(frozen=True)
class Found:
    """`losses`: of parents, soup, champion and what was found at random, by split and pack. `candidates`, `seconds`: of building and scoring."""

    champion: Candidate
    recipe: recipes.Recipe
    model: "PreTrainedModel"
    losses: Mapping[str, Mapping[Split, Mapping[str, float]]]
    candidates: int
    seconds: float


def search(context: Context, models: Sequence["PreTrainedModel"], score: Score, config: EvoMergeConfig, budget: Budget) -> Found:
    """`models`: the base first, of one kind, on one device; the best merge of them by `score`, and what it is compared with."""
    names = names_of(len(models))
    pool = {name: weights_of(model) for name, model in zip(names, models, strict=True)}
    groups = groups_of(list(pool["base"]), config.layer_groups)
    trial = copy.deepcopy(models[0])
    searched: dict[str, list[Gene]] = {
        method: genes(method, len(models) - METHODS[method].base, len(groups))
        for method in dict.fromkeys(config.methods)
        if METHODS[method].models[0] <= len(models) - METHODS[method].base <= METHODS[method].models[1]
    }
    if not searched:
        raise BadInput(f"None of {', '.join(config.methods)} merges {len(models)} models.", "Add task_arithmetic to the methods.")
    prepared: recipes.Prepared = {}
    kept = context.restore("evomerge") or {"evolution": [], "random": [], "seconds": 0.0}
    started, before = time.monotonic(), float(kept["seconds"])
    total = config.generations * (2 if config.control else 1)

    def build(candidate: Candidate) -> None:
        take(trial, recipes.merge(recipe_of(candidate, names, groups), pool, config.seed, prepared))

    def losses_of(candidates: Sequence[Candidate]) -> list[float]:
        values = []
        for candidate in candidates:
            context.check()
            build(candidate)
            values.append(score(trial, "search")["loss"])
        return values

    def after(which: str, best: Candidate) -> None:
        done = len(kept["evolution"]) + len(kept["random"])
        kept["seconds"] = round(before + time.monotonic() - started, 3)
        context.checkpoint("evomerge", kept)
        context.metric(f"evomerge/{which}", best.value, len(kept[which]))
        context.progress(done, total, "generations")
        if budget.seconds is not None and kept["seconds"] > budget.seconds and done < total:
            raise BudgetSpent(f"EvoMerge used up its {budget.seconds:g} s after {done} of {total} generations.", "Give it more, or fewer generations.")

    looking = partial(evolve, searched, losses_of, generations=config.generations, population=config.population, seed=config.seed)
    champion = looking(told=kept["evolution"], after=partial(after, "evolution"))
    compared: dict[str, Callable[[], Any]] = {f"parent {i}": partial(take, trial, pool[name]) for i, name in enumerate(names)}
    compared["soup"] = lambda: take(trial, recipes.merge(soup_of(names), pool, prepared=prepared))
    if config.control:
        compared["random search"] = partial(build, looking(told=kept["random"], after=partial(after, "random"), at_random=True))
    compared["champion"] = lambda: build(champion)  # last, so that the trial ends as the champion
    losses: dict[str, dict[Split, dict[str, float]]] = {}
    for who, put in compared.items():
        put()
        losses[who] = {split: score(trial, split) for split in ("search", "gate", "report")}
    candidates = sum(len(values) for values in (*kept["evolution"], *kept["random"]))
    return Found(champion, recipe_of(champion, names, groups), trial, losses, candidates, kept["seconds"])


def names_of(count: int) -> list[str]:
    """What recipes call the models: base, model-1, …"""
    return ["base", *(f"model-{i}" for i in range(1, count))]


def soup_of(names: Sequence[str]) -> recipes.Recipe:
    """The mean of the siblings; with one sibling only, of it and the base."""
    sources = [recipes.Source(model=name, parameters={"weight": 1.0}) for name in (names[1:] if len(names) > 2 else names)]
    return recipes.Recipe(merge_method="linear", models=sources, dtype="float32")


def scorer(tokenizer: "Tokenizer", config: EvoMergeConfig) -> Score:
    """The packs' tokens are made once and stay on the model's device."""
    made: dict[Split, dict[str, list[tuple[Tensor, Tensor]]]] = {}

    def batches_of(name: PackName, split: Split, where: torch.device) -> list[tuple[Tensor, Tensor]]:
        items = pack(name, tokenizer, split, config.pack_size, source=config.corpus, field=config.field).items
        return [(tokens.to(where), labels.to(where)) for _, tokens, labels in batches(items)]

    def score(model: nn.Module, split: Split) -> dict[str, float]:
        with judging(model) as where:
            if split not in made:
                made[split] = {name: batches_of(name, split, where) for name in config.packs}
            losses = {name: loss_of(model, some) for name, some in made[split].items()}
        weights = config.packs
        return {"loss": sum(losses[name] * weight for name, weight in weights.items()) / sum(weights.values()), **losses}

    return score


def loss_of(model: nn.Module, some: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Mean nats of a target token. Only where one is asked for are logits computed."""
    sums, count = [], 0
    for tokens, labels in some:
        asked = labels != -100
        hidden = model.get_decoder()(input_ids=tokens, use_cache=False).last_hidden_state[asked]  # type: ignore[operator]
        logits = model.get_output_embeddings()(hidden).float()  # type: ignore[operator]  # [asked, vocabulary]
        sums.append(nn.functional.cross_entropy(logits, labels[asked], reduction="sum").double())
        count += int(asked.sum())
    return float(torch.stack(sums).sum()) / count


PHASE = Phase("evomerge", EvoMergeConfig, run, (2, 8))
