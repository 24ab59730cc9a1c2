"""What tables and lists of a document cannot hold, as the part of a plan file that it is.

Every YAML block of an exported document whose keys are a plan's is a piece of the plan, in the plan's own shape.
Waves in it are told apart by `wave`, branches by `id`.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from phaseplan.documents.export.text import speakable
from phaseplan.plan.model import Branch, Model, PhasePlan, Wave
from phaseplan.plan.spans import Span, written

_KEYS = ("repository", "base", "schedule", "start", "attempts", "agent", "history", "conventions", "notify")


def plain(value: Any) -> Any:
    """A value of the model as a plan file holds it; what has its default is left out."""
    if isinstance(value, Span):
        return str(value)
    if isinstance(value, BaseModel):
        fields = {f.alias or n: (n, f.get_default()) for n, f in type(value).model_fields.items()}
        said = {key: (n, getattr(value, n)) for key, (n, default) in fields.items() if getattr(value, n) != default}
        return {key: written(v) if n == "timeout" else plain(v) for key, (n, v) in said.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def settings(plan: PhasePlan) -> dict[str, Any]:
    """The rest of a plan: what the other sections of its document do not say."""
    rest = _chosen(plan, _KEYS)
    rest |= {} if speakable(plan.title) else {"title": plan.title}
    rest |= {} if listable(plan.notes) else {"notes": list(plan.notes)}
    waves = [{"wave": wave.wave, **said} for wave in plan.waves if (said := _wave(wave, rf"{plan.phase}\.\d+\.\d+"))]
    return rest | ({"waves": waves} if waves else {})


def listable(notes: tuple[str, ...]) -> bool:
    """Whether a list of Markdown can hold exactly these."""
    return all(map(speakable, notes))


def scriptable(commands: tuple[str, ...]) -> bool:
    """Whether a block of shell, a command a line, can hold exactly these."""
    return all(c and c == c.strip() and c.isprintable() and c[0] != "#" and c[-1] != "\\" for c in commands)


def _wave(wave: Wave, usual: str) -> dict[str, Any]:
    said: dict[str, Any] = {} if not wave.title or speakable(wave.title) else {"title": wave.title}
    said |= {} if scriptable(wave.validation) else {"validate": list(wave.validation)}
    said |= {} if listable(wave.notes) else {"notes": list(wave.notes)}
    branches = [{"id": branch.id, **rest} for branch in wave.branches if (rest := _branch(branch, usual))]
    return said | ({"branches": branches} if branches else {})


def _branch(branch: Branch, usual: str) -> dict[str, Any]:
    """What tables do not say of a branch; of one whose id nobody would recognise in a text, everything."""
    if not re.fullmatch(usual, branch.id):
        return {key: value for key, value in plain(branch).items() if key != "id"}
    said = _chosen(branch, ("agent", "brief"))
    said |= {} if speakable(branch.title) else {"title": branch.title}
    said |= {} if not branch.agent_label or speakable(branch.agent_label) else {"agent_label": branch.agent_label}
    return said | ({} if all(map(speakable, branch.owns)) else {"owns": list(branch.owns)})


def _chosen(model: Model, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in plain(model).items() if key in keys}
