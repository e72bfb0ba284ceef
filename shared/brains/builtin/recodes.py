"""Labels that rest on more than the range of one number: listed values, two columns set side by side, the smallest of several columns."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import Case, ColumnValue, Compare, Condition
from shared.brains.builtin import series
from shared.brains.builtin.bands import LABEL, REST
from shared.brains.builtin.logic import conjunction

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_ITEM = r"⟨[VNL]\d+⟩"
_LIST = rf"(?:{_ITEM}(?: ?(?:,|or|and|, or|, and|/|&) {_ITEM})*)"
_TO = r"(?:(?:both |all |each )?(?:is |are |be )?(?:to )?(?:become|becomes|becoming|recoded (?:as|to|into)|mapped (?:to|into)|turned into|changed (?:to|into)|labell?ed(?: as)?|called|coded(?: as)?|counted? as|counts as|gets?|=|- >|->|→|=>|to|into|as|is|are)(?: called| the label| the value| a)?)"
_FROM = r"(?:(?:is |are )?(?:for|if|when|where|covers?|means|stands for|contains|includes|comprises|consists of|=|:|\()(?: the)?(?: values?| codes?| rows| category| categories| level| levels)?(?: of| with| are| is| in)?(?: ⟨C\d+⟩(?: is| are| =| in| equals| equal to)?)?(?: either| one of| any of)?)"
_ORDERED = r"(?i)\b(?:recod\w*|map|maps|mapped|mapping|turn|convert|replace|relabel|translate|encode|code|codes|group|class|classify|combine|merge|collapse|pool|label|call|treat|becomes?|assign|define|create|make|score|with)\b|->|→"


def recoded(recipe: "Recipe", sentence: str) -> bool:
    """`rows with grade 'A' or 'B' become 'good'`, `'Mon' -> 1, 'Tue' -> 2`: listed values of one column get a label or a number each."""
    if not re.search(_ORDERED, sentence):
        return False
    scene = recipe.linker.link(re.sub(r"→|=>|-->", "->", sentence))
    text = re.sub(r"- ?>", "->", re.sub(rf"- ⟨N(?P<n>\d+)⟩(?= {_TO} )", lambda m: _minus(scene, m["n"]), scene.text))
    for pattern in (rf"(?P<from>{_LIST})(?: ⟨C\d+⟩| [a-z]+){{0,2}}? ?,? {_TO} (?P<to>{_ITEM})", rf"(?P<to>{_ITEM}) {_FROM} (?P<from>{_LIST})"):
        pairs = [(m["to"], re.findall(_ITEM, m["from"])) for m in re.finditer(pattern, text)]
        targets = [str(scene.words.get(to, "")) for to, _ in pairs]
        if len(pairs) < 2 or len(set(targets)) != len(targets) or sum(len(f) for _, f in pairs) + len(pairs) < len(re.findall(_ITEM, text)) - 1:
            continue
        found = _one_column(recipe, scene, [x for _, f in pairs for x in f])
        if found is None:
            continue
        column, values = found
        labels = [_target(scene, to) for to, _ in pairs]
        if len({type(x) is str for x in labels}) != 1 or len(set(map(str, values.values()))) != len(values):
            continue
        cases = [Case(when=_among(column, [values[x] for x in f]), then=label) for label, (_, f) in zip(labels, pairs, strict=True)]
        rest = next((x for x in re.findall(_ITEM, text) if x not in values and x not in [to for to, _ in pairs]), None)
        if rest and not REST.search(text):
            continue
        _declared(recipe, sentence, column, cases, _target(scene, rest) if rest else None, labels)
        return True
    return False


def _minus(scene: Any, n: str) -> str:
    scene.marks[int(n)] = -scene.marks[int(n)]
    return f"⟨N{n}⟩"


def _target(scene: Any, mark: str) -> Any:
    return scene.get(mark) if mark[1] in "LN" else scene.get(mark)[0][1]


def _one_column(recipe: "Recipe", scene: Any, marks: list[str]) -> tuple[str, dict[str, Any]] | None:
    """The one column that holds all of these values, and each value as it is held."""
    if all(m[1] == "V" for m in marks):
        shared = set.intersection(*({c for c, _ in scene.get(m)} for m in marks))
        named = shared & {scene.get(m) for m in scene.all("C")}
        columns = named if len(named) == 1 else shared
        if len(columns) != 1:
            return None
        column = columns.pop()
        return column, {m: next(v for c, v in scene.get(m) if c == column) for m in marks}
    numbers = {c for c in (scene.get(m) for m in scene.all("C")) if c in recipe.linker.columns and recipe.linker.is_number(c)}
    if not all(m[1] == "N" for m in marks) or len(numbers) != 1:
        return None
    column = numbers.pop()
    held = recipe.linker.columns[column]
    if held.distinct > 100 or not all(isinstance(scene.get(m), (int, float)) and isinstance(held.min, (int, float)) and held.min <= scene.get(m) <= held.max for m in marks):
        return None
    return column, {m: scene.get(m) for m in marks}


def _among(column: str, values: list[Any]) -> Condition:
    return Compare(column=column, op="==", value=values[0]) if len(values) == 1 else Compare(column=column, op="in", value=values)


def _declared(recipe: "Recipe", sentence: str, column: str, cases: list[Case], otherwise: Any, labels: list[Any]) -> None:
    from shared.brains.builtin.labels import declare

    if isinstance(labels[0], str):
        return declare(recipe, sentence, column, cases, otherwise, [str(x) for x in [*labels, *([otherwise] if otherwise is not None else [])]])
    said = re.search(rf"(?i)\b{re.escape(column)}\b(?: column| values?)? (?:in)?to (?:an? |the )?(?P<a>[a-z_]{{3,}})|\b(?:column|variable|score|called|named|define|create) '?(?P<b>[a-z_]\w{{2,}})", sentence)
    name = (said["a"] or said["b"]) if said else f"{column} number"
    name = name if name not in recipe.linker.columns and name.lower() not in ("numbers", "number", "numeric", "values", "column") else f"{column} number"
    recipe.builder.labels[name] = {"cases": cases, "otherwise": otherwise}
    series.name_it(recipe, name, f"{column} score", f"numeric {column}", f"recoded {column}", f"{column} number", f"{column} value")
    return None


_MORE = r"(?:is |are |was |scored |has )?(?:strictly )?(?:greater|more|higher|larger|bigger|above|over|ahead of|exceeds?|>)(?: than)?"
_LESS = r"(?:is |are |was )?(?:strictly )?(?:less|lower|smaller|fewer|below|under|behind|<)(?: than)?"
_SAME = r"(?:(?:is |are |was |were )?(?:both )?(?:equal(?: to)?|the same(?: as)?|identical|tied|level|as large as|=+|equals?))"
_SIGNS = ((">", _MORE), ("<", _LESS), ("==", _SAME))


def compared(recipe: "Recipe", sentence: str) -> bool:
    """`'home' if a is greater than b, 'away' if it is smaller and 'draw' if they are equal`."""
    pieces = LABEL.split(sentence)
    labels = [a or b for a, b in zip(pieces[1::3], pieces[2::3], strict=True)]
    if not 2 <= len(labels) <= 3 or len(set(labels)) != len(labels):
        return False
    for spoken in (pieces[3::3], [re.split(r"[.:;] ", pieces[0])[-1], *pieces[3::3][:-1]]):
        rules = _sides(recipe, spoken)
        if rules is None:
            continue
        column = rules[0].column  # type: ignore[union-attr]
        cases = [Case(when=rule, then=label) for rule, label in zip(rules, labels, strict=True) if rule is not None]
        rest = [label for rule, label in zip(rules, labels, strict=True) if rule is None]
        other = next(c.when.value.column for c in cases if isinstance(c.when, Compare) and isinstance(c.when.value, ColumnValue))
        known: list[Condition] = [Compare(column=c, op="not null") for c in (column, other) if recipe.linker.columns[c].nulls]
        cases += [Case(when=conjunction(known) or Compare(column=column, op="not null"), then=label) for label in rest]
        _declared(recipe, sentence, column, cases, None, labels)
        return True
    return False


def _sides(recipe: "Recipe", spoken: list[str]) -> list[Compare | None] | None:
    """A comparison of the same two columns for each piece; None in it for what is left over."""
    rules: list[Compare | None] = []
    a = b = ""
    for piece in spoken:
        scene = recipe.linker.link(piece)
        named = [scene.get(m) for m in scene.all("C")]
        said = re.sub(r"⟨C\d+⟩", "~", scene.text)
        if scene.all("NVLYRW") or any(c not in recipe.linker.columns or not recipe.linker.is_number(c) for c in named):
            return None
        if re.search(rf"~ {_MORE} (?:the )?~|~ {_LESS} (?:the )?~|~ {_SAME} (?:the )?~", said) and len(set(named)) == 2:
            if a and {a, b} != set(named):
                return None
            a, b = named if not a else (a, b)
            sign = next(o for o, words_ in _SIGNS if re.search(rf"~ {words_} (?:the )?~", said))
            rules.append(Compare(column=named[0], op=sign, value=ColumnValue(column=named[1])))  # type: ignore[arg-type]
        elif a and (op := next((o for o, words_ in _SIGNS if re.search(rf"\b(?:it|they|the two|both|that|the goals|~)(?: (?:two|of them|values|numbers))? {words_}\b", said)), None)) and len(set(named)) <= 1 and named in ([], [a]):
            rules.append(Compare(column=a, op=op, value=ColumnValue(column=b)))  # type: ignore[arg-type]
        elif a and not named and REST.search(said) or a and not named and re.search(r"\ba (?:tie|draw)\b", said):
            rules.append(None)
        else:
            return None
    return rules if rules and rules[0] is not None and sum(r is None for r in rules) <= 1 else None


def closest(recipe: "Recipe", sentence: str) -> bool:
    """`'a' when x is the smallest of the three columns, 'b' when y is the smallest …`: the label of the extreme of several columns."""
    pieces = LABEL.split(sentence)
    labels = [str(a or b) for a, b in zip(pieces[1::3], pieces[2::3], strict=True)]
    if len(labels) < 2 or len(set(labels)) != len(labels):
        return False
    columns: list[str] = []
    ways: set[str] = set()
    for said in pieces[3::3]:
        scene = recipe.linker.link(str(said))
        m = re.match(r"\W*(?:if|when|where|for) (?:the |its )?(⟨C\d+⟩)(?: value)? (?:is|has) (?:the )?(⟨[SF]\d+⟩)", scene.text)
        own = str(scene.get(m[1])) if m else ""
        if m is None or own not in recipe.linker.columns or not recipe.linker.is_number(own):
            return False
        columns.append(own)
        ways.add("<=" if re.search(r"smallest|lowest|least|shortest|minimum|nearest|closest", scene.words.get(m[2], "")) else ">=" if re.search(r"largest|highest|greatest|biggest|most|maximum|longest", scene.words.get(m[2], "")) else "?")
    if len(set(columns)) != len(columns) or len(ways) != 1 or "?" in ways:
        return False
    op = ways.pop()
    cases = [Case(when=conjunction([Compare(column=c, op=op, value=ColumnValue(column=d)) for d in columns if d != c]), then=label) for c, label in zip(columns, labels, strict=True)]  # type: ignore[arg-type]
    _declared(recipe, sentence, columns[0], cases, None, labels)
    return True
