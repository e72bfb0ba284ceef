"""Say where another common choice (ddof, bias, Welch or Student) would change an answer as it is told."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from shared.analysis.plan import Aggregate, Outliers, Plan, Scale, Step, Test
from shared.analysis.recompute import NotRecomputed
from shared.analysis.references import pointer, resolve
from shared.errors import InvalidPlan

if TYPE_CHECKING:
    from shared.analysis.recompute.engine import Engine

EXACT = 1e-9  # relative; near zero a thousandth of that, absolute
MOST_SENSITIVITIES = 20  # per choice

# The numbers a step stands for: they must be among what is compared.
MAIN: dict[str, tuple[str, ...]] = {
    "filter": ("rows",), "derive": ("rows", "nulls"), "cast": ("rows", "lost"), "outliers": ("rows", "outliers"),
    "drop_missing": ("rows",), "impute": ("rows", "filled"), "scale": ("rows", "columns"), "encode": ("rows", "columns"),
    "drop_duplicates": ("rows", "duplicates"), "unpivot": ("rows",), "join": ("rows",), "rank": ("names", "values"),
    "correlate": ("r", "n", "groups", "pairs"), "test": ("statistic", "p_value", "n"),
    "trend": ("first", "last", "slope", "groups"), "summarize": ("rows", "columns"), "associate": ("associations", "strongest"), "calculate": ("value",),
    "decide": ("label",),
}  # fmt: skip


class Sensitivity(BaseModel):
    """A reported value that would read differently under the other common choice: `value` at `path` in `step`'s result."""

    step: str
    path: str
    choice: str
    value: float | str


def sensitivities(plan: Plan, engine: "Engine") -> list[Sensitivity]:
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
                m.model_copy(update={"ddof": 1 - ddof}) if m.function in spread and m.ddof == ddof else m for m in step.measures
            ]
            yield _ddof_words(ddof, spread == {"var"}), step.model_copy(update={"measures": flipped})
        for name, noun in (("skew", "skewness"), ("kurtosis", "kurtosis")):
            for bias in sorted({m.bias for m in step.measures if m.function == name}):
                flipped = [
                    m.model_copy(update={"bias": not bias}) if m.function == name and m.bias == bias else m for m in step.measures
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
        if after is not None and _reads(before, decimals) != _reads(after, decimals) and not _same_number(before, after):
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
    if not is_number(value):
        return value
    if decimals is not None:
        return round(float(value), decimals)
    return f"{value:.4g}" if isinstance(value, float) else value


def _same_number(a: Any, b: Any) -> bool:
    return is_number(a) and is_number(b) and math.isclose(a, b, rel_tol=EXACT, abs_tol=EXACT / 1000)


def _told(value: Any) -> float | str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return float(value) if is_number(value) else str(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
