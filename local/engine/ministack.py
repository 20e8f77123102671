"""MiniStack: AWS in one process of this machine, in memory, with one account in one region."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from local.engine.places import KEPT, LOGS, PYTHON, kept
from local.engine.ports import HOST, free_port, wait_until
from local.engine.processes import Process
from local.engine.toolchain import ACCOUNT, CREDENTIALS, REGION, environment

PORT: Final = 4599
"""Where ``livehour up`` starts it, if nobody else is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniStack:
    """A running MiniStack; ``url`` is the endpoint of every AWS service."""

    port: int
    process: Process

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @classmethod
    def start(
        cls,
        port: int | None = None,
        *,
        lasting: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> MiniStack:
        """Start one on ``port`` (``PortInUse`` if it is taken) or on a free one, and wait until it answers."""
        chosen = free_port(port, strict=True)
        log, scratch = LOGS / f"ministack-{chosen}.log", _scratch(chosen)
        shutil.rmtree(scratch, ignore_errors=True)
        process = Process.start(
            [str(PYTHON), "-m", "local.engine.serve_ministack"],
            log=log,
            lasting=lasting,
            env=environment(
                **CREDENTIALS,
                GATEWAY_PORT=str(chosen),
                BIND_HOST=HOST,
                MINISTACK_HOST="localhost",
                MINISTACK_ACCOUNT_ID=ACCOUNT,
                MINISTACK_REGION=REGION,
                LOG_LEVEL="WARNING",
                IOT_MTLS_ENABLED="0",  # would listen on every interface
                TMPDIR=str(kept(scratch)),
                S3_DATA_DIR=str(kept(scratch, "s3")),
                **(settings or {}),
            ),
        )
        wait_until(lambda: _healthy(chosen), process=process, what="MiniStack", log=log)
        return cls(port=chosen, process=process)

    def stop(self) -> None:
        """Stop it, and forget what it unpacked: functions' code, assets."""
        self.process.stop()
        shutil.rmtree(_scratch(self.port), ignore_errors=True)


def _scratch(port: int) -> Path:
    return KEPT / f"ministack-{port}"


def _healthy(port: int) -> bool:
    try:
        return httpx.get(
            f"http://{HOST}:{port}/_ministack/health", timeout=2.0, trust_env=False
        ).is_success
    except httpx.TransportError:
        return False
