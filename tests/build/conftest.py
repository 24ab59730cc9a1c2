"""A phase that is open, with real git and real containers, whose branch tasks a test plays by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from phaseplan.attempt.job import Job
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.ledger.records import Token
from phaseplan.ledger.write import Snapshot, read
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from tests.kills.engine import PrivateEngine

PLAN = {
    "phase": 7,
    "title": "By hand",
    "agent": "sh",
    "gates": {"commands": ["test -s a/file.txt"]},
    "waves": [
        {
            "wave": 1,
            "branches": [
                {"id": "7.1.1", "branch": "feature/a", "title": "A", "owns": ["a/"]},
                {"id": "7.1.2", "branch": "feature/b", "title": "B", "owns": ["b/"], "depends_on": ["7.1.1"]},
            ],
        }
    ],
}


@dataclass
class Stage:
    """One open phase and whoever works on it."""

    remote: Remote
    state: Path
    client: docker.DockerClient
    token: Token
    said: list[str] = field(default_factory=list)

    @contextmanager
    def job(self, claim: str = "run-1/3", branch: str = "7.1.1", **secrets: str) -> Iterator[Job]:
        """A start of a branch's task, in a private repository of its own as every start has."""
        with self.remote.private(state=self.state) as repo:
            here = settings()
            yield Job(
                7,
                branch,
                self.token,
                claim,
                self.remote,
                repo,
                self.client,
                here.__class__(**{**vars(here), "state": self.state}),
                self.said.append,
                lambda _: secrets,
            )

    def snapshot(self) -> Snapshot:
        """What the refs say now."""
        with self.remote.private(state=self.state) as repo:
            return read(repo, self.remote, 7)

    def containers(self) -> list[engine.Found]:
        """What is on the engine of this phase."""
        ledger = self.snapshot().ledger
        return engine.find(self.client, ledger=ledger.id) if ledger else []


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    """An engine that another worker has, with the images that agents and gates need."""
    made = PrivateEngine(tmp_path_factory.mktemp("second") / "engine")
    try:
        made.start()
        made.load(("debian:bookworm-slim", settings().collector_image))
        client = engine.connect(made.url)
        client.address = made.url  # for those that open it themselves
        yield client
        client.close()
    finally:
        made.stop()


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A phase opened for a run; the parameter is what its agent does in sh, or that and its image."""
    param = getattr(request, "param", "mkdir -p a; echo hello > a/file.txt")
    script, image = param if isinstance(param, tuple) else (param, "debian:bookworm-slim")
    chosen = request.node.get_closest_marker("branches")
    profile = AgentProfile(image=image, command=("sh", "-c", script), timeout=60)
    with staged(tmp_path, profile, chosen.args if chosen else ()) as made:
        yield made


@contextmanager
def staged(
    tmp_path: Path, profile: AgentProfile, branches: tuple[str, ...] = (), plan: Mapping[str, Any] = PLAN
) -> Iterator[Stage]:
    """A phase opened for a run, whose agents are of one profile, whatever name the plan has for it."""
    target = tmp_path / "target.git"
    work = tmp_path / "work"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "main", str(work)], check=True)
    subprocess.run([*git, "-C", str(work), "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", str(work), str(target)], check=True)
    remote = Remote(str(target))
    made_plan = PhasePlan.model_validate(plan)
    with remote.private(state=tmp_path / "state") as repo:
        token = open_phase(
            remote,
            repo,
            made_plan,
            {made_plan.profile_of(branch) or "": profile for branch in made_plan},
            run_id="run-1",
            base_name="main",
            start="wave",
            branches=branches,
        )
    made = Stage(remote, tmp_path / "state", engine.connect(settings().docker_url), token)
    yield made
    for container in made.containers():
        engine.remove(made.client, container.id)
    if ledger := made.snapshot().ledger:  # the work of an attempt that failed stays in its volume
        for volume in made.client.volumes.list(filters={"label": f"phaseplan.ledger={ledger.id}"}):
            volume.remove(force=True)
