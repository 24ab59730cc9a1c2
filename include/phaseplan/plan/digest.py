"""What makes two plans the same plan, and one canonical way to hash anything."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from include.phaseplan.plan.model import PhasePlan


def sha256(value: Any) -> str:
    """Hex digest of a JSON value written canonically (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


_TALK = {"title", "claims", "duration", "schedule", "notes", "conflict_risk", "agent_label", "lines", "notify"}


def plan_digest(plan: PhasePlan) -> str:
    """Digest of what a plan makes happen: titles, claims, estimates, the schedule and who is told do not count."""
    return sha256(without_talk(plan.model_dump(mode="json", by_alias=True)))


def without_talk(value: Any) -> Any:
    """A JSON value without the keys that only people read."""
    if isinstance(value, dict):
        return {k: without_talk(v) for k, v in value.items() if k not in _TALK}
    if isinstance(value, list):
        return [without_talk(v) for v in value]
    return value
