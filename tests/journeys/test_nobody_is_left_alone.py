"""What the sweeper does on the deployed stack, when a schedule never fires, or a machine is stopped.

Both happen at the beginning of the run (``left_alone``): by the time these tests have their turn, a minute has passed.
"""

from __future__ import annotations

import json

from local.engine.aws import lambdas
from local.engine.stack import LocalStack
from shared.contracts.routes import MANAGE
from tests.journeys.conftest import LeftAlone
from tests.journeys.shopfront import Shopfront, good, until


def test_a_campaign_whose_schedule_never_fires_is_begun_by_the_sweeper(
    shopfront: Shopfront, left_alone: LeftAlone
):
    campaign = left_alone.never_started
    until(lambda: shopfront.campaign(campaign)["status"] == "live", seconds=200)
    assert shopfront.reserve(campaign)["state"] == "held"
    assert ("schedule_missed", "retried") in told(shopfront, campaign)


def test_a_machine_that_was_stopped_is_followed_by_another_a_minute_later(
    shopfront: Shopfront, left_alone: LeftAlone
):
    campaign = left_alone.stopped
    # Its units are sold meanwhile: the machine is not needed for that.
    assert shopfront.reserve(campaign)["state"] == "held"
    until(lambda: left_alone.part(2), seconds=300)
    assert left_alone.part(3) is None
    happened = told(shopfront, campaign)
    assert happened.count(("lifecycle_aborted", "failed")) == 1
    assert happened.count(("lifecycle_taken_up", "retried")) == 1
    good(shopfront.command(campaign, "end"))
    until(lambda: shopfront.campaign(campaign)["status"] in ("closing", "closed"))


def told(shopfront: Shopfront, campaign: str) -> list[tuple[str, str]]:
    """Actions of the campaign's log, and what came of them."""
    log = good(shopfront.ask(MANAGE, "GET", f"/v1/campaigns/{campaign}/log?limit=100"))
    return [(entry["action"], entry["outcome"]) for entry in log["data"]]


def test_the_sweeper_tells_how_it_found_the_campaigns(stack: LocalStack, shopfront: Shopfront):
    shopfront.live()
    answer = lambdas(stack.engine.url).invoke(FunctionName="livehour-local-sweep-campaigns")
    told = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError") is None, told
    assert told["alive"] >= 1
    assert told["given up"] == told["unknown"] == 0
