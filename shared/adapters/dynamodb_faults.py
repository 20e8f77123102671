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
_LOST: Final = (
    ConnectionError,
    HTTPClientError,
    ResponseParserError,
    ChecksumError,
    # What botocore's parser of JSON leaves uncaught when bytes of the body were changed on their way.
    UnicodeDecodeError,
)
"""No answer, or none that can be read."""


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
        code = answer.get("Error", {}).get("Code", "")
        # A refusal whose body did not arrive whole bears its status for a code: it may have been any.
        if code in PASSING or status >= 500 or code.isdigit():
            raise StoreBusy from fault
        raise
    except _LOST as fault:
        raise StoreBusy from fault
