"""Every error as a problem document (RFC 9457): `code` is stable, `detail` says what is wrong, `hint` what to do about it."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

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


class Busy(AgentForgeError):
    """Too much at once; `retry_after_s` says when it is worth trying again."""

    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self, message: str, hint: str = "", retry_after_s: float = 1) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the problems it may answer with, besides those that any route may."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for status in sorted({401, 403, 422, 429, 503, *statuses})
    }


def problem(request: Request, status: int, code: str, detail: str, hint: str = "", headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    body = Problem(
        type=f"/docs/errors#{code}", title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, hint=hint,
        request_id=str(request.scope.get("request_id", "")), **more,
    )  # fmt: skip
    return JSONResponse(body.model_dump(exclude_defaults=True), status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    app.add_exception_handler(AgentForgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AgentForgeError)
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503):
        headers["Retry-After"] = str(max(1, round(getattr(error, "retry_after_s", 5))))
    if error.status >= 500:
        log.warning("%s: %s", request.scope.get("request_id"), error)
    return problem(request, error.status, error.code, error.message, error.hint, headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    places = [Place(pointer=_pointer(e["loc"]), message=e["msg"]) for e in error.errors()[:50]]
    first = places[0] if places else Place(pointer="", message="it cannot be read")
    return problem(request, 422, "invalid_request", f"The request is not valid: {first.pointer}: {first.message}.", errors=places)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTP_CODES.get(error.status_code, "http_error")
    return problem(request, error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("%s: %s", request.scope.get("request_id"), type(error).__name__, exc_info=error)
    return problem(request, 500, "internal", f"Something went wrong inside ({type(error).__name__}).", "Tell us the request_id.")


def _pointer(place: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1")[:200] for part in place)
