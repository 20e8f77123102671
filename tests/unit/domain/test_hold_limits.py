"""The arithmetic of the limits of holds: what still counts, what one more would exceed, and when it is allowed."""

from __future__ import annotations

import pytest

from shared.domain.hold_limits import (
    MOST_BEGUN,
    MOST_OPEN,
    WINDOW,
    Excess,
    HoldClaim,
    HoldLimits,
    HoldRule,
    excess,
    limits_of,
    still_counted,
)
from tests.builders import a_campaign

NOW = 1_795_867_200
HOLD = 300
OPEN, BEGUN, BOTH = HoldLimits(2, None), HoldLimits(None, 3), HoldLimits(2, 3)


def began(seconds_ago: int, *, ended: bool = False, shared: bool = False) -> HoldClaim:
    return HoldClaim(NOW - seconds_ago + HOLD, 0, shared, ended)


def test_a_campaign_without_limits_has_none():
    assert limits_of(a_campaign()) is None


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({"max_open_holds_per_buyer": MOST_OPEN}, HoldLimits(MOST_OPEN, None)),
        ({"max_holds_per_ten_minutes": MOST_BEGUN}, HoldLimits(None, MOST_BEGUN)),
        ({"max_open_holds_per_buyer": 2, "max_holds_per_ten_minutes": 3}, BOTH),
    ],
)
def test_limits_are_the_campaigns(fields: dict[str, int], limits: HoldLimits):
    assert limits_of(a_campaign(**fields)) == limits


@pytest.mark.parametrize(
    ("limits", "claim", "counted"),
    [
        (OPEN, began(0), began(0)),
        # Open until its very deadline, and not at it.
        (OPEN, began(HOLD - 1), began(HOLD - 1)),
        (OPEN, began(HOLD), None),
        (OPEN, began(1, ended=True), None),
        # Within the window, what has ended still counts as begun; and is told apart from what is open.
        (BEGUN, began(1, ended=True), began(1, ended=True)),
        (BEGUN, began(HOLD), began(HOLD, ended=True)),
        (BEGUN, began(HOLD, shared=True), began(HOLD, ended=True, shared=True)),
        (BEGUN, began(WINDOW - 1), began(WINDOW - 1, ended=True)),
        (BEGUN, began(WINDOW), None),
        (BOTH, began(WINDOW - 1), began(WINDOW - 1, ended=True)),
        (BOTH, began(WINDOW), None),
        # The clock of whoever wrote it was ahead of ours.
        (BOTH, began(-5), began(-5)),
        (BEGUN, began(-5, ended=True), began(-5, ended=True)),
    ],
)
def test_a_claim_counts_while_it_is_open_or_within_the_window(
    limits: HoldLimits, claim: HoldClaim, counted: HoldClaim | None
):
    found = still_counted(limits, {"key": claim}, now=NOW, hold=HOLD)
    assert found.get("key") == counted


def test_a_hold_that_lasts_longer_than_the_window_counts_as_open_and_no_more_as_begun():
    claim = HoldClaim(NOW + 1, 0)
    assert still_counted(BEGUN, {"key": claim}, now=NOW, hold=3600) == {"key": claim}
    assert excess(HoldLimits(1, 1), [claim], now=NOW, hold=3600) == Excess(HoldRule.OPEN, 1, 1)
    assert excess(HoldLimits(None, 1), [claim], now=NOW, hold=3600) is None


@pytest.mark.parametrize(
    ("limits", "claims", "found"),
    [
        (OPEN, [], None),
        (OPEN, [began(9)], None),
        (OPEN, [began(9), began(20)], Excess(HoldRule.OPEN, 2, HOLD - 20)),
        (OPEN, [began(9), began(20, ended=True)], None),
        (OPEN, [began(9), began(HOLD)], None),
        (OPEN, [began(9), began(HOLD - 1)], Excess(HoldRule.OPEN, 2, 1)),
        # A limit that was lowered: two must end before there is room for one.
        (OPEN, [began(9), began(20), began(30)], Excess(HoldRule.OPEN, 2, HOLD - 20)),
        (BEGUN, [began(9, ended=True)] * 2, None),
        (BEGUN, [began(9, ended=True)] * 3, Excess(HoldRule.BEGUN, 3, WINDOW - 9)),
        (BEGUN, [began(1), began(2), began(WINDOW)], None),
        (BEGUN, [began(1), began(2), began(WINDOW - 1)], Excess(HoldRule.BEGUN, 3, 1)),
        # Of two limits the one that lasts longer.
        (BOTH, [began(9), began(20), began(50)], Excess(HoldRule.BEGUN, 3, WINDOW - 50)),
        (BOTH, [began(1), began(WINDOW - 1, ended=True)], None),
        (
            BOTH,
            [began(1), began(2), began(WINDOW - 1, ended=True)],
            Excess(HoldRule.OPEN, 2, HOLD - 2),
        ),
        # By a clock that is ahead of ours it began in five seconds; by one that is behind, it never ends too early.
        (OPEN, [began(-5), began(-5)], Excess(HoldRule.OPEN, 2, HOLD + 5)),
        (HoldLimits(None, 1), [began(-5)], Excess(HoldRule.BEGUN, 1, WINDOW + 5)),
    ],
)
def test_one_more_is_refused_until_there_is_room(
    limits: HoldLimits, claims: list[HoldClaim], found: Excess | None
):
    assert excess(limits, claims, now=NOW, hold=HOLD) == found


@pytest.mark.parametrize("limits", [OPEN, BEGUN, BOTH])
def test_who_comes_again_when_it_says_is_let_in(limits: HoldLimits):
    claims = [began(7), began(40), began(290)]
    found = excess(limits, claims, now=NOW, hold=HOLD)
    assert found is not None
    just_before, then = NOW + found.retry_after - 1, NOW + found.retry_after
    assert excess(limits, claims, now=just_before, hold=HOLD) is not None
    assert excess(limits, claims, now=then, hold=HOLD) is None
