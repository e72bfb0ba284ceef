"""What things cost, by date. A price that changes makes a new entry: a run is charged by the rates of its quote.

Sources: the providers' public lists on the day given. cpu is 2 cores and 2 GiB on Modal; RunPod has 2 vCPUs of its compute-optimised
kind. What runs on a machine of one's own costs what AGENTFORGE_LOCAL_PRICES says, and nothing by default.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from shared import settings
from shared.errors import BadInput

Micro = Annotated[int, Field(ge=0, le=10**15, strict=True)]  # micro-dollars; at most a billion dollars
MINIMUM: int = 1_000  # of a run that is charged at all: a tenth of a cent

# per second, in pico-dollars (millionths of a micro-dollar), so that no rate is rounded before it is multiplied
_SECONDS: dict[date, dict[str, dict[str, int]]] = {
    date(2026, 11, 1): {
        "modal": {"cpu": 30_640_000, "gpu-small": 310_000_000, "gpu-large": 1_273_000_000},
        "runpod": {"cpu": 34_000_000, "gpu-small": 190_000_000, "gpu-large": 1_160_000_000},
    },
}


class Rates(BaseModel, frozen=True):
    """What one run is charged by. `second`: pico-dollars for each second of work; `tokens`: route → pico-dollars for each token
    in and out; `minimum`: micro-dollars, of a run that is charged at all."""

    of: str  # the date of the list
    second: int = Field(ge=0)
    tokens: Mapping[str, tuple[int, int]] = {}
    minimum: Micro = MINIMUM


def rates(backend: str, tier: str, on: date) -> Rates:
    """Of a backend's tier on a day, with our margin. BadInput for a tier without a price."""
    lists = sorted((day for day in _SECONDS if day <= on), reverse=True) or [min(_SECONDS)]
    listed = _SECONDS[lists[0]]
    cost = listed[backend].get(tier) if backend in listed else settings.local_prices().get(tier, 0)
    if cost is None:
        raise BadInput(f"There is no price for {tier} on {backend}.", "See shared/money/prices.py.")
    second = _up(cost * (100 + settings.margin_percent()), 100)
    return Rates(of=lists[0].isoformat(), second=second, minimum=MINIMUM if second else 0)


def of_seconds(rates: Rates, microseconds: int) -> int:
    """Micro-dollars for so much work, rounded up."""
    return _up(rates.second * microseconds, 10**12)


def of_tokens(rates: Rates, route: str, tokens_in: int, tokens_out: int) -> int:
    """Micro-dollars, rounded up. BadInput for a route that was not quoted."""
    if route not in rates.tokens:
        raise BadInput(f"The route {route!r} was not quoted.")
    a, b = rates.tokens[route]
    return _up(a * tokens_in + b * tokens_out, 10**6)


def dollars(micro: int) -> str:
    """For people: "$0.001234", "-$12.50"."""
    whole, rest = divmod(abs(micro), 10**6)
    cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro < 0 else ''}${whole:,}.{cents}"


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)
