"""People sign in with an issuer and get a cookie; programs send its tokens. And everything that is none of those."""

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from joserfc import jws
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from handlers.http import callers
from shared import settings
from shared.backends import Here
from shared.errors import InvalidSetting
from shared.identity import keys, members, secrets, tokens
from shared.identity.caller import Caller
from shared.identity.permissions import ALL
from shared.money.accounts import Accounts, account_key
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from tests.moto_server import Moto
from tests.web.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET, LocalIssuer, open_issuer
from web.app import create_app

HERE = "https://agentforge.example"
OWN_PAGE = {"Origin": HERE}


class Server:
    """An app whose people sign in with `issuer`."""

    def __init__(self, store: Store, issuer: LocalIssuer, url: str = HERE) -> None:
        self.store, self.issuer, self.url = store, issuer, url
        self.app = create_app(store, Here())

    def browser(self) -> TestClient:
        """With cookies of its own. An error inside the server is a 500, as people would see it."""
        return TestClient(self.app, base_url=self.url, raise_server_exceptions=False, follow_redirects=False)

    def begin(self, browser: TestClient, next: str = "/docs/api") -> str:
        """As far as the issuer's page; where that sends the browser."""
        answer = browser.get("/auth/login", params={"next": next})
        assert answer.status_code == 302, answer.text
        return str(httpx2.get(answer.headers["location"], follow_redirects=False).headers["location"])

    def sign_in(self, browser: TestClient, **person: Any) -> Any:
        self.issuer.person = {"email_verified": True, "sub": "u-1", **person} if person else self.issuer.person
        return browser.get(self.begin(browser))

    def me(self, browser: TestClient, **headers: str) -> Any:
        return browser.get("/v1/me", headers=headers)

    def with_token(self, token: str, **headers: str) -> Any:
        return self.me(self.browser(), Authorization=f"Bearer {token}", **headers)


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalIssuer]:
    with open_issuer() as issuer:
        for name, value in {
            "AGENTFORGE_OIDC_ISSUER": issuer.url, "AGENTFORGE_OIDC_CLIENT_ID": CLIENT_ID,
            "AGENTFORGE_OIDC_CLIENT_SECRET": CLIENT_SECRET, "AGENTFORGE_OIDC_AUDIENCE": AUDIENCE, "AGENTFORGE_URL": HERE + "/",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield issuer


@pytest.fixture
def server(issuer: LocalIssuer) -> Server:
    return Server(Store(MemoryDriver(), lambda seconds: None), issuer)


def assert_problem(answer: Any, status: int, code: str, words: str = "") -> None:
    """A problem document of one clear sentence, with nothing of the server's insides."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told = answer.json()
    assert told["code"] == code and words in told["detail"], told
    assert not any(word in answer.text for word in ("Traceback", "joserfc", "authlib", "<script>", "File "))
    assert told["detail"].endswith(".") and "\n" not in told["detail"] and len(told["detail"]) < 300


# People


def test_signing_in_gives_a_cookie_and_a_workspace_of_ones_own(any_store: Store, issuer: LocalIssuer) -> None:
    server = Server(any_store, issuer)
    browser = server.browser()
    assert_problem(server.me(browser), 401, "not_signed_in")
    answer = browser.get(server.begin(browser, "/docs/api?a=1#top"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs/api?a=1#top")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("agentforge_session=") and {"httponly", "samesite=lax", "secure", "path=/", "max-age=43200"} <= set(cookie.split("; "))
    me = server.me(browser)
    assert me.headers["vary"] == "Cookie"
    assert (me.json()["name"], set(me.json()["permissions"]), me.json()["key"]) == ("ada@example.org", ALL, None)
    assert [workspace["name"] for workspace in browser.get("/v1/workspaces").json()["data"]] == ["ada"]
    server.sign_in(server.browser())  # elsewhere, later
    assert len(browser.get("/v1/workspaces").json()["data"]) == 1
    assert issuer.asked["/jwks"] == 1  # however often


def test_the_cookie_is_secure_only_where_the_server_is(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_URL", "http://localhost:8000")
    server = Server(Store(MemoryDriver()), issuer, "http://localhost:8000")
    browser = server.browser()
    assert "secure" not in server.sign_in(browser).headers["set-cookie"].lower()
    assert server.me(browser).status_code == 200


def test_the_code_is_asked_for_with_pkce_state_and_nonce_at_the_servers_own_address(server: Server) -> None:
    answer = server.browser().get("/auth/login", headers={"Host": "evil.example"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == [f"{HERE}/auth/callback"] and query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"] and all(len(query[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert set(query["scope"][0].split()) == {"openid", "email"}


def test_who_comes_back_from_paying_sees_their_own_balance(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_STRIPE_KEY", "sk_test_x")
    monkeypatch.setenv("AGENTFORGE_STRIPE_WEBHOOK_SECRET", "whsec_x")
    server = Server(Store(MemoryDriver()), issuer)
    browser = server.browser()
    page = browser.get("/billing?workspace=lab&checkout=paid").text
    (here,) = re.findall(r'href="(/auth/login[^"]+)"', page)
    assert parse_qs(urlsplit(here).query)["next"] == ["/billing?workspace=lab"] and browser.get(here).status_code == 302
    server.sign_in(browser)
    own = browser.get("/v1/me").json()["workspace"]
    for id, micro in ((own, 5_000_000), ("lab", 40_000_000), ("another", 70_000_000)):
        members.create_workspace(server.store, id, "email:ada@example.org" if id != "another" else "email:eve@example.org", id=id)
        Accounts(server.store).credit(id, "p1", micro)
    assert "The balance of lab is <strong>$40.00</strong>" in browser.get("/billing?workspace=lab&checkout=paid").text
    assert f"The balance of {own} is <strong>$5.00</strong>" in browser.get("/billing").text
    assert "$" not in browser.get("/billing?workspace=another").text
    there = server.store.get(account_key("lab"))
    assert there is not None
    server.store.put_if(account_key("lab"), b"{}", there.version)
    broken = browser.get("/billing?workspace=lab&checkout=paid")
    assert broken.status_code == 200 and "<h1>Paid</h1>" in broken.text and "cannot be read just now" in broken.text


NOT_OURS = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil.example", "javascript:alert(1)", "", "/a\\b",
    "/\t/evil.example", "/\n//evil.example", " /a", "/a b", "/é", "/" + "a" * 500, "https:/evil.example", "/\0",
]  # fmt: skip


def test_one_is_never_sent_to_another_site(server: Server) -> None:
    for next in NOT_OURS:
        answer = server.browser().get("/auth/login", params={"next": next})
        assert_problem(answer, 422, "invalid_request")
        assert "set-cookie" not in answer.headers


def test_paths_of_this_server_are_kept(server: Server) -> None:
    browser = server.browser()
    for next in ("/", "/runs", "/runs/a-1?x=//y&z=https://w#top", "/[a]", "/~ada", "/.//b"):
        answer = browser.get(server.begin(browser, next))
        assert answer.headers["location"] == next and browser.get(next).url.host == "agentforge.example"


def test_what_the_issuer_refuses(server: Server) -> None:
    browser = server.browser()
    server.issuer.refuses = "access_denied"
    assert_problem(server.sign_in(browser), 401, "not_signed_in", "(access_denied)")
    for error in ("<b>", "", "a" * 50, "Ünknown"):
        server.issuer.refuses = error or "x y"
        assert_problem(server.sign_in(browser), 401, "not_signed_in", "The issuer refused the sign-in")
    server.issuer.refuses, server.issuer.token_refuses = "", "invalid_grant"
    assert_problem(server.sign_in(browser), 401, "not_signed_in", "(invalid_grant)")
    assert_problem(server.me(browser), 401, "not_signed_in")


def test_only_the_browser_that_began_can_complete_and_once(server: Server) -> None:
    ada, mallory = server.browser(), server.browser()
    theirs, mine = server.begin(mallory), server.begin(ada)
    assert_problem(ada.get(theirs), 401, "not_signed_in", "not begun in this browser")  # Mallory would have Ada work in Mallory's name
    assert_problem(server.me(ada), 401, "not_signed_in")
    for query in ("", "?code=x", "?state=x", "?code=x&state=", "?code=x&state=x&state=y", "?error=access_denied", "?state=%00&code=%ff"):
        assert_problem(ada.get(f"/auth/callback{query}"), 401, "not_signed_in")
    mine = server.begin(ada)
    assert ada.get(mine).status_code == 303
    assert_problem(ada.get(mine), 401, "not_signed_in", "not begun in this browser")
    assert server.me(ada).status_code == 200  # still


def test_a_code_works_once(server: Server) -> None:
    browser, other = server.browser(), server.browser()
    used = server.begin(browser)
    browser.get(used)
    again = server.begin(other)
    query = f"?code={parse_qs(urlsplit(used).query)['code'][0]}&state={parse_qs(urlsplit(again).query)['state'][0]}"
    assert_problem(other.get(f"/auth/callback{query}"), 401, "not_signed_in", "(invalid_grant)")
    assert_problem(other.get(f"/auth/callback?state={parse_qs(urlsplit(server.begin(other)).query)['state'][0]}"), 401, "not_signed_in")


LIES = [
    {"aud": "another"}, {"aud": ["another"]}, {"aud": ["another", "more"], "azp": CLIENT_ID}, {"aud": AUDIENCE}, {"iss": "https://evil.example"}, {"nonce": "x"},
    {"nonce": None}, {"exp": 1}, {"exp": None}, {"sub": None}, {"nbf": 4e9}, {"azp": "another"}, {"exp": "soon"},
]  # fmt: skip


def test_an_id_token_that_is_not_for_this_sign_in(server: Server) -> None:
    for lies in LIES:
        browser, server.issuer.lies = server.browser(), lies
        assert_problem(server.sign_in(browser), 401, "not_signed_in", "token")
        assert_problem(server.me(browser), 401, "not_signed_in")


def test_an_id_token_that_the_issuer_did_not_sign(server: Server) -> None:
    for id_token in forged(server.issuer, aud=CLIENT_ID, email="ada@example.org", email_verified=True):
        browser, server.issuer.id_token = server.browser(), id_token
        assert_problem(server.sign_in(browser), 401, "not_signed_in")
        assert_problem(server.me(browser), 401, "not_signed_in")


def test_keys_may_change_while_somebody_signs_in(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "AGAIN_S", 0)  # the keys before were asked for an hour ago, say
    browser = server.browser()
    onwards = server.begin(browser)
    server.issuer.rotate()
    assert browser.get(onwards).status_code == 303


@pytest.mark.parametrize("path", ["/token", "/.well-known/openid-configuration", "/jwks"])
def test_an_issuer_that_does_not_answer_as_it_should(path: str, issuer: LocalIssuer) -> None:
    for answer in [(500, b"oops"), (200, b"<html>"), (200, b"[]"), (200, b"7"), (302, b""), (200, b"[" * 100_000), (200, b'{"keys": 7}')]:
        server = Server(Store(MemoryDriver()), issuer)
        browser = server.browser()
        onwards = server.begin(browser) if path == "/token" else "/auth/login"
        issuer.broken[path] = answer
        assert_problem(browser.get(onwards), 503, "issuer_unavailable")
        assert_problem(server.me(browser), 401, "not_signed_in")
        issuer.broken.clear()


def test_the_secret_is_told_in_a_way_that_the_issuer_takes(issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    for ways in (["client_secret_post"], ["client_secret_post", "client_secret_basic"], None, 7, []):
        issuer.says = {"token_endpoint_auth_methods_supported": ways}
        server = Server(Store(MemoryDriver()), issuer)
        assert server.sign_in(server.browser()).status_code == 303, ways
    monkeypatch.setenv("AGENTFORGE_OIDC_CLIENT_SECRET", "another")
    server = Server(Store(MemoryDriver()), issuer)
    assert_problem(server.sign_in(server.browser()), 401, "not_signed_in", "(invalid_client)")


def test_sign_ins_of_one_address_are_counted(server: Server) -> None:
    browser = server.browser()
    statuses = {browser.get("/auth/callback?code=x&state=x").status_code for _ in range(130)}
    assert statuses == {401, 429}


# Cookies


def forge(data: dict[str, Any], key: str) -> str:
    return TimestampSigner(key).sign(base64.b64encode(json.dumps(data).encode())).decode()


def test_a_cookie_that_was_changed_or_is_old_is_none(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser)
    good, key = browser.cookies["agentforge_session"], secrets.cookie_key(server.store)
    mine = {"identity": "email:ada@example.org", "until": time.time() + 60}
    assert with_cookie(server, forge(mine, key)).status_code == 200  # so the bad ones are well made
    body, rest = good.split(".", 1)
    bad = [
        forge({**mine, "until": time.time() - 1}, key), forge({"identity": mine["identity"]}, key), forge({"until": mine["until"]}, key),
        forge(mine, "x" + key), forge(mine, settings.secret_key()), forge(mine, ""), f"{base64.b64encode(json.dumps(mine).encode()).decode()}.{rest}",
        body, good[:-1], good + "x", f"{body}.{rest[::-1]}", "", "null", ".", "..", "é", "x" * 3000,
    ]  # fmt: skip
    bad += [good[:i] + ("A" if good[i] != "A" else "B") + good[i + 1 :] for i in range(0, len(good) - 1, 9)]
    for cookie in bad:
        assert_problem(with_cookie(server, cookie), 401, "not_signed_in")


def with_cookie(server: Server, cookie: str) -> Any:
    return server.browser().get("/v1/me", headers={"Cookie": f"agentforge_session={cookie}".encode()})


def test_a_session_ends_after_twelve_hours_however_busy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = server.browser()
    server.sign_in(browser)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 11.9 * 3600)
    assert server.me(browser).status_code == 200
    browser.get("/auth/login")  # signs the cookie anew
    monkeypatch.setattr(time, "time", lambda: now + 12.1 * 3600)
    assert_problem(server.me(browser), 401, "not_signed_in")


def test_nothing_of_the_session_before_stays(server: Server) -> None:
    """Whatever cookie an attacker had planted: who signs in is who they are."""
    browser, attacker = server.browser(), server.browser()
    server.sign_in(attacker, email="mallory@example.org")
    planted = attacker.cookies["agentforge_session"]
    browser.cookies.set("agentforge_session", planted, domain="agentforge.example", path="/")
    server.sign_in(browser, email="ada@example.org")
    assert server.me(browser).json()["name"] == "ada@example.org"
    assert server.me(attacker).json()["name"] == "mallory@example.org"
    session = json.loads(base64.b64decode(browser.cookies["agentforge_session"].strip('"').split(".")[0] + "=="))
    assert set(session) == {"identity", "until"}


def test_signing_out(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser)
    assert_problem(browser.post("/auth/logout", headers={"Origin": "https://evil.example"}), 403, "not_allowed")
    assert server.me(browser).status_code == 200
    assert browser.get("/auth/logout").status_code == 405
    assert browser.post("/auth/logout", headers=OWN_PAGE).status_code == 204
    assert_problem(server.me(browser), 401, "not_signed_in")
    assert browser.post("/auth/logout", headers=OWN_PAGE).status_code == 204


ELSEWHERE = [
    {}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example", "Referer": HERE}, {"Origin": f"{HERE}.evil.example"},
    {"Origin": "https://evil.example", "Authorization": ""}, {"Origin": f"https://evil.example#{HERE}"}, {"Authorization": ""},
]  # fmt: skip


def test_another_sites_page_changes_nothing(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser)
    workspace, key = server.me(browser).json()["workspace"], {"name": "k", "scopes": ["runs:read"]}
    for headers in ELSEWHERE:
        assert_problem(browser.post("/v1/keys", json=key, headers=headers), 403, "not_allowed", "another site")
        assert_problem(browser.post("/v1/workspaces", json={"name": "w"}, headers=headers), 403, "not_allowed", "another site")
        assert_problem(browser.delete(f"/v1/workspaces/{workspace}", headers=headers), 403, "not_allowed", "another site")
        assert keys.list_keys(server.store, workspace) == [] and len(members.workspaces_of(server.store, "email:ada@example.org")) == 1
        with pytest.raises(WebSocketDisconnect) as closed, browser.websocket_connect("wss://agentforge.example/v1/runs/x/channels", headers=headers) as socket:
            socket.receive_text()
        assert closed.value.code == 4403


def test_our_own_pages_and_programs_may_change_things(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser)
    for headers in (OWN_PAGE, {"Sec-Fetch-Site": "same-origin"}):
        assert browser.post("/v1/keys", json={"name": "k", "scopes": ["runs:read"]}, headers=headers).status_code == 201
        assert browser.post("/v1/workspaces", json={"name": "w"}, headers=headers).status_code == 201
    token = server.issuer.token(email="ada@example.org", email_verified=True)
    for client in (browser, server.browser()):  # with a cookie as well, and without
        made = client.post("/v1/keys", json={"name": "k", "scopes": ["runs:read"]}, headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == 201


# Tokens


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_token_says_who_calls(alg: str, server: Server) -> None:
    assert_problem(server.with_token(server.issuer.token(alg)), 403, "not_allowed", "do not belong to any workspace")
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    found = server.with_token(server.issuer.token(alg, aud=["x", AUDIENCE])).json()
    assert (found["name"], found["workspace"]) == ("robot", "robots")


def forged(issuer: LocalIssuer, **claims: Any) -> list[str]:
    """Tokens with good claims that the issuer did not sign."""
    good, rsa = issuer.token(**claims), issuer.keys["RS256"]
    header, payload, signature = good.split(".")
    public = rsa.as_pem(private=False)
    jwk = json.dumps(rsa.as_dict(private=False)).encode()
    mine = RSAKey.generate_key(2048, {"kid": "mine"})
    exposed = {"jwk": mine.as_dict(private=False), "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x5u"}
    return [
        *(f"{encoded({'alg': alg, 'kid': kid})}.{payload}." for alg in ("none", "None", "NONE", "") for kid in (rsa.kid, None)),
        *(with_secret(encoded({"alg": alg, "kid": rsa.kid}), payload, secret) for alg in ("HS256", "RS256") for secret in (public, public.strip(), jwk)),
        issuer.token(key=mine, header={"kid": rsa.kid}, **claims), issuer.token(key=mine, **claims),
        issuer.token(key=mine, header={"kid": None}, **claims), issuer.token(key=mine, header={"kid": rsa.kid, **exposed}, **claims),
        *(issuer.token(key=mine, header={"kid": kid}, **claims) for kid in PATHS),
        f"{header}.{payload}.", f"{header}.{payload}.{signature[:-2]}", f"{header}.{payload}.{signature[::-1]}", f"{header}.{payload}",
        f"{header}.{encoded({**issuer.claims(**claims), 'sub': 'root'})}.{signature}", f".{payload}.{signature}", f"{good}.{good}",
        f"{encoded({'alg': 'RS256', 'kid': rsa.kid, 'crit': ['exp'], 'exp': 1})}.{payload}.{signature}",
        f"{encoded({'alg': 'ES256', 'kid': rsa.kid})}.{payload}.{signature}",
    ]  # fmt: skip


def with_secret(header: str, payload: str, secret: bytes) -> str:
    """Key confusion: what is public, taken for a shared secret."""
    signature = hmac.digest(secret, f"{header}.{payload}".encode(), "sha256")
    return f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


PATHS = ["../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "", "https://evil.example/jwks", "\0", "é" * 50, "kid\r\nX-Header: 1"]


def encoded(told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def test_a_token_that_the_issuer_did_not_sign(server: Server) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    for token in forged(server.issuer):
        assert_problem(server.with_token(token), 401, "not_signed_in")
    assert_problem(server.with_token(forged(server.issuer)[0]), 401, "not_signed_in", "signed by 'none' are not accepted")
    assert server.with_token(server.issuer.token()).status_code == 200


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"exp": 1_700_000_000}, "expired"), ({"nbf": 4_000_000_000}, "not valid yet"), ({"iat": 4_000_000_000}, "in the future"),
    ({"iss": "https://evil.example"}, "another issuer"), ({"iss": None}, "lacks iss"), ({"iss": 7}, "another issuer"), ({"iss": ""}, "another issuer"),
    ({"aud": "another"}, "another server"), ({"aud": [CLIENT_ID]}, "another server"), ({"aud": None}, "lacks aud"), ({"aud": []}, "another server"),
    ({"aud": {AUDIENCE: 1}}, "another server"), ({"aud": [[AUDIENCE]]}, "another server"),
    ({"sub": None}, "lacks sub"), ({"sub": ""}, "'sub'"), ({"sub": 7}, "'sub'"), ({"sub": ["robot"]}, "'sub'"), ({"sub": "a\nb"}, "whose it is"),
    ({"sub": "x" * 301}, "whose it is"), ({"exp": None}, "lacks exp"), ({"exp": "tomorrow"}, "'exp'"), ({"exp": True}, "'exp'"), ({"exp": float("inf")}, "'exp'"),
    ({"exp": float("nan")}, "'exp'"), ({"exp": -(10**400)}, "expired"), ({"nbf": "now"}, "not valid yet"),
    ({"email_verified": True, "email": "no address"}, "whose it is"), ({"email_verified": True, "email": "a\ud800@b.example"}, "whose it is"),
]  # fmt: skip


def test_a_token_with_wrong_claims(server: Server) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    key = server.issuer.keys["ES256"]
    for claims, words in WRONG:
        token = jws.serialize_compact({"alg": "ES256", "kid": key.kid}, json.dumps(server.issuer.claims(**claims)), key)
        assert_problem(server.with_token(token), 401, "not_signed_in", words)


def test_clocks_may_differ_by_a_minute(server: Server) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    for claims in ({"exp": int(time.time()) - 50}, {"nbf": int(time.time()) + 50}, {"iat": int(time.time()) + 50}):
        assert server.with_token(server.issuer.token(**claims)).status_code == 200, claims
    for claims in ({"exp": int(time.time()) - 70}, {"nbf": int(time.time()) + 70}, {"iat": int(time.time()) + 70}):
        assert_problem(server.with_token(server.issuer.token(**claims)), 401, "not_signed_in")


def test_a_token_of_any_size_is_refused_quickly(server: Server) -> None:
    assert_problem(server.with_token(server.issuer.token(filler="x" * 20_000)), 401, "not_signed_in", "longer than")
    for deep in ("[" * 9_000, '{"a":' * 2_000, '{"alg":"RS256","x":' + "[" * 300):
        text = base64.urlsafe_b64encode(deep.encode()).decode().rstrip("=")
        for token in (f"{text}.e30.x", f"{encoded({'alg': 'RS256', 'kid': server.issuer.keys['RS256'].kid})}.{text}.x"):
            assert_problem(server.with_token(token), 401, "not_signed_in")
    assert server.issuer.asked["/jwks"] <= 1


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4)
headers = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "x5c", "cty"]), json_values | st.sampled_from(["RS256", "ES256", "EdDSA"]))


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=headers | json_values, payload=json_values, signature=st.binary(max_size=80), text=st.text("eyJ.-_=+/ \x7f", max_size=40))
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_whatever_is_sent_as_a_token_is_refused(header: object, payload: object, signature: bytes, text: str, server: Server) -> None:
    issuer = server.app.state.platform.issuer
    end = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    for token in (f"{encoded(header)}.{encoded(payload)}.{end}", text):
        with pytest.raises(tokens.NotSignedIn):
            issuer.identity_of_token(token)


def test_who_has_a_verified_address_is_known_by_it(server: Server) -> None:
    def name(**claims: Any) -> str:
        return str(server.app.state.platform.issuer.identity_of_token(server.issuer.token(**claims)))

    assert name(email="Ada@Example.org", email_verified=True) == "email:ada@example.org"
    assert name(email="ada@example.org", email_verified="true") == "email:ada@example.org"
    for verified in (False, None, "false", 0, "True?", [True], {}):
        assert name(email="ada@example.org", email_verified=verified) == "subject:robot"
    assert name(email=["ada@example.org"], email_verified=True) == "subject:robot"
    assert name(email="mi\u212ae@example.org", email_verified=True) != "email:mike@example.org"  # the sign of kelvin
    assert name(sub="email:ada@example.org") == "subject:email:ada@example.org"


def test_new_keys_are_fetched_when_a_token_names_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    old = server.issuer.token()
    assert server.with_token(old).status_code == 200
    server.issuer.rotate()
    assert_problem(server.with_token(server.issuer.token()), 401, "not_signed_in", "no key")  # asked less than a minute ago
    monkeypatch.setattr(tokens, "AGAIN_S", 0)
    assert server.with_token(server.issuer.token()).status_code == 200
    assert_problem(server.with_token(old + "x"), 401, "not_signed_in")  # its key is gone


def test_unknown_keys_make_no_storm_at_the_issuer(server: Server) -> None:
    mine = RSAKey.generate_key(2048)
    for number in range(20):
        assert server.with_token(server.issuer.token(key=mine, header={"kid": str(number)})).status_code == 401
    assert server.issuer.asked["/jwks"] == 1
    server.app.state.platform.issuer._asked -= 61
    for number in range(20):
        assert server.with_token(server.issuer.token(key=mine, header={"kid": str(number)})).status_code == 401
    assert server.issuer.asked["/jwks"] == 2


def test_keys_are_asked_for_again_after_an_hour(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    assert server.with_token(server.issuer.token()).status_code == 200
    monkeypatch.setattr(tokens, "FRESH_S", 0)
    monkeypatch.setattr(tokens, "PAUSE_S", 0)
    gone = server.issuer.token(jti="another")
    server.issuer.rotate()
    assert_problem(server.with_token(gone), 401, "not_signed_in", "no key")


def test_an_issuer_that_is_down_is_no_fault_of_the_caller(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    members.create_workspace(server.store, "robots", "subject:robot", id="robots")
    caller = Caller("robots", "test", ALL)
    _, key = keys.create_key(server.store, "robots", "k", ["workspace:read"], caller)
    path = "/.well-known/openid-configuration"
    server.issuer.broken[path] = (500, b"")
    for _ in range(5):
        answer = server.with_token(server.issuer.token())
        assert_problem(answer, 503, "issuer_unavailable")
        assert "retry-after" in answer.headers and "API key" in answer.json()["hint"]
    assert server.issuer.asked[path] == 1  # not for each
    assert server.with_token(str(key)).status_code == 200
    monkeypatch.setattr(tokens, "PAUSE_S", 0)
    del server.issuer.broken[path]
    assert server.with_token(server.issuer.token()).status_code == 200
    server.issuer.broken[path] = (500, b"")
    assert server.with_token(server.issuer.token(jti="2")).status_code == 200  # its key is known
    server.issuer.rotate()
    monkeypatch.setattr(tokens, "AGAIN_S", 0)
    assert_problem(server.with_token(server.issuer.token()), 503, "issuer_unavailable")  # nobody can say whether there is such a key


def test_an_issuer_that_nothing_listens_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_OIDC_ISSUER", "http://localhost:9")
    down = Server(server.store, server.issuer)
    assert_problem(down.with_token(server.issuer.token()), 503, "issuer_unavailable", "ConnectError")
    assert_problem(down.browser().get("/auth/login"), 503, "issuer_unavailable")


SAYS = [
    {"issuer": "https://evil.example"}, {"issuer": None}, {"jwks_uri": "http://evil.example/jwks"}, {"jwks_uri": 7}, {"token_endpoint": "ftp://x"},
    {"authorization_endpoint": "javascript:alert(1)"}, {"jwks_uri": "https://[::1"}, {"jwks_uri": "https://user:pw@x.example"},
]  # fmt: skip


def test_discovery_that_does_not_fit(issuer: LocalIssuer) -> None:
    for says in SAYS:
        server, issuer.says = Server(Store(MemoryDriver()), issuer), says
        assert_problem(server.with_token(issuer.token()), 503, "issuer_unavailable")
        assert_problem(server.browser().get("/auth/login"), 503, "issuer_unavailable")


# Members


def test_the_header_chooses_among_ones_workspaces(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser)
    own = server.me(browser).json()["workspace"]
    members.create_workspace(server.store, "lab", "email:boss@example.org", id="lab")
    boss = members.caller_of(server.store, "lab", "email:boss@example.org")
    token = server.issuer.token(email="ada@example.org", email_verified=True)
    ways: list[Callable[..., Any]] = [lambda **headers: server.me(browser, **headers), lambda **headers: server.with_token(token, **headers)]
    for call in ways:
        member = members.put_member(server.store, "lab", "email:ada@example.org", "viewer", boss)
        server.app.state.platform.callers.forget()
        chosen = call(**{"AgentForge-Workspace": "lab"}).json()
        assert chosen["workspace"] == "lab" and "runs:write" not in chosen["permissions"]
        assert call().json()["workspace"] == own
        for other in ("nowhere", "../lab", "LAB", "x" * 300, "lab/members"):
            assert_problem(call(**{"AgentForge-Workspace": other}), 403, "not_allowed", "not a member")
        _, key = keys.create_key(server.store, "lab", "k", ["members:write"], boss)
        gone = server.browser().delete(f"/v1/members/{member.id}", headers={"Authorization": f"Bearer {key}"})
        assert gone.status_code == 204
        assert_problem(call(**{"AgentForge-Workspace": "lab"}), 403, "not_allowed", "not a member")  # at once
        assert call().json()["workspace"] == own


def test_a_member_removed_elsewhere_is_out_within_seconds(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "REMEMBERED_S", 0.2)
    browser = server.browser()
    members.create_workspace(server.store, "lab", "email:boss@example.org", id="lab")
    boss = members.caller_of(server.store, "lab", "email:boss@example.org")
    member = members.put_member(server.store, "lab", "email:ada@example.org", "admin", boss)
    server.sign_in(browser)
    assert server.me(browser).json()["workspace"] == "lab"  # invited before: no workspace of one's own is made
    members.remove_member(server.store, "lab", member.id, boss)
    time.sleep(0.25)
    assert_problem(server.me(browser), 403, "not_allowed")
    assert server.sign_in(browser).status_code == 303 and server.me(browser).json()["workspace"] != "lab"


def test_who_was_removed_does_not_come_back_by_repeating_a_request(server: Server) -> None:
    browser, again = server.browser(), {**OWN_PAGE, "Idempotency-Key": "once"}
    server.sign_in(browser)
    lab = browser.post("/v1/workspaces", json={"name": "lab"}, headers=again).json()["id"]
    assert browser.post("/v1/workspaces", json={"name": "lab"}, headers=again).json()["id"] == lab
    ada = members.caller_of(server.store, lab, "email:ada@example.org")
    members.put_member(server.store, lab, "email:boss@example.org", "owner", ada)
    boss = members.caller_of(server.store, lab, "email:boss@example.org")
    for change in (
        lambda: members.put_member(server.store, lab, "email:ada@example.org", "viewer", boss),
        lambda: members.remove_member(server.store, lab, members.member_id("email:ada@example.org"), boss),
    ):
        change()
        browser.post("/v1/workspaces", json={"name": "lab"}, headers=again)
        answer = server.me(browser, **{"AgentForge-Workspace": lab})
        assert answer.status_code == 403 or "workspace:write" not in answer.json()["permissions"]
    assert [member.identity for member in members.list_members(server.store, lab)] == ["email:boss@example.org"]


def test_who_has_no_verified_address_is_known_by_their_subject(server: Server) -> None:
    browser = server.browser()
    server.sign_in(browser, sub="auth0|17", email="ada@example.org", email_verified=False)
    assert server.me(browser).json()["name"] == "auth0|17"


# Setting up


def test_without_an_issuer_there_is_no_sign_in(store: Store) -> None:
    app = create_app(store, Here())
    client = TestClient(app)
    assert not app.state.platform.hosted
    assert [client.get(path).status_code for path in ("/auth/login", "/auth/callback")] == [404, 404]
    assert client.get("/v1/me", headers={"Authorization": "Bearer a.b.c"}).status_code == 401


def test_without_an_issuer_none_of_its_libraries_is_imported(store: Store) -> None:
    code = "import sys; from web.app import create_app; create_app(); print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert "fastapi" in loaded and not loaded & {"httpx", "httpx2", "authlib", "joserfc", "itsdangerous", "handlers.http.routes.sign_in"}


@pytest.mark.parametrize("name, value, words", [
    ("AGENTFORGE_OIDC_ISSUER", "http://issuer.example", "AGENTFORGE_OIDC_ISSUER"), ("AGENTFORGE_OIDC_ISSUER", "issuer.example", "AGENTFORGE_OIDC_ISSUER"),
    ("AGENTFORGE_OIDC_ISSUER", "https://x.example?a=1", "AGENTFORGE_OIDC_ISSUER"), ("AGENTFORGE_OIDC_ISSUER", "https://[x", "AGENTFORGE_OIDC_ISSUER"),
    ("AGENTFORGE_URL", "", "AGENTFORGE_URL is not set"), ("AGENTFORGE_URL", "http://forge.example", "AGENTFORGE_URL is 'http"),
    ("AGENTFORGE_URL", "https://forge.example/app", "AGENTFORGE_URL is"), ("AGENTFORGE_OIDC_CLIENT_ID", " ", "CLIENT_ID is not set"),
    ("AGENTFORGE_SECRET_KEY", "", "AGENTFORGE_SECRET_KEY is not set"), ("AGENTFORGE_SECRET_KEY", "short", "no Fernet key"),
])  # fmt: skip
def test_settings_that_cannot_be_used(name: str, value: str, words: str, issuer: LocalIssuer, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting, match=words):
        create_app(store, Here())


def test_the_cookie_key_is_not_the_key_that_encrypts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key = secrets.cookie_key(store)
    raw = base64.urlsafe_b64decode(settings.secret_key())
    assert key == secrets.cookie_key(store) and len(key) == 64 and key not in (raw.hex(), settings.secret_key())
    monkeypatch.setenv("AGENTFORGE_SECRET_KEY", base64.urlsafe_b64encode(raw[::-1]).decode())
    assert secrets.cookie_key(store) != key


def test_with_kms_the_cookie_key_is_kept_encrypted(store: Store, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", moto.endpoint)
    id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    monkeypatch.setenv("AGENTFORGE_SECRET_KEY", f"aws:kms:{id}")
    key = secrets.cookie_key(store)
    assert len(key) == 64 and secrets.cookie_key(store) == key
    kept = [path.read_text() for path in Path(store.url.removeprefix("file://")).rglob("cookie-key.json")]
    assert len(kept) == 1 and key not in kept[0]


def test_serve_prints_no_key_where_people_sign_in_and_says_what_is_missing(issuer: LocalIssuer, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [Path(sys.executable).with_name("agentforge"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline().startswith("Listening on")
        process.terminate()
        assert "af_live_" not in process.stdout.read() and keys.list_keys(store, "local") == []
    monkeypatch.delenv("AGENTFORGE_SECRET_KEY")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "AGENTFORGE_SECRET_KEY is not set" in done.stderr and "Traceback" not in done.stderr
