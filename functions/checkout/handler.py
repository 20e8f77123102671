"""
Orders: how they are made, and how they are read.

* ``POST /v1/reservations/{reservation_id}/checkout``
* ``GET /v1/orders/{order_id}``
* ``GET /v1/campaigns/{campaign_id}/orders``
* ``PATCH /v1/orders/{order_id}/address``
"""

from __future__ import annotations

from shared.clock import now_seconds
from shared.contracts.buying import AddressRequest, CheckoutRequest
from shared.contracts.lists import page_query
from shared.contracts.order_document import order_document
from shared.contracts.routes import MANAGE, READ, SELL
from shared.contracts.validation import read
from shared.domain.errors import InvalidRequest
from shared.http_api import Api, Request, Response
from shared.use_cases.change_address import AddressChange
from shared.use_cases.check_out import Checkout
from shared.wiring import (
    address_desk,
    address_rules,
    addresses,
    campaign_cache,
    checkout_desk,
    order_reader,
)

api = Api()
# While the function is initialised, for then it has whole processors, whatever its memory is.
address_rules().load()


@api.route("POST /v1/reservations/{reservation_id}/checkout", SELL)
def check_out(request: Request) -> Response:
    """The order of a reservation, and how to pay it."""
    key = request.idempotency_key
    body = read(CheckoutRequest, request.body)
    checkout = Checkout(
        merchant=request.merchant,
        reservation_id=request.path["reservation_id"],
        buyer_id=body.buyer_id,
        payment_method=body.payment_method,
        ship_to=body.ship_to.model_dump(exclude_none=True),
        idempotency_key=key,
    )
    done = checkout_desk().check_out(checkout, now_seconds())
    # For the instant in which it was made: a repeated request is answered as it was then.
    at = now_seconds() if done.paid else done.order.created_at
    document = order_document(done.order, at=at, for_buyer=True, ship_to=done.ship_to)
    if done.paid:
        return Response(200, document)
    return Response(201, document, {"idempotent-replayed": "true"} if done.replayed else {})


@api.route("GET /v1/orders/{order_id}", SELL, READ)
def read_order(request: Request) -> Response:
    """An order as it stands."""
    order = order_reader().find(request.path["order_id"], request.merchant)
    if request.scope != SELL:
        return Response(200, order_document(order, at=now_seconds()))
    ship_to = addresses().open(campaign_cache().get(order.campaign_id), order)
    return Response(200, order_document(order, at=now_seconds(), for_buyer=True, ship_to=ship_to))


@api.route("PATCH /v1/orders/{order_id}/address", SELL, MANAGE)
def change_address(request: Request) -> Response:
    """The order with another address."""
    body = read(AddressRequest, request.body)
    if request.scope == SELL and body.buyer_id is None:
        said = "Send the id of the order's buyer: a key of the scope 'sell' changes a buyer's own orders."
        raise InvalidRequest(errors=[{"pointer": "/buyer_id", "detail": said}])
    asked = AddressChange(
        merchant=request.merchant,
        order_id=request.path["order_id"],
        buyer_id=body.buyer_id,
        ship_to=body.ship_to.model_dump(exclude_none=True),
    )
    order, ship_to = address_desk().change(asked)
    document = order_document(order, at=now_seconds(), for_buyer=True, ship_to=ship_to)
    return Response(200, document)


@api.route("GET /v1/campaigns/{campaign_id}/orders", READ, MANAGE)
def list_orders(request: Request) -> Response:
    """A page of a campaign's orders, newest hold first, without personal data."""
    query = page_query(request.query, {"needs_attention": ("true",)})
    reader = order_reader()
    read_page = reader.attention_page if query.filters else reader.page
    page = read_page(
        request.path["campaign_id"],
        request.merchant,
        after=query.starting_after,
        limit=query.limit,
    )
    now = now_seconds()
    data = [order_document(order, at=now) for order in page.orders]
    return Response(200, {"object": "list", "data": data, "has_more": page.has_more})


lambda_handler = api
