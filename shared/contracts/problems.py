"""How the API refuses: one problem document (RFC 9457) for everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.errors import Refusal


class FieldProblem(BaseModel):
    """What is wrong with one part of the request, and what would be right."""

    pointer: Annotated[str | None, Field(description="JSON pointer (RFC 6901) into the body.")] = (
        None
    )
    parameter: Annotated[str | None, Field(description="Name of a query parameter.")] = None
    detail: str
    suggestion: Annotated[
        str | None, Field(description="What would be right, where there is no doubt about it.")
    ] = None


class Problem(BaseModel):
    """
    RFC 9457. Further members are facts that help: `available`, `limit`, `rule`, `retry_after`, `expires_at`,
    `readings`, `campaign_status`.
    """

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(description="Where the code is explained.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="What to do next. May change; do not parse it.")]
    code: Annotated[str, Field(description="Never changes.")]
    request_id: str
    errors: list[FieldProblem] | None = None


def refusals(family: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal that can be met, in the order of the tree: its leaves."""
    children = family.__subclasses__()
    if not children:
        yield family
    for child in children:
        yield from refusals(child)
