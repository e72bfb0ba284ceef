"""What no cell should do, and cells do: each ends in an error with a name, on that cell, and work goes on.

Afterwards either the session runs the next cell, or it says that it died and a new one does. Both where the kernel holds the
cells and, for what needs no holding, in a child as a cloud would have it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.errors import BadInput
from shared.sandbox import ENVIRONMENT, Execution, Limits, Session, confine, open_session
from shared.sandbox.remote import Child, RemoteSession, child_source
from tests.faults import SOAK

pytestmark = pytest.mark.skipif(bool(confine.missing()), reason=f"this machine lacks {confine.missing()}")
LIMITS = Limits(wall_s=20, memory_mb=1024, tmp_mb=32, output_bytes=100_000, result_bytes=1_000_000)
OVER = ("TimeLimit", "SandboxDied")  # the session is over then


class Here:
    """The `Wire` of a child that nothing holds, on this machine."""

    def __init__(self, folder: Path) -> None:
        program = [sys.executable, "-sP", "-Xutf8", "-c", child_source(), str(folder)]
        self.process = subprocess.Popen(program, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def send(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def received(self) -> Iterator[bytes]:
        while part := self.stdout.read1(1 << 16):  # type: ignore[attr-defined]
            yield part

    def exit_status(self) -> int | None:
        status = self.process.wait()
        return 128 - status if status < 0 else status

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Cells:
    """Sessions one after the other: a new one when the last has died."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder, self.session = kind, folder, None  # type: tuple[str, Path, Session | None]

    def run(self, code: str, timeout: float | None = None) -> Execution:
        """What the cell did, once it is certain that work goes on after it."""
        if self.session is None:
            self.session = self.open()
        execution = self.session.run(code, timeout)
        json.loads(execution.model_dump_json())
        after = self.session.run("20 + 22")
        if after.error is None:
            assert after.result == 42 and not (execution.error and execution.error.name in OVER)
        else:
            assert after.error.name == "SandboxDied" and execution.error and execution.error.name in OVER, (after, execution.error)
            self.close()
            self.session = self.open()
            assert self.session.run("20 + 22").result == 42
        return execution

    def open(self) -> Session:
        if self.kind == "local":
            return open_session({}, LIMITS)
        return RemoteSession(Child(Here(self.folder), LIMITS), LIMITS, "nothing", False)

    def close(self) -> None:
        if self.session:
            self.session.close()
            self.session = None


@contextmanager
def cells_in(kind: str, folder: Path) -> Iterator[Cells]:
    cells = Cells(kind, folder)
    yield cells
    cells.close()


@pytest.fixture(scope="module", params=["local", "elsewhere"])
def cells(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    with cells_in(request.param, tmp_path_factory.mktemp("cells")) as cells:
        yield cells


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    """Only where the kernel holds the cells: what follows would harm this machine."""
    with cells_in("local", tmp_path_factory.mktemp("held")) as cells:
        yield cells


ERRORS = {
    # exceptions that are code themselves
    "class E(Exception):\n def __str__(self): raise SystemExit\nraise E": "E",
    "class E(Exception):\n def __str__(self): return 5\nraise E": "E",
    "class S(str):\n def replace(self, *a): 1/0\nclass E(Exception):\n def __str__(self): return S('x')\nraise E": "E",
    "class M(type):\n __name__ = property(lambda s: 1/0)\nclass E(Exception, metaclass=M): pass\nraise E": "E",
    "class M(type):\n __name__ = 5\nclass E(Exception, metaclass=M): pass\nraise E": "E",
    "class E(OSError):\n errno = property(lambda s: 1/0)\nraise E": "E",
    "class E(Exception):\n __class__ = property(lambda s: 1/0)\nraise E": "E",
    "class E(Exception):\n __traceback__ = property(lambda s: 7)\nraise E": "E",
    "raise type('E' * 1_000_000, (Exception,), {})('x' * 5_000_000)": "E" * 200,
    "raise ValueError('\\ud800')": "ValueError",
    # broken tracebacks
    "e = ValueError()\ntry:\n raise e from e\nexcept ValueError as f:\n f.__cause__ = f.__context__ = f\n raise": "ValueError",
    "a, b = ValueError(), TypeError()\na.__cause__, b.__cause__ = b, a\nraise a": "ValueError",
    "e = ValueError()\ntry: raise e\nexcept ValueError: e.__traceback__ = None\nraise e": "ValueError",
    "e = ValueError()\nfor _ in range(1000): e = ExceptionGroup('g', [e])\nraise e": "ExceptionGroup",
    "e = SyntaxError(); e.filename = 7\nraise e": "SyntaxError",
    "raise SyntaxError('x', ('<cell 1>', 10**30, -5, 'x' * 100_000))": "SyntaxError",
    "raise BaseException('x')": "BaseException",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "import sys\nsys.exit('bye')": "SystemExit",
    "exit()": "SystemExit",
    # recursion and nesting
    "def f(): return f()\nf()": "RecursionError",
    "a = []\nfor _ in range(50_000): a = [a]\nrepr(a)": "RecursionError",
    "a = []\nfor _ in range(50_000): a = [a]\na": "ResultNotJSON",
    "(" * 50_000 + ")" * 50_000: "SyntaxError",
    "-" * 50_000 + "1": "SyntaxError",
    "+".join(["1"] * 50_000): "SyntaxError",
    "a = 1\na" + ".real" * 50_000: "SyntaxError",
    # results
    "a = []; a.append(a); a": "ResultNotJSON",
    "a = {}; a['a'] = a; a": "ResultNotJSON",
    "10**5000": "ResultNotJSON",
    "{-10**5000: 1}": "ResultNotJSON",
    "b'bytes'": "ResultNotJSON",
    "{'\\ud800': 1, '\\ud801': 2}": "ResultNotJSON",
    "'x' * 100_000_000": "OutputLimit",
    "[0] * 50_000_000": "OutputLimit",
    "a = [0] * 1000\nfor _ in range(5): a = [a] * 1000\na": "OutputLimit",
    "import pandas as pd\npd.DataFrame({'a': ['x' * 10_000] * 1000})": "OutputLimit",
    "class P:\n def _repr_png_(self): return b'not one'\nP()": "ResultNotJSON",
    "class P:\n def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n'\nP()": "ResultNotJSON",
    "class P:\n def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR' + bytes(5_000_000)\nP()": "OutputLimit",
    # syntax
    "1 +": "SyntaxError",
    "'a\0b'": "SyntaxError",
    "x = '\x1b\u202e": "SyntaxError",
}  # fmt: skip
FINE = {
    "[float('nan'), -float('inf')]": [None, None],
    "2**70": str(2**70),
    "'a\\ud800b'": "a?b",
    "'a\ud800b'": "a?b",
    "\ufeff1": 1,
    "# -*- coding: utf-16 -*-\n'é'": "é",
    "# -*- coding: none -*-\n1": 1,
    "\x0c\n\x0c1": 1,
    "1\r\n": 1,
    "def g():\n try:\n  while True: yield 1\n finally: print('end')\nx = g(); next(x)": 1,
    "del __builtins__\n1": 1,
    "print = open = json = None\n1": 1,
    "import builtins, json\nbuiltins.print = json.dumps = json.loads = None\n1": 1,
    "import sys\nfor name in ('child', 'values', 'json', 'struct', 'base64'): sys.modules.pop(name, None)\n1": 1,
    "import sys\nclass S:\n def write(self, text): pass\n def flush(self): raise SystemExit\nsys.stdout = S()\n1": 1,
    "import sys\nsys.stdout = None\n1": 1,
}


@pytest.mark.parametrize(("code", "name"), ERRORS.items(), ids=range(len(ERRORS)))
def test_errors_have_names(cells: Cells, code: str, name: str) -> None:
    error = cells.run(code).error
    assert error is not None and error.name == name, error
    assert len(error.value) <= 10_000 and len(error.traceback) <= 20_000


@pytest.mark.parametrize(("code", "result"), FINE.items(), ids=range(len(FINE)))
def test_what_is_odd_and_no_error(cells: Cells, code: str, result: object) -> None:
    execution = cells.run(code)
    assert (execution.result, execution.error) == (result, None)


MILLION = """import altair as alt, pandas as pd
%salt.Chart(pd.DataFrame({'x': range(1_000_000), 'y': 1})).mark_point().encode(x='x', y='y')"""


@pytest.mark.parametrize("unlimited", ["", "alt.data_transformers.disable_max_rows()\n"])
def test_a_chart_with_a_million_points(cells: Cells, unlimited: str) -> None:
    cells.close()
    execution = cells.run(MILLION % unlimited)
    assert execution.error and execution.error.name == "OutputLimit" and "aggregate" in execution.error.value
    assert execution.ms < 10_000


ENDS = {
    "import os; os._exit(0)": "SandboxDied",
    "import os; os.kill(os.getpid(), 9)": "SandboxDied",
    "import os; os.closerange(0, 4096)": "SandboxDied",
    "import builtins; builtins.isinstance = builtins.len = None": "SandboxDied",
}  # fmt: skip


@pytest.mark.parametrize(("code", "name"), ENDS.items(), ids=range(len(ENDS)))
def test_what_ends_a_session(cells: Cells, code: str, name: str) -> None:
    error = cells.run(code).error
    assert error is not None and error.name == name, error


def test_endless_work(held: Cells) -> None:
    for code in ("while True: pass", "while True: print('x' * 100)", "import sys; sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()"):
        execution = held.run(code, timeout=0.5)
        assert execution.error and execution.error.name in ("TimeLimit", "MemoryLimit", "SandboxDied"), code
        assert len(execution.stdout) <= 100_000 and execution.truncated == ("print" in code)


def test_much_memory_and_output(held: Cells) -> None:
    for code in ("import numpy as np; np.ones(10 << 27)", "bytearray(10 << 30)", "print('x' * (1 << 30))", "'x' * (2 << 30)"):
        error = held.run(code).error
        assert error and error.name == "MemoryLimit", code
    flood = held.run(f"for _ in range({1024 if SOAK else 64}): print('x' * (1 << 20))\n1")
    assert (flood.result, len(flood.stdout), flood.truncated) == (1, 100_000, True)


def test_a_full_disk_and_many_files(held: Cells) -> None:
    files = "import os\nfor n in range({}): open(f\"{{os.environ['TMPDIR']}}/f{{n}}\", 'w').close()\n"
    clean = "import os\nfor entry in os.scandir(os.environ['TMPDIR']):\n if entry.is_file(): os.unlink(entry.path)"
    assert held.run(files.format(10_000)).error is None
    assert held.run(clean).error is None
    assert held.session
    if held.session.level.startswith("namespaces"):
        codes = ["with open(os.environ['TMPDIR'] + '/x', 'wb') as f:\n while True: f.write(bytes(1 << 20))"]
        for code in [*codes, files.format(100_000)] if SOAK else codes:
            error = held.run(code).error
            assert error and error.name == "OutputLimit" and "files" in error.value
            assert held.run(clean).error is None
        assert held.run("os.statvfs(os.environ['TMPDIR']).f_files <= 1 << 16").result is True
    assert held.run("os.chdir(os.environ['TMPDIR']); os.mkdir('d'); os.chdir('d'); os.rmdir('../d')").error is None
    held.close()


def test_streams_that_were_closed(held: Cells) -> None:
    error = held.run("import os\nos.close(1)\nprint('x')").error
    assert error and error.name == "OSError"
    assert held.run("os.close(2)\n3").result == 3
    held.close()


def test_a_thread_that_goes_on_printing(cells: Cells) -> None:
    cells.close()
    code = "import threading, time\ndef t():\n for _ in range(5): time.sleep(0.02); print('late')\nthreading.Thread(target=t).start()"
    assert cells.run(code).error is None
    time.sleep(0.2)
    assert cells.run("1").result == 1
    assert cells.run("print('mine')").stdout.endswith("mine\n")
    assert cells.run("print('mine')").stdout == "mine\n"


def test_names_of_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    good = ["ça 😀 \u202e.csv", "two\nlines", "-rf", "--help", "x" * 255, "é" * 127, "caf\udce9.csv", " ", "$(id)", "a'b\"c"]
    with open_session({name: tmp_path / "a" for name in good}, LIMITS) as session:
        assert session.run("import os\n[open(os.path.join('.', n)).read() for n in os.listdir('.')]").result == ["1"] * len(good)
        assert sorted(session.run("[os.fsencode(n).hex() for n in os.listdir('.')]").result) == sorted(
            name.encode("utf-8", "surrogateescape").hex() for name in good
        )
    for name in ("x" * 256, "é" * 128, "x" * 100_000, "\ud800", "a\0b"):
        with pytest.raises(BadInput, match="cannot be the name"):
            open_session({name: tmp_path / "a"}, LIMITS)


def test_a_thousand_files(tmp_path: Path) -> None:
    files = {f"f{n}": tmp_path / f"f{n}" for n in range(1000)}
    for path in files.values():
        path.write_text("x")
    with open_session(files, LIMITS) as session:
        assert session.run("import os\nlen(os.listdir('.'))").result == 1000
    assert all(path.read_text() == "x" for path in files.values())
