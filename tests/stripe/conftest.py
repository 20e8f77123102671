"""A show that is paid through Stripe, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from shared.adapters import stripe_calls
from shared.adapters.stripe_calls import StripeCalls
from shared.adapters.stripe_credentials import StripeCredentials
from shared.adapters.stripe_provider import StripeProvider
from shared.domain.ids import new_campaign_id
from tests.shop import Shop, Stores
from tests.stripe_server import API_KEY, WEBHOOK_SECRET, StripeServer


@dataclass
class Account:
    """Where our credentials are kept. A test changes them."""

    credentials: StripeCredentials | None = field(
        default_factory=lambda: StripeCredentials(API_KEY, (WEBHOOK_SECRET,))
    )

    def value(self) -> StripeCredentials | None:
        return self.credentials

    renewed = value


@pytest.fixture(scope="session")
def server() -> Iterator[StripeServer]:
    started = StripeServer.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def stripe(server: StripeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    """Stripe, which behaves unless it is told not to, and is not waited for long."""
    monkeypatch.setattr(stripe_calls, "TIMEOUT", (1.0, 2.0))
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    yield server
    server.go_wrong(None)


MakeShop = Callable[..., Shop]


@pytest.fixture
def make_shop(stripe: StripeServer) -> MakeShop:
    """Makes shops whose money Stripe takes, by the shop's own clock."""

    def make(units: int = 10) -> Shop:
        # A campaign of its own, so that its orders are: Stripe remembers them from test to test.
        shop = Shop(units, stores=Stores(campaign_id=new_campaign_id()))
        calls = StripeCalls(account.value, stripe.url, lambda: float(shop.now))
        shop.take_money_with("stripe", StripeProvider(calls, account))
        return shop

    account = Account()
    return make
