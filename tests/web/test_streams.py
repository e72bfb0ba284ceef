"""Events as they come, over a real server: resuming, disconnects, deleted runs, two web processes, slow and broken clients."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from functions.worker import work_through
from shared.state import retention
from shared.state.keys import Key
from tests.web.conftest import Site, served, until
from web.app import create_app

Event = dict[str, Any]


@pytest.fixture
def place(site: Site) -> Iterator[tuple[Site, httpx2.URL]]:
    """A site behind a real server."""
    app = create_app(site.store, site.backend)
    site.app = app
    with served(app) as url:
        yield site, url


def read(url: httpx2.URL, path: str, key: str, last: str = "", most: int = 10_000) -> list[tuple[str, str, Any]]:
    """(id, event, data) of a stream of Server-Sent Events, up to `most` of them."""
    found: list[tuple[str, str, Any]] = []
    headers = {"Authorization": f"Bearer {key}", **({"Last-Event-ID": last} if last else {})}
    with httpx2.stream("GET", url.join(path), headers=headers, timeout=20) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                fields = {}
                if len(found) >= most:
                    break
    return found


def test_a_stream_goes_on_after_any_event(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    id = site.a.finished_run(events=4)
    path = f"/v1/runs/{id}/stream"
    whole = read(url, path, site.a.key)
    assert whole[-1][1] == "end" and whole[0][1] == "opened" and len({i for i, _, _ in whole}) == len(whole)
    listed = httpx2.get(url.join(f"/v1/runs/{id}/events?limit=200"), headers={"Authorization": f"Bearer {site.a.key}"}).json()["data"]
    assert [data for _, _, data in whole[:-1]] == listed
    for number, (event_id, _, _) in enumerate(whole[:-1]):
        assert read(url, path, site.a.key, event_id) == whole[number + 1 :]
    for strange in ("x", "-1.0", "0", "1.2.3", "²"):
        assert read(url, path, site.a.key, strange if strange.isascii() else "9" * 29) == whole
    assert read(url, path, site.a.key, "9999999999.0") == whole[-1:]


def test_events_come_as_they_are_written(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    log = site.a.open_run(events=6, pause_s=0.05)
    seen: list[tuple[str, float]] = []

    def watch() -> None:
        headers = {"Authorization": f"Bearer {site.a.key}"}
        with httpx2.stream("GET", url.join(f"/v1/runs/{log.id}/stream"), headers=headers, timeout=20) as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    seen.append((line[7:], time.monotonic()))

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    until(lambda: len(seen) >= 3)  # opened, before anybody works
    assert {kind for kind, _ in seen} == {"opened"} or {kind for kind, _ in seen} == {"opened", "queued"}
    work_through(site.store, log.ref)
    over = time.monotonic()
    for watcher in watchers:
        watcher.join()
    notes = [at for kind, at in seen if kind == "note"]
    assert len(notes) == 18 and notes[0] < over - 0.1
    assert [kind for kind, _ in seen].count("end") == 3
    assert no_watchers(site)


@pytest.mark.parametrize("kind", ["stream", "channels"])
def test_whoever_leaves_is_forgotten(kind: str, place: tuple[Site, httpx2.URL]) -> None:
    """Also while nothing happens."""
    site, url = place
    log = site.a.open_run()
    path, headers = f"/v1/runs/{log.id}/{kind}", {"Authorization": f"Bearer {site.a.key}"}
    if kind == "stream":
        with httpx2.stream("GET", url.join(path), headers=headers) as answer:
            lines = answer.iter_lines()  # closes the answer when nobody holds it
            next(lines)
            assert not no_watchers(site)
    else:
        web_socket = connect(str(url.join(path)).replace("http", "ws"), additional_headers=headers)
        assert json.loads(web_socket.recv())["channel"] == "phase_progress"
        assert not no_watchers(site)
        web_socket.socket.close()
    until(lambda: no_watchers(site))


@pytest.mark.parametrize("kind", ["stream", "channels"])
def test_a_stream_of_a_run_that_is_deleted_meanwhile_ends(kind: str, place: tuple[Site, httpx2.URL], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.http.feed.SILENT_S", 0.3)
    site, url = place
    log = site.a.open_run()
    path, headers = f"/v1/runs/{log.id}/{kind}", {"Authorization": f"Bearer {site.a.key}"}

    def erase() -> None:
        for listed in list(site.store.list_all(Key(f"t/anna/runs/{log.id}/"))):
            site.store.delete(listed.key)

    if kind == "stream":
        with httpx2.stream("GET", url.join(path), headers=headers, timeout=10) as answer:
            lines = answer.iter_lines()
            next(lines)
            erase()
            assert "event: end" in list(lines)
    else:
        with connect(str(url.join(path)).replace("http", "ws"), additional_headers=headers) as web_socket:
            web_socket.recv()
            erase()
            with pytest.raises(ConnectionClosed):
                while True:
                    web_socket.recv(timeout=10)
    until(lambda: no_watchers(site))


def test_a_run_that_was_deleted_has_no_stream(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    id = site.a.finished_run()
    retention.delete_run(site.store, id, "anna", by="test")
    began = time.monotonic()
    for gone in (id, "never-was"):
        answer = httpx2.get(url.join(f"/v1/runs/{gone}/stream"), headers={"Authorization": f"Bearer {site.a.key}"})
        assert answer.status_code == 404 and time.monotonic() - began < 2


def test_two_web_processes_serve_each_others_runs(site: Site) -> None:
    with served(create_app(site.store, site.backend)) as one, served(create_app(site.store, site.backend)) as other:
        log = site.a.open_run(events=3, pause_s=0.02)
        headers = {"Authorization": f"Bearer {site.a.key}"}
        found: dict[str, list[tuple[str, str, Any]]] = {}
        watchers = [
            threading.Thread(target=lambda url=url: found.update({str(url): read(url, f"/v1/runs/{log.id}/stream", site.a.key)}))
            for url in (one, other)
        ]
        for watcher in watchers:
            watcher.start()
        assert httpx2.post(one.join(f"/v1/runs/{log.id}/cancel"), headers=headers).json()["state"] == "cancelled"
        for watcher in watchers:
            watcher.join()
        first, second = found.values()
        assert first == second and first[-2][1] == "finished"
        assert httpx2.get(other.join(f"/v1/runs/{log.id}"), headers=headers).json()["state"] == "cancelled"
        retried = httpx2.post(other.join(f"/v1/runs/{log.id}/retry"), headers={**headers, "Idempotency-Key": "k"}).json()["id"]
        assert httpx2.post(one.join(f"/v1/runs/{log.id}/retry"), headers={**headers, "Idempotency-Key": "k"}).json()["id"] == retried


def test_channels(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    id = site.a.finished_run(then="fail", events=2)
    headers = {"Authorization": f"Bearer {site.a.key}"}

    def said(query: str = "") -> tuple[list[Event], int]:
        found = []
        with connect(str(url.join(f"/v1/runs/{id}/channels{query}")).replace("http", "ws"), additional_headers=headers) as web_socket:
            try:
                while True:
                    found.append(json.loads(web_socket.recv(timeout=10)))
            except ConnectionClosed as closed:
                return found, closed.rcvd.code if closed.rcvd else 0

    whole, code = said()
    assert code == 1000 and [message["event"]["kind"] for message in whole].count("note") == 2
    assert [message["id"] for message in whole] == [event_id for event_id, _, _ in read(url, f"/v1/runs/{id}/stream", site.a.key)[:-1]]
    errors, _ = said("?channel=errors")
    assert [message["event"]["kind"] for message in errors] == ["finished"]
    assert said("?channel=errors&channel=logs")[0] == [m for m in whole if m["channel"] in ("errors", "logs")]
    for number, message in enumerate(whole):
        assert said(f"?last_event_id={message['id']}")[0] == whole[number + 1 :]


# --- half requests ------------------------------------------------------------------------------------------------


def raw(url: httpx2.URL) -> socket.socket:
    return socket.create_connection((url.host, url.port or 80), timeout=10)


def upload_head(site: Site, length: int) -> bytes:
    return (
        f"POST /v1/datasets/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.a.key}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    ).encode()


def test_half_an_upload_makes_nothing(place: tuple[Site, httpx2.URL], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    site, url = place
    there = [listed.key for listed in site.store.list_all(Key("t/anna/"))]
    for _ in range(3):
        with raw(url) as half:
            half.sendall(upload_head(site, 10_000_000) + b"a,b\n" + b"1,2\n" * 1_000_000)
            time.sleep(0.1)
    assert httpx2.get(url.join("/healthz")).status_code == 200
    until(lambda: list((tmp_path / "temporary").iterdir()) == [])
    assert [listed.key for listed in site.store.list_all(Key("t/anna/"))] == there


def test_a_slow_upload_is_taken_and_nobody_waits_for_it(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    body = b"city\nRome\n\r\n--x--\r\n"
    with raw(url) as slow:
        head = upload_head(site, 0)
        length = len(head.partition(b"\r\n\r\n")[2]) + len(body)
        slow.sendall(head.replace(b"Content-Length: 0", b"Content-Length: %d" % length))
        for at in range(len(body)):
            slow.sendall(body[at : at + 1])
            if at % 5 == 0:
                began = time.monotonic()
                assert httpx2.get(url.join("/healthz")).status_code == 200 and time.monotonic() - began < 2
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 201")


def test_a_file_is_not_taken_in_before_it_is_known_who_sends_it(place: tuple[Site, httpx2.URL]) -> None:
    site, url = place
    with raw(url) as stranger:
        stranger.sendall(upload_head(site, 900_000_000).replace(site.a.key.encode(), b"nobody") + b"1\n")
        assert stranger.recv(65536).startswith(b"HTTP/1.1 401")


def test_bodies_that_are_too_large_are_refused_at_once(place: tuple[Site, httpx2.URL], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the length that is told, and where none is, as soon as it is too much."""
    site, url = place
    head = f"POST /v1/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.a.key}\r\nContent-Type: application/json\r\n"
    with raw(url) as told:
        told.sendall(f"{head}Content-Length: 104857600\r\n\r\n".encode())
        said = told.recv(65536)
        assert said.startswith(b"HTTP/1.1 413") and b'"code":"too_large"' in said and b"x-request-id" in said.lower()
    sent = 0
    with raw(url) as chunked:
        chunked.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        try:
            while sent < 100:
                chunked.sendall(piece)
                sent += 1
                chunked.settimeout(0.02 if sent > 8 else 10)
                if sent > 8 and chunked.recv(65536).startswith(b"HTTP/1.1 413"):
                    break
        except TimeoutError:
            pass
        except OSError:
            sent = min(sent, 99)
    assert sent < 60
    assert httpx2.get(url.join("/healthz")).status_code == 200


def no_watchers(site: Site) -> bool:
    return not site.app.state.platform.feed.runs


