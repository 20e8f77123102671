from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from infra.access import ACCESS
from shared.contracts.routes import ROUTES
from shared.settings import Setting
from tests.infra.template import Template

REPOSITORY = Path(__file__).parents[2]
BEHIND_THE_API = {route.function for route in ROUTES} | {"authorize"}
WAITED_FOR_AT_MOST = 29  # seconds, by the gateway


def test_every_function_in_the_template_is_named_in_the_access_table(template: Template):
    assert set(template.functions) == set(ACCESS)


@pytest.mark.parametrize("name", ACCESS)
def test_the_handler_named_in_the_template_can_be_imported(name: str, local: Template):
    module, _, attribute = local.functions[name]["Handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), attribute))


def test_every_folder_of_functions_is_deployed():
    folders = {path.parent.name for path in (REPOSITORY / "functions").glob("*/handler.py")}

    assert folders == set(ACCESS)


def test_every_function_has_a_timeout_and_those_behind_the_api_answer_before_it_gives_up(
    template: Template,
):
    assert all(properties["Timeout"] > 3 for properties in template.functions.values())
    assert all(template.functions[name]["Timeout"] < WAITED_FOR_AT_MOST for name in BEHIND_THE_API)


def test_every_function_writes_to_a_log_of_its_own_that_is_kept_for_a_stated_time(
    template: Template,
):
    logs = template.of_type("Logs::LogGroup")

    for name, properties in template.functions.items():
        log = logs[properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        assert log["LogGroupName"] == f"/aws/lambda/{properties['FunctionName']}", name
        assert log["RetentionInDays"] > 0


def test_functions_of_production_are_traced_and_run_on_arm_with_their_dependencies(
    production: Template,
):
    for properties in production.functions.values():
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["Architectures"] == ["arm64"]
        assert properties["Runtime"] == "python3.13"
        assert len(properties["Layers"]) == 1


def test_functions_of_the_local_stage_have_two_environments_and_no_layer(local: Template):
    for properties in local.functions.values():
        assert properties["ReservedConcurrentExecutions"] == 2
        assert "Layers" not in properties


def test_all_functions_share_one_code_asset(template: Template):
    assert len({json.dumps(properties["Code"]) for properties in template.functions.values()}) == 1


def test_the_code_asset_holds_what_functions_import_and_serve_and_nothing_else(local: Template):
    code = next(iter(local.functions.values()))["Code"]
    asset = local.assembly / f"asset.{code['S3Key'].removesuffix('.zip')}"
    files = {path.relative_to(asset) for path in asset.rglob("*") if path.is_file()}

    assert {path.parts[0] for path in files} <= {"functions", "shared", "docs"}
    assert {path for path in files if path.parts[0] == "docs"} <= {Path("docs/openapi.json")}
    assert not [path for path in files if "__pycache__" in path.parts]
    assert Path("shared/settings.py") in files


def test_a_function_knows_the_names_of_its_own_tables_only(template: Template):
    for name, properties in template.functions.items():
        told = {
            setting.removesuffix("_TABLE").lower()
            for setting in properties["Environment"]["Variables"]
            if setting.endswith("_TABLE")
        }
        assert told == {resource.partition("/")[0] for resource in ACCESS[name]}, name


def test_every_environment_variable_is_a_setting_that_code_can_read(template: Template):
    known = {setting.value for setting in Setting}

    for properties in template.functions.values():
        assert set(properties["Environment"]["Variables"]) <= known
