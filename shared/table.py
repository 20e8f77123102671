"""
The one place that knows keys, attribute names and their sizes in DynamoDB. Standard library only.

=============================================  =======================================================  ====================
question                                       key                                                      asked by
=============================================  =======================================================  ====================
Which campaign is this?                        ``campaigns``: ``id``                                    every function
Which campaigns has this merchant?             ``campaigns`` index ``by_merchant``: ``merchant``        campaigns
Which campaigns have not ended yet?            ``campaigns`` index ``unfinished``: its start              sweeper
Was this request answered before?              ``requests``: ``id``                                     campaigns
What is left, held, sold in this block?        ``stock``: ``k`` = campaign#sku#block                    reserve, beat
What had no room in this block?                ``overflow``: ``block``, range of ``page``                       reserve, beat
Where are free units of this offer?            ``stock``: ``k`` = campaign#sku#board                    reserve
How many units has this buyer?                 ``buyers``: ``k`` = campaign#sku#buyer digest            reserve
Which holds of this buyer count?               ``buyers``: ``k`` = campaign#~holds#buyer digest         reserve
What became of this order?                     ``orders``: ``p`` = campaign#shard, ``s`` = deadline#id  checkout, webhooks
Which orders' holds ended lately?              ``orders``: ``p``, range of ``s``                        beat
Which refunds were asked for of this order?    ``orders``: ``p``, ``s`` begins with the order's own       refunds
Which refunds have not come to an end?         ``orders`` index ``unfinished``: when to look again       sweeper
Which orders wait for a person?                ``orders`` index ``unfinished``: attention#campaign      checkout
What was quarantined?                          ``payments``: ``id``                                     operators
What are the totals, and were they at a time?  ``totals``: ``campaign``, ``at``                         totals, beat
Who waits for this offer, in which order?      ``waitlists``: ``line`` = campaign#sku, ``number``      waitlist, beat
Which number has this request?                 ``waitlists``: ``line`` = campaign#sku#request, 0        waitlist
Whose key is this?                             ``keys``: ``hash``                                       authorize
What opens this campaign's addresses?          ``addresses``: ``campaign``                              checkout, parcels
How did this rehearsal go?                     ``rehearsals``: ``id``                                   rehearsals
Which rehearsals have left something behind?   ``rehearsals`` index ``unfinished``: when to look again   sweeper
Which was the last of this campaign?           ``rehearsals``: ``id`` = last#campaign                   rehearsals
Who did what to this campaign, and when?       ``log``: ``campaign``, ``at``                            campaigns
=============================================  =======================================================  ====================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# -- campaigns, requests, keys, payments, totals -----------------------------------------------------

CAMPAIGN_KEY: Final = "id"
BY_MERCHANT: Final = "by_merchant"
MERCHANT: Final = "merchant"
CREATED_AT: Final = "created_at"
UNFINISHED: Final = "unfinished"
"""Index, and its partition key: of campaigns whose lifecycle has something to do, and of refunds under way."""
STARTS_AT: Final = "starts_at"
REQUEST_KEY: Final = "id"
REQUEST_TTL: Final = "expires_at"
KEY_HASH: Final = "hash"
PAYMENT_KEY: Final = "id"
TOTALS_KEY: Final = "campaign"
TOTALS_SORT: Final = "at"

CAMPAIGN_PREFIX: Final = "cmp_"
REHEARSED: Final = "rehearse"
"""How the id of a campaign that is only rehearsed goes on. So every key of it tells, and only such items may be deleted."""


def short(campaign_id: str) -> str:
    """A campaign id without its prefix: 16 characters, as it stands in the keys of hot items."""
    return campaign_id.removeprefix(CAMPAIGN_PREFIX)


# -- stock ---------------------------------------------------------------------------------------------
# One letter each: a block must stay within 1,024 bytes whatever happens to it, for then each movement costs one write unit.

STOCK_KEY: Final = "k"
FREE: Final = "a"
HELD: Final = "r"
SOLD: Final = "s"
ORDERS: Final = "n"
GROSS: Final = "g"
REFUNDED: Final = "f"
REPLAY_ORDERS: Final = "d"
REPLAY_SOLD: Final = "u"
REPLAY_GROSS: Final = "y"
REPLAY_REFUNDED: Final = "z"
RELEASED: Final = "l"
EXPIRED: Final = "x"
OPENS: Final = "o"
CLOSES: Final = "c"
EPOCH: Final = "e"
OVERFLOW_MARK: Final = "w"
"""Of a block whose ledger continues in the overflow table: until when (6 digits, seconds since the
laying-out), and edition (6 digits)."""
MOVED_ORDERS: Final = "b"
MOVED_REFUNDED: Final = "j"
STAMPED: Final = "m"
LEDGER: Final = "h"

BLOCK_UNITS: Final = 32
"""Units in a stock block: few enough that every one may be its own reservation with forwards beside them, in 1 KB."""
WRITE_UNIT: Final = 1024
"""Bytes of an item that one write unit pays for."""
USES: Final = "~"
"""How the shelf of a capped deal is called, before the deal's number: no SKU begins so."""
BOARD: Final = "board"
"""Where the number of a block stands in the key of a board."""


def block(campaign_id: str, sku: str, number: int) -> str:
    """Key of a stock block."""
    return f"{short(campaign_id)}#{sku}#{number}"


def board(campaign_id: str, sku: str) -> str:
    """Key of the offer's board: the free units of every block, as of an instant."""
    return f"{short(campaign_id)}#{sku}#{BOARD}"


def uses_of(deal: int) -> str:
    """What stands in the place of a SKU on the shelf of a capped deal's uses."""
    return f"{USES}{deal}"


def stock_place(key: str) -> tuple[str, str, str]:
    """What a stock key says: campaign id, SKU, and the number of a block or ``BOARD``."""
    campaign, sku, part = key.split("#")
    return CAMPAIGN_PREFIX + campaign, sku, part


def number_size(value: int) -> int:
    """Bytes of a number in an item: one for each two significant digits, one more, and one for a sign (AWS's rule)."""
    digits = str(abs(value)).rstrip("0") or "0"
    return (len(digits) + 1) // 2 + 1 + (value < 0)


LEDGER_KEY_SIZE: Final = 8
LEDGER_NEXT: Final = 10**9
LEDGER_DEADLINE: Final = 10**3
LEDGER_KIND: Final = 10**2
"""A ledger value is one decimal number, read from the right: quantity (2 digits), kind (1), deadline in seconds since the
stock was laid out (6), next block plus one (up to 5), money that went back of a sale which stands (minor units). An offer
has fewer than 50,000 blocks; numbers from there on name none:"""
LEDGER_USES: Final = 50_000
"""From here: the entry is a use of a deal, and goes on in the ledger of an offer."""
LEDGER_DEALS: Final = 90_000
"""Above this: the entry is a tail, and the rest is the number of the deal that it was promised."""
OVERFLOW_EDITIONS: Final = 10**6
"""Editions of an overflow mark before they begin again: more than a block can have moves while one request runs."""
LEDGER_MONEY: Final = 10**14
"""Only an order that was refunded in part has this, and an entry up to 8 bytes longer, 3 at usual prices: a block whose
ledger is nearly full of such orders costs two write units a movement."""


def ledger_room(sku: str, blocks: int) -> int:
    """Entries that a block's ledger may hold so that the item never exceeds one write unit, by the worst case of each.

    The worst case of the counters: 32 units, money of 32 units at 10^12, tens of thousands of ended reservations, and
    a campaign of hundreds of thousands of versions, thousands of sales in the overflow table. One more
    place is kept for the void with which the beat ends a path that nobody completed.
    """
    key = len(STOCK_KEY) + 16 + 1 + len(sku) + 1 + (5 if blocks >= 1_000 else 3)
    counters = (
        3 * (1 + 2)
        + 2 * (1 + 2)
        + (1 + 3)
        + 4 * (1 + 9)
        + 2 * (1 + 4)
        + 3 * (1 + 6)
        + (1 + 7)
        + (1 + 3)
        + (1 + 4)
        + (1 + 4)
    )
    entry = LEDGER_KEY_SIZE + 1 + number_size(99_999 * LEDGER_NEXT + LEDGER_NEXT - 1)
    return (WRITE_UNIT - key - counters - (1 + 3)) // entry - 1


# -- ledger entries that had no room in their block ------------------------------------------------------

OVERFLOW_BLOCK: Final = "block"
"""The key of the stock block."""
OVERFLOW_PAGE: Final = "page"
"""Until when the entries of the page must be found (10 digits, seconds), and what tells it from others: so one range of a
partition holds all pages that matter at an instant, however many there were before."""
OVERFLOW_ENTRIES: Final = "entries"
"""Map from ledger key to entry, encoded as in the block."""
OVERFLOW_TTL: Final = "expires_at"


def overflow_page(until: int, number: str) -> str:
    """Sort key of a page; without a number, of the first that is kept until an instant."""
    return f"{until:010d}#{number}"


# -- buyers --------------------------------------------------------------------------------------------

BUYER_KEY: Final = "k"
BUYER_UNITS: Final = "u"
BUYER_TTL: Final = "t"


def buyer(campaign_id: str, sku: str, digest: str) -> str:
    """Key of what one buyer has of one offer. ``digest`` stands for the storefront's buyer id."""
    return f"{short(campaign_id)}#{sku}#{digest}"


HOLDS: Final = "~holds"
"""Where the SKU is in the key of a buyer's holds: no SKU begins so, and no pool of a deal is called so."""
HOLDS_COUNTED: Final = "n"
"""Claims in the item."""
HOLDS_OPEN: Final = "o"
"""Of them, those that are not marked as ended."""
HOLDS_VERSION: Final = "v"


def buyer_holds(campaign_id: str, digest: str) -> str:
    """Key of the holds of one buyer that a campaign's limits count."""
    return f"{short(campaign_id)}#{HOLDS}#{digest}"


# -- waitlists -----------------------------------------------------------------------------------------

WAITLIST_LINE: Final = "line"
WAITLIST_NUMBER: Final = "number"
LINE_HEAD: Final = 0
"""Number of the item that says how far a line has come; and of the one that says which number a request has."""
LINE_DRAWN: Final = "drawn"
"""The last number that was given to anybody."""
LINE_FIRST: Final = "first"
"""No number before this waits any more."""
LINE_SETTLED: Final = "settled"
"""No number before this has anything that is still to be done about it."""
TICKET_STATE: Final = "state"
TICKET_KEY: Final = "key"
"""Of the request that it was given to."""
TICKET_ATTEMPT: Final = "attempt"
WAITLIST_TTL: Final = "expires_at"


def line(campaign_id: str, sku: str) -> str:
    """Partition of an offer's tickets."""
    return f"{short(campaign_id)}#{sku}"


def line_place(partition: str) -> tuple[str, str]:
    """What the partition of a ticket says: campaign id and SKU."""
    campaign, sku = partition.split("#")
    return CAMPAIGN_PREFIX + campaign, sku


def line_request(campaign_id: str, sku: str, key: str) -> str:
    """Partition of what one request has drawn."""
    return f"{short(campaign_id)}#{sku}#{key}"


# -- orders --------------------------------------------------------------------------------------------

ORDER_PARTITION: Final = "p"
ORDER_SORT: Final = "s"
ORDER_SHARDS: Final = 16
"""Partitions of a campaign's orders: 16 x 1,000 writes a second."""


def order_partition(campaign_id: str, shard: int) -> str:
    """Partition key of a shard of a campaign's orders."""
    return f"{short(campaign_id)}#{shard}"


def order_campaign(partition: str) -> str:
    """The campaign of an order, by its partition key."""
    return CAMPAIGN_PREFIX + partition.partition("#")[0]


def order_shard(ledger_key: str) -> int:
    """The shard of an order, by its reservation's ledger key."""
    return sum(ledger_key.encode()) % ORDER_SHARDS


def order_sort(deadline: int, ledger_key: str) -> str:
    """Sort key of an order: by the end of its hold, so that the beat finds the holds that just ended."""
    return f"{deadline:010d}#{ledger_key}"


def order_range(since: int, until: int) -> tuple[str, str]:
    """First and last sort key of the holds that ended after ``since``, and at ``until`` at the latest."""
    return f"{since + 1:010d}", f"{until + 1:010d}"


# An order stays within one write unit with a usual address, whatever becomes of it, and within three with the longest.
ORDER_ID: Final = "id"
ORDER_STATE: Final = "state"
ORDER_SKU: Final = "sku"
ORDER_QUANTITY: Final = "quantity"
ORDER_AMOUNT: Final = "amount"
ORDER_CURRENCY: Final = "currency"
ORDER_LIST_PRICE: Final = "i"
ORDER_COUPON: Final = "j"
"""Of an order that was promised a price below the list's, what that was; and the coupon's code."""
ORDER_REFUNDED: Final = "g"
"""Money given back, minor units."""
ORDER_REASON: Final = "reason"
"""Why a payment that came too late is refunded."""
ORDER_ATTEMPT: Final = "late"
"""How many times units were looked for again after a late payment. Absent: never."""
ORDER_PAID_AT: Final = "paid_at"
ORDER_PAYMENT: Final = "payment"
ORDER_PROVIDER: Final = "r"
ORDER_VERSION: Final = "v"
ORDER_CREATED: Final = "c"
ORDER_BUYER: Final = "b"
ORDER_ACTION: Final = "a"
ORDER_REQUEST: Final = "k"
ORDER_FINGERPRINT: Final = "f"
ORDER_SHIP_TO: Final = "t"
ORDER_CAPTURED: Final = "m"
"""Money that came in, minor units."""
ORDER_LATE_UNTIL: Final = "d"
ORDER_SEAT: Final = "u"
"""Where the units of a late payment are: block, units there, ledger key."""
ORDER_FAILURE: Final = "e"
ORDER_NOTE: Final = "o"
"""A note instead of an order: sort key of the order whose late payment should be settled by the note's own deadline."""
ORDER_EVENT: Final = "w"
"""With a note: an event of a payment that came before the order that the note names."""
ORDER_PROMISED: Final = "h"
"""Money that was given back or is promised to be, over all refunds that did not fail. Minor units."""
ORDER_AFTER: Final = "l"
"""Money given back after the books were closed: part of ``ORDER_REFUNDED``. Minor units."""
ORDER_CARRIER: Final = "x"
"""Who carries it, from the instant before the carrier is asked."""
ORDER_FULFILLED_AT: Final = "y"
ORDER_ATTENTION: Final = "n"
ORDER_ERASED_AT: Final = "z"
ORDER_REVISION: Final = "again"
"""How many later checkouts have replaced its payment and address. Absent: none."""
ORDER_REPLACED: Final = "old"
"""Id of the payment that was replaced, until nobody can pay it any more."""
ORDER_EARLIER: Final = "q"
"""Digests of the checkouts that were replaced."""
_ATTENTION: Final = "attention#"


def order_attention(campaign_id: str) -> str:
    """Partition, in the index ``unfinished``, of a campaign's orders that wait for a person, by the ends of their holds."""
    return _ATTENTION + short(campaign_id)


LARGEST_SHIP_TO: Final = 2_048
"""Bytes of a sealed address at most: of 500 characters that no packer makes smaller. A usual one has 70 to 400."""


# -- keys of addresses -----------------------------------------------------------------------------------

ADDRESS_KEY: Final = "campaign"
ADDRESS_KEY_SEALED: Final = "sealed"
"""The campaign's data key, as only KMS can open it."""
ADDRESS_KEY_TTL: Final = "expires_at"


# -- the log of a campaign -------------------------------------------------------------------------------

LOG_KEY: Final = "campaign"
LOG_SORT: Final = "at"
"""Milliseconds, 13 digits, and what tells an entry from others of that instant: the order of time."""


# -- refunds -----------------------------------------------------------------------------------------------

# A refund that a merchant asked for stands behind its order.
REFUND_ID: Final = "refund"
REFUND_ORDER: Final = "order"
REFUND_PAID: Final = "paid"
"""What the order had cost."""
REFUND_RESTOCK: Final = "restock"
REFUND_AFTER: Final = "after_close"
REFUND_UNBOOKED: Final = "unbooked"
"""There while the campaign's books wait for it."""
REFUND_DUE: Final = "due"
"""When somebody should have looked at it again; only of one that has something to wait for. Seconds."""
_REFUND: Final = "#refund#"


def refund_sort(order: str, digest: str) -> str:
    """Sort key of a refund: behind its order. ``order``: the order's own sort key."""
    return f"{order}{_REFUND}{digest}"


def refund_place(sort: str) -> tuple[int, str]:
    """The order that a refund stands behind: end of its hold, and its ledger key."""
    deadline, key = sort.partition(_REFUND)[0].split("#")
    return int(deadline), key


# -- rehearsals --------------------------------------------------------------------------------------------

REHEARSAL_KEY: Final = "id"
REHEARSAL_DUE: Final = "due"
"""When somebody should have looked after what it leaves behind; only while there is something. Seconds."""
REHEARSAL_TTL: Final = "expires_at"


def last_rehearsal(campaign_id: str) -> str:
    """Key of what says which rehearsal of a campaign was begun last."""
    return f"last#{short(campaign_id)}"


# -- what there is ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """Shape of one table. Keys are strings but for the sort keys in ``NUMBERS``."""

    key: str
    sort: str | None = None
    ttl: str | None = None
    stream: str | None = None
    """What its stream shows of a change, if anybody listens."""
    kept: bool = True
    """Whether it may be restored to what it was: no, if what goes from it must be gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """Shape of an index."""

    key: str
    sort: str
    whole: bool = True
    """Whether it holds whole items; else the keys only, which is cheaper to keep."""


NUMBERS: Final = frozenset({CREATED_AT, STARTS_AT, REFUND_DUE, REHEARSAL_DUE, WAITLIST_NUMBER})

TABLES: Final = {
    "campaigns": TableSpec(key=CAMPAIGN_KEY, stream="NEW_AND_OLD_IMAGES"),
    "requests": TableSpec(key=REQUEST_KEY, ttl=REQUEST_TTL),
    "stock": TableSpec(key=STOCK_KEY, stream="NEW_AND_OLD_IMAGES"),
    "overflow": TableSpec(key=OVERFLOW_BLOCK, sort=OVERFLOW_PAGE, ttl=OVERFLOW_TTL),
    "buyers": TableSpec(key=BUYER_KEY, ttl=BUYER_TTL),
    "waitlists": TableSpec(
        key=WAITLIST_LINE,
        sort=WAITLIST_NUMBER,
        ttl=WAITLIST_TTL,
        stream="NEW_AND_OLD_IMAGES",
    ),
    "orders": TableSpec(key=ORDER_PARTITION, sort=ORDER_SORT, stream="NEW_AND_OLD_IMAGES"),
    "payments": TableSpec(key=PAYMENT_KEY, stream="NEW_IMAGE"),
    "totals": TableSpec(key=TOTALS_KEY, sort=TOTALS_SORT),
    "keys": TableSpec(key=KEY_HASH),
    "addresses": TableSpec(key=ADDRESS_KEY, ttl=ADDRESS_KEY_TTL, kept=False),
    "rehearsals": TableSpec(key=REHEARSAL_KEY, ttl=REHEARSAL_TTL),
    "log": TableSpec(key=LOG_KEY, sort=LOG_SORT),
}
"""Every table by its role; infra, the tests and the bench make them from here."""

INDEXES: Final = {
    "campaigns": {
        BY_MERCHANT: IndexSpec(key=MERCHANT, sort=CREATED_AT),
        UNFINISHED: IndexSpec(key=UNFINISHED, sort=STARTS_AT, whole=False),
    },
    "orders": {UNFINISHED: IndexSpec(key=UNFINISHED, sort=REFUND_DUE, whole=False)},
    "rehearsals": {UNFINISHED: IndexSpec(key=UNFINISHED, sort=REHEARSAL_DUE, whole=False)},
}
"""Indexes by table and name."""
