"""Merge operators and recipes: against mergekit's own results (kept beside this file), and against what the papers say."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from safetensors.torch import load_file  # noqa: E402

from phases.contract import ModelsDiffer  # noqa: E402
from phases.merging import operators, recipe  # noqa: E402
from phases.merging.models import merged, weights_of  # noqa: E402
from phases.merging.operators import METHODS, Inputs  # noqa: E402
from shared.errors import BadInput  # noqa: E402
from tests.forge.conftest import tiny  # noqa: E402

GOLDEN = Path(__file__).parent / "merging_golden"  # written by bench/forge/merging.py --golden with mergekit 0.1.5
TOLD = json.loads(GOLDEN.with_suffix(".json").read_text())


def golden() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The models by name, and the flat vectors of mergekit's results."""
    tensors = load_file(GOLDEN.with_suffix(".safetensors"))
    shapes = {name: tuple(shape) for name, shape in TOLD["shapes"].items()}
    pool = {}
    for model in ("base", "a", "b", "c"):
        parts = tensors[model].split([int(torch.tensor(shape).prod()) for shape in shapes.values()])
        pool[model] = {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
    return pool, tensors


def models(count: int = 3, shape: tuple[int, ...] = (40, 30), seed: int = 0, far: float = 0.004) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(shape, generator=generator) * 0.02
    return Inputs([base + far * torch.randn(shape, generator=generator) for _ in range(count)], base)


@pytest.mark.parametrize("name", TOLD["recipes"])
def test_the_same_as_mergekit(name: str) -> None:
    pool, tensors = golden()
    told = TOLD["recipes"][name]
    result = recipe.merge(recipe.read(told["recipe"]), pool)
    assert sorted(result) == told["names"]
    ours = torch.cat([result[tensor].flatten() for tensor in told["names"]])
    assert float((ours - tensors[f"merged {name}"]).abs().max()) <= 1e-6
    if name.startswith("ties") and "rescaled" not in name:
        assert torch.equal(ours, tensors[f"merged {name}"])
    assert any(not torch.equal(result[tensor], pool["base"][tensor]) for tensor in result if tensor in pool["base"])


def test_every_deterministic_method_was_compared() -> None:
    compared = {recipe.read(told["recipe"]).merge_method for told in TOLD["recipes"].values()}
    assert compared == {name for name, method in METHODS.items() if not method.random}


def test_ties_keeps_the_largest_and_follows_the_majority() -> None:
    base = torch.zeros(4)
    inputs = Inputs([torch.tensor([4.0, 3.0, 1.0, 0.5]), torch.tensor([-2.0, 5.0, -1.0, 0.1]), torch.tensor([-1.0, 1.0, -9.0, 0.2])], base)
    result = operators.ties(inputs, weight=[1, 1, 1], density=[0.5, 0.5, 0.5])
    # kept: 4, 3 · -2, 5 · 1 (by place, 1.0 against -1.0), -9; the signs: + + -
    assert result[0] == 4.0 and result[2] == -9.0 and result[3] == 0.0
    assert result[1] == pytest.approx(4.0)


def test_breadcrumbs_drops_both_ends() -> None:
    values = torch.tensor([1.0, -2, 3, -4, 5, -6, 7, -8, 9, -10])
    result = operators.breadcrumbs(Inputs([values], torch.zeros(10)), weight=[1.0], density=[0.5], gamma=[0.2])
    assert result.tolist() == [0, 0, 0, -4, 5, -6, 7, -8, 0, 0]


def test_slerp_stays_on_the_sphere() -> None:
    a, b = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    half = operators.slerp(Inputs([b], a), t=0.5)
    assert half.tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0.0])
    assert operators.slerp(Inputs([a * 1.0001], a), t=0.5).tolist() == pytest.approx([1.00005, 0, 0])  # collinear: a straight line


def test_model_stock_is_half_way_where_the_paper_says() -> None:
    """cos θ = 1/2 between two task vectors: t = 2 · 1/2 / (1 + 1/2) = 2/3."""
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.75**0.5])
    result = operators.model_stock(Inputs([a, b], torch.zeros(2)))
    assert torch.allclose(result, 2 / 3 * (a + b) / 2)


@pytest.mark.parametrize("name", ["dare_linear", "dare_ties", "della", "della_linear"])
def test_random_methods_drop_what_they_should(name: str) -> None:
    """The share that is dropped, what is left of the mean, and the same draw for the same seed."""
    delta = torch.rand(400, 500, generator=torch.Generator().manual_seed(1)) + 0.5
    more = {"epsilon": [0.2]} if name.startswith("della") else {}

    def drawn(seed: int) -> Any:
        inputs = Inputs([delta], torch.zeros_like(delta), seed)
        return METHODS[name].function(inputs, weight=[1.0], density=[0.3], normalize=False, **more)

    result = drawn(0)
    assert float((result != 0).float().mean()) == pytest.approx(0.3, abs=0.005)  # 4.9 standard errors
    assert float(result.sum()) == pytest.approx(float(delta.sum()), rel=1e-4)  # rescaled
    assert torch.equal(result, drawn(0)) and not torch.equal(result, drawn(1))
    if more:
        ranks = delta.argsort(1).argsort(1)
        for low, high, chance in ((0, 25, 0.11), (475, 500, 0.49)):
            some = result[(ranks >= low) & (ranks < high)] != 0
            assert float(some.float().mean()) == pytest.approx(chance, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(METHODS)), count=st.integers(2, 5), shape=st.sampled_from([(1,), (7,), (3, 1), (5, 8), (2, 3, 4)]), seed=st.integers(0, 99)
)
def test_models_that_do_not_differ_merge_into_themselves(name: str, count: int, shape: tuple[int, ...], seed: int) -> None:
    method = METHODS[name]
    base = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    count = min(count, method.models[1])
    given = {parameter: [default or 1 / count] * count for parameter, default in method.per_model.items()} | {
        ("lambda_" if parameter == "lambda" else parameter): 0.5 if default is None else default for parameter, default in method.shared.items()
    }
    result = method.function(Inputs([base] * count, base, seed), **given)
    assert result.shape == base.shape and torch.allclose(result, base, atol=1e-6)


def test_what_is_prepared_changes_nothing() -> None:
    pool, _ = golden()
    prepared: recipe.Prepared = {}
    for density in (0.9, 0.2, 0.5):
        told = recipe.read(f"{{merge_method: ties, base_model: base, models: [{{model: a}}, {{model: b}}], parameters: {{weight: 0.5, density: {density}}}}}")
        again, fresh = recipe.merge(told, pool, prepared=prepared), recipe.merge(told, pool)
        assert all(torch.equal(again[name], fresh[name]) for name in fresh)
    assert len(prepared) == len(TOLD["shapes"])


def test_gradients_filters_and_precedence() -> None:
    weights = {f"model.layers.{i}.{part}.weight": torch.ones(2) for i in range(3) for part in ("mlp", "self_attn")}
    pool = {
        "base": {name: torch.zeros(2) for name in ("model.embed_tokens.weight", *weights, "model.norm.weight")},
        "a": {name: torch.ones(2) for name in ("model.embed_tokens.weight", *weights, "model.norm.weight")},
    }
    told = recipe.read("""
        merge_method: task_arithmetic
        base_model: base
        models:
          - {model: a, parameters: {weight: [{filter: mlp, value: [0.0, 0.4, 1.0]}, {filter: embed, value: 0.7}]}}
        parameters: {weight: [0.1, 0.3]}
    """)
    result = {name: round(float(tensor[0]), 6) for name, tensor in recipe.merge(told, pool).items()}
    assert [result[f"model.layers.{i}.mlp.weight"] for i in range(3)] == [0.0, 0.4, 1.0]
    assert [result[f"model.layers.{i}.self_attn.weight"] for i in range(3)] == [0.1, 0.2, 0.3]
    assert (result["model.embed_tokens.weight"], result["model.norm.weight"]) == (0.7, 0.1)
    assert recipe.read(recipe.write(told)) == told


def test_slices_stack_layers() -> None:
    pool, _ = golden()
    told = recipe.read("""
        merge_method: passthrough
        slices:
          - sources: [{model: a, layer_range: [0, 2]}]
          - sources: [{model: b, layer_range: [0, 2]}]
    """)
    result = recipe.merge(told, pool)
    assert recipe.layers_of(result) == 4
    assert torch.equal(result["model.layers.3.mlp.up_proj.weight"], pool["b"]["model.layers.1.mlp.up_proj.weight"])
    assert torch.equal(result["model.embed_tokens.weight"], pool["a"]["model.embed_tokens.weight"])
    assert torch.equal(result["model.norm.weight"], pool["b"]["model.norm.weight"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2", "not YAML"),
        ("just words", "no mapping"),
        ("merge_method: linear", "either models or slices"),
        ("{merge_method: nuslerp, models: [{model: a}]}", "no merge_method 'nuslerp'"),
        ("{merge_method: linear, models: [{model: a}], chat_template: auto}", "'chat_template' is unknown or not covered. Known are: merge_method"),
        ("{merge_method: linear, models: [{model: a, weight: 1}]}", "models.0.weight' is unknown or not covered. Known are: model, "),
        ("{merge_method: linear, models: [{model: a, parameters: {weigth: 1}}]}", "no parameter 'weigth'; it has normalize, weight"),
        ("{merge_method: ties, models: [{model: a}]}", "needs a base_model"),
        ("{merge_method: slerp, base_model: a, models: [{model: a}, {model: b}, {model: c}]}", "merges 1 model besides the base, not 2"),
        ("{merge_method: linear, models: [{model: a, layer_range: [0, 1]}]}", "layer_range belongs into slices"),
        ("{merge_method: linear, slices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 1]}]}]}", "all of one length"),
        ("{merge_method: ties, base_model: c, slices: [{sources: [{model: a, layer_range: [0, 2]}]}]}", "base_model must be among"),
        ("{merge_method: linear, models: [{model: a, parameters: {weight: []}}]}", "models.0.parameters.weight is no value"),
        ("{merge_method: linear, models: [{model: a, parameters: {weight: [{filtre: mlp, value: 1}]}}]}", "{filter, value}"),
        ("{merge_method: linear, models: [{model: a}], parameters: {normalize: [true, false]}}", "parameters.normalize is no value"),
        ("{merge_method: linear, models: [{model: a}], tokenizer_source: elsewhere}", "none of the models"),
        ("{merge_method: linear, models: [{model: a}], dtype: float8}", "dtype"),
    ],
)
def test_a_recipe_that_is_wrong_says_where(text: str, says: str) -> None:
    with pytest.raises(BadInput) as error:
        recipe.read(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{merge_method: linear, models: [{model: a}, {model: z}], parameters: {weight: 1}}", "names 'z', which was not given"),
        ("{merge_method: linear, models: [{model: a}]}", "gives no weight"),
        ("{merge_method: ties, base_model: base, models: [{model: a}], parameters: {weight: 1, density: 1.5}}", "density 1.5 is not in 0 … 1"),
        ("{merge_method: della, base_model: base, models: [{model: a}], parameters: {weight: 1, density: 0.9, epsilon: 0.2}}", "leaves 0 … 1"),
        ("{merge_method: passthrough, slices: [{sources: [{model: a, layer_range: [0, 9]}]}]}", "has 2 layers, not 9"),
    ],
)
def test_a_recipe_that_does_not_fit_the_models_says_so(text: str, says: str) -> None:
    pool, _ = golden()
    with pytest.raises(BadInput) as error:
        recipe.merge(recipe.read(text), pool)
    assert says in str(error.value)


def test_models_of_other_shapes_are_refused() -> None:
    pool, _ = golden()
    told = recipe.read("{merge_method: linear, models: [{model: a}, {model: b}], parameters: {weight: 1}}")
    other = {name: torch.zeros(3) for name in pool["b"]}
    with pytest.raises(ModelsDiffer, match="same shape"):
        recipe.merge(told, pool | {"b": other})
    fewer = {name: tensor for name, tensor in pool["b"].items() if ".1." not in name}
    with pytest.raises(ModelsDiffer, match="different numbers of layers"):
        recipe.merge(told, pool | {"b": fewer})
    lacking = {name: tensor for name, tensor in pool["b"].items() if "norm" not in name}
    with pytest.raises(ModelsDiffer, match="has no"):
        recipe.merge(told, pool | {"b": lacking})


def test_half_precision_goes_in_and_comes_out() -> None:
    pool, _ = golden()
    text = "{merge_method: linear, models: [{model: a}, {model: b}], parameters: {weight: 1}, dtype: bfloat16, out_dtype: float16}"
    result = recipe.merge(recipe.read(text), pool)
    name = "model.norm.weight"
    assert result[name].dtype == torch.float16
    assert torch.equal(result[name], ((pool["a"][name].bfloat16().float() + pool["b"][name].bfloat16().float()) / 2).half())


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_a_stacked_model_runs(family: str) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    told = AutoConfig.for_model(family, **{key: value for key, value in tiny().config.to_dict().items() if key in (
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "tie_word_embeddings")})  # fmt: skip
    pool = {name: AutoModelForCausalLM.from_config(told).eval() for name in ("a", "b")}
    text = "{merge_method: passthrough, slices: [{sources: [{model: a, layer_range: [0, 2]}]}, {sources: [{model: b, layer_range: [1, 2]}]}]}"
    before = torch.get_rng_state()
    model = merged(recipe.read(text), pool)
    assert torch.equal(before, torch.get_rng_state())
    assert model.config.num_hidden_layers == 3 and len(model.model.layers) == 3
    assert pool["a"].config.num_hidden_layers == 2
    tokens = torch.arange(10)[None]
    with torch.no_grad():
        assert model(tokens).logits.shape == (1, 10, 64)
        half = merged(recipe.read("{merge_method: linear, models: [{model: a}, {model: a}], parameters: {weight: 1}}"), pool)
        assert torch.allclose(half(tokens).logits, pool["a"](tokens).logits, atol=1e-6)
    assert torch.equal(weights_of(model)["model.layers.2.mlp.up_proj.weight"], weights_of(pool["b"])["model.layers.1.mlp.up_proj.weight"])
