"""What all calls have in common: problems, idempotency keys, request ids, cursors, ETags, limits, waiting, other origins, health."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from shared.state.driver import StoreUnavailable
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.state.places import at_once
from tests.web.calls import RECIPES, Call, Route
from tests.web.conftest import Site
from tests.web.test_tenants import ROUTES

PORTAL = "/v1/billing/portal"  # makes nothing, and an address that is good for minutes only
POSTS = [route for route in ROUTES if route.method == "POST" and route.path != PORTAL]
each_post = pytest.mark.parametrize("route", POSTS, ids=str)
ONCE_ONLY = ("key", "secret")  # of an answer: shown only the first time
CHANGED = {  # another body for the same route
    "/v1/analyze": {"json": {"datasets": ["ds-000000000-0000000000"], "goal": "other"}},
    "/v1/execute": {"json": {"cells": ["2"]}},
    "/v1/forge": {"json": {"preset": "tiny"}},
    "/v1/keys": {"json": {"name": "other", "scopes": ["runs:read"]}},
    "/v1/members": {"json": {"email": "bob@example.org"}},
    "/v1/workspaces": {"json": {"name": "other"}},
    "/v1/datasets/upload": {"files": {"file": ("prices.csv", b"a\n2\n")}},
    "/v1/datasets/import": {"json": {"url": "https://example.com/other.csv"}},
    "/v1/datasets/uploads": {"json": {"file_name": "b.csv", "bytes": 2, "sha256": "1" * 64}},
    "/v1/datasets": {"json": {"name": "other"}},
    "/v1/billing/checkout": {"json": {"pack": 200}},
    "/v1/quotes": {"json": {"execute": {"cells": ["2"]}}},
    "/v1/runs/{run}/cancel": {"json": {"reason": "other"}},
    "/v1/runs/{run}/answer": {"json": {"question": "how many?", "answer": 4}},
    "/v1/keys/{id}/rotate": {"json": {"overlap_s": 7}},
}


def who(site: Site, route: Route) -> str:
    return f"token {site.a.owner}" if route.permission == "signed_in" else site.a.key


def made(site: Site) -> set[str]:
    """What there is of things that POST makes: runs, keys, members, datasets; not what is kept of requests."""
    kinds = ("runs", "keys", "members", "catalog")
    found = {"/".join(listed.key.split("/")[1:4]) for listed in site.store.list_all(Key("t/"))}
    return {name for name in found if name.split("/")[1] in kinds or name.endswith("workspace.json")}


def without_secrets(answer: Any) -> Any:
    told = answer.json()
    return {name: value for name, value in told.items() if name not in (*ONCE_ONLY, "request_id")}


@each_post
def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(route: Route, site: Site, tmp_path: Path) -> None:
    call = RECIPES[str(route)](site.a, tmp_path)
    first = post(site, route, call, "k1")
    assert first.status_code == call.expects, first.text
    there = made(site)
    again = post(site, route, call, "k1")
    assert (again.status_code, without_secrets(again)) == (first.status_code, without_secrets(first))
    assert made(site) == there
    assert verify_workspace(site.store, "anna") == {}
    if "key" in first.json():
        assert first.json()["key"] and again.json()["key"] is None


@each_post
def test_another_request_with_the_same_key_is_refused(route: Route, site: Site, tmp_path: Path) -> None:
    call = RECIPES[str(route)](site.a, tmp_path)
    post(site, route, call, "k1")
    if route.path == "/v1/runs/{run}/retry":
        other = RECIPES[str(route)](site.a, tmp_path)  # it has no body: another run
    elif route.path == "/v1/datasets":
        other = Call(call.path, 409, {"json": {**call.more["json"], "name": "other"}})
    else:
        if route.path == "/v1/analyze":
            CHANGED[route.path]["json"]["datasets"] = call.more["json"]["datasets"]
        other = Call(call.path, 409, CHANGED[route.path])
    there = made(site)
    refused = post(site, route, other, "k1")
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert made(site) == there


@each_post
def test_two_at_once_make_one_thing(route: Route, site: Site, tmp_path: Path) -> None:
    call = RECIPES[str(route)](site.a, tmp_path)
    before = made(site)
    answers = at_once([lambda: post(site, route, call, "k1")] * 4)
    assert {answer.status_code for answer in answers} == {call.expects}, [answer.text for answer in answers]
    assert len({answer.json().get("id") for answer in answers}) == 1
    owns = {"/v1/workspaces": 2, "/v1/runs/{run}/cancel": 0, "/v1/runs/{run}/answer": 0, "/v1/datasets/uploads": 0, "/v1/quotes": 0, "/v1/billing/checkout": 0}
    assert len(made(site) - before) == owns.get(route.path, 1)


def test_a_key_of_one_tenant_is_not_anothers(site: Site, tmp_path: Path) -> None:
    for tenant in (site.a, site.b):
        answer = site.call("POST", "/v1/execute", tenant.key, json={"cells": [tenant.workspace]}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202 and answer.json()["workspace"] == tenant.workspace


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9"])
def test_keys_that_are_none(key: str, site: Site) -> None:
    answer = site.call("POST", "/v1/execute", site.a.key, json={"cells": ["1"]}, headers={"Idempotency-Key": key.encode()})
    assert is_problem(answer, 422)


def test_a_replayed_request_does_not_bring_back_what_was_changed_since(site: Site) -> None:
    def put(role: str, key: str) -> Any:
        body = {"email": "ada@example.org", "role": role}
        return site.call("POST", "/v1/members", site.a.key, json=body, headers={"Idempotency-Key": key})

    put("admin", "k1"), put("viewer", "k2")
    assert put("admin", "k1").json()["role"] == "viewer"
    id = put("viewer", "k2").json()["id"]
    site.call("DELETE", f"/v1/members/{id}", site.a.key)
    assert is_problem(put("admin", "k1"), 409)
    assert len(site.call("GET", "/v1/members", site.a.key).json()["data"]) == 1


def test_a_replayed_upload_does_not_bring_back_a_dataset(site: Site) -> None:
    def upload(content: bytes, key: str, **form: str) -> Any:
        files = {"file": ("a.csv", content)}
        return site.call("POST", "/v1/datasets/upload", site.a.key, files=files, data=form, headers={"Idempotency-Key": key})

    id = upload(b"a\n1\n", "k1").json()["id"]
    assert len(upload(b"a\n2\n", "k2", dataset=id).json()["versions"]) == 2
    assert len(upload(b"a\n1\n", "k1").json()["versions"]) == 2
    assert site.call("DELETE", f"/v1/datasets/{id}", site.a.key).status_code == 204
    assert is_problem(upload(b"a\n1\n", "k1"), 409)
    assert is_problem(upload(b"a\n2\n", "k2", dataset=id), 404)
    assert site.call("GET", "/v1/datasets", site.a.key).json()["data"] == []


# --- problems -----------------------------------------------------------------------------------------------------


def is_problem(answer: Any, status: int) -> bool:
    """RFC 9457, with what we add to it."""
    told = answer.json()
    assert answer.status_code == told["status"] == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == told["request_id"]
    assert told["type"] == f"/docs/errors#{told['code']}" and told["title"] and told["detail"]
    assert told.keys() <= {"type", "title", "status", "code", "detail", "hint", "request_id", "errors"}
    assert "Traceback" not in answer.text and "/work" not in answer.text
    return True


def test_every_refusal_is_a_problem_document(site: Site) -> None:
    key = site.a.key
    typed = {"Content-Type": "application/json"}
    assert is_problem(site.call("GET", "/nowhere"), 404)
    assert is_problem(site.call("GET", "/v1/nowhere", key), 404)
    for method in ("PATCH", "OPTIONS", "TRACE", "HEAD", "POST"):
        answer = site.call(method, "/v1/runs", key)
        assert answer.status_code == 405 and answer.headers["allow"] == "GET"
        assert method == "HEAD" or is_problem(answer, 405)
    assert site.call("PATCH", f"/v1/runs/{site.a.finished_run()}", key).headers["allow"] == "DELETE, GET"
    for content in (b"{", b"", b"nul", b"\xff\xfe", b"[" * 100_000, b"[]", b"3", b'"x"', b"{" + b'"a":' * 50_000, b"1" * 5000):
        answer = site.call("POST", "/v1/execute", key, content=content, headers=typed)
        assert is_problem(answer, 400 if answer.status_code == 400 else 422)
    for kind in ("text/plain", "application/xml", "multipart/form-data", "", "\u00e4", "application/json; charset=utf-16"):
        answer = site.call("POST", "/v1/execute", key, content=b'{"cells": ["1"]}', headers={"Content-Type": kind.encode()})
        assert answer.status_code == 202 if kind.startswith("application/json") else is_problem(answer, 422)
    for content in (b"", b"--x", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", b"--x--"):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = site.call("POST", "/v1/datasets/upload", key, content=content, headers=headers)
        assert is_problem(answer, 400 if answer.status_code == 400 else 422)
    assert is_problem(site.call("POST", "/v1/datasets/upload", key, content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)
    assert is_problem(site.call("GET", "/v1/datasets/uploads", key), 405)


def test_what_is_wrong_is_pointed_at(site: Site) -> None:
    body = {"cells": [1], "datasets": ["x"], "wall_s": "long", "a/b~c": 1}
    answer = site.call("POST", "/v1/execute", site.a.key, json=body)
    assert is_problem(answer, 422)
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/body/cells/0", "/body/datasets/0", "/body/wall_s", "/body/a~1b~0c"}
    answer = site.call("GET", "/v1/runs?limit=0&state=done&cursor=!", site.a.key)
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/query/limit", "/query/state", "/query/cursor"}


def test_what_was_not_foreseen_says_nothing_of_the_inside(site: Site) -> None:
    @site.app.get("/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError("a secret")

    answer = site.call("GET", "/v1/broken", headers={"X-Request-ID": "mine-1"})
    assert is_problem(answer, 500) and "a secret" not in answer.text
    assert answer.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize(("sent", "kept"), [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 65, False), ("<script>", False)])
def test_request_ids(sent: str, kept: bool, site: Site) -> None:
    for path in ("/healthz", "/v1/me", "/nowhere"):
        id = site.call("GET", path, headers={"X-Request-ID": sent}).headers["x-request-id"]
        assert (id == sent) == kept and id
    ids = {site.call("GET", "/healthz").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


# --- lists and copies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["runs", "datasets"])
def test_no_item_is_lost_or_doubled_while_new_ones_come(kind: str, any_store: Store, open_site: Any, tmp_path: Path) -> None:
    site = open_site(any_store)

    def make() -> str:
        if isinstance(any_store.driver, MemoryDriver):
            any_store.driver.pass_time(0.002)
        return site.a.open_run().id if kind == "runs" else site.a.dataset(tmp_path).id

    old = [make() for _ in range(11)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = site.call("GET", f"/v1/{kind}?limit=3&cursor={cursor}", site.a.key).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        make()
        if kind == "datasets" and len(seen) == 6:
            gone = old[2]
            site.call("DELETE", f"/v1/datasets/{gone}", site.a.key)
            old.remove(gone)
    assert seen == sorted(seen) and len(set(seen)) == len(seen)
    assert [id for id in seen if id in old] == old[::-1]


def test_filters_pass_over_and_go_on(site: Site) -> None:
    done = [site.a.finished_run(events=0), site.a.finished_run(events=0, then="fail")]
    for _ in range(4):
        site.a.open_run()
    found, cursor = list[str](), ""
    while cursor is not None:
        page = site.call("GET", f"/v1/runs?limit=2&state=failed&cursor={cursor}", site.a.key).json()
        found, cursor = found + [one["id"] for one in page["data"]], page["next_cursor"]
    assert found == done[1:]


def test_events_and_audit_by_pages(site: Site) -> None:
    id = site.a.finished_run(events=5)
    site.a.new_key()
    for path in (f"/v1/runs/{id}/events", "/v1/audit"):
        whole = site.call("GET", f"{path}?limit=200", site.a.key).json()
        assert whole["next_cursor"] is None and len(whole["data"]) > 1
        pieces, cursor = list[Any](), ""
        while cursor is not None:
            page = site.call("GET", f"{path}?limit=1&cursor={cursor}", site.a.key).json()
            pieces, cursor = pieces + page["data"], page["next_cursor"]
        assert pieces == whole["data"]


def test_a_copy_that_is_still_good_is_not_sent_again(site: Site) -> None:
    id = site.a.open_run().id
    first = site.call("GET", f"/v1/runs/{id}", site.a.key)
    etag = first.headers["etag"]
    for told in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = site.call("GET", f"/v1/runs/{id}", site.a.key, headers={"If-None-Match": told})
        assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == etag
    site.call("POST", f"/v1/runs/{id}/cancel", site.a.key)
    assert site.call("GET", f"/v1/runs/{id}", site.a.key, headers={"If-None-Match": etag}).status_code == 200


# --- limits, waiting, health --------------------------------------------------------------------------------------


def test_too_many_requests(site: Site) -> None:
    key = site.a.new_key(per_minute=5)
    left = [int(site.call("GET", "/v1/me", key).headers["ratelimit"].split("r=")[1].split(";")[0]) for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    answer = site.call("GET", "/v1/me", key)
    assert is_problem(answer, 429) and answer.json()["code"] == "rate_limited"
    assert 1 <= int(answer.headers["retry-after"]) <= 12
    assert site.call("GET", "/v1/me", site.a.key).status_code == 200
    assert 'q=5;w=60' in site.call("GET", "/v1/me", key).headers.get("ratelimit-policy", "q=5;w=60")


def test_guessing_is_slowed_down(site: Site) -> None:
    """From one address; whoever has a good key is not."""
    with TestClient(site.app) as client:

        def ask(method: str, path: str, key: str) -> int:
            return int(client.request(method, path, headers={"Authorization": f"Bearer {key}"}).status_code)

        statuses = [ask("GET", "/v1/me", "x") for _ in range(70)]
        assert set(statuses[:60]) == {401} and statuses[-1] == 429
        assert ask("POST", "/v1/workspaces", "x") == ask("POST", "/v1/datasets/upload", "x") == 429
        assert ask("GET", "/v1/me", site.a.key) == 200


def test_waiting_for_a_run(site: Site, tmp_path: Path) -> None:
    def retry(prefer: str) -> Any:
        id = site.a.finished_run(then="fail", events=0)
        return site.call("POST", f"/v1/runs/{id}/retry", site.a.key, headers={"Prefer": prefer})

    with site.backend.working():
        done = retry("wait=20")
        assert done.status_code == 200 and done.json()["state"] == "failed"
        assert done.headers["preference-applied"] == "wait=20" and done.headers["location"] == f"/v1/runs/{done.json()['id']}"
        assert retry("respond-async, WAIT=20").status_code == 200
    late = retry("wait=1")
    assert late.status_code == 202 and late.json()["state"] == "queued"
    for prefer in ("", "wait=", "wait=-1", "wait=x", "handling=lenient", "wait=0"):
        assert retry(prefer).status_code == 202
    assert is_problem(retry("x" * 201), 422)


def test_other_origins_are_let_in_by_setting_only(site: Site, open_site: Callable[[Store], Site], monkeypatch: pytest.MonkeyPatch) -> None:
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Authorization"}
    assert "access-control-allow-origin" not in site.call("OPTIONS", "/v1/analyze", headers=asks).headers
    assert "access-control-allow-origin" not in site.call("GET", "/healthz", headers=asks).headers
    monkeypatch.setenv("AGENTFORGE_CORS", "https://app.example, https://other.example")
    open_to = open_site(site.store)
    allowed = open_to.http.options("/v1/analyze", headers=asks)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in allowed.headers
    foreign = open_to.http.options("/v1/analyze", headers={**asks, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    refused = open_to.http.get("/v1/me", headers={"Origin": "https://app.example"})
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == "https://app.example"
    assert "X-Request-ID" in refused.headers["access-control-expose-headers"]


def test_health_and_a_store_that_does_not_answer(open_site: Callable[[Store], Site]) -> None:
    broken = False

    def fault(operation: str, key: Key) -> AbstractContextManager[object]:
        if broken:
            raise StoreUnavailable("The store does not answer.", "Wait.")
        return nullcontext()

    site = open_site(Store(MemoryDriver(fault), lambda seconds: None))
    assert site.call("GET", "/readyz").json() == {"ok": True}
    broken = True
    assert site.call("GET", "/healthz").json() == {"ok": True}
    assert is_problem(site.call("GET", "/readyz"), 503)
    for route in ("/v1/runs", "/v1/me", "/v1/runs/abc/stream"):
        answer = site.call("GET", route, site.a.key)
        assert is_problem(answer, 503) and int(answer.headers["retry-after"]) > 0
    auth = {"Authorization": f"Bearer {site.a.key}"}
    with pytest.raises(WebSocketDisconnect) as closed, site.http.websocket_connect("/v1/runs/abc/channels", headers=auth) as socket:
        socket.receive_text()
    assert closed.value.code == 1011
    broken = False
    assert site.call("GET", "/v1/me", site.a.key).status_code == 200


def post(site: Site, route: Route, call: Call, idempotency_key: str) -> Any:
    headers = {"Authorization": f"Bearer {who(site, route)}", "Idempotency-Key": idempotency_key}
    return site.http.request("POST", call.path, headers=headers, **call.more)


