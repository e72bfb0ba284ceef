"""Requests to addresses that callers name: a file to import, a webhook. They lead to the public Internet and nowhere else (SSRF).

Covered: a name is resolved once, every address it has must be public, and the connection goes to what was checked, so a name that
means something else a moment later (DNS rebinding) gains nothing; over TLS the certificate must still be the name's. Forms that only look
harmless (decimal, octal, hexadecimal, IPv6 around IPv4) are judged by what the resolver makes of them. No redirects, no credentials in
the address, no compressed answers (a small bomb unpacks large), bytes and seconds bounded, proxies of the environment not used.
Not covered: what a public server does with a request.
Sources: IANA's special-purpose address registries (RFC 6890); OWASP, Server-Side Request Forgery Prevention.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from shared import settings
from shared.errors import AgentForgeError, BadInput

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

LONGEST_URL = 2000
CONNECT_S = 10
BLOCK = 1 << 18
AGENT = "AgentForge"
_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", re.ASCII)
_SAFE = "!#$%&'()*+,/:;=?@[]~"  # what may stand in a path and a query as it is

_NOT_PUBLIC = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's own services, to every machine of its
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",  # Teredo and others, documentation, 6to4, documentation
    )
]  # fmt: skip
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # all else of IPv6 is no public host: mapped and translated IPv4, local, multicast


class AddressRefused(BadInput):
    """An address that nothing is fetched from or sent to."""

    code = "address_refused"


class NoAnswer(AgentForgeError):
    """Another's server does not answer, or not rightly; later it may."""

    code = "no_answer"
    status = 502
    retryable = True


class Target(NamedTuple):
    """An address that may be asked, taken apart. `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str


def fetch(url: str, path: Path, most_bytes: int, timeout_s: float) -> int:
    """GET an address into a file: its bytes. AddressRefused, BadInput for an answer that is no file, NoAnswer."""
    with _asked("GET", url, None, {}, timeout_s) as answer:
        if 300 <= answer.status < 400:
            raise BadInput("The address answers with a redirect, and those are not followed.", "Give the address it leads to.")
        if answer.status >= 500 or answer.status in (408, 429):
            raise NoAnswer(f"The address answers with status {answer.status}.", "Try again later.")
        if answer.status != 200:
            raise BadInput(f"The address answers with status {answer.status}.", "Is it right, and open to everybody?")
        if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise BadInput("The answer is compressed in transit, although we asked for it as it is.", "Use another server, or upload the file.")
        told = answer.length_remaining or 0
        with path.open("wb") as file:
            while max(told, file.tell()) <= most_bytes:
                if not (block := answer.read(BLOCK, decode_content=False)):
                    return file.tell()
                file.write(block)
    raise BadInput(f"The file is larger than {most_bytes:,} bytes.", "Upload it instead.")


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> int:
    """POST to an address: the status it answers with, redirects' included. Of the answer nothing else is read. AddressRefused, NoAnswer."""
    with _asked("POST", url, body, headers, timeout_s) as answer:
        return answer.status


def target(url: str) -> Target:
    """Take an address apart that may be asked as far as its form shows; whom its name stands for, nobody has been asked yet. AddressRefused."""
    hint = "Use a public https address, such as https://example.com/sales.csv."
    if len(url) > LONGEST_URL or not url.isprintable() or any(c in url for c in ' "<>\\^`{|}'):
        raise AddressRefused(f"The address is longer than {LONGEST_URL:,} characters, or has some that no address has.", hint)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        host = host if ":" in host or host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        raise AddressRefused("The address cannot be read.", hint) from None
    if parts.scheme not in ("https", *(["http"] if settings.outbound_http() else [])):
        raise AddressRefused(f"The address begins with {parts.scheme[:20]!r}, not with https.", hint)
    if "@" in parts.netloc:
        raise AddressRefused("The address has a user name or password in it.", hint)
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    if port not in settings.outbound_ports():
        raise AddressRefused(f"The address names the port {port}.", f"These are asked: {', '.join(map(str, sorted(settings.outbound_ports())))}.")
    if not (_NAME.fullmatch(host) or ":" in host and _is_ip(host)):
        raise AddressRefused(f"{host[:100]!r} is no host's name.", hint)
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    return Target(parts.scheme, host.rstrip("."), port, path)


def addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, all public or of the operator's own networks. AddressRefused, NoAnswer for a name that nobody knows."""
    try:
        found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError):
        raise NoAnswer(f"The name {host!r} is not known.", "Is it right?") from None
    allowed = settings.outbound_networks()
    for address in found:
        if not is_public(address) and not any(ipaddress.ip_address(address) in network for network in allowed):
            raise AddressRefused(f"{host!r} is no public host.", "Addresses of private networks are not asked.")  # not which: that is none of theirs
    return found


def is_public(address: str) -> bool:
    """Whether an address is that of one host on the public Internet."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip not in _UNICAST_V6:
        return False
    return not any(ip.version == block.version and ip in block for block in _NOT_PUBLIC)


@contextmanager
def _asked(method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float) -> "Iterator[BaseHTTPResponse]":
    """The answer to one request; whoever sends it slowly is cut off after `timeout_s`, wherever they are."""
    import ssl
    from http.client import HTTPException

    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError

    to = target(url)
    address = addresses(to.host, to.port)[0]
    shared: dict[str, Any] = {"host": address, "port": to.port, "timeout": min(CONNECT_S, timeout_s)}
    if to.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(**shared, cert_reqs="CERT_REQUIRED", server_hostname=to.host)
    else:
        connection = HTTPConnection(**shared)
    name = f"[{to.host}]" if ":" in to.host else to.host
    sent = {
        "User-Agent": AGENT, "Accept-Encoding": "identity", **headers,
        "Host": name if to.port == {"https": 443, "http": 80}[to.scheme] else f"{name}:{to.port}",
    }  # fmt: skip
    late, done, held = threading.Event(), threading.Event(), list[socket.socket]()

    def cut_off() -> None:
        if not done.wait(timeout_s):
            late.set()
        while not done.wait(0.1):  # wherever it is: timeouts of a socket begin anew with every byte
            for sock in filter(None, [connection.sock, *held]):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=cut_off, name="outbound", daemon=True).start()
    try:
        connection.connect()
        assert connection.sock is not None
        held.append(connection.sock)  # the connection forgets it as soon as the answer's head says that it is the last
        connection.timeout = timeout_s
        connection.request(method, to.path, body=body, headers=sent, preload_content=False)
        yield connection.getresponse()
        if late.is_set():  # what looks like the end of the answer is ours
            raise TimeoutError
    except (HTTPError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        reason = f"took longer than {timeout_s:g} s" if late.is_set() else f"does not answer rightly ({type(error).__name__})"
        raise NoAnswer(f"{to.host!r} {reason}.", "Is the address right? Else try again later.") from error
    finally:
        done.set()
        connection.close()
        for sock in held:
            sock.close()


def _is_ip(host: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return "%" not in host
    return False
