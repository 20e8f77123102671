"""The acting provider signs what it tells, tells it until somebody listens, and lies only when it is asked to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.shoppers import payment_provider
from local.shoppers.agenda import Agenda
from local.shoppers.journal import Journal
from local.shoppers.payment_provider import PaymentProvider
from local.shoppers.visits import Habit
from local.shoppers.wire import Answer, NoAnswer, Wire
from tests.unit.local_demo.toy_shop import SECRET, rfc3339

GOOD = Answer(200, {}, {"received": True, "outcome": "paid"})


class Ear(Wire):
    """Hears webhooks, and answers them as scripted; with 200 when the script is over."""

    def __init__(self, *script: Answer | NoAnswer) -> None:
        super().__init__("http://ear", {})
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._script = list(script)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        assert (method, path) == ("POST", "/v1/webhooks/payments/test")
        event = Webhook(SECRET).verify(body or b"", dict(headers or {}))
        self.heard.append(((headers or {})["webhook-id"], event))
        answer = self._script.pop(0) if self._script else GOOD
        if isinstance(answer, NoAnswer):
            raise answer
        return answer


def an_order(suffix: str = "a", expires_in: float = 60) -> dict[str, Any]:
    return {
        "id": f"ord_{suffix}",
        "amount": 9900,
        "currency": "CNY",
        "expires_at": rfc3339(time.time() + expires_in),
        "payment": {"id": f"pay_{suffix}"},
    }


def pay(ear: Ear, order: dict[str, Any], habit: Habit) -> Journal:
    agenda, journal = Agenda(), Journal()
    PaymentProvider(ear, SECRET, agenda, journal).pay(order, at=time.time(), habit=habit)
    agenda.work(1)
    deadline = time.monotonic() + 5
    while not agenda.idle and time.monotonic() < deadline:
        time.sleep(0.005)
    agenda.close()
    return journal


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payment_provider, "SECOND_TRY", 0.02)
    monkeypatch.setattr(payment_provider, "DUPLICATE", 0.02)
    monkeypatch.setattr(payment_provider, "PAUSE", 0.001)


def test_a_payment_is_told_once_in_the_words_of_the_contract():
    ear = Ear()

    journal = pay(ear, an_order(), Habit.PAYS)

    ((_, event),) = ear.heard
    fact = {"payment_id": "pay_a", "order_id": "ord_a", "amount": 9900, "currency": "CNY"}
    assert event == {"type": "payment.succeeded", "data": {**fact, "livemode": False}}
    assert [capture.amount for capture in journal.captures] == [9900]


def test_who_pays_twice_has_the_same_webhook_delivered_twice_and_the_money_taken_once():
    ear = Ear()

    journal = pay(ear, an_order(), Habit.PAYS_TWICE)

    (first, told), (second, again) = ear.heard
    assert (first, told) == (second, again)
    assert len(journal.captures) == 1
    assert journal.faults == {"duplicate webhook": 1}


def test_a_declined_card_is_told_before_the_one_that_pays():
    ear = Ear()

    pay(ear, an_order(), Habit.PAYS_AT_SECOND_TRY)

    assert [event["type"] for _, event in ear.heard] == ["payment.failed", "payment.succeeded"]


def test_a_wrong_amount_is_noted_as_wrong_whether_or_not_the_right_one_follows():
    for suffix in "abcdefgh":
        ear = Ear()
        journal = pay(ear, an_order(suffix), Habit.PAYS_WRONGLY)

        amounts = [event["data"]["amount"] for _, event in ear.heard]
        assert amounts in ([9800], [9800, 9900])
        assert [capture.wrong for capture in journal.captures] == [True, False][: len(amounts)]


def test_a_webhook_is_told_again_under_the_same_id_until_it_is_taken():
    busy, broken = Answer(503, {}, {"code": "store_busy"}), Answer(500, {}, None)
    ear = Ear(NoAnswer("cut"), busy, broken)

    journal = pay(ear, an_order(), Habit.PAYS)

    assert len(ear.heard) == 4
    assert len({webhook for webhook, _ in ear.heard}) == 1
    assert journal.under_way == 0
    assert len(journal.captures) == 1
    assert journal.surprises == ["POST /v1/webhooks/payments/test answered 500"]


def test_a_payment_after_the_end_of_the_hold_is_noted_as_late():
    assert [capture.late for capture in pay(Ear(), an_order(), Habit.PAYS).captures] == [False]
    late = an_order(expires_in=-1)
    assert [capture.late for capture in pay(Ear(), late, Habit.PAYS).captures] == [True]


def test_a_refund_is_told_too():
    given_back = Answer(200, {}, {"received": True, "outcome": "refunded"})
    ear = Ear(given_back)

    journal = pay(ear, an_order(expires_in=-1), Habit.PAYS_LATE)

    assert [event["type"] for _, event in ear.heard] == ["payment.succeeded", "refund.succeeded"]
    assert [capture.outcome for capture in journal.captures] == ["refunded"]


def test_a_forged_webhook_is_well_formed_and_signed_with_another_secret():
    class Gate(Wire):
        sent: tuple[bytes, dict[str, str]]

        def ask(
            self,
            method: str,
            path: str,
            body: bytes | None = None,
            headers: Mapping[str, str] | None = None,
        ) -> Answer:
            self.sent = (body or b"", dict(headers or {}))
            return Answer(200, {}, {})

    gate, journal = Gate("http://gate", {}), Journal()
    PaymentProvider(gate, SECRET, Agenda(), journal).forge(an_order())

    body, headers = gate.sent
    assert json.loads(body)["type"] == "payment.succeeded"
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(body, headers)
    assert journal.surprises == ["a forged webhook was answered 200"]
