"""
What payment providers say of payments: ``POST /v1/webhooks/payments/{provider}``.

No key: the body is signed. Whatever is signed gets 200, for it was dealt with, was known, or was put aside for a person; a
provider that got anything else would send it again.
"""

from __future__ import annotations

from shared.clock import now_seconds
from shared.contracts.payments import Received
from shared.http_api import Api, Request, Response
from shared.wiring import payment_desk

api = Api()


@api.route("POST /v1/webhooks/payments/{provider}")
def receive(request: Request) -> Response:
    """Deal with one delivery of an event."""
    outcome = payment_desk().receive(
        request.path["provider"], request.headers, request.raw, now_seconds()
    )
    return Response(200, Received(outcome=outcome.value).model_dump())


lambda_handler = api
