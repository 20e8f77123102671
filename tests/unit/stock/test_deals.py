"""Coupons and capped flash prices: who gets which price, how often, and what becomes of a use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.campaign import Cue, Status
from shared.domain.errors import (
    CampaignState,
    CouponExhausted,
    CouponLimitReached,
    CouponNotOpen,
    IdempotencyKeyReused,
    InvalidRequest,
    SoldOut,
)
from shared.domain.ids import ledger_key
from shared.domain.live_cues import improvise
from shared.domain.order import OrderState, RefundReason
from shared.domain.show_plan import checked
from shared.domain.stock import REMEMBERED, Kind
from shared.use_cases.claim_use import Unsettled, claim_use, give_back_use, shelf_of_uses
from shared.use_cases.keep_uses import keep_uses, read_uses
from shared.use_cases.request_keys import keys_of
from shared.use_cases.reserve import Reservation
from shared.use_cases.settle_hold import State
from shared.use_cases.take_units import Wish
from tests.builders import a_campaign
from tests.fakes import Crash
from tests.shop import HOLD, Shop

LIST = 9900


def flash(price: int = 7900, units: int | None = 2, **facts: Any) -> Cue:
    return Cue(
        cue="flash_price",
        **{"at": 0, "sku": "FUJI-12", "seconds": 600, "unit_price": price, "units": units, **facts},
    )


def coupon(code: str = "Apple10", **facts: Any) -> Cue:
    if "amount_off" not in facts:
        facts.setdefault("percent_off", 10)
    return Cue(cue="coupon", **{"at": 0, "code": code, "seconds": 600, **facts})


def price(reservation: Reservation) -> int:
    return reservation.check.unit_price


def two_beats(shop: Shop) -> None:
    """The beat that ends a hold, and the one that finds it ended."""
    shop.beat()
    shop.beat()


# -- which price ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "off", "paid"),
    [
        (9900, {"percent_off": 10}, 8910),
        (995, {"percent_off": 10}, 895),
        (994, {"percent_off": 10}, 895),
        (1, {"percent_off": 99}, 1),
        (9900, {"amount_off": 900}, 9000),
    ],
)
def test_half_a_minor_unit_of_a_percentage_is_the_buyers_and_something_is_always_left(
    listed: int, off: dict[str, Any], paid: int
) -> None:
    shop = Shop(cues=(coupon(**off),))
    offer = replace(shop.campaign.offers[0], unit_price=listed)
    shop.show(replace(shop.campaign, offers=(offer,)))
    got = shop.reserve(coupon="aPPLE10")
    assert (price(got), got.list_price) == (paid, listed)
    assert got.coupon == ("Apple10" if paid < listed else None)


def test_the_cheapest_deal_is_had_and_no_other() -> None:
    shop = Shop(
        cues=(flash(7900, units=1), coupon("CODE", percent_off=15), coupon("ALL", automatic=True))
    )
    got = [shop.reserve(buyer, coupon="code") for buyer in ("ana", "ben")]
    assert [(price(each), each.coupon) for each in got] == [(7900, None), (8415, "CODE")]
    assert [price(shop.reserve(buyer)) for buyer in ("cleo", "dora")] == [8910, 8910]


@pytest.mark.parametrize(("second", "is_open"), [(-1, False), (0, True), (59, True), (60, False)])
def test_a_code_holds_in_its_window_to_the_second(second: int, is_open: bool) -> None:
    shop = Shop(cues=(coupon(at=100, seconds=60),))
    shop.now = shop.start + 100 + second
    if is_open:
        assert price(shop.reserve(coupon="apple10")) == 8910
        return
    with pytest.raises(CouponNotOpen) as refused:
        shop.reserve(coupon="apple10")
    assert refused.value.facts["starts_at"].endswith("01:40Z")
    with pytest.raises(CouponNotOpen):
        shop.reserve(coupon="other")
    assert price(shop.reserve()) == LIST


def test_what_was_promised_is_told_again_when_nobody_else_gets_it_any_more() -> None:
    shop = Shop(cues=(coupon(uses=1, seconds=20), flash(9000, units=1, seconds=20)))
    first = shop.reserve("ana", coupon="apple10", key="one")
    flashed = shop.reserve("ben", key="two")
    with pytest.raises(CouponExhausted):
        shop.reserve("cleo", coupon="apple10")
    shop.now += 30
    again = shop.reserve("ana", coupon="APPLE10", key="one")
    assert (again.id, again.replayed, price(again)) == (first.id, True, 8910)
    assert shop.reserve("ben", key="two").id == flashed.id
    with pytest.raises(IdempotencyKeyReused):
        shop.reserve("ana", key="one")


def test_a_coupon_is_stopped_live_from_the_next_second_on() -> None:
    shop = Shop(cues=(coupon(),))
    stopped = improvise(shop.campaign, Cue(at=0, cue="coupon_end", code="APPLE10"), now=shop.now)
    shop.show(stopped)
    assert price(shop.reserve("ana", coupon="apple10")) == 8910
    shop.now += 1
    with pytest.raises(CouponNotOpen):
        shop.reserve("ben", coupon="apple10")
    with pytest.raises(CampaignState):
        improvise(shop.campaign, Cue(at=0, cue="coupon_end", code="apple10"), now=shop.now)


# -- how often -----------------------------------------------------------------------------------------


def test_units_of_a_flash_price_are_counted_over_several_blocks_and_fall_back_to_the_list() -> None:
    shop = Shop(80, cues=(flash(units=40),))
    got = [price(shop.reserve(f"b{number}", 12)) for number in range(4)]
    assert got == [7900, 7900, 7900, LIST]
    assert price(shop.reserve("last", 4)) == 7900
    assert shop.uses(1) == (0, 40, 0)


def test_a_buyer_uses_a_coupon_so_often_and_again_what_was_given_back() -> None:
    shop = Shop(cues=(coupon(uses=5, uses_per_buyer=1),))
    first = shop.reserve("ana", coupon="apple10", key="one")
    with pytest.raises(CouponLimitReached) as refused:
        shop.reserve("ana", coupon="apple10", key="two")
    assert refused.value.facts == {"limit": 1}
    assert price(shop.reserve("ben", coupon="apple10")) == 8910
    shop.reservations.release(first.id, shop.campaign.merchant, shop.now)
    assert shop.uses(1) == (4, 1, 0)
    assert price(shop.reserve("ana", coupon="apple10", key="two")) == 8910


def test_who_is_refused_the_units_has_nothing_of_the_deal() -> None:
    shop = Shop(1, cues=(coupon(uses=2, uses_per_buyer=1),))
    held = shop.reserve("ana")
    with pytest.raises(SoldOut):
        shop.reserve("ben", coupon="apple10", key="one")
    assert shop.uses(1) == (2, 0, 0)
    shop.reservations.release(held.id, shop.campaign.merchant, shop.now)
    shop.now += 2
    assert price(shop.reserve("ben", coupon="apple10", key="one")) == 8910


# -- what becomes of a use -----------------------------------------------------------------------------


def test_a_use_is_sold_with_its_order_and_stays_so_when_the_money_goes_back() -> None:
    shop = Shop(cues=(coupon(uses=2),))
    order = shop.order("ana", 3, coupon="apple10")
    assert (order.amount, order.list_price, order.coupon) == (3 * 8910, LIST, "Apple10")
    shop.pay(order)
    shop.beat()
    assert shop.uses(1) == (1, 0, 1)
    shop.now += HOLD * 5
    shop.beat()
    assert shop.uses(1) == (1, 0, 1)


def test_a_use_comes_back_with_the_hold_that_ends_unpaid() -> None:
    shop = Shop(80, cues=(flash(units=40, seconds=3600),))
    shop.reserve("ana", 40)
    shop.now += HOLD
    assert price(shop.reserve("ben", 1)) == LIST
    two_beats(shop)
    assert shop.uses(1) == (40, 0, 0)
    shop.now += REMEMBERED
    assert price(shop.reserve("ana", 40, key="again")) == 7900


def test_nothing_comes_back_on_the_word_of_ledgers_that_could_not_be_read() -> None:
    shop = Shop(cues=(coupon(uses=1),))
    shop.reserve("ana", coupon="apple10")
    read = read_uses(shop.stock, shop.campaign)
    kept = keep_uses(shop.stock, shop.campaign, read, [[]], now=shop.now + HOLD * 9)
    assert (kept.held, shop.uses(1)) == (1, (0, 1, 0))


def test_a_use_is_never_given_to_another_while_its_order_is_paid_and_no_beat_has_come() -> None:
    shop = Shop(cues=(coupon(uses=1, seconds=3600),))
    order = shop.order("ana", coupon="apple10")
    shop.pay(order)
    shop.now += HOLD + REMEMBERED * 3
    for buyer in ("ben", "ana"):
        with pytest.raises(CouponExhausted):
            shop.reserve(buyer, coupon="apple10")
    assert shop.reserve("ana", coupon="apple10", key=f"reserve-ana-{shop.start + 10}").replayed


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_late_payment_has_the_price_it_was_promised_or_its_money_back(is_paid: bool) -> None:
    shop = Shop(cues=(coupon(uses=1, seconds=600, uses_per_buyer=1),))
    order = shop.order("ana", coupon="apple10")
    shop.now += HOLD + 1
    two_beats(shop)
    if not is_paid:
        shop.pay(shop.order("ben", coupon="apple10"), "msg_2")
    shop.now += 600
    shop.pay(order)
    shop.beat()
    settled = shop.read(order)
    if is_paid:
        assert (settled.state, settled.amount) == (OrderState.PAID, 8910)
    else:
        assert settled.refund_reason is RefundReason.DEAL_EXHAUSTED
    assert shop.uses(1) == (0, 0, 1)
    shop.check(settled=True)


def test_a_late_payment_is_not_in_its_own_way() -> None:
    shop = Shop(cues=(coupon(uses=1, seconds=600, uses_per_buyer=1),))
    order = shop.order("ana", coupon="apple10")
    shop.now += HOLD + 1
    shop.pay(order)
    assert shop.read(order).state is OrderState.PAID
    shop.beat()
    assert shop.uses(1) == (0, 0, 1)


def test_a_use_on_which_a_twin_counts_is_not_given_back_by_who_took_it() -> None:
    shop = Shop(cues=(flash(units=1),))
    place, hints = shelf_of_uses(shop.campaign, 1, 1), shop.books.hints
    key = ledger_key(shop.campaign.secret, "one")
    wish = Wish(keys_of(shop.campaign.secret, key), 1, shop.now + HOLD, shop.now)
    first, twin = (claim_use(shop.stock, hints, place, wish) for _ in range(2))
    assert (first.is_ours, twin.is_ours) == (True, False)
    give_back_use(shop.stock, first)
    give_back_use(shop.stock, twin)
    assert shop.uses(1) == (0, 1, 0)


def test_what_a_request_has_bought_keeps_its_use_at_any_age_however_it_came_to_it() -> None:
    shop = Shop(40, cues=(coupon(uses=40, seconds=3600),))
    buyers = [f"b{number}" for number in range(40)]
    for buyer in buyers:
        shop.pay(shop.order(buyer, coupon="apple10"), f"msg_{buyer}")
    began = shop.now
    shop.now += HOLD + REMEMBERED * 2
    place, secret = shelf_of_uses(shop.campaign, 1, 40), shop.campaign.secret
    ledgers = [block.ledger for block in shop.stock.read_all(place)]
    assert any(entry.kind is Kind.FORWARD for ledger in ledgers for entry in ledger.values())
    for key in {key for ledger in ledgers for key in ledger}:
        wish = Wish(keys_of(secret, key), 1, shop.now + HOLD, shop.now)
        with pytest.raises(Unsettled):
            claim_use(shop.stock, shop.books.hints, place, wish)
    for buyer in buyers:
        again = shop.reserve(buyer, key=f"reserve-{buyer}-{began}", coupon="apple10")
        assert (again.replayed, price(again)) == (True, 8910)
    assert shop.uses(1) == (0, 40, 0)
    shop.beat()
    assert shop.uses(1) == (0, 0, 40)


def test_a_use_waits_for_a_request_that_may_only_be_slow_and_for_no_other() -> None:
    shop = Shop(cues=(flash(units=1),))
    shop.crash_at(2)
    with pytest.raises(Crash):
        shop.reserve("ana")
    shop.watch(lambda _: None)
    for seconds in (0, HOLD + REMEMBERED + 14):
        shop.now += seconds
        shop.beat()
        assert shop.uses(1) == (0, 1, 0)
    shop.now += 1
    shop.beat()
    assert shop.uses(1) == (1, 0, 0)


def test_whoever_dies_anywhere_leaves_a_use_that_goes_with_its_reservation() -> None:
    point, names = 0, ["before"]
    while names:
        shop = Shop(40, cues=(flash(8950, units=20), coupon(uses=2, uses_per_buyer=1)))
        names = []
        shop.watch(names.append)
        names = shop.crash_at(point)
        try:
            reserved = shop.reserve("ana", 18, key="one")
            shop.reservations.release(reserved.id, shop.campaign.merchant, shop.now)
            shop.pay(shop.order("ben", coupon="apple10"))
        except Crash:
            pass
        else:
            names = []
        shop.watch(lambda _: None)
        shop.now += HOLD + REMEMBERED + 15
        two_beats(shop)
        sold = shop.sums().orders
        assert shop.uses(1) == (20, 0, 0)
        assert shop.uses(2) == (2 - sold, 0, sold)
        point += 1
    assert point > 10


def test_when_the_show_is_over_nothing_is_held_of_a_deal() -> None:
    shop = Shop(cues=(flash(units=20),))
    shop.crash_at(2)
    with pytest.raises(Crash):
        shop.reserve("ana")
    shop.watch(lambda _: None)
    assert shop.uses(1) == (19, 1, 0)
    shop.close()
    shop.drain()
    assert shop.uses(1) == (20, 0, 0)
    assert shop.campaign.status is Status.CLOSING


def test_a_repeated_request_counts_on_the_use_it_finds() -> None:
    """And nobody who saw it before can take it from under it."""
    shop = Shop(cues=(flash(units=1),))
    shop.crash_at(2)
    with pytest.raises(Crash):
        shop.reserve("ana", key="one")
    shop.watch(lambda _: None)
    shop.now += HOLD
    got = shop.reserve("ana", key="one")
    assert (price(got), got.state) == (7900, State.HELD)
    shop.beat()
    assert shop.uses(1) == (0, 1, 0)
    shop.now += REMEMBERED + 1
    assert shop.reserve("ana", key="one").id == got.id


# -- the plan ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cues", "found"),
    [
        ([coupon(), coupon(at=600)], []),
        ([coupon(), coupon("OTHER", at=30)], []),
        ([coupon(), coupon("APPLE10", at=599)], ["/run_of_show/1/at"]),
        ([coupon(at=3500)], ["/run_of_show/0/seconds"]),
        ([coupon(sku="PEAR")], ["/run_of_show/0/sku"]),
        ([coupon(amount_off=9900)], ["/run_of_show/0/amount_off"]),
        ([coupon(amount_off=1, percent_off=1)], ["/run_of_show/0/percent_off"]),
    ],
)
def test_a_plan_with_coupons_names_the_cue_that_does_not_fit(
    cues: list[Cue], found: list[str]
) -> None:
    campaign = a_campaign(run_of_show=tuple(cues))
    if not found:
        assert checked(campaign) is campaign
        return
    with pytest.raises(InvalidRequest) as refused:
        checked(campaign)
    errors = refused.value.facts["errors"]
    assert [error["pointer"] for error in errors] == found
    assert all("at second" in error["detail"] for error in errors)


def test_uses_of_a_coupon_that_come_back_can_be_had_however_many_had_them_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.domain.stock.BLOCK_UNITS", 2)
    monkeypatch.setattr("shared.table.ledger_room", lambda *_: 4)
    shop = Shop(60, cues=(coupon(uses=6),))
    for number in range(4):
        shop.reserve(f"keeps {number}", coupon="apple10")
    for number in range(60):
        got = shop.reserve(f"comes and goes {number}", coupon="apple10")
        assert price(got) == 8910
        shop.reservations.release(got.id, shop.campaign.merchant, shop.now)
        shop.now += 2
        shop.check()
    assert [price(shop.reserve(buyer, coupon="apple10")) for buyer in ("ana", "ben")] == [8910] * 2
    with pytest.raises(CouponExhausted):
        shop.reserve("cleo", coupon="apple10")
