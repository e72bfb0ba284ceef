"""A plan and its results in standard words, as templates with references: what was computed, on which rows, under which choices.

Here live words only (English, one voice: a careful colleague; no cause where there is only company, no certainty where
there are few rows). Numbers do not: they are references, and `shared.analysis.findings` puts them in.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.analysis.plan import (
    Aggregate,
    Associate,
    Calculate,
    Cast,
    Correlate,
    Decide,
    Filter,
    FitModel,
    Outliers,
    Plan,
    Python,
    Rank,
    RefValue,
    StepBase,
    Summarize,
    Test,
    Trend,
)  # fmt: skip
from shared.analysis.references import pointer
from shared.analysis.words import overview, statistics, tables
from shared.analysis.words.phrases import Tale, chain

__all__ = ["standard_findings"]

TELLERS: dict[type[StepBase], Callable[[Tale, Any], list[str]]] = {
    **dict.fromkeys(tables.CHANGING, tables.changed), Aggregate: tables.aggregate, Rank: tables.rank,
    Calculate: tables.calculate, Decide: tables.decide, Outliers: tables.outliers, Python: tables.python,
    Correlate: statistics.correlate, Test: statistics.test, Trend: statistics.trend, Associate: overview.associate,
    Summarize: overview.summarize, FitModel: overview.model,
}  # fmt: skip


def standard_findings(plan: Plan, results: Mapping[str, Any]) -> list[str]:
    """Templates for every step that has something to tell, the report's lead first.

    A step without a result, and one whose tables come from such a step, says nothing.
    """
    tale = Tale(plan, results)
    told = [(step.id, TELLERS[type(step)](tale, step)) for step in plan.steps if _speaks(tale, step)]
    lead = plan.report.lead if plan.report else None
    told.sort(key=lambda by_step: by_step[0] != lead)  # stable: the others stay in the plan's order
    return [template for _, templates in told for template in templates]


def _speaks(tale: Tale, step: StepBase) -> bool:
    """A step is told unless a later step's words tell it already."""
    known = all(tale.results.get(s.id) is not None for s in [*chain(tale, step.table), step])
    if type(step) not in TELLERS or not known:
        return False
    report = tale.plan.report
    if report and report.lead == step.id:
        return True
    later = [s for s in tale.plan.steps if type(s) in TELLERS and step in chain(tale, s.table)]
    if isinstance(step, Cast):
        return bool(tale.results[step.id].get("lost")) or not later
    if type(step) in tables.CHANGING or (isinstance(step, Outliers) and step.action != "count"):
        return not later
    if isinstance(step, (Aggregate, Trend)) and later:
        return False
    if isinstance(step, Aggregate):
        groups = tale.results[step.id].get("groups", {})
        keys: list[tuple[str, ...]] = [("groups", group) for group in groups] if step.by else [()]
        told = _told_elsewhere(tale)
        return any(pointer(step.id, *key, m.name) not in told for key in keys for m in step.measures)
    return True


def _told_elsewhere(tale: Tale) -> set[str]:
    """References whose value a calculation, a decision or a condition already states."""
    told: set[str] = set()
    for step in tale.plan.steps:
        if isinstance(step, Filter):
            told |= set(re.findall(r'"ref": "([^"]*)"', step.model_dump_json(indent=1)))
        elif isinstance(step, Calculate):
            told |= set(step.values.values())
        elif isinstance(step, Decide):
            rule = (tale.results.get(step.id) or {}).get("rule")
            for predicate in step.rules[rule].when if isinstance(rule, int) else []:
                told |= {predicate.ref} | ({predicate.value.ref} if isinstance(predicate.value, RefValue) else set())
    return told
