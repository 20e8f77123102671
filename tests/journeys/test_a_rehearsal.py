"""A plan is rehearsed on the deployed stack: judged within a minute or two, and gone but for its verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.engine.aws import dynamodb
from local.engine.stack import LocalStack
from shared import table
from shared.contracts.routes import MANAGE
from tests.journeys.shopfront import Shopfront, an_offer, at, good, refusal, until

OFFERS = [
    an_offer("FUJI", 12),
    an_offer("GALA", 6, limit_per_buyer=2, waitlist={"hold_seconds": 10}),
]
CUES = [
    {"at": 0, "cue": "pin", "sku": "FUJI"},
    {"at": 8, "cue": "flash_price", "sku": "FUJI", "unit_price": 1000, "seconds": 8, "units": 4},
    {
        "at": 10,
        "cue": "coupon",
        "code": "HELLO",
        "percent_off": 20,
        "seconds": 20,
        "uses": 3,
        "uses_per_buyer": 1,
    },
    {"at": 20, "cue": "release_stock", "sku": "GALA", "units": 3},
]
HALF_A_MINUTE = {"starts_at": at(60), "ends_at": at(100), "hold_seconds": 10}
"""A show so short that it is nearly played at its own speed."""


def everything(stack: LocalStack) -> Mapping[str, list[str]]:
    """All items of all tables that are of any rehearsal, by table."""
    client = dynamodb(stack.engine.url)
    return {
        role: [
            text
            for page in client.get_paginator("scan").paginate(
                TableName=stack.outputs[f"{role.title()}Table"]
            )
            for item in page["Items"]
            if table.REHEARSED in (text := json.dumps(item, default=str))
        ]
        for role in table.TABLES
    }


def test_a_plan_is_rehearsed_and_nothing_but_its_verdict_is_left(
    shopfront: Shopfront, stack: LocalStack
):
    campaign = shopfront.create(offers=OFFERS, run_of_show=CUES, **HALF_A_MINUTE)["id"]
    asked = {"expected_buyers": 16, "seed": 5}
    rehearsal = good(shopfront.command(campaign, "rehearse", asked))["id"]

    def verdict() -> dict[str, Any]:
        found: dict[str, Any] = good(shopfront.ask(MANAGE, "GET", f"/v1/rehearsals/{rehearsal}"))
        return found

    until(lambda: verdict()["cleaned"], seconds=150)

    found = verdict()
    passed = {each["name"]: each["passed"] for each in found["objectives"]}
    correct = ("played to the end", "oversell", "unfair", "books balanced", "every hold ended")
    assert all(passed[name] for name in correct), found["objectives"]
    assert all(limit["within"] for limit in found["limits"])
    assert found["cost"]["whole_show"] > 0
    copy = rehearsal.replace("rhs_", "cmp_")
    assert refusal(shopfront.ask(MANAGE, "GET", f"/v1/campaigns/{copy}")) == (
        404,
        "campaign_not_found",
    )
    left = {
        role: [text for text in texts if table.short(copy) in text]
        for role, texts in everything(stack).items()
    }
    assert [role for role, texts in left.items() if texts] == ["rehearsals"]
