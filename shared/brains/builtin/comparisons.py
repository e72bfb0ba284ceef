"""Two figures set against each other: how many times one is the other, their ratio."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Compare, Condition
from shared.brains.builtin import words
from shared.brains.builtin.conditions import columns_of, mark_values
from shared.brains.builtin.link import Scene, rx
from shared.brains.builtin.terms import COMPARATIVE, LOWER, Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_BE = r"(?:is|was|are|were|be)"
_ADJECTIVE = r"(?:much|many|large|big|high|great|[a-z]+)"
_OTHERS = r"\b(?:the )?(?:others|other ones|rest|remaining (?:ones|[a-z]+)|everyone else|everybody else|all others|all the others)\b"
_WHOLE = r"\b(?:all|overall|whole|entire|total|everyone|everything|everybody)\b"
_SAID = "ratio ratios divided divide dividing times time over versus compared relative twofold high large big great many much as one that figure respectively factor whatfactor without with it others rest all average"


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
        if hint and not own:
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
    function_a, function_b = functions[0] or functions[1], functions[1] or functions[0]
    where_a, where_b = list(a.where), list(b.where)
    of_a, of_b = ({c for w in where for c in columns_of(w)} for where in (where_a, where_b))
    if column_a == column_b and function_a == function_b and not where_a and where_b and not re.search(_WHOLE, left) or where_a and not where_b and column_a == column_b and not re.search(_WHOLE, right):
        return None
    whole = column_a == column_b and (not where_a or not where_b)
    if not whole:
        where_b += [w for w in a.where if not set(columns_of(w)) & of_b]
        where_a += [w for w in b.where if not set(columns_of(w)) & of_a]
    brain.account(f"{a.scene.text} {b.scene.text} {context.scene.text}", _SAID, known, hint, " ".join(words.COMPARATIVES))
    brain.all_used(f"{a.scene.text} {b.scene.text} {context.scene.text}")
    refs = []
    for function, column, where in ((function_a, column_a, where_a), (function_b, column_b, where_b)):
        function = function or ("count" if column is None else "lookup")
        refs.append(brain.figure(function, column, [*where, *context.where]))
    return (refs[0], refs[1]) if refs[0] != refs[1] else None


def _function(p: Parts, column: str | None) -> str | None:
    """The one measure a phrase names; "?" for several."""
    named = [f for f in dict.fromkeys(p.functions) if f != "much" and not (f == "count" and column)]
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
        if m and scene.get(m["a"]) != scene.get(m["b"]) and "count" not in (scene.get(m["f"]), scene.get(m["g"])):
            p = brain.parts(scene.fork(text[: m.start()] + " " + text[m.end() :]))
            brain.account(p.scene.text)
            if p.by or p.columns:
                return None
            a, b = (brain.figure(scene.get(m[f]), scene.get(m[c]), p.where) for f, c in (("f", "a"), ("g", "b")))
            ref = brain.builder.calculate(formula, a=a, b=b)
            return Answer(ref, ref.split(":")[0])
    if not re.search(r"\bratio\b|divided by|\bdivide\b|\bwhatfactor\b", text):
        return None
    marked = scene.fork(text)
    mark_values(marked, brain.linker)
    p = brain.parts(scene)
    if len(set(p.functions)) == 2 and not p.where and len(p.columns) == 1 and not p.by and "count" not in p.functions:
        brain.account(p.scene.text, "ratio divided divide times whatfactor")
        a, b = (brain.figure(f, p.columns[0], p.where) for f in p.functions)
        ref = brain.builder.calculate("a / b", a=a, b=b)
        return Answer(ref, ref.split(":")[0])
    if len(p.by) > 0:
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
    text = re.sub(r"(?:[?.!] *)+$", "", scene.text.strip())
    order = re.search(r"[(,;.]\s*(?:i\.e\. |that is |meaning |divide |dividing )?(?:the )?(?P<a>[^(),;.]*?⟨[WC]\d+⟩[^(),;.]*?) (?:divided by|over|/|by) (?:the )?(?P<b>[^(),;.]*?⟨[WC]\d+⟩[^(),;.]*?) ?\)?$", text)
    if order:
        text = text[: order.start()]
    found: list[tuple[str, str, str, str]] = []
    if m := re.search(r"^(?P<before>.*?)\bwhatfactor (?:as (?P<adj>[a-z]+)(?: (?:a|an|the))?(?P<what>(?: ⟨[FC]\d+⟩)*) as|the|more than|that of) (?P<b>.+?) (?:is|was|are|were) (?P<a>.+)$", text):
        tail = re.match(r"(?P<a>.*?) (?P<all>(?:in|on|for|during) ⟨[WYR]\d+⟩)$", m["a"])
        found.append((f"{m['before']} {tail['all'] if tail else ''} {m['what'] or ''}", tail["a"] if tail else m["a"], m["b"], meant_by(m["adj"]) if m["adj"] else ""))
    if m := re.search(rf"^(?P<before>.*?)\bwhatfactor (?:as )?(?P<adj>{COMPARATIVE}|[a-z]+)(?P<what>(?: the)?(?: ⟨[FC]\d+⟩)*) (?:is|was|are|were|did|do|does|has|had) (?P<a>.+?) (?:than|as|compared (?:with|to)|relative to|vs|versus) (?P<b>.+)$", text):
        found.append((m["before"], f"{m['what'] or ''} {m['a']}", m["b"], "" if m["adj"] in ("more", "many", "much") else meant_by(m["adj"])))
        found = [f if m["adj"] not in LOWER else (f[0], f[2], f[1], f[3]) for f in found]
    if m := re.search(r"^(?P<before>(?:[^⟨]|⟨[WYR]\d+⟩)*?,)?(?P<a>.+?) (?:is|was|are|were) whatfactor (?:(?:as )?(?P<adj>[a-z]+) (?:as|than) |that of |the (?:one|figure) (?:of|for) |of )?(?P<b>.+)$", text):
        found.append((m["before"] or "", m["a"], m["b"], meant_by(m["adj"]) if m["adj"] else ""))
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
