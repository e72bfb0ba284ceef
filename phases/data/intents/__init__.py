"""What can be asked, and the plan that answers it."""

from phases.data.intents import making, measuring, relating
from phases.data.intents.registry import INTENTS, WEIGHTS

__all__ = ["INTENTS", "WEIGHTS", "making", "measuring", "relating"]
