"""A Plan as a few short lines that a small model can write, and back again. Lossless but for `goal` and `brain`, which the reader gives.

    plan     = line ("\\n" line)*
    line     = [id ":"] op (" " name "=" value)*          a step; the id is left out where it is c1, c2, … by place
             | "reading" "=" list | "unanswered" "=" list
    value    = number | "true" | "false" | "null" | word | JSON string | list | object | compare | measure
    list     = "[" value (" " value)* "]"
    object   = "{" name "=" value (" " name "=" value)* "}"
    compare  = "{" column op [value] "}"                   {price > 30}, {region in [north south]}, {when is null}
    measure  = [name "="] function "(" [column] (" " name "=" value)* ")"      mean(price); its name, unless told, is mean_price

Only what differs from its default is written, in the order of the Plan's fields, so a Plan has one text (`to_text`), while
`from_text` reads any order.
"""

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from shared.analysis.plan import Plan
from shared.errors import InvalidPlan

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?::(?:/[A-Za-z0-9_*]+)*)?")
_NAMES = {"true": True, "false": False, "null": None}
_OPS = ("==", "!=", "<=", ">=", "<", ">", "in", "not in", "contains", "starts with", "ends with", "is null", "not null")
_TOKEN = re.compile(
    r"""[ ]*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    rf"""|(?P<word>{_BARE.pattern})|(?P<sign>==|!=|<=|>=|[<>=()\[\]{{}}:]))""",
    re.S,
)
_PLAIN = ("values", "params")  # fields whose names are free, so that nothing in them is taken for a compare or a measure


def to_text(plan: Plan) -> str:
    """The one text of a plan. InvalidPlan for numbers that are none."""
    told = [step.model_dump(exclude_defaults=True) for step in plan.steps]
    return dumped_text(told, plan.model_dump(include={"reading", "unanswered"}, exclude_defaults=True))


def dumped_text(steps: list[dict[str, Any]], rest: Mapping[str, Any] = MappingProxyType({})) -> str:
    """As `to_text`, of steps that are dumped already: without defaults, fields in order. `rest`: `reading` and `unanswered`."""
    lines = []
    for place, step in enumerate(steps, 1):
        fields = [f"{name}={_value(value, name in _PLAIN)}" for name, value in step.items() if name not in ("id", "op")]
        told = "" if step["id"] == f"c{place}" else f"{step['id']}:"
        lines.append(" ".join([told + step["op"], *fields]))
    return "\n".join([*lines, *(f"{name}={_value(value)}" for name, value in rest.items())])


def from_text(text: str, goal: str = "", brain: str = "specialist") -> Plan:
    """The plan that a text says. InvalidPlan where it says none."""
    told: dict[str, Any] = {"goal": goal, "brain": brain, "steps": []}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            _line(line, told)
        except (ValueError, IndexError, RecursionError):
            raise InvalidPlan(
                f"Line {number} of the plan cannot be read: {line[:80]!r}.",
                "See phases/data/plan_text.py for how plans are written.",
            ) from None
    try:
        return Plan.model_validate(told)
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "it is nested too deeply"}
        raise InvalidPlan(f"This is no plan: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def bare(text: str) -> str:
    """A name or a value, in quotes only where it needs them."""
    return text if _BARE.fullmatch(text) and text not in _NAMES else json.dumps(text, ensure_ascii=False)


def _value(value: Any, plain: bool = False) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return bare(value)
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise InvalidPlan(f"{value} is not a number to calculate with.", "Use a finite number.")
        return repr(value)
    if isinstance(value, list):
        return f"[{' '.join(map(_value, value))}]"
    if not plain and "column" in value and "op" in value:
        other = f" {_value(value['value'])}" if "value" in value else ""
        return f"{{{bare(value['column'])} {value['op']}{other}}}"
    if not plain and "name" in value and "function" in value:
        named = "" if value["name"] == default_name(value) else f"{bare(value['name'])}="
        parts = [bare(value["column"])] if "column" in value else []
        parts += [f"{key}={_value(part)}" for key, part in value.items() if key not in ("name", "function", "column")]
        return f"{named}{value['function']}({' '.join(parts)})"
    return "{" + " ".join(f"{bare(key)}={_value(part)}" for key, part in value.items()) + "}"


def default_name(measure: dict[str, Any]) -> str:
    """What a measure is called unless its plan says otherwise."""
    return f"{measure['function']}_{measure['column']}" if measure.get("column") is not None else str(measure["function"])


class _Reader:
    """The tokens of one line, and where reading stands."""

    def __init__(self, line: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(line.rstrip(" ")):
            match = _TOKEN.match(line, at)
            if not match:
                raise ValueError(line[at:])
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def next(self, *signs: str) -> bool:
        """Whether one of `signs` comes next; it is then taken."""
        if self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.next(sign):
            raise ValueError(f"{sign} is missing")

    def name(self) -> str:
        kind, text = self.tokens[self.at]
        if kind not in ("word", "string"):
            raise ValueError("a name is missing")
        self.at += 1
        return str(json.loads(text)) if kind == "string" else text

    def peek(self, ahead: int = 0) -> str:
        kind, text = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return text if kind == "sign" else ""

    def fields(self, end: str, plain: bool = False) -> dict[str, Any]:
        """name=value … up to `end`, each name once."""
        found: dict[str, Any] = {}
        while not self.next(end):
            name = self.name()
            self.expect("=")
            if name in found:
                raise ValueError(f"{name} is told twice")
            found[name] = self.value(name in _PLAIN)
        return found

    def value(self, plain: bool = False) -> Any:
        kind, text = self.tokens[self.at]
        if kind == "number":
            self.at += 1
            return json.loads(text)
        if self.next("["):
            items = []
            while not self.next("]"):
                items.append(self.value())
            return items
        if self.next("{"):
            return self.compare() if not plain and self.peek(1) != "=" and self.peek() != "}" else self.fields("}")
        quoted = kind == "string"
        name = self.name()
        if not plain and self.peek() == "=" and self.peek(2) == "(":
            self.at += 1
            return self.measure(self.name(), name)
        if not plain and not quoted and self.peek() == "(":
            return self.measure(name)
        return name if quoted else _NAMES.get(name, name)

    def compare(self) -> dict[str, Any]:
        column = self.name()
        op = self.tokens[self.at][1]
        self.at += 1
        if f"{op} {self.tokens[self.at][1]}" in _OPS:
            op = f"{op} {self.tokens[self.at][1]}"
            self.at += 1
        if op not in _OPS:
            raise ValueError(f"{op} compares nothing")
        if self.next("}"):
            return {"column": column, "op": op}
        value = self.value()
        self.expect("}")
        return {"column": column, "op": op, "value": value}

    def measure(self, function: str, name: str | None = None) -> dict[str, Any]:
        self.expect("(")
        column = {} if self.peek() == ")" or self.peek(1) == "=" else {"column": self.name()}
        found = {"function": function, **column, **self.fields(")")}
        return {"name": default_name(found) if name is None else name, **found}


def _line(line: str, told: dict[str, Any]) -> None:
    if not line.strip():
        return
    reader = _Reader(line)
    first = reader.name()
    if first in ("reading", "unanswered") and reader.next("="):
        told[first] = reader.value()
    else:
        step_id = f"c{len(told['steps']) + 1}"
        if first.endswith(":"):  # a word may end so, as references do
            step_id, first = first[:-1], reader.name()
        elif reader.next(":"):
            step_id, first = first, reader.name()
        fields: dict[str, Any] = {}
        while reader.tokens[reader.at][0] != "end":
            name = reader.name()
            reader.expect("=")
            if name in fields or name in ("id", "op"):
                raise ValueError(f"{name} is told twice")
            fields[name] = reader.value(name in _PLAIN)
        told["steps"].append({"id": step_id, "op": first, **fields})
    if reader.tokens[reader.at][0] != "end":
        raise ValueError("something follows")
