"""The command line: what goes to stdout, what to stderr, exit codes."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.work import start
from handlers import cli
from shared.state.run import artifact_key
from shared.state.runs import load
from shared.state.store import Store

SHOPS = "city,sales\nOslo,10.5\nOslo,12.25\nRome,7\nRome,9\nLima,3\n"
GOAL = "average sales by city"


@pytest.fixture
def shops(tmp_path: Path) -> str:
    path = tmp_path / "shops.csv"
    path.write_text(SHOPS)
    return str(path)


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command line in this process: (exit code, stdout, stderr)."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["agentforge", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out, err

    return call


def test_the_answer_and_where_it_is(run: Any, shops: str, tmp_path: Path) -> None:
    code, out, err = run("analyze", shops, GOAL, "--out", str(tmp_path / "out"))
    assert code == 0 and err == ""
    assert "11.38" in out and "Oslo" in out
    paths = [Path(line.strip()) for line in out.splitlines() if line.strip().startswith(str(tmp_path / "out"))]
    assert {path.name for path in paths} == {"report.html", "report.md", "notebook.ipynb", "chart1.png"}
    assert all(path.is_file() for path in paths)
    assert (tmp_path / "out" / "data.parquet").is_file()


def test_a_run_that_asks_is_answered(run: Any, store: Store) -> None:
    import tests.web.functions  # noqa: F401 - they enter themselves
    from functions.worker import work_through

    opened = start(store, "web-job", {"text": "x", "then": "ask"})
    assert work_through(store, opened.ref).state == "waiting"
    assert run("runs", "answer", opened.id, "41") == (0, f"{opened.id}  succeeded\n", "")
    assert load(store, opened.id).state.output == {"total": 41}
    code, out, err = run("runs", "answer", opened.id, "42")
    assert code == 2 and out == "" and "does not wait" in err


def test_json_is_one_object_of_the_promised_form(run: Any, shops: str) -> None:
    code, out, err = run("analyze", shops, GOAL, "--json", "--output", "by_city=average sales by city")
    answer = json.loads(out)
    assert code == 0 and err == ""
    assert {
        "run_id",
        "status",
        "brain",
        "plan",
        "cells",
        "findings",
        "outputs",
        "unanswered",
        "charts",
        "receipt",
        "cost",
    } <= set(answer)
    assert answer["outputs"] == {"by_city": {"Lima": 3.0, "Oslo": 11.375, "Rome": 8.0}}
    assert {"id", "code", "stdout", "result", "error", "ms"} <= set(answer["cells"][0])
    assert {"text", "value", "cell"} <= set(answer["findings"][0]["values"][0])
    assert {"title", "spec", "png"} <= set(answer["charts"][0])


def test_standard_input(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHOPS.encode())))
    code, out, _ = run("analyze", "-", GOAL, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["receipt"]["data"][0]["source"] == "stdin"


def test_a_plan_can_be_printed_edited_and_run(run: Any, shops: str, tmp_path: Path) -> None:
    code, out, _ = run("analyze", shops, GOAL, "--plan-only")
    assert code == 0
    plan = json.loads(out)
    step = next(step for step in plan["steps"] if step["op"] == "aggregate")
    step["measures"][0]["function"] = "max"
    edited = tmp_path / "plan.json"
    edited.write_text(json.dumps(plan))
    code, out, _ = run("analyze", shops, "--plan", str(edited), "--json")
    answer = json.loads(out)
    assert code == 0 and answer["goal"] == GOAL
    assert answer["cells"][1]["result"]["groups"]["Oslo"][step["measures"][0]["name"]] == 12.25
    edited.write_text('{"steps": [{"op": "aggregate", "id": "c1"}]}')
    code, _, err = run("analyze", shops, "--plan", str(edited))
    assert code == 2 and "measures" in err


def test_nothing_answered_is_exit_code_3(run: Any, shops: str) -> None:
    code, out, _ = run("analyze", shops, "Who manages the shop with the tallest ceiling?")
    assert code == 3 and "Not answered" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["analyze", "nowhere.csv", "how many rows"], "There is no file nowhere.csv"),
        (["analyze", "{shops}"], "there is no question"),
        (["analyze", "how many rows"], "no data"),
        (["analyze", "{shops}", "  "], "empty"),
        (["analyze", "{shops}", "x", "--brain", "oracle"], "There is: builtin"),
        (["analyze", "{shops}", "x", "--output", "nameless"], "--output"),
        (["analyze", "{shops}", "x", "--plan", "nowhere.json"], "--plan-only"),
        (["analyze", "{shops}", "x", "--out", "{shops}"], "not a folder"),
        (["analyze", "-", "-", "x"], "only once"),
        (["analyze", "{shops}", "x", "--nonsense"], "--nonsense"),
        (["analyse"], "analyse"),
        (["runs", "show", "20200101-000000-000000"], "no run"),
        (["runs", "show", "../../etc"], "no run"),
        (["runs", "replay", "last"], "no runs"),
    ],
)
def test_bad_words_are_exit_code_2(run: Any, shops: str, words: list[str], said: str) -> None:
    code, out, err = run(*(word.format(shops=shops) for word in words))
    assert (code, out) == (2, "") and err.startswith("error: ") and err.count("\n") == 1
    assert said in err


def test_runs_are_listed_shown_replayed_and_verified(run: Any, shops: str, store: Store) -> None:
    assert run("runs", "list") == (0, "There are no runs yet.\n", "")
    run("analyze", shops, GOAL)
    code, out, _ = run("runs", "list", "--json")
    (listed,) = json.loads(out)
    assert listed["state"] == "succeeded" and listed["goal"] == GOAL
    assert run("runs", "list")[1].startswith(listed["run_id"])
    code, out, _ = run("runs", "show", "last")
    assert code == 0 and "11.38" in out
    assert json.loads(run("runs", "show", listed["run_id"], "--json")[1])["run_id"] == listed["run_id"]
    code, out, _ = run("runs", "replay", "last", "--json")
    assert code == 0 and json.loads(out)["same"]
    assert run("runs", "verify", "last")[0] == 0
    assert run("runs", "verify", "all")[0] == 0
    report = Path(store.location(artifact_key(load(store, listed["run_id"]), "report.md")))
    report.write_text(report.read_text().replace("11.38", "11.39"))
    code, out, _ = run("runs", "verify", "last")
    assert code == 1 and "report.md" in out
    code, _, err = run("runs", "replay", "last")
    assert code == 1 and "changed" in err


def test_a_run_can_be_followed_cancelled_deleted_and_moved(
    run: Any, shops: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("analyze", shops, GOAL)
    lines = [json.loads(line) for line in run("runs", "events", "last", "--follow")[1].splitlines()]
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    kinds = [line["kind"] for line in lines]
    assert kinds[:2] == ["opened", "claimed"] and kinds[-1] == "finished" and "step" in kinds
    assert len(run("runs", "events", "last", "--after", "0")[1].splitlines()) == len(lines) - 1
    opened = start(store, "analyze", {"sources": [shops], "goal": GOAL})
    code, out, _ = run("runs", "delete", opened.id)
    assert code == 2 and out == ""
    assert run("runs", "cancel", opened.id) == (0, "Cancelled.\n", "")
    code, _, err = run("runs", "cancel", opened.id)
    assert code == 1 and "finished" in err
    code, out, _ = run("runs", "retry", opened.id, "--json")
    assert code == 0 and json.loads(out)["state"] == "succeeded" and json.loads(out)["run_id"] != opened.id
    code, _, err = run("runs", "retry", "last")
    assert code == 2 and "succeeded" in err
    assert run("runs", "delete", opened.id, "--reason", "a test")[0] == 0
    code, _, err = run("runs", "show", opened.id)
    assert code == 2 and "no run" in err
    code, out, _ = run("runs", "export", str(tmp_path / "export.tar"))
    assert code == 0 and "export.tar" in out
    actions = [json.loads(line)["action"] for line in run("runs", "audit")[1].splitlines()]
    assert actions == ["delete_run", "export"]
    before = run("runs", "list")[1]
    monkeypatch.setenv("AGENTFORGE_STORE", str(tmp_path / "elsewhere"))
    code, out, _ = run("runs", "import", str(tmp_path / "export.tar"))
    assert code == 0 and "all of it verifies" in out
    assert run("runs", "list")[1] == before and run("runs", "replay", "last")[0] == 0
    code, _, err = run("runs", "import", shops)
    assert code == 2 and "export" in err


def test_a_sweep_says_what_it_did(run: Any, shops: str, store: Store) -> None:
    code, out, _ = run("sweep")
    assert code == 0 and json.loads(out) == {}


def test_the_answer_tells_what_the_store_was_asked(run: Any, shops: str) -> None:
    code, out, _ = run("analyze", shops, GOAL)
    assert code == 0 and "storage requests" in out and "$0.0000" in out


def test_an_error_of_ours_is_one_line_too(run: Any, shops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it does not tell what the exception said, which may hold values; AGENTFORGE_DEBUG tells all."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("on fire")

    monkeypatch.setattr("functions.analyze.analysis.profile", broken)
    code, _, err = run("analyze", shops, GOAL)
    assert code == 1 and "RuntimeError" in err and "on fire" not in err and err.count("\n") == 1
    (listed,) = json.loads(run("runs", "list", "--json")[1])
    assert listed["state"] == "failed" and listed["error"]["code"] == "internal"


def test_an_error_of_ours_is_shown_whole_when_asked_for(store: Store, shops: str) -> None:
    code = (
        "import functions.analyze.analysis as way, sys\nfrom handlers.cli import main\n"
        f"way.profile = lambda *_: 1 / 0\nsys.argv = ['agentforge', 'analyze', {shops!r}, {GOAL!r}]\nmain()"
    )
    for debug in ("", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "AGENTFORGE_DEBUG": debug}
        )
        assert done.returncode == 1 and ("division by zero" in done.stderr) == (debug == "1")
        assert debug or done.stderr.count("\n") == 1


def test_an_interrupt_is_recorded(run: Any, shops: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("functions.analyze.analysis.profile", interrupted)
    code, _, err = run("analyze", shops, GOAL)
    assert code == 130 and err == "error: Cancelled.\n"
    assert json.loads(run("runs", "list", "--json")[1])[0]["state"] == "cancelled"


def test_a_real_process_says_the_same(store: Store, shops: str) -> None:
    script = Path(sys.executable).with_name("agentforge")
    done = subprocess.run(
        [script, "analyze", shops, GOAL, "--json"], capture_output=True, env={**os.environ, "TERM": "dumb"}, text=True
    )
    assert done.returncode == 0 and done.stderr == "" and json.loads(done.stdout)["status"] == "succeeded"
    version = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert version.stdout.strip() == json.loads(done.stdout)["receipt"]["version"]
