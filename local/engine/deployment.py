"""The stack, into the engine, by the same CDK command line that deploys it to AWS."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from local.engine.aws import gateway
from local.engine.errors import DeployFailed
from local.engine.ministack import MiniStack
from local.engine.places import KEPT, LOGS, PROJECT
from local.engine.toolchain import ACCOUNT, CREDENTIALS, REGION, cdk, environment, node

STAGE: Final = "local"
ASSEMBLY: Final = KEPT / "assembly"
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
        synthesise(tell)
        tell("bootstrapping the account")
        bootstrapped.result()
    tell("deploying the stack")
    outputs = LOGS / f"outputs-{engine.port}.json"
    _run_cdk(
        engine,
        "deploy",
        *("--all", "--app", str(ASSEMBLY), "--outputs-file", str(outputs)),
        # Nobody is asked, and no change set is made that nobody would look at.
        *("--require-approval", "never", "--method", "direct", "--progress", "events"),
    )
    _mend_cors(engine)
    ((_, found),) = json.loads(outputs.read_text()).items()
    outputs.unlink()
    return dict(found)


def synthesise(tell: Callable[[str], None]) -> Path:
    """The local stage's cloud assembly, made anew only if what it is made from has changed."""
    stamp, current = ASSEMBLY / ".made-from", fingerprint()
    if stamp.exists() and stamp.read_text() == current:
        return ASSEMBLY
    tell("synthesising the stack")
    shutil.rmtree(ASSEMBLY, ignore_errors=True)
    _run_cdk(None, "synth", "--quiet", "--output", str(ASSEMBLY), "--context", f"stage={STAGE}")
    stamp.write_text(current)
    return ASSEMBLY


def _bootstrap(engine: MiniStack) -> None:
    _run_cdk(engine, "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", "")


def _run_cdk(engine: MiniStack | None, step: str, *arguments: str) -> None:
    endpoint = {"AWS_ENDPOINT_URL": engine.url} if engine else {}
    log = LOGS / f"cdk-{step}.log"
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


def _mend_cors(engine: MiniStack) -> None:
    """Tell the engine once more what the template says of CORS: CloudFormation's spelling of it is lost on MiniStack."""
    wanted = {api["Name"]: api.get("CorsConfiguration") for api in _template_apis()}
    control = gateway(engine.url)
    for api in control.get_apis()["Items"]:
        cors = wanted.get(api["Name"])
        if cors:
            control.update_api(ApiId=api["ApiId"], CorsConfiguration=cors)


def _template_apis() -> Iterator[Mapping[str, Any]]:
    for template in ASSEMBLY.glob("*.template.json"):
        for resource in json.loads(template.read_text())["Resources"].values():
            if resource["Type"] == "AWS::ApiGatewayV2::Api":
                yield resource["Properties"]


def _sources() -> Iterator[Path]:
    for source in SOURCES:
        path = PROJECT / source
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)
