"""
The one place where trouble between AWS and us becomes ``StoreBusy``: repeat it later. And where a transaction says why it
was not done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
)
from botocore.parsers import ResponseParserError

from shared.domain.errors import StoreBusy
from shared.use_cases.ports import ChangedMeanwhile

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


def refused_parts(cancelled: ClientError) -> list[Mapping[str, Any] | None]:
    """
    Why a transaction was cancelled: of each part, the item that did not fulfil its condition (empty, if there is none or it
    was not asked for), or ``None`` if that was fulfilled. At least one was not.

    Else ``ChangedMeanwhile``: another transaction was at one of the items; or ``StoreBusy``.
    """
    # boto3's types know nothing of what stands beside the error.
    answer = cast(Mapping[str, Any], cancelled.response)
    reasons: list[Mapping[str, Any]] = answer.get("CancellationReasons", [])
    codes = [str(reason.get("Code")) for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        return [
            reason.get("Item", {}) if code == "ConditionalCheckFailed" else None
            for code, reason in zip(codes, reasons, strict=True)
        ]
    if "TransactionConflict" in codes:
        raise ChangedMeanwhile from None
    if {"ThrottlingError", "ProvisionedThroughputExceeded"}.intersection(codes):
        raise StoreBusy from None
    raise RuntimeError(f"the transaction was cancelled: {codes}")
