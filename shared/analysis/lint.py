"""Advice to the author of code, read from its syntax alone.

Nothing here keeps anything out: code can always be written around it, and the boundary is the sandbox. It tells an
author early, and in words, what would fail there or has no place in an analysis. Findings at level "refuse" are
reason enough not to run a step; those at level "advise" are not.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["refuse", "advise"]

REFUSED_MODULES = {
    **dict.fromkeys(("os", "sys", "builtins", "importlib", "gc", "code", "runpy"), "reaches into the interpreter"),
    **dict.fromkeys(("subprocess", "multiprocessing", "pty", "signal", "resource"), "controls processes"),
    **dict.fromkeys(("ctypes", "cffi", "mmap", "fcntl"), "leaves Python's own memory"),
    **dict.fromkeys(("pickle", "marshal", "shelve", "dill", "cloudpickle"), "runs code that is hidden in data"),
    **dict.fromkeys(
        ("socket", "ssl", "urllib", "urllib3", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "asyncio"),
        "needs a network, and there is none",
    ),
    "shutil": "changes files",
}
ADVISED_MODULES = {
    **dict.fromkeys(("pathlib", "glob", "tempfile", "io"), "an analysis reads its tables by name"),
    **dict.fromkeys(("threading", "concurrent"), "results may depend on the order in which threads run"),
    **dict.fromkeys(("random", "time"), "a replay must give the same: seed numpy's generator, take times from data"),
}
REFUSED_NAMES = ("eval", "exec", "compile", "__import__", "__builtins__", "__loader__", "__spec__")
ADVISED_NAMES = ("input", "breakpoint", "globals", "locals")
PICKLES = ("read_pickle", "to_pickle")
HARMLESS_DUNDERS = ("__name__", "__version__", "__doc__", "__len__", "__init__")


@dataclass(frozen=True, order=True)
class LintFinding:
    """`line` and `col` count from 1, in characters. `rule`: syntax, import, call, attribute, write."""

    line: int
    col: int
    rule: str
    message: str
    level: Level = "refuse"


def lint(code: str) -> list[LintFinding]:
    """What an author should know about `code`, by position. Never raises and never runs anything of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "\d" in a plain string: not ours to say
            tree = ast.parse(code)
    except SyntaxError as error:
        return [LintFinding(error.lineno or 1, error.offset or 1, "syntax", f"This is not Python: {error.msg}.")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [LintFinding(1, 1, "syntax", f"This cannot be read as Python: {error}.")]
    lines = code.splitlines() or [""]
    found = set()
    for node in ast.walk(tree):
        for rule, message, level in _findings(node):
            line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
            text = lines[line - 1] if line <= len(lines) else ""  # form feeds end lines here, and not for Python
            col = len(text.encode()[:offset].decode(errors="ignore")) + 1
            found.add(LintFinding(line, col, rule, message, level))
    return sorted(found)


def _findings(node: ast.AST) -> Iterator[tuple[str, str, Level]]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _module(alias.name)
        case ast.ImportFrom(module=module, level=0) if module:
            yield from _module(module)
        case ast.ImportFrom():
            yield "import", "A step is no package: there is nothing to import relative to it.", "refuse"
        case ast.Name(id=name) if name in REFUSED_NAMES:
            yield "call", f"`{name}` runs or builds code that nobody can read here.", "refuse"
        case ast.Name(id=name) if name in ADVISED_NAMES:
            yield "call", f"`{name}` has no use in a step that runs by itself.", "advise"
        case ast.Attribute(attr=name):
            yield from _attribute(name)
        case ast.Call(func=ast.Name(id="getattr" | "setattr" | "delattr"), args=[_, name_of, *_]):
            if isinstance(name_of, ast.Constant) and isinstance(name_of.value, str):
                yield from _attribute(name_of.value)
            else:
                yield "attribute", "The attribute's name is known only when the code runs.", "advise"
        case ast.Call(func=ast.Name(id="open")):
            yield from _open(node)
        case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
            yield "call", "`allow_pickle=True` runs code that is hidden in data.", "refuse"


def _module(name: str) -> Iterator[tuple[str, str, Level]]:
    root = name.partition(".")[0]
    if root in REFUSED_MODULES:
        yield "import", f"`{root}` {REFUSED_MODULES[root]}; an analysis does not need it.", "refuse"
    elif root in ADVISED_MODULES:
        yield "import", f"`{root}`: {ADVISED_MODULES[root]}.", "advise"


def _attribute(name: str) -> Iterator[tuple[str, str, Level]]:
    if name.startswith("__") and name.endswith("__") and name not in HARMLESS_DUNDERS:
        yield "attribute", f"`{name}` reaches into how Python works inside.", "refuse"
    elif name in PICKLES:
        yield "call", f"`{name}` runs code that is hidden in data.", "refuse"


def _open(call: ast.Call) -> Iterator[tuple[str, str, Level]]:
    mode = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        if set(mode.value) & set("wax+"):
            yield "write", "A step's results are its last expression and its charts; it writes no files.", "refuse"
    elif mode is not None or any(k.arg is None for k in call.keywords):
        yield "write", "Whether this file is opened for writing is known only when the code runs.", "advise"
