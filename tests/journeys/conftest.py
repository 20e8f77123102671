"""A merchant, a rival, and one open show on the deployed stack; everything is asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.engine import merchant
from local.engine.stack import LocalStack
from tests.journeys.shopfront import OpenShow, Shopfront


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


@pytest.fixture(scope="session")
def rival(stack: LocalStack) -> Iterator[Shopfront]:
    """Another merchant on the same stack."""
    seeded = merchant.seed(stack.engine.url, stack.outputs, name="rival")
    with closing(Shopfront.of(stack, seeded)) as front:
        yield front


@pytest.fixture(scope="session")
def open_show(shopfront: Shopfront) -> OpenShow:
    """A show that is live for the whole run, with one reservation held and one order made, and nothing sold."""
    return OpenShow.begin(shopfront)
