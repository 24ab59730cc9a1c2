"""A stack of two Celery workers, each with an engine of its own, and what the tests ask of them."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from provision.common import TOP
from provision.stack import CELERY
from tests.kills.engine import PrivateEngine
from tests.stack.stack import Stack, command, until

IMAGES = ("phaseplan/sample-go:1", "phaseplan/collector:2")
#: A worker by its engine.
WORKERS = {"east": "worker", "west": "worker-west"}
ROOM = 2  # agents on each engine


@dataclass(frozen=True)
class Workers:
    """The stack, and the engines of its workers by name."""

    stack: Stack
    engines: dict[str, PrivateEngine]

    @classmethod
    def make(cls, top: Path) -> Workers:
        """Settings of the stack, and engines that hold the images; the stack does not run yet."""
        engines = {name: PrivateEngine(top / name) for name in WORKERS}
        workers = cls(Stack.make(top, CELERY, str(top / "two.yaml")), engines)
        group = Path("/var/run/docker.sock").stat().st_gid
        for name, engine in engines.items():
            engine.start()
            os.chown(top / name / "docker.sock", 0, group)
        entries = {name: {"url": f"unix:///run/engines/{name}.sock", "agents": ROOM} for name in WORKERS}
        (top / "engines.yaml").write_text(yaml.safe_dump(entries))
        (top / "engines.yaml").chmod(0o644)
        (top / "two.yaml").write_text(yaml.safe_dump({"services": _services(top)}))
        return workers

    def up(self) -> str:
        """Load the images while the stack is brought up; return what `make stack` says."""
        with ThreadPoolExecutor() as pool:
            loads = [pool.submit(engine.load, IMAGES) for engine in self.engines.values()]
            said = self.stack.provision("up")
            for load in loads:
                load.result()
        return said

    def leave(self) -> None:
        """Take the workers out of the stack, as docs/stack.md says: from then on tasks run in the scheduler."""
        settings, more = self.stack.settings, f":{CELERY}:{self.stack.top / 'two.yaml'}"
        text = settings.read_text()
        assert more in text
        settings.write_text(text.replace(more, ""))
        self.stack.provision("up")

    def stop(self) -> None:
        """Remove all of it."""
        self.stack.provision("down", "--everything")
        for engine in self.engines.values():
            engine.stop()

    def agents(self, name: str) -> list[str]:
        """Branches whose agents run on an engine now; none where it does not answer."""
        url = ["docker", "-H", self.engines[name].url]
        words = [*url, "ps", "--filter", "label=phaseplan.role=agent", "--format", '{{.Label "phaseplan.branch"}}']
        return subprocess.run(words, capture_output=True, text=True).stdout.split()

    def leftovers(self, name: str) -> list[str]:
        """All of Phaseplan's that is still on an engine."""
        out = []
        for words in (("ps", "-aq"), ("volume", "ls", "-q")):
            url = ("docker", "-H", self.engines[name].url)
            out += command(*url, *words, "--filter", "label=phaseplan.ledger").split()
        return out

    def log(self, run: str, task: str) -> str:
        """The logs of all tries of a task, as Airflow's API shows them."""
        api, path, lines = self.stack.api(), f"/dags/phase_05/dagRuns/{run}/taskInstances/{task}", list[str]()
        for number in range(1, int(api.call("GET", path)["try_number"]) + 1):
            answer = api.call("GET", f"{path}/logs/{number}")
            lines += [str(line.get("event", line)) for line in answer["content"] if isinstance(line, dict)]
        return "\n".join(lines)

    def kill(self, name: str) -> None:
        """Kill a worker's container; nothing starts it again."""
        command("docker", "kill", self.stack.containers()[WORKERS[name]].id)

    def revive(self, name: str) -> None:
        """Start a worker that was killed."""
        command("docker", "start", self.stack.containers()[WORKERS[name]].id)

    def wait_for(self, name: str) -> None:
        """Wait until a worker that was started takes tasks."""
        until(lambda: self.stack.containers()[WORKERS[name]].fine, 120, f"worker {name} is back")


def _services(top: Path) -> dict[str, Any]:
    """Give the worker an engine, and copy it for the other one; everybody has the file of engines."""
    named = {"AIRFLOW__PHASEPLAN__ENGINES": "/run/engines/engines.yaml", "AIRFLOW__PHASEPLAN__ENGINE_ABSENCE": "6000"}
    file = [f"{top}/engines.yaml:/run/engines/engines.yaml:ro"]
    both = [f"{top}/{name}/docker.sock:/run/engines/{name}.sock" for name in WORKERS]
    services: dict[str, Any] = {"triggerer": {"environment": named, "volumes": file + both}}
    services |= {name: {"environment": named, "volumes": file} for name in ("dag-processor", "scheduler", "api-server")}
    whole = yaml.safe_load((TOP / CELERY).read_text())["services"]["worker"]
    for name, service in WORKERS.items():
        copied = {} if name == "east" else {key: whole[key] for key in whole if key not in ("volumes", "environment")}
        plans = [] if name == "east" else [volume for volume in whole["volumes"] if "docker.sock" not in volume]
        environment = named if name == "east" else {**whole["environment"], **named}
        own = [f"{top}/{name}/docker.sock:/var/run/docker.sock"]
        services[service] = {**copied, "environment": environment, "volumes": plans + own + file + both}
    return services
