"""Every route of the app, out of its route table, and how to call it. A new route without a recipe here fails test_tenants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from shared.identity import keys, members
from shared.identity.permissions import ALL
from shared.identity.secrets import put_secret
from shared.state.runs import cancel
from tests.web.conftest import Tenant


@dataclass(frozen=True)
class Route:
    method: str  # or "WEBSOCKET"
    path: str
    permission: str  # "" if nothing asks for one

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Call:
    """A good request: `path` is a real one. `expects` is its status; `about` what of the tenant's the answer may tell."""

    path: str
    expects: int
    more: dict[str, Any] = field(default_factory=dict)


def v1_routes(app: FastAPI) -> list[Route]:
    """All under /v1, WebSockets too."""
    found = []
    for context in iter_route_contexts(app.routes):
        if not (context.path or "").startswith("/v1/"):
            continue
        dependant: Dependant = context.route.dependant  # type: ignore[union-attr]
        permission = next(_permissions(dependant), "")
        for method in sorted(getattr(context, "methods", None) or ["WEBSOCKET"]):
            found.append(Route(method, context.path or "", permission))
    return found


def _permissions(dependant: Dependant) -> Iterator[str]:
    if marker := getattr(dependant.call, "permission", ""):
        yield marker
    for inner in dependant.dependencies:
        yield from _permissions(inner)


Recipe = Callable[[Tenant, Path], Call]
RECIPES: dict[str, Recipe] = {}


def recipe(route: str) -> Callable[[Recipe], Recipe]:
    def enter(make: Recipe) -> Recipe:
        RECIPES[route] = make
        return make

    return enter


def _simple(route: str, expects: int = 200, **more: Any) -> None:
    """A route whose path names nothing of a tenant's."""
    RECIPES[route] = lambda tenant, folder: Call(route.partition(" ")[2], expects, more)


def _of_run(route: str, expects: int = 200, query: str = "", **more: Any) -> None:
    """A route about a run that is over."""
    RECIPES[route] = lambda tenant, folder: Call(
        route.partition(" ")[2].replace("{run}", tenant.finished_run()) + query, expects, more
    )


for _route in ("/runs", "/datasets", "/keys", "/members", "/me", "/workspaces", "/audit", "/secrets", "/config", "/account", "/usage", "/phases", "/checkpoints"):
    _simple(f"GET /v1{_route}")
_simple("PUT /v1/account", json={"low_below": 5_000_000})
_simple("POST /v1/quotes", 201, json={"execute": {"cells": ["1 + 1"]}})
_simple("GET /v1/billing")
_simple("POST /v1/billing/checkout", 201, json={"pack": 50})
_simple("POST /v1/billing/portal", 201)
_simple("POST /v1/execute", 202, json={"cells": ["1 + 1"]})
_simple("POST /v1/keys", 201, json={"name": "another", "scopes": ["runs:read"]})
_simple("POST /v1/members", json={"email": "ada@example.org", "role": "member"})
_simple("POST /v1/workspaces", 201, json={"name": "Ada's lab"})
_simple("POST /v1/datasets/import", 202, json={"url": "https://example.com/prices.csv"})
_simple("POST /v1/datasets/upload", 201, files={"file": ("prices.csv", b"city,price\nParis,1\n", "text/csv")})
for _end in ("", "/events", "/stream", "/artifacts", "/artifacts/report.md", "/export", "/verify"):
    _of_run(f"GET /v1/runs/{{run}}{_end}")
RECIPES["GET /v1/runs/{run}/artifacts/{name:path}"] = RECIPES.pop("GET /v1/runs/{run}/artifacts/report.md")
_of_run("DELETE /v1/runs/{run}", 204)
RECIPES["WEBSOCKET /v1/runs/{run}/channels"] = lambda tenant, folder: Call(f"/v1/runs/{tenant.finished_run()}/channels", 1000)


@recipe("GET /v1/runs/{run}/artifacts/{name:path}")
def _artifact(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/runs/{tenant.finished_run()}/artifacts/report.md", 200)


@recipe("DELETE /v1/me")
def _leave(tenant: Tenant, folder: Path) -> Call:
    members.put_member(tenant.store, tenant.workspace, "email:second@owner.example", "owner", tenant.caller)
    return Call("/v1/me", 204)


@recipe("PUT /v1/workspaces/{id}/caps")
def _caps(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/workspaces/{tenant.workspace}/caps", 200, {"json": {"per_run": 5_000_000, "per_day": None}})


@recipe("POST /v1/analyze")
def _analyze(tenant: Tenant, folder: Path) -> Call:
    return Call("/v1/analyze", 202, {"json": {"datasets": [tenant.dataset(folder).id], "goal": "average price by city"}})


@recipe("POST /v1/forge")
def _forge(tenant: Tenant, folder: Path) -> Call:
    """With a stage that is skipped: what comes out is what went in."""
    return Call("/v1/forge", 202, {"json": {"stages": [{"phase": "bitnet", "skip": True}], "inputs": [tenant.checkpoint(folder)]}})


@recipe("GET /v1/checkpoints/{digest}")
def _checkpoint(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/checkpoints/{tenant.checkpoint(folder)}", 200)


@recipe("GET /v1/checkpoints/{digest}/files/{name}")
def _checkpoint_file(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/checkpoints/{tenant.checkpoint(folder)}/files/model.safetensors", 200)


@recipe("POST /v1/runs/{run}/cancel")
def _cancel(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/runs/{tenant.open_run().id}/cancel", 200)


@recipe("POST /v1/runs/{run}/retry")
def _retry(tenant: Tenant, folder: Path) -> Call:
    id = tenant.open_run().id
    cancel(tenant.store, id, tenant.workspace)
    return Call(f"/v1/runs/{id}/retry", 202)


@recipe("POST /v1/runs/{run}/answer")
def _answer(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/runs/{tenant.finished_run(then='ask')}/answer", 200, {"json": {"question": "how many?", "answer": 3}})


@recipe("GET /v1/datasets/{id}")
def _dataset(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/datasets/{tenant.dataset(folder).id}", 200)


@recipe("GET /v1/datasets/{id}/preview")
def _preview(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/datasets/{tenant.dataset(folder).id}/preview", 200)


@recipe("DELETE /v1/datasets/{id}")
def _delete_dataset(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/datasets/{tenant.dataset(folder).id}", 204)


@recipe("POST /v1/datasets")
def _create_dataset(tenant: Tenant, folder: Path) -> Call:
    return Call("/v1/datasets", 201, {"json": {"reference": tenant.dataset(folder).versions[0].reference, "name": "again"}})


@recipe("POST /v1/datasets/uploads")
def _begin_upload(tenant: Tenant, folder: Path) -> Call:
    return Call("/v1/datasets/uploads", 409, {"json": {"file_name": "a.csv", "bytes": 1, "sha256": "0" * 64}})  # a folder has no addresses


@recipe("GET /v1/keys/{id}")
def _key(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/keys/{keys.parse(tenant.new_key())}", 200)


@recipe("DELETE /v1/keys/{id}")
def _revoke(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/keys/{keys.parse(tenant.new_key())}", 200)


@recipe("POST /v1/keys/{id}/rotate")
def _rotate(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/keys/{keys.parse(tenant.new_key(frozenset(['runs:read'])))}/rotate", 201)


@recipe("DELETE /v1/members/{id}")
def _remove(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/members/{members.put_member(tenant.store, tenant.workspace, 'email:gone@example.org', 'viewer', tenant.caller).id}", 204)


@recipe("GET /v1/workspaces/{id}")
def _workspace(tenant: Tenant, folder: Path) -> Call:
    return Call(f"/v1/workspaces/{tenant.workspace}", 200)


@recipe("DELETE /v1/workspaces/{id}")
def _erase(tenant: Tenant, folder: Path) -> Call:
    """Of a tenant whose workspace may go."""
    return Call(f"/v1/workspaces/{tenant.workspace}", 204)


@recipe("PUT /v1/secrets/{name}")
def _put_secret(tenant: Tenant, folder: Path) -> Call:
    return Call("/v1/secrets/OPENAI_API_KEY", 200, {"json": {"value": f"sk-of-{tenant.workspace}"}})


@recipe("DELETE /v1/secrets/{name}")
def _delete_secret(tenant: Tenant, folder: Path) -> Call:
    name = f"KEY_OF_{tenant.workspace.upper()}"
    put_secret(tenant.store, tenant.workspace, name, "value", "test")
    return Call(f"/v1/secrets/{name}", 204)


__all__ = ["ALL", "RECIPES", "Call", "Route", "v1_routes"]
