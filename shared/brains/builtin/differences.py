"""Outputs that set two figures against each other: changes between times, percentages by which one exceeds the other, compound growth."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Aggregate
from shared.brains.builtin.build import Unclear, pointer

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def between_times(recipe: "Recipe", text: str) -> str | None:
    """`percent change of average weight, 1970 to 1982`: the same figure at two times."""
    time = r"(?:q[1-4] )?\d{4}(?: q[1-4])?(?:-\d\d(?:-\d\d)?)?"
    text = re.sub(r"^(?:the )?(?P<g>change|growth|increase)(?P<what> (?:of|in) .+?),? (?:in|as a) (?:percent|percentage|%)(?=[ ,])", r"percent \g<g>\g<what>", re.sub(r"\b(\d{4}),? (?:quarter (\d)|(?:the )?(?:(first)|(second)|(third)|(fourth)) quarter)\b", lambda q: f"{q[1]} q{q[2] or next(i for i in (1, 2, 3, 4) if q[i + 2])}", text))
    years = sorted(set(re.findall(r"\b(?:1[5-9]|20)\d\d\b", recipe.lower)))
    if len(years) == 2 and re.fullmatch(r"(?:the )?(?:percent(?:age)?|%|pct) (?:change|growth|increase) (?:of|in) [^\d]+", text) and not recipe.growth:
        text += f" from {years[0]} to {years[1]}"  # "the same change for …"
    m = re.fullmatch(rf"(?:the )?(?:percent(?:age)?|%|pct) (?:change|growth|increase) (?:of|in) (?:the )?(?P<what>.+?),? (?:from |between )?(?P<a>{time}) (?:to|and|until|-) (?P<b>{time})", text)
    if not m or re.search(r"\d", m["what"]):
        return None
    saved, recipe.brain.table = recipe.brain.table, recipe.told.after
    try:
        a, b = (recipe.brain.answer(f"{m['what']} in {m[side]}").ref for side in "ab")
    finally:
        recipe.brain.table = saved
    return recipe.builder.calculate("(b - a) / a * 100", a=a, b=b) if a and b and a != b and "*" not in a + b else None


def of_output(recipe: "Recipe", name: str, side: str) -> str | None:
    """The one other output that all these words are about, where they name no figure of their own."""
    wanted = set(re.findall(r"[a-z0-9]{2,}", side.lower())) - {"the", "mean", "average", "value", "of"}
    own = {n: set(re.findall(r"[a-z0-9]{2,}", f"{n} {recipe.outputs[n]}".lower().replace("_", " "))) for n, r in recipe.told.done.items() if n != name and not r.endswith(("/label", "/name", "/names"))}
    hits = [n for n, words_ in own.items() if wanted and wanted <= words_]
    return recipe.told.done[hits[0]] if len(hits) == 1 else None


def exceeding(recipe: "Recipe", name: str, text: str) -> str | None:
    """`percentage by which the class_2 mean exceeds the class_0 mean`: relative to what stands second."""
    over, under = r"over|above|higher than|greater than|larger than|more than|bigger than|exceeds?|exceeded|beats?|surpass\w*", r"below|under|lower than|less than|smaller than|short of|behind"
    m = re.search(rf"(?:how many percent|(?:by )?(?:how much|what|how many) (?:percent|percentage|%)|(?:percentage|percent|%|pct)(?: difference)? by which) (?:the )?(?P<a>.+?) (?:(?:lies|lie|is|was|are|were|stands|sits) )?(?P<way>{over}|{under}) (?:that of |that for |the )*(?P<b>[^,;(]+)", text)
    if not m or re.search(r"\d$", m["b"].strip()) and not re.search(r"[a-z]", m["b"]):
        return None
    known = [of_output(recipe, name, m[side]) for side in "ab"]
    if all(known) and known[0] != known[1]:
        return recipe.builder.calculate("(b - a) / b * 100" if re.fullmatch(under, m["way"]) else "(a - b) / b * 100", a=known[0] or "", b=known[1] or "")
    saved, recipe.brain.table = recipe.brain.table, recipe.told.after
    figure = re.search(r"\b(?:mean|average|median|total|sum)\b", m["a"]) or re.search(r"\b(?:mean|average|median|total|sum)\b", m["b"])
    sides = [side if not figure or re.search(r"\b(?:mean|average|median|total|sum)\b", side) else f"{figure.group()} of {side}" for side in (m["a"], m["b"])]
    try:
        a, b = (recipe.brain.answer(side).ref for side in sides)
    finally:
        recipe.brain.table = saved
    if not a or not b or a == b or "*" in a + b:
        raise Unclear(name, "I could not tell both of the figures that are compared.", recipe.brain.hint())
    return recipe.builder.calculate("(b - a) / b * 100" if re.fullmatch(under, m["way"]) else "(a - b) / b * 100", a=a, b=b)


def written_out(recipe: "Recipe", name: str, text: str) -> str | None:
    """`(mean Yes - mean No) / mean No * 100, of glu`, `odds ratio` that the task writes out: arithmetic on figures, each by its own words."""
    formula, _, of = text.partition(", of ")
    if not re.search(r"\)? / \(?[a-z]|\)/\(?[a-z]", formula):
        said = re.escape(re.sub(r"^(?:the |crude )+", "", text).strip())
        m = re.search(rf"\b{said}\b[^.;:=]*?(?:[:=]|is|as) ?(?P<f>\([^.;:=]*?\) ?/ ?\([^()]*\))", recipe.lower) if len(said) > 4 else None
        if m is None:
            return None
        formula, of = m["f"], ""
    parts = [p.strip() for p in re.split(r"( - | \+ | ?[()*/] ?|\b(?:minus|plus|divided by|times)\b)", formula) if p and p.strip()]
    told = [p for p in parts if re.search(r"[a-z]", p) and p not in ("minus", "plus", "divided by", "times")]
    if len(told) < 2 or any(not re.search(r"\b(?:mean|median|average|sum|total|number|count|percentage|share|std|maximum|minimum)\b", p) and of_output(recipe, name, p) is None for p in told) or re.match(r"(?:mean|average|median|sum) of\b|mean \w+ / ", formula):
        return None  # a formula within each row
    signs = {"minus": "-", "plus": "+", "divided by": "/", "times": "*"}
    values: dict[str, str] = {}
    written: list[str] = []
    for part in parts:
        if part in signs or part in "()*/+-":
            written.append(signs.get(part, part))
        elif re.fullmatch(r"\d+(?:\.\d+)?", part):
            written.append(part)
        else:
            ref = of_output(recipe, name, part) if not of else None
            ref = ref or _figure(recipe, f"{part} of {of}" if of else part)
            if ref is None or "*" in ref:
                raise Unclear(name, f"I could not tell what “{part}” is.", recipe.brain.hint())
            written.append(next((k for k, v in values.items() if v == ref), f"v{len(values)}"))
            values.setdefault(written[-1], ref)
    if len(values) < 2 or written.count("(") != written.count(")"):
        return None
    return recipe.builder.calculate(" ".join(written), **values)


def _figure(recipe: "Recipe", words_: str) -> str | None:
    """A figure by its own words; `mean yes of glu` is told as `mean glu of yes`."""
    if m := re.fullmatch(r"(?P<f>mean|median|average|sum|total|std) (?P<who>.+) of (?P<c>\w+)", words_):
        words_ = f"{m['f']} {m['c']} of '{m['who']}'" if recipe.linker.find_values(m["who"].split(), m["who"]) else f"{m['f']} {m['c']} of {m['who']}"
    saved, recipe.brain.table = recipe.brain.table, recipe.told.after
    try:
        return recipe.brain.answer(words_).ref
    finally:
        recipe.brain.table = saved


def compound(recipe: "Recipe", text: str, both: str) -> str | None:
    """Compound annual growth of a figure between two years."""
    if not re.search(r"compound|\bcagr\b", f"{both} {recipe.lower}") or not re.search(r"growth|cagr|\brate\b|grew", both):
        return None
    found = [re.findall(r"\b(1[5-9]\d\d|20\d\d)\b", t) for t in (both, recipe.lower)]
    years = next((sorted(set(y)) for y in found if len(set(y)) == 2), None)
    if years is None:
        raise Unclear(text, "I could not tell between which two years the growth is.")
    what = re.sub(r"\(?\b(?:the |a |in )*(?:compound(?:ed)?|annual(?:ised|ized)?|yearly|average|growth|rates?|cagr|percent(?:age)?|per year|p\.?a\.?|a year|%|from|between|over|and|to|until|\d{4})\b\)?", " ", text)
    what = re.sub(r"^[ ,;]*(?:of|in|for)\b|[,;%()]|\s+", " ", what).strip()
    what = re.sub(r"^of |(?: of| in| for)+$", "", what)
    saved, recipe.brain.table = recipe.brain.table, recipe.told.after
    named = recipe.columns(recipe.brain.read(what))
    extra = "" if named else f"{recipe.told.main} " if recipe.told.main else ""
    try:
        a, b = (recipe.brain.answer(f"{extra}{what} in {y}").ref for y in years)
    finally:
        recipe.brain.table = saved
    if not a or not b or a == b or "*" in a + b:
        return None
    percent = " * 100" if re.search(r"percent|%|pct", f"{both} {recipe.lower}") else ""
    return recipe.builder.calculate(f"((b / a) ^ (1 / {int(years[1]) - int(years[0])}) - 1){percent}", a=a, b=b)

_MORE = r"(?:higher|lower|taller|shorter|longer|heavier|lighter|more|less|above|below|faster|slower|older|younger|bigger|larger|smaller)"

_RELATIVE = rf"\b(?:percent(?:age)?|pct|%)\b.*\bdiffer\w*|\bdiffer\w*.*\b(?:percent(?:age)?|pct|%)|\b(?:percent(?:age)?|pct|%) (?:by which |how much )?{_MORE}\b|\b{_MORE}\b.{{0,30}}\b(?:percent|pct)\b"

_BASES = (
    r"(?:use|take|taking|using|with|treat|treating) (?:the )?(?P<b>[^.;,]*?) (?:as|for|being|is) (?:the )?(?:base|baseline|reference|denominator)\b", r"\b(?P<b>[a-z0-9_' ]+?) (?:is|as|being|forms) (?:the )?(?:base|baseline|reference|denominator)\b",
    r"(?:as|in) (?:a |the )?(?:percent(?:age)?|%) (?:of|relative to) (?:the )?(?P<b>[^.;,()]+)", r"(?:relative to|compared (?:to|with)) (?:the )?(?P<b>[^.;,()]+)",
)


def base_of(recipe: "Recipe", pair: list[str], text: str) -> str | None:
    """Which of two outputs a percentage difference is relative to; None where a drop or a change goes from the first to the second."""
    own = [r"(?:percent(?:age)?|%|pct) (?:difference|change) (?:of .+ )?(?:from|to|over|against|relative to|compared (?:to|with)) (?:the )?(?P<b>[^,;()]+)$"] if re.search(r"differ", text) else []
    said = [m["b"] for patterns, where in ((own, text), (_BASES, text), (_BASES, recipe.lower)) for p in patterns for m in re.finditer(p, where)]
    if re.search(r"drop|decrease|decline|\bfall|\bfell", text):
        said = []
    begun = {n: {w[:5] for w in re.findall(r"[a-z0-9]+", f"{n} {recipe.outputs[n]}".lower().replace("_", " "))} for n in pair}
    for words_ in said:
        wanted = {w[:5] for w in re.findall(r"[a-z0-9]+", words_)}
        scores = [len(wanted & (begun[n] - begun[o])) for n, o in (pair, pair[::-1])]
        if scores[0] != scores[1]:
            return pair[0] if scores[0] > scores[1] else pair[1]
    return None


def kind_of(recipe: "Recipe", ref: str) -> str:
    """What sort of figure a reference is: the measure it was made by, or the arithmetic."""
    step = next((s for s in recipe.builder.steps if s.id == ref.split(":")[0]), None)
    if isinstance(step, Aggregate):
        own = [m for m in step.measures if ref.endswith(f"/{pointer(m.name)}")] or step.measures
        return f"{own[0].function} {own[0].column if own[0].function != 'count' else ''}"
    return str(getattr(step, "expression", None) or getattr(step, "op", ""))


def from_others(recipe: "Recipe", name: str, text: str, both: str) -> str | None:
    """A difference, ratio or change between other outputs."""
    others = [n for n in recipe.outputs if n != name and n in recipe.told.done and not recipe.told.done[n].endswith(("/name", "/names", "/label"))]
    if re.match(r"(?:its|their|that|the)\b.*\bratio$", text) and not re.search(r"ratio of|ratio between", both):
        return None
    mentioned = sorted((text.find(n.lower()), n) for n in others if re.search(rf"\b{re.escape(n.lower())}\b", text))
    m = re.search(r"\bminus\b|subtract|difference|drop in", text)
    percent = not recipe.growth and re.search(r"percent|pct|%", both) and re.search(r"\b(?:changed?|growth|grew|grown|increased?|decreased?|drop|rise|rose|risen|falls?|fell)\b", both) or not recipe.growth and re.search(_RELATIVE, both) and not re.search(r"(?:percent(?:age)?|%|pct) (?:of|with|among|who|that|in|having)\b(?! (?:the )?(?:'?[a-z0-9_]+'? )?(?:mean|average|total|base|other|figure|value)\b)", text)
    ratio = re.search(r"\bratio\b|divided by", both)
    if not (m or percent or ratio):
        return None
    pair = [n for _, n in mentioned]
    if len(pair) != 2 and re.search(r"\b(?:with|of) the (?:largest|highest|smallest|lowest|biggest|greatest)\b|^(?:the )?(?:mean|median|std|sample standard deviation)\b(?!.*\bminus\b)", text):
        return None  # a figure of its own that only sounds like one made of others
    if len(pair) != 2:
        numeric = [n for n in others if not re.search(r"label|conclusion|decision|p_value", n)]
        if len(numeric) == 2 and len({kind_of(recipe, recipe.told.done[n]) for n in numeric}) > 1:
            return None  # a count and a mean are not set against each other
        if len(recipe.outputs) - 1 == len(numeric) == 2 or len(numeric) == 2:
            pair = numeric
            if " minus " in text:
                left = text.split(" minus ")[0]
                def overlap(n: str) -> int:
                    own = set(re.findall(r"[a-z0-9]+", (n + " " + recipe.outputs[n]).lower().replace("_", " ")))
                    rival = set(re.findall(r"[a-z0-9]+", " ".join(o + " " + recipe.outputs[o] for o in numeric if o != n).lower().replace("_", " ")))
                    return len((own - rival) & set(re.findall(r"[a-z0-9]+", left)))
                pair = sorted(numeric, key=overlap, reverse=True)
                if overlap(pair[0]) == 0:
                    return None
    if len(pair) != 2:
        if (percent or re.search(r"\b(?:first|second|from the|the two)\b", text)) and len(others) < len(recipe.outputs) - 1:
            raise Unclear(name, "It rests on another output that is not there yet.")
        return None
    a, b = recipe.told.done[pair[0]], recipe.told.done[pair[1]]
    if re.search(r"\b(?:mean|average|median)\b", both) and all(kind_of(recipe, recipe.told.done[n]).startswith("count") for n in pair):
        return None  # of means, and the two others are counts
    if percent and (base := base_of(recipe, pair, text)):
        other = next(n for n in pair if n != base)
        return recipe.builder.calculate("(b - a) / a * 100", a=recipe.told.done[base], b=recipe.told.done[other])
    if percent and not re.search(r"\b(?:changed?|growth|grew|grown|increased?|decreased?|drop|rise|rose|risen|falls?|fell)\b", both):
        raise Unclear(name, "I could not tell which of the two figures the percentage is of.")
    if percent:
        drop = re.search(r"drop|decrease|decline", text) and "change" not in text
        return recipe.builder.calculate("(a - b) / a * 100" if drop else "(b - a) / a * 100", a=a, b=b)
    return recipe.builder.calculate("a / b" if ratio else "a - b", a=a, b=b)
