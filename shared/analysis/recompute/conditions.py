"""Conditions and expressions over a table, with SQL's nulls: a comparison with a null is neither true nor false."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from shared.analysis.expression import Call, Node, Number, Variable
from shared.analysis.plan import All, AnyOf, ColumnValue, Compare, Condition, Not, RefValue
from shared.analysis.recompute.columns import Array, CannotRecompute, Column, Table, as_text, column, of_scalars, share_words
from shared.analysis.recompute.grouping import as_varchar

Refs = Callable[[str], Any]

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


def matches(condition: Condition, table: Table, refs: Refs) -> Array:
    """The rows (n,) bool where the condition is true; unknown is not a match."""
    return _truth(condition, table, refs)[0]


def _truth(condition: Condition, table: Table, refs: Refs) -> tuple[Array, Array]:
    """Where it is true and where it is false (n,); a row in neither is unknown."""
    if isinstance(condition, Not):
        true, false = _truth(condition.no, table, refs)
        return false, true
    if isinstance(condition, All):
        parts = [_truth(part, table, refs) for part in condition.all]
        return np.logical_and.reduce([t for t, _ in parts]), np.logical_or.reduce([f for _, f in parts])
    if isinstance(condition, AnyOf):
        parts = [_truth(part, table, refs) for part in condition.any]
        return np.logical_or.reduce([t for t, _ in parts]), np.logical_and.reduce([f for _, f in parts])
    return _compare(condition, table, refs)


def _compare(condition: Compare, table: Table, refs: Refs) -> tuple[Array, Array]:
    left, op, value = table[condition.column], condition.op, condition.value
    if op == "is null":
        return ~left.valid, left.valid
    if op == "not null":
        return left.valid, ~left.valid
    known = left.valid
    if isinstance(value, ColumnValue):
        right = table[value.column]
        known, true = known & right.valid, _between_columns(left, op, right)
    elif isinstance(value, list):
        true = np.logical_or.reduce([np.zeros(table.rows, bool), *(_against(left, "==", item) for item in value)])
        true = ~true if op == "not in" else true
    elif op in ("contains", "starts with", "ends with"):
        true = _text_match(left, op, str(value))
    else:
        given = refs(value.ref) if isinstance(value, RefValue) else value
        if given is None:
            return np.zeros(table.rows, bool), np.zeros(table.rows, bool)
        true = _against(left, op, given)
    return true & known, ~true & known


def _against(left: Column, op: str, value: Any) -> Array:
    if left.words is not None:
        return _text_against(left, op, as_text(value))
    return np.asarray(SIGNS[op](left.values, like(left, value)), bool)


def like(left: Column, value: Any) -> Any:
    """A plain value in the form the column's values compare with, exactly."""
    if left.type in ("DATE", "TIMESTAMP", "TIME"):
        try:
            if left.type == "TIME":
                return np.datetime64(f"1970-01-01T{value}", "us") - np.datetime64(0, "us")
            return np.datetime64(value)
        except ValueError:
            raise CannotRecompute(f"{value!r} is not an ISO date") from None
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        try:
            value = float(value)
        except ValueError:
            raise CannotRecompute(f"text {value!r} is compared with a number") from None
    # Whole floats become ints, or numpy would compare 64-bit integers as rounded floats.
    return int(value) if isinstance(value, float) and value.is_integer() and left.type == "BIGINT" else value


def _text_against(left: Column, op: str, value: str) -> Array:
    assert left.words is not None
    low, high = bisect_left(left.words, value), bisect_right(left.words, value)
    codes = left.values
    same = (codes >= low) & (codes < high)
    sides = {"==": same, "!=": ~same, "<": codes < low, "<=": codes < high, ">": codes >= high, ">=": codes >= low}
    return sides[op]


def _between_columns(left: Column, op: str, right: Column) -> Array:
    if left.words is not None or right.words is not None:
        left, right = share_words([as_varchar(c) if c.words is None else c for c in (left, right)])
    return np.asarray(SIGNS[op](left.values, right.values), bool)


def _text_match(left: Column, op: str, value: str) -> Array:
    left = as_varchar(left) if left.words is None else left
    assert left.words is not None
    part = _lower(value)
    tests: dict[str, Callable[[str], bool]] = {
        "contains": lambda word: part in word,
        "starts with": lambda word: word.startswith(part),
        "ends with": lambda word: word.endswith(part),
    }
    found = np.array([tests[op](_lower(word)) for word in left.words] + [False], bool)
    return found[left.values]


def _lower(text: str) -> str:
    """Lower case one character at a time, so that lengths stay and no character's neighbours matter."""
    return text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


# --- expressions ------------------------------------------------------------------------------------------------


def evaluate(node: Node, table: Table) -> Column:
    """An expression as a column of the table's rows. Null in, null out; outside a function's domain: null.

    `%` has the divisor's sign.
    """
    if isinstance(node, Number):
        return of_scalars([node.value], np.zeros(table.rows, "int64"))
    if isinstance(node, Variable):
        return table[node.name]
    arguments = [evaluate(argument, table) for argument in node.arguments]
    if node.function == "length":
        return _length(arguments[0])
    if node.function == "days_between":
        return _days_between(*arguments)
    if node.function in ("least", "greatest"):
        return _extreme(node.function, *arguments)
    valid = np.logical_and.reduce([c.valid for c in arguments])
    if all(c.type in ("BIGINT", "BOOLEAN") for c in arguments) and node.function in _EXACT:
        return _exact(node, [c.values.astype("int64") for c in arguments], valid)
    with np.errstate(all="ignore"):
        values = _FLOAT[node.function](*(c.floats() for c in arguments))
    # The four operations, sqrt and rounding give the same bits in every engine; the rest may differ in the last one.
    computed = any(c.computed for c in arguments) or node.function in ("ln", "log10", "log2", "exp", "^")
    return replace(column("DOUBLE", values, valid), computed=computed)


_EXACT = ("+", "-", "*", "%", "neg", "abs", "round")


def _exact(node: Call, numbers: list[Array], valid: Array) -> Column:
    """Whole numbers stay whole. Raises when 64 bits are not enough."""
    if node.function == "round" and (len(numbers[1]) == 0 or bool((numbers[1] >= 0).all())):
        return column("BIGINT", numbers[0], valid)
    if node.function == "%":
        valid = valid & (numbers[1] != 0)
    numbers = [np.where(valid, n, 1) for n in numbers]
    with np.errstate(all="ignore"):
        size = np.abs(_FLOAT[node.function](*(n.astype("float64") for n in numbers)))
    if bool((size >= 2.0**63).any()):
        raise CannotRecompute("a whole number passes 64 bits")
    signs: dict[str, Callable[..., Array]] = {
        "+": np.add, "-": np.subtract, "*": np.multiply, "%": np.mod, "neg": np.negative, "abs": np.abs, "round": _rounded,
    }  # fmt: skip
    return column("BIGINT", signs[node.function](*numbers), valid)


def _rounded(x: Array, digits: Array) -> Array:
    """Halves go to the even neighbour, as in the report."""
    power = 10.0**digits
    return np.asarray(np.rint(x * power) / power)


_FLOAT: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.mod, "^": np.power, "neg": np.negative,
    "abs": np.abs, "sqrt": np.sqrt, "ln": np.log, "log10": np.log10, "log2": np.log2, "exp": np.exp,
    "floor": np.floor, "ceil": np.ceil, "round": _rounded,
}  # fmt: skip


def _length(c: Column) -> Column:
    c = as_varchar(c) if c.words is None else c
    assert c.words is not None
    return column("BIGINT", np.array([len(word) for word in c.words] + [0])[c.values], c.valid)


def _days_between(start: Column, end: Column) -> Column:
    days = [_as_dates(c) for c in (start, end)]
    return column("BIGINT", (days[1].values - days[0].values).astype("int64"), start.valid & end.valid)


def _as_dates(c: Column) -> Column:
    if c.words is not None:
        try:
            values = np.array([*c.words, "1970-01-01"], "datetime64[D]")[c.values]
        except ValueError:
            raise CannotRecompute("text that is not an ISO date is used as a date") from None
        return column("DATE", values, c.valid)
    if c.type not in ("DATE", "TIMESTAMP"):
        raise CannotRecompute("a date is needed where there is none")
    return column("DATE", c.values.astype("datetime64[D]"), c.valid)


def _extreme(function: str, a: Column, b: Column) -> Column:
    """The lesser or greater, null if either is."""
    if a.type != b.type:
        a, b = (column("DOUBLE", c.floats(), c.valid) for c in (a, b))
    if a.words is not None:
        a, b = share_words([a, b])
    pick = np.minimum if function == "least" else np.maximum
    return Column(a.type, pick(a.values, b.values), a.valid & b.valid, a.words)
