"""Runs a plan's commands on one exact commit, in a fresh container, and brings back what generators changed."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import docker

from include.phaseplan.errors import Infrastructure
from include.phaseplan.plan.agents import AgentProfile
from include.phaseplan.plan.patterns import matches
from include.phaseplan.runtime import engine
from include.phaseplan.runtime.collect import collect
from include.phaseplan.runtime.copyin import Checkout, copy_in
from include.phaseplan.runtime.faults import ContainerGone, engine_errors
from include.phaseplan.runtime.follow import Cursor, Exit, Sink, follow, memory_hint, read
from include.phaseplan.runtime.gates.driver import DRIVER, Transcript, checked, finding
from include.phaseplan.runtime.gates.hostile import hostile
from include.phaseplan.runtime.gates.paths import changes, commit_with
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.git_stream import entries
from include.phaseplan.runtime.labels import Labels
from include.phaseplan.runtime.records import Finding
from include.phaseplan.runtime.workbench import GateFailed

_DRIVER_NAME = "phaseplan-gates"
_KILLED = (137, 143)  # exit codes of SIGKILL and SIGTERM; a command that fails makes the driver exit with its number


class GateStopped(Infrastructure):
    """The engine, or somebody, ended a gate container: nobody's fault, and no verdict."""


def _silent(_: str | None) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class ContainerBench:
    """A workbench of containers; implements `workbench.Workbench`.

    :param profile: image, limits and network of the gate containers; its command is not used.
    :param collector: image of the collector.
    :param timeout: seconds for all commands of one gating together.
    :param sink: gets each line of output as it comes.
    """

    client: docker.DockerClient
    profile: AgentProfile
    labels: Labels
    collector: str = "phaseplan/collector:2"
    timeout: float = 1800
    sink: Sink = _silent
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        """Run commands in order in a fresh checkout of `commit`; no finding means all were green."""
        if not commands:
            return ()
        self.sink(f"gates: {title} on {commit[:12]}")
        container_id = self.start(repo, commit, commands)
        try:
            ended = self.wait(container_id, commands, self.timeout)
            return self._findings(container_id, commands, ended, repo, commit)
        finally:
            engine.remove(self.client, container_id)

    def start(self, repo: GitRepo, commit: str, commands: Sequence[str]) -> str:
        """Start a gating and return its container's id; `wait` for it and `finish` it, here or in another process."""
        mark = f"phaseplan-{random.token_hex(12)}"
        container_id = engine.create(self.client, self._spec(checked(commands), mark))
        try:
            copy_in(self.client, container_id, Checkout(repo, commit, uid=self.profile.uid, gid=self.profile.gid))
            engine.start(self.client, container_id)
        except BaseException:
            engine.remove(self.client, container_id)
            raise
        return container_id

    def _spec(self, commands: Sequence[str], mark: str) -> engine.Spec:
        return engine.Spec(
            image=self.profile.image,
            entrypoint=("sh", "-c", DRIVER, _DRIVER_NAME, mark),
            command=commands,
            labels=self.labels.playing("gate"),
            user=self.profile.user,
            memory=self.profile.memory,
            cpus=self.profile.cpus,
            pids=self.profile.pids,
            network=self.profile.network,
            environment={**self.profile.environment, **self.environment},
        )

    def wait(
        self, container_id: str, commands: Sequence[str], seconds: float, cursor: Cursor | None = None
    ) -> Exit | None:
        """Hand output to the sink until the gating ends; None when it still runs after `seconds`.

        :raises GateStopped: it never began, because its worker died between making and starting it; it is removed.
        """
        self._begun(container_id)
        transcript = Transcript(self.mark(container_id))

        def show(line: str) -> None:
            if (text := transcript.read(line, commands)) is not None:
                self.sink(text)

        return follow(self.client, container_id, show, seconds, cursor=cursor)

    def ended(self, container_id: str, seconds: float) -> bool:
        """Whether the gating ends within so many seconds; nothing is shown meanwhile.

        :raises GateStopped: see `wait`.
        """
        self._begun(container_id)
        return follow(self.client, container_id, _silent, seconds) is not None

    def _begun(self, container_id: str) -> None:
        if engine.look(self.client, container_id).status == "created":
            engine.remove(self.client, container_id)
            raise GateStopped(f"gate container {container_id[:12]} was never started; the next try makes it anew")

    def finish(
        self, container_id: str, commands: Sequence[str], *, repo: GitRepo | None = None, commit: str | None = None
    ) -> tuple[Finding, ...]:
        """Findings of a gating that `start` began; one that still runs is out of time. Its container is removed.

        :param repo: with `commit`, to tell which files of the output are tracked.
        """
        try:
            found = engine.look(self.client, container_id)
            ended = None
            if found.status == "exited":
                ended = Exit(int(found.exit_code or 0), found.oom, found.started_at, found.finished_at)
            return self._findings(container_id, commands, ended, repo, commit)
        finally:
            engine.remove(self.client, container_id)

    def _findings(
        self, container_id: str, commands: Sequence[str], ended: Exit | None, repo: GitRepo | None, commit: str | None
    ) -> tuple[Finding, ...]:
        """The driver's exit code decides; the log only illustrates."""
        if ended is not None and ended.code == 0:
            return ()
        if ended is not None and ended.code in _KILLED and not ended.oom:
            raise GateStopped(
                f"gate container {container_id[:12]} was stopped from outside (exit code {ended.code}"
                f"{memory_hint(ended.code, ended.oom, self.profile.memory)}): its commands said nothing"
            )
        if ended is None:
            engine.stop(self.client, container_id, grace=0)
        transcript = self._transcript(container_id, commands)
        failed = ended.code if ended and 1 <= ended.code <= len(commands) else transcript.number
        command = commands[max(0, min(failed, len(commands)) - 1)]
        tracked = {e.path for e in entries(repo, commit)} if repo and commit else set()
        return (finding(command, self._said(ended, transcript, len(commands)), tuple(transcript.tail), tracked),)

    def _said(self, ended: Exit | None, transcript: Transcript, commands: int) -> str:
        if ended is None:
            return f"was stopped: the gates did not end within {self.timeout:g} s"
        ours = 1 <= ended.code <= commands
        code = transcript.code if ours else ended.code
        memory = memory_hint(code, ended.oom, self.profile.memory)
        if ours:
            return f"failed with exit code {code if code else '?'}{memory}"
        return f"did not end: the gate container ended with exit code {code}{memory}"

    def _transcript(self, container_id: str, commands: Sequence[str]) -> Transcript:
        """The log once more, of which the end is kept."""
        transcript = Transcript(self.mark(container_id))
        read(self.client, container_id, lambda line: _silent(transcript.read(line, commands)))
        return transcript

    def mark(self, container_id: str) -> str:
        """What begins the driver's own lines in the log of a gating, see `driver.Transcript`."""
        with engine_errors():
            entrypoint = self.client.api.inspect_container(container_id)["Config"]["Entrypoint"] or []
        if len(entrypoint) != 5 or entrypoint[3] != _DRIVER_NAME:
            raise ContainerGone(f"container {container_id[:12]} is not one that runs gates")
        return str(entrypoint[4])

    def regenerate(self, repo: GitRepo, commit: str, commands: Sequence[str], patterns: Sequence[str]) -> str:
        """Run the generators on `commit`; see `workbench.Workbench`."""
        if not commands:
            return commit
        self.sink(f"regenerating on {commit[:12]}")
        container_id = self.start(repo, commit, commands)
        try:
            ended = self.wait(container_id, commands, self.timeout)
            if findings := self._findings(container_id, commands, ended, repo, commit):
                raise GateFailed(findings)
            raw = self._collected(container_id, repo, commit)
        finally:
            engine.remove(self.client, container_id)
        return self._generated(repo, commit, raw, patterns)

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

    def _generated(self, repo: GitRepo, commit: str, raw: str, patterns: Sequence[str]) -> str:
        mine = [c for c in changes(repo, commit, raw) if matches(patterns, c.path)]
        made = commit_with(repo, commit, [(c.new_mode, c.new_id, c.path) for c in mine], "Regenerate generated files")
        if findings := hostile(repo, commit, made):
            raise GateFailed(findings)
        return made
