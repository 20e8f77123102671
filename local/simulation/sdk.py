"""
The SDK between a process and a service: it tries a call up to three times, as botocore's standard mode does.

That habit is part of what is simulated: after an answer that was lost, a second try of the same write meets what the first
has done. ``Line`` is what lies between: time passes there, answers are lost, and processes die.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError, HTTPClientError

from local.simulation.refusals import exceptions

TRIES: Final = 3
RETRIED: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""What the standard mode tries again. ``TransactionConflict`` and refused conditions are not among it."""

Serve = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class Line(Protocol):
    """What lies between one process and the services. Both may raise: an error of the SDK, or the end of the process."""

    def before(self, operation: str, request: Mapping[str, Any]) -> None:
        """A try leaves the process."""

    def after(self, operation: str, request: Mapping[str, Any]) -> None:
        """The service has done it, or refused it, and its answer comes back."""

    def token(self) -> str:
        """A fresh token, with which the SDK marks all tries of one transaction."""


class QuietLine:
    """Nothing happens."""

    def __init__(self) -> None:
        self._tokens = 0

    def before(self, operation: str, request: Mapping[str, Any]) -> None:
        pass

    def after(self, operation: str, request: Mapping[str, Any]) -> None:
        pass

    def token(self) -> str:
        self._tokens += 1
        return f"token-{self._tokens}"


class Client:
    """A low-level client, with ``put_item`` and so on, of whatever serves calls by their names."""

    def __init__(self, service: str, serve: Serve, line: Line) -> None:
        self.exceptions = exceptions(service)
        self._serve = serve
        self._line = line

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(word.title() for word in method.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            return self._try(operation, request)

        setattr(self, method, call)
        return call

    def generate_presigned_url(
        self,
        *,
        ClientMethod: str,  # noqa: N803 - as boto3 names them
        Params: Mapping[str, Any],  # noqa: N803
        ExpiresIn: int,  # noqa: N803
    ) -> str:
        """An address. It is made without a call, as boto3 makes it."""
        return f"https://simulated/{ClientMethod}/{Params['Bucket']}/{Params['Key']}?{ExpiresIn}"

    def _try(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "TransactWriteItems":
            request.setdefault("ClientRequestToken", self._line.token())
        for _ in range(TRIES - 1):
            try:
                return self._once(operation, request)
            except HTTPClientError:
                continue
            except ClientError as fault:
                if fault.response["Error"]["Code"] not in RETRIED:
                    raise
        return self._once(operation, request)

    def _once(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self._line.before(operation, request)
        try:
            answer = self._serve(operation, request)
        except ClientError:
            # A refusal is an answer too, and as easily lost.
            self._line.after(operation, request)
            raise
        self._line.after(operation, request)
        return answer
