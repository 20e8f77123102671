"""The plan of a show that is on, sent as it should be: each difference is something that can be done live, or is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.campaign import Campaign, Cue, Offer, Portion, Status
from shared.domain.deals import common_price, cue_of
from shared.domain.errors import CampaignState, InvalidRequest
from shared.domain.live_plan import revised_on_air
from shared.use_cases.prepare_stock import freeze
from tests.builders import a_campaign

START = a_campaign().starts_at
NOW = START + 100


def an_offer(**fields: Any) -> Offer:
    plain = {"number": 0, "sku": "FUJI-12", "title": {"en": "Fuji"}, "unit_price": 9900}
    return Offer(**{**plain, "allotment": 64, **fields})


def pin(at: int) -> Cue:
    return Cue(at=at, cue="pin", sku="FUJI-12")


def flash(at: int, price: int = 7900) -> Cue:
    return Cue(at=at, cue="flash_price", sku="FUJI-12", unit_price=price, seconds=60)


RELEASE = Cue(at=2000, cue="release_stock", sku="FUJI-12", units=32)


def live(**fields: Any) -> Campaign:
    laid_out = an_offer(home_blocks=2, blocks=3, portions=(Portion(2000, 32),))
    plan: dict[str, Any] = {
        "status": Status.LIVE,
        "prepared_at": START - 300,
        "offers": (laid_out,),
        "run_of_show": (pin(0), flash(600), RELEASE),
        "version": 7,
    }
    return a_campaign(**{**plan, **fields})


def pointers(refusal: InvalidRequest) -> list[str]:
    return [fault["pointer"] for fault in refusal.facts["errors"]]


def test_all_of_it_is_one_version_and_holds_from_the_next_second_on():
    sent = {
        "name": "Another hour",
        "max_open_holds_per_buyer": 2,
        "max_holds_per_ten_minutes": 20,
        "ends_at": live().ends_at + 600,
        "offers": (an_offer(unit_price=8900, allotment=70, title={"en": "Fuji, 12"}),),
        "run_of_show": (pin(0), flash(700, 6900), RELEASE),
    }
    before = live()
    after = revised_on_air(before, sent, now=NOW)
    assert (after.version, after.name) == (8, "Another hour")
    assert (after.max_open_holds_per_buyer, after.max_holds_per_ten_minutes) == (2, 20)
    assert after.ends_at == before.ends_at + 600
    offer = after.offers[0]
    assert (offer.title, offer.coming, offer.blocks) == ({"en": "Fuji, 12"}, (6,), 3)
    prices = [common_price(after, offer, START + second) for second in (100, 101, 700, 760)]
    assert prices == [9900, 8900, 6900, 8900]
    assert [cue.cue for cue in after.improvised] == ["extended", "price", "stock"]


def test_what_is_sent_as_it_is_shown_is_no_change():
    before = live()
    shown = {
        "name": before.name,
        "ends_at": before.ends_at,
        "currency": before.currency,
        "offers": (an_offer(),),
        "run_of_show": before.run_of_show,
    }
    assert revised_on_air(before, shown, now=NOW) is before


def test_a_price_that_was_improvised_is_the_one_to_compare_with():
    before = live(improvised=(Cue(at=50, cue="price", sku="FUJI-12", unit_price=8000),))
    assert revised_on_air(before, {"offers": (an_offer(unit_price=8000),)}, now=NOW) is before
    after = revised_on_air(before, {"offers": (an_offer(unit_price=9900),)}, now=NOW)
    assert after.list_price(after.offers[0]) == 9900


@pytest.mark.parametrize(
    "cues",
    [
        (flash(600), RELEASE),
        (replace(pin(0), sku=None, cue="unpin"), flash(600), RELEASE),
        (pin(0), pin(50), flash(600), RELEASE),
        (pin(0), pin(101), flash(600), RELEASE),
    ],
    ids=["left out", "another", "in the past", "at once"],
)
def test_what_has_begun_stays_as_it_was_planned(cues: tuple[Cue, ...]):
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(live(), {"run_of_show": cues}, now=NOW)
    assert pointers(refused.value)[0].startswith(("/run_of_show/0", "/run_of_show/1/at"))


def test_a_cue_may_be_planned_for_the_second_after_the_next():
    after = revised_on_air(live(), {"run_of_show": (pin(0), pin(102), RELEASE)}, now=NOW)
    assert after.run_of_show == (pin(0), pin(102), RELEASE)


@pytest.mark.parametrize("cues", [(pin(0), flash(600)), (pin(0), replace(RELEASE, units=31))])
def test_what_is_laid_out_to_be_released_stays(cues: tuple[Cue, ...]):
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(live(), {"run_of_show": cues}, now=NOW)
    assert pointers(refused.value) == ["/run_of_show"]


def coupon(at: int, code: str, uses: int | None = None) -> Cue:
    return Cue(at=at, cue="coupon", code=code, percent_off=10, seconds=600, uses=uses)


def test_a_deal_keeps_its_number_wherever_its_cue_comes_to_stand():
    planned = freeze(
        live(run_of_show=(pin(0), coupon(200, "A"), coupon(500, "B", 9)), prepared_at=None), START
    )
    before = replace(planned, prepared_at=START)
    assert [cue.deal for cue in before.run_of_show] == [None, 1, 2]
    sent = (pin(0), flash(150), coupon(300, "C"), coupon(400, "A"), coupon(500, "B", 9))
    after = revised_on_air(before, {"run_of_show": sent}, now=NOW)
    assert [cue.deal for cue in after.run_of_show] == [None, None, 3, 4, 2]
    assert [cue_of(after, number).code for number in (2, 3, 4)] == ["B", "C", "A"]
    assert [cue_of(before, number).code for number in (1, 2)] == ["A", "B"]
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(before, {"run_of_show": (pin(0), coupon(500, "B", 8))}, now=NOW)
    assert pointers(refused.value) == ["/run_of_show"]


def test_a_flash_price_does_not_meet_one_that_was_improvised():
    before = live(improvised=(replace(flash(90), seconds=900),))
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(before, {"run_of_show": (pin(0), flash(700), RELEASE)}, now=NOW)
    assert pointers(refused.value) == ["/run_of_show/1/at"]


def test_units_are_added_and_never_taken_away():
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(live(), {"offers": (an_offer(allotment=63),)}, now=NOW)
    assert pointers(refused.value) == ["/offers/0/allotment"]
    assert "64 units" in refused.value.facts["errors"][0]["detail"]
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(live(), {"offers": (an_offer(allotment=100_000_000),)}, now=NOW)
    assert pointers(refused.value) == ["/offers/0/allotment"]


@pytest.mark.parametrize(
    "sent",
    [
        {"offers": (an_offer(limit_per_buyer=1),)},
        {"offers": (an_offer(waitlist_hold=60),)},
        {"offers": (an_offer(), an_offer(number=1, sku="GALA-12"))},
        {"starts_at": START + 1},
        {"hold_seconds": 61, "name": "Other"},
        {"replay_until": START + 10_000},
    ],
)
def test_what_buyers_count_on_does_not_change(sent: dict[str, Any]):
    with pytest.raises(CampaignState) as refused:
        revised_on_air(live(), sent, now=NOW)
    assert refused.value.facts["refused"] == sorted(set(sent) - {"name"})


def test_an_end_is_only_moved_to_a_later_time():
    with pytest.raises(InvalidRequest) as refused:
        revised_on_air(live(), {"ends_at": live().ends_at - 1}, now=NOW)
    assert pointers(refused.value) == ["/ends_at"]
