"""Compute digests of plans, and provide one canonical way to hash anything."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from phaseplan.plan.model import PhasePlan


def sha256(value: Any) -> str:
    """Return the hex digest of a JSON value written canonically (sorted keys, no spaces)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def without_defaults(model: BaseModel, include: set[str] | None = None) -> dict[str, Any]:
    """Return what a model's author wrote: a value equal to the default is left out, written or not.

    So a key that Phaseplan learns later changes no digest of a plan that does not use it.
    """
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=include)


_TALK = {
    "title",
    "claims",
    "duration",
    "schedule",
    "notes",
    "conflict_risk",
    "agent_label",
    "lines",
    "notify",
    "budget",
    "deliver",
}


def plan_digest(plan: PhasePlan) -> str:
    """Compute the digest of what a plan makes happen: titles, claims, estimates, schedule, notify, budgets and delivery
    do not."""
    return sha256(without_talk(without_defaults(plan)))


def without_talk(value: Any) -> Any:
    """Remove the keys of a JSON value that only people read, and what work may cost."""
    if isinstance(value, dict):
        return {k: without_talk(v) for k, v in value.items() if k not in _TALK}
    if isinstance(value, list):
        return [without_talk(v) for v in value]
    return value
