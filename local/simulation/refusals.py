"""Errors as boto3 raises them, of the classes that its clients know."""

from __future__ import annotations

from functools import cache
from typing import Any

from boto3.session import Session
from botocore.exceptions import ClientError


@cache
def exceptions(service: str) -> Any:
    """The exception classes of a service's client."""
    # Credentials are asked for, and never used.
    made_up: Any = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    session: Any = Session(region_name="us-east-1", **made_up)
    return session.client(service).exceptions


def refuse(
    operation: str,
    code: str,
    message: str,
    *,
    service: str = "dynamodb",
    status: int = 400,
    **facts: Any,
) -> ClientError:
    """The error of an answer with this code."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **facts,
    }
    kind: type[ClientError] = getattr(exceptions(service), code, ClientError)
    return kind(answer, operation)


def refused_condition() -> type[ClientError]:
    """DynamoDB's refusal of a condition."""
    kind: type[ClientError] = exceptions("dynamodb").ConditionalCheckFailedException
    return kind
