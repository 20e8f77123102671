"""What is sold when the show is over, in its replay, is told apart from the live hour: by the second of the reservation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain import show_control
from shared.domain.claim_check import ClaimCheck, verify
from shared.domain.errors import CampaignState
from shared.use_cases.read_totals import totals_document
from tests.builders import a_campaign
from tests.theatre import HOLD, SHOW, Theatre

START = a_campaign().starts_at
NOTHING = {"orders": 0, "units": 0, "gross": 0, "refunded": 0, "net": 0}


def a_show() -> Theatre:
    show = Theatre(replay_until=START + SHOW + 600)
    show.go_live()
    return show


def reserved(second: int, **fields: Any) -> ClaimCheck:
    """A claim of an ordinary reservation at a second, since 1970 UTC."""
    plain = ClaimCheck(a_campaign().id, 0, 0, "AAAAAAAA", 1, 1, 9900, second + HOLD, "A" * 11)
    return replace(plain, **fields)


def replay(show: Theatre) -> Any:
    show.wait(2)
    return totals_document(show.seen())["replay"]


def at(show: Theatre, second: float) -> None:
    show.millis = round((START + second) * 1000)


def test_a_hold_counts_where_it_began_whenever_it_is_paid():
    show = a_show()
    show.sell(2)
    at(show, SHOW - 0.001)
    last = show.reserve(3)
    at(show, SHOW)
    first = show.reserve(1)
    assert replay(show) == NOTHING
    show.pay(show.check_out(last))
    assert replay(show) == NOTHING
    show.pay(show.check_out(first))
    assert replay(show) == {**NOTHING, "orders": 1, "units": 1, "gross": 9900, "net": 9900}
    document = totals_document(show.seen())
    assert (document["orders"], document["gross"]) == (3, 6 * 9900)
    assert [offer["replay"]["orders"] for offer in document["offers"]] == [1, 0]


def test_a_sale_over_several_blocks_counts_all_its_units():
    show = a_show()
    at(show, SHOW + 5)
    show.sell(35)
    assert replay(show)["units"] == 35


def test_books_balance_and_the_report_and_its_timeline_tell_the_replay_apart():
    show = a_show()
    show.sell(2)
    show.beat()
    at(show, SHOW + 30)
    show.sell(4)
    assert show.run_to_the_end()
    report = show.report()
    sold = {"orders": 1, "units": 4, "gross": 4 * 9900}
    assert report["totals"]["replay"] == {**NOTHING, **sold, "net": 4 * 9900}
    told = [bucket["replay"] for bucket in report["timeline"]["buckets"] if "replay" in bucket]
    assert told == [sold]
    doors = [marker["cue"] for marker in report["timeline"]["markers"] if "sku" not in marker]
    assert doors == ["opened", "replay", "closed"]


def test_a_campaign_without_a_replay_tells_none():
    show = Theatre()
    show.go_live()
    show.sell(1)
    assert replay(show) is None
    show = a_show()
    show.sell(1)
    show.campaigns.save(show_control.end(show.campaign, now=show.now))
    assert replay(show) is None
    assert show.run_to_the_end()


def test_an_end_that_has_passed_is_not_moved():
    show = a_show()
    at(show, SHOW - 1)
    with pytest.raises(CampaignState):
        show_control.extend(show.campaign, ends_at=START + SHOW + 60, now=show.now)
    at(show, SHOW - 2)
    later = show_control.extend(show.campaign, ends_at=START + SHOW + 60, now=show.now)
    assert [later.is_of_replay(reserved(START + SHOW + second)) for second in (59, 60)] == [
        False,
        True,
    ]


def test_a_turn_in_line_is_reserved_when_it_was_offered_however_long_it_is_held():
    show = a_show().campaign
    offer = replace(show.offers[0], waitlist_hold=HOLD // 4)
    show = replace(show, offers=(offer,))
    last, first = (START + SHOW + second + HOLD // 4 for second in (-1, 0))
    turns = [reserved(0, deadline=deadline, waited=True) for deadline in (last, first)]
    assert [show.is_of_replay(turn) for turn in turns] == [False, True]
    secret = show.secret
    assert all(verify(turn.suffix(secret), secret) == turn for turn in turns)


def test_a_late_payment_counts_where_its_reservation_was_made():
    show = a_show()
    at(show, SHOW - 1)
    late = show.check_out(show.reserve(2))
    at(show, SHOW + HOLD + 1)
    show.beat()
    assert show.pay(late).name == "PAID"
    assert replay(show) == NOTHING
    assert show.run_to_the_end()
