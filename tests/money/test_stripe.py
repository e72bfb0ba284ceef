"""Credit that is bought: the SDK end to end against a fake Stripe, and webhooks that come twice, in any order, late, or from others."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from starlette.testclient import TestClient

from functions.sweep import sweep
from shared import settings
from shared.backends import Here
from shared.errors import InvalidSetting
from shared.identity import keys, members
from shared.identity.caller import Caller
from shared.identity.permissions import ALL, ROLES
from shared.money.accounts import Accounts, account_key, ledger_of
from shared.money.payments import receive
from shared.money.stripe import CENT, PaymentsUnavailable, Stripe
from shared.state import audit
from shared.state.driver import StoreUnavailable
from shared.state.idempotency import KeyReused
from shared.state.keys import Key, workspace_prefix
from shared.state.memory import MemoryDriver
from shared.state.record import seal, unseal
from shared.state.store import Store
from tests.money.stripe_fake import CHOSEN, SECRET, StripeFake, Thing, fake_stripe, signed
from web.app import create_app

DOLLAR = 100 * CENT


class Site:
    """An app where credit is sold, and the workspace anna."""

    def __init__(self) -> None:
        self.store = Store(MemoryDriver(), lambda seconds: None)
        self.stripe = fake_stripe(self.store)
        self.fake: StripeFake = self.stripe.transport  # type: ignore[assignment]
        members.create_workspace(self.store, "Anna's", "email:owner@anna.example", id="anna")

    @cached_property
    def http(self) -> TestClient:
        return TestClient(create_app(self.store, Here(), stripe=self.stripe), raise_server_exceptions=False)

    @cached_property
    def key(self) -> str:
        return self.new_key(ALL)

    def new_key(self, scopes: Any) -> str:
        _, text = keys.create_key(self.store, "anna", "key", sorted(scopes), Caller("anna", "test", ALL))
        assert text is not None
        return text

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Any:
        return self.http.post(f"/v1/billing/{path}", json=body, headers={"Authorization": f"Bearer {key or self.key}", **headers})

    def hook(self, event: Thing | bytes, **how: Any) -> Any:
        return self.http.post("/webhooks/stripe", **signed(event, **how))

    def told(self, event: Thing) -> str:
        """Without the web server, which takes most of the time."""
        request = signed(event)
        return receive(self.stripe, request["content"], request["headers"]["Stripe-Signature"])

    def bought(self, dollars: int = 50, later: bool = False) -> tuple[str, list[Thing]]:
        """A payment, and the events that tell of it."""
        self.stripe.checkout("anna", dollars, f"purchase-{len(self.fake.sessions)}")
        session = list(self.fake.sessions)[-1]
        events = self.fake.pay(session, later)
        return self.fake.sessions[session]["payment_intent"], events

    @property
    def balance(self) -> int:
        """In micro-dollars; the ledger says the same."""
        account = Accounts(self.store).read("anna")
        assert account.balance == sum(change.amount for change in ledger_of(self.store, "anna"))
        return account.balance

    def records(self, folder: str) -> list[Thing]:
        return [unseal(self.store.read(listed.key)) or {} for listed in self.store.list_all(Key(f"sys/stripe/{folder}/"))]


@pytest.fixture
def site() -> Site:
    return Site()


def test_credit_is_bought_and_there(site: Site) -> None:
    answer = site.post("checkout", {"pack": 50})
    assert answer.status_code == 201 and answer.json()["url"].startswith("https://checkout.stripe.com/")
    (session,) = site.fake.sessions.values()
    (customer,) = site.fake.customers.values()
    assert session["amount_total"] == 5_000 and session["currency"] == "usd" and session["client_reference_id"] == "anna"
    assert session["customer"] == customer["id"] and customer["metadata"] == {"agentforge_workspace": "anna"}
    assert session["asked"]["adaptive_pricing"] == {"enabled": "false"}
    assert session["asked"]["success_url"].startswith("https://agentforge.example/")
    assert site.balance == 0
    (event,) = site.fake.pay(session["id"])
    assert site.hook(event).json() == {"outcome": "booked"} and site.balance == 50 * DOLLAR
    (entry,) = ledger_of(site.store, "anna")
    assert entry.kind == "credit" and entry.about == {"stripe": session["id"], "event": event["id"]}
    assert site.hook(event).json() == {"outcome": "repeated"} and site.balance == 50 * DOLLAR


def test_what_is_sold_is_told_and_nothing_else_is(site: Site) -> None:
    told = site.http.get("/v1/billing", headers={"Authorization": f"Bearer {site.key}"}).json()
    assert told == {"packs": [10, 50, 200]}
    for pack in (11, 0, -50, 10.5, "50", 10**9, None, True):
        answer = site.post("checkout", {"pack": pack})
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json", pack
    assert not site.fake.asked


def test_one_customer_for_each_workspace(site: Site) -> None:
    for _ in range(2):
        site.post("checkout", {"pack": 10})
        assert site.post("portal").json()["url"].startswith("https://billing.stripe.com/")
    assert len(site.fake.customers) == 1 and len(site.fake.sessions) == 2
    (customer,) = site.fake.customers
    assert (unseal(site.store.read(Key("t/anna/money/customer-test.json"))) or {})["customer"] == customer
    assert (unseal(site.store.read(Key(f"sys/stripe/customers/{customer}.json"))) or {})["workspace"] == "anna"


def test_a_customer_that_is_written_in_by_hand_opens_no_door(site: Site) -> None:
    members.create_workspace(site.store, "Bert's", "email:owner@bert.example", id="bert")
    anna = site.stripe.customer("anna")
    site.store.put_new(Key("t/bert/money/customer-test.json"), seal({"version": 0, "customer": anna, "workspace": "bert"}))
    _, key = keys.create_key(site.store, "bert", "key", ["billing:write"], Caller("bert", "test", ALL))
    for path, body in (("portal", None), ("checkout", {"pack": 10})):
        answer = site.post(path, body, key)
        assert answer.status_code == 409 and answer.json()["code"] == "record_damaged"
    assert set(site.fake.asked) == {"POST /v1/customers"}


def test_only_owners_and_admins_buy(site: Site) -> None:
    for role, permissions in ROLES.items():
        expected = 201 if role in ("owner", "admin") else 403
        key = site.new_key(permissions)
        assert [site.post("checkout", {"pack": 10}, key).status_code, site.post("portal", key=key).status_code] == [expected] * 2
        assert site.http.get("/v1/billing", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_the_same_idempotency_key_is_the_same_purchase(site: Site) -> None:
    first = site.post("checkout", {"pack": 50}, **{"Idempotency-Key": "k"}).json()
    assert site.post("checkout", {"pack": 50}, **{"Idempotency-Key": "k"}).json() == first
    assert len(site.fake.sessions) == 1
    other = site.post("checkout", {"pack": 10}, **{"Idempotency-Key": "k"})
    assert other.status_code == 409 and other.json()["code"] == "idempotency_key_reused" and len(site.fake.sessions) == 1
    with pytest.raises(KeyReused):  # should it come to that, Stripe refuses it as well
        site.stripe.checkout("anna", 10, site.fake.sessions.popitem()[1]["metadata"]["purchase"])


@pytest.mark.parametrize("faults", [["timeout"], ["lost"], [500], [429, "timeout"], ["lost", "lost"], ["", "lost"], ["", "timeout", 500], ["lost", "", "lost"]])
def test_a_fault_of_the_network_buys_nothing_twice(site: Site, faults: list[str | int]) -> None:
    site.fake.faults.extend(faults)
    for _ in range(3):
        answer = site.post("checkout", {"pack": 50}, **{"Idempotency-Key": "k"})
        if answer.status_code == 201:
            break
        assert answer.status_code == 503 and answer.json()["code"] == "payments_unavailable" and answer.headers["Retry-After"]
    assert answer.status_code == 201
    assert len(site.fake.customers) == 1 and len(site.fake.sessions) == 1


def test_stripe_is_down_for_longer(site: Site) -> None:
    for fault in ("timeout", "lost", 500, 429):
        site.fake.faults.extend([fault] * 3)
        answer = site.post("checkout", {"pack": 50})
        assert answer.status_code == 503 and answer.json()["code"] == "payments_unavailable"
        site.fake.faults.clear()
    assert site.post("checkout", {"pack": 50}).status_code == 201
    assert len(site.fake.customers) == 1


def test_what_stripe_refuses_is_not_told_to_callers(site: Site) -> None:
    site.stripe.customer("anna")
    site.fake.customers.clear()  # somebody deleted it at Stripe
    answer = site.post("portal")
    assert answer.status_code == 503 and "cus_" not in answer.text
    bad = Stripe(Accounts(site.store), settings.StripeAccount("sk_test_other", SECRET, (10,), CHOSEN.url), site.fake)
    app = TestClient(create_app(site.store, Here(), stripe=bad), raise_server_exceptions=False)
    answer = app.post("/v1/billing/portal", headers={"Authorization": f"Bearer {site.key}"})
    assert answer.status_code == 503 and "sk_" not in answer.text


def test_a_refund_while_stripe_is_down_is_sent_again(site: Site) -> None:
    payment, (paid,) = site.bought()
    site.told(paid)
    refund, _ = site.fake.refund(payment, 500)
    site.fake.faults.extend(["timeout"] * 3)
    answer = site.hook(refund)
    assert answer.status_code == 503 and answer.json()["code"] == "payments_unavailable" and site.balance == 50 * DOLLAR
    assert site.hook(refund).json() == {"outcome": "booked"} and site.balance == 45 * DOLLAR


def test_what_takes_days_is_credited_when_it_is_paid(site: Site) -> None:
    _, (completed, paid) = site.bought(10, later=True)
    assert site.told(completed) == "nothing" and site.balance == 0
    assert site.told(paid) == "booked" and site.balance == 10 * DOLLAR
    failed = site.fake.event("checkout.session.async_payment_failed", next(iter(site.fake.sessions.values())))
    assert site.told(failed) == "ignored" and site.balance == 10 * DOLLAR


# webhooks from others


def forgeries(event: Thing) -> Iterator[tuple[str, dict[str, Any]]]:
    good = signed(event)
    header, now = good["headers"]["Stripe-Signature"], time.time()
    yield "another secret", signed(event, secret="whsec_other")
    yield "too old", signed(event, now - 302)
    yield "of the future", signed(event, now + 302)
    yield "of the far future", signed(event, now + 10**9)
    for off in (-302, 302):
        other = signed(event, now + off)
        told = other["headers"]["Stripe-Signature"]
        for both in (f"{told},t={int(now)}", f"t={int(now)},{told}"):
            yield f"two times, {off}", {**other, "headers": {"Stripe-Signature": both}}
    yield "changed", {**good, "content": good["content"].replace(b"5000", b"9000")}
    yield "spaces changed", {**good, "content": json.dumps(event).encode()}
    yield "not UTF-8", {**good, "content": b"\xff\xfe" + good["content"]}
    yield "empty", {**good, "content": b""}
    for name, value in {
        "none": None, "empty header": "", "garbage": "garbage", "no time": header.partition(",")[2], "no signature": header.partition(",")[0],
        "old scheme": header.replace("v1=", "v0="), "not a number": header.replace("t=", "t=x"),
        "long": "t=" + "9" * 5000 + ",v1=0", "not ASCII": b"t=%d,v1=\xe9\xff" % now, "commas": "," * 1000,
    }.items():  # fmt: skip
        yield name, {"content": good["content"], "headers": {"Stripe-Signature": value} if value is not None else {}}
    for body in (b"null", b"[]", b"{}", b'{"id": "evt_1", "type": "refund.created"}', b'{"id": 1, "type": [], "data": {"object": {}}}', b"x", b"[" * 100_000,
                 b'{"id": "evt_1", "object": "v2.core.event", "type": "v2.x", "data": {}}'):  # fmt: skip
        yield body[:60].decode(), signed(body)


def test_forged_webhooks_change_nothing_and_say_so(site: Site) -> None:
    _, (event,) = site.bought()
    for name, request in forgeries(event):
        answer = site.http.post("/webhooks/stripe", **request)
        assert answer.status_code == 400, (name, answer.text)
        assert answer.json()["code"] == "forged_webhook" and answer.headers["content-type"] == "application/problem+json"
    assert site.balance == 0 and not site.records("events")
    assert len(site.records("forged")) == 1  # written down, and no way to fill the store
    assert site.told(event) == "booked"


@pytest.mark.parametrize("off", [-295, 0, 295])
def test_clocks_may_differ_a_little(site: Site, off: int) -> None:
    _, (event,) = site.bought()
    assert site.hook(event, at=time.time() + off).status_code == 200 and site.balance == 50 * DOLLAR


def test_while_a_secret_is_replaced_stripe_signs_with_both(site: Site) -> None:
    _, (event,) = site.bought()
    request, other = signed(event), signed(event, secret="whsec_new")
    both = f"{other['headers']['Stripe-Signature']},{request['headers']['Stripe-Signature'].partition(',')[2]}"
    assert site.http.post("/webhooks/stripe", content=request["content"], headers={"Stripe-Signature": both}).status_code == 200


# twice, in any order, late


def a_long_story(site: Site) -> tuple[list[Thing], int]:
    """Events of four payments and all that may follow, and the balance that they leave."""
    fake = site.fake
    one, first = site.bought(50)
    two, second = site.bought(200, later=True)
    three, third = site.bought(10)
    four, fourth = site.bought(50)
    events = [
        *first, *fake.refund(one, 1_234), *fake.refund(one, 1_000, "succeeded"), *fake.refund(one, 500, "failed"), *fake.refund(one, 7, "canceled"),
        *second, *fake.dispute(two, back=20_000),
        *third, *fake.dispute(three),
        *fourth, *fake.refund(four, 2_000), *fake.dispute(four, back=2_000), *fake.dispute(four, inquiry=True),
    ]  # fmt: skip
    cents = 5_000 - 1_234 - 1_000 + 20_000 + 0 + 5_000 - 2_000 - 5_000 + 2_000
    return events, cents * CENT


@given(data=st.data())
@tries(max_examples=25)
def test_any_order_and_repetition_leaves_the_same_balance(data: st.DataObject) -> None:
    site = Site()
    events, balance = a_long_story(site)
    twice = events + data.draw(st.lists(st.sampled_from(events), max_size=20))
    for event in data.draw(st.permutations(twice)):
        if data.draw(st.integers(0, 9)) == 0:
            site.fake.faults.extend(["timeout"] * 3)  # what needs Stripe fails, and Stripe sends it again in an hour
            with suppress(PaymentsUnavailable):
                site.told(event)
            site.fake.faults.clear()
        site.told(event)
    assert site.balance == balance
    assert len(site.records("events")) == len({event["id"] for event in events if event["type"] != "charge.refunded"})


def test_three_days_late_is_not_too_late(site: Site) -> None:
    events, balance = a_long_story(site)
    driver = site.store.driver
    assert isinstance(driver, MemoryDriver)
    for event in reversed(events):
        driver.pass_time(3 * 86_400)
        event["created"] -= 3 * 86_400
        site.told(event)
    assert site.balance == balance


def test_events_that_others_repeat_under_another_id_move_nothing(site: Site) -> None:
    """A payment's own name decides: Stripe may tell of the same thing by another event."""
    events, balance = a_long_story(site)
    for event in events:
        site.told(event)
        site.told({**event, "id": f"{event['id']}b"})
    assert site.balance == balance


@pytest.mark.parametrize("lost", [False, True])
def test_a_storage_that_fails_anywhere_loses_and_doubles_nothing(lost: bool) -> None:
    """Down from any operation on, until the webhook is given up; `lost`: what was asked then happens all the same. Stripe sends it again."""
    step, failed = 0, True
    while failed:
        site, failed = Site(), False
        payment, (paid,) = site.bought(50)
        events = [paid, site.fake.refund(payment, 700, "failed")[-1], site.fake.refund(payment, 1_000)[0], site.fake.dispute(payment, back=1_000)[-1]]
        driver, left = site.store.driver, step
        assert isinstance(driver, MemoryDriver)

        @contextmanager
        def fault(operation: str, key: Key) -> Iterator[None]:
            nonlocal left
            left -= 1
            if left < 0 and not lost:
                raise StoreUnavailable("down")
            yield
            if left < 0:
                raise StoreUnavailable("lost")

        driver.fault = fault
        for event in events:
            request = signed(event)
            try:
                receive(Stripe(Accounts(site.store), CHOSEN, site.fake), request["content"], request["headers"]["Stripe-Signature"])
            except StoreUnavailable:
                failed = True
                driver.fault = MemoryDriver().fault
                site.told(event)
        driver.fault = MemoryDriver().fault
        Accounts(site.store).flush("anna")
        assert site.balance == (5_000 - 1_000 - 5_000 + 1_000) * CENT, step
        assert not Accounts(site.store).read("anna").pending
        step += 1
    assert step > 30


# what disputes take and give back


@pytest.mark.parametrize(
    ("how", "cents"),
    [
        ({"inquiry": True}, 5_000),
        ({}, 0),
        ({"back": 5_000}, 5_000),
        ({"back": 1_500}, 1_500),  # lost, but for what had been refunded before
        ({"back": 5_000, "currency": "eur", "rate": 0.9, "rate_back": 0.8}, 4_444),
        ({"back": 5_000, "currency": "eur", "rate": 0.9, "rate_back": 0.95}, 5_000),  # no gain by the rates
        ({"back": 5_000, "currency": "jpy", "rate": 1.5, "rate_back": 1.5}, 5_000),
    ],
)
def test_a_dispute_moves_what_it_moved_at_stripe(site: Site, how: dict[str, Any], cents: int) -> None:
    payment, (paid,) = site.bought(50)
    for event in (paid, *site.fake.dispute(payment, **how)):
        site.told(event)
    assert site.balance // CENT == cents


# what is not credited


def _other_session(**changes: Any) -> Callable[[Site], Thing]:
    def make(site: Site) -> Thing:
        _, (event,) = site.bought()
        return {**event, "data": {"object": {**event["data"]["object"], **changes}}}

    return make


@pytest.mark.parametrize(
    ("make", "why", "noted"),
    [
        (_other_session(currency="eur"), "It is in eur, not in US dollars.", True),
        (_other_session(amount_total=4_999), "4999 cents were paid, and 5000 asked for.", True),
        (_other_session(amount_total=50_000), "50000 cents were paid, and 5000 asked for.", True),
        (_other_session(customer="cus_other"), "Its customer is not the workspace's.", True),
        (_other_session(customer=None), "Its customer is not the workspace's.", True),
        (_other_session(metadata={"agentforge_workspace": "anna"}), "5000 cents were paid, and None asked for.", True),
        (_other_session(metadata={"agentforge_workspace": "nobody", "agentforge_cents": "5000"}), "There is no such workspace.", False),
        (_other_session(metadata={"agentforge_workspace": "../x", "agentforge_cents": "5000"}), "There is no such workspace.", False),
        (lambda site: {**site.bought()[1][0], "livemode": True}, "It is of the other mode, test or live.", True),
    ],
)
def test_a_payment_that_is_not_as_it_was_asked_for_is_written_down_and_not_credited(site: Site, make: Callable[[Site], Thing], why: str, noted: bool) -> None:
    event = make(site)
    assert site.told(event) == "refused" and site.balance == 0
    (record,) = site.records("events")
    assert record["outcome"] == "refused" and record["why"] == why
    notes = [entry.events[0] for entry in audit.trail(site.store, "anna") if entry.events[0].kind == "payment_refused"]
    assert [note.data["why"] for note in notes] == [why] * noted
    assert audit.problems(site.store, "anna") == []
    assert site.told(event) == "repeated"


def test_what_was_not_credited_is_not_reversed_either(site: Site) -> None:
    payment, (event,) = site.bought()
    site.fake.payments[payment]["currency"] = event["data"]["object"]["currency"] = "eur"
    for one in (event, *site.fake.refund(payment, 1_000), *site.fake.dispute(payment)):
        assert site.told(one) in ("refused", "ignored", "nothing")
    assert site.balance == 0


def test_what_else_is_sold_through_the_account_is_none_of_ours(site: Site) -> None:
    """`client_reference_id` may be chosen by whoever opens a payment link; metadata may not."""
    payment, (event,) = site.bought()
    event["data"]["object"]["metadata"] = {}
    site.fake.payments[payment]["metadata"] = {}
    for one in (event, *site.fake.refund(payment, 1_000), site.fake.event("invoice.paid", {"id": "in_1", "object": "invoice"})):
        assert site.told(one) == "ignored"
    elsewhere = site.fake.event("refund.created", {"id": "re_x", "object": "refund", "amount": 5, "currency": "usd", "payment_intent": "pi_elsewhere"})
    assert site.told(elsewhere) == "ignored" and site.balance == 0


def test_an_erased_workspace_gets_nothing_and_leaves_nothing(site: Site) -> None:
    _, (event,) = site.bought()
    members.erase_workspace(site.store, "anna", "test")
    assert site.told(event) == "refused"
    assert list(site.store.list_all(workspace_prefix("anna"))) == []


def test_two_installations_may_share_an_account_at_stripe(site: Site) -> None:
    """Each is told of the other's payments, and workspaces may have the same name in both."""
    other = Site()
    other.stripe = Stripe(Accounts(other.store), settings.StripeAccount(CHOSEN.key, SECRET, (10,), "https://staging.example"), site.fake)
    _, (event,) = site.bought()
    assert other.stripe.customer("anna") != site.stripe.customer("anna")
    assert other.told(event) == "refused" and other.balance == 0
    assert site.told(event) == "booked"


def test_an_account_that_was_edited_by_hand_is_left_as_it_is(site: Site) -> None:
    _, (first,) = site.bought(10)
    _, (second,) = site.bought(50)
    site.told(first)
    key = account_key("anna")
    stored = site.store.get(key)
    assert stored is not None
    site.store.put_if(key, stored.body.replace(b"10000000", b"99000000"), stored.version)
    fresh = TestClient(create_app(site.store, Here(), stripe=Stripe(Accounts(site.store), CHOSEN, site.fake)), raise_server_exceptions=False)
    answer = fresh.post("/webhooks/stripe", **signed(second))
    assert answer.status_code == 409 and answer.json()["code"] == "record_damaged"  # Stripe sends it again, and somebody mends it meanwhile
    there = site.store.get(key)
    assert there is not None
    site.store.put_if(key, stored.body, there.version)
    assert fresh.post("/webhooks/stripe", **signed(second)).json()["outcome"] == "booked"
    assert site.balance == 60 * DOLLAR


def test_what_stripe_sends_no_more_is_forgotten_and_moves_nothing_should_it_come(site: Site) -> None:
    events, balance = a_long_story(site)
    for event in events:
        site.told(event)
    site.http.post("/webhooks/stripe", content=b"{}")
    there, driver = len(site.records("events")), site.store.driver
    assert isinstance(driver, MemoryDriver)
    driver.pass_time(29 * 86_400)
    sweep(site.store, Here(), "test")
    assert len(site.records("events")) == there > 20 and site.records("forged"), "it may be asked to send it again for 30 days"
    driver.pass_time(1.1 * 86_400)
    assert sweep(site.store, Here(), "test")["old_webhooks"] == there + 1
    assert not site.records("events") and not site.records("forged")
    Accounts(site.store).flush("anna")
    for event in reversed(events):
        assert site.told(event) != "repeated"
    assert site.balance == balance


def test_people_come_back_from_stripe_to_a_page(site: Site) -> None:
    site.post("checkout", {"pack": 50})
    site.post("portal")
    (session,) = site.fake.sessions.values()
    for address, words in ((session["asked"]["success_url"], "Paid"), (session["asked"]["cancel_url"], "Nothing was bought"), (site.fake.back, "Credit")):
        answer = site.http.get(address.removeprefix(CHOSEN.url))
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html") and f"<h1>{words}</h1>" in answer.text
        assert "$" not in answer.text, "the balance is not for everybody who knows the address"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'") and answer.headers["cache-control"] == "no-store"
    for odd in ("?checkout=%3Cscript%3E", "?workspace=%3Cscript%3E", "?workspace=../x", "?checkout=paid&checkout=cancelled", "?x=y"):
        answer = site.http.get(f"/billing{odd}")
        assert answer.status_code == 200 and "<script" not in answer.text
    assert site.http.get("/billing?checkout=" + "x" * 100).status_code == 422


# the meter


def settle(site: Site, run: str, micro: int) -> None:
    driver = site.store.driver
    assert isinstance(driver, MemoryDriver)
    driver.pass_time(time.time() - driver.now().timestamp())  # the fake goes by the machine's clock
    entry = {"run": run, "at": driver.now().isoformat(), "charge": {"amount": micro}}
    site.store.put_new(workspace_prefix("anna").folder("ledger") / f"{run}.json", seal(entry))


def test_the_meter_is_told_of_every_charge_once(site: Site) -> None:
    customer = site.stripe.customer("anna")
    for number, faults in enumerate([[], ["timeout"], ["lost"], [500], ["lost", "lost"], ["lost"] * 3, ["timeout"] * 3, ["lost", "timeout", 500]]):
        settle(site, f"run-{number}", 1_000 + number)
        site.fake.faults.extend(faults)
        site.stripe.mirror()
    site.fake.faults.clear()
    site.stripe.mirror()
    assert {name: event["payload"] for name, event in site.fake.usage.items()} == {
        f"run-{number}": {"stripe_customer_id": customer, "value": str(1_000 + number)} for number in range(8)
    }
    asked = site.fake.asked.copy()
    assert site.stripe.mirror() == {} and site.fake.asked == asked


def test_a_sweep_that_died_before_it_took_note_is_told_that_it_is_known(site: Site) -> None:
    site.stripe.customer("anna")
    settle(site, "run-1", 5)
    for _ in range(2):
        assert site.stripe.mirror() == {"mirrored": 1}
        site.store.delete(Key("t/anna/money/metered/run-1.json"))
    assert len(site.fake.usage) == 1


def test_what_the_meter_refuses_is_tried_again(site: Site) -> None:
    site.stripe.customer("anna")
    settle(site, "run-1", 5)
    wrong = Stripe(Accounts(site.store), settings.StripeAccount(CHOSEN.key, SECRET, (10,), CHOSEN.url, "no_such_meter"), site.fake)
    assert wrong.mirror() == {"payments_unavailable": 1} and not site.fake.usage
    assert site.stripe.mirror() == {"mirrored": 1} and len(site.fake.usage) == 1


def test_what_is_not_for_the_meter(site: Site) -> None:
    settle(site, "no-customer-yet", 7)
    assert site.stripe.mirror() == {}
    site.stripe.customer("anna")
    settle(site, "free", 0)
    off = Stripe(Accounts(site.store), settings.StripeAccount(CHOSEN.key, SECRET, (10,), CHOSEN.url), site.fake)
    assert off.mirror() == {} and not site.fake.usage
    driver = site.store.driver
    assert isinstance(driver, MemoryDriver)
    driver.pass_time(34.1 * 86_400)
    assert site.stripe.mirror() == {} and not site.fake.usage  # the meter takes nothing as old


def test_a_changed_ledger_stops_one_workspace_only(site: Site) -> None:
    members.create_workspace(site.store, "Aaron's", "email:owner@aaron.example", id="aaron")
    for workspace in ("aaron", "anna"):
        site.stripe.customer(workspace)
    settle(site, "run-1", 5)
    site.store.put_new(Key("t/aaron/ledger/run-0.json"), b"{}")
    assert site.stripe.mirror() == {"record_damaged": 1, "mirrored": 1}


def test_the_sweep_tells_the_meter(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.stripe.customer("anna")
    settle(site, "run-1", 5)
    for name, value in (GOOD | {"AGENTFORGE_STRIPE_KEY": CHOSEN.key, "AGENTFORGE_STRIPE_METER": CHOSEN.meter}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("stripe.RequestsClient", lambda timeout: site.fake)
    assert sweep(site.store, Here(), "test")["mirrored"] == 1 and list(site.fake.usage) == ["run-1"]


# settings, and nothing where there are none

GOOD = {
    "AGENTFORGE_STRIPE_KEY": "rk_live_x", "AGENTFORGE_STRIPE_WEBHOOK_SECRET": "whsec_x", "AGENTFORGE_URL": "https://a.example/",
    "AGENTFORGE_CREDIT_PACKS": " 5, 25 ", "AGENTFORGE_STRIPE_METER": "usage",
}  # fmt: skip


def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    assert settings.stripe() is None
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    chosen = settings.stripe()
    assert chosen == settings.StripeAccount("rk_live_x", "whsec_x", (5, 25), "https://a.example", "usage") and chosen.live
    monkeypatch.delenv("AGENTFORGE_CREDIT_PACKS")
    monkeypatch.setenv("AGENTFORGE_STRIPE_KEY", "sk_test_x")
    chosen = settings.stripe()
    assert chosen is not None and chosen.packs == (10, 50, 200) and not chosen.live


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_KEY", "pk_live_x"), ("STRIPE_KEY", "secret"), ("STRIPE_WEBHOOK_SECRET", ""), ("STRIPE_WEBHOOK_SECRET", "x"),
        ("CREDIT_PACKS", "0"), ("CREDIT_PACKS", "-5"), ("CREDIT_PACKS", "9.99"), ("CREDIT_PACKS", "10,,20"), ("CREDIT_PACKS", "1e3"),
        ("CREDIT_PACKS", "5,5"), ("CREDIT_PACKS", "1000000"), ("URL", ""), ("URL", "http://a.example"), ("STRIPE_METER", "x" * 101),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    for good in GOOD:
        monkeypatch.setenv(good, GOOD[good])
    monkeypatch.setenv(f"AGENTFORGE_{name}", value)
    with pytest.raises(InvalidSetting, match=f"AGENTFORGE_{name}") as raised:
        settings.stripe()
    assert "rk_live_x" not in str(raised.value) and (name != "STRIPE_KEY" or repr(value) not in str(raised.value))


def test_without_stripe_there_is_nothing_of_it(store: Store) -> None:
    http = TestClient(create_app(store, Here()), raise_server_exceptions=False)
    assert http.post("/webhooks/stripe", **signed({})).status_code == 404
    assert http.get("/billing").status_code == 404
    for method, path in (("GET", ""), ("POST", "/checkout"), ("POST", "/portal")):
        assert http.request(method, f"/v1/billing{path}").status_code == 404
    assert "billing" not in json.dumps(list(http.get("/openapi.json").json()["paths"]))


@pytest.mark.parametrize("configured", [False, True])
def test_a_server_starts_without_the_sdk(tmp_path: Path, configured: bool) -> None:
    """It takes a fifth of a second, which only those who buy something wait for."""
    code = "import sys; from web.app import create_app; app = create_app(); print('/webhooks/stripe' in str(app.openapi()['paths']), *sys.modules)"
    env = {"AGENTFORGE_STORE": str(tmp_path), "PATH": "", **(GOOD if configured else {})}
    told = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], env=env, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == str(configured) and "stripe" not in told and "requests" not in told
