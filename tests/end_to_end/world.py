"""What happens around a run while it goes on: an agent is killed, a gate is flaky, somebody stops a task."""

from __future__ import annotations

import configparser
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import docker

from phaseplan.cli.local_airflow.api import Api, ApiError
from tests.database import keep
from tests.end_to_end import night
from tests.end_to_end.night import Begun

T = TypeVar("T")


class World(threading.Thread):
    """Watches the engine and does to the containers of one repository what a bad day does.

    The first agent of 95.1.6 is killed once it works; the gates of phase 98 hear `red` once and `green` from then on.
    """

    def __init__(self, repository: Path) -> None:
        super().__init__(daemon=True)
        self.begun: list[Begun] = []
        self.faults: list[str] = []
        self._repository = repository
        self._engine = docker.from_env()
        wanted = {"type": "container", "event": "start", "label": "phaseplan.ledger"}
        self._events = self._engine.events(decode=True, filters=wanted)

    def run(self) -> None:
        """Until `stop`."""
        for event in self._events:
            labels = {k.removeprefix("phaseplan."): v for k, v in event["Actor"]["Attributes"].items()}
            if not self._ours(labels):
                continue
            parts = (int(labels["phase"]), labels["branch"], int(labels["attempt"]), labels["role"], labels["claim"])
            self.begun.append(Begun(*parts))
            try:
                self._act(self.begun[-1], event["Actor"]["ID"])
            except Exception as error:  # a test looks at these: a thread that dies says nothing
                self.faults.append(f"{self.begun[-1]}: {error!r}")

    def stop(self) -> None:
        """Watch no longer."""
        self._events.close()
        self.join(timeout=5)

    def _ours(self, labels: dict[str, str]) -> bool:
        """Others may use the same engine: only the ledgers of this repository are ours."""
        ref = f"refs/phaseplan/phase-{labels['phase']}/ledger:ledger.json"
        try:
            return bool(json.loads(night.git(self._repository, "show", ref))["id"] == labels["ledger"])
        except subprocess.CalledProcessError:
            return False

    def _act(self, begun: Begun, container_id: str) -> None:
        if begun.branch == "95.1.6" and begun.role == "agent" and begun.attempt == 1:
            container = self._engine.containers.get(container_id)
            for line in container.logs(stream=True, follow=True):
                if b"waits for the end" in line:
                    container.kill()
        if begun.phase == 98 and begun.role == "gate":
            word = "red" if len([b for b in self.begun if (b.phase, b.role) == (98, "gate")]) == 1 else "green"
            done = self._engine.containers.get(container_id).exec_run(["sh", "-c", f"echo {word} > /tmp/answer"])
            assert done.exit_code == 0, done.output


class Person(threading.Thread):
    """Somebody who marks branch 94.1.1 as failed in Airflow while its agent works."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self.home = home

    def run(self) -> None:
        """Wait for the agent to run, then mark its task."""
        filters = ["--filter", "label=phaseplan.branch=94.1.1", "--filter", "label=phaseplan.role=agent"]
        task, claim = "wave_1.94-1-1_stopped", ""
        for _ in range(600):
            time.sleep(0.5)
            claim = claim or night.docker("ps", *filters, "--format", '{{.Label "phaseplan.claim"}}').strip()
            if claim and self._deferred(claim.split("/")[0], task):
                break
        path = f"/dags/phase_94/dagRuns/{claim.split('/')[0]}/taskInstances/{task}"
        insist(lambda: api_of(self.home).call("PATCH", path, {"new_state": "failed"}))

    def _deferred(self, run: str, task: str) -> bool:
        found = insist(lambda: api_of(self.home).tasks("phase_94", run))
        return any(t.task_id == task and t.state == "deferred" for t in found)


def insist(ask: Callable[[], T]) -> T:
    """Ask Airflow again while its database is busy, as a person does; a loaded machine makes it so for seconds."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return ask()
        except ApiError as error:
            if error.status not in (0, 500, 503) or time.monotonic() > deadline:
                raise
            time.sleep(1)


def api_of(home: Path) -> Api:
    """The API of the Airflow that runs in a home."""
    config = configparser.RawConfigParser()
    config.read(home / "airflow.cfg")
    password = json.loads((home / "passwords.json").read_text())["admin"]
    return Api(config.get("api", "base_url"), "admin", password)


def clear(api: Api, phase: int, run: str, tasks: list[str]) -> Any:
    """Clear tasks as the page does, with Downstream on and Only-failed off."""
    asked = {
        "dry_run": False,
        "dag_run_id": run,
        "task_ids": tasks,
        "include_downstream": True,
        "only_failed": False,
        "reset_dag_runs": True,
    }
    return insist(lambda: api.call("POST", f"/dags/phase_{phase:02d}/clearTaskInstances", asked))


def ended(api: Api, phase: int, run: str, seconds: float) -> str:
    """How a run ends; asked for every half second, because nothing tells."""
    deadline = time.monotonic() + seconds
    while (state := insist(lambda: api.run_state(f"phase_{phase:02d}", run))) not in ("success", "failed"):
        assert time.monotonic() < deadline, f"phase {phase} is {state} after {seconds:.0f} s"
        time.sleep(0.5)
    return state


@contextmanager
def airflow_up(home: Path, agents: Path, state: Path, **extra: str) -> Iterator[Api]:
    """`./phaseplan up` over a home that a run has left."""
    process = night.started(
        ["up", "--home", str(home), "--plans", str(home / "plans"), "--agents", str(agents)], state, **extra
    )
    try:
        said = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "Airflow is up" in line:
                break
        else:
            raise AssertionError(f"Airflow did not come up:\n{''.join(said)}{process.communicate()[1]}")
        yield api_of(home)
    finally:
        process.terminate()
        process.communicate(timeout=60)
        keep(state)
