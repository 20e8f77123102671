"""
The times a campaign is written in: local wall time in an IANA zone, or an instant with an offset. Both become whole seconds.

A merchant plans in the time of the audience's clocks. Twice a year these clocks skip an hour or show one twice;
a time written in such an hour names no instant, or two. It is refused with both readings offered: to guess would
open the sale an hour wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from shared.domain.errors import InvalidRequest, LocalTimeAmbiguous, LocalTimeMissing

FIRST_YEAR, LAST_YEAR = 2000, 2199
_UNIVERSAL = frozenset({"UTC", "Etc/UTC"})
_AREAS = frozenset(
    {
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
        *("Indian", "Pacific", "Brazil", "Canada", "Chile", "Mexico", "US"),
    }
)
"""What a place's name begins with."""
_PLACES = frozenset(
    {
        *("Cuba", "Egypt", "Eire", "GB", "GB-Eire", "Hongkong", "Iceland", "Iran", "Israel"),
        *("Jamaica", "Japan", "Kwajalein", "Libya", "NZ", "NZ-CHAT", "Navajo", "PRC", "Poland"),
        *("Portugal", "ROC", "ROK", "Singapore", "Turkey", "W-SU"),
    }
)
"""Older names of countries, which the database keeps."""
LONGEST_TEXT = 40

_WRITTEN = re.compile(
    r"(?P<wall>(?P<year>\d{4})-\d{2}-\d{2}T\d{2}:\d{2}(?::(?P<second>\d{2}))?)"
    r"(?:\.(?P<fraction>\d{1,9}))?(?P<offset>Z|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_HOW = "Write local time as 2026-11-28T20:00:00, or an instant as 2026-11-28T12:00:00Z or 2026-11-28T20:00:00+08:00."


def zone(name: str, pointer: str = "/time_zone") -> ZoneInfo:
    """
    The IANA time zone of that exact name, which is a place's, or UTC; ``InvalidRequest`` if it is none.

    A campaign is written in the time of its audience's clocks. ``Factory`` and ``localtime`` are the time of some machine,
    ``EST`` and ``Etc/GMT+5`` that of no clock which is put forward in spring, and ``GMT`` is not London's half of the year.
    """
    # Looked up in the list first: ZoneInfo takes any file name, "right/…" (which counts leap seconds) included.
    if name not in _zones():
        raise _invalid(
            pointer,
            f"{_shown(name)} is no IANA time zone; use a name such as Asia/Shanghai or America/New_York.",
        )
    if not is_place(name):
        raise _invalid(
            pointer,
            f"{_shown(name)} is the time of no place: use the name of the audience's, such as Europe/London or "
            "America/New_York, or UTC.",
        )
    return ZoneInfo(name)


def is_place(name: str) -> bool:
    """Whether a name of the IANA database is a place's, today's or an older one, or UTC."""
    area, slash, _ = name.partition("/")
    return name in _UNIVERSAL or (area in _AREAS if slash else name in _PLACES)


def instant(text: str, zone_name: str, pointer: str) -> int:
    """
    Seconds since 1970 UTC of a time as it was written.

    ``LocalTimeMissing`` and ``LocalTimeAmbiguous`` carry ``readings``: the two instants it may have meant,
    earlier first, each as local time with its offset, fit to be sent back. Everything else that cannot be read is
    an ``InvalidRequest`` at ``pointer``.
    """
    place = zone(zone_name)
    wall, offset = _parse(text, pointer)
    if offset is not None:
        return _seconds(wall.replace(tzinfo=offset))
    first, second = (wall.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return _seconds(first)
    # Through UTC and back: in a gap, the times that the clocks do show at those two instants.
    readings = sorted(reading.astimezone(UTC) for reading in (first, second))
    facts = {
        "local_time": text,
        "time_zone": zone_name,
        "readings": [reading.astimezone(place).isoformat() for reading in readings],
        "errors": [
            {"pointer": pointer, "detail": "Send one of 'readings' instead, or another time."}
        ],
    }
    if _shown_again(wall, place):
        raise LocalTimeAmbiguous(
            f"{text} happens twice in {zone_name}. {LocalTimeAmbiguous.advice}", **facts
        )
    raise LocalTimeMissing(
        f"{text} does not happen in {zone_name}. {LocalTimeMissing.advice}", **facts
    )


def local(seconds: int, zone_name: str) -> str:
    """
    The shortest writing of an instant in a zone that reads as that instant again: wall time, and its offset only in the hour
    that the clocks show twice.
    """
    shown = datetime.fromtimestamp(seconds, ZoneInfo(zone_name))
    other = shown.replace(fold=1 - shown.fold)
    plain = shown.utcoffset() == other.utcoffset()
    return (shown.replace(tzinfo=None) if plain else shown).isoformat()


def _parse(text: str, pointer: str) -> tuple[datetime, timezone | None]:
    found = _WRITTEN.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if found is None:
        raise _invalid(pointer, f"{_shown(text)} is not a time. {_HOW}")
    if found["second"] == "60":
        raise _invalid(pointer, "Seconds run from 00 to 59: leap seconds are not counted.")
    if (found["fraction"] or "0").strip("0"):
        raise _invalid(pointer, "Times of a campaign are whole seconds: leave the fraction out.")
    if not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        raise _invalid(pointer, f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.")
    try:
        return datetime.fromisoformat(found["wall"]), _offset(found["offset"])
    except ValueError:
        raise _invalid(pointer, f"{_shown(text)} is on no calendar or clock. {_HOW}") from None


def _offset(written: str | None) -> timezone | None:
    if written is None:
        return None
    if written == "Z":
        return UTC
    hours, minutes = int(written[1:3]), int(written[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(written)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if written[0] == "-" else span)


def _shown_again(wall: datetime, place: ZoneInfo) -> bool:
    """Whether the clocks of a zone do show this wall time. Only asked where its two readings differ."""
    return wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) == wall


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _shown(text: str) -> str:
    """What was sent, fit for a sentence: short, and printable."""
    return ascii(text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "...")


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"pointer": pointer, "detail": detail}])


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
