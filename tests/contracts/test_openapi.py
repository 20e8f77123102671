"""The reference: made from what is served, committed as made, and true in every example."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from functions.api_reference.handler import lambda_handler
from shared.contracts import campaigns as contracts
from shared.contracts import identifiers
from shared.contracts.fields import TIME_PATTERN
from shared.contracts.openapi import document, render
from shared.contracts.operations import OPERATIONS, is_answered_once, specified
from shared.contracts.problems import refusals
from shared.contracts.routes import ELSE_FUNCTION, EVERYTHING_ELSE, ROUTES, RouteSpec, methods
from shared.contracts.validation import read
from shared.domain.claim_check import ClaimCheck
from shared.domain.errors import InvalidRequest, Refusal
from shared.domain.ids import new_campaign_id, new_secret
from shared.domain.show_plan import checked
from shared.domain.show_time import instant
from tests.builders import a_campaign, apple_hour
from tests.gateway import call

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
BY_FUNCTION = sorted({spec.function for spec in ROUTES})
WITH_ANSWER = [
    pytest.param(spec, operation, id=spec.key)
    for spec, operation in specified()
    if operation.answers
]


def test_the_committed_file_is_what_would_be_made_now():
    assert COMMITTED.read_text(encoding="utf-8") == render(), "run: make generate"


def test_the_file_is_openapi_3_1():
    validate(document())


def test_every_route_is_specified_and_nothing_else():
    assert [spec.key for spec in ROUTES] == list(dict.fromkeys(spec.key for spec in ROUTES))
    assert set(OPERATIONS) == {spec.key for spec in ROUTES}


def test_whatever_has_a_currency_says_its_exponent():
    schemas = document()["components"]["schemas"]
    # What is sent to us, and the bill of a rehearsal, which AWS writes in dollars.
    others = {"CampaignRequest", "CampaignPatch", "PaymentFact", "Bill"}
    with_currency = {
        name for name, schema in schemas.items() if "currency" in schema.get("properties", {})
    }
    assert {"CampaignAnswer", "Show", "Order", "Reservation", "Totals"} <= with_currency
    for name in with_currency - others:
        assert "currency_exponent" in schemas[name]["required"], name


@pytest.mark.parametrize("function", BY_FUNCTION)
def test_each_function_serves_the_routes_that_are_listed_for_it_with_their_scopes(function):
    handler = importlib.import_module(f"functions.{function}.handler")
    listed = {spec.key: frozenset(spec.scopes) for spec in ROUTES if spec.function == function}
    if function == ELSE_FUNCTION:
        listed[EVERYTHING_ELSE] = frozenset()
    assert dict(handler.lambda_handler.keys) == listed


@pytest.mark.parametrize(("spec", "operation"), WITH_ANSWER)
def test_the_examples_are_what_the_models_say(spec, operation):
    if operation.takes:
        operation.takes.model_validate(operation.sends)
    shown = operation.answers.model_validate(operation.gives)
    # Written out again they are the same: no field is missing but those that may be left out.
    assert json.loads(shown.model_dump_json(exclude_unset=True)) == operation.gives


def changes_a_campaign(spec: RouteSpec) -> bool:
    """Its commands: which may be for one version of it, and need not."""
    return spec.method == "POST" and spec.function == "campaigns" and "{" in spec.path


@pytest.mark.parametrize(("spec", "operation"), WITH_ANSWER)
def test_every_operation_names_its_key_its_headers_and_its_refusals(spec: RouteSpec, operation):
    written = document()["paths"][spec.path][spec.method.lower()]
    headers = {one["name"] for one in written["parameters"] if one["in"] == "header"}
    assert ("Idempotency-Key" in headers) == is_answered_once(spec)
    is_edit = spec.key == "PATCH /v1/campaigns/{campaign_id}"
    assert ("If-Match" in headers) == (is_edit or changes_a_campaign(spec))
    assert written["security"] == ([{"key": list(spec.scopes)}] if spec.scopes else [])
    assert {"500", "503"} <= set(written["responses"])
    if spec.scopes:
        assert {"401", "403"} <= set(written["responses"])
    if "{" in spec.path:
        assert "404" in written["responses"]


def test_every_reference_leads_somewhere():
    whole = document()
    for path in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole))):
        found = whole
        for step in path.split("/"):
            found = found[step]


# -- exactness -------------------------------------------------------------------------------------


def test_the_ids_that_are_made_have_the_form_that_is_written():
    campaign = new_campaign_id()
    claim = ClaimCheck(campaign, 0, 1, "abcdefgh", 2, 2, 9900, 1_795_867_200, "AAAAAAAAAAA")
    suffix = claim.suffix(new_secret())
    assert re.fullmatch(identifiers.CAMPAIGN["pattern"], campaign)
    assert re.fullmatch(identifiers.RESERVATION["pattern"], f"rsv_{suffix}")
    assert re.fullmatch(identifiers.ORDER["pattern"], f"ord_{suffix}")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T20:00:00",
        "2026-11-28T20:00",
        "2026-11-28T12:00:00Z",
        "2026-11-28T20:00:00.000+08:00",
    ],
)
def test_a_time_that_fits_the_written_form_is_read(text: str):
    assert re.fullmatch(TIME_PATTERN, text)
    assert instant(text, "Asia/Shanghai", "/starts_at")


@pytest.mark.parametrize(
    "text",
    ["2026-11-28", "2026-11-28T20:00:60", "2026-11-28T20:00:00.5", "1999-01-01T00:00", "noon"],
)
def test_a_time_that_does_not_is_refused(text: str):
    assert not re.fullmatch(TIME_PATTERN, text)
    with pytest.raises(InvalidRequest):
        instant(text, "Asia/Shanghai", "/starts_at")


def test_what_is_made_leads_to_every_route_that_takes_its_id():
    paths = document()["paths"]
    made = {
        kind: paths[path]["post"]["responses"]["201"]["links"]
        for kind, path in (
            ("campaign", "/v1/campaigns"),
            ("reservation", "/v1/campaigns/{campaign_id}/reservations"),
            ("order", "/v1/reservations/{reservation_id}/checkout"),
        )
    }
    for kind, links in made.items():
        taking = {OPERATIONS[spec.key].id for spec in ROUTES if f"{{{kind}_id}}" in spec.path}
        assert taking <= set(links)
    assert "receive_payment_event" in made["order"]
    assert "header.If-Match" in made["campaign"]["change_campaign"]["parameters"]


def test_a_path_knows_its_methods():
    assert methods("/v1/campaigns") == ["GET", "POST"]
    assert methods("/v1/reservations/rsv_1") == ["DELETE", "GET"]
    assert methods("/v1/reservations/") == []
    assert methods("/v1/campaigns/a/b/c") == []


# -- refusals --------------------------------------------------------------------------------------

LEAVES = [pytest.param(refusal, id=refusal.code) for refusal in refusals()]


@pytest.mark.parametrize("refusal", LEAVES)
def test_every_refusal_has_words_for_people_and_a_place_in_the_reference(refusal: type[Refusal]):
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", refusal.code)
    assert refusal.title
    assert not refusal.title.endswith(".")
    assert refusal.advice.endswith(".")
    page = call(lambda_handler, "GET /docs", merchant=None).text
    assert f'id="problem-{refusal.code}"' in page


def test_no_two_refusals_share_a_code():
    codes = [refusal.code for refusal in refusals()]
    assert len(codes) == len(set(codes))


# -- the page --------------------------------------------------------------------------------------


def test_the_page_loads_and_runs_nothing():
    answer = call(lambda_handler, "GET /docs", merchant=None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)


def test_every_link_of_the_page_leads_to_an_anchor_of_it():
    text = call(lambda_handler, "GET /docs", merchant=None).text
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
    assert len(anchors) == len(re.findall(r'id="', text))


def test_the_document_is_served_as_it_is_committed():
    answer = call(lambda_handler, "GET /openapi.json", merchant=None)
    assert answer.text == COMMITTED.read_text(encoding="utf-8")
    assert answer.headers["content-type"] == "application/json"


# -- the demo's show -------------------------------------------------------------------------------


def test_the_apple_hour_is_a_show_that_can_be_copied():
    show = apple_hour()
    planned = contracts.plan(read(contracts.CampaignRequest, show))
    campaign = checked(a_campaign(**planned))
    assert campaign.ends_at - campaign.starts_at == 3600
    assert all(set(offer.title) == {"en", "zh"} for offer in campaign.offers)
    assert min(offer.allotment for offer in campaign.offers) == 60
    assert {cue.cue for cue in campaign.run_of_show} == {
        *("pin", "unpin", "flash_price", "release_stock", "coupon"),
    }
    # What is answered can be sent again.
    answered = contracts.answer(campaign)
    assert (
        contracts.plan(read(contracts.CampaignRequest, {name: answered[name] for name in show}))
        == planned
    )
