"""Modal through its real SDK and its real container program, against a small fake of the cloud (modal_cloud.py)."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from grpclib import GRPCError, Status
from modal_proto import api_pb2
from packaging.requirements import Requirement
from typer.testing import CliRunner

from functions.registry import LONGEST_S, all_functions
from functions.work import start
from handlers.cli.app import app as cli
from shared import VERSION
from shared.backends import chosen_backend
from shared.backends.modal import ModalBackend
from shared.errors import BackendUnavailable, InvalidSetting, SandboxUnavailable
from shared.sandbox import ENVIRONMENT, Execution, Limits, Session, open_session, prewarm
from shared.sandbox.remote import SandboxLost
from shared.state import runs
from shared.state.datasets import save_dataset
from shared.state.opening import open_store
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.modal_cloud import Cloud, modal_cloud, wait_until
from tests.moto_server import Moto

ROOT = Path(__file__).parent.parent
CARS = ROOT / "examples" / "cars.csv"
QUESTION = "average Horsepower by Origin"
TIERS = {"cpu": "work_cpu", "gpu-small": "work_gpu_small", "gpu-large": "work_gpu_large"}


@pytest.fixture(scope="module")
def account() -> Iterator[Cloud]:
    """A cloud on which everything is deployed by the SDK, once."""
    from modal.client import _Client

    with modal_cloud() as cloud, pytest.MonkeyPatch.context() as patch:
        settings = {"SERVER_URL": cloud.url, "TOKEN_ID": "ak-1", "TOKEN_SECRET": "as-1"}
        settings["BUILD_VALIDATION"] = "ignore"  # somebody may be editing the source while this runs
        for name, value in settings.items():
            patch.setenv(f"MODAL_{name}", value)
        _Client._set_env_client(None)
        cloud.secrets["agentforge"] = {"AGENTFORGE_STORE": "s3://to-be-set"}
        from handlers.cli.deploy import modal_deploy

        modal_deploy()
        cloud.calls.clear()
        yield cloud
        _Client._set_env_client(None)


@pytest.fixture
def cloud(account: Cloud) -> Iterator[Cloud]:
    yield account
    for box in account.boxes.values():
        box.end()
    for kept in (account.calls, account.outputs, account.boxes):
        kept.clear()
    account.trouble, account.run_containers = lambda name, request: None, True
    account.hold = account.lose = lambda name: False


@pytest.fixture
def bucket(cloud: Cloud, store: Store) -> Store:
    """The store that this process and Modal's workers share."""
    cloud.secrets["agentforge"] = {"AGENTFORGE_STORE": os.environ["AGENTFORGE_STORE"], "AGENTFORGE_SECRET_OF_OURS": "hush"}
    return store


@pytest.fixture
def modal_sandbox(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("AGENTFORGE_SANDBOX", "modal")
    return cloud


def definition(cloud: Cloud, name: str) -> Any:
    return next(definition for definition in cloud.functions.values() if definition.function_name == name)


def pins_of(cloud: Cloud, image: str) -> set[str]:
    """The lines of the pins' files that an image and its bases were built with."""
    found = cloud.images[image]
    lines = {line for file in found.context_files for line in file.data.decode().splitlines() if file.filename.endswith(".txt")}
    return lines.union(*(pins_of(cloud, base.image_id) for base in found.base_images))


# What is deployed


@pytest.mark.parametrize("tier", TIERS)
def test_there_is_one_function_for_each_tier(cloud: Cloud, tier: str) -> None:
    made = definition(cloud, TIERS[tier])
    assert made.implementation_name == "work" and made.module_name == "modal_app"
    longest = max((f.timeout_s for f in all_functions().values() if f.tier == tier or f.tier_of), default=0)
    assert longest < made.timeout_secs <= 86_400
    assert made.HasField("retry_policy") and made.retry_policy.retries == 0
    assert 1 <= made.autoscaler_settings.max_containers <= 20 and 2 <= made.autoscaler_settings.scaledown_window <= 300
    assert not made.autoscaler_settings.min_containers and not made.autoscaler_settings.buffer_containers
    assert list(made.secret_ids) == ["st-agentforge"] and not made.volume_mounts and not made.schedule.WhichOneof("schedule_oneof")
    assert 0 < made.resources.milli_cpu < made.resources.milli_cpu_max and 0 < made.resources.memory_mb < made.resources.memory_mb_max
    gpu = {"cpu": "", "gpu-small": "L4", "gpu-large": "H100"}[tier]
    assert made.resources.gpu_config.gpu_type == gpu and made.resources.gpu_config.count == (1 if gpu else 0)
    assert made.checkpointing_enabled == (tier == "cpu")


@pytest.mark.parametrize("tier", TIERS)
def test_the_images_hold_pinned_libraries_and_no_secret(cloud: Cloud, tier: str) -> None:
    image = definition(cloud, TIERS[tier]).image_id
    pins = pins_of(cloud, image)
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line) for line in pins)
    names = {line.partition("==")[0] for line in pins}
    assert {"duckdb", "boto3", "pandas"} <= names and ({"torch", "transformers", "peft"} <= names) == (tier != "cpu")
    assert cloud.environment_of(image)["AGENTFORGE_SANDBOX"] == "modal"
    assert not any(re.search("KEY|TOKEN|SECRET|STORE", name) for name in cloud.environment_of(image))


def test_the_pins_satisfy_what_the_project_asks_for() -> None:
    asked = [Requirement(text) for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]
    for file in ("analysis", "training", "vllm"):
        lines = (ROOT / f"infra/modal/{file}.txt").read_text().splitlines()
        pins = dict(line.split("==") for line in lines if not line.startswith("#"))
        wrong = {requirement.name for requirement in asked if not requirement.specifier.contains(pins[requirement.name.lower()])}
        assert wrong == ({"fastapi"} if file == "vllm" else set()), file  # the model server's image serves no web app (vllm.override)


def test_the_sweep_runs_every_minute_alone(cloud: Cloud) -> None:
    made = definition(cloud, "sweep")
    assert made.schedule.period.minutes == 1 and made.autoscaler_settings.max_containers == 1
    assert made.retry_policy.retries == 0 and list(made.secret_ids) == ["st-agentforge"] and made.timeout_secs <= 600
    lease = float(cloud.environment_of(made.image_id)["AGENTFORGE_LEASE_S"])
    assert 2 * lease + 60 <= 3 * lease  # found dead, and looked at again, within three lease times


def test_the_web_app_is_for_many_requests_at_once(cloud: Cloud) -> None:
    made = definition(cloud, "web")
    assert made.webhook_config.type == api_pb2.WEBHOOK_TYPE_ASGI_APP and made.max_concurrent_inputs == 100
    assert 60 < made.timeout_secs <= 3600  # longer than a caller may wait for a run
    assert 1 <= made.autoscaler_settings.max_containers <= 10 and 2 <= made.autoscaler_settings.scaledown_window <= 300
    assert not made.autoscaler_settings.min_containers and not made.HasField("retry_policy") and made.checkpointing_enabled
    assert list(made.secret_ids) == ["st-agentforge"] and not made.volume_mounts and not made.schedule.WhichOneof("schedule_oneof")
    assert 0 < made.resources.milli_cpu < made.resources.milli_cpu_max and 0 < made.resources.memory_mb < made.resources.memory_mb_max
    assert not made.resources.gpu_config.gpu_type
    names = {line.partition("==")[0] for line in pins_of(cloud, made.image_id)}
    assert {"fastapi", "python-multipart", "authlib", "cryptography", "itsdangerous", "httpx2", "websockets"} <= names
    assert cloud.environment_of(made.image_id)["AGENTFORGE_BACKEND"] == "modal"


def test_nothing_is_deployed_that_cannot_work(cloud: Cloud) -> None:
    """Nobody named a model to serve."""
    assert set(cloud.deployed) == {*TIERS.values(), "sweep", "web"}


def test_the_plan_says_what_is_deployed(cloud: Cloud) -> None:
    plan = json.loads(CliRunner().invoke(cli, ["deploy", "modal", "--dry-run", "--json"], standalone_mode=False).stdout)
    assert {name.split()[1] for name in plan if name.startswith("function ")} == set(cloud.deployed)
    for name in cloud.deployed:
        said, made = plan[f"function {name}"], definition(cloud, name)
        assert said["timeout"] == made.timeout_secs and said.get("gpu", "") == made.resources.gpu_config.gpu_type
        assert said["max_containers"] == made.autoscaler_settings.max_containers and not said.get("retries")
        assert [f"st-{said['secret']}"] == list(made.secret_ids)
        pins = (ROOT / said["image"]).read_text().splitlines()
        assert pins_of(cloud, made.image_id) == set(pins)
    assert "secret agentforge" in plan and cloud.published.keys() == {"agentforge-cells"} and "image agentforge-cells" in plan
    assert not cloud.calls  # a dry run asks nothing


def test_deploying_elsewhere_is_refused() -> None:
    with pytest.raises(Exception, match="no way to deploy to 'nowhere'"):
        CliRunner().invoke(cli, ["deploy", "nowhere"], standalone_mode=False, catch_exceptions=False)


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_model_server_is_declared_when_a_model_is_named() -> None:
    code = "import sys, modal_app as m; m.web, m.vllm; print(*m.FUNCTIONS, 'loaded', *sys.modules)"
    declared, _, loaded = run_python(code, AGENTFORGE_VLLM_MODEL="Qwen/Qwen3-8B", MODAL_IS_REMOTE="1").partition("loaded")
    assert {"web", "vllm"} <= set(declared.split()) and "fastapi" not in loaded.split()  # its image has another


def test_modal_is_imported_by_nobody_who_does_not_need_it() -> None:
    for code in (
        "import functions.registry as r; r.all_functions(); import functions.work, functions.worker, functions.sweep",
        "import sys; sys.argv = ['agentforge', '--help']\nfrom handlers.cli.app import main\ntry: main()\nexcept SystemExit: pass",
        "import shared.sandbox, shared.sandbox.modal, shared.backends.modal, shared.sandbox.remote",
    ):
        loaded = run_python(f"import os\n{code}\nimport sys; print('loaded', *sys.modules)", AGENTFORGE_BACKEND="modal")
        assert "modal" not in loaded.rpartition("loaded ")[2].split(), code


# Submitting


def test_submitting_gives_the_function_of_the_tier_the_reference(cloud: Cloud, bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from modal._serialization import deserialize

    cloud.run_containers = False
    monkeypatch.setenv("AGENTFORGE_BACKEND", "modal")
    log = start(bucket, "analyze", {"sources": [save_dataset(bucket, CARS)], "goal": QUESTION})
    for tier in TIERS:
        chosen_backend().submit(log.ref, tier)
    sent = cloud.sent("FunctionMap")
    assert [request.function_id for request in sent] == [cloud.deployed[name] for name in TIERS.values()]
    assert all(deserialize(r.pipelined_inputs[0].input.args, None) == ((str(log.ref),), {}) for r in sent)


def test_trouble_with_submitting_is_told_and_can_be_tried_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = runs.RunRef("local", "0abc")
    with pytest.raises(BackendUnavailable, match=r"no function agentforge\.work_huge.*agentforge deploy modal"):
        ModalBackend().submit(ref, "huge")

    def refused(name: str, request: Any) -> None:
        if name == "FunctionMap":
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "too much")

    cloud.trouble = refused
    with pytest.raises(BackendUnavailable, match="did not take the run.*too much.*sweep") as raised:
        ModalBackend().submit(ref, "cpu")
    assert raised.value.retryable


def test_without_credentials_the_settings_are_named(cloud: Cloud, tmp_path: Path) -> None:
    code = "from shared.backends.modal import ModalBackend as B\nfrom shared.state.runs import RunRef as R\nB().submit(R('a', 'b'), 'cpu')"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MODAL_")} | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**environment, "MODAL_SERVER_URL": cloud.url}, capture_output=True, text=True
    )
    assert InvalidSetting.__name__ in done.stderr and "MODAL_TOKEN_ID and MODAL_TOKEN_SECRET" in done.stderr


# Working


def test_the_whole_way(cloud: Cloud, bucket: Store) -> None:
    """A run is opened here, worked on in a container by the SDK's own program, its cells in a sandbox, and settled in the bucket.

    The answer to the submission gets lost, so the SDK submits it twice: it is done once, and that is no failure of the other.
    """
    lost = iter([True])
    cloud.lose = lambda name: name == "FunctionMap" and next(lost, False)
    log = start(bucket, "analyze", {"sources": [save_dataset(bucket, CARS)], "goal": QUESTION})
    ModalBackend().submit(log.ref, "cpu")
    assert len(cloud.sent("FunctionMap")) == 2
    wait_until(lambda: runs.status(bucket, log.id).over and len(cloud.outputs) == 2, 90)
    state = runs.status(bucket, log.id)
    assert (state.state, state.claim) == ("succeeded", 1) and state.output["outputs"]["answer"]["USA"] == pytest.approx(119.9, abs=0.01)
    assert all(output.result.status == 1 for output in cloud.outputs) and verify_workspace(bucket, "local") == {}
    receipt = json.loads(bucket.get(log.folder / state.artifacts["receipt.json"].path).body)  # type: ignore[union-attr]
    assert receipt["sandbox"] == "modal-sandbox"
    assert len(cloud.boxes) == 1 and len(cloud.sent("SandboxTerminateV2")) == 1
    (box,) = cloud.boxes.values()
    (child,) = [run for run in box.execs.values() if run.process]
    assert child.env == ENVIRONMENT  # and nothing of the worker's


def test_a_container_that_is_taken_away_gives_its_run_back(cloud: Cloud, bucket: Store) -> None:
    """Modal interrupts containers that it needs elsewhere. That is nobody's wish to cancel the run."""
    interrupted = threading.Event()
    cloud.hold = lambda name: name == "SandboxCreateV2" and not interrupted.is_set()
    log = start(bucket, "analyze", {"sources": [save_dataset(bucket, CARS)], "goal": QUESTION})
    ModalBackend().submit(log.ref, "cpu")
    wait_until(lambda: bool(cloud.sent("SandboxCreateV2")), 60)
    cloud.containers[-1].send_signal(signal.SIGINT)
    time.sleep(0.5)
    interrupted.set()
    wait_until(lambda: runs.status(bucket, log.id).over, 90)
    state = runs.status(bucket, log.id)
    assert (state.state, state.claim) == ("succeeded", 2) and not state.cancelling
    assert verify_workspace(bucket, "local") == {}


def test_the_sweep_submits_what_was_lost(cloud: Cloud, bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own container, to the function of the tier in the app that it belongs to."""
    from modal import Function

    with monkeypatch.context() as patch:
        patch.setattr(bucket.driver, "now", lambda: datetime.now(UTC) - timedelta(minutes=3))
        log = start(bucket, "analyze", {"sources": [save_dataset(bucket, CARS)], "goal": QUESTION})  # and nobody is told
    Function.from_name("agentforge", "sweep").spawn()
    wait_until(lambda: runs.status(bucket, log.id).over, 60)
    assert runs.status(bucket, log.id).state == "succeeded"
    assert [request.function_id for request in cloud.sent("FunctionMap")] == [cloud.deployed["sweep"], cloud.deployed["work_cpu"]]


# The web app


def test_the_web_app_takes_files_and_questions(cloud: Cloud, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key made beside the bucket, requests to two containers, and a run that one of them submits to the worker's function."""
    environment = {**moto.environment, "AGENTFORGE_STORE": moto.url("modal-web")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cloud.secrets["agentforge"] = environment
    command = [Path(sys.executable).with_name("agentforge"), "keys", "create", "first key"]
    key = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    signed = {"authorization": f"Bearer {key}"}

    form = httpx2.Request("POST", "http://any", files={"file": ("cars.csv", CARS.read_bytes())})
    health, config, refused, uploaded = cloud.browse(
        "web",
        ("GET", "/healthz", {}, b""),
        ("GET", "/v1/config", signed, b""),
        ("GET", "/v1/runs", {}, b""),
        ("POST", "/v1/datasets/upload", {**signed, **form.headers}, form.read()),
    )
    assert (health.status, health.json()) == (200, {"ok": True})
    assert config.json()["backend"] == "modal" and config.json()["version"] == VERSION
    assert (refused.status, refused.json()["code"]) == (401, "not_signed_in")
    assert uploaded.status == 201 and not cloud.sent("FunctionMap")

    question = json.dumps({"datasets": [uploaded.json()["id"]], "goal": QUESTION}).encode()
    (opened,) = cloud.browse("web", ("POST", "/v1/analyze", {**signed, "content-type": "application/json"}, question))
    assert opened.status == 202 and [request.function_id for request in cloud.sent("FunctionMap")] == [cloud.deployed["work_cpu"]]
    store = open_store()
    wait_until(lambda: runs.status(store, opened.json()["id"]).over, 90)
    state = runs.status(store, opened.json()["id"])
    assert state.state == "succeeded" and state.output["outputs"]["answer"]["USA"] == pytest.approx(119.9, abs=0.01)
    assert verify_workspace(store, "local") == {}


# By hand


def modal_run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`modal run …` as a developer types it."""
    return subprocess.run(
        [Path(sys.executable).with_name("modal"), "run", *words], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_developer_asks_by_modal_run(cloud: Cloud, moto: Moto, tmp_path: Path) -> None:
    environment = {**moto.environment, "AGENTFORGE_STORE": moto.url("modal-run")}
    cloud.secrets["agentforge"] = environment
    words = ("modal_app.py::analyze", "--data", str(CARS), "--goal", QUESTION, "--out", str(tmp_path / "out"))
    done = modal_run(*words, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "119.9 for USA" in done.stdout and (tmp_path / "out" / "report.html").is_file()
    assert cloud.sent("ImagePublish")  # that is kept; the app is not
    assert [request.app_state for request in cloud.sent("AppPublish")] == [api_pb2.APP_STATE_EPHEMERAL]


def test_leaving_modal_run_cancels_the_run(cloud: Cloud, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**moto.environment, "AGENTFORGE_STORE": moto.url("left")}.items():
        monkeypatch.setenv(name, value)
    cloud.run_containers = False
    words = ["run", "modal_app.py::analyze", "--data", str(CARS), "--goal", QUESTION]
    with subprocess.Popen(
        [Path(sys.executable).with_name("modal"), *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell that started us in the background has it ignored
    ) as asked:  # fmt: skip
        try:
            wait_until(lambda: bool(cloud.sent("FunctionMap")), 60)
            asked.send_signal(signal.SIGINT)
            asked.communicate(timeout=60)
        finally:
            asked.kill()
    (state,) = runs.list_runs(open_store())
    assert state.state == "cancelled"


def test_what_this_version_does_not_have_is_said_plainly(cloud: Cloud) -> None:
    done = modal_run("modal_app.py::train")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "This version of AgentForge has no function 'train'" in done.stderr


def test_what_an_entrypoint_cannot_use_is_one_line(cloud: Cloud, store: Store, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    import modal_app

    with pytest.raises(SystemExit, match="error: Workers elsewhere cannot reach a folder.*s3://bucket/prefix"):
        modal_app.analyze(str(CARS), QUESTION)
    for name, value in {**moto.environment, "AGENTFORGE_STORE": moto.url("entrypoint")}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="error: There is no file none.csv"):
        modal_app.analyze(f"{CARS},none.csv", QUESTION)


def test_deploying_without_the_secret_says_which(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from handlers.cli.deploy import modal_deploy\nfrom shared.errors import BackendUnavailable\n"
    code += "try: modal_deploy()\nexcept BackendUnavailable as error: print('told', error)"
    monkeypatch.setattr(cloud, "secrets", {})
    assert re.search(r"told .*'agentforge' not found.*docs/modal.md", run_python(code))


# Cells


def test_a_sandbox_has_no_network_no_secret_and_limits(modal_sandbox: Cloud) -> None:
    with open_session({"cars.csv": CARS}, Limits(memory_mb=512)) as session:
        assert session.level == "modal-sandbox"
        seen = session.run("import os; sorted(os.environ)").result
    (box,) = modal_sandbox.boxes.values()
    made, request = box.definition, box.request
    assert made.network_access.network_access_type == made.network_access.BLOCKED
    assert not made.secret_ids and not request.secret_sources and not made.include_oidc_identity_token
    assert not made.volume_mounts and not made.cloud_bucket_mounts and not made.nfs_mounts and not made.open_ports.ports
    assert not made.proxy_id and not made.i6pn_enabled and not made.resources.gpu_config.gpu_type
    assert made.image_id == modal_sandbox.published["agentforge-cells"]
    assert made.resources.memory_mb_max == 512 + 1024 and made.resources.milli_cpu_max == 2000
    assert 0 < made.timeout_secs <= LONGEST_S and 0 < made.idle_timeout_secs < made.timeout_secs
    (child,) = [run for run in box.execs.values() if run.process]
    assert child.env == ENVIRONMENT and set(seen) <= {*ENVIRONMENT, "HOME", "TMPDIR", "LC_CTYPE", "PWD"}
    image = modal_sandbox.images[made.image_id]
    assert not image.secret_ids and not modal_sandbox.environment_of(made.image_id).keys() & {"AGENTFORGE_STORE", "AGENTFORGE_BACKEND"}


CELLS = """
import pandas as pd; cars = pd.read_csv("cars.csv"); len(cars)
---
cars.groupby("Origin")["Horsepower"].mean()
---
print("wörds", end=""); import sys; print("to stderr", file=sys.stderr); {"a": float("nan"), "b": 2**60}
---
1 / 0
---
import altair as alt; alt.Chart(cars).mark_bar().encode(x="Origin:N", y="count()")
---
open("/nowhere/there/is")
---
{1, 2}
---
import os; os.system("true"); None
---
x = "a" * 20_000_000; x
---
print("y" * 2_000_000)
---
import duckdb; duckdb.sql("select count(*) as n from 'cars.csv'")
---
def broken(:
---
"\\ud800"
""".split("---")


def test_cells_do_the_same_in_either_sandbox(modal_sandbox: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcomes() -> list[Execution]:
        with open_session({"cars.csv": CARS}) as session:
            return [session.run(code.strip()) for code in CELLS]

    there = outcomes()
    monkeypatch.setenv("AGENTFORGE_SANDBOX", "local")
    for code, one, other in zip(CELLS, there, outcomes(), strict=True):
        if "os.system" not in code:  # the kernel refuses that here; there, a process more is nobody's harm
            assert one.model_dump(exclude={"ms", "usage"}) == other.model_dump(exclude={"ms", "usage"}), code
    assert there[0].result == 406 and there[9].truncated and len(there[9].stdout) == 1_000_000 and there[4].charts


ENDING: list[tuple[str, str]] = [
    ("import time; time.sleep(60)", "TimeLimit"),
    ("import os; os._exit(3)", "SandboxDied"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SandboxDied"),
    ("import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'forged\\n')\n    except OSError: pass", "SandboxDied"),
    ("import os\nwhile True:\n    for fd in range(3, 9):\n        try: os.write(fd, b'x' * 100_000)\n        except OSError: pass", "SandboxDied"),
    ("import os\nfor fd in range(0, 20):\n    try: os.close(fd)\n    except OSError: pass", "SandboxDied"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name"), ENDING, ids=["sleeps", "exits", "killed", "forges", "floods", "closes"])
def test_a_cell_that_ends_its_session(modal_sandbox: Cloud, code: str, name: str) -> None:
    with open_session({}) as session:
        error = session.run(code, timeout=2).error
        if error is None:  # what it wrote is noticed by the next
            error = session.run("1").error
        assert error is not None and error.name == name
        after = session.run("1 + 1")
        assert after.result is None and after.error is not None and after.error.name == "SandboxDied"
    assert len(modal_sandbox.sent("SandboxTerminateV2")) >= 1


def test_a_session_has_its_tools_and_a_folder_to_write_to(modal_sandbox: Cloud, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("def twice(x): return 2 * x\n")
    with open_session({}, tools=tmp_path) as session:
        assert session.run("import pack, os; open(os.environ['TMPDIR'] + '/a', 'w').write('b'); pack.twice(21)").result == 42
        assert session.run("import shared").error is not None  # nothing of ours is to be had


def test_a_session_that_waits_in_another_thread_ends_when_it_is_closed(modal_sandbox: Cloud) -> None:
    session = open_session({})
    threading.Timer(0.5, session.close).start()
    started = time.monotonic()
    error = session.run("import time; time.sleep(30)").error
    assert error is not None and time.monotonic() - started < 10
    session.close()


def test_a_prewarmed_sandbox_is_taken_once(modal_sandbox: Cloud) -> None:
    prewarm()
    prewarm()
    with open_session({}) as first:
        assert len(modal_sandbox.sent("SandboxCreateV2")) == 1
        with open_session({}) as second:
            assert len(modal_sandbox.sent("SandboxCreateV2")) == 2
            assert first.run("x = 1; x").result == 1 and second.run("x").error is not None
    prewarm()
    wait_until(lambda: len(modal_sandbox.boxes) == 3 and bool(list(modal_sandbox.boxes.values())[-1].execs))
    list(modal_sandbox.boxes.values())[-1].end()  # it was idle too long
    time.sleep(0.5)
    with open_session({}) as third:
        assert third.run("1").result == 1


@pytest.mark.parametrize(
    ("call", "status", "error", "told", "again"),
    [
        ("SandboxCreateV2", Status.RESOURCE_EXHAUSTED, SandboxLost, "no sandbox", True),
        ("ImageGetByTag", Status.NOT_FOUND, SandboxUnavailable, "agentforge deploy modal", False),
        ("SandboxCreateV2", Status.PERMISSION_DENIED, SandboxUnavailable, "MODAL_TOKEN_ID", False),
        ("TaskExecStart", Status.NOT_FOUND, SandboxUnavailable, "lacks what the cells need", False),
    ],
)
def test_a_sandbox_that_cannot_be_made(
    modal_sandbox: Cloud, call: str, status: Status, error: type[Exception], told: str, again: bool
) -> None:
    def trouble(name: str, request: Any) -> None:
        if name == call:
            raise GRPCError(status, "no")

    modal_sandbox.trouble = trouble
    with pytest.raises(error, match=told) as raised:
        open_session({"cars.csv": CARS})
    assert raised.value.retryable is again  # type: ignore[attr-defined]
    if call == "TaskExecStart":  # and what was made is not left behind
        assert modal_sandbox.sent("SandboxTerminateV2")


def test_an_image_without_the_libraries_is_said(modal_sandbox: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modal_sandbox, "python", sys._base_executable)  # type: ignore[attr-defined]
    with pytest.raises(SandboxUnavailable, match="did not start: ModuleNotFoundError: No module named 'duckdb'"):
        open_session({})
    assert modal_sandbox.sent("SandboxTerminateV2")


def test_a_sandbox_that_the_cloud_loses_is_nobodys_fault(modal_sandbox: Cloud) -> None:
    session: Session = open_session({})
    assert session.run("1").result == 1

    def trouble(name: str, request: Any) -> None:
        if name.startswith("TaskExecStdin"):
            raise GRPCError(Status.NOT_FOUND, "gone")

    modal_sandbox.trouble = trouble
    with pytest.raises(SandboxLost) as raised:
        session.run("2")
    assert raised.value.retryable
    session.close()


def test_the_package_modal_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modal", None)
    monkeypatch.setenv("AGENTFORGE_SANDBOX", "modal")
    calls: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: open_session({}), SandboxUnavailable),
        (lambda: ModalBackend().submit(runs.RunRef("local", "0abc"), "cpu"), InvalidSetting),
    ]
    for call, error in calls:
        with pytest.raises(error, match=r"agentforge\[modal\]"):
            call()


def test_opening_a_store_needs_no_modal() -> None:
    assert open_store(ROOT / "examples").url.startswith("file")
