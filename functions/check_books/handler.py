"""``POST /v1/campaigns/{campaign_id}/reconcile``: compare the books of a campaign now."""

from __future__ import annotations

from shared.contracts.commands import NoBody
from shared.contracts.routes import MANAGE
from shared.contracts.validation import read
from shared.http_api import Api, Request, Response
from shared.use_cases.run_campaign import Ask
from shared.wiring import books_checker

api = Api()


@api.route("POST /v1/campaigns/{campaign_id}/reconcile", MANAGE)
def reconcile(request: Request) -> Response:
    """What differs, after what a rule could finish was finished."""
    read(NoBody, request.body)
    ask = Ask(
        merchant=request.merchant,
        endpoint="reconcile",
        resource=request.path["campaign_id"],
        key=request.idempotency_key,
        body=request.body,
    )
    told = books_checker().check(ask)
    headers = {"idempotent-replayed": "true"} if told.replayed else {}
    return Response(told.status, told.document, headers)


lambda_handler = api
