"""From words to conditions: comparisons, values and missing values, as rewrites that leave `⟨W…⟩` marks."""

import re
from collections.abc import Callable
from typing import Any

from shared.analysis.plan import All, AnyOf, ColumnValue, Compare, Condition
from shared.brains.builtin import words
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.link import Linker
from shared.brains.builtin.logic import negate
from shared.brains.builtin.scene import Scene, alternatives, rx
from shared.brains.builtin.terms import LOWER
from shared.brains.builtin.units import NAMES, converted, kept_in, size

_OP = {"more": ">", "less": "<", "least": ">=", "atmost": "<=", "equal": "=="}
_CMP = (
    f"(?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<atmost>{alternatives(words.AT_MOST)})|(?P<more>{alternatives(words.MORE)})"
    f"|(?P<less>{alternatives(words.LESS)})|(?P<equal>{alternatives(words.EQUAL)})|(?P<symbol><=|>=|!=|==|<|>|=))"
)
_TAIL = f"(?:(?P<ormore>{alternatives(words.OR_MORE)})|(?P<orless>{alternatives(words.OR_LESS)}))"
_UNIT = r"(?: (?P<unit>" + "|".join(re.escape(u) for u in sorted({u for u in words.UNITS if u} | NAMES, key=lambda u: (-len(u), u))) + r")\b)?"
_BE = r"(?: (?:value|values|level|levels|rate|content|figure|score|for|by|gave|reading|is|was|are|were|be|being|has|have|had|of|at|a|an|the|equal|to|than|equals|=|==|that|which|stands|number|marked|labelled|labeled|as|always|lies|lie|come|comes|came|stay|stays|remain|remained|out|turned|turns|goes|got|gets|dropped|fell|rose|went|stayed|i|mean|yielded|did|more)){0,5}?"


def operator(m: re.Match[str], negated: bool = False) -> str:
    groups = m.groupdict()
    for name, op in _OP.items():
        if groups.get(name):
            return op
    if groups.get("symbol"):
        return "==" if groups["symbol"] == "=" else str(groups["symbol"])
    if groups.get("ormore"):
        return ">="
    if groups.get("orless"):
        return "<="
    return "!=" if negated else "=="


def mark_conditions(scene: Scene, linker: Linker, default: str | None = None) -> None:
    """Rewrites comparisons in `scene.text` to `⟨W…⟩`. `default` is the column meant where a bare number is compared."""
    text = scene.text

    def where(m: re.Match[str], condition: Condition) -> str:
        return scene.mark("W", condition, m.group())

    def numeric(mark: str) -> str | None:
        name = str(scene.get(mark))
        return name if linker.kind_of(name) in ("number", "date") else None

    def value_of(column: str, mark: str, unit: str | None = None) -> Any:
        return converted(scene.get(mark), unit, linker.names.get(column, []))

    def compare(m: re.Match[str]) -> str:
        column = numeric(m["c"])
        after = re.match(r" ([a-z]+)", m.string[m.end() :])
        if column is None or linker.kind_of(column) != "number":
            return m.group()
        if after and (after[1] in words.ENTITIES or after[1] in words.ROW_NOUNS or after[1] in linker.nouns or after[1] in words.TIME_NOUNS) and re.match(r"\W*(?:in )?(?:which|what|list|name)\b", m.string):
            return m.group()  # "which sizes have more than 50 cars" counts cars
        made = where(m, Compare(column=column, op=operator(m), value=value_of(column, m["n"], m.groupdict().get("unit"))))  # type: ignore[arg-type]
        if after and not m.groupdict().get("unit") and after[1].endswith("s") and after[1] not in words.FILLER and after[1] not in words.STRUCTURE and linker.find_column([after[1]])[0] is None:
            units.add(f"{made} {after[1]}")  # "50 shillings": a word after a compared number is its unit
        return made

    def between(m: re.Match[str]) -> str:
        column = numeric(m["c"]) if m.groupdict().get("c") else default
        if column is None or linker.kind_of(column) != "number":
            return m.group()
        tail = m.groupdict().get("tail") or ""
        upper = "<" if re.search(r"(?:not including|exclusive|excluded|exclud|but under|but not)", tail + " " + (m.groupdict().get("mid") or "")) else "<="
        low, high = (value_of(column, m[n], m.groupdict().get("unit2") or m.groupdict().get("unit")) for n in ("a", "b"))
        return where(m, All(all=[Compare(column=column, op=">=", value=low), Compare(column=column, op=upper, value=high)]))  # type: ignore[arg-type]

    def by_unit(m: re.Match[str]) -> str:
        column = default
        after = re.match(r" ([a-z]+)", m.string[m.end() :])
        if after and (after[1] in words.ENTITIES or after[1] in words.ROW_NOUNS or after[1] in linker.nouns):
            return m.group()  # so many of them, not a value
        unit = m.groupdict().get("unit")
        if unit:
            found, _ = linker.find_column(words.UNITS[unit].split()) if words.UNITS.get(unit) else (None, 0.0)
            alike = [n for n, parts in linker.names.items() if (kept := kept_in(parts)) and (said := size(unit)) and kept[0] == said[0]]
            column = found or (alike[0] if len(alike) == 1 else column)
        if column is None or linker.kind_of(column) != "number":
            return m.group()
        return where(m, Compare(column=column, op=operator(m), value=value_of(column, m["n"], unit)))  # type: ignore[arg-type]

    def against_column(m: re.Match[str]) -> str:
        left, right = scene.get(m["c"]), scene.get(m["d"])
        op = operator(m)
        if linker.kind_of(left) != linker.kind_of(right) or left == right or " over " in m.group() and " is " not in m.group():
            return m.group()
        return where(m, Compare(column=left, op=op, value=ColumnValue(column=right)))  # type: ignore[arg-type]

    text = rx(r"{C:c}(?P<mid>(?: (?!⟨)\S+){0,4} {N})(?: |-){C:d}").sub(lambda m: m["c"] + m["mid"] if scene.get(m["c"]) == scene.get(m["d"]) and m["c"] + m["mid"] else m.group(), text)  # "fuel economy of 14 mpg"
    text = rx(r"(?:have|has|had|having|with|shows?|contains?) (?:a |an )?{N:n} (?:in|for|under) (?:the |their |its )?{C:c}(?! (?:than|or|and) )").sub(
        lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=scene.get(m["n"]))) if linker.is_number(scene.get(m["c"])) else m.group(), text)  # fmt: skip
    units: set[str] = set()
    inclusive = r"(?P<tail> ?\(? ?(?:both )?(?:inclusive|included|inclusively|exclusive|excluded)(?: \))?)?"
    text = rx(rf"{{C:c}}{_BE} (?:between|from|in the range of|of) {{N:a}}{_UNIT} (?P<mid>and|to|-|up to but not including|up to and including|but not including|to under|but under) {{N:b}}{_UNIT.replace('unit', 'unit2')}{inclusive}").sub(between, text)
    text = rx(rf"{{C:c}}{_BE} {{N:a}}{_UNIT} (?P<mid>to|-|through|up to but not including|up to and including) {{N:b}}{_UNIT.replace('unit', 'unit2')}{inclusive}").sub(between, text)
    def placed(m: re.Match[str]) -> str:
        column, _ = linker.find_column(["latitude" if m["way"] in ("north", "south") else "longitude"])
        return where(m, Compare(column=column, op=">" if m["way"] in ("north", "east") else "<", value=scene.get(m["n"]))) if column else m.group()

    text = rx(r"(?P<way>north|south) of (?:the )?{N:n}(?:th)?(?: ?° ?| degrees?| parallel)*(?: north| latitude)*(?: {C})?").sub(placed, text)
    text = rx(rf"{{C:c}}{_BE} {_CMP} (?:a |an |the )?{{N:n}}{_UNIT}").sub(compare, text)
    for unit in units:
        text = text.replace(unit, unit.split(" ")[0])
    text = rx(rf"{{C:c}}{_BE} (?:of )?{{N:n}}{_UNIT} {_TAIL}").sub(compare, text)
    text = rx(rf"{_CMP} {{N:n}}(?: (?:%|percent|[a-z]+))? (?:(?:of|in|to the|the|for) )?{{C:c}}").sub(
        lambda m: compare(m) if _count_like(m, scene, linker) else m.group(), text)  # fmt: skip
    text = rx(rf"{{N:n}} {_TAIL} (?:of |in )?{{C:c}}").sub(compare, text)
    text = rx(rf"(?P<g>(?:each|every|per|by) )?{{C:c}}(?: (?:that|which|values?|occurs?|occurring|found|are|is|ranging|starting))* (?:from|of|at) {{N:n}}{_UNIT} (?P<ormore>(?:and |or )?(?:upwards?|onwards?|up)\b)").sub(
        lambda m: (f"{m['g']}{m['c']} " if m["g"] else "") + compare(m) if linker.is_number(scene.get(m["c"])) else m.group(), text)  # fmt: skip
    text = rx(rf"{{C:c}}{_BE} {_CMP} (?:the |its |their )?{{C:d}}").sub(against_column, text)
    text = rx(r"(?:have|has|had|with|having|spent|got) (?:(?P<more>more|higher|greater|larger)|(?P<less>less|fewer|lower|smaller)) (?:[a-z]+ (?:of )?)?{C:c} than (?:the |their |its )?{C:d}").sub(against_column, text)
    text = rx(r"{C:c} and {C:d} (?:are|were|have) (?P<not>not )?(?:the )?(?P<how>equal|same|identical|different|unequal)(?: value| code)?\b").sub(
        lambda m: where(m, Compare(column=scene.get(m["c"]), op="==" if (m["how"] in ("equal", "same", "identical")) != bool(m["not"]) else "!=", value=ColumnValue(column=scene.get(m["d"])))) if linker.kind_of(scene.get(m["c"])) == linker.kind_of(scene.get(m["d"])) else m.group(), text)  # fmt: skip
    text = rx(r"{N:n} {C:c}").sub(lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=0)) if scene.get(m["n"]) == 0 and linker.is_number(scene.get(m["c"])) else m.group(), text)
    text = rx(r"(?P<sign>negative|positive|zero|nonzero|non-zero) {C:c}").sub(lambda m: _signed(m, scene, linker), text)
    text = rx(r"{C:c} (?:is|was|were|are|being) (?P<sign>negative|positive|zero)\b").sub(lambda m: _signed(m, scene, linker), text)
    text = _missing(text, scene, linker)
    text = rx(rf"{{N:n}}{_UNIT} of {{C:c}}").sub(lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=scene.get(m["n"]))) if m["unit"] and linker.is_number(scene.get(m["c"])) else m.group(), text)
    text = rx(r"(?<!⟩ )(?<!the )(?<!which )(?<!all )(?<!list )(?<!top ){N:n} ?-? ?(?:(?:inch|inches|mb|gb|kb|mhz|ghz|kg|km|mm|cm|hp|cc|liter|litre|percent) )?{C:c}(?: (?:cars|models|vehicles|ones|engines))?").sub(
        lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=scene.get(m["n"]))) if _discrete(linker, scene.get(m["c"])) and "." not in str(scene.get(m["n"])) else m.group(), text)  # fmt: skip
    text = rx(r"{C:c} (?:is |was |are |of |= |equal to |equals |marked (?:as )?|which is |a |level |code )*{N:n}(?! (?:%|percent|decimal|digit|bins))").sub(
        lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=scene.get(m["n"]))) if linker.is_number(scene.get(m["c"])) else m.group(), text)  # fmt: skip
    text = rx(rf"(?:between|from) {{N:a}}{_UNIT} (?P<mid>and|to|-) {{N:b}}{_UNIT.replace('unit', 'unit2')}{inclusive}").sub(lambda m: between(m) if default else m.group(), text)
    text = rx(rf"{{N:n}} {_TAIL}(?: [a-z]+)? (?:of|in) (?:the )?{{C:c}}").sub(compare, text)
    text = rx(r"(?:coded(?: as)?|with code|code|scored|rated|labelled|marked) {N:n} (?:for|in|on|under) (?:the )?{C:c}").sub(
        lambda m: where(m, Compare(column=scene.get(m["c"]), op="==", value=scene.get(m["n"]))) if linker.is_number(scene.get(m["c"])) else m.group(), text)  # fmt: skip
    text = rx(rf"\b(?P<w>{alternatives(words.COMPARATIVES)}) than (?:a |an |the )?{{N:n}}{_UNIT}").sub(lambda m: _by_adjective(m, scene, linker, value_of), text)
    text = rx(rf"(?:= )?{{N:n}}{_UNIT} {_TAIL}").sub(by_unit, text)
    text = rx(rf"{_CMP} {{N:n}}{_UNIT}").sub(by_unit, text)
    text = rx(r"{N:n} (?:-? ?years?)(?: -? ?olds?| of age)").sub(lambda m: _aged(m, scene, linker), text)
    scene.text = text


def _signed(m: re.Match[str], scene: Scene, linker: Linker) -> str:
    name = scene.get(m["c"])
    if linker.kind_of(name) != "number":
        return m.group()
    op = {"negative": "<", "positive": ">", "zero": "=="}.get(m["sign"], "!=")
    return scene.mark("W", Compare(column=name, op=op, value=0), m.group())  # type: ignore[arg-type]


def _count_like(m: re.Match[str], scene: Scene, linker: Linker) -> bool:
    return linker.is_number(scene.get(m["c"]))


def _discrete(linker: Linker, name: str) -> bool:
    column = linker.columns.get(name)
    return column is not None and column.type == "BIGINT" and column.distinct <= 60 or (column is not None and column.type == "DOUBLE" and column.distinct <= 20)


def _by_adjective(m: re.Match[str], scene: Scene, linker: Linker, value_of: Callable[[str, str, str | None], Any]) -> str:
    """"Deeper than 500 km": the adjective says which column."""
    name, _ = linker.find_column(words.COMPARATIVES[m["w"]].split())
    if name is None or not linker.is_number(name):
        return m.group()
    return scene.mark("W", Compare(column=name, op="<" if m["w"] in LOWER else ">", value=value_of(name, m["n"], m["unit"])), m.group())


def _aged(m: re.Match[str], scene: Scene, linker: Linker) -> str:
    name, _ = linker.find_column(["age"])
    return scene.mark("W", Compare(column=name, op="==", value=scene.get(m["n"])), m.group()) if name else m.group()


def _missing(text: str, scene: Scene, linker: Linker) -> str:
    def null(m: re.Match[str], op: str) -> str:
        name = scene.get(m.groupdict()["c"] or m.groupdict().get("d") or m.groupdict().get("e") or "")
        column = linker.columns.get(name)
        if column is None:
            return m.group()
        if column.nulls == 0 and column.type in ("BIGINT", "DOUBLE") and column.min == 0 and "missing" not in m.group():
            return scene.mark("W", Compare(column=name, op="==" if op == "is null" else ">", value=0), m.group())
        if column.nulls == 0 and not re.search(r"missing|known|record|given|listed|available|noted|entered|reported", m.group()):
            return m.group()
        return scene.mark("W", Compare(column=name, op=op), m.group())  # type: ignore[arg-type]

    text = rx(r"(?:without|with no|(?:have|has|had|having|with|there is|there was) no|for which no) (?:an? |any |the )?{C:c}(?: value| values)? (?:recorded|known|given|listed|available|noted|entered|reported|is recorded|was recorded|is known)").sub(lambda m: null(m, "is null"), text)
    text = rx(r"(?:(?:whose|with|where|that have|that has|which have|only) (?:a |the |an )?{C:c}(?: value| values)? (?:is |are |was |were )?(?:known|recorded|available|present)|(?:whose |with |where )?(?:a |the )?{C:d}(?: value| values)? (?:is |are |was |were )?not (?:missing|null|empty|blank))\b").sub(lambda m: null(m, "not null"), text)
    text = rx(r"(?:whose |with |where )?(?:a |the )?{C:c}(?: value| values)? (?:is |are |was |were )?(?:missing|null|empty|blank|unknown|not recorded|not known|not available)\b").sub(lambda m: null(m, "is null"), text)
    text = rx(r"(?:with |having |have |has |had |whose )(?:a |an |the )?(?:known|recorded|available|valid|non-?missing|measured|given) {C:c}").sub(lambda m: null(m, "not null"), text)
    text = rx(r"(?:with |having |have |has |had )(?:a |any )?(?:missing|unknown|null|blank|empty) {C:c}").sub(lambda m: null(m, "is null"), text)
    text = rx(r"(?:missing|lack|lacks|lacking) (?:a |an |the |their |its |any )?{C:c}(?! values?)").sub(lambda m: null(m, "is null"), text)
    text = rx(r"(?:is|was|are|were) no {C:c}(?: value| values)? (?:recorded|known|given|listed|available|noted|entered|reported)|(?:(?:we|i|they|you|people) )?(?:don't|do not|didn't|did not) (?:know|have) (?:the |a |an |any )?{C:d}(?: value)?|(?:whose )?(?:the )?{C:e}(?: value| values)? (?:is |are |was |were )(?:not|never) (?:recorded|known|given|listed|available|noted|entered|reported|measured)").sub(lambda m: null(m, "is null"), text)
    text = rx(r"(?:without|with no|never (?:was|were|had|been|got)|(?:was|were|had) never(?: been)?|(?:have|has|had|having|with) (?:no|zero)|(?:do|does|did) n[o']t have)(?: a| an| any| the)? {C:c}").sub(lambda m: null(m, "is null"), text)
    return rx(r"(?:have|has|had|having|with|there (?:is|was|were|are)|recorded) (?:any|some) {C:c}").sub(lambda m: null(m, "not null"), text)


_FROM = frozenset("origin from source start departure sender seller exporter home".split())
_TO = frozenset("dest destination to end arrival receiver buyer importer target".split())


def one_column_each(scene: Scene, linker: Linker) -> None:
    """A value that several columns hold (a home team, an away team) is meant in the one that is spoken of; where none is, nobody can tell."""
    for mark in dict.fromkeys(scene.all("V")):
        payload = scene.get(mark)
        columns = list(dict.fromkeys(c for c, _ in payload))
        if len(columns) < 2 or any(scene.get(c) in columns for c in scene.all("C")):
            continue
        spoken = set(re.findall(r"[a-z]+", " ".join([scene.text, *(scene.words[m] for m in scene.all("CFSWHN"))])))
        own = {c: {w for w in linker.names[c] if not any(w in linker.names[d] for d in columns if d != c)} for c in columns}
        before = re.search(rf"\b(from|leaving|departing|to|towards|into|reaching)(?: the)? {mark}", scene.text)
        way = (_FROM if before[1] in ("from", "leaving", "departing") else _TO) if before else frozenset()
        meant = [c for c in columns if own[c] & way] or [c for c in columns if own[c] & spoken]
        if len(meant) != 1:
            raise Unclear(scene.words[mark], f"“{scene.words[mark]}” stands in several columns ({', '.join(columns)}), and it is not said which is meant.", "Name the column.")
        scene.marks[int(mark[2:-1])] = [(c, v) for c, v in payload if c == meant[0]]


def value_condition(payload: list[tuple[str, str]], prefer: str | None = None) -> Compare:
    column, value = next(((c, v) for c, v in payload if c == prefer), payload[0])
    return Compare(column=column, op="==", value=value)


def mark_values(scene: Scene, linker: Linker) -> None:
    """What is left of values and times becomes conditions too. Two values of one column are alternatives."""
    text = scene.text

    def single(mark: str, negated: bool, prefer: str | None = None) -> Compare:
        made = value_condition(scene.get(mark), prefer)
        return made.model_copy(update={"op": "!="}) if negated else made

    def one_of(m: re.Match[str]) -> str:
        column, held = scene.get(m["c"]), [dict(scene.get(v)) for v in re.findall(r"⟨V\d+⟩", m.group())]
        if not all(column in d for d in held):
            return m.group()
        return scene.mark("W", Compare(column=column, op="not in" if m["neg"] else "in", value=[d[column] for d in held]), m.group())

    text = rx(r"{C:c}(?: (?:is|was|are|were|=|equals|being|either|one of|any of|in|has|had|to|be|the|values?))*(?P<neg> neither| not(?: in)?)?(?: (?:either|one of|any of|in))* ⟨V\d+⟩(?: ?(?:, or|, and|or|and|nor|,) ⟨V\d+⟩)+").sub(one_of, text)
    text = rx(r"{C:c}(?: (?:is|was|are|were|of|=|equals|equal to|being|marked as|labelled|marked))* (?P<neg>not |other than )?{V:v}").sub(
        lambda m: scene.mark("W", single(m["v"], bool(m["neg"]), scene.get(m["c"])), m.group()) if any(c == scene.get(m["c"]) for c, _ in scene.get(m["v"])) else m.group(), text)  # fmt: skip
    text = rx(r"{V:v} (?:(?:as|being|is|was|were) (?:the |an? )?)?(?P<c>⟨C\d+⟩)").sub(
        lambda m: scene.mark("W", single(m["v"], False, scene.get(m["c"])), m.group()) if any(c == scene.get(m["c"]) for c, _ in scene.get(m["v"])) else m.group(), text)  # fmt: skip

    def flagged(m: re.Match[str]) -> str:
        name = scene.get(m["c"])
        after = m["noun"] or ""
        if after.startswith("⟨"):
            other = linker.columns.get(scene.get(after))
            rowlike, after = (True, "") if other is not None and other.type == "VARCHAR" else (False, after)
        else:
            rowlike = False
        rowlike = rowlike or after in words.ENTITIES or after in words.ROW_NOUNS or after in linker.nouns
        held = linker.truth(name) if linker.kind_of(name) != "boolean" else None
        ends = m["be"] and not after and re.match(r" ?(?:$|[?.,;]|and\b|in\b|among\b)", m.string[m.end() :])
        if held is None or not (rowlike or ends or linker.is_flag(name) and m["place"] or m["neg"]):
            return m.group()
        return scene.mark("W", Compare(column=name, op="==", value=held[m["neg"] is not None]), m.group()) + (f" {after}" if after else "")

    def rows_follow(m: re.Match[str]) -> bool:
        noun = re.match(r" ([a-z]+)", m.string[m.end() :])
        return noun is not None and (noun[1] in words.ENTITIES or noun[1] in words.ROW_NOUNS or noun[1] in linker.nouns)

    # "observed = False", "hormone therapy: yes"
    def answered(m: re.Match[str]) -> str:
        held = linker.truth(scene.get(m["c"]))
        if held is None:
            return m.group()
        no = m["not"] is not None
        return scene.mark("W", Compare(column=scene.get(m["c"]), op="==", value=held[(m["is"] in ("no", "false")) != no]), m.group())

    text = rx(r"(?:have |has |had |having |with )?(?P<c>⟨C\d+⟩) (?:is |was |are |were |equal to |equals |set to |= |== |: |of )*(?P<not>not )?(?P<is>yes|no|true|false)\b").sub(answered, text)

    # "got hormone therapy", "without it", "did not receive": a column of yes and no
    def had(m: re.Match[str]) -> str:
        held = linker.truth(scene.get(m["c"]))
        if held is None or scene.words.get(m["c"], "") in words.ROW_NOUNS:
            return m.group()
        verb = "" if re.match(r"wh|that|with|on|not on", m.group()) else "got "
        return verb + scene.mark("W", Compare(column=scene.get(m["c"]), op="==", value=held[m["neg"] is not None]), m.group())

    got = r"(?:got|get|gets|receive|receives|received|receiving|had|have|has|having|undergo|underwent|given|were given|was given|took|take|takes|taking|use|used|using|on)"
    text = rx(rf"(?:(?P<neg>(?:(?:did|do|does|was|were) ?(?:not|n't) |never ){got}|(?:had|have|has|having|with) no|without|not on)|who {got}|that {got}|{got}|with)(?: a| an| any| the)? (?P<c>⟨C\d+⟩)(?! ?(?:(?:is|was|are|were|of|than|above|below|over|under|equal|equals|exactly|more|less|at|coded|marked)\b|[=<>!]|⟨N))").sub(had, text)

    # "how many orders were returned", "not returned": a column of true and false
    text = rx(r"(?P<be>(?:were|are|was|is|been|got|have|has|had) )?(?P<not>not |never )?(?P<c>⟨C\d+⟩)(?! (?:is|was|are|were|=|==|of)\b)").sub(
        lambda m: scene.mark("W", Compare(column=scene.get(m["c"]), op="==", value=not m["not"]), m.group())
        if linker.kind_of(scene.get(m["c"])) == "boolean" and (m["be"] or m["not"] or rows_follow(m)) else m.group(), text)  # fmt: skip
    # "southern states", "outside the south": a column of zeros and ones said like an adjective or a place
    text = rx(r"(?<!\bby )(?<!\bper )(?<!\beach )(?<!\bevery )(?P<be>(?:is|are|was|were) )?(?P<neg>non ?-? ?|outside(?: of)? |not (?:in |from )?|without )?(?P<place>(?:in|from|within) )?(?:the )?{C:c}(?: (?P<noun>[a-z]+|⟨C\d+⟩))?").sub(flagged, text)

    def alternatives_of(m: re.Match[str]) -> str:
        marks = re.findall(r"⟨V\d+⟩", m.group())
        columns = [dict(scene.get(v)) for v in marks]
        shared = [c for c in columns[0] if all(c in d for d in columns)]
        if not shared:
            return m.group()
        return scene.mark("W", Compare(column=shared[0], op="in", value=[d[shared[0]] for d in columns]), m.group())

    text = rx(r"⟨V\d+⟩(?: ?(?:,|and|or|, and|, or|and of|and for|and the|or the|, the|, and the) ⟨V\d+⟩)+").sub(alternatives_of, text)
    out = r"(?:leave|leaving|left|take|taking|keep|keeping) (?:the |all |any )?{V:v} out(?: of (?:it|this|that|them))?|{V:w} (?:excluded|aside|left out|not included|not counted)"
    text = rx(out).sub(lambda m: scene.mark("W", single(m["v"] or m["w"], True), m.group()), text)
    negation = r"(?:not|non|other than|except(?: for)?|excluding|exclude|without|outside(?: of)?|ignoring|leaving out|apart from|aside from|besides|but not)(?: the| a| an| in| from| of| -)*"
    text = rx(r"(?:excluding|exclude|without|ignoring|ignore|leaving out|leave out|except(?: for)?|dropping|drop|omitting|omit|skipping|skip)(?: the| any| all| those)?(?: [a-z]+| ⟨C\d+⟩){1,2}(?: with| where| having| for which| that have| when| in which)? {W:w}").sub(
        lambda m: scene.mark("W", negate(scene.get(m["w"])), m.group()), text)  # fmt: skip
    text = rx(rf"{negation} {{W:w}}").sub(lambda m: scene.mark("W", negate(scene.get(m["w"])), m.group()), text)
    text = rx(rf"{negation} {{V:v}}").sub(lambda m: scene.mark("W", single(m["v"], True), m.group()), text)
    text = rx(r"{V:v}").sub(lambda m: scene.mark("W", single(m["v"], False), m.group()), text)
    text = rx(r"(?P<y>⟨Y\d+⟩)(?P<more>(?: ?(?:,|and|or|, and|and in) ⟨Y\d+⟩)+)").sub(
        lambda m: scene.mark("W", AnyOf(any=[scene.get(y)[0] for y in re.findall(r"⟨Y\d+⟩", m.group())]), m.group()), text)  # fmt: skip
    text = rx(r"(?P<neg>" + negation + r" )?{Y:y}").sub(lambda m: scene.mark("W", negate(scene.get(m["y"])[0]) if m["neg"] else scene.get(m["y"])[0], m.group()), text)
    text = rx(r"{R:r}").sub(lambda m: scene.mark("W", scene.get(m["r"])[0], m.group()) if scene.get(m["r"])[0] is not None else m.group(), text)
    text = rx(r"{W:a}(?: [a-z]+)? or(?: (?!in\b|of\b|for\b)[a-z']+){0,3} {W:b}").sub(lambda m: scene.mark("W", AnyOf(any=[scene.get(m["a"]), scene.get(m["b"])]), m.group()), text)
    scene.text = text
