"""Ternary layers: what they compute beside transformers' own, what λ and the gradients do, and that checkpoints stay stock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from torch import nn  # noqa: E402

from phases.bitnet.layers import BitLinear, dequantise, eight_bits, linears, quantise, quantised, ternary  # noqa: E402
from phases.checkpoint import load_model, write  # noqa: E402
from phases.training import TrainingConfig, next_token_loss, train  # noqa: E402
from tests.forge.conftest import LocalContext, byte_tokenizer, counting, tiny  # noqa: E402

SHAPES = [(32, 64), (128, 352), (7, 5), (512, 1408)]


@pytest.fixture(autouse=True)
def eager() -> Iterator[None]:
    """transformers' functions as they are written, without the minute that compiling them takes."""
    with torch.compiler.set_stance("force_eager"):
        yield


def linear(into: int, out: int, bias: bool = False, seed: int = 0) -> nn.Linear:
    torch.manual_seed(seed)
    made = nn.Linear(into, out, bias=bias)
    nn.init.normal_(made.weight, std=0.05)
    return made


def tokens(into: int) -> torch.Tensor:
    """[2, 9, in], of very different sizes, one all zeros."""
    x = torch.randn(2, 9, into) * torch.logspace(-7, 3, 9)[:, None]
    x[1, 4] = 0
    return x


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("into", "out"), SHAPES)
def test_outputs_are_bit_equal_to_those_of_transformers(into: int, out: int, bias: bool) -> None:
    from transformers.integrations.bitnet import AutoBitLinear

    plain, x = linear(into, out, bias), tokens(into)
    theirs = AutoBitLinear(into, out, bias=bias, online_quant=True)
    theirs.load_state_dict(plain.state_dict())
    assert torch.equal(BitLinear(plain)(x), theirs(x))


@pytest.mark.parametrize(("into", "out"), [(into, out) for into, out in SHAPES if out % 4 == 0])
def test_outputs_equal_those_of_the_packed_layer_of_transformers(into: int, out: int) -> None:
    """It takes integers and divides once, we round each weight and value: 1e-6 of the largest output, in float32."""
    from transformers.integrations.bitnet import BitLinear as Packed
    from transformers.integrations.bitnet import pack_weights

    plain, x = linear(into, out), tokens(into)
    trits, scale = ternary(plain.weight.detach())
    theirs = Packed(into, out, bias=False, dtype=torch.float32)
    theirs.weight, theirs.weight_scale = pack_weights(trits.clone()), scale.reshape(1)
    ours, told = BitLinear(plain)(x).detach(), theirs(x)
    assert float(((ours - told).abs().amax(-1) / told.abs().amax(-1).clamp(min=1e-9)).max()) < 1e-6


def test_weights_are_three_values_and_values_are_of_eight_bits() -> None:
    trits, scale = ternary(linear(64, 48).weight.detach())
    assert set(trits.unique().tolist()) == {-1, 0, 1} and scale.shape == ()
    values, scales = eight_bits(tokens(64))
    assert torch.equal(values, values.round()) and float(values.abs().max()) == 127 and scales.shape == (2, 9, 1)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_strength_goes_from_float_to_ternary_and_gradients_go_straight_through(strength: float) -> None:
    plain, x = linear(16, 8), torch.randn(3, 16)
    layer = BitLinear(plain, strength)
    layer(x).sum().backward()
    seen = layer(x).detach()
    (trits, scale), (values, scales) = ternary(plain.weight.detach()), eight_bits(x)
    weight = plain.weight.detach().lerp(trits / scale, strength)
    inputs = x.lerp(values / scales, strength)
    assert torch.equal(seen, inputs @ weight.T) or torch.allclose(seen, inputs @ weight.T, atol=1e-6)
    assert torch.allclose(plain.weight.grad, inputs.sum(0).expand(8, 16), atol=1e-6), "as if the weights were what was computed with"
    if strength == 0:
        assert torch.equal(seen, plain(x))


def family(name: str) -> Any:
    import transformers

    sizes = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                 max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)  # fmt: skip
    more = {"head_dim": 8} if name == "Qwen3" else {}
    torch.manual_seed(0)
    return getattr(transformers, f"{name}ForCausalLM")(getattr(transformers, f"{name}Config")(**sizes, **more))


@pytest.mark.parametrize("name", ["Llama", "Qwen2", "Qwen3"])
def test_every_linear_of_the_layers_is_ternary_and_nothing_else(name: str, tmp_path: Path) -> None:
    model = family(name)
    names, before = list(model.state_dict()), model(torch.arange(20)[None]).logits
    kinds = {key: type(module) for key, module in model.named_modules()}
    with quantised(model):
        swapped = {key for key, module in model.named_modules() if isinstance(module, BitLinear)}
        assert len(swapped) == 14 and type(model.lm_head) is nn.Linear
        assert list(model.state_dict()) == names
        assert not torch.equal(model(torch.arange(20)[None]).logits, before)
        ref = write(tmp_path / "out", model, byte_tokenizer(), phase="test")
    assert {key: type(module) for key, module in model.named_modules()} == kinds
    assert torch.equal(model(torch.arange(20)[None]).logits, before), "the latents are as they were"
    assert torch.equal(load_model(ref)(torch.arange(20)[None]).logits, before), "and a stock checkpoint holds them"


def test_quantising_twice_changes_the_strength_only() -> None:
    model = tiny()
    quantise(model, 0.0)
    layers = [module for _, module in linears(model)]
    quantise(model, 1.0)
    assert [module for _, module in linears(model)] == layers and all(float(layer.strength) == 1 for layer in layers)
    dequantise(model)
    assert not any(isinstance(module, BitLinear) for _, module in linears(model))


def test_it_learns_as_ternary(context: LocalContext) -> None:
    model = tiny()
    quantise(model, 0.0)
    steps = 200
    trained = train(context, "count", model, counting(), TrainingConfig(steps=steps), on_step=lambda step: quantise(model, min(1.0, step / 50)))
    assert trained.loss < 1.5, "a uniform guess has 4.16"
    with torch.no_grad():
        ternary_loss = float(next_token_loss(model, counting(seed=9)(0)))
        dequantise(model)
        latent_loss = float(next_token_loss(model, counting(seed=9)(0)))
    assert ternary_loss < latent_loss, "it is the ternary weights that learnt, the latents only carry them"
