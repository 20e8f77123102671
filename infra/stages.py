"""The stages, and everything that differs between them. The constructs read these values and know no stage by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import WarmThroughput
from aws_cdk.aws_lambda import Architecture
from aws_cdk.aws_logs import RetentionDays


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One place to deploy to."""

    name: str

    # -- functions
    architecture: Architecture
    dependency_layer: bool
    """Whether functions get their dependencies as a layer. The local engine runs them with its own packages."""
    reserved_concurrency: int | None
    """Environments of each function at most. The local engine is fastest with two (two cores, and a cold start is a
    second of one); in production the account's limit is shared, and requests are capped at the API."""
    authorizer_memory: int
    """MB. It is on the way of every request, and a function's share of a core grows with its memory."""
    start_lead_seconds: int
    """How long before its start a campaign's machine is started: the scheduler is exact to the minute."""

    stripe_api_url: str
    """Where Stripe answers. Elsewhere than in production it is a test account that does."""

    # -- data
    point_in_time_recovery: bool
    deletion_protection: bool
    removal: RemovalPolicy
    stock_warm_throughput: WarmThroughput | None
    """What the stock table takes at once. A fresh table takes 4,000 writes a second, and a show begins at full speed."""

    package_years: int | None
    """For how long closing packages are locked: nobody can delete or replace them."""

    address_days: int
    """For how long after a campaign addresses can be read. Then their key goes, and what carriers were given as files."""

    # -- API
    requests_per_second: int
    request_burst: int
    access_log: bool

    # -- being watched
    log_retention: RetentionDays
    tracing: bool
    watched: bool
    """Whether there are alarms and a dashboard."""
    archive_days: int | None
    """How long events can be replayed."""
    observer_queue: bool
    """Whether a queue gets a copy of every event, for tests and demonstrations to read."""


LOCAL: Final = Stage(
    name="local",
    architecture=Architecture.X86_64,
    dependency_layer=False,
    reserved_concurrency=2,
    authorizer_memory=128,
    start_lead_seconds=10,
    stripe_api_url="https://api.stripe.com",
    point_in_time_recovery=False,
    deletion_protection=False,
    removal=RemovalPolicy.DESTROY,
    stock_warm_throughput=None,
    package_years=None,
    address_days=90,
    requests_per_second=10_000,
    request_burst=5_000,
    access_log=False,
    log_retention=RetentionDays.ONE_DAY,
    tracing=False,
    watched=False,
    archive_days=None,
    observer_queue=True,
)

PRODUCTION: Final = Stage(
    name="production",
    architecture=Architecture.ARM_64,
    dependency_layer=True,
    reserved_concurrency=None,
    authorizer_memory=512,
    start_lead_seconds=300,
    stripe_api_url="https://api.stripe.com",
    point_in_time_recovery=True,
    deletion_protection=True,
    removal=RemovalPolicy.RETAIN,
    stock_warm_throughput=WarmThroughput(
        read_units_per_second=12_000, write_units_per_second=20_000
    ),
    package_years=3,
    address_days=90,
    # The account's quota over all its APIs: a higher number here would promise what the gateway does not give.
    requests_per_second=10_000,
    request_burst=5_000,
    access_log=True,
    log_retention=RetentionDays.THREE_MONTHS,
    tracing=True,
    watched=True,
    archive_days=90,
    observer_queue=False,
)

STAGES: Final = {stage.name: stage for stage in (LOCAL, PRODUCTION)}


def stage_named(name: str) -> Stage:
    """The stage of a name; a name that is none ends with the names there are."""
    if name not in STAGES:
        raise SystemExit(f"There is no stage {name!r}: use -c stage={' or '.join(STAGES)}.")
    return STAGES[name]
