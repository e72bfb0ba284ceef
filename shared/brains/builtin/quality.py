"""How many rows are complete, how many values are outliers."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import DropMissing, Outliers
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_ANYWHERE = r"(?: at all)?(?: (?:in|for|on|across|among) (?:any|all|every|each|one|some|at least one)(?: one)?(?: of)?(?: the| its| their)* (?:columns?|fields?|variables?|cells?))?"
_GAP = r"(?:⟨F\d+⟩|gaps?|blanks?|missing (?:data|values?|cells?|entries|entry|fields?)|empty (?:cells?|fields?)|nulls?)"
_COMPLETE = rf"\b(?:with no|without(?: any| a single)?|(?:have|has|having) (?:no|zero)|free of|no) {_GAP}{_ANYWHERE}|\b(?:fully |totally |entirely )?complete(?:ly filled)?\b(?: in (?:every|all)(?: the)? columns?)?|\bnot missing anything\b|\b(?:everything|all values|all columns|every column|every value) (?:is |are )?(?:present|filled(?: in)?|known|recorded)\b"
_INCOMPLETE = rf"\b(?:with|have|has|having|contain|contains|containing) (?:at least ⟨N\d+⟩|at least one|one or more|any|some|a) {_GAP}{_ANYWHERE}|\bincomplete\b|\bmissing (?:something|anything|any value|some value)\b"


def complete_rows(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"How many rows have no missing value in any column", "how many records are incomplete"."""
    p = brain.parts(scene)
    way = re.search(_INCOMPLETE, p.scene.text) or re.search(_COMPLETE, p.scene.text)
    gaps = [f for f in p.functions if f not in ("count", "null_count")]
    if way is None or p.columns or p.by or gaps or p.superlatives or "count" not in p.functions or "⟨F" in way.group() and "null_count" not in p.functions:
        return None
    rest = p.scene.text.replace(way.group(), " ", 1)
    brain.account(rest)
    brain.all_used(rest)
    table = brain.builder.where(brain.table, *p.where)
    kept = brain.builder.value(brain.builder.add(DropMissing, table), "count", None)
    if re.search(_INCOMPLETE, way.group()):
        kept = brain.builder.calculate("all_rows - complete", all_rows=brain.builder.value(table, "count", None), complete=kept)
    return Answer(kept, kept.split(":")[0])


def outliers_counted(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"How many prices are outliers by the 1.5 IQR rule", "number of outliers in age (z-score beyond 3)"."""
    if not re.search(r"\boutliers?\b", scene.text) or brain.loose:
        return None
    p = brain.parts(scene)
    method = "zscore" if re.search(r"\bz ?-? ?scores?\b|\bsigmas?\b", scene.text) or "std" in p.functions else "iqr"
    numbers = [c for c in p.columns if brain.linker.is_number(c) and c in brain.linker.columns]
    if "count" not in p.functions or set(p.functions) - {"count", "iqr", "std", "mean"} or len(numbers) != 1 or len(p.columns) != 1 or p.by or p.superlatives or len(p.numbers) > 1:
        return None
    if re.search(r"\b(?:without|excluding|removing|remove|exclude|drop|dropping|after|upper|lower|high|low|above|below)\b", p.scene.text):
        return None
    k = p.numbers[0] if p.numbers else 1.5 if method == "iqr" else 3
    if not 1 <= k <= 6:
        return None
    rest = rx(r"{N}").sub(" ", p.scene.text)
    brain.account(rest, "outlier outliers rule tukey tukey's method criterion fence fences z-score z-scores zscore z score sigma sigmas classed flagged beyond more than away either side times x using standard")
    step = brain.builder.add(Outliers, brain.builder.where(brain.table, *p.where), columns=numbers, method=method, k=k)
    return Answer(f"{step}:/outliers", step)
