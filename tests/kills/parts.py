"""The parts of a run that can be killed, found in the process tree of that run and nowhere else."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import psutil

from phaseplan.plan import names
from tests.database import rows
from tests.kills.engine import PrivateEngine
from tests.kills.place import Run, now
from tests.processes import words_of

COMPONENTS = ("triggerer", "scheduler", "dag-processor", "api-server")
TASKS = ("task", "supervisor")
PARTS = (*TASKS, *COMPONENTS, "agent", "engine")
PATIENCE = 300.0  # seconds until the victim of a kill must have shown itself
_EXECUTOR = "airflow worker -- LocalExecutor"


@dataclass(frozen=True)
class Strike:
    """One kill that was carried out."""

    part: str
    victim: str  # what was killed, in words
    when: float  # seconds since 1970


@dataclass(frozen=True)
class Task:
    """A living Airflow task: its own process and the one that supervises it."""

    task_id: str
    process: psutil.Process
    supervisor: psutil.Process


def strike(run: Run, phase: int, part: str, dice: random.Random, engine: PrivateEngine | None = None) -> Strike:
    """Kill one part of a run, as soon as there is one to kill.

    :raises AssertionError: none showed itself while the phase was going on.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and run.process.poll() is None:
        began = now()
        victim = engine.kill(dice) if engine else _kill(run, phase, part, dice)
        if victim:
            return Strike(part, victim, began)
        time.sleep(0.02)
    raise AssertionError(f"no {part} of phase {phase} showed itself to be killed:\n{run.output[-3000:]}")


def _kill(run: Run, phase: int, part: str, dice: random.Random) -> str:
    """Name of what was killed; empty: there is nothing to kill now."""
    with suppress(psutil.NoSuchProcess):
        if part in COMPONENTS:
            return _kill_component(run, part)
        if part in TASKS:
            return _kill_task(run, phase, part, dice)
        return _kill_agent(run, phase, dice)
    return ""


def _kill_component(run: Run, name: str) -> str:
    words = {name, name.replace("-", "_")}
    for process in psutil.Process(run.process.pid).children():
        if words & set(" ".join(words_of(process)).split()):
            process.kill()
            return f"{name}, process {process.pid}"
    return ""


def _kill_task(run: Run, phase: int, part: str, dice: random.Random) -> str:
    found = list(tasks(run, phase))
    if not found:
        return ""
    time.sleep(dice.uniform(0, 0.8))  # somewhere in its short life
    task = dice.choice(found)
    victim = task.process if part == "task" else task.supervisor
    if not task.process.is_running() or task.process.status() == psutil.STATUS_ZOMBIE:
        return ""
    victim.kill()
    return f"{part} of {task.task_id}, process {victim.pid}"


def tasks(run: Run, phase: int) -> Iterator[Task]:
    """Tasks that build a branch or integrate a wave, alive now."""
    for process in run.tree():
        with suppress(psutil.NoSuchProcess, ValueError):
            parent, title = process.parent(), _title(process)
            if parent is None or title.startswith(_EXECUTOR) or not _title(parent).startswith(_EXECUTOR):
                continue
            dag_id, task_id = _instance(run, UUID(title.rpartition(" ")[2]))
            if dag_id == names.dag_id(phase) and task_id.startswith("wave_") and not task_id.endswith(".start"):
                yield Task(task_id, process, parent)


def _title(process: psutil.Process) -> str:
    return " ".join(words_of(process)).rstrip()


def _instance(run: Run, identity: UUID) -> tuple[str, str]:
    query = "select dag_id, task_id from task_instance where replace(cast(id as varchar), '-', '') = :identity"
    if not (found := rows(run.home, query, identity=identity.hex)):
        raise ValueError(f"no task {identity}")
    return str(found[0][0]), str(found[0][1])


def _kill_agent(run: Run, phase: int, dice: random.Random) -> str:
    ledger = run.target.ledger(phase)
    found = agents(run.docker_url, ledger["id"]) if ledger else []
    if not found:
        return ""
    victim = dice.choice(found)
    killed = subprocess.run(["docker", "-H", run.docker_url, "kill", victim], capture_output=True, text=True)
    return f"agent {victim[:12]}" if killed.returncode == 0 else ""


def agents(docker_url: str, ledger: str) -> list[str]:
    """Agents' containers of one ledger that run now."""
    labels = ["--filter", f"label=phaseplan.ledger={ledger}", "--filter", "label=phaseplan.role=agent"]
    said = subprocess.run(["docker", "-H", docker_url, "ps", "-q", *labels], capture_output=True, text=True)
    return sorted(said.stdout.split())
