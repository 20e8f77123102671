"""Engines for tests: each started once a run (with xdist, once a worker) on a free port, and stopped by its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.config import Config
from playwright.sync_api import Browser, sync_playwright

from local.engine.browser import launch_options
from local.engine.dynamodb_local import DynamoDBLocal, make_tables
from local.engine.stack import LocalStack
from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys, Objects
from shared import table, wiring
from shared.adapters.file_carrier import FileCarrier
from shared.settings import Setting
from tests.permissions.roles import enforcement, write_grants

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@contextmanager
def running_dynamodb() -> Iterator[DynamoDBLocal]:
    """A DynamoDB Local with every table, under the name of its role, and nothing in them."""
    engine = DynamoDBLocal.start()
    try:
        make_tables(engine.client())
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocal]:
    """The one that tests share. They keep apart by campaigns of their own."""
    with running_dynamodb() as engine:
        yield engine


@pytest.fixture(scope="session")
def dynamodb(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client of it, for many threads at once."""
    return dynamodb_local.client(Config(max_pool_connections=80))


@pytest.fixture
def wired(dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions' own clients and adapters, on DynamoDB Local."""
    settings: dict[str, str] = {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_local.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        Setting.STAGE: "local",
        Setting.ADDRESS_KEY_ARN: "key",
        Setting.ADDRESS_DAYS: "90",
        Setting.PARCELS_BUCKET: "parcels",
        **{Setting[f"{role.upper()}_TABLE"]: role for role in table.TABLES},
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    keys = Client("kms", Keys().serve, QuietLine())
    files = FileCarrier(cast(Any, Client("s3", Objects().serve, QuietLine())), "parcels")
    monkeypatch.setattr(wiring, "key_keeper", lambda: keys)
    monkeypatch.setattr(wiring, "parcel_files", lambda: files)
    _forget()
    yield
    _forget()


def _forget() -> None:
    """What wiring has made belongs to the environment it was made in."""
    for made in vars(wiring).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@contextmanager
def deployed_stack(folder: Path) -> Iterator[LocalStack]:
    """
    The local stage, deployed into a MiniStack of its own, with one merchant.

    Its functions may do what their roles allow, and are refused everything else, as on AWS.
    """
    grants = folder / "grants.json"
    running = LocalStack.start(settings=enforcement(grants))
    try:
        write_grants(running, grants)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The deployed stack that the tests of a run share."""
    with deployed_stack(tmp_path_factory.mktemp("permissions")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**launch_options())
        yield running
        running.close()
