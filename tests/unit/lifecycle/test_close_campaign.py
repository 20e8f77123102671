"""Closing: every block first, then the status; from the instant it says so, nothing is sold."""

from __future__ import annotations

import pytest

from shared.domain import show_control
from shared.domain.campaign import Status
from shared.domain.errors import CampaignNotOpen, CampaignState
from shared.domain.stock import FOR_GOOD
from shared.use_cases.close_campaign import close_campaign
from shared.use_cases.keep_books import Phase
from shared.use_cases.reserve import Reservation
from tests.fakes import Crash
from tests.theatre import SHOW, Theatre


def test_the_status_is_saved_after_the_last_block_is_stamped():
    show = Theatre()
    show.go_live()
    order: list[str] = []
    show.watch(order.append)
    show.close()
    saves = [i for i, what in enumerate(order) if what == "before save"]
    stamps = [i for i, what in enumerate(order) if what == "after stamp"]
    # The first says that there is no way back, the last that it is done.
    assert saves[0] < min(stamps) < max(stamps) < saves[1] == saves[-1]
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


@pytest.mark.parametrize("stamped", [0, 1, 2, 3])
def test_a_close_that_dies_half_way_does_not_say_closing_and_is_finished_by_the_next(stamped: int):
    show = Theatre()
    show.go_live()
    seen = 0

    def die(what: str) -> None:
        nonlocal seen
        seen += 1
        if seen > stamped:
            raise Crash

    show.stock.before = die
    if stamped == 3:
        show.campaigns.before = die
    with pytest.raises(Crash):
        show.close()
    assert show.status() is Status.LIVE
    show.watch(lambda _: None)
    show.close()
    assert show.status() is Status.CLOSING
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_a_late_beat_that_believes_in_a_later_end_does_not_open_a_block_again():
    show = Theatre()
    show.go_live()
    stale = show.campaign.changed(ends_at=show.campaign.ends_at + 3600)
    show.close()
    closed = show.campaign
    show.campaigns.kept[show.id] = stale
    show.beat()
    show.campaigns.kept[show.id] = closed
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_a_merchant_who_extends_in_the_last_instant_is_honoured():
    show = Theatre()
    show.go_live()

    def extend(what: str) -> None:
        show.campaigns.before = lambda _: None
        show.change(ends_at=show.campaign.ends_at + 600)

    show.campaigns.before = extend
    show.close()
    assert show.status() is Status.LIVE
    assert isinstance(show.reserve(), Reservation)


def test_once_the_first_block_is_stamped_an_extension_is_refused():
    show = Theatre()
    show.go_live()
    show.wait(SHOW)

    def try_to_extend(_: str) -> None:
        with pytest.raises(CampaignState, match="about to close"):
            show_control.extend(show.campaign, ends_at=show.now + 600, now=show.now - 1)

    show.stock.before = try_to_extend
    show.close()
    assert show.status() is Status.CLOSING
    with pytest.raises(CampaignNotOpen):
        show.reserve()


def test_one_that_was_extended_before_the_first_stamp_goes_on():
    show = Theatre()
    show.go_live()
    show.wait(SHOW)
    beat = show.beat()
    show.change(ends_at=show.now + 600)
    close_campaign(show.campaigns, show.stock, show.id, show.now)
    assert (beat.phase, show.status()) == (Phase.CLOSE, Status.LIVE)
    assert show.beat().phase is Phase.LIVE
    show.reserve()


def test_one_that_was_extended_after_a_close_that_died_is_closed_all_the_same():
    show = Theatre()
    show.go_live()
    show.wait(SHOW)

    def die(_: str) -> None:
        raise Crash

    show.stock.after = die
    with pytest.raises(Crash):
        show.close()
    show.watch(lambda _: None)
    show.change(ends_at=show.now + 600)
    close_campaign(show.campaigns, show.stock, show.id, show.now)
    assert show.status() is Status.CLOSING
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_one_that_was_called_off_is_stamped_and_stays_cancelled():
    show = Theatre()
    show.go_live()
    show.cancel()
    show.close()
    assert show.status() is Status.CANCELLED
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_blocks_that_are_missing_are_made_closed_whoever_makes_them_at_the_same_time():
    show = Theatre()
    show.prepare()
    block = show.stock.blocks.pop((show.id, "FUJI-12", 1))
    key = (show.id, "FUJI-12", 1)
    # A slow first step makes it, open, between our look and our own making it.
    show.stock.before = lambda what: what == "lay_out" and show.stock.blocks.setdefault(key, block)  # type: ignore[assignment]
    show.cancel()
    show.close()
    assert {block.closes for block in show.blocks()} == {FOR_GOOD}


def test_closing_again_changes_nothing():
    show = Theatre()
    show.go_live()
    show.close()
    closed = show.campaign
    calls: list[str] = []
    show.watch(calls.append)
    show.close()
    assert show.campaign == closed
    assert calls == []


def test_a_draft_is_not_closed():
    with pytest.raises(CampaignState):
        Theatre(status=Status.DRAFT).close()
