"""The machine is executed from its file: every path of states, and what is told when it cannot go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import jsonschema
import pytest
from moto import mock_aws

from shared.contracts.events import CampaignNeedsAttention
from tests.infra.show import Cast, Theatre, beats, failing, take_the_stage

PREPARED = ["Prepare the stock", "Was the show called off?"]
OPENED = ["Open the show if it is time", "Is it showtime?"]
BEAT = ["Keep the books", "How does the show stand?", "Wait for the next beat"]
CLOSED = ["Close the sale", "Wait for the next beat"]
LAST_BEAT = BEAT[:2]
PACKED = ["Build the closing package", "Is the package whole?"]
SENT = ["Hand over what is left", "Is everything handed over?"]
SETTLED = ["Reconcile the books", "Do the books balance?", "Settle the campaign"]
BALANCED = [*SETTLED, *SENT, *PACKED]
BEATS = 12
NEEDS_HELP = ["Is it only a rehearsal?", "Call a person", "Campaign needs a person"]

CALL_FOR_HELP = Path(__file__).parents[2] / "events/schemas/campaign_needs_attention.v1.json"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

numbers = count()


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield Theatre(beats_in_a_part=BEATS)


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = Cast()
    take_the_stage(cast, monkeypatch)
    return cast


@pytest.fixture
def campaign() -> str:
    letters = str.maketrans("0123456789", "abcdefghij")
    return "cmp_" + f"{next(numbers):016}".translate(letters)


def test_a_show_opens_sells_closes_drains_balances_and_is_settled(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats("live", "live", "close", "drain", "drained")

    show = theatre.play(campaign)

    assert show.status == "SUCCEEDED"
    assert show.states == [
        *PREPARED,
        *OPENED,
        *BEAT * 2,
        *LAST_BEAT,
        *CLOSED,
        *BEAT,
        *LAST_BEAT,
        *BALANCED,
        "Campaign settled",
    ]
    assert theatre.told() == []


def test_the_package_is_built_in_as_many_calls_as_it_takes(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats("drained")
    left = iter([False, False, True])
    cast.steps["PackageCampaign"] = lambda _: {"complete": next(left), "pieces": 1}

    show = theatre.play(campaign)

    assert show.status == "SUCCEEDED"
    again = [*PACKED, "Wait for the next pieces"]
    assert show.states[-9:] == [*again * 2, *PACKED, "Campaign settled"]


def test_a_package_that_cannot_be_kept_calls_a_person_when_the_campaign_is_complete_already(
    theatre, cast, campaign
):
    cast.steps["KeepBooks"] = beats("drained")
    cast.steps["PackageCampaign"] = failing(lambda _: {"complete": True}, *["StoreBusy"] * 11)

    show = theatre.play(campaign)

    assert (show.status, show.error) == ("FAILED", "CampaignNeedsAPerson")
    assert show.states[-5:] == [SENT[1], PACKED[0], *NEEDS_HELP]
    assert [told["detail"]["data"]["error"] for told in theatre.told()] == ["StoreBusy"]


def test_what_no_event_has_handed_over_is_handed_over_in_as_many_calls_as_it_takes(
    theatre, cast, campaign
):
    cast.steps["KeepBooks"] = beats("drained")
    left = iter([False, True])
    cast.steps["HandOverOrders"] = failing(
        lambda _: {"complete": next(left)}, "CarrierSilent", "StoreBusy"
    )

    show = theatre.play(campaign)

    assert show.status == "SUCCEEDED"
    assert show.states[-8:] == [
        *SENT,
        "Wait for the next parcels",
        *SENT,
        *PACKED,
        "Campaign settled",
    ]
    assert len(cast.called("HandOverOrders")) == 4


def test_a_carrier_that_stays_down_calls_a_person_and_the_campaign_is_complete_already(
    theatre, cast, campaign
):
    cast.steps["KeepBooks"] = beats("drained")
    cast.steps["HandOverOrders"] = failing(lambda _: {}, *["CarrierSilent"] * 11)

    show = theatre.play(campaign)

    assert (show.status, show.error) == ("FAILED", "CampaignNeedsAPerson")
    assert show.states[-5:] == ["Settle the campaign", SENT[0], *NEEDS_HELP]
    assert [told["detail"]["data"]["error"] for told in theatre.told()] == ["CarrierSilent"]


def test_each_step_is_told_the_campaign_and_the_part_and_the_beat_its_number(
    theatre, cast, campaign
):
    cast.steps["KeepBooks"] = beats("live", "live", "drained")

    theatre.play(campaign)

    assert [payload["beat"] for payload in cast.called("KeepBooks")] == [0, 1, 2]
    assert all((payload["campaign"], payload["part"]) == (campaign, 1) for _, payload in cast.calls)


def test_the_doors_open_only_when_it_is_time_and_the_question_is_asked_again(
    theatre, cast, campaign
):
    soon = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answers = iter(["wait", "wait", "live"])
    cast.steps["OpenCampaign"] = lambda _: {"phase": next(answers), "wait_until": soon}
    cast.steps["KeepBooks"] = beats("drained")

    show = theatre.play(campaign)

    waited = [*OPENED, "Look at the clock again", "Wait for the start"]
    assert show.states[2:12] == [*waited, *waited, *OPENED]
    assert show.status == "SUCCEEDED"


def test_a_show_called_off_before_its_stock_was_laid_out_is_closed_and_settled(
    theatre, cast, campaign
):
    cast.steps["PrepareStock"] = lambda _: {"starts_at": "2099-01-01T00:00:00Z", "abandoned": True}
    cast.steps["KeepBooks"] = beats("drained")

    show = theatre.play(campaign)

    assert show.states == [*PREPARED, *CLOSED, *LAST_BEAT, *BALANCED, "Campaign settled"]


def test_a_show_called_off_while_waiting_is_closed_and_settled(theatre, cast, campaign):
    cast.steps["OpenCampaign"] = lambda _: {"phase": "close", "wait_until": "2099-01-01T00:00:00Z"}
    cast.steps["KeepBooks"] = beats("drained")

    show = theatre.play(campaign)

    assert show.states == [*PREPARED, *OPENED, *CLOSED, *LAST_BEAT, *BALANCED, "Campaign settled"]


def test_books_that_do_not_balance_are_not_settled_and_a_person_is_called(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats("drained")
    cast.steps["ReconcileCampaign"] = lambda _: {"balanced": False, "differences": 3}

    show = theatre.play(campaign)

    assert show.status == "FAILED"
    assert show.cause == "BooksDoNotBalance: 3 differences between ledgers, orders and totals."
    assert show.states[-5:] == ["Do the books balance?", "The books do not balance", *NEEDS_HELP]
    assert not cast.called("SettleCampaign")
    (event,) = theatre.told()
    assert event["source"] == "livehour"
    assert event["detail-type"] == "CampaignNeedsAttention"
    assert event["detail"]["campaign"] == campaign
    # AWS ends a state's time with Z, moto with +00:00.
    moment = event["detail"]["occurred_at"].replace("+00:00", "Z")
    CampaignNeedsAttention.model_validate(event["detail"] | {"occurred_at": moment})
    assert event["detail"]["data"]["error"] == "BooksDoNotBalance"
    assert event["detail"]["data"]["execution"].endswith(f":{campaign}")
    # AWS writes its instants with Z; moto's interpreter with the offset.
    instant = event["detail"]["occurred_at"].replace("+00:00", "Z")
    told = {**event["detail"], "occurred_at": instant}
    jsonschema.validate(told, json.loads(CALL_FOR_HELP.read_text()))


def test_a_step_that_meets_a_busy_store_is_tried_again(theatre, cast, campaign):
    cast.steps["KeepBooks"] = failing(beats("live", "drained"), "StoreBusy", "Sandbox.Timedout")

    show = theatre.play(campaign)

    assert show.status == "SUCCEEDED"
    # Failed attempts count as beats, so that they cannot fill the history unseen.
    assert [payload["beat"] for payload in cast.called("KeepBooks")] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "step", ["PrepareStock", "OpenCampaign", "KeepBooks", "CloseCampaign", "SettleCampaign"]
)
def test_a_step_that_fails_for_an_unknown_reason_is_not_tried_again_and_a_person_is_called(
    step, theatre, cast, campaign
):
    cast.steps["KeepBooks"] = beats("close", "drained")
    cast.steps[step] = failing(lambda _: {}, "KeyError")

    show = theatre.play(campaign)

    assert show.status == "FAILED"
    assert show.cause.startswith("KeyError: ")
    assert show.states[-3:] == NEEDS_HELP
    assert len(cast.called(step)) == 1
    (event,) = theatre.told()
    assert event["detail"]["data"]["error"] == "KeyError"
    assert "made up" not in str(event)


def test_a_long_show_goes_on_in_a_fresh_execution_of_the_same_machine(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats(*["live"] * (BEATS + 3), "drained")

    show = theatre.play(campaign)
    successor = theatre.outcome(f"{campaign}-2")

    assert show.states[-2:] == ["Hand over to a fresh execution", "Handed over"]
    assert show.status == "SUCCEEDED"
    assert successor.status == "SUCCEEDED"
    assert successor.states[-1] == "Campaign settled"
    assert [(payload["part"], payload["beat"]) for payload in cast.called("KeepBooks")] == [
        *((1, beat) for beat in range(BEATS)),
        *((2, beat) for beat in range(4)),
    ]


def test_a_show_that_was_handed_over_already_is_not_handed_over_twice(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats("drained")
    theatre.play(f"{campaign}-2")
    cast.steps["KeepBooks"] = lambda _: {"phase": "live", "wait_seconds": 0, "beat": BEATS}

    show = theatre.play(campaign)

    assert show.status == "SUCCEEDED"
    assert show.states[-1] == "Handed over"


def test_a_start_that_is_moved_far_away_does_not_fill_the_history_either(theatre, cast, campaign):
    cast.steps["OpenCampaign"] = lambda payload: {
        "phase": "wait" if payload["part"] == 1 else "close",
        "wait_until": "2026-01-01T00:00:00Z",
    }
    cast.steps["KeepBooks"] = beats("drained")

    show = theatre.play(campaign)

    assert show.states.count("Wait for the start") == BEATS
    assert show.states[-2:] == ["Hand over to a fresh execution", "Handed over"]
    assert theatre.outcome(f"{campaign}-2").status == "SUCCEEDED"


def test_a_beat_makes_nine_events_and_an_attempt_more_makes_three(theatre, cast, campaign):
    cast.steps["KeepBooks"] = beats("live", "drained")
    short = theatre.play(f"{campaign}short")
    cast.steps["KeepBooks"] = beats("live", "live", "drained")
    longer = theatre.play(f"{campaign}longer")
    cast.steps["KeepBooks"] = failing(beats("live", "drained"), "StoreBusy")
    stumbled = theatre.play(f"{campaign}stumbled")

    assert len(longer.events) - len(short.events) == 9
    assert len(stumbled.events) - len(short.events) == 3
