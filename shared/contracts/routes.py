"""
Every route of the API: the one list that the gateway, the OpenAPI file and the tests are made from.

``scopes`` empty: no key is asked for. ``function`` is the folder under ``functions/`` that answers. No import but
the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MANAGE: Final = "manage"
SELL: Final = "sell"
READ: Final = "read"


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """One operation of the API."""

    method: str
    path: str
    function: str
    scopes: tuple[str, ...]
    summary: str

    @property
    def key(self) -> str:
        """The gateway's route key."""
        return f"{self.method} {self.path}"


ROUTES: Final = (
    RouteSpec("POST", "/v1/campaigns", "campaigns", (MANAGE,), "Create a campaign"),
    RouteSpec("GET", "/v1/campaigns", "campaigns", (MANAGE,), "List campaigns, newest first"),
    RouteSpec("GET", "/v1/campaigns/{campaign_id}", "campaigns", (MANAGE,), "Read a campaign"),
    RouteSpec("PATCH", "/v1/campaigns/{campaign_id}", "campaigns", (MANAGE,), "Change a campaign"),
    RouteSpec(
        "POST", "/v1/campaigns/{campaign_id}/schedule", "campaigns", (MANAGE,), "Schedule a draft"
    ),
    RouteSpec("POST", "/v1/campaigns/{campaign_id}/start", "campaigns", (MANAGE,), "Start now"),
    RouteSpec("POST", "/v1/campaigns/{campaign_id}/end", "campaigns", (MANAGE,), "End now"),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/extend",
        "campaigns",
        (MANAGE,),
        "Move the end to a later time",
    ),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/cancel",
        "campaigns",
        (MANAGE,),
        "Call the campaign off",
    ),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/cues",
        "campaigns",
        (MANAGE,),
        "Pin, announce, or change a price now",
    ),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/allotment",
        "campaigns",
        (MANAGE,),
        "Add units to an offer",
    ),
    RouteSpec(
        "POST", "/v1/campaigns/{campaign_id}/pause", "campaigns", (MANAGE,), "Pause the sale"
    ),
    RouteSpec("POST", "/v1/campaigns/{campaign_id}/resume", "campaigns", (MANAGE,), "Sell again"),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/log",
        "campaigns",
        (MANAGE,),
        "List what was done to a campaign, newest first",
    ),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/reconcile",
        "check_books",
        (MANAGE,),
        "Compare the books now",
    ),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/rehearse",
        "rehearsals",
        (MANAGE,),
        "Rehearse the campaign at speed",
    ),
    RouteSpec("GET", "/v1/rehearsals/{rehearsal_id}", "rehearsals", (MANAGE,), "Read a rehearsal"),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/report",
        "totals",
        (MANAGE, READ),
        "Read the closing report",
    ),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/report/files",
        "totals",
        (MANAGE, READ),
        "Link to the files of the closing package",
    ),
    RouteSpec(
        "GET", "/v1/campaigns/{campaign_id}/totals", "totals", (READ, MANAGE), "Read the totals"
    ),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/timeline",
        "totals",
        (READ, MANAGE),
        "Read the totals over time",
    ),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/orders",
        "checkout",
        (READ, MANAGE),
        "List orders, newest first",
    ),
    RouteSpec("GET", "/v1/shows/{campaign_id}", "reserve", (SELL,), "Read what a storefront shows"),
    RouteSpec(
        "POST",
        "/v1/campaigns/{campaign_id}/reservations",
        "reserve",
        (SELL,),
        "Reserve units for a buyer",
    ),
    RouteSpec("GET", "/v1/reservations/{reservation_id}", "reserve", (SELL,), "Read a reservation"),
    RouteSpec(
        "DELETE", "/v1/reservations/{reservation_id}", "reserve", (SELL,), "Release a reservation"
    ),
    RouteSpec(
        "POST", "/v1/campaigns/{campaign_id}/waitlist", "waitlist", (SELL,), "Wait for units"
    ),
    RouteSpec("GET", "/v1/waitlist/{ticket_id}", "waitlist", (SELL,), "Read a waitlist ticket"),
    RouteSpec("DELETE", "/v1/waitlist/{ticket_id}", "waitlist", (SELL,), "Leave the waitlist"),
    RouteSpec(
        "POST",
        "/v1/reservations/{reservation_id}/checkout",
        "checkout",
        (SELL,),
        "Turn a reservation into an order",
    ),
    RouteSpec("GET", "/v1/orders/{order_id}", "checkout", (SELL, READ), "Read an order"),
    RouteSpec(
        "PATCH",
        "/v1/orders/{order_id}/address",
        "checkout",
        (SELL, MANAGE),
        "Change where an order goes",
    ),
    RouteSpec("POST", "/v1/orders/{order_id}/refund", "refunds", (MANAGE,), "Refund a paid order"),
    RouteSpec(
        "GET",
        "/v1/orders/{order_id}/refunds",
        "refunds",
        (MANAGE, READ),
        "List the refunds of an order",
    ),
    RouteSpec("GET", "/v1/refunds/{refund_id}", "refunds", (MANAGE, READ), "Read a refund"),
    RouteSpec(
        "POST",
        "/v1/refunds/{refund_id}/retry",
        "refunds",
        (MANAGE,),
        "Try again a refund that needs attention",
    ),
    RouteSpec(
        "GET",
        "/v1/campaigns/{campaign_id}/hand-off/files",
        "parcels",
        (MANAGE,),
        "Make the files that a fulfiller imports",
    ),
    RouteSpec(
        "DELETE",
        "/v1/orders/{order_id}/personal-data",
        "parcels",
        (MANAGE,),
        "Erase an order's personal data",
    ),
    RouteSpec(
        "POST",
        "/v1/webhooks/payments/{provider}",
        "payment_webhooks",
        (),
        "Receive a payment provider's event",
    ),
    RouteSpec("GET", "/docs", "api_reference", (), "Read the API reference as a page"),
    RouteSpec("GET", "/openapi.json", "api_reference", (), "Read the API reference as OpenAPI 3.1"),
)

EVERYTHING_ELSE: Final = "$default"
"""The gateway's key for what no route takes. Without it, the gateway would refuse that in words of its own."""
ELSE_FUNCTION: Final = "api_reference"
"""The function that answers it: one that reads no table."""


def methods(path: str) -> list[str]:
    """The methods that a path has; none if there is no such path."""
    return sorted(spec.method for spec in ROUTES if _fits(path.split("/"), spec.path.split("/")))


def _fits(asked: list[str], pattern: list[str]) -> bool:
    return len(asked) == len(pattern) and all(
        part == wanted or (part and wanted.startswith("{"))
        for part, wanted in zip(asked, pattern, strict=True)
    )


def route(key: str) -> RouteSpec:
    """The route of a gateway key, or ``KeyError``."""
    return next(spec for spec in ROUTES if spec.key == key)
