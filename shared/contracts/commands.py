"""Bodies of what a merchant does to a campaign. A cue in the middle of the show is in ``run_of_show``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import Body, LongText, Sku, WrittenTime
from shared.domain.show_control import LARGEST_ALLOTMENT


class NoBody(Body):
    """Nothing is sent, or an empty object."""


class ExtendRequest(Body):
    """A later end of the show."""

    ends_at: WrittenTime


class PauseRequest(Body):
    """Why no reservations are taken for a while; kept with the campaign."""

    reason: LongText | None = None


class AllotmentRequest(Body):
    """More units of an offer."""

    sku: Sku
    units: Annotated[int, Field(ge=1, le=LARGEST_ALLOTMENT, description="How many more.")]


class CancelRequest(Body):
    """Why the campaign is called off; kept with it."""

    reason: LongText
