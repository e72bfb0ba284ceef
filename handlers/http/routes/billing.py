"""/v1/billing: credit is bought at Stripe. /webhooks/stripe: Stripe tells that it was. Mounted where Stripe is configured."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field

from handlers.http.callers import allowed
from handlers.http.manners import IdempotencyKey
from handlers.http.models import Body
from handlers.http.platform import At
from handlers.http.problems import answer_with, answers
from shared.errors import BadInput, NotFound
from shared.identity.caller import Caller
from shared.money import payments
from shared.money.stripe import Stripe
from shared.state import idempotency, runs

router = APIRouter(prefix="/billing", tags=["billing"])
hooks = APIRouter(tags=["billing"])
Reader = Annotated[Caller, allowed("usage:read")]
Writer = Annotated[Caller, allowed("billing:write")]


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
