"""A pause: sellers refuse at once, and once the campaign says ``paused``, every block does."""

from __future__ import annotations

import pytest

from shared.domain import show_control
from shared.domain.campaign import Status
from shared.domain.errors import CampaignNotOpen
from shared.domain.stock import PAUSED
from shared.use_cases.arrange_stock import arrange_stock, gate_of
from shared.use_cases.keep_books import Phase
from shared.use_cases.reserve import Reservation
from shared.use_cases.save_campaign import change_campaign
from shared.use_cases.settle_hold import State
from shared.use_cases.stock_ports import shelf
from tests.fakes import Crash
from tests.theatre import SHOW, Theatre


def pausing() -> Theatre:
    """Live, and about to be paused: no block knows yet."""
    show = Theatre()
    show.go_live()
    show.wait(1)
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    assert show.status() is Status.PAUSING
    return show


def arrange(show: Theatre) -> None:
    arrange_stock(show.campaigns, show.stock, show.id)


def is_open(show: Theatre) -> bool:
    """Whether any block would let a unit go, whatever sellers believe."""
    return any(block.opens <= show.now < block.closes for block in show.blocks())


def test_sellers_refuse_before_any_block_knows():
    show = pausing()
    assert is_open(show)
    with pytest.raises(CampaignNotOpen) as refused:
        show.reserve()
    assert refused.value.facts["status"] == "pausing"


def test_it_says_paused_when_every_block_knows():
    show = pausing()
    arrange(show)
    assert show.status() is Status.PAUSED
    assert {block.closes for block in show.blocks()} == {PAUSED}


@pytest.mark.parametrize("stamps", range(3))
def test_a_pause_that_dies_half_way_is_finished_by_the_next_beat(stamps: int):
    show = pausing()
    left = [stamps]

    def die(_: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash

    show.stock.before = die
    with pytest.raises(Crash):
        arrange(show)
    show.watch(lambda _: None)
    assert (show.status(), is_open(show)) == (Status.PAUSING, True)
    assert show.beat().phase is Phase.LIVE
    assert (show.status(), is_open(show)) == (Status.PAUSED, False)


def test_a_request_that_was_served_is_answered_while_it_is_paused():
    show = Theatre()
    show.go_live()
    first = show.reserve(3, key="mine")
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    for _ in range(2):
        again = show.reserve(3, key="mine")
        assert (again.id, again.state, again.replayed) == (first.id, State.HELD, True)
        arrange(show)
    with pytest.raises(CampaignNotOpen):
        show.reserve(3, key="another")


def test_what_is_held_is_paid_while_it_is_paused_and_a_late_payment_goes_back():
    show = Theatre()
    show.go_live()
    order, late = show.check_out(show.reserve(2)), show.check_out(show.reserve(1, buyer="bo"), "bo")
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    arrange(show)
    show.pay(order)
    assert show.snapshot().total.sold == 2
    show.wait(60)
    show.pay(late)
    reasons = {each.id: each.refund_reason for each in show.orders.all(show.id)}
    assert reasons == {order.id: None, late.id: "campaign_paused"}


def test_it_sells_again_when_it_is_resumed():
    show = pausing()
    arrange(show)
    change_campaign(show.campaigns, show.id, lambda it: show_control.resume(it, now=show.now))
    assert not is_open(show)
    arrange(show)
    assert isinstance(show.reserve(), Reservation)


def test_somebody_late_does_not_open_what_was_paused_again():
    """A beat that read the campaign before the pause, and one that read it when it was resumed from an older one."""
    show = pausing()
    arrange(show)
    change_campaign(show.campaigns, show.id, lambda it: show_control.resume(it, now=show.now))
    resumed = show.campaign
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    # No block was told of the resumption, so all say ``paused`` already: by the first pause.
    arrange(show)
    assert show.status() is Status.PAUSED
    for offer in resumed.offers:
        for number in range(offer.blocks):
            show.stock.stamp(shelf(resumed, offer), number, gate_of(resumed, offer))
    assert not is_open(show)


def test_a_show_that_is_over_while_it_is_paused_is_closed_like_any_other():
    show = pausing()
    arrange(show)
    show.wait(SHOW)
    assert show.beat().phase is Phase.CLOSE
    assert show.run_to_the_end()
    assert show.status() is Status.CLOSED


def test_a_paused_show_can_be_called_off_and_what_is_held_is_released():
    show = Theatre()
    show.go_live()
    held = show.reserve(3)
    change_campaign(show.campaigns, show.id, lambda it: show_control.pause(it, now=show.now))
    arrange(show)
    change_campaign(
        show.campaigns,
        show.id,
        lambda campaign: show_control.cancel(campaign, reason="Storm", now=show.now),
    )
    arrange(show)
    show.beat()
    assert show.state(held) == "released"
    assert show.snapshot().total.held == 0
    assert show.run_to_the_end()
