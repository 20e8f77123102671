"""The query of a list: ``limit`` from 1 to 100, ``starting_after`` an id, and nothing it does not know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import InvalidRequest

USUAL_PAGE: Final = 20
LARGEST_PAGE: Final = 100
MOST_STRANGERS: Final = 20
"""Unknown parameters that a refusal names: an answer must not grow with what somebody sends."""


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which part of a list is asked for."""

    limit: int
    starting_after: str | None
    filters: Mapping[str, str]


def page_query(
    query: Mapping[str, str], filters: Mapping[str, Collection[str]] | None = None
) -> PageQuery:
    """
    Read the query of a list. ``filters``: the further parameters, each with the values that it may have.

    An unknown parameter is refused: a misspelt filter would otherwise answer with everything.
    """
    filters = filters or {}
    faults = [
        {
            "parameter": name[:64],
            "detail": f"There is no such parameter; use {', '.join(['limit', 'starting_after', *filters])}.",
        }
        for name in query
        if name not in ("limit", "starting_after", *filters)
    ][:MOST_STRANGERS]
    faults += [
        {"parameter": name, "detail": f"Must be one of {', '.join(allowed)}."}
        for name, allowed in filters.items()
        if name in query and query[name] not in allowed
    ]
    limit = query.get("limit", str(USUAL_PAGE))
    if not (
        limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= LARGEST_PAGE
    ):
        faults.append(
            {"parameter": "limit", "detail": f"Must be a whole number from 1 to {LARGEST_PAGE}."}
        )
    if faults:
        raise InvalidRequest(
            "Correct the parameters named in 'errors' and send the request again.", errors=faults
        )
    return PageQuery(
        limit=int(limit),
        starting_after=query.get("starting_after"),
        filters={name: query[name] for name in filters if name in query},
    )


@dataclass(frozen=True, slots=True)
class FilesQuery:
    """Which files of a campaign's parcels are asked for."""

    piece: int
    """From 1 on."""
    combine: bool
    workbook: bool


def files_query(query: Mapping[str, str]) -> FilesQuery:
    """``piece`` from 1 on, ``combine`` and ``format`` with the one value that each has, and nothing else."""
    only = {"combine": "buyer", "format": "xlsx"}
    known = ", ".join(["piece", *only])
    strangers = [name for name in query if name not in ("piece", *only)][:MOST_STRANGERS]
    faults = [
        {"parameter": name[:64], "detail": f"There is no such parameter; use {known}."}
        for name in strangers
    ]
    piece = query.get("piece", "1")
    if not (piece.isascii() and piece.isdigit() and len(piece) <= 3):
        faults.append({"parameter": "piece", "detail": "Must be a whole number from 1."})
    faults += [
        {"parameter": name, "detail": f"Must be {value}, or left out."}
        for name, value in only.items()
        if query.get(name, value) != value
    ]
    if faults:
        raise InvalidRequest(
            "Correct the parameters named in 'errors' and send the request again.", errors=faults
        )
    return FilesQuery(int(piece), "combine" in query, "format" in query)
