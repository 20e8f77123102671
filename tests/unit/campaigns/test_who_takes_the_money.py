"""The provider of a campaign: chosen with its plan, fixed with it, and refused where it could not take a payment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.campaigns.handler import lambda_handler
from shared import clock, wiring
from shared.adapters.stripe_credentials import StripeCredentials
from shared.contracts import campaigns as contracts
from shared.domain.campaign import Status
from shared.domain.errors import StoreBusy
from shared.domain.payable import price_faults
from shared.domain.payment_fee import FeeTerms
from shared.use_cases.arrange_stock import Stockroom
from shared.use_cases.run_campaign import ShowRunner
from tests.builders import a_campaign, campaign_body
from tests.fakes import (
    MemoryAnswers,
    MemoryCampaigns,
    MemoryErrands,
    MemoryLifecycles,
    MemorySchedules,
)
from tests.gateway import Answer, call
from tests.memory_stock import MemoryStock

START = a_campaign().starts_at
STRIPE = {"provider": "stripe"}
NO_FEE = {"basis_points": 0, "fixed": 0}


class Vault:
    """What an operator has put there."""

    credentials: StripeCredentials | None = StripeCredentials("sk_test_1", ("whsec_1",))

    def value(self) -> StripeCredentials | None:
        return self.credentials


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault()
    monkeypatch.setattr(wiring, "stripe_secret", lambda: made)
    return made


@pytest.fixture
def campaigns(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> MemoryCampaigns:
    kept = MemoryCampaigns(MemoryAnswers())
    now = START - 24 * 3600
    runner = ShowRunner(
        campaigns=kept,
        answers=kept.answers,
        schedules=MemorySchedules(),
        lifecycles=MemoryLifecycles(),
        stockroom=Stockroom(kept, MemoryStock(), MemoryErrands()),
        shape=contracts.answer,
        lead=300,
        now=lambda: now,
    )
    monkeypatch.setattr(wiring, "show_runner", lambda _: runner)
    monkeypatch.setattr(clock, "now_millis", lambda: now * 1000)
    monkeypatch.setattr(wiring, "is_real", lambda: False)
    return kept


def create(**fields: Any) -> Answer:
    body = campaign_body(**fields)
    return call(lambda_handler, "POST /v1/campaigns", body, headers={"Idempotency-Key": "once"})


def patch(campaign_id: str, body: Any) -> Answer:
    return call(
        lambda_handler,
        "PATCH /v1/campaigns/{campaign_id}",
        body,
        path={"campaign_id": campaign_id},
        headers={"If-Match": '"1"'},
    )


@pytest.mark.usefixtures("campaigns")
def test_who_says_nothing_gets_the_provider_that_moves_no_money():
    assert create().body["payments"] == {"provider": "test", "fee": NO_FEE}


def test_a_campaign_chooses_stripe_and_may_change_its_mind(campaigns: MemoryCampaigns):
    campaign = create(payments=STRIPE).body
    assert campaign["payments"] == {**STRIPE, "fee": NO_FEE}
    assert campaigns.get(campaign["id"]).payment_provider == "stripe"

    terms = {"provider": "test", "fee": {"basis_points": 60, "fixed": 5}}
    changed = patch(campaign["id"], {"payments": terms})

    assert changed.body["payments"] == terms
    assert campaigns.get(campaign["id"]).payment_fee == FeeTerms(60, 5)


@pytest.mark.usefixtures("campaigns")
@pytest.mark.parametrize(
    "payments",
    [
        *({"provider": "paypal"}, {"provider": None}, {"x": 1}, None, []),
        *({"fee": {"basis_points": 10_001}}, {"fee": {"fixed": -1}}, {"fee": 290}),
    ],
)
def test_another_provider_is_refused(payments: object):
    refused = create(payments=payments)
    assert refused.status == 422
    assert refused.pointers[0].startswith("/payments")


@pytest.mark.usefixtures("campaigns")
def test_a_deployment_without_an_account_says_what_to_do(vault: Vault):
    draft = create().body
    vault.credentials = None

    for refused in (
        call(
            lambda_handler,
            "POST /v1/campaigns",
            campaign_body(payments=STRIPE),
            headers={"Idempotency-Key": "another"},
        ),
        patch(draft["id"], {"payments": STRIPE}),
    ):
        assert (refused.status, refused.pointers) == (422, ["/payments/provider"])
        assert "no account at stripe" in refused.body["errors"][0]["detail"]


@pytest.mark.usefixtures("campaigns")
def test_when_nobody_can_tell_whether_there_is_an_account_it_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
):
    def silent() -> None:
        raise StoreBusy

    monkeypatch.setattr(wiring, "stripe_secret", lambda: type("Silent", (), {"value": silent}))

    assert create(payments=STRIPE).status == 503
    assert create().status == 201


def test_from_the_first_order_on_the_provider_stays(campaigns: MemoryCampaigns):
    live = a_campaign(status=Status.LIVE, prepared_at=START - 300, payment_provider="stripe")
    campaigns.kept[live.id] = replace(live, version=1)

    refused = patch(live.id, {"payments": {"provider": "test"}})

    assert (refused.status, refused.body["refused"]) == (409, ["payments"])
    assert campaigns.get(live.id).payment_provider == "stripe"


@pytest.mark.usefixtures("campaigns")
@pytest.mark.parametrize(
    ("currency", "price", "is_payable"),
    [
        ("CNY", 9901, True),
        ("JPY", 50, True),
        ("JPY", 49, False),
        ("EUR", 50, True),
        ("EUR", 49, False),
        ("ISK", 999_999, True),
        ("ISK", 1_000_000, False),
        ("UGX", 1_000_000, False),
        ("MGA", 9_999_999_900, True),
        ("MGA", 10_000_000_000, False),
        ("ISK", 1, True),
        ("KWD", 5120, True),
        ("KWD", 5124, False),
        ("MGA", 500, True),
        ("MGA", 501, False),
        ("USD", 99_999_999, True),
        ("USD", 100_000_000, False),
        ("IDR", 100_000_000, True),
        ("IDR", 1_000_000_000_000, False),
        *((currency, 1000, False) for currency in ("CUP", "IRR", "KPW", "SYP", "VES", "GHS")),
        ("LYD", 1000, False),
    ],
)
def test_a_price_that_stripe_cannot_charge_is_refused_with_the_plan(
    currency: str, price: int, is_payable: bool
):
    offer = {**campaign_body()["offers"][0], "unit_price": price}
    answer = create(payments=STRIPE, currency=currency, offers=[offer])

    assert answer.status == (201 if is_payable else 422)
    if not is_payable:
        assert answer.pointers[0] in ("/offers/0/unit_price", "/currency")
    # Whoever takes no real money takes any of it.
    assert not list(price_faults(a_campaign(currency=currency)))


@pytest.mark.usefixtures("campaigns")
def test_a_flash_price_is_held_to_the_same():
    cue = {"at": 0, "cue": "flash_price", "sku": "FUJI-12", "unit_price": 5124, "seconds": 60}
    offer = {**campaign_body()["offers"][0], "sku": "FUJI-12", "unit_price": 5200}

    refused = create(payments=STRIPE, currency="KWD", offers=[offer], run_of_show=[cue])

    assert refused.pointers == ["/run_of_show/0/unit_price"]


def coupon(**fields: Any) -> dict[str, Any]:
    return {"at": 0, "cue": "coupon", "code": "HELLO", "seconds": 60, **fields}


@pytest.mark.usefixtures("campaigns")
@pytest.mark.parametrize(
    ("cue", "field"),
    [
        (coupon(percent_off=50), None),
        (coupon(percent_off=51), "percent_off"),
        (coupon(amount_off=50), None),
        (coupon(amount_off=51), "amount_off"),
    ],
)
def test_what_a_coupon_leaves_must_be_enough_for_one_payment(
    cue: dict[str, Any], field: str | None
):
    offer = {**campaign_body()["offers"][0], "unit_price": 100}
    made = create(payments=STRIPE, currency="EUR", offers=[offer], run_of_show=[cue])

    assert made.status == (201 if field is None else 422)
    if field is not None:
        assert made.pointers == [f"/run_of_show/0/{field}"]
        assert "leaves 49" in made.body["errors"][0]["detail"]
        assert "the floor of FUJI-12 is 50" in made.body["errors"][0]["detail"]


@pytest.mark.usefixtures("campaigns")
def test_a_price_that_only_many_units_of_would_be_too_much_is_planned():
    offer = {**campaign_body()["offers"][0], "unit_price": 60_000_000, "limit_per_buyer": 3}

    assert create(payments=STRIPE, currency="USD", offers=[offer]).status == 201


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that takes real money."""
    monkeypatch.setattr(wiring, "is_real", lambda: True)


@pytest.mark.usefixtures("campaigns", "real")
def test_where_real_money_is_taken_nothing_is_sold_for_none_and_there_is_no_default():
    for refused in (create(), create(payments={"provider": "test"}), create(payments={})):
        assert (refused.status, refused.pointers) == (422, ["/payments/provider"])
        assert "takes real money" in refused.body["errors"][0]["detail"]
    made = create(payments=STRIPE)
    assert made.status == 201
    refused = patch(made.body["id"], {"payments": {"provider": "test"}})
    assert (refused.status, refused.pointers) == (422, ["/payments/provider"])


@pytest.mark.parametrize("command", ["schedule", "start"])
def test_a_draft_from_before_is_not_begun_there(
    campaigns: MemoryCampaigns, monkeypatch: pytest.MonkeyPatch, command: str
):
    draft = create().body
    monkeypatch.setattr(wiring, "is_real", lambda: True)

    refused = call(
        lambda_handler,
        f"POST /v1/campaigns/{{campaign_id}}/{command}",
        {},
        path={"campaign_id": draft["id"]},
        headers={"Idempotency-Key": "begin"},
    )

    assert (refused.status, refused.pointers) == (422, ["/payments/provider"])
    assert campaigns.get(draft["id"]).status is Status.DRAFT
