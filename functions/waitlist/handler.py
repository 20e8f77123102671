"""
Buyers who wait for units to come back.

* ``POST /v1/campaigns/{campaign_id}/waitlist``
* ``GET | DELETE /v1/waitlist/{ticket_id}``
"""

from __future__ import annotations

from typing import Any

from shared.clock import now_seconds, rfc3339
from shared.contracts.buying import WaitlistRequest
from shared.contracts.routes import SELL
from shared.contracts.validation import read
from shared.http_api import Api, Request, Response
from shared.use_cases.join_waitlist import TicketView
from shared.use_cases.reservation_document import reservation_document
from shared.use_cases.reserve import ReservationRequest
from shared.wiring import waitlist_desk

api = Api()


@api.route("POST /v1/campaigns/{campaign_id}/waitlist", SELL)
def join(request: Request) -> Response:
    """A place in the line of an offer."""
    key = request.idempotency_key
    body = read(WaitlistRequest, request.body)
    wish = ReservationRequest(
        merchant=request.merchant,
        campaign_id=request.path["campaign_id"],
        sku=body.sku,
        quantity=body.quantity,
        buyer_id=body.buyer_id,
        idempotency_key=key,
        coupon=body.coupon,
    )
    view = waitlist_desk().join(wish, now_seconds())
    headers = {"idempotent-replayed": "true"} if view.replayed else {}
    return Response(201, _document(view, body.buyer_id), headers)


@api.route("GET /v1/waitlist/{ticket_id}", SELL)
def look_at(request: Request) -> Response:
    """A ticket as it stands."""
    view = waitlist_desk().find(request.path["ticket_id"], request.merchant, now_seconds())
    return Response(200, _document(view))


@api.route("DELETE /v1/waitlist/{ticket_id}", SELL)
def leave(request: Request) -> Response:
    """Wait no more."""
    view = waitlist_desk().leave(request.path["ticket_id"], request.merchant, now_seconds())
    return Response(200, _document(view))


def _document(view: TicketView, buyer_id: str | None = None) -> dict[str, Any]:
    ticket, reservation = view.ticket, view.reservation
    return {
        "id": ticket.id,
        "object": "waitlist_ticket",
        "campaign": ticket.campaign_id,
        "sku": ticket.sku,
        "quantity": ticket.quantity,
        "buyer_id": buyer_id,
        "state": view.state.value,
        "place": view.place,
        "coupon": ticket.coupon,
        "coupon_result": None if view.coupon_result is None else view.coupon_result.value,
        "reservation": None if reservation is None else reservation_document(reservation, buyer_id),
        "created_at": rfc3339(ticket.created_at),
    }


lambda_handler = api
