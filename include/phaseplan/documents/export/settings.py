"""Collect what a document's tables and lists cannot hold, as a part of a plan file.

Every YAML block of an exported document whose keys are a plan's is a piece of the plan, in the plan's own shape.
Waves in it are told apart by `wave`, branches by `id`.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from phaseplan.documents.export.text import speakable
from phaseplan.plan.base import Model
from phaseplan.plan.model import Branch, PhasePlan, Wave
from phaseplan.plan.spans import Span, written

_KEYS = (
    *("repository", "base", "schedule", "start", "attempts", "agent", "budget", "history", "conventions"),
    *("approve", "deliver", "notify"),
)


def plain(value: Any) -> Any:
    """Convert a value of the model as a plan file holds it; defaults are left out."""
    if isinstance(value, Span):
        return str(value)
    if isinstance(value, BaseModel):
        fields = {f.alias or n: (n, f.get_default()) for n, f in type(value).model_fields.items()}
        changed_fields = {
            key: (n, getattr(value, n)) for key, (n, default) in fields.items() if getattr(value, n) != default
        }
        return {key: written(v) if n in ("timeout", "within") else plain(v) for key, (n, v) in changed_fields.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def settings(plan: PhasePlan) -> dict[str, Any]:
    """Return the parts of a plan that the other sections of its document do not hold."""
    remaining = _chosen(plan, _KEYS)
    remaining |= {} if speakable(plan.title) else {"title": plan.title}
    remaining |= {} if listable(plan.notes) else {"notes": list(plan.notes)}
    waves = [
        {"wave": wave.wave, **wave_settings}
        for wave in plan.waves
        if (wave_settings := _wave(wave, rf"{plan.phase}\.\d+\.\d+"))
    ]
    return remaining | ({"waves": waves} if waves else {})


def listable(notes: tuple[str, ...]) -> bool:
    """Say whether a Markdown list can hold exactly these notes."""
    return all(map(speakable, notes))


def scriptable(commands: tuple[str, ...]) -> bool:
    """Say whether a block of shell, one command a line, can hold exactly these commands."""
    return all(c and c == c.strip() and c.isprintable() and c[0] != "#" and c[-1] != "\\" for c in commands)


def _wave(wave: Wave, usual: str) -> dict[str, Any]:
    values: dict[str, Any] = {} if not wave.title or speakable(wave.title) else {"title": wave.title}
    values |= {} if scriptable(wave.validation) else {"validate": list(wave.validation)}
    values |= {} if listable(wave.notes) else {"notes": list(wave.notes)}
    branches = [
        {"id": branch.id, **branch_values} for branch in wave.branches if (branch_values := _branch(branch, usual))
    ]
    return values | ({"branches": branches} if branches else {})


def _branch(branch: Branch, usual: str) -> dict[str, Any]:
    """Return what tables do not hold of a branch; all of it if the id would not be recognised in a text."""
    if not re.fullmatch(usual, branch.id):
        return {key: value for key, value in plain(branch).items() if key != "id"}
    values = _chosen(branch, ("agent", "brief", "budget"))
    values |= {} if speakable(branch.title) else {"title": branch.title}
    values |= {} if not branch.agent_label or speakable(branch.agent_label) else {"agent_label": branch.agent_label}
    return values | ({} if all(map(speakable, branch.owns)) else {"owns": list(branch.owns)})


def _chosen(model: Model, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in plain(model).items() if key in keys}
