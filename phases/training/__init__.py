"""The loop that every phase trains with: `train` takes any module and any loss.

loop.py       steps, gradient accumulation, what happens out of memory, resume
optimizers.py Muon for the hidden matrices, AdamW for the rest
schedule.py   warm-up, stable, decay

Covered: exact resume (on a CPU the weights are bit-equal to an uninterrupted run's), bf16 autocast on a GPU, halving the batch when the
GPU is full. Not covered: more than one GPU.
"""

from phases.configs import TrainingConfig
from phases.training.loop import Batch, Batches, Trained, device, next_token_loss, train
from phases.training.optimizers import Muon

__all__ = ["Batch", "Batches", "Muon", "Trained", "TrainingConfig", "device", "next_token_loss", "train"]
