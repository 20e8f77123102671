"""
Which function may do what to which table: read at a glance here, granted by ``BackendFunction``, and nothing else is.

A function also gets the names of these tables, and of no others, as environment variables. Transactions need the actions of
their parts, so they have no name of their own here. No function may scan. One may delete items, of rehearsals only: all
their keys begin alike, and ``BackendFunction`` writes that into the permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.table import CAMPAIGN_PREFIX, REHEARSED

READ: Final = ("GetItem",)
SAVE: Final = ("GetItem", "PutItem")
BLOCKS: Final = ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")
"""What it takes to take units: the blocks, the count of them, and the board of what is left."""
PAGES: Final = ("PutItem", "Query")
"""What it takes to move entries out of a full block, and to find them again."""
COUNT: Final = ("BatchGetItem",)
DELETE: Final = ("DeleteItem",)
OF_REHEARSALS: Final = (f"{CAMPAIGN_PREFIX}{REHEARSED}*", f"{REHEARSED}*")
"""How the keys begin of what may be deleted."""
NOTE: Final = ("PutItem",)
"""Write an entry of a campaign's log. Nobody reads it but who shows it."""

ACCESS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    # -- behind the API
    "authorize": {"keys": READ},
    "campaigns": {
        "campaigns": SAVE,
        "campaigns/by_merchant": ("Query",),
        "requests": SAVE,
        "stock": BLOCKS,
        "log": ("Query",),
    },
    "reserve": {
        "campaigns": READ,
        "overflow": PAGES,
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
    },
    "waitlist": {
        "campaigns": SAVE,
        "overflow": ("Query",),
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
        "waitlists": ("GetItem", "PutItem", "Query", "UpdateItem"),
    },
    "checkout": {
        "campaigns": READ,
        "overflow": ("Query",),
        "stock": ("GetItem", "UpdateItem"),
        "orders": ("GetItem", "PutItem", "Query", "UpdateItem"),
        "orders/unfinished": ("Query",),
        "addresses": SAVE,
    },
    "parcels": {
        "campaigns": READ,
        "orders": ("GetItem", "Query", "UpdateItem"),
        "addresses": READ,
    },
    "payment_webhooks": {
        "campaigns": READ,
        "overflow": PAGES,
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
        "orders": ("GetItem", "PutItem", "UpdateItem"),
        "payments": ("PutItem",),
    },
    "totals": {
        "campaigns": READ,
        "stock": COUNT,
        "totals": ("GetItem", "PutItem", "Query", "UpdateItem"),
    },
    "check_books": {
        "campaigns": READ,
        "overflow": PAGES,
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
        "orders": ("GetItem", "PutItem", "Query", "UpdateItem"),
        "payments": ("PutItem",),
        "totals": SAVE,
        "requests": SAVE,
    },
    "refunds": {
        "campaigns": READ,
        "orders": ("GetItem", "PutItem", "Query", "UpdateItem"),
        "requests": SAVE,
    },
    "rehearsals": {"campaigns": READ, "rehearsals": SAVE},
    "api_reference": {},
    # -- a campaign's life
    "start_campaign": {"campaigns": READ},
    "sweep_campaigns": {
        "campaigns": READ,
        "campaigns/unfinished": ("Query",),
        "totals": READ,
        "orders": READ,
        "orders/unfinished": ("Query",),
        "rehearsals": READ,
        "rehearsals/unfinished": ("Query",),
        "log": NOTE,
    },
    "prepare_stock": {"campaigns": SAVE, "stock": ("GetItem", "PutItem"), "log": NOTE},
    "open_campaign": {"campaigns": SAVE, "log": NOTE},
    "arrange_stock": {"campaigns": SAVE, "stock": BLOCKS},
    "keep_books": {
        "campaigns": SAVE,
        "overflow": PAGES,
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
        "orders": ("GetItem", "PutItem", "Query", "UpdateItem"),
        "payments": ("PutItem",),
        "totals": SAVE,
        "log": NOTE,
        "waitlists": ("GetItem", "PutItem", "Query", "UpdateItem"),
    },
    "close_campaign": {"campaigns": SAVE, "stock": ("PutItem", "UpdateItem"), "log": NOTE},
    "reconcile_campaign": {
        "campaigns": SAVE,
        "overflow": ("Query",),
        "stock": COUNT,
        "orders": ("Query",),
        "totals": ("GetItem", "PutItem", "Query"),
        "log": NOTE,
    },
    "settle_campaign": {
        "campaigns": SAVE,
        "totals": ("GetItem", "PutItem", "Query"),
        "log": NOTE,
    },
    "package_campaign": {
        "campaigns": SAVE,
        "orders": ("Query",),
        "totals": ("GetItem", "PutItem", "Query"),
        "log": NOTE,
    },
    # -- a refund
    "refund_order": {
        "campaigns": READ,
        "overflow": ("Query",),
        "stock": ("GetItem", "UpdateItem"),
        "orders": ("GetItem", "PutItem", "UpdateItem"),
    },
    # -- a rehearsal
    "rehearse_show": {
        "rehearsals": SAVE,
        "campaigns": SAVE,
        "overflow": PAGES,
        "stock": BLOCKS,
        "buyers": ("UpdateItem",),
        "waitlists": ("GetItem", "PutItem", "Query", "UpdateItem"),
        "orders": ("GetItem", "PutItem", "UpdateItem"),
        "addresses": SAVE,
    },
    "judge_rehearsal": {
        "rehearsals": SAVE,
        "campaigns": READ,
        "stock": COUNT,
        "totals": READ,
    },
    "clear_rehearsal": {
        "rehearsals": SAVE,
        "campaigns": (*READ, *DELETE),
        "overflow": ("Query", *DELETE),
        "stock": DELETE,
        "buyers": DELETE,
        "waitlists": ("Query", *DELETE),
        "orders": ("Query", *DELETE),
        "totals": ("Query", *DELETE),
        "addresses": DELETE,
    },
    # -- from a paid order to a parcel
    "fulfil_order": {
        "campaigns": READ,
        "orders": ("GetItem", "UpdateItem"),
        "addresses": READ,
    },
    "hand_over_orders": {
        "campaigns": READ,
        "orders": ("Query", "UpdateItem"),
        "addresses": READ,
        "log": NOTE,
    },
    # -- from the streams to the bus (the streams themselves are granted where they are read)
    "publish_changes": {"campaigns": READ, "log": NOTE},
}
