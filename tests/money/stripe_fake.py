"""A small Stripe behind the SDK's own HTTP client: what it keeps, what it refuses, and what it says in webhooks.

It forgets nothing, and knows of each idempotency key what was asked and answered, refusals included, as Stripe does. `faults` are taken
by the next requests, one each:

    timeout   nothing happened, and nothing is answered       lost   it happened, and nothing is answered
    500, 429  so it is answered, and nothing happened
"""

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from shared.money.accounts import Accounts
from shared.money.stripe import Stripe
from shared.settings import StripeAccount
from shared.state.store import Store

KEY, SECRET = "sk_test_51fake", "whsec_fake"
CHOSEN = StripeAccount(KEY, SECRET, (10, 50, 200), "https://agentforge.example", "agentforge_usage")
Thing = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.error = status, {"type": "invalid_request_error", "message": message, **more}


class StripeFake(stripe.HTTPClient):
    name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.faults: deque[str | int] = deque()
        self.asked: Counter[str] = Counter()  # "POST /v1/customers" → how often it was carried out
        self.customers: dict[str, Thing] = {}
        self.sessions: dict[str, Thing] = {}
        self.payments: dict[str, Thing] = {}
        self.usage: dict[str, Thing] = {}  # by identifier
        self._answers: dict[str, tuple[str, str, int, str]] = {}  # idempotency key → path, body, status, answer
        self.back = ""  # where the portal sends people when they are done
        self._count = 0

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0.0

    def request(self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any) -> tuple[str, int, Mapping[str, str]]:
        assert headers is not None
        fault = self.faults.popleft() if self.faults else ""
        if fault == "timeout":
            raise stripe.APIConnectionError("Request timed out.", should_retry=True)
        path, key, body = urlsplit(url).path, headers.get("Idempotency-Key", ""), str(post_data or "")
        if fault in (429, 500):
            return _answer(int(fault), {"error": {"type": "api_error", "message": "Too many requests, or something went wrong on our end"}})
        if headers["Authorization"] != f"Bearer {KEY}":
            return _answer(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}})
        if key in self._answers:
            first = self._answers[key]
            if first[:2] != (path, body):
                told = "Keys for idempotent requests can only be used with the same parameters they were first used with."
                return _answer(400, {"error": {"type": "idempotency_error", "message": told}})
            status, answer = first[2:]
        else:
            try:
                status, answer = 200, json.dumps(self._carry_out(method.upper(), path, _nested(body)))
            except Refused as refused:
                status, answer = refused.status, json.dumps({"error": refused.error})
            if key:
                self._answers[key] = path, body, status, answer
        if fault == "lost":
            raise stripe.APIConnectionError("Connection reset.", should_retry=True)
        return answer, status, {"Request-Id": f"req_{self._new('')}", **({"stripe-should-retry": "false"} if status == 400 else {})}

    def close(self) -> None:
        pass

    def _carry_out(self, method: str, path: str, asked: Thing) -> Thing:
        self.asked[f"{method} {path}"] += 1
        routes: dict[str, Callable[[Thing], Thing]] = {
            "POST /v1/customers": self._customer, "POST /v1/checkout/sessions": self._session,
            "POST /v1/billing_portal/sessions": self._portal, "POST /v1/billing/meter_events": self._meter_event,
        }  # fmt: skip
        if route := routes.get(f"{method} {path}"):
            return route(asked)
        if method == "GET" and path.startswith("/v1/payment_intents/"):
            return _one_of(self.payments, path.rpartition("/")[2], "payment_intent")
        raise Refused(404, f"Unrecognized request URL ({method}: {path}).")

    def _customer(self, asked: Thing) -> Thing:
        _only(asked, "metadata", "name", "email")
        id = self._new("cus")
        self.customers[id] = {"id": id, "object": "customer", "livemode": False, **asked}
        return self.customers[id]

    def _session(self, asked: Thing) -> Thing:
        _only(
            asked, "mode", "customer", "client_reference_id", "line_items", "metadata", "payment_intent_data", "adaptive_pricing", "success_url",
            "cancel_url",
        )  # fmt: skip
        _one_of(self.customers, asked["customer"], "customer")
        if asked["mode"] != "payment":
            raise Refused(400, "This fake takes payments only.", param="mode")
        total = sum(int(item["price_data"]["unit_amount"]) * int(item["quantity"]) for item in asked["line_items"].values())
        if not 50 <= total <= 99_999_999:
            raise Refused(400, "The Checkout Session's total amount must be from $0.50 to $999,999.99.", code="amount_too_small")
        id = self._new("cs_test")
        self.sessions[id] = {
            "id": id, "object": "checkout.session", "mode": "payment", "customer": asked["customer"], "livemode": False, "status": "open",
            "client_reference_id": asked.get("client_reference_id"), "metadata": asked.get("metadata", {}), "payment_status": "unpaid",
            "amount_total": total, "currency": asked["line_items"]["0"]["price_data"]["currency"], "payment_intent": None,
            "url": f"https://checkout.stripe.com/c/pay/{id}", "asked": asked,
        }  # fmt: skip
        return self.sessions[id]

    def _portal(self, asked: Thing) -> Thing:
        _only(asked, "customer", "return_url")
        self.back = asked["return_url"]
        customer = _one_of(self.customers, asked["customer"], "customer")["id"]
        id = self._new("bps")
        return {"id": id, "object": "billing_portal.session", "customer": customer, "url": f"https://billing.stripe.com/p/session/{id}", **asked}

    def _meter_event(self, asked: Thing) -> Thing:
        _only(asked, "event_name", "payload", "identifier", "timestamp")
        if asked["event_name"] != CHOSEN.meter:
            raise Refused(400, f"No active meter found for event name '{asked['event_name']}'.", code="no_meter")
        if not time.time() - 35 * 86400 <= int(asked["timestamp"]) <= time.time() + 300:
            raise Refused(400, "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.", param="timestamp")
        if not asked["payload"]["value"].isdecimal():
            raise Refused(400, "The value must be a whole number.", param="payload")
        if asked["identifier"] in self.usage:
            raise Refused(400, f"An event already exists with identifier {asked['identifier']}.")
        self.usage[asked["identifier"]] = {"object": "billing.meter_event", "livemode": False, "created": int(time.time()), **asked}
        return self.usage[asked["identifier"]]

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count:06d}" if kind else f"{self._count:06d}"

    # what happens at Stripe, each with the events that tell of it

    def pay(self, session: str, later: bool = False) -> list[Thing]:
        """Somebody pays; `later`: in a way that takes days."""
        there = self.sessions[session]
        id = there["payment_intent"] = self._new("pi")
        self.payments[id] = {
            "id": id, "object": "payment_intent", "amount": there["amount_total"], "currency": there["currency"], "customer": there["customer"],
            "metadata": there["asked"].get("payment_intent_data", {}).get("metadata", {}), "status": "succeeded", "livemode": False,
        }  # fmt: skip
        there["status"] = "complete"
        first = [self.event("checkout.session.completed", there)] if later else []
        there["payment_status"] = "paid"
        return [*first, self.event("checkout.session.async_payment_succeeded" if later else "checkout.session.completed", there)]

    def refund(self, payment: str, cents: int, *ends: str) -> list[Thing]:
        """`ends`: the states it goes through after the first, such as failed."""
        there = self.payments[payment]
        refund = {
            "id": self._new("re"), "object": "refund", "amount": cents, "currency": there["currency"], "payment_intent": payment, "metadata": {},
            "status": "pending" if ends else "succeeded",
        }  # fmt: skip
        told = [self.event("refund.created", refund), self.event("charge.refunded", {"id": "ch_1", "object": "charge", "amount_refunded": cents})]
        for end in ends:
            refund["status"] = end
            told.append(self.event("refund.failed" if end == "failed" else "refund.updated", refund))
        return told

    def dispute(self, payment: str, back: int = 0, inquiry: bool = False, currency: str = "usd", rate: float = 1, rate_back: float = 1) -> list[Thing]:
        """Of the whole payment; `back`: the cents that come back at its end."""
        there = self.payments[payment]
        cents = there["amount"]
        dispute: Thing = {
            "id": self._new("du"), "object": "dispute", "amount": cents, "currency": there["currency"], "payment_intent": payment, "charge": "ch_1",
            "balance_transactions": [], "status": "warning_needs_response" if inquiry else "needs_response",
        }  # fmt: skip
        told = [self.event("charge.dispute.created", dispute)]
        if inquiry:
            dispute["status"] = "warning_closed"
            return [*told, self.event("charge.dispute.closed", dispute)]
        for moved, name in ((-round(cents * rate), "funds_withdrawn"), (round(back * rate_back), "funds_reinstated")):
            if moved:
                transaction = {"id": self._new("txn"), "amount": moved, "currency": currency, "fee": 1500 if moved < 0 else 0, "created": self._count}
                dispute["balance_transactions"].append(transaction)
                told.append(self.event(f"charge.dispute.{name}", dispute))
        dispute["status"] = "won" if back == cents else "lost"
        return [*told, self.event("charge.dispute.closed", dispute)]

    def event(self, type: str, thing: Thing, **more: Any) -> Thing:
        """A snapshot of a thing."""
        shown = json.loads(json.dumps({name: value for name, value in thing.items() if name != "asked"}))
        return {
            "id": self._new("evt"), "object": "event", "type": type, "livemode": False, "created": int(time.time()), "api_version": "2026-10-28.endive",
            "data": {"object": shown}, **more,
        }  # fmt: skip


def fake_stripe(store: Store, accounts: Accounts | None = None) -> Stripe:
    """Its fake is `.transport`."""
    return Stripe(accounts or Accounts(store), CHOSEN, StripeFake())


def signed(event: Thing | bytes, at: float | None = None, secret: str = SECRET) -> dict[str, Any]:
    """For a call: the body and the header with which Stripe sends it."""
    body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
    header = stripe.WebhookSignature.generate_signature_header(body.decode("utf-8", "surrogateescape"), secret, at and int(at))
    return {"content": body, "headers": {"Stripe-Signature": header, "Content-Type": "application/json"}}


def _nested(body: str) -> Thing:
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}"""
    whole: Thing = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        first, *inner = name.replace("]", "").split("[")
        node = whole
        for part in [first, *inner][:-1]:
            node = node.setdefault(part, {})
        node[[first, *inner][-1]] = value
    return whole


def _only(asked: Thing, *names: str) -> None:
    if unknown := asked.keys() - set(names):
        raise Refused(400, f"Received unknown parameter: {sorted(unknown)[0]}", code="parameter_unknown", param=sorted(unknown)[0])


def _one_of(things: dict[str, Thing], id: str, kind: str) -> Thing:
    if id not in things:
        raise Refused(404 if kind == "payment_intent" else 400, f"No such {kind}: '{id}'", code="resource_missing", param=kind)
    return things[id]


def _answer(status: int, body: Thing) -> tuple[str, int, Mapping[str, str]]:
    return json.dumps(body), status, {"Request-Id": "req_0"}
