"""Serves the wall's page and its ``/config.json``: ``python -m local.serve_wall PORT CONNECTION-FILE``."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from local.engine.places import PROJECT
from local.engine.ports import HOST

DASHBOARD: Final = PROJECT / "dashboard"
#: A page elsewhere, whose name suddenly means this machine, asks by another one: it gets no key.
NAMES: Final = (HOST, "localhost")


class Page(SimpleHTTPRequestHandler):
    """Files of ``dashboard/``, never kept by the browser, and the connection as it is at this moment."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 - as in the class above it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".json": "application/json",
    }
    told: Path
    """The file with what ``/config.json`` answers."""

    def do_GET(self) -> None:
        if self.headers.get("Host", "").partition(":")[0] not in NAMES:
            self.send_error(403, "Ask for 127.0.0.1")
            return
        if self.path.partition("?")[0] != "/config.json":
            super().do_GET()
            return
        body = self.told.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, _: object) -> None:
        """Not ours to show."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Quiet: a wall polls all day."""


def main(port: int, connection: Path) -> None:
    """Serve until stopped. A page of another site may not read the key: no answer allows another origin."""
    Page.told = connection
    server = ThreadingHTTPServer((HOST, port), partial(Page, directory=str(DASHBOARD)))
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
