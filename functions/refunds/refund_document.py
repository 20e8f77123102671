"""A refund as the API shows it."""

from __future__ import annotations

from typing import Any

from shared.clock import rfc3339
from shared.contracts import refunds
from shared.domain.money import exponent
from shared.domain.refund import AskedRefund


def refund_document(refund: AskedRefund) -> dict[str, Any]:
    """``shared.contracts.refunds.Refund``."""
    return refunds.Refund(
        id=refund.id,
        order=refund.order_id,
        campaign=refund.campaign_id,
        amount=refund.amount,
        currency=refund.currency,
        currency_exponent=exponent(refund.currency),
        reason=refund.reason,
        restock=refund.restock,
        # The money is back a moment before that is decided.
        restocked=None if refund.restock and refund.unbooked else refund.restocked,
        state=refund.state.value,
        # While it is under way, that is not decided.
        after_close=None if refund.is_open else refund.after_close,
        created_at=rfc3339(refund.created_at),
        ended_at=None if refund.ended_at is None else rfc3339(refund.ended_at),
    ).model_dump(mode="json")
