"""Line 3: a gate command that kills itself has failed.

Was: `kill -9 -1` in a test was taken for "stopped from outside": four tries, `unfinished`, no attempt used; where it
happened only when two branches met, `integrate` failed four times and no branch was named.
Right: only what the engine or a person stops is "from outside". A command that is killed inside its container is red
like any other, uses up its attempt, and in a wave the culprits are searched.
"""

from __future__ import annotations

import threading
from pathlib import Path

import docker
import pytest

from phaseplan.containers import engine
from phaseplan.containers.labels import Labels
from phaseplan.gates.commands import ContainerBench
from phaseplan.gates.gating import GateStopped, Waiting
from phaseplan.plan.agents import AgentProfile
from tests.container.conftest import AGENT, COLLECTOR
from tests.field.conftest import Gates
from tests.git.lab import Lab, plan_of

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("sh -c 'kill -9 -1; true'; sleep 9", 137),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("exit 137", 137),
        ("exit 143", 143),
    ],
)
def test_a_command_that_is_killed_inside_is_red(gates: Gates, command: str, code: int) -> None:
    (found,) = gates.run(command)
    assert f"failed with exit code {code}" in found.message


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_gate_container_stopped_by_a_person_gives_no_verdict_and_is_tried_again(gates: Gates, how: str) -> None:
    repo = gates.publish(gates.work)
    commands = ("true", "trap 'exit 0' TERM; sleep 30 & wait", "true")
    gating = gates.bench().gating(repo, str(repo.rev("main")), commands)
    waiting = gating.advance(1)
    while isinstance(waiting, Waiting) and waiting.command == commands[0]:  # on a busy machine that takes its time
        waiting = gating.advance(1)
    assert isinstance(waiting, Waiting) and waiting.command == commands[1]
    getattr(gates.client.api, how)(waiting.container)
    with pytest.raises(GateStopped, match="was stopped from outside while it ran"):
        gating.advance(20)
    assert engine.find(gates.client, ledger=gates.ledger) == []


def test_the_branch_whose_merge_makes_a_gate_be_killed_is_named(
    tmp_path: Path, client: docker.DockerClient, ledger: str
) -> None:
    lab = Lab(tmp_path)
    profile = AgentProfile(image=AGENT, memory="256m")
    lab.bench = ContainerBench(client, profile, Labels(ledger, 5, "wave-1", 1, "run-1", "gate"), COLLECTOR, 60)  # type: ignore[assignment]
    meet = "if [ -e one ] && [ -e two ]; then sh -c 'kill -9 -1; true'; sleep 9; fi"
    token = lab.open(plan_of({"1": [], "2": []}, validate=[[meet]]))
    lab.build(token, "1", {"one": "1\n"})
    lab.build(token, "2", {"two": "2\n"})
    lab.integrate(token, 1)
    assert (lab.state("1"), lab.state("2")) == ("integrated", "isolated")
    ledger_now = lab.read().ledger
    assert ledger_now and "failed with exit code 137" in ledger_now.model_dump_json()


def test_a_command_over_its_time_limit_is_red_whichever_process_stopped_it(gates: Gates) -> None:
    repo = gates.publish(gates.work)
    gating = gates.bench().gating(repo, str(repo.rev("main")), ("sleep 60",))
    object.__setattr__(gating, "timeout", 1.0)
    waiting = gating.advance(0.3)
    assert isinstance(waiting, Waiting) and waiting.seconds <= 1
    threading.Event().wait(1)
    gates.client.api.stop(waiting.container)  # as the triggerer does
    (found,) = gating.advance(5)
    gating.close()
    assert "did not end within 1 s" in found.message
