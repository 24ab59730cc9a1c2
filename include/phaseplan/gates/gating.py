"""Run the commands of one gating on one commit, each in a container that starts from just that commit.

Labels say how far it got: a container for command 3 means that 1 and 2 were green. Any process may go on from there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import docker

from phaseplan.containers import engine
from phaseplan.containers.copy_in import Checkout, copy_in
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import Sink, follow, memory_hint, read
from phaseplan.containers.pid1 import LOST
from phaseplan.containers.specs import of_profile
from phaseplan.errors import Infrastructure
from phaseplan.gates.checkout import holds_no_checkout, image_of, images, remove_aside
from phaseplan.gates.place import TAIL, finding
from phaseplan.ledger.records import Finding, moment
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.digest import sha256
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import entries
from phaseplan.text.excerpt import Excerpt
from phaseplan.text.shown import one_line


class GateStopped(Infrastructure):
    """The engine, or somebody, ended a gate container: nobody's fault, and no verdict."""


@dataclass(frozen=True)
class Waiting:
    """A command still runs: wait for its container, then `advance` again.

    :param seconds: what is left of the time for all commands.
    :param begun: whether this process began the gating.
    """

    container: str
    command: str
    seconds: float
    begun: bool


@dataclass(frozen=True)
class Gating:
    """Commands on one commit.

    :param timeout: seconds for all commands together.
    :param sink: gets what people are shown.
    :param pid1: see `pid1.files`.
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

    def run(self) -> tuple[Finding, ...]:
        """Run all commands, showing their output as it comes, and leave nothing; no finding means all were green."""
        began = ""
        try:
            for number, command in enumerate(self.commands, 1):
                self.sink(f"$ {command}")
                container = self._begin(number, began)
                began = began or engine.look(self.client, container).started_at
                said = Excerpt(self.sink, one_line)
                follow(self.client, container, said, self.left(began))
                said.end()
                if found := self.judged(number, container):
                    return found
                engine.remove(self.client, container)
            return ()
        finally:
            self.close()

    def advance(self, patience: float) -> Waiting | tuple[Finding, ...]:
        """Go on from where labels say it is; nothing is shown, and what has ended is kept for `show`.

        :param patience: seconds after which to wait elsewhere.
        :raises GateStopped: a container was ended from outside. All of the gating is removed; the next try begins anew.
        """
        until = time.monotonic() + patience
        there = self._there()
        begun = not there
        number, container = max(there.items()) if there else (1, "")
        container = container or self._begin(1, "")
        while True:
            began = self._began(container)
            follow(self.client, container, lambda _: None, max(0.1, min(until - time.monotonic(), self.left(began))))
            if engine.look(self.client, container).status == "running" and self.left(began) > 0:
                return Waiting(container, self.commands[number - 1], self.left(began), begun)
            if (found := self.judged(number, container)) or number == len(self.commands):
                return found
            number += 1
            container = self._begin(number, began)

    def show(self) -> None:
        """Show each ended command with its output, then remove it; the newest stays, for it says how far it got."""
        there = self._there()
        for number, container in sorted(there.items()):
            if engine.look(self.client, container).status == "running":
                return
            self.sink(f"$ {self.commands[number - 1]}")
            said = Excerpt(self.sink, one_line)
            read(self.client, container, said)
            said.end()
            if number != max(there):
                engine.remove(self.client, container)

    def close(self) -> None:
        """Remove all of it. The image goes aside: removing one takes an engine up to some seconds."""
        for found in self._mine():
            engine.remove(self.client, found.id)
        remove_aside(self.client, images(self.client, self.labels.playing("gate"), self._marks))

    @property
    def _marks(self) -> dict[str, str]:
        """What tells this gating's containers and image from those of another commit, list or image."""
        about = [self.commit, list(self.commands), self.profile.model_dump(mode="json")]
        return {"gating": sha256(about)[:16]}

    def _mine(self) -> list[engine.Found]:
        labels = self.labels.playing("gate")
        wanted = {key.removeprefix("phaseplan."): value for key, value in labels.as_dict().items()}
        found = engine.find(self.client, **wanted)
        return [f for f in found if f.marks.get("gating") == self._marks["gating"]]

    def _there(self) -> dict[int, str]:
        """Container by number of its command; one that never began, because its worker died, is removed."""
        out = {}
        for found in self._mine():
            number = found.marks.get("command", "")
            if found.status == "created" or not number.isdigit():
                engine.remove(self.client, found.id)
            else:
                out[int(number)] = found.id
        return out

    def _begin(self, number: int, began: str) -> str:
        """Create and start the container of one command.

        :param began: when the first of them started; empty for the first itself.
        """
        copies = holds_no_checkout(self.client, self.profile.image)
        container = self._copied(number, began) if copies else self._layered(number, began)
        try:
            if copies:
                copy_in(self.client, container, self._checkout, more=self.pid1)
            engine.start(self.client, container)
        except BaseException:
            engine.remove(self.client, container)
            raise
        return container

    def _copied(self, number: int, began: str) -> str:
        """A container whose workspace is a volume, to be filled; slower where the repository is large."""
        return engine.create(self.client, self._spec(number, began))

    def _layered(self, number: int, began: str) -> str:
        """A container that begins as the commit's image; an image that somebody removed meanwhile is made again."""
        spec = self._spec(number, began)
        for last in (False, False, True):
            image = image_of(self.client, replace(spec, marks=self._marks), self._checkout, self.pid1)
            try:
                return engine.create(self.client, replace(spec, image=image, mounted=False))
            except ImageMissing:
                if last:
                    raise
        raise AssertionError

    def _spec(self, number: int, began: str) -> engine.Spec:
        marks = {**self._marks, "command": str(number), "began": began}
        return spec_of(self.profile, self.labels, self.commands[number - 1], marks)

    @property
    def _checkout(self) -> Checkout:
        return Checkout(self.repo, self.commit, uid=self.profile.uid, gid=self.profile.gid)

    def _began(self, container: str) -> str:
        """When the first command started, as the engine has it."""
        found = engine.look(self.client, container)
        return found.marks.get("began") or found.started_at

    def left(self, began: str) -> float:
        """Seconds that remain for all commands."""
        return self.timeout - (time.time() - moment(began).timestamp())

    def judged(self, number: int, container: str) -> tuple[Finding, ...]:
        """What one command came to: the exit code that the engine reports decides, the log only illustrates.

        :raises GateStopped: neither the command nor its time limit ended it.
        """
        found = engine.look(self.client, container)
        if found.status == "running":
            engine.stop(self.client, container, grace=0)
            return (self._finding(number, container, f"was stopped: the gates did not end within {self.timeout:g} s"),)
        if found.stopped:
            used = moment(found.finished_at) - moment(found.marks.get("began") or found.started_at)
            if used.total_seconds() >= self.timeout and found.exit_code != LOST:  # by whoever waited for it
                return (
                    self._finding(number, container, f"was stopped: the gates did not end within {self.timeout:g} s"),
                )
            self.close()
            raise GateStopped(
                f"gate container {container[:12]} was stopped from outside while it ran `{self.commands[number - 1]}` "
                f"(exit code {found.exit_code}), so nothing is known of {self.commit[:12]}; the next try begins anew"
            )
        if not found.exit_code:
            return ()
        memory = memory_hint(found.exit_code, found.oom, self.profile.memory)
        return (self._finding(number, container, f"failed with exit code {found.exit_code}{memory}"),)

    def _finding(self, number: int, container: str, said: str) -> Finding:
        tail: deque[str] = deque(maxlen=TAIL)
        read(self.client, container, tail.append)
        tracked = {entry.path for entry in entries(self.repo, self.commit)}
        return finding(self.commands[number - 1], said, tuple(tail), tracked)


def spec_of(profile: AgentProfile, labels: Labels, command: str, marks: Mapping[str, str]) -> engine.Spec:
    """A container in which a shell runs one command of a plan, in the profile's image and limits."""
    spec = of_profile(profile, labels.playing("gate"))
    return replace(spec, entrypoint=("sh", "-c", command), own_pid1=True, marks=marks)
