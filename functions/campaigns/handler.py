"""
Campaigns of a merchant.

``POST /v1/campaigns``, ``GET /v1/campaigns``, ``GET`` and ``PATCH /v1/campaigns/{campaign_id}``, and
the commands ``schedule``, ``start``, ``end``, ``extend``, ``pause``, ``resume``, ``cancel`` below it; and its ``log``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared import clock, wiring
from shared.contracts import campaigns as contracts
from shared.contracts import commands, run_of_show
from shared.contracts.lists import page_query
from shared.contracts.routes import MANAGE
from shared.contracts.validation import read
from shared.domain import live_cues, show_control, show_time
from shared.domain.campaign import NOBODY, Campaign, Status
from shared.domain.campaign_log import Outcome, document, place_of
from shared.domain.errors import (
    CampaignNotFound,
    InvalidCursor,
    InvalidRequest,
    PreconditionFailed,
    PreconditionRequired,
)
from shared.domain.ids import new_campaign_id, new_secret
from shared.domain.payable import TEST
from shared.http_api import Api, Request, Response
from shared.use_cases.run_campaign import Ask, ShowRunner, Told

api = Api()


@api.route("POST /v1/campaigns", MANAGE)
def create(request: Request) -> Response:
    """A new draft."""

    def make() -> Campaign:
        plan = contracts.plan(read(contracts.CampaignRequest, request.body))
        _refuse_unless_payable(plan)
        return Campaign(
            id=new_campaign_id(),
            merchant=request.merchant,
            secret=new_secret(),
            created_at=clock.now_millis(),
            **plan,
        )

    return _told(_runner().create(_ask(request, "create"), make))


@api.route("GET /v1/campaigns", MANAGE)
def list_campaigns(request: Request) -> Response:
    """A page of the merchant's campaigns."""
    query = page_query(request.query, {"status": [status.value for status in Status]})
    after = None
    if query.starting_after is not None:
        try:
            after = _runner().owned(request.merchant, query.starting_after)
        except CampaignNotFound:
            raise InvalidCursor from None
    status = query.filters.get("status")
    found = wiring.campaigns().of_merchant(
        request.merchant,
        status=Status(status) if status else None,
        after=after,
        limit=query.limit + 1,
    )
    page = [contracts.answer(campaign) for campaign in found[: query.limit]]
    return Response(200, {"object": "list", "data": page, "has_more": len(found) > query.limit})


@api.route("GET /v1/campaigns/{campaign_id}", MANAGE)
def get(request: Request) -> Response:
    """A campaign."""
    return _answer(_runner().owned(request.merchant, request.path["campaign_id"]))


@api.route("PATCH /v1/campaigns/{campaign_id}", MANAGE)
def patch(request: Request) -> Response:
    """Other values of the plan, over the version that ``If-Match`` names."""
    runner, campaign_id = _runner(), request.path["campaign_id"]
    runner.owned(request.merchant, campaign_id)
    version = _version(request)
    if version is None:
        raise PreconditionRequired
    body = read(contracts.CampaignPatch, request.body)

    def changes(campaign: Campaign) -> dict[str, Any]:
        plan = contracts.changes(body, campaign)
        _refuse_unless_payable(plan)
        return plan

    revised = runner.revise(
        request.merchant, campaign_id, version, changes, by=request.key or NOBODY
    )
    return _answer(revised)


@api.route("GET /v1/campaigns/{campaign_id}/log", MANAGE)
def list_log(request: Request) -> Response:
    """A page of what was done to a campaign."""
    campaign = _runner().owned(request.merchant, request.path["campaign_id"])
    query = page_query(request.query, {"outcome": [outcome.value for outcome in Outcome]})
    before = None
    if query.starting_after is not None:
        before = place_of(query.starting_after)
        if before is None:
            raise InvalidCursor
    outcome = query.filters.get("outcome")
    found = wiring.campaign_log().page(
        campaign.id,
        outcome=Outcome(outcome) if outcome else None,
        before=before,
        limit=query.limit + 1,
    )
    page = [document(entry) for entry in found[: query.limit]]
    return Response(200, {"object": "list", "data": page, "has_more": len(found) > query.limit})


@api.route("POST /v1/campaigns/{campaign_id}/schedule", MANAGE)
def schedule(request: Request) -> Response:
    """A draft that will start by itself."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        read(commands.NoBody, request.body)
        if campaign.status is Status.DRAFT:
            _refuse_test_money(campaign.payment_provider)
        return show_control.schedule(campaign, now=now)

    return _command(request, "schedule", decide)


@api.route("POST /v1/campaigns/{campaign_id}/start", MANAGE)
def start(request: Request) -> Response:
    """A show that begins now."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        read(commands.NoBody, request.body)
        if campaign.status is Status.DRAFT:
            _refuse_test_money(campaign.payment_provider)
        return show_control.start(campaign, now=now)

    return _command(request, "start", decide)


@api.route("POST /v1/campaigns/{campaign_id}/end", MANAGE)
def end(request: Request) -> Response:
    """A show that is over now."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        read(commands.NoBody, request.body)
        return show_control.end(campaign, now=now)

    return _command(request, "end", decide)


@api.route("POST /v1/campaigns/{campaign_id}/extend", MANAGE)
def extend(request: Request) -> Response:
    """A later end."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        body = read(commands.ExtendRequest, request.body)
        ends_at = show_time.instant(body.ends_at, campaign.time_zone, "/ends_at")
        return show_control.extend(campaign, ends_at=ends_at, now=now)

    return _command(request, "extend", decide)


@api.route("POST /v1/campaigns/{campaign_id}/cues", MANAGE)
def direct(request: Request) -> Response:
    """Something that is done in the middle of the show."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        cue = run_of_show.live_cue(read(run_of_show.LiveCue, request.body))
        return live_cues.improvise(campaign, cue, now=now)

    return _told(_runner().direct(_ask(request, "cues"), decide))


@api.route("POST /v1/campaigns/{campaign_id}/allotment", MANAGE)
def add_stock(request: Request) -> Response:
    """More units of an offer."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        body = read(commands.AllotmentRequest, request.body)
        return show_control.add_stock(campaign, sku=body.sku, units=body.units, now=now)

    return _command(request, "allotment", decide)


@api.route("POST /v1/campaigns/{campaign_id}/pause", MANAGE)
def pause(request: Request) -> Response:
    """A show that takes no reservations for a while."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        body = read(commands.PauseRequest, request.body)
        return show_control.pause(campaign, now=now, reason=body.reason)

    return _command(request, "pause", decide)


@api.route("POST /v1/campaigns/{campaign_id}/resume", MANAGE)
def resume(request: Request) -> Response:
    """A paused show that sells again."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        read(commands.NoBody, request.body)
        return show_control.resume(campaign, now=now)

    return _command(request, "resume", decide)


@api.route("POST /v1/campaigns/{campaign_id}/cancel", MANAGE)
def cancel(request: Request) -> Response:
    """A campaign called off."""

    def decide(campaign: Campaign, now: int) -> Campaign:
        body = read(commands.CancelRequest, request.body)
        return show_control.cancel(campaign, reason=body.reason, now=now)

    return _command(request, "cancel", decide)


lambda_handler = api


def _runner() -> ShowRunner:
    return wiring.show_runner(contracts.answer)


def _refuse_unless_payable(plan: Mapping[str, Any]) -> None:
    """A show that could not take a single payment is refused while there is time to do something about it."""
    provider = plan.get("payment_provider")
    _refuse_test_money(provider)
    if provider is not None and not wiring.can_take_payments(provider):
        said = (
            f"This deployment has no account at {provider}: an operator has to fill the secret "
            f"livehour-<stage>-payments-{provider} first. `test` takes no real money."
        )
        raise InvalidRequest(errors=[{"pointer": "/payments/provider", "detail": said}])


def _refuse_test_money(provider: str | None) -> None:
    """Where real money is taken, nothing is sold for none."""
    if provider == TEST and wiring.is_real():
        said = (
            "This stage takes real money, and `test` takes none: name the provider that does, such as `stripe`. Here there "
            "is no default."
        )
        raise InvalidRequest(errors=[{"pointer": "/payments/provider", "detail": said}])


def _command(
    request: Request, endpoint: str, decide: Callable[[Campaign, int], Campaign]
) -> Response:
    # The body is read inside the decision: a repeated request is answered as before, whatever the
    # rules for bodies have become since.
    return _told(_runner().command(_ask(request, endpoint), decide))


def _ask(request: Request, endpoint: str) -> Ask:
    return Ask(
        merchant=request.merchant,
        endpoint=endpoint,
        resource=request.path.get("campaign_id", ""),
        key=request.idempotency_key,
        body=request.body,
        by=request.key or NOBODY,
        version=_version(request),
    )


def _told(told: Told) -> Response:
    headers = {"etag": f'"{told.document["version"]}"'}
    if told.replayed:
        headers["idempotent-replayed"] = "true"
    return Response(told.status, told.document, headers)


def _answer(campaign: Campaign) -> Response:
    return Response(200, contracts.answer(campaign), {"etag": f'"{campaign.version}"'})


def _version(request: Request) -> int | None:
    """The version that ``If-Match`` names, if it is sent. Only a strong tag of ours can match."""
    sent = request.headers.get("if-match")
    if sent is None:
        return None
    # Empty, it names none either: whoever sends it wants to be sure of something.
    tag = re.fullmatch(r'"(\d{1,9})"', sent.strip(), re.ASCII)
    if tag is None:
        raise PreconditionFailed
    return int(tag[1])
