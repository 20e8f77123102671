"""The permissions of the deployed roles, for the functions' workers to be held to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from local.engine.aws import CONFIG, lambdas, session
from local.engine.places import PROJECT
from local.engine.stack import LocalStack
from tests.permissions.sitecustomize import GRANTS


def enforcement(grants: Path) -> dict[str, str]:
    """Settings of an engine whose functions may do only what will be written to ``grants``."""
    path = os.pathsep.join([str(Path(__file__).parent), str(PROJECT)])
    return {"PYTHONPATH": path, GRANTS: str(grants)}


def write_grants(stack: LocalStack, grants: Path) -> None:
    """What each function's role allows, as it was deployed."""
    iam = session().client("iam", endpoint_url=stack.engine.url, config=CONFIG)
    found = {}
    for function in lambdas(stack.engine.url).list_functions()["Functions"]:
        role = function["Role"].rpartition("/")[2]
        found[function["FunctionName"]] = [
            (action, resource)
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
            for statement in _statements(iam.get_role_policy(RoleName=role, PolicyName=name))
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]
    grants.write_text(json.dumps(found))


def _statements(policy: Any) -> list[dict[str, Any]]:
    document = policy["PolicyDocument"]
    read = json.loads(document) if isinstance(document, str) else document
    return list(read["Statement"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
