"""CPU of a warm request, and of importing, against what cannot be done without. The server's CPU is another process's."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.report import Row
from bench.rivals import Context, bare_call, powertools_handler, rival_event
from bench.show import put_on_sale
from functions.reserve.handler import lambda_handler as reserve

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ROUNDS = 15
_CALLS = 60


def warm_request(client: DynamoDBClient) -> list[Row]:
    """CPU of a reservation, of the bare call, and of the blueprints' handler, in turn so that a slow moment hits all
    alike.
    """
    sale = put_on_sale(1_000_000 // 32)
    rival = powertools_handler(client)
    body = {"sku": "FUJI-12", "quantity": 1, "buyer_id": "buyer"}
    contenders: dict[str, Callable[[], object]] = {
        "bare": bare_call(client),
        "ours": lambda: reserve(sale.reservation()),
        "event": sale.reservation,
        "rival": lambda: rival(rival_event(body), Context()),
    }
    for call in contenders.values():
        for _ in range(20):
            call()
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(_ROUNDS):
        for name, call in contenders.items():
            began = time.process_time()
            for _ in range(_CALLS):
                call()
            spent[name].append((time.process_time() - began) / _CALLS)
    cost = {name: statistics.median(rounds) for name, rounds in spent.items()}
    ours = cost["ours"] - cost["event"]
    millis = cost["bare"] * 1000
    return [
        Row(
            "CPU of a warm reservation, in bare SDK calls",
            ours / cost["bare"],
            budget=2.0,
            note=f"bare call {millis:.2f} ms, reservation {ours * 1000:.2f} ms",
        ),
        Row(
            "CPU of Powertools + pydantic + idempotency, in bare SDK calls",
            (cost["rival"] - cost["event"]) / cost["bare"],
            note="three calls, two more write units",
        ),
    ]


_BASE = "import boto3; boto3.client('dynamodb')"
_OURS = "import functions.reserve.handler; from shared import wiring; wiring.reservation_desk(); wiring.storefront()"
_RIVAL = (
    "import boto3; boto3.client('dynamodb'); import pydantic; "
    "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver; "
    "from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent"
)


def imports() -> list[Row]:
    """CPU of a cold start's imports, each in processes of its own."""
    python, base, ours, rival = (_median_cpu(code) for code in ("pass", _BASE, _OURS, _RIVAL))
    return [
        Row(
            "import of the reserve function, in imports of boto3 and its client",
            (ours - python) / (base - python),
            budget=1.5,
            note=f"boto3 {(base - python) * 1000:.0f} ms, ours {(ours - python) * 1000:.0f} ms",
        ),
        Row("import of the blueprints' handler, likewise", (rival - python) / (base - python)),
    ]


def _median_cpu(code: str) -> float:
    measure = f"import time; {code}; print(time.process_time())"
    runs = []
    for _ in range(9):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", measure],
            check=True,
            capture_output=True,
            text=True,
            env=dict(os.environ),
        )
        runs.append(float(done.stdout))
    return statistics.median(runs)
