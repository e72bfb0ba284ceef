"""Compare every cell's result with the second engine's, and say where another common choice would change the answer.

Numbers are compared unrounded. A number that differs must be withheld by the caller.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from shared.analysis.plan import Aggregate, Plan, Step
from shared.analysis.recompute import HANGS, LIMIT, Alike, Inexact, NotRecomputed
from shared.analysis.references import last_key, pointer
from shared.analysis.sensitivity import EXACT, MAIN, Sensitivity, is_number, sensitivities

if TYPE_CHECKING:
    from shared.analysis.snapshot import Snapshot

LOOSE = 1e-6
LOOSE_KEYS = frozenset(["p_value", "skew", "kurtosis"])
KEYED_BY_DATA = frozenset(["groups", "items", "columns", "filled", "by_column", "n", "mapping", "pairs"])
SHOWN = 3  # differences a check quotes


class Check(BaseModel):
    """What became of one step. `compared` counts numbers and labels, `worst` is the largest relative difference."""

    step: str
    status: Literal["agrees", "differs", "not recomputed"]
    engine: str
    compared: int = 0
    worst: float | None = None
    why: str = ""


class Verification(BaseModel):
    checks: list[Check]
    sensitivities: list[Sensitivity]


def verify(plan: Plan, snapshot: "Snapshot", folder: Path, results: Mapping[str, Any], limit: int = LIMIT) -> Verification:
    """Recompute `plan` over the snapshot's files in `folder` and compare with the cells' `results` by step id."""
    from shared.analysis.recompute.engine import Engine

    engine = Engine(plan, snapshot, folder, results, limit)
    found = engine.run()
    checks = [_check(step, found[step.id], results, engine.taken.get(step.id, [])) for step in plan.steps if step.id in found]
    return Verification(checks=checks, sensitivities=sensitivities(plan, engine))


# --- comparison -------------------------------------------------------------------------------------------------


def _check(step: Step, mine: Any, results: Mapping[str, Any], taken: list[str]) -> Check:
    engine = "SQL sums and scipy.special" if step.op == "test" else "numpy over the Parquet snapshot"
    if isinstance(mine, NotRecomputed):
        return Check(step=step.id, status="not recomputed", engine="", why=mine.why)
    theirs = results.get(step.id)
    if not isinstance(theirs, Mapping):
        return Check(step=step.id, status="not recomputed", engine="", why="the cell gave no result")
    comparison = _Comparison(step)
    comparison.top(mine, theirs)
    why = "; ".join(comparison.differences[:SHOWN])
    if len(comparison.differences) > SHOWN:
        why += f"; and {len(comparison.differences) - SHOWN} more"
    if not why and taken:
        why = f"with {', '.join(sorted(set(taken)))} as its cell gave it"
    if not why and (left_out := _left_out(step, mine)):
        why = f"without {', '.join(left_out)}: {HANGS}"
    return Check(
        step=step.id, status="differs" if comparison.differences else "agrees", engine=engine,
        compared=comparison.compared, worst=comparison.worst, why=why,
    )  # fmt: skip


def _left_out(step: Step, mine: Mapping[str, Any]) -> list[str]:
    """The measures of an aggregate that the second engine does not tell."""
    if not isinstance(step, Aggregate):
        return []
    told = next(iter(mine["groups"].values()), None) if step.by else mine
    return [] if told is None else [measure.name for measure in step.measures if measure.name not in told]


class _Comparison:
    """Walks two results side by side."""

    def __init__(self, step: Step) -> None:
        self.main = _main(step)
        shapes = [m.name for m in step.measures if m.function in LOOSE_KEYS] if isinstance(step, Aggregate) else []
        self.loose = LOOSE_KEYS | set(shapes)
        self.compared = 0
        self.worst: float | None = None
        self.differences: list[str] = []

    def top(self, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        missing = [key for key in self.main if key in mine and key not in theirs]
        self.differences += [f"the cell's result has no `{key}`" for key in missing]
        self.walk(_comparable(mine, theirs), _comparable(theirs, theirs), "")

    def walk(self, mine: Any, theirs: Any, path: str) -> None:
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            if last_key(path) in KEYED_BY_DATA and mine.keys() != theirs.keys():
                theirs = _with_keys_of(mine, theirs)
                if odd := sorted(str(key) for key in mine.keys() ^ theirs.keys()):
                    self.differences.append(f"{path}: only one engine has {', '.join(map(repr, odd[:SHOWN]))}")
            for key in mine.keys() & theirs.keys():
                self.walk(mine[key], theirs[key], path + pointer("", key)[1:])
        elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
            for place, (a, b) in enumerate(zip(mine, theirs, strict=True)):
                self.walk(a, b, f"{path}/{place}")
        elif mine is not None or theirs is not None:
            self.compared += 1
            if not self.same(mine, theirs, EXACT if last_key(path) not in self.loose else LOOSE):
                self.differences.append(f"{path}: {theirs!r} by the cell, {mine!r} by the second engine")

    def same(self, mine: Any, theirs: Any, tolerance: float) -> bool:
        if is_number(mine) and is_number(theirs):
            if isinstance(mine, int) and isinstance(theirs, int):
                return mine == theirs
            return self._close(mine, theirs, tolerance)
        if isinstance(mine, Alike) and _as_label(theirs) in map(_as_label, mine.others):
            return True
        return bool(mine == theirs) or _as_label(mine) == _as_label(theirs)

    def _close(self, mine: float, theirs: float, tolerance: float) -> bool:
        if not (math.isfinite(mine) and math.isfinite(theirs)):
            return mine == theirs
        apart, size = abs(mine - theirs), max(abs(mine), abs(theirs))
        near_zero = tolerance / 1000 * (mine.scale if isinstance(mine, Inexact) else 1.0)
        if apart > near_zero:
            self.worst = max(self.worst or 0.0, apart / size)
        elif self.worst is None:
            self.worst = 0.0
        return apart <= max(tolerance * size, near_zero)


def _main(step: Step) -> tuple[str, ...]:
    if isinstance(step, Aggregate):
        return ("groups",) if step.by else tuple(measure.name for measure in step.measures)
    return MAIN.get(step.op, ())


def _as_label(value: Any) -> Any:
    """A name as text; a moment at midnight is its day, and `T` between day and time is a space."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    if re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        text = re.sub(r" 00:00:00(\.0+)?$", "", text.replace("T", " ", 1))
    return _rounded(text)


def _with_keys_of(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """`theirs` under the keys of `mine` where keys are computed numbers that differ by rounding only."""
    odd = {_rounded(key): key for key in mine.keys() - theirs.keys()}
    return {odd.get(_rounded(key), key) if key not in mine else key: value for key, value in theirs.items()}


def _rounded(name: str) -> str:
    """A name with the numbers in it, if they have a point, to 9 digits."""
    return _FLOAT.sub(lambda match: f"{float(match.group()):.9g}", str(name))


_FLOAT = re.compile(r"\d+\.\d+(e[-+]?\d+)?|\d+e[-+]?\d+")


def _comparable(result: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """A result without what is free: the order of `pairs`, groups of no values, `items` under names that are not unique."""
    free = dict(result)
    if isinstance(result.get("pairs"), list):
        free["pairs"] = {" ~ ".join(sorted((str(pair["x"]), str(pair["y"])))): pair for pair in result["pairs"]}
    if isinstance(result.get("groups"), Mapping):
        free["groups"] = {key: told for key, told in result["groups"].items() if told.get("n") != 0}
    if "associations" in result:
        from shared.analysis.recompute.association import strongest

        there = {one["column"] for one in theirs.get("associations", [])}  # which columns are tried is the cell's choice
        tried = [one for one in result["associations"] if one["column"] in there]
        free["associations"] = {one["column"]: one for one in tried}
        free |= strongest(tried) if result is not theirs else {}
    if "items" in result:
        names, others = ([_as_label(name) for name in one.get("names", [])] for one in (result, theirs))
        if names != others or len(set(names)) < len(names):
            del free["items"]
    return free
