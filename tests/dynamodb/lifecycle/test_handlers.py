"""The functions of the lifecycle as the machine calls them, wired as they are deployed, on DynamoDB Local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.close_campaign import handler as close_campaign
from functions.keep_books import handler as keep_books
from functions.open_campaign import handler as open_campaign
from functions.prepare_stock import handler as prepare_stock
from functions.reconcile_campaign import handler as reconcile_campaign
from functions.settle_campaign import handler as settle_campaign
from functions.totals import handler as totals
from shared.domain.campaign import Status
from shared.use_cases.finish_orders import UNDER_WAY
from tests.dynamodb.stage import Stage
from tests.gateway import call
from tests.theatre import HOLD

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.usefixtures("wired")


class Machine:
    """Calls the steps with what the state machine passes, at the time of the show."""

    def __init__(self, show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.show = show
        for handler in (prepare_stock, open_campaign, close_campaign):
            monkeypatch.setattr(handler, "now_seconds", lambda: show.now)
        for beat in (keep_books, reconcile_campaign, settle_campaign):
            monkeypatch.setattr(beat, "now_millis", show.clock)
        monkeypatch.setattr("shared.clock.now_millis", show.clock)

    def take(self, step: Any, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = step.lambda_handler(
            {"campaign": self.show.id, "part": 1, **more}, None
        )
        return answer

    def totals(self) -> dict[str, Any]:
        path = {"campaign_id": self.show.id}
        route = "GET /v1/campaigns/{campaign_id}/totals"
        answer = call(totals.lambda_handler, route, path=path, scope="read")
        assert answer.status == 200
        body: dict[str, Any] = answer.body
        return body


@pytest.fixture
def machine(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(Stage(dynamodb), monkeypatch)


def test_the_steps_answer_what_the_machine_asks_for(machine: Machine):
    show = machine.show
    starts = "2026-11-28T12:00:00Z"
    assert machine.take(prepare_stock) == {
        "campaign": show.id,
        "starts_at": starts,
        "abandoned": False,
    }
    waits = {"phase": "wait", "wait_until": "2026-11-28T11:59:05Z"}
    assert machine.take(open_campaign) == waits
    show.wait(60)
    assert machine.take(open_campaign) == {"phase": "live", "wait_until": starts}
    show.sell(2)
    show.check_out(show.reserve())
    beat = {"phase": "live", "wait_seconds": 5, "beat": 8, "ended": False}
    assert machine.take(keep_books, beat=7) == beat
    assert machine.totals()["orders"] == 1
    show.end()
    assert machine.take(keep_books, beat=8) == {**beat, "phase": "close", "beat": 9}
    assert machine.take(close_campaign) == {"phase": "drain"}
    assert machine.take(keep_books, beat=9) == {**beat, "phase": "drain", "beat": 10}
    show.wait(HOLD + UNDER_WAY)
    drained = {**beat, "phase": "drained", "beat": 11, "ended": True}
    assert machine.take(keep_books, beat=10) == drained
    assert machine.take(reconcile_campaign) == {"balanced": True, "differences": 0}
    assert machine.take(settle_campaign) == {"status": "closed"}
    assert show.status() is Status.CLOSED
    last = machine.totals()
    assert (last["complete"], last["status"], last["orders"]) == (True, "closed", 1)


def test_a_campaign_that_is_called_off_is_abandoned_by_the_first_step(machine: Machine):
    machine.show.cancel()
    assert machine.take(prepare_stock)["abandoned"] is True
    assert machine.take(close_campaign) == {"phase": "drain"}
    assert machine.take(keep_books, beat=0)["phase"] == "drained"
    assert machine.take(reconcile_campaign) == {"balanced": True, "differences": 0}
    assert machine.take(settle_campaign) == {"status": "cancelled"}
    assert machine.totals()["complete"] is True


def test_books_that_do_not_balance_are_an_answer_and_no_error(
    machine: Machine, caplog: pytest.LogCaptureFixture
):
    show = machine.show
    show.go_live()
    show.sell(2)
    show.close()
    machine.take(keep_books, beat=0)
    nothing = {"S": "[[0,0,0,0,0,0,0,0,0,0],[0,0,0,0,0,0,0,0,0,0]]"}
    show._client.update_item(
        TableName="totals",
        Key={"campaign": {"S": show.id}, "at": {"S": "now"}},
        UpdateExpression="SET #offers = :wrong, #cv = :later",
        ExpressionAttributeNames={"#offers": "offers", "#cv": "campaign_version"},
        ExpressionAttributeValues={":wrong": nothing, ":later": {"N": "99"}},
    )
    assert machine.take(reconcile_campaign) == {"balanced": False, "differences": 5}
    assert show.status() is Status.CLOSING
    assert "the books do not balance" in caplog.messages
    assert show.report()["reconciliation"]["differences"] == [
        "FUJI-12 available: 38 by the ledgers, 0 by the snapshot",
        "FUJI-12 gross: 19800 by the ledgers, 0 by the snapshot",
        "FUJI-12 orders: 1 by the ledgers, 0 by the snapshot",
        "FUJI-12 sold: 2 by the ledgers, 0 by the snapshot",
        "GALA-6 available: 5 by the ledgers, 0 by the snapshot",
    ]
