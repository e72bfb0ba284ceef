"""A test of shape run twice, on a column and on its logarithm; how many rows went into a test, a fit or what is left."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import Correlate, Test
from shared.brains.builtin import statistics
from shared.brains.builtin.evidence import the_test

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_LOG = re.compile(r"\b(?:log\w*|ln|transformed)\b")
_USED = r"(?:used|tested|analy[sz]ed|considered|included|compared|studied|involved|in|entering|that (?:enter|go|went)|going|which (?:enter|go)|behind)\b(?: (?:in|into|for|by))?(?: (?:the|this|that|it|subset|sample|fit|test|regression|model|line|correlation|analysis|data|selection|computation|calculation)\b)*"
_KEPT = r"(?:left|kept|remaining|retained|that (?:remain|are left|are kept|stay)|in (?:the|this) (?:subset|sample|selection|restricted data)|without any (?:missing|empty) values?|after (?:the )?(?:drop\w*|filter\w*|removal|clean\w*)[a-z ]*)"


def shape_test(recipe: "Recipe", both: str) -> str | None:
    """The test an output is of, where the task runs one test of shape on a column and again on its logarithm."""
    kind = statistics.test_kind(recipe.lower)
    told = [f"{n} {d}".lower().replace("_", " ") for n, d in recipe.outputs.items()]
    if kind not in ("shapiro", "normaltest", "jarque_bera", "ks_normal") or not any(len({bool(_LOG.search(t)) for t in told if re.search(sort, t)}) == 2 for sort in (r"\bstatistic\b|\bw\b", r"p ?-?value|\bp\b")) or not re.search(r"\bagain\b|\bsame test\b|\bfirst\b|\bthen\b|\bboth\b|\btwice\b|\braw\b", recipe.lower):
        return None
    builder, linker = recipe.builder, recipe.linker
    bases = {c for c in linker.columns if linker.is_number(c) and builder.expressions.get(f"log {c}") == f"ln({quote(c)})"}
    column = next(iter(bases), None) if len(bases) == 1 else recipe.told.main if recipe.told.main in linker.columns else None
    if column is None or re.search(r"log10|base-?10|log2|1 \+|\+ 1", recipe.lower):
        return None
    name = builder.expression(f"log {column}", f"ln({quote(column)})") if _LOG.search(both) else column
    alpha = statistics.setting_alpha(recipe.lower)
    return builder.add(Test, builder.base(recipe.told.after, name), kind=kind, column=name, **({"alpha": alpha} if alpha else {}))


def rows_used(recipe: "Recipe", name: str, text: str) -> str | None:
    """`students in the fit`, `days used`, `rows left`: rows complete in what was fitted or tested, else all that are left."""
    counting = re.match(r"(?:n|num|number|count|rows)\b", name.lower().replace("_", " ")) or re.match(r"(?:the )?(?:number|count) of\b|how many\b", text)
    m = re.fullmatch(rf"(?:the )?(?:number of |count of |how many )?(?:the )?(?:remaining |complete )?(?P<noun>[a-z]+s|people|data points|persons)(?: that (?:were|are))?(?: (?:(?P<kept>{_KEPT})|(?P<used>{_USED})))", text.strip(" ."))
    if not counting or not m or recipe.told.outliers or recipe.told.imputed:
        return None
    scene = recipe.linker.link(m["noun"])
    if any(mark not in scene.weak and m["noun"] not in recipe.brain.nouns and recipe.linker.is_number(scene.get(mark)) for mark in scene.all("C")) or scene.all("V"):
        return None
    if m["used"]:
        if recipe.told.model and recipe.told.model != "building":
            return f"{recipe.told.model}:/n"
        if statistics.test_kind(recipe.lower):
            step = the_test(recipe, text)
            return f"{step}:/n" if step else None
        if found := {s.id for s in recipe.builder.steps if isinstance(s, Correlate) and f"{s.id}:/r" in recipe.told.done.values()}:
            return f"{found.pop()}:/n" if len(found) == 1 or recipe.told.after != "data" else None
        if "correlat" in recipe.lower:
            return None
    return recipe.builder.value(recipe.told.after, "count", None) if recipe.told.after != "data" else None
