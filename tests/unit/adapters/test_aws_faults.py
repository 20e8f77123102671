"""What trouble with AWS becomes: later, or a fault of ours, and never one taken for the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from shared.adapters.dynamodb_campaigns import DynamoDBCampaigns
from shared.adapters.dynamodb_faults import store_faults
from shared.domain.errors import StoreBusy
from shared.use_cases.ports import Answered, AnsweredBefore, ChangedMeanwhile
from tests.builders import a_campaign

ANSWERED = Answered("request", "f", 200, "{}", 99)
KEPT = {
    "id": {"S": "request"},
    "fingerprint": {"S": "f"},
    "status": {"N": "200"},
    "document": {"S": "{}"},
    "expires_at": {"N": "99"},
}
NONE = {"Code": "None"}
REFUSED = {"Code": "ConditionalCheckFailed"}


@pytest.fixture
def client() -> Iterator[Any]:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


def client_error(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetItem",
    )


@pytest.mark.parametrize(
    "fault",
    [
        client_error("ProvisionedThroughputExceededException", 400),
        client_error("ThrottlingException", 400),
        client_error("RequestLimitExceeded", 400),
        client_error("TransactionConflictException", 400),
        client_error("TransactionInProgressException", 400),
        client_error("InternalServerError", 500),
        client_error("", 502),
        client_error("SomethingNew", 503),
        ReadTimeoutError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        ResponseParserError("half an answer"),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_told_as_busy(fault):
    with pytest.raises(StoreBusy) as busy, store_faults():
        raise fault
    assert busy.value.facts == {"retry_after": 1}
    assert busy.value.__cause__ is fault


@pytest.mark.parametrize(
    "fault",
    [
        client_error("ConditionalCheckFailedException", 400),
        client_error("ValidationException", 400),
        client_error("AccessDeniedException", 400),
        client_error("ResourceNotFoundException", 400),
        KeyError("Item"),
    ],
    ids=str,
)
def test_what_does_not_pass_by_itself_is_not_hidden(fault):
    with pytest.raises(type(fault)), store_faults():
        raise fault


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ([NONE, {**REFUSED, "Item": KEPT}], AnsweredBefore),
        ([REFUSED, {**REFUSED, "Item": KEPT}], AnsweredBefore),
        ([REFUSED, NONE], ChangedMeanwhile),
        ([{"Code": "TransactionConflict"}, NONE], ChangedMeanwhile),
        ([NONE, {"Code": "TransactionConflict"}], ChangedMeanwhile),
        # Without the item there is nothing to repeat yet: it is looked up again.
        ([NONE, REFUSED], ChangedMeanwhile),
        ([{"Code": "ThrottlingError"}, NONE], StoreBusy),
        ([NONE, {"Code": "ProvisionedThroughputExceeded"}], StoreBusy),
        ([{"Code": "ValidationError"}, NONE], RuntimeError),
    ],
)
def test_a_cancelled_transaction_is_explained_by_its_reasons(client, reasons, told):
    campaigns = DynamoDBCampaigns(client, "campaigns", "requests")
    with Stubber(client) as stub:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            http_status_code=400,
            modeled_fields={"CancellationReasons": reasons},
        )
        with pytest.raises(told):
            campaigns.save(a_campaign(), answered=ANSWERED, now=0)
