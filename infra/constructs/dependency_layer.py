"""The packages beside our code, for the functions' own processor and Python, from ``requirements-lambda.lock``."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from aws_cdk import Annotations, CfnRule, CfnRuleAssertion, Fn, Stack
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime
from constructs import Construct
from uv import find_uv_bin

LOCK: Final = Path(__file__).parents[2] / "requirements-lambda.lock"
BUILD: Final = LOCK.parent / "build" / "layers"
PYTHON_VERSION: Final = "3.13"


class DependencyLayer(Construct):
    """A layer built once for each lock file, without Docker, and kept under ``build/``.

    A stack can be synthesised where no package registry answers: its layer is then empty, and the template carries a rule
    by which CloudFormation refuses to deploy it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, architecture: Architecture, runtime: Runtime
    ) -> None:
        super().__init__(scope, construct_id)
        digest = hashlib.sha256(LOCK.read_bytes() + architecture.name.encode()).hexdigest()
        folder = BUILD / digest[:16]
        wanted = Stack.of(self).bundling_required
        if not folder.exists() and not (wanted and _build(folder, architecture)):
            folder, digest = BUILD / "empty", "0" * 64
            folder.mkdir(parents=True, exist_ok=True)
            self._refuse_to_deploy()
        self.layer = LayerVersion(
            self,
            "Layer",
            code=Code.from_asset(str(folder), asset_hash=digest),
            compatible_architectures=[architecture],
            compatible_runtimes=[runtime],
            description="cryptography, pydantic, powertools, standardwebhooks, stripe",
        )

    def _refuse_to_deploy(self) -> None:
        why = (
            "The dependency layer is empty: to deploy, synthesise where the Python package registry "
            "answers."
        )
        Annotations.of(self).add_warning_v2("livehour:emptyLayer", why)
        CfnRule(
            self,
            "IsBuilt",
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_equals("built", "no"),
                    assert_description=why,
                )
            ],
        )


def _build(folder: Path, architecture: Architecture) -> bool:
    """Install the lock for another machine into ``folder``; ``False`` if the packages cannot be had."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    platform = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture.name] + "-manylinux2014"
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch, "layer")
        command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(target / "python")]
        command += ["--python-platform", platform, "--python-version", PYTHON_VERSION]
        command += ["--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", str(LOCK)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - fixed words, no shell
            return False
        # Whole or not at all, even if two synths run at once: the loser's copy goes with the scratch folder.
        try:
            target.rename(folder)
        except OSError:
            shutil.rmtree(target)
    return True
