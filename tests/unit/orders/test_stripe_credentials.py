"""What an operator puts into the secret: used as it is, refused if it cannot work, and shown to nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.constructs.stripe_account import EMPTY
from shared.adapters.stripe_credentials import StripeCredentials, credentials_of

GOOD = {"api_key": "sk_test_1", "webhook_secrets": ["whsec_1"], "account": ""}


def text(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def test_credentials_are_read_and_do_not_show_themselves():
    read = credentials_of(text(), livemode=False)

    assert read == StripeCredentials("sk_test_1", ("whsec_1",))
    assert "sk_test_1" not in repr(read)
    assert "sk_test_1" not in f"{read}"


def test_the_empty_form_is_no_account():
    assert credentials_of(EMPTY, livemode=True) is None
    assert credentials_of("{}", livemode=False) is None


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_real_money_needs_a_real_key_and_play_money_must_not_have_one(key: str):
    assert credentials_of(text(api_key=key), livemode=True) is not None
    with pytest.raises(ValueError, match="mode"):
        credentials_of(text(api_key=key), livemode=False)
    with pytest.raises(ValueError, match="mode"):
        credentials_of(text(), livemode=True)


@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense",
        "[]",
        text(api_key="pk_test_1"),
        text(api_key=1),
        text(api_key=""),
        text(webhook_secrets=[]),
        text(webhook_secrets="whsec_1"),
        text(webhook_secrets=["1"]),
        text(webhook_secrets=[None]),
        text(webhook_secrets=["whsec_1"] * 5),
        text(account=7),
    ],
)
def test_what_cannot_work_is_refused(wrong: str):
    with pytest.raises(ValueError, match=r"\S"):
        credentials_of(wrong, livemode=False)
