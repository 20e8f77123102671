"""Refuses, inside the local engine's functions, every AWS call that the function's role does not allow.

Python imports this when a worker starts, since its folder is on the workers' ``PYTHONPATH``. The engine itself does not
check permissions, and on AWS a missing one is found by the first show. Like Lambda's own sandbox, it is no part of the code.
"""

from __future__ import annotations

import fnmatch
import importlib.abc
import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

GRANTS = "LIVEHOUR_GRANTS"
"""Environment variable: a file of ``{function: [[action, resource], ...]}``, written once the stack is deployed."""
FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"
PLACE = "us-east-1:000000000000"


def needed(service: str, operation: str, call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a call needs to be allowed: pairs of an action and a resource."""
    if service == "dynamodb":
        yield from _needed_of_tables(operation, call)
    elif operation == "PutEvents":
        for entry in call["Entries"]:
            yield "events:PutEvents", f"arn:aws:events:{PLACE}:event-bus/{entry['EventBusName']}"
    elif service == "scheduler":
        schedule = f"{call['GroupName']}/{call['Name']}"
        yield f"scheduler:{operation}", f"arn:aws:scheduler:{PLACE}:schedule/{schedule}"
    elif operation == "StartExecution":
        yield "states:StartExecution", call["stateMachineArn"]
    elif operation == "DescribeExecution":
        yield "states:DescribeExecution", call["executionArn"]
    elif service == "s3":
        yield f"s3:{operation}", f"arn:aws:s3:::{call['Bucket']}/{call['Key']}"
    elif service == "kms":
        yield f"kms:{operation}", call["KeyId"]
    elif operation == "GetSecretValue":
        yield "secretsmanager:GetSecretValue", call["SecretId"]
    else:
        # What nobody has thought of is not allowed.
        yield f"{service}:{operation}", "?"


def _needed_of_tables(operation: str, call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "TransactWriteItems":
        for part in call["TransactItems"]:
            ((kind, item),) = part.items()
            yield f"dynamodb:{kind}Item", _table(item["TableName"])
    elif operation == "BatchGetItem":
        for name in call["RequestItems"]:
            yield "dynamodb:BatchGetItem", _table(name)
    else:
        index = f"/index/{call['IndexName']}" if "IndexName" in call else ""
        yield f"dynamodb:{operation}", _table(call.get("TableName", "?")) + index


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{PLACE}:table/{name}"


@cache
def granted() -> list[tuple[str, str]]:
    """What the role of this function allows."""
    grants = json.loads(Path(os.environ[GRANTS]).read_text())
    return [(action, resource) for action, resource in grants[os.environ[FUNCTION]]]


def guard(client: ModuleType) -> None:
    """Let botocore's clients ask for permission before each call."""
    make_call = client.BaseClient._make_api_call

    def ask_first(self: Any, operation: str, call: Mapping[str, Any]) -> Any:
        for action, resource in needed(self.meta.service_model.service_name, operation, call):
            if not any(
                action == allowed and fnmatch.fnmatchcase(resource, on) for allowed, on in granted()
            ):
                said = f"{os.environ[FUNCTION]} is not authorized to perform {action} on {resource}"
                error = {"Code": "AccessDeniedException", "Message": said}
                raise client.ClientError({"Error": error}, operation)
        return make_call(self, operation, call)

    client.BaseClient._make_api_call = ask_first


class GuardedClients(importlib.abc.MetaPathFinder):
    """Guards ``botocore.client`` when, and if, a function imports it."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> Any:
        if name != "botocore.client":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_guard(module: ModuleType) -> None:
                execute(module)
                guard(module)

            spec.loader.exec_module = execute_and_guard  # type: ignore[method-assign]
        return spec


if os.environ.get(FUNCTION) and os.environ.get(GRANTS):
    sys.meta_path.insert(0, GuardedClients())
