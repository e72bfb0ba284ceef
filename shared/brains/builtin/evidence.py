"""Correlations and tests of a longer text: on which table, of which columns, with which settings."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import (
    Compare,
    Correlate,
    RefValue,
)  # fmt: skip
from shared.brains.builtin import statistics
from shared.brains.builtin.arithmetic import row_expression
from shared.brains.builtin.build import pointer
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.sentences import clauses, sentences
from shared.brains.builtin.spelling import root
from shared.brains.builtin.story import remove_outliers

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def table_for(recipe: "Recipe", text: str) -> str:
    told = recipe.told
    if told.outliers and not told.changed and re.search(r"remov|drop|exclud|without|discard|leave out|unflagged|not flagged|non-outl", f"{recipe.lower} {text}") and re.search(r"without|after|remain|rest|exclud|remov|left|unflagged|not flagged|non-outl|clean", text):
        remove_outliers(recipe)
    if not told.changed:
        return told.after
    scaling = r"z-?scores?\b|\bz\b|scaled|normali|standardi|rescal|0-1"
    if told.scaled and not re.search(scaling, text) and told.main in recipe.columns(recipe.brain.linker.link(text)) and any(re.search(scaling, f"{n} {d}".lower()) for n, d in recipe.outputs.items()) and not any(c in recipe.builder.expressions for c in [told.main or ""]):
        return told.before
    if told.scaled and not rows_lost(recipe) and not re.search(r"before|original|raw|unscaled", text):
        return told.after
    if re.search(r"\b(?:full (?:table|data|sample|set)|before|with outliers|all rows|over all|original|including|with them|raw|initially|of all|for all|across all|everything|with all|unscaled|every row)\b", text) and not re.search(r"after|without|unflagged", text):
        return told.before
    if re.search(r"\bwith\b(?! and)", text) and re.search(r"with(?: the)? outliers", text):
        return told.before
    if told.outliers and rows_lost(recipe) and not re.search(_LESS, text) and not any(re.match(_ORDERED, s) for s in clauses(recipe.text)):
        others = [f"{n} {d}".lower().replace("_", " ") for n, d in recipe.outputs.items() if d.lower() != text]
        if any(re.search(_LESS, o) for o in others) and re.search(r"(?i)\b(?:once|after|when|with|without|as soon as)\b[^.;]*\b(?:outli\w+|extreme|flagged|them|these|those|excluded|exceptional)\b", recipe.text):
            return told.before  # "…, and the mean once they are removed": only that is of what is left
    if re.search(_EVERY, text) and not re.search(_LESS, text) and any(re.search(_LESS, f"{n} {d}".lower().replace("_", " ")) for n, d in recipe.outputs.items()):
        return told.before  # "all cars", where another output is of the cars that are left
    return told.after


_ORDERED = r"(?i)\W*(?:(?:then|first|next|now|also|finally|please|and|after that),? )*(?:drop|remove|exclude|discard|delete|leave out|filter out|keep|eliminate|take out|throw out)\b"
_EVERY = r"\ball(?: of)?(?: the)? [a-z]+s\b(?! (?:that|which|who|whose|with|left|not)\b)|\beverybody\b(?! else)|\beveryone\b(?! else)|[,;(] ?all(?: (?:data|together|included))?\W*$|\bwith(?=$|\W*;)|\b(?:gaps|missing ones?|missing values?) ignored|\bobserved\b|\bunfilled\b"
_LESS = r"\b(?:after|without|remov\w+|exclud\w+|dropped|discarded|left|remain\w*|clean\w*|rest|kept|trimmed|filled|complete\w*|not)\b"


def rows_lost(recipe: "Recipe") -> bool:
    """Whether rows went between the table before and the table after."""
    steps = {s.id: s for s in recipe.builder.steps}
    at = recipe.told.after
    while at in steps and at != recipe.told.before:
        if steps[at].op in ("filter", "outliers", "drop_missing", "drop_duplicates"):
            return True
        at = steps[at].table
    return False


def correlation_of(recipe: "Recipe", text: str, both: str) -> str | None:
    brain = recipe.brain
    method = "spearman" if "spearman" in both else "kendall" if "kendall" in both else "pearson" if "pearson" in both else "spearman" if "spearman" in recipe.lower and "pearson" not in recipe.lower else "kendall" if "kendall" in recipe.lower and "pearson" not in recipe.lower else "pearson"
    table = table_for(recipe, text)
    scene = brain.read(text)
    while (made := row_expression(brain, scene)) is not None:
        name, scene = made
        scene.text += " " + scene.mark("C", name)
    own = recipe.columns(scene)
    marked = scene.fork(scene.text)
    mark_values(marked, recipe.linker)
    where = [marked.get(m) for m in marked.all("W")]
    if len(own) == 1 and not where:
        named = recipe.columns(brain.read(both.split(" ; ")[0]))
        own += [c for c in named if c not in own]
    if len(own) < 2:
        for sentence in sentences(recipe.text):
            if not re.search(r"correlat|relationship|relation\b|associat|pearson|spearman", sentence.lower()):
                continue
            told = recipe.columns(brain.read(sentence))
            extra = [c for c in told if c not in own]
            if len(own) == 1 and len(extra) >= 1:
                own.append(extra[0])
            elif not own and len(told) >= 2:
                own = told[:2]
            if len(own) >= 2:
                break
    if len(own) < 2:
        everything = recipe.columns(brain.read(recipe.text))
        own += [c for c in everything if c not in own]
        if len(own) != 2:
            return None
    where = [c for c in where if not set(columns_of(c)) & set(own[:2]) or len(own) == 2]
    return f"{recipe.builder.correlate(recipe.builder.where(table, *where), own[0], own[1], method)}:/r"


def p_value(recipe: "Recipe", text: str) -> str | None:
    step = the_test(recipe, text)
    if step:
        return f"{step}:/p_value"
    if statistics.test_kind(recipe.lower):
        return None
    found = [s for s in recipe.builder.steps if isinstance(s, Correlate) and f"{s.id}:/r" in recipe.told.done.values()] or [s for s in recipe.builder.steps if isinstance(s, Correlate)]
    named = next((m for m in ("pearson", "spearman", "kendall") if m in text), None)
    fits = [s for s in found if s.method == named] if named else found
    if named and not fits or len({s.method for s in fits}) > 1:
        return None
    return f"{fits[-1].id}:/p_value" if fits else correlation_p(recipe)


def correlation_p(recipe: "Recipe") -> str | None:
    ref = correlation_of(recipe, "", "correlation") if re.search(r"correlat", recipe.lower) else None
    return ref.replace(":/r", ":/p_value") if ref else None


def the_test(recipe: "Recipe", text: str) -> str | None:
    """The test the story tells of, with its groups in the order in which they are set against each other."""
    if recipe.told.test:
        return recipe.told.test
    brain = recipe.brain
    brain.default = recipe.told.main if recipe.told.main else brain.default
    whole = opened(recipe.text)
    told = [s for s in sentences(whole) if not re.match(r"(?i)\W*(?:report|round|give|state|answer|leave|ignor|drop|label|report)\b", s)]
    naming = [i for i, s in enumerate(told) if statistics.test_kind(s.lower())]
    candidates = [told[i] for i in naming] + [told[i - 1] for i in naming if i] + [f"{told[i - 1]} {told[i]}" for i in naming if i] + [" ".join(told), whole]
    for candidate in dict.fromkeys(candidates):
        scene = brain.read(candidate)
        kind = statistics.test_kind(recipe.lower)
        if statistics.test_kind(candidate.lower()) != kind and kind:
            scene.text += f" {kind.replace('_', ' ')}" if kind != "t_test" else " welch t-test"
        dropped = {c.column for c in recipe.told.scope if isinstance(c, Compare)}
        scene.text = re.sub(r"⟨V\d+⟩", lambda m: "" if {c for c, _ in scene.get(m.group())} & dropped else m.group(), scene.text)  # noqa: B023
        if re.search(r"\b(?:log|ln|log10|logarithm|square root|sqrt)\b", scene.text) and (made := row_expression(brain, scene)):
            scene = made[1]
            scene.text += " " + scene.mark("C", made[0])
        other_side(recipe, scene)
        found = statistics.find_test(brain, scene, recipe.told.after, recipe.lower)
        if found:
            step = recipe.builder.steps[int(found[1][1:]) - 1]
            alpha = statistics.setting_alpha(recipe.lower)
            student = re.search(r"student'?s? (?:two|t)\b|equal variance|pooled", recipe.lower) and not re.search(r"unequal|not assum|without assum|welch|do not assume", recipe.lower)
            update: dict[str, Any] = {}
            if alpha and step.alpha != alpha:
                update["alpha"] = alpha
            if student and step.kind == "t_test":
                update["equal_var"] = True
            if step.kind in ("t_test", "mann_whitney") and (groups := in_order(recipe, step)):
                update["groups"] = groups
            if update:
                recipe.builder.steps[int(found[1][1:]) - 1] = step.model_copy(update=update)
            recipe.told.test = found[1]
            return found[1]
    return None


def opened(text: str) -> str:
    """Brackets that say which rows are meant, as asides between commas: `an early half (years 1947 to 1954)`."""
    return re.sub(r"\(((?:the )?[A-Za-z_]+s? (?:=|is|are|from|between|before|after|up to|above|below|over|under)? ?\d[^()]*|(?:before|after|from|since|until|up to|between) [^()]*\d[^()]*)\)", r", \1,", text)


def other_side(recipe: "Recipe", scene: Scene) -> None:
    """`those above 5 against the others`, `above the median and below`: the side that is not spelled out."""
    sides = [m for m in scene.all("W") if isinstance(scene.get(m), Compare) and scene.get(m).op not in ("in", "is null", "not null")]
    if len(sides) == len(scene.all("WVYR")) == 1 and scene.get(sides[0]).op in ("<", "<=", ">", ">=", "==", "!=") and re.search(r"(?:those|the ones|and) (?:at or )?(?:below|above|under|over)(?: or equal to)? (?:it|that)\b|the (?:others?|rest)\b|all others|the remaining|not (?:above|below)|without|\b(?:who|that|which) (?:did|do|does|was|were|is|are|has|have|had) not\b(?! ⟨| [a-z]{4})", scene.text):
        one = scene.get(sides[0])
        scene.text += " " + scene.mark("W", one.model_copy(update={"op": {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}[one.op]}))
    median = rx(r"(?P<op>above|below|over|under) the (?P<f>⟨F\d+⟩)(?: of)?(?: the)? {C:c}").search(scene.text) or rx(r"at the (?P<f>⟨F\d+⟩)(?: of)?(?: the)? {C:c}\b.*?\b(?P<op>above|below|over|under) (?:the ⟨F\d+⟩|it|that)").search(scene.text)
    if median and scene.get(median["f"]) in ("median", "mean"):
        ref = recipe.builder.value(recipe.told.after, scene.get(median["f"]), scene.get(median["c"]))
        up = Compare(column=scene.get(median["c"]), op=">", value=RefValue(ref=ref))
        down = Compare(column=scene.get(median["c"]), op="<=", value=RefValue(ref=ref))
        if re.search(r"(?:at (?:least|or above)|or above|not below) the ⟨F", scene.text):
            up, down = up.model_copy(update={"op": ">="}), down.model_copy(update={"op": "<"})
        scene.text = scene.text.replace(median.group(), f"{scene.mark('W', up)} {scene.mark('W', down)}")


_SIDE = r"(?P<{0}>(?:(?! minus )[^.;,:()])+?(?: ?\([^()]*\))?)"
_FIRST = [
    re.compile(rf"(?:^|[.;,:(]|\b(?:as|of|between|take|taking|compute|statistic)\b) *{_SIDE.format('a')} minus (?:the )?{_SIDE.format('b')} *(?:$|[.;,:)])", re.I),
    re.compile(rf"\b(?:with|taking|take|using|use|treat\w*|put\w*)? *{_SIDE.format('a')} (?:(?:as|is|are|being|come|comes|goes?) (?:the )?)?first\b(?: group| sample)?", re.I),
    re.compile(rf"first (?:group|sample)(?: is| being| are|:| =|,) (?:the )?{_SIDE.format('a')} *(?:$|[.;,:)]|\band\b)", re.I),
]  # fmt: skip


def in_order(recipe: "Recipe", step: Any) -> list[Any] | None:
    """The test's two groups as `late minus early` or `owners first` puts them; None where nothing is said of it."""
    groups = list(step.groups or [])
    linker = recipe.linker
    if not groups and step.by in linker.columns and linker.columns[step.by].distinct == 2:
        held = linker.truth(step.by)
        groups = list(held) if held else sorted(v for v, _ in linker.columns[step.by].top)
    if len(groups) != 2:
        return None
    conditions: list[Any] = [Compare(column=step.by, op="==", value=g) for g in groups]
    if (template := recipe.builder.labels.get(step.by)) and template.get("cases"):
        conditions = [c.when for c in template["cases"][:2]]
    own = [f"{d}" for n, d in recipe.outputs.items() if re.search(r"statistic|\bstat\b|^[tuz]$|\b[tuz]\b", f"{n} {d}".lower().replace("_", " "))]
    told = [s for s in sentences(recipe.text) if statistics.test_kind(s.lower()) or re.search(r"statistic|\b[tuz]\b", s.lower())]
    for pattern, texts in ((_FIRST[1], [recipe.text]), (_FIRST[2], [recipe.text]), (_FIRST[0], [*own, *told])):
        for text in texts:
            for m in pattern.finditer(text):
                first = side_of(recipe, m["a"], conditions, groups)
                second = side_of(recipe, m["b"], conditions, groups) if "b" in m.groupdict() else None
                if first is None and second is not None:
                    first = 1 - second
                if first is not None and first != second:
                    return groups if first == 0 else groups[::-1]
    return None


def side_of(recipe: "Recipe", words_: str, conditions: list[Any], groups: list[Any]) -> int | None:
    """Which of two groups some words are about: by a condition they state, else by the words beside that condition in the text."""
    scene = recipe.brain.read(words_)
    mark_values(scene, recipe.linker)
    for mark in scene.all("W"):
        if scene.get(mark) in conditions:
            return conditions.index(scene.get(mark))
    spoken = {root(w) for w in re.findall(r"[a-z]{3,}", words_.lower())} - _PLAIN
    near: list[set[str]] = [set(), set()]
    for clause in re.split(r"[.;,:]| and (?=[a-z ]*\d)| or (?=[a-z ]*\d)", opened(recipe.text)):
        scene = recipe.brain.read(clause)
        mark_values(scene, recipe.linker)
        hits = {conditions.index(scene.get(mark)) for mark in scene.all("W") if scene.get(mark) in conditions}
        if len(hits) == 1:
            near[hits.pop()] |= {root(w) for w in re.findall(r"[a-z]{3,}", clause.lower())}
    scores = [len(spoken & (near[i] - near[1 - i])) for i in (0, 1)]
    return None if scores[0] == scores[1] else 0 if scores[0] > scores[1] else 1


def between_groups(recipe: "Recipe", text: str) -> str | None:
    """`the difference in mean age, Black minus White`: of the test's two groups."""
    figure = re.search(r"\b(?P<f>mean|average|median)s?\b", text)
    if not figure or not re.search(r"\bminus\b|\bdifference\b", text) or not statistics.test_kind(recipe.lower):
        return None
    step = the_test(recipe, text)
    made = next((s for s in recipe.builder.steps if s.id == step), None)
    if made is None or not made.groups or len(made.groups) != 2 or made.column not in [*recipe.columns(recipe.brain.read(text)), recipe.told.main]:
        return None
    conditions = [c.when for c in (recipe.builder.labels.get(made.by) or {}).get("cases") or []][:2] or [Compare(column=made.by, op="==", value=g) for g in made.groups]
    groups = [*made.groups]
    if m := _FIRST[0].search(text.replace(figure.group(), " ") if text.count(figure.group()) > 1 else text):
        first = side_of(recipe, m["a"], conditions, groups)
        second = side_of(recipe, m["b"], conditions, groups)
        if first is None and second is None:
            return None
        groups = groups if first == 0 or first is None and second == 1 else groups[::-1]
    f = "mean" if figure["f"] == "average" else figure["f"]
    a, b = (f"{step}:/groups/{pointer(str(g))}/{f}" for g in groups)
    return recipe.builder.calculate("a - b", a=a, b=b)


_PLAIN = frozenset(root(w) for w in "the group sample mean rows those with statistic test years from and than not".split())


def statistic(recipe: "Recipe", step: str) -> str:
    """A test's statistic; an uncorrected chi-square is the square of the z of two proportions."""
    made = next(s for s in recipe.builder.steps if s.id == step)
    return recipe.builder.calculate("z * z", z=f"{step}:/statistic") if made.kind == "proportion_z" and statistics.test_kind(recipe.lower) == "chi_square" else f"{step}:/statistic"


def odds(recipe: "Recipe") -> str | None:
    step = the_test(recipe, "")
    return f"{step}:/statistic" if step and "fisher" in recipe.lower else None
