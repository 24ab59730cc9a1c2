"""The sample `recipes`, built by coding agents in their real images; the model dictates the sample's code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from phaseplan.plan.presets import PRESETS
from provision.common import TOP
from tests.agents.evening.part import Part
from tests.agents.model_server import Model

PHASE = 1
SAMPLE = TOP / "samples/recipes"
KEY = "sk-the-key-of-this-test-0123456789"
_ALL = os.environ.get("PHASEPLAN_AGENTS") == "all"
#: Whose command lines are tried with each kind of trouble.
QUICK = sorted(PRESETS) if _ALL else ["claude-code", "codex", "opencode"]
#: Who builds which branch; of the two that are Python environments of half a gigabyte CI makes one.
AGENTS = {"1.1.1": "aider", "1.1.2": "claude-code", "1.2.1": "opencode", "1.2.2": "codex",
          "1.2.3": "mini-swe-agent" if _ALL else "claude-code"}  # fmt: skip
TRIED = sorted(set(AGENTS.values()))


def files() -> set[str]:
    """Name the files that the whole library has."""
    places = [SAMPLE / "repository", *(SAMPLE / "agent/branches").iterdir()]
    found = {path.relative_to(place).as_posix() for place in places for path in place.rglob("*") if path.is_file()}
    return {name for name in found if "__pycache__" not in name and name not in ("commands", "needs")}


def _code(branch: str) -> dict[str, str]:
    """Return the files of a branch, by name."""
    home = SAMPLE / "agent/branches" / branch
    return {f"{path.parent.name}/{path.name}": path.read_text() for path in sorted(home.glob("*/*.py"))}


def _script() -> str:
    """Write the shell command that makes the branch of whoever runs it."""
    lines = ['case "$PHASEPLAN_BRANCH" in']
    for branch in AGENTS:
        lines.append(f"{branch})")
        lines += [f"cat > {name} <<'END'\n{text}END" for name, text in _code(branch).items()]
        if (commands := SAMPLE / "agent/branches" / branch / "commands").is_file():
            lines.append(f"cat >> recipes/commands.txt <<'END'\n{commands.read_text()}END")
        lines.append(";;")
    return "\n".join([*lines, "esac", "python3 -B -m unittest"])


def _edit() -> str:
    """Say the same to Aider, which has no tools and writes what it is shown."""
    branch = next(branch for branch, agent in AGENTS.items() if agent == "aider")
    return "Done.\n\n" + "\n".join(f"{name}\n```\n{text}```\n" for name, text in _code(branch).items())


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
    plan: dict[str, Any] = yaml.safe_load(Path(SAMPLE / "plan.yaml").read_text())
    for wave in plan["waves"]:
        for branch in wave["branches"]:
            branch |= {"agent": AGENTS[branch["id"]], "brief": "Write the module and its tests."}
    return {**plan, "agent": "codex"}


PART = Part(PHASE, _script(), _profiles, {"model_key": KEY}, _plan, sample="recipes", edit=_edit())
