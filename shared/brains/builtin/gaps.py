"""Gaps: values that count as missing, and what fills them."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import Compare, Derive, Impute, RefValue
from shared.brains.builtin.build import pointer
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_GAP = r"(?:missing|null|nan|na|unknown|gaps?|absent|not (?:available|recorded|known)|empty)"
_AS_GAP = re.compile(rf"\b(?:treat\w*|regard\w*|consider\w*|count\w*|cod\w+|set|mark\w*|replac\w*|turn\w*|convert\w*|tak\w+|read|recod\w*|mean|means|stands? for|is|are|really)\b.*?\b(?:as |with |to |into |by |a |an )*{_GAP}\b")


def emptied(recipe: "Recipe", sentence: str) -> bool:
    """`Treat an income of 0 as missing`: that value of the column is emptied."""
    scene = recipe.linker.link(sentence)
    lower = re.sub(r"\bzeros?\b|\bzeroes\b", "0", scene.text)
    m = _AS_GAP.search(lower)
    if m is None or not re.search(r"⟨N\d+⟩|(?<![\w⟨])0\b", m.group()):
        return False
    columns = list(dict.fromkeys(c for c in recipe.columns(scene) if c in recipe.linker.columns))
    numbers = [scene.get(n) for n in re.findall(r"⟨N\d+⟩", m.group())] or [0]
    told = recipe.told
    if len(columns) != 1 or len(set(numbers)) != 1:
        told.blocked = sentence
        return True
    column, value = columns[0], numbers[0]
    less = f"({quote(column)} - {value})" if value else quote(column)
    told.before = told.after = recipe.brain.table = recipe.builder.add(Derive, told.after, name=column, expression=f"{quote(column)} * ({less} / {less})")
    recipe.emptied.add(column)
    return True


def fill_gaps(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    method = next((m for m in ("median", "mode", "mean", "average") if m in lower), None) or ("mode" if re.search(r"most (?:frequent|common)|commonest", lower) else None)
    linker = recipe.linker
    gaps = [c for m in scene.all("W") if getattr(scene.get(m), "op", "") == "is null" for c in columns_of(scene.get(m))]  # "each missing x"
    columns = [*gaps, *recipe.columns(scene, numeric=False)] or [c for m in scene.all("W") for c in columns_of(scene.get(m))] or ([recipe.told.main] if recipe.told.main else [])
    columns = [c for c in dict.fromkeys(columns) if c in linker.columns and (linker.columns[c].nulls > 0 or c in recipe.emptied)] or columns[:1]
    if not columns:
        return False
    number = re.search(r"with (?:the value |a |zero|)?(\d+(?:\.\d+)?)", lower)
    owner = rx(r"(?:of|within|in|for|by|per) (?:the |its |their |each |every )*(?:same |own |respective )?(?:[a-z]+ )?(?:\( )?{C:c}").findall(scene.text)
    grouped = re.search(r"\bsame\b|\bown\b|\beach\b|\bevery\b|\bper\b|\bwithin\b|respective|by ", lower)
    by = [c for c in (scene.get(m) for m in owner) if recipe.brain.groupable(c) and c not in columns[:1] and linker.kind_of(c) != "number"] if grouped else []
    by = list(dict.fromkeys(by))
    columns = [c for c in columns if c not in by]
    if not method and not number and "zero" not in lower:
        return False  # with what, it does not say
    told = recipe.told
    if method not in ("mode", None) and any(not linker.is_number(c) for c in columns):
        told.blocked = recipe.builder.words or lower  # no mean of words
        return True
    fields: dict[str, Any] = {"method": {"average": "mean"}.get(method, method)} if method else {"method": "constant", "value": float(number[1]) if number else 0}
    told.before = told.after
    if by and method in ("mean", "average", "median", "mode"):
        fields["by"] = by
    told.imputed = recipe.builder.add(Impute, told.after, columns=columns, **fields)
    told.after = told.imputed
    told.main = columns[0]
    recipe.brain.default = columns[0]
    recipe.brain.table = told.after
    told.changed = True
    if not by and len(columns) == 1 and linker.kind_of(columns[0]) == "text":  # "count the rows of that type"
        found = Compare(column=columns[0], op="==", value=RefValue(ref=f"{told.imputed}:/values/{pointer(columns[0])}"))
        for this in ("this", "that", "the same", "the filled", "the fill", "the most frequent", "the most common"):
            recipe.offer([*this.split(), *linker.names[columns[0]]], found)
    return True
