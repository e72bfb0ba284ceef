"""A small OpenID Connect issuer on a port of this machine: discovery, keys, authorization code flow with PKCE.

    with open_issuer() as issuer:
        issuer.person = {"sub": "u-1", "email": "ada@example.org", "email_verified": True}   # who sits at the browser
        issuer.token(sub="robot")                                                           # what a program would send
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

CLIENT_ID, CLIENT_SECRET, AUDIENCE = "agentforge-web", "s3cret:with/odd+letters", "agentforge-api"


class LocalIssuer:
    """`asked` counts requests by path. `says` overrides what its discovery document says, `lies` the claims of its ID tokens, `id_token` all of one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, Key] = {}
        self.rotations = 0
        self.person: dict[str, Any] = {"sub": "u-1", "email": "ada@example.org", "email_verified": True}
        self.asked: Counter[str] = Counter()
        self.says: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.refuses = self.token_refuses = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.broken: dict[str, tuple[int, bytes]] = {}  # path → what is answered instead
        self.id_token = ""
        self.rotate()

    def rotate(self) -> None:
        """New keys; those before are gone."""
        self.rotations += 1
        self.keys = {
            "RS256": RSAKey.import_key(_rsa(self.rotations), {"kid": secrets.token_hex(4)}),
            "ES256": ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}),
            "Ed25519": OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(4)}),
        }

    def claims(self, **more: Any) -> dict[str, Any]:
        """Good ones for a program; a claim that is given as None is left out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "robot", "iat": now, "exp": now + 300, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, alg: str = "RS256", key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = key or self.keys[{"PS256": "RS256", "EdDSA": "Ed25519"}.get(alg, alg)]
        told = {"alg": alg, "kid": key.kid, **(header or {})}
        return jwt.encode({name: value for name, value in told.items() if value is not None}, self.claims(**claims), key, algorithms=[alg])

    def answer(self, path: str, query: dict[str, str], form: dict[str, str], login: str) -> tuple[int, Any]:
        """Status, and an object or where to go next."""
        match path:
            case "/.well-known/openid-configuration":
                return 200, {
                    "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/jwks", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"], **self.says,
                }  # fmt: skip
            case "/jwks":
                public = [key.as_dict(private=False) for key in self.keys.values()]
                return 200, {"keys": [{"kty": "post-quantum"}, {"kty": "RSA", "n": "!"}, 7, *public]}
            case "/authorize":
                if query["client_id"] != CLIENT_ID or query["response_type"] != "code" or query["code_challenge_method"] != "S256":
                    return 400, {"error": "invalid_request"}
                told = {"error": self.refuses, "error_description": "<script>"} if self.refuses else {"code": self._code(query)}
                return 302, f"{query['redirect_uri']}?{urlencode({**told, 'state': query['state']})}"
            case "/token":
                return self._token(form, login)
        return 404, {"error": "not_found"}

    def _code(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code

    def _token(self, form: dict[str, str], login: str) -> tuple[int, Any]:
        if "token_endpoint_auth_methods_supported" in self.says:
            login = login or f"{form['client_id']}:{form['client_secret']}"
        if login != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {"error": "invalid_client"}
        if self.token_refuses:
            return 400, {"error": self.token_refuses}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        claims = {**self.person, "aud": CLIENT_ID, "nonce": asked["nonce"], **self.lies}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token or self.token(**claims)}


@contextmanager
def open_issuer() -> Iterator[LocalIssuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond({}, "")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            self.respond(_single(body), login)

        def respond(self, form: dict[str, str], login: str) -> None:
            url = urlsplit(self.path)
            issuer.asked[url.path] += 1
            if url.path in issuer.broken:
                status, told = issuer.broken[url.path]
            else:
                status, told = issuer.answer(url.path, _single(url.query), form, login)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", str(told))
                told = b""
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = LocalIssuer(f"http://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def _rsa(number: int) -> bytes:
    """Making one takes up to a second."""
    return RSAKey.generate_key(2048).as_pem(private=True)


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
