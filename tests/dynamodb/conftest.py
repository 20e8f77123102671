"""DynamoDB Local, once a run, with every table; the functions' wiring points at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.engine.dynamodb_local import DynamoDBLocal, make_tables
from shared import table, wiring
from shared.settings import Setting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocal]:
    """The engine. Tests keep apart by campaigns of their own."""
    engine = DynamoDBLocal.start()
    try:
        make_tables(engine.client())
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def dynamodb(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client of it."""
    return dynamodb_local.client()


@pytest.fixture
def wired(dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions' own clients and adapters, on DynamoDB Local."""
    settings = {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_local.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        Setting.STAGE: "local",
        **{Setting[f"{role.upper()}_TABLE"]: role for role in table.TABLES},
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield
    _forget()


def _forget() -> None:
    """What wiring has made belongs to the environment it was made in."""
    for made in vars(wiring).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()
