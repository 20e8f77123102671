"""The guard that holds the functions of the local engine to their roles: it must refuse, or it would prove nothing."""

from __future__ import annotations

import json
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.stub import Stubber

from tests.permissions import sitecustomize

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/stock"
KEY = {"k": {"S": "block"}}


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """A client of a function that may read stock, and do nothing else."""
    grants = tmp_path / "grants.json"
    grants.write_text(json.dumps({"reserve": [["dynamodb:GetItem", TABLE]]}))
    monkeypatch.setenv(sitecustomize.GRANTS, str(grants))
    monkeypatch.setenv(sitecustomize.FUNCTION, "reserve")
    base: Any = botocore.client.BaseClient
    monkeypatch.setattr(base, "_make_api_call", base._make_api_call)
    sitecustomize.granted.cache_clear()
    sitecustomize.guard(botocore.client)
    client = boto3.client(
        "dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    yield client
    sitecustomize.granted.cache_clear()


def test_a_call_that_the_role_allows_is_made(guarded):
    with Stubber(guarded) as store:
        store.add_response("get_item", {"Item": KEY})

        assert guarded.get_item(TableName="stock", Key=KEY)["Item"] == KEY


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("delete_item", {"TableName": "stock", "Key": KEY}),
        ("get_item", {"TableName": "orders", "Key": KEY}),
        ("batch_get_item", {"RequestItems": {"stock": {"Keys": [KEY]}}}),
        ("query", {"TableName": "stock", "IndexName": "by_merchant"}),
        ("transact_write_items", {"TransactItems": [{"Put": {"TableName": "stock", "Item": KEY}}]}),
        ("list_tables", {"ExclusiveStartTableName": "stock"}),
    ],
)
def test_a_call_that_it_does_not_allow_is_refused_as_on_aws(operation, call, guarded):
    with pytest.raises(guarded.exceptions.ClientError, match="not authorized") as refused:
        getattr(guarded, operation)(**call)

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
