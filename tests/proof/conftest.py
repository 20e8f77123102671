"""What the proofs share: a client of DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.engine.dynamodb_local import DynamoDBLocal
from tests.engines import running_dynamodb

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def dynamodb(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client of it."""
    return dynamodb_local.client()


@pytest.fixture(scope="module")
def own_dynamodb() -> Iterator[DynamoDBLocal]:
    """Another, with nothing else in it: the sweeper looks at every campaign that there is."""
    with running_dynamodb() as engine:
        yield engine
