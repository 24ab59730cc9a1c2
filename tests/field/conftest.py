"""What the cases share: a real engine, and a bench that gates one commit of a small repository on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import docker
import pytest

from phaseplan.containers import engine
from phaseplan.containers.labels import Labels
from phaseplan.gates.commands import ContainerBench
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo
from tests.build import conftest as build
from tests.container import conftest as container
from tests.container.conftest import AGENT, COLLECTOR, Work

client = container.client
ledger = container.ledger
work = container.work
publish = container.publish
story = container.story
stage = build.stage


@dataclass
class Gates:
    """A bench of real containers for the newest commit of `work`."""

    client: docker.DockerClient
    ledger: str
    work: Work
    publish: Callable[[Work], GitRepo]
    said: list[str] = field(default_factory=list)

    def bench(self, **limits: object) -> ContainerBench:
        """Make a bench with a small image that has git and Python."""
        profile = AgentProfile(**{"image": AGENT, "memory": "256m", **limits})
        labels = Labels(self.ledger, 5, "5.1.1", 1, "run-1", "gate")
        return ContainerBench(self.client, profile, labels, COLLECTOR, 60, self.said.append)

    def run(self, *commands: str, **limits: object) -> tuple[Finding, ...]:
        """Gate it; nothing may be left."""
        repo = self.publish(self.work)
        found = self.bench(**limits).run(repo, str(repo.rev("main")), commands, title="5.1.1")
        assert engine.find(self.client, ledger=self.ledger) == []
        return found


@pytest.fixture
def gates(client: docker.DockerClient, ledger: str, work: Work, publish: Callable[[Work], GitRepo]) -> Gates:
    """Make a bench, and a commit to run commands on."""
    return Gates(client, ledger, work, publish)
