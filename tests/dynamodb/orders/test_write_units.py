"""What an order costs on DynamoDB Local, from its reservation to its payment and its end."""

from __future__ import annotations

from typing import Any

import pytest

from bench.meter import Meter
from local.engine.dynamodb_local import DynamoDBLocal
from shared.domain.campaign import Cue
from tests.dynamodb.orders.conftest import MakeShop
from tests.shop import HOLD


@pytest.fixture
def meter(dynamodb_local: DynamoDBLocal) -> Meter:
    """Meters a client that nobody else uses."""
    return Meter(dynamodb_local.client())


def test_a_paid_order_takes_four_write_units(make_shop: MakeShop, meter: Meter):
    shop = make_shop(client=meter.client)
    meter.read()

    reservation = shop.reserve(quantity=2)
    assert meter.read().write_units == 1
    order = shop.check_out(reservation).order
    checkout = meter.read()
    assert (checkout.write_units, checkout.read_units) == (1, 2)
    shop.pay(order)
    payment = meter.read()
    assert (payment.write_units, payment.read_units) == (2, 1)


def test_a_use_of_a_capped_deal_is_a_write_of_its_own_and_every_other_deal_is_free(
    make_shop: MakeShop, meter: Meter
):
    window: dict[str, Any] = {"cue": "coupon", "at": 0, "seconds": 600, "percent_off": 10}
    many, few = Cue(**window, code="many"), Cue(**window, code="few", uses=9)
    once = Cue(**window, code="once", uses=9, uses_per_buyer=1)
    shop = make_shop(client=meter.client, cues=(many, few, once))
    meter.read()
    for coupon, write_units in ((None, 1), ("many", 1), ("few", 2), ("once", 3)):
        shop.reserve(f"buyer of {coupon}", coupon=coupon)
        assert meter.read().write_units == write_units
    shop.keep_stock()
    beat = meter.read()
    assert (beat.write_units, beat.read_units) == (0, 3)


def test_a_repeated_checkout_and_a_duplicate_take_no_write_unit(make_shop: MakeShop, meter: Meter):
    shop = make_shop(client=meter.client)
    reservation = shop.reserve()
    order = shop.check_out(reservation).order
    shop.pay(order)
    meter.read()

    shop.check_out(reservation)
    shop.pay(order)

    again = meter.read()
    assert (again.write_units, again.read_units) == (0, 2)


def test_a_beat_over_many_paid_orders_writes_nothing(make_shop: MakeShop, meter: Meter):
    shop = make_shop(20, client=meter.client)
    for number in range(20):
        shop.pay(shop.order(f"buyer-{number}"), f"msg_{number}")
    shop.now += HOLD
    shop.keep_stock()
    meter.read()

    shop.finish(since=shop.now - 5)

    beat = meter.read()
    assert (beat.calls, beat.write_units) == (16, 0)
    assert beat.read_units <= 16 + 20
