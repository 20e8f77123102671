"""A correct signature is not a correct payment: what does not fit its order is put aside, and the order left untouched."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import ProviderNotFound
from shared.domain.payment import LARGEST_EVENT, Doubt
from shared.use_cases.judge_payment import Outcome
from shared.use_cases.receive_payment import PaymentDesk
from tests.builders import MERCHANT
from tests.shop import HOLD, Shop, event_body, headers


@pytest.mark.parametrize("kind", ["payment.succeeded", "payment.failed", "refund.succeeded"])
@pytest.mark.parametrize(
    ("lie", "doubt"),
    [
        ({"amount": 9899}, Doubt.WRONG_AMOUNT),
        ({"amount": 9901}, Doubt.WRONG_AMOUNT),
        ({"amount": 0}, Doubt.WRONG_AMOUNT),
        ({"amount": -9900}, Doubt.WRONG_AMOUNT),
        ({"amount": 10**300}, Doubt.WRONG_AMOUNT),
        ({"currency": "USD"}, Doubt.WRONG_CURRENCY),
        ({"currency": "cny"}, Doubt.WRONG_CURRENCY),
        ({"livemode": True}, Doubt.WRONG_MODE),
        ({"order_id": "ord_" + "A" * 74}, Doubt.UNKNOWN_ORDER),
        ({"order_id": "ord_"}, Doubt.UNKNOWN_ORDER),
        ({"order_id": "nonsense"}, Doubt.UNKNOWN_ORDER),
        ({"order_id": "ord_富士"}, Doubt.UNKNOWN_ORDER),
    ],
)
def test_what_does_not_fit_is_put_aside(kind: str, lie: dict[str, Any], doubt: Doubt):
    shop = Shop()
    order = shop.order()

    assert shop.deliver(event_body(order, kind, **lie)) is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert put_aside.doubt is doubt
    assert put_aside.kind == kind
    assert shop.read(order) == order
    assert shop.sums().held == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "9900"),
        ("amount", 9900.0),
        ("amount", True),
        ("amount", None),
        ("amount", []),
        ("livemode", "false"),
        ("livemode", 0),
        ("currency", 1),
        ("currency", ""),
        ("order_id", None),
        ("order_id", ""),
        ("order_id", "x" * 300),
        ("payment_id", {}),
    ],
)
def test_a_value_of_another_shape_is_put_aside(field: str, value: object):
    shop = Shop()
    order = shop.order()

    assert shop.deliver(event_body(order, **{field: value})) is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert put_aside.doubt is Doubt.MALFORMED
    assert put_aside.order_id is None
    assert shop.read(order) == order


@pytest.mark.parametrize(
    ("raw", "doubt"),
    [
        (b"", Doubt.MALFORMED),
        (b"nonsense", Doubt.MALFORMED),
        (b"[]", Doubt.MALFORMED),
        (b"null", Doubt.MALFORMED),
        (b"{}", Doubt.MALFORMED),
        (b'{"type": 1}', Doubt.MALFORMED),
        (b'{"type": "payment.succeeded"}', Doubt.MALFORMED),
        (b'{"type": "payment.succeeded", "data": []}', Doubt.MALFORMED),
        (b'{"type": "payment.succeeded", "type": "payment.failed", "data": {}}', Doubt.MALFORMED),
        (b'{"type": "payment.succeeded", "data": {"amount": NaN}}', Doubt.MALFORMED),
        (
            b'{"type": "payment.succeeded", "data": {"amount": ' + b"9" * 5000 + b"}}",
            Doubt.MALFORMED,
        ),
        (b'{"a":' * 400 + b"1" + b"}" * 400, Doubt.MALFORMED),
        (b'{"type": "payment.succeeded", "data": {"order_id": "\\ud800"}}', Doubt.MALFORMED),
        (b'{"type": "payment.disputed", "data": {}}', Doubt.UNKNOWN_TYPE),
        (b'{"type": "", "data": {}}', Doubt.UNKNOWN_TYPE),
        (b'{"type": "' + b"x" * 9000 + b'"}', Doubt.UNKNOWN_TYPE),
    ],
)
def test_poison_that_is_signed_is_put_aside(raw: bytes, doubt: Doubt):
    shop = Shop()

    assert shop.deliver(raw) is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert (put_aside.doubt, put_aside.merchant) == (doubt, None)


def test_a_delivery_that_is_repeated_is_put_aside_once():
    shop = Shop()
    order = shop.order()
    lie = event_body(order, amount=1)

    outcomes = [shop.deliver(lie), shop.deliver(lie), shop.deliver(lie, "msg_2")]

    assert outcomes == [Outcome.QUARANTINED] * 3
    assert set(shop.quarantine.kept) == {"test#msg_1", "test#msg_2"}


def test_an_id_too_long_for_a_key_is_kept_as_a_digest():
    shop = Shop()

    shop.deliver(b"{}", "m" * 2000)
    shop.deliver(b"{}", "m" * 2000)

    (identifier,) = shop.quarantine.kept
    assert len(identifier) == len("test#") + 64


@pytest.mark.parametrize("kind", ["payment.failed", "refund.succeeded"])
def test_what_happened_to_another_payment_than_the_orders_is_put_aside(kind: str):
    shop = Shop()
    order = shop.order()

    assert shop.deliver(event_body(order, kind, payment_id="富士\x00")) is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert (put_aside.doubt, put_aside.merchant) == (Doubt.WRONG_PAYMENT, MERCHANT)
    assert shop.read(order) == order


def test_a_refund_that_nobody_asked_for_is_put_aside():
    shop = Shop()
    order = shop.order()
    shop.pay(order)

    assert shop.deliver(event_body(order, "refund.succeeded"), "msg_2") is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert put_aside.doubt is Doubt.UNASKED_REFUND


def test_real_money_is_expected_where_it_is_real():
    shop = Shop()
    order = shop.order()
    live = PaymentDesk(shop.campaigns, replace(shop.books, livemode=True))
    fake, real = event_body(order), event_body(order, livemode=True)

    assert live.receive("test", headers(fake, "msg_1"), fake, shop.now) is Outcome.QUARANTINED
    assert live.receive("test", headers(real, "msg_2"), real, shop.now) is Outcome.PAID


def test_fields_that_are_not_known_are_ignored():
    shop = Shop()
    order = shop.order()
    body = json.loads(event_body(order))
    body["api_version"] = "2027-01-01"
    body["data"]["fee"] = 12

    assert shop.deliver(json.dumps(body).encode()) is Outcome.PAID


@pytest.mark.parametrize("provider", ["stripe", "", "TEST", "../test", "富士"])
def test_an_unknown_provider_is_not_found(provider: str):
    shop = Shop()
    with pytest.raises(ProviderNotFound):
        shop.payments.receive(provider, {}, b"", shop.now)


def test_where_real_money_is_taken_nobody_plays_the_bank():
    shop = Shop()
    desk = PaymentDesk(shop.campaigns, shop.books, unheard=("test",))
    raw = event_body(shop.order())

    with pytest.raises(ProviderNotFound):
        desk.receive("test", headers(raw, "msg_1"), raw, shop.now)


def test_a_signed_event_that_is_too_large_is_put_aside_by_its_digest():
    shop = Shop()
    raw = event_body(shop.order()) + b" " * LARGEST_EVENT
    digest = hashlib.sha256(raw).hexdigest()

    assert shop.deliver(raw) is Outcome.QUARANTINED
    assert shop.deliver(raw, "msg_2") is Outcome.QUARANTINED

    (put_aside,) = shop.quarantine.kept.values()
    assert (put_aside.id, put_aside.doubt) == (f"test#body-{digest}", Doubt.TOO_LARGE)


def test_nothing_of_a_buyer_is_kept_in_quarantine():
    shop = Shop()
    order = shop.order()
    shop.now += HOLD

    shop.deliver(event_body(order, amount=1, customer={"name": "Li Wei"}))

    (put_aside,) = shop.quarantine.kept.values()
    assert "Li Wei" not in str(put_aside)
