"""Reading orders: to their merchant only, newest hold first, page by page."""

from __future__ import annotations

import pytest

from shared.domain.errors import CampaignNotFound, InvalidCursor, OrderNotFound
from shared.use_cases.read_orders import OrderReader
from tests.builders import MERCHANT
from tests.shop import Shop


def reader(shop: Shop) -> OrderReader:
    return OrderReader(shop.campaigns, shop.orders)


def test_an_order_is_found_by_its_id():
    shop = Shop()
    order = shop.order()

    assert reader(shop).find(order.id, MERCHANT) == order


@pytest.mark.parametrize(
    "identifier", ["", "ord_", "ord_" + "A" * 74, "rsv_x", "ord_富士", "x" * 5000]
)
def test_an_id_we_never_gave_out_is_not_found(identifier: str):
    with pytest.raises(OrderNotFound):
        reader(Shop()).find(identifier, MERCHANT)


def test_anothers_and_a_reservations_are_not_found():
    shop = Shop()
    order, reservation = shop.order(), shop.reserve("bo")

    for identifier, merchant in (
        (order.id, "mer_other"),
        (order.reservation_id, MERCHANT),
        (reservation.id.replace("rsv_", "ord_"), MERCHANT),
    ):
        with pytest.raises(OrderNotFound):
            reader(shop).find(identifier, merchant)


def test_pages_follow_each_other_without_a_gap_or_a_repetition():
    shop = Shop(30)
    made = []
    for number in range(23):
        made.append(shop.order(f"buyer-{number}").id)
        shop.now += number % 3
    seen: list[str] = []
    after = None
    while True:
        page = reader(shop).page(shop.campaign.id, MERCHANT, after=after, limit=5)
        seen += [order.id for order in page.orders]
        assert all(order.ship_to is None for order in page.orders)
        if not page.has_more:
            break
        after = page.orders[-1].id

    assert sorted(seen) == sorted(made)
    expiries = [reader(shop).find(identifier, MERCHANT).expires_at for identifier in seen]
    assert expiries == sorted(expiries, reverse=True)


@pytest.mark.parametrize("after", ["", "nonsense", "ord_" + "A" * 74, "rsv_富士"])
def test_a_cursor_that_is_no_order_is_refused(after: str):
    shop = Shop()
    with pytest.raises(InvalidCursor):
        reader(shop).page(shop.campaign.id, MERCHANT, after=after, limit=5)


def test_another_merchants_list_does_not_exist():
    shop = Shop()
    with pytest.raises(CampaignNotFound):
        reader(shop).page(shop.campaign.id, "mer_other", after=None, limit=5)
