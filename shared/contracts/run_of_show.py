"""
Cues: what a merchant plans for a second of the show, what is done in the middle of it, and both in the domain's terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter

from shared.contracts.fields import (
    MOST_CUES,
    SECOND,
    TIME_OF_DAY,
    Answer,
    Body,
    CouponCode,
    LongText,
    Price,
    Sku,
    WrittenTime,
)
from shared.domain import show_time
from shared.domain.campaign import LONGEST_SHOW, Cue
from shared.domain.errors import InvalidRequest
from shared.domain.show_control import LARGEST_ALLOTMENT

Second = Annotated[
    int, Field(ge=0, le=LONGEST_SHOW, description="Seconds from the start of the show.")
]
When = Annotated[
    Annotated[Second, Tag(SECOND)] | Annotated[WrittenTime, Tag(TIME_OF_DAY)],
    Discriminator(lambda at: TIME_OF_DAY if isinstance(at, str) else SECOND),
    Field(
        description="Seconds from the start of the show, or a time of day, which stays where it is when the show is moved."
    ),
]
HowLong = Annotated[int, Field(ge=1, le=LONGEST_SHOW, description="How long.")]
Cap = Annotated[int, Field(ge=1, le=LARGEST_ALLOTMENT)]


class Pin(Body):
    """Show a product on screen."""

    at: When
    cue: Literal["pin"]
    sku: Sku


class Unpin(Body):
    """Show no product on screen."""

    at: When
    cue: Literal["unpin"]


class FlashPrice(Body):
    """
    A lower price for a while: not above the list price, nor below the floor. Reservations made in it keep it. With `units`
    it is for so many units only: whoever comes when they are held or sold gets the next best price.
    """

    at: When
    cue: Literal["flash_price"]
    sku: Sku
    unit_price: Price
    seconds: HowLong
    units: Cap | None = None


class Coupon(Body):
    """
    A lower price for whoever names the code, or for everybody if it is `automatic`: `percent_off`, rounded half up to a
    minor unit, or `amount_off` each unit; what it leaves may not be below the floor. A reservation gets one deal, the
    cheapest: a coupon is of the list price, and does not come on top of a flash price.
    """

    at: When
    cue: Literal["coupon"]
    code: CouponCode
    automatic: Annotated[bool, Field(description="Whether every reservation gets it, unasked.")] = (
        False
    )
    sku: Annotated[Sku | None, Field(description="Null: of every offer.")] = None
    percent_off: Annotated[int, Field(ge=1, le=99)] | None = None
    amount_off: Price | None = None
    seconds: HowLong
    uses: Annotated[Cap | None, Field(description="Reservations it is for; null: any number.")] = (
        None
    )
    uses_per_buyer: Annotated[
        Cap | None, Field(description="Reservations of one buyer, of each offer.")
    ] = None


class ReleaseStock(Body):
    """Put units of an offer's allotment on sale that were kept back until then."""

    at: When
    cue: Literal["release_stock"]
    sku: Sku
    units: Annotated[int, Field(ge=1, le=LARGEST_ALLOTMENT, description="Of the allotment.")]


class Announce(Body):
    """Say something to whoever watches the show."""

    at: When
    cue: Literal["announce"]
    text: LongText


PlannedCue = Pin | Unpin | FlashPrice | Coupon | ReleaseStock | Announce
CueTerms = Annotated[PlannedCue, Field(discriminator="cue")]
RunOfShow = Annotated[
    list[CueTerms], Field(max_length=MOST_CUES, description="In the order of `at`.")
]
_CUE: TypeAdapter[PlannedCue] = TypeAdapter(CueTerms)


class LiveCue(Body):
    """
    Something done in the middle of the show; it holds from the next second on. `pin` (`sku`); `unpin`; `flash_price` (`sku`,
    `unit_price`, `seconds`); `flash_end` (`sku`): the flash price is over; `coupon_end` (`code`): the coupon is; `price`
    (`sku`, `unit_price`): the list price from then on; `announce` (`text`). A flash price above the list price, and a list
    price that is below the floor, below a flash price that is open or to come, or that a coupon would bring below the floor,
    are refused: the answer names the cue, and what to stop or to change first.
    """

    cue: Literal["pin", "unpin", "flash_price", "flash_end", "coupon_end", "price", "announce"]
    sku: Sku | None = None
    unit_price: Price | None = None
    seconds: HowLong | None = None
    text: LongText | None = None
    code: CouponCode | None = None


LIVE_CUES: Final[Mapping[str, frozenset[str]]] = {
    "pin": frozenset({"sku"}),
    "unpin": frozenset(),
    "flash_price": frozenset({"sku", "unit_price", "seconds"}),
    "flash_end": frozenset({"sku"}),
    "coupon_end": frozenset({"code"}),
    "price": frozenset({"sku", "unit_price"}),
    "announce": frozenset({"text"}),
}
"""What belongs to each, and nothing else does."""


class ImprovisedCue(Answer):
    """A cue that was not planned: a live cue, or `paused` and `resumed`."""

    at: Annotated[int, Field(description="Seconds from the start of the show.")]
    cue: str
    sku: str | None = None
    unit_price: int | None = None
    seconds: int | None = None
    text: str | None = None
    units: int | None = None
    code: str | None = None


class MissedCue(Answer):
    """A planned cue that will never happen."""

    number: Annotated[int, Field(ge=0, description="Its position in `run_of_show`.")]
    at: Annotated[int, Field(description="Seconds from the start of the show.")]
    cue: str
    sku: str | None = None
    code: str | None = None
    units: Annotated[
        int | None, Field(description="Of `release_stock`: they never come on sale.")
    ] = None


# -- between bodies and the domain -----------------------------------------------------------------


def live_cue(body: LiveCue) -> Cue:
    """The cue of a body; ``InvalidRequest`` names what is missing of it, or does not belong to it."""
    sent = {name for name in body.model_fields_set - {"cue"} if getattr(body, name) is not None}
    wanted = LIVE_CUES[body.cue]
    faults = [
        *((name, f"This field is required with {body.cue}.") for name in sorted(wanted - sent)),
        *((name, f"{body.cue} has no {name}.") for name in sorted(sent - wanted)),
    ]
    if faults:
        raise InvalidRequest(
            errors=[{"pointer": f"/{name}", "detail": said} for name, said in faults]
        )
    return Cue(at=0, **body.model_dump())


def planned_cues(bodies: Sequence[PlannedCue], zone: str, starts_at: int) -> tuple[Cue, ...]:
    """The cues of a plan whose times of day are ``zone``'s; ``LocalTimeMissing`` or ``LocalTimeAmbiguous`` name the cue."""
    return tuple(
        _cue(body, zone, starts_at, f"/run_of_show/{number}/at")
        for number, body in enumerate(bodies)
    )


def _cue(body: PlannedCue, zone: str, starts_at: int, pointer: str) -> Cue:
    facts = body.model_dump()
    if isinstance(body.at, str):
        wall = show_time.instant(body.at, zone, pointer)
        facts.update(at=wall - starts_at, wall=wall)
    return Cue(**facts)


def improvised_cue(cue: Cue) -> ImprovisedCue:
    """As it is answered."""
    return ImprovisedCue(**{name: getattr(cue, name) for name in ImprovisedCue.model_fields})


def missed_cue(number: int, cue: Cue) -> MissedCue:
    """As it is answered."""
    return MissedCue(
        number=number, at=cue.at, cue=cue.cue, sku=cue.sku, code=cue.code, units=cue.units
    )


def cue_terms(cue: Cue, zone: str) -> PlannedCue:
    """As it was written: by its second, or by the time of day in the campaign's zone."""
    written = cue.facts()
    written.pop("deal", None)
    wall = written.pop("wall", None)
    return _CUE.validate_python(
        written if wall is None else {**written, "at": show_time.local(wall, zone)}
    )
