"""The API does what its OpenAPI document says: schemathesis makes requests up from it and compares. SOAK=1: many more of them."""

import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import events, from_schema

from shared.state.runs import RunRef, status
from shared.state.store import Store
from tests.money.stripe_fake import fake_stripe
from tests.web.conftest import FromAnywhere, OnDemand, Tenant, identity_of_token
from web.app import create_app

SOAK = os.environ.get("SOAK") == "1"
NO_OTHERS = {"allow-extra-parameters": False}  # headers that we do not know are no error
LEAST_CASES = 5_000 if SOAK else 500


class ButForging(OnDemand):
    """Leaves runs of the forge queued: any of them would take minutes."""

    def submit(self, ref: RunRef, tier: str) -> None:
        if status(self.store, ref.id, ref.workspace).function != "forge":
            super().submit(ref, tier)


def test_requests_made_up_from_the_document(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All checks of schemathesis. A request that fits the schema may still be refused for what it means, but not for its form."""
    monkeypatch.setenv("AGENTFORGE_RATE", "100000000")
    logging.getLogger("handlers").setLevel(logging.CRITICAL)
    backend = ButForging(store)
    app = create_app(store, backend, identity_of_token, fake_stripe(store))
    tenant = Tenant(store, "anna")
    tenant.dataset(tmp_path)
    tenant.checkpoint(tmp_path)
    tenant.finished_run(then="fail")
    tenant.finished_run(then="ask")
    document = app.openapi()
    if not SOAK:  # the language of plans is large, and has tests of its own
        document["components"]["schemas"]["AnalyzeRequest"]["properties"].pop("plan")
    with backend.working():
        cases, failures = results(tenant, app)
    print(dict(cases))
    assert not failures, "\n\n".join(failures)
    assert cases.total() >= LEAST_CASES


def results(tenant: Tenant, app: Any) -> tuple[Counter[str], list[str]]:
    """How many requests each phase made, and what was wrong."""
    config = schemathesis.Config.from_dict(
        {
            "headers": {"Authorization": f"Bearer {tenant.key}"},
            "generation": {"max-examples": 150 if SOAK else 4, "deterministic": not SOAK, "database": "none", "no-shrink": True, **NO_OTHERS},
            "request-timeout": 10,
            "max-stream-events": 3,  # a run that waits for a person tells no more
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", FromAnywhere(app), config=config)
    schema = schema.exclude(method="DELETE", path="/v1/workspaces/{id}").exclude(method="DELETE", path="/v1/keys/{id}")
    cases, failures = Counter[str](), dict[tuple[str, str], str]()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            cases[event.phase.name] += len(event.recorder.interactions)
            for id, checks in event.recorder.checks.items():
                for check in checks:
                    if (told := failure(event.recorder, id, check)) is not None:
                        operation = event.recorder.cases[id].value.operation
                        failures.setdefault((check.name, operation.label), told)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            failures["error", str(event)] = f"{getattr(event, 'label', '')} {getattr(event, 'info', getattr(event, 'exception', ''))}"
    return cases, [f"{check} {operation}: {told}" for (check, operation), told in failures.items()]


def failure(recorder: Any, id: str, check: Any) -> str | None:
    if check.failure_info is None:
        return None
    interaction = recorder.interactions.get(id)
    content = (interaction.response.content if interaction and interaction.response else b"").decode(errors="replace")
    if check.name == "positive_data_acceptance" and ('"code":"invalid_request"' not in content or '"Value error, ' in content):
        return None
    return f"{check.failure_info.failure.message[:300]}\n{check.failure_info.code_sample[:1500]}\n{content[:500]}"


def test_examples_of_the_document_fit_its_schemas(store: Store) -> None:
    """Of parameters, bodies and fields."""
    from jsonschema_rs import Draft202012Validator

    document = create_app(store, OnDemand(store), stripe=fake_stripe(store)).openapi()
    assert document["openapi"].startswith("3.1")
    checked = 0

    def check(schema: dict[str, Any], example: Any) -> None:
        nonlocal checked
        whole = {**schema, "components": document["components"]}
        assert Draft202012Validator(whole).is_valid(example), (schema, example)
        checked += 1

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                walk(one)
        if isinstance(node, dict):
            examples = node.get("examples")
            if isinstance(examples, list) and isinstance(node.get("type", node.get("anyOf")), (str, list)):
                for example in examples:
                    check({name: value for name, value in node.items() if name != "examples"}, example)
            elif isinstance(examples, dict) and "schema" in node:
                for example in examples.values():
                    check(node["schema"], example["value"])
            for inner in node.values():
                walk(inner)

    walk(document)
    assert checked > 15


def test_every_operation_tells_what_it_is(store: Store) -> None:
    document = create_app(store, OnDemand(store), stripe=fake_stripe(store)).openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"] and operation["tags"], (method, path)
            if path.startswith("/v1/"):
                assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys(), (method, path)
                assert operation["security"], (method, path)
                if method == "post":
                    assert any(p["name"] == "Idempotency-Key" for p in operation["parameters"]), path
