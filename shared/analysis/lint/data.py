"""Whether a program's numbers come from the data it was given."""

import ast
import re
from collections.abc import Collection, Iterable
from pathlib import PurePath

from shared.analysis.lint.rules import ARRAY, ARRAY_CALLS, CELLS, ROWS, TABLE_CALLS, Said
from shared.analysis.lint.scope import Scope

REBUILT = "Read the table from its file, as pd.read_csv('name.csv'), so that every number can be traced."
FINDS = frozenset("glob iglob rglob listdir iterdir scandir walk".split())  # files, whatever they are called
LISTS = ("show tables", "show all tables", "information_schema", "duckdb_tables", "duckdb_views", "sqlite_master")


def unread(trees: Iterable[ast.Module], sources: Collection[str]) -> Said | None:
    """What to say if a program has `sources` and does not mention one of them."""
    if not sources:
        return None
    texts: list[str] = []
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) | ast.Name(id=text) | ast.Attribute(attr=text):
                    texts.append(text)
                case ast.ImportFrom(names=names):
                    texts += [alias.name for alias in names]
    ends = tuple(PurePath(name).suffix for name in sources if PurePath(name).suffix)  # as in f"{name}.csv"
    if FINDS.intersection(texts) or (ends and any(text.startswith(ends) for text in texts)):
        return None
    everything = "\n".join(texts).casefold()
    words = {word.casefold() for name in sources for word in (name, PurePath(name).stem)}
    if any(listing in everything for listing in LISTS) or any(
        re.search(rf"(?<!\w){re.escape(w)}(?!\w)", everything) for w in words
    ):
        return None
    named = ", ".join(sorted(sources)[:3])
    return "The code reads none of the data it is given.", f"Read it by its name: {named}."


def rebuilt(called: str, call: ast.Call, scope: Scope) -> Said | None:
    """What to say of a call that makes a table out of what is written in the code."""
    first = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg in ("data", "initial_value")), None)
    rows = cells = 0
    if called == "StringIO":
        text = scope.text(first)
        rows = len(text.splitlines()) if text else 0
    elif called in TABLE_CALLS or called in ARRAY_CALLS:
        rows, cells = size(scope.literal(first), scope)
    if cells >= (ARRAY if called in ARRAY_CALLS else CELLS) or (rows >= ROWS and called not in ARRAY_CALLS):
        return "This table is written into the code: its numbers trace to nothing.", REBUILT
    return None


def size(node: ast.expr | None, scope: Scope) -> tuple[int, int]:
    """(rows, cells) of literals, as a table would have them."""
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            parts = [_cells(item, scope) for item in items]
            return len([part for part in parts if part]), sum(parts)
        case ast.Dict(values=items):
            parts = [_cells(scope.literal(item) or item, scope) for item in items]
            return max((part for part in parts if part > 1), default=0), sum(parts)
    return 0, 0


def _cells(node: ast.expr, scope: Scope) -> int:
    """How many constants an expression holds in lists, tuples and dicts."""
    if id(node) in scope.sizes:
        return scope.sizes[id(node)]
    count, waiting = 0, [node]
    while waiting:
        match waiting.pop():
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Dict(values=items):
                waiting += items
            case ast.UnaryOp(operand=operand):
                waiting.append(operand)
            case ast.Constant():
                count += 1
    scope.sizes[id(node)] = count
    return count
