"""What the proofs share: a client of DynamoDB Local, and the probes of the engines before everything that rests on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.engine.dynamodb_local import DynamoDBLocal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROBES = Path(__file__).parent / "test_engines.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A later version of an engine must not quietly weaken whatever is proven on it.
    items.sort(key=lambda item: item.path != PROBES)


@pytest.fixture(scope="session")
def dynamodb(dynamodb_local: DynamoDBLocal) -> DynamoDBClient:
    """A client of it."""
    return dynamodb_local.client()
