"""The sandbox through its public interface, with real attempts to get out of it."""

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.errors import BadInput, SandboxUnavailable
from shared.sandbox import Execution, Limits, Session, channel, confine, open_session, prewarm
from tests.faults import SEED, SOAK

pytestmark = pytest.mark.skipif(bool(confine.missing()), reason=f"this machine lacks {confine.missing()}")
needs_landlock = pytest.mark.skipif(not confine.landlock_abi(), reason="this kernel has no Landlock")
ROOT = Path(__file__).parents[3]
SMALL = Limits(wall_s=20, memory_mb=1024, output_bytes=10_000, result_bytes=100_000, file_bytes=1 << 20, processes=40)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    table = tmp_path_factory.mktemp("data") / "sales table.csv"
    table.write_text("city,sum\nÅrhus,1.5\nBern,2\n")
    with open_session({"sales.csv": table}, SMALL) as opened:
        yield opened


def fails(session: Session, code: str, timeout: float | None = None) -> str:
    execution = session.run(code, timeout)
    assert execution.error is not None, execution
    assert execution.result is None
    return execution.error.name


def test_state_is_kept_and_the_last_expression_is_the_result(session: Session) -> None:
    assert session.run("a = 41\ndef f(): return a + 1").result is None
    assert session.run("print(__name__)\nf()").model_dump(include={"stdout", "result", "error"}) == {
        "stdout": "__main__\n", "result": 42, "error": None,
    }  # fmt: skip
    assert session.run("import pickle; class_ = type('K', (), {}); del class_").error is None
    assert session.run("").result is None
    assert session.run("# nothing").error is None


def test_files_are_read_only_under_their_names(session: Session) -> None:
    read = session.run("import duckdb\nduckdb.sql(\"select city, sum from 'sales.csv'\")")
    assert read.result == {"columns": ["city", "sum"], "rows": [["Århus", 1.5], ["Bern", 2.0]], "n": 2}
    for code in ("open('sales.csv', 'a')", "import os; os.unlink('sales.csv')", "open('new', 'w')"):
        assert fails(session, code) in ("PermissionError", "OSError")  # read-only file system
    assert session.run("len(open('sales.csv').read())").error is None


@needs_landlock
def test_the_temporary_folder_is_writable(session: Session) -> None:
    code = "import tempfile, pathlib\nwith tempfile.TemporaryDirectory() as d:\n p = pathlib.Path(d, 'x')\n"
    code += " p.write_text('1'); p.rename(p.with_name('y')); r = [q.name for q in p.parent.iterdir()]\nr"
    assert session.run(code).result == ["y"]


def test_names_of_files_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    for name in ("../a", "/a", "", ".", "..", "b/c"):
        with pytest.raises(BadInput):
            open_session({name: tmp_path / "a"})
    with pytest.raises(BadInput):
        open_session({"a": tmp_path / "missing"})


def test_errors_show_the_cell_and_not_this_machine(session: Session) -> None:
    error = session.run("def g():\n    return pd_missing\n\ng()").error
    assert error is not None and error.name == "NameError"
    assert error.traceback.count("File") == 2 and "return pd_missing" in error.traceback
    error = session.run("import json; json.loads('{')").error
    assert error is not None and "json/decoder" not in error.traceback and 'File "<cell' in error.traceback
    error = session.run("1 +").error
    assert error is not None and error.name == "SyntaxError" and "<cell" in error.traceback
    error = session.run("import os; raise ValueError(os.getcwd() + '/x ' + os.__file__)").error
    assert error is not None and error.value.startswith("x <python>") and "agentforge-" not in error.traceback
    assert fails(session, "raise SystemExit(3)") == "SystemExit"
    assert fails(session, "input()") == "EOFError"
    assert fails(session, "class E(Exception):\n def __str__(self): 1/0\nraise E") == "E"
    assert fails(session, "\0") in ("SyntaxError", "ValueError")


def test_unicode_and_both_streams(session: Session) -> None:
    code = "import sys, os\nprint('é😀 \\ud800'); print('stderr ß', file=sys.stderr); os.write(1, b'\\xff')\nNone"
    execution = session.run(code)
    assert execution.stdout == "é😀 \\ud800\n\ufffd" and execution.stderr == "stderr ß\n"
    assert session.run("import warnings; warnings.warn('careful')").stderr == "UserWarning: careful\n"
    assert session.run("sys.stdout.close()").error is None
    assert session.run("sys.stdout = sys.__stdout__ = os.fdopen(1, 'w', closefd=False); 5").result == 5


# What follows ends sessions or tries to leave them.


def test_network_programs_and_other_processes_are_out_of_reach(session: Session, tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    assert fails(session, f"import socket; socket.create_connection(('127.0.0.1', {port}))") == "PermissionError"
    assert fails(session, "socket.socket(socket.AF_UNIX)") == "PermissionError"
    assert fails(session, "socket.socketpair()") == "PermissionError"
    listener.close()
    assert fails(session, "import os; os.fork()") == "ProcessLimit"
    assert fails(session, "import subprocess; subprocess.run(['/bin/echo'])") == "ProcessLimit"
    assert session.run("os.system('true')").result == 127 << 8  # the status of a shell that could not start
    assert fails(session, "os.execv('/bin/true', ['true'])") == "PermissionError"
    assert fails(session, f"os.kill({os.getpid()}, 0)") == "PermissionError"
    assert fails(session, "os.kill(-1, 0)") == "PermissionError"
    assert fails(session, f"import resource; resource.prlimit({os.getpid()}, resource.RLIMIT_CPU)") == "PermissionError"
    assert fails(session, "resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))") in ("ValueError", "PermissionError")
    assert fails(session, "import fcntl; fcntl.fcntl(1, fcntl.F_SETOWN, 1)") == "PermissionError"
    session.run("import ctypes; libc = ctypes.CDLL(None)")
    for call in ("ptrace(16, 1, 0, 0)", "unshare(0x10000000)", "mount(0, 0, 0, 0, 0)", "memfd_create(b'x', 0)"):
        assert session.run(f"libc.{call}").result == -1
    assert session.run("libc.syscall(425, 1, 0)").result == -1  # io_uring_setup


@needs_landlock
def test_files_outside_are_out_of_reach(session: Session, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    for code in (
        f"open({str(secret)!r})", f"open({str(secret)!r}, 'w')", f"import os; os.unlink({str(secret)!r})",
        f"os.rename({str(secret)!r}, os.environ['TMPDIR'] + '/s')", f"os.listdir({str(tmp_path)!r})",
        f"os.chmod({str(secret)!r}, 0)", f"os.truncate({str(secret)!r}, 0)", "open('/etc/passwd')",
        f"open('/proc/{os.getpid()}/environ')", f"open('/proc/{os.getpid()}/mem', 'rb')", "os.listdir('/')",
        f"os.link({str(secret)!r}, os.environ['TMPDIR'] + '/s')",
        "os.mkfifo(os.environ['TMPDIR'] + '/fifo')", "os.mknod(os.environ['TMPDIR'] + '/dev', 0o60600, 2049)",
        f"os.symlink({str(secret)!r}, os.environ['TMPDIR'] + '/s'); open(os.environ['TMPDIR'] + '/s')",
    ):  # fmt: skip
        assert fails(session, code) in ("PermissionError", "FileNotFoundError"), code
    assert fails(session, "import duckdb; duckdb.sql(\"from read_text('/proc/self/environ')\").fetchall()") == "PermissionException"
    assert secret.read_text() == "x"


def test_threads_started_later_are_confined_too(session: Session) -> None:
    code = "import threading, socket\nseen = []\n"
    code += "def t():\n try: socket.socket()\n except OSError as e: seen.append(e.errno)\n"
    assert session.run(code + "th = threading.Thread(target=t); th.start(); th.join()\nseen").result == [1]


def test_no_secret_is_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    with open_session({}) as session:
        seen = session.run("import os; [dict(os.environ), os.listdir(os.environ['HOME'])]").result
        assert "hush" not in str(seen) and "PATH" not in seen[0]
        assert set(seen[1]) <= set(Path(sys.prefix).parts), "nothing but a Python that lies in /tmp itself"
        assert fails(session, "import shared.sandbox") in ("ModuleNotFoundError", "PermissionError")


def test_a_confinement_without_landlock_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys; from shared.sandbox.confine import confine\n"
        f"print(confine([], {str(tmp_path)!r}, isolated=False, landlock=False))\n"
        "def no(f, *a):\n try: f(*a)\n except OSError as e: return print(type(e).__name__)\n print('done')\n"
        f"os.chdir({str(tmp_path)!r}); no(open, 'new', 'w'); no(os.mkdir, 'd'); no(os.unlink, 'old')\n"
    )
    (tmp_path / "old").write_text("")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["process+seccomp"] + ["PermissionError"] * 3, done.stderr
    assert (tmp_path / "old").exists()


def test_time_limit_keeps_what_was_printed_and_ends_the_session() -> None:
    with open_session({}, SMALL) as session:
        execution = session.run("print('before')\nwhile True: pass", timeout=0.3)
        assert execution.error is not None and execution.error.name == "TimeLimit"
        assert execution.stdout == "before\n" and 250 < execution.ms < 2000
        later = session.run("1").error
        assert later is not None and later.name == "SandboxDied" and "TimeLimit" in later.value
    assert fails(session, "1") == "SandboxDied"


def test_processor_time_is_limited_over_the_whole_session() -> None:
    with open_session({}, SMALL.model_copy(update={"cpu_s": 1})) as session:
        assert fails(session, "while True: pass", timeout=10) == "TimeLimit"


def test_memory_limits() -> None:
    with open_session({}, SMALL) as session:
        assert fails(session, "x = bytearray(8 << 30)") == "MemoryLimit"
        assert fails(session, "import numpy as np; np.ones(1 << 30)") == "MemoryLimit"
        assert fails(session, "import mmap; mmap.mmap(-1, 1 << 30)") == "MemoryLimit"
        assert session.run("1").result == 1  # refused by the kernel, so the session lives on


def test_output_limits() -> None:
    with open_session({}, SMALL) as session:
        flood = session.run("for _ in range(200): print('é' * 5000)\n'end'")
        assert flood.truncated and len(flood.stdout.encode()) <= 10_003 and flood.result == "end"
        assert fails(session, "'x' * 200_000") == "OutputLimit"
        assert fails(session, "import numpy as np; np.zeros(2_000_000)") == "OutputLimit"
        if confine.landlock_abi():
            code = "import os; open(os.environ['TMPDIR'] + '/big', 'wb').write(bytes(2 << 20))"
            assert fails(session, code) == "OutputLimit"
        assert not session.run("print('ok')").truncated


def test_thread_limit() -> None:
    with open_session({}, SMALL) as session:
        code = "import threading, time\nfor _ in range(60): threading.Thread(target=time.sleep, args=(9,), daemon=True)"
        assert fails(session, code + ".start()\ntime.sleep(9)") == "ProcessLimit"


CHANNEL = """import fcntl, os, struct
def writable(fd):
    try:
        return fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except OSError:
        return False
fds = [None, next(fd for fd in range(3, 64) if writable(fd))]
def forge(text): os.write(fds[1], struct.pack('>I', len(text)) + text)
"""


@pytest.mark.parametrize(
    "attack",
    [
        "os.write(fds[1], b'garbage' * 10)",
        "os.write(fds[1], struct.pack('>I', 2**31))",
        "os.write(fds[1], struct.pack('>I', 4) + b'null')",
        "os.write(fds[1], struct.pack('>I', 2) + b'{}')",
        "forge(b'[' * 5000 + b']' * 5000)",
        """forge(b'{"cell": 1, "result": "\\\\ud800", "charts": [], "error": null}')""",
        """forge(b'{"cell": 7, "result": 1, "charts": [], "error": null}')""",
        """forge(b'{"cell": 1, "result": 1, "charts": [3], "error": null}')""",
        "os.closerange(0, 100)",
        "os._exit(0)",
        "import ctypes; ctypes.string_at(0)",
        "import signal; os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_a_child_that_breaks_its_channel_ends_only_itself(attack: str) -> None:
    with open_session({}, SMALL) as session:
        assert fails(session, CHANNEL + attack, timeout=5) == "SandboxDied"
        assert fails(session, "1") == "SandboxDied"


def test_a_forged_answer_is_not_taken_for_the_next_cells() -> None:
    forged = """forge(b'{"cell": 2, "result": 7, "charts": [], "error": null}')"""
    with open_session({}, SMALL) as session:
        later = f"import threading\nthreading.Timer(0.2, lambda: {forged}).start()"
        assert session.run(CHANNEL + later).error is None
        time.sleep(0.4)
        assert fails(session, "'honest'") == "SandboxDied"


def test_kill_from_outside_and_close_during_a_cell() -> None:
    with open_session({}, SMALL) as session:
        (pid,) = inside(session)
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        execution = session.run("import time; time.sleep(10)")
        assert execution.error is not None and "SIGKILL" in execution.error.value and execution.ms < 5000
    with open_session({}, SMALL) as session:
        threading.Timer(0.2, session.close).start()
        assert fails(session, "import time; time.sleep(10)") == "SandboxDied"
        session.close()


def inside(session: Session) -> list[int]:
    """The process that runs a session's cells, as this machine counts: cells may name their thread, and do so here."""
    name = session.run("import ctypes, os; n = os.urandom(6).hex(); ctypes.CDLL(None).prctl(15, n.encode(), 0, 0, 0); n").result
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/comm") if _text(path) == name]


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def test_close_leaves_neither_process_nor_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    session = open_session({}, SMALL)
    (pid,) = inside(session)
    assert list(tmp_path.iterdir())
    session.close()
    session.close()
    assert not list(tmp_path.iterdir()) and not Path(f"/proc/{pid}").exists()


def test_a_child_does_not_outlive_its_host(tmp_path: Path) -> None:
    name = f"left{os.getpid()}"
    code = (
        "from shared.sandbox import open_session; s = open_session({}); "
        f's.run("import ctypes; ctypes.CDLL(None).prctl(15, b{name!r}, 0, 0, 0)"); print("up", flush=True); s.run("while True: pass")'
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # its folder stays behind: pytest's goes some day
    host = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, env=environment)
    assert host.stdout and host.stdout.readline() == b"up\n"

    def running() -> list[Path]:
        return [path for path in Path("/proc").glob("[0-9]*/comm") if _text(path) == name]

    assert len(running()) == 1
    host.kill()
    host.communicate()
    for _ in range(100):
        if not running():
            return
        time.sleep(0.05)
    pytest.fail("the child is still running")


def test_sessions_outlive_the_thread_that_opened_them() -> None:
    opened: list[Session] = []
    thread = threading.Thread(target=lambda: opened.append(open_session({}, SMALL)))
    thread.start()
    thread.join()
    time.sleep(0.1)
    with opened[0] as session:
        assert session.run("1").result == 1


@needs_landlock
def test_duckdb_knows_the_sessions_limits() -> None:
    with open_session({}, Limits(memory_mb=1024)) as session:
        code = "import duckdb\nq = \"select current_setting('memory_limit'), current_setting('threads')\"\n"
        seen = session.run(code + "duckdb.sql(q).fetchall() + duckdb.connect().sql(q).fetchall()").result
        assert seen[0] == seen[1] and "MiB" in seen[0][0] and seen[0][1] <= 2
        assert fails(session, "duckdb.execute(\"set memory_limit = '99GB'\")") == "InvalidInputException"
        session.run("duckdb = duckdb.connect(config={'memory_limit': '100MB'})")  # too little, so it must spill to $TMPDIR
        grouped = "select range // 2 as k, count(*) as n from range(8000000) group by k"
        assert session.run(f"duckdb.sql('select sum(n) from ({grouped})')").result["rows"] == [[8000000]]


def test_tools_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "margin.py").write_text("def margin(a, b): return (a - b) / a\n")
    with open_session({}, SMALL, tools=tmp_path) as session:
        assert session.run("from margin import margin; margin(4, 3)").result == 0.25


def test_a_prewarmed_child_is_taken_once() -> None:
    prewarm()
    prewarm()
    time.sleep(1.5)
    started = time.monotonic()
    with open_session({}, SMALL) as first, open_session({}, SMALL) as second:
        one = first.run("import sys; a = 1; 'pandas' in sys.modules").result
        took = time.monotonic() - started
        assert one is True and fails(second, "a") == "NameError"
        assert fails(first, "import socket; socket.socket()") == "PermissionError"
    assert took < 1.0


@pytest.mark.parametrize("batch", range(100 if SOAK else 4))
def test_the_channels_parser_survives_whatever_comes(batch: int) -> None:
    """1,000 messages each: a frame gives a dict or ends the session by a named error, and an answer is sound or refused."""
    chance = random.Random(SEED * 1000 + batch)
    good = {"cell": 1, "result": {"a": [1, None, "é", 2.5]}, "charts": [{"mark": "bar"}], "error": None}
    for _ in range(1000):
        data = bytearray(json.dumps(good).encode())
        for _ in range(chance.randrange(6)):
            at = chance.randrange(len(data) + 1)
            piece = chance.choice([b"[" * 2000, b"NaN", b"1e999", b"\\ud800", b'"cell": 2,', b"\xff", b"{}", b"9" * 400, chance.randbytes(3)])
            data[at : at + chance.choice([0, 1, 5, 50])] = piece
        size = chance.choice([len(data)] * 8 + [0, 1, 2**31, 2**32 - 1])
        frame = bytearray(struct.pack(">I", size) + bytes(data[: chance.choice([len(data), 3])]))
        try:
            value = channel.frame(frame, SMALL)
        except channel.Ended as ended:
            assert ended.args[0] == "SandboxDied"
            continue
        if value is None:
            assert len(frame) < 4 + size
            continue
        try:
            answer = Execution.model_validate({key: value[key] for key in ("result", "charts", "error")})
        except (KeyError, ValidationError):
            continue
        json.loads(answer.model_dump_json())  # what is told on is JSON, and holds no NaN


def test_no_confinement_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(SandboxUnavailable, match="seccomp.*e2b or modal"):
        open_session({})


def test_duckdb_finds_frames_by_their_names(tmp_path: Path) -> None:
    """As it does by itself where it may read files."""
    with open_session({}) as session:
        assert session.run("import duckdb, pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ndf2 = df * 10").error is None
        assert session.run("duckdb.sql('SELECT sum(df.a + df2.a) FROM df, df2').fetchall()").result == [[66]]
        assert session.run("df = df.tail(1)\nduckdb.query('SELECT * FROM df').fetchall()").result == [[2]]
        assert session.run("con = duckdb.connect()\ncon.execute('CREATE TABLE t AS SELECT * FROM df')\ncon.sql('FROM t').fetchall()").result == [[2]]
        assert session.run("def inner():\n    mine = df * 3\n    return duckdb.execute('FROM mine').fetchall()\ninner()").result == [[6]]
        missing = session.run("duckdb.sql('FROM nowhere')").error
        assert missing is not None and "nowhere" in missing.value
        twice = session.run("duckdb.sql('CREATE TABLE once (a INT)')\nduckdb.execute('INSERT INTO once VALUES (1); SELECT * FROM late')").error
        assert twice is not None and session.run("duckdb.sql('FROM once').fetchall()").result == [[1]]


def test_models_that_limit_their_threads() -> None:
    """scikit-learn's k-means asks which libraries with threads this process has loaded."""
    with open_session({}) as session:
        done = session.run("import numpy as np\nfrom sklearn.cluster import KMeans\nKMeans(2, n_init=1).fit(np.eye(4)).inertia_")
    assert done.error is None and isinstance(done.result, float)
