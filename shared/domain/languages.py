"""
Language tags (BCP 47), as titles are written in them, and the title that a reader is served (RFC 4647, *lookup*).

Capitals make no difference in a tag, and a few old codes mean the same as newer ones: two spellings of one tag are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_NOW_CALLED: Final = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
"""Codes of languages that have others since, by the IANA registry of subtags."""


def canonical(tag: str) -> str:
    """The same for every spelling of a tag."""
    language, *rest = tag.lower().split("-")
    return "-".join((_NOW_CALLED.get(language, language), *rest))


def lookup(titles: Mapping[str, str], *ranges: str) -> str | None:
    """
    The tag, as it is written in ``titles``, that serves the first of the language ranges that any serves: a range is cut
    from its end until a tag is the same, so that ``en-GB`` is served ``en``. ``None``: no range is served.
    """
    written = {canonical(tag): tag for tag in titles}
    for wanted in ranges:
        for cut in _ever_shorter(canonical(wanted)):
            if cut in written:
                return written[cut]
    return None


def title_in(titles: Mapping[str, str], *ranges: str) -> str:
    """The title for a reader; if no range is served, one of the same languages, else the first there is."""
    tag = lookup(titles, *ranges)
    if tag is not None:
        return titles[tag]
    languages = [canonical(wanted).partition("-")[0] for wanted in ranges]
    related = (
        title
        for language in languages
        for tag, title in titles.items()
        if canonical(tag).partition("-")[0] == language
    )
    return next(related, next(iter(titles.values())))


def twins(titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Tags that are another spelling of an earlier one, each with that."""
    first: dict[str, str] = {}
    for tag in titles:
        earlier = first.setdefault(canonical(tag), tag)
        if earlier != tag:
            yield tag, earlier


def _ever_shorter(tag: str) -> Iterator[str]:
    """A tag, cut from its end. A single letter, such as ``x``, goes with what it introduces."""
    parts = tag.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
