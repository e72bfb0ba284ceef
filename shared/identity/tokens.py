"""JSON Web Tokens of an OpenID Connect issuer: whose they are. (RFC 7519, RFC 8725; OpenID Connect Discovery 1.0.)

Checked: the signature, by one of the issuer's keys and an algorithm of `ALGORITHMS` (so neither none nor HS256 with the public
key as its secret); iss, aud, sub, exp, nbf, iat. Nothing that a token names itself (jku, jwk, x5u, x5c) is looked at.
Not covered: tokens that are revoked before they expire, encrypted ones, ones bound to a client's key.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.errors import AgentForgeError, BadInput
from shared.identity import members
from shared.identity.permissions import NotSignedIn
from shared.settings import SignIn, is_safe_url

if TYPE_CHECKING:
    from ssl import SSLContext

    from joserfc.jwk import Key, KeySet

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
LONGEST = 16_384  # characters of a token
LEEWAY_S = 60  # by which clocks may differ
FRESH_S, AGAIN_S, PAUSE_S = 3600, 60, 5  # the issuer is asked this often; for a key it did not have; after it did not answer
TIMEOUT_S = 5
WRONG = {
    "iss": "The token is of another issuer.",
    "aud": "The token is meant for another server.",
    "nbf": "The token is not valid yet.",
    "iat": "The token was issued in the future.",
}  # fmt: skip


class IssuerUnavailable(AgentForgeError):
    """Whether somebody is who they say cannot be found out now."""

    code = "issuer_unavailable"
    status = 503
    retryable = True


@dataclass(frozen=True)
class Known:
    """What an issuer said of itself, and when on this process's clock. `metadata` has https addresses of its endpoints."""

    metadata: dict[str, Any]
    keys: "KeySet"
    at: float

    def serves(self, kid: str | None, now: float) -> bool:
        return now - self.at < FRESH_S and (kid is None or any(key.kid == kid for key in self.keys))


class Issuer:
    """Asked when first needed, then once an hour; threads share it."""

    def __init__(self, chosen: SignIn) -> None:
        self.chosen = chosen
        self._known: Known | None = None
        self._asked, self._failure = float("-inf"), ""
        self._lock = threading.Lock()

    def identity_of_token(self, token: str) -> str:
        """Of a program's token. NotSignedIn with what is wrong with it, IssuerUnavailable."""
        return identity_of_claims(self.claims(token, self.chosen.audience))

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What a token says that the issuer made for `audience`. NotSignedIn, IssuerUnavailable."""
        from joserfc import errors, jwt
        from joserfc.jws import JWSRegistry

        if len(token) > LONGEST:
            raise NotSignedIn(f"The token is longer than {LONGEST:,} characters.", "Ask the issuer for one with fewer claims.")
        keys = self.known(_key_id(token)).keys
        asked = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S, sub={"essential": True}, exp={"essential": True},
            iss={"essential": True, "value": self.chosen.issuer}, aud={"essential": True, "value": audience},
        )  # fmt: skip
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            claims: dict[str, Any] = jwt.decode(token, keys, registry=registry).claims
            asked.validate(claims)
        except errors.ExpiredTokenError:
            raise NotSignedIn("The token has expired.", "Ask the issuer for another one.") from None
        except errors.MissingClaimError as error:
            raise NotSignedIn(f"The token lacks {error.claim}.") from None
        except errors.InvalidClaimError as error:
            raise NotSignedIn(WRONG.get(error.claim, f"The token's {error.claim[:20]!r} cannot be read.")) from None
        except errors.InvalidKeyIdError:
            raise NotSignedIn("The token names no key that the issuer has.", "Ask the issuer for another one.") from None
        except errors.BadSignatureError:
            raise NotSignedIn("The token's signature is not the issuer's.") from None
        except (errors.JoseError, ValueError, TypeError, RecursionError):
            raise _unreadable() from None
        return claims

    def known(self, kid: str | None = None) -> Known:
        """What the issuer says of itself, and its keys, if it has one the key `kid`. IssuerUnavailable.

        Whoever finds what they need waits for nobody: not for one who asks for a key that there may not be.
        """
        known = self._known
        if known is not None and known.serves(kid, time.monotonic()):
            return known
        with self._lock:
            known, now = self._known, time.monotonic()
            if known is not None and known.serves(kid, now):
                return known
            if now - self._asked >= (AGAIN_S if known is not None and known.serves(None, now) else PAUSE_S):
                self._asked, self._failure = now, ""
                try:
                    known = self._known = self._ask(now)
                except IssuerUnavailable as error:
                    self._failure = error.message
            if self._failure or known is None:
                raise IssuerUnavailable(self._failure, "Try again later; or use an API key.")
            return known

    def _ask(self, now: float) -> Known:
        from joserfc.jwk import KeySet

        metadata = _fetch(f"{self.chosen.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.chosen.issuer:
            told = str(metadata.get("issuer"))[:200]
            raise IssuerUnavailable(f"What answers under {self.chosen.issuer} says that it is the issuer {told!r}.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not (isinstance(metadata.get(name), str) and is_safe_url(metadata[name])):
                raise IssuerUnavailable(f"The issuer {self.chosen.issuer} names no https address as its {name}.")
        listed = _fetch(metadata["jwks_uri"]).get("keys")
        keys = [key for one in listed if (key := _key(one)) is not None] if isinstance(listed, list) else []
        if not keys:
            raise IssuerUnavailable(f"The issuer {self.chosen.issuer} has no key of a kind that we know.")
        return Known(metadata, KeySet(keys), now)


def identity_of_claims(claims: Mapping[str, Any]) -> str:
    """By the address, if the issuer has verified it (some say so in a text), else by the subject. NotSignedIn."""
    try:
        if claims.get("email_verified") in (True, "true") and isinstance(claims.get("email"), str):
            return members.identity_of("email", claims["email"])
        return members.identity_of("subject", str(claims.get("sub", "")))
    except BadInput as error:
        raise NotSignedIn(f"The token does not say whose it is: {error.message}") from None


def _key_id(token: str) -> str | None:
    """The key that a token says it is signed with. NotSignedIn if it is signed in a way that we do not take, or is no token."""
    from joserfc.errors import JoseError
    from joserfc.jws import extract_compact

    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _unreadable() from None
    kid = header.get("kid") if isinstance(header, dict) else 0
    if not (kid is None or isinstance(kid, str)):
        raise _unreadable()
    if header["alg"] not in ALGORITHMS:
        raise NotSignedIn(f"Tokens signed by {str(header['alg'])[:20]!r} are not accepted.", f"Use {', '.join(ALGORITHMS)}.")
    return kid


def _key(listed: Any) -> "Key | None":
    """A key of the issuer's list; None for one that is not to sign with, or of a kind that we do not know."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    try:
        return import_key(listed) if listed.get("use", "sig") == "sig" and listed.get("kty") in ("RSA", "EC", "OKP") else None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _fetch(url: str) -> dict[str, Any]:
    """An object in JSON. Redirects are not followed. IssuerUnavailable."""
    import httpx2

    try:
        answer = httpx2.get(url, timeout=TIMEOUT_S, follow_redirects=False, verify=trusted())
        found = answer.json() if answer.status_code == 200 else None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
        raise IssuerUnavailable(f"The issuer does not answer at {url} ({type(error).__name__}).") from error
    if not isinstance(found, dict):
        raise IssuerUnavailable(f"The issuer does not answer as it should at {url} (status {answer.status_code}).")
    return found


@cache
def trusted() -> "SSLContext":
    """The authorities whose certificates we trust: reading them takes 25 ms, each time."""
    import httpx2

    return httpx2.create_ssl_context()


def _unreadable() -> NotSignedIn:
    return NotSignedIn("This is neither an API key nor a token that can be read.", "Send an API key, or a token of the issuer.")
