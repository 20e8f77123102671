"""The stack of each stage, synthesised once. Nothing here needs a network, an account or Docker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra.template import Template

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    from aws_cdk import App

    from infra.stack import LivehourStack
    from infra.stages import STAGES

    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    app = App(
        outdir=str(tmp_path_factory.mktemp("cdk.out")),
        # No stack is bundled: the dependency layer stays as it is on this machine.
        context={**context, "aws:cdk:bundling-stacks": []},
    )
    for stage in STAGES.values():
        LivehourStack(app, f"livehour-{stage.name}", stage=stage)
    assembly = Path(app.synth().directory)
    return {
        name: Template(
            json.loads((assembly / f"livehour-{name}.template.json").read_text()), assembly
        )
        for name in STAGES
    }


@pytest.fixture(params=["local", "production"])
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture
def production(templates: dict[str, Template]) -> Template:
    return templates["production"]


@pytest.fixture
def local(templates: dict[str, Template]) -> Template:
    return templates["local"]
