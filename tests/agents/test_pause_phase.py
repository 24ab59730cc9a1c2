"""One phase in a real Airflow, whose provider refuses one profile's key for a while: one pause, and a whole phase."""

from __future__ import annotations

import json

import pytest

from tests.agents.evening.part import Played
from tests.agents.evening.pausing import NIGHT, PHASE, while_paused

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.fixture
def played(evening: dict[int, Played]) -> Played:
    """Four branches of a profile whose key is refused at first, one after another, and one of another profile."""
    return evening[PHASE]


def test_every_branch_comes_in_and_no_attempt_is_used_up(played: Played) -> None:
    branches = played.status["branches"]
    assert {b: found["state"] for b, found in branches.items()} == dict.fromkeys(branches, "integrated"), played.said[
        -4000:
    ]
    outcomes = {b: [a["outcome"] for a in found["attempts"]] for b, found in branches.items()}
    finders = [b for b, found in outcomes.items() if found != ["passed"]]
    assert 1 <= len(finders) < len(NIGHT), "a second may have begun before the first was judged"
    assert all(b in NIGHT and outcomes[b] == ["unfinished", "passed"] for b in finders)


def test_people_are_told_once_that_it_is_paused_and_once_that_it_goes_on(played: Played) -> None:
    lines = (played.top / "told").read_text().splitlines()
    paused, step, resumed = [line for line in lines if "/phaseplan/board/" not in line]
    assert paused.startswith(f"paused|Phase {PHASE}: profile night is paused since ")
    assert "the provider refuses the key of profile night (401" in paused and "connection `night_key`" in paused
    assert step.startswith("Its branches go on by themselves")
    assert resumed.startswith(f"resumed|Phase {PHASE}: profile night goes on: its provider answers again")


def test_status_names_it_while_it_lasts(played: Played) -> None:
    branches = json.loads(while_paused(played.top).read_text())["branches"]
    waiting = {b for b, found in branches.items() if found["paused"] == "night"}
    assert waiting == set(NIGHT) and all(branches[b]["reason"].startswith("paused: profile night") for b in NIGHT)
    assert sum(len(branches[b]["attempts"]) for b in NIGHT) < len(NIGHT), "those that have not asked wait"
    assert played.status["pauses"] == []


def test_each_task_says_why_it_waits(played: Played) -> None:
    logs = played.logs
    said = {p.parent.name for p, log in logs.items() if "profile night is paused since" in log}
    assert len(said) == 4, "all of the profile, and no others"
    assert not [p for p, log in logs.items() if "Retry policy evaluation failed" in log or "cannot be kept" in log]


def test_progress_says_it_once(played: Played) -> None:
    lines = [line for line in played.said.splitlines() if "profile night is paused since" in line]
    assert len(lines) == 1, "\n".join(lines)
