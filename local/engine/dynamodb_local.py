"""DynamoDB Local: AWS's own, in memory, where conditions and counters behave as in production.

For the tests of races and crashes, and for the bench: it reports the units that each call consumes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from local.engine.aws import CONFIG, dynamodb
from local.engine.places import LOGS
from local.engine.ports import HOST, free_port, listens, wait_until
from local.engine.processes import Process
from local.engine.toolchain import dynamodb_local_folder, environment, java
from shared import table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        CreateTableInputTypeDef,
        KeySchemaElementTypeDef,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDBLocal:
    """A running DynamoDB Local."""

    port: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @classmethod
    def start(cls, port: int | None = None) -> DynamoDBLocal:
        """Start one on ``port`` (``PortInUse`` if it is taken) or on a free one, and wait for it."""
        chosen = free_port(port, strict=True)
        folder, log = dynamodb_local_folder(), LOGS / f"dynamodb-local-{chosen}.log"
        process = Process.start(
            [
                str(java()),
                # Content with two cores, and silent about its own native library.
                *("-XX:+UseSerialGC", "-Xmx512m", "--enable-native-access=ALL-UNNAMED"),
                f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}",
                *("-jar", str(folder / "DynamoDBLocal.jar")),
                *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(chosen)),
            ],
            log=log,
            env=environment(),
            cwd=folder,
        )
        wait_until(lambda: listens(chosen), process=process, what="DynamoDB Local", log=log)
        return cls(port=chosen, process=process)

    def client(self, config: Config = CONFIG) -> DynamoDBClient:
        """A client of it."""
        return dynamodb(self.url, config)

    def stop(self) -> None:
        """Stop it: all that is in it is gone."""
        self.process.stop()


def make_tables(
    client: DynamoDBClient, roles: Iterable[str] = table.TABLES, *, prefix: str = ""
) -> None:
    """Make the tables of ``shared.table`` under the names of their roles."""
    for role in roles:
        client.create_table(**_shape(role, prefix))


def _shape(role: str, prefix: str) -> CreateTableInputTypeDef:
    spec, indexes = table.TABLES[role], table.INDEXES.get(role, {})
    pairs = [(spec.key, spec.sort), *((index.key, index.sort) for index in indexes.values())]
    shape: CreateTableInputTypeDef = {
        "TableName": f"{prefix}{role}",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _key_schema(spec.key, spec.sort),
        "AttributeDefinitions": [
            _definition(name) for name in sorted({name for pair in pairs for name in pair if name})
        ],
    }
    if indexes:
        shape["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": _key_schema(index.key, index.sort),
                "Projection": {"ProjectionType": "ALL" if index.whole else "KEYS_ONLY"},
            }
            for name, index in indexes.items()
        ]
    if spec.stream:
        shape["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": "NEW_IMAGE" if spec.stream == "NEW_IMAGE" else "NEW_AND_OLD_IMAGES",
        }
    return shape


def _key_schema(key: str, sort: str | None) -> list[KeySchemaElementTypeDef]:
    schema: list[KeySchemaElementTypeDef] = [{"AttributeName": key, "KeyType": "HASH"}]
    if sort:
        schema.append({"AttributeName": sort, "KeyType": "RANGE"})
    return schema


def _definition(name: str) -> AttributeDefinitionTypeDef:
    return {"AttributeName": name, "AttributeType": "N" if name in table.NUMBERS else "S"}
