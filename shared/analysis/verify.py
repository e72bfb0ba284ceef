"""Compare every cell's result with the second engine's, and say where another common choice would change the answer.

Numbers are compared unrounded. A number that differs must be withheld by the caller (`Unverified`).
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from shared.analysis.plan import Aggregate, Outliers, Plan, Scale, Step, Test
from shared.analysis.recompute import LIMIT, Alike, Inexact, NotRecomputed
from shared.analysis.references import last_key, pointer

if TYPE_CHECKING:
    from shared.analysis.recompute.engine import Engine
    from shared.analysis.snapshot import Snapshot

EXACT, LOOSE = 1e-9, 1e-6  # relative; near zero a thousandth of that, absolute
LOOSE_KEYS = frozenset(["p_value", "skew", "kurtosis"])
KEYED_BY_DATA = frozenset(["groups", "items", "columns", "filled", "by_column", "n", "mapping", "pairs"])
SHOWN = 3  # differences a check quotes
MOST_SENSITIVITIES = 20  # per choice

# The numbers a step stands for: they must be among what is compared.
MAIN: dict[str, tuple[str, ...]] = {
    "filter": ("rows",), "derive": ("rows", "nulls"), "cast": ("rows", "lost"), "outliers": ("rows", "outliers"),
    "drop_missing": ("rows",), "impute": ("rows", "filled"), "scale": ("rows", "columns"), "encode": ("rows", "columns"),
    "drop_duplicates": ("rows", "duplicates"), "unpivot": ("rows",), "join": ("rows",), "rank": ("names", "values"),
    "correlate": ("r", "n", "groups", "pairs"), "test": ("statistic", "p_value", "n"),
    "trend": ("first", "last", "slope", "groups"), "summarize": ("rows", "columns"), "calculate": ("value",),
    "decide": ("label",),
}  # fmt: skip


class Check(BaseModel):
    """What became of one step. `compared` counts numbers and labels, `worst` is the largest relative difference."""

    step: str
    status: Literal["agrees", "differs", "not recomputed"]
    engine: str
    compared: int = 0
    worst: float | None = None
    why: str = ""


class Sensitivity(BaseModel):
    """A reported value that would read differently under the other common choice: `value` at `path` in `step`'s result."""

    step: str
    path: str
    choice: str
    value: float | str


class Verification(BaseModel):
    checks: list[Check]
    sensitivities: list[Sensitivity]


def verify(
    plan: Plan, snapshot: "Snapshot", folder: Path, results: Mapping[str, Any], limit: int = LIMIT
) -> Verification:
    """Recompute `plan` over the snapshot's files in `folder` and compare with the cells' `results` by step id."""
    from shared.analysis.recompute.engine import Engine

    engine = Engine(plan, snapshot, folder, results, limit)
    found = engine.run()
    checks = [
        _check(step, found[step.id], results, engine.taken.get(step.id, [])) for step in plan.steps if step.id in found
    ]
    return Verification(checks=checks, sensitivities=_sensitivities(plan, engine))


# --- comparison -------------------------------------------------------------------------------------------------


def _check(step: Step, mine: Any, results: Mapping[str, Any], taken: list[str]) -> Check:
    engine = "SQL sums and scipy.special" if step.op in ("correlate", "test") else "numpy over the Parquet snapshot"
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
    return Check(
        step=step.id, status="differs" if comparison.differences else "agrees", engine=engine,
        compared=comparison.compared, worst=comparison.worst, why=why,
    )  # fmt: skip


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
        if _is_number(mine) and _is_number(theirs):
            if isinstance(mine, int) and isinstance(theirs, int):
                return mine == theirs
            return self._close(mine, theirs, tolerance)
        if isinstance(mine, Alike) and str(theirs) in mine.others:
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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_label(value: Any) -> Any:
    """A name as text; a moment at midnight is its day, and `T` between day and time is a space."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    if re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return re.sub(r" 00:00:00(\.0+)?$", "", text.replace("T", " ", 1))
    return text


def _with_keys_of(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """`theirs` under the keys of `mine` where keys are computed numbers that differ by rounding only."""

    def rounded(key: str) -> str:
        return " | ".join(f"{float(part):.9g}" if _NUMBER.fullmatch(part) else part for part in str(key).split(" | "))

    odd = {rounded(key): key for key in mine.keys() - theirs.keys()}
    return {odd.get(rounded(key), key) if key not in mine else key: value for key, value in theirs.items()}


_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")


def _comparable(result: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lists whose order is free become mappings. `items` count where both engines chose the same names, each once."""
    if isinstance(result.get("pairs"), list):
        return {
            **result,
            "pairs": {" ~ ".join(sorted((str(pair["x"]), str(pair["y"])))): pair for pair in result["pairs"]},
        }
    if "items" in result and (
        [*map(_as_label, theirs.get("names", []))] != [*map(_as_label, result["names"])]
        or len(result["items"]) < len(result["names"])
    ):
        return {key: value for key, value in result.items() if key != "items"}
    return result


# --- sensitivity ------------------------------------------------------------------------------------------------


def _sensitivities(plan: Plan, engine: "Engine") -> list[Sensitivity]:
    told = []
    for step in plan.steps:
        for choice, other in _other_choices(step):
            under_other = engine.again(other)
            changed = _changes(plan, engine.found, under_other)
            told += [
                Sensitivity(step=id, path=path, choice=choice, value=value)
                for (id, path), value in list(changed.items())[:MOST_SENSITIVITIES]
            ]
    return told


def _other_choices(step: Step) -> Iterator[tuple[str, Step]]:
    """The step under the other common choice, and the choice in words."""
    if isinstance(step, Aggregate):
        spread = {m.function for m in step.measures if m.function in ("std", "var", "sem", "cv")}
        for ddof in sorted({m.ddof for m in step.measures if m.function in spread}):
            flipped = [
                m.model_copy(update={"ddof": 1 - ddof}) if m.function in spread and m.ddof == ddof else m
                for m in step.measures
            ]
            yield _ddof_words(ddof, spread == {"var"}), step.model_copy(update={"measures": flipped})
        for name, noun in (("skew", "skewness"), ("kurtosis", "kurtosis")):
            for bias in sorted({m.bias for m in step.measures if m.function == name}):
                flipped = [
                    m.model_copy(update={"bias": not bias}) if m.function == name and m.bias == bias else m
                    for m in step.measures
                ]
                words = f"unbiased instead of biased {noun}" if bias else f"biased instead of unbiased {noun}"
                yield words, step.model_copy(update={"measures": flipped})
    elif isinstance(step, Outliers | Scale) and step.method == "zscore":
        yield _ddof_words(step.ddof, False), step.model_copy(update={"ddof": 1 - step.ddof})
    elif isinstance(step, Test) and step.kind == "t_test":
        words = "Welch's instead of Student's t-test" if step.equal_var else "Student's instead of Welch's t-test"
        yield words, step.model_copy(update={"equal_var": not step.equal_var})


def _ddof_words(ddof: int, variance: bool) -> str:
    noun = "variance" if variance else "standard deviation"
    return f"population instead of sample {noun}" if ddof else f"sample instead of population {noun}"


def _changes(plan: Plan, base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[tuple[str, str], float | str]:
    """The reported values, by step and path, that read differently in `other`."""
    changed: dict[tuple[str, str], float | str] = {}
    for id, path, decimals in _reported(plan, base, other):
        before, after = _at(base[id], path), _at(other[id], path)
        if (
            after is not None
            and _reads(before, decimals) != _reads(after, decimals)
            and not _same_number(before, after)
        ):
            changed.setdefault((id, path), _told(after))
    return changed


def _reported(plan: Plan, base: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """Step, path and decimals of every value told: outputs, findings, and what the standard findings speak of."""
    report = plan.report
    rounded: dict[tuple[str, str], int | None] = {}
    for output in report.outputs if report else []:
        for id, path in _expand(output.ref, other):
            rounded[id, path] = output.decimals
    for template in (report.findings if report else None) or []:
        for ref, style in re.findall(r"\{\{\s*([^|}]+?)\s*(?:\|([^}]*))?\}\}", template):
            for id, path in _expand(ref, other):
                rounded.setdefault((id, path), _decimals(style))
    if report is None or report.findings is None:
        for step in plan.steps:
            if step.id in other and not isinstance(other[step.id], NotRecomputed):
                for path in _spoken(step, base[step.id]):
                    rounded.setdefault((step.id, path), None)
    yield from ((id, path, decimals) for (id, path), decimals in rounded.items())


def _decimals(style: str) -> int | None:
    if style.isdigit():
        return int(style)
    return int(style[1:]) + 2 if style.startswith("%") and style[1:].isdigit() else None


def _expand(ref: str, results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A reference as step and path; with a `*`, one for each key. Only into `results`."""
    id, _, path = ref.partition(":")
    if id not in results or isinstance(results[id], NotRecomputed):
        return []
    paths = [""]
    for segment in path.split("/")[1:]:
        paths = [
            f"{before}/{key}"
            for before in paths
            for key in ([k for k in _keys(_at(results[id], before))] if segment == "*" else [segment])
        ]
    return [(id, one) for one in paths]


def _keys(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [pointer("", key)[2:] for key in value]
    return [str(place) for place in range(len(value))] if isinstance(value, list) else []


def _at(result: Any, path: str) -> Any:
    """The value at a path, or None."""
    from shared.analysis.references import resolve
    from shared.errors import InvalidPlan

    try:
        return resolve(f"x:{path}", {"x": result})
    except InvalidPlan:
        return None


def _spoken(step: Step, result: Any) -> list[str]:
    """The paths of the numbers and labels a step's standard finding is about."""
    if isinstance(step, Aggregate):
        return [
            path
            for m in step.measures
            for _, path in _expand(f"x:{'/groups/*' if step.by else ''}/{_escaped(m.name)}", {"x": result})
        ]
    if step.op == "test":
        return ["/statistic", "/p_value", "/significant"]
    if step.op == "rank":
        return [path for _, path in _expand("x:/names/*", {"x": result})]
    return [f"/{key}" for key in MAIN.get(step.op, ())]


def _escaped(key: str) -> str:
    return pointer("", key)[2:]


def _reads(value: Any, decimals: int | None) -> Any:
    """A value as a reader sees it: rounded by its output, else to 4 significant digits."""
    if not _is_number(value):
        return value
    if decimals is not None:
        return round(float(value), decimals)
    return f"{value:.4g}" if isinstance(value, float) else value


def _same_number(a: Any, b: Any) -> bool:
    return _is_number(a) and _is_number(b) and math.isclose(a, b, rel_tol=EXACT, abs_tol=EXACT / 1000)


def _told(value: Any) -> float | str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return float(value) if _is_number(value) else str(value)
