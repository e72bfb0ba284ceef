"""Advice to the author of code, read from its syntax alone.

Nothing here keeps anything out: code can always be written around it, and the boundary is the sandbox. It tells an
author early, and in words, what would fail there or has no place in an analysis, and what to do instead. Findings at
level "refuse" are reason enough not to run a step; those at level "advise" are not. Time grows with the code's length.
"""

import ast
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.analysis.lint.data import unread
from shared.analysis.lint.nodes import Finding, findings
from shared.analysis.lint.rules import Level
from shared.analysis.lint.scope import Scope, scope_of

__all__ = ["Level", "LintFinding", "lint", "lint_cells"]

MOST = 1000  # findings of one cell


@dataclass(frozen=True, order=True)
class LintFinding:
    """`line` and `col` count from 1, in characters. `rule`: syntax, import, call, attribute, format (a format string),
    expression (text that is evaluated), sql, file (one that is read), write, data. `instead`: what to do, a sentence."""

    line: int
    col: int
    rule: str
    message: str
    instead: str
    level: Level = "refuse"


def lint(code: str, sources: Collection[str] = (), modules: Collection[str] = ()) -> list[LintFinding]:
    """What an author should know about a program of one cell; see `lint_cells`."""
    return lint_cells([code], sources, modules)[0]


def lint_cells(cells: Sequence[str], sources: Collection[str] = (), modules: Collection[str] = ()) -> list[list[LintFinding]]:
    """The findings of each cell, by position. Never raises, and never runs anything of the cells.

    The cells share their names, so all are read before one is judged. `sources`: names of the files or tables a program
    is given; if it reads none of them, its last cell is told. `modules`: what may be imported beside the libraries.
    """
    parsed = [_parse(cell) for cell in cells]
    trees = [tree for tree in parsed if isinstance(tree, ast.Module)]
    scope = scope_of(trees, sources, modules)
    found = [
        _judge(tree, code, scope) if isinstance(tree, ast.Module) else [tree] for tree, code in zip(parsed, cells, strict=True)
    ]
    if len(trees) == len(cells) and (said := unread(trees, sources)):
        found[-1] = sorted([LintFinding(1, 1, "data", *said, "advise"), *found[-1]])
    return found


def _parse(code: str) -> ast.Module | LintFinding:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "\d" in a plain string: not ours to say
            return ast.parse(code)
    except SyntaxError as error:
        line, col = error.lineno or 1, max(error.offset or 1, 1)
        magic = (error.text or "").lstrip().startswith(("%", "!"))
        instead = "Leave out a notebook's % and ! lines." if magic else "Correct that line."
        return LintFinding(max(line, 1), col, "syntax", f"This is not Python: {error.msg}.", instead)
    except (ValueError, RecursionError, MemoryError) as error:
        return LintFinding(1, 1, "syntax", f"This cannot be read as Python: {error}.", "Write plain text, nested less deeply.")


def _refused_first(finding: Finding) -> tuple[bool, Finding]:
    return finding[-1] != "refuse", finding


def _judge(tree: ast.Module, code: str, scope: Scope) -> list[LintFinding]:
    lines = code.splitlines() or [""]
    found = set()
    for (line, offset), rule, message, instead, level in sorted(set(findings(tree, scope)), key=_refused_first)[:MOST]:
        text = lines[line - 1] if line <= len(lines) else ""  # form feeds end lines here, and not for Python
        col = offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))
        found.add(LintFinding(line, col + 1, rule, message, instead, level))
    return sorted(found)
