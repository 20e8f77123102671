"""What ids look like in the reference. Clients keep them as they are; the forms are for those who check what they get."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

Json = dict[str, Any]

_CLAIM: Final = "[A-Za-z0-9_-]{74}"
CAMPAIGN: Final[Json] = {"type": "string", "pattern": "^cmp_[a-z2-7]{16}$"}
RESERVATION: Final[Json] = {"type": "string", "pattern": f"^rsv_{_CLAIM}$"}
ORDER: Final[Json] = {"type": "string", "pattern": f"^ord_{_CLAIM}$"}
LOG_ENTRY: Final[Json] = {"type": "string", "pattern": "^log_[0-9]{13}-[a-z0-9_-]{1,60}$"}
TICKET: Final[Json] = {"type": "string", "pattern": "^wtl_[A-Za-z0-9_-]{46}$"}
REFUND: Final[Json] = {"type": "string", "pattern": "^ref_[A-Za-z0-9_-]{40}$"}
REHEARSAL: Final[Json] = {"type": "string", "pattern": "^rhs_[a-z2-7]{16}$"}
PROVIDER: Final[Json] = {"type": "string", "pattern": "^[a-z]{1,32}$", "examples": ["test"]}

PATH: Final = {
    "campaign_id": CAMPAIGN,
    "reservation_id": RESERVATION,
    "order_id": ORDER,
    "refund_id": REFUND,
    "rehearsal_id": REHEARSAL,
    "ticket_id": TICKET,
    "provider": PROVIDER,
}
"""By the name of a path's parameter. Anything of another form is not found."""

CampaignId = Annotated[str, WithJsonSchema(CAMPAIGN)]
ReservationId = Annotated[str, WithJsonSchema(RESERVATION)]
OrderId = Annotated[str, WithJsonSchema(ORDER)]
LogEntryId = Annotated[str, WithJsonSchema(LOG_ENTRY)]
TicketId = Annotated[str, WithJsonSchema(TICKET)]
RefundId = Annotated[str, WithJsonSchema(REFUND)]
RehearsalId = Annotated[str, WithJsonSchema(REHEARSAL)]
