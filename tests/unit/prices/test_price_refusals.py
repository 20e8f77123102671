"""What of a plan or an edit is refused for its prices: one test for each row of docs/prices.md that is about a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import campaigns as bodies
from shared.domain import show_control
from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.deals import common_price, cue_of
from shared.domain.errors import CampaignState, InvalidRequest, Refusal
from shared.domain.live_cues import improvise
from shared.domain.live_plan import revised_on_air
from shared.domain.show_plan import checked, revised
from shared.use_cases.prepare_stock import freeze
from tests.builders import a_campaign

START = a_campaign().starts_at
HOUR = 3600
FUJI, GALA = "FUJI-12", "GALA-6"
LIST, FLOOR = 9900, 990


def an_offer(**fields: Any) -> Offer:
    plain = {"number": 0, "sku": FUJI, "title": {"en": "Fuji"}, "unit_price": LIST}
    return Offer(**{**plain, "allotment": 64, **fields})


def flash(price: int = 7900, at: int = 600, seconds: int = 300, **facts: Any) -> Cue:
    return Cue(at=at, cue="flash_price", sku=FUJI, unit_price=price, seconds=seconds, **facts)


def coupon(at: int = 0, seconds: int = 900, code: str = "HELLO", **facts: Any) -> Cue:
    return Cue(at=at, cue="coupon", code=code, seconds=seconds, **facts)


def release(at: int) -> Cue:
    return Cue(at=at, cue="release_stock", sku=FUJI, units=32)


def plan(*cues: Cue, **offer: Any) -> Campaign:
    return a_campaign(offers=(an_offer(**offer),), run_of_show=cues)


def live(*cues: Cue, **fields: Any) -> Campaign:
    """On air, its stock laid out."""
    offer = an_offer(**fields.pop("offer", {}))
    planned = a_campaign(offers=(offer,), run_of_show=cues, status=Status.SCHEDULED, **fields)
    return replace(freeze(planned, START - 300), prepared_at=START - 300, status=Status.LIVE)


def do(campaign: Campaign, second: int, cue: str, **what: Any) -> Campaign:
    return improvise(campaign, Cue(at=0, cue=cue, **{"sku": FUJI, **what}), now=START + second)


def lower(campaign: Campaign, second: int, price: int) -> Campaign:
    return do(campaign, second, "price", unit_price=price)


def patch(campaign: Campaign, second: int, **changes: Any) -> Campaign:
    return revised_on_air(campaign, changes, now=START + second)


def faults(refused: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[str, str]]:
    return [(each["pointer"], each["detail"]) for each in refused.value.facts["errors"]]


def fits(campaign: Campaign) -> bool:
    """Whether a plan is taken as it is."""
    return checked(campaign) is campaign


def refusals(campaign: Campaign) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        checked(campaign)
    return faults(refused)


# -- the plan ------------------------------------------------------------------------------------------


def test_a_planned_flash_price_is_not_above_the_list_price():
    [(pointer, said)] = refusals(plan(flash(12_000), unit_price=1200))
    assert pointer == "/run_of_show/0/unit_price"
    assert said == (
        "Cue 0 (flash_price of FUJI-12) at second 600: 12,000 is above the list price of FUJI-12, 1,200: send at most 1,200."
    )
    assert fits(plan(flash(1200), unit_price=1200))


def test_a_planned_flash_price_is_not_below_the_floor():
    [(pointer, said)] = refusals(plan(flash(FLOOR - 1)))
    assert pointer == "/run_of_show/0/unit_price"
    assert said.endswith("the floor of FUJI-12 is 990 (min_unit_price): send at least 990.")
    assert fits(plan(flash(FLOOR)))


def test_a_planned_amount_off_leaves_the_floor_of_every_offer_that_it_is_for():
    cheap = an_offer(number=1, sku=GALA, unit_price=1000)
    both = a_campaign(offers=(an_offer(), cheap), run_of_show=(coupon(amount_off=901),))
    [(pointer, said)] = refusals(both)
    assert pointer == "/run_of_show/0/amount_off"
    assert "leaves 99 of the list price of GALA-6, 1,000" in said
    assert said.endswith("take off at most 900.")
    assert fits(replace(both, run_of_show=(coupon(amount_off=900),)))
    assert fits(replace(both, run_of_show=(coupon(amount_off=901, sku=FUJI),)))


def test_a_planned_percentage_leaves_the_floor():
    [(pointer, said)] = refusals(plan(coupon(percent_off=95)))
    assert (pointer, said[-27:]) == (
        "/run_of_show/0/percent_off",
        "990 (min_unit_price): take off at most 90."[-27:],
    )
    assert fits(plan(coupon(percent_off=90)))
    assert fits(plan(coupon(percent_off=95), min_unit_price=1))


def test_a_floor_is_not_above_the_planned_price():
    [(pointer, _)] = refusals(plan(min_unit_price=LIST + 1))
    assert pointer == "/offers/0/min_unit_price"
    assert fits(plan(min_unit_price=LIST))


def test_a_draft_whose_list_price_is_lowered_below_a_cue_names_the_cue():
    draft = checked(plan(flash(7900), coupon(at=600, amount_off=6000)))
    with pytest.raises(InvalidRequest) as refused:
        revised(draft, {"offers": (an_offer(unit_price=6900),)}, laid_out=False)
    assert [pointer for pointer, _ in faults(refused)] == ["/run_of_show/0/unit_price"]
    with pytest.raises(InvalidRequest) as refused:
        revised(draft, {"offers": (an_offer(unit_price=6500),)}, laid_out=False)
    assert [pointer for pointer, _ in faults(refused)] == [
        "/run_of_show/0/unit_price",
        "/run_of_show/1/amount_off",
    ]


@pytest.mark.parametrize("cue", [release(HOUR), Cue(at=HOUR, cue="pin", sku=FUJI)])
def test_nothing_is_planned_for_the_very_end_unless_a_replay_follows(cue: Cue):
    [(pointer, said)] = refusals(plan(cue))
    assert (pointer, "must come before" in said) == ("/run_of_show/0/at", True)
    assert fits(replace(plan(cue), replay_until=START + HOUR + 60))
    assert fits(plan(replace(cue, at=HOUR - 1)))


def test_an_end_is_not_moved_before_a_cue():
    draft = checked(plan(release(3000)))
    with pytest.raises(InvalidRequest) as refused:
        revised(draft, {"ends_at": START + 3000}, laid_out=False)
    assert [pointer for pointer, _ in faults(refused)] == ["/run_of_show/0/at"]
    assert revised(draft, {"ends_at": START + 3001}, laid_out=False).ends_at == START + 3001


# -- in the middle of the show --------------------------------------------------------------------------


def refused_price(campaign: Campaign, second: int, price: int) -> str:
    with pytest.raises(InvalidRequest) as refused:
        lower(campaign, second, price)
    [(pointer, said)] = faults(refused)
    assert pointer == "/unit_price"
    return said


def test_a_list_price_is_not_lowered_below_a_flash_price_that_is_open():
    show = live(flash())
    said = refused_price(show, 700, 6900)
    assert said == (
        "Cue 0 (flash_price of FUJI-12) at second 600 is a price of 7,900 until second 900, and may not be above the list "
        "price. Stop it first (flash_end), or send at least 7,900."
    )
    assert common_price(lower(show, 700, 7900), show.offers[0], START + 701) == 7900
    stopped = do(show, 700, "flash_end")
    assert common_price(lower(stopped, 700, 6900), show.offers[0], START + 701) == 6900
    # Over by then.
    lower(show, 899, 6900)


def test_a_list_price_is_not_lowered_below_a_flash_price_that_was_improvised():
    show = do(live(), 60, "flash_price", unit_price=7900, seconds=100)
    assert refused_price(show, 100, 6900).startswith(
        "The improvised cue (flash_price of FUJI-12) at second 61"
    )


def test_a_list_price_is_not_lowered_below_a_flash_price_to_come():
    said = refused_price(live(flash()), 100, 6900)
    assert said.endswith("Change it in the run of show first (PATCH), or send at least 7,900.")


def test_a_list_price_and_the_cues_to_come_are_changed_together():
    show = live(flash(units=9))
    cheaper = {"run_of_show": (flash(5900, units=9),), "offers": (an_offer(unit_price=6900),)}
    after = patch(show, 100, **cheaper)
    assert after.list_price(after.offers[0]) == 6900
    # A cap is a stock that is laid out: the cue keeps its number.
    assert (cue_of(show, 1).unit_price, cue_of(after, 1).unit_price) == (7900, 5900)


def test_the_cap_of_a_cue_to_come_stays():
    for other in (flash(units=8), flash(), replace(flash(units=9), sku=GALA)):
        with pytest.raises(InvalidRequest) as refused:
            patch(live(flash(units=9)), 100, run_of_show=(other,))
        assert "/run_of_show" in [pointer for pointer, _ in faults(refused)]


def test_a_list_price_is_not_lowered_so_far_that_a_coupon_leaves_less_than_the_floor():
    show = live(coupon(amount_off=1000))
    said = refused_price(show, 100, 1989)
    assert said == (
        "Cue 0 (coupon HELLO) at second 0 leaves 989 of that until second 900, and FUJI-12 has a floor of 990 "
        "(min_unit_price). Stop it first (coupon_end), or send at least 1,990."
    )
    lower(show, 100, 1990)
    stopped = do(show, 100, "coupon_end", sku=None, code="hello")
    lower(stopped, 100, 1989)
    half = live(coupon(percent_off=50))
    assert refused_price(half, 100, 1979).endswith("or send at least 1,980.")
    lower(half, 100, 1980)


def test_a_list_price_is_not_below_the_floor():
    said = refused_price(live(), 100, 989)
    assert said == "FUJI-12 has a floor of 990 (min_unit_price): send at least 990."
    lower(live(), 100, 990)
    lower(live(offer={"min_unit_price": 1}), 100, 1)


def test_a_flash_price_is_opened_neither_above_the_list_price_nor_below_the_floor():
    show = lower(live(), 60, 8000)
    for price, said in ((8001, "a list price of 8,000"), (989, "a floor of 990")):
        with pytest.raises(InvalidRequest) as refused:
            do(show, 100, "flash_price", unit_price=price, seconds=60)
        [(pointer, detail)] = faults(refused)
        assert (pointer, said in detail) == ("/unit_price", True)
    for price in (8000, 990):
        do(show, 100, "flash_price", unit_price=price, seconds=60)


def test_cues_that_are_planned_live_are_judged_by_the_list_price_of_their_time():
    show = lower(live(), 60, 8000)
    with pytest.raises(InvalidRequest) as refused:
        patch(show, 100, run_of_show=(flash(8500),))
    [(pointer, said)] = faults(refused)
    assert pointer == "/run_of_show/0/unit_price"
    assert "above the list price of FUJI-12, 8,000 since second 61: send at most 8,000" in said
    dearer = patch(show, 100, run_of_show=(flash(8500),), offers=(an_offer(unit_price=9000),))
    assert common_price(dearer, dearer.offers[0], START + 600) == 8500


def test_a_price_that_is_sent_with_the_plan_is_refused_by_its_place_in_the_plan():
    with pytest.raises(InvalidRequest) as refused:
        patch(live(flash()), 100, offers=(an_offer(unit_price=6900),))
    assert [pointer for pointer, _ in faults(refused)] == ["/offers/0/unit_price"]


def test_the_floor_stays_once_the_stock_is_laid_out():
    offers = (an_offer(min_unit_price=1),)
    with pytest.raises(CampaignState):
        patch(live(), 100, offers=offers)
    scheduled = replace(live(), status=Status.SCHEDULED)
    with pytest.raises(CampaignState):
        revised(scheduled, {"offers": offers}, laid_out=True)


def test_what_was_planned_before_these_rules_stands_in_nobodys_way():
    old = live(flash(12_000), release(HOUR))
    assert patch(old, 100, name="Other").name == "Other"
    scheduled = replace(old, status=Status.SCHEDULED)
    assert revised(scheduled, {"name": "Other"}, laid_out=True).name == "Other"
    longer = show_control.extend(old, ends_at=old.ends_at + 60, now=START + 100)
    assert longer.ends_at == old.ends_at + 60
    # What is new is not what was.
    with pytest.raises(InvalidRequest) as refused:
        patch(old, 100, run_of_show=(flash(13_000), release(HOUR)))
    assert [pointer for pointer, _ in faults(refused)] == ["/run_of_show/0/unit_price"]


# -- what never happens ---------------------------------------------------------------------------------


def missed(campaign: Campaign) -> Sequence[tuple[int, str, int | None]]:
    told = bodies.answer(campaign)["missed_cues"]
    return [(each["number"], each["cue"], each["units"]) for each in told]


def test_an_end_names_the_cues_that_will_not_happen():
    show = live(flash(), release(1200), release(1201))
    assert missed(show) == []
    ended = show_control.end(show, now=START + 1200)
    assert missed(ended) == [(1, "release_stock", 32), (2, "release_stock", 32)]


def test_a_cancellation_names_the_cues_that_will_not_happen():
    show = live(flash(), release(1200))
    called_off = show_control.cancel(show, reason="Storm", now=START + 700)
    assert missed(called_off) == [(1, "release_stock", 32)]


def test_a_late_start_that_keeps_its_end_names_the_cues_that_will_not_happen():
    draft = plan(flash(), release(3000))
    started = show_control.start(draft, now=START + 900)
    assert started.ends_at == draft.ends_at
    assert missed(started) == [(1, "release_stock", 32)]


def test_a_later_end_lets_them_happen_after_all():
    late = show_control.start(plan(release(3000)), now=START + 900)
    longer = show_control.extend(late, ends_at=late.ends_at + 600, now=START + 901)
    assert (missed(late), missed(longer)) == ([(0, "release_stock", 32)], [])


def test_no_refusal_of_a_price_is_without_a_way_out():
    for price in range(FLOOR, LIST, 300):
        for second in (100, 700):
            show = live(
                flash(), coupon(at=600, amount_off=3000), coupon(at=650, code="P", percent_off=60)
            )
            try:
                lower(show, second, price)
            except Refusal as refused:
                said = refused.facts["errors"][0]["detail"]
                least = int(said.rsplit(" ", 1)[1].rstrip(".").replace(",", ""))
                lower(show, second, least)
                with pytest.raises(InvalidRequest):
                    lower(show, second, least - 1)
