"""Two figures set against each other: is one higher, how many times one is the other, their ratio."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import ColumnValue, Compare, Condition, Predicate, RefValue, Rule
from shared.brains.builtin import words
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of, negate
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem
from shared.brains.builtin.terms import AUX, COMPARATIVE, LOWER, Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_BE = r"(?:is|was|are|were|be)"
_INSTEAD = {"weight": ("body weight", "body mass"), "wind": ("wind speed", "windspeed"), "income": ("gdp per capita", "gdp percap", "income per capita")}  # where no column bears the adjective's own noun
_ADJECTIVE = r"(?:much|many|large|big|high|great|[a-z]+)"
_OTHERS = r"\b(?:the )?(?:others|other ones|rest|remaining (?:ones|[a-z]+)|everyone else|everybody else|all others|all the others)\b"
_WHOLE = r"\b(?:all|overall|whole|entire|total|everyone|everything|everybody)\b"
_SAID = "than yes no either way sufficient enough twice double half thrice triple higher lower greater larger bigger more less fewer smaller exceed exceeds exceeded better worse stronger weaker heavier older warmer hotter longer younger shorter lighter later earlier newer true expensive above below over under ratio ratios divided divide dividing times time over versus compared relative twofold high large big great many much as one that figure respectively factor whatfactor without with it others rest all average"


def meant_by(adjective: str) -> str:
    """Words of the column an adjective is about: expensive → price; "" for large, many, high."""
    for said in (f"most {adjective}", f"{adjective}est", f"{adjective}st"):
        if said in words.SUPERLATIVES and not words.SUPERLATIVES[said][0].startswith("#"):
            return words.SUPERLATIVES[said][0]
    return next((words.COMPARATIVES[c] for c in (adjective, f"{adjective}er", f"{adjective}r") if c in words.COMPARATIVES), "")


def hinted_column(brain: "Interpreter", hint: str, text: str) -> tuple[str | None, str]:
    """The column an adjective is about, by itself or with one other word of the text ("copper … most expensive"), and that word."""
    column, _ = brain.linker.find_column(hint.split())
    if column:
        return column, ""
    for instead in _INSTEAD.get(hint, ()):
        if column := brain.linker.find_column(instead.split())[0]:
            return column, f"{instead} percapita"
    found = {}
    for word in re.findall(r"[^\W\d_]{3,}", re.sub(r"⟨[A-Z]\d+⟩", " ", text)):
        if word not in words.STRUCTURE and word not in words.FILLER and (column := brain.linker.find_column([word, *hint.split()])[0]):
            found[column] = word
    return next(iter(found.items())) if len(found) == 1 else (None, "")


def two_figures(brain: "Interpreter", marked: Scene, left: str, right: str, before: str = "", hint: str = "") -> tuple[str, str] | None:
    """References to the figures two phrases stand for; what one leaves unsaid is that of the other."""
    context = brain.parts(marked.fork(before), keep_values=True)
    right = re.sub(r"^( ?(?:the |that |those )*)(?:ones?|figure|value) of\b", r"\1 of", right)
    a, b = _resolved(brain, marked, left, right)
    if a is None or b is None or a.by or b.by or context.by or context.functions or a.superlatives or b.superlatives:
        return None
    columns: list[str | None] = []
    known = ""
    for p in (a, b):
        own = [c for c in dict.fromkeys(p.columns) if not (brain.linker.kind_of(c) == "text" and brain.unique(c))]
        if hint == "#date" and not own:
            own = brain.linker.years[:1]
        elif hint and not own:
            column, word = hinted_column(brain, hint, p.scene.text)
            own, known = [column] if column else [], f"{known} {word}"
        columns.append(own[0] if len(own) == 1 else None)
        if len(own) > 1:
            return None
    if hint and not any(columns):
        return None
    context_columns = [c for c in context.columns if brain.linker.is_number(c)]
    if len(context_columns) > 1 or context_columns and any(columns):
        return None
    column_a, column_b = columns[0] or columns[1] or next(iter(context_columns), None), columns[1] or columns[0] or next(iter(context_columns), None)
    if any(c is not None and not brain.linker.is_number(c) for c in (column_a, column_b)):
        return None
    functions = [_function(p, c) for p, c in ((a, column_a), (b, column_b))]
    if "?" in functions:
        return None
    single = ["lookup" if f is None and column and p.where and brain.is_single(p.where) else None for f, column, p in zip(functions, (column_a, column_b), (a, b), strict=True)]
    function_a, function_b = functions[0] or single[0] or functions[1], functions[1] or single[1] or functions[0]
    where_a, where_b = list(a.where), list(b.where)
    of_a, of_b = ({c for w in where for c in columns_of(w)} for where in (where_a, where_b))
    if column_a == column_b and function_a == function_b and not where_a and where_b and not re.search(_WHOLE, left) or where_a and not where_b and column_a == column_b and function_a == function_b and not re.search(_WHOLE, right):
        return None
    whole = column_a == column_b and (not where_a or not where_b)
    if not whole and (of_a & of_b or not of_a or not of_b):
        where_b += [w for w in a.where if not set(columns_of(w)) & of_b]
        where_a += [w for w in b.where if not set(columns_of(w)) & of_a]
    brain.account(f"{a.scene.text} {b.scene.text} {context.scene.text}", _SAID, known, hint, " ".join(words.COMPARATIVES))
    brain.all_used(f"{a.scene.text} {b.scene.text} {context.scene.text}")
    refs = []
    for function, column, where in ((function_a, column_a, where_a), (function_b, column_b, where_b)):
        function = function or ("count" if column is None else "lookup")
        if function == "count" and column is None and brain.is_single([*where, *context.where]) and (only := brain.measure()):
            function, column = "lookup", only  # "the ratio of oil in 2001 to oil in 2017", where one thing is measured
        if function == "count" and brain.is_single([*where, *context.where]):
            raise Unclear("how many", "The conditions pick one row, so counting rows cannot be what is meant.", brain.hint())
        refs.append(brain.figure(function, column, [*where, *context.where]))
    return (refs[0], refs[1]) if refs[0] != refs[1] else None


def _function(p: Parts, column: str | None) -> str | None:
    """The one measure a phrase names; "?" for several."""
    named = [f for f in dict.fromkeys(p.functions) if f != "much" and not (f == "count" and column)]
    if named == ["sum"] and column is None:
        return "count"  # "how many in total"
    return named[0] if len(named) == 1 else "?" if named else None


def _resolved(brain: "Interpreter", marked: Scene, left: str, right: str) -> tuple[Parts | None, Parts | None]:
    """Both phrases; "without it", "the others" speak of the other phrase's condition."""
    a = brain.parts(marked.fork(left), keep_values=True)
    pronoun = re.search(r"\b(?P<no>without|not having|who did not get|with no|did not (?:get|have)|not) (?:it|them|one|any)\b|\b(?:with|having|got|who got|had) (?:it|them|one)\b|\b(?P<out>without)\b(?! ⟨)", right)
    if pronoun and len(a.where) == 1 and isinstance(only := a.where[0], Compare) and (held := brain.linker.truth(only.column)):
        no = bool(pronoun["no"] or pronoun["out"])
        condition = Compare(column=only.column, op="==", value=held[1 if no else 0])
        right = right[: pronoun.start()] + marked.mark("W", condition, pronoun.group()) + right[pronoun.end() :]
    elif (m := re.search(_OTHERS, right)) and len(a.where) == 1 and "⟨W" not in right and isinstance(only := a.where[0], Compare) and only.op in ("==", "in"):
        opposite: Condition = Compare(column=only.column, op="!=" if only.op == "==" else "not in", value=only.value)
        right = right[: m.start()] + marked.mark("W", opposite, m.group()) + right[m.end() :]
    return a, brain.parts(marked.fork(right), keep_values=True)


def implied_column(brain: "Interpreter", scene: Scene) -> Scene:
    """"heavier than" without a column: the weight."""
    if any(brain.linker.is_number(scene.get(c)) for c in scene.all("C")):
        return scene
    for word, meant in words.COMPARATIVES.items():
        column = brain.linker.find_column(meant.split())[0] if re.search(rf"\b{word}\b", scene.text) else None
        if column:
            return scene.fork(re.sub(rf"\b{word}\b", f"{scene.mark('C', column, word)} {word}", scene.text, count=1))
    return scene


def which_of_two(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"Which is more expensive on average, flats or houses?": the one of two named groups with the higher figure."""
    if re.search(r"\bthan\b|whatfactor|\bhow (?:much|many)\b|⟨[HTL]\d+⟩", scene.text) or not re.search(r"\bor\b|\bcompared (?:with|to)\b|\bversus\b|\bvs\b", scene.text) or not re.search(r"\bwhich\b|\bwho\b|^\W*(?:is|are|was|were|do|does|did|has|have|had)\b", scene.text):
        return None
    marked = scene.fork(re.sub(r"(⟨V\d+⟩)((?: [a-z]+)?) (?:compared (?:with|to)|versus|vs) ", r"\1\2 or ", scene.text))
    mark_values(marked, brain.linker)
    said = re.search(rf"\b(?P<more>more|less) (?P<adj>[a-z]+)\b|\b(?P<word>{COMPARATIVE})\b", marked.text)
    p = brain.parts(marked, keep_values=True)
    pairs = [w for w in p.where if isinstance(w, Compare) and w.op == "in" and isinstance(w.value, list) and len(w.value) == 2]
    pairs = pairs or ([Compare(column=p.where[0].column, op="in", value=[p.where[0].value, p.where[1].value])] if len(p.where) == 2 and all(isinstance(w, Compare) and w.op == "==" for w in p.where) and p.where[0].column == p.where[1].column else [])  # type: ignore[union-attr,list-item]
    if said is None or len(pairs) != 1 or p.by or p.having or p.superlatives:
        return None
    group = pairs[0].column
    hint = meant_by(said["adj"]) if said["more"] else words.COMPARATIVES.get(said["word"], "")
    own = [c for c in p.columns if c != group and brain.linker.is_number(c)]
    column = own[0] if len(own) == 1 else hinted_column(brain, hint, marked.text)[0] if hint and not own else None
    function = _function(p, column)
    if column is None or function in (None, "?", "count") or any(c != group and c not in own for c in p.columns):
        return None
    brain.account(p.scene.text, _SAID, hint, said["adj"] or "", " ".join(words.COMPARATIVES))
    brain.all_used(p.scene.text)
    rest = [w for w in p.where if group not in columns_of(w)]
    step, name = brain.builder.groups(brain.builder.where(brain.table, pairs[0], *rest), [group], str(function), column)
    lower = (said["more"] or said["word"]) in LOWER
    ranked = brain.builder.rank(step, name, [group], order="asc" if lower else "desc")
    return Answer(f"{ranked}:/name", ranked)


def yes_no(brain: "Interpreter", scene: Scene) -> Answer | None:
    either = scene.fork(scene.text)
    mark_values(either, brain.linker)
    if re.search(r"\b(?:more|fewer)\b.*\bor\b|⟨V\d+⟩(?: [a-z]+)? or .*\b(?:more|fewer)\b", scene.text) and not re.search(r"\bthan\b|or more|or fewer", scene.text):
        sides = [c for m in either.all("W") if isinstance(c := either.get(m), Compare) and c.op in ("==", "in")]
        values = [v for c in sides for v in (c.value if isinstance(c.value, list) else [c.value])]
        p = brain.parts(either, keep_values=True)
        if len({c.column for c in sides}) == 1 and len(values) == 2 and not p.columns and not p.by:  # "more in Texas or in Florida?"
            brain.account(either.text, "more fewer either")
            column = sides[0].column
            table = brain.builder.where(brain.table, Compare(column=column, op="in", value=values))  # type: ignore[arg-type]
            step, name = brain.builder.groups(table, [column], "count", None)
            ranked = brain.builder.rank(step, name, [column], order="asc" if "fewer" in either.text else "desc")
            return Answer(f"{ranked}:/name", ranked)
    if not re.search(AUX, scene.text):
        indirect = re.search(r"\b(?:whether|if) (?=.*\bthan\b)", scene.text)
        if indirect is None:
            return None
        scene = scene.fork("is " + scene.text[indirect.end() :])
    marked = scene.fork(scene.text)
    mark_values(marked, brain.linker)
    text = marked.text
    m = re.search(rf"\b(?P<more>more|less) (?P<adj>[a-z]+)\b(?P<mid1>.*?)\bthan\b(?P<rest1>.*)|\b(?P<word>{COMPARATIVE})\b(?P<mid2>.*?)\bthan\b(?P<rest2>.*)|\b(?P<cmp>above|below|exceed|exceeds|exceeded|over|under)\b(?P<rest3>.*)", text)
    if m and m["more"] and not meant_by(m["adj"]):
        m = re.search(rf"\b(?P<word>{COMPARATIVE})\b(?P<mid2>.*?)\bthan\b(?P<rest2>.*)(?P<adj>)(?P<mid1>)(?P<rest1>)(?P<rest3>)(?P<cmp>)(?P<more>)", text)
    if m:
        word = m["more"] or m["word"] or m["cmp"]
        left, right = f"{text[: m.start()]} {m['mid1'] or m['mid2'] or ''}", m["rest1"] or m["rest2"] or m["rest3"] or ""
        hint = meant_by(m["adj"]) if m["more"] and m["adj"] else "#date" if word in ("later", "earlier", "newer") else words.COMPARATIVES.get(word, "")
        lower = word in LOWER
        if hint == "age" and brain.linker.find_column(["age"])[0] is None and brain.linker.years:
            hint, lower = "#date", not lower  # what is older was made earlier
        many = rx(r"^ {N:n} (?P<of>(?:⟨[VW]\d+⟩ )*)(?P<noun>[a-z]+)\b(?P<rest>.*)$").match(right)
        if many and word in ("more", "fewer", "less") and _row_noun(brain, many["noun"]):  # "are there more than 50 cars from Japan"
            p = brain.parts(marked.fork(f"{left} {many['of']} {many['rest']}"), keep_values=True)
            if p.columns or p.functions or p.by or p.superlatives or p.having:
                return None
            brain.account(p.scene.text, _SAID)
            brain.all_used(p.scene.text)
            ref = brain.builder.decide([Rule(when=[Predicate(ref=brain.figure("count", None, p.where), op="<" if lower else ">", value=marked.get(many["n"]))], then=True)], False)
            return Answer(ref, ref.split(":")[0])
        refs = _threshold(brain, marked, left, right, hint, word in ("more", "fewer", "less")) or two_figures(brain, marked, left, right, "", hint)
        if refs is None:
            return None
        first, second = refs
        factor = next((value for pattern, value in ((r"\b(?:twice|double)\b", 2.0), (r"\bhalf\b", 0.5), (r"\b(?:thrice|triple|three times)\b", 3.0)) if re.search(pattern, text)), None)
        if factor is not None and isinstance(second, str):
            second = brain.builder.calculate(f"{factor} * x", x=second)
        value = RefValue(ref=second) if isinstance(second, str) else second
        ref = brain.builder.decide([Rule(when=[Predicate(ref=first, op="<" if lower else ">", value=value)], then=True)], False)
        return Answer(ref, ref.split(":")[0])
    p = brain.parts(marked, keep_values=True)
    if len(p.having) == 1 and not (p.by or p.columns or p.functions or p.superlatives):  # "is the mean weight above 2500"
        asked, measured, op, number = p.having[0]
        brain.account(re.sub(r"⟨H\d+⟩", " ", text))
        brain.all_used(text)
        if measured is None:
            return None
        ref = brain.builder.decide([Rule(when=[Predicate(ref=brain.figure(asked, measured, p.where), op=op, value=number)], then=True)], False)  # type: ignore[arg-type]
        return Answer(ref, ref.split(":")[0])
    if p.where and re.search(r"\b(?:any|anybody|anyone|there|someone|some|ever)\b", text) and not p.functions and not p.superlatives:
        brain.account(text, "die died dead")
        ref = brain.figure("count", None, p.where)
        ref = brain.builder.decide([Rule(when=[Predicate(ref=ref, op=">", value=0)], then=True)], False)
        return Answer(ref, ref.split(":")[0])
    everyone = re.search(r"\b(?:every|each|all)(?: single| one)?(?: of)?(?: the| these)? (?P<row>[a-z]+|⟨[CG]\d+⟩) ", text)
    if everyone and len(p.where) == 1 and not p.functions and not p.superlatives and not p.having and (_row_noun(brain, everyone["row"]) or everyone["row"].startswith("⟨C") and brain.unique(marked.get(everyone["row"]))):
        brain.account(re.sub(r"⟨[CG]\d+⟩", " ", text), "single")
        brain.all_used(text)
        ref = brain.figure("count", None, [negate(p.where[0])])
        ref = brain.builder.decide([Rule(when=[Predicate(ref=ref, op=">", value=0)], then=False)], True)
        return Answer(ref, ref.split(":")[0])
    return None


def by_how_much(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"How many years older were A than B": the difference of two figures, in percent of the second where percent is said."""
    if (m := rx(r"\bby ⟨F\d+⟩ (?:is|was|are|were|do|does|did) {W:w}(?: on)? {F:f}").search(scene.text)) and isinstance(w := scene.get(m["w"]), Compare) and isinstance(w.value, ColumnValue) and scene.get(m["f"]) in ("mean", "median"):
        first, second = (w.column, w.value.column) if w.op in (">", ">=") else (w.value.column, w.column)
        p = brain.parts(scene.fork(scene.text[: m.start()] + " " + scene.text[m.end() :]))
        brain.account(p.scene.text)
        brain.all_used(p.scene.text)
        if p.columns or p.by or p.functions or p.superlatives or p.having:
            return None
        ref = brain.figure(scene.get(m["f"]), brain.builder.expression(f"{first} minus {second}", f"{quote(first)} - {quote(second)}"), p.where)
        return Answer(ref, ref.split(":")[0])
    found = rx(rf"⟨F\d+⟩(?P<unit>(?: ⟨[CN]\d+⟩| [a-z%]+){{0,2}}?) (?:(?P<more>more|less|higher|lower) (?P<adj>[a-z]+)|(?P<word>{COMPARATIVE}))\b(?P<left>.*?)\bthan\b(?P<right>.*)").search(scene.text)
    if found is None or scene.get(re.search(r"⟨F\d+⟩", found.group()).group()) not in ("count", "much") or "whatfactor" in scene.text:  # type: ignore[union-attr]
        return None
    unit = found["unit"]
    if any(scene.words[m] not in words.TIME_NOUNS for m in re.findall(r"⟨[CN]\d+⟩", unit)):
        return None
    marked = scene.fork(scene.text)
    mark_values(marked, brain.linker)
    m = rx(rf"⟨F\d+⟩(?P<unit>(?: ⟨[CN]\d+⟩| [a-z%]+){{0,2}}?) (?:(?P<more>more|less|higher|lower) (?P<adj>[a-z]+)|(?P<word>{COMPARATIVE}))\b(?P<left>.*?)\bthan\b(?P<right>.*)").search(marked.text)
    if m is None:
        return None
    hint = meant_by(m["adj"]) if m["adj"] else words.COMPARATIVES.get(m["word"], "")
    left = m["left"] if not m["adj"] or hint else f"{m['adj']} {m['left']}"
    word = m["more"] or m["word"]
    if word in ("later", "earlier", "newer"):
        hint = "#date"
    if word in ("more", "less", "fewer") and not hint and not brain.parts(marked.fork(left + m["right"]), keep_values=True).columns:
        return None
    refs = two_figures(brain, marked, left, m["right"], re.sub(r"\bby ?$", "", marked.text[: m.start()]), hint)
    if refs is None:
        return None
    a, b = refs if word not in LOWER and word != "less" else (refs[1], refs[0])
    percent = re.search(r"percent|%", unit)
    ref = brain.builder.calculate(("(a - b) / a * 100" if (a, b) != refs else "(a - b) / b * 100") if percent else "a - b", a=a, b=b)
    return Answer(ref, ref.split(":")[0])


def _row_noun(brain: "Interpreter", noun: str) -> bool:
    return noun in brain.nouns or stem(noun) in brain.nouns or noun in words.ROW_NOUNS or noun in words.ENTITIES


def _threshold(brain: "Interpreter", marked: Scene, left: str, right: str, hint: str, many: bool) -> tuple[str, float] | None:
    """A figure and the number it is compared with: "is the mean weight above 2500"."""
    m = re.match(r"^(?:\W|\b(?:a|an|the|about|roughly)\b)*(⟨N\d+⟩)(?P<unit>(?: [a-z%°$]+){0,3})\W*$", right)
    if m is None or any(w not in words.UNITS and not w.endswith("s") and w not in words.FILLER for w in m["unit"].split()):
        return None
    a = brain.parts(marked.fork(left), keep_values=True)
    column = a.columns[0] if len(a.columns) == 1 else hinted_column(brain, hint, left)[0] if hint and not a.columns and not hint.startswith("#") else None
    if len(a.columns) > 1 or a.by or a.having or a.superlatives or column is not None and not brain.linker.is_number(column):
        return None
    function = _function(a, column)
    if function == "?" or column is None and function != "count" and (function or not many):
        return None
    brain.account(left, _SAID, " ".join(words.COMPARATIVES))
    brain.all_used(left)
    return brain.figure(function or ("count" if column is None else "lookup"), column, a.where), marked.get(m[1])


def ratio(brain: "Interpreter", scene: Scene) -> Answer | None:
    text = scene.text
    if m := rx(r"{F:f}(?: [a-z]+)* {C:a}[^⟨]* (?:for every|for each)(?: single| one)?(?: [a-z]+){0,3} {C:b}").search(text):
        a, b = scene.get(m["a"]), scene.get(m["b"])
        if scene.get(m["f"]) == "count" and brain.additive(a) and brain.additive(b) and not brain.groupable(b):
            brain.account(text[: m.start()] + text[m.end() :])
            p = brain.parts(scene)
            ref = brain.builder.calculate("a / b", a=brain.figure("sum", a, p.where), b=brain.figure("sum", b, p.where))
            return Answer(ref, ref.split(":")[0])
    for pattern, formula in (
        (r"(?:difference|gap) between(?: the)? {F:f}(?: of)?(?: the)? {C:a} and(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a - b"),
        (r"{F:f}(?: of)?(?: the)? {C:a} minus(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a - b"),
    ):  # fmt: skip
        m = rx(pattern).search(text)
        if m and (scene.get(m["a"]) != scene.get(m["b"]) or scene.get(m["f"]) != scene.get(m["g"])) and "count" not in (scene.get(m["f"]), scene.get(m["g"])):
            p = brain.parts(scene.fork(text[: m.start()] + " " + text[m.end() :]))
            brain.account(p.scene.text)
            if p.by or p.columns:
                return None
            a, b = (brain.figure(scene.get(m[f]), scene.get(m[c]), p.where) for f, c in (("f", "a"), ("g", "b")))
            ref = brain.builder.calculate(formula, a=a, b=b)
            return Answer(ref, ref.split(":")[0])
    if m := rx(r"(?:difference|gap|distance) between(?: the)? {F:f} and(?: the)? {F:g}(?: of)?(?: the)? {C:c}").search(text):
        p = brain.parts(scene.fork(text[: m.start()] + " " + text[m.end() :]))
        if scene.get(m["f"]) != scene.get(m["g"]) and "count" not in (scene.get(m["f"]), scene.get(m["g"])) and not p.by and not p.columns and not p.functions:
            brain.account(p.scene.text)
            brain.all_used(p.scene.text)
            a, b = (brain.figure(scene.get(m[f]), scene.get(m["c"]), p.where) for f in ("f", "g"))
            ref = brain.builder.calculate("a - b", a=a, b=b)
            return Answer(ref, ref.split(":")[0])
    if not re.search(r"\bratio\b|divided by|\bdivide\b|\bwhatfactor\b|⟨F\d+⟩ .*⟨[VW]\d+⟩.*\b(?:for every|for each|per)\b(?: single| one)?(?: [a-z]+){0,2} ⟨[VW]", text):
        return None
    if re.search(r"\bdivid(?:e|ing)\b[^.?!;]* (?:for|in|on) (?:every|each)\b|(?:for|in|on) (?:every|each) [a-z]+ ?,? divide\b", text):
        return None  # row by row: the mean of a ratio is not a ratio of means
    marked = scene.fork(text)
    mark_values(marked, brain.linker)
    p = brain.parts(scene)
    if len(set(p.functions)) == 2 and not p.where and len(p.columns) == 1 and not p.by and "count" not in p.functions:
        brain.account(p.scene.text, "ratio divided divide times whatfactor")
        a, b = (brain.figure(f, p.columns[0], p.where) for f in p.functions)
        ref = brain.builder.calculate("a / b", a=a, b=b)
        return Answer(ref, ref.split(":")[0])
    if p.by:
        return None
    for before, left, right, hint in sides(marked):
        if re.search(r"⟨[FS]", before):
            return None  # the mean of a ratio is not a ratio of means
        if refs := two_figures(brain, marked, left, right, before, hint):
            ref = brain.builder.calculate("a / b", a=refs[0], b=refs[1])
            return Answer(ref, ref.split(":")[0])
    return None


def sides(scene: Scene) -> list[tuple[str, str, str, str]]:
    """Ways to cut a question into (what comes before, numerator, denominator, hint of a column)."""
    text = re.sub(r"(?:[?.!] *)+$", "", scene.text.strip()).strip()
    order = re.search(r"[(,;.]\s*(?:i\.e\. |that is |meaning |divide |dividing )?(?:the )?(?P<a>[^(),;.]*?⟨[WC]\d+⟩[^(),;.]*?) (?:divided by|over|/|by) (?:the )?(?P<b>[^(),;.]*?⟨[WC]\d+⟩[^(),;.]*?) ?\)?$", text)
    if order:
        text = text[: order.start()]
    found: list[tuple[str, str, str, str]] = []
    if m := re.search(r"^(?P<before>.*?)\bwhatfactor (?:as (?P<adj>[a-z]+)(?: (?:a|an|the))?(?P<what>(?: ⟨[FC]\d+⟩)*) as|the|more than|that of) (?P<b>.+?) (?:is|was|are|were) (?P<a>.+)$", text):
        tail = re.match(r"(?P<a>.*?) (?P<all>(?:in|on|for|during) ⟨[WYR]\d+⟩)$", m["a"])
        found.append((f"{m['before']} {tail['all'] if tail else ''} {m['what'] or ''}", tail["a"] if tail else m["a"], m["b"], meant_by(m["adj"]) if m["adj"] else ""))
    if m := re.search(r"^(?P<before>.*?)\bwhatfactor as (?:many|much) (?P<a>.+?) as (?P<b>.+?)(?: (?:are|were|is|was|did|do|does|have|has)\b[^⟨]*)?$", text):
        found.append((m["before"], m["a"], m["b"], ""))
    if m := re.search(rf"^(?P<before>.*?)\bwhatfactor (?:as )?(?P<adj>{COMPARATIVE}|[a-z]+)(?P<what>(?: the)?(?: ⟨[FC]\d+⟩)*) (?:is|was|are|were|did|do|does|has|had) (?P<a>.+?) (?:than|as|compared (?:with|to)|relative to|vs|versus) (?P<b>.+)$", text):
        found.append((m["before"], f"{m['what'] or ''} {m['a']}", m["b"], "" if m["adj"] in ("more", "many", "much") else meant_by(m["adj"])))
        found = [f if m["adj"] not in LOWER else (f[0], f[2], f[1], f[3]) for f in found]
    if m := re.search(r"^(?P<before>(?:[^⟨]|⟨[WYR]\d+⟩)*?,)?(?P<a>.+?) (?:is|was|are|were) whatfactor (?:(?:as )?(?P<adj>[a-z]+) (?:as|than) |that of |the (?:one|figure) (?:of|for) |of )?(?P<b>.+)$", text):
        found.append((m["before"] or "", m["a"], m["b"], meant_by(m["adj"]) if m["adj"] else ""))
    if m := re.search(r"^(?P<before>.*?)⟨F\d+⟩ (?P<a>.*⟨W\d+⟩.*?) (?:(?:are|were|is|was|do|did) (?:there|we have|they have) )?(?:for every|for each|per)(?: single| one)? (?P<b>.*⟨W\d+⟩(?: [a-z]+)?)(?: (?:do|did|does|are|were|is|was|have|has)\b.*)?$", text):
        found.append((m["before"], m["a"], m["b"], ""))
    if m := re.search(r"^(?P<before>.*?)\bratio(?: of| between| from| for| ,)+ (?P<rest>.+)$", text):
        for cut in re.finditer(r" (?:to|over|and|versus|vs|against|divided by|relative to) ", m["rest"]):
            found.append((m["before"], m["rest"][: cut.start()], m["rest"][cut.end() :], ""))
    elif m := re.search(r"^(?P<a>.+?) divided by (?P<b>.+)$", text):
        found.append(("", m["a"], m["b"], ""))
    elif m := re.search(r"^(?P<before>.*?)\bdivide (?P<a>.+?) by (?P<b>.+)$", text):
        found.append((m["before"], m["a"], m["b"], ""))
    if order:
        said = [scene.get(m) for m in re.findall(r"⟨[WC]\d+⟩", order["a"])]

        def among(side: str) -> bool:
            return any(scene.get(m) in said for m in re.findall(r"⟨[WC]\d+⟩", side))

        found = [(before, b, a, hint) if among(b) and not among(a) else (before, a, b, hint) for before, a, b, hint in found]
    return found
