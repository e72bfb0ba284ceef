"""Do two things go together, do groups differ: correlations and hypothesis tests."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import (
    Correlate,
    Predicate,
    Rule,
    Test,
)
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.terms import AUX, Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter


def correlation(brain: "Interpreter", scene: Scene) -> Answer | None:
    if not re.search(r"correlat|relation\b|relationship|association\b|associated|\brelated\b|linearly|pearson|spearman|kendall", scene.text):
        return None
    method = "spearman" if "spearman" in scene.text or "rank correlation" in scene.text else "kendall" if "kendall" in scene.text else "pearson"
    p = brain.parts(scene)
    vocabulary = ("correlates correlate matrix correlation correlations correlated correlate relation relationship association associated related strongest strong strongly weakest weak closely linked positive negative positively negatively pearson "
                  "spearman kendall coefficient coefficients rank linear linearly r rho tau tau-b numeric numerical quantitative measurement measurements attribute attributes go goes pearson's spearman's kendall's product-moment moment magnitude absolute value tightly most degree")  # fmt: skip
    numbers = [c for c in p.columns if brain.linker.is_number(c) or c in brain.builder.expressions]
    table = brain.builder.where(brain.table, *p.where)
    if len(numbers) == 2 and all(brain.unique(c) for c in p.columns if c not in numbers):
        brain.account(re.sub(r"⟨T\d+⟩", " ", p.scene.text), vocabulary)
        step = brain.builder.correlate(table, numbers[0], numbers[1], method, p.by)
        ref = f"{step}:/groups/*/r" if p.by else f"{step}:/r"
        limits = p.scene.all("T")
        brain.all_used(p.scene.text)
        if limits and (len(limits) > 1 or p.by):
            return None
        if limits:
            op, value, absolute = p.scene.get(limits[0])
            absolute = absolute or bool(re.search(r"absolute|in size|magnitude|strength", scene.text))
            return Answer(brain.builder.decide([Rule(when=[Predicate(ref=ref, op=op, value=value, absolute=absolute)], then=True)], False), step)
        if re.search(AUX, scene.text) and re.search(r"\b(?:positively|negatively)\b", scene.text) and not p.by:
            sign = ">" if "positively" in scene.text else "<"
            return Answer(brain.builder.decide([Rule(when=[Predicate(ref=ref, op=sign, value=0)], then=True)], False), step)  # type: ignore[arg-type]
        return Answer(ref, step)
    if len(numbers) == 1 and re.search(r"\bwhich\b|\bwhat (?:other )?(?:column|variable|feature|measurement|factor|attribute)|\b(?:columns|variables|features|measurements|factors|attributes)\b", scene.text):
        others = [c.name for c in brain.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.name != numbers[0] and c.kind not in ("constant", "empty")]
        if not others:
            return None
        brain.account(p.scene.text, vocabulary)
        step = brain.builder.add(Correlate, brain.builder.base(table, numbers[0]), columns=others, target=numbers[0], method=method)
        which = "highest" if "positive" in scene.text else "lowest" if "negative" in scene.text else "strongest"
        return Answer(f"{step}:/{which}", step)
    aim = rx(r"correlat\w*(?: coefficients?)? (?:with|to|and) (?:the )?{C:c}|{C:d} (?:most|least|best|(?:most |least )?(?:strongly|closely|weakly)) correlat\w*(?: with)?").search(p.scene.text)
    if len(numbers) >= 3 and aim and not p.by and re.search(r"\b(?:which|what) (?:one )?of\b|\bwhich\b.*\bor\b", scene.text) and "negative" not in scene.text and not re.search(r"weak|least|⟨T", p.scene.text):
        target = p.scene.get(aim["c"] or aim["d"])
        others = [c for c in numbers if c != target]
        directions = {s[2] for s in p.superlatives}
        if target in numbers and directions <= {"desc"}:
            brain.account(p.scene.text, vocabulary)
            brain.all_used(p.scene.text)
            step = brain.builder.add(Correlate, brain.builder.base(table, *numbers), columns=others, target=target, method=method)
            return Answer(f"{step}:/{'highest' if 'positive' in scene.text else 'strongest'}", step)
    if not numbers and not p.columns and re.search(r"matrix|all|every|numeric|strongest|pairs|between the", scene.text):
        everything = [c.name for c in brain.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.kind == "number"][:40]
        if len(everything) >= 2:
            brain.account(p.scene.text, vocabulary)
            step = brain.builder.add(Correlate, table, columns=everything, method=method)
            return Answer(f"{step}:/strongest", step)
    return None


def hypothesis_test(brain: "Interpreter", scene: Scene) -> Answer | None:
    from shared.brains.builtin.statistics import decision_labels, find_test

    found = find_test(brain, scene)
    if found is None:
        return None
    kind, step = found
    labels = decision_labels(scene)
    p = f"{step}:/p_value"
    if not labels and kind in ("shapiro", "normaltest", "jarque_bera", "ks_normal") and re.search(AUX, scene.text):
        alpha = next((s.alpha for s in brain.builder.steps if s.id == step and isinstance(s, Test)), 0.05)
        return Answer(brain.builder.decide([Rule(when=[Predicate(ref=p, op="<", value=alpha)], then=False)], True), step)
    if labels:
        alpha = next((s.alpha for s in brain.builder.steps if s.id == step and isinstance(s, Test)), 0.05)
        yes, no = labels
        return Answer(brain.builder.decide([Rule(when=[Predicate(ref=p, op="<", value=alpha)], then=yes)], no), step)
    if re.search(r"p ?-? ?value", scene.text):
        return Answer(p, step)
    if re.search(r"statistic|f value|t value|\bw\b", scene.text):
        return Answer(f"{step}:/statistic", step)
    if re.search(AUX, scene.text) or re.search(r"whether|differ|significant", scene.text):
        return Answer(f"{step}:/significant", step)
    return Answer(p, step)
