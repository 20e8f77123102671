"""What a unit costs: one test for each row of docs/prices.md that is about a price that a buyer pays or is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.board import Board
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.deals import Deal, asked_price, common_price, deals, floor_of
from shared.domain.errors import CouponExhausted, CouponLimitReached, CouponNotOpen, Refusal
from shared.domain.live_cues import improvise
from shared.domain.order import OrderState, RefundReason
from shared.domain.show_plan import checked
from shared.use_cases.hints import Hints
from shared.use_cases.stock_ports import Shelf
from shared.use_cases.storefront import Storefront
from tests.builders import MERCHANT, a_campaign
from tests.shop import HOLD, Shop

LIST = 9900
FLOOR = 990
FUJI = "FUJI-12"


def flash(
    unit_price: int = 7900, *, at: int = 0, seconds: int = 600, units: int | None = None
) -> Cue:
    return Cue(
        at=at, cue="flash_price", sku=FUJI, unit_price=unit_price, seconds=seconds, units=units
    )


def coupon(code: str = "Apple10", **facts: Any) -> Cue:
    if "amount_off" not in facts:
        facts.setdefault("percent_off", 10)
    return Cue(cue="coupon", **{"at": 0, "code": code, "seconds": 600, **facts})


def everybodys(**facts: Any) -> Cue:
    return coupon("All", automatic=True, **facts)


def a_shop(*cues: Cue, floor: int | None = None, listed: int | None = None) -> Shop:
    """On sale since ten seconds. ``listed``: a list price that was lowered to that, whatever is planned."""
    shop = Shop(40, cues=cues)
    offer = replace(shop.campaign.offers[0], min_unit_price=floor)
    shop.show(replace(shop.campaign, offers=(offer,)))
    if listed is not None:
        lowered = Cue(at=1, cue="price", sku=FUJI, unit_price=listed)
        shop.show(replace(shop.campaign, improvised=(lowered,)))
    return shop


def paid(shop: Shop, code: str | None = None, buyer: str = "ana", quantity: int = 1) -> int:
    """What a unit costs whoever reserves now."""
    return shop.reserve(buyer, quantity, coupon=code).check.unit_price


class FreshHints(Hints):
    """Counts whenever it is asked: a storefront that is never behind."""

    def glance(self, shelf: Shelf, freshness: int) -> Board:
        del freshness
        return self.count(shelf)[0]


def shown(shop: Shop) -> int:
    """What the storefront says in the same second."""
    hints = FreshHints(shop.stock, lambda: shop.now * 1000, pause=lambda _: None)
    (offer,) = Storefront(shop.campaigns, hints).show(shop.campaign.id, MERCHANT, shop.now)[
        "offers"
    ]
    price: int = offer["unit_price"]
    return price


# -- the lowest of three -------------------------------------------------------------------------------


def test_nothing_special_costs_the_list_price():
    assert paid(a_shop()) == LIST


def test_a_flash_price_that_is_open_is_paid_and_a_second_later_no_more():
    shop = a_shop(flash(at=20, seconds=10))
    prices = []
    for second in (19, 20, 29, 30):
        shop.now = shop.start + second
        prices.append(paid(shop, buyer=f"b{second}"))
    assert prices == [LIST, 7900, 7900, LIST]


def test_a_flash_price_of_another_product_changes_nothing():
    assert paid(a_shop(replace(flash(), sku="GALA-6"))) == LIST


def test_of_a_flash_price_and_a_coupon_the_lower_is_paid_and_not_both():
    assert paid(a_shop(flash(8800), everybodys())) == 8800
    assert paid(a_shop(flash(8950), everybodys())) == 8910


def test_of_several_coupons_the_best_is_had():
    shop = a_shop(everybodys(percent_off=5), coupon(percent_off=20), coupon("Five", amount_off=500))
    assert paid(shop, "APPLE10") == 7920
    assert paid(shop, "five", "ben") == 9400
    assert paid(shop, buyer="cleo") == 9405


def test_a_named_coupon_that_is_no_better_is_not_used():
    shop = a_shop(flash(), coupon(uses=1))
    reservation = shop.reserve(coupon="apple10")
    assert (reservation.check.unit_price, reservation.coupon) == (7900, None)
    assert shop.uses(2) == (1, 0, 0)


def test_a_flash_price_for_so_many_units_is_paid_while_there_are_enough():
    shop = a_shop(flash(units=2), everybodys())
    assert [paid(shop, buyer=name) for name in ("ana", "ben", "cleo")] == [7900, 7900, 8910]
    other = a_shop(flash(units=2))
    assert paid(other, quantity=3) == LIST
    assert paid(other, buyer="ben", quantity=2) == 7900


def test_an_automatic_coupon_that_is_used_up_gives_way_to_the_next_best_price():
    shop = a_shop(everybodys(uses=1, percent_off=20), coupon("More", automatic=True, percent_off=5))
    assert [paid(shop, buyer=name) for name in ("ana", "ben")] == [7920, 9405]


def test_a_buyer_who_had_an_automatic_coupon_often_enough_pays_the_next_best_price():
    shop = a_shop(everybodys(uses_per_buyer=1))
    assert paid(shop) == 8910
    shop.now += 1
    assert [paid(shop), paid(shop, buyer="ben")] == [LIST, 8910]


@pytest.mark.parametrize(
    ("cue", "code", "refusal"),
    [
        (coupon(at=100), "apple10", CouponNotOpen),
        (coupon(), "pear10", CouponNotOpen),
        (coupon(sku="GALA-6"), "apple10", CouponNotOpen),
        (coupon(uses=1), "apple10", CouponExhausted),
        (coupon(uses_per_buyer=1), "apple10", CouponLimitReached),
    ],
)
def test_a_code_that_cannot_be_had_is_refused_and_says_why(
    cue: Cue, code: str, refusal: type[Refusal]
):
    shop = a_shop(cue)
    if refusal is not CouponNotOpen:
        shop.reserve(coupon=code, key="first")
    with pytest.raises(refusal):
        shop.reserve(coupon=code, key="second")
    assert paid(shop, buyer="ben") == LIST


# -- the list price above, and the floor below ------------------------------------------------------------


def test_a_flash_price_above_a_list_price_that_was_lowered_is_not_paid():
    assert paid(a_shop(flash(7900), listed=6900)) == 6900
    capped = a_shop(flash(7900, units=9), listed=6900)
    assert (paid(capped), capped.uses(1)) == (6900, (9, 0, 0))


def test_an_amount_off_that_is_more_than_a_list_price_that_was_lowered_leaves_the_floor():
    shop = a_shop(coupon(amount_off=1000), listed=900)
    # The floor is a tenth of what was planned, and the list price is below it: nobody pays more than the list price.
    assert paid(shop, "apple10") == 900
    assert paid(a_shop(coupon(amount_off=1000), listed=1200), "apple10") == FLOOR


def test_a_percentage_leaves_the_floor_at_least():
    assert paid(a_shop(coupon(percent_off=99)), "apple10") == FLOOR
    assert paid(a_shop(coupon(percent_off=99), floor=50), "apple10") == 99


def test_the_floor_is_what_the_offer_says_else_a_tenth_rounded_up_of_the_planned_price():
    def floor(unit_price: int, stated: int | None = None, **fields: Any) -> int:
        offer = replace(a_campaign().offers[0], unit_price=unit_price, min_unit_price=stated)
        return floor_of(a_campaign(offers=(offer,), **fields), offer)

    assert [floor(price) for price in (1, 10, 11, 9900, 9901)] == [1, 1, 2, 990, 991]
    assert floor(9900, stated=9000) == 9000
    stripe: dict[str, Any] = {"payment_provider": "stripe", "currency": "KWD"}
    assert [floor(price, **stripe) for price in (10, 100, 1010)] == [10, 10, 110]
    lowered = a_shop(listed=5000)
    assert floor_of(lowered.campaign, lowered.campaign.offers[0]) == FLOOR


@pytest.mark.parametrize(
    ("listed", "off", "left"), [(9900, 10, 8910), (995, 10, 895), (994, 10, 895)]
)
def test_of_a_part_of_a_minor_unit_a_half_is_the_buyers(listed: int, off: int, left: int):
    assert paid(a_shop(everybodys(percent_off=off), listed=listed, floor=1)) == left


# -- the second -----------------------------------------------------------------------------------------


def test_a_price_that_was_changed_live_is_paid_from_the_next_second_on():
    shop = a_shop(everybodys())
    change = Cue(at=0, cue="price", sku=FUJI, unit_price=5000)
    shop.show(improvise(shop.campaign, change, now=shop.now))
    before = paid(shop)
    shop.now += 1
    assert (before, paid(shop)) == (8910, 4500)


def test_a_repeated_request_is_promised_the_price_of_the_second_of_its_hold():
    shop = a_shop(flash(units=1, seconds=20), coupon(seconds=20, uses=1))
    first = [shop.reserve(key="one"), shop.reserve("ben", key="two", coupon="apple10")]
    shop.now += 30
    shop.show(
        improvise(shop.campaign, Cue(at=0, cue="price", sku=FUJI, unit_price=5000), now=shop.now)
    )
    shop.now += 10
    again = [shop.reserve(key="one"), shop.reserve("ben", key="two", coupon="apple10")]
    assert [each.check.unit_price for each in again] == [7900, 8910]
    assert [each.id for each in again] == [each.id for each in first]


@pytest.mark.parametrize("is_left", [True, False])
def test_a_late_payment_pays_what_was_promised_or_goes_back(is_left: bool):
    shop = a_shop(flash(units=1, seconds=600))
    order = shop.order()
    shop.now += HOLD + 1
    shop.beat()
    shop.beat()
    lowered = Cue(at=shop.now - shop.start, cue="price", sku=FUJI, unit_price=8000)
    shop.show(replace(shop.campaign, improvised=(lowered,)))
    if not is_left:
        assert paid(shop, buyer="ben") == 7900
    shop.pay(order)
    settled = shop.read(order)
    if is_left:
        assert (settled.state, settled.amount) == (OrderState.PAID, 7900)
    else:
        assert settled.refund_reason is RefundReason.DEAL_EXHAUSTED


# -- what is shown --------------------------------------------------------------------------------------


def test_a_storefront_shows_what_a_reservation_of_that_second_costs():
    shop = a_shop(flash(units=1), everybodys(uses=1), coupon("More", automatic=True, percent_off=5))
    told = [(shown(shop), paid(shop, buyer=buyer)) for buyer in ("ana", "ben", "cleo")]
    assert told == [(7900, 7900), (8910, 8910), (9405, 9405)]


def test_what_everybody_pays_is_shown_while_nothing_can_be_reserved():
    shop = a_shop(flash(8000, units=1), everybodys())
    assert common_price(shop.campaign, shop.campaign.offers[0], shop.now) == 8910
    shop.show(replace(shop.campaign, status=Status.PAUSED))
    assert shown(shop) == 8910


# -- whatever is planned and done ---------------------------------------------------------------------

HOUR = 120
FLASHES = st.builds(
    flash,
    st.integers(1, 12_000),
    at=st.integers(0, HOUR - 1),
    seconds=st.integers(1, 60),
    units=st.none() | st.integers(1, 3),
)
COUPONS = st.builds(
    coupon,
    st.sampled_from(("One", "Two")),
    at=st.integers(0, HOUR - 1),
    seconds=st.integers(1, 60),
    automatic=st.booleans(),
    uses=st.none() | st.integers(1, 2),
    amount_off=st.none() | st.integers(1, 12_000),
) | st.builds(
    coupon,
    st.sampled_from(("Three", "Four")),
    at=st.integers(0, HOUR - 1),
    seconds=st.integers(1, 60),
    automatic=st.booleans(),
    uses_per_buyer=st.none() | st.just(1),
    percent_off=st.integers(1, 99),
)
LIVE = st.lists(
    st.tuples(st.integers(1, HOUR - 3), st.integers(1, 12_000), st.booleans()), max_size=4
)


def in_order(cues: list[Cue]) -> tuple[Cue, ...]:
    whole = [
        replace(cue, percent_off=20)
        if cue.cue == "coupon" and cue.amount_off is None and cue.percent_off is None
        else cue
        for cue in cues
    ]
    return tuple(sorted(whole, key=lambda cue: cue.at))


def edited(shop: Shop, edits: list[tuple[int, int, bool]]) -> None:
    """What of it is possible, at its second."""
    for second, price, is_flash in sorted(edits):
        cue = Cue(at=0, cue="flash_price" if is_flash else "price", sku=FUJI, unit_price=price)
        cue = replace(cue, seconds=20) if is_flash else cue
        try:
            shop.show(improvise(shop.campaign, cue, now=shop.start + second))
        except Refusal:
            continue


def floor_and_list(campaign: Campaign, now: int) -> tuple[int, int]:
    (offer,) = campaign.offers
    return floor_of(campaign, offer), campaign.list_price(offer, now)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FLASHES | COUPONS, max_size=5), LIVE, st.none() | st.integers(1, LIST), st.data())
def test_no_price_is_above_the_list_price_below_the_floor_or_above_what_was_shown(
    cues: list[Cue],
    edits: list[tuple[int, int, bool]],
    floor: int | None,
    data: st.DataObject,
):
    # Also plans that are refused today: some are kept from before.
    shop = a_shop(*in_order(cues), floor=floor)
    edited(shop, edits)
    for number in range(3):
        shop.now = shop.start + data.draw(st.integers(0, HOUR + 30))
        visible = shown(shop)
        price = paid(shop, buyer=f"buyer {number}")
        least, listed = floor_and_list(shop.campaign, shop.now)
        assert min(least, listed) <= price <= listed
        assert price == visible
        named = data.draw(st.sampled_from(("one", "Three")))
        try:
            with_code = paid(shop, named, f"other {number}")
        except Refusal:
            continue
        assert min(least, listed) <= with_code <= shown_or_more(shop, visible)


def shown_or_more(shop: Shop, visible: int) -> int:
    """What was shown, or what everybody pays, where what was shown has just been used up."""
    (offer,) = shop.campaign.offers
    return max(visible, common_price(shop.campaign, offer, shop.now))


@settings(max_examples=150, deadline=None)
@given(st.lists(FLASHES | COUPONS, max_size=4), LIVE, st.none() | st.integers(1, LIST))
def test_what_was_planned_and_edited_without_a_refusal_needs_no_bounds(
    cues: list[Cue], edits: list[tuple[int, int, bool]], floor: int | None
):
    shop = a_shop(*in_order(cues), floor=floor)
    try:
        checked(shop.campaign)
    except Refusal:
        return
    edited(shop, edits)
    campaign = shop.campaign
    (offer,) = campaign.offers
    for second in range(HOUR + 30):
        now = shop.start + second
        for code in (None, "One", "Three"):
            for deal in possible(campaign, offer, now, code):
                if deal.cue is not None:
                    listed = campaign.list_price(offer, now)
                    assert deal.unit_price == asked_price(campaign, deal.cue, listed)


def possible(campaign: Campaign, offer: Offer, now: int, code: str | None) -> list[Deal]:
    try:
        return deals(campaign, offer, now, code)
    except CouponNotOpen:
        return []
