"""Shows to look at: totals and a timeline that agree with each other, at any minute of an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

Json = dict[str, Any]

OFFERS = [
    ("FUJI-12", {"en": "Fuji, box of 12", "zh": "富士苹果 12 个装"}, 9900, 4000),
    ("COSMIC-6", {"en": "Cosmic Crisp, box of 6", "zh": "宇宙脆苹果 6 个装"}, 12900, 1200),
    ("RED-20", {"en": "Red Delicious, family box of 20", "zh": "蛇果 20 个家庭装"}, 13900, 2000),
    ("GIFT-1", {"en": "Gift box, hand-picked", "zh": "精选礼盒"}, 29900, 150),
]


class Cue(NamedTuple):
    """`at`: second of the show; `offer`: index in `offers`; a flash price lasts `seconds`."""

    at: int
    name: str
    offer: int
    unit_price: int = 0
    seconds: int = 0


CUES = [
    Cue(0, "pin", 0),
    Cue(600, "flash_price", 0, 7900, 300),
    Cue(1080, "pin", 1),
    Cue(1500, "pin", 3),
    Cue(1980, "pin", 2),
    Cue(2280, "flash_price", 2, 10900, 420),
    Cue(3000, "pin", 0),
]
STEP = 10  # seconds between two sales of one product in this model


@dataclass(kw_only=True)
class Show:
    """One hour that began `minute` minutes before `now`."""

    minute: float = 42
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: str = "live"
    complete: bool = False
    reconciled_at: datetime | None = None
    version: int = 812
    campaign: str = "cmp_apples"
    currency: str = "CNY"
    name: str = "Washington Apple Hour"
    busy: float = 1.0
    held: int = 54
    offers: list[tuple[str, Any, int, int]] = field(default_factory=lambda: list(OFFERS))

    @property
    def starts_at(self) -> datetime:
        return (self.now - timedelta(minutes=self.minute)).replace(microsecond=0)

    def sales(self) -> list[tuple[int, int, int]]:
        """(second, index of the offer, units): one entry an order, in order of time."""
        ended = min(self.minute * 60, 3600)
        sold, orders = [0] * len(self.offers), []
        for second in range(0, int(ended), STEP):
            for index, (_, _, _, allotment) in enumerate(self.offers):
                for number in range(self._orders_at(second, index)):
                    units = min(1 + (second // STEP + number) % 2, allotment - sold[index])
                    if units > 0:
                        sold[index] += units
                        orders.append((second, index, units))
        return orders

    def _orders_at(self, second: int, index: int) -> int:
        """Interest leaps when the host shows a product, and fades."""
        base = 1 if (second // STEP + index) % 4 == 0 else 0
        since = [second - cue.at for cue in CUES if cue.offer == index and cue.at <= second]
        lift = 9 * 0.72 ** (min(since) / 60) if since else 0
        wave = ((second * 37 + index * 11) % 17) / 17
        return round((base + lift * (0.4 + wave)) * self.busy)

    def totals(self) -> Json:
        per_offer = [self._offer(index) for index in range(len(self.offers))]
        units = {
            name: sum(offer["units"][name] for offer in per_offer)
            for name in ("allotted", "available", "held", "sold", "refunded")
        }
        orders = sum(offer["orders"] for offer in per_offer)
        gross = sum(offer["gross"] for offer in per_offer)
        is_on_air = self.status == "live" and self.offers
        pinned = [
            cue for cue in CUES if cue.name == "pin" and cue.at <= self.minute * 60 and is_on_air
        ]
        return {
            "object": "totals",
            "campaign": self.campaign,
            "name": self.name,
            "status": self.status,
            "version": self.version,
            "as_of": stamp(self.now),
            "complete": self.complete,
            "reconciled_at": stamp(self.reconciled_at or self.now),
            "currency": self.currency,
            "starts_at": stamp(self.starts_at),
            "ends_at": stamp(self.starts_at + timedelta(hours=1)),
            "time_zone": "Asia/Shanghai",
            "orders": orders,
            "gross": gross,
            "refunded": 0,
            "net": gross,
            "units": units,
            "reservations": {
                "placed": orders + 40 + 195 + units["held"],
                "confirmed": orders,
                "released": 40,
                "expired": 195,
                "held": units["held"],
            },
            "offers": per_offer,
            "pinned": self._sku(pinned[-1]) if pinned else None,
        }

    def _offer(self, index: int) -> Json:
        sku, title, _, allotment = self.offers[index]
        mine = [sale for sale in self.sales() if sale[1] == index]
        sold = sum(units for _, _, units in mine)
        held = min(self.held // len(self.offers), allotment - sold)
        return {
            "sku": sku,
            "title": title,
            "unit_price": self.offers[index][2],
            "price_now": self._price(self.minute * 60, index),
            "orders": len(mine),
            "gross": sum(self._gross(sale) for sale in mine),
            "refunded": 0,
            "units": {
                "allotted": allotment,
                "available": allotment - sold - held,
                "held": held,
                "sold": sold,
                "refunded": 0,
            },
        }

    def _gross(self, sale: tuple[int, int, int]) -> int:
        second, index, units = sale
        return self._price(second, index) * units

    def _price(self, second: float, index: int) -> int:
        price = self.offers[index][2]
        for cue in CUES:
            if cue.offer == index and cue.at <= second < cue.at + cue.seconds:
                price = cue.unit_price
        return price

    def timeline(self, bucket: int = 60) -> Json:
        buckets = []
        for number, group in groupby(self.sales(), key=lambda sale: sale[0] // bucket):
            sales = list(group)
            skus = sorted({sale[1] for sale in sales})
            buckets.append(
                {
                    "start": stamp(self.starts_at + timedelta(seconds=number * bucket)),
                    **self._sums(sales),
                    "offers": [
                        {
                            "sku": self.offers[sku][0],
                            **self._sums([sale for sale in sales if sale[1] == sku]),
                        }
                        for sku in skus
                    ],
                }
            )
        return {
            "object": "timeline",
            "campaign": self.campaign,
            "version": self.version,
            "as_of": stamp(self.now),
            "bucket": bucket,
            "currency": self.currency,
            "buckets": buckets,
            "markers": self._markers(),
        }

    def _sums(self, sales: list[tuple[int, int, int]]) -> Json:
        return {
            "orders": len(sales),
            "units": sum(sale[2] for sale in sales),
            "gross": sum(self._gross(sale) for sale in sales),
        }

    def _sku(self, cue: Cue) -> str:
        return self.offers[cue.offer % len(self.offers)][0]

    def _markers(self) -> list[Json]:
        seen = [cue for cue in CUES if cue.at <= self.minute * 60 and self.offers]
        seen += [Cue(0, "opened", 0)] if self.minute >= 0 else []
        for index, (_, _, _, allotment) in enumerate(self.offers):
            sales = [sale for sale in self.sales() if sale[1] == index]
            if sum(units for _, _, units in sales) == allotment:
                seen.append(Cue(sales[-1][0], "sold_out", index))
        return [self._marker(cue) for cue in sorted(seen, key=lambda cue: cue.at)]

    def _marker(self, cue: Cue) -> Json:
        at = stamp(self.starts_at + timedelta(seconds=cue.at))
        sku = None if cue.name == "opened" else self._sku(cue)
        flash = {"unit_price": cue.unit_price, "seconds": cue.seconds} if cue.seconds else {}
        return {"at": at, "cue": cue.name, "sku": sku, **flash}


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
