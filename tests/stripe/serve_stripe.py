"""
localstripe, with what Stripe has and it lacks: ``python serve_stripe.py PORT``.

* Idempotency keys as Stripe documents them: the first answer is stored, a failure too, and given again, marked; other
  parameters under the same key are an error. https://docs.stripe.com/api/idempotent_requests
* ``automatic_payment_methods``, ``cancellation_reason`` and ``amount_received``; a charge is not refunded beyond its amount.
* The events of refunds and cancellations.
* Faults on request, at ``/_faults``: so many requests are not served (``down``), served with the answer lost (``lost``), or
  answered with a fault after they were served (``broken``).

Nothing is kept on disk.
"""

from __future__ import annotations

import sys
from typing import Any

from aiohttp import web
from localstripe import resources

KEYS: dict[str, tuple[bytes, int, bytes]] = {}
ASKED: list[dict[str, str]] = []
FAULTS: dict[str, Any] = {"kind": None, "times": 0}


def amend(intents: Any, refunds: Any, charges: Any) -> None:
    """Make localstripe's objects behave as Stripe's do."""
    create, cancel, refund = intents._api_create, intents._api_cancel, refunds.__init__

    def create_intent(automatic_payment_methods: Any = None, **data: Any) -> Any:
        if automatic_payment_methods not in (None, {"enabled": "true"}):
            raise resources.UserError(400, "Bad request")
        return create(**data)

    def cancel_intent(id: str, cancellation_reason: str | None = None) -> Any:  # noqa: A002 - theirs
        intent = cancel(id)
        intent.cancellation_reason = cancellation_reason
        resources.schedule_webhook(resources.Event("payment_intent.canceled", intent))
        return intent

    def make_refund(self: Any, **data: Any) -> None:
        charge = intents._api_retrieve(data["payment_intent"]).latest_charge
        if charge is None:
            raise resources.UserError(400, "This payment has no successful charge to refund.")
        if charge.refunded:
            code = {"code": "charge_already_refunded"}
            raise resources.UserError(400, "Charge has already been refunded.", code)
        refund(self, **data)
        resources.schedule_webhook(resources.Event("refund.created", self))

    def list_refunds(
        url: str, payment_intent: str | None = None, charge: str | None = None, **data: Any
    ) -> Any:
        made = super(refunds, refunds)._api_list_all(url, **data)
        made._list = [
            it
            for it in made._list
            if payment_intent in (None, it.payment_intent) and charge in (None, it.charge)
        ]
        return made

    intents._api_create = staticmethod(create_intent)
    refunds._api_list_all = staticmethod(list_refunds)
    intents.amount_received = property(lambda it: it.amount if it.status == "succeeded" else 0)
    refunds.__init__ = make_refund
    charges.refunded = property(lambda it: it.amount_refunded >= it.amount)
    cancels = "/v1/payment_intents/{id}/cancel"
    resources.extra_apis[:] = [
        (method, url, cancel_intent if url == cancels else act)
        for method, url, act in resources.extra_apis
    ]
    resources.Store.dump_to_disk = lambda _: None


@web.middleware
async def be_told(request: web.Request, handler: Any) -> web.StreamResponse:
    """What a test asks of the server itself."""
    if request.path == "/_asked":
        return web.json_response(ASKED)
    if request.path == "/_faults":
        FAULTS.update(await request.json())
    elif request.path == "/_forget":
        KEYS.clear()
    else:
        return await handler(request)  # type: ignore[no-any-return]
    return web.json_response({})


@web.middleware
async def misbehave(request: web.Request, handler: Any) -> web.StreamResponse:
    """Note the request, and serve it as it is due to be served."""
    if request.path.startswith("/_"):
        return await handler(request)  # type: ignore[no-any-return]
    ASKED.append(
        {
            "method": request.method,
            "path": request.path,
            "key": request.headers.get("Idempotency-Key", ""),
            "version": request.headers.get("Stripe-Version", ""),
        }
    )
    kind = FAULTS["kind"] if FAULTS["times"] > 0 else None
    FAULTS["times"] -= kind is not None
    if kind == "down":
        return fault(503)
    if kind in ("full", "full for a second", "full for an hour"):
        after = {"full for a second": "1", "full for an hour": "3600"}.get(kind)
        full = fault(429, type="rate_limit_error", message="Too many requests")
        if after is not None:
            full.headers["Retry-After"] = after
        return full
    request["broken"] = kind == "broken"
    answer = await handler(request)
    if kind == "lost" and request.transport is not None:
        request.transport.close()
    return answer  # type: ignore[no-any-return]


@web.middleware
async def remember(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer a request under a known key as it was answered."""
    key = request.headers.get("Idempotency-Key", "")
    body, stored = await request.read(), KEYS.get(key)
    if stored is not None and stored[0] != body:
        text = "Keys for idempotent requests can only be used with the same parameters"
        return fault(400, type="idempotency_error", message=text)
    if stored is not None:
        again = {"Idempotent-Replayed": "true", "Content-Type": "application/json"}
        if stored[1] >= 500:
            again["Stripe-Should-Retry"] = "false"
        return web.Response(body=stored[2], status=stored[1], headers=again)
    answer = await handler(request)
    if request.get("broken"):
        answer = fault(500)
    if key and request.method == "POST":
        KEYS[key] = (body, answer.status, bytes(answer.body))
    return answer  # type: ignore[no-any-return]


def fault(status: int, **error: str) -> web.Response:
    """An answer that is an error."""
    return web.json_response({"error": {"type": "api_error", **error}}, status=status)


def main() -> None:
    amend(resources.PaymentIntent, resources.Refund, resources.Charge)
    from localstripe.server import app  # reads the list of calls when it is imported

    app.middlewares[:0] = [be_told, misbehave, remember]
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
