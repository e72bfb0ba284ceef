"""What can be run: `@function` enters a function here, and `find` and `all_functions` read. A function is the same on every backend.

Modules of this package are imported to fill the registry, so they import heavy libraries inside the function only.
"""

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

import functions
from shared.analysis.extent import Extent
from shared.errors import BadInput
from shared.money.quotes import Seconds
from shared.state.run import Run

Tier = Literal["cpu", "gpu-small", "gpu-large"]
LONGEST_S = 86_400  # no backend lets a function run longer


@dataclass(frozen=True)
class Next:
    """What a function returns to hand its run over to the next one of a chain."""

    function: str
    input: BaseModel


Estimate = Callable[[Any, Sequence[Extent]], Seconds | float | Mapping[str, Seconds]]
Body = TypeVar("Body", bound=Callable[[Any, Run], BaseModel | Next])


@dataclass(frozen=True)
class Function:
    name: str
    input: type[BaseModel]
    output: type[BaseModel]
    tier: Tier
    timeout_s: int  # of one attempt
    retries: int
    estimate: Estimate | None
    body: Callable[[Any, Run], BaseModel | Next]
    tier_of: Callable[[Any], Tier] | None = None

    def tier_for(self, input: Mapping[str, Any]) -> Tier:
        """The machine on which it works on this (validated) input."""
        return self.tier_of(self.input.model_validate(input)) if self.tier_of else self.tier


_registry: dict[str, Function] = {}


def function(
    name: str, input: type[BaseModel], output: type[BaseModel], *, tier: Tier = "cpu", timeout_s: int = 900, retries: int = 1,
    estimate: Estimate | None = None, tier_of: Callable[[Any], Tier] | None = None,
) -> Callable[[Body], Body]:  # fmt: skip
    """Enter a function (input, run) → output into the registry.

    `estimate`: from an input and the extents of its sources, the seconds that it should and may take, or a guess at the former (of which
    shared/money/precedents.py makes both), or the former for each tier that a chain works on; else a tenth of the timeout, and
    all of it. `retries`: how often it is tried again when its worker is lost, or it raises something that is nobody's fault.
    """
    if not 0 < timeout_s <= LONGEST_S:
        raise ValueError(f"{name}: a function may run for at most {LONGEST_S} s.")

    def enter(body: Body) -> Body:
        if name in _registry and _registry[name].body.__module__ != body.__module__:
            raise ValueError(f"There are two functions called {name!r}.")
        _registry[name] = Function(name, input, output, tier, timeout_s, retries, estimate, body, tier_of)
        return body

    return enter


def all_functions() -> dict[str, Function]:
    _fill()
    return dict(_registry)


def find(name: str) -> Function:
    """BadInput says which there are."""
    _fill()
    if name not in _registry:
        raise BadInput(f"There is no function called {name!r}.", f"There are: {', '.join(sorted(_registry))}.")
    return _registry[name]


@cache
def _fill() -> None:
    """Import every module here, and those that AGENTFORGE_FUNCTIONS names (separated by commas)."""
    for module in pkgutil.iter_modules(functions.__path__, "functions."):
        importlib.import_module(module.name)
    for name in filter(None, os.environ.get("AGENTFORGE_FUNCTIONS", "").split(",")):
        importlib.import_module(name.strip())
