"""
The engines that everything else is proven on: do they still behave as DynamoDB does? First in every run.

Emulators have been wrong in exactly these places (tokens ignored, check-then-act, one reason of many), and a later version
must not weaken what rests on it without anybody noticing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError

from local.engine.aws import dynamodb as client_of
from local.engine.aws import session
from local.engine.dynamodb_local import DynamoDBLocal
from local.engine.ministack import MiniStack

Answer = TypeVar("Answer")
THREADS = 32


class Probe:
    """One table of an engine, with a string key and a stream."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client: Any = client_of(url)
        self.table = f"probe-{uuid.uuid4().hex[:8]}"
        self.client.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )

    def put(self, key: str, **numbers: int) -> None:
        item = {"k": {"S": key}, **{name: {"N": str(value)} for name, value in numbers.items()}}
        self.client.put_item(TableName=self.table, Item=item)

    def number(self, key: str, name: str = "n") -> int:
        found = self.client.get_item(
            TableName=self.table, Key={"k": {"S": key}}, ConsistentRead=True
        )
        return int(found["Item"][name]["N"]) if "Item" in found else 0

    def take(self, key: str, **more: Any) -> dict[str, Any]:
        """One unit less, if there is one."""
        return {
            "TableName": self.table,
            "Key": {"k": {"S": key}},
            "UpdateExpression": "SET #n = #n - :one",
            "ConditionExpression": "#n >= :one",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            **more,
        }

    def make(self, key: str, **more: Any) -> dict[str, Any]:
        """A new item, unless it is there."""
        return {
            "TableName": self.table,
            "Item": {"k": {"S": key}},
            "ConditionExpression": "attribute_not_exists(#k)",
            "ExpressionAttributeNames": {"#k": "k"},
            **more,
        }

    def add(self, key: str, by: int = 1) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": {"k": {"S": key}},
            "UpdateExpression": "ADD #n :by",
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":by": {"N": str(by)}},
        }


@pytest.fixture(scope="module")
def ministack() -> Iterator[MiniStack]:
    engine = MiniStack.start()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="module", params=["DynamoDB Local", "MiniStack"])
def probe(request: pytest.FixtureRequest) -> Probe:
    fixture = {"DynamoDB Local": "dynamodb_local", "MiniStack": "ministack"}[request.param]
    engine: DynamoDBLocal | MiniStack = request.getfixturevalue(fixture)
    return Probe(engine.url)


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer | str]:
    """All calls in one instant; a refusal as its code."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer | str:
        barrier.wait()
        try:
            return call()
        except ClientError as fault:
            return fault.response["Error"]["Code"]

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as fault:
        call()
    return str(fault.value.response["Error"]["Code"])


def test_units_taken_on_a_condition_are_conserved(probe: Probe) -> None:
    for stock in range(4):
        probe.put(f"stock {stock}", n=10)
        take = probe.take(f"stock {stock}")
        answers = at_once([lambda take=take: probe.client.update_item(**take)] * THREADS)  # type: ignore[misc]
        refused = answers.count("ConditionalCheckFailedException")
        assert (len(answers) - refused, refused) == (10, THREADS - 10)
        assert probe.number(f"stock {stock}") == 0


def test_of_many_who_make_one_item_one_does(probe: Probe) -> None:
    for place in range(4):
        make = probe.make(f"made {place}")
        answers = at_once([lambda make=make: probe.client.put_item(**make)] * THREADS)  # type: ignore[misc]
        assert answers.count("ConditionalCheckFailedException") == THREADS - 1


def test_a_transaction_is_whole_or_not_at_all(probe: Probe) -> None:
    for race in range(3):
        probe.put(f"sum {race}", n=10)

        def hold(number: int, race: int = race) -> str:
            key = f"hold {race} {number}"
            actions = [{"Update": probe.take(f"sum {race}")}, {"Put": probe.make(key)}]
            # A conflict says nothing was done: again, until there is a definite answer.
            while True:
                try:
                    probe.client.transact_write_items(TransactItems=actions)
                except probe.client.exceptions.TransactionCanceledException as cancelled:
                    codes = {reason["Code"] for reason in cancelled.response["CancellationReasons"]}
                    if "TransactionConflict" in codes:
                        continue
                    return "refused"
                return key

        answers = at_once([lambda number=number: hold(number) for number in range(THREADS)])  # type: ignore[misc]
        held = [key for key in answers if key != "refused"]
        there = [
            key
            for key in held
            if "Item"
            in probe.client.get_item(
                TableName=probe.table, Key={"k": {"S": key}}, ConsistentRead=True
            )
        ]
        assert len(held) == len(there) == 10
        assert probe.number(f"sum {race}") == 0


def test_a_transaction_repeated_under_its_token_is_done_once(probe: Probe) -> None:
    for _ in range(20):
        token = uuid.uuid4().hex
        for _ in range(2):
            probe.client.transact_write_items(
                TransactItems=[{"Update": probe.add("repeated")}], ClientRequestToken=token
            )
    assert probe.number("repeated") == 20


def test_a_token_belongs_to_one_transaction(probe: Probe) -> None:
    token = uuid.uuid4().hex
    probe.client.transact_write_items(
        TransactItems=[{"Update": probe.add("token")}], ClientRequestToken=token
    )
    code = code_of(
        lambda: probe.client.transact_write_items(
            TransactItems=[{"Update": probe.add("token", 2)}], ClientRequestToken=token
        )
    )
    assert code == "IdempotentParameterMismatchException"
    assert probe.number("token") == 1


def test_every_reason_of_a_cancelled_transaction_is_told_with_what_stood_there(
    probe: Probe,
) -> None:
    probe.put("empty", n=0)
    probe.put("there", n=7)
    told = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(probe.client.exceptions.TransactionCanceledException) as cancelled:
        probe.client.transact_write_items(
            TransactItems=[
                {"Update": probe.take("empty", **told)},
                {"Update": probe.add("bystander")},
                {"Put": probe.make("there", **told)},
            ]
        )
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == [
        "ConditionalCheckFailed",
        "None",
        "ConditionalCheckFailed",
    ]
    assert [reasons[place]["Item"]["n"] for place in (0, 2)] == [{"N": "0"}, {"N": "7"}]
    assert probe.number("bystander") == 0


def test_a_refused_condition_shows_the_item(probe: Probe) -> None:
    probe.put("shown", n=0)
    with pytest.raises(probe.client.exceptions.ConditionalCheckFailedException) as refused:
        probe.client.update_item(
            **probe.take("shown", ReturnValuesOnConditionCheckFailure="ALL_OLD")
        )
    assert refused.value.response["Item"] == {"k": {"S": "shown"}, "n": {"N": "0"}}


def test_what_dynamodb_refuses_is_refused(probe: Probe) -> None:
    add = {"Update": probe.add("twice")}
    client, table = probe.client, probe.table
    for call in (
        lambda: client.transact_write_items(TransactItems=[add, add]),
        lambda: client.put_item(TableName=table, Item={"k": {"S": "39"}, "n": {"N": "1" * 39}}),
        lambda: client.put_item(TableName=table, Item={"k": {"S": "x"}, "b": {"S": "x" * 410_000}}),
        lambda: client.put_item(TableName=table, Item={"k": {"S": ""}}),
    ):
        assert code_of(call) == "ValidationException"
    assert probe.number("twice") == 0


def test_whatever_unicode_is_in_a_key_is_kept(probe: Probe) -> None:
    for key in ("nul \0", "family \U0001f468‍\U0001f469‍\U0001f467"):
        probe.put(key, n=3)
        assert probe.number(key) == 3


def test_an_items_changes_come_through_the_stream_in_order(probe: Probe) -> None:
    for count in range(1, 8):
        probe.put("streamed", n=count)
    probe.client.transact_write_items(
        TransactItems=[{"Update": probe.add("streamed")}, {"Put": probe.make("beside it")}]
    )
    told = [
        (record["dynamodb"].get("NewImage") or {}).get("n", {}).get("N")
        for record in read_stream(probe)
        if record["dynamodb"]["Keys"]["k"]["S"] == "streamed"
    ]
    assert told == [str(count) for count in range(1, 9)]
    assert "beside it" in {record["dynamodb"]["Keys"]["k"]["S"] for record in read_stream(probe)}


def read_stream(probe: Probe) -> list[dict[str, Any]]:
    streams: Any = session().client("dynamodbstreams", endpoint_url=probe.url)
    arn = probe.client.describe_table(TableName=probe.table)["Table"]["LatestStreamArn"]
    found: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        at = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while at:
            page = streams.get_records(ShardIterator=at)
            found += page["Records"]
            at = page.get("NextShardIterator") if page["Records"] else None
    return found
