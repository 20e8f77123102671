"""A merchant, a rival, and one open show on the deployed stack; everything is asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from local.engine import merchant
from local.engine.aws import CONFIG, session
from local.engine.stack import LocalStack
from tests.journeys.shopfront import OpenShow, Shopfront, at, good, until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


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


@dataclass(frozen=True)
class LeftAlone:
    """Campaigns that nothing but the sweeper takes care of."""

    never_started: str
    stopped: str
    machines: SFNClient
    execution: str
    """ARN of the execution that was stopped."""

    def part(self, number: int) -> str | None:
        """Status of a later part of the stopped one; ``None`` if there is none."""
        try:
            told = self.machines.describe_execution(executionArn=f"{self.execution}-{number}")
        except self.machines.exceptions.ExecutionDoesNotExist:
            return None
        return told["status"]


@pytest.fixture(scope="session", autouse=True)
def left_alone(shopfront: Shopfront, stack: LocalStack) -> LeftAlone:
    """One whose schedule is lost, and one whose machine is stopped, before everything else: to be found a minute later."""
    stopped = shopfront.create(starts_at=at(3))["id"]
    good(shopfront.command(stopped, "schedule"))
    # Far enough away not to be begun at once.
    never_started = shopfront.create(starts_at=at(75))["id"]
    good(shopfront.command(never_started, "schedule"))
    scheduler = session().client("scheduler", endpoint_url=stack.engine.url, config=CONFIG)
    [schedule] = scheduler.list_schedules(NamePrefix=never_started)["Schedules"]
    scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    until(lambda: shopfront.campaign(stopped)["status"] == "live")
    machines = session().client("stepfunctions", endpoint_url=stack.engine.url, config=CONFIG)
    machine = stack.outputs["LifecycleArn"]
    execution = machine.replace(":stateMachine:", ":execution:") + f":{stopped}"
    machines.stop_execution(executionArn=execution, cause="somebody pressed the wrong button")
    return LeftAlone(never_started, stopped, machines, execution)


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
