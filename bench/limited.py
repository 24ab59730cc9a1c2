"""Measure a phase whose provider asks to wait at every third call against the same phase undisturbed, in one run.

And how long `agents check` of Claude Code takes, where its image is there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import docker
import yaml

from bench.place import at
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.network import AGENTS, network_of
from provision.common import TOP
from tests.agents.evening.part import MADE, line
from tests.agents.model_server import Model, serving

_BRANCHES, _CALLS = 4, 12  # of each phase, of each branch
_ASKED = 1.0  # seconds that the scripted provider asks for
_AGENT = (
    f"""
import time
for _ in range({_CALLS}):
    time.sleep(1)
    if "completed" not in (answer := ask()):
        sys.exit(answer)
"""
    + MADE
)
_CHECKED = "mkdir -p phaseplan-check && echo hello > phaseplan-check/hello.txt"
_PHASES = {1: "good", 2: "third"}  # what the keys of their branches do, by phase


def measure() -> dict[str, float]:
    """Return seconds of both phases, opened to closed, and their ratio without the waits that were asked for."""
    client = engine.connect(settings().docker_url)
    network_of(client, "bridge")
    host = str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])
    with tempfile.TemporaryDirectory() as folder, serving(_CHECKED, host) as model:
        top = Path(folder)
        for phase in _PHASES:
            _repository(top, phase)
        _run(top, model, ["run", *(str(_plan(top, phase)) for phase in _PHASES), "--home", str(top / "home")])
        calm, limited = (_took(top, model, phase) for phase in _PHASES)
        waits = max((model.calls[key] - _CALLS) * _ASKED for key in map(_key, [2] * _BRANCHES, range(_BRANCHES)))
        rows = {
            "undisturbed s, opened to closed": calm,
            "with 429 at every third call s": limited,
            "of that waits that were asked for s, of the branch with most": waits,
            "limited without these waits over undisturbed (aim <= 1.3)": (limited - waits) / calm,
        }
        return rows | _checked(client, top, model)


def _key(phase: int, number: int) -> str:
    return f"{_PHASES[phase]}-key-{phase}-{number}-of-this-measurement"


def _repository(top: Path, phase: int) -> None:
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(top)]
    work, target = f"work-{phase}", f"phase-{phase}.git"
    subprocess.run([*git, "init", "-q", "-b", "main", work], check=True)
    subprocess.run([*git, "-C", work, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", work, target], check=True)


def _plan(top: Path, phase: int) -> Path:
    branches = [
        {"id": f"{phase}.1.{n}", "branch": f"feature/p{phase}-{n}", "title": f"Part {n}", "brief": "Write made.txt.",
         "agent": f"agent-{phase}-{n}", "owns": [f"/built/{phase}.1.{n}/"]} for n in range(_BRANCHES)
    ]  # fmt: skip
    plan = {"phase": phase, "title": "Measured", "agent": f"agent-{phase}-0", "depends_on": [1] if phase == 2 else [],
            "base": "main",  # each has a repository of its own
            "repository": str(top / f"phase-{phase}.git"), "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip
    (file := top / f"phase-{phase}.yaml").write_text(yaml.safe_dump(plan))
    return file


def _run(top: Path, model: Model, words: list[str]) -> str:
    """Run a verb of `./phaseplan`; return what it prints."""
    keys = {f"agent-{phase}-{n}": _key(phase, n) for phase in _PHASES for n in range(_BRANCHES)}
    profiles: dict[str, Any] = {name: line(model, _AGENT, name.replace("-", "_")) for name in keys}
    profiles["claude"] = {"use": "claude-code", "model": "scripted", "endpoint": model.url,
                          "secrets": {"key": "agent_1_0"}}  # fmt: skip
    (top / "agents.yaml").write_text(yaml.safe_dump(profiles))
    connections = {
        f"AIRFLOW_CONN_{name.replace('-', '_').upper()}": json.dumps({"conn_type": "generic", "password": key})
        for name, key in keys.items()
    }
    more = ["--agents", str(top / "agents.yaml")] if words[0] != "status" else []
    command = [sys.executable, "-m", "phaseplan.cli.main", *words, *more]
    environment = {**os.environ, "AIRFLOW__PHASEPLAN__STATE": str(top / "state"), **connections}
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit((done.stdout + done.stderr)[-4000:])
    return done.stdout


def _took(top: Path, model: Model, phase: int) -> float:
    words = ["status", str(phase), "--json", "--repository", str(top / f"phase-{phase}.git")]
    run = json.loads(_run(top, model, words))["run"]
    return at(run["closed"]) - at(run["opened"])


def _checked(client: docker.DockerClient, top: Path, model: Model) -> dict[str, float]:
    """Measure `agents check`; nothing where the engine has no image of Claude Code."""
    if not any("/agent-claude-code:" in tag for image in client.images.list() for tag in image.tags):
        return {}
    begun = time.monotonic()
    _run(top, model, ["agents", "check", "claude"])
    return {"agents check claude, whole process s (aim < 30)": time.monotonic() - begun}
