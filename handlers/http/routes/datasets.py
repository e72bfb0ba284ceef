"""/v1/datasets: tables that questions are asked of."""

import itertools
import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile
from pydantic import Field

from functions.import_dataset import ImportInput
from functions.preview import PreviewInput, PreviewOutput
from functions.work import start, submit
from handlers.http.callers import KnownFirst, allowed
from handlers.http.manners import IdempotencyKey, Limit, Wait, cursor_like
from handlers.http.models import Body, DatasetOut, Opens, Page, RunOut, UploadOut
from handlers.http.opening import ANSWERS, AsAsked, Wanted, opened
from handlers.http.platform import At
from handlers.http.problems import answers
from shared import outbound, settings
from shared.errors import AgentForgeError, BadInput, Busy, Conflict, NotFound
from shared.identity.caller import Caller
from shared.state import catalog, datasets, idempotency
from shared.state.artifacts import sha256_of_file
from shared.state.machine import RunState
from shared.state.runs import RunLog
from shared.state.store import Store

router = APIRouter(prefix="/datasets", tags=["datasets"])
files = APIRouter(prefix="/datasets", tags=["datasets"], route_class=KnownFirst)  # takes larger bodies than the others
Reader = Annotated[Caller, allowed("datasets:read")]
Writer = Annotated[Caller, allowed("datasets:write")]
DatasetId = Annotated[str, Path(pattern=f"^{catalog.ID.pattern}$", description="A dataset's id.", examples=["ds-0rk5c9t3v-8a1m2n3p4q"])]
VersionNumber = Annotated[int | None, Query(ge=1, le=catalog.MOST_VERSIONS, description="The newest by default.")]
UPLOAD_S = 3600
PREVIEW_S = 20  # for which a first preview is waited for


class TooLarge(BadInput):
    code = "too_large"
    status = 413


class NewUpload(Body):
    """A file that is going to be put into the bucket directly."""

    file_name: str = Field(min_length=1, max_length=200, examples=["sales.parquet"])
    bytes: int = Field(ge=1, le=5 * 2**30)
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the content, in hexadecimal: the bucket refuses any other.")


class NewDataset(Body):
    """A dataset, or with `dataset` its next version, of content that is in the bucket already."""

    reference: str = Field(pattern=r"^dataset:[0-9a-f]{64}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}$")
    name: str = Field("", max_length=200)
    dataset: str | None = Field(None, pattern=f"^{catalog.ID.pattern}$")


class NewImport(Opens):
    """A file that lies elsewhere, open to everybody."""

    url: str = Field(min_length=1, max_length=outbound.LONGEST_URL, examples=["https://example.com/sales.csv"])
    name: str = Field("", max_length=200, description="What the dataset is called; the file's name by default.")


@router.get("", summary="List datasets, newest first", responses=answers(409))
def list_datasets(
    caller: Reader, at: At, limit: Limit = 50, cursor: Annotated[str, cursor_like(catalog.ID.pattern)] = ""
) -> Page[DatasetOut]:
    found = catalog.list_datasets(at.store, caller.workspace, limit, cursor)
    return Page(data=[DatasetOut.of(dataset) for dataset in found], next_cursor=found[-1].id if len(found) == limit else None)


@files.post("/upload", status_code=201, summary="Upload a file", responses=answers(404, 409, 413))
def upload(
    file: Annotated[UploadFile, File(description="CSV, TSV, JSON, JSON lines, Parquet or XLSX.")],
    caller: Writer, at: At, key: IdempotencyKey = None,
    name: Annotated[str, Form(max_length=200, description="What it is called; the file's name by default.")] = "",
    dataset: Annotated[str, Form(pattern=f"^({catalog.ID.pattern})?$", description="Make it the next version of this one.")] = "",
) -> DatasetOut:  # fmt: skip
    """The same content again makes no new version. What is larger than the server takes goes into the bucket directly: `/uploads`."""
    if (file.size or 0) > settings.max_upload_bytes():
        raise TooLarge(f"The file has {file.size:,} bytes; at most {settings.max_upload_bytes():,} are taken here.", "Use POST /v1/datasets/uploads.")
    file_name = datasets.plain_name(file.filename)
    with tempfile.TemporaryDirectory(prefix="agentforge-") as folder:
        path = FilePath(folder) / file_name
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy, 1 << 20)
        if not path.stat().st_size:
            raise BadInput("The file is empty.", "Send a table.")
        digest, size = sha256_of_file(path), path.stat().st_size
        id = _id(at.store, caller, key, ["upload", digest, file_name, name, dataset], dataset or None)
        if idempotency.finished(at.store, caller.workspace, key):
            return _made(at.store, caller, id)
        reference = datasets.save_dataset(at.store, path, caller.workspace)
    added = catalog.add_version(at.store, caller.workspace, id, name or file_name, reference, size, caller.name)
    idempotency.finish(at.store, caller.workspace, key)
    return DatasetOut.of(added)


@router.post("/uploads", summary="Begin a direct upload", responses=answers(409))
def begin_upload(body: NewUpload, caller: Writer, at: At, key: IdempotencyKey = None) -> UploadOut:
    """A signed address in the bucket that takes this very file, for an hour. A server over a local folder has none: use `/upload`."""
    name = datasets.plain_name(body.file_name)
    reference = f"dataset:{body.sha256}/{name}"
    if key is not None:
        idempotency.id_of(at.store, caller.workspace, key, ["begin_upload", body.model_dump(mode="json")], body.sha256[:20])
    try:
        url, headers = at.store.driver.signed_upload(datasets.key_of(caller.workspace, reference), UPLOAD_S, body.sha256, body.bytes)
    except BadInput as error:
        raise Conflict(error.message, "Use POST /v1/datasets/upload.") from None
    return UploadOut(method="PUT", url=url, headers=headers, reference=reference, expires_s=UPLOAD_S)


@router.post("", status_code=201, summary="Make a dataset of what is in the bucket", responses=answers(404, 409))
def create_dataset(body: NewDataset, caller: Writer, at: At, key: IdempotencyKey = None) -> DatasetOut:
    """After a direct upload."""
    content = datasets.key_of(caller.workspace, body.reference)
    listed = [one for one in at.store.list_after(type(content)(content.rpartition("/")[0] + "/")) if one.key == content]
    if not listed:
        raise NotFound("There is no such content in the bucket.", "Upload it first, to the address that /v1/datasets/uploads gives.")
    id = _id(at.store, caller, key, ["create_dataset", body.model_dump(mode="json")], body.dataset)
    if idempotency.finished(at.store, caller.workspace, key):
        return _made(at.store, caller, id)
    name = body.name or body.reference.partition("/")[2]
    added = catalog.add_version(at.store, caller.workspace, id, name, body.reference, listed[0].bytes, caller.name)
    idempotency.finish(at.store, caller.workspace, key)
    return DatasetOut.of(added)


@router.post("/import", status_code=202, summary="Make a dataset of a file elsewhere", responses=ANSWERS)
async def import_dataset(body: NewImport, caller: Writer, response: Response, wait: Wait, asked: AsAsked) -> RunOut:
    """Opens a run that fetches it: 202; 200 if it has ended within the seconds of `Prefer: wait=n`. Its `output` names the dataset.

    Only from public https addresses, without redirects. The address stands in the run's record: what is secret about it should expire.
    """
    outbound.target(body.url)
    input = ImportInput(url=body.url, name=body.name, by=caller.name)
    return await opened(asked, caller, response, lambda: Wanted("import_dataset", input), wait, body.quote)


@router.get("/{id}", summary="Get a dataset", responses=answers(404, 409))
def get_dataset(id: DatasetId, caller: Reader, at: At) -> DatasetOut:
    return DatasetOut.of(catalog.read_dataset(at.store, caller.workspace, id))


@router.get("/{id}/preview", summary="Look at a dataset", responses=answers(404, 409))
async def preview(
    id: DatasetId, caller: Reader, at: At, response: Response, version: VersionNumber = None,
    rows: Annotated[int, Query(ge=0, le=1000, description="First rows of each table.")] = 20,
) -> PreviewOutput:  # fmt: skip
    """Each table's first rows, types, and a profile of its columns. The first to ask has a worker read the file; then it is kept."""
    from starlette.concurrency import run_in_threadpool

    def open_it() -> RunLog:
        found = catalog.version_of(catalog.read_dataset(at.store, caller.workspace, id), version)
        log = _preview_run(at.store, caller.workspace, found.reference)
        if log.state.state == "queued":
            submit(log, at.backend)
        return log

    log = await run_in_threadpool(open_it)
    state = log.state if log.state.over else await at.feed.wait(log.workspace, log.id, PREVIEW_S)
    if not _tells(state):
        raise Reading("The file is still being read.", "Ask again in a moment.")
    if state.state != "succeeded":
        raise _failed(state.error or {})
    output = PreviewOutput.model_validate(state.output)
    return output.model_copy(update={"tables": [t.model_copy(update={"rows": t.rows[:rows]}) for t in output.tables]})


@router.delete("/{id}", status_code=204, summary="Delete a dataset", responses=answers(404, 409))
def delete_dataset(id: DatasetId, caller: Writer, at: At) -> None:
    """With all of its versions. Runs that were given it keep their results, and cannot be replayed."""
    catalog.delete_dataset(at.store, caller.workspace, id, caller.name)


def _preview_run(store: Store, workspace: str, reference: str) -> RunLog:
    """The run that reads this content; the next one where that was deleted, or ended without telling anything of the file.

    Free, also where runs are paid for: there is one for each content, and whoever uploads must see what was understood.
    """
    for attempt in itertools.count():
        try:
            key = f"preview {reference} {attempt}"  # a caller's own key has no spaces
            log = start(store, "preview", PreviewInput(source=reference), workspace, free=True, idempotency_key=key)
        except idempotency.KeyReused:
            continue
        if not log.state.over or _tells(log.state):
            return log
    raise AssertionError("unreachable")


def _tells(state: RunState) -> bool:
    """Whether a preview is made, or cannot be made of this file; not if it was cancelled, or failed by a fault of ours."""
    return state.state == "succeeded" or state.state == "failed" and (state.error or {}).get("status", 500) < 500


class Reading(Busy):
    code = "not_ready"
    status = 503


def _failed(error: dict[str, Any]) -> AgentForgeError:
    """Why a file could not be read, as an answer of our own."""
    told = BadInput(str(error.get("message", "The file cannot be read.")), str(error.get("hint", "")))
    told.code = str(error.get("code", told.code))
    return told


def _made(store: Store, caller: Caller, id: str) -> DatasetOut:
    """What an earlier request with this key made, as it is now."""
    try:
        return DatasetOut.of(catalog.read_dataset(store, caller.workspace, id))
    except NotFound:
        raise idempotency.KeyReused("The dataset of this idempotency key was deleted.", "Use a new key for a new request.") from None


def _id(store: Store, caller: Caller, key: str | None, request: list[Any], dataset: str | None) -> str:
    """Of the dataset to add to, which must be there, or of a new one."""
    if dataset is not None:
        catalog.read_dataset(store, caller.workspace, dataset)
    return idempotency.id_of(store, caller.workspace, key, request, dataset or catalog.new_dataset_id(store))
