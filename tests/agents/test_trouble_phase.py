"""One phase in a real Airflow whose providers make every kind of trouble: what can come in does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agents.evening.part import Played
from tests.agents.evening.trouble import PHASE, TROUBLES, key_of
from tests.agents.model_server import INPUT, OUTPUT

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]
COMES_IN = {"third", "reset", "away"}


@pytest.fixture
def played(evening: dict[int, Played]) -> Played:
    """A branch for each kind of trouble, and one with a budget of 2,000 tokens."""
    return evening[PHASE]


def branches(played: Played) -> dict[str, dict[str, Any]]:
    """What is known of each branch, by its trouble."""
    return {trouble: played.branches[f"{PHASE}.1.{n}"] for n, trouble in enumerate(TROUBLES, 1)}


def test_what_a_provider_does_keeps_no_branch_out(played: Played) -> None:
    states = {trouble: found["state"] for trouble, found in branches(played).items()}
    assert states == {t: "integrated" if t in COMES_IN else "isolated" for t in TROUBLES}, played.said[-4000:]
    assert played.code != 0


def test_a_limit_at_every_third_call_is_waited_for_in_one_attempt(played: Played) -> None:
    (attempt,) = branches(played)["third"]["attempts"]
    assert attempt["outcome"] == "passed" and attempt["usage"]["calls"] == 4
    assert played.model.calls[key_of("third")] == 5, "four answers, and one 429 between them"


def test_an_answer_that_breaks_off_costs_no_attempt(played: Played) -> None:
    (attempt,) = branches(played)["reset"]["attempts"]
    assert attempt["outcome"] == "passed" and played.model.calls[key_of("reset")] == 5


def test_a_provider_that_is_down_for_longer_than_a_gateway_asks_uses_no_attempt(played: Played) -> None:
    outcomes = [attempt["outcome"] for attempt in branches(played)["away"]["attempts"]]
    assert outcomes == ["unfinished", "passed"]
    assert "the provider of profile away is in trouble (500" in branches(played)["away"]["attempts"][0]["why"]


def test_a_context_that_is_too_long_is_the_agents_with_the_reason_in_words(played: Played) -> None:
    (attempt,) = branches(played)["context"]["attempts"]
    words = played.ask("transcript", str(PHASE), f"{PHASE}.1.4")
    assert attempt["outcome"] == "failed" and "prompt is too long" in words
    why = "agent exited with code 1: the last answer of its provider was 400 (prompt is too long: 210000 tokens"
    assert why in attempt["why"], "of its gateway's record, not of what it prints"
    assert played.model.calls[key_of("context")] == 1


def test_a_spent_budget_ends_one_branch_and_no_other(played: Played) -> None:
    (attempt,) = branches(played)["good"]["attempts"]
    assert attempt["outcome"] == "failed" and "the budget of 2,000 tokens" in json.dumps(attempt)
    assert attempt["usage"]["models"]["scripted"]["input"] + attempt["usage"]["models"]["scripted"]["output"] <= 2 * (
        INPUT + OUTPUT
    )
