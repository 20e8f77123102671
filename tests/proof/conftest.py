"""What the proofs share: a client of DynamoDB Local."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.engine.dynamodb_local import DynamoDBLocal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def dynamodb(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client of it."""
    return dynamodb_local.client()
