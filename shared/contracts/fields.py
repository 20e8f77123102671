"""The kinds of values that stand in bodies, with their limits. Nothing is converted: a number in quotes is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from shared.contracts.currencies import CURRENCIES
from shared.domain import address_text, payable, territories
from shared.domain.parties import WHOLE, Party, Written
from shared.domain.text import is_legible

SKU_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"
COUPON_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{2,31}$"
LANGUAGE_PATTERN: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
SLUG_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,31}$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
COUNTRY_PATTERN: Final = r"^[A-Z]{2}$"
TIME_PATTERN: Final = (
    r"^2[01][0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(\.0{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
)
EMAIL_PATTERN: Final = r"^[^@\s]{1,64}@[^@\s]{1,190}$"

HIGHEST_PRICE: Final = 10**12
MOST_OFFERS: Final = 200
MOST_CUES: Final = 500
LARGEST_QUANTITY: Final = payable.LARGEST_QUANTITY


class Body(BaseModel):
    """What a caller sends: every field known, every type exact."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """What a caller gets. Fields may be added within a version of the API, so do not refuse those you do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _legible(text: str) -> str:
    if not is_legible(text):
        raise PydanticCustomError(
            "illegible", "Leave out control characters, line breaks and text direction overrides."
        )
    if text and not text.strip():
        raise PydanticCustomError("blank", "Write something that can be seen.")
    return text


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise PydanticCustomError(
            "currency",
            "Use an ISO 4217 code of a currency that people pay with, such as CNY or USD.",
        )
    return code


def _normalised(normal: Callable[[str], str]) -> BeforeValidator:
    """Last of a field's annotations, so that it runs first. What is no string stays as it is, and is refused as such."""
    return BeforeValidator(lambda value: normal(value) if isinstance(value, str) else value)


def _known_country(code: str) -> str:
    if code in territories.NAMES:
        return code
    meant = territories.suggested(code)
    if meant is None:
        raise PydanticCustomError(
            "country", "Use a code of ISO 3166-1 alpha-2, such as CN, GB or US."
        )
    raise PydanticCustomError(
        "country",
        "Use {suggestion}, the code of {name} by ISO 3166-1 alpha-2.",
        {"suggestion": meant, "name": territories.NAMES[meant]},
    )


_Legible = AfterValidator(_legible)

ShortText = Annotated[str, Field(min_length=1, max_length=200), _Legible]
LongText = Annotated[str, Field(min_length=1, max_length=500), _Legible]
Code = Annotated[str, Field(min_length=1, max_length=64), _Legible]
AddressText = Annotated[
    str,
    Field(min_length=1, max_length=200),
    _Legible,
    _normalised(address_text.normal),
]
PostalCode = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="As its country writes it; spaces and dashes may be left out.",
    ),
    _Legible,
    _normalised(address_text.normal),
]
Country = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        # For the reference alone: what is written otherwise is refused with the code that is meant.
        json_schema_extra={"pattern": COUNTRY_PATTERN},
        description="ISO 3166-1 alpha-2 code: `GB` and not `UK`.",
    ),
    _Legible,
    AfterValidator(_known_country),
    _normalised(address_text.normal_country),
]
Phone = Annotated[
    str,
    Field(
        min_length=4,
        max_length=40,
        description="A number of the address's country, or one that begins with + and a country. Kept by E.164.",
    ),
    _Legible,
    _normalised(address_text.normal_phone),
]
Email = Annotated[
    str,
    Field(max_length=254, pattern=EMAIL_PATTERN),
    _Legible,
    _normalised(address_text.normal),
]
BuyerId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="The storefront's opaque id of the buyer: no name, no e-mail address.",
    ),
    _Legible,
]
Sku = Annotated[
    str, Field(pattern=SKU_PATTERN, description="The merchant's own name of the product.")
]
CouponCode = Annotated[
    str, Field(pattern=COUPON_PATTERN, description="Capitals make no difference.")
]
Language = Annotated[str, Field(pattern=LANGUAGE_PATTERN)]
Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
Currency = Annotated[
    str,
    Field(pattern=CURRENCY_PATTERN, description="ISO 4217 code."),
    AfterValidator(_known_currency),
]
Title = Annotated[
    dict[Language, ShortText],
    Field(min_length=1, max_length=20, description="By language tag (BCP 47), at least one."),
]
Price = Annotated[
    int, Field(ge=1, le=HIGHEST_PRICE, description="Minor units of the campaign's currency.")
]
Quantity = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY, description="Units.")]
MetadataKey = Annotated[str, Field(min_length=1, max_length=40), _Legible]
MetadataValue = Annotated[str, Field(max_length=500), _Legible]
Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    Field(max_length=50, description="The merchant's own facts. No personal data."),
]
SECOND, TIME_OF_DAY = "a second of the show", "a time of day"
"""The two ways to say when a cue is due."""
WrittenTime = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        # For the reference alone: what is written otherwise is refused with the two ways to write it.
        json_schema_extra={"pattern": TIME_PATTERN},
        description=(
            "Local wall time in `time_zone` (2026-11-28T20:00:00), or an instant with an offset "
            "(2026-11-28T12:00:00Z)."
        ),
    ),
]


class NamedParty(Body):
    """Somebody who has a part in the sale."""

    name: ShortText
    share: Annotated[
        int | None,
        Field(
            ge=0, le=WHOLE, description="Part of the money in basis points: 10,000 is the whole."
        ),
    ] = None
    reference: Annotated[
        Code | None,
        Field(description="What the party's own books know it by: an account, a contract."),
    ] = None


_NAME: Final[TypeAdapter[str]] = TypeAdapter(ShortText)


def _name_or_object(value: Any, read: Callable[[Any], NamedParty]) -> NamedParty:
    if isinstance(value, str):
        return NamedParty(name=_NAME.validate_python(value, strict=True))
    if isinstance(value, dict | NamedParty):
        return read(value)
    raise PydanticCustomError("party", "Send a name, or an object with 'name' and 'share'.")


def _written(party: NamedParty) -> Written:
    return Party(**party.model_dump()).written


PartyTerms = Annotated[
    NamedParty,
    WrapValidator(_name_or_object),
    PlainSerializer(_written),
    WithJsonSchema(
        {
            "description": "A name; or an object, with the party's share of the money.",
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": 200},
                {"$ref": "#/components/schemas/NamedParty"},
            ],
        }
    ),
]

Instant = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, with Z."}
    ),
]
Minor = Annotated[int, Field(description="Minor units of `currency`.")]
Exponent = Annotated[
    int,
    Field(
        ge=0,
        le=4,
        description="Decimals of `currency` by ISO 4217: an amount is its minor units divided by ten to this power.",
    ),
]
Count = Annotated[int, Field(ge=0)]
CampaignStatus = Literal[
    "draft", "scheduled", "live", "pausing", "paused", "closing", "closed", "cancelled"
]
