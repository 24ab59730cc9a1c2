"""Run a plan's commands on one commit in fresh containers, and collect what generators changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker

from phaseplan.config.settings import settings
from phaseplan.containers import engine, pid1
from phaseplan.containers.collect import collect
from phaseplan.containers.copy_in import Checkout, copy_in
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
    """Nobody listens."""


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
    """

    client: docker.DockerClient
    profile: AgentProfile
    labels: Labels
    collector: str = "phaseplan/collector:2"
    timeout: float = 1800
    sink: Sink = _silent
    state: Path = field(default_factory=_state)

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        """Run commands in order, each on a fresh checkout of `commit`; no finding means all were green."""
        if not commands:
            return ()
        self.sink(f"gates: {title} on {commit[:12]}")
        return self.gating(repo, commit, commands).run()

    def gating(self, repo: GitRepo, commit: str, commands: Sequence[str]) -> Gating:
        """The same step by step, in more than one process; see `Gating.advance`."""
        files = pid1.files(self.client, self.collector, self.state)
        return Gating(
            self.client, self.profile, self.labels, repo, commit, tuple(commands), self.timeout, self.sink, files
        )

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
        """The container of the last generator, whose volume holds what all of them made; then they are removed."""
        gating = self.gating(repo, commit, commands)
        checkout = Checkout(repo, commit, uid=self.profile.uid, gid=self.profile.gid)
        made: list[str] = []
        began = ""
        try:
            for number, command in enumerate(commands, 1):
                spec = spec_of(self.profile, self.labels, command, {"command": str(number), "began": began})
                volume = engine.volume_of(self.client, made[0]) if made else None
                made.append(engine.create(self.client, replace(spec, volume=volume)))
                if volume is None:
                    copy_in(self.client, made[-1], checkout, more=gating.pid1)
                else:
                    pid1.put(self.client, made[-1], gating.pid1)
                self.sink(f"$ {command}")
                engine.start(self.client, made[-1])
                began = began or engine.look(self.client, made[-1]).started_at
                said = Excerpt(self.sink, one_line)
                follow(self.client, made[-1], said, gating.left(began))
                said.end()
                if found := gating.judged(number, made[-1]):
                    raise GateFailed(found)
            yield made[-1]
        finally:
            for container in reversed(made):  # the volume goes with the last
                engine.remove(self.client, container)

    def _collected(self, container_id: str, repo: GitRepo, commit: str) -> str:
        came = collect(
            self.client,
            image=self.collector,
            container_id=container_id,
            profile=self.profile,
            labels=self.labels,
            repo=repo,
            base=commit,
        )
        if came.raw is None or came.findings:
            raise GateFailed(came.findings)
        return came.raw

    def _only(self, repo: GitRepo, commit: str, raw: str, patterns: Sequence[str]) -> str:
        """A commit on top in which only what matches is changed."""
        mine = [c for c in changes(repo, commit, raw) if matches(patterns, c.path)]
        made = commit_with(repo, commit, [(c.new_mode, c.new_id, c.path) for c in mine], "Regenerate generated files")
        if findings := hostile(repo, commit, made):
            raise GateFailed(findings)
        return made
