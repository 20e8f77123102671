"""Units added in the middle of a show: on sale without a pause, counted when the last block is there, and never lost."""

from __future__ import annotations

import pytest

from shared.domain import show_control
from shared.domain.campaign import Status
from shared.domain.errors import CampaignState, InvalidRequest, SoldOut
from shared.use_cases.arrange_stock import arrange_stock
from shared.use_cases.save_campaign import change_campaign
from tests.fakes import Crash
from tests.theatre import FUJI, GALA, Theatre


def add(show: Theatre, units: int, sku: str = GALA) -> None:
    change_campaign(
        show.campaigns,
        show.id,
        lambda campaign: show_control.add_stock(campaign, sku=sku, units=units, now=show.now),
    )


def arrange(show: Theatre) -> None:
    arrange_stock(show.campaigns, show.stock, show.id)


def live() -> Theatre:
    show = Theatre()
    show.go_live()
    return show


def test_what_is_added_is_sold_to_the_last_unit_and_homes_stay():
    show = live()
    before = show.campaign.offer(GALA)
    show.reserve(5, GALA)
    with pytest.raises(SoldOut):
        show.reserve(1, GALA)
    add(show, 40)
    arrange(show)
    offer = show.campaign.offer(GALA)
    assert (offer.allotment, offer.home_blocks, offer.blocks) == (45, before.home_blocks, 3)
    show.wait(1)
    for _ in range(40):
        show.reserve(1, GALA)
    with pytest.raises(SoldOut):
        show.reserve(1, GALA)
    assert show.snapshot().offers[1].allotted == show.snapshot().offers[1].held == 45
    assert show.run_to_the_end()


def test_a_seller_who_was_told_that_all_is_sold_looks_again_as_soon_as_there_are_more_blocks():
    show = live()
    show.reserve(5, GALA)
    for _ in range(2):
        with pytest.raises(SoldOut):
            show.reserve(1, GALA)
    add(show, 1)
    arrange(show)
    # In the very same instant, by a board that is fresh.
    assert show.reserve(1, GALA).check.quantity == 1


@pytest.mark.parametrize("writes", range(5))
def test_whoever_dies_while_it_is_laid_out_every_count_is_right_and_the_beat_goes_on(writes: int):
    show = live()
    add(show, 40)
    left = [writes]

    def die(_: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash

    show.stock.before = show.campaigns.before = die
    with pytest.raises(Crash):
        arrange(show)
    show.watch(lambda _: None)
    assert show.snapshot().offers[1].allotted == 5
    show.beat()
    assert show.snapshot().offers[1].allotted == 45
    assert show.run_to_the_end()


@pytest.mark.parametrize("laid", range(4))
@pytest.mark.parametrize("how", ["cancel", "close"])
def test_what_was_coming_when_it_ended_is_counted_and_the_books_balance(laid: int, how: str):
    show = live()
    show.sell(2)
    add(show, 40)
    left = [laid]

    def die(_: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash

    show.stock.before = die
    with pytest.raises(Crash):
        arrange(show)
    show.watch(lambda _: None)
    if how == "cancel":
        show.cancel()
    else:
        show.end()
    assert show.run_to_the_end()
    assert show.snapshot().offers[1].allotted == 45


def test_it_may_be_added_while_it_is_paused_and_is_sold_when_it_is_resumed():
    show = live()
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    arrange(show)
    add(show, 40)
    arrange(show)
    assert not any(block.opens <= show.now < block.closes for block in show.blocks())
    change_campaign(show.campaigns, show.id, lambda it: show_control.resume(it, now=show.now))
    arrange(show)
    assert show.reserve(45, GALA).check.quantity == 45


def test_several_additions_are_cut_each_by_itself():
    show = live()
    for units in (3, 33, 1):
        add(show, units, FUJI)
    arrange(show)
    add(show, 2, FUJI)
    arrange(show)
    offer = show.campaign.offer(FUJI)
    assert (offer.allotment, offer.added, offer.coming) == (79, (3, 33, 1, 2), ())
    assert sum(block.units for block in show.blocks()) == 84


def test_what_cannot_be_added_is_refused():
    show = live()
    with pytest.raises(InvalidRequest):
        add(show, 1, "PEAR")
    with pytest.raises(InvalidRequest):
        add(show, 44)
    add(show, 43)
    show.end()
    with pytest.raises(CampaignState):
        add(show, 1)
    with pytest.raises(CampaignState):
        show_control.add_stock(
            Theatre(status=Status.DRAFT).campaign, sku=GALA, units=1, now=show.now
        )
