"""A plan's steps in one sandbox session, one cell each, in order.

A cell that raises, or a table that is left without rows, stops everything that depends on it; the rest goes on.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shared.analysis.charts import axis_labels
from shared.analysis.codegen import load_cell, step_code
from shared.analysis.findings import render
from shared.analysis.lint import lint_cells
from shared.analysis.plan import TABLE_MAKING, Aggregate, Cell, Chart, Filter, Plan, Python, Report, Step
from shared.analysis.snapshot import Snapshot
from shared.analysis.words.phrases import Tale, condition
from shared.errors import AgentForgeError, InvalidPlan
from shared.sandbox import Execution, Session, open_session
from shared.state.run import Run

Tables = Mapping[str, Mapping[str, Mapping[str, str]]]  # step id → the tables it can see → column → type


class Cells:
    """What ran so far. `stopped` says why a step has no result, or was not run."""

    def __init__(self, session: Session, snapshot: Snapshot, run: Run, emit: Callable[..., object]) -> None:
        self.session, self.snapshot, self.run, self.emit = session, snapshot, run, emit
        self.done: list[Cell] = []
        self.results: dict[str, Any] = {}
        self.stopped: dict[str, str] = {}
        self.failed: set[str] = set()  # those of `stopped` whose cell raised
        self.left_empty: set[str] = set()  # those of `stopped` whose table has no rows: there, a count is zero
        self.units = {c.name: c.unit for table in snapshot.tables for c in table.columns if c.unit}
        self.empty = {t.name: f"{t.source} has a header but no rows." for t in snapshot.tables if not t.rows}

    @classmethod
    def open(cls, snapshot: Snapshot, folder: Path, run: Run, emit: Callable[..., object]) -> "Cells":
        """A session whose first cell has loaded the tables. Raises SandboxUnavailable."""
        session = open_session(session_files(snapshot, folder))
        cells = cls(session, snapshot, run, emit)
        error = cells._execute("c0", load_cell(snapshot).code).error
        if error:
            session.close()
            raise AgentForgeError(f"The tables could not be opened: {error.name}: {error.value}")
        return cells

    def step(self, step: Step, plan: Plan, tables: Tables) -> None:
        """Run one step's cell, unless something it rests on is missing."""
        if isinstance(step, Report):
            return
        why = self._lacking(step) or self.empty.get(step.table, "")
        if why:
            self.stopped[step.id] = why
            self.emit("step", id=step.id, op=step.op, state="skipped", why=why)
            return
        self.run.check()
        self.emit("step", id=step.id, op=step.op, state="running", because=step.because)
        try:
            code = self._code(step, plan, tables)
        except InvalidPlan as error:  # such as a chart's title that refers to what is not there
            self._stop(step, error.message, failed=True)
            return
        execution = self._execute(step.id, code)
        if execution.error:
            self._stop(step, f"Its cell failed: {execution.error.name}: {execution.error.value}", failed=True)
        elif why := self._left_empty(step, plan):
            self.left_empty.add(step.id)
            self._stop(step, why, failed=False)
        else:
            self.emit("step", id=step.id, state="done", ms=round(execution.ms, 1))

    def _lacking(self, step: Step) -> str:
        """Why a step cannot run: something it reads was stopped, other than rows that only are to be counted."""
        fatal = self.stopped.keys() - (self.left_empty if counts_rows(step) else set())
        return self.stopped[min(found)] if fatal and (found := needed(step) & fatal) else ""

    def _code(self, step: Step, plan: Plan, tables: Tables) -> str:
        if not isinstance(step, Chart):
            return step_code(step, tables[step.id])
        known = names(self.snapshot)
        labels, units = axis_labels(plan, step, self.results, self.units)
        labels = {name: render(words, self.results, plan, known).text.replace('"', "") for name, words in labels.items()}
        title = render(step.title, self.results, plan, known).text
        return step_code(step.model_copy(update={"title": title}), tables[step.id], units, labels)

    def _execute(self, id: str, code: str) -> Execution:
        execution = self.session.run(code)
        error = execution.error
        self.done.append(
            Cell(
                id=id, code=code, stdout=execution.stdout, result=execution.result, ms=round(execution.ms, 1),
                error=(error.traceback or f"{error.name}: {error.value}").strip() if error else None,
                chart=execution.charts[-1] if execution.charts else None,
            )
        )  # fmt: skip
        if error is None and execution.result is not None:
            self.results[id] = execution.result
        return execution

    def _stop(self, step: Step, why: str, failed: bool) -> None:
        self.stopped[step.id] = why
        if failed:
            self.failed.add(step.id)
        self.emit("step", id=step.id, state="failed" if failed else "empty", why=why)

    def _left_empty(self, step: Step, plan: Plan) -> str:
        """Why nothing can rest on the table a step made: it has no rows."""
        if not is_empty(step, self.results.get(step.id)):
            return ""
        if isinstance(step, Filter):
            words = condition(Tale(plan, self.results), step, step.where, ("where",))
            said = render(words, self.results, plan, names(self.snapshot)).text
            return f"No row matches: {said}."
        return f"No row is left after {step.op.replace('_', ' ')}."


def is_empty(step: Step, result: Any) -> bool:
    """Whether a step made a table without rows that others cannot build on."""
    return step.op in TABLE_MAKING and not counts_rows(step) and isinstance(result, Mapping) and result.get("rows") == 0


def counts_rows(step: Step) -> bool:
    """Whether a step only counts, so that no rows at all are an answer too: zero."""
    return isinstance(step, Aggregate) and not step.by and all(m.function == "count" for m in step.measures)


def needed(step: Step) -> set[str]:
    """The ids of the steps a step reads, also those its title speaks of."""
    from shared.analysis.recompute.engine import needs  # late: it brings numpy

    told = re.findall(r"\{\{\s*([a-z][a-z0-9_]*):", step.title) if isinstance(step, Chart) else []
    return needs(step) | set(told)


def names(snapshot: Snapshot) -> set[str]:
    """Names that may be quoted in a sentence though they hold digits."""
    return {name for table in snapshot.tables for name in (table.name, *(column.name for column in table.columns))}


def refuse_unsafe(plan: Plan) -> None:
    """InvalidPlan for a `python` step with code that has no place in an analysis (the sandbox is the boundary, not this)."""
    steps = [step for step in plan.steps if isinstance(step, Python)]
    for step, findings in zip(steps, lint_cells([step.code for step in steps]), strict=True):
        if first := next((f for f in findings if f.level == "refuse"), None):
            raise InvalidPlan(f"Step {step.id} (python), line {first.line}: {first.message}", first.instead)


def session_files(snapshot: Snapshot, folder: Path) -> dict[str, Path]:
    return {table.file: folder / table.file for table in snapshot.tables}
