"""Stripe over real HTTP: asked once for one thing, whatever is lost on the way; and what it is asked when it is not sure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from shared.adapters import stripe_calls
from shared.adapters.stripe_calls import API_VERSION, PATIENCE, PEACE, SILENCES
from shared.domain.errors import (
    Busy,
    PaymentRefused,
    PaymentUnderWay,
    ProviderBusy,
    ProviderSilent,
    RefundExceedsPaid,
)
from shared.domain.order import Order, OrderState
from shared.domain.payment import PaymentKind, RefundState, doubt_about, late_refund
from shared.domain.refund import State
from shared.use_cases.settle_payment import settle
from tests.builders import MERCHANT
from tests.refunds import Till
from tests.shop import HOLD, Shop
from tests.stripe.conftest import MakeShop
from tests.stripe_server import StripeServer


def test_an_order_has_a_payment_intent_that_carries_our_marks(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    order = shop.order(quantity=2)

    (intent,) = stripe.intents_of(order.id)
    assert (intent["id"], intent["amount"], intent["currency"]) == (order.payment_id, 19800, "cny")
    assert intent["metadata"] == {
        "livehour_order": order.id,
        "livehour_campaign": shop.campaign.id,
        "livehour_merchant": MERCHANT,
    }
    assert order.payment_action == {
        "type": "stripe",
        "client_secret": intent["client_secret"],
    }
    asked = stripe.asked()[-2]
    assert (asked["key"], asked["version"]) == (order.id, API_VERSION)


def test_the_same_order_has_the_same_intent_also_for_eight_at_once(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    provider = shop.providers["stripe"]

    def create(_: int) -> str:
        payment = provider.create_payment(shop.campaign, "ord_at_once", 100, "card")
        return str(payment.id)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(8)))) == 1
    assert len(stripe.intents_of("ord_at_once")) == 1


def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    stripe.go_wrong("lost", times=1)

    order = shop.order()

    assert [it["id"] for it in stripe.intents_of(order.id)] == [order.payment_id]


def test_when_no_answer_comes_through_the_checkout_leaves_nothing_half_done(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    held = shop.reserve()
    stripe.go_wrong("lost", times=2)

    with pytest.raises(ProviderSilent) as silent:
        shop.check_out(held)

    assert silent.value.facts["retry_after"] == PEACE
    assert len(shop.orders) == 0
    order = shop.check_out(held).order
    assert [it["id"] for it in stripe.intents_of(order.id)] == [order.payment_id]


def test_a_failure_that_stripe_has_stored_does_not_follow_the_order_for_a_day(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    stripe.go_wrong("broken", times=1)

    order = shop.order()

    # Two intents, and nobody was told how to pay the first.
    assert len(stripe.intents_of(order.id)) == 2
    assert stripe.intent(order.payment_id)["status"] == "requires_payment_method"
    assert (
        shop.providers["stripe"].create_payment(shop.campaign, order.id, order.amount, "card").id
        == order.payment_id
    )


def test_while_stripe_is_down_it_is_asked_only_now_and_then(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop(units=20)
    held = [shop.reserve(f"buyer-{number}") for number in range(10)]
    stripe.go_wrong("down", times=10**6)
    before = len(stripe.asked())

    for number, reservation in enumerate(held):
        with pytest.raises(ProviderSilent):
            shop.check_out(reservation, f"buyer-{number}")
    assert len(stripe.asked()) - before == SILENCES * 2

    stripe.go_wrong(None)
    shop.now += int(PEACE)
    for number, reservation in enumerate(held):
        shop.check_out(reservation, f"buyer-{number}")


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is waited for, without waiting."""
    waits: list[float] = []
    monkeypatch.setattr(stripe_calls, "pause", waits.append)
    return waits


@pytest.mark.parametrize(
    ("kind", "times", "least", "most"),
    [
        ("full", 1, 0.125, 0.25),
        ("full", 3, 0.875, 1.75),
        ("full for a second", 3, 3.0, 3.0),
    ],
)
def test_too_many_requests_are_waited_out_as_long_as_stripe_says(
    kind: str,
    times: int,
    least: float,
    most: float,
    make_shop: MakeShop,
    stripe: StripeServer,
    waited: list[float],
):
    shop = make_shop()
    stripe.go_wrong(kind, times=times)

    order = shop.order()

    assert order.state is OrderState.AWAITING_PAYMENT
    assert len(waited) == times
    assert least <= sum(waited) <= most


@pytest.mark.parametrize(
    ("kind", "waits", "retry_after"),
    [("full for an hour", 0, 3600), ("full for a second", 4, 1), ("full", None, None)],
)
def test_too_many_requests_for_longer_than_a_function_may_wait_are_no_silence(
    kind: str,
    waits: int | None,
    retry_after: int | None,
    make_shop: MakeShop,
    stripe: StripeServer,
    waited: list[float],
):
    shop = make_shop()
    held = shop.reserve()
    stripe.go_wrong(kind, times=10**6)

    for _ in range(SILENCES + 1):
        with pytest.raises(ProviderBusy) as busy:
            shop.check_out(held)
    assert busy.value.code == "payment_provider_busy"
    assert "expires_at" in busy.value.facts
    assert busy.value.facts["retry_after"] == retry_after or retry_after is None
    assert sum(waited) <= (SILENCES + 1) * PATIENCE
    if waits is not None:
        assert len(waited) == waits * (SILENCES + 1)

    # It is not left in peace for that: the next one is served at once.
    stripe.go_wrong(None)
    assert shop.check_out(held).order.payment_id


def test_a_second_checkout_has_an_intent_of_its_own_and_cancels_the_first(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    held = shop.reserve()
    first = shop.check_out(held).order

    second = shop.check_out(held, idempotency_key="again", payment_method="alipay").order

    assert second.payment_id != first.payment_id
    assert second.payment_action["client_secret"].startswith(second.payment_id)
    assert stripe.intent(first.payment_id)["status"] == "canceled"
    assert stripe.intent(second.payment_id)["status"] == "requires_payment_method"


def test_a_second_checkout_finds_the_first_intent_paid(make_shop: MakeShop, stripe: StripeServer):
    shop = make_shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    stripe.pay(first.payment_id)

    again = shop.check_out(held, idempotency_key="again", payment_method="alipay")

    assert again.paid
    assert (again.order.state, again.order.payment_id) == (OrderState.PAID, first.payment_id)


def test_a_second_checkout_waits_for_an_intent_that_is_processing(
    make_shop: MakeShop, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
):
    """The server that plays Stripe knows no methods that take their time, so this answer is made here."""
    shop = make_shop()
    held = shop.reserve()
    first = shop.check_out(held).order
    calls = shop.providers["stripe"]._calls
    run, asked = calls.run, 0

    def slow(ask: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked % 2:
            raise PaymentRefused
        return SimpleNamespace(id=first.payment_id, status="processing")

    second = shop.providers["stripe"].create_payment(
        shop.campaign, first.id, first.amount, "card", revision=1
    )
    monkeypatch.setattr(calls, "run", slow)
    monkeypatch.setattr(shop.providers["stripe"], "create_payment", lambda *_, **__: second)
    with pytest.raises(PaymentUnderWay) as waits:
        shop.check_out(held, idempotency_key="again", payment_method="alipay")
    assert waits.value.facts["order"] == first.id
    assert shop.providers["stripe"].cancel_payment(first) is None

    # It fails: the buyer is told of the other one.
    monkeypatch.setattr(calls, "run", run)
    told = shop.check_out(held, idempotency_key="again", payment_method="alipay").order
    assert told.payment_id == second.id
    assert stripe.intent(first.payment_id)["status"] == "canceled"


def test_what_stripe_will_never_take_is_refused_by_name(make_shop: MakeShop):
    shop = make_shop()

    with pytest.raises(PaymentRefused) as refused:
        shop.providers["stripe"].create_payment(shop.campaign, "ord_nothing", 0, "card")

    assert "Stripe refuses" in refused.value.detail


def test_a_deployment_without_an_account_says_so(make_shop: MakeShop):
    shop = make_shop()
    shop.providers["stripe"]._calls._credentials = lambda: None

    with pytest.raises(ProviderSilent, match="no credentials"):
        shop.order()


# -- cancelling --------------------------------------------------------------------------------------


def test_the_holds_end_cancels_the_intent(make_shop: MakeShop, stripe: StripeServer):
    shop = make_shop()
    order = shop.order()
    shop.now += HOLD

    assert shop.beat().cancelled == 1

    assert stripe.intent(order.payment_id)["status"] == "canceled"
    assert shop.providers["stripe"].cancel_payment(order) is None


@pytest.mark.parametrize("kind", ["lost", "down"])
def test_a_cancellation_whose_answer_is_lost_is_asked_about(
    kind: str, make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    order = shop.order()
    shop.now += HOLD
    stripe.go_wrong(kind, times=2)
    assert shop.beat().waiting == 1

    shop.now += 5
    assert shop.beat().cancelled == 1
    assert stripe.intent(order.payment_id)["status"] == "canceled"


def test_what_was_paid_before_it_could_be_cancelled_is_told_instead(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    order = shop.order()
    stripe.pay(order.payment_id)

    told = shop.providers["stripe"].cancel_payment(order)

    assert (told.kind, told.payment_id) == (PaymentKind.SUCCEEDED, order.payment_id)
    assert doubt_about(told, order, livemode=False) is None


def test_a_payment_that_stripe_does_not_know_waits_for_a_person(make_shop: MakeShop):
    shop = make_shop()
    order = shop.order()

    with pytest.raises(Busy, match="does not know"):
        shop.providers["stripe"].cancel_payment(replace(order, payment_id="pi_elsewhere"))


# -- refunds -----------------------------------------------------------------------------------------


def paid(shop: Shop, stripe: StripeServer) -> Order:
    order = shop.order()
    stripe.pay(order.payment_id)
    return order.seeking(until=shop.now)


def test_money_goes_back_once_also_a_day_later(make_shop: MakeShop, stripe: StripeServer):
    shop = make_shop()
    provider, refund = shop.providers["stripe"], late_refund(paid(shop, stripe))
    assert provider.refund_state(refund) is None

    assert provider.refund(refund) is RefundState.SUCCEEDED
    stripe.forget_keys()
    assert provider.refund(refund) is RefundState.SUCCEEDED

    assert provider.refund_state(refund) is RefundState.SUCCEEDED
    (made,) = stripe.refunds_of(refund.payment_id)
    assert (made["amount"], made["metadata"]["livehour_refund"]) == (9900, refund.id)


@pytest.mark.parametrize("kind", ["lost", "broken"])
def test_a_refund_whose_answer_is_lost_is_asked_about(
    kind: str, make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    provider, refund = shop.providers["stripe"], late_refund(paid(shop, stripe))
    provider.refund_state(refund)
    stripe.go_wrong(kind, times=4)
    with pytest.raises(ProviderSilent):
        provider.refund(refund)
    stripe.go_wrong(None)

    assert provider.refund(refund) is RefundState.SUCCEEDED
    assert len(stripe.refunds_of(refund.payment_id)) == 1


def test_what_went_back_by_hand_is_not_sent_again(make_shop: MakeShop, stripe: StripeServer):
    shop = make_shop()
    refund = late_refund(paid(shop, stripe))
    stripe.refund_by_hand(refund.payment_id)

    assert shop.providers["stripe"].refund(refund) is RefundState.SUCCEEDED
    assert len(stripe.refunds_of(refund.payment_id)) == 1


def test_money_that_was_never_there_is_not_sent_back(make_shop: MakeShop, stripe: StripeServer):
    shop = make_shop()
    order = shop.order().seeking(until=shop.now)

    assert shop.providers["stripe"].refund(late_refund(order)) is RefundState.FAILED
    assert stripe.refunds_of(order.payment_id) == []


def test_a_merchant_gives_back_parts_and_the_rest_each_once_and_never_more(
    make_shop: MakeShop, stripe: StripeServer
):
    shop = make_shop()
    till, order = Till(shop), paid(shop, stripe)
    settle(shop.books, shop.campaign, order, shop.now)

    parts = [
        till.give_back(order, f"refund-{number}", amount=amount)
        for number, amount in enumerate((4000, None))
    ]
    for part in parts:
        # Seen to by two, and asked again a day later.
        assert till.go_on(part).state is State.SUCCEEDED

    made = stripe.refunds_of(order.payment_id)
    assert sorted((each["amount"], each["metadata"]["livehour_refund"]) for each in made) == sorted(
        (part.amount, part.id) for part in parts
    )
    assert shop.read(order).state is OrderState.REFUNDED
    with pytest.raises(RefundExceedsPaid):
        till.ask(order, "refund-3", amount=1)
