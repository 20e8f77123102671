"""The webhook secrets: fetched rarely, two while one is changed, and the last good copy when the store is silent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from standardwebhooks.webhooks import Webhook

from shared.adapters.payment_secret import webhooks_of
from shared.adapters.secret_copy import AGAIN, FRESH, SecretCopy
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


def secret_of(store: SecretsManager, clock: Clock) -> SecretCopy[list[Webhook]]:
    return SecretCopy(store, "arn:secret", webhooks_of, clock)  # type: ignore[arg-type]


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
    assert len(secret_of(SecretsManager(value), Clock()).value()) == count


def test_it_is_fetched_once_in_five_minutes():
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)

    for clock.now in (0.0, 1.0, FRESH - 1):
        secret.value()
    assert store.calls == 1

    clock.now = FRESH
    store.answer = json.dumps([OTHER, SECRET])
    assert len(secret.value()) == 2
    assert store.calls == 2


@pytest.mark.parametrize(
    "fault", [*SILENT, KeyError("SecretString"), "", "[]", "[]x", "whsec_=%", '["whsec_="]']
)
def test_the_last_good_copy_serves_when_there_is_no_new_one(
    fault: str | Exception, caplog: pytest.LogCaptureFixture
):
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)
    first = secret.value()
    store.answer = fault

    for clock.now in (FRESH, FRESH + 1, FRESH + 14, FRESH + 15):
        assert secret.value() == first

    assert store.calls == 3
    assert "whsec" not in caplog.text


@pytest.mark.parametrize("fault", SILENT)
def test_without_any_copy_the_webhook_is_asked_to_come_again(fault: Exception):
    store, clock = SecretsManager(fault), Clock()
    secret = secret_of(store, clock)

    for clock.now in (0.0, 0.5):
        with pytest.raises(StoreBusy):
            secret.value()
    assert store.calls == 1

    store.answer = SECRET
    clock.now = 1.0
    assert secret.value()


def test_who_finds_that_the_copy_does_not_fit_has_it_read_again_but_not_at_will():
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)
    secret.value()
    store.answer = json.dumps([OTHER, SECRET])

    clock.now = 1.0
    assert len(secret.renewed()) == 1
    clock.now = AGAIN
    assert [len(secret.renewed()) for _ in range(50)] == [2] * 50
    assert store.calls == 2


def test_what_cannot_be_read_again_leaves_the_copy():
    store, clock = SecretsManager(SECRET), Clock()
    secret = secret_of(store, clock)
    first = secret.value()
    store.answer = SILENT[0]
    clock.now = AGAIN

    assert secret.renewed() == first
