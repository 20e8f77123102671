"""The reference of the API: ``GET /docs`` as a page, ``GET /openapi.json`` for programs; and a word for who got lost."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from functions.api_reference import page
from shared.contracts.routes import EVERYTHING_ELSE, methods
from shared.domain.errors import MethodNotAllowed, RouteNotFound
from shared.http_api import Api, Request, Response

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "openapi.json"
KEPT: Final = "public, max-age=300"

api = Api()


@api.route("GET /openapi.json")
def openapi(_request: Request) -> Response:
    """The document as it is committed."""
    headers = {"content-type": "application/json", "cache-control": KEPT}
    return Response(200, _document(), headers)


@api.route("GET /docs")
def docs(_request: Request) -> Response:
    """The page made of it. It may load nothing and run nothing."""
    style = b64encode(sha256(page.STYLE.encode()).digest()).decode()
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": KEPT,
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{style}'",
        "x-content-type-options": "nosniff",
    }
    return Response(200, _page(), headers)


@api.route(EVERYTHING_ELSE)
def anything_else(request: Request) -> Response:
    """What no route takes: another method, or no such endpoint."""
    if allowed := methods(request.at):
        raise MethodNotAllowed(allow=allowed)
    raise RouteNotFound


lambda_handler = api


@cache
def _document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@cache
def _page() -> str:
    return page.render(json.loads(_document()))
