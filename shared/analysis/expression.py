"""Arithmetic a plan may contain: numbers, "quoted columns", + - * / % ^, parentheses and a few functions.

    expression = term (("+" | "-") term)*
    term       = power (("*" | "/" | "%") power)*
    power      = ("-" | "+") power | atom ("^" power)?
    atom       = number | name | "quoted name" | function "(" expression ("," expression)* ")" | "(" expression ")"

A quote inside a quoted name is doubled, as in SQL. Bare names are columns (in `derive`) or the names in `values` (in
`calculate`). Text never reaches an engine: it is parsed here and each engine is given the tree.
"""

import re
from dataclasses import dataclass

from shared.errors import InvalidPlan

FUNCTIONS = {"abs": 1, "sqrt": 1, "ln": 1, "log10": 1, "log2": 1, "exp": 1, "floor": 1, "ceil": 1, "round": 2, "least": 2,
             "greatest": 2, "length": 1, "days_between": 2}  # fmt: skip
# ln, log10, log2, sqrt of a value outside their domain, and division by zero, are null (as in SQL's NULLIF), in both
# engines. `length` counts the characters of text. days_between(a, b) is b - a for dates.

_TOKEN = re.compile(r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<quoted>"(?:[^"]|"")+")|(?P<word>[^\W\d]\w*)|(?P<sign>[-+*/%^(),]))""")


@dataclass(frozen=True)
class Number:
    value: float | int


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass(frozen=True)
class Call:
    """An operator ("+", "-", "*", "/", "%", "^", "neg") or a function with its arguments."""

    function: str
    arguments: tuple["Node", ...]


Node = Number | Variable | Call


def parse(text: str) -> Node:
    """The tree of an expression. Raises InvalidPlan that points at what it does not understand."""
    if len(text) > 2_000:
        raise InvalidPlan("The expression is longer than 2,000 characters.", "Split it into several derive steps.")
    tokens: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if not match:
            raise InvalidPlan(f"Cannot read the expression at: {text[position : position + 20].strip()!r}.",
                              'Write columns in double quotes, e.g. "unit price" * "quantity".')  # fmt: skip
        tokens.append((str(match.lastgroup), match.group().strip()))
        position = match.end()
    node, rest = _sum(tokens, 0, 0)
    if rest != len(tokens):
        raise InvalidPlan(f"The expression goes on after its end: {tokens[rest][1]!r} in {text!r}.", "Check the parentheses.")
    return node


def variables(node: Node) -> list[str]:
    """Names used, in order of appearance, each once."""
    if isinstance(node, Variable):
        return [node.name]
    if isinstance(node, Call):
        return list(dict.fromkeys(name for argument in node.arguments for name in variables(argument)))
    return []


def quote(name: str) -> str:
    """A column as an expression (and SQL) writes it."""
    return '"' + name.replace('"', '""') + '"'


Tokens = list[tuple[str, str]]


def _sum(tokens: Tokens, at: int, depth: int) -> tuple[Node, int]:
    if depth > 60:
        raise InvalidPlan("The expression is nested too deeply.", "Split it into several derive steps.")
    node, at = _product(tokens, at, depth)
    while at < len(tokens) and tokens[at][1] in ("+", "-"):
        right, after = _product(tokens, at + 1, depth)
        node, at = Call(tokens[at][1], (node, right)), after
    return node, at


def _product(tokens: Tokens, at: int, depth: int) -> tuple[Node, int]:
    node, at = _power(tokens, at, depth)
    while at < len(tokens) and tokens[at][1] in ("*", "/", "%"):
        right, after = _power(tokens, at + 1, depth)
        node, at = Call(tokens[at][1], (node, right)), after
    return node, at


def _power(tokens: Tokens, at: int, depth: int) -> tuple[Node, int]:
    if at < len(tokens) and tokens[at][1] in ("-", "+"):
        node, after = _power(tokens, at + 1, depth + 1)
        return (Call("neg", (node,)) if tokens[at][1] == "-" else node), after
    node, at = _atom(tokens, at, depth)
    if at < len(tokens) and tokens[at][1] == "^":
        right, after = _power(tokens, at + 1, depth + 1)
        return Call("^", (node, right)), after
    return node, at


def _atom(tokens: Tokens, at: int, depth: int) -> tuple[Node, int]:
    if at >= len(tokens):
        raise InvalidPlan("The expression ends too early.", "Something is missing after the last sign.")
    kind, text = tokens[at]
    if kind == "number":
        return Number(int(text) if text.isdigit() else float(text)), at + 1
    if kind == "quoted":
        return Variable(text[1:-1].replace('""', '"')), at + 1
    if kind == "word" and at + 1 < len(tokens) and tokens[at + 1][1] == "(":
        if text not in FUNCTIONS:
            raise InvalidPlan(f"There is no function {text!r} in expressions.", f"There are: {', '.join(sorted(FUNCTIONS))}.")
        arguments: list[Node] = []
        at += 1
        while True:
            argument, at = _sum(tokens, at + 1, depth + 1)
            arguments.append(argument)
            if at >= len(tokens) or tokens[at][1] not in (",", ")"):
                raise InvalidPlan(f"A parenthesis of {text!r} is not closed.", "Add a `)`.")
            if tokens[at][1] == ")":
                break
        if len(arguments) != FUNCTIONS[text]:
            raise InvalidPlan(f"{text} takes {FUNCTIONS[text]} arguments, not {len(arguments)}.", "")
        return Call(text, tuple(arguments)), at + 1
    if kind == "word":
        return Variable(text), at + 1
    if text == "(":
        node, at = _sum(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at][1] != ")":
            raise InvalidPlan("A parenthesis is not closed.", "Add a `)`.")
        return node, at + 1
    raise InvalidPlan(f"The expression has {text!r} where a number or column should stand.", "")
