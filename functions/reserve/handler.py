"""
Storefronts: what is on sale, and reservations.

* ``GET /v1/shows/{campaign_id}``
* ``POST /v1/campaigns/{campaign_id}/reservations``
* ``GET | DELETE /v1/reservations/{reservation_id}``
"""

from __future__ import annotations

from typing import Any

from functions.reserve.order_form import read_form
from shared.clock import now_seconds, rfc3339
from shared.contracts.routes import SELL
from shared.http_api import Api, Request, Response
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
    reservation = reservation_desk().reserve(wish, now_seconds())
    headers = {"idempotent-replayed": "true"} if reservation.replayed else {}
    return Response(201, _body(reservation, buyer_id), headers)


@api.route("GET /v1/reservations/{reservation_id}", SELL)
def read(request: Request) -> Response:
    """A reservation as it stands."""
    return Response(
        200,
        _body(
            reservation_desk().find(request.path["reservation_id"], request.merchant, now_seconds())
        ),
    )


@api.route("DELETE /v1/reservations/{reservation_id}", SELL)
def release(request: Request) -> Response:
    """Give the units back."""
    return Response(
        200,
        _body(
            reservation_desk().release(
                request.path["reservation_id"], request.merchant, now_seconds()
            )
        ),
    )


def _body(reservation: Reservation, buyer_id: str | None = None) -> dict[str, Any]:
    check = reservation.check
    return {
        "id": reservation.id,
        "object": "reservation",
        "campaign": check.campaign_id,
        "state": reservation.state.value,
        "sku": reservation.sku,
        "quantity": check.quantity,
        "unit_price": check.unit_price,
        "list_price": reservation.list_price,
        "amount": check.amount,
        "currency": reservation.currency,
        "coupon": reservation.coupon,
        # Only a digest of it is kept, so it can be repeated but not read back.
        "buyer_id": buyer_id,
        "expires_at": rfc3339(check.deadline),
    }


lambda_handler = api
