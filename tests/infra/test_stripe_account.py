"""The account at Stripe in the template: an empty form that an operator fills, and four functions that may read it."""

from __future__ import annotations

import json

from shared.settings import Setting
from tests.infra.template import Template

ASK_STRIPE = {"checkout", "payment_webhooks", "keep_books", "check_books", "refund_order"}


def test_the_template_holds_an_empty_form_and_no_key(template: Template):
    (form,) = [
        secret
        for secret in template.properties("SecretsManager::Secret")
        if secret["Name"].endswith("-payments-stripe")
    ]

    assert json.loads(form["SecretString"]) == {
        "api_key": "",
        "webhook_secrets": [],
        "account": "",
    }


def test_what_an_operator_filled_in_outlives_the_stack_in_production(production: Template):
    kept = [
        resource["DeletionPolicy"]
        for resource in production.body["Resources"].values()
        if resource["Type"] == "AWS::SecretsManager::Secret"
    ]
    assert kept == ["Retain", "Retain"]


def test_only_who_deals_with_payments_knows_where_the_account_is(template: Template):
    knows = {
        name
        for name, function in template.functions.items()
        if Setting.STRIPE_SECRET_ARN in function["Environment"]["Variables"]
    }
    assert knows == {*ASK_STRIPE, "campaigns"}


def test_who_asks_stripe_has_time_for_two_tries(template: Template):
    from shared.adapters.stripe_calls import RETRIES, TIMEOUT

    for name in ASK_STRIPE:
        function = template.functions[name]
        assert function["Timeout"] >= (RETRIES + 1) * sum(TIMEOUT) + 5
        assert function["Environment"]["Variables"][Setting.STRIPE_API_URL].startswith("https://")
