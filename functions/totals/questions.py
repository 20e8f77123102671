"""Reads what a request for totals asks: which versions the client has, and how it wants the timeline cut."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

from shared.contracts.lists import MOST_STRANGERS
from shared.domain.errors import InvalidRequest
from shared.domain.timeline import LONGEST_BUCKET, is_bucket
from shared.domain.totals import STEP

_TAG = re.compile(r'(?:W/)?"(\d{1,15})"', re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_USUAL_BUCKET = "60"


def known_versions(headers: Mapping[str, str]) -> frozenset[int]:
    """The versions that ``If-None-Match`` names. What is no tag of ours matches nothing."""
    return frozenset(int(tag) for tag in _TAG.findall(headers.get("if-none-match", "")))


def timeline_query(query: Mapping[str, str]) -> tuple[int, int | None]:
    """Length of a bucket in seconds, and the instant before which none is wanted; or ``InvalidRequest``."""
    errors = [
        {"parameter": name[:64], "detail": "There is no such parameter; use bucket, since."}
        for name in query
        if name not in ("bucket", "since")
    ][:MOST_STRANGERS]
    text = query.get("bucket", _USUAL_BUCKET)
    bucket = int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0
    if not is_bucket(bucket):
        detail = f"Must be a multiple of {STEP} from {STEP} to {LONGEST_BUCKET} seconds."
        errors.append({"parameter": "bucket", "detail": detail})
    since = _instant(query["since"]) if "since" in query else None
    if "since" in query and since is None:
        detail = "Must be an instant such as 2026-11-28T12:00:00Z; write a '+' of an offset as %2B."
        errors.append({"parameter": "since", "detail": detail})
    if errors:
        raise InvalidRequest(
            "Correct the parameters named in 'errors' and send the request again.", errors=errors
        )
    return bucket, since


def _instant(text: str) -> int | None:
    """Whole seconds, rounded up: a bucket that starts in the same second, but before, is not wanted."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return math.ceil(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None
