"""Measure the container contract: copy-in and copy-out of 150 MB, and a branch against a bare `docker run`."""

from __future__ import annotations

import os
import random
import secrets
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker

from phaseplan.config.settings import settings
from phaseplan.containers import engine, pid1
from phaseplan.containers.agent import create_agent
from phaseplan.containers.collect import collect
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo

_FILES, _SIZE = 1500, 100_000  # 150 MB, half of it compressible as source code is
_AGENT = "debian:bookworm-slim"
_COMMAND = ("sh", "-c", "echo done > result")
_ROUNDS = 3


def measure() -> dict[str, float]:
    """Measure seconds, and ratios against the engine's own archive calls; remove everything made."""
    client = engine.connect(settings().docker_url)
    with tempfile.TemporaryDirectory(prefix="phaseplan-bench-") as folder:
        top = Path(folder)
        large, small = repository(top / "large", _FILES), repository(top / "small", 3)
        bench = _Bench(client, settings().collector_image)
        out = bench.copies(large, top)
        bare = _median(bench.bare_run)
        branch = _median(lambda: bench.branch(small))
    return {**out, "docker_run_s": bare, "branch_s": branch, "overhead_per_branch_s": branch - bare}


def _median(run: Callable[[], None]) -> float:
    return statistics.median(_timed(run) for _ in range(_ROUNDS))


def _timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def repository(path: Path, files: int) -> GitRepo:
    """Make a bare repository with one packed commit of pseudo-random files."""
    dice = random.Random(5)
    work = path.with_suffix(".work")
    for number in range(files):
        file = work / f"dir{number % 40}" / f"file{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(dice.randbytes(_SIZE // 2).hex().encode())
    repo = GitRepo.init(path)
    tree = {"GIT_WORK_TREE": str(work)}
    repo.run("add", "-A", env=tree)
    repo.run("commit", "-q", "-m", "base", env=tree)
    repo.run("update-ref", "refs/heads/main", "HEAD")
    repo.run("repack", "-adq")
    return repo


class _Bench:
    """Containers of one measurement."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client, self.image = client, image
        self.labels = Labels(f"bench-{secrets.token_hex(6)}", 0, "bench", 1, "bench", "agent")
        self.profile = AgentProfile(image=_AGENT, command=_COMMAND)

    def copies(self, repo: GitRepo, top: Path) -> dict[str, float]:
        """Copy-in and copy-out, ours and the engine's own."""
        tar, spare = top / "plain.tar", top / "spare.tar"
        with tarfile.open(tar, "w") as archive:
            archive.add(repo.path.with_suffix(".work"), "workspace")
        plain = self._create()
        raw_in = _timed(lambda: self._put(plain, tar))
        raw_out = _timed(lambda: self._get(plain, spare))
        engine.remove(self.client, plain)
        base, made = str(repo.rev("main")), ""

        def ours_in() -> None:
            nonlocal made
            made = self._agent(repo, ("sh", "-c", "for f in dir*/*; do tr 0-9 g-p < $f > new; mv new $f; done"))

        seconds_in = _timed(ours_in)
        self._run(made)
        seconds_out = _timed(lambda: self._collect(made, repo, base))
        engine.remove(self.client, made)
        return {
            "put_archive_s": raw_in, "copy_in_s": seconds_in, "copy_in_ratio": seconds_in / raw_in,
            "get_archive_s": raw_out, "copy_out_s": seconds_out, "copy_out_ratio": seconds_out / raw_out,
        }  # fmt: skip

    def branch(self, repo: GitRepo) -> None:
        """Do everything a branch pays for besides its agent and gates."""
        made = self._agent(repo, _COMMAND)
        self._run(made)
        self._collect(made, repo, str(repo.rev("main")))
        engine.remove(self.client, made)

    def bare_run(self) -> None:
        """Run the same command under `docker run --rm`."""
        command = ["docker", "run", "--rm", "--network", "none", "--init", "-w", "/tmp"]
        where = {**os.environ, "DOCKER_HOST": settings().docker_url.replace("unix://var", "unix:///var")}
        subprocess.run([*command, _AGENT, *_COMMAND], check=True, env=where)

    def _create(self) -> str:
        spec = engine.Spec(image=_AGENT, command=_COMMAND, labels=self.labels, user="1000:1000", memory=1 << 30)
        return engine.create(self.client, spec)

    def _agent(self, repo: GitRepo, command: tuple[str, ...]) -> str:
        profile = self.profile.model_copy(update={"command": command})
        return create_agent(
            self.client, profile=profile, labels=self.labels, secrets={}, environment={}, repo=repo,
            commit=str(repo.rev("main")), branch_name="bench", documents={"task.json": b"{}"},
            pid1=pid1.files(self.client, self.image, settings().state),
        )  # fmt: skip

    def _run(self, container_id: str) -> None:
        engine.start(self.client, container_id)
        ended = follow(self.client, container_id, lambda _: None, 300)
        if ended is None or ended.code:
            raise RuntimeError(f"the agent of the benchmark failed: {ended}")

    def _collect(self, container_id: str, repo: GitRepo, base: str) -> None:
        collected = collect(
            self.client, image=self.image, container_id=container_id, profile=self.profile, labels=self.labels,
            repo=repo, base=base,
        )  # fmt: skip
        if collected.raw in {None, base} or collected.findings:
            raise RuntimeError(f"the work of the benchmark did not come back: {collected}")

    def _put(self, container_id: str, tar: Path) -> None:
        with tar.open("rb") as file:
            self.client.api.put_archive(container_id, "/", file)

    def _get(self, container_id: str, target: Path) -> None:
        stream, _ = self.client.api.get_archive(container_id, engine.WORKSPACE)
        with target.open("wb") as file:
            file.writelines(stream)


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:24} {value:8.3f}")
