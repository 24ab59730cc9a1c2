"""Line 4: gates have no network, and nothing of an agent's environment.

Was: gate containers got the network and the environment of the branch's profile, although the docs said "without
network".
Right: where `gates.profile` names no profile, gates get the image and the limits of the agent's and nothing else; a
profile that is named for gates gives its own network and environment. Secrets never reach a gate.
"""

from __future__ import annotations

import pytest

from phaseplan.gates.profile import gate_profile
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.wave.task import wave_bench
from tests.build.conftest import Stage
from tests.container.conftest import AGENT
from tests.field.conftest import Gates
from tests.git.lab import plan_of

AGENTS = AgentProfile(
    image=AGENT, memory="256m", network="bridge", environment={"TOKEN_URL": "there"}, secrets={"TOKEN": "conn"}
)
LOOK = 'test "$(ls /sys/class/net | tr -d "\\n")" = lo && test -z "$TOKEN_URL$TOKEN"'


def plan(profile: str | None) -> PhasePlan:
    return plan_of({"1": []}, gates={"commands": [LOOK], "profile": profile})


@pytest.mark.docker
def test_an_agents_network_and_environment_are_not_its_gates(gates: Gates) -> None:
    profile = gate_profile(plan(None), AGENTS)
    assert gates.run(LOOK, **profile.model_dump()) == ()
    (found,) = gates.run(LOOK, **AGENTS.model_dump())
    assert "failed with exit code 1" in found.message, "the look sees it where it is"


@pytest.mark.docker
def test_generators_get_neither_network_nor_environment_of_the_agent(gates: Gates) -> None:
    repo = gates.publish(gates.work)
    bench = gates.bench(**gate_profile(plan(None), AGENTS).model_dump())
    commit = str(repo.rev("main"))
    assert bench.regenerate(repo, commit, [LOOK], ["gen/**"]) == commit


def test_a_gate_profile_gives_network_and_environment_but_no_secret() -> None:
    named = gate_profile(plan("sh"), AGENTS)
    assert (named.network, named.environment, named.secrets) == ("bridge", {"TOKEN_URL": "there"}, {})


@pytest.mark.docker
def test_branch_and_wave_are_gated_with_the_same_profile(stage: Stage) -> None:
    with stage.job() as job:
        bench = wave_bench(stage.snapshot(), job.client, job.here, "wave-1", lambda _: None)
    assert (bench.profile.network, bench.profile.environment, bench.profile.secrets) == ("none", {}, {})
