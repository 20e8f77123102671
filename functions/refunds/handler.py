"""
Refunds that a merchant asks for. Nothing here moves money: what is accepted is done by the refund machine.

* ``POST /v1/orders/{order_id}/refund``
* ``GET /v1/orders/{order_id}/refunds``
* ``GET /v1/refunds/{refund_id}``
* ``POST /v1/refunds/{refund_id}/retry``
"""

from __future__ import annotations

from functions.refunds.refund_document import refund_document
from shared.clock import now_seconds
from shared.contracts.commands import NoBody
from shared.contracts.refunds import RefundRequest
from shared.contracts.routes import MANAGE, READ
from shared.contracts.validation import read
from shared.http_api import Api, Request, Response
from shared.use_cases.ask_refund import RefundWish
from shared.use_cases.run_campaign import Ask
from shared.wiring import refund_desk

api = Api()


@api.route("POST /v1/orders/{order_id}/refund", MANAGE)
def ask_for_refund(request: Request) -> Response:
    """The refund, accepted: it will come to an end by itself."""
    key = request.idempotency_key
    body = read(RefundRequest, request.body)
    wish = RefundWish(
        merchant=request.merchant,
        order_id=request.path["order_id"],
        amount=body.amount,
        reason=body.reason,
        restock=body.restock,
        idempotency_key=key,
    )
    done = refund_desk().ask(wish, now_seconds())
    headers = {"idempotent-replayed": "true"} if done.replayed else {}
    return Response(201, refund_document(done.refund), headers)


@api.route("GET /v1/orders/{order_id}/refunds", MANAGE, READ)
def list_refunds(request: Request) -> Response:
    """All refunds of an order, newest first."""
    found = refund_desk().of_order(request.path["order_id"], request.merchant)
    data = [refund_document(refund) for refund in found]
    return Response(200, {"object": "list", "data": data, "has_more": False})


@api.route("GET /v1/refunds/{refund_id}", MANAGE, READ)
def read_refund(request: Request) -> Response:
    """A refund as it stands."""
    refund = refund_desk().find(request.path["refund_id"], request.merchant)
    return Response(200, refund_document(refund))


@api.route("POST /v1/refunds/{refund_id}/retry", MANAGE)
def retry_refund(request: Request) -> Response:
    """The provider is asked again about a refund that needed a person."""
    read(NoBody, request.body)
    ask = Ask(
        merchant=request.merchant,
        endpoint="retry_refund",
        resource=request.path["refund_id"],
        key=request.idempotency_key,
        body=request.body,
    )
    told = refund_desk().retry(ask, refund_document, now_seconds())
    headers = {"idempotent-replayed": "true"} if told.replayed else {}
    return Response(told.status, told.document, headers)


lambda_handler = api
