"""What Stripe's webhooks say → the ledger. Duplicated, reordered or days late: the balance they leave is the same.

Every event is a snapshot of something. From each follows a set of ledger entries under deterministic keys (`moves`), each written once;
a later snapshot's set contains an earlier one's, so what remains is their union, whatever the order. So

- a payment is credited by its PaymentIntent, which both `completed` and `async_payment_succeeded` name;
- a refund is taken back as soon as it exists, and given back if it fails. (`charge.refunded` tells a running total only: of two that
  are reordered it cannot be said what each added);
- a dispute moves what moved on our balance at Stripe: each of its balance transactions. An inquiry has none; a dispute that is lost
  in part has a smaller one back; `status` need not be interpreted.

A refund or a dispute that comes before its payment takes the balance below zero until that comes. Whose payment it is says the metadata
that we gave it, and its customer must be that workspace's: neither can be chosen by who pays.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from shared.errors import AgentForgeError, NotFound
from shared.identity import members
from shared.money.account import Kind
from shared.money.stripe import CENT, CENTS, WORKSPACE, Stripe
from shared.state import audit
from shared.state.keys import SYSTEM
from shared.state.record import seal
from shared.state.store import Store

Thing = dict[str, Any]
REDELIVERED = timedelta(days=30)  # for which Stripe keeps events, and may be asked to send them again (docs.stripe.com/webhooks)


class Move(NamedTuple):
    """An entry of the ledger. `amount` in micro-dollars, above zero."""

    key: str
    kind: Kind
    amount: int


def receive(stripe: Stripe, body: bytes, signature: str) -> str:
    """Carry out a webhook: booked, nothing, ignored, refused or repeated, all of them final. Else an error, and Stripe sends it again.

    ForgedWebhook; PaymentsUnavailable, StoreUnavailable and RecordDamaged (an account changed by hand) are worth sending again.
    """
    event = stripe.event(body, signature)
    store, thing = stripe.store, event["data"]["object"]
    moves_of = MOVES.get(event["type"])
    record = SYSTEM.folder("stripe").folder("events") / f"{event['id']}.json"
    if moves_of is None:
        return "ignored"
    if store.get(record) is not None:
        return "repeated"
    outcome, workspace, why = "nothing", "", ""
    if moves := moves_of(thing):
        payment = thing if thing.get("object") == "checkout.session" else stripe.payment(thing["payment_intent"])
        workspace = (payment.get("metadata") or {}).get(WORKSPACE, "")
        if not workspace:
            outcome = "ignored"  # of something else that is sold through the same account
        elif why := _refusal(stripe, event, payment, workspace):
            outcome = "refused"
            if _exists(stripe, workspace):
                about = str(thing["id"])
                audit.note(store, workspace, "payment_refused", "stripe", once=True, event=event["id"], type=event["type"], about=about, why=why)
        else:
            outcome = "booked"
            for move in moves:
                stripe.accounts.credit(workspace, move.key, move.amount, move.kind, stripe=str(thing["id"]), event=event["id"])
    told = {"type": event["type"], "outcome": outcome, "workspace": workspace, "why": why, "at": store.now().isoformat()}
    store.put_new(record, seal(told))
    return outcome


def forget_old(store: Store) -> int:
    """Delete what is kept of webhooks that Stripe sends no more; how many. One that came all the same would move nothing twice: the
    ledger's keys are kept for ever."""
    oldest, folder = store.now() - REDELIVERED, SYSTEM.folder("stripe")
    old = [listed.key for kind in ("events", "forged") for listed in store.list_all(folder.folder(kind)) if listed.at < oldest]
    for key in old:
        store.delete(key)
    return len(old)


def _refusal(stripe: Stripe, event: Thing, payment: Thing, workspace: str) -> str:
    """Why a payment is not credited, and nothing of it reversed; "" where it is good. The same for all events of one payment."""
    thing, cents = event["data"]["object"], payment.get("amount_total", payment.get("amount"))
    if bool(event.get("livemode")) != stripe.chosen.live:
        return "It is of the other mode, test or live."
    for currency in (payment.get("currency"), thing.get("currency")):
        if currency != "usd":
            return f"It is in {str(currency)[:10]}, not in US dollars."
    if str(cents) != payment["metadata"].get(CENTS):
        return f"{str(cents)[:20]} cents were paid, and {str(payment['metadata'].get(CENTS))[:20]} asked for."
    if not _exists(stripe, workspace):
        return "There is no such workspace."
    if stripe.workspace_of(str(payment.get("customer"))) != workspace:
        return "Its customer is not the workspace's."
    return ""


def _exists(stripe: Stripe, workspace: str) -> bool:
    try:
        members.read_workspace(stripe.store, workspace)
        return not members.is_erased(stripe.store, workspace)
    except NotFound:
        return False
    except AgentForgeError as error:
        if error.status == 422:  # no workspace can be called so
            return False
        raise


def _of_session(session: Thing) -> list[Move]:
    if session.get("payment_status") != "paid" or session.get("mode") != "payment":
        return []  # async_payment_succeeded follows, or nothing
    return [Move(f"stripe-{session['payment_intent']}", "credit", session["amount_total"] * CENT)]


def _of_refund(refund: Thing) -> list[Move]:
    if not refund.get("payment_intent"):
        return []  # of a charge made without one, so none of ours
    moves = [Move(f"stripe-{refund['id']}", "reversal", refund["amount"] * CENT)]
    if refund.get("status") in ("failed", "canceled"):
        moves.append(Move(f"stripe-{refund['id']}-returned", "credit", refund["amount"] * CENT))
    return moves


def _of_dispute(dispute: Thing) -> list[Move]:
    moved = [one for one in dispute.get("balance_transactions") or [] if one["amount"]]
    if not dispute.get("payment_intent") or not moved:
        return []
    disputed, taken = dispute["amount"] * CENT, abs(min(moved, key=lambda one: one["created"])["amount"])  # the first takes, others give back
    moves = []
    for one in moved:
        if one["currency"] == "usd":
            amount = abs(one["amount"]) * CENT
        else:  # our balance at Stripe is kept in another currency: a share of what is disputed, and no gain by its rates
            amount = min(disputed, disputed * abs(one["amount"]) // taken)
        moves.append(Move(f"stripe-{dispute['id']}-{one['id']}", "reversal" if one["amount"] < 0 else "credit", amount))
    return moves


MOVES: dict[str, Callable[[Thing], list[Move]]] = {
    "checkout.session.completed": _of_session,
    "checkout.session.async_payment_succeeded": _of_session,
    "refund.created": _of_refund,
    "refund.updated": _of_refund,
    "refund.failed": _of_refund,
    "charge.dispute.created": _of_dispute,
    "charge.dispute.updated": _of_dispute,
    "charge.dispute.funds_withdrawn": _of_dispute,
    "charge.dispute.funds_reinstated": _of_dispute,
    "charge.dispute.closed": _of_dispute,
}
