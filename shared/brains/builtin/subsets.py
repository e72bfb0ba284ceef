"""`Take the ten states with the highest crime rate`: the first rows of an order, and the rest of them."""

import re
from typing import TYPE_CHECKING

from shared.brains.builtin.scene import Scene, rx

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_VERB = r"^\W*(?:(?:then|first|next|now|also|finally|please|and) ?,? )*(?P<verb>keep|take|select|consider|pick|restrict|look|focus|limit|use|filter|choose)\b"
_ORDERED = re.compile(r"(?i)\b(?:rank|sort|order|arrange)(?:s|ed|ing)?\b")


def top_rows(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """Keeps the k highest or lowest rows by a number; False where the sentence says nothing of the kind."""
    verb = re.search(_VERB, lower)
    noun = r"(?: (?:most |least )?[a-z]+| ⟨C\d+⟩)?"
    forms = (
        rf"(?:the |only )+(?:⟨S\d+⟩ )?{{N:n}}{noun} (?:with|having|that have|by) (?:the )?(?:{{S:s}}|(?:largest|biggest) ?)(?: values? of| values? for)? (?:the )?{{C:c}}",
        rf"(?:the |only )+{{N:n}}{noun} {{S:s}}{noun}(?:(?: by| in| on| according to)(?: the| their)? {{C:c}})?",
        rf"(?:the |only )+{{S:s}} {{N:n}}{noun}(?:(?: by| in| on| according to)(?: the| their)? {{C:c}})?",
    )
    m = next((x for form in forms if (x := rx(form).search(scene.text))), None)
    if verb is None or m is None:
        return False
    k, (_, hint, direction) = scene.get(m["n"]), scene.get(m["s"])
    column = scene.get(m["c"]) if m["c"] else ordered_by(recipe)
    if m["c"] is None and hint and not hint.startswith("#") and (own := recipe.linker.find_column(hint.split())[0]):
        column = own
    rest = scene.text[: m.start()] + scene.text[m.end() :]
    if not isinstance(k, int) or not 1 <= k <= 1000 or direction not in ("asc", "desc") or column is None or not recipe.linker.is_number(column) or re.search(r"⟨[VWYRNHC]\d+⟩|\b(?:each|every|per|percent)\b|%", rest):
        recipe.told.blocked = recipe.builder.words or lower
        return True
    told, brain = recipe.told, recipe.brain
    label = brain.label_column()
    table = recipe.builder.base(told.after, column)
    told.before = told.after
    if verb["verb"] not in ("keep", "restrict", "limit", "filter"):
        told.rest = recipe.builder.rank(table, column, [label] if label else [], k=1000, order=direction, position=k + 1)
    told.after = brain.table = recipe.builder.rank(table, column, [label] if label else [], k=k, order=direction)
    told.changed = True
    if recipe.brain.rows > 1000:
        told.rest = ""
    return True


def ordered_by(recipe: "Recipe") -> str | None:
    """The number the rows were put in order by."""
    for sentence in re.split(r"(?<=[.;!?]) ", recipe.text):
        if _ORDERED.search(sentence):
            columns = recipe.columns(recipe.brain.read(sentence))
            return columns[0] if len(columns) == 1 else None
    return recipe.told.main
