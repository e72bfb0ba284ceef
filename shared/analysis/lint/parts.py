"""Modules such as `os`, of which an analysis needs a part: what is judged is their use, not their import."""

import ast
from collections.abc import Iterator

from shared.analysis.lint.files import cannot_read, place
from shared.analysis.lint.rules import (
    ADVISED_PARTS,
    ENVIRONMENT,
    GIVEN_ANEW,
    NAMING,
    PARTS,
    PATH_READERS,
    PATH_WRITERS,
    PROCESSES,
    REFUSED_MODULES,
    WRITES,
    Level,
)
from shared.analysis.lint.scope import Scope

Remark = tuple[str, str, str, Level]  # rule, message, what to do instead, level


def part_remarks(full: str, rule: str, read: bool = True) -> Iterator[Remark]:
    """Of `os.name`, imported or used; it is given a value or deleted unless it is `read`."""
    module, _, name = full.rpartition(".")
    if full in ADVISED_PARTS and read and rule == "attribute":
        yield rule, f"`{full}`: {ADVISED_PARTS[full][0]}.", ADVISED_PARTS[full][1], "advise"
    elif name not in PARTS[module] and not (name in NAMING and read):
        said = REFUSED_MODULES[
            "subprocess" if full.startswith("os.") and name.startswith(PROCESSES) else module.partition(".")[0]
        ]
        yield rule, f"`{full}` {said[0]}.", said[1], "refuse"
    elif not read and full not in GIVEN_ANEW:
        yield rule, f"`{full}` is every library's: it must stay what it is.", "Use a name of one's own.", "refuse"


def whole_remarks(node: ast.expr, scope: Scope) -> Iterator[Remark]:
    """Of a module, or `os.environ`, that is used as a value: what is done with it then cannot be read here."""
    full = scope.chain(node)
    if full == "os.environ":
        yield "attribute", f"`{full}` {ENVIRONMENT[0]}.", ENVIRONMENT[1], "advise"
    elif full in PARTS:
        yield "attribute", f"`{full}` is passed on, and what it is used for cannot be read here.", f"Write {full}.name.", "refuse"


def path_remarks(call: ast.Call, scope: Scope) -> Iterator[Remark]:
    """Of a call such as `os.listdir(path)`."""
    full = scope.chain(call.func)
    if full in PATH_READERS and call.args and (said := cannot_read(scope.text(call.args[0]) or "")):
        yield "file", *said[:2], "refuse" if said[2] else "advise"
    elif full in PATH_WRITERS and call.args:
        to = place(scope.text(call.args[-1]) or "")
        if to not in ("scratch", "unknown"):
            yield "write", f"`{full}` changes files, and {WRITES[0]}.", WRITES[1], "advise" if to == "given" else "refuse"


def excused_by(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """The parts of a node that it makes harmless."""
    match node:
        case ast.Attribute(attr=name, value=ast.Attribute(attr="__class__") as inner) if name in NAMING:
            yield inner
        case ast.Attribute(attr="tb_lineno", value=ast.Attribute(attr="__traceback__") as inner):
            yield inner
        case ast.Attribute(attr=name, value=value) if (full := scope.chain(value)) in PARTS or full == "os.environ":
            if full in PARTS or name in ("get", "setdefault", "pop", "update"):
                yield value
        case ast.Subscript(value=value) if scope.chain(value) == "os.environ":
            yield value
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[value]) if scope.chain(value) in (
            "os.environ",
            "sys.modules",
        ):
            yield value
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[value, ast.Constant(), *_]) if scope.chain(value) in PARTS:
            yield value
        case ast.Call(func=func, args=args) if (scope.chain(func) or "").startswith("traceback.") or (
            isinstance(func, ast.Attribute) and func.attr == "with_traceback"
        ):
            yield from (arg for arg in args if isinstance(arg, ast.Attribute) and arg.attr == "__traceback__")
