"""Every route of the route table against everybody who may not: no key, bad keys, too few scopes, another tenant, each role."""

from pathlib import Path

import pytest
from starlette.websockets import WebSocketDisconnect

from shared.backends import Here
from shared.identity import keys, members
from shared.identity.permissions import ALL, ROLES, Role
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from tests.money.stripe_fake import fake_stripe
from tests.web.calls import RECIPES, Call, Route, v1_routes
from tests.web.conftest import Site, Tenant
from web.app import create_app

ROUTES = v1_routes(create_app(Store(MemoryDriver()), Here(), stripe=fake_stripe(Store(MemoryDriver()))))
CLOSED = {1000: 1000, 4401: 401, 4403: 403, 4404: 404, 4429: 429}
each_route = pytest.mark.parametrize("route", ROUTES, ids=str)


def test_every_route_asks_for_a_permission_and_can_be_called() -> None:
    assert len(ROUTES) > 35
    assert [str(route) for route in ROUTES if route.permission not in ALL | {"signed_in"}] == []
    assert {str(route) for route in ROUTES} == set(RECIPES)


@each_route
def test_without_a_good_key_nothing_is_told_or_done(route: Route, site: Site, tmp_path: Path) -> None:
    revoked, expired, deleted = site.a.new_key(), site.a.new_key(expires_s=1e-6), site.a.new_key()
    keys.revoke_key(site.store, "anna", str(keys.parse(revoked)), "test")
    site.store.delete(Key(f"sys/keys/{keys.parse(deleted)}.json"))
    mistyped = site.a.key[:-8] + ("b" if site.a.key[-8] == "a" else "a") + site.a.key[-7:]
    call = RECIPES[str(route)](site.a, tmp_path)
    there = everything(site, "anna")
    for key in (None, revoked, expired, deleted, mistyped, site.a.key[:-1], "af_live_", "x", "token", "café"):
        status, text = answer_to(site, route, call, key)
        assert status == 401, (key, text)
        assert not leaks(site.a, call, text)
    assert everything(site, "anna") == there


@each_route
def test_without_the_scope_nothing_is_told_or_done(route: Route, site: Site, tmp_path: Path) -> None:
    call = RECIPES[str(route)](site.a, tmp_path)
    key = site.a.new_key(frozenset(ALL - {route.permission}))
    there = everything(site, "anna")
    status, text = answer_to(site, route, call, key)
    assert status == 403 and not leaks(site.a, call, text)
    assert everything(site, "anna") == there


@each_route
def test_another_tenant_gets_nothing(route: Route, site: Site, tmp_path: Path) -> None:
    marked_run, marked_dataset, marked_checkpoint = site.a.finished_run(), site.a.dataset(tmp_path), site.a.checkpoint(tmp_path)
    call = RECIPES[str(route)](site.a, tmp_path)
    there = everything(site, "anna")
    key = site.b.key if route.permission != "signed_in" else "token email:owner@bert.example"
    status, text = answer_to(site, route, call, key)
    if "{" in route.path and str(route) != "PUT /v1/secrets/{name}" or route.path in ("/v1/analyze", "/v1/datasets", "/v1/forge") and route.method == "POST":
        assert status == 404, text
    elif str(route) == "DELETE /v1/me":
        assert status == 409, "bert's only owner may not leave"
    else:
        assert status == call.expects, text
    assert not leaks(site.a, call, text, marked_run, marked_dataset.id, marked_dataset.versions[0].sha256, marked_checkpoint)
    assert everything(site, "anna") == there


@each_route
def test_each_role_may_do_what_it_may(route: Route, site: Site, tmp_path: Path) -> None:
    roles: list[Role] = ["viewer", "member", "admin", "owner"]
    for role in roles:
        identity = f"email:{role}@anna.example"
        members.put_member(site.store, "anna", identity, role, site.a.caller)
        call = RECIPES[str(route)](site.a, tmp_path)
        there = everything(site, "anna")
        with site.backend.working():
            status, text = answer_to(site, route, call, f"token {identity}")
        if route.permission in ROLES[role] or route.permission == "signed_in":
            assert status == call.expects, (role, text)
        else:
            assert status == 403 and everything(site, "anna") == there, (role, text)
            assert not leaks(site.a, call, text)


@each_route
def test_who_belongs_elsewhere_cannot_come_in_by_the_header(route: Route, site: Site, tmp_path: Path) -> None:
    call = RECIPES[str(route)](site.a, tmp_path)
    there = everything(site, "anna")
    if route.permission != "signed_in":
        for key in (site.b.key, "token email:owner@bert.example", "token email:nobody@example.org"):
            status, text = answer_to(site, route, call, key, {"AgentForge-Workspace": "anna"})
            assert status == 403 and not leaks(site.a, call, text.replace("'anna'", "")), text
    assert everything(site, "anna") == there


def test_a_reference_to_anothers_content_is_no_way_to_read_it(site: Site, tmp_path: Path) -> None:
    reference = site.a.dataset(tmp_path).versions[0].reference
    opened = site.call("POST", "/v1/analyze", site.b.key, json={"datasets": [reference], "goal": "how many rows"}).json()
    site.backend.work()
    told = site.call("GET", f"/v1/runs/{opened['id']}", site.b.key)
    assert told.json()["state"] == "failed" and told.json()["error"]["code"] == "not_found"
    assert "Rome" not in told.text


@pytest.mark.parametrize("key", ["af_live_" + "0" * 12 + "_" + "0" * 38, "af_live_../../../x", "AF_LIVE_", "Basic abc", "\x00"])
def test_what_looks_like_a_key(key: str, site: Site) -> None:
    assert site.call("GET", "/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert site.call("GET", "/v1/me", headers={"Authorization": key}).status_code == 401


def test_a_member_who_was_removed_is_refused_at_once(site: Site) -> None:
    member = members.put_member(site.store, "anna", "email:ada@example.org", "viewer", site.a.caller)
    token = "token email:ada@example.org"
    assert site.call("GET", "/v1/me", token).json()["workspace"] == "anna"
    assert site.call("DELETE", f"/v1/members/{member.id}", site.a.key).status_code == 204
    assert site.call("GET", "/v1/me", token, headers={"AgentForge-Workspace": "anna"}).status_code == 403


def test_a_key_gives_no_rights_that_its_maker_lacks(site: Site) -> None:
    admin = site.a.new_key(ROLES["admin"])
    asked = {"name": "more", "scopes": ["workspace:write"]}
    assert site.call("POST", "/v1/keys", admin, json=asked).status_code == 403
    strong, weak = keys.parse(site.a.key), site.a.new_key(frozenset(["keys:write"]))
    assert site.call("POST", f"/v1/keys/{strong}/rotate", weak).status_code == 403
    assert len(site.call("GET", "/v1/keys", site.a.key).json()["data"]) == 3


def test_only_owners_make_and_unmake_owners(site: Site) -> None:
    admin = site.a.new_key(ROLES["admin"])
    assert site.call("POST", "/v1/members", admin, json={"email": "eve@example.org", "role": "owner"}).status_code == 403
    owner = members.member_id(site.a.owner)
    assert site.call("POST", "/v1/members", admin, json={"email": "owner@anna.example", "role": "viewer"}).status_code == 403
    assert site.call("DELETE", f"/v1/members/{owner}", admin).status_code == 403
    assert site.call("DELETE", f"/v1/members/{owner}", site.a.key).status_code == 409  # the last one


def test_an_erased_workspace_is_gone_with_its_keys_for_good(site: Site, tmp_path: Path) -> None:
    site.a.finished_run(), site.a.dataset(tmp_path)
    assert site.call("DELETE", "/v1/workspaces/anna", site.a.key).status_code == 204
    assert site.call("GET", "/v1/me", site.a.key).status_code == 401
    assert site.call("GET", "/v1/me", f"token {site.a.owner}").status_code == 403
    assert everything(site, "anna") == []
    left = [listed.key for listed in site.store.list_all(Key("sys/")) if b"anna" in site.store.read(listed.key)]
    assert left == ["sys/tombstones/anna.json"] or all("identities" in key or "tombstones" in key for key in left)


def answer_to(site: Site, route: Route, call: Call, key: str | None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status, or what a WebSocket's close code stands for; and everything that was said."""
    auth = {"Authorization": b"Bearer " + key.encode()} if key else {}
    if route.method != "WEBSOCKET":
        answer = site.call(route.method, call.path, headers={**auth, **(headers or {})}, **call.more)
        return answer.status_code, f"{dict(answer.headers)} {answer.text}"
    said = ""
    try:
        with site.http.websocket_connect(call.path, headers={**auth, **(headers or {})}) as socket:
            while True:
                said += socket.receive_text()
    except WebSocketDisconnect as closed:
        return CLOSED[closed.code], f"{said} {closed.reason}"


def everything(site: Site, workspace: str) -> list[tuple[str, str]]:
    """What a workspace has, and in which version."""
    return [(listed.key, listed.version) for listed in site.store.list_all(Key(f"t/{workspace}/"))]


def leaks(tenant: Tenant, call: Call, text: str, *marks: str) -> list[str]:
    """Names, ids and bytes of a tenant that an answer tells, other than those the caller sent."""
    sent = f"{call.path} {call.more}"
    all_marks = [tenant.workspace, f"of {tenant.workspace}", str(keys.parse(tenant.key)), tenant.key, "Rome", *marks]
    return [mark for mark in all_marks if mark in text and mark not in sent]
