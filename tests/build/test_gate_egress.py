"""Branch and wave are gated with the hosts of the profile that `gates.profile` names; whoever cleans up takes all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from phaseplan.attempt import judge
from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.containers.network import AGENTS, network_of
from phaseplan.plan.agents import AgentProfile
from phaseplan.wave.task import WaveTask
from tests.agents.conftest import gateway
from tests.agents.gateway_stage import left_over
from tests.build.conftest import PLAN, Stage, staged
from tests.gateway import scripted

__all__ = ["gateway"]

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("gateway")]
CLAIM = "run-1/3"


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a server on this machine, as agents and gates see it."""
    client = docker.DockerClient(settings().docker_url)
    network_of(client, "bridge")
    host = str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])
    client.close()
    with scripted.serving(host="0.0.0.0") as files:
        files.script += [lambda handler: handler.say(200, b"the module")] * 9
        yield f"{host}:{files.port}"


@pytest.fixture
def stage(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A phase whose agents and gates have one profile, with a host; the parameter is what a gate does first."""
    fetch = f'import urllib.request as u; print(u.urlopen("http://{url}/m").read())'
    command = f"{getattr(request, 'param', 'true')}; python3 -c '{fetch}'"
    monkeypatch.setitem(PLAN, "gates", {"commands": [command], "profile": "sh"})
    monkeypatch.setitem(PLAN["waves"][0], "validate", [command])  # type: ignore[index]
    given = {"image": "phaseplan/sample-recipes:1", "command": ["sh", "-c", "mkdir a; echo x > a/file.txt"],
             "timeout": 60, "memory": "256m", "gateway": True, "egress": [f"private:{url}"]}  # fmt: skip
    with staged(tmp_path, AgentProfile.model_validate(given)) as made:
        try:
            yield made
        finally:
            left = left_over(made)
            for found in made.containers():
                engine.remove(made.client, found.id)
        assert left == []


def until(stage: Stage, role: str) -> Running | Done:
    """Play the branch's task until a container of a role runs, or to its end."""
    while True:
        with stage.job(CLAIM) as job:
            outcome = step(job)
        if not isinstance(outcome, Running):
            assert isinstance(outcome, Done), outcome
            return outcome
        if outcome.role == role:
            return outcome
        follow(stage.client, outcome.container, stage.said.append, 60)


def test_a_branch_and_its_wave_are_gated_with_the_hosts_of_the_profile(stage: Stage) -> None:
    done = until(stage, "none")
    assert isinstance(done, Done) and done.verdict.outcome == "passed", done.verdict.findings
    assert left_over(stage) == []
    with stage.job(CLAIM) as job:
        assert WaveTask(job, 1).integrate().merged == ("7.1.1",)
    assert "\n".join(stage.said).count("the module") == 2


@pytest.mark.parametrize("stage", ["sleep 60"], indirect=True)
def test_a_gating_that_no_process_follows_any_more_is_removed_with_its_gateway(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "_PATIENCE", 0.1)
    assert isinstance(until(stage, "gate"), Running)
    assert left_over(stage).count("gateway") == 2, "the agent's, until the verdict is there, and that of its gates"
    with stage.job(CLAIM) as job:
        sweep(job)
    assert left_over(stage) == []
