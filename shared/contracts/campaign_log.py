"""The log of a campaign, as the API tells it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.contracts import identifiers
from shared.contracts.fields import Answer, Instant
from shared.domain.campaign_log import Outcome


class Actor(Answer):
    """Who or what did it."""

    type: Annotated[
        Literal["key", "system"], Field(description="`key`: an API key of the merchant.")
    ]
    id: Annotated[
        str,
        Field(
            description="Of a key its public id, which opens nothing; else the name of what did it, such as "
            "`keep_books`, `lifecycle` or `sweep_campaigns`."
        ),
    ]


class LogEntry(Answer):
    """One thing that was done to a campaign, or for it."""

    id: identifiers.LogEntryId
    object: Literal["log_entry"] = "log_entry"
    at: Instant
    actor: Actor
    action: Annotated[
        str,
        Field(
            description="Of an edit or a step of the show, for example `scheduled`, `price_changed`, `paused`, `extended`, "
            "`plan_changed`; of the lifecycle `lifecycle_begun`, `lifecycle_failed`, `lifecycle_taken_up` and the like; "
            "of a step that failed the name of the step. More may come."
        ),
    ]
    outcome: Annotated[
        Outcome,
        Field(description="`retried`: it failed, and was tried again after `failed_attempts`."),
    ]
    version: Annotated[
        int | None, Field(description="Of the campaign, if the action made a new one.")
    ]
    detail: Annotated[
        dict[str, Any],
        Field(description="What matters of it: values that changed, an error, a delay."),
    ]


class LogList(Answer):
    """A page of a campaign's log, newest first."""

    object: Literal["list"] = "list"
    data: list[LogEntry]
    has_more: bool
