"""The way from files and a goal to a report. Every stage and every cell is an event of the run."""

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from functions.analyze import files, judge
from functions.analyze.cells import Cells, Tables, names, refuse_unsafe
from functions.analyze.request import AnalyzeInput, brain, require_goal
from shared import sandbox
from shared.analysis import pictures
from shared.analysis.charts import lead_charts
from shared.analysis.check import check
from shared.analysis.outcome import Analysis, ChartOut, receipt
from shared.analysis.plan import Chart, Plan, Report, Unanswered
from shared.analysis.profile import distinct_values, profile
from shared.analysis.profiled import Profile
from shared.analysis.snapshot import Snapshot, take_snapshot
from shared.analysis.verify import Check, Verification, verify
from shared.state.datasets import fetch_source
from shared.state.run import Run


def answer(input: AnalyzeInput, run: Run) -> Analysis:
    """The work of `analyze`, which says what it raises."""
    brain(input.brain), require_goal(input)  # before anything costs time
    sandbox.prewarm()  # its imports take as long as reading the data
    work, ms, started, emit = run.scratch / "work", dict[str, float](), time.perf_counter(), run.emit
    with ThreadPoolExecutor(4, "analyze") as pool, ExitStack() as closing:
        warming = pool.submit(_warm_up)
        with _stage(emit, ms, "snapshot"):
            snapshot = take_snapshot([_source(source, run) for source in input.sources], work)
        saved = pool.submit(files.save_snapshot, run, snapshot, work)
        opened = pool.submit(Cells.open, snapshot, work, run, emit)  # loads the tables while we think
        closing.callback(_close, opened)
        with _stage(emit, ms, "profile"):
            found = profile(snapshot, work)
        run.check()
        with _stage(emit, ms, "plan"):
            plan, tables = _planned(input, snapshot, found, work)
        emit("plan", steps=[{"id": s.id, "op": s.op, "because": s.because} for s in plan.steps if s.op != "report"])
        with _stage(emit, ms, "cells"):
            cells = opened.result()
            plan, verifying = _run_steps(cells, plan, tables, pool, work)
            pool.submit(cells.session.close)
            warming.result()
            images = {cell.id: pool.submit(pictures.render_png, cell.chart) for cell in cells.done if cell.chart is not None}
        with _stage(emit, ms, "verify"):
            verification = verifying.result()
        with _stage(emit, ms, "report"):
            analysis = _told(plan, cells, verification, ms)
            pngs = {f"charts/{id}.png": image.result() for id, image in images.items()}
        analysis.receipt.ms |= {"report": round(ms["report"], 1), "total": round((time.perf_counter() - started) * 1000, 1)}
        saved.result()
        files.save_results(run, analysis, pngs, snapshot)
    return analysis


def _warm_up() -> None:
    """Start Vega, and import what the end of an analysis needs, while other things are waited for."""
    pictures.prewarm()
    for module in ("shared.analysis.recompute.engine", "jinja2", "pygments.formatters.html", "pygments.lexers.python"):
        importlib.import_module(module)


def plan_only(input: AnalyzeInput, folder: Path) -> Plan:
    """The checked plan `analyze` would run. `folder` is for the snapshot."""
    brain(input.brain), require_goal(input)
    snapshot = take_snapshot([_source(source) for source in input.sources], folder)
    return _planned(input, snapshot, profile(snapshot, folder), folder)[0]


def _planned(input: AnalyzeInput, snapshot: Snapshot, found: Profile, folder: Path) -> tuple[Plan, Tables]:
    """The given plan, or a brain's, checked."""
    goal = require_goal(input)
    if input.plan is not None:
        return _checked(input.plan, goal, snapshot)
    sources = [Path(source).name for source in input.sources]
    return _checked(brain(input.brain)(goal, input.outputs, found, _values(snapshot, found, folder), sources), goal, snapshot)


def _run_steps(
    cells: Cells, plan: Plan, tables: Tables, pool: ThreadPoolExecutor, work: Path
) -> "tuple[Plan, Future[Verification]]":
    """Run all cells; the second engine starts before the charts. Returns the plan with the charts it was given."""
    for step in plan.steps:
        if not isinstance(step, Chart):
            cells.step(step, plan, tables)
    verifying = pool.submit(_verified, plan, cells.snapshot, work, dict(cells.results))
    plan, tables = _with_charts(plan, tables, cells.snapshot, cells.results)
    for step in plan.steps:
        if isinstance(step, Chart):
            cells.step(step, plan, tables)
    return plan, verifying


def _told(plan: Plan, cells: Cells, verification: Verification, ms: Mapping[str, float]) -> Analysis:
    """What may be said of what was computed."""
    order = {step.id: i for i, step in enumerate(plan.steps)}
    done = sorted(cells.done, key=lambda cell: order.get(cell.id, -1)) if len(cells.done) > 1 else []  # loading alone is no cell
    missing = {**cells.stopped, **judge.withheld(plan, verification)}
    told = judge.tell(plan, cells.results, verification, missing, names(cells.snapshot))
    given, lacking = judge.outputs(plan, cells.results, missing)
    unanswered = _once([*plan.unanswered, *lacking, *judge.steps_unanswered(plan, missing, lacking)])
    charts = [cell for cell in done if cell.chart is not None and cell.id not in missing]
    return Analysis(
        run_id=cells.run.id, status=judge.judge(told, given, unanswered, plan, cells.failed), brain=plan.brain, goal=plan.goal, plan=plan,
        notes=cells.snapshot.notes, cells=done, findings=told, outputs=given, unanswered=unanswered, verification=verification,
        charts=[ChartOut(title=_title(cell.chart or {}), spec=cell.chart or {}, png=f"charts/{cell.id}.png") for cell in charts],
        receipt=receipt(cells.snapshot, plan, done, cells.session.level, ms),
    )  # fmt: skip


def _close(opened: "Future[Cells]") -> None:
    if opened.exception() is None:
        opened.result().session.close()


def _checked(plan: Plan, goal: str, snapshot: Snapshot) -> tuple[Plan, Tables]:
    """The plan with its goal and a report, type-checked: the tables each step can see."""
    if plan.report is None:
        plan = plan.model_copy(update={"steps": [*plan.steps, Report(id="report")]})
    plan = plan.model_copy(update={"goal": plan.goal or goal})
    tables = check(plan, {t.name: {c.name: c.type for c in t.columns} for t in snapshot.tables})
    refuse_unsafe(plan)
    return plan, tables


def _with_charts(plan: Plan, tables: Tables, snapshot: Snapshot, results: Mapping[str, Any]) -> tuple[Plan, Tables]:
    """The plan with charts for its answer before the report, if it has none of its own."""
    if any(isinstance(step, Chart) for step in plan.steps) or plan.report is None:
        return plan, tables
    charts = lead_charts(plan, tables[plan.report.id], results)
    if not charts:
        return plan, tables
    return _checked(plan.model_copy(update={"steps": [*plan.steps[:-1], *charts, plan.steps[-1]]}), "", snapshot)


def _verified(plan: Plan, snapshot: Snapshot, work: Path, results: Mapping[str, Any]) -> Verification:
    """The second engine's verdict; a fault of its own is said for every step, and costs nobody the answer."""
    try:
        return verify(plan, snapshot, work, results)
    except Exception as error:
        why = f"the second engine failed ({type(error).__name__})"
        checks = [
            Check(step=step.id, status="not recomputed", engine="", why=why)
            for step in plan.steps
            if step.op not in ("chart", "report")
        ]
        return Verification(checks=checks, sensitivities=[])


def _values(snapshot: Snapshot, found: Profile, folder: Path) -> Callable[[str, str], list[str] | None]:
    """Table, column → its distinct values, for a brain that wants to know them; None when there are too many."""
    columns = {(table.name, column.name): column for table in found.tables for column in table.columns}

    @cache
    def values(table: str, name: str) -> list[str] | None:
        column = columns[table, name]
        if column.type == "VARCHAR" and column.distinct == len(column.top):
            return sorted(str(value) for value, _ in column.top)
        return distinct_values(snapshot, folder, table, name)

    return values


def _source(source: str, run: Run | None = None) -> Path | BinaryIO:
    if source == "-":
        return sys.stdin.buffer
    return fetch_source(run.store, source, run.workspace, run.scratch / "sources") if run else Path(source)


def _title(spec: Mapping[str, Any]) -> str:
    """A chart's title as its picture has it."""
    title = spec.get("title", "")
    text = title.get("text", "") if isinstance(title, Mapping) else title
    return " ".join(text) if isinstance(text, list) else str(text)


def _once(unanswered: list[Unanswered]) -> list[Unanswered]:
    return list({(u.what, u.why): u for u in unanswered}.values())


@contextmanager
def _stage(emit: Callable[..., object], ms: dict[str, float], name: str) -> Iterator[None]:
    emit("stage", name=name)
    started = time.perf_counter()
    yield
    ms[name] = (time.perf_counter() - started) * 1000
