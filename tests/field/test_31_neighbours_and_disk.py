"""Line 31: no agent reaches another, and each agent's writing to the engine's disk is limited.

Was: agents with `network: bridge` reached each other and everything beside them; what an agent wrote to the engine's
disk had no limit; nothing reported it.
Right: `bridge` is a network of ours on which containers do not reach each other; a named network is reported as
shared; an agent that writes more than its profile's `disk` is stopped and has failed.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator

import docker
import pytest
from pydantic import ValidationError

from phaseplan.airflow.triggers import container as triggers
from phaseplan.attempt.job import Again, Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.disk_usage import Usage
from phaseplan.containers.labels import Labels
from phaseplan.containers.network import AGENTS, NetworkOpen, network_of, shared
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from tests.build.conftest import Stage, stage
from tests.container.conftest import client, ledger

__all__ = ["client", "ledger", "stage"]
pytestmark = pytest.mark.docker

IMAGE = "debian:bookworm-slim"
LISTENS = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 8000, Listen => 5); $s->accept while 1'"
CALLS = "perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => shift, PeerPort => 8000, Timeout => 2)' "


def container(client: docker.DockerClient, ledger: str, script: str, network: str) -> str:
    labels = Labels(ledger, 5, "5.1.1", int(uuid.uuid4().int % 10**6), "run-1", "agent")
    spec = engine.Spec(IMAGE, labels, "1000:1000", 64 << 20, command=("sh", "-c", script), network=network)
    made = engine.create(client, spec)
    engine.start(client, made)
    return made


def calls(client: docker.DockerClient, ledger: str, network: str) -> int | None:
    """Exit code of one agent that calls another: 0 when it reaches it."""
    called = container(client, ledger, LISTENS, network)
    time.sleep(0.5)
    (own,) = client.api.inspect_container(called)["NetworkSettings"]["Networks"].values()
    caller = container(client, ledger, CALLS + own["IPAddress"], network)
    return int(client.api.wait(caller)["StatusCode"])


@pytest.fixture
def shared_network(client: docker.DockerClient) -> Iterator[str]:
    name = f"phaseplan-test-{uuid.uuid4().hex[:8]}"
    client.api.create_network(name)
    yield name
    client.api.remove_network(name)


def test_agents_on_bridge_do_not_reach_each_other(client: docker.DockerClient, ledger: str) -> None:
    assert calls(client, ledger, "bridge") not in (0, None)


def test_agents_on_a_persons_own_network_reach_each_other_and_it_is_reported(
    client: docker.DockerClient, ledger: str, shared_network: str
) -> None:
    try:
        assert calls(client, ledger, shared_network) == 0, "else the test above proves nothing"
        assert shared(client, shared_network)
        assert not shared(client, "bridge") and not shared(client, "none")
    finally:
        for found in engine.find(client, ledger=ledger):
            engine.remove(client, found.id)


def test_two_processes_that_need_the_network_at_once_get_one(client: docker.DockerClient) -> None:
    assert network_of(client, "bridge") == network_of(client, "default") == AGENTS
    assert network_of(client, "none") == "none"
    assert len(client.api.networks(names=[f"^{AGENTS}$"])) == 1


def test_a_network_of_our_name_without_isolation_is_refused(
    shared_network: str, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phaseplan.containers.network.AGENTS", shared_network)
    with pytest.raises(NetworkOpen, match=f"docker network rm {shared_network}"):
        network_of(client, "bridge")


@pytest.mark.parametrize("network", ["host", "container:abc"])
def test_no_profile_joins_the_network_of_another_container(network: str) -> None:
    with pytest.raises(ValidationError, match="write none, bridge or a name"):
        AgentProfile(image="x", network=network)


@pytest.mark.parametrize("place", ["/workspace", "/tmp"])
def test_an_agent_that_writes_too_much_is_stopped_and_has_failed(
    stage: Stage, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _writes(stage, f"trap 'exit 0' TERM; head -c 30000000 /dev/zero > {place}/big; while :; do sleep 0.1; done")
    with stage.job() as job:
        running = step(job)
    assert isinstance(running, Running) and running.disk == 20 << 20
    monkeypatch.setattr(triggers, "INTERVAL", 0.5)
    monkeypatch.setattr(triggers, "USAGE", Usage(0.5))
    trigger = triggers.ContainerTrigger(
        docker_url=settings().docker_url, container_id=running.container, phase=7, branch="7.1.1",
        repository=None, deadline=time.time() + 60, disk=running.disk,
    )  # fmt: skip

    async def fires() -> None:
        async for _ in triggers.ContainerTrigger(**trigger.serialize()[1]).run():
            return

    asyncio.run(fires())
    with stage.job() as job:
        outcome = step(job)
    assert isinstance(outcome, Again)
    assert (outcome.verdict.outcome, outcome.verdict.reason[:52]) == (
        "failed",
        "agent: the agent was stopped at its disk limit of 20",
    )


def _writes(stage: Stage, script: str) -> None:
    pinned = stage.snapshot().pinned
    assert pinned
    profile = AgentProfile(image=IMAGE, command=("sh", "-c", script), disk="20m", timeout=60)
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(
            stage.remote, repo, pinned.plan, {"sh": profile}, run_id="run-1", base_name="main", start="wave", agent="sh"
        )


def test_an_agent_that_writes_little_is_not_stopped(client: docker.DockerClient, ledger: str) -> None:
    made = container(client, ledger, "head -c 3000000 /dev/zero > /tmp/x; sleep 60", "none")
    usage, until = Usage(0.0), time.monotonic() + 10
    while usage.of(client, made) < 3_000_000 and time.monotonic() < until:
        time.sleep(0.3)
    assert 3_000_000 <= usage.of(client, made) < 4_000_000
    assert usage.of(client, "0" * 64) == 0
