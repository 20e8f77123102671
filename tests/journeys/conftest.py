"""A merchant on the deployed stack; everything is asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.engine.stack import LocalStack
from tests.journeys.shopfront import Shopfront


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def shopfront(stack: LocalStack) -> Iterator[Shopfront]:
    """The merchant of the stack, with its functions awake."""
    with closing(Shopfront.of(stack, stack.merchant)) as front:
        front.theatre.warm_up()
        yield front
