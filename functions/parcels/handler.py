"""
Parcels, and the people they go to.

* ``GET /v1/campaigns/{campaign_id}/hand-off/files``
* ``DELETE /v1/orders/{order_id}/personal-data``
"""

from __future__ import annotations

from shared.clock import now_seconds
from shared.contracts.lists import files_query
from shared.contracts.order_document import order_document
from shared.contracts.routes import MANAGE
from shared.http_api import Api, Request, Response
from shared.use_cases.erase_personal_data import erase_personal_data
from shared.wiring import campaign_cache, dispatch, hand_off_desk, parcel_files

api = Api()


@api.route("GET /v1/campaigns/{campaign_id}/hand-off/files", MANAGE)
def hand_off_files(request: Request) -> Response:
    """Files that a fulfiller or a carrier imports, made now."""
    asked = files_query(request.query)
    made = hand_off_desk().make(
        request.path["campaign_id"],
        request.merchant,
        asked.piece,
        combine=asked.combine,
        workbook=asked.workbook,
    )
    return Response(200, made, {"cache-control": "no-store"})


@api.route("DELETE /v1/orders/{order_id}/personal-data", MANAGE)
def erase(request: Request) -> Response:
    """The order, without what it said of a person."""
    now = now_seconds()
    order = erase_personal_data(
        dispatch(),
        parcel_files(),
        campaign_cache(),
        request.path["order_id"],
        request.merchant,
        now,
    )
    return Response(200, order_document(order, at=now))


lambda_handler = api
