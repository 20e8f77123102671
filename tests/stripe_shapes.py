"""Events of Stripe as its API of 2026 writes them: recorded shapes, with the facts of an order of ours put in."""

from __future__ import annotations

import json
from typing import Any

from stripe import WebhookSignature

from shared import clock
from shared.domain.order import Order
from tests.stripe_server import WEBHOOK_SECRET

Json = dict[str, Any]


def event(kind: str, thing: Json, event_id: str = "evt_1", **changes: Any) -> bytes:
    """The body of a webhook."""
    body = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": clock.now_seconds(),
        "type": kind,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": thing},
        **changes,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def signed(raw: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
    """What Stripe sends with a body."""
    stamp = int(clock.now_seconds() if at is None else at)
    header = WebhookSignature.generate_signature_header(raw.decode(), secret, stamp)
    return {"stripe-signature": header}


def intent(order: Order, status: str = "succeeded", **changes: Any) -> Json:
    """A payment intent of an order."""
    return {
        "id": order.payment_id,
        "object": "payment_intent",
        "amount": order.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": order.amount if status == "succeeded" else 0,
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{order.payment_id}_secret_x",
        "confirmation_method": "automatic",
        "created": order.created_at,
        "currency": order.currency.lower(),
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": "ch_1" if status == "succeeded" else None,
        "livemode": False,
        "metadata": {
            "livehour_order": order.id,
            "livehour_campaign": order.campaign_id,
            "livehour_merchant": order.merchant,
        },
        "next_action": None,
        "payment_method": "pm_1",
        "payment_method_types": ["card", "alipay", "wechat_pay"],
        "shipping": None,
        "status": status,
        **changes,
    }


ALIPAY: Json = {
    "alipay_handle_redirect": {
        "native_data": None,
        "native_url": None,
        "return_url": "https://shop.example/done",
        "url": "https://hooks.stripe.com/redirect/authenticate/src_1?client_secret=src_client_secret_x",
    },
    "type": "alipay_handle_redirect",
}
WECHAT_PAY: Json = {
    "type": "wechat_pay_display_qr_code",
    "wechat_pay_display_qr_code": {
        "data": "weixin://wxpay/bizpayurl?pr=x",
        "hosted_instructions_url": "https://payments.stripe.com/wechat_pay/instructions/x",
        "image_data_url": "data:image/png;base64,iVBORw0KGgo",
        "image_url_png": "https://qr.stripe.com/test_x.png",
        "image_url_svg": "https://qr.stripe.com/test_x.svg",
    },
}


def refund(order: Order, status: str = "succeeded", **changes: Any) -> Json:
    """A refund of an order's payment, made by hand unless ``metadata`` say otherwise."""
    return {
        "id": "re_1",
        "object": "refund",
        "amount": order.amount,
        "balance_transaction": "txn_1",
        "charge": "ch_1",
        "created": order.created_at,
        "currency": order.currency.lower(),
        "destination_details": {"alipay": {}, "type": "alipay"},
        "metadata": {},
        "payment_intent": order.payment_id,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
        **changes,
    }


def charge(order: Order, **changes: Any) -> Json:
    """The charge of an order's payment. It has a copy of the payment's marks."""
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": order.amount,
        "amount_captured": order.amount,
        "amount_refunded": order.amount,
        "billing_details": {"address": {"country": "CN"}, "name": "Li Wei", "email": None},
        "currency": order.currency.lower(),
        "livemode": False,
        "metadata": intent(order)["metadata"],
        "paid": True,
        "payment_intent": order.payment_id,
        "payment_method_details": {"type": "wechat_pay", "wechat_pay": {"transaction_id": "4200"}},
        "refunded": True,
        "status": "succeeded",
        **changes,
    }


def dispute(order: Order, **changes: Any) -> Json:
    """A dispute of an order's payment. It has no marks of ours."""
    return {
        "id": "du_1",
        "object": "dispute",
        "amount": order.amount,
        "balance_transactions": [],
        "charge": "ch_1",
        "currency": order.currency.lower(),
        "enhanced_eligibility_types": [],
        "evidence": {"customer_name": "Li Wei", "uncategorized_text": None},
        "evidence_details": {"due_by": order.created_at + 864000, "has_evidence": False},
        "is_charge_refundable": True,
        "livemode": False,
        "metadata": {},
        "payment_intent": order.payment_id,
        "reason": "product_not_received",
        "status": "needs_response",
        **changes,
    }
