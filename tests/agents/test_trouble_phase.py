"""One phase in a real Airflow whose providers make every kind of trouble: what can come in does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agents.gateway_stage import BEGIN
from tests.agents.model_server import INPUT, OUTPUT, Model, serving
from tests.end_to_end.night import git, phaseplan

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200), pytest.mark.usefixtures("gateway")]
PHASE = 87
#: Asks four times, and once more where an answer breaks off, as command lines do.
AGENT = (
    BEGIN
    + """
import http.client
def heard():
    try:
        return ask()
    except http.client.HTTPException as error:  # it broke off
        return f"0 {error!r}"
for _ in range(4):
    answer = heard()
    if answer.startswith("0 "):
        answer = heard()
    if "completed" not in answer:
        sys.exit(f"the model says: {answer[:200]}")
place = pathlib.Path("built", os.environ["PHASEPLAN_BRANCH"])
place.mkdir(parents=True)
(place / "made.txt").write_text("made")
"""
)
#: What happens to each profile's key, by the beginning of the key.
TROUBLES = ("third", "reset", "away", "context", "good")
COMES_IN = {"third", "reset", "away"}


@dataclass(frozen=True)
class Played:
    """What the run came to."""

    code: int
    said: str
    branches: dict[str, dict[str, Any]]  # by trouble
    model: Model
    words: str  # of the agent whose context is too long


def key_of(trouble: str) -> str:
    return f"{trouble}-key-of-this-phase-0123456789"


def _plan(target: Path) -> dict[str, Any]:
    branches = [
        {"id": f"{PHASE}.1.{n}", "branch": f"feature/p{PHASE}w1-{trouble}", "title": trouble, "agent": trouble,
         "brief": "Write made.txt.", "owns": [f"/built/{PHASE}.1.{n}/"],
         **({"budget": {"tokens": 2000}} if trouble == "good" else {})}
        for n, trouble in enumerate(TROUBLES, 1)
    ]  # fmt: skip
    return {"phase": PHASE, "title": "Trouble", "agent": "good", "repository": str(target), "attempts": 1,
            "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, host: str) -> Iterator[Played]:
    """A branch for each kind of trouble, and one with a budget of 2,000 tokens."""
    top = tmp_path_factory.mktemp("trouble")
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(top, "clone", "-q", "--bare", "work", "target.git")
    with serving("", host) as model:
        line = {"use": "codex", "image": "phaseplan/sample-recipes:1", "command": ["python3", "-c", AGENT],
                "model": "scripted", "endpoint": f"{model.url}/v1"}  # fmt: skip
        profiles = {trouble: {**line, "secrets": {"key": f"{trouble}_key"}} for trouble in TROUBLES}
        (top / "agents.yaml").write_text(yaml.safe_dump(profiles))
        (top / "plan.yaml").write_text(yaml.safe_dump(_plan(top / "target.git")))
        connections = {
            f"AIRFLOW_CONN_{trouble.upper()}_KEY": json.dumps({"conn_type": "generic", "password": key_of(trouble)})
            for trouble in TROUBLES
        }
        args = ["run", str(top / "plan.yaml"), "--agents", str(top / "agents.yaml"), "--home", str(top / "home")]
        done = phaseplan(args, top / "state", **connections)
        shown = phaseplan(["status", str(PHASE), "--repository", str(top / "target.git"), "--json"], top / "state")
        found = json.loads(shown.stdout)["branches"]
        branches = {trouble: found[f"{PHASE}.1.{n}"] for n, trouble in enumerate(TROUBLES, 1)}
        ask = ["transcript", str(PHASE), f"{PHASE}.1.4", "--repository", str(top / "target.git")]
        words = phaseplan(ask, top / "state").stdout
        yield Played(done.returncode, done.stdout + done.stderr, branches, model, words)


def test_what_a_provider_does_keeps_no_branch_out(played: Played) -> None:
    states = {trouble: found["state"] for trouble, found in played.branches.items()}
    assert states == {t: "integrated" if t in COMES_IN else "isolated" for t in TROUBLES}, played.said[-4000:]
    assert played.code != 0


def test_a_limit_at_every_third_call_is_waited_for_in_one_attempt(played: Played) -> None:
    (attempt,) = played.branches["third"]["attempts"]
    assert attempt["outcome"] == "passed" and attempt["usage"]["calls"] == 4
    assert played.model.calls[key_of("third")] == 5, "four answers, and one 429 between them"


def test_an_answer_that_breaks_off_costs_no_attempt(played: Played) -> None:
    (attempt,) = played.branches["reset"]["attempts"]
    assert attempt["outcome"] == "passed" and played.model.calls[key_of("reset")] == 5


def test_a_provider_that_is_down_for_longer_than_a_gateway_asks_uses_no_attempt(played: Played) -> None:
    outcomes = [attempt["outcome"] for attempt in played.branches["away"]["attempts"]]
    assert outcomes == ["unfinished", "passed"]
    assert "the provider of profile away is in trouble (500" in played.branches["away"]["attempts"][0]["why"]


def test_a_context_that_is_too_long_is_the_agents_with_the_reason_in_words(played: Played) -> None:
    (attempt,) = played.branches["context"]["attempts"]
    assert attempt["outcome"] == "failed" and "prompt is too long" in played.words
    assert played.model.calls[key_of("context")] == 1


def test_a_spent_budget_ends_one_branch_and_no_other(played: Played) -> None:
    (attempt,) = played.branches["good"]["attempts"]
    assert attempt["outcome"] == "failed" and "the budget of 2,000 tokens" in json.dumps(attempt)
    assert attempt["usage"]["models"]["scripted"]["input"] + attempt["usage"]["models"]["scripted"]["output"] <= 2 * (
        INPUT + OUTPUT
    )
