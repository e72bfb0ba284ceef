"""What every route has at hand; one for each app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from handlers.http.feed import Feed
from handlers.http.limits import Rates
from shared.backends import Backend
from shared.identity.tokens import Issuer
from shared.money.accounts import Accounts
from shared.money.stripe import Stripe
from shared.state.store import Store

if TYPE_CHECKING:
    from handlers.http.callers import Callers


@dataclass
class Platform:
    store: Store
    backend: Backend
    feed: Feed
    rates: Rates
    callers: "Callers"
    accounts: Accounts
    paid: bool = False  # whether runs are paid for
    identity_of_token: Callable[[str], str] | None = None  # of an issuer's token; NotSignedIn for a bad one
    issuer: Issuer | None = None  # that people sign in with
    stripe: Stripe | None = None  # where credit is sold

    @property
    def hosted(self) -> bool:
        """Whether people sign in here; else it is one person's own machine."""
        return self.issuer is not None


async def _platform(request: Request) -> Platform:  # async: else FastAPI calls it in a thread
    platform: Platform = request.app.state.platform
    return platform


At = Annotated[Platform, Depends(_platform)]
