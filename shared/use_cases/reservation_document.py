"""A reservation as the API shows it. The standard library alone: pydantic would slow every cold start of a sale."""

from __future__ import annotations

from typing import Any

from shared.clock import rfc3339
from shared.domain.money import exponent
from shared.use_cases.reserve import Reservation


def reservation_document(reservation: Reservation, buyer_id: str | None = None) -> dict[str, Any]:
    """``shared.contracts.buying.Reservation``."""
    check = reservation.check
    return {
        "id": reservation.id,
        "object": "reservation",
        "campaign": check.campaign_id,
        "state": reservation.state.value,
        "sku": reservation.sku,
        "quantity": check.quantity,
        "unit_price": check.unit_price,
        "list_price": reservation.list_price,
        "amount": check.amount,
        "currency": reservation.currency,
        "currency_exponent": exponent(reservation.currency),
        "coupon": reservation.coupon,
        # Only a digest of it is kept, so it can be repeated but not read back.
        "buyer_id": buyer_id,
        "expires_at": rfc3339(check.deadline),
    }
