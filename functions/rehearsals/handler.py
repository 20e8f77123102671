"""
Rehearsals of campaigns. Nothing here plays one: what is accepted is done by the rehearsal machine.

* ``POST /v1/campaigns/{campaign_id}/rehearse``
* ``GET /v1/rehearsals/{rehearsal_id}``
"""

from __future__ import annotations

from functions.rehearsals.rehearsal_document import rehearsal_document
from shared.clock import now_seconds
from shared.contracts.rehearsals import RehearsalRequest
from shared.contracts.routes import MANAGE
from shared.contracts.validation import read
from shared.http_api import Api, Request, Response
from shared.use_cases.run_campaign import Ask
from shared.wiring import rehearsal_desk

api = Api()


@api.route("POST /v1/campaigns/{campaign_id}/rehearse", MANAGE)
def rehearse(request: Request) -> Response:
    """The rehearsal, accepted: its verdict comes by itself, within minutes."""
    body = read(RehearsalRequest, request.body)
    ask = Ask(
        merchant=request.merchant,
        endpoint="rehearse",
        resource=request.path["campaign_id"],
        key=request.idempotency_key,
        body=request.body,
    )
    done = rehearsal_desk().ask(
        ask, expected=body.expected_buyers, seed=body.seed, now=now_seconds()
    )
    headers = {"idempotent-replayed": "true"} if done.replayed else {}
    return Response(201, rehearsal_document(done.rehearsal), headers)


@api.route("GET /v1/rehearsals/{rehearsal_id}", MANAGE)
def read_rehearsal(request: Request) -> Response:
    """A rehearsal as it stands."""
    rehearsal = rehearsal_desk().find(request.path["rehearsal_id"], request.merchant)
    return Response(200, rehearsal_document(rehearsal))


lambda_handler = api
