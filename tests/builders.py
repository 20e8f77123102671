"""Valid things by default; a test names only what it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.domain.campaign import Campaign, Offer
from shared.domain.parties import Party
from shared.domain.rehearsal import Rehearsal

MERCHANT = "mer_washington"
SHOW_FILE = Path(__file__).parents[1] / "events" / "shows" / "washington-apple-hour.json"


def campaign_body(**fields: Any) -> dict[str, Any]:
    """What a merchant sends to create a campaign; a field given as ``...`` is left out."""
    body: dict[str, Any] = {
        "name": "Friday night",
        "time_zone": "Asia/Shanghai",
        "starts_at": "2026-11-28T20:00:00",
        "ends_at": "2026-11-28T21:00:00",
        "currency": "CNY",
        "offers": [
            {
                "sku": "FUJI-12",
                "title": {"en": "Fuji, box of 12", "zh": "富士苹果 12 个装"},
                "unit_price": 9900,
                "allotment": 4000,
            }
        ],
        **fields,
    }
    return {name: value for name, value in body.items() if value is not ...}


def apple_hour() -> dict[str, Any]:
    """The body of the demo's campaign."""
    body: dict[str, Any] = json.loads(SHOW_FILE.read_text())
    return body


def a_campaign(**fields: Any) -> Campaign:
    """A draft of 2026-11-28, 20:00 to 21:00 in Shanghai."""
    return Campaign(
        **{
            "id": "cmp_" + "b" * 16,
            "merchant": MERCHANT,
            "name": "Friday night",
            "time_zone": "Asia/Shanghai",
            "starts_at": 1_795_867_200,
            "ends_at": 1_795_870_800,
            "replay_until": None,
            "currency": "CNY",
            "hold_seconds": 300,
            "channel": "tmall",
            "parties": {"promoter": Party("Washington Apple Commission")},
            "offers": (
                Offer(
                    number=0,
                    sku="FUJI-12",
                    title={"en": "Fuji, box of 12"},
                    unit_price=9900,
                    allotment=4000,
                ),
            ),
            "run_of_show": (),
            "metadata": {},
            "created_at": 1_790_000_000_000,
            "secret": "5e" * 32,
            **fields,
        }
    )


def a_rehearsal(**fields: Any) -> Rehearsal:
    """Of that draft, asked for some days before."""
    return Rehearsal(
        **{
            "id": "rhs_rehearse" + "b" * 8,
            "campaign_id": "cmp_" + "b" * 16,
            "merchant": MERCHANT,
            "fingerprint": "f" * 64,
            "seed": 7,
            "expected": 8000,
            "buyers": 40,
            "created_at": 1_790_000_000,
            **fields,
        }
    )
