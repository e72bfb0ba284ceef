"""Columns side by side that are things of one kind: months, shares, candidates. "Which ticker was the most volatile"."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Unpivot
from shared.brains.builtin import words
from shared.brains.builtin.build import pointer
from shared.brains.builtin.scene import alternatives, rx
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter
    from shared.brains.builtin.scene import Scene

_MONTHS = ("month", "months", "calendar month", "calendar months")
_SHARES = ("ticker", "tickers", "symbol", "symbols", "ticker symbol", "ticker symbols", "stock", "stocks", "share", "shares", "company", "companies", "firm", "firms")
_STOOD = ("candidate", "candidates", "contender", "contenders", "contestant", "contestants")
_ONE = ("mean", "median", "sum", "std", "var", "min", "max", "range", "iqr", "cv", "skew", "kurtosis")


def of_one_kind(brain: "Interpreter") -> tuple[list[str], tuple[str, ...]]:
    """The columns that are things of one kind, and what such a thing is called; none in most tables."""
    columns = brain.linker.table.columns
    numbers = [c.name for c in columns if c.type in ("BIGINT", "DOUBLE")]
    if len(months := [n for n in numbers if n.lower() in words.MONTH_NUMBER]) >= 6:
        return months, _MONTHS
    for column in columns:  # votes of each candidate, beside the winner
        held = {str(value) for value, _ in column.top} if column.type == "VARCHAR" else set()
        if len(stood := [n for n in numbers if n in held]) >= 2:
            return stood, _STOOD
    others = [c.name for c in columns if c.name not in brain.linker.dates and c.name not in brain.linker.years]
    if brain.linker.dates and len(others) >= 3 and all(re.fullmatch(r"[A-Z]{1,5}", n) and n in numbers for n in others) and sum(n.lower() in words.TICKERS.values() for n in others) >= 2:
        return others, _SHARES
    return [], ()


def side_by_side(brain: "Interpreter", scene: "Scene") -> Answer | None:
    """A figure of every one of them, or the one of which it is highest."""
    columns, nouns = of_one_kind(brain)
    if not columns:
        return None
    noun = alternatives(nouns)
    asked = rx(rf"\b(?P<which>which|what|list|name|rank)(?: of)?(?: the| one| single)*(?: {{N:n}})? {noun}\b|\b(?:(?:for|in|of|to|at) )?(?:each|every|per|by|all)(?: one)?(?: of)?(?: the)?(?: {{N:all}})? {noun}\b").search(scene.text)
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
