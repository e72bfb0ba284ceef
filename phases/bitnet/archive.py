"""Ternary weights, archived without loss at 1.6 bits each: five trits a byte, as 3⁵ = 243 ≤ 256 (log₂ 3 = 1.585 would be the least).

`ternary.safetensors` holds, for every ternary matrix, `<name>.weight` uint8 [⌈out · in / 5⌉] and `<name>.weight_scale` float32 [], and in its
metadata (`ternary`, JSON) the format and the matrices' shapes. A byte's first trit is its lowest digit, -1 is written 0; what pads the last byte is 0.
"""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from phases.contract import CheckpointDamaged

ARCHIVE = "ternary.safetensors"
FORMAT = "base-3, 5 trits a byte"
PLACES = (1, 3, 9, 27, 81)


def pack_trits(trits: Tensor) -> Tensor:
    """Any shape of -1, 0, 1 → uint8 [⌈n / 5⌉]. ValueError for other values."""
    digits = trits.detach().flatten().to("cpu", torch.int8) + 1
    if digits.numel() and not 0 <= int(digits.min()) <= int(digits.max()) <= 2:
        raise ValueError("Trits are -1, 0 and 1.")
    digits = torch.nn.functional.pad(digits.to(torch.uint8), (0, -digits.numel() % 5)).view(-1, 5)
    return (digits * torch.tensor(PLACES, dtype=torch.uint8)).sum(1, dtype=torch.uint8)


def unpack_trits(packed: Tensor, shape: tuple[int, ...]) -> Tensor:
    """uint8 [⌈n / 5⌉] → int8 of `shape`, which has n elements. CheckpointDamaged for what `pack_trits` does not write."""
    count = prod(shape)
    if packed.dtype != torch.uint8 or packed.shape != (-(-count // 5),):
        raise CheckpointDamaged(f"{count} trits take {-(-count // 5)} bytes; there are {packed.dtype} {list(packed.shape)}.")
    if count == 0:
        return torch.empty(shape, dtype=torch.int8)
    if int(packed.max()) >= 3**5:
        raise CheckpointDamaged(f"The byte {int(packed.max())} is no five trits.")
    table = torch.arange(3**5)[:, None] // torch.tensor(PLACES) % 3
    digits = table.to(torch.int8)[packed.int()].flatten()
    if bool(digits[count:].any()):
        raise CheckpointDamaged("There are trits after the last.")
    return digits[:count].view(shape) - 1


def write_archive(path: Path, weights: Mapping[str, tuple[Tensor, Tensor]]) -> float:
    """`weights`: name → trits [out, in], scale []. Returns the bits that a weight takes, scales counted, headers not."""
    told: dict[str, Tensor] = {}
    for name, (trits, scale) in weights.items():
        told[f"{name}.weight"] = pack_trits(trits)
        told[f"{name}.weight_scale"] = scale.detach().float().cpu().reshape(())
    shapes = {name: list(trits.shape) for name, (trits, _) in weights.items()}
    # One entry, as safetensors writes several in an order that differs from run to run, and a checkpoint's digest with it.
    save_file(told, path, metadata={"ternary": json.dumps({"format": FORMAT, "shapes": shapes})})
    return 8 * sum(value.nbytes for value in told.values()) / max(1, sum(trits.numel() for trits, _ in weights.values()))


def read_archive(path: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Name → trits int8 [out, in], scale float32 []. CheckpointDamaged."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})["ternary"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no mapping
        shapes = {str(name): (int(out), int(into)) for name, (out, into) in metadata["shapes"].items()}
        known = metadata["format"] == FORMAT and all(min(shape) >= 0 for shape in shapes.values())
    except Exception as error:  # whatever the library raises over a broken file
        raise CheckpointDamaged(f"{path.name} cannot be read: {str(error)[:200]}") from None
    if not known or tensors.keys() != {f"{name}.{part}" for name in shapes for part in ("weight", "weight_scale")}:
        raise CheckpointDamaged(f"{path.name} is no ternary archive, or not a whole one.")
    found = {}
    for name, shape in shapes.items():
        scale = tensors[f"{name}.weight_scale"]
        if scale.dtype != torch.float32 or scale.shape != () or not 0 < float(scale) < float("inf"):
            raise CheckpointDamaged(f"The scale of {name} in {path.name} is no positive number.")
        found[name] = (unpack_trits(tensors[f"{name}.weight"], shape), scale)
    return found
