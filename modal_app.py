"""AgentForge on Modal: images, one function for each tier, the sweep, the web app, and what a developer runs by hand.

    agentforge deploy modal                                        publish the cells' image, and deploy all that is here
    modal run modal_app.py::analyze --data cars.csv --goal "…"     the same, for as long as one run takes

No business logic: what a run does is in functions/, where its cells run in shared/sandbox/modal.py. See docs/modal.md.
"""

import importlib
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import modal

from functions.registry import all_functions
from functions.sweep import sweep as sweep_once
from functions.work import Stopped
from functions.work import work as work_on
from shared.backends.modal import ModalBackend, function_name
from shared.sandbox.modal import IMAGE
from shared.settings import MODAL_APP
from shared.state.machine import ClaimLost, RunBusy, RunOver
from shared.state.opening import open_store, open_store_for
from shared.state.runs import RunRef

MINUTE, DAY = 60, 86_400  # seconds; no function on Modal may run longer than a day
SWEEP_MINUTES = 1
PYTHON, UV = "3.11", "0.13.9"
PINS = Path(__file__).parent / "infra" / "modal"
SOURCE = ["functions", "handlers", "phases", "shared", "web"]
VLLM_MODEL = os.environ.get("AGENTFORGE_VLLM_MODEL", "")  # a model of the Hugging Face hub; without one, no model server

SECRET = "agentforge"  # AGENTFORGE_STORE=s3://…, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what else settings.py reads
SECRETS = [modal.Secret.from_name(SECRET, required_keys=["AGENTFORGE_STORE"])]
VLLM_SECRET = "agentforge-vllm"  # VLLM_API_KEY, and HF_TOKEN for gated models
VLLM_SECRETS = [modal.Secret.from_name(VLLM_SECRET, required_keys=["VLLM_API_KEY"])]
# A worker holds secrets, so cells run elsewhere. The lease suits a sweep that looks once a minute.
ENVIRONMENT = {"AGENTFORGE_BACKEND": "modal", "AGENTFORGE_SANDBOX": "modal", "AGENTFORGE_LEASE_S": "60"}


def libraries(pins: str) -> modal.Image:
    """Python and the libraries of one file of pins; nothing of ours."""
    return modal.Image.debian_slim(python_version=PYTHON).uv_pip_install(requirements=[str(PINS / pins)], uv_version=UV)


def worker(image: modal.Image) -> modal.Image:
    return image.env(ENVIRONMENT).add_local_python_source(*SOURCE, ignore=["**/__pycache__", "**/*.pyc"])


cells = libraries("analysis.txt")  # what a cell finds in its sandbox
analysis = worker(cells)
training = worker(libraries("training.txt"))
serving = worker(libraries("vllm.txt").env({"AGENTFORGE_VLLM_MODEL": VLLM_MODEL}))

# (asked for, at most) cores and MiB. An idle container ends, and costs nothing more, after `scaledown_window` seconds.
# Modal must not try again by itself: that is ours, by claim.
TIERS: dict[str, dict[str, Any]] = {
    "cpu": {
        "image": analysis, "cpu": (2, 4), "memory": (2048, 8192),
        "max_containers": 20, "scaledown_window": MINUTE, "enable_memory_snapshot": True,
    },
    "gpu-small": {
        "image": training, "gpu": "L4", "cpu": (4, 8), "memory": (16_384, 32_768),
        "max_containers": 4, "scaledown_window": 2 * MINUTE,
    },
    "gpu-large": {
        "image": training, "gpu": "H100", "cpu": (8, 16), "memory": (32_768, 131_072),
        "max_containers": 2, "scaledown_window": 2 * MINUTE,
    },
}  # fmt: skip
SWEEP: dict[str, Any] = {
    "image": analysis, "schedule": modal.Period(minutes=SWEEP_MINUTES), "timeout": 10 * MINUTE, "cpu": 0.25, "memory": 512,
    "max_containers": 1, "scaledown_window": 2, "enable_memory_snapshot": True, "secrets": SECRETS, "retries": 0,
}  # fmt: skip
WEB: dict[str, Any] = {
    "image": analysis, "timeout": 15 * MINUTE, "cpu": (0.5, 2), "memory": (512, 2048),
    "max_containers": 4, "scaledown_window": 5 * MINUTE, "enable_memory_snapshot": True, "secrets": SECRETS,
}  # fmt: skip
VLLM: dict[str, Any] = {
    "image": serving, "gpu": "L40S", "timeout": 60 * MINUTE, "cpu": 4, "memory": 32_768,
    "max_containers": 1, "scaledown_window": 5 * MINUTE, "secrets": VLLM_SECRETS,
    "volumes": {"/root/.cache": modal.Volume.from_name("agentforge-cache", create_if_missing=True)},  # weights and kernels only
}  # fmt: skip


def timeout_s(tier: str) -> int:
    """The longest that a function of this tier may take, and a while to settle."""
    longest = max((f.timeout_s for f in all_functions().values() if f.tier == tier or f.tier_of), default=60 * MINUTE)
    return min(longest + 2 * MINUTE, DAY)


FUNCTIONS: dict[str, dict[str, Any]] = {  # all that is deployed: name on Modal → options
    **{
        function_name(tier): {"timeout": timeout_s(tier), "secrets": SECRETS, "retries": 0, **options}
        for tier, options in TIERS.items()
    },
    "sweep": SWEEP,
    "web": WEB,
    **({"vllm": VLLM} if VLLM_MODEL else {}),
}

app = modal.App(MODAL_APP)

if not modal.is_local() and not VLLM_MODEL:  # what runs and requests will need, so that memory snapshots hold it
    for module in ("functions.analyze.analysis", "shared.state.s3", "web.app"):
        importlib.import_module(module)


def work(ref: str) -> str:
    """Work on the run that `ref` (workspace/run/entries) names; the state it is left in.

    That there is nothing to do is no error: a run may be submitted twice. Before Modal takes a container away it interrupts
    us: the run is given back, and Modal starts this very call again somewhere else.
    """

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGINT, stop)
    try:
        run = RunRef.parse(ref)
        return work_on(open_store_for(run), run, ModalBackend(WORK)).state
    except (RunBusy, RunOver, ClaimLost) as nothing_to_do:
        return nothing_to_do.code
    except Stopped:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)


WORK: dict[str, Any] = {  # one function, in a container of each tier
    tier: app.function(name=function_name(tier), **FUNCTIONS[function_name(tier)])(work) for tier in TIERS
}


@app.function(**FUNCTIONS["sweep"])
def sweep() -> dict[str, int]:
    """One look at every run that is not settled."""
    return dict(sweep_once(open_store(), ModalBackend(WORK), holder="modal"))


@app.function(**WEB)
@modal.concurrent(max_inputs=100)
@modal.asgi_app()
def web() -> Any:
    """The HTTP API."""
    from web.app import create_app

    return create_app(backend=ModalBackend(WORK))


if VLLM_MODEL:

    @app.function(**VLLM)
    @modal.concurrent(max_inputs=32)
    @modal.web_server(8000, startup_timeout=20 * MINUTE)
    def vllm() -> None:
        """An OpenAI-compatible server of one model; its key is VLLM_API_KEY."""
        import subprocess

        subprocess.Popen(["vllm", "serve", VLLM_MODEL, "--host", "0.0.0.0", "--port", "8000"])


def publish() -> None:
    """Build the cells' image and give it the name by which sandboxes find it; quick where nothing changed."""
    cells.build(modal.App.lookup(MODAL_APP, create_if_missing=True)).publish(IMAGE)


@app.local_entrypoint()
def analyze(data: str, goal: str, out: str = "") -> None:
    """Answer a question about a table with a worker on Modal. `--data`: a file, or several separated by commas."""
    from handlers.cli import elsewhere

    with elsewhere.errors_told():
        publish()
        elsewhere.analyze(ModalBackend(WORK), [Path(name) for name in data.split(",")], goal, Path(out) if out else None)


@app.local_entrypoint()
def forge(input: str = "{}") -> None:
    """Run phases of the forge. `--input`: a JSON object with `stages`; see docs/forge.md."""
    _run("forge", input)


@app.local_entrypoint()
def train(input: str = "{}") -> None:
    """Run the function `train`, where this version has it. `--input`: a JSON object."""
    _run("train", input)


def _run(function: str, input: str) -> None:
    from handlers.cli import elsewhere

    with elsewhere.errors_told():
        elsewhere.run(ModalBackend(WORK), function, input)
