"""/auth: people sign in with the issuer, by the authorization code flow (PKCE, state, nonce), and get a cookie for 12 hours.

Mounted only where an issuer is set. The cookie is signed, not stored: signing out takes it from the browser; a copy is good
until its time is over, but opens nothing that its person is no longer a member of.
"""

import re
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from handlers.http.callers import require_own_page
from handlers.http.platform import At, Platform
from shared.identity import members
from shared.identity.permissions import NotSignedIn
from shared.identity.tokens import TIMEOUT_S, Issuer, IssuerUnavailable, identity_of_claims, trusted
from shared.state.store import Store

SESSION_S = 12 * 3600
PER_MINUTE = 120  # requests to sign in, from one address
HOME = "/docs/api"  # where people go who did not say where to
OWN_PATH = r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$"  # ASCII; not //other.example, and no backslash, which browsers take for a slash
router = APIRouter(prefix="/auth", include_in_schema=False)
Next = Annotated[str, Query(pattern=OWN_PATH, max_length=500)]


@router.get("/login")
async def login(request: Request, at: At, next: Next = HOME) -> Response:
    """To the issuer's page, and from there to `callback`."""
    _count(request, at)
    client = await run_in_threadpool(_client, at)
    request.session["next"] = next
    answer: Response = await client.authorize_redirect(request, f"{_issuer(at).chosen.url}/auth/callback")
    return answer


@router.get("/callback")
async def callback(request: Request, at: At) -> Response:
    """From the issuer's page. NotSignedIn for what this browser did not begin, or the issuer refuses; IssuerUnavailable."""
    _count(request, at)
    claims = await _claims(await run_in_threadpool(_client, at), _issuer(at), request)
    identity = identity_of_claims(claims)
    await run_in_threadpool(_welcome, at.store, identity)
    next = str(request.session.get("next", HOME))
    request.session.clear()  # nothing that was there before somebody signed in stays
    request.session.update(identity=identity, until=int(time.time()) + SESSION_S)
    return RedirectResponse(next, 303)


@router.post("/logout", status_code=204)
async def logout(request: Request) -> None:
    require_own_page(request)
    request.session.clear()


async def _claims(client: Any, issuer: Issuer, request: Request) -> dict[str, Any]:
    """What the issuer says of whoever comes from its page with a code."""
    import httpx2
    from authlib.common.errors import AuthlibBaseError

    again, query = "Begin again at /auth/login.", request.query_params
    begun = await client.framework.get_state_data(request.session, query.get("state"))
    if begun is None:
        raise NotSignedIn("This sign-in was not begun in this browser, or too long ago.", again)
    await client.framework.clear_state_data(request.session, query.get("state"))
    try:
        if refusal := query.get("error"):
            raise AuthlibBaseError(refusal)
        code = {"code": query.get("code"), "code_verifier": begun["code_verifier"]}
        answer = await client.fetch_access_token(begun["redirect_uri"], **code)
    except AuthlibBaseError as error:
        told = error.error if re.fullmatch(r"[a-z_]{1,40}", str(error.error)) else "for a reason that it does not name"
        raise NotSignedIn(f"The issuer refused the sign-in ({told}).", again) from None
    except (httpx2.HTTPError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise IssuerUnavailable(f"The issuer did not complete the sign-in ({type(error).__name__}).", again) from error
    if not isinstance(answer.get("id_token"), str):
        raise IssuerUnavailable("The issuer sent no ID token.", again)
    client_id = issuer.chosen.client_id
    claims = await run_in_threadpool(issuer.claims, answer["id_token"], client_id)
    if claims.get("nonce") != begun["nonce"] or claims.get("azp", client_id) != client_id:
        raise NotSignedIn("The issuer's ID token is of another sign-in.", again)
    return claims


def _client(at: Platform) -> Any:
    """Authlib's client of the issuer, as the issuer describes itself now."""
    from authlib.integrations.starlette_client import OAuth

    known, chosen = _issuer(at).known(), _issuer(at).chosen
    ways = known.metadata.get("token_endpoint_auth_methods_supported")  # of telling the secret; one that all have, if it says none
    way = "client_secret_post" if isinstance(ways, list) and "client_secret_basic" not in ways else "client_secret_basic"
    return OAuth().register(
        "issuer", client_id=chosen.client_id, client_secret=chosen.client_secret or None,
        authorize_url=known.metadata["authorization_endpoint"], access_token_url=known.metadata["token_endpoint"],
        client_kwargs={
            "scope": "openid email", "code_challenge_method": "S256", "timeout": TIMEOUT_S, "verify": trusted(),
            "token_endpoint_auth_method": way if chosen.client_secret else "none",
        },
    )  # fmt: skip


def _issuer(at: Platform) -> Issuer:
    assert at.issuer is not None  # else this module's routes are not mounted
    return at.issuer


def _welcome(store: Store, identity: str) -> None:
    """Whoever belongs to no workspace gets one of their own."""
    if not members.workspaces_of(store, identity):
        kind, _, value = identity.partition(":")
        members.create_workspace(store, (value.partition("@")[0] if kind == "email" else value)[:100], identity)


def _count(request: Request, at: Platform) -> None:
    at.rates.take(f"sign-in {request.client.host if request.client else ''}", PER_MINUTE)
