"""/v1/runs: what goes on and what there was."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from functions import work
from handlers.http.callers import allowed
from handlers.http.manners import IdempotencyKey, Limit, Wait, cursor_like, etag_matches
from handlers.http.models import ArtifactOut, Body, EventOut, Opens, Page, RunOut, State, Verification
from handlers.http.opening import ANSWERS, AsAsked, Wanted, opened
from handlers.http.platform import At, Platform
from handlers.http.problems import answers
from shared.errors import BadInput, Conflict, NotFound
from shared.identity.caller import Caller
from shared.state import datasets, idempotency, machine, runs
from shared.state.keys import RUN, Key
from shared.state.record import Entry
from shared.state.run import artifact_key

router = APIRouter(prefix="/runs", tags=["runs"])

RunId = Annotated[str, Path(pattern=f"^{RUN.pattern}$", description="A run's id.", examples=["0rk5c9t3v-8a1m2n3p4q"])]
Reader_ = Annotated[Caller, allowed("runs:read")]
Writer = Annotated[Caller, allowed("runs:write")]
INLINE = ("image/png", "application/json", "text/markdown", "text/plain")  # what a browser may show; all else is downloaded
SIGNED_S = 300
EVENT_ID = re.compile(r"(\d{1,10})\.(\d{1,6})", re.ASCII)
TYPES = {"html": "text/html", "md": "text/markdown", "json": "application/json", "png": "image/png", "ipynb": "application/x-ipynb+json"}


class Reason(Body):
    reason: str = ""


class Answer(Body):
    question: str
    answer: Any


@router.get("", summary="List runs, newest first", responses=answers())
def list_runs(
    caller: Reader_, at: At, limit: Limit = 20, cursor: Annotated[str, cursor_like(RUN.pattern)] = "",
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    function: Annotated[str, Query(max_length=100, description="Only those of this function.")] = "",
) -> Page[RunOut]:  # fmt: skip
    """A page may hold fewer than `limit` runs, or none, where a filter is given; go on while there is a `next_cursor`."""
    found = runs.list_runs(at.store, limit, cursor, caller.workspace)
    wanted = [s for s in found if (state is None or s.state == state) and function in ("", s.function)]
    return Page(data=[RunOut.of(s) for s in wanted], next_cursor=found[-1].id if len(found) == limit else None)


@router.get("/{run}", summary="Get a run", responses={304: {"description": "It has not changed"}, **answers(404, 409)})
def get_run(run: RunId, caller: Reader_, at: At, request: Request, response: Response) -> RunOut:
    """Exact: what the run's log says at this moment. `ETag` changes with every entry."""
    found = runs.status(at.store, run, caller.workspace)
    etag = f'"{found.entries}"'
    if etag_matches(request, etag):
        return Response(status_code=304, headers={"ETag": etag})  # type: ignore[return-value]
    response.headers["ETag"] = etag
    return RunOut.of(found)


@router.get("/{run}/events", summary="List a run's events", responses=answers(404, 409))
def list_events(
    run: RunId, caller: Reader_, at: At, limit: Limit = 100,
    cursor: Annotated[str, cursor_like("[0-9]{1,10}")] = "",
) -> Page[EventOut]:  # fmt: skip
    """Oldest first, by entries of the log: `limit` counts those, and any entry's `seq` may be the `cursor`."""
    after = int(cursor or -1)
    reader = runs.Reader(at.store, caller.workspace, run)
    reader.read_on()
    reader.state  # noqa: B018 - NotFound without one
    entries = [entry for entry in reader.take() if entry.seq > after]
    found = [event for entry in entries[:limit] for _, event in _events(entry)]
    return Page(data=found, next_cursor=str(entries[limit - 1].seq) if len(entries) > limit else None)


def _exists(run: RunId, caller: Reader_, at: At) -> Caller:
    """Before a stream begins: afterwards nothing can be refused."""
    runs.status(at.store, run, caller.workspace, cached=True)
    return caller


@router.get(
    "/{run}/stream", summary="Follow a run's events", response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **answers(404)},
)  # fmt: skip
async def stream(
    run: RunId, at: At, caller: Annotated[Caller, Depends(_exists)],
    last_event_id: Annotated[
        str, Header(alias="Last-Event-ID", max_length=30, description="The `id` of the last event that was received: the stream goes on after it.")
    ] = "",
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    """Server-Sent Events until the run is over: `id` is `<seq>.<number in its entry>`, `event` the kind, `data` the event as of `/events`.

    After a `Last-Event-ID` that is none of ours the stream begins at the first event. The last event is `end`.
    """
    async for id, event in follow(at, caller.workspace, run, last_event_id):
        yield ServerSentEvent(id=id, event=event.kind, data=event.model_dump())
    yield ServerSentEvent(event="end", data={})


async def follow(platform: Platform, workspace: str, run: str, last: str = "") -> AsyncIterator[tuple[str, EventOut]]:
    """The events after the one whose id is `last`, and those to come, with their ids."""
    match = EVENT_ID.fullmatch(last)
    after = (int(match[1]), int(match[2])) if match else (-1, -1)
    async for entry in platform.feed.entries(workspace, run, max(after[0] - 1, -1)):
        for number, event in _events(entry):
            if (entry.seq, number) > after:
                yield f"{entry.seq}.{number}", event


@router.post("/{run}/cancel", summary="Cancel a run", responses=answers(404, 409))
def cancel(run: RunId, caller: Writer, at: At, body: Reason | None = None, key: IdempotencyKey = None) -> RunOut:
    """A run that nobody works on ends at once; a worker ends it when it next looks (`cancelling`). Asking twice is asking once."""
    reason = body.reason if body else ""
    _once(at, caller, key, ["cancel", run, reason], run)
    try:
        return RunOut.of(runs.cancel(at.store, run, caller.workspace, reason=reason, by=caller.name))
    except machine.RunOver:
        state = runs.status(at.store, run, caller.workspace)
        if state.state != "cancelled":
            raise
        return RunOut.of(state)


@router.post("/{run}/retry", summary="Try a run again", status_code=202, responses=ANSWERS)
async def retry(run: RunId, caller: Writer, at: At, response: Response, wait: Wait, asked: AsAsked, body: Opens | None = None) -> RunOut:
    """A new run with the first input of one that failed or was cancelled."""

    def want() -> Wanted:
        return Wanted(*work.first_request(at.store, run, caller.workspace))

    return await opened(asked, caller, response, want, wait, body.quote if body else None)


@router.post("/{run}/answer", summary="Answer what a run asks", responses=answers(404, 409))
def answer(run: RunId, body: Answer, caller: Writer, at: At, key: IdempotencyKey = None) -> RunOut:
    """A run in state `waiting` for a person says in `waiting` what it asks."""
    _once(at, caller, key, ["answer", run, body.question, body.answer], run)
    try:
        log = runs.answer(at.store, run, body.question, body.answer, caller.workspace)
    except (Conflict, machine.RunOver):
        state = runs.status(at.store, run, caller.workspace)
        if body.question in state.answers and state.answers[body.question] == body.answer:  # given before
            return RunOut.of(state)
        raise
    work.submit(log, at.backend)
    return RunOut.of(log.state)


@router.get("/{run}/artifacts", summary="List a run's files", responses=answers(404, 409))
def list_artifacts(run: RunId, caller: Reader_, at: At) -> Page[ArtifactOut]:
    return Page(data=RunOut.of(runs.status(at.store, run, caller.workspace)).artifacts)


@router.get(
    "/{run}/artifacts/{name:path}", summary="Get a file of a run", response_class=Response,
    responses={200: {"content": {kind: {} for kind in ("application/octet-stream", *TYPES.values())}}, 307: {"description": "To a signed address in the bucket"}, **answers(404, 409)},
)  # fmt: skip
def get_artifact(run: RunId, name: Annotated[str, Path(max_length=400)], caller: Reader_, at: At) -> Response:
    """From a bucket by a signed address that is good for five minutes; from a folder directly."""
    log = runs.load(at.store, run, caller.workspace)
    key = artifact_key(log, name)
    artifact = log.state.artifacts[name]
    return sent(at, key, name, artifact.bytes, artifact.sha256)


def sent(at: Platform, key: Key, name: str, bytes: int, sha256: str) -> Response:
    """A file of the store as an answer: a redirection where the store has addresses of its own."""
    if at.store.url.startswith("s3:"):
        return RedirectResponse(at.store.driver.signed_url("GET", key, SIGNED_S), 307, {"Cache-Control": "no-store"})
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    headers = {"Content-Length": str(bytes), "ETag": f'"{sha256}"', "Content-Security-Policy": "sandbox"}
    if kind not in INLINE:
        headers["Content-Disposition"] = f'attachment; filename="{datasets.plain_name(name)}"'
    return StreamingResponse(at.store.driver.blocks(key), media_type=kind, headers=headers)


@router.get(
    "/{run}/export", summary="Download what a run made", response_class=Response,
    responses={200: {"content": {"application/zip": {}, "text/html": {}, "text/markdown": {}, "application/x-ipynb+json": {}}}, **answers(404, 409)},
)  # fmt: skip
def export(
    run: RunId, caller: Reader_, at: At,
    format: Annotated[Literal["zip", "notebook", "report", "markdown"], Query(description="`zip`: all of its files, and its log.")] = "zip",
) -> Response:  # fmt: skip
    """A zip holds the notebook beside the tables that it reads, so it runs as it is."""
    reader = runs.Reader(at.store, caller.workspace, run)
    reader.read_on()
    reader.state  # noqa: B018 - NotFound without one
    if format != "zip":
        name = {"notebook": "notebook.ipynb", "report": "report.html", "markdown": "report.md"}[format]
        headers = {"Content-Disposition": f'attachment; filename="{run}-{name}"'}
        return Response(at.store.read(artifact_key(reader, name)), media_type=TYPES[name.rpartition(".")[2]], headers=headers)
    headers = {"Content-Disposition": f'attachment; filename="{run}.zip"'}
    return StreamingResponse(_zipped(reader), media_type="application/zip", headers=headers)


def _zipped(reader: runs.Reader) -> Iterator[bytes]:
    """A zip file, a piece at a time: no file is ever in memory whole."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as whole:
        log = "\n".join(json.dumps(entry.model_dump(mode="json"), ensure_ascii=False) for entry in reader.take())
        whole.writestr("log.jsonl", log)
        for name, artifact in sorted(reader.state.artifacts.items()):
            if artifact.path in reader.state.expired:
                continue
            with whole.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                for block in reader.store.driver.blocks(reader.folder / artifact.path):
                    member.write(block)
                    yield pieces.taken()
    yield pieces.taken()


class _Pieces(io.RawIOBase):
    """What a zip file's writer has written, to be taken away as it comes: it cannot seek, and knows how to do without."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


@router.get("/{run}/verify", summary="Verify a run's record", responses=answers(404))
def verify(run: RunId, caller: Reader_, at: At) -> Verification:
    """Hash every entry and file again, and make the fold again."""
    from shared.state.verify import verify_run

    problems = verify_run(at.store, run, caller.workspace)
    return Verification(sound=not problems, problems=problems)


@router.delete("/{run}", status_code=204, summary="Delete a run", responses=answers(404, 409))
def delete(
    run: RunId, caller: Writer, at: At, reason: Annotated[str, Query(max_length=500, description="Why, for the record.")] = ""
) -> None:
    """With its files; a tombstone stays. Only a run that is over can be deleted; deleting twice is deleting once."""
    from shared.state.retention import delete_run

    try:
        delete_run(at.store, run, caller.workspace, by=caller.name, reason=reason)
    except BadInput as error:
        raise Conflict(error.message, error.hint) from None


def _once(at: Platform, caller: Caller, key: str | None, request: list[Any], id: str) -> None:
    if key is not None and idempotency.id_of(at.store, caller.workspace, key, request, id) != id:
        raise NotFound(f"There is no run {id!r}.")


def _events(entry: Entry) -> Iterator[tuple[int, EventOut]]:
    for number, event in enumerate(entry.events):
        yield number, EventOut(seq=entry.seq, at=entry.at, kind=event.kind, data=event.data)
