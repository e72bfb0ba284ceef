"""/docs: the API's reference for people, and what each error code means. Works without a network: nothing is loaded from elsewhere."""

from html import escape

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from shared.errors import AgentForgeError

router = APIRouter(prefix="/docs", include_in_schema=False)
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>AgentForge: errors</title>
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}td{{padding:.3rem 1rem .3rem 0;vertical-align:top}}
:target{{background:#fff3bf}}</style><h1>Error codes</h1><p>Every error is a problem document (RFC 9457): <code>detail</code> says what is wrong,
<code>hint</code> what to do. Programs may rely on <code>code</code>.</p><table>{rows}</table>"""
OTHERS = {
    "invalid_request": (422, "A field is missing, unknown or wrong; `errors` says which."),
    "method_not_allowed": (405, "The route has other methods."),
    "too_large": (413, "A body or file is larger than this server takes."),
}


def install(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/docs/static", StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs")


@router.get("/api")
async def reference() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json", title="AgentForge API", swagger_js_url="/docs/static/swagger-ui-bundle.js",
        swagger_css_url="/docs/static/swagger-ui.css", swagger_favicon_url="/docs/static/favicon-32x32.png",
    )  # fmt: skip


@router.get("/errors")
async def errors() -> HTMLResponse:
    told = {kind.code: (kind.status, (kind.__doc__ or "").strip().partition("\n\n")[0]) for kind in _kinds(AgentForgeError)} | OTHERS
    rows = (
        f'<tr id="{code}"><td><code>{code}</code><td>{status}<td>{escape(" ".join(what.split()))}' for code, (status, what) in sorted(told.items())
    )
    return HTMLResponse(PAGE.format(rows="\n".join(rows)))


def _kinds(kind: type[AgentForgeError]) -> list[type[AgentForgeError]]:
    """An error and all that are derived from it; of several with one code, the last."""
    return [kind, *(below for derived in kind.__subclasses__() for below in _kinds(derived))]
