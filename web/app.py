"""The FastAPI app, put together from the routers in handlers/http. `app` is for servers that want one; it reads the environment."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from handlers.http import problems
from handlers.http.callers import SESSION, WORKSPACE, Callers
from handlers.http.feed import Feed
from handlers.http.limits import Rates
from handlers.http.manners import BodyLimit, RequestIds, documented
from handlers.http.platform import Platform
from handlers.http.routes import (
    analyze,
    billing,
    channels,
    config,
    datasets,
    docs,
    execute,
    forge,
    keys,
    members,
    money,
    runs,
    secrets,
    workspaces,
)
from shared import VERSION, settings
from shared.backends import Backend, chosen_backend
from shared.backends.local import LocalBackend
from shared.identity.secrets import cookie_key
from shared.identity.tokens import Issuer
from shared.money.accounts import Accounts
from shared.money.stripe import Stripe, chosen_stripe
from shared.state.opening import open_store
from shared.state.store import Store

MOST_JSON_BYTES, FORM_BYTES = 8 << 20, 64 << 10  # of a body, and of what a form has around its file
ROUTERS = [
    analyze.router, execute.router, forge.router, runs.router, channels.router, datasets.router, keys.router, members.router, workspaces.router, money.router,
    secrets.router, config.router,
]  # fmt: skip
ABOUT = """Ask a table a question, and get findings in which every number can be traced to the cell that computed it.

Send an API key as `Authorization: Bearer af_live_…`. Every POST takes an `Idempotency-Key`. Errors are problem documents
(RFC 9457) with a stable `code`. Lists go on with `next_cursor`."""


def create_app(
    store: Store | None = None, backend: Backend | None = None, identity_of_token: Callable[[str], str] | None = None, stripe: Stripe | None = None,
) -> FastAPI:  # fmt: skip
    """An app over a store; by default the one that the environment names."""
    store = store or open_store()
    issuer = Issuer(chosen) if (chosen := settings.sign_in()) else None
    accounts = Accounts(store)
    platform = Platform(
        store, backend or chosen_backend(), Feed(store), Rates(settings.rate()), Callers(), accounts, settings.billing(),
        issuer.identity_of_token if issuer else identity_of_token, issuer, stripe or chosen_stripe(accounts),
    )  # fmt: skip

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        platform.feed.close()
        if backend is None and isinstance(platform.backend, LocalBackend):
            platform.backend.close()

    app = FastAPI(
        title="AgentForge", version=VERSION, description=ABOUT, lifespan=life, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", separate_input_output_schemas=False,
    )  # fmt: skip
    app.state.platform = platform
    problems.install(app)
    v1 = APIRouter(prefix="/v1")
    for router in ROUTERS:
        v1.include_router(router)
    v1.include_router(datasets.files)
    if platform.stripe is not None:
        v1.include_router(billing.router)
        app.include_router(billing.hooks)
    app.include_router(v1)
    app.include_router(config.health)
    docs.install(app)
    if issuer:
        _let_people_sign_in(app, store, issuer)
    app.add_middleware(BodyLimit, most=MOST_JSON_BYTES, larger={"/v1/datasets/upload": settings.max_upload_bytes() + FORM_BYTES})
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    if origins := settings.cors_origins():
        from fastapi.middleware.cors import CORSMiddleware

        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST", "PUT", "DELETE"], max_age=600,
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", WORKSPACE],
            expose_headers=["ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
        )  # fmt: skip
    app.add_middleware(RequestIds)
    return app


def _let_people_sign_in(app: FastAPI, store: Store, issuer: Issuer) -> None:
    from starlette.middleware.sessions import SessionMiddleware

    from handlers.http.routes import sign_in

    app.include_router(sign_in.router)
    app.add_middleware(
        SessionMiddleware, secret_key=cookie_key(store), session_cookie=SESSION, max_age=sign_in.SESSION_S,
        https_only=issuer.chosen.url.startswith("https:"),
    )  # fmt: skip


def _openapi(app: FastAPI) -> dict[str, Any]:
    if not app.openapi_schema:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        app.openapi_schema = documented(schema)
    return app.openapi_schema


def __getattr__(name: str) -> FastAPI:
    """`app`, made when somebody asks for it: importing this module opens no store."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
