"""Cells on E2B: the real library over HTTP to a small E2B on this machine (e2b_fakes.py), the real child program in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.analyze.files import load_analysis
from functions.work import start
from functions.worker import work_through
from shared.errors import AgentForgeError, SandboxUnavailable
from shared.sandbox import ENVIRONMENT, Limits, e2b, open_session
from shared.sandbox.remote import SandboxLost
from shared.state.runs import load
from shared.state.store import Store
from tests.e2b_fakes import KEY, Cloud

SHOPS = "city,year,sales\nOslo,2020,10.5\nOslo,2021,12.25\nRome,2020,7\nRome,2021,9\nLima,2020,3\nLima,2021,4\n"
SECRETS = {"AWS_SECRET_ACCESS_KEY": "not-for-cells", "RUNPOD_API_KEY": "not-for-cells-either"}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    (tmp_path / "machine").mkdir()
    cloud = Cloud(tmp_path / "machine")
    for name, value in {**cloud.environment, **SECRETS}.items():
        monkeypatch.setenv(name, value)
    yield cloud
    cloud.close()


def gone(cloud: Cloud) -> bool:
    until = time.monotonic() + 10
    while any(process.poll() is None for process in cloud.processes.values()) and time.monotonic() < until:
        time.sleep(0.01)
    return bool(cloud.killed) and all(process.poll() is not None for process in cloud.processes.values())


def test_a_session_keeps_state_has_its_files_and_is_gone_at_its_end(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "tools" / "kit").mkdir(parents=True)
    (tmp_path / "tools" / "kit" / "__init__.py").write_text("def double(n):\n    return 2 * n\n")
    with open_session({"a.csv": tmp_path / "a.csv"}, tools=tmp_path / "tools") as session:
        assert session.level == "e2b"
        assert session.run("import pandas\nframe = pandas.read_csv('a.csv')\nprint('read, é')\nint(frame.x.sum())").result == 1
        execution = session.run("import sys\nprint('out')\nprint('err', file=sys.stderr)\nfrom kit import double\ndouble(len(frame))")
        assert (execution.stdout, execution.stderr, execution.result, execution.error) == ("out\n", "err\n", 2, None)
        error = session.run("1 / 0").error
        assert error and error.name == "ZeroDivisionError" and "<cell 3>" in error.traceback
        assert session.run("len(frame)").result == 1  # it went on
    assert gone(cloud)
    after = session.run("1").error
    assert after and after.name == "SandboxDied"


def test_the_sandbox_has_no_network_no_secrets_and_an_end(cloud: Cloud) -> None:
    with open_session({}) as session:
        seen = session.run("import os\ndict(os.environ)").result
    (asked,) = cloud.asked
    assert asked["allow_internet_access"] is False
    assert asked["templateID"] == "agentforge-cells" and 0 < asked["timeout"] <= 3600 and not asked["envVars"]
    (command,) = cloud.commands
    assert command.envs == ENVIRONMENT
    assert not {*SECRETS.values(), KEY} & {*seen.values()}
    assert not any(secret in "".join(command.args) for secret in (*SECRETS.values(), KEY))


def test_a_session_that_lasts_asks_for_more_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    with open_session({}, Limits(wall_s=400)) as session:
        session.run("1")
        assert (cloud.asked[0]["timeout"], cloud.timeouts) == (800, [])
        monkeypatch.setattr(e2b.time, "monotonic", lambda: now + 500)
        session.run("1")
        assert cloud.timeouts == [800]


@pytest.mark.parametrize(
    ("code", "limits", "name"),
    [
        ("while True: pass", Limits(wall_s=0.5), "TimeLimit"),
        ("while True: pass", Limits(cpu_s=1), "TimeLimit"),
        ("x = bytearray(3 << 30)", Limits(memory_mb=1024), "MemoryLimit"),
        ("'x' * 2_000_000", Limits(result_bytes=100_000), "OutputLimit"),
        ("import os\nos._exit(3)", Limits(), "SandboxDied"),
        ("import os\nos.kill(os.getpid(), 9)", Limits(), "SandboxDied"),
        ("import os\nos.write(4, b'eyJjZWxsIjogMX0=\\n')", Limits(), "SandboxDied"),  # an answer of its own
    ],
)
def test_limits_and_attacks_have_names(cloud: Cloud, code: str, limits: Limits, name: str) -> None:
    with open_session({}, limits) as session:
        error = session.run(code).error
        assert error and error.name == name, error
    assert gone(cloud)


def test_more_output_than_allowed_is_dropped_and_said(cloud: Cloud) -> None:
    with open_session({}, Limits(output_bytes=1000)) as session:
        execution = session.run("print('x' * 500_000)\n5")
        assert (len(execution.stdout), execution.truncated, execution.result) == (1000, True, 5)
        assert session.run("print('short')").stdout == "short\n"


def _key(value: str) -> Callable[[pytest.MonkeyPatch, Cloud], None]:
    return lambda patch, cloud: patch.setenv("E2B_API_KEY", value)


@pytest.mark.parametrize(
    ("spoil", "error", "told"),
    [
        (_key(""), SandboxUnavailable, "E2B_API_KEY is not set"),
        (_key("e2b_wrong"), SandboxUnavailable, "E2B refused us"),
        (lambda patch, cloud: patch.setenv("AGENTFORGE_E2B_TEMPLATE", "other"), SandboxUnavailable, "AGENTFORGE_E2B_TEMPLATE"),
        (lambda patch, cloud: cloud.faults.append(400), SandboxUnavailable, "cannot make"),
        (lambda patch, cloud: cloud.faults.append(403), SandboxUnavailable, "E2B_API_KEY"),
        (lambda patch, cloud: cloud.faults.extend([429] * 9), SandboxLost, "Try again"),
        (lambda patch, cloud: cloud.faults.append(500), SandboxLost, "Try again"),
        (lambda patch, cloud: cloud.faults.extend([503] * 9), SandboxLost, "Try again"),
        (lambda patch, cloud: patch.setitem(sys.modules, "e2b", None), SandboxUnavailable, "agentforge[e2b]"),
    ],
)
def test_what_is_missing_is_said(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, spoil: Callable[..., None], error: type[AgentForgeError], told: str
) -> None:
    spoil(monkeypatch, cloud)
    with pytest.raises(error) as raised:
        open_session({})
    assert told in str(raised.value) and type(raised.value) is error
    assert not any(key in str(raised.value) for key in (KEY, "e2b_wrong"))


def test_a_cloud_that_goes_away_is_nobodys_fault(cloud: Cloud) -> None:
    with open_session({}) as session:
        session.run("1")
        cloud.close()
        with pytest.raises(SandboxLost) as raised:
            for _ in range(2):  # whether the first notices depends on who is quicker
                if session.run("1").error:
                    raise SandboxLost("The child was ended before the connection was.")
    assert raised.value.retryable


def test_an_analysis_is_the_same_as_with_the_local_sandbox(
    cloud: Cloud, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shops.csv").write_text(SHOPS)
    found = {}
    for sandbox in ("local", "e2b"):
        monkeypatch.setenv("AGENTFORGE_SANDBOX", sandbox)
        log = start(store, "analyze", {"sources": [str(tmp_path / "shops.csv")], "goal": "mean sales by city"})
        assert work_through(store, log.ref).state == "succeeded"
        analysis = load_analysis(load(store, log.id))
        assert analysis is not None
        found[analysis.receipt.sandbox.partition(" ")[0]] = (
            [finding.text for finding in analysis.findings], [cell.result for cell in analysis.cells], [chart.spec for chart in analysis.charts]
        )  # fmt: skip
    assert len(found) == 2 and "e2b" in found
    assert len({json.dumps(each) for each in found.values()}) == 1
    assert gone(cloud)


def test_the_library_is_loaded_only_where_a_session_is_opened() -> None:
    code = "import sys, shared.sandbox, shared.sandbox.e2b; print('e2b' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "AGENTFORGE_SANDBOX": "e2b"})
    assert done.stdout.strip() == "False"
