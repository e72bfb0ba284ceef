"""`agentforge deploy`: put the workers of a cloud in place, or say what would be."""

import importlib
import json as jsons
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from handlers.cli.app import AsJson, app
from shared.errors import BackendUnavailable, BadInput, InvalidSetting, NotFound

Plan = Mapping[str, Mapping[str, Any]]  # what would be made → its settings


def modal_plan() -> Plan:
    """What modal_app.py declares. InvalidSetting, NotFound."""
    from shared.sandbox import Limits
    from shared.sandbox import modal as sandbox
    from shared.settings import MODAL_APP

    source = _modal_app()
    plan: dict[str, dict[str, Any]] = {f"app {MODAL_APP}": {"environment": "MODAL_ENVIRONMENT, or the workspace's own"}}
    plan |= {f"function {name}": _told(options, source) for name, options in source.FUNCTIONS.items()}
    plan[f"image {sandbox.IMAGE}"] = {"pins": "infra/modal/analysis.txt", "python": source.PYTHON}
    plan["sandbox (one for each run, when it has cells)"] = {
        "image": sandbox.IMAGE, "network": "blocked", "secrets": "none", "cpu": sandbox.CPU,
        "memory": (sandbox.MEMORY_MB, Limits().memory_mb + sandbox.MEMORY_MB), "timeout": sandbox.SESSION_S,
    }  # fmt: skip
    for secret in sorted({_secret(options, source) for options in source.FUNCTIONS.values()}):
        plan[f"secret {secret}"] = {"must exist": f"modal secret create {secret} … (docs/modal.md)"}
    return plan


def modal_deploy() -> None:
    """Publish the cells' image, then deploy the app. BackendUnavailable."""
    source = _modal_app()
    modal = importlib.import_module("modal")
    try:
        with modal.enable_output():
            source.publish()
            source.app.deploy()
    except modal.exception.Error as error:
        raise BackendUnavailable(f"Modal did not take it ({type(error).__name__}: {error}).", "docs/modal.md tells what it needs.") from error


def runpod_plan() -> Plan:
    """An endpoint for each tier, in the words of RunPod's REST API, and what its workers need to be told."""
    from shared import settings
    from shared.backends.runpod import POLICY

    secrets = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RUNPOD_API_KEY", "E2B_API_KEY")
    told = {
        "AGENTFORGE_STORE": "s3://bucket/prefix",
        **{settings.runpod_endpoint_setting(tier): "the endpoint's id" for tier in RUNPOD_TIERS},
        **{name: f"{{{{ RUNPOD_SECRET_{name} }}}}" for name in secrets},
    }
    plan: dict[str, dict[str, Any]] = {}
    for tier, machine in RUNPOD_TIERS.items():
        name = f"agentforge-{tier}"
        plan[f"image {name}"] = {"dockerfile": f"infra/runpod/Dockerfile.{tier}"}
        plan[f"template {name}"] = {"imageName": f"…/{name}:…", "isServerless": True, "containerDiskInGb": 20 if tier == "cpu" else 60, "env": told}
        plan[f"endpoint {name}"] = {
            **machine, "templateId": f"template {name}", "executionTimeoutMs": POLICY["executionTimeout"], "workersMin": 0,
            "idleTimeout": 5, "scalerType": "QUEUE_DELAY", "scalerValue": 4, "flashboot": True,
        }  # fmt: skip
    for secret in secrets:
        plan[f"secret {secret}"] = {"must exist": "in RunPod's console, under Secrets (docs/runpod.md)"}
    return plan


CUDA = ["13.0", "13.1", "13.2"]  # PyTorch's wheels bring 13
RUNPOD_TIERS: dict[str, dict[str, Any]] = {  # GPUs in the order in which they are tried
    "cpu": {"computeType": "CPU", "instanceIds": ["cpu3c-4-8"], "workersMax": 3},
    "gpu-small": {
        "computeType": "GPU", "gpuTypeIds": ["NVIDIA L4", "NVIDIA RTX A5000", "NVIDIA GeForce RTX 4090"],
        "allowedCudaVersions": CUDA, "workersMax": 2,
    },
    "gpu-large": {
        "computeType": "GPU", "gpuTypeIds": ["NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB"],
        "allowedCudaVersions": CUDA, "workersMax": 2,
    },
}  # fmt: skip
PLANS: dict[str, Callable[[], Plan]] = {"modal": modal_plan, "runpod": runpod_plan}
DEPLOYS: dict[str, Callable[[], None]] = {"modal": modal_deploy}


@app.command()
def deploy(
    target: Annotated[str, typer.Argument(metavar="CLOUD", help="modal or runpod.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be made; nothing is asked of the cloud.")] = False,
    json: AsJson = False,
) -> None:
    """Put workers into a cloud."""
    if target not in PLANS:
        raise BadInput(f"There is no way to deploy to {target!r}.", f"There is: {', '.join(PLANS)}.")
    if dry_run:
        plan = PLANS[target]()
        print(jsons.dumps(plan, indent=2) if json else "\n".join(_lines(plan)))
    elif target in DEPLOYS:
        DEPLOYS[target]()
    else:
        raise BadInput(f"Deploying to {target} is not done from here.", f"--dry-run prints what to make; see docs/{target}.md.")


def _lines(plan: Plan) -> list[str]:
    lines = []
    for what, settings in plan.items():
        lines.append(what)
        lines += [f"    {name}: {value}" for name, value in settings.items()]
    return lines


def _told(options: Mapping[str, Any], source: Any) -> dict[str, Any]:
    """A function's options as words and numbers."""
    images = {id(source.analysis): "analysis", id(source.training): "training", id(source.serving): "vllm"}
    told = {name: value for name, value in options.items() if name not in ("image", "secrets", "schedule", "volumes")}
    told["image"] = f"infra/modal/{images[id(options['image'])]}.txt"
    told["secret"] = _secret(options, source)
    if "schedule" in options:
        told["schedule"] = f"every {source.SWEEP_MINUTES} min"
    if "volumes" in options:
        told["volumes"] = list(options["volumes"])
    return told


def _secret(options: Mapping[str, Any], source: Any) -> str:
    name: str = source.SECRET if options["secrets"] is source.SECRETS else source.VLLM_SECRET
    return name


def _modal_app() -> Any:
    """The module modal_app, which only a checkout has."""
    try:
        return importlib.import_module("modal_app")
    except ModuleNotFoundError as error:
        if error.name == "modal":
            raise InvalidSetting("The package modal is not installed here.", "pip install 'agentforge[modal]'") from None
        if error.name == "modal_app":
            raise NotFound(f"There is no modal_app.py in {Path.cwd()}.", "Deploy from a checkout: python -m handlers.cli deploy …") from None
        raise
