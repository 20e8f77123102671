"""A rehearsal as the API shows it."""

from __future__ import annotations

from typing import Any

from shared.clock import rfc3339
from shared.contracts import rehearsals
from shared.domain.rehearsal import Rehearsal


def rehearsal_document(rehearsal: Rehearsal) -> dict[str, Any]:
    """``shared.contracts.rehearsals.Rehearsal``."""
    return rehearsals.Rehearsal.model_validate(
        {
            "id": rehearsal.id,
            "campaign": rehearsal.campaign_id,
            "state": rehearsal.state.value,
            "seed": rehearsal.seed,
            "expected_buyers": rehearsal.expected,
            "buyers": rehearsal.buyers,
            "speed": rehearsal.speed,
            "not_to_scale": list(rehearsal.not_to_scale),
            "objectives": list(rehearsal.objectives),
            "limits": list(rehearsal.limits),
            "cost": rehearsal.cost,
            "cleaned": rehearsal.cleaned,
            "created_at": rfc3339(rehearsal.created_at),
            "ended_at": None if rehearsal.ended_at is None else rfc3339(rehearsal.ended_at),
        }
    ).model_dump(mode="json")
