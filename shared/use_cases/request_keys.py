"""The ledger keys of a request: one for each path that it may walk."""

from __future__ import annotations

from shared.domain.ids import ledger_key

_PATHS = 5
"""A path that ended short of units that turned up elsewhere is begun anew, four times."""


def keys_of(secret: str, first: str) -> list[str]:
    """The keys of all paths, each derived from the one before."""
    keys = [first]
    while len(keys) < _PATHS:
        keys.append(ledger_key(secret, "anew", keys[-1]))
    return keys
