"""How an intent is told: a function that draws from a schema and adds the plan's steps, with the ways to ask for it."""

from collections.abc import Callable
from typing import Any

from phases.data.draw import Draw

Intent = Callable[[Draw], dict[str, Any]]  # returns the words for its phrasings
INTENTS: dict[Intent, tuple[str, ...]] = {}
WEIGHTS: dict[Intent, float] = {}


def intent(*phrasings: str, weight: float = 1.0) -> Callable[[Intent], Intent]:
    """The last three phrasings are held out: one each for search, gate and report. `[a|b]` is one of the two."""
    if len(phrasings) < 6:
        raise ValueError("An intent needs three phrasings to train on and three that are held out.")

    def keep(function: Intent) -> Intent:
        INTENTS[function], WEIGHTS[function] = phrasings, weight
        return function

    return keep
