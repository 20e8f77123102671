"""What every test has: engines on request, no network in unit tests, Node where the CDK looks for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from local.engine.toolchain import node

pytest_plugins = ["tests.engines"]

TESTS = Path(__file__).parent

# A busy machine is no finding, and a run that failed must fail again.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_configure() -> None:
    # Before the first import of aws_cdk, which starts a Node of this name.
    os.environ["JSII_NODE"] = str(node())
    # No test may reach, or be changed by, a person's own AWS account.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]


def pytest_itemcollected(item: pytest.Item) -> None:
    # With pytest-xdist, what shares something dear stays together: all who ask for the deployed stack; else each file.
    # The mark must be there before xdist reads it, which it does as the first of those who change the list of items.
    shares_stack = "stack" in getattr(item, "fixturenames", ())
    item.add_marker(pytest.mark.xdist_group("stack" if shares_stack else item.path.stem))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What strangers send leaves many shows open, whose beats keep the deployed stack busy: after all others.
    items.sort(key=lambda item: item.path.parent.name == "hostile")
    for item in items:
        if item.path.is_relative_to(TESTS / "unit"):
            item.add_marker(pytest.mark.disable_socket)
