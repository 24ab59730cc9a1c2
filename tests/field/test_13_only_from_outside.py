"""Line 13: an agent whose own command is killed has failed, and uses up its attempt.

Was: an agent that ended with exit code 137 was called `unfinished`, and ran four times although the plan said
`attempts: 1`.
Right: the container's first process is ours and out of the agent's reach, so what the agent does to itself and what
the engine or a person does to its container can be told apart; only the latter is `unfinished`. So is one whose
machine went down; and an end that the engine has missed is found within a minute (`tests/kills/test_lost_ends.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers.log_following import follow
from phaseplan.ledger.rulings import spent
from tests.build.conftest import Stage

pytestmark = pytest.mark.docker
ATTACK = Path(__file__).with_name("attack.py").read_text()


def agent(*scripts: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [f"mkdir -p a; echo x > a/file.txt; {s}" for s in scripts], indirect=True)


def play(stage: Stage, meanwhile: Callable[[str], object] = lambda _: None) -> Done | Again:
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running)
    meanwhile(running.container)
    follow(stage.client, running.container, lambda _: None, 30)
    with stage.job() as job:
        done = step(job)
    assert isinstance(done, Done | Again)
    return done


@agent(
    "kill -9 $$",
    "exit 137",
    "sh -c 'kill -9 -1; true'; sleep 9",
    "kill -TERM $$",
    "exit 143",
    "exit 255",
    "kill -9 1; kill 1; kill -9 $$",
)
def test_an_agent_that_is_killed_by_itself_has_failed(stage: Stage) -> None:
    verdict = play(stage).verdict
    assert verdict.outcome == "failed"
    assert re.search(r"exited with code (137|143|255)\b", verdict.reason)
    assert spent(stage.snapshot().verdicts["7.1.1"], "run-1/3") == 1


@agent("trap 'exit 0' TERM; touch /tmp/ready; sleep 30 & wait", "sleep 30")
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_an_agent_whose_container_a_person_stops_is_unfinished(stage: Stage, how: str) -> None:
    done = play(stage, getattr(stage.client.api, how))
    assert done.verdict.outcome == "unfinished"
    assert "stopped from outside" in done.verdict.reason


@agent("id -u; id -g; echo $HOME; grep -c 'Cap.*0000000000000000' /proc/self/status; echo x >/dev/stdout; cat")
def test_the_agents_environment_is_unchanged_under_our_pid_1(stage: Stage) -> None:
    """Its user, home, rights, output and signals are those that the engine gives."""
    lines: list[str] = []

    def listen(container: str) -> None:
        follow(stage.client, container, lines.append, 30)

    assert play(stage, listen).verdict.outcome == "passed"
    assert lines == ["1000", "1000", "/", "5", "x"]


@agent("sleep 1; sh -c 'kill -INT $$' || true; sleep 0.2 & wait; sh -c 'kill -QUIT $$' || echo dead")
def test_an_agents_children_die_of_the_signals_they_get(stage: Stage) -> None:
    lines: list[str] = []
    play(stage, lambda container: follow(stage.client, container, lines.append, 30))
    assert "dead" in lines, "a shell in the background would ignore SIGQUIT"
