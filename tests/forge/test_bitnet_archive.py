"""The archive of ternary weights: exact for every shape, 1.6 bits a weight, and a named error for what is not one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from phases.bitnet.archive import pack_trits, read_archive, unpack_trits, write_archive  # noqa: E402
from phases.contract import CheckpointDamaged  # noqa: E402

SHAPES = st.lists(st.integers(0, 9), min_size=0, max_size=4).map(tuple)


@given(shape=SHAPES, seed=st.integers(0, 1000))
def test_any_shape_comes_back_exactly(shape: tuple[int, ...], seed: int) -> None:
    trits = torch.randint(-1, 2, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.int8)
    packed = pack_trits(trits)
    assert packed.dtype == torch.uint8 and packed.shape == (-(-trits.numel() // 5),)
    back = unpack_trits(packed, shape)
    assert back.dtype == torch.int8 and back.shape == shape and torch.equal(back, trits)


def test_all_243_bytes_are_used_and_mean_what_the_docstring_says() -> None:
    everything = torch.cartesian_prod(*[torch.tensor([-1, 0, 1])] * 5)
    assert sorted(pack_trits(everything).tolist()) == list(range(243))
    assert pack_trits(torch.tensor([1, 0, -1, -1, -1, 0])).tolist() == [2 + 3, 1]


def test_only_trits_are_packed() -> None:
    with pytest.raises(ValueError, match="-1, 0 and 1"):
        pack_trits(torch.tensor([0, 2]))


@given(shape=st.tuples(st.integers(1, 6), st.integers(1, 6)), byte=st.integers(0, 35), value=st.integers(243, 255))
def test_bytes_that_are_no_five_trits_are_refused(shape: tuple[int, int], byte: int, value: int) -> None:
    packed = pack_trits(torch.ones(shape))
    packed[byte % len(packed)] = value
    with pytest.raises(CheckpointDamaged, match="no five trits"):
        unpack_trits(packed, shape)


@pytest.mark.parametrize("bytes_", [0, 1, 3])
def test_wrong_lengths_are_refused(bytes_: int) -> None:
    with pytest.raises(CheckpointDamaged, match="10 trits take 2 bytes"):
        unpack_trits(torch.zeros(bytes_, dtype=torch.uint8), (2, 5))


def test_trits_after_the_last_are_refused() -> None:
    with pytest.raises(CheckpointDamaged, match="after the last"):
        unpack_trits(torch.tensor([242], dtype=torch.uint8), (2, 2))


def weights() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    torch.manual_seed(0)
    return {f"layers.{i}": (torch.randint(-1, 2, (12, 10 + i), dtype=torch.int8), torch.rand(()) + 20) for i in range(3)}


def test_a_file_of_them_comes_back_exactly(tmp_path: Path) -> None:
    write_archive(tmp_path / "ternary.safetensors", weights())
    back = read_archive(tmp_path / "ternary.safetensors")
    for name, (trits, scale) in weights().items():
        assert torch.equal(back[name][0], trits) and torch.equal(back[name][1], scale)
    with safe_open(tmp_path / "ternary.safetensors", framework="pt") as file:
        assert json.loads(file.metadata()["ternary"])["shapes"]["layers.1"] == [12, 11], "what any tool needs to read it is told in it"


def test_the_same_weights_make_the_same_file(tmp_path: Path) -> None:
    for i in range(8):
        write_archive(tmp_path / f"{i}.safetensors", weights())
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1, "so that a checkpoint's digest is that of what is in it"


def test_it_takes_eight_fifths_of_a_bit_a_weight(tmp_path: Path) -> None:
    trits = torch.randint(-1, 2, (1408, 512), dtype=torch.int8)
    bits = write_archive(tmp_path / "a.safetensors", {"w": (trits, torch.ones(()))})
    assert bits == 8 * (-(-trits.numel() // 5) + 4) / trits.numel() and 1.6 <= bits < 1.6001
    assert (tmp_path / "a.safetensors").stat().st_size < trits.numel() / 5 + 400, "and the file is that long"


def _rewrite(path: Path, change: str) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if change == "truncated":
        path.write_bytes(path.read_bytes()[:-5])
        return
    if change == "not safetensors":
        path.write_bytes(b"trits")
        return
    if change == "a byte":
        tensors["layers.1.weight"][3] = 250
    elif change == "a tensor is missing":
        del tensors["layers.1.weight"]
    elif change == "a tensor too many":
        tensors["more"] = torch.ones(1)
    elif change == "no metadata":
        metadata = None
    elif change == "another format":
        metadata["ternary"] = metadata["ternary"].replace("base-3", "base-4")
    elif change == "a shape":
        metadata["ternary"] = metadata["ternary"].replace("[12, 11]", "[12, 99]")
    elif change == "a negative shape":
        metadata["ternary"] = metadata["ternary"].replace("[12, 11]", "[-12, -11]")
    elif change == "no shapes":
        metadata["ternary"] = "[]"
    else:
        tensors["layers.1.weight_scale"] = torch.tensor(float("nan") if change == "a scale of NaN" else 0.0)
    save_file(tensors, path, metadata=metadata)


@pytest.mark.parametrize("change", [
    "truncated", "not safetensors", "a byte", "a tensor is missing", "a tensor too many", "no metadata", "another format", "a shape", "a negative shape",
    "no shapes", "a scale of NaN", "a scale of zero",
])  # fmt: skip
def test_a_damaged_file_is_told(tmp_path: Path, change: str) -> None:
    path = tmp_path / "ternary.safetensors"
    write_archive(path, weights())
    _rewrite(path, change)
    with pytest.raises(CheckpointDamaged):
        read_archive(path)
    with pytest.raises(CheckpointDamaged):
        read_archive(tmp_path / "not there.safetensors")
