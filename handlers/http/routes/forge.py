"""POST /v1/forge: make a model, phase by phase; /v1/phases: of what; /v1/checkpoints: what was made. Nothing here needs torch."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi import Body as RequestBody
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from functions.forge import ForgeInput, storage
from functions.forge.presets import PRESETS
from functions.forge.stages import Stage
from handlers.http.callers import allowed
from handlers.http.manners import Limit, Wait, cursor_like
from handlers.http.models import Body, CheckpointOut, DatasetRef, Opens, Page, RunOut
from handlers.http.opening import ANSWERS, AsAsked, Wanted, opened
from handlers.http.platform import At
from handlers.http.problems import answers
from handlers.http.routes.runs import sent
from phases.registry import CONFIGS
from shared.errors import BadInput, NotFound
from shared.identity.caller import Caller
from shared.state import catalog
from shared.state.store import Store

router = APIRouter(tags=["forge"])
Reader = Annotated[Caller, allowed("runs:read")]
DIGEST = "[0-9a-f]{64}"
Digest = Annotated[str, Path(pattern=f"^{DIGEST}$", description="A checkpoint's digest.", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
PLACE = rf"[0-9]{{15}}\.{DIGEST}"


class ForgeStage(Stage, Body):
    """One phase with its settings. `config`: as /v1/phases has them; `text` in it is "python" or a dataset. `seconds`: what one round may take."""

    phase: str = Field(json_schema_extra={"enum": list(CONFIGS)})


class ForgeRequest(Opens):
    """Either stages or the name of a preset."""

    stages: list[ForgeStage] = Field([], max_length=32)
    preset: str = Field("", max_length=100, description="A pipeline of /v1/phases.", examples=["tiny"])
    inputs: list[Annotated[str, Field(pattern=f"^{DIGEST}$")]] = Field([], max_length=16, description="Digests of checkpoints to begin with.")

    @model_validator(mode="after")
    def _one(self) -> "ForgeRequest":
        if bool(self.stages) == bool(self.preset):
            raise ValueError("give either stages or a preset")
        return self


class PhaseOut(BaseModel):
    name: str
    settings: dict[str, Any] = Field(description="JSON schema of a stage's `config`.")


class PresetOut(BaseModel):
    name: str
    about: str
    stages: list[Stage]


class PhasesOut(BaseModel):
    """`phases` in their order."""

    phases: list[PhaseOut]
    presets: list[PresetOut]


EXAMPLES = {
    "a preset": {"value": {"preset": "tiny"}},
    "stages": {"value": {"stages": [{"phase": "cognate", "config": {"preset": "cognate-1m", "steps": 300}, "seconds": 900}, {"phase": "evomerge", "pause": True}]}},
}


@router.post("/forge", status_code=202, summary="Make a model", responses=ANSWERS)
async def forge(
    body: Annotated[ForgeRequest, RequestBody(openapi_examples=EXAMPLES)],
    caller: Annotated[Caller, allowed("runs:write")], at: At, response: Response, wait: Wait, asked: AsAsked,
) -> RunOut:  # fmt: skip
    """Opens a run that works through the stages: 202; 200 if it has ended within the seconds of `Prefer: wait=n`.

    Its events tell each phase and its gate; `output` has the checkpoints and all gates. Where a stage says `pause`, it waits for an answer.
    """
    return await opened(asked, caller, response, lambda: Wanted("forge", input_of(body, at.store, caller)), wait, body.quote)


def input_of(body: ForgeRequest, store: Store, caller: Caller) -> ForgeInput:
    """The function's input, out of a request. NotFound for checkpoints and datasets that are not there, BadInput."""
    if body.preset and body.preset not in PRESETS:
        raise BadInput(f"There is no preset {body.preset!r}.", f"There are: {', '.join(PRESETS)}.")
    storage.read_checkpoints(store, caller.workspace, body.inputs)
    stages = PRESETS[body.preset].stages if body.preset else [_with_references(stage, store, caller) for stage in body.stages]
    return ForgeInput(stages=stages, inputs=body.inputs)


def _with_references(stage: Stage, store: Store, caller: Caller) -> Stage:
    """The same with references in place of the datasets' ids. A source that is no dataset could be a file of the worker's machine."""
    config = stage.checked_config(0)
    try:
        names = TypeAdapter(list[DatasetRef]).validate_python(config.sources())
    except ValidationError as error:
        raise BadInput(f"{stage.phase}: {error.errors()[0]['input']!r} is no dataset.", "Upload the file, and name it by its id.") from None
    references = dict(zip(names, catalog.references(store, caller.workspace, names), strict=True))
    told = stage.config if not names else {**stage.config, "text": references[stage.config["text"]]}
    return Stage(**{**stage.model_dump(), "config": told})


@router.get("/phases", summary="List the phases and presets", responses=answers())
def list_phases(caller: Reader) -> PhasesOut:
    return PhasesOut(
        phases=[PhaseOut(name=name, settings=config.model_json_schema()) for name, config in CONFIGS.items()],
        presets=[PresetOut(name=name, about=preset.about, stages=preset.stages) for name, preset in PRESETS.items()],
    )


@router.get("/checkpoints", summary="List checkpoints, newest first", responses=answers())
def list_checkpoints(caller: Reader, at: At, limit: Limit = 50, cursor: Annotated[str, cursor_like(PLACE)] = "") -> Page[CheckpointOut]:
    found = storage.newest(at.store, caller.workspace, limit, cursor)
    return Page(data=[CheckpointOut.of(kept) for kept in found.values()], next_cursor=list(found)[-1] if len(found) == limit else None)


@router.get("/checkpoints/{digest}", summary="Get a checkpoint", responses=answers(404))
def get_checkpoint(digest: Digest, caller: Reader, at: At) -> CheckpointOut:
    """What it is, and its files."""
    return CheckpointOut.of(storage.read_checkpoints(at.store, caller.workspace, [digest])[0])


@router.get(
    "/checkpoints/{digest}/files/{name}", summary="Get a file of a checkpoint", response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}, "application/json": {}}}, 307: {"description": "To a signed address in the bucket"}, **answers(404)},
)  # fmt: skip
def get_file(digest: Digest, name: Annotated[str, Path(max_length=255, examples=["model.safetensors"])], caller: Reader, at: At) -> Response:
    """From a bucket by a signed address that is good for five minutes; from a folder directly. All of them in one folder are a checkpoint."""
    files = storage.manifest_of(at.store, caller.workspace, digest).files
    if name not in files:
        raise NotFound(f"The checkpoint has no file {name!r}.", f"It has: {', '.join(sorted(files))}.")
    sha256, bytes = files[name]
    return sent(at, storage.file_key(caller.workspace, sha256), name, bytes, sha256)
