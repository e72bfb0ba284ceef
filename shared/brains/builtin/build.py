"""Puts plan steps together: the same request twice gives the same step, and derived columns appear where first needed."""

import re
from collections.abc import Sequence
from typing import Any

from shared.analysis.expression import parse, quote, variables
from shared.analysis.plan import (
    Aggregate,
    Associate,
    Calculate,
    Cast,
    Compare,
    Condition,
    Correlate,
    Decide,
    Derive,
    Filter,
    FitModel,
    Measure,
    Model,
    Outliers,
    Rank,
    Summarize,
    Test,
    Trend,
)  # fmt: skip
from shared.brains.builtin.link import Linker
from shared.brains.builtin.logic import columns_of, conjunction

Having = tuple[str, str | None, str, float]  # function, column, comparison, value
MEASURE_NAMES = {"std": "std", "null_count": "missing", "distinct": "distinct", "geometric_mean": "geometric_mean"}


class Unclear(Exception):
    """What was not understood (`what`), why, and what would help."""

    def __init__(self, what: str, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.what, self.why, self.hint = what, why, hint


class Builder:
    """Steps so far. Methods return table names or references; they never change a step once made."""

    def __init__(self, linker: Linker, table: str) -> None:
        self.linker = linker
        self.source = table
        self.steps: list[Any] = []
        self._known: dict[str, str] = {}
        self._has: dict[str, set[str]] = {table: set()}  # table -> derived columns it has
        self.expressions: dict[str, str] = {}  # derived column -> expression
        self.labels: dict[str, Any] = {}  # derived column -> Derive template (bins, cases, windows)
        self.parent: dict[str, str] = {}
        self.ddof = 1
        self.bias = False
        self.words = ""

    def start(self, table: str) -> None:
        """Everything is about `table` from here on (a join, say)."""
        self.source = table

    # --- tables -----------------------------------------------------------------------------------------------

    def add(self, step_type: type[Model], table: str, **fields: Any) -> str:
        """Adds a step unless an equal one exists; returns its id."""
        step = step_type.model_validate({"id": "c1", "table": table, "because": self.words, **fields})
        known_as = step.model_dump_json(exclude={"id", "because"})
        if known_as in self._known:
            return self._known[known_as]
        identifier = f"c{len(self.steps) + 1}"
        self.steps.append(step.model_copy(update={"id": identifier}))
        self._known[known_as] = identifier
        if step_type not in (Aggregate, Rank, Trend):
            self._has[identifier] = set(self._has.get(table, set()))
            self.parent[identifier] = table
        return identifier

    def base(self, table: str, *columns: str | None) -> str:
        """`table` with every derived column among `columns` added."""
        for name in columns:
            if name is None or name in self._has.setdefault(table, set()) or name not in self.labels and name not in self.expressions and name not in self.linker.virtual or name in self.linker.columns and name not in self.labels and name not in self.expressions:
                continue
            if name in self.linker.virtual:
                table = self._whole(table, [self.linker.virtual[name].column])
                made = self.add(Derive, table, name=name, date_part=self.linker.virtual[name])
            elif name in self.expressions:
                table = self.base(table, *variables(parse(self.expressions[name])))
                made = self.add(Derive, table, name=name, expression=self.expressions[name])
            elif name in self.labels:
                template = self.labels[name]
                inner = [c for case in template.get("cases") or [] for c in columns_of(case.when)]
                window = template.get("window")
                inner += [window.column, *([window.order_by] if window.order_by else []), *window.by] if window else []
                table = self.base(table, *(c for c in inner if c != name))
                made = self.add(Derive, table, name=name, **template)
            else:
                continue
            self._has[made] = self._has[table] | {name}
            table = made
        return table

    def where(self, table: str, *conditions: Condition | None) -> str:
        """The rows of `table` for which all hold."""
        condition = conjunction([c for c in conditions if c is not None])
        if condition is None:
            return table
        fixed: dict[str, Any] = {}
        for part in getattr(condition, "all", [condition]):
            if isinstance(part, Compare) and part.op in ("==", "is null") and fixed.setdefault(part.column, part.value) != part.value:
                raise Unclear(part.column, f"“{part.column}” cannot be {fixed[part.column]} and {part.value or 'missing'} at once, so I must have misread the question.")
        for column, low, high, strict in _bounds(condition):
            if low > high or low == high and strict:
                raise Unclear(column, f"“{column}” cannot be above {low} and below {high} at once, so I must have misread the question.")
        self._in_time(condition)
        table = self.base(table, *columns_of(condition))
        return self.add(Filter, table, where=condition)

    def _in_time(self, condition: Condition) -> None:
        """Stops where a year is asked for that the table does not have."""
        for part in getattr(condition, "all", [condition]):
            column = self.linker.columns.get(part.column) if isinstance(part, Compare) and part.op == "==" and part.column in self.linker.years else None
            if column and isinstance(part.value, (int, float)) and isinstance(column.min, (int, float)) and isinstance(column.max, (int, float)) and not column.min <= part.value <= column.max:
                raise Unclear(part.column, f"“{part.column}” goes from {column.min:.0f} to {column.max:.0f}: there is no {part.value:.0f}.")

    def expression(self, name: str, text: str) -> str:
        """Declares a derived column; it is added to a table when used there."""
        unique = name
        while unique in self.linker.columns or self.expressions.get(unique, text) != text:
            unique += "_"
        self.expressions[unique] = text
        self.linker.derived[unique] = "number"
        return unique

    # --- results ------------------------------------------------------------------------------------------------

    def measure(self, function: str, column: str | None, where: Condition | None = None) -> Measure:
        q = None
        ddof = self.ddof
        if function.startswith("q0"):
            function, q = "quantile", float(function[1:])
        if function in ("pstd", "pvar"):
            function, ddof = function[1:], 0
        name = MEASURE_NAMES.get(function, function) if q is None else f"q{round(q * 100):02}"
        if column is not None and function != "count":
            name = f"{name}_{column}"
        elif function == "count" and column is None:
            name = "count"
        return Measure.model_validate(
            {"name": name[:200], "function": function, "column": column, "q": q, "ddof": ddof if function in ("std", "var", "sem", "cv") else 1,
             "bias": self.bias if function in ("skew", "kurtosis") else False, "where": where}
        )  # fmt: skip

    def value(self, table: str, function: str, column: str | None, where: Condition | None = None) -> str:
        """A reference to one number about a table."""
        table = self.base(table, column, *(columns_of(where) if where else []))
        measure = self.measure(function, column, where)
        return f"{self.add(Aggregate, table, measures=[measure])}:/{pointer(measure.name)}"

    def groups(self, table: str, by: list[str], function: str, column: str | None, where: Condition | None = None, having: Sequence[Having] = ()) -> tuple[str, str]:
        """A grouped measure: (step id, the measure's name). `having` keeps the groups of which these figures hold."""
        table = self.base(self._whole(table, by), column, *by, *(columns_of(where) if where else []), *(h[1] for h in having))
        measure = self.measure(function, column, where)
        if not having:
            return self.add(Aggregate, table, measures=[measure], by=by), measure.name
        asked = [(self.measure(f, c), op, value) for f, c, op, value in having]
        kept = conjunction([Compare(column=m.name, op=op, value=value) for m, op, value in asked])  # type: ignore[arg-type]
        measures = list({m.name: m for m in (measure, *(m for m, _, _ in asked))}.values())
        return self.add(Aggregate, table, measures=measures, by=by, having=kept), measure.name

    def _whole(self, table: str, by: list[str]) -> str:
        """`table` with years that are kept as fractions made whole: they are keys."""
        for column in by:
            if column in self.linker.years and self.linker.columns[column].type == "DOUBLE":
                table = self.add(Cast, table, column=column, to="integer")
        return table

    def rank(self, table: str, by: str, label: list[str], k: int = 1, order: str = "desc", **more: Any) -> str:
        return self.add(Rank, self.base(table, by, *label) if table not in {s.id for s in self.steps if isinstance(s, (Aggregate, Trend))} else table,
                        by=by, label=label, k=k, order=order, **more)  # fmt: skip

    def correlate(self, table: str, x: str, y: str, method: str = "pearson", by: list[str] | None = None) -> str:
        return self.add(Correlate, self.base(table, x, y, *(by or [])), x=x, y=y, method=method, by=by or [])

    def calculate(self, expression: str, **values: str) -> str:
        return f"{self.add(Calculate, self.source, values=values, expression=expression)}:/value"

    def decide(self, rules: list[Any], otherwise: Any) -> str:
        return f"{self.add(Decide, self.source, rules=rules, otherwise=otherwise)}:/label"


def _bounds(condition: Condition) -> list[tuple[str, Any, Any, bool]]:
    """Where a condition bounds a column from both sides: (column, lower, upper, whether one of them is itself outside)."""
    found: dict[str, dict[str, list[tuple[Any, bool]]]] = {}
    for part in getattr(condition, "all", [condition]):
        if isinstance(part, Compare) and part.op in ("<", "<=", ">", ">=") and isinstance(part.value, (int, float, str)):
            found.setdefault(part.column, {}).setdefault(part.op[0], []).append((part.value, len(part.op) == 1))
    both = [(c, max(ends[">"]), min(ends["<"], key=lambda e: (e[0], not e[1]))) for c, ends in found.items() if len(ends) == 2 and len({type(v) is str for side in ends.values() for v, _ in side}) == 1]
    return [(c, low[0], high[0], low[1] or high[1]) for c, low, high in both]


def pointer(name: str) -> str:
    """A JSON pointer segment (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def used(steps: list, refs: list[str]) -> list:  # type: ignore[type-arg]
    """The steps that the references rest on, in order: readings that were tried and dropped leave nothing behind."""
    by_id = {step.id: step for step in steps}
    needed: set[str] = set()
    queue = [r.split(":")[0] for r in refs]
    while queue:
        identifier = queue.pop()
        if identifier in needed or identifier not in by_id:
            continue
        needed.add(identifier)
        text = by_id[identifier].model_dump_json(exclude={"because"})
        queue += [*re.findall(r'"(c\d+):/', text), by_id[identifier].table, getattr(by_id[identifier], "right", "")]
    return [step for step in steps if step.id in needed]


__all__ = ["Associate", "Builder", "FitModel", "Outliers", "Summarize", "Test", "Unclear", "pointer", "quote", "used"]
