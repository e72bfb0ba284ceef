"""Addresses that callers name lead to public hosts only: judged by form, by what they resolve to, and by what is there."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from shared import outbound
from shared.errors import AgentForgeError, BadInput, InvalidSetting
from shared.outbound import AddressRefused, NoAnswer
from tests.web.conftest import CSV, Site

Reply = Callable[[BaseHTTPRequestHandler], None]
PUBLIC = "93.184.215.14"
PRIVATE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.254",
    "100.100.100.200", "0.0.0.0", "0.1.2.3", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1", "168.63.129.16",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "2002:7f00:1::",
    "2002:808:808::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_no_public_host_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outbound.is_public(address)
    resolve(monkeypatch, {"files.example": [[address]]})
    with pytest.raises(AddressRefused, match="no public host") as told:
        outbound.addresses("files.example", 443)
    assert address not in str(told.value)  # what stands behind a name of ours is none of theirs


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_a_public_address_is_not(address: str) -> None:
    assert outbound.is_public(address)


@given(st.ip_addresses(v=4))
def test_whatever_python_calls_private_is_not_public(address: ipaddress.IPv4Address) -> None:
    assert address.is_global and not address.is_multicast or not outbound.is_public(str(address))


@given(st.ip_addresses(v=6))
def test_nor_in_ipv6(address: ipaddress.IPv6Address) -> None:
    assert address.is_global and not address.is_multicast or not outbound.is_public(str(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
     "localhost", "LOCALHOST.", "①②⑦.⓪.⓪.①", "127。0。0。1", "169.254.169.254", "2852039166"],
)  # fmt: skip
def test_another_way_to_write_a_local_address_is_refused(host: str) -> None:
    """By the resolver of this machine, whatever it understands."""
    with pytest.raises(AddressRefused):
        to = outbound.target(f"https://{host}/")
        try:
            outbound.addresses(to.host, to.port)
        except NoAnswer as error:  # a resolver that does not understand it at all
            raise AddressRefused("") from error


@pytest.mark.parametrize(
    "url",
    ["http://files.example/", "ftp://files.example/", "file:///etc/passwd", "gopher://files.example/", "//files.example/", "files.example", "",
     "https://", "https:///x", "https://ann:secret@files.example/", "https://@files.example/", "https://files.example:22/", "https://files.example:0/",
     "https://files.example:99999/", "https://files.example:x/", "https://a b/", "https://files.example\\@10.0.0.1/", "https://files.example/\r\nX: y",
     "https://files.example/\0", "https://a%2eb/", "https://[::1/", "https://[fe80::1%25eth0]/", "https://-/", "https://..", "https://é" + "é" * 300,
     "https://files.example/" + "x" * 2000, "https://\u202efiles.example/", "https://files.example/\ud800"],
)  # fmt: skip
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        outbound.target(url)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://files.example/{text}"):
        try:
            to = outbound.target(url)
        except AddressRefused:
            continue
        assert to.path.startswith("/") and to.path.isascii() and to.path.isprintable() and " " not in to.path


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"files.example": [[PUBLIC, "10.0.0.1"]]})
    with pytest.raises(AddressRefused):
        outbound.addresses("files.example", 443)


def test_settings_that_cannot_be_used_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_PORTS", "all")
    with pytest.raises(InvalidSetting, match="OUTBOUND_PORTS"):
        outbound.target("https://files.example/")
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_NETWORKS", "10.0.0.1/8")
    with pytest.raises(InvalidSetting, match="OUTBOUND_NETWORKS"):
        outbound.addresses("127.0.0.1", 80)


def test_the_connection_goes_to_the_address_that_was_checked(elsewhere: "Elsewhere", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer for the name leads to another server, which nobody asks."""
    with serving(lambda request: answer(request, b"the metadata service"), "127.0.0.2", elsewhere.port) as inner:
        asked = resolve(monkeypatch, {"files.example": [["127.0.0.1"], ["127.0.0.2"]]})
        monkeypatch.setenv("AGENTFORGE_OUTBOUND_NETWORKS", "127.0.0.1/32")
        assert outbound.fetch(elsewhere.url("files.example"), tmp_path / "file", 1000, 5) == len(CSV)
        assert (asked, inner.seen, len(elsewhere.seen)) == (["files.example"], [], 1)
        assert elsewhere.seen[0].headers["Host"] == f"files.example:{elsewhere.port}"
        with pytest.raises(AddressRefused):
            outbound.fetch(elsewhere.url("files.example"), tmp_path / "file", 1000, 5)
        assert inner.seen == []


def test_a_file_comes_whole(elsewhere: "Elsewhere", tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    elsewhere.reply = lambda request: answer(request, content)
    assert outbound.fetch(elsewhere.url(path="/a%20b/ü?x=1&y=ä#part"), tmp_path / "file", len(content), 5) == len(content)
    assert (tmp_path / "file").read_bytes() == content
    assert elsewhere.seen[0].path == "/a%20b/%C3%BC?x=1&y=%C3%A4"
    assert elsewhere.seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_a_file_that_is_too_large_is_given_up(told: bool, elsewhere: "Elsewhere", tmp_path: Path) -> None:
    elsewhere.reply = lambda request: answer(request, bytes(3_000_000), length=told)
    with pytest.raises(BadInput, match="larger than 1,000,000 bytes"):
        outbound.fetch(elsewhere.url(), tmp_path / "file", 1_000_000, 5)
    assert (tmp_path / "file").stat().st_size < 1_500_000


def test_a_redirect_is_not_followed(elsewhere: "Elsewhere", tmp_path: Path) -> None:
    elsewhere.reply = lambda request: answer(request, b"", 302, Location="http://169.254.169.254/latest")
    with pytest.raises(BadInput, match="redirect"):
        outbound.fetch(elsewhere.url(), tmp_path / "file", 1000, 5)
    assert outbound.post(elsewhere.url(), b"{}", {}, 5) == 302
    assert len(elsewhere.seen) == 2


@pytest.mark.parametrize(("status", "error"), [(404, BadInput), (403, BadInput), (204, BadInput), (206, BadInput), (500, NoAnswer), (429, NoAnswer)])
def test_another_status_is_no_file(status: int, error: type[AgentForgeError], elsewhere: "Elsewhere", tmp_path: Path) -> None:
    elsewhere.reply = lambda request: answer(request, b"x" if status != 204 else b"", status)
    with pytest.raises(error, match=str(status)):
        outbound.fetch(elsewhere.url(), tmp_path / "file", 1000, 5)


def test_a_compressed_answer_is_refused(elsewhere: "Elsewhere", tmp_path: Path) -> None:
    elsewhere.reply = lambda request: answer(request, b"x", **{"Content-Encoding": "gzip"})
    with pytest.raises(BadInput, match="compressed"):
        outbound.fetch(elsewhere.url(), tmp_path / "file", 1000, 5)


def slow_body(request: BaseHTTPRequestHandler) -> None:
    answer(request, b"")
    while True:
        request.wfile.write(b"x")
        time.sleep(0.05)


def slow_head(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    slow_body(request)


def endless_head(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"X: y\r\n")


def endless_continues(request: BaseHTTPRequestHandler) -> None:
    while True:
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def nonsense(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def broken_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"x" * 40)


def slow_whole(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        request.wfile.write(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("reply", [slow_head, endless_head, endless_continues, silent, nonsense, broken_off, slow_body, slow_whole])
def test_a_server_that_misbehaves_costs_a_second_and_no_more(reply: Reply, elsewhere: "Elsewhere", tmp_path: Path) -> None:
    elsewhere.reply = reply
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        outbound.fetch(elsewhere.url(), tmp_path / "file", 1_000_000, 1)
    assert time.monotonic() - began < 2.5


def test_nobody_there(elsewhere: "Elsewhere", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_PORTS", str(port))
    with pytest.raises(NoAnswer):
        outbound.fetch(f"http://127.0.0.1:{port}/", tmp_path / "file", 1000, 5)
    with pytest.raises(NoAnswer, match="not known"):
        outbound.fetch(f"http://nobody.invalid:{port}/", tmp_path / "file", 1000, 5)


def test_post_sends_body_and_headers(elsewhere: "Elsewhere") -> None:
    elsewhere.reply = lambda request: answer(request, b"thanks", 202)
    assert outbound.post(elsewhere.url(), b'{"a":1}', {"Content-Type": "application/json", "X-Signature": "s"}, 5) == 202
    request = elsewhere.seen[0]
    assert (request.command, request.body, request.headers["X-Signature"]) == ("POST", b'{"a":1}', "s")  # type: ignore[attr-defined]


def test_the_certificate_must_be_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS the connection goes to an address, and the certificate is still the name's."""
    authority, pem = certificate(tmp_path, "files.example")
    with serving(lambda request: answer(request, CSV), tls=pem) as server:
        allow(monkeypatch, server.port)
        monkeypatch.delenv("AGENTFORGE_OUTBOUND_HTTP")
        resolve(monkeypatch, {"files.example": [["127.0.0.1"]] * 2, "other.example": [["127.0.0.1"]]})
        url = f"https://files.example:{server.port}/"
        with pytest.raises(NoAnswer, match="SSL"):  # by an authority that nobody trusts
            outbound.fetch(url, tmp_path / "file", 1000, 5)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert outbound.fetch(url, tmp_path / "file", 1000, 5) == len(CSV)
        with pytest.raises(NoAnswer, match="SSL"):
            outbound.fetch(url.replace("files", "other"), tmp_path / "file", 1000, 5)


def test_a_dataset_is_imported(site: Site, elsewhere: "Elsewhere") -> None:
    body = {"url": elsewhere.url(path="/data/city%20prices.csv?v=1"), "name": "Prices"}
    told = site.call("POST", "/v1/datasets/import", site.a.key, json=body, headers={"Idempotency-Key": "once"})
    assert told.status_code == 202 and told.json()["function"] == "import_dataset"
    again = site.call("POST", "/v1/datasets/import", site.a.key, json=body, headers={"Idempotency-Key": "once"})
    assert again.json()["id"] == told.json()["id"]
    site.backend.work()
    output = site.call("GET", told.headers["Location"], site.a.key).json()["output"]
    assert (output["name"], output["version"], output["bytes"]) == ("Prices", 1, len(CSV))
    dataset = site.call("GET", f"/v1/datasets/{output['dataset']}", site.a.key).json()
    assert dataset["versions"][0]["reference"].endswith("/city_prices.csv") and len(elsewhere.seen) == 1
    assert site.call("GET", f"/v1/datasets/{output['dataset']}", site.b.key).status_code == 404
    assert site.call("GET", "/v1/datasets", site.b.key).json()["data"] == []


@pytest.mark.parametrize("url", ["https://169.254.169.254/latest/meta-data/", "https://localhost/x.csv"])
def test_an_import_from_within_fails_without_a_request(url: str, site: Site) -> None:
    told = site.call("POST", "/v1/datasets/import", site.a.key, json={"url": url})
    site.backend.work()
    run = site.call("GET", told.headers["Location"], site.a.key).json()
    assert (run["state"], run["error"]["code"]) == ("failed", "address_refused")
    assert site.call("GET", "/v1/datasets", site.a.key).json()["data"] == []


def test_an_import_of_another_form_opens_no_run(site: Site) -> None:
    for url in ("http://files.example/x.csv", "file:///etc/passwd", "https://a:b@files.example/"):
        told = site.call("POST", "/v1/datasets/import", site.a.key, json={"url": url})
        assert (told.status_code, told.json()["code"]) == (422, "address_refused")
    assert site.call("GET", "/v1/runs", site.a.key).json()["data"] == []


class Elsewhere:
    """Somebody's web server. `reply` answers; `seen` are the requests."""

    def __init__(self, reply: Reply, address: str = "127.0.0.1", port: int = 0, tls: Path | None = None) -> None:
        self.reply, self.seen = reply, list[BaseHTTPRequestHandler]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.seen.append(self)
                outer.reply(self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:  # a client that gives up, as it should
                pass

        self.server = Server((address, port), Handler)
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def url(self, host: str = "127.0.0.1", path: str = "/x.csv") -> str:
        return f"http://{host}:{self.port}{path}"

    def __enter__(self) -> "Elsewhere":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.socket.close()


serving = Elsewhere


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """A server of this machine that the settings let us ask."""
    with serving(lambda request: answer(request, CSV)) as server:
        allow(monkeypatch, server.port)
        yield server


def allow(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_NETWORKS", "127.0.0.1/32")
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_PORTS", str(port))
    monkeypatch.setenv("AGENTFORGE_OUTBOUND_HTTP", "1")


def answer(request: BaseHTTPRequestHandler, content: bytes, status: int = 200, length: bool = True, **headers: str) -> None:
    request.send_response(status)
    if length and content:
        request.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content)


def resolve(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[list[str]]]) -> list[str]:
    """Have names resolve to these addresses, one list after the other; the names that are asked for."""
    asked, real = list[str](), socket.getaddrinfo

    def fake(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host not in known:
            return real(host, port, *args, **more)
        asked.append(host)
        found = known[host].pop(0)
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    return asked


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of our own making for a name; a file with it, and one with its key as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(secret + pem)
    return folder / "ca.pem", folder / "server.pem"
