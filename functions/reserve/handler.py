"""
Storefronts: what is on sale, and reservations.

* ``GET /v1/shows/{campaign_id}``
* ``POST /v1/campaigns/{campaign_id}/reservations``
* ``GET | DELETE /v1/reservations/{reservation_id}``
"""

from __future__ import annotations

from functions.reserve.order_form import read_form
from shared.clock import now_seconds
from shared.contracts.routes import SELL
from shared.domain.errors import OpensInAMoment
from shared.http_api import Api, Request, Response
from shared.use_cases.reservation_document import reservation_document
from shared.use_cases.reserve import Reservation, ReservationRequest
from shared.wiring import reservation_desk, storefront

api = Api()


@api.route("GET /v1/shows/{campaign_id}", SELL)
def show(request: Request) -> Response:
    """What a storefront shows right now."""
    return Response(
        200, storefront().show(request.path["campaign_id"], request.merchant, now_seconds())
    )


@api.route("POST /v1/campaigns/{campaign_id}/reservations", SELL)
def reserve(request: Request) -> Response:
    """Hold units for a buyer."""
    key = request.idempotency_key
    sku, quantity, buyer_id, coupon = read_form(request.body)
    wish = ReservationRequest(
        merchant=request.merchant,
        campaign_id=request.path["campaign_id"],
        sku=sku,
        quantity=quantity,
        buyer_id=buyer_id,
        idempotency_key=key,
        coupon=coupon,
    )
    reservation = _hold(wish)
    headers = {"idempotent-replayed": "true"} if reservation.replayed else {}
    return Response(201, reservation_document(reservation, buyer_id), headers)


def _hold(wish: ReservationRequest) -> Reservation:
    """A release may come while a request is under way: then it is in time for it."""
    began = now_seconds()
    try:
        return reservation_desk().reserve(wish, began)
    except OpensInAMoment:
        if (now := now_seconds()) == began:
            # Our clock is behind that of whoever counted.
            raise
        return reservation_desk().reserve(wish, now)


@api.route("GET /v1/reservations/{reservation_id}", SELL)
def read(request: Request) -> Response:
    """A reservation as it stands."""
    return Response(
        200,
        reservation_document(
            reservation_desk().find(request.path["reservation_id"], request.merchant, now_seconds())
        ),
    )


@api.route("DELETE /v1/reservations/{reservation_id}", SELL)
def release(request: Request) -> Response:
    """Give the units back."""
    return Response(
        200,
        reservation_document(
            reservation_desk().release(
                request.path["reservation_id"], request.merchant, now_seconds()
            )
        ),
    )


lambda_handler = api
