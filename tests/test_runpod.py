"""RunPod: the SDK's real client and real worker loop, over a small RunPod on this machine (runpod_fakes.py)."""

import json
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions import sweep as sweeping
from functions.registry import all_functions
from functions.sweep import sweep
from functions.work import start
from handlers.cli import deploy
from runpod_handlers import worker
from runpod_handlers.worker import handler
from shared.backends import chosen_backend
from shared.backends.runpod import POLICY, RunPodBackend
from shared.errors import BackendUnavailable, InvalidSetting
from shared.state import runs
from shared.state.machine import RunState
from shared.state.memory import MemoryDriver
from shared.state.opening import open_store
from shared.state.runs import RunLog
from shared.state.store import Store
from shared.state.verify import verify_run
from tests import runpod_fakes
from tests.moto_server import Moto
from tests.runpod_fakes import KEY, SECRET, Cloud

ROOT = Path(__file__).parents[1]
ENDPOINTS = {"cpu": "cpu1", "gpu-small": "gpu1", "gpu-large": "gpu2"}
FAULTS = ("", "lose reply", "lose request", "500", "503", "429", "nonsense")


@dataclass
class Site:
    """A cloud, a store, and the workers that a test starts."""

    cloud: Cloud
    store: Store
    environment: dict[str, str]
    workers: list["subprocess.Popen[str]"] = field(default_factory=list)

    def start_worker(self, endpoint: str = "cpu1", module: str = "cpu", **environment: str) -> "subprocess.Popen[str]":
        """The SDK's loop in a process of its own, as RunPod would start it in a container."""
        name = f"pod{len(self.workers)}"
        process = subprocess.Popen(
            [sys.executable, "-m", f"runpod_handlers.{module}"], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**self.environment, **self.cloud.environment(endpoint, name), **environment},
        )  # fmt: skip
        self.workers.append(process)
        return process

    def submit(self, function: str, **input: Any) -> RunLog:
        log = start(self.store, function, input)
        RunPodBackend().submit(log.ref, all_functions()[function].tier)
        return log

    def last_job(self) -> str:
        return list(self.cloud.jobs)[-1]

    def state(self, log: RunLog) -> RunState:
        return runs.status(self.store, log.id, log.workspace)

    def wait(self, log: RunLog, reached: Callable[[RunState], bool], wait_s: float = 30) -> RunState:
        until = time.monotonic() + wait_s
        while not reached(state := self.state(log)):
            assert time.monotonic() < until, f"the run stays {state.state}"
            time.sleep(0.05)
        return state

    def close(self) -> None:
        for process in self.workers:
            process.kill()
            process.communicate()
        self.cloud.close()


def make_site(patch: pytest.MonkeyPatch, environment: dict[str, str]) -> Site:
    import runpod

    cloud = Cloud(*ENDPOINTS.values())
    settings = {
        **environment, "AGENTFORGE_FUNCTIONS": runpod_fakes.__name__, "AGENTFORGE_BACKEND": "runpod", "RUNPOD_API_KEY": KEY,
        "AGENTFORGE_LEASE_S": "1", "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true", "RUNPOD_SKIP_GPU_CHECK": "true",
        **{f"AGENTFORGE_RUNPOD_ENDPOINT_{tier.upper().replace('-', '_')}": id for tier, id in ENDPOINTS.items()},
    }  # fmt: skip
    for name, value in settings.items():
        patch.setenv(name, value)
    patch.setattr(runpod, "endpoint_url_base", cloud.url)
    patch.setattr(runs, "DUE_AFTER_S", 0)
    worker._store.cache_clear()
    return Site(cloud, open_store(), dict(os.environ))


@pytest.fixture(scope="module", params=["folder", "s3"])
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, moto: Moto) -> Iterator[Site]:
    """A site with one worker of the tier cpu, shared by the tests of this file."""
    where = moto.url("runpod") if request.param == "s3" else str(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        site = make_site(patch, {**moto.environment, "AGENTFORGE_STORE": where})
        site.start_worker()
        yield site
        site.close()


on_a_folder = pytest.mark.parametrize("busy", ["folder"], indirect=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of one's own, without workers."""
    with pytest.MonkeyPatch.context() as patch:
        site = make_site(patch, {"AGENTFORGE_STORE": str(tmp_path / "store")})
        yield site
        site.close()


def kinds(log: RunLog) -> Counter[str]:
    return Counter(event.kind for entry in entries(log) for event in entry.events)


def entries(log: RunLog) -> list[Any]:
    reader = runs.Reader(log.store, log.workspace, log.id)
    reader.read_on()
    return reader.take()


def assert_settled(site: Site, log: RunLog, output: Any) -> None:
    """The run is over, its books are closed, and all of it happened once."""
    state = site.state(log)
    assert (state.state, state.output) == ("succeeded", output)
    assert verify_run(site.store, log.id) == []
    assert site.store.get(runs.ledger_key(log)) is not None
    assert log.id not in {ref.id for _, ref in runs.due_runs(site.store, early=True)}
    assert kinds(log)["finished"] == 1 and kinds(log)["claimed"] == state.claim


# The whole way: client → cloud → the SDK's loop → settled in the bucket


def test_a_run_goes_the_whole_way(busy: Site) -> None:
    log = busy.submit("add_one", n=4)
    job = busy.last_job()
    assert busy.cloud.jobs[job]["input"] == {"run": f"local/{log.id}/1"}
    assert busy.cloud.result(job) == {"output": {"run": f"local/{log.id}", "state": "succeeded"}}
    assert_settled(busy, log, {"n": 5})
    assert list(busy.state(log).artifacts) == ["log/one.txt"]
    assert busy.state(log).worker == "runpod:pod0"
    assert {"kind": "progress", "done": 1, "total": 1, "unit": ""} in busy.cloud.hints


@on_a_folder
def test_a_job_may_take_as_long_as_any_function(busy: Site) -> None:
    busy.submit("add_one", n=1)
    policy = busy.cloud.jobs[busy.last_job()]["policy"]
    assert policy["executionTimeout"] >= 1000 * max(function.timeout_s for function in all_functions().values())
    assert 10_000 <= policy["executionTimeout"] < policy["ttl"] <= 7 * 86_400_000  # what the cloud allows


def test_a_job_that_is_delivered_twice_runs_once(busy: Site) -> None:
    log = busy.submit("add_one", n=1)
    job = busy.last_job()
    first = busy.cloud.result(job)
    busy.cloud.deliver_again("cpu1", job)
    assert busy.cloud.result(job, times=2) == first == {"output": {"run": f"local/{log.id}", "state": "succeeded"}}
    assert_settled(busy, log, {"n": 2})
    assert kinds(log)["claimed"] == 1


@pytest.mark.parametrize("fault", ["lose reply", "lose request", "nonsense"])
def test_a_lost_reply_neither_loses_nor_doubles_the_run(busy: Site, fault: str) -> None:
    log = start(busy.store, "add_one", {"n": 7})
    busy.cloud.faults.append(fault)
    with pytest.raises(BackendUnavailable, match="sweep"):
        chosen_backend().submit(log.ref, "cpu")
    sweep(busy.store, chosen_backend(), "tests")
    for job in [id for id, asked in busy.cloud.jobs.items() if log.id in asked["input"].get("run", "")]:
        busy.cloud.result(job)
    assert_settled(busy, log, {"n": 8})
    assert kinds(log)["claimed"] == 1


@on_a_folder
def test_what_fails_is_told_without_traceback_or_secret(busy: Site) -> None:
    log = busy.submit("leak")
    assert busy.cloud.result(busy.last_job()) == {"output": {"run": f"local/{log.id}", "state": "failed"}}
    error = busy.state(log).error
    assert error and error["code"] == "internal"
    told = "".join(busy.cloud.posted) + json.dumps(error)
    assert not any(word in told for word in (SECRET, KEY, "Traceback", "error_traceback", "hostname"))


@on_a_folder
def test_cells_do_not_run_in_a_container_that_holds_secrets(busy: Site) -> None:
    log = busy.submit("cell", text="1 + 1")
    busy.cloud.result(busy.last_job())
    error = busy.state(log).error
    assert error and error["code"] == "sandbox_unavailable"
    assert "AGENTFORGE_SANDBOX" in error["hint"] and "e2b" in error["hint"] and "modal" in error["hint"]


@on_a_folder
def test_a_job_that_names_no_run_is_refused(busy: Site) -> None:
    job = busy.cloud.submit("cpu1", {"input": {"goal": "mean fare"}})
    assert busy.cloud.result(job) == {"error": 'A job\'s input names a run. Send {"run": "workspace/id"}, or {"check": true} to try a worker.'}
    job = busy.cloud.submit("cpu1", {"input": {"run": "local/no-such-run/1"}})
    assert "There is no run" in busy.cloud.result(job)["error"]


# Workers that come and go


def test_sigterm_gives_the_run_back(site: Site) -> None:
    log = site.submit("nap", seconds=60)
    job, first = site.last_job(), site.start_worker()
    site.wait(log, lambda state: "begun" in state.checkpoints)
    first.send_signal(signal.SIGTERM)
    assert site.cloud.result(job) == {"output": {"run": f"local/{log.id}", "state": "queued"}}
    assert first.wait(15) == 0
    assert site.last_job() != job, "the run was not submitted again"
    site.start_worker()
    site.cloud.result(site.last_job())
    assert_settled(site, log, {"n": 2})


def test_the_run_of_a_killed_worker_is_finished_by_another(site: Site) -> None:
    log = site.submit("nap", seconds=60)
    job, first = site.last_job(), site.start_worker()
    site.wait(log, lambda state: "begun" in state.checkpoints)
    first.kill()
    site.cloud.deliver_again("cpu1", job)  # as RunPod does for a job whose worker is gone
    site.start_worker()
    assert site.cloud.result(job) == {"output": {"run": f"local/{log.id}", "state": "running"}}  # for all that it can know
    while not site.state(log).over:
        sweep(site.store, chosen_backend(), "tests")
        time.sleep(0.2)
    site.cloud.result(site.last_job())
    assert_settled(site, log, {"n": 2})


def test_a_chain_passes_from_tier_to_tier(site: Site, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho NVIDIA-SMI\n")
    tool.chmod(0o755)
    site.start_worker()
    site.start_worker("gpu1", "gpu_small", PATH=f"{tmp_path}:{os.environ['PATH']}")
    log = site.submit("two_tiers", n=1)
    assert site.cloud.result(site.last_job())["output"]["state"] == "queued"
    site.cloud.result("job-1")
    assert site.cloud.jobs["job-1"]["input"] == {"run": f"local/{log.id}/3"}
    assert_settled(site, log, {"n": 22})
    assert site.state(log).worker == "runpod:pod1"


def test_cells_go_to_another_cloud(site: Site, tmp_path: Path) -> None:
    e2b_fakes = pytest.importorskip("tests.e2b_fakes")
    (tmp_path / "machine").mkdir()
    e2b = e2b_fakes.Cloud(tmp_path / "machine")
    site.start_worker(**e2b.environment)
    log = site.submit("cell", text="import os\n[1 + 1, [name for name in os.environ if 'RUNPOD' in name or 'KEY' in name]]")
    site.cloud.result(site.last_job())
    e2b.close()
    assert_settled(site, log, {"text": "[2, []]"})
    assert e2b.killed == ["sandbox1"]


def test_a_worker_that_cannot_work_takes_no_job(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = site.submit("add_one", n=1)
    for module, environment, why in (
        ("cpu", {"AGENTFORGE_STORE": str(tmp_path / "file")}, "AGENTFORGE_STORE"),
        ("cpu", {"AGENTFORGE_STORE": ""}, "AGENTFORGE_STORE is not set"),
        ("gpu_small", {"PATH": str(tmp_path)}, "need a GPU"),
        ("gpu_large", {"PATH": str(tmp_path)}, "need a GPU"),
    ):
        process = site.start_worker("cpu1", module, **environment)
        told, _ = process.communicate(timeout=30)
        assert process.returncode == 1 and why in told
    assert not site.cloud.taken and site.state(log).state == "queued"


# The handler alone


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["run", "check", "a"]) | st.text(), inner, max_size=3),
    )
    | st.fixed_dictionaries({"run": st.from_regex(r"(local|\.\.|A)/([a-z0-9-]{1,20}|\.\./x)?(/-?[0-9٣]{0,5})?") | st.text()})
    | st.just({"run": "local/x/" + "9" * 5000})
)
def test_any_input_is_answered_in_our_words(site_of_all: Site, input: Any) -> None:
    answer = handler({"id": "job", "input": input})
    assert answer.get("check") == "passed" or list(answer) == ["error"]
    assert "Something went wrong inside" not in str(answer)
    json.dumps(answer)


@pytest.fixture(scope="module")
def site_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        site = make_site(patch, {"AGENTFORGE_STORE": str(tmp_path_factory.mktemp("store"))})
        yield site
        site.close()
        worker._store.cache_clear()


def test_the_check_tries_the_store(site: Site, tmp_path: Path) -> None:
    passed = handler({"id": "job", "input": {"check": True}})
    assert passed["check"] == "passed" and "analyze" in passed["functions"]
    worker._store.cache_clear()
    (tmp_path / "file").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENTFORGE_STORE", str(tmp_path / "file"))
        assert "AGENTFORGE_STORE" in handler({"id": "job", "input": {"check": True}})["error"]


@pytest.mark.parametrize("seed", range(12))
def test_every_schedule_of_faults_ends_the_run_once(site: Site, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submissions that fail in all ways, jobs that come twice or late, sweeps in between: the run is done once, and settled."""
    monkeypatch.setattr(sweeping, "SUBMIT_AGAIN_S", 0)
    site.store = Store(MemoryDriver())
    monkeypatch.setattr(worker, "open_store_for", lambda ref: site.store)
    chance = random.Random(seed)
    log = start(site.store, "two_tiers", {"n": seed})

    def submit() -> None:
        site.cloud.faults.append(chance.choice(FAULTS))
        try:
            chosen_backend().submit(log.ref, "cpu")
        except BackendUnavailable:
            pass

    def work() -> None:
        endpoint = chance.choice(["cpu1", "gpu1"])
        if job := site.cloud.take(endpoint, wait_s=0):
            site.cloud.faults.append(chance.choice(FAULTS))  # for what it submits itself
            answer = handler(job)
            assert answer.get("error", "").startswith("RunPod") or answer["run"] == f"local/{log.id}"
            site.cloud.faults.clear()

    def again() -> None:
        if site.cloud.taken:
            site.cloud.deliver_again(chance.choice(["cpu1", "gpu1"]), chance.choice(site.cloud.taken))

    def look() -> None:
        sweep(site.store, chosen_backend(), "tests")

    submit()
    for _ in range(chance.randrange(12)):
        chance.choice([submit, work, work, again, look])()
        site.cloud.faults.clear()
    until = time.monotonic() + 30
    while not site.state(log).over or any(site.cloud.queues.values()):
        look()
        work()
        assert time.monotonic() < until
    look()
    assert_settled(site, log, {"n": 2 * (seed + 10)})
    assert kinds(log)["claimed"] == 2


# The client alone


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("401", InvalidSetting, "RUNPOD_API_KEY"),
        ("403", InvalidSetting, "RUNPOD_API_KEY"),
        ("404", InvalidSetting, "AGENTFORGE_RUNPOD_ENDPOINT_CPU"),
        ("429", BackendUnavailable, "full"),
        ("400", BackendUnavailable, "400"),
        ("502", BackendUnavailable, "502"),
        ("nonsense", BackendUnavailable, "sweep"),
        ("lose reply", BackendUnavailable, "sweep"),
    ],
)
def test_errors_of_the_cloud_say_what_to_do(site: Site, status: str, error: type[Exception], told: str) -> None:
    log = start(site.store, "add_one", {"n": 1})
    site.cloud.faults.append(status)
    with pytest.raises(error) as raised:
        chosen_backend().submit(log.ref, "cpu")
    assert told in str(raised.value) and KEY not in str(raised.value)


def test_settings_that_are_missing_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import runpod

    log = start(site.store, "add_one", {"n": 1})
    with pytest.raises(BackendUnavailable, match="does not answer"):
        monkeypatch.setattr(runpod, "endpoint_url_base", site.cloud.url.replace("http:", "https:"))
        chosen_backend().submit(log.ref, "cpu")
    for name, value in (
        ("AGENTFORGE_RUNPOD_ENDPOINT_GPU_LARGE", ""),
        ("AGENTFORGE_RUNPOD_ENDPOINT_GPU_LARGE", "../other"),
        ("RUNPOD_API_KEY", " "),
    ):
        monkeypatch.setenv(name, value)
        with pytest.raises(InvalidSetting, match=name):
            chosen_backend().submit(log.ref, "gpu-large")


def test_the_library_is_loaded_by_nobody_who_does_not_submit() -> None:
    """`import runpod` takes seconds."""
    code = (
        "import sys, functions.registry, functions.sweep, handlers.cli.app, runpod_handlers.worker, shared.backends;"
        "functions.registry.all_functions(); shared.backends.chosen_backend();"
        "print([name for name in sys.modules if name.split('.')[0] in ('runpod', 'requests', 'e2b', 'e2b_code_interpreter')])"
    )
    environment = {**os.environ, "AGENTFORGE_BACKEND": "runpod"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    helped = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "handlers.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "typer" in helped.stderr and "runpod" not in helped.stderr


# On one's own machine


def test_a_fault_of_ours_is_told_in_the_containers_log_only(site: Site) -> None:
    environment = {**site.environment, "AGENTFORGE_FUNCTIONS": f"no_module_{SECRET}"}
    command = [sys.executable, "-m", "runpod_handlers.cpu"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Something went wrong inside (ModuleNotFoundError)." in done.stdout
    assert SECRET not in done.stdout and "Traceback" not in done.stdout
    assert SECRET in done.stderr and "Traceback" in done.stderr


def test_the_sdks_local_api_works_on_runs(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "runpod_handlers.cpu", "--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    site.workers.append(server)  # type: ignore[arg-type]
    log = start(site.store, "add_one", {"n": 1})

    def post(what: str, body: dict[str, Any]) -> dict[str, Any]:
        data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{what}", data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    until = time.monotonic() + 30
    while True:
        try:
            done = post("runsync", {"input": {"run": str(log.ref)}})
            break
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
    assert (done["status"], done["output"]) == ("COMPLETED", {"run": f"local/{log.id}", "state": "succeeded"})
    assert_settled(site, log, {"n": 2})
    refused = post("runsync", {"input": {"run": "nowhere"}})
    assert refused["status"] == "FAILED" and refused["error"].startswith("'nowhere' does not refer to a run.")


def test_a_worker_tried_on_ones_own_machine(site: Site) -> None:
    """Outside RunPod the SDK works on test_input.json, or on what it is given."""
    command = [sys.executable, "-m", "runpod_handlers.cpu"]
    log = start(site.store, "add_one", {"n": 1})
    given = json.dumps({"input": {"run": f"local/{log.id}"}})
    for arguments, code, told in (
        ([], 0, "'check': 'passed'"),
        (["--test_input", given], 0, "'state': 'succeeded'"),
        (["--test_input", '{"input": {"run": "local/none"}}'], 1, "There is no run"),
    ):
        done = subprocess.run([*command, *arguments], cwd=ROOT, env=site.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == code and told in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert_settled(site, log, {"n": 2})


# What RunPod is given


def dockerfile(name: str) -> list[str]:
    return (ROOT / name).read_text().replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("tier", ENDPOINTS)
def test_an_image_has_all_that_its_worker_needs(site: Site, tier: str, tmp_path: Path) -> None:
    lines = dockerfile(f"infra/runpod/Dockerfile.{tier}")
    for line in lines:
        if line.startswith("COPY"):
            _, source, target = line.split()
            there, here = tmp_path / target if target != "." else tmp_path / source, ROOT / source
            shutil.copytree(here, there) if here.is_dir() else shutil.copy(here, there)
    pins = (tmp_path / "requirements.txt").read_text().splitlines()[1:]
    names = {pin.partition("==")[0] for pin in pins}
    assert all("==" in pin for pin in pins) and {"runpod", "e2b", "modal", "boto3", "duckdb"} <= names
    assert ("torch" in names) == (tier != "cpu")
    environment = dict(word.split("=") for line in lines if line.startswith("ENV") for word in line.split()[1:])
    assert environment["AGENTFORGE_SANDBOX"] == "e2b" and not any("KEY" in name or "SECRET" in name for name in environment)
    command = json.loads(lines[-1].removeprefix("CMD "))
    assert command == ["python", "-m", f"runpod_handlers.{tier.replace('-', '_')}"]
    alone = f"import runpy, sys; sys.path[:] = ['.'] + [path for path in sys.path if path not in ('', {str(ROOT)!r})]"
    code = f"{alone}; sys.argv = ['worker']; runpy.run_module({command[2]!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**site.environment, **environment, "AGENTFORGE_FUNCTIONS": ""},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "'check': 'passed'" in done.stdout and "'analyze'" in done.stdout, done.stdout + done.stderr


def test_the_tiers_differ_only_in_what_they_must() -> None:
    small, large = ((ROOT / f"infra/runpod/Dockerfile.{tier}").read_text() for tier in ("gpu-small", "gpu-large"))
    assert large == small.replace("gpu-small", "gpu-large").replace("gpu_small", "gpu_large")
    for module in ("cpu", "gpu_small", "gpu_large"):  # RunPod looks for this call
        assert "runpod.serverless.start(" in (ROOT / f"runpod_handlers/{module}.py").read_text()


def test_the_hub_finds_what_it_requires() -> None:
    """https://docs.runpod.io/hub/publishing-guide"""
    hub, tests, given = (json.loads((ROOT / name).read_text()) for name in (".runpod/hub.json", ".runpod/tests.json", "test_input.json"))
    assert {"title", "description"} < hub.keys() and hub["type"] == "serverless"
    assert hub["category"] in ("audio", "embedding", "language", "video", "image")
    config = hub["config"]
    assert config["runsOn"] == "CPU" and config["cpuFlavor"] == tests["config"]["cpuFlavor"] and config["containerDiskInGb"] > 10
    for variable in config["env"]:
        assert {"key", "input"} == variable.keys() and {"name", "type", "description", "default"} <= variable["input"].keys()
    told = (ROOT / "shared/settings.py").read_text()
    ours = {variable["key"] for variable in config["env"] if variable["key"].startswith("AGENTFORGE")}
    assert all(name in told or name.startswith("AGENTFORGE_RUNPOD_ENDPOINT_") for name in ours)
    for test in tests["tests"]:
        assert test["name"] and 0 < test["timeout"] <= 600_000 and test["input"] == given["input"]
    assert (ROOT / ".runpod/Dockerfile").read_text() == (ROOT / "infra/runpod/Dockerfile.cpu").read_text()
    assert (ROOT / ".runpod/handler.py").is_file() and (ROOT / "README.md").is_file()


def test_the_dry_run_tells_every_endpoint() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "handlers.cli", "deploy", "runpod", "--dry-run", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    plan = json.loads(done.stdout)
    assert plan == json.loads(json.dumps(deploy.runpod_plan()))
    for tier in {function.tier for function in all_functions().values()} | set(ENDPOINTS):
        endpoint, template = plan[f"endpoint agentforge-{tier}"], plan[f"template agentforge-{tier}"]
        assert (ROOT / plan[f"image agentforge-{tier}"]["dockerfile"]).is_file()
        assert endpoint["computeType"] == ("CPU" if tier == "cpu" else "GPU") and bool(endpoint.get("gpuTypeIds")) == (tier != "cpu")
        assert endpoint["executionTimeoutMs"] == POLICY["executionTimeout"] and endpoint["workersMin"] == 0
        secrets = {name for name, value in template["env"].items() if value == f"{{{{ RUNPOD_SECRET_{name} }}}}"}
        assert {"AWS_SECRET_ACCESS_KEY", "RUNPOD_API_KEY", "E2B_API_KEY"} <= secrets
    refused = subprocess.run([sys.executable, "-m", "handlers.cli", "deploy", "runpod"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2 and "docs/runpod.md" in refused.stderr


def test_the_template_of_e2b_has_the_pinned_libraries() -> None:
    e2b = pytest.importorskip("e2b")
    module = runpy.run_path(str(ROOT / "infra/e2b/template.py"))
    told = e2b.Template.to_dockerfile(module["template"])
    pins = [line for line in (ROOT / "infra/modal/analysis.txt").read_text().splitlines() if line[0] != "#"]
    assert told.startswith(f"FROM python:{module['PYTHON']}") and all(pin in told for pin in pins)
