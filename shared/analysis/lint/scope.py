"""What the names of a program stand for, and which text an expression surely is."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from shared.analysis.lint.rules import MOST_TEXT, PARTS, USUAL

UNKNOWN = "\0"  # stands in a text for what is known only when the code runs
FIELD = re.compile(r"\{[^{}]*+\}|%(?:\(\w*\))?[-+#\d.]{0,9}[a-z]")  # what format and % fill in
MOST_READ = 3_000_000  # characters of all texts of a program, so that `f(x + "1")` a thousand times stays quick


@dataclass(frozen=True)
class Scope:
    """`modules`: name → the module it was imported as. `bound`: names the program gives a value of its own. `values`:
    those it gives one value only. `functions`: names of functions it defines. `classes`: names of classes it defines, and
    what their class methods call them; `selves`: what methods call their object or class. `sources`, `importable`: see
    `lint_cells`."""

    modules: dict[str, str]
    bound: frozenset[str]
    values: dict[str, ast.expr]
    functions: frozenset[str]
    classes: frozenset[str]
    selves: frozenset[str]
    sources: frozenset[str]
    importable: frozenset[str]
    texts: dict[int, str | None] = field(default_factory=dict)  # by node: what names stand for is read once
    sizes: dict[int, int] = field(default_factory=dict)
    read: list[int] = field(default_factory=lambda: [0])

    def text(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """The text an expression is, `UNKNOWN` where parts are open; None if it is no text, or wholly unknown."""
        if node is None or depth > 10 or self.read[0] > MOST_READ:
            return None
        if id(node) not in self.texts:
            self.texts[id(node)] = None  # for a name that is made of itself
            self.texts[id(node)] = text = self._text(node, depth + 1)
            self.read[0] += len(text or "")
        return self.texts[id(node)]

    def _text(self, node: ast.expr, depth: int) -> str | None:
        parts: list[str] = []
        size, waiting = 0, [node]
        while waiting and size < MOST_TEXT and len(parts) < 1000:
            part = waiting.pop()
            known: str | None = None
            match part:
                case ast.Constant(value=str(known)):
                    pass
                case ast.BinOp(left=left, op=ast.Add(), right=right):
                    waiting += [right, left]
                    continue
                case ast.JoinedStr(values=values):
                    waiting += reversed(values)
                    continue
                case ast.Name(id=name) if (value := self.values.get(name)) is not None:
                    known = self.text(value, depth)
                case ast.Call(func=ast.Attribute(value=base, attr="strip" | "lstrip" | "rstrip")):
                    waiting.append(base)
                    continue
                case ast.Call(func=ast.Attribute(value=base, attr="format")) | ast.BinOp(left=base, op=ast.Mod()):
                    known = FIELD.sub(UNKNOWN, self.text(base, depth) or UNKNOWN)
            parts.append(UNKNOWN if known is None else known[:MOST_TEXT])
            size += len(parts[-1])
        text = "".join(parts)
        return text if text.strip(UNKNOWN) else None

    def literal(self, node: ast.expr | None) -> ast.expr | None:
        """What a name was given, or the expression itself."""
        return self.values.get(node.id, node) if isinstance(node, ast.Name) else node

    def chain(self, node: ast.expr) -> str | None:
        """The full name of `node` if it is a module, or a part of one: `np.lib.os` → `numpy.lib.os`."""
        parts: list[str] = []
        for _ in range(20):
            if not isinstance(node, ast.Attribute):
                break
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and (module := self.modules.get(node.id)):
            return ".".join([module, *reversed(parts)])
        return None


def scope_of(trees: Iterable[ast.Module], sources: Collection[str], importable: Collection[str]) -> Scope:
    modules: dict[str, str] = {}
    times, classes, methods = Counter[str](), Counter[str](), Counter[str]()  # how often names are bound, and as what
    values: dict[str, ast.expr] = {}
    functions: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        modules[alias.asname or alias.name.partition(".")[0]] = (
                            alias.name if alias.asname else alias.name.partition(".")[0]
                        )
                case ast.ImportFrom(module=module, names=names, level=0) if module:
                    modules |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    values[name] = value
                case ast.FunctionDef(name=name):
                    functions.add(name)
                case ast.ClassDef(name=name, body=body):
                    classes[name] += 1
                    for of_class, first in filter(None, map(_first, body)):
                        (classes if of_class else methods)[first] += 1
            times.update(_binds(node))
    return Scope(
        modules={
            name: module
            for name, module in (USUAL | modules).items()
            if name not in times or name == module in PARTS  # `os` stays `os`, also beside `def f(os)`
        },
        bound=frozenset(times) | {name for name, module in modules.items() if module != f"builtins.{name}"},
        values={name: value for name, value in values.items() if times[name] == 1},
        functions=frozenset(functions),
        classes=frozenset(name for name, count in classes.items() if times[name] == count),
        selves=frozenset(name for name, count in (classes + methods).items() if times[name] == count),
        sources=frozenset(sources),
        importable=frozenset(importable),
    )


def _first(node: ast.stmt) -> tuple[bool, str] | None:
    """What a method calls its object or class, and whether it is surely the class."""
    match node:
        case (
            ast.FunctionDef(name=name, args=args, decorator_list=by)
            | ast.AsyncFunctionDef(name=name, args=args, decorator_list=by)
        ):
            decorators = {decorator.id for decorator in by if isinstance(decorator, ast.Name)}
            if "staticmethod" not in decorators and (named := args.posonlyargs + args.args):
                return "classmethod" in decorators or name == "__init_subclass__", named[0].arg
    return None


def _binds(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.MatchAs(name=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ExceptHandler(name=str(name)):
            return [name]
    return []
