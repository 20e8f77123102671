"""The one place where trouble between AWS and us becomes ``StoreBusy``: repeat it later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
)
from botocore.parsers import ResponseParserError

from shared.domain.errors import StoreBusy

PASSING: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Error codes that say nothing about the request."""


@contextmanager
def store_faults() -> Iterator[None]:
    """
    Throttles, failures of the service and lost or mangled answers as ``StoreBusy``.

    After it nothing is known of a write: repeat it as it was. A refused condition, and everything
    that is a fault of ours, passes through.
    """
    try:
        yield
    except ClientError as fault:
        answer = fault.response
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if answer.get("Error", {}).get("Code") in PASSING or status >= 500:
            raise StoreBusy from fault
        raise
    except (ConnectionError, HTTPClientError, ResponseParserError, ChecksumError) as fault:
        raise StoreBusy from fault
