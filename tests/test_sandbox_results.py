"""What cells leave: results as JSON, charts, pictures, and what they used."""

import base64
import math
import struct
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError

from shared.sandbox import Execution, Limits, Session, confine, open_session

pytestmark = pytest.mark.skipif(bool(confine.missing()), reason=f"this machine lacks {confine.missing()}")
SMALL = Limits(wall_s=20, memory_mb=1024, output_bytes=10_000, result_bytes=100_000)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with open_session({}, SMALL) as opened:
        yield opened


def fails(session: Session, code: str) -> str:
    execution = session.run(code)
    assert execution.error is not None and execution.result is None, execution
    return execution.error.name


TABLES = {
    "pd.DataFrame({'a': [1, None], 'b': ['x', None]})": {
        "columns": ["a", "b"], "rows": [[1.0, "x"], [None, None]], "n": 2,
    },
    "pd.Series([1, 2], name='s')": {"columns": ["s"], "rows": [[1], [2]], "n": 2},
    "pd.Series(['u', 'v', 'u']).value_counts()": {"columns": ["index", "count"], "rows": [["u", 2], ["v", 1]], "n": 2},
    "pd.DataFrame({'k': [1, 1], 'v': [2, 4]}).groupby('k').agg(['min', 'max'])": {
        "columns": ["k", "v_min", "v_max"], "rows": [[1, 2, 4]], "n": 1,
    },
    "pd.DataFrame()": {"columns": [], "rows": [], "n": 0},
    "pd.DataFrame([[1, 2]], columns=['a', 'a'])": {"columns": ["a", "a"], "rows": [[1, 2]], "n": 1},
    "duckdb.sql('select 1 as a, null as b where false')": {"columns": ["a", "b"], "rows": [], "n": 0},
}  # fmt: skip
VALUES = {
    "[np.float64('nan'), float('inf'), -0.5, np.float32(0.5), np.int8(3), np.bool_(True)]": [
        None, None, -0.5, 0.5, 3, True,
    ],
    "[2**53, 2**53 + 1, -2**60, np.uint64(2**63)]": [2**53, str(2**53 + 1), str(-(2**60)), str(2**63)],
    "{1: 'a', None: 'b', (1, 2): 'c', pd.Timestamp('2024-01-02'): 'd'}": {
        "1": "a", "None": "b", "(1, 2)": "c", "2024-01-02T00:00:00": "d",
    },
    "[pd.Timestamp('2024-01-02 03:04', tz='UTC'), datetime.date(2024, 1, 2), datetime.time(1, 2), pd.NaT, pd.NA]": [
        "2024-01-02T03:04:00+00:00", "2024-01-02", "01:02:00", None, None,
    ],
    "[np.datetime64('2024-01-02'), np.datetime64('NaT')]": ["2024-01-02T00:00:00", None],
    "[datetime.timedelta(days=1, seconds=2), np.timedelta64(1, 'h')]": ["P1DT0H0M2S", "P0DT1H0M0S"],
    "[decimal.Decimal('1.25'), decimal.Decimal('NaN'), uuid.UUID(int=1)]": [
        1.25, None, "00000000-0000-0000-0000-000000000001",
    ],
    "np.array([[1, 2], [3, 4]])": [[1, 2], [3, 4]],
    "(pd.Index([1, 2]), pd.Categorical(['a']), pd.Period('2024-01'), np.ma.masked)": [[1, 2], ["a"], "2024-01", None],
    "'ça \\ud800 \\0 \\u2028 😀'": "ça ? \0 \u2028 😀",
    "{'t': pd.DataFrame({'a': [1]})}": {"t": {"columns": ["a"], "rows": [[1]], "n": 1}},
    "stats.ttest_rel([1, 2, 3], [2, 3, 5]).pvalue > 0": True,
}  # fmt: skip
NOT_JSON = ["{1, 2}", "b'x'", "1j", "object()", "int", "r = []; r.append(r); r", "{1: 0, '1': 0}", "[lambda: 0]"]


def test_results_as_json(session: Session) -> None:
    session.run("import datetime, decimal, uuid, numpy as np, pandas as pd, duckdb; from scipy import stats")
    for code, expected in (TABLES | VALUES).items():
        execution = session.run(code)
        assert (code, execution.result, execution.error) == (code, expected, None)
        assert math.isfinite(execution.ms)
    for code in NOT_JSON:
        assert (code, fails(session, code)) == (code, "ResultNotJSON")
    long = session.run("pd.DataFrame({'a': range(5000)})").result
    assert long["n"] == 5000 and len(long["rows"]) == 1000
    long = session.run("duckdb.sql('from range(5000)')").result
    assert long["n"] == 5000 and len(long["rows"]) == 1000


def test_charts_are_collected(session: Session) -> None:
    make = "import altair as alt, pandas as pd\n"
    make += "c = alt.Chart(pd.DataFrame({'x': [1.5]})).mark_point().encode(x='x:Q')\n"
    execution = session.run(make + "display(c); display('text')\nc.properties(title='é')")
    assert [chart.get("title") for chart in execution.charts] == [None, "é"]
    assert execution.result is None and execution.stdout == "text\n"
    assert session.run("1").charts == []


PICTURE = """import struct, zlib
def part(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
class Red:
    def _repr_png_(self):
        header = struct.pack('>IIBBBBB', 2, 1, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b'\\0' + bytes([255, 0, 0]) * 2)
        return b'\\x89PNG\\r\\n\\x1a\\n' + part(b'IHDR', header) + part(b'IDAT', pixels) + part(b'IEND', b'')
"""


def size(png: str) -> tuple[int, int]:
    """Of a picture whose every part is sound."""
    data = base64.b64decode(png)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        parts[kind] = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + parts[kind]) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        at += 12 + length
    assert b"IEND" in parts
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    return width, height


def test_what_draws_itself_is_a_picture(session: Session) -> None:
    execution = session.run(PICTURE + "display(Red()); display(7)\nRed()")
    assert [size(png) for png in execution.pngs] == [(2, 1)] * 2
    assert (execution.result, execution.error, execution.stdout) == (None, None, "7\n")
    assert session.run("1").pngs == []
    assert fails(session, PICTURE + "display(Red()); 1 / 0") == "ZeroDivisionError"
    code = "class None_:\n def __init__(self): self.a = 1\n def _repr_png_(self): return None\n"
    assert fails(session, code + "None_()") == "ResultNotJSON"  # it says that it has none
    assert fails(session, PICTURE + "class Big:\n _repr_png_ = lambda self: Red()._repr_png_() + bytes(200_000)\nBig()") == "OutputLimit"


@pytest.mark.parametrize("forged", ["iVBORw0KGgo=", "not base64!", base64.b64encode(b"GIF89a").decode(), "é"])
def test_only_pictures_are_taken_for_pictures(forged: str) -> None:
    with pytest.raises(ValidationError):
        Execution(pngs=[forged])


def test_figures_are_pictures_as_in_a_notebook(session: Session) -> None:
    pytest.importorskip("matplotlib")
    start = "import matplotlib.pyplot as plt\nfrom matplotlib.figure import Figure\n"

    def drawn(code: str) -> int:
        execution = session.run(code)
        assert execution.error is None, execution.error
        assert all(min(size(png)) > 50 for png in execution.pngs)
        return len(execution.pngs)

    assert session.run(start + "import matplotlib, os\nmatplotlib.get_backend().lower()").result == "agg"
    assert drawn("plt.plot([1, 2])") == 1  # a list of lines, which has no JSON value
    assert drawn("plt.hist([1, 2, 2]); plt.show()") == 1
    assert drawn("f, a = plt.subplots(); a.plot([1, 2]); f") == 1  # not twice
    assert drawn("f, a = plt.subplots(2); a.tolist()[0]") == 1
    assert drawn("a[1]") == drawn("f") == 1  # they are closed, and can be shown again
    assert drawn("plt.plot([1]); plt.figure(); plt.plot([2]); plt.figure(); None") == 2  # the last has nothing on it
    assert drawn("g = Figure(); g.subplots().plot([1, 2]); g") == 1
    assert drawn("plt.plot([1]); display(plt.gcf()); None") == 1
    assert session.run("plt.plot([1]); 5").result == 5
    assert fails(session, "plt.plot([1]); 1 / 0") == "ZeroDivisionError" and drawn("None") == 0
    assert fails(session, "plt.plot([1]); plt.title('$\\\\no{$'); None") == "ValueError" and drawn("None") == 0
    assert fails(session, "Figure(figsize=(3000, 3000))") in ("MemoryLimit", "ValueError")
    kept = session.run("[p for p in os.environ if 'MPL' in p or 'HOME' in p] + [matplotlib.get_cachedir().startswith(os.environ['HOME'])]")
    assert kept.result[-1] is True


def test_what_a_cell_used_is_told() -> None:
    with open_session({}, SMALL) as session:
        session.run("import pandas")
        first = session.run("import time\ntime.sleep(0.3)").usage
        assert first and first.cpu_ms < 150 and 5 < first.memory_mb < 500
        worked = session.run("import time\nt = time.process_time()\nwhile time.process_time() - t < 0.2: pass").usage
        assert worked and 190 < worked.cpu_ms < 1000
        threads = "import threading, hashlib\nt = [threading.Thread(target=hashlib.pbkdf2_hmac, args=('sha256', b'', b'', 150_000)) for _ in '12']"
        started = time.monotonic()
        threaded = session.run(threads + "\n[x.start() for x in t]; [x.join() for x in t]; None").usage
        assert threaded and 50 < threaded.cpu_ms < (time.monotonic() - started) * 2000 + 20
        large = session.run("x = bytearray(200 << 20); del x").usage
        assert large and large.memory_mb > 200 + first.memory_mb * 0.5
        assert session.run("1 / 0").usage
        stopped = session.run("while True: pass", timeout=0.5)
        assert stopped.usage and 10 < stopped.usage.cpu_ms < 700 and math.isclose(stopped.usage.memory_mb, large.memory_mb, rel_tol=0.5)
        assert session.run("1").usage is None


def test_many_at_once_are_all_accounted_for() -> None:
    def once(number: int) -> float:
        with open_session({}, SMALL) as session:
            usage = session.run("sum(range(10**6))").usage
            assert usage and usage.memory_mb > 5
            return usage.cpu_ms

    with ThreadPoolExecutor(12) as pool:  # so many that some take longer to start than the host waits before it first looks
        assert min(pool.map(once, range(60))) > 1


def test_a_cell_cannot_lie_about_what_it_used() -> None:
    lie = "import time, resource, os\ntime.process_time = lambda: 0.0\nresource.getrusage = None\nsum(range(10**7))"
    with open_session({}, SMALL) as session:
        told = session.run(lie).usage
        assert told and told.cpu_ms > 30
