"""Line 15: if only gates changed, the kept attempt is gated again before an agent is started.

Was: a limit that was raised after a failure made the agent build everything anew.
Right: the work that is kept is gated first, as a second gating of the same attempt that uses up none; only if that
fails too, or if anything an agent works from has changed, an agent begins.
"""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.attempt import inputs, judge
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers.log_following import follow
from phaseplan.ledger.records import State
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from tests.build.conftest import PLAN, Stage, stage

__all__ = ["stage"]
pytestmark = pytest.mark.docker

LINES = "mkdir -p a; printf 'one\\ntwo\\nthree\\n' > a/file.txt"


def does(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [text], indirect=True, ids=["agent"])


def opened(stage: Stage, run: str, gates: dict[str, Any], brief: str = "", attempts: int = 1, **more: Any) -> None:
    """Open the phase for a run of the plan with these gates."""
    first, *others = PLAN["waves"][0]["branches"]
    waves = [{"wave": 1, "branches": [{**first, "brief": brief}, *others]}]
    plan = PhasePlan.model_validate({**PLAN, "attempts": attempts, "gates": gates, "waves": waves})
    pinned = stage.snapshot().pinned
    assert pinned is not None
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(
            stage.remote, repo, plan, pinned.profiles, run_id=run, base_name="main", start="wave", **more
        )


def carried(stage: Stage, claim: str) -> tuple[Done, list[str]]:
    """Run a whole try of the branch's task; return also the roles of the containers that it waited for."""
    roles = []
    while True:
        with stage.job(claim) as job:
            outcome = step(job)
        if isinstance(outcome, Done):
            return outcome, roles
        if isinstance(outcome, Running):
            roles.append(outcome.role)
            follow(stage.client, outcome.container, lambda _: None)
        assert isinstance(outcome, Running | Again)


def judged(stage: Stage) -> list[tuple[int, int, str]]:
    return [(v.attempt, v.gating, v.outcome) for v in stage.snapshot().verdicts["7.1.1"]]


@does(LINES)
def test_a_limit_that_was_raised_costs_no_agent(stage: Stage) -> None:
    opened(stage, "run-2", {"max_lines": 2, "commands": ["test -s a/file.txt"]})
    done, roles = carried(stage, "run-2/3")
    assert (done.verdict.outcome, roles) == ("failed", ["agent"])
    opened(stage, "run-3", {"max_lines": 3, "commands": ["test -s a/file.txt"]})
    done, roles = carried(stage, "run-3/3")
    assert roles == [] and judged(stage) == [(1, 1, "failed"), (1, 2, "passed")]
    snapshot = stage.snapshot()
    assert snapshot.state("7.1.1") is State.PASSED
    assert snapshot.heads["refs/heads/feature/a"] == snapshot.attempts["7.1.1"][1] == done.verdict.commit
    assert (done.verdict.agent, done.verdict.run, done.verdict.findings) == ("sh", "run-3", ())
    assert any("gated again, not built" in line for line in stage.said)
    words = [line.split(": ", 1)[1].split(" ")[0] for line in snapshot.status_lines]
    assert words == ["STARTED", "FAILED", "ISOLATED", "COMPLETED"]
    assert stage.containers() == []
    again, roles = carried(stage, "run-3/7")
    assert (again.reused, roles) == (True, []), "and then it is a verdict like any other"


@does(LINES)
def test_a_gating_that_fails_again_uses_up_no_attempt(stage: Stage) -> None:
    opened(stage, "run-2", {"max_lines": 1})
    carried(stage, "run-2/3")
    opened(stage, "run-3", {"max_lines": 2})
    done, roles = carried(stage, "run-3/3")
    assert roles == ["agent"] and done.verdict.attempt == 2
    assert judged(stage) == [(1, 1, "failed"), (1, 2, "failed"), (2, 1, "failed")]
    _, roles = carried(stage, "run-3/7")
    assert roles == ["agent"], "a Clear with the same gates builds"


@does(LINES)
def test_a_changed_input_of_the_agent_is_built_anew(stage: Stage) -> None:
    opened(stage, "run-2", {"max_lines": 1})
    carried(stage, "run-2/3")
    opened(stage, "run-3", {"max_lines": 9}, brief="Be short.")
    _, roles = carried(stage, "run-3/3")
    assert roles == ["agent"] and judged(stage) == [(1, 1, "failed"), (2, 1, "passed")]


@does(LINES)
def test_a_run_that_asks_for_new_work_gets_it(stage: Stage) -> None:
    opened(stage, "run-2", {"max_lines": 1})
    carried(stage, "run-2/3")
    opened(stage, "run-3", {"max_lines": 9}, rebuild="always")
    assert carried(stage, "run-3/3")[1] == ["agent"]


@does(f"{LINES}; exit 3")
def test_an_agent_that_failed_by_itself_is_not_saved_by_other_gates(stage: Stage) -> None:
    opened(stage, "run-2", {"max_lines": 1})
    carried(stage, "run-2/3")
    opened(stage, "run-3", {"max_lines": 9})
    assert carried(stage, "run-3/3")[1] == ["agent"]


@does(LINES)
def test_a_command_that_was_mended_is_waited_for_and_an_upgrade_gates_what_had_passed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(stage, "run-2", {"commands": ["grep four a/file.txt"]})
    carried(stage, "run-2/3")
    opened(stage, "run-3", {"commands": ["sleep 2; grep three a/file.txt"]})
    monkeypatch.setattr(judge, "_PATIENCE", 0.5)  # every gating is waited for outside
    done, roles = carried(stage, "run-3/3")
    assert (done.verdict.outcome, roles) == ("passed", ["gate"])
    monkeypatch.setattr(inputs, "__version__", "9.9.9")
    opened(stage, "run-4", {"commands": ["sleep 2; grep three a/file.txt"]})
    done, roles = carried(stage, "run-4/3")
    assert roles == ["gate"] and judged(stage) == [(1, 1, "failed"), (1, 2, "passed"), (1, 3, "passed")]
    assert (done.verdict.source, done.verdict.name) == ("agent", "feature/a"), (
        "its name is its own, and nobody pushed it"
    )
    assert stage.containers() == []
