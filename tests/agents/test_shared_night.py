"""A phase in a real Airflow whose branches share a budget for two of them: the others wait, and then stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agents.gateway_stage import BEGIN
from tests.agents.model_server import INPUT, OUTPUT, serving
from tests.end_to_end.night import git, phaseplan

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200), pytest.mark.usefixtures("gateway")]
PHASE, EACH = 89, INPUT + OUTPUT
KEY = "sk-the-key-of-this-test-0123456789"
#: Two calls, and time for the others to ask meanwhile.
AGENT = (
    BEGIN
    + """
import time
ask(); time.sleep(45); ask()
place = pathlib.Path("built", os.environ["PHASEPLAN_BRANCH"])
place.mkdir(parents=True)
(place / "made.txt").write_text("made")
"""
)
IDS = [f"{PHASE}.1.{n}" for n in (1, 2, 3, 4)]


def plan(target: Path) -> dict[str, Any]:
    branches = [
        {"id": b, "branch": f"feature/p{PHASE}w1-part-{b[-1]}", "title": f"Part {b[-1]}", "brief": "Write made.txt.",
         "owns": [f"/built/{b}/"], "budget": {"tokens": 2 * EACH + 10}} for b in IDS
    ]  # fmt: skip
    return {"phase": PHASE, "title": "Shared", "agent": "line", "repository": str(target), "attempts": 1,
            "max_parallel_agents": 4, "budget": {"phase": {"tokens": 4 * EACH + 40}},
            "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


def test_the_budget_of_a_phase_lets_two_in_and_the_others_say_that_it_is_spent(tmp_path: Path, host: str) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "work")
    git(tmp_path / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(tmp_path, "clone", "-q", "--bare", "work", "target.git")
    target = tmp_path / "target.git"
    with serving("", host) as model:
        line = {"use": "codex", "image": "phaseplan/sample-recipes:1", "command": ["python3", "-c", AGENT],
                "model": "scripted", "endpoint": f"{model.url}/v1", "secrets": {"key": "model_key"}}  # fmt: skip
        (tmp_path / "agents.yaml").write_text(yaml.safe_dump({"line": line}))
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan(target)))
        args = ["run", str(tmp_path / "plan.yaml"), "--agents", str(tmp_path / "agents.yaml")]
        connection = json.dumps({"conn_type": "generic", "password": KEY})
        home = ["--home", str(tmp_path / "home"), "--keep"]
        done = phaseplan([*args, *home], tmp_path / "state", AIRFLOW_CONN_MODEL_KEY=connection)
        shown = phaseplan(["status", str(PHASE), "--repository", str(target)], tmp_path / "state").stdout
        place = ["--repository", str(target), "--json"]
        status = json.loads(phaseplan(["status", str(PHASE), *place], tmp_path / "state").stdout)
    said = done.stdout + done.stderr
    states = [status["branches"][b]["state"] for b in IDS]
    assert sorted(states) == ["blocked", "blocked", "integrated", "integrated"], said[-4000:]
    assert done.returncode != 0 and model.calls[KEY] == 4, "the two others asked nothing"
    spent = "is not begun: the phase's budget of 5,200 tokens is spent (5,160 tokens used)"
    stopped = [b for b, state in zip(IDS, states, strict=True) if state == "blocked"]
    for branch in stopped:
        assert spent in status["branches"][branch]["reason"] and status["branches"][branch]["attempts"] == []
    assert "budget    99% of the phase's budget of 5,200 tokens: 5,160 tokens used" in shown
    assert "Next: raise `budget` in the plan, then Clear open_phase with Downstream on" in shown
    assert spent in said, said[-4000:]
    logs = "\n".join(file.read_text(errors="replace") for file in (tmp_path / "home").rglob("attempt=*.log"))
    for branch in stopped:
        assert f"{branch} waits for " in logs and f"{branch} {spent}" in logs
