"""The HTTP API, as the command line asks it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

TIMEOUT_SECONDS: Final = 30.0


class ApiError(Exception):
    """The API could not be asked, or said no; the message is for a person."""


class ApiUnreachable(ApiError):
    """Nobody answers at the address."""


class ApiRefused(ApiError):
    """A problem document. ``errors`` names fields by their JSON pointers."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"status {status}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.errors: list[Mapping[str, str]] = list(problem.get("errors", []))


@dataclass(frozen=True, slots=True)
class Fresh:
    """An answer that may be asked for again: with its version, and when it is worth while."""

    body: Mapping[str, Any]
    etag: str
    poll_after: float


@dataclass(slots=True)
class Api:
    """One key at one address."""

    base: str
    key: str
    transport: httpx.BaseTransport | None = None
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=TIMEOUT_SECONDS,
            transport=self.transport,
        )

    @classmethod
    def of_this_machine(cls, scope: str) -> Api:
        """What ``livehour up`` runs; or the API of ``LIVEHOUR_API`` with the key in ``LIVEHOUR_KEY``, if these are set."""
        base, key = os.environ.get("LIVEHOUR_API"), os.environ.get("LIVEHOUR_KEY")
        if base and key:
            return cls(base.rstrip("/").removesuffix("/v1"), key)
        if base or key:
            raise ApiError("set LIVEHOUR_API and LIVEHOUR_KEY both, or neither.")
        from local.engine.running import Running  # noqa: PLC0415 - boto3 is not needed to ask a remote API

        told = Running.require().as_told()
        return cls(told["api"], told["keys"][scope])

    def get(self, path: str) -> Mapping[str, Any]:
        """``GET /v1<path>``."""
        found: Mapping[str, Any] = self._ask("GET", path).json()
        return found

    def post(self, path: str, body: Any) -> Mapping[str, Any]:
        """``POST /v1<path>``, under an idempotency key of its own."""
        headers = {"Idempotency-Key": str(uuid4())}
        found: Mapping[str, Any] = self._ask("POST", path, body, headers).json()
        return found

    def poll(self, path: str, etag: str = "") -> Fresh | None:
        """``GET /v1<path>`` if it is not what ``etag`` says any more; else None."""
        answer = self._ask("GET", path, None, {"If-None-Match": etag} if etag else {})
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        wait = float(answer.headers.get("x-poll-interval", 2))
        return Fresh(answer.json(), answer.headers.get("etag", ""), wait)

    def _ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            answer = self._http.request(
                method, f"{self.base}/v1{path}", json=body, headers=dict(headers or {})
            )
        except httpx.HTTPError as fault:
            raise ApiUnreachable(
                f"nobody answers at {self.base} ({fault}): is it running? `livehour status` says."
            ) from None
        if answer.is_error:
            raise ApiRefused(answer.status_code, _problem(answer))
        return answer


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
