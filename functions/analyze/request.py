"""What an analysis is asked for."""

import importlib
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.analysis.plan import Plan
from shared.errors import BadInput

LONGEST_GOAL = 5_000  # characters
BRAINS = {"builtin": "shared.brains.builtin"}


class AnalyzeInput(BaseModel):
    """`sources` are paths of files, or "-" for standard input. `outputs` maps the names a caller wants to what they mean.

    A `plan` is run as it is, and no brain is asked; the goal is then the plan's own unless one is given.
    """

    model_config = ConfigDict(extra="forbid")

    sources: list[str] = Field(min_length=1)
    goal: str = ""
    brain: str = "builtin"
    outputs: dict[Annotated[str, Field(min_length=1, max_length=200)], str] = {}
    plan: Plan | None = None


def brain(name: str) -> Callable[..., Plan]:
    """The `make_plan` of the brain called `name`; BadInput says which there are."""
    if name not in BRAINS:
        raise BadInput(f"There is no brain called {name!r}.", f"There is: {', '.join(BRAINS)}.")
    make_plan: Callable[..., Plan] = importlib.import_module(BRAINS[name]).make_plan
    return make_plan


def require_goal(input: AnalyzeInput) -> str:
    """The goal in words; BadInput when nothing was asked."""
    goal = input.goal.strip() or (input.plan.goal.strip() if input.plan else "")
    if not goal and input.plan is None and not input.outputs:
        raise BadInput(
            "The question is empty.", 'Ask something of the table, for instance "average price by city" or "summarise this".'
        )
    if len(goal) > LONGEST_GOAL:
        raise BadInput(
            f"The question has {len(goal):,} characters; at most {LONGEST_GOAL:,} can be read.", "Ask for less at once."
        )
    return goal
