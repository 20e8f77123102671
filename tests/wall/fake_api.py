"""A stand-in for the API and for the server of the page: it answers what a test scripted, and remembers what was asked."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.wall.shows import Show

DASHBOARD = Path(__file__).parents[2] / "dashboard"
KEY = "lh_read_test"
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


@dataclass
class Asked:
    path: str
    if_none_match: str | None
    status: int


@dataclass
class FakeApi:
    """
    `show` is what the API knows. `trouble` is what it answers instead: a status, or 0 for a cut
    connection; to every question, or to those whose path ends in `troubled`.
    """

    show: Show = field(default_factory=Show)
    trouble: int | None = None
    troubled: str = ""
    config: dict[str, str] | None = None
    poll_interval: str = "0.5"
    asked: list[Asked] = field(default_factory=list)
    # What a test wants to send instead of the sums of the show.
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with suppress(ConnectionError):  # a wall that pauses or closes does not wait
                    api._answer(self)

            def do_OPTIONS(self) -> None:
                api._send(self, HTTPStatus.NO_CONTENT, b"")

            def log_message(self, *said: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def other_address(self) -> str:
        """The same server as another origin, so that the browser asks for permission first."""
        return f"http://localhost:{self._server.server_port}"

    def asked_for(self, what: str) -> list[Asked]:
        return [one for one in self.asked if one.path.split("?")[0].endswith(what)]

    def connected(self) -> FakeApi:
        self.config = {"api": self.address, "key": KEY, "campaign": self.show.campaign}
        return self

    def _is_in_trouble(self, path: str) -> bool:
        return self.trouble is not None and path.endswith(self.troubled)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        if not url.path.startswith("/v1/"):
            return self._page(request, url.path)
        if self._is_in_trouble(url.path) and self.trouble == 0:
            self.asked.append(Asked(request.path, None, 0))
            request.close_connection = True
            return None
        status, body = self._content(url.path, parse_qs(url.query), request)
        known = request.headers.get("If-None-Match")
        etag = f'"{body.get("version")}"'
        if status == HTTPStatus.OK and known == etag:
            status = HTTPStatus.NOT_MODIFIED
        self.asked.append(Asked(request.path, known, status))
        content = b"" if status == HTTPStatus.NOT_MODIFIED else json.dumps(body).encode()
        kind = "application/json" if status < 400 else "application/problem+json"
        return self._send(request, status, content, kind, etag if status < 400 else None)

    def _content(
        self, path: str, query: dict[str, list[str]], request: BaseHTTPRequestHandler
    ) -> tuple[int, dict[str, Any]]:
        if self.trouble and self._is_in_trouble(path):
            return self.trouble, {"title": "Trouble", "status": self.trouble, "code": "trouble"}
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            detail = "This key is not valid. Use a read key of the merchant."
            return 401, {
                "title": "Unauthorized",
                "status": 401,
                "code": "key_bad",
                "detail": detail,
            }
        _, _, _, campaign, what = path.split("/")
        if campaign != self.show.campaign:
            detail = f"There is no campaign {campaign}. Check the id."
            return 404, {"title": "Not Found", "status": 404, "code": "not_found", "detail": detail}
        is_totals = what == "totals"
        body = self.show.totals() if is_totals else self.show.timeline(int(query["bucket"][0]))
        return 200, body | self.overrides.get(what, {})

    def _page(self, request: BaseHTTPRequestHandler, path: str) -> None:
        file = DASHBOARD / (path.lstrip("/") or "index.html")
        if path == "/config.json" and self.config:
            self._send(request, HTTPStatus.OK, json.dumps(self.config).encode())
        elif file.is_file():
            self._send(request, HTTPStatus.OK, file.read_bytes(), KINDS[file.suffix])
        else:
            self._send(request, HTTPStatus.NOT_FOUND, b"{}")

    def _send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        content: bytes,
        kind: str = "application/json",
        etag: str | None = None,
    ) -> None:
        request.send_response(status)
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(content)),
            "X-Poll-Interval": self.poll_interval,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Headers": "authorization, if-none-match",
            "Access-Control-Expose-Headers": "ETag, X-Poll-Interval, Retry-After, Date",
        }
        for name, value in (headers | ({"ETag": etag} if etag else {})).items():
            if not (name == "Content-Length" and status == HTTPStatus.NOT_MODIFIED):
                request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
