"""What weakens a finding: few rows, values lost on the way, a condition without effect, another common choice."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import Aggregate, Associate, Cast, Correlate, Filter, FitModel, Plan, StepBase, Test, Trend
from shared.analysis.words.phrases import Tale, chain, counted, listed, meaning, ref, row_noun

if TYPE_CHECKING:
    from shared.analysis.verify import Verification

FEW, FEW_FOR_A_TEST = 10, 30
COUNTS = ("count", "distinct", "null_count", "sum")  # exact for any number of rows


def caveats(plan: Plan, results: Mapping[str, Any], step_id: str) -> list[str]:
    """Templates for a step with a result."""
    tale = Tale(plan, results)
    step = tale.steps[step_id]
    told = _few(tale, step)
    for before in chain(tale, step.table):
        result = results.get(before.id) or {}
        if isinstance(before, Cast) and (lost := result.get("lost")):
            values = f"{counted(tale, before.id, 'lost', noun='value')} of {quote(before.column)}"
            told.append(f"{values} could not be read as a {before.to} and {'is' if lost == 1 else 'are'} left out.")
        if isinstance(before, Filter) and result.get("rows") == result.get("rows_before") != 0:
            told.append("The condition holds for every row, so it leaves nothing out.")
    return told


def _few(tale: Tale, step: StepBase) -> list[str]:
    result = tale.results[step.id]
    exact = isinstance(step, Aggregate) and all(m.function in COUNTS for m in step.measures)
    if exact or not isinstance(step, (Aggregate, Correlate, Test, Associate, FitModel, Trend)):
        return []
    few = FEW_FOR_A_TEST if isinstance(step, (Test, Correlate)) else FEW
    keys: tuple[str, ...] = ("n",) if isinstance(result.get("n"), int) else ("rows",)
    if isinstance(step, Aggregate) and not step.by and len(step.measures) == 1:
        keys = ("n", step.measures[0].name)
    n: Any = result
    for key in keys:
        n = n.get(key) if isinstance(n, dict) else None
    if isinstance(n, int) and 0 < n < few:
        rest = counted(tale, step.id, *keys, noun=row_noun(tale, step.table))
        return [f"This rests on only {rest}: take it as a hint, not as proof."]
    sizes = {key: "n" if "n" in group else "rows" for key, group in result.get("groups", {}).items()}
    small = [key for key, size in sizes.items() if result["groups"][key].get(size, few) < few]
    if len(small) > 3:
        return ["Some groups are small; their sizes are in the cell."]
    said = [f"{ref(step.id, 'groups', k, style='key')} ({counted(tale, step.id, 'groups', k, sizes[k])})" for k in small]
    return [f"Some groups are small: {listed(said)}."] if small else []


def sensitivities(plan: Plan, results: Mapping[str, Any], verification: "Verification", step_id: str) -> list[str]:
    """What another common choice would have given; the numbers come from the second engine (cell `verify`)."""
    told = []
    for i, other in enumerate(verification.sensitivities):
        if other.step == step_id:
            place = f"{step_id}:{other.path}"
            words = meaning(Tale(plan, results), place, value=False)
            subject = "it" if words.startswith("{{") else words
            value = ref("verify", "sensitivities", i, "value", style="p" if place.endswith("/p_value") else "")
            choice = ref("verify", "sensitivities", i, "choice", style="name")
            told.append(f"With {choice}, {subject} would be {value}.")
    return told
