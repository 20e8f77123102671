"""Two stores behind one client: each call goes to both, and both must answer the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.simulation.memory_dynamodb import MemoryDynamoDB
from local.simulation.sdk import Client, QuietLine

NOT_COMPARED = {"ResponseMetadata", "ConsumedCapacity"}


class Twins:
    """Stands where an adapter wants a client. It answers what the first of the two does."""

    def __init__(self, real: Any, memory: MemoryDynamoDB) -> None:
        self._real = real
        self._memory = Client("dynamodb", memory.call, QuietLine())
        self.exceptions = self._memory.exceptions
        self.calls = 0
        self.refusals = 0

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls += 1
            theirs, fault = outcome(getattr(self._real, method), request)
            ours, our_fault = outcome(getattr(self._memory, method), request)
            assert ours == theirs, f"{method} {request}: {ours} but {theirs}"
            if our_fault is not None:
                self.refusals += 1
                assert fault is not None
                raise our_fault
            return ours

        return call


def outcome(
    call: Callable[..., Mapping[str, Any]], request: dict[str, Any]
) -> tuple[dict[str, Any], ClientError | None]:
    """What a call answers, in a form that can be compared, and the error if it is one."""
    try:
        answer = call(**request)
    except ClientError as fault:
        return refusal(fault), fault
    told = {name: value for name, value in answer.items() if name not in NOT_COMPARED}
    if "Responses" in told:
        # A batch comes in no order.
        told["Responses"] = {
            role: sorted(items, key=repr) for role, items in normal(told["Responses"]).items()
        }
    return normal(told), None


def refusal(fault: ClientError) -> dict[str, Any]:
    """What a program can tell of an error: its code, the item that stood in the way, and the reasons."""
    told: Any = fault.response
    reasons = told.get("CancellationReasons", [])
    return {
        "code": told["Error"]["Code"],
        "item": normal(told.get("Item")),
        "reasons": [(reason.get("Code"), normal(reason.get("Item"))) for reason in reasons],
    }


def normal(value: Any) -> Any:
    """The same for the same, whatever its names were put in."""
    if isinstance(value, Mapping):
        return {name: normal(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [normal(member) for member in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value
