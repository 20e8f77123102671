"""What Stripe signs, in our words; and what is no signature of Stripe, or not of now: refused, never a fault of ours."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared import clock
from shared.adapters.stripe_calls import API_VERSION, StripeCalls
from shared.adapters.stripe_credentials import StripeCredentials
from shared.adapters.stripe_provider import StripeProvider
from shared.domain.errors import ProviderNotFound, SignatureInvalid
from shared.domain.order import Order
from shared.domain.payment import (
    LARGEST_EVENT,
    Doubt,
    PaymentEvent,
    PaymentKind,
    QuarantinedPayment,
    UnreadableEvent,
    digest_id,
    doubt_about,
)
from shared.use_cases.judge_payment import Outcome
from tests import stripe_shapes as shapes
from tests.shop import Shop
from tests.stripe_server import WEBHOOK_SECRET

OTHER_SECRET = "whsec_another"
RAW = shapes.event("payment_intent.succeeded", {"id": "pi_1", "amount": 1, "currency": "cny"})


class Vault:
    """Our credentials: a copy, and what stands in the store by now."""

    def __init__(self, *secrets: str, account: str | None = None) -> None:
        self.copy: StripeCredentials | None = credentials(*secrets, account=account)
        self.fresh: StripeCredentials | None = self.copy
        self.readings = 0

    def value(self) -> StripeCredentials | None:
        return self.copy

    def renewed(self) -> StripeCredentials | None:
        self.readings += 1
        self.copy = self.fresh
        return self.copy


def credentials(*secrets: str, account: str | None = None) -> StripeCredentials:
    return StripeCredentials("sk_test_1", secrets or (WEBHOOK_SECRET,), account)


def provider(vault: Vault | None = None) -> StripeProvider:
    vault = vault or Vault()
    return StripeProvider(StripeCalls(vault.value, "http://nowhere.invalid"), vault)


def read(
    raw: bytes, headers: dict[str, str] | None = None, vault: Vault | None = None
) -> PaymentEvent | UnreadableEvent | None:
    return provider(vault).read_event(shapes.signed(raw) if headers is None else headers, raw)


@pytest.fixture
def order() -> Order:
    return a_shop().order()


def a_shop() -> Shop:
    """A shop that Stripe's events can be delivered to. Its payments are made by the bank in memory."""
    shop = Shop()
    bank = shop.bank
    bank.read_event = provider().read_event  # type: ignore[method-assign]
    shop.take_money_with("stripe", bank)
    return shop


def deliver(shop: Shop, raw: bytes) -> Outcome:
    return shop.payments.receive("stripe", shapes.signed(raw), raw, shop.now)


def put_aside(shop: Shop) -> QuarantinedPayment:
    kept: QuarantinedPayment
    (kept,) = shop.quarantine.kept.values()
    return kept


# -- signatures --------------------------------------------------------------------------------------


def test_the_library_speaks_the_version_that_we_pinned():
    from stripe._api_version import _ApiVersion

    assert _ApiVersion.CURRENT == API_VERSION


@pytest.mark.parametrize("seconds", [-290, 0, 290])
def test_clocks_may_differ_a_little(seconds: int):
    assert read(RAW, shapes.signed(RAW, at=clock.now_seconds() + seconds)) is not None


@pytest.mark.parametrize("seconds", [-310, 310, 3600, 10**9, -(10**9)])
def test_an_old_or_a_future_timestamp_does_not_hold(seconds: int):
    with pytest.raises(SignatureInvalid):
        read(RAW, shapes.signed(RAW, at=clock.now_seconds() + seconds))


def test_two_timestamps_do_not_hold():
    header = shapes.signed(RAW, at=clock.now_seconds() + 10**6)["stripe-signature"]
    for both in (f"{header},t={clock.now_seconds()}", f"t={clock.now_seconds()},{header}"):
        with pytest.raises(SignatureInvalid):
            read(RAW, {"stripe-signature": both})


def test_while_a_secret_is_changed_both_are_valid_and_then_the_old_one_is_not():
    by_old, by_new = shapes.signed(RAW), shapes.signed(RAW, OTHER_SECRET)

    both = Vault(OTHER_SECRET, WEBHOOK_SECRET)
    assert read(RAW, by_old, both) is not None
    assert read(RAW, by_new, both) is not None
    assert both.readings == 0
    with pytest.raises(SignatureInvalid):
        read(RAW, by_old, Vault(OTHER_SECRET))


def test_a_secret_that_was_added_a_moment_ago_is_found_by_one_more_reading():
    vault = Vault(WEBHOOK_SECRET)
    vault.fresh = credentials(OTHER_SECRET, WEBHOOK_SECRET)

    assert read(RAW, shapes.signed(RAW, OTHER_SECRET), vault) is not None
    assert vault.readings == 1


NOW = "t=NOW"
"""As it stands in the headers below, which both of two workers must call the same."""
GOOD = f"{NOW},v1="


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ",",
        "=",
        "t=",
        "v1=",
        GOOD,
        f"{GOOD}富士",
        f"{GOOD}\udcff",
        GOOD + "0" * 64,
        f"{NOW},v0={'0' * 64}",
        f"t=nan,v1={'0' * 64}",
        f"t={'9' * 1500},v1={'0' * 64}",
        f"t=-1,v1={'0' * 64}",
        "x" * 1_000_000,
        "t=1," * 200_000,
        "v1=" * 300,
    ],
)
def test_a_header_that_makes_no_sense_does_not_hold(header: str):
    with pytest.raises(SignatureInvalid):
        read(RAW, {"stripe-signature": header.replace(NOW, f"t={clock.now_seconds()}")})


def test_without_a_header_nothing_holds():
    with pytest.raises(SignatureInvalid):
        read(RAW, {})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        RAW + b" ",
        RAW.replace(b'"amount": 1', b'"amount": 2'),
        json.dumps(json.loads(RAW), separators=(",", ":")).encode(),
        base64.b64encode(RAW),
        b"\xff\xfe",
        b"\xed\xa0\x80",
        RAW.decode().encode("utf-16"),
    ],
)
def test_other_bytes_do_not_hold(raw: bytes):
    with pytest.raises(SignatureInvalid):
        provider().read_event(shapes.signed(RAW), raw)


def test_a_deployment_without_an_account_has_no_such_provider():
    vault = Vault()
    vault.copy = vault.fresh = None
    with pytest.raises(ProviderNotFound):
        read(RAW, vault=vault)


# -- meaning -----------------------------------------------------------------------------------------


def test_a_success_is_what_the_order_expects(order: Order):
    event = read(shapes.event("payment_intent.succeeded", shapes.intent(order)))

    assert isinstance(event, PaymentEvent)
    assert (event.kind, event.order_id, event.merchant) == (
        PaymentKind.SUCCEEDED,
        order.id,
        order.merchant,
    )
    assert doubt_about(event, order, livemode=False) is None


def test_what_was_received_counts_and_not_what_was_asked_for(order: Order):
    short = shapes.intent(order, amount_received=order.amount - 1)
    event = read(shapes.event("payment_intent.succeeded", short))

    assert isinstance(event, PaymentEvent)
    assert doubt_about(event, order, livemode=False) is Doubt.WRONG_AMOUNT


@pytest.mark.parametrize("next_action", [shapes.ALIPAY, shapes.WECHAT_PAY])
def test_a_payment_that_waits_for_its_wallet_moves_nothing(order: Order, next_action: Any):
    waiting = shapes.intent(order, "requires_action", next_action=next_action)
    assert read(shapes.event("payment_intent.requires_action", waiting)) is None
    # Its own creation may be told before the order is written: that is no riddle.
    assert read(shapes.event("payment_intent.created", waiting)) is None


@pytest.mark.parametrize(
    "kind",
    [
        "payment_intent.processing",
        "payment_intent.canceled",
        "charge.succeeded",
        "charge.refunded",
        "charge.dispute.updated",
    ],
)
def test_what_is_said_elsewhere_or_moves_nothing_is_known(kind: str):
    shop = a_shop()
    order = shop.order()

    assert deliver(shop, shapes.event(kind, shapes.charge(order))) is Outcome.KNOWN

    assert (len(shop.quarantine), shop.read(order)) == (0, order)


@pytest.mark.parametrize(
    ("kind", "thing", "doubt"),
    [
        ("refund.created", shapes.refund, Doubt.UNASKED_REFUND),
        ("refund.failed", shapes.refund, Doubt.REFUND_FAILED),
        ("charge.dispute.created", shapes.dispute, Doubt.DISPUTED),
        ("charge.dispute.funds_withdrawn", shapes.dispute, Doubt.DISPUTED),
        ("charge.dispute.closed", shapes.dispute, Doubt.DISPUTED),
    ],
)
def test_what_a_person_must_see_is_recorded_with_its_payment_and_no_name(
    kind: str, thing: Any, doubt: Doubt
):
    shop = a_shop()
    order = shop.order()

    assert deliver(shop, shapes.event(kind, thing(order))) is Outcome.QUARANTINED

    kept = put_aside(shop)
    assert (kept.doubt, kept.payment_id, kept.amount) == (doubt, order.payment_id, "9900")
    assert "Li Wei" not in str(kept)
    assert shop.read(order) == order


def test_a_refund_of_ours_is_known_until_it_fails(order: Order):
    ours = {"livehour_order": order.id, "livehour_refund": f"late-{order.payment_id}"}
    shop = a_shop()
    shop.order()

    for status in ("pending", "succeeded", "requires_action"):
        raw = shapes.event("refund.updated", shapes.refund(order, status, metadata=ours))
        assert deliver(shop, raw) is Outcome.KNOWN
    for number, status in enumerate(("failed", "canceled")):
        thing = shapes.refund(order, status, metadata=ours)
        raw = shapes.event("refund.updated", thing, f"evt_{number}")
        assert deliver(shop, raw) is Outcome.QUARANTINED
    doubts = {kept.doubt for kept in shop.quarantine.kept.values()}
    assert doubts == {Doubt.REFUND_FAILED}


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"account": "acct_another"}, Doubt.WRONG_ACCOUNT),
        ({"livemode": True}, Doubt.WRONG_MODE),
        ({"type": "invoice.paid"}, Doubt.UNKNOWN_TYPE),
        ({"type": None}, Doubt.MALFORMED),
        ({"livemode": "false"}, Doubt.MALFORMED),
        ({"data": {}}, Doubt.MALFORMED),
        ({"data": {"object": "pi_1"}}, Doubt.MALFORMED),
        (
            {"data": {"object": {"id": "pi_1", "amount": "9900", "currency": "cny"}}},
            Doubt.MALFORMED,
        ),
        (
            {"data": {"object": {"id": "pi_1", "amount": 9900, "currency": "cny"}}},
            Doubt.UNKNOWN_ORDER,
        ),
    ],
)
def test_an_event_that_is_not_for_us_is_put_aside(changes: dict[str, Any], doubt: Doubt):
    shop = a_shop()
    order = shop.order()
    raw = shapes.event("payment_intent.succeeded", shapes.intent(order), **changes)

    assert deliver(shop, raw) is Outcome.QUARANTINED

    assert put_aside(shop).doubt is doubt
    assert shop.read(order) == order


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"amount_received": 1}, Doubt.WRONG_AMOUNT),
        ({"currency": "usd"}, Doubt.WRONG_CURRENCY),
        ({"metadata": {"livehour_order": "ord_nobodys"}}, Doubt.UNKNOWN_ORDER),
    ],
)
def test_an_intent_that_does_not_fit_its_order_is_put_aside(changes: dict[str, Any], doubt: Doubt):
    shop = a_shop()
    order = shop.order()
    raw = shapes.event("payment_intent.succeeded", shapes.intent(order, **changes))

    assert deliver(shop, raw) is Outcome.QUARANTINED
    assert put_aside(shop).doubt is doubt


def test_an_intent_that_is_marked_for_another_merchant_is_put_aside():
    shop = a_shop()
    order = shop.order()
    marks = {"livehour_order": order.id, "livehour_merchant": "mer_another"}
    raw = shapes.event("payment_intent.succeeded", shapes.intent(order, metadata=marks))

    assert deliver(shop, raw) is Outcome.QUARANTINED
    assert put_aside(shop).doubt is Doubt.WRONG_MERCHANT


def test_the_connected_account_that_we_take_money_on_is_believed(order: Order):
    raw = shapes.event("payment_intent.succeeded", shapes.intent(order), account="acct_ours")
    event = read(raw, vault=Vault(account="acct_ours"))

    assert isinstance(event, PaymentEvent)
    assert event.doubt is None


def test_an_event_of_any_size_is_read_up_to_a_megabyte_and_put_aside_beyond(order: Order):
    raw = shapes.event("payment_intent.succeeded", shapes.intent(order))
    padded = raw + b" " * (LARGEST_EVENT - len(raw))

    assert isinstance(read(padded), PaymentEvent)
    assert read(padded + b" ") == UnreadableEvent(digest_id(padded + b" "), Doubt.TOO_LARGE)


@pytest.mark.parametrize("raw", [b"nonsense", b"[]", b"null", b"{}", b'{"id":1}', b'{"a":' * 400])
def test_poison_that_is_signed_is_put_aside_once(raw: bytes):
    shop = a_shop()

    assert deliver(shop, raw) is Outcome.QUARANTINED
    assert deliver(shop, raw) is Outcome.QUARANTINED
    assert put_aside(shop).doubt is Doubt.MALFORMED
