"""Cues in the middle of a show: added from the next second on, so that the price of a second never changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.campaign import Campaign, Cue, Status
from shared.domain.deals import common_price
from shared.domain.errors import CampaignState, InvalidRequest
from shared.domain.live_cues import MOST_IMPROVISED, improvise
from tests.builders import a_campaign

START = a_campaign().starts_at
HOUR = 3600
FUJI = "FUJI-12"


def live(**fields: Any) -> Campaign:
    return a_campaign(status=Status.LIVE, prepared_at=START - 60, **fields)


def do(campaign: Campaign, second: int, cue: str, **what: Any) -> Campaign:
    return improvise(campaign, Cue(at=0, cue=cue, **what), now=START + second)


def price(campaign: Campaign, second: int) -> int:
    return common_price(campaign, campaign.offer(FUJI), START + second)


def at_fault(campaign: Campaign, second: int, cue: str, **what: Any) -> list[dict[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        do(campaign, second, cue, **what)
    found: list[dict[str, str]] = refused.value.facts["errors"]
    return found


def test_a_price_holds_from_the_next_second_on_and_not_before():
    before = live()
    after = do(before, 60, "price", sku=FUJI, unit_price=8000)
    assert [price(after, second) for second in (0, 60, 61, 900)] == [9900, 9900, 8000, 8000]
    assert after.offers == before.offers
    assert after.list_price(after.offer(FUJI)) == 8000
    assert after.version == before.version + 1


def test_a_flash_price_is_opened_and_stopped():
    open_ = do(live(), 60, "flash_price", sku=FUJI, unit_price=7000, seconds=100)
    assert [price(open_, second) for second in (60, 61, 160, 161)] == [9900, 7000, 7000, 9900]
    stopped = do(open_, 90, "flash_end", sku=FUJI)
    assert [price(stopped, second) for second in (90, 91, 160)] == [7000, 9900, 9900]


def test_a_planned_flash_price_can_be_stopped_too():
    planned = Cue(at=50, cue="flash_price", sku=FUJI, unit_price=7000, seconds=100)
    stopped = do(live(run_of_show=(planned,)), 60, "flash_end", sku=FUJI)
    assert [price(stopped, second) for second in (50, 60, 61)] == [7000, 7000, 9900]


def test_a_new_list_price_stands_behind_a_flash_price_that_is_open():
    open_ = do(live(), 60, "flash_price", sku=FUJI, unit_price=7000, seconds=100)
    after = do(open_, 70, "price", sku=FUJI, unit_price=9000)
    assert [price(after, second) for second in (71, 160, 161)] == [7000, 7000, 9000]


def test_what_is_pinned_and_announced_follows_plan_and_improvisation_in_the_order_of_time():
    plan = (Cue(at=0, cue="pin", sku=FUJI), Cue(at=100, cue="unpin"))
    show = do(live(run_of_show=plan), 50, "unpin")
    show = do(show, 150, "pin", sku=FUJI)
    show = do(show, 160, "announce", text="The last boxes!")
    pinned = [show.pinned(START + second) for second in (50, 51, 100, 151)]
    assert pinned == [FUJI, None, None, FUJI]
    said = [show.announced(START + second) for second in (160, 161)]
    assert said == [None, "The last boxes!"]


def test_faults_name_the_field_and_what_stands_in_the_way():
    [fault] = at_fault(live(), 60, "pin", sku="PEAR-1")
    assert fault["pointer"] == "/sku"
    flash = {"sku": FUJI, "unit_price": 7000}
    [fault] = at_fault(live(), HOUR - 61, "flash_price", **flash, seconds=61)
    assert (fault["pointer"], "60 seconds" in fault["detail"]) == ("/seconds", True)
    open_ = do(live(), 60, "flash_price", **flash, seconds=100)
    [fault] = at_fault(open_, 70, "flash_price", **flash, seconds=5)
    assert (fault["pointer"], "stop it first" in fault["detail"]) == ("/sku", True)
    planned = Cue(at=300, cue="flash_price", sku=FUJI, unit_price=7000, seconds=100)
    [fault] = at_fault(live(run_of_show=(planned,)), 60, "flash_price", **flash, seconds=240)
    assert (fault["pointer"], "at second 300" in fault["detail"]) == ("/seconds", True)
    do(live(run_of_show=(planned,)), 60, "flash_price", **flash, seconds=239)


@pytest.mark.parametrize(
    "status", sorted(set(Status) - {Status.LIVE, Status.PAUSING, Status.PAUSED})
)
def test_only_a_show_on_air_is_directed(status: Status):
    with pytest.raises(CampaignState):
        do(a_campaign(status=status), 60, "unpin")


@pytest.mark.parametrize("second", [HOUR - 1, HOUR])
def test_nothing_is_done_that_nobody_would_see(second: int):
    do(live(), HOUR - 2, "unpin")
    with pytest.raises(CampaignState):
        do(live(), second, "unpin")
    with pytest.raises(CampaignState):
        do(live(shut=True), 60, "unpin")


def test_there_is_nothing_to_stop_where_nothing_is_open():
    with pytest.raises(CampaignState):
        do(live(), 60, "flash_end", sku=FUJI)


def test_there_is_an_end_to_improvisation():
    full = live(improvised=(Cue(at=1, cue="unpin"),) * MOST_IMPROVISED)
    with pytest.raises(CampaignState):
        do(full, 60, "unpin")


EDITS = st.lists(
    st.tuples(
        st.integers(0, HOUR - 2),
        st.sampled_from(["price", "flash_price", "flash_end"]),
        st.integers(1, 9000),
        st.integers(1, 500),
    ),
    max_size=12,
)


@given(EDITS)
def test_whatever_is_edited_the_price_of_a_second_that_has_begun_stays(edits):
    show = live()
    for second, cue, unit_price, seconds in sorted(edits):
        what: dict[str, Any] = {"sku": FUJI}
        if cue != "flash_end":
            what["unit_price"] = unit_price
        if cue == "flash_price":
            what["seconds"] = seconds
        before = show
        try:
            show = do(show, second, cue, **what)
        except (InvalidRequest, CampaignState):
            continue
        begun = range(0, second + 1, max(1, second // 50))
        assert [price(show, each) for each in begun] == [price(before, each) for each in begun]
