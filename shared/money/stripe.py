"""What we ask of Stripe, and nothing else does: customers, Checkout, the portal, payments, signatures of webhooks, meters.

    t/<workspace>/money/customer-<mode>.json   which customer a workspace is
    sys/stripe/customers/<customer>.json       which workspace a customer is: decides, as no workspace's own objects can change it
    t/<workspace>/money/metered/<run>.json     charges that the meter knows of

What webhooks say becomes money in payments.py. The SDK is imported when Stripe is first asked for something, and only where it is configured.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared import settings
from shared.errors import AgentForgeError, InvalidSetting, RecordDamaged
from shared.money.accounts import Accounts
from shared.settings import StripeAccount
from shared.state import documents
from shared.state.documents import Document
from shared.state.idempotency import KeyReused
from shared.state.keys import SYSTEM, Key, workspace_prefix
from shared.state.record import seal, sha256, unseal

if TYPE_CHECKING:
    import stripe

CENT = 10_000  # micro-dollars
TOLERANCE_S = 300  # between Stripe's clock and ours, either way
TIMEOUT_S, RETRIES = 20, 2  # of a request; the SDK's own retries carry one idempotency key
WORKSPACE, CENTS = "agentforge_workspace", "agentforge_cents"  # metadata of our payments: only who has our key can write it
OLDEST_USAGE = timedelta(days=34)  # a meter takes events of 35 days

log = logging.getLogger(__name__)


class PaymentsUnavailable(AgentForgeError):
    """Stripe does not answer, or refuses what this server asks."""

    code = "payments_unavailable"
    status = 503
    retryable = True


class ForgedWebhook(AgentForgeError):
    """Nothing that Stripe sent, or not now."""

    code = "forged_webhook"
    status = 400


class Customer(Document):
    customer: str
    workspace: str


class Stripe:
    """One for each process. `transport`: the SDK's way to the network, for tests."""

    def __init__(self, accounts: Accounts, chosen: StripeAccount, transport: "stripe.HTTPClient | None" = None) -> None:
        self.accounts, self.store, self.chosen, self.transport = accounts, accounts.store, chosen, transport
        self._forged_in = ""  # the hour in which one was last written down

    @cached_property
    def client(self) -> "stripe.StripeClient":
        sdk = _sdk()
        transport = self.transport or sdk.RequestsClient(timeout=TIMEOUT_S)
        client: stripe.StripeClient = sdk.StripeClient(self.chosen.key, http_client=transport, max_network_retries=RETRIES)
        return client

    def checkout(self, workspace: str, dollars: int, purchase: str) -> str:
        """The address of a page where a pack of credit is paid for. The same `purchase` again gives the same page."""
        about = {WORKSPACE: workspace, CENTS: str(dollars * 100), "purchase": purchase}
        customer = self.customer(workspace)
        with _asking():
            session = self.client.v1.checkout.sessions.create(
                {
                    "mode": "payment", "customer": customer, "client_reference_id": workspace,
                    "line_items": [{
                        "quantity": 1,
                        "price_data": {"currency": "usd", "unit_amount": dollars * 100, "product_data": {"name": f"${dollars:,} of credit"}},
                    }],
                    "metadata": about, "payment_intent_data": {"metadata": about},
                    "adaptive_pricing": {"enabled": False},  # else refunds and disputes may be told in another currency
                    "success_url": self._back(workspace, "paid"), "cancel_url": self._back(workspace, "cancelled"),
                },
                {"idempotency_key": f"agentforge-checkout-{purchase}"},
            )  # fmt: skip
        return str(session.url)

    def portal(self, workspace: str) -> str:
        """The address of a page where a workspace sees its payments and changes its cards. Good for minutes."""
        customer = self.customer(workspace)
        with _asking():
            return self.client.v1.billing_portal.sessions.create({"customer": customer, "return_url": self._back(workspace)}).url

    def customer(self, workspace: str) -> str:
        """The workspace's customer; made when first needed. RecordDamaged where it is another's."""
        if known := self.known_customer(workspace):
            return known
        once = sha256(f"{self.chosen.url} {workspace}".encode())  # installations may share an account at Stripe
        with _asking():
            made = self.client.v1.customers.create({"metadata": {WORKSPACE: workspace}}, {"idempotency_key": f"agentforge-customer-{once}"})
        there = Customer(customer=made.id, workspace=workspace)
        documents.create(self.store, _customer_key(made.id), there)  # first: whose payments are is known before there can be any
        documents.create(self.store, self._own_key(workspace), there)
        return self.known_customer(workspace)

    def known_customer(self, workspace: str) -> str:
        """\"\" where there is none yet."""
        there = documents.read(self.store, self._own_key(workspace), Customer)
        if there is None:
            return ""
        if self.workspace_of(there.customer) != workspace:
            raise RecordDamaged(f"The customer {there.customer} is not the workspace's.", "Its money/customer object was changed by hand.")
        return there.customer

    def workspace_of(self, customer: str) -> str:
        """\"\" for a customer that is none of ours."""
        there = documents.read(self.store, _customer_key(customer), Customer)
        return there.workspace if there else ""

    def payment(self, id: str) -> dict[str, Any]:
        """A PaymentIntent, as it is now; empty for one that our account at Stripe does not have."""
        stripe = _sdk()
        with _asking():
            try:
                return self.client.v1.payment_intents.retrieve(id).to_dict()
            except stripe.InvalidRequestError as error:
                if error.http_status == 404:
                    return {}
                raise

    def event(self, body: bytes, signature: str) -> dict[str, Any]:
        """What a webhook says, if it is Stripe's and of now. ForgedWebhook."""
        stripe = _sdk()
        try:
            stripe.WebhookSignature.verify_header(body, signature, self.chosen.webhook_secret, TOLERANCE_S)
            at = next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
            if at > time.time() + TOLERANCE_S:  # the SDK looks at the past only
                raise ValueError("Timestamp in the future")
            event: dict[str, Any] = json.loads(body)
            if not isinstance(event["data"]["object"], dict):
                raise ValueError("No snapshot event")
            if not isinstance(event["id"], str) or not isinstance(event["type"], str):
                raise ValueError("No event")
        except (stripe.SignatureVerificationError, ValueError, TypeError, LookupError, StopIteration, RecursionError) as error:
            self._note_forged(str(error)[:200])
            raise ForgedWebhook(
                "This is no webhook of Stripe's, or it is older or newer than 5 minutes.", "Look at the signing secret and at this server's clock."
            ) from None
        return event

    def mirror_usage(self, run: str, workspace: str, micro: int, at: str) -> None:
        """Tell the meter what a run was charged: once for each run, as far as Stripe remembers (24 hours and more)."""
        customer = self.known_customer(workspace)
        if not (micro > 0 and customer and self.chosen.meter):
            return  # who never bought through Stripe is nobody there
        stripe = _sdk()
        with _asking():
            try:
                self.client.v1.billing.meter_events.create(
                    {
                        "event_name": self.chosen.meter, "identifier": run, "timestamp": int(datetime.fromisoformat(at).timestamp()),
                        "payload": {"stripe_customer_id": customer, "value": str(micro)},
                    }
                )  # fmt: skip
            except stripe.InvalidRequestError as error:
                if error.http_status != 400 or "already exists with identifier" not in str(error):
                    raise  # else an answer was lost, and it knows

    def mirror(self) -> Counter[str]:
        """Tell the meter of every charge it was not told of: a step of the sweep. Counts `mirrored`, and errors by their codes.

        Lists each customer's ledger. A charge that the meter did not take for 34 days is given up.
        """
        done: Counter[str] = Counter()
        customers = documents.read_all(self.store, _CUSTOMERS, Customer) if self.chosen.meter else []
        for workspace in sorted({customer.workspace for customer in customers}):
            try:
                if self.known_customer(workspace):
                    self._mirror_workspace(workspace, done)
            except (PaymentsUnavailable, RecordDamaged) as error:
                log.warning("the meter was not told of all runs of %s: %s", workspace, error.message)
                done[error.code] += 1
                if isinstance(error, PaymentsUnavailable):
                    break  # the next sweep tries again; this one has others to look after
        return done

    def _mirror_workspace(self, workspace: str, done: Counter[str]) -> None:
        prefix = workspace_prefix(workspace)
        ledger, marks = prefix.folder("ledger"), prefix.folder("money").folder("metered")
        known = {listed.key.removeprefix(marks) for listed in self.store.list_all(marks)}
        oldest = self.store.now() - OLDEST_USAGE
        for listed in list(self.store.list_all(ledger)):
            name = listed.key.removeprefix(ledger)
            if name in known or listed.at < oldest:
                continue
            fields = unseal(self.store.read(listed.key), run=str, at=str)
            if fields is None:
                raise RecordDamaged(f"The ledger entry {listed.key} was changed.")
            if micro := fields.get("charge", {}).get("amount", 0):
                self.mirror_usage(fields["run"], workspace, micro, fields["at"])
                done["mirrored"] += 1
            self.store.put_new(marks / name, b"")

    def _back(self, workspace: str, checkout: str = "") -> str:
        """The address of our page where people come back to from Stripe's (handlers/http/routes/billing.py)."""
        return f"{self.chosen.url}/billing?workspace={workspace}" + (f"&checkout={checkout}" if checkout else "")

    def _own_key(self, workspace: str) -> Key:
        mode = "live" if self.chosen.live else "test"  # customers of one are unknown in the other
        return workspace_prefix(workspace).folder("money") / f"customer-{mode}.json"

    def _note_forged(self, why: str) -> None:
        """The first of each hour: whoever forges must not be able to fill the store."""
        hour = self.store.now().strftime("%Y-%m-%dT%H")
        log.warning("a webhook was refused: %s", why)
        if hour != self._forged_in:
            self._forged_in = hour
            self.store.put_new(SYSTEM.folder("stripe").folder("forged") / f"{hour}.json", seal({"why": why}))


def chosen_stripe(accounts: Accounts) -> Stripe | None:
    """By the environment; None where Stripe is not configured."""
    chosen = settings.stripe()
    return Stripe(accounts, chosen) if chosen else None


@contextmanager
def _asking() -> Iterator[None]:
    """What the SDK raises, in our words. The caller can do nothing about it; whoever runs the server finds more in the log."""
    stripe = _sdk()
    try:
        yield
    except stripe.IdempotencyError:
        raise KeyReused("This idempotency key was used for another request.", "Use a new key for a new request.") from None
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        log.warning("Stripe: %s: %s", type(error).__name__, error)
        raise PaymentsUnavailable("Stripe does not answer.", "Try again in a while; nothing is paid twice.") from error
    except stripe.StripeError as error:
        log.error("Stripe: %s: %s", type(error).__name__, error)
        raise PaymentsUnavailable("Stripe refused what this server asked.", "Tell whoever runs it: its log says why.") from error


def _sdk() -> Any:
    try:
        import stripe
    except ImportError:
        raise InvalidSetting("AGENTFORGE_STRIPE_KEY is set, and the package stripe is not there.", "pip install 'agentforge[billing]'") from None
    stripe.enable_telemetry = False  # else it tells the platform and an id of this machine, and keeps that id in a file
    return stripe


_CUSTOMERS = SYSTEM.folder("stripe").folder("customers")


def _customer_key(id: str) -> Key:
    return _CUSTOMERS / f"{id}.json"
