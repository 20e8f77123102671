"""A plan at speed is still a plan: it holds together, it is as scarce, and it is nobody's but the rehearsal's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from shared.adapters.dynamodb_campaigns import decode, encode
from shared.contracts import campaigns as contracts
from shared.contracts.validation import read
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.crowd import Habit, buyers_of, crowd
from shared.domain.ids import is_rehearsed, new_campaign_id, rehearsed_id
from shared.domain.rehearsed_plan import LONGEST_REPLAY, SHOW, AtSpeed, at_speed
from shared.domain.show_plan import checked
from tests.builders import a_campaign, apple_hour

COPY = rehearsed_id(b"0123456789")
NOW = 1_790_000_000


def played(plan: Campaign, *, buyers: int = 360, expected: int = 24_320) -> AtSpeed:
    return at_speed(
        plan, copy_id=COPY, secret="ab" * 32, starts_at=NOW, buyers=buyers, expected=expected
    )


def apples() -> Campaign:
    return a_campaign(**contracts.plan(read(contracts.CampaignRequest, apple_hour())))


def test_an_hour_is_half_a_minute_with_every_cue_in_its_place():
    found = played(apples())
    assert found.speed == 120
    assert found.campaign.ends_at - found.campaign.starts_at == SHOW
    assert [cue.cue for cue in found.campaign.run_of_show] == [
        cue.cue for cue in apples().run_of_show
    ]
    (first, *_) = [cue for cue in found.campaign.run_of_show if cue.cue == "flash_price"]
    assert (first.at, first.seconds, first.unit_price) == (5, 2, 7900)
    assert "holds last 6 s" in found.not_to_scale[0]


def test_products_are_as_scarce_as_they_will_be():
    copy = played(apples()).campaign
    plan = {offer.sku: offer.allotment for offer in apples().offers}
    for offer in copy.offers:
        assert offer.allotment == pytest.approx(plan[offer.sku] * 360 * 1.8 / 24_320, abs=4)
        assert offer.limit_per_buyer == apples().offer(offer.sku).limit_per_buyer
    few = played(apples(), buyers=10, expected=10).campaign
    assert [offer.allotment for offer in few.offers] == list(plan.values())


@pytest.mark.parametrize(
    ("minutes", "limit", "in_all"),
    [(5, 4, 4), (10, 4, 4), (11, 4, 8), (60, 4, 24), (60, 900, 1000)],
)
def test_holds_that_may_begin_in_ten_minutes_are_those_of_as_many_windows_as_the_plan_has(
    minutes: int, limit: int, in_all: int
):
    starts = a_campaign().starts_at
    plan = a_campaign(
        ends_at=starts + minutes * 60, max_open_holds_per_buyer=3, max_holds_per_ten_minutes=limit
    )
    found = played(plan)
    assert found.campaign.max_open_holds_per_buyer == 3
    assert found.campaign.max_holds_per_ten_minutes == in_all
    assert any("holds per buyer" in said for said in found.not_to_scale) is (in_all != limit)


def test_deals_and_turns_are_as_scarce_and_as_short():
    offer = replace(a_campaign().offers[0], waitlist_hold=600)
    flash = Cue(at=0, cue="flash_price", sku=offer.sku, unit_price=1000, seconds=900, units=400)
    coupon = Cue(at=0, cue="coupon", code="HI", percent_off=5, seconds=900, uses=240, deal=3)
    again = replace(coupon, at=900, code="hi", uses_per_buyer=1)
    plan = a_campaign(offers=(offer,), run_of_show=(flash, coupon, again))
    copy = played(plan, expected=3_600).campaign
    (short, first, second) = copy.run_of_show
    assert short.units == round(400 * copy.offers[0].allotment / 4000) == 72
    assert (first.uses, first.deal, second.uses_per_buyer) == (24, None, 1)
    assert first.at + (first.seconds or 0) <= second.at
    assert copy.offers[0].waitlist_hold == 6
    assert checked(copy) is copy
    codes = Counter(visit.code for visit in crowd(copy, buyers=400, seed=1))
    assert codes["HI"] + codes["hi"] > 80
    assert codes[None] > 80


def test_it_takes_no_real_money_and_no_parcel_leaves():
    plan = a_campaign(payment_provider="stripe", carrier="file", status=Status.SCHEDULED, version=9)
    copy = played(plan).campaign
    assert (copy.payment_provider, copy.carrier) == ("test", None)
    assert (copy.id, copy.rehearsal_of, copy.version) == (COPY, plan.id, 1)
    assert copy.secret != plan.secret


def test_it_is_in_no_list_of_its_merchant_and_its_id_says_what_it_is():
    item = encode(played(a_campaign()).campaign)
    assert not {"merchant", "created_at"} & set(item)
    assert decode(item) == played(a_campaign()).campaign
    assert is_rehearsed(COPY)
    assert not is_rehearsed(new_campaign_id())


def a_plan(random: Random) -> Campaign:
    """Long or short, with windows that touch, and releases of all that there is."""
    length = random.choice([5, 31, 60, 3600, 86_400])
    offers = tuple(
        Offer(number=n, sku=sku, title={}, unit_price=990, allotment=random.choice([1, 5, 9000]))
        for n, sku in enumerate("AB")
    )
    cues: list[Cue] = []
    at, left = 0, {offer.sku: offer.allotment for offer in offers}
    while at < length and len(cues) < 60:
        sku = random.choice("AB")
        seconds = min(random.choice([1, 5, 600]), length - at)
        cues.append(Cue(at=at, cue="flash_price", sku=sku, unit_price=900, seconds=seconds))
        at += seconds
        if at < length and left[sku]:
            units = random.choice([1, left[sku]])
            left[sku] -= units
            cues.append(Cue(at=at, cue="release_stock", sku=sku, units=units))
    start = a_campaign().starts_at
    return checked(
        a_campaign(
            ends_at=start + length,
            replay_until=start + length + random.choice([1, 86_400]),
            offers=offers,
            run_of_show=tuple(cues),
        )
    )


@pytest.mark.parametrize("seed", range(40))
def test_whatever_holds_together_does_so_at_speed(seed: int):
    random = Random(seed)
    plan = a_plan(random)
    buyers = random.choice([1, 40, 360])
    copy = played(
        plan, buyers=buyers, expected=max(buyers, random.choice([1, 500, 10**6]))
    ).campaign
    assert checked(copy) == copy
    assert copy.closes_at - copy.starts_at <= SHOW + LONGEST_REPLAY


def test_a_crowd_comes_again_by_its_seed_in_a_rush_with_all_its_habits():
    show = played(apples()).campaign
    visits = crowd(show, buyers=360, seed=7)
    assert visits == crowd(show, buyers=360, seed=7) != crowd(show, buyers=360, seed=8)
    assert {visit.habit for visit in visits} == set(Habit)
    assert sum(visit.at < 2000 for visit in visits) > 360 / 4
    assert {visit.sku for visit in visits} == {offer.sku for offer in show.offers}
    assert list(buyers_of(show, buyers=360, seed=7)) == [
        (show.offer(visit.sku), visit.buyer) for visit in visits
    ]
