"""What holds at an extreme: a property of the row with the most of something, and the few largest values themselves."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Compare
from shared.brains.builtin import words
from shared.brains.builtin.comparisons import hinted_column
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem
from shared.brains.builtin.terms import Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_VERB = r"(?:was|is|does|did|has|had|were|do|are)"
_ROW = r"(?P<row>[a-z]+|⟨C\d+⟩)"
_WITH = r"(?: (?:who|that|which))? (?:with|has|had|having|got|scored|recorded|showing|reporting|of)(?: the| a| its| their)?"
_EXTREME = (
    # the age of the patient with the most nodes; how old was the patient with …
    rf"{{C:c}}(?: (?:of|for|{_VERB}|on|at|in))*(?: the| that| those)* {_ROW}{_WITH} {{S:s}}(?P<said>(?: [a-z-]+)*?) {{C:d}}",
    # how old is the person who spends the most
    rf"{{C:c}}(?: (?:of|for|{_VERB}))+(?: the| that)* {_ROW} (?:who|that|which) {{C:d}}(?: the)? {{S:s}}(?! ⟨C)(?! [a-z]+ ⟨C)(?P<said>)",
    # the tail number of the oldest plane
    rf"{{C:c}}(?: (?:of|for|{_VERB}|on|at|in))+ (?:the )?{{S:s}} {_ROW}(?!\w)",
    # how much does the car with the most horsepower weigh
    rf"(?:⟨F\d+⟩|what) {_VERB}(?: the)? {_ROW}{_WITH} {{S:s}} {{C:d}} {{C:c}}",
    # the unemployment rate when inflation was at its highest
    r"{C:c}(?: [a-z]+)? when(?: the)? {C:d} (?:was|were|is|stood|reached|hit|had)(?: at)?(?: its| the| their)?(?: all-time)? {S:s}(?P<row>)",
    # how much does the most powerful car weigh
    rf"(?:⟨F\d+⟩|what) {_VERB}(?: the)? {{S:s}} {_ROW} {{C:c}}",
    # how many seats has the oldest plane
    rf"⟨F\d+⟩ {{C:c}} {_VERB} (?:the )?{{S:s}} {_ROW}(?!\w)",
)


def at_the_extreme(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"How old was the patient with the most nodes": the value of one column on the row where another is highest."""
    p = brain.parts(scene)
    text = p.scene.text
    for pattern in _EXTREME:
        m = rx(pattern).search(text)
        if m is None or len(p.scene.all("S")) != 1 or p.by or p.having or re.search(r"\b(?:which|who|whose|on average)\b|\beach\b|\bevery\b", text[: m.start()]):
            continue
        _, hint, direction = p.scene.get(m["s"])
        column, row = p.scene.get(m["c"]), m["row"]
        by = p.scene.get(m["d"]) if "d" in m.groupdict() else None
        if by is None and not hint and row.startswith("⟨") and brain.linker.is_number(p.scene.get(row)):
            by, row = p.scene.get(row), ""  # "the tip on the largest bill"
        if by is None:
            by, direction = _hinted(brain, hint, direction, text)
        if by is None or by == column or direction not in ("asc", "desc") or not (brain.linker.is_number(by) or by in brain.linker.dates) or not _names_rows(brain, p, row) or hint and "d" in m.groupdict() and hint.startswith("#"):
            continue
        if [f for f in p.functions if f not in ("count", "much")] or set(p.columns) - {column, by, p.scene.get(row) if row and row.startswith("⟨") else column}:
            return None
        rest = text[: m.start()] + " " + text[m.end() :]
        brain.account(re.sub(r"⟨F\d+⟩", " ", rest), "first")
        brain.account(m["said"] if "said" in m.groupdict() and m["said"] else "")
        brain.all_used(text)
        table = brain.builder.where(brain.table, *p.where)
        step = brain.builder.rank(brain.builder.base(table, by, column), by, [column], order=direction)
        return Answer(f"{step}:/name", step)
    return None


def _hinted(brain: "Interpreter", hint: str, direction: str, text: str) -> tuple[str | None, str]:
    """The column an adjective ranks by, and which end of it: the oldest has the highest age, or the earliest year."""
    time = made_when(brain)
    if hint == "#date":
        return time, direction
    if not hint or hint.startswith("#"):
        return None, direction
    column, _ = hinted_column(brain, hint, text)
    if column is None and hint == "age" and time:
        return time, "asc" if direction == "desc" else "desc"
    return column, direction


def made_when(brain: "Interpreter") -> str | None:
    """The column of times that tells how old a thing is: the only one, or the one that says made, built, born."""
    times = [*brain.linker.dates, *brain.linker.years]
    own = [t for t in times if {"built", "birth", "born", "made", "construction", "manufactured", "founded", "established", "opened"} & set(brain.linker.names[t])]
    return own[0] if len(own) == 1 else times[0] if len(times) == 1 else None


def _names_rows(brain: "Interpreter", p: Parts, row: str) -> bool:
    """Whether the noun stands for single rows: a name of rows, or a column that picks one row."""
    if not row:
        return True
    if row.startswith("⟨"):
        column = p.scene.get(row)
        return brain.unique(column) or column in brain.linker.columns and brain.is_single([*p.where, Compare(column=column, op="==", value="")])
    return row in brain.nouns or stem(row) in brain.nouns or row in words.ROW_NOUNS or row in words.ENTITIES or row in ("row", "one", "day", "date")


def placed_value(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"What was the second highest wind speed": the value itself."""
    p = brain.parts(scene)
    m = rx(r"^\W*(?:what|how much|(?:give|tell|show) me|find)? ?(?:is |was |were |'s )?(?:the )?(?P<place>second|third|fourth|fifth|2nd|3rd|4th|5th)(?: ?-)? {S:s} (?:value (?:of|for) (?:the )?)?{C:c}").search(p.scene.text)
    if m is None or p.by or p.having or [f for f in p.functions if f != "much"] or len(p.columns) != 1 or len(p.scene.all("S")) != 1:
        return None
    column, (word, hint, direction) = p.scene.get(m["c"]), p.scene.get(m["s"])
    if hint or word in ("most", "least", "fewest", "top", "bottom", "record") or direction not in ("asc", "desc") or column not in brain.linker.columns or not brain.linker.is_number(column) or not brain.additive(column):
        return None
    rest = p.scene.text[: m.start()] + " " + p.scene.text[m.end() :]
    brain.account(rest, "ever recorded")
    brain.all_used(rest)
    place = words.ORDINALS.get(m["place"]) or int(m["place"][0])
    step = brain.builder.rank(brain.builder.where(brain.table, *p.where), column, [], order=direction, position=place)
    return Answer(f"{step}:/value", step)


def top_values(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"The three highest values of x": the values themselves."""
    once = re.search(r",? ?(?:counting|taking|listing|showing|with|each)? ?(?:repeated|duplicated?|equal|tied|repeating)(?: values?| ones)? (?:only )?(?:once|removed|counted once|listed once)|,? ?(?:each|every) (?:value|one) (?:only )?once|,? ?without (?:repeats|repetition|duplicates)|,? ?no (?:repeats|duplicates)|\b(?:distinct|different|unique)\b", scene.text)
    text = scene.text[: once.start()] + " " + scene.text[once.end() :] if once else scene.text
    p = brain.parts(scene.fork(re.sub(r"⟨F\d+⟩(?= ⟨[NS])", " ", text) if once and once.group().startswith("⟨") else text))
    m = rx(r"^\W*(?:(?:what|which|list|give|show|name|find|tell|return|report|print|me|us|are|were|the|please|i|want|need|just) )*(?:(?P<a>{N}) )?(?P<s>{S}) (?:(?P<b>{N}) )?(?:values? (?:of|for|in) )?(?:the )?(?P<c>{C})".replace("{N}", r"⟨N\d+⟩").replace("{S}", r"⟨S\d+⟩").replace("{C}", r"⟨C\d+⟩")).search(p.scene.text)
    if m is None or not (m["a"] or m["b"]) or p.by or p.having or p.functions or len(p.columns) != 1 or len(p.scene.all("S")) != 1:
        return None
    column, k = p.scene.get(m["c"]), p.scene.get(m["a"] or m["b"])
    _, hint, direction = p.scene.get(m["s"])
    plural = p.scene.words[m["c"]].endswith("s") or re.search(r"\bvalues?\b|\bscores?\b|\bones\b|\bfigures\b", scene.text) or re.search(r"\b(?:values|numbers|scores|readings|figures)\b", p.scene.words[m["c"]])
    if not plural or hint and brain.linker.find_column(hint.split())[0] != column or direction not in ("asc", "desc") or column not in brain.linker.columns or not brain.linker.is_number(column) or not brain.additive(column) or not isinstance(k, int) or not 2 <= k <= 1000:
        return None
    brain.account(p.scene.text[: m.start()] + " " + p.scene.text[m.end() :], "first")
    brain.all_used(p.scene.text, m["a"], m["b"])
    table = brain.builder.where(brain.table, *p.where)
    if once:
        table, _ = brain.builder.groups(table, [column], "count", None)
        step = brain.builder.rank(table, column, [column], k=k, order=direction)
        return Answer(f"{step}:/names", step)
    step = brain.builder.rank(table, column, [], k=k, order=direction)
    return Answer(f"{step}:/values", step)
