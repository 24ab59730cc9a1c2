"""A real engine, small real repositories, and agents that are a line of shell."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.agent import create_agent
from phaseplan.containers.collect import Collected, collect
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import Exit, follow
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo

TOP = Path(__file__).resolve().parents[2]
COLLECTOR = settings().collector_image
AGENT = "phaseplan-test/agent:1"  # has git and a shell
PLAIN = "debian:bookworm-slim"  # has no git


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """Return the engine, with the collector and an agent's image on it."""
    opened = engine.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    names = {tag for image in opened.images.list() for tag in image.tags}
    if COLLECTOR not in names:
        opened.images.build(path=str(TOP / "images" / "collector"), tag=COLLECTOR, network_mode="host", rm=True)
    if AGENT not in names:
        opened.images.build(path=str(Path(__file__).parent / "agent"), tag=AGENT, network_mode="none", rm=True)
    return opened


@pytest.fixture
def ledger(client: docker.DockerClient) -> Iterator[str]:
    """Return a ledger id of this test alone; remove its containers afterwards, which must not be collectors."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    leftovers = engine.find(client, ledger=name)
    for found in leftovers:
        engine.remove(client, found.id)
    for volume in client.volumes.list(filters={"label": f"phaseplan.ledger={name}"}):
        volume.remove(force=True)
    assert not [found for found in leftovers if found.labels.role == "collector"]


class Work:
    """A work tree to make commits in."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        """Run git as some person."""
        who = ["-c", "user.name=A Person", "-c", "user.email=person@localhost"]
        done = subprocess.run(["git", "-C", str(self.path), *who, *args], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "Change") -> str:
        """Write (or with None remove) files and commit them."""
        for name, data in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if data is None:
                path.unlink()
            else:
                path.write_bytes(data.encode() if isinstance(data, str) else data)
                path.chmod(0o755 if name.endswith(".sh") else 0o644)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Make a work tree with two commits on main."""
    made = Work(tmp_path / "work")
    made.commit({"README.md": "hello\n"}, "First")
    made.commit({"src/a.txt": "one\ntwo\n", "src/tool.sh": "#!/bin/sh\necho tool\n", ".gitignore": "*.tmp\n"}, "Second")
    return made


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[Work], GitRepo]:
    """Fetch everything of a work tree into a bare repository as a worker has it."""
    repo = GitRepo.init(tmp_path / "private.git")

    def fetch(made: Work) -> GitRepo:
        repo.run("fetch", "-q", str(made.path), "+refs/heads/*:refs/heads/*")
        return repo

    return fetch


@dataclass
class Story:
    """One agent's life, from its command to what came back."""

    client: docker.DockerClient
    labels: Labels
    repo: GitRepo
    base: str
    log: list[str] = field(default_factory=list)
    profile: AgentProfile | None = None
    id: str = ""
    task: str = "Write a/file.txt, which says hello.\n"

    def agent(
        self, script: str, *, history: str = "shallow", secrets: Mapping[str, str] | None = None, **limits: object
    ) -> Exit:
        """Run an agent made of shell lines to its end."""
        settings = {"image": AGENT, "memory": "256m", "pids": 64, **limits}
        return self.play(AgentProfile(command=("sh", "-c", script), **settings), secrets or {}, history)

    def play(self, profile: AgentProfile, secrets: Mapping[str, str], history: str = "shallow") -> Exit:
        """Run the agent of a profile to its end."""
        self.profile = profile
        self.id = create_agent(
            self.client, profile=self.profile, labels=self.labels, secrets=secrets, environment={},
            repo=self.repo, commit=self.base, branch_name="feature/x", history=history,
            documents={"task.json": b'{"version": 1}', "task.md": self.task.encode()},
        )  # fmt: skip
        engine.start(self.client, self.id)
        ended = follow(self.client, self.id, self.log.append, float(min(profile.timeout, 120)))
        assert ended is not None, self.log[-5:]
        return ended

    def collect(self, *secret_values: str) -> Collected:
        """Bring its work back."""
        assert self.profile
        return collect(
            self.client, image=COLLECTOR, container_id=self.id, profile=self.profile, labels=self.labels,
            repo=self.repo, base=self.base, secret_values=secret_values,
        )  # fmt: skip

    def text(self, commit: str | None, path: str) -> str:
        """Return a file of a commit."""
        return self.repo.run("show", f"{commit}:{path}").out

    def files(self, commit: str | None) -> set[str]:
        """List the files of a commit."""
        return set(self.repo.run("ls-tree", "-r", "--name-only", str(commit)).out.split())


@pytest.fixture
def story(client: docker.DockerClient, ledger: str, work: Work, publish: Callable[[Work], GitRepo]) -> Story:
    """Prepare a branch at the tip of `work` that is about to be built."""
    repo = publish(work)
    return Story(client, Labels(ledger, 5, "5.1.1", 1, "run-1", "agent"), repo, str(repo.rev("main")))
