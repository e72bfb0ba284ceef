"""Who makes a request: an API key, a session's cookie or an issuer's token. Routes depend on `allowed(permission)`.

Each way of signing in says None for "not mine" and raises for "mine and bad". What was found is remembered for a few seconds, so a
key that was revoked through another process is refused that much later.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request

from handlers.http.platform import Platform
from shared.identity import keys, members
from shared.identity.caller import Caller
from shared.identity.permissions import NotAllowed, NotSignedIn, Permission
from shared.state.record import sha256

REMEMBERED_S, MOST = 5.0, 10_000
FAILURES_PER_MINUTE = 60  # of one address
WORKSPACE = "AgentForge-Workspace"  # header: which of their workspaces somebody means; a key has one
SESSION = "agentforge_session"
_bearer = HTTPBearer(auto_error=False, bearerFormat="af_live_…", description="An API key, or a token of the configured issuer.")


class Callers:
    """Finds out who calls, and remembers it for `REMEMBERED_S`."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def forget(self) -> None:
        """After a key or a member was changed. What is being looked up meanwhile is not remembered, either."""
        self._known = OrderedDict()

    async def identify(self, connection: HTTPConnection, platform: Platform) -> Caller:
        """NotSignedIn, NotAllowed."""
        header, workspace, all_known = connection.headers.get("authorization", ""), connection.headers.get(WORKSPACE, ""), self._known
        name = sha256("\0".join((header, _session(connection), workspace)).encode("utf-8", "replace"))
        until, caller = all_known.get(name, (0.0, None))
        if caller is None or time.monotonic() > until:
            caller = await run_in_threadpool(_find, connection, platform)
            all_known[name] = time.monotonic() + REMEMBERED_S, caller
            if len(all_known) > MOST:
                all_known.popitem(last=False)
        if not header:
            require_own_page(connection)
        return caller


def allowed(permission: Permission) -> Any:
    """For a route's parameter: the caller, who has this permission. What requests per minute are left goes with the answer."""

    async def caller(request: Request, _: Annotated[Any, Depends(_bearer)]) -> Caller:
        return await require(request, permission)

    caller.permission = permission  # type: ignore[attr-defined]
    return Depends(caller)


async def require(connection: HTTPConnection, permission: Permission) -> Caller:
    platform: Platform = connection.app.state.platform
    caller = await known(connection)
    connection.scope["rate_headers"] = platform.rates.take(caller.key or caller.name, caller.per_minute)
    caller.require(permission)
    return caller


async def known(connection: HTTPConnection) -> Caller:
    """Who calls. NotSignedIn, NotAllowed, Busy."""
    platform: Platform = connection.app.state.platform
    with _counting_failures(connection, platform):
        return await platform.callers.identify(connection, platform)


class KnownFirst(APIRoute):
    """A route that reads a large body only after it is known who sends it, and that they may."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        told = [getattr(dependency.call, "permission", None) for dependency in self.dependant.dependencies]
        permissions: list[Permission] = [permission for permission in told if permission]

        async def handle_known(request: Request) -> Response:
            caller = await known(request)
            for permission in permissions:
                caller.require(permission)
            return await handle(request)

        return handle_known


@contextmanager
def _counting_failures(connection: HTTPConnection, platform: Platform) -> Iterator[None]:
    """Whoever guesses keys may do so a few times in a minute. Busy after that."""
    try:
        yield
    except NotSignedIn:
        platform.rates.take(f"address {connection.client.host if connection.client else ''}", FAILURES_PER_MINUTE)
        raise


def signed_in() -> Any:
    """For a route's parameter: the identity of whoever signed in, member of a workspace or not. An API key is nobody's identity."""

    async def identity(connection: HTTPConnection, _: Annotated[Any, Depends(_bearer)]) -> str:
        platform: Platform = connection.app.state.platform
        with _counting_failures(connection, platform):
            scheme, text = _authorization(connection)
            if scheme and keys.parse(text) is not None:
                await platform.callers.identify(connection, platform)  # a bad key is told so first
                raise NotAllowed("An API key belongs to one workspace.", "Sign in, or send a token of your issuer.")
            found = await run_in_threadpool(_identity, connection, platform)
        connection.scope["rate_headers"] = platform.rates.take(found)
        if not scheme:
            require_own_page(connection)
        return found

    identity.permission = "signed_in"  # type: ignore[attr-defined]
    return Depends(identity)


def _find(connection: HTTPConnection, platform: Platform) -> Caller:
    scheme, text = _authorization(connection)
    workspace = connection.headers.get(WORKSPACE, "")
    caller = keys.authenticate(platform.store, text) if scheme else None
    if caller is None:
        identity = _identity(connection, platform)
        return members.caller_of(platform.store, workspace or _first_workspace(platform, identity), identity)
    if workspace not in ("", caller.workspace):
        raise NotAllowed(f"This key is not of the workspace {workspace[:63]!r}.", f"Leave out the header {WORKSPACE}.")
    return caller


def _identity(connection: HTTPConnection, platform: Platform) -> str:
    """Of a token or a session. NotSignedIn."""
    scheme, text = _authorization(connection)
    if scheme and platform.identity_of_token is None:
        raise NotSignedIn("This is not an API key, and tokens of an issuer are not accepted here.", "Keys begin with af_live_.")
    identity = platform.identity_of_token(text) if scheme and platform.identity_of_token else _session(connection)
    if not identity:
        raise NotSignedIn("No API key was sent.", "Send `Authorization: Bearer af_live_…`" + (", or sign in: /auth/login." if platform.hosted else "."))
    return identity


def _authorization(connection: HTTPConnection) -> tuple[str, str]:
    """Scheme and text of the header, both empty without one. NotSignedIn for another scheme."""
    header = connection.headers.get("authorization", "")
    scheme, _, text = header.partition(" ")
    if header and (scheme.lower() != "bearer" or not text.strip()):
        raise NotSignedIn("The Authorization header is not understood.", "Send `Authorization: Bearer af_live_…`.")
    return scheme, text.strip()


def _first_workspace(platform: Platform, identity: str) -> str:
    mine = members.workspaces_of(platform.store, identity)
    if not mine:
        raise NotAllowed("You do not belong to any workspace yet.", "Make one with POST /v1/workspaces, or ask for an invitation.")
    return mine[0]


def _session(connection: HTTPConnection) -> str:
    """The identity that a signed cookie names; "" without one."""
    session = connection.session if "session" in connection.scope else {}  # asking for it adds `Vary: Cookie` to the answer
    return str(session.get("identity", "")) if float(session.get("until", 0)) > time.time() else ""


def person_looking(connection: HTTPConnection, workspace: str) -> Caller | None:
    """Whoever looks at a page with a session, in this workspace of theirs, or their first where it is ""; else None."""
    identity, store = _session(connection), connection.app.state.platform.store
    try:
        return members.caller_of(store, workspace or _first_workspace(connection.app.state.platform, identity), identity) if identity else None
    except NotAllowed:
        return None


def require_own_page(connection: HTTPConnection) -> None:
    """A cookie is sent by whichever page asks: what changes something, and any WebSocket, must come from a page of our own."""
    if connection.scope["type"] == "http" and connection.scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    origin = connection.headers.get("origin", "")
    if connection.headers.get("sec-fetch-site") == "same-origin" or origin and urlsplit(origin).netloc == connection.headers.get("host"):
        return
    raise NotAllowed("This came from another site's page.", "Use an API key for calls from elsewhere.")


