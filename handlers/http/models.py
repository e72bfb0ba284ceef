"""What is answered: the public shape of runs, pages and the like. Times are UTC, ISO 8601. The client (handlers/client.py) reads by it."""

from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from shared.identity.permissions import Permission
from shared.money.charges import charge
from shared.money.prices import Micro
from shared.money.quotes import Line
from shared.state.machine import TERMINAL, RunState

if TYPE_CHECKING:
    from functions.forge.storage import Kept
    from shared.identity import keys
    from shared.money.quotes import Quote
    from shared.state import catalog

T = TypeVar("T")
State = Literal["opened", "queued", "running", "waiting", "succeeded", "failed", "cancelled"]
DatasetRef = Annotated[
    str,
    Field(pattern=r"^(ds-[0-9a-z]{9}-[0-9a-z]{10}(@[0-9]{1,6})?|dataset:[0-9a-f]{64}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199})$",
          description="A dataset's id, its newest version; or `<id>@<version>`.", examples=["ds-0rk5c9t3v-8a1m2n3p4q"]),
]  # fmt: skip


class Body(BaseModel):
    """Of a request: a field we do not know is an error, not silence; `true` is no number, nor is "1"."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any, about: ValidationInfo) -> Any:
        """`1.0` is an integer in JSON."""
        whole = isinstance(value, float) and value.is_integer() and cls.model_fields[about.field_name or ""].annotation is not Any
        return int(value) if whole else value


class Opens(Body):
    """Of a request that opens a run."""

    quote: bool | Annotated[str, Field(max_length=64)] | None = Field(
        None, description="`true`: answer with a quote, and open nothing; the id of a quote: accept it, as the header AgentForge-Quote does."
    )


class Page(BaseModel, Generic[T]):
    """A part of a list. `next_cursor` is null on the last page."""

    data: list[T]
    next_cursor: str | None = None


class ErrorOut(BaseModel):
    code: str
    message: str
    hint: str = ""
    status: int = Field(500, description="As of HTTP: below 500 the caller can mend it.")


class ArtifactOut(BaseModel):
    name: str = Field(examples=["report.html"])
    bytes: int
    sha256: str


class CostOut(BaseModel):
    """In micro-dollars: what is held for a run, and what it was charged, or would be if it ended now."""

    held: int
    charged: int
    seconds: float
    tokens_in: int
    tokens_out: int
    final: bool
    why: str = ""

    @classmethod
    def of(cls, state: RunState) -> "CostOut | None":
        if state.hold is None:
            return None
        due = charge(state)
        return cls(
            held=state.hold.amount, charged=due.amount, seconds=due.microseconds / 10**6, tokens_in=due.tokens_in,
            tokens_out=due.tokens_out, final=state.over, why=due.why,
        )  # fmt: skip


class QuoteOut(BaseModel):
    """In micro-dollars. Accept it by its id, in the field `quote` or the header `AgentForge-Quote`: the run is then never charged more
    than `upper`."""

    id: str
    function: str
    expected: Micro
    upper: Micro
    lines: list[Line]
    created: str
    expires: str

    @classmethod
    def of(cls, quote: "Quote") -> "QuoteOut":
        return cls(**quote.model_dump(include=set(cls.model_fields)))


class RunOut(BaseModel):
    """A run. `output` is the function's; `error` says why it failed; `waiting` for whom it waits."""

    id: str
    workspace: str
    function: str
    state: State
    created: str
    updated: str
    goal: str | None
    attempt: int
    progress: dict[str, Any]
    steps: list[dict[str, Any]]
    waiting: dict[str, str]
    output: Any
    error: ErrorOut | None
    artifacts: list[ArtifactOut]
    parent: str | None
    retry_of: str | None
    cancelling: bool
    cost: CostOut | None = Field(None, description="Where runs are paid for.")
    requests: dict[str, dict[str, int]] = Field({}, description="What it cost in requests to the store: `control` or `data` → operation → how many.")
    damaged: str = Field("", description="What is wrong with its record, where that was changed by hand.")
    notice: str = Field("", description="What whoever opened it should know, such as that little credit is left.")

    @classmethod
    def of(cls, state: RunState, notice: str = "") -> "RunOut":
        told = {"code": "internal", "message": "", **state.error} if state.error else None
        return cls(
            id=state.id, workspace=state.workspace, function=state.function, state=state.state, created=state.created,
            updated=state.updated, goal=state.goal, attempt=state.attempt, progress=state.progress, steps=state.steps,
            waiting=state.waiting, output=state.output, parent=state.parent, retry_of=state.retry_of,
            cancelling=state.cancelling, cost=CostOut.of(state), requests=state.requests, damaged=state.damaged, notice=notice,
            error=ErrorOut(code=told["code"], message=told["message"], hint=str(told.get("hint", "")), status=told.get("status", 500)) if told else None,
            artifacts=[
                ArtifactOut(name=name, bytes=artifact.bytes, sha256=artifact.sha256)
                for name, artifact in sorted(state.artifacts.items()) if artifact.path not in state.expired
            ],
        )  # fmt: skip

    @property
    def over(self) -> bool:
        return self.state in TERMINAL


class EventOut(BaseModel):
    """`seq` is the number of the log's entry; an entry may hold several events."""

    seq: int
    at: str
    kind: str
    data: dict[str, Any]


class Verification(BaseModel):
    sound: bool
    problems: list[str]


class VersionOut(BaseModel):
    number: int
    reference: str = Field(description="Names this very content, for ever.")
    sha256: str
    bytes: int
    created: str
    created_by: str


class DatasetOut(BaseModel):
    """`versions`, oldest first."""

    id: str
    name: str
    created: str
    versions: list[VersionOut]

    @classmethod
    def of(cls, dataset: "catalog.Dataset") -> "DatasetOut":
        return cls.model_validate(dataset.model_dump(exclude={"version"}))


class UploadOut(BaseModel):
    """Send the file with `method` to `url` with these headers, then make a dataset of its `reference`."""

    method: str
    url: str
    headers: dict[str, str]
    reference: str
    expires_s: int


class CheckpointOut(BaseModel):
    """`about`: what its forge.json tells: parents, phase, config, metrics, precision; {} for one that was brought along without it."""

    digest: str
    created: str
    files: list[ArtifactOut]
    about: dict[str, Any]

    @classmethod
    def of(cls, kept: "Kept") -> "CheckpointOut":
        files = [ArtifactOut(name=name, bytes=bytes, sha256=sha256) for name, (sha256, bytes) in sorted(kept.manifest.files.items())]
        return cls(digest=kept.digest, created=kept.at.isoformat(), files=files, about=kept.manifest.about)


class KeyOut(BaseModel):
    id: str
    name: str
    scopes: list[Permission]
    created: str
    created_by: str
    expires: str | None
    revoked: str | None
    last_used: str | None = Field(description="To about ten minutes.")
    per_minute: int | None
    per_run: int | None
    per_day: int | None
    replaces: str | None
    key: str | None = Field(None, description="The key itself: shown once, when it is made.")

    @classmethod
    def of(cls, key: "keys.ApiKey", text: str | None = None) -> "KeyOut":
        return cls(**key.model_dump(exclude={"sha256", "workspace", "version"}), key=text)


class Config(BaseModel):
    """`functions`: name → the tier of machine it works on."""

    version: str
    backend: str
    brains: list[str]
    functions: dict[str, str]
    requests_per_minute: int
    max_runs: int | None
    max_upload_bytes: int
    longest_goal: int
