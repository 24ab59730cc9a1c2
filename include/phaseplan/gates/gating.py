"""Run the commands of one gating on one commit, each in a container that starts from just that commit.

Labels record the progress: a container for command 3 means that 1 and 2 were green. Any process may continue there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import docker

from phaseplan.containers import engine
from phaseplan.containers.copy_in import Checkout, copy_in
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import Sink, follow, memory_hint, read
from phaseplan.containers.pid1 import LOST
from phaseplan.containers.specs import of_profile
from phaseplan.errors import Infrastructure
from phaseplan.gates.checkout import holds_no_checkout, image_of, images, remove_aside
from phaseplan.gates.door import Door
from phaseplan.gates.place import TAIL, finding
from phaseplan.ledger.records import Finding, moment
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import sha256
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import entries
from phaseplan.text.excerpt import Excerpt
from phaseplan.text.shown import one_line


class GateStopped(Infrastructure):
    """The engine or a person ended a gate container: not the branch's fault, and no verdict."""


@dataclass(frozen=True)
class Waiting:
    """A command still runs: wait for its container, then call `advance` again.

    :param seconds: the remaining time for all commands.
    :param is_new: whether this process began the gating.
    """

    container: str
    command: str
    seconds: float
    begun: bool


@dataclass(frozen=True)
class Gating:
    """Run commands on one commit.

    :param timeout: seconds for all commands together.
    :param sink: gets the lines that people are shown.
    :param pid1: see `pid1.files`; with the certificates that the commands are to trust.
    :param gateway: image of gateways, for a profile with hosts.
    """

    client: docker.DockerClient
    profile: AgentProfile
    labels: Labels
    repo: GitRepo
    commit: str
    commands: Sequence[str]
    timeout: float
    sink: Sink
    pid1: bytes
    gateway: str = "phaseplan/gateway:1"
    way_out: Callable[[], WayOut] = WayOut

    def run(self) -> tuple[Finding, ...]:
        """Run all commands, showing their output as it comes, and leave nothing; no finding means all were green."""
        started_at = ""
        try:
            for number, command in enumerate(self.commands, 1):
                self.sink(f"$ {command}")
                container = self._begin(number, started_at)
                started_at = started_at or engine.look(self.client, container).started_at
                excerpt = Excerpt(self.sink, one_line)
                follow(self.client, container, excerpt, self.remaining_seconds(started_at))
                excerpt.end()
                if findings := self.judged(number, container):
                    return findings
                engine.remove(self.client, container)
            return ()
        finally:
            self.close()

    def advance(self, patience: float) -> Waiting | tuple[Finding, ...]:
        """Continue where the labels say it is; show nothing, and keep ended containers for `show`.

        :param patience: seconds after which to wait elsewhere.
        :raises GateStopped: a container was ended from outside. All of the gating is removed; the next try begins anew.
        """
        until = time.monotonic() + patience
        containers = self._by_number()
        is_new = not containers
        number, container = max(containers.items()) if containers else (1, "")
        container = container or self._begin(1, "")
        while True:
            started_at = self._started_at(container)
            follow(
                self.client,
                container,
                lambda _: None,
                max(0.1, min(until - time.monotonic(), self.remaining_seconds(started_at))),
            )
            if engine.look(self.client, container).status == "running" and self.remaining_seconds(started_at) > 0:
                return Waiting(container, self.commands[number - 1], self.remaining_seconds(started_at), is_new)
            if (findings := self.judged(number, container)) or number == len(self.commands):
                return findings
            number += 1
            container = self._begin(number, started_at)

    def show(self) -> None:
        """Show each ended command with its output, then remove it; keep the newest, whose labels hold the progress."""
        containers = self._by_number()
        for number, container in sorted(containers.items()):
            if engine.look(self.client, container).status == "running":
                return
            self.sink(f"$ {self.commands[number - 1]}")
            excerpt = Excerpt(self.sink, one_line)
            read(self.client, container, excerpt)
            excerpt.end()
            if number != max(containers):
                engine.remove(self.client, container)

    def close(self) -> None:
        """Remove all its containers; remove the image in the background, which may take the engine some seconds."""
        containers = self._own_containers()
        for container in containers:
            engine.remove(self.client, container.id)
        self.door.close(self.sink, containers)
        remove_aside(self.client, images(self.client, self.labels.playing("gate"), self._marks))

    @property
    def door(self) -> Door:
        """Return the way out of its commands."""
        return Door(self.client, self.gateway, self.profile, self.labels, self._marks, self.way_out)

    @property
    def _marks(self) -> dict[str, str]:
        """Return what distinguishes this gating's containers and image from those of another commit, list or image."""
        about = [self.commit, list(self.commands), self.profile.model_dump(mode="json")]
        return {"gating": sha256(about)[:16]}

    def _own_containers(self) -> list[engine.Found]:
        """List the containers of this gating."""
        labels = self.labels.playing("gate")
        values = {key.removeprefix("phaseplan."): value for key, value in labels.as_dict().items()}
        containers = engine.find(self.client, **values)
        return [f for f in containers if f.marks.get("gating") == self._marks["gating"]]

    def _by_number(self) -> dict[int, str]:
        """Return the container for each command's number; remove one that never started because its worker died."""
        out = {}
        for container in self._own_containers():
            number = container.marks.get("command", "")
            if container.status == "created" or not number.isdigit():
                engine.remove(self.client, container.id)
            else:
                out[int(number)] = container.id
        return out

    def _begin(self, number: int, started_at: str) -> str:
        """Create and start the container of one command.

        :param started_at: when the first of them started; empty for the first itself.
        """
        copies = holds_no_checkout(self.client, self.profile.image)
        container = self._copied(number, started_at) if copies else self._layered(number, started_at)
        try:
            if copies:
                copy_in(self.client, container, self._checkout, more=self.pid1)
            engine.start(self.client, container)
        except BaseException:
            engine.remove(self.client, container)
            raise
        return container

    def _copied(self, number: int, started_at: str) -> str:
        """Create a container whose workspace is a volume, to be filled; slower where the repository is large."""
        return engine.create(self.client, self._spec(number, started_at))

    def _layered(self, number: int, started_at: str) -> str:
        """Create a container from the commit's image; make the image again if it was removed meanwhile."""
        spec = self._spec(number, started_at)
        for last in (False, False, True):
            image = image_of(self.client, replace(spec, marks=self._marks), self._checkout, self.pid1)
            try:
                return engine.create(self.client, replace(spec, image=image, mounted=False))
            except ImageMissing:
                if last:
                    raise
        raise AssertionError

    def _spec(self, number: int, started_at: str) -> engine.Spec:
        marks = {**self._marks, "command": str(number), "began": started_at}
        return self.door.opened(spec_of(self.profile, self.labels, self.commands[number - 1], marks))

    @property
    def _checkout(self) -> Checkout:
        return Checkout(self.repo, self.commit, uid=self.profile.uid, gid=self.profile.gid)

    def _started_at(self, container: str) -> str:
        """Return when the first command started, as the engine records it."""
        state = engine.look(self.client, container)
        return state.marks.get("began") or state.started_at

    def remaining_seconds(self, started_at: str) -> float:
        """Return the seconds that remain for all commands."""
        return self.timeout - (time.time() - moment(started_at).timestamp())

    def judged(self, number: int, container: str) -> tuple[Finding, ...]:
        """Judge one command: the exit code that the engine reports decides, the log only illustrates.

        :raises GateStopped: neither the command nor its time limit ended it.
        """
        state = engine.look(self.client, container)
        if state.status == "running":
            engine.stop(self.client, container, grace=0)
            return (self._finding(number, container, f"was stopped: the gates did not end within {self.timeout:g} s"),)
        if state.stopped:
            used = moment(state.finished_at) - moment(state.marks.get("began") or state.started_at)
            if used.total_seconds() >= self.timeout and state.exit_code != LOST:  # by the process that waited for it
                return (
                    self._finding(number, container, f"was stopped: the gates did not end within {self.timeout:g} s"),
                )
            self.close()
            raise GateStopped(
                f"gate container {container[:12]} was stopped from outside while it ran `{self.commands[number - 1]}` "
                f"(exit code {state.exit_code}), so nothing is known of {self.commit[:12]}; the next try begins anew"
            )
        if not state.exit_code:
            return ()
        if fault := self.door.fault(state):
            self.close()
            raise GateStopped(
                f"the gateway of gate container {container[:12]} {fault} while it ran `{self.commands[number - 1]}`, "
                f"so nothing is known of {self.commit[:12]}; the next try begins anew"
            )
        memory = memory_hint(state.exit_code, state.oom, self.profile.memory)
        return (
            self._finding(number, container, f"failed with exit code {state.exit_code}{memory}{self.door.missed()}"),
        )

    def _finding(self, number: int, container: str, outcome: str) -> Finding:
        tail: deque[str] = deque(maxlen=TAIL)
        read(self.client, container, tail.append)
        tracked = {entry.path for entry in entries(self.repo, self.commit)}
        return finding(self.commands[number - 1], outcome, tuple(tail), tracked)


def spec_of(profile: AgentProfile, labels: Labels, command: str, marks: Mapping[str, str]) -> engine.Spec:
    """Describe a container in which a shell runs one command of a plan, in the profile's image and limits."""
    spec = of_profile(profile, labels.playing("gate"))
    return replace(spec, entrypoint=("sh", "-c", command), own_pid1=True, marks=marks)
