"""
What a campaign has sold.

* ``GET /v1/campaigns/{campaign_id}/totals``
* ``GET /v1/campaigns/{campaign_id}/timeline``
* ``GET /v1/campaigns/{campaign_id}/report``
* ``GET /v1/campaigns/{campaign_id}/report/files``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functions.totals.questions import known_versions, timeline_query
from shared.contracts.routes import MANAGE, READ
from shared.http_api import Api, Request, Response
from shared.use_cases.read_totals import Seen, totals_document
from shared.wiring import package_desk, totals_desk

api = Api()


@api.route("GET /v1/campaigns/{campaign_id}/totals", READ, MANAGE)
def totals(request: Request) -> Response:
    """The totals; nothing if the client has them."""
    seen = _look(request)
    return _answer(request, seen, lambda: totals_document(seen))


@api.route("GET /v1/campaigns/{campaign_id}/timeline", READ, MANAGE)
def timeline(request: Request) -> Response:
    """The totals over time."""
    bucket, since = timeline_query(request.query)
    seen = _look(request)
    return _answer(request, seen, lambda: totals_desk().timeline(seen, bucket, since))


@api.route("GET /v1/campaigns/{campaign_id}/report", MANAGE, READ)
def report(request: Request) -> Response:
    """The closing report, byte for byte as it was written."""
    campaign_id = request.path["campaign_id"]
    written = totals_desk().report(campaign_id, request.merchant)
    # Beside the report and not in it, so that its bytes stay what was reconciled.
    files = f'</v1/campaigns/{campaign_id}/report/files>; rel="enclosure"'
    return Response(200, written, {"link": files})


@api.route("GET /v1/campaigns/{campaign_id}/report/files", MANAGE, READ)
def report_files(request: Request) -> Response:
    """Links to the files of the closing package."""
    return Response(200, package_desk().links(request.path["campaign_id"], request.merchant))


def _look(request: Request) -> Seen:
    known = known_versions(request.headers)
    return totals_desk().look(request.path["campaign_id"], request.merchant, known)


def _answer(request: Request, seen: Seen, document: Callable[[], dict[str, Any]]) -> Response:
    headers = {
        "etag": f'"{seen.snapshot.version}"',
        "cache-control": "private, max-age=1",
        "x-poll-interval": str(seen.poll_interval),
    }
    if seen.snapshot.version in known_versions(request.headers):
        return Response(304, None, headers)
    return Response(200, document(), headers)


lambda_handler = api
