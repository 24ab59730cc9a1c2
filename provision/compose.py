"""Docker Compose, of whichever kind is here, and what it says of a project's containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from provision.common import TOP, ProvisionError, install, known_package, output, say

_PACKAGES = ("docker-compose-v2", "docker-compose-plugin", "docker-compose")  # Ubuntu's, Docker's, Debian's
_RESTARTS = 15  # how often a service may be found restarting before it is not waited for
_FIELDS = '{{.Label "com.docker.compose.service"}}\t{{.State}}\t{{.Status}}\t{{.ID}}'


def find() -> tuple[str, ...]:
    """Find the command: `docker compose`, else `docker-compose`; install it if neither is there."""
    if found := _here():
        return found
    package = next((name for name in _PACKAGES if known_package(name)), _PACKAGES[-1])
    install(package, why="docker compose is missing")
    if found := _here():
        return found
    raise ProvisionError(f"{package} was installed, but neither `docker compose` nor `docker-compose` works")


def _here() -> tuple[str, ...] | None:
    commands = (("docker", "compose"), ("docker-compose",))
    return next((c for c in commands if shutil.which(c[0]) and output(*c, "version") is not None), None)


@dataclass(frozen=True)
class Container:
    """One container of a project."""

    service: str
    state: str  # created, running, restarting, exited, ...
    status: str  # in words, with the exit code or the health
    id: str

    @property
    def fine(self) -> bool:
        """Up, and healthy where that is checked; or it ended as it should."""
        up = self.state == "running" and ("(" not in self.status or "(healthy)" in self.status)
        return up or self.status.startswith("Exited (0)")

    @property
    def failed(self) -> bool:
        """Say whether it ended with an error and will not be started again."""
        return self.state in ("exited", "dead") and not self.fine


@dataclass(frozen=True)
class Project:
    """The stack, under the settings of one file."""

    settings: Path
    name: str

    def run(self, *args: str) -> None:
        """Run a command of compose; what it says goes to the terminal.

        :raises ProvisionError: it failed.
        """
        done = self._compose(*args)
        if done.returncode:
            raise ProvisionError(f"`{' '.join(done.args)}` failed with exit code {done.returncode}")

    def _compose(self, *args: str, pipe: int | None = None) -> subprocess.CompletedProcess[str]:
        command = [*find(), "--env-file", str(self.settings), *args]
        env = {**os.environ, "COMPOSE_PROJECT_NAME": self.name}
        return subprocess.run(command, cwd=TOP, env=env, stdout=pipe, text=True)

    def containers(self) -> tuple[Container, ...]:
        """List its containers on the engine."""
        filters = (f"label=com.docker.compose.project={self.name}", "label=com.docker.compose.oneoff=False")
        words = [word for one in filters for word in ("--filter", one)]
        listed = output("docker", "ps", "-a", "--no-trunc", *words, "--format", _FIELDS) or ""
        return tuple(Container(*line.split("\t")) for line in listed.splitlines())

    def up(self, patience: float) -> None:
        """Bring it up and wait until every service is healthy.

        :param patience: seconds.
        :raises ProvisionError: a service failed, or it took longer; says which, and what it printed last.
        """
        try:
            self._remove_orphans()
            self.run("up", "-d", "--remove-orphans")
        except ProvisionError as error:
            reports = [_report(one) for one in self.containers() if one.failed]
            raise ProvisionError("\n".join([*reports, str(error)])) from None
        say("waiting until every service is healthy (up to two minutes)")
        self._wait(patience)

    def _remove_orphans(self) -> None:
        """Remove containers of services that the settings name no more, with the volumes that have no name."""
        listed = self._compose("config", "--services", pipe=subprocess.PIPE)
        services = set(listed.stdout.split()) if listed.returncode == 0 else set()
        for one in self.containers() if services else ():
            if one.service not in services:
                say(f"{one.service} is not in the settings any more: it is stopped and removed")
                output("docker", "stop", "--time", "60", one.id, timeout=90)
                output("docker", "rm", "-f", "-v", one.id)

    def remove_volumes(self) -> None:
        """Remove every volume of the project, also those of services that the settings name no more."""
        label = f"label=com.docker.compose.project={self.name}"
        if volumes := (output("docker", "volume", "ls", "-q", "--filter", label) or "").split():
            output("docker", "volume", "rm", "-f", *volumes)

    def _wait(self, patience: float) -> None:
        deadline, restarts = time.monotonic() + patience, Counter[str]()
        while True:
            there = self.containers()
            if there and all(one.fine for one in there):
                return
            restarts.update(one.id for one in there if one.state == "restarting")
            bad = [one for one in there if one.failed or restarts[one.id] > _RESTARTS]
            if bad or time.monotonic() > deadline:
                raise ProvisionError("\n".join(map(_report, bad or [one for one in there if not one.fine])))
            time.sleep(1)


def _report(one: Container) -> str:
    done = subprocess.run(["docker", "logs", "--tail", "15", one.id], capture_output=True, text=True)
    return f"{one.service} is not healthy ({one.status}); it said last:\n{(done.stdout + done.stderr).rstrip()}"
