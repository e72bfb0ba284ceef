"""The main job end to end: files and a plan (or a goal) in, a checked answer and a replayable record out."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from functions.analyze import AnalyzeInput
from functions.analyze import analysis as the_way
from functions.analyze.again import replay
from functions.analyze.files import load_analysis
from functions.work import start
from functions.worker import work_through
from shared.analysis.outcome import Analysis
from shared.analysis.plan import Plan
from shared.analysis.verify import verify
from shared.errors import BadInput, RecordDamaged
from shared.state import runs
from shared.state.datasets import save_dataset
from shared.state.run import artifact_key, read_artifact
from shared.state.runs import Reader, RunLog
from shared.state.store import Store
from shared.state.verify import verify_run

SHOPS = """city,year,sales,cost,note
Oslo,2020,10.5,4,ok
Oslo,2021,12.25,5,ok
Rome,2020,7,,ok
Rome,2021,9,6,late
Lima,2020,3,2,ok
Lima,2021,4,1,ok
"""
MEANS = {
    "id": "c1",
    "op": "aggregate",
    "by": ["city"],
    "measures": [{"name": "mean_sales", "function": "mean", "column": "sales"}],
}


def work(store: Store, input: dict[str, Any] | AnalyzeInput) -> RunLog:
    """Open a run of `analyze`, work on it here, and read what became of it."""
    opened = start(store, "analyze", input)
    work_through(store, opened.ref)
    return runs.load(store, opened.id)


def told(log: RunLog) -> Analysis:
    analysis = load_analysis(log)
    assert analysis is not None, log.state.error
    return analysis


def do(store: Store, steps: list[dict[str, Any]], text: str = SHOPS, **input: Any) -> tuple[Analysis, RunLog]:
    """Analyse `text` as a CSV by a plan of `steps`."""
    Path("shops.csv").write_text(text)
    log = work(store, {"sources": ["shops.csv"], "plan": {"goal": "How do the shops compare?", "steps": steps}, **input})
    return told(log), log


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(*outputs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"id": "r", "op": "report", "outputs": [{"name": name, "ref": ref} for name, ref in outputs], **more}


def test_an_answer_with_all_that_belongs_to_it(store: Store) -> None:
    analysis, run = do(store, [MEANS, report(("means", "c1:/groups/*/mean_sales"), lead="c1")])
    assert analysis.status == "succeeded"
    assert analysis.outputs == {"means": {"Lima": 3.5, "Oslo": 11.375, "Rome": 8.0}}
    assert "11.38" in analysis.findings[0].text or "11.375" in analysis.findings[0].text
    assert {value.cell for value in analysis.findings[0].values} == {"c1"}
    assert [check.status for check in analysis.verification.checks] == ["agrees"]
    (chart,) = analysis.charts
    assert "Oslo" in chart.title
    assert read_artifact(run, chart.png).startswith(b"\x89PNG")
    assert json.loads(read_artifact(run, "charts/chart1.vl.json")) == chart.spec
    assert Plan.model_validate_json(read_artifact(run, "plan.json")) == analysis.plan
    names = {
        "report.html",
        "report.md",
        "notebook.ipynb",
        "plan.json",
        "receipt.json",
        "data.parquet",
        "snapshot.json",
        "analysis.json",
    }
    assert names <= set(run.state.artifacts)
    assert run.state.state == "succeeded" and run.state.output["outputs"] == analysis.outputs
    assert verify_run(store, run.id) == []


def test_the_receipt_names_what_was_run_on_what(store: Store) -> None:
    analysis, _ = do(store, [MEANS])
    receipt = analysis.receipt
    assert receipt.data[0].sha256 == hashlib.sha256(SHOPS.encode()).hexdigest()
    assert receipt.data[0].rows == 6 and "seccomp" in receipt.sandbox
    assert {"snapshot", "profile", "plan", "cells", "verify", "report", "total"} == set(receipt.ms)
    assert receipt.requests["control"] and receipt.requests["data"] and receipt.requests_usd > 0
    again, _ = do(store, [MEANS])
    assert (again.receipt.code_sha256, again.receipt.snapshot_sha256s) == (receipt.code_sha256, receipt.snapshot_sha256s)


def test_every_stage_and_step_is_an_event(store: Store) -> None:
    _, run = do(store, [MEANS])
    reader = Reader(store, "local", run.id)
    reader.read_on()
    entries = [event for entry in reader.take() for event in entry.events]
    assert [e.data["name"] for e in entries if e.kind == "stage"] == ["snapshot", "profile", "plan", "cells", "verify", "report"]
    assert [(e.data["id"], e.data["state"]) for e in entries if e.kind == "step"] == [
        ("c1", "running"), ("c1", "done"), ("chart1", "running"), ("chart1", "done")
    ]  # fmt: skip


def test_no_matching_row_leaves_what_depends_on_it_unanswered(store: Store) -> None:
    nobody = {"id": "c2", "op": "filter", "where": {"column": "city", "op": "==", "value": "Paris"}}
    of_nobody = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "m", "function": "mean", "column": "sales"}]}
    analysis, run = do(store, [nobody, of_nobody, report(("paris", "c3:/m"))])
    assert replay(store, run.id).same
    assert analysis.status == "unanswered" and analysis.outputs == {} and analysis.findings == []
    assert analysis.unanswered[0].what == "paris"
    assert "No row matches" in analysis.unanswered[0].why and "Paris" in analysis.unanswered[0].why
    partly, _ = do(store, [MEANS, nobody, of_nobody, report(("paris", "c3:/m"), ("means", "c1:/groups/*/mean_sales"))])
    assert partly.status == "partial" and list(partly.outputs) == ["means"] and len(partly.unanswered) == 1


def test_no_matching_row_is_an_answer_to_how_many(store: Store) -> None:
    nobody = {"id": "c2", "op": "filter", "where": {"column": "city", "op": "==", "value": "Paris"}}
    count = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "shops", "function": "count"}]}
    analysis, _ = do(store, [nobody, count, report(("shops", "c3:/shops"), lead="c3")])
    assert analysis.status == "succeeded" and analysis.outputs == {"shops": 0}


def test_a_cell_that_raises_stops_what_depends_on_it(store: Store) -> None:
    cast = {"id": "c2", "op": "cast", "column": "note", "to": "number", "on_error": "fail"}
    total = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "m", "function": "sum", "column": "note"}]}
    analysis, run = do(store, [cast, total, report(("total", "c3:/m"))])
    assert analysis.status == "failed" and run.state.state == "failed"
    assert "failed" in analysis.unanswered[0].why
    assert [cell.id for cell in analysis.cells] == ["c0", "c2"] and analysis.cells[1].error
    assert "report.html" in run.state.artifacts
    partly, _ = do(store, [cast, total, MEANS, report(("total", "c3:/m"), ("means", "c1:/groups/*/mean_sales"))])
    assert partly.status == "partial" and "means" in partly.outputs


def test_a_number_on_which_the_engines_differ_is_withheld(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_wrong_cell(plan: Plan, snapshot: Any, folder: Path, results: dict[str, Any]) -> Any:
        results["c1"]["groups"]["Oslo"]["mean_sales"] += 1
        return verify(plan, snapshot, folder, results)

    monkeypatch.setattr(the_way, "verify", with_a_wrong_cell)
    top = {"id": "c2", "op": "rank", "table": "c1", "by": "mean_sales", "label": ["city"]}
    count = {"id": "c3", "op": "aggregate", "measures": [{"name": "n_rows", "function": "count"}]}
    steps = [MEANS, top, count, report(("oslo", "c1:/groups/Oslo/mean_sales"), ("shops", "c3:/n_rows"), lead="c1")]
    analysis, _ = do(store, steps)
    assert analysis.outputs == {"shops": 6}
    assert "withheld" in analysis.unanswered[0].why and analysis.unanswered[0].what == "oslo"
    assert all(value.cell != "c1" for finding in analysis.findings for value in finding.values)
    assert analysis.status == "partial" and analysis.charts == []
    own = {"id": "c2", "op": "chart", "kind": "histogram", "x": "sales", "title": "Oslo: {{c1:/groups/Oslo/mean_sales}}"}
    assert do(store, [MEANS, own])[0].charts == []  # its title tells the number


def test_an_output_without_a_value_says_why(store: Store) -> None:
    flat = {"id": "c1", "op": "correlate", "x": "a", "y": "b"}
    analysis, _ = do(store, [flat, report(("r_ab", "c1:/r"), ("pairs", "c1:/n"))], "a,b\n1,5\n2,5\n3,5\n")
    assert analysis.outputs == {"pairs": 3} and analysis.status == "partial"
    assert analysis.unanswered[0].what == "r_ab" and "no value" in analysis.unanswered[0].why


def test_a_python_step_is_read_before_it_is_run(store: Store) -> None:
    Path("shops.csv").write_text(SHOPS)
    steps = [{"id": "c1", "op": "python", "code": "import subprocess\n1"}]
    refused = work(store, {"sources": ["shops.csv"], "plan": {"steps": steps}}).state
    assert refused.state == "failed" and refused.attempt == 1
    assert refused.error and refused.error["code"] == "invalid_plan" and "subprocess" in refused.error["message"]
    analysis, _ = do(store, [{"id": "c1", "op": "python", "code": "{'twice': 2 * db.execute('SELECT sum(sales) FROM data').fetchone()[0]}"},
                             report(("twice", "c1:/twice"))])  # fmt: skip
    assert analysis.outputs == {"twice": 91.5}
    assert analysis.verification.checks[0].status == "not recomputed"


CHARTS: dict[str, tuple[dict[str, Any], str | None]] = {
    "groups": ({**MEANS}, "bar"),
    "groups over time": ({**MEANS, "by": ["year"]}, "bar"),
    "trend": ({"op": "trend", "time": "year", "value": "sales", "function": "sum"}, "line"),
    "two numbers": ({"op": "correlate", "x": "sales", "y": "cost"}, "scatter"),
    "strongest of many": ({"op": "correlate", "columns": ["sales", "cost", "year"]}, "scatter"),
    "one number": ({"op": "aggregate", "measures": [{"name": "s", "function": "skew", "column": "sales"}]}, "histogram"),
    "outliers": ({"op": "outliers", "columns": ["sales"]}, "histogram"),
    "ranking": ({"op": "rank", "by": "sales", "label": ["city"], "k": 3}, "bar"),
    "test": ({"op": "test", "kind": "t_test", "column": "sales", "by": "city", "groups": ["Oslo", "Lima"]}, "box"),
    "categories": ({"op": "test", "kind": "chi_square", "column": "note", "by": "city"}, "heatmap"),
    "what goes with it": ({"op": "associate", "target": "sales"}, None),
    "a condition": ({"op": "filter", "where": {"column": "city", "op": "==", "value": "Oslo"}}, "bar"),
    "overview": ({"op": "summarize"}, None),
}


@pytest.mark.parametrize("name", CHARTS)
def test_the_chart_follows_the_answer(store: Store, name: str) -> None:
    step, kind = CHARTS[name]
    analysis, _ = do(store, [{**step, "id": "c1"}, report(lead="c1")])
    assert [cell.error for cell in analysis.cells] == [None] * len(analysis.cells)
    chosen = [step.kind for step in analysis.plan.steps if step.op == "chart"]
    assert chosen and len(chosen) == len(analysis.charts)
    assert kind is None or chosen == [kind]


def test_a_plan_with_charts_gets_no_others(store: Store) -> None:
    drawn = {
        "id": "c2",
        "op": "chart",
        "kind": "bar",
        "table": "c1",
        "x": "city",
        "y": "mean_sales",
        "title": "Oslo: {{c1:/groups/Oslo/mean_sales}}",
    }
    analysis, _ = do(store, [MEANS, drawn])
    assert [chart.title for chart in analysis.charts] == ["Oslo: 11.38"]


def test_replay_gives_the_same_and_changed_records_are_refused(store: Store) -> None:
    _, run = do(store, [MEANS, {"id": "c2", "op": "correlate", "x": "sales", "y": "cost"}])
    again = replay(store, run.id)
    assert again.same and again.charts == 1 and again.cells == 4, again.differences
    path = Path(store.location(artifact_key(run, "analysis.json")))
    path.write_bytes(path.read_bytes().replace(b"11.375", b"11.376"))
    with pytest.raises(RecordDamaged, match="changed"):
        replay(store, run.id)
    with pytest.raises(BadInput):
        replay(store, start(store, "analyze", {"sources": ["x.csv"]}).id)


def test_a_cancelled_run_is_recorded_as_cancelled(store: Store) -> None:
    Path("shops.csv").write_text(SHOPS)
    run = start(store, "analyze", {"sources": ["shops.csv"], "plan": {"steps": [MEANS]}})

    def cancel(event: Any) -> None:
        if event.kind == "stage" and event.data["name"] == "profile":
            entries = runs.cancel(store, run.id).entries
            until = time.monotonic() + 20
            while runs.load(store, run.id).length == entries and time.monotonic() < until:
                time.sleep(0.02)  # until the worker writes again, and so finds out

    assert work_through(store, run.ref, cancel).state == "cancelled"
    assert load_analysis(runs.load(store, run.id)) is None and verify_run(store, run.id) == []


def test_what_nobody_understood_still_leaves_a_report(store: Store) -> None:
    Path("shops.csv").write_text(SHOPS)
    run = work(store, {"sources": ["shops.csv"], "goal": "Which of the managers is on holiday in Peru?"})
    analysis = told(run)
    assert analysis.status == "unanswered" and analysis.unanswered and analysis.cells == [] and analysis.charts == []
    assert analysis.unanswered[0].why in read_artifact(run, "report.md").decode().replace("\\", "")
    assert replay(store, run.id).same


def test_a_dataset_in_the_store_is_a_source_too(store: Store) -> None:
    Path("the shops.csv").write_text(SHOPS)
    reference = save_dataset(store, Path("the shops.csv"))
    Path("the shops.csv").unlink()
    analysis = told(work(store, {"sources": [reference], "goal": "average sales by city"}))
    assert analysis.outputs == {"answer": {"Lima": 3.5, "Oslo": 11.375, "Rome": 8.0}}
    assert analysis.receipt.data[0].sha256 == hashlib.sha256(SHOPS.encode()).hexdigest()


def test_several_files_are_one_table_when_they_have_the_same_columns(store: Store) -> None:
    for name in ("north", "south"):
        Path(f"{name}.csv").write_text(SHOPS)
    count = {"id": "c1", "op": "aggregate", "by": ["source_file"], "measures": [{"name": "n_rows", "function": "count"}]}
    plan = {"steps": [count, report(("rows", "c1:/groups/*/n_rows"))]}
    run = work(store, {"sources": ["north.csv", "south.csv"], "plan": plan})
    assert told(run).outputs == {"rows": {"north.csv": 6, "south.csv": 6}}


@pytest.mark.parametrize(("input", "said"), [({"brain": "oracle", "goal": "x"}, "builtin"), ({"goal": "  "}, "empty")])
def test_what_is_asked_wrongly_is_recorded_with_a_hint(store: Store, input: dict[str, Any], said: str) -> None:
    Path("shops.csv").write_text(SHOPS)
    state = work(store, {"sources": ["shops.csv"], **input}).state
    assert state.state == "failed" and state.attempt == 1
    assert state.error and state.error["code"] == "bad_input" and state.error["status"] == 422
    assert said in state.error["message"] + state.error["hint"]


def test_input_of_another_form_opens_no_run(store: Store) -> None:
    for input in ({"sources": []}, {"goal": "x"}, {"sources": ["x"], "gaol": "y"}):
        with pytest.raises(BadInput, match="input of analyze"):
            start(store, "analyze", input)
    assert runs.list_runs(store) == []


def test_what_changed_most_is_drawn_as_bars_of_the_groups(store: Store) -> None:
    rows = [f"{year},{place},{value + step * (year - 2000)}" for year in (2000, 2010) for place, value, step in (("North", 5, 1), ("South", 9, 3), ("East", 7, 2))]
    Path("yields.csv").write_text("year,place,yield\n" + "\n".join(rows) + "\n")
    goal = "Which place's yield grew the most between 2000 and 2010?"
    found = told(work(store, AnalyzeInput(sources=["yields.csv"], goal=goal)))
    assert found.outputs == {"answer": "South"}
    text = json.dumps(found.charts[0].spec)
    assert '"bar"' in text and '"place"' in text and '"bin"' not in text
