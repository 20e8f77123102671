"""Opening: by the clock, once, and again as often as anybody asks."""

from __future__ import annotations

import pytest

from shared.domain.campaign import Status
from shared.use_cases.open_campaign import Doors, open_campaign
from tests.theatre import Theatre


def test_before_the_start_it_says_when_to_ask_again():
    show = Theatre()
    opening = open_campaign(show.campaigns, show.id, show.now)
    assert opening.phase is Doors.WAIT
    assert show.campaign.status is Status.SCHEDULED
    assert show.now < opening.wait_until <= show.now + 5


def test_the_wait_never_goes_beyond_the_start_and_is_longer_when_the_start_is_far():
    show = Theatre()
    starts = show.campaign.starts_at
    for ahead, wait in [(1, 1), (4, 4), (60, 5), (360, 18), (86_400, 4320)]:
        assert (
            open_campaign(show.campaigns, show.id, starts - ahead).wait_until
            == starts - ahead + wait
        )


def test_from_the_second_of_the_start_on_it_is_live():
    show = Theatre()
    show.prepare()
    show.wait(59.999)
    assert show.open() is Doors.WAIT
    show.wait(0.001)
    assert show.open() is Doors.LIVE
    opened = show.campaign
    assert opened.status is Status.LIVE
    assert show.open() is Doors.LIVE
    assert show.campaign == opened


def test_a_start_that_is_moved_to_now_is_noticed():
    show = Theatre()
    show.prepare()
    assert show.open() is Doors.WAIT
    show.change(starts_at=show.now)
    assert show.open() is Doors.LIVE
    assert show.beat().phase == "live"
    show.reserve()


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.CLOSING, Status.CLOSED])
def test_what_is_over_is_to_be_closed(status: Status):
    show = Theatre(status=status)
    assert show.open() is Doors.CLOSE
    assert show.campaign.status is status


def test_a_start_that_was_missed_altogether_is_to_be_closed():
    show = Theatre()
    show.millis = show.campaign.closes_at * 1000
    assert show.open() is Doors.CLOSE
