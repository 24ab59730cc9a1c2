"""Run a plan's commands on one commit in fresh containers, and collect what generators changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker

from phaseplan.config.settings import settings
from phaseplan.containers import engine, pid1
from phaseplan.containers.collect import collect
from phaseplan.containers.copy_in import Checkout, copy_in
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import Sink, follow
from phaseplan.gates.gating import Gating, spec_of
from phaseplan.gates.hostile import hostile
from phaseplan.gates.workbench import GateFailed
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import changes, commit_with
from phaseplan.repository.repo import GitRepo
from phaseplan.text.excerpt import Excerpt
from phaseplan.text.shown import one_line


def _silent(_: str | None) -> None:
    """Discard a line."""


def _state() -> Path:
    return settings().state


@dataclass(frozen=True)
class ContainerBench:
    """A workbench of containers; implements `workbench.Workbench`.

    :param profile: image, limits, network and environment of the gate containers; its command is not used, and secrets
        never are.
    :param collector: image of the collector.
    :param timeout: seconds for all commands together.
    :param sink: gets each line of output as it comes.
    :param state: folder of this worker where `pid1.files` are kept.
    :param gateway: image of gateways, for a profile with `egress`; `way_out` is how they reach it.
    """

    client: docker.DockerClient
    profile: AgentProfile
    labels: Labels
    collector: str = "phaseplan/collector:2"
    timeout: float = 1800
    sink: Sink = _silent
    state: Path = field(default_factory=_state)
    gateway: str = "phaseplan/gateway:1"
    way_out: Callable[[], WayOut] = WayOut

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        """Run commands in order, each on a fresh checkout of `commit`; no finding means all were green."""
        if not commands:
            return ()
        self.sink(f"gates: {title} on {commit[:12]}")
        return self.gating(repo, commit, commands).run()

    def gating(self, repo: GitRepo, commit: str, commands: Sequence[str]) -> Gating:
        """Prepare the same for several processes, step by step; see `Gating.advance`."""
        files = pid1.files(self.client, self.collector, self.state)
        if self.profile.gateway:
            files += self.way_out().members(self.profile)
        return Gating(
            self.client, self.profile, self.labels, repo, commit, tuple(commands), self.timeout, self.sink, files,
            self.gateway, self.way_out,
        )  # fmt: skip

    def regenerate(self, repo: GitRepo, commit: str, commands: Sequence[str], patterns: Sequence[str]) -> str:
        """Run the generators on `commit`; see `workbench.Workbench`.

        Each has a container of its own, so its exit code counts; they share the files, for one may read what another
        made, and no process of one is left when the next begins.
        """
        if not commands:
            return commit
        self.sink(f"regenerating on {commit[:12]}")
        with self._generated(repo, commit, commands) as container:
            raw = self._collected(container, repo, commit)
        return self._only(repo, commit, raw, patterns)

    @contextmanager
    def _generated(self, repo: GitRepo, commit: str, commands: Sequence[str]) -> Iterator[str]:
        """Run the generators and yield the last one's container, whose volume holds all their output."""
        gating = self.gating(repo, commit, commands)
        checkout = Checkout(repo, commit, uid=self.profile.uid, gid=self.profile.gid)
        container_ids: list[str] = []
        started_at = ""
        try:
            for number, command in enumerate(commands, 1):
                spec = spec_of(self.profile, self.labels, command, {"command": str(number), "began": started_at})
                volume = engine.volume_of(self.client, container_ids[0]) if container_ids else None
                container_ids.append(engine.create(self.client, replace(gating.door.opened(spec), volume=volume)))
                if volume is None:
                    copy_in(self.client, container_ids[-1], checkout, more=gating.pid1)
                else:
                    pid1.put(self.client, container_ids[-1], gating.pid1)
                self.sink(f"$ {command}")
                engine.start(self.client, container_ids[-1])
                started_at = started_at or engine.look(self.client, container_ids[-1]).started_at
                excerpt = Excerpt(self.sink, one_line)
                follow(self.client, container_ids[-1], excerpt, gating.remaining_seconds(started_at))
                excerpt.end()
                if findings := gating.judged(number, container_ids[-1]):
                    raise GateFailed(findings)
            yield container_ids[-1]
        finally:
            left = [engine.look(self.client, container) for container in container_ids if self.profile.gateway]
            for container in reversed(container_ids):  # the volume goes with the last
                engine.remove(self.client, container)
            gating.door.close(self.sink, left)

    def _collected(self, container_id: str, repo: GitRepo, commit: str) -> str:
        collected = collect(
            self.client,
            image=self.collector,
            container_id=container_id,
            profile=self.profile,
            labels=self.labels,
            repo=repo,
            base=commit,
        )
        if collected.raw is None or collected.findings:
            raise GateFailed(collected.findings)
        return collected.raw

    def _only(self, repo: GitRepo, commit: str, raw: str, patterns: Sequence[str]) -> str:
        """Make a commit on top of `commit` with only those changes that match the patterns."""
        allowed = [c for c in changes(repo, commit, raw) if matches(patterns, c.path)]
        generated = commit_with(
            repo, commit, [(c.new_mode, c.new_id, c.path) for c in allowed], "Regenerate generated files"
        )
        if findings := hostile(repo, commit, generated):
            raise GateFailed(findings)
        return generated
