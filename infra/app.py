"""The app behind ``cdk``: ``cdk synth -c stage=production``; without a stage, the local one."""

from __future__ import annotations

from aws_cdk import App

from infra.stack import LivehourStack
from infra.stages import stage_named

app = App()
stage = stage_named(app.node.try_get_context("stage") or "local")
LivehourStack(app, f"livehour-{stage.name}", stage=stage)
app.synth()
