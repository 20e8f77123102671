"""The step of the refund machine: ask the payment provider, write down what it says, and book it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from shared.clock import now_seconds
from shared.domain.refund import State
from shared.use_cases.give_back import find_refund, give_up, go_on
from shared.wiring import refund_books

log = Logger(service="refund_order")


def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """
    ``{"refund": id, "looks": n}``: what is next; with ``"problem"``, leave it to a person. ``state``: of the refund.
    """
    now = now_seconds()
    if "problem" in event:
        refund = give_up(refund_books(), find_refund(refund_books(), event["refund"]), now=now)
        log.warning("refund given up", extra={"refund": refund.id, "problem": event["problem"]})
        return {"state": refund.state.value}
    step = go_on(refund_books(), event["refund"], looks=event["looks"], now=now)
    level = log.warning if step.state is State.NEEDS_ATTENTION else log.info
    level("refund %s", step.state.value, extra={"refund": event["refund"]})
    return {
        "state": step.state.value,
        "wait_seconds": step.wait_seconds,
        "looks": event["looks"] + 1,
    }
