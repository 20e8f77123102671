"""
The environment variables of the functions: their names exist here and nowhere else.

``infra`` writes them (``environment={Setting.STOCK_TABLE: table.table_name}``), ``wiring`` reads them. A function gets only
those that it uses; reading one that is not set fails by name instead of working on with a default.
"""

from __future__ import annotations

import os
from enum import StrEnum


class Setting(StrEnum):
    """Name of an environment variable."""

    STAGE = "STAGE"

    CAMPAIGNS_TABLE = "CAMPAIGNS_TABLE"
    REQUESTS_TABLE = "REQUESTS_TABLE"
    STOCK_TABLE = "STOCK_TABLE"
    OVERFLOW_TABLE = "OVERFLOW_TABLE"
    BUYERS_TABLE = "BUYERS_TABLE"
    WAITLISTS_TABLE = "WAITLISTS_TABLE"
    ORDERS_TABLE = "ORDERS_TABLE"
    PAYMENTS_TABLE = "PAYMENTS_TABLE"
    TOTALS_TABLE = "TOTALS_TABLE"
    KEYS_TABLE = "KEYS_TABLE"
    ADDRESSES_TABLE = "ADDRESSES_TABLE"
    REHEARSALS_TABLE = "REHEARSALS_TABLE"
    LOG_TABLE = "LOG_TABLE"

    LIFECYCLE_ARN = "LIFECYCLE_ARN"
    REFUNDS_ARN = "REFUNDS_ARN"
    REHEARSALS_ARN = "REHEARSALS_ARN"
    ARRANGE_FUNCTION_ARN = "ARRANGE_FUNCTION_ARN"
    SCHEDULE_GROUP = "SCHEDULE_GROUP"
    SCHEDULE_ROLE_ARN = "SCHEDULE_ROLE_ARN"
    SCHEDULE_TARGET_ARN = "SCHEDULE_TARGET_ARN"
    SCHEDULE_DLQ_ARN = "SCHEDULE_DLQ_ARN"
    START_LEAD_SECONDS = "START_LEAD_SECONDS"
    BUS_NAME = "BUS_NAME"
    PACKAGES_BUCKET = "PACKAGES_BUCKET"
    SIGNING_KEY_ARN = "SIGNING_KEY_ARN"
    ADDRESS_KEY_ARN = "ADDRESS_KEY_ARN"
    ADDRESS_DAYS = "ADDRESS_DAYS"
    PARCELS_BUCKET = "PARCELS_BUCKET"
    PAYMENT_SECRET_ARN = "PAYMENT_SECRET_ARN"  # noqa: S105 - where a secret is, not what it is
    STRIPE_SECRET_ARN = "STRIPE_SECRET_ARN"  # noqa: S105 - the same
    STRIPE_API_URL = "STRIPE_API_URL"


class SettingMissing(RuntimeError):
    """A function was deployed without an environment variable that it needs."""


def setting(name: Setting) -> str:
    """The value of an environment variable; ``SettingMissing`` names it when it is absent or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(f"the environment variable {name.value} is not set")
    return value
