"""Two merchants twice: in a deployment that is in this process, and on the deployed stack."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.engine import merchant
from local.engine.stack import LocalStack
from shared.contracts.routes import MANAGE, READ, SELL
from tests.hostile.front import GIVEN_AWAY, PERSONAL, OverHttp
from tests.hostile.house import House
from tests.hostile.premises import Premises

HERE = Path(__file__).parent
SCOPES = (MANAGE, SELL, READ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and "deployed" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stack)


# -- in this process -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A deployment of this module's own."""
    built = House()
    with built.entered():
        yield built


def _moved_in(house: House, name: str) -> Premises:
    keys = {scope: f"lh_{scope}_{name}-and-some-random-letters" for scope in SCOPES}
    for scope, key in keys.items():
        house.admit(key, name, scope)
    return Premises(house, keys, house.webhook_secret, house.open)


@pytest.fixture(scope="module")
def victim(house: House) -> Premises:
    """Whom it is about."""
    return _moved_in(house, "mer_victim")


@pytest.fixture(scope="module")
def rival(house: House) -> Premises:
    """Another merchant of the same deployment."""
    return _moved_in(house, "mer_rival")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever the functions write into their log in a test is one line each, and nobody's business."""
    with caplog.at_level(logging.INFO, logger="livehour"):
        yield
    for record in caplog.records:
        line = record.getMessage()
        assert line.isprintable(), repr(line)
        assert not GIVEN_AWAY.search(line), line
        assert not [name for name in PERSONAL if name in line], line
        assert record.exc_info is None, json.dumps(line)


# -- on the deployed stack ---------------------------------------------------------------------------


def _deployed(stack: LocalStack, front: OverHttp, name: str) -> Premises:
    seeded = merchant.seed(stack.engine.url, stack.outputs, name=name)

    def wait(campaign: str) -> None:
        deadline = time.monotonic() + 60
        asked = f"/v1/campaigns/{campaign}"
        key = [("Authorization", f"Bearer {seeded.keys[MANAGE]}")]
        while front.ask("GET", asked, headers=key).body["status"] != "live":
            assert time.monotonic() < deadline, "the show does not open"
            time.sleep(0.2)

    return Premises(front, seeded.keys, seeded.webhook_secret, wait)


@pytest.fixture(scope="session")
def over_http(stack: LocalStack) -> Iterator[OverHttp]:
    """The API of the stack."""
    with closing(OverHttp(stack.api)) as front:
        yield front


@pytest.fixture(scope="session")
def deployed(stack: LocalStack, over_http: OverHttp) -> Premises:
    """The victim, on the stack."""
    return _deployed(stack, over_http, "hostile-victim")


@pytest.fixture(scope="session")
def deployed_rival(stack: LocalStack, over_http: OverHttp) -> Premises:
    """The rival, on the stack."""
    return _deployed(stack, over_http, "hostile-rival")
