"""/v1/billing: credit is bought at Stripe. /webhooks/stripe: Stripe tells that it was. /billing: where people come back to.

Mounted where Stripe is configured.
"""

from functools import cache
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from handlers.http.callers import allowed, person_looking
from handlers.http.manners import IdempotencyKey
from handlers.http.models import Body
from handlers.http.platform import At
from handlers.http.problems import answer_with, answers
from shared.errors import AgentForgeError, BadInput, NotFound
from shared.identity.caller import Caller
from shared.money import payments
from shared.money.prices import dollars
from shared.money.stripe import Stripe
from shared.state import idempotency, runs

if TYPE_CHECKING:
    from jinja2 import Template

router = APIRouter(prefix="/billing", tags=["billing"])
hooks = APIRouter(tags=["billing"])
Reader = Annotated[Caller, allowed("usage:read")]
Writer = Annotated[Caller, allowed("billing:write")]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>AgentForge: credit</title>
<style>body{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
{% if checkout == "paid" %}<h1>Paid</h1><p>Your credit appears in a moment: as soon as Stripe tells us of the payment. Some ways to pay take days.</p>
{% elif checkout == "cancelled" %}<h1>Nothing was bought</h1><p>You left before paying, and nothing was taken.</p>
{% else %}<h1>Credit</h1>{% endif %}
{% if trouble %}<p>Your balance cannot be read just now: {{ trouble }}
{% elif balance %}<p>The balance of {{ workspace }} is <strong>{{ balance }}</strong> now{% if held %}, of which {{ held }} are held for runs that go on{% endif %}.
<p><a href="">Look again</a>{% elif sign_in %}<p><a href="/auth/login?next={{ here | urlencode }}">Sign in</a> to see your balance.
{% else %}<p>Your balance is what <code>GET /v1/account</code> says.{% endif %}</html>
"""


async def _stripe(at: At) -> Stripe:
    if at.stripe is None:
        raise NotFound("Credit is not sold here.")
    return at.stripe


async def _body(request: Request) -> bytes:
    """As it came: what is signed are its bytes."""
    return await request.body()


Asked = Annotated[Stripe, Depends(_stripe)]


class BillingOut(BaseModel):
    packs: list[int] = Field(description="Of credit, in dollars.", examples=[[10, 50, 200]])


class Purchase(Body):
    pack: int = Field(ge=1, le=999_999, description="One of `packs`.", examples=[50])


class PageOut(BaseModel):
    url: str = Field(description="A page of Stripe's to send somebody to.")


class HookOut(BaseModel):
    outcome: str = Field(description="booked, nothing, ignored, refused or repeated", examples=["booked"])


@router.get("", summary="What can be bought", responses=answers())
def get_billing(caller: Reader, stripe: Asked) -> BillingOut:
    return BillingOut(packs=list(stripe.chosen.packs))


@router.post("/checkout", status_code=201, summary="Buy credit", responses=answers(409))
def create_checkout(body: Purchase, caller: Writer, stripe: Asked, at: At, key: IdempotencyKey = None) -> PageOut:
    """It is credited as soon as Stripe says that it was paid, which may take days for some ways to pay."""
    if body.pack not in stripe.chosen.packs:
        raise BadInput(f"There is no pack of ${body.pack:,}.", f"There are: {', '.join(map(str, stripe.chosen.packs))}.")
    purchase = idempotency.id_of(at.store, caller.workspace, key, ["buy_credit", body.pack], runs.new_id(at.store.now()))
    return PageOut(url=stripe.checkout(caller.workspace, body.pack, purchase))


@router.post("/portal", status_code=201, summary="See payments, change cards", responses=answers(409))
def create_portal(caller: Writer, stripe: Asked, key: IdempotencyKey = None) -> PageOut:
    """Good for some minutes, so every call makes another. Nothing is bought there."""
    return PageOut(url=stripe.portal(caller.workspace))


@hooks.post("/webhooks/stripe", summary="For Stripe", responses={status: answer_with(status) for status in (400, 409, 503)})
def receive(
    stripe: Asked, body: Annotated[bytes, Depends(_body)], signature: Annotated[str, Header(alias="Stripe-Signature")] = "",
) -> HookOut:  # fmt: skip
    """200 where sending it again would change nothing."""
    return HookOut(outcome=payments.receive(stripe, body, signature))


@hooks.get("/billing", include_in_schema=False)
def come_back(
    request: Request, stripe: Asked, at: At, checkout: Annotated[str, Query(max_length=20)] = "", workspace: Annotated[str, Query(max_length=63)] = "",
) -> HTMLResponse:  # fmt: skip
    """A page for people who were at Stripe. What is in its address is only words: the balance is the account's, for who may see it."""
    told = {"checkout": checkout, "here": f"/billing?workspace={workspace}" if workspace else "/billing"}
    try:
        caller = person_looking(request, workspace)
        told["sign_in"] = "yes" if caller is None and at.hosted else ""
        if caller is not None and "usage:read" in caller.permissions:
            account = at.accounts.read(caller.workspace)
            told |= {"workspace": caller.workspace, "balance": dollars(account.balance), "held": dollars(account.held) if account.held else ""}
    except AgentForgeError as error:  # whoever paid is to see a page
        told["trouble"] = error.message
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(_page().render(told), headers={"Cache-Control": "no-store", "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


@cache
def _page() -> "Template":
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(PAGE)
