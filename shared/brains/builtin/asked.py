"""Descriptions that lean on the task: `kind with the highest mean`, `date of the maximum`, `'a', 'b' or 'c'`, `mean in 63`."""

import re
from typing import TYPE_CHECKING

from shared.brains.builtin import series
from shared.brains.builtin.sentences import sentences

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_TOP = r"(?:highest|lowest|largest|smallest|greatest|biggest|most|fewest|least|best|worst)"


def of_a_class(recipe: "Recipe", text: str) -> str:
    """`stage with the highest mean salary`: the labels the task gave to rows go by many nouns."""
    columns = {c for c, rule in recipe.builder.labels.items() if rule.get("cases") and any(case.then in recipe.made for case in rule["cases"])}
    m = re.match(rf"(?:the |which |name of the )?(?P<n>[a-z]+)(?= (?:with|that has|having|has) (?:the )?{_TOP}\b)", text)
    if not m or len(columns) != 1 or recipe.linker.link(m["n"]).all("CVF"):
        return text
    return f"class{text[m.end() :]}" if re.search(rf"(?i)\b{m['n'][:5]}", recipe.text) else text


def when_extreme(recipe: "Recipe", text: str) -> str | None:
    """`date of the maximum`: of the number that is talked about."""
    m = re.fullmatch(r"(?:the )?(?P<t>date|day|month|year|quarter|week) (?:of|at|with|when|in which) (?:the |its |this |that )?(?P<w>maximum|minimum|peak|highest|lowest|largest|smallest)(?: value| occurs| share| ratio| figure)?", text)
    time, main = series.time_of(recipe), recipe.told.main
    if not m or time is None or main is None or not recipe.linker.is_number(main) or not recipe.brain.unique(time) or m["t"] != "date" and m["t"] not in recipe.linker.names.get(time, []):
        return None
    table = recipe.builder.base(recipe.told.after, main)
    return f"{recipe.builder.rank(table, main, [time], order='asc' if m['w'] in ('minimum', 'lowest', 'smallest') else 'desc')}:/name"


def asked(recipe: "Recipe", name: str, description: str) -> str:
    """What the task asks with the words of the output's name, where its description only lists labels given to rows."""
    listed = re.findall(r"'([^']+)'", description)
    bare = re.fullmatch(r"(?:the )?([a-z]{4,})(?: number| name)?", description)
    if not bare and (len(listed) < 2 or not {x.lower() for x in listed} <= {x.lower() for x in recipe.made}):
        return description
    own = {bare[1]} if bare else {w for w in re.findall(r"[a-z]{4,}", name.lower())}
    for sentence in sentences(recipe.text):
        m = re.search(rf"(?i)\bwhich (?:of the )?(?P<n>[a-z]+) (?:has|have|shows?|had) (?:the )?(?P<rest>{_TOP}\b[^.?;,(]*)", sentence)
        if m and m["n"].lower() in own:
            return f"{m['n'].lower()} with the {m['rest'].strip()}"
    return description


def numbered(text: str, description: str) -> str:
    """`mean in 63`, where the task speaks of year 63."""
    for word, number in set(re.findall(r"(?i)\b(year|month|week|day|hour|quarter) (\d{1,3})\b", text)):
        description = re.sub(rf"(?i)\b(in|from|to|of|for|at) {number}\b(?! ?%|[.,]\d)", rf"\g<1> {word.lower()} {number}", description)
    return description
