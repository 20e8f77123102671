"""Limits of holds per buyer: what counts, for how long, what is refused, and what a crash or a duplicate leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from shared.domain.campaign import Cue, Status
from shared.domain.errors import (
    BuyerLimitReached,
    CampaignNotOpen,
    CouponExhausted,
    CouponNotOpen,
    IdempotencyKeyReused,
    Refusal,
    SoldOut,
    StoreBusy,
    TooManyHolds,
)
from shared.domain.hold_limits import WINDOW, BuyerHolds, HoldClaim
from shared.domain.ids import buyer_digest
from shared.domain.stock import PAUSED, REMEMBERED, Gate
from shared.use_cases.reserve import Reservation, ReservationRequest
from shared.use_cases.settle_hold import State
from shared.use_cases.stock_ports import shelf
from tests.fakes import Crash
from tests.unit.stock.test_reserve import HOLD, Desk, a_campaign

MERCHANT = "mer_washington"
IN_FLIGHT = 15


def limited(open_holds: int | None = None, begun: int | None = None, **changes: object) -> Desk:
    """A desk of a campaign with limits."""
    return Desk(
        a_campaign(max_open_holds_per_buyer=open_holds, max_holds_per_ten_minutes=begun, **changes)
    )


def change(desk: Desk, **changes: Any) -> None:
    """The campaign, as its merchant changes it meanwhile."""
    desk.campaign = replace(desk.campaign, **changes)


def item(desk: Desk, buyer: str = "ada") -> BuyerHolds:
    digest = buyer_digest(desk.campaign.secret, buyer)
    return desk.holds.items.get((desk.campaign.id, digest), BuyerHolds())


def release(desk: Desk, reservation: Reservation) -> None:
    desk.desk.release(reservation.id, MERCHANT, desk.now)


def refused(desk: Desk, key: str, **wish: Any) -> TooManyHolds:
    with pytest.raises(TooManyHolds) as refusal:
        desk.reserve(key, **wish)
    return refusal.value


def fill(desk: Desk, count: int, prefix: str = "held") -> list[Reservation]:
    return [desk.reserve(f"{prefix} {number}") for number in range(count)]


# -- what it costs -------------------------------------------------------------------------------------


def test_a_campaign_without_limits_writes_and_reads_nothing_for_them() -> None:
    desk = limited()
    desk.reserve()
    desk.reserve()
    assert (desk.holds.writes, desk.holds.items) == (0, {})
    assert (desk.stock.writes, desk.stock.reads) == (2, 0)


def test_a_request_costs_one_write_and_no_read() -> None:
    desk = limited(3, 10)
    fill(desk, 3)
    assert (desk.holds.writes, desk.stock.reads) == (3, 0)


def test_holds_that_are_over_cost_one_more_write() -> None:
    desk = limited(2)
    fill(desk, 2)
    desk.now += HOLD
    desk.reserve("again")
    assert (desk.holds.writes, desk.stock.reads) == (4, 0)
    assert len(item(desk).claims) == 1


def test_a_refusal_costs_one_refused_write_and_a_read_or_two_for_each_open_hold() -> None:
    desk = limited(3)
    fill(desk, 3)
    refused(desk, "one too many")
    # Each hold where it is, and the five places where the request itself may have been served.
    assert (desk.holds.writes, desk.stock.writes, desk.stock.reads) == (4, 3, 3 + 5)


# -- open holds ----------------------------------------------------------------------------------------


def test_one_hold_more_than_may_be_open_is_refused_with_when_it_is_allowed() -> None:
    desk = limited(2)
    desk.reserve("one")
    desk.now += 10
    desk.reserve("two", "GIFT-1")
    desk.now += 5
    refusal = refused(desk, "three")
    assert refusal.facts == {"limit": 2, "rule": "open_holds", "retry_after": HOLD - 15}
    assert refused(desk, "four", sku="GIFT-1").facts["limit"] == 2
    desk.reserve("five", buyer="bob")
    desk.now += refusal.facts["retry_after"]
    assert desk.reserve("three").state is State.HELD


@pytest.mark.parametrize("seconds", [0, 1, IN_FLIGHT, HOLD - 1])
def test_a_release_makes_room_at_once(seconds: int) -> None:
    desk = limited(2)
    first, _ = fill(desk, 2)
    desk.now += seconds
    release(desk, first)
    assert desk.reserve("again").state is State.HELD
    refused(desk, "one too many")


@pytest.mark.parametrize("sku", ["FUJI-12", "GIFT-1"])
def test_a_payment_makes_room_at_once(sku: str) -> None:
    desk = limited(1)
    desk.pay(desk.reserve("one", sku))
    desk.reserve("two")
    refused(desk, "three")


def test_a_hold_over_several_blocks_counts_once_and_is_found_where_it_ends() -> None:
    desk = limited(1)
    several = desk.reserve("several", quantity=50)
    refused(desk, "one")
    release(desk, several)
    desk.reserve("one")


def test_a_hold_that_lasts_longer_than_the_window_stays_counted_as_open() -> None:
    desk = limited(1, 5, hold_seconds=3000)
    desk.reserve("one")
    desk.now += WINDOW + 100
    facts = refused(desk, "two").facts
    assert facts == {"limit": 1, "rule": "open_holds", "retry_after": 3000 - WINDOW - 100}


# -- holds begun ---------------------------------------------------------------------------------------


def test_more_holds_than_may_begin_in_ten_minutes_are_refused_whatever_became_of_them() -> None:
    desk = limited(begun=3)
    for number in range(3):
        release(desk, desk.reserve(f"{number}"))
        desk.now += 10
    facts = refused(desk, "3").facts
    assert facts == {"limit": 3, "rule": "holds_begun", "retry_after": WINDOW - 30}
    desk.now += facts["retry_after"] - 1
    assert refused(desk, "3").facts["retry_after"] == 1
    desk.now += 1
    desk.reserve("3")
    # The next one has to wait for the second.
    assert refused(desk, "4").facts["retry_after"] == 10


def test_of_two_limits_the_one_that_lasts_longer_is_told() -> None:
    desk = limited(1, 2)
    release(desk, desk.reserve("one"))
    desk.reserve("two")
    assert refused(desk, "three").facts["rule"] == "holds_begun"
    desk.now += WINDOW
    desk.reserve("three")
    assert refused(desk, "four").facts["rule"] == "open_holds"


def test_a_key_that_is_used_again_when_it_is_forgotten_begins_another_hold() -> None:
    desk = limited(begun=3, hold_seconds=10)
    for _ in range(3):
        assert not desk.reserve("key").replayed
        desk.now += 10 + REMEMBERED
    assert refused(desk, "key").facts["retry_after"] == WINDOW - 210
    assert len(item(desk).claims) == 3
    desk.now += WINDOW - 210
    desk.reserve("key")


def test_what_is_out_of_the_window_and_not_open_is_dropped_when_the_item_is_written_anew() -> None:
    desk = limited(begun=300)
    of_ada = desk.campaign.id, buyer_digest(desk.campaign.secret, "ada")

    def fill_up(name: str) -> None:
        """As many claims of now as the item may have."""
        claims = dict(item(desk).claims)
        for number in range(300 - len(claims)):
            claims[f"{name}{number:05}"] = HoldClaim(desk.now + HOLD, 0)
        desk.holds.items[of_ada] = BuyerHolds(item(desk).version + 1, claims)

    fill_up("old")
    desk.now += WINDOW
    # One write changes no more than a hundred, and so makes room for as many.
    desk.reserve("first")
    assert len(item(desk).claims) == 201
    fill_up("new")
    desk.reserve("second")
    assert len(item(desk).claims) == 201
    fill_up("more")
    desk.reserve("third")
    left = [name[:3] for name in item(desk).claims]
    assert (len(left), left.count("old"), left.count("new")) == (201, 0, 99)


# -- duplicates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "after"),
    [
        (lambda *_: None, 0),
        (lambda *_: None, HOLD - 1),
        (lambda *_: None, HOLD),
        (lambda *_: None, HOLD + REMEMBERED - 1),
        (release, 0),
        (release, HOLD + REMEMBERED - 1),
        (Desk.pay, 0),
        (Desk.pay, WINDOW + HOLD),
    ],
)
@pytest.mark.parametrize("limits", [(1, None), (None, 1), (1, 1)])
def test_a_duplicate_of_a_served_request_is_told_the_same_and_counted_once(
    limits: tuple[int | None, int | None],
    ended: Callable[[Desk, Reservation], None],
    after: int,
) -> None:
    desk = limited(*limits)
    first = desk.reserve("one")
    ended(desk, first)
    desk.now += after
    before = item(desk).claims
    again = desk.reserve("one")
    assert (again.id, again.replayed) == (first.id, True)
    assert item(desk).claims == before
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve("one", quantity=2)


@pytest.mark.parametrize("begun", [None, 2])
def test_a_duplicate_is_answered_also_when_its_buyer_has_reached_the_limit_since(
    begun: int | None,
) -> None:
    desk = limited(1, begun)
    first = desk.reserve("one")
    release(desk, first)
    second = desk.reserve("two")
    refused(desk, "three")
    assert desk.reserve("one").id == first.id
    assert desk.reserve("two").id == second.id
    assert len(item(desk).claims) == (begun or 1)


def test_a_duplicate_does_not_make_its_hold_begin_later() -> None:
    desk = limited(begun=1)
    desk.reserve("one")
    desk.now += HOLD - 10
    desk.reserve("one")
    assert refused(desk, "two").facts["retry_after"] == WINDOW - HOLD + 10


def test_a_duplicate_with_another_coupon_is_no_duplicate() -> None:
    coupon = Cue(at=0, cue="coupon", code="APPLE", percent_off=10, seconds=900, deal=1)
    desk = limited(1, run_of_show=(coupon,))
    assert _with_coupon(desk, "one", "apple").coupon == "APPLE"
    with pytest.raises(IdempotencyKeyReused):
        desk.reserve("one")
    assert _with_coupon(desk, "one", "Apple").replayed


def _with_coupon(desk: Desk, key: str, code: str) -> Reservation:
    request = ReservationRequest(
        merchant=MERCHANT,
        campaign_id=desk.campaign.id,
        sku="FUJI-12",
        quantity=1,
        buyer_id="ada",
        idempotency_key=key,
        coupon=code,
    )
    return desk.desk.reserve(request, desk.now)


# -- what is refused later is not counted ----------------------------------------------------------------


def _sold_out(desk: Desk) -> None:
    desk.reserve("all", quantity=64, buyer="bob")
    desk.reserve("late")


def _limit_of_the_offer(desk: Desk) -> None:
    desk.reserve("too many", "GIFT-1", quantity=4)


def _coupon_that_is_not_open(desk: Desk) -> None:
    _with_coupon(desk, "late", "NOSUCH")


def _coupon_that_is_used_up(desk: Desk) -> None:
    cue = Cue(at=0, cue="coupon", code="APPLE", percent_off=10, seconds=900, uses=1, deal=1)
    change(desk, run_of_show=(cue,))
    desk.stock.lay_out(
        replace(shelf(desk.campaign, desk.campaign.offers[0]), sku="~1"),
        0,
        units=0,
        opens=0,
        closes=desk.campaign.closes_at,
    )
    _with_coupon(desk, "late", "APPLE")


def _pause_that_only_the_blocks_know(desk: Desk) -> None:
    for offer in desk.campaign.offers:
        for number in range(offer.blocks):
            place = shelf(desk.campaign, offer)
            desk.stock.stamp(place, number, Gate(desk.now - 9, PAUSED, version=7))
    desk.reserve("late")


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (_sold_out, SoldOut),
        (_limit_of_the_offer, BuyerLimitReached),
        (_coupon_that_is_not_open, CouponNotOpen),
        (_coupon_that_is_used_up, CouponExhausted),
        (_pause_that_only_the_blocks_know, CampaignNotOpen),
    ],
)
def test_a_request_that_is_refused_later_is_not_counted(
    act: Callable[[Desk], None], refusal: type[Refusal]
) -> None:
    desk = limited(1, 1)
    with pytest.raises(refusal):
        act(desk)
    assert item(desk).claims == {}


def test_while_the_campaign_is_paused_nothing_is_counted_and_duplicates_are_answered() -> None:
    desk = limited(1, 1)
    first = desk.reserve("one")
    change(desk, status=Status.PAUSED)
    assert desk.reserve("one").id == first.id
    with pytest.raises(CampaignNotOpen):
        desk.reserve("two")
    assert desk.holds.writes == 1


def test_a_refused_delivery_does_not_release_what_its_duplicate_counts_on() -> None:
    """The first delivery finds too little and is refused; the second, on its way meanwhile, is served."""
    desk = limited(1)
    other = desk.reserve("other", quantity=64, buyer="bob")
    served: list[Reservation] = []

    def meanwhile(what: str) -> None:
        if what == "release":
            desk.holds.before = lambda _: None
            release(desk, other)
            desk.now += 2
            served.append(desk.reserve("key"))

    desk.holds.before = meanwhile
    with pytest.raises(SoldOut):
        desk.reserve("key")
    assert [each.state for each in served] == [State.HELD]
    assert len(item(desk).claims) == 1
    desk.now += IN_FLIGHT
    assert refused(desk, "another").facts["rule"] == "open_holds"


@pytest.mark.parametrize("limits", [(1, None), (None, 1), (1, 1)])
def test_duplicates_that_were_all_refused_count_no_longer_than_a_moment(
    limits: tuple[int | None, int | None],
) -> None:
    desk = limited(*limits)
    other = desk.reserve("other", quantity=64, buyer="bob")

    def twin(_: str) -> None:
        desk.stock.before = lambda _: None
        with pytest.raises(SoldOut):
            desk.reserve("key")

    desk.stock.before = twin
    with pytest.raises(SoldOut):
        desk.reserve("key")
    release(desk, other)
    desk.now += 2
    refused(desk, "another")
    desk.now += IN_FLIGHT
    desk.reserve("another")


# -- crashes -------------------------------------------------------------------------------------------


def _die(desk: Desk, key: str) -> None:
    def die(_: str) -> None:
        raise Crash

    desk.stock.before = die
    with pytest.raises(Crash):
        desk.reserve(key)
    desk.stock.before = lambda _: None


@pytest.mark.parametrize(
    ("limits", "seconds"), [((1, None), IN_FLIGHT), ((None, 1), WINDOW), ((1, 1), WINDOW)]
)
def test_a_crash_between_the_count_and_the_units_ends_by_itself(
    limits: tuple[int | None, int | None], seconds: int
) -> None:
    desk = limited(*limits)
    _die(desk, "dead")
    refused(desk, "at once")
    desk.now += seconds - 1
    refused(desk, "still")
    desk.now += 1
    assert desk.reserve("then").state is State.HELD


@pytest.mark.parametrize("after", [0, IN_FLIGHT, HOLD - 1, HOLD, WINDOW])
def test_a_request_that_is_repeated_after_a_crash_is_served_and_counted_once(after: int) -> None:
    desk = limited(1, 1)
    _die(desk, "key")
    desk.now += after
    served = desk.reserve("key")
    assert served.state is State.HELD
    assert len(item(desk).claims) == 1
    assert refused(desk, "another").facts["rule"] == "holds_begun"
    assert refused(desk, "another").facts["retry_after"] == WINDOW


def test_a_delivery_whose_count_was_done_and_not_answered_releases_it_like_any_other() -> None:
    """The SDK writes the claim again, and its condition does not hold any more."""
    desk = limited(1, 1)
    desk.reserve("all", quantity=64, buyer="bob")
    claim: Any = desk.holds.claim

    def twice(*wish: Any) -> Any:
        claim(*wish)
        return claim(*wish)

    cast(Any, desk.holds).claim = twice
    with pytest.raises(SoldOut):
        desk.reserve("late")
    assert item(desk).claims == {}


def test_a_store_that_does_not_answer_leaves_the_request_counted_until_it_is_repeated() -> None:
    desk = limited(1, 1)

    def fail(_: str) -> None:
        raise StoreBusy

    desk.stock.before = fail
    with pytest.raises(StoreBusy):
        desk.reserve("key")
    desk.stock.before = lambda _: None
    refused(desk, "another")
    assert desk.reserve("key").state is State.HELD
    assert len(item(desk).claims) == 1


# -- others at the same time ---------------------------------------------------------------------------


def test_a_correction_is_written_over_nothing_that_was_counted_meanwhile() -> None:
    desk = limited(2)
    fill(desk, 2)
    desk.now += HOLD

    def rival(what: str) -> None:
        if what == "replace":
            desk.holds.before = lambda _: None
            fill(desk, 1, "rival")
            assert len(item(desk).claims) == 1

    desk.holds.before = rival
    desk.reserve("mine")
    assert len(item(desk).claims) == 2
    refused(desk, "one too many")


def test_a_request_gives_up_when_others_change_the_item_all_the_time() -> None:
    desk = limited(1)
    desk.reserve("one")
    desk.now += HOLD

    def always(what: str) -> None:
        if what == "replace":
            ((key, seen),) = desk.holds.items.items()
            desk.holds.items[key] = replace(seen, version=seen.version + 1)

    desk.holds.before = always
    with pytest.raises(StoreBusy):
        desk.reserve("two")
    desk.holds.before = lambda _: None
    desk.reserve("two")


def test_a_claim_that_is_still_on_its_way_counts_though_the_ledger_knows_nothing_of_it() -> None:
    desk = limited(1)

    def rival(_: str) -> None:
        desk.stock.before = lambda _: None
        refused(desk, "rival")

    desk.stock.before = rival
    assert desk.reserve("mine").state is State.HELD


def test_a_key_that_begins_anew_is_not_taken_for_what_it_was() -> None:
    """The ledger remembers how the last attempt with the key ended, and its new one is on its way."""
    desk = limited(1, hold_seconds=10)
    desk.reserve("key")
    desk.now += 10 + REMEMBERED

    def rival(_: str) -> None:
        desk.stock.before = lambda _: None
        refused(desk, "rival")

    desk.stock.before = rival
    assert desk.reserve("key").state is State.HELD


# -- clocks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behind", [1, 3, IN_FLIGHT])
def test_a_clock_that_is_behind_refuses_what_others_would(behind: int) -> None:
    desk = limited(1, 2)
    desk.now += 20
    desk.reserve("one")
    desk.now -= behind
    assert refused(desk, "two").facts == {
        "limit": 1,
        "rule": "open_holds",
        "retry_after": HOLD + behind,
    }


@pytest.mark.parametrize("ahead", [1, 3, IN_FLIGHT])
def test_a_clock_that_is_ahead_lets_nobody_hold_more_than_ends_by_it(ahead: int) -> None:
    desk = limited(2)
    desk.reserve("one")
    desk.now += 1
    desk.reserve("two")
    desk.now += HOLD - 1
    # By this clock the first has ended, by others it has some seconds left.
    desk.reserve("three")
    desk.now -= ahead
    refused(desk, "four")


# -- a change of the limits while the campaign is live ------------------------------------------------------


def test_a_limit_that_is_set_in_the_middle_counts_what_begins_from_then_on() -> None:
    desk = limited()
    fill(desk, 3)
    change(desk, max_open_holds_per_buyer=1)
    desk.reserve("counted")
    refused(desk, "one too many")


def test_a_duplicate_of_what_was_held_before_a_limit_was_set_is_counted_from_when_it_began() -> (
    None
):
    desk = limited()
    first = desk.reserve("one")
    desk.now += 100
    change(desk, max_open_holds_per_buyer=1)
    assert desk.reserve("one").id == first.id
    assert refused(desk, "two").facts["retry_after"] == HOLD - 100


@pytest.mark.parametrize("ended", [Desk.pay, release])
def test_a_duplicate_of_what_ended_before_a_limit_was_set_counts_for_nothing(
    ended: Callable[[Desk, Reservation], None],
) -> None:
    desk = limited()
    first = desk.reserve("one")
    ended(desk, first)
    change(desk, max_open_holds_per_buyer=1, max_holds_per_ten_minutes=1)
    assert desk.reserve("one").id == first.id
    assert item(desk).claims == {}


def test_a_limit_that_is_lowered_lets_nobody_in_until_enough_are_over() -> None:
    desk = limited(3)
    for number in range(3):
        desk.reserve(f"{number}")
        desk.now += 10
    change(desk, max_open_holds_per_buyer=1)
    assert refused(desk, "more").facts["retry_after"] == HOLD - 10
    desk.now += HOLD - 10
    desk.reserve("more")


def test_a_limit_that_is_raised_lets_the_next_one_in_at_once() -> None:
    desk = limited(1, 1)
    desk.reserve("one")
    refused(desk, "two")
    change(desk, max_open_holds_per_buyer=2, max_holds_per_ten_minutes=2)
    desk.reserve("two")
    change(desk, max_open_holds_per_buyer=None, max_holds_per_ten_minutes=None)
    fill(desk, 5)


def test_holds_begun_are_counted_from_an_item_that_only_the_other_limit_had_kept() -> None:
    desk = limited(2)
    fill(desk, 2)
    change(desk, max_open_holds_per_buyer=None, max_holds_per_ten_minutes=2)
    assert refused(desk, "more").facts["rule"] == "holds_begun"
