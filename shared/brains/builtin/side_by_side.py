"""Columns side by side that are things of one kind: months, shares, candidates. "Which ticker was the most volatile"."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Compare, Unpivot
from shared.brains.builtin import words
from shared.brains.builtin.build import pointer
from shared.brains.builtin.scene import alternatives, rx
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.link import Linker
    from shared.brains.builtin.question import Interpreter
    from shared.brains.builtin.scene import Scene

_MONTHS = ("month", "months", "calendar month", "calendar months")
_SHARES = ("ticker", "tickers", "symbol", "symbols", "ticker symbol", "ticker symbols", "stock", "stocks", "share", "shares", "company", "companies", "firm", "firms")
_SITES = ("station", "stations", "site", "sites", "sensor", "sensors", "monitor", "monitors", "series")
_STOOD = ("candidate", "candidates", "contender", "contenders", "contestant", "contestants")
_ONE = ("mean", "median", "sum", "std", "var", "min", "max", "range", "iqr", "cv", "skew", "kurtosis")


def of_one_kind(linker: "Linker") -> tuple[list[str], tuple[str, ...]]:
    """The columns that are things of one kind, and what such a thing is called; none in most tables."""
    columns = linker.table.columns
    numbers = [c.name for c in columns if c.type in ("BIGINT", "DOUBLE")]
    if len(months := [n for n in numbers if n.lower() in words.MONTH_NUMBER]) >= 6:
        return months, _MONTHS
    if stood := _winner(linker)[1]:
        return stood, _STOOD
    others = [c.name for c in columns if c.name not in linker.dates and c.name not in linker.years]
    if linker.dates and len(others) >= 3 and all(re.fullmatch(r"[A-Z]{1,5}", n) and n in numbers for n in others) and sum(n.lower() in words.TICKERS.values() for n in others) >= 2:
        return others, _SHARES
    if linker.dates and len(others) >= 4 and len({len(n) for n in others}) == 1 and len(others[0]) <= 3 and all(n in numbers and n.isalpha() and linker.columns[n].type == "DOUBLE" for n in others):
        return others, _SITES  # codes of places where one thing is measured
    return [], ()


def measured_thing(linker: "Linker", word: str) -> bool:
    """Whether a word begins the file's name where every column is a place: what was measured there."""
    return len(word) >= 3 and any(n.startswith(word) for n in linker.nouns) and of_one_kind(linker)[1] == _SITES


def _winner(linker: "Linker") -> tuple[str, list[str]]:
    """The text column that names some of the columns of numbers, such as the winner beside the votes of each candidate, and these."""
    for column in linker.table.columns:
        held = {str(value) for value, _ in column.top} if column.type == "VARCHAR" else set()
        if len(stood := [c.name for c in linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.name in held]) >= 2:
            return column.name, stood
    return "", []


_VOTES = frozenset("vote votes ballot choice chosen choose pick preference candidate party".split())


def cast(scene: "Scene", linker: "Linker") -> str:
    """The linked question where each row is a vote: "who voted for X", "chose X", "the most votes", "the candidate they voted for"."""
    def own(mark: str) -> bool:
        return linker.kind_of(scene.get(mark)) == "text" and bool(_VOTES & set(linker.names.get(scene.get(mark), [])))

    text = rx(r"{C:c} for {V:v}").sub(lambda m: m["v"] if own(m["c"]) and any(c == scene.get(m["c"]) for c, _ in scene.get(m["v"])) else m.group(), scene.text)
    text = rx(r"\b(?:chose|choose|chosen|picked|selected|preferred|supported|backed|favou?red|opted for|went for) {V:v}").sub(
        lambda m: m["v"] if any(_VOTES & set(linker.names[c]) for c, _ in scene.get(m["v"])) else m.group(), text)  # fmt: skip
    text = rx(r"{C:c} (?:they |people |who was |that was )*{C:d}(?: for)?(?= ?[,.?!]| ?$)").sub(lambda m: m["c"] if scene.get(m["c"]) == scene.get(m["d"]) and own(m["c"]) else m.group(), text)
    asked = {scene.get(c) for c in re.findall(r"⟨C\d+⟩", text) if scene.words.get(c) != "votes"}
    return rx(r"(?P<lead>⟨[SF]\d+⟩ (?:of )?(?:the )?){C:c}").sub(lambda m: f"{m['lead']}rows" if own(m["c"]) and scene.words.get(m["c"]) == "votes" and scene.get(m["c"]) in asked else m.group(), text)


def votes(scene: "Scene", linker: "Linker") -> str:
    """The linked question with votes read as the columns that hold them, where columns are candidates."""
    winner, stood = _winner(linker)
    text = cast(scene, linker)
    if not stood or not {"winner", "elected", "victor"} & set(linker.names[winner]):
        return text

    def column(mark: str) -> bool:
        return scene.get(mark) in stood

    def won(m: re.Match[str]) -> str:
        named = {scene.get(c) for c in scene.all("C")} & set(stood)
        who = scene.get(m["c"]) if m["c"] else named.pop() if len(named) == 1 else None
        return scene.mark("W", Compare(column=winner, op="==", value=who), m.group()) if who in stood else m.group()

    got = r"(?:pick up|picked up|get|got|receive|received|gain|gained|poll|polled|obtain|obtained|have|collect|collected|draw|drew|attract|attracted)"
    text = rx(r"\bvotes?(?: cast)? \( (?:⟨F\d+⟩ of )?(?:the )?{C:c} \)").sub(lambda m: m["c"], text)
    text = rx(rf"{{F:f}} votes (?:did|does|do|has|have) {{C:c}} {got}\b").sub(lambda m: f"{scene.mark('F', 'much', 'how much')} {m['c']}" if scene.get(m["f"]) == "count" and column(m["c"]) else m.group(), text)
    text = rx(r"\b(?:gave|gives|give) {C:c} the {S:s} votes\b").sub(lambda m: f"has the {m['s']} {m['c']}" if column(m["c"]) else m.group(), text)
    text = rx(r"{C:c} (?:got|gets|get|received|receives|receive|polled|won|had|has|have) the {S:s} votes\b").sub(lambda m: f"has the {m['s']} {m['c']}" if column(m["c"]) else m.group(), text)
    text = rx(rf"\b(?P<q>which|what) candidate {got} the {{S:s}} votes\b").sub(lambda m: f"{m['q']} candidate had the {scene.mark('S', ('highest' if scene.get(m['s'])[2] == 'desc' else 'lowest', '', scene.get(m['s'])[2]), 'most')} {scene.mark('F', 'sum', 'total')}" if not scene.get(m["s"])[1] else m.group(), text)
    text = re.sub(r"\b(which|what) candidate (?:won|carried) (?=the ⟨S)", lambda m: f"{m[1]} {scene.mark('C', winner, winner)} had ", text)
    theirs, each = re.search(r"\b(?:that |which )?they(?: have| had)? (?:won|carried)\b", text), re.search(r"\b(?:for )?(?:each|every) candidate\b|\b(?:per|by) candidate\b", text)
    if theirs and each:  # "for each candidate, the districts that they won": the winner groups
        text = text.replace(theirs.group(), " ").replace(each.group(), f"for each {scene.mark('C', winner, winner)}")
    text = rx(r"(?:\b(?:that|which|where) )?(?:{C:c}|\b(?:he|she))(?: has| had)? (?:won|carried)\b(?! the)").sub(won, text)
    return re.sub(r"\b(were|was|are) (?:won|decided) (?=(?:with|by) )", r"\1 ", text)


def side_by_side(brain: "Interpreter", scene: "Scene") -> Answer | None:
    """A figure of every one of them, or the one of which it is highest."""
    columns, nouns = of_one_kind(brain.linker)
    if not columns:
        return None
    noun = alternatives(nouns)
    asked = rx(rf"\b(?P<which>which|what|list|name|rank)(?: of)?(?: the| one| single| measuring| monitoring)*(?: {{N:n}})? {noun}\b|\b(?:(?:for|in|of|to|at) )?(?:each|every|per|by|all)(?: one)?(?: of)?(?: the)?(?: {{N:all}})? {noun}\b").search(scene.text)
    if asked is None or asked["all"] and scene.get(asked["all"]) != len(columns):
        return None
    text = scene.text[: asked.start()] + " " + scene.text[asked.end() :]
    text = rx(r"(?:\b(?:when|with|over|across|for|in|of) )*all (?:of )?(?:the )?{C:c}(?: (?:are|were|is|being|taken|put|pooled|together|combined))*").sub(lambda m: " " if scene.get(m["c"]) in (*brain.linker.years, *brain.linker.dates) else m.group(), text)
    p = brain.parts(scene.fork(text))
    functions = [f for f in dict.fromkeys(p.functions) if f != "much"]
    ranks = [s for s in p.superlatives if s[2] != "skip"]
    if p.columns or p.by or p.having or len(functions) > 1 or any(f not in _ONE for f in functions) or bool(ranks) != bool(asked["which"]) or len(ranks) > 1:
        return None
    brain.account(p.scene.text, "value values taken together pooled")
    brain.all_used(p.scene.text)
    if ranks:
        word, hint, way = ranks[0]
        if hint == "#std" and not functions:
            functions = ["std"]
        elif hint or way not in ("asc", "desc") or word in ("most", "least", "fewest", "top", "bottom", "best"):
            return None
        elif not functions and (brain.is_single(p.where) or re.search(r"\b(?:value|ever|reach\w*|hit|recorded|saw|seen)\b", p.scene.text)):
            functions = ["max" if way == "desc" else "min"]
    if not functions:
        return None
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), *columns)
    long = brain.builder.add(Unpivot, table, columns=columns, names_to="column", values_to="value")
    step, name = brain.builder.groups(long, ["column"], functions[0], "value")
    if not ranks:
        return Answer(f"{step}:/groups/*/{pointer(name)}", step)
    k = scene.get(asked["n"]) if asked["n"] else 1
    if not isinstance(k, int) or not 1 <= k <= len(columns):
        return None
    ranked = brain.builder.rank(step, name, ["column"], k=k, order=ranks[0][2])
    return Answer(f"{ranked}:/names" if k > 1 else f"{ranked}:/name", ranked)
