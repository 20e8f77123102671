"""
One of several processes of a function, as Lambda runs them beside each other: its own interpreter, clients and caches.

It calls the deployed handlers with what the gateway would send, and writes down what came of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.synchronize import Barrier
from types import SimpleNamespace
from typing import Any

from standardwebhooks.webhooks import Webhook

from local.simulation.sdk import Client, QuietLine
from local.simulation.services import Keys
from local.simulation.world import SETTINGS
from shared import wiring
from shared.domain.errors import InternalError, StoreBusy
from tests.proof.history import Entry, History, Type
from tests.shop import SECRET

_start: list[Barrier] = []
Handler = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as data that travels between processes."""

    function: str
    f: str
    value: Any
    """What it is written down as asking."""
    event: Mapping[str, Any]


def begin(endpoint: str, barrier: Barrier) -> None:
    """Make this process one of the functions', on the DynamoDB Local at ``endpoint``. All begin together at ``barrier``."""
    own = {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    os.environ.update({**SETTINGS, **own})
    secret = SimpleNamespace(value=lambda: [Webhook(SECRET)])
    wiring.payment_secret = lambda: secret  # type: ignore[assignment]
    keys = Client("kms", Keys().serve, QuietLine())
    wiring.key_keeper = lambda: keys  # type: ignore[assignment]
    _start.append(barrier)


def work(process: int, calls: Sequence[Call]) -> list[Entry]:
    """Do these calls one after the other, beginning when all other processes are there too."""
    handlers: dict[str, Handler] = {
        call.function: import_module(f"functions.{call.function}.handler").lambda_handler
        for call in calls
    }
    history = History()
    _start[0].wait(60)
    for call in calls:
        history.note(process, Type.INVOKE, call.f, call.value)
        answer = handlers[call.function](call.event)
        history.note(process, *_said(answer, call))
    return history.entries


def _said(answer: Mapping[str, Any], call: Call) -> tuple[Type, str, Any]:
    status, body = answer["statusCode"], json.loads(answer["body"])
    if status in (InternalError.status, StoreBusy.status):
        return Type.INFO, call.f, call.value
    if status >= 400:
        return Type.FAIL, call.f, body["code"]
    return Type.OK, call.f, body.get("id") or body.get("outcome")
