"""Engines for tests: each started once a run (with xdist, once a worker) on a free port, and stopped by its id."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.engine.browser import launch_options
from local.engine.dynamodb_local import DynamoDBLocal, make_tables
from local.engine.stack import LocalStack


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocal]:
    """DynamoDB Local with every table, under the name of its role. Tests keep apart by campaigns of their own."""
    engine = DynamoDBLocal.start()
    try:
        make_tables(engine.client())
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """The local stage, deployed into a MiniStack of this run's own, with one merchant."""
    running = LocalStack.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**launch_options())
        yield running
        running.close()
