"""A phase in a real Airflow whose branches share a budget for two of them: the others wait, and then stop."""

from __future__ import annotations

import pytest

from tests.agents.evening.part import Played
from tests.agents.evening.shared import IDS, KEY, PHASE

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


def test_the_budget_of_a_phase_lets_two_in_and_the_others_say_that_it_is_spent(evening: dict[int, Played]) -> None:
    played = evening[PHASE]
    branches, said = played.branches, played.said
    states = [branches[b]["state"] for b in IDS]
    assert sorted(states) == ["blocked", "blocked", "integrated", "integrated"], said[-4000:]
    assert played.code != 0 and played.model.calls[KEY] == 4, "the two others asked nothing"
    spent = "is not begun: the phase's budget of 5,200 tokens is spent (5,160 tokens used)"
    stopped = [b for b, state in zip(IDS, states, strict=True) if state == "blocked"]
    for branch in stopped:
        assert spent in branches[branch]["reason"] and branches[branch]["attempts"] == []
    shown = played.ask("status", str(PHASE))
    assert "budget    99% of the phase's budget of 5,200 tokens: 5,160 tokens used" in shown
    assert "Next: raise `budget` in the plan, then Clear open_phase with Downstream on" in shown
    assert spent in said, said[-4000:]
    logs = "\n".join(played.logs.values())
    assert logs.count("Notifying: 99% of the phase's budget of 5,200 tokens: 5,160 tokens used.") == 1
    for branch in stopped:
        assert f"{branch} waits for " in logs and f"{branch} {spent}" in logs
