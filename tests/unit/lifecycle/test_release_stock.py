"""A later portion of an allotment: on sale from its second on, not a moment before, and counted from then on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from functions.reserve import handler
from shared.domain import show_control
from shared.domain.campaign import Cue, Status
from shared.domain.errors import OpensInAMoment, SoldOut
from shared.domain.stock import FOR_GOOD
from shared.domain.totals import Sums
from shared.use_cases.arrange_stock import arrange_stock
from shared.use_cases.hints import Hints
from shared.use_cases.reserve import ReservationDesk, ReservationRequest
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.stock_ports import shelf
from tests.gateway import call
from tests.theatre import FUJI, GALA, Theatre, an_offer

AT_FIRST, LATER, SECOND = 30, 70, 40


def a_show(**fields: object) -> Theatre:
    offers = (an_offer(FUJI, AT_FIRST + LATER), an_offer(GALA, 5, 5000))
    cues = (Cue(at=SECOND, cue="release_stock", sku=FUJI, units=LATER),)
    return Theatre(offers=offers, run_of_show=cues, **fields)


def live() -> Theatre:
    show = a_show()
    show.go_live()
    return show


def units(show: Theatre) -> tuple[int, int, int]:
    """Of the first offer: allotted, available, and to be released."""
    sums: Sums = show.snapshot().offers[0]
    return sums.allotted, sums.available, sums.later


def test_it_is_on_sale_from_its_second_on_and_not_a_moment_before():
    show = live()
    for _ in range(AT_FIRST):
        show.reserve(1)
    show.millis = (show.campaign.starts_at + SECOND) * 1000 - 1
    with pytest.raises(SoldOut) as refusal:
        show.reserve(1)
    assert refusal.value.facts["available"] == 0
    show.millis += 1
    # By the very board that said sold out a millisecond ago.
    for _ in range(LATER):
        show.reserve(1)
    with pytest.raises(SoldOut):
        show.reserve(1)
    assert units(show) == (AT_FIRST + LATER, 0, 0)
    assert show.run_to_the_end()


def test_totals_and_storefront_tell_what_is_on_sale_and_the_plan_tells_the_rest():
    show = a_show()
    assert units(show) == (AT_FIRST, AT_FIRST, LATER)
    show.prepare()
    assert units(show) == (AT_FIRST, AT_FIRST, LATER)
    show.go_live()
    show.reserve(4)
    show.millis = (show.campaign.starts_at + SECOND) * 1000 - 1
    assert units(show) == (AT_FIRST, AT_FIRST - 4, LATER)
    show.millis += 1
    assert units(show) == (AT_FIRST + LATER, AT_FIRST + LATER - 4, 0)


def test_it_has_homes_for_all_who_will_come_and_blocks_of_its_own():
    offer = live().campaign.offers[0]
    # 100 units are four blocks, in which the first 30 stand; the other 70 are three more.
    assert (offer.allotment, offer.home_blocks, offer.blocks) == (100, 4, 7)


@pytest.mark.parametrize("over", [Theatre.cancel, Theatre.end])
def test_what_the_show_ended_before_is_never_released(over: Callable[[Theatre], None]):
    show = live()
    show.wait(SECOND - 1)
    over(show)
    show.wait(2)
    assert show.run_to_the_end()
    assert units(show) == (AT_FIRST, AT_FIRST, LATER)
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_a_show_that_starts_at_another_time_releases_so_much_later():
    show = a_show()
    show.prepare()
    begins = show.now
    change_campaign(show.campaigns, show.id, lambda it: show_control.start(it, now=begins))
    show.open()
    show.beat()
    opens = [block.opens - begins for block in show.blocks()]
    assert opens == [0] * 4 + [SECOND] * 3 + [0]


def test_a_pause_and_more_stock_leave_its_second_where_it_was():
    show = live()
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    arrange_stock(show.campaigns, show.stock, show.id)
    change_campaign(show.campaigns, show.id, lambda it: show_control.resume(it, now=show.now))
    change_campaign(
        show.campaigns,
        show.id,
        lambda it: show_control.add_stock(it, sku=FUJI, units=20, now=show.now),
    )
    arrange_stock(show.campaigns, show.stock, show.id)
    assert show.status() is Status.LIVE
    for _ in range(AT_FIRST + 20):
        show.reserve(1)
    with pytest.raises(SoldOut):
        show.reserve(1)
    assert units(show) == (AT_FIRST + 20, 0, LATER)
    show.wait(SECOND)
    show.reserve(LATER)
    assert units(show) == (AT_FIRST + 20 + LATER, 0, 0)


@pytest.fixture
def at_the_release() -> tuple[Theatre, ReservationDesk]:
    """One unit is left of those that were there from the start, and somebody has counted the others a moment too early."""
    show = live()
    for _ in range(AT_FIRST - 1):
        show.reserve(1)
    place = shelf(show.campaign, show.campaign.offers[0])
    show.wait(SECOND)
    hints = Hints(show.stock, show.clock, choice=Random(2), pause=lambda _: None)
    hints.count(place)
    return show, ReservationDesk(show.campaigns, show.stock, hints, show.buyers, show.holds)


def wish(show: Theatre) -> ReservationRequest:
    return ReservationRequest(
        merchant=show.campaign.merchant,
        campaign_id=show.id,
        sku=FUJI,
        quantity=20,
        buyer_id="ada",
        idempotency_key="by a slow clock",
    )


def test_a_seller_whose_clock_is_behind_asks_for_a_moment(
    at_the_release: tuple[Theatre, ReservationDesk],
):
    show, desk = at_the_release
    with pytest.raises(OpensInAMoment):
        desk.reserve(wish(show), show.now - 1)
    assert desk.reserve(wish(show), show.now).check.quantity == 20


@pytest.mark.parametrize(("goes_on", "status"), [(True, 201), (False, 503)])
def test_a_release_that_comes_while_a_request_is_under_way_is_in_time_for_it(
    at_the_release: tuple[Theatre, ReservationDesk],
    monkeypatch: pytest.MonkeyPatch,
    goes_on: bool,
    status: int,
):
    show, desk = at_the_release
    clock = iter((show.now - 1, show.now if goes_on else show.now - 1))
    monkeypatch.setattr(handler, "reservation_desk", lambda: desk)
    monkeypatch.setattr(handler, "now_seconds", lambda: next(clock))
    body = {"sku": FUJI, "quantity": 20, "buyer_id": "ada"}
    answer = call(
        handler.lambda_handler,
        "POST /v1/campaigns/{campaign_id}/reservations",
        body,
        path={"campaign_id": show.id},
        headers={"Idempotency-Key": "once"},
        scope="sell",
        merchant=show.campaign.merchant,
    )
    assert answer.status == status, answer.body
    assert answer.body.get("code") == (None if goes_on else "opens_in_a_moment")
