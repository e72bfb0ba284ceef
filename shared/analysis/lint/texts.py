"""Strings that Python or a library evaluates: format strings, queries, formulas."""

import re
import string
import unicodedata
from collections.abc import Iterator

from shared.analysis.lint.imports import is_reexport
from shared.analysis.lint.rules import CALLABLE, DOORS, EXPRESSION, HARMLESS_MODULES, MOST_TEXT, REFUSED_MODULES, VALUES, Level
from shared.analysis.lint.scope import UNKNOWN, Scope

Remark = tuple[str, str, Level]  # message, what to do instead, level

QUOTED = re.compile(r"'(?:[^'\\]|\\.)*+'?|\"(?:[^\"\\]|\\.)*+\"?|`[^`]*+`?", re.S)
WORD = re.compile(r"(?P<before>[@.]?)\s*(?P<name>[^\W\d]\w*)(?=\s*(?P<after>[.(]?))")


def expression_remarks(text: str, scope: Scope) -> Iterator[Remark]:
    """Of what `query`, `eval` or a formula is given. Columns, their methods and `@name` are fine."""
    text = " ".join(QUOTED.sub("''", text[:MOST_TEXT].replace(UNKNOWN, "_")).split())
    text = unicodedata.normalize("NFKC", text)  # as Python's parser will
    words = [(found["before"], found["name"], found["after"]) for found in WORD.finditer(text)]
    for at, (before, name, after) in enumerate(words):
        module = scope.modules.get(name, "") if before == "@" else ""
        if name in DOORS and (before or name.startswith("__")):
            yield f"`{name}` {DOORS[name][0]}.", EXPRESSION[1], "refuse"
        elif before != "." and after == "(" and name in CALLABLE:
            yield f"`{name}(` {EXPRESSION[0]}.", EXPRESSION[1], "refuse"
        elif before == "@" and name not in scope.bound - scope.modules.keys() and name in REFUSED_MODULES:
            yield f"`@{name}` {REFUSED_MODULES[name][0]}.", EXPRESSION[1], "refuse"
        elif module and after == ".":
            part, root = words[at + 1][1] if words[at + 1 :] else "", module.partition(".")[0]
            if root in HARMLESS_MODULES and not is_reexport(part):  # such as @math.pi
                continue
            level: Level = "advise" if root in ("pandas", "numpy") and part in VALUES else "refuse"
            yield f"`@{name}.` {EXPRESSION[0]}.", EXPRESSION[1], level


def format_remarks(text: str, depth: int = 0) -> Iterator[Remark]:
    """Of the fields of a format string: `{0.name}` and `{x!r:>8}` are fine, `{0.__class__}` is not."""
    try:
        fields = list(string.Formatter().parse(text[:MOST_TEXT]))
    except ValueError:
        return  # braces that are no fields: it fails when it runs, and says so
    for _, name, spec, _ in fields:
        for part in re.findall(r"\w+", name or ""):
            if part in DOORS:
                yield f"`{part}` in a format string {DOORS[part][0]}.", "Pass the value itself to format.", "refuse"
        if spec and "{" in spec and depth == 0:
            yield from format_remarks(spec, 1)
