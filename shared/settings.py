"""Settings from the environment. Each is read when it is asked for, and a value we cannot use is an InvalidSetting.

    AGENTFORGE_STORE            s3://bucket/prefix, file:///folder or a path; ~/.agentforge by default
    AGENTFORGE_STORE_ENDPOINT   https://… of R2, MinIO, Tigris; Amazon S3 by default
    AGENTFORGE_STORE_REGION     the bucket's region; AWS_REGION by default
    AGENTFORGE_STORE_ENCRYPTION AES256 (SSE-S3), aws:kms or aws:kms:<key id>; the bucket's own by default
    AGENTFORGE_STORE_ROLE       the role whose credentials, cut down to one run, its worker gets (where the store has STS)
    AGENTFORGE_BACKEND          local (default), modal or runpod
    AGENTFORGE_SANDBOX          where cells run: local (default: a confined process of this machine), modal or e2b
    AGENTFORGE_E2B_TEMPLATE     the template of E2B sandboxes; agentforge-cells by default. E2B_API_KEY is E2B's own
    AGENTFORGE_SANDBOX_WEAKEST  process+seccomp: run cells even where they can read this user's files; never by default
    AGENTFORGE_RUNPOD_ENDPOINT_CPU, …_GPU_SMALL, …_GPU_LARGE  the ids of RunPod's endpoints, one for each tier
    RUNPOD_API_KEY              RunPod's own: the key that may submit to them
    AGENTFORGE_LEASE_S          a worker without a sign of life for two of these is dead; 30 by default
    AGENTFORGE_MAX_RUNS         runs of a workspace at once, for those that come by HTTPS; unlimited by default
    AGENTFORGE_RATE             requests a minute of one caller, for each web process; 3,000 by default
    AGENTFORGE_MAX_UPLOAD_MB    of a file uploaded through the web server; 1,024 by default
    AGENTFORGE_OUTBOUND_NETWORKS  networks of one's own that addresses which callers give may lead to, such as 10.1.0.0/16; none by default
    AGENTFORGE_OUTBOUND_PORTS   the ports of such addresses; 80, 443 and 8443 by default
    AGENTFORGE_OUTBOUND_HTTP    1: they may be http, too
    AGENTFORGE_CORS             origins whose pages may call the API, separated by commas; none by default
    AGENTFORGE_URL              where people reach this server, such as https://agentforge.example; needed to sign in and to pay
    AGENTFORGE_OIDC_ISSUER      https://… of an OpenID Connect issuer that people and services sign in with; nobody does by default
    AGENTFORGE_OIDC_CLIENT_ID, AGENTFORGE_OIDC_CLIENT_SECRET  what the issuer knows this server by
    AGENTFORGE_OIDC_AUDIENCE    the audience of services' tokens; the client id by default
    AGENTFORGE_SECRET_KEY       encrypts what workspaces store and signs cookies; a Fernet key, or aws:kms:<key id>
    AGENTFORGE_API_URL          https://… of a server that the command line and the client work through; by default they work here
    AGENTFORGE_API_KEY          the key they send it: af_live_…
    AGENTFORGE_BILLING          on: runs are paid for out of their workspace's credit; off by default
    AGENTFORGE_LOCAL_PRICES     dollars an hour for each tier where runs are paid for on this machine: cpu=0.10,gpu-small=0.80
    AGENTFORGE_LOW_BALANCE      dollars; an account with less is said to be low, unless its workspace says another amount; 1 by default
    AGENTFORGE_MARGIN_PERCENT   what runs cost beyond what the provider asks; 20 by default
    AGENTFORGE_STRIPE_KEY       Stripe's key, sk_… or rk_…; without it nothing of Stripe is there, and credit is added by hand
    AGENTFORGE_STRIPE_WEBHOOK_SECRET  whsec_… of the endpoint <AGENTFORGE_URL>/webhooks/stripe
    AGENTFORGE_CREDIT_PACKS     what can be bought, in whole dollars, separated by commas; 10,50,200 by default
    AGENTFORGE_STRIPE_METER     the event name of a Billing Meter that charges are mirrored to; none by default
    AGENTFORGE_KEEP_DAYS        artifacts of older runs are deleted; kept for ever by default
    AGENTFORGE_KEEP_CHECKPOINTS_DAYS  the same for checkpoints' files of runs that are over; 7 by default
"""

import base64
import ipaddress
import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.errors import InvalidSetting

MODAL_APP = "agentforge"  # everything on Modal is deployed under this name; its environments keep stages apart
STORE_HINT = "Set AGENTFORGE_STORE to a folder (file:///data/agentforge) or a bucket (s3://bucket/prefix)."


@dataclass(frozen=True)
class Bucket:
    name: str
    prefix: str = ""  # without slashes at its ends
    endpoint: str = ""
    region: str = ""
    encryption: str = ""


@dataclass(frozen=True)
class SignIn:
    """An OpenID Connect issuer, what it knows this server by, and where people reach this server."""

    issuer: str
    client_id: str
    client_secret: str  # "" for a public client
    audience: str  # of the tokens that programs send
    url: str  # without a slash at its end


@dataclass(frozen=True)
class StripeAccount:
    """Where payments are taken, what is sold, and where people come back to."""

    key: str
    webhook_secret: str
    packs: tuple[int, ...]  # dollars
    url: str  # without a slash at its end
    meter: str = ""  # the event name of a Billing Meter; "" for none

    @property
    def live(self) -> bool:
        """Whether its payments are of real money."""
        return self.key[2:].startswith("_live_")


def store() -> Path | Bucket:
    """Where all state is."""
    value = os.environ.get("AGENTFORGE_STORE", "").strip()
    if "\0" in value:
        raise InvalidSetting("AGENTFORGE_STORE is not a path.", STORE_HINT)
    if "://" not in value:
        return _folder(value or "~/.agentforge")
    url = urlsplit(value)
    if url.query or url.fragment:
        raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}; it must end with the prefix.", STORE_HINT)
    match url.scheme:
        case "file" if url.netloc in ("", "localhost") and url.path not in ("", "/"):
            return _folder(unquote(url.path))
        case "s3" if url.netloc:
            return Bucket(
                name=url.netloc,
                prefix=unquote(url.path).strip("/"),
                endpoint=_endpoint(),
                region=os.environ.get("AGENTFORGE_STORE_REGION") or os.environ.get("AWS_REGION") or "us-east-1",
                encryption=_encryption(),
            )
    raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}, which names neither a folder nor a bucket.", STORE_HINT)


def store_role() -> str:
    return os.environ.get("AGENTFORGE_STORE_ROLE", "").strip()


def backend() -> str:
    value = os.environ.get("AGENTFORGE_BACKEND", "local").strip()
    if value not in ("local", "modal", "runpod"):
        raise InvalidSetting(f"AGENTFORGE_BACKEND is {value!r}.", "Use local, modal or runpod.")
    return value


def in_runpod() -> bool:
    """Whether this process is in one of RunPod's containers."""
    return "RUNPOD_POD_ID" in os.environ


def runpod_api_key() -> str:
    value = os.environ.get("RUNPOD_API_KEY", "").strip()
    if not value:
        raise InvalidSetting("RUNPOD_API_KEY is not set.", "Set it to a key of your RunPod account.")
    return value


def runpod_endpoint_setting(tier: str) -> str:
    return f"AGENTFORGE_RUNPOD_ENDPOINT_{tier.upper().replace('-', '_')}"


def runpod_endpoint(tier: str) -> str:
    """The id of the endpoint whose workers are of this tier."""
    name = runpod_endpoint_setting(tier)
    value = os.environ.get(name, "").strip()
    if not (value.isascii() and value.isalnum()):
        told = f"{name} is {value!r}" if value else f"{name} is not set"
        raise InvalidSetting(f"{told}; runs of the tier {tier} have nowhere to go.", "Set it to the id that RunPod's console shows.")
    return value


def sandbox() -> str:
    value = os.environ.get("AGENTFORGE_SANDBOX", "local").strip()
    if value not in ("local", "modal", "e2b"):
        raise InvalidSetting(f"AGENTFORGE_SANDBOX is {value!r}.", "Use local, modal or e2b.")
    return value


def e2b_template() -> str:
    return os.environ.get("AGENTFORGE_E2B_TEMPLATE", "").strip() or "agentforge-cells"


def weakest_sandbox() -> str:
    """The weakest level of confinement that the operator allows; "" is the least that we do."""
    value = os.environ.get("AGENTFORGE_SANDBOX_WEAKEST", "").strip()
    if value not in ("", "process+seccomp"):
        raise InvalidSetting(f"AGENTFORGE_SANDBOX_WEAKEST is {value!r}.", "It can only be process+seccomp, or unset.")
    return value


def lease_s() -> float:
    """Seconds; a worker that gave no sign of life for two of these is taken for dead."""
    value = _number("AGENTFORGE_LEASE_S")
    return 30.0 if value is None else value


def api_url(value: str = "") -> str:
    """Of the server that the client and the command line work through: `value`, or the environment's; "" without one."""
    value = (value or os.environ.get("AGENTFORGE_API_URL", "")).strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise InvalidSetting(f"AGENTFORGE_API_URL is {value!r}.", "It is a server's address, such as https://agentforge.example.")
    return value


def api_key(value: str = "") -> str:
    """What is sent to that server: `value`, or the environment's."""
    value = (value or os.environ.get("AGENTFORGE_API_KEY", "")).strip()
    if not value:
        raise InvalidSetting("AGENTFORGE_API_KEY is not set.", "Set it to a key of the server; `agentforge keys create` makes one there.")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise InvalidSetting("AGENTFORGE_API_KEY is no API key.", "Copy it again, whole: af_live_…")
    return value


def max_runs() -> int | None:
    value = _number("AGENTFORGE_MAX_RUNS")
    return None if value is None else max(1, int(value))


def rate() -> int:
    value = _number("AGENTFORGE_RATE")
    return 3_000 if value is None else max(1, int(value))


def max_upload_bytes() -> int:
    value = _number("AGENTFORGE_MAX_UPLOAD_MB")
    return int((1024 if value is None else value) * 2**20)


def outbound_networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    value = os.environ.get("AGENTFORGE_OUTBOUND_NETWORKS", "")
    try:
        return [ipaddress.ip_network(block.strip()) for block in value.split(",") if block.strip()]
    except ValueError:
        raise InvalidSetting(f"AGENTFORGE_OUTBOUND_NETWORKS is {value!r}.", "Use blocks such as 10.1.0.0/16, separated by commas.") from None


def outbound_ports() -> list[int]:
    value = os.environ.get("AGENTFORGE_OUTBOUND_PORTS", "").strip() or "80, 443, 8443"
    try:
        return [int(port) for port in value.split(",")]
    except ValueError:
        raise InvalidSetting(f"AGENTFORGE_OUTBOUND_PORTS is {value!r}.", "Use numbers separated by commas.") from None


def outbound_http() -> bool:
    return os.environ.get("AGENTFORGE_OUTBOUND_HTTP", "").strip() == "1"


def cors_origins() -> list[str]:
    return [origin.strip() for origin in os.environ.get("AGENTFORGE_CORS", "").split(",") if origin.strip()]


def kms_key() -> str:
    """The id of the AWS KMS key that encrypts what workspaces store; "" where a key of our own does."""
    value = os.environ.get("AGENTFORGE_SECRET_KEY", "").strip()
    return value.removeprefix("aws:kms:") if value.startswith("aws:kms:") else ""


def secret_key() -> str:
    """A Fernet key: 32 bytes in URL-safe base 64."""
    value = os.environ.get("AGENTFORGE_SECRET_KEY", "").strip()
    try:
        if len(base64.urlsafe_b64decode(value)) == 32:
            return value
    except ValueError:
        pass
    raise InvalidSetting(
        f"AGENTFORGE_SECRET_KEY is {'no Fernet key' if value else 'not set'}; secrets cannot be stored, and nobody can sign in.",
        'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())".',
    )


def sign_in() -> SignIn | None:
    """None where nobody signs in."""
    issuer = os.environ.get("AGENTFORGE_OIDC_ISSUER", "").strip()
    if not issuer:
        return None
    if not is_safe_url(issuer) or urlsplit(issuer).query:
        raise InvalidSetting(f"AGENTFORGE_OIDC_ISSUER is {issuer!r}.", "It begins with https:// (http:// only on localhost).")
    url = _public_url("nobody can sign in")
    client_id = os.environ.get("AGENTFORGE_OIDC_CLIENT_ID", "").strip()
    if not client_id:
        raise InvalidSetting("AGENTFORGE_OIDC_CLIENT_ID is not set; nobody can sign in.", "Set it to the id that the issuer gave this server.")
    return SignIn(
        issuer, client_id, os.environ.get("AGENTFORGE_OIDC_CLIENT_SECRET", "").strip(),
        os.environ.get("AGENTFORGE_OIDC_AUDIENCE", "").strip() or client_id, url,
    )  # fmt: skip


def stripe() -> StripeAccount | None:
    """None where no payments are taken."""
    key = os.environ.get("AGENTFORGE_STRIPE_KEY", "").strip()
    if not key:
        return None
    if not re.fullmatch(r"[sr]k_(test|live)_[!-~]+", key):
        raise InvalidSetting("AGENTFORGE_STRIPE_KEY is no secret key of Stripe.", "It begins with sk_live_, sk_test_, rk_live_ or rk_test_.")
    secret = os.environ.get("AGENTFORGE_STRIPE_WEBHOOK_SECRET", "").strip()
    if not re.fullmatch(r"whsec_[!-~]+", secret):
        raise InvalidSetting(
            f"AGENTFORGE_STRIPE_WEBHOOK_SECRET is {'no signing secret' if secret else 'not set'}; payments would never arrive.",
            "Stripe shows it for the webhook endpoint; it begins with whsec_.",
        )
    value = os.environ.get("AGENTFORGE_CREDIT_PACKS", "").strip() or "10,50,200"
    packs = tuple(int(pack) if re.fullmatch(r"\s*\d{1,6}\s*", pack, re.ASCII) else 0 for pack in value.split(","))
    if 0 in packs or len(set(packs)) < len(packs):
        raise InvalidSetting(f"AGENTFORGE_CREDIT_PACKS is {value!r}.", "Use different whole dollars from 1 to 999999, separated by commas.")
    meter = os.environ.get("AGENTFORGE_STRIPE_METER", "").strip()
    if len(meter) > 100:
        raise InvalidSetting("AGENTFORGE_STRIPE_METER is longer than 100 characters.", "It is the event name of a meter at Stripe.")
    return StripeAccount(key, secret, packs, _public_url("nobody can come back from paying"), meter)


def is_safe_url(url: str) -> bool:
    """https://…, or http://… of this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and not parts.username and not parts.fragment and (
            parts.scheme == "https" or parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        )  # fmt: skip
    except ValueError:
        return False


def billing() -> bool:
    """Whether runs are paid for."""
    value = os.environ.get("AGENTFORGE_BILLING", "off").strip()
    if value not in ("on", "off"):
        raise InvalidSetting(f"AGENTFORGE_BILLING is {value!r}.", "Use on or off.")
    return value == "on"


def local_prices() -> dict[str, int]:
    """Tier → pico-dollars (millionths of a micro-dollar) for a second on this machine; from dollars an hour."""
    found = {}
    for part in filter(None, os.environ.get("AGENTFORGE_LOCAL_PRICES", "").replace(" ", "").split(",")):
        tier, _, dollars = part.partition("=")
        try:
            found[tier] = int(Decimal(dollars) * 10**12 / 3600)
        except (ArithmeticError, ValueError):
            found[tier] = -1
        if tier not in ("cpu", "gpu-small", "gpu-large") or not 0 <= found[tier] < 10**15:
            raise InvalidSetting(f"AGENTFORGE_LOCAL_PRICES has {part!r}.", "Write dollars an hour, such as cpu=0.10,gpu-small=0.80.")
    return found


def low_balance() -> int:
    """Micro-dollars; an account with less is said to be low."""
    value = _number("AGENTFORGE_LOW_BALANCE")
    return round((1 if value is None else value) * 10**6)


def margin_percent() -> int:
    """What is added to what a provider asks, in whole percent."""
    value = _number("AGENTFORGE_MARGIN_PERCENT")
    return 20 if value is None else int(value)


def keep_days() -> float | None:
    return _number("AGENTFORGE_KEEP_DAYS")


def keep_checkpoints_days() -> float:
    value = _number("AGENTFORGE_KEEP_CHECKPOINTS_DAYS")
    return 7.0 if value is None else value


def _public_url(otherwise: str) -> str:
    """Where people reach this server; `otherwise` is what follows from not knowing it."""
    url = os.environ.get("AGENTFORGE_URL", "").strip().rstrip("/")
    if not is_safe_url(url) or urlsplit(url).path or urlsplit(url).query:
        told = f"AGENTFORGE_URL is {url!r}" if url else "AGENTFORGE_URL is not set"
        raise InvalidSetting(f"{told}; {otherwise}.", "Set it to where people reach this server, such as https://agentforge.example.")
    return url


def _number(name: str) -> float | None:
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e9:
        raise InvalidSetting(f"{name} is {text!r}.", "Set it to a number above 0.")
    return value


def _endpoint() -> str:
    value = os.environ.get("AGENTFORGE_STORE_ENDPOINT", "").strip()
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise InvalidSetting(f"AGENTFORGE_STORE_ENDPOINT is {value!r}.", "It must begin with https:// (or http://).")
    return value


def _encryption() -> str:
    value = os.environ.get("AGENTFORGE_STORE_ENCRYPTION", "").strip()
    if value and value != "AES256" and value.split(":", 2)[:2] != ["aws", "kms"]:
        raise InvalidSetting(
            f"AGENTFORGE_STORE_ENCRYPTION is {value!r}.", "Use AES256, aws:kms or aws:kms:<key id>."
        )
    return value


def _folder(value: str) -> Path:
    path = Path(value)
    try:
        path = path.expanduser().absolute()
    except RuntimeError as error:
        raise InvalidSetting(f"The store's folder {value!r} needs a home folder, and there is none.", STORE_HINT) from error
    if path.exists() and not path.is_dir():
        raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}, which is not a folder.", STORE_HINT)
    return path
