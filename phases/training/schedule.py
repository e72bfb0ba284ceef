"""The warm-up–stable–decay learning rate (MiniCPM, arXiv 2404.06395)."""


def warmup_stable_decay(step: int, steps: int, warmup: float, decay: float) -> float:
    """The factor on the peak rate at `step` of 0 … steps - 1. `warmup` and `decay`: fractions of all steps; it ends near 0, linearly."""
    up, down = max(1, round(steps * warmup)), max(1, round(steps * decay))
    return min(1.0, (step + 1) / up, (steps - step) / down)
