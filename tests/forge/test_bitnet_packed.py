"""Packed inference: the kernel at every level of the processor, its fallback, and whole models."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from phases.bitnet import packed  # noqa: E402
from phases.bitnet.archive import ARCHIVE, write_archive  # noqa: E402
from phases.bitnet.layers import eight_bits, linears, quantised, ternary  # noqa: E402
from phases.bitnet.packed import LEVELS, PackedLinear, how, pack, packed_model  # noqa: E402
from phases.checkpoint import write  # noqa: E402
from phases.contract import CheckpointDamaged, CheckpointRef  # noqa: E402
from tests.forge.conftest import byte_tokenizer, tiny  # noqa: E402


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "extensions"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", "no-such-compiler")
    packed.kernel.cache_clear()
    yield
    packed.kernel.cache_clear()


def levels() -> list[int]:
    loaded = packed.kernel()
    return list(range(loaded.level() + 1)) if loaded else []


def reference(x: torch.Tensor, trits: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """The formula, its sum in int64."""
    values, scales = eight_bits(x)
    sums = values.to(torch.int64) @ trits.to(torch.int64).T
    out = sums.float() / (scales * scale)
    return out if bias is None else out + bias


def example(into: int, out: int, rows: int, bias: bool, seed: int) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(seed)
    trits, scale = ternary(torch.randn(out, into, generator=generator))
    x = torch.randn(rows, into, generator=generator) * torch.logspace(-6, 4, rows)[:, None]
    return x, trits, scale, torch.randn(out, generator=generator) if bias else None


@settings(max_examples=40)
@given(into=st.integers(1, 700), out=st.integers(1, 40), rows=st.integers(1, 4), bias=st.booleans(), seed=st.integers(0, 99))
def test_any_shape_is_bit_equal_to_the_formula_at_every_level(into: int, out: int, rows: int, bias: bool, seed: int) -> None:
    x, *layer = example(into, out, rows, bias, seed)
    for level in levels():
        assert torch.equal(PackedLinear(*layer, level=level)(x), reference(x, *layer)), LEVELS[level]


def test_there_is_a_kernel_where_there_is_a_compiler() -> None:
    from torch.utils.cpp_extension import is_ninja_available

    if not is_ninja_available():
        pytest.skip("torch compiles with ninja, which is not installed")
    assert how() in LEVELS


@pytest.mark.parametrize("into", [40_000, 8192 * 3])
def test_sums_do_not_overflow(into: int) -> None:
    x, trits = torch.ones(1, into), torch.ones(3, into)
    trits[1] = -1
    trits[2, ::2] = -1
    for level in levels():
        assert PackedLinear(trits, torch.ones(()), level=level)(x).tolist() == [[into, -into, 0]], LEVELS[level]


def test_rounding_is_half_to_even_as_torch_rounds() -> None:
    x = torch.tensor([[127.0, 0.5, 1.5, 2.5, -0.5, -1.5, 63.5, -126.5]])
    assert eight_bits(x)[0].tolist() == [[127, 0, 2, 2, 0, -2, 64, -126]]
    for level in levels():
        assert PackedLinear(torch.eye(8), torch.ones(()), level=level)(x).tolist() == [[127, 0, 2, 2, 0, -2, 64, -126]]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_stays_none_and_harms_no_other_token(bad: float) -> None:
    x, *layer = example(300, 7, 3, True, 1)
    x[1, 5] = bad
    for level in levels():
        out = PackedLinear(*layer, level=level)(x)
        assert out[1].isnan().all() and torch.equal(out[[0, 2]], reference(x, *layer)[[0, 2]])


def test_zeros_in_biases_out() -> None:
    _, *layer = example(64, 9, 1, True, 2)
    assert torch.equal(PackedLinear(*layer)(torch.zeros(2, 3, 64)), layer[2].expand(2, 3, 9))


def test_weights_are_two_bits_in_memory() -> None:
    weight = pack(torch.randint(-1, 2, (1408, 512)))
    assert weight.dtype == torch.uint8 and 8 * weight.numel() == 2 * 1408 * 512


def test_without_a_compiler_torch_computes_the_same_and_it_is_said(no_compiler: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert how() == "torch"
    assert "No compiled kernel" in caplog.text
    x, *layer = example(130, 33, 3, True, 3)
    assert torch.equal(PackedLinear(*layer)(x), reference(x, *layer))
    assert torch.equal(PackedLinear(*layer)(x.view(3, 1, 130)), reference(x, *layer).view(3, 1, 33))


def archived(folder: Path, model: Any, **changes: Any) -> CheckpointRef:
    weights = {name: ternary(module.weight.detach()) for name, module in linears(model)}
    archive = folder / "side.safetensors"
    folder.mkdir(exist_ok=True)
    write_archive(archive, weights | changes)
    return write(folder / "out", model, byte_tokenizer(), phase="test", precision="bitnet-b1.58", sidecars={ARCHIVE: archive})


def test_a_packed_model_computes_and_generates_as_the_quantised_one(tmp_path: Path) -> None:
    """Logits within 1e-4 of the largest: what a layer rounds the other way round moves the next one's 8-bit values now and then."""
    model = tiny().eval()
    with torch.no_grad():
        for _, module in linears(model):
            module.weight *= 10  # so that the layers matter beside the embeddings
    ref, prompt = archived(tmp_path, model), torch.tensor([[3, 17, 40, 41, 5]])
    made = packed_model(ref)
    assert sum(isinstance(module, PackedLinear) for module in made.modules()) == 14
    with quantised(model), torch.no_grad():
        expected, ours = model(prompt).logits, made(prompt).logits
        assert float((expected - ours).abs().max() / expected.abs().max()) < 1e-4
        said = model.generate(prompt, max_new_tokens=12, do_sample=False, eos_token_id=None)
        assert torch.equal(made.generate(prompt, max_new_tokens=12, do_sample=False, eos_token_id=None), said)
    assert not torch.equal(said, model.generate(prompt, max_new_tokens=12, do_sample=False, eos_token_id=None)), "not the float model"


def test_the_archive_is_what_is_computed_with(tmp_path: Path) -> None:
    model, name = tiny().eval(), "model.layers.0.mlp.down_proj"
    plain = packed_model(archived(tmp_path / "a", model))
    trits, scale = ternary(model.get_submodule(name).weight.detach())
    turned = packed_model(archived(tmp_path / "b", model, **{name: (-trits, scale)}))
    prompt = torch.tensor([[3, 17, 40]])
    assert not torch.allclose(plain(prompt).logits, turned(prompt).logits)


def test_a_checkpoint_without_its_archive_or_with_a_foreign_one_is_refused(tmp_path: Path) -> None:
    model = tiny()
    ref = write(tmp_path / "float", model, byte_tokenizer(), phase="test")
    with pytest.raises(CheckpointDamaged, match=r"no ternary\.safetensors"):
        packed_model(ref)
    foreign = archived(tmp_path, model, more=(torch.zeros(2, 2), torch.ones(())))
    with pytest.raises(CheckpointDamaged, match="not of this model"):
        packed_model(foreign)
