"""What every test has: engines on request, no network in unit tests, Node where the CDK looks for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from local.engine.toolchain import node

pytest_plugins = ["tests.engines", "tests.workers"]

TESTS = Path(__file__).parent

# A busy machine is no finding, and a run that failed must fail again.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_configure() -> None:
    # Before the first import of aws_cdk, which starts a Node of this name.
    os.environ["JSII_NODE"] = str(node())
    # And none is on a stage that takes real money.
    os.environ["STAGE"] = "local"
    # No test may reach, or be changed by, a person's own AWS account.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(TESTS / "unit"):
            item.add_marker(pytest.mark.disable_socket)
