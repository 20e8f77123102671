"""DynamoDB Local: AWS's own, in memory, for what needs its exact semantics (races, crash points, capacity units)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.engine.places import LOGS
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process
from local.engine.toolchain import CREDENTIALS, REGION, dynamodb_local_folder, environment, java
from shared import table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDBLocal:
    """A running DynamoDB Local; ``url`` is its endpoint."""

    port: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @classmethod
    def start(cls) -> DynamoDBLocal:
        """Start one on a free port, and wait until it answers."""
        port = free_port()
        log = LOGS / f"dynamodb-local-{port}.log"
        folder = dynamodb_local_folder()
        command = [str(java()), "-Xmx512m", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}"]
        command += ["-jar", str(folder / "DynamoDBLocal.jar"), "-inMemory", "-sharedDb", "-port", str(port)]
        process = Process.start(command, log=log, env=environment(), cwd=folder)
        wait_until(lambda: listens(port), process=process, what="DynamoDB Local", log=log)
        return cls(port=port, process=process)

    def stop(self) -> None:
        """Stop it: everything in it is gone."""
        self.process.stop()

    def client(self) -> DynamoDBClient:
        """A client of it, for many threads at once."""
        client: DynamoDBClient = boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(max_pool_connections=80),
        )
        return client


def make_tables(client: DynamoDBClient) -> None:
    """Every table of ``shared.table``, named by its role."""
    for role, spec in table.TABLES.items():
        indexes = table.INDEXES.get(role, {})
        keys = {spec.key, *([spec.sort] if spec.sort else []), *(name for pair in indexes.values() for name in pair)}
        request: dict[str, Any] = {
            "TableName": role,
            "KeySchema": _schema(spec.key, spec.sort),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "N" if name in table.NUMBERS else "S"}
                for name in sorted(keys)
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
        if indexes:
            request["GlobalSecondaryIndexes"] = [
                {"IndexName": name, "KeySchema": _schema(*pair), "Projection": {"ProjectionType": "ALL"}}
                for name, pair in indexes.items()
            ]
        if spec.stream:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": spec.stream}
        client.create_table(**request)
        while client.describe_table(TableName=role)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.05)


def _schema(key: str, sort: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": key, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": sort, "KeyType": "RANGE"}] if sort else schema
