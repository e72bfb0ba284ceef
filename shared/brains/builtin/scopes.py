"""Which rows a whole task is about, where it says so in passing: `Among the cars with 4 doors, find …`, `… using the men only`."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Condition
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.story import tell

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_WHERE = r"(?: ?\((?P<gloss>[^()]*)\))?"
_LEADING = re.compile(rf"^(?:(?:now|first|then|next|please|here),? )?(?:among|amongst|for|in|within|considering|using|taking|looking at|over|of|on)(?: only| just)? (?P<rows>(?!each\b|every\b|all\b|this\b|that\b|what\b|which\b|how\b|both\b)[^,.;:?()]+?)(?: only| alone)?{_WHERE}(?: only| alone)?, (?=[a-z])", re.I)
_ONLY = re.compile(rf",? (?:using|on|over|with|for|among|within|in|of)(?: (?P<first>only|just))? (?P<rows>(?:the |those )?(?:(?!(?:using|on|over|with|for|among|within|in|of|from|by|and|against)\b)[a-z-]+ ){{0,3}}?(?!(?:using|on|over|with|for|among|within|in|of|from|by|and|against)\b)[a-z]+s?(?: (?:in|with|of|from|where|that|who|whose|having|after|before|since)\b[^,.;:?()]*?)?)(?(first)|(?: only| alone)){_WHERE}(?= ?[.,;?]| and (?:report|give|tell))", re.I)
_LAST = re.compile(rf",? (?:but )?(?:only|just) (?:for|over|among|within|in|with|using|on) (?P<rows>[^,.;:?()]+?){_WHERE}(?= ?[.;?])", re.I)
_EVIDENCE = re.compile(r"(?i)regress|\bfit\b|least squares|correlat|\btest\b|anova|pearson|spearman|relates?\b|relationship")
_EVERYTHING = re.compile(r"(?i)\b(?:whole|entire|full|complete) (?:table|data\w*|sample|set)\b|\ball (?:of )?(?:the )?(?:rows|records|data|[a-z]+s)\b|\bagain\b|\btwice\b|\bseparately\b|\boverall\b|\beverybody\b|\beveryone\b|\bof all\b|\ball (?:the )?other\b|\bthe (?:rest|others?)\b|\bremaining\b")


def scoped(recipe: "Recipe", text: str) -> str:
    """Carries out what scopes the whole task and gives the text without it."""
    if _EVERYTHING.search(text) or len([s for s in sentences(text) if _LEADING.match(s)]) > 1:
        return text
    asked = False
    for sentence in sentences(text):
        found = None if asked else _LEADING.match(sentence)
        found = found or (_ONLY.search(sentence) if _EVIDENCE.search(sentence) else None) or _LAST.search(sentence)
        asked = asked or bool(re.match(r"(?i)(?:what|how many|which|how much|report|give|tell|find|state|return|show|list|count)\b", sentence))
        if not found:
            continue
        rows = next((r for r in (found["gloss"], found["rows"]) if r and _selects(recipe, r)), None)
        if rows is None:
            continue
        before = recipe.told.after
        known = all(w in recipe.told.scope for w in _chosen(recipe, rows))
        if not known:
            tell(recipe, f"keep only the rows {rows}" if re.match(r"(?:in|with|where|from|whose)\b", rows) else f"keep only the rows where {rows}" if rows == found["gloss"] else f"keep only {rows}")
        if recipe.told.after == before and not known:
            continue
        head, tail = sentence[: found.start()], sentence[found.end() :]
        return text.replace(sentence, head + (tail[:1].upper() + tail[1:] if not head else tail), 1)
    return text


def _chosen(recipe: "Recipe", rows: str) -> list[Condition]:
    scene = recipe.brain.read(rows)
    mark_values(scene, recipe.linker)
    return [scene.get(m) for m in scene.all("W")]


def _selects(recipe: "Recipe", rows: str) -> bool:
    """Whether words choose rows by one column each, of which no output chooses others."""
    scene = recipe.brain.read(rows)
    chosen = _chosen(recipe, rows)
    columns = {c for w in chosen for c in columns_of(w)}
    if not chosen or len(chosen) > 2 or scene.all("FS") or scene.all("L"):
        return False
    for name, description in recipe.outputs.items():
        own = recipe.brain.read(description or name)
        mark_values(own, recipe.linker)
        if any(own.get(m) not in chosen and set(columns_of(own.get(m))) & columns for m in own.all("W")):
            return False
    return True
