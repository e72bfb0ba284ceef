"""Step by step over a plan."""

import operator
import re
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.analysis.expression import Call, Node, parse
from shared.analysis.plan import TABLE_MAKING, Calculate, Decide, Join, Plan, Predicate, RefValue, Step, Unpivot
from shared.analysis.recompute import Inexact, NotRecomputed, answers, association, correlations, significance, tables, values
from shared.analysis.recompute.columns import CannotRecompute, Table, of_scalars, table_of
from shared.analysis.recompute.conditions import evaluate
from shared.analysis.recompute.reading import read
from shared.analysis.references import resolve
from shared.errors import AgentForgeError

if TYPE_CHECKING:
    from shared.analysis.snapshot import Snapshot

MAKES_TABLE: dict[str, Callable[..., tuple[dict[str, Any], Table]]] = {
    "filter": tables.filter_rows, "derive": tables.derive, "cast": values.cast, "outliers": values.outliers,
    "drop_missing": tables.drop_missing, "impute": values.impute, "scale": values.scale, "encode": values.encode,
    "drop_duplicates": tables.drop_duplicates, "aggregate": answers.aggregate, "rank": answers.rank, "trend": answers.trend,
}  # fmt: skip
MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "correlate": correlations.correlate, "test": significance.test, "associate": association.associate, "summarize": answers.summarize,
}  # fmt: skip
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Engine:
    """One recomputation. `taken` says, by step, which references were taken from the cells' own results."""

    def __init__(self, plan: Plan, snapshot: "Snapshot", folder: Path, results: Mapping[str, Any], limit: int) -> None:
        self.plan = plan
        self.cells = results
        self.left = limit
        self.found: dict[str, Any] = {}
        self.taken: dict[str, list[str]] = {}
        self.tables: dict[str, Table | NotRecomputed] = {}
        self._now = ""
        for table in snapshot.tables:
            self.tables[table.name] = read(folder / table.file, self._charge)
        self.found["c0"] = {"tables": {table.name: table.rows for table in snapshot.tables}}

    def run(self) -> dict[str, Any]:
        for step in self.plan.steps:
            if step.op not in ("chart", "report"):
                self.found[step.id] = self._step(step)
        return {id: result for id, result in self.found.items() if id != "c0"}

    def again(self, changed: Step) -> dict[str, Any]:
        """The results that hang on a step, its own first, when `changed` stands in its place."""
        other = copy(self)
        other.found, other.tables, other.taken = dict(self.found), dict(self.tables), {}
        results: dict[str, Any] = {}
        for step in self.plan.steps:
            if step.id == changed.id:
                results[step.id] = other.found[step.id] = other._step(changed)
            elif step.op not in ("chart", "report") and needs(step) & results.keys():
                results[step.id] = other.found[step.id] = other._step(step)
        return results

    def _step(self, step: Step) -> Any:
        self._now = step.id
        try:
            result, table = self._compute(step)
        except CannotRecompute as error:
            result = table = NotRecomputed(str(error))
        except (AgentForgeError, MemoryError) as error:
            result = table = NotRecomputed(str(error) or "not enough memory")
        except Exception as error:  # a check that fails must not fail the run
            result = table = NotRecomputed(f"the second engine stumbled ({type(error).__name__}: {error})")
        if step.op in TABLE_MAKING and not (step.op == "outliers" and step.action == "count"):
            self.tables[step.id] = table
        return result

    def _compute(self, step: Step) -> tuple[Any, Any]:
        if isinstance(step, Calculate):
            return calculate(step, self._value), None
        if isinstance(step, Decide):
            return decide(step, self._value), None
        if step.op in ("python", "model"):
            raise CannotRecompute(f"a {step.op} step runs in one engine only")
        table = self._table(step.table)
        with np.errstate(all="ignore"):
            if isinstance(step, Unpivot):
                return tables.unpivot(step, table, self._charge)
            if isinstance(step, Join):
                return tables.join(step, table, self._table(step.right), self._charge)
            if step.op in MEASURES:
                return MEASURES[step.op](step, table, self._value), None
            return MAKES_TABLE[step.op](step, table, self._value)

    def _table(self, name: str) -> Table:
        table = self.tables.get(name)
        if table is None:
            raise CannotRecompute(f"there is no table {name!r}")
        if isinstance(table, NotRecomputed):
            raise CannotRecompute(f"it reads the table of {name}, which was not recomputed ({table.why})")
        return table

    def _value(self, ref: str) -> Any:
        """What a reference points at: this engine's own result, or the cell's where there is none."""
        step = ref.partition(":")[0]
        if not isinstance(self.found.get(step), NotRecomputed):
            return resolve(ref, self.found)
        self.taken.setdefault(self._now, []).append(ref)
        return resolve(ref, self.cells)

    def _charge(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise CannotRecompute("too large")


def needs(step: Step) -> set[str]:
    """The ids a step reads: its tables and what looks like a reference."""
    refs = re.findall(r'"([a-z][a-z0-9_]*):[/"]', step.model_dump_json(exclude={"because"}))
    return {step.table, *refs, *([step.right] if isinstance(step, Join) else [])}


def calculate(step: Calculate, value: Callable[[str], Any]) -> dict[str, Any]:
    given = {name: value(ref) for name, ref in step.values.items()}
    row = table_of({name: of_scalars([number]) for name, number in given.items()})

    def result(node: Node) -> Any:
        return evaluate(node, row).scalar(0)

    def sizes(node: Node) -> list[float]:
        own = result(node)
        below = [size for argument in node.arguments for size in sizes(argument)] if isinstance(node, Call) else []
        return [*below, abs(own) if isinstance(own, int | float) else 0.0]

    tree = parse(step.expression)
    answer = result(tree)
    scales = [number.scale for number in given.values() if isinstance(number, Inexact)]
    told = Inexact(answer, max([*sizes(tree), *scales])) if isinstance(answer, float) else answer
    return {"value": told, **{name: number for name, number in given.items() if name != "value"}}


def decide(step: Decide, value: Callable[[str], Any]) -> dict[str, Any]:
    for number, rule in enumerate(step.rules):
        if all(_holds(predicate, value) for predicate in rule.when):
            return {"label": rule.then, "rule": number}
    return {"label": step.otherwise, "rule": None}


def _holds(predicate: Predicate, value: Callable[[str], Any]) -> bool:
    left = value(predicate.ref)
    right = value(predicate.value.ref) if isinstance(predicate.value, RefValue) else predicate.value
    if left is None or right is None:
        return False
    if isinstance(left, str) != isinstance(right, str):
        left, right = str(left), str(right)
    return SIGNS[predicate.op](abs(left) if predicate.absolute else left, right)
