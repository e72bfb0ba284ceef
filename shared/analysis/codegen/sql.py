"""The words every cell is made of: quoted names, literals, conditions, arithmetic, statements.

Names and values from the data or from a person only ever enter a cell here: as a quoted SQL identifier or literal inside
a Python string whose special characters are escaped, as a Python string literal, or as the text of a one-line comment.
"""

import builtins
import json
import keyword
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from shared.analysis.expression import quote
from shared.analysis.plan import All, AnyOf, ColumnValue, Compare, Condition, Not, RefValue, Scalar

Columns = Mapping[str, str]  # column → DuckDB type; "*" stands for columns that are only known once the cells ran
Tables = Mapping[str, Columns]
Kind = Literal["number", "text", "date", "boolean", "time", "unknown"]

INTEGERS = frozenset(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"])
_KINDS: dict[str, Kind] = {"DOUBLE": "number", "FLOAT": "number", "VARCHAR": "text", "DATE": "date", "TIMESTAMP": "date",
                           "BOOLEAN": "boolean", "TIME": "time"}  # fmt: skip
# What c0 defines; a variable of these names would break later cells.
RESERVED = frozenset(["db", "pd", "np", "alt", "math", "duckdb", "results", "plain", "key", "keep", "quoted"])


def type_of(columns: Columns, name: str) -> str:
    """DuckDB type of a column, "" when it is not known before the cells run."""
    return columns.get(name, columns.get("*", ""))


def kind(columns: Columns, name: str) -> Kind:
    type = type_of(columns, name)
    return "number" if type in INTEGERS or type.startswith("DECIMAL") else _KINDS.get(type, "unknown")


def known(columns: Columns) -> list[str]:
    return [name for name in columns if name != "*"]


def fresh(columns: Columns, name: str) -> str:
    """`name`, with underscores after it until no column has it."""
    taken = {column.lower() for column in columns}
    while name.lower() in taken:
        name += "_"
    return name


# --- Python text ------------------------------------------------------------------------------------------------


def py(value: Any) -> str:
    """A Python literal; text in double quotes where nothing in it needs an escape that JSON lacks."""
    if isinstance(value, str) and value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list):
        return "[" + ", ".join(map(py, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{py(key)}: {py(item)}" for key, item in value.items()) + "}"
    return repr(value)


def variable(name: str) -> str:
    """`name` as a Python variable that hides nothing."""
    return name + "_" if keyword.iskeyword(name) or name in RESERVED or hasattr(builtins, name) else name


def comment(text: str) -> str:
    """Text as comment lines, whatever is in it."""
    words = "".join(c if c.isprintable() else " " for c in text).split()
    return "\n".join("# " + line for line in textwrap.wrap(" ".join(words)[:600], 108)) + "\n" if words else ""


def sql(*lines: str) -> str:
    """SQL as a Python string literal: on one line if it is short, else in triple quotes."""
    if len(lines) == 1 and len(lines[0]) < 90 and not {"'", '"'} <= set(lines[0]):
        return repr(lines[0]) if '"' in lines[0] else py(lines[0])
    text = "\n    ".join(("", *lines))
    escaped = "".join(_escape(c) for c in text).replace('"""', r"\"\"\"")
    return f'"""{escaped}\n"""'


def _escape(c: str) -> str:
    if c == "\\":
        return r"\\"
    return c if c == "\n" or c.isprintable() else repr(c)[1:-1]


class Parameters(dict[str, str]):
    """SQL parameter → Python expression of its value: the results of earlier cells that a statement uses."""

    def use(self, ref: str) -> str:
        name = re.sub(r"[^a-z0-9]+", "_", ref.lower()).strip("_")[:40]
        code = result_of(ref)
        while self.get(name, code) != code:
            name += "_"
        self[name] = code
        return "$" + name

    def argument(self) -> str:
        return ", {" + ", ".join(f"{py(name)}: {code}" for name, code in self.items()) + "}" if self else ""


def execute(*lines: str, parameters: Parameters | None = None) -> str:
    return f"db.execute({sql(*lines)}{parameters.argument() if parameters else ''})\n"


def query(*lines: str, parameters: Parameters | None = None) -> str:
    """Python that runs a query, to be followed by `.fetchall()` or `.df()`."""
    return execute(*lines, parameters=parameters).rstrip()


def fetch(target: str, *lines: str, parameters: Parameters | None = None) -> str:
    """`target` is assigned the one row of a query: `(a, b)`, `(a,)`, or a name for the whole row."""
    return f"[{target}] = {query(*lines, parameters=parameters)}.fetchall()\n"


def table(name: str) -> str:
    return name if re.fullmatch(r"c\d+|data", name) else quote(name)


def rows(name: str) -> str:
    """Python expression: how many rows a table has."""
    return f"len(db.table({py(name)}))"


def make(step: str, *lines: str, what: str = "TEMP TABLE", parameters: Parameters | None = None) -> str:
    """A table of the step's id. A view costs nothing until it is read; a table is computed once."""
    if parameters:  # a view cannot hold parameters
        what = "TEMP TABLE"
    return execute(f"CREATE OR REPLACE {what} {table(step)} AS", *lines, parameters=parameters)


def with_column(name: str, value: str, columns: Columns, source: str, but: str = "") -> list[str]:
    """SELECT lines for a table with a column added, or replaced if there is one of that name."""
    exclude = f" EXCLUDE ({but})" if but else ""
    if name in columns:
        return [f"SELECT *{exclude} REPLACE ({value} AS {quote(name)})", f"FROM {source}"]
    return [f"SELECT *{exclude},", f"       {value} AS {quote(name)}", f"FROM {source}"]


def keep(step: str, **items: str) -> str:
    """The end of a cell: its result, from Python expressions."""
    return keep_items(step, list(items.items()))


def keep_items(step: str, items: Sequence[tuple[str, str]]) -> str:
    line = f"keep({py(step)}, {{{', '.join(f'{py(name)}: {code}' for name, code in items)}}})\n"
    if len(line) <= 120:
        return line
    return f"keep({py(step)}, {{\n" + "".join(f"    {py(name)}: {code},\n" for name, code in items) + "})\n"


def result_of(ref: str) -> str:
    """Python expression for a reference `c3:/groups/male/mean`."""
    step, _, pointer = ref.partition(":")
    code, before = f"results[{py(step)}]", ""
    for part in pointer.split("/")[1:]:
        part = re.sub(r"~(.)", lambda match: {"0": "~", "1": "/"}.get(match[1], match[1]), part, flags=re.DOTALL)
        index = part.isdecimal() and before in _LISTS
        code += f"[{int(part)}]" if index else f"[{py(part)}]"
        before = "0" if index else part
    return code


_LISTS = frozenset(["pairs", "associations", "names", "values", "rows", "df", "0"])


# --- SQL --------------------------------------------------------------------------------------------------------


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def number(value: float) -> str:
    """A literal of the same value and type: `1.5` alone would be an exact decimal, `1.5e0` is a DOUBLE."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"'{value}'::DOUBLE"
    digits = repr(value)
    return digits if isinstance(value, int) or "e" in digits else digits.removesuffix(".0") + "e0"


def literal(value: Scalar, type: str = "") -> str:
    """A value as SQL, of the column's type where it is a date or time."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number(value)
    if type in ("DATE", "TIMESTAMP"):
        moment = datetime.fromisoformat(value)
        if type == "DATE" and moment == datetime(moment.year, moment.month, moment.day):
            return f"DATE '{moment.date().isoformat()}'"
        return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
    return f"TIME {text(value)}" if type == "TIME" else text(value)


def compared(value: Scalar, type: str = "") -> str:
    """A literal on one side of a comparison, where a short decimal is as good as a DOUBLE and reads better."""
    if isinstance(value, float) and abs(value) < 1e15:
        digits = str(int(value)) if value.is_integer() else repr(value)
        if "e" not in digits and len(digits) < 15:
            return digits
    return literal(value, type)


def condition(where: Condition, columns: Columns, parameters: Parameters, inner: bool = False) -> str:
    """SQL of a condition; a null comparison is null there, which is not a match, also inside NOT."""
    if isinstance(where, All | AnyOf):
        parts = where.all if isinstance(where, All) else where.any
        if len(parts) == 1:
            return condition(parts[0], columns, parameters, inner)
        joined = (" AND " if isinstance(where, All) else " OR ").join(condition(c, columns, parameters, True) for c in parts)
        return f"({joined})" if inner else joined
    if isinstance(where, Not):
        return f"NOT ({condition(where.no, columns, parameters)})"
    return _compare(where, columns, parameters)


def _compare(where: Compare, columns: Columns, parameters: Parameters) -> str:
    column, type, op, value = quote(where.column), type_of(columns, where.column), where.op, where.value
    if value is None:
        return f"{column} IS {'NULL' if op == 'is null' else 'NOT NULL'}"
    if isinstance(value, list):
        if not value:
            return "FALSE" if op == "in" else f"{column} IS NOT NULL"
        return f"{column} {op.upper()} ({', '.join(compared(item, type) for item in value)})"
    if isinstance(value, ColumnValue):
        other = quote(value.column)
    elif isinstance(value, RefValue):
        other = parameters.use(value.ref) + (f"::{type}" if type in ("VARCHAR", "DATE", "TIMESTAMP", "TIME") else "")
    elif op in ("contains", "starts with", "ends with"):
        lowered = text(str(value).lower()) if str(value).isascii() else f"lower({text(str(value))})"
        return f"{op.replace(' ', '_')}(lower({column}), {lowered})"
    else:
        other = compared(value, type)
    return f"{column} {'=' if op == '==' else '<>' if op == '!=' else op} {other}"


def as_number(columns: Columns, name: str) -> str:
    """A column in arithmetic: true and false count as 1 and 0."""
    return f"{quote(name)}::BIGINT" if kind(columns, name) == "boolean" else quote(name)


def as_double(columns: Columns, name: str) -> str:
    return f"{quote(name)}::DOUBLE" if type_of(columns, name) != "DOUBLE" else quote(name)


def group_label(columns: Columns, name: str) -> str:
    """A group key to fetch into pandas, where a date alone would come back as a timestamp."""
    return f"{quote(name)}::VARCHAR" if type_of(columns, name) == "DATE" else quote(name)
