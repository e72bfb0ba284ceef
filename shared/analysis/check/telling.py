"""How the checks say what is wrong with a step."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from shared.analysis import plan as p
from shared.errors import InvalidPlan


def wrong(step: p.Step, message: str, hint: str = "") -> InvalidPlan:
    return InvalidPlan(f"Step {step.id} ({step.op}): {message}", hint)


def close(name: str, names: Iterable[str]) -> str:
    """The names that come close to a wrong one, or else the first dozen there are."""
    there = [other for other in names if other != "*"]
    lowered = {other.lower(): other for other in there}
    if matches := difflib.get_close_matches(name.lower(), lowered, 3, 0.6):
        return f"Did you mean {' or '.join(f'`{lowered[match]}`' for match in matches)}?"
    listed = ", ".join(f"`{other}`" for other in there[:12])
    return f"There are: {listed}{', …' if len(there) > 12 else ''}." if there else ""


def check_text(step: p.Step, value: Any) -> None:
    """Neither names nor values may hold what no file and no database can."""
    if isinstance(value, Mapping):
        check_text(step, [*value.keys(), *value.values()])
    elif isinstance(value, list):
        for item in value:
            check_text(step, item)
    elif isinstance(value, str) and "\0" in value:
        raise wrong(step, "A text holds a NUL character.", "Take it out.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise wrong(step, f"{value} is not a number to calculate with.", "Use a finite number.")
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise wrong(step, f"{value} is too large a number.", "Whole numbers go up to 2^63 - 1.")
