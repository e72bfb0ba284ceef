"""Phase 4, BitNet b1.58 (arXiv 2402.17764): the model goes on learning with ternary weights and 8-bit activations.

layers.py    what a ternary layer computes and learns
phase.py     the phase: trained beside a float model as control, gate, archive
archive.py   the ternary weights at 1.6 bits each, without loss
packed.py    inference on a CPU with 2 bits a weight (kernel.cpp)

A checkpoint holds the latent float32 weights under stock names, so any tool reads it as the float model that it no longer is:
`load_as_trained` gives the one that computes as it was trained.
"""

from phases.bitnet.packed import packed_model
from phases.bitnet.phase import PHASE, load_as_trained

__all__ = ["PHASE", "load_as_trained", "packed_model"]
