"""What one row of the table is, and what rows may therefore be called."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.analysis.profiled import ColumnProfile
from shared.brains.builtin import words
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem

if TYPE_CHECKING:
    from shared.brains.builtin.link import Linker
    from shared.brains.builtin.question import Interpreter

_UNITS = ("year", "quarter", "month", "week", "day", "hour")

# What tells of which kind of thing: a table with two of these columns (and none of that name) has such rows.
_TELLING = {
    "company companies firm firms corporation corporations business businesses": "sales revenue profit asset marketvalue employee industry sector ticker headquarter ceo turnover ebitda category",
    "animal animals species mammal mammals creature creatures": "genus vore bodywt brainwt bodymass conservation habitat diet gestation litter taxon phylum family order",
    "country countries nation nations": "gdp continent capital gnp percap lifeexp fertility infant iso",
    "car cars vehicle vehicles automobile automobiles": "mpg cylinder cyl displacement displ horsepower hp cty hwy transmission engine gear drv wheelbase",
    "house houses home homes property properties": "bedroom bathroom bed bath lotsize sqft garage stories storey",
    "quake quakes earthquake earthquakes": "magnitude mag depth station epicenter",
    "diamond diamonds stone stones gem gems": "carat clarity cut certification colour color",
    "film films movie movies": "director genre runtime rating imdb budget boxoffice gross",
    "book books": "author page pages publisher isbn genre",
    "song songs track tracks": "artist album tempo danceability duration genre",
    "computer computers pc pcs machine machines laptop laptops": "ram hd cpu processor screen ssd speed",
    "match matches game games": "home away hometeam awayteam homegoal awaygoal goal score referee",
    "flight flights": "carrier airline origin dest departure arrival dep arr delay tailnum",
    "student students pupil pupils": "gpa grade school sat exam major course score gender",
    "employee employees worker workers staff person people": "salary wage department hire job position rank tenure seniority gender education",
    "professor professors": "salary rank discipline phd",
    "respondent respondents person people interview interviews": "age gender education income vote married religion",
    "city cities town towns": "population mayor state province county crime",
    "occupation occupations job jobs profession professions": "prestige women census income education",
}


def kinds_of_rows(names: dict[str, list[str]]) -> frozenset[str]:
    """What rows may be called, going by the columns: sales, profits and assets are those of companies."""
    spoken = {stem(w) for parts in names.values() for w in parts} | {"".join(map(stem, parts)) for parts in names.values()}
    found: dict[str, int] = {called: len(spoken & {stem(w) for w in told.split()}) for called, told in _TELLING.items()}
    most = max(found.values())
    meant = [called.split() for called, n in found.items() if n >= 2 and n == most]
    return frozenset(w for called in meant if not {stem(w) for w in called} & spoken for w in called)


def parts_of_rows(kinds: frozenset[str]) -> frozenset[str]:
    """Other things that such rows have: the engine of a car."""
    return frozenset(w for called, told in _TELLING.items() if set(called.split()) <= kinds for w in told.split())


def tallies(columns: Mapping[str, ColumnProfile]) -> dict[str, str]:
    """Columns that count, and what: ncases the cases."""
    found = {}
    for name, column in columns.items():
        m = re.fullmatch(r"n_?([a-z]{3,}s)", name.lower())
        if m and column.type == "BIGINT" and isinstance(column.min, int) and column.min >= 0:
            found[name] = m[1]
    return {name: what for name, what in found.items() if len(found) > 1 or name.lower().startswith("n_") or what in words.ENTITIES | words.ROW_NOUNS}


def counts_things(linker: "Linker", name: str) -> bool:
    """Whether a column counts, from none upwards, what its name says in the plural: such numbers add up."""
    column, last = linker.columns.get(name), linker.names.get(name, [""])[-1]
    plural = column is not None and column.type == "BIGINT" and column.min == 0 and not linker.is_flag(name) and last == stem(last) + "s"
    return name in linker.tallies or plural and stem(last) not in words.TIME_NOUNS


def tally_of(brain: "Interpreter") -> str | None:
    """The column that says how many each row stands for, where every other column is a category and each combination has one row."""
    columns = brain.linker.table.columns
    numbers = [c.name for c in columns if brain.linker.names[c.name] in (["freq"], ["frequency"], ["count"], ["counts"], ["n"]) and c.type in ("BIGINT", "DOUBLE")]
    others = [c.distinct for c in columns if c.name not in numbers and c.type == "VARCHAR"]
    if len(numbers) != 1 or len(others) != len(columns) - 1 or not others:
        return None
    product = 1
    for distinct in others:
        product *= distinct
    return numbers[0] if product == brain.rows else None


def are_all(brain: "Interpreter", noun: str) -> bool:
    """Whether every row may be of this sex: the rows are called so, or have pregnancies or a husband."""
    if {noun, stem(noun)} & brain.nouns or any({noun, stem(noun)} & kind and kind & {stem(w) for w in brain.nouns} for kind in words.KINDS):
        return True
    telling = r"n?preg|pregnan|parity|husband|lactat" if words.SEXES.get(noun, "") == "men" else r"wife|wives"
    return any(re.match(telling, w) for w in brain.linker.named)


def row_identity(brain: "Interpreter", scene: Scene) -> str:
    """"How many quarters …", "percentage of days": a column that (with the year) names the row stands for rows."""
    keys = {c for c in brain.linker.columns if brain.unique(c) and (brain.linker.kind_of(c) in ("text", "date") or brain.linker.columns[c].kind == "id" or c in brain.linker.years)}
    times = [c for c in brain.linker.columns if set(_UNITS) & set(stem(w) for w in brain.linker.names[c]) and brain.linker.is_number(c)]
    product = 1
    for c in times:
        product *= brain.linker.columns[c].distinct
    if len(times) > 1 and 0.9 * product <= brain.rows + max((brain.linker.columns[c].distinct for c in times), default=0) and product >= brain.rows:
        keys.add(max(times, key=lambda c: max(_UNITS.index(stem(w)) for w in brain.linker.names[c] if stem(w) in _UNITS)))  # the finest of them

    def rows(m: re.Match[str]) -> str:
        return m["lead"] + " rows" if scene.get(m["c"]) in keys else m.group()

    scene.text = rx(r"\b(?:over|across|of|for|among|in) (?:all|all of|all the|all of the|every one of the)(?: the)?(?: ⟨N\d+⟩)? (?P<c>⟨C\d+⟩)").sub(lambda m: " " if brain.linker.kind_of(scene.get(m["c"])) == "text" and scene.words[m["c"]].endswith("s") else m.group(), scene.text)
    text = rx(r"\b(?:over|across|of|for|among|in)(?: all| all of| every| all the)+(?: the)? {C:c}").sub(lambda m: " " if scene.get(m["c"]) in keys and not m.group().startswith("for every") else m.group(), scene.text)
    if re.search(r"\b(?:which|what) ⟨C\d+⟩", text) and re.search(r"⟨[SF]\d+⟩.*⟨[SF]\d+⟩", text):  # "in which year were mean sales across the states at their peak": pooled
        text = rx(r"\b(?:across|over|among) (?:all )?(?:the )?(?P<c>⟨C\d+⟩)").sub(lambda m: " " if scene.words[m["c"]].endswith("s") and not re.search(rf"\b(?:which|what) {m['c']}", text) else m.group(), text)
    times_ = set(times) | set(brain.linker.virtual)
    text = rx(r"\b(?:among|across|over|of) the (?P<c>⟨C\d+⟩)(?= ?[?.!]? ?$)").sub(lambda m: " " if scene.get(m["c"]) in keys and brain.linker.kind_of(scene.get(m["c"])) == "text" and scene.words[m["c"]].endswith("s") and re.search(r"⟨[FS]\d+⟩.*⟨C\d+⟩.*", m.string[: m.start()]) else m.group(), text)
    text = rx(r"(?P<v>⟨[VL]\d+⟩) {C:c}").sub(lambda m: m["v"] if scene.get(m["c"]) in keys else m.group(), text)
    text = rx(r"(?:over|across|for|in|of|,)?(?: all| all the| the)(?: of the| the)?(?: {N:n})? {C:c}(?: (?:pooled|together|combined|taken together))?(?! (?:with|that|which|have|had|are|were|is|was)\b)").sub(
        lambda m: " " if scene.get(m["c"]) in times_ and scene.words[m["c"]].endswith("s") and (m["n"] or " all" in m.group()) else m.group(), text)  # fmt: skip
    text = rx(r"\b(?P<lead>(?:in|on|over|for|during) (?:the |those |all |only )?)(?P<c>⟨C\d+⟩)(?= (?:when|where|with|in which|that|for which|on which|during which|having|whose)\b)").sub(
        lambda m: "where" if scene.get(m["c"]) in keys and scene.words[m["c"]].endswith("s") and not re.match(r"(?:with|having|whose)", m.string[m.end() + 1 :]) else rows(m), text)  # fmt: skip
    return rx(r"(?P<lead>(?P<in>\b(?:in|on|for|during) )?(?:how many|number of|count of|count|count the|(?:percentage|percent|share|fraction|proportion|%) of(?: the| all| all the)?|⟨F\d+⟩(?: of)?(?: the| all| all the)?)) {C:c}(?(in)|(?! (?:is|was|are)\b))").sub(
        lambda m: rows(m) if not m["lead"].startswith("⟨") or scene.get(re.search(r"⟨F\d+⟩", m["lead"]).group()) == "count" else m.group(), text)  # type: ignore[union-attr]  # fmt: skip
