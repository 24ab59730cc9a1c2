"""Kills in the middle of calls to a model: a phase of agents behind gateways, whose second calls end when we say so."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from phaseplan.containers import engine
from phaseplan.containers.labels import filters
from phaseplan.containers.network import AGENTS, network_of
from tests.agents.gateway_stage import BEGIN
from tests.agents.model_server import Model, serving
from tests.kills.engine import PrivateEngine
from tests.kills.parts import PATIENCE, Strike, Task, strike, tasks
from tests.kills.place import Run, now

IMAGE = "phaseplan/gateway:1"  # has Python, and is there anyway
#: The second call is the one in whose middle something dies.
AGENT = (
    BEGIN
    + """
for _ in range(2):
    if "response.completed" not in (answer := ask()):
        sys.exit(f"the model says: {answer[:200]}")
place = pathlib.Path("built", os.environ["PHASEPLAN_BRANCH"])
place.mkdir(parents=True)
(place / "made.txt").write_text("made")
"""
)


def key_of(part: str) -> str:
    """The key of the branch during whose call one part dies."""
    return f"hold-{part}-key-of-this-test-0123456789"


def branch_of(phase: int, parts: Sequence[str], part: str) -> str:
    """The branch during whose call one part dies."""
    return f"{phase}.1.{parts.index(part) + 1}"


def plan(folder: Path, phase: int, parts: Sequence[str], after: int | None) -> Path:
    """A phase with one branch, of a profile of its own, for each part; it may wait for another phase."""
    branches = [
        {"id": branch_of(phase, parts, part), "branch": f"feature/p{phase}w1-{part}", "title": part, "agent": part,
         "brief": "Write made.txt.", "owns": [f"/built/{branch_of(phase, parts, part)}/"]}
        for part in parts
    ]  # fmt: skip
    whole = {"phase": phase, "title": "Killed in a call", "attempts": 2, "agent": parts[0],
             "waves": [{"wave": 1, "branches": branches}], **({"depends_on": [after]} if after else {})}  # fmt: skip
    (file := folder / f"phase-{phase}.yaml").write_text(yaml.safe_dump(whole))
    return file


def profiles(model: Model, parts: Sequence[str]) -> dict[str, Any]:
    """The profiles of these branches."""
    line = {"use": "codex", "image": IMAGE, "command": ["python3", "-c", AGENT], "memory": "128m",
            "model": "scripted", "endpoint": f"{model.url}/v1"}  # fmt: skip
    return {part: {**line, "secrets": {"key": f"{part}_key"}} for part in parts}


def connections(parts: Sequence[str]) -> Mapping[str, str]:
    """Where Airflow finds the keys."""
    return {
        f"AIRFLOW_CONN_{part.upper()}_KEY": json.dumps({"conn_type": "generic", "password": key_of(part)})
        for part in parts
    }


@contextmanager
def served(docker_url: str, inside: PrivateEngine | None) -> Iterator[Model]:
    """A scripted model that the gateways of an engine reach."""
    client = engine.connect(docker_url)
    network_of(client, "bridge")
    host = str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])
    made: queue.Queue[Model] = queue.Queue()
    over = threading.Event()

    def serve() -> None:
        if inside:
            inside.join_network()
        with serving("", host) as model:
            made.put(model)
            over.wait()
            for held in model.released.values():  # or they would never end
                held.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield made.get(timeout=30)
    finally:
        over.set()
        thread.join()


class Striker(threading.Thread):
    """Kills each part in the middle of the call of its own branch, then lets the calls go on."""

    def __init__(
        self, run: Run, model: Model, phase: int, parts: Sequence[str], seed: int, private: PrivateEngine | None = None
    ) -> None:
        super().__init__(daemon=True)
        self.phase, self.parts, self.model = phase, parts, model
        self.done: dict[str, Strike] = {}
        self.trouble = ""
        self._play, self._private = run, private
        self._dice = random.Random(f"calls {seed}")
        self._client = engine.connect(run.docker_url)
        self._ledger: str | None = None

    def run(self) -> None:
        """Kill each part once."""
        try:
            worker = self._stopped_worker() if "supervisor" in self.parts else None
            self._wait("all calls are under way", lambda: {key_of(p) for p in self.parts} <= self.model.under_way)
            for part in self._dice.sample(self.parts, len(self.parts)):
                began = now()
                self.done[part] = Strike(part, self._kill(part, worker), began)
                print(f"phase {self.phase}, a call under way: killed {self.done[part].victim}", flush=True)
            time.sleep(self._dice.uniform(0, 3))
        except Exception as error:  # the test that looks at this says it
            self.trouble = f"{type(error).__name__}: {error}"
        finally:
            for part in self.parts:
                self.model.released[key_of(part)].set()

    def _kill(self, part: str, worker: Task | None) -> str:
        if part == "gateway":
            (gateway,) = self._containers(part, "gateway")
            self._client.api.kill(gateway)
            return f"gateway {gateway[:12]}"
        if part == "supervisor":
            assert worker is not None
            worker.supervisor.kill()
            worker.process.resume()
            return f"supervisor of {worker.task_id}, process {worker.supervisor.pid}"
        return strike(self._play, self.phase, part, self._dice, self._private).victim

    def _stopped_worker(self) -> Task:
        """Stop the task whose agent has just begun, before it leaves the agent to the triggerer."""
        label = branch_of(self.phase, self.parts, "supervisor").replace(".", "-")
        found: list[Task] = []

        def shows() -> bool:
            found[:] = [task for task in tasks(self._play, self.phase) if f".{label}_" in task.task_id]
            return bool(found)

        while True:
            self._wait("the task of the supervisor's branch is there", shows)
            if held_at(found[0].process, lambda role: self._containers("supervisor", role)):
                return found[0]
            # What else is killed meanwhile may have ended it; the next one takes up the branch.
            assert not self._containers("supervisor", "agent"), "the task had ended already, and its agent runs"

    def _containers(self, part: str, role: str) -> list[str]:
        if self._ledger is None and (ledger := self._play.target.ledger(self.phase)) is not None:
            self._ledger = str(ledger["id"])  # git takes its time on a machine with much to do
        if self._ledger is None:
            return []
        labels = filters(ledger=self._ledger, branch=branch_of(self.phase, self.parts, part), role=role)
        wanted = {"label": labels, **({} if role == "gateway" else {"status": "running"})}
        return [str(one["Id"]) for one in self._client.api.containers(all=True, filters=wanted)]

    def _wait(self, what: str, there: Any, every: float = 0.1) -> None:
        until = time.monotonic() + PATIENCE
        while not there():
            assert time.monotonic() < until and self._play.process.poll() is None, f"it never came to it that {what}"
            time.sleep(every)


def held_at(process: psutil.Process, containers: Callable[[str], Sequence[str]]) -> bool:
    """Have a task stand still as soon as its agent runs; False: it has ended before.

    Once it has a gateway it runs for moments only between two looks, so that it does not get further than that on a
    machine of any speed.
    """
    try:
        while not containers("gateway"):
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            time.sleep(0.02)
        while _stood(process) and not containers("agent"):
            process.resume()
            time.sleep(0.04)
        return process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def _stood(process: psutil.Process) -> bool:
    """Stop a process; a signal takes a moment. False: it has ended."""
    process.suspend()
    while (status := process.status()) != psutil.STATUS_STOPPED:
        if status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        time.sleep(0.005)
    return True
