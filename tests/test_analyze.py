"""The main job end to end: files and a plan (or a goal) in, a checked answer and a replayable record out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from functions.analyze import AnalyzeInput, replay
from functions.analyze import analysis as the_way
from functions.work import work
from shared.analysis.outcome import Analysis
from shared.analysis.plan import Plan
from shared.analysis.verify import verify
from shared.errors import AgentForgeError, BadInput, InvalidPlan, RecordDamaged
from shared.state import runs
from shared.state.runs import Cancelled, Run

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


def do(store: Path, steps: list[dict[str, Any]], text: str = SHOPS, **input: Any) -> tuple[Analysis, Run]:
    """Analyse `text` as a CSV by a plan of `steps`."""
    store.mkdir(exist_ok=True)
    table = store / "shops.csv"
    table.write_text(text)
    plan = {"goal": "How do the shops compare?", "steps": steps}
    request = AnalyzeInput.model_validate({"sources": [str(table)], "plan": plan, **input})
    run = runs.open_run(store, "analyze", request.model_dump(mode="json", exclude_defaults=True))
    return work(run), run


def report(*outputs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"id": "r", "op": "report", "outputs": [{"name": name, "ref": ref} for name, ref in outputs], **more}


def test_an_answer_with_all_that_belongs_to_it(store: Path) -> None:
    analysis, run = do(store, [MEANS, report(("means", "c1:/groups/*/mean_sales"), lead="c1")])
    assert analysis.status == "succeeded"
    assert analysis.outputs == {"means": {"Lima": 3.5, "Oslo": 11.375, "Rome": 8.0}}
    assert "11.38" in analysis.findings[0].text or "11.375" in analysis.findings[0].text
    assert {value.cell for value in analysis.findings[0].values} == {"c1"}
    assert [check.status for check in analysis.verification.checks] == ["agrees"]
    (chart,) = analysis.charts
    assert "Oslo" in chart.title
    made = run.folder / "artifacts"
    assert (made / chart.png).read_bytes().startswith(b"\x89PNG")
    assert json.loads((made / "charts/chart1.vl.json").read_text()) == chart.spec
    assert Analysis.model_validate_json((made / "analysis.json").read_bytes()) == analysis
    assert Plan.model_validate_json((made / "plan.json").read_bytes()) == analysis.plan
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
    assert runs.verify(store, run.id) == []
    assert not (run.folder / "work").exists()


def test_the_receipt_names_what_was_run_on_what(store: Path) -> None:
    analysis, _ = do(store, [MEANS])
    receipt = analysis.receipt
    assert receipt.data[0].sha256 == hashlib.sha256(SHOPS.encode()).hexdigest()
    assert receipt.data[0].rows == 6 and receipt.sandbox.startswith("process+seccomp")
    assert {"snapshot", "profile", "plan", "cells", "verify", "report", "total"} == set(receipt.ms)
    again, _ = do(store, [MEANS])
    assert (again.receipt.code_sha256, again.receipt.snapshot_sha256s) == (receipt.code_sha256, receipt.snapshot_sha256s)


def test_every_stage_and_step_is_an_event(store: Path) -> None:
    _, run = do(store, [MEANS])
    entries = run.entries
    assert [e.data["name"] for e in entries if e.kind == "stage"] == ["snapshot", "profile", "plan", "cells", "verify", "report"]
    assert [(e.data["id"], e.data["state"]) for e in entries if e.kind == "step"] == [
        ("c1", "running"), ("c1", "done"), ("chart1", "running"), ("chart1", "done")
    ]  # fmt: skip


def test_no_matching_row_leaves_what_depends_on_it_unanswered(store: Path) -> None:
    nobody = {"id": "c2", "op": "filter", "where": {"column": "city", "op": "==", "value": "Paris"}}
    of_nobody = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "m", "function": "mean", "column": "sales"}]}
    analysis, run = do(store, [nobody, of_nobody, report(("paris", "c3:/m"))])
    assert replay(store, run.id).same
    assert analysis.status == "unanswered" and analysis.outputs == {} and analysis.findings == []
    assert analysis.unanswered[0].what == "paris"
    assert "No row matches" in analysis.unanswered[0].why and "Paris" in analysis.unanswered[0].why
    partly, _ = do(store, [MEANS, nobody, of_nobody, report(("paris", "c3:/m"), ("means", "c1:/groups/*/mean_sales"))])
    assert partly.status == "partial" and list(partly.outputs) == ["means"] and len(partly.unanswered) == 1


def test_no_matching_row_is_an_answer_to_how_many(store: Path) -> None:
    nobody = {"id": "c2", "op": "filter", "where": {"column": "city", "op": "==", "value": "Paris"}}
    count = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "shops", "function": "count"}]}
    analysis, _ = do(store, [nobody, count, report(("shops", "c3:/shops"), lead="c3")])
    assert analysis.status == "succeeded" and analysis.outputs == {"shops": 0}


def test_a_cell_that_raises_stops_what_depends_on_it(store: Path) -> None:
    cast = {"id": "c2", "op": "cast", "column": "note", "to": "number", "on_error": "fail"}
    total = {"id": "c3", "op": "aggregate", "table": "c2", "measures": [{"name": "m", "function": "sum", "column": "note"}]}
    analysis, run = do(store, [cast, total, report(("total", "c3:/m"))])
    assert analysis.status == "failed" and run.state.state == "failed"
    assert "failed" in analysis.unanswered[0].why
    assert [cell.id for cell in analysis.cells] == ["c0", "c2"] and analysis.cells[1].error
    assert "report.html" in run.state.artifacts
    partly, _ = do(store, [cast, total, MEANS, report(("total", "c3:/m"), ("means", "c1:/groups/*/mean_sales"))])
    assert partly.status == "partial" and "means" in partly.outputs


def test_a_number_on_which_the_engines_differ_is_withheld(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_an_output_without_a_value_says_why(store: Path) -> None:
    flat = {"id": "c1", "op": "correlate", "x": "a", "y": "b"}
    analysis, _ = do(store, [flat, report(("r_ab", "c1:/r"), ("pairs", "c1:/n"))], "a,b\n1,5\n2,5\n3,5\n")
    assert analysis.outputs == {"pairs": 3} and analysis.status == "partial"
    assert analysis.unanswered[0].what == "r_ab" and "no value" in analysis.unanswered[0].why


def test_a_python_step_is_read_before_it_is_run(store: Path) -> None:
    with pytest.raises(InvalidPlan, match="subprocess"):
        do(store, [{"id": "c1", "op": "python", "code": "import subprocess\n1"}])
    assert runs.list_runs(store)[0].state == "failed"
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
def test_the_chart_follows_the_answer(store: Path, name: str) -> None:
    step, kind = CHARTS[name]
    analysis, _ = do(store, [{**step, "id": "c1"}, report(lead="c1")])
    assert [cell.error for cell in analysis.cells] == [None] * len(analysis.cells)
    chosen = [step.kind for step in analysis.plan.steps if step.op == "chart"]
    assert chosen and len(chosen) == len(analysis.charts)
    assert kind is None or chosen == [kind]


def test_a_plan_with_charts_gets_no_others(store: Path) -> None:
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


def test_replay_gives_the_same_and_changed_records_are_refused(store: Path) -> None:
    _, run = do(store, [MEANS, {"id": "c2", "op": "correlate", "x": "sales", "y": "cost"}])
    again = replay(store, run.id)
    assert again.same and again.charts == 1 and again.cells == 4, again.differences
    path = run.folder / "artifacts" / "analysis.json"
    path.write_bytes(path.read_bytes().replace(b"11.375", b"11.376"))
    with pytest.raises(RecordDamaged, match="changed"):
        replay(store, run.id)
    with pytest.raises(BadInput):
        replay(store, runs.open_run(store, "analyze", {"sources": ["x.csv"]}).id)


def test_a_cancelled_run_is_recorded_as_cancelled(store: Path) -> None:
    store.mkdir()
    (store / "shops.csv").write_text(SHOPS)
    request = {"sources": [str(store / "shops.csv")], "plan": {"steps": [MEANS]}}

    def cancel(entry: Any) -> None:
        if entry.kind == "stage" and entry.data["name"] == "profile":
            runs.cancel(store, run.id)

    run = runs.open_run(store, "analyze", request)
    run.on_event = cancel
    with pytest.raises(Cancelled):
        work(run)
    assert runs.load_run(store, run.id).state.state == "cancelled"


def test_what_nobody_understood_still_leaves_a_report(store: Path) -> None:
    store.mkdir()
    (store / "shops.csv").write_text(SHOPS)
    run = runs.open_run(
        store, "analyze", {"sources": [str(store / "shops.csv")], "goal": "Which of the managers is on holiday in Peru?"}
    )
    analysis = work(run)
    assert analysis.status == "unanswered" and analysis.unanswered and analysis.cells == [] and analysis.charts == []
    assert analysis.unanswered[0].why in (run.folder / "artifacts" / "report.md").read_text().replace("\\", "")
    assert replay(store, run.id).same


def test_several_files_are_one_table_when_they_have_the_same_columns(store: Path) -> None:
    store.mkdir()
    for name in ("north", "south"):
        (store / f"{name}.csv").write_text(SHOPS)
    count = {"id": "c1", "op": "aggregate", "by": ["source_file"], "measures": [{"name": "n_rows", "function": "count"}]}
    plan = {"steps": [count, report(("rows", "c1:/groups/*/n_rows"))]}
    run = runs.open_run(store, "analyze", {"sources": [str(store / f"{n}.csv") for n in ("north", "south")], "plan": plan})
    assert work(run).outputs == {"rows": {"north.csv": 6, "south.csv": 6}}


def test_an_unknown_brain_says_which_there_are(store: Path) -> None:
    with pytest.raises(BadInput, match="builtin"):
        do(store, [MEANS], brain="oracle")
    with pytest.raises(AgentForgeError, match="empty"):
        work(runs.open_run(store, "analyze", {"sources": [str(store / "shops.csv")], "goal": "  "}))


def test_what_changed_most_is_drawn_as_bars_of_the_groups(tmp_path: Path) -> None:
    rows = [f"{year},{place},{value + step * (year - 2000)}" for year in (2000, 2010) for place, value, step in (("North", 5, 1), ("South", 9, 3), ("East", 7, 2))]
    (tmp_path / "yields.csv").write_text("year,place,yield\n" + "\n".join(rows) + "\n")
    given = AnalyzeInput(sources=[str(tmp_path / "yields.csv")], goal="Which place's yield grew the most between 2000 and 2010?")
    found = work(runs.open_run(tmp_path / "store", "analyze", given.model_dump(mode="json", exclude_defaults=True)))
    assert found.outputs == {"answer": "South"}
    text = json.dumps(found.charts[0].spec)
    assert '"bar"' in text and '"place"' in text and '"bin"' not in text
