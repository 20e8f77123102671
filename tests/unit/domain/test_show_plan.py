"""What must fit together in a campaign's plan, and what of it may still change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.campaign import Campaign, Cue, Offer, Status
from shared.domain.errors import CampaignState, InvalidRequest, PartiesFrozen
from shared.domain.parties import Party
from shared.domain.show_plan import checked, revised
from tests.builders import a_campaign

HOUR = 3600
START = a_campaign().starts_at


def pin(at: int, sku: str = "FUJI-12") -> Cue:
    return Cue(at=at, cue="pin", sku=sku)


def flash(at: int, seconds: int, sku: str = "FUJI-12") -> Cue:
    return Cue(at=at, cue="flash_price", sku=sku, unit_price=7900, seconds=seconds)


def offer(sku: str, number: int = 0) -> Offer:
    return Offer(number=number, sku=sku, title={"en": sku}, unit_price=9900, allotment=10)


def pointers(campaign: Campaign) -> list[str]:
    try:
        checked(campaign)
    except InvalidRequest as refused:
        return [error["pointer"] for error in refused.facts["errors"]]
    return []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"ends_at": START}, ["/ends_at"]),
        ({"ends_at": START - 1}, ["/ends_at"]),
        ({"ends_at": START + 1}, []),
        ({"ends_at": START + 24 * HOUR}, []),
        ({"ends_at": START + 24 * HOUR + 1}, ["/ends_at"]),
        ({"replay_until": START + HOUR}, ["/replay_until"]),
        ({"replay_until": START + HOUR + 1}, []),
        ({"replay_until": START + 7 * 24 * HOUR}, []),
        ({"replay_until": START + 7 * 24 * HOUR + 1}, ["/replay_until"]),
    ],
)
def test_the_times_follow_each_other_within_their_limits(fields, found):
    assert pointers(a_campaign(**fields)) == found


def test_a_sku_stands_once():
    offers = (offer("FUJI-12"), offer("GALA-12", 1), offer("FUJI-12", 2))
    assert pointers(a_campaign(offers=offers)) == ["/offers/2/sku"]


@pytest.mark.parametrize(
    ("cues", "found"),
    [
        ([pin(0), pin(HOUR - 1)], []),
        ([pin(HOUR)], ["/run_of_show/0/at"]),
        ([pin(HOUR + 1)], ["/run_of_show/0/at"]),
        ([pin(10), pin(9)], ["/run_of_show/1/at"]),
        ([pin(10), pin(10)], []),
        ([pin(0, "PEAR-1")], ["/run_of_show/0/sku"]),
        ([Cue(at=5, cue="unpin")], []),
        ([flash(0, HOUR)], []),
        ([flash(1, HOUR)], ["/run_of_show/0/seconds"]),
        ([flash(0, 300), flash(300, 300)], []),
        ([flash(0, 300), flash(299, 300)], ["/run_of_show/1/at"]),
        # The long one still runs when the third begins.
        (
            [flash(0, 900), flash(100, 10), flash(500, 10)],
            ["/run_of_show/1/at", "/run_of_show/2/at"],
        ),
    ],
)
def test_cues_are_in_order_within_the_show_and_flash_prices_do_not_meet(cues, found):
    assert pointers(a_campaign(run_of_show=tuple(cues))) == found


def test_flash_prices_of_two_products_may_run_at_once():
    offers = (offer("FUJI-12"), offer("GALA-12", 1))
    cues = (flash(0, 300), flash(100, 300, "GALA-12"))
    assert pointers(a_campaign(offers=offers, run_of_show=cues)) == []


def test_every_fault_is_named_at_once():
    campaign = a_campaign(ends_at=START, run_of_show=(pin(9, "PEAR-1"), pin(8)))
    assert pointers(campaign) == [
        "/ends_at",
        "/run_of_show/0/sku",
        "/run_of_show/0/at",
        "/run_of_show/1/at",
        "/run_of_show/1/at",
    ]


# -- changes ---------------------------------------------------------------------------------------


def test_a_plan_changes_freely_before_the_stock_is_laid_out():
    draft = a_campaign()
    after = revised(draft, {"hold_seconds": 60, "offers": (offer("GALA-12"),)}, laid_out=False)
    assert (after.version, after.hold_seconds, after.offers[0].sku) == (2, 60, "GALA-12")


def test_what_was_already_so_is_no_change():
    draft = a_campaign()
    assert revised(draft, {"name": draft.name, "offers": draft.offers}, laid_out=False) is draft


def test_a_change_must_leave_a_plan_that_holds_together():
    draft = a_campaign(run_of_show=(pin(1800),))
    with pytest.raises(InvalidRequest) as refused:
        revised(draft, {"ends_at": draft.starts_at + 900}, laid_out=False)
    assert refused.value.facts["errors"][0]["pointer"] == "/run_of_show/0/at"


@pytest.mark.parametrize("status", [Status.CLOSING, Status.CLOSED, Status.CANCELLED])
def test_nothing_changes_once_it_is_over(status):
    with pytest.raises(CampaignState) as refused:
        revised(a_campaign(status=status), {"name": "Other"}, laid_out=True)
    assert refused.value.facts["status"] == status.value


def laid_out() -> Campaign:
    here = replace(offer("FUJI-12"), home_blocks=4, blocks=5)
    return a_campaign(status=Status.LIVE, prepared_at=START - 300, offers=(here,), version=7)


def test_titles_and_names_change_in_mid_show_and_the_stock_stays_where_it_is():
    sent = replace(offer("FUJI-12"), title={"en": "Fuji", "zh": "富士"})
    after = revised(laid_out(), {"name": "Other", "offers": (sent,)}, laid_out=True)
    assert after.name == "Other"
    assert after.offers[0].title == {"en": "Fuji", "zh": "富士"}
    assert (after.offers[0].home_blocks, after.offers[0].blocks) == (4, 5)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"offers": (replace(offer("FUJI-12"), unit_price=1),)}, ["offers"]),
        ({"offers": (replace(offer("FUJI-12"), allotment=1),)}, ["offers"]),
        ({"offers": (replace(offer("FUJI-12"), limit_per_buyer=1),)}, ["offers"]),
        ({"offers": (offer("FUJI-12"), offer("GALA-12", 1))}, ["offers"]),
        ({"run_of_show": (pin(1),), "hold_seconds": 60}, ["hold_seconds", "run_of_show"]),
        ({"starts_at": START + 1}, ["starts_at"]),
        ({"name": "Other", "currency": "USD"}, ["currency"]),
    ],
)
def test_what_buyers_count_on_does_not_change_in_mid_show(changes, named):
    with pytest.raises(CampaignState) as refused:
        revised(laid_out(), changes, laid_out=True)
    assert refused.value.facts == {"status": "live", "refused": named}
    assert "name" in refused.value.detail


def test_limits_of_holds_change_before_the_show_also_when_its_stock_is_laid_out():
    scheduled = replace(laid_out(), status=Status.SCHEDULED)
    sent = {"max_open_holds_per_buyer": 2, "max_holds_per_ten_minutes": 20}
    after = revised(scheduled, sent, laid_out=True)
    assert (after.max_open_holds_per_buyer, after.max_holds_per_ten_minutes) == (2, 20)
    assert revised(after, sent, laid_out=True) is after


def test_parties_and_their_shares_are_fixed_when_the_stock_is_laid_out():
    shared = {"promoter": Party("P", 1_000), "seller_of_record": Party("S", 9_000)}
    with pytest.raises(PartiesFrozen) as refused:
        revised(laid_out(), {"parties": shared, "name": "Other"}, laid_out=True)
    assert refused.value.facts == {"status": "live", "refused": ["parties"]}
    live = replace(laid_out(), parties=shared)
    assert revised(live, {"parties": dict(shared)}, laid_out=True) is live
    with pytest.raises(InvalidRequest):
        revised(a_campaign(), {"parties": {"promoter": Party("P", 1)}}, laid_out=False)


def test_sending_the_offers_as_they_are_is_no_change_though_their_blocks_are_not_sent():
    live = laid_out()
    assert revised(live, {"offers": (offer("FUJI-12"),)}, laid_out=True) is live
