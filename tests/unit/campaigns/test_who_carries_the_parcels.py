"""The carrier of a campaign: chosen with its plan, and fixed with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.campaign import Status
from tests.builders import a_campaign
from tests.fakes import MemoryCampaigns
from tests.unit.campaigns import test_who_takes_the_money as money

campaigns, vault = money.campaigns, money.vault
FILE = {"carrier": "file"}


@pytest.mark.usefixtures("campaigns")
def test_who_says_nothing_has_no_carrier():
    assert money.create().body["fulfilment"] is None


def test_a_campaign_chooses_a_carrier_and_may_change_its_mind(campaigns: MemoryCampaigns):
    campaign = money.create(fulfilment=FILE).body
    assert campaign["fulfilment"] == FILE
    assert campaigns.get(campaign["id"]).carrier == "file"
    changed = money.patch(campaign["id"], {"fulfilment": None})
    assert changed.body["fulfilment"] is None


@pytest.mark.usefixtures("campaigns")
@pytest.mark.parametrize("fulfilment", [{"carrier": "stork"}, {"carrier": None}, {}, "file", []])
def test_another_carrier_is_refused(fulfilment: Any):
    refused = money.create(fulfilment=fulfilment)
    assert refused.status == 422
    assert refused.pointers[0].startswith("/fulfilment")


def test_from_the_first_order_on_the_carrier_stays(campaigns: MemoryCampaigns):
    live = a_campaign(status=Status.LIVE, prepared_at=money.START - 300, carrier="file")
    campaigns.kept[live.id] = replace(live, version=1)
    refused = money.patch(live.id, {"fulfilment": None})
    assert (refused.status, refused.body["refused"]) == (409, ["fulfilment"])
    assert campaigns.get(live.id).carrier == "file"
