"""Packed inference on a CPU: weights of 2 bits in memory, sums of integers, one token at a time as when text is generated.

A small kernel (kernel.cpp) is compiled on first use with torch's own tooling, for AVX-512 VNNI, AVX2 or any processor, and kept in
torch's folder of extensions. Without a compiler, torch's int8 product does the same on weights of 8 bits; `how()` tells which it is.
Outputs are those of `layers.BitLinear` at λ = 1 to rounding: sums are exact, and one division is rounded.

Covered: any shape and bias, any number of tokens. Not covered: gradients, GPUs, more than one thread (a decoding step's matrices are too
small to gain from a second), and prompts so long that float32 products over many cores would win.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from phases.bitnet.archive import ARCHIVE, read_archive
from phases.bitnet.layers import eight_bits, linears
from phases.checkpoint import load_model
from phases.contract import CheckpointDamaged, CheckpointRef

if TYPE_CHECKING:
    from transformers import PreTrainedModel

KERNEL = Path(__file__).with_name("kernel.cpp")
FLAGS = ["-O3", "-ffp-contract=off"]  # a fused product would round otherwise than torch does
BLOCK = 256  # weights; 64 bytes of 2 bits
LEVELS = ("portable C++", "AVX2", "AVX-512 VNNI")
log = logging.getLogger(__name__)


@cache
def kernel() -> Any:
    """The compiled kernel as a ctypes library; None, and a warning, where it cannot be had. Compiling takes a second or two, once."""
    try:
        from torch.utils import cpp_extension

        name = "agentforge_bitnet_" + hashlib.sha256(KERNEL.read_bytes() + repr((FLAGS, platform.machine())).encode()).hexdigest()[:16]
        root = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or cpp_extension.get_default_build_root())
        library = root / f"{name}.so"
        if not library.exists():
            root.mkdir(parents=True, exist_ok=True)
            build = tempfile.mkdtemp(dir=root)  # one's own: torch's lock on a shared one outlives a process that was killed
            try:
                cpp_extension.load(name, [str(KERNEL)], FLAGS, build_directory=build, is_python_module=False)
                os.replace(Path(build) / f"{name}.so", library)
            finally:
                shutil.rmtree(build, ignore_errors=True)
        loaded = ctypes.CDLL(str(library))
    except Exception as error:  # no compiler, ninja or setuptools, no room, no right to write: all the same
        log.warning("No compiled kernel for ternary weights (%s); torch's int8 product is used.", str(error).strip().split("\n")[0][:200])
        return None
    loaded.packed_linear.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_float] + [ctypes.c_int64] * 4 + [ctypes.c_int]
    loaded.packed_linear.restype = None
    return loaded


def how() -> str:
    """What computes here: one of LEVELS, or torch."""
    loaded = kernel()
    return LEVELS[loaded.level()] if loaded else "torch"


def pack(trits: Tensor) -> Tensor:
    """[out, in] of -1, 0, 1 → uint8 [out, ⌈in / 256⌉ · 64], as kernel.cpp says."""
    rows, columns = trits.shape
    codes = nn.functional.pad((trits + 1).to(torch.uint8), (0, -columns % BLOCK)).view(rows, -1, 4, BLOCK // 4)
    planes = codes << torch.tensor([0, 2, 4, 6], dtype=torch.uint8)[:, None]
    return planes.sum(2, dtype=torch.uint8).view(rows, -1)


class PackedLinear(nn.Module):
    """x [..., in] → [..., out], float32. `level`: of LEVELS, the best that there is when not given."""

    weight: Tensor  # 2 bits a weight (int8 [out, in] without the kernel)
    bias: Tensor | None

    def __init__(self, trits: Tensor, scale: Tensor, bias: Tensor | None = None, level: int | None = None) -> None:
        super().__init__()
        self.out_features, self.in_features = trits.shape
        self.scale = float(scale.detach())
        loaded = kernel()
        self.compiled = loaded is not None
        self.register_buffer("weight", pack(trits) if loaded else trits.to(torch.int8))
        self.register_buffer("bias", None if bias is None else bias.detach().float().contiguous())
        self.sizes = (self.out_features, self.in_features, -(-self.in_features // BLOCK), loaded.level() if loaded and level is None else level)

    def forward(self, x: Tensor) -> Tensor:
        x, bias = x.detach().float().contiguous(), self.bias
        if not self.compiled:
            values, scale = eight_bits(x.view(-1, self.in_features))
            product = torch._int_mm(values.to(torch.int8), self.weight.t()).float() / (scale * self.scale)
            return (product if bias is None else product + bias).view(*x.shape[:-1], self.out_features)
        out = x.new_empty(*x.shape[:-1], self.out_features)
        kernel().packed_linear(
            x.data_ptr(), self.weight.data_ptr(), None if bias is None else bias.data_ptr(), out.data_ptr(), self.scale,
            x.numel() // self.in_features, *self.sizes,
        )  # fmt: skip
        return out

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def packed_model(ref: CheckpointRef) -> "PreTrainedModel":
    """A ternary checkpoint's model, its layers' weights taken from the archive and packed. For inference on a CPU; CheckpointDamaged."""
    if not (ref.path / ARCHIVE).exists():
        raise CheckpointDamaged(f"{ref.path.name!r} has no {ARCHIVE}.", "Only what the phase `bitnet` wrote can be packed.")
    model, archived = load_model(ref), read_archive(ref.path / ARCHIVE)
    found = dict(linears(model))
    if {name: module.weight.shape for name, module in found.items()} != {name: trits.shape for name, (trits, _) in archived.items()}:
        raise CheckpointDamaged(f"{ARCHIVE} of {ref.path.name!r} is not of this model.")
    for name, module in found.items():
        model.set_submodule(name, PackedLinear(*archived[name], module.bias))
    return model.eval()
