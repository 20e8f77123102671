"""Two merchants twice: in a deployment that is in this process, and on the deployed stack."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from local.engine import merchant
from local.engine.aws import dynamodb
from local.engine.stack import LocalStack
from shared import table
from shared.contracts.routes import MANAGE, READ, SELL
from tests.engines import deployed_stack
from tests.hostile.front import GIVEN_AWAY, PERSONAL, OverHttp
from tests.hostile.house import House
from tests.hostile.place import Place
from tests.hostile.premises import REFUNDED, Premises
from tests.hostile.tally import tally

HERE = Path(__file__).parent
KEPT_APART = ("campaigns", "requests", "stock", "buyers", "orders", "payments", "waitlists")
"""Tables in which a stranger's request may leave nothing."""
SCOPES = (MANAGE, SELL, READ)


# -- in this process -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A deployment of this module's own."""
    built = House()
    with built.entered():
        yield built


def _moved_in(house: House, name: str) -> Premises:
    keys = {scope: f"lh_{scope}_{name}-{scope[::-1]}-and-random-letters" for scope in SCOPES}
    for scope, key in keys.items():
        house.admit(key, name, scope)
    keys["revoked"] = f"lh_manage_{name}-and-a-key-that-was-stolen"
    house.admit(keys["revoked"], name, MANAGE, revoked=True)
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


# -- on a deployed stack -----------------------------------------------------------------------------


_OPEN = ExitStack()
"""What is closed when the last of the strangers has gone: what they leave open would keep both cores busy."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> LocalStack:
    """Not the one that others share."""
    return _OPEN.enter_context(deployed_stack(tmp_path_factory.mktemp("hostile")))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or not nextitem.path.is_relative_to(HERE):
        _OPEN.close()


def _deployed(stack: LocalStack, front: OverHttp, name: str) -> Premises:
    seeded = merchant.seed(stack.engine.url, stack.outputs, name=name)

    def open_show(campaign: str) -> None:
        asked = f"/v1/campaigns/{campaign}"
        key = [("Authorization", f"Bearer {seeded.keys[MANAGE]}")]
        _wait(
            "the show opens", lambda: front.ask("GET", asked, headers=key).body["status"] == "live"
        )

    keys = {**seeded.keys, "revoked": f"lh_manage_{secrets.token_urlsafe(24)}"}
    dynamodb(stack.engine.url).put_item(
        TableName=stack.outputs["KeysTable"],
        Item={
            table.KEY_HASH: {"S": sha256(keys["revoked"].encode()).hexdigest()},
            table.MERCHANT: {"S": name},
            "scope": {"S": MANAGE},
            "revoked": {"BOOL": True},
        },
    )
    premises = Premises(front, keys, seeded.webhook_secret, open_show)
    _wait("the refund is booked", lambda: _is_at_rest(stack, premises))
    return premises


def _wait(what: str, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline, f"not in a minute: {what}"
        time.sleep(0.2)


def _is_at_rest(stack: LocalStack, owner: Premises) -> bool:
    """Whether its refund is booked, and in the totals: from then on, all that moves is moved by the tests."""
    totals = owner.ask("GET", f"/v1/campaigns/{owner.show}/totals", key=READ).body
    under_way = any(
        f'"{table.UNFINISHED}"' in item for item in _belongings(stack, owner, ["orders"])
    )
    return totals["refunded"] == REFUNDED and not under_way


@pytest.fixture(scope="module")
def deployed_playground(stack: LocalStack, over_http: OverHttp) -> Premises:
    """A merchant whose things may be changed at will."""
    return _deployed(stack, over_http, "hostile-playground")


def _belongings(stack: LocalStack, owner: Premises, roles: Iterable[str] = KEPT_APART) -> list[str]:
    """
    Every item about a merchant's show and draft, but for the board, which is renewed for who looks at the show, and for what
    goes on in the draft's rehearsal by itself.
    """
    client = dynamodb(stack.engine.url)
    names = [table.short(owner.show), table.short(owner.draft)]
    items: list[str] = []
    for role in roles:
        pages = client.get_paginator("scan").paginate(
            TableName=stack.outputs[f"{role.title()}Table"]
        )
        written = [
            json.dumps(item, sort_keys=True, default=str)
            for page in pages
            for item in page["Items"]
        ]
        items += [
            item
            for item in written
            if any(name in item for name in names)
            and f"#{table.BOARD}" not in item
            and table.CAMPAIGN_PREFIX + table.REHEARSED not in item
        ]
    return sorted(items)


@pytest.fixture(scope="session")
def over_http(stack: LocalStack) -> Iterator[OverHttp]:
    """The API of the stack."""
    with closing(OverHttp(stack.api)) as front:
        yield front


@pytest.fixture(scope="module")
def deployed(stack: LocalStack, over_http: OverHttp, request: pytest.FixtureRequest) -> Premises:
    """The victim of a module, on the stack: what another has set going there is not this one's."""
    return _deployed(stack, over_http, f"hostile-victim-{request.path.stem}")


@pytest.fixture(scope="module")
def deployed_rival(
    stack: LocalStack, over_http: OverHttp, request: pytest.FixtureRequest
) -> Premises:
    """The rival, on the stack."""
    return _deployed(stack, over_http, f"hostile-rival-{request.path.stem}")


# -- either ------------------------------------------------------------------------------------------


@pytest.fixture(params=["in process", pytest.param("over HTTP", marks=pytest.mark.stack)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """One after the other."""
    found = (_here if request.param == "in process" else _there)(request.getfixturevalue)
    yield found
    test = request.node
    tally(
        test.path.stem.removeprefix("test_"),
        f"{test.originalname}, {found.name}",
        {"requests": found.asked},
    )


def _here(get: Callable[[str], Any]) -> Place:
    house: House = get("house")
    return Place("in process", get("victim"), get("rival"), lambda: len(house.writes), often=True)


def _there(get: Callable[[str], Any]) -> Place:
    stack, owner = get("stack"), get("deployed")
    return Place(
        "over HTTP", owner, get("deployed_rival"), lambda: _belongings(stack, owner), often=False
    )
