from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.engine import toolchain
from local.engine.errors import ToolMissing
from local.engine.places import PROJECT


def test_our_own_node_is_found_first():
    first = toolchain.environment()["PATH"].split(os.pathsep)[0]
    assert Path(first, "node") == toolchain.node()


def test_nothing_of_a_persons_own_aws_configuration_comes_through(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://elsewhere")
    monkeypatch.setenv("CDK_HOME", "/home/somebody")
    made = toolchain.environment(**toolchain.CREDENTIALS)
    assert {name for name in made if name.startswith("AWS_")} == set(toolchain.CREDENTIALS)
    assert Path(made["CDK_HOME"]).is_relative_to(PROJECT)


def test_what_it_is_given_counts_most():
    assert toolchain.environment(PATH="here")["PATH"] == "here"


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "intranet")
    assert toolchain.environment()["NO_PROXY"] == "127.0.0.1,localhost,intranet"


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(toolchain, "NODE_MODULES", tmp_path)
    with pytest.raises(
        ToolMissing, match="DynamoDB Local is not installed here: run `make install`"
    ):
        toolchain.dynamodb_local_folder()
