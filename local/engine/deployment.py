"""The stack, into the engine, by the same CDK command line that deploys it to AWS."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from local.engine.aws import gateway, lambdas
from local.engine.errors import DeployFailed
from local.engine.ministack import MiniStack
from local.engine.places import KEPT, LOGS, PROJECT, kept
from local.engine.toolchain import ACCOUNT, CREDENTIALS, REGION, cdk, environment, node

STAGE: Final = "local"
ASSEMBLIES: Final = KEPT / "assemblies"
KEPT_ASSEMBLIES: Final = 4
#: What the template and its assets are made from: a change here is a change of the stack.
SOURCES: Final = (
    "infra",
    "functions",
    "shared",
    "docs/openapi.json",
    "cdk.json",
    "requirements.lock",
)


def fingerprint() -> str:
    """Changes when the stack would."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(PROJECT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def deploy(engine: MiniStack, tell: Callable[[str], None]) -> dict[str, str]:
    """Synthesise the local stage, bootstrap the engine's account, deploy; the stack's outputs."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        bootstrapped = aside.submit(_bootstrap, engine)
        assembly = synthesise(tell)
        tell("bootstrapping the account")
        bootstrapped.result()
    tell("deploying the stack")
    outputs = LOGS / f"outputs-{engine.port}.json"
    _run_cdk(
        engine,
        "deploy",
        *("--all", "--app", str(assembly), "--outputs-file", str(outputs)),
        # Nobody is asked, and no change set is made that nobody would look at.
        *("--require-approval", "never", "--method", "direct", "--progress", "events"),
    )
    _mend(engine, assembly)
    ((_, found),) = json.loads(outputs.read_text()).items()
    outputs.unlink()
    return dict(found)


def synthesise(tell: Callable[[str], None]) -> Path:
    """The local stage's cloud assembly, made only if there is none of the code as it is now."""
    made_from = fingerprint()
    assembly = ASSEMBLIES / made_from[:16]
    if not assembly.exists():
        tell("synthesising the stack")
        with TemporaryDirectory(dir=kept()) as making:
            folder = Path(making, "assembly")
            _run_cdk(None, "synth", "--quiet", "--output", str(folder), "-c", f"stage={STAGE}")
            _forget_old_assemblies()
            if not assembly.exists():  # another process may have been faster
                folder.rename(assembly)
    return assembly


def _forget_old_assemblies() -> None:
    ASSEMBLIES.mkdir(exist_ok=True)
    by_age = sorted(ASSEMBLIES.iterdir(), key=lambda assembly: assembly.stat().st_mtime)
    for assembly in by_age[:-KEPT_ASSEMBLIES]:
        shutil.rmtree(assembly, ignore_errors=True)


def _bootstrap(engine: MiniStack) -> None:
    _run_cdk(engine, "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", "")


def _run_cdk(engine: MiniStack | None, step: str, *arguments: str) -> None:
    endpoint = {"AWS_ENDPOINT_URL": engine.url} if engine else {}
    log = LOGS / (f"cdk-{step}-{engine.port}.log" if engine else f"cdk-{step}-{os.getpid()}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        done = subprocess.run(
            [str(node()), str(cdk()), step, *arguments],
            cwd=PROJECT,
            env=environment(**CREDENTIALS, **endpoint),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise DeployFailed(step, log)


def _mend(engine: MiniStack, assembly: Path) -> None:
    """Tell the engine once more what its CloudFormation takes from the template and forgets.

    The CORS rules of an API, and how many of a function may run at once: without that, a burst of requests starts an
    environment for each of them (a second of CPU every time), and nobody is answered.
    """
    control, functions = gateway(engine.url), lambdas(engine.url)
    apis = {api["Name"]: api["ApiId"] for api in control.get_apis()["Items"]}
    for kind, wanted in _resources(assembly):
        if kind == "AWS::ApiGatewayV2::Api" and "CorsConfiguration" in wanted:
            control.update_api(
                ApiId=apis[wanted["Name"]], CorsConfiguration=wanted["CorsConfiguration"]
            )
        elif kind == "AWS::Lambda::Function" and "ReservedConcurrentExecutions" in wanted:
            functions.put_function_concurrency(
                FunctionName=wanted["FunctionName"],
                ReservedConcurrentExecutions=wanted["ReservedConcurrentExecutions"],
            )


def _resources(assembly: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and properties of everything in the templates."""
    for template in assembly.glob("*.template.json"):
        for resource in json.loads(template.read_text())["Resources"].values():
            yield resource["Type"], resource.get("Properties", {})


def _sources() -> Iterator[Path]:
    for source in SOURCES:
        path = PROJECT / source
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)
