"""Expressions of a plan as code: over columns in SQL, over results in Python."""

from shared.analysis.codegen.sql import Columns, as_number, number, variable
from shared.analysis.expression import Call, Node, Number, Variable, parse, variables
from shared.errors import InvalidPlan

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "neg": 3}
_ATOM = 9


def arithmetic(expression: str, columns: Columns) -> str:
    """SQL of an expression over columns; null wherever it is not defined."""
    return _arithmetic(parse(expression), columns)[0]


def _arithmetic(node: Node, columns: Columns) -> tuple[str, int]:
    """The SQL and how tightly its outermost operator binds."""
    if isinstance(node, Number):
        return number(node.value), _ATOM
    if isinstance(node, Variable):
        return as_number(columns, node.name), _ATOM
    parts = [_arithmetic(argument, columns) for argument in node.arguments]
    if not variables(node):  # whole numbers alone would be reckoned in 32 bits
        parts = [(f"{code}::BIGINT", b) if code.isdigit() else (code, b) for code, b in parts]
    code, binding = _call(node, parts)
    if len(code) > 20_000:
        raise InvalidPlan("The expression is too deeply nested.", "Split it into several derive steps.")
    return code, binding


def _call(node: Call, parts: list[tuple[str, int]]) -> tuple[str, int]:
    function, (a, *rest) = node.function, [part for part, _ in parts]
    b = rest[0] if rest else ""
    if function in ("+", "-", "*"):
        mine = _BINDING[function]
        left = _wrap(parts[0], mine)
        return f"{left} {function} {_wrap(parts[1], mine + 1)}", mine
    if function == "/":
        return f"{_wrap(parts[0], 2)} / {_divisor(node.arguments[1], parts[1])}", 2
    if function == "%":  # with the sign of the divisor, as in Python
        divisor = _divisor(node.arguments[1], parts[1])
        return f"({_wrap(parts[0], 2)} % {divisor} + {_wrap(parts[1], 2)}) % {divisor}", 2
    if function == "neg":
        return f"-{_wrap(parts[0], _ATOM)}", 3
    if function == "^":
        exponent = node.arguments[1]
        plain = isinstance(exponent, Number) and isinstance(exponent.value, int)
        return (f"pow({a}, {b})" if plain else f"finite(pow({a}, {b}))"), _ATOM
    if function in ("ln", "log10", "log2", "sqrt", "exp"):
        return f"finite({function}({a}))", _ATOM
    if function == "round":  # halves to even, as in Python
        return f"round_even({a}, {b.removesuffix('::BIGINT')})", _ATOM
    if function in ("least", "greatest"):  # null if either is
        first, second = ("<=", ">") if function == "least" else (">=", "<")
        return f"CASE WHEN {a} {first} {b} THEN {a} WHEN {a} {second} {b} THEN {b} END", 0
    if function == "days_between":
        return f"date_sub('day', {a}, {b})", _ATOM
    return f"{function}({a})", _ATOM


def _wrap(part: tuple[str, int], binding: int) -> str:
    return part[0] if part[1] >= binding else f"({part[0]})"


def _divisor(node: Node, part: tuple[str, int]) -> str:
    return _wrap(part, 3) if isinstance(node, Number) and node.value else f"nullif({part[0]}, 0)"


_PYTHON = {"ln": "math.log", "log10": "math.log10", "log2": "math.log2", "sqrt": "math.sqrt", "exp": "math.exp",
           "floor": "math.floor", "ceil": "math.ceil", "least": "min", "greatest": "max", "length": "len",
           "^": "math.pow"}  # fmt: skip


def python_arithmetic(node: Node) -> tuple[str, int]:
    """Python of an expression over variables, and how tightly it binds; it raises where it is not defined."""
    if isinstance(node, Number):
        return repr(node.value), _ATOM
    if isinstance(node, Variable):
        return variable(node.name), _ATOM
    parts = [python_arithmetic(argument) for argument in node.arguments]
    a = parts[0][0]
    if node.function == "neg":
        return f"-{_wrap(parts[0], _ATOM)}", 3
    if node.function in _BINDING:
        mine = _BINDING[node.function]
        return f"{_wrap(parts[0], mine)} {node.function} {_wrap(parts[1], mine + 1)}", mine
    if node.function == "days_between":
        return f"(pd.Timestamp({parts[1][0]}) - pd.Timestamp({a})).days", _ATOM
    return f"{_PYTHON.get(node.function, node.function)}({', '.join(part for part, _ in parts)})", _ATOM
