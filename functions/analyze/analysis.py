"""The way from files and a goal to a report. Every stage and every cell is an event of the run."""

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from functions.analyze import files, judge
from functions.analyze.cells import Cells, Tables, names, refuse_unsafe, session_files
from functions.analyze.request import AnalyzeInput, brain, require_goal
from shared import sandbox
from shared.analysis import pictures
from shared.analysis.charts import lead_charts
from shared.analysis.check import check
from shared.analysis.plan import Chart, Plan, Report, Unanswered
from shared.analysis.profile import Profile, distinct_values, profile
from shared.analysis.report import Analysis, ChartOut, receipt
from shared.analysis.snapshot import Snapshot, take_snapshot
from shared.analysis.verify import Check, Verification, verify
from shared.state.runs import Run

NOTHING_CHECKED = Verification(checks=[], sensitivities=[])


def analyze(input: AnalyzeInput, run: Run) -> Analysis:
    """Answer `input.goal` from the tables in `input.sources`, and leave everything in `run`.

    Raises BadInput and NotFound for what the caller can mend, SandboxUnavailable where nothing may be run, Cancelled. A goal
    that cannot be answered is no error: the analysis says so in `unanswered`, and its status is `unanswered`.
    """
    make_plan, goal = brain(input.brain), require_goal(input)
    sandbox.prewarm()  # its imports take as long as reading the data
    work, ms = run.folder / "work", dict[str, float]()
    started = time.perf_counter()
    with ThreadPoolExecutor(3, "analyze") as pool:
        drawing = pool.submit(pictures.prewarm)
        try:
            with _stage(run, ms, "snapshot"):
                snapshot = take_snapshot([_source(source) for source in input.sources], work)
            saved = pool.submit(files.save_snapshot, run, snapshot, work)
            with _stage(run, ms, "profile"):
                found = profile(snapshot, work)
            run.check()
            with _stage(run, ms, "plan"):
                plan = input.plan or make_plan(goal, input.outputs, found, _values(snapshot, found, work), list(map(_name, input.sources)))
                plan, tables = _checked(plan, goal, snapshot)
            run.emit("plan", steps=[{"id": s.id, "op": s.op, "because": s.because} for s in plan.steps if s.op != "report"])
            analysis, pngs = _carry_out(plan, tables, snapshot, work, run, ms, pool, drawing)
            ms["total"] = (time.perf_counter() - started) * 1000
            analysis.receipt.ms |= {"total": round(ms["total"], 1)}
            saved.result()
            files.save_pictures(run, analysis, pngs)
            files.save_texts(run, analysis, snapshot)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return analysis


def plan_only(input: AnalyzeInput, folder: Path) -> Plan:
    """The checked plan `analyze` would run. `folder` is for the snapshot."""
    make_plan, goal = brain(input.brain), require_goal(input)
    snapshot = take_snapshot([_source(source) for source in input.sources], folder)
    found = profile(snapshot, folder)
    plan = input.plan or make_plan(goal, input.outputs, found, _values(snapshot, found, folder), list(map(_name, input.sources)))
    return _checked(plan, goal, snapshot)[0]


def _carry_out(
    plan: Plan, tables: Tables, snapshot: Snapshot, work: Path, run: Run, ms: dict[str, float], pool: ThreadPoolExecutor, drawing: "Future[None]"
) -> tuple[Analysis, dict[str, bytes]]:
    """Cells, verification, words and pictures. The PNGs are by file name."""
    cells, level, checked = None, "none: there was nothing to run", None
    verification = NOTHING_CHECKED
    if any(step.op != "report" for step in plan.steps):
        with _stage(run, ms, "cells"), sandbox.open_session(session_files(snapshot, work)) as session:
            level = session.level
            cells = Cells(session, snapshot, run)
            cells.load()
            for step in plan.steps:
                if step.op != "chart":
                    cells.step(step, plan, tables)
            checked = pool.submit(_verified, plan, snapshot, work, dict(cells.results))
            plan, tables = _with_charts(plan, tables, snapshot, cells.results)
            for step in plan.steps:
                if isinstance(step, Chart):
                    cells.step(step, plan, tables)
    done, results, stopped = (cells.done, cells.results, cells.stopped) if cells else ([], {}, {})
    order = {step.id: i for i, step in enumerate(plan.steps)}
    done = sorted(done, key=lambda cell: order.get(cell.id, -1))
    drawing.result()
    charts = {cell.id: cell.chart for cell in done if cell.chart is not None}
    images = {id: pool.submit(pictures.render_png, spec) for id, spec in charts.items()}
    if checked is not None:
        with _stage(run, ms, "verify"):
            verification = checked.result()
    with _stage(run, ms, "report"):
        missing = {**stopped, **judge.withheld(plan, verification)}
        told = judge.tell(plan, results, verification, missing, names(snapshot))
        given, lacking = judge.outputs(plan, results, missing)
        unanswered = _once([*plan.unanswered, *lacking, *judge.steps_unanswered(plan, missing, lacking)])
        status = judge.judge(told, given, unanswered, plan, cells.failed if cells else set())
        pngs = {f"charts/{id}.png": image.result() for id, image in images.items()}
    analysis = Analysis(
        run_id=run.id, status=status, brain=plan.brain, goal=plan.goal, plan=plan, notes=snapshot.notes, cells=done, findings=told,
        outputs=given, unanswered=unanswered, verification=verification,
        charts=[ChartOut(title=_title(spec), spec=spec, png=f"charts/{id}.png") for id, spec in charts.items() if id not in missing],
        receipt=receipt(snapshot, plan, done, level, ms),
    )  # fmt: skip
    return analysis, {chart.png: pngs[chart.png] for chart in analysis.charts}


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
        checks = [Check(step=step.id, status="not recomputed", engine="", why=why) for step in plan.steps if step.op not in ("chart", "report")]
        return Verification(checks=checks, sensitivities=[])


def _values(snapshot: Snapshot, found: Profile, work: Path) -> Any:
    """Column → its distinct values, for a brain that wants to know them; None when there are too many."""
    table = found.tables[0]
    columns = {column.name: column for column in table.columns}

    @cache
    def values(name: str) -> list[str] | None:
        column = columns[name]
        if column.type == "VARCHAR" and column.distinct == len(column.top):
            return sorted(str(value) for value, _ in column.top)
        return distinct_values(snapshot, work, table.name, name)

    return values


def _source(source: str) -> Path | BinaryIO:
    return sys.stdin.buffer if source == "-" else Path(source)


def _name(source: str) -> str:
    return Path(source).name


def _title(spec: Mapping[str, Any]) -> str:
    """A chart's title as its picture has it."""
    title = spec.get("title", "")
    text = title.get("text", "") if isinstance(title, Mapping) else title
    return " ".join(text) if isinstance(text, list) else str(text)


def _once(unanswered: list[Unanswered]) -> list[Unanswered]:
    return list({(u.what, u.why): u for u in unanswered}.values())


@contextmanager
def _stage(run: Run, ms: dict[str, float], name: str) -> Iterator[None]:
    run.emit("stage", name=name)
    started = time.perf_counter()
    yield
    ms[name] = (time.perf_counter() - started) * 1000
