"""The sample `recipes` in a real Airflow, its branches built by coding agents with a key out of a connection."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.agents.evening.part import Played
from tests.agents.evening.presets import AGENTS, KEY, PHASE, files
from tests.agents.model_server import CACHED, INPUT, OUTPUT
from tests.end_to_end.night import git

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.fixture
def played(evening: dict[int, Played]) -> Played:
    """Five branches in two waves."""
    return evening[PHASE]


def test_every_branch_is_integrated(played: Played) -> None:
    states = {branch: found["state"] for branch, found in played.status["branches"].items()}
    assert set(states.values()) == {"integrated"}, played.said[-4000:]
    assert set(git(played.target, "ls-tree", "-r", "--name-only", f"integration/phase-{PHASE}").split()) == files()


def test_logs_are_for_people_and_say_what_was_used(played: Played) -> None:
    logs = list(played.logs.values())
    used = [log for log in logs if re.search(r"Used [\d,]+ tokens in( \([\d,]+ of them cached\))?, [\d,]+ out, ", log)]
    assert len(used) == len(played.status["branches"])
    assert not [log for log in logs if '"type":"assistant"' in log or '"type":"item.completed"' in log]


def test_what_each_branch_used_is_in_the_status_to_the_token(played: Played) -> None:
    """The server's own count holds; OpenCode asks for a title besides, and Aider again for what it finds by itself.

    Anthropic counts apart what is cached.
    """
    calls = 0
    for branch, agent in AGENTS.items():
        used = played.status["branches"][branch]["usage"]
        read = INPUT + CACHED if agent == "claude-code" else INPUT
        usd = used["calls"] * ((read - CACHED) * 2 + CACHED * 1 + OUTPUT * 10) / 1e6
        tokens = {name: used["calls"] * n for name, n in (("input", read), ("output", OUTPUT), ("cached", CACHED))}
        assert used["models"] == {"scripted": {**tokens, "usd": pytest.approx(usd)}}, branch
        assert used["calls"] == 2 or agent in ("aider", "opencode")
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
    closing = "".join(log for path, log in played.logs.items() if "close_phase" in str(path))
    assert re.search(r"Used in this run: [\d,]+ tokens in", closing) and "wave 2, in all runs: " in closing


def test_what_each_agent_said_is_in_the_target_with_the_raw_events(played: Played) -> None:
    for branch in played.status["branches"]:
        text, raw = (played.ask("transcript", str(PHASE), branch, *more) for more in ([], ["--raw"]))
        assert "Done." in text and KEY not in text + raw
        events = [json.loads(line) for line in raw.splitlines() if line.startswith("{")]
        (attempt,) = played.status["branches"][branch]["attempts"]
        assert attempt["transcript"]["missing"] == 0 and attempt["transcript"]["events"] >= len(events)
        assert events or AGENTS[branch] in ("aider", "mini-swe-agent"), "these two say it in words only"


def test_the_key_is_nowhere_but_with_the_model(played: Played) -> None:
    assert played.model.calls[KEY] >= len(played.status["branches"])
    for folder in (played.home, played.target):
        found = subprocess.run(["grep", "-rlF", KEY, str(folder)], capture_output=True, text=True)
        assert found.returncode == 1, found.stdout
    assert KEY not in played.said
