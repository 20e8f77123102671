"""The hour pressed together: everything in order, nothing outside of it, and a body that the API takes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from local.demo.playbook import Playbook
from shared.contracts.campaigns import CampaignRequest

STARTS_AT = 1_795_867_200  # 2026-11-28T12:00:00Z


@pytest.mark.parametrize("seconds", [40, 110, 360])
def test_the_pressed_show_is_a_body_that_the_api_takes(seconds: int):
    body = Playbook.read(starts_at=STARTS_AT, seconds=seconds).request()

    CampaignRequest.model_validate(body)
    assert body["starts_at"] == "2026-11-28T12:00:00Z"
    assert body["hold_seconds"] >= 10


@pytest.mark.parametrize("seconds", [40, 110, 360])
def test_cues_keep_their_order_and_flash_prices_do_not_overlap(seconds: int):
    cues = Playbook.read(starts_at=STARTS_AT, seconds=seconds).request()["run_of_show"]

    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(cues))
    until: dict[str, int] = {}
    for cue in cues:
        if cue["cue"] == "flash_price":
            assert cue["at"] >= until.get(cue["sku"], 0)
            assert cue["at"] + cue["seconds"] <= seconds
            until[cue["sku"]] = cue["at"] + cue["seconds"]


def test_the_scarce_product_is_the_one_there_is_least_of():
    show = Playbook.read(starts_at=STARTS_AT, seconds=110).show()

    assert show.scarce == "GIFT-60"
    assert list(show.pins)[:1] == [(0, "FUJI-12")]
    assert [at for at, _ in show.pins] == sorted(at for at, _ in show.pins)


def test_the_clock_shows_the_hour_of_the_show():
    playbook = Playbook.read(starts_at=STARTS_AT, seconds=120)

    assert playbook.clock(STARTS_AT - 5) == "20:00"
    assert playbook.clock(STARTS_AT + 28) == "20:14"
    assert playbook.clock(STARTS_AT + 500) == "21:00"


def test_prices_stock_and_limits_are_the_files():
    playbook = Playbook.read(starts_at=STARTS_AT, seconds=110)

    for offer, planned in zip(playbook.request()["offers"], playbook.script["offers"], strict=True):
        assert {**offer, "waitlist": None} == {**planned, "waitlist": None}
    (gift,) = [offer for offer in playbook.request()["offers"] if "waitlist" in offer]
    assert gift["waitlist"] == {"hold_seconds": playbook.hold_seconds}
