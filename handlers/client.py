"""A server's API from Python: `AgentForge().analyze("sales.csv", "average price by city")`. docs/api.md begins with it.

What is answered is typed; every error is an AgentForgeError with the server's `code`, message and hint. How requests are sent, and
sent again without doing anything twice, is in connection.py.
"""

import hashlib
import io
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx2

from handlers.connection import ANSWER_S, FILE_S, Connection, Unreachable, pause, read, server_sent
from handlers.http.models import ArtifactOut, Config, UploadOut, Verification
from handlers.http.models import CheckpointOut as Checkpoint
from handlers.http.models import DatasetOut as Dataset
from handlers.http.models import EventOut as Event
from handlers.http.models import KeyOut as ApiKey
from handlers.http.models import QuoteOut as Quote
from handlers.http.models import RunOut as Run
from shared import settings
from shared.errors import AgentForgeError, BadInput, Conflict, InvalidSetting, NotFound
from shared.identity.permissions import NotAllowed

if TYPE_CHECKING:
    from functions.preview import PreviewOutput

__all__ = ["AgentForge", "ApiKey", "Checkpoint", "Dataset", "Event", "Quote", "Run", "StillRunning", "Unreachable"]

Data = str | os.PathLike[str] | Dataset  # a dataset or what names one; else a file, which is uploaded
NAMES_ONE = re.compile(r"ds-[0-9a-z]{9}-[0-9a-z]{10}(@\d{1,6})?|dataset:[0-9a-f]{64}/.+", re.ASCII)
LONGEST_WAIT_S = 60  # that a server waits for a run before it answers


class StillRunning(AgentForgeError):
    """A run was not over when it had been waited for long enough. It goes on."""

    code, status, retryable = "still_running", 504, True


class AgentForge:
    """A client of one server: AGENTFORGE_API_URL, with AGENTFORGE_API_KEY, by default. InvalidSetting.

    `workspace`: for tokens of people, who may have several. `retries`: how often a request is sent again. Where a run is opened,
    `wait` is True: until it is over; a number: at most so many seconds (StillRunning); False: not at all. `quote` is the id of a quote
    that is accepted with it.
    """

    def __init__(self, api_key: str = "", url: str = "", *, workspace: str = "", retries: int = 5) -> None:
        self.url = settings.api_url(url)
        if not self.url:
            raise InvalidSetting("AGENTFORGE_API_URL is not set.", "Set it to the server's address, such as http://127.0.0.1:8000.")
        headers = {"Authorization": f"Bearer {settings.api_key(api_key)}", **({"AgentForge-Workspace": workspace} if workspace else {})}
        self._server = Connection(f"{self.url}/v1", headers, retries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.http.close()

    def analyze(
        self, data: Data | Sequence[Data], goal: str = "", *, outputs: Mapping[str, str] | None = None, brain: str = "builtin",
        plan: Mapping[str, Any] | None = None, wait: bool | float = True, quote: str = "",
    ) -> Run:  # fmt: skip
        """Ask tables a question. A run that failed is no exception: see its `state` and `error`."""
        return self._opened("/analyze", self._analysis(data, goal, outputs, brain, plan), wait, quote)

    def quote_analyze(
        self, data: Data | Sequence[Data], goal: str = "", *, outputs: Mapping[str, str] | None = None, brain: str = "builtin",
        plan: Mapping[str, Any] | None = None,
    ) -> Quote:  # fmt: skip
        """What that would cost, and what it cannot exceed. Nothing is opened."""
        return self._quoted("/analyze", self._analysis(data, goal, outputs, brain, plan))

    def execute(
        self, cells: str | Sequence[str], data: Data | Sequence[Data] = (), *, lint: bool = True, wall_s: float = 60,
        wait: bool | float = True, quote: str = "",
    ) -> Run:  # fmt: skip
        """Run Python in the sandbox, beside these files. `wall_s`: seconds for one cell."""
        return self._opened("/execute", self._execution(cells, data, lint, wall_s), wait, quote)

    def quote_execute(self, cells: str | Sequence[str], data: Data | Sequence[Data] = (), *, lint: bool = True, wall_s: float = 60) -> Quote:
        return self._quoted("/execute", self._execution(cells, data, lint, wall_s))

    def forge(
        self, pipeline: str | Sequence[Mapping[str, Any]], *, inputs: Sequence[str] = (), wait: bool | float = True, quote: str = ""
    ) -> Run:
        """Make a model: `pipeline` is a preset's name or a list of stages (docs/forge.md), `inputs` are digests of checkpoints to begin with."""
        return self._opened("/forge", self._pipeline(pipeline, inputs), wait, quote)

    def quote_forge(self, pipeline: str | Sequence[Mapping[str, Any]], *, inputs: Sequence[str] = ()) -> Quote:
        return self._quoted("/forge", self._pipeline(pipeline, inputs))

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Newest first."""
        return self._server.listed(Checkpoint, "/checkpoints", {"limit": 200})

    def checkpoint(self, digest: str, folder: str | os.PathLike[str] | None = None) -> Checkpoint:
        """What it is. With `folder`, which must not be there, its files are written there, all of them or none. BadInput, InvalidSetting."""
        found = self._server.typed(Checkpoint, "GET", _path("/checkpoints", digest))
        if folder is None:
            return found
        folder = Path(folder)
        if folder.exists():
            raise BadInput(f"{folder} is there already.", "Give the name of a new folder.")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".agentforge-", ignore_cleanup_errors=True) as begun:
                whole = Path(begun) / folder.name
                whole.mkdir()
                for file in found.files:
                    self._checkpoint_file(found, file, whole)
                whole.rename(folder)
        except OSError as error:
            raise InvalidSetting(f"{folder} cannot be written: {error.strerror or error}.", "Choose another folder.") from error
        return found

    def _checkpoint_file(self, checkpoint: Checkpoint, file: ArtifactOut, folder: Path) -> None:
        if Path(file.name).name != file.name:
            raise AgentForgeError(f"The server names a file {file.name!r}, which would lie elsewhere.", "Do not trust it.")
        path = folder / file.name
        place = _path("/checkpoints", checkpoint.digest, f"/files/{quote(file.name, safe='')}")
        self._server.send("GET", place, follow_redirects=True, to=path, timeout=FILE_S)
        with path.open("rb") as written:
            if hashlib.file_digest(written, "sha256").hexdigest() != file.sha256:
                raise AgentForgeError(f"{file.name} is not what the server says it is.", "Try again.")

    def run(self, run: str | Run) -> Run:
        """As it is now."""
        return self._server.typed(Run, "GET", _path("/runs", run))

    def runs(self, *, state: str = "", function: str = "", before: str = "", page: int = 20) -> Iterator[Run]:
        """Newest first, however many there are; asked for by so many at once."""
        query = {"function": function, "cursor": before, "limit": page, **({"state": state} if state else {})}
        return self._server.listed(Run, "/runs", query)

    def wait(self, run: str | Run, timeout_s: float = math.inf) -> Run:
        """Once it is over, or waits for a person. StillRunning."""
        until, pause_s = time.monotonic() + timeout_s, 0.1
        while not _settled(found := self.run(run)):
            left = until - time.monotonic()
            if left <= 0:
                raise StillRunning(f"The run {found.id} is still {found.state}.", "Wait for it again, or cancel it.")
            time.sleep(min(pause_s, left))
            pause_s = min(pause_s * 1.5, 2)
        return found

    def events(self, run: str | Run, *, after: int = -1, follow: bool = True) -> Iterator[Event]:
        """Those of entries after number `after`, as they happen, until the run is over; without `follow` those there are."""
        if not follow:
            yield from self._server.listed(Event, _path("/runs", run, "/events"), {"cursor": str(after) if after >= 0 else "", "limit": 200})
            return
        last, broken = f"{after}.999999" if after >= 0 else "", 0  # an event's id is <entry>.<its number there>
        while broken <= self._server.retries:
            headers = {"Last-Event-ID": last} if last else {}
            with closing(self._server.send("GET", _path("/runs", run, "/stream"), headers=headers, streamed=True)) as response:
                try:
                    for sent in server_sent(response.iter_bytes()):
                        if sent.get("event") == "end":
                            return
                        last, broken = sent.get("id", last), 0
                        yield read(Event, sent.get("data", ""))
                except httpx2.RequestError:
                    pass  # it goes on after `last`
            time.sleep(pause(broken))
            broken += 1
        raise Unreachable("The stream of events broke off again and again.", "Try again later.")

    def cancel(self, run: str | Run, reason: str = "") -> Run:
        return self._server.typed(Run, "POST", _path("/runs", run, "/cancel"), json={"reason": reason})

    def answer(self, run: str | Run, question: str, answer: Any) -> Run:
        """Answer what a run asks that waits for a person; the question is in its `waiting`."""
        return self._server.typed(Run, "POST", _path("/runs", run, "/answer"), json={"question": question, "answer": answer})

    def retry(self, run: str | Run, *, wait: bool | float = False, quote: str = "") -> Run:
        """A new run with the input of one that failed or was cancelled."""
        return self._opened(_path("/runs", run, "/retry"), {}, wait, quote)

    def quote_retry(self, run: str | Run) -> Quote:
        return self._quoted(_path("/runs", run, "/retry"), {})

    def delete(self, run: str | Run, reason: str = "") -> None:
        self._server.send("DELETE", _path("/runs", run), params={"reason": reason} if reason else {})

    def verify(self, run: str | Run) -> Verification:
        return self._server.typed(Verification, "GET", _path("/runs", run, "/verify"), timeout=FILE_S)

    def artifact(self, run: str | Run, name: str, to: Path | None = None) -> bytes:
        """A file of a run, such as report.html; with `to` it is written there, and nothing is given back."""
        response = self._server.send("GET", _path("/runs", run, f"/artifacts/{quote(name)}"), follow_redirects=True, to=to)
        return b"" if to else response.content

    def upload(self, path: str | os.PathLike[str], *, name: str = "", dataset: str | None = None) -> Dataset:
        """A file as a dataset, or with `dataset` its next version. What is too large for the server goes to its bucket directly."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size > self._most_bytes:
                    return self._upload_directly(file, path.name, name, dataset)
                form = {"name": name, **({"dataset": dataset} if dataset else {})}
                return self._server.typed(Dataset, "POST", "/datasets/upload", files={"file": (path.name, file)}, data=form, timeout=FILE_S)
        except OSError as error:
            raise NotFound(f"{path} cannot be read ({error.strerror}).", "Check the path.") from None

    def _upload_directly(self, file: io.BufferedReader, file_name: str, name: str, dataset: str | None) -> Dataset:
        told = {"file_name": file_name, "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}
        try:
            place = self._server.typed(UploadOut, "POST", "/datasets/uploads", json=told)
        except Conflict as error:  # it has no bucket
            what = f"{file_name} has {file.tell():,} bytes; at most {self._most_bytes:,} are taken."
            raise BadInput(what, error.message) from None
        with httpx2.Client() as bucket:  # our key is none of its business
            self._server.send(place.method, place.url, headers=place.headers, content=file, timeout=FILE_S, http=bucket)
        return self._server.typed(Dataset, "POST", "/datasets", json={"reference": place.reference, "name": name, "dataset": dataset})

    def datasets(self) -> Iterator[Dataset]:
        """Newest first."""
        return self._server.listed(Dataset, "/datasets", {})

    def preview(self, dataset: str | Dataset, rows: int = 20) -> "PreviewOutput":
        """Each table's first rows, and what is in its columns."""
        from functions.preview import PreviewOutput

        return self._server.typed(PreviewOutput, "GET", _path("/datasets", dataset, "/preview"), params={"rows": rows})

    def delete_dataset(self, dataset: str | Dataset) -> None:
        self._server.send("DELETE", _path("/datasets", dataset))

    def api_keys(self) -> Iterator[ApiKey]:
        return self._server.listed(ApiKey, "/keys", {})

    def create_key(self, name: str, scopes: Sequence[str], *, expires_s: float | None = None) -> ApiKey:
        """Its `key` is shown this once."""
        return self._shown(self._server.typed(ApiKey, "POST", "/keys", json={"name": name, "scopes": list(scopes), "expires_s": expires_s}))

    def rotate_key(self, key: str | ApiKey, *, overlap_s: float = 86_400) -> ApiKey:
        """A new key with the rights of the old one, which still works for so many seconds."""
        return self._shown(self._server.typed(ApiKey, "POST", _path("/keys", key, "/rotate"), json={"overlap_s": overlap_s}))

    def revoke_key(self, key: str | ApiKey) -> ApiKey:
        return self._server.typed(ApiKey, "DELETE", _path("/keys", key))

    def config(self) -> Config:
        return self._server.typed(Config, "GET", "/config")

    def _shown(self, made: ApiKey) -> ApiKey:
        if made.key is None:  # the answer with its text was lost, and is not given twice
            self.revoke_key(made)
            raise Unreachable("The answer that shows the new key was lost, so that key was revoked.", "Try again.")
        return made

    @cached_property
    def _most_bytes(self) -> float:
        try:
            return self.config().max_upload_bytes
        except NotAllowed:  # a key that may only upload: then the server says what is too much
            return math.inf

    def _names(self, data: Data | Sequence[Data]) -> list[str]:
        several = [data] if isinstance(data, (str, os.PathLike, Dataset)) else data
        named = (one.id if isinstance(one, Dataset) else one for one in several)
        return [one if isinstance(one, str) and NAMES_ONE.fullmatch(one) else self.upload(one).id for one in named]

    def _analysis(
        self, data: Data | Sequence[Data], goal: str, outputs: Mapping[str, str] | None, brain: str, plan: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        return {"datasets": self._names(data), "goal": goal, "outputs": dict(outputs or {}), "brain": brain, "plan": plan}

    def _execution(self, cells: str | Sequence[str], data: Data | Sequence[Data], lint: bool, wall_s: float) -> dict[str, Any]:
        several = [cells] if isinstance(cells, str) else list(cells)
        return {"cells": several, "datasets": self._names(data), "lint": lint, "wall_s": wall_s}

    def _pipeline(self, pipeline: str | Sequence[Mapping[str, Any]], inputs: Sequence[str]) -> dict[str, Any]:
        told = {"preset": pipeline} if isinstance(pipeline, str) else {"stages": [dict(stage) for stage in pipeline]}
        return {**told, "inputs": list(inputs)}

    def _quoted(self, path: str, body: Mapping[str, Any]) -> Quote:
        return self._server.typed(Quote, "POST", path, json={**body, "quote": True})

    def _opened(self, path: str, body: Mapping[str, Any], wait: bool | float, quote: str) -> Run:
        body = {**body, "quote": quote} if quote else body
        begun, most = time.monotonic(), math.inf if wait is True else float(wait)
        seconds = int(min(most, LONGEST_WAIT_S))
        run = self._server.typed(Run, "POST", path, json=body, headers={"Prefer": f"wait={seconds}"}, timeout=seconds + ANSWER_S)
        return run if not most or _settled(run) else self.wait(run, most - (time.monotonic() - begun))


def _path(collection: str, one: str | Run | Dataset | ApiKey, rest: str = "") -> str:
    return f"{collection}/{quote(one if isinstance(one, str) else one.id, safe='')}{rest}"


def _settled(run: Run) -> bool:
    return run.over or "person" in run.waiting
