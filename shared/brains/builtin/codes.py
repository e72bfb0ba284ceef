"""What a question explains about codes and flags: "(1 = married)", "parolees (paro = 1)", "race 0 or 1", "the arrest rate"."""

import re

from shared.analysis.plan import Compare
from shared.brains.builtin import words
from shared.brains.builtin.link import Linker
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem

_MEANS = r"(?:=|==|is|means|meaning|for|stands for)"
_BEFORE = frozenset("prior previous past former earlier preceding".split())


def coded(text: str, linker: Linker) -> str:
    """The question without a sentence that only says of columns of 0 and 1 that 1 means yes."""
    def known(m: re.Match[str]) -> str:
        named = [n for n in re.split(r",? and |, | or ", m["columns"]) if n]
        right = (m["code"] == "1") == (m["is"].lower() in ("yes", "true"))
        flags = {c.lower() for c in linker.columns if linker.truth(c) == (1, 0)}
        return m["end"] if right and all(n.lower() in flags for n in named) else m.group()

    one = r"(?P<columns>\w+(?:(?:,? and |, | or )\w+)*)"
    return re.sub(rf"(?i)(?<=[.?!;]) *(?:(?:in|for|of) )?(?:both |the )?(?:columns? )?{one}(?: columns?)?,? (?:a )?(?P<code>[01]) (?:also |always )?(?:means|is|stands for|=) (?P<is>yes|no|true|false)(?:(?:,| and|, and) [01] (?:means |is |= ?)?(?:yes|no|true|false))?(?P<end>[.!]?)(?= |$)", known, text)


def _ends_before(scene: Scene, mark: str) -> bool:
    """Whether a condition was said with such a word last: "more than 5 prior"."""
    last = re.search(r"(⟨C\d+⟩)$", scene.words.get(mark, ""))
    return last is not None and scene.words.get(last[1], "") in _BEFORE


def _rows_named(scene: Scene, linker: Linker, text: str) -> str:
    """"How many bills", "what percentage of the bills were": a column of fractions that a plural names only in part (total_bill) gives the rows their name."""
    def rows(m: re.Match[str]) -> str:
        column, said, lead = linker.columns.get(scene.get(m["c"])), scene.words.get(m["c"], ""), m["lead"]
        partly = column is not None and column.type == "DOUBLE" and said.endswith("s") and said in words.ENTITIES and stem(said) in {stem(w) for w in linker.names[column.name][1:]}
        counted = scene.get(lead.split()[0]) == "count" if lead.startswith("⟨") else " of" not in lead or m["verb"] in ("were", "are", "have", "had", "came", "come", "fell")
        return f"{lead} rows" if partly and counted else m.group()

    return rx(r"(?P<lead>(?:⟨F\d+⟩|how many|(?:percentage|percent|share|fraction|proportion|%) of)(?: all)?(?: of)?(?: the)?(?: ⟨[VW]\d+⟩)?) {C:c}(?= (?:(?P<verb>were|are|was|have|had|came|come|fell|with|that|which|in|on|from|by|for)\b|⟨[VW]))").sub(rows, text)


def counted(scene: Scene, linker: Linker, text: str) -> str:
    """"The number of cases" of a column ncases: their sum, or what else is said of that number ("the average number of cases")."""
    def figure(m: re.Match[str]) -> str:
        if scene.get(m["c"]) not in linker.tallies or scene.get(m["f"]) != "count":
            return m.group()
        return f"{m['what']}{m['c']}" if m["what"] else f"{scene.mark('F', 'sum', 'total number')} {m['c']}"

    text = rx(r"(?P<what>⟨[FS]\d+⟩ (?:of the )?)?{F:f} (?:of )?(?:the |all )?{C:c}").sub(figure, text)
    text = rx(r"{S:s} {C:c}").sub(lambda m: f"{m['s']} {scene.mark('F', 'sum', 'total')} {m['c']}" if scene.get(m["c"]) in linker.tallies and scene.get(m["s"])[0] in ("fewest", "least", "most") else m.group(), text)
    return rx(r"\b(?P<w>more|fewer) {C:c}(?= than)").sub(lambda m: f"{m['w']} {scene.mark('F', 'sum', 'total')} {m['c']}" if scene.get(m["c"]) in linker.tallies else m.group(), text)


def decoded(scene: Scene, linker: Linker) -> str:
    """The linked question with what it says about codes put to use, or taken out where it adds nothing."""
    text = counted(scene, linker, scene.text)

    def spelled(m: re.Match[str]) -> str:  # "married only (1 = married)"
        column, code = scene.get(m["c"]), scene.get(m["n"])
        if linker.truth(column) != (1, 0) or scene.get(m["d"]) != column or code not in (0, 1):
            return m.group()
        return scene.mark("W", Compare(column=column, op="==", value=code), m.group()) + (m["mid"] or "")

    text = rx(rf"{{C:c}}(?P<mid> only| alone)? \( {{N:n}} {_MEANS} {{C:d}} \)").sub(spelled, text)
    text = rx(rf"{{C:c}} \( {{N:n}} {_MEANS} (?P<is>yes|no|true|false)(?: ,? (?:and )?⟨N\d+⟩ {_MEANS} (?:yes|no|true|false))? \)").sub(
        lambda m: m["c"] if linker.truth(scene.get(m["c"])) == (1, 0) and scene.get(m["n"]) == (1 if m["is"] in ("yes", "true") else 0) else m.group(), text)  # fmt: skip

    def explained(m: re.Match[str]) -> str:  # "parolees (paro = 1)", "people not on parole (paro 0)", "married people (mar 1)"
        column, condition, held = scene.get(m["c"]), scene.get(m["w"]), linker.truth(scene.get(m["c"]))
        noun = m["noun"] or ""
        if held is None or not isinstance(condition, Compare) or condition.op != "==" or columns_of(condition) != [column] or re.search(r"rates?$", scene.words.get(m["c"], "")):
            return m.group()
        if noun and noun.strip() not in words.ROW_NOUNS and noun.strip() not in words.ENTITIES and noun.strip() not in linker.nouns or m["neg"] and condition.value != held[1]:
            return m.group()
        return (noun.strip() + " " if noun else "") + m["w"]

    for bracketed in (r"\( {W:w} \)", r"{W:w}"):
        text = rx(rf"(?P<neg>\b(?:not|without|never|non|no)(?: -)?(?: on| in| a| an| any| the)* )?{{C:c}}(?P<noun> [a-z]+)? {bracketed}").sub(explained, text)

    def listed(m: re.Match[str]) -> str:  # "which race, 0 or 1, has …": both of its codes, so nothing is left out
        column = linker.columns.get(scene.get(m["c"]))
        both = column is not None and column.distinct == 2 and {column.min, column.max} == {scene.get(m["a"]), scene.get(m["b"])}
        return m["c"] if both else m.group()

    text = rx(r"{C:c}(?: ?,)? (?:\( )?(?:either )?{N:a}(?: ,)? (?:or|and|vs|versus|/) {N:b}(?: \))?(?: ,)?").sub(listed, text)
    if not re.search(r"percent|%|share|fraction|proportion", text):  # the rate of a column of 0 and 1 is its mean
        text = rx(r"(?P<before>⟨F\d+⟩ (?:of )?(?:the )?)?{C:c}").sub(
            lambda m: m.group() if m["before"] or not linker.is_flag(scene.get(m["c"])) or not re.search(r" rates?$", scene.words.get(m["c"], "")) else f"{scene.mark('F', 'mean', 'mean')} {m['c']}", text)  # fmt: skip
    text = _rows_named(scene, linker, text)
    # "prior convictions" for a column prior: what is prior goes without saying
    text = rx(r"{C:c} (?P<noun>[a-z]{4,}s)\b(?! ⟨[CV])").sub(
        lambda m: m["c"] if scene.words.get(m["c"], "") in _BEFORE and m["noun"] not in words.STRUCTURE and linker.find_column([m["noun"]])[0] is None and not m["noun"].endswith("ss") else m.group(), text)  # fmt: skip
    text = rx(r"{W:w} (?P<noun>[a-z]{4,}s)\b(?! ⟨[CV])").sub(lambda m: m["w"] if _ends_before(scene, m["w"]) and m["noun"] not in words.STRUCTURE and linker.find_column([m["noun"]])[0] is None else m.group(), text)
    if re.search(r"correlat|\brelat|associat|\bgo(?:es)? (?:together|with|hand)", text):  # "do warm springs go with warm summers"
        text = rx(r"\b(?P<a>[a-z]{3,}) {C:c} (?P<mid>(?:[a-z]+ ){1,4})(?P=a) {C:d}").sub(lambda m: f"{m['c']} {m['mid']}{m['d']}" if m["a"] not in words.STRUCTURE else m.group(), text)
    # "peak with peak hours 0 to 5", "have their peak (peak hour 8)": a word of the column's own name is no measure
    text = rx(r"(?:(?:has|have|had|reach|reaches|reached) (?:a |the |their |its )?)?{F:f} (?:with |in |at |where |, |counting )*(?:the )?(?:\( )?{W:w}(?: \))?").sub(
        lambda m: f"with {m['w']}" if scene.words.get(m["f"], "") in {w for c in columns_of(scene.get(m["w"])) for w in linker.names.get(c, [])} else m.group(), text)  # fmt: skip
    return rx(r"(?P<f>⟨F\d+⟩)(?: ,)? (?:\( )?i\.?e ?\.?(?: ,)? (?:its |the )?{S:a}(?: value| reading| figure)? (?:less|minus|-) (?:its |the )?{S:b}(?: value| reading| figure)?(?: \))?").sub(
        lambda m: m["f"] if scene.get(m["f"]) == "range" and (scene.get(m["a"])[2], scene.get(m["b"])[2]) == ("desc", "asc") else m.group(), text)  # fmt: skip
