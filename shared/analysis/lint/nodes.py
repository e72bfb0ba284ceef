"""What there is to say of each node of a program's tree."""

import ast
from collections.abc import Iterator

from shared.analysis.lint.data import REBUILT, rebuilt
from shared.analysis.lint.files import cannot_read, place
from shared.analysis.lint.imports import import_remarks, is_reexport
from shared.analysis.lint.parts import excused_by, part_remarks, path_remarks, whole_remarks
from shared.analysis.lint.rules import (
    ABOVE,
    ADVISED_ATTRIBUTES,
    ADVISED_NAMES,
    DOORS,
    EXPRESSION_CALLS,
    FORMAT_CALLS,
    FORMULA_CALLS,
    HARMLESS_DUNDERS,
    INSIDE,
    KEYS,
    OWN,
    PARTS,
    PICKLE_LOADERS,
    PICKLE_METHODS,
    PICKLES,
    READERS,
    REFUSED_NAMES,
    REFUSED_SUBMODULES,
    SQL_CALLS,
    WRITERS,
    WRITES,
    Level,
)
from shared.analysis.lint.scope import UNKNOWN, Scope
from shared.analysis.lint.sql import ACCESS, STATEMENT, sql_remarks
from shared.analysis.lint.texts import expression_remarks, format_remarks

TEXTS = ("expr", "formula", "query", "sql", "filepath_or_buffer", "path_or_buf", "path", "fname", "io", "file")
ENDS = {name.rpartition(".")[2] for name in REFUSED_SUBMODULES}

Remark = tuple[str, str, str, Level]  # rule, message, what to do instead, level
Finding = tuple[tuple[int, int], str, str, str, Level]  # (line from 1, bytes before it), then the remark


def findings(tree: ast.Module, scope: Scope) -> Iterator[Finding]:
    """Everything there is to say of a cell, in no order."""
    excused: set[int] = set()  # nodes that what is around them makes harmless; it comes first
    for node in ast.walk(tree):
        excused.update(id(inner) for inner in excused_by(node, scope))
        match node:
            case ast.Try(body=body, handlers=handlers) if any(_catches_imports(h) for h in handlers):
                excused.update(id(statement) for statement in body)
        for remark in _remarks(node, scope, id(node) in excused):
            yield (getattr(node, "lineno", 1), getattr(node, "col_offset", 0)), *remark


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        c is None or (isinstance(c, ast.Name) and c.id in ("ImportError", "ModuleNotFoundError", "Exception")) for c in caught
    )


def _remarks(node: ast.AST, scope: Scope, excused: bool) -> Iterator[Remark]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _as("import", import_remarks(alias.name, scope, excused))
        case ast.ImportFrom(module=module, names=names, level=0) if module:
            said = list(import_remarks(module, scope, excused))
            yield from _as("import", said)
            for alias in names if "refuse" not in {level for _, _, level in said} else []:
                yield from _part(module, alias.name, "import")
        case ast.ImportFrom():
            yield (
                "import",
                "A step is no package: there is nothing to import relative to it.",
                "Name the module itself.",
                "refuse",
            )
        case ast.Name(id=name, ctx=ast.Load()):
            if not excused:
                yield from whole_remarks(node, scope)
            if name in scope.bound:
                return
            if name in REFUSED_NAMES:
                yield "call", f"`{name}` {REFUSED_NAMES[name][0]}.", REFUSED_NAMES[name][1], "refuse"
            elif name in ADVISED_NAMES:
                yield "call", f"`{name}`: {ADVISED_NAMES[name][0]}.", ADVISED_NAMES[name][1], "advise"
        case ast.Attribute(attr=name, value=value, ctx=ctx) if not excused:
            yield from _attribute(name, value, scope, isinstance(ctx, ast.Load))
            yield from whole_remarks(node, scope)
        case ast.Subscript(slice=ast.Constant(value=str(name))) if name in KEYS:
            yield "attribute", f"`{name}` {INSIDE[0]}.", INSIDE[1], "refuse"
        case ast.FunctionDef(name="__reduce__" | "__reduce_ex__" as name):
            yield "attribute", f"`{name}` is for pickles, which hide code in data.", PICKLES[1], "refuse"
        case ast.For(iter=ast.Tuple(elts=items) | ast.List(elts=items)):
            for item in items:
                if (why := cannot_read(scope.text(item) or "")) and why[2]:
                    yield "file", *why[:2], "refuse"
        case ast.Call():
            yield from _call(node, scope)


def _as(rule: str, remarks: "Iterator[tuple[str, str, Level]] | list[tuple[str, str, Level]]") -> Iterator[Remark]:
    for remark in remarks:
        yield rule, *remark


def _part(module: str, name: str, rule: str) -> Iterator[Remark]:
    """Of a module's part, imported or reached for."""
    full = f"{module}.{name}"
    if module in PARTS:
        yield from part_remarks(full, rule)
    elif full in REFUSED_SUBMODULES:
        yield rule, f"`{full}` {REFUSED_SUBMODULES[full][0]}.", REFUSED_SUBMODULES[full][1], "refuse"
    elif is_reexport(name):
        instead = "Import what the analysis needs by its own name."
        yield rule, f"`{full}` is another module, `{name.lstrip('_')}`, which has no place in an analysis.", instead, "refuse"
    elif full in PICKLE_LOADERS and rule == "import":
        yield "call", f"`{full}` {PICKLES[0]}.", PICKLES[1], "refuse"


def _attribute(name: str, value: ast.expr, scope: Scope, read: bool = True) -> Iterator[Remark]:
    """Of `value.name`, which is given a value or deleted unless it is `read`."""
    if (module := scope.chain(value)) in PARTS:
        yield from part_remarks(f"{module}.{name}", "attribute", read)
    elif _is_own(name, value, scope):
        return
    elif name == "__class__" and read and isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        yield "attribute", f"`{name}` {INSIDE[0]}.", "Use type(x) or isinstance.", "advise"
    elif name in DOORS:
        yield "attribute", f"`{name}` {DOORS[name][0]}.", DOORS[name][1], "refuse"
    elif name in PICKLE_METHODS:
        yield "call", f"`{name}` {PICKLES[0]}.", PICKLES[1], "refuse"
    elif name in ADVISED_ATTRIBUTES:
        yield "attribute", f"`{name}` {ADVISED_ATTRIBUTES[name][0]}.", ADVISED_ATTRIBUTES[name][1], "advise"
    elif name.startswith("__") and name.endswith("__") and name not in HARMLESS_DUNDERS:
        yield "attribute", f"`{name}` {INSIDE[0]}.", INSIDE[1], "advise"
    elif (is_reexport(name) or name in ENDS) and module:
        yield from _part(module, name, "attribute")


def _is_own(name: str, value: ast.expr, scope: Scope) -> bool:
    """Whether `value.name` looks into nothing but what the program itself defines."""
    match value:
        case ast.Name(id=of):
            return (name in OWN and of in scope.selves) or (name == "__subclasses__" and of in scope.classes)
        case ast.Attribute(attr="__class__", value=ast.Name(id=of)) | ast.Call(func=ast.Name(id="type"), args=[ast.Name(id=of)]):
            return name in OWN and of in scope.selves
        case ast.Call(func=ast.Name(id="super"), args=[]):
            return name in ABOVE
    return False


def _call(call: ast.Call, scope: Scope) -> Iterator[Remark]:
    """Of a call, by the last part of the name it calls."""
    match call.func:
        case ast.Name(id=called):
            yield from _builtin(called, call, scope)
        case ast.Attribute(attr=called):
            if scope.chain(call.func) == "io.open":
                yield from _open(call, scope)
        case _:
            return
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    first = call.args[0] if call.args else None
    text = scope.text(first if first is not None else next((given[name] for name in TEXTS if name in given), None))
    if text:
        by_name = isinstance(call.func, ast.Name)
        yield from _evaluated(called, text, scope, by_name and called in scope.functions)
        yield from _files(called, text, by_name)
    if called in FORMAT_CALLS:
        formats = {scope.text(call.func.value) if isinstance(call.func, ast.Attribute) else None, text}
        yield from (("format", *remark) for found in formats if found for remark in format_remarks(found))
    if called in ("attrgetter", "methodcaller"):
        for arg in call.args:
            for part in (scope.text(arg) or "").split("."):
                yield from _attribute(part, arg, scope)
    yield from _pickles(call, given, scope)
    yield from path_remarks(call, scope)
    if called == "connect" and isinstance(config := scope.literal(given.get("config")), ast.Dict):
        for setting in config.keys:
            if (name := scope.text(setting)) and ACCESS.fullmatch(name) and not name.endswith("directory"):
                yield "sql", f"`{name}` decides what DuckDB may reach, and is locked.", "Leave it out.", "advise"
    if said := rebuilt(called, call, scope):
        yield "data", *said, "advise"


def _builtin(called: str, call: ast.Call, scope: Scope) -> Iterator[Remark]:
    match called, call.args:
        case ("getattr" | "setattr" | "delattr", [value, name, *_]):
            text = scope.text(name)
            if text and UNKNOWN not in text:
                yield from _attribute(text, value, scope)
            else:
                yield (
                    "attribute",
                    "The attribute's name is known only when the code runs.",
                    "Write it as x.name, or x['column'].",
                    "advise",
                )
        case "open", _:
            yield from _open(call, scope)
        case "type", [_, _, _]:
            yield "call", "`type` with three arguments builds a class nobody can read here.", "Write a class statement.", "advise"


def _evaluated(called: str, text: str, scope: Scope, own: bool) -> Iterator[Remark]:
    """Of text that a library runs, if need be by a function of the program's `own`."""
    if (called in SQL_CALLS and called not in EXPRESSION_CALLS) or ((called in SQL_CALLS or own) and STATEMENT.match(text)):
        for message, instead, level in sql_remarks(text, scope.sources):
            yield "data" if instead == REBUILT else "sql", message, instead, level
    elif called in EXPRESSION_CALLS or called in FORMULA_CALLS:
        yield from _as("expression", expression_remarks(text, scope))


def _files(called: str, text: str, by_name: bool) -> Iterator[Remark]:
    if called in WRITERS and place(text) not in ("scratch", "unknown"):
        yield "write", f"`{called}` writes a file, and {WRITES[0]}.", WRITES[1], "advise"
    elif (
        called in READERS
        or (called.startswith("read_") and not called.startswith("read_sql"))
        or (called == "connect" and not by_name)
    ):
        if said := cannot_read(text):
            yield "file", *said[:2], "refuse" if said[2] else "advise"


def _pickles(call: ast.Call, given: dict[str | None, ast.expr], scope: Scope) -> Iterator[Remark]:
    allowed = given.get("allow_pickle")
    full = scope.chain(call.func) or ""
    if full == "numpy.load" and len(call.args) > 2:
        allowed = call.args[2]
    if isinstance(allowed, ast.Constant):
        if allowed.value:
            yield "call", f"`allow_pickle=True` {PICKLES[0]}.", PICKLES[1], "refuse"
    elif allowed is not None:
        yield "call", f"`allow_pickle` {PICKLES[0]}, if it is true.", PICKLES[1], "advise"
    only = given.get("weights_only")
    safe = isinstance(only, ast.Constant) and bool(only.value)
    if full in PICKLE_LOADERS and isinstance(call.func, ast.Attribute) and call.func.attr == "load" and not safe:
        yield "call", f"`{full}` {PICKLES[0]}.", PICKLES[1], "refuse"
    elif full in ("joblib.dump", "torch.save"):
        yield "write", f"`{full}` writes a file, and {WRITES[0]}.", WRITES[1], "advise"


def _open(call: ast.Call, scope: Scope) -> Iterator[Remark]:
    mode = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    path = scope.text(call.args[0]) if call.args else None
    if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        if set(mode.value) & set("wax+") and (path is None or place(path) != "scratch"):
            level: Level = "advise" if path is None or place(path) in ("unknown", "given") else "refuse"
            yield "write", f"`open` for writing: {WRITES[0]}.", WRITES[1], level
    elif mode is not None or any(k.arg is None for k in call.keywords):
        yield (
            "write",
            "Whether this file is opened for writing is known only when the code runs.",
            "Write the mode out.",
            "advise",
        )
