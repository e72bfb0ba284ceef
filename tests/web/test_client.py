"""The Python client, and the command line over it, against a server process; in between, a proxy that loses answers."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handlers import cli, connection
from handlers.cli import remote
from handlers.client import AgentForge, StillRunning, Unreachable
from shared.errors import AgentForgeError, BadInput, Busy, Conflict, InvalidSetting, NotFound
from shared.identity.permissions import NotAllowed, NotSignedIn
from shared.money.accounts import Accounts
from shared.state.opening import open_store
from tests.moto_server import Moto
from tests.web.conftest import Site, served

ROOT = Path(__file__).parent.parent.parent
SALES = "city,price\nOslo,10.5\nOslo,12.25\nRome,7\nRome,9\nLima,3\n"
GOAL = "average price by city"
SLOW = ["import time", *["time.sleep(0.5)"] * 100]  # a cancel is looked for between cells
DOCS = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


class Server:
    """`agentforge serve` in a process of its own."""

    def __init__(self, store: str, **environment: str) -> None:
        names = {name: value for name, value in os.environ.items() if not name.startswith("AGENTFORGE_")}
        self.store = store
        self.process = subprocess.Popen(
            [sys.executable, "-m", "handlers.cli", "serve", "--port", "0"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
            env={**names, "AGENTFORGE_STORE": store, **environment},
        )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline() + self.process.stdout.readline()
        self.key, self.url = (re.search(form, said)[0] for form in (r"af_live_\w+", r"http://[0-9.:]+"))  # type: ignore[index]

    def client(self, url: str = "", **options: Any) -> AgentForge:
        return AgentForge(self.key, url or self.url, **options)

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE_S", 0.02)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(str(tmp_path_factory.mktemp("server") / "store"), AGENTFORGE_LEASE_S="2")
    yield server
    server.close()


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    return path


Fate = Callable[[str, str, int], str]  # of a request: method, path, how often it came → "", "lost", "busy" or "cut"


@contextmanager
def proxy(to: str, fate: Fate) -> Iterator[tuple[str, Counter[tuple[str, str, str]]]]:
    """Its address, and what came: (method, path, idempotency key) → how often.

    A request that is "lost" is done and not answered; "busy" is refused; "cut": its answer breaks off after 1,500 bytes.
    """
    seen: Counter[tuple[str, str, str]] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def any(self) -> None:
            name = (self.command, self.path, self.headers.get("Idempotency-Key", ""))
            seen[name] += 1
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            what = fate(self.command, self.path, seen[name])
            self.close_connection = True
            if what == "busy":
                self.wfile.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 5\r\n\r\nbusy!")
                return
            with httpx2.stream(self.command, to + self.path, headers=dict(self.headers.items()), content=body, timeout=90) as answer:
                if what == "lost":
                    answer.read()
                    return
                self.send_response_only(answer.status_code)
                for header, value in answer.headers.items():
                    if header not in ("transfer-encoding", "connection"):
                        self.send_header(header, value)
                self.send_header("Connection", "close")
                self.end_headers()
                left = 1500 if what == "cut" else sys.maxsize
                for block in answer.iter_raw():
                    self.wfile.write(block[:left])
                    left -= len(block)
                    if left <= 0:
                        self.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: the connection is reset
                        return

        do_GET = do_POST = do_PUT = do_DELETE = any

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", seen
        finally:
            listening.shutdown()
            thread.join()


def test_what_a_server_does_from_python(server: Server, sales: Path, tmp_path: Path) -> None:
    with server.client() as forge:
        dataset = forge.upload(sales, name="sales of a week")
        assert dataset.name == "sales of a week" and dataset.id in {each.id for each in forge.datasets()}
        sales.write_text(SALES + "Lima,4\n")
        assert [version.number for version in forge.upload(sales, dataset=dataset.id).versions] == [1, 2]
        table = forge.preview(dataset, rows=2).tables[0]
        assert (table.n, len(table.rows)) == (6, 2) and table.columns[1].max == 12.25

        run = forge.analyze([f"{dataset.id}@1"], GOAL, outputs={"mean": "average price of all rows"})
        assert run.state == "succeeded" and run.over and run.output["outputs"]["mean"] == 8.35 and run.requests["control"]
        assert b"<html" in forge.artifact(run, "report.html")
        forge.artifact(run, "charts/chart1.png", tmp_path / "chart.png")
        assert (tmp_path / "chart.png").read_bytes() == forge.artifact(run, "charts/chart1.png")
        assert forge.verify(run).sound

        done = forge.execute(["import pandas as pd", "len(pd.read_csv('sales.csv'))"], dataset)
        assert done.output["cells"][1]["result"] == 6
        listed = [each.id for each in forge.runs(page=1)]
        assert listed[:2] == [done.id, run.id] and len(listed) == len(set(listed))
        assert {each.id for each in forge.runs(function="execute", page=1)} >= {done.id}
        assert run.id not in {each.id for each in forge.runs(function="execute")}

        key = forge.create_key("reads", ["runs:read"], expires_s=3600)
        assert key.key is not None
        reader = AgentForge(key.key, server.url)
        assert reader.run(run).state == "succeeded"
        with pytest.raises(NotAllowed, match="runs:write"):
            reader.analyze(dataset, GOAL)
        again = forge.rotate_key(key, overlap_s=60)
        assert again.key not in (None, key.key)
        assert {key.id, again.id} <= {each.id for each in forge.api_keys()}
        assert forge.revoke_key(again).revoked
        forge.delete(run, "a test")
        with pytest.raises(NotFound):
            forge.run(run)
        forge.delete_dataset(dataset)
        assert forge.config().backend == "local"


def test_waiting_is_as_long_as_one_likes(server: Server) -> None:
    forge = server.client()
    with pytest.raises(StillRunning) as raised:
        forge.execute(SLOW, wait=0.5)
    assert raised.value.retryable
    run = next(forge.runs())
    with pytest.raises(StillRunning):
        forge.wait(run, timeout_s=0.2)
    assert forge.cancel(run, "it sleeps").cancelling
    assert forge.wait(run, timeout_s=30).state == "cancelled"
    again = forge.retry(run)
    assert not again.over and again.retry_of == run.id
    forge.cancel(again)
    assert forge.wait(again).over


def test_lost_answers_double_nothing(server: Server, sales: Path) -> None:
    """Each answer is lost the first time, and refused the second: what is counted afterwards is there once."""
    fates = {1: "lost", 2: "busy"}
    with proxy(server.url, lambda method, path, times: fates.get(times, "")) as (url, seen):
        forge, direct = server.client(url), server.client()
        before = len(list(direct.datasets())), len(list(direct.runs())), len(list(direct.api_keys()))
        dataset = forge.upload(sales)
        run = forge.analyze(dataset, GOAL)
        code = forge.execute("1 + 1")
        assert (run.state, code.output["cells"][0]["result"]) == ("succeeded", 2)
        after = len(list(direct.datasets())), len(list(direct.runs())), len(list(direct.api_keys()))
        assert after == (before[0] + 1, before[1] + 2, before[2])
        posts = {name: times for name, times in seen.items() if name[0] == "POST"}
        assert len(posts) == 3 and set(posts.values()) == {3} and all(key for _, _, key in posts)

        with pytest.raises(Unreachable, match="revoked"):  # a key's text is in the first answer only
            forge.create_key("lost", ["runs:read"])
        assert [key.revoked is not None for key in direct.api_keys() if key.name == "lost"] == [True]
        forge.delete(run)
        forge.delete_dataset(dataset)  # done when its answer was lost; then it is not there
        with pytest.raises(NotFound):
            direct.delete_dataset(dataset)


def test_events_go_on_where_the_connection_broke(server: Server, sales: Path) -> None:
    with proxy(server.url, lambda method, path, times: "cut" if path.endswith("/stream") else "") as (url, seen):
        forge = server.client(url)
        run = forge.analyze(sales, GOAL, wait=False)
        followed = list(forge.events(run))
        assert sum(times for (_, path, _), times in seen.items() if path.endswith("/stream")) > 2
    there = list(server.client().events(run, follow=False))
    assert followed == there and there[0].kind == "opened" and there[-1].kind == "finished"
    assert list(server.client().events(run, after=1)) == [event for event in there if event.seq > 1]
    with pytest.raises(NotFound):
        next(server.client().events("0rk5c9t3v-8a1m2n3p4q"))


def test_a_stream_that_says_nothing_new_is_given_up(server: Server) -> None:
    with proxy(server.url, lambda method, path, times: "lost" if path.endswith("/stream") else "") as (url, _):
        run = server.client().execute("1")
        with pytest.raises(Unreachable):
            list(server.client(url, retries=1).events(run))


def test_errors_are_ours_by_status_and_code(server: Server, sales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = server.client()
    slow = forge.execute(SLOW, wait=False)
    for wrong, kind, code in (
        (lambda: forge.run("0rk5c9t3v-8a1m2n3p4q"), NotFound, "not_found"),
        (lambda: forge.run("../../keys"), NotFound, "not_found"),
        (lambda: forge.upload(sales.with_name("none.csv")), NotFound, "not_found"),
        (lambda: forge.execute([]), BadInput, "invalid_request"),
        (lambda: forge.delete(slow), Conflict, "conflict"),
        (lambda: AgentForge(server.key[:-1], server.url).config(), NotSignedIn, "not_signed_in"),
        (lambda: AgentForge(server.key, server.url + "/elsewhere").config(), NotFound, "not_found"),
        (lambda: AgentForge(server.key, "http://127.0.0.1:9", retries=1).config(), Unreachable, "unreachable"),
    ):
        with pytest.raises(kind) as raised:  # type: ignore[var-annotated]
            wrong()
        assert raised.value.code == code and raised.value.message and server.key not in str(raised.value)
    forge.cancel(slow)
    with proxy(server.url, lambda method, path, times: "busy") as (url, seen):
        with pytest.raises(AgentForgeError, match="503") as refused:
            server.client(url, retries=2).config()
        assert refused.value.code == "http_error" and refused.value.retryable and sum(seen.values()) == 3
    for url, key in (("", "k"), ("nowhere", "k"), ("ftp://a", "k"), ("http://a?b", "k"), ("http://a", ""), ("http://a", "a b"), ("http://a", "é")):
        monkeypatch.delenv("AGENTFORGE_API_URL", raising=False)
        monkeypatch.delenv("AGENTFORGE_API_KEY", raising=False)
        with pytest.raises(InvalidSetting):
            AgentForge(key, url)


def test_rates_are_kept_by_waiting(server: Server) -> None:
    made = httpx2.post(
        f"{server.url}/v1/keys", json={"name": "slow", "scopes": ["workspace:read"], "per_minute": 60}, headers={"Authorization": f"Bearer {server.key}"}
    ).json()
    slow = AgentForge(made["key"], server.url, retries=0)
    with pytest.raises(Busy):
        for _ in range(100):
            slow.config()
    assert AgentForge(made["key"], server.url).config()


def test_a_file_is_never_in_memory(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    forge = server.client()
    forge.config()
    tracemalloc.start()
    try:
        assert forge.upload(path).versions[0].bytes == 64 << 20
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_what_is_too_large_for_the_server_goes_to_its_bucket(moto: Moto, tmp_path: Path, sales: Path) -> None:
    limit = {"AGENTFORGE_MAX_UPLOAD_MB": "0.001"}
    large = tmp_path / "large.csv"
    large.write_text("city,price\n" + "Oslo,10\n" * 1000)
    bucket = Server(moto.url("client"), **limit, **moto.environment)
    try:
        fates = {1: "lost", 2: "busy"}
        with proxy(bucket.url, lambda method, path, times: fates.get(times, "")) as (url, seen):
            forge = bucket.client(url)
            dataset, small = forge.upload(large), forge.upload(sales)
            assert (dataset.versions[0].bytes, small.versions[0].bytes) == (large.stat().st_size, len(SALES))
            assert {path for method, path, _ in seen if method == "POST"} == {"/v1/datasets/uploads", "/v1/datasets", "/v1/datasets/upload"}
            assert len(list(forge.datasets())) == 2
        sent = [request for request in moto.seen if request.method == "PUT" and request.path.endswith("large.csv")]
        assert sent and not any("authorization" in request.headers for request in sent)
        forge = bucket.client()
        run = forge.execute("len(open('large.csv').readlines())", dataset)
        assert run.output["cells"][0]["result"] == 1001
        assert b"1001" in forge.artifact(run, "execution.json")  # from the bucket, by a signed address
    finally:
        bucket.close()


def test_what_is_too_large_for_a_server_without_a_bucket_is_refused(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_MAX_UPLOAD_MB", "0.001")
    large = tmp_path / "large.csv"
    large.write_text("city,price\n" + "Oslo,10\n" * 1000)
    with served(site.app) as url, pytest.raises(BadInput, match="large.csv has 8,011 bytes; at most 1,048 are taken"):
        AgentForge(site.a.key, str(url)).upload(large)


@pytest.fixture
def call(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command line over the server's store: `there` through the server (or through another, `to`), else directly."""

    def call(*words: str, there: bool = True, to: Server = server) -> tuple[int, str, str]:
        monkeypatch.setenv("AGENTFORGE_STORE", "/dev/null" if there else to.store)
        for name, value in (("AGENTFORGE_API_URL", to.url), ("AGENTFORGE_API_KEY", to.key)):
            if there:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(sys, "argv", ["agentforge", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out, err

    return call


def test_the_command_line_prints_the_same_through_a_server(call: Any, server: Server, sales: Path, tmp_path: Path) -> None:
    code, out, err = call("analyze", str(sales), GOAL, "--json", "--output", "mean=average price of all rows")
    there, here = json.loads(out), json.loads(call("analyze", str(sales), GOAL, "--json", "--output", "mean=average price of all rows", there=False)[1])
    assert (code, err) == (0, "") and there.keys() == here.keys() and there["findings"] == here["findings"] and there["outputs"] == here["outputs"]
    assert there["receipt"]["requests"]["control"]

    code, out, _ = call("analyze", str(sales), GOAL, "--out", str(tmp_path / "out"))
    assert code == 0 and f"  {tmp_path}/out/report.html" in out and (tmp_path / "out/charts/chart1.png").is_file()
    id = re.findall(r"run (\S+) \(agentforge", out)[0]
    assert call("analyze", str(sales), "colour of the sky")[0] == 3

    failed = server.client().execute("import socket", sales)
    assert failed.error is not None and failed.error.status == 422
    for words in (
        ("runs", "list", "--limit", "3"), ("runs", "list", "--json"), ("runs", "show", id, "--json"), ("runs", "show", failed.id), ("runs", "events", id),
        ("runs", "events", id, "--follow", "--after", "1"), ("runs", "verify", "last"), ("runs", "show", "0rk5c9t3v-8a1m2n3p4q"),
    ):  # fmt: skip
        assert _parsed(call(*words)) == _parsed(call(*words, there=False))
    shown = [line for line in call("runs", "show", id)[1].splitlines() if not line.startswith("  http")]
    assert shown == [line for line in call("runs", "show", id, there=False)[1].splitlines() if not line.startswith("  /")]

    script = tmp_path / "script.py"
    script.write_text("import pandas as pd\nprint('read')\n# %%\npd.read_csv('sales.csv').price.sum()\n")
    assert call("exec", str(script), "--data", str(sales)) == call("exec", str(script), "--data", str(sales), there=False) == (0, "read\n41.75\n", "")
    script.write_text("import socket\n")
    assert call("exec", str(script)) == call("exec", str(script), there=False)

    again = server.client().execute(SLOW, wait=False).id
    assert call("runs", "cancel", again)[1] in ("Cancelled.\n", "Asked to stop: its worker ends it when it next looks.\n")
    server.client().wait(again)
    assert call("runs", "delete", again, "--reason", "a test") == (0, "Deleted; its tombstone stays.\n", "")
    assert '"reason": "a test"' in call("runs", "audit", there=False)[1]
    assert call("runs", "retry", failed.id)[0] == 2


def _parsed(said: tuple[int, str, str]) -> tuple[int, Any, str]:
    """JSON as what it means: the order of names is nobody's business."""
    code, out, err = said
    return code, json.loads(out) if out.startswith(("{", "[")) and "\n{" not in out else out, err


def test_standard_input_goes_to_a_server_too(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SALES.encode())))
    code, out, _ = call("analyze", "-", GOAL)
    assert code == 0 and "11.38" in out


@pytest.mark.parametrize(
    "words", [("runs", "replay", "last"), ("runs", "export", "x.tar"), ("runs", "import", "x.tar"), ("runs", "audit"), ("runs", "verify", "all")]
)
def test_what_needs_the_store_says_so(call: Any, words: tuple[str, ...]) -> None:
    code, out, err = call(*words)
    assert (code, out) == (2, "") and "through a server" in err and "AGENTFORGE_API_URL" in err


def test_a_plan_is_run_there_and_made_here(call: Any, sales: Path, tmp_path: Path) -> None:
    assert call("analyze", str(sales), GOAL, "--plan-only")[0] == 2
    plan = tmp_path / "plan.json"
    plan.write_text(call("analyze", str(sales), GOAL, "--plan-only", there=False)[1])
    code, out, _ = call("analyze", str(sales), "--plan", str(plan))
    assert code == 0 and "11.38" in out


def test_ctrl_c_cancels_there(server: Server) -> None:
    forge = server.client()
    run = forge.execute(SLOW, wait=False)

    def interrupt(event: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remote.followed(forge, run, interrupt)
    assert forge.wait(run, timeout_s=30).state == "cancelled"


def test_quotes_and_notices_on_the_command_line(call: Any, sales: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("1 + 1\n")
    assert call("exec", str(script), "--quote", there=False)[0] == 2
    store = str(tmp_path / "paid")
    paid = Server(store, AGENTFORGE_BILLING="on", AGENTFORGE_LOCAL_PRICES="cpu=3")
    try:
        Accounts(open_store(Path(store))).credit("local", "p1", 900_000)
        for words in (("analyze", str(sales), GOAL), ("exec", str(script))):
            code, out, err = call(*words, "--quote", to=paid)
            (id,) = re.findall(r"--accept (\S+)\n", out)
            assert code == 0 and out.startswith("About $0.0") and " at most. Until 20" in out and err == ""
            assert json.loads(call(*words, "--quote", "--json", to=paid)[1])["upper"] > 0
        assert list(paid.client().runs()) == []
        code, out, err = call("exec", str(script), "--accept", id, to=paid)
        assert (code, out) == (0, "2\n") and err == "note: Little credit is left: $0.90, below $1.00. Runs are refused once it is used up.\n"
        code, out, err = call("exec", str(script), "--accept", id, to=paid)
        assert (code, out) == (2, "") and "was accepted for the run" in err
        failed = paid.client().execute("import socket")
        assert call("runs", "retry", failed.id, "--quote", to=paid)[1].startswith("About $0.0")
    finally:
        paid.close()


def test_the_page_about_the_api_does_what_it_says(server: Server, sales: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(sales.parent)
    monkeypatch.setenv("AGENTFORGE_API_URL", server.url)
    monkeypatch.setenv("AGENTFORGE_API_KEY", server.key)
    blocks = re.findall(r"^```python\n(.*?)^```", DOCS, re.M | re.S)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/api.md", "exec"), names)
    out = capsys.readouterr().out
    assert len(blocks) == 6 and "succeeded" in out and "8.35" in out and "['city', 'price']" in out and "not_found" in out and "invalid_request" in out
    if shutil.which("curl"):
        (shell,) = re.findall(r"^```bash\n(.*?)^```", DOCS, re.M | re.S)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", shell], cwd=sales.parent, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["state"] == "succeeded"


CODES = """
import json, web.app, functions.analyze.analysis, handlers.client, shared.outbound, shared.sandbox.remote
from handlers.http.problems import HTTP_CODES
from shared.errors import AgentForgeError
def below(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in below(child))]
print(json.dumps([*((code, status) for status, code in HTTP_CODES.items()), *((kind.code, kind.status) for kind in below(AgentForgeError))]))
"""


def test_every_code_is_explained() -> None:
    """With its status, in the table of docs/api.md: of all errors that a server's modules know."""
    told = {}
    for codes, statuses in re.findall(r"^\| (`.*`) \| ([^|]*) \|", DOCS, re.M):
        told |= {code: statuses for code in re.findall(r"`([a-z_]+)`", codes)}
    found = json.loads(subprocess.run([sys.executable, "-c", CODES], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    has = {("invalid_request", 422), ("http_error", 400), *map(tuple, found)} - {("unreachable", 503), ("still_running", 504)}
    assert {code for code, _ in has} == told.keys() - {"unreachable", "still_running"}
    assert {(code, status) for code, status in has if str(status) not in told[code]} == set()
