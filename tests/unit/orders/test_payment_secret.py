"""The webhook secrets: fetched rarely, two while one is changed, and the last good copy when the store is silent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.adapters.payment_secret import FRESH, PaymentSecret
from shared.domain.errors import StoreBusy
from tests.shop import SECRET

OTHER = "whsec_" + "b3RoZXI0b3RoZXI0" * 2


class SecretsManager:
    """Answers with a value, or fails."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.calls = 0

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"SecretString": self.answer}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def secret_of(store: SecretsManager, clock: Clock) -> PaymentSecret:
    return PaymentSecret(store, "arn:secret", clock)  # type: ignore[arg-type]


SILENT = [
    ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue"),
    EndpointConnectionError(endpoint_url="https://secrets.invalid"),
]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (SECRET, 1),
        (SECRET.removeprefix("whsec_"), 1),
        (json.dumps([OTHER, SECRET]), 2),
        (f" {SECRET}\n", 1),
    ],
)
def test_a_value_is_one_secret_or_a_list_of_them(value: str, count: int):
    assert len(secret_of(SecretsManager(value), Clock()).webhooks()) == count


def test_it_is_fetched_once_in_five_minutes():
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)

    for clock.now in (0.0, 1.0, FRESH - 1):
        secret.webhooks()
    assert store.calls == 1

    clock.now = FRESH
    store.answer = json.dumps([OTHER, SECRET])
    assert len(secret.webhooks()) == 2
    assert store.calls == 2


@pytest.mark.parametrize(
    "fault", [*SILENT, KeyError("SecretString"), "", "[]", "[]x", "whsec_=%", '["whsec_="]']
)
def test_the_last_good_copy_serves_when_there_is_no_new_one(
    fault: str | Exception, caplog: pytest.LogCaptureFixture
):
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)
    first = secret.webhooks()
    store.answer = fault

    for clock.now in (FRESH, FRESH + 1, FRESH + 14, FRESH + 15):
        assert secret.webhooks() == first

    assert store.calls == 3
    assert "whsec" not in caplog.text


@pytest.mark.parametrize("fault", SILENT)
def test_without_any_copy_the_webhook_is_asked_to_come_again(fault: Exception):
    store, clock = SecretsManager(fault), Clock()
    secret = secret_of(store, clock)

    for clock.now in (0.0, 0.5):
        with pytest.raises(StoreBusy):
            secret.webhooks()
    assert store.calls == 1

    store.answer = SECRET
    clock.now = 1.0
    assert secret.webhooks()
