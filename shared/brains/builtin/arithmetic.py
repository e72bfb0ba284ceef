"""Arithmetic within each row: ratios, differences, sums, logarithms, written or told."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.brains.builtin.figures import figure_asked
from shared.brains.builtin.ranking import rank_question
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.shares import share
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter


def row_arithmetic(brain: "Interpreter", scene: Scene) -> Answer | None:
    made = row_expression(brain, scene)
    if made is None:
        return None
    name, rest = made
    rest.text = rest.text + " " + rest.mark("C", name)
    saved, brain.nouns = brain.nouns, brain.nouns | {"ratio", "ratios", "differences", "difference", "sum", "product", "quotient", "total", "log", "logarithm", "natural", "transform"}
    try:
        return (rank_question(brain, rest) if brain.parts(rest).superlatives else share(brain, rest)) or figure_asked(brain, rest)
    finally:
        brain.nouns = saved


def row_expression(brain: "Interpreter", scene: Scene) -> tuple[str, Scene] | None:
    """A derived column the phrase describes (ratio, difference, logarithm), and the phrase without it."""
    scene = scene.fork(re.sub(r"\b(?:its|their|his|her) (?=⟨C)", "the ", scene.text))
    scene.text = re.sub(r"(?<=[-+*/] )⟨V\d+⟩|⟨V\d+⟩(?= [-+*/] )", lambda m: scene.mark("N", float(scene.words[m.group()]), scene.words[m.group()]) if re.fullmatch(r"\d+(?:\.\d+)?", scene.words.get(m.group(), "")) else m.group(), scene.text)
    scene.text = rx(r"multiply (?:the )?{C:a} by {N:n} and (?:then )?divide (?:it |this |that |the (?:result|product) )?by (?:the )?{C:b}").sub(lambda m: f"{m['a']} * {m['n']} / {m['b']}", scene.text)
    scene.text = rx(r"divide (?:the )?{C:a} by (?:the )?{C:b} and (?:then )?multiply (?:it |this |that |the (?:result|quotient|ratio) )?by {N:n}").sub(lambda m: f"{m['a']} / {m['b']} * {m['n']}", scene.text)
    text = scene.text
    if written := written_formula(brain, scene):
        return written
    if m := rx(r"(?P<all>⟨C\d+⟩(?: ?,? (?:and |\+ |plus )?⟨C\d+⟩)+)(?: ,)? (?:combined|together|taken together|added up|added together|summed|in total)").search(text):
        columns = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["all"])]
        if all(brain.linker.is_number(c) and brain.additive(c) for c in columns):
            name = brain.builder.expression(" + ".join(columns), " + ".join(quote(c) for c in columns))
            return name, scene.fork(text[: m.start()] + " " + text[m.end() :])
    forms = [
        (r"(?:divide|dividing) (?:the )?{C:a} by (?:the )?{C:b}", "{a} / {b}", "{a} per {b}"), (r"{C:a} divided by (?:the )?{C:b}", "{a} / {b}", "{a} per {b}"),
        (r"(?:ratio of|ratio between)(?: the)? {C:a} (?:to|and|over)(?: the)? {C:b}", "{a} / {b}", "{a} per {b}"), (r"{C:a} ?(?:-|/|to|-to-) ?{C:b} ratio", "{a} / {b}", "{a} per {b}"), (r"{C:a} / {C:b}", "{a} / {b}", "{a} per {b}"),
        (r"{C:a} ?(?:'s )?(?:share|proportion|fraction) of (?:the |all )*{C:b}", "{a} / {b}", "{a} / {b}"), (r"{C:a} ?(?:'s )?(?:percentage|percent) of (?:the |all )*{C:b}", "100 * {a} / {b}", "{a} as percent of {b}"),
        (r"{C:a} per (?:unit of )?{C:b}", "{a} / {b}", "{a} per {b}"),
        (r"(?:subtract|subtracting) (?:the )?{C:b} from (?:the )?{C:a}", "{a} - {b}", "{a} minus {b}"), (r"{C:a} minus (?:the )?{C:b}", "{a} - {b}", "{a} minus {b}"), (r"{C:a} - {C:b}", "{a} - {b}", "{a} minus {b}"),
        (r"{F:range} (?:between|of)(?: the)?(?: [a-z']+)? {C:a} and(?: the)?(?: [a-z']+)? {C:b}", "{a} - {b}", "{a} minus {b}"),
        (r"^\W*(?:[a-z',]+ )*{F:sum} of(?: the)? {C:a} (?:and|plus)(?: the)? {C:b}", "{a} + {b}", "{a} plus {b}"),
        (r"(?:difference|spread|gap|distance|margin) (?:between|of)(?: the)?(?: [a-z']+)? {C:a} and(?: the)?(?: [a-z']+)? {C:b}", "{a} - {b}", "{a} minus {b}"),
        (r"difference (?:between|of)(?: the)? (?:day|daily|day's)? ?{F:fa} and {F:fb} {C:c}", "", ""),
        (r"(?:sum of|add|adding)(?: the)? {C:a} (?:and|to|plus)(?: the)? {C:b}", "{a} + {b}", "{a} plus {b}"), (r"{C:a} plus (?:the )?{C:b}", "{a} + {b}", "{a} plus {b}"),
        (r"(?:product of|multiply|multiplying)(?: the)? {C:a} (?:and|by|with)(?: the)? {C:b}", "{a} * {b}", "{a} times {b}"), (r"{C:a} times (?:the )?{C:b}", "{a} * {b}", "{a} times {b}"),
        (r"(?:natural )?(?:log|ln|logarithm)(?:arithm)? ?(?:of )?\(? ?(?:1|⟨N\d+⟩) \+ (?:{C:a}|x) ?\)?(?: to (?:the )?{C:b})?", "log1p", "log(1 + {a})"),
        (r"(?:natural )?(?:log|ln|logarithm)(?:arithm)? ?(?:of )?(?:the )?\(? ?{C:a} (?:\+|plus) (?:1|{N:one}) ?\)?", "log1p", "log(1 + {a})"),
        (r"(?:base ?-? ?⟨N\d+⟩ (?:log|logarithm)|log ?-? ?(?:10|⟨N\d+⟩)|log10)(?: of)?(?: the)? ?\(? ?{C:a}", "log10({a})", "log10 {a}"),
        (r"(?:natural )?(?:logarithm|log|ln)(?: ?- ?transformed)?(?: of)?(?: the)? ?\(? ?{C:a}(?: \))?", "ln({a})", "log {a}"),
        (r"(?:logged|log-transformed) {C:a}", "ln({a})", "log {a}"),
        (r"square root (?:of )?(?:the )?{C:a}", "sqrt({a})", "sqrt {a}"),
        (r"(?:subtract|subtracting) (?:the )?{C:a} from {NY:n}", "{n} - {a}", "{n} minus {a}"), (r"(?:subtract|subtracting) {NY:n} from (?:the )?{C:a}", "{a} - {n}", "{a} minus {n}"),
        (r"{NY:n} minus (?:the )?(?:[a-z]+ of )?{C:a}", "{n} - {a}", "{n} minus {a}"), (r"{C:a} minus {NY:n}", "{a} - {n}", "{a} minus {n}"),
        (r"(?:divide|dividing) (?:the )?{C:a} by {N:n}", "{a} / {n}", "{a} over {n}"), (r"{C:a} divided by {N:n}", "{a} / {n}", "{a} over {n}"), (r"{C:a}(?: (?:in)?to (?:[a-z]+|⟨C\d+⟩)| in [a-z]+)? (?:,? ?by )?(?:dividing|divided)(?: it| them)? by {N:n}", "{a} / {n}", "{a} over {n}"),
        (r"(?:multiply|multiplying) (?:the )?{C:a} (?:by|with) {N:n}", "{a} * {n}", "{a} times {n}"), (r"{C:a} (?:times|multiplied by) {N:n}", "{a} * {n}", "{a} times {n}"), (r"{C:a}(?: (?:in)?to (?:[a-z]+|⟨C\d+⟩)| in [a-z]+)? (?:,? ?by )?multiplying(?: it| them)? by {N:n}", "{a} * {n}", "{a} times {n}"),
    ]  # fmt: skip
    for pattern, formula, title in forms:
        m = rx(pattern).search(text)
        if not m or not formula:
            continue
        if brain.loose and re.match(r" ?[-+*/^] ", text[m.end() :]) and formula.startswith(("ln", "log", "sqrt")):
            continue  # a part of a longer formula
        groups = m.groupdict()
        if pattern.startswith("{C:a}") and re.search(r"(?:\b(?:largest|smallest|highest|lowest|greatest|sum|total|larger|smaller|better|best) (?:value )?(?:of|among|from)|⟨[FS]\d+⟩(?: of)?)(?: the)? ⟨C\d+⟩[^.;]*?(?:,|\band|\bor|\bplus) (?:the )?$", text[: m.start()]):
            continue  # "the largest of a, b and c divided by d"
        if any(scene.get(groups.pop(f)) not in ((f, "std") if " between " in m.group() else (f,)) for f in ("range", "sum") if f in groups):
            continue  # "the mean of a and b" is none of these, "the spread between a and b" is
        number = groups.pop("n", None)
        marks = {k: scene.get(v) for k, v in groups.items() if v}
        constant = {"n": scene.words[number].replace(",", "")} if number else {}
        if number and (not brain.loose or not re.fullmatch(r"-?\d+(?:\.\d+)?", constant["n"])):
            continue  # in a short question a number beside a column says which rows
        if formula == "log1p":
            column = marks.get("a") or marks.get("b")
            if marks.get("one", 1) != 1 or any(scene.get(k) != 1 for k in re.findall(r"⟨N\d+⟩", m.group())):
                continue
            if column is None:
                continue
            formula, title, marks = "ln(1 + {a})", "log(1 + {a})", {"a": column}
        if "per" in title and "per (?:unit" in pattern and brain.groupable(marks["b"]):
            continue
        if any(not brain.linker.is_number(c) and c not in brain.builder.expressions for c in marks.values()):
            continue
        if len(set(marks.values())) < len(marks):
            continue
        name = brain.builder.expression(title.format(**marks, **constant), formula.format(**{k: quote(v) for k, v in marks.items()}, **constant))
        return name, scene.fork(text[: m.start()] + " " + text[m.end() :])
    return None


def written_formula(brain: "Interpreter", scene: Scene) -> tuple[str, Scene] | None:
    """Arithmetic written out: `(high - low) / open`, `100 * a / b`."""
    for m in re.finditer(r"(?:\( )*⟨[CN]\d+⟩(?: \))*(?: [-+*/] (?:\( )*⟨[CN]\d+⟩(?: \))*)+", scene.text):
        piece = m.group()
        while piece.count("(") > piece.count(")") and piece.startswith("( "):
            piece = piece[2:]
        while piece.count(")") > piece.count("(") and piece.endswith(" )"):
            piece = piece[:-2]
        columns = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", piece)]
        if re.search(r"\b(?:log|ln|log10|sqrt|root|logarithm)(?: of)? ?\(? ?$", scene.text[: m.start()]):
            continue
        if piece.count("(") != piece.count(")") or not columns or any(not brain.linker.is_number(c) for c in columns) or len(re.findall(r"⟨", piece)) < 2:
            continue
        if len(set(columns)) == 1 and "⟨N" not in piece or set(columns) & set(brain.linker.virtual):
            continue
        written = re.sub(r"⟨[CN]\d+⟩", lambda k: quote(scene.get(k.group())) if k.group()[1] == "C" else str(scene.get(k.group())), piece)
        title = re.sub(r"⟨[CN]\d+⟩", lambda k: str(scene.get(k.group())), piece)
        name = brain.builder.expression(title, written)
        start = scene.text.find(piece, m.start())
        return name, scene.fork(scene.text[:start] + " " + scene.text[start + len(piece) :])
    return None
