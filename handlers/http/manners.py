"""What all calls have in common: a request id, idempotency keys, how long to wait, cursors."""

import re
import secrets
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.http.problems import Problem, answer_with, problem

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


def cursor_like(pattern: str) -> Any:
    """For a route's parameter that says where a list goes on."""
    return Query(pattern=f"^({pattern})?$", description="`next_cursor` of the page before.")


class BodyLimit:
    """Refuses bodies that are too large: before a byte is read where the caller tells their size, else as soon as they are."""

    def __init__(self, app: ASGIApp, most: int, larger: dict[str, int]) -> None:
        """`larger`: path → bytes, for those that take more than `most`."""
        self.app, self.most, self.larger = app, most, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most, read = self.larger.get(scope["path"], self.most), 0
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not told.isdigit() or int(told[:20]) > most:
            await problem(Request(scope), 413, "too_large", f"At most {most:,} bytes are taken here.")(scope, receive, send)
            return

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"At most {most:,} bytes are taken here.")
            return message

        await self.app(scope, receive_some, send)


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


async def _preferred_wait(
    prefer: Annotated[str, Header(max_length=200, description="`wait=20`: answer when it is done, or after so many seconds (at most 60).")] = "",
) -> float:
    """RFC 7240. What cannot be read is no preference."""
    match = _WAIT.search(prefer.lower())
    return min(int(match[1]), LONGEST_WAIT_S) if match else 0


Wait = Annotated[float, Depends(_preferred_wait)]


def etag_matches(request: Request, etag: str) -> bool:
    """Whether the caller has this already (If-None-Match, RFC 9110; weak comparison)."""
    told = request.headers.get("if-none-match", "")
    return told.strip() == "*" or any(one.strip().removeprefix("W/") == etag.removeprefix("W/") for one in told.split(","))


def documented(schema: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with what all routes share: the form of problems, and those of bodies."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_problem_schemas())
    for methods in schema["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                _never_null(parameter["schema"])
            if "requestBody" in operation:
                operation["responses"] = {**{str(status): answer_with(status) for status in (400, 413)}, **operation["responses"]}
    _tighten(schema, schemas)
    return schema


def _never_null(schema: dict[str, Any]) -> None:
    """Headers and queries are texts: what may be left out cannot be null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _tighten(node: Any, schemas: dict[str, Any]) -> None:
    """What pydantic leaves out of a schema and yet asks for: what tells the kinds of a union apart, and keys of a pattern."""
    if isinstance(node, dict) and "patternProperties" in node:
        node.setdefault("additionalProperties", False)
    if isinstance(node, dict) and "mapping" in (tag := node.get("discriminator", {})):
        for reference in tag["mapping"].values():
            kind = schemas[reference.rpartition("/")[2]]
            kind["required"] = sorted({*kind.get("required", []), tag["propertyName"]})
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _tighten(inner, schemas)


def _problem_schemas() -> dict[str, Any]:
    whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**whole.pop("$defs", {}), "Problem": whole}
