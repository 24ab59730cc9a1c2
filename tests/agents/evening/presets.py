"""A wave with one branch for each coding agent in its real image, and a wave of one more."""

from __future__ import annotations

import os
from typing import Any

from phaseplan.plan.presets import PRESETS
from tests.agents.evening.part import Part
from tests.agents.model_server import Model

PHASE = 88
#: Those that are tried; two of all are Python environments of half a gigabyte, which CI does not fetch each time.
TRIED = sorted(PRESETS) if os.environ.get("PHASEPLAN_AGENTS") == "all" else ["claude-code", "codex", "opencode"]
SCRIPT = 'mkdir -p "built/$PHASEPLAN_BRANCH" && echo "$PHASEPLAN_BRANCH" > "built/$PHASEPLAN_BRANCH/made.txt"'
KEY = "sk-the-key-of-this-test-0123456789"


def made(branch: str, agent: str) -> str:
    """Name the file that an agent writes: Aider has no tools, and writes what the scripted model shows it."""
    return "a/file.txt" if agent == "aider" else f"built/{branch}/made.txt"


def agents() -> dict[str, str]:
    """Say who builds which branch."""
    return {**{f"{PHASE}.1.{n}": agent for n, agent in enumerate(TRIED, 1)}, f"{PHASE}.2.1": "codex"}


def _profiles(model: Model) -> dict[str, Any]:
    return {
        name: {
            "use": name,
            "model": "scripted",
            "endpoint": model.url if name == "claude-code" else f"{model.url}/v1",
            "secrets": {"key": "model_key"},
            "prices": {"scripted": {"input": 2, "output": 10, "cached": 1}},
        }
        for name in TRIED
    }


def _plan() -> dict[str, Any]:
    def branch(number: str, agent: str, **more: Any) -> dict[str, Any]:
        id_ = f"{PHASE}.{number}"
        named = {"id": id_, "branch": f"feature/p{PHASE}w{number[0]}-{agent}-{number[-1]}", "title": f"By {agent}"}
        return {**named, "brief": "Write made.txt.", "owns": [made(id_, agent)], "agent": agent, **more}

    first = [branch(f"1.{n}", agent) for n, agent in enumerate(TRIED, 1)]
    second = [branch("2.1", "codex", depends_on=[f"{PHASE}.1.1"])]
    waves = [{"wave": 1, "branches": first}, {"wave": 2, "branches": second}]
    gates = {"commands": ["find . -name '*.txt' | grep -q ."]}
    return {"phase": PHASE, "title": "Agents", "agent": "codex", "attempts": 1, "gates": gates, "waves": waves}


PART = Part(PHASE, SCRIPT, _profiles, {"model_key": KEY}, _plan)
