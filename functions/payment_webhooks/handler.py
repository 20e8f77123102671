"""
What payment providers say of payments: ``POST /v1/webhooks/payments/{provider}``.

No key: the body is signed. Whatever is signed gets 200, for it was dealt with, was known, or was put aside for a person; a
provider that got anything else would send it again. So is a body of any size; that limits are for callers who sign nothing
is decided after the signature was looked at, which costs one pass over the bytes.
"""

from __future__ import annotations

from shared.clock import now_seconds
from shared.contracts.payments import Received
from shared.domain.errors import SignatureInvalid, TooLarge
from shared.http_api import LARGEST_BODY, Api, Request, Response
from shared.wiring import payment_desk

api = Api()


@api.route("POST /v1/webhooks/payments/{provider}", largest=None)
def receive(request: Request) -> Response:
    """Deal with one delivery of an event."""
    try:
        outcome = payment_desk().receive(
            request.path["provider"], request.headers, request.raw, now_seconds()
        )
    except SignatureInvalid:
        if len(request.raw) > LARGEST_BODY:
            raise TooLarge from None
        raise
    return Response(200, Received(outcome=outcome.value).model_dump())


lambda_handler = api
