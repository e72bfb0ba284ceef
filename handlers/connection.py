"""Requests to a server's API that survive what happens on the way.

One that got no answer, or one that says "not now", is sent again: a POST with the same Idempotency-Key, so that nothing is done
twice. What the server refuses is raised as the error that it is.
"""

import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from handlers.http.models import Page
from shared import errors
from shared.errors import AgentForgeError, BadInput, Busy, Conflict, NotFound
from shared.identity.permissions import NotAllowed, NotSignedIn

T = TypeVar("T", bound=BaseModel)
TRIED_AGAIN = (429, 502, 503, 504)
CONNECT_S, ANSWER_S, FILE_S = 10, 30, 900  # a connection that is silent for longer is broken; a stream says something every 15 s
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 60.0
BY_CODE: dict[str, type[AgentForgeError]] = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AgentForgeError)
}
BY_STATUS: dict[int, type[AgentForgeError]] = {
    400: BadInput, 401: NotSignedIn, 403: NotAllowed, 404: NotFound, 409: Conflict, 413: BadInput, 422: BadInput, 429: Busy,
}  # fmt: skip


class Unreachable(AgentForgeError):
    """The server gave no answer, often enough. What was asked for may have been done."""

    code, status, retryable = "unreachable", 503, True


class Connection:
    def __init__(self, url: str, headers: Mapping[str, str], retries: int) -> None:
        self.http = httpx2.Client(base_url=url, headers=headers, timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S))
        self.retries = retries

    def listed(self, kind: type[T], path: str, query: dict[str, Any]) -> Iterator[T]:
        while True:
            page: Page[T] = self.typed(Page[kind], "GET", path, params=query)  # type: ignore[valid-type]
            yield from page.data
            if not page.next_cursor:
                return
            query = {**query, "cursor": page.next_cursor}

    def typed(self, kind: type[T], method: str, path: str, **content: Any) -> T:
        return read(kind, self.send(method, path, **content).content)

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, http: httpx2.Client | None = None,
        streamed: bool = False, to: Path | None = None, follow_redirects: bool = False, **content: Any,
    ) -> httpx2.Response:  # fmt: skip
        """The answer, once there is a good one. What is to be sent again is made anew, files from their beginning."""
        told = {**(headers or {}), **({"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {})}
        failure: AgentForgeError
        http, attempt, lost = http or self.http, 0, False
        while True:
            try:
                if "content" in content:
                    content["content"].seek(0)
                response = http.send(http.build_request(method, path, headers=told, **content), stream=True, follow_redirects=follow_redirects)
                if streamed and response.is_success:
                    return response
                with closing(response):
                    if to and response.is_success:
                        with to.open("wb") as file:
                            file.writelines(response.iter_bytes())
                    else:
                        response.read()
            except httpx2.RequestError as error:
                whose = str(http.base_url) or "The bucket"
                lost, failure, later = True, Unreachable(f"{whose} does not answer ({error or type(error).__name__}).", "Is it running?"), ""
            else:
                if response.is_success or (lost and method == "DELETE" and response.status_code == 404):  # what was lost was a yes
                    return response
                failure, later = _problem(response), response.headers.get("retry-after", "")
            if not failure.retryable or attempt == self.retries:
                raise failure
            time.sleep(pause(attempt, later))
            attempt += 1


def pause(attempt: int, told: str = "") -> float:
    """Seconds. A little more than is asked for, and never the same: many may be waiting."""
    least: float = max(float(told) if told.isdecimal() else 0, FIRST_PAUSE_S * 2**attempt)
    return min(LONGEST_PAUSE_S, least * random.uniform(1, 1.5))


def _problem(response: httpx2.Response) -> AgentForgeError:
    """A problem document as the error it stands for. What is none comes from something between the server and us."""
    try:
        told = response.json()
        code, message, hint = str(told["code"]), str(told["detail"]), str(told.get("hint", ""))
        if response.status_code >= 500:
            hint = f"{hint} (request {told.get('request_id', '')})".strip()
    except (ValueError, KeyError, TypeError):
        where = response.headers.get("location", "")
        code, hint = "http_error", f"It sends us to {where}." if where else "Is AGENTFORGE_API_URL the address of an AgentForge server?"
        message = f"{response.url.copy_with(query=None)} answers {response.status_code} {response.reason_phrase}."
    failure = (BY_CODE.get(code) or BY_STATUS.get(response.status_code, AgentForgeError))(message, hint)
    failure.code, failure.status, failure.retryable = code, response.status_code, response.status_code in TRIED_AGAIN
    return failure


def read(kind: type[T], text: bytes | str) -> T:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise AgentForgeError(f"The server's answer is none that we know ({place}: {first['msg']}).", "Is it of the same version?") from None


def server_sent(blocks: Iterable[bytes]) -> Iterator[dict[str, str]]:
    """The events of a text/event-stream, by their fields. (Lines of text would end at U+2028, too.)"""
    rest, fields = b"", dict[str, str]()
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode().partition(":")
            if name:
                fields[name] = f"{fields[name]}\n{value}" if name in fields else value.removeprefix(" ")
            elif fields and not line.strip(b"\r"):
                yield fields
                fields = {}
