"""Runs that are paid for, through the API: quotes, caps, credit, usage."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.work import start
from functions.worker import work_through
from shared.money.accounts import Accounts, problems
from shared.money.quotes import GOOD_FOR_S
from shared.state.memory import MemoryDriver
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.web.conftest import Site

CELLS = {"cells": ["1 + 1"], "wall_s": 10}
MICRO = 10**6


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch, open_site: Callable[[Store], Site]) -> Site:
    """A site where a second costs a tenth of a cent, and anna has a dollar."""
    monkeypatch.setenv("AGENTFORGE_BILLING", "on")
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=3")  # dollars an hour; a fifth more with the margin
    driver = MemoryDriver()
    site = open_site(Store(driver, driver.pass_time))
    Accounts(site.store).credit("anna", "p1", MICRO)
    return site


def execute(site: Site, key: str | None = None, **headers: str) -> Any:
    return site.call("POST", "/v1/execute", key or site.a.key, json=CELLS, headers=headers)


def quote(site: Site) -> dict[str, Any]:
    answer = site.call("POST", "/v1/quotes", site.a.key, json={"execute": CELLS})
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


def account(site: Site) -> dict[str, Any]:
    told: dict[str, Any] = site.call("GET", "/v1/account", site.a.key).json()
    return told


def test_a_quote_binds_once_for_its_request(paid: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told = quote(paid)
    assert told["upper"] == 15_000 > told["expected"] == 1_000 and [line["tier"] for line in told["lines"]] == ["cpu"]
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=3000")  # the price goes up: the quote holds
    opened = execute(paid, **{"AgentForge-Quote": told["id"]})
    assert opened.status_code == 202 and opened.json()["cost"] | {"seconds": 0} == {
        "held": 15_000, "charged": 0, "seconds": 0, "tokens_in": 0, "tokens_out": 0, "final": False, "why": "",
    }  # fmt: skip
    assert account(paid) == {"balance": MICRO, "held": 15_000, "free": MICRO - 15_000, "spent_today": 0, "low": False, "low_below": MICRO}
    again = execute(paid, **{"AgentForge-Quote": told["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "quote_refused")
    other = paid.call("POST", "/v1/execute", paid.a.key, json={"cells": ["2"]}, headers={"AgentForge-Quote": quote(paid)["id"]})
    assert other.json()["code"] == "quote_refused" and "another request" in other.json()["detail"]
    foreign = execute(paid, paid.b.key, **{"AgentForge-Quote": quote(paid)["id"]})
    assert foreign.status_code == 404
    paid.backend.work()
    run = paid.call("GET", f"/v1/runs/{opened.json()['id']}", paid.a.key).json()
    assert run["state"] == "succeeded" and run["cost"]["final"] and run["cost"]["charged"] <= 15_000
    assert account(paid)["held"] == 0 and account(paid)["balance"] == MICRO - run["cost"]["charged"]


def test_a_quote_expires(paid: Site) -> None:
    told = quote(paid)
    paid.store.sleep(GOOD_FOR_S + 1)
    refused = execute(paid, **{"AgentForge-Quote": told["id"]})
    assert refused.status_code == 409 and "expired" in refused.json()["detail"]
    assert account(paid)["held"] == 0
    for id in ("x", "../x", "ybr05tqev-wzem9qzkkt"):
        assert execute(paid, **{"AgentForge-Quote": id}).status_code == 404


def test_the_same_key_gets_the_same_run_and_one_hold(paid: Site) -> None:
    runs = {execute(paid, **{"Idempotency-Key": "k1"}).json()["id"] for _ in range(3)}
    quotes = {paid.call("POST", "/v1/quotes", paid.a.key, json={"execute": CELLS}, headers={"Idempotency-Key": "k2"}).json()["id"] for _ in range(2)}
    assert len(runs) == len(quotes) == 1 and account(paid)["held"] == 15_000


def test_caps_of_the_call_the_key_and_the_workspace(paid: Site) -> None:
    def refused(answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json().get("code", "")

    assert refused(execute(paid, **{"AgentForge-Max-Cost": "14999"})) == (402, "cap_reached")
    assert execute(paid, **{"AgentForge-Max-Cost": "15000"}).status_code == 202
    for bad in ("-1", "1.5", "x", "10000000000000000"):
        assert execute(paid, **{"AgentForge-Max-Cost": bad}).status_code == 422
    assert refused(execute(paid, paid.a.new_key(per_run=14_999))) == (402, "cap_reached")
    daily = paid.a.new_key(per_day=30_000)
    assert [execute(paid, daily).status_code for _ in range(3)] == [202, 202, 402]
    assert execute(paid).status_code == 202, "another key may go on"
    caps = paid.call("PUT", "/v1/workspaces/anna/caps", paid.a.key, json={"per_day": 70_000})
    assert caps.status_code == 200 and caps.json()["per_day"] == 70_000
    assert refused(execute(paid)) == (402, "cap_reached")
    paid.backend.work()
    assert execute(paid).status_code == 202, "what was held and not used is free again"


def test_without_credit_nothing_is_opened_that_could_be_worked_on(paid: Site) -> None:
    refused = execute(paid, paid.b.key)
    assert (refused.status_code, refused.json()["code"]) == (402, "not_enough_credit")
    (run,) = paid.call("GET", "/v1/runs", paid.b.key).json()["data"]
    assert run["state"] == "failed" and run["error"]["code"] == "not_enough_credit" and paid.backend.told.empty()


def test_usage_adds_up(paid: Site) -> None:
    for _ in range(3):
        execute(paid)
    paid.backend.work()
    told = paid.call("GET", "/v1/usage?by=function", paid.a.key).json()
    spent = MICRO - account(paid)["balance"]
    assert told["runs"] == 3 and told["microdollars"] == spent == account(paid)["spent_today"] and told["by"][0]["of"] == "execute"
    rows = list(csv.DictReader(io.StringIO(paid.call("GET", "/v1/usage?format=csv", paid.a.key).text)))
    assert sum(int(row["microdollars"]) for row in rows) == spent and {row["function"] for row in rows} == {"execute"}
    parquet = paid.call("GET", "/v1/usage?format=parquet", paid.a.key)
    assert parquet.content[:4] == b"PAR1" and paid.call("GET", "/v1/usage?since=2999-01-01", paid.a.key).json()["runs"] == 0
    assert paid.call("GET", "/v1/usage", paid.b.key).json() == {"microdollars": 0, "runs": 0, "by": []}
    assert problems(Accounts(paid.store), "anna") == [] and verify_workspace(paid.store, "anna") == {}


@pytest.mark.parametrize("day", ["2026", "2026-13-01", "20261101", "tomorrow"])
def test_usage_of_no_day(paid: Site, day: str) -> None:
    assert paid.call("GET", f"/v1/usage?since={day}", paid.a.key).status_code == 422


def test_a_retry_is_paid_for_and_a_look_at_a_dataset_is_not(paid: Site, tmp_path: Path) -> None:
    opened = execute(paid).json()["id"]
    paid.call("POST", f"/v1/runs/{opened}/cancel", paid.a.key)
    assert paid.call("POST", f"/v1/runs/{opened}/retry", paid.a.key).json()["cost"]["held"] == 15_000
    with paid.backend.working():
        assert paid.call("GET", f"/v1/datasets/{paid.a.dataset(tmp_path).id}/preview", paid.a.key).status_code == 200


def test_an_account_edited_by_hand_is_refused(paid: Site) -> None:
    from shared.money.accounts import account_key

    stored = paid.store.get(account_key("anna"))
    assert stored is not None
    paid.store.put_if(account_key("anna"), stored.body.replace(b":1000000", b":9000000"), stored.version)
    assert execute(paid).json()["code"] == "record_damaged" and paid.call("GET", "/v1/account", paid.a.key).status_code == 409
    assert [note["action"] for note in trail(paid) if note["by"] == "platform"] == ["account_refused"], "once for the edit"


def trail(site: Site) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = site.call("GET", "/v1/audit", site.a.key).json()["data"]
    return told


# a quote on the call itself


def opening_calls(site: Site, folder: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every route that opens a run, by the function that it runs, and a good body."""
    failed = start(site.store, "web-job", {"then": "fail"}, "anna", free=True)
    work_through(site.store, failed.ref)
    return {
        "execute": ("/v1/execute", CELLS),
        "analyze": ("/v1/analyze", {"datasets": [site.a.dataset(folder).id], "goal": "average price by city"}),
        "import_dataset": ("/v1/datasets/import", {"url": "https://example.com/prices.csv"}),
        "forge": ("/v1/forge", {"stages": [{"phase": "bitnet", "seconds": 60}], "inputs": [site.a.checkpoint(folder)]}),
        "web-job": (f"/v1/runs/{failed.id}/retry", {}),
    }


def test_every_call_that_opens_a_run_can_be_quoted_first(paid: Site, tmp_path: Path) -> None:
    calls, document = opening_calls(paid, tmp_path), paid.app.openapi()
    Accounts(paid.store).credit("anna", "p2", 100 * MICRO)
    opening = [path for path, methods in document["paths"].items() if "quote" in str(methods.get("post", {}).get("responses", {}).get("200", {})).lower()]
    assert len(opening) == len(calls), opening
    for function, (path, body) in calls.items():
        before = runs_of(paid), account(paid)
        told = paid.call("POST", path, paid.a.key, json={**body, "quote": True})
        assert told.status_code == 200 and told.json()["function"] == function and told.json()["upper"] >= told.json()["expected"] > 0
        assert (runs_of(paid), account(paid)) == before, "nothing was opened"
        opened = paid.call("POST", path, paid.a.key, json={**body, "quote": told.json()["id"]})
        assert opened.status_code == 202 and opened.json()["cost"]["held"] == told.json()["upper"], opened.text
        again = paid.call("POST", path, paid.a.key, json={**body, "quote": told.json()["id"]})
        assert (again.status_code, again.json()["code"]) == (409, "quote_refused")
        assert paid.call("POST", path, paid.b.key, json={**body, "quote": told.json()["id"]}).status_code in (402, 404)
        assert paid.call("POST", path, paid.a.key, json={**body, "quote": False}).status_code == 202, "as if nothing were said"


def runs_of(site: Site) -> list[str]:
    return [run["id"] for run in site.call("GET", "/v1/runs?limit=200", site.a.key).json()["data"]]


def test_a_quote_of_a_call_binds_it_once(paid: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(key: str = "", **more: Any) -> Any:
        return paid.call("POST", "/v1/execute", paid.a.key, json={**CELLS, **more}, headers={"Idempotency-Key": key} if key else {})

    told = call("q1", quote=True).json()
    assert call("q1", quote=True).json() == told, "the same key, the same quote"
    assert call("q1").json()["code"] == "idempotency_key_reused"
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=3000")
    assert call(quote=True).json()["upper"] == 1000 * told["upper"]
    paid.store.sleep(GOOD_FOR_S / 2)
    assert call("r1", quote=told["id"]).json()["cost"]["held"] == told["upper"]
    assert call("r1", quote=told["id"]).status_code == 202
    for bad, status in (("x", 404), ("../x", 404), ("", 402), (1, 422), ("x" * 65, 422), ([], 422)):
        assert call(quote=bad).status_code == status, bad
    assert call(quote=told["id"], wall_s=11).json()["code"] == "quote_refused"


def test_without_billing_a_quote_opens_nothing_either(site: Site, tmp_path: Path) -> None:
    for path, body in opening_calls(site, tmp_path).values():
        before = runs_of(site)
        told = site.call("POST", path, site.a.key, json={**body, "quote": True})
        assert told.status_code == 200 and told.json()["upper"] == 0 and runs_of(site) == before


# low balances


def test_little_credit_is_told_where_runs_are_opened(paid: Site) -> None:
    assert execute(paid).json()["notice"] == "" and not account(paid)["low"]
    paid.backend.work()
    assert account(paid)["low"]
    notice = execute(paid, **{"Idempotency-Key": "k"}).json()["notice"]
    assert notice.startswith("Little credit is left: $0.99") and "$1.00" in notice
    assert execute(paid, **{"Idempotency-Key": "k"}).json()["notice"] == notice
    paid.backend.work()
    assert [note["action"] for note in trail(paid) if note["by"] == "platform"] == ["low_balance"], "once, not for each run"
    told = paid.call("PUT", "/v1/account", paid.a.key, json={"low_below": 500_000}).json()
    assert told["low_below"] == 500_000 and not told["low"] and execute(paid).json()["notice"] == ""
    assert paid.call("PUT", "/v1/account", paid.a.key, json={"low_below": None}).json()["low"]
    for bad in ({}, {"low_below": -1}, {"low_below": "5"}, {"low_below": 1.5}, {"low_below": 10**15 + 1}):
        assert paid.call("PUT", "/v1/account", paid.a.key, json=bad).status_code == 422
