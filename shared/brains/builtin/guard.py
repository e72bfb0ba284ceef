"""The last look at a task with named outputs: every number it states must be at work in the steps, or nothing rests on it."""

import re
from typing import TYPE_CHECKING, Any

from shared.brains.builtin.build import used

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_COUNTED = r"zero|one|two|three|four|five|six|\d+"
# Numbers that say how the answer is written or how a method works, not what is computed.
_TELLING = re.compile(
    rf"(?:round\w*|to|with|at|in|of|by|have)?\s*\(?(?:{_COUNTED})\)? ?(?:decimals?|dp\b|digits?|d\.p\.|significant)[^,;.]*|\b(?:step|steps|problem|homework|assignment|no|number|nr|exercise|question|task|part|item|q)\s+\d+|^\s*\(?\d+[).]\s|[;.:]\s+\(?\d+[).]\s"
    r"|\(\d\)|\b0 ?(?:to|-|–|and|or|/) ?(?:1|100)\b|\b1 ?(?:to|-|–|/|or) ?0\b|between 0 and 1|\b(?:sum|add|adding) to \d+|\bn ?- ?1\b|\bddof ?=? ?\d|degrees? of freedom ?=? ?\d|\bq[13]\b|\br\^?2\b|\b\d ?[x×] ?\d\b|\b\d-year|\b\d{4} has no\b|(?:gives?|makes?|yields?|leaving|leaves|there (?:are|were)) \d+ \w+"
    r"|(?:all|the|of|those|across|over|for|these) \d+ (?:rows|records|wines|cars|observations|days|months|years|quarters|victims|states|deaths|people|persons|women|patients|students|races|weeks|columns|features|lines|provinces|values|countries|committees|pairs|quarters|rows|travellers|individuals)"
    r"|\b(?:times|multipl\w+ by|\*|×|x) ?100\b|\b100 ?(?:%|percent)|ieee ?\d+|(?:-|e)\d+\b(?=\))|[a-z_]\d+"
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:,\d{3})+|\d+(?:\.\d+)?|\.\d+)(?![\w]|\.\d)")


def stated(text: str) -> list[float]:
    """The numbers a text states, less those about its own telling."""
    plain = _TELLING.sub(" ", re.sub(r"\d{4}-\d{2}(?:-\d{2})?|\d+(?:st|nd|rd|th)\b|'[^']*'", " ", text.lower()))
    return [float(n.replace(",", "")) for n in _NUMBER.findall(plain)]


def at_work(number: float, kept: str) -> bool:
    """Whether a number stands in the steps, as it is, as a share of a hundred, or in a date."""
    forms = {number, number / 100, 1 - number / 100, number * 100, number + 1, number - 1}
    if any(abs(float(n) - f) < 1e-9 for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", kept) for f in forms):
        return True
    if number in range(100):  # "1947-54"
        forms = {1900 + number, 2000 + number}
        if any(re.search(rf"\b{f:.10g}\b", kept) for f in forms):
            return True
    return bool(re.search(rf"\b{number:.10g}-\d\d|-0?{number:.10g}(?:-|\"|T)", kept))


def lost_number(recipe: "Recipe", text: str, kept: str) -> str | None:
    """The first number a text states that no step uses."""
    own = {float(n) for c in recipe.linker.columns for n in re.findall(r"\d+", c)} | {float(recipe.brain.rows)}
    for number in stated(text):
        if number not in own and not at_work(number, kept):
            return f"{number:.10g}"
    return None


def unfounded(recipe: "Recipe") -> str | None:
    """What the task states that went unused; with some outputs unanswered a number may have been theirs."""
    done = recipe.told.done
    steps = used(recipe.builder.steps, list(done.values())) if len(done) == len(recipe.outputs) else recipe.builder.steps
    return lost_number(recipe, recipe.text, _written(steps))


def unfounded_output(recipe: "Recipe", ref: str, description: str) -> str | None:
    """A number in an output's description that its own steps do not use."""
    return lost_number(recipe, description, _written(used(recipe.builder.steps, [ref])))


def _written(steps: list[Any]) -> str:
    return " ".join(step.model_dump_json(exclude={"id", "table", "because", "seed"} if not getattr(step, "split", None) else {"id", "table", "because"}) for step in steps)
