"""Containers that outlive a run, on a real engine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

import docker
import pytest
from docker.errors import NotFound

from phaseplan.cli.running import leftovers
from phaseplan.config.settings import settings

pytestmark = pytest.mark.docker
IMAGE = "debian:bookworm-slim"


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=settings().docker_url)
    made: list[str] = []
    client.made = made
    yield client
    for name in made:
        with suppress(NotFound):
            client.containers.get(name).remove(force=True)
    client.close()


def sleeper(client: docker.DockerClient, claim: str, role: str) -> str:
    name = f"phaseplan-test-{uuid.uuid4().hex[:8]}"
    labels = {"phaseplan.claim": claim, "phaseplan.role": role, "phaseplan.test": "cli"}
    client.made.append(name)
    client.containers.run(IMAGE, ["sleep", "60"], name=name, labels=labels, detach=True, init=True, network_mode="none")
    return name


def test_stopped_agents_are_kept_gates_are_removed_and_other_containers_stay(client: docker.DockerClient) -> None:
    run = f"run-{uuid.uuid4().hex}"
    agent = sleeper(client, f"{run}/0", "agent")
    gate = sleeper(client, run, "gate")
    stranger = sleeper(client, f"run-{uuid.uuid4().hex}/0", "agent")
    longer = sleeper(client, f"{run}1/0", "collector")
    url = settings().docker_url
    stopped = f"{agent}-cancelled"
    client.made.append(stopped)
    assert leftovers.clear(url, [run]) == [stopped]
    assert client.containers.get(stopped).status == "exited"
    assert leftovers.clear(url, [run]) == [stopped]
    assert client.containers.get(stranger).status == "running"
    assert client.containers.get(longer).status == "running"  # of a run whose id begins with that of this one
    with pytest.raises(NotFound):
        client.containers.get(gate)
    leftovers.wait(url, [run], 0.1)


def test_no_engine_means_no_leftovers() -> None:
    assert leftovers.clear("unix:///nowhere/docker.sock", ["run-1"]) == []


def test_containers_of_a_run_are_looked_for_on_all_engines(monkeypatch, tmp_path) -> None:
    assert leftovers.places("unix:///x") == ["unix:///x"]
    (tmp_path / "engines.yaml").write_text("far: {url: 'tcp://10.0.0.5:2376', agents: 1}\nq: {queue: q, agents: 1}\n")
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__ENGINES", str(tmp_path / "engines.yaml"))
    assert leftovers.places("unix:///x") == ["unix:///x", "far"]
