"""What a task explains in passing and its outputs then take for granted: who the voters are, what a rate counts, which months are winter."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import Compare, DatePart
from shared.brains.builtin import words
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import key, stem

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_SEASON = re.compile(r"(?i)\b(?P<w>winter|spring|summer|autumn|fall|[a-z]+ (?:season|half|months))s? ?\((?:i\.e\.,? |that is,? |meaning |months? )?(?P<m>[A-Z][a-z]+(?:(?:,| and|, and| or|/| to|-|–)+ ?[A-Z][a-z]+)+)\)")


def explained(recipe: "Recipe") -> None:
    """Words that stand for a condition, learned from the whole task before its outputs are read."""
    seasons(recipe)
    flags(recipe)
    totals(recipe)


def seasons(recipe: "Recipe") -> None:
    """`winter (January, February and December)`: months of the date."""
    linker = recipe.linker
    found = list(_SEASON.finditer(recipe.text))
    months = [[words.MONTH_NUMBER.get(x.lower()) or words.MONTH_NUMBER.get(x.lower()[:3]) for x in re.findall(r"[A-Z][a-z]+", m["m"])] for m in found]
    if not found or len(linker.dates) != 1 or any(None in x for x in months) or any(re.search(r"\bto\b|-|–", m["m"]) for m in found):
        return
    column = next((v for v, part in linker.virtual.items() if part.part == "month"), None)
    if column is None:
        column = "month number"
        linker.virtual[column] = DatePart(column=linker.dates[0], part="month")
    for m, numbers in zip(found, months, strict=True):
        linker.codes[key(re.findall(r"\w+", m["w"].lower()))] = Compare(column=column, op="in", value=[int(n) for n in numbers if n is not None])
        recipe.text = recipe.text.replace(m.group(), m["w"])


def _base(word: str) -> str:
    """The verb within `voters`, `voting`, `voted`, `vote`."""
    return re.sub(r"(?:ers?|ors?|ing|ed|es|e|s)$", "", word.lower())


def flags(recipe: "Recipe") -> None:
    """`people who voted (vote = 1)`, `Democrats (dem = 1)`: what outputs call voters, nonvoters and Democrats."""
    linker = recipe.linker
    scene = linker.link(recipe.text)
    spoken = {w for n, d in recipe.outputs.items() for w in re.findall(r"[a-z]{4,}", f"{n} {d}".lower().replace("_", " "))}
    spoken |= {w.replace("-", "") for d in recipe.outputs.values() for w in re.findall(r"non-[a-z]+", d.lower())}
    bracketed = r"\( (?:i\.e\. |that is |where |meaning )?(?:(?P<c>⟨C\d+⟩) (?:(?:=|==|is|equals|equal to) )*(?P<n>⟨[NV]\d+⟩)|(?P<w>⟨W\d+⟩)) \)"
    for m in re.finditer(rf"(?P<said>⟨[CW]\d+⟩|[a-z-]+) {bracketed}", scene.text):
        if m["w"]:
            condition = scene.get(m["w"])
        else:
            column = scene.get(m["c"])
            value = scene.get(m["n"]) if m["n"][1] == "N" else next((v for c, v in scene.get(m["n"]) if c == column), None)
            if column not in linker.columns or value is None:
                continue
            condition = Compare(column=column, op="==", value=value)
        if not isinstance(condition, Compare) or condition.op != "==":
            continue
        own = linker.columns.get(condition.column)
        source = (scene.words.get(m["said"]) or m["said"]).lower().strip()
        if own is None or own.distinct > 12:
            continue
        if source.isalpha() and stem(source) in {stem(w) for w in spoken} and source != own.name.lower() and source not in words.STRUCTURE | words.FILLER | words.ROW_NOUNS | words.ENTITIES | set(words.FUNCTIONS) | recipe.brain.nouns:
            recipe.offer([source], condition)
        held = linker.truth(own.name)
        if held is None or condition.value not in held:
            continue
        for word in spoken:
            no = word.startswith("non") and len(word) > 6
            if _base(word[3:] if no else word) == _base(own.name) and word != own.name.lower() and no == (condition.value == held[1]):
                recipe.offer([word], condition)
                if no:
                    recipe.offer([f"non-{word[3:]}"], condition)


def totals(recipe: "Recipe") -> None:
    """`total goals`, of columns HomeGoals and AwayGoals: both together, where no column is called so."""
    linker = recipe.linker
    said = f"{recipe.lower} {' '.join(recipe.outputs.values()).lower()}"
    for m in dict.fromkeys(re.findall(r"\b(?:total (?:number of |of )?|combined |sum of (?:the )?)([a-z]{3,})\b", said)):
        parts = [c for c, names in linker.names.items() if len(names) == 2 and stem(names[-1]) == stem(m) and linker.is_number(c) and c in linker.columns]
        if len(parts) != 2 or linker.exact.get(key(["total", m])) or linker.exact.get(key([m])):
            continue
        name = recipe.builder.expression(f"total {m}", f"{quote(parts[0])} + {quote(parts[1])}")
        linker.derived[name] = "number"
        for alias in (["total", m], ["total", "of", m], ["total", "number", "of", m], ["combined", m]):
            linker.exact[key(alias)] = [name]


def rated(recipe: "Recipe", text: str) -> str:
    """`turnout rate of the young`, where the task says the turnout rate is the percentage of people with vote equal to 1: that percentage."""
    m = re.search(r"\b(?P<w>[a-z]{4,}) (?:rate|percentage|percent|share|proportion|pct)\b(?P<rest>(?: in percent)? (?:of|for|among|in) .+)?$", text)
    if m is None:
        return text
    said = re.search(rf"(?i)\b{m['w']} (?:rate|percentage|share|proportion),? ?(?:\(|=|:|is|as|means|i\.e\.|that is|defined as|meaning|,)*(?: ?(?:is|as|means|defined as|i\.e\.|that is|,))* ?(?:the )?(?P<part>percentage|share|proportion|fraction) of (?:all )?(?:the |its )?[a-z]+(?: (?:in|of) (?:the|that|each|a) [a-z]+)? (?P<how>with|who|that|whose|where|having)\b(?P<cond>[^.;)]*)", recipe.text)
    if said is None or m["w"] in {w for parts in recipe.linker.names.values() for w in parts}:
        return text
    scene = recipe.brain.read(f"rows with {said['cond']}")
    mark_values(scene, recipe.linker)
    conditions: list[Any] = [scene.get(x) for x in scene.all("W")]
    if len(conditions) != 1 or not columns_of(conditions[0]):
        return text
    kind = "percentage" if re.search(r"percent|pct|%", f"{m.group()} {said['part']}") else "share"
    recipe.offer(["counted", "in", "rate"], conditions[0])
    rest = re.sub(r"^ in percent", "", m["rest"] or "")
    return f"{text[: m.start()]}{kind} of rows counted in rate{re.sub(r'^ (?:of|for|in)', ' among', rest)}"


def one_year(recipe: "Recipe") -> None:
    """`the distribution of x among the states in 1980`: the one year a task names, and its outputs none, is that of its rows."""
    linker = recipe.linker
    said = set(re.findall(r"(?<![\d.,'-])(?:1[5-9]|20)\d\d(?![\d'-])", recipe.text))
    if len(linker.years) != 1 or len(said) != 1 or any(re.search(r"\d{4}|\byears?\b|change|growth", f"{n} {d}".lower()) for n, d in recipe.outputs.items()):
        return
    year = said.pop()
    column = linker.years[0]
    held = linker.columns[column]
    told = [s for s in sentences(recipe.text) if year in s]
    plain = re.search(rf"\b(?:in|of|for|during) (?:the )?(?:year )?{year}\b(?! (?:and|to|or|onward|until|dollars|prices))", told[0]) if len(told) == 1 else None
    if plain is None or not isinstance(held.min, (int, float)) or not isinstance(held.max, (int, float)) or not held.min <= int(year) <= held.max or re.search(r"(?i)\b(?:since|before|after|until|from|up to|base|than|drop|remove|exclude|without|except|keep|restrict|only|consider)\b", told[0]):
        return
    recipe.told.before = recipe.told.after = recipe.brain.table = recipe.builder.where(recipe.told.after, Compare(column=column, op="==", value=int(year)))
    recipe.text = recipe.text.replace(plain.group(), "", 1)
    recipe.lower = recipe.text.lower()
