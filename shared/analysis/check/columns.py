"""What a step may say of columns: that they are there, and of a kind that suits."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time

from shared.analysis import plan as p
from shared.analysis.check.references import Results, check_ref
from shared.analysis.check.telling import close, wrong
from shared.analysis.codegen.sql import Kind, kind
from shared.errors import UnknownColumn

Columns = dict[str, str]
Tables = dict[str, Columns]

WORDS: dict[Kind, str] = {"number": "a number", "text": "text", "date": "a date", "boolean": "true or false", "time": "a time of day",
                           "unknown": "of unknown type"}  # fmt: skip
_MEND = {"number": "Cast it to a number first.", "date": "Cast it to a date first."}


def column(step: p.Step, columns: Columns, name: str, *kinds: Kind, use: str = "") -> Kind:
    """The kind of a column, which exists and, if `kinds` are given, is one of them."""
    if name == "*":
        raise wrong(step, "A column called `*` cannot be used.", "Rename it in the file.")
    if name not in columns and "*" not in columns:
        raise UnknownColumn(f"Step {step.id} ({step.op}): there is no column `{name}`.", close(name, columns))
    found = kind(columns, name)
    if kinds and found != "unknown" and found not in kinds:
        use = use or f"`{step.op}`"
        wanted = " or ".join(WORDS[k] for k in kinds if k != "boolean" or len(kinds) == 1)
        raise wrong(step, f"{use} needs {wanted}, and the column `{name}` is {WORDS[found]}.", _MEND.get(kinds[0], ""))
    return found


def columns_of(step: p.Step, columns: Columns, names: Iterable[str], *kinds: Kind) -> None:
    """Several columns, each listed once."""
    for name, times in Counter(names).items():
        if times > 1:
            raise wrong(step, f"The column `{name}` is listed twice.", "List it once.")
        column(step, columns, name, *kinds)


def check_made(step: p.Step, made: Columns) -> None:
    """DuckDB does not tell `Age` and `age` apart."""
    seen: dict[str, str] = {}
    for name in made:
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise wrong(
                step,
                f"The columns `{other}` and `{name}` differ in case alone.",
                f"Call the new one something else, or `{other}`.",
            )


def added(step: p.Step, made: Iterable[str]) -> Columns:
    """The columns of a new table, which all need different names."""
    names: Columns = {}
    seen: set[str] = set()
    for name in made:
        if name.lower() in seen:
            raise wrong(
                step,
                f"Two columns of its table would be called `{name}`.",
                "Rename one of them first, or call a measure differently.",
            )
        seen.add(name.lower())
        names[name] = ""
    return names


def check_condition(step: p.Step, where: p.Condition, columns: Columns, results: Results) -> None:
    if isinstance(where, p.All | p.AnyOf):
        for part in where.all if isinstance(where, p.All) else where.any:
            check_condition(step, part, columns, results)
    elif isinstance(where, p.Not):
        check_condition(step, where.no, columns, results)
    else:
        _check_compare(step, where, columns, results)


def _check_compare(step: p.Step, where: p.Compare, columns: Columns, results: Results) -> None:
    if where.op in ("contains", "starts with", "ends with"):
        column(step, columns, where.column, "text", use=f"`{where.op}`")
        return
    found, value = column(step, columns, where.column), where.value
    if isinstance(value, p.RefValue):
        check_ref(step, value.ref, results)
    elif isinstance(value, p.ColumnValue):
        other = column(step, columns, value.column)
        if "unknown" not in (found, other) and found != other:
            raise wrong(step, f"`{where.column}` is {WORDS[found]} and `{value.column}` is {WORDS[other]}.",
                         "Compare columns of the same kind.")  # fmt: skip
    else:
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            if not comparable(found, item):
                hint = (
                    "Write dates like 2024-01-31." if found == "date" else "Compare it with a value of its own kind, or cast it."
                )
                raise wrong(step, f"The column `{where.column}` is {WORDS[found]} and cannot be compared with {item!r}.", hint)
    if found == "boolean" and where.op in ("<", "<=", ">", ">="):
        raise wrong(step, f"`{where.column}` is true or false, which has no order.", "Use == or !=.")


def comparable(found: Kind, value: p.Scalar) -> bool:
    if found == "unknown":
        return True
    if isinstance(value, bool):
        return found == "boolean"
    if isinstance(value, int | float):
        return found == "number"
    if found == "date":
        try:
            return datetime.fromisoformat(value).tzinfo is None
        except ValueError:
            return False
    if found == "time":
        try:
            return time.fromisoformat(value).tzinfo is None
        except ValueError:
            return False
    return found == "text"
