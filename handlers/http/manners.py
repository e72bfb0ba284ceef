"""What all calls have in common: a request id, idempotency keys, how long to wait, cursors."""

import re
import secrets
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.http.problems import Problem
from shared.errors import BadInput

LONGEST_WAIT_S = 60
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_WAIT = re.compile(r"(?:^|[,;]\s*)wait=(\d{1,4})\b")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$",
        description="Any text of your own. The same key with the same request gets the same answer, and nothing is done twice.",
    ),
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=200, description="`next_cursor` of the page before.")]


class RequestIds:
    """Every answer carries the request's id: the caller's own, if it sent a decent one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        id = scope["request_id"] = told if _ID.fullmatch(told) else secrets.token_hex(8)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = id
                headers["X-Content-Type-Options"] = "nosniff"
                for name, value in scope.get("rate_headers", {}).items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, answer)


def _preferred_wait(
    prefer: Annotated[str, Header(max_length=200, description="`wait=20`: answer when it is done, or after so many seconds (at most 60).")] = "",
) -> float:
    """RFC 7240. What cannot be read is no preference."""
    match = _WAIT.search(prefer.lower())
    return min(int(match[1]), LONGEST_WAIT_S) if match else 0


Wait = Annotated[float, Depends(_preferred_wait)]


def etag_matches(request: Request, etag: str) -> bool:
    """Whether the caller has this already (If-None-Match, RFC 9110; weak comparison)."""
    told = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") == etag.removeprefix("W/") for one in told.split(","))


def check_cursor(cursor: str, pattern: str) -> str:
    if cursor and not re.fullmatch(pattern, cursor):
        raise BadInput("The cursor is none of ours.", "Use `next_cursor` of the page before, as it is.")
    return cursor


def documented(schema: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with what all routes share: the form of problems."""
    schema.setdefault("components", {}).setdefault("schemas", {}).update(_problem_schemas())
    return schema


def _problem_schemas() -> dict[str, Any]:
    whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**whole.pop("$defs", {}), "Problem": whole}
