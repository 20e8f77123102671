"""One story in the examples of the reference: the Washington Apple hour, a buyer of two boxes, and the numbers."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

CAMPAIGN_ID: Final = "cmp_a2b3c4d5e6f7g2h3"
SUFFIX: Final = "AQ01xBbm0r-n_Ss8AAAAAAXmc3RvcmUxAgIAAAAAAAAmrGoK_HDsc7nV4pQ2mJkRcQ4bT6yWvZ"
PAYMENT_ID: Final = "pay_5fQ0xKc2mVt9c3Rvcm"

OFFER: Final[Json] = {
    "sku": "FUJI-12",
    "title": {"en": "Washington Fuji, box of 12", "zh": "华盛顿富士苹果 12 个装"},
    "unit_price": 9900,
    "allotment": 4000,
    "limit_per_buyer": 5,
}
RUN_OF_SHOW: Final[list[Json]] = [
    {"at": 0, "cue": "pin", "sku": "FUJI-12"},
    {"at": 600, "cue": "flash_price", "sku": "FUJI-12", "unit_price": 7900, "seconds": 300},
    {"at": 1800, "cue": "announce", "text": "Half an hour left. Every box leaves tomorrow."},
    {"at": 3540, "cue": "unpin"},
]
CAMPAIGN_REQUEST: Final[Json] = {
    "name": "Washington Apple Hour",
    "time_zone": "Asia/Shanghai",
    "starts_at": "2026-11-28T20:00:00",
    "ends_at": "2026-11-28T21:00:00",
    "currency": "CNY",
    "hold_seconds": 300,
    "channel": "tmall",
    "parties": {
        "promoter": "Washington Apple Commission",
        "seller_of_record": "Green Valley Fruit Import (Shanghai)",
        "fulfiller": "East Harbor Cold Chain",
    },
    "payments": {"provider": "stripe", "fee": {"basis_points": 290, "fixed": 30}},
    "fulfilment": {"carrier": "file"},
    "max_open_holds_per_buyer": 3,
    "max_holds_per_ten_minutes": 20,
    "offers": [OFFER],
    "run_of_show": RUN_OF_SHOW,
    "metadata": {"broadcast": "WAC-2026-11-28"},
}
CAMPAIGN: Final[Json] = {
    "id": CAMPAIGN_ID,
    "object": "campaign",
    "status": "draft",
    "version": 1,
    "name": "Washington Apple Hour",
    "time_zone": "Asia/Shanghai",
    "starts_at": "2026-11-28T12:00:00Z",
    "ends_at": "2026-11-28T13:00:00Z",
    "replay_until": None,
    "local": {
        "starts_at": "2026-11-28T20:00:00",
        "ends_at": "2026-11-28T21:00:00",
        "replay_until": None,
    },
    "currency": "CNY",
    "currency_exponent": 2,
    "hold_seconds": 300,
    "channel": "tmall",
    "parties": CAMPAIGN_REQUEST["parties"],
    "payments": CAMPAIGN_REQUEST["payments"],
    "fulfilment": CAMPAIGN_REQUEST["fulfilment"],
    "max_open_holds_per_buyer": 3,
    "max_holds_per_ten_minutes": 20,
    "offers": [OFFER],
    "run_of_show": RUN_OF_SHOW,
    "improvised": [],
    "missed_cues": [],
    "metadata": {"broadcast": "WAC-2026-11-28"},
    "created_at": "2026-11-20T09:12:44.120Z",
    "prepared_at": None,
    "cancel_reason": None,
    "balanced": None,
}
SCHEDULED: Final[Json] = {**CAMPAIGN, "status": "scheduled", "version": 2}
LIVE: Final[Json] = {
    **CAMPAIGN,
    "status": "live",
    "version": 4,
    "prepared_at": "2026-11-28T11:55:02Z",
}
DIRECTED: Final[Json] = {
    **LIVE,
    "version": 5,
    "improvised": [
        {
            "at": 1325,
            "cue": "flash_price",
            "sku": "FUJI-12",
            "unit_price": 8900,
            "seconds": 120,
            "text": None,
            "units": None,
            "code": None,
        }
    ],
}
RESTOCKED: Final[Json] = {
    **LIVE,
    "version": 5,
    "offers": [{**OFFER, "allotment": 4500}],
    "improvised": [
        {
            "at": 1600,
            "cue": "stock",
            "sku": "FUJI-12",
            "unit_price": None,
            "seconds": None,
            "text": None,
            "units": 500,
            "code": None,
        }
    ],
}
PAUSED: Final[Json] = {
    **LIVE,
    "status": "paused",
    "version": 6,
    "improvised": [
        {
            "at": 1850,
            "cue": "paused",
            "sku": None,
            "unit_price": None,
            "seconds": None,
            "text": "The host has lost the picture.",
            "units": None,
            "code": None,
        }
    ],
}
PATCH: Final[Json] = {"name": "Washington Apple Hour, winter", "metadata": {"host": "studio 3"}}
PATCHED: Final[Json] = {
    **CAMPAIGN,
    "version": 2,
    "name": "Washington Apple Hour, winter",
    "metadata": {"broadcast": "WAC-2026-11-28", "host": "studio 3"},
}
EXTENDED: Final[Json] = {
    **LIVE,
    "version": 5,
    "ends_at": "2026-11-28T13:15:00Z",
    "local": {**CAMPAIGN["local"], "ends_at": "2026-11-28T21:15:00"},
}
ENDED: Final[Json] = {
    **LIVE,
    "version": 5,
    "ends_at": "2026-11-28T12:48:11Z",
    "local": {**CAMPAIGN["local"], "ends_at": "2026-11-28T20:48:11"},
    "missed_cues": [
        {"number": 3, "at": 3540, "cue": "unpin", "sku": None, "code": None, "units": None}
    ],
}
CANCELLED: Final[Json] = {
    **SCHEDULED,
    "status": "cancelled",
    "version": 3,
    "cancel_reason": "The container is late.",
    "missed_cues": [
        {
            "number": number,
            "at": cue["at"],
            "cue": cue["cue"],
            "sku": cue.get("sku"),
            "code": None,
            "units": None,
        }
        for number, cue in enumerate(RUN_OF_SHOW)
    ],
}

SHOW: Final[Json] = {
    "id": CAMPAIGN_ID,
    "object": "show",
    "name": "Washington Apple Hour",
    "status": "live",
    "open": True,
    "server_time": "2026-11-28T12:11:30Z",
    "starts_at": "2026-11-28T12:00:00Z",
    "ends_at": "2026-11-28T13:00:00Z",
    "replay_until": None,
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "currency_exponent": 2,
    "hold_seconds": 300,
    "announcement": None,
    "pinned": "FUJI-12",
    "coupons": [],
    "offers": [
        {
            "sku": "FUJI-12",
            "title": OFFER["title"],
            "unit_price": 7900,
            "list_price": 9900,
            "available": 2180,
            "limit_per_buyer": 5,
            "max_quantity": 5,
            "waitlist": {"open": False, "hold_seconds": 120},
        }
    ],
}
RESERVATION_REQUEST: Final[Json] = {"sku": "FUJI-12", "quantity": 2, "buyer_id": "b-7731"}
RESERVATION: Final[Json] = {
    "id": f"rsv_{SUFFIX}",
    "object": "reservation",
    "campaign": CAMPAIGN_ID,
    "state": "held",
    "sku": "FUJI-12",
    "quantity": 2,
    "unit_price": 7900,
    "list_price": 9900,
    "amount": 15800,
    "currency": "CNY",
    "currency_exponent": 2,
    "coupon": None,
    "buyer_id": "b-7731",
    "expires_at": "2026-11-28T12:16:30Z",
}
READ_BACK: Final[Json] = {**RESERVATION, "buyer_id": None}
RELEASED: Final[Json] = {**READ_BACK, "state": "released"}
WAITLIST_REQUEST: Final[Json] = RESERVATION_REQUEST
TICKET: Final[Json] = {
    "id": "wtl_AQhCEIQhCEIQhCEAAAAAB50PEAHb_gGBbNwQ8GQ4nIFYxQ",
    "object": "waitlist_ticket",
    "campaign": CAMPAIGN_ID,
    "sku": "FUJI-12",
    "quantity": 2,
    "buyer_id": "b-7731",
    "state": "waiting",
    "place": 17,
    "coupon": "APPLE10",
    "coupon_result": None,
    "reservation": None,
    "created_at": "2026-11-28T12:09:41Z",
}
OFFERED: Final[Json] = {
    **TICKET,
    "buyer_id": None,
    "state": "offered",
    "place": None,
    "coupon_result": "better_price",
    "reservation": READ_BACK,
}
LEFT: Final[Json] = {**TICKET, "buyer_id": None, "state": "left", "place": None}
CHECKOUT: Final[Json] = {
    "buyer_id": "b-7731",
    "payment_method": "card",
    "ship_to": {
        "name": "Li Wei",
        "line1": "88 Century Avenue, flat 1203",
        "city": "Shanghai",
        "postal_code": "200120",
        "country": "CN",
        "phone": "+86 21 5555 0100",
    },
}
ORDER: Final[Json] = {
    "id": f"ord_{SUFFIX}",
    "object": "order",
    "campaign": CAMPAIGN_ID,
    "reservation": f"rsv_{SUFFIX}",
    "state": "awaiting_payment",
    "sku": "FUJI-12",
    "quantity": 2,
    "unit_price": 7900,
    "list_price": 9900,
    "amount": 15800,
    "currency": "CNY",
    "currency_exponent": 2,
    "coupon": None,
    "created_at": "2026-11-28T12:11:52Z",
    "expires_at": "2026-11-28T12:16:30Z",
    "paid_at": None,
    "amount_refunded": 0,
    "refund_reason": None,
    "payment": {
        "id": PAYMENT_ID,
        "provider": "test",
        "action": {"type": "signed_webhook", "payment_method": "card"},
    },
    "parcel": None,
    "needs_attention": None,
    "personal_data": "kept",
    "ship_to": {**CHECKOUT["ship_to"], "phone": "+862155550100"},
}
ADDRESS: Final[Json] = {"buyer_id": "b-7731", "ship_to": CHECKOUT["ship_to"]}
PAID: Final[Json] = {
    **{name: value for name, value in ORDER.items() if name != "ship_to"},
    "state": "paid",
    "paid_at": "2026-11-28T12:12:20Z",
    "payment": {"id": PAYMENT_ID, "provider": "test", "action": None},
}

REFUND_REQUEST: Final[Json] = {"amount": 4000, "reason": "One box was bruised"}
REFUND: Final[Json] = {
    "id": "ref_AQhCEIQhCEIQhCFptx15-CFrCsJA3QY0mVtX0fC7",
    "object": "refund",
    "order": f"ord_{SUFFIX}",
    "campaign": CAMPAIGN_ID,
    "amount": 4000,
    "currency": "CNY",
    "currency_exponent": 2,
    "reason": "One box was bruised",
    "restock": False,
    "restocked": False,
    "state": "pending",
    "after_close": None,
    "created_at": "2026-11-28T12:20:00Z",
    "ended_at": None,
}
REFUNDED: Final[Json] = {
    **REFUND,
    "state": "succeeded",
    "after_close": False,
    "ended_at": "2026-11-28T12:20:01Z",
}

PARCEL_ID: Final = "par_k5qzv3y2m7c4w6nka2b3d4e5f6"
ERASED: Final[Json] = {
    **PAID,
    "state": "fulfilled",
    "parcel": {"id": PARCEL_ID, "carrier": "file", "requested_at": "2026-11-28T12:12:21Z"},
    "personal_data": "erased",
}
HAND_OFF: Final[Json] = {
    "object": "hand_off",
    "campaign": CAMPAIGN_ID,
    "carrier": "file",
    "piece": 1,
    "pieces": 1,
    "combined": False,
    "waiting": 0,
    "needs_attention": [{"order": f"ord_{SUFFIX}", "reason": "address_incomplete"}],
    "needs_attention_found": 1,
    "made_at": "2026-11-28T13:30:00Z",
    "expires_at": "2026-11-28T13:45:00Z",
    "files": [
        {
            "name": "parcels.csv",
            "content_type": "text/csv; charset=utf-8",
            "size": 21042,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "rows": 120,
            "url": "https://files.example/parcels.csv?signature=...",
        }
    ],
}
WEBHOOK: Final[Json] = {
    "type": "payment.succeeded",
    "data": {
        "payment_id": PAYMENT_ID,
        "order_id": f"ord_{SUFFIX}",
        "amount": 15800,
        "currency": "CNY",
        "currency_exponent": 2,
        "livemode": False,
    },
}
RECEIVED: Final[Json] = {"received": True, "outcome": "paid"}

UNITS: Final[Json] = {
    "allotted": 4000,
    "available": 2180,
    "held": 216,
    "sold": 1604,
    "refunded": 0,
}
TOTALS: Final[Json] = {
    "object": "totals",
    "campaign": CAMPAIGN_ID,
    "name": "Washington Apple Hour",
    "time_zone": "Asia/Shanghai",
    "starts_at": "2026-11-28T12:00:00Z",
    "ends_at": "2026-11-28T13:00:00Z",
    "status": "live",
    "version": 812,
    "as_of": "2026-11-28T12:11:30.480Z",
    "complete": False,
    "reconciled_at": "2026-11-28T12:11:30.480Z",
    "currency": "CNY",
    "currency_exponent": 2,
    "orders": 1204,
    "gross": 13167000,
    "refunded": 0,
    "net": 13167000,
    "units": UNITS,
    "reservations": {
        "placed": 1655,
        "confirmed": 1204,
        "released": 40,
        "expired": 195,
        "held": 216,
    },
    "offers": [
        {
            "sku": "FUJI-12",
            "title": OFFER["title"],
            "unit_price": 9900,
            "price_now": 7900,
            "orders": 1204,
            "gross": 13167000,
            "refunded": 0,
            "units": UNITS,
        }
    ],
    "pinned": "FUJI-12",
}
SALES: Final[Json] = {"orders": 112, "units": 149, "gross": 1177100}
TIMELINE: Final[Json] = {
    "object": "timeline",
    "campaign": CAMPAIGN_ID,
    "version": 812,
    "as_of": "2026-11-28T12:11:30.480Z",
    "bucket": 60,
    "currency": "CNY",
    "currency_exponent": 2,
    "buckets": [
        {"start": "2026-11-28T12:10:00Z", **SALES, "offers": [{"sku": "FUJI-12", **SALES}]}
    ],
    "markers": [
        {"at": "2026-11-28T12:00:00Z", "cue": "pin", "sku": "FUJI-12"},
        {
            "at": "2026-11-28T12:10:00Z",
            "cue": "flash_price",
            "sku": "FUJI-12",
            "unit_price": 7900,
            "seconds": 300,
        },
    ],
}
REPORT: Final[Json] = {
    "object": "report",
    "campaign": CAMPAIGN_ID,
    "name": "Washington Apple Hour",
    "status": "closed",
    "balanced": True,
    "definitions": "1",
    "channel": "tmall",
    "parties": CAMPAIGN_REQUEST["parties"],
    "time_zone": "Asia/Shanghai",
    "starts_at": "2026-11-28T12:00:00Z",
    "ends_at": "2026-11-28T13:00:00Z",
    "totals": {
        name: TOTALS[name]
        for name in (
            "currency",
            "currency_exponent",
            "orders",
            "gross",
            "refunded",
            "net",
            "units",
            "reservations",
            "offers",
        )
    },
    "orders": {
        "placed": 1399,
        "by_state": {"paid": 1204, "cancelled": 195},
        "captured": 13167000,
        "given_back": 0,
        "late_payments": {"paid": 3, "refunded": {"sold_out": 1}},
        "coupons": {"APPLE10": {"orders": 96, "units": 118, "gross": 1051380, "off": 116820}},
    },
    "timeline": {
        "bucket": 60,
        "buckets": TIMELINE["buckets"],
        "markers": TIMELINE["markers"],
    },
    "reconciliation": {
        "balanced": True,
        "blocks": 125,
        "orders": 1399,
        "differences_found": 0,
        "differences": [],
    },
}
BOOKS_COMPARED: Final[Json] = {
    "object": "reconciliation",
    "campaign": CAMPAIGN_ID,
    "status": "live",
    "as_of": "2026-11-28T12:11:31.002Z",
    "balanced": True,
    "blocks": 125,
    "orders": 1399,
    "finished": {"paid": 0, "cancelled": 2, "refunded": 0},
    "waiting": 14,
    "differences_found": 0,
    "differences": [],
}
_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CLOSING_PACKAGE: Final[Json] = {
    "object": "closing_package",
    "format": "1",
    "campaign": CAMPAIGN_ID,
    "totals_version": 1207,
    "public_key_sha256": _SHA256,
    "expires_at": "2026-11-28T13:25:00Z",
    "files": [
        {
            "name": "orders.csv",
            "content_type": "text/csv; charset=utf-8",
            "size": 281344,
            "sha256": _SHA256,
            "rows": 1399,
            "url": "https://packages.example/orders.csv?signature=...",
        }
    ],
}


LOG: Final[list[Json]] = [
    {
        "id": "log_1795870800000-v0000009",
        "object": "log_entry",
        "at": "2026-11-28T13:00:00Z",
        "actor": {"type": "key", "id": "key_4f1d0c2a9b8e7f60"},
        "action": "price_changed",
        "outcome": "done",
        "version": 9,
        "detail": {
            "cue": "price",
            "sku": "FUJI-12",
            "unit_price": 8900,
            "from": "2026-11-28T13:00:01Z",
        },
    },
    {
        "id": "log_1795870200417-keep_books-1",
        "object": "log_entry",
        "at": "2026-11-28T12:50:00.417Z",
        "actor": {"type": "system", "id": "lifecycle"},
        "action": "keep_books",
        "outcome": "retried",
        "version": None,
        "detail": {"part": 1, "failed_attempts": 3},
    },
]


def listed(*things: Json) -> Json:
    """The only page of a list."""
    return {"object": "list", "data": list(things), "has_more": False}


REHEARSAL_REQUEST: Final[Json] = {"expected_buyers": 62_000, "seed": 7}
REHEARSAL: Final[Json] = {
    "id": "rhs_rehearsea2b3c4d5",
    "object": "rehearsal",
    "campaign": CAMPAIGN_ID,
    "state": "running",
    "seed": 7,
    "expected_buyers": 62_000,
    "buyers": 360,
    "speed": 1.0,
    "not_to_scale": [],
    "objectives": [],
    "limits": [],
    "cost": None,
    "cleaned": False,
    "created_at": "2026-11-27T09:30:00Z",
    "ended_at": None,
}
REHEARSED: Final[Json] = {
    **REHEARSAL,
    "state": "passed",
    "speed": 120.0,
    "not_to_scale": ["holds last 6 s, and would be 2.5 s: a beat ends them, every 5 s"],
    "objectives": [
        {
            "name": "oversell",
            "passed": True,
            "asked": "0",
            "measured": "23 of 23 units sold, 0 faults",
            "details": [],
        }
    ],
    "limits": [
        {
            "name": "HTTP API requests a second",
            "plan": 2068,
            "limit": 10_000,
            "within": True,
            "source": "API Gateway quotas, account and region, adjustable; two requests a buyer",
            "advice": "",
        }
    ],
    "cost": {
        "currency": "USD",
        "orders": 4000,
        "whole_show": 0.1304,
        "per_hour": 0.1304,
        "per_million_orders": 32.6,
        "lines": [
            {
                "what": "HTTP API requests",
                "count": 70_000,
                "usd_per_million": 1.0,
                "usd": 0.07,
            }
        ],
    },
    "cleaned": True,
    "ended_at": "2026-11-27T09:31:12Z",
}
