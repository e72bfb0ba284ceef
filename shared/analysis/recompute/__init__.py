"""The second engine: a plan's numbers once more, the other way round.

Generated cells do relational work in DuckDB SQL and statistics in pandas and scipy. Here relational steps and
correlations are numpy over the snapshot's Parquet (every column with its own mask of what is there), and tests are SQL
moments, ranks and counts with p-values from `scipy.special`. It was written from the contract in `plan.py` alone, and runs in the host process:
it interprets the plan and never executes code.

    columns.py      columns and tables as numpy arrays; what a value is as text
    reading.py      Parquet into columns
    grouping.py     rows with equal keys
    conditions.py   conditions and expressions over a table
    measures.py     the measures of `aggregate`
    derive.py       derived columns: date parts, bins, cases, windows
    tables.py       steps that change which rows and columns there are
    values.py       steps that change values
    answers.py      aggregate, rank, trend, summarize
    correlations.py correlate
    significance.py test: what the kinds share, and tests of counts
    samples.py      test: kinds that compare samples of numbers
    association.py  associate
    engine.py       step by step over a plan
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from shared.analysis.plan import Plan, StepId
    from shared.analysis.snapshot import Snapshot

LIMIT = 50_000_000  # values read (or made by joins and unpivots) in one recomputation; one is 5 to 9 bytes

HANGS = "which values of a computed column are equal hangs on rounding"


@dataclass(frozen=True)
class NotRecomputed:
    """Stands where a step's result would be; `why` is a plain phrase."""

    why: str


class Inexact(float):
    """A number whose rounding error goes with `scale` (what was added up), not with itself: sums that may cancel."""

    scale: float

    def __new__(cls, value: float, scale: float) -> Self:
        number = super().__new__(cls, value)
        number.scale = scale
        return number


class Alike(str):
    """A name chosen for its number. The names in `others` had the same number up to rounding and are as right."""

    others: frozenset[str]

    def __new__(cls, name: str, others: Iterable[str]) -> Self:
        chosen = super().__new__(cls, name)
        chosen.others = frozenset(others)
        return chosen


def near(a: float, b: float) -> bool:
    """Equal up to the rounding of two engines."""
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def recompute(
    plan: Plan, snapshot: Snapshot, folder: Path, results: Mapping[str, Any], limit: int = LIMIT
) -> dict[StepId, Any | NotRecomputed]:
    """Each step's result as its docstring in `plan.py` says it, or why it was not recomputed.

    `folder` holds the snapshot's Parquet files. `results` are the cells' own, used only where a step refers to one
    that could not be recomputed. Charts and the report have no result and are left out.
    """
    from shared.analysis.recompute.engine import Engine

    return Engine(plan, snapshot, folder, results, limit).run()
