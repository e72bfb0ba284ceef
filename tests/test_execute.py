"""`execute` and `agentforge exec`: other people's code in the sandbox, with and without the linter."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.execute import ExecuteOutput
from functions.work import start
from functions.worker import work_through
from shared.errors import BadInput
from shared.state import runs
from shared.state.store import Store
from shared.state.verify import verify_run

AGENTFORGE = Path(sys.executable).with_name("agentforge")


def execute(store: Store, *cells: str, **more: Any) -> Any:
    state = work_through(store, start(store, "execute", {"cells": list(cells), **more}).ref)
    assert verify_run(store, state.id) == []
    return state


def test_cells_share_their_names_and_read_their_files(store: Store, tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("city,sales\nOslo,2\nRome,3\n")
    state = execute(
        store, "import pandas as pd\nt = pd.read_csv('shops.csv')", "print(len(t))\nt.sales.sum()", sources=[str(tmp_path / "shops.csv")]
    )
    output = ExecuteOutput.model_validate(state.output)
    assert [cell.result for cell in output.cells] == [None, 5] and output.cells[1].stdout == "2\n"
    assert "seccomp" in output.sandbox and state.artifacts["execution.json"].bytes > 0


PICTURE = "class Dot:\n def _repr_png_(self): return bytes.fromhex('89504e470d0a1a0a0000000d494844520000000100000001')\n"


def test_pictures_are_artifacts_and_use_is_told(store: Store) -> None:
    state = execute(store, PICTURE + "display(Dot())\nDot()", "1", lint=False)
    first, second = ExecuteOutput.model_validate(state.output).cells
    assert first.pngs == ["cell1-1.png", "cell1-2.png"] and second.pngs == []
    assert {"cell1-1.png", "cell1-2.png", "execution.json"} == set(state.artifacts) and state.artifacts["cell1-2.png"].bytes == 24
    assert first.usage and first.usage.cpu_ms > 0 and first.usage.memory_mb > 1


def test_the_first_cell_that_fails_is_the_last(store: Store) -> None:
    state = execute(store, "a = 1", "a / 0", "a + 1")
    assert state.state == "succeeded"  # we did what was asked
    output = ExecuteOutput.model_validate(state.output)
    assert len(output.cells) == 2 and output.cells[1].error is not None and output.cells[1].error.name == "ZeroDivisionError"


def test_the_linter_refuses_and_can_be_left_out(store: Store) -> None:
    refused = execute(store, "x = 1", "import os\nos.open('x', 0)")
    assert refused.state == "failed" and "Cell 2, line 2" in refused.error["message"] and "pathlib" in refused.error["hint"]
    allowed = ExecuteOutput.model_validate(execute(store, "import os\nos.get_inheritable(1)", lint=False).output)
    assert allowed.cells[0].error is None and allowed.advice[0].line == 2


@pytest.mark.parametrize(
    "input", [{"cells": []}, {"cells": ["1"], "extra": 1}, {"cells": ["1"], "wall_s": 0}, {"cells": ["x" * 1_000_001]}, {}]
)
def test_bad_input_is_refused_before_a_run_is_opened(store: Store, input: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        start(store, "execute", input)
    assert runs.list_runs(store) == []


def test_two_files_of_one_name_and_missing_files(store: Store, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text("")
    both = execute(store, "1", sources=[str(tmp_path / "a" / "x.csv"), str(tmp_path / "b" / "x.csv")])
    missing = execute(store, "1", sources=[str(tmp_path / "missing.csv")])
    assert "Two files" in both.error["message"] and "no file" in missing.error["message"]


def test_exec_on_the_command_line(store: Store, tmp_path: Path) -> None:
    script = tmp_path / "script.py"

    def run(code: str, *options: str) -> tuple[int, str, str]:
        script.write_bytes(code.encode("utf-8", "surrogateescape"))
        done = subprocess.run([AGENTFORGE, "exec", script, *options], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    (tmp_path / "shops.csv").write_text("city,sales\nOslo,2\n")
    assert run("# %%\nx = 18 + len(open('shops.csv').readlines())\n# %%\nprint('é')\nx + 1", "--data", str(tmp_path / "shops.csv")) == (0, "é\n21\n", "")
    code, out, _ = run("1 +\n", "--json", "--no-lint")
    assert code == 1 and json.loads(out)["cells"][0]["error"]["name"] == "SyntaxError"
    code, _, err = run("from os import open")
    assert code == 2 and "line 1" in err and "pathlib" in err and "Traceback" not in err
    code, _, err = run("1", "--data", str(tmp_path / "shops.csv"))
    assert code == 0 and "reads none of the data" in err and "Read it by its name: shops.csv." in err
    code, _, err = run("raise ValueError('no')")
    assert code == 1 and "ValueError: no" in err and str(tmp_path) not in err
    code, _, err = run("\udcff = 1", "--no-lint")
    assert code == 2 and "UTF-8" in err
    done = subprocess.run([AGENTFORGE, "exec", tmp_path / "none.py"], capture_output=True, text=True)
    assert done.returncode == 2 and "error:" in done.stderr


def test_exec_reads_files_as_python_does_and_copies_what_was_made(store: Store, tmp_path: Path) -> None:
    script, out = tmp_path / "script.py", tmp_path / "out"

    def run(code: bytes, *options: str) -> tuple[int, str, str]:
        script.write_bytes(code)
        done = subprocess.run([AGENTFORGE, "exec", script, "--no-lint", *options], capture_output=True, text=True)
        assert "Traceback" not in done.stderr or "<cell" in done.stderr
        return done.returncode, done.stdout, done.stderr

    assert run("\ufeff'é'".encode())[:2] == (0, '"é"\n')
    assert run(b"# -*- coding: latin-1 -*-\n'\xe9'")[:2] == (0, '"é"\n')
    for code in (b"'\xe9'", b"# -*- coding: none -*-\n1"):
        status, _, told = run(code)
        assert status == 2 and "UTF-8" in told, code
    assert run(b"x = 1\n" * 200_000)[0] == 2
    status, told, _ = run(PICTURE.encode() + b"Dot()", "--out", str(out))
    assert status == 0 and told == f"{out / 'cell1-1.png'}\n"
    assert sorted(path.name for path in out.iterdir()) == ["cell1-1.png", "execution.json"]
    (tmp_path / "file").write_text("")
    assert run(b"1", "--out", str(tmp_path / "file"))[0] == 2
