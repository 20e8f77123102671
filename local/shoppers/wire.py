"""A shopper's connection to the shop: kept alive, and as unreliable as it is told to be."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

PATIENCE: Final = 20.0
"""Seconds waited for an answer."""
IMPATIENCE: Final = 0.02
"""Seconds, when the shopper does not wait."""


class NoAnswer(Exception):
    """The request may have arrived or not: nobody knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shop answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """What the JSON says; ``None`` for an empty body or none that is JSON."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The code of a problem document; empty if there is none."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Wire:
    """Requests to one API, over one connection for each thread."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        address = urlsplit(base)
        self._host = address.hostname or ""
        self._port = address.port
        self._prefix = address.path.rstrip("/")
        self._connection = (
            http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        )
        self._headers = dict(headers)
        self._mine = threading.local()
        self._lines: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Hang up, in every thread."""
        while self._lines:
            self._lines.pop().close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to one request, or ``NoAnswer``."""
        return self._with(
            lambda line: self._read(self._send(line, method, path, body, headers), PATIENCE)
        )

    def ask_and_hang_up(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> None:
        """Send the whole request, and be gone before the answer."""
        self._with(lambda line: self._send(line, method, path, body, headers))
        self._drop()

    def ask_impatiently(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """The answer if it comes at once; else ``NoAnswer``, with the request still at work over there."""
        return self._with(
            lambda line: self._read(self._send(line, method, path, body, headers), IMPATIENCE)
        )

    def _with(self, use: Callable[[http.client.HTTPConnection], T]) -> T:
        try:
            return use(self._line())
        except (OSError, http.client.HTTPException) as fault:
            self._drop()
            raise NoAnswer(str(fault)) from fault

    def _line(self) -> http.client.HTTPConnection:
        line: http.client.HTTPConnection | None = getattr(self._mine, "line", None)
        if line is None:
            line = self._mine.line = self._connection(self._host, self._port, timeout=PATIENCE)
            self._lines.append(line)
        return line

    def _drop(self) -> None:
        line = getattr(self._mine, "line", None)
        if line is not None:
            line.close()
            self._mine.line = None

    def _send(
        self,
        line: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> http.client.HTTPConnection:
        sent = {**self._headers, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        line.request(method, self._prefix + path, body=body, headers=sent)
        return line

    def _read(self, line: http.client.HTTPConnection, patience: float) -> Answer:
        if line.sock is not None:
            line.sock.settimeout(patience)
        response = line.getresponse()
        raw = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, _parse(raw))


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def wait_a_little(attempt: int) -> None:
    """Before the ``attempt``-th repetition of a request, from 0."""
    time.sleep(min(0.1 * 2**attempt, 2.0))
