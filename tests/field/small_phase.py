"""A small phase of a test's own: real git, real containers, agents that are a few lines of shell."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from phaseplan.attempt.job import Again, Done, Job, Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.ledger.records import Token, Verdict
from phaseplan.ledger.write import Snapshot, read
from phaseplan.phase.close import Closing, close_phase
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import PhaseStatus, build_status
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.integrate import Integrated
from phaseplan.wave.task import WaveTask
from tests.git.lab import commit_files

PHASE = 5


def phase_plan(*waves: Mapping[str, tuple[str, ...]], **more: Any) -> PhasePlan:
    """Make a plan from waves of `{id: dependencies}`, all built by one agent that may change everything."""
    rows = [
        {
            "wave": number,
            "branches": [
                {"id": b, "branch": f"feature/b{b}", "title": f"Branch {b}", "depends_on": deps, "owns": ["*"]}
                for b, deps in wave.items()
            ],
        }
        for number, wave in enumerate(waves, 1)
    ]
    fixed = {"phase": PHASE, "title": "Small", "agent": "sh", "attempts": 1}
    return PhasePlan.model_validate({**fixed, "waves": rows, **more})


@dataclass
class SmallPhase:
    """One target repository, and helpers that build and integrate branches in it."""

    remote: Remote
    state: Path
    client: docker.DockerClient
    said: list[str] = field(default_factory=list)
    token: Token | None = None

    def open(self, plan: PhasePlan, agent: str, run: str = "run-1", **more: Any) -> None:
        """Open a run in which every branch is built by a line of shell, which knows its $PHASEPLAN_BRANCH."""
        profile = AgentProfile(image="debian:bookworm-slim", command=("sh", "-ec", agent), timeout=60)
        with self.remote.private(state=self.state) as repo:
            fixed: dict[str, Any] = {"run_id": run, "base_name": "main", "start": "wave"}
            self.token = open_phase(self.remote, repo, plan, {"sh": profile}, **fixed, **more)

    @contextmanager
    def job(self, branch: str, claim: str = "0") -> Iterator[Job]:
        assert self.token
        with self.remote.private(state=self.state) as repo:
            configured = settings()
            configured = configured.__class__(**{**vars(configured), "state": self.state})
            whose = f"{self.token.run}/{claim}"
            yield Job(
                PHASE,
                branch,
                self.token,
                whose,
                self.remote,
                repo,
                self.client,
                configured,
                self.said.append,
                lambda _: {},
            )

    def build(self, branch: str, claim: str = "0") -> Verdict:
        """Play the branch's task to its end."""
        while True:
            with self.job(branch, claim) as job:
                outcome = step(job)
            if isinstance(outcome, Done):
                return outcome.verdict
            if isinstance(outcome, Running):
                follow(self.client, outcome.container, self.said.append)
            assert isinstance(outcome, Running | Again)

    def integrate(self, wave: int) -> Integrated:
        with self.job("") as job:
            return WaveTask(job, wave).integrate()

    def close(self) -> Closing:
        assert self.token
        with self.remote.private(state=self.state) as repo:
            return close_phase(repo, self.remote, self.token, phase=PHASE)

    def snapshot(self) -> Snapshot:
        with self.remote.private(state=self.state) as repo:
            return read(repo, self.remote, PHASE)

    def status(self) -> PhaseStatus:
        return build_status(self.snapshot())

    def show(self, name: str) -> str:
        """Return a file of the target, as `<commit or branch>:<path>`."""
        with self.remote.private(state=self.state) as repo:
            self.remote.fetch(repo, "+refs/*:refs/mirror/*")
            return repo.run("show", name).out


@contextmanager
def small_phase(folder: Path, base: Mapping[str, str]) -> Iterator[SmallPhase]:
    """Make a target whose `main` has these files; remove the phase's containers afterwards."""
    target = GitRepo.init(folder / f"target-{uuid.uuid4().hex[:6]}.git")
    target.run("update-ref", "refs/heads/main", commit_files(target, None, dict(base), "base"))
    client = engine.connect(os.environ.get("DOCKER_HOST", settings().docker_url))
    made = SmallPhase(Remote(str(target.path)), folder / "state", client)
    try:
        yield made
    finally:
        ledger = made.snapshot().ledger
        for container in engine.find(client, ledger=ledger.id) if ledger else []:
            engine.remove(client, container.id)
