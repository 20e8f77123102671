"""Bodies of rehearsals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import Answer, Body, Count, Instant
from shared.contracts.identifiers import CampaignId, RehearsalId


class RehearsalRequest(Body):
    """What a merchant reckons with."""

    expected_buyers: Annotated[
        int | None,
        Field(
            ge=1,
            le=100_000_000,
            description="Who will want to buy; twice the units of all offers, if it is left out.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Field(ge=0, le=2**31 - 1, description="Repeats the crowd of another rehearsal."),
    ] = None


class Objective(Answer):
    """One objective, and how it went."""

    name: str
    passed: Annotated[
        bool | None,
        Field(description="Null: it was measured where that says nothing, as times on a laptop."),
    ]
    asked: str
    measured: str
    details: Annotated[list[str], Field(description="What is wrong: the first of it.")]


class Limit(Answer):
    """A quota of AWS, and how much of it the busiest second of the plan wants."""

    name: str
    plan: Count
    limit: Count
    within: bool
    source: Annotated[str, Field(description="Where the numbers come from.")]
    advice: Annotated[str, Field(description="What to do, if it would be hit; else empty.")]


class BillLine(Answer):
    """Count x price."""

    what: str
    count: Count
    usd_per_million: float
    usd: float


class Bill(Answer):
    """What the show will cost at list prices, by the units that its rehearsal has used."""

    currency: Literal["USD"]
    orders: Count
    whole_show: float
    per_hour: float
    per_million_orders: float
    lines: list[BillLine]


class Rehearsal(Answer):
    """
    A campaign's plan, played at speed with synthetic buyers in isolation. `running` becomes `passed` or `failed`; then all
    that was played is removed (`cleaned`), and this verdict is kept for 7 days.
    """

    id: RehearsalId
    object: Literal["rehearsal"] = "rehearsal"
    campaign: CampaignId
    state: Literal["running", "passed", "failed"]
    seed: Count
    expected_buyers: Count
    buyers: Annotated[int, Field(ge=0, description="That came to the rehearsal.")]
    speed: Annotated[float, Field(description="Seconds of the plan in one of the rehearsal.")]
    not_to_scale: list[str]
    objectives: list[Objective]
    limits: list[Limit]
    cost: Bill | None
    cleaned: bool
    created_at: Instant
    ended_at: Instant | None
