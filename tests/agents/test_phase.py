"""One phase in a real Airflow, whose branches are built by coding agents with a key out of a connection."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agents.conftest import TRIED
from tests.agents.model_server import CACHED, INPUT, OUTPUT, Model, serving
from tests.end_to_end.night import git, phaseplan

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]
PHASE = 88
SCRIPT = 'mkdir -p "built/$PHASEPLAN_BRANCH" && echo "$PHASEPLAN_BRANCH" > "built/$PHASEPLAN_BRANCH/made.txt"'
KEY = "sk-the-key-of-this-test-0123456789"
AGENTS = tuple(TRIED)


@dataclass(frozen=True)
class Played:
    """What the run came to."""

    status: dict[str, Any]
    said: str
    target: Path
    model: Model
    home: Path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, host: str, images: None) -> Iterator[Played]:
    """A wave with one branch for each agent, and a wave of one more."""
    top = tmp_path_factory.mktemp("agents")
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(top, "clone", "-q", "--bare", "work", "target.git")
    with serving(SCRIPT, host) as model:
        profiles = {
            name: {
                "use": name,
                "model": "scripted",
                "endpoint": model.url if name == "claude-code" else f"{model.url}/v1",
                "secrets": {"key": "model_key"},
                "prices": {"scripted": {"input": 2, "output": 10, "cached": 1}},
            }
            for name in AGENTS
        }
        (top / "agents.yaml").write_text(yaml.safe_dump(profiles))
        (top / "plan.yaml").write_text(yaml.safe_dump(_plan(top / "target.git")))
        connection = json.dumps({"conn_type": "generic", "password": KEY})
        args = [
            "run",
            str(top / "plan.yaml"),
            "--agents",
            str(top / "agents.yaml"),
            "--home",
            str(top / "home"),
            "--keep",
        ]
        done = phaseplan(args, top / "state", AIRFLOW_CONN_MODEL_KEY=connection)
        place = ["--repository", str(top / "target.git"), "--json"]
        status = phaseplan(["status", str(PHASE), *place], top / "state")
        yield Played(json.loads(status.stdout), done.stdout + done.stderr, top / "target.git", model, top / "home")


def _made(branch: str, agent: str) -> str:
    """The file that an agent writes: Aider has no tools, and writes what the scripted model shows it."""
    return "a/file.txt" if agent == "aider" else f"built/{branch}/made.txt"


def _agents() -> dict[str, str]:
    """Who builds which branch."""
    return {**{f"{PHASE}.1.{n}": agent for n, agent in enumerate(AGENTS, 1)}, f"{PHASE}.2.1": "codex"}


def _plan(target: Path) -> dict[str, Any]:
    def branch(number: str, agent: str, **more: Any) -> dict[str, Any]:
        id_ = f"{PHASE}.{number}"
        named = {"id": id_, "branch": f"feature/p{PHASE}w{number[0]}-{agent}-{number[-1]}", "title": f"By {agent}"}
        return {**named, "brief": "Write made.txt.", "owns": [_made(id_, agent)], "agent": agent, **more}

    first = [branch(f"1.{n}", agent) for n, agent in enumerate(AGENTS, 1)]
    second = [branch("2.1", "codex", depends_on=[f"{PHASE}.1.1"])]
    waves = [{"wave": 1, "branches": first}, {"wave": 2, "branches": second}]
    gates = {"commands": ["find . -name '*.txt' | grep -q ."]}
    return {"phase": PHASE, "title": "Agents", "agent": "codex", "repository": str(target), "attempts": 1,
            "gates": gates, "waves": waves}  # fmt: skip


def test_every_branch_is_integrated(played: Played) -> None:
    states = {branch: found["state"] for branch, found in played.status["branches"].items()}
    assert set(states.values()) == {"integrated"}, played.said[-4000:]
    files = git(played.target, "ls-tree", "-r", "--name-only", f"integration/phase-{PHASE}").split()
    assert files == sorted(_made(branch, agent) for branch, agent in _agents().items())


def test_logs_are_for_people_and_say_what_was_used(played: Played) -> None:
    logs = [file.read_text(errors="replace") for file in played.home.rglob("attempt=*.log")]
    used = [log for log in logs if re.search(r"Used [\d,]+ tokens in( \([\d,]+ of them cached\))?, [\d,]+ out, ", log)]
    assert len(used) == len(played.status["branches"])
    assert not [log for log in logs if '"type":"assistant"' in log or '"type":"item.completed"' in log]


def test_what_each_branch_used_is_in_the_status_to_the_token(played: Played) -> None:
    """OpenCode asks for a title besides, of which its own count says nothing; Anthropic counts apart what is cached."""
    calls = 0
    for branch, agent in _agents().items():
        used = played.status["branches"][branch]["usage"]
        read = INPUT + CACHED if agent == "claude-code" else INPUT
        usd = used["calls"] * ((read - CACHED) * 2 + CACHED * 1 + OUTPUT * 10) / 1e6
        tokens = {name: used["calls"] * n for name, n in (("input", read), ("output", OUTPUT), ("cached", CACHED))}
        assert used["models"] == {"scripted": {**tokens, "usd": pytest.approx(usd)}}, branch
        assert used["calls"] == (1 if agent == "aider" else 2) or agent == "opencode"
        assert [attempt["usage"] for attempt in played.status["branches"][branch]["attempts"]] == [used]
        calls += used["calls"]
    assert calls == played.model.calls[KEY]


def test_status_log_and_end_of_the_run_say_the_sums(played: Played) -> None:
    branches = played.status["branches"]
    calls = sum(branch["usage"]["calls"] for branch in branches.values())
    assert played.status["usage"]["calls"] == calls and played.status["run_usage"] == played.status["usage"]
    assert sum(wave["usage"]["calls"] for wave in played.status["waves"].values()) == calls
    assert played.status["wasted"] is None
    assert re.search(
        r"^used      [\d,]+ tokens in \([\d,]+ cached\), [\d,]+ out, \$0\.\d\d$", played.said, re.MULTILINE
    )
    closing = "".join(
        file.read_text(errors="replace") for file in played.home.rglob("attempt=*.log") if "close_phase" in str(file)
    )
    assert re.search(r"Used in this run: [\d,]+ tokens in", closing) and "wave 2, in all runs: " in closing


def test_what_each_agent_said_is_in_the_target_with_the_raw_events(played: Played, tmp_path: Path) -> None:
    for branch in played.status["branches"]:
        verb = ["transcript", str(PHASE), branch, "--repository", str(played.target)]
        text, raw = (phaseplan([*verb, *more], tmp_path / "state").stdout for more in ([], ["--raw"]))
        assert "Done." in text and KEY not in text + raw
        events = [json.loads(line) for line in raw.splitlines() if line.startswith("{")]
        (attempt,) = played.status["branches"][branch]["attempts"]
        assert attempt["transcript"]["missing"] == 0 and attempt["transcript"]["events"] >= len(events)
        assert events or _agents()[branch] in ("aider", "mini-swe-agent"), "these two say it in words only"


def test_the_key_is_nowhere_but_with_the_model(played: Played) -> None:
    assert played.model.calls[KEY] >= len(played.status["branches"])
    for folder in (played.home, played.target):
        found = subprocess.run(["grep", "-rlF", KEY, str(folder)], capture_output=True, text=True)
        assert found.returncode == 1, found.stdout
    assert KEY not in played.said
