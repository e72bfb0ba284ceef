"""Formulas a task writes out as equations: `energy = 10 ** (1.5 * mag + 4.8)`, `C = (F - 32) * 5 / 9`."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.brains.builtin import series, words
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_LEFT = re.compile(r"(?:'(?P<q>[^']{1,40})'|(?P<n>[A-Za-z][\w.-]*(?: [A-Za-z][\w-]*){0,3})) ?(?:=|:=) ?(?=[-\d.(A-Za-z'\"])")
_FUNCTIONS = {"log": "ln", "ln": "ln", "log10": "log10", "log2": "log2", "sqrt": "sqrt", "abs": "abs", "exp": "exp"}
_TOKEN = re.compile(r"\s*(?:(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?![\w%])|(?P<sign>\*\*|[-+*/^()×·÷–−])|(?P<word>'[^']{1,40}'|[A-Za-z_][\w]*(?:\.[A-Za-z]\w*)*))")
_SIGNS = {"**": "^", "×": "*", "·": "*", "÷": "/", "–": "-", "−": "-"}


def equation(recipe: "Recipe", sentence: str) -> bool:
    """Makes the column an equation in the sentence defines; an equation of which only a part was understood blocks the task."""
    for m in _LEFT.finditer(sentence):
        name = m["q"] or _name(m["n"])
        if not name or recipe.linker.find_column([w.lower() for w in name.split()])[1] >= 0.9 and len(name) > 1:
            continue
        read = _right(recipe, sentence, m.end(), sentence[: m.start()])
        if read is None:
            continue
        written, columns = read
        if not written:
            recipe.told.blocked = sentence
            return True
        made = recipe.builder.expression(name if name not in recipe.linker.columns else f"{name} made", written)
        aliases = [name]
        if m["n"] and (whole := re.split(r"\b(?:an?|the|into|as|column|variable|called|named)\b ", m["n"])[-1].strip()) != name and recipe.linker.find_column(whole.lower().split())[1] < 0.9:
            aliases.append(whole)
        if into := re.search(r"(?i)\b(?:convert|turn|change|transform|express)\w*\b[^.;=]*?\b(?:in)?to (?:degrees? )?([a-z]{4,})", sentence[: m.start()]):  # "Convert Temp to Celsius with C = …"
            aliases += [into[1].lower(), *(f"{into[1].lower()} {c.lower()}" for c in columns), *(f"{into[1].lower()} {w}" for c in columns for w in ("temperature", "value") if w[:4] == c.lower()[:4] or w == "value")]
        series.name_it(recipe, made, *aliases)
        return True
    return False


def _name(said: str) -> str:
    """The words just before the sign of equality, without what leads up to them."""
    found: list[str] = []
    for word in reversed(said.split()):
        if word.lower() in words.STRUCTURE | words.FILLER | {"column", "variable", "feature", "define", "let", "add", "make", "create", "derive", "new", "called", "as", "with", "using", "formula", "score"} and not (word == "score" and len(said.split()) > 1):
            break
        found.insert(0, word)
    return " ".join(found[-3:])


def _right(recipe: "Recipe", sentence: str, at: int, before: str) -> tuple[str, list[str]] | None:
    """The right side as an expression with its columns; None where it is no formula, an empty one where a part is not understood."""
    parts: list[str] = []
    columns: list[str] = []
    depth, operators, strange = 0, 0, False
    named = recipe.columns(recipe.linker.link(before))
    while m := _TOKEN.match(sentence, at):
        operand = bool(parts) and (parts[-1] == ")" or parts[-1][-1] not in "+-*/^(")
        if m["number"] or m["word"]:
            if operand:
                break
            word = (m["word"] or "").strip("'")
            if m["number"]:
                parts.append(m["number"].replace(",", ""))
            elif word.lower() in _FUNCTIONS and sentence[m.end() :].lstrip().startswith("("):
                parts.append(_FUNCTIONS[word.lower()] + "(")
                at, depth = m.end() + sentence[m.end() :].index("(") + 1, depth + 1
                operators += 1
                continue
            elif (column := _column(recipe, word)) is not None:
                parts.append(quote(column))
                columns.append(column)
            elif len(word) == 1 and len(named) == 1:  # the F of "from Fahrenheit": the one column that is spoken of
                parts.append(quote(named[0]))
                columns.append(named[0])
            else:
                strange = True
                break
        else:
            sign = _SIGNS.get(m["sign"], m["sign"])
            if sign == ")" and depth == 0 or sign == "(" and operand or sign in "*/^" and not operand:
                break
            depth += {"(": 1, ")": -1}.get(sign, 0)
            operators += sign in "+-*/^"
            parts.append(sign)
        at = m.end()
    while parts and parts[-1] in "+-*/^":
        parts.pop()
        strange = True
    if not operators or not columns:
        return None if not (strange and operators) else ("", [])
    rest = sentence[at:].lstrip()
    if strange or depth or re.match(r"[-+*/^%×÷]|(?:times|plus|minus|divided|multiplied|over)\b", rest):
        return "", []
    return " ".join(parts), columns


def _column(recipe: "Recipe", word: str) -> str | None:
    linker = recipe.linker
    exact = next((c for c in linker.columns if c.lower() == word.lower()), None)
    found = exact or next(iter(linker.exact.get(key(re.findall(r"\w+", word.lower())), [])), None) or (linker.find_column([word.lower()])[0] if len(word) > 2 else None)
    return found if found is not None and linker.is_number(found) and found not in linker.virtual else None
