"""Whose key it is, asked once in a while."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from typing import Any

import pytest

from functions.authorize import handler
from functions.authorize.handler import MOST_REMEMBERED, Doorkeeper
from shared.domain.errors import StoreBusy
from shared.use_cases.ports import KeyHolder
from tests.fakes import MemoryKeys

KEY = "lh_manage_4fQx7Zp2mKc9Vt1R"
HOLDER = KeyHolder("mer_washington", "manage", "key_backoffice")


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


class Door:
    def __init__(self) -> None:
        self.now = 1000.0
        self.keys = MemoryKeys({digest(KEY): HOLDER})
        self.keeper = Doorkeeper(self.keys, lambda: self.now)

    def ask(self, authorization: str | None = f"Bearer {KEY}") -> dict[str, str]:
        return dict(self.keeper.judge(authorization))


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_key_is_known_by_its_digest(door):
    assert door.ask() == {"merchant": "mer_washington", "scope": "manage", "key": "key_backoffice"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_may_be_written_as_one_likes(door, scheme):
    assert door.ask(f"{scheme} {KEY}")["merchant"] == "mer_washington"


@pytest.mark.parametrize("sent", [None, "", "   "])
def test_no_key_is_a_missing_one(door, sent):
    assert door.ask(sent) == {"key_problem": "key_missing"}


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        KEY,
        f"Basic {KEY}",
        f"Bearer {KEY} {KEY}",
        f"Bearer {KEY}, Bearer {KEY}",
        "Bearer lh_admin_4fQx7Zp2mKc9Vt1R",
        "Bearer lh_manage_short",
        "Bearer lh_manage_" + "x" * 5000,
        "Bearer lh_manage_富士富士富士富士富士富士",
        "Bearer lh_manage_\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        "Bearer lh_manage_\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800",
        "Bearer \u017fh_manage_4fQx7Zp2mKc9Vt1R",
    ],
)
def test_what_has_not_the_form_of_a_key_is_not_looked_up(door, sent):
    assert door.ask(sent) == {"key_problem": "key_invalid"}
    assert door.keys.calls == []


def test_an_unknown_key_is_invalid(door):
    assert door.ask("Bearer lh_sell_4fQx7Zp2mKc9Vt1R") == {"key_problem": "key_invalid"}


def test_a_key_is_looked_up_once_in_five_seconds(door):
    for _ in range(50):
        door.ask()
        door.now += 0.0999
    assert len(door.keys.calls) == 1
    door.now += 0.01
    door.ask()
    assert len(door.keys.calls) == 2


def test_a_revoked_key_stops_within_five_seconds(door):
    door.ask()
    door.keys.holders.clear()
    door.now += 5
    assert door.ask() == {"key_problem": "key_invalid"}


def test_a_new_key_works_within_a_second_of_its_first_refusal(door):
    door.keys.holders.clear()
    assert "key_problem" in door.ask()
    door.keys.holders[digest(KEY)] = HOLDER
    door.now += 0.9
    assert "key_problem" in door.ask()
    door.now += 0.1
    assert door.ask()["merchant"] == "mer_washington"


def test_a_busy_store_is_told_and_not_remembered(door):
    def busy(_: str) -> None:
        raise StoreBusy

    door.keys.before = busy
    assert door.ask() == {"key_problem": "store_busy"}
    door.keys.before = lambda _: None
    assert door.ask()["merchant"] == "mer_washington"


def test_a_flood_of_keys_does_not_fill_the_memory(door):
    for number in range(MOST_REMEMBERED * 2 + 5):
        door.ask(f"Bearer lh_read_{number:016d}")
    assert len(door.keeper._seen) <= MOST_REMEMBERED


@pytest.mark.parametrize(
    ("headers", "context"),
    [
        (
            {"authorization": f"Bearer {KEY}"},
            {"merchant": "mer_washington", "scope": "manage", "key": "key_backoffice"},
        ),
        (
            {"Authorization": f"Bearer {KEY}"},
            {"merchant": "mer_washington", "scope": "manage", "key": "key_backoffice"},
        ),
        ({}, {"key_problem": "key_missing"}),
        (None, {"key_problem": "key_missing"}),
        ({"authorization": None}, {"key_problem": "key_missing"}),
        ({"authorization": ["Bearer x"]}, {"key_problem": "key_missing"}),
    ],
)
def test_the_gateway_is_always_told_to_go_on(door, monkeypatch, headers: Any, context):
    monkeypatch.setattr(handler, "doorkeeper", lambda: door.keeper)
    answer = handler.lambda_handler({"headers": headers})
    assert answer == {"isAuthorized": True, "context": context}


def test_an_event_without_anything_is_a_missing_key(door, monkeypatch):
    monkeypatch.setattr(handler, "doorkeeper", lambda: door.keeper)
    assert handler.lambda_handler({})["context"] == {"key_problem": "key_missing"}


def test_its_import_is_lean():
    # It is on the way of every request: a cold start of it delays a buyer.
    code = "import sys, functions.authorize.handler; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"pydantic", "aws_lambda_powertools", "boto3", "botocore"}.isdisjoint(loaded)
