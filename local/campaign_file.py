"""A campaign in a file that a person writes: read, moved to another time, and its faults named by line and field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from local.json_lines import BrokenJson, LocatedJson

WALL_TIMES: Final = ("starts_at", "ends_at", "replay_until")


class BrokenFile(Exception):
    """The file is no campaign; the message names each line and field at fault."""

    def __init__(self, path: Path, faults: Iterable[str]) -> None:
        super().__init__("\n".join([f"{path} is no campaign yet:", *faults]))


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """A file and what stands where in it."""

    path: Path
    located: LocatedJson

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it; ``BrokenFile`` if there is none, or it is not a JSON object."""
        try:
            return cls(path, LocatedJson(path.read_text(encoding="utf-8-sig")))
        except BrokenJson as fault:
            raise BrokenFile(
                path, [f"  line {fault.line}, column {fault.column}: {fault}"]
            ) from None
        except UnicodeDecodeError as fault:
            raise BrokenFile(path, [f"  byte {fault.start}: this is not UTF-8"]) from None
        except OSError as fault:
            raise BrokenFile(path, [f"  it cannot be read: {fault.strerror}"]) from None

    @property
    def body(self) -> dict[str, Any]:
        """The body of ``POST /v1/campaigns``, as written."""
        return dict(self.located.value)

    def moved_to(self, start: datetime) -> dict[str, Any]:
        """The same body with its times moved so that it starts at ``start``; times that are none stay, to be refused."""
        body = self.body
        times = {name: _time(body.get(name)) for name in WALL_TIMES}
        planned = times["starts_at"]
        for name, time in times.items():
            if time is not None and planned is not None and _alike(time, planned):
                body[name] = _rfc3339(start + (time - planned))
        return body

    def broken(self, errors: Iterable[Mapping[str, str]]) -> BrokenFile:
        """The API's refusal, with its JSON pointers as lines of this file."""
        return BrokenFile(self.path, [self._fault(error) for error in errors])

    def _fault(self, error: Mapping[str, str]) -> str:
        pointer = error.get("pointer", "")
        place = self.located.place(pointer)
        field = pointer.strip("/").replace("/", ".") or "the whole"
        return f"  line {place.line}, column {place.column}, {field}: {error.get('detail', '')}"


def _time(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _alike(time: datetime, other: datetime) -> bool:
    return (time.tzinfo is None) == (other.tzinfo is None)


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
