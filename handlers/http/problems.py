"""Every error as a problem document (RFC 9457): `code` is stable, `detail` says what is wrong, `hint` what to do about it."""

import json
import logging
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket, WebSocketState

from shared.errors import AgentForgeError

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class Place(BaseModel):
    """One thing that is wrong with a request. `pointer`: where, such as /body/goal or /query/limit."""

    pointer: str
    message: str


class Problem(BaseModel):
    """What went wrong."""

    type: str = Field(description="Where this code is explained.", examples=["/docs/errors#not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="Stable; programs may rely on it.", examples=["not_found"])
    detail: str = Field(examples=["There is no run 'x'."])
    hint: str = Field("", description="What to do about it.")
    request_id: str = Field(examples=["0f5c1d3e9ab24c6d"])
    errors: list[Place] = Field([], description="Of a request that is not valid: each thing that is wrong.")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the problems it may answer with, besides those that any route may."""
    return {status: answer_with(status) for status in sorted({401, 403, 422, 429, 503, *statuses})}


def answer_with(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def problem(request: Request, status: int, code: str, detail: str, hint: str = "", headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = Problem(
        type=f"/docs/errors#{code}", title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, hint=hint,
        request_id=str(request.scope.get("request_id", "")), **more,
    )  # fmt: skip
    text = json.dumps(body.model_dump(exclude_defaults=True), ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, MEDIA_TYPE)  # half a surrogate pair can be told in JSON only


def install(app: FastAPI) -> None:
    app.add_exception_handler(AgentForgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AgentForgeError)
    if request.scope["type"] == "websocket":
        await _close(cast(WebSocket, request), error)
        return None  # type: ignore[return-value]  # nothing is answered any more
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503):
        headers["Retry-After"] = str(max(1, round(getattr(error, "retry_after_s", 5))))
    if error.status >= 500:
        log.warning("%s: %s", request.scope.get("request_id"), error)
    return problem(request, error.status, error.code, error.message, error.hint, headers)


async def _close(socket: WebSocket, error: AgentForgeError) -> None:
    """Accepted first: a handshake that is refused cannot say why."""
    if socket.client_state == WebSocketState.CONNECTING:
        await socket.accept()
    await socket.close(4000 + error.status if error.status < 500 else 1011, error.message.encode()[:120].decode(errors="ignore"))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if request.method not in _methods(request):  # `/uploads` was taken for an id
        return _no_such_method(request)
    places = [Place(pointer=_pointer(e["loc"]), message=e["msg"]) for e in error.errors()[:50]]
    first = places[0] if places else Place(pointer="", message="it cannot be read")
    return problem(request, 422, "invalid_request", f"The request is not valid: {first.pointer}: {first.message}.", errors=places)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = HTTP_CODES.get(error.status_code, "http_error")
    if error.status_code == 405:
        return _no_such_method(request)
    headers = dict(error.headers or {})
    return problem(request, error.status_code, code, str(error.detail), headers=headers)


def _no_such_method(request: Request) -> Response:
    headers = {"Allow": ", ".join(sorted(_methods(request)))}
    return problem(request, 405, "method_not_allowed", f"{request.method} is nothing that can be done here.", headers=headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("%s: %s", request.scope.get("request_id"), type(error).__name__, exc_info=error)
    headers = {"X-Request-ID": str(request.scope.get("request_id", ""))}  # this answer passes by the middleware that adds it
    return problem(request, 500, "internal", f"Something went wrong inside ({type(error).__name__}).", "Tell us the request_id.", headers)


def _methods(request: Request) -> set[str]:
    """All that this path may be asked with: each of its methods is a route of its own."""
    path = request.scope["path"]
    routes = [route for route in iter_route_contexts(request.app.routes) if (regex := getattr(route, "path_regex", None)) and regex.match(path)]
    named = [route for route in routes if route.path == path]  # not those that would take its last part for an id
    return {method for route in named or routes for method in route.methods or ()}


def _pointer(place: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1")[:200] for part in place)
