"""The API as strangers meet it: a request as bytes, an answer as bytes, and what every answer must be."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from shared.contracts.problems import refusals

Headers = Iterable[tuple[str, str]]
"""A list, for a header may be sent twice."""

PATIENCE = 2.0
"""Seconds for which a server surely keeps a connection that nobody uses."""
STATUSES = {refusal.code: refusal.status for refusal in refusals()}
GIVEN_AWAY = re.compile(
    r"Traceback|File \"|\.py\b|botocore|boto3|pydantic|ClientError|Exception|arn:aws|whsec_|lh_(manage|sell|read)_\w",
)
"""What nobody outside may read: how the inside is built, and what opens it."""
PERSONAL = ("Li Wei", "Nanjing", "+86 21 5555")
"""Of the buyer of every test: no refusal repeats it."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    raw: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """Of a refusal, which must be a whole problem document, and no more than that."""
        assert 400 <= self.status < 500, (self.status, self.raw[:500])
        assert self.headers["content-type"] == "application/problem+json", self.raw[:500]
        problem = self.body
        code: str = problem["code"]
        assert problem["status"] == self.status == STATUSES[code]
        assert problem["type"] == f"/docs#problem-{code}"
        assert problem["title"]
        # What to do next, in a sentence.
        assert re.fullmatch(r"[A-Z'].{12,}\.\)?|[A-Z].{12,}\(.*\)", problem["detail"], re.DOTALL), (
            problem["detail"]
        )
        assert problem["request_id"] == self.headers["x-request-id"]
        for error in problem.get("errors", []):
            assert error["detail"]
            assert ("pointer" in error) != ("parameter" in error)
        self.check_discretion()
        return code

    @property
    def refusal(self) -> tuple[int, str]:
        return self.status, self.code

    def check_discretion(self) -> None:
        """Neither body nor headers tell a stranger anything, or take orders from one."""
        text = self.raw.decode()
        assert not GIVEN_AWAY.search(text), text[:500]
        assert not [name for name in PERSONAL if name in text], text[:500]
        assert len(self.raw) < 16_384
        assert all("\n" not in value and "\r" not in value for value in self.headers.values())
        assert "x-injected" not in self.headers


class Front(Protocol):
    """Where requests go."""

    def ask(
        self, method: str, target: str, raw: bytes | None = None, headers: Headers = ()
    ) -> Answer:
        """``target``: path and query as they are on the wire."""


class OverHttp:
    """The deployed API, over connections that are kept; a header may be anything that one line can hold."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._prefix = address.path
        self._asked_at = 0.0
        self._line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)

    def close(self) -> None:
        self._line.close()

    def ask(
        self, method: str, target: str, raw: bytes | None = None, headers: Headers = ()
    ) -> Answer:
        line = self._line
        if time.monotonic() - self._asked_at > PATIENCE:
            line.close()
        self._asked_at = time.monotonic()
        try:
            sent = list(headers)
            has_host = any(name == "Host" for name, _ in sent)
            line.putrequest(
                method, self._prefix + target, skip_host=has_host, skip_accept_encoding=True
            )
            for name, value in sent:
                line.putheader(name, value.encode("latin-1", "replace"))
            if raw is not None:
                line.putheader("Content-Length", str(len(raw)))
            line.endheaders(raw)
            response = line.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            line.close()
            raise
        heard = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, heard, body)
