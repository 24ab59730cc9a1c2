"""What an agent said stays in its task's log, also where the task defers again and Airflow would lose it."""

from __future__ import annotations

import pytest

from phaseplan.attempt import judge
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers.log_following import follow
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from tests.build.conftest import PLAN, Stage

pytestmark = pytest.mark.docker

TALKS = (
    'echo "attempt $PHASEPLAN_ATTEMPT knows $KEY"; [ "$PHASEPLAN_ATTEMPT" = 2 ] || exit 3; mkdir a; echo x > a/file.txt'
)

WAITS = "until [ -e /tmp/go ]; do sleep 0.1; done"  # a gate: how long the machine takes for anything else is no matter


def begun(stage: Stage) -> Running:
    """An agent that has been started and has ended; somebody else has shown what it said."""
    with stage.job(KEY="hidden") as job:
        running = step(job)
    assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None)
    return running


@pytest.mark.parametrize("stage", [TALKS], indirect=True, ids=["talks"])
def test_what_a_failed_attempt_said_is_said_again_before_the_next_one_begins(stage: Stage) -> None:
    begun(stage)
    assert "attempt 1 knows" not in "\n".join(stage.said)
    with stage.job(KEY="hidden") as job:
        assert isinstance(step(job), Again)
    said = "\n".join(stage.said)
    assert "attempt 1 knows" in said
    assert said.index("attempt 1 knows") < said.index("FAILED 7.1.1")
    begun(stage)
    with stage.job(KEY="hidden") as job:
        assert isinstance(step(job), Done)
    assert "attempt 2 knows" not in "\n".join(stage.said), "its trigger's log is the last one, and stays"


def test_what_an_agent_said_is_said_again_before_its_gates_are_deferred(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "_PATIENCE", 0.2)
    slow(stage)
    begun(stage)
    for _ in range(2):  # the second start finds the gates at work
        with stage.job() as job:
            gates = step(job)
        assert isinstance(gates, Running)
        assert gates.role == "gate"
        assert stage.said.count("What the agent of attempt 1 said:") == 1
    said = "\n".join(stage.said)
    assert said.index("What the agent of attempt 1 said:") < said.index("Gates on "), "a story in its order"
    touched = stage.client.containers.get(gates.container).exec_run(["touch", "/tmp/go"], user="0:0")
    assert touched.exit_code == 0, touched.output
    follow(stage.client, gates.container, lambda _: None)
    with stage.job() as job:
        assert isinstance(step(job), Done)
    assert stage.said.count(f"$ {WAITS}") == 1
    assert stage.said.count("What the agent of attempt 1 said:") == 1


def slow(stage: Stage) -> None:
    """Open the phase again with gates that last until the test says so."""
    pinned = stage.snapshot().pinned
    assert pinned is not None
    plan = PhasePlan.model_validate({**PLAN, "gates": {"commands": [WAITS]}})
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(
            stage.remote, repo, plan, pinned.profiles, run_id="run-2", base_name="main", start="wave"
        )
