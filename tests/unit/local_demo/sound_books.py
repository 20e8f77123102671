"""Evidence of a small sale whose books are sound, to be spoilt by the tests."""

from __future__ import annotations

from typing import Any

from local.demo.evidence import Evidence, Poll
from local.shoppers.journal import Capture, Journal, Replay

AS_OF = "2026-11-28T12:00:30.000Z"
AS_OF_SECONDS = 1_795_867_230.0
OFFERS = [
    {"sku": "FUJI", "unit_price": 100, "allotment": 10, "limit_per_buyer": 5},
    {"sku": "GIFT", "unit_price": 900, "allotment": 2, "limit_per_buyer": 1},
]

FLASH = {"at": 5, "cue": "flash_price", "sku": "FUJI", "unit_price": 80}
COUPON = {
    "at": 6,
    "cue": "coupon",
    "code": "HALF",
    "sku": "FUJI",
    "percent_off": 50,
    "uses": 1,
    "uses_per_buyer": 1,
}
PRICE = {"at": 7, "cue": "price", "sku": "FUJI", "unit_price": 200}


def an_order(suffix: str, sku: str, quantity: int, state: str = "fulfilled") -> dict[str, Any]:
    price = 100 if sku == "FUJI" else 900
    return {
        "id": f"ord_{suffix}",
        "sku": sku,
        "quantity": quantity,
        "unit_price": price,
        "amount": price * quantity,
        "currency": "CNY",
        "state": state,
        "coupon": "HALF" if suffix == "a" else None,
        "amount_refunded": price * quantity if state == "refunded" else 0,
        "needs_attention": None,
        "paid_at": AS_OF if state in ("paid", "fulfilled") else None,
    }


def a_reservation(suffix: str, sku: str, quantity: int) -> dict[str, Any]:
    price = 100 if sku == "FUJI" else 900
    return {
        "id": f"rsv_{suffix}",
        "sku": sku,
        "quantity": quantity,
        "unit_price": price,
        "list_price": 2 * price if suffix == "a" else price,
        "coupon": "HALF" if suffix == "a" else None,
        "amount": price * quantity,
    }


def units(allotted: int, sold: int) -> dict[str, int]:
    return {
        "allotted": allotted,
        "available": allotted - sold,
        "held": 0,
        "sold": sold,
        "refunded": 0,
    }


def sound_totals(**changes: Any) -> dict[str, Any]:
    totals = {
        "version": 9,
        "as_of": AS_OF,
        "status": "closed",
        "complete": True,
        "currency": "CNY",
        "orders": 4,
        "gross": 2200,
        "refunded": 0,
        "net": 2200,
        "units": units(12, 6),
        "reservations": {"placed": 8, "confirmed": 4, "released": 1, "expired": 3, "held": 0},
        "offers": [
            {"sku": "FUJI", "orders": 2, "gross": 400, "refunded": 0, "units": units(10, 4)},
            {"sku": "GIFT", "orders": 2, "gross": 1800, "refunded": 0, "units": units(2, 2)},
        ],
    }
    return {**totals, **changes}


def a_journal() -> Journal:
    """Four who paid, one of them late; one paid too late and got the money back; one released; one left; one lied."""
    journal = Journal()
    wants = [("a", "FUJI", 3), ("b", "FUJI", 1), ("c", "GIFT", 1), ("d", "GIFT", 1)]
    wants += [("late", "GIFT", 1), ("gave_back", "FUJI", 2), ("left", "FUJI", 1)]
    for suffix, sku, quantity in wants:
        journal.reserved(a_reservation(suffix, sku, quantity), f"buyer-{suffix}")
    journal.gave_back("rsv_gave_back")
    for suffix, sku, quantity in wants[:5]:
        order = an_order(suffix, sku, quantity)
        journal.ordered(order)
        journal.captured(a_capture(order, late=suffix in ("b", "late")))
    journal.captured(a_capture(an_order("a", "FUJI", 3), wrong=True))
    journal.stood_in_line("wtl_d")
    journal.heard_in_line("wtl_d", "offered")
    journal.answered_twice(Replay(what="POST", first={"status": 201}, again={"status": 201}))
    return journal


def a_capture(order: dict[str, Any], *, late: bool = False, wrong: bool = False) -> Capture:
    return Capture(
        webhook=f"msg_{order['id']}",
        order=order["id"],
        amount=order["amount"] - (1 if wrong else 0),
        currency="CNY",
        wrong=wrong,
        late=late,
        outcome="quarantined" if wrong else "paid",
    )


def sound_evidence(**changes: Any) -> Evidence:
    """The late payment of ``b`` took units a second time: eight placed for seven that were acknowledged."""
    orders = [
        an_order("a", "FUJI", 3),
        an_order("b", "FUJI", 1),
        an_order("c", "GIFT", 1),
        an_order("d", "GIFT", 1),
        an_order("late", "GIFT", 1, "refunded"),
    ]
    parts = [
        {"sku": "FUJI", "orders": 2, "units": 4, "gross": 400},
        {"sku": "GIFT", "orders": 2, "units": 2, "gross": 1800},
    ]
    bucket = {"at": AS_OF, "orders": 4, "units": 6, "gross": 2200, "offers": parts}
    live = sound_totals(version=8, status="live", complete=False)
    totals = sound_totals()
    report = {"balanced": True, "totals": totals}
    facts: dict[str, Any] = {
        "journal": a_journal(),
        "campaign": {
            "id": "cmp_a",
            "status": "closed",
            "offers": OFFERS,
            "starts_at": "2026-11-28T12:00:00Z",
            "ends_at": "2026-11-28T12:00:30Z",
            "run_of_show": [FLASH, COUPON, {"at": 31, "cue": "unpin"}],
            "improvised": [PRICE],
        },
        "prices": {"FUJI": 100, "GIFT": 900},
        "scarce": "GIFT",
        "polls": [Poll(asked_at=AS_OF_SECONDS + 0.5, totals=live)],
        "totals": totals,
        "timeline": {"version": 9, "buckets": [bucket], "markers": [FLASH, COUPON, PRICE]},
        "report": report,
        "report_again": report,
        "hand_off": {"waiting": 0, "files": [{"name": "parcels.csv", "rows": 4}]},
        "orders": {order["id"]: order for order in orders},
        "loose": {"rsv_gave_back": "released", "rsv_left": "expired"},
    }
    return Evidence(**{**facts, **changes})
