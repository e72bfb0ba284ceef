"""EvoMerge: what evolution finds, that a killed search goes on as if nothing had happened, and who goes on to the next phase."""

import copy
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from safetensors.torch import load_file  # noqa: E402

from phases import checkpoint, evomerge  # noqa: E402
from phases.configs import EvoMergeConfig  # noqa: E402
from phases.contract import Budget, BudgetSpent, CheckpointDamaged, CheckpointRef, ModelsDiffer  # noqa: E402
from phases.data.packs import pack  # noqa: E402
from phases.data.tokenizer import train_tokenizer  # noqa: E402
from phases.evaluation import judge  # noqa: E402
from phases.merging import recipe  # noqa: E402
from phases.merging.evolution import WORST, genes, groups_of, turns  # noqa: E402
from phases.merging.models import weights_of  # noqa: E402
from shared.errors import BadInput  # noqa: E402
from tests.forge.conftest import Killed, LocalContext, byte_tokenizer, tiny  # noqa: E402
from tests.forge.test_data import corpus, words  # noqa: E402

SMALL = EvoMergeConfig(generations=6, population=4, methods=("task_arithmetic", "ties", "dare_ties"), layer_groups=2, pack_size=3)


def family(count: int = 3, seed: int = 0, vocabulary: int = 64, **sizes: int) -> list[Any]:
    """A base and its siblings."""
    base = tiny(seed, vocabulary, **sizes)
    models = [base]
    for i in range(1, count):
        sibling = copy.deepcopy(base)
        generator = torch.Generator().manual_seed(100 * seed + i)
        with torch.no_grad():
            for p in sibling.parameters():
                p.add_(0.02 * torch.randn(p.shape, generator=generator))
        models.append(sibling)
    return models


def near(models: Sequence[Any], shares: Sequence[float]) -> evomerge.Score:
    """A loss without data: how far a model is from base + Σ share · task vector."""
    base, *others = [weights_of(copy.deepcopy(model)) for model in models]
    wanted = {name: p + sum(share * (other[name] - p) for share, other in zip(shares, others, strict=True)) for name, p in base.items()}

    def score(model: Any, split: str) -> dict[str, float]:
        loss = sum(float((p - wanted[name]).square().sum()) for name, p in weights_of(model).items())
        return {"loss": loss}

    return score


def refs(folder: Path, models: Sequence[Any], tokenizer: Any = None) -> tuple[CheckpointRef, ...]:
    return tuple(checkpoint.write(folder / f"in-{i}", model, tokenizer or byte_tokenizer(), phase="test") for i, model in enumerate(models))


def same(a: evomerge.Found, b: evomerge.Found) -> None:
    assert a.champion == b.champion and a.recipe == b.recipe and a.losses == b.losses
    for name, weights in weights_of(a.model).items():
        assert torch.equal(weights, weights_of(b.model)[name])


def test_evolution_finds_weights_that_nobody_would_guess(context: LocalContext) -> None:
    models = family()
    config = EvoMergeConfig(generations=20, population=8, methods=("task_arithmetic",), layer_groups=2)
    found = evomerge.search(context, models, near(models, [0.7, -0.4]), config, Budget())
    losses = {who: told["report"]["loss"] for who, told in found.losses.items()}
    assert losses["champion"] < 0.2 * min(losses["soup"], losses["parent 0"], losses["parent 1"], losses["parent 2"])
    assert losses["champion"] < 0.5 * losses["random search"]
    assert found.candidates == 2 * 20 * 8


@pytest.mark.parametrize("die_at", [1, 2, 9, 17, 25, 43])
def test_a_killed_search_goes_on_bit_for_bit(tmp_path: Path, die_at: int) -> None:
    models = family()
    score = near(models, [0.6, 0.3])
    whole = evomerge.search(LocalContext(tmp_path / "whole"), models, score, SMALL, Budget())
    with pytest.raises(Killed):
        evomerge.search(LocalContext(tmp_path / "parts", die_at), models, score, SMALL, Budget())
    with pytest.raises(Killed):  # and again, soon after
        evomerge.search(LocalContext(tmp_path / "parts", 1), models, score, SMALL, Budget())
    same(whole, evomerge.search(LocalContext(tmp_path / "parts"), models, score, SMALL, Budget()))


def test_what_was_scored_is_not_scored_again(tmp_path: Path) -> None:
    models, count = family(), 0
    plain = near(models, [0.6, 0.3])

    def score(model: Any, split: Any) -> dict[str, float]:
        nonlocal count
        count += split == "search"
        return plain(model, split)

    with pytest.raises(Killed):
        evomerge.search(LocalContext(tmp_path / "parts", 19), models, score, SMALL, Budget())
    evomerge.search(LocalContext(tmp_path / "parts"), models, score, SMALL, Budget())
    assert count == 18 + (48 - 16) + 6  # dies in the fifth generation; what is compared is scored on all splits: 3 parents and 3 more


def test_a_spent_budget_can_be_raised(tmp_path: Path) -> None:
    models = family()
    score = near(models, [0.6, 0.3])
    with pytest.raises(BudgetSpent, match="after 1 of 12 generations"):
        evomerge.search(LocalContext(tmp_path / "parts"), models, score, SMALL, Budget(seconds=0))
    same(
        evomerge.search(LocalContext(tmp_path / "whole"), models, score, SMALL, Budget()),
        evomerge.search(LocalContext(tmp_path / "parts"), models, score, SMALL, Budget(seconds=1e6)),
    )


def test_the_seed_and_nothing_else_decides(tmp_path: Path) -> None:
    models = family()
    score = near(models, [0.6, 0.3])
    first = evomerge.search(LocalContext(tmp_path / "a"), models, score, SMALL, Budget())
    torch.rand(7)  # the global generators do not matter
    same(first, evomerge.search(LocalContext(tmp_path / "b"), models, score, SMALL, Budget()))
    other = evomerge.search(LocalContext(tmp_path / "c"), models, score, SMALL.model_copy(update={"seed": 1}), Budget())
    assert other.champion != first.champion


def test_a_loss_that_is_no_number_never_wins(context: LocalContext) -> None:
    models = family()
    plain = near(models, [0.6, 0.3])
    calls = iter(range(10_000))

    def score(model: Any, split: Any) -> dict[str, float]:
        return {"loss": math.nan} if split == "search" and next(calls) % 2 else plain(model, split)

    found = evomerge.search(context, models, score, SMALL, Budget())
    assert found.champion.value < WORST and math.isfinite(found.losses["champion"]["gate"]["loss"])


def test_inputs_are_left_as_they_were(context: LocalContext) -> None:
    models = family()
    before = [copy.deepcopy(weights_of(model)) for model in models]
    evomerge.search(context, models, near(models, [1.0, 0.0]), SMALL, Budget())
    for model, kept in zip(models, before, strict=True):
        assert all(torch.equal(p, kept[name]) for name, p in weights_of(model).items())


def test_methods_share_the_generations() -> None:
    values = {"a": 3.0, "b": 1.0, "c": 2.0, "d": 4.0}
    order = list(turns(50, list(values), values.__getitem__))
    assert len(order) == 50 and order[:4] == ["a", "b", "c", "d"]
    assert set(order[16:33]) == {"b", "c"} and set(order[33:]) == {"b"}
    assert list(turns(3, ["a"], values.__getitem__)) == ["a"] * 3
    assert len(list(turns(2, list(values), values.__getitem__))) == 2


def test_groups_cover_every_tensor_once() -> None:
    for model in (tiny(num_hidden_layers=11), tiny(num_hidden_layers=2, tie_word_embeddings=False)):
        names = list(weights_of(model))
        groups = groups_of(names, 3)
        assert len(groups) == min(3, model.config.num_hidden_layers) + 1
        for name in names:
            assert sum(any(part in name for part in group) for group in groups) == 1


def test_every_method_can_be_searched(context: LocalContext) -> None:
    for method, count in (("linear", 2), ("slerp", 2), ("dare_linear", 3), ("della", 3), ("breadcrumbs", 3), ("sce", 3)):
        assert genes(method, count - 1, 2)
        models = family(count)
        config = EvoMergeConfig(generations=2, population=4, methods=(method,), layer_groups=1, control=False)  # type: ignore[arg-type]
        kept = LocalContext(context.folder / method)
        found = evomerge.search(kept, models, near(models, [0.5] * (count - 1)), config, Budget())
        assert found.champion.method == method and "random search" not in found.losses
    with pytest.raises(BadInput, match="None of slerp"):
        evomerge.search(context, family(3), near(family(3), [0, 0]), EvoMergeConfig(methods=("slerp",)), Budget())


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(corpus(), 700)


def real(tmp_path: Path, tokenizer: Any, **more: Any) -> tuple[tuple[CheckpointRef, ...], EvoMergeConfig]:
    models = family(3, 1, tokenizer.get_vocab_size(), max_position_embeddings=2048)
    config = SMALL.model_copy(update={"text": str(words(tmp_path, 1500)), **more})
    return refs(tmp_path, models, tokenizer), config


def test_the_phase_makes_a_checkpoint_and_its_recipe(tmp_path: Path, tokenizer: Any) -> None:
    inputs, config = real(tmp_path, tokenizer, methods=("dare_ties",))
    result = evomerge.PHASE.run(LocalContext(tmp_path / "run"), inputs, config, Budget())
    (champion,) = result.outputs if result.gate.decision == "pass" else result.rejected
    assert checkpoint.open_checkpoint(champion.path) == champion
    told = checkpoint.about(champion.path)
    assert told["phase"] == "evomerge" and told["parents"] == [ref.digest for ref in inputs]
    pool = {name: load_file(ref.path / "model.safetensors") for name, ref in zip(("base", "model-1", "model-2"), inputs, strict=True)}
    again = recipe.merge(recipe.read((champion.path / "recipe.yml").read_text()), pool, config.seed)
    written = load_file(champion.path / "model.safetensors")
    assert all(torch.equal(again[name], written[name]) for name in again) and again.keys() == written.keys()
    assert {measure.name for measure in result.gate.measures} == {"gate/loss", "gate/text", "gate/reasoning", "gate/memory", "gate/plans"}
    for split in ("search", "gate", "report"):
        assert math.isfinite(result.metrics[f"{split}/soup/loss"]) and math.isfinite(result.metrics[f"{split}/random search/loss"])
    again_ = evomerge.PHASE.run(LocalContext(tmp_path / "again"), inputs, config, Budget())
    assert (again_.outputs[0].digest, again_.gate) == (result.outputs[0].digest, result.gate)


@pytest.mark.parametrize("good", [True, False])
def test_the_gate_decides_on_what_the_search_did_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: bool) -> None:
    """What the search prefers is far from the parents; on the gate's data it is as good as it seems, or the second parent is best."""
    models = family()
    towards, home = near(models, [0.7, 0.4]), near(models, [0.0, 1.0])

    def scorer(*_: Any) -> evomerge.Score:
        return lambda model, split: {**(towards if split == "search" or good else home)(model, split), "text": 1.0}

    monkeypatch.setattr(evomerge, "scorer", scorer)
    inputs = refs(tmp_path, models)
    result = evomerge.run(LocalContext(tmp_path / "run"), inputs, SMALL.model_copy(update={"packs": {"text": 1.0}}), Budget())
    assert result.gate.decision == ("pass" if good else "fail")
    if good:
        assert result.outputs[0].path.name == "champion" and result.rejected == ()
    else:
        assert result.outputs == (inputs[2],) and result.rejected[0].path.name == "champion"
    measure = result.gate.measures[0]
    assert measure.control is not None and (measure.output < (measure.input or 0)) is good


def test_a_score_is_the_mean_loss_of_what_is_asked(tmp_path: Path, tokenizer: Any) -> None:
    inputs, config = real(tmp_path, tokenizer, packs={"text": 1.0, "plans": 3.0})
    model = checkpoint.load_model(inputs[1])
    told = evomerge.scorer(tokenizer, config)(model, "gate")
    for name in ("text", "plans"):
        judged = judge(model, pack(name, tokenizer, "gate", 3, source=config.text).items)  # type: ignore[arg-type]
        assert told[name] == pytest.approx(-sum(one.log_likelihood for one in judged) / sum(one.tokens for one in judged), rel=1e-5)
    assert told["loss"] == pytest.approx((told["text"] + 3 * told["plans"]) / 4)


def test_inputs_that_do_not_go_together(tmp_path: Path) -> None:
    models = family()
    good = refs(tmp_path / "good", models)

    def run(inputs: tuple[CheckpointRef, ...]) -> Any:
        return evomerge.run(LocalContext(tmp_path / "run"), inputs, SMALL, Budget())

    with pytest.raises(BadInput, match="takes 2 to 8 checkpoints; it was given 1"):
        run(good[:1])
    with pytest.raises(BadInput, match="it was given 9"):
        run(good * 3)
    wide = checkpoint.write(tmp_path / "wide", tiny(intermediate_size=96), byte_tokenizer(), phase="test")
    with pytest.raises(ModelsDiffer, match="intermediate_size"):
        run((*good, wide))
    words_ = byte_tokenizer()
    words_.add_tokens(["more"])
    with pytest.raises(ModelsDiffer, match="tokenizers"):
        run((good[0], checkpoint.write(tmp_path / "words", tiny(), words_, phase="test")))
    broken = load_file(good[1].path / "model.safetensors")
    broken["model.norm.weight"][3] = math.nan
    from safetensors.torch import save_file

    save_file(broken, good[1].path / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointDamaged, match="no numbers"):
        run(good)
    assert not (tmp_path / "run" / "kept").exists()


def test_settings_are_checked() -> None:
    for wrong in ({"population": 3}, {"generations": 0}, {"methods": ("passthrough",)}, {"packs": {}}, {"packs": {"text": 0.0}}, {"sigma": 1}):
        with pytest.raises(ValueError):
            EvoMergeConfig.model_validate(wrong)
